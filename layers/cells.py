"""Cells (楼栋单元): the ground taken apart into what may go from one area to another as a whole.

Roads, walls and water cut the ground into street blocks; inside a block every building gets the ground nearest to it,
its own outline always whole. Open ground is cut into pieces of about `grain_m2`. All lines are noded
together, once, on the grid of whole units, so that the cells cover the ground exactly: no gap, no overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .chain import directed_segments, unpack
from .measure import metres_per_unit
from .road_ends import prolonged

STEP_M, LEAST_STEP_M = 5.0, 2.0  # between the points of an outline that stand for a building
SHRINK_M = 0.4  # outlines of houses that share a wall are told apart by so much
STRIP_M = 25.0  # ground between lines, without a building, that is narrower belongs to the block beside it
THIN_M, TINY_M2 = 8.0, 200.0  # ground without a building that is thinner or smaller joins its neighbour
BEYOND = 3  # units: borders of cells reach so far beyond their block, so that they really meet its border


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """What stands on the ground (units): buildings with their households, lines that make good borders and how dear a
    border along each is (1 = as anywhere), and counts known per statistical cell only."""

    buildings: np.ndarray
    households: np.ndarray
    lines: np.ndarray
    dear: np.ndarray
    counted: tuple[tuple[shapely.Geometry, float], ...] = ()  # ground, households on it

    @classmethod
    def empty(cls) -> Town:
        """Nothing is known: only the ground can be divided."""
        return cls(np.empty(0, object), np.empty(0), np.empty(0, object), np.empty(0))

    @property
    def total(self) -> float:
        """All households."""
        return float(self.households.sum()) + sum(number for _, number in self.counted)

    def within(self, ground: np.ndarray) -> Town:
        """What stands on these Polygons: a building where its inner point lies, counts by their share of the ground."""
        here = first_in(ground, points_of(self.buildings)) >= 0
        lines = near_lines(self.lines, ground)
        counted = []
        for shape, number in self.counted:
            near = ground[shapely.intersects(ground, shape)]
            common = shapely.union_all(shapely.intersection(near, shape))
            if common.area > 1e-6 * shape.area:
                counted.append((common, number * min(1.0, common.area / shape.area)))
        return Town(self.buildings[here], self.households[here], self.lines[lines], self.dear[lines], tuple(counted))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The ground as faces (Polygons) and the cell of each; per cell its load, ground, place (metres) and building (-1: none);
    per pair of neighbours (`links`) the length of their border in metres and what a border there costs."""

    faces: np.ndarray
    of_face: np.ndarray
    load: np.ndarray
    area_m2: np.ndarray
    xy: np.ndarray
    building: np.ndarray
    links: np.ndarray
    length: np.ndarray
    cost: np.ndarray
    by_ground: bool  # nothing is counted here: the load is the ground in square metres

    def __len__(self) -> int:
        return len(self.load)


def cells_of(ground: np.ndarray, town: Town, grain_m2: float) -> Cells:
    """The cells of these Polygons (units) with what stands within them."""
    scale = np.array(metres_per_unit(float(np.mean(shapely.bounds(ground)[:, [1, 3]]))))
    origin = shapely.bounds(ground)[:, :2].min(axis=0)
    outlines, points = town.buildings, points_of(town.buildings)
    edge = shapely.get_rings(ground)
    rings = np.concatenate([edge, prolonged(town.lines, edge, outlines, scale)])
    blocks = _faces(np.concatenate([rings, town.lines]), ground)
    blocks = _without_strips(blocks, points, town, scale)
    block = first_in(blocks, points)
    lines, holders, cell_block = _borders(blocks, outlines, block, scale, origin, grain_m2)
    every = np.concatenate([rings, town.lines, lines])
    crossed = np.unique(shapely.STRtree(every).query(outlines, predicate="crosses")[0]) if len(outlines) else []
    every = np.concatenate([every, *(shapely.get_rings(shapely.get_parts(outlines[k])) for k in crossed)])
    faces = _faces(every, ground)
    spots = shapely.point_on_surface(faces)
    label = _labels(faces, spots, blocks, outlines, points, holders, cell_block)
    segments = _shared(faces, scale)
    fixed = first_in(outlines, spots) >= 0 if len(outlines) else np.zeros(len(faces), bool)
    label = _joined(faces, label, segments, fixed, len(outlines), scale)
    used, of_face = np.unique(label, return_inverse=True)
    building = np.where(used < len(outlines), used, -1)
    ground_m2 = np.bincount(of_face, shapely.area(faces), len(used)) * scale.prod()
    load = np.zeros(len(used))
    load[building >= 0] = town.households[building[building >= 0]]
    _deal(load, town, faces, of_face, building, points)
    by_ground = not load.any()
    centre = (shapely.get_coordinates(shapely.centroid(faces)) - origin) * scale
    weight = shapely.area(faces)
    xy = np.stack([np.bincount(of_face, centre[:, k] * weight, len(used)) / np.bincount(of_face, weight, len(used))
                   for k in (0, 1)], axis=1)
    return Cells(faces, of_face, ground_m2 if by_ground else load, ground_m2, xy, building, *_links(segments, of_face, town, xy), by_ground)


# --- lines -------------------------------------------------------------------------------------------------------
def points_of(shapes: np.ndarray) -> np.ndarray:
    """The point of each building that decides where it belongs."""
    if not len(shapes):
        return np.empty(0, object)
    centre = shapely.centroid(shapes)
    return np.where(shapely.intersects(shapes, centre), centre, shapely.point_on_surface(shapes))


def near_lines(lines: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Numbers of the lines that meet the ground."""
    return np.unique(shapely.STRtree(lines).query(ground, predicate="intersects")[1]) if len(lines) else np.empty(0, np.intp)


def first_in(shapes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The first shape each point lies in, -1 for none."""
    found = np.full(len(points), -1)
    if len(shapes) and len(points):
        which, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
        found[which[::-1]] = shape[::-1]
    return found


def _faces(lines: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Faces of the noded lines that lie on the ground, in a fixed order."""
    noded = shapely.unary_union(lines, grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = faces[first_in(ground, shapely.point_on_surface(faces)) >= 0]
    corner = shapely.bounds(faces)
    return faces[np.lexsort(corner.T[::-1])]


def _without_strips(blocks: np.ndarray, points: np.ndarray, town: Town, scale: np.ndarray) -> np.ndarray:
    """The blocks, with narrow strips on which nothing stands (between a wall and its street, say) joined to the one they
    hang together with most: by common border, more across a wall than across a road."""
    held = np.bincount(np.maximum(first_in(blocks, points), 0), minlength=len(blocks)) > 0 if len(points) else np.zeros(len(blocks), bool)
    width = 2 * shapely.area(blocks) * scale.prod() / shapely.length(shapely.transform(blocks, lambda xy: xy * scale))
    strips = np.flatnonzero(~held & (width < STRIP_M))
    i, j, metres, ends = _shared(blocks, scale)
    hold = metres * _dear(ends, town) * np.where(np.isin(i, strips) & np.isin(j, strips), 0.01, 1.0)
    into = np.arange(len(blocks))
    for strip in strips.tolist():
        mine = np.flatnonzero((i == strip) | (j == strip))
        beside = np.where(i[mine] == strip, j[mine], i[mine])
        if len(mine):
            best = int(np.argmax(np.bincount(beside, hold[mine])))
            if into[best] != strip:
                into[into == strip] = into[best]
    return np.array([shapely.coverage_union_all(blocks[into == k]) if (into == k).sum() > 1 else blocks[k]
                     for k in np.unique(into).tolist()], dtype=object)


def _dear(ends: np.ndarray, town: Town) -> np.ndarray:
    """How dear a border along each segment is: 1 where no line of the town runs."""
    dear = np.ones(len(ends))
    if len(town.lines) and len(ends):
        which, line = shapely.STRtree(town.lines).query(shapely.points(ends.mean(axis=1)), predicate="dwithin", distance=2.0)
        np.minimum.at(dear, which, town.dear[line])
    return dear


def _borders(blocks: np.ndarray, outlines: np.ndarray, block: np.ndarray, scale: np.ndarray, origin: np.ndarray,
             grain_m2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(borders of cells inside blocks, the ground of each cell, its block). The cells of buildings come first."""
    holders = np.full(len(outlines), None, object)
    own_block = block.copy()
    lines: list[np.ndarray] = []
    extra: list[shapely.Geometry] = []
    extra_block: list[int] = []
    order = np.argsort(block, kind="stable")
    members = {int(b): order[block[order] == b] for b in np.unique(block[block >= 0])}
    for k, shape in enumerate(blocks):
        inside = members.get(k, np.empty(0, np.intp))
        ground = shapely.transform(shape, lambda xy: (xy - origin) * scale)
        metric = shapely.transform(outlines[inside], lambda xy: (xy - origin) * scale)
        open_ground = _lattice(ground, grain_m2, metric)
        if len(inside) == 1 and not open_ground:
            holders[inside[0]] = shape
            continue
        if not len(inside) and len(open_ground) < 2:
            extra.append(shape)
            extra_block.append(k)
            continue
        seeds = [*map(_seeds, metric), *open_ground]
        own = _nearest(seeds, ground)
        own = shapely.transform(own, lambda xy: xy / scale + origin)
        edges = shapely.intersection(shapely.boundary(own), shapely.buffer(shape, BEYOND))
        edges = shapely.get_parts(edges)
        lines.append(edges[shapely.get_dimensions(edges) == 1])
        holders[inside] = own[:len(inside)]
        extra += own[len(inside):].tolist()
        extra_block += [k] * len(open_ground)
    lost = np.array([holder is None or holder.is_empty for holder in holders], bool)
    holders[lost] = outlines[lost]
    every = np.empty(len(outlines) + len(extra), object)
    every[:len(outlines)], every[len(outlines):] = holders, extra
    return np.concatenate([np.empty(0, object), *lines]), every, np.r_[own_block, np.array(extra_block, int)]


def _nearest(seeds: list[np.ndarray], ground: shapely.Polygon) -> np.ndarray:
    """The ground nearest to each set of points, out beyond `ground`; empty for one that shares all its points."""
    points, first = np.unique(np.round(np.concatenate(seeds), 3), axis=0, return_index=True)
    who = np.repeat(np.arange(len(seeds)), [len(seed) for seed in seeds])[first]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=ground, ordered=True))
    right = shapely.area(cells) > 0
    if len(cells) != len(points):  # points too near to be told apart: by where they lie
        point, cell = shapely.STRtree(cells).query(shapely.points(points), predicate="intersects")
        holder = np.full(len(cells), -1)
        holder[cell[::-1]] = who[point[::-1]]
        who, right = holder, right & (holder >= 0)
    return np.array([shapely.union_all(cells[right & (who == i)]) for i in range(len(seeds))], dtype=object)


def _seeds(outline: shapely.Geometry) -> np.ndarray:
    """Points along the outline of a building (metres), a little inside of it."""
    thinner = shapely.buffer(outline, -SHRINK_M, join_style="mitre")
    outline = outline if thinner.is_empty else thinner
    rings = shapely.get_exterior_ring(shapely.get_parts(outline))
    step = max(LEAST_STEP_M, min(STEP_M, float(np.sqrt(outline.area)) / 3))
    return np.concatenate([shapely.get_coordinates(shapely.segmentize(ring, step))[:-1] for ring in rings])


def _lattice(ground: shapely.Polygon, grain_m2: float, outlines: np.ndarray) -> list[np.ndarray]:
    """One point per piece of open ground of about `grain_m2`, in offset rows, away from the buildings."""
    if ground.area < 2 * grain_m2 * (1 + len(outlines) / 4):
        return []
    step = np.sqrt(grain_m2)
    west, south, east, north = ground.bounds
    rows = np.arange(south + step / 2, north, step)
    points = np.array([(x, y) for k, y in enumerate(rows) for x in np.arange(west + step * (0.25 + 0.5 * (k % 2)), east, step)])
    if not len(points):
        return []
    shapely.prepare(ground)
    points = points[shapely.contains_xy(ground, *points.T)]
    if len(outlines) and len(points):
        far = np.ones(len(points), bool)
        far[shapely.STRtree(outlines).query(shapely.points(points), predicate="dwithin", distance=0.8 * step)[0]] = False
        points = points[far]
    return [point[None] for point in points]


# --- faces -------------------------------------------------------------------------------------------------------
def _labels(faces: np.ndarray, spots: np.ndarray, blocks: np.ndarray, outlines: np.ndarray, points: np.ndarray,
            holders: np.ndarray, cell_block: np.ndarray) -> np.ndarray:
    """The cell of each face: the building it lies under, else the cell of its block there; -1 for what is left over."""
    face_block = first_in(blocks, spots)
    label = np.full(len(faces), -1)
    which, cell = shapely.STRtree(holders).query(spots, predicate="intersects")
    right = cell_block[cell] == face_block[which]
    label[which[right][::-1]] = cell[right][::-1]
    under = first_in(outlines, spots) if len(outlines) else np.full(len(faces), -1)
    return np.where(under >= 0, under, label)


def _shared(faces: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """(face, face, metres, ends) of border segments two faces share."""
    segments = directed_segments(faces)
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    low, high, owner = low[order], high[order], segments.owner[order]
    twin = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]))
    ends = np.stack([unpack(low[twin]), unpack(high[twin])], axis=1)
    return owner[twin], owner[twin + 1], np.hypot(*((ends[:, 1] - ends[:, 0]) * scale).T), ends


def _joined(faces: np.ndarray, label: np.ndarray, segments: tuple[np.ndarray, ...], fixed: np.ndarray, buildings: int,
            scale: np.ndarray) -> np.ndarray:
    """Every cell in one piece: stray faces and thin or tiny ground without a building join the neighbour with the
    longest common border, one of their own kind first."""
    i, j, metres, _ = segments
    near: list[dict[int, float]] = [{} for _ in faces]
    for a, b, length in zip(i.tolist(), j.tolist(), metres.tolist(), strict=True):
        near[a][b] = near[a].get(b, 0.0) + length
        near[b][a] = near[b].get(a, 0.0) + length
    label = label.tolist()
    area = shapely.area(faces) * scale.prod()
    around = shapely.length(shapely.transform(faces, lambda xy: xy * scale))
    pieces: dict[int, list[list[int]]] = {}
    seen = [False] * len(faces)
    for first in range(len(faces)):
        if seen[first]:
            continue
        piece, seen[first] = [first], True
        for face in piece:
            fresh = [other for other in near[face] if not seen[other] and label[other] == label[first]]
            for other in fresh if label[first] >= 0 else ():
                seen[other] = True
                piece.append(other)
        pieces.setdefault(label[first], []).append(piece)
    stray: list[list[int]] = []
    for cell, found in pieces.items():
        found.sort(key=lambda piece: (-any(fixed[face] for face in piece), -area[piece].sum()))
        size, length = area[found[0]].sum(), around[found[0]].sum()
        keep = cell >= 0 and (cell < buildings or (size > TINY_M2 and 2 * size > THIN_M * length / 2))
        stray += found[1:] if keep else found
    loose = {face for piece in stray for face in piece}
    stray.sort(key=lambda piece: (-area[piece].sum(), piece[0]))
    while stray:
        left = []
        for piece in stray:
            beside: dict[int, float] = {}
            for face in piece:
                for other, length in near[face].items():
                    if other not in loose:
                        beside[label[other]] = beside.get(label[other], 0.0) + length
            if beside:
                best = max(beside, key=lambda cell: (beside[cell], -cell))
                for face in piece:
                    label[face] = best
                    loose.discard(face)
            else:
                left.append(piece)
        if len(left) == len(stray):  # ground by itself: cells of its own
            top = max([*label, len(faces)]) + 1
            for number, piece in enumerate(left):
                for face in piece:
                    label[face] = top + number
            break
        stray = left
    return np.array(label)


def _deal(load: np.ndarray, town: Town, faces: np.ndarray, of_face: np.ndarray, building: np.ndarray, points: np.ndarray) -> None:
    """Households of statistical cells: to the buildings in them by outline, else to the ground."""
    holder = np.full(len(points), -1)
    holder[building[building >= 0]] = np.flatnonzero(building >= 0)
    tree = shapely.STRtree(faces)
    for shape, homes in town.counted:
        if homes <= 0:
            continue
        shapely.prepare(shape)
        inside = np.flatnonzero(shapely.contains(shape, points) & (holder >= 0)) if len(points) else np.empty(0, np.intp)
        if len(inside):
            amounts = np.bincount(holder[inside], minlength=len(load)).astype(float)
        else:
            near = tree.query(shape, predicate="intersects")
            amounts = np.bincount(of_face[near], shapely.area(shapely.intersection(faces[near], shape)), len(load))
        if amounts.any():
            load += homes * amounts / amounts.sum()


def _links(segments: tuple[np.ndarray, ...], of_face: np.ndarray, town: Town,
           xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(pairs of neighbouring cells, metres of border, its cost). Ground that hangs together with nothing is linked to
    the nearest, dearly."""
    i, j, metres, ends = segments
    a, b = of_face[i], of_face[j]
    apart = a != b
    a, b, metres = np.minimum(a, b)[apart], np.maximum(a, b)[apart], metres[apart]
    dear = _dear(ends[apart], town)
    count = len(xy)
    pair, back = np.unique(a * count + b, return_inverse=True)
    links = np.stack([pair // count, pair % count], axis=1)
    length, cost = np.bincount(back, metres, len(pair)), np.bincount(back, metres * dear, len(pair))
    return _bridged(links, length, cost, xy)


def _bridged(links: np.ndarray, length: np.ndarray, cost: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    count = len(xy)
    while True:
        graph = coo_matrix((np.ones(len(links)), links.T if len(links) else ([], [])), (count, count))
        groups, group = connected_components(graph, directed=False)
        if groups == 1:
            return links, length, cost
        smallest = int(np.argmin(np.bincount(group)))
        mine, others = np.flatnonzero(group == smallest), np.flatnonzero(group != smallest)
        gap = np.hypot(*(xy[mine][:, None] - xy[others][None]).transpose(2, 0, 1))
        near = np.unravel_index(gap.argmin(), gap.shape)
        one = sorted((int(mine[near[0]]), int(others[near[1]])))
        links, length, cost = np.r_[links.reshape(-1, 2), [one]], np.r_[length, 0.0], np.r_[cost, 50.0]
