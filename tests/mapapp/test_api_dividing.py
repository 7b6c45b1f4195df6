"""Dividing areas over the API: what is told, who may, what the findings list, and how open ground becomes an area."""

from __future__ import annotations

import pytest

from tests.mapapp.doing import split
from tests.mapapp.web import Web


def post(web: Web, form: dict, who: str = "mayor", path: str = "/api/edits") -> dict:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def divided(town: Web) -> Web:
    """C1 without its leaves, with one unassigned grid instead."""
    post(town, {"op": "dissolve", "targets": ["C1"]})
    post(town, {"op": "subdivide", "targets": ["C1"]})
    return town


def test_preview_and_commit_tell_the_area_its_children_and_the_sums(town: Web) -> None:
    before = town.area("C1")
    form = {"op": "dissolve", "targets": ["C1"]}
    told = post(town, form, path="/api/edits/preview")
    versions = {one["code"]: one["version"] for one in told["changed"] if one["retired"]}
    done = post(town, form | {"versions": versions})
    assert done["totals_before"]["population"] == done["totals_after"]["population"] == before["population"]
    (parent,) = [one for one in done["changed"] if one["code"] == "C1"]
    assert parent["leaf"] and not parent["retired"] and parent["after"]["population"] == before["population"]
    now = town.area("C1")
    assert (now["leaf"], now["children"], now["population"], now["version"]) == (True, 0, before["population"], before["version"] + 1)
    (line,) = town.get("/api/edits?area=C1&limit=1").json["edits"]
    assert (line["op"], line["note"]) == ("dissolve", "C1")
    assert town.post("/api/edits", json={"op": "subdivide", "targets": ["C1"], "level": "town"}).json["code"] == "bad-input"
    done = post(town, {"op": "subdivide", "targets": ["C1"], "level": "micro_grid"})
    child = next(one for one in done["changed"] if one["new"])
    assert (child["code"], child["level"], child["assigned"], child["parent"]) == ("C1-1", "micro_grid", False, "C1")
    back = town.post(f"/api/edits/{done['rev']}/undo")
    assert back.status_code == 200 and town.area("C1")["leaf"]


def test_a_child_that_was_cut_since_the_preview_is_a_conflict(town: Web) -> None:
    told = post(town, {"op": "dissolve", "targets": ["C1"]}, path="/api/edits/preview")
    versions = {one["code"]: one["version"] for one in told["changed"] if one["retired"]}
    post(town, split(town, "inside", "mayor"))
    answer = town.post("/api/edits", json={"op": "dissolve", "targets": ["C1"], "versions": versions})
    assert answer.status_code == 409 and answer.json["code"] == "stale"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"op": "subdivide", "targets": ["C1"]}, "has-children"),
        ({"op": "subdivide", "targets": ["11"]}, "no-level-below"),
        ({"op": "dissolve", "targets": ["11"]}, "no-children"),
        ({"op": "dissolve", "targets": ["T1"]}, "has-children"),
        ({"op": "dissolve"}, "missing-field"),
    ],
)
def test_refusals_name_their_reason(shared: Web, form: dict, reason: str) -> None:
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert answer.status_code == 422 and answer.json["code"] == reason


def test_open_ground_is_listed_hatched_and_made_an_area(divided: Web) -> None:
    listed = divided.get("/api/findings?kind=unassigned").json
    (row,) = listed["findings"]
    assert (row["code"], row["kind"], row["level"]) == ("C1-1", "unassigned", "grid") and listed["counts"]["unassigned"] == 1
    assert divided.get("/api/findings?kind=unassigned&level=town").json["counts"]["unassigned"] == 1, "whatever the level in view"
    figures = divided.get("/api/figures?level=micro_grid&metric=households").json
    assert figures["unassigned"] == [row["fid"]] and "grid" in figures["levels"]
    assert {"kind": "unassigned", "count": 1} == {
        key: value for key, value in next(
            one for one in divided.get("/api/summary?level=town").json["findings"] if one["kind"] == "unassigned").items() if key != "areas"}
    version = divided.area("C1-1")["version"]
    for wrong in (None, "yes", 1):
        assert divided.patch("/api/areas/C1-1", json={"version": version, "assigned": wrong}).status_code in (400, 422)
    answer = divided.patch("/api/areas/C1-1", json={"version": version, "assigned": True})
    assert answer.status_code == 200 and answer.json["assigned"]
    assert divided.get("/api/findings?kind=unassigned").json["findings"] == []
    rev = divided.get("/api/edits?mine=true&limit=1").json["undo"]["rev"]
    assert divided.post(f"/api/edits/{rev}/undo").status_code == 200 and not divided.area("C1-1")["assigned"]


def test_rights_follow_the_division(divided: Web) -> None:
    assert {one["code"] for one in divided.get("/api/areas?parent=C1", "planner").json["areas"]} == {"C1-1"}
    assert divided.get("/api/findings", "planner").json["counts"]["unassigned"] == 1
    assert "unassigned" not in divided.get("/api/findings", "neighbour").json["counts"]
    post(divided, {"op": "dissolve", "targets": ["C1"]}, "planner")
    assert divided.post("/api/edits", "neighbour", json={"op": "subdivide", "targets": ["C1"]}).status_code == 404
    assert divided.post("/api/edits", "viewer", json={"op": "subdivide", "targets": ["C1"]}).status_code == 403
    post(divided, {"op": "subdivide", "targets": ["C1"]}, "planner")


def test_pages_of_findings_hold_every_one_once(shared: Web) -> None:
    whole = shared.get("/api/findings").json
    path, rows = "/api/findings?limit=3", []
    while path:
        page = shared.get(path).json
        rows += page["findings"]
        path = page["next"]
    assert rows == whole["findings"] and len(rows) == sum(whole["counts"].values())
    for query in ("kind=nothing", "level=nowhere", "limit=0", "kid=1"):
        assert shared.get(f"/api/findings?{query}").json["code"] == "bad-input"
    assert shared.get("/api/findings?rev=0").json["code"] == "stale"
