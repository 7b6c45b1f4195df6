"""Size norms: how many households an area should have. Checked, never blocking."""

from __future__ import annotations

from typing import Any

from .rules import Rules


def norm_of(rules: Rules, level: str, attributes: dict[str, Any]) -> tuple[int, int] | None:
    """(least, most) households: the area's own norm, else that of its level; None where no norm applies (dedicated
    grids, upper levels)."""
    low, high = attributes.get("norm_min"), attributes.get("norm_max")
    if low is not None and high is not None:
        return low, high
    if attributes.get("kind") == "dedicated" or level not in rules.norms:
        return None
    norm = rules.norms[level]
    return (norm.min if low is None else low), (norm.max if high is None else high)


def verdict(norm: tuple[int, int] | None, households: int | None, *, counted: bool = True) -> dict[str, Any]:
    """{"min", "max", "verdict", "difference"}: over | under | in | none | unknown; difference = households beyond the
    limit. A sum that is only partly known can be over, but never under or in."""
    if norm is None:
        return {"min": None, "max": None, "verdict": "none", "difference": 0}
    low, high = norm
    answer = {"min": low, "max": high, "difference": 0}
    if households is not None and households > high:
        return answer | {"verdict": "over", "difference": households - high}
    if households is None or not counted:
        return answer | {"verdict": "unknown"}
    if households < low:
        return answer | {"verdict": "under", "difference": low - households}
    return answer | {"verdict": "in"}
