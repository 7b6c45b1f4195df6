"""What the page needs to show zones: those lifted today, and where the fill kind begins, each account on its own ground."""

from __future__ import annotations

import math

import mapbox_vector_tile
import pytest

from tests.mapapp.doing import zone_at
from tests.mapapp.web import Web

REST = "/tiles/zones_rest/0/0/0.mvt"


def rest(web: Web, who: str, path: str = REST) -> list[dict]:
    """Pieces of the edge in a tile, of the whole world if none is named."""
    answer = web.get(path, who)
    assert answer.status_code == 200
    return mapbox_vector_tile.decode(answer.data)["zones_rest"]["features"] if answer.data else []


def near(web: Web, code: str) -> str:
    """The path of the small tile in which an area lies."""
    west, south, east, north = web.area(code)["bounds"]
    tile = tile_of(west / 2 + east / 2, south / 2 + north / 2, 11)
    return f"/tiles/zones_rest/11/{tile[0]}/{tile[1]}.mvt"


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The tile of a place."""
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * 2**z), int(y * 2**z)


def decide(web: Web, fid: int, action: str, **form) -> dict:
    answer = web.post(f"/api/zones/{fid}/{action}", "commander", json={"order_no": "7号", "reason": "演练", **form})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_edge_of_the_rest_comes_with_the_first_zone_in_force_and_goes_with_the_last(town: Web) -> None:
    assert rest(town, "mayor") == []
    fid = town.post("/api/zones", "planner", json={"kind": "lockdown", "areas": ["11"], "reason": "演练"}).json["id"]
    assert rest(town, "mayor") == [], "a proposal leaves everything as it is"
    answer = town.post(f"/api/zones/{fid}/approve", "commander", json={"order_no": "7号"})
    assert answer.status_code == 200, answer.text
    found = rest(town, "mayor")
    assert found and {one["properties"]["kind"] for one in found} == {"prevention"}
    assert {one["geometry"]["type"] for one in found} <= {"LineString", "MultiLineString"}
    decide(town, fid, "lift")
    assert rest(town, "mayor") == []


def test_each_account_sees_the_edge_of_its_own_ground(town: Web) -> None:
    zone_at(town, "inside", "planner", "in_force")
    tile = near(town, "11")
    assert rest(town, "viewer", tile) and rest(town, "viewer", tile) != rest(town, "mayor", tile)
    assert rest(town, "neighbour", tile) == rest(town, "neighbour") == [], "the zone lies in another community"
    assert town.get("/tiles/zones_rest.json", "viewer").json["vector_layers"][0]["id"] == "zones_rest"


def test_zones_lifted_since_a_time_come_with_those_that_stand(town: Web) -> None:
    fid = zone_at(town, "inside", "planner", "in_force")
    lifted = decide(town, fid, "lift")
    ids = [zone["id"] for zone in town.get("/api/zones").json["zones"]]
    assert fid not in ids
    at = lifted["lifted_at"]
    later = at[:-9].replace(at[:4], str(int(at[:4]) + 1), 1) + at[-9:]
    for since, there in ((at, True), (later, False)):
        told = town.get("/api/zones", query_string={"lifted_since": since}).json["zones"]
        assert (fid in [zone["id"] for zone in told]) == there
        assert set(ids) <= {zone["id"] for zone in told}
    tile = mapbox_vector_tile.decode(town.get("/tiles/zones/0/0/0.mvt").data)
    shown = next(one for one in tile["zones"]["features"] if one["id"] == fid)["properties"]
    assert shown["status"] == "lifted" and shown["lifted_at"] == at


@pytest.mark.parametrize("since", ["x", "2026-11-22", "2026-11-22T10:00:00"])
def test_a_time_without_offset_is_refused(shared: Web, since: str) -> None:
    answer = shared.get("/api/zones", query_string={"lifted_since": since})
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input")
