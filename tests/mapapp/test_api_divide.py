"""Dividing over the API: the same seed gives the same areas, people are conserved, undo brings all back."""

from __future__ import annotations

import threading
import time

import pytest

from geodata import proposals
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


def test_parts_that_are_not_as_asked_are_told_and_borders_are_never_less_than_none(town: Web) -> None:
    told = post(town, {"op": "divide", "targets": ["C1"], "parts": 4, "tolerance": 0.01}, "/api/edits/preview")
    homes = [one["after"]["households"] for one in told["changed"] if not one["retired"]]
    off = [abs(4 * one / sum(homes) - 1) for one in homes]
    (finding,) = [one for one in told["findings"] if one["kind"] == "outside-tolerance"]
    assert finding["count"] == sum(one > 0.01 for one in off) > 0 and finding["code"] == str(round(100 * max(off))) and finding["where"]
    many = sum(homes) + 1
    one = town.post("/api/edits/preview", "mayor", json={"op": "divide", "targets": ["C1"], "norm": {"min": many - 1, "max": many}}).json
    assert one["code"] == "bad-input", "all households make one part: nothing to divide"
    joined = post(town, {"op": "divide", "targets": ["C1"], "parts": 1}, "/api/edits/preview")
    assert str(joined["line_m"]) == "0.0"


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


# ---- what takes long -------------------------------------------------------------------------------------------------
PATIENCE_S = 60


def ended(web: Web, job: str) -> dict:
    """The job of a division when it is over."""
    until = time.monotonic() + PATIENCE_S
    while (told := web.get(f"/api/divisions/{job}", "mayor").json)["state"] in ("queued", "running"):
        assert time.monotonic() < until, told
        time.sleep(0.02)
    return told


@pytest.fixture
def searches(monkeypatch) -> list[str]:
    """Every division is a long one; the list grows with each search, by the name of its thread."""
    proposals.forget()
    monkeypatch.setattr(proposals, "LONG", 0)
    found, real = [], proposals.propose

    def counted(*asked, **told):
        found.append(threading.current_thread().name)
        return real(*asked, **told)
    monkeypatch.setattr(proposals, "propose", counted)
    return found


@pytest.mark.promise("A long division shows how far it is, can be stopped, and is shown and saved without a second search")
def test_a_long_division_is_a_job_and_is_searched_once(town: Web, searches: list[str]) -> None:
    begun = town.post("/api/edits/preview", "mayor", json=DIVIDE | {"later": True})
    assert begun.status_code == 202, begun.text
    told = ended(town, begun.json["job"])
    assert told["state"] == "done" and told["progress"] == 1 and told["form"]["parts"] == 3, told
    assert len(searches) == 1 and "aside" in searches[0], "no request waited for it"
    shown = town.post("/api/edits/preview", "mayor", json=DIVIDE | {"later": True})
    assert shown.status_code == 200
    done = post(town, DIVIDE)
    assert [one["geometry"] for one in done["changed"]] == [one["geometry"] for one in shown.json["changed"]]
    assert len(searches) == 1
    assert "later" not in town.get("/api/edits?limit=1", "mayor").text


def test_a_stopped_search_stops_and_only_its_owner_stops_it(town: Web, monkeypatch) -> None:
    proposals.forget()
    ended_by, begun = [], threading.Event()

    def endless(_ground, _town, _wish, tell):
        begun.set()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                tell(0.25)
            except BaseException as error:
                ended_by.append(type(error).__name__)
                raise
            time.sleep(0.01)
    monkeypatch.setattr(proposals, "LONG", 0)
    monkeypatch.setattr(proposals, "propose", endless)
    job = town.post("/api/edits/preview", "mayor", json=DIVIDE | {"later": True}).json["job"]
    assert begun.wait(PATIENCE_S)
    until = time.monotonic() + PATIENCE_S
    while (told := town.get(f"/api/divisions/{job}", "mayor").json)["progress"] < 0.25 and time.monotonic() < until:
        time.sleep(0.02)
    assert told["state"] == "running" and told["rest_s"] >= 1
    for verb in (town.get, town.delete):
        assert verb(f"/api/divisions/{job}", "planner").status_code == 404
    rev = town.rev
    assert town.delete(f"/api/divisions/{job}", "mayor").json["state"] == "cancelled"
    while not ended_by and time.monotonic() < until:
        time.sleep(0.02)
    assert ended_by == ["TakenOver"] and town.rev == rev
    assert town.get(f"/api/divisions/{job}", "mayor").json["state"] == "cancelled"
    assert town.delete("/api/divisions/nonsense", "mayor").status_code == 404


def test_what_cannot_be_divided_so_is_told_by_the_job(town: Web, searches: list[str]) -> None:
    job = town.post("/api/edits/preview", "mayor", json=DIVIDE | {"parts": 999, "later": True}).json["job"]
    told = ended(town, job)
    assert (told["state"], told["code"]) == ("failed", "too-many-parts") and told["text"]


def test_nobody_is_held_off_while_a_division_instead_of_anothers_is_searched(town: Web, searches: list[str], monkeypatch) -> None:
    before = town.area("11")
    theirs = post(town, {"op": "divide", "targets": ["11"], "parts": 2, "seed": 1})
    counted, wrote = proposals.propose, []

    def beside(*asked, **told):
        def write() -> None:
            with town.store.write("other", "beside") as tx:
                tx.update("areas", before["fid"], {"note": "seen"})
            wrote.append(True)
        if not wrote:
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(PATIENCE_S)
            assert wrote, "the search held a writer off"
        return counted(*asked, **told)
    monkeypatch.setattr(proposals, "propose", beside)
    done = post(town, DIVIDE | {"instead_of": [theirs["rev"]]})
    assert len([one for one in done["changed"] if not one["retired"]]) == 3 and wrote


def test_another_process_knows_what_a_job_found(town: Web, searches: list[str]) -> None:
    job = town.post("/api/edits/preview", "mayor", json=DIVIDE | {"later": True}).json["job"]
    assert ended(town, job)["state"] == "done"
    proposals.forget()  # as if another process were asked
    assert town.post("/api/edits/preview", "mayor", json=DIVIDE | {"later": True}).status_code == 200
    post(town, DIVIDE)
    assert len(searches) == 1


def test_locked_areas_stay_and_too_few_parts_are_told(town: Web) -> None:
    told = town.post("/api/edits/preview", "mayor", json={"op": "divide", "targets": ["C1", "C2"], "parts": 1})
    assert told.status_code == 422 and told.json["code"] == "too-few-parts" and told.json["least"] > 1, told.text
    leaf = town.area("11")
    changed = town.patch("/api/areas/11", "mayor", json={"version": leaf["version"], "locked": True})
    assert changed.status_code == 200, changed.text
    done = post(town, {"op": "divide", "targets": ["C1"], "parts": 4})
    (kept,) = [one for one in done["findings"] if one["kind"] == "locked-kept"]
    assert kept["count"] == 1 and "11" not in [one["code"] for one in done["changed"]]
    assert town.area("11")["version"] == changed.json["version"]
