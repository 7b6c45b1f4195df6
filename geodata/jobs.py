"""Long work: what is asked for stands in the store, so that any process on it can do it, look after it and hand it out.

A job has an owner, the process that does it, and a lease that the owner renews while it lives. Whoever is asked about a
job whose lease is over takes it over: work outlives the process that began it, and nobody waits for ever.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from layers.errors import NotFound, StoreFull, WeigeError

from .packages import Packages
from .reasons import of_disk
from .schema import JOBS
from .store import Store

LEASE_S = 30.0  # so long a job is its owner's without a word from him
ASIDE = ("divide",)  # kinds somebody sits and waits for
TRIES = 3  # processes that may die over one job before it is given up
log = logging.getLogger("weige.jobs")
Progress = Callable[[float, str], None]
Work = Callable[[str, dict[str, Any], Progress], dict[str, Any]]  # (id, args, progress) -> result


class TakenOver(Exception):
    """Another process thought us dead and does the job now."""


class Jobs:
    """Owns the working thread and the one that renews leases. `does[kind]` is how a job of that kind is done.
    Public: does, packages, start, under_way, get, cancel, folder, sweep, close."""

    def __init__(self, store: Store):
        self.store = store
        self.packages = Packages(store)
        self.does: dict[str, Work] = {}
        self.owner = f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(4)}"
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="weige-job")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="weige-job-aside")  # a package of a province holds up no division
        self._mine: set[str] = set()
        self._untold: dict[str, tuple[str, str]] = {}  # failed on a full disk: words, code
        self._turn, self._ended = threading.Lock(), threading.Event()
        self._leaving = False
        self._renewing: threading.Thread | None = None

    @property
    def folder(self) -> Path:
        """Where files are made and, beside a file store, wait."""
        return self.packages.folder

    def start(self, kind: str, actor: str, args: dict[str, Any]) -> str:
        """Queues a job of a kind that `does` knows; answers the id."""
        number, now = secrets.token_urlsafe(12), self._now()
        with self.store.write(actor, "job") as tx:
            tx.connection.execute(insert(JOBS).values(
                id=number, kind=kind, actor=actor, state="queued", progress=0.0, text="", args=args, result=None,
                created_at=now, changed_at=now, owner=self.owner, tries=1, lease_until=self._clock(tx.connection) + LEASE_S))
        self._take(number, kind)
        return number

    def get(self, number: str, actor: str | None = None) -> dict[str, Any]:
        """The job; with `actor`, only his own. Takes it over when its process has died. Raises NotFound."""
        with self.store.read() as reader:
            row = reader.connection.execute(select(JOBS).where(JOBS.c.id == number)).first()
            late = row is not None and row.state in ("queued", "running") and (row.lease_until or 0) < self._clock(reader.connection)
        if row is None or (actor is not None and row.actor != actor):
            raise NotFound(f"{number}: no such job")
        if late and row.owner != self.owner and self._inherit(row):
            return self.get(number, actor)
        if untold := self._untold.pop(number, None):
            words, code = untold
            self._fail(number, words, code)
            return {**row._mapping, "state": "failed", "text": words, "result": {"code": code, "detail": words}}
        return dict(row._mapping)

    def under_way(self, kind: str, actor: str, args: dict[str, Any]) -> str | None:
        """The id of his job that does just this already."""
        with self.store.read() as reader:
            rows = reader.connection.execute(select(JOBS.c.id, JOBS.c.args).where(
                JOBS.c.kind == kind, JOBS.c.actor == actor, JOBS.c.state.in_(["queued", "running"])).order_by(JOBS.c.created_at)).all()
        return next((row.id for row in rows if row.args == args), None)

    def cancel(self, number: str, actor: str) -> None:
        """Stops his job, whoever does it: the doer hears of it when he next tells how far he is. Raises NotFound."""
        self.get(number, actor)
        with self.store.write(actor, "job") as tx:
            tx.connection.execute(update(JOBS).where(JOBS.c.id == number, JOBS.c.state.in_(["queued", "running"])).values(
                state="cancelled", owner=None, text="", changed_at=self._now()))

    def sweep(self, hours: float) -> None:
        """Deletes files and rows of jobs older than that."""
        limit = (self.store.clock() - timedelta(hours=hours)).isoformat(timespec="seconds")
        with self.store.write("system", "sweep") as tx:
            old = tx.connection.execute(select(JOBS.c.id).where(JOBS.c.created_at < limit)).scalars().all()
            tx.connection.execute(delete(JOBS).where(JOBS.c.id.in_(old)))
            self.packages.drop(tx.connection, old)

    def close(self) -> None:
        """Waits for the work under way, but ends what somebody sat and waited for; that and what is queued is left to
        whoever is asked about it."""
        self._leaving = True
        for pool in (self._pool, self._aside):
            pool.shutdown(wait=True, cancel_futures=True)
        self._ended.set()
        if (renewing := self._renewing) is not None:
            renewing.join(10)  # else it may renew what is left below
        self.packages.close()
        with self._turn:
            left, self._mine = self._mine, set()
        if left:
            try:
                self._set_all(left, lease_until=0.0)
            except (WeigeError, SQLAlchemyError):  # the store is away: the leases run out by themselves
                log.info("jobs are left to their leases")

    # ---- doing ---------------------------------------------------------------------------------------------------
    def _take(self, number: str, kind: str) -> None:
        with self._turn:
            self._mine.add(number)
            if self._renewing is None or not self._renewing.is_alive():
                self._renewing = threading.Thread(target=self._renew, name="weige-leases", daemon=True)
                self._renewing.start()
        (self._aside if kind in ASIDE else self._pool).submit(self._run, number)

    def _run(self, number: str) -> None:
        def progress(done: float, words: str) -> None:
            if self._leaving and row["kind"] in ASIDE:
                raise TakenOver
            self._set(number, state="running", progress=float(done), text=words)
        try:
            row = self.get(number)
            progress(0.0, "started")
            result = self.does[row["kind"]](number, row["args"], progress)
            self._set(number, state="done", progress=1.0, text="", result=result)
        except TakenOver:
            log.info("a job was cancelled, or taken over by another process")
        except WeigeError as error:
            self._fail(number, error.text, error.code, error.details)
        except Exception as error:
            full = of_disk(error, self.folder)
            if full is None:
                log.exception("a job failed")
            self._fail(number, full.text if full else "the server met an error it does not know; it is in the log",
                       full.code if full else "error")
        finally:
            with self._turn:
                self._mine.discard(number)

    def _fail(self, number: str, words: str, code: str, details: dict[str, Any] | None = None) -> None:
        try:
            self._set(number, state="failed", text=words, result={"code": code, "detail": words, **({"details": details} if details else {})})
        except StoreFull:  # its row cannot be written now: whoever asks here is told, and then it is tried again
            self._untold[number] = words, code
        except (TakenOver, WeigeError, SQLAlchemyError):  # the store is away: its lease runs out, another one does it
            log.warning("a job could not be marked as failed; whoever is asked about it does it again")

    def _set(self, number: str, **values: Any) -> None:
        with self.store.write("system", "job") as tx:
            done = tx.connection.execute(update(JOBS).where(JOBS.c.id == number, JOBS.c.owner == self.owner).values(
                **values, changed_at=self._now(), lease_until=self._clock(tx.connection) + LEASE_S))
        if not done.rowcount:
            raise TakenOver

    def _set_all(self, numbers: set[str], **values: Any) -> None:
        with self.store.write("system", "job") as tx:
            tx.connection.execute(update(JOBS).where(JOBS.c.id.in_(numbers), JOBS.c.owner == self.owner).values(**values))

    # ---- leases --------------------------------------------------------------------------------------------------
    def _renew(self) -> None:
        while not self._ended.wait(LEASE_S / 3):
            with self._turn:
                mine = set(self._mine)
                if not mine:
                    self._renewing = None
                    return
            try:
                with self.store.write("system", "job") as tx:
                    tx.connection.execute(update(JOBS).where(JOBS.c.id.in_(mine), JOBS.c.owner == self.owner).values(
                        lease_until=self._clock(tx.connection) + LEASE_S))
            except (WeigeError, SQLAlchemyError) as error:
                log.warning("leases of jobs could not be renewed: %s", getattr(error, "code", type(error).__name__))

    def _inherit(self, row: Any) -> bool:
        """Takes over a job whose owner has gone, or gives it up; False when another process was quicker."""
        known, tried = row.kind in self.does, row.tries or 0
        if not known and tried < TRIES:
            return False
        values: dict[str, Any] = {"owner": self.owner, "tries": tried + 1, "state": "queued", "progress": 0.0}
        if tried >= TRIES:
            words = f"{tried} processes ended over this work; it was given up"
            values = {"state": "failed", "text": words, "result": {"code": "error", "detail": words}}
        with self.store.write("system", "job") as tx:
            free = or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until == row.lease_until)
            done = tx.connection.execute(update(JOBS).where(JOBS.c.id == row.id, JOBS.c.state.in_(["queued", "running"]), free).values(
                **values, changed_at=self._now(), lease_until=self._clock(tx.connection) + LEASE_S))
        if done.rowcount and "owner" in values:
            log.warning("a job of a process that ended is taken over, try %d", tried + 1)
            self._take(row.id, row.kind)
        return bool(done.rowcount)

    def _clock(self, connection: Connection) -> float:
        """Seconds of the epoch, by the one clock that all processes on the store share."""
        if self.store.is_file:
            return time.time()
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")))

    def _now(self) -> str:
        return self.store.clock().isoformat(timespec="seconds")
