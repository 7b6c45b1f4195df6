"""Notices are kept for each account; the revisions of an account, and what undid one, are found by index."""

from __future__ import annotations

from sqlalchemy import Connection

from geodata.schema import NOTICES, REVISIONS


def apply(connection: Connection, dialect: str) -> None:
    """New stores have both already."""
    NOTICES.create(connection, checkfirst=True)
    for index in REVISIONS.indexes:
        index.create(connection, checkfirst=True)
