"""Every declared layer goes through every format: file -> store -> file, and the same comes out."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import shapefile
import shapely

from geodata.coverage_cache import CoverageCache
from geodata.exporter import NOT_IN_DBF, Request, export, fields_of
from geodata.formats import FORMATS, detect
from geodata.importer import import_rows
from geodata.incoming import Options, columns_of, read_file
from geodata.planting import import_areas
from geodata.store import Store
from geodata.values import value_of
from layers.areas import to_degrees, to_units
from layers.errors import BadEncoding, BadInput
from layers.schema import LAYERS, OWNER, Layer
from tests.geodata.foreign import gdal
from tests.geodata.samples import EXCHANGED, ROWS, as_sent, refer, sample
from tests.geodata.stores import RULES, Clock, content, copy_of, leaves_frame, open_store, people, plant_leaves, settle
from tests.geodata.work import commit

WAYS = [(name, encoding) for name, format in FORMATS.items() for encoding in format.encodings]
SUFFIX = {name: format.suffixes[0] for name, format in FORMATS.items()}

DECIDED = ("approved_by", "asked", "lifted_at")  # no file decides about a zone

CASES = [
    pytest.param(*way, layer, id=f"{layer.name}-{way[0]}-{way[1]}") for way in WAYS for layer in EXCHANGED
    if layer.geometry or not FORMATS[way[0]].needs_shape
]


def leaves_of(store: Store):
    with store.read() as reader:
        return reader.all_areas(leaf=True)


def typed(path: Path, layer: Layer, *, personal: bool = True) -> list[dict]:
    """The rows of a file in the schema's types, as an import reads them; references stay codes."""
    options = Options(layer.name)
    frame = read_file(path, options)
    mapping = columns_of(layer, frame, options, RULES, path.name)
    fields = [field for field in layer.fields if personal or not field.personal]
    rows = []
    for k in range(len(frame)):
        row = {}
        for field in fields:
            raw = frame[mapping[field.name]].iloc[k] if field.name in mapping else None
            row[field.name] = str(raw) if field.name in ("estate", "building", "unit", "place", "post", "team") else value_of(field, raw, path.name)
        row["area"] = frame[OWNER.name if OWNER.name in frame else OWNER.dbf].iloc[k] if layer.owned and not personal else None
        row["geometry"] = frame.geometry.iloc[k] if isinstance(frame, geopandas.GeoDataFrame) else None
        rows.append(row)
    return rows


def exported(store: Store, layer: str, path: Path, encoding: str = "UTF-8", **more) -> dict:
    cache = CoverageCache(store, tiles=False)
    cache.sync()
    format = detect(path).id
    more.setdefault("package", path.suffix == ".zip")
    return export(cache, Request(layer, format, (FORMATS[format].crs or ("EPSG:4490",))[0], encoding, **more), path)


# --- every layer x every format ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("format", "encoding", "layer"), CASES)
def test_a_layer_comes_out_as_it_went_in(place, tmp_path, format, encoding, layer):
    sent = tmp_path / f"sent{SUFFIX[format]}"
    mixed = format != "shapefile"
    frame = sample(layer, leaves_of(place), mixed=mixed)
    FORMATS[format].write(as_sent(frame, layer, FORMATS[format].ascii_names), sent, layer.name, encoding)
    before = len(content(place, (layer.name,)))

    answer = import_rows(place, sent, Options(layer.name), "tester")
    assert (answer["read"], answer["written"], answer["updated"], answer["findings"]) == (ROWS, ROWS, 0, [])

    got = tmp_path / f"got{SUFFIX[format]}"
    told = exported(place, layer.name, got, encoding)
    assert told["rows"] == before + ROWS
    out = typed(got, layer, personal=False)[before:]
    for mine, theirs in zip(out, typed(sent, layer), strict=True):
        for field in layer.fields:
            if not field.personal and field.name not in DECIDED and not (format == "shapefile" and field.name in NOT_IN_DBF):
                assert mine[field.name] == theirs[field.name], field.name
        assert mine["geometry"] is None or shapely.equals(shapely.normalize(mine["geometry"]), shapely.normalize(theirs["geometry"]))
        assert (mine["geometry"] is None) == (not layer.geometry)
    with place.read() as reader:
        codes = {area.fid: area.code for area in reader.all_areas()}
        stored = reader.rows(layer.name)[-ROWS:]
    for row, mine in zip(stored, out, strict=True):
        for field in layer.fields:
            if field.personal:
                said = field.name not in DECIDED
                assert (row[field.name] is not None) == said and field.dbf not in told["fields"] and field.name not in told["fields"]
        if layer.owned:
            assert codes[row["area"]] == mine["area"]


@pytest.mark.parametrize("layer", [layer for layer in EXCHANGED if layer.field("code")], ids=lambda layer: layer.name)
def test_the_same_file_again_changes_nothing(place, tmp_path, layer):
    sent = tmp_path / "sent.gpkg"
    FORMATS["gpkg"].write(sample(layer, leaves_of(place)), sent, layer.name, "UTF-8")
    import_rows(place, sent, Options(layer.name), "tester")
    before = content(place)
    answer = import_rows(place, sent, Options(layer.name), "tester")
    assert (answer["read"], answer["written"], answer["updated"]) == (ROWS, 0, 0)
    assert content(place) == before


def test_every_layer_goes_into_postgis_as_it_goes_into_a_file(bare, fresh_postgis, tmp_path):
    stores = [open_store(copy_of(bare, tmp_path)), plant_leaves(open_store(fresh_postgis()))]
    refer(stores[1])
    for layer in EXCHANGED:
        sent = tmp_path / f"{layer.name}.gpkg"
        FORMATS["gpkg"].write(sample(layer, leaves_of(stores[0])), sent, layer.name, "UTF-8")
        for store in stores:
            import_rows(store, sent, Options(layer.name), "tester")
    assert content(stores[0]) == content(stores[1])
    for store in stores:
        store.close()


# --- areas -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def redrawn(tmp_path_factory) -> Store:
    """The settled town after a cut and a merge."""
    store = settle(open_store(f"gpkg://{tmp_path_factory.mktemp('redrawn') / 'town.gpkg'}", Clock()))
    line = {"type": "LineString", "coordinates": [[120.2105, 23.0], [120.216, 23.0075]]}
    commit(store, {"op": "split", "line": line})
    commit(store, {"op": "merge", "targets": ["31", "32"]})
    yield store
    store.close()


@pytest.mark.parametrize(("format", "encoding"), WAYS)
def test_areas_snap_back_to_an_exact_coverage_with_all_their_people(redrawn, tmp_path, format, encoding):
    path = tmp_path / f"areas{SUFFIX[format]}"
    exported(redrawn, "areas", path, encoding)
    again = open_store(f"gpkg://{tmp_path / 'again.gpkg'}")
    parent = "SJBM" if FORMATS[format].ascii_names else "parent"
    answer = import_areas(again, path, Options("areas", level="micro_grid", parents={"community": parent}), "tester")
    assert answer["repaired"] == 0 and answer["check"] == {"gap": 0, "overlap": 0, "nesting": 0}
    mine, theirs = leaves_of(redrawn), leaves_of(again)
    assert [area.code for area in theirs] == [area.code for area in mine]
    assert [area.name for area in theirs] == [area.name for area in mine]
    for a, b in zip(mine, theirs, strict=True):
        assert shapely.normalize(a.shape) == shapely.normalize(b.shape), "unit by unit"
    told, before = people(again), people(redrawn)
    assert (told["households"], told["resident"]) == (before["households"], before["resident"])
    again.close()


def test_an_export_names_the_level_it_is_asked_for(redrawn, tmp_path):
    told = exported(redrawn, "areas", tmp_path / "communities.gpkg", level="community")
    frame = pyogrio.read_dataframe(tmp_path / "communities.gpkg")
    assert told["rows"] == 4 and set(frame["level"]) == {"community"}
    assert frame["population"].sum() == people(redrawn)["resident"]


# --- the hand-over format, opened by others ----------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("layer", ["areas", "buildings"])
def test_the_shapefile_opens_in_gdal_and_pyshp_with_codes_names_and_people(redrawn, tmp_path, layer, encoding):
    path = tmp_path / "out.zip"
    told = exported(redrawn, layer, path, encoding)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
        assert {Path(name).suffix for name in archive.namelist()} == {".shp", ".shx", ".dbf", ".prj", ".cpg", ".csv", ".txt", ".json"}
    shp = tmp_path / f"{layer}.shp"
    assert (tmp_path / f"{layer}.cpg").read_text() == encoding
    assert "CGCS_2000" in shp.with_suffix(".prj").read_text() or "China_2000" in shp.with_suffix(".prj").read_text()
    code, name, count = ("WGBM", "WGMC", "HS") if layer == "areas" else ("BM", "MC", "HS")
    with redrawn.read() as reader:
        rows = reader.all_areas(leaf=True) if layer == "areas" else reader.rows(layer)
    codes = [row.code if layer == "areas" else row["code"] for row in rows]
    names = [row.name if layer == "areas" else row["name"] for row in rows]
    whole = people(redrawn)["households"] if layer == "areas" else sum(row["households"] or 0 for row in rows)

    ours = pyogrio.read_dataframe(f"/vsizip/{path}")
    assert (len(ours), list(ours[code]), list(ours[name]), int(ours[count].sum())) == (
        told["rows"],
        codes,
        names,
        whole,
    )
    assert all(column.isascii() and len(column) <= 10 for column in ours.columns if column != "geometry")

    with shapefile.Reader(str(shp), encoding=encoding) as theirs:
        records = [record.as_dict() for record in theirs.records()]
        assert [record[code] for record in records] == codes and [record[name] for record in records] == names
        assert sum(record[count] or 0 for record in records) == whole
        assert theirs.shapeType == shapefile.POLYGON

    gdal("ogr2ogr", "-f", "GPKG", tmp_path / "debian.gpkg", f"/vsizip/{path}", "-nlt", "PROMOTE_TO_MULTI", "-nln", "got")
    debian = pyogrio.read_dataframe(tmp_path / "debian.gpkg")
    assert (list(debian[code]), list(debian[name]), int(debian[count].sum())) == (codes, names, whole)
    assert debian.crs.to_epsg() == 4490
    for a, b in zip(debian.geometry, ours.geometry, strict=True):
        assert shapely.equals(
            shapely.normalize(shapely.MultiPolygon(shapely.get_parts(a).tolist())),
            shapely.normalize(shapely.MultiPolygon(shapely.get_parts(b).tolist())),
        )


def test_dbf_names_are_ascii_short_and_no_two_alike():
    for layer in LAYERS.values():
        for special in (True, False):
            names = [field.dbf for field in fields_of(layer, special)]
            assert len(names) == len({name.upper() for name in names}), layer.name
            for field in (*layer.fields, *fields_of(layer, special)):
                assert field.dbf.isascii() and 1 <= len(field.dbf) <= 10, field
                assert field.zh and field.en
        ours = [field.name for field in layer.fields]
        assert len(ours) == len(set(ours))


def test_a_layer_of_several_geometry_types_becomes_several_shapefiles(place, tmp_path):
    layer = LAYERS["places"]
    FORMATS["gpkg"].write(sample(layer, leaves_of(place)), tmp_path / "sent.gpkg", "places", "UTF-8")
    import_rows(place, tmp_path / "sent.gpkg", Options("places"), "tester")
    told = exported(place, "places", tmp_path / "places.zip")
    with zipfile.ZipFile(tmp_path / "places.zip") as archive:
        names = {Path(name).stem for name in archive.namelist() if name.endswith(".shp")}
    assert names == {"places_points", "places_lines", "places_polygons"}
    frames = [read_file(tmp_path / "places.zip", Options("places", source_layer=name)) for name in sorted(names)]
    assert sum(len(frame) for frame in frames) == told["rows"]


def test_a_table_is_no_shapefile(place, tmp_path):
    for layer in ("teams", "staff"):
        with pytest.raises(BadInput, match="no geometry"):
            exported(place, layer, tmp_path / "out.zip")


def test_a_text_that_gbk_cannot_write_is_refused_by_row_and_field(place, tmp_path):
    with place.write("tester", "demo") as tx:
        tx.insert("roads", [{"name": "好路"}, {"name": "Straße ﷽"}])
        for row in tx.rows("roads"):
            tx.update("roads", row["fid"], {"geom": shapely.MultiLineString([[(120.2, 23), (120.3, 23.1)]])})
    with pytest.raises(BadEncoding, match="row 2, MC"):
        exported(place, "roads", tmp_path / "roads.zip", "GBK")
    assert not (tmp_path / "roads.zip").exists()
    exported(place, "roads", tmp_path / "roads.zip", "UTF-8")


def test_a_text_longer_than_a_dbf_field_is_refused_by_row_and_field(place, tmp_path):
    with place.write("tester", "demo") as tx:
        tx.insert(
            "estates",
            [{"name": "甲", "note": "注" * 150, "geom": tx.rows("estates")[0]["geom"], "area": tx.area("30").fid}],
        )
    with pytest.raises(BadInput, match="row 2, BZ"):
        exported(place, "estates", tmp_path / "estates.zip")
    exported(place, "estates", tmp_path / "estates.csv")
    assert typed(tmp_path / "estates.csv", LAYERS["estates"], personal=False)[1]["note"] == "注" * 150


def test_vertices_leave_and_come_back_to_the_unit(tmp_path):
    """Bit-equal degrees n / 1e7 through every format."""
    frame = leaves_frame()
    units = to_units(np.asarray(frame.geometry, dtype=object))
    for name, format in FORMATS.items():
        path = tmp_path / f"leaves{SUFFIX[name]}"
        sent = frame.rename(columns={"community_name": "comm_name"})
        format.write(sent.to_crs(4326) if format.crs else sent, path, "leaves", "UTF-8")
        back = read_file(path, Options("areas"))
        got = to_units(np.asarray(back.geometry, dtype=object))
        for a, b in zip(got, units, strict=True):
            assert shapely.normalize(shapely.MultiPolygon(shapely.get_parts(a).tolist())) == shapely.normalize(
                shapely.MultiPolygon(shapely.get_parts(b).tolist())
            ), name
        assert (to_degrees(got[0]) == to_degrees(units[0])) or name in ("shapefile", "kml")


def test_nothing_of_a_person_is_exported_and_nothing_of_small_groups_when_not_asked_for(redrawn, tmp_path):
    exported(redrawn, "staff", tmp_path / "staff.csv")
    text = (tmp_path / "staff.csv").read_text(encoding="utf-8-sig")
    assert "王0" not in text and "139000" not in text and "micro_leader" in text
    exported(redrawn, "areas", tmp_path / "areas.csv", special=False)
    head = (tmp_path / "areas.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert "special" not in head and "special_total" not in head and "households" in head


def test_unknown_counts_stay_empty_and_zero_stays_zero(redrawn, tmp_path):
    exported(redrawn, "areas", tmp_path / "areas.csv")
    frame = pandas.read_csv(tmp_path / "areas.csv", dtype=str, encoding="utf-8-sig")
    with redrawn.read() as reader:
        unknown = {row["code"][1:] for row in reader.each("cells") if row["households"] is None}
    by_code = frame.set_index("code")["population"]
    assert unknown and all(pandas.isna(by_code[code]) for code in unknown)


def test_every_format_is_found_by_the_name_of_its_file():
    for format in FORMATS.values():
        for suffix in format.suffixes:
            assert detect(Path(f"a.b{suffix.upper()}")) is format


def test_json_stays_json(place, tmp_path):
    layer = LAYERS["checkpoints"]
    FORMATS["csv"].write(sample(layer, leaves_of(place)), tmp_path / "sent.csv", "checkpoints", "UTF-8")
    import_rows(place, tmp_path / "sent.csv", Options("checkpoints"), "tester")
    with place.read() as reader:
        assert reader.rows("checkpoints")[-1]["kit"] == {"甲": [3, "乙"]}
    exported(place, "checkpoints", tmp_path / "out.geojson")
    told = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"][-1]["properties"]
    assert told["kit"] in ({"甲": [3, "乙"]}, '{"甲": [3, "乙"]}')
    assert os.path.getsize(tmp_path / "out.geojson") > 100
