"""The invented town's buildings: rows of slabs facing south, towers, village houses, schools, halls and works.

A micro-grid is built for a number of households given beforehand; every footprint keeps clear of the micro-grid's
border, so no border ever crosses a building.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate

from geodata.synthetic_blocks import Cell, turned

SPACING_M = 4.0  # from a building to the border of its micro-grid
GAP_M = 7.0  # between two buildings of a row
OCCUPIED = 0.92  # share of flats with a household, about


@dataclass(frozen=True, slots=True)
class Building:
    """One footprint in plan metres and what fits in: `flats` = most households of each stairwell unit (empty: none
    live here); a house without stairwells has one entry and `units` 0."""

    shape: Polygon
    kind: str  # of the layer `buildings`
    floors: int
    flats: tuple[int, ...] = ()
    units: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How an estate of some kind is built."""

    kind: str
    width: float  # of one stairwell unit or house
    depth: float
    flats: int  # per floor and unit
    floors: tuple[int, ...]  # one is drawn for an estate
    most_units: int  # per building


STYLES = {
    "new": Style("apartment", 15.0, 12.5, 2, (4, 4, 5, 5, 6, 11), 3),
    "old": Style("apartment", 12.5, 10.0, 2, (3, 3, 4, 4, 5), 3),
    "single_block": Style("apartment", 13.5, 11.5, 2, (4, 5, 5, 6), 6),
    "tower": Style("tower", 26.0, 19.0, 3, (12, 14, 15, 16, 17), 1),
    "apartment_block": Style("apartment_block", 24.0, 15.0, 5, (6, 7), 2),
    "urban_village": Style("house", 9.8, 9.6, 1, (3, 3, 4), 1),
    "village": Style("house", 10.2, 8.6, 1, (2, 2, 3), 1),
}


@dataclass(frozen=True, slots=True)
class Works:
    """What stands on ground where no household lives."""

    kind: str
    width: float
    depth: float
    gap: float  # between buildings in a row
    pitch: float  # between rows
    most: int
    floors: int
    names: tuple[str, ...]


KIOSKS = (("shop", "沿街店铺"), ("shop", "便利店"), ("public", "物业用房"), ("public", "活动室"))
WORKS = {
    "school": Works("public", 54, 14, 12, 34, 4, 4, ("教学楼", "实验楼", "综合楼", "食堂")),
    "market": Works("shop", 44, 22, 8, 30, 6, 1, ("农贸大厅", "水产棚", "交易大厅", "冷库")),
    "mall": Works("shop", 88, 52, 14, 66, 3, 5, ("商场主楼", "商场副楼", "停车楼")),
    "complex": Works("office", 46, 36, 16, 54, 5, 9, ("综合体主楼", "商务楼", "裙楼")),
    "hospital": Works("public", 48, 18, 12, 30, 4, 6, ("门诊楼", "住院楼", "医技楼")),
    "service": Works("office", 30, 13, 12, 26, 2, 3, ("社区服务中心", "文化礼堂")),
    "park": Works("public", 9, 6, 90, 110, 3, 1, ("公园管理房", "公共厕所", "茶室")),
    "field": Works("other", 12, 7, 160, 170, 3, 1, ("灌溉泵房", "农机棚", "育秧棚")),
    "industry": Works("factory", 66, 30, 14, 43, 22, 2, ("厂房",)),
    "bank": Works("other", 5, 3.4, 500, 500, 1, 1, ("排涝泵站",)),
    "water": Works("other", 6, 4, 500, 500, 1, 1, ("水文观测台",)),
    "island": Works("public", 10, 7, 60, 60, 2, 1, ("鹭洲管理房", "观鹭亭")),
}


def runs(ground, low: float, high: float, least: float) -> list[tuple[float, float]]:
    """Stretches of x, at least `least` long, where a rectangle from y = low to y = high lies in the ground."""
    west, _, east, _ = ground.bounds
    band = shapely.box(west, low, east, high)
    blocked = shapely.bounds(shapely.get_parts(band.difference(ground)))
    edges = sorted((float(b[0]), float(b[2])) for b in blocked if b[2] - b[0] > 1e-6)
    free, start = [], west
    for a, b in [*edges, (east, east)]:
        if a - start >= least:
            free.append((start, a))
        start = max(start, b)
    return free


def _slab(x: float, y: float, style: Style, units: int) -> Polygon:
    """A slab with its stairwells standing out to the north; (x, y) is the south-west corner."""
    width, depth = units * style.width, style.depth
    points = [(x, y), (x + width, y), (x + width, y + depth)]
    for k in reversed(range(units)):
        middle = x + (k + .5) * style.width
        points += [(middle + 2.1, y + depth), (middle + 2.1, y + depth + 1.5), (middle - 2.1, y + depth + 1.5),
                   (middle - 2.1, y + depth)]
    return Polygon([*points, (x, y + depth)])


def _tower(x: float, y: float, style: Style, units: int) -> Polygon:
    """A butterfly plan: two wings to the south, a core to the north."""
    w, d = style.width, style.depth
    outline = [(0, .1), (.12, 0), (.38, 0), (.38, .22), (.62, .22), (.62, 0), (.88, 0), (1, .1), (1, .72), (.72, .72),
               (.72, 1), (.28, 1), (.28, .72), (0, .72)]
    return Polygon([(x + w * across, y + d * up) for across, up in outline])


def _block(x: float, y: float, style: Style, units: int) -> Polygon:
    return shapely.box(x, y, x + style.width * units, y + style.depth)


FORMS = {"apartment": _slab, "tower": _tower, "apartment_block": _block}


def build(cell: Cell, households: int, style_name: str, floors: int, rng: np.random.Generator) -> list[Building]:
    """Homes for so many households (a few flats more), with a shop or clubhouse in some gaps."""
    style = STYLES[style_name]
    ground = turned(cell.ground, cell.lot).buffer(-SPACING_M, join_style="mitre")
    if style.kind == "house":
        made = _houses(ground, households, style, floors, rng)
    else:
        made = _rows(ground, cell.rows or (ground.centroid.y,), households, style, floors, rng)
    return [Building(turned(b.shape, cell.lot, True), b.kind, b.floors, b.flats, b.units, b.name) for b in made]


def _rows(ground, lines, households: int, style: Style, floors: int, rng: np.random.Generator) -> list[Building]:
    places = []  # x from, x to, y of the south side
    for line in lines:
        low = line - style.depth / 2
        places += [(a, b, low) for a, b in runs(ground, low, low + style.depth + 1.6, style.width)]
    if not places:  # an odd corner: try everywhere
        _, south, _, north = ground.bounds
        for low in np.arange(south, north - style.depth, 2.0):
            places = places or [(a, b, low) for a, b in runs(ground, low, low + style.depth + 1.6, style.width)]
    room = np.array([_room(b - a, style) for a, b, _ in places])
    wanted = max(1, round(households / (OCCUPIED * style.flats * floors)))
    wanted = max(wanted, -(-households // 100))
    wanted = int(min(wanted, room.sum()))
    dealt = np.zeros(len(places), int)
    for _ in range(wanted):  # the roomiest row first, so that rows are about equally long
        dealt[int(np.argmax((room - dealt) / (dealt + 1.0) * (room > dealt)))] += 1
    per_flat = style.flats
    while wanted * per_flat * floors < households * 1.02:
        floors, per_flat = (floors + 1, per_flat) if floors < 24 else (floors, per_flat + 1)
    made = []
    for (a, b, low), units in zip(places, dealt.tolist(), strict=True):
        x = a
        buildings = -(-units // style.most_units)
        sizes = [units // buildings + (k < units % buildings) for k in range(buildings)] if buildings else []
        spare = (b - a) - units * style.width
        gap = min(spare / max(1, len(sizes) - 1), 15.0)
        x += (spare - gap * max(0, len(sizes) - 1)) * rng.uniform(.1, .9) if sizes else 0
        for size in sizes:
            made.append(Building(FORMS[style.kind](x, low, style, size), style.kind, floors,
                                 (per_flat * floors,) * size, size))
            x += size * style.width + gap
        if b - max(x, a) > 16 and rng.random() < .3:
            made.append(_kiosk(max(x, a) + rng.uniform(2, 4), low + 1, rng))
    return made


def _room(length: float, style: Style) -> int:
    """How many stairwell units fit in a stretch, with a gap after every `most_units`."""
    units = int(length / style.width)
    while units * style.width + (-(-units // style.most_units) - 1) * GAP_M > length:
        units -= 1
    return units


def _kiosk(x: float, y: float, rng: np.random.Generator) -> Building:
    kind, name = KIOSKS[int(rng.integers(len(KIOSKS)))]
    return Building(shapely.box(x, y, x + 11, y + 7.5), kind, int(rng.integers(1, 3)), name=name)


def _houses(ground, households: int, style: Style, floors: int, rng: np.random.Generator) -> list[Building]:
    dense = floors > 2 and style is STYLES["urban_village"]
    lane, gap, most = (4.2, 2.6, 6) if dense else (8.0, 4.5, 3)
    spots: list[tuple[float, float, float, float]] = []
    for tight in (1.0, .6, .3):  # closer where many live on little ground
        if len(spots) * most * .8 < households:
            spots = _spots(ground, style, lane * tight, gap * tight, rng)
    usual = 2.6 if dense else 1.35
    number = int(min(len(spots), max(round(households / usual), -(-households // most))))
    chosen = sorted(rng.permutation(len(spots))[:number].tolist())
    made = []
    for k in chosen:
        x, y, width, depth = spots[k]
        shape = shapely.box(x, y, x + width, y + depth)
        if rng.random() < .35:  # an L with a yard
            corner_x, corner_y = x + width * .55, y + depth * .4
            shape = Polygon([(x, y), (corner_x, y), (corner_x, corner_y), (x + width, corner_y), (x + width, y + depth),
                             (x, y + depth)])
        leaning = rotate(shape, rng.uniform(-5, 5), origin=(x + width / 2, y + depth / 2))
        shape = leaning if ground.contains(leaning) else shape
        tall = max(1, floors + int(rng.integers(-1, 2)))
        made.append(Building(shape, style.kind, tall, (max(most, -(-households // max(1, number))),)))
    if len(spots) > number + 3 and rng.random() < .3:
        x, y, _, _ = spots[int(next(k for k in range(len(spots)) if k not in set(chosen)))]
        made.append(Building(shapely.box(x, y, x + 8, y + 7), "shop", 1, name="小店"))
    return made


def _spots(ground, style: Style, lane: float, gap: float, rng: np.random.Generator) -> list[tuple]:
    """Room for houses in loose rows: x, y, width, depth."""
    _, south, _, north = ground.bounds
    spots = []
    for low in np.arange(south + rng.uniform(0, 2), north - style.depth, style.depth + lane):
        for a, b in runs(ground, low, low + style.depth + 1, style.width * .8):
            x = a + rng.uniform(0, 1.5)
            while x + (width := style.width * rng.uniform(.8, 1.25)) <= b:
                spots.append((x, low + rng.uniform(0, 1), width, style.depth * rng.uniform(.85, 1.0)))
                x += width + gap * rng.uniform(.7, 1.6)
    return spots


def furnish(cell: Cell, rng: np.random.Generator) -> list[Building]:
    """Buildings of ground where no household lives; at least one, so that its count is known to be zero."""
    works, lot = WORKS[cell.lot.kind], cell.lot
    ground = turned(cell.ground, lot).buffer(-2.5 if lot.kind == "bank" else -6.0, join_style="mitre")
    ground = max(shapely.get_parts(ground), key=lambda part: part.area)
    _, south, _, north = ground.bounds
    made: list[Building] = []
    for low in np.arange(south + (north - south) * .08, north - works.depth, works.pitch):
        for a, b in runs(ground, low, low + works.depth, works.width):
            x = a + rng.uniform(0, min(works.gap, b - a - works.width))
            while x + works.width <= b and len(made) < works.most:
                width = works.width * rng.uniform(.72, 1.0)
                shape = shapely.box(x, low, x + width, low + works.depth * rng.uniform(.8, 1.0))
                name = works.names[min(len(made), len(works.names) - 1)]
                made.append(Building(shape, works.kind, works.floors, name=name))
                x += works.width + works.gap
    if not made:
        made.append(_hut(ground, works))
    if lot.kind == "industry":
        made[-1] = Building(made[-1].shape, "dormitory", 4, name="职工宿舍")
        made[0] = Building(made[0].shape, "office", 5, name="办公楼")
    return [Building(turned(b.shape, lot, True), b.kind, b.floors, name=b.name) for b in made]


def _hut(ground, works: Works) -> Building:
    """A small building where rows do not fit; over water it stands near the bank."""
    middle = LineString(ground.exterior.coords).interpolate(.3, normalized=True) if works.names[0].startswith("水文") \
        else shapely.point_on_surface(ground)
    for size in (1.0, .7, .5, .3):
        hut = shapely.box(middle.x - works.width * size / 2, middle.y - works.depth * size / 2,
                          middle.x + works.width * size / 2, middle.y + works.depth * size / 2)
        if ground.buffer(3).contains(hut):
            break
    return Building(hut, works.kind, 1, name=works.names[0])
