"""Reports that come at the same moment are written together: one commit for all of them, each answered after it.

A disk takes so many commits a second; a street whose phones all come back after a cut brings more requests than that.
"""

from __future__ import annotations

import threading
from collections import deque

from sqlalchemy.exc import SQLAlchemyError

from layers.errors import WeigeError

from .ground import Ground
from .reporting import Batch, write
from .store import Store

MOST = 5000  # reports in one commit


class Inbox:
    """Owns the batches that wait for their commit. Public: put."""

    def __init__(self, store: Store, ground: Ground):
        self._store, self._ground = store, ground
        self._waiting: deque[Batch] = deque()
        self._turn = threading.Lock()  # of who writes for all who wait

    def put(self, batch: Batch) -> dict:
        """Writes the batch, with those of others, and answers what became of it when it is committed. Raises ReadOnly,
        StoreBusy, StoreFull, StoreMissing: then nothing of it was written."""
        self._waiting.append(batch)
        with self._turn:
            while batch.answer is None and batch.fault is None:
                self._write(self._next())
        if batch.fault is not None:
            raise batch.fault
        return batch.answer

    def _next(self) -> list[Batch]:
        some, size = [], 0
        while self._waiting and (not some or size + len(self._waiting[0].reports) <= MOST):
            some.append(self._waiting.popleft())
            size += len(some[-1].reports)
        return some

    def _write(self, some: list[Batch]) -> None:
        try:
            answers = self._store.attempt("reports", "report", lambda tx: write(tx, some, self._ground))
        except (WeigeError, SQLAlchemyError) as fault:
            for batch in some:
                batch.fault = fault
            return
        except Exception as fault:
            if len(some) == 1:
                some[0].fault = fault
            for batch in some if len(some) > 1 else ():  # one of them is not what it should be: the others must not suffer
                self._write([batch])
            return
        for batch, answer in zip(some, answers, strict=True):
            batch.answer = answer
        for listener in self._store.listeners:  # nothing of the map changed, but somebody waits for the event
            listener()
