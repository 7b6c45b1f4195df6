"""Facts hang on places: buildings, stairwells and cells. Area figures are sums; a redraw changes sums, never facts.

Unknown is not zero: a count nobody gave is None, and a sum says how many of its facts are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from .schema import PEOPLE_KINDS

KINDS = ("households", *PEOPLE_KINDS)
THINNEST = 3  # units (3 cm): ground of a cell that is thinner on average came from rounding


@dataclass(frozen=True, slots=True)
class Counts:
    """A sum of facts. `values` follow KINDS, None = unknown; `facts` counts the places summed, `unknown` those among
    them whose households nobody gave, `vacant` those where it is known that nobody lives; `homes` are buildings with
    stairwells where somebody lives."""

    values: tuple[int | None, ...] = (None,) * len(KINDS)
    special: Mapping[str, int] | None = None  # None: nobody counted special groups
    facts: int = 0
    unknown: int = 0
    buildings: int = 0
    homes: int = 0
    estimated: bool = False
    counted_at: str | None = None  # date of the oldest count, ISO
    vacant: int = 0

    def __add__(self, other: Counts) -> Counts:
        special = add_groups(self.special, other.special)
        dates = [date for date in (self.counted_at, other.counted_at) if date]
        return Counts(
            tuple(_plus(a, b) for a, b in zip(self.values, other.values)), special, self.facts + other.facts,
            self.unknown + other.unknown, self.buildings + other.buildings, self.homes + other.homes,
            self.estimated or other.estimated, min(dates, default=None), self.vacant + other.vacant)

    @property
    def households(self) -> int | None:
        return self.values[0]

    def people(self, kind: str) -> int | None:
        """People of one kind."""
        return self.values[KINDS.index(kind)]

    @property
    def counted(self) -> bool:
        """True when there is a fact and every fact is known."""
        return self.facts > 0 and self.unknown == 0


def add_groups(a: Mapping[str, int] | None, b: Mapping[str, int] | None) -> Mapping[str, int] | None:
    """People of special groups together; None only when neither is known."""
    if a is None or b is None:
        return b if a is None else a
    return {group: a.get(group, 0) + b.get(group, 0) for group in sorted({*a, *b})}


def _plus(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a + b


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of all."""
    result = Counts()
    for one in counts:
        result = result + one
    return result


def of_leaf(counts: Counts | None, uninhabited: bool | None, kind: str) -> Counts:
    """What a leaf holds. Without any fact it is unknown, unless somebody saw that nobody lives there, or it was cut
    from counted ground: then households and people (of `kind`, *the* figure) are zero."""
    if counts is not None and counts.facts:
        return counts
    if not uninhabited:
        return Counts()
    return Counts(tuple(0 if name in ("households", kind) else None for name in KINDS), None, 1, vacant=1)


def groups_of(counts: Counts, *, counted: bool) -> Mapping[str, int] | None:
    """People of special groups: as counted; none where all that was summed is `counted` and known to be vacant; else
    None, for nobody asked."""
    return {} if counts.special is None and counted and 0 < counts.facts == counts.vacant else counts.special


def is_vacant(values: Sequence[int | None]) -> bool:
    """True when these counts (by KINDS) say that nobody lives there: no household and no resident, and nobody else."""
    return values[0] == 0 == values[1] and not any(values)


@dataclass(frozen=True, slots=True)
class Place:
    """A building (楼栋) as a fact: an inner point in units, what was counted there, its floor area as a weight."""

    fid: int
    point: shapely.Point
    counts: Counts
    floor: float = 0.0  # outline in square units x floors: only compared with others nearby
    shape: shapely.Geometry | None = None  # outline in units
    area: int | None = None  # the leaf it belongs to now


@dataclass(frozen=True, slots=True)
class Share:
    """What a leaf holds of a cell: the cell's shape in units, the weight and the whole people dealt to it."""

    fid: int
    cell: int
    area: int
    weight: float
    shape: shapely.Geometry
    counts: Counts


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of the leaves an edit changes, and the points that only follow the ground (gates, addresses …)."""

    places: tuple[Place, ...] = ()
    shares: tuple[Share, ...] = ()

    def deal(self, leaves: Sequence[tuple[int, shapely.MultiPolygon]],
             heirs: Mapping[int, Sequence[int]] | None = None) -> Dealt:
        """Hands every building to one leaf and every share to the leaves it lies in. `leaves` are (fid, shape in
        units) of the new ground; the order decides ties. `heirs` are the leaves that hold the ground of each leaf now:
        a building exactly on a border stays on its side. Nothing is lost: what lies in none goes to the nearest."""
        order = [fid for fid, _ in leaves]
        shapes = np.array([shape for _, shape in leaves], dtype=object)
        first = [heirs.get(place.area, (place.area,)) for place in self.places] if heirs is not None else ()
        owner = dict(zip((place.fid for place in self.places), owners([p.point for p in self.places], order, shapes, first)))
        held: dict[int, list[Counts]] = {fid: [] for fid in order}
        for place in self.places:
            held[owner[place.fid]].append(place.counts)
        shares: list[Share] = []
        by_cell: dict[int, list[Share]] = {}
        for share in self.shares:
            by_cell.setdefault(share.cell, []).append(share)
        for parts in by_cell.values():
            known = [heirs[part.area] for part in parts if part.area in heirs] if heirs is not None else []
            may = {fid for some in known for fid in some} if len(known) == len(parts) else set(order)
            for share in _deal_cell(parts, order, shapes, self.places, owner, may):
                shares.append(share)
                held[share.area].append(share.counts)
        return Dealt(owner, tuple(shares), {fid: total(counts) for fid, counts in held.items()})


@dataclass(frozen=True, slots=True)
class Dealt:
    """Facts after a deal: owner of each building, the new shares (fid 0 = new), the sums per leaf."""

    owner: Mapping[int, int]
    shares: tuple[Share, ...]
    counts: Mapping[int, Counts]


def owners(points: Sequence[shapely.Point], fids: Sequence[int], shapes: np.ndarray,
           first: Sequence[Sequence[int]] = ()) -> list[int]:
    """The leaf of each point among those that touch it: one of `first` (per point, the best first), else the first in
    the order of `fids`; where none touches it, the nearest. One owner each."""
    if not len(points):
        return []
    touching = np.zeros((len(shapes), len(points)), bool)
    for place, shape in enumerate(shapes):
        shapely.prepare(shape)
        touching[place] = shapely.intersects(shape, np.asarray(points, dtype=object))
    result = np.where(touching.any(axis=0), touching.argmax(axis=0), -1)
    row = {fid: place for place, fid in enumerate(fids)}
    for k, wanted in enumerate(first):
        result[k] = next((row[fid] for fid in wanted if fid in row and touching[row[fid], k]), result[k])
    for lost in np.flatnonzero(result < 0):
        result[lost] = int(np.argmin(shapely.distance(points[lost], shapes)))
    return [fids[place] for place in result]


def _deal_cell(parts: list[Share], fids: Sequence[int], shapes: np.ndarray, places: Sequence[Place],
               owner: Mapping[int, int], may: Collection[int]) -> list[Share]:
    """One cell's people among those leaves that `may` have ground of it: weight = floor area of its buildings where
    known, else area."""
    cell = parts[0].shape
    counts = replace(total(part.counts for part in parts), facts=1)
    weight = sum(part.weight for part in parts)
    if len(fids) == 1:
        amounts = np.ones(1)
    else:
        amounts, open_to = np.zeros(len(fids)), np.array([fid in may for fid in fids])
        shapely.prepare(cell)
        for place in places:
            if place.floor > 0 and shapely.contains(cell, place.point):  # on its border it may be the neighbour's
                amounts[fids.index(owner[place.fid])] += place.floor
        amounts = np.where(open_to, amounts, 0)
        if not amounts.any():
            amounts = np.where(open_to, _ground(cell, shapes), 0)
        if not amounts.any():
            amounts[int(np.argmin(np.where(open_to, shapely.distance(cell, shapes), np.inf)))] = 1
    kept = {part.area: part.fid for part in parts}
    ratio = amounts / amounts.sum()
    order = sorted(range(len(fids)), key=lambda k: (fids[k] < 0, abs(fids[k])))
    dealt_values = [_largest_remainder(value, ratio, order) for value in counts.values]
    groups = {group: _largest_remainder(number, ratio, order) for group, number in (counts.special or {}).items()}
    split = int((amounts > 0).sum()) > 1 or weight < 1 - 1e-9  # a leaf that holds the whole cell is not estimated
    result = []
    for k, fid in enumerate(fids):
        if amounts[k] <= 0:
            continue
        own = Counts(
            tuple(None if values is None else values[k] for values in dealt_values),
            None if counts.special is None else {group: numbers[k] for group, numbers in groups.items() if numbers[k]}, 1,
            1 if counts.values[0] is None else 0, 0, 0, split, counts.counted_at)
        own = replace(own, vacant=int(is_vacant(own.values)))
        result.append(Share(kept.get(fid, 0), parts[0].cell, fid, round(float(weight * ratio[k]), 12), cell, own))
    return result


def _ground(cell: shapely.Geometry, shapes: np.ndarray) -> np.ndarray:
    """How much of the cell lies in each shape; slivers that rounding leaves along a border are no ground."""
    common = shapely.intersection(cell, shapes)
    area, length = shapely.area(common), shapely.length(common)
    return np.where(2 * area > THINNEST * length, area, 0)


def _largest_remainder(number: int | None, ratio: np.ndarray, order: Sequence[int]) -> list[int] | None:
    """Whole people by largest remainder; ties by `order` (fid)."""
    if number is None:
        return None
    exact = ratio * number
    whole = np.floor(exact + 1e-9).astype(int)
    rest = int(number - whole.sum())
    rank = sorted(order, key=lambda k: -round(float(exact[k] - whole[k]), 9))
    for k in rank[:rest]:
        whole[k] += 1
    return whole.tolist()


def inner_point(shape: shapely.Geometry) -> shapely.Point:
    """The point that decides where an object belongs: its centroid when inside, else a point on it."""
    centre = shapely.centroid(shape)
    return centre if shapely.intersects(shape, centre) else shapely.point_on_surface(shape)


def point_of(shape: shapely.Geometry) -> shapely.Point:
    """The point of an object that decides whose it is."""
    if shape.geom_type == "Point":
        return shape
    if "Line" in shape.geom_type:
        return shapely.line_interpolate_point(shapely.get_parts(shape)[0], 0.5, normalized=True)
    centre = shapely.centroid(shape)
    return centre if shapely.intersects(shape, centre) else shapely.point_on_surface(shape)
