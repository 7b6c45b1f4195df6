"""Several writers: they wait for each other, run again when rows changed under them, and lose nothing."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter

import pytest

from geodata import committing, redrawing
from geodata.checking import check_store
from geodata.store import Store
from layers.errors import StoreBusy
from tests.counts import count
from tests.geodata.stores import RULES, assert_history, assert_whole, house, open_store, people
from tests.geodata.work import commit, cut, some_merge, some_split

# A GeoPackage has one writer at a time: whoever comes second begins when the first has committed.
SEVERAL_AT_ONCE = pytest.mark.parametrize("kind", ["postgis"])


def test_a_writer_waits_for_another_and_says_so_when_it_lasts_too_long(town_url):
    store, other = open_store(town_url, busy_timeout_s=0.3), open_store(town_url)
    before, insert = store.head(), [{"name": "急", "role": "volunteer"}]
    with other.write("slow", "staff") as tx:
        tx.insert("staff", [{"name": "慢", "role": "volunteer"}])
        with pytest.raises(StoreBusy):
            store.attempt("tester", "staff", lambda tx: tx.insert("staff", insert))
        assert store.head() == before
        patient = open_store(town_url, busy_timeout_s=60)  # opening needs nobody's turn
        waiting = threading.Thread(
            target=lambda: patient.attempt("tester", "staff", lambda tx: tx.insert("staff", [{"name": "等", "role": "volunteer"}]))
        )
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive() and patient.head() == before
    waiting.join(60)
    with patient.read() as reader:
        names = {row["name"] for row in reader.each("staff")}
    assert {"慢", "等"} <= names and "急" not in names
    for one in (store, other, patient):
        one.close()


def test_a_writer_of_the_same_process_waits_no_longer_than_told(town_url):
    store = open_store(town_url, busy_timeout_s=0.2)
    inside, go_on = threading.Event(), threading.Event()

    def hold():
        with store.write("slow", "staff") as tx:
            tx.insert("staff", [{"name": "慢", "role": "volunteer"}])
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert inside.wait(60)
        with pytest.raises(StoreBusy):
            store.attempt("tester", "staff", lambda tx: tx.insert("staff", [{"name": "急", "role": "volunteer"}]))
    finally:
        go_on.set()
        thread.join()
    store.close()


def _redraw_at_random(url: str, seed: int, number: int, start, results) -> None:
    store = Store.open(url, RULES, busy_timeout_s=120)
    dice, outcome = random.Random(seed), Counter()
    start.wait(300)
    for _ in range(number):
        with store.read() as reader:
            form = dice.choice((some_split, some_split, some_merge))(reader, dice)
            if form is None:
                continue
            if form["targets"]:
                form["versions"] = {code: reader.area(code).version for code in form["targets"]}
        try:
            commit(store, form, actor=f"writer {seed}")
            outcome["done"] += 1
        except Exception as error:
            outcome[getattr(error, "code", repr(error))] += 1
    staff = [
        store.attempt(f"writer {seed}", "staff", lambda tx: tx.insert("staff", [{"name": f"{seed}", "role": "volunteer"}])[0]) for _ in range(10)
    ]
    results.put((seed, dict(outcome), staff))
    store.close()


def test_two_processes_redraw_one_neighbourhood_and_nothing_is_lost(town_url):
    spawn = multiprocessing.get_context("spawn")  # a lock that another thread holds is copied by a fork, and never opened
    start, results, number = spawn.Event(), spawn.Queue(), count(20, 200)
    writers = [spawn.Process(target=_redraw_at_random, args=(town_url, seed, number, start, results)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    store = open_store(town_url)
    before, first = people(store), store.head()[0]
    start.set()
    told = [results.get(timeout=600) for _ in writers]
    for writer in writers:
        writer.join(300)
    done = sum(outcome.get("done", 0) for _, outcome, _ in told)
    assert done >= 10
    for _, outcome, _ in told:
        assert set(outcome) <= {
            "done",
            "stale",
            "unknown-area",
            "line-inside",
            "line-outside",
            "line-crosses-itself",
            "border-touches",
            "sliver",
            "not-adjacent",
            "other-parent",
            "proof-failed",
            "bad-geometry",
            "bad-input",
            "not-leaf",
            "parts",
        }, outcome
    fids = [fid for _, _, staff in told for fid in staff]
    assert len(set(fids)) == 20, "each row has a number of its own"
    assert store.head()[0] - first == done + 20, "every answer 'done' is one revision"
    assert people(store) == before
    assert_whole(store)
    assert_history(store)
    check = check_store(store)
    assert (check["gaps"], check["overlaps"], check["nesting"]) == (0, 0, 0)
    store.close()


def test_a_vertex_that_came_from_next_door_is_no_conflict(town):
    """A planner draws on the rows she read; meanwhile her neighbour's cut puts a vertex on their common border."""
    with town.read() as reader:
        mine, hers = cut(town, "30"), cut(town, "40")
        mine["versions"] = {"30": reader.area("30").version}
        rev = reader.area("30").rev
    commit(town, hers)
    with town.read() as reader:
        assert reader.area("30").rev > rev, "the neighbour gained a vertex"
        assert reader.area("30").version == mine["versions"]["30"]
    made = commit(town, mine)
    assert {area.code for area in made.edit.after} >= {"30"}
    assert_whole(town)


@SEVERAL_AT_ONCE
def test_a_redraw_runs_again_when_its_rows_changed_under_it(town_url):
    """Between reading and writing another process wrote the same rows."""
    store, other = open_store(town_url), open_store(town_url)
    mine, hers, tries = cut(store, "30"), cut(store, "40"), []

    def change(tx):
        made = redrawing.draft(tx, mine)
        if not tries:
            commit(other, hers)
            other.attempt("tester", "add", lambda t: t.insert("buildings", [_house_in(made, t)]))
        tries.append(tx)
        committing.save(tx, made)

    store.attempt("tester", "split", change)
    assert len(tries) == 2
    assert_whole(store)
    store.close()
    other.close()


def _house_in(made, tx):
    new = next(area for area in made.edit.after if area.fid < 0)
    spot = new.shape.representative_point().coords[0]
    return {"geom": house(spot, 200), "kind": "house", "households": 3, "resident": 7, "area": tx.area("30").fid}


@SEVERAL_AT_ONCE
def test_two_cuts_of_one_area_at_once_do_not_fight_for_the_same_code(town_url):
    store, other = open_store(town_url), open_store(town_url)
    mine, hers, tries = cut(store, "30"), cut(store, "30"), []

    def change(tx):
        made = redrawing.draft(tx, mine)
        if not tries:
            commit(other, hers)
        tries.append(tx)
        committing.save(tx, made)

    with pytest.raises(Exception) as refused:
        store.attempt("tester", "split", change)
    assert refused.value.code in ("line-outside", "sliver", "line-inside")  # run again, the line lies on the new border
    assert_whole(store)
    store.close()
    other.close()
