"""What a redraw does, as the API shows it: figures before and after of every area whose course changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from layers.areas import Area, to_degrees
from layers.edits import Edit
from layers.population import Counts

from .figures import leaf_figures, rostered, staff_by_area, sum_figures
from .redrawing import Draft
from .rows import Reader
from .transaction import Transaction
from .zone_need import need_of


def answer(reader: Reader, made: Draft, *, today: str, fids: Mapping[int, int] | None = None, geometry: bool = True) -> dict[str, Any]:
    """The draft as the API shows it: figures before and after of every area whose course changes, totals, findings."""
    edit, fids = made.edit, fids or {}
    back = {real: new for new, real in fids.items()}
    counts_after = {area.fid: made.after[back.get(area.fid, area.fid)] for area in edit.after}
    was, becomes = (*edit.above_before, *edit.before), (*edit.above, *edit.after)
    known = rostered(reader, was)
    roster_known = bool(known)
    staff = staff_by_area(reader, today, [area.fid for area in (*was, *becomes) if area.fid > 0])
    if not isinstance(reader, Transaction):
        for gone, kept in edit.successor.items():
            for role, number in staff.get(gone, {}).items():
                staff.setdefault(kept, {})
                staff[kept] = {**staff[kept], role: staff[kept].get(role, 0) + number}
    now = _staff_before(reader, edit, today)
    have_before = {area.fid: now.get(area.fid, {}) if area.fid in known else None for area in was}
    have_after = {area.fid: staff.get(area.fid, {}) if roster_known else None for area in becomes}
    held_before = [(area, made.before.get(area.fid, Counts())) for area in edit.before]
    held_after = [(area, counts_after[area.fid]) for area in edit.after]
    zone_before, zone_after = need_of(reader, made)
    zone_after = {fids.get(fid, fid): number for fid, number in zone_after.items()}
    before = leaf_figures(reader, edit.before, made.before, have=have_before, zone=zone_before)
    before |= _divided(reader, edit.above_before, held_before, have_before, zone_before)
    after = leaf_figures(reader, edit.after, counts_after, have=have_after, zone=zone_after)
    after |= _divided(reader, edit.above, held_after, have_after, zone_after)
    parents = reader.heads(area.parent for area in (*was, *becomes) if area.parent is not None)
    changed = []
    for fid in dict.fromkeys(area.fid for area in (*was, *becomes)):
        old = next((area for area in was if area.fid == fid), None)
        new = next((area for area in becomes if area.fid == fid), None)
        area = new or old
        provisional = area.fid < 0
        parent = parents.get(area.parent)
        origin = made.origins.get(back.get(fid, fid)) if new and not old else None
        changed.append({
            "fid": area.fid, "code": area.code, "next_code": made.codes.get(area.fid), "name": area.name, "level": area.level,
            "version": None if provisional else (area.version if new else old.version), "parent": parent.code if parent else None,
            "retired": new is None, "new": old is None, "cut_from": origin.code if origin else None, "leaf": area.leaf,
            "assigned": area.assigned, "before": before.get(fid) if old else None, "after": after.get(fid) if new else None,
            "geometry": shapely.geometry.mapping(to_degrees(new.shape)) if new is not None and new.leaf and geometry else None})
    return {
        "op": edit.op, "changed": changed, "touched": [{"fid": area.fid, "code": area.code} for area in edit.touched],
        "totals_before": sum_figures(reader.rules, held_before, have_before, edit.above_before, zone=zone_before),
        "totals_after": sum_figures(reader.rules, held_after, have_after, edit.above, zone=zone_after),
        "findings": [finding.as_json() for finding in edit.findings], "line_m": made.line_m}


def _divided(reader: Reader, areas: Sequence[Area], held: Sequence[tuple[Area, Counts]],
             have: Mapping[int, Mapping[str, int] | None], zone: Mapping[int, int]) -> dict[int, dict[str, Any]]:
    """Figures of areas made of the leaves below them."""
    return {area.fid: sum_figures(reader.rules, [part for part in held if part[0].parent == area.fid],
                                  have, [area], area, zone) for area in areas}


def _staff_before(reader: Reader, edit: Edit, today: str) -> dict[int, dict[str, int]]:
    """Staff by area and role as it was before the edit; in a commit those it moved are counted where they came from."""
    staff = staff_by_area(reader, today, [area.fid for area in (*edit.before, *edit.above_before)])
    if isinstance(reader, Transaction) and "staff" in reader.touched["layers"]:
        came_from = {image["fid"]: image["row"]["area"] for image in reader.before_images(reader.taken) if image["layer"] == "staff"}
        for row in reader.rows("staff", fids=sorted(came_from), geometry=False):
            old, role = came_from[row["fid"]], row["role"]
            if old != row["area"] and (row["starts_on"] or today) <= today <= (row["ends_on"] or today):
                if row["area"] in staff:  # not a new area that takes over
                    staff[row["area"]][role] -= 1
                staff[old] = {**staff.get(old, {}), role: staff.get(old, {}).get(role, 0) + 1}
    return staff
