"""Cutting in two over the API: fair, conserved, the same seed the same, undo and redo also after a neighbour's cut."""

from __future__ import annotations

from tests.mapapp.web import CELL, UNKNOWN, Web

HALVE = {"op": "halve", "targets": ["11"]}


def post(web: Web, form: dict, path: str = "/api/edits", as_: str = "mayor") -> dict:
    answer = web.post(path, as_, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_the_preview_shows_is_saved_and_undo_and_redo_bring_it_back(town: Web) -> None:
    before = town.area("11")
    told = post(town, HALVE, "/api/edits/preview")
    halves = [one["after"] for one in told["changed"]]
    assert len(halves) == 2 and min(one["households"] for one in halves) >= before["households"] / 3
    assert told["totals_before"]["population"] == told["totals_after"]["population"] and told["line_m"] > 0
    done = post(town, HALVE | {"versions": {"11": before["version"]}})
    assert [one["geometry"] for one in done["changed"]] == [one["geometry"] for one in told["changed"]]
    assert [one["after"]["households"] for one in done["changed"]] == [one["households"] for one in halves]
    back = town.post(f"/api/edits/{done['rev']}/undo").json
    assert town.area("11")["households"] == before["households"]
    again = town.post(f"/api/edits/{back['rev']}/undo").json
    assert again["undone"] == back["rev"] and town.area("11")["households"] == halves[0]["households"]


def test_undo_after_a_neighbour_was_cut(town: Web) -> None:
    before = town.area("11")
    done = post(town, HALVE)
    neighbour = next(area for area in town.get("/api/areas?parent=C1&limit=1000").json["areas"] if area["code"] == "21")
    post(town, {"op": "halve", "targets": [neighbour["code"]]})
    assert town.post(f"/api/edits/{done['rev']}/undo").status_code == 200
    assert town.area("11")["households"] == before["households"]


def test_ground_counted_by_cell_and_ground_nobody_counted(town: Web) -> None:
    for code in (CELL, UNKNOWN):
        told = post(town, HALVE | {"targets": [code]}, "/api/edits/preview")
        assert len(told["changed"]) == 2
        assert ("divided-by-ground" in [one["kind"] for one in told["findings"]]) == (code == UNKNOWN)


def test_what_makes_no_sense_is_refused_and_changes_nothing(town: Web) -> None:
    rev = town.get("/healthz").json["rev"]
    for change, code in (({"targets": []}, "missing-field"), ({"targets": None}, "missing-field"), ({"targets": ["11", "12"]}, "bad-input"),
                         ({"targets": ["C1"]}, "not-leaf"), ({"targets": ["nowhere"]}, "unknown-area"), ({"seed": -1}, "bad-input"),
                         ({"seed": 0.5}, "bad-input"), ({"seed": True}, "bad-input"), ({"versions": {"11": 99}}, "stale")):
        answer = town.post("/api/edits", "mayor", json=HALVE | change)
        assert answer.json["code"] == code, (change, answer.text)
    assert town.post("/api/edits", "outsider", json=HALVE).status_code in (403, 404)
    assert town.get("/healthz").json["rev"] == rev
