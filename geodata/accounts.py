"""Accounts, their (role, area) pairs, tokens and the audit trail: a second file beside the map, never in its copies."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text, and_, delete, insert, or_, select, text, update

from layers.errors import BadInput, NotFound, WrongPassword

from .engine import connect_accounts
from .types import Json
from .watch import Watch

ROLES = ("viewer", "reporter", "planner", "commander", "auditor", "admin")
STRANGERS = 10_000  # unknown names whose wrong tries are counted
KEYS = 10_000  # sessions and tokens whose accounts are kept in memory
SEPARATE = ({"admin", "auditor"},)  # nobody holds both

metadata = MetaData()
ACCOUNTS = Table(
    "accounts", metadata, Column("name", Text, primary_key=True), Column("label", Text), Column("password", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False), Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Text), Column("epoch", Integer, nullable=False, default=0), Column("created_at", Text, nullable=False))
GRANTS = Table(
    "grants", metadata, Column("account", Text, primary_key=True), Column("role", Text, primary_key=True),
    Column("area", BigInteger, primary_key=True), Column("rev", BigInteger, nullable=False))
TOKENS = Table(
    "tokens", metadata, Column("hash", Text, primary_key=True), Column("account", Text, nullable=False), Column("name", Text),
    Column("created_at", Text, nullable=False), Column("expires_at", Text, nullable=False))
SESSIONS = Table(
    "sessions", metadata, Column("hash", Text, primary_key=True), Column("account", Text, nullable=False),
    Column("created_at", Text, nullable=False))
AUDIT = Table(
    "audit", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("at", Text, nullable=False),
    Column("account", Text), Column("address", Text), Column("action", Text, nullable=False), Column("object", Text),
    Column("result", Text, nullable=False), Column("details", Json), sqlite_autoincrement=True)
SECRETS = Table("secrets", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asking: name and (role, area fid, revision of the grant)."""

    name: str
    label: str
    grants: tuple[tuple[str, int, int], ...]
    epoch: int = 0

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _, _ in self.grants)


class Accounts:
    """Owns the second file. Public: add, get, names, sign_in, new_session, by_session, end_session, new_token, by_token,
    log, audit, forget, secret."""

    def __init__(self, url: str, *, fail_limit: int = 5, lockout_minutes: float = 30, min_length: int = 8, classes: int = 3,
                 clock: Callable[[], datetime] | None = None):
        self.engine = connect_accounts(url)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.fail_limit, self.lockout = fail_limit, timedelta(minutes=lockout_minutes)
        self.min_length, self.classes = min_length, classes
        self._strangers: OrderedDict[str, tuple[int, str | None]] = OrderedDict()  # names nobody has: failures, locked until
        self._turn = threading.Lock()
        self._watch = Watch(self.engine)
        self._seen: Hashable = None  # state of the file in which `_keys` was read
        self._keys: dict[str, tuple[Account, str]] = {}  # of sessions and tokens, by hash: whose, and until when
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's second choice for argon2id
        with self._write() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(4491)"))
                connection.execute(text("CREATE SCHEMA IF NOT EXISTS weige_accounts"))
            metadata.create_all(connection)

    @contextmanager
    def _write(self):
        with self.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
            yield connection

    def _now(self) -> str:
        return self.clock().isoformat(timespec="seconds")

    # ---- accounts ------------------------------------------------------------------------------------------------
    def add(self, name: str, password: str, grants: Sequence[tuple[str, int, int]], label: str = "") -> None:
        """A new account, or a new password and grants for one that is there. Raises BadInput."""
        self.judge_password(password)
        check_roles([role for role, _, _ in grants])
        hashed = self._hasher.hash(password)
        with self._write() as connection:
            there = connection.scalar(select(ACCOUNTS.c.epoch).where(ACCOUNTS.c.name == name))
            if there is None:
                connection.execute(insert(ACCOUNTS).values(name=name, label=label or name, password=hashed, disabled=False,
                                                           failures=0, epoch=0, created_at=self._now()))
            else:
                connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                    password=hashed, failures=0, locked_until=None, disabled=False, epoch=there + 1))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.account == name))
            connection.execute(delete(GRANTS).where(GRANTS.c.account == name))
            if grants:
                connection.execute(insert(GRANTS), [{"account": name, "role": role, "area": area, "rev": rev}
                                                    for role, area, rev in grants])

    def judge_password(self, password: str) -> None:
        """Raises BadInput when the password is too simple."""
        kinds = sum((any(c.islower() for c in password), any(c.isupper() for c in password), any(c.isdigit() for c in password),
                     any(not c.isalnum() for c in password)))
        if len(password) < self.min_length or kinds < self.classes:
            raise BadInput(f"a password needs {self.min_length} characters of {self.classes} kinds (lower case, upper case, digits, others)")

    def get(self, name: str) -> Account | None:
        """The account, None when it does not exist or is disabled."""
        return self._account(select(ACCOUNTS).where(ACCOUNTS.c.name == name))

    def _account(self, statement) -> Account | None:
        with self.engine.connect() as connection:
            row = connection.execute(statement).first()
            if row is None or row.disabled:
                return None
            grants = connection.execute(select(GRANTS.c.role, GRANTS.c.area, GRANTS.c.rev).where(GRANTS.c.account == row.name)
                                        .order_by(GRANTS.c.role, GRANTS.c.area)).all()
            return Account(row.name, row.label or row.name, tuple(tuple(grant) for grant in grants), row.epoch)

    def names(self) -> list[str]:
        """All account names."""
        with self.engine.connect() as connection:
            return list(connection.execute(select(ACCOUNTS.c.name).order_by(ACCOUNTS.c.name)).scalars())

    def sign_in(self, name: str, password: str) -> Account:
        """The account when the password fits. Raises WrongPassword with `left` tries or `minutes` of the lock-out; a name
        nobody has, or a closed account, answers in the same words, counts the same tries and takes as long."""
        with self.engine.connect() as connection:
            row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name)).first()
        until = row.locked_until if row is not None else self._strangers.get(name, (0, None))[1]
        if until and datetime.fromisoformat(until) > self.clock():
            minutes = int((datetime.fromisoformat(until) - self.clock()).total_seconds() // 60) + 1
            raise WrongPassword(f"locked for {minutes} minutes after too many tries", minutes=minutes)
        try:
            self._hasher.verify(row.password if row is not None else _NOBODY, password)
            if row is None or row.disabled:
                raise ValueError(name)
        except (VerificationError, ValueError):
            raise WrongPassword("account and password do not fit", left=self._failed(name, row is not None)) from None
        with self._write() as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(failures=0, locked_until=None))
        return self.get(name)

    def _failed(self, name: str, known: bool) -> int:
        """Counts a wrong try; answers how many are left."""
        locked = (self.clock() + self.lockout).isoformat(timespec="seconds")
        if not known:
            return self._failed_stranger(name, locked)
        with self._write() as connection:
            failures = connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                failures=ACCOUNTS.c.failures + 1).returning(ACCOUNTS.c.failures)).scalar() or 0
            if failures >= self.fail_limit:
                connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(failures=0, locked_until=locked))
        return max(0, self.fail_limit - failures)

    def _failed_stranger(self, name: str, locked: str) -> int:
        with self._turn:
            failures = self._strangers.pop(name, (0, None))[0] + 1
            self._strangers[name] = (0, locked) if failures >= self.fail_limit else (failures, None)
            while len(self._strangers) > STRANGERS:
                self._strangers.popitem(last=False)
        return max(0, self.fail_limit - failures)

    # ---- sessions ------------------------------------------------------------------------------------------------
    def new_session(self, account: str, hours: float) -> str:
        """A key for the cookie of somebody who signed in; only its hash is kept, and nothing older than `hours`."""
        key = secrets.token_urlsafe(24)
        oldest = (self.clock() - timedelta(hours=hours)).isoformat(timespec="seconds")
        with self._write() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.created_at < oldest))
            connection.execute(insert(SESSIONS).values(hash=_digest(key), account=account, created_at=self._now()))
        return key

    def by_session(self, key: str) -> Account | None:
        """The account of a session that was not ended, by signing out or by a new password."""
        def read(hash: str) -> tuple[Account | None, str]:
            return self._account(select(ACCOUNTS).join(SESSIONS, SESSIONS.c.account == ACCOUNTS.c.name).where(SESSIONS.c.hash == hash)), ""
        return self._known(_digest(key), read)[0]

    def end_session(self, key: str) -> None:
        """Nobody gets in with that cookie any more, not even with a copy."""
        with self._write() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == _digest(key)))

    # ---- tokens --------------------------------------------------------------------------------------------------
    def new_token(self, account: str, days: float, name: str = "") -> str:
        """A token for programs, shown once; only its hash is kept. Raises NotFound."""
        if self.get(account) is None:
            raise NotFound(f"{account}: no such account")
        token = "weige_" + secrets.token_urlsafe(32)
        expires = (self.clock() + timedelta(days=days)).isoformat(timespec="seconds")
        with self._write() as connection:
            connection.execute(insert(TOKENS).values(hash=_digest(token), account=account, name=name, created_at=self._now(),
                                                     expires_at=expires))
        return token

    def by_token(self, token: str) -> Account | None:
        """The account of a token that has not expired."""
        def read(hash: str) -> tuple[Account | None, str]:
            with self.engine.connect() as connection:
                row = connection.execute(select(TOKENS).where(TOKENS.c.hash == hash)).first()
            return (None, "") if row is None else (self.get(row.account), row.expires_at)
        account, until = self._known(_digest(token), read)
        return account if account is not None and datetime.fromisoformat(until) > self.clock() else None

    def state(self) -> Hashable:
        """A value that differs as soon as anybody wrote to the file."""
        return self._watch.state()

    def _known(self, hash: str, read: Callable[[str], tuple[Account | None, str]]) -> tuple[Account | None, str]:
        """What `read` finds for the hash, from memory as long as nobody wrote to the file."""
        state = self._watch.state()
        with self._turn:
            if state != self._seen or len(self._keys) > KEYS:
                self._seen, self._keys = state, {}
            keys = self._keys
        if hash not in keys:
            found = read(hash)
            if found[0] is None:
                return found
            keys[hash] = found
        return keys[hash]

    # ---- audit and secrets ---------------------------------------------------------------------------------------
    def log(self, action: str, result: str, *, account: str | None = None, address: str | None = None, object: str | None = None,
            details: Any = None) -> None:
        """One line of the audit trail."""
        with self._write() as connection:
            connection.execute(insert(AUDIT).values(at=self._now(), account=account, address=address, action=action, object=object,
                                                    result=result, details=details))

    def audit(self, limit: int = 1000, before: int | None = None) -> list[dict[str, Any]]:
        """The newest lines first."""
        statement = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(AUDIT.c.id < before)
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(statement)]

    def forget(self, days: float, export_years: float) -> int:
        """Deletes lines older than `days`, about exports older than `export_years`; answers how many."""
        now = self.clock()
        other, exports = ((now - timedelta(days=age)).isoformat(timespec="seconds") for age in (days, export_years * 365.25))
        with self._write() as connection:
            return connection.execute(delete(AUDIT).where(or_(
                and_(AUDIT.c.action != "export", AUDIT.c.at < other), and_(AUDIT.c.action == "export", AUDIT.c.at < exports)))).rowcount

    def secret(self, name: str) -> str:
        """A random secret that stays the same for this installation."""
        with self._write() as connection:
            value = connection.scalar(select(SECRETS.c.value).where(and_(SECRETS.c.name == name)))
            if value is None:
                value = secrets.token_hex(32)
                connection.execute(insert(SECRETS).values(name=name, value=value))
            return value

    def close(self) -> None:
        """Lets go of the file."""
        self._watch.close()
        self.engine.dispose()


# The hash of a password nobody has: an unknown name takes as long as a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Yb8q1nO3kz0V9oJr6b1m6v0s7b0r7k2l5w8m3Q4zX1E"


def check_roles(roles: Sequence[str]) -> None:
    """Raises BadInput for an unknown role or a pair that nobody may hold together."""
    for role in roles:
        if role not in ROLES:
            raise BadInput(f"{role}: no such role; one of {', '.join(ROLES)}")
    for pair in SEPARATE:
        if pair <= set(roles):
            raise BadInput(f"nobody is both {' and '.join(sorted(pair))}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
