"""Posts and staff over the API: the norm of a kind, areas served, presence that disturbs nobody, the card by right, and the
staff of an area worked out by hand."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.mapapp.doing import split, spot
from tests.mapapp.web import NAMES, PHONE, Web

POST = {"kind": "lockdown_gate", "name": "东门岗"}


def place(web: Web, where: str = "inside", who: str = "mayor", **more: Any) -> dict[str, Any]:
    answer = web.post("/api/checkpoints", who, json={"point": spot(web, where)["coordinates"], **POST, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def change(web: Web, post: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = web.patch(f"/api/checkpoints/{post['id']}", json={"version": post["version"], **changes})
    assert answer.status_code == 200, answer.text
    return answer.json


def in_force(web: Web, codes: list[str], kind: str = "lockdown") -> int:
    form = {"kind": kind, "name": f"{kind} zone", "areas": codes, "reason": "初筛阳性", "order_no": "3号"}
    zone = web.post("/api/zones", "mayor", json=form)
    assert zone.status_code == 201, zone.text
    done = web.post(f"/api/zones/{zone.json['id']}/approve", "chief", json={})
    assert done.status_code == 200, done.text
    return zone.json["id"]


# ---- posts --------------------------------------------------------------------------------------------------------------
def test_what_is_not_said_is_the_norm_of_the_kind_and_the_area_it_stands_in(town: Web) -> None:
    now = town.store.clock()
    town.store.clock = lambda: now
    post = place(town)
    assert (post["hours"], post["required"], post["present"], post["state"], post["gap"]) == ("00:00-24:00", 2, None, "unknown", None)
    assert post["area"] == "11" and [one["code"] for one in post["areas"]] == ["11"] and post["zone"] is None
    assert post["point"] == post["where"] == post["geometry"]["coordinates"] == pytest.approx(spot(town, "inside")["coordinates"])
    other = place(town, hours="07:00-19:00", required=3, areas=["11", "21"], present=1)
    assert (other["hours"], other["required"]) == ("07:00-19:00", 3) and [one["code"] for one in other["areas"]] == ["11", "21"]
    assert other["present_at"] and other["age_s"] == 0
    listed = town.get("/api/checkpoints").json
    assert {post["id"], other["id"]} <= {one["id"] for one in listed["checkpoints"]} and listed["next"] is None
    assert town.get(f"/api/checkpoints/{post['id']}").json == post


@pytest.mark.parametrize(("more", "code"), [
    ({"kind": "drawbridge"}, "bad-input"), ({"hours": "all day"}, "bad-input"), ({"state": "manned"}, "bad-input"), ({"areas": "11"}, "bad-input"),
    ({"areas": ["nowhere"]}, "unknown-area"), ({"required": -1}, "bad-input"), ({"present": "two"}, "bad-input"),
    ({"point": [500, 0]}, "bad-geometry"),
    ({"kind": "emergency_exit"}, "missing-field"), ({"present_at": "yesterday"}, "bad-input"), ({"colour": "red"}, "bad-input")])
def test_a_post_that_cannot_be_is_refused_by_name(shared: Web, more: dict[str, Any], code: str) -> None:
    rev = shared.rev
    answer = shared.post("/api/checkpoints", json={"point": spot(shared, "inside")["coordinates"], **POST, **more})
    assert answer.json["code"] == code and 400 <= answer.status_code < 500, answer.text
    assert shared.rev == rev


def test_an_emergency_exit_is_never_without_the_phone_of_who_holds_the_key(town: Web) -> None:
    post = place(town, kind="emergency_exit", phone="0574-1")
    assert post["required"] == 0 and post["state"] == "closed"
    answer = town.patch(f"/api/checkpoints/{post['id']}", json={"version": 1, "phone": None})
    assert (answer.status_code, answer.json["code"], answer.json["fields"]) == (422, "missing-field", ["phone"])


def test_a_post_is_moved_changed_closed_removed_and_taken_back(town: Web) -> None:
    post = place(town, present=2)
    moved = change(town, post, point=spot(town, "sibling")["coordinates"])
    assert (moved["area"], moved["version"], moved["state"]) == ("41", 2, "manned")
    assert [one["code"] for one in moved["areas"]] == ["11"], "what it serves is a decision of its own"
    assert town.patch(f"/api/checkpoints/{post['id']}", json={"version": 1, "name": "x"}).json["code"] == "stale"
    closed = change(town, moved, state="closed")
    assert (closed["state"], closed["closed"], closed["gap"]) == ("closed", True, 0)
    assert town.post(f"/api/edits/{town.rev}/undo").status_code == 200
    assert town.get(f"/api/checkpoints/{post['id']}").json["state"] == "manned"
    now = town.get(f"/api/checkpoints/{post['id']}").json
    person = town.post("/api/staff", json={"name": "林一", "role": "volunteer", "area": "11", "post": post["id"]}).json
    assert [one["id"] for one in town.get(f"/api/staff?post={post['id']}").json["staff"]] == [person["id"]]
    kept = town.delete(f"/api/checkpoints/{post['id']}?version={now['version']}")
    assert kept.json["code"] == "bad-input" and kept.json["used_by"] == "staff"
    gone = town.delete(f"/api/checkpoints/{post['id']}?version={now['version']}&release=true")
    assert gone.status_code == 200 and town.get(f"/api/staff/{person['id']}").json["post"] is None
    assert town.post(f"/api/edits/{town.rev}/undo").status_code == 200
    assert town.get(f"/api/staff/{person['id']}").json["post"] == post["id"], "undo brings post and people back"


def test_a_count_disturbs_nobody_and_the_newest_stands(town: Web) -> None:
    post = place(town)
    url, zone = f"/api/checkpoints/{post['id']}/presence", timezone(timedelta(hours=8))
    told = town.post(url, "reporter", json={"present": 1}).json
    assert (told["present"], told["state"], told["gap"], told["version"]) == (1, "short", 1, post["version"])
    early = (town.store.clock().astimezone(zone) - timedelta(hours=2)).isoformat()
    assert town.post(url, "reporter", json={"present": 2, "at": early}).json["present"] == 1, "late and older: changes nothing"
    ahead = (town.store.clock().astimezone(zone) + timedelta(hours=2)).isoformat()
    told = town.post(url, "reporter", json={"present": 2, "at": ahead}).json
    assert told["state"] == "manned" and 0 <= told["age_s"] < 60, "a time that lies ahead counts as now"
    told = town.post(url, "reporter", json={"present": None}).json
    assert (told["state"], told["present"], told["gap"]) == ("unknown", None, None)
    assert change(town, post, name="西门岗")["name"] == "西门岗", "the version seen before the counts is still right"
    assert town.post(url, "reporter", json={}).json["code"] == "missing-field"
    for body in ({"present": -1}, {"present": 1.5}, {"present": 1, "at": "now"}, {"present": 1, "by": "me"}):
        assert town.post(url, "reporter", json=body).json["code"] == "bad-input"


def test_the_served_areas_follow_a_cut_over_the_api(town: Web) -> None:
    post = place(town)
    done = town.post("/api/edits", json=split(town, "inside", "mayor"))
    assert done.status_code == 200, done.text
    codes = {one["code"] for one in done.json["changed"] if not one["retired"]}
    assert {one["code"] for one in town.get(f"/api/checkpoints/{post['id']}").json["areas"]} == codes
    assert town.post(f"/api/edits/{done.json['rev']}/undo").status_code == 200
    assert [one["code"] for one in town.get(f"/api/checkpoints/{post['id']}").json["areas"]] == ["11"]


# ---- the card -----------------------------------------------------------------------------------------------------------
def test_the_card_tells_rule_buildings_kit_and_the_phones_by_right(town: Web) -> None:
    post = place(town, areas=["11"])
    card = town.get(f"/api/checkpoints/{post['id']}/card").json
    assert card["rule"] is None and card["zones"] == [] and card["post"]["id"] == post["id"]
    assert (card["kit"]["tables"], card["kit"]["people"], len(card["kit"]["tools"]), len(card["questions"])) == (1, 2, 3, 4)
    assert card["buildings"] and all(set(one) == {"id", "name", "units", "households"} for one in card["buildings"])
    whole = town.area("11")
    assert sum(one["households"] or 0 for one in card["buildings"]) == whole["households"]
    zone = in_force(town, ["11"])
    card = town.get(f"/api/checkpoints/{post['id']}/card").json
    assert [one["id"] for one in card["zones"]] == [zone] and card["rule"]["kind"] == "lockdown" and card["post"]["zone"] == zone
    assert card["rule"]["zh"] and card["rule"]["en"]
    elsewhere = place(town, "other", name="南门岗")
    told = town.get(f"/api/checkpoints/{elsewhere['id']}/card").json
    assert told["rule"]["kind"] == "prevention" and told["zones"] == [], "outside the zones the rest is prevention"


def test_names_and_phones_are_on_the_card_by_right_only(town: Web) -> None:
    post = place(town, areas=["11"], phone="0574-1")
    unit = town.get("/api/units?area=11").json["units"][0]
    done = town.patch(f"/api/units/{unit['id']}", json={"version": unit["version"], "head": NAMES["inside"], "phone": PHONE})
    assert done.status_code == 200
    for who in ("mayor", "planner"):
        card = town.get(f"/api/checkpoints/{post['id']}/card", who).json
        assert {"name": NAMES["inside"], "phone": PHONE} == {key: card["heads"][0][key] for key in ("name", "phone")} and not card["heads_hidden"]
        assert card["post"]["phone"] == "0574-1"
    for who in ("viewer", "reporter", "watcher"):
        answer = town.get(f"/api/checkpoints/{post['id']}/card", who)
        assert answer.json["heads"] == [] and answer.json["heads_hidden"] and answer.json["post"]["phone"] is None
        assert NAMES["inside"] not in answer.text and PHONE not in answer.text
        sheet = town.page(who).send("GET", f"/posts/{post['id']}")
        assert sheet.status_code == 200 and NAMES["inside"] not in sheet.text and PHONE not in sheet.text
    sheet = town.page("mayor").send("GET", f"/posts/{post['id']}").text
    assert NAMES["inside"] in sheet and "东门岗" in sheet and "http-equiv" not in sheet and 'style="' not in sheet


# ---- staff --------------------------------------------------------------------------------------------------------------
def test_the_staff_of_an_area_is_the_one_of_its_figures_and_zones_add_to_it(town: Web) -> None:
    told, card = town.get("/api/staffing?area=11").json, town.area("11")
    assert {key: told[key] for key in ("need", "have", "gap", "roles")} == card["staff"]
    assert told["zones"] == [] and told["children"] == [] and told["area"]["code"] == "11"
    in_force(town, ["11"])
    after = town.get("/api/staffing?area=11").json
    people = card["population"]
    assert after["zones"] == [{"kind": "lockdown", "residents": people, "norm": 10, "need": -(-people // 10)}]
    assert after["need"] == told["need"] + -(-people // 10) == town.area("11")["staff"]["need"]
    staff = next(one for one in after["roles"] if one["role"] == "zone_staff")
    assert staff["need"] == -(-people // 10)
    above = town.get("/api/staffing?area=C1").json
    child = next(one for one in above["children"] if one["code"] == "11")
    assert child["need"] == after["need"] and above["zones"] == after["zones"]
    assert above["need"] == sum(one["need"] for one in above["children"]) + sum(
        one["need"] for one in town.get("/api/staffing?area=C1").json["roles"]) - sum(
        role["need"] for one in above["children"] for role in town.get(f"/api/staffing?area={one['code']}").json["roles"])


def test_posts_are_counted_by_state_and_their_list_is_people_times_shifts(town: Web) -> None:
    before = town.get("/api/staffing?area=11").json["posts"]
    place(town, present=2)
    place(town, present=1, name="西门岗")
    place(town, name="北门岗", required=3)
    place(town, name="旧门", state="closed")
    now = town.get("/api/staffing?area=11").json["posts"]
    added = {key: now[key] - before[key] for key in ("all", "manned", "short", "closed", "unknown", "need")}
    assert added == {"all": 4, "manned": 1, "short": 1, "closed": 1, "unknown": 1, "need": 7}
    assert now["have"] == (before["have"] or 0) + 3
    assert now["roster"]["need"] - before["roster"]["need"] == (2 + 2 + 3) * 3


def test_teams_tell_how_many_people_they_have(town: Web) -> None:
    team = town.post("/api/teams", json={"name": "采样组", "kind": "sampling", "area": "C1"}).json
    for number in range(2):
        assert town.post("/api/staff", json={"name": f"人{number}", "role": "medic", "area": "11", "team": team["id"]}).status_code == 201
    gone = {"name": "旧人", "role": "medic", "area": "11", "team": team["id"], "ends_on": "2020-01-01"}
    assert town.post("/api/staff", json=gone).status_code == 201
    teams = {one["id"]: one for one in town.get("/api/staffing?area=C1").json["teams"]}
    assert teams[team["id"]] == {"id": team["id"], "name": "采样组", "kind": "sampling", "people": 2}


def test_figures_of_the_map_know_the_gap(town: Web) -> None:
    in_force(town, ["11"])
    told = town.get("/api/figures?level=micro_grid&metric=staff_gap").json
    fid = town.area("11")["fid"]
    assert told["value"][told["fid"].index(fid)] == town.get("/api/staffing?area=11").json["gap"]
