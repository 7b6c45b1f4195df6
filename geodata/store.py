"""The store: read() and write(), the only door to the map, and the only module that knows the live path."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, text

from layers.errors import BadFile, BadInput, ReadOnly, StoreBusy, StoreMissing
from layers.rules import Rules

from .engine import connect, gpkg_path, is_writable
from .looking import Looks
from .migrations import migrate, steps
from .mode import NORMAL, SERVICE, Mode, kept_mode
from .reasons import named, reasons
from .rows import Reader
from .schema import COUNTERS
from .transaction import Raced, Transaction
from .wal import Wal
from .watch import Watch

NOT_OURS = ("spatial_ref_sys",)  # PostGIS brings it
STANDBY_ASKED_S = 5  # how often a database is asked whether it is a standby
TRIES = 8  # how often an operation is run again when a neighbour's vertices came in between


class Store:
    """One store, GeoPackage or PostGIS. Use `Store.open`; `close` it at the end."""

    def __init__(self, url: str, rules: Rules, engine, clock: Callable[[], datetime], busy_timeout_s: float = 10,
                 read_only: bool = False):
        self.url, self.rules, self.engine, self.clock = url, rules, engine, clock
        self.read_only = read_only  # by setting; see `mode` for the other reasons
        self.listeners: list[Callable[[], None]] = []  # called after every commit of this process
        self.is_file = engine.dialect.name == "sqlite"
        self._turn = threading.RLock() if self.is_file else None  # SQLite has one writer: queue here, not in busy loops
        self._patience_s = busy_timeout_s
        self._looks = Looks()
        self._watch = Watch(engine)
        self._watch.state()  # its connection stays: it keeps the file in WAL while we run
        self._seen: tuple[Any, tuple[int, int], Mode] = (None, (0, 0), NORMAL)
        self._standby = (-STANDBY_ASKED_S, False)  # when last asked, the answer
        self._wal = Wal(engine, self.path) if self.is_file and is_writable(self.path) else None

    @classmethod
    def open(cls, url: str, rules: Rules, *, create: bool = False, codes: str = "free", busy_timeout_s: float = 10,
             synchronous: str = "FULL", clock: Callable[[], datetime] | None = None, read_only: bool = False) -> Store:
        """The store at `url`, brought up to date. Raises StoreMissing when it is not there and `create` is false, BadFile
        when it is no store of ours or of a newer release, ReadOnly when an older one cannot be brought up to date."""
        engine = connect(url, create=create, busy_timeout_s=busy_timeout_s, synchronous=synchronous)
        try:
            with reasons(url):
                _bring_up_to_date(engine, url, rules, create, codes, clock or _now, read_only)
        except Exception:
            engine.dispose()
            raise
        return cls(url, rules, engine, clock or _now, busy_timeout_s, read_only)

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
    def read(self, looks: Looks | None = None) -> Iterator[Reader]:
        """A consistent look at the store."""
        with reasons(self.url), self.engine.connect() as connection:
            if not self.is_file:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield Reader(connection, self.rules, looks)

    @contextmanager
    def look(self) -> Iterator[Reader]:
        """The same for who draws: what an earlier look read of the same revision is not read again. One at a time."""
        with self._looks.turn() as mine, self.read(self._looks if mine else None) as reader:
            yield reader

    @contextmanager
    def write(self, actor: str, op: str, *, note: str = "", form: Mapping[str, Any] | None = None) -> Iterator[Transaction]:
        """The only door for changes: everything inside happens, or nothing. Listeners hear of it after the commit. Raises
        ReadOnly when no changes are taken now."""
        if op not in SERVICE:
            self.mode().refuse()
        with reasons(self.url), self._alone():
            with self.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
                tx = Transaction(connection, self.rules, actor, op, self.clock(), note=note, form=form)
                yield tx
                tx.close()
                if tx.taken is not None and op not in SERVICE:  # it holds the counter: who switches waits, or was here before
                    kept_mode(connection).refuse()
            if self._wal is not None:
                self._wal.shorten()
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
        with reasons(self.url):
            state = self._watch.state()
            seen, head, _ = self._seen
            if state != seen:
                with self.engine.connect() as connection:
                    found = dict(tuple(row) for row in connection.execute(select(COUNTERS).where(COUNTERS.c.name.in_(["rev", "seq"]))))
                    mode = kept_mode(connection)
                head = found.get("rev", 0), found.get("seq", 0)
                self._seen = state, head, mode
            return head

    def mode(self) -> Mode:
        """Whether changes are taken now, and why not. See mode.py."""
        if self.read_only:
            return Mode(True, "setting")
        if self._wal is None and self._storage_is_read_only():
            return Mode(True, "storage")
        self.head()
        return self._seen[2]

    def _storage_is_read_only(self) -> bool:
        """A file we may not write, or a database that is a standby; the latter asked every few seconds only."""
        if self.is_file:
            return True
        asked, answer = self._standby
        if time.monotonic() - asked > STANDBY_ASKED_S:
            with reasons(self.url), self.engine.connect() as connection:
                answer = connection.scalar(text("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool "
                                                "OR NOT has_table_privilege('counters', 'UPDATE')"))
            self._standby = time.monotonic(), answer
        return answer

    def close(self) -> None:
        """Lets go of the store."""
        self._watch.close()
        self.engine.dispose()


def _bring_up_to_date(engine, url: str, rules: Rules, create: bool, codes: str, clock: Callable[[], datetime],
                      read_only: bool) -> None:
    """Makes the tables of a new store, and the steps an older one lacks, in one transaction; needs no writer's turn when
    nothing is to be done."""
    with engine.connect() as connection, connection.begin():
        if inspect(connection).has_table("weige_schema") and _number(connection) == steps()[-1][0]:
            return
    if read_only:
        raise ReadOnly(f"{named(url)} is to be read only, but must first be brought up to date by this release", reason="setting")
    with engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(4490)"))  # one process migrates, the others wait
        tables = inspect(connection).get_table_names()
        ready = "weige_schema" in tables
        if not ready and not create:
            raise StoreMissing(f"{named(url)} holds no Weige store; create it with `weige init`, `weige import` or `weige demo`")
        if not ready and set(tables) - set(NOT_OURS):
            raise BadFile(f"{named(url)} holds something else than a Weige store; name a new one")
        if ready and _number(connection) > steps()[-1][0]:
            raise BadFile(f"{named(url)} was written by a newer release of Weige; use that one")
        if not ready or _number(connection) < steps()[-1][0]:
            migrate(connection)
        if not ready:
            tx = Transaction(connection, rules, "system", "init", clock())
            tx.set_meta("codes", codes)
            tx.new_rev  # noqa: B018  the first revision is the birth of the store
            tx.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _number(connection) -> int:
    return connection.execute(text("SELECT max(number) FROM weige_schema")).scalar() or 0
