"""The code registrar: which code a new area gets. Codes are labels; a code is never used twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count

from .errors import BadCode
from .rules import Rules

PROFILES = ("free", "cn-15-17")


def next_code(profile: str, rules: Rules, level: str, code: str | None, parent_code: str | None,
              taken: Callable[[str], bool]) -> str:
    """The next unused code for a sibling of `code`, or for the first child of the parent (None). `free`: CODE-2, CODE-3 …,
    below a divided area PARENT-1, PARENT-2 …; `cn-15-17`: the parent's code and the next sequence number of the level's
    digits. Raises BadCode when the numbers of the parent are used up."""
    found = next((one for one in candidates(profile, rules, level, code, parent_code) if not taken(one)), None)
    if found is None:
        most = 10 ** (rules.level(level).code_digits - len(parent_code or "")) - 1
        raise BadCode(f"{parent_code or ''}: there are only {most} codes below it, and no more are free", why="used-up", most=most)
    return found


def candidates(profile: str, rules: Rules, level: str, code: str | None, parent_code: str | None) -> Iterator[str]:
    """What a new area may be called there, in this order. Raises BadCode when the level has no digits of its own."""
    if profile == "free":
        child = code is None or (parent_code is not None and re.fullmatch(rf"{re.escape(parent_code)}-[1-9][0-9]*", code))
        stem, first = (parent_code, 1) if child else (code, 2)
        return (f"{stem}-{number}" for number in count(first))
    found, stem = rules.level(level), parent_code or ""
    width = (found.code_digits if found else 0) - len(stem)
    if width < 1:
        raise BadCode(f"{code}: level {level} has no digits of its own under {stem}", why="no-digits")
    return (f"{stem}{number:0{width}d}" for number in range(1, 10 ** width))


def fits(profile: str, rules: Rules, level: str, code: str, parent_code: str | None) -> bool:
    """True when the code has the form the profile asks for: digits of the level, beginning with its parent's code."""
    if profile == "free":
        return bool(code)
    found = rules.level(level)
    if found is None or not found.code_digits:
        return bool(code)
    return code.isascii() and code.isdigit() and len(code) == found.code_digits and code.startswith(parent_code or "")
