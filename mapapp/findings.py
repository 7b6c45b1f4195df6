"""Findings: what somebody should look at, as one list to walk through, problem by problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import shapely
from flask import Blueprint
from sqlalchemy import select

from geodata.rows import Reader
from geodata.schema import REVISIONS, TABLES
from geodata.tree import Node
from layers.errors import BadInput, Stale
from layers.norms import verdict

from .areas import visible
from .auth import needs
from .forms import arguments, flag, next_page, number
from .state import actor, rights, state

blueprint = Blueprint("findings", __name__)
LOOSE = "building-loose"  # not a matter of an area: the building lies in none
MOST_LOOSE = 2000
OWN_EDITS = 500  # the newest of one's own that `mine` looks at


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
    query = arguments("level", "area", "kind", "mine", "limit", "after", "rev")
    cache, own = state().cache, rights()
    limit, after = number(query, "limit", 200, most=1000), number(query, "after", 0, most=1 << 31, least=0)
    if query.get("rev") and query["rev"] != str(cache.rev):
        raise Stale(f"the list was begun at revision {query['rev']}, now it is {cache.rev}; begin again", rev=cache.rev)
    levels = cache.levels()
    level = query.get("level") or (levels[-1] if levels else "")
    if levels and cache.rules.level(level) is None:
        raise BadInput(f"level={level[:40]}: one of {', '.join(levels)} is needed")
    if query.get("kind", "unknown") not in (*KINDS, LOOSE):
        raise BadInput(f"kind={query['kind'][:40]}: one of {', '.join((*KINDS, LOOSE))} is needed")
    scope = (visible(query["area"]).path,) if query.get("area") else own.scope("see")
    nodes = cache.shown_in(level, scope) if levels and scope else []
    rows = {kind: [_row(kind, node) for node in areas] for kind, areas in found(nodes, scope).items()}
    with state().store.read() as reader:
        if flag(query, "mine"):
            mine = _changed_by(reader, actor())
            rows = {kind: [row for row in some if row["fid"] in mine] for kind, some in rows.items()}
        elif not query.get("area") and own.filter("see") is None:
            rows[LOOSE] = _loose(reader)
    rows = {kind: rows[kind] for kind in (*list(KINDS)[:1], LOOSE, *list(KINDS)[1:]) if rows.get(kind)}
    told = [row for kind in ([query["kind"]] if query.get("kind") else rows) for row in rows.get(kind, ())]
    answer: dict[str, Any] = {"findings": told[after:after + limit], "counts": {kind: len(some) for kind, some in rows.items()},
                              "next": None, "rev": cache.rev}
    if len(told) > after + limit:
        answer["next"] = next_page({**query, "after": str(after + limit), "rev": str(cache.rev)})
    return answer


def _changed_by(reader: Reader, who: str) -> set[int]:
    """Areas that this account's newest edits changed, those taken back aside."""
    statement = (select(REVISIONS.c.touched).where(REVISIONS.c.actor == who, REVISIONS.c.undone_by.is_(None), REVISIONS.c.undoes.is_(None))
                 .order_by(REVISIONS.c.rev.desc()).limit(OWN_EDITS))
    rows = [touched for (touched,) in reader.connection.execute(statement) if touched]
    return {fid for touched in rows for fid in {*touched.get("areas", ())} - {*touched.get("quiet", ())}}


def _loose(reader: Reader) -> list[dict[str, Any]]:
    """Buildings that lie in no area, for whoever sees everything."""
    told = []
    for row in reader.each("buildings", TABLES["buildings"].c.area.is_(None), limit=MOST_LOOSE):
        west, south, east, north = shapely.bounds(row["geom"]).tolist()
        told.append({"kind": LOOSE, "fid": row["fid"], "code": row.get("code") or "", "name": row.get("name") or "", "level": None,
                     "bounds": [west, south, east, north], "where": [(west + east) / 2, (south + north) / 2],
                     "households": row.get("households")})
    return told


def _row(kind: str, node: Node) -> dict[str, Any]:
    west, south, east, north = node.bounds
    return {"kind": kind, "fid": node.fid, "code": node.code, "name": node.name, "level": node.level,
            "bounds": [west, south, east, north], "where": [(west + east) / 2, (south + north) / 2],
            "households": node.counts.households}
