"""A proposal how ground could be divided into balanced areas: cells, partition, borders. Nothing is assigned to anybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .areas import UNITS_PER_DEGREE
from .cell_graph import Aim, Graph
from .cells import Cells, Town, cells_of
from .chain import unpack
from .errors import BadInput, TooManyParts
from .inner_borders import Line, corners_of, inner_borders, straightened
from .measure import area_m2
from .partition import FEW_STARTS, STARTS, divide, shares
from .progress import Tell, silent, span

PIECES_PER_PART, PIECES = 8, 120  # open ground is cut into so many pieces per part, and so many more
NEAR, LEAN, LEAN_IN_NORM = 0.5, 0.15, 0.005  # the share of the tolerance within which nothing is gained by more even
# numbers; how much is gained outside of that, by parts and by a norm
EASED = (0.5, 0.3, 0.1)  # of the width of a piece of open ground: so far borders may leave its edges to be straight, less
# where a part would leave the tolerance
INSIDE = 0.4  # by a norm, parts keep this near to the mean: nobody wants 15 beside 60
MANY_STARTS, FEW = 8, 24  # of the most even proposal; up to so many parts the first kind is tried as well
ROAD_FIRST, EVEN_FIRST = 4.0, 0.4  # what the second and third kind of proposal prefer


@dataclass(frozen=True, slots=True)
class Wish:
    """What the planner asks for: so many `parts`, or areas of `least` to `most` households; `tolerance` is the share by
    which parts may differ from the mean. Seeds 0, 1, 2 prefer short borders, roads, even numbers; then so on, started
    elsewhere. It is one of `among` wishes answered together: the more, the fewer starts for each."""

    parts: int | None = None
    least: float = 0.0
    most: float = 0.0
    tolerance: float = 0.1
    seed: int = 0
    among: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """The part of each face, load of each part, the borders between parts (straight and as the cells have them) and
    buildings that are heavier than a part may be."""

    faces: np.ndarray
    part: np.ndarray
    load: np.ndarray
    straight: list[np.ndarray]
    exact: list[np.ndarray]
    heavy: tuple[tuple[int, float], ...]  # (number of the building in the town, its households)
    by_ground: bool
    aim: Aim


def parts_for(total: float, least: float, most: float) -> int:
    """How many areas of `least` to `most` households: near the middle of the norm, never so few or many that the mean
    leaves it."""
    middle = math.sqrt(least * most) if least > 0 else most / 2
    fewest, greatest = math.ceil(total / most - 1e-9), math.floor(total / least + 1e-9) if least > 0 else math.inf
    return max(1, fewest, min(round(total / middle), greatest))


def propose(ground: np.ndarray, town: Town, wish: Wish, tell: Tell | None = None) -> Proposal:
    """How these Polygons (units) could be divided. `tell` hears how far it has come (0 to 1) and may raise to stop it.
    TooManyParts when there are fewer cells than parts."""
    tell = tell or silent
    tell(0.0)
    size = float(np.sum(area_m2(ground)))
    guess = wish.parts or parts_for(max(town.total, 1.0), wish.least, wish.most)
    grain = size / (PIECES_PER_PART * guess + PIECES)
    cells = cells_of(ground, town, grain, span(tell, 0.0, 0.3))
    if cells.by_ground and not wish.parts:
        raise BadInput("nobody was counted here: say into how many parts, a norm of households cannot be met")
    total = float(cells.load.sum())
    parts = wish.parts or parts_for(total, wish.least, wish.most)
    if parts > len(cells):
        where = shapely.get_coordinates(shapely.point_on_surface(ground[:1]))[0] / UNITS_PER_DEGREE
        raise TooManyParts(f"there are {len(cells)} buildings or pieces of ground here, too few for {parts} parts",
                           where=where.tolist(), most=len(cells))
    aim = _aim(total / parts, wish)
    part = _divided(cells, parts, aim, wish, span(tell, 0.3, 0.9))
    tell(0.9)
    if part.max() + 1 < parts:
        parts = int(part.max()) + 1
        aim = _aim(total / parts, wish)
    of_face = part[cells.of_face]
    limit = wish.most or aim.target * (1 + wish.tolerance)
    heavy = [] if cells.by_ground else [
        (int(number), float(load)) for number, load in zip(cells.building.tolist(), cells.load.tolist(), strict=True)
        if number >= 0 and load > limit]
    lines = inner_borders(cells.faces, of_face, town.lines)
    return Proposal(cells.faces, of_face, np.bincount(part, cells.load, parts),
                    _straight(lines, cells, part, aim, town, math.sqrt(grain)), [unpack(keys).astype(np.int64) for keys, _ in lines],
                    tuple(sorted(heavy)), cells.by_ground, aim)


def _straight(lines: Sequence[Line], cells: Cells, part: np.ndarray, aim: Aim, town: Town, width: float) -> list[np.ndarray]:
    """The borders, straight over open ground; where people are spread over the ground, only as far as parts stay even."""
    reach = np.full(len(lines), EASED[0] * width)
    if not (cells.by_ground or town.counted) or not len(lines):
        return straightened(lines, cells.faces, town.buildings, reach, town.lines)
    middle = shapely.points([unpack(keys[:2]).mean(axis=0) for keys, _ in lines])
    line, face = shapely.STRtree(cells.faces).query(middle, predicate="dwithin", distance=1.0)
    beside = part[cells.of_face[face]]
    limit = max(1 - aim.low / aim.target, float(np.abs(np.bincount(part, cells.load) / aim.target - 1).max())) + 1e-9
    for less in (*EASED[1:], 0.0):
        made = straightened(lines, cells.faces, town.buildings, reach, town.lines)
        off = np.flatnonzero(np.abs(_held(made, cells, part) / aim.target - 1) > limit)
        if not len(off):
            break
        bent = line[np.isin(beside, off)]
        reach[bent] = np.minimum(reach[bent], less * width)
    else:
        made = straightened(lines, cells.faces, town.buildings, reach, town.lines)
    return made


def _held(lines: Sequence[np.ndarray], cells: Cells, part: np.ndarray) -> np.ndarray:
    """The load of each part within these borders, where a cell's load lies evenly on its ground."""
    rings = shapely.get_rings(shapely.get_parts(shapely.coverage_union_all(cells.faces)))
    noded = shapely.unary_union([*rings, *(shapely.LineString(line) for line in lines)])
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    piece, face = shapely.STRtree(cells.faces).query(pieces, predicate="intersects")
    common = shapely.area(shapely.intersection(pieces[piece], cells.faces[face]))
    whole = np.bincount(cells.of_face, shapely.area(cells.faces))
    cell = cells.of_face[face]
    load = np.bincount(piece, common * (cells.load / whole)[cell], len(pieces))
    ground = np.zeros((len(pieces), int(part.max()) + 1))
    np.add.at(ground, (piece, part[cell]), common)
    return np.bincount(ground.argmax(axis=1), load, ground.shape[1])


def _aim(target: float, wish: Wish) -> Aim:
    even = wish.seed % 3 == 2
    if wish.parts:
        share = wish.tolerance * (EVEN_FIRST if even else 1.0)
        return Aim(target, target * (1 - share), target * (1 + share), share * NEAR, LEAN)
    inside = wish.tolerance if even else max(INSIDE, wish.tolerance)
    return Aim(target, max(wish.least, target * (1 - inside)), min(wish.most, target * (1 + inside)), wish.tolerance, LEAN_IN_NORM)


def _divided(cells: Cells, parts: int, aim: Aim, wish: Wish, tell: Tell) -> np.ndarray:
    """The part of each cell. Pieces of the ground that lie apart (two banks of a river) are divided each by itself."""
    corners, graph, bank = corners_of(cells.faces, cells.of_face), _graph(cells, wish), _banks(cells, aim.target, parts)
    if not bank.any():
        return _searched(graph, parts, aim, wish, corners, tell)
    count = int(bank.max()) + 1
    load = np.bincount(bank, cells.load)
    part, base = np.zeros(len(cells), int), 0
    for number, share in enumerate(shares(load, np.bincount(bank), parts).tolist()):
        which = np.flatnonzero(bank == number)
        place = np.full(len(cells) + 1, -1)
        place[which] = np.arange(len(which))
        near = [[int(place[cell]) for cell in ring] for ring in corners]
        now = span(tell, number / count, (number + 1) / count)
        found = _searched(graph.part(which), share, _aim(load[number] / share, wish), wish, [ring for ring in near if max(ring) >= 0], now)
        part[which] = base + found
        base += int(found.max()) + 1
    return part


def _banks(cells: Cells, target: float, most: int) -> np.ndarray:
    """The piece of ground each cell lies on, of `most` pieces; one that is too small for a part counts with the nearest."""
    real = cells.length > 0
    size = (len(cells), len(cells))
    bank = connected_components(coo_matrix((np.ones(real.sum()), cells.links[real].T), size), directed=False)[1]
    bridges = cells.links[~real].tolist()
    for _ in bridges:
        load = np.bincount(bank, cells.load)
        small = [(load[bank[one]], bank[one], bank[other]) for a, b in bridges for one, other in ((a, b), (b, a)) if bank[one] != bank[other]]
        if not small or min(small)[0] >= target / 2 and len(np.unique(bank)) <= most:
            break
        bank = np.where(bank == min(small)[1], min(small)[2], bank)
    bank = np.unique(bank, return_inverse=True)[1]
    return bank if bank.max() < most else np.zeros_like(bank)


def _searched(graph: Graph, parts: int, aim: Aim, wish: Wish, corners: Sequence[Sequence[int]], tell: Tell) -> np.ndarray:
    """The best of a few searches. The third kind is never less even than the first."""
    fewer, starts = 0.0 if wish.parts else wish.least, max(FEW_STARTS, STARTS // wish.among)
    if wish.seed % 3 != 2:
        return divide(graph, parts, aim, wish.seed, corners, starts, False, fewer, tell)
    first = replace(wish, seed=wish.seed - 2)
    found = [divide(graph, parts, aim, wish.seed, corners, MANY_STARTS if wish.among == 1 else starts, True, fewer, span(tell, 0.0, 0.6))]
    if parts <= FEW:
        found.append(divide(graph, parts, _aim(aim.target, first), first.seed, corners, starts, False, fewer, span(tell, 0.6, 1.0)))
    return min(found, key=lambda part: abs(np.bincount(part, graph.load) / aim.target - 1).max().round(6))


def _graph(cells: Cells, wish: Wish) -> Graph:
    cost = cells.cost
    if wish.seed % 3 == 1:
        dear = cost / np.maximum(cells.length, 1e-9)
        cost = np.where(cells.length > 0, cost * np.where(dear > 0.7, ROAD_FIRST, 1.0), cost)
    return Graph(cells.load, cells.area_m2, cells.xy, cells.links, cost, cells.length, cells.edge)
