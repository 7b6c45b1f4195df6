"""Notices: what an account should hear of because somebody else changed its work. Written with the change itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .transaction import Transaction


def notify(tx: Transaction, to: Iterable[str], kind: str, **data: Any) -> None:
    """Tells these accounts, in the same transaction; nobody when there are none."""
    names = sorted(set(to))
    if names:
        tx.event("notice", {"to": names, "kind": kind, "rev": tx.new_rev, **data})
