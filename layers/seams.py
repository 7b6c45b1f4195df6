"""Lay the borders of neighbouring districts onto each other where each was drawn or rounded on its own.

Works on whole distinct vertices and segments, never on one polygon at a time: whatever uses a vertex moves with it,
so ground that fitted before still fits. The group that comes first keeps its line, the later ones follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .chain import pack, unpack
from .measure import metres_per_unit

ROUNDS = 4  # where three groups meet, the third follows a line that moved in the first round


@dataclass(frozen=True, slots=True)
class Borders:
    """Directed border segments of many shapes, shells counter-clockwise, ring after ring, without zero segments:
    `start`, `end` (n, 2) units, `first`, `last` (n,) their keys (equal point, equal key), `leaf` (n,) index of
    the shape, `ring` (n,) index of the ring. `ring_part` and `part_leaf` lead from a ring to its part and leaf."""

    start: np.ndarray
    end: np.ndarray
    first: np.ndarray
    last: np.ndarray
    leaf: np.ndarray
    ring: np.ndarray
    ring_part: np.ndarray
    part_leaf: np.ndarray


def borders(shapes: np.ndarray) -> Borders:
    """The directed segments of Polygons and MultiPolygons in units, shells counter-clockwise, no zero segments."""
    parts, part_leaf = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    key = pack(xy)
    keep = (ring[1:] == ring[:-1]) & (key[1:] != key[:-1])
    ring = ring[:-1][keep]
    return Borders(xy[:-1][keep], xy[1:][keep], key[:-1][keep], key[1:][keep],
                   part_leaf[ring_part[ring]], ring, ring_part, part_leaf)


def unmatched(border: Borders) -> np.ndarray:
    """(n,) True for segments that are not walked exactly once each way: outer borders, gaps, overlaps, seams."""
    low, high = np.minimum(border.first, border.last), np.maximum(border.first, border.last)
    order = np.lexsort((high, low))
    low, high, way = low[order], high[order], np.where(border.first == low, 1, -1)[order]
    begins = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][:len(low)]
    number = np.cumsum(begins) - 1
    other = np.r_[True, border.leaf[order][1:] != border.leaf[order][:-1]][:len(low)]  # a spike is walked both ways
    fine = (np.bincount(number) == 2) & (np.bincount(number, way) == 0) & (np.bincount(number, ~begins & other) == 1)
    alone = np.empty(len(order), bool)
    alone[order] = ~fine[number]
    return alone


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seam vertices beside border segments of another group that runs the other way: `key` of the vertex, its `rank`
    (lowest group using it), `segment` index into the borders and the rank of that segment's group `other`."""

    key: np.ndarray
    rank: np.ndarray
    segment: np.ndarray
    other: np.ndarray

    def where(self, keep: np.ndarray) -> Pairs:
        """The pairs of a mask or index."""
        return Pairs(self.key[keep], self.rank[keep], self.segment[keep], self.other[keep])


def match(shapes: np.ndarray, groups: np.ndarray, seam_m: float, reach_m: float) -> tuple[np.ndarray, np.ndarray]:
    """(shapes with the seams laid onto each other, seam lines (m,) as they were: borders that face another group's
    within `reach_m` and do not match it), all in units.

    `groups` (n,) ranks: a border moves, by at most `seam_m` a round, onto the border of a group of lower rank.
    Leaves that do not change stay the same objects. Changed ones may touch themselves: cut them afterwards."""
    border = borders(shapes)
    pairs = _pairs(border, groups, max(reach_m, 2 * seam_m))
    seam = np.unique(pairs.segment)
    lines = shapely.linestrings(np.stack([border.start[seam], border.end[seam]], axis=1))
    for _ in range(ROUNDS):
        moves = _moves(border, pairs, seam_m)
        inserts = _inserts(border, pairs, moves, seam_m)
        if not len(moves[0]) and not len(inserts[0]):
            break
        shapes = _rebuilt(shapes, border, moves, inserts)
        border = borders(shapes)
        pairs = _pairs(border, groups, 2 * seam_m)
    return shapes, lines


def _pairs(border: Borders, groups: np.ndarray, reach_m: float) -> Pairs:
    """Every seam vertex with the segments of other groups within `reach_m` that face it."""
    alone = np.flatnonzero(unmatched(border))
    rank = groups[border.leaf]
    vertex, ends = np.unique(np.r_[border.first[alone], border.last[alone]], return_inverse=True)
    at = np.searchsorted(vertex, border.first)
    used = (at < len(vertex)) & (vertex[np.minimum(at, len(vertex) - 1)] == border.first)
    members = np.unique(np.stack([at[used], rank[used]], axis=1), axis=0)  # (vertex, rank) in order
    lowest = members[np.unique(members[:, 0], return_index=True)[1], 1]

    xy = unpack(vertex)
    lines = shapely.linestrings(np.stack([border.start[alone], border.end[alone]], axis=1))
    reach = reach_m / metres_per_unit(xy[:, 1])[0]
    v, s = shapely.STRtree(lines).query(shapely.points(xy), predicate="dwithin", distance=reach)
    s = alone[s]
    span = int(groups.max()) + 1
    own = np.isin(v * span + rank[s], members[:, 0] * span + members[:, 1])
    v, s = v[~own], s[~own]

    # Facing: some border segment at the vertex runs against the other segment, as shared borders do.
    order = np.argsort(ends, kind="stable")
    begins = np.searchsorted(ends[order], np.arange(len(vertex) + 1))
    row, k = spread(begins[v + 1] - begins[v])
    mine = np.r_[alone, alone][order][begins[v][row] + k]
    way, other = border.end - border.start, (border.end - border.start)[s[row]]
    dot = (way[mine] * other * np.stack(metres_per_unit(xy[v[row], 1]), axis=1) ** 2).sum(1)
    facing = np.zeros(len(v), bool)
    facing[row[dot < 0]] = True
    return Pairs(vertex[v], lowest[v], s, rank[s]).where(facing)


def spread(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row number and running number within the row for `counts` items in each row."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


def _beside(xy: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(metres from each point to its segment, place of the foot along the segment from 0 to 1)."""
    scale = np.stack(metres_per_unit(xy[:, 1]), axis=1)
    way, off = (end - start) * scale, (xy - start) * scale
    t = np.clip((way * off).sum(1) / np.maximum((way * way).sum(1), 1e-12), 0, 1)
    return np.hypot(*(off - way * t[:, None]).T), t


def _moves(border: Borders, pairs: Pairs, seam_m: float) -> tuple[np.ndarray, np.ndarray]:
    """(keys of vertices that move, keys of where they go): to the nearest vertex of a lower group when each is the
    other's nearest, else to the foot on the nearest segment. Where an inner border ends at the seam always the foot:
    going along the seam would swing that border (measured on Tainan: least overlap with the source 98.8 -> 99.3 %)."""
    pairs = pairs.where(pairs.other < pairs.rank)
    xy = unpack(pairs.key)
    start, end = border.start[pairs.segment], border.end[pairs.segment]
    distance, t = _beside(xy, start, end)
    near = distance <= seam_m
    pairs, xy, start, end, distance, t = pairs.where(near), xy[near], start[near], end[near], distance[near], t[near]
    if not len(xy):
        return np.empty(0, np.int64), np.empty(0, np.int64)

    best = _least(pairs.key, distance)
    goal = start[best] + (end - start)[best] * t[best, None]
    goal = pack(np.round(goal))
    here = pairs.key[best]
    users = np.searchsorted(np.sort(border.first), here, side="right") - np.searchsorted(np.sort(border.first), here)

    tip = np.r_[border.first[pairs.segment], border.last[pairs.segment]]
    mine, rank = np.r_[pairs.key, pairs.key], np.r_[pairs.rank, pairs.rank]
    gap = _beside(unpack(mine), unpack(tip), unpack(tip))[0]
    close = gap <= seam_m
    tip, mine, rank, gap = tip[close], mine[close], rank[close], gap[close]
    forth, back = _least(mine, gap), _least(tip, gap, rank)
    mutual = np.intersect1d(forth, back)
    pick = np.searchsorted(here, mine[mutual])
    simple = users[pick] == 1
    goal[pick[simple]] = tip[mutual][simple]
    return here[goal != here], goal[goal != here]


def _least(key: np.ndarray, value: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Index of the row with the least value for each key (and further key columns), in order of the keys."""
    order = np.lexsort((value, *more, key))
    new = np.r_[True, key[order][1:] != key[order][:-1]][:len(order)]
    for column in more:
        new[1:] |= column[order][1:] != column[order][:-1]
    return order[new]


def _moved(xy_key: np.ndarray, moves: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The keys after the moves."""
    here, goal = moves
    if not len(here):
        return xy_key
    at = np.minimum(np.searchsorted(here, xy_key), len(here) - 1)
    return np.where(here[at] == xy_key, goal[at], xy_key)


def _inserts(border: Borders, pairs: Pairs, moves: tuple, seam_m: float) -> tuple[np.ndarray, np.ndarray]:
    """(segment, key of a vertex to insert), in order along each segment: vertices of a lower group beside it."""
    pairs = pairs.where(pairs.rank < pairs.other)
    was, _ = _beside(unpack(pairs.key), border.start[pairs.segment], border.end[pairs.segment])
    first, last = (_moved(column[pairs.segment], moves) for column in (border.first, border.last))
    key = _moved(pairs.key, moves)
    now, t = _beside(unpack(key), unpack(first), unpack(last))
    keep = (np.maximum(was, now) <= seam_m) & (t > 0) & (t < 1) & (key != first) & (key != last)
    segment, key, t = pairs.segment[keep], key[keep], t[keep]
    order = np.lexsort((t, segment))
    return segment[order], key[order]


def _rebuilt(shapes: np.ndarray, border: Borders, moves: tuple, inserts: tuple) -> np.ndarray:
    """The shapes with moved and inserted vertices. Rings that lost their ground go; a leaf never does."""
    changed = np.zeros(len(shapes), bool)
    changed[border.leaf[np.isin(border.first, moves[0])]] = True
    changed[border.leaf[inserts[0]]] = True
    rows = np.flatnonzero(changed[border.leaf])
    extra = changed[border.leaf[inserts[0]]]
    origin = np.r_[rows, inserts[0][extra]]
    key = np.r_[_moved(border.first[rows], moves), inserts[1][extra]]
    order = np.argsort(origin, kind="stable")  # a vertex, then what is inserted behind it
    key, ring = key[order], border.ring[origin[order]]

    key, ring = _without_repeats(key, ring)
    size = np.bincount(ring, minlength=len(border.ring_part))
    whole = size >= 3
    shell = np.unique(border.ring_part, return_index=True)[1]
    whole &= whole[shell][border.ring_part]  # holes go with their shell
    keep = whole[ring]
    key, ring = key[keep], ring[keep]
    names, ring = np.unique(ring, return_inverse=True)
    part_names, part = np.unique(border.ring_part[names], return_inverse=True)
    leaves, leaf = np.unique(border.part_leaf[part_names], return_inverse=True)
    polygons = shapely.polygons(shapely.linearrings(unpack(key), indices=ring), indices=part)
    result = shapes.copy()
    result[leaves] = shapely.multipolygons(polygons, indices=leaf)
    return result


def _without_repeats(key: np.ndarray, ring: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closed walks (rings in order, last point not repeated) without equal neighbours."""
    new_ring = np.r_[True, ring[1:] != ring[:-1]][:len(ring)]
    start = np.maximum.accumulate(np.where(new_ring, np.arange(len(ring)), 0))
    before = np.r_[key[:1], key[:-1]]
    repeat = ~new_ring & (key == before)
    last = np.r_[ring[1:] != ring[:-1], True][:len(ring)]
    repeat |= last & ~new_ring & (key == key[start])
    return key[~repeat], ring[~repeat]
