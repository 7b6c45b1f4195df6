"""Events as a stream: every commit of anybody, in order, each once; what an event tells; over restarts of the database."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from geodata.journal import Event, Journal, events_since
from geodata.store import Store
from layers.areas import to_degrees
from tests.geodata.stores import RULES, open_store, plant_leaves
from tests.geodata.work import commit, cut, undo

PATIENCE_S = 120


class Listener:
    """Owns a tailing journal and what it told. Public: wait_for, seqs."""

    def __init__(self, store: Store, **options):
        self.heard: list[Event] = []
        self.resets = 0
        self.messages: list[str] = []
        self._more = threading.Condition()
        self.journal = Journal(store, self._take, heard=self._message, **options)

    def _take(self, events) -> None:
        with self._more:
            if events is None:
                self.resets += 1
            else:
                self.heard += events
            self._more.notify_all()

    def _message(self, message: str) -> None:
        with self._more:
            self.messages.append(message)
            self._more.notify_all()

    def wait_for(self, number: int) -> None:
        """Until so many events were told."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.heard) >= number, PATIENCE_S), f"only {len(self.heard)} of {number}"

    def wait_message(self, number: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.messages) >= number, PATIENCE_S)

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.heard]


@pytest.fixture
def listen() -> Iterator:
    """Call it with a store for a listener; all are closed."""
    listeners: list[Listener] = []

    def begin(store: Store, since: int | None = None, **options) -> Listener:
        listeners.append(Listener(store, **options))
        listeners[-1].journal.start(since)
        return listeners[-1]
    yield begin
    for one in listeners:
        one.journal.close()


def change(store: Store, number: int = 1, actor: str = "anna") -> None:
    """So many small edits."""
    for k in range(number):
        with store.write(actor, "change area") as tx:
            fid = tx.area("11").fid
            tx.update("areas", fid, {"note": f"{actor} {k}"})


# ---- what an event tells ------------------------------------------------------------------------------------------------
def test_a_cut_names_the_areas_it_changed_and_only_its_own_ground(town):
    with town.read() as reader:
        before = reader.area("11")
    commit(town, cut(town, "11"), "anna")
    with town.read() as reader:
        [event] = events_since(reader, reader.seq - 1)
        left = [area.fid for area in reader.all_areas(leaf=True) if area.code.startswith("11")]
    assert (event.kind, event.data["op"], event.actor) == ("edit", "split", "anna")
    assert set(event.data["areas"]) == set(left), "not the parent, not a neighbour that gained a vertex"
    assert "areas" in event.data["layers"]
    west, south, east, north = event.data["bounds"]
    assert (west, south, east, north) == pytest.approx(to_degrees(before.shape).bounds, abs=1e-9)


def test_the_undo_of_a_cut_names_the_retired_one_too(town):
    commit(town, cut(town, "11"))
    rev = town.head()[0]
    with town.read() as reader:
        new = {area.fid for area in reader.all_areas(leaf=True) if area.code.startswith("11")}
    undo(town, rev)
    with town.read() as reader:
        [event] = events_since(reader, reader.seq - 1)
    assert set(event.data["areas"]) == new
    assert event.data["bounds"] is not None


def test_a_change_of_people_says_that_facts_changed_and_whose(town):
    with town.read() as reader:
        building = reader.rows("buildings", limit=1)[0]
    with town.write("anna", "change building") as tx:
        tx.update("buildings", building["fid"], {"households": 77})
    with town.read() as reader:
        [event] = events_since(reader, reader.seq - 1)
    assert event.data["facts"] is True
    assert event.data["areas"] == []
    assert event.data["owners"] == [building["area"]]
    assert event.data["layers"] == ["buildings"]
    assert event.data["bounds"] == pytest.approx(building["geom"].bounds)


def test_an_event_carries_no_name_and_no_count(town):
    with town.write("anna", "add staff") as tx:
        tx.insert("staff", [{"name": "王小明", "role": "volunteer", "phone": "13900000000", "area": tx.area("11").fid}])
    with town.read() as reader:
        [event] = events_since(reader, reader.seq - 1)
    assert "王小明" not in str(event.data)
    assert "13900000000" not in str(event.data)
    assert "anna" not in str(event.data)


def test_too_much_to_name_is_all(town):
    with town.read() as reader:
        events = events_since(reader, 0)
    assert any(event.data["op"] == "demo" or event.data.get("all") is None for event in events)
    with town.write("anna", "move") as tx:
        tx.extent.owned(range(5000))
        tx.update("areas", tx.area("11").fid, {"note": "x"})
    with town.read() as reader:
        [event] = events_since(reader, reader.seq - 1)
    assert event.data["all"] is True
    assert event.data["areas"] == []
    assert event.data["bounds"] is None


# ---- the tail -----------------------------------------------------------------------------------------------------------
def test_own_commits_come_in_order_each_once(town, listen):
    ear = listen(town)
    begin = ear.journal.seq
    change(town, 20)
    ear.wait_for(20)
    assert ear.seqs == list(range(begin + 1, begin + 21))


def test_commits_of_another_connection_come_by_themselves(town, town_url, listen):
    ear, other = listen(town), Store.open(town_url, RULES, synchronous="NORMAL")
    change(other, 5, "bert")
    change(town, 5)
    ear.wait_for(10)
    assert ear.seqs == sorted(set(ear.seqs))
    other.close()


def test_several_events_of_one_revision_stay_together_and_in_order(town, listen):
    ear = listen(town)
    with town.write("anna", "change area") as tx:
        tx.event("notice", {"to": ["bert"], "text": "x"})
        tx.update("areas", tx.area("11").fid, {"note": "n"})
    ear.wait_for(2)
    assert [event.kind for event in ear.heard] == ["notice", "edit"]
    assert len({event.rev for event in ear.heard}) == 1


def test_who_begins_earlier_hears_what_was_before(town, listen):
    before = town.head()[1]
    change(town, 3)
    ear = listen(town, before)
    ear.wait_for(3)
    assert ear.seqs == [before + 1, before + 2, before + 3]


def test_a_fault_of_a_watcher_does_not_end_the_stream(town):
    told = []
    done = threading.Event()

    def take(events):
        told.extend(events)
        if len(told) >= 2:
            done.set()
        raise RuntimeError("a watcher's fault")
    journal = Journal(town, take)
    journal.start()
    change(town)
    while not told:
        time.sleep(0.01)
    change(town)
    assert done.wait(PATIENCE_S)
    journal.close()


def test_a_store_that_was_put_back_says_read_everything_anew(town, listen):
    ear = listen(town)
    change(town, 2)
    ear.wait_for(2)
    with town.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(text("UPDATE counters SET value = value - 1 WHERE name = 'seq'"))
    until = time.monotonic() + PATIENCE_S
    while not ear.resets and time.monotonic() < until:
        time.sleep(0.02)
    assert ear.resets == 1


# ---- several processes on PostgreSQL ------------------------------------------------------------------------------------
WRITER = """
import sys
from geodata.store import Store
from tests.geodata.stores import RULES
store = Store.open(sys.argv[1], RULES)
for k in range(int(sys.argv[3])):
    with store.write(sys.argv[2], "change area") as tx:
        tx.update("areas", tx.area(sys.argv[4]).fid, {"note": str(k)})
store.close()
"""


def test_two_writing_processes_are_heard_in_the_order_of_their_commits(postgis_server, listen):
    url = _town(postgis_server)
    store = Store.open(url, RULES)
    ear, begin = listen(store), store.head()[1]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, name, "30", code], cwd=Path(__file__).parents[2])
               for name, code in (("bert", "11"), ("cleo", "23"))]
    ear.wait_for(60)
    assert [writer.wait(PATIENCE_S) for writer in writers] == [0, 0]
    assert ear.seqs == list(range(begin + 1, begin + 61)), "no gap, nothing twice, in order"
    with store.read() as reader:
        assert [event.seq for event in events_since(reader, begin)] == ear.seqs
    assert {event.actor for event in ear.heard} == {"bert", "cleo"}
    store.close()


def test_what_one_process_says_the_others_hear(postgis_server, listen):
    url = _town(postgis_server)
    stores = [Store.open(url, RULES) for _ in range(2)]
    ears = [listen(store) for store in stores]
    until = time.monotonic() + PATIENCE_S
    while not ears[1].messages and time.monotonic() < until:
        ears[0].journal.say('{"hello": 1}')
        time.sleep(0.1)
    assert ears[1].messages[0] == '{"hello": 1}'
    for ear in ears:
        ear.journal.close()
    for store in stores:
        store.close()


def test_the_stream_goes_on_after_the_database_dropped_every_connection(postgis_server, listen):
    url = _town(postgis_server)
    store, other = Store.open(url, RULES), Store.open(url, RULES)
    ear = listen(store)
    change(other, 2)
    ear.wait_for(2)
    for _ in range(3):
        with other.engine.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        other.engine.dispose()
        change(other, 2)
    ear.wait_for(8)
    assert ear.seqs == list(range(ear.seqs[0], ear.seqs[0] + 8))
    ear.journal.close()
    store.close()
    other.close()


def test_without_anybody_listening_the_table_is_still_the_truth(postgis_server, listen, monkeypatch):
    """As behind a pooler that loses LISTEN: only the look every two seconds is left."""
    monkeypatch.setattr(Journal, "_listen", lambda self: None)
    url = _town(postgis_server)
    store, other = Store.open(url, RULES), Store.open(url, RULES)
    ear = listen(store)
    change(other, 3)
    ear.wait_for(3)
    assert ear.seqs == sorted(set(ear.seqs))
    ear.journal.close()
    store.close()
    other.close()


def _town(server) -> str:
    """A new database with the areas of the little town."""
    url = server.fresh()
    plant_leaves(open_store(url)).close()
    return url
