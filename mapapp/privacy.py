"""Special groups (特殊人群) for who may not see them: no groups, and totals only where no sum betrays one."""

from __future__ import annotations

from typing import Any

from flask import g

from geodata.tree import Node

from .state import state


def special(figures: dict[str, Any], *, exact: bool, told: bool = False) -> dict[str, Any]:
    """The figures as the account may see them: as they are when `exact`; else without groups, with a total only when
    `told`. `special_hidden` says that a missing total is hidden, not unknown."""
    if exact:
        return figures
    return figures | {"special": {}, "special_total": figures.get("special_total") if told else None,
                      "special_hidden": True}


def is_told(node: Node) -> bool:
    """True when the total of the area may be told: no area beside it is smaller than the smallest cell, and the same
    holds for every area above. One hidden total hides its siblings and all below them, so that no difference of sums
    gives it away."""
    known = g.setdefault("told", {})
    while True:
        if node.parent not in known:
            known[node.parent] = _no_small_one(node.parent)
        if not known[node.parent]:
            return False
        if node.parent is None:
            return True
        node = state().cache.nodes[node.parent]


def _no_small_one(parent: int | None) -> bool:
    cache, least = state().cache, state().config.privacy.min_cell
    return not any(0 < sum((cache.nodes[fid].counts.special or {}).values()) < least
                   for fid in cache.children.get(parent, ()))
