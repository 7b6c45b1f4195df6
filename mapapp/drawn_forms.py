"""The form of a redraw as it comes in: known fields, sizes, and the right to redraw every area it names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from geodata.assigning import MOST_BUILDINGS, holders_of
from geodata.conflicts import heirs_of_code
from layers.errors import BadInput, NotFound, UnknownArea

from .areas import visible
from .forms import body, texts_of, whole
from .state import rights, state
from .transfers import require_transfer

KNOWN = ("op", "targets", "line", "parent", "polygon", "rest", "trim", "at", "to", "level", "keep", "versions", "allow_parts", "edit", "instead_of",
         "parts", "norm", "tolerance", "seed", "later", "buildings", "rows", "columns", "group", "baseline")
NAMES = {"merge": ("keep",), "assign_buildings": ("to",)}  # fields with the code of an area, beside targets; others have `parent`
MOST_INSTEAD = 20  # edits that one replaces
MOST_POINTS = 20_000  # vertices of a drawn line


def drawn_form() -> dict[str, Any]:
    """The operation of the request, on areas the account may redraw: rights come before reasons. Raises BadInput,
    MissingField, UnknownArea, Forbidden."""
    form = body("op", known=KNOWN)
    if not isinstance(form["op"], str):
        raise BadInput("op: the name of an operation is needed")
    versions = form["versions"] if isinstance(form.get("versions"), dict) else {}
    for code, version in versions.items():
        rights().require("redraw", _standing(code))
        whole(version, f"versions.{code}")
    _judge_targets(form, versions)
    for name in NAMES.get(form["op"], ("parent",)):
        _judge_area(form, name, versions)
    if form["op"] == "assign_buildings":
        _judge_buildings(form.get("buildings"), form.get("to"))
    if form["op"] == "transfer" and form.get("parent") is not None:
        require_transfer(form["parent"], [code for code in form.get("targets") or () if code not in versions])
    if form.get("instead_of") is not None:
        if not isinstance(form["instead_of"], list) or len(form["instead_of"]) > MOST_INSTEAD:
            raise BadInput(f"instead_of: a list of at most {MOST_INSTEAD} edits is needed")
        form["instead_of"] = [whole(rev, "instead_of") for rev in form["instead_of"]]
    for name in ("line", "baseline", "polygon"):
        _judge_points(form.get(name), name)
    return form


def _judge_targets(form: dict[str, Any], versions: Collection[str]) -> None:
    if form.get("targets") is not None:
        codes = texts_of(form["targets"], "targets", most=state().config.redraw.interactive_areas)
        rights().require("redraw", [visible(code) for code in codes if code not in versions])


def _judge_area(form: dict[str, Any], name: str, versions: Collection[str]) -> None:
    """The code of one area in a field of the form."""
    code = form.get(name)
    if code is None:
        return
    if not isinstance(code, str):
        raise BadInput(f"{name}: the code of an area is needed")
    if code not in versions:
        rights().require("redraw", [visible(code)])


def _judge_buildings(fids: Any, to: Any) -> None:
    """NotFound for a building nobody sees here, Forbidden for one of an area the account may not redraw. Those of other parents
    than that of the area `to` stay where they are in any case: to see them is enough. What else may be wrong with the list is said
    when it is read."""
    if not isinstance(fids, list) or len(fids) > MOST_BUILDINGS or any(type(fid) is not int for fid in fids):
        return
    own, nodes = rights(), state().cache.nodes
    with state().store.read() as reader:
        held = {fid: nodes[area] for fid, area in holders_of(reader, fids).items() if area in nodes}
    hidden = [fid for fid, node in held.items() if not own.may("see", node.path)]
    if hidden:
        raise NotFound(f"{hidden[0]}: no such building", buildings=hidden[:20])
    parents = {nodes[area].parent for area in [state().cache.codes.get(to)] if area in nodes}
    own.require("redraw", [node for node in held.values() if not parents or node.parent in parents])


def _judge_points(geometry: Any, name: str) -> None:
    """BadInput for more vertices than are cut along at once, whatever else is wrong with the geometry."""
    lists = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(lists, list):
        return
    number = sum(len(ring) for ring in lists if isinstance(ring, list)) if name == "polygon" else len(lists)
    if number > MOST_POINTS:
        raise BadInput(f"{name}: {number:,} points; at most {MOST_POINTS:,} are cut along at once", why="points", most=MOST_POINTS)


def _standing(code: str) -> list[Any]:
    """The area of that code, or those that hold its ground since it was cut away: somebody may have seen it an hour ago."""
    try:
        return [visible(code)]
    except UnknownArea:
        nodes = state().cache.nodes
        with state().store.read() as reader:
            found = [nodes[area.fid] for area in heirs_of_code(reader, code) if area.fid in nodes]
        if not found or not all(rights().may("see", node.path) for node in found):
            raise
        return found
