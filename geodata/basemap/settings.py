"""The settings of base maps, and what can be wrong with them: found when they are read, before anything is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from layers.errors import BadSetting

DEEPEST = 24  # no tile lies deeper
FETCHED = ("xyz", "wmts")  # kinds that are no file
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PLACES = ("{z}", "{x}")
_ROWS = ("{y}", "{-y}")  # counted from the north, from the south


class Basemap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One base map (底图) of the settings. Its path, address and key are told to nobody."""

    id: str
    kind: Literal["mbtiles", "pmtiles", "geotiff", "osm", "xyz", "wmts"]
    zh: str
    en: str
    path: str = ""  # of a file
    url: str = ""  # template of an address, fetched by the server
    key: str = ""  # stands for {key} in the address
    attribution: str = ""
    min_zoom: int | None = None
    max_zoom: int | None = None
    tile_size: Literal[256, 512] = 256  # pixels: of tiles made from a GeoTIFF, of tiles fetched
    opacity: float = 1.0
    gcj02: bool = False  # drawn in the shifted datum of Chinese web maps

    def __repr__(self) -> str:
        return f"Basemap({self.id!r}, {self.kind!r})"


def faults(settings: Sequence[Basemap]) -> Iterator[str]:
    """What is of the right type and still cannot be, in words that name the key and never its value."""
    ids = [setting.id for setting in settings]
    yield from (f"basemaps: {name} stands twice" for name in {name for name in ids if ids.count(name) > 1})
    for setting in settings:
        name = f"basemaps.{setting.id}"
        if not _ID.fullmatch(setting.id):
            yield f"{name}: an id is made of a-z, 0-9, _ and -"
        if not (setting.zh and setting.en):
            yield f"{name} needs names, zh and en"
        low, high = (setting.min_zoom or 0), (DEEPEST if setting.max_zoom is None else setting.max_zoom)
        if not 0 <= low <= high <= DEEPEST:
            yield f"{name}: min_zoom and max_zoom lie between 0 and {DEEPEST}"
        if not 0 < setting.opacity <= 1:
            yield f"{name}.opacity lies above 0 and is at most 1"
        if setting.kind not in FETCHED:
            if not setting.path or setting.url or setting.key:
                yield f"{name}: {setting.kind} needs a path, and no url or key"
            continue
        if setting.path:
            yield f"{name}: {setting.kind} needs a url, and no path"
        try:
            address_of(setting)
        except BadSetting as error:
            yield error.text


def address_of(setting: Basemap) -> SplitResult:
    """The address of the settings. Raises BadSetting when it is none of http or https, names no host, or lacks a place
    for zoom, column or row."""
    wrong = f"basemaps.{setting.id}.url"
    try:
        address = urlsplit(setting.url)
        port = address.port
    except ValueError:
        raise BadSetting(f"{wrong} is no address") from None
    if address.scheme not in ("http", "https") or not address.hostname or port == 0:
        raise BadSetting(f"{wrong}: http:// or https:// and a host are needed")
    if "{" in address.netloc or "@" in address.netloc:
        raise BadSetting(f"{wrong}: the host stands there as it is, without braces and passwords")
    if not setting.url.isascii() or any(letter <= " " for letter in setting.url):
        raise BadSetting(f"{wrong}: letters that an address cannot hold")
    rest = f"{address.path}?{address.query}"
    lacking = [name for name in _PLACES if name not in rest] + ([] if any(row in rest for row in _ROWS) else [_ROWS[0]])
    if lacking:
        raise BadSetting(f"{wrong} lacks {', '.join(lacking)}")
    if setting.key and "{key}" not in rest:
        raise BadSetting(f"{wrong} has no {{key}} to put the key in")
    return address
