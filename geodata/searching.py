"""A long search in a process of its own: whoever draws, commits or reports keeps the interpreter, and stopping it is at once."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from layers.cells import Town
from layers.division import Proposal, Wish
from layers.errors import WeigeError

from .proposals import Tell, found

BEAT_S = 0.25  # the longest silence: then `tell` is called anyway, so that it may stop the search


class Searcher:
    """Owns the process, which starts with the first search. Public: find, close. Closing it, or what `tell` raises, ends
    the search under way."""

    def __init__(self) -> None:
        self._line: Any = None
        self._process: Any = None

    def find(self, ground: np.ndarray, town: Town, wish: Wish, tell: Tell) -> Proposal:
        """As `layers.division.propose`; here, should the process be gone."""
        if self._line is None:
            self._begin()
        share = 0.0
        try:
            self._line.send((ground, town, wish))
            while True:
                told = self._line.recv() if self._line.poll(BEAT_S) else share
                if isinstance(told, Proposal):
                    return told
                if isinstance(told, WeigeError):
                    raise told
                share = told
                tell(share)
        except (OSError, EOFError):
            self.close()
            return found(ground, town, wish, tell)

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")  # nothing of ours is copied: no lock held, no gigabyte of map
        self._line, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other,), name="weige-search", daemon=True)
        self._process.start()
        other.close()

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)
            self._line.close()
        self._line = self._process = None


@contextmanager
def tidied_after() -> Iterator[None]:
    """Garbage is collected when it is over: a search makes a million small things and no circles of them, and looking
    for such circles on its way is a seventh of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _work(line: Any) -> None:
    """In the process: searches until the line is closed, also by the death of who holds the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it reaches us all: the server ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):
        while True:
            asked = line.recv()
            try:
                with tidied_after():
                    made = found(*asked, line.send)
                line.send(made)
            except WeigeError as error:
                line.send(error)
