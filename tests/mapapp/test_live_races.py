"""The live stream at its worst moments: a loop that gets no turn, a store that goes away or back, a server that stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from layers.errors import StoreBusy
from mapapp import asgi, hub
from tests.mapapp.doing import code
from tests.mapapp.streams import PATIENCE_S, Streams
from tests.mapapp.web import Web


@pytest.fixture
def streams(town: Web) -> Iterator[Streams]:
    one = Streams(town)
    yield one
    one.close()


def note(web: Web, words: str = "neu") -> int:
    """A small edit; answers its event."""
    with web.store.write("mayor", "change area") as tx:
        tx.update("areas", tx.area(code("inside")).fid, {"note": words})
    return web.store.head()[1]


def test_who_is_let_go_with_several_messages_on_their_way_is_counted_once(town, streams, monkeypatch):
    monkeypatch.setattr(hub, "MOST_A_SECOND", 0)
    monkeypatch.setattr("mapapp.asgi.QUEUE", 2)
    streams.anew()
    slow, go_on = streams.open(), threading.Event()
    streams.loop.call_soon_threadsafe(go_on.wait, PATIENCE_S)  # the loop gets no turn
    for k in range(6):
        last = note(town, str(k))
        until = time.monotonic() + PATIENCE_S
        while streams.front.hub.seq < last and time.monotonic() < until:
            time.sleep(0.01)
    go_on.set()
    slow.wait(lambda one: one.ended)
    assert streams.front.hub.figures()["dropped"] == 1
    assert streams.front.hub.figures()["watchers"] == 0


def test_what_could_not_be_told_while_the_store_was_away_is_told_when_it_answers(town, streams, monkeypatch):
    stream, resolve, away = streams.open(), hub.Hub._resolve, [StoreBusy("away"), StoreBusy("away")]

    def late(self, events):
        if away:
            raise away.pop()
        return resolve(self, events)
    monkeypatch.setattr(hub.Hub, "_resolve", late)
    seq = note(town)
    assert [event["id"] for event in stream.wait(lambda one: one.of("edit")).of("edit")] == [seq]
    assert not away


def test_after_the_store_was_put_back_edits_are_told_again(town, streams):
    for k in range(3):
        note(town, str(k))
    stream = streams.open()
    with town.store.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        for statement in ("UPDATE counters SET value = value - 2 WHERE name = 'seq'",
                          "DELETE FROM events WHERE seq > (SELECT value FROM counters WHERE name = 'seq')"):
            connection.execute(text(statement))
    stream.wait(lambda one: one.of("reset"))
    seq = note(town)
    assert [event["id"] for event in stream.wait(lambda one: one.of("edit")).of("edit")] == [seq]


def test_who_comes_while_the_server_stops_is_not_kept(town, monkeypatch):
    streams, missed = Streams(town), hub.Hub._missed

    def stops(self, seat, since):  # in the moment before he takes his seat
        self.close()
        return missed(self, seat, since)
    monkeypatch.setattr(hub.Hub, "_missed", stops)
    streams.open().wait(lambda one: one.ended)
    streams.close()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_who_comes_when_the_server_stops_is_told_to_come_back(town, streams, when):
    inside, go_on = threading.Event(), threading.Event()
    if when == "meanwhile":  # others are let in just now: he waits for his turn
        for _ in range(asgi.ADMITTING):
            streams.front._admitting.submit(lambda: inside.set() or go_on.wait(PATIENCE_S))
        assert inside.wait(PATIENCE_S)
        threading.Timer(0.5, streams.front.close).start()
    else:
        streams.front.close()
    stream = streams.open()
    go_on.set()
    assert stream.wait(lambda one: one.ended).status == 503
    assert int(stream.headers["retry-after"]) > 0


def test_a_server_that_stops_while_its_first_watcher_comes_ends_in_peace(town, streams, monkeypatch):
    begin, closing, faults = threading.Thread.start, [], []

    def close():
        try:
            streams.front.hub.close()
        except RuntimeError as fault:
            faults.append(fault)

    def late(self):
        if self.name == "weige-guard":  # it is noted down, and does not run yet
            closing.append(threading.Thread(target=close))
            begin(closing[0])
            closing[0].join(0.5)
        begin(self)
    monkeypatch.setattr(threading.Thread, "start", late)
    streams.open().wait(lambda one: one.ended)
    closing[0].join(PATIENCE_S)
    assert not faults and not closing[0].is_alive()
