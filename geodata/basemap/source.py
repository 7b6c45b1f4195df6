"""What a base map (底图) is: its settings, what it holds, one tile of it, and where its files may lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from layers.errors import BadFile

from .settings import Basemap

WORLD = (-180.0, -85.051129, 180.0, 85.051129)  # degrees; what web-mercator tiles can show
Format = Literal["raster", "vector"]
Progress = Callable[[float, str], None]

# what the first bytes of a tile say it is
_SIGNS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
VECTOR = "application/vnd.mapbox-vector-tile"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Info:
    """What a base map holds."""

    format: Format
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float] = WORLD  # west, south, east, north in degrees
    tile_size: int = 256  # pixels
    layers: tuple[str, ...] = ()  # of vector tiles
    attribution: str = ""
    version: str = ""  # changes when the tiles do


@dataclass(frozen=True, slots=True)
class Picture:
    """One tile: its bytes, its media type, whether they are gzip, and until when they hold (epoch seconds)."""

    data: bytes
    media: str
    gzip: bool = False
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Place:
    """Where base maps may keep their caches, and what they must keep off."""

    folder: Path
    store: Path | None = None  # the live store: no reader of base maps ever opens it
    cache_bytes: int = 0  # of fetched tiles on disk, for each base map
    cache_days: float = 0
    timeout_s: float = 8


class Source(Protocol):
    """An open base map. Any thread may ask."""

    info: Info

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile; None where there is nothing. Raises NotYet, BadFile."""

    def close(self) -> None:
        """Lets go of the file."""


class NotYet(Exception):
    """The tile is on its way, or the other server does not answer: ask again after so many seconds. No refusal."""

    def __init__(self, text: str, after_s: float):
        super().__init__(text)
        self.after_s = after_s


def file_of(setting: Basemap, place: Place) -> Path:
    """The file of a base map. Raises BadFile when it is not there or is the live store itself."""
    path = Path(setting.path)
    if not path.is_file():
        raise BadFile(f"{path.name or setting.id}: there is no such file")
    if place.store is not None and _is_part_of(path, place.store):
        raise BadFile(f"{path.name}: the live store is no base map")
    return path


def _is_part_of(path: Path, store: Path) -> bool:
    """Whether the path is the store, its log, or the accounts beside it, under whatever name."""
    suffixes = ("", "-wal", "-shm")
    parts = [Path(f"{file}{suffix}") for file in (store, store.with_suffix(".accounts.sqlite")) for suffix in suffixes]
    return any(part.exists() and path.samefile(part) for part in parts)


def media_of(data: bytes) -> str | None:
    """The media type of a tile by its first bytes; None for what is no tile."""
    for sign, media in _SIGNS:
        if data.startswith(sign):
            return media
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(GZIP) or data[:1] == b"\x1a":  # a vector tile begins with a layer
        return VECTOR
    return None


def picture(data: bytes, until: float = float("inf")) -> Picture | None:
    """Bytes as a tile; None for what is no tile, so that nothing else is ever passed on."""
    media = media_of(data)
    return media and Picture(data, media, media == VECTOR and data.startswith(GZIP), until)


def size_of(data: bytes) -> int:
    """Width in pixels of a picture by its head; 256 where that is not told."""
    if data.startswith(b"\x89PNG"):
        return int.from_bytes(data[16:20], "big")
    if data.startswith(b"\xff\xd8"):
        return _jpeg_width(data)
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1
    if data[12:16] == b"VP8L":
        return (int.from_bytes(data[21:23], "little") & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        return int.from_bytes(data[26:28], "little") & 0x3FFF
    return 256


def _jpeg_width(data: bytes) -> int:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if 0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7:at + 9], "big")
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return 256


def within(setting: Basemap, info: Info) -> Info:
    """What it holds, inside the zooms of the settings; their attribution goes first."""
    low = info.min_zoom if setting.min_zoom is None else max(setting.min_zoom, info.min_zoom)
    high = info.max_zoom if setting.max_zoom is None else min(setting.max_zoom, info.max_zoom)
    return replace(info, min_zoom=low, max_zoom=max(low, high), attribution=setting.attribution or info.attribution)
