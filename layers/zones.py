"""Zones (管控区域): kinds of the profile in force, what a zone is made of, and who counts where zones overlap.

The fill kind (prevention, low risk) is the rest of the scope: derived, never drawn (`domain.md` finding 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .errors import BadInput, DerivedKind, LaxerKind
from .population import KINDS, Counts, is_vacant
from .rules import Profile, ZoneKind

STATUSES = ("proposed", "in_force", "lifted")
ALL, NONE = 1 - 1e-6, 1e-6  # shares of a ground that are all of it, or none: rounding on a border

Values = tuple[int | None, ...]
Groups = Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Tally:
    """People of a zone: the sum, leaves whose people nobody knows, and whether a cell had to be shared by area."""

    counts: Counts
    unknown_leaves: int
    estimated: bool


class Sum:
    """Owns a sum of facts while they come in: thousands of places in a few milliseconds. Public: add, counts."""

    __slots__ = ("estimated", "facts", "special", "unknown", "vacant", "values")

    def __init__(self) -> None:
        self.values: list[int | None] = [None] * len(KINDS)
        self.special: dict[str, int] | None = None
        self.facts = self.unknown = self.vacant = 0
        self.estimated = False

    def add(self, values: Sequence[int | None], special: Groups = None, *, estimated: bool = False) -> None:
        """One more place; None is unknown."""
        held = self.values
        for k, value in enumerate(values):
            if value is not None:
                held[k] = value + (held[k] or 0)
        if special is not None:
            if self.special is None:
                self.special = {}
            for group, number in special.items():
                self.special[group] = self.special.get(group, 0) + number
        self.facts += 1
        self.unknown += values[0] is None
        self.vacant += is_vacant(values)
        self.estimated = self.estimated or estimated

    def merge(self, other: Sum) -> None:
        """All that came into another."""
        facts, unknown, vacant = self.facts + other.facts, self.unknown + other.unknown, self.vacant + other.vacant
        self.add(other.values, other.special, estimated=other.estimated)
        self.facts, self.unknown, self.vacant = facts, unknown, vacant

    @property
    def counts(self) -> Counts:
        """What came in so far."""
        special = None if self.special is None else dict(sorted(self.special.items()))
        return Counts(tuple(self.values), special, self.facts, self.unknown, 0, 0, self.estimated, vacant=self.vacant)


# ---- kinds -----------------------------------------------------------------------------------------------------------
def drawn_kind(profile: Profile, name: str) -> ZoneKind:
    """The kind of that name or alias. Raises BadInput for an unknown kind, DerivedKind for the fill kind."""
    kind = profile.kind(name)
    if kind is None:
        raise BadInput(f"{name}: no such kind of zone; one of {', '.join(one.id for one in profile.kinds)}")
    if kind.id == profile.fill_kind:
        raise DerivedKind(f"{kind.id} is what the other zones leave; it is never drawn")
    return kind


def stricter_kind(profile: Profile, now: str, name: str) -> ZoneKind:
    """The kind of that name, which must be stricter than the one now. Raises BadInput, DerivedKind, LaxerKind."""
    kind = drawn_kind(profile, name)
    if kind.rank <= rank_of(profile, now):
        raise LaxerKind(f"{kind.id} is not stricter than {now}; lift the zone and propose anew")
    return kind


def rank_of(profile: Profile, name: str) -> int:
    """How strict a kind is; one of another profile comes after all of this one."""
    kind = profile.kind(name)
    return 0 if kind is None else kind.rank


def name_of(profile: Profile, name: str) -> str:
    """The kind in words of the profile in force; its own name when that has none."""
    kind = profile.kind(name)
    return name if kind is None else kind.id


# ---- ground ----------------------------------------------------------------------------------------------------------
def whole(shapes: Sequence[shapely.MultiPolygon]) -> shapely.MultiPolygon:
    """The ground of several areas as one shape (units); their common borders go."""
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    merged = shapely.coverage_union_all(parts) if len(parts) > 1 else parts[0]
    return shapely.multipolygons(shapely.get_parts(merged))


def together(shapes: Sequence[shapely.Geometry]) -> shapely.MultiPolygon | None:
    """Houses, cells and areas as one ground (units); only what touches is joined. None when there is no ground."""
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    parts = parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)]
    if not len(parts):
        return None
    one, other = shapely.STRtree(parts).query(parts, predicate="intersects")
    links = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(parts), len(parts)))
    number, group = connected_components(links, directed=False)
    size = np.bincount(group, minlength=number)
    found = [parts[size[group] == 1]]
    order, first = np.argsort(group, kind="stable"), np.cumsum(size) - size
    for heap in np.flatnonzero(size > 1).tolist():  # each heap alone: all at once takes twenty times as long
        joined = shapely.get_parts(shapely.union_all(parts[order[first[heap]:first[heap] + size[heap]]], grid_size=1))
        found.append(joined[shapely.get_dimensions(joined) == 2])
    ground = np.concatenate(found)
    return shapely.multipolygons(ground) if len(ground) else None


def stairwell_ground(house: shapely.Geometry, doors: Sequence[shapely.Point | None], inside: Sequence[bool]) -> shapely.Geometry:
    """The ground of some stairwells of a house: what of it is nearer to their doors than to those of the others; all of
    the house where the doors do not tell."""
    spots = [] if None in doors else [(door.x, door.y) for door in doors]
    if all(inside) or len(set(spots)) < len(doors) or len(spots) < 2:
        return house
    around = shapely.voronoi_polygons(shapely.MultiPoint(spots), extend_to=house)
    fields = shapely.get_parts(around)
    mine = [field for field in fields for door, own in zip(doors, inside) if own and shapely.intersects(field, door)]
    part = shapely.intersection(house, shapely.union_all(mine), grid_size=1) if mine else house
    polygons = [one for one in shapely.get_parts(part) if one.geom_type == "Polygon" and one.area > 0]
    return shapely.MultiPolygon(polygons) if polygons else house


# ---- cells -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Claim:
    """What a zone holds of a cell: all of it (`part` None) or the numbers frozen when it was approved. `ground` (units)
    is what it covers of the cell, where that has to be known."""

    zone: int
    part: Mapping[str, Any] | None
    ground: shapely.Geometry | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """What a leaf holds of a cell now, and its ground (units) where that has to be known."""

    area: int
    values: Values
    special: Groups
    shape: shapely.Geometry | None = None


def part_of(values: Values, special: Groups, ratio: float) -> dict[str, Any]:
    """The numbers of a part of a cell, as they are kept; `ratio` tells later what unknown numbers would have been."""
    return {**dict(zip(KINDS, values)), "special": None if special is None else dict(special), "ratio": round(ratio, 9)}


def scaled(values: Values, special: Groups, share: float) -> tuple[Values, Groups]:
    """Whole people of a share of the ground."""
    return (tuple(None if value is None else _near(value * share) for value in values),
            None if special is None else {group: _near(number * share) for group, number in special.items()})


def needs_ground(claims: Sequence[Claim], slices: int) -> bool:
    """Whether `share_out` has to know where claims and slices lie."""
    return claims[0].part is not None and (len(claims) > 1 or slices > 1)


def share_out(claims: Sequence[Claim], slices: Sequence[Slice]) -> Iterator[tuple[int, int, Values, Groups]]:
    """A cell in several zones, the strictest first: (zone, leaf, people) with everybody once. A part keeps its frozen
    numbers as far as the cell still has them; a laxer zone gets of its part what lies outside the stricter ones."""
    room = [[*one.values] for one in slices]
    groups = [None if one.special is None else dict(one.special) for one in slices]
    names = sorted({group for held in groups if held for group in held})
    whole = [[slice_[k] for slice_ in room] for k in range(len(KINDS))]
    taken: shapely.Geometry | None = None
    for claim in claims:
        free, weights = 1.0, [1.0] * len(slices)
        if claim.part is not None and claim.ground is not None:
            ground = shapely.area(claim.ground)
            if taken is not None and ground:
                free = 1 - shapely.area(shapely.intersection(claim.ground, taken)) / ground
            if len(slices) > 1:
                weights = [float(shapely.area(shapely.intersection(claim.ground, one.shape))) for one in slices]
            taken = claim.ground if taken is None else shapely.union(taken, claim.ground)
        got: list[list[int | None]] = [[None] * len(KINDS) for _ in slices]
        for k, kind in enumerate(KINDS):
            numbers = _taken(claim.part, None if claim.part is None else claim.part.get(kind), whole[k], free, weights,
                             [left[k] for left in room])
            for place, number in enumerate(numbers):
                if number is not None:
                    got[place][k] = number
                    room[place][k] -= number
        special: list[dict[str, int] | None] = [None if held is None else {} for held in groups]
        told = None if claim.part is None else claim.part.get("special")
        for group in names:
            first = [None if one.special is None else one.special.get(group, 0) for one in slices]
            left = [None if held is None else held.get(group, 0) for held in groups]
            numbers = _taken(claim.part, None if told is None else told.get(group, 0), first, free, weights, left)
            for place, number in enumerate(numbers):
                if number:
                    special[place][group] = number
                    groups[place][group] -= number
        for place, one in enumerate(slices):
            yield claim.zone, one.area, tuple(got[place]), special[place]


def _taken(part: Mapping[str, Any] | None, number: int | None, whole: Sequence[int | None], free: float,
           weights: Sequence[float], room: Sequence[int | None]) -> list[int | None]:
    """One number of a claim, slice by slice, within the room that is left."""
    if part is None:
        return list(room)
    known = [place for place, left in enumerate(room) if left is not None]
    if not known:
        return list(room)
    if number is None:  # nobody had counted the cell when the part was frozen
        number = _near((part.get("ratio") or 0) * sum(whole[place] for place in known))
    dealt = portion(_near(number * free), [weights[place] for place in known], [room[place] for place in known])
    answer: list[int | None] = [None] * len(room)
    for place, count in zip(known, dealt):
        answer[place] = count
    return answer


def portion(number: int, weights: Sequence[float], room: Sequence[int]) -> list[int]:
    """A number dealt by weight in whole people, nowhere more than there is room: what does not fit goes where the weight
    is next; never more than all the room."""
    number = min(number, sum(room))
    weight = sum(weights)
    exact = [number * one / weight if weight > 0 else 0.0 for one in weights]
    got = [min(int(share + 1e-9), left) for share, left in zip(exact, room)]
    order = sorted(range(len(got)), key=lambda place: (round(got[place] - exact[place], 9), -weights[place], place))
    for most in (1, number):  # first the largest remainders, one each; then wherever there is room
        for place in order:
            more = min(most, room[place] - got[place], number - sum(got))
            got[place] += max(0, more)
    return got


def _near(number: float) -> int:
    return int(number + 0.5 + 1e-9)


def total(sums: Iterable[Sum]) -> Sum:
    """Several sums as one."""
    result = Sum()
    for one in sums:
        result.merge(one)
    return result


def rest(whole: Counts, taken: Counts) -> Counts:
    """What others leave of a scope: numbers of the whole that nobody knows stay unknown."""
    values = tuple(None if value is None else value - (less or 0) for value, less in zip(whole.values, taken.values))
    groups = None if whole.special is None else {
        group: number - (taken.special or {}).get(group, 0) for group, number in whole.special.items()}
    facts = max(0, whole.facts - taken.facts)  # a place that is shared counts in both: who is left tells whether it is vacant
    return Counts(values, groups, facts, max(0, whole.unknown - taken.unknown), 0, 0,
                  whole.estimated or taken.estimated, whole.counted_at, facts if is_vacant(values) else 0)
