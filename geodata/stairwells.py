"""Stairwells belong to the area of their building, whatever moved it."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import chunks
from .schema import TABLES
from .transaction import Transaction

UNITS = TABLES["units"]


def stairwells_follow(tx: Transaction, owner: Mapping[int, int | None]) -> None:
    """The stairwells of these buildings belong where the buildings belong now: {fid of the building: fid of its area}."""
    rows = [row for some in chunks(sorted(owner)) for row in tx.rows("units", UNITS.c.building.in_(some), geometry=False)]
    tx.update_all("units", {row["fid"]: {"area": owner[row["building"]]} for row in rows if row["area"] != owner[row["building"]]})
