"""A store moves between GeoPackage and PostGIS with everything in it: same dump, same numbers, undo goes on; what is cut
short leaves nothing at the new address."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from geodata import moving, pouring, undoing
from geodata.accounts import Accounts
from geodata.moving import migrate, state_of
from geodata.store import Store
from layers.errors import BadFile, BadInput, StoreNotEmpty
from tests.counts import count
from tests.geodata.stores import Clock, assert_history, assert_whole, content, dump, open_store
from tests.geodata.work import Worker, undo

PASSWORD = "Little-Town-2026"


@pytest.fixture
def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An address of the other kind that holds nothing."""
    return f"gpkg://{tmp_path / 'elsewhere.gpkg'}" if kind == "postgis" else request.getfixturevalue("fresh_postgis")()


@pytest.mark.promise("A store moves from GeoPackage to PostGIS and back: equal dumps after 500 operations, undo goes on")
def test_a_moved_store_is_the_same_and_goes_on(town, clock, url):
    worker = Worker(town, clock, random.Random(21))
    worker.work(count(40, 500))
    answer = migrate(town, url)
    moved = open_store(url, clock)
    assert dump(moved, normal=False) == dump(town, normal=False)
    assert (moved.head(), answer["behind"]) == (town.head(), 0)
    for store in (town, moved):
        with store.read() as reader:
            last = undoing.last_undoable(reader, "tester")
        undo(store, last["rev"])
    again = [Worker(store, Clock(), random.Random(22)) for store in (town, moved)]
    for one in again:
        one.clock.now = clock.now
        one.work(count(10, 100))
    assert again[0].log == again[1].log
    assert content(moved) == content(town) and moved.head() == town.head()
    assert_whole(moved)
    assert_history(moved)
    moved.close()


def test_accounts_move_when_asked_and_everybody_signs_in_again(town, url):
    accounts = Accounts(town.url)
    accounts.add("planner", PASSWORD, [("planner", 1, 2)])
    key, token = accounts.new_session("planner", 12), accounts.new_token("planner", 30)
    accounts.log("export", "done", account="planner", details={"receiver": "公安"})
    migrate(town, url, accounts=True)
    moved = Accounts(url)
    assert moved.sign_in("planner", PASSWORD).grants == (("planner", 1, 2),)
    assert moved.by_token(token).name == "planner" and moved.by_session(key) is None
    exports = [[line["details"] for line in one.audit() if line["action"] == "export"] for one in (accounts, moved)]
    assert exports[0] == exports[1] and {"receiver": "公安"} in exports[1]
    moved.log("export", "done", account="planner")
    assert accounts.by_session(key).name == "planner", "the old store is as it was"
    for one in (accounts, moved):
        one.close()


def test_without_asking_no_account_leaves(town, kind, url):
    accounts = Accounts(town.url)
    accounts.add("planner", PASSWORD, [])
    migrate(town, url)
    if kind == "postgis":
        assert not Path(url.removeprefix("gpkg://")).with_suffix(".accounts.sqlite").exists()
    moved = Accounts(url)
    assert moved.names() == []
    for one in (accounts, moved):
        one.close()


def test_what_is_there_already_is_left_alone(town, kind, url, tmp_path):
    with pytest.raises(BadInput):
        migrate(town, town.url)
    open_store(url).close()
    assert state_of(url) == "empty"
    migrate(town, url)
    with pytest.raises(StoreNotEmpty):
        migrate(town, url)
    letter = tmp_path / "letter.gpkg"
    letter.write_text("dear planner " * 100)
    with pytest.raises(BadFile):
        migrate(town, f"gpkg://{letter}")
    assert letter.read_text() == "dear planner " * 100


def test_a_move_cut_short_leaves_nothing(town, kind, url, tmp_path, monkeypatch):
    Accounts(town.url).close()
    before, done = dump(town), pouring.write

    def broken(connection, table, columns, records):
        if table.name == "staff":
            raise KeyboardInterrupt
        done(connection, table, columns, records)

    monkeypatch.setattr(pouring, "write", broken)
    with pytest.raises(KeyboardInterrupt):
        migrate(town, url, accounts=True)
    assert state_of(url) == "missing" and not list(tmp_path.glob("*elsewhere*"))
    if kind == "gpkg":
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema IN ('weige_accounts')"
                                      " OR table_name = 'areas'").fetchone()[0] == 0
    monkeypatch.undo()
    migrate(town, url, accounts=True)
    assert dump(town) == before


KILLED = """
import os, signal, sys
from geodata import moving
from tests.geodata.stores import open_store
moving.prove_alike = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
moving.migrate(open_store(sys.argv[1]), sys.argv[2])
"""


def test_a_killed_move_leaves_nothing(town_url, url):
    ended = subprocess.run([sys.executable, "-c", KILLED, town_url, url], cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    assert state_of(url) == "missing"
    store = open_store(town_url)
    migrate(store, url)
    store.close()


def test_edits_that_come_meanwhile_are_told(town, url, monkeypatch):
    done = moving.prove_alike

    def slowly(*arguments):
        with town.write("tester", "staff") as tx:
            tx.insert("staff", [{"name": "晚来", "role": "volunteer"}])
        done(*arguments)

    monkeypatch.setattr(moving, "prove_alike", slowly)
    assert migrate(town, url)["behind"] == 1
    moved = Store.open(url, town.rules)
    with moved.read() as reader:
        assert "晚来" not in {row["name"] for row in reader.rows("staff", geometry=False)}
    moved.close()
