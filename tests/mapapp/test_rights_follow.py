"""Whoever may work in an area may work on its ground after every kind of redraw, and nowhere else; people and posts follow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import shapely

from layers.redraw import OPERATIONS
from tests.layers.test_redraw_draw import box
from tests.mapapp.doing import across
from tests.mapapp.test_api_assigning import houses, painting
from tests.mapapp.test_api_drawing import drawing
from tests.mapapp.test_api_reshaping import BUMP, aside, corners, near_border
from tests.mapapp.web import PASSWORD, Web

HOME = "11"  # the leaf that the account of these tests holds


def neighbour(town: Web) -> str:
    """A leaf of the same community that shares a border with HOME."""
    with town.store.read() as reader:
        home = reader.area(HOME)
        return next(one.code for one in reader.leaves_near(home.shape.bounds)
                    if one.parent == home.parent and one.fid != home.fid and shapely.intersection(one.shape, home.shape).length > 0)


def hold(town: Web, code: str) -> str:
    """A new planner of that one area; answers the name."""
    with town.store.read() as reader:
        town.accounts.add("inner", PASSWORD, [("planner", reader.area(code).fid, reader.rev)], label="inner")
    town.tokens["inner"] = town.accounts.new_token("inner", 30)
    return "inner"


def sees(town: Web) -> set[str]:
    """Codes of the leaves the account may redraw."""
    told = town.get("/api/areas?leaf=true", "inner").json["areas"]
    assert all(area["editable"] for area in told)
    return {area["code"] for area in told}


def do(town: Web, form: dict) -> dict:
    answer = town.post("/api/edits", "mayor", json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def split(town: Web) -> tuple[dict, set[str]]:
    done = do(town, {"op": "split", "targets": [HOME], "line": across(town, "inside")})
    return done, {area["code"] for area in done["changed"]}


def merge(town: Web) -> tuple[dict, set[str]]:
    other = neighbour(town)
    return do(town, {"op": "merge", "targets": [HOME, other], "keep": other}), {other}


def dissolve(town: Web) -> tuple[dict, set[str]]:
    return do(town, {"op": "dissolve", "targets": ["C1"]}), {"C1"}


def subdivide(town: Web) -> tuple[dict, set[str]]:
    done = do(town, {"op": "subdivide", "targets": ["C1"], "level": "micro_grid"})
    return done, {area["code"] for area in done["changed"] if area["new"]}


def border(make: Callable[[Web], dict]) -> Callable[[Web], tuple[dict, set[str]]]:
    """An operation that moves the border of the home: it stays the home."""
    return lambda town: (do(town, make(town)), {HOME})


def ground(make: Callable[[Web], dict]) -> Callable[[Web], tuple[dict, set[str]]]:
    """An operation that gives ground of the home away: new areas on it are the account's, too."""
    def done(town: Web) -> tuple[dict, set[str]]:
        told = do(town, make(town))
        return told, {HOME} | {one["code"] for one in told["changed"] if one["new"]}
    return done


def vertex(op: str) -> Callable[[Web], dict]:
    def form(town: Web) -> dict:
        first, second = corners(town, HOME, "21")[:2]
        middle = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
        return {"move_vertex": {"op": op, "at": first, "to": aside(first, 0.0001, 0)},
                "insert_vertex": {"op": op, "at": near_border(town, middle)}, "delete_vertex": {"op": op, "at": first}}[op]
    return form


# operation -> what is done to the home of the account, and the leaves that hold its ground afterwards
DONE: dict[str, Callable[[Web], tuple[dict, set[str]]]] = {
    "split": split, "merge": merge, "dissolve": dissolve, "subdivide": subdivide, "reshape": border(lambda town: BUMP),
    **{op: border(vertex(op)) for op in ("move_vertex", "insert_vertex", "delete_vertex")},
    "draw": ground(lambda town: drawing(box(1.5, 1, 0.3, 0.25))), "island": ground(lambda town: drawing(box(1, 1, 0.15), op="island")),
    "divide": ground(lambda town: {"op": "divide", "targets": [HOME], "parts": 3}),
    "halve": ground(lambda town: {"op": "halve", "targets": [HOME]}),
    "lattice": ground(lambda town: {"op": "lattice", "targets": [HOME], "rows": 6, "columns": 9}),
    "assign_buildings": border(lambda town: painting(houses(town, neighbour(town)), HOME)),
    "transfer": lambda town: (do(town, {"op": "transfer", "targets": ["31"], "parent": "C2"}), {"31"})}


def settle(town: Web, op: str) -> str:
    """The home of the account for that operation: a leaf, of the community where only that can be divided."""
    if op == "transfer":
        return "31"  # it touches the community it goes to
    if op != "subdivide":
        return HOME
    dissolve(town)
    return "C1"


@pytest.mark.promise("Rights, people and posts follow the ground after every kind of redraw, its undo and its redo")
@pytest.mark.parametrize("op", sorted(DONE))
def test_rights_follow_the_ground_there_and_back(town: Web, op: str):
    home = settle(town, op)
    hold(town, home)
    assert sees(town) == {home}
    done, heirs = DONE[op](town)
    assert sees(town) == heirs
    undone = town.post(f"/api/edits/{done['rev']}/undo", "mayor")
    assert undone.status_code == 200, undone.text
    assert sees(town) == {home}
    redone = town.post(f"/api/edits/{undone.json['rev']}/undo", "mayor")
    assert redone.status_code == 200, redone.text
    assert sees(town) == heirs


@pytest.mark.parametrize("op", sorted(DONE.keys() - {"transfer"}))  # of that: test_api_drawing
def test_people_and_posts_stand_on_living_ground_after_it(town: Web, op: str):
    person, post = town.fids["staff"]["inside"], town.fids["checkpoints"]["inside"]
    home = settle(town, op)
    done, heirs = DONE[op](town)
    for layer, fid in (("staff", person), ("checkpoints", post)):
        with town.store.read() as reader:
            area = reader.areas([reader.row(layer, fid)["area"]])
        assert {one.code for one in area.values()} <= {home, *heirs} and area, f"{layer}: with the area that lives on, or its heir"
    town.post(f"/api/edits/{done['rev']}/undo", "mayor")
    for layer, fid in (("staff", person), ("checkpoints", post)):
        with town.store.read() as reader:
            assert [one.code for one in reader.areas([reader.row(layer, fid)["area"]]).values()] == [home], layer


def test_a_merge_does_not_give_a_neighbour_the_right_over_what_was_there_before(town: Web):
    """Before the merge the account saw its own ground only; what a merge widened is narrowed by its undo."""
    hold(town, HOME)
    other = neighbour(town)
    done, _ = merge(town)
    assert town.get(f"/api/areas/{other}", "inner").status_code == 200
    town.post(f"/api/edits/{done['rev']}/undo", "mayor")
    assert town.get(f"/api/areas/{other}", "inner").status_code == 404
    assert town.post("/api/edits/preview", "inner", json={"op": "merge", "targets": [HOME, other]}).status_code == 404


def test_a_neighbours_vertex_needs_no_right_and_leaves_no_history(town: Web):
    hold(town, HOME)
    other = neighbour(town)
    before = town.get(f"/api/edits?area={other}", "mayor").json["edits"]
    answer = town.post("/api/edits", "inner", json={"op": "split", "targets": [HOME], "line": across(town, "inside")})
    assert answer.status_code == 200, answer.text
    assert [edit["rev"] for edit in town.get(f"/api/edits?area={other}", "mayor").json["edits"]] == [edit["rev"] for edit in before]


def test_every_operation_is_looked_at():
    assert set(DONE) == set(OPERATIONS)
