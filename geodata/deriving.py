"""Importing buildings nobody counted: households derived from floor area, never over a number that somebody counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from layers.areas import to_units
from layers.dwellings import DERIVED, derived_households
from layers.edits import Finding
from layers.errors import BadInput, MissingField
from layers.measure import area_m2
from layers.population import KINDS
from layers.rules import Rules
from layers.schema import Layer

from .values import as_text, is_empty


def derive_into(layer: Layer, records: list[dict[str, Any]], frame: Any, height: str | None, rules: Rules, name: str) -> list[Finding]:
    """Gives every building without households what the formula says, marked in `source`. Answers what was done, as a
    finding. Raises BadInput, MissingField."""
    if layer.name != "buildings":
        raise BadInput(f"--derive-households is for buildings, not for {layer.name}")
    if height is not None and height not in frame.columns:
        raise MissingField(f"{name} has no column {height}; it has {', '.join(map(str, frame.columns))}")
    tall = [None] * len(records) if height is None else [_metres(value) for value in frame[height]]
    open_ = [k for k, record in enumerate(records) if record.get("households") is None and record.get("geom") is not None]
    ground = area_m2(np.array([to_units(records[k]["geom"]) for k in open_], dtype=object)) if open_ else ()
    made, unknown, homes = 0, 0, 0
    for k, size in zip(open_, ground, strict=True):
        record = records[k]
        number = derived_households(float(size), record.get("kind"), record.get("floors"), tall[k], rules.derive)
        if number is None:
            unknown += 1
            continue
        record |= {"households": number, "source": DERIVED}
        made, homes = made + 1, homes + number
    text = (f"{homes:,} households in {made:,} buildings are derived: outline x storeys / {rules.derive.household_m2:g} m2; "
            f"{unknown:,} stay unknown")
    return [Finding("derived", text, None)]


def _metres(value: Any) -> float | None:
    """A height of a file: 12, "12", "12 m"."""
    if is_empty(value):
        return None
    try:
        return float(as_text(value).lower().removesuffix("m").strip())
    except ValueError:
        return None


def keep_counted(row: dict[str, Any], there: Mapping[str, Any]) -> None:
    """A derived number never takes the place of a counted one."""
    if row.get("source") == DERIVED and there.get("households") is not None and there.get("source") != DERIVED:
        del row["households"], row["source"]


def counted_now(changes: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The same changes; whoever gives the households of a building has counted: the mark goes."""
    if before.get("source") == DERIVED and "source" not in changes and changes.keys() & {*KINDS}:
        return {**changes, "source": None}
    return dict(changes)
