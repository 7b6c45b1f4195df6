"""The live file is a valid GeoPackage that anybody may read and only we may write, and that survives being killed."""

from __future__ import annotations

import random
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import shapely
from sqlalchemy import text

from geodata.accounts import Accounts
from geodata.checking import check_store
from geodata.schema import SPATIAL, metadata
from geodata.store import Store
from geodata.types import from_blob, to_blob
from layers.errors import BadFile, BadInput, StoreMissing
from layers.schema import LAYERS
from tests.counts import count
from tests.geodata.foreign import gdal, python
from tests.geodata.stores import RULES, Clock, assert_history, assert_whole, dump, open_store, people
from tests.geodata.work import Worker


@pytest.fixture
def kind() -> str:
    return "gpkg"


def file_of(store: Store) -> Path:
    return Path(store.url.removeprefix("gpkg://"))


# --- nobody else writes ------------------------------------------------------------------------------------------
def test_a_plain_sqlite_writer_is_refused_on_every_table(town):
    before = dump(town)
    with sqlite3.connect(file_of(town)) as other:
        tables = [
            row[0]
            for row in other.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
                " AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'rtree!_%' ESCAPE '!'"
            )
        ]
        assert {
            *metadata.tables,
            "weige_schema",
            "gpkg_contents",
            "gpkg_geometry_columns",
            "gpkg_spatial_ref_sys",
            "gpkg_extensions",
        } == set(tables)
        for table in tables:
            column = other.execute(f'SELECT name FROM pragma_table_info("{table}")').fetchone()[0]
            rows = other.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            with pytest.raises(sqlite3.OperationalError, match="no such function: weige_writer"):
                other.execute(f'INSERT INTO "{table}" DEFAULT VALUES')
            for verb in (f'UPDATE "{table}" SET "{column}" = "{column}"', f'DELETE FROM "{table}"'):
                with pytest.raises(sqlite3.OperationalError, match="no such function: weige_writer"):
                    other.execute(verb)
            assert other.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] == rows
    assert dump(town) == before


def test_pyogrio_of_another_process_cannot_append(town):
    before = dump(town)
    code, _, said = python(
        """
import sys, pyogrio
frame = pyogrio.read_dataframe(sys.argv[1], layer="buildings", max_features=2)
pyogrio.write_dataframe(frame, sys.argv[1], layer="buildings", append=True)
""",
        file_of(town),
    )
    assert code and "weige_writer" in said
    assert dump(town) == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE areas SET name = 'x'", "DELETE FROM areas", "INSERT INTO staff (name, role) VALUES ('x', 'y')"],
)
def test_ogrinfo_cannot_change_a_row(town, statement):
    before = dump(town)
    assert "weige_writer" in gdal("ogrinfo", file_of(town), "-sql", statement, check=False)
    assert dump(town) == before


def test_ogr2ogr_cannot_overwrite_or_append(town, tmp_path):
    before = dump(town)
    gdal("ogr2ogr", "-f", "GPKG", tmp_path / "other.gpkg", file_of(town), "gates")
    for option in ("-append", "-update"):
        assert not gdal("ogr2ogr", option, file_of(town), tmp_path / "other.gpkg", "gates", check=False).startswith("0 ")
    assert dump(town) == before


# --- everybody reads ---------------------------------------------------------------------------------------------
def test_pyogrio_of_another_process_reads_every_layer_with_its_crs_and_chinese_names(town):
    code, told, said = python(
        """
import json, sys, warnings, pyogrio
warnings.simplefilter("error")
layers = {}
for name, kind in pyogrio.list_layers(sys.argv[1]).tolist():
    info = pyogrio.read_info(sys.argv[1], layer=name)
    frame = pyogrio.read_dataframe(sys.argv[1], layer=name, fid_as_index=True)
    layers[name] = [kind, str(info["crs"]), len(frame), frame.index.tolist(), frame["name"].tolist() if "name" in frame else None]
print(json.dumps(layers))
""",
        file_of(town),
    )
    assert code == 0, said
    assert set(told) == set(LAYERS), "the layers of the schema and nothing else"
    with town.read() as reader:
        for name, (geometry, crs, rows, fids, names) in told.items():
            mine = reader.rows(name)
            assert (rows, fids) == (len(mine), [row["fid"] for row in mine]), name
            assert crs == ("EPSG:4490" if name in SPATIAL else "None")
            assert (geometry or "Geometry").removeprefix("Unknown") in (LAYERS[name].geometry, "Geometry", "")
            if names is not None:
                assert names == [row["name"] for row in mine]
    assert "微网格11" in told["areas"][4] and "菜场0" in told["places"][4]


def test_ogrinfo_reads_without_a_warning(town):
    said = gdal("ogrinfo", "-ro", "-al", "-so", file_of(town))
    assert "Warning" not in said and "ERROR" not in said, said
    assert 'ID["EPSG",4490]' in said and "Layer name: areas" in said
    one = gdal("ogrinfo", "-ro", file_of(town), "areas", "-where", "name = '微网格11'")
    assert "Feature Count: 1" in one and "微网格11" in one


def test_others_read_while_we_write(town):
    reading = subprocess.Popen(
        [
            sys.executable,
            "-c",
            """
import sys, pyogrio
counts = set()
for _ in range(6):
    frame = pyogrio.read_dataframe(sys.argv[1], layer="areas", where="leaf = 1")
    counts.add(round(frame.geometry.area.sum() * 1e12))
print(len(counts))
""",
            str(file_of(town)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    worker = Worker(town, Clock(), random.Random(4))
    while reading.poll() is None:
        worker.work(len(worker.log) + 5)
    out, errors = reading.communicate()
    assert reading.returncode == 0, errors
    assert int(out) == 1, "every look sees whole commits: the ground never has a hole"
    assert_whole(town)
    assert town.engine.connect().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


# --- the file ----------------------------------------------------------------------------------------------------
def test_files_belong_to_their_owner_alone(town):
    Accounts(town.url).close()
    path = file_of(town)
    with town.write("tester", "staff") as tx:
        tx.insert("staff", [{"name": "x", "role": "volunteer"}])
    files = [path, path.with_suffix(".accounts.sqlite"), Path(f"{path}-wal"), Path(f"{path}-shm")]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_file_stays_in_wal_while_it_is_open(town):
    with sqlite3.connect(f"file:{file_of(town)}?mode=ro", uri=True) as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert other.execute("PRAGMA application_id").fetchone()[0] == int.from_bytes(b"GPKG", "big")
        assert other.execute("PRAGMA user_version").fetchone()[0] == 10300


def test_edits_wait_for_the_disk_unless_told_otherwise(town_url):
    for asked, number in (("FULL", 2), ("NORMAL", 1)):
        store = open_store(town_url, synchronous=asked)
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == number
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        store.close()


def test_the_tables_of_the_standard_say_what_is_there(town):
    with sqlite3.connect(f"file:{file_of(town)}?mode=ro", uri=True) as other:
        contents = {row[0]: row for row in other.execute("SELECT table_name, data_type, identifier, srs_id FROM gpkg_contents")}
        columns = {row[0]: row for row in other.execute("SELECT * FROM gpkg_geometry_columns")}
        extensions = {row[0] for row in other.execute("SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'")}
        systems = {row[1]: row for row in other.execute("SELECT * FROM gpkg_spatial_ref_sys")}
        assert set(contents) == set(LAYERS)
        assert set(columns) == extensions == set(SPATIAL)
        for name, layer in LAYERS.items():
            assert contents[name][1] == ("features" if layer.geometry else "attributes")
            assert layer.zh in contents[name][2]
            keys = [row for row in other.execute(f"PRAGMA table_info({name})") if row[5]]
            assert [(row[1], row[2]) for row in keys] == [("fid", "INTEGER")], "an integer key, as the standard wants"
            if layer.geometry:
                assert columns[name] == (name, "geom", layer.geometry.upper(), 4490, 0, 0)
                triggers = {
                    row[0].removeprefix(f"rtree_{name}_geom_")
                    for row in other.execute(
                        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND name LIKE 'rtree_%'",
                        (name,),
                    )
                }
                assert triggers == {"insert", "update1", "update2", "update3", "update4", "delete"}
        assert {-1, 0, 4326, 4490} == set(systems)
        assert "China Geodetic Coordinate System 2000" in systems[4490][0] + systems[4490][4]
        assert other.execute("PRAGMA foreign_key_check").fetchall() == []


def test_blobs_are_geopackage_binaries():
    for shape in (shapely.Point(120.5, 30.25), shapely.MultiPolygon([shapely.box(1, 2, 3, 4)]), shapely.MultiPolygon()):
        blob = to_blob(shape)
        assert blob[:3] == b"GP\0" and int.from_bytes(blob[4:8], "little") == 4490
        assert from_blob(blob) == shape
        assert bool(blob[3] >> 4 & 1) == shape.is_empty


def test_the_index_is_in_step_with_the_rows_after_many_edits(town):
    worker = Worker(town, Clock(), random.Random(9))
    worker.work(200)
    with town.read() as reader:
        for name in SPATIAL:
            stored = {row[0]: row[1:] for row in reader.connection.execute(text(f"SELECT id, minx, maxx, miny, maxy FROM rtree_{name}_geom"))}
            shapes = {row["fid"]: row["geom"].bounds for row in reader.each(name) if row["geom"] is not None}
            assert stored.keys() == shapes.keys(), name
            for fid, (west, south, east, north) in shapes.items():
                minx, maxx, miny, maxy = stored[fid]
                assert minx <= west and maxx >= east and miny <= south and maxy >= north
                assert max(west - minx, maxx - east, south - miny, maxy - north) < 2e-5, "no wider than single precision"
            assert reader.connection.execute(text("SELECT rtreecheck(:name)"), {"name": f"rtree_{name}_geom"}).scalar() == "ok"
        assert reader.connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_row_without_a_shape_is_not_in_the_index(town):
    with town.write("tester", "units") as tx:
        building = tx.rows("buildings", limit=1)[0]
        fid = tx.insert("units", [{"building": building["fid"], "area": building["area"]}])[0]
        tx.update("units", fid, {"geom": shapely.Point(120.2, 23.0)})
        assert {row["fid"] for row in tx.rows("units", bounds=(120.1999, 22.9999, 120.2001, 23.0001))} == {fid}
        tx.update("units", fid, {"geom": None})
        assert tx.rows("units", bounds=(120.1999, 22.9999, 120.2001, 23.0001)) == []


# --- what is no store --------------------------------------------------------------------------------------------
def test_a_file_of_something_else_is_left_alone(tmp_path):
    other = tmp_path / "letter.gpkg"
    other.write_text("dear planner, this is no database " * 100)
    foreign = tmp_path / "foreign.gpkg"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE gpkg_contents (table_name TEXT)")
    for path in (other, foreign):
        before = path.read_bytes()
        with pytest.raises(BadFile, match=path.name):
            open_store(f"gpkg://{path}")
        assert path.read_bytes() == before
    with pytest.raises((StoreMissing, BadFile)):
        Store.open(f"gpkg://{foreign}", RULES)


@pytest.mark.parametrize("address", ["weige.gpkg", "gpkg:weige.gpkg", "gpkg://host/weige.gpkg", "mysql://host/db", "sqlite:///x.db", ""])
def test_an_address_of_another_kind_is_refused(address):
    with pytest.raises(BadInput, match="gpkg:///"):
        Store.open(address, RULES)


def test_a_path_may_hold_spaces_and_chinese(tmp_path):
    url = f"gpkg://{tmp_path}/my%20grids/街道 微格.gpkg"
    open_store(url).close()
    assert (tmp_path / "my grids" / "街道 微格.gpkg").exists()
    Store.open(url, RULES).close()


def test_a_full_disk_leaves_everything_as_it_was_and_mends_without_a_restart(town):
    before = dump(town)
    from layers.errors import StoreFull

    with town.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    from sqlalchemy import event

    def small(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")

    event.listen(town.engine, "begin", small)
    rows = [{"name": "一" * 60, "note": "二" * 200, "role": "volunteer"} for _ in range(2000)]
    with pytest.raises(StoreFull), town.write("tester", "staff") as tx:
        tx.insert("staff", rows)
    event.remove(town.engine, "begin", small)
    assert dump(town) == before
    with town.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    for _ in range(3):  # whichever connection of the pool
        with town.write("tester", "staff") as tx:
            tx.connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            tx.insert("staff", rows[:100])
    assert_whole(town)


# --- killed ------------------------------------------------------------------------------------------------------
WRITER = """
import random, sys
from geodata.store import Store
from tests.geodata.stores import RULES, Clock
from tests.geodata.work import Worker
store = Store.open(sys.argv[1], RULES, synchronous=sys.argv[3])
worker = Worker(store, Clock(), random.Random(int(sys.argv[2])))
while True:
    worker.work(len(worker.log) + 1)
    print(store.head()[0], flush=True)
"""


@pytest.mark.parametrize("turn", range(count(3, 16)))
def test_a_writer_killed_in_the_middle_leaves_whole_commits(town_url, turn):
    command = [sys.executable, "-c", WRITER, town_url, str(turn), ("FULL", "NORMAL")[turn % 2]]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        try:
            acknowledged = [int(process.stdout.readline()) for _ in range(3 + 2 * turn)]
            time.sleep(random.Random(turn).uniform(0, 0.08))
        finally:
            process.kill()
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    store = open_store(town_url)
    assert store.head()[0] in (acknowledged[-1], acknowledged[-1] + 1), "an acknowledged commit is there; at most one was under way"
    assert_whole(store)
    assert_history(store)
    check = check_store(store)
    assert (check["gaps"], check["overlaps"], check["nesting"]) == (0, 0, 0)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        for name in SPATIAL:
            assert connection.exec_driver_sql(f"SELECT rtreecheck('rtree_{name}_geom')").scalar() == "ok"
    Worker(store, Clock(), random.Random(99)).work(5)
    assert people(store)["households"] > 0
    store.close()
