"""How many places an area is expected to report from: its stairwells, buildings without stairwells, else itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import exists, func, select

from .ground import Ground
from .rows import Reader, chunks
from .schema import TABLES

BUILDINGS, UNITS = TABLES["buildings"], TABLES["units"]


class Expected:
    """Owns the number of places of every area at one revision. `of` is never changed, a step makes another. Public: sync, of."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}  # area -> places
        self._rev = -1
        self._put: dict[int, tuple[str, int]] = {}  # leaf -> path and places, as they are counted in `of`

    def sync(self, reader: Reader, ground: Ground, rev: int) -> None:
        """Counts anew what was touched up to that revision."""
        if rev == self._rev:
            return
        steps = reader.revisions_since(self._rev) if 0 <= self._rev < rev else []
        if not steps or any(step["touched"].get("all") for step in steps):
            self.of, self._put = {}, {}
            self._count(reader, ground, None)
        else:
            self.of = dict(self.of)
            names = ("areas", "retired", "facts")
            self._count(reader, ground, sorted({fid for step in steps for name in names for fid in step["touched"][name]}))
        self._rev = rev

    def _count(self, reader: Reader, ground: Ground, leaves: Sequence[int] | None) -> None:
        found = _places(reader, leaves)
        nodes = ground.nodes
        for fid in nodes if leaves is None else leaves:
            node = nodes.get(fid)
            if fid in self._put:
                self._add(*self._put.pop(fid), -1)
            if node is not None and node.leaf:
                self._put[fid] = node.path, found.get(fid, 0) or 1
                self._add(*self._put[fid], 1)

    def _add(self, path: str, places: int, sign: int) -> None:
        for step in path.strip("/").split("/"):
            fid = int(step)
            number = self.of.get(fid, 0) + sign * places
            if number:
                self.of[fid] = number
            else:
                self.of.pop(fid, None)


def _places(reader: Reader, leaves: Iterable[int] | None) -> dict[int, int]:
    """Stairwells and buildings without, by leaf."""
    alone = ~exists().where(UNITS.c.building == BUILDINGS.c.fid)
    answer: dict[int, int] = {}
    for table, where in ((UNITS, None), (BUILDINGS, alone)):
        for chunk in [None] if leaves is None else chunks(leaves):
            statement: Any = select(table.c.area, func.count()).where(table.c.area.is_not(None)).group_by(table.c.area)
            if where is not None:
                statement = statement.where(where)
            if chunk is not None:
                statement = statement.where(table.c.area.in_(chunk))
            for area, number in reader.connection.execute(statement):
                answer[area] = answer.get(area, 0) + number
    return answer
