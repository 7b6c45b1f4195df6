"""Whose people count where zones overlap: parts of cells keep their numbers, nobody is lost and nobody counts twice."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import BadInput, DerivedKind, LaxerKind
from layers.population import KINDS, Counts
from layers.rules import Profile, ZoneKind
from layers.zones import Claim, Slice, drawn_kind, part_of, portion, rest, share_out, stairwell_ground, stricter_kind, together

KIND = [ZoneKind(name, name, name, rank, name[0], name[0], alias=alias)
        for name, rank, alias in (("lockdown", 30, ["high"]), ("control", 20, ["medium"]), ("prevention", 10, ["low"]))]
PROFILE = Profile("三区", "three", KIND, "prevention")
CELL = shapely.box(0, 0, 1000, 1000)
numbers = st.integers(0, 300)


def values(households: int | None, people: int | None = None) -> tuple:
    return (households, households if people is None else people, *(None,) * (len(KINDS) - 2))


def taken(claims: list[Claim], slices: list[Slice]) -> dict[int, int]:
    """Households by zone."""
    found: dict[int, int] = {}
    for zone, _, got, _ in share_out(claims, slices):
        found[zone] = found.get(zone, 0) + (got[0] or 0)
    return found


@given(numbers, st.lists(st.tuples(st.floats(0, 100), numbers), min_size=1, max_size=6))
def test_a_portion_never_exceeds_the_room_and_loses_nobody_there_is_room_for(number: int, places: list) -> None:
    weights, room = [one for one, _ in places], [left for _, left in places]
    dealt = portion(number, weights, room)
    assert sum(dealt) == min(number, sum(room)) and all(0 <= got <= left for got, left in zip(dealt, room, strict=True))


@given(st.lists(numbers, min_size=1, max_size=4), st.lists(st.tuples(numbers, st.integers(0, 900), st.integers(50, 1000)), min_size=1, max_size=4))
def test_zones_over_one_cell_never_hold_more_than_the_cell(held: list[int], zones: list) -> None:
    width = 1000 // len(held)
    slices = [Slice(k, values(number), {"minor": number}, shapely.box(k * width, 0, (k + 1) * width, 1000)) for k, number in enumerate(held)]
    claims = [Claim(k, part_of(values(part), {"minor": part}, 0.5), shapely.box(0, low, 1000, min(1000, low + height)))
              for k, (part, low, height) in enumerate(zones)]
    found, groups = {}, 0
    for zone, leaf, got, special in share_out(claims, slices):
        found[zone, leaf] = got[0]
        groups += sum((special or {}).values())
    for leaf, number in enumerate(held):
        assert 0 <= sum(got for (_, one), got in found.items() if one == leaf) <= number
    assert groups <= sum(held)
    first = sum(got for (zone, _), got in found.items() if zone == 0)
    assert first == min(zones[0][0], sum(held)), "the strictest keeps its part"


#   +-----------+
#   | A A A     |   A strict: the western 60 %, 18 of 30
#   |   B B B B |   B lax: the eastern 80 %, 24 of 30; a half of it lies under A
#   +-----------+
def test_the_laxer_zone_gets_what_lies_outside_the_stricter_one() -> None:
    strict, lax = shapely.box(0, 0, 600, 1000), shapely.box(200, 0, 1000, 1000)
    claims = [Claim(1, part_of(values(18), None, 0.6), strict), Claim(2, part_of(values(24), None, 0.8), lax)]
    assert taken(claims, [Slice(7, values(30), None, CELL)]) == {1: 18, 2: 12}


def test_a_zone_that_holds_all_of_a_cell_leaves_nothing_and_takes_what_a_stricter_part_leaves() -> None:
    part = Claim(1, part_of(values(10), None, 0.3), shapely.box(0, 0, 300, 1000))
    assert taken([part, Claim(2, None, CELL)], [Slice(7, values(30), None, CELL)]) == {1: 10, 2: 20}
    assert taken([Claim(2, None), part], [Slice(7, values(30), None, CELL)]) == {2: 30, 1: 0}


def test_a_part_keeps_its_numbers_when_the_cell_is_counted_anew_but_never_more_than_the_cell() -> None:
    part = Claim(1, part_of(values(18), None, 0.6), None)
    assert taken([part], [Slice(7, values(40), None)]) == {1: 18}
    assert taken([part], [Slice(7, values(5), None)]) == {1: 5}


def test_a_part_of_a_cell_that_nobody_had_counted_follows_its_ground_later() -> None:
    part = Claim(1, part_of(values(None), None, 0.25), None)
    assert taken([part], [Slice(7, values(40), {"minor": 8})]) == {1: 10}
    assert [got for *_, got in share_out([part], [Slice(7, values(40), {"minor": 8})])] == [{"minor": 2}]
    (_, _, got, special), = share_out([part], [Slice(7, values(None), None)])
    assert got[0] is None and special is None


def test_what_is_left_of_a_scope_keeps_unknown_unknown() -> None:
    whole, held = Counts((100, 240, None, None, None), {"minor": 9, "dialysis": 2}), Counts((30, 70, 5, None, None), {"minor": 4})
    left = rest(whole, held)
    assert left.values[:3] == (70, 170, None) and left.special == {"minor": 5, "dialysis": 2}


def test_kinds_go_by_their_rank() -> None:
    assert drawn_kind(PROFILE, "high").id == "lockdown" and stricter_kind(PROFILE, "control", "lockdown").id == "lockdown"
    for now, name in (("lockdown", "control"), ("lockdown", "high")):
        with pytest.raises(LaxerKind):
            stricter_kind(PROFILE, now, name)
    with pytest.raises(DerivedKind):
        stricter_kind(PROFILE, "control", "prevention")
    with pytest.raises(BadInput):
        drawn_kind(PROFILE, "castle")


def test_the_ground_of_stairwells_partitions_their_house() -> None:
    house = shapely.Polygon([(0, 0), (900, 300), (800, 600), (-100, 300)])
    doors = [shapely.Point(100, 170), shapely.Point(400, 300), shapely.Point(700, 420)]
    parts = [stairwell_ground(house, doors, [k == one for k in range(3)]) for one in range(3)]
    assert sum(part.area for part in parts) == pytest.approx(house.area, rel=1e-2)
    assert all(shapely.intersects(part, door) for part, door in zip(parts, doors, strict=True))
    assert stairwell_ground(house, doors, [True, True, True]) == house
    for unclear in ([doors[0], doors[0], doors[2]], [doors[0], None, doors[2]]):
        assert stairwell_ground(house, unclear, [True, False, False]) == house


def test_ground_that_touches_is_joined_and_the_rest_left_as_it_is() -> None:
    apart, west, east = shapely.box(5000, 0, 6000, 700), shapely.box(0, 0, 1000, 1000), shapely.box(900, 0, 2000, 1000)
    joined = together([apart, west, east])
    assert len(joined.geoms) == 2 and joined.area == apart.area + 2000 * 1000 and joined.is_valid
    assert together([shapely.Point(1, 1)]) is None
