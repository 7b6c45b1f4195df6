"""An invented town: one street office with communities, grids and micro-grids, houses, people, staff and streets.

For demonstrations and tests. Nothing in it is real: names, codes (county 330299 does not exist), numbers, telephone
numbers. The same seed gives the same bytes. The parts: `synthetic_plan` (streets and blocks), `synthetic_blocks`
(estates and micro-grids), `synthetic_people` (how many live where), `synthetic_buildings`, `synthetic_estates`,
`synthetic_staff`; this page puts them together as layers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from geodata import synthetic_names as names
from geodata.synthetic_blocks import Cell, Lot, group_grids, lay_cells, lay_lots, neighbours, turned, weave
from geodata.synthetic_buildings import STYLES, Building, build, furnish
from geodata.synthetic_estates import PLACES, Estate, addresses_of, inner_lanes, invent, lay_estates, ponds
from geodata.synthetic_people import NORM, Counts, count, grow_zones, meet, micro_grid_households
from geodata.synthetic_plan import TURN, Plan, lay_plan, to_units
from geodata.synthetic_staff import staff
from layers.areas import to_degrees
from layers.errors import BadInput
from layers.schema import LAYERS

COUNTY_CODE = "330299"  # no such county
COUNTED_AT, SOURCE = "2025-10-31", "网格走访"
APARTMENT_BLOCKS = 5
PHARMACIES, STORES = 9, 16
ESTATE_KIND = {"tower": "new"}  # a lot of towers is a new estate
LEVELS = ("county", "town", "community", "grid", "micro_grid")
BANDS_M = {"community": 900.0, "grid": 210.0, "micro_grid": 48.0}  # rows from north to south in which codes run west to east
REFERENCES = {"estate": "estate_code", "building": "building_code", "unit": "unit_code", "team": "team_name"}
DTYPES = {"int": "Int64", "number": "float64", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Town:
    """Layers by name (layers.schema): frames with the fields of the schema, geometry in EPSG:4490 degrees (lon, lat) on
    the 1e-7 grid. Instead of fids rows name each other: `parent` (areas), `area_code`, `estate_code`, `building_code`,
    `unit_code`, `team_name`. Missing is None/NA, JSON is text. Apartment buildings with stairwell units carry no counts
    themselves (their units do). `notes`: codes of the zones asked for, micro-grids outside the norm, enclave, two parts."""

    layers: dict[str, pandas.DataFrame]
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """What the steps hand on to each other."""

    plan: Plan
    lots: list[Lot]
    lanes: dict[int, list]
    cells: list[Cell]
    shapes: list[shapely.MultiPolygon]  # units
    styles: list[str]  # how each micro-grid is lived in, "" = not at all
    households: np.ndarray
    zones: list[list[int]]
    areas: list[dict] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # of the micro-grids, in the order of `cells`


def demo_town(seed: int = 20251, *, households: int = 18_563, residents: int = 45_664, declared_population: int = 47_164,
              micro_grids: int = 638, zones: Sequence[tuple[int, int]] = ()) -> Town:
    """The town with exactly so many households, residents and micro-grids.

    `zones` = (households, people) of sets of adjacent micro-grids that shall add up exactly; their codes come back in
    `notes["zones"]`, in the same order. `declared_population` stands on the street office only and is not spread.
    Raises BadInput where the numbers cannot be met.
    """
    def dice(step: int) -> np.random.Generator:
        return np.random.default_rng([seed, step])

    people = [*(wanted for _, wanted in zones), residents - sum(wanted for _, wanted in zones)]
    plan = lay_plan(dice(1))
    lots = lay_lots(plan, dice(2))
    cells, lanes = lay_cells(lots, micro_grids, dice(3))
    shapes = weave([cell.shape for cell in cells])
    pairs, border = neighbours(shapes)
    styles = _styles(cells, dice(4))
    numbers = micro_grid_households(styles, households, dice(5))
    centres = np.array([cell.shape.centroid.coords[0] for cell in cells])
    groups = grow_zones(zones, numbers, centres, pairs, _start(styles, centres))
    numbers = meet(zones, groups, numbers)
    draft = _Draft(plan, lots, lanes, cells, shapes, styles, numbers, groups)
    _name_areas(draft, group_grids(cells, pairs, border), declared_population)

    estates = lay_estates(lots, lanes, plan, dice(6))
    built = _build(draft, dice(7))
    rest = sorted(set(range(len(cells))) - {k for group in groups for k in group})
    layers = _homes(draft, estates, built, list(zip([*groups, rest], people, strict=True)), dice(8))
    layers |= _estate_layers(draft, estates, built, dice(9))
    _staff_layers(draft, layers, estates, dice(10))
    layers |= _street_layers(draft, dice(11))
    frames = {"areas": _areas_frame(draft)} | {name: _frame(name, *rows) for name, rows in layers.items()}
    return Town({name: frames[name] for name in LAYERS if name in frames}, _notes(draft, zones))


def _styles(cells: Sequence[Cell], rng: np.random.Generator) -> list[str]:
    """How each micro-grid is lived in; a few single blocks in different estates are apartment blocks for workers."""
    styles = [cell.lot.kind if cell.lot.housing else "" for cell in cells]
    taken: set[int] = set()
    for k in rng.permutation([k for k, style in enumerate(styles) if style == "single_block"]).tolist():
        if len(taken) < APARTMENT_BLOCKS and cells[k].lot.key not in taken and cells[k].ground.area > 2600:
            taken.add(cells[k].lot.key)
            styles[k] = "apartment_block"
    return styles


def _start(styles: Sequence[str], centres: np.ndarray) -> int:
    """The micro-grid of an old estate nearest the middle of the town: where the first zone grows."""
    middle = np.hypot(*centres.T)
    return min((k for k, style in enumerate(styles) if style == "old"), key=lambda k: (middle[k], k))


def _reading_order(points: np.ndarray, band_m: float) -> np.ndarray:
    """Numbers of the points in rows from north to south, west to east in a row."""
    x = points[:, 0] * np.cos(-TURN) - points[:, 1] * np.sin(-TURN)
    y = points[:, 0] * np.sin(-TURN) + points[:, 1] * np.cos(-TURN)
    row = np.round((y.max() - y) / band_m).astype(int)
    return np.lexsort((x.round(3), row))


def _name_areas(draft: _Draft, grid: np.ndarray, declared_population: int) -> None:
    """Fill `draft.areas` (rows without shape) and `draft.codes`: 6 + 3 + 3 + 3 + 2 digits."""
    town = COUNTY_CODE + "001"
    rows = [_area(COUNTY_CODE, names.COUNTY, "county", None), _area(town, names.TOWN, "town", COUNTY_CODE)]
    rows[1]["declared_population"] = declared_population
    centre = np.array([cell.shape.centroid.coords[0] for cell in draft.cells])
    letters = np.array([cell.lot.community for cell in draft.cells])
    codes, grids, leaves = [""] * len(draft.cells), [], []

    def ordered(members: np.ndarray, keys: np.ndarray, level: str) -> list[np.ndarray]:
        found = [members[keys[members] == key] for key in sorted(set(keys[members].tolist()))]
        middles = np.array([centre[group].mean(0) for group in found])
        return [found[k] for k in _reading_order(middles, BANDS_M[level])]

    everyone = np.arange(len(draft.cells))
    for c, in_community in enumerate(ordered(everyone, letters, "community"), 1):
        community, name = f"{town}{c:03d}", names.COMMUNITIES[c - 1]
        rows.append(_area(community, name, "community", town) | {"community": name})
        for g, in_grid in enumerate(ordered(in_community, grid, "grid"), 1):
            code = f"{community}{g:03d}"
            grids.append(_area(code, f"{g:02d}网格", "grid", community) | {"community": name})
            for m, k in enumerate(ordered(in_grid, everyone, "micro_grid"), 1):
                k = int(k[0])
                codes[k] = f"{code}{m:02d}"
                housing = draft.styles[k] != ""
                leaves.append(_area(codes[k], f"{g:02d}-{m:02d}" + ("微网格" if housing else "专属网格"), "micro_grid", code)
                              | {"community": name, "kind": "" if housing else "dedicated", "cell": k,
                                 "norm_min": NORM[0] if housing else None, "norm_max": NORM[1] if housing else None})
    draft.areas, draft.codes = rows + grids + leaves, codes


def _area(code: str, name: str, level: str, parent: str | None) -> dict[str, Any]:
    return {"code": code, "name": name, "level": level, "parent": parent, "kind": "", "locked": False, "community": ""}


def _build(draft: _Draft, rng: np.random.Generator) -> list[list[Building]]:
    """Buildings of each micro-grid. An estate has one number of floors."""
    floors = {lot.key: int(rng.choice(STYLES[lot.kind].floors)) for lot in draft.lots if lot.housing}
    blocks = int(STYLES["apartment_block"].floors[0])
    built = []
    for cell, style, number in zip(draft.cells, draft.styles, draft.households.tolist(), strict=True):
        made = furnish(cell, rng) if not style else build(
            cell, number, style, blocks if style == "apartment_block" else floors[cell.lot.key], rng)
        if sum(sum(b.flats) for b in made) < number:
            raise BadInput(f"{number} households find no room in one micro-grid; ask for more micro-grids")
        built.append(made)
    return built


def _homes(draft: _Draft, estates: Sequence[Estate], built: Sequence[Sequence[Building]],
           groups: Sequence[tuple[Sequence[int], int]], rng: np.random.Generator) -> dict[str, tuple]:
    """Layers buildings, units and addresses with all counts."""
    facts = [(k, b, u) for k, made in enumerate(built) for b, one in enumerate(made) for u in range(len(one.flats))]
    cell = np.array([k for k, _, _ in facts])
    flats = np.array([built[k][b].flats[u] for k, b, u in facts])
    figures = count(groups, draft.households, cell, flats, [draft.styles[k] for k in cell], rng)
    where = {(k, b, u): n for n, (k, b, u) in enumerate(facts)}
    home = {estate.lot.key: estate for estate in estates}
    streets = addresses_of(draft.lots, draft.plan.roads)
    stems = dict(zip([lot.key for lot in draft.lots if not lot.housing], invent(rng, len(draft.lots)), strict=False))
    heads = iter(names.people(rng, len(facts)))
    phones = iter(names.mobiles(rng, len(facts)))
    buildings, units, addresses, shapes, points = [], [], [], [], []
    by_lot: dict[int, list[tuple[int, int]]] = {}
    for k, made in enumerate(built):
        by_lot.setdefault(draft.cells[k].lot.key, []).extend((k, b) for b in range(len(made)))
    for lot in draft.lots:
        members = by_lot.get(lot.key, [])
        middles = np.array([turned(built[k][b].shape, lot).centroid.coords[0] for k, b in members])
        order = np.lexsort((middles[:, 0].round(3), np.round(-middles[:, 1] / 14)))
        estate, (street, number), homes = home.get(lot.key), streets[lot.key], 0
        site = f"{names.TOWN}{street}{number}号" + (estate.name if estate else "")
        for k, b in (members[n] for n in order):
            one, code = built[k][b], f"LD{len(buildings) + 1:05d}"
            homes += bool(one.flats)
            label = one.name or (f"{homes}号楼" if one.units else f"{homes}号")
            row = {"code": code, "name": label, "kind": one.kind, "floors": one.floors, "area_code": draft.codes[k],
                   "estate_code": estate.code if estate else None, "lot": lot.key, "units": one.units,
                   "source": SOURCE, "counted_at": COUNTED_AT}
            if not one.flats:
                row |= _zero()
            elif not one.units:
                row |= _figures(figures, where[k, b, 0])
            buildings.append(row)
            shapes.append(one.shape)
            text = f"{site}{label}"
            addresses.append(_address(text, code, None, stems.get(lot.key)))
            points.append(one.shape.representative_point())
            for u in range(one.units):
                unit = f"{code}-{u + 1}"
                spot = _stairwell(one, lot, u)
                units.append({"code": unit, "name": f"{u + 1}单元", "building_code": code, "area_code": draft.codes[k],
                              "head": next(heads) if rng.random() < .85 else None, "phone": next(phones),
                              "source": SOURCE, "counted_at": COUNTED_AT, "point": spot}
                             | _figures(figures, where[k, b, u]))
                addresses.append(_address(f"{text}{u + 1}单元", code, unit, None))
                points.append(spot)
    return {"buildings": (buildings, shapes), "units": (units, [row.pop("point") for row in units]),
            "addresses": (addresses, points)}


def _figures(figures: Counts, n: int) -> dict[str, Any]:
    return {name: int(getattr(figures, name)[n]) for name in ("households", "resident", "registered", "tenant",
                                                                "collective")} | {"special": figures.special[n]}


def _zero() -> dict[str, Any]:
    return {"households": 0, "resident": 0, "registered": 0, "tenant": 0, "collective": 0, "special": "{}"}


def _address(text: str, building: str, unit: str | None, alias: str | None) -> dict[str, Any]:
    return {"text": text, "aliases": alias, "initials": names.initials(text)[:60], "building_code": building,
            "unit_code": unit}


def _stairwell(building: Building, lot: Lot, unit: int) -> shapely.Point:
    """A point inside the building for one of its stairwells, counted from the west."""
    west, south, east, north = turned(building.shape, lot).bounds
    point = shapely.Point(west + (east - west) * (unit + .5) / building.units, south + (north - south) * .45)
    return turned(point, lot, True)


def _estate_layers(draft: _Draft, estates: Sequence[Estate], built: Sequence[Sequence[Building]],
                   rng: np.random.Generator) -> dict[str, tuple]:
    """Layers estates, barriers, gates and places."""
    companies = [stem + "物业服务公司" for stem in invent(rng, 14)]
    phones, keepers = iter(names.mobiles(rng, 3 * len(estates) + 2000)), iter(names.people(rng, 4000))
    rows, barriers, walls, gates, spots = [], [], [], [], []
    for estate in estates:
        managed = estate.walled and rng.random() < .9
        rows.append({"code": estate.code, "name": estate.name, "kind": ESTATE_KIND.get(estate.lot.kind, estate.lot.kind),
                     "walled": estate.walled, "property_company": companies[int(rng.integers(14))] if managed else None,
                     "property_phone": next(phones) if managed else None, "committee_phone": next(phones),
                     "owners_phone": next(phones) if managed and rng.random() < .7 else None})
        if estate.wall is not None:
            barriers.append({"kind": "fence" if estate.lot.kind == "tower" else "wall", "estate_code": estate.code})
            walls.append(estate.wall)
        for kind, state, width, keeper, point in estate.gates:
            known = keeper and rng.random() < .94  # a locked gate whose key nobody is known to hold is something to find
            gates.append({"name": estate.name + (GATE_LABEL[kind] if estate.walled else "路口"), "kind": kind,
                          "state": state if known or not keeper else "unknown", "width_m": width,
                          "key_holder": next(keepers) if known else None, "phone": next(phones) if known else None,
                          "estate_code": estate.code})
            spots.append(point)
    town = shapely.union_all([cell.shape for cell in draft.cells]).buffer(1)
    for _, kind, shape in draft.plan.water:
        barriers.append({"kind": "water", "note": names.RIVER if kind == "river" else names.CANAL})
        walls.append(shape.boundary.intersection(town))
    places, grounds = _places(draft, estates, built, rng)
    return {"estates": (rows, [estate.outline for estate in estates]), "barriers": (barriers, walls),
            "gates": (gates, spots), "places": (places, grounds)}


GATE_LABEL = {"vehicle": "主出入口", "person": "人行门", "fire_lane": "消防通道门", "emergency_exit": "应急出口"}


def _places(draft: _Draft, estates: Sequence[Estate], built, rng: np.random.Generator) -> tuple[list[dict], list]:
    """Grounds of schools, markets, works and parks; apartment blocks; pharmacies and stores in shops."""
    rows, shapes = [], []
    stems = iter(invent(rng, 200))

    def add(shape, kind: str, name: str, capacity: int, day: int, night: int, firms: int) -> None:
        rows.append({"kind": kind, "name": name, "capacity": capacity, "people_day": day, "people_night": night,
                     "firms": firms, "state": "open"})
        shapes.append(shape)

    park = [lot for lot in draft.lots if lot.kind == "industry" and draft.plan.blocks[lot.block].quarter[1] == 7]
    for lot in draft.lots:
        if lot.kind in PLACES and lot not in park:
            kind, name, *numbers = PLACES[lot.kind]
            size = float(rng.uniform(.75, 1.2))
            add(lot.ground.buffer(-2), kind, name.format(next(stems)), *(round(n * size) for n in numbers))
    ground = shapely.union_all([lot.ground for lot in park])
    add(ground, "industrial_park", next(stems) + "产业园区", 9000, 6200, 480, 137)
    for k, style in enumerate(draft.styles):
        if style == "apartment_block":
            homes = [b for b in built[k] if b.kind == "apartment_block"]
            flats = sum(sum(b.flats) for b in homes)
            add(shapely.union_all([b.shape for b in homes]), "apartment_block", next(stems) + "公寓", 2 * flats,
                flats // 2, 2 * flats - 9, 0)
    shops = [b for made in built for b in made if b.kind == "shop" and b.shape.area < 150]
    for n, k in enumerate(rng.permutation(len(shops))[:PHARMACIES + STORES].tolist()):
        kind, suffix = ("pharmacy", "药房") if n < PHARMACIES else ("store", "便利店")
        add(shops[k].shape.representative_point(), kind, next(stems) + suffix, 40, 25, 2, 1)
    people = zip(names.people(rng, len(rows)), names.mobiles(rng, len(rows)), strict=True)
    for n, (row, (contact, phone)) in enumerate(zip(rows, people, strict=True), 1):
        row |= {"code": f"CS{n:04d}", "contact": contact, "phone": phone}
    return rows, shapes


def _staff_layers(draft: _Draft, layers: dict[str, tuple], estates: Sequence[Estate], rng: np.random.Generator) -> None:
    """Add layers staff and teams; leaders of areas are written into `draft.areas`."""
    first = {}
    for k, cell in enumerate(draft.cells):
        first.setdefault(cell.lot.key, draft.codes[k])
    guarded = [row | {"area_code": first[estate.lot.key]}
               for row, estate in zip(layers["estates"][0], estates, strict=True) if row["property_company"]]
    people, teams = staff(draft.areas, layers["buildings"][0], guarded, names.TOWN, rng)
    leader = {(row["area_code"], row["role"]): row for row in reversed(people)}
    for area in draft.areas:
        role = {"micro_grid": "micro_leader", "grid": "grid_leader", "community": "community_worker"}.get(area["level"])
        if found := leader.get((area["code"], role)):
            area |= {"leader": found["name"], "phone": found["phone"]}
    layers["staff"], layers["teams"] = (people, None), (teams, None)


def _street_layers(draft: _Draft, rng: np.random.Generator) -> dict[str, tuple]:
    roads = [*draft.plan.roads, *inner_lanes(draft.lots, draft.lanes)]
    water = [*draft.plan.water, *ponds(draft.lots, rng)]
    return {"roads": ([{"name": road.name or None, "kind": road.kind, "width_m": road.width_m} for road in roads],
                      [road.line for road in roads]),
            "water": ([{"name": name, "kind": kind} for name, kind, _ in water], [shape for _, _, shape in water])}


def _areas_frame(draft: _Draft) -> geopandas.GeoDataFrame:
    shapes = [to_degrees(draft.shapes[row["cell"]]) if "cell" in row else None for row in draft.areas]
    return _frame("areas", draft.areas, shapes, degrees=True)


def _frame(name: str, rows: list[dict], shapes, *, degrees: bool = False) -> pandas.DataFrame:
    """Rows as a frame with the columns of the layer; shapes (plan metres unless `degrees`) of the layer's type."""
    layer = LAYERS[name]
    columns: dict[str, Any] = {}
    for column in layer.fields:
        key = REFERENCES.get(column.name, column.name) if name not in ("areas",) else column.name
        if column.name in REFERENCES or column.name not in ("place", "post"):
            values = [row.get(key) for row in rows]
            kind = "object" if key != column.name else DTYPES.get(column.type, "object")
            columns[key] = pandas.array([bool(v) for v in values], dtype="bool") if kind == "bool" else \
                pandas.Series(values, dtype=kind)
    for key in ("parent", "area_code"):
        if any(key in row for row in rows):
            columns[key] = pandas.Series([row.get(key) for row in rows], dtype="object")
    frame = pandas.DataFrame(columns)
    if shapes is None:
        return frame
    if not degrees:
        shapes = to_degrees(to_units(np.array(shapes, dtype=object)))
    return geopandas.GeoDataFrame(frame, geometry=[_as(layer.geometry, shape) for shape in shapes], crs="EPSG:4490")


def _as(kind: str, shape):
    """The shape as the layer's type: single parts become Multi-, stray points at line ends are dropped."""
    if shape is None or kind in ("Point", "Geometry"):
        return shape
    wanted, whole = ("Polygon", shapely.MultiPolygon) if kind == "MultiPolygon" else ("LineString", shapely.MultiLineString)
    parts = shapely.get_parts(shapely.get_parts(shape)) if shape.geom_type == "GeometryCollection" else \
        shapely.get_parts(shape)
    parts = [shapely.LineString(part) if part.geom_type == "LinearRing" else part for part in parts]
    return whole([part for part in parts if part.geom_type == wanted])


def _notes(draft: _Draft, zones: Sequence[tuple[int, int]]) -> dict[str, Any]:
    homes = [k for k, style in enumerate(draft.styles) if style]
    letters = {cell.lot.community for cell in draft.cells}
    whole = {c: shapely.coverage_union_all([draft.shapes[k] for k, cell in enumerate(draft.cells)
                                            if cell.lot.community == c]) for c in sorted(letters)}
    code = {cell.lot.community: draft.codes[k][:12] for k, cell in enumerate(draft.cells)}
    return {
        "zones": [{"households": wanted, "people": people, "areas": sorted(draft.codes[k] for k in group)}
                  for (wanted, people), group in zip(zones, draft.zones, strict=True)],
        "above_norm": sorted(draft.codes[k] for k in homes if draft.households[k] > NORM[1]),
        "below_norm": sorted(draft.codes[k] for k in homes if draft.households[k] < NORM[0]),
        "two_parts": sorted(draft.codes[k] for k, shape in enumerate(draft.shapes) if len(shape.geoms) > 1),
        "enclaves": sorted(code[c] for c, shape in whole.items() if shape.geom_type == "MultiPolygon"),
        "holes": sorted(code[c] for c, shape in whole.items()
                        if any(len(part.interiors) for part in shapely.get_parts(shape))),
    }
