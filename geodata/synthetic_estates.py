"""The invented town's estates with walls and gates, its places, street addresses and the lanes inside blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Point

from geodata import synthetic_names as names
from geodata.synthetic_blocks import Lot, turned
from geodata.synthetic_plan import Plan, Road

SETBACK_M = 1.5  # of an estate's wall from the edge of its lot
WALLED = {"new": 1.0, "tower": 1.0, "old": .82}  # share of estates with a wall
SUFFIX = {"new": ("苑", "府", "庭", "花园", "雅居"), "tower": ("名邸", "华庭", "公馆", "中心城"),
          "old": ("新村", "小区", "坊"), "single_block": ("大楼", "公寓楼"), "urban_village": ("里", "弄堂"),
          "village": ("村",)}
# Gates of a walled estate, in the order they are opened: kind, state, width in metres, with key holder.
GATES = (("vehicle", "open", 6.5, False), ("person", "open", 1.8, False), ("fire_lane", "locked", 4.2, True),
         ("emergency_exit", "locked", 1.6, True), ("person", "closed", 1.5, False),
         ("emergency_exit", "locked", 1.4, True))
GATE_NAME = {"vehicle": "主出入口", "person": "人行门", "fire_lane": "消防通道门", "emergency_exit": "应急出口"}
# Places on dedicated ground: kind of the layer `places`, name, capacity, people by day, by night, firms or stalls.
INDUSTRIAL_PARK_COLUMN = 7  # works in this column of quarters are one park
PLACES = {
    "school": ("school", "{}学校", 1500, 1320, 12, 0), "market": ("market", "{}农贸市场", 3000, 1450, 20, 130),
    "mall": ("mall", "{}商场", 9000, 3600, 40, 145), "complex": ("complex", "{}综合体", 12000, 4100, 90, 148),
    "hospital": ("hospital", "{}医院", 1600, 980, 260, 0), "service": ("other", "{}社区服务中心", 120, 45, 2, 0),
    "park": ("park", "{}公园", 4000, 620, 10, 0), "industry": ("other", "{}工业点", 1800, 1100, 160, 24)}


def is_park_estate(lot: Lot) -> bool:
    """Is this works ground part of the one industrial park?"""
    return lot.kind == "industry" and lot.quarter[1] == INDUSTRIAL_PARK_COLUMN


@dataclass(frozen=True, slots=True)
class Estate:
    """One estate: outline, wall and gates in plan metres; `number` and `road` of its street address."""

    lot: Lot
    code: str
    name: str
    walled: bool
    outline: shapely.Geometry
    road: str
    number: int
    wall: shapely.Geometry | None = None
    gates: tuple[tuple[str, str, float, bool, Point], ...] = ()


def invent(rng: np.random.Generator, count: int) -> list[str]:
    """`count` different two-character names for estates and places."""
    first = "锦绣澄澜晴雅静芳兰桂梧松柏云月星霞翠碧清和宁康嘉祥瑞丰"
    second = "湖江溪泉岸滨林竹枫荷莲梅榆槐杉屿洲山岭峰台轩阁亭桥津渡"
    order = rng.permutation(len(first) * len(second))[:count]
    return [first[k // len(second)] + second[k % len(second)] for k in order.tolist()]


def addresses_of(lots: Sequence[Lot], roads: Sequence[Road]) -> dict[int, tuple[str, int]]:
    """Street name and house number of every lot: the nearest named street, numbers rising along it, none twice."""
    named = [road for road in roads if road.name and not road.name.endswith("桥")]
    tree = shapely.STRtree([road.line for road in named])
    used: set[tuple[str, int]] = set()
    found = {}
    for lot in lots:
        road = named[int(tree.nearest(lot.ground))]
        middle = lot.ground.centroid
        number = 2 * int(road.line.project(middle) / 11) + 1
        while (road.name, number) in used:
            number += 2
        used.add((road.name, number))
        found[lot.key] = (road.name, number)
    return found


def lay_estates(lots: Sequence[Lot], lanes: Mapping[int, list], plan: Plan, rng: np.random.Generator) -> list[Estate]:
    """One estate for every lot where people live, in the order of the lots."""
    housing = [lot for lot in lots if lot.housing]
    canals = [shape for _, kind, shape in plan.water if kind == "canal"]
    closed = shapely.STRtree([lot.ground for lot in lots] + [shape.buffer(8) for shape in canals])
    where = addresses_of(lots, plan.roads)
    estates = []
    for number, (lot, stem) in enumerate(zip(housing, invent(rng, len(housing)), strict=True), 1):
        outline = lot.ground.buffer(-SETBACK_M, join_style="mitre")
        outline = max(shapely.get_parts(outline), key=lambda part: part.area)
        walled = bool(rng.random() < WALLED.get(lot.kind, 0))
        name = stem + SUFFIX[lot.kind][int(rng.integers(len(SUFFIX[lot.kind])))]
        gates = _gates(outline, lanes.get(lot.key, []), closed, walled, rng)
        wall = None
        if walled:
            gaps = shapely.union_all([gate[4].buffer(gate[2] / 2, quad_segs=2) for gate in gates])
            wall = outline.exterior.difference(gaps)
        estates.append(Estate(lot, f"XQ{number:03d}", name, walled, outline, *where[lot.key], wall, gates))
    return estates


def _gates(outline, lanes, closed: shapely.STRtree, walled: bool, rng: np.random.Generator) -> tuple:
    """Gates where lanes meet the street, then spread along the street sides. Open villages only have the former."""
    ring = outline.exterior

    def faces_street(point: Point) -> bool:
        place = ring.project(point)
        (x, y), (x2, y2) = ring.interpolate(place - .5).coords[0], ring.interpolate(place + .5).coords[0]
        outside = [Point(point.x + side * 5 * (y2 - y), point.y - side * 5 * (x2 - x)) for side in (1, -1)]
        return all(outline.contains(p) or not len(closed.query(p, predicate="within")) for p in outside)

    crossings = shapely.get_parts(shapely.union_all(lanes).intersection(ring)) if lanes else []
    mouths = [point for point in crossings if point.geom_type == "Point" and faces_street(point)]
    if not walled:
        return tuple(("vehicle" if k == 0 else "person", "open", 5.0 if k == 0 else 2.2, False, point)
                     for k, point in enumerate(mouths[:3]))
    spread = [point for d in np.arange(9, ring.length, 14) if faces_street(point := ring.interpolate(d))]
    wanted = list(GATES[:4]) + [gate for gate in GATES[4:] if rng.random() < .35]
    chosen: list[Point] = []
    for k in range(len(wanted)):
        pool = [point for point in (mouths if k < max(1, len(mouths) - 1) else spread)
                if all(point.distance(other) > 11 for other in chosen)] or spread
        chosen.append(max(pool, key=lambda p: min(p.distance(q) for q in chosen)) if chosen else pool[0])
    return tuple((*gate, point) for gate, point in zip(wanted, chosen, strict=True))


def inner_lanes(lots: Sequence[Lot], lanes: Mapping[int, list], estates: Sequence[Estate],
                water: shapely.Geometry) -> list[Road]:
    """Service lanes of estates, footpaths of villages, tracks through fields and parks.

    They pass a wall only at a gate, and never cross water.
    """
    estate_of = {estate.lot.key: estate for estate in estates}
    shore = water.buffer(1)
    roads = []
    for lot in lots:
        kind, width = ("path", 3.0) if lot.kind in ("village", "urban_village") else ("service", 5.0)
        if lot.kind in ("field", "park"):
            kind, width, lines = "path", 2.5, _tracks(lot)
        else:
            lines = shapely.union_all(lanes.get(lot.key, []))
        if (estate := estate_of.get(lot.key)) and estate.walled:
            yard = estate.outline.buffer(-SETBACK_M)
            mouths = [part for part in shapely.get_parts(lines.difference(yard))
                      if any(part.distance(gate[4]) < .1 for gate in estate.gates)]
            lines = shapely.union_all([lines.intersection(yard), *mouths])
        lines = lines.difference(shore)
        if not lines.is_empty:
            roads.append(Road("", kind, width, shapely.line_merge(lines)))
    return roads


def _tracks(lot: Lot) -> shapely.Geometry:
    """Tracks from south to north through fields, paths through parks."""
    ground = turned(lot.ground, lot)
    west, south, east, north = ground.bounds
    count = max(1, round((east - west) / (150 if lot.kind == "field" else 190)))
    places = [west + (east - west) * (k + .5) / count for k in range(count)]
    lines = [shapely.LineString([(x, south), (x + (12 if lot.kind == "park" else 4), north)]) for x in places]
    return turned(shapely.union_all(lines).intersection(turned(lot.shape, lot).buffer(-3)), lot, True)


def ponds(lots: Sequence[Lot], rng: np.random.Generator) -> list[tuple[str, str, shapely.Geometry]]:
    """A pond in every large park."""
    made = []
    for lot in lots:
        if lot.kind == "park" and lot.ground.area > 60_000:
            angle = np.linspace(0, 2 * np.pi, 28)[:-1]
            reach = .62 + .12 * np.sin(2 * angle + rng.uniform(0, 6)) + .07 * np.sin(5 * angle)
            reach *= lot.ground.area ** .5 / 4
            middle = lot.ground.centroid
            made.append((names.STEMS[int(rng.integers(len(names.STEMS)))][:2] + "池", "pond",
                         shapely.Polygon(np.column_stack([middle.x + 1.5 * reach * np.cos(angle),
                                                          middle.y + reach * np.sin(angle)]))))
    return made
