"""A new area and an island over the API: what is told, who may, where it is refused, and who stands where afterwards."""

from __future__ import annotations

import pytest
import shapely

from layers.areas import to_degrees
from tests.layers.little_town import by_code, little_town
from tests.layers.test_redraw_draw import box
from tests.mapapp.doing import grant
from tests.mapapp.web import Web

CODES = by_code(little_town())


def drawing(polygon: shapely.Polygon, parent: str = "C1", op: str = "draw", **more) -> dict:
    return {"op": op, "parent": parent, "polygon": shapely.geometry.mapping(to_degrees(polygon)), **more}


ACROSS = box(1.5, 2, 0.3, 0.25)  # over the border of 12 and 22
SWALLOWS = box(1, 1, 0.85)  # 11 lies wholly under it
LEAVES = box(2, 2.5, 0.3, 0.4)  # half in C3
INSIDE = box(2, 2, 0.15)  # in 22


def post(web: Web, form: dict, who: str = "mayor", path: str = "/api/edits") -> dict:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def by(changed: list[dict]) -> dict[str, dict]:
    return {one["code"]: one for one in changed}


@pytest.mark.parametrize("form", [drawing(ACROSS), drawing(SWALLOWS), drawing(INSIDE, op="island")])
def test_the_preview_shows_what_the_commit_writes(town: Web, form: dict) -> None:
    before, head = town.area("C1"), town.store.head()
    told = post(town, form, path="/api/edits/preview")
    assert town.store.head() == head and "rev" not in told and told["line_m"] > 0
    done = post(town, form)
    assert (told["totals_before"], told["totals_after"], told["findings"]) == (done["totals_before"], done["totals_after"], done["findings"])
    for key in ("households", "population", "special_total", "buildings"):
        assert done["totals_before"][key] == done["totals_after"][key]
    (new,) = [one for one in done["changed"] if one["new"]]
    (draft,) = [one for one in told["changed"] if one["new"]]
    assert (draft["code"], draft["next_code"]) == ("+1", new["code"]) and new["parent"] == "C1" and new["level"] == "micro_grid"
    assert new["after"] == draft["after"] and new["geometry"] == draft["geometry"]
    for key in ("population", "area_m2", "version"):
        assert town.area("C1")[key] == pytest.approx(before[key]), key
    assert town.area(new["code"])["population"] == new["after"]["population"]
    back = town.post(f"/api/edits/{done['rev']}/undo")
    assert back.status_code == 200 and town.get(f"/api/areas/{new['code']}").status_code == 404


def test_who_lies_under_it_retires_and_its_people_go_along(town: Web) -> None:
    with town.store.read() as reader:
        fid = reader.area("11").fid
        staff = [row["fid"] for row in reader.rows("staff", geometry=False) if row["area"] == fid]
        houses = [row["fid"] for row in reader.rows("buildings", geometry=False) if row["area"] == fid]
    assert staff and houses
    done = post(town, drawing(SWALLOWS))
    changed = by(done["changed"])
    assert changed["11"]["retired"] and not changed["12"]["retired"]
    (new,) = [one for one in done["changed"] if one["new"]]
    with town.store.read() as reader:
        assert {row["area"] for row in reader.rows("staff", fids=staff, geometry=False)} == {new["fid"]}
        assert {row["area"] for row in reader.rows("buildings", fids=houses, geometry=False)} == {new["fid"]}
    assert new["code"] in {one["code"] for one in town.get("/api/areas?parent=C1&limit=1000", "planner").json["areas"]}


def test_ground_beyond_the_parent_is_refused_with_the_place_or_left_out(town: Web) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = town.post(path, json=drawing(LEAVES))
        assert answer.status_code == 422 and answer.json["code"] == "line-leaves-parent" and answer.json["areas"] == ["23"]
        assert CODES["23"].shape.contains(shapely.Point([value * 1e7 for value in answer.json["where"]]))
    done = post(town, drawing(LEAVES, trim=True))
    assert [finding["kind"] for finding in done["findings"]][0] == "trimmed" and done["findings"][0]["code"] == "C1"
    assert {one["code"] for one in done["touched"]} == {"23"}


def test_a_leaf_that_falls_apart_is_refused_or_its_pieces_become_areas(town: Web) -> None:
    strip = drawing(box(2, 2, 0.08, 0.94), trim=True)
    answer = town.post("/api/edits", json=strip)
    assert (answer.status_code, answer.json["code"], answer.json["areas"]) == (422, "parts", ["22"])
    assert len([one for one in post(town, strip | {"rest": "new"}, path="/api/edits/preview")["changed"] if one["new"]]) == 2
    done = post(town, strip | {"allow_parts": True})
    assert len(next(one for one in done["changed"] if one["code"] == "22")["geometry"]["coordinates"]) == 2


@pytest.mark.parametrize(("polygon", "giver", "to"), [(box(2, 2, 0.08, 0.94), "22", "12"), (box(1.2, 1.2, 0.35), "11", "+1")])
def test_what_a_new_area_cuts_off_is_offered_by_name_and_given(town: Web, polygon, giver: str, to: str) -> None:
    form = drawing(polygon, trim=True)
    for path in ("/api/edits/preview", "/api/edits"):
        answer = town.post(path, "planner", json=form)
        assert (answer.status_code, answer.json["code"], answer.json["areas"], answer.json["to"]) == (422, "parts", [giver], [to])
    told, done = post(town, form | {"rest": "give"}, "planner", "/api/edits/preview"), post(town, form | {"rest": "give"}, "planner")
    (new,) = [one for one in done["changed"] if one["new"]]
    (draft,) = [one for one in told["changed"] if one["new"]]
    assert told["findings"] == done["findings"] and draft["next_code"] == new["code"] and draft["after"] == new["after"]
    assert [one["code"] for one in done["findings"] if one["kind"] == "part-given"] == [new["code"] if to == "+1" else to]
    assert all(len(one["geometry"]["coordinates"]) == 1 for one in done["changed"] if one["geometry"])
    for key in ("households", "population", "special_total", "buildings"):
        assert done["totals_before"][key] == done["totals_after"][key] == sum((one["after"] or {}).get(key) or 0 for one in done["changed"])
    assert town.post(f"/api/edits/{done['rev']}/undo", "planner").status_code == 200
    assert town.get(f"/api/areas/{new['code']}").status_code == 404


def test_who_works_in_c1_only_draws_there(town: Web) -> None:
    for who, status in (("planner", 200), ("commander", 200), ("neighbour", 404), ("viewer", 403), ("reporter", 403), (None, 401)):
        assert town.post("/api/edits/preview", who, json=drawing(ACROSS)).status_code == status, who
    assert town.post("/api/edits/preview", "planner", json=drawing(LEAVES, "K")).status_code == 404
    assert town.post("/api/edits/preview", "mixed", json=drawing(ACROSS, "T1")).status_code == 403
    assert town.post("/api/edits/preview", "mixed", json=drawing(ACROSS)).status_code == 200
    assert town.post("/api/edits", "planner", json=drawing(ACROSS)).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"op": "draw", "parent": "C1"}, 422, "missing-field"),
        ({"op": "island", "polygon": drawing(INSIDE)["polygon"]}, 422, "missing-field"),
        (drawing(INSIDE, "nobody"), 404, "unknown-area"),
        (drawing(INSIDE, "22"), 422, "no-children"),
        (drawing(INSIDE, rest="old"), 400, "bad-input"),
        (drawing(LEAVES, "K"), 422, "other-parent"),
        (drawing(ACROSS, "22", "island"), 422, "line-leaves-parent"),
        ({"op": "draw", "parent": 7, "polygon": None}, 400, "bad-input"),
        ({"op": "draw", "parent": "C1", "polygon": 5}, 422, "bad-geometry"),
        ({"op": "draw", "parent": "C1", "polygon": {"type": "Polygon", "coordinates": 5}}, 422, "bad-geometry"),
        ({"op": "draw", "parent": "C1", "polygon": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}, 422, "bad-geometry"),
        ({"op": "draw", "parent": "C1", "polygon": {"type": "Polygon", "coordinates": [[[120.2, 23], [120.3, 23]]]}}, 422, "bad-geometry"),
    ],
)
def test_refusals_name_their_reason(shared: Web, form: dict, status: int, reason: str) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, reason), answer.text


# --- another parent ----------------------------------------------------------------------------------------------
MOVE = {"op": "transfer", "targets": ["31"], "parent": "C2"}


def test_an_area_gets_another_parent_with_all_who_work_there(town: Web) -> None:
    before = {code: town.area(code)["population"] for code in ("C1", "C2", "T1", "31")}
    told = post(town, MOVE, path="/api/edits/preview")
    done = post(town, MOVE | {"versions": {"31": town.area("31")["version"]}})
    assert done["totals_before"] == done["totals_after"] == told["totals_after"]
    (one,) = done["changed"]
    assert (one["code"], one["parent"], one["retired"], one["new"]) == ("31", "C2", False, False) and one["before"] == one["after"]
    now = {code: town.area(code)["population"] for code in before}
    assert (now["C1"], now["C2"], now["T1"]) == (before["C1"] - before["31"], before["C2"] + before["31"], before["T1"])
    assert town.get("/api/areas/31", "planner").status_code == 404 and town.area("31", "neighbour")["parent"] == "C2"
    for kind in ("staff", "buildings", "checkpoints"):
        assert {row["area"] for row in town.get(f"/api/{kind}?area=31", "neighbour").json[kind]} <= {"31"}, kind
        assert town.get(f"/api/{kind}?area=C1", "planner").status_code == 200
    (line,) = town.get("/api/edits?area=31&limit=1").json["edits"]
    assert (line["op"], line["note"]) == ("transfer", "31")
    assert town.post("/api/edits", json=MOVE | {"versions": {"31": 1}}).json["code"] in ("stale", "wrong-parent")
    assert town.post(f"/api/edits/{done['rev']}/undo").status_code == 200
    assert {code: town.area(code)["population"] for code in before} == before


def test_it_takes_the_right_over_both_parents_and_so_does_taking_it_back(town: Web) -> None:
    for who, status in (("planner", 404), ("neighbour", 404), ("outsider", 404), ("mixed", 403), ("viewer", 403), ("watcher", 403), (None, 401)):
        for path in ("/api/edits/preview", "/api/edits"):
            answer = town.post(path, who, json=MOVE)
            assert answer.status_code == status, (who, answer.text)
    answer = town.post("/api/edits", "mixed", json=MOVE).json
    assert answer["code"] == "forbidden"
    rev = post(town, MOVE, "chief")["rev"]
    for who in ("planner", "commander", "neighbour", "mixed"):
        assert town.post(f"/api/edits/{rev}/undo", who, json={"reason": "nein"}).status_code in (403, 404), who
    assert town.area("31")["parent"] == "C2"
    assert town.post(f"/api/edits/{rev}/undo", "chief").status_code == 200 and town.area("31")["parent"] == "C1"


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"op": "transfer", "targets": ["31"]}, 422, "missing-field"),
        ({"op": "transfer", "parent": "C2"}, 422, "missing-field"),
        (MOVE | {"parent": "C1"}, 422, "wrong-parent"),
        (MOVE | {"parent": "T1"}, 422, "wrong-parent"),
        (MOVE | {"parent": "41"}, 422, "no-children"),
        (MOVE | {"targets": ["20"]}, 422, "not-adjacent"),
        (MOVE | {"targets": ["22"], "parent": "C3"}, 422, "locked"),
        (MOVE | {"parent": "nowhere"}, 404, "unknown-area"),
        (MOVE | {"targets": [5]}, 400, "bad-input"),
        (MOVE | {"targets": "31"}, 400, "bad-input"),
    ],
)
def test_transfers_that_cannot_be(shared: Web, form: dict, status: int, reason: str) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, reason), answer.text


def test_rights_on_a_leaf_follow_to_what_was_drawn_from_it(town: Web) -> None:
    """Whoever works in one leaf works in the new area too that took ground of it, until somebody assigns one."""
    who = grant(town, "clerk of one", "planner", "12")
    new = next(one for one in post(town, drawing(ACROSS))["changed"] if one["new"])
    assert town.get(f"/api/areas/{new['code']}", who).json["editable"]
    assert town.get("/api/areas/32", who).status_code == 404
