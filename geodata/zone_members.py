"""Who a zone restricts, place by place: stairwells, buildings and cells; resolved from areas or a border, frozen at approval.

A building counts through its stairwells where these are known. Where all of them are inside, the building itself is a
member too: a stairwell that is entered later belongs to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely
from sqlalchemy import Text, func, insert, select, type_coerce

from layers.areas import Area, to_units
from layers.errors import NotFound
from layers.population import KINDS, inner_point
from layers.zones import ALL, NONE, Groups, Sum, Tally, Values, part_of, scaled, stairwell_ground

from .facts import held_in
from .rows import Reader, among, chunks
from .schema import TABLES, ZONE_MEMBERS
from .transaction import Transaction
from .types import Wkb

BUILDINGS, UNITS, SHARES, CELLS = (TABLES[name] for name in ("buildings", "units", "shares", "cells"))
WKB = type_coerce(BUILDINGS.c.geom, Wkb()).label("wkb")
LISTED = 5000  # rows written at once


class Place(NamedTuple):
    """A place with people: its leaf and what was counted there; `part` are the numbers of a part of a cell."""

    area: int | None
    values: Values
    special: Groups = None
    part: dict[str, Any] | None = None
    building: int | None = None  # of a stairwell


@dataclass(slots=True)
class Members:
    """Owns the places of one zone while they are gathered, each once. Public: add_leaves, add_buildings, add_units,
    add_cells, add_ground, tally, count, rows, outlines."""

    reader: Reader
    held: dict[str, dict[int, Place]] = field(default_factory=lambda: {"units": {}, "buildings": {}, "cells": {}})
    divided: set[int] = field(default_factory=set)  # buildings that count through their stairwells
    unknown: set[int] = field(default_factory=set)  # leaves whose people nobody knows
    outlines: list[bytes] = field(default_factory=list)  # of the buildings that were named

    # ---- gathering -----------------------------------------------------------------------------------------------
    def add_leaves(self, leaves: Iterable[Area]) -> None:
        """Everything counted in these leaves."""
        leaves = list(leaves)
        counted: dict[int, list[bool]] = {area.fid: [] for area in leaves}
        shares: dict[int, list[Any]] = defaultdict(list)
        for chunk in chunks(counted):
            self._take_buildings(self._rows(BUILDINGS, BUILDINGS.c.area.in_(chunk)))
            own = select(BUILDINGS.c.fid).where(BUILDINGS.c.area.in_(chunk))
            self._take_units(self._rows(UNITS, UNITS.c.building.in_(own), UNITS.c.building))
            for share in self.reader.connection.execute(select(*fact_columns(SHARES), SHARES.c.cell, SHARES.c.weight).where(
                    SHARES.c.area.in_(chunk))):
                shares[share.cell].append(share)
                counted[share[1]].append(share[3] is not None)
        self._take_shares(shares)
        for layer in ("units", "buildings"):
            for fid, place in self.held[layer].items():
                if place.area in counted and not (layer == "buildings" and fid in self.divided):
                    counted[place.area].append(place.values[0] is not None)
        self.unknown |= {area.fid for area in leaves
                         if not (all(counted[area.fid]) if counted[area.fid] else area.attributes.get("uninhabited"))}

    def add_buildings(self, fids: Sequence[int]) -> list[int]:
        """Buildings with their stairwells; answers their leaves. Raises NotFound."""
        rows = self._rows(BUILDINGS, among(self.reader, BUILDINGS.c.fid, fids), WKB)
        _all_there("building", fids, rows)
        self.outlines = [wkb for row in rows if (wkb := row[-1]) is not None]
        units = self._rows(UNITS, among(self.reader, UNITS.c.building, fids), UNITS.c.building)
        self._take_buildings(rows)
        self._take_units(units)
        self._note_unknown(units, ())
        return self._note_unknown(rows, self.divided)

    def add_units(self, fids: Sequence[int]) -> list[int]:
        """Single stairwells; a building all of whose stairwells are inside is inside. Raises NotFound."""
        rows = [row for chunk in chunks(fids) for row in self._rows(UNITS, UNITS.c.fid.in_(chunk), UNITS.c.building)]
        _all_there("stairwell", fids, rows)
        self._take_units(rows)
        self.divided |= {row.building for row in rows}
        inside: dict[int, int] = defaultdict(int)
        for place in self.held["units"].values():
            inside[place.building] += 1
        for chunk in chunks({row.building for row in rows} - self.held["buildings"].keys()):
            number = dict(tuple(row) for row in self.reader.connection.execute(
                select(UNITS.c.building, func.count()).where(UNITS.c.building.in_(chunk)).group_by(UNITS.c.building)))
            for row in self._rows(BUILDINGS, BUILDINGS.c.fid.in_(chunk)):
                if number.get(row.fid) == inside[row.fid]:
                    self._take_buildings([row])
        return self._note_unknown(rows, ())

    def add_cells(self, fids: Sequence[int]) -> list[int]:
        """Whole cells; answers the leaves that hold a share of them. Raises NotFound."""
        found = [fid for chunk in chunks(fids) for fid in self.reader.connection.execute(
            select(CELLS.c.fid).where(CELLS.c.fid.in_(chunk))).scalars()]
        if lost := sorted(set(fids) - set(found)):
            raise NotFound(f"cell {lost[0]}: no such cell")
        rows = self._shares_of(found)
        for cell in found:
            self.held["cells"].pop(cell, None)
        by_cell: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            by_cell[row.cell].append(row)
        for cell, mine in by_cell.items():
            self._take_cell(cell, mine, None)
        return self._note_unknown(rows, ())

    def add_ground(self, shape: shapely.MultiPolygon, under: Sequence[Area]) -> None:
        """Buildings whose inner point lies inside, and of each cell what the ground holds of it."""
        shapely.prepare(shape)
        leaves = {area.fid: area for area in under}
        rows, shapes = [], []
        for chunk in chunks(leaves):
            for row in self._rows(BUILDINGS, BUILDINGS.c.area.in_(chunk), WKB):
                if row.wkb is not None:
                    rows.append(row)
                    shapes.append(row.wkb)
        inside = [row for row, outline in zip(rows, unpacked(shapes)) if shapely.intersects(shape, inner_point(outline))]
        self._take_buildings(inside)
        for chunk in chunks(row.fid for row in inside):
            self._take_units(self._rows(UNITS, UNITS.c.building.in_(chunk), UNITS.c.building))
        self._add_cells_on(shape, leaves)
        for fid, counts in held_in(self.reader, under).items():
            ground = leaves[fid].shape
            if not counts.counted and shapely.area(shapely.intersection(shape, ground)) > NONE * ground.area:
                self.unknown.add(fid)

    def _add_cells_on(self, shape: shapely.MultiPolygon, leaves: dict[int, Area]) -> None:
        near = {cell for chunk in chunks(leaves) for cell in self.reader.connection.execute(
            select(SHARES.c.cell).where(SHARES.c.area.in_(chunk)).distinct()).scalars()}
        by_cell: dict[int, list[Any]] = defaultdict(list)
        for row in self._shares_of(near):
            by_cell[row.cell].append(row)
        for row in self.reader.rows("cells", fids=sorted(near)):
            cell, shares = to_units(row["geom"]), by_cell[row["fid"]]
            covered = shapely.area(shapely.intersection(cell, shape)) / cell.area
            if covered > ALL:
                self._take_cell(row["fid"], shares, None)
            elif covered > NONE:
                parts = [(share, _covered(cell, shape, leaves.get(share.area), len(shares))) for share in shares]
                self._take_cell(row["fid"], shares, [(share, inside) for share, inside in parts if inside > 0])

    def _take_buildings(self, rows: Iterable[Any]) -> None:
        self.held["buildings"].update((row[0], Place(row[1], _values(row), groups_of(row[2]))) for row in rows)

    def _take_units(self, rows: Iterable[Any]) -> None:
        for row in rows:
            building = row[3 + len(KINDS)]
            self.held["units"][row[0]] = Place(row[1], _values(row), groups_of(row[2]), None, building)
            self.divided.add(building)

    def _take_shares(self, shares: dict[int, list[Any]]) -> None:
        """Whole cells where all their shares are here, else what these shares hold."""
        for chunk in chunks(shares):
            number = dict(tuple(row) for row in self.reader.connection.execute(
                select(SHARES.c.cell, func.count()).where(SHARES.c.cell.in_(chunk)).group_by(SHARES.c.cell)))
            for cell in chunk:
                mine = shares[cell]
                self._take_cell(cell, mine, None if number[cell] == len(mine) else [(share, 1.0) for share in mine])

    def _take_cell(self, cell: int, shares: Sequence[Any], parts: Sequence[tuple[Any, float]] | None) -> None:
        """A cell with all its `shares`, or these shares of some of them (`parts`)."""
        there = self.held["cells"].get(cell)
        if there is not None and there.part is None:
            return
        taken, ratio = Sum(), 0.0
        for share, inside in [(share, 1.0) for share in shares] if parts is None else parts:
            taken.add(*scaled(_values(share), groups_of(share[2]), inside))
            ratio += share.weight * inside
        part = None if parts is None else part_of(tuple(taken.values), taken.special, ratio)
        self.held["cells"][cell] = Place(shares[0].area if shares else None, tuple(taken.values), taken.special, part)

    def _note_unknown(self, rows: Sequence[Any], but: Iterable[int]) -> list[int]:
        """Leaves of these rows; those where somebody is unknown are remembered."""
        apart = set(but)
        self.unknown |= {row[1] for row in rows if row[3] is None and row[0] not in apart and row[1] is not None}
        return sorted({row[1] for row in rows if row[1] is not None})

    def _rows(self, table, where, *more) -> list[Any]:
        return self.reader.connection.execute(select(*fact_columns(table), *more).where(where).order_by(table.c.fid)).all()

    def _shares_of(self, cells: Iterable[int]) -> list[Any]:
        return [row for chunk in chunks(sorted(cells))
                for row in self._rows(SHARES, SHARES.c.cell.in_(chunk), SHARES.c.cell, SHARES.c.weight)]

    # ---- asking --------------------------------------------------------------------------------------------------
    def tally(self, population_kind: str) -> Tally:
        """The people of all these places. Ground that is known to be empty is zero, not unknown."""
        taken = Sum()
        for layer, places in self.held.items():
            apart = self.divided if layer == "buildings" else ()
            for fid, place in places.items():
                if fid not in apart:
                    taken.add(place.values, place.special, estimated=place.part is not None)
        if taken.values[0] is None and not self.unknown:
            for name in ("households", population_kind):
                taken.values[KINDS.index(name)] = taken.values[KINDS.index(name)] or 0
        if taken.special is None and not self.unknown and taken.vacant == taken.facts:
            taken.special = {}
        return Tally(taken.counts, len(self.unknown), taken.estimated)

    def count(self) -> dict[str, int]:
        """How many places of each layer."""
        return {layer: len(places) for layer, places in self.held.items()}

    def rows(self) -> list[tuple[str, int, dict[str, Any] | None]]:
        """(layer, fid, part) of every place."""
        return [(layer, fid, place.part) for layer, places in self.held.items() for fid, place in sorted(places.items())]


def freeze(tx: Transaction, zone: int, members: Members) -> None:
    """Keeps the members of a zone for good."""
    rows = [{"zone": zone, "layer": layer, "fid": fid, "part": part} for layer, fid, part in members.rows()]
    for start in range(0, len(rows), LISTED):
        tx.connection.execute(insert(ZONE_MEMBERS), rows[start:start + LISTED])


def counted(reader: Reader, zones: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many frozen members of each layer these zones have."""
    found: dict[int, dict[str, int]] = {}
    for chunk in chunks(sorted(zones)):
        for zone, layer, number in reader.connection.execute(
                select(ZONE_MEMBERS.c.zone, ZONE_MEMBERS.c.layer, func.count()).where(ZONE_MEMBERS.c.zone.in_(chunk))
                .group_by(ZONE_MEMBERS.c.zone, ZONE_MEMBERS.c.layer)):
            found.setdefault(zone, {"units": 0, "buildings": 0, "cells": 0})[layer] = number
    return found


# ---- ground ----------------------------------------------------------------------------------------------------------
def unpacked(wkb: Sequence[bytes]) -> np.ndarray:
    """Shapes in units from WKB in degrees."""
    return to_units(np.asarray(shapely.from_wkb(wkb), dtype=object)) if len(wkb) else np.array([], dtype=object)


def shapes_of(reader: Reader, layer: str, fids: Sequence[int]) -> dict[int, shapely.Geometry]:
    """Shapes of rows in units; those without one are left out."""
    table, found = TABLES[layer], {}
    for chunk in chunks(fids):
        rows = reader.connection.execute(select(table.c.fid, type_coerce(table.c.geom, Wkb())).where(
            table.c.fid.in_(chunk), table.c.geom.is_not(None)).order_by(table.c.fid)).all()
        found |= dict(zip((row[0] for row in rows), unpacked([row[1] for row in rows])))
    return found


def ground_of_units(reader: Reader, fids: Sequence[int]) -> list[shapely.Geometry]:
    """The ground of single stairwells: their part of the house."""
    mine = set(fids)
    owner = {row.fid: row.building for chunk in chunks(fids) for row in reader.connection.execute(
        select(UNITS.c.fid, UNITS.c.building).where(UNITS.c.fid.in_(chunk)))}
    doors: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for chunk in chunks(sorted(set(owner.values()))):
        for row in reader.connection.execute(select(UNITS.c.fid, UNITS.c.building, UNITS.c.geom).where(
                UNITS.c.building.in_(chunk)).order_by(UNITS.c.fid)):
            doors[row.building].append((row.fid, None if row.geom is None else to_units(row.geom)))
    houses = shapes_of(reader, "buildings", sorted(doors))
    return [stairwell_ground(house, [door for _, door in doors[fid]], [unit in mine for unit, _ in doors[fid]])
            for fid, house in houses.items()]


def _covered(cell: shapely.Geometry, shape: shapely.Geometry, leaf: Area | None, shares: int) -> float:
    """How much of what a leaf holds of a cell lies in the shape."""
    if leaf is None:
        return 0.0
    held = cell if shares == 1 else shapely.intersection(cell, leaf.shape)
    if not shapely.area(held):  # its share is people, not ground: buildings count
        return 0.0
    inside = shapely.area(shapely.intersection(held, shape)) / shapely.area(held)
    return 1.0 if inside > ALL else 0.0 if inside < NONE else inside


def fact_columns(table) -> list[Any]:
    """What is asked of thousands of rows, by place (by name it takes five times as long): fid, area, special groups as they
    are kept, numbers."""
    return [table.c.fid, table.c.area, type_coerce(table.c.special, Text), *(table.c[kind] for kind in KINDS)]


def groups_of(kept: str | None) -> Groups:
    """Special groups from the text they are kept as."""
    return None if kept is None else msgspec.json.decode(kept)


def _values(row: Any) -> Values:
    return row[3:3 + len(KINDS)]


def _all_there(word: str, fids: Iterable[int], rows: Iterable[Any]) -> None:
    if lost := sorted(set(fids) - {row[0] for row in rows}):
        raise NotFound(f"{word} {lost[0]}: no such {word}")
