"""Zones (管控区域): kinds of the profile in force, what a proposal is made of, and its counts.

The fill kind (prevention, low risk) is the rest of the scope: derived, never drawn (`domain.md` finding 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from .errors import BadGeometry, BadInput
from .population import Counts, Facts, total
from .rules import Profile, ZoneKind

STATUSES = ("proposed", "in_force", "lifted")


@dataclass(frozen=True, slots=True)
class Tally:
    """People of a zone: the sum, leaves whose people nobody knows, and whether a cell had to be shared by area."""

    counts: Counts
    unknown_leaves: int
    estimated: bool


def drawn_kind(profile: Profile, name: str) -> ZoneKind:
    """The kind of that name or alias. Raises BadInput for an unknown kind and for the fill kind."""
    kind = profile.kind(name)
    if kind is None:
        raise BadInput(f"{name}: no such kind of zone; one of {', '.join(one.id for one in profile.kinds)}")
    if kind.id == profile.fill_kind:
        raise BadInput(f"{kind.id} is what the other zones leave; it is never drawn")
    return kind


def whole(shapes: Sequence[shapely.MultiPolygon]) -> shapely.MultiPolygon:
    """The ground of several areas as one shape (units); their common borders go."""
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    merged = shapely.coverage_union_all(parts) if len(parts) > 1 else parts[0]
    return shapely.MultiPolygon(shapely.get_parts(merged).tolist())


def tally_areas(leaves: Sequence[Counts]) -> Tally:
    """Whole leaves: the sum of what they hold."""
    counts = total(leaves)
    return Tally(counts, sum(not one.counted for one in leaves), counts.estimated)


def tally_ground(shape: shapely.Geometry, facts: Facts, leaves: Sequence[tuple[shapely.MultiPolygon, Counts]]) -> Tally:
    """A freehand border (units): buildings whose inner point lies inside; cells cut by it are shared by ground, marked
    estimated; leaves it touches that nobody counted are unknown."""
    if shape.is_empty or not shape.is_valid:
        raise BadGeometry("the zone's border crosses itself: " + shapely.is_valid_reason(shape))
    shapely.prepare(shape)
    held = [place.counts for place in facts.places if shapely.intersects(shape, place.point)]
    estimated = False
    for share in facts.shares:
        inside = shapely.area(shapely.intersection(share.shape, shape)) / share.shape.area
        if inside > 0.999999:
            held.append(share.counts)
        elif inside > 1e-6:
            estimated = True
            values = tuple(None if value is None else int(round(value * inside)) for value in share.counts.values)
            groups = share.counts.special
            special = None if groups is None else {group: int(round(number * inside)) for group, number in groups.items()}
            held.append(Counts(values, special, 1, share.counts.unknown, 0, 0, True, share.counts.counted_at))
    unknown = sum(1 for ground, counts in leaves if not counts.counted and shapely.intersects(shape, ground)
                  and shapely.area(shapely.intersection(shape, ground)) > 1e-6 * ground.area)
    return Tally(total(held), unknown, estimated)
