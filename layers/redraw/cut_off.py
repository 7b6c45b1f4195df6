"""What is cut off an area goes to the neighbour round it, so that nobody is left in pieces.

    +----+-------+        +----+-------+     A takes a strip across all of B. Of what is left of B the heavier piece (b)
    | A  |   b   |        | A  |   b   |     stays B; the other goes to whoever has the longest border with it when all is
    |  o-|-------|   ->   |  +-+-------|     done: A, or the area on its other side. Ground never changes its parent here.
    |  o-|-------|        |  +-+-------|
    |    |   .   |        |        .   |
    +----+-------+        +----+-------+
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import Segments, directed_segments, match
from ..coverage import Coverage, united
from ..edits import Edit, Finding
from ..errors import AreaLocked, BadInput, EditRefused, NotAdjacent, OtherParent, PartsRefused
from ..measure import area_m2
from .split import Weigh

GIVE = "give"  # what may become of pieces cut off a leaf: they go to a neighbour


def refuse_other(rest: str | None, *ways: str) -> None:
    """BadInput when something else than these shall become of the pieces."""
    if rest is not None and rest not in ways:
        raise BadInput(f"rest: one of {', '.join(ways)} is needed")


def offering(made: Callable[[str | None], Edit], rest: str | None) -> Edit:
    """The edit made with this rest. A PartsRefused says in `to` to whom rest="give" would give (codes); nobody when that
    cannot be either."""
    try:
        return made(rest)
    except PartsRefused as refusal:
        if rest is None:
            refusal.details["to"] = []
            with suppress(EditRefused):
                refusal.details["to"] = sorted({finding.code for finding in made(GIVE).findings if finding.kind == "part-given"})
        raise


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A stretch of ground in one: whose it was (`of`), and in which part of that area it lay (`part`, any number)."""

    ground: shapely.Polygon
    of: Area
    part: int


Held = dict[int, list[Plot]]  # fid of an area -> what it holds after the edit


def whole(area: Area) -> list[Plot]:
    """All the ground of an area that the line does not come near."""
    return [Plot(polygon, area, -1 - k) for k, polygon in enumerate(area.shape.geoms)]


def owners(held: Held) -> dict[int, Area]:
    """The areas before the edit."""
    return {plot.of.fid: plot.of for plots in held.values() for plot in plots}


def changed(held: Held) -> set[int]:
    """Who gives and who takes."""
    return {one for fid, plots in held.items() for plot in plots if plot.of.fid != fid for one in (fid, plot.of.fid)}


def gave(held: Held) -> dict[int, tuple[int, ...]]:
    """Area -> those that gave it ground."""
    givers = {fid: sorted({plot.of.fid for plot in plots} - {fid}) for fid, plots in held.items()}
    return {fid: tuple(fids) for fid, fids in givers.items() if fids}


def give(coverage: Coverage, held: Held, weigh: Weigh | None, taker: Area | None = None) -> tuple[Finding, ...]:
    """Of each part of an area that falls into pieces the heaviest stays; `held` then says that the others went to the
    neighbour of the same parent with the longest common border, and a finding `part-given` for each, to whom. The `taker`
    (perhaps a new area) keeps all it has, whatever it hangs on. AreaLocked, OtherParent, NotAdjacent with the place when
    nobody can take one."""
    areas = owners(held)
    loose: list[tuple[Area, list[Plot]]] = []
    for fid in sorted(changed(held) - ({taker.fid} if taker else set())):
        held[fid], off = _fallen(areas[fid], held[fid], weigh)
        loose += [(areas[fid], plots) for plots in off]
    found = []
    while loose:
        waiting = []  # what lies among other loose pieces goes where these went
        for giver, plots in loose:
            near = beside(coverage, [plot.ground for plot in plots], held, taker)
            heir = _longest(near, giver)
            if heir is None:
                waiting.append((giver, plots, near))
                continue
            held.setdefault(heir.fid, whole(heir)).extend(plots)
            found.append(told(giver, heir, plots))
        if len(waiting) == len(loose):
            giver, plots, near = waiting[0]
            raise _nobody(giver, plots[0].ground, near)
        loose = [one[:2] for one in waiting]
    return tuple(found)


def told(giver: Area, heir: Area, plots: Sequence[Plot]) -> Finding:
    """Says that this piece goes to a neighbour."""
    where = place(max((plot.ground for plot in plots), key=shapely.area))
    return Finding("part-given", f"a piece cut off {giver.code} goes to {heir.code}", heir.code, tuple(where), what=heir.name or None)


def receiver(coverage: Coverage, giver: Area, piece: shapely.Polygon, held: Held) -> Area:
    """The neighbour of the same parent with the longest common border. AreaLocked, OtherParent, NotAdjacent if none."""
    near = [one for one in beside(coverage, [piece], held) if one[1].fid != giver.fid]
    heir = _longest(near, giver)
    if heir is None:
        raise _nobody(giver, piece, near)
    return heir


def beside(coverage: Coverage, piece: Sequence[shapely.Polygon], held: Held, taker: Area | None = None) -> list[tuple[float, Area]]:
    """The areas along the border of the piece, with the length of it."""
    mine = directed_segments(np.array(piece, dtype=object))
    back = Segments(mine.end, mine.start, mine.owner)
    length = np.hypot(*np.diff(mine.coordinates(), axis=1)[:, 0].T)
    around, areas = [], owners(held) | ({taker.fid: taker} if taker else {})
    near = {area.fid: area for area in coverage.near(tuple(shapely.total_bounds(piece).tolist()))}
    near |= {fid: areas[fid] for fid in changed(held)}  # who took ground may lie beside it only now
    for area in (near[fid] for fid in sorted(near)):
        parts = [plot.ground for plot in held[area.fid]] if area.fid in held else list(area.shape.geoms)
        common = match(back, directed_segments(np.array(parts, dtype=object)))[0] if parts else ()
        if len(common):
            around.append((float(length[common].sum()), area))
    return around


def _longest(around: Iterable[tuple[float, Area]], giver: Area) -> Area | None:
    free = [one for one in around if one[1].parent == giver.parent and not one[1].locked]
    return max(free, key=lambda one: (one[0], -one[1].fid))[1] if free else None


def _nobody(giver: Area, piece: shapely.Polygon, around: Sequence[tuple[float, Area]]) -> EditRefused:
    """Why nobody can take it."""
    where = place(piece)
    locked = [area for _, area in around if area.parent == giver.parent]
    if locked:
        return AreaLocked(f"{locked[0].code} is locked", where=where, areas=[locked[0].code])
    if around:
        return OtherParent(f"what is cut off {giver.code} touches only areas of other parents", where=where,
                           areas=[area.code for _, area in around])
    return NotAdjacent(f"what is cut off {giver.code} touches no other area", where=where, areas=[giver.code])


def _fallen(area: Area, plots: list[Plot], weigh: Weigh | None) -> tuple[list[Plot], list[list[Plot]]]:
    """(what stays, what is cut off): of each part there was the heaviest piece that holds ground of it stays."""
    pieces = np.array(united([plot.ground for plot in plots]), dtype=object)
    if len(pieces) < 2:
        return plots, []
    spots = shapely.point_on_surface([plot.ground for plot in plots])
    at = dict(zip(*shapely.STRtree(pieces).query(spots, predicate="intersects").tolist(), strict=True))
    stays = set()
    for part in dict.fromkeys(plot.part for plot in plots if plot.of.fid == area.fid):
        own = sorted({at[k] for k, plot in enumerate(plots) if plot.part == part})
        best = heaviest(pieces[own].tolist(), weigh) if len(own) > 1 else pieces[own[0]]
        stays.add(next(one for one in own if pieces[one] is best))
    piece = [[plot for k, plot in enumerate(plots) if at[k] == one] for one in range(len(pieces))]
    return [plot for k, plot in enumerate(plots) if at[k] in stays], [piece[one] for one in range(len(pieces)) if one not in stays]


def heaviest(shapes: Sequence[shapely.Polygon], weigh: Weigh | None) -> shapely.Polygon:
    """The one with most households by `weigh`, of equal ones the largest."""
    several = [shapely.MultiPolygon([shape]) for shape in shapes]
    ground = area_m2(several)
    weights = ground if weigh is None else [-1.0 if w is None or w != w else float(w) for w in weigh(several)]
    ranked = [(-w, -m2, shape.bounds[0]) for w, m2, shape in zip(weights, ground, shapes, strict=True)]
    return shapes[ranked.index(min(ranked))]


def place(shape: shapely.Geometry) -> list[float]:
    """A point inside the shape (units), in degrees."""
    spot = shapely.point_on_surface(shape)
    return [spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE]
