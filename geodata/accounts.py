"""Accounts, their (role, area) pairs, tokens and the audit trail: a second file beside the map, never in its copies."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import and_, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from layers.errors import BadInput, NotFound, WeakPassword, WeigeError, WrongPassword

from .account_tables import ACCOUNTS, AUDIT, GRANTS, SECRETS, SESSIONS, STRANGERS, TOKENS, bring_up_to_date
from .engine import accounts_path, connect_accounts, gpkg_path
from .reasons import reasons
from .watch import Watch

ROLES = ("viewer", "reporter", "planner", "commander", "auditor", "admin", "monitor")
UNKNOWN_NAMES = 10_000  # unknown names whose wrong tries are counted
KEYS = 10_000  # sessions and tokens whose accounts are kept in memory
SEPARATE = ({"admin", "auditor"},)  # nobody holds both

SEEN_EVERY = timedelta(minutes=5)  # how exactly a session's last use is kept
USED_EVERY = timedelta(hours=1)  # and a token's
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789"  # none is taken for another when read out


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asking: name and (role, area fid, revision of the grant)."""

    name: str
    label: str
    grants: tuple[tuple[str, int, int], ...]
    epoch: int = 0
    must_change: bool = False  # nothing is open to it but choosing a password
    lang: str | None = None

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _, _ in self.grants)


class Accounts:
    """Owns the second file. Public: add, get, names, sign_in, change_password, set_lang, new_session, by_session, seen,
    sessions, end_session, end_sessions, new_token, by_token, log, audit, forget, secret. What administrators do to the
    accounts of others stands in account_book.py."""

    def __init__(self, url: str, *, fail_limit: int = 5, lockout_minutes: float = 30, min_length: int = 8, classes: int = 3,
                 clock: Callable[[], datetime] | None = None):
        self.url, self.engine = url, connect_accounts(url)
        path = gpkg_path(url)
        self._file = accounts_path(path) if path else None
        self.clock = clock or (lambda: datetime.now(UTC))
        self.fail_limit, self.lockout = fail_limit, timedelta(minutes=lockout_minutes)
        self.min_length, self.classes = min_length, classes
        self._turn = threading.Lock()
        self._watch = Watch(self.engine)
        self._seen: Hashable = None  # state of the file in which `_keys` was read
        self._keys: dict[str, tuple[Account, str]] = {}  # of sessions and tokens, by hash: whose, and until when
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's second choice for argon2id
        self._used: dict[str, datetime] = {}  # when a use of each token was last written down
        with self.write() as connection:
            bring_up_to_date(connection)

    @contextmanager
    def write(self):
        """A transaction of the second file. Raises StoreFull, ReadOnly, StoreBusy; then nothing was written."""
        with reasons(self.url, self._file), self.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
            yield connection

    def now(self, later: timedelta = timedelta()) -> str:
        """The time as it is written down."""
        return (self.clock() + later).isoformat(timespec="seconds")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(password)

    def fits(self, hashed: str, password: str) -> bool:
        """True when it is the password that was kept so."""
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, ValueError):
            return False

    # ---- accounts ------------------------------------------------------------------------------------------------
    def add(self, name: str, password: str, grants: Sequence[tuple[str, int, int]], label: str = "") -> None:
        """A new account, or a new password and grants for one that is there. Raises BadInput."""
        self.judge_password(password)
        check_roles([role for role, _, _ in grants])
        hashed = self.hash(password)
        with self.write() as connection:
            there = connection.scalar(select(ACCOUNTS.c.epoch).where(ACCOUNTS.c.name == name))
            if there is None:
                connection.execute(insert(ACCOUNTS).values(name=name, label=label or name, password=hashed, disabled=False,
                                                           failures=0, epoch=0, created_at=self.now()))
            else:
                connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                    password=hashed, failures=0, locked_until=None, disabled=False, epoch=there + 1, must_change=False,
                    password_until=None))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.account == name))
            connection.execute(delete(GRANTS).where(GRANTS.c.account == name))
            if grants:
                connection.execute(insert(GRANTS), [{"account": name, "role": role, "area": area, "rev": rev}
                                                    for role, area, rev in grants])

    def judge_password(self, password: str, *, name: str = "") -> None:
        """Raises WeakPassword, with `reason` short, kinds or name, when the password is too simple."""
        kinds = sum((any(c.islower() for c in password), any(c.isupper() for c in password), any(c.isdigit() for c in password),
                     any(not c.isalnum() for c in password)))
        reason = ("short" if len(password) < self.min_length else "kinds" if kinds < self.classes
                  else "name" if name and name.lower() in password.lower() else None)
        if reason:
            text = f"a password needs {self.min_length} characters of {self.classes} kinds (lower case, upper case, digits, others)"
            raise WeakPassword(text + (", and not the name of the account" if reason == "name" else ""), reason=reason,
                               length=self.min_length, kinds=self.classes)

    def invent_password(self) -> str:
        """A password to be used once: groups of four letters and digits that are easily read out."""
        while True:
            groups = ["".join(secrets.choice("".join(LETTERS)) for _ in range(4)) for _ in range(max(3, -(-self.min_length // 5)))]
            password = "-".join(groups)
            if all(any(c in kind for c in password) for kind in LETTERS):
                return password

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
            return Account(row.name, row.label or row.name, tuple(tuple(grant) for grant in grants), row.epoch,
                           bool(row.must_change), row.lang)

    def hashes(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """(name, hash of the password) of those that are open, to be compared with passwords one knows."""
        statement = select(ACCOUNTS.c.name, ACCOUNTS.c.password).where(ACCOUNTS.c.name.in_(names), ACCOUNTS.c.disabled.is_(False))
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement.order_by(ACCOUNTS.c.name))]

    def names(self) -> list[str]:
        """All account names."""
        with self.engine.connect() as connection:
            return list(connection.execute(select(ACCOUNTS.c.name).order_by(ACCOUNTS.c.name)).scalars())

    def sign_in(self, name: str, password: str) -> Account:
        """The account when the password fits. Raises WrongPassword with `left` tries or `minutes` of the lock-out; a name
        nobody has, or a closed account, answers in the same words, counts the same tries and takes as long."""
        self._verified(name, password)
        with self.write() as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                failures=0, locked_until=None, last_sign_in=self.now()))
        return self.get(name)

    def _verified(self, name: str, password: str) -> None:
        """Passes when the password fits now; counts the try when not."""
        with self.engine.connect() as connection:
            row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name)).first()
        until = row.locked_until if row is not None else self._stranger_until(name)
        if until and datetime.fromisoformat(until) > self.clock():
            minutes = int((datetime.fromisoformat(until) - self.clock()).total_seconds() // 60) + 1
            raise WrongPassword(f"locked for {minutes} minutes after too many tries", minutes=minutes)
        fits = self.fits(row.password if row is not None else _NOBODY, password)
        over = row is not None and row.password_until is not None and datetime.fromisoformat(row.password_until) < self.clock()
        if not fits or row is None or row.disabled or over:
            raise WrongPassword("account and password do not fit", left=self._failed(name, row is not None))

    def change_password(self, name: str, old: str, new: str) -> None:
        """Its owner chooses another password; every session of the account ends. Raises WrongPassword, which counts like a
        wrong try at the door, and WeakPassword (`reason` same: nothing would change)."""
        self._verified(name, old)
        if new == old:
            raise WeakPassword("the new password is the old one", reason="same", length=self.min_length, kinds=self.classes)
        self.judge_password(new, name=name)
        with self.write() as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                password=self.hash(new), must_change=False, password_until=None, failures=0, locked_until=None,
                epoch=ACCOUNTS.c.epoch + 1))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.account == name))

    def set_lang(self, name: str, lang: str) -> None:
        """The language the account meets after signing in."""
        with self.write() as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(lang=lang))

    def _failed(self, name: str, known: bool) -> int:
        """Counts a wrong try; answers how many are left."""
        locked = (self.clock() + self.lockout).isoformat(timespec="seconds")
        if not known:
            return self._failed_stranger(name, locked)
        with self.write() as connection:
            failures = connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(
                failures=ACCOUNTS.c.failures + 1).returning(ACCOUNTS.c.failures)).scalar() or 0
            if failures >= self.fail_limit:
                connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(failures=0, locked_until=locked))
        return max(0, self.fail_limit - failures)

    def _failed_stranger(self, name: str, locked: str) -> int:
        """In the file, because the next try may reach another process."""
        key = _digest(name)
        with self.write() as connection:
            failures = connection.execute(update(STRANGERS).where(STRANGERS.c.name == key).values(
                failures=STRANGERS.c.failures + 1, changed_at=self.now()).returning(STRANGERS.c.failures)).scalar()
            if failures is None:
                failures = 1
                with suppress(IntegrityError), connection.begin_nested():  # another process was quicker by a hair
                    connection.execute(insert(STRANGERS).values(name=key, failures=1, changed_at=self.now()))
                oldest = select(STRANGERS.c.name).order_by(STRANGERS.c.changed_at.desc()).offset(UNKNOWN_NAMES)
                connection.execute(delete(STRANGERS).where(STRANGERS.c.name.in_(oldest.limit(100))))
            locks = failures >= self.fail_limit
            connection.execute(update(STRANGERS).where(STRANGERS.c.name == key).values(
                {"failures": 0, "locked_until": locked} if locks else {"locked_until": None}))
        return max(0, self.fail_limit - failures)

    def _stranger_until(self, name: str) -> str | None:
        with self.engine.connect() as connection:
            return connection.scalar(select(STRANGERS.c.locked_until).where(STRANGERS.c.name == _digest(name)))

    # ---- sessions ------------------------------------------------------------------------------------------------
    def new_session(self, account: str, hours: float, *, address: str | None = None, agent: str | None = None) -> str:
        """A key for the cookie of somebody who signed in; only its hash is kept, and nothing older than `hours`."""
        key = secrets.token_urlsafe(24)
        oldest = self.now(-timedelta(hours=hours))
        with self.write() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.created_at < oldest))
            connection.execute(insert(SESSIONS).values(hash=_digest(key), account=account, created_at=self.now(), seen_at=self.now(),
                                                       address=address, agent=(agent or "")[:200]))
        return key

    def by_session(self, key: str) -> Account | None:
        """The account of a session that was not ended, by signing out or by a new password."""
        def read(hash: str) -> tuple[Account | None, str]:
            return self._account(select(ACCOUNTS).join(SESSIONS, SESSIONS.c.account == ACCOUNTS.c.name).where(SESSIONS.c.hash == hash)), ""
        return self._known(_digest(key), read)[0]

    def end_session(self, key: str) -> None:
        """Nobody gets in with that cookie any more, not even with a copy."""
        with self.write() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == _digest(key)))

    def seen(self, key: str) -> None:
        """Notes that somebody works in that session, at most every few minutes; a store that takes nothing now is no
        reason to refuse him."""
        before = self.now(-SEEN_EVERY)
        there = and_(SESSIONS.c.hash == _digest(key), or_(SESSIONS.c.seen_at.is_(None), SESSIONS.c.seen_at < before))
        with suppress(DatabaseError, WeigeError):
            with self.engine.connect() as connection:
                if connection.scalar(select(func.count()).select_from(SESSIONS).where(there)) == 0:
                    return
            with self.write() as connection:
                connection.execute(update(SESSIONS).where(there).values(seen_at=self.now()))

    def sessions(self, account: str, idle_minutes: float, key: str = "") -> list[dict[str, Any]]:
        """Where the account is signed in, the latest first: {"id", "since", "seen", "address", "agent", "own"}; what was
        idle for so long is over and not told. `own` is the session of `key`."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(SESSIONS).where(SESSIONS.c.account == account).order_by(SESSIONS.c.created_at.desc())).all()
        over = self.clock() - timedelta(minutes=idle_minutes) - SEEN_EVERY
        return [{"id": row.hash[:16], "since": row.created_at, "seen": row.seen_at or row.created_at, "address": row.address,
                 "agent": row.agent, "own": row.hash == _digest(key)} for row in rows
                if row.hash == _digest(key) or datetime.fromisoformat(row.seen_at or row.created_at) > over]

    def end_sessions(self, account: str, but: str = "") -> int:
        """Ends the sessions of an account, all `but` the one of that key; answers how many."""
        with self.write() as connection:
            return connection.execute(delete(SESSIONS).where(SESSIONS.c.account == account, SESSIONS.c.hash != _digest(but))).rowcount

    # ---- tokens --------------------------------------------------------------------------------------------------
    def new_token(self, account: str, days: float, name: str = "", *, by: str | None = None) -> str:
        """A token for programs, shown once; only its hash is kept. Raises NotFound."""
        if self.get(account) is None:
            raise NotFound(f"{account}: no such account")
        token = "weige_" + secrets.token_urlsafe(32)
        expires = self.now(timedelta(days=days))
        with self.write() as connection:
            connection.execute(insert(TOKENS).values(hash=_digest(token), account=account, name=name, created_at=self.now(),
                                                     expires_at=expires, created_by=by))
        return token

    def by_token(self, token: str) -> Account | None:
        """The account of a token that has not expired."""
        def read(hash: str) -> tuple[Account | None, str]:
            with self.engine.connect() as connection:
                row = connection.execute(select(TOKENS).where(TOKENS.c.hash == hash)).first()
            return (None, "") if row is None else (self.get(row.account), row.expires_at)
        account, until = self._known(_digest(token), read)
        if account is None or datetime.fromisoformat(until) <= self.clock():
            return None
        self._note_use(_digest(token))
        return account

    def _note_use(self, hash: str) -> None:
        """When a token was last used, to the hour: who revokes wants to know whether anybody still needs it."""
        now = self.clock()
        if hash in self._used and now - self._used[hash] < USED_EVERY:
            return
        if len(self._used) > KEYS:
            self._used.clear()
        self._used[hash] = now
        with suppress(DatabaseError, WeigeError), self.write() as connection:
            connection.execute(update(TOKENS).where(TOKENS.c.hash == hash).values(used_at=self.now()))

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
            details: Any = None, path: str | None = None) -> None:
        """One line of the audit trail. `path` is that of the area it is about: auditors of that area find it."""
        with self.write() as connection:
            connection.execute(insert(AUDIT).values(at=self.now(), account=account, address=address, action=action, object=object,
                                                    result=result, details=details, path=path))

    def audit(self, limit: int = 1000, before: int | None = None) -> list[dict[str, Any]]:
        """The newest lines first."""
        statement = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(AUDIT.c.id < before)
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(statement)]

    def last(self, action: str) -> str | None:
        """When something was last done, by whomever."""
        statement = select(func.max(AUDIT.c.at)).where(AUDIT.c.action == action, AUDIT.c.result == "done")
        with self.engine.connect() as connection:
            return connection.scalar(statement)

    def forget(self, days: float, export_years: float) -> int:
        """Deletes lines older than `days`, about exports older than `export_years`; answers how many."""
        now = self.clock()
        other, exports = ((now - timedelta(days=age)).isoformat(timespec="seconds") for age in (days, export_years * 365.25))
        with self.write() as connection:
            return connection.execute(delete(AUDIT).where(or_(
                and_(AUDIT.c.action != "export", AUDIT.c.at < other), and_(AUDIT.c.action == "export", AUDIT.c.at < exports)))).rowcount

    def secret(self, name: str) -> str:
        """A random secret that stays the same for this installation."""
        with self.write() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(4491)"))  # processes that start at once take the same
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
