"""A whole store into a place that holds nothing yet, every number kept: `weige migrate --to`, and the first half of
`weige restore`. One transaction, or a file that gets its name at the end: what is interrupted leaves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, inspect, select, text

from layers.errors import BadCoverage, BadFile, BadInput, StoreNotEmpty
from layers.rules import Rules

from .account_copies import copy_accounts
from .account_tables import ACCOUNTS, SCHEMA, bring_up_to_date
from .checking import prove
from .engine import accounts_path, connect, connect_copy, gpkg_path
from .migrations import migrate as bring_tables
from .migrations import steps
from .pouring import Progress, all_tables, book_of, empty_out, pour, write_book
from .reasons import named, reasons
from .rows import Reader
from .schema import COUNTERS, TABLES, metadata
from .store import NOT_OURS, Store
from .written import beside


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is to be put in: where it is read, which tables, the book of what those do not say, and how the proof went."""

    source: Connection
    tables: Sequence[Table]
    book: dict[str, Any]
    at: str
    check: dict[str, int]

    def put(self, target: Connection, rules: Rules, progress: Progress) -> dict[str, int]:
        """Writes everything into tables that are empty; answers rows by table. Raises BadFile when the target holds
        something else than the source, BadCoverage when the proof does not go as it went there."""
        told = pour(self.source, target, self.tables, progress)
        write_book(target, self.book, list(told), self.at)
        progress(1.0, "proof")
        prove_alike(target, rules, self.book, self.check)
        return {name: held["rows"] for name, held in told.items()}


def prove_alike(target: Connection, rules: Rules, book: dict[str, Any], before: dict[str, int]) -> None:
    """Raises BadCoverage when areas gape, overlap, are nested wrong or bear wrong codes elsewhere than they did before."""
    reader = Reader(target, rules)
    now, findings = prove(reader, reader.all_areas(), book["meta"].get("codes", "free"))
    if now != before:
        raise BadCoverage(f"the proof says {now}, it said {before}", findings=[one.as_json() for one in findings[:20]])


def migrate(store: Store, to: str, *, accounts: bool = False, progress: Progress = lambda done, what: None) -> dict[str, Any]:
    """Copies the store to another address, as it is at one revision, and with `accounts` those, too. The store itself
    stays as it is. Answers {"rev", "seq", "tables": {name: rows}, "check", "accounts", "behind"}: `behind` counts
    revisions that came to the store meanwhile. Raises StoreNotEmpty when something is there already."""
    if _same_place(store.url, to):
        raise BadInput("the store is there already")
    with ExitStack() as places:
        target, second = places.enter_context(new_store(to, accounts=accounts))
        with store.read() as reader:
            book, areas = book_of(reader.connection), reader.all_areas()
            check, _ = prove(reader, areas, book["meta"].get("codes", "free"))
            cargo = Cargo(reader.connection, [metadata.tables[name] for name in all_tables()], book, "", check)
            with reasons(to):
                rows = cargo.put(target, store.rules, progress)
        if second is not None:
            copy_accounts(store.url, second())
    rev = book["counters"].get("rev", 0)
    return {"rev": rev, "seq": book["counters"].get("seq", 0), "tables": rows, "check": check, "accounts": accounts,
            "behind": store.head()[0] - rev}


# ---- places ----------------------------------------------------------------------------------------------------------
def state_of(url: str) -> str:
    """"missing", "empty" (tables and nothing in them) or "filled". Raises BadFile for something else than a store."""
    path = gpkg_path(url)
    if path is not None and not path.exists():
        return "missing"
    engine = connect(url)
    try:
        with reasons(url), engine.connect() as connection, connection.begin():
            return _state(connection, url)
    finally:
        engine.dispose()


@contextmanager
def new_store(url: str, *, accounts: bool = False) -> Iterator[tuple[Connection, Callable[[], Connection] | None]]:
    """A connection to an empty store at the address, with all tables; and, when asked for, one to its accounts, to be
    called for once the store is written. All of it is there at the end, or nothing. Raises StoreNotEmpty, BadFile."""
    path = gpkg_path(url)
    with reasons(url), ExitStack() as stack:
        if path is None or path.exists():
            target = stack.enter_context(_begun(connect(url)))
            if path is None:
                target.execute(text("SELECT pg_advisory_xact_lock(4490)"))  # as when a store is made
            _clear(target, url)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            target = stack.enter_context(_begun(connect_copy(stack.enter_context(beside(path)), write=True)))
            bring_tables(target)
        if not accounts:
            yield target, None
        elif path is None:
            yield target, lambda: _accounts_of(target, url)
        else:
            _refuse_accounts(path)
            file = stack.enter_context(beside(accounts_path(path)))
            second = stack.enter_context(_begun(connect_copy(file, write=True)))
            yield target, lambda: _accounts_of(second, url)


@contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


def _clear(target: Connection, url: str) -> None:
    """Leaves the tables of this release with nothing in them. Raises StoreNotEmpty."""
    if _state(target, url) == "filled":
        raise StoreNotEmpty(f"{named(url)} holds a store already; name an empty place")
    bring_tables(target)
    empty_out(target, all_tables())


def _state(connection: Connection, url: str) -> str:
    tables = inspect(connection).get_table_names()
    if "weige_schema" not in tables:
        if set(tables) - set(NOT_OURS):
            raise BadFile(f"{named(url)} holds something else than a Weige store; name a new one")
        return "missing"
    number = connection.execute(text("SELECT max(number) FROM weige_schema")).scalar() or 0
    if number > steps()[-1][0]:
        raise BadFile(f"{named(url)} was written by a newer release of Weige; use that one")
    rev = connection.scalar(select(COUNTERS.c.value).where(COUNTERS.c.name == "rev")) or 0
    held = any(connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first() for name in TABLES if name in tables)
    return "filled" if rev > 1 or held else "empty"


def _accounts_of(connection: Connection, url: str) -> Connection:
    """Tables of accounts, up to date and empty. On PostgreSQL a schema beside the store, in the same transaction."""
    if connection.dialect.name == "postgresql":
        connection = connection.execution_options(schema_translate_map={None: SCHEMA})
    bring_up_to_date(connection)
    if connection.scalar(select(func.count()).select_from(ACCOUNTS)):
        raise StoreNotEmpty(f"{named(url)} holds accounts already")
    return connection


def _refuse_accounts(path: Path) -> None:
    """Raises StoreNotEmpty when a store stands there that has accounts; a file without a store was left by somebody."""
    second = accounts_path(path)
    if not (path.exists() and second.exists()):
        return
    engine = connect_copy(second)
    try:
        with engine.connect() as connection, connection.begin():
            if inspect(connection).has_table(ACCOUNTS.name) and connection.scalar(select(func.count()).select_from(ACCOUNTS)):
                raise StoreNotEmpty(f"{second} holds accounts already")
    finally:
        engine.dispose()


def _same_place(one: str, other: str) -> bool:
    paths = gpkg_path(one), gpkg_path(other)
    return one == other or (None not in paths and all(path.exists() for path in paths) and paths[0].samefile(paths[1]))
