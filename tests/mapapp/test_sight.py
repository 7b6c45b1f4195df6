"""What lies out of sight is not told, nor names, nor small groups; and rights follow the ground."""

from __future__ import annotations

import io

import geopandas
import mapbox_vector_tile
import pytest
import shapely

from geodata.layer_tiles import SHOWN
from layers.schema import LAYERS
from tests.mapapp.doing import (
    across,
    grant,
    split,
    zone_at,
)
from tests.mapapp.web import NAMES, OBJECTS, PHONE, Web

ORDER = {"layer": "areas", "format": "csv", "receiver": "公安", "purpose": "布控"}


# ---- what lies out of sight is not told in lists either --------------------------------------------------------------
C1 = {"00", "02", "11", "12", "20", "21", "22", "30", "31", "32", "foreign"}


def test_lists_hold_only_what_lies_in_sight(shared: Web) -> None:
    codes = {area["code"] for area in shared.get("/api/areas", "viewer").json["areas"]}
    assert codes == C1 | {"C1"}
    fids = {
        area["fid"] for area in shared.get("/api/areas?level=micro_grid", "watcher").json["areas"] if area["code"] in C1
    }
    assert set(shared.get("/api/figures?level=micro_grid&metric=households", "viewer").json["fid"]) == fids
    assert shared.get("/api/summary?level=micro_grid", "viewer").json["areas"] == len(C1)
    assert shared.get("/api/summary", "viewer").json["households"] == shared.area("C1")["households"]
    assert [zone["name"] for zone in shared.get("/api/zones", "viewer").json["zones"]] == ["封控 inside"]
    for layer in OBJECTS:
        rows = shared.get(f"/api/{layer}", "viewer").json[layer]
        assert rows and {row["area"] for row in rows} <= C1, layer
    assert {row["code"] for row in shared.get("/api/cells", "viewer").json["cells"]} == {"cell-12"}
    assert {row["area"] for row in shared.get("/api/shares", "viewer").json["shares"]} == {"12"}


@pytest.mark.parametrize(
    "words", ["41", "23", "T1", "sibling", "other", "微网格 41", "楼 other", "长街1号 sibling", "ZONE-other", "小区"]
)
def test_search_finds_nothing_out_of_sight(shared: Web, words: str) -> None:
    found = shared.get("/api/search", "viewer", query_string={"q": words}).json["results"]
    everything = shared.get("/api/search", "watcher", query_string={"q": words}).json["results"]
    assert len(everything) > len(found)
    inside = shapely.geometry.shape(shared.get("/api/areas/C1?geometry=true").json["geometry"]).buffer(1e-9)
    assert all(inside.intersects(shapely.Point(result["where"])) for result in found if result["kind"] != "area")
    assert all(result["code"] in C1 | {"C1"} for result in found if result["kind"] == "area")


@pytest.mark.parametrize("layer", [name for name in SHOWN if name not in ("roads", "water")])
def test_tiles_of_objects_hold_only_what_lies_in_sight(shared: Web, layer: str) -> None:
    mine, all_ = (features(shared, f"/tiles/{layer}/0/0/0.mvt", who) for who in ("viewer", "watcher"))
    with shared.store.read() as reader:
        scope = (next(area.path for area in reader.all_areas() if area.code == "C1"),)
        inside = {row["fid"] for row in reader.rows(layer, scope=scope)}
        everything = {row["fid"] for row in reader.rows(layer)}
    assert {feature["id"] for feature in mine} == inside
    assert {feature["id"] for feature in all_} == everything
    assert inside < everything


def test_tiles_of_areas_are_the_same_for_everybody_and_hold_no_figure(shared: Web) -> None:
    tiles = {
        shared.get("/tiles/areas/0/0/0.mvt?level=micro_grid", who).data
        for who in ("viewer", "watcher", "outsider", "chief")
    }
    assert len(tiles) == 1
    for feature in features(shared, "/tiles/areas/0/0/0.mvt?level=micro_grid", "viewer"):
        assert set(feature["properties"]) <= {"code", "name", "level", "version"}


def test_no_tile_holds_a_name_or_phone_of_a_person(shared: Web) -> None:
    for layer in ("areas", *SHOWN):
        said = str(features(shared, f"/tiles/{layer}/0/0/0.mvt", "chief"))
        assert not any(secret in said for secret in (*NAMES.values(), PHONE)), layer
        described = LAYERS[layer]
        assert not {field.name for field in described.fields if field.personal} & {
            key for feature in features(shared, f"/tiles/{layer}/0/0/0.mvt", "chief") for key in feature["properties"]
        }


def features(web: Web, path: str, who: str) -> list[dict]:
    answer = web.get(path, who)
    assert answer.status_code == 200
    layers = mapbox_vector_tile.decode(answer.data) if answer.data else {}
    return [feature for name, layer in layers.items() if not name.endswith("_label") for feature in layer["features"]]


def test_history_tells_nothing_of_areas_out_of_sight(town: Web) -> None:
    far, near = town.area("52")["version"], town.area("11")["version"]
    assert town.patch("/api/areas/52", "neighbour", json={"version": far, "note": "甲"}).status_code == 200
    assert town.patch("/api/areas/11", "commander", json={"version": near, "note": "乙"}).status_code == 200
    edits = town.get("/api/edits", "viewer").json["edits"]
    assert [edit["areas"] for edit in edits if edit["op"] == "change area"] == [["11"]]
    assert {code for edit in edits for code in edit["areas"]} <= C1
    assert [edit["areas"] for edit in town.get("/api/edits", "watcher").json["edits"]][:2] == [["11"], ["52"]]


def test_a_neighbour_that_only_gained_a_vertex_is_not_in_the_history(town: Web) -> None:
    """A cut in C2 ends on the border of C1: C1's leaf gains a vertex, and nobody in C1 hears of it."""
    done = town.post(
        "/api/edits", "neighbour", json={"op": "split", "targets": ["41"], "line": across(town, "sibling")}
    )
    assert done.status_code == 200, done.text
    touched = {area["code"] for area in done.json["touched"]}
    assert touched & C1
    assert {edit["op"] for edit in town.get("/api/edits", "viewer").json["edits"]} == {"import", "demo"}
    undone = town.post(f"/api/edits/{done.json['rev']}/undo", "neighbour")
    assert undone.status_code == 200, undone.text
    assert not {change["code"] for change in undone.json["changed"]} & C1
    assert town.get("/api/edits?area=31", "viewer").json["edits"][0]["op"] == "import"


def test_an_export_holds_only_what_lies_in_sight(town: Web, tmp_path) -> None:
    frames = {}
    for who in ("planner", "mayor"):
        number = town.post("/api/exports", who, json=ORDER | {"layer": "buildings", "format": "geojson"}).json["id"]
        town.app.extensions["weige"].jobs._pool.submit(lambda: None).result()  # the worker has done all before
        package = town.get(f"/api/exports/{number}/file", who)
        assert package.status_code == 200
        frames[who] = geopandas.read_file(io.BytesIO(package.data))
    assert set(frames["planner"]["area"]) == C1 - {"20", "12"}
    assert len(frames["mayor"]) > len(frames["planner"])


# ---- names, phones, special groups -----------------------------------------------------------------------------------
PERSONAL = {layer.name: [field.name for field in layer.fields if field.personal] for layer in LAYERS.values()}


@pytest.mark.parametrize("who", ["viewer", "reporter", "admin", "watcher"])
def test_names_and_phones_are_for_planners_only(shared: Web, who: str) -> None:
    for layer in (*OBJECTS, "units"):
        rows = shared.get(f"/api/{layer}", who).json[layer]
        assert all(row[field] is None for row in rows for field in PERSONAL[layer]), layer
    for path in ("/api/areas", "/api/zones", "/api/edits", "/api/search?q=林", f"/api/search?q={PHONE}"):
        said = shared.get(path, who).text
        assert not any(secret in said for secret in (*NAMES.values(), 'proposed_by":"chief')), path
    assert PHONE not in shared.get("/api/staff", who).text
    named = shared.get("/api/staff", "planner").json["staff"]
    assert [row["name"] for row in named] == [NAMES["inside"]] and named[0]["phone"] == PHONE


def test_who_plans_here_and_looks_elsewhere_sees_names_only_here(shared: Web) -> None:
    names = {row["area"]: row["name"] for row in shared.get("/api/staff", "mixed").json["staff"]}
    assert names == {"11": NAMES["inside"], "41": None, "23": None}
    special = {row["code"]: row["special"] for row in shared.get("/api/cells", "mixed").json["cells"]}
    assert special["cell-12"] == {"alone_elderly": 6} and special["cell-41"] is None
    zones = {zone["name"]: zone for zone in shared.get("/api/zones", "mixed").json["zones"]}
    assert zones["封控 inside"]["proposed_by"] == "chief" and zones["封控 sibling"]["proposed_by"] is None
    assert zones["封控 inside"]["figures"]["special_total"] == 3 and zones["封控 sibling"]["figures"]["special_hidden"]


@pytest.mark.parametrize("who", ["viewer", "reporter", "admin", "watcher"])
def test_special_groups_are_hidden_and_no_sum_gives_them_away(shared: Web, who: str) -> None:
    areas = {area["code"]: area for area in shared.get("/api/areas", who).json["areas"]}
    least = shared.config.privacy.min_cell
    true = {area["code"]: area["special_total"] for area in shared.get("/api/areas", "chief").json["areas"]}
    assert any(0 < (true[code_] or 0) < least for code_ in areas)
    for area in areas.values():
        assert area["special"] == {} and area["special_hidden"]
        children = [child for child in areas.values() if child["parent"] == area["code"]]
        shown = [child["special_total"] for child in children if child["special_total"] is not None]
        hidden = [
            child["code"] for child in children if child["special_total"] is None and (true[child["code"]] or 0) > 0
        ]
        if area["special_total"] is not None:
            assert area["special_total"] == true[area["code"]] and (
                area["special_total"] == 0 or area["special_total"] >= least
            )
            assert len(hidden) != 1, f"{area['code']} - {sum(shown)} is {hidden}"
        else:
            assert not shown, "below a hidden total nothing is told"
    for path in ("/api/summary", "/api/summary?area=C1", "/api/summary?area=11", "/api/areas/11", "/api/areas/C1"):
        if shared.get(path, who).status_code == 200:
            assert shared.get(path, who).json["special"] == {}
    for layer in ("buildings", "units", "cells", "shares"):
        assert all(row["special"] is None for row in shared.get(f"/api/{layer}", who).json[layer]), layer
    assert all(
        zone["figures"]["special"] == {} and zone["figures"]["special_total"] is None
        for zone in shared.get("/api/zones", who).json["zones"]
    )


# ---- rights follow the ground ----------------------------------------------------------------------------------------
def seen_by(web: Web, who: str) -> set[str]:
    return {area["code"] for area in web.get("/api/areas", who).json["areas"]}


def test_rights_follow_a_cut_a_merge_and_their_undo_and_never_reach_a_neighbour(town: Web) -> None:
    #   +----+----+      +----+--+----+      +----+-------+      back again
    #   | 22 | 11 |  ->  | 22 |11|11-2|  ->  | 22 |  11   |  ->  one step after the other
    #   +----+----+      +----+--+----+      +----+-------+
    who = grant(town, "keeper", "planner", "11")
    assert seen_by(town, who) == {"11"}
    cut = town.post("/api/edits", "mayor", json=split(town, "inside", "mayor"))
    assert cut.status_code == 200, cut.text
    new = next(change["code"] for change in cut.json["changed"] if change["new"])
    assert seen_by(town, who) == {"11", new}
    assert town.patch(f"/api/areas/{new}", who, json={"version": 1, "note": "我的"}).status_code == 200
    back = town.get("/api/edits?mine=true", who).json["undo"]["rev"]
    assert town.post(f"/api/edits/{back}/undo", who).status_code == 200
    merged = town.post("/api/edits", who, json={"op": "merge", "targets": ["11", new], "keep": "11"})
    assert merged.status_code == 200, merged.text
    assert seen_by(town, who) == {"11"}
    assert town.post(f"/api/edits/{merged.json['rev']}/undo", who).status_code == 200
    assert seen_by(town, who) == {"11", new}
    assert town.post(f"/api/edits/{cut.json['rev']}/undo", "mayor").status_code == 200, "as it was"
    assert seen_by(town, who) == {"11"}
    assert town.get("/api/areas/22", who).status_code == town.get("/api/areas/21", who).status_code == 404


def test_a_merge_with_a_neighbour_is_shared_only_while_it_stands(town: Web) -> None:
    who, other = grant(town, "keeper", "planner", "11"), grant(town, "next-door", "viewer", "21")
    refused = town.post("/api/edits", who, json={"op": "merge", "targets": ["11", "21"]})
    assert (refused.status_code, refused.json["code"]) == (404, "unknown-area")
    done = town.post("/api/edits", "mayor", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert done.status_code == 200, done.text
    assert seen_by(town, who) == seen_by(town, other) == {"21"}, "the ground of 11 is in 21 now"
    assert town.post(f"/api/edits/{done.json['rev']}/undo", "mayor").status_code == 200
    assert seen_by(town, who) == {"11"} and seen_by(town, other) == {"21"}


def test_a_zone_stays_in_the_sight_of_its_people_when_its_area_is_merged_away(town: Web) -> None:
    zone = zone_at(town, "inside", "planner")
    done = town.post("/api/edits", "mayor", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert done.status_code == 200
    after = town.get(f"/api/zones/{zone}", "planner")
    assert after.status_code == 200 and after.json["area"] == "21" and after.json["version"] == 1


def test_rights_end_where_the_granted_area_ended(town: Web) -> None:
    """A grant on a part that a later undo takes away gives nothing: not the whole it came from."""
    cut = town.post("/api/edits", "mayor", json=split(town, "inside", "mayor"))
    new = next(change["code"] for change in cut.json["changed"] if change["new"])
    who = grant(town, "newcomer", "viewer", new)
    assert seen_by(town, who) == {new}
    assert town.post(f"/api/edits/{cut.json['rev']}/undo", "mayor").status_code == 200
    assert town.get("/api/areas", who).status_code == 403
    again = town.post(f"/api/edits/{cut.json['rev'] + 1}/undo", "mayor")
    assert again.status_code == 200, again.text
    assert seen_by(town, who) == {new}
