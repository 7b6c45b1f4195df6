"""A full disk: a clear word, nothing half written, and work goes on as soon as there is space, without a restart."""

from __future__ import annotations

import os
import pwd
import random
import tempfile
import time
from collections.abc import Iterator

import psycopg
import pytest

from geodata.accounts import Accounts
from geodata.checking import check_store
from geodata.jobs import Jobs
from geodata.moving import migrate
from geodata.recovery import restore
from geodata.snapshot import snapshot
from geodata.store import Store
from layers.errors import StoreFull
from tests.geodata.stores import RULES, Clock, assert_history, assert_whole, dump, open_store, settle
from tests.geodata.work import Worker, commit, cut
from tests.small_disk import SmallDisk, small_disk

PASSWORD = "Little-Town-2026"
PATIENCE_S = 120


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(64) as one:
        yield one


@pytest.fixture
def place(kind: str, disk: SmallDisk, request: pytest.FixtureRequest) -> Iterator[tuple[str, SmallDisk]]:
    """The address of a store on the small disk, and the disk. On PostgreSQL its tables lie there, in a tablespace."""
    if kind == "gpkg":
        yield f"gpkg://{disk.path / 'town.gpkg'}", disk
        return
    url = request.getfixturevalue("fresh_postgis")()
    folder = disk.path / "tables"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    name = f"small_{random.randrange(10**9)}"
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            owner = pwd.getpwnam("postgres") if "postgres" in {one.pw_name for one in pwd.getpwall()} else pwd.getpwnam("nobody")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        except psycopg.Error as error:
            pytest.skip(f"SKIPPED SMALL DISK: the database server is elsewhere: {error}")
        connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET default_tablespace = {name}')
    yield url, disk
    disk.free()
    with psycopg.connect(url, autocommit=True) as connection:
        base = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{base}" RESET default_tablespace')
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS weige_accounts CASCADE")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute(f"DROP TABLESPACE {name}")


def stuff(store: Store, rows: int = 12_000) -> None:
    """More than fits."""
    with store.write("tester", "staff") as tx:
        tx.insert("staff", [{"name": "一" * 60, "note": f"{number} " + "二" * 200, "role": "volunteer"} for number in range(rows)])


@pytest.mark.promise("Full disk: 507, nothing half written, mended without a restart")
def test_a_full_disk_leaves_everything_as_it_was_and_mends_without_a_restart(place):
    url, disk = place
    store = settle(open_store(url, Clock(), synchronous="FULL"))
    form = cut(store, "30")
    disk.fill(leave=2_000_000)
    before = dump(store)
    for _ in range(3):
        with pytest.raises(StoreFull):
            stuff(store)
        assert dump(store) == before, "read as before, on a full disk"
    disk.free()
    commit(store, form)
    Worker(store, Clock(), random.Random(2)).work(5)
    assert_whole(store)
    assert_history(store)
    found = check_store(store)
    assert (found["gaps"], found["overlaps"], found["nesting"]) == (0, 0, 0)
    if store.is_file:
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.close()


def test_accounts_on_a_full_disk_say_so_and_go_on_later(place):
    url, disk = place
    store, accounts = open_store(url), Accounts(url)
    accounts.add("planner", PASSWORD, [("planner", 0, 1)])
    key = accounts.new_session("planner", 12)
    disk.fill()
    with pytest.raises(StoreFull):
        for number in range(4000):
            accounts.log("export", "done", account="planner", details={"text": "五" * 300, "number": number})
    assert accounts.by_session(key).name == "planner", "who is signed in goes on looking"
    disk.free()
    accounts.log("export", "done", account="planner", object="after")
    assert accounts.audit(1)[0]["object"] == "after"
    assert accounts.sign_in("planner", PASSWORD)
    accounts.close()
    store.close()


def test_work_that_meets_a_full_disk_says_so_and_the_next_goes_through(place, monkeypatch):
    url, disk = place
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))  # where packages are made when the store is a database
    store = open_store(url)
    jobs = Jobs(store)

    def work(number, args, progress):
        if args["much"]:
            disk.fill()
        (jobs.folder / f"{number}.zip").write_bytes(bytes(500_000))
        return {"rows": 1}

    jobs.does["export"] = work
    numbers = [jobs.start("export", "tester", {"much": True})]
    for state, code in (("failed", "store-full"), ("done", None)):
        until = time.monotonic() + PATIENCE_S
        while (told := jobs.get(numbers[-1]))["state"] not in ("done", "failed") and time.monotonic() < until:
            time.sleep(0.05)
        assert (told["state"], (told["result"] or {}).get("code")) == (state, code), told
        disk.free()
        numbers.append(jobs.start("export", "tester", {"much": False}))
    assert jobs.get(numbers[0])["state"] == "failed", "kept, once there was space"
    jobs.close()
    store.close()


def test_a_copy_that_does_not_fit_is_no_copy(town, disk):
    file = disk.path / "a.gpkg"
    snapshot(town, file)
    held = file.read_bytes()
    for room in (100_000, 600_000):
        disk.fill(leave=room)
        for contents in ("layers", "full"):
            with pytest.raises(StoreFull):
                snapshot(town, file, contents=contents, accounts=True)
        with pytest.raises(StoreFull):
            migrate(town, f"gpkg://{disk.path / 'moved.gpkg'}")
        with pytest.raises(StoreFull):
            restore(f"gpkg://{disk.path / 'back.gpkg'}", file, RULES, lambda: None, actor="tester")
        assert file.read_bytes() == held
        assert sorted(path.name for path in disk.path.iterdir()) == ["a.gpkg", "stuffing"]
        disk.free()
    snapshot(town, file, contents="full")
