"""What administrators do to the accounts of others: open, change, reset, unlock, close, reopen; nothing is ever deleted,
so that every name in the audit trail and the history keeps its meaning."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from layers.errors import AccountExists, BadInput, NotFound, Stale

from .account_tables import ACCOUNTS, GRANTS, SESSIONS, TOKENS
from .accounts import Accounts, check_roles

Grant = tuple[str, int, int]  # role, fid of the area (0 = everything), revision at which it was given
Guard = Callable[[Iterable[tuple[str, Sequence[Grant]]]], None]  # is told (name, grants) of all that are open; may refuse


@dataclass(frozen=True, slots=True)
class Entry:
    """One account as administrators see it. Times are ISO 8601 with offset, None when there was none."""

    name: str
    label: str
    grants: tuple[Grant, ...]
    disabled: bool
    locked_until: str | None
    must_change: bool
    version: int
    created_at: str
    created_by: str | None
    last_sign_in: str | None
    sessions: int
    tokens: tuple[dict[str, Any], ...]

    @property
    def state(self) -> str:
        """active | new (has not chosen a password yet) | locked | disabled"""
        return "disabled" if self.disabled else "locked" if self.locked_until else "new" if self.must_change else "active"


def entries(accounts: Accounts, idle_minutes: float = 0, names: Sequence[str] | None = None) -> list[Entry]:
    """Every account by name, or those named."""
    with accounts.engine.connect() as connection:
        rows = connection.execute(_of(select(ACCOUNTS), ACCOUNTS.c.name, names).order_by(ACCOUNTS.c.name)).all()
        grants: dict[str, list[Grant]] = defaultdict(list)
        for row in connection.execute(_of(select(GRANTS), GRANTS.c.account, names).order_by(GRANTS.c.role, GRANTS.c.area)):
            grants[row.account].append((row.role, row.area, row.rev))
        tokens: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in connection.execute(_of(select(TOKENS), TOKENS.c.account, names).order_by(TOKENS.c.created_at)):
            if datetime.fromisoformat(row.expires_at) > accounts.clock():
                tokens[row.account].append({"id": row.hash[:16], "name": row.name or "", "created_at": row.created_at,
                                            "expires_at": row.expires_at, "created_by": row.created_by, "used_at": row.used_at})
        fresh = accounts.now(-timedelta(minutes=idle_minutes + 5))
        open_ = Counter(dict(tuple(row) for row in connection.execute(
            select(SESSIONS.c.account, func.count()).where(func.coalesce(SESSIONS.c.seen_at, SESSIONS.c.created_at) > fresh)
            .group_by(SESSIONS.c.account))))
    locked = lambda row: row.locked_until and datetime.fromisoformat(row.locked_until) > accounts.clock()  # noqa: E731
    return [Entry(row.name, row.label or row.name, tuple(grants[row.name]), bool(row.disabled), row.locked_until if locked(row) else None,
                  bool(row.must_change), row.epoch, row.created_at, row.created_by, row.last_sign_in, open_[row.name],
                  tuple(tokens[row.name])) for row in rows]


def entry(accounts: Accounts, name: str, idle_minutes: float = 0) -> Entry:
    """One account. Raises NotFound."""
    found = entries(accounts, idle_minutes, [name])
    if not found:
        raise NotFound(f"{name}: no such account")
    return found[0]


def _of(statement, column, names: Sequence[str] | None):
    return statement if names is None else statement.where(column.in_(names))


def judge_name(name: str) -> None:
    """Raises BadInput for a name that cannot be typed, or put into an address."""
    if not name or name != name.strip() or len(name) > 60 or not name.isprintable() or "/" in name:
        raise BadInput(f"{name[:60]!r}: a name of 1 to 60 characters without slashes is needed", fields=["name"])


def create(accounts: Accounts, name: str, label: str, grants: Sequence[Grant], *, by: str, hours: float) -> str:
    """A new account; answers its password, which opens only the choice of another, and that for `hours`. Raises AccountExists."""
    judge_name(name)
    check_roles([role for role, _, _ in grants])
    password = accounts.invent_password()
    hashed = accounts.hash(password)
    with _alone(accounts) as connection:
        if connection.scalar(select(ACCOUNTS.c.name).where(ACCOUNTS.c.name == name)) is not None:
            raise AccountExists(f"{name}: there is an account of that name already", fields=["name"])
        connection.execute(insert(ACCOUNTS).values(
            name=name, label=label or name, password=hashed, disabled=False, failures=0, epoch=0, created_at=accounts.now(),
            created_by=by, must_change=True, password_until=accounts.now(timedelta(hours=hours))))
        _grant(connection, name, grants)
    return password


def change(accounts: Accounts, name: str, version: int, *, label: str | None = None, grants: Sequence[Grant] | None = None,
           disabled: bool | None = None, guard: Guard = lambda open_: None) -> None:
    """Changes what is not None. A closed account keeps its grants and tokens, which open nothing until it is opened again;
    its sessions end for good. Raises NotFound, Stale when another administrator was first, and what `guard` raises."""
    if grants is not None:
        check_roles([role for role, _, _ in grants])
    values = {key: value for key, value in (("label", label), ("disabled", disabled)) if value is not None}
    with _alone(accounts) as connection:
        _step(connection, name, version, values)
        if grants is not None:
            connection.execute(delete(GRANTS).where(GRANTS.c.account == name))
            _grant(connection, name, grants)
        if disabled:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.account == name))
        if grants is not None or disabled:
            guard(_open(connection))


def reset(accounts: Accounts, name: str, *, hours: float) -> str:
    """Another password to be used once; every session ends, the lock-out too. Raises NotFound."""
    password = accounts.invent_password()
    hashed = accounts.hash(password)
    with accounts.write() as connection:
        _step(connection, name, None, {"password": hashed, "must_change": True, "failures": 0, "locked_until": None,
                                       "password_until": accounts.now(timedelta(hours=hours))})
        connection.execute(delete(SESSIONS).where(SESSIONS.c.account == name))
    return password


def unlock(accounts: Accounts, name: str) -> None:
    """Wrong tries are forgotten. Raises NotFound."""
    with accounts.write() as connection:
        _step(connection, name, None, {"failures": 0, "locked_until": None})


def revoke(accounts: Accounts, name: str, token: str) -> str:
    """A token opens nothing any more; answers what it was called. `token` is its id. Raises NotFound."""
    with accounts.write() as connection:
        there = (TOKENS.c.account == name) & (func.substr(TOKENS.c.hash, 1, 16) == token)
        row = connection.execute(select(TOKENS.c.name).where(there)).first()
        if row is None:
            raise NotFound(f"{name}: no such token")
        connection.execute(delete(TOKENS).where(there))
        return row.name or ""


@contextmanager
def _alone(accounts: Accounts) -> Iterator[Connection]:
    """A transaction in which nobody else changes grants: two administrators closing each other meet here."""
    with accounts.write() as connection:
        if accounts.engine.dialect.name != "sqlite":  # which has one writer anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(4492)"))
        yield connection


def _step(connection: Connection, name: str, version: int | None, values: dict[str, Any]) -> None:
    there = connection.scalar(select(ACCOUNTS.c.epoch).where(ACCOUNTS.c.name == name))
    if there is None:
        raise NotFound(f"{name}: no such account")
    if version is not None and version != there:
        raise Stale(f"{name}: version {version} was changed to {there}", account=name, version=there)
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(epoch=there + 1, **values))


def _grant(connection: Connection, name: str, grants: Sequence[Grant]) -> None:
    if grants:
        connection.execute(insert(GRANTS), [{"account": name, "role": role, "area": area, "rev": rev} for role, area, rev in grants])


def _open(connection: Connection) -> list[tuple[str, list[Grant]]]:
    held: dict[str, list[Grant]] = defaultdict(list)
    for row in connection.execute(select(GRANTS).join(ACCOUNTS, ACCOUNTS.c.name == GRANTS.c.account).where(ACCOUNTS.c.disabled.is_(False))):
        held[row.account].append((row.role, row.area, row.rev))
    return list(held.items())
