"""Files out: what was asked for, for whom it was asked, and nothing more."""

from __future__ import annotations

import threading

import geopandas
import numpy as np
import openpyxl
import pandas
import pyogrio
import pytest
import shapely
from shapely.geometry import mapping

from geodata import gcj02, zoning
from geodata.coverage_cache import CoverageCache
from geodata.exporter import EXPORT_FORMATS, EXPORT_LAYERS, Request, export, summary_line
from geodata.formats import FORMATS
from layers.areas import to_degrees
from layers.errors import BadCrs, BadEncoding, BadInput, NotFound, UnknownArea
from layers.schema import LAYERS
from tests.geodata.stores import dump, people
from tests.geodata.work import commit, some_split


@pytest.fixture
def kind() -> str:
    return "gpkg"


@pytest.fixture
def cache(town):
    return CoverageCache(town, tiles=False)


def read(path, **options) -> pandas.DataFrame:
    return pyogrio.read_dataframe(path, **options)


def test_areas_carry_their_figures_and_their_parent(cache, town, tmp_path):
    told = export(cache, Request("areas", "gpkg"), tmp_path / "areas.gpkg")
    frame = read(tmp_path / "areas.gpkg").set_index("code")
    assert told["rows"] == len(frame) == cache.by_code("town").leaves
    assert told["rev"] == town.head()[0] and str(told["rev"]) in summary_line(told)
    for code, row in frame.iterrows():
        figures = cache.figures(cache.by_code(code))
        for name in ("households", "population", "special_total", "known_share"):
            assert (None if pandas.isna(row[name]) else row[name]) == figures[name], (code, name)
        assert row["area_m2"] == pytest.approx(figures["area_m2"], abs=0.1)
        assert (row["staff_need"], None if pandas.isna(row["staff_have"]) else row["staff_have"]) == (
            figures["staff"]["need"], figures["staff"]["have"])  # fmt: skip
        assert row["parent"].startswith("community-") and row["version"] == 1
    assert frame["population"].sum() == people(town)["resident"]


@pytest.mark.parametrize("layer", EXPORT_LAYERS)
def test_every_layer_can_be_had(cache, town, tmp_path, layer):
    if layer == "zones":
        town.attempt(
            "tester",
            "propose",
            lambda tx: zoning.write(tx, zoning.resolve(tx, {"kind": "lockdown", "areas": ["32"]}), {"name": "封一"}),
        )
    told = export(cache, Request(layer, "gpkg"), tmp_path / "out.gpkg")
    frame = read(tmp_path / "out.gpkg")
    with town.read() as reader:
        rows = reader.all_areas(leaf=True) if layer == "areas" else reader.rows(layer)
    assert told["rows"] == len(frame) == len(rows)
    assert isinstance(frame, geopandas.GeoDataFrame) == bool(LAYERS[layer].geometry)
    personal = {field.name for field in LAYERS[layer].fields if field.personal}
    assert not personal & set(frame.columns) and not personal & set(told["fields"])


def test_references_leave_as_codes(cache, town, tmp_path):
    export(cache, Request("units", "gpkg"), tmp_path / "units.gpkg")
    frame = read(tmp_path / "units.gpkg")
    with town.read() as reader:
        codes = {row["fid"]: row["code"] for row in reader.rows("buildings", geometry=False)}
        areas = {area.fid: area.code for area in reader.all_areas()}
        rows = reader.rows("units", geometry=False)
    assert list(frame["building"]) == [codes[row["building"]] for row in rows]
    assert list(frame["area"]) == [areas[row["area"]] for row in rows]
    export(cache, Request("staff", "csv"), tmp_path / "staff.csv")
    assert set(pandas.read_csv(tmp_path / "staff.csv", encoding="utf-8-sig")["team"].dropna()) == {"一组"}


# --- for whom ----------------------------------------------------------------------------------------------------
def codes_of(cache, tmp_path, layer="areas", **request) -> set[str]:
    path = tmp_path / "scoped.gpkg"
    path.unlink(missing_ok=True)
    export(cache, Request(layer, "gpkg", **request), path)
    frame = read(path)
    return set(frame["code"] if layer == "areas" else frame["area"])


def test_an_area_keeps_what_lies_under_it(cache, town, tmp_path):
    cache.sync()
    under = {node.code for node in cache.nodes.values() if node.leaf and node.path.startswith(cache.by_code("community-2").path)}
    assert codes_of(cache, tmp_path, area="community-2") == under
    assert codes_of(cache, tmp_path, area="30") == {"30"}
    assert codes_of(cache, tmp_path, "buildings", area="community-2") <= under
    assert codes_of(cache, tmp_path, "gates", area="30") == {"30"}


def test_a_scope_is_never_left_whatever_area_is_asked_for(cache, town, tmp_path):
    cache.sync()
    path = cache.by_code("community-2").path
    under = {node.code for node in cache.nodes.values() if node.leaf and node.path.startswith(path)}
    for layer in ("areas", "gates"):
        assert codes_of(cache, tmp_path, layer, scope=(path,)) == under
        assert codes_of(cache, tmp_path, layer, scope=(path,), area="town") == under, "asking for more gives no more"
        assert codes_of(cache, tmp_path, layer, scope=(path,), area="30") == {"30"}
        for request in ({"scope": (path,), "area": "53"}, {"scope": ()}):
            with pytest.raises(NotFound):
                codes_of(cache, tmp_path, layer, **request)


def test_unknown_counts_leave_empty_not_zero(cache, town, tmp_path):
    export(cache, Request("areas", "xlsx"), tmp_path / "areas.xlsx")
    head, *rows = openpyxl.load_workbook(tmp_path / "areas.xlsx")["areas"].values
    with town.read() as reader:
        unknown = {row["code"][1:] for row in reader.each("cells") if row["households"] is None}
    values = {row[head.index("code")]: row[head.index("population")] for row in rows}
    assert unknown and {values[code] for code in unknown} == {None}


# --- in which form -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("format", [format.id for format in EXPORT_FORMATS])
def test_both_systems_of_degrees_hold_the_same_numbers(cache, tmp_path, format):
    suffix, bounds = FORMATS[format].suffixes[0], []
    for crs in ("EPSG:4490", "EPSG:4326"):
        if FORMATS[format].crs and crs not in FORMATS[format].crs:
            continue
        path = tmp_path / f"{crs[-4:]}{suffix}"
        told = export(cache, Request("gates", format, crs), path)
        assert told["crs"] == crs
        frame = FORMATS[format].read(path, None, None)
        if format in ("shapefile", "gpkg", "geojson"):
            assert frame.crs.to_epsg() == int(crs[-4:])
        bounds.append(tuple(frame.total_bounds))
    assert len(set(bounds)) == 1


def test_a_map_for_the_web_is_shifted_on_request(cache, town, tmp_path):
    export(cache, Request("gates", "gpkg", datum="gcj02"), tmp_path / "gcj.gpkg")
    shifted = shapely.get_coordinates(read(tmp_path / "gcj.gpkg").geometry)
    with town.read() as reader:
        true = shapely.get_coordinates(np.array([row["geom"] for row in reader.rows("gates")], dtype=object))
    assert np.hypot(*(shifted - true).T).min() > 1e-3
    assert gcj02.gcj02_to_wgs84(shifted) == pytest.approx(true, abs=1e-7)


def test_rows_without_a_place_leave_as_well(cache, town, tmp_path):
    with town.write("tester", "units") as tx:
        building = tx.rows("buildings", limit=1)[0]
        tx.insert("units", [{"code": "nowhere", "building": building["fid"], "area": building["area"]}])
    for datum in ("wgs84", "gcj02"):
        for format in ("gpkg", "shapefile", "csv", "xlsx"):
            path = tmp_path / f"{datum}{FORMATS[format].suffixes[0]}"
            told = export(cache, Request("units", format, datum=datum), path)
            frame = FORMATS[format].read(path, None, None)
            assert len(frame) == told["rows"] and frame.geometry.isna().sum() == 1


@pytest.mark.parametrize(
    ("request_", "error", "word"),
    [
        (Request("ghosts"), BadInput, "ghosts"),
        (Request("shares"), BadInput, "shares"),
        (Request("areas", "dxf"), BadInput, "dxf"),
        (Request("areas", "csv", encoding="GBK"), BadEncoding, "GBK"),
        (Request("areas", "shapefile", encoding="Big5"), BadEncoding, "Big5"),
        (Request("areas", "gpkg", "EPSG:3857"), BadInput, "3857"),
        (Request("areas", "gpkg", "Mars"), BadCrs, "Mars"),
        (Request("areas", "geojson", "EPSG:4490"), BadInput, "WGS84"),
        (Request("areas", "gpkg", area="nowhere"), UnknownArea, "nowhere"),
        (Request("areas", "gpkg", level="planet"), BadInput, "planet"),
        (Request("areas", "gpkg", level="grid"), NotFound, "nothing"),
        (Request("zones", "gpkg"), NotFound, "nothing"),
        (Request("staff", "shapefile"), BadInput, "no geometry"),
    ],
)
def test_what_cannot_be_had_is_said_and_leaves_no_file(cache, town, tmp_path, request_, error, word):
    before = dump(town)
    with pytest.raises(error, match=word):
        export(cache, request_, tmp_path / "out.bin")
    assert not (tmp_path / "out.bin").exists() and dump(town) == before


# --- while others write ------------------------------------------------------------------------------------------
def test_an_export_is_of_one_revision_while_others_redraw(cache, town, tmp_path):
    import random

    dice, stop, failed = random.Random(1), threading.Event(), []

    def redraw():
        while not stop.is_set():
            with town.read() as reader:
                form = some_split(reader, dice)
            try:
                commit(town, form)
            except Exception as error:
                if not hasattr(error, "code"):
                    failed.append(error)

    thread = threading.Thread(target=redraw)
    thread.start()
    try:
        for number in range(6):
            path = tmp_path / f"{number}.gpkg"
            export(cache, Request("areas", "gpkg"), path)
            frame = read(path)
            assert frame["population"].sum() == people(town)["resident"]
            shapes = np.asarray(frame.geometry, dtype=object)
            assert shapely.area(shapes).sum() == pytest.approx(shapely.area(shapely.union_all(shapes)), rel=1e-9)
    finally:
        stop.set()
        thread.join()
    assert failed == []


def test_an_export_after_a_cut_holds_the_cut(cache, town, tmp_path):
    with town.read() as reader:
        shape = reader.area("30").shape
    west, _, east, _ = shape.bounds
    middle = shape.representative_point()
    line = shapely.LineString([(west - 700, middle.y - 180), (east + 700, middle.y + 150)])
    commit(town, {"op": "split", "targets": ["30"], "line": mapping(to_degrees(line))})
    export(cache, Request("areas", "gpkg"), tmp_path / "out.gpkg")
    frame = read(tmp_path / "out.gpkg").set_index("code")
    assert frame.loc["30", "version"] == 2 and len(frame) == cache.by_code("town").leaves
