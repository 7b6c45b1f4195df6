"""Redraws of every kind as the page would send them, at random places of a store."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import shapely
from shapely.geometry import mapping

from geodata.rows import Reader
from geodata.store import Store
from layers.areas import UNITS_PER_DEGREE, Area, to_degrees
from layers.errors import WeigeError
from tests.geodata.stores import content, people
from tests.geodata.work import commit, undo
from tests.layers.drawings import asked, pick, special_places
from tests.layers.ledger import Ledger
from tests.layers.random_edits import REAL

Form = dict[str, Any]
OURS = ("snap_m", "levels", "town", "weigh", "targets", "buildings", "keep", "to", "norm")  # said otherwise in a form, or not at all


def some_form(reader: Reader, dice: random.Random, op: str | None = None) -> Form:
    """A form of that operation, or of any: sensible or not."""
    op = op or dice.choices(tuple(REAL), tuple(REAL.values()))[0]
    town = Ledger(reader.all_areas())
    return form_at(reader, dice, op, pick(town, special_places(town), dice), town)


def form_at(reader: Reader, dice: random.Random, op: str, leaf: Area, town: Ledger | None = None) -> Form:
    """A form of that operation at this leaf; `town` are the areas around, by default those that lie next to it."""
    if op == "assign_buildings":
        return _painted(reader, leaf, dice)
    if town is None:
        near = {area.fid: area for area in (leaf, *reader.leaves_near(leaf.shape.bounds))}
        above = reader.areas({int(fid) for area in near.values() for fid in area.path.strip("/").split("/")[:-1]})
        town = Ledger([*near.values(), *above.values()])
    return form_of(op, asked(op, town, leaf, dice), town.areas)


def form_of(op: str, arguments: dict[str, Any], areas: dict[int, Area]) -> Form:
    """The arguments of an operation as JSON."""
    form: Form = {"op": op, **{name: _plain(value, areas, name) for name, value in arguments.items() if name not in OURS}}
    if "targets" in arguments:
        fids = arguments["targets"]
        form["targets"] = None if fids is None else [areas[fid].code for fid in fids]
    keep = arguments.get("keep")
    if keep is not None:
        form["keep"] = areas[keep].code if isinstance(keep, int) else _plain(keep, areas, "keep")
    if op == "move_vertex":
        form["to"] = _plain(arguments["to"], areas, "to")
    if "norm" in arguments:
        form["norm"] = dict(zip(("min", "max"), arguments["norm"], strict=True))
    return {name: value for name, value in form.items() if value is not None or name == "targets"}


def _plain(value: Any, areas: dict[int, Area], name: str) -> Any:
    if name == "parent":
        return areas[value].code
    if isinstance(value, shapely.Point):
        return [value.x / UNITS_PER_DEGREE, value.y / UNITS_PER_DEGREE]
    return mapping(to_degrees(value)) if isinstance(value, shapely.Geometry) else value


def _painted(reader: Reader, leaf: Area, dice: random.Random) -> Form:
    near = {area.fid for area in reader.leaves_near(leaf.shape.bounds) if area.parent == leaf.parent or dice.random() < 0.1}
    here = [row["fid"] for row in reader.rows("buildings", geometry=False) if row["area"] in near]
    return {"op": "assign_buildings", "to": leaf.code, "buildings": sorted(dice.sample(here, min(len(here), dice.randint(1, 4)))),
            "allow_parts": dice.random() < 0.3, "rest": dice.choice((None, "give")), "trim": dice.random() < 0.7}


def keep_everybody(store: Store, dice: random.Random, number: int, draw: Callable[[Reader, random.Random], Form]) -> None:
    """So many drawings and undos in any order: nobody is lost, and what is refused leaves no trace."""
    everybody, revs = people(store), []
    while len(revs) < number:
        with store.read() as reader:
            form = draw(reader, dice)
        before = content(store)
        try:
            if dice.random() < 0.3 and revs:
                undo(store, dice.choice(revs))
            else:
                commit(store, form)
        except WeigeError:
            assert content(store) == before
            continue
        revs.append(store.head()[0])
        assert people(store) == everybody, form
