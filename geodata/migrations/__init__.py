"""Numbered steps that bring a store of any earlier release up to date. Each file holds `apply(connection, dialect)`."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import Connection, text


def steps() -> list[tuple[int, str]]:
    """(number, module name) of every step, in order."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name[:4].isdigit()]
    return sorted((int(name[:4]), name) for name in names)


def migrate(connection: Connection) -> int:
    """Applies the steps that are missing; answers the number reached. Runs inside the caller's transaction."""
    dialect = connection.dialect.name
    connection.execute(text("CREATE TABLE IF NOT EXISTS weige_schema (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
    done = {row[0] for row in connection.execute(text("SELECT number FROM weige_schema"))}
    for number, name in steps():
        if number not in done:
            importlib.import_module(f"{__name__}.{name}").apply(connection, dialect)
            connection.execute(
                text("INSERT INTO weige_schema VALUES (:number, :name)"), {"number": number, "name": name}
            )
    if dialect == "sqlite":
        guard(connection)
    return steps()[-1][0]


def guard(connection: Connection) -> None:
    """Triggers on every table that let only our connections write: a foreign writer gets `no such function`."""
    tables = [
        row[0]
        for row in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree\\_%' ESCAPE '\\'"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    ]
    for table in tables:
        for verb in ("insert", "update", "delete"):
            connection.exec_driver_sql(
                f'CREATE TRIGGER IF NOT EXISTS weige_guard_{table}_{verb} BEFORE {verb.upper()} ON "{table}"'
                " BEGIN SELECT weige_writer(); END"
            )
