"""Cells (楼栋单元): the ground taken apart into what may go from one area to another as a whole.

Street blocks and what is nearest to each building inside them (blocks.py) give lines. All of them are noded together,
once, on the grid of whole units, so that the cells cover the ground exactly: no gap, no overlap; every building lies
whole in its cell. A building is never taken apart: stairwells are points here, without an outline that could be cut
along; where stairwells come with outlines of their own they are buildings of this layer, and a border may pass between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .blocks import Frame, cut_inside, dear_along, faces_of, first_in, shared, without_strips
from .measure import metres_per_unit
from .progress import Tell, silent, span
from .road_ends import prolonged

THIN_M, TINY_M2 = 8.0, 200.0  # ground without a building that is thinner or smaller joins its neighbour


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
    edge: np.ndarray  # metres of the border of the ground along each cell
    by_ground: bool  # nothing is counted here: the load is the ground in square metres

    def __len__(self) -> int:
        return len(self.load)


def cells_of(ground: np.ndarray, town: Town, grain_m2: float, tell: Tell = silent) -> Cells:
    """The cells of these Polygons (units) with what stands within them."""
    scale = np.array(metres_per_unit(float(np.mean(shapely.bounds(ground)[:, [1, 3]]))))
    frame = Frame(shapely.bounds(ground)[:, :2].min(axis=0), scale)
    outlines, points = town.buildings, points_of(town.buildings)
    edge = shapely.get_rings(ground)
    rings = np.concatenate([edge, prolonged(town.lines, edge, outlines, scale)])
    blocks = faces_of(np.concatenate([rings, town.lines]), ground)
    tell(0.2)
    blocks = without_strips(blocks, points, town.lines, town.dear, scale)
    lines, nearest = cut_inside(blocks, outlines, first_in(blocks, points), frame, grain_m2, span(tell, 0.3, 0.6))
    every = np.concatenate([rings, town.lines, lines])
    tree = shapely.STRtree(every)  # a border may run round a court inside the walls: contained, not crossing
    crossed = np.unique(np.concatenate([tree.query(outlines, predicate=way)[0] for way in ("crosses", "contains")])) if len(outlines) else []
    every = np.concatenate([every, *(shapely.get_rings(shapely.get_parts(outlines[k])) for k in crossed)])
    faces = faces_of(every, ground)
    tell(0.8)
    spots = shapely.point_on_surface(faces)
    under = first_in(outlines, spots)
    label = np.where(under >= 0, under, nearest.at(spots, first_in(blocks, spots)))
    home = _home(faces, points)
    stands = np.flatnonzero(home >= 0)
    label[home[stands[::-1]]] = stands[::-1]
    fixed = np.bincount(home[stands], minlength=len(faces)) > 0
    segments = shared(faces, scale)
    label = _joined(faces, label, segments, fixed, len(outlines), scale)
    used, of_face = np.unique(label, return_inverse=True)
    building = np.where(used < len(outlines), used, -1)
    weight = shapely.area(faces)
    ground_m2 = np.bincount(of_face, weight, len(used)) * scale.prod()
    holder = of_face[home[stands]]
    load = np.bincount(holder, town.households[stands], len(used)).astype(float)
    _deal(load, town, faces, of_face, holder, points[stands])
    by_ground = not load.any()
    centre = (shapely.get_coordinates(shapely.centroid(faces)) - frame.origin) * scale
    xy = np.stack([np.bincount(of_face, centre[:, k] * weight, len(used)) / np.bincount(of_face, weight, len(used))
                   for k in (0, 1)], axis=1)
    links, length, cost = _links(segments, of_face, town, xy)
    around = np.bincount(of_face, shapely.length(frame.metres(faces)), len(used))
    np.subtract.at(around, of_face[np.r_[segments[0], segments[1]]], np.r_[segments[2], segments[2]])
    return Cells(faces, of_face, ground_m2 if by_ground else load, ground_m2, xy, building, links, length, cost, around.clip(0), by_ground)


def _home(faces: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The face of each building's point: there it stands, wherever else its ground lies. -1 for one beside the ground."""
    home = first_in(faces, points)
    lost = np.flatnonzero(home < 0)
    which, face = shapely.STRtree(faces).query(points[lost], predicate="dwithin", distance=3.0)  # where noding moved a border
    home[lost[which[::-1]]] = face[::-1]
    return home


def points_of(shapes: np.ndarray) -> np.ndarray:
    """The point of each building that decides where it belongs."""
    if not len(shapes):
        return np.empty(0, object)
    centre = shapely.centroid(shapes)
    return np.where(shapely.intersects(shapes, centre), centre, shapely.point_on_surface(shapes))


def near_lines(lines: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Numbers of the lines that meet the ground."""
    return np.unique(shapely.STRtree(lines).query(ground, predicate="intersects")[1]) if len(lines) else np.empty(0, np.intp)


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


def _deal(load: np.ndarray, town: Town, faces: np.ndarray, of_face: np.ndarray, holder: np.ndarray, points: np.ndarray) -> None:
    """Households of statistical cells: to the buildings in them (`holder`: the cell of each), else to the ground."""
    tree = shapely.STRtree(faces)
    for shape, homes in town.counted:
        if homes <= 0:
            continue
        shapely.prepare(shape)
        inside = np.flatnonzero(shapely.contains(shape, points)) if len(points) else np.empty(0, np.intp)
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
    dear = dear_along(ends[apart], town.lines, town.dear)
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
