"""Where the ground of an area is now: what became of it since a revision, cuts that were undone left aside."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from .rows import Reader, chunks
from .schema import LINEAGE, REVISIONS

Leads = Mapping[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Lineage:
    """`led`: area -> (revision, heir), oldest first, of edits that stand; `joined`: the same seen from the heir;
    `came_from`: (minus the revision, source), the last first, also of edits that were undone: where the ground of an area
    goes that an undo ended. `gathered`: revisions that gave the ground of children back to the area above them."""

    led: Leads = field(default_factory=dict)
    joined: Leads = field(default_factory=dict)
    came_from: Leads = field(default_factory=dict)
    gathered: frozenset[int] = frozenset()

    @classmethod
    def read(cls, reader: Reader) -> Lineage:
        """As it stands now."""
        return cls().after(_rows(reader), ())

    def after(self, rows: Iterable[Any], turned: Iterable[Any]) -> Lineage:
        """This and what came since: new rows, and rows whose edit was undone or redone (`turned`)."""
        led, joined, came_from = ({**some} for some in (self.led, self.joined, self.came_from))
        gathered, own = set(self.gathered), set()  # `own`: lists of this one; the others belong to the lineage before

        def enter(leads: dict[int, list[tuple[int, int]]], key: int, lead: tuple[int, int], stands: bool = True) -> None:
            if (id(leads), key) not in own:
                own.add((id(leads), key))
                leads[key] = list(leads.get(key, ()))
            if lead in leads[key]:
                leads[key].remove(lead)
            if stands:
                insort(leads[key], lead)
        for row in rows:
            enter(came_from, row.to_fid, (-row.rev, row.from_fid))
        for row in (*rows, *turned):
            stands = row.undone_by is None
            enter(led, row.from_fid, (row.rev, row.to_fid), stands)
            enter(joined, row.to_fid, (row.rev, row.from_fid), stands)
            if row.op == "dissolve":
                (gathered.add if stands else gathered.discard)(row.rev)
        return Lineage(led, joined, came_from, frozenset(gathered))

    def heirs(self, fid: int, since: int) -> dict[int, int]:
        """The area and whoever got ground of it after `since`, heirs of heirs after they became heirs: fid -> revision."""
        heirs, queue = {fid: since}, [fid]
        while queue:
            source = queue.pop()
            for rev, target in self.led.get(source, ()):
                if rev > since and rev >= heirs[source] and (target not in heirs or rev < heirs[target]):
                    heirs[target] = rev
                    queue.append(target)
        return heirs

    def now(self, fid: int, since: int, living: Container[int]) -> set[int]:
        """Those of the living areas that hold the ground the area had at `since`; itself while nothing was cut off. What
        an undo ended went back to where it had come from."""
        seen, ends = set(), [(fid, since)]
        while ends:
            heirs = [self.heirs(*end) for end in ends]
            found = {heir for some in heirs for heir in some if heir in living}
            if found:
                return found
            seen.update(*heirs)
            ends = [(source, -rev) for some in heirs for heir in some for rev, source in self.came_from.get(heir, ()) if source not in seen]
        return set()


class KeptLineage:
    """Owns the lineage as it stood at the last revision asked for: only what is new is read. Public: at, now."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kept: tuple[int, Lineage] = (-1, Lineage())

    @property
    def now(self) -> Lineage:
        """As it was read last."""
        return self._kept[1]

    def at(self, reader: Reader) -> Lineage:
        """As the reader sees it, or later."""
        if self._kept[0] == (rev := reader.rev):
            return self._kept[1]
        with self._turn:
            known, lineage = self._kept
            if known != rev:
                if known < 0 or known > rev:  # the store was put back to an earlier state
                    lineage = Lineage.read(reader)
                else:
                    lineage = lineage.after(_rows(reader, LINEAGE.c.rev > known), _turned(reader, known))
                self._kept = rev, lineage
            return lineage


def _rows(reader: Reader, *where: Any) -> list[Any]:
    columns = LINEAGE.c.rev, LINEAGE.c.from_fid, LINEAGE.c.to_fid, REVISIONS.c.undone_by, REVISIONS.c.op
    statement = select(*columns).join(REVISIONS, REVISIONS.c.rev == LINEAGE.c.rev).where(*where)
    return reader.connection.execute(statement.order_by(LINEAGE.c.rev)).all()


def _turned(reader: Reader, since: int) -> list[Any]:
    """Rows of edits up to `since` that were undone or redone after it: by a chain of undo and redo each."""
    undoing = select(REVISIONS.c.undoes).where(REVISIONS.c.rev > since, REVISIONS.c.undoes.is_not(None))
    found: set[int] = set()
    ends = set(reader.connection.execute(undoing).scalars())
    while ends:
        found |= ends
        ends = {rev for some in chunks(sorted(ends)) for rev in reader.connection.execute(
            select(REVISIONS.c.undoes).where(REVISIONS.c.rev.in_(some), REVISIONS.c.undoes.is_not(None))).scalars()} - found
    return [row for some in chunks(sorted(rev for rev in found if rev <= since)) for row in _rows(reader, LINEAGE.c.rev.in_(some))]
