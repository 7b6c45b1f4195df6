"""Files as people send them: where things lie in any CRS and datum, and text in any encoding."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from geodata import gcj02
from geodata.formats import FORMATS
from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.store import Store
from layers.areas import to_units
from layers.errors import (
    BadCrs,
    BadEncoding,
    BadFile,
    WeigeError,
)
from layers.schema import LAYERS
from tests.geodata.importing import houses, leaves, refused, table
from tests.geodata.samples import sample
from tests.geodata.stores import assert_whole, dump


# --- where it lies -----------------------------------------------------------------------------------------------
def gate_at(path: Path, lon: float, lat: float, names: tuple[str, str] = ("lon", "lat")) -> Path:
    return table(path, {"kind": "person", names[0]: repr(float(lon)), names[1]: repr(float(lat))})


SPOT = (120.2131234, 23.0034567)


def last_gate(store: Store) -> tuple[float, float]:
    with store.read() as reader:
        return shapely.get_coordinates(reader.rows("gates")[-1]["geom"])[0].tolist()


def test_a_crs_named_on_the_command_line(place, tmp_path):
    x, y = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4549", always_xy=True).transform(*SPOT)
    path = gate_at(tmp_path / "gate.csv", x, y, ("x", "y"))
    assert import_rows(place, path, Options("gates", crs="EPSG:4549"), "tester")["findings"] == []
    assert last_gate(place) == [round(SPOT[0], 7), round(SPOT[1], 7)]
    assert_whole_gates(place)
    import_rows(place, path, Options("gates", crs="4549"), "tester")
    assert last_gate(place) == [round(SPOT[0], 7), round(SPOT[1], 7)]


def assert_whole_gates(store: Store) -> None:
    with store.read() as reader:
        ground = {area.fid: area.shape for area in reader.all_areas(leaf=True)}
        for row in reader.rows("gates"):
            assert shapely.intersects(ground[row["area"]], to_units(row["geom"]))


@pytest.mark.parametrize(("datum", "change"), [("gcj02", gcj02.wgs84_to_gcj02), ("bd09", gcj02.wgs84_to_bd09)])
def test_coordinates_of_web_maps_come_back_to_where_they_were(place, tmp_path, datum, change):
    shifted = change(np.array([SPOT]))[0]
    assert np.hypot(*(shifted - SPOT)) > 1e-3, "hundreds of metres"
    import_rows(place, gate_at(tmp_path / "gate.csv", *shifted), Options("gates", datum=datum), "tester")
    assert last_gate(place) == pytest.approx(SPOT, abs=3e-7)


def test_coordinates_that_do_not_fit_their_crs(place, tmp_path):
    metres = gate_at(tmp_path / "metres.csv", 521847.0, 2545086.0, ("x", "y"))
    for options, path in (
        ({}, metres),
        ({"crs": "EPSG:4490"}, metres),
        ({"crs": "EPSG:4549"}, gate_at(tmp_path / "degrees.csv", *SPOT)),
        ({"crs": "EPSG:4549"}, gate_at(tmp_path / "far.csv", 5e9, 5e9, ("x", "y"))),
        ({"crs": "EPSG:1"}, metres),
        ({"crs": "Atlantis"}, metres),
        ({"datum": "mars"}, gate_at(tmp_path / "mars.csv", *SPOT)),
    ):
        before = dump(place)
        with pytest.raises(BadCrs):
            import_rows(place, path, Options("gates", **options), "tester")
        assert dump(place) == before


def test_a_file_without_a_crs_says_so(place, tmp_path):
    frame = sample(LAYERS["estates"], leaves(place))[["code", "geometry"]]
    pyogrio.write_dataframe(geopandas.GeoDataFrame(frame, geometry=np.asarray(frame.geometry)), tmp_path / "mute.gpkg", layer="estates")
    with zipfile.ZipFile(tmp_path / "mute.zip", "w") as archive:
        frame.to_crs("EPSG:4549").to_file(tmp_path / "mute.shp")
        for suffix in (".shp", ".shx", ".dbf"):
            archive.write(tmp_path / f"mute{suffix}", f"mute{suffix}")
    refused(place, BadCrs, tmp_path / "mute.zip", "--crs", layer="estates")
    assert import_rows(place, tmp_path / "mute.zip", Options("estates", crs="EPSG:4549"), "tester")["written"] == 4
    with place.read() as reader:
        got = reader.rows("estates")[-1]["geom"]
    assert shapely.hausdorff_distance(got, frame.geometry.iloc[-1]) < 2e-7


def test_objects_outside_every_area_are_kept_and_told(place, tmp_path):
    answer = import_rows(place, gate_at(tmp_path / "sea.csv", 121.5, 23.0), Options("gates"), "tester")
    (finding,) = answer["findings"]
    assert (finding["kind"], finding["where"]) == ("outside", [121.5, 23.0]) and "row 2" in finding["text"]
    with place.read() as reader:
        assert reader.rows("gates")[-1]["area"] is None


def test_a_leaf_the_file_names_is_believed_only_where_the_object_stands_in_it(place, tmp_path):
    rows = houses(place, 2)
    with place.read() as reader:
        names = [area.code for area in reader.all_areas(leaf=True)]
    rows[0]["area_code"], rows[1]["area_code"] = names[5], "community-2"
    import_rows(place, table(tmp_path / "houses.csv", *rows), Options("buildings"), "tester")
    assert_whole(place)


def test_heights_are_dropped_and_single_parts_become_multi(place, tmp_path):
    frame = geopandas.GeoDataFrame({"name": ["高路"]}, geometry=[shapely.LineString([(120.21, 23, 5), (120.22, 23.01, 9)])], crs="EPSG:4490")
    pyogrio.write_dataframe(frame, tmp_path / "road.gpkg", layer="r")
    import_rows(place, tmp_path / "road.gpkg", Options("roads"), "tester")
    with place.read() as reader:
        shape = reader.rows("roads")[-1]["geom"]
    assert shape.geom_type == "MultiLineString" and not shape.has_z


# --- text --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5"])
def test_chinese_tables_are_read_in_the_encoding_they_are_in(place, tmp_path, encoding):
    text = "和平路" if encoding != "big5" else "光復路門牌號碼"
    path = table(
        tmp_path / "staff.csv",
        {"姓名": text, "角色": "volunteer", "所在区划" if encoding != "big5" else "SZQH": "30"},
        encoding=encoding,
    )
    fields = {} if encoding != "big5" else {"name": "姓名", "role": "角色"}
    import_rows(place, path, Options("staff", fields=fields, encoding="big5" if encoding == "big5" else None), "tester")
    with place.read() as reader:
        row = reader.rows("staff")[-1]
        assert row["name"] == text and row["area"] == reader.area("30").fid


def test_the_wrong_encoding_is_said(place, tmp_path):
    path = table(tmp_path / "staff.csv", {"name": "和平路", "role": "volunteer"}, encoding="gb18030")
    refused(place, BadEncoding, path, "utf-8", "--encoding", layer="staff", encoding="utf-8")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"name,role\n\xff\xff\xff\xfe\x81,volunteer\n")
    refused(place, BadEncoding, broken, "--encoding", layer="staff")
    before = dump(place)
    with pytest.raises(WeigeError):
        import_rows(place, path, Options("staff", encoding="klingon"), "tester")
    assert dump(place) == before


@pytest.mark.parametrize("stated", [True, False])
def test_gbk_shapefiles_are_read_with_and_without_a_cpg(place, tmp_path, stated):
    frame = sample(LAYERS["estates"], leaves(place)).rename(columns={"name": "MC", "code": "BM"})[["BM", "MC", "geometry"]]
    FORMATS["shapefile"].write(frame, tmp_path / "gbk.zip", "estates", "GBK")
    with zipfile.ZipFile(tmp_path / "gbk.zip") as source, zipfile.ZipFile(tmp_path / "sent.zip", "w") as target:
        for name in source.namelist():
            if stated or not name.endswith(".cpg"):
                body = source.read(name)
                if name.endswith(".dbf"):
                    body = body[:29] + b"\0" + body[30:]  # no language either
                target.writestr(f"微格/{name}", body)
    import_rows(place, tmp_path / "sent.zip", Options("estates"), "tester")
    with place.read() as reader:
        assert [row["name"] for row in reader.rows("estates")[-4:]] == list(frame["MC"])


def test_delimiters_of_other_countries(place, tmp_path):
    for mark in ";\t":
        path = tmp_path / "marks.csv"
        path.write_text(f"name{mark}role{mark}area\n王{mark}volunteer{mark}30\n", encoding="utf-8")
        assert import_rows(place, path, Options("staff"), "tester")["written"] == 1


def test_excel_cells_keep_codes_and_numbers(place, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "人员"
    for row in (
        ["姓名", "角色", "开始日期", "所在区划"],
        ["李", "volunteer", "2026/1/5", "30"],
        [None, None, None, None],
        ["赵", "police", "2026-02-01", 30],
    ):
        sheet.append(row)
    book.create_sheet("空")
    book.save(tmp_path / "staff.xlsx")
    assert import_rows(place, tmp_path / "staff.xlsx", Options("staff", source_layer="人员"), "tester")["written"] == 2
    with place.read() as reader:
        rows = reader.rows("staff")
        assert [(row["name"], row["starts_on"], row["area"]) for row in rows] == [
            ("李", "2026-01-05", reader.area("30").fid), ("赵", "2026-02-01", reader.area("30").fid)]  # fmt: skip
    refused(place, BadFile, tmp_path / "staff.xlsx", "no sheet 别的", layer="staff", source_layer="别的")
    refused(place, BadFile, tmp_path / "staff.xlsx", "empty", layer="staff", source_layer="空")
