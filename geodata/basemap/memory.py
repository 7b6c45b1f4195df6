"""Tiles of base maps in memory: the least used leave first, and a tile asked for twice at once is made once."""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ..single_flight import SingleFlight
from .source import Picture

_ENTRY_BYTES = 400  # what an entry weighs beside its bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A tile ready to be sent, or the knowledge that there is none; `etag` made from its bytes."""

    picture: Picture | None
    etag: str
    until: float


class TileMemory:
    """Owns tiles up to `limit_bytes`. Any thread may call it. Public: fetch."""

    def __init__(self, limit_bytes: int):
        self.limit_bytes, self.bytes = limit_bytes, 0
        self._tiles: OrderedDict[Hashable, Kept] = OrderedDict()
        self._turn = threading.Lock()
        self._flight: SingleFlight[Hashable, Kept] = SingleFlight(self._turn)

    def fetch(self, key: Hashable, make: Callable[[], Picture | None], keep: bool = True) -> Kept:
        """The tile kept, else the one `make` gives; who asks for the same meanwhile waits for it."""
        return self._flight.fetch(key, lambda: self._held(key), lambda: self._made(key, make, keep))

    def _held(self, key: Hashable) -> Kept | None:
        kept = self._tiles.get(key)
        if kept is None or kept.until <= time.time():
            return None
        self._tiles.move_to_end(key)
        return kept

    def _made(self, key: Hashable, make: Callable[[], Picture | None], keep: bool) -> Kept:
        made = _kept(make())
        if keep:
            self._keep(key, made)
        return made

    def _keep(self, key: Hashable, made: Kept) -> None:
        with self._turn:
            if key in self._tiles:
                self.bytes -= _weight(self._tiles.pop(key))
            self._tiles[key] = made
            self.bytes += _weight(made)
            while self.bytes > self.limit_bytes:
                self.bytes -= _weight(self._tiles.popitem(last=False)[1])


def _kept(picture: Picture | None) -> Kept:
    if picture is None:
        return Kept(None, '"empty"', float("inf"))
    return Kept(picture, f'"{zlib.crc32(picture.data):08x}-{len(picture.data):x}"', picture.until)


def _weight(kept: Kept) -> int:
    return _ENTRY_BYTES + (len(kept.picture.data) if kept.picture else 0)
