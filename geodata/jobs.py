"""Long work: its state and progress in the store, its threads in this process."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update

from layers.errors import NotFound, WeigeError

from .engine import gpkg_path
from .schema import JOBS
from .store import Store

log = logging.getLogger("weige.jobs")


class Jobs:
    """Owns the worker thread. Public: start, get, folder, sweep, close."""

    def __init__(self, store: Store):
        self.store = store
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="weige-job")
        self._fail_orphans()

    @property
    def folder(self) -> Path:
        """Where finished files wait: beside the file store, or `var/exports` of the working folder."""
        path = gpkg_path(self.store.url)
        folder = (path.parent if path else Path("var").resolve()) / "exports"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def start(self, kind: str, actor: str, args: dict[str, Any], work: Callable[[str, Callable[[float, str], None]], dict[str, Any]]) -> str:
        """Queues `work(id, progress)`; answers the id."""
        number = secrets.token_urlsafe(12)
        now = self._now()
        with self.store.write(actor, kind) as tx:
            tx.connection.execute(insert(JOBS).values(id=number, kind=kind, actor=actor, state="queued", progress=0.0, text="", args=args,
                                                      result=None, created_at=now, changed_at=now))
        self._pool.submit(self._run, number, work)
        return number

    def get(self, number: str, actor: str | None = None) -> dict[str, Any]:
        """The job; with `actor`, only his own. Raises NotFound."""
        with self.store.read() as reader:
            row = reader.connection.execute(select(JOBS).where(JOBS.c.id == number)).first()
        if row is None or (actor is not None and row.actor != actor):
            raise NotFound(f"{number}: no such job")
        return dict(row._mapping)

    def sweep(self, hours: float) -> None:
        """Deletes files and rows of jobs older than that."""
        limit = (self.store.clock() - timedelta(hours=hours)).isoformat(timespec="seconds")
        with self.store.write("system", "sweep") as tx:
            old = tx.connection.execute(select(JOBS.c.id).where(JOBS.c.created_at < limit)).scalars().all()
            tx.connection.execute(delete(JOBS).where(JOBS.c.id.in_(old)))
        for number in old:
            for file in self.folder.glob(f"{number}.*"):
                file.unlink(missing_ok=True)

    def close(self) -> None:
        """Waits for the work under way; what is queued is not begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, number: str, work) -> None:
        def progress(done: float, text: str) -> None:
            self._set(number, state="running", progress=float(done), text=text)
        try:
            progress(0.0, "started")
            result = work(number, progress)
            self._set(number, state="done", progress=1.0, text="", result=result)
        except WeigeError as error:
            self._set(number, state="failed", text=error.text, result={"code": error.code, "detail": error.text})
        except Exception:
            log.exception("job %s failed", number)
            self._set(number, state="failed", text="the server met an error it does not know; it is in the log", result={"code": "error"})

    def _set(self, number: str, **values: Any) -> None:
        with self.store.write("system", "job") as tx:
            tx.connection.execute(update(JOBS).where(JOBS.c.id == number).values(**values, changed_at=self._now()))

    def _fail_orphans(self) -> None:
        """Work that a stop cut off says so instead of waiting for ever."""
        if not self.store.is_file:
            return
        with self.store.write("system", "job") as tx:
            tx.connection.execute(update(JOBS).where(JOBS.c.state.in_(["queued", "running"])).values(
                state="failed", text="the server was stopped; start it again", result={"code": "error"}))

    def _now(self) -> str:
        return self.store.clock().isoformat(timespec="seconds")
