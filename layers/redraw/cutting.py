"""Cutting areas along a drawn line: what split, reshape and draw have in common.

The patch is every part near the line. The line is threaded through the borders of the parts to cut and falls into
*runs*: stretches across one part from border to border, or closed. Loose ends are trimmed, slivers go back to their
sibling, and only the vertices of runs that really cut are put on the borders.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import directed_segments, pack, place, splice, unpack
from ..coverage import Coverage, contacts, explode
from ..errors import BadGeometry, BorderTouches, LineCrossesItself, ProofFailed
from ..measure import metres_per_unit, units
from ..noding import Borders, course, snap, thread, without_repeats

SNAP_M = 0.5  # a hand-drawn line this near to a border means the border
LEAST_WIDTH = 5  # units; 2 * area / perimeter of the thinnest piece


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The areas near the line, their parts (Polygons) and, for each part, the index of its area."""

    areas: tuple[Area, ...]
    parts: np.ndarray
    owner: np.ndarray

    @classmethod
    def along(cls, coverage: Coverage, xy: np.ndarray, reach: float) -> Patch:
        """All areas that come within `reach` units of the line, with all their parts."""
        areas = coverage.along(xy, reach)
        if not areas:
            return cls((), np.empty(0, object), np.empty(0, np.intp))
        parts, owner = explode(areas)
        line = shapely.LineString(xy)
        shapely.prepare(line)
        near = np.unique(owner[shapely.dwithin(line, parts, reach)])
        keep = np.isin(owner, near)
        return cls(tuple(areas[i] for i in near.tolist()), parts[keep], np.searchsorted(near, owner[keep]))

    def of(self, index: int) -> np.ndarray:
        """The parts of one area."""
        return self.parts[self.owner == index]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A stretch of the line across one part (index): packed vertices. `loose` is the end that hangs inside, if any."""

    part: int
    keys: np.ndarray
    loose: int | None = None

    @property
    def name(self) -> tuple[int, bytes]:
        """What tells it apart when the same line is cut again."""
        return self.part, self.keys.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What the line does: all parts of the patch with the new vertices, the pieces of each part that is cut with the
    runs along them, and the runs that cut nothing: loose ones, bridges between two borders of one part (a hole and the
    outside) and those that part off only slivers. `line` is the line with a vertex wherever it meets a border (packed)."""

    parts: np.ndarray
    pieces: dict[int, np.ndarray]  # part -> Polygons
    runs: tuple[Run, ...] = ()
    loose: tuple[Run, ...] = ()
    bridges: tuple[Run, ...] = ()
    slivers: tuple[Run, ...] = ()
    line: np.ndarray | None = None


def drawn(line: shapely.LineString, snap_m: float = SNAP_M) -> np.ndarray:
    """The drawn line (units) as (n, 2) int64 without repeats; closed when its ends almost meet. BadGeometry when it
    has no length, LineCrossesItself with the place when it does."""
    if line.geom_type not in ("LineString", "LinearRing") or line.is_empty:
        raise BadGeometry(f"a line is needed, not a {line.geom_type}")
    xy = shapely.get_coordinates(line)
    if not np.isfinite(xy).all() or (abs(xy) > [180 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE]).any():
        raise BadGeometry("the line leaves the earth")
    xy = without_repeats(np.rint(xy).astype(np.int64))
    if len(xy) < 2:
        raise BadGeometry("the line has no length", where=(xy[0] / UNITS_PER_DEGREE).tolist())
    if len(xy) > 3 and (abs(xy[0] - xy[-1]) <= units(snap_m, float(xy[0, 1]))).all():
        xy = without_repeats(np.r_[xy[:-1], xy[:1]])
    if not shapely.LineString(xy).is_simple:
        raise LineCrossesItself("the line crosses itself", where=_crossing(xy))
    return xy


def cut(patch: Patch, wanted: np.ndarray, xy: np.ndarray, snap_m: float = SNAP_M,
        only: Callable[[Run], bool] = lambda run: True) -> Cut:
    """Cut the `wanted` parts (mask) of the patch along the line, or along those runs of it that `only` lets pass;
    nothing is assigned to anybody yet."""
    if not wanted.any():
        return Cut(patch.parts, {})
    reach = math.ceil(max(units(snap_m, float(xy[0, 1])))) + 3
    own = Borders.of(patch.parts[wanted], xy, reach)
    xy = _snapped(xy, own, snap_m)
    line = thread(xy, own)
    runs, loose = _runs(line, patch.parts, wanted, own)
    runs = [run for run in runs if only(run)]
    _refuse_contact(runs)
    borders = Borders.of(patch.parts, xy, 2)
    bridges: list[Run] = []
    slivers: list[Run] = []
    parts, pieces = patch.parts, {}
    while runs:
        parts = splice(patch.parts, course(borders, np.unique(np.concatenate([run.keys for run in runs]))))
        pieces, idle = {}, set()
        for part in dict.fromkeys(run.part for run in runs):
            across = [run for run in runs if run.part == part]
            pieces[part] = _pieces(parts[part], across)
            beside = _beside(pieces[part], across)
            bridging = [run for run, pair in zip(across, beside, strict=True) if pair == (-1, -1)]
            thin = [run for run in _parting_slivers(pieces[part], across, beside, snap_m) if run not in bridging]
            bridges += bridging
            slivers += thin
            idle |= {*bridging, *thin}
        if not idle:
            break
        runs = [run for run in runs if run not in idle]
        parts, pieces = patch.parts, {}
    return Cut(parts, pieces, tuple(runs), tuple(loose), tuple(bridges), tuple(slivers), line)


def refuse_pinched(patch: Patch, done: Cut) -> None:
    """BorderTouches with the place where a part is so narrow that a new vertex on one side lies on the other too."""
    for new, old, owner in zip(done.parts, patch.parts, patch.owner.tolist(), strict=True):
        if new is not old and not shapely.is_valid(new):
            one = np.zeros(1, np.intp)
            twice = np.setdiff1d(contacts(np.array([new]), one), contacts(np.array([old]), one))
            code = patch.areas[owner].code
            raise BorderTouches(f"{code} is too narrow here for another vertex", areas=[code],
                                where=place(twice[0]) if len(twice) else None)


def sides(pieces: np.ndarray, run: Run) -> tuple[int, int]:
    """Indices of the pieces on the left and on the right of the run."""
    return _beside(pieces, [run])[0]


def short_m(part: shapely.Polygon, key: int) -> float:
    """Metres from a loose end to the border of the part it hangs in."""
    point = unpack(np.array([key]))[0]
    scale = np.array(metres_per_unit(float(point[1])))
    border = shapely.transform(part.boundary, lambda xy: (xy - point) * scale)
    return float(shapely.distance(border, shapely.Point(0, 0)))


def _snapped(xy: np.ndarray, own: Borders, snap_m: float) -> np.ndarray:
    if snap_m <= 0:
        return xy
    moved = snap(xy, own, snap_m)
    return moved if len(moved) > 1 and shapely.LineString(moved).is_simple else xy


def _runs(line: np.ndarray, parts: np.ndarray, wanted: np.ndarray, own: Borders) -> tuple[list[Run], list[Run]]:
    """(runs from border to border or closed, runs with a loose end), each inside one wanted part."""
    which = np.flatnonzero(wanted)
    shapes = splice(parts[which], course(own, np.unique(line)))
    borders = Borders.of(shapes, unpack(line), 1)
    low, high = pack(borders.a), pack(borders.b)
    on_border, edges = {*low.tolist(), *high.tolist()}, set(zip(low.tolist(), high.tolist(), strict=True))
    xy = unpack(line)
    middle = (xy[:-1] + xy[1:]) / 2
    shapely.prepare(shapes)
    inside = shapely.contains_xy(shapes[:, None], middle[None, :, 0], middle[None, :, 1])
    keys = line.tolist()
    found: list[tuple[int, list[int]]] = []
    last = -1
    for step, (a, b) in enumerate(pairwise(keys)):
        if (min(a, b), max(a, b)) in edges or not inside[:, step].any():
            continue
        part = int(which[inside[:, step].argmax()])
        if found and last == step - 1 and found[-1][0] == part and a not in on_border:
            found[-1][1].append(b)
        else:
            found.append((part, [a, b]))
        last = step
    if len(found) > 1 and keys[0] == keys[-1] == found[0][1][0] == found[-1][1][-1] and keys[0] not in on_border:
        part, tail = found.pop()
        found[0] = (part, tail + found[0][1][1:])
    runs = [Run(part, np.array(way), _loose_end(way, on_border)) for part, way in found]
    return [run for run in runs if run.loose is None], [run for run in runs if run.loose is not None]


def _loose_end(way: list[int], on_border: set[int]) -> int | None:
    if way[0] == way[-1]:
        return None
    return next((end for end in (way[-1], way[0]) if end not in on_border), None)


def _refuse_contact(runs: list[Run]) -> None:
    """After snapping to the grid the runs must still not meet one another away from the borders."""
    inner = np.concatenate([run.keys[1:-1] for run in runs]) if runs else np.empty(0, np.int64)
    vertices, times = np.unique(inner, return_counts=True)
    if (times > 1).any():
        raise LineCrossesItself("the line touches itself", where=place(vertices[times > 1][0]))


def _pieces(part: shapely.Polygon, runs: list[Run]) -> np.ndarray:
    """The faces into which the runs cut the part."""
    ends = np.array([key for run in runs for key in (run.keys[0], run.keys[-1])])
    ends = np.union1d(ends, contacts(np.array([part]), np.zeros(1, np.intp)))  # where its own rings touch
    lines = [arc for ring in shapely.get_rings(part) for arc in _arcs(shapely.get_coordinates(ring), ends)]
    short = {frozenset(map(tuple, arc.tolist())) for arc in lines if len(arc) == 2}
    across = [unpack(run.keys) for run in runs]  # without runs that fell onto the border when vertices beside them went
    lines += [run for run in across if len(run) > 2 or frozenset(map(tuple, run.tolist())) not in short]
    order = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(np.concatenate(lines), indices=order)))
    if shapely.get_num_interior_rings(part):  # what fills a hole is a face too, but not ours
        shapely.prepare(part)
        faces = faces[shapely.contains(part, shapely.point_on_surface(faces))]
    if not len(faces):
        raise ProofFailed("the line and the border cannot be told apart here", where=place(runs[0].keys[0]))
    return faces


def _arcs(xy: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
    """A closed ring taken apart at these vertices."""
    at = np.flatnonzero(np.isin(pack(xy[:-1]), ends))
    if not len(at):
        return [xy]
    turned = np.r_[xy[at[0]:-1], xy[:at[0] + 1]]
    stops = [*(at - at[0]).tolist(), len(turned) - 1]
    return [turned[i:j + 1] for i, j in pairwise(stops)]


def _beside(pieces: np.ndarray, runs: list[Run]) -> list[tuple[int, int]]:
    """Per run the pieces on its left and right. -1 where there is none: on both sides of a bridge, on one side of a
    run that fell onto the border."""
    segments = directed_segments(pieces)
    firsts = np.array([run.keys[:2] for run in runs])
    mine = np.isin(segments.start, firsts)
    owner = {pair: who for pair, who in zip(segments[mine].pairs(), segments.owner[mine].tolist(), strict=True)}
    return [(owner.get((a, b), -1), owner.get((b, a), -1)) for a, b in firsts.tolist()]


def _parting_slivers(pieces: np.ndarray, runs: list[Run], beside: list[tuple[int, int]], snap_m: float) -> list[Run]:
    """Runs that part off only slivers, or less: a thin piece goes to the sibling with the longest common border."""
    thin = _thin(pieces, snap_m)
    if not thin.any() and all(min(pair) >= 0 for pair in beside):
        return []
    common: dict[int, dict[int, float]] = {}  # group -> its neighbours and the length of the border with each
    for run, (left, right) in zip(runs, beside, strict=True):
        if left >= 0 <= right and left != right:
            extent = float(np.hypot(*np.diff(unpack(run.keys), axis=0).T).sum())
            for one, other in ((left, right), (right, left)):
                near = common.setdefault(one, {})
                near[other] = near.get(other, 0.0) + extent
    group = list(range(len(pieces)))
    for piece in np.flatnonzero(thin)[np.argsort(shapely.area(pieces[thin]), kind="stable")].tolist():
        mine = _group(group, piece)
        near = common.pop(mine, None)
        if not near:
            continue
        sibling = max(near, key=lambda other: (near[other], -other))
        group[mine] = sibling
        for other, extent in near.items():
            del common[other][mine]
            if other != sibling:
                common[sibling][other] = common[other][sibling] = common[sibling].get(other, 0.0) + extent
    return [run for run, (left, right) in zip(runs, beside, strict=True)
            if left < 0 or right < 0 or _group(group, left) == _group(group, right)]


def _group(group: list[int], piece: int) -> int:
    """The group a piece belongs to by now."""
    while group[piece] != piece:
        group[piece] = group[group[piece]]
        piece = group[piece]
    return piece


def _thin(pieces: np.ndarray, snap_m: float) -> np.ndarray:
    scale = np.array(metres_per_unit(shapely.total_bounds(pieces)[1]))
    ground = shapely.transform(pieces, lambda xy: xy * scale)
    width = [2 * shapely.area(g) / shapely.length(g) for g in (pieces, ground)]
    return (width[0] < LEAST_WIDTH) | (width[1] < snap_m)


def _crossing(xy: np.ndarray) -> list[float]:
    """Where a line first crosses or touches itself, in degrees."""
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    i, j = shapely.STRtree(segments).query(segments, predicate="intersects")
    apart = j > i + 1
    if xy[0].tolist() == xy[-1].tolist():
        apart &= (j - i) != len(segments) - 1
    if not apart.any():  # the line runs back over itself
        return (xy[1] / UNITS_PER_DEGREE).tolist()
    first = np.flatnonzero(apart)[i[apart].argmin()]
    spot = shapely.intersection(segments[i[first]], segments[j[first]])
    return (shapely.get_coordinates(spot)[0] / UNITS_PER_DEGREE).tolist()


def touched(patch: Patch, after: Cut, except_for: set[int]) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
    """(before, after) of the areas that only gained vertices; `except_for` are indices of areas otherwise changed."""
    changed = np.array([new is not old for new, old in zip(after.parts, patch.parts, strict=True)], bool)
    indices = [i for i in np.unique(patch.owner[changed]).tolist() if i not in except_for]
    was = tuple(patch.areas[i] for i in indices)
    now = tuple(replace(area, shape=shapely.MultiPolygon(list(after.parts[patch.owner == i])))
                for i, area in zip(indices, was, strict=True))
    return was, now
