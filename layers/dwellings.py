"""Households nobody counted yet, derived from floor area (按建筑面积推算): a start to divide ground by, marked until counted.

households = ground under the building x storeys / floor area of a household, at least one; storeys are the floors that are
known, else height / height of a storey, else what is usual in the place. Works, shops, offices and public buildings and
what is smaller than any home hold none. Taller than any dwelling, or storeys unknown: the number stays unknown.
"""

from __future__ import annotations

import math

from .rules import Derive

DERIVED = "derived"  # `source` of such a number: it counts as estimated wherever it is summed
NO_HOMES = ("shop", "office", "factory", "public")


def derived_households(ground_m2: float, kind: str | None, floors: float | None, height_m: float | None, rule: Derive) -> int | None:
    """Households of a building by the formula; None where it cannot say."""
    if kind in NO_HOMES or ground_m2 < rule.smallest_home_m2:
        return 0
    storeys = storeys_of(floors, height_m, rule)
    if storeys is None or rule.most_floors and storeys > rule.most_floors:
        return None
    return max(1, round(ground_m2 * storeys / rule.household_m2))


def storeys_of(floors: float | None, height_m: float | None, rule: Derive) -> float | None:
    """Storeys above ground, None when nothing says how many."""
    if floors is not None and math.isfinite(floors) and floors > 0:
        return float(floors)
    if height_m is not None and math.isfinite(height_m) and height_m > 0:
        return float(max(1, round(height_m / rule.storey_m)))
    return float(rule.usual_floors) or None
