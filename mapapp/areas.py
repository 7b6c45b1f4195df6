"""Areas over the API: one with everything a card shows, lists, and changes of attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import shapely
from flask import Blueprint

from geodata.coverage_cache import today
from geodata.tree import Node
from layers.areas import to_degrees
from layers.errors import BadInput, MissingField, Stale, UnknownArea
from layers.schema import AREAS, Field

from .auth import needs
from .forms import arguments, body, bounds_of, field_value, flag, next_page, number, version_of
from .privacy import is_told, special
from .state import actor, rights, state

blueprint = Blueprint("areas", __name__)
KINDS = ("dedicated",)  # 专属网格: places where no household lives
ASSIGNED = Field("assigned", "bool", "已划分", "Assigned", "YHF", required=True)
CHANGEABLE = ("name", "kind", "assigned", "locked", "uninhabited", "norm_min", "norm_max", "declared_households",
              "declared_population", "leader", "phone", "note")


@blueprint.get("/api/areas")
@needs("see")
def areas():
    """Areas by level, parent or extent, in the order of fid; `next` pages on."""
    query = arguments("level", "parent", "bbox", "limit", "after", "rev", "geometry", "leaf")
    held, own = state(), rights()
    cache = held.cache
    limit, after = number(query, "limit", 1000, most=10_000), number(query, "after", 0, most=1 << 53, least=0)
    if query.get("rev") and query["rev"] != str(cache.rev):
        raise Stale(f"the list was begun at revision {query['rev']}, now it is {cache.rev}; begin again", rev=cache.rev)
    level, bounds = query.get("level"), bounds_of(query.get("bbox"))
    if level and cache.rules.level(level) is None:
        raise BadInput(f"level={level[:40]}: no such level")
    if query.get("parent"):
        parent = visible(query["parent"])
        found = cache.shown(level, parent, bounds) if level else [cache.nodes[fid] for fid in cache.children.get(parent.fid, ())]
    elif level:
        found = cache.shown(level, None, bounds)
    else:
        found = cache.nodes.values()
    scope = own.scope("see")
    chosen = sorted((node for node in found if node.fid > after and node.path.startswith(scope)
                     and (bounds is None or _meets(node.bounds, bounds))
                     and (query.get("leaf") is None or node.leaf == flag(query, "leaf"))),
                    key=lambda node: node.fid)
    page = chosen[:limit]
    shapes = _shapes([node.fid for node in page]) if flag(query, "geometry") else {}
    answer = {"areas": [area_json(node) | ({"geometry": shapes[node.fid]} if shapes else {}) for node in page],
              "next": None, "rev": cache.rev}
    if len(chosen) > limit:
        rest = {**query, "after": str(page[-1].fid), "rev": str(cache.rev)}
        answer["next"] = next_page(rest)
    return answer


@blueprint.get("/api/areas/<path:code>")
@needs("see")
def area(code: str):
    """One area with figures, ancestors and, when asked for, its shape."""
    query = arguments("geometry")
    node = visible(code)
    answer = area_json(node)
    if flag(query, "geometry"):
        answer["geometry"] = _shapes([node.fid])[node.fid]
    return answer


@blueprint.patch("/api/areas/<path:code>")
@needs("edit_facts")
def change(code: str):
    """Changes attributes; `version` is what the caller saw. The old values stay in the history."""
    arguments()
    held, node = state(), visible(code)
    rights().require("edit_facts", [node])
    form = body("version")
    version, changes = version_of(form), {}
    for name, raw in form.items():
        if name == "version":
            continue
        if name not in CHANGEABLE:
            raise BadInput(
                f"{name[:40]}: cannot be changed here; counts are mended on buildings, stairwells, cells and staff")
        changes[name] = field_value(AREAS.field(name) or ASSIGNED, raw, code)
    if changes.get("kind") not in (None, *KINDS):
        raise BadInput(f"{code}: kind {changes['kind']!r} is none of {', '.join(KINDS)}")
    if changes.get("assigned", True) is None:
        raise MissingField(f"{code}: assigned: true or false is needed", fields=["assigned"])
    if "name" in changes and not changes["name"]:
        raise MissingField(f"{code}: a name is needed")
    if not changes:
        raise MissingField(f"{code}: nothing to change", fields=list(CHANGEABLE))
    low, high = changes.get("norm_min", node.get("norm_min")), changes.get("norm_max", node.get("norm_max"))
    if low is not None and high is not None and low > high:
        raise BadInput(f"{code}: norm_min {low} is above norm_max {high}")

    def write(tx):
        tx.op = _called(changes, locked=tx.row("areas", node.fid)["locked"])
        tx.update("areas", node.fid, changes, version=version)
        tx.touched["areas"].add(node.fid)
    told = {name: value for name, value in changes.items() if not (AREAS.field(name) or ASSIGNED).personal}
    held.store.attempt(actor(), "change area", write, note=code, form={"area": code, **told})
    return area_json(held.cache.by_code(code))


def _called(changes: Mapping[str, Any], *, locked: bool) -> str:
    """What the history calls these changes of an area that is `locked` or not."""
    turn = {(False, True): "lock", (True, False): "unlock"}.get((bool(locked), bool(changes.get("locked", locked))))
    return f"{turn or 'change'} area" if changes.keys() == {"locked"} or not turn else f"change_{turn} area"


def visible(code: str) -> Node:
    """The area of that code when the account may see it. Raises UnknownArea."""
    node = state().cache.by_code(code)
    if not rights().may("see", node.path):
        raise UnknownArea(f"{code}: no such area")
    return node


def area_json(node: Node) -> dict[str, Any]:
    """An area as the API shows it, within the account's rights."""
    cache, own = state().cache, rights()
    ancestors = cache.ancestors(node)
    west, south, east, north = node.bounds
    personal = own.may("see_personal", node.path)
    figures = special(cache.figures(node), exact=own.may("see_special", node.path), told=is_told(node))
    declared = {"households": node.get("declared_households"), "population": node.get("declared_population")}
    return {
        "fid": node.fid, "code": node.code, "name": node.name, "level": node.level,
        "parent": ancestors[-1].code if ancestors else None,
        "ancestors": [{"fid": one.fid, "code": one.code, "name": one.name, "level": one.level} for one in ancestors],
        "leaf": node.leaf, "assigned": node.assigned, "locked": node.locked, "kind": node.get("kind") or "",
        "version": node.version,
        "rev": node.rev, "bounds": [west, south, east, north], "where": [(west + east) / 2, (south + north) / 2],
        **figures, "age_s": age_s(node.counts.counted_at),
        "declared": declared if any(value is not None for value in declared.values()) else None,
        "declared_difference": {
            "households": _minus(declared["households"], figures["households"]),
            "population": _minus(declared["population"], figures["population"])}
            if any(v is not None for v in declared.values()) else None,
        "leader": node.get("leader") if personal else None, "phone": node.get("phone") if personal else None,
        "note": node.get("note") if personal else None,
        "uninhabited": bool(node.get("uninhabited")), "children": len(cache.children.get(node.fid, ())), "status": None,
        "editable": own.may("redraw", node.path) or own.may("edit_facts", node.path)}


def age_s(counted_at: str | None) -> int | None:
    """Seconds since the day of the oldest count; None when nobody said when it was counted."""
    if not counted_at:
        return None
    return max(0, (date.fromisoformat(today(state().store)) - date.fromisoformat(counted_at[:10])).days) * 86_400


def _minus(declared: int | None, counted: int | None) -> int | None:
    return None if declared is None or counted is None else declared - counted


def _shapes(fids: list[int]) -> dict[int, Any]:
    with state().store.read() as reader:
        return {fid: shapely.geometry.mapping(to_degrees(one.shape)) for fid, one in reader.areas(fids).items()}


def _meets(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] <= b[2] and a[2] >= b[0] and a[1] <= b[3] and a[3] >= b[1]
