"""A lattice over the API: units with their names and stalls, conserved, undone and redone, refused when it makes no sense."""

from __future__ import annotations

import shapely

from layers.areas import to_degrees
from tests.mapapp.web import Web

LATTICE = {"op": "lattice", "targets": ["11"], "rows": 12, "columns": 18}


def post(web: Web, form: dict, path: str = "/api/edits") -> dict:
    answer = web.post(path, "mayor", json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def around(web: Web) -> dict[str, tuple]:
    return {one["code"]: (one["version"], one["households"]) for one in web.get("/api/areas?level=micro_grid&limit=1000").json["areas"]}


def test_units_are_named_by_row_and_column_and_undo_and_redo_bring_them_back(town: Web) -> None:
    before = town.area("11")
    told = post(town, LATTICE, "/api/edits/preview")
    units = [one for one in told["changed"] if not one["retired"]]
    assert len(units) >= 16 and told["totals_before"]["population"] == told["totals_after"]["population"]
    names = {one["name"] for one in units}
    assert names >= {"1-2", "2-3", "3-4"} and len(names) == len(units)
    stalls = {int(one["code"]): one["count"] for one in told["findings"] if one["kind"] == "stalls"}
    assert sum(stalls.values()) == len(units) and sum(k * n for k, n in stalls.items()) <= 12 * 18 and 9 in stalls
    done = post(town, LATTICE | {"versions": {"11": before["version"]}})
    assert [one["geometry"] for one in done["changed"]] == [one["geometry"] for one in told["changed"]]
    kept = town.area("11")
    assert kept["name"] in {one["name"] for one in units} and kept["households"] == max(one["after"]["households"] for one in units)
    back = town.post(f"/api/edits/{done['rev']}/undo").json
    after = town.area("11")
    assert (after["name"], after["households"]) == (before["name"], before["households"])
    again = town.post(f"/api/edits/{back['rev']}/undo").json
    assert again["undone"] == back["rev"] and town.area("11")["name"] == kept["name"]


def test_undo_after_a_neighbour_was_cut(town: Web) -> None:
    before = around(town)
    done = post(town, LATTICE)
    post(town, {"op": "halve", "targets": ["21"]})
    assert town.post(f"/api/edits/{done['rev']}/undo").status_code == 200
    now = around(town)
    assert now["11"][1] == before["11"][1] and set(now) - set(before) and len(now) == len(before) + 1


def test_the_baseline_is_corner_and_direction(town: Web) -> None:
    with town.store.read() as reader:
        points = shapely.get_coordinates(to_degrees(reader.area("11").shape)).tolist()
    low, right = min(points, key=lambda xy: xy[1]), max(points, key=lambda xy: xy[0])
    line = {"type": "LineString", "coordinates": [low, right]}
    told = post(town, LATTICE | {"baseline": line}, "/api/edits/preview")
    assert len(told["changed"]) > 4 and told["changed"] != post(town, LATTICE, "/api/edits/preview")["changed"]
    away = {"type": "LineString", "coordinates": [right, [right[0] + 0.001, right[1]]]}
    assert town.post("/api/edits/preview", "mayor", json=LATTICE | {"baseline": away}).json["code"] == "bad-geometry"


def test_what_makes_no_sense_is_refused_and_changes_nothing(town: Web) -> None:
    rev = town.get("/healthz").json["rev"]
    for change, code in (({"targets": []}, "missing-field"), ({"rows": None}, "missing-field"), ({"targets": ["11", "12"]}, "bad-input"),
                         ({"rows": 0}, "bad-input"), ({"columns": 2.5}, "bad-input"), ({"group": True}, "bad-input"),
                         ({"rows": 3, "columns": 3}, "bad-input"), ({"rows": 400, "columns": 200}, "bad-input"),
                         ({"rows": 400, "columns": 400, "group": 20}, "bad-input"), ({"targets": ["C1"]}, "not-leaf"),
                         ({"rows": 900, "columns": 90, "group": 30}, "sliver"), ({"baseline": {"type": "Point"}}, "bad-geometry")):
        answer = town.post("/api/edits", "mayor", json=LATTICE | change)
        assert answer.json["code"] == code, (change, answer.text)
    assert town.get("/healthz").json["rev"] == rev
