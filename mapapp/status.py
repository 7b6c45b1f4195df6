"""What was reported, area by area with its age, and what is left for a reporter to do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint
from sqlalchemy import select

from geodata.rows import Reader, chunks
from geodata.schema import STATUS, TABLES
from geodata.status_sums import Standing
from geodata.tree import Node
from layers.errors import BadInput, NotFound, TooLarge
from layers.rules import Metric
from layers.status import AREA, BUILDING, UNIT, Status, summed

from .areas import visible
from .auth import needs
from .forms import arguments
from .reports import round_json
from .state import rights, state

blueprint = Blueprint("status", __name__)
MOST_AREAS = 20_000  # in one answer
WHOLE = 60  # leaves that are told with their buildings; of more, each when asked for
BUILDINGS, UNITS, POSTS = TABLES["buildings"], TABLES["units"], TABLES["checkpoints"]


@blueprint.get("/api/status")
@needs("see")
def status():
    """The areas of a level, or those directly below `area`, and all of it together."""
    query = arguments("area", "round", "level")
    held, cache = state(), state().cache
    level = query.get("level")
    if level and cache.rules.level(level) is None:
        raise BadInput(f"level={level[:40]}: one of {', '.join(cache.levels())} is needed")
    tops = [visible(query["area"])] if query.get("area") else _tops()
    now = standing(query.get("round"))
    if level:
        nodes = cache.shown_in(level, [node.path for node in tops]) if tops else []
    else:
        below = [[cache.nodes[fid] for fid in sorted(cache.children.get(node.fid, ()))] or [node] for node in tops]
        nodes = [node for some in below for node in some]
    if len(nodes) > MOST_AREAS:
        raise TooLarge(f"{len(nodes)} areas; at most {MOST_AREAS}: name an area, or a level above")
    clock = held.store.clock()
    total = now.of_area(tops[0].fid) if len(tops) == 1 else summed(now.of_area(node.fid) for node in tops)
    return {"round": None if now.row is None else round_json(now.row),
            "areas": [{"fid": node.fid, "code": node.code, "name": node.name,
                       **_told(now.of_area(node.fid), now.expected(node.fid, node.path), _open_to([node]), clock)} for node in nodes],
            "total": _told(total, sum(now.expected(node.fid, node.path) for node in tops), _open_to(tops), clock),
            "hidden": sorted({metric.id for metric in held.status.metrics} - {metric.id for metric in _open_to(tops)}),
            "seq": now.seq, "rev": now.rev}


def standing(name: str | None) -> Standing:
    """The round as it is now. Raises NotFound for one that is named and not there."""
    now = state().status.standing(name)
    if name is not None and now.row is None:
        raise NotFound(f"round {name[:40]}: no such round")
    return now


def _tops() -> list[Node]:
    cache, scope = state().cache, rights().scope("see")
    return cache.roots() if "/" in scope else [node for path in scope if (node := cache.nodes.get(_last(path))) is not None]


def _last(path: str) -> int:
    return int(path.strip("/").rpartition("/")[2])


def _open_to(nodes: Sequence[Node]) -> list[Metric]:
    """The metrics that may be told of all of these areas: sensitive ones only with the right to see groups there."""
    own = rights()
    exact = bool(nodes) and all(own.may("see_special", node.path) for node in nodes)
    return [metric for metric in state().status.metrics if exact or not metric.sensitive]


def _told(found: Status, of: int, metrics: Sequence[Metric], clock: datetime) -> dict[str, Any]:
    undivided = {metric.id: found.undivided[metric.id] for metric in metrics if metric.id in found.undivided}
    return {"values": {metric.id: found.value(metric) for metric in metrics}, "received": found.received, "of": of,
            "oldest_at": found.oldest, "newest_at": found.newest, "age_s": seconds_since(found.newest, clock), "undivided": undivided or None}


def seconds_since(at: str | None, clock: datetime) -> int | None:
    """Whole seconds since a time; None for none."""
    return None if at is None else max(0, round((clock - datetime.fromisoformat(at)).total_seconds()))


# ---- what is left to do ----------------------------------------------------------------------------------------------
@blueprint.get("/api/report/work")
@needs("report")
def work():
    """The reporter's own leaves, building by building, with what was reported in the round. Where there are many, their
    buildings are told when `area` asks for them."""
    query = arguments("area", "round")
    held, own, cache = state(), rights(), state().cache
    now = standing(query.get("round"))
    scope = own.scope("report")
    if query.get("area"):
        node = visible(query["area"])
        own.require("report", [node])
        scope = (node.path,)
    levels = cache.levels()
    leaves = [node for node in cache.shown_in(levels[-1], scope) if node.leaf] if levels else []
    leaves.sort(key=lambda node: _natural(node.code))
    with held.store.read() as reader:
        full = leaves if len(leaves) <= WHOLE else []
        buildings = _buildings(reader, [node.fid for node in full], "" if now.row is None else now.row["id"])
        posts = [_post(row) for row in reader.rows("checkpoints", scope=scope, geometry=False)]
        rev, seq = reader.rev, reader.seq
    return {"areas": [{"code": node.code, "name": node.name, "version": node.version, "households": node.counts.households,
                       **buildings.get(node.fid, {"values": {}, "at": None, "buildings": None if not full else []})} for node in leaves],
            "round": None if now.row is None else round_json(now.row), "posts": posts, "rev": rev, "seq": seq}


def _buildings(reader: Reader, leaves: Sequence[int], name: str) -> dict[int, dict[str, Any]]:
    """{leaf: {"buildings", "values", "at"}}."""
    units: dict[int, list[Any]] = defaultdict(list)
    houses: dict[int, list[Any]] = defaultdict(list)
    for chunk in chunks(leaves):
        for row in reader.connection.execute(select(UNITS.c.fid, UNITS.c.building, UNITS.c.name, UNITS.c.code, UNITS.c.households)
                                             .where(UNITS.c.area.in_(chunk))):
            units[row.building].append(row)
        for row in reader.connection.execute(select(BUILDINGS.c.fid, BUILDINGS.c.area, BUILDINGS.c.name, BUILDINGS.c.code,
                                                    BUILDINGS.c.households).where(BUILDINGS.c.area.in_(chunk))):
            houses[row.area].append(row)
    said = {place: _said(reader, name, place, fids) for place, fids in (
        (UNIT, [row.fid for some in units.values() for row in some]), (BUILDING, [row.fid for some in houses.values() for row in some]),
        (AREA, list(leaves)))}
    nothing = {"values": {}, "at": None}
    answer = {}
    for leaf in leaves:
        told = []
        for house in sorted(houses[leaf], key=lambda row: _natural(row.name or row.code or "")):
            own = sorted(units[house.fid], key=lambda row: _natural(row.name or row.code or ""))
            known = [row.households for row in own if row.households is not None]
            told.append({"id": house.fid, "name": house.name or house.code, "households": sum(known) if known else house.households,
                         **said[BUILDING].get(house.fid, nothing),
                         "units": [{"id": row.fid, "name": row.name or row.code, "households": row.households, **said[UNIT].get(row.fid, nothing)}
                                   for row in own]})
        answer[leaf] = {**said[AREA].get(leaf, nothing), "buildings": told}
    return answer


def _said(reader: Reader, name: str, place: str, fids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """{place: {"values", "at"}}; sensitive numbers are told to nobody here."""
    open_to = {metric.id for metric in state().status.metrics if not metric.sensitive}
    answer: dict[int, dict[str, Any]] = {}
    for chunk in chunks(fids):
        statement = select(STATUS.c.fid, STATUS.c.metric, STATUS.c.value, STATUS.c.at).where(
            STATUS.c.round == name, STATUS.c.place == place, STATUS.c.fid.in_(chunk))
        for fid, metric, value, at in reader.connection.execute(statement):
            if metric in open_to:
                own = answer.setdefault(fid, {"values": {}, "at": at})
                own["values"][metric] = None if value is None else int(value)
                own["at"] = max(own["at"], at)
    return answer


def _post(row: dict[str, Any]) -> dict[str, Any]:
    node = state().cache.nodes.get(row["area"])
    return {"id": row["fid"], "code": row["code"], "name": row["name"], "kind": row["kind"], "hours": row["hours"], "required": row["required"],
            "present": row["present"], "present_at": row["present_at"], "area": node.code if node else None}


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """2 before 10."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", text) if part]
