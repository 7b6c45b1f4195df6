"""Read only, for whatever reason: every change is refused with the reason, nothing is written, everybody looks on."""

from __future__ import annotations

import threading

import psycopg
import pytest
from sqlalchemy.engine import make_url

from geodata.accounts import Accounts
from geodata.checking import check_store
from geodata.jobs import Jobs
from geodata.lent_accounts import LentAccounts, must_be_lent
from geodata.mode import switch
from geodata.moving import migrate
from geodata.store import Store
from layers.errors import ReadOnly, WrongPassword
from tests.geodata.stores import RULES, Clock, dump, open_store, settle
from tests.geodata.work import commit, cut, undo
from tests.small_disk import small_disk

PASSWORD = "Little-Town-2026"


def close(store: Store, read_only: bool = True, note: str = "") -> None:
    with store.write("boss", "mode") as tx:
        switch(tx, read_only, note)


def assert_closed(store: Store, reason: str) -> None:
    """No kind of change goes through, and every kind of look."""
    before = dump(store)
    form = cut(store, "30")
    changes = {"edit": lambda: commit(store, form), "undo": lambda: undo(store, store.head()[0]),
               "row": lambda: store.attempt("tester", "add", lambda tx: tx.insert("staff", [{"name": "x", "role": "volunteer"}]))}
    for name, change in changes.items():
        with pytest.raises(ReadOnly) as refused:
            change()
        assert refused.value.details["reason"] == reason, name
    assert dump(store) == before
    assert store.mode().read_only and store.mode().reason == reason
    assert check_store(store)["gaps"] == 0, "the proof is told, only not kept"


def test_maintenance_closes_the_store_in_every_process_and_opens_it_again(town, town_url):
    other = Store.open(town_url, RULES)
    seq, rev = town.head()[1], town.head()[0]
    close(town, note="搬家")
    for store in (town, other):
        assert store.mode().as_json() | {"at": None} == {"mode": "read-only", "reason": "maintenance", "at": None, "by": "boss", "note": "搬家"}
        assert_closed(store, "maintenance")
    assert town.head() == (rev, seq + 1), "no revision: the map is as it was; one event: every page hears of it"
    with town.read() as reader:
        from geodata.journal import events_since
        told = events_since(reader, seq)[0]
    assert told.kind == "mode" and told.data["note"] == "搬家" and "boss" not in str(told.data)
    Jobs(town).start("export", "tester", {})  # what changes nothing on the map goes on
    close(other, False)
    for store in (town, other):
        commit(store, cut(store, "30" if store is town else "11"))
        assert not store.mode().read_only
    other.close()


def test_whoever_writes_while_the_store_is_closed_is_in_or_refused(town):
    """The switch waits for a commit under way; a commit that comes later is refused."""
    began, may_end, told = threading.Event(), threading.Event(), []

    def slow():
        with town.write("tester", "slow") as tx:
            tx.insert("staff", [{"name": "慢", "role": "volunteer"}])
            began.set()
            may_end.wait(60)

    def shut():
        close(town)
        with town.read() as reader:
            told.append(reader.count("staff"))

    threads = [threading.Thread(target=slow), threading.Thread(target=shut)]
    threads[0].start()
    assert began.wait(60)
    threads[1].start()
    may_end.set()
    for thread in threads:
        thread.join()
    with town.read() as reader:
        assert told == [reader.count("staff")], "who closed the store saw the last change"
    with pytest.raises(ReadOnly), town.write("tester", "late") as tx:
        tx.insert("staff", [{"name": "晚", "role": "volunteer"}])


def test_a_writer_that_began_before_is_refused_at_its_commit(town):
    if town.is_file:
        pytest.skip("one writer at a time: nobody can close the store meanwhile")
    before = dump(town)
    with pytest.raises(ReadOnly), town.write("tester", "edit") as tx:
        tx.rows("staff", limit=1)
        close(Store.open(town.url, RULES))
        tx.insert("staff", [{"name": "晚", "role": "volunteer"}])
    assert dump(town)["staff"] == before["staff"]


def test_a_server_may_be_started_to_read_only(town_url):
    store = Store.open(town_url, RULES, read_only=True)
    assert_closed(store, "setting")
    store.close()


def test_a_moved_store_is_open_though_the_old_one_was_closed(town, tmp_path):
    close(town)
    url = f"gpkg://{tmp_path / 'moved.gpkg'}"
    migrate(town, url)
    moved = open_store(url)
    assert not moved.mode().read_only and town.mode().read_only
    commit(moved, cut(moved, "30"))
    moved.close()


# --- where nobody can write ----------------------------------------------------------------------------------------
@pytest.fixture
def unwritable(kind, request, clock):
    """A store with an account, where nothing can be written any more; and what makes it writable again."""
    if kind == "gpkg":
        with small_disk(32) as disk:
            url = f"gpkg://{disk.path / 'town.gpkg'}"
            settle(open_store(url, clock)).close()
            with_account(url)
            disk.read_only(True)
            yield url, lambda: disk.read_only(False)
        return
    url = request.getfixturevalue("fresh_postgis")()
    settle(open_store(url, clock)).close()
    with_account(url)
    base = make_url(url).database

    def standby(on: bool) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f'ALTER DATABASE "{base}" SET default_transaction_read_only = {"on" if on else "off"}')

    standby(True)
    yield url, lambda: standby(False)


def with_account(url: str) -> None:
    accounts = Accounts(url)
    accounts.add("planner", PASSWORD, [("planner", 1, 2)])
    accounts.close()


def test_where_nobody_can_write_everybody_looks_and_signs_in(unwritable):
    url, mend = unwritable
    store = Store.open(url, RULES)
    assert_closed(store, "storage")
    assert must_be_lent(store)
    accounts = LentAccounts(url)
    assert accounts.sign_in("planner", PASSWORD).name == "planner"
    key = accounts.new_session("planner", 12)
    accounts.log("sign-in", "done", account="planner")
    with pytest.raises(WrongPassword):
        accounts.sign_in("planner", "Wrong-Town-2026")
    assert accounts.by_session(key).name == "planner" and accounts.state() == accounts.state()
    accounts.close()
    store.close()
    mend()
    store = Store.open(url, RULES, clock=Clock())
    assert not store.mode().read_only and not must_be_lent(store)
    commit(store, cut(store, "30"))
    store.close()


def test_changes_of_accounts_are_seen_where_they_are_lent(town):
    Accounts(town.url).add("planner", PASSWORD, [("planner", 1, 2)])
    lent, real = LentAccounts(town.url), Accounts(town.url)
    key = lent.new_session("planner", 12)
    real.add("new", PASSWORD, [("viewer", 1, 2)])
    lent.state()
    assert lent.sign_in("new", PASSWORD).grants == (("viewer", 1, 2),) and lent.by_session(key).name == "planner"
    for one in (lent, real):
        one.close()


def test_a_user_of_the_database_who_may_only_read_is_told_so(kind, town):
    if kind == "gpkg":
        pytest.skip("a matter of PostgreSQL")
    with psycopg.connect(town.url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS weige_looker")
        connection.execute("CREATE ROLE weige_looker LOGIN PASSWORD 'looks-only'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO weige_looker")
    url = make_url(town.url).set(username="weige_looker", password="looks-only").render_as_string(hide_password=False)
    store = Store.open(url, RULES)
    assert_closed(store, "storage")
    store.close()
    with psycopg.connect(town.url, autocommit=True) as connection:
        connection.execute("DROP OWNED BY weige_looker")
        connection.execute("DROP ROLE weige_looker")
