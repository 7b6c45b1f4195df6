"""How much a test does: a short count by default, the full count of the promises under WEIGE_FULL=1 (make acceptance)."""

from __future__ import annotations

import os

FULL = os.environ.get("WEIGE_FULL") == "1"


def count(short: int, full: int) -> int:
    """`short` in make test, `full` in make acceptance."""
    return full if FULL else short
