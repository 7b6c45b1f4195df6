"""What a snapshot says about itself, and whether it is still true: revision, time, tables with counts and checksums.

It lies inside the file, in the table `weige_snapshot`: one row a key, JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select
from sqlalchemy.exc import DatabaseError

from layers.errors import BadFile, NotFound

from .engine import connect_copy
from .reasons import reasons
from .records import tallied
from .schema import metadata
from .types import Json

TABLE = "weige_snapshot"
FORMAT = 1
Progress = Callable[[float, str], None]
_ROWS = Table(TABLE, MetaData(), Column("key", Text, primary_key=True), Column("value", Json))


def write_manifest(connection: Connection, told: dict[str, Any]) -> None:
    """Puts it into the file, with a checksum of itself."""
    _ROWS.drop(connection, checkfirst=True)
    _ROWS.create(connection)
    connection.execute(insert(_ROWS), [{"key": key, "value": value} for key, value in {**told, "sha256": _sum(told)}.items()])


def read_manifest(connection: Connection, path: Path) -> dict[str, Any]:
    """What the file says. Raises BadFile when it is no snapshot of ours, or not as it was written."""
    if not inspect(connection).has_table(TABLE):
        raise BadFile(f"{path} is no snapshot of Weige; take in other files with `weige import`")
    told = {row.key: row.value for row in connection.execute(select(_ROWS))}
    if told.pop("sha256", None) != _sum(told):
        raise BadFile(f"{path}: what the snapshot says about itself was changed")
    if told.get("format", 0) > FORMAT:
        raise BadFile(f"{path} was written by a newer release of Weige; use that one")
    return told


@contextmanager
def opened(path: Path) -> Iterator[tuple[Connection, dict[str, Any]]]:
    """A connection that reads a snapshot, and what it says. Raises NotFound, BadFile."""
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    with reasons("", path):
        engine = connect_copy(path)
        try:
            with engine.connect() as connection, connection.begin():
                yield connection, read_manifest(connection, path)
        finally:
            engine.dispose()


def is_snapshot(path: Path) -> bool:
    """True for a file that says it is a snapshot of ours."""
    try:
        with opened(path):
            return True
    except (BadFile, NotFound, DatabaseError):
        return False


def verify(connection: Connection, told: dict[str, Any], path: Path, progress: Progress) -> None:
    """Raises BadFile unless the file is whole and every table holds what it held when it was written."""
    progress(0.0, "integrity")
    damage = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    if damage != "ok":
        raise BadFile(f"{path} is damaged: {damage}")
    tables = told["tables"]
    for number, (name, held) in enumerate(tables.items()):
        progress(0.1 + 0.9 * number / len(tables), name)
        now = tallied(connection, of_columns(name, held["columns"]), held["columns"])
        if now["rows"] != held["rows"]:
            raise BadFile(f"{path}: {name} holds {now['rows']:,} rows, the snapshot had {held['rows']:,}", table=name)
        if now["sha256"] != held["sha256"]:
            raise BadFile(f"{path}: {name} was changed after the snapshot; take such a file in with `weige import`", table=name)


def of_columns(name: str, columns: Sequence[str], source: MetaData = metadata) -> Table:
    """The table as a file of an earlier release has it: of our columns those that are named, others as they come."""
    if name not in source.tables:
        raise BadFile(f"the snapshot holds a table {name}, which this release does not know")
    table = source.tables[name]
    if list(table.c.keys()) == list(columns):
        return table
    kept = [Column(column, table.c[column].type if column in table.c else Text, primary_key=column in table.primary_key.columns)
            for column in columns]
    return Table(name, MetaData(), *kept)


def _sum(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
