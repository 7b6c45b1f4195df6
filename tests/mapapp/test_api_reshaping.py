"""Moving borders over the API: reshape by a line, and shared vertices."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from geodata.checking import check_store
from layers.areas import to_degrees
from tests.layers.little_town import CELL_M, line
from tests.mapapp.redraws import by_code, dump, post, preview
from tests.mapapp.web import PASSWORD, Web


def at(column: float, row: float) -> tuple[float, float]:
    return (column + 0.5) * CELL_M, (row + 0.5) * CELL_M


def drawn(*points: tuple[float, float]) -> dict[str, Any]:
    """GeoJSON of a line; at(1, 2) is about the middle of the leaf "12"."""
    return shapely.geometry.mapping(to_degrees(line(*(at(*point) for point in points))))


# out of 11 into 21 and back
BUMP = {"op": "reshape", "targets": ["11"], "line": drawn((1.3, 0.8), (1.85, 0.85), (1.8, 1.2), (1.3, 1.2))}
# out of 21 as far as the houses in the middle of 31
WIDE = {"op": "reshape", "targets": ["21"], "line": drawn((2.4, 0.65), (3.3, 0.65), (3.3, 1.3), (2.4, 1.3))}


def shape(change: dict[str, Any]) -> shapely.Geometry:
    return shapely.geometry.shape(change["geometry"])


def test_a_reshaped_border_moves_for_both_sides_and_nobody_is_lost(town: Web) -> None:
    seen, done = preview(town, BUMP), post(town, BUMP)
    assert [change["code"] for change in done["changed"]] == ["11", "21"]
    grown, shrunk = done["changed"]
    assert [grown["after"], shrunk["after"]] == [change["after"] for change in seen["changed"]]
    assert not grown["new"] and not shrunk["retired"] and (grown["version"], shrunk["version"]) == (2, 2)
    assert grown["after"]["area_m2"] > grown["before"]["area_m2"] and shrunk["after"]["area_m2"] < shrunk["before"]["area_m2"]
    assert shape(grown).intersection(shape(shrunk)).area < 1e-12
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total] == seen["totals_after"][total]
        assert sum(change["after"][total] or 0 for change in done["changed"]) == done["totals_after"][total]
    for code in ("11", "21"):
        card = town.area(code)
        assert card["households"] == by_code(done["changed"])[code]["after"]["households"]
    assert done["line_m"] == pytest.approx(seen["line_m"])
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0


def test_buildings_go_with_the_ground(town: Web) -> None:
    grown = by_code(post(town, WIDE)["changed"])["21"]
    assert grown["after"]["buildings"] > grown["before"]["buildings"]
    ground = shapely.buffer(shape(grown), 1e-7)
    with town.store.read() as reader:
        mine = [row for row in reader.rows("buildings") if row["area"] == grown["fid"]]
    assert len(mine) == grown["after"]["buildings"]
    assert all(ground.intersects(row["geom"]) for row in mine)


def test_without_targets_the_line_finds_its_border(town: Web) -> None:
    free = {key: value for key, value in BUMP.items() if key != "targets"}
    assert preview(town, free)["changed"] == preview(town, BUMP)["changed"]


def test_undo_and_redo_of_a_reshape_restore_the_same_bytes(town: Web) -> None:
    before = dump(town)
    rev = post(town, BUMP)["edit"]
    moved = dump(town)
    undone = town.post(f"/api/edits/{rev}/undo")
    assert undone.status_code == 200, undone.text
    assert without_versions(dump(town)) == without_versions(before)
    assert town.post(f"/api/edits/{undone.json['edit']}/undo").status_code == 200
    assert without_versions(dump(town)) == without_versions(moved)


def test_undo_of_a_reshape_after_a_neighbour_was_cut(town: Web) -> None:
    rev = post(town, BUMP)["edit"]
    cut = {"op": "split", "targets": ["31"], "line": drawn((2.2, 1.1), (3.8, 1.0))}
    post(town, cut)
    people = town.area("T1")["population"]
    answer = town.post(f"/api/edits/{rev}/undo")
    assert answer.status_code == 200, answer.text
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0
    assert town.area("T1")["population"] == people


def without_versions(dumped: dict[str, list]) -> dict[str, list]:
    return dumped | {"areas": [(*area[:2], *area[3:]) for area in dumped["areas"]]}


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"op": "reshape", "targets": ["11"]}, 422, "missing-field"),
        ({"op": "reshape", "targets": ["C1"], "line": BUMP["line"]}, 422, "not-leaf"),
        ({"op": "reshape", "targets": ["11"], "line": drawn((1.3, 0.8), (1.85, 0.85))}, 422, "line-inside"),
        ({"op": "reshape", "targets": ["11"], "line": drawn((1.9, 0.9), (2.1, 1.1))}, 422, "line-outside"),
        ({"op": "reshape", "targets": ["00"], "line": BUMP["line"]}, 422, "line-outside"),
        (BUMP | {"rest": "new"}, 400, "bad-input"),
        ({"op": "reshape", "line": {"type": "Point", "coordinates": [1, 2]}}, 422, "bad-geometry"),
    ],
)
def test_refusals_of_a_reshape_name_reason_and_place(shared: Web, form: dict, status: int, reason: str) -> None:
    before = dump(shared)
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, reason), answer.text
        if reason.startswith("line"):
            assert len(answer.json["where"]) == 2
    assert dump(shared) == before


def test_both_sides_must_be_in_ones_own_hands(town: Web) -> None:
    """Ground of another parent is never taken; a border between two of them is nobody's to move alone."""
    over = {"op": "reshape", "targets": ["31"], "line": drawn((3.3, 0.8), (3.85, 0.85), (3.8, 1.2), (3.3, 1.2))}
    answer = town.post("/api/edits", "mayor", json=over)
    assert (answer.status_code, answer.json["code"]) == (422, "line-leaves-parent")
    assert town.post("/api/edits", "neighbour", json=BUMP).status_code == 404
    assert town.post("/api/edits", "viewer", json=BUMP).status_code == 403
    assert town.post("/api/edits", "planner", json=BUMP).status_code == 200


# ---- what is cut off ------------------------------------------------------------------------------------------------
# a tongue of 11 across all of 21 and its lake, as far as 31: the houses of 21 stand south of it
ACROSS = {"op": "reshape", "targets": ["11"], "line": drawn((1.3, 0.85), (2.7, 0.85), (2.7, 0.95), (1.3, 0.95))}


def test_what_is_cut_off_is_refused_or_given_to_the_neighbour_round_it(town: Web) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = town.post(path, json=ACROSS)
        assert (answer.status_code, answer.json["code"], answer.json["to"]) == (422, "parts", ["21", "22"])
    before, form = dump(town), ACROSS | {"rest": "give"}
    seen, done = preview(town, form), post(town, form)
    changed = by_code(done["changed"])
    assert set(changed) == {"11", "21", "22", "31"}
    assert all(len(change["geometry"]["coordinates"]) == 1 for change in changed.values())
    assert {finding["code"] for finding in done["findings"] if finding["kind"] == "part-given"} == {"21", "22"}
    for key in ("totals_before", "totals_after", "findings", "line_m"):
        assert done[key] == seen[key], "what is shown is what is written"
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total]
    for code, shown in by_code(seen["changed"]).items():
        assert shown["after"] == changed[code]["after"] and shown["after"]["households"] == town.area(code)["households"]
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0
    moved = dump(town)
    undone = town.post(f"/api/edits/{done['edit']}/undo")
    assert undone.status_code == 200 and without_versions(dump(town)) == without_versions(before)
    assert town.post(f"/api/edits/{undone.json['edit']}/undo").status_code == 200
    assert without_versions(dump(town)) == without_versions(moved)


def test_households_say_which_piece_stays_also_of_an_area_nobody_named(town: Web) -> None:
    changed = by_code(preview(town, ACROSS | {"rest": "give"})["changed"])
    stays, given = changed["21"], changed["22"]["after"]["area_m2"] - changed["22"]["before"]["area_m2"]
    assert stays["after"]["households"] == stays["before"]["households"] > 0 and stays["after"]["area_m2"] < given


def test_who_receives_must_be_in_ones_own_hands_too(town: Web) -> None:
    with town.store.read() as reader:
        sight = [("viewer", reader.area("K").fid, reader.rev)]
        for name, codes in (("three", ("11", "21", "31")), ("four", ("11", "21", "31", "22"))):
            town.accounts.add(name, PASSWORD, [("planner", reader.area(code).fid, reader.rev) for code in codes] + sight)
            town.tokens[name] = town.accounts.new_token(name, 1)
    for name, status, to in (("three", 403, []), ("four", 200, ["21", "22"])):
        assert town.post("/api/edits/preview", name, json=ACROSS).json["to"] == to, "nobody is offered what is not in his hands"
        for path in ("/api/edits/preview", "/api/edits"):
            assert town.post(path, name, json=ACROSS | {"rest": "give"}).status_code == status, (name, path)


# ---- vertices -------------------------------------------------------------------------------------------------------
def corners(web: Web, *codes: str) -> list[list[float]]:
    """Vertices that these areas share with one another and with nobody else."""
    with web.store.read() as reader:
        held = {leaf.code: set(map(tuple, shapely.get_coordinates(to_degrees(leaf.shape)).tolist())) for leaf in reader.leaves_near(
            reader.area(codes[0]).shape.bounds)}
    shared = set.intersection(*(held[code] for code in codes))
    return sorted([*place] for place in shared if not any(place in own for code, own in held.items() if code not in codes))


def aside(place: list[float], east: float, north: float) -> list[float]:
    return [place[0] + east, place[1] + north]


def test_a_vertex_moves_for_both_areas_with_their_people(town: Web) -> None:
    place = corners(town, "11", "21")[1]
    form = {"op": "move_vertex", "at": place, "to": aside(place, 0.0003, 0.0001)}
    before, seen = dump(town), preview(town, form)
    assert dump(town) == before
    done = post(town, form)
    assert {change["code"] for change in done["changed"]} == {"11", "21"}
    for key in ("totals_before", "totals_after", "findings", "touched", "line_m"):
        assert done[key] == seen[key]
    assert [change["after"] for change in done["changed"]] == [change["after"] for change in seen["changed"]]
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total]
    assert corners(town, "11", "21").count(form["to"]) == 1
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0


def test_undo_and_redo_of_vertices_restore_the_same_bytes(town: Web) -> None:
    first, second = corners(town, "11", "21")[:2]
    middle = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    for form in (
        {"op": "move_vertex", "at": first, "to": aside(first, 0.0001, 0)},
        {"op": "insert_vertex", "at": near_border(town, middle)},
        {"op": "delete_vertex", "at": first},
    ):
        before = dump(town)
        rev = post(town, form)["edit"]
        moved = dump(town)
        assert moved != before
        undone = town.post(f"/api/edits/{rev}/undo")
        assert undone.status_code == 200, undone.text
        assert without_versions(dump(town)) == without_versions(before)
        again = town.post(f"/api/edits/{undone.json['edit']}/undo")
        assert again.status_code == 200 and without_versions(dump(town)) == without_versions(moved)
        assert town.post(f"/api/edits/{again.json['edit']}/undo").status_code == 200


def near_border(web: Web, place: list[float]) -> list[float]:
    """The point of the border of 11 and 21 nearest to a place."""
    with web.store.read() as reader:
        line = to_degrees(reader.area("11").shape).boundary.intersection(to_degrees(reader.area("21").shape).boundary)
    return [*shapely.get_coordinates(shapely.shortest_line(line, shapely.Point(place)))[0].tolist()]


def test_undo_of_a_moved_vertex_after_a_neighbour_was_cut(town: Web) -> None:
    place = corners(town, "11", "21")[1]
    rev = post(town, {"op": "move_vertex", "at": place, "to": aside(place, 0.0002, 0)})["edit"]
    post(town, {"op": "split", "targets": ["31"], "line": drawn((2.2, 1.1), (3.8, 1.0))})
    answer = town.post(f"/api/edits/{rev}/undo")
    assert answer.status_code == 200, answer.text
    assert place in corners(town, "11", "21")
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0


def test_a_vertex_added_to_the_border_of_two_parents_changes_one_and_touches_the_other(town: Web) -> None:
    with town.store.read() as reader:
        line = to_degrees(reader.area("22").shape).boundary.intersection(to_degrees(reader.area("23").shape).boundary)
    first, second = shapely.get_coordinates(shapely.get_parts(shapely.line_merge(line))[0])[:2]
    at = ((first + second) / 2).tolist()
    done = post(town, {"op": "insert_vertex", "at": at, "targets": ["22"]}, "planner")
    assert [change["code"] for change in done["changed"]] == ["22"] and [area["code"] for area in done["touched"]] == ["23"]
    assert (town.area("22")["version"], town.area("23")["version"]) == (2, 1)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"op": "move_vertex", "at": [1, 2]}, "missing-field"),
        ({"op": "move_vertex", "at": [1], "to": [1, 2]}, "bad-geometry"),
        ({"op": "delete_vertex", "at": [200, 95]}, "bad-geometry"),
        ({"op": "insert_vertex"}, "missing-field"),
        ({"op": "insert_vertex", "at": [1.5, 2.5]}, "no-vertex"),
        ({"op": "delete_vertex", "at": [1.5, 2.5]}, "no-vertex"),
    ],
)
def test_refusals_of_vertices_name_their_reason(shared: Web, form: dict, reason: str) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (422, reason), answer.text


def test_borders_that_stay_and_hands_that_may_not(shared: Web) -> None:
    outer, inner = corners(shared, "22", "23")[0], corners(shared, "11", "21")[0]
    for op in ("move_vertex", "delete_vertex"):
        answer = shared.post("/api/edits", json={"op": op, "at": outer, "to": aside(outer, 1e-5, 0)})
        assert (answer.status_code, answer.json["code"]) == (422, "locked") and answer.json["where"]
    form = {"op": "move_vertex", "at": inner, "to": aside(inner, 1e-5, 0)}
    assert shared.post("/api/edits", "viewer", json=form).status_code == 403
    assert shared.post("/api/edits", "neighbour", json=form).status_code in (403, 404)
