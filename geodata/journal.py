"""The events of the store as a stream: every process tails the one table, in the order of commits, each event once.

The table is the truth. What wakes the tail is only a hint: commits of this process, another's commit seen by SQLite's
data_version, a NOTIFY of PostgreSQL. Where hints are lost (a pooler between us and PostgreSQL) it looks every two seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from layers.errors import WeigeError
from layers.later import later

from .rows import Reader
from .schema import EVENTS, REVISIONS
from .store import Store
from .transaction import CHANNEL

psycopg = later("psycopg")

POLL_S = {True: 0.05, False: 2.0}  # by "the store is a file": how often it is looked whether others committed
MOST = 1000  # events read at once
AGAIN_S = 0.5  # between tries while the database is away
MESSAGES = "weige_messages"  # what processes on one PostgreSQL tell each other and nobody keeps
PATIENCE_S = 1.0  # how long the listening thread waits before it looks whether it should end
log = logging.getLogger("weige.journal")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal. `actor` is the account behind the revision: never told to watchers as it is."""

    seq: int
    rev: int | None
    kind: str
    at: str
    data: Any
    actor: str | None = None


def events_since(reader: Reader, seq: int, limit: int = MOST, *, until: int | None = None) -> list[Event]:
    """The events after `seq`, up to `until`, oldest first."""
    statement = (select(EVENTS, REVISIONS.c.actor).outerjoin(REVISIONS, REVISIONS.c.rev == EVENTS.c.rev)
                 .where(EVENTS.c.seq > seq).order_by(EVENTS.c.seq).limit(limit))
    if until is not None:
        statement = statement.where(EVENTS.c.seq <= until)
    return [Event(*row) for row in reader.connection.execute(statement)]


class Journal:
    """Owns the thread that tails the events, and on PostgreSQL the one that listens. `tell(events)` hears every event
    after the start once, in order; None means that the store was put back to an earlier state and everything must be
    read anew. At most `most_a_second` batches in any second (0 = any number): what
    comes faster is told together. `heard(text)` gets what other processes `say`.
    Public: start, wake, say, close, seq, alive."""

    def __init__(self, store: Store, tell: Callable[[Sequence[Event] | None], None], *, most_a_second: int = 0,
                 heard: Callable[[str], None] | None = None):
        self.store, self.seq = store, -1
        self._tell, self._heard = tell, heard
        self._times: deque[float] = deque(maxlen=most_a_second)  # of the last batches, of the monotonic clock
        self._woken, self._ended, self._turn = threading.Event(), threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []

    @property
    def alive(self) -> bool:
        """True between start and close."""
        return bool(self._threads) and not self._ended.is_set()

    def start(self, since: int | None = None) -> int:
        """Begins after event `since`, by default with the next one; answers the seq it begins after. Once."""
        with self._turn:
            if self._threads:
                return self.seq
            self.seq = self.store.head()[1] if since is None else since
            self.store.listeners.append(self.wake)
            works = [self._tail] if self.store.is_file else [self._tail, self._listen]
            self._threads = [threading.Thread(target=work, name=f"weige-{work.__name__[1:]}", daemon=True) for work in works]
        for thread in self._threads:
            thread.start()
        self.wake()
        return self.seq

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def say(self, text: str) -> None:
        """Tells the other processes on the same PostgreSQL (at most 8,000 bytes); on a file there are none. While the
        database is away nobody hears it."""
        if self.store.is_file:
            return
        with suppress(SQLAlchemyError), self.store.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(select(func.pg_notify(MESSAGES, text)))

    def close(self) -> None:
        """Ends the threads."""
        self._ended.set()
        self.wake()
        if self.wake in self.store.listeners:
            self.store.listeners.remove(self.wake)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(10)

    # ---- the tail ------------------------------------------------------------------------------------------------
    def _tail(self) -> None:
        away = False
        while not self._ended.is_set():
            self._woken.wait(POLL_S[self.store.is_file])
            self._woken.clear()
            if self._ended.is_set():
                return
            try:
                told = self._read()
                if away:
                    log.warning("the store answers again; the journal goes on after event %s", self.seq)
                away = False
            except (WeigeError, SQLAlchemyError) as error:
                if not away:
                    log.warning("the journal waits for the store: %s", error)
                away = True
                self._ended.wait(AGAIN_S)
                self.wake()
                continue
            except Exception:  # a watcher's fault must not end the stream of all others
                log.exception("an event could not be told")
                told = True
            if told and self._times.maxlen:
                self._times.append(time.monotonic())
                if len(self._times) == self._times.maxlen:
                    self._ended.wait(max(0.0, self._times[0] + 1 - time.monotonic()))

    def _read(self) -> bool:
        """Tells what is new; answers whether there was anything."""
        _, head = self.store.head()
        if head == self.seq:
            return False
        if head < self.seq:
            self.seq = head
            self._tell(None)
            return True
        with self.store.read() as reader:
            events = events_since(reader, self.seq)
        if not events:  # the counter runs before the row only while a foreign hand writes
            return False
        before, self.seq = self.seq, events[-1].seq
        if len(events) == MOST:
            self.wake()
        try:
            self._tell(events)
        except (WeigeError, SQLAlchemyError):  # the store went away before anybody was told: again when it answers
            self.seq = before
            raise
        return True

    def _listen(self) -> None:
        """Waits on a connection of its own; without one the tail polls."""
        url = self.store.url.replace("postgres://", "postgresql://", 1)
        while not self._ended.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    connection.execute(f"LISTEN {MESSAGES}")
                    self.wake()  # what came while nobody listened
                    while not self._ended.is_set():
                        for note in connection.notifies(timeout=PATIENCE_S, stop_after=1):
                            self._take(note.channel, note.payload)
            except psycopg.Error as error:
                log.info("nobody listens to PostgreSQL for now: %s", error)
                self._ended.wait(AGAIN_S)

    def _take(self, channel: str, text: str) -> None:
        if channel == CHANNEL:
            self.wake()
        elif self._heard is not None:
            try:
                self._heard(text)
            except Exception:
                log.exception("a message of another process could not be read")
