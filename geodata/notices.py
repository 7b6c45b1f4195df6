"""Notices: what an account should hear of because somebody else changed its work. Written with the change itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import and_, func, insert, select, update

from .rows import Reader
from .schema import NOTICES
from .transaction import Transaction


def notify(tx: Transaction, to: Iterable[str], kind: str, *, known_to: Collection[str] = (), **data: Any) -> None:
    """Tells these accounts, in the same transaction; nobody when there are none. Who did it, `known_to`, finds it in the
    list as read and as "<kind>-by-you". `data` names no person."""
    names = sorted({*to, *known_to})
    if not names:
        return
    rev, seq = tx.new_rev, tx.take("notices")
    tx.connection.execute(insert(NOTICES), [
        {"account": name, "seq": seq, "rev": rev, "at": tx.at, "data": data,
         "kind": f"{kind}-by-you" if name in known_to else kind, "read_at": tx.at if name in known_to else None}
        for name in names])
    others = [name for name in names if name not in known_to]
    if others:
        tx.event("notice", {"to": others, "kind": kind, "notice": seq, "rev": rev, **data})


def notices_of(reader: Reader, account: str, limit: int = 50) -> list[dict[str, Any]]:
    """What the account was told: the unread first, then the newest."""
    statement = (select(NOTICES).where(NOTICES.c.account == account)
                 .order_by(NOTICES.c.read_at.is_not(None), NOTICES.c.seq.desc()).limit(limit))
    return [{**(row.data or {}), "seq": row.seq, "rev": row.rev, "kind": row.kind, "at": row.at, "read": row.read_at is not None}
            for row in reader.connection.execute(statement)]


def unread(reader: Reader, account: str) -> int:
    """How many the account has not looked at."""
    return reader.connection.scalar(select(func.count()).select_from(NOTICES).where(
        and_(NOTICES.c.account == account, NOTICES.c.read_at.is_(None))))


def mark_read(tx: Transaction, account: str, seq: int) -> None:
    """The account looked at its notices up to that number. No revision: the map stays what it is."""
    tx.connection.execute(update(NOTICES).where(
        NOTICES.c.account == account, NOTICES.c.seq <= seq, NOTICES.c.read_at.is_(None)).values(read_at=tx.at))
