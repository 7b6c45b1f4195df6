"""Dividing over the API: the same seed gives the same areas, people are conserved, undo brings all back."""

from __future__ import annotations

from tests.mapapp.web import Web

DIVIDE = {"op": "divide", "targets": ["11"], "parts": 3}


def post(web: Web, form: dict, path: str = "/api/edits") -> dict:
    answer = web.post(path, "mayor", json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_preview_and_commit_divide_an_area_and_undo_brings_it_back(town: Web) -> None:
    before = town.area("11")
    told = post(town, DIVIDE, "/api/edits/preview")
    assert len([one for one in told["changed"] if not one["retired"]]) == 3
    assert told["totals_before"]["population"] == told["totals_after"]["population"]
    assert told["line_m"] > 0
    done = post(town, DIVIDE | {"versions": {"11": before["version"]}})
    assert [one["geometry"] for one in done["changed"]] == [one["geometry"] for one in told["changed"]]
    assert [one["after"]["households"] for one in done["changed"]] == [one["after"]["households"] for one in told["changed"]]
    back = town.post(f"/api/edits/{done['rev']}/undo")
    assert back.status_code == 200 and town.area("11")["households"] == before["households"]


def test_a_parent_by_norm_undo_and_redo(town: Web) -> None:
    before = town.area("C1")
    done = post(town, {"op": "divide", "targets": ["C1"], "norm": {"min": 5, "max": 60}, "seed": 2})
    assert town.area("C1")["population"] == before["population"]
    back = town.post(f"/api/edits/{done['rev']}/undo").json
    assert town.area("C1")["version"] >= before["version"] and town.area("11")["households"] is not None
    again = town.post(f"/api/edits/{back['rev']}/undo").json
    assert again["undone"] == back["rev"] and town.area("C1")["population"] == before["population"]


def test_what_makes_no_sense_is_refused_and_changes_nothing(town: Web) -> None:
    rev = town.get("/healthz").json["rev"]
    for change, code in (
            ({"parts": 0}, "bad-input"), ({"parts": True}, "bad-input"), ({"parts": 1}, "bad-input"),
            ({"parts": None}, "missing-field"),
            ({"norm": {"min": 1, "max": 2}}, "missing-field"), ({"parts": None, "norm": {"min": 9, "max": 2}}, "bad-input"),
            ({"seed": -1}, "bad-input"), ({"tolerance": 0}, "bad-input"), ({"targets": []}, "missing-field"),
            ({"targets": ["nowhere"]}, "unknown-area"),
            ({"parts": 999}, "too-many-parts")):
        answer = town.post("/api/edits", "mayor", json=DIVIDE | change)
        assert answer.json["code"] == code, (change, answer.text)
    assert town.get("/healthz").json["rev"] == rev
