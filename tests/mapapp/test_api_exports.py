"""Hand-over: ordered with receiver and purpose, made in the background, fetched by who ordered it, logged."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta

import geopandas
import pytest

from geodata.exporter import EXPORT_LAYERS
from tests.mapapp.web import NAMES, PHONE, PLACES, Web

ORDER = {
    "layer": "areas",
    "format": "shapefile",
    "crs": "EPSG:4490",
    "encoding": "UTF-8",
    "receiver": "区公安分局",
    "purpose": "卡口布设",
}


def made(web: Web, order: dict, who: str = "mayor") -> dict:
    """The job when it is over."""
    answer = web.post("/api/exports", who, json=order)
    assert answer.status_code == 202 and set(answer.json) == {"id"}, answer.text
    web.app.extensions["weige"].jobs._pool.submit(lambda: None).result()  # the worker has done all before
    look = web.get(f"/api/exports/{answer.json['id']}", who)
    assert look.status_code == 200
    return look.json


def fetched(web: Web, order: dict, folder, who: str = "mayor"):
    look = made(web, order, who)
    assert look["state"] == "done" and look["progress"] == 1, look
    answer = web.get(look["url"], who)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
    name = answer.headers["Content-Disposition"].partition("filename=")[2]
    path = folder / name.strip('"')
    path.write_bytes(answer.data)
    return look, path


def test_an_order_is_made_and_fetched(town: Web, tmp_path) -> None:
    look, path = fetched(town, ORDER, tmp_path)
    assert set(look) == {"id", "state", "progress", "url", "rows", "rev", "text", "code", "name", "bytes", "sha256", "verify", "files"}
    assert look["verify"] == f"weige verify {path.name}" and look["bytes"] == path.stat().st_size
    assert look["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == f"areas-all-r{town.rev}.zip"
    frame = geopandas.read_file(path)
    assert len(frame) == look["rows"] == 39 and frame.crs.to_epsg() == 4490
    assert set(frame["WGBM"]) == {area["code"] for area in town.get("/api/areas?leaf=true").json["areas"]}
    households = {area["code"]: area["households"] for area in town.get("/api/areas?leaf=true").json["areas"]}
    assert {
        code: None if value != value else int(value) for code, value in zip(frame["WGBM"], frame["HS"], strict=True)
    } == households


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326"])
def test_a_shapefile_says_its_encoding_and_crs(town: Web, tmp_path, crs: str, encoding: str) -> None:
    _, path = fetched(town, ORDER | {"layer": "zones", "crs": crs, "encoding": encoding}, tmp_path)
    with zipfile.ZipFile(path) as package:
        names = {name.rpartition(".")[2]: name for name in package.namelist()}
        assert {"shp", "shx", "dbf", "prj", "cpg"} <= set(names)
        assert package.read(names["cpg"]).decode().strip() == encoding
        assert "封控".encode("gbk" if encoding == "GBK" else "utf-8") in package.read(names["dbf"])
    assert geopandas.read_file(path).crs.to_epsg() == int(crs[5:])


@pytest.mark.parametrize("layer", EXPORT_LAYERS)
def test_no_layer_hands_out_names_or_phones_of_persons(town: Web, tmp_path, layer: str) -> None:
    town.patch("/api/areas/11", json={"version": 1, "leader": NAMES["inside"], "phone": PHONE})
    look, path = fetched(town, ORDER | {"layer": layer, "format": "csv"}, tmp_path)
    text = path.read_text("utf-8-sig")
    assert not any(secret in text for secret in (*NAMES.values(), PHONE, "chief"))


def test_only_what_lies_under_the_area(town: Web, tmp_path) -> None:
    _, path = fetched(town, ORDER | {"area": "C3", "format": "geojson", "crs": "EPSG:4326"}, tmp_path)
    codes = set(geopandas.read_file(path)["code"])
    assert codes == {area["code"] for area in town.get("/api/areas?parent=C3").json["areas"]}
    _, path = fetched(town, ORDER | {"level": "community", "format": "geojson", "crs": "EPSG:4326"}, tmp_path)
    assert set(geopandas.read_file(path)["code"]) == {"C1", "C2", "C3", "C4"}


def test_special_groups_go_out_only_where_they_may_be_seen(town: Web, tmp_path) -> None:
    _, path = fetched(town, ORDER | {"layer": "buildings", "format": "csv"}, tmp_path, "planner")
    assert "special" in path.read_text("utf-8-sig").splitlines()[0]
    _, path = fetched(town, ORDER | {"layer": "buildings", "format": "csv"}, tmp_path, "mixed")
    rows = path.read_text("utf-8-sig").splitlines()
    assert "B-inside" in "".join(rows) and "B-sibling" not in "".join(rows), (
        "who only looks there hands nothing out from there"
    )


def test_every_package_stands_in_the_log_with_receiver_and_purpose(town: Web, tmp_path) -> None:
    fetched(town, ORDER | {"area": PLACES["inside"]}, tmp_path, "planner")
    line = next(line for line in town.accounts.audit() if line["action"] == "export")
    assert line["account"] == "planner" and line["result"] == "done" and line["object"] == "areas"
    assert {key: line["details"][key] for key in ("receiver", "purpose", "area", "format", "rows")} == {
        "receiver": ORDER["receiver"],
        "purpose": ORDER["purpose"],
        "area": "11",
        "format": "shapefile",
        "rows": 1,
    }


def test_a_job_that_finds_nothing_says_so(town: Web) -> None:
    look = made(town, ORDER | {"layer": "staff", "format": "csv", "area": "65"})
    assert (look["state"], look["code"], look["url"]) == ("failed", "not-found", None) and look["text"]
    assert town.get(f"/api/exports/{look['id']}/file").status_code == 404


def test_old_packages_are_deleted(town: Web, tmp_path) -> None:
    look, _ = fetched(town, ORDER, tmp_path)
    held = town.app.extensions["weige"]
    now = town.store.clock()
    town.store.clock = lambda: now + timedelta(hours=town.config.export.keep_hours + 1)
    assert list(held.jobs.folder.glob(f"{look['id']}*"))
    made(town, ORDER)
    assert not list(held.jobs.folder.glob(f"{look['id']}*"))
    assert town.get(f"/api/exports/{look['id']}").status_code == 404
    town.store.clock = lambda: now


@pytest.mark.parametrize(
    "change, status, code",
    [
        ({"layer": None}, 422, "missing-field"),
        ({"receiver": ""}, 422, "missing-field"),
        ({"purpose": None}, 422, "missing-field"),
        ({"purpose": "   "}, 400, "bad-input"),
        ({"layer": "nonsense"}, 400, "bad-input"),
        ({"layer": "shares"}, 400, "bad-input"),
        ({"layer": "accounts"}, 400, "bad-input"),
        ({"layer": ["areas"]}, 400, "bad-input"),
        ({"format": "dwg"}, 400, "bad-input"),
        ({"format": {}}, 400, "bad-input"),
        ({"crs": "EPSG:99999"}, 422, "bad-crs"),
        ({"crs": "nonsense"}, 422, "bad-crs"),
        ({"crs": "EPSG:3857"}, 400, "bad-input"),
        ({"encoding": "latin-1"}, 422, "bad-encoding"),
        ({"format": "gpkg", "encoding": "GBK"}, 422, "bad-encoding"),
        ({"format": "geojson"}, 400, "bad-input"),
        ({"area": "nowhere"}, 404, "unknown-area"),
        ({"area": 11}, 400, "bad-input"),
        ({"level": "nonsense"}, 400, "bad-input"),
        ({"receiver": "x" * 201}, 400, "bad-input"),
        ({"receiver": 5}, 400, "bad-input"),
        ({"colour": "red"}, 400, "bad-input"),
        ({"area": "../../etc"}, 404, "unknown-area"),
    ],
)
def test_a_wrong_order_is_refused(shared: Web, change: dict, status: int, code: str) -> None:
    answer = shared.post("/api/exports", json=ORDER | change)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/exports/nonsense",
        "/api/exports/nonsense/file",
        "/api/exports/..%2F..%2Ftown.gpkg/file",
        "/api/exports/",
        "/api/exports/1/2",
    ],
)
def test_an_unknown_package_is_not_found(shared: Web, path: str) -> None:
    answer = shared.get(path)
    assert answer.status_code == 404 and answer.json["code"] == "not-found"


def test_two_orders_wait_for_each_other_and_both_are_made(town: Web, tmp_path) -> None:
    numbers = [
        town.post("/api/exports", json=ORDER | {"layer": layer, "format": "csv"}).json["id"]
        for layer in ("areas", "buildings", "zones")
    ]
    town.app.extensions["weige"].jobs._pool.submit(lambda: None).result()
    looks = [town.get(f"/api/exports/{number}").json for number in numbers]
    assert [look["state"] for look in looks] == ["done"] * 3
    assert all(io.BytesIO(town.get(look["url"]).data).read() for look in looks)
