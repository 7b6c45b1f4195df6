"""Dissolve the division of an area: its children retire, it holds its ground itself again and takes over what they held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import shapely

from ..areas import Area
from ..chain import difference
from ..coverage import Coverage, explode, gather, prove, united
from ..edits import Edit
from ..errors import AreaLocked, BadInput, HasChildren, NoChildren
from ..rules import Level
from .split import Weigh


def dissolve(coverage: Coverage, targets: Sequence[int], levels: Sequence[Level] = (), weigh: Weigh | None = None) -> Edit:
    """Each target becomes a leaf with the ground of its children; these are only in `before`, `successor` sends what they
    hold to it. The target as it was, a parent, is in `above_before`. It keeps the shape it has as a parent, vertex by
    vertex. One level at a time: what is divided further is dissolved first.

    NoChildren for a leaf, HasChildren when a child is divided itself (`areas` names it), AreaLocked when the area or a
    child is locked or law fixes the level of the children, BadInput, UnknownArea, ProofFailed."""
    above = tuple(_divided(coverage.get(fid)) for fid in dict.fromkeys(targets))
    if not above:
        raise BadInput("an area to dissolve is needed")
    fixed = {level.id for level in levels if level.locked}
    children = [_children(coverage, area, fixed) for area in above]
    after = tuple(replace(area, leaf=True, shape=_shape(area, mine), version=area.version + 1)
                  for area, mine in zip(above, children, strict=True))
    before = tuple(child for mine in children for child in mine)
    edit = Edit("dissolve", before, after, successor={child.fid: child.parent for child in before}, above_before=above,
                note=f"dissolve {', '.join(area.code for area in above)}")
    prove(edit, coverage, restores=True)
    return edit


def _divided(area: Area) -> Area:
    if area.leaf:
        raise NoChildren(f"{area.code} has no smaller areas", areas=[area.code])
    if area.locked:
        raise AreaLocked(f"{area.code} is locked", areas=[area.code])
    return area


def _children(coverage: Coverage, area: Area, fixed: set[str]) -> list[Area]:
    found = [leaf for leaf in coverage.near(area.shape.bounds) if leaf.path.startswith(area.path)]
    deeper = sorted({leaf.parent for leaf in found if leaf.parent != area.fid})
    if deeper:
        codes = [coverage.get(fid).code for fid in deeper]
        raise HasChildren(f"{area.code}: {', '.join(codes[:5])} are made of smaller areas; dissolve those first", areas=codes)
    for leaf in found:
        if leaf.locked or leaf.level in fixed:
            raise AreaLocked(f"{leaf.code} is locked" if leaf.locked else f"{leaf.code}: areas of level {leaf.level} are fixed by law",
                             areas=[leaf.code])
    return found


def _shape(area: Area, children: Sequence[Area]) -> shapely.MultiPolygon:
    """The parent's own shape where it is the border of its children to the vertex, as it should be; else their union."""
    parts, _ = explode(children)
    if not any(len(side) for side in difference(parts, explode([area])[0])):
        return area.shape
    return gather(united(parts))
