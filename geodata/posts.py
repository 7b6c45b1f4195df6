"""Posts (卡口) in the store: the areas they serve follow a redraw, the zone they stand at, and what a post card tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Text, and_, or_, select, type_coerce

from layers.checkpoints import served_after
from layers.zones import rank_of

from .crew import on_list
from .rows import Reader, chunks
from .schema import AREAS, TABLES, ZONE_MEMBERS
from .transaction import Transaction

POSTS, ZONES, BUILDINGS, UNITS, SHARES, STAFF = (
    TABLES[name] for name in ("checkpoints", "zones", "buildings", "units", "shares", "staff"))
AT_BORDER = 0.0003  # degrees, 30 m: a post this near to a zone stands at its border
MOST_NAMED = 40  # areas asked for one by one; more of them: every post is read
MOST_TOLD = 1000  # buildings on a card
HEAD = "building_head"  # the role of who answers for a building


# ---- lineage ------------------------------------------------------------------------------------------------------------
def serving(reader: Reader, areas: Collection[int]) -> list[dict[str, Any]]:
    """Posts that serve one of these areas."""
    if not areas:
        return []
    where = POSTS.c.areas.is_not(None)
    if len(areas) <= MOST_NAMED:  # the list is kept as text; a number found inside another is sorted out below
        where = or_(*[type_coerce(POSTS.c.areas, Text).like(f"%{area}%") for area in sorted(areas)])
    return [row for row in reader.rows("checkpoints", where, geometry=False) if not set(areas).isdisjoint(served(row))]


def served(row: Mapping[str, Any]) -> list[int]:
    """Fids of the areas a post serves, in the order in which they were named."""
    return [area for area in row["areas"] if isinstance(area, int)] if isinstance(row["areas"], list) else []


def follow_served(tx: Transaction, led: Iterable[tuple[int, int]], gone: Collection[int]) -> None:
    """Posts serve what became of the areas they served: every part of a cut one, the successor of a retired one."""
    led = list(led)
    for row in serving(tx, {source for source, _ in led} | set(gone)):
        areas = served_after(served(row), led, gone)
        if areas != row["areas"]:
            tx.update("checkpoints", row["fid"], {"areas": areas}, quiet=True)


def settle_served(tx: Transaction, gone: Collection[int], living: Callable[[int], int | None]) -> None:
    """After an undo: what somebody gave a post to serve meanwhile and is gone now, it serves where that ground went."""
    for row in serving(tx, gone):
        heirs = [living(area) if area in gone else area for area in served(row)]
        tx.update("checkpoints", row["fid"], {"areas": [area for area in dict.fromkeys(heirs) if area is not None]}, quiet=True)


# ---- zones --------------------------------------------------------------------------------------------------------------
def zones_at(reader: Reader, points: Sequence[shapely.Point]) -> list[int | None]:
    """The strictest zone in force each point (degrees) stands in or at."""
    found: list[tuple[int, int] | None] = [None] * len(points)
    if not points:
        return []
    west, south, east, north = shapely.total_bounds(points)
    bounds = (west - AT_BORDER, south - AT_BORDER, east + AT_BORDER, north + AT_BORDER)
    rows = reader.rows("zones", ZONES.c.status == "in_force", bounds=bounds)
    if rows:
        tree = shapely.STRtree([row["geom"] for row in rows])
        for point, zone in tree.query(np.array(points, dtype=object), predicate="dwithin", distance=AT_BORDER).T:
            mine = rank_of(reader.rules.profile, rows[zone]["kind"]), -rows[zone]["fid"]
            if found[point] is None or mine > found[point]:
                found[point] = mine
    return [None if one is None else -one[1] for one in found]


def zones_over(reader: Reader, paths: Sequence[str]) -> list[dict[str, Any]]:
    """Zones in force with a place in the areas of these paths, the strictest first."""
    inside = select(AREAS.c.fid).where(or_(*[reader.under(path) for path in paths]))
    held = or_(
        and_(ZONE_MEMBERS.c.layer == "buildings", ZONE_MEMBERS.c.fid.in_(select(BUILDINGS.c.fid).where(BUILDINGS.c.area.in_(inside)))),
        and_(ZONE_MEMBERS.c.layer == "units", ZONE_MEMBERS.c.fid.in_(select(UNITS.c.fid).where(UNITS.c.area.in_(inside)))),
        and_(ZONE_MEMBERS.c.layer == "cells", ZONE_MEMBERS.c.fid.in_(select(SHARES.c.cell).where(SHARES.c.area.in_(inside)))))
    where = and_(ZONES.c.status == "in_force", ZONES.c.fid.in_(select(ZONE_MEMBERS.c.zone).where(held)))
    rows = reader.rows("zones", where, geometry=False)
    return sorted(rows, key=lambda row: (-rank_of(reader.rules.profile, row["kind"]), row["fid"]))


# ---- the card -----------------------------------------------------------------------------------------------------------
def buildings_of(reader: Reader, paths: Sequence[str], scope: Sequence[str] | None) -> list[dict[str, Any]]:
    """Buildings in the areas of these paths and in sight: {id, name, units, households}; households are those of the
    stairwells where there are any, None where nobody counted."""
    rows = reader.rows("buildings", reader.in_scope("buildings", paths), scope=scope, geometry=False, limit=MOST_TOLD)
    units: dict[int, list[int | None]] = {}
    for chunk in chunks(row["fid"] for row in rows):
        asked = select(UNITS.c.building, UNITS.c.households).where(UNITS.c.building.in_(chunk))
        for building, households in reader.connection.execute(asked):
            units.setdefault(building, []).append(households)
    told = []
    for row in rows:
        own = units.get(row["fid"])
        known = [number for number in own or [row["households"]] if number is not None]
        told.append({"id": row["fid"], "name": row["name"] or row["code"] or f"#{row['fid']}", "units": len(own or ()),
                     "households": sum(known) if known else None})
    return told


def heads_of(reader: Reader, buildings: Sequence[Mapping[str, Any]], scope: Sequence[str] | None, today: str) -> list[dict[str, Any]]:
    """Who answers for the stairwells of these buildings, and his phone, in the order of the buildings: what the stairwell
    itself says, and heads of buildings on the list of staff."""
    names = {one["id"]: one["name"] for one in buildings}
    found: dict[int, list[dict[str, Any]]] = {fid: [] for fid in names}
    labels: dict[int, str] = {}
    for chunk in chunks(names):
        for unit in reader.rows("units", UNITS.c.building.in_(chunk), scope=scope, geometry=False):
            labels[unit["fid"]] = f"{names[unit['building']]} {unit['name'] or unit['code'] or ''}".strip()
            if unit["head"] or unit["phone"]:
                found[unit["building"]].append({"name": unit["head"], "phone": unit["phone"], "unit": labels[unit["fid"]]})
    for chunk in chunks(names):
        heads = and_(STAFF.c.building.in_(chunk), STAFF.c.role == HEAD, on_list(today))
        for person in reader.rows("staff", heads, scope=scope, geometry=False):
            where = labels.get(person["unit"], names[person["building"]])
            found[person["building"]].append({"name": person["name"], "phone": person["phone"], "unit": where})
    return [head for heads in found.values() for head in heads]
