"""Areas of several parents where one is needed: who belongs to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..areas import Area
from ..coverage import Coverage
from ..errors import OtherParent, UnknownArea


def code_of(coverage: Coverage, fid: int | None) -> str:
    """The code of an area above; its number in a view of leaves only."""
    try:
        return coverage.get(fid).code
    except UnknownArea:
        return str(fid)


def name_of(coverage: Coverage, fid: int | None) -> str:
    """What an area above is called; its code where it has no name."""
    try:
        area = coverage.get(fid)
    except UnknownArea:
        return str(fid)
    return area.name or area.code


def other_parents(coverage: Coverage, those: Sequence[Area], said: str, **details: Any) -> OtherParent:
    """The refusal that says what is wrong and names the parent of each area (`parents`: code by code)."""
    parents = {area.code: code_of(coverage, area.parent) for area in those}
    listed = ", ".join(f"{code} in {parent}" for code, parent in parents.items())
    return OtherParent(f"{said}: {listed}", parents=parents, **details)
