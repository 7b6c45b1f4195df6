"""The invented town's rows, layer by layer: houses with stairwells and addresses, estates with gates, places, staff.

Every function returns layer name -> (rows, shapes); shapes in plan metres, None for a layer without geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geodata import synthetic_names as names
from geodata.synthetic_blocks import Cell, Lot, turned
from geodata.synthetic_buildings import Building
from geodata.synthetic_estates import (
    GATE_NAME,
    PLACES,
    Estate,
    addresses_of,
    inner_lanes,
    invent,
    is_park_estate,
    ponds,
)
from geodata.synthetic_people import Counts, count
from geodata.synthetic_plan import Plan
from geodata.synthetic_staff import staff

COUNTED_AT, SOURCE = "2025-10-31", "网格走访"
ESTATE_KIND = {"tower": "new"}  # a lot of towers is a new estate
PHARMACIES, STORES = 9, 16
KEY_KNOWN = 0.94  # share of locked gates whose key holder is known; the others are something to find

Rows = tuple[list[dict[str, Any]], "list[shapely.Geometry] | None"]


@dataclass(slots=True)
class Draft:
    """What the steps of making a town hand on to each other."""

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
    sites: dict[int, str] = field(default_factory=dict)  # lot key -> name of the place there, where nobody lives


def name_sites(lots: Sequence[Lot], rng: np.random.Generator) -> dict[int, str]:
    """Names of schools, markets, works and parks by lot."""
    places = [lot for lot in lots if lot.kind in PLACES]
    industry = invent(rng, len(places) + 1).pop() + "产业园区"
    return {lot.key: industry if is_park_estate(lot) else PLACES[lot.kind][1].format(stem)
            for lot, stem in zip(places, invent(rng, len(places)), strict=True)}


def homes(draft: Draft, estates: Sequence[Estate], built: Sequence[Sequence[Building]],
          groups: Sequence[tuple[Sequence[int], int]], rng: np.random.Generator) -> dict[str, Rows]:
    """Layers buildings, units and addresses with all counts. `groups` = (micro-grids, people they hold)."""
    facts = [(k, b, u) for k, made in enumerate(built) for b, one in enumerate(made) for u in range(len(one.flats))]
    cell = np.array([k for k, _, _ in facts])
    flats = np.array([built[k][b].flats[u] for k, b, u in facts])
    figures = count(groups, draft.households, cell, flats, [draft.styles[k] for k in cell], rng)
    entry = {fact: n for n, fact in enumerate(facts)}
    heads, phones = iter(names.people(rng, len(facts))), iter(names.mobiles(rng, len(facts)))
    buildings, units, addresses = ([], []), ([], []), ([], [])
    for k, b, label, site, estate in _numbered(draft, estates, built):
        one, lot, code = built[k][b], draft.cells[k].lot, f"LD{len(buildings[0]) + 1:05d}"
        home = {"area_code": draft.codes[k], "source": SOURCE, "counted_at": COUNTED_AT}
        own = _zero() if not one.flats else {} if one.units else _figures(figures, entry[k, b, 0])
        buildings[0].append({"code": code, "name": label, "kind": one.kind, "floors": one.floors, "units": one.units,
                             "estate_code": estate.code if estate else None} | home | own)
        buildings[1].append(one.shape)
        alias = estate.name + label if estate else None
        addresses[0].append(_address((site, label), alias, code, None))
        addresses[1].append(one.shape.representative_point())
        for u in range(one.units):
            unit, spot = f"{code}-{u + 1}", _stairwell(one, lot, u)
            units[0].append({"code": unit, "name": f"{u + 1}单元", "building_code": code, "phone": next(phones),
                             "head": next(heads) if rng.random() < .85 else None} | home
                            | _figures(figures, entry[k, b, u]))
            units[1].append(spot)
            addresses[0].append(_address((site, label, f"{u + 1}单元"), f"{alias}{u + 1}单元", code, unit))
            addresses[1].append(spot)
    return {"buildings": buildings, "units": units, "addresses": addresses}


def _numbered(draft: Draft, estates: Sequence[Estate], built: Sequence[Sequence[Building]]):
    """Every building as (micro-grid, place in it, label, address of the site, estate), lot by lot in reading order."""
    estate_of = {estate.lot.key: estate for estate in estates}
    streets = addresses_of(draft.lots, draft.plan.roads)
    by_lot: dict[int, list[tuple[int, int]]] = {}
    for k, made in enumerate(built):
        by_lot.setdefault(draft.cells[k].lot.key, []).extend((k, b) for b in range(len(made)))
    for lot in draft.lots:
        members = by_lot[lot.key]
        middles = np.array([turned(built[k][b].shape, lot).centroid.coords[0] for k, b in members])
        order = np.lexsort((middles[:, 0].round(3), np.round(-middles[:, 1] / 14)))
        estate, (street, number), number_here = estate_of.get(lot.key), streets[lot.key], 0
        used: dict[str, int] = {}
        site = f"{names.TOWN}{street}{number}号" + (estate.name if estate else draft.sites.get(lot.key, ""))
        for k, b in (members[n] for n in order):
            one = built[k][b]
            number_here += bool(one.flats)
            used[one.name] = again = used.get(one.name, 0) + 1
            label = f"{number_here}{'号楼' if one.units else '号'}" if one.flats else \
                one.name + (str(again) if again > 1 else "")
            yield k, b, label, site, estate


def _figures(figures: Counts, n: int) -> dict[str, Any]:
    kinds = ("households", "resident", "registered", "tenant", "collective")
    return {kind: int(getattr(figures, kind)[n]) for kind in kinds} | {"special": figures.special[n]}


def _zero() -> dict[str, Any]:
    return {"households": 0, "resident": 0, "registered": 0, "tenant": 0, "collective": 0, "special": "{}"}


def _address(parts: Sequence[str], alias: str | None, building: str, unit: str | None) -> dict[str, Any]:
    return {"text": "".join(parts), "aliases": alias, "initials": "".join(map(names.initials, parts))[:60],
            "building_code": building, "unit_code": unit}


def _stairwell(building: Building, lot: Lot, unit: int) -> shapely.Point:
    """A point inside the building for one of its stairwells, counted from the west."""
    west, south, east, north = turned(building.shape, lot).bounds
    point = shapely.Point(west + (east - west) * (unit + .5) / building.units, south + (north - south) * .45)
    return turned(point, lot, True)


def estate_rows(draft: Draft, estates: Sequence[Estate], rng: np.random.Generator) -> dict[str, Rows]:
    """Layers estates, barriers (walls, fences, banks of river and canal) and gates."""
    companies = [stem + "物业服务公司" for stem in invent(rng, 14)]
    count_gates = sum(len(estate.gates) for estate in estates)
    phones = iter(names.mobiles(rng, 3 * len(estates) + count_gates))
    keepers = iter(names.people(rng, count_gates))
    rows, barriers, gates = ([], []), ([], []), ([], [])
    for estate in estates:
        managed = estate.walled and rng.random() < .9
        rows[0].append({
            "code": estate.code, "name": estate.name, "kind": ESTATE_KIND.get(estate.lot.kind, estate.lot.kind),
            "walled": estate.walled, "property_company": companies[int(rng.integers(14))] if managed else None,
            "property_phone": next(phones) if managed else None, "committee_phone": next(phones),
            "owners_phone": next(phones) if managed and rng.random() < .7 else None})
        rows[1].append(estate.outline)
        if estate.wall is not None:
            barriers[0].append({"kind": "fence" if estate.lot.kind == "tower" else "wall", "estate_code": estate.code})
            barriers[1].append(estate.wall)
        for kind, state, width, keeper, point in estate.gates:
            known = keeper and rng.random() < KEY_KNOWN
            gates[0].append({
                "name": estate.name + (GATE_NAME[kind] if estate.walled else "路口"), "kind": kind, "width_m": width,
                "state": state if known or not keeper else "unknown", "key_holder": next(keepers) if known else None,
                "phone": next(phones) if known else None, "estate_code": estate.code})
            gates[1].append(point)
    town = shapely.union_all([cell.shape for cell in draft.cells]).buffer(1)
    for name, _, shape in draft.plan.water:
        barriers[0].append({"kind": "water", "note": name})
        barriers[1].append(shape.boundary.intersection(town))
    return {"estates": rows, "barriers": barriers, "gates": gates}


def place_rows(draft: Draft, built: Sequence[Sequence[Building]], rng: np.random.Generator) -> dict[str, Rows]:
    """Layer places: grounds of schools, markets, works and parks; apartment blocks; pharmacies and stores."""
    rows, shapes = [], []
    stems = iter(invent(rng, 60))

    def add(shape, kind: str, name: str, capacity: int, day: int, night: int, firms: int) -> None:
        rows.append({"kind": kind, "name": name, "capacity": capacity, "people_day": day, "people_night": night,
                     "firms": firms, "state": "open"})
        shapes.append(shape)

    for lot in draft.lots:
        if lot.kind in PLACES and not is_park_estate(lot):
            kind, _, *numbers = PLACES[lot.kind]
            size = float(rng.uniform(.75, 1.0))
            add(lot.ground.buffer(-2), kind, draft.sites[lot.key], *(round(n * size) for n in numbers))
    works = [lot for lot in draft.lots if is_park_estate(lot)]
    add(shapely.union_all([lot.ground for lot in works]), "industrial_park", draft.sites[works[0].key],
        9000, 6200, 480, 137)
    for style, made in zip(draft.styles, built, strict=True):
        if style == "apartment_block":
            blocks = [building for building in made if building.kind == style]
            flats = sum(sum(building.flats) for building in blocks)
            add(shapely.union_all([building.shape for building in blocks]), style, next(stems) + "公寓", 2 * flats,
                flats // 2, 2 * flats - 9, 0)
    shops = [building for made in built for building in made if building.kind == "shop" and building.shape.area < 150]
    for n, k in enumerate(rng.permutation(len(shops))[:PHARMACIES + STORES].tolist()):
        kind, suffix = ("pharmacy", "药房") if n < PHARMACIES else ("store", "便利店")
        add(shops[k].shape.representative_point(), kind, next(stems) + suffix, 40, 25, 2, 1)
    people = zip(names.people(rng, len(rows)), names.mobiles(rng, len(rows)), strict=True)
    for n, (row, (contact, phone)) in enumerate(zip(rows, people, strict=True), 1):
        row |= {"code": f"CS{n:04d}", "contact": contact, "phone": phone}
    return {"places": (rows, shapes)}


def staff_rows(draft: Draft, buildings: Sequence[dict], estates: Sequence[dict], keys: Sequence[int],
               rng: np.random.Generator) -> dict[str, Rows]:
    """Layers staff and teams; leaders found are also written into `draft.areas`. `keys` = lots of the estates."""
    first: dict[int, str] = {}
    for k, cell in enumerate(draft.cells):
        first.setdefault(cell.lot.key, draft.codes[k])
    guarded = [row | {"area_code": first[key]} for row, key in zip(estates, keys, strict=True)
               if row["property_company"]]
    people, teams = staff(draft.areas, buildings, guarded, names.TOWN, rng)
    leader = {(row["area_code"], row["role"]): row for row in reversed(people)}
    roles = {"micro_grid": "micro_leader", "grid": "grid_leader", "community": "community_worker"}
    for area in draft.areas:
        if found := leader.get((area["code"], roles.get(area["level"]))):
            area |= {"leader": found["name"], "phone": found["phone"]}
    return {"staff": (people, None), "teams": (teams, None)}


def street_rows(draft: Draft, estates: Sequence[Estate], rng: np.random.Generator) -> dict[str, Rows]:
    """Layers roads and water."""
    water = [*draft.plan.water, *ponds(draft.lots, rng)]
    wet = shapely.union_all([shape for _, _, shape in water])
    roads = [*draft.plan.roads, *inner_lanes(draft.lots, draft.lanes, estates, wet)]
    return {"roads": ([{"name": road.name or None, "kind": road.kind, "width_m": road.width_m} for road in roads],
                      [road.line for road in roads]),
            "water": ([{"name": name, "kind": kind} for name, kind, _ in water], [shape for _, _, shape in water])}
