"""Split areas along a drawn line; every piece is an area of the same level and parent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import place
from ..coverage import Coverage, gather, prove
from ..edits import Edit, Finding
from ..errors import AreaLocked, EditRefused, LineInside, LineOutside, NotLeaf, SliverRefused
from ..measure import area_m2, units
from .cutting import SNAP_M, Cut, Patch, cut, drawn, refuse_pinched, short_m, sides, touched
from .ground import sibling

Weigh = Callable[[Sequence[shapely.MultiPolygon]], Sequence[float]]
Pieces = list[list[shapely.Polygon]]  # of one leaf: what each of the areas it falls into will hold


def split(coverage: Coverage, targets: Sequence[int] | None, line: shapely.LineString,
          keep: shapely.Point | None = None, weigh: Weigh | None = None, allow_parts: bool = False,
          snap_m: float = SNAP_M) -> Edit:
    """Cut each target leaf that the line (units) crosses from border to border; None means every leaf it crosses.

    The piece that holds `keep` (units), else the heaviest by `weigh` (households; default: ground), keeps fid, code,
    attributes and every part the line did not meet; the others are new: fid -1, -2 ..., code "+1", "+2" ..., the
    heaviest first. With `allow_parts` the pieces of a leaf on one side of the line become one area of several parts.
    Line ends over other areas are trimmed. Line vertices within `snap_m` metres of a border move onto it, and pieces
    thinner than that go back to their sibling.

    UnknownArea, NotLeaf, AreaLocked for the targets; BadGeometry, LineCrossesItself, LineOutside, SliverRefused, and
    LineInside (`where` the line ends, detail `distance_m` how far it falls short) for the line; ProofFailed.
    """
    xy = drawn(line, snap_m)
    named = None if targets is None else [may_change(coverage.get(fid)) for fid in dict.fromkeys(targets)]
    patch = Patch.along(coverage, xy, max(units(snap_m, float(xy[0, 1]))) + 3)
    chosen = [named is None or any(area.fid == target.fid for target in named) for area in patch.areas]
    done = cut(patch, np.array(chosen, bool)[patch.owner], xy, snap_m)
    if not done.pieces:
        raise _refusal(patch, done, xy)
    refuse_pinched(patch, done)
    indices = sorted({int(patch.owner[part]) for part in done.pieces})
    before = tuple(may_change(patch.areas[index]) for index in indices)
    after = _areas(before, [_fallen(patch, done, index, allow_parts) for index in indices],
                   [list(done.parts[_unmet(patch, done, index)]) for index in indices], keep, weigh)
    touched_before, gained = touched(patch, done, set(indices))
    note = ", ".join(area.code for area in before)
    whole = [area for area in named or () if all(area.fid != other.fid for other in before)]
    edit = Edit("split", before, after, touched_before, gained, {}, f"split {note} into {len(after)}",
                _uncut(patch, done, xy, whole))
    prove(edit, coverage)
    return edit


def may_change(area: Area) -> Area:
    """The area itself. NotLeaf when it holds no ground of its own, AreaLocked when it is fixed."""
    if not area.leaf:
        raise NotLeaf(f"{area.code} is made of smaller areas; redraw those", areas=[area.code])
    if area.locked:
        raise AreaLocked(f"{area.code} is locked", areas=[area.code])
    return area


def _fallen(patch: Patch, done: Cut, index: int, allow_parts: bool) -> Pieces:
    """What the leaf falls into: every piece by itself, or with `allow_parts` all on one side of the line together."""
    alone: Pieces = []
    together: dict[str, list[shapely.Polygon]] = {}
    for part, polygons in done.pieces.items():
        if patch.owner[part] != index:
            continue
        side = [""] * len(polygons)
        for run in (run for run in done.runs if allow_parts and run.part == part):
            for piece, name in zip(sides(polygons, run), "LR", strict=True):
                side[piece] += name if name not in side[piece] else ""
        for polygon, name in zip(polygons, side, strict=True):
            if len(name) == 1:
                together.setdefault(name, []).append(polygon)
            else:
                alone.append([polygon])
    return alone + list(together.values())


def _unmet(patch: Patch, done: Cut, index: int) -> list[int]:
    return [part for part in np.flatnonzero(patch.owner == index).tolist() if part not in done.pieces]


def _areas(before: Sequence[Area], fallen: Sequence[Pieces], unmet: Pieces, keep: shapely.Point | None,
           weigh: Weigh | None) -> tuple[Area, ...]:
    """The keepers in the order of `before`, then the new areas."""
    shapes = [[gather(polygons) for polygons in pieces] for pieces in fallen]
    flat = [shape for pieces in shapes for shape in pieces]
    ground = area_m2(flat)
    weights = ground if weigh is None else [_number(weight) for weight in weigh(flat)]
    rank = {id(shape): (-weight, -m2, shape.bounds[0]) for shape, weight, m2 in zip(flat, weights, ground, strict=True)}
    keepers, new = [], []
    for area, pieces, rest in zip(before, shapes, unmet, strict=True):
        pieces.sort(key=lambda shape: rank[id(shape)])
        keeper = next((shape for shape in pieces if keep is not None and shape.intersects(keep)), pieces[0])
        whole = gather([*keeper.geoms, *rest]) if rest else keeper
        keepers.append(replace(area, shape=whole, version=area.version + 1))
        new += [(area, shape) for shape in pieces if shape is not keeper]
    return (*keepers, *(sibling(area, shape, number) for number, (area, shape) in enumerate(new, 1)))


def _number(weight: float | None) -> float:
    """Unknown counts rank last."""
    return -1.0 if weight is None or weight != weight else float(weight)


def _refusal(patch: Patch, done: Cut, xy: np.ndarray, fid: int | None = None) -> EditRefused:
    """Why nothing was cut; of one area if `fid` says so."""
    loose, bridges, slivers = ([run for run in runs if fid in (None, patch.areas[patch.owner[run.part]].fid)]
                               for runs in (done.loose, done.bridges, done.slivers))
    code = next((patch.areas[patch.owner[run.part]].code for run in (*loose, *bridges, *slivers)), "")
    if loose:
        short = round(short_m(patch.parts[loose[0].part], loose[0].loose), 2)
        return LineInside(f"{code}: the line ends inside, {short} m from the border", where=place(loose[0].loose),
                          distance_m=short)
    if bridges:
        return LineInside(f"{code}: the line joins two of its borders but parts nothing off; draw on across the hole",
                          where=place(bridges[0].keys[-1]), distance_m=0.0)
    if slivers:
        return SliverRefused(f"{code}: the line would only part off slivers", where=place(slivers[0].keys[0]))
    middle = shapely.LineString(xy).interpolate(0.5, normalized=True)
    return LineOutside("the line crosses no area that may be cut, or only runs along a border",
                       where=[middle.x / UNITS_PER_DEGREE, middle.y / UNITS_PER_DEGREE])


def _uncut(patch: Patch, done: Cut, xy: np.ndarray, whole: Sequence[Area]) -> tuple[Finding, ...]:
    """Targets named by the planner that stay whole although others are cut."""
    reasons = [(area.code, _refusal(patch, done, xy, area.fid)) for area in whole]
    return tuple(Finding(reason.code, reason.text, code, tuple(reason.where), reason.details.get("distance_m"))
                 for code, reason in reasons)
