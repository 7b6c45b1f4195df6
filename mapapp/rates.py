"""How many requests: counted in memory where one process serves, and together with all others on PostgreSQL.

A process counts by itself and adds what it counted to the database every two seconds, so that a request costs no
question to it; tries to sign in are rare and dear, and are added one by one. While the database is away each counts alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy.exc import SQLAlchemyError

from geodata.rates import Rates
from layers.errors import WeigeError

from .config import Server

NOT_LIMITED = ("tiles.tile", "basemap.tile", "static", "health.healthz", "metrics.metrics")
LAG_S = 2.0
MOST = 20_000  # counts kept in memory
Window = tuple[str, float]  # what is counted, until when (seconds of the epoch)


def install(app: Flask, rules: Server, several: Rates | None, blueprints: Sequence[Blueprint],
            reports: Sequence[Blueprint] = ()) -> Callable[[Callable], Callable]:
    """So many requests of one account, tiles and files aside, and so many about `reports`: phones that share an account
    all come back at once after a cut. Answers the wrapper that limits signing in. `several` counts for all processes."""
    def limiter(key: Callable[[], str], lag_s: float) -> Limiter:
        if several is None:
            return Limiter(key, app=app, storage_uri="memory://", strategy="moving-window")
        options = {"rates": several, "lag_s": lag_s}
        return Limiter(key, app=app, storage_uri="weige://", storage_options=options, strategy="fixed-window")

    usual = limiter(lambda: g.get("account").name if g.get("account") else get_remote_address(), LAG_S)
    usual.request_filter(lambda: request.endpoint in NOT_LIMITED)
    if rules.rate_limit:
        shared = usual.shared_limit(rules.rate_limit, scope="account")
        for blueprint in blueprints:
            shared(blueprint)
    if rules.report_limit:
        many = usual.shared_limit(rules.report_limit, scope="reports")
        for blueprint in reports:
            many(blueprint)
    if not rules.sign_in_limit:
        return lambda view: view
    return limiter(get_remote_address, 0.0).limit(rules.sign_in_limit)


class Together(Storage):
    """Owns the counts of this process and what it knows of all. A storage of the library limits, for fixed windows."""

    STORAGE_SCHEME = ["weige"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, rates: Rates, lag_s: float = LAG_S, **_: Any):
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._rates, self._lag_s = rates, lag_s
        self._all: dict[Window, int] = {}  # hits of all processes when last asked
        self._own: dict[Window, int] = {}  # hits here since
        self._window: dict[str, Window] = {}  # the last one of each
        self._turn, self._adding, self._added = threading.Lock(), threading.Lock(), time.monotonic()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library may have to deal with: nothing leaves here."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts; answers the hits of all in this window."""
        window = key, (time.time() // expiry + 1) * expiry
        with self._turn:
            self._forget()
            self._window[key] = window
            self._own[window] = self._own.get(window, 0) + amount
        if time.monotonic() - self._added >= self._lag_s:
            self._add()
        return self._hits(window)

    def get(self, key: str) -> int:
        """The hits of all in the last window counted."""
        window = self._window.get(key)
        return 0 if window is None or window[1] < time.time() else self._hits(window)

    def get_expiry(self, key: str) -> float:
        """When that window ends."""
        window = self._window.get(key)
        return time.time() if window is None else window[1]

    def check(self) -> bool:
        """Always ready: without the database each process counts alone."""
        return True

    def reset(self) -> int | None:
        """Forgets what this process counted."""
        with self._turn:
            count = len(self._window)
            for part in (self._all, self._own, self._window):
                part.clear()
        return count

    def clear(self, key: str) -> None:
        """Forgets one count of this process."""
        with self._turn:
            window = self._window.pop(key, None)
            for part in (self._all, self._own):
                part.pop(window, None)

    def _hits(self, window: Window) -> int:
        with self._turn:
            return self._all.get(window, 0) + self._own.get(window, 0)

    def _add(self) -> None:
        """One thread adds for all; with no lag everybody waits for his turn."""
        if not self._adding.acquire(blocking=self._lag_s == 0):
            return
        try:
            with self._turn:
                sent, self._added = dict(self._own), time.monotonic()
            if not sent:
                return
            total = self._rates.add(sent)
            with self._turn:
                for window, hits in sent.items():
                    self._all[window] = total[window]
                    left = self._own.get(window, 0) - hits
                    if left > 0:
                        self._own[window] = left
                    else:
                        self._own.pop(window, None)
        except (WeigeError, SQLAlchemyError):  # the database is away: what was counted is added later
            return
        finally:
            self._adding.release()

    def _forget(self) -> None:
        if len(self._window) < MOST and len(self._all) < MOST and len(self._own) < MOST:
            return
        now = time.time()
        for part in (self._all, self._own):
            for window in [window for window in part if window[1] < now]:
                del part[window]
        for key in [key for key, window in self._window.items() if window[1] < now]:
            del self._window[key]
