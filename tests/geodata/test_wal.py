"""The write-ahead log stays short, also when somebody always reads; a long look at the store holds nobody up."""

from __future__ import annotations

import threading

import pytest

from geodata import wal
from tests.counts import count
from tests.geodata.stores import assert_whole

LIMIT = 600_000  # bytes: a short one, so that little writing is enough


@pytest.fixture
def kind() -> str:
    return "gpkg"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(wal, "LIMIT", LIMIT)


def write_much(store, turns: int) -> int:
    """Work of some 100 kB a time; answers the longest log seen."""
    longest = 0
    for turn in range(turns):
        with store.write("tester", "staff") as tx:
            tx.insert("staff", [{"name": f"{turn}", "note": "长" * 300, "role": "volunteer"} for _ in range(60)])
        longest = max(longest, store._wal.size)
    return longest


def test_the_log_stays_short_under_readers_without_end(town, monkeypatch):
    monkeypatch.setattr(wal, "WAIT_MS", 60_000)  # for a reader that got no turn on a busy machine
    ended = threading.Event()

    def look():  # one look begins before the other ends: somebody always reads an older state
        while not ended.is_set():
            with town.read() as reader:
                reader.rows("buildings")
                reader.count("staff")

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        longest = write_much(town, count(60, 400))
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert longest < 2 * LIMIT
    write_much(town, 1)
    assert_whole(town)


def test_one_long_look_lets_the_log_grow_and_the_next_commit_empties_it(town):
    with town.read() as reader:
        before = reader.count("staff")
        grown = write_much(town, 20)
        assert grown > LIMIT, "what is looked at stays"
        assert reader.count("staff") == before
    write_much(town, 1 + grown // 100_000)
    assert town._wal.size <= LIMIT + 300_000
    with town.read() as reader:
        assert reader.count("staff") > before
