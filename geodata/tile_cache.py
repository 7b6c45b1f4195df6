"""Compressed tiles in memory: the least used leave first, an edit forgets those it touched, no older one returns."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import NamedTuple

from isal import isal_zlib

from .single_flight import SingleFlight

# isal, not zlib: 3 MB of micro-grids become 964 kB in 4 ms, with zlib (level 1) 951 kB in 33 ms; encoding them takes
# 34 ms. Its levels are 0 to 3; 2 and 3 gain nothing (bench/tile_encoder.py).
LEVEL = 1
_ENTRY_BYTES = 600  # what an entry weighs beside its bytes
_MEMORY = 256  # forgettings of a layer that are remembered; a tile older than all of them is not kept


class TileKey(NamedTuple):
    """What makes a tile: layer, level shown ("" where there are none), z, x, y, and whose eyes it is for ("" = all)."""

    layer: str
    level: str
    z: int
    x: int
    y: int
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is sent: `data` compressed with gzip (b"" for a tile without features), the revision of the map it
    shows, and a strong `etag` made from its content."""

    data: bytes
    rev: int
    etag: str


def compressed(tile: bytes, rev: int, level: int = LEVEL) -> Tile:
    """The tile as it is sent. Equal bytes give equal bytes and etag, in every process."""
    if not tile:
        return Tile(b"", rev, '"empty"')
    packer = isal_zlib.compressobj(level, isal_zlib.DEFLATED, 31)  # 31: gzip, without a time stamp
    return Tile(packer.compress(tile) + packer.flush(), rev, f'"{isal_zlib.crc32(tile):08x}-{len(tile):x}"')


class TileCache:
    """Owns compressed tiles up to `limit_bytes`. Any thread may call it."""

    def __init__(self, limit_bytes: int = 128 << 20, level: int = LEVEL):
        self.limit_bytes, self.level = limit_bytes, level
        self.bytes = self.hits = self.misses = 0
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._at: dict[str, dict[tuple[int, int, int], set[TileKey]]] = defaultdict(dict)
        self._forgotten: dict[str, deque[tuple[int, Set | None]]] = defaultdict(lambda: deque(maxlen=_MEMORY))
        self._oldest: dict[str, int] = {}  # the newest revision of the forgettings no longer remembered
        self._lock = threading.Lock()
        self._flight: SingleFlight[TileKey, Tile] = SingleFlight(self._lock)

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, key: TileKey) -> Tile | None:
        """The tile, or None."""
        with self._lock:
            return self._get(key)

    def put(self, key: TileKey, tile: bytes, rev: int) -> Tile:
        """Compress a tile made from revision `rev` and keep it, unless a newer edit has touched its ground since."""
        packed = compressed(tile, rev, self.level)
        with self._lock:
            self._keep(key, packed)
        return packed

    def fetch(self, key: TileKey, make: Callable[[], tuple[bytes, int]]) -> Tile:
        """The tile kept, else the one `make` gives as (bytes, revision read before making it). Who asks for the same
        tile meanwhile waits for it; who asks after an edit touched it does not."""
        return self._flight.fetch(key, lambda: self._get(key), lambda: self.put(key, *make()))

    def forget(self, layer: str, tiles: Set[tuple[int, int, int]] | None, rev: int) -> int:
        """Drop the tiles (z, x, y) of a layer, of every level and scope, that are older than revision `rev`, and keep
        none made from an older state from now on. `tiles` None means all. The number of tiles dropped."""
        with self._lock:
            remembered = self._forgotten[layer]
            if len(remembered) == _MEMORY:
                self._oldest[layer] = max(self._oldest.get(layer, -1), remembered[0][0])
            remembered.append((rev, tiles))
            self._flight.leave(lambda key: key.layer == layer and _within(key, tiles))
            places = self._at[layer]
            if tiles is None or len(tiles) > len(places):
                touched = [place for place in places if tiles is None or place in tiles]
            else:
                touched = [place for place in tiles if place in places]
            old = [key for place in touched for key in places[place] if self._tiles[key].rev < rev]
            for key in old:
                self._drop(key)
            return len(old)

    def clear(self) -> None:
        """Drop everything, also what is known of edits: for a store that was exchanged."""
        with self._lock:
            self._flight.leave(lambda key: True)
            for part in (self._tiles, self._at, self._forgotten, self._oldest):
                part.clear()
            self.bytes = 0

    def _get(self, key: TileKey) -> Tile | None:
        tile = self._tiles.get(key)
        if tile is None:
            self.misses += 1
            return None
        self.hits += 1
        self._tiles.move_to_end(key)
        return tile

    def _keep(self, key: TileKey, tile: Tile) -> None:
        size = len(tile.data) + _ENTRY_BYTES
        if size > self.limit_bytes or self._is_stale(key, tile.rev):
            return
        if held := self._tiles.get(key):
            if held.rev > tile.rev:
                return
            self._drop(key)
        self._tiles[key] = tile
        self._at[key.layer].setdefault((key.z, key.x, key.y), set()).add(key)
        self.bytes += size
        while self.bytes > self.limit_bytes:
            self._drop(next(iter(self._tiles)))

    def _is_stale(self, key: TileKey, rev: int) -> bool:
        """Whether an edit newer than `rev` touched the tile, or may have."""
        return rev < self._oldest.get(key.layer, rev) or any(
            newer > rev and _within(key, tiles) for newer, tiles in self._forgotten.get(key.layer, ()))

    def _drop(self, key: TileKey) -> None:
        self.bytes -= len(self._tiles.pop(key).data) + _ENTRY_BYTES
        places, place = self._at[key.layer], (key.z, key.x, key.y)
        places[place].discard(key)
        if not places[place]:
            del places[place]


def _within(key: TileKey, tiles: Set[tuple[int, int, int]] | None) -> bool:
    return tiles is None or (key.z, key.x, key.y) in tiles
