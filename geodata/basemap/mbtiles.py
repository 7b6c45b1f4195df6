"""Base maps from MBTiles: one SQLite file of raster or vector tiles, rows counted from the south (TMS)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

from layers.errors import BadFile

from .settings import DEEPEST, Basemap
from .source import VECTOR, WORLD, Info, Picture, Place, Progress, file_of, media_of, picture, size_of

_TILE = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"


class MBTiles:
    """Owns one connection to the file for each thread that asks. Public: info, metadata, tile, close."""

    def __init__(self, path: Path):
        self.path = path
        self._local, self._open, self._turn = threading.local(), [], threading.Lock()
        try:
            self.metadata = {str(name): str(value) for name, value in self._ask("SELECT name, value FROM metadata")}
            self.info = self._read_info()
        except (sqlite3.Error, ValueError, OverflowError) as error:
            self.close()
            raise BadFile(f"{path.name}: no MBTiles that can be read ({error})") from None

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile. Raises BadFile when the file cannot be read any more."""
        try:
            rows = self._ask(_TILE, (z, x, (1 << z) - 1 - y))
        except sqlite3.Error as error:
            raise BadFile(f"{self.path.name}: {error}") from None
        return picture(bytes(rows[0][0])) if rows and rows[0][0] else None

    def close(self) -> None:
        """Closes every connection."""
        with self._turn:
            while self._open:
                with contextlib.suppress(sqlite3.Error):
                    self._open.pop().close()
            self._local = threading.local()

    def _ask(self, statement: str, values: tuple = ()) -> list[tuple]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            with self._turn:
                self._open.append(connection)
            self._local.connection = connection
        return connection.execute(statement, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        address = self.path.resolve().as_uri()
        connection = sqlite3.connect(f"{address}?mode=ro", uri=True, check_same_thread=False)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchall()
            return connection
        except sqlite3.OperationalError:  # a log beside it that cannot be opened: read the file as it lies there
            connection.close()
            return sqlite3.connect(f"{address}?immutable=1", uri=True, check_same_thread=False)

    def _read_info(self) -> Info:
        (low, high), = self._ask("SELECT min(zoom_level), max(zoom_level) FROM tiles")
        if low is None:
            raise ValueError("it holds no tile")
        if not 0 <= low <= high <= DEEPEST:
            raise ValueError(f"zooms {low} to {high}")
        (first,), = self._ask("SELECT tile_data FROM tiles WHERE zoom_level = ? LIMIT 1", (high,))
        media = media_of(bytes(first or b""))
        if media is None:
            raise ValueError("its tiles are neither pictures (PNG, JPEG, WebP) nor vector tiles")
        status = self.path.stat()
        return Info("vector" if media == VECTOR else "raster", low, high, bounds_of(self.metadata.get("bounds", "")),
                    256 if media == VECTOR else size_of(bytes(first)), layers_of(self.metadata.get("json", "")),
                    self.metadata.get("attribution", ""), f"{status.st_size:x}-{status.st_mtime_ns:x}")


def bounds_of(text: str) -> tuple[float, float, float, float]:
    """"west,south,east,north"; the world when it says something else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return WORLD
    fits = -180 <= west < east <= 180 and -90 <= south < north <= 90
    return (west, max(south, WORLD[1]), east, min(north, WORLD[3])) if fits else WORLD


def layers_of(text: str | dict[str, Any]) -> tuple[str, ...]:
    """Names of vector layers of the metadata's JSON."""
    try:
        told = json.loads(text) if isinstance(text, str) else text
        return tuple(str(layer["id"]) for layer in told.get("vector_layers", []))
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def open_base(setting: Basemap, place: Place, progress: Progress) -> MBTiles:
    """The file of the settings. Raises BadFile."""
    return MBTiles(file_of(setting, place))
