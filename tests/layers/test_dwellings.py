"""Households derived from floor area: the documented formula, and where it says nothing."""

from __future__ import annotations

import pytest

from layers.dwellings import derived_households, storeys_of
from layers.rules import Derive

RULE = Derive()


@pytest.mark.parametrize(("ground", "kind", "floors", "height", "households"), [
    (400, "apartment", 6, None, 24),  # 400 m2 x 6 / 100 m2
    (400, None, None, 18, 24),  # 18 m / 3 m = 6 storeys
    (400, None, 6, 90, 24),  # floors come before the height
    (60, "house", 1, None, 1),  # at least one
    (400, "shop", 6, None, 0), (400, "office", None, 60, 0), (29, None, 1, None, 0),  # nobody lives there
    (400, None, None, None, None), (400, None, 0, 0, None), (400, None, None, float("nan"), None),  # nothing says how many storeys
    (2000, None, None, 130, None), (2000, "tower", 41, None, None),  # taller than dwellings are
])
def test_the_formula(ground, kind, floors, height, households) -> None:
    assert derived_households(ground, kind, floors, height, RULE) == households


def test_a_place_may_say_what_is_usual() -> None:
    village = Derive(household_m2=200, usual_floors=2, most_floors=0)
    assert derived_households(400, None, None, None, village) == 4
    assert storeys_of(None, 400, village) == 133 and derived_households(400, None, None, 400, village) == 266
