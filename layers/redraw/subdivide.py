"""Subdivide an area nobody divided yet: it gets one child of a lower level that covers it, still unassigned (未划分)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..areas import Area
from ..coverage import Coverage, prove
from ..edits import Edit
from ..errors import AreaLocked, BadInput, HasChildren, NoLevelBelow
from ..rules import Level
from .split import Weigh


def subdivide(coverage: Coverage, targets: Sequence[int], levels: Sequence[Level], level: str | None = None,
              weigh: Weigh | None = None) -> Edit:
    """Each target leaf becomes the parent of one new leaf that holds its very shape: `level` of `levels` (the tree, top
    down), by default the next below. New areas are called -1, -2 ..., "+1", "+2" ..., and are not assigned: split draws
    areas off them. The former leaves are in `before` and, as parents, in `above`.

    HasChildren for an area that is divided already, AreaLocked for one that is locked or when law fixes the level
    below, NoLevelBelow when there is none, BadInput for a level that is not below the area's own, UnknownArea."""
    before = tuple(_undivided(coverage.get(fid)) for fid in dict.fromkeys(targets))
    if not before:
        raise BadInput("an area to subdivide is needed")
    below = [_below(area, levels, level) for area in before]
    after = tuple(Area(-number, f"+{number}", "", name, area.fid, f"{area.path}{-number}/", True, area.shape, assigned=False,
                       attributes=_kind(area))
                  for number, (area, name) in enumerate(zip(before, below, strict=True), 1))
    above = tuple(replace(area, leaf=False, version=area.version + 1) for area in before)
    edit = Edit("subdivide", before, after, above=above, note=f"subdivide {', '.join(area.code for area in before)}")
    prove(edit, coverage, restores=True)
    return edit


def _kind(area: Area) -> dict[str, str]:
    """Where no household lives none lives below; the norm is that of the new level."""
    return {"kind": area.attributes["kind"]} if area.attributes.get("kind") else {}


def _undivided(area: Area) -> Area:
    if not area.leaf:
        raise HasChildren(f"{area.code} is made of smaller areas already", areas=[area.code])
    if area.locked:
        raise AreaLocked(f"{area.code} is locked", areas=[area.code])
    return area


def _below(area: Area, levels: Sequence[Level], wanted: str | None) -> str:
    """The level of the child."""
    names = [level.id for level in levels]
    if wanted is not None and wanted not in names:
        raise BadInput(f"level {wanted[:40]!r}: one of {', '.join(names)} is needed")
    depth = names.index(area.level) if area.level in names else len(names)
    found = levels[depth + 1:]
    if not found:
        raise NoLevelBelow(f"{area.code}: there is no level below {area.level}", areas=[area.code])
    child = found[0] if wanted is None else next((level for level in found if level.id == wanted), None)
    if child is None:
        raise BadInput(f"{area.code}: {wanted} is not below {area.level}")
    if child.locked:
        raise AreaLocked(f"{area.code}: areas of level {child.id} are fixed by law", areas=[area.code])
    return child.id
