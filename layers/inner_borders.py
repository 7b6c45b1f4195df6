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
OPEN_M = 16.0  # ground farther than this from any building is open: cells end there anywhere
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


def straightened(lines: list[Line], faces: np.ndarray, buildings: np.ndarray, open_m: np.ndarray | None = None,
                 walls: np.ndarray | None = None) -> list[np.ndarray]:
    """The same borders with as few vertices as they can have, as (n, 2) whole units. Over open ground each may move by up to
    its `open_m` metres, but neither near a building nor across a road, a wall or water (`walls`)."""
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
    spare = _spare(xy, buildings, walls, origin, scale, open_m) if open_m is not None else []
    for k, (line, (_, road)) in enumerate(zip(xy, lines, strict=True)):
        metres = (line - origin) * scale
        eased = metres if road or open_m is None else _eased(metres, spare[k])
        ways = [(metres, reach) for reach in ((ON_ROAD_M,) if road else STRAIGHT_M)]
        for way, reach in [(eased, ways[0][1]), (eased, ways[-1][1])] * (len(eased) < len(metres)) + ways:
            whole = shapely.LineString(way)
            fewer = shapely.simplify(whole, min(reach, whole.length / 4), preserve_topology=False)
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


def _spare(lines: list[np.ndarray], buildings: np.ndarray, walls: np.ndarray | None, origin: np.ndarray, scale: np.ndarray,
           most: np.ndarray) -> list[np.ndarray]:
    """How far (metres) each vertex may move: at most as its line, not at all near a building, never as far as a wall."""
    points = shapely.points((np.concatenate(lines) - origin) * scale)
    sizes = [len(line) for line in lines]
    spare, far = np.repeat(most, sizes), float(most.max()) + 1e-6
    for shapes, margin in ((buildings, OPEN_M), (walls, 0.0)):
        if shapes is not None and len(shapes):
            tree = shapely.STRtree(shapely.transform(shapes, lambda xy: (xy - origin) * scale))
            (which, _), gap = tree.query_nearest(points, max_distance=far + margin, return_distance=True, all_matches=False)
            spare[which] = np.minimum(spare[which], np.where(gap < margin, 0.0, gap - margin / 2))
    return np.split(spare, np.cumsum(sizes)[:-1])


def _eased(line: np.ndarray, spare: np.ndarray) -> np.ndarray:
    """The line (metres) with the fewest vertices Douglas and Peucker would keep, each with a reach of its own: its `spare`."""
    kept, runs = np.zeros(len(line), bool), [(0, len(line) - 1)]
    kept[[0, -1]] = True
    while runs:
        first, last = runs.pop()
        if last - first < 2:
            continue
        chord = shapely.LineString(line[[first, last]])
        over = shapely.distance(chord, shapely.points(line[first + 1:last])) - spare[first + 1:last]
        worst = int(over.argmax())
        if over[worst] > 0:
            middle = first + 1 + worst
            kept[middle] = True
            runs += [(first, middle), (middle, last)]
    return line[kept]


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
    """Lines that meet another, or all but touch it, or meet the edge, elsewhere than at their ends."""
    ends = np.array([shapely.get_coordinates(line)[[0, -1]] for line in lines])
    i, j = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=ROAD)
    i, j = i[i < j], j[i < j]
    common = shapely.intersection(lines[i], lines[j])
    bad = shapely.length(common) > 2 * ROAD  # the same way: nothing would be left between them
    xy, pair = shapely.get_coordinates(common, return_index=True)
    bad[pair[_apart(xy, ends[i[pair]]) | _apart(xy, ends[j[pair]])]] = True
    for one, other in ((i, j), (j, i)):
        for k in (0, 1):
            spots = ends[one, k]
            bad |= shapely.dwithin(shapely.points(spots), lines[other], ROAD) & _apart(spots, ends[other])
    ring, line = shapely.STRtree(lines).query(rings, predicate="intersects")
    xy, pair = shapely.get_coordinates(shapely.intersection(lines[line], rings[ring]), return_index=True)
    return np.unique(np.concatenate([i[bad], j[bad], line[pair[_apart(xy, ends[line[pair]])]]]))


def _apart(xy: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Whether each point is at neither of its two ends."""
    return (abs(xy[:, None] - ends).max(axis=2) > ROAD).all(axis=1)


def keys_of(lines: list[np.ndarray]) -> np.ndarray:
    """All vertices of the lines, packed, each once."""
    return np.unique(pack(np.concatenate(lines))) if lines else np.empty(0, np.int64)
