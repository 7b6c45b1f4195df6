"""Taking back over the API: whole chains, the chief of an area, notices, one edit with its borders."""

from __future__ import annotations

import pytest
import shapely

from geodata.checking import check_store
from tests.mapapp.doing import edit_at, grant, split, zone_at
from tests.mapapp.redraws import MERGE, dump, post
from tests.mapapp.web import Web


def mine(web: Web, who: str) -> tuple[int | None, int | None]:
    """What undo and redo would take for that account."""
    answer = web.get("/api/edits?mine=true&limit=1", who).json
    return tuple(answer[verb] and answer[verb]["rev"] for verb in ("undo", "redo"))


def back(web: Web, verb: str, who: str = "planner") -> int:
    """One step back or forth; answers the new revision."""
    rev = mine(web, who)[verb == "redo"]
    assert rev, f"nothing to {verb}"
    return post(web, {}, who, f"/api/edits/{rev}/undo")["rev"]


def shapes(web: Web) -> list:
    return [(area[0], area[1], area[3]) for area in dump(web)["areas"]]


# ---- chains ----------------------------------------------------------------------------------------------------------
def test_three_steps_back_and_three_forth_again(town: Web) -> None:
    seen, revs = [shapes(town)], []
    for form in (split(town, "inside", "planner"), {"op": "merge", "targets": ["21", "31"], "keep": "21"}, MERGE):
        revs.append(post(town, form, "planner")["rev"])
        seen.append(shapes(town))
    for _ in range(2):
        for k in (2, 1, 0):
            assert mine(town, "planner")[0] == revs[k]
            back(town, "undo")
            assert shapes(town) == seen[k]
        assert mine(town, "planner")[0] is None
        for k in (1, 2, 3):
            back(town, "redo")
            assert shapes(town) == seen[k]
        assert mine(town, "planner") == (revs[2], None)


def test_a_new_edit_ends_the_way_forth(town: Web) -> None:
    post(town, split(town, "inside", "planner"), "planner")
    post(town, {"op": "merge", "targets": ["21", "31"], "keep": "21"}, "planner")
    back(town, "undo")
    back(town, "undo")
    rev = post(town, {"op": "merge", "targets": ["21", "31"], "keep": "31"}, "planner")["rev"]
    assert mine(town, "planner") == (rev, None)
    back(town, "undo")
    assert mine(town, "planner")[1] == rev + 1, "what was undone before it is gone for good"
    back(town, "redo")
    assert mine(town, "planner") == (rev, None)


def test_edits_of_others_and_a_new_start_leave_the_chain_as_it_is(town: Web) -> None:
    first = post(town, split(town, "inside", "planner"), "planner")["rev"]
    post(town, split(town, "sibling", "neighbour"), "neighbour")
    undone = back(town, "undo")
    post(town, {"op": "merge", "targets": ["52", "62"], "keep": "52"}, "mayor")
    assert mine(town, "planner") == (None, undone)
    town.app.extensions["weige"].cache.rev = -1  # as after a restart: nothing is kept in memory
    back(town, "redo")
    assert mine(town, "planner") == (first, None)
    back(town, "undo")
    assert mine(town, "planner")[0] is None
    assert check_store(town.store)["gaps"] == check_store(town.store)["overlaps"] == 0


def test_a_redo_on_ground_that_others_cut_is_refused_with_their_edit(town: Web) -> None:
    post(town, split(town, "inside", "planner"), "planner")
    undone = back(town, "undo")
    other = post(town, MERGE, "mayor")["rev"]
    answer = town.post(f"/api/edits/{undone}/undo", "planner")
    assert (answer.status_code, answer.json["code"], answer.json["edits"]) == (409, "undo-blocked", [other])


def test_an_undo_works_while_the_neighbour_across_the_community_was_cut(town: Web) -> None:
    start = shapes(town)
    first = post(town, {"op": "split", "targets": ["31"], "line": across_of(town, "31")}, "planner")["rev"]
    second = post(town, {"op": "split", "targets": ["41"], "line": across_of(town, "41")}, "neighbour")["rev"]
    assert post(town, {}, "planner", f"/api/edits/{first}/undo")["op"] == "undo"
    post(town, {}, "neighbour", f"/api/edits/{second}/undo")
    assert [row[:2] for row in shapes(town)] == [row[:2] for row in start]
    assert check_store(town.store)["gaps"] == check_store(town.store)["overlaps"] == 0


def across_of(web: Web, code: str) -> dict:
    with web.store.read() as reader:
        shape = reader.area(code).shape
    west, _, east, _ = shape.bounds
    middle = shape.representative_point()
    return {"type": "LineString", "coordinates": [[(west - 900) / 1e7, middle.y / 1e7], [(east + 900) / 1e7, middle.y / 1e7]]}


# ---- the chief -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who, role, area", [("commander", "commander", "C1"), ("chief", "commander", "K"), ("mayor", "planner", "K")])
def test_the_chief_takes_back_with_a_reason_and_both_are_told(town: Web, who: str, role: str, area: str) -> None:
    start = shapes(town)
    rev = post(town, split(town, "inside", "planner"), "planner")["rev"]
    seen = post(town, {"op": "undo", "edit": rev}, who, "/api/edits/preview")
    assert seen["possible"] and seen["reason_needed"]
    answer = town.post(f"/api/edits/{rev}/undo", who)
    assert (answer.status_code, answer.json["code"]) == (422, "missing-field")
    answer = town.post(f"/api/edits/{rev}/undo", who, json={"reason": " 边界按街道会议 "})
    assert answer.status_code == 200 and shapes(town) == start
    line = town.get("/api/edits?area=11", "planner").json["edits"][0]
    assert (line["undoes"], line["reason"], line["mine"]) == (rev, "边界按街道会议", False)
    told = town.get("/api/notices", "planner").json
    assert told["unread"] == 1
    notice = told["notices"][0]
    assert notice | {"by": None} == {
        "seq": notice["seq"], "rev": rev + 1, "kind": "reversed", "at": notice["at"], "read": False, "undone": rev, "op": "split",
        "note": line["note"].removeprefix("split "), "area": "11", "by": None, "reason": "边界按街道会议"}
    assert notice["by"] == {"role": role, "area": {"code": area, "name": notice["by"]["area"]["name"]}}
    own = town.get("/api/notices", who).json
    assert own["unread"] == 0 and own["notices"][0] | {"seq": 0, "at": ""} == notice | {
        "seq": 0, "at": "", "kind": "reversed-by-you", "read": True}, "who did it finds it in the list, as read"
    assert town.get("/api/notices", "neighbour").json == {"notices": [], "unread": 0}
    with town.store.read() as reader:
        events = [row for row in reader.connection.exec_driver_sql("SELECT data FROM events WHERE kind = 'notice'")]
    assert len(events) == 1 and who not in str(events[0]).replace(f'"role": "{role}"', "").replace(f'"role":"{role}"', "")


def test_the_author_does_not_undo_what_the_chief_decided_and_the_chief_may_think_again(town: Web) -> None:
    rev = post(town, split(town, "inside", "planner"), "planner")["rev"]
    cut = shapes(town)
    taken = post(town, {"reason": "x"}, "commander", f"/api/edits/{rev}/undo")["rev"]
    assert mine(town, "planner") == (None, None) and mine(town, "commander") == (taken, None)
    assert town.post(f"/api/edits/{taken}/undo", "planner", json={"reason": "doch"}).status_code == 404
    back(town, "undo", "commander")
    assert shapes(town) == cut and mine(town, "planner")[0] == rev and mine(town, "commander") == (None, taken + 1)
    back(town, "redo", "commander")
    assert shapes(town) != cut and mine(town, "planner")[0] is None and mine(town, "commander")[0] == taken


@pytest.mark.parametrize("who", ["neighbour", "outsider", "mixed", "viewer", "watcher", "admin"])
def test_nobody_beside_or_below_takes_back_the_edit_of_another(town: Web, who: str) -> None:
    rev = post(town, split(town, "inside", "planner"), "planner")["rev"]
    before = dump(town)
    answer = town.post(f"/api/edits/{rev}/undo", who, json={"reason": "x"})
    assert answer.status_code in (403, 404)
    assert town.post("/api/edits/preview", who, json={"op": "undo", "edit": rev}).status_code in (403, 404)
    assert dump(town) == before


def test_who_is_chief_depends_on_role_first_and_area_second(town: Web) -> None:
    """author -> who may, of edits on a leaf of C1"""
    grant(town, "second", "planner", "C1")
    grant(town, "towner", "planner", "T1")
    may = {"planner": {"commander", "chief", "mayor", "towner"}, "towner": {"commander", "chief", "mayor"}, "mayor": {"commander", "chief"},
           "commander": {"chief"}, "chief": set()}
    for author, chiefs in may.items():
        for who in ("second", "planner", "towner", "mayor", "commander", "chief", "neighbour"):
            if who == author:
                continue
            rev = edit_at(town, "inside", author)
            status = town.post(f"/api/edits/{rev}/undo", who, json={"reason": "x"}).status_code
            assert status == (200 if who in chiefs else 404), f"{who} over {author}"


def test_an_author_who_left_has_only_commanders_above_him(town: Web) -> None:
    grant(town, "gone", "planner", "C1")
    rev = edit_at(town, "inside", "gone")
    with town.store.read() as reader:
        town.accounts.add("gone", "Little-Town-2027", [("viewer", reader.area("C1").fid, reader.rev)])
    assert town.post(f"/api/edits/{rev}/undo", "mayor", json={"reason": "x"}).status_code == 404
    assert town.post(f"/api/edits/{rev}/undo", "commander", json={"reason": "x"}).status_code == 200


def test_the_chief_of_half_the_ground_takes_nothing_back(town: Web) -> None:
    """The mayor cuts 31 (C1) and 41 (C2) in one stroke: the commander of C1 has no say over C2."""
    with town.store.read() as reader:
        left, right = (reader.area(code).shape.representative_point() for code in ("31", "41"))
    line = {"type": "LineString", "coordinates": [[(left.x - 3e4) / 1e7, left.y / 1e7], [left.x / 1e7, left.y / 1e7],
                                                  [right.x / 1e7, right.y / 1e7], [(right.x + 3e4) / 1e7, right.y / 1e7]]}
    rev = post(town, {"op": "split", "line": line}, "mayor")["rev"]
    before = dump(town)
    assert town.post(f"/api/edits/{rev}/undo", "commander", json={"reason": "x"}).status_code == 404
    assert dump(town) == before
    assert town.post(f"/api/edits/{rev}/undo", "chief", json={"reason": "x"}).status_code == 200


def test_a_merge_is_not_taken_back_by_who_may_redraw_only_what_is_left(town: Web) -> None:
    """Reversing never gives ground to somebody without the right: the area that would come back counts as well."""
    rev = post(town, MERGE, "planner")["rev"]
    with town.store.read() as reader:
        fid = reader.area("11").fid
        town.accounts.add("leaf", "Little-Town-2026", [("planner", fid, reader.rev)])
    town.tokens["leaf"] = town.accounts.new_token("leaf", 1)
    town.store.attempt("test", "hand over", lambda tx: tx.connection.exec_driver_sql(
        f"UPDATE revisions SET actor = 'leaf' WHERE rev = {rev}"))
    assert town.post(f"/api/edits/{rev}/undo", "leaf").status_code == 404
    assert town.post(f"/api/edits/{rev}/undo", "chief", json={"reason": "x"}).status_code == 200


def test_what_was_decided_about_a_zone_is_not_reversed_by_this_way(town: Web) -> None:
    zone_at(town, "inside", "planner")
    with town.store.read() as reader:
        rev = reader.rev
    assert town.post(f"/api/edits/{rev}/undo", "chief", json={"reason": "x"}).status_code == 404


@pytest.mark.parametrize("form, status", [({"reason": 3}, 400), ({"reason": "x" * 201}, 400), ({"why": "x"}, 400), ([], 400), ({"reason": " "}, 422)])
def test_a_wrong_reason_is_refused(town: Web, form, status: int) -> None:
    rev = post(town, split(town, "inside", "planner"), "planner")["rev"]
    assert town.post(f"/api/edits/{rev}/undo", "commander", json=form).status_code == status
    assert town.rev == rev


# ---- notices ---------------------------------------------------------------------------------------------------------
def test_notices_are_kept_and_the_unread_come_first(town: Web) -> None:
    for k in range(3):
        post(town, {"reason": f"reason {k}"}, "commander", f"/api/edits/{edit_at(town, 'inside', 'planner')}/undo")
        if k == 1:
            seq = town.get("/api/notices", "planner").json["notices"][0]["seq"]
            rev = town.rev
            assert town.post("/api/notices/read", "planner", json={"seq": seq}).json == {"unread": 0}
            assert town.rev == rev, "looking is no edit"
    told = town.get("/api/notices", "planner").json
    assert [(one["reason"], one["read"]) for one in told["notices"]] == [("reason 2", False), ("reason 1", True), ("reason 0", True)]
    assert told["unread"] == 1 and len(town.get("/api/notices?limit=2", "planner").json["notices"]) == 2
    assert town.post("/api/notices/read", "commander", json={"seq": 99}).json == {"unread": 0}
    assert town.get("/api/notices", "planner").json["unread"] == 1, "one's own only"


@pytest.mark.parametrize("form", [{}, {"seq": "3"}, {"seq": None}, {"seq": 1, "all": True}])
def test_a_wrong_mark_is_refused(shared: Web, form) -> None:
    assert shared.post("/api/notices/read", json=form).status_code in (400, 422)


# ---- one edit --------------------------------------------------------------------------------------------------------
def test_an_edit_tells_the_borders_it_found_and_those_it_left(town: Web) -> None:
    was = town.get("/api/areas/11?geometry=true").json
    done = post(town, split(town, "inside", "planner"), "planner")
    answer = town.get(f"/api/edits/{done['rev']}", "viewer").json
    assert [(area["code"], area["geometry"]) for area in answer["before"]] == [("11", was["geometry"])]
    assert {area["code"] for area in answer["after"]} == {"11", "11-2"}
    assert answer["bounds"] == pytest.approx(was["bounds"]) and answer["op"] == "split" and answer["actor"] is None
    ground = shapely.union_all([shapely.geometry.shape(area["geometry"]) for area in answer["after"]])
    beside = ground.symmetric_difference(shapely.geometry.shape(was["geometry"]))
    assert beside.area < 1e-10, "square degrees: a vertex of the cut lies next to the border"


def test_an_edit_shows_only_what_lies_in_sight(town: Web) -> None:
    with town.store.read() as reader:
        left, right = (reader.area(code).shape.representative_point() for code in ("31", "41"))
    line = {"type": "LineString", "coordinates": [[(left.x - 3e4) / 1e7, left.y / 1e7], [left.x / 1e7, left.y / 1e7],
                                                  [right.x / 1e7, right.y / 1e7], [(right.x + 3e4) / 1e7, right.y / 1e7]]}
    rev = post(town, {"op": "split", "line": line}, "mayor")["rev"]
    seen = {who: {area["code"] for area in town.get(f"/api/edits/{rev}", who).json["before"]} for who in ("planner", "neighbour", "mayor")}
    assert "31" in seen["planner"] and "41" not in seen["planner"]
    assert "41" in seen["neighbour"] and "31" not in seen["neighbour"]
    assert seen["mayor"] >= {"31", "41"}
    assert town.get(f"/api/edits/{rev}", "outsider").status_code == 404


def test_an_edit_of_attributes_has_a_place_and_no_borders_and_so_has_an_import(town: Web) -> None:
    rev = edit_at(town, "inside", "planner")
    answer = town.get(f"/api/edits/{rev}", "planner").json
    assert answer["before"] == answer["after"] == [] and answer["bounds"] == town.get("/api/areas/11").json["bounds"]
    with town.store.read() as reader:
        imported = next(row["rev"] for row in reader.revisions_since(0) if row["op"] == "import")
    assert town.get(f"/api/edits/{imported}", "mayor").json["before"] == []
    assert town.get("/api/edits/99999").status_code == 404
    assert town.get(f"/api/edits/{rev}?geometry=true").json["code"] == "bad-input"

