"""Size norms: judged, never guessed, never blocking."""

from __future__ import annotations

import pytest

from layers.norms import norm_of, verdict
from layers.rules import Norm, Profile, Rules

RULES = Rules([], {"grid": Norm(300, 500, 400), "micro_grid": Norm(15, 60, 30)}, [], [], Profile("", ""), [])


@pytest.mark.parametrize(
    ("level", "attributes", "norm"),
    [
        ("micro_grid", {}, (15, 60)),
        ("grid", {}, (300, 500)),
        ("community", {}, None),
        ("micro_grid", {"kind": "dedicated"}, None),
        ("micro_grid", {"norm_min": 5}, (5, 60)),
        ("micro_grid", {"norm_max": 90, "norm_min": None}, (15, 90)),
        ("micro_grid", {"norm_min": 0, "norm_max": 0}, (0, 0)),
        ("micro_grid", {"kind": "dedicated", "norm_min": 5, "norm_max": 9}, (5, 9)),
        ("community", {"norm_min": 5, "norm_max": 9}, (5, 9)),
        ("community", {"norm_min": 5}, None),
    ],
)
def test_an_area_has_its_own_norm_else_that_of_its_level(level, attributes, norm):
    assert norm_of(RULES, level, attributes) == norm


@pytest.mark.parametrize(
    ("households", "counted", "says", "difference"),
    [
        (61, True, "over", 1), (87, True, "over", 27), (60, True, "in", 0), (15, True, "in", 0), (14, True, "under", 1), (0, True, "under", 15),
        (None, False, "unknown", 0), (14, False, "unknown", 0), (40, False, "unknown", 0), (61, False, "over", 1),
    ],
)  # fmt: skip
def test_a_partly_known_sum_can_be_over_but_never_under_or_in(households, counted, says, difference):
    assert verdict((15, 60), households, counted=counted) == {
        "min": 15,
        "max": 60,
        "verdict": says,
        "difference": difference,
    }


def test_where_no_norm_applies_nothing_is_judged():
    assert verdict(None, 900) == {"min": None, "max": None, "verdict": "none", "difference": 0}
