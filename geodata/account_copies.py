"""Accounts, rights, tokens and the audit trail into a file of their own, and back: only ever when somebody asks for them.
Sessions and secrets stay where they are: after a restore or a move everybody signs in again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from layers.errors import BadFile, ReadOnly

from .account_tables import DONE, SESSIONS, bring_up_to_date
from .account_tables import metadata as account_metadata
from .engine import accounts_path, connect_accounts, connect_copy, gpkg_path
from .manifest import FORMAT, of_columns, opened, write_manifest
from .pouring import account_names, empty_out, pour
from .reasons import reasons
from .records import tallied


def snapshot_accounts(url: str, file: Path, at: str) -> dict[str, Any]:
    """Copies the accounts of a store into an empty file; answers {table: {"rows", "sha256", "columns"}}."""
    source, target = _source(url), connect_copy(file, write=True)
    try:
        with source.connect() as reading, target.connect() as writing:
            if source.dialect.name == "postgresql":
                reading = reading.execution_options(isolation_level="REPEATABLE READ")
            with reading.begin(), writing.begin():
                bring_up_to_date(writing)
                told = pour(reading, writing, _tables(), lambda done, text: None)
                empty_out(writing, [DONE.name], account_metadata)
                write_manifest(writing, {"format": FORMAT, "contents": "accounts", "at": at, "tables": told})
        return told
    finally:
        source.dispose()
        target.dispose()


def replace_accounts(source: Connection, tables: dict[str, Any], target: Connection) -> None:
    """Puts the accounts of a copy in place of those that are there; every session ends."""
    empty_out(target, [*account_names(), SESSIONS.name], account_metadata)
    pour(source, target, [of_columns(name, held["columns"], account_metadata) for name, held in tables.items()], lambda done, text: None)


def copy_accounts(url: str, writing: Connection) -> None:
    """Copies the accounts of a store into tables that are up to date and empty."""
    source = _source(url)
    try:
        with source.connect() as reading:
            if source.dialect.name == "postgresql":
                reading = reading.execution_options(isolation_level="REPEATABLE READ")
            with reading.begin():
                pour(reading, writing, _tables(), lambda done, text: None)
    finally:
        source.dispose()


def verify_accounts(path: Path) -> dict[str, Any]:
    """What the file says, after finding it so. Raises NotFound, BadFile."""
    with opened(path) as (connection, told):
        if told["contents"] != "accounts":
            raise BadFile(f"{path} holds no accounts")
        for name, held in told["tables"].items():
            if tallied(connection, of_columns(name, held["columns"], account_metadata), held["columns"]) != held:
                raise BadFile(f"{path}: {name} was changed after the snapshot", table=name)
        return told


def restore_accounts(path: Path, url: str) -> None:
    """Puts the accounts of a file in place of those of a store, in one transaction."""
    told, engine = verify_accounts(path), connect_accounts(url)
    try:
        with opened(path) as (source, _), engine.connect().execution_options(weige_begin="IMMEDIATE") as target, target.begin():
            bring_up_to_date(target)
            replace_accounts(source, told["tables"], target)
    finally:
        engine.dispose()


def _source(url: str) -> Engine:
    """Where the accounts of a store are read, in the tables of this release; those of a store that can only be read are
    there since it was served."""
    engine, path = connect_accounts(url), gpkg_path(url)
    with suppress(ReadOnly), reasons(url, accounts_path(path) if path else None):
        with engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
            bring_up_to_date(connection)
    return engine


def _tables() -> list[Any]:
    return [account_metadata.tables[name] for name in account_names()]
