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
