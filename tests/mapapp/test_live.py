"""The live stream: who may watch, what each may hear, and that a cut loses nothing and doubles nothing."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mapapp import hub, presence
from tests.counts import count
from tests.mapapp.doing import across, code, grant
from tests.mapapp.streams import Streams
from tests.mapapp.web import PASSWORD, Web, build, open_town, settings


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "GUARD_S", 0.05)
    monkeypatch.setattr(hub, "BEAT_S", 0.5)


@pytest.fixture
def streams(town: Web) -> Iterator[Streams]:
    one = Streams(town)
    yield one
    one.close()


def note(web: Web, place: str = "inside", text: str = "neu") -> int:
    """A small edit; answers its event."""
    with web.store.write("mayor", "change area") as tx:
        tx.update("areas", tx.area(code(place)).fid, {"note": text})
    return web.store.head()[1]


FLOORS = itertools.count(20)  # never what a building has already


def house(web: Web, place: str) -> int:
    with web.store.write("mayor", "change building") as tx:
        tx.update("buildings", web.fids["buildings"][place], {"floors": next(FLOORS)})
    return web.store.head()[1]


@contextmanager
def edits_under_way(web: Web, number: int) -> Iterator[threading.Thread]:
    worker = threading.Thread(target=lambda: [(note(web, text=str(k)), time.sleep(0.02)) for k in range(number)])
    worker.start()
    yield worker
    worker.join()


# ---- who may watch ------------------------------------------------------------------------------------------------------
def test_without_a_session_the_answer_is_401_in_json(streams):
    stream = streams.open(None).wait(lambda one: one.ended)
    assert stream.status == 401
    assert stream.headers["content-type"].startswith("application/problem+json")
    assert json.loads(stream.body)["code"] == "not-signed-in"


def test_who_may_not_look_is_refused(streams):
    assert streams.open("auditor").wait(lambda one: one.ended).status == 403
    assert streams.open("mayor", since=-1).wait(lambda one: one.ended).status == 400


def test_a_page_watches_by_its_cookie_and_the_stream_renews_no_session(town, streams):
    page = town.page("mayor")
    cookie = page.client.get_cookie("weige")
    stream = streams.open(cookie=f"weige={cookie.value}")
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "set-cookie" not in stream.headers
    assert stream.headers["cache-control"] == "private, no-store"
    note(town)
    stream.wait(lambda one: one.of("edit"))


def test_nobody_is_told_to_come_back_at_the_same_moment(streams):
    moments = {re.search(rb"retry: (\d+)", streams.open().body)[1] for _ in range(12)}
    assert len(moments) > 6


# ---- what is told -------------------------------------------------------------------------------------------------------
def test_an_edit_is_told_with_its_number_ground_and_the_role_of_its_author(town, streams):
    stream = streams.open()
    seq = note(town)
    [event] = stream.wait(lambda one: one.of("edit")).of("edit")
    fid = town.area(code("inside"))["fid"]
    assert event["id"] == seq
    assert event["data"] | {"at": ""} == {
        "rev": town.rev, "op": "change area", "areas": [fid], "layers": ["areas"], "facts": False, "by": "planner", "at": "",
        "bounds": town.area(code("inside"))["bounds"]}


def test_outside_the_scope_only_what_every_map_shows_is_told(town, streams):
    near, far = streams.open("planner"), streams.open("outsider")
    line = town.post("/api/edits", "mayor", {"op": "split", "targets": [code("inside")], "line": across(town, "inside")})
    assert line.status_code == 200
    house(town, "inside")
    last = note(town, "other")
    near.wait(lambda one: one.last >= last)
    far.wait(lambda one: one.last >= last)
    assert [event["data"]["op"] for event in near.of("edit")] == ["split", "change building", None]
    assert [event["data"]["op"] for event in far.of("edit")] == [None, "change area"], "the split's ground; not the house"
    bare = far.of("edit")[0]["data"]
    assert (bare["areas"], bare["layers"], bare["facts"], bare["by"]) == ([], ["areas"], False, None)
    assert bare["bounds"] == near.of("edit")[0]["data"]["bounds"]


def test_who_may_not_see_names_is_not_told_whose_edit_it_was(town, streams):
    stream = streams.open("viewer")
    note(town)
    [event] = stream.wait(lambda one: one.of("edit")).of("edit")
    assert event["data"]["op"] == "change area"
    assert event["data"]["by"] is None


def test_a_notice_reaches_only_those_it_names(town, streams):
    mine, theirs = streams.open("planner"), streams.open("commander")
    with town.store.write("chief", "undo") as tx:
        tx.event("notice", {"to": ["planner"], "kind": "undone", "rev": 3})
        tx.update("areas", tx.area(code("inside")).fid, {"note": "x"})
    for stream in (mine, theirs):
        stream.wait(lambda one: one.of("edit"))
    assert [event["data"] | {"at": ""} for event in mine.of("notice")] == [{"kind": "undone", "rev": 3, "at": ""}]
    assert theirs.of("notice") == []
    again = streams.open("planner", since=mine.of("edit")[0]["id"] - 2)
    assert [event["event"] for event in again.events[:2]] == ["notice", "edit"]


def test_a_burst_comes_in_a_few_messages(town, streams, monkeypatch):
    """However slowly it is written: the pause after MOST_A_SECOND messages lasts here until the last edit is in."""
    monkeypatch.setattr(hub, "BEAT_S", 3600)
    streams.anew()
    tail, over, pauses = streams.front.hub.journal, threading.Event(), []
    monkeypatch.setattr(tail._ended, "wait", lambda seconds: pauses.append(seconds) or over.wait(60))
    stream = streams.open()
    chunks = stream.chunks
    for k in range(60):
        last = note(town, text=str(k))
    over.set()
    stream.wait(lambda one: one.last >= last)
    assert len(stream.of("edit")) == 60
    assert stream.chunks - chunks <= hub.MOST_A_SECOND + 2
    assert pauses and max(pauses) <= 1


def test_silence_is_broken_by_a_beat_that_says_where_the_stream_stands(town, streams):
    stream = streams.open("outsider")
    last = house(town, "inside")
    stream.wait(lambda one: one.last == last)
    assert b": beat" in stream.body
    assert stream.of("edit") == []


# ---- a cut --------------------------------------------------------------------------------------------------------------
@pytest.mark.promise("Live: nothing lost and nothing doubled over any number of cuts")
@pytest.mark.parametrize("ring", [hub.RING, 3], ids=["from memory", "from the table"])
def test_over_any_number_of_cuts_every_edit_comes_once(town, streams, monkeypatch, ring):
    monkeypatch.setattr(hub, "RING", ring)
    streams.anew()
    begin = last = town.store.head()[1]
    number, seen, dice = count(80, 1000), [], random.Random(5)
    with edits_under_way(town, number):
        while last < begin + number:
            stream = streams.open(since=begin, last=last)
            stream.wait(lambda one, last=last: one.last > last or one.ended)
            time.sleep(dice.random() * 0.3)
            stream.cut()
            seen += [event["id"] for event in stream.of("edit")]
            last = max([last, *seen])
    assert seen == list(range(begin + 1, begin + number + 1))
    assert not stream.of("reset")


def test_what_was_missed_is_marked(town, streams):
    begin = town.store.head()[1]
    streams.open().cut()
    colleague = streams.open()
    note(town)
    colleague.wait(lambda one: one.of("edit"))  # it is out: who comes now missed it
    [event] = streams.open(since=begin).of("edit")
    assert event["data"]["late"] is True


def test_who_missed_too_much_reads_everything_anew(town, streams, monkeypatch):
    monkeypatch.setattr(hub, "MOST_MISSED", 5)
    begin = town.store.head()[1]
    for k in range(10):
        note(town, text=str(k))
    stream = streams.open(since=begin)
    assert [event["event"] for event in stream.events[:1]] == ["reset"]
    assert stream.of("edit") == []
    assert stream.last == town.store.head()[1]
    note(town)
    assert len(stream.wait(lambda one: one.of("edit")).of("edit")) == 1, "and then goes on"


def test_who_saw_more_than_there_is_reads_everything_anew(town, streams):
    assert streams.open(since=town.store.head()[1] + 100).of("reset")


def test_a_slow_watcher_is_let_go_and_comes_back_for_what_he_missed(town, streams, monkeypatch):
    monkeypatch.setattr(hub, "MOST_A_SECOND", 0)
    monkeypatch.setattr(hub, "BEAT_S", 3600)  # they would fill the queue of a loop that gets no turn
    monkeypatch.setattr("mapapp.asgi.QUEUE", 4)
    streams.anew()
    slow, quick = streams.open(), streams.open()
    begin = slow.last
    slow.stall()
    for k in range(30):
        last = note(town, text=str(k))
        quick.wait(lambda one, last=last: one.last >= last)
    slow.wait(lambda one: one.ended)
    assert len(quick.of("edit")) == 30
    assert streams.front.hub.figures()["dropped"] == 1
    assert streams.front.hub.figures()["watchers"] == 1
    back = streams.open(since=max(begin, slow.last))
    assert len(slow.of("edit")) + len(back.of("edit")) == 30


# ---- the end ------------------------------------------------------------------------------------------------------------
def test_the_end_of_a_session_ends_its_stream(town, streams):
    page, other = town.page("planner"), town.page("planner")
    cookies = [f"weige={browser.client.get_cookie('weige').value}" for browser in (page, other)]
    one, two = (streams.open(cookie=cookie) for cookie in cookies)
    page.send("POST", "/sign-out")
    one.wait(lambda stream: stream.ended)
    assert not two.ended, "another session of the same account goes on"
    assert streams.open(cookie=cookies[0]).status == 401


@pytest.mark.parametrize("what", ["rights", "password"])
def test_other_rights_end_the_stream(town, streams, what):
    grant(town, "guest", "planner", "C1")
    stream, neighbour = streams.open("guest"), streams.open("mayor")
    role, area = ("viewer", "C2") if what == "rights" else ("planner", "C1")
    with town.store.read() as reader:
        town.accounts.add("guest", PASSWORD + "x", [(role, reader.area(area).fid, reader.rev)])
    stream.wait(lambda one: one.ended)
    assert not neighbour.ended
    assert streams.open("guest").status == 200, "and comes back with what he may see now"


def test_a_grant_that_moves_with_a_merge_ends_the_stream_at_the_next_look(town, streams, monkeypatch):
    monkeypatch.setattr(hub, "RECHECK_S", 0.2)
    monkeypatch.setattr(hub, "LEVEL_S", 60.0)  # of a slow machine
    judged, take, watching, cut = hub.Hub._judged, hub.Hub._take, threading.Event(), threading.Event()

    def late(self, events):
        time.sleep(0.3)
        take(self, events)

    def cut_now(self):  # the worst moment: when the guard has just begun to look
        if watching.is_set() and not cut.is_set():
            cut.set()
            assert town.post("/api/edits", "mayor", form).status_code == 200
        return judged(self)

    monkeypatch.setattr(hub.Hub, "_take", late)
    monkeypatch.setattr(hub.Hub, "_judged", cut_now)
    streams.anew()
    grant(town, "leaf", "planner", code("inside"))
    form = {"op": "split", "targets": [code("inside")], "line": across(town, "inside")}
    stream = streams.open("leaf")
    watching.set()
    stream.wait(lambda one: one.ended)
    assert stream.of("edit"), "what was still his to hear he heard"


def test_a_stream_ends_when_its_session_would(built, tmp_path, monkeypatch):
    web = open_town(built, tmp_path, settings(WEIGE_SECURITY__SESSION_IDLE_MINUTES="60"))
    streams, now, past_min = Streams(web), time.time, [0]
    monkeypatch.setattr(time, "time", lambda: now() + 60 * past_min[0])  # the test waits for nothing but the guard
    page = web.page("mayor")
    cookie = f"weige={page.client.get_cookie('weige').value}"
    past_min[0] = 40
    stream = streams.open(cookie=cookie)
    assert stream.status == 200
    streams.open(cookie=cookie).cut()
    assert not stream.ended
    past_min[0] = 61
    stream.wait(lambda one: one.ended)
    assert streams.open(cookie=cookie).status == 401, "watching is no work"
    streams.close()
    web.close()


def test_when_the_server_stops_nobody_waits_for_its_streams(town):
    streams = Streams(town)
    watching = [streams.open() for _ in range(5)]
    streams.front.close()
    for stream in watching:
        stream.wait(lambda one: one.ended)
    streams.close()


# ---- who is here --------------------------------------------------------------------------------------------------------
def here(web: Web, who: str, place: str | None = None, tool: str = "select", **more):
    answer = web.post("/api/presence", who, {"area": code(place) if place else None, "tool": tool, **more})
    assert answer.status_code == 200, answer.text
    return answer.json["you"]


def test_colleagues_are_shown_by_role_and_letter_where_they_work(town, streams):
    stream = streams.open("planner")
    keys = [here(town, "planner", "inside", "split"), here(town, "mixed", "inside"), here(town, "commander")]
    stream.wait(lambda one: one.of("presence") and len(one.of("presence")[-1]["data"]["who"]) == 3)
    who = stream.of("presence")[-1]["data"]["who"]
    assert sorted((one["role"], one["letter"]) for one in who) == [("commander", 2), ("planner", 0), ("planner", 1)]
    first = next(one for one in who if one["key"] == keys[0])
    assert (first["tool"], first["area"]["code"]) == ("split", code("inside"))
    assert "account" not in stream.body.decode(), "neither name nor label"
    assert "mixed" not in stream.body.decode()


def test_who_leaves_is_gone_and_so_is_who_is_not_heard_of(town, streams, monkeypatch):
    stream = streams.open("planner")
    here(town, "mixed", "inside")
    stream.wait(lambda one: one.of("presence")[-1]["data"]["who"])
    here(town, "mixed", gone=True)
    stream.wait(lambda one: not one.of("presence")[-1]["data"]["who"])
    here(town, "mixed", "inside")
    stream.wait(lambda one: one.of("presence")[-1]["data"]["who"])
    monkeypatch.setattr(presence, "LASTS_S", -1.0)  # as if a minute had gone by
    here(town, "mixed", "inside")
    stream.wait(lambda one: not one.of("presence")[-1]["data"]["who"])


def test_who_works_out_of_sight_is_not_shown(town, streams):
    stream, all_ = streams.open("outsider"), streams.open("chief")
    here(town, "planner", "inside", "split")
    here(town, "planner", "inside", "split")
    here(town, "mayor")
    all_.wait(lambda one: len(one.of("presence")[-1]["data"]["who"]) == 2)
    stream.wait(lambda one: len(one.of("presence")[-1]["data"]["who"]) == 1)
    assert stream.of("presence")[-1]["data"]["who"][0]["area"] is None
    assert town.post("/api/presence", "outsider", {"area": code("inside"), "tool": "x"}).status_code == 404
    assert town.post("/api/presence", "outsider", {"area": None, "tool": "<b>"}).status_code == 400


def test_who_works_on_an_area_that_is_gone_since_works_nowhere_for_now(town, streams):
    assert town.post("/api/edits", "chief", {"op": "merge", "targets": ["11", "21"], "keep": "11"}).status_code == 200
    assert town.post("/api/presence", "chief", {"area": "21", "tool": "split"}).status_code == 200
    assert town.post("/api/presence", "chief", {"area": "never", "tool": "split"}).status_code == 404


# ---- plain WSGI, several processes --------------------------------------------------------------------------------------
def test_under_plain_wsgi_the_same_address_streams(town):
    answer = town.app.test_client().open("/live", headers={"Authorization": f"Bearer {town.tokens['mayor']}"})
    parts = iter(answer.response)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert b"retry: " in next(parts)
    seq = note(town)
    told = b""
    while b"event: edit" not in told:
        told += next(parts)
    assert f"id: {seq}\n".encode() in told
    answer.close()
    assert town.app.extensions["weige"].live.figures()["watchers"] == 0


def test_two_processes_on_postgresql_tell_each_others_edits_and_colleagues(postgis_server, tmp_path):
    made = build(tmp_path, postgis_server.fresh())
    webs = [open_town(made, tmp_path) for _ in range(2)]
    both = [Streams(web) for web in webs]
    stream = both[1].open("mayor")
    begin = stream.last
    for k in range(5):
        note(webs[k % 2], text=str(k))
    stream.wait(lambda one: len(one.of("edit")) == 5)
    assert [event["id"] for event in stream.of("edit")] == list(range(begin + 1, begin + 6))
    until = time.monotonic() + 60
    while not any(event["data"]["who"] for event in stream.of("presence")) and time.monotonic() < until:
        here(webs[0], "planner", "inside", "split")
        time.sleep(0.1)
    assert stream.of("presence")[-1]["data"]["who"][0]["tool"] == "split"
    other = both[0].open("mayor", since=begin)
    assert [event["id"] for event in other.of("edit")] == list(range(begin + 1, begin + 6))
    for one in (*both, *webs):
        one.close()
