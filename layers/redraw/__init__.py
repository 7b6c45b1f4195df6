"""Redraw: one operation a file. Each is a pure function (coverage as it is, what was drawn) -> Edit.

Nothing is written. A new operation is one file here, one line in OPERATIONS and one test file.
"""

from __future__ import annotations

from collections.abc import Callable

from ..edits import Edit
from .assign_buildings import assign_buildings
from .delete_vertex import delete_vertex
from .dissolve import dissolve
from .divide import divide
from .draw import draw
from .halve import halve
from .insert_vertex import insert_vertex
from .island import island
from .lattice import lattice
from .merge import merge
from .move_vertex import move_vertex
from .reshape import reshape
from .split import split
from .subdivide import subdivide
from .transfer import transfer

OPERATIONS: dict[str, Callable[..., Edit]] = {
    "split": split,
    "merge": merge,
    "reshape": reshape,
    "move_vertex": move_vertex,
    "insert_vertex": insert_vertex,
    "delete_vertex": delete_vertex,
    "subdivide": subdivide,
    "dissolve": dissolve,
    "draw": draw,
    "island": island,
    "divide": divide,
    "transfer": transfer,
    "halve": halve,
    "lattice": lattice,
    "assign_buildings": assign_buildings,
}
