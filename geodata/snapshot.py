"""`weige snapshot`: a copy of the store in one file, whole at one revision, while everybody goes on working.

Three contents. `layers`: for people, a plain GeoPackage to open and change in QGIS. `history`: the same with what was
before. `full`: everything needed to go on after a restore. Accounts go into a second file, and only when asked for.
Never inside: sessions, secrets, jobs.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from layers.errors import BadInput

from .account_copies import snapshot_accounts
from .checking import prove
from .engine import accounts_path, connect_copy
from .manifest import FORMAT, is_snapshot, write_manifest
from .migrations import migrate, steps
from .pouring import HISTORY_TABLES, LAYER_TABLES, NOT_CARRIED, NOT_CARRIED_META, Progress, all_tables, book_of, pour
from .reasons import reasons
from .records import tallied
from .rows import Reader
from .schema import META, SPATIAL, metadata
from .store import Store
from .written import beside

CONTENTS = {"layers": LAYER_TABLES, "history": HISTORY_TABLES, "full": all_tables()}
_STANDARD = ("gpkg_", "rtree_", "sqlite_")  # tables of the file itself


def snapshot(store: Store, path: Path, *, contents: str = "layers", accounts: bool = False,
             progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Writes the file (0600, put on the disk, in place wholly or not at all) and answers what it says about itself:
    {"contents", "rev", "seq", "at", "tables": {name: {"rows", "sha256"}}, "check", ...}. Holds up no writer. Replaces an
    older snapshot; raises BadInput rather than replace anything else."""
    path = path.absolute()
    _refuse(store, path)
    if accounts:
        _refuse(store, accounts_path(path))
    at = store.clock().isoformat(timespec="seconds")
    with reasons(store.url), ExitStack() as files:
        # Accounts first: rights given on an area that is not in the copy of the map would come to life on another one.
        second = files.enter_context(beside(accounts_path(path))) if accounts else None
        held = snapshot_accounts(store.url, second, at) if second else None
        file = files.enter_context(beside(path))
        with reasons(store.url, file):
            book = _fill(store, file, contents, part(progress, 0.0, 0.6))
            return _finish(file, store, contents, at, book, held, part(progress, 0.6, 1.0))


def _refuse(store: Store, path: Path) -> None:
    ours = [store.path, accounts_path(store.path)] if store.path else []
    if path.exists() and any(one.exists() and path.samefile(one) for one in ours):
        raise BadInput(f"{path} is the store itself")
    if path.exists() and not is_snapshot(path):
        raise BadInput(f"{path} is there already and is no snapshot; name another file")


def part(progress: Progress, start: float, end: float) -> Progress:
    """The same for a part of the work, from `start` to `end`."""
    return lambda done, what: progress(start + (end - start) * done, what)


# ---- filling ---------------------------------------------------------------------------------------------------------
def _fill(store: Store, file: Path, contents: str, progress: Progress) -> dict[str, Any]:
    """The tables of the store at one revision, and maybe more than are wanted; answers its book."""
    if store.is_file:
        _vacuum_into(store.engine, file, progress)
    engine = connect_copy(file, write=True)
    try:
        with engine.connect() as copy, copy.begin():
            if store.is_file:
                return book_of(copy)
            migrate(copy)
            with store.read() as reader:
                pour(reader.connection, copy, [metadata.tables[name] for name in CONTENTS[contents]], progress)
                return book_of(reader.connection)
    finally:
        engine.dispose()


def _vacuum_into(engine: Engine, file: Path, progress: Progress) -> None:
    """SQLite writes the copy itself, within one look at the store; writers go on."""
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        size = connection.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        connection.set_progress_handler(lambda: progress(min(1.0, file.stat().st_size / size), "copy"), 200_000)
        try:
            connection.execute("VACUUM INTO ?", (str(file),))
        finally:
            connection.set_progress_handler(None, 0)
    finally:
        raw.close()


# ---- finishing -------------------------------------------------------------------------------------------------------
def _finish(file: Path, store: Store, contents: str, at: str, book: dict[str, Any], held: dict[str, Any] | None,
            progress: Progress) -> dict[str, Any]:
    """Takes out what is not wanted, proves what stays and writes down what it is."""
    engine = connect_copy(file, write=True)
    try:
        with engine.connect() as connection, connection.begin():
            reader, names = Reader(connection, store.rules), CONTENTS[contents]
            _strip(connection, names, guarded=contents == "full")
            _describe(connection)
            if contents != "full":
                _let_add(connection)
            progress(0.2, "proof")
            check, _ = prove(reader, reader.all_areas(), book["meta"].get("codes", "free"))
            tables = {}
            for number, name in enumerate(names):
                progress(0.4 + 0.4 * number / len(names), name)
                tables[name] = tallied(connection, metadata.tables[name])
            told = {"format": FORMAT, "contents": contents, "rev": book["counters"].get("rev", 0),
                    "seq": book["counters"].get("seq", 0), "at": at, "schema": steps()[-1][0],
                    "store": "gpkg" if store.is_file else "postgis", "check": check, "tables": tables,
                    "accounts": held, "book": book}
            write_manifest(connection, told)
        if contents != "full" and store.is_file:
            progress(0.9, "pack")
            raw = engine.raw_connection()
            raw.driver_connection.execute("VACUUM")  # the room of what was taken out
            raw.close()
    finally:
        engine.dispose()
    os.chmod(file, 0o600)
    progress(1.0, "done")
    return {**{key: value for key, value in told.items() if key != "book"}, "bytes": file.stat().st_size}


def _strip(connection: Connection, names: tuple[str, ...], *, guarded: bool) -> None:
    """Leaves these tables and those that make the file a GeoPackage; unless `guarded`, anybody may write to it."""
    kept = {*names, *({"weige_schema", *NOT_CARRIED} if guarded else ())}
    if not guarded:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'weige!_%' ESCAPE '!'")
                                       ).scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    for name in inspect(connection).get_table_names():
        if name not in kept and not name.startswith(_STANDARD):
            connection.exec_driver_sql(f'DROP TABLE "{name}"')
    if META.name in kept:
        connection.execute(META.delete().where(META.c.key.in_(NOT_CARRIED_META)))
    for name in NOT_CARRIED & kept:
        connection.execute(metadata.tables[name].delete())


def _let_add(connection: Connection) -> None:
    """Whoever draws a new object in QGIS need not know our columns `version` and `rev`. SQLite changes a default only so."""
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for column, default in (("version", 1), ("rev", 0)):
        connection.exec_driver_sql(
            f"UPDATE sqlite_master SET sql = replace(sql, '{column} INTEGER NOT NULL', '{column} INTEGER DEFAULT {default}') "
            "WHERE type = 'table' AND name IN (SELECT table_name FROM gpkg_contents)")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _describe(connection: Connection) -> None:
    """The extent of each layer, for programs that show the whole at once."""
    for name in SPATIAL:
        box = connection.exec_driver_sql(f'SELECT min(minx), min(miny), max(maxx), max(maxy) FROM "rtree_{name}_geom"').one()
        connection.exec_driver_sql(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, "
            "last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?", (*box, name))
