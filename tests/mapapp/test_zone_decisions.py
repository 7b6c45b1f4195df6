"""Zones are decided by two people, and nothing but a decision changes one: over the API, in the little town."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
import shapely.affinity

from tests.mapapp.doing import across, grant, polygon, split
from tests.mapapp.web import PHONE, UNKNOWN, Web

AREAS = {"kind": "control", "name": "一区", "areas": ["11", "21"], "reason": "演练", "order_no": "〔2026〕3号"}
LATER, LATEST = "2027-01-01T00:00:00+08:00", "2028-01-01T00:00:00+08:00"


def propose(web: Web, who: str = "planner", **form: Any) -> dict[str, Any]:
    made = web.post("/api/zones", who, json=form if {"areas", "buildings", "units", "cells", "polygon"} & form.keys() else AREAS | form)
    assert made.status_code == 201, made.text
    return made.json


def approved(web: Web, who: str = "planner", by: str = "chief", **form: Any) -> dict[str, Any]:
    answer = act(web, propose(web, who, **form)["id"], "approve", by, order_no="〔2026〕4号")
    assert answer.status_code == 200, answer.text
    return answer.json


def act(web: Web, fid: int, action: str, who: str, **form: Any):
    return web.post(f"/api/zones/{fid}/{action}", who, json=form)


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def kinds(web: Web, area: str = "K", who: str = "mayor") -> dict[str, Any]:
    return {one["kind"]: one for one in web.get(f"/api/zones/summary?area={area}", who).json["kinds"]}


def notices(web: Web, who: str) -> list[str]:
    return [one["kind"] for one in web.get("/api/notices", who).json["notices"]]


# ---- approving ---------------------------------------------------------------------------------------------------------
def test_an_approved_zone_says_who_why_and_how_many(town: Web) -> None:
    draft = propose(town)
    done = act(town, draft["id"], "approve", "commander", authority="区指挥部", people=draft["figures"]["population"]).json
    assert (done["status"], done["approved_by"], done["authority"], done["order_no"]) == ("in_force", "commander", "区指挥部", AREAS["order_no"])
    assert done["decided"] == {key: draft["figures"][key] for key in ("households", "population")}
    assert done["figures"] == draft["figures"] and done["members_count"] == draft["members_count"]
    assert done["members_count"]["units"] and done["members_count"]["buildings"] and done["starts_at"]
    assert done["can"] == {"approve": False, "reject": False, "lift": True, "extend": True, "upgrade": True, "withdraw": False}
    assert [(line["kind"], line["actor"], line["order_no"]) for line in done["events"]] == [
        ("proposed", "planner", AREAS["order_no"]), ("approved", "commander", AREAS["order_no"])]
    assert done["events"][1]["data"]["population"] == done["decided"]["population"]
    assert notices(town, "planner") == ["zone-approved"]
    watched = town.get(f"/api/zones/{draft['id']}", "viewer").json
    assert watched["approved_by"] is watched["proposed_by"] is None and not any(watched["can"].values())
    assert {line["actor"] for line in watched["events"]} == {None} and PHONE not in str(watched)
    assert watched["figures"]["special_hidden"]


def test_nobody_approves_what_he_proposed(town: Web) -> None:
    own = propose(town, "commander")
    assert not own["can"]["approve"] and own["can"]["withdraw"]
    assert code_of(act(town, own["id"], "approve", "commander")) == (403, "same-person")
    assert code_of(act(town, own["id"], "reject", "commander", reason="自己")) == (403, "same-person")
    assert act(town, own["id"], "approve", "chief").status_code == 200
    assert code_of(act(town, own["id"], "approve", "chief")) == (409, "zone-status")


def test_an_order_number_the_right_number_of_people_and_the_version_seen_are_needed(town: Web) -> None:
    draft = propose(town, kind="control", areas=["11"])
    assert code_of(act(town, draft["id"], "approve", "chief")) == (422, "missing-field")
    wrong = act(town, draft["id"], "approve", "chief", order_no="1", people=draft["figures"]["population"] + 1)
    assert code_of(wrong) == (409, "people-differ") and wrong.json["now"] == draft["figures"]["population"]
    assert code_of(act(town, draft["id"], "approve", "chief", order_no="1", version=draft["version"] - 1)) == (409, "stale")
    for form in ({"people": "many"}, {"version": 1.5}, {"order_no": 7}, {"order_no": "x" * 61}, {"soon": True}):
        assert code_of(act(town, draft["id"], "approve", "chief", **form))[0] == 400
    assert town.get(f"/api/zones/{draft['id']}").json["status"] == "proposed"
    right = {"order_no": "1", "people": draft["figures"]["population"], "version": draft["version"]}
    assert act(town, draft["id"], "approve", "chief", **right).status_code == 200


def test_the_people_of_a_proposal_are_those_of_now(town: Web) -> None:
    draft, house = propose(town, kind="control", buildings=[1]), town.get("/api/buildings/1").json
    town.patch("/api/buildings/1", json={"version": house["version"], "households": 50, "resident": 120})
    seen = town.get(f"/api/zones/{draft['id']}").json
    assert seen["figures"]["households"] == 50 and seen["figures"]["population"] == 120
    assert act(town, draft["id"], "approve", "chief", order_no="1", people=120).json["decided"] == {"households": 50, "population": 120}


def test_a_proposal_whose_house_is_gone_says_so_and_is_not_approved(town: Web) -> None:
    draft, house = propose(town, kind="control", buildings=[1]), town.get("/api/buildings/1").json
    assert town.delete(f"/api/buildings/1?version={house['version']}").status_code == 200
    assert town.get(f"/api/zones/{draft['id']}").json["problem"]["code"] == "not-found"
    assert code_of(act(town, draft["id"], "approve", "chief", order_no="1")) == (404, "not-found")
    assert act(town, draft["id"], "reject", "chief", reason="楼已拆").status_code == 200


def test_a_rejected_proposal_goes_back_to_its_author(town: Web) -> None:
    draft = propose(town)
    assert code_of(act(town, draft["id"], "reject", "commander")) == (422, "missing-field")
    gone = act(town, draft["id"], "reject", "commander", reason="范围过大")
    assert gone.json | {"rev": 0} == {"id": draft["id"], "withdrawn": True, "reason": "范围过大", "rev": 0}
    assert town.get(f"/api/zones/{draft['id']}").status_code == 404
    told = town.get("/api/notices", "planner").json["notices"][0]
    assert (told["kind"], told["reason"], told["zone"]) == ("zone-rejected", "范围过大", draft["id"])
    back = town.post(f"/api/zones/{draft['id']}/restore", "planner").json
    assert [line["kind"] for line in back["events"]] == ["proposed", "rejected", "restored"] and back["status"] == "proposed"


# ---- ending, extending, making stricter -----------------------------------------------------------------------------------
def test_a_planner_asks_and_a_commander_lifts(town: Web) -> None:
    zone = approved(town)
    asked = act(town, zone["id"], "lift", "planner", reason="期满").json
    assert asked["status"] == "in_force" and asked["asked"]["action"] == "lift" and asked["asked"]["by"] == "planner"
    assert not asked["can"]["lift"] and town.get(f"/api/zones/{zone['id']}", "commander").json["can"]["lift"]
    assert "zone-asked" in notices(town, "commander") and "zone-asked" in notices(town, "chief")
    assert code_of(act(town, zone["id"], "lift", "planner", reason="again")) == (409, "zone-status")
    assert code_of(act(town, zone["id"], "lift", "commander")) == (422, "missing-field"), "asked for without an order number"
    done = act(town, zone["id"], "lift", "commander", order_no="〔2026〕9号").json
    assert done["status"] == "lifted" and done["lifted_at"] and done["asked"] is None
    assert (done["events"][-1]["kind"], done["events"][-1]["reason"]) == ("lifted", "期满")
    assert notices(town, "planner")[0] == "zone-lifted"
    assert code_of(act(town, zone["id"], "lift", "chief", reason="x", order_no="1")) == (409, "zone-status")
    assert kinds(town)["control"]["zones"] == 0 and kinds(town)["prevention"]["households"] is None
    assert done["figures"]["households"] == done["decided"]["households"], "lifted: as it was decided"


def test_who_proposed_only_asks_and_who_asked_does_not_decide(town: Web) -> None:
    zone = approved(town, "commander", "chief")
    assert act(town, zone["id"], "lift", "commander", reason="期满", order_no="5").json["asked"]["by"] == "commander"
    assert code_of(act(town, zone["id"], "lift", "commander", reason="期满", order_no="5")) == (403, "same-person")
    assert code_of(act(town, zone["id"], "reject", "commander", reason="不")) == (403, "same-person")
    assert act(town, zone["id"], "lift", "chief").json["status"] == "lifted", "order number and reason stand in what was asked"


def test_what_was_asked_can_be_refused(town: Web) -> None:
    zone = approved(town)
    act(town, zone["id"], "lift", "planner", reason="期满")
    kept = act(town, zone["id"], "reject", "commander", reason="尚有风险").json
    assert (kept["status"], kept["asked"], kept["events"][-1]["kind"]) == ("in_force", None, "refused")
    assert notices(town, "planner")[0] == "zone-refused"
    assert code_of(act(town, zone["id"], "reject", "commander", reason="again")) == (409, "zone-status")


def test_an_end_only_moves_later(town: Web) -> None:
    zone = approved(town)
    assert act(town, zone["id"], "extend", "commander", until=LATER, reason="续", order_no="6").json["ends_at"] == LATER
    for until, status in ((LATER, 400), ("2020-01-01T00:00:00+08:00", 400), ("soon", 400), ("2029-01-01T00:00:00", 400), (None, 422)):
        assert act(town, zone["id"], "extend", "commander", until=until, reason="续", order_no="6").status_code == status
    assert act(town, zone["id"], "extend", "planner", until=LATEST, reason="再续").json["asked"]["until"] == LATEST
    done = act(town, zone["id"], "extend", "commander", order_no="7").json
    assert done["ends_at"] == LATEST and done["events"][-1]["data"] == {"from": LATER, "until": LATEST}


def test_a_kind_only_becomes_stricter(town: Web) -> None:
    zone = approved(town)
    for kind, refusal in (("control", (422, "laxer-kind")), ("prevention", (422, "derived-kind")), ("castle", (400, "bad-input"))):
        assert code_of(act(town, zone["id"], "upgrade", "commander", kind=kind, reason="x", order_no="8")) == refusal
    before = kinds(town)
    done = act(town, zone["id"], "upgrade", "commander", kind="high", reason="新增", order_no="8").json
    assert done["kind"] == "lockdown" and not done["can"]["upgrade"] and done["events"][-1]["data"] == {"from": "control", "to": "lockdown"}
    after = kinds(town)
    assert after["lockdown"]["households"] == before["control"]["households"] and after["control"]["zones"] == 0


# ---- who counts where ---------------------------------------------------------------------------------------------------
def test_the_strictest_zone_has_a_stairwell_and_the_rest_of_the_house_is_in_the_laxer_one(town: Web) -> None:
    house, unit = town.fids["buildings"]["inside"], town.fids["units"]["inside"]
    other = {"building": house, "households": 7, "resident": 15, "name": "2单元"}
    second = town.post("/api/units", json=other).json["id"]
    strict = approved(town, kind="lockdown", units=[unit])
    assert strict["members_count"] == {"units": 1, "buildings": 0, "cells": 0} and strict["figures"]["households"] == 4
    lax = approved(town, kind="control", buildings=[house], units=[unit, second])
    assert lax["members_count"] == {"units": 2, "buildings": 1, "cells": 0} and lax["figures"]["households"] == 11
    told = kinds(town)
    assert (told["lockdown"]["households"], told["control"]["households"]) == (4, 7)
    outline = shapely.geometry.shape(town.get(f"/api/buildings/{house}").json["geometry"])
    assert shapely.geometry.shape(lax["geometry"]).symmetric_difference(outline).area < 1e-10


def test_a_stairwell_entered_later_belongs_to_the_house_that_is_inside(town: Web) -> None:
    house = town.fids["buildings"]["inside"]
    zone = approved(town, kind="lockdown", buildings=[house])
    before, whole = kinds(town), town.area("K")["households"]
    town.post("/api/units", json={"building": house, "households": 6, "resident": 13})
    after = kinds(town)
    assert after["lockdown"]["households"] == before["lockdown"]["households"] + 6 and town.area("K")["households"] == whole + 6
    assert after["prevention"] == before["prevention"]
    seen = town.get(f"/api/zones/{zone['id']}").json
    assert seen["figures"]["households"] == 10 and seen["decided"]["households"] == 4, "what was decided stays"


def test_everything_is_counted_once_however_it_is_named(town: Web) -> None:
    house, unit, cell = town.fids["buildings"]["inside"], town.fids["units"]["inside"], town.fids["cells"]["inside"]
    alone = propose(town, kind="control", areas=["11", "12"])["figures"]
    together = propose(town, kind="control", areas=["11", "12"], buildings=[house, 1], units=[unit], cells=[cell])["figures"]
    extra = 0 if town.get("/api/buildings/1").json["area"] in ("11", "12") else town.get("/api/buildings/1").json["households"]
    assert together["households"] == alone["households"] + extra and not together["estimated"]
    cells = propose(town, kind="control", cells=[cell])
    assert cells["figures"]["households"] == 30 and cells["area"] == "12"


def test_areas_nobody_counted_are_told_with_their_zone(town: Web) -> None:
    approved(town, "mayor", kind="lockdown", areas=[UNKNOWN])
    told = kinds(town)
    assert (told["lockdown"]["zones"], told["lockdown"]["households"], told["lockdown"]["unknown_areas"]) == (1, None, 1)
    assert told["prevention"]["unknown_areas"] == 0 and told["prevention"]["households"] == town.area("K")["households"]


def test_a_scope_counts_what_lies_in_it(town: Web) -> None:
    approved(town, "mayor", kind="control", polygon=polygon(town, "inside"))
    approved(town, "mayor", kind="lockdown", areas=["C1", "23"])
    whole, parts = kinds(town), [kinds(town, code) for code in ("C1", "C2", "C3", "C4")]
    for kind in ("lockdown", "control"):
        assert sum(part[kind]["households"] or 0 for part in parts) == whole[kind]["households"]
    assert parts[0]["lockdown"]["zones"] == 1 and whole["control"]["households"] == 0, "all of it lies in the stricter zone"
    rest = {"C2": 0, "C4": 0} | {code: part["prevention"]["households"] for code, part in zip(("C1", "C2", "C3", "C4"), parts, strict=True)}
    assert rest["C1"] == 0 and sum(one is None for one in rest.values()) == 2, "no zone, no prevention"
    mine = town.get("/api/zones/summary", "viewer").json
    assert mine["scope"]["code"] == "C1" and all(one["special_total"] is None and one["special_hidden"] for one in mine["kinds"])
    inside = [zone["area"] for zone in town.get("/api/zones?status=in_force&area=C1").json["zones"]]
    assert len(inside) == 2 and [zone["area"] for zone in town.get("/api/zones?status=in_force&area=C2").json["zones"]] == []


def test_the_table_tells_who_is_there_now_by_reports(town: Web) -> None:
    assert town.get("/api/zones/summary?area=K").json["present"] is None, "nobody reported: unknown, not zero"
    unit = town.fids["units"]["inside"]
    report = {"unit": unit, "at": "2026-03-01T08:00:00+08:00", "offline_id": "1", "values": {"present": 7}}
    assert town.post("/api/reports", "planner", json={"reports": [report]}).json["accepted"] == 1
    told = town.get("/api/zones/summary?area=K").json["present"]
    assert (told["value"], told["received"]) == (7, 1) and told["of"] > 1 and told["oldest_at"]
    assert town.get("/api/zones/summary?area=C2").json["present"] is None


# ---- nothing else changes a zone -----------------------------------------------------------------------------------------
def test_no_undo_takes_a_decision_back(town: Web) -> None:
    cut = town.post("/api/edits", "planner", json=split(town, "inside", "planner")).json["rev"]
    draft = propose(town, areas=["21"], kind="lockdown", order_no="1")
    proposed = town.rev
    act(town, draft["id"], "approve", "commander")
    decision, before = town.rev, town.get(f"/api/zones/{draft['id']}", "commander").json
    assert code_of(town.post(f"/api/edits/{decision}/undo", "commander")) == (409, "zone-decided")
    assert town.post("/api/edits/preview", "commander", json={"op": "undo", "edit": decision}).json["possible"] is False
    assert code_of(town.post(f"/api/edits/{proposed}/undo", "planner"))[0] == 409
    again = town.post("/api/edits", "chief", json={"op": "merge", "targets": ["21", "11"], "keep": "21", "instead_of": [decision]})
    assert again.status_code >= 400
    assert town.get("/api/edits?mine=true", "commander").json["undo"] is None
    assert town.get("/api/edits?mine=true", "planner").json["undo"]["rev"] == cut, "the proposal is no longer the planner's to take back"
    assert town.post(f"/api/edits/{cut}/undo", "planner").status_code == 200
    after = town.get(f"/api/zones/{draft['id']}", "commander").json
    assert {key: after[key] for key in after if key != "rev"} == {key: before[key] for key in before if key != "rev"}


def test_a_redraw_and_its_undo_leave_the_names_in_a_zone_in_force_as_they_were_decided(town: Web) -> None:
    draft = propose(town, areas=["11"], kind="lockdown", order_no="1")
    cut = town.post("/api/edits", "planner", json=split(town, "inside", "planner")).json["rev"]
    act(town, draft["id"], "approve", "commander")
    decided = town.get(f"/api/zones/{draft['id']}").json
    assert len(decided["members"]["areas"]) == 2 and decided["decided"]["households"] == draft["figures"]["households"]
    assert town.post(f"/api/edits/{cut}/undo", "planner").status_code == 200
    after = town.get(f"/api/zones/{draft['id']}").json
    assert after["members"] == decided["members"] and after["figures"] == decided["figures"]


def test_a_proposal_keeps_its_ground_when_an_undo_gives_its_area_more(town: Web) -> None:
    line = shapely.affinity.translate(shapely.geometry.shape(across(town, "inside")), yoff=2e-4)  # beside the houses
    cut = town.post("/api/edits", "planner", json={"op": "split", "targets": ["11"], "line": shapely.geometry.mapping(line)}).json
    new = next(one["code"] for one in cut["changed"] if one["code"] != "11" and not one["retired"])
    drafts = [propose(town, areas=[code], kind="lockdown", order_no="1") for code in ("11", new)]
    assert town.post(f"/api/edits/{cut['rev']}/undo", "planner").status_code == 200
    for draft in drafts:
        done = act(town, draft["id"], "approve", "commander").json
        assert done["decided"] == {key: draft["figures"][key] for key in ("households", "population")}
    assert kinds(town)["lockdown"]["households"] == town.area("11")["households"], "the two halves are all of it"


@pytest.mark.parametrize("action, form", [
    ("lift", {"reason": "x", "order_no": "1"}), ("extend", {"reason": "x", "order_no": "1", "until": LATER}),
    ("upgrade", {"reason": "x", "order_no": "1", "kind": "lockdown"})])  # fmt: skip
def test_a_proposal_is_not_lifted_extended_or_upgraded(town: Web, action: str, form: dict) -> None:
    assert code_of(act(town, propose(town)["id"], action, "commander", **form)) == (409, "zone-status")


def test_rights_over_a_zone_follow_the_area_above_all_of_it(town: Web) -> None:
    wide = propose(town, "mayor", kind="control", areas=["11", "23"], order_no="1")
    assert act(town, wide["id"], "approve", "commander").status_code == 404, "it reaches beyond his community"
    grant(town, "of T1", "commander", "T1")
    assert act(town, wide["id"], "approve", "of T1").status_code == 404, "and beyond his street"
    assert act(town, wide["id"], "approve", "chief").status_code == 200
