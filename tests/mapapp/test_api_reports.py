"""Reports over the API: what a phone sends and is answered, what the command page reads, what watchers hear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from geodata.schema import REPORTS
from tests.mapapp import web
from tests.mapapp.doing import across
from tests.mapapp.streams import Streams
from tests.mapapp.test_rights_follow import do, hold
from tests.mapapp.web import PASSWORD, Web

AT = "2026-01-20T08:00:00+08:00"
METRIC = "surveyed_households"


def one(town: Web, name: str = "a", value: int | None = 3, **more) -> dict:
    place = {} if {"unit", "building", "area"} & more.keys() else {"unit": town.fids["units"]["inside"]}
    return {"at": AT, "offline_id": name, "values": {METRIC: value}, **place, **more}


def send(town: Web, *reports: object, who: str = "reporter") -> dict:
    answer = town.post("/api/reports", who, json={"reports": list(reports)})
    assert answer.status_code == 200, answer.text
    return answer.json


def status(town: Web, path: str = "", who: str = "mayor") -> dict:
    answer = town.get(f"/api/status{path}", who)
    assert answer.status_code == 200, answer.text
    return answer.json


def area(told: dict, code: str) -> dict:
    return next(one for one in told["areas"] if one["code"] == code)


# ---- what comes in ---------------------------------------------------------------------------------------------------------
def test_a_report_is_answered_when_it_is_kept_and_counts_once(town: Web):
    told = send(town, one(town), one(town), one(town, "b", 4, building=town.fids["buildings"]["inside"]))
    assert (told["accepted"], told["duplicates"], told["rejected"], told["moved"]) == (2, 1, [], [])
    assert told["seq"] == town.store.head()[1] and town.rev == 3
    assert send(town, one(town))["duplicates"] == 1
    with town.store.read() as reader:
        assert reader.connection.execute(REPORTS.select()).all()[0].account == "reporter"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"offline_id": None}, "missing-field"),
        ({"offline_id": "x" * 81}, "bad-input"),
        ({"unit": None}, "missing-field"),
        ({"unit": "7"}, "bad-input"),
        ({"unit": 10**6}, "not-found"),
        ({"unit": None, "area": "nix"}, "unknown-area"),
        ({"unit": None, "area": "41"}, "unknown-area"),  # not in sight
        ({"unit": None, "area": 7}, "bad-input"),
        ({"unit": None, "area": "11", "version": "1"}, "bad-input"),
        ({"at": "2026-01-20T08:00:00"}, "bad-input"),
        ({"at": 5}, "bad-input"),
        ({"round": ""}, "bad-input"),
        ({"round": 2.5}, "bad-input"),
        ({"values": {}}, "bad-input"),
        ({"values": {"households": 3}}, "bad-input"),
        ({"values": {METRIC: -1}}, "bad-input"),
        ({"values": {METRIC: 2.5}}, "bad-input"),
        ({"values": {METRIC: True}}, "bad-input"),
        ({"vlaues": {METRIC: 1}}, "bad-input"),
    ],
)
def test_what_is_wrong_with_one_report_keeps_no_other_back(shared_reports: Web, wrong: dict, code: str):
    town = shared_reports
    bad = {**one(town, "bad"), **wrong}
    told = send(town, bad, 7, one(town, str(wrong)[:80]))
    assert told["accepted"] == 1 and [(entry["index"], entry["code"]) for entry in told["rejected"]] == [(0, code), (1, "bad-input")]
    assert all(entry["text"] for entry in told["rejected"])


@pytest.fixture(scope="module")
def shared_reports(built, tmp_path_factory) -> Iterator[Web]:
    town = web.open_town(built, tmp_path_factory.mktemp("reports"))
    yield town
    town.close()


@pytest.mark.parametrize(("body", "code"), [({}, 400), ({"reports": {}}, 400), ({"reports": [], "x": 1}, 400), ({"reports": [{}] * 5001}, 413)])
def test_a_request_that_is_none_is_refused_as_a_whole(shared_reports: Web, body: dict, code: int):
    assert shared_reports.post("/api/reports", "reporter", json=body).status_code == code


def test_five_thousand_reports_in_one_request(town: Web):
    units = [town.fids["units"][place] for place in ("inside", "sibling", "other")]
    told = send(town, *[one(town, f"r{k}", k % 50, unit=units[k % 3]) for k in range(5000)], who="mayor")
    last = [max(k for k in range(5000) if k % 3 == n) % 50 for n in range(3)]
    assert told["accepted"] == 5000 and status(town)["total"]["values"][METRIC] == sum(last)


def test_nothing_is_taken_while_the_store_is_closed_for_changes(town: Web):
    town.accounts.add("root", PASSWORD, [("admin", 0, 1)])
    town.tokens["root"] = town.accounts.new_token("root", 30)
    assert town.post("/api/mode", "root", json={"mode": "read-only"}).status_code == 200
    answer = town.post("/api/reports", "reporter", json={"reports": [one(town)]})
    assert answer.status_code == 503 and answer.json["code"] == "read-only" and int(answer.headers["Retry-After"]) > 0
    town.post("/api/mode", "root", json={"mode": "normal"})
    assert send(town, one(town))["accepted"] == 1


def test_many_phones_behind_one_account_have_a_limit_of_their_own(built, tmp_path, still):
    config = web.settings(WEIGE_SERVER__RATE_LIMIT="3/minute", WEIGE_SERVER__REPORT_LIMIT="20/minute")
    town = web.open_town(built, tmp_path, config)
    codes = [town.post("/api/reports", "reporter", json={"reports": [one(town, str(k))]}).status_code for k in range(21)]
    assert codes == [200] * 20 + [429]
    answer = town.get("/api/report/work", "reporter")
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0 and answer.json["code"] == "too-many-requests"
    assert town.get("/api/areas/11", "reporter").status_code == 200
    town.close()


# ---- what it adds up to ------------------------------------------------------------------------------------------------------
def test_status_tells_sums_ages_and_who_was_silent(town: Web):
    send(town, one(town), one(town, "b", 20, area="12"), one(town, "c", 9, building=town.fids["buildings"]["inside"], at="2026-01-20T07:00:00+08:00"))
    told = status(town, "?area=C1&level=micro_grid")
    found = area(told, "11")
    assert found["values"][METRIC] == 3, "the house was spoken of earlier, and all of its stairwells since"
    assert (found["received"], found["of"]) == (1, 3) and found["newest_at"] == "2026-01-20T00:00:00.000+00:00"
    assert found["age_s"] > 0 and found["undivided"] is None and found["values"]["present"] is None
    silent = area(told, "20")
    assert (silent["received"], silent["of"], silent["newest_at"], silent["age_s"]) == (0, 1, None, None)
    assert all(value is None for value in silent["values"].values())
    total = told["total"]
    assert (total["values"][METRIC], total["received"]) == (23, 2) and total["of"] == sum(one["of"] for one in told["areas"])
    assert told["round"]["id"] == "1" and (told["seq"], told["rev"]) == (town.store.head()[1], town.rev)
    send(town, one(town, "d", 2, round=1))
    assert area(status(town, "?area=C1&level=micro_grid&round=1"), "11")["values"][METRIC] == 2, "a round may be named by its number"
    send(town, one(town, "e", 3, round="1"))
    below = status(town)
    assert [one["code"] for one in below["areas"]] == ["T1", "T2"] and below["total"]["values"][METRIC] == 23
    assert [one["code"] for one in status(town, "?area=11")["areas"]] == ["11"]


def test_a_rate_is_taken_where_somebody_spoke(town: Web):
    send(town, one(town, "a", 8), one(town, "b", 15, area="12"))
    households = town.area("11")["households"] + town.area("12")["households"]
    told = status(town, "?area=C1")["total"]["values"]
    assert told["survey_rate"] == round(23 / households, 4) and told["sample_rate"] is None
    send(town, one(town, "c", values={"to_sample": 40}), one(town, "d", values={"sampled": 10}))
    assert status(town, "?area=C1")["total"]["values"]["sample_rate"] == 0.25
    figures = town.get("/api/figures?level=micro_grid&metric=survey_rate").json
    by_fid = dict(zip(figures["fid"], figures["value"], strict=True))
    assert by_fid[town.area("12")["fid"]] == 0.5 and by_fid[town.area("20")["fid"]] is None and figures["round"] == "1"
    ages = dict(zip(figures["fid"], figures["age_s"], strict=True))
    assert ages[town.area("12")["fid"]] > 0 and ages[town.area("20")["fid"]] is None


def test_sensitive_numbers_need_the_right_to_see_groups(town: Web):
    send(town, one(town, "a", values={"positive": 2, METRIC: 1}))
    assert status(town, "?area=C1", "planner")["total"]["values"]["positive"] == 2
    for who in ("viewer", "reporter"):
        told = status(town, "?area=C1", who)
        assert told["hidden"] == ["positive"] and "positive" not in told["total"]["values"] and told["total"]["values"][METRIC] == 1
        assert "positive" not in town.get("/api/report/work", "reporter").text
    mixed = status(town, "?level=micro_grid", "mixed")
    assert "positive" in area(mixed, "11")["values"] and "positive" not in area(mixed, "41")["values"] and mixed["hidden"] == ["positive"]


def test_unknown_rounds_and_levels_are_refused(shared_reports: Web):
    assert shared_reports.get("/api/status?round=nix").json["code"] == "not-found"
    assert shared_reports.get("/api/status?level=nix").json["code"] == "bad-input"
    assert shared_reports.get("/api/status?area=nix").json["code"] == "unknown-area"
    assert shared_reports.get("/api/figures?level=micro_grid&metric=survey_rate&round=nix").json["code"] == "not-found"


# ---- what is left to do ------------------------------------------------------------------------------------------------------
def test_work_lists_ones_own_houses_with_what_was_reported(town: Web):
    send(town, one(town), one(town, "b", None, area="12"))
    told = town.get("/api/report/work", "reporter").json
    codes = [entry["code"] for entry in told["areas"]]
    assert codes == [*sorted(code for code in codes if code.isdigit()), "foreign"]
    leaf = next(entry for entry in told["areas"] if entry["code"] == "11")
    houses = {house["name"]: house for house in leaf["buildings"]}
    assert list(houses) == ["3-0栋", "3-1栋", "楼 inside"] and houses["3-0栋"]["units"] == [] and houses["3-0栋"]["values"] == {}
    unit = houses["楼 inside"]["units"][0]
    assert unit.pop("id") == town.fids["units"]["inside"]
    assert unit == {"name": "1单元", "households": 4, "values": {METRIC: 3}, "at": "2026-01-20T00:00:00.000+00:00"}
    assert next(entry for entry in told["areas"] if entry["code"] == "12")["values"] == {METRIC: None}
    assert told["round"]["id"] == "1" and [post["name"] for post in told["posts"]] == ["卡口 inside"]
    assert web.NAMES["inside"] not in json.dumps(told, ensure_ascii=False)


def test_after_a_cut_the_reporter_keeps_both_parts(town: Web):
    hold(town, "11")
    town.accounts.add("walker", PASSWORD, [("reporter", town.area("11")["fid"], town.rev)])
    town.tokens["walker"] = town.accounts.new_token("walker", 30)
    version = town.area("11")["version"]
    parts = {one["code"] for one in do(town, {"op": "split", "targets": ["11"], "line": across(town, "inside")})["changed"]}
    assert {entry["code"] for entry in town.get("/api/report/work", "walker").json["areas"]} == parts
    told = send(town, one(town, "a", 6, area="11", version=version), one(town, "b"), who="walker")
    assert told["accepted"] == 2 and told["moved"] == [{"index": 0, "area": "C1", "areas": sorted(parts)}]
    assert all(send(town, one(town, code, 1, area=code), who="walker")["accepted"] == 1 for code in parts)


# ---- rounds ------------------------------------------------------------------------------------------------------------------
def test_rounds_open_and_close_and_are_told_to_whom_they_concern(town: Web):
    made = town.post("/api/rounds", "planner", json={"kind": "sampling", "name": "第一轮采样", "due_at": "2030-01-01T20:00:00+08:00"})
    assert made.status_code == 201 and (made.json["id"], made.json["area"], made.json["due_at"]) == ("1", "C1", "2030-01-01T12:00:00.000+00:00")
    assert [row["id"] for row in town.get("/api/rounds", "reporter").json["rounds"]] == ["1"]
    assert town.get("/api/rounds", "neighbour").json["rounds"] == []
    assert town.post("/api/rounds", "planner", json={"kind": "survey", "id": "1"}).json["code"] == "duplicate-code"
    for bad in ({"kind": "nix"}, {"due_at": "2020-01-01T00:00:00Z"}, {"starts_at": "gestern"}, {"id": ""}):
        assert town.post("/api/rounds", "planner", json={"kind": "survey", **bad}).status_code == 400, bad
    closed = town.post("/api/rounds/1/close", "planner")
    assert closed.status_code == 200 and closed.json["closed_at"]
    assert town.post("/api/rounds/nix/close", "planner").status_code == 404


# ---- what watchers hear --------------------------------------------------------------------------------------------------------
@pytest.fixture
def streams(town: Web) -> Iterator[Streams]:
    one = Streams(town)
    yield one
    one.close()


def heard(stream) -> list[dict]:
    return [json.loads(text) for text in re.findall(r"event: status\ndata: (.*)\n", stream.body.decode())]


def test_watchers_hear_the_new_figures_of_what_they_see_and_no_sensitive_one(town: Web, streams: Streams):
    mine, theirs = streams.open("viewer"), streams.open("neighbour")
    seq = send(town, one(town, values={METRIC: 3, "positive": 1}), one(town, "b", 20, area="12"))["seq"]
    mine.wait(lambda stream: heard(stream))
    told = heard(mine)[0]
    assert (told["seq"], told["round"]) == (seq, "1")
    assert {change["area"]: change["values"] for change in told["changes"]} == {
        "11": {METRIC: 3, "survey_rate": round(3 / town.area("11")["households"], 4)},
        "12": {METRIC: 20, "survey_rate": round(20 / town.area("12")["households"], 4)}}
    send(town, one(town, "c", 5, area="41"), who="mayor")
    theirs.wait(lambda stream: heard(stream))
    assert [[change["area"] for change in one["changes"]] for one in heard(theirs)] == [["41"]]
    late = streams.open("viewer", since=seq - 1).wait(lambda stream: heard(stream))
    assert heard(late)[0]["late"] and {change["area"] for change in heard(late)[0]["changes"]} == {"11", "12"}


def test_a_round_that_opens_is_heard(town: Web, streams: Streams):
    mine = streams.open("reporter")
    town.post("/api/rounds", "mayor", json={"kind": "survey"})
    mine.wait(lambda stream: heard(stream))
    assert heard(mine) == [{"seq": town.store.head()[1], "round": "1", "changes": []}]
