"""Rings and lines inside one tile: cut at the buffer, thinned, wound, and never lost however small.

Paths are flat arrays: `x, y` of all points, path after path (rings without their closing point); `sizes` points of
each path; `hole` whether a ring is an interior one (they follow their exterior); `owner` the feature 0..F-1 of each
path, rising; `fixed` points that must not be thinned out, because more than two borders meet there (None where
nothing will be thinned).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

_LONG = 40  # points of an average ring from which runs far outside the tile are skipped before cutting


@dataclass(frozen=True, slots=True)
class Paths:
    """Some paths of one tile (see the head of the file)."""

    x: np.ndarray
    y: np.ndarray
    sizes: np.ndarray
    hole: np.ndarray
    owner: np.ndarray
    fixed: np.ndarray | None = None

    def and_then(self, other: Paths) -> Paths:
        """These paths, then the others; the owners are counted on."""
        if not len(self.owner) or not len(other.owner):
            return self if len(self.owner) else other
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("x", "y", "sizes", "hole"))
        return Paths(*map(np.concatenate, pairs), np.concatenate((self.owner, other.owner + self.owner[-1] + 1)),
                     None if self.fixed is None else np.concatenate((self.fixed, other.fixed)))


def ragged(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The indices starts[i] .. starts[i] + counts[i] - 1 of all i, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def firsts(owner: np.ndarray) -> np.ndarray:
    """Where each run of equal owners begins."""
    new = np.ones(len(owner), bool)
    np.not_equal(owner[1:], owner[:-1], out=new[1:])
    return np.flatnonzero(new)


# --- cutting ---------------------------------------------------------------------------------------------------
def cut_rings(paths: Paths, low: float, high: float) -> Paths:
    """The polygons inside the square low..high, in broken coordinates; owners without ground in it are gone."""
    paths, across = _near(paths, low, high)
    if not len(paths.owner):
        return paths
    shells = ~paths.hole
    rings, polygon_of = shapely.linearrings(_points(paths), indices=_path_of_point(paths)), np.cumsum(shells) - 1
    # GEOS closes the pieces by the turn of the topmost corner of a ring; where that belies the ring's area, the ring
    # crosses itself (a far run was cut short, or it came so) and what lies outside would be clipped.
    astray = np.unique(polygon_of[across & (shapely.is_ccw(rings) == paths.hole)])
    pieces = _clip(shapely.polygons(rings, indices=polygon_of), low, high, astray)
    pieces, owner = _parts(pieces, shapely.GeometryType.POLYGON, paths.owner[shells])
    if not len(pieces):
        return _chosen(paths, np.zeros(len(shells), bool))
    _, points, (ring_ends, piece_ends) = shapely.to_ragged_array(pieces)
    hole = np.ones(len(ring_ends) - 1, bool)
    hole[piece_ends[:-1]] = False
    open_ring = np.ones(len(points), bool)
    open_ring[ring_ends[1:] - 1] = False
    return _found_again(paths, points[open_ring], np.diff(ring_ends) - 1, hole, np.repeat(owner, np.diff(piece_ends)))


def _near(paths: Paths, low: float, high: float) -> tuple[Paths, np.ndarray]:
    """The rings that come near the square, without runs far outside; and which of them reach beyond it."""
    starts, _ = _limits(paths.sizes)
    west, east = np.minimum.reduceat(paths.x, starts), np.maximum.reduceat(paths.x, starts)
    north, south = np.minimum.reduceat(paths.y, starts), np.maximum.reduceat(paths.y, starts)
    near = (west <= high) & (east >= low) & (north <= high) & (south >= low)
    if paths.hole.any():
        near &= near[_shell_of(paths.hole)]
    across = ((west < low) | (east > high) | (north < low) | (south > high))[near]
    if not near.all():
        paths = _chosen(paths, near)
    if len(paths.x) > _LONG * len(paths.sizes):
        left, paths = _skip_far_runs(paths, low, high)
        across = across[left]
    return paths, across


def _clip(polygons: np.ndarray, low: float, high: float, astray: np.ndarray) -> np.ndarray:
    """The polygons cut, those `astray` by the slow way that mends them first."""
    square = shapely.box(low, low, high, high)
    try:
        pieces = shapely.clip_by_rect(polygons, low, low, high, high)
    except shapely.GEOSException:  # it names none
        pieces, astray = np.empty(len(polygons), object), np.arange(len(polygons))
    if len(astray):
        pieces[astray] = shapely.intersection(shapely.make_valid(polygons[astray]), square)
    return pieces


def cut_lines(paths: Paths, low: float, high: float) -> Paths:
    """The lines inside the square low..high, in broken coordinates; owners without a piece in it are gone."""
    lines = shapely.linestrings(_points(paths), indices=_path_of_point(paths))
    pieces = shapely.clip_by_rect(lines, low, low, high, high)
    pieces, owner = _parts(pieces, shapely.GeometryType.LINESTRING, paths.owner)
    if not len(pieces):
        return _chosen(paths, np.zeros(len(paths.sizes), bool))
    _, points, (line_ends,) = shapely.to_ragged_array(pieces)
    return _found_again(paths, points, np.diff(line_ends), np.zeros(len(pieces), bool), owner)


def cut_points(paths: Paths, low: float, high: float) -> Paths:
    """The points inside the square low..high; owners without a point in it are gone."""
    inside = (paths.x >= low) & (paths.x <= high) & (paths.y >= low) & (paths.y <= high)
    sizes = np.add.reduceat(inside, firsts(_path_of_point(paths)), dtype=np.int64)
    some = sizes > 0
    return Paths(paths.x[inside], paths.y[inside], sizes[some], paths.hole[some], paths.owner[some],
                 _some(paths.fixed, inside))


def _some(fixed: np.ndarray | None, chosen: np.ndarray) -> np.ndarray | None:
    return None if fixed is None else fixed[chosen]


def _points(paths: Paths) -> np.ndarray:
    return np.stack((paths.x, paths.y), axis=1).astype(np.float64)


def _path_of_point(paths: Paths) -> np.ndarray:
    return np.repeat(np.arange(len(paths.sizes)), paths.sizes)


def _parts(geometries: np.ndarray, kind: shapely.GeometryType, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The single geometries of one kind among the parts, also of collections, and their owners."""
    while (shapely.get_type_id(geometries) > shapely.GeometryType.POLYGON).any():
        geometries, at = shapely.get_parts(geometries, return_index=True)
        owner = owner[at]
    right = (shapely.get_type_id(geometries) == kind) & ~shapely.is_empty(geometries)
    return geometries[right], owner[right]


def _chosen(paths: Paths, chosen: np.ndarray) -> Paths:
    """Some of the paths."""
    inside = np.repeat(chosen, paths.sizes)
    return Paths(paths.x[inside], paths.y[inside], paths.sizes[chosen], paths.hole[chosen], paths.owner[chosen],
                 _some(paths.fixed, inside))


def _shell_of(hole: np.ndarray) -> np.ndarray:
    """The exterior ring of each ring."""
    return np.maximum.accumulate(np.where(hole, 0, np.arange(len(hole))))


def _found_again(paths: Paths, points: np.ndarray, sizes: np.ndarray, hole: np.ndarray, owner: np.ndarray) -> Paths:
    """Cut paths with the marks of the points they were cut from; points made by the cut are fixed."""
    if paths.fixed is None:
        return Paths(*np.ascontiguousarray(points.T), sizes, hole, owner)
    before = _hash(paths.x, paths.y)
    order = np.argsort(before)
    before = before[order]
    x, y = np.ascontiguousarray(points.T)
    after = _hash(x.astype(np.int64), y.astype(np.int64))
    at = np.minimum(np.searchsorted(before, after), len(before) - 1)
    known = (before[at] == after) & (x == np.floor(x)) & (y == np.floor(y))
    return Paths(x, y, sizes, hole, owner, ~known | paths.fixed[order][at])


def _hash(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + y.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)


def _skip_far_runs(paths: Paths, low: float, high: float) -> tuple[np.ndarray, Paths]:
    """Which rings are left, and the same polygons inside the square without the middle points of runs that stay on
    one outer side of it.

    Points of a run all lie beyond the same edge, so the short cut between its ends does as well."""
    side = np.select((paths.x < low, paths.x > high, paths.y < low, paths.y > high), (1, 2, 3, 4), 0).astype(np.int8)
    starts, ends = _limits(paths.sizes)
    keep = (side == 0) | (side != _next(side, starts, ends)) | (side != _previous(side, starts, ends))
    sizes = np.add.reduceat(keep, starts, dtype=np.int64)
    left = sizes > 0  # the others lie beyond one edge, all of them
    return left, Paths(paths.x[keep], paths.y[keep], sizes[left], paths.hole[left], paths.owner[left],
                       _some(paths.fixed, keep))


# --- tidying ---------------------------------------------------------------------------------------------------
def tidy_rings(paths: Paths, thin: bool) -> Paths:
    """Rings in tile coordinates as MVT 2.1 wants them: no point twice in a row, exteriors with positive area (y
    south), their holes after them with negative area, rings without area gone. A feature that would be gone is a
    triangle of one unit width. With `thin`, points on a straight line between their neighbours leave as well, unless
    they are fixed."""
    x, y, sizes, hole, owner = paths.x, paths.y, paths.sizes, paths.hole, paths.owner
    starts, ends = _limits(sizes)
    next_x, next_y = _next(x, starts, ends), _next(y, starts, ends)
    keep = (next_x != x) | (next_y != y)
    area = np.add.reduceat(x * next_y - next_x * y, starts, dtype=np.int64)
    solid = area != 0
    if hole.any():
        solid &= solid[_shell_of(hole)]
    if not solid.all():
        keep &= np.repeat(solid, sizes)
        leads = firsts(owner)
        lost = leads[~np.logical_or.reduceat(solid, leads)]
        x, y = _as_triangles(x, y, starts[lost], sizes[lost])
        solid[lost], area[lost] = True, 1
        keep[starts[lost, None] + np.arange(3)] = True
    kept = np.flatnonzero(keep)
    left = np.add.reduceat(keep, starts, dtype=np.int64)[solid]
    hole, owner, backwards = hole[solid], owner[solid], ((area < 0) != hole)[solid]
    if thin:
        corners = _corners(x[kept], y[kept], left, _fixed_runs(paths.fixed, kept, left, starts[solid], ends[solid]))
        kept = kept[corners]
        left = np.add.reduceat(corners, _limits(left)[0], dtype=np.int64)
    if backwards.any():
        kept = turned(kept, left, backwards)
    return Paths(x[kept], y[kept], left, hole, owner)


def tidy_lines(paths: Paths, thin: bool) -> Paths:
    """Lines in tile coordinates: no point twice in a row; a feature that would be gone is a line of one unit."""
    x, y, sizes, owner = paths.x, paths.y, paths.sizes, paths.owner
    starts, ends = _limits(sizes)
    keep = (_next(x, starts, ends) != x) | (_next(y, starts, ends) != y)
    keep[ends - 1] = True
    left = np.add.reduceat(keep, starts, dtype=np.int64)
    long = left > 1
    if not long.all():
        leads = firsts(owner)
        lost = leads[~np.logical_or.reduceat(long, leads)]
        keep &= np.repeat(long, sizes)
        x, y = x.copy(), y.copy()
        x[starts[lost] + 1], y[starts[lost] + 1] = x[starts[lost]] + 1, y[starts[lost]]
        keep[starts[lost, None] + np.arange(2)] = True
        long[lost], left[lost] = True, 2
    kept, left = np.flatnonzero(keep), left[long]
    if thin:
        ends_fixed = np.zeros(len(kept), bool)
        first, after = _limits(left)
        ends_fixed[first] = ends_fixed[after - 1] = True
        corners = _corners(x[kept], y[kept], left, ends_fixed)
        kept, left = kept[corners], np.add.reduceat(corners, first, dtype=np.int64)
    return Paths(x[kept], y[kept], left, paths.hole[long], owner[long])


def tidy_points(paths: Paths, thin: bool) -> Paths:
    """Points as they are."""
    return paths


def _as_triangles(x: np.ndarray, y: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> tuple:
    """x and y with the first three points of some rings moved: from the first point to the farthest, one unit wide."""
    x, y = x.copy(), y.copy()
    if not len(starts):
        return x, y
    at = ragged(starts, sizes)
    dx, dy = x[at] - np.repeat(x[starts], sizes), y[at] - np.repeat(y[starts], sizes)
    runs = np.cumsum(sizes) - sizes
    distance = dx * dx + dy * dy
    far = distance == np.repeat(np.maximum.reduceat(distance, runs), sizes)
    far = np.minimum.reduceat(np.where(far, np.arange(len(at)), len(at)), runs)
    dx, dy = dx[far], dy[far]
    dx[(dx == 0) & (dy == 0)] = 1
    x[starts + 1], y[starts + 1] = x[starts] + dx, y[starts] + dy
    x[starts + 2], y[starts + 2] = x[starts] - np.where(dx == 0, np.sign(dy), 0), y[starts] + np.sign(dx)
    return x, y


def _fixed_runs(fixed: np.ndarray, kept: np.ndarray, left: np.ndarray, starts: np.ndarray, ends: np.ndarray):
    """Whether a kept point, or one before it that fell on the same place, is fixed."""
    total = np.concatenate(([0], np.cumsum(fixed)))
    upto = total[kept + 1]
    first, after = _limits(left)
    before = np.empty_like(upto)
    before[1:] = upto[:-1]
    before[first] = total[starts] - (total[ends] - upto[after - 1])  # points after the last kept one fall on the first
    return upto != before


def _corners(x: np.ndarray, y: np.ndarray, sizes: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Points that are fixed or where the path turns."""
    starts, ends = _limits(sizes)
    to_x, to_y = _next(x, starts, ends) - x, _next(y, starts, ends) - y
    from_x, from_y = _previous(to_x, starts, ends), _previous(to_y, starts, ends)
    return fixed | (from_x * to_y != from_y * to_x) | (from_x * to_x + from_y * to_y <= 0)


def turned(kept: np.ndarray, sizes: np.ndarray, backwards: np.ndarray) -> np.ndarray:
    """Indices of points, with those of some paths in the opposite order."""
    starts, ends = _limits(sizes)
    place = np.arange(len(kept))
    return kept[np.where(np.repeat(backwards, sizes), np.repeat(starts + ends - 1, sizes) - place, place)]


def _limits(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = np.cumsum(sizes)
    return ends - sizes, ends


def _next(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The value of the next point round each ring."""
    out = np.empty_like(values)
    out[:-1] = values[1:]
    out[ends - 1] = values[starts]
    return out


def _previous(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The value of the previous point round each ring."""
    out = np.empty_like(values)
    out[1:] = values[:-1]
    out[starts] = values[ends - 1]
    return out


# --- the whole layer -------------------------------------------------------------------------------------------
def fixed_points(packed: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Points of a layer's rings where more than two borders meet, or where rings part: one bool a point.

    `packed` are points as single numbers. At the other points every ring that passes has the same two neighbours, so
    that all of them may leave the point out together."""
    starts, ends = _limits(sizes)
    mixed = packed * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    both = _next(mixed, starts, ends) + _previous(mixed, starts, ends)
    order = np.argsort(packed)
    both = both[order]
    groups = firsts(packed[order])
    parted = np.minimum.reduceat(both, groups) != np.maximum.reduceat(both, groups)
    fixed = np.empty(len(packed), bool)
    fixed[order] = np.repeat(parted, np.diff(np.append(groups, len(packed))))
    return fixed
