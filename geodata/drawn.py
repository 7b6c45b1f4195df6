"""An operation as it was drawn: its JSON form becomes the arguments of the operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from layers.areas import UNITS_PER_DEGREE, to_units
from layers.errors import BadGeometry, BadInput, MissingField, NotLeaf, UnknownOperation
from layers.redraw import OPERATIONS

from .dividing import leaves_below, read_wish
from .rows import Reader

CUTTING = ("split", "merge", "reshape")  # move borders of leaves
AT_VERTEX = {"move_vertex": ("at", "to"), "insert_vertex": ("at",), "delete_vertex": ("at",)}  # the places they need
TAKING = ("draw", "island")  # a new area takes ground from leaves
DIVIDING = ("subdivide", "dissolve")  # change who holds the ground: an area or its children


def parse(reader: Reader, form: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of an operation from its JSON form: codes become fids, geometry becomes units.
    Raises UnknownOperation, MissingField, UnknownArea, NotLeaf, BadGeometry."""
    op = form.get("op")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise UnknownOperation(f"{op!r}: no such operation ({', '.join(OPERATIONS)})")
    arguments: dict[str, Any] = {}
    targets = form.get("targets")
    if targets is not None:
        if not isinstance(targets, list) or not all(isinstance(code, str) for code in targets):
            raise BadInput("targets: a list of codes is needed")
        areas = [reader.area(code) for code in targets]
        for area in areas if op in CUTTING else ():
            if not area.leaf:
                raise NotLeaf(f"{area.code} has children; only areas without children hold ground of their own")
        arguments["targets"] = [area.fid for area in areas]
    if op == "divide":
        arguments = {"targets": leaves_below(reader, form.get("targets")), **read_wish(form)}
    if op in DIVIDING:
        if not arguments.get("targets"):
            raise MissingField(f"{op} needs targets", fields=["targets"])
        arguments["levels"] = reader.rules.levels
    if op == "subdivide" and form.get("level") is not None:
        arguments["level"] = str(form["level"])
    if op in ("split", "reshape"):
        if "line" not in form:
            raise MissingField(f"{op} needs a line")
        arguments.setdefault("targets", None)
        arguments["line"] = read_line(form["line"])
        if op == "split" and form.get("keep") is not None:
            arguments["keep"] = _read_point(form["keep"], "keep")
    if op == "reshape":
        arguments["fixed"] = fixed_levels(reader)
    if op in AT_VERTEX:
        missing = [name for name in AT_VERTEX[op] if form.get(name) is None]
        if missing:
            raise MissingField(f"{op} needs {' and '.join(missing)}", fields=missing)
        rest = {"fixed": fixed_levels(reader)} if op != "insert_vertex" else {"targets": arguments.get("targets")}
        arguments = {name: _read_point(form[name], name) for name in AT_VERTEX[op]} | rest
    if op == "merge":
        if not arguments.get("targets") or len(arguments["targets"]) < 2:
            raise MissingField("merge needs two areas or more in targets")
        if form.get("keep") is not None:
            arguments["keep"] = reader.area(str(form["keep"])).fid
    if op == "transfer":
        missing = [name for name in ("targets", "parent") if not form.get(name)]
        if missing:
            raise MissingField("transfer needs targets and a parent", fields=missing)
        arguments |= {"parent": reader.area(str(form["parent"])).fid, "levels": reader.rules.levels}
    if op in TAKING:
        missing = [name for name in ("parent", "polygon") if form.get(name) is None]
        if missing:
            raise MissingField(f"{op} needs a parent and a polygon", fields=missing)
        arguments = {"parent": reader.area(str(form["parent"])).fid, "polygon": read_polygon(form["polygon"])}
    if op == "draw":
        arguments |= {"trim": bool(form.get("trim")), "rest": None if form.get("rest") is None else str(form["rest"])}
    if form.get("allow_parts") and op in (*CUTTING, "draw", "transfer"):
        arguments["allow_parts"] = True
    return arguments


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
    if shape.is_empty or shape.has_z:
        raise BadGeometry("the geometry is empty or has heights")
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
