"""Connecting: one GeoPackage file (SQLite, WAL) or PostgreSQL with PostGIS, chosen by URL."""

from __future__ import annotations

import os
import sqlite3
import struct
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from layers.errors import BadFile, BadInput, ReadOnly, StoreMissing


def gpkg_path(url: str) -> Path | None:
    """The file of a gpkg:/// URL, None for PostgreSQL. Raises BadInput for any other address."""
    if url.startswith(("postgresql://", "postgres://")):
        return None
    if not url.startswith("gpkg:///"):
        raise BadInput(f"not a store address: {url} (gpkg:///absolute/file.gpkg or postgresql://…)")
    return Path(unquote(url.removeprefix("gpkg://")))


def is_postgres(url: str) -> bool:
    """True for a PostgreSQL store."""
    return gpkg_path(url) is None


def gpkg_url(path: Path) -> str:
    """The address of a GeoPackage store."""
    return "gpkg://" + quote(str(path.resolve()))


def accounts_path(path: Path) -> Path:
    """The second file of a GeoPackage store, or of a snapshot."""
    return path.with_suffix(".accounts.sqlite")


def is_writable(path: Path) -> bool:
    """True when we may change the file."""
    return os.access(path, os.W_OK)


def connect(url: str, *, create: bool = False, busy_timeout_s: float = 10, synchronous: str = "FULL") -> Engine:
    """An engine for the store. Raises StoreMissing when the file is not there and `create` is false."""
    path = gpkg_path(url)
    if path is None:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1), pool_size=12, max_overflow=12, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "connect", lambda connection, _record: _prepare_postgres(connection, busy_timeout_s))
        return engine
    if not path.exists():
        if not create:
            raise StoreMissing(f"there is no store at {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return _sqlite_engine(path, busy_timeout_s, synchronous, "weige_schema")


def connect_accounts(url: str, *, busy_timeout_s: float = 10) -> Engine:
    """An engine for accounts, tokens and audit: a second file beside the GeoPackage, a schema on PostgreSQL."""
    path = gpkg_path(url)
    if path is None:
        engine = connect(url)
        return engine.execution_options(schema_translate_map={None: "weige_accounts"})
    second = accounts_path(path)
    if not second.exists():
        second.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(second, os.O_CREAT | os.O_RDWR, 0o600))
    return _sqlite_engine(second, busy_timeout_s, "FULL", "accounts")


def connect_copy(path: Path, *, write: bool = False) -> Engine:
    """An engine for a file nobody serves, a snapshot: one file without a log beside it, synced by who writes it."""
    return _sqlite_engine(path, 10, "OFF", "", only_read=not write, journal="DELETE")


def _sqlite_engine(path: Path, busy_timeout_s: float, synchronous: str, ours: str, *, only_read: bool = False,
                   journal: str = "WAL") -> Engine:
    only_read = only_read or not is_writable(path)
    address = URL.create("sqlite+pysqlite", database=str(path))
    if only_read:
        address = URL.create("sqlite+pysqlite", database=f"file:{quote(str(path))}", query={"uri": "true", **_how_to_read(path)})
    engine = create_engine(
        address, poolclass=QueuePool, pool_size=16, max_overflow=16, hide_parameters=True,  # errors quote no names
        connect_args={"check_same_thread": False, "timeout": busy_timeout_s})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record):
        connection.isolation_level = None  # transactions begin where we say
        tables = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and ours and ours not in tables:  # said before anything of ours touches it
            raise BadFile(f"{path} holds something else than a Weige store; name a new one")
        connection.create_function("weige_writer", 0, lambda: 1)
        connection.create_function("ST_IsEmpty", 1, lambda blob: None if blob is None else blob[3] >> 4 & 1, deterministic=True)
        for place, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
            connection.create_function(name, 1, _envelope(8 + 8 * place), deterministic=True)
        if not only_read:
            connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # 16 MB a connection, and no mapped file: mapped pages count as the process's own once for every connection
        # (330,000 areas, read once: 290 MB), and reads are as fast from the system's cache.
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("PRAGMA temp_store = MEMORY" if journal == "WAL" else "PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def begin(connection):
        mode = connection.get_execution_options().get("weige_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _how_to_read(path: Path) -> dict[str, str]:
    """Options for a file we do not write. Where not even the two files of the write-ahead log can be made beside it,
    nobody can be writing: it is read as it lies there. Raises ReadOnly when a log was left that would have to be read."""
    if is_writable(path.parent):
        return {"mode": "ro"}
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        raise ReadOnly(f"{log} was left by a crash; make the folder writable once, so that it can be taken in", reason="storage")
    return {"mode": "ro", "immutable": "1"}


def _envelope(offset: int):
    return lambda blob: None if blob is None else struct.unpack_from("<d", blob, offset)[0]


def _prepare_postgres(connection, busy_timeout_s: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET client_encoding TO 'UTF8'")
        cursor.execute("SET timezone TO 'UTC'")
        cursor.execute(f"SET lock_timeout TO {round(busy_timeout_s * 1000)}")
    connection.commit()
