"""Numbers for Prometheus: requests, edits, watchers, tiles, revisions, memory, of this process or of all of one port.

Several processes share a folder of small mapped files (the multiprocess mode of prometheus-client): whichever of them
is asked answers for all. What a process knows of itself is written there every few seconds by `keep_fresh`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import prometheus_client.values
from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from layers.errors import WeigeError

from .auth import needs
from .state import State

blueprint = Blueprint("metrics", __name__)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10)  # seconds
FRESH_S = 5  # how old the numbers of the other processes may be
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_PAGE = os.sysconf("SC_PAGE_SIZE")


def share(folder: Path) -> None:
    """Metrics made from now on, here and in forked processes, are kept in the folder."""
    os.environ[FOLDER] = str(folder)
    # The library looks at the variable when it is imported, which was long before anybody asked for several processes.
    prometheus_client.values.ValueClass = prometheus_client.values.MultiProcessValue()


def forget_process(pid: int) -> None:
    """What a process that has ended said of itself no longer holds; what it counted does."""
    if folder := os.environ.get(FOLDER):
        multiprocess.mark_process_dead(pid, folder)


class Metrics:
    """Owns the numbers of this process. Public: request, edit, refresh, keep_fresh, text."""

    def __init__(self, held: State, worker: int = 1):
        self.held = held
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("weige_requests", "Requests answered", ("method", "route", "status"), registry=registry)
        self._seconds = Histogram("weige_request_seconds", "From arrival to the last byte", ("method", "route"),
                                  buckets=BUCKETS, registry=registry)
        self._edits = Counter("weige_edits", "Changes asked for: ok, stale, refused or failed", ("op", "outcome"),
                              registry=registry)
        self._tiles = Counter("weige_tile_cache", "Tiles asked of the cache: hit or miss", ("result",), registry=registry)
        own = {"labelnames": ("worker",), "registry": registry, "multiprocess_mode": "livemostrecent"}
        self._own = {name: Gauge(f"weige_{name}", words, **own).labels(str(worker)) for name, words in (
            ("live_watchers", "Open streams of live edits"),
            ("rev", "Revision of the map this process shows"),
            ("seq", "Last event this process knows"),
            ("tile_cache_bytes", "Compressed tiles in memory"),
            ("process_resident_bytes", "Memory of the process"),
            ("process_cpu_seconds", "Processor time of the process since its start"),
            ("process_start_seconds", "When the process began (seconds of the epoch)"))}
        self._own["process_start_seconds"].set(time.time())
        self._known: dict[tuple[str, str, int], tuple[Any, Any]] = {}  # looking labels up costs more than counting
        self._counted = {"hit": 0, "miss": 0}
        self._turn = threading.Lock()

    # ---- counting ------------------------------------------------------------------------------------------------
    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        key = method, route, status
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (self._requests.labels(method, route, str(status)),
                                        self._seconds.labels(method, route))
        known[0].inc()
        known[1].observe(seconds)

    def edit(self, op: str, status: int, code: str) -> None:
        """A change was asked for, and answered so."""
        outcome = "ok" if status < 400 else "failed" if status >= 500 else "stale" if code == "stale" else "refused"
        self._edits.labels(op, outcome).inc()

    # ---- telling -------------------------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Writes down what this process knows of itself."""
        tiles, own = self.held.tile_cache, self._own
        with self._turn:
            for result, count in (("hit", tiles.hits), ("miss", tiles.misses)):
                self._tiles.labels(result).inc(max(0, count - self._counted[result]))
                self._counted[result] = count
        own["live_watchers"].set(self.held.live.figures()["watchers"])
        own["rev"].set(max(0, self.held.cache.rev))
        own["tile_cache_bytes"].set(tiles.bytes)
        own["process_resident_bytes"].set(_resident())
        own["process_cpu_seconds"].set(time.process_time())
        try:
            own["seq"].set(self.held.store.head()[1])
        except (WeigeError, SQLAlchemyError):  # the store cannot be reached: what was known stays
            return

    def keep_fresh(self) -> threading.Event:
        """A thread that refreshes until the event is set."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(FRESH_S):
                self.refresh()
        threading.Thread(target=work, name="weige-metrics", daemon=True).start()
        return stop

    def text(self) -> bytes:
        """All numbers in the words of Prometheus."""
        self.refresh()
        shown = CollectorRegistry()
        if folder := os.environ.get(FOLDER):
            multiprocess.MultiProcessCollector(shown, folder)
        else:
            shown.register(self._registry)
        shown.register(_Store(self.held))
        return generate_latest(shown)


class _Store:
    """What whoever is asked looks up in the store."""

    def __init__(self, held: State):
        self.held = held

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Reachable or not, size, age of the last check, work in hand."""
        try:
            size, checked = _size(self.held), _checked_s(self.held)
            up = 1
        except (WeigeError, SQLAlchemyError, OSError):
            size, checked, up = None, None, 0
        yield GaugeMetricFamily("weige_store_up", "1 when the store answers", value=up)
        if size is not None:
            yield GaugeMetricFamily("weige_store_bytes", "Size of the store", value=size)
        if checked is not None:
            yield GaugeMetricFamily("weige_check_age_seconds", "Since the coverage was last proved whole", value=checked)


def _size(held: State) -> int:
    path = held.store.path
    if path is None:
        with held.store.read() as reader:
            return int(reader.connection.scalar(text("SELECT pg_database_size(current_database())")))
    return sum(file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.exists())


def _checked_s(held: State) -> float | None:
    with held.store.read() as reader:
        checked = reader.meta("checked")
    if not checked:
        return None
    return max(0.0, (held.store.clock() - datetime.fromisoformat(checked["at"])).total_seconds())


def _resident() -> int:
    """Bytes of memory in use; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


@blueprint.get("/metrics")
@needs("metrics")
def metrics():
    """Prometheus text."""
    return Response(current_app.extensions["weige.metrics"].text(), content_type=PLAIN)
