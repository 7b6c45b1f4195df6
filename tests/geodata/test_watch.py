"""What was read stays good until somebody commits, and not a moment longer; in both stores, also after a restart."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from geodata.accounts import Accounts
from geodata.store import Store
from geodata.watch import Watch
from mapapp.config import load

RULES = load().rules


@pytest.fixture(params=("gpkg", "postgis"))
def url(request, tmp_path) -> str:
    """An empty store in each kind."""
    if request.param == "postgis":
        made = request.getfixturevalue("fresh_postgis")()
    else:
        made = f"gpkg://{tmp_path}/store.gpkg"
    Store.open(made, RULES, create=True).close()
    return made


@pytest.fixture
def two(url):
    """The same store opened twice, as by two processes."""
    stores = [Store.open(url, RULES) for _ in range(2)]
    yield stores
    for store in stores:
        store.close()


def test_the_state_differs_after_a_commit_of_another_process(two):
    mine, other = two
    watch = Watch(mine.engine)
    before = watch.state()
    assert watch.state() == before
    with other.write("a", "b") as tx:
        tx.set_meta("one", 1)
    assert watch.state() != before
    watch.close()


def test_the_head_is_the_one_of_the_last_commit_of_anybody(two):
    mine, other = two
    for store in (other, mine, other, other, mine):
        with store.write("a", "b") as tx:
            rev = tx.new_rev
        assert mine.head()[0] == other.head()[0] == rev


def test_a_commit_that_was_open_while_asked_is_seen_when_it_comes(two):
    mine, other = two
    before = mine.head()
    with other.write("a", "b") as tx:
        rev = tx.new_rev
        assert mine.head() == before
    assert mine.head()[0] == rev


def test_asking_goes_on_after_the_database_dropped_the_connection(postgis_server):
    url = postgis_server.fresh()
    store = Store.open(url, RULES, create=True)
    rev = store.head()[0]
    with store.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
    assert store.head()[0] == rev
    store.close()


def test_an_account_known_from_memory_is_gone_the_moment_its_key_is(url):
    here, there = Accounts(url), Accounts(url)
    here.add("ann", "Right-Word-1", [("viewer", 0, 1)])
    session, token = here.new_session("ann", 12), here.new_token("ann", 30)
    for _ in range(2):
        assert here.by_session(session).name == here.by_token(token).name == "ann"
    there.add("ann", "Other-Word-2", [("planner", 0, 1)])
    assert here.by_session(session) is None
    assert here.by_token(token).roles == {"planner"}
    again = there.new_session("ann", 12)
    assert here.by_session(again).roles == {"planner"}
    there.end_session(again)
    assert here.by_session(again) is None
    here.close()
    there.close()
