"""Zones over the API: propose, look, withdraw a proposal (which can be taken back), the table of kinds. What is decided:
zone_actions.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import shapely
from flask import Blueprint
from sqlalchemy import and_, or_, select

from geodata import undoing, zone_members, zoning
from geodata.rows import Reader, ancestors
from geodata.schema import HISTORY, TABLES
from geodata.tree import Node
from geodata.zone_sums import sums_of
from layers.areas import to_degrees
from layers.errors import BadInput, Forbidden, NotFound, UnknownArea, WeigeError
from layers.status import summed
from layers.zones import STATUSES, rank_of

from .areas import visible
from .auth import needs
from .forms import arguments, body, flag, numbers_of, texts_of
from .privacy import special
from .state import actor, rights, state

blueprint = Blueprint("zones", __name__)
ZONES = TABLES["zones"]
IDS = ("buildings", "units", "cells")
KNOWN = ("kind", "name", "areas", *IDS, "polygon", "from", "reason", "order_no", "authority", "note")
TEXTS = (("name", 60), ("reason", 200), ("order_no", 60), ("authority", 60), ("note", 200))
PRESENT = "present"  # the metric of reports: people there now
MOST_AREAS, MOST = 2000, 20_000  # areas, and places, of one zone


@blueprint.get("/api/zones")
@needs("see")
def zones():
    """Zones within the account's areas, those lifted only when asked for, all or since a time; of one area those with ground
    there."""
    query = arguments("status", "geometry", "area", "lifted_since")
    status = query.get("status")
    if status and status not in STATUSES:
        raise BadInput(f"status={status[:40]}: {', '.join(STATUSES)} is needed")
    where = ZONES.c.status == status if status else ZONES.c.status != "lifted"
    if since := query.get("lifted_since"):
        time_of(since, "lifted_since")
        moment = datetime.fromisoformat(since).astimezone(UTC).isoformat(timespec="milliseconds")
        where = or_(where, and_(ZONES.c.status == "lifted", ZONES.c.lifted_at >= moment))
    top = visible(query["area"]) if query.get("area") else None
    with state().store.read() as reader:
        if top is not None:
            where = and_(where, or_(reader.in_scope("zones", [top.path]), ZONES.c.area.in_(ancestors(top.path))))
        rows = reader.rows("zones", where, scope=rights().filter("see"))
        if top is not None:
            rows = [row for row in rows if _reaches(reader, row, top)]
        shown = zones_json(reader, rows, geometry=flag(query, "geometry"))
    return {"zones": shown, "rev": state().cache.rev}


@blueprint.get("/api/zones/<fid:fid>")
@needs("see")
def zone(fid: int):
    """One zone with its shape and what was decided about it."""
    arguments()
    return shown(fid)


@blueprint.get("/api/zones/summary")
@needs("see")
def summary():
    """The table of kinds: of an area, or of all the account sees; everybody counted once, by the strictest zone."""
    query = arguments("area", "status")
    if query.get("status", "in_force") != "in_force":
        raise BadInput(f"status={query['status'][:40]}: zones in force are counted, in_force is needed")
    held = state()
    tops = [visible(query["area"])] if query.get("area") else tops_in_sight()
    answer = sums_of(held.store, held.cache).summary([top.fid for top in tops])
    exact = bool(tops) and all(rights().may("see_special", top.path) for top in tops)
    answer["kinds"] = [special(kind, exact=exact) for kind in answer["kinds"]]
    return answer | {"present": _present(tops), "seq": held.store.head()[1]}


def _present(tops: list[Node]) -> dict[str, Any] | None:
    """Who is there now, by the reports of the round; None before anybody reported it."""
    now = state().status.standing()
    found = summed(now.of_area(top.fid) for top in tops)
    said = found.said.get(PRESENT)
    return None if said is None else {"value": said.value, "received": said.heard, "oldest_at": said.oldest,
                                      "of": sum(now.expected(top.fid, top.path) for top in tops)}


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
            return {"id": None, "kind": made.kind, "status": "proposed", "members_count": made.members.count(),
                    "figures": special(figures, exact=may({"area": made.owner}, "see_special")),
                    "areas": [area.code for area in made.under][:500],
                    "geometry": shapely.geometry.mapping(to_degrees(made.shape))}

    def change(tx):
        made = zoning.resolve(tx, form)
        _allowed(made)
        fid = zoning.write(tx, made, form)
        tx.note = tx.row("zones", fid)["name"]
        return fid
    return shown(held.store.attempt(actor(), "propose zone", change, form=form)), 201


@blueprint.delete("/api/zones/<fid:fid>")
@needs("propose_zone")
def withdraw(fid: int):
    """Takes a proposal back; zones in force end only by a decision."""
    arguments()
    held = state()

    def change(tx):
        row = seen(tx, fid, "propose_zone")
        if row["status"] != "proposed":
            raise Forbidden(f"{row['name']} is {row['status']}; only a proposal can be withdrawn")
        if row["proposed_by"] != actor() and not may(row, "approve_zone"):
            raise Forbidden(f"{row['name']} was proposed by another; its author or a commander withdraws it")
        tx.delete("zones", fid)
        zoning.record(tx, fid, "withdrawn", {})
        tx.note = row["name"]
        return tx.taken
    rev = held.store.attempt(actor(), "withdraw zone", change, form={"zone": fid})
    return {"id": fid, "withdrawn": True, "rev": rev}


@blueprint.post("/api/zones/<fid:fid>/restore")
@needs("propose_zone")
def restore(fid: int):
    """Brings back a proposal that was withdrawn or rejected."""
    arguments()

    def change(tx):
        rev = tx.connection.scalar(select(HISTORY.c.rev_to).where(HISTORY.c.layer == "zones", HISTORY.c.fid == fid)
                                   .order_by(HISTORY.c.rev_to.desc()).limit(1))
        if rev is None or tx.live("zones", fid):
            raise NotFound(f"zone {fid}: not withdrawn")
        done = tx.revision(rev)
        undoing.undo(tx, rev, decided=True)
        row = seen(tx, fid, "propose_zone")
        rejected = done["op"] == "reject zone" and row["proposed_by"] == actor()
        if done["actor"] != actor() and not rejected and not may(row, "approve_zone"):
            raise Forbidden("only who withdrew it, or a commander, brings it back")
        zoning.record(tx, fid, "restored", {})
        tx.note = row["name"]
    state().store.attempt(actor(), "restore zone", change, form={"zone": fid})
    return shown(fid)


# ---- showing ---------------------------------------------------------------------------------------------------------
def shown(fid: int) -> dict[str, Any]:
    """One zone as it is now, with its shape and its lines. Raises NotFound."""
    with state().store.read() as reader:
        row = reader.row("zones", fid, scope=rights().filter("see"))
        answer = zones_json(reader, [row], geometry=True)[0]
        personal = may(row, "see_personal")
        answer["events"] = [{**line, "actor": line["actor"] if personal else None} for line in zoning.events(reader, fid)]
        return answer | (_as_now(reader, row) if row["status"] == "proposed" else {})


def _as_now(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    """What approving the proposal now would freeze; `problem` when it cannot be approved as it is (a building is gone)."""
    try:
        made = zoning.now(reader, row)
    except WeigeError as error:
        return {"problem": {"code": error.code, "text": error.text}}
    figures = zoning.proposal_figures(made, reader.rules.population_kind)
    return {"members_count": made.members.count(), "figures": special(figures, exact=may(row, "see_special"))}


def zones_json(reader: Reader, rows: list[dict[str, Any]], *, geometry: bool) -> list[dict[str, Any]]:
    """Zones as the API shows them; figures of those in force are the sums of their members now."""
    standing = [row["fid"] for row in rows if row["status"] == "in_force"]
    live = sums_of(state().store, state().cache).figures(standing) if standing else {}
    counted = zone_members.counted(reader, [row["fid"] for row in rows])
    return [_zone_json(row, live.get(row["fid"]), counted.get(row["fid"]), geometry) for row in rows]


def _zone_json(row: dict[str, Any], live: dict[str, Any] | None, members: dict[str, int] | None, geometry: bool) -> dict[str, Any]:
    shape = row["geom"]
    point = shapely.point_on_surface(shape)
    node, personal = state().cache.nodes.get(row["area"]), may(row, "see_personal")
    decided = {"households": row["households"], "population": row["population"]} if row["status"] != "proposed" else None
    answer = {"id": row["fid"], "code": row["code"], "name": row["name"], "kind": row["kind"], "status": row["status"],
              "figures": special(zoning.figures(row) | (live or {}), exact=may(row, "see_special")), "decided": decided,
              "members": row["members"], "members_count": members,
              "bounds": list(shape.bounds), "where": [point.x, point.y],
              "version": row["version"], "rev": row["rev"], "reason": row["reason"], "order_no": row["order_no"],
              "authority": row["authority"], "from": row["starts_at"],
              "starts_at": row["starts_at"], "ends_at": row["ends_at"], "lifted_at": row["lifted_at"],
              "asked": None if row["asked"] is None else {**row["asked"], "by": row["asked"]["by"] if personal else None},
              "proposed_by": row["proposed_by"] if personal else None,
              "approved_by": row["approved_by"] if personal else None, "area": node.code if node else None,
              "can": can(row)}
    answer["can_withdraw"] = answer["can"]["withdraw"]
    if geometry:
        answer["geometry"] = shapely.geometry.mapping(shape)
    return answer


def can(row: dict[str, Any]) -> dict[str, bool]:
    """What the account may do with a zone now; lift, extend and upgrade also when it may only ask for it."""
    proposes, approves, own = may(row, "propose_zone"), may(row, "approve_zone"), row["proposed_by"] == actor()
    proposed, standing, asked = row["status"] == "proposed", row["status"] == "in_force", row["asked"] or {}
    second = approves and not own and asked.get("by") != actor()
    acts = standing and (second or (proposes and not asked))
    profile = state().cache.rules.profile
    return {"approve": proposed and second, "reject": (proposed and second) or (standing and bool(asked) and approves
                                                                               and asked["by"] != actor()),
            "lift": acts, "extend": acts,
            "upgrade": acts and any(kind.rank > rank_of(profile, row["kind"]) for kind in profile.kinds
                                    if kind.id != profile.fill_kind),
            "withdraw": proposed and proposes and (own or approves)}


# ---- rights ----------------------------------------------------------------------------------------------------------
def may(row: dict[str, Any], action: str) -> bool:
    """Rights over a zone follow the lowest area above all its ground; over none, who may do the action everywhere."""
    node = state().cache.nodes.get(row["area"])
    return rights().may(action, node.path) if node else rights().filter(action) is None


def seen(reader: Reader, fid: int, action: str) -> dict[str, Any]:
    """The zone, when the account sees it and may do the action. Raises NotFound, Forbidden."""
    row = reader.row("zones", fid, scope=rights().filter("see"))
    if not may(row, action):
        raise Forbidden(f"{row['name']}: your roles do not allow this here")
    return row


def tops_in_sight() -> list[Node]:
    """The highest areas the account sees."""
    cache, scope = state().cache, rights().scope("see")
    return cache.roots() if "/" in scope else [node for path in scope for node in [cache.nodes.get(_last(path))] if node]


def _last(path: str) -> int:
    return int(path.strip("/").rpartition("/")[2])


def _reaches(reader: Reader, row: dict[str, Any], top: Node) -> bool:
    """True when the zone has ground in the area."""
    node = state().cache.nodes.get(row["area"])
    if node is not None and node.path.startswith(top.path):
        return True
    ground = to_degrees(reader.areas([top.fid])[top.fid].shape)
    return bool(shapely.area(shapely.intersection(row["geom"], ground)) > 0)


def _allowed(made: zoning.Proposal) -> None:
    """The right to propose is needed on all its ground; ground out of sight is not named."""
    cache, own = state().cache, rights()
    cache.sync()
    nodes = [cache.nodes[area.fid] for area in made.under if area.fid in cache.nodes]
    if not all(own.may("see", node.path) for node in nodes):
        if any(name in made.definition for name in IDS):
            raise NotFound("one of these places does not exist")
        raise UnknownArea("the zone reaches ground that is none of your areas")
    if not nodes and own.filter("see") is not None:
        raise NotFound("one of these places does not exist")
    own.require("propose_zone", nodes)


def _check(form: dict[str, Any]) -> None:
    if not isinstance(form["kind"], str):
        raise BadInput("kind: the name of a kind of zone is needed", fields=["kind"])
    if form.get("areas"):
        for code in texts_of(form["areas"], "areas", most=MOST_AREAS):
            visible(code)
    for name in IDS:
        if form.get(name):
            numbers_of(form[name], name, most=MOST)
    check_texts(form)
    if form.get("from") is not None:
        time_of(form["from"], "from")


def check_texts(form: dict[str, Any]) -> None:
    """Raises BadInput for a text that is none, or too long."""
    for name, most in TEXTS:
        if form.get(name) is not None and (not isinstance(form[name], str) or len(form[name]) > most):
            raise BadInput(f"{name}: text of at most {most} characters is needed", fields=[name])


def time_of(raw: Any, name: str) -> None:
    """Raises BadInput for what is no time with offset."""
    try:
        if datetime.fromisoformat(str(raw)).tzinfo is None:
            raise ValueError
    except ValueError:
        raise BadInput(f"{name}: {str(raw)[:60]!r} is not a time with offset (ISO 8601)", fields=[name]) from None
