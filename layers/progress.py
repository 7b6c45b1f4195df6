"""How far long work has come: a share from 0 to 1 that never falls. Whoever listens may raise to stop the work."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[float], None]


def silent(share: float) -> None:
    """Nobody listens."""


def span(tell: Tell, low: float, high: float) -> Tell:
    """Tells of a piece of the work: its 0 to 1 are `low` to `high` of the whole."""
    if tell is silent:
        return silent
    return lambda share: tell(low + (high - low) * min(1.0, share))
