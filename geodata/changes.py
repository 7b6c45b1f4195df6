"""What a revision changed, row by row, and what became of each row since: the ground on which undo is judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from layers.areas import as_multi, to_units
from layers.errors import UndoBlocked
from layers.redraw.undo import holds_ground
from layers.schema import LAYERS

from .rows import Reader, chunks
from .schema import HISTORY, TABLES

NOT_UNDONE = ("init", "import", "demo", "restore")  # a whole city is not undone by one key
# A decision about a zone is changed by another decision, never by undo.
DECISIONS = ("approve zone", "reject zone", "ask zone", "lift zone", "extend zone", "upgrade zone")
_NUMBERS = ("fid", "version", "rev")


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a revision: as it was before, as the revision left it (None = no row), and every state since, the
    last of which lives now unless the row is gone. States are rows with `version`, `rev` and `rev_to`."""

    layer: str
    fid: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    since: tuple[dict[str, Any], ...]  # from `after` on
    now: dict[str, Any] | None

    @property
    def leaf(self) -> bool:
        """True for an area that held ground of its own before or after."""
        return self.layer == "areas" and any(row["leaf"] for row in (self.before, self.after) if row is not None)

    @property
    def divided(self) -> bool:
        """True for an area that got or lost its children."""
        return self.layer == "areas" and None not in (self.before, self.after) and self.before["leaf"] != self.after["leaf"]

    @property
    def ground(self) -> bool:
        """True when the revision gave an area ground, took some, or put vertices on its border."""
        if not self.leaf:
            return False
        before, after = (bool(row and row["leaf"]) for row in (self.before, self.after))
        return before != after or self.before["geom"] != self.after["geom"]

    @property
    def quiet(self) -> bool:
        """True when the revision raised `rev` only."""
        return self.before is not None and self.after is not None and self.before["version"] == self.after["version"]

    def columns(self) -> list[str]:
        """What the revision decided: all columns of a row it made or removed, else those it changed. Not what follows
        by itself: the owner of an object that belongs where it stands, the border of an area above others."""
        names = [
            column.name
            for column in TABLES[self.layer].c
            if column.name not in _NUMBERS and not self._follows(column.name)
        ]
        if self.before is None or self.after is None:
            return names
        return [name for name in names if self.before.get(name) != self.after.get(name) or (self.divided and name == "geom")]

    def later(self) -> set[int]:
        """Revisions since that changed what the edit decided; none when the row holds again what it left, vertices on
        unmoved borders aside."""
        names = self.columns()
        if self.ground:
            if self.quiet:
                return set()
            names = sorted({*names, "geom", "leaf", "parent", "path"})  # the ground goes back where it was, undivided
        if not _differ(self.now, self.after, names, self.leaf):
            return set()
        states = [None] if self.after is None else []
        states += [*self.since, *([] if self.now else [None])]
        return {
            b["rev"] if b else a["rev_to"]
            for a, b in zip(states, states[1:], strict=False)
            if _differ(a, b, names, self.leaf)
        }

    def _follows(self, name: str) -> bool:
        described = LAYERS[self.layer]
        return (name == "area" and described.owned and described.by_place) or (
            name == "geom" and self.layer == "areas" and not self.leaf
        )


def changes_of(reader: Reader, rev: int) -> list[Change]:
    """Every row the revision wrote. Raises NotFound, and UndoBlocked for an edit that wrote a whole file."""
    done = reader.revision(rev)
    if done["touched"].get("all") or done["op"] in NOT_UNDONE:
        raise UndoBlocked(f"edit {rev} wrote a whole file; it cannot be undone as one edit", edits=[])
    written: dict[str, set[int]] = defaultdict(set)
    written["areas"].update(done["touched"]["areas"], done["touched"]["retired"])
    for layer, fids in done["touched"]["layers"].items():
        written[layer].update(fids)
    found = [change for layer, fids in written.items() for change in _changes(reader, layer, sorted(fids), rev)]
    return [change for change in found if change.before is not None or change.after is not None]


def _changes(reader: Reader, layer: str, fids: Sequence[int], rev: int) -> list[Change]:
    past: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for chunk in chunks(fids):
        where = and_(HISTORY.c.layer == layer, HISTORY.c.fid.in_(chunk), HISTORY.c.rev_to >= rev)
        for image in reader.connection.execute(select(HISTORY).where(where).order_by(HISTORY.c.hid)):
            past[image.fid].append(
                {
                    **image.row,
                    "geom": image.geom,
                    "version": image.version,
                    "rev": image.rev_from,
                    "rev_to": image.rev_to,
                }
            )
    live = {row["fid"]: {**row, "rev_to": None} for row in reader.rows(layer, fids=fids)}
    changes = []
    for fid in fids:
        # A row may be written several times in one revision: its first image is what was there before.
        before = next((image for image in past[fid] if image["rev_to"] == rev and image["rev"] < rev), None)
        states = [image for image in past[fid] if image["rev_to"] > rev] + ([live[fid]] if fid in live else [])
        after = states[0] if states and states[0]["rev"] == rev else None
        changes.append(Change(layer, fid, before, after, tuple(states), live.get(fid)))
    return changes


def _differ(a: dict[str, Any] | None, b: dict[str, Any] | None, names: Sequence[str], ground: bool = False) -> bool:
    """Whether one of the columns differs; of shapes that hold `ground`, the ground."""
    if a is None or b is None:
        return a is not b
    differing = [name for name in names if a.get(name) != b.get(name)]
    return bool(differing) and (
        differing != ["geom"] or not ground or not holds_ground(*(as_multi(to_units(row["geom"])) for row in (a, b)))
    )
