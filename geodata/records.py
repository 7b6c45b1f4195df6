"""Rows as plain values, the same from either store: what copies carry, and what their checksums are taken of.

Shapes are WKB in degrees, truth values 0 or 1, JSON its text. Rows come in the order of their keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import numpy as np
import shapely
from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, Text, cast, collate, func, insert, select, type_coerce
from sqlalchemy.sql import ColumnElement

from .types import Geom, Json, Wkb, to_blob_of

SIZE = 2000  # rows at a time
Record = tuple[Any, ...]
_ENCODER = msgspec.msgpack.Encoder()


@dataclass(slots=True)
class Tally:
    """Owns the checksum of a table while its rows pass. Public: add, rows, as_json."""

    columns: Sequence[str]
    rows: int = 0
    _sum: Any = field(default_factory=hashlib.sha256)

    def add(self, records: Iterable[Record]) -> None:
        """Takes in the next rows."""
        for record in records:
            self._sum.update(_ENCODER.encode(record))
            self.rows += 1

    def as_json(self) -> dict[str, Any]:
        """{"rows", "sha256", "columns"}."""
        return {"rows": self.rows, "sha256": self._sum.hexdigest(), "columns": list(self.columns)}


def tallied(connection: Connection, table: Table, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """{"rows", "sha256", "columns"} of a table as it is now, or of some of its columns."""
    tally = Tally(list(columns or table.c.keys()))
    for records in each(connection, table, tally.columns):
        tally.add(records)
    return tally.as_json()


def each(connection: Connection, table: Table, columns: Sequence[str] | None = None) -> Iterator[list[Record]]:
    """Every row as plain values, SIZE at a time, in the order of its key."""
    chosen = [_plain(table.c[name]).label(f"_{name}") for name in columns or table.c.keys()]
    order = [_in_bytes(column, connection.dialect.name) for column in table.primary_key]
    for rows in connection.execute(select(*chosen).order_by(*order), execution_options={"yield_per": SIZE}).partitions():
        yield [tuple(row) for row in rows]


def write(connection: Connection, table: Table, columns: Sequence[str], records: Sequence[Record]) -> None:
    """Adds rows of plain values; columns that are not named stay empty."""
    if not records:
        return
    series = list(zip(*records, strict=True))
    if connection.dialect.name == "sqlite":
        series = [_blobs(values) if isinstance(table.c[name].type, Geom) else values for name, values in zip(columns, series, strict=True)]
    connection.execute(insert(_bare(table)), [dict(zip(columns, row, strict=True)) for row in zip(*series, strict=True)])


def go_on_counting(connection: Connection, table: Table, column: str) -> None:
    """Numbers that the database hands out by itself go on after the highest there is, though rows came with theirs."""
    if connection.dialect.name != "postgresql":
        return  # SQLite sees to it
    schema = (connection.get_execution_options().get("schema_translate_map") or {}).get(None)
    sequence = func.pg_get_serial_sequence(f"{schema}.{table.name}" if schema else table.name, column)
    highest = select(func.max(table.c[column])).scalar_subquery()
    connection.execute(select(func.setval(sequence, func.coalesce(highest, 1), highest.is_not(None))))


class _Given(Geom):
    """Geometry handed to the store as it takes it: WKB for PostGIS, a GeoPackage blob for SQLite."""

    cache_ok = True

    def bind_processor(self, dialect):
        return None


@cache
def _bare(table: Table) -> Table:
    """The same table for plain values."""
    return Table(table.name, MetaData(), *[Column(column.name, _bare_type(column.type)) for column in table.c])


def _bare_type(type_: Any) -> Any:
    return _Given(type_.kind) if isinstance(type_, Geom) else Text() if isinstance(type_, Json) else type_


def _plain(column: ColumnElement) -> ColumnElement:
    if isinstance(column.type, Geom):
        return type_coerce(column, Wkb())
    if isinstance(column.type, Json):
        return type_coerce(column, Text)
    return cast(column, Integer) if isinstance(column.type, Boolean) else column


def _in_bytes(column: ColumnElement, dialect: str) -> ColumnElement:
    """The column as it orders rows: text by its bytes in both stores, whatever language the database speaks."""
    return collate(column, "C") if dialect == "postgresql" and isinstance(column.type, Text) else column


def _blobs(values: Sequence[bytes | None]) -> list[bytes | None]:
    shapes = shapely.from_wkb(np.array(values, dtype=object))
    return [None if wkb is None else to_blob_of(wkb, shape.is_empty, bounds)
            for wkb, shape, bounds in zip(values, shapes, shapely.bounds(shapes).tolist(), strict=True)]
