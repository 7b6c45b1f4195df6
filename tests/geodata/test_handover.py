"""A package says what it is, opens for everybody, and one changed byte anywhere is found."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile

import geopandas
import numpy as np
import openpyxl
import pandas
import pyogrio
import pyproj
import pytest
import shapefile as pyshp
import shapely

from geodata import zoning
from geodata.coverage_cache import CoverageCache
from geodata.crs import EXPORTS, in_words, plane
from geodata.exporter import EXPORT_FORMATS, Request, count, export
from geodata.formats import FORMATS
from geodata.formats import shapefile as ours
from geodata.handover import verify
from geodata.sealed_zip import SealedZip, seal_of
from layers.areas import to_units
from layers.errors import BadEncoding, BadFile, BadInput, NotFound
from layers.schema import LAYERS
from tests.counts import count as times
from tests.geodata.foreign import gdal
from tests.geodata.stores import people

PROMISE = "Packages: receiver, purpose, manifest, SHA-256; one changed byte is found; read by Debian's GDAL, pyogrio, pyshp, openpyxl"


@pytest.fixture
def kind() -> str:
    return "gpkg"


@pytest.fixture
def cache(town):
    cache = CoverageCache(town, tiles=False)
    cache.sync()
    return cache


def in_force(town, kind: str, area: str) -> int:
    """A zone over an area, in force."""
    form = {"kind": kind, "areas": [area], "name": f"{kind} {area}"}
    fid = town.attempt("tester", "propose", lambda tx: zoning.write(tx, zoning.resolve(tx, form), form))
    town.attempt("another", "approve", lambda tx: zoning.approve(tx, fid, {"order_no": "〔2026〕1号"}))
    return fid


def packed(cache, path, layer="areas", format="shapefile", **more) -> dict:
    return export(cache, Request(layer, format, package=True, receiver="区公安分局", purpose="卡口布设", **more), path)


# --- what is inside --------------------------------------------------------------------------------------------------
@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("format", [format.id for format in EXPORT_FORMATS])
def test_a_package_of_every_format_says_what_it_is(cache, town, tmp_path, format):
    path = tmp_path / "out.zip"
    crs = (FORMATS[format].crs or ("EPSG:4490",))[0]
    answer = packed(cache, path, format=format, crs=crs)
    told = verify(path, answer["sha256"])
    assert (told["rev"], told["rows"], told["crs"], told["encoding"]) == (town.head()[0], cache.by_code("town").leaves, crs, "UTF-8")
    assert (told["receiver"], told["purpose"], told["layer"], told["personal"]) == ("区公安分局", "卡口布设", "areas", False)
    assert told["households"] == people(town)["households"] and told["population"] == people(town)["resident"]
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None and {"字段说明.csv", "README.txt", "manifest.json"} < set(names)
        lines = list(csv.reader(io.StringIO(archive.read("字段说明.csv").decode("utf-8-sig"))))
        readme = archive.read("README.txt").decode("utf-8-sig")
        assert "区公安分局" in readme and "卡口布设" in readme and len(readme.splitlines()) == 2
        archive.extractall(tmp_path)
    assert [line[0] for line in lines[1:]] == told["fields"] and all(line[1] and line[2] for line in lines)
    data = next(tmp_path / name for name in names if name.endswith(".shp") or name.endswith(FORMATS[format].suffixes[0]))
    frame = FORMATS[format].read(data, None, None)
    assert set(told["fields"]) >= set(frame.columns) - {"geometry"} and len(frame) == told["rows"]


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("format", ["gpkg", "geojson", "flatgeobuf", "kml", "shapefile"])
def test_debian_reads_every_format_with_chinese_and_people(cache, town, tmp_path, format):
    path = tmp_path / f"areas{FORMATS[format].suffixes[0]}"
    export(cache, Request("areas", format, (FORMATS[format].crs or ("EPSG:4490",))[0]), path)
    source = f"/vsizip/{path}" if format == "shapefile" else path
    gdal("ogr2ogr", "-f", "CSV", tmp_path / "theirs.csv", source)
    theirs = pandas.read_csv(tmp_path / "theirs.csv", dtype=str)
    code, name, homes = ("WGBM", "WGMC", "HS") if format == "shapefile" else ("code", "name", "households")
    with town.read() as reader:
        leaves = {area.code: area.name for area in reader.all_areas(leaf=True)}
    title = name if name in theirs else "Name"  # Debian's KML driver calls the title of a placemark so
    assert dict(zip(theirs[code], theirs[title], strict=True)) == leaves
    assert int(pandas.to_numeric(theirs[homes]).sum()) == people(town)["households"]


@pytest.mark.promise(PROMISE)
def test_figures_alone_are_a_table_without_shapes(cache, tmp_path):
    packed(cache, tmp_path / "figures.zip", format="xlsx", shapes=False)
    with zipfile.ZipFile(tmp_path / "figures.zip") as archive:
        archive.extract("areas.xlsx", tmp_path)
    head, *rows = openpyxl.load_workbook(tmp_path / "areas.xlsx")["areas"].values
    assert "wkt" not in head and len(rows) == cache.by_code("town").leaves
    assert sum(row[head.index("households")] or 0 for row in rows) == cache.by_code("town").counts.households
    with pytest.raises(BadInput, match="CSV or Excel"):
        packed(cache, tmp_path / "x.zip", format="gpkg", shapes=False)


@pytest.mark.parametrize("format", [format.id for format in EXPORT_FORMATS])
def test_a_last_digit_after_many_zeros_is_no_noise(tmp_path, format):
    """GDAL writes 120.2000008 as 120.2 into GeoJSON."""
    units = np.array([[1_202_000_008, 229_942_304], [1_199_999_999, 230_000_001], [1_210_000_002, 230_000_009]])
    frame = geopandas.GeoDataFrame({"code": ["a", "b", "c"]}, geometry=shapely.points(units / 1e7), crs=4326)
    path = tmp_path / f"p{FORMATS[format].suffixes[0]}"
    FORMATS[format].write(frame, path, "p", "UTF-8")
    assert (shapely.get_coordinates(to_units(np.asarray(FORMATS[format].read(path, None, None).geometry))) == units).all()


# --- the seal --------------------------------------------------------------------------------------------------------
@pytest.mark.promise(PROMISE)
def test_one_changed_byte_anywhere_is_found(cache, tmp_path, record_property):
    path = tmp_path / "gates.zip"
    packed(cache, path, "gates")
    whole = path.read_bytes()
    dice = random.Random(3)
    places = range(len(whole)) if times(0, 1) else sorted(dice.sample(range(len(whole)), 400))
    for place in places:
        wrong = bytearray(whole)
        wrong[place] ^= 1 << dice.randrange(8)
        path.write_bytes(wrong)
        with pytest.raises(BadFile):
            verify(path)
    for wrong in (whole[:-1], whole + b"\0", b"", whole[: len(whole) // 2], b"PK\x05\x06" + bytes(18)):
        path.write_bytes(wrong)
        with pytest.raises(BadFile):
            verify(path)
    record_property("figures", f"{len(places)} of {len(whole):,} bytes changed, one at a time: all found")


def test_a_package_that_was_packed_anew_or_is_another_one_is_told(cache, tmp_path):
    path, again = tmp_path / "gates.zip", tmp_path / "again.zip"
    packed(cache, path, "gates")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(again, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(BadFile, match="not as it was packed"):
        verify(again)
    with zipfile.ZipFile(again, "a") as new:
        new.writestr("更多.txt", "x")
    with pytest.raises(BadFile, match="更多") as told:
        verify(again)
    assert told.value.details["files"] == ["更多.txt"]
    with pytest.raises(BadFile, match="another package"):
        verify(path, "0" * 64)
    with pytest.raises(NotFound):
        verify(tmp_path / "nothing.zip")


def test_a_sealed_zip_is_a_zip_for_everybody(tmp_path):
    path, dice = tmp_path / "a.zip", random.Random(1)
    contents = {"空": b"", "一.txt": "中文".encode(), "large": dice.randbytes(3_000_000), "even": bytes(5_000_000)}
    with path.open("wb") as file:
        archive = SealedZip(file)
        for name, data in contents.items():
            archive.add(name, [data[:1000], memoryview(data[1000:])])
        told = archive.close()
    assert seal_of(path) == (True, told["sha256"]) and path.stat().st_size == told["bytes"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and {name: archive.read(name) for name in archive.namelist()} == contents


# --- Shapefiles ------------------------------------------------------------------------------------------------------
def test_large_layers_become_several_shapefiles_that_hold_every_row_once(cache, tmp_path, monkeypatch):
    whole = tmp_path / "whole.zip"
    packed(cache, whole)
    expected = FORMATS["shapefile"].read(whole, None, None)
    monkeypatch.setattr(ours, "LARGEST_PART", 3000)
    packed(cache, tmp_path / "parts.zip")
    with zipfile.ZipFile(tmp_path / "parts.zip") as archive:
        names = [name[:-4] for name in archive.namelist() if name.endswith(".shp")]
        assert len(names) > 3 and all(archive.getinfo(f"{name}{suffix}").file_size < 3200 for name in names for suffix in (".shp", ".dbf"))
        archive.extractall(tmp_path)
    parts = [pyogrio.read_dataframe(tmp_path / f"{name}.shp") for name in names]
    assert [code for part in parts for code in part["WGBM"]] == list(expected["WGBM"])
    assert [shape for part in parts for shape in part.geometry] == list(expected.geometry)
    assert all(len(pyshp.Reader(str(tmp_path / f"{name}.shp"))) == len(part) for name, part in zip(names, parts, strict=True))


@pytest.mark.promise("Characters outside GBK are told by row, field and character; nothing is written")
def test_characters_that_gbk_does_not_know_are_told_by_row(cache, town, tmp_path):
    with town.write("tester", "names") as tx:
        for row, name in zip(tx.rows("gates")[:3], ("𠮷野家东门", "正常", "喆😀"), strict=True):
            tx.update("gates", row["fid"], {"name": name})
    with pytest.raises(BadEncoding, match="row 1, MC") as told:
        packed(cache, tmp_path / "gates.zip", "gates", encoding="GBK")
    assert told.value.details["rows"] == [{"row": 1, "field": "MC", "text": "𠮷野家东门", "characters": "𠮷"},
                                          {"row": 3, "field": "MC", "text": "喆😀", "characters": "😀"}]  # fmt: skip
    assert not (tmp_path / "gates.zip").exists() or not (tmp_path / "gates.zip").stat().st_size
    packed(cache, tmp_path / "utf8.zip", "gates")
    assert list(FORMATS["shapefile"].read(tmp_path / "utf8.zip", None, None)["MC"][:3]) == ["𠮷野家东门", "正常", "喆😀"]


def test_every_number_and_text_stands_in_the_table_as_it_is(tmp_path):
    frame = pandas.DataFrame({
        "WHOLE": pandas.array([0, -7, 2**31, None, 10**17], "Int64"), "SHARE": [0.0, -0.25, 1 / 3, None, 12345.678901],
        "YES": pandas.Series([True, False, None, True, False], dtype=object), "TEXT": ["", None, "网格", "a" * 254, "x y "],
        "EVEN": [1.5, 2.0, -3.25, 1e9, 0.1], "NONE": pandas.Series([None] * 5, dtype=object)})  # fmt: skip
    points = geopandas.GeoDataFrame(frame, geometry=shapely.points(np.arange(5) + 120.0, np.arange(5) / 7), crs=4490)
    FORMATS["shapefile"].write(points, tmp_path / "t.zip", "t", "UTF-8")
    back = pyogrio.read_dataframe(f"/vsizip/{tmp_path / 't.zip'}")
    assert [None if pandas.isna(value) else int(value) for value in back["WHOLE"]] == [0, -7, 2**31, None, 10**17]
    assert [None if pandas.isna(value) else value for value in back["SHARE"]] == [0.0, -0.25, 1 / 3, None, 12345.678901]
    assert [None if pandas.isna(value) else int(value) for value in back["YES"]] == [1, 0, None, 1, 0]
    assert list(back["EVEN"]) == list(frame["EVEN"])
    assert ["" if pandas.isna(value) else value for value in back["TEXT"]] == ["", "", "网格", "a" * 254, "x y"] and back["NONE"].isna().all()
    assert list(back.geometry) == list(points.geometry)
    with zipfile.ZipFile(tmp_path / "t.zip") as archive:
        archive.extractall(tmp_path)
    records = [record.as_dict() for record in pyshp.Reader(str(tmp_path / "t.shp"), encoding="utf-8").records()]
    assert [record["WHOLE"] for record in records] == [0, -7, 2**31, None, 10**17]


# --- coordinates -----------------------------------------------------------------------------------------------------
@pytest.mark.promise("EPSG:4490, 4326 and every 3-degree zone of CGCS2000: easting first, zone number where it belongs")
@pytest.mark.parametrize("system", [*EXPORTS[:2], *(EXPORTS[2:] if times(0, 1) else plane(120.2) + ("EPSG:4513", "EPSG:4554"))])
def test_coordinates_are_what_others_reckon(cache, town, tmp_path, system):
    export(cache, Request("gates", "gpkg", system), tmp_path / "ours.gpkg")
    frame = pyogrio.read_dataframe(tmp_path / "ours.gpkg")
    assert frame.crs.to_epsg() == int(system[5:])
    with town.read() as reader:
        truth = shapely.get_coordinates(np.array([row["geom"] for row in reader.rows("gates")], dtype=object))
    export(cache, Request("gates", "gpkg"), tmp_path / "degrees.gpkg")
    gdal("ogr2ogr", "-f", "GPKG", "-t_srs", system, tmp_path / "theirs.gpkg", tmp_path / "degrees.gpkg")
    theirs = shapely.get_coordinates(pyogrio.read_dataframe(tmp_path / "theirs.gpkg").geometry)
    got = shapely.get_coordinates(frame.geometry)
    assert np.abs(got - theirs).max() < (1e-9 if got[0, 0] < 181 else 1e-4)
    if pyproj.CRS(system).is_projected:
        lon0 = round(pyproj.CRS(system).coordinate_operation.params[1].value)
        east = got[:, 0] - (lon0 // 3 * 1_000_000 if int(system[5:]) < 4534 else 0)
        if lon0 == 120:
            assert np.abs(east - 500_000 - (truth[:, 0] - lon0) * 102_500).max() < 1_000, "half a million is the meridian"


def test_the_system_that_fits_is_suggested_by_longitude():
    assert plane(121.58) == ("EPSG:4529", "EPSG:4550") and plane(120.2) == ("EPSG:4528", "EPSG:4549")
    assert plane(60) == ("EPSG:4513", "EPSG:4534") and plane(150) == ("EPSG:4533", "EPSG:4554")
    assert len(EXPORTS) == 44 and [name for name in EXPORTS if not in_words(name, "zh") or not in_words(name, "en")] == []
    for name in EXPORTS[2:]:
        crs = pyproj.CRS(name)
        assert str(round(crs.coordinate_operation.params[1].value) // (3 if int(name[5:]) < 4534 else 1)) in in_words(name, "en"), name


# --- zones -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
@pytest.mark.promise("The zones layer also gives what the zones leave, as a row marked derived")
def test_zones_end_with_what_they_leave(cache, town, tmp_path):
    request = Request("zones", "gpkg")
    with pytest.raises(NotFound):
        export(cache, request, tmp_path / "none.gpkg")
    assert count(cache, request) == 0
    fids = [in_force(town, "lockdown", "32"), in_force(town, "control", "31"), in_force(town, "control", "32")]
    assert count(cache, request) == len(fids) + 1
    told = packed(cache, tmp_path / "zones.zip", "zones")
    frame = FORMATS["shapefile"].read(tmp_path / "zones.zip", None, None)
    assert told["rows"] == len(frame) == 4 and list(frame["SFTD"]) == [0, 0, 0, 1] and frame["QYLX"].iloc[3] == "prevention"
    with zipfile.ZipFile(tmp_path / "zones.zip") as archive:
        words = archive.read("字段说明.csv").decode("utf-8-sig")
    assert "lockdown 封控区 Lock-down zone" in words and "in_force 生效" in words
    assert verify(tmp_path / "zones.zip")["kinds"] == {"control": 2, "lockdown": 1, "prevention": 1}
    with town.read() as reader:
        top, zones = reader.area("town"), reader.rows("zones")
    rest = to_units(frame.geometry.iloc[3])
    taken = shapely.union_all([to_units(row["geom"]) for row in zones], grid_size=1)
    assert shapely.area(shapely.intersection(rest, taken)) == 0
    assert shapely.area(rest) + shapely.area(taken) == pytest.approx(shapely.area(top.shape), rel=1e-12)
    assert export(cache, Request("zones", "gpkg", status="in_force"), tmp_path / "f.gpkg")["rows"] == 4
    assert count(cache, Request("zones", "gpkg", status="proposed")) == 0
    community = cache.nodes[cache.by_code("32").parent]
    export(cache, Request("zones", "gpkg", area=community.code), tmp_path / "part.gpkg")
    part = pyogrio.read_dataframe(tmp_path / "part.gpkg")
    assert list(part["derived"])[-1] == 1 and part["area"].iloc[-1] == community.code
    assert part["households"].iloc[-1] == community.counts.households - sum(
        cache.by_code(code).counts.households for code in {"31", "32"} if cache.by_code(code).parent == community.fid)


# --- persons ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("layer", ["staff", "gates", "areas", "units"])
def test_names_and_phones_go_only_when_asked(cache, tmp_path, layer):
    personal = {field.name for field in LAYERS[layer].fields if field.personal}
    plain = packed(cache, tmp_path / "plain.zip", layer, "gpkg")
    named = packed(cache, tmp_path / "named.zip", layer, "gpkg", personal=True)
    assert personal and not personal & set(plain["fields"]) and personal <= set(named["fields"])
    assert verify(tmp_path / "named.zip")["personal"] is True and json.dumps(plain["files"]) != json.dumps(named["files"])


def test_shapes_from_bytes_are_the_shapes_of_the_library(tmp_path):
    """Holes, islands, empty and turned rings: the same file whether shapely or flat arrays made it."""
    from geodata.formats._wkb import rings_of
    box = lambda x, y, size, turned=False: shapely.box(x, y, x + size, y + size, ccw=not turned)  # noqa: E731
    hole = shapely.Polygon(box(0, 0, 9).exterior, [box(1, 1, 2).exterior, box(5, 5, 2, True).exterior])
    shapes = np.array([box(120, 30, 1), box(1, 1, 1, True), shapely.MultiPolygon([hole, box(20, 20, 3, True)]), shapely.MultiPolygon(),
                       shapely.MultiPolygon([box(40 + 2 * k, 0, 1, k % 2 == 0) for k in range(5)]), hole], dtype=object)  # fmt: skip
    frame = geopandas.GeoDataFrame({"A": range(len(shapes))}, geometry=shapes, crs=4490)
    ground = ours.Ground(*rings_of(shapely.to_wkb(shapes, byte_order=1).tolist()), frame.crs)
    plain, flat = (dict((name, b"".join(map(bytes, blocks))) for name, blocks in one) for one in (
        ours.members(frame, "t", "UTF-8"), ours.members(frame[["A"]], "t", "UTF-8", ground)))
    for name, data in flat.items():
        (tmp_path / name).write_bytes(data)
    assert plain.keys() == flat.keys() and plain["t.shx"] == flat["t.shx"] and plain["t.dbf"] == flat["t.dbf"]
    back = pyogrio.read_dataframe(tmp_path / "t.shp").geometry
    for mine, truth in zip(back, shapes, strict=True):
        assert (mine is None and truth.is_empty) or shapely.equals(mine, truth) and shapely.area(mine) == pytest.approx(shapely.area(truth))
    assert rings_of(shapely.to_wkb([shapely.Point(1, 2)])) is None and rings_of([shapely.to_wkb(shapes[0], byte_order=0)]) is None
