"""Undo as an operation: the ground of an edit goes back while neighbours were cut and vertices came since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layers.areas import Area, as_multi, to_units
from layers.coverage import prove
from layers.edits import Edit
from layers.errors import AreaLocked
from layers.redraw.undo import restore

from .changes import Change
from .rows import ATTRIBUTES, Reader


@dataclass(frozen=True, slots=True)
class Ground:
    """What an undo does to the ground: `edit` from the map as it is to the borders of before, proved. `exact` when
    nothing on it changed since: then every shape is the same bytes as before."""

    edit: Edit
    exact: bool


def ground_back(reader: Reader, changes: Sequence[Change]) -> Ground | None:
    """The ground of these changes as it was before them; None when they moved none. Nobody may have cut it anew since
    (`undoing.blockers`). Raises AreaLocked, and ProofFailed when the borders of before do not fit in any more."""
    cut = [change for change in changes if change.ground]
    if not cut:
        return None
    exact = all(change.now and change.now["geom"] == change.after["geom"] for change in cut if change.after)
    if not exact:  # a neighbour that only gained vertices and was cut since keeps them
        cut = [change for change in cut if not change.quiet or (
            change.now and change.now["leaf"] and change.now["geom"] == change.after["geom"])]
    quiet = {change.fid for change in cut if change.quiet}
    now = [area_of_row(change.fid, change.now) for change in cut if _holds(change.after)]
    before = [area_of_row(change.fid, change.before) for change in cut if _holds(change.before)]
    locked = [area.code for area in now if area.locked and area.fid not in quiet]
    if locked:
        raise AreaLocked(f"{locked[0]} is locked", areas=locked)
    if not exact:
        return Ground(restore(reader.coverage(), now, before, quiet), False)
    sides = [[[area for area in side if (area.fid in quiet) == still] for still in (False, True)] for side in (now, before)]
    (old, old_quiet), (new, new_quiet) = sides
    edit = Edit("undo", tuple(old), tuple(new), tuple(old_quiet), tuple(new_quiet))
    prove(edit, reader.coverage(), restores=True)
    return Ground(edit, True)


def _holds(row: Mapping[str, Any] | None) -> bool:
    return row is not None and bool(row["leaf"])


def area_of_row(fid: int, row: Mapping[str, Any]) -> Area:
    """An area from its row, live or of the history."""
    return Area(
        fid,
        row["code"],
        row["name"],
        row["level"],
        row["parent"],
        row["path"],
        bool(row["leaf"]),
        as_multi(to_units(row["geom"])),
        bool(row["assigned"]),
        bool(row["locked"]),
        row["version"],
        row["rev"],
        {name: row.get(name) for name in ATTRIBUTES},
    )
