"""Lay a lattice over a market (九宫格): rows x columns of stalls, grouped 3 x 3 into the smallest units.

    +-----------+        +---+---+---+
    |           |        |1-1|1-2|1-3|
    |     M     |   ->   +---+---+---+
    |           |        |2-1|2-2|2-3|
    +-----------+        +---+---+---+
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..coverage import Coverage, explode, prove
from ..edits import Edit, Finding
from ..errors import BadInput
from ..lattice import Lattice, lattice_of
from ..measure import compactness
from .ground import Deal, lay, sibling
from .split import Weigh, may_change

MOST_LISTED = 20  # findings of one kind
COMPACT = 0.35  # Polsby-Popper; a square has 0.79, a strip of 1 x 6 0.38


def lattice(coverage: Coverage, targets: Sequence[int], rows: int, columns: int, group: int = 3,
            baseline: shapely.LineString | None = None, weigh: Weigh | None = None) -> Edit:
    """The ground of one leaf becomes areas of `group` x `group` stalls, clipped to the ground. A rest of two rows or
    columns is a smaller unit; no unit is one stall wide because of the rest: it joins the last one (13 columns are 3, 3, 3,
    4). Pieces with less ground than a stall, or thinner than half a one, join the neighbour with the longest common border.
    Rows run along `baseline` (units) from its first point, the corner; default: along the smallest rectangle round it.

    Units are called "row-column". The old area lives on in the unit with most households by `weigh`, else the first; the
    others are -1 "+1" ... in reading order. Findings say how many units have how many stalls (`stalls`), where slivers
    joined a neighbour (`sliver-joined`) and which are `not-compact`.

    BadInput unless one target is named and for numbers that make no lattice or more than 1,000 units, UnknownArea, NotLeaf,
    AreaLocked, BadGeometry for the baseline, SliverRefused for stalls below half a metre, ProofFailed."""
    if len(dict.fromkeys(targets)) != 1:
        raise BadInput("one area for the lattice is needed")
    area = may_change(coverage.get(targets[0]))
    made = lattice_of(explode([area])[0], rows, columns, group, baseline)
    laid = lay(coverage, [[area]], [Deal(made.lines, made.faces, made.unit, len(made.names))])
    after = _areas(area, made, laid.pieces[0], weigh)
    edit = Edit("lattice", (area,), after, laid.touched_before, laid.touched, {},
                f"{rows} x {columns} stalls on {area.code}: {len(after)} units", _findings(made, after))
    prove(edit, coverage)
    return edit


def _areas(area: Area, made: Lattice, shapes: Sequence[shapely.MultiPolygon], weigh: Weigh | None) -> tuple[Area, ...]:
    """The old area first, then the new ones in reading order."""
    weights = [0.0] * len(shapes) if weigh is None else [weight or 0.0 for weight in weigh(shapes)]
    keeper = weights.index(max(weights))
    new = [k for k in range(len(shapes)) if k != keeper]
    kept = replace(area, name=made.names[keeper], shape=shapes[keeper], version=area.version + 1, assigned=True)
    return (kept, *(sibling(area, shapes[k], number, made.names[k]) for number, k in enumerate(new, 1)))


def _findings(made: Lattice, after: Sequence[Area]) -> tuple[Finding, ...]:
    found = [Finding("stalls", f"{units} unit(s) of {stalls} stalls", str(stalls), count=units)
             for stalls, units in sorted(Counter(made.stalls).items(), key=lambda one: (-one[1], -one[0]))]
    if made.joined:
        found.append(Finding("sliver-joined", f"{len(made.joined)} piece(s) smaller than a stall joined a neighbour",
                             where=made.joined[0], count=len(made.joined)))
    scores = compactness([one.shape for one in after])
    thin = [(score, one) for score, one in zip(scores.tolist(), after, strict=True) if score < COMPACT]
    for score, one in sorted(thin, key=lambda pair: (pair[0], -pair[1].fid))[:MOST_LISTED]:
        spot = shapely.point_on_surface(one.shape)
        found.append(Finding("not-compact", f"{one.name} is not compact ({score:.2f})", one.name,
                             (spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE)))
    return tuple(found)
