"""Tables of the second file (accounts, grants, sessions, tokens, audit), and the steps that bring an older one up to date."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
)

from layers.errors import BadFile

from .types import Json

SCHEMA = "weige_accounts"  # on PostgreSQL
metadata = MetaData()

ACCOUNTS = Table(
    "accounts", metadata, Column("name", Text, primary_key=True), Column("label", Text), Column("password", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False), Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Text), Column("epoch", Integer, nullable=False, default=0), Column("created_at", Text, nullable=False),
    Column("must_change", Boolean),  # the password was given by somebody else: its owner chooses another before anything else
    Column("password_until", Text),  # when such a password opens nothing any more
    Column("lang", Text), Column("created_by", Text), Column("last_sign_in", Text))
GRANTS = Table(
    "grants", metadata, Column("account", Text, primary_key=True), Column("role", Text, primary_key=True),
    Column("area", BigInteger, primary_key=True), Column("rev", BigInteger, nullable=False))
TOKENS = Table(
    "tokens", metadata, Column("hash", Text, primary_key=True), Column("account", Text, nullable=False), Column("name", Text),
    Column("created_at", Text, nullable=False), Column("expires_at", Text, nullable=False), Column("created_by", Text),
    Column("used_at", Text))
SESSIONS = Table(
    "sessions", metadata, Column("hash", Text, primary_key=True), Column("account", Text, nullable=False),
    Column("created_at", Text, nullable=False), Column("seen_at", Text), Column("address", Text), Column("agent", Text))
AUDIT = Table(
    "audit", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("at", Text, nullable=False),
    Column("account", Text), Column("address", Text), Column("action", Text, nullable=False), Column("object", Text),
    Column("result", Text, nullable=False), Column("details", Json),
    Column("path", Text),  # of the area it was about, as the tree stood then
    sqlite_autoincrement=True)
SECRETS = Table("secrets", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
# Wrong tries at names nobody has: they are locked out like accounts, so that nobody learns which names there are.
STRANGERS = Table(
    "strangers", metadata, Column("name", Text, primary_key=True), Column("failures", Integer, nullable=False),
    Column("locked_until", Text), Column("changed_at", Text, nullable=False))
# Requests counted against limits, by all processes together: what (hashed), until when, how many.
RATES = Table(
    "rates", metadata, Column("key", Text, primary_key=True), Column("ends", Double, nullable=False), Column("hits", Integer, nullable=False))
DONE = Table("steps", metadata, Column("number", Integer, primary_key=True, autoincrement=False))
INDEXES = (Index("audit_account", AUDIT.c.account, AUDIT.c.id), Index("audit_action", AUDIT.c.action, AUDIT.c.id))


def _first_passwords(connection: Connection, prefix: str) -> None:
    """0.2: passwords given by an administrator, sessions one can tell apart, an audit trail by area."""
    added = {"accounts": ("must_change BOOLEAN", "password_until TEXT", "lang TEXT", "created_by TEXT", "last_sign_in TEXT"),
             "tokens": ("created_by TEXT", "used_at TEXT"), "sessions": ("seen_at TEXT", "address TEXT", "agent TEXT"),
             "audit": ("path TEXT",)}
    for table, columns in added.items():
        for column in columns:
            connection.execute(text(f"ALTER TABLE {prefix}{table} ADD COLUMN {column}"))
    for index in INDEXES:
        index.create(connection)


STEPS: tuple[Callable[[Connection, str], None], ...] = (_first_passwords,)  # in order, the first is number 1


def bring_up_to_date(connection: Connection) -> None:
    """Makes the tables of a new file, or the steps an older one lacks, inside the caller's transaction. Raises BadFile for
    a file of a newer release."""
    is_postgres = connection.dialect.name == "postgresql"
    if is_postgres:
        connection.execute(text("SELECT pg_advisory_xact_lock(4491)"))  # one process migrates, the others wait
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    known = inspect(connection).has_table("accounts", schema=SCHEMA if is_postgres else None)
    metadata.create_all(connection)
    done = connection.scalar(select(func.max(DONE.c.number))) or 0
    if done > len(STEPS):
        raise BadFile("the accounts were written by a newer release of Weige; use that one")
    for number, step in enumerate(STEPS[done:], start=done + 1):
        if known:
            step(connection, f"{SCHEMA}." if is_postgres else "")
        connection.execute(insert(DONE).values(number=number))
