"""All base maps of the settings: opened at the start, those that cannot be read told and left out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from layers.errors import BadFile, NotFound, WeigeError

from .memory import Kept, TileMemory
from .settings import Basemap
from .source import Info, Place, Progress, Source, within

log = logging.getLogger("weige.basemap")

# kind -> its module, loaded when a base map of that kind is there: rasterio alone takes half a second and 40 MB
KINDS = {"mbtiles": "mbtiles", "pmtiles": "pmtiles", "geotiff": "geotiff", "osm": "osm", "xyz": "remote", "wmts": "remote"}

SUFFIXES = {".mbtiles": "mbtiles", ".pmtiles": "pmtiles", ".tif": "geotiff", ".tiff": "geotiff", ".osm.pbf": "osm"}


@dataclass(slots=True)
class Held:
    """One base map of the settings and how it stands."""

    setting: Basemap
    state: Literal["ok", "preparing", "failed"] = "preparing"
    progress: float = 0.0
    text: str = ""  # why it failed
    source: Source | None = None
    info: Info | None = None


class Shelf:
    """Owns the open base maps and their tiles in memory. Any thread may ask. Public: all, held, tile, close."""

    def __init__(self, settings: Sequence[Basemap], place: Place, memory_bytes: int = 64_000_000, wait: bool = False):
        """With `wait`, extracts are read before this returns, else beside the server's work."""
        self.place = place
        self._memory = TileMemory(memory_bytes)
        self._held = {setting.id: Held(setting) for setting in settings}
        self._closed = False
        for held in self._held.values():
            module = import_module(f"{__package__}.{KINDS[held.setting.kind]}")
            if wait or not hasattr(module, "is_ready") or module.is_ready(held.setting, place):
                self._open(held, module)
            else:
                threading.Thread(target=self._open, args=(held, module), name=f"basemap-{held.setting.id}",
                                 daemon=True).start()

    def all(self) -> list[Held]:
        """Every base map, in the order of the settings."""
        return list(self._held.values())

    def held(self, name: str) -> Held:
        """The base map of that id. Raises NotFound."""
        if name not in self._held:
            raise NotFound(f"{name[:40]}: no such base map")
        return self._held[name]

    def tile(self, name: str, z: int, x: int, y: int) -> Kept:
        """One tile, or the knowledge that there is none. Raises NotFound, NotYet."""
        held = self.held(name)
        if held.source is None:
            raise NotFound(f"{name}: {held.text or 'this base map is being prepared'}")
        if not held.info.min_zoom <= z <= held.info.max_zoom:
            return _NOTHING
        return self._memory.fetch((name, z, x, y), lambda: self._read(held, z, x, y))

    def close(self) -> None:
        """Lets go of every file."""
        self._closed = True
        for held in self._held.values():
            source, held.source = held.source, None
            if source is not None:
                source.close()

    def _read(self, held: Held, z: int, x: int, y: int):
        """A tile that cannot be read is a hole in the base map, not an error of the page."""
        try:
            return held.source.tile(z, x, y)
        except BadFile as error:
            log.warning("base map %s, tile %d/%d/%d: %s", held.setting.id, z, x, y, error.text)
            return None

    def _open(self, held: Held, module) -> None:
        def tell(done: float, text: str) -> None:
            held.progress = done
        try:
            source = straight(held.setting, module.open_base(held.setting, self.place, tell))
            held.info = within(held.setting, source.info)
        except WeigeError as error:
            self._fail(held, error.text)
        except Exception as error:  # a broken file breaks its reader in ways nobody lists; the map starts all the same
            log.exception("base map %s", held.setting.id)
            self._fail(held, f"it cannot be read ({type(error).__name__})")
        else:
            held.source, held.state, held.progress = source, "ok", 1.0
            if self._closed:
                source.close()

    def _fail(self, held: Held, text: str) -> None:
        held.state, held.text = "failed", text
        log.error("base map %s cannot be used: %s", held.setting.id, text)


def straight(setting: Basemap, source: Source) -> Source:
    """The source itself, or what lies right where it is drawn in GCJ-02. Raises BadFile for vector tiles in GCJ-02."""
    if not setting.gcj02 or setting.kind == "osm":  # an extract is moved while it is read
        return source
    if source.info.format == "vector":
        source.close()
        raise BadFile(f"{setting.id}: gcj02 works for pictures and extracts, these are vector tiles")
    return import_module(f"{__package__}.recut").Recut(source)


def prepared(setting: Basemap, place: Place, progress: Progress) -> Info:
    """What a base map holds, opened once and made ready. Raises BadFile."""
    source = straight(setting, import_module(f"{__package__}.{KINDS[setting.kind]}").open_base(setting, place, progress))
    try:
        return within(setting, source.info)
    finally:
        source.close()


_NOTHING = Kept(None, '"empty"', float("inf"))
