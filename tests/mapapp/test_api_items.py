"""Every declared layer through every door: file in, list, read, add, change, remove, file out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas
import pandas
import pytest
import shapely

from geodata.exporter import EXPORT_LAYERS
from geodata.importer import import_rows
from geodata.incoming import Options
from layers.areas import to_degrees
from layers.population import inner_point
from layers.schema import LAYERS, Layer
from tests.mapapp.web import CELL, Web

EDITABLE = [name for name, layer in LAYERS.items() if layer.editable]
# reference -> (layer, what a file calls the object inside leaf 11)
REFERRED = {
    "estate": ("estates", "E-inside"),
    "building": ("buildings", "B-inside"),
    "unit": ("units", "U-inside"),
    "place": ("places", "P-inside"),
    "post": ("checkpoints", "K-inside"),
    "team": ("teams", "小组 inside"),
}
# A value of each field type, and another to change it to.
VALUES: dict[str, tuple[Any, Any]] = {
    "text": ("甲", "乙"),
    "int": (3, 4),
    "number": (2.5, 3.5),
    "bool": (True, False),
    "date": ("2026-01-31", "2026-02-28"),
    "time": ("2026-01-31T08:00:00+08:00", "2026-02-28T20:00:00+08:00"),
    "json": ({"minor": 2}, {"minor": 3}),
}


def values(web: Web, layer: Layer, which: int, *, for_file: bool = False) -> dict[str, Any]:
    """A value for every field of the layer; references by code in files, by number in requests."""
    made: dict[str, Any] = {}
    for field in layer.fields:
        if field.name in REFERRED:
            target, label = REFERRED[field.name]
            made[field.name] = label if for_file else web.fids[target]["inside"]
        elif field.choices:
            made[field.name] = field.choices[which]
        elif field.name == "code":
            made[field.name] = f"new-{layer.name}-{which}"
        elif field.name == "role":
            made[field.name] = "volunteer"
        else:
            value = VALUES[field.type][which]
            made[field.name] = json.dumps(value) if for_file and field.type == "json" else value
    return made


def shape_of(web: Web, layer: Layer, which: int = 0) -> shapely.Geometry | None:
    """An object of the layer inside leaf 22."""
    with web.store.read() as reader:
        spot = to_degrees(inner_point(reader.area("22").shape))
    x, y, d = spot.x + which * 1e-5, spot.y, 2e-5
    return {
        "": None,
        "Point": shapely.Point(x, y),
        "MultiLineString": shapely.MultiLineString([[(x, y), (x + d, y + d)]]),
        "MultiPolygon": shapely.MultiPolygon([shapely.box(x, y, x + d, y + d)]),
        "Geometry": shapely.box(x, y, x + d, y + d),
    }[layer.geometry]


def rounded(shape: dict | None) -> shapely.Geometry | None:
    return (
        None if shape is None else shapely.transform(shapely.geometry.shape(shape), lambda xy: (xy * 1e7).round() / 1e7)
    )


# ---- one test, every layer -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [name for name in EDITABLE if name != "checkpoints"])  # posts: test_api_checkpoints.py
def test_a_declared_layer_goes_in_is_listed_read_changed_and_handed_out(town: Web, tmp_path, name: str) -> None:
    layer = LAYERS[name]
    area = {} if layer.by_place or not layer.owned else {"area": "22"}

    # a file in
    shape, row = shape_of(town, layer), values(town, layer, 0, for_file=True) | ({"area_code": "22"} if area else {})
    if shape is None:
        path = tmp_path / f"{name}.csv"
        pandas.DataFrame([row]).to_csv(path, index=False)
    else:
        path = tmp_path / f"{name}.gpkg"
        geopandas.GeoDataFrame([row], geometry=[shape], crs="EPSG:4490").to_file(path, driver="GPKG")
    done = import_rows(town.store, path, Options(name), "clerk")
    assert (done["read"], done["written"], done["updated"]) == (1, 1, 0)

    # listed and read
    listed = town.get(f"/api/{name}").json
    assert listed["rev"] == town.rev and listed["next"] is None
    first = max(listed[name], key=lambda item: item["id"])
    assert town.get(f"/api/{name}/{first['id']}").json == first
    sent = values(town, layer, 0)
    assert {key: first[key] for key in sent} == sent
    owner = "11" if name == "units" else "22" if layer.owned else None
    assert first.get("area") == owner and first["version"] == 1
    if shape is not None:
        assert rounded(first["geometry"]).equals(rounded(shapely.geometry.mapping(shape)))

    # added
    body = (
        values(town, layer, 1)
        | area
        | ({} if shape is None else {"geometry": shapely.geometry.mapping(shape_of(town, layer, 1))})
    )
    added = town.post(f"/api/{name}", json=body)
    assert added.status_code == 201, added.text
    assert {key: added.json[key] for key in values(town, layer, 1)} == values(town, layer, 1)
    fid = added.json["id"]
    assert town.get(f"/api/{name}/{fid}").json == added.json

    # changed, by whoever saw the present version only
    changes = {key: value for key, value in values(town, layer, 0).items() if key not in ("code", *REFERRED)}
    changed = town.patch(f"/api/{name}/{fid}", json={"version": 1, **changes})
    assert changed.status_code == 200 and changed.json["version"] == 2, changed.text
    assert {key: changed.json[key] for key in changes} == changes
    stale = town.patch(f"/api/{name}/{fid}", json={"version": 1, **changes})
    assert (stale.status_code, stale.json["code"], stale.json["version"]) == (409, "stale", 2)
    assert town.delete(f"/api/{name}/{fid}?version=1").json["code"] == "stale"

    # handed out
    if name in EXPORT_LAYERS:
        frame = exported(town, name, tmp_path)
        assert len(frame) == len(town.get(f"/api/{name}").json[name])
        assert not {field.name for field in layer.fields if field.personal} & set(frame.columns)

    # removed, and taken back
    gone = town.delete(f"/api/{name}/{fid}?version=2")
    assert gone.status_code == 200 and gone.json == {"id": fid, "removed": True, "rev": town.rev}
    assert town.get(f"/api/{name}/{fid}").status_code == 404
    assert town.post(f"/api/edits/{town.rev}/undo").status_code == 200
    back = town.get(f"/api/{name}/{fid}").json
    assert {key: back[key] for key in changes} == changes and back["version"] > 2


def exported(web: Web, name: str, folder):
    order = {"layer": name, "format": "gpkg" if LAYERS[name].geometry else "csv", "receiver": "卫健", "purpose": "核对"}
    answer = web.post("/api/exports", json=order)
    assert answer.status_code == 202, answer.text
    web.app.extensions["weige"].jobs._pool.submit(lambda: None).result()  # the worker has done all before
    look = web.get(f"/api/exports/{answer.json['id']}").json
    assert look["state"] == "done", look
    path = folder / f"out.{order['format']}"
    path.write_bytes(web.get(look["url"]).data)
    return geopandas.read_file(path) if LAYERS[name].geometry else pandas.read_csv(path)


def test_layers_that_follow_from_others_are_read_only(shared: Web) -> None:
    read_only = [name for name, layer in LAYERS.items() if not layer.editable and name not in ("areas", "zones")]
    assert read_only == ["shares"]
    assert shared.get("/api/shares").json["shares"]
    for method, path in (("POST", "/api/shares"), ("PATCH", "/api/shares/1"), ("DELETE", "/api/shares/1?version=1")):
        answer = shared.ask(method, path, json={"version": 1})
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/areas"),
        ("DELETE", "/api/areas/11"),
        ("PATCH", "/api/zones/1"),
        ("POST", "/api/areas/11"),
        ("PUT", "/api/buildings/1"),
        ("DELETE", "/api/buildings"),
        ("PATCH", "/api/edits"),
        ("POST", "/api/figures/1"),
    ],
)
def test_what_cannot_be_done_to_an_address_is_said(shared: Web, method: str, path: str) -> None:
    answer = shared.ask(method, path, json={"version": 1})
    assert answer.status_code == 405 and answer.json["status"] == 405 and answer.json["code"] == "bad-input"
    assert method not in answer.headers["Allow"] and "GET" in answer.headers["Allow"]


# ---- sums follow -----------------------------------------------------------------------------------------------------
def test_a_wrong_number_is_mended_on_the_map_and_the_sums_follow(town: Web) -> None:
    house, before = town.get("/api/buildings/1").json, town.area("C1")
    leaf = house["area"]
    answer = town.patch(
        "/api/buildings/1",
        json={
            "version": house["version"],
            "households": house["households"] + 7,
            "population": 99,
            "special": {"minor": 1},
        },
    )
    assert answer.status_code == 200 and answer.json["resident"] == answer.json["population"] == 99
    after = town.area("C1")
    assert (
        after["households"] == before["households"] + 7
        and after["population"] == before["population"] + 99 - house["resident"]
    )
    assert town.area(leaf)["special"]["minor"] == 1
    town.post(f"/api/edits/{town.rev}/undo")
    assert town.area("C1")["households"] == before["households"]


def test_stairwells_count_for_their_building_and_move_with_it(town: Web) -> None:
    house = town.get(f"/api/buildings/{town.fids['buildings']['inside']}").json
    units = town.get(f"/api/units?building={house['id']}").json["units"]
    assert [unit["building"] for unit in units] == [house["id"]] and units[0]["area"] == "11"
    shape = shapely.geometry.mapping(shape_of(town, LAYERS["buildings"]))
    moved = town.patch(f"/api/buildings/{house['id']}", json={"version": house["version"], "geometry": shape})
    assert moved.json["area"] == "22"
    assert town.get(f"/api/units/{units[0]['id']}").json["area"] == "22"


def test_a_mended_cell_is_dealt_again(town: Web) -> None:
    cell = town.fids["cells"]["inside"]
    answer = town.patch(f"/api/cells/{cell}", json={"version": 1, "households": 31, "special": {"minor": 9}})
    assert answer.status_code == 200, answer.text
    assert town.area(CELL)["households"] == 31 and town.area(CELL)["special"]["minor"] == 9
    assert town.delete(f"/api/cells/{cell}?version=2").status_code == 200
    assert town.area(CELL)["households"] is None
    town.post(f"/api/edits/{town.rev}/undo")
    assert town.area(CELL)["households"] == 31


def test_a_cell_over_two_communities_is_changed_only_by_who_may_change_both(town: Web) -> None:
    with town.store.read() as reader:
        shape = to_degrees(shapely.union_all([reader.area(code).shape for code in ("31", "41")]).buffer(0))
    body = {"code": "across", "households": 20, "resident": 50, "geometry": shapely.geometry.mapping(shape)}
    cell = town.post("/api/cells", json=body)
    assert cell.status_code == 201, cell.text
    refused = town.patch(f"/api/cells/{cell.json['id']}", "planner", json={"version": 1, "households": 1})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert town.get(f"/api/cells/{cell.json['id']}", "planner").json["special"] is None
    assert town.patch(f"/api/cells/{cell.json['id']}", "mayor", json={"version": 1, "households": 1}).status_code == 200


@pytest.mark.parametrize(
    "layer, place",
    [
        ("buildings", "inside"),
        ("estates", "inside"),
        ("teams", "inside"),
        ("places", "inside"),
        ("checkpoints", "inside"),
    ],
)
def test_what_others_name_is_not_removed_under_them(town: Web, layer: str, place: str) -> None:
    fid, key = (
        town.fids[layer][place],
        {"estates": "estate", "teams": "team", "places": "place", "checkpoints": "post", "buildings": "building"}[
            layer
        ],
    )
    user = ("buildings", "units")[layer == "buildings"] if layer in ("estates", "buildings") else "staff"
    with town.store.write("test", "change") as tx:
        tx.update(user, town.fids[user]["inside"], {key: fid})
    answer = town.delete(f"/api/{layer}/{fid}?version=1")
    assert (answer.status_code, answer.json["code"], answer.json["used_by"]) == (400, "bad-input", user)


# ---- lists -----------------------------------------------------------------------------------------------------------
def test_pages_hold_every_row_once_and_keep_the_query(shared: Web) -> None:
    path, seen = "/api/buildings?limit=3&area=C1&geometry=false", []
    while path:
        page = shared.get(path).json
        seen += [row["id"] for row in page["buildings"]]
        assert all("geometry" not in row for row in page["buildings"])
        path = page["next"]
        assert not path or parse_qs(urlsplit(path).query)["area"] == ["C1"]
    assert seen == sorted(set(seen)) == [row["id"] for row in shared.get("/api/buildings?area=C1").json["buildings"]]


def test_lists_by_area_and_extent(shared: Web) -> None:
    assert {row["area"] for row in shared.get("/api/buildings?area=41").json["buildings"]} == {"41"}
    assert [row["code"] for row in shared.get("/api/cells?area=12").json["cells"]] == ["cell-12"]
    bounds = ",".join(map(str, shared.area("41")["bounds"]))
    assert {row["area"] for row in shared.get(f"/api/gates?bbox={bounds}").json["gates"]} == {"41"}
    assert shared.get("/api/roads?area=41").json["roads"], "the base map is the same everywhere"


@pytest.mark.parametrize(
    "path",
    [
        "/api/staff?bbox=0,0,1,1",
        "/api/gates?building=1",
        "/api/units?building=x",
        "/api/units?building=99999999999",
        "/api/buildings?limit=0",
        "/api/buildings?after=-1",
        "/api/buildings?geometry=2",
        "/api/buildings?colour=red",
        "/api/buildings/1?geometry=false",
        "/api/buildings?bbox=1,2",
    ],
)
def test_a_query_that_means_nothing_is_refused(shared: Web, path: str) -> None:
    assert shared.get(path).json["code"] == "bad-input", path


@pytest.mark.parametrize(
    "path",
    [
        "/api/nonsense",
        "/api/nonsense/1",
        "/api/buildings/999999",
        "/api/buildings/" + "9" * 30,
        "/api/buildings/-1",
        "/api/buildings/",
        "/api/",
        "/api",
        "/api/buildings/1/",
        "/api/areas/",
        "/api/../etc/passwd",
        "/api/" + "x" * 3000,
        "/api/buildings/1.5",
        "/api/nothing",
        "/api/secrets",
        "/api/history",
        "/api/sqlite_master",
    ],
)
def test_an_unknown_object_is_not_found(shared: Web, path: str) -> None:
    answer = shared.get(path)
    assert answer.status_code == 404 and answer.json["code"] == "not-found", path
    assert answer.mimetype == "application/problem+json" and len(answer.text) < 600
