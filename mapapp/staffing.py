"""Staff of an area over the API: roles with need, have and gap; need from zones; teams; posts; the areas below."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint

from geodata.coverage_cache import today
from geodata.crew import people_at, teams_of
from geodata.tree import Node
from layers.checkpoints import STATES, required_of, roster_need, state_of
from layers.staffing import staffing, zone_need

from .areas import visible
from .auth import needs
from .checkpoints import minute_now
from .figures import total_of
from .forms import arguments
from .state import rights, state

blueprint = Blueprint("staffing", __name__)


@blueprint.get("/api/staffing")
@needs("see")
def of_area():
    """Need, have and gap of an area (`area`, else of all the account sees), by role, zone kind, team, post and area below."""
    query = arguments("area")
    held, own = state(), rights()
    cache = held.cache
    tops = [visible(query["area"])] if query.get("area") else _tops()
    with held.store.read() as reader:
        teams = [team for top in tops for team in teams_of(reader, top.path, own.filter("see"), today(held.store))]
        scope = [top.path for top in tops]
        rows = reader.rows("checkpoints", reader.in_scope("checkpoints", scope), scope=own.filter("see"), geometry=False)
        roster = people_at(reader, [row["fid"] for row in rows], today(held.store))
    below = [cache.nodes[fid] for top in tops for fid in cache.children.get(top.fid, ())] if len(tops) == 1 else tops
    told = total_of(tops)["staff"]
    return {"area": {"code": tops[0].code, "name": tops[0].name, "level": tops[0].level} if len(tops) == 1 else None,
            **told, "zones": _zones(tops), "teams": teams, "posts": _posts(rows, roster),
            "children": [_child(node) for node in sorted(below, key=lambda node: node.code)], "rev": cache.rev}


def _tops() -> list[Node]:
    cache, scope = state().cache, rights().scope("see")
    return cache.roots() if "/" in scope else [node for node in cache.nodes.values() if node.path in scope]


def _child(node: Node) -> dict[str, Any]:
    cache = state().cache
    told = staffing(cache.rules, node.need or {}, cache.have(node))
    return {"code": node.code, "name": node.name, "level": node.level, "need": told["need"], "have": told["have"], "gap": told["gap"]}


def _zones(tops: list[Node]) -> list[dict[str, Any]]:
    """Residents in zones in force and who must look after them, the strictest kind first."""
    cache, kinds = state().cache, sorted(state().cache.rules.profile.kinds, key=lambda kind: -kind.rank)
    residents, need = Counter(), Counter()
    for fid, held in cache.zone_residents.items():
        node = cache.nodes.get(fid)
        if node is not None and any(node.path.startswith(top.path) for top in tops):
            residents.update(held)
            need.update({kind: zone_need(cache.rules, {kind: number}) for kind, number in held.items()})
    return [{"kind": kind.id, "residents": residents[kind.id], "norm": kind.residents_per_staff or None, "need": need[kind.id]}
            for kind in kinds if kind.id in residents]


def _posts(rows: list[dict[str, Any]], roster: Counter[int]) -> dict[str, Any]:
    """Posts by state; `need` and `have` are people on duty now, those of posts not counted left out of `have`; `roster` is
    people x shifts and those whose place on the list it is."""
    rules, minute = state().cache.rules, minute_now()
    states = {row["fid"]: state_of(rules, row, minute) for row in rows}
    count = Counter(states.values())
    due = [row for row in rows if states[row["fid"]] != "closed"]
    known = [row["present"] for row in due if row["present"] is not None]
    return {"all": len(rows), **{name: count[name] for name in STATES}, "need": sum(required_of(rules, row) for row in due),
            "have": sum(known) if known else None,
            "roster": {"need": sum(roster_need(rules, row) for row in rows), "have": sum(roster.values())}}
