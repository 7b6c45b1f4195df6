"""Undo and redo over the API, and the history of edits."""

from __future__ import annotations

import pytest
import shapely

from tests.mapapp.doing import grant, split
from tests.mapapp.redraws import MERGE, by_code, dump, post, preview
from tests.mapapp.web import Web


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


def test_what_undo_and_redo_would_take_is_named_also_where_it_is_no_more(town: Web) -> None:
    one, other = MERGE["targets"]
    names = {code: town.area(code)["name"] for code in (one, other)}
    rev = post(town, MERGE)["rev"]
    told = town.get("/api/edits?mine=true").json
    assert {area["code"]: area["name"] for area in told["undo"]["named"]} == names and told["redo"] is None
    assert {area["level"] for area in told["undo"]["named"]} == {town.area(one)["level"]}
    post(town, {}, path=f"/api/edits/{rev}/undo")
    told = town.get("/api/edits?mine=true").json
    assert {area["code"]: area["name"] for area in told["redo"]["named"]} == names


def test_the_history_of_an_area_names_the_others_also_where_they_are_no_more(town: Web) -> None:
    names = {code: town.area(code)["name"] for code in MERGE["targets"]}
    rev = post(town, MERGE)["rev"]
    post(town, {}, path=f"/api/edits/{rev}/undo")
    post(town, {}, path=f"/api/edits/{rev + 1}/undo")
    undone, taken, merged, *older = town.get(f"/api/edits?area={MERGE['keep']}").json["edits"]
    for edit in (undone, taken, merged):
        assert {area["code"]: area["name"] for area in edit["named"]} == names
    assert [edit["named"] for edit in older if edit["op"] == "import"] == [[]] * len(older)
    assert "named" not in town.get("/api/edits").json["edits"][0], "a page that shows all edits asks for none"


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
    assert set(lines[0]) == {"rev", "at", "actor", "op", "note", "undone_by", "undoes", "areas", "mine", "reason", "named"}
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
