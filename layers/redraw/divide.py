"""Divide areas into balanced ones (等分): along roads, never through a building, as even as the planner wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

from ..areas import UNITS_PER_DEGREE, Area
from ..blocks import first_in
from ..cells import Town, points_of
from ..coverage import Coverage, prove
from ..division import Proposal, Wish, propose
from ..edits import Edit, Finding
from ..errors import AreaLocked, BadInput, NotLeaf, ProofFailed
from ..inner_borders import ROAD
from ..measure import area_m2, distance_m
from .ground import Deal, ground_of, lay, sibling
from .split import Weigh

Propose = Callable[[np.ndarray, Town, Wish], Proposal]
MOST_LISTED = 50  # findings of one kind


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
    made = [proposed(*asked) for asked in zip(grounds, towns, wishes, strict=True)]
    for straight in (True, False):
        try:
            edit = _edit(coverage, groups, made, towns, straight)
            prove(edit, coverage)
            return edit
        except ProofFailed:
            if not straight:
                raise
    raise AssertionError


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


def _edit(coverage: Coverage, groups: Sequence[Sequence[Area]], made: Sequence[Proposal], towns: Sequence[Town],
          straight: bool) -> Edit:
    """The areas as proposed, on the coverage as it is: neighbours gain the vertices where new borders end."""
    before = tuple(area for group in groups for area in group)
    laid = lay(coverage, groups, [Deal(one.straight if straight else one.exact, one.faces, one.part, len(one.load)) for one in made])
    after: list[Area] = []
    gave: dict[int, tuple[int, ...]] = {}
    successor: dict[int, int] = {}
    findings: list[Finding] = []
    for group, one, pieces, town in zip(groups, made, laid.pieces, towns, strict=True):
        _name(group, pieces, town, sum(area.fid < 0 for area in after), after, gave, successor)
        findings += _findings(group, one, town)
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
        after.append(sibling(source, new[k], number))
    for k, fid in fids.items():
        gave[fid] = tuple(group[j].fid for j in range(len(group)) if ground[k, j] > 100)
    for j, area in enumerate(group):
        if area.fid not in {one.fid for one in after[first:]}:
            successor[area.fid] = fids[int(worth[:, j].argmax())]


def _findings(group: Sequence[Area], made: Proposal, town: Town) -> list[Finding]:
    """What a person should know: buildings no division can fit, and ground nobody was counted on."""
    found = []
    for number, homes in sorted(made.heavy, key=lambda one: (-one[1], one[0]))[:MOST_LISTED]:
        spot = shapely.get_coordinates(shapely.point_on_surface(town.buildings[number]))[0] / UNITS_PER_DEGREE
        found.append(Finding("building-too-heavy", f"one building alone has {homes:.0f} households", where=tuple(spot.tolist()), count=int(homes)))
    along = [line for line in made.exact if len(line) > 1]
    if along and len(town.lines):
        found.append(Finding("along-roads", "share of the new borders along roads, walls and water", count=_share_along(along, town)))
    if made.by_ground:
        found.append(Finding("divided-by-ground", "nobody was counted here: parts of equal ground", code=group[0].code))
    return found


def _share_along(lines: Sequence[np.ndarray], town: Town) -> int:
    """Per cent of the borders that run along a line of the town."""
    ends = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines]).astype(float)
    length = distance_m(ends[:, 0], ends[:, 1])
    on = np.zeros(len(ends), bool)
    on[shapely.STRtree(town.lines).query(shapely.points(ends.mean(axis=1)), predicate="dwithin", distance=ROAD)[0]] = True
    return round(100 * float(length[on].sum()) / max(float(length.sum()), 1e-9))
