"""Rings of (multi)polygons straight from WKB into flat arrays: no object per shape, which takes half of writing a province."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_POLYGON, _MULTI = 3, 6


def rings_of(wkb: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(coordinates, where each ring begins, where the rings of each shape begin), the last two one longer; outer rings run
    clockwise, holes the other way, as a Shapefile wants them. None where something is no polygon in the plane."""
    sizes = np.fromiter(map(len, wkb), np.int64, len(wkb))
    data = np.frombuffer(b"".join(wkb), np.uint8)
    start = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    if not len(wkb) or sizes.min() < 9 or not (data[start] == 1).all():
        return None
    kind = _u32(data, start + 1)
    if not np.isin(kind, (_POLYGON, _MULTI)).all():
        return None
    several = kind == _MULTI
    left = np.where(several, _u32(data, start + 5), 1)
    at = np.where(several, start + 9, start)  # the polygon that comes next
    owner, place, points, outer = [], [], [], []
    active = np.flatnonzero(left > 0)
    while len(active):
        here = at[active]
        rings, here = _u32(data, here + 5), here + 9
        for ring in range(int(rings.max(initial=0))):
            some = np.flatnonzero(rings > ring)
            number = _u32(data, here[some])
            owner.append(active[some])
            place.append(here[some] + 4)
            points.append(number)
            outer.append(np.full(len(some), ring == 0))
            here[some] += 4 + 16 * number
        at[active] = here
        left[active] -= 1
        active = active[left[active] > 0]
    owner, place, points, outer = (np.concatenate(one) if one else np.zeros(0, int) for one in (owner, place, points, outer))
    order = np.argsort(place)  # in the file they stand shape by shape
    owner, place, points, outer = owner[order], place[order], points[order], outer[order]
    ends = np.concatenate([[0], np.cumsum(points)])
    runs = np.column_stack([place - np.concatenate([[0], (place + 16 * points)[:-1]]), 16 * points]).ravel()
    inside = np.zeros(len(data), bool)
    inside[:runs.sum()] = np.repeat(np.tile([False, True], len(place)), runs)
    xy = data[inside].view("<f8").reshape(-1, 2)
    return _turned(xy, ends, outer), ends, np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(wkb)))])


def _turned(xy: np.ndarray, ends: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Each ring in its direction. The sum is taken from the first point of a ring: degrees of a small area are all alike."""
    if not len(xy):
        return xy
    own = np.repeat(np.arange(len(outer)), np.diff(ends))
    x, y = (xy - xy[ends[:-1]][own]).T
    cross = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0.0)
    cross[ends[1:] - 1] = 0.0
    wrong = (np.add.reduceat(cross, ends[:-1]) > 0) == outer
    at = np.arange(len(xy))
    return xy[np.where(wrong[own], (ends[:-1] + ends[1:] - 1)[own] - at, at)]


def _u32(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    return data[at[:, None] + np.arange(4)].view("<u4").ravel().astype(np.int64)
