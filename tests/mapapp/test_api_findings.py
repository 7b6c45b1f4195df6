"""The list of what somebody should look at: only one's own changes, buildings that lie in no area."""

from __future__ import annotations

from tests.mapapp.doing import split
from tests.mapapp.web import Web


def test_only_what_one_changed_oneself_and_did_not_take_back(town: Web) -> None:
    assert town.get("/api/findings?mine=true", "planner").json["findings"] == []
    done = town.post("/api/edits", "planner", json=split(town, "inside", "planner")).json
    changed = {area["fid"] for area in done["changed"]}
    listed = town.get("/api/findings?mine=true", "planner").json
    assert listed["findings"] and {row["fid"] for row in listed["findings"]} <= changed
    assert sum(listed["counts"].values()) == len(listed["findings"])
    assert town.get("/api/findings?mine=true", "mayor").json["findings"] == [], "another's changes are not one's own"
    town.post(f"/api/edits/{done['rev']}/undo", "planner")
    assert town.get("/api/findings?mine=true", "planner").json["findings"] == []


def test_a_building_in_no_area_is_listed_for_who_sees_everything(town: Web) -> None:
    with town.store.write("mayor", "add buildings") as tx:
        (row,) = tx.rows("buildings", limit=1)
        tx.insert("buildings", [{"geom": row["geom"], "name": "loose", "area": None}])
    counts = town.get("/api/findings").json["counts"]
    assert counts["building-loose"] == 1
    (row,) = town.get("/api/findings?kind=building-loose").json["findings"]
    west, south, east, north = row["bounds"]
    assert row["name"] == "loose" and west < row["where"][0] < east and south < row["where"][1] < north
    assert "building-loose" not in town.get("/api/findings", "planner").json["counts"], "a planner sees a part of the town"
