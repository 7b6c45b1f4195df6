"""The seamless partition: looking up areas, taking their parts apart and together, and the proof every edit must pass.

An area may have several parts and each part holes. Whatever changes the ground explodes areas into parts (Polygons),
works on these, gathers them by owner and hands the Edit to `prove`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from .areas import UNITS_PER_DEGREE, Area
from .chain import Segments, area2, difference, directed_segments, match, pack, place, without
from .edits import Edit
from .errors import BorderTouches, ProofFailed, UnknownArea

Bounds = tuple[float, float, float, float]  # (xmin, ymin, xmax, ymax) in units


class Coverage:
    """The areas as they are, read-only. The engine asks nothing but `get` and `near`; a store answers them lazily."""

    def __init__(self, areas: Iterable[Area]):
        self._areas = {area.fid: area for area in areas}
        self._leaves = [area for area in self._areas.values() if area.leaf]
        self._tree = shapely.STRtree([leaf.shape for leaf in self._leaves])

    def get(self, fid: int) -> Area:
        """The area of that identity. UnknownArea when there is none."""
        area = self._areas.get(fid)
        if area is None:
            raise UnknownArea(f"there is no area {fid}", fid=fid)
        return area

    def near(self, bounds: Bounds) -> list[Area]:
        """Leaf areas whose bounds meet these, ordered by fid."""
        found = self._tree.query(shapely.box(*bounds))
        return sorted((self._leaves[i] for i in found.tolist()), key=lambda area: area.fid)

    def along(self, xy: np.ndarray, reach: float = 0) -> list[Area]:
        """The leaf areas within `reach` of a line ((n, 2) units), ordered by fid, and perhaps some more near it."""
        return self.near((*(xy.min(axis=0) - reach).tolist(), *(xy.max(axis=0) + reach).tolist()))


# --- parts -------------------------------------------------------------------------------------------------------
def explode(areas: Sequence[Area]) -> tuple[np.ndarray, np.ndarray]:
    """(parts, owner): the Polygons of the areas and, for each, the index of its area."""
    return shapely.get_parts(np.array([area.shape for area in areas], dtype=object), return_index=True)


def gather(parts: Iterable[shapely.Polygon]) -> shapely.MultiPolygon:
    """The parts as one shape, always written the same way: shells counter-clockwise, rings from their lowest vertex."""
    return shapely.orient_polygons(shapely.normalize(shapely.MultiPolygon(list(parts))))


def united(parts: Sequence[shapely.Polygon]) -> list[shapely.Polygon]:
    """The ground of these parts, which share their borders vertex by vertex, in one; ProofFailed when they do not."""
    if len(parts) < 2:
        return list(parts)
    try:
        return list(shapely.get_parts(shapely.coverage_union_all(np.array(parts, dtype=object))))
    except shapely.errors.GEOSException:
        spot = shapely.point_on_surface(min(parts, key=shapely.area))
        raise ProofFailed("the parts do not share their borders", where=[spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE]) from None


# --- proof -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Proof:
    """What the edit did where nobody lies behind the border: vertices added (negative: taken back), and twice the
    ground they moved."""

    outer_vertices: int = 0
    area2_change: int = 0


def prove(edit: Edit, coverage: Coverage, restores: bool = False) -> Proof:
    """Exact and local: the ground of the edit is covered after it as it was before, no border moved that should not,
    no vertex is missing on a neighbour, every shape is valid and touches itself only where its source did. The
    outermost border may gain vertices at most 1 unit off, or lose them again. With `restores` (an undo that puts back
    earlier shapes) rings may touch themselves, because they did, and a border may lose some vertices and gain others,
    because the edit itself replaced another. ProofFailed otherwise, BorderTouches."""
    old, source = explode(edit.before + edit.touched_before)
    new, _ = explode(edit.after + edit.touched)
    _prove_shapes(edit.after + edit.touched)
    if not restores:
        _prove_contacts(old, source, new)
    for was, now in zip(edit.touched_before, edit.touched, strict=True):
        removed, added = _changes(was, now)
        if was.fid != now.fid or not _same_either_way(removed, added, restores):
            raise ProofFailed(f"{was.code}: a border moves that should only gain a vertex",
                              where=place(removed.start[0]) if len(removed) else None)
    removed, added = difference(old, new)
    if not len(removed) and not len(added):
        return Proof()
    if not _same_either_way(removed, added, restores):
        raise ProofFailed("the border of the changed areas would move: gap or overlap",
                          where=place((removed.start if len(removed) else added.start)[0]))
    _prove_outermost(removed, edit, coverage)
    return Proof(len(added) - len(removed), area2(new) - area2(old))


def same_course(removed: Segments, added: Segments, tolerance: float = 1.0) -> bool:
    """Whether `added` is `removed` with more vertices, each at most `tolerance` units off the old segment."""
    following: dict[int, list[tuple[int, complex]]] = {}
    for (start, end), (x, y) in zip(added.pairs(), added.coordinates()[:, 1].tolist(), strict=True):
        following.setdefault(start, []).append((end, complex(x, y)))
    for (start, end), (a, b) in zip(removed.pairs(), removed.coordinates().tolist(), strict=True):
        origin, way = complex(*a), complex(*b) - complex(*a)
        at, along = start, 0.0
        while at != end:
            steps = [(ahead.real, step) for step in following.get(at, ())
                     for ahead in [(step[1] - origin) / way]  # real: share of the way; imaginary: off to the side
                     if along < ahead.real <= 1 and abs(ahead.imag) * abs(way) <= tolerance and step[0] != start]
            if not steps:
                return False
            along, step = min(steps)
            following[at].remove(step)
            at = step[0]
    return not any(following.values())


def _same_either_way(removed: Segments, added: Segments, restores: bool) -> bool:
    few, many = sorted((removed, added), key=len)
    return same_course(few, many) or (restores and _same_between(removed, added))


def _same_between(removed: Segments, added: Segments) -> bool:
    """Whether both are one course between the vertices they share, each with others of its own on it."""
    shared = np.intersect1d(np.union1d(removed.start, removed.end), np.union1d(added.start, added.end))
    course, other = _joined(removed, shared), _joined(added, shared)
    if course is None or other is None or len(course) != len(other) or len(without(course, other)):
        return False
    return same_course(course, removed) and same_course(course, added)


def _joined(segments: Segments, ends: np.ndarray) -> Segments | None:
    """The same course with these vertices only; None where it is not plain how the segments follow each other."""
    stops, ways = set(ends.tolist()), []
    between = [(a, b) for a, b in segments.pairs() if a not in stops]
    following = dict(between)
    if len(following) < len(between):
        return None
    for start, at in segments.pairs():
        if start in stops:
            while at not in stops:
                if at not in following:
                    return None
                at = following.pop(at)
            ways.append((start, at))
    if following or len(set(ways)) < len(ways) or any(a == b for a, b in ways):
        return None
    start, end = np.array(ways, np.int64).reshape(-1, 2).T
    return Segments(start, end, np.zeros(len(ways), np.intp))


def _changes(was: Area, now: Area) -> tuple[Segments, Segments]:
    old, new = directed_segments(explode([was])[0]), directed_segments(explode([now])[0])
    return without(old, new), without(new, old)


def _prove_shapes(areas: Sequence[Area]) -> None:
    shapes = np.array([area.shape for area in areas], dtype=object)
    for i in np.flatnonzero(~shapely.is_valid(shapes) | shapely.is_empty(shapes)).tolist():
        reason = shapely.is_valid_reason(shapes[i])
        spot = re.search(r"\[(\S+) (\S+)\]", reason)
        raise ProofFailed(f"{areas[i].code}: the shape would be invalid ({reason.split('[')[0]})",
                          where=[float(n) / UNITS_PER_DEGREE for n in spot.groups()] if spot else None)


def _prove_contacts(old: np.ndarray, source: np.ndarray, new: np.ndarray) -> None:
    """A ring may touch itself or another ring of its part only where rings of one source area did."""
    fresh = np.setdiff1d(contacts(new, np.arange(len(new))), contacts(old, source))
    if len(fresh):
        raise BorderTouches("a border would touch itself in one point", where=place(fresh[0]))


def contacts(parts: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Vertices that one owner visits more than once."""
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    open_ = np.r_[ring[1:] == ring[:-1], False][:len(ring)]  # the closing vertex is no second visit
    keys, whose = pack(xy[open_]), owner[part[ring[open_]]]
    order = np.lexsort((keys, whose))
    again = (keys[order[1:]] == keys[order[:-1]]) & (whose[order[1:]] == whose[order[:-1]])
    return np.unique(keys[order[1:]][again])


def _prove_outermost(removed: Segments, edit: Edit, coverage: Coverage) -> None:
    """Vertices may be added to these segments only if no other area lies behind them."""
    known = {area.fid for area in edit.before + edit.touched_before}
    for i, (a, b) in enumerate(removed.coordinates()):
        behind = [area for area in coverage.near((*np.minimum(a, b), *np.maximum(a, b))) if area.fid not in known]
        if behind:
            segment = Segments(removed.end[i:i + 1], removed.start[i:i + 1], removed.owner[i:i + 1])
            theirs = directed_segments(explode(behind)[0])
            if len(match(theirs, segment)[0]):
                raise ProofFailed("a neighbour would lack a vertex", where=place(removed.start[i]))
