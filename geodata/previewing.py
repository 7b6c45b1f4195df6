"""Previews in a process of their own: whoever draws leaves commits, tiles and reports the interpreter.

One process, one preview after the other: what the last one read of the same ground is at hand. It only reads the store, so
it may die at any time; then the server computes by itself until the next one is up.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from layers.areas import Area
from layers.errors import WeigeError
from layers.rules import Rules

from . import effects, redrawing
from .rows import Reader
from .store import Store

MOST_WAITING = 3  # previews before one's own; with more it is faster to compute here
PATIENCE_S = 0.25  # for the one before, which may be a line through a hundred areas
START_S = 60  # until a new process has to be up
log = logging.getLogger("weige.previews")


@dataclass(frozen=True, slots=True)
class Shown:
    """What an operation would do: the areas it starts from, without their shapes (rights are judged by them), the answer."""

    before: tuple[Area, ...]
    answer: dict[str, Any]


def shown(reader: Reader, form: Mapping[str, Any], *, most_areas: int, today: str) -> Shown:
    """What the operation would do to the map as the reader sees it. Raises what `redrawing.draft` raises."""
    made = redrawing.draft(reader, form, most_areas=most_areas)
    before = tuple(replace(area, shape=None) for area in (*made.edit.above_before, *made.edit.before))
    return Shown(before, effects.answer(reader, made, today=today))


class Previewer:
    """Owns the process, which starts when the first preview is asked for. Public: show, close."""

    def __init__(self, url: str, rules: Rules):
        self._made_of = url, rules
        self._turn, self._count, self._waiting = threading.Lock(), threading.Lock(), 0
        self._line: Any = None
        self._process: Any = None
        self._begun = self._closed = False

    def show(self, form: Mapping[str, Any], **settings: Any) -> Shown | None:
        """As `shown`; None when too many wait already or one takes long, or the process is not there."""
        with self._count:
            if self._waiting >= MOST_WAITING:
                return None
            self._waiting += 1
        try:
            if not self._turn.acquire(timeout=PATIENCE_S):
                return None
            try:
                return self._asked(form, settings)
            finally:
                self._turn.release()
        finally:
            with self._count:
                self._waiting -= 1

    def _asked(self, form: Mapping[str, Any], settings: Mapping[str, Any]) -> Shown | None:
        if self._line is None:
            self._begin()
            return None
        try:
            self._line.send((form, settings))
            told = self._line.recv()
        except (OSError, EOFError) as error:
            log.warning("the process of the previews is gone (%s); another is started", error)
            self._end()
            self._begin()
            return None
        if isinstance(told, WeigeError):
            raise told
        return told

    def _begin(self) -> None:
        if not self._closed and not self._begun:
            self._begun = True
            threading.Thread(target=self._start, name="weige-previews", daemon=True).start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # nothing of ours is copied: no lock held, no gigabyte of map
        line, other = context.Pipe()
        process = context.Process(target=_work, args=(other, *self._made_of), name="weige-previews", daemon=True)
        try:
            process.start()
            other.close()
            up = line.poll(START_S) and line.recv()
        except (OSError, EOFError) as error:
            log.warning("no process for previews: %s", error)
            up = False
        with self._turn:
            if up and not self._closed:
                self._line, self._process = line, process
                return
            self._begun = False  # the next preview tries again
        line.close()
        if process.pid is not None:
            process.terminate()

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.join(2)
            if self._process.is_alive():
                self._process.terminate()
        self._line = self._process = None
        self._begun = False

    def close(self) -> None:
        """Ends the process; previews are computed where they are asked for from now on."""
        self._closed = True
        with self._turn:
            self._end()


def _work(line: Any, url: str, rules: Rules) -> None:
    """In the process: answers until the line is closed, also by the death of who holds the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it reaches us all: the server ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    store = Store.open(url, rules, read_only=True)
    line.send(True)
    with suppress(EOFError, OSError):
        while True:
            form, settings = line.recv()
            line.send(_answered(store, form, settings))
    store.close()


def _answered(store: Store, form: Mapping[str, Any], settings: Mapping[str, Any]) -> Shown | WeigeError | None:
    try:
        with store.look() as reader:
            return shown(reader, form, **settings)
    except WeigeError as error:
        return error
    except Exception:  # the server meets it, too, and has a log for it
        return None
