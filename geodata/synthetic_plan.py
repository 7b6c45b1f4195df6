"""The invented town's ground plan: streets, river, canal and the blocks between them.

Everything here is in plan metres, x east and y north of `ORIGIN`; `to_units` takes it to the integer grid. The plan is
a lattice of quarters (a table of letters), bent by a smooth warp and turned by six degrees, so that nothing is square.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
import shapely.ops
from shapely import LineString, Point, Polygon

from geodata import synthetic_names as names

ORIGIN = (121.58, 29.84)  # lon, lat of the middle of the town
METRES_PER_DEGREE = (96_640.0, 110_850.0)  # at 29.84 N on GRS80; only the shape of an invented town depends on it

# Quarters from north to south and west to east.  V village  U urban village  O old estates  N new estates  T towers
# C centre  I industry  F fields  P park  . not in the town.  The river flows below the third row.
USES = (". . F V P I I .",
        ". V O N N N U I",
        "V U O C T N O I",
        "F O N T C O N F",
        "V U N N O N V F",
        ". F V V P F . .")
COMMUNITIES = (". . a a a c c .",  # which community each quarter belongs to
               ". a a a c c c c",
               "b b b d d d d c",
               "e e f f g g g g",
               "e e e f g g g g",
               ". e f f f g . .")
ENCLAVE = (3, 5, "d")  # the eastern half of this quarter, in the middle of community g, belongs to community d
RIVER_ROW = 3  # the river flows between rows RIVER_ROW - 1 and RIVER_ROW
BRIDGES = (2, 3, 4, 6)  # lattice lines that cross the river
ESTATE_USES = "VUONTC"
CANAL = 6  # north of the river this lattice line is a canal with a towpath, not a road
WIDTHS = (620, 420, 430, 410, 440, 420, 520, 780)  # of the columns, west to east
HEIGHTS = (440, 350, 360, 370, 340, 430)  # of the rows, north to south
RIVER_STRIP = 136  # between the bank roads' mean courses
MAIN_COLUMNS, MAIN_ROWS = (2, 4, 6), (1, 5)  # lattice lines that are main roads; the bank roads are main too
ROAD_WIDTH = {"main": 32.0, "minor": 20.0, "lane": 13.0}
PIECES = {"V": (1, 2), "U": (2, 2), "O": (2, 2), "N": (2, 2), "T": (2, 1), "C": (2, 2), "I": (1, 2), "F": (1, 1),
          "P": (1, 1)}  # rows and columns of blocks in a quarter

U = np.concatenate([[0], np.cumsum(WIDTHS)]).astype(float)
V = np.concatenate([[0], -np.cumsum(HEIGHTS)]).astype(float)
V[RIVER_ROW + 1:] -= RIVER_STRIP
RIVER_V = V[RIVER_ROW] - RIVER_STRIP / 2
ISLAND_AT = U[4] + 300.0
STEP = 52.0  # metres between points of a curved line
TURN = np.radians(-6.5)


@dataclass(frozen=True, slots=True)
class Road:
    """A named street as one line or several (plan metres)."""

    name: str
    kind: str  # of the layer `roads`
    width_m: float
    line: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Block:
    """Ground between streets: `shape` reaches to the middle of the streets, `ground` leaves them free."""

    shape: Polygon
    ground: shapely.Geometry
    use: str  # letter of USES, or "bank", "water", "island"
    community: str
    quarter: tuple[int, int]  # row, column
    tilt: float  # radians: direction of "east" in this block


@dataclass(frozen=True, slots=True)
class Plan:
    """Streets, water and blocks of the town."""

    roads: list[Road]
    water: list[tuple[str, str, shapely.Geometry]]  # name, kind, shape
    blocks: list[Block]


def to_units(geometry, *, whole: bool = True):
    """Plan metres -> units of 1e-7 degree (layers.areas), rounded to whole ones unless told otherwise."""
    origin, scale = np.array(ORIGIN), np.array(METRES_PER_DEGREE)
    units = shapely.transform(geometry, lambda xy: (origin + xy / scale) * 1e7)
    return shapely.transform(units, np.round) if whole else units


def warp(u, v) -> np.ndarray:
    """Lattice metres -> plan metres: a smooth bend, then a turn; shape (..., 2)."""
    u, v = np.asarray(u, float), np.asarray(v, float)
    x = u + 38 * np.sin(v / 330 + .4) + 18 * np.sin(u / 410 + v / 520) + .10 * v * np.cos(u / 620) - U[-1] / 2
    y = v + 34 * np.sin(u / 430 + .7) + 16 * np.sin(v / 300 + u / 640) + .05 * u * np.sin(v / 520) - V[-1] / 2
    return np.stack([x * np.cos(TURN) - y * np.sin(TURN), x * np.sin(TURN) + y * np.cos(TURN)], -1)


def river_course(u):
    """Lattice v of the middle of the river, and half its width, at lattice u."""
    u = np.asarray(u, float)
    middle = RIVER_V + 46 * np.sin(u / 520 + 1.1) + 17 * np.sin(u / 231)
    return middle, 25 + 3 * np.sin(u / 170) + 37 * np.exp(-((u - ISLAND_AT) / 150) ** 2)


def row_line(j: int, u, side: int = 0):
    """Lattice v of horizontal line j at u. Line RIVER_ROW is two bank roads: side +1 north, -1 south of the river."""
    if j != RIVER_ROW:
        return np.full_like(np.asarray(u, float), V[j])
    middle, half = river_course(u)
    return middle + side * (half + 38)


def inside(row: int, column: int) -> bool:
    """Is this quarter part of the town?"""
    return 0 <= row < len(HEIGHTS) and 0 <= column < len(WIDTHS) and letter(USES, row, column) != "."


def letter(table: tuple[str, ...], row: int, column: int) -> str:
    """The letter of a quarter in USES or COMMUNITIES."""
    return table[row].split()[column]


def at(row: int, column: int, across, down) -> np.ndarray:
    """Plan metres of a point of a quarter: `across` 0 west .. 1 east, `down` 0 north .. 1 south."""
    across, down = np.broadcast_arrays(np.asarray(across, float), np.asarray(down, float))
    u = U[column] + across * (U[column + 1] - U[column])
    top, bottom = row_line(row, u, -1), row_line(row + 1, u, +1)
    return warp(u, top + down * (bottom - top))


def _stations(length: float, start: float = 0.0, end: float = 1.0) -> np.ndarray:
    return np.linspace(start, end, max(2, int(round(length / STEP)) + 1))


def _lattice_lines(rng: np.random.Generator) -> dict[tuple[str, int, int, int], np.ndarray]:
    """Sides of quarters of the town: ("row"|"column", line, along, side) -> points. Country roads around it wind."""
    lines = {}
    rows, columns = len(HEIGHTS), len(WIDTHS)
    for j in range(rows + 1):
        for i in range(columns):
            t = _stations(WIDTHS[i])
            if inside(j, i):
                lines["row", j, i, -1] = at(j, i, t, 0.0)
            if inside(j - 1, i) and (j == RIVER_ROW or ("row", j, i, -1) not in lines):
                lines["row", j, i, +1] = at(j - 1, i, t, 1.0)
    for i in range(columns + 1):
        for j in range(rows):
            t = _stations(HEIGHTS[j])
            if inside(j, i):
                lines["column", i, j, 0] = at(j, i, 0.0, t)
            elif inside(j, i - 1):
                lines["column", i, j, 0] = at(j, i - 1, 1.0, t)
    for (direction, line, along, _), points in lines.items():
        here, beyond = ((line, along), (line - 1, along)) if direction == "row" else ((along, line), (along, line - 1))
        if inside(*here) != inside(*beyond):
            points[1:-1] += rng.uniform(-9, 9, points[1:-1].shape)
    return lines


def _river_lines() -> dict[str, np.ndarray]:
    u = np.linspace(U[0], U[-1], int((U[-1] - U[0]) / 38))
    middle, half = river_course(u)
    angle = np.linspace(0, 2 * np.pi, 37)[:-1]
    reach = 1 + .10 * np.sin(3 * angle + .5) + .06 * np.sin(5 * angle)
    centre = river_course(ISLAND_AT)[0]
    ring = warp(ISLAND_AT + 118 * np.cos(angle) * reach, centre + 27 * np.sin(angle) * reach)
    return {"north": warp(u, middle + half), "south": warp(u, middle - half), "island": np.vstack([ring, ring[:1]])}


def _crossing(i: int) -> np.ndarray:
    """Lattice line i across the river, from bank road to bank road."""
    north, south = row_line(RIVER_ROW, U[i], +1), row_line(RIVER_ROW, U[i], -1)
    return warp(np.full(5, U[i]), np.linspace(float(north), float(south), 5))


def _lanes(rng: np.random.Generator) -> tuple[list[LineString], list[LineString]]:
    """Streets inside quarters, across and down; ends reach past the streets they meet, `_trimmed` cuts them there."""
    lines, down_lines = [], []
    for row in range(len(HEIGHTS)):
        for column in range(len(WIDTHS)):
            if not inside(row, column):
                continue
            down, across = PIECES[letter(USES, row, column)]
            cuts = [(k + rng.uniform(-.11, .11)) / down for k in range(1, down)]
            for cut in cuts:
                t = np.linspace(-.015, 1.015, 7)
                lines.append(LineString(at(row, column, t, cut + _bow(rng, t))))
            edges = [0.0, *cuts, 1.0]
            for top, bottom in pairwise(edges):
                for k in range(1, across):
                    t = np.linspace(top - .09, bottom + .09, 6)
                    place = (k + rng.uniform(-.16, .16)) / across + _bow(rng, t)
                    down_lines.append(LineString(at(row, column, place, t)))
    return lines, down_lines


def _bow(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """A gentle bend and lean of a lane, in shares of its quarter."""
    return rng.uniform(-.035, .035) * np.sin(np.pi * t) + rng.uniform(-.06, .06) * (t - .5)


def _trimmed(lanes: list[LineString], streets: list[LineString]) -> list[LineString]:
    """Each lane from the first to the last street it meets, and a centimetre on, so that noding finds the crossing."""
    tree = shapely.STRtree(streets)
    trimmed = []
    for lane in lanes:
        met = shapely.union_all([streets[k] for k in tree.query(lane)])
        marks = sorted(lane.project(point) for point in shapely.get_parts(lane.intersection(met)))
        trimmed.append(shapely.ops.substring(lane, marks[0] - .01, marks[-1] + .01))
    return trimmed


def _kind(direction: str, line: int) -> str:
    main = MAIN_COLUMNS if direction == "column" else (*MAIN_ROWS, RIVER_ROW)
    return "main" if line in main else "minor"


def lay_plan(rng: np.random.Generator) -> Plan:
    """The town's streets, water and blocks. The blocks and the river strip cover the town without gaps."""
    stems = names.stems(rng)
    sides, river = _lattice_lines(rng), _river_lines()
    across, down = _lanes(rng)
    across = _trimmed(across, [LineString(p) for p in sides.values()])
    lanes = across + _trimmed(down, [*(LineString(p) for p in sides.values()), *across])
    crossings = {i: LineString(_crossing(i)) for i in BRIDGES}
    ends = [LineString(_crossing(i)) for i in (0, len(WIDTHS))]
    lines = [LineString(p) for p in sides.values()]
    border = [*lines, *lanes, *crossings.values(), *ends, *(LineString(p) for p in river.values())]
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(border, grid_size=0.001)]))

    # The canal's towpath is no street; a lattice side is a street elsewhere.
    canal = {key for key in sides if key[0] == "column" and key[1] == CANAL and key[2] < RIVER_ROW}
    streets: dict[tuple[str, int, int], list[LineString]] = {}
    for key, points in sides.items():
        if key not in canal:
            bank = key[3] if key[:2] == ("row", RIVER_ROW) else 0
            streets.setdefault((key[0], key[1], bank), []).append(LineString(points))
    roads = [Road(stems.pop() + ("路" if _kind(*key[:2]) == "main" else "街"), _kind(*key[:2]),
                  ROAD_WIDTH[_kind(*key[:2])], shapely.line_merge(shapely.MultiLineString(parts)))
             for key, parts in streets.items()]
    for lane in lanes:
        roads.append(Road(stems.pop() + "巷", "minor", ROAD_WIDTH["lane"], lane))
    for i, line in crossings.items():
        roads.append(Road(stems.pop() + "桥", "main" if i in MAIN_COLUMNS else "minor",
                          ROAD_WIDTH[_kind("column", i)], line))

    bank = float(row_line(RIVER_ROW, ISLAND_AT, -1))
    footbridge = warp(np.full(3, ISLAND_AT), np.linspace(bank, float(river_course(ISLAND_AT)[0]), 3))
    roads.append(Road(names.ISLAND + "步桥", "path", 4.0, LineString(footbridge)))

    canal_line = shapely.line_merge(shapely.MultiLineString([LineString(sides[key]) for key in sorted(canal)]))
    outer = np.vstack([river["north"], river["south"][::-1]])
    stream = Polygon(outer).difference(Polygon(river["island"]))
    water = [(names.RIVER, "river", stream), (names.CANAL, "canal", canal_line.buffer(8, quad_segs=3))]
    blocks = _blocks(faces, roads, water, river)
    return Plan(roads, water, blocks)


def _blocks(faces, roads: list[Road], water, river) -> list[Block]:
    edge = shapely.STRtree([road.line.buffer(road.width_m / 2 + 4, cap_style="flat", quad_segs=2) for road in roads])
    quarters = {(row, column): _quarter(row, column) for row in range(len(HEIGHTS)) for column in range(len(WIDTHS))
                if inside(row, column)}
    order = sorted(range(len(faces)), key=lambda k: (-round(faces[k].centroid.y, 3), round(faces[k].centroid.x, 3)))
    blocks = []
    for face in (faces[k] for k in order):
        inner = face.representative_point()
        taken = [edge.geometries[k] for k in edge.query(face)] + [shape.buffer(6) for _, kind, shape in water
                                                                  if kind == "canal" and shape.intersects(face)]
        ground = face.difference(shapely.unary_union(taken)) if taken else face
        ground = shapely.union_all([part for part in shapely.get_parts(ground) if part.area > 4])
        found = next((key for key, shape in quarters.items() if shape.contains(inner)), None)
        if found is None:
            blocks.append(_river_block(face, ground, inner, river))
            continue
        west, east = at(*found, np.array([.2, .8]), .5)
        tilt = float(np.arctan2(*(east - west)[::-1]))
        blocks.append(Block(face, ground, letter(USES, *found), letter(COMMUNITIES, *found), found, tilt))
    return _with_enclave(blocks)


def _quarter(row: int, column: int) -> Polygon:
    t = np.linspace(0, 1, 16)
    return Polygon(np.vstack([at(row, column, t, 0), at(row, column, 1, t), at(row, column, t[::-1], 1),
                              at(row, column, 0, t[::-1])]))


def _river_block(face: Polygon, ground, inner: Point, river) -> Block:
    """Water, bank or island; the north bank and every other reach belong to the community north of them."""
    columns = [i for i in range(len(WIDTHS)) if warp(U[i], RIVER_V)[0] <= inner.x]
    column = columns[-1] if columns else 0
    stream = Polygon(np.vstack([river["north"], river["south"][::-1]]))
    use = "island" if Polygon(river["island"]).contains(inner) else "water" if stream.contains(inner) else "bank"
    middle = LineString((river["north"] + river["south"]) / 2)
    north = inner.y > middle.interpolate(middle.project(inner)).y
    row = RIVER_ROW - 1 if (use == "bank" and north) or (use == "water" and column % 2) else RIVER_ROW
    west, east = warp(np.array([U[column], U[column + 1]]), RIVER_V)
    return Block(face, ground if use == "bank" else face, use, letter(COMMUNITIES, row, column), (row, column),
                 float(np.arctan2(*(east - west)[::-1])))


def _with_enclave(blocks: list[Block]) -> list[Block]:
    """Hand the eastern blocks of the ENCLAVE quarter to its community."""
    row, column, community = ENCLAVE
    middle = at(row, column, .5, .5)[0]
    return [replace(b, community=community) if b.quarter == (row, column) and b.use in ESTATE_USES
            and b.shape.centroid.x > middle else b for b in blocks]
