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
            connection.execute(text("INSERT INTO weige_schema VALUES (:number, :name)"), {"number": number, "name": name})
    return steps()[-1][0]
