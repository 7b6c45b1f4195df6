"""Findings: what somebody should look at, as one list to walk through, problem by problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint

from geodata.tree import Node
from layers.errors import BadInput, Stale
from layers.norms import verdict

from .areas import visible
from .auth import needs
from .forms import arguments, next_page, number
from .state import rights, state

blueprint = Blueprint("findings", __name__)


def verdict_of(node: Node) -> dict[str, Any]:
    """The area's norm and where it stands."""
    if node.leaves != 1:
        counted = node.counted_leaves == node.leaves
    else:
        counted = node.counts.facts > 0 and not node.counts.unknown
    return verdict(state().cache.norm(node), node.counts.households, counted=counted)


def _nobody(node: Node) -> bool:
    have = state().cache.have(node) if node.leaf else None
    return have is not None and not have


# kind -> whether an area of the level in view has it; the gravest first. Unassigned ground is found whatever the level.
KINDS: dict[str, Callable[[Node], bool]] = {
    "unassigned": lambda node: not node.assigned,
    "norm-over": lambda node: verdict_of(node)["verdict"] == "over",
    "no-leader": _nobody,
    "unknown": lambda node: node.counts.households is None,
    "norm-under": lambda node: verdict_of(node)["verdict"] == "under",
}


def found(nodes: Sequence[Node], scope: tuple[str, ...], kinds: Sequence[str] = tuple(KINDS)) -> dict[str, list[Node]]:
    """Areas by kind of finding: of these nodes, and all unassigned ground under the paths of `scope`."""
    cache = state().cache
    bare = [cache.nodes[fid] for fid in sorted(cache.unassigned) if fid in cache.nodes]
    lists = {kind: [node for node in nodes if KINDS[kind](node)] if kind != "unassigned" else
             [node for node in bare if scope and node.path.startswith(scope)] for kind in kinds}
    return {kind: areas for kind, areas in lists.items() if areas}


@blueprint.get("/api/findings")
@needs("see")
def findings():
    """Areas somebody should look at, kind by kind, with the place of each; `next` pages on."""
    query = arguments("level", "area", "kind", "limit", "after", "rev")
    cache, own = state().cache, rights()
    limit, after = number(query, "limit", 200, most=1000), number(query, "after", 0, most=1 << 31, least=0)
    if query.get("rev") and query["rev"] != str(cache.rev):
        raise Stale(f"the list was begun at revision {query['rev']}, now it is {cache.rev}; begin again", rev=cache.rev)
    levels = cache.levels()
    level = query.get("level") or (levels[-1] if levels else "")
    if levels and cache.rules.level(level) is None:
        raise BadInput(f"level={level[:40]}: one of {', '.join(levels)} is needed")
    if query.get("kind", "unknown") not in KINDS:
        raise BadInput(f"kind={query['kind'][:40]}: one of {', '.join(KINDS)} is needed")
    scope = (visible(query["area"]).path,) if query.get("area") else own.scope("see")
    nodes = cache.shown_in(level, scope) if levels and scope else []
    lists = found(nodes, scope)
    wanted = [query["kind"]] if query.get("kind") else list(KINDS)
    rows = [(kind, node) for kind in wanted for node in lists.get(kind, ())]
    answer: dict[str, Any] = {"findings": [_row(kind, node) for kind, node in rows[after:after + limit]],
                              "counts": {kind: len(areas) for kind, areas in lists.items()},
                              "next": None, "rev": cache.rev}
    if len(rows) > after + limit:
        answer["next"] = next_page({**query, "after": str(after + limit), "rev": str(cache.rev)})
    return answer


def _row(kind: str, node: Node) -> dict[str, Any]:
    west, south, east, north = node.bounds
    return {"kind": kind, "fid": node.fid, "code": node.code, "name": node.name, "level": node.level,
            "bounds": [west, south, east, north], "where": [(west + east) / 2, (south + north) / 2],
            "households": node.counts.households}
