"""Zones in the store: proposed, approved by a second person, extended, made stricter, lifted; nothing but these actions
changes one. Each is one revision with a dated line of its own (ZONE_EVENTS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import insert, select

from layers.areas import Area, as_multi, to_degrees, to_units
from layers.errors import BadGeometry, BadInput, MissingField, PeopleDiffer, SamePerson, ZoneStatus
from layers.population import inner_point
from layers.zones import Tally, drawn_kind, stricter_kind, together, whole

from .drawn import read_geometry
from .rows import Head, Reader, ancestors, chunks
from .schema import AREAS, ZONE_EVENTS
from .transaction import Transaction
from .zone_members import Members, freeze, ground_of_units, shapes_of, unpacked

LITTLE = 1e-3  # share of a ground that vertices on its border may have moved
MADE_OF = ("areas", "buildings", "units", "cells")  # several together: their union; a polygon stands alone


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone before it is written: ground in units, what it is made of, its places and people, the area above all of it."""

    kind: str
    shape: shapely.MultiPolygon
    definition: dict[str, Any]
    members: Members
    tally: Tally
    owner: int | None
    under: tuple[Area | Head, ...]  # leaves it touches


# ---- what a zone is made of ------------------------------------------------------------------------------------------
def resolve(reader: Reader, form: Mapping[str, Any]) -> Proposal:
    """What a form describes: "areas": [codes], "buildings", "units", "cells": [ids] together, or "polygon": GeoJSON.
    Raises MissingField, BadInput, UnknownArea, NotFound, BadGeometry."""
    if not form.get("kind"):
        raise MissingField("a kind of zone is needed", fields=["kind"])
    kind = drawn_kind(reader.rules.profile, str(form["kind"])).id
    if isinstance(reader, Transaction):
        reader.new_rev  # noqa: B018  others wait: what is resolved here is what is written
    given = [name for name in MADE_OF if form.get(name)]
    if bool(given) == bool(form.get("polygon")):
        raise MissingField("areas, buildings, units and cells, or a polygon alone, are needed", fields=[*MADE_OF, "polygon"])
    if not given:
        return _on_ground(reader, kind, _polygon(form["polygon"]), {"polygon": True})
    return _of_places(reader, kind, {name: _listed(form[name], name) for name in given})


def now(reader: Reader, row: Mapping[str, Any]) -> Proposal:
    """What a proposal in the store is made of now: its areas by name, or by its ground where names no longer tell (a
    freehand border, a file, areas that were cut anew across it)."""
    made = row["members"] if isinstance(row["members"], dict) else {}
    lists = {name: _listed(made[name], name) for name in MADE_OF if made.get(name)}
    shape = as_multi(to_units(row["geom"]))
    if lists and not made.get("polygon") and not made.get("shape") and _named_right(reader, lists, shape):
        return _of_places(reader, row["kind"], lists)
    found = _on_ground(reader, row["kind"], shape, dict(made))
    lists.pop("areas", None)
    if lists:
        _gather(found.members, lists)
    return _proposal(reader, row["kind"], shape, dict(made), found.members, found.under)


def _named_right(reader: Reader, lists: Mapping[str, list[Any]], shape: shapely.MultiPolygon) -> bool:
    """Whether the areas named still live and hold the ground that was proposed: an undo may have given them other ground."""
    codes = lists.get("areas", [])
    if not codes:
        return True
    living = [fid for chunk in chunks(codes) for fid in reader.connection.execute(select(AREAS.c.fid).where(AREAS.c.code.in_(chunk))).scalars()]
    if len(living) < len(codes):
        return False
    leaves = {leaf.fid: leaf.shape for head in reader.heads(living).values() for leaf in reader.subtree(head.path, leaf=True)}
    shapely.prepare(shape)
    ground = sum(leaf.area for leaf in leaves.values())
    fits = ground <= shape.area * (1 + LITTLE) and (len(lists) > 1 or ground >= shape.area * (1 - LITTLE))
    return fits and all(shapely.intersects(shape, inner_point(leaf)) for leaf in leaves.values())


def _of_places(reader: Reader, kind: str, lists: Mapping[str, list[Any]]) -> Proposal:
    members = Members(reader)
    leaves, others = _gather(members, lists)
    shapes = []
    if leaves and len(lists) == 1:
        ground = whole([leaf.shape for leaf in leaves.values()])
    else:
        shapes += [whole([leaf.shape for leaf in leaves.values()])] if leaves else []
        shapes += unpacked(members.outlines).tolist()
        shapes += ground_of_units(reader, lists["units"]) if lists.get("units") else []
        shapes += shapes_of(reader, "cells", lists.get("cells", [])).values()
        ground = together(shapes) if shapes else None
    if ground is None:
        raise BadGeometry("none of these places has an outline")
    under = {**reader.heads(others), **leaves}
    return _proposal(reader, kind, ground, {name: sorted(ids) if name != "areas" else ids for name, ids in lists.items()},
                     members, list(under.values()))


def _gather(members: Members, lists: Mapping[str, list[Any]]) -> tuple[dict[int, Area], set[int]]:
    """Takes in everything named; answers the leaves of named areas and the fids of leaves that other places stand in."""
    reader, leaves = members.reader, {}
    for code in lists.get("areas", ()):
        for leaf in reader.subtree(reader.area(code).path, leaf=True):
            leaves[leaf.fid] = leaf
    members.add_leaves(leaves.values())
    others: set[int] = set()
    for name, add in (("buildings", members.add_buildings), ("units", members.add_units), ("cells", members.add_cells)):
        if lists.get(name):
            others.update(add(lists[name]))
    return leaves, others


def _on_ground(reader: Reader, kind: str, shape: shapely.MultiPolygon, definition: dict[str, Any]) -> Proposal:
    under = [leaf for leaf in reader.leaves_near(shape.bounds) if leaf.shape.intersects(shape)]
    if not under:
        raise BadGeometry("the zone lies outside every area")
    members = Members(reader)
    members.add_ground(shape, under)
    return _proposal(reader, kind, shape, definition, members, under)


def _proposal(reader: Reader, kind: str, shape: shapely.MultiPolygon, definition: dict[str, Any], members: Members,
              under: Sequence[Area | Head]) -> Proposal:
    return Proposal(kind, shape, definition, members, members.tally(reader.rules.population_kind), _common(under), tuple(under))


def _polygon(value: Any) -> shapely.MultiPolygon:
    shape = as_multi(to_units(read_geometry(value, "Polygon", "MultiPolygon")))
    if not shape.is_valid:
        raise BadGeometry(f"the zone's border crosses itself: {shapely.is_valid_reason(shape)}")
    if shape.area == 0:
        raise BadGeometry("the zone's border encloses no ground")
    return shape


def _listed(value: Any, name: str) -> list[Any]:
    kind, word = (str, "codes") if name == "areas" else (int, "ids")
    if not isinstance(value, list) or not all(isinstance(one, kind) for one in value):
        raise BadInput(f"{name}: a list of {word} is needed", fields=[name])
    return list(dict.fromkeys(value))


def _common(under: Sequence[Area | Head]) -> int | None:
    """The lowest area above all of these."""
    if not under:
        return None
    paths = [[*ancestors(area.path), area.fid] for area in under]
    common = [fids[0] for fids in zip(*paths) if len(set(fids)) == 1]
    return common[-1] if common else None


# ---- actions ---------------------------------------------------------------------------------------------------------
def write(tx: Transaction, proposal: Proposal, form: Mapping[str, Any]) -> int:
    """Keeps a proposal that was resolved in this transaction; answers its id."""
    number = tx.take("zone-code")
    row = {
        "geom": to_degrees(proposal.shape), "code": f"Z{number:04d}", "name": form.get("name") or f"Z{number:04d}", "kind": proposal.kind,
        "status": "proposed", "members": proposal.definition, "starts_at": form.get("from"), "reason": form.get("reason"),
        "order_no": form.get("order_no"), "authority": form.get("authority"), "proposed_by": tx.actor, "note": form.get("note"),
        "area": proposal.owner} | _counted(proposal.tally, tx.rules.population_kind)
    fid = tx.insert("zones", [row])[0]
    record(tx, fid, "proposed", form, kind=proposal.kind)
    return fid


def approve(tx: Transaction, fid: int, form: Mapping[str, Any]) -> dict[str, Any]:
    """Puts a proposal in force: its members are resolved and frozen, its people counted at this moment. Answers the row.
    Raises SamePerson, ZoneStatus, MissingField without an order number, PeopleDiffer, Stale."""
    tx.new_rev  # noqa: B018  others wait: what is resolved below is what is written
    row = tx.row("zones", fid)
    _in_state(row, "proposed")
    _second_person(tx, row["proposed_by"], row["name"])
    order = form.get("order_no") or row["order_no"]
    if not order:
        raise MissingField(f"{row['name']}: an order number is needed", fields=["order_no"])
    made = now(tx, row)
    figures = _counted(made.tally, tx.rules.population_kind)
    if form.get("people") is not None and form["people"] != figures["population"]:
        raise PeopleDiffer(f"{row['name']} holds {_told(figures['population'])} people now, not {form['people']}",
                           now=figures["population"], households=figures["households"])
    changes = figures | {"status": "in_force", "approved_by": tx.actor, "order_no": order, "asked": None,
                         "authority": form.get("authority") or row["authority"], "starts_at": row["starts_at"] or tx.at}
    after = tx.update("zones", fid, changes, version=form.get("version"))
    freeze(tx, fid, made.members)
    record(tx, fid, "approved", {**form, "order_no": order, "authority": changes["authority"]}, kind=row["kind"],
           households=figures["households"], population=figures["population"], unknown_leaves=figures["unknown_leaves"],
           members=made.members.count())
    return after


def reject(tx: Transaction, fid: int, form: Mapping[str, Any]) -> dict[str, Any]:
    """A proposal goes back to its author as withdrawn; of a zone in force, what was asked is refused. Answers the row as
    it was. Raises SamePerson, ZoneStatus."""
    row = tx.row("zones", fid)
    if row["status"] == "in_force" and row["asked"]:
        _second_person(tx, row["asked"]["by"], row["name"])
        tx.update("zones", fid, {"asked": None}, version=form.get("version"))
        record(tx, fid, "refused", form, action=row["asked"]["action"])
        return row
    _in_state(row, "proposed")
    _second_person(tx, row["proposed_by"], row["name"])
    tx.delete("zones", fid, version=form.get("version"))
    record(tx, fid, "rejected", form)
    return row


def ask(tx: Transaction, fid: int, action: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Somebody who may not decide alone asks for it; the zone stays as it is. Answers the row. Raises ZoneStatus."""
    row = tx.row("zones", fid)
    _in_state(row, "in_force")
    if row["asked"]:
        raise ZoneStatus(f"{row['name']}: {row['asked']['action']} was asked for and waits for a decision", status=row["status"])
    _fields(tx, row, action, form, order=False)
    asked = {"action": action, "by": tx.actor, "at": tx.at} | {
        name: form[name] for name in ("reason", "order_no", "authority", "until", "kind") if form.get(name)}
    after = tx.update("zones", fid, {"asked": asked}, version=form.get("version"))
    record(tx, fid, f"{action}-asked", form, **{name: asked[name] for name in ("until", "kind") if name in asked})
    return after


def decide(tx: Transaction, fid: int, action: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """A second person lifts, extends or makes stricter; what the one who asked gave need not be given again. Answers the
    row. Raises SamePerson, ZoneStatus, MissingField, BadInput, LaxerKind."""
    row = tx.row("zones", fid)
    _in_state(row, "in_force")
    asked = row["asked"] or {}
    _second_person(tx, row["proposed_by"], row["name"])
    _second_person(tx, asked.get("by"), row["name"])
    form = {**({name: asked.get(name) for name in ("reason", "order_no", "authority", "until", "kind")}
               if asked.get("action") == action else {}), **{name: value for name, value in form.items() if value is not None}}
    changes, told = _fields(tx, row, action, form, order=True)
    after = tx.update("zones", fid, changes | {"asked": None}, version=form.get("version"))
    record(tx, fid, PAST[action], form, **told)
    return after


PAST = {"lift": "lifted", "extend": "extended", "upgrade": "upgraded"}


def _fields(tx: Transaction, row: Mapping[str, Any], action: str, form: Mapping[str, Any], *, order: bool):
    """What an action changes in the row, and what its line tells."""
    needed = ["reason", *(["order_no"] if order else []), *{"extend": ["until"], "upgrade": ["kind"]}.get(action, [])]
    if missing := [name for name in needed if not form.get(name)]:
        raise MissingField(f"{row['name']}: {', '.join(missing)} needed", fields=missing)
    if action == "lift":
        return {"status": "lifted", "lifted_at": tx.at}, {}
    if action == "upgrade":
        kind = stricter_kind(tx.rules.profile, row["kind"], str(form["kind"])).id
        return {"kind": kind}, {"from": row["kind"], "to": kind}
    until = datetime.fromisoformat(form["until"])
    if until <= datetime.fromisoformat(tx.at) or (row["ends_at"] and until <= datetime.fromisoformat(row["ends_at"])):
        raise BadInput(f"until: {form['until']} is not later than the end now, {row['ends_at'] or tx.at}", fields=["until"])
    return {"ends_at": form["until"]}, {"from": row["ends_at"], "until": form["until"]}


def _in_state(row: Mapping[str, Any], status: str) -> None:
    if row["status"] != status:
        raise ZoneStatus(f"{row['name']} is {row['status']}, not {status}", status=row["status"])


def _second_person(tx: Transaction, first: str | None, name: str) -> None:
    if first == tx.actor:
        raise SamePerson(f"{name}: another person has to decide")


# ---- the lines of a zone -----------------------------------------------------------------------------------------------
def record(tx: Transaction, fid: int, what: str, form: Mapping[str, Any], **data: Any) -> None:
    """A dated line about a decision, for good."""
    tx.connection.execute(insert(ZONE_EVENTS).values(
        zone=fid, rev=tx.new_rev, kind=what, at=tx.at, actor=tx.actor, authority=form.get("authority"),
        order_no=form.get("order_no"), reason=form.get("reason"), data=data or None))


def events(reader: Reader, fid: int) -> list[dict[str, Any]]:
    """What was decided about a zone, oldest first."""
    rows = reader.connection.execute(select(ZONE_EVENTS).where(ZONE_EVENTS.c.zone == fid).order_by(ZONE_EVENTS.c.rev))
    return [{name: value for name, value in row._mapping.items() if name != "zone"} for row in rows]


# ---- figures -----------------------------------------------------------------------------------------------------------
def _counted(tally: Tally, population_kind: str) -> dict[str, Any]:
    return {"households": tally.counts.households, "population": tally.counts.people(population_kind),
            "special": tally.counts.special, "unknown_leaves": tally.unknown_leaves, "estimated": tally.estimated}


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of a zone's row: as proposed, or as decided."""
    special = row["special"]
    return {"households": row["households"], "population": row["population"], "special": special or {},
            "special_total": None if special is None else sum(special.values()),
            "unknown_leaves": row["unknown_leaves"] or 0, "estimated": bool(row["estimated"])}


def proposal_figures(proposal: Proposal, population_kind: str) -> dict[str, Any]:
    """The same before it is written."""
    return figures(_counted(proposal.tally, population_kind))


def _told(number: int | None) -> str:
    return "an unknown number of" if number is None else str(number)
