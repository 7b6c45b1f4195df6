"""Cut an area in two where it hurts least (对半切): neither side has less than a third, along the cheapest border."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..cells import Cells, Town, cells_of, first_in, points_of
from ..chain import unpack
from ..coverage import Coverage, explode, prove
from ..edits import Edit, Finding
from ..errors import BadInput, NoFairCut, ProofFailed
from ..halving import LEAST, cuts, eased
from ..inner_borders import ROAD, inner_borders, straightened
from ..measure import area_m2, distance_m
from .ground import Deal, Laid, lay, sibling
from .split import Weigh, may_change

PIECES, LEAST_PIECE_M2 = 60, 400.0  # open ground is cut into so many pieces, none so small that it joins another
MOST_TRIED = 3  # cuts whose border may turn out unfair or impossible to draw
TOLD, MOST_NAMES = 0.15, 3  # roads along which so much of the border runs are named
Named = tuple[shapely.Geometry, str]


def halve(coverage: Coverage, targets: Sequence[int], town: Town | None = None, named: Sequence[Named] = (), seed: int = 0,
          weigh: Weigh | None = None) -> Edit:
    """One leaf becomes two of which neither has less than a third of the households (of the ground, where nobody was
    counted), along the cheapest border: roads, walls and water are cheap, open ground is dear, short is better, and no
    building is cut. Seed 0 is the best cut, 1, 2 ... the next best that differ; after the last one it starts over.

    The side with more households (else more by `weigh`, else more ground) keeps fid and code, the other is -1, "+1". `named`
    are lines (units) with their names: the finding `follows` says which of them the border runs along.

    BadInput unless one target is named and the seed is from 0, UnknownArea, NotLeaf, AreaLocked, NoFairCut with the
    place of a building too heavy for any fair cut, ProofFailed."""
    if len(dict.fromkeys(targets)) != 1 or seed < 0:
        raise BadInput("one area to cut in two is needed, and a seed from 0")
    area = may_change(coverage.get(targets[0]))
    ground, town = explode([area])[0], town or Town.empty()
    town = town.within(ground)
    cells = cells_of(ground, town, max(float(np.sum(area_m2(ground))) / PIECES, LEAST_PIECE_M2))
    found = cuts(cells)
    if not found:
        raise _unfair(area, cells)
    first, failed = seed % len(found), None
    for cut in (*found[first:first + MOST_TRIED], *found[:first])[:MOST_TRIED]:
        part = cut.side[cells.of_face]
        for lines in _drawn(cells, part, town):
            try:
                laid = lay(coverage, [[area]], [Deal(lines, cells.faces, part, 2)])
                held = _held(laid.pieces[0], town, weigh)
                if min(held) < LEAST * sum(held) * (1 - 1e-9):
                    continue
                edit = _edit(area, laid, held, _findings(area, lines, town, named, cells.by_ground))
                prove(edit, coverage)
                return edit
            except ProofFailed as error:
                failed = error
    raise failed or _unfair(area, cells)


def _unfair(area: Area, cells: Cells) -> NoFairCut:
    heaviest = shapely.point_on_surface(cells.faces[cells.of_face == int(cells.load.argmax())][0])
    return NoFairCut(f"{area.code}: no border leaves a third of the households on either side", areas=[area.code],
                     where=[heaviest.x / UNITS_PER_DEGREE, heaviest.y / UNITS_PER_DEGREE])


def _drawn(cells: Cells, part: np.ndarray, town: Town) -> Iterator[list[np.ndarray]]:
    """The border, straight over open ground; straightened a little; as the cells have it."""
    exact = inner_borders(cells.faces, part, town.lines)
    straight = straightened(exact, cells.faces, town.buildings)
    yield eased(straight, [road for _, road in exact], town.buildings)
    yield straight
    yield [unpack(keys).astype(np.int64) for keys, _ in exact]


def _held(shapes: Sequence[shapely.MultiPolygon], town: Town, weigh: Weigh | None) -> list[float]:
    """Households of each side, or its ground where nobody was counted."""
    sides = np.array(shapes, dtype=object)
    side = first_in(sides, points_of(town.buildings))
    homes = np.bincount(side[side >= 0], town.households[side >= 0], len(sides)).astype(float)
    for ground, number in town.counted:
        homes += number * shapely.area(shapely.intersection(sides, ground)) / ground.area
    if not homes.any() and weigh is not None:
        homes = np.array([float(weight or 0) for weight in weigh(shapes)])
    return (homes if homes.any() else area_m2(shapes)).tolist()


def _edit(area: Area, laid: Laid, held: Sequence[float], findings: Sequence[Finding]) -> Edit:
    shapes = laid.pieces[0]
    ground = area_m2(shapes)
    order = sorted(range(2), key=lambda k: (-held[k], -ground[k], shapes[k].bounds[0]))
    after = (replace(area, shape=shapes[order[0]], version=area.version + 1, assigned=True), sibling(area, shapes[order[1]], 1))
    return Edit("halve", (area,), after, laid.touched_before, laid.touched, {}, f"cut {area.code} in two", tuple(findings))


def _findings(area: Area, lines: Sequence[np.ndarray], town: Town, named: Sequence[Named], by_ground: bool) -> list[Finding]:
    """What the border runs along, and whether the sides are even by ground only."""
    found = []
    along = [line for line in lines if len(line) > 1]
    ends = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in along]).astype(float) if along else np.empty((0, 2, 2))
    length = distance_m(ends[:, 0], ends[:, 1]) if len(ends) else np.empty(0)
    middles = shapely.points(ends.mean(axis=1)) if len(ends) else np.empty(0, object)

    def share(shapes: np.ndarray) -> float:
        if not len(shapes) or not len(middles):
            return 0.0
        on = np.zeros(len(middles), bool)
        on[shapely.STRtree(shapes).query(middles, predicate="dwithin", distance=ROAD)[0]] = True
        return float(length[on].sum() / max(float(length.sum()), 1e-9))
    shares: dict[str, float] = {}
    for name in dict.fromkeys(name for _, name in named if name):
        lines_of = np.empty(0, object)
        lines_of = np.append(lines_of, [shape for shape, own in named if own == name])
        shares[name] = share(lines_of)
    told = sorted((name for name in shares if shares[name] >= TOLD), key=lambda name: (-shares[name], name))[:MOST_NAMES]
    if told:
        found.append(Finding("follows", f"the border follows {', '.join(told)}", " · ".join(told)))
    if len(town.lines):
        found.append(Finding("along-roads", "share of the new borders along roads, walls and water", count=round(100 * share(town.lines))))
    if by_ground:
        found.append(Finding("divided-by-ground", "nobody was counted here: each side has a third of the ground or more", area.code))
    return found
