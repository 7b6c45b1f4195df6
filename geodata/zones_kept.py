"""Zones under a redraw: they keep the ground and the people that were decided. What a person should know about it is
told, and the list of areas a proposal is made of follows the new borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from layers.areas import Area, to_degrees, to_units
from layers.edits import Edit, Finding
from layers.population import Counts

from .rows import Reader
from .schema import TABLES
from .transaction import Transaction

ZONES = TABLES["zones"]
STANDING = ("proposed", "in_force")
LITTLE = 1e-3  # share of an area that rounding on a border may put on the other side


def zones_at(reader: Reader, bounds: Sequence[float]) -> list[dict[str, Any]]:
    """Zones proposed or in force whose envelope meets these bounds (units)."""
    return reader.once((zones_at, *bounds), lambda: reader.rows("zones", ZONES.c.status.in_(STANDING), bounds=[value / 1e7 for value in bounds]))


def crossed(reader: Reader, edit: Edit, before: Mapping[int, Counts]) -> list[Finding]:
    """What a person should know: areas that would lie partly in a zone although each was wholly in or out before. The
    zone keeps its ground; `code` is the zone's, the text says whose people stay outside it."""
    found = []
    ground = shapely.total_bounds([area.shape for area in edit.before])
    for zone in zones_at(reader, ground.tolist()):
        shape = to_units(zone["geom"])
        shapely.prepare(shape)
        was = {area.fid: _side(area, shape) for area in edit.before}
        if None in was.values():
            continue  # a freehand border: areas lie across it as they did
        for area in edit.after:
            if _side(area, shape) is None:
                outside = [fid for fid, inside in was.items() if not inside and _holds(area, fid, edit)]
                homes = [before[fid].households for fid in outside]
                more = None if None in homes else sum(homes)
                spot = shapely.get_coordinates(to_degrees(shapely.point_on_surface(area.shape)))[0].tolist()
                kind = "zone-kept" if zone["status"] == "in_force" else "zone-cut"
                told = "an unknown number of" if more is None else f"{more}"
                found.append(Finding(kind, f"{zone['code']} keeps its ground; {told} households of the new area stay outside it",
                                     code=zone["code"], where=tuple(spot), count=more))
    return found


def _side(area: Area, zone: shapely.Geometry) -> bool | None:
    """True inside the zone, False outside, None across its border."""
    part = shapely.area(shapely.intersection(area.shape, zone)) / shapely.area(area.shape)
    return True if part >= 1 - LITTLE else False if part <= LITTLE else None


def _holds(area: Area, fid: int, edit: Edit) -> bool:
    """Whether an area after the edit has ground of that one before it."""
    old = next(one for one in edit.before if one.fid == fid)
    return shapely.area(shapely.intersection(old.shape, area.shape)) > LITTLE * shapely.area(old.shape)


def follow_members(tx: Transaction, before: Sequence[Area], after: Sequence[Area]) -> None:
    """A proposal made of areas names those that hold its ground now; where areas and ground no longer agree, its ground
    counts ("shape": true). Zones in force and lifted are left as they are."""
    codes = {area.code for area in before}
    rows = [row for row in tx.rows("zones", ZONES.c.status == "proposed")
            if codes & set((row["members"] or {}).get("areas") or ())]
    for row in rows:
        shape = to_units(row["geom"])
        named = [code for code in row["members"]["areas"] if code not in codes]
        sides = [(area.code, _side(area, shape)) for area in after]
        members = {**row["members"], "areas": [*named, *(code for code, inside in sides if inside is not False)]}
        if any(inside is None for _, inside in sides):
            members["shape"] = True
        if members != row["members"]:
            tx.update("zones", row["fid"], {"members": members}, quiet=True)
