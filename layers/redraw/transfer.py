"""Transfer areas to another parent of the same level: no border of theirs moves, the borders of both parents follow.

    +-------+-------+        +----+----------+
    |  P    |   Q   |        | P  |    Q     |
    |   +---+       |   ->   |   +---+       |     X goes from P to Q with everything below it
    |   | X |       |        |   | X |       |
    +---+---+-------+        +---+---+-------+
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import difference, renew
from ..coverage import Coverage, explode, prove
from ..edits import Edit
from ..errors import AreaLocked, BadInput, NoChildren, NotAdjacent, PartsRefused, WrongParent
from ..rules import Level
from .split import Weigh


def transfer(coverage: Coverage, targets: Sequence[int], parent: int, levels: Sequence[Level] = (), weigh: Weigh | None = None,
             allow_parts: bool = False) -> Edit:
    """Each target becomes a child of `parent` with all that is below it: paths change, shapes and facts do not. The leaves
    are in `before` and `after`, what lies between in `above_before` and `above`.

    WrongParent when it is of another level than the parent until now, the same one, or below a target, and when nothing
    would be left of the old one; AreaLocked when an area, its parent or a border that law fixes would change; NotAdjacent
    with the place when the new parent would get a part that does not hang on it, PartsRefused when the old one falls into
    pieces (unless `allow_parts`); NoChildren for a parent nobody divided; UnknownArea, BadInput."""
    moved = [coverage.get(fid) for fid in dict.fromkeys(targets)]
    if not moved:
        raise BadInput("an area to transfer is needed")
    to = coverage.get(parent)
    if to.leaf:
        raise NoChildren(f"{to.code} has no smaller areas; subdivide it first", areas=[to.code])
    came = {area.parent: coverage.get(area.parent) for area in moved if area.parent is not None}
    for area in moved:
        _refuse_wrong(area, came.get(area.parent), to, moved)
    _refuse_fixed(coverage, moved, came.values(), to, {level.id for level in levels if level.locked})
    leaves = [_leaves(coverage, area) for area in moved]
    before = tuple(leaf for mine in leaves for leaf in mine)
    between = tuple(one for area, mine in zip(moved, leaves, strict=True) for one in _between(coverage, area, mine))
    for leaf in before:
        if leaf.locked:
            raise AreaLocked(f"{leaf.code} is locked", areas=[leaf.code])
    _refuse_parts(moved, leaves, came.values(), to, allow_parts)
    edit = Edit("transfer", before, tuple(_under(area, moved, to) for area in before),
                above_before=between, above=tuple(_under(area, moved, to) for area in between),
                gave={area.fid: () for area in before}, note=f"transfer {', '.join(area.code for area in moved)} to {to.code}")
    prove(edit, coverage, restores=True)
    return edit


def _under(area: Area, moved: Sequence[Area], to: Area) -> Area:
    """The area as it is below the new parent."""
    top = next(one for one in moved if area.path.startswith(one.path))
    path = f"{to.path}{top.fid}/{area.path[len(top.path):]}"
    return replace(area, parent=to.fid if area.fid == top.fid else area.parent, path=path, version=area.version + 1)


def _refuse_wrong(area: Area, old: Area | None, to: Area, moved: Sequence[Area]) -> None:
    if any(other is not area and area.path.startswith(other.path) for other in moved):
        raise BadInput(f"{area.code} lies in another of the areas")
    if old is None or to.path.startswith(area.path):
        raise WrongParent(f"{area.code} cannot belong to {to.code}", areas=[area.code])
    if old.fid == to.fid:
        raise WrongParent(f"{area.code} belongs to {to.code} already", areas=[area.code])
    if old.level != to.level:
        raise WrongParent(f"{area.code} belongs to a {old.level}; {to.code} is a {to.level}", areas=[area.code])


def _refuse_fixed(coverage: Coverage, moved: Sequence[Area], came: Collection[Area], to: Area, fixed: Collection[str]) -> None:
    """The areas themselves, both parents, and all above them whose border would move."""
    for area in (*moved, *came, to):
        if area.locked:
            raise AreaLocked(f"{area.code} is locked", areas=[area.code])
    new = _fids(to)
    for old in came:
        for fid in sorted(set(_fids(old)) ^ set(new)):
            area = coverage.get(fid)
            if area.level in fixed or area.locked:
                raise AreaLocked(f"the border of {area.code} is fixed ({area.level})", areas=[area.code])


def _fids(area: Area) -> list[int]:
    return [int(part) for part in area.path.strip("/").split("/")]


def _leaves(coverage: Coverage, area: Area) -> list[Area]:
    if area.leaf:
        return [area]
    return [leaf for leaf in coverage.near(area.shape.bounds) if leaf.path.startswith(area.path)]


def _between(coverage: Coverage, area: Area, leaves: Sequence[Area]) -> list[Area]:
    """The area itself and all below it that are no leaves, top down."""
    if area.leaf:
        return []
    depth = len(_fids(area)) - 1
    fids = dict.fromkeys(fid for leaf in leaves for fid in _fids(leaf)[depth:-1])
    return sorted((coverage.get(fid) for fid in fids), key=lambda one: (one.path.count("/"), one.fid))


def _refuse_parts(moved: Sequence[Area], leaves: Sequence[Sequence[Area]], came: Collection[Area], to: Area,
                  allow_parts: bool) -> None:
    """The old parent must keep ground, and neither may fall apart."""
    every = explode([leaf for mine in leaves for leaf in mine])[0]
    after = renew(to.shape, *difference([], every))
    if len(after.geoms) > len(to.shape.geoms) and not allow_parts:
        codes = [area.code for area in moved]
        raise NotAdjacent(f"{', '.join(codes[:5])} does not touch {to.code} along a border", where=_place(moved[0].shape),
                          areas=[*codes, to.code])
    for old in came:
        gone = explode([leaf for area, mine in zip(moved, leaves, strict=True) if area.parent == old.fid for leaf in mine])[0]
        removed, added = difference(gone, [])
        rest = renew(old.shape, removed, added)
        if rest.is_empty:
            raise WrongParent(f"nothing would be left of {old.code}", areas=[old.code])
        if len(rest.geoms) > len(old.shape.geoms) and not allow_parts:
            raise PartsRefused(f"{old.code} would fall into {len(rest.geoms)} parts", where=_place(min(rest.geoms, key=shapely.area)),
                               areas=[old.code], parts=len(rest.geoms))


def _place(shape: shapely.Geometry) -> list[float]:
    spot = shapely.point_on_surface(shape)
    return [spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE]
