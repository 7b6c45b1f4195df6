"""Undo: what a revision changed goes back, as a revision of its own, as long as no later edit stands on it.

Rows are compared by what they hold, not by who wrote them last: when later edits were taken back themselves, the
earlier one can be taken back too. They are compared column by column: a building counted anew since keeps its numbers
when the cut that gave it another owner is undone. `restoring` writes what is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from layers.errors import ProofFailed, UndoBlocked, ZoneDecided

from .changes import DECISIONS, NOT_UNDONE, Change, changes_of
from .committing import renew_parents
from .restoring import areas_back, rows_back, settle
from .reversal import Ground, ground_back
from .rows import Reader
from .schema import REVISIONS
from .transaction import Transaction


# ---- chains of undo and redo ----------------------------------------------------------------------------------------------
def last_undoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """What that account did last and still stands: an edit, also one that was done again, or the undo of another's."""
    for _, steps in _own_steps(reader, actor):
        first = steps[-1]
        if len(steps) % 2 and (first.undone_by is None or _stands(reader, first.rev)) and not _was_decided(reader, first):
            return dict(first._mapping)
    return None


def last_redoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """The last undo of that account that stands and is not older than its last edit: a new edit ends the chain. What
    others did in between does not."""
    for row, steps in _own_steps(reader, actor):
        if len(steps) == 1:
            return None
        if len(steps) % 2 == 0 and row.undone_by is None:
            return dict(row._mapping)
    return None


def _own_steps(reader: Reader, actor: str, at_once: int = 8) -> Iterator[tuple[Any, list[Any]]]:
    """The revisions of that account that undo walks over, newest first, each with the own ones it undoes, down to what
    was done first: an edit alone, an undo with its edit, a redo with both."""
    before = None
    while True:
        statement = select(REVISIONS).where(REVISIONS.c.actor == actor, REVISIONS.c.op.not_in((*NOT_UNDONE, *DECISIONS)))
        if before is not None:
            statement = statement.where(REVISIONS.c.rev < before)
        rows = reader.connection.execute(statement.order_by(REVISIONS.c.rev.desc()).limit(at_once)).all()
        for row in rows:
            steps = [row]
            while steps[-1].undoes is not None:
                earlier = reader.connection.execute(select(REVISIONS).where(REVISIONS.c.rev == steps[-1].undoes)).first()
                if earlier is None or earlier.actor != actor:
                    break
                steps.append(earlier)
            yield row, steps
        if len(rows) < at_once:
            return
        before = rows[-1].rev


def _stands(reader: Reader, rev: int) -> bool:
    """True when the revision was not undone, or was done again."""
    try:
        tip(reader, rev)
    except UndoBlocked:
        return False
    return True


def _was_decided(reader: Reader, row: Any) -> bool:
    """True for a proposal that somebody approved since: it is no longer its author's to take back."""
    if not row.op.endswith(" zone"):
        return False
    zones = reader.rows("zones", fids=row.touched["layers"].get("zones", ()), geometry=False)
    return any(zone["status"] != "proposed" for zone in zones)


def tip(reader: Reader, rev: int) -> int:
    """The revision that keeps `rev` standing: itself, or the last "done again" of it. Raises UndoBlocked when undone."""
    depth, at = 0, rev
    while (later := reader.connection.scalar(select(REVISIONS.c.rev).where(REVISIONS.c.undoes == at))) is not None:
        depth, at = depth + 1, later
    if depth % 2:
        raise UndoBlocked(f"edit {rev} is already undone by {at}", edits=[at])
    return at


# ---- undoing ----------------------------------------------------------------------------------------------------------
def blockers(reader: Reader, rev: int, changes: Sequence[Change] | None = None) -> list[int]:
    """Later edits that changed what `rev` decided; its undo waits for them. Objects that merely followed a redraw, people
    somebody moved since, a neighbour that was cut and vertices on unmoved borders hold nothing up."""
    changes = changes_of(reader, rev) if changes is None else changes
    redraw = any(change.leaf for change in changes)
    found = {
        later for change in changes if not redraw or change.layer in ("areas", "shares") for later in change.later()
    }
    return _in_the_way(reader, found)


def _in_the_way(reader: Reader, revs: Collection[int]) -> list[int]:
    """Which of these revisions matter: edits that stand; where there are none, undos of edits that were there before.
    What was done and taken back meanwhile is not named."""
    chains: dict[int, list[int]] = {}
    for rev in sorted(revs):
        first = rev
        while (earlier := reader.connection.scalar(select(REVISIONS.c.undoes).where(REVISIONS.c.rev == first))) is not None:
            first = earlier
        chains.setdefault(first, []).append(rev)
    odd = {first: steps for first, steps in chains.items() if len(steps) % 2}
    edits = [first for first, steps in odd.items() if first in steps]
    return sorted(edits or (steps[-1] for steps in odd.values())) or sorted(revs)


def judged(reader: Reader, rev: int, *, decided: bool = False) -> tuple[list[Change], Ground | None]:
    """What an undo of the revision, which stands, would do: its changes, and the ground as it would be. Raises
    UndoBlocked naming the edits in the way, AreaLocked; ZoneDecided for a decision about a zone unless `decided`."""
    if not decided and reader.revision(rev)["op"] in DECISIONS:
        raise ZoneDecided(f"edit {rev} decided about a zone; only the zone's own actions change it", edits=[rev])
    changes = changes_of(reader, rev)
    in_the_way = blockers(reader, rev, changes)
    if in_the_way:
        raise _blocked(in_the_way)
    try:
        return changes, ground_back(reader, changes)
    except ProofFailed as failed:
        near = {state["rev"] for change in changes if change.ground for state in change.since if state["rev"] > rev}
        if not near:
            raise
        raise _blocked(_in_the_way(reader, near), where=failed.where) from failed


def _blocked(edits: list[int], where: Sequence[float] | None = None) -> UndoBlocked:
    return UndoBlocked("later edits stand on this ground: " + ", ".join(map(str, edits)), edits=edits, where=where)


def undo(tx: Transaction, rev: int, *, decided: bool = False) -> None:
    """Brings back what revision `rev` replaced: the same bytes where nothing changed since, else the same borders with
    the vertices that came; versions only rise. Raises UndoBlocked naming the edits in the way. An edit that was undone
    and done again is undone through the last of these. `decided`: also a rejection, when the proposal comes back."""
    rev = take_back(tx, rev, decided=decided)
    tx.mark_undone(rev)


def take_back(tx: Transaction, rev: int, *, decided: bool = False) -> int:
    """The same without a word in the chain of undo and redo: part of a larger edit that replaces `rev`. Answers the
    revision that was taken back, the last "done again" of it."""
    tx.new_rev  # noqa: B018  locked first: what is judged here stays as it is until it is written
    rev = tip(tx, rev)
    changes, ground = judged(tx, rev, decided=decided)
    before, after, above = areas_back(tx, changes, ground)
    rows_back(tx, changes, rev)
    renew_parents(tx, before, after, above)
    if ground is not None and ground.edit.before:
        held = {area.fid for area in ground.edit.before}
        back = {area.fid for area in ground.edit.after}
        settle(tx, changes, rev, held - back, [area for area in after if area.fid in back])
    return rev
