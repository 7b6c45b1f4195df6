"""Street blocks and the lines inside them: how the ground falls apart before anybody asks who lives there.

Roads, walls and water close blocks; narrow strips join the block beside them. Inside a block every building gets the
ground nearest to its outline, open ground falls into pieces. What comes out are lines to node and, for any point, the
building or piece it is nearest to within its block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from .chain import directed_segments, unpack
from .progress import Tell, silent

STEP_M, LEAST_STEP_M = 5.0, 2.0  # between the points of an outline that stand for a building
SHRINK_M = 0.4  # outlines of houses that share a wall are told apart by so much
SMOOTH_M = 0.5  # borders half-way between buildings are drawn with as few vertices as that allows
STRIP_M = 25.0  # ground between lines, without a building, that is narrower belongs to the block beside it
BEYOND = 3  # units: borders of cells reach so far beyond their block, so that they really meet its border


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Metres on a patch of ground: (units - origin) * scale."""

    origin: np.ndarray
    scale: np.ndarray

    def metres(self, shapes: np.ndarray) -> np.ndarray:
        return shapely.transform(shapes, lambda xy: (xy - self.origin) * self.scale)

    def units(self, xy: np.ndarray) -> np.ndarray:
        return xy / self.scale + self.origin


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Who is nearest within a block: points (metres) of each building and of each piece of open ground, its cell and
    its block. Cells of buildings come first, by their number."""

    frame: Frame
    points: np.ndarray
    cell: np.ndarray
    block: np.ndarray

    def at(self, spots: np.ndarray, block: np.ndarray) -> np.ndarray:
        """The cell at each point (units) of a block, -1 where the block has none."""
        xy = (shapely.get_coordinates(spots) - self.frame.origin) * self.frame.scale
        apart = 1 + 4 * float(np.ptp(np.concatenate([xy, self.points]), axis=0).sum())  # no block is near another
        gap, found = cKDTree(np.c_[self.points, self.block * apart]).query(np.c_[xy, block * apart])
        return np.where(gap < apart / 2, self.cell[found], -1)


# ---- faces and the borders they share --------------------------------------------------------------------------------
def faces_of(lines: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Faces of the noded lines that lie on the ground, in a fixed order."""
    noded = shapely.unary_union(lines, grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = faces[first_in(ground, shapely.point_on_surface(faces)) >= 0]
    return faces[np.lexsort(shapely.bounds(faces).T[::-1])]


def shared(faces: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """(face, face, metres, ends) of border segments two faces share."""
    segments = directed_segments(faces)
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    low, high, owner = low[order], high[order], segments.owner[order]
    twin = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]))
    ends = np.stack([unpack(low[twin]), unpack(high[twin])], axis=1)
    return owner[twin], owner[twin + 1], np.hypot(*((ends[:, 1] - ends[:, 0]) * scale).T), ends


def first_in(shapes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The first shape each point lies in, -1 for none."""
    found = np.full(len(points), -1)
    if len(shapes) and len(points):
        which, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
        found[which[::-1]] = shape[::-1]
    return found


def dear_along(ends: np.ndarray, lines: np.ndarray, dear: np.ndarray) -> np.ndarray:
    """How dear a border along each segment is: 1 where no line runs, else the least of the lines there."""
    cost = np.ones(len(ends))
    if len(lines) and len(ends):
        which, line = shapely.STRtree(lines).query(shapely.points(ends.mean(axis=1)), predicate="dwithin", distance=2.0)
        np.minimum.at(cost, which, dear[line])
    return cost


# ---- blocks ----------------------------------------------------------------------------------------------------------
def without_strips(blocks: np.ndarray, points: np.ndarray, lines: np.ndarray, dear: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The blocks, with narrow strips on which nothing stands (between a wall and its street, say) joined to the one they
    hang together with most: by common border, more across a wall than across a road."""
    held = np.bincount(np.maximum(first_in(blocks, points), 0), minlength=len(blocks)) > 0 if len(points) else np.zeros(len(blocks), bool)
    width = 2 * shapely.area(blocks) * scale.prod() / shapely.length(shapely.transform(blocks, lambda xy: xy * scale))
    strips = np.flatnonzero(~held & (width < STRIP_M))
    i, j, metres, ends = shared(blocks, scale)
    hold = metres * dear_along(ends, lines, dear) * np.where(np.isin(i, strips) & np.isin(j, strips), 0.01, 1.0)
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


def cut_inside(blocks: np.ndarray, outlines: np.ndarray, block: np.ndarray, frame: Frame, grain_m2: float,
               tell: Tell = silent) -> tuple[np.ndarray, Nearest]:
    """(borders half-way between what stands in each block, who is nearest there). `block` is the block of each outline;
    open ground falls into pieces of about `grain_m2`."""
    order = np.argsort(block, kind="stable")
    members = np.split(order, np.searchsorted(block[order], np.arange(len(blocks) + 1)))[1:-1]
    metric = frame.metres(outlines)
    inner = shapely.get_coordinates(shapely.point_on_surface(frame.metres(blocks)))
    lines, points, cells, places, count = [np.empty(0, object)], [], [], [], len(outlines)
    for k, shape in enumerate(blocks):
        tell(k / len(blocks))
        inside = members[k]
        ground = frame.metres(shape)
        open_ground = _lattice(ground, grain_m2, metric[inside])
        if not len(inside) and len(open_ground) < 2:
            open_ground = inner[k:k + 1]
        seeds = [*(_seeds(metric[one]) for one in inside.tolist()), *open_ground[:, None]]
        who = np.repeat(np.r_[inside, np.arange(count, count + len(open_ground))], [len(seed) for seed in seeds])
        count += len(open_ground)
        xy, first = np.unique(np.round(np.concatenate(seeds), 3), axis=0, return_index=True)
        points.append(xy)
        cells.append(who[first])
        places.append(np.full(len(xy), k))
        if len(seeds) > 1:
            lines.append(_half_way(xy, who[first], shapely.buffer(shape, BEYOND), frame))
    return np.concatenate(lines), Nearest(frame, np.concatenate(points), np.concatenate(cells), np.concatenate(places))


def _half_way(points: np.ndarray, who: np.ndarray, within: shapely.Geometry, frame: Frame) -> np.ndarray:
    """The borders between the ground nearest to the points of one and of another, clipped."""
    west, south, east, north = within.bounds
    corners = (np.array([(west, south), (east, north)]) - frame.origin) * frame.scale
    middle, far = corners.mean(axis=0), 4 * np.hypot(*(corners[1] - corners[0])) + 1
    turn = np.arange(8) * np.pi / 4 + 0.1
    around = middle + far * np.c_[np.cos(turn), np.sin(turn)]  # so that every border between two points is finite
    made = Voronoi(np.concatenate([points - middle, around - middle]))
    pairs, ends = made.ridge_points, np.array(made.ridge_vertices)
    own = np.r_[who, np.full(len(around), -1)]
    a, b = own[pairs].T
    right = (a != b) & (a >= 0) & (b >= 0) & (ends >= 0).all(axis=1)
    xy = made.vertices[ends[right]] + middle
    xy = xy[(xy[:, 0] != xy[:, 1]).any(axis=1)]
    if not len(xy):
        return np.empty(0, object)
    edges = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.linestrings(xy))))
    edges = shapely.transform(shapely.simplify(edges, SMOOTH_M, preserve_topology=False), frame.units)
    shapely.prepare(within)
    inside = shapely.contains_properly(within, edges)
    clipped = shapely.get_parts(shapely.intersection(edges[~inside], within))
    return np.concatenate([edges[inside], clipped[shapely.get_type_id(clipped) == 1]])


def _seeds(outline: shapely.Geometry) -> np.ndarray:
    """Points along the outline of a building (metres), a little inside of it."""
    thinner = shapely.buffer(outline, -SHRINK_M, join_style="mitre")
    outline = outline if thinner.is_empty else thinner
    rings = shapely.get_exterior_ring(shapely.get_parts(outline))
    step = max(LEAST_STEP_M, min(STEP_M, float(np.sqrt(outline.area)) / 3))
    return np.concatenate([shapely.get_coordinates(shapely.segmentize(ring, step))[:-1] for ring in rings])


def _lattice(ground: shapely.Polygon, grain_m2: float, outlines: Sequence[shapely.Geometry]) -> np.ndarray:
    """One point per piece of open ground of about `grain_m2`, in offset rows, away from the buildings."""
    none = np.empty((0, 2))
    if ground.area < 2 * grain_m2 * (1 + len(outlines) / 4):
        return none
    step = np.sqrt(grain_m2)
    west, south, east, north = ground.bounds
    rows = np.arange(south + step / 2, north, step)
    lattice = [np.c_[x, np.full(len(x), y)] for k, y in enumerate(rows) for x in [np.arange(west + step * (0.25 + 0.5 * (k % 2)), east, step)]]
    points = np.concatenate([none, *lattice])
    shapely.prepare(ground)
    points = points[shapely.contains_xy(ground, *points.T)]
    if len(outlines) and len(points):
        far = np.ones(len(points), bool)
        far[shapely.STRtree(outlines).query(shapely.points(points), predicate="dwithin", distance=0.8 * step)[0]] = False
        points = points[far]
    return points
