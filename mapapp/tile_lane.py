"""Area tiles past Flask: who was let in a moment ago gets the next ones without cookie and rights unpacked anew.

A page asks for dozens of tiles at once, all with the same cookie. The gate decides for the first of them; its word is
remembered for a few seconds, for exactly that cookie, and only as long as neither accounts nor map change. Whatever
is not plain goes on to Flask. Measured: a cached tile takes less time than Flask needs to answer with the same bytes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from geodata.coverage_cache import DEEPEST
from geodata.tile_cache import Tile, TileKey
from layers.errors import WeigeError

from . import headers
from .access import KEY
from .state import State
from .tiles import level_of, reply

LASTS_S = 10  # how long the word of the gate is remembered
COOKIES = 10_000
ROUTE = "/tiles/{layer}/{z}/{x}/{y}.mvt"  # as the log calls it
_TILE = re.compile(r"/tiles/areas/([0-9]{1,2})/([0-9]{1,8})/([0-9]{1,8})\.mvt")
_QUERY = re.compile(r"[a-z]+=[\w.-]{1,40}(&[a-z]+=[\w.-]{1,40})*", re.ASCII)
Environ = Mapping[str, Any]


class TileLane:
    """Owns the cookies let in lately. A WSGI application in front of another one. Public: admit."""

    def __init__(self, flask: Callable, state: State):
        self.flask, self.state = flask, state
        self._admitted: dict[str, tuple[float, Any, int, str]] = {}  # cookie -> until when, state of accounts, revision, roles

    def admit(self, cookie: str, until: float, accounts: Any, rev: int, role: str) -> None:
        """The gate let somebody of these roles with this cookie see the map, by the accounts in that state, and for the
        map of that revision; the session lasts `until` (seconds of the epoch)."""
        if len(self._admitted) >= COOKIES:
            self._admitted.clear()
        self._admitted[cookie] = min(until, time.time() + LASTS_S), accounts, rev, role

    def __call__(self, environ: Environ, start_response: Callable) -> Iterable[bytes]:
        try:
            found = self._tile(environ)
        except (WeigeError, SQLAlchemyError):  # Flask meets it, too, and has the words for it
            found = None
        if found is None:
            return self.flask(environ, start_response)
        seen, encodings = environ.get("HTTP_IF_NONE_MATCH", ""), environ.get("HTTP_ACCEPT_ENCODING", "")
        tile, lasting, role = found
        status, fields, body = reply(tile, lasting, seen, encodings)
        if KEY in environ:
            environ[KEY].route, environ[KEY].role = ROUTE, role
        if status != HTTPStatus.NOT_MODIFIED:
            fields.append(("Content-Length", str(len(body))))
        start_response(f"{status.value} {status.phrase}", [*fields, *headers.secure()])
        return [body]

    def _tile(self, environ: Environ) -> tuple[Tile, bool, str] | None:
        """The tile asked for, whether its address names a revision it shows, and the roles of who asks; None when Flask
        must see to it."""
        asked, query = _TILE.fullmatch(environ.get("PATH_INFO", "")), environ.get("QUERY_STRING", "")
        if asked is None or environ["REQUEST_METHOD"] != "GET" or (role := self._admitted_as(environ)) is None:
            return None
        if query and not _QUERY.fullmatch(query):
            return None
        pairs = [pair.split("=") for pair in query.split("&")] if query else []
        given = dict(pairs)
        rev = given.get("rev", "0")
        if len(given) != len(pairs) or not given.keys() <= {"level", "rev", "v"} or not rev.isdigit() or len(rev) > 15:
            return None
        z, x, y = map(int, asked.groups())
        held = self.state
        if int(rev) > held.cache.rev or z > DEEPEST or x >= 1 << z or y >= 1 << z:
            return None
        key = TileKey("areas", level_of(held, given.get("level"), z), z, x, y)
        return held.tile_cache.fetch(key, lambda: held.draw(key, None)), "rev" in given, role

    def _admitted_as(self, environ: Environ) -> str | None:
        """The roles of who was let in a moment ago."""
        if "HTTP_AUTHORIZATION" in environ:
            return None
        until, accounts, rev, role = self._admitted.get(environ.get("HTTP_COOKIE", ""), (0, None, -1, ""))
        return role if time.time() < until and accounts == self.state.accounts.state() and rev == self.state.sync() else None
