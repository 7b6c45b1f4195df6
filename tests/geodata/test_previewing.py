"""Previews in a process of their own: the same answers and refusals, always of the newest revision, and no harm when it dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from geodata import previewing
from geodata.coverage_cache import today
from geodata.previewing import Previewer
from geodata.store import Store
from layers.errors import LineInside, Stale
from tests.geodata.work import commit, cut

PATIENCE_S = 120


@pytest.fixture
def previewer(town: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Previewer]:
    monkeypatch.setattr(previewing, "PATIENCE_S", PATIENCE_S)  # also for a process that has just been noted down
    monkeypatch.setattr(previewing, "START_S", PATIENCE_S)
    one = Previewer(town.url, town.rules)
    assert one.show(cut(town, "30"), **_settings(town)) is None  # it starts
    assert _until(lambda: one._process is not None)
    yield one
    one.close()


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def _settings(store: Store) -> dict:
    return {"most_areas": 60, "today": today(store)}


def _here(store: Store, form: dict) -> previewing.Shown:
    with store.read() as reader:
        return previewing.shown(reader, form, **_settings(store))


def test_it_answers_and_refuses_as_the_server_would_and_sees_the_newest_revision(town: Store, previewer: Previewer) -> None:
    merge = {"op": "merge", "targets": ["31", "32"], "keep": "31"}
    for form in (cut(town, "30"), merge):
        for _ in range(2):  # the second time from what the first one read
            assert previewer.show(form, **_settings(town)) == _here(town, form)
    half = _half(cut(town, "30"))
    with pytest.raises(LineInside) as here:
        _here(town, half)
    with pytest.raises(LineInside) as there:
        previewer.show(half, **_settings(town))
    assert (there.value.where, there.value.details, str(there.value)) == (here.value.where, here.value.details, str(here.value))
    commit(town, merge)
    assert previewer.show(cut(town, "31"), **_settings(town)) == _here(town, cut(town, "31"))
    with pytest.raises(Stale) as told:
        previewer.show({**cut(town, "30"), "versions": {"30": 1, "32": 1}}, **_settings(town))
    assert {area["code"] for area in told.value.details["areas"]} >= {"32"}


def _half(form: dict) -> dict:
    """The same line, let go half way."""
    a, b = form["line"]["coordinates"][0], form["line"]["coordinates"][-1]
    return {**form, "line": {"type": "LineString", "coordinates": [a, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]]}}


def test_when_it_dies_the_server_computes_and_another_one_takes_over_which_ends_with_the_server(town: Store, previewer: Previewer) -> None:
    first = previewer._process.pid
    psutil.Process(first).kill()
    assert previewer.show(cut(town, "30"), **_settings(town)) is None
    assert _until(lambda: previewer._process is not None and previewer._process.pid != first)
    assert previewer.show(cut(town, "30"), **_settings(town)) == _here(town, cut(town, "30"))
    process = psutil.Process(previewer._process.pid)
    previewer._line.close()  # as when the server was killed: the other end of the pipe is gone
    process.wait(PATIENCE_S)
    assert not process.is_running()
