"""Redraw: one operation a file. Each is a pure function (coverage as it is, what was drawn) -> Edit.

Nothing is written. A new operation is one file here, one line in OPERATIONS and one test file.
"""

from __future__ import annotations

from collections.abc import Callable

from ..edits import Edit
from .dissolve import dissolve
from .divide import divide
from .draw import draw
from .island import island
from .merge import merge
from .reshape import reshape
from .split import split
from .subdivide import subdivide

OPERATIONS: dict[str, Callable[..., Edit]] = {
    "split": split,
    "merge": merge,
    "reshape": reshape,
    "subdivide": subdivide,
    "dissolve": dissolve,
    "draw": draw,
    "island": island,
    "divide": divide,
}
