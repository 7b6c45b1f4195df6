"""Jobs say which process does them and until when it may keep silent; on PostgreSQL their files are kept as rows."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

DOUBLE = {"sqlite": "DOUBLE", "postgresql": "DOUBLE PRECISION"}


def apply(connection: Connection, dialect: str) -> None:
    """New stores have the columns already."""
    there = {column["name"] for column in inspect(connection).get_columns("jobs")}
    for name, kind in {"owner": "TEXT", "tries": "INTEGER", "lease_until": DOUBLE[dialect]}.items():
        if name not in there:
            connection.execute(text(f"ALTER TABLE jobs ADD COLUMN {name} {kind}"))
    if dialect == "postgresql":
        connection.execute(text("CREATE TABLE IF NOT EXISTS packages (job TEXT NOT NULL, part INTEGER NOT NULL, "
                                "data BYTEA NOT NULL, PRIMARY KEY (job, part))"))
