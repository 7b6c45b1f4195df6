"""The command page: the same map for who watches the day, at a desk or (?wall=1) on a wall that nobody touches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from geodata.tree import Node

from .auth import needs
from .pages import boot
from .state import rights, state

blueprint = Blueprint("command", __name__)
# what the page reads beside the addresses that every page knows
URLS = {"rounds": "/api/rounds", "status": "/api/status"}
FINER = 2  # nobody draws here: areas are shown two zooms sooner than at the planner's desk


@blueprint.get("/command")
@needs("see")
def page():
    """Zones, progress, posts, staff, what needs help and how old each number is; `wall=1`: dark, nothing scrolls."""
    wall, held = request.args.get("wall") == "1", state()
    told = boot()
    rules = held.config.command
    told["map"] |= {"finer": FINER}
    told |= {"urls": told["urls"] | URLS, "wall": wall, "tops": [_told(node) for node in _tops()], "metrics": _metrics(wall),
             "reported": any(metric["group"] == "progress" for metric in told["metrics"]),
             "command": {"fresh_s": rules.fresh_minutes * 60, "silent_s": rules.silent_minutes * 60}}
    return render_template("command.html", boot=told, density="wall" if wall else "desk")


def _metrics(wall: bool) -> list[dict[str, Any]]:
    """All that the map can be coloured by, also what nobody has reported yet: it may come while somebody looks. Special
    groups hang on no wall, whoever signed it in."""
    held, exact = state(), rights().may("see_special") and not wall
    staffed = bool(held.cache.rostered)
    return [{"id": m.id, "zh": m.zh, "en": m.en, "unit": m.unit, "type": m.type, "sensitive": m.sensitive, "group": m.group}
            for m in held.cache.rules.metrics if (exact or not m.sensitive) and (staffed or m.id != "staff_gap")]


def _tops() -> list[Node]:
    """The areas the page begins with: those of the account, or the first one below that is divided."""
    cache, scope = state().cache, rights().scope("see")
    tops = cache.roots() if "/" in scope else [node for node in cache.nodes.values() if node.path in scope]
    while len(tops) == 1 and len(children := cache.children.get(tops[0].fid, ())) == 1:
        tops = [cache.nodes[fid] for fid in children]
    return sorted(tops, key=lambda node: node.code)


def _told(node: Node) -> dict[str, Any]:
    return {"fid": node.fid, "code": node.code, "name": node.name, "level": node.level, "bounds": list(node.bounds)}
