"""Every declared layer as a collection: list, read, add, change, remove, each with its right and its history."""

from __future__ import annotations

from typing import Any

import shapely
from flask import Blueprint
from sqlalchemy import and_
from werkzeug.exceptions import MethodNotAllowed

from geodata.dealing import deal_again
from geodata.deriving import counted_now
from geodata.drawn import read_geometry
from geodata.importer import leaf_at
from geodata.incoming import REFERENCES, fit_shape
from geodata.rows import Reader
from geodata.schema import TABLES
from geodata.stairwells import stairwells_follow
from geodata.transaction import Transaction
from layers.areas import to_units
from layers.errors import BadInput, DuplicateCode, Forbidden, MissingField, NotFound, Stale
from layers.population import point_of
from layers.schema import LAYERS, Layer

from .areas import visible
from .auth import needs
from .forms import LARGEST, arguments, body, bounds_of, field_value, flag, next_page, number, version_of
from .state import actor, rights, state

blueprint = Blueprint("items", __name__)
OWN_ROUTES = ("areas", "zones")  # have views of their own
READ_ONLY = ("shares",)
BY = ("building", "unit", "post", "team")  # what a list can be asked by: those of that object


@blueprint.get("/api/<layer>")
@needs("see")
def items(layer: str):
    """Rows of a layer in the order of fid; `area` keeps those under an area, `building` those of a building, `post` of a post …"""
    described = known(layer)
    query = arguments("area", *BY, "bbox", "limit", "after", "geometry", "rev")
    limit, after = number(query, "limit", 1000, most=10_000), number(query, "after", 0, most=1 << 53, least=0)
    conditions, own, rev = [], rights(), state().cache.rev
    if query.get("rev") and query["rev"] != str(rev):
        raise Stale(f"the list was begun at revision {query['rev'][:20]}, now it is {rev}; begin again", rev=rev)
    with state().store.read() as reader:
        if query.get("area"):
            node = visible(query["area"])
            if described.owned or layer == "cells":
                conditions.append(reader.in_scope(layer, [node.path]))
        for name in BY:
            if query.get(name):
                if name not in TABLES[layer].c:
                    raise BadInput(f"{name}: {layer} have none")
                conditions.append(TABLES[layer].c[name] == number(query, name, 0, most=LARGEST))
        bounds = bounds_of(query.get("bbox"))
        if bounds and not described.geometry:
            raise BadInput(f"bbox: {layer} have no geometry")
        geometry = bool(described.geometry) and (flag(query, "geometry") or "geometry" not in query)
        rows = reader.rows(layer, and_(*conditions) if conditions else None, bounds=bounds, scope=own.filter("see"),
                           after=after,
                           limit=limit + 1, geometry=geometry)
        page = rows[:limit]
        answer: dict[str, Any] = {layer: [item_json(reader, described, row, geometry) for row in page], "next": None,
                                  "rev": rev}
    if len(rows) > limit:
        answer["next"] = next_page({**query, "after": page[-1]["fid"], "rev": rev})
    return answer


@blueprint.get("/api/<layer>/<fid:fid>")
@needs("see")
def item(layer: str, fid: int):
    """One row."""
    described = known(layer)
    arguments()
    with state().store.read() as reader:
        return item_json(reader, described, reader.row(layer, fid, scope=rights().filter("see")),
                         bool(described.geometry))


@blueprint.post("/api/<layer>")
@needs("edit_facts")
def add(layer: str):
    """A new row. `geometry` is GeoJSON; `area` (a code) is needed where it does not follow from the place."""
    described = changeable(layer)
    arguments()
    form = body()

    def change(tx: Transaction):
        row = read_form(tx, described, form, {})
        missing = [field.name for field in described.fields if field.required and row.get(field.name) is None]
        if described.geometry and layer != "units" and row.get("geom") is None:
            missing.append("geometry")
        if missing:
            raise MissingField(f"{layer}: {', '.join(missing)} is needed", fields=missing)
        require_inside(tx, described, row)
        fid = tx.insert(layer, [row])[0]
        _follow(tx, layer, fid)
        tx.note = f"{layer} {fid}"
        return item_json(tx, described, tx.row(layer, fid), bool(described.geometry))
    return state().store.attempt(actor(), f"add {layer}", change, form={"layer": layer}), 201


@blueprint.patch("/api/<layer>/<fid:fid>")
@needs("edit_facts")
def change(layer: str, fid: int):
    """Changes fields of a row; `version` is what the caller saw."""
    described = changeable(layer)
    arguments()
    form = body("version")
    version = version_of(form)
    del form["version"]

    def write(tx: Transaction):
        before = tx.row(layer, fid, scope=rights().filter("see"))
        changes = read_form(tx, described, form, before)
        if not changes:
            raise MissingField("nothing to change")
        changes = counted_now(changes, before)
        require_inside(tx, described, before)
        require_inside(tx, described, before | changes)
        tx.update(layer, fid, changes, version=version)
        _follow(tx, layer, fid)
        tx.note = f"{layer} {fid}"
        return item_json(tx, described, tx.row(layer, fid), bool(described.geometry))
    return state().store.attempt(actor(), f"change {layer}", write,
                                 form={"layer": layer, "id": fid, **plain(described, form)})


@blueprint.delete("/api/<layer>/<fid:fid>")
@needs("edit_facts")
def remove(layer: str, fid: int):
    """Removes a row; `version` in the query is what the caller saw. It stays in the history and can be undone."""
    described = changeable(layer)
    query = arguments("version")
    if not query.get("version"):
        raise MissingField("version is needed", fields=["version"])
    version = number(query, "version", 0, most=LARGEST)

    def write(tx: Transaction):
        before = tx.row(layer, fid, scope=rights().filter("see"))
        require_inside(tx, described, before)
        require_unused(tx, layer, fid)
        if layer == "cells":
            for share in tx.rows("shares", TABLES["shares"].c.cell == fid, geometry=False):
                tx.delete("shares", share["fid"])
        tx.delete(layer, fid, version=version)
        tx.note = f"{layer} {fid}"
        return tx.taken
    rev = state().store.attempt(actor(), f"remove {layer}", write, form={"layer": layer, "id": fid})
    return {"id": fid, "removed": True, "rev": rev}


# ---- reading a form --------------------------------------------------------------------------------------------------
def known(layer: str) -> Layer:
    """The declared layer. Raises NotFound, and MethodNotAllowed for areas and zones: their own views do it."""
    if layer in OWN_ROUTES:
        raise MethodNotAllowed(["GET"])
    if layer not in LAYERS:
        raise NotFound(f"{layer[:40]}: no such layer")
    return LAYERS[layer]


def changeable(layer: str) -> Layer:
    """A layer whose rows are changed one by one. Raises Forbidden for derived ones."""
    described = known(layer)
    if layer in READ_ONLY or not described.editable:
        raise Forbidden(f"{layer} follow from other data and are not changed here")
    return described


def read_form(tx: Transaction, layer: Layer, form: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Columns from a JSON form. Raises BadInput naming the field."""
    tx.new_rev  # noqa: B018  other writers wait from here on: the leaf found below stays the leaf
    row: dict[str, Any] = {}
    for name, raw in form.items():
        if name == "geometry":
            if not layer.geometry:
                raise BadInput(f"geometry: {layer.name} have none")
            kinds = {"MultiPolygon": ("Polygon", "MultiPolygon"), "MultiLineString": ("LineString", "MultiLineString"),
                     "Point": ("Point",),
                     "Geometry": ("Point", "LineString", "Polygon", "MultiPolygon", "MultiLineString")}[layer.geometry]
            nowhere = raw is None and layer.name == "units"
            row["geom"] = None if nowhere else fit_shape(layer, read_geometry(raw, *kinds), layer.name)
        elif name == "area":
            if layer.by_place and layer.name != "units":
                raise BadInput("area follows from the place; it is not stated")
            if not isinstance(raw, (str, type(None))):
                raise BadInput("area: the code of an area is needed", fields=["area"])
            row["area"] = None if raw is None else visible(raw).fid
        elif name == "population" and layer.field("resident"):
            field = layer.field(tx.rules.population_kind)
            row[field.name] = field_value(field, raw, layer.name)
        elif layer.field(name) is None:
            raise BadInput(f"{name[:40]}: {layer.name} have no such field", fields=[name[:40]])
        else:
            row[name] = field_value(layer.field(name), raw, layer.name)
            if name == "special" and row[name] is not None:
                _check_groups(tx, row[name])
            if name == "role" and row[name] not in (None, *(role.id for role in tx.rules.roles)):
                raise BadInput(f"role {row[name]!r} is none of {', '.join(role.id for role in tx.rules.roles)}",
                               fields=["role"])
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
        raise BadInput("special: {group: number} is needed", fields=["special"])
    for group, value in special.items():
        if group not in groups:
            raise BadInput(f"special: no group {group[:40]}; one of {', '.join(sorted(groups))}")
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
            raise BadInput(f"special.{group}: a whole number from 0 is needed")


def _check_references(tx: Transaction, layer: Layer, row: dict[str, Any]) -> None:
    for name, value in row.items():
        if name in REFERENCES and name != "area" and layer.field(name) is not None and value is not None:
            if not tx.rows(REFERENCES[name][0], fids=[value], scope=rights().filter("see"), geometry=False):
                raise NotFound(f"{name} {value}: no such object")


def require_inside(tx: Transaction, layer: Layer, row: dict[str, Any]) -> None:
    """The right to change facts is needed where the object is, before and after."""
    own, cache = rights(), state().cache
    if not layer.owned:
        if own.filter("edit_facts") is not None:
            if layer.name == "cells" and row.get("fid") and _holds(tx, row["fid"], "edit_facts"):
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
    if layer == "buildings":
        stairwells_follow(tx, {fid: tx.row(layer, fid)["area"]})
    if layer == "cells":
        deal_again(tx, fid)


def _holds(reader: Reader, cell: int, action: str) -> bool:
    """True when every area a cell is dealt to lies where the account may do the action."""
    nodes = [state().cache.nodes.get(share["area"])
             for share in reader.rows("shares", TABLES["shares"].c.cell == cell, geometry=False)]
    return bool(nodes) and all(node is not None and rights().may(action, node.path) for node in nodes)


def require_unused(tx: Transaction, layer: str, fid: int) -> None:
    """Raises BadInput while other objects name this one."""
    for key, (target, _) in REFERENCES.items():
        for name, table in TABLES.items():
            if target == layer and key in table.c and layer not in ("areas", "cells"):
                users = tx.rows(name, table.c[key] == fid, limit=1, geometry=False)
                if users:
                    raise BadInput(f"{layer} {fid} is named by {name} {users[0]['fid']}; remove or change that first",
                                   used_by=name)


def item_json(reader: Reader, layer: Layer, row: dict[str, Any], geometry: bool) -> dict[str, Any]:
    """A row as the API shows it; names, phones and special groups only to those who may see them there."""
    cache, own = state().cache, rights()
    node = cache.nodes.get(row.get("area")) if layer.owned else None

    def may(action: str) -> bool:
        if own.filter(action) is None:
            return True
        if node:
            return own.may(action, node.path)
        return layer.name == "cells" and own.may(action) and _holds(reader, row["fid"], action)
    personal, special = may("see_personal"), may("see_special")
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


def plain(layer: Layer, form: dict[str, Any]) -> dict[str, Any]:
    """What a form changes, for the history: no shapes, no names and phones."""
    return {key: value for key, value in form.items() if layer.field(key) is not None and not layer.field(key).personal}
