"""Who stands above whom: the chief of an area may take another's edit back, with a reason."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .rights import Rights
from .state import state

RANK = {"planner": 0, "commander": 1}  # roles that redraw, the lower first


def is_chief(own: Rights, author: Rights | None, paths: Collection[str]) -> bool:
    """True when these rights stand above the author's on every one of these areas: a commander above a planner; of two
    of one role the one whose area lies strictly above. An author who may nothing there any more has only commanders
    above him."""
    return bool(paths) and all(_above(_standing(own, path), _standing(author, path)) for path in paths)


def called(own: Rights, paths: Collection[str]) -> dict[str, Any]:
    """What somebody is called who acts on these areas: role and area, no name."""
    found = [standing for path in paths for standing in [_standing(own, path)] if standing is not None]
    if not found:
        return {"role": next(iter(sorted(own.paths)), None), "area": None}
    rank, grant = max(found, key=lambda one: (one[0], -len(one[1])))
    fid = grant.strip("/").rpartition("/")[2]
    node = state().cache.nodes.get(int(fid)) if fid else None
    return {"role": next(role for role, one in RANK.items() if one == rank),
            "area": {"code": node.code, "name": node.name} if node else None}


def _standing(rights: Rights | None, path: str) -> tuple[int, str] | None:
    """(rank, path of the grant) of the strongest grant that reaches the area."""
    held = [(rank, grant) for role, rank in RANK.items() for grant in (rights.paths.get(role, ()) if rights else ())
            if path.startswith(grant)]
    return max(held, key=lambda one: (one[0], -len(one[1])), default=None)


def _above(mine: tuple[int, str] | None, his: tuple[int, str] | None) -> bool:
    if mine is None or his is None:
        return mine is not None and mine[0] == max(RANK.values())
    return mine[0] > his[0] or (mine[0] == his[0] and mine[1] != his[1] and his[1].startswith(mine[1]))
