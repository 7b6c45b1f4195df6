"""Dividing through the store: the form, and what stands on the ground: buildings, counts, roads, walls and water."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from layers.areas import UNITS_PER_DEGREE, Area, to_units
from layers.cells import Town
from layers.coverage import explode
from layers.edits import Edit, Finding
from layers.errors import AreaLocked, BadInput, MissingField, TooFewParts
from layers.measure import length_m
from layers.population import Facts

from .rows import Reader

MOST_TARGETS, MOST_PARTS = 1_000, 1_000

ROADS = {"motorway": 0.2, "main": 0.2, "minor": 0.25, "service": 0.4, "path": 0.5}  # how dear a border along each is
OTHER_ROAD, BARRIER, WATER = 0.4, 0.6, 0.25


def town_of(reader: Reader, areas: Sequence[Area], facts: Facts) -> Town:
    """The buildings, counts and lines on these leaves."""
    shapes = {area.fid: area.shape for area in areas}
    places = [place for place in facts.places if place.shape is not None]
    counted = tuple((shapely.intersection(share.shape, shapes[share.area]), float(share.counts.households))
                    for share in facts.shares if share.counts.households and share.area in shapes)
    lines, dear = _lines(reader, areas)
    return Town(_objects(place.shape for place in places), np.array([float(place.counts.households or 0) for place in places]),
                lines, dear, tuple(one for one in counted if not one[0].is_empty))


def _lines(reader: Reader, areas: Sequence[Area]) -> tuple[np.ndarray, np.ndarray]:
    """Lines near the areas, each part by itself, and how dear a border along each is."""
    bounds = (shapely.total_bounds(np.array([area.shape for area in areas], dtype=object)) / UNITS_PER_DEGREE).tolist()
    lines: list[shapely.Geometry] = []
    dear: list[float] = []
    for layer in ("roads", "barriers", "water"):
        for row in reader.rows(layer, bounds=bounds):
            if row["geom"] is None:
                continue
            own = {"roads": ROADS.get(row["kind"], OTHER_ROAD), "barriers": BARRIER, "water": WATER}[layer]
            parts = shapely.get_parts(to_units(row["geom"]))
            rings = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
            parts = [*parts[shapely.get_type_id(parts) == 1], *rings]
            lines += parts
            dear += [own] * len(parts)
    return _objects(shapely.LineString(line.coords) for line in lines), np.array(dear)


def _objects(shapes) -> np.ndarray:
    listed = list(shapes)
    made = np.empty(len(listed), object)
    made[:] = listed
    return made


# ---- the form --------------------------------------------------------------------------------------------------------
def leaves_below(reader: Reader, targets: Any) -> list[int]:
    """The leaves to divide: those named, and of an area made of smaller ones all below it that are not locked."""
    if not targets:
        raise MissingField("divide needs targets", fields=["targets"])
    found: dict[int, Area] = {}
    for code in targets:
        area = reader.area(code)
        for leaf in [area] if area.leaf else reader.subtree(area.path, leaf=True):
            found[leaf.fid] = leaf
    free = [fid for fid, leaf in found.items() if not leaf.locked]
    if not free:
        raise AreaLocked("all areas to divide are locked", areas=[leaf.code for leaf in found.values()][:20])
    return free


def enough_for(reader: Reader, leaves: Sequence[int], wish: Mapping[str, Any]) -> None:
    """Raises TooFewParts when the leaves have more parents than parts are wished."""
    if "parts" in wish:
        parents = len({(area.parent, area.level) for area in reader.areas(leaves).values()})
        if wish["parts"] < parents:
            raise TooFewParts(f"these areas have {parents} parents: at least {parents} parts are needed", least=parents)


def locked_kept(reader: Reader, targets: Any) -> tuple[Finding, ...]:
    """Says how many leaves stay as they are because they are locked."""
    found: dict[int, Area] = {}
    for code in targets:
        area = reader.area(code)
        found |= {leaf.fid: leaf for leaf in ([area] if area.leaf else reader.subtree(area.path, leaf=True)) if leaf.locked}
    if not found:
        return ()
    codes = sorted(leaf.code for leaf in found.values())
    return (Finding("locked-kept", f"{len(codes)} locked area(s) stay as they are: {', '.join(codes[:5])}", count=len(codes)),)


def read_wish(form: Mapping[str, Any]) -> dict[str, Any]:
    """`parts` or `norm`, `tolerance`, `seed`. Raises BadInput, MissingField."""
    wish: dict[str, Any] = {"tolerance": _number(form.get("tolerance", 0.1), "tolerance", 0.01, 1)}
    seed = form.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 1_000_000:
        raise BadInput("seed: a whole number from 0 to 999,999 is needed")
    if (form.get("parts") is None) == (form.get("norm") is None):
        raise MissingField("divide needs parts or norm, one of them", fields=["parts", "norm"])
    if form.get("parts") is not None:
        parts = form["parts"]
        if not isinstance(parts, int) or isinstance(parts, bool) or not 1 <= parts <= MOST_PARTS:
            raise BadInput(f"parts: a whole number from 1 to {MOST_PARTS:,} is needed")
        return wish | {"seed": seed, "parts": parts}
    norm = form["norm"]
    if not isinstance(norm, Mapping) or set(norm) != {"min", "max"}:
        raise BadInput('norm: {"min", "max"} in households is needed')
    least, most = (_number(norm[side], f"norm.{side}", 0, 1_000_000) for side in ("min", "max"))
    if not 0 < most or least > most:
        raise BadInput("norm: min is not above max, and max is above 0")
    return wish | {"seed": seed, "norm": (least, most)}


def _number(value: Any, name: str, low: float, high: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput(f"{name}: a number from {low} to {high:,} is needed")
    return float(value)


def new_borders_m(edit: Edit) -> float:
    """Length of the borders between the areas after a division."""
    around = shapely.get_parts(shapely.coverage_union_all(explode(edit.after)[0]))
    return max(0.0, round(float(length_m([area.shape for area in edit.after]).sum() - length_m(around).sum()) / 2, 1))
