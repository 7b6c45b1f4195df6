"""Painting buildings over the API: what is told, who may, where it is refused, and who stands where afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from geodata.schema import TABLES
from layers.areas import to_units
from tests.mapapp.doing import grant
from tests.mapapp.web import PASSWORD, Web


def houses(town: Web, code: str) -> list[int]:
    """The buildings of a leaf."""
    table = TABLES["buildings"]
    with town.store.read() as reader:
        return list(reader.connection.scalars(select(table.c.fid).where(table.c.area == reader.area(code).fid).order_by(table.c.fid)))


def painting(buildings: list[int], to: str, **more) -> dict:
    return {"op": "assign_buildings", "buildings": buildings, "to": to, **more}


def post(web: Web, form: dict, who: str = "mayor", path: str = "/api/edits") -> dict:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_preview_shows_what_the_commit_writes_and_the_building_has_moved(town: Web) -> None:
    (house, other), before = houses(town, "22"), town.area("C1")
    head = town.store.head()
    form = painting([house], "32")
    told = post(town, form, path="/api/edits/preview")
    assert town.store.head() == head and "rev" not in told
    done = post(town, form | {"versions": {"22": 1, "32": 1}})
    assert (told["totals_before"], told["totals_after"]) == (done["totals_before"], done["totals_after"])
    assert {one["code"] for one in done["changed"]} == {"22", "32"} and not any(one["retired"] or one["new"] for one in done["changed"])
    for key in ("households", "population", "special_total", "buildings"):
        assert done["totals_before"][key] == done["totals_after"][key]
    assert house in houses(town, "32") and houses(town, "22") == [other]
    with town.store.read() as reader:
        (row,) = reader.rows("buildings", fids=[house])
        assert reader.area("32").shape.covers(to_units(row["geom"])), "the border goes round it"
    for key in ("population", "area_m2", "version"):
        assert town.area("C1")[key] == pytest.approx(before[key]), key
    back = town.post(f"/api/edits/{done['rev']}/undo")
    assert back.status_code == 200 and houses(town, "22") == [house, other]


def test_who_works_in_c1_only_paints_there(town: Web) -> None:
    house, foreign = houses(town, "22")[0], houses(town, "41")[0]
    form = painting([house], "32")
    for who, status in (("planner", 200), ("commander", 200), ("neighbour", 404), ("viewer", 403), ("reporter", 403), (None, 401)):
        assert town.post("/api/edits/preview", who, json=form).status_code == status, who
    for who, status, reason in (("planner", 404, "not-found"), ("mixed", 422, "other-parent"), ("mayor", 422, "other-parent")):
        answer = town.post("/api/edits/preview", who, json=painting([foreign], "31"))
        assert (answer.status_code, answer.json["code"]) == (status, reason), (who, answer.text)
    clerk = grant(town, "clerk of one", "planner", "32")
    assert town.post("/api/edits", clerk, json=form).status_code == 404, "the giver is another's"
    assert town.post("/api/edits", "planner", json=form).status_code == 200


def test_a_stroke_over_the_border_of_the_parent_is_offered_what_lies_inside_by_name(town: Web) -> None:
    mine, foreign = houses(town, "22")[0], houses(town, "41")[0]
    form, inside = painting([mine, foreign], "32"), {"code": "C1", "name": town.area("C1")["name"]}
    for who in ("mayor", "mixed"):  # who sees the other parent need not redraw there: nothing of it moves
        for path in ("/api/edits/preview", "/api/edits"):
            answer = town.post(path, who, json=form)
            assert (answer.status_code, answer.json["code"], answer.json["inside"]) == (422, "other-parent", inside), (who, answer.text)
    assert "inside" not in town.post("/api/edits", json=painting([foreign], "32")).json, "nothing of it lies inside"
    assert town.post("/api/edits", json=painting([foreign], "32", trim=True)).json["code"] == "other-parent"
    assert town.post("/api/edits", "planner", json=form | {"trim": True}).status_code == 404, "who does not see it is told no more"
    people, before = town.area("C2")["population"], houses(town, "41")
    alone = post(town, painting([mine], "32"), path="/api/edits/preview")
    told, done = post(town, form | {"trim": True}, "mixed", "/api/edits/preview"), post(town, form | {"trim": True}, "mixed")
    assert [one["geometry"] for one in alone["changed"]] == [one["geometry"] for one in told["changed"]]
    assert [one["after"] for one in told["changed"]] == [one["after"] for one in done["changed"]] and told["findings"] == done["findings"]
    (finding,) = [one for one in done["findings"] if one["kind"] == "trimmed"]
    assert (finding["code"], finding["what"]) == (inside["code"], inside["name"] or "C1") and len(finding["where"]) == 2
    assert {one["code"] for one in done["changed"]} == {"22", "32"} and mine in houses(town, "32")
    assert houses(town, "41") == before and town.area("C2")["population"] == people
    assert town.post(f"/api/edits/{done['rev']}/undo", "mixed").status_code == 200 and mine in houses(town, "22")


def test_rights_inside_the_parent_come_before_what_lies_beyond(town: Web) -> None:
    clerk, (mine, foreign) = grant(town, "clerk of one", "planner", "32"), (houses(town, "22")[0], houses(town, "41")[0])
    looker = grant(town, "clerk who looks", "viewer", "K")
    for more in ({}, {"trim": True}):
        assert town.post("/api/edits", clerk, json=painting([mine, foreign], "32", **more)).status_code == 404
        assert town.post("/api/edits", looker, json=painting([mine, foreign], "32", **more)).status_code == 403
    with town.store.read() as reader:
        town.accounts.add("both", PASSWORD, [("planner", reader.area("32").fid, reader.rev), ("viewer", reader.area("K").fid, reader.rev)])
        town.tokens["both"] = town.accounts.new_token("both", 1)
    for more in ({}, {"trim": True}):
        answer = town.post("/api/edits", "both", json=painting([mine, foreign], "32", **more))
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), "22 gives, and is another's"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"buildings": []}, 422, "missing-field"),
        ({"buildings": None}, 422, "missing-field"),
        ({"to": None}, 422, "missing-field"),
        ({"to": "nobody"}, 404, "unknown-area"),
        ({"to": 7}, 400, "bad-input"),
        ({"to": "C1"}, 422, "not-leaf"),
        ({"buildings": [10**9]}, 404, "not-found"),
        ({"buildings": ["x"]}, 400, "bad-input"),
        ({"buildings": [1.5]}, 400, "bad-input"),
        ({"buildings": list(range(1, 2002))}, 400, "bad-input"),
        ({"to": "22"}, 400, "bad-input"),
        ({"targets": ["11"]}, 400, "bad-input"),
        ({"rest": "new"}, 400, "bad-input"),
        ({"targets": ["22"]}, 200, None),
    ],
)
def test_refusals_name_their_reason(shared: Web, change: dict, status: int, reason: str | None) -> None:
    answer = shared.post("/api/edits/preview", json=painting(houses(shared, "22")[:1], "32") | change)
    assert (answer.status_code, answer.json.get("code")) == (status, reason), answer.text
    if reason is not None:
        assert shared.post("/api/edits", json=painting(houses(shared, "22")[:1], "32") | change).json["code"] == reason


def test_a_piece_that_hangs_on_nothing_is_told_with_its_place_unless_allowed(town: Web) -> None:
    house = houses(town, "32")[1]
    answer = town.post("/api/edits", json=painting([house], "11"))
    assert (answer.status_code, answer.json["code"], answer.json["areas"]) == (422, "parts", ["11"]) and len(answer.json["where"]) == 2
    done = post(town, painting([house], "11", allow_parts=True))
    assert house in houses(town, "11") and len(next(one for one in done["changed"] if one["code"] == "11")["geometry"]["coordinates"]) == 2


def test_what_a_stroke_cuts_off_is_offered_and_given_to_whoever_is_in_ones_own_hands(town: Web) -> None:
    house = houses(town, "21")[0]
    form = painting([house], "31")  # between two of 21; what lies west of it borders on 11
    some, all_ = grant(town, "clerk of two", "planner", "21", "31"), grant(town, "clerk of three", "planner", "21", "31", "11")
    for who, to in (("mayor", ["11"]), ("planner", ["11"]), (some, []), (all_, ["11"])):
        for path in ("/api/edits/preview", "/api/edits"):
            answer = town.post(path, who, json=form)
            assert (answer.status_code, answer.json["code"], answer.json["areas"], answer.json["to"]) == (422, "parts", ["21"], to), who
    people, form = town.area("C1")["population"], form | {"rest": "give"}
    assert town.post("/api/edits", some, json=form).status_code in (403, 404), "who receives is another's"
    told = post(town, form, all_, "/api/edits/preview")
    done = post(town, form | {"versions": {"11": 1, "21": 1, "31": 1}}, all_)
    assert {one["code"] for one in done["changed"]} == {"11", "21", "31"} and house in houses(town, "31")
    assert all(len(one["geometry"]["coordinates"]) == 1 for one in done["changed"])
    assert [one["code"] for one in done["findings"] if one["kind"] == "part-given"] == ["11"] and told["findings"] == done["findings"]
    assert [one["after"] for one in told["changed"]] == [one["after"] for one in done["changed"]]
    assert town.area("C1")["population"] == people
    assert town.post("/api/edits", "mayor", json=form | {"versions": {"11": 1}}).json["code"] == "stale", "who received is at another version"
    assert town.post(f"/api/edits/{done['rev']}/undo", all_).status_code == 200 and house in houses(town, "21")


def test_somebody_elses_redraw_of_the_giver_is_a_conflict(town: Web) -> None:
    house, other = houses(town, "22")
    post(town, painting([house], "32"), "commander")
    answer = town.post("/api/edits", json=painting([other], "12", versions={"22": 1, "12": 1}))
    assert (answer.status_code, answer.json["code"]) == (409, "stale")
    assert other in houses(town, "22")


def test_undo_and_redo(town: Web) -> None:
    whole, people = houses(town, "22"), town.area("C1")["population"]
    done = post(town, painting(whole, "32"))
    assert {one["code"] for one in done["changed"] if one["retired"]} == {"22"} and town.get("/api/areas/22").status_code == 404
    back = town.post(f"/api/edits/{done['rev']}/undo").json
    assert houses(town, "22") == whole
    again = town.post(f"/api/edits/{back['rev']}/undo").json
    assert again["undone"] == back["rev"] and set(whole) <= set(houses(town, "32")) and town.area("C1")["population"] == people
