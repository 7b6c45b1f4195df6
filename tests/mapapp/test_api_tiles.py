"""Tiles over HTTP: addresses, compression, ETags, revisions, scope."""

from __future__ import annotations

import gzip

import mapbox_vector_tile
import pytest

from geodata.layer_tiles import SHOWN
from tests.mapapp.doing import split
from tests.mapapp.web import Web

TILE = "/tiles/areas/0/0/0.mvt"


@pytest.mark.parametrize("layer", ["areas", *SHOWN])
def test_a_layer_describes_its_tiles(shared: Web, layer: str) -> None:
    answer = shared.get(f"/tiles/{layer}.json").json
    assert answer["tilejson"] == "3.0.0" and answer["tiles"] == [
        f"http://localhost/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
    ]
    assert [one["id"] for one in answer["vector_layers"]][0] == layer
    west, south, east, north = answer["bounds"]
    assert west < answer["center"][0] < east and south < answer["center"][1] < north
    assert ("level_by_zoom" in answer) == (layer == "areas")


@pytest.mark.parametrize("layer", ["areas", *SHOWN])
def test_a_tile_holds_the_features_of_its_layer(shared: Web, layer: str) -> None:
    answer = shared.get(f"/tiles/{layer}/0/0/0.mvt")
    assert answer.status_code == 200 and answer.mimetype == "application/vnd.mapbox-vector-tile"
    assert layer in mapbox_vector_tile.decode(answer.data)


@pytest.mark.parametrize(
    "level, count", [("county", 1), ("town", 2), ("community", 4), ("grid", 4), ("micro_grid", 39), ("province", 1)]
)
def test_a_level_can_be_forced(shared: Web, level: str, count: int) -> None:
    tile = mapbox_vector_tile.decode(shared.get(f"{TILE}?level={level}").data)
    assert len({feature["id"] for feature in tile["areas"]["features"]}) == count


def test_without_a_level_the_zoom_decides(shared: Web) -> None:
    levels = shared.get("/tiles/areas.json").json["level_by_zoom"]
    tile = mapbox_vector_tile.decode(shared.get(TILE).data)
    assert {feature["properties"]["level"] for feature in tile["areas"]["features"]} == {levels["0"]}
    assert levels["22"] == "micro_grid"


def test_a_tile_is_compressed_for_who_understands_it(shared: Web) -> None:
    plain, packed = shared.get(TILE), shared.get(TILE, headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_a_tile_that_did_not_change_is_not_sent_again(town: Web) -> None:
    first = town.get(TILE + "?level=micro_grid")
    tag = {"If-None-Match": first.headers["ETag"]}
    for header in (first.headers["ETag"], "W/" + first.headers["ETag"], f'"other", {first.headers["ETag"]}'):
        again = town.get(TILE + "?level=micro_grid", headers={"If-None-Match": header})
        assert (again.status_code, again.data) == (304, b"") and again.headers["ETag"] == first.headers["ETag"]
    town.post("/api/edits", json=split(town, "inside", "mayor"))
    after = town.get(TILE + "?level=micro_grid", headers=tag)
    assert after.status_code == 200 and after.headers["ETag"] != first.headers["ETag"]
    assert town.get(TILE + "?level=county", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_tile_lasts_only_under_the_revision_it_shows(town: Web) -> None:
    assert town.get(TILE).headers["Cache-Control"] == "private, no-cache"
    assert "immutable" in town.get(f"{TILE}?rev={town.rev}").headers["Cache-Control"]
    assert town.get(f"{TILE}?rev={town.rev + 5}").headers["Cache-Control"] == "private, no-cache", (
        "nobody has written that yet"
    )


def test_a_tile_asked_at_the_new_revision_shows_the_edit(town: Web) -> None:
    rev = town.post("/api/edits", json=split(town, "inside", "mayor")).json["rev"]
    tile = mapbox_vector_tile.decode(town.get(f"{TILE}?level=micro_grid&rev={rev}").data)
    assert "11-2" in {feature["properties"]["code"] for feature in tile["areas"]["features"]}


def test_a_changed_object_is_in_the_next_tile(town: Web) -> None:
    fid = town.fids["buildings"]["inside"]
    for who in ("planner", "mayor"):
        town.get("/tiles/buildings/0/0/0.mvt", who)
    town.patch(f"/api/buildings/{fid}", json={"version": 1, "name": "新楼"})
    for who in ("planner", "mayor", "viewer"):
        tile = mapbox_vector_tile.decode(town.get("/tiles/buildings/0/0/0.mvt", who).data)
        assert next(one for one in tile["buildings"]["features"] if one["id"] == fid)["properties"]["name"] == "新楼"


def test_an_answer_of_one_account_is_never_kept_for_another(shared: Web) -> None:
    answer = shared.get("/tiles/zones/0/0/0.mvt")
    assert "private" in answer.headers["Cache-Control"] and {"Cookie", "Authorization"} <= set(
        answer.headers["Vary"].split(", ")
    )


def test_far_away_there_is_an_empty_tile(shared: Web) -> None:
    answer = shared.get("/tiles/areas/10/0/0.mvt")
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    "path, status",
    [
        ("/tiles/nonsense.json", 404),
        ("/tiles/staff/0/0/0.mvt", 404),
        ("/tiles/areas_label/0/0/0.mvt", 404),
        ("/tiles/areas/0/1/0.mvt", 404),
        ("/tiles/areas/23/0/0.mvt", 404),
        ("/tiles/areas/-1/0/0.mvt", 404),
        ("/tiles/areas/a/b/c.mvt", 404),
        (f"/tiles/areas/{'9' * 4000}/0/0.mvt", 404),
        ("/tiles/areas/0/0/0.png", 404),
        ("/tiles/areas/0/0/0.mvt?level=nonsense", 400),
        ("/tiles/areas/0/0/0.mvt?rev=x", 400),
        ("/tiles/areas/0/0/0.mvt?rev=²", 400),
        ("/tiles/areas/0/0/0.mvt?rev=-1", 400),
        ("/tiles/areas/0/0/0.mvt?colour=red", 400),
        ("/tiles/areas.json?level=grid", 400),
        (f"/tiles/areas/0/0/0.mvt?rev={'9' * 5000}", 400),
    ],
)
def test_a_wrong_address_is_refused(shared: Web, path: str, status: int) -> None:
    answer = shared.get(path)
    assert answer.status_code == status and answer.mimetype == "application/problem+json", answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
