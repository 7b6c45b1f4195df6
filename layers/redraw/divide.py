"""Divide areas into balanced ones (等分): along roads, never through a building, as even as the planner wishes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

from ..areas import UNITS_PER_DEGREE, Area
from ..blocks import first_in
from ..cells import Town, points_of
from ..coverage import Coverage
from ..division import Proposal, Wish, propose
from ..edits import Edit, Finding
from ..errors import AreaLocked, BadInput, NotLeaf, TooManyParts
from ..inner_borders import ROAD
from ..measure import area_m2, distance_m
from .ground import Deal, ground_of, lay, proved_straight, sibling
from .split import Weigh

Propose = Callable[[np.ndarray, Town, Wish], Proposal]
MOST_LISTED = 50  # findings of one kind
FEW_HOMES = 5  # inhabited buildings a part: with fewer it is chance whether they add up


def divide(coverage: Coverage, targets: Sequence[int], town: Town | None = None, parts: int | None = None,
           norm: tuple[float, float] | None = None, tolerance: float = 0.1, seed: int = 0, weigh: Weigh | None = None,
           proposed: Propose = propose) -> Edit:
    """Divide the common ground of the target leaves into `parts` areas with about equal households, at most `tolerance`
    from the mean, or into areas of norm (least, most) households. Leaves of one parent and level are divided together;
    of several, each group by itself, `parts` shared out by households. Locked targets stay as they are.

    An old area lives on in the part that holds most of its households; further parts are new (-1 "+1" ...), areas too
    many retire. `town` is what stands on the ground; where nothing is known the ground itself is divided. The same seed
    gives the same areas. `proposed` may remember proposals.

    BadInput for wishes that say nothing, NotLeaf, UnknownArea, AreaLocked when all are locked, TooManyParts, ProofFailed."""
    town = town or Town.empty()
    areas = [coverage.get(fid) for fid in dict.fromkeys(targets)]
    for area in areas:
        if not area.leaf:
            raise NotLeaf(f"{area.code} is made of smaller areas; divide those", areas=[area.code])
    free = [area for area in areas if not area.locked]
    if not free:
        raise AreaLocked("all of these areas are locked" if areas else "an area to divide is needed", areas=[a.code for a in areas])
    if (parts is None) == (norm is None):
        raise BadInput("parts or norm is needed, one of them")
    if norm is not None and not 0 <= norm[0] <= norm[1] or norm is not None and norm[1] <= 0:
        raise BadInput("norm: min is not above max, and max is above 0")
    if not 0 < tolerance <= 1 or parts is not None and parts < 1 or seed < 0:
        raise BadInput("parts from 1, a tolerance above 0 up to 1 and a seed from 0 are needed")
    groups = [[area for area in free if (area.parent, area.level) == key]
              for key in dict.fromkeys((area.parent, area.level) for area in free)]
    grounds = [ground_of(group) for group in groups]
    towns = [town.within(ground) for ground in grounds]
    wishes = _wishes(grounds, towns, parts, norm, tolerance, seed)
    if not any(len(group) > 1 or wish.parts != 1 for group, wish in zip(groups, wishes, strict=True)):
        raise BadInput("one area in one part: there is nothing to divide")
    made = _made(groups, grounds, towns, wishes, proposed)
    if norm is not None and all(len(one.load) == 1 for one in made):
        raise BadInput("all households make one part of this norm: there is nothing to divide")
    return proved_straight(lambda straight: _edit(coverage, groups, made, towns, wishes, straight), coverage)


def _wishes(grounds: Sequence[np.ndarray], towns: Sequence[Town], parts: int | None, norm: tuple[float, float] | None,
            tolerance: float, seed: int) -> list[Wish]:
    """One per group; parts go by households, at least one each."""
    if norm is not None:
        return [Wish(None, *norm, tolerance, seed, len(grounds)) for _ in grounds]
    if parts < len(grounds):
        raise BadInput(f"these areas have {len(grounds)} parents: at least {len(grounds)} parts are needed")
    homes = np.array([town.total for town in towns])
    exact = (homes if homes.any() else np.array([area_m2(ground).sum() for ground in grounds])) + 1e-9
    exact = exact / exact.sum() * parts
    shares = np.maximum(1, np.floor(exact).astype(int))
    while shares.sum() < parts:
        shares[np.argmax(exact - shares)] += 1
    while shares.sum() > parts:
        shares[np.argmin(np.where(shares > 1, exact - shares, np.inf))] -= 1
    return [Wish(int(share), tolerance=tolerance, seed=seed, among=len(grounds)) for share in shares]


def _made(groups: Sequence[Sequence[Area]], grounds: Sequence[np.ndarray], towns: Sequence[Town], wishes: Sequence[Wish],
          proposed: Propose) -> list[Proposal]:
    """The proposal for each group. TooManyParts tells as `most` how many parts all of them can be cut into; 1: not at all."""
    made = []
    for number, asked in enumerate(zip(grounds, towns, wishes, strict=True)):
        try:
            made.append(proposed(*asked))
        except TooManyParts as error:
            if len(groups) == 1 or wishes[0].parts is None:
                raise
            caps = [len(town.buildings) or math.inf for town in towns]
            caps[number] = min(caps[number], error.details["most"])
            one = wishes[0]
            for most in range(sum(wish.parts for wish in wishes) - 1, len(groups) - 1, -1):
                shares = [wish.parts for wish in _wishes(grounds, towns, most, None, one.tolerance, one.seed)]
                if all(share <= cap for share, cap in zip(shares, caps, strict=True)):
                    break
            else:
                most = 1
            if most == len(groups) and all(len(group) == 1 for group in groups):
                most = 1
            raise TooManyParts(str(error), where=error.where, most=most) from error
    return made


def _edit(coverage: Coverage, groups: Sequence[Sequence[Area]], made: Sequence[Proposal], towns: Sequence[Town],
          wishes: Sequence[Wish], straight: bool) -> Edit:
    """The areas as proposed, on the coverage as it is: neighbours gain the vertices where new borders end."""
    before = tuple(area for group in groups for area in group)
    laid = lay(coverage, groups, [Deal(one.straight if straight else one.exact, one.faces, one.part, len(one.load)) for one in made])
    after: list[Area] = []
    gave: dict[int, tuple[int, ...]] = {}
    successor: dict[int, int] = {}
    findings: list[Finding] = []
    for group, one, pieces, town, wish in zip(groups, made, laid.pieces, towns, wishes, strict=True):
        _name(group, pieces, town, sum(area.fid < 0 for area in after), after, gave, successor)
        findings += _findings(group, one, town, wish, pieces)
    codes = ", ".join(area.code for area in before)
    return Edit("divide", before, tuple(after), laid.touched_before, laid.touched, successor,
                f"divide {codes} into {len(after)}", tuple(findings), gave=gave)


def _name(group: Sequence[Area], pieces: Sequence[shapely.MultiPolygon], town: Town, numbered: int, after: list[Area],
          gave: dict[int, tuple[int, ...]], successor: dict[int, int]) -> None:
    """Old areas live on where most of their households are; other parts are new, areas too many hand over."""
    old = np.array([area.shape for area in group], dtype=object)
    new = np.array(pieces, dtype=object)
    ground = np.array([shapely.area(shapely.intersection(piece, old)) for piece in new])
    homes = np.zeros_like(ground)
    if len(town.buildings):
        points = points_of(town.buildings)
        was, now = (first_in(shapes, points) for shapes in (old, new))
        both = (was >= 0) & (now >= 0)
        np.add.at(homes, (now[both], was[both]), town.households[both])
    for shape, number in town.counted:
        within = np.array([shapely.area(shapely.intersection(shapely.intersection(piece, shape), old)) for piece in new])
        homes += number * within / max(shape.area, 1)
    worth = homes + 0.5 * ground / max(ground.sum(), 1)
    part, leaf = linear_sum_assignment(-worth)
    kept = dict(zip(part.tolist(), leaf.tolist(), strict=True))
    fids: dict[int, int] = {}
    first = len(after)
    west = shapely.bounds(new)[:, 0]
    rest = sorted((k for k in range(len(new)) if k not in kept), key=lambda k: (-homes[k].sum(), -ground[k].sum(), west[k]))
    for k in sorted(kept, key=lambda k: kept[k]):
        area = group[kept[k]]
        fids[k] = area.fid
        after.append(replace(area, shape=new[k], version=area.version + 1, assigned=True))
    for number, k in enumerate(rest, numbered + 1):
        source = group[int(worth[k].argmax())]
        fids[k] = -number
        after.append(sibling(source, new[k], number, givers=[group[j] for j in _givers(ground[k])]))
    for k, fid in fids.items():
        gave[fid] = tuple(group[j].fid for j in _givers(ground[k]))
    for j, area in enumerate(group):
        if area.fid not in {one.fid for one in after[first:]}:
            successor[area.fid] = fids[int(worth[:, j].argmax())]


def _givers(ground: np.ndarray) -> list[int]:
    """Who gives more than rounding."""
    return np.flatnonzero(ground > 100).tolist()


def _findings(group: Sequence[Area], made: Proposal, town: Town, wish: Wish, pieces: Sequence[shapely.MultiPolygon]) -> list[Finding]:
    """What a person should know: buildings no division can fit, parts that are not as wished or lie inside another, and
    ground nobody was counted on."""
    found = []
    mean = float(made.load.mean())
    most = wish.most or mean * (1 + wish.tolerance)
    limit = f"{most:.0f} (the norm's maximum)" if wish.most else f"{math.floor(most)} (mean + {100 * wish.tolerance:.0f} %)"
    for number, homes in sorted(made.heavy, key=lambda one: (-one[1], one[0]))[:MOST_LISTED]:
        found.append(Finding("building-too-heavy", f"one building alone has {homes:.0f} households, more than {limit}",
                             code=f"{math.floor(most)}", where=_inside(town.buildings[number]), count=int(homes)))
    found += _outside(made, wish, mean, pieces, town)
    shut = _enclosed(pieces)
    if shut:
        found.append(Finding("part-inside", "a part lies entirely inside another", where=_inside(pieces[shut[0]]), count=len(shut)))
    along = [line for line in made.exact if len(line) > 1]
    if along and len(town.lines):
        found.append(Finding("along-roads", "share of the new borders along roads, walls and water", count=_share_along(along, town)))
    if made.by_ground:
        found.append(Finding("divided-by-ground", "nobody was counted here: parts of equal ground", code=group[0].code))
    return found


def _outside(made: Proposal, wish: Wish, mean: float, pieces: Sequence[shapely.MultiPolygon],
             town: Town) -> list[Finding]:
    """Parts that are not what was asked for: by number, outside the tolerance around the mean; by norm, outside the norm."""
    if mean <= 0:
        return []
    low, high = (wish.least, wish.most) if wish.most else (mean * (1 - wish.tolerance), mean * (1 + wish.tolerance))
    off = np.flatnonzero((made.load < low - 1e-6) | (made.load > high + 1e-6))
    if not len(off):
        return []
    beyond = np.maximum(low - made.load, made.load - high)[off] / (high if wish.most else mean)
    worst = int(off[beyond.argmax()])
    far = round(100 * abs(float(made.load[worst]) / mean - 1))
    kind, asked = ("outside-norm", "the norm") if wish.most else ("outside-tolerance", f"the {100 * wish.tolerance:.0f} % asked for")
    why = ""
    if made.heavy:
        why = "; a building is heavier than a part may be"
    elif 0 < np.count_nonzero(town.households) < FEW_HOMES * len(pieces):
        why = "; there are too few buildings"
    return [Finding(kind, f"{len(off)} of {len(pieces)} parts lie outside {asked}, the farthest {far} % from the mean{why}",
                    code=str(far), where=_inside(pieces[worst]), count=len(off))]


def _enclosed(pieces: Sequence[shapely.MultiPolygon]) -> list[int]:
    """Parts that lie in a hole of another."""
    rings = [ring for part in shapely.get_parts(list(pieces)) for ring in part.interiors]
    if not rings:
        return []
    holes = shapely.STRtree([shapely.Polygon(ring) for ring in rings])
    return sorted(set(holes.query(shapely.point_on_surface(list(pieces)), predicate="within")[0].tolist()))


def _inside(shape: shapely.Geometry) -> tuple[float, float]:
    """A place on it, in degrees."""
    return tuple((shapely.get_coordinates(shapely.point_on_surface(shape))[0] / UNITS_PER_DEGREE).tolist())


def _share_along(lines: Sequence[np.ndarray], town: Town) -> int:
    """Per cent of the borders that run along a line of the town."""
    ends = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines]).astype(float)
    length = distance_m(ends[:, 0], ends[:, 1])
    on = np.zeros(len(ends), bool)
    on[shapely.STRtree(town.lines).query(shapely.points(ends.mean(axis=1)), predicate="dwithin", distance=ROAD)[0]] = True
    return round(100 * float(length[on].sum()) / max(float(length.sum()), 1e-9))
