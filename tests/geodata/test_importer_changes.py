"""Files that change what is there: tables joined, dry runs, numbers mended."""

from __future__ import annotations

import geopandas
import pyogrio
import pytest
import shapely

from geodata.importer import import_rows, write_frame
from geodata.incoming import Options
from geodata.schema import TABLES
from geodata.store import Store
from layers.areas import to_degrees
from layers.errors import (
    DuplicateCode,
    MissingField,
    NotFound,
)
from tests.geodata.importing import houses, table
from tests.geodata.stores import assert_history, assert_whole, content, dump, people
from tests.geodata.work import commit


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
