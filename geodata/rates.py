"""Requests counted by all processes on one PostgreSQL together."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from .account_tables import RATES
from .accounts import Accounts

SWEEP_S = 300.0  # how often counts that are over are deleted


class Rates:
    """Owns nothing but when it last swept. Public: add."""

    def __init__(self, accounts: Accounts):
        self._accounts, self._swept = accounts, time.monotonic()

    def add(self, counts: Mapping[tuple[str, float], int]) -> dict[tuple[str, float], int]:
        """Adds hits of (what, until when: seconds of the epoch); answers the hits of all processes."""
        names = {_hashed(what, ends): (what, ends) for what, ends in counts}
        rows = [{"key": name, "ends": names[name][1], "hits": counts[names[name]]} for name in sorted(names)]  # in one order: no deadlock
        statement = insert(RATES).values(rows)
        statement = statement.on_conflict_do_update(index_elements=[RATES.c.key], set_={"hits": RATES.c.hits + statement.excluded.hits})
        with self._accounts.write() as connection:
            total = {names[row.key]: row.hits for row in connection.execute(statement.returning(RATES.c.key, RATES.c.hits))}
            if time.monotonic() - self._swept > SWEEP_S:
                self._swept = time.monotonic()
                connection.execute(delete(RATES).where(RATES.c.ends < time.time()))
        return total


def _hashed(what: str, ends: float) -> str:
    """No name of an account and no address is kept."""
    return hashlib.blake2b(f"{what} {ends:.0f}".encode(), digest_size=16).hexdigest()
