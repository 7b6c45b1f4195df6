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
from .redrawing import Draft, heirs_of, origin_of
from .rows import ancestors
from .schema import TABLES
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
            tx.register_code(area.code, area.fid)
        after.append(area)
    old, divided = {area.fid: area for area in (*edit.before, *edit.above_before)}, {area.fid: area for area in edit.above}
    above = [tx.write_area(old[fid], area) for fid, area in divided.items()]
    written = [tx.write_area(old.get(area.fid), area) for area in after]
    for area in edit.before:
        if area.fid not in {one.fid for one in after} | divided.keys():
            tx.write_area(area, None)
    touched = [tx.write_area(before, area, quiet=True) for before, area in zip(edit.touched_before, edit.touched)]
    own = {area.fid for area in (*edit.above_before, *edit.above)}  # their border is that of their children, before and after
    renew_parents(tx, (*edit.before, *edit.touched_before), (*written, *touched), own)
    done = replace(made, edit=replace(edit, after=tuple(written), touched=tuple(touched), above=tuple(above)))
    redeal(tx, made.facts, made.dealt, fids)
    heirs = {fid: [real(heir) for heir in mine] for fid, mine in heirs_of(edit).items()}
    follow(tx, heirs, [(area.fid, area.shape) for area in written])
    successor = {fid: real(heir) for fid, heir in edit.successor.items()}
    _attach(tx, edit, successor)
    follow_members(tx, edit.before, written)
    led = [(fid, real(new.fid)) for new in edit.after if new.fid < 0 for fid in _cut_from(edit, new)]
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
    for fid in sorted(above):
        old, new = above[fid]
        key = (tuple(map(id, old)), tuple(map(id, new)))
        if key not in seen:
            seen[key] = difference(_parts(old), _parts(new))
        removed, added = seen[key]
        if len(removed) or len(added):
            parent = tx.areas([fid])[fid]
            tx.write_area(parent, replace(parent, shape=renew(parent.shape, removed, added)), quiet=True)


def _parts(shapes: Sequence[shapely.MultiPolygon]) -> np.ndarray:
    return shapely.get_parts(np.array(shapes, dtype=object)) if shapes else np.array([], dtype=object)


def redeal(tx: Transaction, facts: Facts, dealt: Dealt, fids: Mapping[int, int]) -> None:
    """Writes new owners of buildings and stairwells, and the new shares."""
    real = lambda fid: fids.get(fid, fid)  # noqa: E731
    now = {place.fid: place.area for place in facts.places}
    moved = {fid: real(area) for fid, area in dealt.owner.items() if now[fid] != real(area)}
    for fid, area in moved.items():
        tx.update("buildings", fid, {"area": area}, quiet=True)
    if moved:
        for unit in tx.rows("units", TABLES["units"].c.building.in_(list(moved)), geometry=False):
            tx.update("units", unit["fid"], {"area": moved[unit["building"]]}, quiet=True)
    kept = {share.fid: share for share in dealt.shares if share.fid}
    for share in facts.shares:
        new = kept.get(share.fid)
        if new is None:
            tx.delete("shares", share.fid)
        elif (new.counts.values, new.counts.special, new.weight) != (share.counts.values, share.counts.special, share.weight):
            tx.update("shares", share.fid, share_row(new, new.area), quiet=True)
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
        for row, area in zip(rows, owners(points, order, shapes, [heirs[row["area"]] for row in rows])):
            if row["area"] != area:
                tx.update(layer, row["fid"], {"area": area}, quiet=True)


def _cut_from(edit: Edit, new: Area) -> tuple[int, ...]:
    """The areas a new one was cut from; none for the first child of an area, which lives on above it."""
    if new.fid in edit.gave:
        return edit.gave[new.fid]
    origin = origin_of(edit, new)
    return () if origin is None or origin.fid == new.parent else (origin.fid,)


def _attach(tx: Transaction, edit: Edit, successor: Mapping[int, int]) -> None:
    """People and teams stay with the area that keeps its identity; those of a cut area are listed to re-assign, those
    of a retired one go to its successor. A zone keeps all that was decided; only whose it is follows."""
    cut = {fid for area in edit.after if area.fid < 0 for fid in _cut_from(edit, area)}
    there = tx.layers_at((*ATTACHED, "zones"), {*cut, *successor})
    for layer in ATTACHED if there else ():
        table = TABLES[layer]
        for row in tx.rows(layer, table.c.area.in_(sorted(successor)), geometry=False):
            tx.update(layer, row["fid"], {"area": successor[row["area"]]})
        if "reassign" in table.c:
            for row in tx.rows(layer, table.c.area.in_(sorted(cut)), geometry=False):
                if not row["reassign"]:
                    tx.update(layer, row["fid"], {"reassign": True}, quiet=True)
    for row in tx.rows("zones", TABLES["zones"].c.area.in_(sorted(successor)), geometry=False) if there else ():
        tx.update("zones", row["fid"], {"area": successor[row["area"]]}, quiet=True)
