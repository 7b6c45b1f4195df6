"""Residents of each leaf that are in zones in force, by kind: what the need for zone staff is counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select
from sqlalchemy.sql import ColumnElement

from layers.staffing import zone_need

from .rows import Reader, chunks
from .schema import TABLES, ZONE_MEMBERS

if TYPE_CHECKING:
    from .redrawing import Draft

ZONES, BUILDINGS, UNITS, CELLS, SHARES = (TABLES[name] for name in ("zones", "buildings", "units", "cells", "shares"))
Held = dict[str, dict[int, tuple[str, Mapping[str, Any] | None]]]  # layer -> fid -> (kind, part of a cell)
Residents = dict[int, dict[str, int]]  # leaf -> kind -> residents


def any_in_force(reader: Reader) -> bool:
    """Whether a zone is in force at all."""
    return reader.connection.execute(select(ZONES.c.fid).where(ZONES.c.status == "in_force").limit(1)).first() is not None


def residents_by_leaf(reader: Reader, leaves: Collection[int] | None = None) -> Residents:
    """{leaf fid: {kind: residents}} of zones in force; every place once, with the strictest kind that holds it. `leaves`
    asks for some only."""
    if not any_in_force(reader):
        return {}
    found: Residents = defaultdict(lambda: defaultdict(int))
    held = _strictest(reader, leaves)
    people = reader.rules.population_kind
    for layer, table in (("units", UNITS), ("buildings", BUILDINGS)):
        for chunk in chunks(sorted(held.get(layer, ()))):
            asked = select(table.c.fid, table.c.area, table.c[people]).where(table.c.fid.in_(chunk), table.c[people].is_not(None))
            for fid, area, number in reader.connection.execute(asked):
                found[area][held[layer][fid][0]] += number
    for chunk in chunks(sorted(held.get("cells", ()))):
        asked = select(SHARES.c.cell, SHARES.c.area, SHARES.c[people], CELLS.c[people].label("whole")).join(
            CELLS, CELLS.c.fid == SHARES.c.cell).where(SHARES.c.cell.in_(chunk), SHARES.c[people].is_not(None))
        for cell, area, number, whole in reader.connection.execute(asked):
            kind, part = held["cells"][cell]
            found[area][kind] += _inside(number, whole, part, people)
    return {leaf: dict(kinds) for leaf, kinds in found.items() if leaf is not None and (leaves is None or leaf in leaves)}


def need_of(reader: Reader, made: Draft) -> tuple[dict[int, int], dict[int, int]]:
    """Zone staff that the areas of a draft need before and after it, by fid; new areas have their negative ones."""
    if not any_in_force(reader):
        return {}, {}
    before: Residents = defaultdict(lambda: defaultdict(int))
    after: Residents = defaultdict(lambda: defaultdict(int))
    held, people = _strictest(reader, {area.fid for area in (*made.edit.before, *made.edit.after)}), reader.rules.population_kind
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


def _strictest(reader: Reader, leaves: Collection[int] | None) -> Held:
    """The kind of the strictest zone in force that holds each place; places of some leaves, or all."""
    ranks = {kind.id: kind.rank for kind in reader.rules.profile.kinds}
    found: Held = defaultdict(dict)
    for where in _members_in(leaves):
        asked = select(ZONE_MEMBERS.c.layer, ZONE_MEMBERS.c.fid, ZONE_MEMBERS.c.part, ZONES.c.kind).join(
            ZONES, ZONES.c.fid == ZONE_MEMBERS.c.zone).where(ZONES.c.status == "in_force", where).order_by(ZONE_MEMBERS.c.zone)
        for layer, fid, part, kind in reader.connection.execute(asked):
            known = found[layer].get(fid)
            if known is None or ranks.get(kind, 0) > ranks.get(known[0], 0):
                found[layer][fid] = kind, part
    return found


def _members_in(leaves: Collection[int] | None) -> Iterable[ColumnElement]:
    if leaves is None:
        yield ZONE_MEMBERS.c.zone.is_not(None)
        return
    for chunk in chunks(sorted(leaves)):
        own = {"units": select(UNITS.c.fid).where(UNITS.c.area.in_(chunk)),
               "buildings": select(BUILDINGS.c.fid).where(BUILDINGS.c.area.in_(chunk)),
               "cells": select(SHARES.c.cell).where(SHARES.c.area.in_(chunk))}
        yield or_(*[and_(ZONE_MEMBERS.c.layer == layer, ZONE_MEMBERS.c.fid.in_(fids)) for layer, fids in own.items()])
