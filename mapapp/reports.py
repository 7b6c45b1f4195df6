"""Reports over the API: thousands at once, each once; what a reporter has to do; rounds of survey and sampling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, g

from geodata import reporting
from geodata.reporting import Batch, Report
from geodata.tree import Node
from layers.errors import BadInput, Forbidden, MissingField, NotFound, TooLarge
from layers.rules import Metric
from layers.status import AREA, BUILDING, ROUND_KINDS, UNIT, moment, reported, stamp, wrong_values

from .areas import visible
from .auth import needs
from .forms import LARGEST, arguments, body
from .state import actor, rights, state

blueprint = Blueprint("reports", __name__)
MOST = 5000  # reports of one request
LONGEST = 80  # characters of an offline_id
LONGEST_NAME = 40  # of a round's id; twice that of its name
KNOWN = frozenset(("area", "version", "unit", "building", "at", "round", "offline_id", "values"))
ROUND = ("id", "name", "kind", "area", "starts_at", "due_at")


@blueprint.post("/api/reports")
@needs("report")
def report():
    """One report or thousands, answered when they are on the disk. What comes twice counts once."""
    arguments()
    form, held = body(known=("reports",)), state()
    listed = form.get("reports")
    if not isinstance(listed, list):
        raise BadInput("reports: a list is needed", fields=["reports"])
    if len(listed) > MOST:
        raise TooLarge(f"{len(listed)} reports; at most {MOST} at once")
    account, own, now = g.account, reported(held.cache.rules), held.store.clock()
    batch = Batch(account.name, [], lambda: _reach(held, account))
    for index, raw in enumerate(listed):
        try:
            batch.reports.append(_read(index, raw, own, now))
        except (BadInput, MissingField) as wrong:
            batch.rejected.append({"index": index, "code": wrong.code, "text": wrong.text})
    return held.inbox.put(batch)


def _reach(held: Any, account: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the account may report and what it may see, at this moment: a cut may have come since the gate."""
    own = held.rights_of(account)
    return own.scope("report"), own.scope("see")


def _read(index: int, raw: Any, own: Mapping[str, Metric], now: datetime) -> Report:
    """One report of a request. Raises BadInput, MissingField."""
    if not isinstance(raw, dict):
        raise BadInput("a report is an object")
    if not raw.keys() <= KNOWN:
        raise BadInput(f"{next(iter(raw.keys() - KNOWN))[:40]}: means nothing here; there are {', '.join(sorted(KNOWN))}")
    name = raw.get("offline_id")
    if name is None or name == "":
        raise MissingField("offline_id is needed: it tells a report that comes twice")
    unit, building, code, round_ = raw.get("unit"), raw.get("building"), raw.get("area"), raw.get("round")
    if not isinstance(name, str) or len(name) > LONGEST:
        raise BadInput(f"offline_id: text of at most {LONGEST} characters is needed")
    if code is not None and not isinstance(code, str):
        raise BadInput("area: the code of an area is needed")
    if type(round_) is int:
        round_ = str(round_)
    if round_ is not None and (not isinstance(round_, str) or not 0 < len(round_) <= LONGEST_NAME):
        raise BadInput(f"round: text of at most {LONGEST_NAME} characters is needed")
    for what, value in (("unit", unit), ("building", building), ("version", raw.get("version"))):
        if value is not None and (type(value) is not int or not 0 <= value <= LARGEST):
            raise BadInput(f"{what}: a whole number is needed")
    if unit is None and building is None and code is None:
        raise MissingField("unit, building or area is needed")
    if (wrong := wrong_values(raw.get("values"), own)) is not None:
        raise BadInput(wrong)
    at = stamp(now) if raw.get("at") is None else moment(raw["at"], now)
    if at is None:
        raise BadInput("at: a time with offset (ISO 8601) is needed")
    place, fid = (UNIT, unit) if unit is not None else (BUILDING, building) if building is not None else (AREA, 0)
    return Report(index, name, place, fid, code, raw.get("version"), at, round_, raw["values"])


# ---- rounds ----------------------------------------------------------------------------------------------------------
@blueprint.get("/api/rounds")
@needs("see")
def rounds():
    """Rounds that concern the account's areas, the newest first."""
    arguments()
    return {"rounds": [round_json(row) for row in state().status.rounds() if _concerns(row)]}


@blueprint.post("/api/rounds")
@needs("open_rounds")
def open_round():
    """Opens a round; reports that name none count in the newest that is open."""
    arguments()
    form, held, own = body("kind", known=ROUND), state(), rights()
    if form["kind"] not in ROUND_KINDS:
        raise BadInput(f"kind: one of {', '.join(ROUND_KINDS)} is needed", fields=["kind"])
    for name, most in (("id", LONGEST_NAME), ("name", 2 * LONGEST_NAME), ("area", LONGEST_NAME)):
        if form.get(name) is not None and (not isinstance(form[name], str) or not 0 < len(form[name]) <= most):
            raise BadInput(f"{name}: text of at most {most} characters is needed", fields=[name])
    node = _for_area(form.get("area"))
    times = {name: _time(form, name) for name in ("starts_at", "due_at")}
    row = {"id": form.get("id"), "name": form.get("name"), "kind": form["kind"], "area": None if node is None else node.fid,
           "starts_at": times["starts_at"] or stamp(held.store.clock()), "due_at": times["due_at"], "opened_by": actor()}
    if row["due_at"] is not None and row["due_at"] <= row["starts_at"]:
        raise BadInput("due_at: lies before the start", fields=["due_at"])
    if node is None and own.filter("open_rounds") is not None:
        raise MissingField("area: which of your areas is the round for?", fields=["area"])
    made = held.store.attempt(actor(), "open round", lambda tx: reporting.open_round(tx, row))
    _told(held)
    return round_json(made), 201


@blueprint.post("/api/rounds/<name>/close")
@needs("open_rounds")
def close_round(name: str):
    """Closes a round; late reports are still kept and counted in it."""
    arguments()
    body(known=())
    held, own = state(), rights()
    row = next((row for row in held.status.rounds() if row["id"] == name and _concerns(row)), None)
    if row is None:
        raise NotFound(f"round {name[:40]}: no such round")
    nodes = held.status.ground.nodes_of(row["area"], 0) if row["area"] is not None else held.cache.roots()
    if not nodes or not all(own.may("open_rounds", node.path) for node in nodes):
        raise Forbidden(f"round {name[:40]}: your roles do not allow this here")
    made = held.store.attempt(actor(), "close round", lambda tx: reporting.close_round(tx, name))
    _told(held)
    return round_json(made)


def _for_area(code: str | None) -> Node | None:
    """The area a round is for: as asked; of one's own single area; None for everything."""
    own, cache = rights(), state().cache
    if code is not None:
        node = visible(code)
        own.require("open_rounds", [node])
        return node
    scope = own.scope("open_rounds")
    if own.filter("open_rounds") is None or len(scope) != 1:
        return None
    return cache.nodes.get(int(scope[0].strip("/").rpartition("/")[2]))


def _time(form: Mapping[str, Any], name: str) -> str | None:
    if form.get(name) is None:
        return None
    at = moment(form[name], datetime.max.replace(tzinfo=state().store.clock().tzinfo))
    if at is None:
        raise BadInput(f"{name}: a time with offset (ISO 8601) is needed", fields=[name])
    return at


def _told(held: Any) -> None:
    for listener in held.store.listeners:
        listener()


def _concerns(row: Mapping[str, Any]) -> bool:
    """True for a round over everything, or over ground above, below or in what the account sees."""
    if row["area"] is None:
        return True
    scope = rights().scope("see")
    return any(node.path.startswith(path) or path.startswith(node.path)
               for node in state().status.ground.nodes_of(row["area"], 0) for path in scope)


def round_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A round as the API shows it."""
    node = state().cache.nodes.get(row["area"]) if row["area"] is not None else None
    return {"id": row["id"], "name": row["name"] or row["id"], "kind": row["kind"], "area": node.code if node else None,
            "starts_at": row["starts_at"], "due_at": row["due_at"], "closed_at": row["closed_at"]}
