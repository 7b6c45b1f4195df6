"""Cells and their shares: dealt when they come, dealt again when a cell's numbers are mended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import shapely

from layers.areas import to_units
from layers.population import Facts, Share

from .committing import share_row
from .facts import facts_of, row_counts
from .schema import TABLES
from .transaction import Transaction

SHARES = TABLES["shares"]


def deal_new(tx: Transaction) -> None:
    """Cells that no leaf holds yet are dealt to the leaves they lie in."""
    held = {row["cell"] for row in tx.each("shares", geometry=False)}
    cells = [cell for cell in tx.each("cells") if cell["fid"] not in held and cell["geom"] is not None]
    if not cells:
        return
    leaves = tx.all_areas(leaf=True)
    tree = shapely.STRtree([leaf.shape for leaf in leaves])
    places = facts_of(tx, [leaf.fid for leaf in leaves]).places if tx.count("buildings") else ()
    houses = shapely.STRtree([place.point for place in places])
    rows: list[dict[str, Any]] = []
    for cell in cells:
        shape = to_units(cell["geom"])
        near = [leaves[k] for k in sorted(tree.query(shape, predicate="intersects"))]
        if near:
            inside = tuple(places[k] for k in sorted(houses.query(shape, predicate="contains")))
            rows += _dealt(cell, shape, [(leaf.fid, leaf.shape) for leaf in near], Facts(inside))
    tx.insert("shares", rows)


def deal_again(tx: Transaction, cell: int) -> None:
    """A cell's numbers were mended: its people are dealt anew among the leaves that hold it."""
    row = tx.row("cells", cell)
    now = tx.rows("shares", SHARES.c.cell == cell, geometry=False)
    shape = to_units(row["geom"])
    if not now:
        near = {leaf.fid: leaf.shape for leaf in tx.leaves_near(shape.bounds) if leaf.shape.intersects(shape)}
        tx.insert("shares", _dealt(row, shape, list(near.items()), facts_of(tx, near)) if near else [])
        return
    areas = tx.areas(share["area"] for share in now)
    leaves = [(share["area"], areas[share["area"]].shape) for share in now]
    new = {part["area"]: part for part in _dealt(row, shape, leaves, facts_of(tx, sorted(areas)))}
    for share in now:
        if share["area"] in new:
            tx.update("shares", share["fid"], {key: value for key, value in new[share["area"]].items() if key != "area"}, quiet=True)
        else:
            tx.delete("shares", share["fid"])


def _dealt(cell: dict[str, Any], shape: shapely.Geometry, leaves, facts: Facts) -> list[dict[str, Any]]:
    share = Share(0, cell["fid"], 0, 1.0, shape, row_counts(SimpleNamespace(**cell)))
    return [share_row(part, part.area) for part in Facts(facts.places, (share,)).deal(leaves).shares]
