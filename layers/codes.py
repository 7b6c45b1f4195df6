"""The code registrar: which code a new area gets. Codes are labels; a code is never used twice."""

from __future__ import annotations

import re
from collections.abc import Callable

from .errors import BadCode
from .rules import Rules

PROFILES = ("free", "cn-15-17")


def next_code(profile: str, rules: Rules, level: str, code: str | None, parent_code: str | None,
              taken: Callable[[str], bool]) -> str:
    """The next unused code for a sibling of `code`, or for the first child of the parent (None). `free`: CODE-2, CODE-3 …,
    below a divided area PARENT-1, PARENT-2 …; `cn-15-17`: the parent's code and the next sequence number of the level's
    digits. Raises BadCode when the numbers of the parent are used up."""
    if profile == "free":
        child = code is None or (parent_code is not None and re.fullmatch(rf"{re.escape(parent_code)}-[1-9][0-9]*", code))
        stem, number = (parent_code, 1) if child else (code, 2)
        while taken(f"{stem}-{number}"):
            number += 1
        return f"{stem}-{number}"
    found = rules.level(level)
    digits = found.code_digits if found else 0
    stem = parent_code or ""
    width = digits - len(stem)
    if width < 1:
        raise BadCode(f"{code}: level {level} has no digits of its own under {stem}")
    for number in range(1, 10 ** width):
        candidate = f"{stem}{number:0{width}d}"
        if not taken(candidate):
            return candidate
    raise BadCode(f"{stem}: all {10 ** width - 1} codes are used")


def fits(profile: str, rules: Rules, level: str, code: str, parent_code: str | None) -> bool:
    """True when the code has the form the profile asks for: digits of the level, beginning with its parent's code."""
    if profile == "free":
        return bool(code)
    found = rules.level(level)
    if found is None or not found.code_digits:
        return bool(code)
    return code.isascii() and code.isdigit() and len(code) == found.code_digits and code.startswith(parent_code or "")
