"""Where a drawn line and the borders meet: snapping the line, threading it through the grid, vertices for borders.

This is snap rounding on whole units: a place where the line crosses a border, a vertex of the line, or a border vertex
the line runs over is a *hot pixel* of one unit; every segment that passes through it gets a vertex there. Segments move
by less than one unit. Each border segment is looked at once, so all areas on it receive the same vertices.
Coordinates are (n, 2) int64 units, (x, y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .chain import Course, pack, unpack
from .measure import metres_per_unit

BLOCK = 2_000_000  # comparisons of boxes at a time


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Border segments, each once whoever shares it: ends `a` (lower) and `b`, (n, 2) int64 units."""

    a: np.ndarray
    b: np.ndarray

    @classmethod
    def of(cls, parts: np.ndarray, line: np.ndarray, reach: float) -> Borders:
        """The border segments of these Polygons whose boxes come within `reach` units of the box of the line."""
        xy, ring = shapely.get_coordinates(shapely.get_rings(parts), return_index=True)
        (west, south), (east, north) = line.min(axis=0) - reach, line.max(axis=0) + reach
        x, y = xy[:, 0], xy[:, 1]
        beyond = np.stack([x < west, x > east, y < south, y > north])
        here = np.flatnonzero((ring[1:] == ring[:-1]) & ~(beyond[:, 1:] & beyond[:, :-1]).any(axis=0))
        start, end = pack(xy[here]), pack(xy[here + 1])
        low, high = np.minimum(start, end), np.maximum(start, end)
        real = low != high
        low, high = low[real], high[real]
        order = np.lexsort((high, low))
        low, high = low[order], high[order]
        first = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][:len(low)]
        return cls(whole(low[first]), whole(high[first]))


def whole(keys: np.ndarray) -> np.ndarray:
    """Packed vertices -> (n, 2) int64."""
    return unpack(keys).astype(np.int64)


def snap(xy: np.ndarray, borders: Borders, reach_m: float) -> np.ndarray:
    """The line with each vertex that lies within `reach_m` metres of a border moved onto it: onto a border vertex if
    one is that near, else onto the nearest point of the border. Repeated points are dropped."""
    scale = np.array(metres_per_unit(float(xy[:, 1].mean())))
    reach = np.ceil(reach_m / scale).astype(np.int64)
    i, j = _meeting(xy - reach, xy + reach, borders.a, borders.b)
    if len(i):
        point, a, b = xy[i] * scale, borders.a[j] * scale, borders.b[j] * scale
        way = b - a
        along = np.clip(((point - a) * way).sum(1) / (way * way).sum(1), 0, 1)
        spots = np.concatenate([borders.a[j], borders.b[j], borders.a[j] + along[:, None] * (borders.b - borders.a)[j]])
        off = np.hypot(*(spots * scale - np.tile(point, (3, 1))).T)
        who, vertex = np.tile(i, 3), np.repeat([0, 0, 1], len(i))
        order = np.lexsort((spots[:, 1], spots[:, 0], off, vertex, who))
        order = order[off[order] <= reach_m]
        first = order[np.r_[True, who[order][1:] != who[order][:-1]][:len(order)]]
        xy = xy.copy()
        xy[who[first]] = np.rint(spots[first]).astype(np.int64)
    return without_repeats(xy)


def without_repeats(xy: np.ndarray) -> np.ndarray:
    """The points without those equal to the one before."""
    return xy[np.r_[True, (xy[1:] != xy[:-1]).any(axis=1)]]


def thread(xy: np.ndarray, borders: Borders) -> np.ndarray:
    """The line with a vertex wherever it meets a border (packed vertices, no repeats)."""
    a, b = xy[:-1], xy[1:]
    low, high = np.minimum(a, b), np.maximum(a, b)
    i, j = _meeting(low - 1, high + 1, np.minimum(borders.a, borders.b), np.maximum(borders.a, borders.b))
    hot = np.unique(np.concatenate([pack(_crossings(a[i], b[i], borders.a[j], borders.b[j])),
                                    pack(borders.a[j]), pack(borders.b[j]), pack(xy)]))
    segment, along, vertex = _through(a, b, hot)
    order = np.lexsort((vertex, along, segment))
    keys = vertex[order]
    return keys[np.r_[True, keys[1:] != keys[:-1]]]


def course(borders: Borders, vertices: np.ndarray) -> Course:
    """The vertices (packed) each border segment passes, in its direction: what `chain.splice` inserts."""
    segment, along, vertex = _through(borders.a, borders.b, vertices)
    a, b = pack(borders.a)[segment], pack(borders.b)[segment]
    inner = (vertex != a) & (vertex != b)
    a, b, along, vertex = a[inner], b[inner], along[inner], vertex[inner]
    order = np.lexsort((vertex, along, b, a))
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for start, end, between in zip(a[order].tolist(), b[order].tolist(), vertex[order].tolist(), strict=True):
        found[start, end] = (*found.get((start, end), ()), between)
    return found


def _crossings(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Where segments ab and cd cross, rounded to the grid; pairs that do not cross or are parallel give nothing."""
    way, other, gap = b - a, d - c, c - a
    turn = way[:, 0] * other[:, 1] - way[:, 1] * other[:, 0]
    t = (gap[:, 0] * other[:, 1] - gap[:, 1] * other[:, 0]) * np.sign(turn)
    u = (gap[:, 0] * way[:, 1] - gap[:, 1] * way[:, 0]) * np.sign(turn)
    cross = (turn != 0) & (t >= 0) & (t <= abs(turn)) & (u >= 0) & (u <= abs(turn))
    share = t[cross] / abs(turn[cross])
    return np.rint(a[cross] + share[:, None] * way[cross]).astype(np.int64)


def _through(a: np.ndarray, b: np.ndarray, hot: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(segment, distance along it, vertex) for each segment ab and each hot pixel it passes, its own ends included."""
    points = whole(hot)
    i, j = _meeting(np.minimum(a, b), np.maximum(a, b), points, points)
    way, gap = (b - a)[i], points[j] - a[i]
    # A segment meets the square of half a unit round a whole point within its box exactly when this holds.
    meets = 2 * abs(way[:, 0] * gap[:, 1] - way[:, 1] * gap[:, 0]) <= abs(way).sum(axis=1)
    return i[meets], (way * gap).sum(axis=1)[meets], hot[j[meets]]


def _meeting(low: np.ndarray, high: np.ndarray, other_low: np.ndarray, other_high: np.ndarray):
    """Index pairs (i, j) of boxes that meet."""
    if not len(low) or not len(other_low):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    other_low, other_high = np.minimum(other_low, other_high), np.maximum(other_low, other_high)
    near = np.flatnonzero(((other_high >= low.min(axis=0)) & (other_low <= high.max(axis=0))).all(axis=1))
    x0, y0, x1, y1 = *other_low[near].T, *other_high[near].T
    found = []
    step = max(1, BLOCK // max(1, len(near)))
    for at in range(0, len(low), step):
        k, l = low[at:at + step, None], high[at:at + step, None]  # noqa: E741
        i, j = np.nonzero((k[..., 0] <= x1) & (l[..., 0] >= x0) & (k[..., 1] <= y1) & (l[..., 1] >= y0))
        found.append((i + at, near[j]))
    return np.concatenate([i for i, _ in found]), np.concatenate([j for _, j in found])
