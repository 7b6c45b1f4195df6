"""Of a whole and its parts never both; silence is no zero; times are told in one form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.rules import Metric
from layers.status import Said, Status, moment, settled, stamp, summed, together, wrong_values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN = {"surveyed_households": Metric("surveyed_households", "已排查户数", "Households surveyed", "progress", source="report")}


def at(hour: int) -> str:
    return stamp(NOW.replace(hour=hour))


def said(value: int, hour: int, heard: int = 1) -> Said:
    return Said(value, at(hour), at(hour), heard)


@pytest.mark.parametrize(
    ("whole", "parts", "of", "value"),
    [
        (None, said(5, 8), 3, 5),
        (said(5, 8), None, 3, 5),
        (said(9, 8), said(5, 8), 3, 9),  # the whole was seen as late as its parts
        (said(4, 9), said(5, 8), 3, 4),  # and corrects them
        (said(9, 8), said(5, 9), 3, 9),  # one of three went on: the whole still stands
        (said(9, 8), said(11, 9), 3, 11),  # until its parts say more
        (said(9, 8), said(5, 9, 3), 3, 5),  # or all of them have spoken since
    ],
)
def test_the_later_word_counts_and_an_older_whole_stands_until_its_parts_say_more(whole, parts, of, value):
    assert settled(whole, parts, of).value == value


def test_nobody_said_anything():
    assert settled(None, None, 3) is None and together([]) is None
    assert Status().value(OWN["surveyed_households"]) is None


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 23)), min_size=1, max_size=8))
def test_a_sum_is_of_all_and_as_old_as_its_oldest(parts):
    total = together([said(value, hour) for value, hour in parts])
    assert (total.value, total.heard) == (sum(value for value, _ in parts), len(parts))
    assert (total.oldest, total.newest) == (at(min(hour for _, hour in parts)), at(max(hour for _, hour in parts)))


def test_silent_areas_neither_lower_nor_raise_a_rate():
    rate = Metric("survey_rate", "排查率", "Survey rate", "progress", part="surveyed_households", whole="households")
    spoke = Status(said={"surveyed_households": said(30, 8)}, received=1, pairs={"survey_rate": (30, 40)})
    silent = Status()
    assert summed([spoke, silent]).value(rate) == spoke.value(rate) == 0.75
    assert silent.value(rate) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00.000+00:00"),
        ("2026-03-01T08:00:00.1234Z", "2026-03-01T08:00:00.123+00:00"),
        ("2026-03-02T08:00:00Z", "2026-03-01T12:00:00.000+00:00"),  # to come: now
        ("2026-03-01T08:00:00", None),  # which time zone?
        ("gestern", None),
        (5, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times_are_kept_in_utc_and_never_lie_ahead(text, found):
    assert moment(text, NOW.astimezone(timezone(timedelta(hours=8)))) == found


@pytest.mark.parametrize("values", [None, [], {}, {"nix": 1}, *({"surveyed_households": bad} for bad in (-1, 1.0, "3", True, 2**31))])
def test_values_are_whole_numbers_of_known_metrics(values):
    assert wrong_values(values, OWN)


@pytest.mark.parametrize("value", [0, 3, 2**31 - 1, None])
def test_zero_and_unknown_are_two_things_one_may_say(value):
    assert wrong_values({"surveyed_households": value}, OWN) is None
