"""People on the list (人员) as the staff panel counts them: who is on it today, teams, people at posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.sql import ColumnElement

from .rows import Reader, chunks
from .schema import TABLES

STAFF, TEAMS = TABLES["staff"], TABLES["teams"]


def on_list(today: str) -> ColumnElement:
    """A condition on staff: on the list that day (ISO)."""
    return and_(or_(STAFF.c.starts_on.is_(None), STAFF.c.starts_on <= today), or_(STAFF.c.ends_on.is_(None), STAFF.c.ends_on >= today))


def people_at(reader: Reader, posts: Collection[int], today: str) -> Counter[int]:
    """How many people of the list belong to each post."""
    return _counted(reader, STAFF.c.post, posts, today)


def teams_of(reader: Reader, path: str, scope: Sequence[str] | None, today: str) -> list[dict[str, Any]]:
    """Teams of an area and of those below it: {id, name, kind, people}."""
    rows = reader.rows("teams", reader.in_scope("teams", [path]), scope=scope, geometry=False)
    people = _counted(reader, STAFF.c.team, [row["fid"] for row in rows], today)
    return [{"id": row["fid"], "name": row["name"], "kind": row["kind"], "people": people[row["fid"]]} for row in rows]


def _counted(reader: Reader, column: ColumnElement, fids: Collection[int], today: str) -> Counter[int]:
    found: Counter[int] = Counter()
    for chunk in chunks(sorted(fids)):
        asked = select(column, func.count()).where(column.in_(chunk), on_list(today)).group_by(column)
        found.update({fid: number for fid, number in reader.connection.execute(asked)})
    return found
