"""Areas over the API: cards, lists, figures and changes of attributes."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
import shapely

from tests.mapapp.web import CELL, UNKNOWN, Web

# What a card shows: the contract of the page.
CARD = {
    "fid",
    "code",
    "name",
    "level",
    "parent",
    "ancestors",
    "leaf",
    "assigned",
    "locked",
    "kind",
    "version",
    "rev",
    "bounds",
    "where",
    "area_m2",
    "households",
    "population",
    "population_kind",
    "people",
    "special",
    "special_total",
    "known_share",
    "leaves",
    "unknown_leaves",
    "buildings",
    "staff",
    "norm",
    "declared",
    "declared_difference",
    "estimated",
    "counted_at",
    "age_s",
    "leader",
    "phone",
    "note",
    "editable",
    "children",
    "status",
}


def test_a_card_holds_all_its_page_shows(shared: Web) -> None:
    card = shared.area("11")
    assert set(card) >= CARD
    assert [one["code"] for one in card["ancestors"]] == ["K", "T1", "C1"] and card["parent"] == "C1"
    assert card["leaf"] and card["children"] == 0 and card["level"] == "micro_grid"
    west, south, east, north = card["bounds"]
    assert west < card["where"][0] < east and south < card["where"][1] < north
    assert set(card["staff"]) == {"need", "have", "gap", "roles"} and set(card["norm"]) == {
        "min",
        "max",
        "verdict",
        "difference",
    }
    assert card["population_kind"] == "resident" and card["people"]["resident"] == card["population"]


def test_a_parent_is_the_sum_of_its_leaves(shared: Web) -> None:
    leaves = shared.get("/api/areas?parent=C1").json["areas"]
    parent = shared.area("C1")
    for figure in ("households", "population", "buildings", "unknown_leaves"):
        assert parent[figure] == sum(leaf[figure] or 0 for leaf in leaves), figure
    assert parent["staff"]["need"] == sum(leaf["staff"]["need"] for leaf in leaves)
    assert parent["leaves"] == len(leaves) and parent["known_share"] == round(1 - 1 / len(leaves), 6)


def test_unknown_is_not_zero(shared: Web) -> None:
    unknown, counted = shared.area(UNKNOWN), shared.area(CELL)
    assert unknown["households"] is None and unknown["known_share"] == 0 and unknown["unknown_leaves"] == 1
    assert unknown["norm"]["verdict"] == "unknown" and unknown["age_s"] is None
    assert counted["households"] == 30 and counted["known_share"] == 1


@pytest.mark.parametrize("code", ["河心岛", "6/3", "foreign"])
def test_any_code_has_an_address(shared: Web, code: str) -> None:
    assert shared.get("/api/areas/" + quote(code, safe="")).json["code"] == code
    assert shared.get("/api/areas", query_string={"parent": code}).json["areas"] == []
    assert shared.get("/api/edits", query_string={"area": code}).status_code == 200


def test_a_shape_comes_when_asked_for(shared: Web) -> None:
    assert "geometry" not in shared.area("11")
    shape = shapely.geometry.shape(shared.get("/api/areas/11?geometry=true").json["geometry"])
    assert shape.geom_type == "MultiPolygon" and shape.is_valid
    listed = shared.get("/api/areas?parent=C1&geometry=true").json["areas"]
    assert all(shapely.geometry.shape(area["geometry"]).is_valid for area in listed)


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_of_a_list_hold_every_area_once(shared: Web, limit: int) -> None:
    path, codes = f"/api/areas?level=micro_grid&limit={limit}", []
    while path:
        page = shared.get(path).json
        codes += [area["code"] for area in page["areas"]]
        assert len(page["areas"]) <= limit
        path = page["next"]
    assert len(codes) == len(set(codes)) == 39


def test_the_next_page_keeps_every_word_of_the_query(shared: Web) -> None:
    following = shared.get(
        "/api/areas", query_string={"parent": "C1", "limit": 2, "bbox": "100,20,130,40", "leaf": "true"}
    ).json["next"]
    query = parse_qs(urlsplit(following).query)
    assert query["parent"] == ["C1"] and query["bbox"] == ["100,20,130,40"] and query["leaf"] == ["true"]
    assert shared.get(following).status_code == 200


def test_a_list_begun_before_an_edit_says_so(town: Web) -> None:
    following = town.get("/api/areas?limit=2").json["next"]
    items = town.get("/api/buildings?limit=2").json["next"]
    town.patch("/api/areas/11", json={"version": 1, "note": "x"})
    for path in (following, items):
        answer = town.get(path)
        assert (answer.status_code, answer.json["code"]) == (409, "stale")


def test_a_list_by_extent_holds_what_meets_it(shared: Web) -> None:
    bounds = shared.area("11")["bounds"]
    found = {
        area["code"]
        for area in shared.get(f"/api/areas?level=micro_grid&bbox={','.join(map(str, bounds))}").json["areas"]
    }
    assert "11" in found and "65" not in found


@pytest.mark.parametrize(
    "query",
    [
        "level=nonsense",
        "levle=grid",
        "limit=0",
        "limit=10001",
        "limit=ten",
        "limit=-1",
        "limit=²",
        "limit=" + "9" * 5000,
        "after=-1",
        "after=1e3",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=nan,nan,nan,nan",
        "bbox=10,0,0,10",
        "bbox=0,0,inf,1",
        "geometry=maybe",
        "leaf=2",
        "bbox=-200,0,0,0",
        "parent=a%00b",
    ],
)
def test_a_query_that_means_nothing_is_refused(shared: Web, query: str) -> None:
    answer = shared.get(f"/api/areas?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input"), answer.text
    assert len(answer.text) < 700


@pytest.mark.parametrize("code", ["nowhere", "%00", "11%20", "..%2F..%2Fetc", "'", "x" * 5000, "💩", "<script>"])
def test_an_unknown_area_is_named_so(shared: Web, code: str) -> None:
    answer = shared.get(f"/api/areas/{code}")
    assert (answer.status_code, answer.json["code"]) == (404, "unknown-area")
    assert answer.mimetype == "application/problem+json"


# ---- figures ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("metric", ["households", "population", "density", "special", "staff_gap"])
@pytest.mark.parametrize("level", ["county", "town", "community", "grid", "micro_grid"])
def test_figures_are_those_of_the_cards(shared: Web, level: str, metric: str) -> None:
    """A level shows everywhere the deepest area at or above it: this town has no grids, so `grid` shows communities."""
    answer = shared.get(f"/api/figures?level={level}&metric={metric}").json
    cards = {area["fid"]: area for area in shared.get("/api/areas").json["areas"]}
    read = {
        "households": lambda card: card["households"],
        "population": lambda card: card["population"],
        "special": lambda card: card["special_total"],
        "staff_gap": lambda card: card["staff"]["gap"],
        "density": lambda card: (
            None if card["population"] is None else round(card["population"] / card["area_m2"] * 1e6)
        ),
    }[metric]
    for fid, value in zip(answer["fid"], answer["value"], strict=True):
        shown = read(cards[fid])
        assert value == shown or abs(value - shown) < 0.01 * shown
    assert (
        len(answer["fid"])
        == len(answer["age_s"])
        == {"county": 1, "town": 2, "community": 4, "grid": 4, "micro_grid": 39}[level]
    )
    assert answer["rev"] == shared.rev and ("norm_min" in answer) == (metric == "households")


@pytest.mark.parametrize(
    "query",
    ["", "level=nonsense&metric=households", "level=grid&metric=nonsense", "level=grid&metric=", "level=grid&x=1"],
)
def test_figures_of_nothing_are_refused(shared: Web, query: str) -> None:
    answer = shared.get(f"/api/figures?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input")


def test_the_summary_adds_up(shared: Web) -> None:
    answer, top = shared.get("/api/summary?level=micro_grid").json, shared.area("K")
    assert answer["areas"] == 39 == sum(answer["verdicts"].values())
    assert (answer["households"], answer["population"], answer["known_share"]) == (
        top["households"],
        top["population"],
        top["known_share"],
    )
    assert answer["coverage"]["gaps"] == 0
    part = shared.get("/api/summary?area=C1&level=micro_grid").json
    assert part["areas"] == 11 and part["households"] == shared.area("C1")["households"]


def test_an_account_of_two_places_sees_their_sum(town: Web) -> None:
    with town.store.read() as reader:
        town.accounts.add(
            "two", "Two-Places-2026", [("planner", reader.area(code).fid, reader.rev) for code in ("C1", "C3")]
        )
    town.tokens["two"] = town.accounts.new_token("two", 1)
    answer = town.get("/api/summary", "two").json
    assert answer["households"] == town.area("C1")["households"] + town.area("C3")["households"]
    assert answer["staff"]["have"] == town.area("C1")["staff"]["have"] + town.area("C3")["staff"]["have"]


# ---- changes ---------------------------------------------------------------------------------------------------------
def test_attributes_change_and_the_old_stay_in_the_history(town: Web) -> None:
    changes = {
        "name": "幸福里",
        "norm_min": 10,
        "norm_max": 40,
        "leader": "赵某",
        "phone": "1390",
        "note": "n",
        "kind": "dedicated",
        "declared_households": 20,
        "declared_population": 50,
        "locked": True,
    }
    answer = town.patch("/api/areas/11", json={"version": 1, **changes})
    assert answer.status_code == 200 and answer.json["version"] == 2
    card = town.area("11")
    assert card == answer.json
    assert {key: card[key] for key in ("name", "leader", "phone", "note", "kind", "locked")} == {
        key: changes[key] for key in ("name", "leader", "phone", "note", "kind", "locked")
    }
    assert card["norm"]["min"] == 10 and card["declared"] == {"households": 20, "population": 50}
    assert card["declared_difference"]["households"] == 20 - card["households"]
    assert town.get("/api/figures?level=micro_grid&metric=households").json["locked"] == [card["fid"]]
    edit = town.get("/api/edits?area=11").json["edits"][0]
    assert edit["op"] == "change_lock area" and edit["areas"] == ["11"] and edit["actor"] == "mayor"
    with town.store.read() as reader:
        kept = reader.revision(edit["rev"])["form"]
    assert "赵某" not in str(kept) and "1390" not in str(kept), "the log holds no names of persons"
    assert town.post(f"/api/edits/{edit['rev']}/undo").status_code == 200
    assert town.area("11")["name"] == "微网格 11" and town.area("11")["leader"] is None


def test_the_history_says_that_an_area_was_locked_or_unlocked(town: Web) -> None:
    steps = ({"locked": True}, {"locked": True}, {"locked": True, "note": "a"}, {"locked": False, "note": "b"}, {"locked": True}, {"locked": False})
    for version, changes in enumerate(steps, 1):
        assert town.patch("/api/areas/11", json={"version": version, **changes}).status_code == 200
    first = town.get("/api/edits?area=11").json["edits"][0]["rev"]
    assert town.post(f"/api/edits/{first}/undo").status_code == 200
    told = [(edit["op"], edit["note"]) for edit in town.get("/api/edits?area=11").json["edits"]]
    assert told[:7] == [("undo", "unlock area 11"), ("unlock area", "11"), ("lock area", "11"), ("change_unlock area", "11"), ("change area", "11"),
                        ("change area", "11"), ("lock area", "11")]


def test_an_upper_area_changes_too(town: Web) -> None:
    assert town.patch("/api/areas/C1", json={"version": 1, "name": "东湖社区"}).status_code == 200
    assert town.area("C1")["name"] == "东湖社区"


def test_a_change_of_what_somebody_else_changed_is_stale(town: Web) -> None:
    town.patch("/api/areas/11", json={"version": 1, "note": "first"})
    answer = town.patch("/api/areas/11", json={"version": 1, "note": "second"})
    assert (answer.status_code, answer.json["code"], answer.json["version"]) == (409, "stale", 2)
    assert town.area("11")["note"] == "first"


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"note": "x"}, 422, "missing-field"),
        ({"version": 1}, 422, "missing-field"),
        ({"version": "1", "note": "x"}, 400, "bad-input"),
        ({"version": True, "note": "x"}, 400, "bad-input"),
        ({"version": 1.0, "note": "x"}, 400, "bad-input"),
        ({"version": 10**30, "note": "x"}, 400, "bad-input"),
        ({"version": 1, "households": 5}, 400, "bad-input"),
        ({"version": 1, "code": "new"}, 400, "bad-input"),
        ({"version": 1, "geometry": {}}, 400, "bad-input"),
        ({"version": 1, "norm_min": "10"}, 400, "bad-input"),
        ({"version": 1, "norm_min": 1.5}, 400, "bad-input"),
        ({"version": 1, "norm_min": -1}, 400, "bad-input"),
        ({"version": 1, "norm_min": 10**12}, 400, "bad-input"),
        ({"version": 1, "norm_min": True}, 400, "bad-input"),
        ({"version": 1, "norm_min": [1]}, 400, "bad-input"),
        ({"version": 1, "norm_min": 50, "norm_max": 10}, 400, "bad-input"),
        ({"version": 1, "name": ""}, 422, "missing-field"),
        ({"version": 1, "name": None}, 422, "missing-field"),
        ({"version": 1, "name": 5}, 400, "bad-input"),
        ({"version": 1, "name": "x" * 100_000}, 400, "bad-input"),
        ({"version": 1, "name": {"a": {}}}, 400, "bad-input"),
        ({"version": 1, "locked": "yes"}, 400, "bad-input"),
        ({"version": 1, "kind": "castle"}, 400, "bad-input"),
        ([], 400, "bad-input"),
        ("x", 400, "bad-input"),
    ],
)
def test_a_wrong_change_is_refused_and_nothing_is_written(shared: Web, body, status: int, code: str) -> None:
    rev = shared.rev
    answer = shared.patch("/api/areas/11", json=body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert shared.rev == rev and len(answer.text) < 2000
