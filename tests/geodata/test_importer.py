"""Files as people send them: what is wrong is said by file, row and field, and nothing is half written."""

from __future__ import annotations

import csv
import json
import random
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from geodata import gcj02
from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from geodata.formats import FORMATS
from geodata.importer import Options, import_rows, read_file, write_frame
from geodata.planting import import_areas
from geodata.schema import TABLES
from geodata.store import Store
from layers.areas import to_degrees, to_units
from layers.errors import (
    BadCode,
    BadCoverage,
    BadCrs,
    BadEncoding,
    BadFile,
    BadGeometry,
    BadInput,
    DuplicateCode,
    MissingField,
    NotFound,
    UnknownArea,
    WeigeError,
)
from layers.schema import LAYERS
from tests.geodata.samples import refer, sample
from tests.geodata.stores import assert_history, assert_whole, content, copy_of, dump, house, inside, leaves_frame, open_store, people, plant_leaves
from tests.geodata.work import commit, undo

TREE = {"level": "micro_grid", "parents": {"community": "community", "city": "city"}}


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> str:
    store = plant_leaves(open_store(f"gpkg://{tmp_path_factory.mktemp('bare') / 'bare.gpkg'}"))
    refer(store)
    store.close()
    return store.url


@pytest.fixture
def place(bare, tmp_path) -> Store:
    """A store with the areas of the little town."""
    store = open_store(copy_of(bare, tmp_path))
    yield store
    store.close()


@pytest.fixture
def nothing(tmp_path) -> Store:
    """A store without areas."""
    store = open_store(f"gpkg://{tmp_path / 'nothing.gpkg'}")
    yield store
    store.close()


def table(path: Path, *rows: dict, encoding: str = "utf-8") -> Path:
    """A CSV of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def houses(store: Store, number: int = 3, **more) -> list[dict]:
    """Rows of a CSV of buildings with outlines as WKT."""
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
    dice = random.Random(4)
    return [
        {"code": f"H{k}", "households": 10 + k, "resident": 25 + k, "wkt": house(tuple(inside(leaves[k], dice, 1)[0])).wkt} | more
        for k in range(number)
    ]  # fmt: skip


def refused(store: Store, error: type[WeigeError], path: Path, *words: str, **options) -> WeigeError:
    """The import is refused with these words, and the store is as it was."""
    before = dump(store)
    layer = options.pop("layer", "buildings")
    work = import_areas if layer == "areas" else import_rows
    with pytest.raises(error) as told:
        work(store, path, Options(layer, **options), "tester")
    assert type(told.value) is error, told.value
    for word in words:
        assert word in told.value.text, told.value.text
    assert path.name in told.value.text or error is BadCoverage
    assert dump(store) == before
    return told.value


# --- files that are none -----------------------------------------------------------------------------------------
def test_a_file_that_is_not_there(place, tmp_path):
    refused(place, NotFound, tmp_path / "gone.csv", "no such file")


def test_a_kind_of_file_nobody_knows(place, tmp_path):
    path = tmp_path / "map.docx"
    path.write_bytes(b"x")
    refused(place, BadFile, path, ".gpkg", ".zip", ".csv")


@pytest.mark.parametrize("suffix", [suffix for format in FORMATS.values() for suffix in format.suffixes if suffix not in (".csv", ".txt")])
@pytest.mark.parametrize(
    "body",
    [b"", b"this is only a letter to the planner\n" * 40, bytes(range(256)) * 8],
    ids=["empty", "letter", "bytes"],
)
def test_a_file_of_the_wrong_kind(place, tmp_path, suffix, body):
    path = tmp_path / f"wrong{suffix}"
    path.write_bytes(body)
    before = dump(place)
    with pytest.raises((BadFile, BadEncoding)) as told:
        import_rows(place, path, Options("buildings"), "tester")
    assert path.name in told.value.text
    assert dump(place) == before


def test_empty_tables(place, tmp_path):
    for text in ("", "\n\n", "code,households\n", "code,households\n\n,\n"):
        path = tmp_path / "empty.csv"
        path.write_text(text)
        before = dump(place)
        with pytest.raises(BadFile, match="empty.csv"):
            import_rows(place, path, Options("buildings"), "tester")
        assert dump(place) == before


def test_a_geopackage_without_layers_or_rows(place, tmp_path):
    empty = geopandas.GeoDataFrame({"code": []}, geometry=[], crs="EPSG:4490")
    pyogrio.write_dataframe(empty, tmp_path / "empty.gpkg", layer="buildings", geometry_type="Polygon")
    refused(place, BadFile, tmp_path / "empty.gpkg", "no rows")


def test_a_truncated_zip(place, tmp_path):
    frame = sample(LAYERS["estates"], leaves(place))
    FORMATS["shapefile"].write(frame[["code", "geometry"]], tmp_path / "whole.zip", "estates", "UTF-8")
    whole = (tmp_path / "whole.zip").read_bytes()
    for part in (len(whole) // 2, len(whole) - 30, 100):
        (tmp_path / "cut.zip").write_bytes(whole[:part])
        refused(place, BadFile, tmp_path / "cut.zip", "zip", layer="estates")
    (tmp_path / "cut.zip").write_bytes(whole[:200] + bytes(60) + whole[260:])  # a scratch in the middle
    refused(place, BadFile, tmp_path / "cut.zip", layer="estates")


def test_a_shapefile_that_lacks_its_table(place, tmp_path):
    frame = sample(LAYERS["estates"], leaves(place))
    FORMATS["shapefile"].write(frame[["code", "geometry"]], tmp_path / "whole.zip", "estates", "UTF-8")
    for missing in (".dbf", ".shx"):
        with zipfile.ZipFile(tmp_path / "whole.zip") as source, zipfile.ZipFile(tmp_path / "part.zip", "w") as target:
            for name in source.namelist():
                if not name.endswith(missing):
                    target.writestr(name, source.read(name))
        before = dump(place)
        with pytest.raises(BadFile, match=missing):
            import_rows(place, tmp_path / "part.zip", Options("estates"), "tester")
        assert dump(place) == before


def test_several_layers_need_a_name(place, tmp_path):
    frame = sample(LAYERS["estates"], leaves(place))[["code", "geometry"]]
    for name in ("old", "new"):
        FORMATS["gpkg"].write(frame, tmp_path / "two.gpkg", name, "UTF-8")
    refused(place, BadFile, tmp_path / "two.gpkg", "old", "new", "--source-layer", layer="estates")
    refused(place, BadFile, tmp_path / "two.gpkg", "no layer other", layer="estates", source_layer="other")
    assert import_rows(place, tmp_path / "two.gpkg", Options("estates", source_layer="new"), "tester")["written"] == 4


def test_the_live_store_is_never_opened_as_a_file(place, tmp_path):
    """Two SQLite libraries in one process corrupt a file."""
    path = Path(place.url.removeprefix("gpkg://"))
    link = tmp_path / "link.gpkg"
    link.symlink_to(path)
    for name in (path, link):
        refused(place, BadInput, name, "store itself", source_layer="buildings")
        with pytest.raises(BadInput, match="store itself"):
            import_areas(place, name, Options("areas", source_layer="areas", **TREE), "tester")
    other = table(tmp_path / "a.csv", *houses(place))
    with pytest.raises(BadInput, match="store itself"):
        import_rows(place, other, Options("buildings", join=path, on="code"), "tester")
    cache = CoverageCache(place, tiles=False)
    cache.sync()
    for name in (path, link):
        with pytest.raises(BadInput, match="store itself"):
            export(cache, Request("estates", "gpkg"), name)


# --- rows that are wrong -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("households", "-1", "less than 0"),
        ("households", "NaN", "whole number"),
        ("households", "12.5", "whole number"),
        ("households", "inf", "whole number"),
        ("households", "3000000000", "whole number"),
        ("households", "许多", "whole number"),
        ("resident", "-0.5", "whole number"),
        ("floors", "-2", "less than 0"),
        ("kind", "castle", "none of"),
        ("counted_at", "yesterday", "date"),
        ("counted_at", "2026-02-30", "date"),
        ("special", '{"giants": 3}', "no group giants"),
        ("special", '{"minor": -1}', "whole number"),
        ("special", '{"minor": 1.5}', "whole number"),
        ("special", '{"minor": NaN}', "JSON"),
        ("special", '["minor"]', "group"),
        ("special", "minor", "JSON"),
        ("name", "长" * 61, "61 characters"),
        ("name", "nul\0name", "text"),
    ],
)
def test_a_wrong_value_is_named_by_file_row_and_field(place, tmp_path, field, value, says):
    rows = houses(place, 3)
    for row in rows:
        row[field] = row.get(field, "")
    rows[1][field] = value
    path = table(tmp_path / "houses.csv", *rows)
    refused(place, BadInput, path, "row 3", field, says)


def test_missing_fields_columns_and_values(place, tmp_path):
    with_role = table(tmp_path / "staff.csv", {"name": "王", "role": "volunteer", "area": "30"})
    refused(place, MissingField, table(tmp_path / "a.csv", {"name": "王"}), "role", "--field role=", layer="staff")
    refused(place, MissingField, table(tmp_path / "b.csv", {"name": "王", "role": " "}), "row 2", "role", layer="staff")
    refused(place, MissingField, with_role, "no column STAFF", "name, role, area", layer="staff", fields={"name": "STAFF"})
    before = dump(place)
    for fields, error in (
        ({"colour": "name"}, BadInput),
        ({"special.minor": "name"}, BadInput),
        ({"households": "name"}, BadInput),
    ):
        with pytest.raises(error):
            import_rows(place, with_role, Options("staff", fields=fields), "tester")
    assert dump(place) == before
    refused(place, MissingField, table(tmp_path / "c.csv", {"code": "u"}), "building", layer="units")


def test_a_code_that_stands_twice(place, tmp_path):
    rows = houses(place, 3)
    rows[2]["code"] = rows[0]["code"]
    refused(place, DuplicateCode, table(tmp_path / "houses.csv", *rows), "row 4", "H0", "row 2")


def test_a_column_that_stands_twice(place, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("code,code,households\n1,2,3\n")
    refused(place, BadFile, path, "twice: code")


def test_a_row_longer_than_the_head(place, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("code,households\nH1,3\nH2,4,5\n")
    refused(place, BadFile, path, "row 3")


def test_references_that_are_not_there(place, tmp_path):
    refused(
        place,
        NotFound,
        table(tmp_path / "a.csv", {"name": "王", "role": "volunteer", "area": "nowhere"}),
        "row 2",
        "nowhere",
        layer="staff",
    )
    refused(
        place,
        NotFound,
        table(tmp_path / "b.csv", {"code": "u", "building": "LD-9"}),
        "row 2",
        "building",
        "LD-9",
        layer="units",
    )
    gate = {"lon": 120.2105, "lat": 23.002, "kind": "person", "estate": "XQ乙"}
    refused(place, NotFound, table(tmp_path / "c.csv", gate), "row 2", "estate", "XQ乙", layer="gates")


@pytest.mark.parametrize(
    ("wkt", "says"),
    [
        ("POLYGON ((120.21 23.0, 120.22 23.01, 120.22 23.0, 120.21 23.01, 120.21 23.0))", "Self-intersection"),
        ("POINT (120.21 23)", "MultiPolygon, not Point"),
        ("LINESTRING (120.21 23, 120.22 23)", "MultiPolygon, not LineString"),
        ("POLYGON ((120.21 23", "not WKT"),
        ("POLYGON EMPTY", "no geometry"),
        ("", "no geometry"),
        ("POLYGON ((120.21 23, 120.21000001 23, 120.21 23.00000001, 120.21 23))", "no ground"),
    ],
)
def test_a_wrong_shape_is_named_by_file_and_row(place, tmp_path, wkt, says):
    rows = houses(place, 3)
    rows[1]["wkt"] = wkt
    told = refused(place, BadGeometry, table(tmp_path / "houses.csv", *rows), "row 3", says)
    if "Self" in says:
        assert told.where == pytest.approx([120.215, 23.005])


def test_a_layer_with_geometry_from_a_table_without(place, tmp_path):
    refused(place, BadGeometry, table(tmp_path / "gates.csv", {"kind": "person"}), layer="gates")
    refused(place, BadGeometry, table(tmp_path / "houses.csv", {"code": "new", "households": 3}), "row 2", "no geometry")
    assert import_rows(place, table(tmp_path / "known.csv", {"code": "LD-0", "households": 3}), Options("buildings"), "tester")["updated"] == 1


# --- where it lies -----------------------------------------------------------------------------------------------
def leaves(store: Store):
    with store.read() as reader:
        return reader.all_areas(leaf=True)


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


# --- joins, dry runs, changes ------------------------------------------------------------------------------------
def test_a_table_is_joined_by_its_column(place, tmp_path):
    rows = houses(place, 3)
    shapes = table(tmp_path / "shapes.csv", *({"code": row["code"], "wkt": row["wkt"]} for row in rows))
    counts = table(
        tmp_path / "counts.csv",
        *({"code": row["code"], "HS": row["households"]} for row in rows[:2]),
        {"code": "", "HS": 7},
    )
    import_rows(place, shapes, Options("buildings", join=counts, on="code"), "tester")
    with place.read() as reader:
        assert [row["households"] for row in reader.rows("buildings")[-3:]] == [10, 11, None]


def test_numbers_and_texts_join_on_the_same_code(place, tmp_path):
    frame = geopandas.GeoDataFrame({"code": [1.0, 2.0]}, geometry=[row["geom"] for row in some_houses(place)], crs="EPSG:4490")
    pyogrio.write_dataframe(frame, tmp_path / "shapes.gpkg", layer="s")
    counts = table(tmp_path / "counts.csv", {"code": "1", "households": 5}, {"code": "2", "households": 6})
    import_rows(place, tmp_path / "shapes.gpkg", Options("buildings", join=counts, on="code"), "tester")
    with place.read() as reader:
        assert [(row["code"], row["households"]) for row in reader.rows("buildings")[-2:]] == [("1", 5), ("2", 6)]


def some_houses(store: Store) -> list[dict]:
    return [{"geom": shapely.from_wkt(row["wkt"])} for row in houses(store, 2)]


def test_what_is_wrong_with_a_join(place, tmp_path):
    rows = table(tmp_path / "houses.csv", *houses(place))
    twice = table(tmp_path / "twice.csv", {"code": "H1", "HS": 1}, {"code": "H1", "HS": 2})
    other = table(tmp_path / "other.csv", {"key": "H1"})
    before = dump(place)
    for options, error, word in (
        ({"join": twice}, MissingField, "--on"),
        ({"join": twice, "on": "code"}, DuplicateCode, "twice.csv"),
        ({"join": other, "on": "code"}, MissingField, "other.csv"),
        ({"join": tmp_path / "gone.csv", "on": "code"}, NotFound, "gone.csv"),
    ):
        with pytest.raises(error, match=word):
            import_rows(place, rows, Options("buildings", **options), "tester")
    assert dump(place) == before


def test_a_dry_run_writes_nothing_and_says_what_it_would(place, tmp_path):
    rows = [*houses(place), {"code": "LD-0", "households": 99, "resident": None, "wkt": None}]
    path = table(tmp_path / "houses.csv", *rows)
    before = dump(place)
    told = import_rows(place, path, Options("buildings", dry_run=True), "tester")
    assert dump(place) == before
    done = import_rows(place, path, Options("buildings"), "tester")
    assert {key: told[key] for key in ("read", "written", "updated", "findings")} == {
        key: done[key] for key in ("read", "written", "updated", "findings")} == {"read": 4, "written": 3, "updated": 1, "findings": []}  # fmt: skip
    assert (told["dry_run"], done["dry_run"]) == (True, False)


def test_numbers_mended_by_a_file_keep_their_history_and_their_shape(place, tmp_path):
    import_rows(place, table(tmp_path / "a.csv", *houses(place)), Options("buildings"), "tester")
    before = content(place)
    change = table(tmp_path / "b.csv", {"code": "H1", "HS": 40}, {"code": "H2", "HS": 12})
    answer = import_rows(place, change, Options("buildings"), "tester")
    assert (answer["written"], answer["updated"]) == (0, 1), "H2 had 12 already"
    with place.read() as reader:
        row = reader.rows("buildings", TABLES["buildings"].c.code == "H1")[0]
        assert (row["households"], row["resident"], row["version"]) == (40, 26, 2)
        assert len(reader.before_images(answer["rev"])) == 1
    after = content(place)
    changed = {key for key in before if after[key] != before[key]}
    assert changed == {("buildings", row["fid"])}
    assert_history(place)


def test_a_house_that_moved_takes_its_stairwells_along(place, tmp_path):
    rows = houses(place, 2)
    import_rows(place, table(tmp_path / "a.csv", *rows), Options("buildings"), "tester")
    import_rows(place, table(tmp_path / "u.csv", {"code": "u1", "building": "H0", "households": 4}), Options("units"), "tester")
    rows[0]["wkt"] = rows[1]["wkt"]
    import_rows(place, table(tmp_path / "b.csv", rows[0]), Options("buildings"), "tester")
    assert_whole(place)


def test_a_cell_counted_anew_by_a_file_is_dealt_anew(place, tmp_path):
    with place.read() as reader:
        ground = [reader.area(code).shape for code in ("30", "31")]
    shape = to_degrees(shapely.union_all(ground))
    frame = geopandas.GeoDataFrame({"code": ["T1"], "households": [50], "resident": [121]}, geometry=[shape], crs="EPSG:4490")
    write_frame(place, frame, Options("cells"), "tester", "cells")
    assert people(place)["resident"] == 121
    import_rows(place, table(tmp_path / "again.csv", {"code": "T1", "resident": 200}), Options("cells"), "tester")
    assert people(place)["resident"] == 200 and people(place)["households"] == 50
    assert_whole(place)
    smaller = geopandas.GeoDataFrame({"code": ["T1"]}, geometry=[to_degrees(ground[0])], crs="EPSG:4490")
    write_frame(place, smaller, Options("cells"), "tester", "cells")
    assert people(place)["resident"] == 200
    with place.read() as reader:
        assert [row["area"] for row in reader.rows("shares")] == [reader.area("30").fid]
    assert_whole(place)


def test_an_import_that_was_overtaken_by_a_redraw_looks_again(place, monkeypatch, tmp_path):
    path = table(tmp_path / "houses.csv", *houses(place, 6))
    write, done = place.attempt, []

    def overtaken(*args, **kwargs):
        if not done:
            done.append(1)
            commit(
                place,
                {"op": "split", "line": {"type": "LineString", "coordinates": [[120.2105, 23.0], [120.216, 23.0075]]}},
            )
        return write(*args, **kwargs)

    monkeypatch.setattr(place, "attempt", overtaken)
    import_rows(place, path, Options("buildings"), "tester")
    assert_whole(place)


# --- areas -------------------------------------------------------------------------------------------------------
def city_file(path: Path, frame: geopandas.GeoDataFrame | None = None, **columns) -> Path:
    frame = leaves_frame() if frame is None else frame
    FORMATS["gpkg"].write(frame.assign(**columns), path, "leaves", "UTF-8")
    return path


def test_a_city_goes_in_with_its_parents_people_and_unknowns(nothing, tmp_path):
    number = len(leaves_frame())
    path = city_file(tmp_path / "city.gpkg", H=[None, *range(1, number)], P=[None, *(3 * k for k in range(1, number))])
    options = Options("areas", fields={"households": "H", "population": "P"}, parent_names={"community": "community_name"}, **TREE)
    answer = import_areas(nothing, path, options, "tester")
    assert (answer["read"], answer["written"], answer["repaired"], answer["findings"]) == (number, number, 0, [])
    assert answer["areas"] == {"micro_grid": number, "community": 4, "city": 1}
    assert people(nothing)["households"] == sum(range(number)) and people(nothing)["resident"] == 3 * sum(range(number))
    with nothing.read() as reader:
        assert reader.area("community-2").name == "社区2" and reader.area("town").name == "town"
        assert reader.area("11").path == f"/1/{reader.area('community-2').fid}/{reader.area('11').fid}/"
    assert_whole(nothing)
    assert_history(nothing)


def test_a_dry_run_of_a_city_writes_nothing(nothing, tmp_path):
    before = dump(nothing)
    answer = import_areas(nothing, city_file(tmp_path / "city.gpkg"), Options("areas", dry_run=True, **TREE), "tester")
    assert answer["written"] == 0 and answer["areas"]["micro_grid"] == len(leaves_frame())
    assert dump(nothing) == before


def test_what_is_wrong_with_a_city(nothing, tmp_path):
    before, frame = dump(nothing), leaves_frame()
    bow = frame.copy()
    shape = shapely.Polygon([(120.30, 23.0), (120.31, 23.01), (120.31, 23.0), (120.30, 23.01)])
    bow.loc[3, "geometry"] = shape
    gone, twice, shifted, lines = frame.copy(), frame.copy(), frame.copy(), frame.copy()
    gone.loc[4, "geometry"] = None
    twice.loc[5, "code"] = twice.loc[2, "code"]
    shifted.loc[6, "geometry"] = shapely.transform(frame.geometry[6], lambda xy: xy + 2e-5)
    lines = lines.set_geometry(lines.geometry.boundary)
    loose = frame.copy()
    loose.loc[0, "city"] = "other"
    unparented = frame.copy()
    unparented.loc[7, "community"] = " "
    same = frame.copy()
    same.loc[8, "code"] = "community-2"
    cases = [
        (bow, {}, BadGeometry, "row 5"),
        (gone, {}, BadGeometry, "row 6"),
        (lines, {}, BadGeometry, "row 2"),
        (twice, {}, DuplicateCode, "row 7"),
        (shifted, {}, BadCoverage, "not seamless"),
        (loose, {}, BadInput, "two parents"),
        (unparented, {}, MissingField, "row 9"),
        (same, {}, DuplicateCode, "row 10"),
        (frame, {"level": None}, MissingField, "--level"),
        (frame, {"level": "planet"}, BadInput, "planet"),
        (frame, {"level": "community"}, BadInput, "--parent"),
        (frame, {"parents": {"community": "KOMMUNE"}}, MissingField, "KOMMUNE"),
        (frame, {"fields": {"households": "H_CNT"}}, MissingField, "H_CNT"),
        (frame.assign(households=-3), {}, BadInput, "row 2"),
        (frame.assign(households=1.5), {}, BadInput, "row 2"),
        (frame.drop(columns="code"), {}, MissingField, "code"),
    ]
    for number, (sent, options, error, word) in enumerate(cases):
        path = city_file(tmp_path / f"city{number}.gpkg", sent)
        with pytest.raises(error, match=word) as told:
            import_areas(nothing, path, Options("areas", **(TREE | options)), "tester")
        assert type(told.value) is error
        assert dump(nothing) == before, word
    assert import_areas(nothing, city_file(tmp_path / "right.gpkg"), Options("areas", **TREE), "tester")["written"] == len(frame)


def test_repair_mends_seams_and_crossings_and_lists_them(nothing, tmp_path):
    frame = leaves_frame().iloc[:-2].reset_index(drop=True)
    half = frame["community"].isin(["community-3", "community-5"]).to_numpy()
    moved = shapely.transform(np.asarray(frame.geometry[half], dtype=object), lambda xy: xy + 1e-6 * np.sin(1e5 * xy[:, ::-1]))
    shapes = np.array(frame.geometry, dtype=object)
    shapes[half] = moved
    sent = frame.set_geometry(geopandas.GeoSeries(shapes, crs="EPSG:4490"))
    path = city_file(tmp_path / "rough.gpkg", sent, households=7, resident=20)
    before = dump(nothing)
    with pytest.raises((BadCoverage, BadGeometry)):
        import_areas(nothing, path, Options("areas", **TREE), "tester")
    assert dump(nothing) == before
    answer = import_areas(nothing, path, Options("areas", repair=True, **TREE), "tester")
    assert answer["written"] == len(frame) and answer["repaired"] > 5
    assert answer["check"] == {"gap": 0, "overlap": 0, "nesting": 0}
    assert people(nothing)["resident"] == 20 * len(frame)
    with nothing.read() as reader:
        for area, source in zip(reader.all_areas(leaf=True), shapes, strict=True):
            mine = to_degrees(area.shape)
            assert mine.intersection(shapely.make_valid(source)).area / source.area > 0.98
    assert_whole(nothing)


def test_a_store_that_holds_a_city_takes_no_second_one(place, tmp_path):
    other = leaves_frame()
    other["code"] = "x" + other["code"]
    other["community"], other["city"] = "x" + other["community"], "x"
    for frame, error in ((leaves_frame(), DuplicateCode), (other, BadCoverage)):
        before = dump(place)
        with pytest.raises(error):
            import_areas(place, city_file(tmp_path / f"{error.code}.gpkg", frame), Options("areas", **TREE), "tester")
        assert dump(place) == before


def test_codes_of_the_national_profile_are_demanded(tmp_path):
    store = open_store(f"gpkg://{tmp_path / 'cn.gpkg'}", codes="cn-15-17")
    before = dump(store)
    with pytest.raises(BadCode, match="cn-15-17"):
        import_areas(store, city_file(tmp_path / "city.gpkg"), Options("areas", **TREE), "tester")
    assert dump(store) == before
    frame = leaves_frame()
    frame["community"] = frame["community"].str.replace("community-", "33020000100")
    frame["code"] = [f"{community}{number:05d}" for number, community in enumerate(frame["community"], 1)]
    frame["city"] = "3302"
    import_areas(store, city_file(tmp_path / "cn-city.gpkg", frame), Options("areas", **TREE), "tester")
    commit(store, {"op": "split", "line": {"type": "LineString", "coordinates": [[120.2105, 23.0], [120.216, 23.0075]]}})
    with store.read() as reader:
        new = [area for area in reader.all_areas(leaf=True) if area.code not in set(frame["code"])]
        assert new and all(len(area.code) == 17 and area.code.startswith(reader.areas([area.parent])[area.parent].code) for area in new)
    store.close()


def test_a_table_of_areas_changes_attributes_and_no_sums(place, tmp_path):
    path = table(
        tmp_path / "areas.csv",
        {"code": "30", "name": "", "leader": "孙", "norm_max": 80, "declared_households": 55},
        {"code": "community-2", "name": "新名", "leader": "周", "norm_max": "", "declared_households": ""},
    )
    answer = import_areas(place, path, Options("areas"), "tester")
    assert answer["updated"] == 2
    with place.read() as reader:
        assert reader.area("30").attributes["leader"] == "孙" and reader.area("30").attributes["norm_max"] == 80
        assert reader.area("community-2").name == "新名" and reader.area("community-2").version == 2
        assert {image["fid"] for image in reader.before_images(reader.rev)} == {
            reader.area("30").fid,
            reader.area("community-2").fid,
        }
    before = dump(place)
    for rows, error, word in (
        ([{"code": "30", "households": 5}], BadInput, "sums"),
        ([{"code": "nowhere", "leader": "x"}], UnknownArea, "nowhere"),
        ([{"code": "30", "leader": "x"}, {"code": "30", "leader": "y"}], DuplicateCode, "row 3"),
        ([{"code": "30", "norm_max": -4}], BadInput, "row 2"),
        ([{"code": "30", "leader": "x"}, {"code": "nowhere", "leader": "y"}], UnknownArea, "nowhere"),
    ):
        with pytest.raises(error, match=word):
            import_areas(place, table(tmp_path / "bad.csv", *rows), Options("areas"), "tester")
        assert dump(place) == before


def test_an_import_is_one_revision_that_undo_leaves_alone(place, tmp_path):
    before = place.head()[0]
    import_rows(place, table(tmp_path / "houses.csv", *houses(place)), Options("buildings"), "tester")
    assert place.head()[0] == before + 1
    with pytest.raises(WeigeError, match="whole file"):
        undo(place, before + 1)


def test_topojson_is_read(place, tmp_path):
    topology = {"type": "Topology", "arcs": [[[0, 0], [1000, 0], [0, 1000], [-1000, 0], [0, -1000]]],
                "transform": {"scale": [1e-6, 1e-6], "translate": [120.212, 23.002]},
                "objects": {"parks": {"type": "GeometryCollection", "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"code": "P1", "name": "公园", "kind": "park"}}]}}}  # fmt: skip
    (tmp_path / "parks.topojson").write_text(json.dumps(topology), encoding="utf-8")
    import_rows(place, tmp_path / "parks.topojson", Options("places", crs="EPSG:4326"), "tester")
    with place.read() as reader:
        row = reader.rows("places")[-1]
    assert row["name"] == "公园" and row["geom"].bounds == pytest.approx((120.212, 23.002, 120.213, 23.003))


def test_a_geojson_says_its_features_by_row(place, tmp_path):
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"P{k}", "capacity": value},
            "geometry": {"type": "Point", "coordinates": [120.212, 23.003]},
        }
        for k, value in enumerate((3, -4))
    ]
    (tmp_path / "p.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    refused(place, BadInput, tmp_path / "p.geojson", "row 3", "capacity", layer="places")


def test_reading_alone_gives_degrees_of_the_store(tmp_path):
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(521847, 2545086)], crs="EPSG:4549")
    pyogrio.write_dataframe(frame, tmp_path / "one.gpkg", layer="x")
    got = read_file(tmp_path / "one.gpkg", Options("gates"))
    assert got.crs.to_epsg() == 4490
    assert shapely.get_coordinates(got.geometry)[0].tolist() == pytest.approx(
        pyproj.Transformer.from_crs("EPSG:4549", "EPSG:4490", always_xy=True).transform(521847, 2545086), abs=1e-9
    )
