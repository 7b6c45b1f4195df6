"""What a look at one revision read is kept for the next look at it: who draws asks for the same ground ten times a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rows import Area, Head

MOST = 5_000  # answers kept of one revision
PATIENCE_S = 0.25  # a line through a hundred areas takes longer: then nobody waits for it


@dataclass(slots=True)
class Kept:
    """Answers of one revision; nothing of it is ever changed, only forgotten."""

    rev: int = -1
    areas: dict[int, Area] = field(default_factory=dict)
    heads: dict[int, Head] = field(default_factory=dict)
    answers: dict[Any, Any] = field(default_factory=dict)


class Looks:
    """Owns what the last looks read. One look at a time works with it: two at once would only share one interpreter and
    both be late, and prepared geometry is not for two threads. Public: turn, at."""

    def __init__(self) -> None:
        self._turn, self._kept = threading.Lock(), Kept()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Waits for the one before; false when that takes long: the look goes on by itself and keeps nothing."""
        mine = self._turn.acquire(timeout=PATIENCE_S)
        try:
            yield mine
        finally:
            if mine:
                self._turn.release()

    def at(self, rev: int) -> Kept:
        """What was read of that revision. Only for whose turn it is."""
        if rev != self._kept.rev or len(self._kept.answers) > MOST:
            self._kept = Kept(rev)
        return self._kept
