"""How much a test does: a short count by default, the full count of the promises under WEIGE_FULL=1 (make acceptance)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")
FULL = os.environ.get("WEIGE_FULL") == "1"


in_full = pytest.mark.skipif(not FULL, reason="takes long; make acceptance runs it")


def count(short: int, full: int) -> int:
    """`short` in make test, `full` in make acceptance."""
    return full if FULL else short


def some(cases: Iterable[T], short: int = 1) -> list[T]:
    """The first `short` of these cases in make test, all of them in make acceptance."""
    return list(cases)[:count(short, 1_000_000)]
