"""Facts of leaves as values: buildings with their stairwells, shares of cells; sums per leaf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from layers.areas import Area, to_units
from layers.dwellings import DERIVED
from layers.population import KINDS, Counts, Facts, Place, Share, inner_point, is_vacant, of_leaf, total

from .rows import Reader, chunks
from .schema import TABLES

BUILDINGS, UNITS, SHARES, CELLS = (TABLES[name] for name in ("buildings", "units", "shares", "cells"))
_COUNT_COLUMNS = (*KINDS, "special", "counted_at", "source")


def facts_of(reader: Reader, leaves: Iterable[int]) -> Facts:
    """Everything counted in these leaves, with the geometry a new deal needs (units)."""
    fids = tuple(leaves)
    return reader.once((facts_of, fids), lambda: _facts_of(reader, fids))


def _facts_of(reader: Reader, leaves: Iterable[int]) -> Facts:
    places, shares = [], []
    for chunk in chunks(leaves):
        rows = reader.connection.execute(select(BUILDINGS).where(BUILDINGS.c.area.in_(chunk)).order_by(BUILDINGS.c.fid)).all()
        counts = building_counts(reader, rows)
        for row in rows:
            if row.geom is not None:
                shape = to_units(row.geom)
                places.append(Place(row.fid, inner_point(shape), counts[row.fid], shape.area * (row.floors or 1), shape,
                                    row.area))
        statement = select(SHARES, CELLS.c.geom.label("cell_geom")).join(CELLS, CELLS.c.fid == SHARES.c.cell)
        for row in reader.connection.execute(statement.where(SHARES.c.area.in_(chunk)).order_by(SHARES.c.fid)):
            shares.append(Share(row.fid, row.cell, row.area, row.weight, to_units(row.cell_geom), share_counts(row)))
    return Facts(tuple(places), tuple(shares))


def building_counts(reader: Reader, rows: Iterable[Any]) -> dict[int, Counts]:
    """Counts per building: the sum of its stairwells where stairwells are known, else its own numbers."""
    rows = list(rows)
    units: dict[int, list[Counts]] = defaultdict(list)
    for chunk in chunks(row.fid for row in rows):
        columns = [UNITS.c.building, *(UNITS.c[name] for name in _COUNT_COLUMNS)]
        for unit in reader.connection.execute(select(*columns).where(UNITS.c.building.in_(chunk))):
            units[unit.building].append(row_counts(unit))
    return {row.fid: as_building(total(units[row.fid]), stairwells=True) if row.fid in units else as_building(row_counts(row))
            for row in rows}


def row_counts(row: Any) -> Counts:
    """The numbers of one row (a fact of its own)."""
    values = tuple(getattr(row, kind) for kind in KINDS)
    return Counts(values, row.special, 1, 1 if values[0] is None else 0, 0, 0, row.source == DERIVED, row.counted_at, int(is_vacant(values)))


def as_building(counts: Counts, *, stairwells: bool = False) -> Counts:
    """Counts of a building: one building, and a home that wants a head when it has stairwells where somebody lives."""
    return Counts(counts.values, counts.special, counts.facts, counts.unknown, 1, 1 if stairwells and counts.households else 0,
                  counts.estimated, counts.counted_at, counts.vacant)


def share_counts(row: Any) -> Counts:
    """The numbers dealt to a leaf from a cell."""
    values = tuple(getattr(row, kind) for kind in KINDS)
    return Counts(values, row.special, 1, 1 if values[0] is None else 0, 0, 0, bool(row.estimated), None, int(is_vacant(values)))


def leaf_counts(reader: Reader, leaves: Iterable[int] | None = None) -> dict[int, Counts]:
    """Sums per leaf, all leaves for None. Leaves without any fact are left out."""
    held: dict[int, list[Counts]] = defaultdict(list)
    for chunk in ([None] if leaves is None else chunks(leaves)):
        columns = [BUILDINGS.c.fid, BUILDINGS.c.area, *(BUILDINGS.c[name] for name in _COUNT_COLUMNS)]
        statement = select(*columns)
        if chunk is not None:
            statement = statement.where(BUILDINGS.c.area.in_(chunk))
        rows = reader.connection.execute(statement).all()
        counts = building_counts(reader, rows)
        for row in rows:
            held[row.area].append(counts[row.fid])
        columns = [SHARES.c.area, SHARES.c.estimated, *(SHARES.c[kind] for kind in KINDS), SHARES.c.special, CELLS.c.counted_at]
        statement = select(*columns).join(CELLS, CELLS.c.fid == SHARES.c.cell)
        if chunk is not None:
            statement = statement.where(SHARES.c.area.in_(chunk))
        for row in reader.connection.execute(statement):
            one = share_counts(row)
            held[row.area].append(one if row.counted_at is None else Counts(
                one.values, one.special, 1, one.unknown, 0, 0, one.estimated, row.counted_at, one.vacant))
    return {leaf: total(counts) for leaf, counts in held.items()}


def held_in(reader: Reader, leaves: Iterable[Area], *, everywhere: bool = False) -> dict[int, Counts]:
    """What each of these leaves holds, ground known to be empty included. `everywhere` reads all leaves at once."""
    leaves = list(leaves)
    counts = leaf_counts(reader, None if everywhere else sorted(area.fid for area in leaves))
    return {area.fid: of_leaf(counts.get(area.fid), area.attributes.get("uninhabited"), reader.rules.population_kind) for area in leaves}
