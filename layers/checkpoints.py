"""Posts (卡口): when they are manned and by how many, whether that is so now, and which areas they serve."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .rules import PostKind, Rules

STATES = ("manned", "short", "closed", "unknown")
DAY = 24 * 60
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)")


def minutes_of(hours: str) -> tuple[int, int] | None:
    """(from, to) in minutes of the day of "07:00-23:00"; over midnight `to` is below `from`. None for anything else."""
    found = _HOURS.fullmatch(hours.strip())
    if found is None:
        return None
    first, last = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return None if first == last or first >= DAY or last > DAY else (first, last)


def is_due(hours: str | None, minute: int) -> bool:
    """Whether somebody should be there at this minute of the day; always, when no hours are known."""
    span = minutes_of(hours or "")
    if span is None:
        return True
    first, last = span
    return first <= minute < last if first < last else minute >= first or minute < last


def shifts_of(rules: Rules, hours: str | None) -> int:
    """How many shifts those hours take, at [staffing] shifts_per_day shifts a day."""
    first, last = minutes_of(hours or "") or (0, DAY)
    length = (last - first) % DAY or DAY
    return -(-length * rules.staffing.shifts_per_day // DAY)


def required_of(rules: Rules, post: Mapping[str, Any]) -> int:
    """People at a time: as said of the post, else the norm of its kind, else those of the kit."""
    if post.get("required") is not None:
        return post["required"]
    kind = kind_of(rules, post)
    return kind.required if kind is not None else rules.kit.people


def roster_need(rules: Rules, post: Mapping[str, Any]) -> int:
    """People a post needs on its list: people x shifts; none while it is closed."""
    return 0 if post.get("state") == "closed" else required_of(rules, post) * shifts_of(rules, post.get("hours"))


def kind_of(rules: Rules, post: Mapping[str, Any]) -> PostKind | None:
    """The kind of the post, None when it has none that we know."""
    return rules.posts.get(post.get("kind") or "")


def state_of(rules: Rules, post: Mapping[str, Any], minute: int | None = None) -> str:
    """manned | short | closed | unknown. Closed: by word, out of its hours (when a minute of the day is given), or a
    locked exit that needs nobody. Unknown: nobody ever counted who is there."""
    required, present = required_of(rules, post), post.get("present")
    if post.get("state") == "closed" or (minute is not None and not is_due(post.get("hours"), minute)):
        return "closed"
    if not required and not present:
        return "closed"
    if present is None:
        return "unknown"
    return "manned" if present >= required else "short"


def gap_of(rules: Rules, post: Mapping[str, Any], minute: int | None = None) -> int | None:
    """People missing now; None where nobody ever counted."""
    state = state_of(rules, post, minute)
    return None if state == "unknown" else max(0, required_of(rules, post) - post["present"]) if state == "short" else 0


def served_after(served: Sequence[int], led: Iterable[tuple[int, int]], gone: Collection[int]) -> list[int]:
    """The areas a post serves after a redraw: who serves an area serves what was cut from it, and what it went into."""
    heirs: dict[int, list[int]] = {}
    for source, target in led:
        heirs.setdefault(source, []).append(target)
    found = [heir for area in served for heir in (area, *sorted(heirs.get(area, ())))]
    return [area for area in dict.fromkeys(found) if area not in gone]
