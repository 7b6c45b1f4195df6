"""Cutting in two through the store: the form, and what stands on the ground, with the names of roads and water."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from layers.areas import UNITS_PER_DEGREE, Area, to_units
from layers.coverage import Coverage
from layers.errors import BadInput, MissingField
from layers.population import Facts

from .dividing import town_of
from .rows import Reader

MOST_SEED = 1_000_000


def read_half(form: Mapping[str, Any], targets: Sequence[int] | None) -> dict[str, Any]:
    """The one leaf and the seed. Raises MissingField, BadInput."""
    if not targets:
        raise MissingField("halve needs targets", fields=["targets"])
    seed = form.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < MOST_SEED:
        raise BadInput(f"seed: a whole number from 0 to {MOST_SEED - 1:,} is needed")
    if len(targets) > 1:
        raise BadInput("halve cuts one area at a time")
    return {"targets": list(targets), "seed": seed}


def standing_on(reader: Reader, coverage: Coverage, arguments: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The arguments of the operation with the town on the leaf and the names of its lines."""
    areas = [coverage.get(fid) for fid in arguments["targets"]]
    return {**arguments, "town": town_of(reader, areas, facts), "named": _named(reader, areas[0])}


def _named(reader: Reader, area: Area) -> list[tuple[shapely.Geometry, str]]:
    bounds = tuple(n / UNITS_PER_DEGREE for n in area.shape.bounds)
    found = []
    for layer in ("roads", "water"):
        for row in reader.rows(layer, bounds=bounds):
            if row["geom"] is not None and row["name"]:
                shape = to_units(row["geom"])
                found.append((shape if layer == "roads" or shape.geom_type.endswith("LineString") else shapely.boundary(shape), row["name"]))
    return found
