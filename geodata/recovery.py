"""`weige restore`: a snapshot back into a store, after finding it whole and unchanged.

Into a place that holds nothing it comes exactly as it was. Over a store that holds something (`replace`) that one is first
kept in a full snapshot beside it, and the numbers go on: revisions, fids and codes that were given away since are never
given again, because tiles in browsers, open pages and printed lists still name them. It is one revision like any other, so
servers that run on the store follow at once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from layers.errors import BadFile, StoreNotEmpty
from layers.rules import Rules

from .account_copies import restore_accounts, verify_accounts
from .engine import accounts_path, connect_copy
from .manifest import of_columns, opened, verify
from .migrations import migrate as bring_tables
from .migrations import steps
from .mode import KEY as MODE
from .moving import Cargo, new_store, prove_alike, state_of
from .pouring import Progress, all_tables, empty_out, pour, write_book
from .reasons import named
from .schema import CODES, COUNTERS, META, metadata
from .snapshot import part, snapshot
from .store import Store
from .transaction import Transaction


def restore(url: str, path: Path, rules: Rules, open_store: Callable[[], Store], *, actor: str, replace: bool = False,
            accounts: bool = False, progress: Progress = lambda done, what: None) -> dict[str, Any]:
    """Puts the snapshot into the store at the address, made when it is not there; with `accounts` also those of the file
    beside it. Answers {"contents", "snapshot_rev", "at", "rev", "tables": {name: rows}, "check", "kept", "accounts"}: `kept`
    is the file with what was there before. Raises NotFound, BadFile, BadCoverage, StoreNotEmpty; then nothing has changed."""
    path = path.absolute()
    with opened(path) as (source, told):
        if told["contents"] == "accounts":
            raise BadFile(f"{path} holds accounts only; name the snapshot beside it, with --accounts")
        if told["schema"] > steps()[-1][0]:
            raise BadFile(f"{path} was written by a newer release of Weige; use that one")
        verify(source, told, path, part(progress, 0.0, 0.3))
        if accounts:
            verify_accounts(accounts_path(path))
        state = state_of(url)
        if state == "filled" and not replace:
            raise StoreNotEmpty(f"{named(url)} holds a store already; with --replace the snapshot takes its place, and what is there is kept")
        with _of_this_release(path, source, told) as cargo:
            if state == "filled":
                answer = _replace(open_store, path, cargo, actor, accounts, part(progress, 0.3, 1.0))
            else:
                with new_store(url) as (target, _):
                    rows = cargo.put(target, rules, part(progress, 0.3, 1.0))
                answer = {"rev": told["rev"], "tables": rows, "kept": None}
    if accounts:
        restore_accounts(accounts_path(path), url)
    return {"contents": told["contents"], "snapshot_rev": told["rev"], "at": told["at"], "check": told["check"],
            "accounts": accounts, **answer}


@contextmanager
def _of_this_release(path: Path, source: Connection, told: dict[str, Any]) -> Iterator[Cargo]:
    """What the file holds, in the tables of this release. A full snapshot of an earlier one takes the steps that came since,
    on a copy; one of layers lacks only columns, which stay empty."""
    tables = [of_columns(name, held["columns"]) for name, held in told["tables"].items()]
    if told["schema"] == steps()[-1][0] or told["contents"] != "full":
        yield Cargo(source, tables, told["book"], told["at"], told["check"])
        return
    with tempfile.TemporaryDirectory(prefix="weige-") as folder:
        copy = Path(shutil.copy(path, Path(folder) / "copy.gpkg"))
        engine = connect_copy(copy, write=True)
        try:
            with engine.connect() as connection, connection.begin():
                bring_tables(connection)
                yield Cargo(connection, [metadata.tables[name] for name in all_tables()], told["book"], told["at"], told["check"])
        finally:
            engine.dispose()


# ---- over a store ----------------------------------------------------------------------------------------------------
def _replace(open_store: Callable[[], Store], path: Path, cargo: Cargo, actor: str, accounts: bool, progress: Progress) -> dict[str, Any]:
    store, kept, rows = open_store(), None, {}
    try:
        with store.write(actor, "restore", note=path.name) as tx:
            tx.new_rev  # noqa: B018  nobody else writes from here on: what is kept is what is replaced
            kept = _kept_name(store, path)
            snapshot(store, kept, contents="full", accounts=accounts, progress=part(progress, 0.0, 0.3))
            rows = _put_over(tx, cargo, part(progress, 0.3, 1.0))
            prove_alike(tx.connection, store.rules, cargo.book, cargo.check)
        return {"rev": tx.taken, "tables": rows, "kept": str(kept)}
    except BaseException:
        for file in (kept, kept and accounts_path(kept)):
            if file is not None:
                file.unlink(missing_ok=True)
        raise
    finally:
        store.close()


def _kept_name(store: Store, path: Path) -> Path:
    """Beside the store; beside the snapshot when the store is a database."""
    time = store.clock().strftime("%Y%m%dT%H%M%S")
    place = store.path or path
    return place.with_name(f"{place.stem}.before-restore-{time}.gpkg")


def _put_over(tx: Transaction, cargo: Cargo, progress: Progress) -> dict[str, int]:
    """Everything that is there goes, what the snapshot holds comes; counters and codes of both stay used."""
    target = tx.connection
    before = {row.name: row.value for row in target.execute(select(COUNTERS))}
    codes = {row.code: row.fid for row in target.execute(select(CODES))}
    mode = target.scalar(select(META.c.value).where(META.c.key == MODE))
    empty_out(target, [name for name in all_tables() if name != COUNTERS.name])
    told = pour(cargo.source, target, [table for table in cargo.tables if table.name != COUNTERS.name], progress)
    write_book(target, cargo.book, [*told, COUNTERS.name], cargo.at)
    known = set(target.execute(select(CODES.c.code)).scalars())
    left = [{"code": code, "fid": fid} for code, fid in codes.items() if code not in known]
    for start in range(0, len(left), 5000):
        target.execute(insert(CODES), left[start:start + 5000])
    if mode is not None:
        target.execute(delete(META).where(META.c.key == MODE))
        target.execute(insert(META).values(key=MODE, value=mode))
    theirs = cargo.book["counters"]
    for name in {*before, *theirs}:
        value = max(before.get(name, 0), theirs.get(name, 0) + (name == "rev"))
        if name not in before:
            target.execute(insert(COUNTERS).values(name=name, value=value))
        elif value != before[name]:
            target.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=value))
        if name == "rev":
            tx.taken = value
    tx.everything = True
    return {name: held["rows"] for name, held in told.items()}
