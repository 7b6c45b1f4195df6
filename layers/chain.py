"""Borders as chains of directed segments: the exact proof that areas fit together, and sums and differences of borders.

Every polygon is walked with its ground on the left (shell counter-clockwise, holes clockwise). Where two polygons
share a border each walks it the other way and the two cancel. If all polygons are valid and what is left over is
exactly the border of the whole, then they cover it without gap or overlap and share every vertex: the winding numbers
add up to 1 inside and 0 outside. All of it is whole-number arithmetic in units of 1e-7 degree; nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from .areas import UNITS_PER_DEGREE
from .errors import ProofFailed

POLYGON = 3  # shapely type id
Course = Mapping[tuple[int, int], Sequence[int]]  # directed segment -> vertices to insert on it, in its direction


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Directed border segments: packed `start` and `end` vertices, and the index of the polygon that `owner`s each."""

    start: np.ndarray
    end: np.ndarray
    owner: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, which) -> Segments:
        return Segments(self.start[which], self.end[which], self.owner[which])

    def coordinates(self) -> np.ndarray:
        """(n, 2, 2) start and end points in units, (x, y)."""
        return np.stack([unpack(self.start), unpack(self.end)], axis=1)

    def sorted(self) -> Segments:
        """The same segments in the order of start, then end."""
        return self[np.lexsort((self.end, self.start))]

    def pairs(self) -> list[tuple[int, int]]:
        """The segments as Python pairs, in order."""
        return list(zip(self.start.tolist(), self.end.tolist(), strict=True))


NO_SEGMENTS = Segments(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.intp))


# --- vertices ----------------------------------------------------------------------------------------------------
def pack(xy: np.ndarray) -> np.ndarray:
    """(n, 2) whole units -> one int64 per vertex, ordered by x, then y. ProofFailed when a value is not whole."""
    whole = xy.astype(np.int64)
    wrong = (whole != xy).any(axis=1)
    if wrong.any():
        raise ProofFailed("a vertex does not lie on the grid of 1e-7 degree",
                          where=(xy[wrong][0] / UNITS_PER_DEGREE).tolist())
    return (whole[:, 0] << 32) + whole[:, 1]


def unpack(keys: np.ndarray) -> np.ndarray:
    """Packed vertices -> (n, 2) float64 units."""
    keys = np.asarray(keys, np.int64)
    y = ((keys + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return np.stack([(keys - y) >> 32, y], axis=-1).astype(np.float64)


def place(key: int) -> list[float]:
    """A packed vertex as [lon, lat] in degrees."""
    return (unpack(np.array([key]))[0] / UNITS_PER_DEGREE).tolist()


# --- segments ----------------------------------------------------------------------------------------------------
def directed_segments(polygons) -> Segments:
    """All border segments of Polygons (units), shells counter-clockwise, holes clockwise, in the order of the rings.
    ProofFailed on any type but Polygon (get_rings would skip it without a word), on fractions and on flat rings."""
    polygons = _polygons(polygons)
    rings, owner = shapely.get_rings(polygons, return_index=True)
    if not len(rings):
        return NO_SEGMENTS
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    keys = pack(xy)
    inner = ring[1:] == ring[:-1]
    start, end, ring = keys[:-1][inner], keys[1:][inner], ring[1:][inner]
    twice = np.add.reduceat(_cross(xy)[inner], np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]]))
    if (twice == 0).any():
        flat = int(np.flatnonzero(twice == 0)[0])
        raise ProofFailed("a ring encloses no ground", where=place(start[ring == flat][0]))
    shell = np.r_[True, owner[1:] != owner[:-1]]
    turn = ((twice > 0) != shell)[ring]
    start, end = np.where(turn, end, start), np.where(turn, start, end)
    real = start != end
    return Segments(start[real], end[real], owner[ring[real]])


def remainder(polygons) -> Segments:
    """What is left when shared borders cancel: the border of the whole, sorted. ProofFailed, with the place, when two
    polygons walk a segment in the same direction, which is an overlap."""
    segments = directed_segments(polygons)
    left, twice = _cancel(segments)
    if twice.any():
        raise ProofFailed("two areas lie on the same side of a border: overlap",
                          where=place(segments.start[twice][0]))
    return segments[left].sorted()


def survey(polygons) -> tuple[Segments, Segments]:
    """(remainder, overlaps) without raising: what nothing cancels, and the segments walked twice in one direction,
    each with its owner and, through `coordinates`, its place."""
    segments = directed_segments(polygons)
    left, twice = _cancel(segments)
    return segments[left].sorted(), segments[twice].sorted()


def difference(old, new) -> tuple[Segments, Segments]:
    """(removed, added): border segments of the whole of `old` that `new` no longer has, and the other way round."""
    was, now = remainder(old), remainder(new)
    return without(was, now), without(now, was)


def without(these: Segments, those: Segments) -> Segments:
    """The segments of `these` that are not among `those`, in order."""
    common, _ = match(these, those)
    keep = np.ones(len(these), bool)
    keep[common] = False
    return these[keep]


def match(these: Segments, those: Segments) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the segments that both hold, pairwise. Neither may hold a segment twice."""
    start, end = np.concatenate([these.start, those.start]), np.concatenate([these.end, those.end])
    order = np.lexsort((np.arange(len(start)) >= len(these), end, start))
    twin = (start[order[1:]] == start[order[:-1]]) & (end[order[1:]] == end[order[:-1]])
    return order[:-1][twin], order[1:][twin] - len(these)


def area2(polygons) -> int:
    """Twice the ground in square units, exact. (int64 may wrap under way; the sum is right below half the earth.)"""
    segments = directed_segments(polygons)
    a, b = unpack(segments.start).astype(np.int64), unpack(segments.end).astype(np.int64)
    return int(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))


def _polygons(polygons) -> np.ndarray:
    polygons = np.atleast_1d(np.asarray(polygons, dtype=object))
    wrong = (shapely.get_type_id(polygons) != POLYGON) | shapely.is_empty(polygons)
    if wrong.any():
        odd = polygons[wrong][0]
        raise ProofFailed(f"a border can only be proved for single, non-empty polygons, not {odd!s:.40}")
    return polygons


def _cross(xy: np.ndarray) -> np.ndarray:
    whole = xy.astype(np.int64)
    return whole[:-1, 0] * whole[1:, 1] - whole[:-1, 1] * whole[1:, 0]


def _cancel(segments: Segments) -> tuple[np.ndarray, np.ndarray]:
    """Masks: segments nothing cancels, and segments walked more than once in one direction."""
    count = len(segments)
    if not count:
        return np.zeros(0, bool), np.zeros(0, bool)
    ahead = segments.start < segments.end
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    low, high = low[order], high[order]
    group = np.cumsum(np.r_[False, (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    forward = np.bincount(group, ahead[order])
    backward = np.bincount(group) - forward
    left, twice = np.empty(count, bool), np.empty(count, bool)
    left[order] = (forward != backward)[group]
    twice[order] = (np.where(ahead[order], forward[group], backward[group]) > 1)
    return left, twice


# --- inserting vertices ------------------------------------------------------------------------------------------
def splice(polygons: np.ndarray, course: Course) -> np.ndarray:
    """The polygons with vertices inserted on the segments named in `course`, whichever way a ring walks them. Ring
    starts and ring order stay; a polygon without such a segment comes back as the same object."""
    if not course or not len(polygons):
        return polygons
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    keys = pack(xy)
    hit = np.isin(keys, np.fromiter({key for segment in course for key in segment}, np.int64))
    before, between = [], []
    for i in np.flatnonzero(hit[:-1] & hit[1:] & (ring[1:] == ring[:-1])).tolist():
        a, b = int(keys[i]), int(keys[i + 1])
        new = course[a, b] if (a, b) in course else tuple(reversed(course.get((b, a), ())))
        before += [i + 1] * len(new)
        between += new
    if not before:
        return polygons
    changed = np.unique(ring[before])
    xy = np.insert(xy, before, unpack(np.array(between)), axis=0)
    ring = np.insert(ring, before, ring[before])
    result = polygons.copy()
    for which in np.unique(owner[changed]).tolist():
        new = [shapely.linearrings(xy[ring == r]) if r in changed else rings[r]
               for r in np.flatnonzero(owner == which).tolist()]
        result[which] = shapely.Polygon(new[0], new[1:])
    return result


def courses(removed: Segments, added: Segments) -> Course | None:
    """Each removed segment with the vertices that `added` puts between its ends; None when the change is not just
    that, for example because ground moved."""
    link = dict(added.pairs())
    if len(link) != len(added):
        return None
    found = {}
    for a, b in removed.pairs():
        between, at = [], link.pop(a, None)
        while at is not None and at != b:
            between.append(at)
            at = link.pop(at, None)
        if at is None or not between:
            return None
        found[a, b] = tuple(between)
    return None if link else found


# --- the shape of a parent ---------------------------------------------------------------------------------------
def renew(shape: shapely.MultiPolygon, removed: Segments, added: Segments) -> shapely.MultiPolygon:
    """The shape of a parent after its leaves changed: its border, minus `removed`, plus `added` (see `difference`).
    The same object when nothing differs; vertices spliced in when that is all; else the touched parts are built anew
    from their segments. Untouched rings keep start and order. ProofFailed when the sum is not the border of a shape."""
    if not len(removed) and not len(added):
        return shape
    parts = shapely.get_parts(shape)
    border = directed_segments(parts)
    course = courses(removed, added)
    if course and _only_spliced(border, removed, course):
        return shapely.MultiPolygon(list(splice(parts, course)))
    return shapely.MultiPolygon(_rebuild(parts, border, removed, added))


def _only_spliced(border: Segments, removed: Segments, course: Course) -> bool:
    new = np.fromiter({key for between in course.values() for key in between}, np.int64)
    if np.isin(border.start, new).any():
        return False
    near = border[np.isin(border.start, removed.start)]
    return len(match(near, removed)[0]) == len(removed)


def _rebuild(parts: np.ndarray, border: Segments, removed: Segments, added: Segments) -> list[shapely.Polygon]:
    corners = unpack(np.concatenate([removed.start, removed.end, added.start, added.end]))
    bounds = shapely.bounds(parts) if len(parts) else np.empty((0, 4))
    touched = ((bounds[:, :2] <= corners.max(0)) & (bounds[:, 2:] >= corners.min(0))).all(axis=1)
    old = border[touched[border.owner]]
    target = _sum(old, removed, added)
    vertices, visits = np.unique(target.start, return_counts=True)
    faces = _faces(parts[touched], target, np.union1d(pack(corners), vertices[visits > 1]))
    built = directed_segments(faces) if len(faces) else NO_SEGMENTS
    if len(match(built, target)[0]) != len(target) or len(built) != len(target) or not shapely.is_valid(faces).all():
        raise ProofFailed("the new border of the parent does not close",
                          where=place((target.start if len(target) else border.start)[0]))
    kept = [(int(part), 0, polygon) for part, polygon in zip(np.flatnonzero(~touched), parts[~touched], strict=True)]
    made = [_arranged(face, border) for face in faces]
    return [polygon for *_, polygon in sorted(kept + made, key=lambda row: row[:2])]


def _sum(border: Segments, removed: Segments, added: Segments) -> Segments:
    """border - removed + added, as directed segments."""
    start = np.concatenate([border.start, removed.end, added.start])
    end = np.concatenate([border.end, removed.start, added.end])
    ahead = start < end
    low, high = np.minimum(start, end), np.maximum(start, end)
    (low, high), group = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    total = np.bincount(group.ravel(), np.where(ahead, 1, -1)).astype(int)
    if (abs(total) > 1).any():
        raise ProofFailed("a border of the parent would be walked twice", where=place(low[abs(total) > 1][0]))
    left = total != 0
    low, high, ahead = low[left], high[left], total[left] > 0
    return Segments(np.where(ahead, low, high), np.where(ahead, high, low), np.zeros(len(low), np.intp))


def _faces(parts: np.ndarray, target: Segments, corners: np.ndarray) -> np.ndarray:
    """The polygons whose border is `target`. Rings stay whole between `corners`: long borders are cheap that way."""
    lines, wanted = [], {*target.pairs()}
    rings = shapely.get_rings(parts) if len(parts) else []
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    keys = pack(xy)
    at_corner = np.isin(keys, corners)
    drawn = set()
    for mine in np.split(np.arange(len(keys)), np.flatnonzero(ring[1:] != ring[:-1]) + 1) if len(rings) else ():
        breaks = np.unique(np.r_[mine[0], mine[at_corner[mine]], mine[-1]]).tolist()
        for i, j in pairwise(breaks):
            a, b = int(keys[i]), int(keys[i + 1])
            if j > i + 1 or (a, b) in wanted or (b, a) in wanted:
                lines.append(shapely.LineString(xy[i:j + 1]))
                drawn.add((min(a, b), max(a, b)))
    if len(corners):
        loose = target[np.isin(target.start, corners) & np.isin(target.end, corners)]
        lines += [shapely.LineString(ends) for (a, b), ends in zip(loose.pairs(), loose.coordinates(), strict=True)
                  if (min(a, b), max(a, b)) not in drawn]
    faces = shapely.orient_polygons(shapely.get_parts(shapely.polygonize(lines)))
    first = pack(shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(faces), 0)))
    second = pack(shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(faces), 1)))
    return faces[[(a, b) in wanted for a, b in zip(first.tolist(), second.tolist(), strict=True)]]


def _arranged(face: shapely.Polygon, border: Segments) -> tuple[int, int, shapely.Polygon]:
    """(old part, position, polygon): the face with the ring starts, directions and ring order of the old border; what
    is new comes last, starting at its lowest vertex."""
    rings = [_ring_as_before(pack(shapely.get_coordinates(ring)), border) for ring in shapely.get_rings(face)]
    (at, shell), *holes = rings
    holes.sort(key=lambda row: (row[0], row[1][0]))
    lines = shapely.linearrings(np.concatenate([unpack(keys) for _, keys in [(at, shell), *holes]]),
                                indices=np.repeat(np.arange(len(rings)), [len(shell), *(len(k) for _, k in holes)]))
    part, position = (int(border.owner[at]), at) if at < len(border) else (len(border), int(shell[0]))
    return part, position, shapely.Polygon(lines[0], lines[1:])


def _ring_as_before(keys: np.ndarray, border: Segments) -> tuple[int, np.ndarray]:
    """(position of its first old segment, closed ring). `keys` is a closed ring in the direction of the chain."""
    keys = keys[:-1]
    own = Segments(keys, np.roll(keys, -1), np.zeros(len(keys), np.intp))
    here, there = match(own, border)
    if not len(here):
        return len(border), _closed(keys, int(keys.argmin()))
    first = int(there.argmin())
    at, position = int(here[first]), int(there[first])
    follower = position + 1 < len(border) and border.end[position + 1] == border.start[position]
    if follower and border.start[position + 1] != border.end[position]:  # the old ring was stored the other way round
        return position, _closed(keys, (at + 1) % len(keys))[::-1]
    return position, _closed(keys, at)


def _closed(keys: np.ndarray, start: int) -> np.ndarray:
    return np.r_[keys[start:], keys[:start], keys[start]]
