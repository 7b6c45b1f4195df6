"""Files as people send them: what is wrong is said by file, row and field, and nothing is half written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas
import pyogrio
import pytest

from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from geodata.formats import FORMATS
from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.planting import import_areas
from layers.errors import (
    BadEncoding,
    BadFile,
    BadGeometry,
    BadInput,
    DuplicateCode,
    MissingField,
    NotFound,
)
from layers.schema import LAYERS
from tests.geodata.importing import TREE, houses, leaves, refused, table
from tests.geodata.samples import sample
from tests.geodata.stores import dump


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
