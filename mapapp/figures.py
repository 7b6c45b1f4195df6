"""Figures for the map and its legend: one metric of one level, and the summary of what is in view."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint

from geodata.figures import figures as figures_of
from geodata.tree import Node
from layers.errors import BadInput, Forbidden
from layers.population import Counts, groups_of
from layers.rules import Metric
from layers.staffing import staffing

from .areas import age_s, visible
from .auth import needs
from .findings import found, verdict_of
from .forms import arguments
from .privacy import is_told, special
from .state import rights, state
from .status import seconds_since, standing

blueprint = Blueprint("figures", __name__)


@blueprint.get("/api/figures")
@needs("see")
def figures():
    """Parallel lists by area: fid, value (null = unknown), age; for households also the norm."""
    query = arguments("level", "metric", "round")
    held, own = state(), rights()
    cache = held.cache
    level, metric = query.get("level"), query.get("metric", "households")
    if level is None or cache.rules.level(level) is None:
        raise BadInput(f"level={(level or '')[:40]}: one of {', '.join(cache.levels())} is needed")
    told = {one.id: one for one in held.status.metrics}
    if metric not in VALUES and metric not in told:
        raise BadInput(f"metric={metric[:40]}: one of {', '.join([*VALUES, *told])} is needed")
    found = next((one for one in cache.rules.metrics if one.id == metric), None)
    scope = own.scope("see_special" if found is not None and found.sensitive else "see")
    if not scope:
        raise Forbidden(f"{metric}: your roles do not allow this")
    nodes = cache.shown_in(level, scope)
    answer: dict[str, Any] = {
        "rev": cache.rev, "seq": held.store.head()[1], "level": level, "metric": metric,
        "fid": [node.fid for node in nodes],
        **(_reported(told[metric], nodes, query.get("round")) if metric in told else {
            "value": [VALUES[metric](node) for node in nodes], "age_s": [age_s(node.counts.counted_at) for node in nodes]}),
        "unassigned": [node.fid for node in nodes if not node.assigned], "locked": [node.fid for node in nodes if node.locked],
        "levels": cache.levels()}
    if metric == "households":
        norms = [cache.norm(node) or (None, None) for node in nodes]
        answer |= {"norm_min": [low for low, _ in norms], "norm_max": [high for _, high in norms],
                   "verdict": [verdict_of(node)["verdict"] for node in nodes]}
    return answer


def _reported(metric: Metric, nodes: list[Node], name: str | None) -> dict[str, Any]:
    """Values of a reported metric or a rate of one, and how long ago each was last added to."""
    now, clock = standing(name), state().store.clock()
    found = [now.of_area(node.fid) for node in nodes]
    return {"round": None if now.row is None else now.row["id"], "value": [one.value(metric) for one in found],
            "age_s": [seconds_since(one.since(metric), clock) for one in found]}


def _people(node: Node) -> int | None:
    return node.counts.people(state().cache.rules.population_kind)


def _density(node: Node) -> float | None:
    people = _people(node)
    return None if people is None or not node.area else round(people / node.area * 1e6, 1)


def _special(node: Node) -> int | None:
    groups = groups_of(node.counts, counted=node.counted_leaves == node.leaves)
    return None if groups is None else sum(groups.values())


def _gap(node: Node) -> int | None:
    cache = state().cache
    return staffing(cache.rules, node.need or {}, cache.have(node))["gap"]


VALUES = {"households": lambda node: node.counts.households, "population": _people, "density": _density,
          "special": _special,
          "staff_gap": _gap}


@blueprint.get("/api/summary")
@needs("see")
def summary():
    """Totals of everything the account sees (or of one area), norm verdicts of a level, state of the coverage."""
    query = arguments("level", "area")
    held, own = state(), rights()
    cache = held.cache
    levels = cache.levels()
    level = query.get("level") or (levels[-1] if levels else "")
    if levels and cache.rules.level(level) is None:
        raise BadInput(f"level={(level or '')[:40]}: one of {', '.join(levels)} is needed")
    tops = [visible(query["area"])] if query.get("area") else _tops()
    scope = tuple(node.path for node in tops)
    nodes = cache.shown_in(level, scope) if levels and scope else []
    verdicts = Counter(verdict_of(node)["verdict"] for node in nodes)
    with held.store.read() as reader:
        checked = reader.meta("checked")
    exact = own.may("see_special") and (not tops or all(own.may("see_special", top.path) for top in tops))
    total = special(total_of(tops), exact=exact, told=all(is_told(top) for top in tops))
    declared = {"households": _sum(node.get("declared_households") for node in tops),
                "population": _sum(node.get("declared_population") for node in tops)}
    return {
        "level": level, "areas": len(nodes), "rev": cache.rev, **total, "age_s": age_s(total["counted_at"]),
        "verdicts": {kind: verdicts.get(kind, 0) for kind in ("over", "in", "under", "none", "unknown")},
        "findings": _findings(nodes, scope), "coverage": None if checked is None else {
            **{key: checked[key] for key in ("gaps", "overlaps", "nesting")}, "checked_rev": checked["rev"],
            "at": checked["at"]},
        "declared": declared if any(value is not None for value in declared.values()) else None,
        "declared_difference": {key: None if value is None or total[key] is None else value - total[key]
                                for key, value in declared.items()} if any(v is not None for v in declared.values())
                                else None}


def total_of(tops: list[Node]) -> dict[str, Any]:
    """The sum of some areas that do not overlap."""
    cache = state().cache
    if len(tops) == 1:
        return cache.figures(tops[0])
    counts, need, have = Counts(), Counter(), None
    for node in tops:
        counts = counts + node.counts
        need.update(node.need or {})
        there = cache.have(node)
        if there is not None:
            have = Counter(have or {})
            have.update(there)
    return figures_of(cache.rules, "", {}, counts, leaves=sum(n.leaves for n in tops),
                      counted_leaves=sum(n.counted_leaves for n in tops),
                      need=dict(need), have=None if have is None else dict(have), area=sum(n.area for n in tops))


def _tops() -> list[Node]:
    cache, scope = state().cache, rights().scope("see")
    if "/" in scope:
        return cache.roots()
    return [node for node in cache.nodes.values() if node.path in scope]


def _sum(values) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _findings(nodes: list[Node], scope: tuple[str, ...]) -> list[dict[str, Any]]:
    """What somebody should look at, by kind: count and the first areas."""
    return [{"kind": kind, "count": len(areas), "areas": [{"code": n.code, "name": n.name} for n in areas[:50]]}
            for kind, areas in found(nodes, scope).items()]
