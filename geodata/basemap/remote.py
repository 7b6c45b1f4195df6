"""Base maps of another server (XYZ, WMTS), fetched by ours: the browser never learns its address nor the key.

Only the host of the settings is asked, by http or https; it cannot send us elsewhere. Tiles are kept on disk up to a
size and an age. A server that is slow or down costs a request at most `PATIENCE_S`: the tile comes later by itself.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import threading
import time
import urllib.request
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from urllib.parse import quote, urlsplit

from .disk import TileDisk
from .settings import Basemap, address_of
from .source import Info, NotYet, Picture, Place, Progress, picture

log = logging.getLogger("weige.basemap")

AT_ONCE = 4  # connections to one server
QUEUED = 256  # tiles on their way; more are put off
WAITING = 3  # requests of ours that wait at the same time: the others of the server's threads stay free
PATIENCE_S = 1.5  # how long one of them waits
LATER_S = 3  # when the page asks again for a tile that is on its way
PAUSES_S = (5, 15, 60, 300)  # for so long a server that does not answer is left alone
LARGEST = 4_000_000  # bytes of a tile
AGENT = "Weige map server"
_NOTHING_THERE = (204, 404, 410)


class Remote:
    """Owns the connections to one server and what was fetched. Public: info, state, tile, ahead, close."""

    def __init__(self, setting: Basemap, place: Place):
        self.template, self.key, self.timeout_s = setting.url, setting.key, place.timeout_s
        self.address = address_of(setting)
        self.info = Info("raster", setting.min_zoom or 0, 18 if setting.max_zoom is None else setting.max_zoom,
                         tile_size=setting.tile_size, version=_short(setting.url))
        self.state = ""  # what the other server did wrong last
        name = f"{setting.id}-{_short(setting.url)}"
        self.disk = TileDisk(place.folder, setting.id, name, place.cache_bytes, place.cache_days * 86_400)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"basemap-{setting.id}")
        self._local = threading.local()
        self._coming: dict[tuple[int, int, int], Future] = {}
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._failures, self._rest_until = 0, 0.0

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile, from disk while it is fresh, else from the other server. Raises NotYet."""
        found, fresh = self.disk.get(z, x, y)
        if fresh:
            return found
        try:
            return self._fetched((z, x, y))
        except NotYet:
            if found is not None:  # an old tile is better than none
                return Picture(found.data, found.media, found.gzip, time.time() + LATER_S)
            raise

    def ahead(self, tiles: Iterable[tuple[int, int, int]]) -> None:
        """Begins to fetch these tiles."""
        for z, x, y in tiles:
            if 0 <= x < 1 << z and 0 <= y < 1 << z and not self.disk.get(z, x, y)[1]:
                with suppress(NotYet):
                    self._begin((z, x, y))

    def close(self) -> None:
        """Stops asking; what is on its way is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.disk.close()

    def _fetched(self, place: tuple[int, int, int]) -> Picture | None:
        coming = self._begin(place)
        if not self._waiting.acquire(blocking=False):
            raise NotYet("the tile is on its way", LATER_S)
        try:
            return coming.result(PATIENCE_S)
        except Late:
            raise NotYet("the tile is on its way", LATER_S) from None
        finally:
            self._waiting.release()

    def _begin(self, place: tuple[int, int, int]) -> Future:
        """The tile on its way. Raises NotYet while the server is left alone, or when too many are on their way."""
        with self._turn:
            if place in self._coming:
                return self._coming[place]
            rest = self._rest_until - time.monotonic()
            if rest > 0 or len(self._coming) >= QUEUED:
                raise NotYet(self.state or "many tiles are on their way", max(rest, LATER_S))
            coming = self._coming[place] = self._pool.submit(self._work, place)
            return coming

    def _work(self, place: tuple[int, int, int]) -> Picture | None:
        try:
            with self._turn:
                rest = self._rest_until - time.monotonic()
            if rest > 0:
                raise NotYet(self.state, rest)
            try:
                made = self._ask(*place)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise NotYet(self._failed(error), LATER_S) from None
            self._failures, self.state = 0, ""
            return self.disk.put(*place, made)
        finally:
            with self._turn:
                self._coming.pop(place, None)

    def _failed(self, error: Exception) -> str:
        """Notes that the server did not do its part; answers what to say: never the address, which may hold a key."""
        said = str(error) if isinstance(error, _Refused) else type(error).__name__
        with self._turn:
            pause = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._failures += 1
            self._rest_until = time.monotonic() + pause
            self.state = f"{self.address.hostname}: {said}"
        log.warning("base map of %s: %s; asked again in %d s", self.address.hostname, said, pause)
        return self.state

    def _ask(self, z: int, x: int, y: int) -> bytes:
        """The bytes of a tile, b"" where there is none. Raises OSError, HTTPException, _Refused."""
        for fresh in (False, True):
            connection = self._connection(fresh)
            try:
                connection.request("GET", self._target(z, x, y), headers={"User-Agent": AGENT, "Accept": "image/*,*/*;q=0.5"})
                answer = connection.getresponse()
                data = answer.read(LARGEST + 1)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if fresh or isinstance(error, TimeoutError):
                    raise
                continue  # a connection kept open that the server has closed meanwhile
            if len(data) > LARGEST or not answer.isclosed():
                self._drop()
            return _judged(answer.status, data)
        raise _Refused("no answer")

    def _target(self, z: int, x: int, y: int) -> str:
        path = self.address.path + (f"?{self.address.query}" if self.address.query else "")
        values = {"{z}": z, "{x}": x, "{y}": y, "{-y}": (1 << z) - 1 - y, "{key}": quote(self.key, safe="")}
        for name, value in values.items():
            path = path.replace(name, str(value))
        proxy = self._proxy()
        return f"http://{self.address.netloc}{path}" if proxy and self.address.scheme == "http" else path

    def _connection(self, fresh: bool) -> http.client.HTTPConnection:
        kept = getattr(self._local, "connection", None)
        if kept is not None and not fresh:
            return kept
        self._drop()
        made = http.client.HTTPSConnection if self.address.scheme == "https" else http.client.HTTPConnection
        proxy = self._proxy()
        if proxy is None:
            connection = made(self.address.hostname, self.address.port, timeout=self.timeout_s)
        else:  # an office network may let nobody out but its proxy
            connection = made(proxy.hostname, proxy.port, timeout=self.timeout_s)
            if self.address.scheme == "https":
                connection.set_tunnel(self.address.hostname, self.address.port)
        self._local.connection = connection
        return connection

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _proxy(self):
        if urllib.request.proxy_bypass(self.address.hostname):
            return None
        proxy = urllib.request.getproxies().get(self.address.scheme)
        return urlsplit(proxy if "//" in proxy else f"//{proxy}") if proxy else None


class _Refused(ValueError):
    """The other server answered, but with no tile."""


def _judged(status: int, data: bytes) -> bytes:
    """The bytes of a tile, b"" where there is none. A redirection is never followed: it could lead anywhere."""
    if status in _NOTHING_THERE or (status == 200 and not data):
        return b""
    if status != 200:
        words = "it sends us elsewhere" if 300 <= status < 400 else "key or quota" if status in (401, 403, 418, 429) else "error"
        raise _Refused(f"{words} ({status})")
    if len(data) > LARGEST:
        raise _Refused("a tile that is too large")
    made = picture(data)
    if made is None or not made.media.startswith("image/"):
        raise _Refused("what it sends is no picture")
    return data


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def open_base(setting: Basemap, place: Place, progress: Progress) -> Remote:
    """The server of the settings; it is not asked before somebody looks at it. Raises BadSetting."""
    return Remote(setting, place)
