"""An operation as it was drawn: its JSON form becomes the arguments of the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely

from layers.areas import UNITS_PER_DEGREE, to_units, without_empty
from layers.errors import BadGeometry, BadInput, MissingField, NotLeaf, UnknownOperation
from layers.redraw import OPERATIONS

from .assigning import read_stroke
from .dividing import enough_for, leaves_below, read_wish
from .halving import read_half
from .latticing import read_lattice
from .rows import Reader

Form = Mapping[str, Any]
Arguments = dict[str, Any]


def parse(reader: Reader, form: Form) -> Arguments:
    """The keyword arguments of an operation from its JSON form: codes become fids, geometry becomes units.
    Raises UnknownOperation, MissingField, UnknownArea, NotLeaf, BadInput, BadGeometry."""
    op = form.get("op")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise UnknownOperation(f"{op!r}: no such operation ({', '.join(OPERATIONS)})")
    return READERS[op](reader, form)


# ---- one reader an operation -----------------------------------------------------------------------------------------
def _split(reader: Reader, form: Form) -> Arguments:
    keep = form.get("keep")
    return {"targets": _leaves(reader, form), "line": _line(form), **_parts(form),
            **({} if keep is None else {"keep": _read_point(keep, "keep")})}


def _reshape(reader: Reader, form: Form) -> Arguments:
    return {"targets": _leaves(reader, form), "line": _line(form), "rest": _rest(form), "fixed": fixed_levels(reader), **_parts(form)}


def _merge(reader: Reader, form: Form) -> Arguments:
    targets, keep = _leaves(reader, form), form.get("keep")
    if not targets or len(targets) < 2:
        raise MissingField("merge needs two areas or more in targets")
    return {"targets": targets, **_parts(form), **({} if keep is None else {"keep": reader.area(str(keep)).fid})}


def _move_vertex(reader: Reader, form: Form) -> Arguments:
    _needed(form, "at", "to")
    return {"at": _read_point(form["at"], "at"), "to": _read_point(form["to"], "to"), "fixed": fixed_levels(reader)}


def _insert_vertex(reader: Reader, form: Form) -> Arguments:
    _needed(form, "at")
    return {"at": _read_point(form["at"], "at"), "targets": _fids(reader, form)}


def _delete_vertex(reader: Reader, form: Form) -> Arguments:
    _needed(form, "at")
    return {"at": _read_point(form["at"], "at"), "fixed": fixed_levels(reader)}


def _draw(reader: Reader, form: Form) -> Arguments:
    return {**_island(reader, form), "trim": bool(form.get("trim")), "rest": _rest(form), **_parts(form)}


def _island(reader: Reader, form: Form) -> Arguments:
    _needed(form, "parent", "polygon")
    return {"parent": reader.area(str(form["parent"])).fid, "polygon": read_polygon(form["polygon"])}


def _transfer(reader: Reader, form: Form) -> Arguments:
    _needed(form, "targets", "parent")
    return {"targets": _fids(reader, form), "parent": reader.area(str(form["parent"])).fid, "levels": reader.rules.levels, **_parts(form)}


def _subdivide(reader: Reader, form: Form) -> Arguments:
    level = form.get("level")
    return {**_dissolve(reader, form), **({} if level is None else {"level": str(level)})}


def _dissolve(reader: Reader, form: Form) -> Arguments:
    _needed(form, "targets")
    return {"targets": _fids(reader, form), "levels": reader.rules.levels}


def _divide(reader: Reader, form: Form) -> Arguments:
    leaves, wish = leaves_below(reader, _codes(form)), read_wish(form)
    enough_for(reader, leaves, wish)
    return {"targets": leaves, **wish}


def _assign_buildings(reader: Reader, form: Form) -> Arguments:
    return {**read_stroke(reader, form, _leaves(reader, form)), "rest": _rest(form), "trim": bool(form.get("trim")),
            "fixed": fixed_levels(reader), **_parts(form)}


def _lattice(reader: Reader, form: Form) -> Arguments:
    baseline = form.get("baseline")
    return read_lattice(form, _leaves(reader, form)) | ({} if baseline is None else {"baseline": read_line(baseline)})


def _halve(reader: Reader, form: Form) -> Arguments:
    return read_half(form, _leaves(reader, form))


READERS: dict[str, Callable[[Reader, Form], Arguments]] = {
    "split": _split,
    "merge": _merge,
    "reshape": _reshape,
    "move_vertex": _move_vertex,
    "insert_vertex": _insert_vertex,
    "delete_vertex": _delete_vertex,
    "subdivide": _subdivide,
    "dissolve": _dissolve,
    "draw": _draw,
    "island": _island,
    "divide": _divide,
    "transfer": _transfer,
    "halve": _halve,
    "lattice": _lattice,
    "assign_buildings": _assign_buildings,
}


# ---- what several of them need ---------------------------------------------------------------------------------------
def _needed(form: Form, *names: str) -> None:
    missing = [name for name in names if form.get(name) in (None, [], "")]
    if missing:
        raise MissingField(f"{form['op']} needs {' and '.join(names)}", fields=missing)


def _codes(form: Form) -> list[str] | None:
    codes = form.get("targets")
    if codes is not None and (not isinstance(codes, list) or not all(isinstance(code, str) for code in codes)):
        raise BadInput("targets: a list of codes is needed")
    return codes


def _fids(reader: Reader, form: Form) -> list[int] | None:
    codes = _codes(form)
    return None if codes is None else [reader.area(code).fid for code in codes]


def _leaves(reader: Reader, form: Form) -> list[int] | None:
    codes = _codes(form)
    if codes is None:
        return None
    areas = [reader.area(code) for code in codes]
    for area in areas:
        if not area.leaf:
            raise NotLeaf(f"{area.code} has children; only areas without children hold ground of their own")
    return [area.fid for area in areas]


def _line(form: Form) -> shapely.LineString:
    if "line" not in form:
        raise MissingField(f"{form['op']} needs a line")
    return read_line(form["line"])


def _parts(form: Form) -> Arguments:
    return {"allow_parts": True} if form.get("allow_parts") else {}


def _rest(form: Form) -> str | None:
    rest = form.get("rest")
    return None if rest is None else str(rest)


def fixed_levels(reader: Reader) -> frozenset[str]:
    """The levels whose borders law fixes."""
    return frozenset(level.id for level in reader.rules.levels if level.locked)


def read_line(value: Any) -> shapely.LineString:
    """A GeoJSON LineString in lon, lat -> units. Raises BadGeometry."""
    line = read_geometry(value, "LineString")
    if len(line.coords) < 2 or line.length == 0:
        raise BadGeometry("the line has no length")
    return to_units(line)


def read_polygon(value: Any) -> shapely.Polygon:
    """A GeoJSON Polygon in lon, lat -> units. Raises BadGeometry."""
    return to_units(read_geometry(value, "Polygon"))


def read_geometry(value: Any, *kinds: str) -> shapely.Geometry:
    """A GeoJSON geometry in lon, lat (degrees), checked for type and range. Raises BadGeometry."""
    try:
        kind, coordinates = value["type"], value["coordinates"]
        if kind not in kinds:
            raise BadGeometry(f"a {' or '.join(kinds)} is needed, not {kind}")
        shape = shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    except BadGeometry:
        raise
    except Exception as error:  # noqa: BLE001  shapely raises what its parts raise
        raise BadGeometry(f"not a GeoJSON geometry: {error}") from None
    if shape.is_empty or shape.has_z or without_empty(np.array([shape], dtype=object))[0] is not shape:
        raise BadGeometry("the geometry or a part of it is empty, or it has heights")
    xy = shapely.get_coordinates(shape)
    if not np.isfinite(xy).all() or (np.abs(xy[:, 0]) > 180).any() or (np.abs(xy[:, 1]) > 90).any():
        raise BadGeometry("coordinates are longitude, latitude in degrees")
    return shape


def _read_point(value: Any, name: str) -> shapely.Point:
    try:
        lon, lat = (float(part) for part in value)
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadGeometry(f"{name}: [lon, lat] in degrees is needed") from None
    return shapely.Point(round(lon * UNITS_PER_DEGREE), round(lat * UNITS_PER_DEGREE))
