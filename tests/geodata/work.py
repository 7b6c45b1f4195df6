"""Random work on a store, as people do it all day: redraws, undo, counts, staff, zones; and the log of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import mapping
from sqlalchemy import select

from geodata import committing, redrawing, undoing, zoning
from geodata.dealing import deal_again
from geodata.importer import leaf_at
from geodata.rows import Reader
from geodata.schema import HISTORY, TABLES
from geodata.store import Store
from geodata.transaction import Transaction
from layers.areas import Area, to_degrees, to_units
from layers.errors import WeigeError
from layers.population import point_of
from tests.geodata.stores import Clock, assert_history, assert_whole, content, counts_of, house, inside, plain
from tests.layers.drawings import blob, drawn_line

Step = dict[str, Any]
WORK = {
    "split": 24,
    "merge": 20,
    "draw": 8,
    "transfer": 4,
    "undo": 10,
    "undo old": 8,
    "redo": 4,
    "building": 9,
    "unit": 4,
    "cell": 6,
    "add building": 5,
    "remove building": 3,
    "add staff": 4,
    "remove staff": 2,
    "attributes": 5,
    "propose": 5,
    "withdraw": 3,
    "restore": 2,
    "approve zone": 4,
    "extend zone": 2,
    "lift zone": 2,
}


@dataclass
class Worker:
    """Does random work on a store and keeps the log, so that another store can do the same."""

    store: Store
    clock: Clock
    dice: random.Random
    log: list[tuple[Step, str]] = field(default_factory=list)  # what was asked, "done" or the code of the refusal

    def work(self, number: int) -> None:
        """Asks for so many operations; refused ones count."""
        while len(self.log) < number:
            name = self.dice.choices(list(WORK), list(WORK.values()))[0]
            with self.store.read() as reader:
                step = _INVENT[name](reader, self.dice)
            if step is not None:
                step = {"work": name, **step}
                self.log.append((step, self.do(step)))

    def do(self, step: Step) -> str:
        """One operation: "done" or the code of the refusal."""
        self.clock.tick()
        form = {key: value for key, value in step.items() if key != "work"}
        try:
            self.store.attempt("tester", step["work"], lambda tx: _DO[step["work"]](tx, form), form=form)
        except WeigeError as error:
            return error.code
        return "done"


def redraw(tx: Transaction, form: Step) -> redrawing.Draft:
    """A redraw as the API commits it."""
    made = redrawing.draft(tx, form)
    return committing.save(tx, made)[1]


def commit(store: Store, form: Step, actor: str = "tester") -> redrawing.Draft:
    """The same in a transaction of its own."""
    return store.attempt(actor, str(form.get("op")), lambda tx: redraw(tx, form), form=form)


def undo(store: Store, rev: int, actor: str = "tester") -> int:
    """Undoes a revision; answers the revision of the undo."""

    def change(tx: Transaction) -> int:
        undoing.undo(tx, rev)
        return tx.taken

    return store.attempt(actor, "undo", change, form={"op": "undo", "edit": rev})


def assert_there_and_back(store: Store, states: list, revs: list[int]) -> None:
    """All these edits are taken back, the last first, and done again: each time the bytes are those of `states`, the
    contents before the first and after each of them."""
    undone = []
    for rev, before in zip(reversed(revs), reversed(states[:-1]), strict=True):
        undone.append(undo(store, rev))
        assert content(store) == before, rev
    assert_whole(store)
    for rev, after in zip(reversed(undone), states[1:], strict=True):
        undo(store, rev)
        assert content(store) == after, rev
    assert_whole(store)
    assert_history(store)


def some_split(reader: Reader, dice: random.Random, area: Area | None = None) -> Step:
    """A drawn line over some leaf; many are refused."""
    area = area or dice.choice(reader.all_areas(leaf=True))
    targets = dice.choice(([area.code], [area.code], None))
    return {"op": "split", "targets": targets, "line": mapping(to_degrees(drawn_line(area, dice)))}


def some_draw(reader: Reader, dice: random.Random) -> Step:
    """A new area, or an island, somewhere; many are refused."""
    area = dice.choice(reader.all_areas(leaf=True))
    polygon = mapping(to_degrees(blob(dice, area)))
    if dice.random() < 0.25:
        return {"op": "island", "parent": area.code, "polygon": polygon}
    parent = reader.areas([area.parent])[area.parent]
    return {"op": "draw", "parent": parent.code, "polygon": polygon, "trim": True, "rest": dice.choice((None, "new", "give"))}


def some_transfer(reader: Reader, dice: random.Random) -> Step | None:
    """A leaf to the parent of a neighbour."""
    area = dice.choice(reader.all_areas(leaf=True))
    near = {other.parent for other in reader.leaves_near(area.shape.bounds)} - {area.parent}
    parents = reader.areas(near)
    return {"op": "transfer", "targets": [area.code], "parent": parents[dice.choice(sorted(parents))].code} if parents else None


def some_merge(reader: Reader, dice: random.Random) -> Step | None:
    """A leaf with one or two neighbours, mostly of its parent."""
    area = dice.choice(reader.all_areas(leaf=True))
    near = [
        other
        for other in reader.leaves_near(area.shape.bounds)
        if other.fid != area.fid and other.shape.intersects(area.shape) and (other.parent == area.parent or dice.random() < 0.05)
    ]
    if not near:
        return None
    chosen = dice.sample(near, min(len(near), dice.choice((1, 1, 2))))
    return {"op": "merge", "targets": [area.code, *(other.code for other in chosen)]}


def _last(reader: Reader, dice: random.Random) -> Step | None:
    found = undoing.last_undoable(reader, "tester")
    return {"edit": found["rev"]} if found else None


def _older(reader: Reader, dice: random.Random) -> Step | None:
    return {"edit": dice.randint(1, reader.rev)}


def _again(reader: Reader, dice: random.Random) -> Step | None:
    found = undoing.last_redoable(reader, "tester")
    return {"edit": found["rev"]} if found else None


def _some(layer: str, *, change: bool):
    def invent(reader: Reader, dice: random.Random) -> Step | None:
        rows = reader.rows(layer, geometry=False)
        if layer == "buildings" and not change:
            held = {row["building"] for row in reader.rows("units", geometry=False)}
            rows = [row for row in rows if row["fid"] not in held]
        if not rows:
            return None
        row = dice.choice(rows)
        if not change:
            return {"fid": row["fid"], "version": row["version"]}
        version = row["version"] - (1 if dice.random() < 0.1 else 0)  # some saw an older one
        return {"fid": row["fid"], "version": version, "changes": plain(counts_of(dice, dice.random() < 0.8))}

    return invent


def _new_building(reader: Reader, dice: random.Random) -> Step:
    leaf = dice.choice(reader.all_areas(leaf=True))
    return {
        "shape": mapping(house(inside(leaf, dice, 1)[0], dice.uniform(200, 500), dice.uniform(0, 3))),
        "counts": plain(counts_of(dice)),
    }


def _new_staff(reader: Reader, dice: random.Random) -> Step:
    return {"name": f"志愿者{reader.rev}", "role": "volunteer", "area": dice.choice(reader.all_areas()).fid}


def _attributes(reader: Reader, dice: random.Random) -> Step:
    area = dice.choice(reader.all_areas())
    return {
        "fid": area.fid,
        "version": area.version,
        "changes": {
            "name": f"{area.code}区",
            **dice.choice(({"leader": f"张{reader.rev}"}, {"norm_min": dice.randint(5, 30)}, {"note": None, "phone": "110"})),
        },
    }


def _proposal(reader: Reader, dice: random.Random) -> Step:
    leaf = dice.choice(reader.all_areas(leaf=True))
    kind = {"kind": dice.choice(("lockdown", "control", "prevention"))}
    buildings = reader.rows("buildings", geometry=False)
    return kind | dice.choice(
        (
            {"areas": [leaf.code]},
            {"areas": [dice.choice(reader.all_areas()).code]},
            {"buildings": [row["fid"] for row in dice.sample(buildings, 2)]},
            {"polygon": mapping(to_degrees(shapely.Point(*leaf.shape.representative_point().coords).buffer(dice.uniform(2000, 15000), 3)))},
        )
    )


def _withdrawn(reader: Reader, dice: random.Random) -> Step | None:
    gone = reader.connection.execute(select(HISTORY.c.fid, HISTORY.c.rev_to).where(HISTORY.c.layer == "zones").order_by(HISTORY.c.hid)).all()
    gone = [row for row in gone if not reader.rows("zones", fids=[row.fid], geometry=False)]
    return {"edit": dice.choice(gone).rev_to} if gone else None


def _zone(status: str):
    def invent(reader: Reader, dice: random.Random) -> Step | None:
        rows = reader.rows("zones", TABLES["zones"].c.status == status, geometry=False)
        row = dice.choice(rows) if rows else None
        return None if row is None else {"fid": row["fid"], "version": row["version"], "year": 2027 + dice.randint(0, 30)}

    return invent


_INVENT = {
    "split": some_split,
    "merge": some_merge,
    "draw": some_draw,
    "transfer": some_transfer,
    "undo": _last,
    "undo old": _older,
    "redo": _again,
    "building": _some("buildings", change=True),
    "unit": _some("units", change=True),
    "cell": _some("cells", change=True),
    "add building": _new_building,
    "remove building": _some("buildings", change=False),
    "add staff": _new_staff,
    "remove staff": _some("staff", change=False),
    "attributes": _attributes,
    "propose": _proposal,
    "withdraw": _zone("proposed"),
    "restore": _withdrawn,
    "approve zone": _zone("proposed"),
    "extend zone": _zone("in_force"),
    "lift zone": _zone("in_force"),
}


def _change(layer: str):
    def do(tx: Transaction, form: Step) -> None:
        tx.update(layer, form["fid"], form["changes"], version=form["version"])
        if layer == "areas":
            tx.touched["areas"].add(form["fid"])
        if layer == "cells":
            deal_again(tx, form["fid"])

    return do


def _decide(action: str):
    """A decision about a zone by a second person."""

    def do(tx: Transaction, form: Step) -> None:
        tx.actor = "commander"
        told = {"reason": "演练", "order_no": "〔2026〕2号", "version": form["version"], "until": f"{form['year']}-03-01T08:00:00+08:00"}
        if action == "approve":
            zoning.approve(tx, form["fid"], told)
        else:
            zoning.decide(tx, form["fid"], action, told)

    return do


def _remove(layer: str):
    return lambda tx, form: tx.delete(layer, form["fid"], version=form["version"])


def add_building(tx: Transaction, form: Step) -> int:
    """A building as the API adds one."""
    tx.new_rev  # noqa: B018  others wait: the leaf found stays the leaf
    shape = shapely.geometry.shape(form["shape"])
    point = to_units(point_of(shape))
    area = leaf_at(tx.leaves_near(point.bounds), [point])[0]
    return tx.insert("buildings", [{"geom": shape, "kind": "house", "area": area, **form["counts"]}])[0]


_DO = {
    "split": redraw,
    "merge": redraw,
    "draw": redraw,
    "transfer": redraw,
    "undo": lambda tx, form: undoing.undo(tx, form["edit"]),
    "undo old": lambda tx, form: undoing.undo(tx, form["edit"]),
    "redo": lambda tx, form: undoing.undo(tx, form["edit"]),
    "building": _change("buildings"),
    "unit": _change("units"),
    "cell": _change("cells"),
    "add building": add_building,
    "remove building": _remove("buildings"),
    "add staff": lambda tx, form: tx.insert("staff", [form]),
    "remove staff": _remove("staff"),
    "attributes": _change("areas"),
    "propose": lambda tx, form: zoning.write(tx, zoning.resolve(tx, form), form),
    "withdraw": _remove("zones"),
    "restore": lambda tx, form: undoing.undo(tx, form["edit"]),
    "approve zone": _decide("approve"),
    "extend zone": _decide("extend"),
    "lift zone": _decide("lift"),
}


# --- drawn on purpose --------------------------------------------------------------------------------------------
def cut(store: Store, code: str, **more: Any) -> Step:
    """A straight, slanting cut through the middle of a leaf, from outside to outside."""
    with store.read() as reader:
        shape = reader.area(code).shape
    west, _, east, _ = shape.bounds
    middle = shape.representative_point()
    line = shapely.LineString([(west - 700, middle.y - 180), (east + 700, middle.y + 150)])
    return {"op": "split", "targets": [code], "line": mapping(to_degrees(line))} | more


def accepted(reader: Reader, dice: random.Random) -> Step:
    """A form that will be accepted: tried out on the draft."""
    while True:
        form = some_split(reader, dice) if dice.random() < 0.6 else some_merge(reader, dice)
        try:
            redrawing.draft(reader, form or {})
        except Exception:
            continue
        return form
