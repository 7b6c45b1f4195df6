"""The lattice of a market (九宫格): rows and columns of stalls on its ground, grouped into units of 3 x 3.

The lattice has its own frame, as oblique as the ground is: `u` along the rows, `v` from row to row. Lines between units
are cut exactly where they meet the ground, and the ground outside the outermost rows and columns belongs to these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .areas import UNITS_PER_DEGREE
from .chain import directed_segments, unpack
from .errors import BadGeometry, BadInput, SliverRefused
from .inner_borders import corners_of, inner_borders, touches_itself
from .measure import metres_per_unit

MOST_UNITS, MOST_STALLS = 1_000, 100_000
LEAST_STALL_M = 0.5
LEAST_STALLS, LEAST_WIDTH = 1.0, 0.5  # a piece with less ground, or thinner (in stalls), joins a neighbour
BESIDE = ((0, 0), (3, 5), (-5, 3), (7, -4), (-11, -9), (23, 17))  # units: tried where a line would just touch a corner


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where the lattice lies: metres from `origin` (units) by `scale`; the corner, the directions, the size of a stall."""

    origin: np.ndarray
    scale: np.ndarray
    corner: np.ndarray
    u: np.ndarray
    v: np.ndarray
    stall: np.ndarray  # metres along the row, from row to row

    def of(self, xy: np.ndarray) -> np.ndarray:
        """Units -> stalls along the row and rows, from the corner."""
        metres = (xy - self.origin) * self.scale - self.corner
        return np.stack([metres @ self.u, metres @ self.v], axis=-1) / self.stall

    def at(self, stalls: np.ndarray) -> np.ndarray:
        """Stalls from the corner -> units, not yet whole."""
        metres = self.corner + stalls[..., :1] * self.stall[0] * self.u + stalls[..., 1:] * self.stall[1] * self.v
        return metres / self.scale + self.origin


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """The ground as faces and the unit of each, units in reading order; per unit its (row, column) from 1, what tells it
    from others of that place ("" or "b", "c" ...) and how many stalls it holds; and where slivers joined a neighbour."""

    faces: np.ndarray
    unit: np.ndarray
    names: tuple[str, ...]
    stalls: tuple[int, ...]
    joined: tuple[tuple[float, float], ...]  # (lon, lat) in degrees, the largest first
    lines: list[np.ndarray]


def groups(count: int, group: int) -> np.ndarray:
    """Where units of `group` stalls begin, and where the last one ends: a rest of two stalls or more is a smaller unit,
    a single stall joins the last one. 13 by 3: 0 3 6 9 13."""
    begins = list(range(0, count, group))
    if len(begins) > 1 and count - begins[-1] == 1 and group > 1:
        begins.pop()
    return np.array([*begins, count])


def lattice_of(ground: np.ndarray, rows: int, columns: int, group: int = 3, baseline: shapely.LineString | None = None) -> Lattice:
    """The units on these Polygons (units). Rows run along `baseline` from its first point, the corner, else along a side
    of the smallest rectangle round the ground, so that stalls are nearest to squares; row 1 is then in the north.

    BadInput for numbers that make no lattice or more than MOST_UNITS units, BadGeometry for a baseline that leads away
    from the ground, SliverRefused for stalls below half a metre."""
    if min(rows, columns, group) < 1 or rows * columns > MOST_STALLS:
        raise BadInput(f"rows, columns and group from 1 are needed, and at most {MOST_STALLS:,} stalls", why="stalls", most=MOST_STALLS)
    across, down = groups(columns, group), groups(rows, group)
    number = (len(across) - 1) * (len(down) - 1)
    if number > MOST_UNITS:
        raise BadInput(f"{number:,} units; at most {MOST_UNITS:,} are made at once", why="units", units=number, most=MOST_UNITS)
    if number < 2:
        raise BadInput("all stalls are in one unit: there is nothing to divide", why="one-unit")
    frame = _frame(ground, rows, columns, baseline)
    if frame.stall.min() < LEAST_STALL_M:
        raise SliverRefused(f"a stall would be {frame.stall.min():.2f} m wide; {LEAST_STALL_M} m are needed", why="stall", least=LEAST_STALL_M,
                            where=_place(shapely.point_on_surface(ground[0])))
    for beside in BESIDE:
        faces = _faces(ground, _lines(ground, frame, across, down, np.array(beside)))
        cell = _cells(frame, faces, across, down)
        unit, joined = _units(faces, cell, frame, group)
        corners = [ring for ring in corners_of(faces, np.arange(len(faces))) if ring.count(-1) < 2 or len(ring) > 4]
        if not any(touches_itself([int(unit[face]) if face >= 0 else -1 for face in ring]) for ring in corners):
            break
    if unit.max() < 1:
        raise BadInput("the ground lies in one unit of the lattice: there is nothing to divide", why="one-unit")
    lines = [unpack(keys).astype(np.int64) for keys, _ in inner_borders(faces, unit, np.empty(0, object))]
    return Lattice(faces, unit, _names(unit, cell, faces), _stalls(frame, faces, unit, rows, columns), joined, lines)


# --- where it lies -----------------------------------------------------------------------------------------------
def _frame(ground: np.ndarray, rows: int, columns: int, baseline: shapely.LineString | None) -> Frame:
    bounds = shapely.total_bounds(ground)
    scale, origin = np.array(metres_per_unit(float(bounds[[1, 3]].mean()))), bounds[:2]
    xy = (shapely.get_coordinates(ground) - origin) * scale
    if baseline is not None:
        first, last = (shapely.get_coordinates(baseline)[[0, -1]] - origin) * scale
        length = float(np.hypot(*(last - first)))
        if length == 0:
            raise BadGeometry("the baseline has no length", why="no-length", where=_place(shapely.get_point(baseline, 0)))
        u = (last - first) / length
        v = np.array([u[1], -u[0]])
        side = (xy - first) @ v
        v = v if side.max() >= -side.min() else -v
        size = np.array([((xy - first) @ u).max(), ((xy - first) @ v).max()])
        if size.min() <= 0:
            raise BadGeometry("the baseline leads away from the area", why="leads-away", where=_place(shapely.get_point(baseline, 0)))
        return Frame(origin, scale, first, u, v, size / [columns, rows])
    box = shapely.get_coordinates(shapely.oriented_envelope(shapely.multipoints(xy)))
    best = None
    for side in (box[1] - box[0], box[2] - box[1]):
        u = side / np.hypot(*side)
        u = u if (round(u[0], 9), u[1]) > (0, 0) else -u  # eastward, else northward
        v = np.array([u[1], -u[0]])
        corner = (box @ u).min() * u + (box @ v).min() * v
        stall = np.array([np.ptp(box @ u) / columns, np.ptp(box @ v) / rows])
        skew = (round(abs(np.log(stall[0] / stall[1])), 3), -round(u[0], 9))
        if best is None or skew < best[0]:
            best = skew, Frame(origin, scale, corner, u, v, stall)
    return best[1]


def _lines(ground: np.ndarray, frame: Frame, across: np.ndarray, down: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """The lines between units, whole from end to end, with a vertex where two cross."""
    reach = frame.of(shapely.get_coordinates(ground))
    low, high = reach.min(axis=0) - 1, reach.max(axis=0) + 1
    x, y = (np.array([min(low[k], -1), *inner[1:-1], max(high[k], inner[-1] + 1)]) for k, inner in enumerate((across, down)))
    nodes = np.rint(frame.at(np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)) + beside)
    lines = [*(nodes[k] for k in range(1, len(x) - 1)), *(nodes[:, k] for k in range(1, len(y) - 1))]
    made = np.empty(len(lines), object)
    made[:] = [shapely.LineString(line) for line in lines]
    return made


def _faces(ground: np.ndarray, lines: np.ndarray) -> np.ndarray:
    noded = shapely.unary_union(np.concatenate([shapely.get_rings(ground), lines]), grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = np.zeros(len(faces), bool)
    inside[shapely.STRtree(ground).query(shapely.point_on_surface(faces), predicate="intersects")[0]] = True
    faces = faces[inside]
    return faces[np.lexsort(shapely.bounds(faces).T[::-1])]


def _cells(frame: Frame, faces: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """(row, column) of the unit each face lies in, from 0."""
    spots = frame.of(shapely.get_coordinates(shapely.point_on_surface(faces)))
    return np.stack([np.searchsorted(inner[1:-1], spots[:, k]) for k, inner in ((1, down), (0, across))], axis=1)


# --- units -------------------------------------------------------------------------------------------------------
def _units(faces: np.ndarray, cell: np.ndarray, frame: Frame, group: int) -> tuple[np.ndarray, tuple[tuple[float, float], ...]]:
    """(the unit of each face, in reading order; where slivers joined a neighbour). The smallest sliver joins first, the
    neighbour with the longest common border; one that stands alone goes to the nearest unit."""
    stall = float(frame.stall.prod())
    area = shapely.area(faces) * frame.scale.prod()
    around = shapely.length(shapely.transform(faces, lambda xy: xy * frame.scale))
    near = _shared(faces, frame.scale)
    least = LEAST_STALLS * stall * min(1.0, group * group / 2)
    own = np.arange(len(faces))
    order = np.lexsort((np.arange(len(faces)), -area, cell[:, 1], cell[:, 0]))
    rank = np.empty(len(faces), int)
    rank[order] = np.arange(len(faces))
    ground, rim, alone = area.copy(), around.copy(), set()
    joined: list[tuple[float, int]] = []
    while True:
        thin = [one for one in np.unique(own).tolist() if one not in alone
                and (ground[one] < least or 2 * ground[one] < LEAST_WIDTH * frame.stall.min() * rim[one])]
        if not thin or len(np.unique(own)) < 2:
            break
        one = min(thin, key=lambda k: (ground[k], rank[k]))
        beside = near[one]
        if not beside:
            alone.add(one)
            continue
        other = max(beside, key=lambda k: (beside[k], -rank[k]))
        joined.append((float(ground[one]), one))
        common = beside[other]
        for k, metres in near.pop(one).items():
            near[k].pop(one)
            if k != other:
                near[other][k] = near[k][other] = near[other].get(k, 0.0) + metres
        ground[other] += ground[one]
        rim[other] += rim[one] - 2 * common
        own[own == one] = other
    for one in sorted(alone, key=lambda k: rank[k]):
        rest = [k for k in np.unique(own).tolist() if k not in alone]
        if rest and (own == one).any():
            gaps = shapely.distance(faces[one], faces[rest])
            joined.append((float(ground[one]), one))
            own[own == one] = rest[int(np.argmin(gaps))]
    names = sorted(np.unique(own).tolist(), key=lambda k: rank[k])
    unit = np.searchsorted(np.sort(names), own)
    place = np.argsort(np.argsort([rank[k] for k in np.sort(names)]))
    joined.sort(key=lambda one: (-one[0], rank[one[1]]))
    return place[unit], tuple(tuple(_place(shapely.point_on_surface(faces[k]))) for _, k in joined)


def _shared(faces: np.ndarray, scale: np.ndarray) -> dict[int, dict[int, float]]:
    """Metres of common border per pair of faces."""
    segments = directed_segments(faces)
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    low, high, owner = low[order], high[order], segments.owner[order]
    twin = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]))
    metres = np.hypot(*((unpack(high[twin]) - unpack(low[twin])) * scale).T)
    near: dict[int, dict[int, float]] = {k: {} for k in range(len(faces))}
    for a, b, length in zip(owner[twin].tolist(), owner[twin + 1].tolist(), metres.tolist(), strict=True):
        if a != b:
            near[a][b] = near[b][a] = near[a].get(b, 0.0) + length
    return near


def _names(unit: np.ndarray, cell: np.ndarray, faces: np.ndarray) -> tuple[str, ...]:
    """"row-column" of each unit by its largest face, with a letter for the second of a place on."""
    area, names, times = shapely.area(faces), [], {}
    for k in range(int(unit.max()) + 1):
        mine = np.flatnonzero(unit == k)
        row, column = (cell[mine[area[mine].argmax()]] + 1).tolist()
        times[row, column] = times.get((row, column), 0) + 1
        letter = "" if times[row, column] == 1 else _letters(times[row, column])
        names.append(f"{row}-{column}{letter}")
    return tuple(names)


def _letters(number: int) -> str:
    """2 -> b, 3 -> c, 27 -> aa."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def _stalls(frame: Frame, faces: np.ndarray, unit: np.ndarray, rows: int, columns: int) -> tuple[int, ...]:
    """Stalls whose middle lies in each unit."""
    middles = np.stack(np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5, indexing="ij"), axis=-1).reshape(-1, 2)
    point, face = shapely.STRtree(faces).query(shapely.points(frame.at(middles)), predicate="intersects")
    _, first = np.unique(point, return_index=True)
    return tuple(np.bincount(unit[face[first]], minlength=int(unit.max()) + 1).tolist())


def _place(point: shapely.Point) -> list[float]:
    return [point.x / UNITS_PER_DEGREE, point.y / UNITS_PER_DEGREE]
