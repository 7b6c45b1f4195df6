"""Zones over the API: propose, look, withdraw a proposal (which can be taken back)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import shapely
from flask import Blueprint
from sqlalchemy import select

from geodata import undoing, zoning
from geodata.schema import HISTORY, TABLES
from layers.areas import to_degrees
from layers.errors import BadInput, Forbidden, NotFound, UnknownArea

from .areas import visible
from .auth import needs
from .forms import arguments, body, flag, numbers_of, texts_of
from .privacy import special
from .state import actor, rights, state

blueprint = Blueprint("zones", __name__)
ZONES = TABLES["zones"]
KNOWN = ("kind", "name", "areas", "buildings", "polygon", "from", "reason", "order_no", "note")
MOST = 2000  # areas or buildings of one zone


@blueprint.get("/api/zones")
@needs("see")
def zones():
    """Zones within the account's areas, those lifted only when asked for."""
    query = arguments("status", "geometry")
    status = query.get("status")
    if status and status not in ("proposed", "in_force", "lifted"):
        raise BadInput(f"status={status[:40]}: proposed, in_force or lifted is needed")
    where = ZONES.c.status == status if status else ZONES.c.status != "lifted"
    with state().store.read() as reader:
        rows = reader.rows("zones", where, scope=rights().filter("see"))
    return {"zones": [zone_json(row, geometry=flag(query, "geometry")) for row in rows], "rev": state().cache.rev}


@blueprint.get("/api/zones/<fid:fid>")
@needs("see")
def zone(fid: int):
    """One zone with its shape."""
    arguments()
    with state().store.read() as reader:
        return zone_json(reader.row("zones", fid, scope=rights().filter("see")), geometry=True)


@blueprint.post("/api/zones")
@needs("propose_zone")
def propose():
    """A proposal; with ?preview=true the same answer and nothing written. Another person approves."""
    query, form = arguments("preview"), body("kind", known=KNOWN)
    _check(form)
    held = state()
    if flag(query, "preview"):
        with held.store.read() as reader:
            made = zoning.resolve(reader, form)
            _allowed(made)
            figures = zoning.proposal_figures(made, held.cache.rules.population_kind)
            return {"id": None, "kind": made.kind, "status": "proposed",
                    "figures": special(figures, exact=_may({"area": made.owner}, "see_special")),
                    "areas": [area.code for area in made.under][:500],
                    "geometry": shapely.geometry.mapping(to_degrees(made.shape))}

    def change(tx):
        made = zoning.resolve(tx, form)
        _allowed(made)
        fid = zoning.write(tx, made, form)
        tx.note = tx.row("zones", fid)["name"]
        return tx.row("zones", fid)
    row = held.store.attempt(actor(), "propose zone", change, form=form)
    return zone_json(row, geometry=True), 201


@blueprint.delete("/api/zones/<fid:fid>")
@needs("propose_zone")
def withdraw(fid: int):
    """Takes a proposal back; zones in force end only by a decision."""
    arguments()
    held, own = state(), rights()

    def change(tx):
        row = tx.row("zones", fid, scope=own.filter("see"))
        _require(row, "propose_zone")
        if row["status"] != "proposed":
            raise Forbidden(f"{row['name']} is {row['status']}; only a proposal can be withdrawn")
        if row["proposed_by"] != actor() and not _may(row, "approve_zone"):
            raise Forbidden(f"{row['name']} was proposed by another; its author or a commander withdraws it")
        tx.delete("zones", fid)
        tx.note = row["name"]
        return tx.taken
    rev = held.store.attempt(actor(), "withdraw zone", change, form={"zone": fid})
    return {"id": fid, "withdrawn": True, "rev": rev}


@blueprint.post("/api/zones/<fid:fid>/restore")
@needs("propose_zone")
def restore(fid: int):
    """Brings a withdrawn proposal back."""
    arguments()
    held = state()

    def change(tx):
        rev = tx.connection.scalar(select(HISTORY.c.rev_to).where(HISTORY.c.layer == "zones", HISTORY.c.fid == fid)
                                   .order_by(HISTORY.c.rev_to.desc()).limit(1))
        if rev is None or tx.live("zones", fid):
            raise NotFound(f"zone {fid}: not withdrawn")
        by_another = tx.revision(rev)["actor"] != actor()
        undoing.undo(tx, rev)
        row = tx.row("zones", fid, scope=rights().filter("see"))
        _require(row, "propose_zone")
        if by_another and not _may(row, "approve_zone"):
            raise Forbidden("only who withdrew it, or a commander, brings it back")
        tx.note = row["name"]
        return row
    return zone_json(held.store.attempt(actor(), "restore zone", change, form={"zone": fid}), geometry=True)


def zone_json(row: dict[str, Any], *, geometry: bool) -> dict[str, Any]:
    """A zone as the API shows it."""
    shape = row["geom"]
    point = shapely.point_on_surface(shape)
    node, personal = state().cache.nodes.get(row["area"]), _may(row, "see_personal")
    answer = {"id": row["fid"], "code": row["code"], "name": row["name"], "kind": row["kind"], "status": row["status"],
              "figures": special(zoning.figures(row), exact=_may(row, "see_special")), "members": row["members"],
              "bounds": list(shape.bounds), "where": [point.x, point.y],
              "version": row["version"], "rev": row["rev"], "reason": row["reason"], "order_no": row["order_no"],
              "from": row["starts_at"],
              "starts_at": row["starts_at"], "ends_at": row["ends_at"],
              "proposed_by": row["proposed_by"] if personal else None,
              "approved_by": row["approved_by"] if personal else None, "area": node.code if node else None,
              "can_withdraw": row["status"] == "proposed" and _may(row, "propose_zone") and (
                  row["proposed_by"] == actor() or _may(row, "approve_zone"))}
    if geometry:
        answer["geometry"] = shapely.geometry.mapping(shape)
    return answer


def _may(row: dict[str, Any], action: str) -> bool:
    """Rights over a zone follow the lowest area above all its ground; over none, who may do the action everywhere."""
    node = state().cache.nodes.get(row["area"])
    return rights().may(action, node.path) if node else rights().filter(action) is None


def _require(row: dict[str, Any], action: str) -> None:
    if not _may(row, action):
        raise Forbidden(f"{row['name']}: your roles do not allow this here")


def _allowed(made: zoning.Proposal) -> None:
    """The right to propose is needed on all its ground; ground out of sight is not named."""
    cache, own = state().cache, rights()
    cache.sync()
    nodes = [cache.nodes[area.fid] for area in made.under if area.fid in cache.nodes]
    if not all(own.may("see", node.path) for node in nodes):
        if "buildings" in made.members:
            raise NotFound("one of these buildings does not exist")
        raise UnknownArea("the zone reaches ground that is none of your areas")
    own.require("propose_zone", nodes)


def _check(form: dict[str, Any]) -> None:
    if not isinstance(form["kind"], str):
        raise BadInput("kind: the name of a kind of zone is needed", fields=["kind"])
    if form.get("areas"):
        for code in texts_of(form["areas"], "areas", most=MOST):
            visible(code)
    if form.get("buildings"):
        numbers_of(form["buildings"], "buildings", most=MOST)
    for name, most in (("name", 60), ("reason", 200), ("order_no", 60), ("note", 200)):
        if form.get(name) is not None and (not isinstance(form[name], str) or len(form[name]) > most):
            raise BadInput(f"{name}: text of at most {most} characters is needed")
    if form.get("from") is not None:
        try:
            if datetime.fromisoformat(str(form["from"])).tzinfo is None:
                raise ValueError
        except ValueError:
            raise BadInput(f"from: {form['from']!r} is not a time with offset (ISO 8601)") from None
