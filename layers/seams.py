"""Lay the borders of neighbouring districts onto each other where each was drawn or rounded on its own.

Works on whole distinct vertices and segments, never on one polygon at a time: whatever uses a vertex moves with it,
so ground that fitted before still fits. The group that comes first keeps its line, the later ones follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .chain import pack, unpack
from .measure import metres_per_unit, units

ROUNDS = 4  # where three groups meet, the third follows a line that moved in the first round
TELLING_SHARE = 0.01  # part of its ground that a leaf must not win or lose silently


@dataclass(frozen=True, slots=True)
class Borders:
    """Directed border segments of many shapes, shells counter-clockwise, ring after ring, without zero segments:
    `first`, `last` (n,) packed ends, `leaf` (n,) index of the shape, `ring` (n,) index of the ring. `ring_part` and
    `part_leaf` lead from a ring to its part and from a part to its leaf. Flat rings and spikes are welcome here."""

    first: np.ndarray
    last: np.ndarray
    leaf: np.ndarray
    ring: np.ndarray
    ring_part: np.ndarray
    part_leaf: np.ndarray

    def lines(self, which: np.ndarray) -> np.ndarray:
        """Some of the segments as LineStrings in units."""
        return shapely.linestrings(np.stack([unpack(self.first[which]), unpack(self.last[which])], axis=1))

    def users(self, vertices: np.ndarray, count: int) -> np.ndarray:
        """(count,) True for the shapes that use one of these packed vertices."""
        found = np.zeros(count, bool)
        found[self.leaf[np.isin(self.first, vertices)]] = True
        return found


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


@dataclass(frozen=True, slots=True)
class Changes:
    """One round: vertices `here` (sorted) go to `goal`; `vertex` is inserted on `segment` at `along` (0 to 1)."""

    here: np.ndarray
    goal: np.ndarray
    segment: np.ndarray
    vertex: np.ndarray
    along: np.ndarray

    def moved(self, key: np.ndarray) -> np.ndarray:
        """Packed vertices after the moves."""
        if not len(self.here):
            return key
        at = np.minimum(np.searchsorted(self.here, key), len(self.here) - 1)
        return np.where(self.here[at] == key, self.goal[at], key)

    def without(self, border: Borders, leaves: np.ndarray) -> Changes:
        """The changes that leave the shapes of this mask alone."""
        held = np.isin(self.here, border.first[leaves[border.leaf]])
        free = ~leaves[border.leaf[self.segment]]
        return Changes(self.here[~held], self.goal[~held], self.segment[free], self.vertex[free], self.along[free])


# --- the borders as they are -------------------------------------------------------------------------------------
def borders(shapes: np.ndarray) -> Borders:
    """The directed segments of Polygons and MultiPolygons in units."""
    parts, part_leaf = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    key = pack(xy)
    keep = (ring[1:] == ring[:-1]) & (key[1:] != key[:-1])
    ring = ring[:-1][keep]
    return Borders(key[:-1][keep], key[1:][keep], part_leaf[ring_part[ring]], ring, ring_part, part_leaf)


def twins(border: Borders) -> np.ndarray:
    """(n,) for each segment the one that walks it the other way, when just two shapes share it; else -1: outer
    borders, gaps, overlaps, seams, spikes."""
    low, high = np.minimum(border.first, border.last), np.maximum(border.first, border.last)
    order = np.lexsort((high, low))
    low, high = low[order], high[order]
    same = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    way, leaf = (border.first < border.last)[order], border.leaf[order]
    pair = same & (way[1:] != way[:-1]) & (leaf[1:] != leaf[:-1])
    pair[1:] &= ~same[:-1]  # exactly two
    pair[:-1] &= ~same[1:]
    at = np.flatnonzero(pair)
    twin = np.full(len(order), -1)
    twin[order[at]], twin[order[at + 1]] = order[at + 1], order[at]
    return twin


def spread(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row number and running number within the row for `counts` items in each row."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


# --- matching ----------------------------------------------------------------------------------------------------
def match(shapes: np.ndarray, groups: np.ndarray, seam_m: float, reach_m: float) -> tuple[np.ndarray, np.ndarray]:
    """(shapes with the seams laid onto each other, seam lines (m,) as they were: borders that face another group's
    within `reach_m` and do not match it), all in units.

    `groups` (n,) ranks: a border moves, by at most `seam_m` a round, onto the border of a group of lower rank.
    Leaves that do not change stay the same objects. Changed ones may touch themselves: cut them afterwards."""
    border = borders(shapes)
    alone = twins(border) < 0
    active = border.users(np.r_[border.first[alone], border.last[alone]], len(shapes))
    # All that can change, and what is beside it: enough to tell a matched border from a lone one.
    near = np.flatnonzero(border.users(border.first[active[border.leaf]], len(shapes)))
    result = shapes.copy()
    result[near], lines = _match(shapes[near], groups[near], active[near], seam_m, reach_m)
    return result, lines


def _match(shapes, groups, active, seam_m, reach_m) -> tuple[np.ndarray, np.ndarray]:
    border = borders(shapes)
    pairs = _pairs(border, groups, active, max(reach_m, 2 * seam_m))
    lines = border.lines(np.unique(pairs.segment))
    for _ in range(ROUNDS):
        changes = _changes(border, pairs, seam_m)
        if not len(changes.here) and not len(changes.segment):
            break
        shapes = _kept_whole(shapes, border, changes)
        border = borders(shapes)
        pairs = _pairs(border, groups, active, 2 * seam_m)
    return shapes, lines


def _kept_whole(shapes: np.ndarray, border: Borders, changes: Changes) -> np.ndarray:
    """The shapes after the changes, but for those that would win or lose a telling part of their ground: thin ones
    between two seams, for instance. Nothing of them moves; the mosaic settles what then does not match."""
    area = np.maximum(shapely.area(shapes), 1)
    for _ in range(ROUNDS):
        result = _rebuilt(shapes, border, changes)
        torn = abs(shapely.area(result) - area) > TELLING_SHARE * area
        if not torn.any():
            return result
        changes = changes.without(border, torn)
    return shapes


def _pairs(border: Borders, groups: np.ndarray, active: np.ndarray, reach_m: float) -> Pairs:
    """Every seam vertex with the segments of other groups within `reach_m` that face it."""
    alone = np.flatnonzero((twins(border) < 0) & active[border.leaf])
    rank = groups[border.leaf]
    vertex, ends = np.unique(np.r_[border.first[alone], border.last[alone]], return_inverse=True)
    used = np.flatnonzero(np.isin(border.first, vertex))
    span = int(groups.max(initial=0)) + 1
    members = np.unique(np.searchsorted(vertex, border.first[used]) * span + rank[used])  # (vertex, rank) in order
    lowest = members[np.unique(members // span, return_index=True)[1]] % span

    xy = unpack(vertex)
    reach = units(reach_m, xy[:, 1])[0]
    v, s = shapely.STRtree(border.lines(alone)).query(shapely.points(xy), predicate="dwithin", distance=reach)
    s = alone[s]
    other = ~np.isin(v * span + rank[s], members)
    v, s = v[other], s[other]

    # Facing: some border segment at the vertex runs against the other segment, as shared borders do.
    order = np.argsort(ends, kind="stable")
    begins = np.searchsorted(ends[order], np.arange(len(vertex) + 1))
    row, k = spread(begins[v + 1] - begins[v])
    mine = np.r_[alone, alone][order][begins[v][row] + k]
    dot = (_ways(border, mine) * _ways(border, s)[row]).sum(1)
    facing = np.zeros(len(v), bool)
    facing[row[dot < 0]] = True
    return Pairs(vertex[v], lowest[v], s, rank[s]).where(facing)


def _ways(border: Borders, which: np.ndarray) -> np.ndarray:
    """(n, 2) metres east and north from end to end."""
    start = unpack(border.first[which])
    return (unpack(border.last[which]) - start) * np.stack(metres_per_unit(start[:, 1]), axis=1)


def _beside(xy: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(metres from each point to its segment, place of the foot along the segment from 0 to 1)."""
    scale = np.stack(metres_per_unit(xy[:, 1]), axis=1)
    way, off = (end - start) * scale, (xy - start) * scale
    t = np.clip((way * off).sum(1) / np.maximum((way * way).sum(1), 1e-12), 0, 1)
    return np.hypot(*(off - way * t[:, None]).T), t


def _changes(border: Borders, pairs: Pairs, seam_m: float) -> Changes:
    """What brings the borders together: vertices of later groups go to the line of earlier ones, whose vertices are
    inserted in the later line; where a vertex comes down between two others it is inserted there as well."""
    here, goal, foot, along = _moves(border, pairs.where(pairs.other < pairs.rank), seam_m)
    moving = goal != here
    moves = Changes(here[moving], goal[moving], *[np.empty(0, np.int64)] * 3)
    segment, vertex, at = _inserts(border, pairs.where(pairs.rank < pairs.other), moves, seam_m)
    landed = (goal != border.first[foot]) & (goal != border.last[foot]) & (along > 0) & (along < 1)
    segment, vertex, at = np.r_[segment, foot[landed]], np.r_[vertex, goal[landed]], np.r_[at, along[landed]]
    order = np.lexsort((at, segment))
    return Changes(moves.here, moves.goal, segment[order], vertex[order], at[order])


def _moves(border: Borders, pairs: Pairs, seam_m: float) -> tuple[np.ndarray, ...]:
    """(vertices that move, where they go, segment they come down on, place along it or 0 for a vertex): to the
    nearest vertex of a lower group when each is the other's nearest, else to the foot on the nearest segment. Where
    an inner border ends at the seam always the foot: going along the seam would swing that border (measured on
    Tainan: least overlap with the source 98.8 -> 99.3 %)."""
    start, end = unpack(border.first[pairs.segment]), unpack(border.last[pairs.segment])
    distance, _ = _beside(unpack(pairs.key), start, end)
    pairs, distance = pairs.where(distance <= seam_m), distance[distance <= seam_m]
    best = _least(pairs.key, distance)
    here, foot = pairs.key[best], pairs.segment[best]
    start, end = unpack(border.first[foot]), unpack(border.last[foot])
    _, along = _beside(unpack(here), start, end)
    goal = pack(np.round(start + (end - start) * along[:, None]))

    tip = np.r_[border.first[pairs.segment], border.last[pairs.segment]]
    mine, rank = np.r_[pairs.key, pairs.key], np.r_[pairs.rank, pairs.rank]
    gap, _ = _beside(unpack(mine), unpack(tip), unpack(tip))
    tip, mine, rank, gap = (column[gap <= seam_m] for column in (tip, mine, rank, gap))
    mutual = np.intersect1d(_least(mine, gap), _least(tip, gap, rank))
    pick = np.searchsorted(here, mine[mutual])
    through = np.bincount(np.searchsorted(here, border.first[np.isin(border.first, here)]), minlength=len(here)) == 1
    mutual, pick = mutual[through[pick]], pick[through[pick]]
    goal[pick], along[pick] = tip[mutual], 0
    return here, goal, foot, along


def _least(key: np.ndarray, value: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Index of the row with the least value for each key (and further key columns), in order of the keys."""
    order = np.lexsort((value, *more, key))
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in (key, *more)], axis=0)
    return order[new]


def _inserts(border: Borders, pairs: Pairs, moves: Changes, seam_m: float) -> tuple[np.ndarray, ...]:
    """(segment, vertex to insert, place along the segment): vertices of a lower group beside it."""
    first, last = border.first[pairs.segment], border.last[pairs.segment]
    was, _ = _beside(unpack(pairs.key), unpack(first), unpack(last))
    first, last, key = moves.moved(first), moves.moved(last), moves.moved(pairs.key)
    now, t = _beside(unpack(key), unpack(first), unpack(last))
    keep = (np.maximum(was, now) <= seam_m) & (t > 0) & (t < 1) & (key != first) & (key != last)
    return pairs.segment[keep], key[keep], t[keep]


# --- building the shapes again -----------------------------------------------------------------------------------
def _rebuilt(shapes: np.ndarray, border: Borders, changes: Changes) -> np.ndarray:
    """The shapes with moved and inserted vertices. Rings without ground go; a shape that lost all of them stays."""
    changed = border.users(changes.here, len(shapes))
    changed[border.leaf[changes.segment]] = True
    rows = np.flatnonzero(changed[border.leaf])
    origin = np.r_[rows, changes.segment]
    key = np.r_[changes.moved(border.first[rows]), changes.vertex]
    order = np.argsort(origin, kind="stable")  # a vertex, then what is inserted behind it
    key, ring = _without_repeats(key[order], border.ring[origin[order]])

    whole = np.bincount(ring, minlength=len(border.ring_part)) >= 3
    shell = np.unique(border.ring_part, return_index=True)[1]
    whole &= whole[shell][border.ring_part]  # holes go with their shell
    key, ring = key[whole[ring]], ring[whole[ring]]
    names, ring = np.unique(ring, return_inverse=True)
    parts, part = np.unique(border.ring_part[names], return_inverse=True)
    leaves, leaf = np.unique(border.part_leaf[parts], return_inverse=True)
    result = shapes.copy()
    if len(leaves):
        polygons = shapely.polygons(shapely.linearrings(unpack(key), indices=ring), indices=part)
        result[leaves] = shapely.multipolygons(polygons, indices=leaf)
    return result


def _without_repeats(key: np.ndarray, ring: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closed walks (rings in order, last point not repeated) without equal neighbours."""
    repeat = np.r_[False, (ring[1:] == ring[:-1]) & (key[1:] == key[:-1])][:len(ring)]
    key, ring = key[~repeat], ring[~repeat]
    begins = np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]][:len(ring)])
    ends = np.r_[begins[1:], len(ring)][:len(begins)] - 1
    closing = ends[(key[ends] == key[begins]) & (ends > begins)]
    keep = np.ones(len(ring), bool)
    keep[closing] = False
    return key[keep], ring[keep]
