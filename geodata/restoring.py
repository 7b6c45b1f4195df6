"""Writing an undo: areas, rows and owners go back; what was added since is handed to the areas that are there again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from layers.areas import Area, as_multi, to_units
from layers.chain import difference, renew
from layers.population import Dealt, Facts, owners, point_of
from layers.redraw.undo import holds_ground
from layers.schema import LAYERS

from .changes import Change
from .committing import ATTACHED, FOLLOWERS, redeal
from .dealing import deal_again
from .facts import facts_of
from .posts import settle_served
from .reversal import Ground, area_of_row
from .rows import ancestors
from .schema import HISTORY, LINEAGE, TABLES
from .stairwells import stairwells_follow
from .transaction import Transaction

STANDING = ("buildings", *FOLLOWERS)  # belong to the leaf they stand in
HANGING = (*ATTACHED, "zones")  # belong to an area by word


# ---- areas --------------------------------------------------------------------------------------------------------------
def areas_back(
    tx: Transaction, changes: Sequence[Change], ground: Ground | None
) -> tuple[list[Area], list[Area], set[int]]:
    """Leaves go back, and what was decided of the areas above. Answers the leaves as they were just now and as written,
    and the areas above that have their old border again, to the byte; that of the others follows from their leaves."""
    was, written, above = [], [], set()
    shapes = {area.fid: area.shape for area in (*ground.edit.after, *ground.edit.touched)} if ground else {}
    mine = sorted((change for change in changes if change.layer == "areas"), key=lambda change: change.fid)
    for change in mine:
        now = area_of_row(change.fid, change.now) if change.now else None
        back = _decided(change, shapes)
        shape = _border_back(change, now, ground) if now and back and change.fid not in shapes else None
        if shape is not None:
            back = replace(back, shape=shape)
        if shape is not None or change.divided:
            above.add(change.fid)
        if back == now:
            continue
        back = tx.write_area(now, back, quiet=change.quiet)
        if change.leaf:
            was += [now] if now and now.leaf else []
            written += [back] if back and back.leaf else []
    known = {change.fid for change in mine}
    for before, gained in zip(ground.edit.touched_before, ground.edit.touched, strict=True) if ground else ():
        if before.fid not in known:
            was.append(before)
            written.append(tx.write_area(before, gained, quiet=True))
    return was, written, above


def _decided(change: Change, shapes: Mapping[int, shapely.MultiPolygon]) -> Area | None:
    """The area as it shall be: as it is, with what the edit decided taken back; None when it goes."""
    if change.before is None:
        return None
    if change.after is None:
        row = change.before | {"version": change.before["version"] + 1}
    elif change.now is None:  # a neighbour that lost its vertices with its ground
        return None
    else:
        row = change.now | {name: change.before.get(name) for name in change.columns() if name != "geom"}
    area = area_of_row(change.fid, row)
    return replace(area, shape=shapes[change.fid]) if change.fid in shapes else area


def _border_back(change: Change, now: Area, ground: Ground | None) -> shapely.MultiPolygon | None:
    """The border of an area above others as it was before; None where it follows from its leaves."""
    if change.after is None or (change.leaf and not change.divided):
        return None
    if ground is None or ground.exact:
        same = change.before["geom"] != change.after["geom"] == change.now["geom"] or change.divided
        return as_multi(to_units(change.before["geom"])) if same else None
    if not change.divided:
        return None
    below = [area for area in ground.edit.after if area.path.startswith(now.path)]
    return renew(now.shape, *difference(*(shapely.get_parts([area.shape for area in side]) for side in ([now], below))))


# ---- rows ---------------------------------------------------------------------------------------------------------------
def rows_back(tx: Transaction, changes: Sequence[Change], rev: int) -> None:
    order = {layer: place for place, layer in enumerate(("buildings", "cells"))}  # before stairwells and shares
    moved: set[int] = set()  # cells whose shares no longer fit the ground
    for change in sorted(changes, key=lambda change: (order.get(change.layer, 9), change.layer, change.fid)):
        if change.layer == "areas":
            continue
        if change.before is None:
            if change.now is not None:
                tx.delete(change.layer, change.fid)
        elif change.after is None:
            if change.layer == "shares" and not _same_ground(tx, change.before["area"], rev):
                moved.add(change.before["cell"])
            elif change.now is None:
                tx.insert(
                    change.layer,
                    [
                        change.before
                        | {"version": change.before["version"] + 1, "area": _home(tx, change, change.before)}
                    ],
                    fids=[change.fid],
                )
        elif change.now is not None:
            back = {
                name: change.before.get(name)
                for name in change.columns()
                if change.now.get(name) == change.after.get(name)
            }
            if change.layer == "zones" and change.now["status"] != "proposed":
                back = {}  # what was decided since stays; only whose it is follows
            if LAYERS[change.layer].owned and change.before["area"] != change.after["area"]:
                back["area"] = _home(tx, change, change.now | back)
            if back:
                tx.update(change.layer, change.fid, back, quiet=change.quiet)
    for cell in sorted(moved):
        for share in tx.rows("shares", TABLES["shares"].c.cell == cell, geometry=False):
            tx.delete("shares", share["fid"])
        deal_again(tx, cell)


def _home(tx: Transaction, change: Change, row: Mapping[str, Any]) -> int | None:
    """Whose the row is when it is back: as before, while that still fits."""
    if not LAYERS[change.layer].owned or change.before["area"] is None:
        return None
    if change.layer == "units":
        return tx.row("buildings", row["building"])["area"]
    if change.layer not in STANDING or row["geom"] is None:
        return living(tx, change.before["area"])
    point = to_units(point_of(row["geom"]))
    near = {area.fid: area for area in tx.leaves_near(point.bounds)}
    first = [fid for fid in (change.before["area"], row["area"]) if fid in near]
    order = list(dict.fromkeys([*first, *near]))
    if not order:
        return living(tx, change.before["area"])
    return owners([point], order, np.array([near[fid].shape for fid in order], dtype=object))[0]


def living(tx: Transaction, fid: int) -> int | None:
    """The area itself while it lives; else the one its ground went to; else the deepest area above that lives."""
    seen, queue = set(), [fid]
    while queue:
        fid = queue.pop(0)
        if tx.areas([fid]):
            return fid
        seen.add(fid)
        later = tx.connection.execute(
            select(LINEAGE.c.to_fid).where(LINEAGE.c.from_fid == fid).order_by(LINEAGE.c.rev.desc())
        ).scalars()
        earlier = tx.connection.execute(
            select(LINEAGE.c.from_fid).where(LINEAGE.c.to_fid == fid).order_by(LINEAGE.c.rev.desc())
        ).scalars()
        queue += [other for other in (*later, *earlier) if other not in seen]
    last = tx.connection.scalar(
        select(HISTORY.c.row)
        .where(HISTORY.c.layer == "areas", HISTORY.c.fid == min(seen))
        .order_by(HISTORY.c.rev_to.desc())
        .limit(1)
    )
    above = ancestors(last["path"]) if last else []
    alive = tx.areas(above)
    return next((fid for fid in reversed(above) if fid in alive), None)


def _same_ground(tx: Transaction, fid: int, rev: int) -> bool:
    """True when the leaf lives and holds the ground it held before that revision."""
    now = tx.areas([fid]).get(fid)
    if now is None:
        return False
    then = tx.connection.execute(
        select(HISTORY.c.geom)
        .where(HISTORY.c.layer == "areas", HISTORY.c.fid == fid, HISTORY.c.rev_from < rev, HISTORY.c.rev_to >= rev)
        .order_by(HISTORY.c.hid)
        .limit(1)
    ).first()
    return then is None or holds_ground(as_multi(to_units(then.geom)), now.shape)


# ---- what came since ------------------------------------------------------------------------------------------------------
def settle(tx: Transaction, changes: Sequence[Change], rev: int, gone: set[int], leaves: Sequence[Area]) -> None:
    """Objects, people and cells that came since belong to the areas that are there now. Who still stands on his
    area's ground stays, also exactly on its border."""
    ground = {area.fid: area for area in leaves}
    fids = sorted(gone | set(ground))
    for layer in STANDING:
        rows = [row for row in tx.rows(layer, TABLES[layer].c.area.in_(fids)) if row["geom"] is not None]
        points = [to_units(point_of(row["geom"])) for row in rows]
        lost = [
            k
            for k, (row, point) in enumerate(zip(rows, points, strict=True))
            if row["area"] in gone or not shapely.intersects(ground[row["area"]].shape, point)
        ]
        shapes = np.array([area.shape for area in leaves], dtype=object)
        homes = zip(lost, owners([points[k] for k in lost], list(ground), shapes), strict=True)
        tx.update_all(layer, {rows[k]["fid"]: {"area": area} for k, area in homes if area != rows[k]["area"]})
    buildings = tx.rows("buildings", TABLES["buildings"].c.area.in_(fids), geometry=False)
    stairwells_follow(tx, {row["fid"]: row["area"] for row in buildings})
    for layer in HANGING:
        left = tx.rows(layer, TABLES[layer].c.area.in_(sorted(gone)), geometry=False)
        homes = {fid: living(tx, fid) for fid in {row["area"] for row in left}}
        tx.update_all(layer, {row["fid"]: {"area": homes[row["area"]]} for row in left if homes[row["area"]] != row["area"]})
    settle_served(tx, gone, lambda fid: living(tx, fid))
    _deal_newcomers(tx, changes, rev, gone, leaves)


def _deal_newcomers(
    tx: Transaction, changes: Sequence[Change], rev: int, gone: set[int], leaves: Sequence[Area]
) -> None:
    """Cells that came or were counted anew since are dealt to the ground as it is now."""
    fids = sorted({*gone, *(area.fid for area in leaves)})
    restored = {(change.before or change.after)["cell"] for change in changes if change.layer == "shares"}
    rows = tx.rows("shares", TABLES["shares"].c.area.in_(fids), geometry=False)
    new = {row["cell"] for row in rows if row["area"] in gone or rev < row["rev"] < tx.new_rev} - restored
    if not new:
        return
    facts = facts_of(tx, fids)
    shares = tuple(share for share in facts.shares if share.cell in new)
    dealt = Facts(facts.places, shares).deal([(area.fid, area.shape) for area in leaves])
    redeal(tx, Facts((), shares), Dealt({}, dealt.shares, {}), {})
