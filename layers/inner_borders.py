"""Borders between the parts of divided ground: taken from the cells, straightened where nothing stands in the way.

Cells end half-way between buildings, so their borders zigzag. Each border between two parts is drawn again with as few
vertices as it can have without touching a building, another border or the edge of the ground; along a road it stays.
"""

from __future__ import annotations

import numpy as np
import shapely

from .chain import directed_segments, pack, unpack
from .measure import metres_per_unit

STRAIGHT_M = (8.0, 4.0, 2.0, 1.0, 0.4)  # how far a border may move from where the cells have it, tried in this order
ON_ROAD_M = 0.4
ROAD = 2.0  # units: a border so near to a road runs along it
CLEAR = 3  # units: how deep (3 cm) a border may at most run under the outline of a building, where rounding led it


def corners_of(faces: np.ndarray, label: np.ndarray) -> list[list[int]]:
    """Labels round each vertex where an area could touch itself: four or more meet there. -1 is what lies outside."""
    segments = directed_segments(faces)
    out: dict[int, dict[int, tuple[int, int]]] = {}  # vertex -> its next vertex -> (face, the vertex before)
    order = np.argsort(segments.owner, kind="stable")
    starts, ends, owner = segments.start[order], segments.end[order], segments.owner[order]
    vertices, times = np.unique(starts, return_counts=True)
    busy = vertices[times >= 3]
    mine = np.isin(starts, busy) | np.isin(ends, busy)
    came: dict[tuple[int, int], list[int]] = {}
    busy_set = set(busy.tolist())
    for a, b, face in zip(starts[mine].tolist(), ends[mine].tolist(), owner[mine].tolist(), strict=True):
        if b in busy_set:
            came.setdefault((b, face), []).append(a)
    for a, b, face in zip(starts[mine].tolist(), ends[mine].tolist(), owner[mine].tolist(), strict=True):
        if a in busy_set and len(came.get((a, face), ())) == 1:
            out.setdefault(a, {})[b] = (face, came[a, face][0])
    found = []
    for around in out.values():
        left, ring = dict(around), []
        ends_here = {before for _, before in around.values()}
        while left:
            first = next((key for key in sorted(left) if key not in ends_here), min(left))
            at, begun = first, len(ring)
            while at in left:
                face, before = left.pop(at)
                ring.append(int(label[face]))
                at = before
            if at != first or begun:
                ring.append(-1)
        ring = [one for k, one in enumerate(ring) if one != ring[k - 1] or len(ring) == 1]
        if len(ring) >= 4:
            found.append(ring)
    return found


def touches_itself(ring: list[int]) -> bool:
    """Whether a part comes twice round a vertex, apart: its border would touch itself there."""
    runs = [one for k, one in enumerate(ring) if one != ring[k - 1]]
    return len({one for one in runs if one >= 0}) < sum(one >= 0 for one in runs)


Line = tuple[np.ndarray, bool]  # packed vertices from junction to junction; whether it runs along a road


def inner_borders(faces: np.ndarray, part: np.ndarray, roads: np.ndarray) -> list[Line]:
    """The borders between the parts of these faces, as the faces have them."""
    segments = directed_segments(faces)
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    low, high, owner = low[order], high[order], part[segments.owner[order]]
    twin = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]))
    alone = np.ones(len(low), bool)
    alone[twin], alone[twin + 1] = False, False
    edge = np.unique(np.r_[low[alone], high[alone]])
    inner = twin[owner[twin] != owner[twin + 1]]
    along = _along(unpack(low[inner]), unpack(high[inner]), roads)
    return _chained(low[inner], high[inner], along, edge)


def _along(a: np.ndarray, b: np.ndarray, roads: np.ndarray) -> np.ndarray:
    along = np.zeros(len(a), bool)
    if len(roads) and len(a):
        along[shapely.STRtree(roads).query(shapely.points((a + b) / 2), predicate="dwithin", distance=ROAD)[0]] = True
    return along


def _chained(low: np.ndarray, high: np.ndarray, along: np.ndarray, edge: np.ndarray) -> list[Line]:
    """Segments joined into (vertices, along a road), ending at junctions, at the edge and where a road begins or ends."""
    near: dict[int, list[tuple[int, bool]]] = {}
    for a, b, road in zip(low.tolist(), high.tolist(), along.tolist(), strict=True):
        near.setdefault(a, []).append((b, road))
        near.setdefault(b, []).append((a, road))
    stops = {key for key, ways in near.items() if len(ways) != 2 or ways[0][1] != ways[1][1]} | (set(edge.tolist()) & near.keys())
    seen: set[tuple[int, int]] = set()
    lines = []

    def follow(start: int, step: int, road: bool) -> None:
        way = [start, step]
        seen.update({(start, step), (step, start)})
        while way[-1] not in stops and way[-1] != start:
            ahead = next(key for key, _ in near[way[-1]] if key != way[-2])
            seen.update({(way[-1], ahead), (ahead, way[-1])})
            way.append(ahead)
        lines.append((np.array(way), road))
    for start in [*sorted(stops), *sorted(near)]:
        for step, road in sorted(near[start]):
            if (start, step) not in seen and (start in stops or all(one not in stops for one, _ in near[start])):
                follow(start, step, road)
    for start in sorted(near):  # rings that touch no junction
        for step, road in sorted(near[start]):
            if (start, step) not in seen:
                follow(start, step, road)
    return [piece for line in lines for piece in _open(*line)]


def _open(keys: np.ndarray, road: bool) -> list[Line]:
    """A closed ring as three lines, so that it can never collapse."""
    if keys[0] != keys[-1]:
        return [(keys, road)]
    third = max(1, (len(keys) - 1) // 3)
    cuts = [0, third, 2 * third, len(keys) - 1]
    return [(keys[a:b + 1], road) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


def straightened(lines: list[Line], faces: np.ndarray, buildings: np.ndarray) -> list[np.ndarray]:
    """The same borders with as few vertices as they can have, as (n, 2) whole units."""
    if not lines:
        return []
    xy = [unpack(keys) for keys, _ in lines]
    scale = np.array(metres_per_unit(float(np.concatenate(xy)[:, 1].mean())))
    origin = np.concatenate(xy).min(axis=0)
    shapes = shapely.buffer(buildings, -CLEAR, join_style="mitre") if len(buildings) else buildings
    standing, spots = shapely.STRtree(shapes), shapely.get_coordinates(shapely.point_on_surface(buildings))
    rings = shapely.get_rings(shapely.get_parts(shapely.coverage_union_all(faces)))
    exact = np.array([shapely.LineString(one) for one in xy], dtype=object)
    drawn = exact.copy()
    for k, (line, (_, road)) in enumerate(zip(xy, lines, strict=True)):
        metres = shapely.LineString((line - origin) * scale)
        for reach in (ON_ROAD_M,) if road else STRAIGHT_M:
            fewer = shapely.simplify(metres, min(reach, metres.length / 4), preserve_topology=False)
            points = np.rint(shapely.get_coordinates(fewer) / scale + origin)
            tried = shapely.LineString(points)
            if len(points) < len(line) and tried.is_simple and _passes(tried, points, line, standing, spots):
                drawn[k] = tried
                break
    for _ in range(6):
        wrong = _meeting(drawn, rings)
        wrong = wrong[[drawn[k] is not exact[k] for k in wrong]]
        if not len(wrong):
            break
        drawn[wrong] = exact[wrong]
    return [shapely.get_coordinates(line).astype(np.int64) for line in drawn]


def _passes(tried: shapely.LineString, points: np.ndarray, line: np.ndarray, standing: shapely.STRtree, spots: np.ndarray) -> bool:
    """Whether a border may be drawn so: it runs through no building, and none changes sides."""
    if not len(spots):
        return True
    if len(standing.query(tried, predicate="intersects")):
        return False
    ring = np.concatenate([points, line[::-1]])
    near = spots[standing.query(shapely.box(*ring.min(axis=0), *ring.max(axis=0)))]
    a, b = ring[:, None], np.roll(ring, -1, axis=0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        right = near[:, 0] < a[..., 0] + (near[:, 1] - a[..., 1]) * (b[..., 0] - a[..., 0]) / (b[..., 1] - a[..., 1])
    crossed = ((a[..., 1] > near[:, 1]) != (b[..., 1] > near[:, 1])) & right
    return not (crossed.sum(axis=0) % 2).any()


def _meeting(lines: np.ndarray, rings: np.ndarray) -> np.ndarray:
    """Lines that meet another or the edge elsewhere than at their ends."""
    i, j = shapely.STRtree(lines).query(lines, predicate="intersects")
    i, j = i[i < j], j[i < j]
    wrong = set()
    for a, b in zip(i.tolist(), j.tolist(), strict=True):
        if not _only_ends(lines[a], lines[b]):
            wrong |= {a, b}
    ring, line = shapely.STRtree(lines).query(rings, predicate="intersects")
    for a, b in zip(line.tolist(), ring.tolist(), strict=True):
        if not _only_ends(lines[a], rings[b]):
            wrong.add(a)
    return np.array(sorted(wrong), int)


def _only_ends(line: shapely.LineString, other: shapely.Geometry) -> bool:
    common = shapely.get_coordinates(shapely.intersection(line, other))
    ends = shapely.get_coordinates(line)[[0, -1]]
    return bool((abs(common[:, None] - ends[None]).max(axis=2).min(axis=1) <= 2).all())


def keys_of(lines: list[np.ndarray]) -> np.ndarray:
    """All vertices of the lines, packed, each once."""
    return np.unique(pack(np.concatenate(lines))) if lines else np.empty(0, np.int64)
