"""Chains: exact borders, their sums and differences, and the shape of a parent renewed from them."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.areas import UNITS_PER_DEGREE, as_multi
from layers.chain import (
    NO_SEGMENTS,
    Segments,
    area2,
    courses,
    difference,
    directed_segments,
    match,
    pack,
    remainder,
    renew,
    splice,
    survey,
    unpack,
    without,
)
from layers.coverage import explode
from layers.errors import ProofFailed
from tests.layers.little_town import by_code, little_town

TOWN = little_town()
LEAVES = [area for area in TOWN if area.leaf]
CODES = by_code(TOWN)
coordinates = st.tuples(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))


def parts(*codes: str) -> np.ndarray:
    return explode([CODES[code] for code in codes])[0]


def union(leaves) -> shapely.MultiPolygon:
    return as_multi(shapely.coverage_union_all(explode(leaves)[0])) if leaves else shapely.MultiPolygon()


def renewed(old, new) -> shapely.MultiPolygon:
    exploded = [explode(side)[0] if side else [] for side in (old, new)]
    return renew(union(old), *difference(*exploded))


@given(st.lists(coordinates, min_size=1))
def test_packed_vertices_come_back_and_keep_their_order(points):
    xy = np.array(points, float)
    assert (unpack(pack(xy)) == xy).all()
    assert [tuple(p) for p in unpack(np.sort(pack(xy))).tolist()] == sorted(map(tuple, xy.tolist()))


def test_what_is_left_over_of_all_leaves_is_exactly_the_border_of_the_town():
    for area in TOWN:
        if not area.leaf:
            below = explode([leaf for leaf in LEAVES if f"/{area.fid}/" in leaf.path])[0]
            assert remainder(below).pairs() == remainder(explode([area])[0]).pairs()


def test_ground_lies_on_the_left_of_shells_and_holes_however_they_are_stored():
    part = parts("21")
    backwards = shapely.reverse(part)
    assert directed_segments(part).sorted().pairs() == directed_segments(backwards).sorted().pairs()
    assert area2(part) == area2(backwards) > 0


def test_the_area_is_exact():
    for leaf in LEAVES:
        by_hand = 0
        for part in shapely.orient_polygons(explode([leaf])[0]):
            for ring in shapely.get_rings(part):
                xy = [(int(x), int(y)) for x, y in shapely.get_coordinates(ring)]
                by_hand += sum(a[0] * b[1] - a[1] * b[0] for a, b in pairwise(xy))
        assert area2(explode([leaf])[0]) == by_hand
    assert area2(explode(LEAVES)[0]) == area2(explode([CODES["town"]])[0])


@pytest.mark.parametrize("wrong", [CODES["62"].shape, shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon()])
def test_anything_but_a_polygon_is_refused(wrong):
    """get_rings alone would skip a MultiPolygon without a word, and the proof would prove nothing."""
    with pytest.raises(ProofFailed):
        remainder([wrong])


def test_fractions_and_flat_rings_are_refused_with_the_place():
    with pytest.raises(ProofFailed) as caught:
        remainder([shapely.Polygon([(0, 0), (1e7, 0.5), (0, 1e7)])])
    assert caught.value.where == [1.0, 0.5 / UNITS_PER_DEGREE]
    with pytest.raises(ProofFailed):
        remainder([shapely.Polygon([(0, 0), (5, 5), (9, 9)])])


def test_a_border_walked_twice_is_an_overlap_and_its_place_is_told():
    twice = [*parts("22"), *parts("22"), *parts("23")]
    with pytest.raises(ProofFailed) as caught:
        remainder(twice)
    assert caught.value.where is not None
    _, overlaps = survey(twice)
    assert set(overlaps.owner.tolist()) == {0, 1} and len(overlaps) == 2 * len(directed_segments(parts("22")))


def test_a_missing_vertex_is_found_on_both_sides():
    shape = parts("22")[0]
    xy = shapely.get_coordinates(shape)
    without_one = shapely.Polygon(np.delete(xy, 2, axis=0))
    others = explode([leaf for leaf in LEAVES if leaf.code != "22"])[0]
    left, overlaps = survey([without_one, *others])
    extra = without(left, remainder(explode(LEAVES)[0]))
    assert len(overlaps) == 0 and sorted(extra.owner.tolist())[0] == 0 and len(extra) == 3
    assert any((place == xy[2]).all() for place in extra.coordinates().reshape(-1, 2))


def test_the_difference_of_equal_ground_is_nothing():
    removed, added = difference(parts("22", "23"), parts("23", "22"))
    assert len(removed) == len(added) == 0
    assert len(remainder([])) == len(NO_SEGMENTS) == 0


def test_matching_pairs_positions():
    one, other = directed_segments(parts("22")), directed_segments(parts("22", "21"))
    i, j = match(one, other)
    assert len(i) == len(one) and one[i].pairs() == other[j].pairs()


def test_a_spliced_vertex_goes_to_both_sides_and_leaves_all_else_alone():
    both = parts("22", "32", "62")
    shared = np.intersect1d(*(pack(shapely.get_coordinates(shape)) for shape in both[:2]))
    forward = next((a, b) for a, b in directed_segments(both[:1]).pairs() if {a, b} <= set(shared.tolist()))
    middle = pack(np.round(unpack(np.array(forward)).mean(axis=0))[None])
    after = splice(both, {forward: tuple(middle.tolist())})
    assert (shapely.get_num_coordinates(after) - shapely.get_num_coordinates(both)).tolist()[:2] == [1, 1]
    assert after[2] is both[2]
    assert remainder(after).pairs() == remainder(both).pairs()
    assert (shapely.get_coordinates(after[0])[0] == shapely.get_coordinates(both[0])[0]).all()


def test_a_parent_whose_border_did_not_change_is_the_same_object():
    shape = CODES["community-2"].shape
    assert renew(shape, NO_SEGMENTS, NO_SEGMENTS) is shape


def test_a_parent_gains_a_vertex_and_keeps_the_start_of_every_ring():
    shape = CODES["community-3"].shape
    segment = directed_segments(explode([CODES["community-3"]])[0])[7:8]
    middle = pack(np.round(segment.coordinates()[0].mean(axis=0))[None])
    added = Segments(np.r_[segment.start, middle], np.r_[middle, segment.end], np.zeros(2, int))
    assert courses(segment, added) == {(int(segment.start[0]), int(segment.end[0])): (int(middle[0]),)}
    after = renew(shape, segment, added)
    assert len(shapely.get_coordinates(after)) == len(shapely.get_coordinates(shape)) + 1
    starts = [[tuple(ring.coords[0]) for ring in shapely.get_rings(shapely.get_parts(s))] for s in (shape, after)]
    assert starts[0] == starts[1]
    assert shapely.hausdorff_distance(shape, after) <= 1


def test_a_long_border_is_renewed_exactly():
    turn = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    radius = 5e6 * (1 + 0.02 * np.sin(57 * turn))
    xy = np.round([1.2e9, 2.3e8] + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1))
    shape, keys = as_multi(shapely.Polygon(xy)), pack(xy)
    middle = pack(np.round((xy[100] + xy[101]) / 2)[None])
    nobody = np.zeros(2, int)
    after = renew(shape, Segments(keys[100:101], keys[101:102], nobody[:1]),
                  Segments(np.r_[keys[100], middle], np.r_[middle, keys[101]], nobody))
    assert (np.delete(shapely.get_coordinates(after), 101, axis=0) == shapely.get_coordinates(shape)).all()
    bite = renew(shape, Segments(keys[200:203], keys[201:204], np.zeros(3, int)),
                 Segments(keys[200:201], keys[203:204], nobody[:1]))
    assert (shapely.get_coordinates(bite) == np.delete(shapely.get_coordinates(shape), [201, 202], axis=0)).all()


def test_leaves_that_change_parents_renew_both_exactly():
    dice = random.Random(4)
    for _ in range(150):
        one = dice.sample(LEAVES, dice.randint(1, 25))
        rest = [leaf for leaf in LEAVES if leaf not in one]
        given_away = dice.sample(one, dice.randint(0, min(3, len(one))))
        taken = dice.sample(rest, dice.randint(0, 3))
        new = [leaf for leaf in one if leaf not in given_away] + taken
        after = renewed(one, new)
        assert after.equals(union(new)) and after.is_valid
        ours, theirs = (remainder(shapely.get_parts(side)) for side in (after, union(new)))
        assert ours.pairs() == theirs.pairs()


def test_untouched_rings_keep_start_direction_and_order():
    old = [CODES[code] for code in ("21", "61", "62", "51", "54")]
    shape = shapely.reverse(union(old))  # stored the other way round than the chain
    new = [*old, CODES["52"]]
    after = renew(shape, *difference(explode(old)[0], explode(new)[0]))
    rings = [tuple(map(tuple, ring.coords)) for ring in shapely.get_rings(shapely.get_parts(shape))]
    kept = [tuple(map(tuple, ring.coords)) for ring in shapely.get_rings(shapely.get_parts(after))]
    common = [ring for ring in kept if ring in rings]
    assert len(common) >= 4 and common == [ring for ring in rings if ring in kept]


def test_a_sum_that_is_no_border_is_refused():
    shape = CODES["community-2"].shape
    stray = Segments(pack(np.array([[1.0, 1.0]])), pack(np.array([[9.0, 9.0]])), np.zeros(1, int))
    with pytest.raises(ProofFailed):
        renew(shape, NO_SEGMENTS, stray)
    border = directed_segments(explode([CODES["community-2"]])[0])
    with pytest.raises(ProofFailed):
        renew(shape, NO_SEGMENTS, border[:1])
    with pytest.raises(ProofFailed):
        renew(shape, border[:1], NO_SEGMENTS)
