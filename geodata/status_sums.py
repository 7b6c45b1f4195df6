"""Sums of what was reported, area by area, one computing for all who look: kept by round, event and revision.

What changed since is read by the numbers of the reports, and only the leaves it concerns and the areas above them are
summed anew. Places belong to the leaf that holds them now, so a redraw moves what was reported of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.rules import Metric
from layers.status import NOTHING, Status, of_reports, stamp

from .ground import Ground
from .places_expected import Expected
from .reporting import rounds_of
from .rows import Reader
from .status_board import Board, Work
from .store import Store

KEPT = 8  # rounds in memory
AGAIN = 3  # tries while others redraw


@dataclass(frozen=True, slots=True)
class Standing:
    """A round as it stands at one event and revision. Public: of_area, expected, row."""

    row: Mapping[str, Any] | None  # the round; None before the first report
    rev: int
    seq: int
    status: Mapping[int, Status]
    of: Mapping[int, int]
    only: str | None  # path of the area the round is for

    def of_area(self, fid: int) -> Status:
        """What was reported of an area."""
        return self.status.get(fid, NOTHING)

    def expected(self, fid: int, path: str) -> int:
        """How many places of an area should report in this round."""
        if self.only is None or path.startswith(self.only):
            return self.of.get(fid, 0)
        return self.of.get(int(self.only.strip("/").rpartition("/")[2]), 0) if self.only.startswith(path) else 0


class StatusSums:
    """Owns the boards of the last rounds asked for. Public: standing, ground, metrics."""

    def __init__(self, store: Store, ground: Ground):
        self.store, self.ground, self.rules = store, ground, store.rules
        self.metrics: list[Metric] = of_reports(self.rules)
        self._expected = Expected()
        self._boards: OrderedDict[str, Board] = OrderedDict()
        self._rounds: tuple[int, list[dict[str, Any]]] = (-1, [])  # with the event they were read at
        self._turn = threading.Lock()

    def standing(self, name: str | None = None) -> Standing:
        """The round as it is now, by default the newest that is open, else the newest."""
        with self._turn:
            rev, seq = self.store.head()
            if self._rounds[0] != seq:
                with self.store.read() as reader:
                    self._rounds = reader.seq, rounds_of(reader)
            row = self._row(name)
            board = self._board("" if row is None else row["id"], rev, seq)
            nodes = self.ground.nodes_of(row["area"], 0) if row is not None and row["area"] is not None else []
            return Standing(row, board.rev, board.seq, board.status, self._expected.of, nodes[0].path if nodes else None)

    def rounds(self) -> list[dict[str, Any]]:
        """The rounds, the newest first."""
        self.standing()
        return self._rounds[1]

    def _row(self, name: str | None) -> dict[str, Any] | None:
        rounds = self._rounds[1]
        if name is not None:
            return next((row for row in rounds if row["id"] == name), None)
        now = stamp(self.store.clock())
        begun = [row for row in rounds if row["starts_at"] <= now]
        return next((row for row in begun if row["closed_at"] is None), begun[0] if begun else None)

    def _board(self, name: str, rev: int, seq: int) -> Board:
        board = self._boards.pop(name, None)  # one that a fault left half renewed is not kept
        for _ in range(AGAIN):
            if board is not None and (board.rev, board.seq) == (rev, seq) and self.ground.cache.rev == rev:
                break
            with self.store.read() as reader:
                board = self._renewed(reader, name, board)
            rev, seq = self.store.head()
        self._boards[name] = board
        while len(self._boards) > KEPT:
            self._boards.popitem(last=False)
        return board

    def _renewed(self, reader: Reader, name: str, board: Board | None) -> Board:
        seq, rev = reader.seq, reader.rev
        self.ground.sync(reader)
        steps = reader.revisions_since(board.rev) if board is not None and board.rev < rev else []
        if board is None or seq < board.seq or rev < board.rev or any(step["touched"].get("all") for step in steps):
            board, steps = Board(name), []
        self._expected.sync(reader, self.ground, rev)
        work = Work(reader, board, self.ground, self._expected, self.rules)
        work.redrawn(steps)
        work.reported()
        work.sum_up()
        board.rev, board.seq = rev, seq
        return board
