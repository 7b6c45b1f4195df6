"""Redraw over the API: preview, commit, undo and redo, conflicts, refusals, history."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from geodata.checking import check_store
from layers.redraw import OPERATIONS
from tests.mapapp.doing import across, grant, split
from tests.mapapp.web import UNKNOWN, Web

FIGURES = {
    "households",
    "population",
    "special_total",
    "special",
    "buildings",
    "area_m2",
    "staff",
    "norm",
    "known_share",
    "estimated",
}
MERGE = {"op": "merge", "targets": ["11", "21"], "keep": "11"}


def post(web: Web, form: dict[str, Any], who: str = "mayor", path: str = "/api/edits") -> dict[str, Any]:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def preview(web: Web, form: dict[str, Any], who: str = "mayor") -> dict[str, Any]:
    return post(web, form, who, "/api/edits/preview")


def by_code(changed: list[dict]) -> dict[str, dict]:
    return {change["code"]: change for change in changed}


def dump(web: Web) -> dict[str, list]:
    """All areas as they are, and the facts on them."""
    with web.store.read() as reader:
        areas = [
            (area.fid, area.code, area.version, area.shape.wkb, area.parent, area.attributes)
            for area in reader.all_areas()
        ]
        owners = [
            (layer, row["fid"], row["area"])
            for layer in ("buildings", "units", "staff", "gates", "shares", "zones")
            for row in reader.rows(layer, geometry=False)
        ]
    return {"areas": areas, "owners": owners}


ELSEWHERE = {"subdivide": "test_api_dividing", "dissolve": "test_api_dividing", "draw": "test_api_drawing", "island": "test_api_drawing",
             "reshape": "test_api_reshaping", "move_vertex": "test_api_reshaping", "insert_vertex": "test_api_reshaping",
             "delete_vertex": "test_api_reshaping", "transfer": "test_api_drawing", "divide": "test_api_divide", "halve": "test_api_halve",
             "lattice": "test_api_lattice", "assign_buildings": "test_api_assigning"}
FORMS = {"split": lambda web: split(web, "inside", "mayor"), "merge": lambda web: MERGE}


def test_every_operation_has_a_form_here() -> None:
    assert {*FORMS, *ELSEWHERE} == set(OPERATIONS)


# ---- preview and commit ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("op", FORMS)
def test_a_preview_writes_nothing(town: Web, op: str) -> None:
    before, head = dump(town), town.store.head()
    answer = preview(town, FORMS[op](town))
    assert dump(town) == before and town.store.head() == head
    assert "edit" not in answer and "rev" not in answer


@pytest.mark.parametrize("op", FORMS)
def test_numbers_of_the_preview_are_those_written_and_those_read_afterwards(town: Web, op: str) -> None:
    form = FORMS[op](town)
    seen, done = preview(town, form), post(town, form)
    assert done["edit"] == done["rev"] == town.rev and seen["op"] == done["op"] == op
    assert seen["totals_before"] == done["totals_before"] and seen["totals_after"] == done["totals_after"]
    assert (
        seen["findings"] == done["findings"] and seen["touched"] == done["touched"] and seen["line_m"] == done["line_m"]
    )
    shown = {change["next_code"] or change["code"]: change for change in seen["changed"]}
    written = by_code(done["changed"])
    assert set(shown) == set(written)
    for code, change in written.items():
        assert change["before"] == shown[code]["before"] and change["after"] == shown[code]["after"], code
        assert change["geometry"] == shown[code]["geometry"]
        assert (change["new"], change["retired"]) == (shown[code]["new"], shown[code]["retired"])
        if change["retired"]:
            assert town.get(f"/api/areas/{code}").status_code == 404
            continue
        assert set(change["after"]) >= FIGURES
        card = town.area(code)
        assert {key: card[key] for key in FIGURES - {"area_m2"}} == {
            key: change["after"][key] for key in FIGURES - {"area_m2"}
        }, code
        assert abs(card["area_m2"] - change["after"]["area_m2"]) <= 0.1
        assert card["version"] == change["version"] and card["fid"] == change["fid"]
        assert shapely.geometry.shape(town.get(f"/api/areas/{code}?geometry=true").json["geometry"]).equals(
            shapely.geometry.shape(change["geometry"])
        )
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total]
    assert check_store(town.store)["gaps"] == check_store(town.store)["overlaps"] == 0


def test_the_part_to_keep_is_named_by_a_point(town: Web) -> None:
    parts = [
        shapely.geometry.shape(change["geometry"])
        for change in preview(town, split(town, "inside", "mayor"))["changed"]
    ]
    for part in parts:
        spot = part.representative_point()
        kept = by_code(preview(town, split(town, "inside", "mayor") | {"keep": [spot.x, spot.y]})["changed"])["11"]
        assert shapely.geometry.shape(kept["geometry"]).contains(spot)


def test_a_new_area_gets_a_code_never_used_before(town: Web) -> None:
    first = next(change["code"] for change in post(town, split(town, "inside", "mayor"))["changed"] if change["new"])
    post(town, {"op": "merge", "targets": ["11", first], "keep": "11"})
    second = next(change["code"] for change in post(town, split(town, "inside", "mayor"))["changed"] if change["new"])
    assert first == "11-2" and second == "11-3"


def test_unknown_people_stay_unknown(town: Web) -> None:
    form = {"op": "merge", "targets": [UNKNOWN, "21"], "keep": "21"}
    answer = post(town, form)
    after = by_code(answer["changed"])["21"]["after"]
    assert by_code(answer["changed"])[UNKNOWN]["before"]["households"] is None
    assert after["households"] == by_code(answer["changed"])["21"]["before"]["households"]


# ---- conflicts -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/api/edits", "/api/edits/preview"])
def test_areas_that_somebody_changed_are_a_conflict_that_names_them(town: Web, path: str) -> None:
    form = MERGE | {"versions": {"11": 1, "21": 1}}
    first = post(town, split(town, "inside", "mayor"))
    before = dump(town)
    answer = town.post(path, json=form)
    assert (answer.status_code, answer.json["code"]) == (409, "stale")
    assert [{key: area[key] for key in ("code", "fid", "version", "yours")} for area in answer.json["areas"]] == [
        {"code": "11", "fid": town.area("11")["fid"], "version": 2, "yours": 1}
    ]
    assert [edit["rev"] for edit in answer.json["edits"]] == [first["rev"]] and answer.json["lines"]["type"] == "MultiLineString"
    assert {area["code"] for area in answer.json["now"]} == {"11", "11-2"} and all("households" in area["figures"] for area in answer.json["now"])
    assert dump(town) == before


def test_a_note_on_an_area_is_no_conflict_for_who_cuts_it(town: Web) -> None:
    town.patch("/api/areas/21", json={"version": 1, "note": "x"})
    post(town, MERGE | {"versions": {"11": 1, "21": 1}})


def test_versions_that_fit_are_no_conflict(town: Web) -> None:
    post(town, MERGE | {"versions": {"11": 1, "21": 1}})


def test_a_vertex_on_an_unmoved_border_is_no_conflict(town: Web) -> None:
    """The neighbour of a cut area gains a vertex: who read it before may still redraw it."""
    touched = [area["code"] for area in post(town, split(town, "inside", "mayor"))["touched"]]
    assert touched
    assert all(town.area(code)["version"] == 1 for code in touched)


# ---- refusals --------------------------------------------------------------------------------------------------------
def short_line(web: Web) -> dict:
    line = shapely.geometry.shape(across(web, "inside"))
    return shapely.geometry.mapping(
        shapely.LineString([line.interpolate(0.1, normalized=True), line.interpolate(0.5, normalized=True)])
    )


def refusals(web: Web) -> dict[str, tuple[dict, int, str, bool]]:
    """name -> (form, status, code, whether it names a place)."""
    line, far = across(web, "inside"), {"type": "LineString", "coordinates": [[10, 10], [11, 11]]}
    (x, y), (u, v) = line["coordinates"][0], line["coordinates"][-1]
    knot = {"type": "LineString", "coordinates": [[x, y], [u, v], [(x + u) / 2, v + 1e-3], [(x + u) / 2, v - 1e-3]]}
    return {
        "ends inside": ({"op": "split", "targets": ["11"], "line": short_line(web)}, 422, "line-inside", True),
        "meets nothing": ({"op": "split", "line": far}, 422, "line-outside", False),
        "misses its target": ({"op": "split", "targets": ["52"], "line": line}, 422, "line-outside", False),
        "crosses itself": ({"op": "split", "targets": ["11"], "line": knot}, 422, "line-crosses-itself", True),
        "an area above": ({"op": "split", "targets": ["C1"], "line": line}, 422, "not-leaf", False),
        "apart": ({"op": "merge", "targets": ["11", "31"]}, 422, "not-adjacent", True),
        "of two communities": ({"op": "merge", "targets": ["31", "41"]}, 422, "other-parent", False),
        "only one": ({"op": "merge", "targets": ["11"]}, 422, "missing-field", False),
        "the same twice": ({"op": "merge", "targets": ["11", "11"]}, 400, "bad-input", False),
        "keep another": ({"op": "merge", "targets": ["11", "21"], "keep": "31"}, 400, "bad-input", False),
        "no line": ({"op": "split", "targets": ["11"]}, 422, "missing-field", False),
        "no such operation": ({"op": "fly", "targets": ["11"]}, 422, "unknown-operation", False),
        "no operation": ({"targets": ["11"]}, 422, "missing-field", False),
        "an unknown area": ({"op": "merge", "targets": ["11", "nowhere"]}, 404, "unknown-area", False),
        "an unknown word": ({"op": "merge", "targets": ["11", "21"], "force": True}, 400, "bad-input", False),
        "a polygon": (
            {
                "op": "split",
                "targets": ["11"],
                "line": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            },
            422,
            "bad-geometry",
            False,
        ),
        "a point of a line": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[120.2, 23.0], [120.2, 23.0]]}},
            422,
            "bad-geometry",
            False,
        ),
        "out of range": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[400, 23], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "in metres": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[500000, 2540000], [500100, 2540000]]}},
            422,
            "bad-geometry",
            False,
        ),
        "with heights": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23, 5], [121, 23, 5]]}},
            422,
            "bad-geometry",
            False,
        ),
        "huge numbers": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[10**400, 23], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "words for numbers": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [["a", "b"], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "too long": (
            {
                "op": "split",
                "line": {"type": "LineString", "coordinates": [[120 + k * 1e-7, 23] for k in range(50_000)]},
            },
            400,
            "bad-input",
            False,
        ),
        "through everything": ({"op": "merge", "targets": [str(k) for k in range(151)]}, 400, "bad-input", False),
        "keep nowhere": (
            {"op": "split", "targets": ["11"], "line": line, "keep": ["nan", "nan"]},
            422,
            "bad-geometry",
            False,
        ),
        "keep far": (
            {"op": "split", "targets": ["11"], "line": line, "keep": [10**400, 1]},
            422,
            "bad-geometry",
            False,
        ),
        "keep odd": ({"op": "split", "targets": ["11"], "line": line, "keep": {"a": 1}}, 422, "bad-geometry", False),
        "op as a list": ({"op": ["split"]}, 400, "bad-input", False),
        "targets as text": ({"op": "merge", "targets": "11"}, 400, "bad-input", False),
        "targets as numbers": ({"op": "merge", "targets": [11, 21]}, 400, "bad-input", False),
        "versions as a list": (MERGE | {"versions": [1]}, 400, "bad-input", False),
        "versions as text": (MERGE | {"versions": {"11": "1"}}, 400, "bad-input", False),
        "keep as a number": ({"op": "merge", "targets": ["11", "21"], "keep": 11}, 400, "bad-input", False),
    }


@pytest.mark.parametrize("path", ["/api/edits", "/api/edits/preview"])
def test_what_cannot_be_done_is_refused_with_reason_and_place(shared: Web, path: str) -> None:
    rev = shared.rev
    for name, (form, status, code, placed) in refusals(shared).items():
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, code), f"{name}: {answer.text}"
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"] and answer.json["title"] and answer.json["status"] == status
        if placed:
            lon, lat = answer.json["where"]
            assert 120 < lon < 121 and 22 < lat < 24, name
    assert shared.rev == rev


def test_a_locked_area_is_not_redrawn(town: Web) -> None:
    town.patch("/api/areas/11", json={"version": 1, "locked": True})
    for form in (MERGE, split(town, "inside", "mayor")):
        answer = town.post("/api/edits", json=form)
        assert (answer.status_code, answer.json["code"]) == (422, "locked")


def test_edits_on_one_line_of_query_are_not_ignored(shared: Web) -> None:
    assert shared.post("/api/edits?plan=3", json=MERGE).json["code"] == "bad-input"


# ---- undo and redo ---------------------------------------------------------------------------------------------------
def test_undo_and_redo_walk_to_and_fro(town: Web) -> None:
    start = dump(town)
    first = post(town, split(town, "inside", "mayor"))["rev"]
    cut = {fid: shape for fid, _, _, shape, _, _ in dump(town)["areas"]}
    assert town.get("/api/edits?mine=true&limit=1").json["undo"]["rev"] == first
    seen = preview(town, {"op": "undo", "edit": first})
    assert seen["possible"] and seen["areas"] == ["11", "11-2"] and town.rev == first
    undone = post(town, {}, path=f"/api/edits/{first}/undo")
    assert (undone["op"], undone["undone"], undone["rev"]) == ("undo", first, first + 1)
    back = dump(town)
    assert [area[:2] + area[3:] for area in back["areas"]] == [area[:2] + area[3:] for area in start["areas"]]
    assert back["owners"] == start["owners"]
    assert all(new[2] >= old[2] for new, old in zip(back["areas"], start["areas"], strict=True)), "versions only rise"
    again = town.get("/api/edits?mine=true").json
    assert again["undo"] is None and again["redo"]["rev"] == first + 1
    assert town.post(f"/api/edits/{first}/undo").json["code"] == "undo-blocked", "undone already"
    post(town, {}, path=f"/api/edits/{again['redo']['rev']}/undo")
    assert {fid: shape for fid, _, _, shape, _, _ in dump(town)["areas"]} == cut
    answer = town.get("/api/edits?mine=true").json
    assert answer["redo"] is None and answer["undo"]["rev"] == first
    post(town, {}, path=f"/api/edits/{first}/undo")
    assert [area[:2] + area[3:] for area in dump(town)["areas"]] == [area[:2] + area[3:] for area in start["areas"]]


def test_an_undo_tells_the_areas_as_they_are_now(town: Web) -> None:
    rev = post(town, MERGE)["rev"]
    answer = post(town, {}, path=f"/api/edits/{rev}/undo")
    assert set(by_code(answer["changed"])) == {"11", "21"} and answer["areas"] == ["11", "21"]
    for code, change in by_code(answer["changed"]).items():
        card = town.area(code)
        assert change["version"] == card["version"] and change["after"]["households"] == card["households"]


def test_an_edit_under_a_later_one_waits(town: Web) -> None:
    first = post(town, MERGE)["rev"]
    second = post(town, {"op": "merge", "targets": ["11", "22"], "keep": "22"})["rev"]
    answer = town.post(f"/api/edits/{first}/undo")
    assert (answer.status_code, answer.json["code"], answer.json["edits"]) == (409, "undo-blocked", [second])
    seen = preview(town, {"op": "undo", "edit": first})
    assert not seen["possible"] and seen["blocked_by"] == [second]


def test_an_undo_needs_the_rights_of_today(town: Web) -> None:
    who = grant(town, "clerk", "planner", "C1")
    rev = post(town, split(town, "inside", "clerk"), who)["rev"]
    grant(town, "clerk", "planner", "C2")
    assert town.post(f"/api/edits/{rev}/undo", who).status_code == 404
    grant(town, "clerk", "viewer", "C1")
    assert town.post(f"/api/edits/{rev}/undo", who).status_code == 403


def test_an_edit_across_two_communities_is_undone_only_by_who_may_redraw_both(town: Web) -> None:
    """The line cuts 31 (C1) and 41 (C2); afterwards its author keeps only C1."""
    who = grant(town, "clerk", "planner", "T1")
    with town.store.read() as reader:
        left, right = (reader.area(code).shape.representative_point() for code in ("31", "41"))
    line = shapely.LineString(
        [(left.x - 30_000, left.y), (left.x, left.y), (right.x, right.y), (right.x + 30_000, right.y)]
    )
    form = {"op": "split", "line": {"type": "LineString", "coordinates": [[x / 1e7, y / 1e7] for x, y in line.coords]}}
    done = post(town, form, who)
    assert {"31", "41"} <= set(by_code(done["changed"]))
    grant(town, "clerk", "planner", "C1")
    assert town.post(f"/api/edits/{done['rev']}/undo", who).status_code == 404
    grant(town, "clerk", "planner", "T1")
    assert town.post(f"/api/edits/{done['rev']}/undo", who).status_code == 200


@pytest.mark.parametrize(
    "edit, status",
    [(None, 422), ("3", 400), (True, 400), (10**30, 400), (1, 404), (99999, 404), ([1], 400), (1.0, 400)],
)
def test_an_undo_of_nothing_is_refused(shared: Web, edit, status: int) -> None:
    assert shared.post("/api/edits/preview", json={"op": "undo", "edit": edit}).status_code == status


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "x"])
def test_an_unknown_edit_is_not_found(shared: Web, number: str) -> None:
    answer = shared.post(f"/api/edits/{number}/undo")
    assert answer.status_code == 404 and answer.json["code"] == "not-found"


# ---- history ---------------------------------------------------------------------------------------------------------
def test_the_history_of_an_area_holds_what_changed_it(town: Web) -> None:
    town.patch("/api/areas/11", json={"version": 1, "note": "x"})
    rev = post(town, split(town, "inside", "mayor"))["rev"]
    post(town, {}, path=f"/api/edits/{rev}/undo")
    lines = town.get("/api/edits?area=11").json["edits"]
    assert [line["op"] for line in lines] == ["undo", "split", "change area", "import"]
    assert lines[0]["undoes"] == rev and lines[1]["undone_by"] == lines[0]["rev"]
    assert set(lines[0]) == {"rev", "at", "actor", "op", "note", "undone_by", "undoes", "areas", "mine", "reason"}
    assert [line["op"] for line in town.get("/api/edits?area=65").json["edits"]] == ["import"]


@pytest.mark.parametrize("who", ["mayor", "viewer"])
def test_pages_of_the_history_hold_every_edit_once(town: Web, who: str) -> None:
    for version, code in enumerate(["11", "52"] * 6):
        town.patch(f"/api/areas/{code}", json={"version": 1 + version // 2, "note": f"{version}"})
    path, revs = "/api/edits?limit=4", []
    while path:
        page = town.get(path, who).json
        revs += [edit["rev"] for edit in page["edits"]]
        path = page["next"]
    whole = [edit["rev"] for edit in town.get("/api/edits?limit=1000", who).json["edits"]]
    assert revs == whole == sorted(set(revs), reverse=True)
    assert (
        len([edit for edit in town.get("/api/edits", who).json["edits"] if edit["op"] == "change area"])
        == {"mayor": 12, "viewer": 6}[who]
    )


def test_only_newer_edits_when_asked(town: Web) -> None:
    rev = town.rev
    town.patch("/api/areas/11", json={"version": 1, "note": "x"})
    assert [edit["rev"] for edit in town.get(f"/api/edits?since={rev}").json["edits"]] == [rev + 1]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "since=-1", "before=0", "mine=perhaps", "aera=11", "limit=²"])
def test_a_wrong_query_of_the_history_is_refused(shared: Web, query: str) -> None:
    assert shared.get(f"/api/edits?{query}").json["code"] == "bad-input"
