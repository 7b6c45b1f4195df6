"""People hang on places: dealt whole, to the person, on oblique ground; what nobody counted stays unknown."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.ops import split

from layers.population import (
    KINDS,
    Counts,
    Facts,
    Place,
    Share,
    groups_of,
    inner_point,
    is_vacant,
    of_leaf,
    owners,
    total,
)

#        D
#      /   \        An oblique diamond cut in two by the line from A to C:
#    A-------C      `WEST` keeps fid 7, `EAST` is new (-1).
#      \   /
#        B
A, B, C, D = (
    (1_202_100_000, 230_000_000),
    (1_202_103_100, 229_998_300),
    (1_202_105_000, 230_001_900),
    (1_202_101_700, 230_003_700),
)
WEST, EAST = shapely.Polygon([A, C, D]), shapely.Polygon([A, B, C])
WHOLE = shapely.Polygon([A, B, C, D])
LEAVES = [(7, shapely.MultiPolygon([WEST])), (-1, shapely.MultiPolygon([EAST]))]


def counts(households: int | None, resident: int | None = None, special=None, **more) -> Counts:
    values = households, resident, None, None, None
    return Counts(values, special, 1, int(households is None), vacant=int(is_vacant(values)), **more)


def share(own: Counts, fid: int = 1, cell: int = 3, area: int = 7, weight: float = 1.0, shape=WHOLE) -> Share:
    return Share(fid, cell, area, weight, shape, own)


# --- sums --------------------------------------------------------------------------------------------------------------
def test_a_sum_knows_what_is_known_and_how_much_is_not():
    whole = total([counts(3, 8, {"minor": 1}), counts(None, 4), counts(0, 0, {"minor": 2, "dialysis": 1})])
    assert (whole.households, whole.people("resident"), whole.people("tenant")) == (3, 12, None)
    assert (whole.facts, whole.unknown, whole.counted) == (3, 1, False)
    assert whole.special == {"minor": 3, "dialysis": 1}


@pytest.mark.parametrize(("parts", "expected"), [
    ([counts(0, 0)], {}),  # counted, and nobody is there
    ([of_leaf(None, True, "resident")], {}),
    ([of_leaf(None, True, "resident"), counts(0, 0)], {}),
    ([of_leaf(None, True, "resident"), counts(9, 20)], None),  # people whose groups nobody counted
    ([of_leaf(None, True, "resident"), counts(9, 20, {"minor": 2})], {"minor": 2}),
    ([of_leaf(None, True, "resident"), counts(None)], None),
    ([of_leaf(None, None, "resident")], None),
    ([counts(0)], None),  # no household, and nobody asked for people: a dormitory
    ([counts(0), counts(0, 0)], None),  # and a hall beside it
    ([counts(0, 30)], None),
    ([Counts((0, 0, None, 4, None), None, 1, vacant=int(is_vacant((0, 0, None, 4, None))))], None),  # tenants
    ([counts(None, 0)], None),
    ([counts(5, 0)], None),
])  # fmt: skip
def test_where_it_is_known_that_nobody_lives_there_are_no_special_groups(parts: list[Counts], expected):
    whole = total(parts)
    assert groups_of(whole, counted=whole.counted) == expected
    assert groups_of(whole, counted=False) == whole.special, "what else lies there is not known"
    assert whole.special is None or expected == whole.special


def test_nothing_is_unknown_not_zero():
    assert total([]).households is None and not total([]).counted and total([]).special is None
    assert counts(0).counted and counts(0).households == 0 and not counts(None).counted


def test_a_sum_keeps_the_oldest_date_and_says_when_something_was_estimated():
    whole = total([counts(1, counted_at="2026-02-01"), counts(1, counted_at="2025-12-24"), counts(1)])
    assert whole.counted_at == "2025-12-24" and not whole.estimated
    assert total([counts(1), counts(1, estimated=True)]).estimated


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 500),
            st.none() | st.integers(0, 500),
            st.dictionaries(st.sampled_from(("minor", "dialysis")), st.integers(0, 9)) | st.none(),
        ),
        max_size=8,
    ),
    st.randoms(),
)
def test_the_order_of_a_sum_does_not_matter(rows, dice):
    parts = [counts(*row) for row in rows]
    mixed = parts[:]
    dice.shuffle(mixed)
    assert total(parts) == total(mixed)


def test_ground_known_to_be_empty_is_zero_and_known():
    assert of_leaf(None, None, "resident").households is None
    empty = of_leaf(None, True, "resident")
    assert (empty.households, empty.people("resident"), empty.counted) == (0, 0, True)
    assert of_leaf(counts(5), True, "resident").households == 5, "who is counted there counts more"


# --- owners ---------------------------------------------------------------------------------------------------------------
def test_a_place_belongs_to_the_leaf_it_lies_in():
    inside = [WEST.representative_point(), EAST.representative_point()]
    assert owners(inside, [7, -1], np.array([shape for _, shape in LEAVES], dtype=object)) == [7, -1]


def test_a_place_exactly_on_the_border_has_one_owner_the_first_or_the_one_it_had():
    vertex = shapely.Point(A)
    shapes = np.array([shape for _, shape in LEAVES], dtype=object)
    assert owners([vertex], [7, -1], shapes) == [7]
    assert owners([vertex], [-1, 7], shapes[::-1]) == [-1]
    assert owners([vertex], [7, -1], shapes, [(-1,)]) == [-1]
    assert owners([vertex], [7, -1], shapes, [(99, -1, 7)]) == [-1], "the best that is there"
    assert owners([EAST.representative_point()], [7, -1], shapes, [(7,)]) == [-1], "nobody keeps what lies elsewhere"


def test_a_place_in_no_leaf_goes_to_the_nearest():
    shapes = np.array([shape for _, shape in LEAVES], dtype=object)
    assert owners([shapely.Point(B[0] + 50, B[1] - 200), shapely.Point(D[0], D[1] + 90)], [7, -1], shapes) == [-1, 7]
    assert owners([], [7, -1], shapes) == []


def test_the_inner_point_of_a_horseshoe_lies_in_it():
    horseshoe = shapely.Polygon([(0, 0), (90, 5), (92, 20), (15, 16), (13, 60), (95, 64), (96, 80), (-4, 75)])
    assert not horseshoe.contains(horseshoe.centroid)
    assert horseshoe.contains(inner_point(horseshoe))
    assert inner_point(WHOLE).equals(WHOLE.centroid)


# --- dealing ----------------------------------------------------------------------------------------------------------------
def test_a_cell_is_dealt_by_ground_and_marked_estimated():
    dealt = Facts(shares=(share(counts(100, 250)),)).deal(LEAVES)
    west, east = (next(one for one in dealt.shares if one.area == fid) for fid in (7, -1))
    part = WEST.area / WHOLE.area
    assert west.counts.households == round(100 * part) and west.counts.households + east.counts.households == 100
    assert west.counts.people("resident") + east.counts.people("resident") == 250
    assert (west.fid, east.fid) == (1, 0), "the keeper keeps its row, the other gets a new one"
    assert west.weight == pytest.approx(part) and west.weight + east.weight == pytest.approx(1)
    assert west.counts.estimated and east.counts.estimated and dealt.counts[7].estimated


def test_a_leaf_that_holds_a_whole_cell_is_not_estimated():
    both = (share(counts(40), 1, area=7, weight=0.4), share(counts(60), 2, area=8, weight=0.6))
    dealt = Facts(shares=both).deal([(7, shapely.MultiPolygon([WHOLE]))])
    (one,) = dealt.shares
    assert (one.fid, one.counts.households, one.weight, one.counts.estimated) == (1, 100, 1.0, False)


def test_what_rounding_leaves_along_a_border_is_no_ground():
    nearly = shapely.MultiPolygon([shapely.Polygon([A, C, D]).buffer(0.3)])
    dealt = Facts(shares=(share(counts(10), shape=EAST),)).deal([(7, nearly), (-1, LEAVES[1][1])])
    assert [one.area for one in dealt.shares] == [-1]


def test_only_heirs_of_a_leaf_get_people_of_its_cells():
    """
    A line over two leaves cuts both. The unknown cell of the one says nothing about the other, whatever rounding does.
    """
    far = shapely.MultiPolygon([shapely.box(B[0], B[1] - 3000, B[0] + 3000, B[1] + 40)])  # reaches over the border
    leaves = [*LEAVES, (8, far)]
    facts = Facts(shares=(share(counts(None)),))
    assert {one.area for one in facts.deal(leaves).shares} == {7, -1, 8}
    assert {one.area for one in facts.deal(leaves, {7: (7, -1), 8: (8,)}).shares} == {7, -1}


def test_houses_decide_where_people_of_a_cell_live_by_their_floors():
    homes = (
        Place(1, WEST.representative_point(), Counts(), floor=300.0),
        Place(2, EAST.representative_point(), Counts(), floor=100.0),
    )
    dealt = Facts(homes, (share(counts(80)),)).deal(LEAVES)
    assert {one.area: one.counts.households for one in dealt.shares} == {7: 60, -1: 20}
    alone = Facts(homes[1:], (share(counts(80)),)).deal(LEAVES)
    assert {one.area: one.counts.households for one in alone.shares} == {-1: 80}


def test_a_house_on_the_rim_of_a_cell_says_nothing_about_it():
    """It may stand for the people of the cell next door."""
    rim = Place(1, shapely.Point(B), Counts(), floor=900.0)
    dealt = Facts((rim,), (share(counts(80)),)).deal(LEAVES)
    assert len(dealt.shares) == 2


def test_a_house_on_the_new_border_stays_with_the_heirs_of_its_leaf():
    spot = shapely.Point(A)
    facts = Facts((Place(1, spot, counts(5), area=9),))
    leaves = [(8, LEAVES[0][1]), (-1, LEAVES[1][1])]
    assert facts.deal(leaves, {9: (9, -1), 8: (8,)}).owner == {1: -1}
    assert facts.deal(leaves, {9: (9, 8)}).owner == {1: 8}
    assert facts.deal(leaves).owner == {1: 8}


def test_unknown_stays_unknown_in_every_part():
    dealt = Facts(shares=(share(counts(None, None, {"minor": 4})),)).deal(LEAVES)
    assert [one.counts.households for one in dealt.shares] == [None, None]
    assert [one.counts.unknown for one in dealt.shares] == [1, 1]
    assert sum(one.counts.special.get("minor", 0) for one in dealt.shares) == 4


def test_ties_go_to_the_lower_fid_and_known_areas_come_before_new_ones():
    square = [(5, shapely.MultiPolygon([shapely.box(0, 0, 10, 10)])), (-1, shapely.MultiPolygon([shapely.box(10, 0, 20, 10)])),
              (2, shapely.MultiPolygon([shapely.box(20, 0, 30, 10)]))]  # fmt: skip
    cell = shapely.box(0, 0, 30, 10)
    for number, expected in ((1, {2: 1, 5: 0, -1: 0}), (2, {2: 1, 5: 1, -1: 0}), (4, {2: 2, 5: 1, -1: 1})):
        dealt = Facts(shares=(share(counts(number), area=5, shape=cell),)).deal(square)
        assert {one.area: one.counts.households for one in dealt.shares} == expected
    assert [one.area for one in dealt.shares] == [5, -1, 2], "rows in the order of the leaves"


def _oblique_pieces(seed: int, number: int) -> list[tuple[int, shapely.MultiPolygon]]:
    dice, pieces = random.Random(seed), [WHOLE]
    for _ in range(number):
        middle = WHOLE.representative_point()
        turn, off = dice.uniform(0, np.pi), dice.uniform(-900, 900)
        way = np.array([np.cos(turn), np.sin(turn)]) * 9000
        line = shapely.LineString(
            [(middle.x + off - way[0], middle.y - way[1]), (middle.x + off + way[0], middle.y + way[1])]
        )
        pieces = [part for piece in pieces for part in shapely.get_parts(split(piece, line))]
    return [(k + 1 if k % 2 else -k - 1, shapely.MultiPolygon([piece])) for k, piece in enumerate(pieces)]


@given(
    st.integers(0, 10_000), st.integers(0, 4), st.none() | st.integers(0, 3000), st.none() | st.integers(0, 9000),
    st.dictionaries(st.sampled_from(("minor", "dialysis", "mental")), st.integers(0, 40), max_size=3) | st.none(),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 500)), max_size=5),
)  # fmt: skip
def test_everybody_is_dealt_whole_and_nobody_is_lost(seed, cuts, households, resident, special, homes):
    leaves = _oblique_pieces(seed, cuts)
    places = tuple(
        Place(k, shapely.Point(A[0] + x * 5000, A[1] - 1700 + y * 5400), counts(1, 2), floor)
        for k, (x, y, floor) in enumerate(homes)
    )
    own = counts(households, resident, special)
    dealt = Facts(places, (share(own),)).deal(leaves)
    back = total(one.counts for one in dealt.shares)
    assert (back.households, back.people("resident")) == (households, resident)
    assert {group: number for group, number in (back.special or {}).items() if number} == {
        group: number for group, number in (special or {}).items() if number}  # fmt: skip
    assert sum(one.weight for one in dealt.shares) == pytest.approx(1)
    assert set(dealt.owner) == {place.fid for place in places} and set(dealt.owner.values()) <= {
        fid for fid, _ in leaves
    }
    whole = total(dealt.counts.values())
    assert whole.people("resident") == (None if resident is None and not places else (resident or 0) + 2 * len(places))
    for one in dealt.shares:
        assert all(value is None or value >= 0 for value in one.counts.values)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(0, 500))
def test_cut_and_merged_again_a_cell_is_as_it_was(seed, cuts, number):
    leaves = _oblique_pieces(seed, cuts)
    own = share(counts(number, 2 * number, {"minor": number // 3}))
    parts = Facts(shares=(own,)).deal(leaves).shares
    stored = tuple(share(one.counts, k + 1, 3, one.area, one.weight) for k, one in enumerate(parts))
    (one,) = Facts(shares=stored).deal([(7, shapely.MultiPolygon([WHOLE]))]).shares
    assert one.counts.values == own.counts.values and (one.counts.special or {}).get("minor", 0) == number // 3
    assert one.weight == pytest.approx(1) and not one.counts.estimated


def test_kinds_are_the_households_and_every_kind_of_people():
    assert KINDS[0] == "households" and "resident" in KINDS and len(set(KINDS)) == len(KINDS)
