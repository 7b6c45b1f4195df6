"""Fetched tiles on disk: one SQLite file for each base map, up to a size and an age; the oldest leave first.

The file is a convenience: when it cannot be written (a full disk, another process) tiles are fetched all the same.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from pathlib import Path

from .source import Picture, picture

_ROOM = 0.9  # a full file is emptied down to this share
_TABLE = """CREATE TABLE IF NOT EXISTS tiles (zoom INTEGER, x INTEGER, y INTEGER, fetched REAL, size INTEGER, data BLOB,
            PRIMARY KEY (zoom, x, y)) WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS tiles_by_age ON tiles (fetched, size)"


class TileDisk:
    """Owns the file and a connection for each thread. Public: get, put, close."""

    def __init__(self, folder: Path, owner: str, name: str, limit_bytes: int, lasts_s: float):
        self.path = folder / f"fetched-{name}.sqlite"
        self.limit_bytes, self.lasts_s = limit_bytes, lasts_s
        self._local, self._open, self._turn = threading.local(), [], threading.Lock()
        self.on = limit_bytes > 0 and lasts_s > 0
        if not self.on:
            return
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for older in folder.glob(f"fetched-{owner}-*.sqlite*"):  # of an address that is no longer asked
                if not older.name.startswith(self.path.name):
                    older.unlink()
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._try(lambda file: [file.execute("PRAGMA auto_vacuum = FULL"), file.execute("PRAGMA journal_mode = WAL"),
                                file.execute(_TABLE), file.execute(_INDEX), file.commit()])

    def get(self, z: int, x: int, y: int) -> tuple[Picture | None, bool]:
        """The tile kept, and whether it is fresh; (None, True): the other server has none there."""
        rows = self._try(lambda file: file.execute("SELECT fetched, data FROM tiles WHERE zoom = ? AND x = ? AND y = ?",
                                                   (z, x, y)).fetchall())
        if not rows:
            return None, False
        fetched, data = rows[0]
        until = fetched + self.lasts_s
        return (picture(data, until) if data else None), time.time() < until

    def put(self, z: int, x: int, y: int, data: bytes) -> Picture | None:
        """Keeps the bytes of a tile (b"": there is none); answers the tile."""
        now = time.time()
        if self.on:
            self._try(lambda file: self._write(file, (z, x, y, now, len(data), data)))
        return picture(data, now + self.lasts_s if self.on else now + 3600) if data else None

    def close(self) -> None:
        """Closes every connection."""
        with self._turn:
            while self._open:
                with contextlib.suppress(sqlite3.Error):
                    self._open.pop().close()
            self._local = threading.local()

    def _write(self, file: sqlite3.Connection, row: tuple) -> None:
        with self._turn, file:
            file.execute("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)", row)
            (held,), = file.execute("SELECT total(size) + 100 * count(*) FROM tiles").fetchall()
            if held > self.limit_bytes:
                self._empty(file, held)

    def _empty(self, file: sqlite3.Connection, held: float) -> None:
        limit, until = self.limit_bytes * _ROOM, None
        for fetched, size in file.execute("SELECT fetched, size FROM tiles ORDER BY fetched"):
            if held <= limit:
                break
            held, until = held - size - 100, fetched
        file.execute("DELETE FROM tiles WHERE fetched <= ?", (until,))

    def _try(self, work):
        """What `work` answers; None when the file is of no use just now."""
        if not self.on:
            return None
        try:
            return work(self._connection())
        except (sqlite3.Error, OSError):
            return None

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=2, check_same_thread=False)
            connection.execute("PRAGMA synchronous = NORMAL")
            with self._turn:
                self._open.append(connection)
            self._local.connection = connection
        return connection
