"""The write-ahead log of a GeoPackage store kept short, also when somebody always reads.

SQLite copies the log into the file by itself, but begins it anew only when no reader looks at an older state. Where
readers overlap without end and somebody writes, the log would grow for ever. So a log that has grown is emptied after a
commit: that waits a moment for the readers of older states (new ones do not hold it up), never longer than WAIT_MS, and
when one reads for long, it is tried again only after as much has been written as before.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

LIMIT = 16 * 1024 * 1024  # bytes
WAIT_MS = 200


class Wal:
    """Owns the limit at which the log is emptied next. Public: size, shorten. Called by one writer at a time."""

    def __init__(self, engine: Engine, path: Path):
        self.engine, self.path = engine, Path(f"{path}-wal")
        self._limit = LIMIT

    @property
    def size(self) -> int:
        """Bytes of the log."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def shorten(self) -> None:
        """Empties the log when it has grown; leaves it when somebody reads an older state for long, or the disk is full."""
        if self.size <= self._limit:
            return
        with suppress(DatabaseError):
            raw = self.engine.raw_connection()
            try:
                patience = raw.driver_connection.execute("PRAGMA busy_timeout").fetchone()[0]
                raw.driver_connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
                try:
                    raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    raw.driver_connection.execute(f"PRAGMA busy_timeout = {patience}")
            finally:
                raw.close()
        self._limit = LIMIT + (self.size if self.size > LIMIT else 0)
