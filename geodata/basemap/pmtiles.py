"""Base maps from PMTiles: one file of raster or vector tiles with directories of its own."""

from __future__ import annotations

import gzip
import json
import os
import threading
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pmtiles.tile import (
    Compression,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    zxy_to_tileid,
)

from layers.errors import BadFile

from .mbtiles import layers_of
from .settings import DEEPEST, Basemap
from .source import WORLD, Info, Picture, Place, Progress, file_of, picture, size_of

_HEAD = 127  # bytes of the header
_DIRECTORIES = 64  # kept in memory
_DEPTH = 4  # directories on the way to a tile, at most
_BROKEN = (ValueError, KeyError, IndexError, EOFError, OSError, OverflowError, MemoryError, zlib.error)
_KINDS = {TileType.MVT: "vector", TileType.PNG: "raster", TileType.JPEG: "raster", TileType.WEBP: "raster"}


class Directory(NamedTuple):
    """Entries of one directory, rising by tile."""

    tile: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    run: np.ndarray  # tiles with the same bytes; 0: the entry leads to another directory


class PMTiles:
    """Owns the open file and its latest directories. Reads by place, so any thread may. Public: info, tile, close."""

    def __init__(self, path: Path):
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._file).st_size
        self._kept: OrderedDict[tuple[int, int], Directory] = OrderedDict()
        self._turn = threading.Lock()
        try:
            self._head = deserialize_header(self._bytes(0, _HEAD))
            self.info = self._read_info()
        except (MagicNumberNotFound, SpecVersionUnsupported):
            self.close()
            raise BadFile(f"{path.name}: no PMTiles of version 3") from None
        except _BROKEN as error:
            self.close()
            raise BadFile(f"{path.name}: no PMTiles that can be read ({error})") from None

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile. Raises BadFile when the file is broken there."""
        try:
            data = self._find(zxy_to_tileid(z, x, y))
        except _BROKEN as error:
            raise BadFile(f"{self.path.name}: {error}") from None
        return picture(data) if data else None

    def close(self) -> None:
        """Closes the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _find(self, tile: int) -> bytes | None:
        head = self._head
        offset, length = head["root_offset"], head["root_length"]
        for _ in range(_DEPTH):
            directory = self._directory(offset, length)
            at = int(np.searchsorted(directory.tile, tile, side="right")) - 1
            if at < 0:
                return None
            run, start, length = int(directory.run[at]), int(directory.offset[at]), int(directory.length[at])
            if run:
                inside = tile - int(directory.tile[at]) < run
                return self._bytes(head["tile_data_offset"] + start, length) if inside else None
            offset = head["leaf_directory_offset"] + start
        return None

    def _directory(self, offset: int, length: int) -> Directory:
        with self._turn:
            if (offset, length) in self._kept:
                self._kept.move_to_end((offset, length))
                return self._kept[offset, length]
        entries = deserialize_directory(self._bytes(offset, length))
        directory = Directory(*(np.fromiter((getattr(entry, name) for entry in entries), np.int64, len(entries))
                                for name in ("tile_id", "offset", "length", "run_length")))
        with self._turn:
            self._kept[offset, length] = directory
            while len(self._kept) > _DIRECTORIES:
                self._kept.popitem(last=False)
        return directory

    def _bytes(self, offset: int, length: int) -> bytes:
        """A stretch of the file. Raises ValueError beyond its end: a map that was cut off ends here, not in a signal."""
        if offset < 0 or length < 0 or offset + length > self._size:
            raise ValueError("the file ends too early")
        data = os.pread(self._file, length, offset)
        if len(data) != length:
            raise ValueError("the file ends too early")
        return data

    def _read_info(self) -> Info:
        head = self._head
        kind = _KINDS.get(head["tile_type"])
        if kind is None:
            raise ValueError("its tiles are neither pictures (PNG, JPEG, WebP) nor vector tiles")
        if head["internal_compression"] != Compression.GZIP or head["tile_compression"] not in (
                Compression.NONE, Compression.GZIP, Compression.UNKNOWN):
            raise ValueError(f"compressed with {head['tile_compression'].name.lower()}, not with gzip")
        if not 0 <= head["min_zoom"] <= head["max_zoom"] <= DEEPEST:
            raise ValueError(f"zooms {head['min_zoom']} to {head['max_zoom']}")
        told = json.loads(gzip.decompress(self._bytes(head["metadata_offset"], head["metadata_length"])) or b"{}")
        west, south, east, north = (head[f"{name}_e7"] / 1e7 for name in ("min_lon", "min_lat", "max_lon", "max_lat"))
        fits = -180 <= west < east <= 180 and -90 <= south < north <= 90
        first = next(iter(deserialize_directory(self._bytes(head["root_offset"], head["root_length"]))), None)
        if first is None:
            raise ValueError("it holds no tile")
        data = self._find(first.tile_id) or b""
        if picture(data) is None:
            raise ValueError("its first tile cannot be read")
        status = self.path.stat()
        return Info(kind, head["min_zoom"], head["max_zoom"],
                    (west, max(south, WORLD[1]), east, min(north, WORLD[3])) if fits else WORLD,
                    size_of(data) if kind == "raster" else 256, layers_of(told), str(told.get("attribution", "")),
                    f"{status.st_size:x}-{status.st_mtime_ns:x}")


def open_base(setting: Basemap, place: Place, progress: Progress) -> PMTiles:
    """The file of the settings. Raises BadFile."""
    return PMTiles(file_of(setting, place))
