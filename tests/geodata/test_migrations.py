"""Stores of every earlier release open and go on working; a step runs once, wholly or not at all.

`schema_1.sql` is a store as the first release made it: two leaves, a house, a cell, one cut. Written by
`python -m tests.geodata.test_migrations`, and only while no release has gone out with schema 1.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys
import threading
from pathlib import Path
from types import ModuleType

import geopandas
import pytest
import shapely
from shapely.geometry import mapping
from sqlalchemy import inspect, text

from geodata import migrations
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.engine import connect
from geodata.importer import write_frame
from geodata.incoming import Options
from geodata.planting import plant
from geodata.store import Store
from layers.errors import BadFile
from tests.geodata.stores import RULES, assert_history, assert_whole, dump, house, open_store, people
from tests.geodata.work import commit, undo

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'geometry'")
SCHEMA_1 = Path(__file__).with_name("schema_1.sql")


# --- the store of the first release ------------------------------------------------------------------------------
def small_place(store: Store) -> Store:
    """Two oblique leaves side by side, one counted by its house, one by its cell; the first cut in two."""
    a = shapely.Polygon([(120.1, 23.1), (120.1011003, 23.1002001), (120.1008005, 23.1013002), (120.0997, 23.1010007)])
    b = shapely.Polygon([(120.1011003, 23.1002001), (120.1021, 23.1004), (120.1019, 23.1015), (120.1008005, 23.1013002)])
    frame = geopandas.GeoDataFrame(
        {"code": ["A", "B"], "name": ["甲格", "乙格"], "town": ["T", "T"], "town_name": ["镇", "镇"]}, geometry=[a, b], crs="EPSG:4490"
    )
    names = {"town": "town_name"}
    plant(store, frame, Options("areas", level="micro_grid", parents={"town": "town"}, parent_names=names), "tester", "place")
    cell = {"code": ["C"], "households": [40], "resident": [101], "special": ['{"minor": 3}']}
    write_frame(store, geopandas.GeoDataFrame(cell, geometry=[b], crs="EPSG:4490"), Options("cells"), "tester", "cells")
    with store.write("tester", "demo") as tx:
        fid = tx.area("A").fid
        tx.insert("buildings", [{"geom": house((1_201_003_000, 231_006_000)), "households": 12, "resident": 30, "area": fid}])
        tx.insert("staff", [{"name": "王", "role": "micro_leader", "area": fid}])
    commit(store, {"op": "split", "targets": ["A"], "line": mapping(shapely.LineString([(120.0999, 23.09), (120.1008, 23.11)]))})
    return store


def write_schema_1() -> None:
    """Keeps the present schema as schema 1, statement by statement."""
    path = Path(".cache/schema_1.gpkg").resolve()
    path.unlink(missing_ok=True)
    small_place(open_store(f"gpkg://{path}")).close()
    with sqlite3.connect(path) as store:
        master = store.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid"
        ).fetchall()
        virtual = {name for name, sql in master if sql.startswith("CREATE VIRTUAL")}
        shadow = {f"{name}_{part}" for name in virtual for part in ("rowid", "node", "parent")}
        lines = [f"{sql};" for name, sql in master if name not in shadow]
        for name, sql in master:
            if sql.startswith("CREATE TABLE") and name not in shadow:
                columns = ", ".join(f'quote("{row[1]}")' for row in store.execute(f'PRAGMA table_info("{name}")'))
                for row in store.execute(f'SELECT {columns} FROM "{name}"'):
                    lines.append(f'INSERT INTO "{name}" VALUES ({", ".join(row)});')
    path.unlink()
    SCHEMA_1.write_text("\n".join(["PRAGMA application_id = 1196444487;", "PRAGMA user_version = 10300;", *lines, ""]), encoding="utf-8")


def of_schema_1(path: Path) -> str:
    """A GeoPackage as the first release left it."""
    path.touch(mode=0o600)
    engine = connect(f"gpkg://{path}")  # for its SQL functions only
    raw = engine.raw_connection()
    raw.driver_connection.executescript(f"BEGIN; {SCHEMA_1.read_text(encoding='utf-8')} COMMIT;")
    raw.close()
    engine.dispose()
    return f"gpkg://{path}"


@pytest.fixture
def old(tmp_path):
    return of_schema_1(tmp_path / "old.gpkg")


def columns_of(store: Store) -> dict[str, dict[str, str]]:
    look = inspect(store.engine)
    return {name: {column["name"]: str(column["type"]) for column in look.get_columns(name)} for name in look.get_table_names()}


def test_a_store_of_the_first_release_opens_and_holds_what_it_held(old):
    store = Store.open(old, RULES)
    assert people(store)["households"] == 52 and people(store)["resident"] == 131 and people(store)["special"] == {"minor": 3}
    with store.read() as reader:
        assert [area.code for area in reader.all_areas(leaf=True)] == ["A", "B", "A-2"]
        assert reader.area("B").name == "乙格"
        assert reader.code_used("A-2")
    check = check_store(store)
    assert (check["gaps"], check["overlaps"], check["nesting"], check["codes"]) == (0, 0, 0, 0)
    store.close()


def test_a_store_of_the_first_release_goes_on_working(old):
    store = Store.open(old, RULES)
    cache = CoverageCache(store)
    cache.sync()
    with store.read() as reader:
        cut = max(row["rev"] for row in reader.revisions_since(0) if row["op"] == "split")
    undo(store, cut)
    commit(store, {"op": "merge", "targets": ["A", "B"], "keep": "A"})
    undo(store, store.head()[0])
    cache.sync()
    assert cache.figures(cache.by_code("T"))["population"] == 131
    assert_whole(store)
    assert_history(store)
    store.close()


def test_an_old_store_has_the_tables_of_a_new_one(old, tmp_path):
    before, new = Store.open(old, RULES), open_store(f"gpkg://{tmp_path / 'new.gpkg'}")
    assert columns_of(before) == columns_of(new)
    what = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type, name"
    objects = []
    for store in (before, new):
        with store.engine.connect() as connection:
            objects.append({(row[0], row[1]) for row in connection.execute(text(what))})
        store.close()
    assert objects[0] == objects[1], "every index, trigger and guard as well"


# --- a later step ------------------------------------------------------------------------------------------------
@pytest.fixture
def later(monkeypatch):
    """A step of a later release: a column more, a table more. Counts how often it ran."""
    present = migrations.steps()
    number = present[-1][0] + 1
    step = ModuleType(f"geodata.migrations.{number:04}_shifts")
    step.ran, step.before = 0, present

    def apply(connection, dialect):
        step.ran += 1
        connection.execute(text("ALTER TABLE staff ADD COLUMN shift TEXT"))
        connection.execute(text("CREATE TABLE shifts (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
        connection.execute(text("UPDATE staff SET shift = 'day'"))
        if step.broken:
            raise RuntimeError("the step fails")

    step.apply, step.broken = apply, False
    monkeypatch.setitem(sys.modules, step.__name__, step)
    monkeypatch.setattr(migrations, "steps", lambda: [*present, (number, f"{number:04}_shifts")])
    monkeypatch.setattr(importlib.import_module("geodata.store"), "steps", migrations.steps)
    return step


@pytest.fixture
def first(kind, url, tmp_path):
    """A store that knows nothing of later steps: from the kept file, or made by the first step on PostGIS."""
    if kind == "gpkg":
        return of_schema_1(tmp_path / "first.gpkg")
    small_place(open_store(url)).close()
    return url


def test_a_later_step_brings_an_old_store_up_to_date_once(first, later):
    for _ in range(2):
        store = Store.open(first, RULES)
        with store.read() as reader:
            assert reader.connection.scalar(text("SELECT shift FROM staff")) == "day"
            assert [tuple(row) for row in reader.connection.execute(text("SELECT number, name FROM weige_schema ORDER BY number"))] == [
                *later.before, (len(later.before) + 1, later.__name__.rpartition(".")[2])]  # fmt: skip
            assert [area.code for area in reader.all_areas(leaf=True)] == ["A", "B", "A-2"]
        commit(store, {"op": "merge", "targets": ["A", "A-2"]})
        undo(store, store.head()[0])
        store.close()
    assert later.ran == 1


def test_tables_of_a_later_step_are_guarded_too(old, later):
    Store.open(old, RULES).close()
    with sqlite3.connect(old.removeprefix("gpkg://")) as other, pytest.raises(sqlite3.OperationalError, match="weige_writer"):
        other.execute("INSERT INTO shifts VALUES (1, 'night')")


def test_a_step_that_fails_leaves_the_store_as_it_was(first, later, monkeypatch):
    later.broken = True
    with pytest.raises(RuntimeError):
        Store.open(first, RULES)
    later.broken = False
    for module in (migrations, importlib.import_module("geodata.store")):
        monkeypatch.setattr(module, "steps", lambda: later.before)
    store = Store.open(first, RULES)
    assert "shift" not in columns_of(store)["staff"] and "shifts" not in columns_of(store)
    store.close()


def test_a_new_store_takes_every_step(url, later):
    store = open_store(url)
    assert "shift" in columns_of(store)["staff"] and later.ran == 1
    store.close()


def test_two_that_open_at_once_bring_it_up_to_date_once(first, later):
    stores, errors = [], []

    def open_it():
        try:
            stores.append(Store.open(first, RULES, busy_timeout_s=120))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and later.ran == 1
    assert len({str(dump(store)) for store in stores}) == 1
    for store in stores:
        store.close()


def test_two_that_create_at_once_make_one_store(url):
    stores, errors = [], []

    def open_it():
        try:
            stores.append(open_store(url))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and [store.head() for store in stores] == [(1, 1)] * 3
    for store in stores:
        store.close()


def test_after_a_newer_release_the_older_one_steps_back(first, later, monkeypatch):
    Store.open(first, RULES).close()
    monkeypatch.setattr(importlib.import_module("geodata.store"), "steps", lambda: migrations.steps()[:-1])
    with pytest.raises(BadFile, match="newer"):
        Store.open(first, RULES)


if __name__ == "__main__":
    write_schema_1()
