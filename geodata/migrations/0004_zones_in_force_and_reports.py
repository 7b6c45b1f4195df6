"""Zones in force have frozen members and dated decisions; rounds, reports and what they say of each place."""

from __future__ import annotations

from sqlalchemy import Connection, text

from geodata.schema import REPORTS, ROUNDS, STATUS, ZONE_EVENTS, ZONE_MEMBERS

COLUMNS = (("zones", "lifted_at"), ("zones", "authority"), ("zones", "asked"), ("checkpoints", "present_at"))
THERE = {
    "sqlite": "SELECT 1 FROM pragma_table_info(:layer) WHERE name = :column",
    "postgresql": "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = :layer "
                  "AND column_name = :column",
}  # fmt: skip


def apply(connection: Connection, dialect: str) -> None:
    """New stores have the columns already."""
    for layer, column in COLUMNS:
        if connection.execute(text(THERE[dialect]), {"layer": layer, "column": column}).first() is None:
            connection.execute(text(f"ALTER TABLE {layer} ADD COLUMN {column} TEXT"))
    for table in (ZONE_MEMBERS, ZONE_EVENTS, ROUNDS, REPORTS, STATUS):
        table.create(connection, checkfirst=True)
