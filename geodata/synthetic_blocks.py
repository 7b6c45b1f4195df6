"""The invented town's lots and micro-grids: blocks are cut into estates and places, estates into micro-grids.

Cut lines run between rows of houses, so buildings (synthetic_buildings) never meet a border. `weave` puts all shapes on
the integer grid as one exact coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate

from geodata.synthetic_plan import Block, Plan, to_units
from layers.errors import BadInput

# Ground of one micro-grid in m2, before scaling to the number asked for; depth in metres of a strip between lanes.
CELL_M2 = {"new": 5000, "tower": 5200, "old": 3500, "single_block": 3600, "urban_village": 3400, "village": 6800}
STRIP_M = {"new": 60, "tower": 62, "old": 52, "single_block": 50}
ESTATE_OF_USE = {"V": "village", "U": "urban_village", "O": "old", "N": "new", "T": "tower", "C": "single_block"}
DEDICATED_OF_USE = {"I": "industry", "F": "field", "P": "park", "bank": "bank", "water": "water", "island": "island"}
# What stands in a quarter (row, column) besides housing: kind and share of a block, one block after another.
SPECIALS = {
    (1, 1): (("service", .22),), (1, 3): (("school", 1.0), ("park", .35)), (1, 4): (("park", .45), ("service", .3)),
    (1, 5): (("school", .6),), (2, 1): (("service", .25),), (2, 2): (("market", .5), ("school", .5)),
    (2, 3): (("mall", 1.0), ("hospital", .6), ("service", .3)), (2, 4): (("park", .3),), (2, 5): (("school", .5),),
    (3, 1): (("school", .5), ("service", .25)), (3, 2): (("park", .4), ("service", .25)),
    (3, 4): (("complex", 1.0), ("market", .6), ("service", .3)), (3, 6): (("school", .55),), (4, 1): (("park", .3),),
    (4, 3): (("school", .55),), (4, 4): (("park", .35),), (4, 5): (("park", .4),)}
FIELD_SHARE = 0.42  # of a village block
FINE = 2.0 ** -10  # of a unit
FAR = 5000.0  # longer than any lot


@dataclass(frozen=True, slots=True)
class Lot:
    """One estate or place: ground of one kind inside one block."""

    key: int
    kind: str  # estate kind ("tower" is a new estate of towers), or what a dedicated micro-grid holds
    block: int
    community: str
    shape: shapely.Geometry  # to the middle of the streets
    ground: shapely.Geometry  # without streets
    tilt: float
    quarter: tuple[int, int] = (0, 0)  # row, column

    @property
    def housing(self) -> bool:
        """Do households live here?"""
        return self.kind in CELL_M2


@dataclass(frozen=True, slots=True)
class Cell:
    """One micro-grid before it is put on the grid."""

    lot: Lot
    shape: shapely.Geometry
    ground: shapely.Geometry
    rows: tuple[float, ...] = ()  # in the lot's own frame: middle lines of the rows of buildings


def turned(shape, lot: Lot, back: bool = False):
    """The shape in the lot's own frame, where rows of buildings run along x; `back` returns to plan metres."""
    return rotate(shape, lot.tilt if back else -lot.tilt, origin=(0, 0), use_radians=True)


def _position(ground, share: float, axis: int) -> float:
    """Where along axis (0 x, 1 y) the first `share` of the area ends."""
    low, high = ground.bounds[axis], ground.bounds[axis + 2]
    wanted = share * ground.area
    for _ in range(22):
        middle = (low + high) / 2
        box = (-FAR, -FAR, middle, FAR) if axis == 0 else (-FAR, -FAR, FAR, middle)
        low, high = (middle, high) if shapely.clip_by_rect(ground, *box).area < wanted else (low, middle)
    return (low + high) / 2


def _cut(shape: Polygon, points: np.ndarray, axis: int) -> tuple[Polygon, Polygon]:
    """The parts of the shape before and after a line drawn across it (points in the lot's frame)."""
    line = LineString(points)
    far = np.array([[-FAR, points[-1][1]], [-FAR, points[0][1]]]) if axis == 0 else \
        np.array([[points[-1][0], -FAR], [points[0][0], -FAR]])
    before = Polygon(np.vstack([points, far]))
    shapely.prepare(before)
    pieces = shapely.get_parts(shapely.polygonize([shapely.unary_union([shape.boundary, line])]))
    pieces = [piece for piece in pieces if shape.contains(piece.representative_point())]
    first = [piece for piece in pieces if before.contains(piece.representative_point())]
    second = [piece for piece in pieces if not before.contains(piece.representative_point())]
    return shapely.union_all(first), shapely.union_all(second)


def _split(shape, ground, share: float, axis: int, rng: np.random.Generator, bend: float = 2.0):
    """(shape, ground) cut in two along a slightly bent line that leaves `share` of the ground on the first side."""
    place = _position(ground, share, axis)
    low, high = ground.bounds[1 - axis], ground.bounds[3 - axis]
    along = np.array([-FAR, low + (high - low) * rng.uniform(.2, .4), low + (high - low) * rng.uniform(.6, .8), FAR])
    shift = place + np.repeat(rng.uniform(-bend, bend, 2), 2) * np.array([1, 1, -1, -1])
    points = np.column_stack([shift, along] if axis == 0 else [along, shift])
    first, second = _cut(shape, points, axis)
    return (first, ground.intersection(first)), (second, ground.intersection(second))


def _longer(ground) -> int:
    west, south, east, north = ground.bounds
    return 0 if east - west > north - south else 1


def lay_lots(plan: Plan, rng: np.random.Generator) -> list[Lot]:
    """Every block as one or more lots. Lots cover the blocks without gaps."""
    waiting = {quarter: list(specials) for quarter, specials in SPECIALS.items()}
    lots: list[Lot] = []

    def add(kind: str, number: int, block: Block, shape, ground) -> None:
        lots.append(Lot(len(lots), kind, number, block.community, shape, ground, block.tilt, block.quarter))

    for number, block in enumerate(plan.blocks):
        if block.use in DEDICATED_OF_USE:
            add(DEDICATED_OF_USE[block.use], number, block, block.shape, block.ground)
            continue
        frame = Lot(-1, "", number, "", block.shape, block.ground, block.tilt)
        rest = (turned(block.shape, frame), turned(block.ground, frame))
        parts: list[tuple[str, tuple]] = []
        if waiting.get(block.quarter):
            kind, share = waiting[block.quarter].pop(0)
            if share == 1.0:
                add(kind, number, block, block.shape, block.ground)
                continue
            taken, rest = _split(*rest, share, _longer(rest[1]), rng)
            parts.append((kind, taken))
        if block.use == "V":
            taken, rest = _split(*rest, FIELD_SHARE, _longer(rest[1]), rng, 9.0)
            parts.append(("field", taken))
        kind = ESTATE_OF_USE[block.use]
        if rest[1].area > 26_000 and kind != "village":
            one, rest = _split(*rest, rng.uniform(.4, .6), _longer(rest[1]), rng)
            parts.append(("single_block" if kind == "old" and rng.random() < .25 else kind, one))
        parts.append((kind, rest))
        for kind, (shape, ground) in parts:
            add(kind, number, block, turned(shape, frame, True), turned(ground, frame, True))
    return _with_island(lots)


def _with_island(lots: list[Lot]) -> list[Lot]:
    """The island and the nearest piece of the south bank are one lot of two parts."""
    island = next(lot for lot in lots if lot.kind == "island")
    south = [lot for lot in lots if lot.kind == "bank" and lot.shape.centroid.y < island.shape.centroid.y]
    bank = min(south, key=lambda lot: lot.shape.distance(island.shape))
    both = replace(island, community=bank.community, shape=shapely.union_all([island.shape, bank.shape]),
                   ground=shapely.union_all([island.ground, bank.ground]))
    return [both if lot is island else lot for lot in lots if lot is not bank]


def shares(total: int, weights: Sequence[float], least: int = 1) -> np.ndarray:
    """Whole numbers that add up to `total`, near the weights (largest remainder), each at least `least`."""
    weights = np.asarray(weights, float)
    wanted = np.maximum(total * weights / weights.sum(), least)
    counts = np.floor(wanted).astype(int)
    while counts.sum() != total:
        if counts.sum() < total:
            counts[int(np.argmax(wanted - counts))] += 1
        else:
            counts[int(np.argmin(np.where(counts > least, wanted - counts, np.inf)))] -= 1
    return counts


def lay_cells(lots: Sequence[Lot], count: int, rng: np.random.Generator) -> tuple[list[Cell], dict[int, list]]:
    """`count` micro-grids: each dedicated lot is one, the rest is dealt to the estates by ground and kind.

    Also the lanes between them: lot key -> lines in plan metres, which reach the streets around the lot.
    """
    housing = [lot for lot in lots if lot.housing]
    room = count - (len(lots) - len(housing))
    if room < len(housing):
        raise BadInput(f"the town needs at least {len(lots)} micro-grids, one for each estate and place")
    numbers = dict(zip([lot.key for lot in housing],
                       shares(room, [lot.ground.area / CELL_M2[lot.kind] for lot in housing]), strict=True))
    cells: list[Cell] = []
    lanes: dict[int, list] = {}
    for lot in lots:
        seams: list = []
        if not lot.housing:
            cells.append(Cell(lot, lot.shape, lot.ground))
        elif lot.kind in STRIP_M:
            cells += _strips(lot, int(numbers[lot.key]), rng, seams)
        else:
            pieces = _bisect((turned(lot.shape, lot), turned(lot.ground, lot)), int(numbers[lot.key]), rng, seams)
            cells += [Cell(lot, turned(shape, lot, True), turned(ground, lot, True)) for shape, ground in pieces]
        lanes[lot.key] = [turned(shapely.line_merge(seam), lot, True) for seam in seams]
    return cells, lanes


def _strips(lot: Lot, count: int, rng: np.random.Generator, seams: list) -> list[Cell]:
    """Micro-grids in strips between east-west lanes; one or two rows of buildings in a strip."""
    rest = (turned(lot.shape, lot), turned(lot.ground, lot))
    height = rest[1].bounds[3] - rest[1].bounds[1]
    number = int(np.clip(round(height / STRIP_M[lot.kind]), 1, count))
    strips = []
    for k in range(number, 1, -1):
        strip, rest = _split(*rest, 1 / k, 1, rng, 1.2)
        seams.append(strip[0].intersection(rest[0]))
        strips.append(strip)
    strips.append(rest)
    cells = []
    for (shape, ground), cells_here in zip(strips, shares(count, [s[1].area for s in strips]), strict=True):
        low, high = ground.bounds[1], ground.bounds[3]
        rows = max(1, int((high - low) / 25)) if lot.kind != "tower" else max(1, int((high - low) / 48))
        lines = tuple(low + (high - low) * (k + .5) / rows for k in range(rows))
        rest = (shape, ground)
        for k in range(int(cells_here), 0, -1):
            piece, rest = _split(*rest, 1 / k, 0, rng, 2.5) if k > 1 else (rest, None)
            cells.append(Cell(lot, turned(piece[0], lot, True), turned(piece[1], lot, True), lines))
    return cells


def _bisect(piece, count: int, rng: np.random.Generator, seams: list) -> list:
    """The piece in `count` parts of like size, by cuts across the longer side."""
    if count == 1:
        return [piece]
    first = count // 2
    one, two = _split(*piece, first / count, _longer(piece[1]), rng, 6.0)
    seams.append(one[0].intersection(two[0]))
    return _bisect(one, first, rng, seams) + _bisect(two, count - first, rng, seams)


def weave(shapes: Sequence[shapely.Geometry]) -> list[shapely.MultiPolygon]:
    """The shapes (plan metres) as an exact coverage in whole units: borders noded with snap rounding, then faces.

    Neighbours share every vertex, T-junctions included; each face goes to the shape its inner point lies in.
    """
    exact = [to_units(shape, whole=False) for shape in shapes]
    # First on a fine grid, so that the end of a cut becomes a vertex of the border it meets; rounding the two apart
    # would leave them a unit beside each other.
    fine = shapely.unary_union([shapely.boundary(shape) for shape in exact], grid_size=FINE)
    lines = shapely.unary_union(shapely.transform(fine, np.round), grid_size=1)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    tree = shapely.STRtree(exact)
    face, owner = tree.query(shapely.point_on_surface(faces), predicate="within")
    parts: list[list[Polygon]] = [[] for _ in shapes]
    for f, k in sorted(zip(face.tolist(), owner.tolist(), strict=True)):
        parts[k].append(faces[f])
    merged = [shapely.coverage_union_all(pieces) for pieces in parts]
    return [shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape]) for shape in merged]


def neighbours(shapes: Sequence[shapely.MultiPolygon]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (k, l) of an exact coverage that share a border, k < l, and how many units of it; from shared segments."""
    rings, owner = shapely.get_rings(shapely.get_parts(np.array(shapes, dtype=object), return_index=True)[0],
                                     return_index=True)
    owner = shapely.get_parts(np.array(shapes, dtype=object), return_index=True)[1][owner]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[:-1] == ring[1:]
    a, b, who = xy[:-1][same], xy[1:][same], owner[ring[:-1][same]]
    flip = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a, b = np.where(flip[:, None], b, a), np.where(flip[:, None], a, b)
    order = np.lexsort((b[:, 1], b[:, 0], a[:, 1], a[:, 0]))
    a, b, who = a[order], b[order], who[order]
    twin = np.flatnonzero((a[:-1] == a[1:]).all(1) & (b[:-1] == b[1:]).all(1))
    pairs = np.sort(np.column_stack([who[twin], who[twin + 1]]), axis=1)
    length = np.hypot(*(a[twin] - b[twin]).T)
    pairs, where = np.unique(pairs, axis=0, return_inverse=True)
    return pairs, np.bincount(where.ravel(), length)


def group_grids(cells: Sequence[Cell], pairs: np.ndarray, length: np.ndarray, least: int = 8,
                most: int = 16) -> np.ndarray:
    """Which grid each micro-grid belongs to: whole lots joined inside one community until every grid has at least
    `least` micro-grids, if possible no more than `most`."""
    lot = np.array([cell.lot.key for cell in cells])
    community = {cell.lot.key: cell.lot.community for cell in cells}
    block = {cell.lot.key: cell.lot.block for cell in cells}
    size = {key: int((lot == key).sum()) for key in community}
    members = {key: [key] for key in community}
    border: dict[int, dict[int, float]] = {key: {} for key in community}
    for (k, m), metres in zip(pairs, length, strict=True):
        one, two = int(lot[k]), int(lot[m])
        if one != two and community[one] == community[two]:
            near = 4.0 if block[one] == block[two] else 1.0  # rather across the wall than across the street
            border[one][two] = border[one].get(two, 0.0) + near * metres
            border[two][one] = border[one][two]
    lots_beside = {key: set(beside) for key, beside in border.items()}
    lot_size = dict(size)
    stuck: set[int] = set()
    while open_ := [key for key in size if size[key] < least and key not in stuck]:
        small = min(open_, key=lambda key: (size[key], key))
        if not border[small]:
            stuck.add(small)
            continue
        host = min(border[small], key=lambda key: (size[key] + size[small] > most, (size[key] + size[small]) // 4,
                                                     -border[small][key], key))
        for key, metres in border.pop(small).items():
            del border[key][small]
            if key != host:
                border[host][key] = border[host].get(key, 0.0) + metres
                border[key][host] = border[host][key]
        size[host] += size.pop(small)
        members[host] += members.pop(small)
    grid = {key: number for number, keys in enumerate(members.values()) for key in keys}
    _relieve(grid, lot_size, lots_beside, least, most)
    return np.array([grid[key] for key in lot.tolist()])


def _relieve(grid: dict[int, int], size: dict[int, int], beside: dict[int, set[int]], least: int, most: int) -> None:
    """Make grids that are too large smaller: in two, else a lot to a neighbour with room. All stay in one piece."""
    def of(number: int) -> set[int]:
        return {key for key in grid if grid[key] == number}

    def total(keys: set[int]) -> int:
        return sum(size[key] for key in keys)

    def whole(keys: set[int]) -> bool:
        seen, queue = set(), [min(keys)]
        while queue:
            key = queue.pop()
            seen.add(key)
            queue += [other for other in sorted(beside[key] & keys) if other not in seen]
        return seen == keys

    for number in sorted(set(grid.values())):
        if total(of(number)) <= most:
            continue
        first, *others = sorted(of(number))
        halves = [{first, *some} for some in _subsets(others[:12])]
        fit = [half for half in halves if total(half) >= least and total(of(number) - half) >= least
               and whole(half) and whole(of(number) - half)]
        if fit:
            half = min(fit, key=lambda half: (abs(2 * total(half) - total(of(number))), sorted(half)))
            grid |= dict.fromkeys(half, max(grid.values()) + 1)
            continue
        for key in sorted(of(number), key=lambda key: (size[key], key)):
            left = of(number) - {key}
            hosts = [host for host in sorted({grid[other] for other in beside[key]} - {number})
                     if total(of(host)) + size[key] <= most]
            if hosts and total(of(number)) > most and total(left) >= least and whole(left):
                grid[key] = hosts[0]


def _subsets(keys: list[int]) -> list[tuple[int, ...]]:
    return [some for n in range(len(keys) + 1) for some in combinations(keys, n)]
