"""A city from a file: its tree, people and unknowns, repaired or refused whole."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from geodata.formats import FORMATS
from geodata.importer import import_rows
from geodata.incoming import Options, read_file
from geodata.planting import import_areas
from layers.areas import to_degrees
from layers.errors import (
    BadCode,
    BadCoverage,
    BadGeometry,
    BadInput,
    DuplicateCode,
    MissingField,
    UnknownArea,
    WeigeError,
)
from tests.geodata.importing import TREE, houses, refused, table
from tests.geodata.stores import assert_history, assert_whole, dump, leaves_frame, open_store, people
from tests.geodata.work import commit, undo


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
