"""The store: read() and write(), the only door to the map, and the only module that knows the live path."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from layers.errors import BadFile, BadInput, StoreBusy, StoreFull, StoreMissing
from layers.rules import Rules

from .engine import connect, gpkg_path
from .migrations import migrate, steps
from .rows import Reader
from .schema import COUNTERS
from .transaction import Raced, Transaction
from .watch import Watch

NOT_OURS = ("spatial_ref_sys",)  # PostGIS brings it
TRIES = 8  # how often an operation is run again when a neighbour's vertices came in between


class Store:
    """One store, GeoPackage or PostGIS. Use `Store.open`; `close` it at the end."""

    def __init__(self, url: str, rules: Rules, engine, clock: Callable[[], datetime], busy_timeout_s: float = 10):
        self.url, self.rules, self.engine, self.clock = url, rules, engine, clock
        self.listeners: list[Callable[[], None]] = []  # called after every commit of this process
        self.is_file = engine.dialect.name == "sqlite"
        self._turn = threading.RLock() if self.is_file else None  # SQLite has one writer: queue here, not in busy loops
        self._patience_s = busy_timeout_s
        self._watch = Watch(engine)
        self._watch.state()  # its connection stays: it keeps the file in WAL while we run
        self._seen: tuple[Any, tuple[int, int]] = (None, (0, 0))

    @classmethod
    def open(cls, url: str, rules: Rules, *, create: bool = False, codes: str = "free", busy_timeout_s: float = 10,
             synchronous: str = "FULL", clock: Callable[[], datetime] | None = None) -> Store:
        """The store at `url`, brought up to date. Raises StoreMissing when it is not there and `create` is false, BadFile
        when it is no store of ours or of a newer release."""
        engine = connect(url, create=create, busy_timeout_s=busy_timeout_s, synchronous=synchronous)
        try:
            with _reasons(url):
                _bring_up_to_date(engine, url, rules, create, codes, clock or _now)
        except Exception:
            engine.dispose()
            raise
        return cls(url, rules, engine, clock or _now, busy_timeout_s)

    @property
    def path(self) -> Path | None:
        """The file of a GeoPackage store."""
        return gpkg_path(self.url)

    def refuse_live(self, *paths: Path | None) -> None:
        """Raises BadInput when one of these is the file we live in: GDAL must never open that in this process."""
        for path in paths:
            if path is not None and self.path is not None and path.exists() and path.samefile(self.path):
                raise BadInput(f"{path} is the store itself; take a copy of it")

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A consistent look at the store."""
        with _reasons(self.url), self.engine.connect() as connection:
            if not self.is_file:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield Reader(connection, self.rules)

    @contextmanager
    def write(self, actor: str, op: str, *, note: str = "", form: Mapping[str, Any] | None = None) -> Iterator[Transaction]:
        """The only door for changes: everything inside happens, or nothing. Listeners hear of it after the commit."""
        with _reasons(self.url), self._alone():
            with self.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
                tx = Transaction(connection, self.rules, actor, op, self.clock(), note=note, form=form)
                yield tx
                tx.close()
        if tx.taken is not None:
            for listener in self.listeners:
                listener()

    def attempt(self, actor: str, op: str, change: Callable[[Transaction], Any], *, note: str = "",
                form: Mapping[str, Any] | None = None) -> Any:
        """Runs `change(tx)` in a transaction of its own and again when rows it read were written in between."""
        for _ in range(TRIES):
            try:
                with self.write(actor, op, note=note, form=form) as tx:
                    return change(tx)
            except Raced:
                continue
        raise StoreBusy("others kept writing the same rows; try again")

    @contextmanager
    def _alone(self):
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._patience_s):
            raise StoreBusy("another writer holds the store; try again")
        try:
            yield
        finally:
            self._turn.release()

    def head(self) -> tuple[int, int]:
        """(rev, seq) of the last commit, by any process. Read again only when somebody committed."""
        with _reasons(self.url):
            state = self._watch.state()
            seen, head = self._seen
            if state != seen:
                with self.engine.connect() as connection:
                    found = dict(tuple(row) for row in connection.execute(select(COUNTERS).where(COUNTERS.c.name.in_(["rev", "seq"]))))
                head = found.get("rev", 0), found.get("seq", 0)
                self._seen = state, head
            return head

    def close(self) -> None:
        """Lets go of the store."""
        self._watch.close()
        self.engine.dispose()


def _bring_up_to_date(engine, url: str, rules: Rules, create: bool, codes: str, clock: Callable[[], datetime]) -> None:
    """Makes the tables of a new store, and the steps an older one lacks, in one transaction; needs no writer's turn when
    nothing is to be done."""
    with engine.connect() as connection, connection.begin():
        if inspect(connection).has_table("weige_schema") and _number(connection) == steps()[-1][0]:
            return
    with engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(4490)"))  # one process migrates, the others wait
        tables = inspect(connection).get_table_names()
        ready = "weige_schema" in tables
        if not ready and not create:
            raise StoreMissing(f"{_named(url)} holds no Weige store; create it with `weige init`, `weige import` or `weige demo`")
        if not ready and set(tables) - set(NOT_OURS):
            raise BadFile(f"{_named(url)} holds something else than a Weige store; name a new one")
        if ready and _number(connection) > steps()[-1][0]:
            raise BadFile(f"{_named(url)} was written by a newer release of Weige; use that one")
        if not ready or _number(connection) < steps()[-1][0]:
            migrate(connection)
        if not ready:
            tx = Transaction(connection, rules, "system", "init", clock())
            tx.set_meta("codes", codes)
            tx.new_rev  # noqa: B018  the first revision is the birth of the store
            tx.close()


def _now() -> datetime:
    return datetime.now(UTC)


# What PostgreSQL calls it (SQLSTATE; two characters stand for a class) -> what it means here.
_STATES: dict[str, Callable[[str, str], Exception]] = {
    "55P03": lambda url, told: StoreBusy("another writer holds the store; try again"),
    "57014": lambda url, told: StoreBusy("the database gave up waiting; try again"),
    "40": lambda url, told: Raced(),  # deadlock, serialization: run again
    "53100": lambda url, told: StoreFull("the disk of the database is full; nothing was written"),
    "08": lambda url, told: StoreMissing(f"{_named(url)} cannot be reached: {told}"),
    "57P": lambda url, told: StoreMissing(f"{_named(url)} was stopped: {told}"),
    "": lambda url, told: StoreMissing(f"{_named(url)} cannot be reached: {told}"),  # no connection, no state
}


@contextmanager
def _reasons(url: str):
    """Turns what the driver says into our reasons."""
    try:
        yield
    except DatabaseError as error:
        raise _reason(url, error) from error


def _reason(url: str, error: DatabaseError) -> Exception:
    told = str(error.orig).splitlines()[0] if str(error.orig) else ""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_reason(url, error, told.lower())
    state = getattr(error.orig, "sqlstate", None) or ""
    found = next((_STATES[state[:size]] for size in (5, 3, 2) if state[:size] in _STATES), None)
    return found(url, told) if found and (state or isinstance(error, OperationalError)) else error


def _sqlite_reason(url: str, error: DatabaseError, told: str) -> Exception:
    if "locked" in told or "busy" in told:
        return StoreBusy("another process is writing to the store; try again")
    if "full" in told or "disk i/o" in told:
        return StoreFull("the disk is full; nothing was written")
    if "unable to open" in told:
        return StoreMissing(f"{_named(url)} cannot be opened")
    if "not a database" in told:
        return BadFile(f"{_named(url)} is no Weige store: {told}")
    return error


def _named(url: str) -> str:
    """The address without its password."""
    path = gpkg_path(url)
    return str(path) if path else "postgresql://…@" + url.rsplit("@", 1)[-1]


def _number(connection) -> int:
    return connection.execute(text("SELECT max(number) FROM weige_schema")).scalar() or 0
