"""The log of a day of redraws of every kind, done again in a fresh store of either kind, gives the same bytes; nobody is lost on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from geodata import undoing
from geodata.checking import check_store
from geodata.store import Store
from layers.errors import WeigeError
from layers.redraw import OPERATIONS
from tests.counts import count
from tests.geodata.forms import some_form
from tests.geodata.stores import (
    KINDS_OF_STORE,
    Clock,
    assert_history,
    assert_whole,
    copy_of,
    dump,
    keep_pristine,
    open_store,
    people,
    restore_pristine,
    settle,
)
from tests.geodata.test_assigning import held, paint
from tests.geodata.test_drawing import GIVEN, POCKET
from tests.geodata.work import redraw
from tests.layers.second_opinion import assert_agreed

SEEN = ("areas", "buildings", "units", "shares", "staff", "lineage", "codes", "history")  # what a redraw writes
Fresh = Callable[[str], Any]


@pytest.fixture
def fresh(settled: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Fresh:
    """Opens the little town with its people, as it was before anybody worked, in a store of that kind; closes it afterwards."""

    @contextmanager
    def opened(kind: str) -> Iterator[Store]:
        if kind not in settled:
            settled[kind] = f"gpkg://{settled['folder']}/town.gpkg" if kind == "gpkg" else request.getfixturevalue("fresh_postgis")()
            settle(open_store(settled[kind])).close()
            if kind == "postgis":
                keep_pristine(settled[kind])
        elif kind == "postgis":
            restore_pristine(settled[kind])
        store = open_store(settled[kind] if kind == "postgis" else copy_of(settled[kind], tmp_path), Clock())
        try:
            yield store
        finally:
            store.close()

    return opened


def day(store: Store, number: int, dice: random.Random) -> Counter:
    """So many accepted redraws of every kind, undos and redos; each is looked at, refused ones must leave no trace."""
    told, everybody = Counter(), people(store)
    wanted = list(OPERATIONS)
    while told["done"] < number:
        with store.read() as reader:
            last = undoing.last_undoable(reader, "tester") if dice.random() < 0.15 else None
            again = undoing.last_redoable(reader, "tester") if dice.random() < 0.3 else None
            form = some_form(reader, dice, dice.choice(wanted) if wanted and dice.random() < 0.5 else None)
        done = again or last
        form = {"op": "undo", "edit": done["rev"]} if done else form
        rev = store.head()
        before = _everything(store) if told["done"] % 5 == 0 else None
        try:
            made = store.attempt("tester", form["op"], lambda tx, form=form: do(tx, form), form=form)
        except WeigeError as error:
            assert error.code != "error", error
            assert store.head() == rev and (before is None or _everything(store) == before), form
            told[f"{form['op']}: {error.code}"] += 1
            continue
        told.update(["done", form["op"]])
        if form["op"] in wanted:
            wanted.remove(form["op"])
        assert people(store) == everybody, form
        if before is not None and made is not None:
            _second_opinion(store, made.edit)
    return told


def do(tx, form: dict[str, Any]) -> Any:
    """One line of the log."""
    if form["op"] == "undo":
        undoing.undo(tx, form["edit"])
        return None
    return redraw(tx, form)


def replay(log: list[dict[str, Any]], store: Store) -> None:
    """The log in its order, into another store."""
    for line in log:
        store.attempt(line["actor"], line["op"], lambda tx, form=line["form"]: do(tx, form), form=line["form"])
        assert store.head()[0] == line["rev"]


def _everything(store: Store) -> dict[str, list[tuple]]:
    return {name: rows for name, rows in dump(store, normal=False).items() if name in SEEN}


def _second_opinion(store: Store, edit) -> None:
    """GEOS on what is stored now, where the edit was."""
    with store.read() as reader:
        bounds = [area.shape.bounds for area in (*edit.before, *edit.after)]
        box = (min(b[0] for b in bounds) - 9, min(b[1] for b in bounds) - 9, max(b[2] for b in bounds) + 9, max(b[3] for b in bounds) + 9)
        now = reader.leaves_near(box)
        assert_agreed(now, now, 0, 0)


@pytest.mark.promise("10,000 random redraws of every kind: no gap, no overlap, no nesting error, nobody lost; every fifth looked at independently")
@pytest.mark.parametrize("kind", KINDS_OF_STORE)
def test_the_log_of_a_day_gives_the_same_bytes_on_both_stores(fresh: Fresh, kind: str, record_property):
    with fresh(kind) as store:
        base = store.head()[0]
        told = day(store, count(10, 400), random.Random(11))
        found = check_store(store)
        assert [found[what] for what in ("gaps", "overlaps", "nesting", "codes")] == [0, 0, 0, 0]
        assert_whole(store)
        assert_history(store)
        with store.read() as reader:
            log = [line for line in reader.revisions_since(base) if line["form"]]
        assert len(log) == told["done"] == store.head()[0] - base
        left, everybody = _everything(store), people(store)
    assert {op for op in OPERATIONS if told[op]} >= set(OPERATIONS) - {"subdivide"} or told["done"] < 100, told
    for other in KINDS_OF_STORE:
        with fresh(other) as store:
            replay(log, store)
            mine = _everything(store)
            for name in SEEN:
                assert mine[name] == left[name], (other, name)
            assert people(store) == everybody
    refusals = sum(number for what, number in told.items() if ": " in what)
    record_property("figures", f"{kind}: {told['done']} redraws replayed on both stores, {refusals} refused")


@pytest.mark.parametrize("kind", KINDS_OF_STORE)
def test_what_went_to_neighbours_goes_to_the_same_again(fresh: Fresh, kind: str):
    with fresh(kind) as store:
        base = store.head()[0]
        for form in (GIVEN, paint(held(store, "44")[2:3], "54", rest="give"), POCKET):
            store.attempt("tester", form["op"], lambda tx, form=form: do(tx, form), form=form)
        with store.read() as reader:
            log = list(reader.revisions_since(base))
        left = _everything(store)
    assert [line["form"]["rest"] for line in log] == ["give"] * 3
    for other in KINDS_OF_STORE:
        with fresh(other) as store:
            replay(log, store)
            assert _everything(store) == left, other
