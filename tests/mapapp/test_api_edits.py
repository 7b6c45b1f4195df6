"""Redraw over the API: preview, commit, conflicts, refusals."""

from __future__ import annotations

import pytest
import shapely

from geodata.checking import check_store
from layers.redraw import OPERATIONS
from tests.mapapp.doing import across, split
from tests.mapapp.redraws import MERGE, by_code, dump, post, preview
from tests.mapapp.web import UNKNOWN, Web

FIGURES = {
    "households",
    "population",
    "special_total",
    "special",
    "buildings",
    "area_m2",
    "staff",
    "norm",
    "known_share",
    "estimated",
}
ELSEWHERE = {"subdivide": "test_api_dividing", "dissolve": "test_api_dividing", "draw": "test_api_drawing", "island": "test_api_drawing",
             "reshape": "test_api_reshaping", "move_vertex": "test_api_reshaping", "insert_vertex": "test_api_reshaping",
             "delete_vertex": "test_api_reshaping", "transfer": "test_api_drawing", "divide": "test_api_divide", "halve": "test_api_halve",
             "lattice": "test_api_lattice", "assign_buildings": "test_api_assigning"}
FORMS = {"split": lambda web: split(web, "inside", "mayor"), "merge": lambda web: MERGE}


def test_every_operation_has_a_form_here() -> None:
    assert {*FORMS, *ELSEWHERE} == set(OPERATIONS)


# ---- preview and commit ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("op", FORMS)
def test_a_preview_writes_nothing(town: Web, op: str) -> None:
    before, head = dump(town), town.store.head()
    answer = preview(town, FORMS[op](town))
    assert dump(town) == before and town.store.head() == head
    assert "edit" not in answer and "rev" not in answer


def test_a_piece_on_which_nobody_lives_has_no_special_groups_and_uncounted_ground_keeps_quiet(town: Web) -> None:
    west, south, east, north = town.area("11")["bounds"]
    with town.store.write("test", "count") as tx:
        for row in tx.rows("buildings", geometry=False):
            if row["area"] == tx.area("11").fid:
                tx.update("buildings", row["fid"], {"households": 3, "resident": 7})
    parted = []
    for k in range(1, 12):  # somewhere a line leaves all houses on one side
        x = west + (east - west) * k / 12
        form = {"op": "split", "targets": ["11"], "line": {"type": "LineString", "coordinates": [[x, south - 1e-4], [x + 1e-6, north + 1e-4]]}}
        answer = town.post("/api/edits/preview", "mayor", json=form)
        parted += [(form, one) for one in answer.json.get("changed", ()) if one["after"]["buildings"] == 0]
    assert parted
    form, empty = parted[0]
    told = [empty["after"][name] for name in ("households", "population", "special_total")]
    assert told == [0, 0, 0] and empty["after"]["known_share"] == 1 and set(empty["after"]["special"].values()) == {0}
    done = post(town, form)
    (code,) = [one["code"] for one in done["changed"] if one["after"]["buildings"] == 0]
    assert town.area(code)["special_total"] == 0
    shown = town.get("/api/figures?level=micro_grid&metric=special").json
    values = dict(zip(shown["fid"], shown["value"], strict=True))
    assert values[town.area(code)["fid"]] == 0 and values[town.area(UNKNOWN)["fid"]] is None
    assert done["totals_before"]["special_total"] == done["totals_after"]["special_total"] == town.area("11")["special_total"]
    unknown = post(town, {"op": "split", "targets": [UNKNOWN], "line": across_unknown(town)})
    assert all(one["after"]["special_total"] is None for one in unknown["changed"])


def across_unknown(web: Web) -> dict:
    west, south, east, north = web.area(UNKNOWN)["bounds"]
    x = (west + east) / 2
    return {"type": "LineString", "coordinates": [[x, south - 1e-4], [x + 1e-6, north + 1e-4]]}


def test_what_is_cut_off_a_dedicated_area_is_dedicated_and_has_no_norm(town: Web) -> None:
    card = town.area("11")
    changed = town.patch("/api/areas/11", "mayor", json={"version": card["version"], "kind": "dedicated", "leader": "张某"})
    assert changed.status_code == 200, changed.text
    form = split(town, "inside", "mayor")
    told = [one for one in preview(town, form)["changed"] if one["new"]]
    assert [one["after"]["norm"]["verdict"] for one in told] == ["none"]
    done = post(town, form)
    (code,) = [one["code"] for one in done["changed"] if one["new"]]
    made = town.area(code)
    assert (made["kind"], made["norm"]["verdict"], made["leader"]) == ("dedicated", "none", None)
    undone = post(town, {}, "mayor", f"/api/edits/{done['rev']}/undo")["rev"]
    assert town.get(f"/api/areas/{code}").status_code == 404
    post(town, {}, "mayor", f"/api/edits/{undone}/undo")
    assert town.area(code)["kind"] == "dedicated" and town.area("11")["leader"] == "张某"


@pytest.mark.parametrize("op", FORMS)
def test_numbers_of_the_preview_are_those_written_and_those_read_afterwards(town: Web, op: str) -> None:
    form = FORMS[op](town)
    seen, done = preview(town, form), post(town, form)
    assert done["edit"] == done["rev"] == town.rev and seen["op"] == done["op"] == op
    assert seen["totals_before"] == done["totals_before"] and seen["totals_after"] == done["totals_after"]
    assert (
        seen["findings"] == done["findings"] and seen["touched"] == done["touched"] and seen["line_m"] == done["line_m"]
    )
    shown = {change["next_code"] or change["code"]: change for change in seen["changed"]}
    written = by_code(done["changed"])
    assert set(shown) == set(written)
    for code, change in written.items():
        assert change["before"] == shown[code]["before"] and change["after"] == shown[code]["after"], code
        assert change["geometry"] == shown[code]["geometry"]
        assert (change["new"], change["retired"]) == (shown[code]["new"], shown[code]["retired"])
        assert change["cut_from"] == shown[code]["cut_from"] and (change["cut_from"] is not None) == change["new"]
        assert change["cut_from"] is None or written[change["cut_from"]]["before"] is not None, "one of those that gave ground"
        if change["retired"]:
            assert town.get(f"/api/areas/{code}").status_code == 404
            continue
        assert set(change["after"]) >= FIGURES
        card = town.area(code)
        assert {key: card[key] for key in FIGURES - {"area_m2"}} == {
            key: change["after"][key] for key in FIGURES - {"area_m2"}
        }, code
        assert abs(card["area_m2"] - change["after"]["area_m2"]) <= 0.1
        assert card["version"] == change["version"] and card["fid"] == change["fid"]
        assert shapely.geometry.shape(town.get(f"/api/areas/{code}?geometry=true").json["geometry"]).equals(
            shapely.geometry.shape(change["geometry"])
        )
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total]
    assert check_store(town.store)["gaps"] == check_store(town.store)["overlaps"] == 0


def test_the_part_to_keep_is_named_by_a_point(town: Web) -> None:
    parts = [
        shapely.geometry.shape(change["geometry"])
        for change in preview(town, split(town, "inside", "mayor"))["changed"]
    ]
    for part in parts:
        spot = part.representative_point()
        kept = by_code(preview(town, split(town, "inside", "mayor") | {"keep": [spot.x, spot.y]})["changed"])["11"]
        assert shapely.geometry.shape(kept["geometry"]).contains(spot)


def test_a_new_area_gets_a_code_never_used_before(town: Web) -> None:
    first = next(change["code"] for change in post(town, split(town, "inside", "mayor"))["changed"] if change["new"])
    post(town, {"op": "merge", "targets": ["11", first], "keep": "11"})
    second = next(change["code"] for change in post(town, split(town, "inside", "mayor"))["changed"] if change["new"])
    assert first == "11-2" and second == "11-3"


def test_unknown_people_stay_unknown(town: Web) -> None:
    form = {"op": "merge", "targets": [UNKNOWN, "21"], "keep": "21"}
    answer = post(town, form)
    after = by_code(answer["changed"])["21"]["after"]
    assert by_code(answer["changed"])[UNKNOWN]["before"]["households"] is None
    assert after["households"] == by_code(answer["changed"])["21"]["before"]["households"]


# ---- conflicts -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/api/edits", "/api/edits/preview"])
def test_areas_that_somebody_changed_are_a_conflict_that_names_them(town: Web, path: str) -> None:
    form = MERGE | {"versions": {"11": 1, "21": 1}}
    first = post(town, split(town, "inside", "mayor"))
    before = dump(town)
    answer = town.post(path, json=form)
    assert (answer.status_code, answer.json["code"]) == (409, "stale")
    assert [{key: area[key] for key in ("code", "fid", "version", "yours")} for area in answer.json["areas"]] == [
        {"code": "11", "fid": town.area("11")["fid"], "version": 2, "yours": 1}
    ]
    assert [edit["rev"] for edit in answer.json["edits"]] == [first["rev"]] and answer.json["lines"]["type"] == "MultiLineString"
    assert {area["code"] for area in answer.json["now"]} == {"11", "11-2"} and all("households" in area["figures"] for area in answer.json["now"])
    assert dump(town) == before


def test_a_note_on_an_area_is_no_conflict_for_who_cuts_it(town: Web) -> None:
    town.patch("/api/areas/21", json={"version": 1, "note": "x"})
    post(town, MERGE | {"versions": {"11": 1, "21": 1}})


def test_versions_that_fit_are_no_conflict(town: Web) -> None:
    post(town, MERGE | {"versions": {"11": 1, "21": 1}})


def test_a_vertex_on_an_unmoved_border_is_no_conflict(town: Web) -> None:
    """The neighbour of a cut area gains a vertex: who read it before may still redraw it."""
    touched = [area["code"] for area in post(town, split(town, "inside", "mayor"))["touched"]]
    assert touched
    assert all(town.area(code)["version"] == 1 for code in touched)


# ---- refusals --------------------------------------------------------------------------------------------------------
def short_line(web: Web) -> dict:
    line = shapely.geometry.shape(across(web, "inside"))
    return shapely.geometry.mapping(
        shapely.LineString([line.interpolate(0.1, normalized=True), line.interpolate(0.5, normalized=True)])
    )


def refusals(web: Web) -> dict[str, tuple[dict, int, str, bool]]:
    """name -> (form, status, code, whether it names a place)."""
    line, far = across(web, "inside"), {"type": "LineString", "coordinates": [[10, 10], [11, 11]]}
    (x, y), (u, v) = line["coordinates"][0], line["coordinates"][-1]
    knot = {"type": "LineString", "coordinates": [[x, y], [u, v], [(x + u) / 2, v + 1e-3], [(x + u) / 2, v - 1e-3]]}
    return {
        "ends inside": ({"op": "split", "targets": ["11"], "line": short_line(web)}, 422, "line-inside", True),
        "meets nothing": ({"op": "split", "line": far}, 422, "line-outside", False),
        "misses its target": ({"op": "split", "targets": ["52"], "line": line}, 422, "line-outside", False),
        "crosses itself": ({"op": "split", "targets": ["11"], "line": knot}, 422, "line-crosses-itself", True),
        "an area above": ({"op": "split", "targets": ["C1"], "line": line}, 422, "not-leaf", False),
        "apart": ({"op": "merge", "targets": ["11", "31"]}, 422, "not-adjacent", True),
        "of two communities": ({"op": "merge", "targets": ["31", "41"]}, 422, "other-parent", False),
        "only one": ({"op": "merge", "targets": ["11"]}, 422, "missing-field", False),
        "the same twice": ({"op": "merge", "targets": ["11", "11"]}, 400, "bad-input", False),
        "keep another": ({"op": "merge", "targets": ["11", "21"], "keep": "31"}, 400, "bad-input", False),
        "no line": ({"op": "split", "targets": ["11"]}, 422, "missing-field", False),
        "no such operation": ({"op": "fly", "targets": ["11"]}, 422, "unknown-operation", False),
        "no operation": ({"targets": ["11"]}, 422, "missing-field", False),
        "an unknown area": ({"op": "merge", "targets": ["11", "nowhere"]}, 404, "unknown-area", False),
        "an unknown word": ({"op": "merge", "targets": ["11", "21"], "force": True}, 400, "bad-input", False),
        "a polygon": (
            {
                "op": "split",
                "targets": ["11"],
                "line": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            },
            422,
            "bad-geometry",
            False,
        ),
        "a point of a line": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[120.2, 23.0], [120.2, 23.0]]}},
            422,
            "bad-geometry",
            False,
        ),
        "out of range": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[400, 23], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "in metres": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[500000, 2540000], [500100, 2540000]]}},
            422,
            "bad-geometry",
            False,
        ),
        "with heights": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23, 5], [121, 23, 5]]}},
            422,
            "bad-geometry",
            False,
        ),
        "huge numbers": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [[10**400, 23], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "words for numbers": (
            {"op": "split", "line": {"type": "LineString", "coordinates": [["a", "b"], [120, 23]]}},
            422,
            "bad-geometry",
            False,
        ),
        "too long": (
            {
                "op": "split",
                "line": {"type": "LineString", "coordinates": [[120 + k * 1e-7, 23] for k in range(50_000)]},
            },
            400,
            "bad-input",
            False,
        ),
        "through everything": ({"op": "merge", "targets": [str(k) for k in range(151)]}, 400, "bad-input", False),
        "keep nowhere": (
            {"op": "split", "targets": ["11"], "line": line, "keep": ["nan", "nan"]},
            422,
            "bad-geometry",
            False,
        ),
        "keep far": (
            {"op": "split", "targets": ["11"], "line": line, "keep": [10**400, 1]},
            422,
            "bad-geometry",
            False,
        ),
        "keep odd": ({"op": "split", "targets": ["11"], "line": line, "keep": {"a": 1}}, 422, "bad-geometry", False),
        "op as a list": ({"op": ["split"]}, 400, "bad-input", False),
        "targets as text": ({"op": "merge", "targets": "11"}, 400, "bad-input", False),
        "targets as numbers": ({"op": "merge", "targets": [11, 21]}, 400, "bad-input", False),
        "versions as a list": (MERGE | {"versions": [1]}, 400, "bad-input", False),
        "versions as text": (MERGE | {"versions": {"11": "1"}}, 400, "bad-input", False),
        "keep as a number": ({"op": "merge", "targets": ["11", "21"], "keep": 11}, 400, "bad-input", False),
    }


@pytest.mark.parametrize("path", ["/api/edits", "/api/edits/preview"])
def test_what_cannot_be_done_is_refused_with_reason_and_place(shared: Web, path: str) -> None:
    rev = shared.rev
    for name, (form, status, code, placed) in refusals(shared).items():
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, code), f"{name}: {answer.text}"
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"] and answer.json["title"] and answer.json["status"] == status
        if placed:
            lon, lat = answer.json["where"]
            assert 120 < lon < 121 and 22 < lat < 24, name
    assert shared.rev == rev


def test_a_locked_area_is_not_redrawn(town: Web) -> None:
    town.patch("/api/areas/11", json={"version": 1, "locked": True})
    for form in (MERGE, split(town, "inside", "mayor")):
        answer = town.post("/api/edits", json=form)
        assert (answer.status_code, answer.json["code"]) == (422, "locked")


def test_edits_on_one_line_of_query_are_not_ignored(shared: Web) -> None:
    assert shared.post("/api/edits?plan=3", json=MERGE).json["code"] == "bad-input"
