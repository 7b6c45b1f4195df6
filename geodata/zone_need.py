"""Residents of each leaf that are in zones in force, by kind: what the need for zone staff is counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, select

from layers.staffing import zone_need
from layers.zones import name_of, rank_of

from .rows import Reader, chunks
from .schema import TABLES, ZONE_MEMBERS
from .zone_sums import residents_by_leaf

if TYPE_CHECKING:
    from .redrawing import Draft

ZONES, BUILDINGS, UNITS, CELLS, SHARES = (TABLES[name] for name in ("zones", "buildings", "units", "cells", "shares"))
Held = dict[str, dict[int, tuple[str, Mapping[str, Any] | None]]]  # layer -> fid -> (kind, part of a cell)
Residents = dict[int, dict[str, int]]  # leaf -> kind -> residents


def any_in_force(reader: Reader) -> bool:
    """Whether a zone is in force at all."""
    return reader.connection.execute(select(ZONES.c.fid).where(ZONES.c.status == "in_force").limit(1)).first() is not None


def residents_in(reader: Reader, leaves: Collection[int] | None = None) -> Residents:
    """{leaf fid: {kind: residents}} of zones in force; every place once, with the strictest kind that holds it. `leaves`
    asks for some only: a redraw need not read a zone of 5,000 buildings. Where cells are held all is read, for a cell may be
    held by several zones in parts."""
    if leaves is None or _holds_cells(reader):
        found = residents_by_leaf(reader)
        return found if leaves is None else {leaf: kinds for leaf, kinds in found.items() if leaf in leaves}
    held, people = _strictest(reader, leaves), reader.rules.population_kind
    found = defaultdict(lambda: defaultdict(int))
    for layer, table in (("units", UNITS), ("buildings", BUILDINGS)):
        for chunk in chunks(sorted(held.get(layer, ()))):
            asked = select(table.c.fid, table.c.area, table.c[people]).where(table.c.fid.in_(chunk), table.c[people] > 0)
            for fid, area, number in reader.connection.execute(asked):
                found[area][held[layer][fid][0]] += number
    return {leaf: dict(kinds) for leaf, kinds in found.items() if leaf in leaves}


def _holds_cells(reader: Reader) -> bool:
    asked = select(ZONE_MEMBERS.c.fid).join(ZONES, ZONES.c.fid == ZONE_MEMBERS.c.zone).where(
        ZONES.c.status == "in_force", ZONE_MEMBERS.c.layer == "cells").limit(1)
    return reader.connection.execute(asked).first() is not None


def need_of(reader: Reader, made: Draft) -> tuple[dict[int, int], dict[int, int]]:
    """Zone staff that the areas of a draft need before and after it, by fid; new areas have their negative ones."""
    if not reader.once(any_in_force, lambda: any_in_force(reader)):
        return {}, {}
    before: Residents = defaultdict(lambda: defaultdict(int))
    after: Residents = defaultdict(lambda: defaultdict(int))
    leaves = tuple(sorted({area.fid for area in (*made.edit.before, *made.edit.after)}))
    held, people = reader.once((_strictest, leaves), lambda: _strictest(reader, leaves)), reader.rules.population_kind
    owners = {place.fid: place.area for place in made.facts.places}
    in_building: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for layer, table, building in (("units", UNITS, UNITS.c.building), ("buildings", BUILDINGS, BUILDINGS.c.fid)):
        for chunk in chunks(sorted(held.get(layer, ()))):
            asked = select(table.c.fid, building.label("of"), table.c[people]).where(table.c.fid.in_(chunk), table.c[people].is_not(None))
            for fid, of, number in reader.connection.execute(asked):
                in_building[of].append((held[layer][fid][0], number))
    for building, area in owners.items():
        for kind, number in in_building.get(building, ()):
            before[area][kind] += number
            after[made.dealt.owner[building]][kind] += number
    whole = {}
    for chunk in chunks(sorted(held.get("cells", ()))):
        whole |= dict(tuple(row) for row in reader.connection.execute(select(CELLS.c.fid, CELLS.c[people]).where(CELLS.c.fid.in_(chunk))))
    for side, shares in ((before, made.facts.shares), (after, made.dealt.shares)):
        for share in shares:
            number = share.counts.people(people)
            if share.cell in whole and number is not None:
                kind, part = held["cells"][share.cell]
                side[share.area][kind] += _inside(number, whole[share.cell], part, people)
    return _needed(reader, before), _needed(reader, after)


def _needed(reader: Reader, residents: Residents) -> dict[int, int]:
    return {leaf: zone_need(reader.rules, kinds) for leaf, kinds in residents.items()}


def _inside(number: int, whole: int | None, part: Mapping[str, Any] | None, people: str) -> int:
    """Of people dealt to a leaf from a cell, those in a zone that holds only a part of the cell."""
    return number if part is None or not whole else round(number * Fraction(part.get(people) or 0, whole))


def _strictest(reader: Reader, leaves: Collection[int]) -> Held:
    """The kind of the strictest zone in force that holds each place of these leaves. A building that is inside brings its
    stairwells, also those that came since."""
    profile = reader.rules.profile
    found: Held = defaultdict(dict)

    def put(layer: str, fid: int, kind: str, part: Mapping[str, Any] | None) -> None:
        known = found[layer].get(fid)
        if known is None or rank_of(profile, kind) > rank_of(profile, known[0]):
            found[layer][fid] = name_of(profile, kind), part
    for chunk in chunks(sorted(leaves)):
        for layer, on, fid in (
                ("units", and_(ZONE_MEMBERS.c.layer == "units", ZONE_MEMBERS.c.fid == UNITS.c.fid), UNITS.c.fid),
                ("units", and_(ZONE_MEMBERS.c.layer == "buildings", ZONE_MEMBERS.c.fid == UNITS.c.building), UNITS.c.fid),
                ("buildings", and_(ZONE_MEMBERS.c.layer == "buildings", ZONE_MEMBERS.c.fid == BUILDINGS.c.fid), BUILDINGS.c.fid),
                ("cells", and_(ZONE_MEMBERS.c.layer == "cells", ZONE_MEMBERS.c.fid == SHARES.c.cell), SHARES.c.cell)):
            table = fid.table
            asked = select(fid, ZONES.c.kind, ZONE_MEMBERS.c.part).join(ZONES, ZONES.c.fid == ZONE_MEMBERS.c.zone).join(
                table, on).where(ZONES.c.status == "in_force", table.c.area.in_(chunk)).order_by(ZONE_MEMBERS.c.zone)
            if table is BUILDINGS:
                asked = asked.where(~exists().where(UNITS.c.building == BUILDINGS.c.fid))
            for row in reader.connection.execute(asked):
                put(layer, *row)
    return found
