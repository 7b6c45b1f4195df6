"""Undo: what a revision changed goes back, as a revision of its own, as long as no later edit stands on it.

Rows are compared by what they hold, not by who wrote them last: when later edits were taken back themselves, the
earlier one can be taken back too. They are compared column by column: a building counted anew since keeps its numbers
when the cut that gave it another owner is undone. `restoring` writes what is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from layers.errors import UndoBlocked

from .changes import NOT_UNDONE, Change, changes_of
from .committing import renew_parents
from .restoring import areas_back, rows_back, settle
from .rows import Reader
from .schema import REVISIONS
from .transaction import Transaction


# ---- chains of undo and redo ----------------------------------------------------------------------------------------------
def last_undoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """The newest revision of that account that stands and can be undone."""
    statement = (
        select(REVISIONS)
        .where(
            REVISIONS.c.actor == actor,
            REVISIONS.c.undone_by.is_(None),
            REVISIONS.c.undoes.is_(None),
            REVISIONS.c.op.not_in(NOT_UNDONE),
        )
        .order_by(REVISIONS.c.rev.desc())
        .limit(1)
    )
    row = reader.connection.execute(statement).first()
    return dict(row._mapping) if row else None


def last_redoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """The undo of that account that can be taken back: its newest revision, when that is an undo that stands."""
    statement = select(REVISIONS).where(REVISIONS.c.actor == actor).order_by(REVISIONS.c.rev.desc()).limit(1)
    row = reader.connection.execute(statement).first()
    if row is None or row.undoes is None or _depth(reader, row.rev) % 2 == 0:
        return None
    return dict(row._mapping)


def tip(reader: Reader, rev: int) -> int:
    """The revision that keeps `rev` standing: itself, or the last "done again" of it. Raises UndoBlocked when undone."""
    depth, at = 0, rev
    while (later := reader.connection.scalar(select(REVISIONS.c.rev).where(REVISIONS.c.undoes == at))) is not None:
        depth, at = depth + 1, later
    if depth % 2:
        raise UndoBlocked(f"edit {rev} is already undone by {at}", edits=[at])
    return at


def _depth(reader: Reader, rev: int) -> int:
    depth = 0
    while (rev := reader.connection.scalar(select(REVISIONS.c.undoes).where(REVISIONS.c.rev == rev))) is not None:
        depth += 1
    return depth


# ---- undoing ----------------------------------------------------------------------------------------------------------
def blockers(reader: Reader, rev: int, changes: Sequence[Change] | None = None) -> list[int]:
    """Later edits that changed what `rev` decided; its undo waits for them. Objects that merely followed a redraw, or
    people somebody moved since, hold nothing up."""
    changes = changes_of(reader, rev) if changes is None else changes
    redraw = any(change.leaf for change in changes)
    found = {
        later for change in changes if not redraw or change.layer in ("areas", "shares") for later in change.later()
    }
    standing = select(REVISIONS.c.rev).where(
        REVISIONS.c.rev.in_(sorted(found)), REVISIONS.c.undone_by.is_(None), REVISIONS.c.undoes.is_(None)
    )
    return sorted(reader.connection.execute(standing).scalars()) or sorted(found)


def undo(tx: Transaction, rev: int) -> None:
    """Brings back what revision `rev` replaced: the same bytes; versions only rise. Raises UndoBlocked naming the
    edits in the way. An edit that was undone and done again is undone through the last of these."""
    rev = take_back(tx, rev)
    tx.mark_undone(rev)


def take_back(tx: Transaction, rev: int) -> int:
    """The same without a word in the chain of undo and redo: part of a larger edit that replaces `rev`. Answers the
    revision that was taken back, the last "done again" of it."""
    tx.new_rev  # noqa: B018  locked first: what is judged here stays as it is until it is written
    rev = tip(tx, rev)
    changes = changes_of(tx, rev)
    in_the_way = blockers(tx, rev, changes)
    if in_the_way:
        raise UndoBlocked("later edits stand on this ground: " + ", ".join(map(str, in_the_way)), edits=in_the_way)
    before, after, above = areas_back(tx, changes)
    rows_back(tx, changes, rev)
    renew_parents(tx, before, after, above)
    moved = {change.fid for change in changes if change.leaf and "geom" in change.columns() and not change.quiet}
    if moved:
        gone = {change.fid for change in changes if change.leaf and change.before is None}
        settle(tx, changes, rev, gone, [area for area in after if area.fid in moved])
    return rev
