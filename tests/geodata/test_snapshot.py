"""A snapshot is a plain GeoPackage of one revision, made while others write; restore finds it whole or refuses it, and
what comes back is what was there."""

from __future__ import annotations

import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from geodata import pouring
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.manifest import TABLE, opened
from geodata.recovery import restore
from geodata.schema import metadata
from geodata.snapshot import snapshot
from geodata.store import Store
from layers.errors import BadFile, BadInput, NotFound, StoreNotEmpty
from layers.schema import LAYERS
from tests.counts import count
from tests.geodata.foreign import python
from tests.geodata.stores import RULES, Clock, assert_history, assert_whole, content, dump, open_store, people
from tests.geodata.work import Worker, undo

# what a restore into an empty place does not bring back
LEFT_OUT = {"layers": {"lineage", "revisions", "history", "events"}, "history": {"events"}, "full": set()}


@pytest.fixture
def worked(town: Store, clock: Clock) -> Store:
    """The little town after some days of work."""
    Worker(town, clock, random.Random(3)).work(14)
    return town


@pytest.fixture
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Call it with a kind of store for an address that holds nothing."""
    return lambda kind: f"gpkg://{tmp_path / 'elsewhere.gpkg'}" if kind == "gpkg" else request.getfixturevalue("fresh_postgis")()


def put_back(url: str, path: Path, **options):
    return restore(url, path, RULES, lambda: open_store(url), actor="tester", **options)


def left_beside(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".part" in path.name]


# --- the file ----------------------------------------------------------------------------------------------------
def test_a_snapshot_of_layers_is_a_plain_geopackage_that_anybody_may_change(worked, tmp_path):
    file = tmp_path / "for people.gpkg"
    told = snapshot(worked, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and left_beside(tmp_path) == []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "delete", "one file, nothing beside it"
        names = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        ours = {name for name in names if not name.startswith(("gpkg_", "rtree_", "sqlite_"))}
        assert ours == {*LAYERS, TABLE}, "no history, no events, no jobs, no accounts"
        assert not other.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'weige!_guard%' ESCAPE '!'").fetchall()
        assert other.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        west, south, east, north = other.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'areas'").fetchone()
        assert 119 < west < east < 122 and 22 < south < north < 24
    code, counted, said = python(
        """
import json, sys, warnings, pyogrio
warnings.simplefilter("error")
counts = {name: len(pyogrio.read_dataframe(sys.argv[1], layer=name)) for name, _ in pyogrio.list_layers(sys.argv[1]).tolist()}
frame = pyogrio.read_dataframe(sys.argv[1], layer="gates", max_features=2)
pyogrio.write_dataframe(frame.assign(note="外面改的"), sys.argv[1], layer="gates", append=True)
after = pyogrio.read_dataframe(sys.argv[1], layer="gates")
print(json.dumps([counts, len(after), str(after.crs), int((after["note"] == "外面改的").sum())]))
""",
        file,
    )
    assert code == 0, said
    assert counted[0] == {name: told["tables"][name]["rows"] for name in LAYERS}
    assert counted[1:] == [counted[0]["gates"] + 2, "EPSG:4490", 2]


def test_what_was_taken_out_is_nowhere_in_the_file(worked, tmp_path):
    with worked.write("geheimrat", "note") as tx:
        tx.set_meta("secret", "schatzkammer-4711")
        staff = tx.insert("staff", [{"name": "wegwerfname", "role": "volunteer"}])[0]
    with worked.write("geheimrat", "remove") as tx:
        tx.delete("staff", staff)
    snapshot(worked, tmp_path / "a.gpkg")
    held = (tmp_path / "a.gpkg").read_bytes()
    assert b"geheimrat" not in held and b"wegwerfname" not in held


def test_everything_in_a_snapshot_is_of_one_revision_while_others_write(worked, clock, tmp_path):
    worker, ended = Worker(worked, clock, random.Random(8)), threading.Event()

    def work():
        while not ended.is_set():
            worker.work(len(worker.log) + 1)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        told = []
        for turn in range(count(2, 6)):
            told.append(snapshot(worked, tmp_path / f"{turn}.gpkg", contents="full"))
            until = time.monotonic() + 60
            while worked.head()[0] <= told[-1]["rev"] and time.monotonic() < until:
                time.sleep(0.01)
    finally:
        ended.set()
        writer.join()
    assert told[0]["rev"] < told[-1]["rev"] <= worked.head()[0], "writers went on"
    for turn, one in enumerate(told):
        url = f"gpkg://{tmp_path / f'back-{turn}.gpkg'}"
        put_back(url, tmp_path / f"{turn}.gpkg")
        back = open_store(url)
        assert back.head()[0] == one["rev"]
        assert_whole(back)
        assert_history(back)
        back.close()


def test_a_snapshot_replaces_an_older_one_and_nothing_else(worked, tmp_path):
    file = tmp_path / "nightly.gpkg"
    first = snapshot(worked, file)
    with worked.write("tester", "staff") as tx:
        tx.insert("staff", [{"name": "新", "role": "volunteer"}])
    assert snapshot(worked, file)["rev"] == first["rev"] + 1
    letter = tmp_path / "letter.gpkg"
    letter.write_text("dear planner")
    other = open_store(f"gpkg://{tmp_path / 'other.gpkg'}")
    for taken in filter(None, (letter, worked.path, other.path)):
        before = taken.read_bytes()
        with pytest.raises(BadInput, match=taken.name):
            snapshot(worked, taken)
        assert taken.read_bytes() == before
    other.close()
    with pytest.raises(NotFound):
        snapshot(worked, tmp_path / "nowhere" / "a.gpkg")
    assert left_beside(tmp_path) == []


def test_a_snapshot_cut_short_leaves_the_older_one(worked, tmp_path, monkeypatch):
    file = tmp_path / "a.gpkg"
    snapshot(worked, file)
    before = file.read_bytes()

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("geodata.snapshot.write_manifest", broken)
    with pytest.raises(KeyboardInterrupt):
        snapshot(worked, file)
    assert file.read_bytes() == before and left_beside(tmp_path) == []


# --- back again --------------------------------------------------------------------------------------------------
@pytest.mark.promise("Snapshot while serving, restore verified: figures, check and stats as they were")
@pytest.mark.parametrize("to, contents", [("gpkg", "layers"), ("postgis", "history"), ("gpkg", "full"), ("postgis", "full")])
def test_a_snapshot_comes_back_in_either_kind_of_store_as_it_was(worked, elsewhere, to, contents, tmp_path):
    before, checked, folk = dump(worked, normal=False), check_store(worked), people(worked)
    told = snapshot(worked, tmp_path / "a.gpkg", contents=contents)
    url = elsewhere(to)
    answer = put_back(url, tmp_path / "a.gpkg")
    assert answer["rev"] == told["rev"] and answer["kept"] is None
    back = open_store(url)
    after = dump(back, normal=False)
    assert {name for name in before if before[name] != after[name]} - {"meta"} <= LEFT_OUT[contents]
    assert people(back) == folk
    again = check_store(back)
    assert {key: again[key] for key in checked} == checked
    assert_whole(back)
    assert back.head()[0] == worked.head()[0], "numbers go on where they were"
    Worker(back, Clock(), random.Random(1)).work(10)
    assert_whole(back)
    back.close()


def test_after_a_full_restore_earlier_edits_can_be_undone(worked, elsewhere, kind, tmp_path):
    cut = Worker(worked, Clock(), random.Random(2))
    cut.work(12)
    snapshot(worked, tmp_path / "a.gpkg", contents="full")
    url = elsewhere(kind)
    put_back(url, tmp_path / "a.gpkg")
    back = open_store(url)
    with back.read() as reader:
        from geodata import undoing
        last = undoing.last_undoable(reader, "tester")
    undo(back, last["rev"])
    undo(worked, last["rev"])
    assert content(back) == content(worked)
    back.close()


def test_a_store_that_holds_something_is_only_replaced_when_told_and_is_kept(worked, tmp_path):
    file = tmp_path / "a.gpkg"
    snapshot(worked, file, contents="full")
    was = content(worked)
    Worker(worked, Clock(), random.Random(11)).work(12)
    later, rev = content(worked), worked.head()[0]
    url = worked.url
    with pytest.raises(StoreNotEmpty):
        put_back(url, file)
    assert content(worked) == later
    answer = put_back(url, file, replace=True)
    assert answer["rev"] > rev, "a revision is never used twice: browsers keep tiles by it"
    assert content(worked) == was
    assert_whole(worked)
    with worked.read() as reader:
        codes = {area.code for area in reader.all_areas()}
        highest = reader.counter("fid:areas")
    kept = Path(answer["kept"])
    assert ".before-restore-" in kept.name and stat.S_IMODE(kept.stat().st_mode) == 0o600
    Worker(worked, Clock(), random.Random(12)).work(15)
    with worked.read() as reader:
        new = {area.code: area.fid for area in reader.all_areas() if area.code not in codes}
    given = {row[0] for row in dump(worked)["codes"]}
    assert all(fid > highest for fid in new.values()) and {code for (layer, _), row in later.items() if layer == "areas"
                                                            for code in [row["code"]]} <= given
    put_back(url, kept, replace=True)
    assert content(worked) == later, "back to what was there before"


def test_a_server_on_the_store_follows_a_restore(worked, tmp_path):
    snapshot(worked, tmp_path / "a.gpkg")
    cache = CoverageCache(worked)
    cache.sync()
    root = cache.roots()[0]
    before = cache.figures(root)
    Worker(worked, Clock(), random.Random(5)).work(20)
    cache.sync()
    put_back(worked.url, tmp_path / "a.gpkg", replace=True)
    assert cache.sync() == worked.head()[0]
    assert cache.figures(cache.by_code(root.code)) == before


def test_a_restore_cut_short_changes_nothing(worked, elsewhere, kind, tmp_path, monkeypatch):
    snapshot(worked, tmp_path / "a.gpkg", contents="full")
    Worker(worked, Clock(), random.Random(5)).work(5)
    before, done = dump(worked), pouring.write

    def broken(connection, table, columns, records):
        if table.name == "staff":
            raise KeyboardInterrupt
        done(connection, table, columns, records)

    monkeypatch.setattr(pouring, "write", broken)
    url = elsewhere(kind)
    for address, options in ((worked.url, {"replace": True}), (url, {})):
        with pytest.raises(KeyboardInterrupt):
            put_back(address, tmp_path / "a.gpkg", **options)
    assert dump(worked) == before
    assert left_beside(tmp_path) == [] and not list(tmp_path.glob("*before-restore*"))
    monkeypatch.undo()
    put_back(url, tmp_path / "a.gpkg")


KILLED = """
import os, signal, sys
from pathlib import Path
from geodata import moving
from tests.geodata.test_snapshot import put_back
moving.prove_alike = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
put_back(sys.argv[1], Path(sys.argv[2]))
"""


def test_a_killed_restore_leaves_nothing_that_the_next_one_minds(worked, tmp_path):
    snapshot(worked, tmp_path / "a.gpkg", contents="full")
    url = f"gpkg://{tmp_path / 'new.gpkg'}"
    ended = subprocess.run([sys.executable, "-c", KILLED, url, str(tmp_path / "a.gpkg")], cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "new.gpkg").exists() and left_beside(tmp_path)
    put_back(url, tmp_path / "a.gpkg")
    assert left_beside(tmp_path) == []


# --- what is no snapshot, or not as it was -------------------------------------------------------------------------
@pytest.fixture
def file(town: Store, tmp_path: Path) -> Path:
    snapshot(town, tmp_path / "a.gpkg", contents="history")
    return tmp_path / "a.gpkg"


@pytest.mark.parametrize("statement, told", [
    ("UPDATE gates SET note = 'x' WHERE fid = 1", "gates was changed"),
    ("DELETE FROM staff WHERE fid = 1", "staff holds"),
    ("UPDATE revisions SET actor = 'x'", "revisions was changed"),
    (f"UPDATE {TABLE} SET value = '99' WHERE key = 'rev'", "says about itself"),
    (f"DROP TABLE {TABLE}", "no snapshot"),
])  # fmt: skip
def test_a_file_that_was_changed_is_refused(file, tmp_path, statement, told):
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            other.create_function(name, 1, lambda blob: 0)
        other.execute(statement)
    with pytest.raises(BadFile, match=told):
        put_back(f"gpkg://{tmp_path / 'new.gpkg'}", file)
    assert not (tmp_path / "new.gpkg").exists()


def test_a_damaged_file_is_refused(file, tmp_path):
    held = bytearray(file.read_bytes())
    held[len(held) // 3: len(held) // 2] = bytes(len(held) // 2 - len(held) // 3)
    file.write_bytes(held)
    with pytest.raises(BadFile):
        put_back(f"gpkg://{tmp_path / 'new.gpkg'}", file)
    for content_of, kind in ((b"", BadFile), (b"dear planner " * 200, BadFile)):
        file.write_bytes(content_of)
        with pytest.raises(kind):
            put_back(f"gpkg://{tmp_path / 'new.gpkg'}", file)
    with pytest.raises(NotFound):
        put_back(f"gpkg://{tmp_path / 'new.gpkg'}", tmp_path / "none.gpkg")


def test_a_snapshot_says_what_it_holds(file):
    with opened(file) as (connection, told):
        assert told["contents"] == "history" and told["check"] == {"gaps": 0, "overlaps": 0, "nesting": 0, "codes": 0}
        assert set(told["tables"]) == {*LAYERS, "history", "revisions", "lineage", "codes", "zone_members", "zone_events",
                                         "rounds", "reports", "status"}
        assert set(metadata.tables) > set(told["tables"])
