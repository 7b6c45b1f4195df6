"""Writing a redraw: areas, the borders above them, owners, shares, people to re-assign, lineage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from layers.areas import Area, to_units
from layers.chain import difference, renew
from layers.edits import Edit
from layers.population import Dealt, Facts, owners, point_of
from layers.schema import LAYERS

from .facts import facts_of
from .posts import follow_served
from .redrawing import Draft, heirs_of
from .rows import ancestors
from .schema import TABLES
from .stairwells import stairwells_follow
from .transaction import Raced, Transaction
from .transferring import carry
from .zones_kept import follow_members

FOLLOWERS = [name for name, layer in LAYERS.items() if layer.owned and layer.by_place and name not in ("buildings", "units")]
ATTACHED = [name for name, layer in LAYERS.items() if layer.owned and not layer.by_place and name not in ("shares", "zones")]


def save(tx: Transaction, made: Draft) -> tuple[dict[int, int], Draft]:
    """Writes a draft: areas, parents' shapes, owners, shares, people to re-assign, lineage. Answers the fids that new
    areas got, and the draft with them."""
    edit = made.edit
    tx.new_rev  # noqa: B018  the revision's number is locked before any other number: one order, no deadlock
    if tx.concurrent and facts_of(tx, sorted(area.fid for area in edit.before)) != made.facts:
        raise Raced  # somebody counted, built or moved there since the draft read it
    with tx.gathered():
        return _saved(tx, made)


def _saved(tx: Transaction, made: Draft) -> tuple[dict[int, int], Draft]:
    edit = made.edit
    fids = _number(tx, edit)
    real = lambda fid: fids.get(fid, fid)  # noqa: E731
    after = []
    for area in edit.after:
        if area.fid < 0:
            above = area.path.rsplit("/", 2)[0] + "/"
            area = replace(area, fid=real(area.fid), code=made.codes[area.fid], path=f"{above}{real(area.fid)}/", version=1)
        after.append(area)
    tx.register_codes({made.codes[fid]: real(fid) for fid in fids})
    old, divided = {area.fid: area for area in (*edit.before, *edit.above_before)}, {area.fid: area for area in edit.above}
    above = tx.write_areas([(old[fid], area) for fid, area in divided.items()])
    written = tx.write_areas([(old.get(area.fid), area) for area in after])
    lasting = {area.fid for area in after} | divided.keys()
    tx.write_areas([(area, None) for area in edit.before if area.fid not in lasting])
    touched = tx.write_areas(list(zip(edit.touched_before, edit.touched, strict=True)), quiet=True)
    own = {area.fid for area in (*edit.above_before, *edit.above)}  # their border is that of their children, before and after
    renew_parents(tx, (*edit.before, *edit.touched_before), (*written, *touched), own)
    done = replace(made, edit=replace(edit, after=tuple(written), touched=tuple(touched), above=tuple(above)))
    redeal(tx, made.facts, made.dealt, fids)
    heirs = {fid: [real(heir) for heir in mine] for fid, mine in heirs_of(edit, made.origins).items()}
    follow(tx, heirs, [(area.fid, area.shape) for area in written])
    successor = {fid: real(heir) for fid, heir in edit.successor.items()}
    cut_from = _cut_from(edit, made.origins)
    _attach(tx, {fid for fids in cut_from.values() for fid in fids}, successor)
    follow_members(tx, edit.before, written)
    led = [(fid, real(new)) for new, origins in cut_from.items() for fid in origins]
    tx.lead((*led, *successor.items()))
    follow_served(tx, (*led, *successor.items()), successor)
    if edit.op == "transfer":
        carry(tx, edit)
    return fids, done


def _number(tx: Transaction, edit: Edit) -> dict[int, int]:
    new = [area.fid for area in edit.after if area.fid < 0]
    if not new:
        return {}
    first = tx.take("fid:areas", len(new))
    return {fid: first + k for k, fid in enumerate(new)}


def renew_parents(tx: Transaction, before: Sequence[Area], after: Sequence[Area], right: Collection[int] = ()) -> None:
    """Every area above the changed leaves gets the border its leaves now have; most of the time none changes. Those
    named `right` have theirs already."""
    above: dict[int, tuple[list, list]] = {}
    for side, areas in enumerate((before, after)):
        for area in areas:
            for fid in set(ancestors(area.path)).difference(right):
                above.setdefault(fid, ([], []))[side].append(area.shape)
    seen: dict[tuple, tuple] = {}
    changes = {}
    for fid in sorted(above):
        old, new = above[fid]
        key = (tuple(map(id, old)), tuple(map(id, new)))
        if key not in seen:
            seen[key] = difference(_parts(old), _parts(new))
        if any(map(len, seen[key])):
            changes[fid] = seen[key]
    parents = tx.areas(changes)
    tx.write_areas([(parents[fid], replace(parents[fid], shape=renew(parents[fid].shape, *change))) for fid, change in changes.items()],
                   quiet=True)


def _parts(shapes: Sequence[shapely.MultiPolygon]) -> np.ndarray:
    return shapely.get_parts(np.array(shapes, dtype=object)) if shapes else np.array([], dtype=object)


def redeal(tx: Transaction, facts: Facts, dealt: Dealt, fids: Mapping[int, int]) -> None:
    """Writes new owners of buildings and stairwells, and the new shares."""
    real = lambda fid: fids.get(fid, fid)  # noqa: E731
    now = {place.fid: place.area for place in facts.places}
    moved = {fid: real(area) for fid, area in dealt.owner.items() if now[fid] != real(area)}
    tx.update_all("buildings", {fid: {"area": area} for fid, area in moved.items()})
    stairwells_follow(tx, moved)
    changed = {}
    kept = {share.fid: share for share in dealt.shares if share.fid}
    for share in facts.shares:
        new = kept.get(share.fid)
        if new is None:
            tx.delete("shares", share.fid)
        elif (new.counts.values, new.counts.special, new.weight) != (share.counts.values, share.counts.special, share.weight):
            changed[share.fid] = share_row(new, new.area)
    tx.update_all("shares", changed)
    tx.insert("shares", [share_row(share, real(share.area)) for share in dealt.shares if not share.fid])


def share_row(share, area: int) -> dict[str, Any]:
    """Columns of a share."""
    names = ("households", "resident", "registered", "tenant", "collective")
    return {"cell": share.cell, "area": area, "weight": share.weight, "special": share.counts.special,
            "estimated": share.counts.estimated, **dict(zip(names, share.counts.values))}


def follow(tx: Transaction, heirs: Mapping[int, Sequence[int]], leaves: Sequence[tuple[int, shapely.MultiPolygon]]) -> None:
    """Gates, addresses, places and whatever else stands on the changed ground belong to the leaf it now lies in."""
    order, shapes = [fid for fid, _ in leaves], np.array([shape for _, shape in leaves], dtype=object)
    for layer in tx.layers_at(FOLLOWERS, heirs):
        rows = tx.rows(layer, TABLES[layer].c.area.in_(sorted(heirs)))
        rows = [row for row in rows if row["geom"] is not None]
        points = [to_units(point_of(row["geom"])) for row in rows]
        now = owners(points, order, shapes, [heirs[row["area"]] for row in rows])
        tx.update_all(layer, {row["fid"]: {"area": area} for row, area in zip(rows, now) if row["area"] != area})


def _cut_from(edit: Edit, origins: Mapping[int, Area]) -> dict[int, tuple[int, ...]]:
    """The areas each new one was cut from; none for the first child of an area, which lives on above it."""
    found = {area.fid: () if area.fid not in origins or origins[area.fid].fid == area.parent else (origins[area.fid].fid,)
             for area in edit.after if area.fid < 0}
    return found | {fid: gave for fid, gave in edit.gave.items() if fid in found}


def _attach(tx: Transaction, cut: Collection[int], successor: Mapping[int, int]) -> None:
    """People and teams stay with the area that keeps its identity; those of a cut area are listed to re-assign, those
    of a retired one go to its successor. A zone keeps all that was decided; only whose it is follows."""
    there = tx.layers_at((*ATTACHED, "zones"), {*cut, *successor})
    for layer in ATTACHED if there else ():
        table = TABLES[layer]
        for row in tx.rows(layer, table.c.area.in_(sorted(successor)), geometry=False):
            tx.update(layer, row["fid"], {"area": successor[row["area"]]})
        if "reassign" in table.c:
            rows = tx.rows(layer, table.c.area.in_(sorted(cut)), geometry=False)
            tx.update_all(layer, {row["fid"]: {"reassign": True} for row in rows if not row["reassign"]})
    rows = tx.rows("zones", TABLES["zones"].c.area.in_(sorted(successor)), geometry=False) if there else []
    tx.update_all("zones", {row["fid"]: {"area": successor[row["area"]]} for row in rows})
