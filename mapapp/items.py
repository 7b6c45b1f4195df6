"""Every declared layer as a collection: list, read, add, change, remove, each with its right and its history."""

from __future__ import annotations

import contextlib
from typing import Any

import shapely
from flask import Blueprint, request
from sqlalchemy import and_

from geodata.importer import REFERENCES, fit_shape, leaf_at, value_of
from geodata.redrawing import point_of, read_geometry
from geodata.schema import TABLES
from geodata.transaction import Transaction
from layers.areas import to_units
from layers.errors import BadInput, DuplicateCode, Forbidden, MissingField, NotFound
from layers.schema import LAYERS, Layer

from .auth import needs
from .state import actor, arguments, body, bounds_of, flag, number, rights, state

blueprint = Blueprint("items", __name__)
OWN_ROUTES = ("areas", "zones")  # have views of their own
READ_ONLY = ("shares",)


@blueprint.get("/api/<layer>")
@needs("see")
def items(layer: str):
    """Rows of a layer in the order of fid; `area` keeps those under an area, `building` those of a building."""
    described = known(layer)
    query = arguments("area", "building", "bbox", "limit", "after", "geometry", "rev")
    limit = number(query, "limit", 1000, most=10_000)
    after = number(query, "after", 0, most=1 << 53) if query.get("after") else None
    conditions, own = [], rights()
    with state().store.read() as reader:
        if query.get("area"):
            node = state().cache.by_code(query["area"])
            own.require("see", [node])
            if described.owned:
                conditions.append(reader.in_scope(layer, [node.path]))
        if query.get("building"):
            if "building" not in TABLES[layer].c:
                raise BadInput(f"building: {layer} have none")
            conditions.append(TABLES[layer].c.building == number(query, "building", 0, most=1 << 53))
        bounds = bounds_of(query.get("bbox"))
        if bounds and not described.geometry:
            raise BadInput(f"bbox: {layer} have no geometry")
        rows = reader.rows(layer, and_(*conditions) if conditions else None, bounds=bounds, scope=own.filter("see"), after=after,
                           limit=limit + 1, geometry=True)
    geometry = flag(query, "geometry") if query.get("geometry") else bool(described.geometry)
    page = rows[:limit]
    answer: dict[str, Any] = {layer: [item_json(described, row, geometry) for row in page], "next": None, "rev": state().cache.rev}
    if len(rows) > limit:
        rest = {**query, "after": str(page[-1]["fid"])}
        answer["next"] = f"/api/{layer}?" + "&".join(f"{key}={value}" for key, value in rest.items())
    return answer


@blueprint.get("/api/<layer>/<int:fid>")
@needs("see")
def item(layer: str, fid: int):
    """One row."""
    described = known(layer)
    with state().store.read() as reader:
        return item_json(described, reader.row(layer, fid, scope=rights().filter("see")), bool(described.geometry))


@blueprint.post("/api/<layer>")
@needs("edit_facts")
def add(layer: str):
    """A new row. `geometry` is GeoJSON; `area` (a code) is needed where it does not follow from the place."""
    described = changeable(layer)
    form = body()

    def change(tx: Transaction):
        row = read_form(tx, described, form, {})
        missing = [field.name for field in described.fields if field.required and row.get(field.name) is None]
        if described.geometry and layer != "units" and row.get("geom") is None:
            missing.append("geometry")
        if missing:
            raise MissingField(f"{layer}: {', '.join(missing)} is needed", fields=missing)
        _inside(tx, described, row)
        fid = tx.insert(layer, [row])[0]
        _follow(tx, layer, fid)
        tx.note = f"{layer} {fid}"
        return tx.row(layer, fid)
    row = state().store.attempt(actor(), f"add {layer}", change, form={"layer": layer})
    return item_json(described, row, bool(described.geometry)), 201


@blueprint.patch("/api/<layer>/<int:fid>")
@needs("edit_facts")
def change(layer: str, fid: int):
    """Changes fields of a row; `version` is what the caller saw."""
    described = changeable(layer)
    form = body("version")
    version = form.pop("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadInput("version: a whole number is needed")

    def write(tx: Transaction):
        before = tx.row(layer, fid, scope=rights().filter("edit_facts"))
        changes = read_form(tx, described, form, before)
        if not changes:
            raise MissingField("nothing to change")
        _inside(tx, described, before | changes)
        tx.update(layer, fid, changes, version=version)
        _follow(tx, layer, fid)
        tx.note = f"{layer} {fid}"
        return tx.row(layer, fid)
    row = state().store.attempt(actor(), f"change {layer}", write, form={"layer": layer, "id": fid, **_plain(form)})
    return item_json(described, row, bool(described.geometry))


@blueprint.delete("/api/<layer>/<int:fid>")
@needs("edit_facts")
def remove(layer: str, fid: int):
    """Removes a row; `version` in the query is what the caller saw. It stays in the history and can be undone."""
    described = changeable(layer)
    query = arguments("version")
    version = number(query, "version", 0, most=1 << 31) if query.get("version") else None
    if version is None:
        raise MissingField("version is needed", fields=["version"])

    def write(tx: Transaction):
        before = tx.row(layer, fid, scope=rights().filter("edit_facts"))
        _inside(tx, described, before)
        if layer == "buildings" and tx.rows("units", TABLES["units"].c.building == fid, limit=1):
            raise BadInput(f"building {fid} has stairwells; remove or move them first")
        if layer == "cells":
            for share in tx.rows("shares", TABLES["shares"].c.cell == fid, geometry=False):
                tx.delete("shares", share["fid"])
        tx.delete(layer, fid, version=version)
        tx.note = f"{layer} {fid}"
        return tx.taken
    rev = state().store.attempt(actor(), f"remove {layer}", write, form={"layer": layer, "id": fid})
    return {"id": fid, "removed": True, "rev": rev}


# ---- reading a form ---------------------------------------------------------------------------------------------------
def known(layer: str) -> Layer:
    """The declared layer. Raises NotFound."""
    if layer not in LAYERS or layer in OWN_ROUTES:
        raise NotFound(f"{layer}: no such layer")
    return LAYERS[layer]


def changeable(layer: str) -> Layer:
    """A layer whose rows are changed one by one. Raises Forbidden for derived ones."""
    described = known(layer)
    if layer in READ_ONLY or not described.editable:
        raise Forbidden(f"{layer} follow from other data and are not changed here")
    return described


def read_form(tx: Transaction, layer: Layer, form: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Columns from a JSON form. Raises BadInput naming the field."""
    row: dict[str, Any] = {}
    for name, raw in form.items():
        if name == "geometry":
            if not layer.geometry:
                raise BadInput(f"geometry: {layer.name} have none")
            kinds = {"MultiPolygon": ("Polygon", "MultiPolygon"), "MultiLineString": ("LineString", "MultiLineString"), "Point": ("Point",),
                     "Geometry": ("Point", "LineString", "Polygon", "MultiPolygon", "MultiLineString")}[layer.geometry]
            row["geom"] = None if raw is None and layer.name == "units" else fit_shape(layer, read_geometry(raw, *kinds), layer.name)
        elif name == "area":
            if layer.by_place and layer.name != "units":
                raise BadInput("area follows from the place; it is not stated")
            row["area"] = None if raw is None else tx.area(str(raw)).fid
        elif name == "population" and layer.field("resident"):
            field = layer.field(tx.rules.population_kind)
            row[field.name] = value_of(field, raw, layer.name)
        elif layer.field(name) is None:
            raise BadInput(f"{name}: {layer.name} have no such field")
        else:
            row[name] = value_of(layer.field(name), raw, layer.name)
            if name == "special" and row[name] is not None:
                _check_groups(tx, row[name])
            if layer.field(name).required and row[name] is None:
                raise MissingField(f"{name}: must not be empty", fields=[name])
    _check_references(tx, layer, row)
    if row.get("code") and row["code"] != before.get("code"):
        if tx.rows(layer.name, TABLES[layer.name].c.code == row["code"], limit=1, geometry=False):
            raise DuplicateCode(f"{layer.name}: code {row['code']!r} is in use")
    if layer.name == "units" and ("building" in row or not before):
        building = tx.rows("buildings", fids=[row.get("building") or 0], geometry=False)
        row["area"] = building[0]["area"] if building else None
    elif "geom" in row and layer.owned and layer.by_place and row["geom"] is not None:
        point = to_units(point_of(row["geom"]))
        row["area"] = leaf_at(tx.leaves_near(point.bounds), [point])[0]
    return row


def _check_groups(tx: Transaction, special: Any) -> None:
    groups = {group.id for group in tx.rules.special_groups}
    if not isinstance(special, dict):
        raise BadInput("special: {group: number} is needed")
    for group, value in special.items():
        if group not in groups:
            raise BadInput(f"special: no group {group}; one of {', '.join(sorted(groups))}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadInput(f"special.{group}: a whole number from 0 is needed")


def _check_references(tx: Transaction, layer: Layer, row: dict[str, Any]) -> None:
    for name, value in row.items():
        if name in REFERENCES and name != "area" and layer.field(name) is not None and value is not None:
            if not tx.rows(REFERENCES[name][0], fids=[value], geometry=False):
                raise NotFound(f"{name} {value}: no such object")


def _inside(tx: Transaction, layer: Layer, row: dict[str, Any]) -> None:
    """The right to change facts is needed where the object is, before and after."""
    own, cache = rights(), state().cache
    if not layer.owned:
        if own.filter("edit_facts") is not None:
            if layer.name == "cells" and row.get("fid"):
                tx.row(layer.name, row["fid"], scope=own.filter("edit_facts"))
                return
            raise Forbidden(f"{layer.name} belong to the whole place; only who may change everything changes them")
        return
    if row.get("area") is None:
        if own.filter("edit_facts") is not None:
            raise Forbidden(f"{layer.name}: outside every area you may change")
        return
    node = cache.nodes.get(row["area"])
    if node is not None:
        own.require("edit_facts", [node])


def _follow(tx: Transaction, layer: str, fid: int) -> None:
    """What hangs on the row follows: stairwells move with their building, shares with their cell's numbers."""
    row = tx.row(layer, fid)
    if layer == "buildings":
        for unit in tx.rows("units", TABLES["units"].c.building == fid, geometry=False):
            if unit["area"] != row["area"]:
                tx.update("units", unit["fid"], {"area": row["area"]}, quiet=True)
    if layer == "cells":
        from geodata.dealing import deal_again
        deal_again(tx, fid)


def item_json(layer: Layer, row: dict[str, Any], geometry: bool) -> dict[str, Any]:
    """A row as the API shows it; names and phones only to those who may see them there."""
    cache, own = state().cache, rights()
    node = cache.nodes.get(row.get("area")) if layer.owned else None
    personal = own.may("see_personal", node.path if node else None) if (node or own.filter("see_personal") is None) else False
    special = own.may("see_special", node.path if node else None)
    answer: dict[str, Any] = {"id": row["fid"]}
    for field in layer.fields:
        value = row.get(field.name)
        if field.personal and not personal:
            value = None
        if field.name == "special" and not special:
            value = None
        answer[field.name] = value
    if layer.field("resident"):
        answer["population"] = row.get(cache.rules.population_kind)
    if layer.owned:
        answer["area"] = node.code if node else None
    answer |= {"version": row["version"], "rev": row["rev"]}
    if geometry:
        answer["geometry"] = None if row["geom"] is None else shapely.geometry.mapping(row["geom"])
    return answer


def _plain(form: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(KeyError):
        return {key: value for key, value in form.items() if key != "geometry" and not (LAYERS.get(request.view_args["layer"]) and (
            (field := LAYERS[request.view_args["layer"]].field(key)) is not None and field.personal))}
    return {}
