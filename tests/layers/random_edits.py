"""Random redraws of every kind on a coverage in memory, to be sure that it stays seamless and nobody is lost whatever people draw.

What people draw is in `drawings`, the coverage that takes it in `ledger`, the ground that is hard to redraw in `hard_ground`, who
lives there in `crowd`, the independent look at every fifth edit in `second_opinion`. Runs on the little town, on the demo town and
on Tainan, see test_redraw_real.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from geodata.redrawing import _weigh
from layers.coverage import Coverage, Proof, prove
from layers.edits import Edit
from layers.errors import BadGeometry, EditRefused, WeigeError
from layers.redraw import OPERATIONS
from tests.layers.crowd import Crowd
from tests.layers.drawings import asked, at_seam, blob, is_broken, pick, special_places
from tests.layers.ledger import Ledger, assert_seamless, border
from tests.layers.second_opinion import around, assert_agreed

# How often; every operation of OPERATIONS, and the undo of any of them.
KINDS = {"split": 40, "merge": 25, "undo": 12, "reshape": 13, "move_vertex": 6, "insert_vertex": 3, "delete_vertex": 3, "draw": 8,
         "island": 3, "transfer": 4, "subdivide": 2, "dissolve": 2, "divide": 2, "assign_buildings": 2, "halve": 2, "lattice": 1}
KINDS = {op: often for op, often in KINDS.items() if op == "undo" or op in OPERATIONS}
REAL = {op: often for op, often in KINDS.items() if op != "undo"}
EVERY = 5  # accepted edits between two second opinions

__all__ = ["KINDS", "Count", "Ledger", "assert_seamless", "blob", "border", "random_edits"]


@dataclass
class Count:
    """What became of the random edits. `special` touch a seam of parents, a hole or an area of several parts; `agreed` had a
    second opinion, `aside` are known faults of GEOS in these, by name."""

    accepted: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    special: int = 0
    agreed: int = 0
    aside: Counter = field(default_factory=Counter)
    outer_vertices: int = 0
    area2_change: int = 0
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.accepted.values())

    def told(self) -> str:
        """In one line."""
        kinds = ", ".join(f"{op} {number}" for op, number in self.accepted.most_common())
        return (f"{self.total:,} accepted ({kinds}), {sum(self.refused.values()):,} refused; {self.special:,} on a seam, hole, island or "
                f"several parts; {self.agreed:,} second opinions, 0 disagreed ({dict(self.aside)} set aside by name); "
                f"{self.outer_vertices} vertices on the outermost border")


def random_edits(coverage: Ledger, n: int, seed: int = 0, *, accepted: int | None = None, crowd: Crowd | None = None,
                 ops: Sequence[str] | None = None) -> Count:
    """Try `n` random redraws on the coverage, or until so many were `accepted`, or just these `ops`, and write those accepted.
    AssertionError when something else than the edit says has changed, somebody of the `crowd` is lost, or an independent look at
    every fifth says otherwise."""
    dice, count = random.Random(seed), Count()
    places, turn = special_places(coverage), 0
    while count.total < accepted if accepted is not None else turn < (len(ops) if ops is not None else n):
        op = ops[turn] if ops is not None else dice.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        turn += 1
        leaf = pick(coverage, places, dice)
        real = dice.choices(tuple(REAL), tuple(REAL.values()))[0] if op == "undo" else op
        try:
            _one(coverage, crowd, count, op, real, asked(real, coverage, leaf, dice, crowd))
        except Exception as error:
            error.add_note(f"seed {seed}, turn {turn}: {op} ({real}) at {leaf.code}")
            raise
    return count


def _one(coverage: Ledger, crowd: Crowd | None, count: Count, op: str, real: str, arguments: dict[str, Any]) -> None:
    """One redraw, or one that is undone at once."""
    before = dict(coverage.areas)
    if crowd is not None:
        arguments = arguments | {"weigh": _weigh(crowd.facts(arguments.get("targets") or ()))}
    began = time.process_time()
    try:
        edit = OPERATIONS[real](coverage, **arguments)
    except WeigeError as error:
        assert isinstance(error, EditRefused | BadGeometry) or error.code == "bad-input", error
        count.refused[f"{op}: {error.code}"] += 1
        count.cpu_ms.setdefault("refused", []).append((time.process_time() - began) * 1e3)
        assert coverage.areas == before, "a refused edit changed something"
        return
    count.cpu_ms.setdefault(op, []).append((time.process_time() - began) * 1e3)
    proof = prove(edit, coverage, restores=real in ("transfer", "subdivide", "dissolve"))
    count.special += _is_special(coverage, edit)
    was = around(coverage, edit) if count.total % EVERY == 0 else None
    written = coverage.apply(edit)
    lived = crowd.follow(edit, written) if crowd is not None else None
    if was is not None:
        aside = assert_agreed(was, around(coverage, edit), proof.area2_change, proof.outer_vertices)
        count.agreed += 1
        count.aside.update([aside] if aside else [])
    if op == "undo":
        _undone(coverage, crowd, edit, written, lived, before)
        proof = Proof()
    count.outer_vertices += proof.outer_vertices
    count.area2_change += proof.area2_change
    count.accepted[op] += 1


def _undone(coverage: Ledger, crowd: Crowd | None, edit: Edit, written: Edit, lived, before: dict) -> None:
    prove(~written, coverage, restores=True)
    coverage.apply(~written)
    if crowd is not None:
        crowd.back(lived, written)
    assert coverage.areas.keys() == before.keys()
    assert all(coverage.get(area.fid).shape.wkb == area.shape.wkb for area in edit.before + edit.touched_before + edit.above_before)


def _is_special(coverage: Coverage, edit: Edit) -> bool:
    return any(is_broken(area) for area in edit.before + edit.after) or any(at_seam(coverage, area) for area in edit.before)
