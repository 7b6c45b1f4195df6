"""Splitting: on an oblique, irregular town (see little_town), with the nasty cases of the geometry study."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import UNITS_PER_DEGREE, Area
from layers.chain import area2, difference, pack
from layers.coverage import Coverage, explode, prove, same_course
from layers.edits import Edit
from layers.errors import (
    AreaLocked,
    BadGeometry,
    BorderTouches,
    EditRefused,
    LineCrossesItself,
    LineInside,
    LineOutside,
    NotLeaf,
    ProofFailed,
    SliverRefused,
    UnknownArea,
)
from layers.measure import area_m2, distance_m
from layers.redraw import OPERATIONS, merge, split
from tests.layers.little_town import CELL_M, CITY, FIRST_LEAF, by_code, line, little_town, units_of
from tests.layers.random_edits import KINDS, Ledger, assert_seamless, border, random_edits

TOWN = little_town()
CODES = by_code(TOWN)


def at(column: float, row: float) -> tuple[float, float]:
    """Metres in the town's frame; at(2, 1) is about the middle of leaf "21"."""
    return (column + 0.5) * CELL_M, (row + 0.5) * CELL_M


def across(code: str, *, reach: float = 0.85, lean: float = 0.05) -> shapely.LineString:
    """A line that crosses the leaf of that column and row from below to above."""
    column, row = int(code[0]), int(code[1])
    return line(at(column - lean, row - reach), at(column + lean / 3, row), at(column + lean, row + reach))


def cut(code: str, drawn: shapely.LineString, **more) -> tuple[Ledger, Edit]:
    """The town after the split, proved to be seamless, and the edit."""
    town = Ledger(TOWN)
    was = border(town)
    edit = split(town, [CODES[code].fid], drawn, **more)
    return_edit = town.apply(edit)
    assert_seamless(town, was)
    assert len(return_edit.after) == len(edit.after)
    return town, edit


def refused(error: type[EditRefused], targets, drawn: shapely.LineString, **more) -> EditRefused:
    """The error; nothing has changed."""
    town = Ledger(TOWN)
    before = {fid: area.shape.wkb for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        split(town, targets, drawn, **more)
    assert {fid: area.shape.wkb for fid, area in town.areas.items()} == before
    return caught.value


def vertices(area: Area) -> set[tuple[float, float]]:
    return set(map(tuple, shapely.get_coordinates(area.shape).tolist()))


# --- who is who --------------------------------------------------------------------------------------------------
def test_pieces_are_siblings_and_the_largest_keeps_the_identity():
    _, edit = cut("22", across("22", lean=0.2))
    keeper, new = edit.after
    source = CODES["22"]
    assert edit.before == (source,)
    assert (keeper.fid, keeper.code, keeper.version, keeper.attributes) == (source.fid, "22", 2, source.attributes)
    assert (new.fid, new.code, new.version, new.level, new.parent) == (-1, "+1", 1, "micro_grid", source.parent)
    assert new.path == f"/1/{source.parent}/-1/"
    assert area_m2(keeper.shape) > area_m2(new.shape)
    assert edit.successor == {}


def test_the_piece_with_most_households_keeps_the_identity_and_the_others_follow_in_order():
    drawn = line(at(-0.6, 4.1), at(1.7, 4.3))  # three pieces of the U round 14: body and, east of 14, ... both arms
    west_most = lambda shapes: [-shape.bounds[0] for shape in shapes]  # noqa: E731
    _, edit = cut("03", drawn, weigh=west_most)
    order = [area.shape.bounds[0] for area in edit.after]
    assert order == sorted(order)
    assert [area.code for area in edit.after] == ["03", *(f"+{n}" for n in range(1, len(edit.after)))]


def test_households_decide_and_an_unknown_count_ranks_last():
    def weigh(shapes):
        assert all(shape.geom_type == "MultiPolygon" for shape in shapes)
        smallest = min(range(len(shapes)), key=lambda i: shapes[i].area)
        return [0 if i == smallest else None for i in range(len(shapes))]

    _, edit = cut("22", across("22", lean=0.2), weigh=weigh)
    assert edit.after[0].shape.area < edit.after[1].shape.area


def test_the_piece_that_holds_the_named_point_keeps_the_identity():
    _, plain = cut("22", across("22", lean=0.2))
    small = plain.after[1].shape.representative_point()
    _, edit = cut("22", across("22", lean=0.2), keep=small)
    assert edit.after[0].fid == CODES["22"].fid and edit.after[0].shape == plain.after[1].shape
    _, edit = cut("22", across("22", lean=0.2), keep=CODES["55"].shape.representative_point())
    assert edit.after[0].shape == plain.after[0].shape, "a point in another area names nobody"


def test_parts_the_line_does_not_meet_stay_with_the_keeper():
    island = CODES["62"].shape.geoms[1]
    _, edit = cut("62", across("62"))
    assert [len(area.shape.geoms) for area in edit.after] == [2, 1]
    assert any(part.normalize() == island.normalize() for part in edit.after[0].shape.geoms)


def test_unassigned_ground_stays_with_the_keeper():
    areas = [replace(area, assigned=False) if area.code == "22" else area for area in TOWN]
    edit = split(Coverage(areas), [CODES["22"].fid], across("22"))
    assert [area.assigned for area in edit.after] == [False, True]


# --- the coverage ------------------------------------------------------------------------------------------------
def test_neighbours_gain_the_shared_vertices():
    #   +----+----+        +----*----+     * belongs to the leaf above and to the leaf below as well;
    #   | 22 | 32 |   ->   | 22 | +1 |     their rev rises, their version does not
    _, edit = cut("22", across("22"))
    assert {area.code for area in edit.touched} == {"21", "23"}
    for was, now in zip(edit.touched_before, edit.touched, strict=True):
        assert (was.fid, was.version, was.code) == (now.fid, now.version, now.code)
        new = vertices(now) - vertices(was)
        assert len(new) == 1 and new <= vertices(edit.after[0]) & vertices(edit.after[1])
        assert shapely.hausdorff_distance(was.shape.boundary, now.shape.boundary) <= 1


def test_ground_is_conserved_to_the_last_square_unit():
    _, edit = cut("22", across("22"))
    was, now = (explode(side)[0] for side in ((*edit.before, *edit.touched_before), (*edit.after, *edit.touched)))
    assert area2(was) == area2(now)


def test_a_cut_in_one_leaf_of_two_touching_parts_of_the_town_reaches_the_other_parent():
    """Case 5: a line that ends on the parent's border in mid-segment gives the leaf behind it the vertex."""
    drawn = line(at(2.4, 1.1), at(3.62, 1.08))  # 31 is the last column of its community; 41 lies behind the border
    _, edit = cut("31", drawn)
    assert CODES["41"].parent != CODES["31"].parent
    behind = next(now for now in edit.touched if now.code == "41")
    assert len(vertices(behind) - vertices(CODES["41"])) == 1


def test_the_outermost_border_may_gain_a_vertex():
    town, edit = cut("30", across("30"))
    proof = prove(edit, Coverage(TOWN))
    assert proof.outer_vertices == 1
    now = next(area for area in town.areas.values() if area.fid == CITY)
    assert same_course(*difference(explode([CODES["town"]])[0], explode([now])[0]))


def test_the_same_line_gives_the_same_bytes_in_whatever_order_areas_come():
    one = split(Coverage(TOWN), None, line(at(1.9, 0.2), at(2.1, 4.8)))
    other = split(Coverage(reversed(TOWN)), None, line(at(1.9, 0.2), at(2.1, 4.8)))
    assert [area.shape.wkb for area in one.after + one.touched] == [a.shape.wkb for a in other.after + other.touched]
    assert one == other


def test_without_targets_every_leaf_the_line_crosses_is_cut():
    town = Ledger(TOWN)
    edit = split(town, None, line(at(2, -0.7), at(2, 2.9)))
    assert {area.code for area in edit.before} == {"20", "21", "22"}
    assert [area.fid for area in edit.after if area.fid < 0] == [-1, -2, -3]
    assert edit.findings == ()


def test_a_target_that_is_not_cut_is_told():
    town = Ledger(TOWN)
    edit = split(town, [CODES["22"].fid, CODES["23"].fid, CODES["40"].fid], line(at(2, 1.3), at(2, 3.1)))
    assert [area.code for area in edit.before] == ["22"]
    assert [(told.kind, told.code) for told in edit.findings] == [("line-inside", "23"), ("line-outside", "40")]
    assert edit.findings[0].distance_m > 10


def test_pieces_of_a_concave_leaf_are_areas_of_their_own_unless_parts_are_allowed():
    #   +---------+
    #   |  +------+     a line down through both arms of the U leaves three pieces: the body and two arm ends
    #   |  | 14
    #   |  +------+
    drawn = line(at(0.8, 2.3), at(1.05, 6.2))
    _, edit = cut("03", drawn)
    assert sorted(len(area.shape.geoms) for area in edit.after) == [1, 1, 1]
    _, edit = cut("03", drawn, allow_parts=True)
    assert sorted(len(area.shape.geoms) for area in edit.after) == [1, 2]


def test_a_line_through_a_lake_cuts_and_one_that_stops_there_does_not():
    _, edit = cut("21", across("21"))
    assert len(edit.after) == 2 and not any(part.interiors for area in edit.after for part in area.shape.geoms)
    error = refused(LineInside, [CODES["21"].fid], line(at(2, 0.3), at(2, 1)))
    assert error.where is not None


def test_an_enclave_in_the_way_is_cut_only_when_asked():
    _, edit = cut("54", across("54"))
    assert {area.code for area in edit.touched} >= {"inner"} and CODES["inner"] not in edit.before
    town = Ledger(TOWN)
    edit = split(town, None, across("54", reach=0.9))
    assert {"54", "inner"} <= {area.code for area in edit.before}


def test_the_seam_of_an_island_can_be_cut():
    drawn = line((1010, 250), (1110, 520))
    town = Ledger(TOWN)
    was = border(town)
    edit = split(town, None, drawn)
    assert {area.code for area in edit.before} == {"62", "63"}
    town.apply(edit)
    assert_seamless(town, was)


# --- nasty cases: numbers of geometry.md, section 8 --------------------------------------------------------------
def test_01_a_line_through_existing_vertices_adds_none_anywhere():
    corners = shapely.get_coordinates(CODES["22"].shape)[:-1]
    town, edit = cut("22", shapely.LineString([corners[0], corners[8]]))
    assert edit.touched == () and len(edit.after) == 2
    assert vertices(edit.after[0]) | vertices(edit.after[1]) == vertices(CODES["22"])


def test_02_a_line_that_ends_inside_is_refused_with_the_place_and_the_distance():
    end = at(2, 2)
    error = refused(LineInside, [CODES["22"].fid], line(at(2, 1.2), end))
    assert np.allclose(error.where, units_of([end])[0] / UNITS_PER_DEGREE, atol=1e-12)
    nearest = shapely.get_coordinates(CODES["22"].shape.boundary)
    assert 0 < error.details["distance_m"] <= min(distance_m(units_of([end])[0], nearest))
    assert f"{error.details['distance_m']} m" in error.text
    refused(LineInside, None, line(at(2, 1.8), at(2, 2.2)))


def test_03_a_loose_tail_is_trimmed_and_the_neighbour_keeps_its_bytes_but_for_the_vertex():
    for targets in ([CODES["22"].fid], None):
        edit = split(Ledger(TOWN), targets, line(at(2, 1.3), at(2, 3.1)))
        assert [area.code for area in edit.before] == ["22"]
        above = next(area for area in edit.touched if area.code == "23")
        assert len(vertices(above) - vertices(CODES["23"])) == 1


def test_04_a_line_along_a_border_changes_nothing():
    shared = shapely.intersection(CODES["32"].shape.boundary, CODES["42"].shape.boundary)
    along = shapely.line_merge(shared)
    refused(LineOutside, None, along)
    refused(LineOutside, [CODES["32"].fid], along)


def test_06_a_sliver_is_refused():
    corners = shapely.get_coordinates(CODES["22"].shape)
    a, b = corners[0], corners[4]
    inward = np.array(CODES["22"].shape.centroid.coords[0]) - (a + b) / 2
    offset = inward / np.hypot(*inward) * 2  # two units inside the border
    edges = [a + offset - (b - a) * 0.05, *(corner + offset for corner in corners[0:5]), b + offset + (b - a) * 0.05]
    refused(SliverRefused, [CODES["22"].fid], shapely.LineString(edges), snap_m=0)


def test_07_20_a_closed_line_inside_is_an_island_and_merging_it_takes_the_hole_away():
    spots = [at(2.0, 2.0), at(2.2, 2.0), at(2.2, 2.2), at(2.0, 2.25), at(2.0, 2.0)]
    town, edit = cut("22", line(*spots))
    assert edit.touched == () and len(edit.after) == 2
    assert len(edit.after[0].shape.geoms[0].interiors) == 1
    island = max(town.areas)
    back = merge(town, [CODES["22"].fid, island])
    assert back.after[0].shape.normalize() == CODES["22"].shape.normalize()


def test_a_line_whose_ends_almost_meet_is_closed():
    spots = [at(2.0, 2.0), at(2.2, 2.0), at(2.2, 2.2), at(2.0, 2.25), at(2.002, 2.001)]
    assert len(cut("22", line(*spots))[1].after) == 2


def test_08_an_island_that_touches_the_border_in_one_vertex_is_refused():
    corner = shapely.get_coordinates(CODES["22"].shape)[0]
    middle = units_of([at(2.0, 2.0), at(1.9, 2.1)])
    refused(BorderTouches, [CODES["22"].fid], shapely.LineString([corner, middle[0], middle[1], corner]))


def test_a_ring_may_touch_itself_where_it_did_before():
    _, edit = cut("61", line(at(6.1, 0.2), at(6.3, 1.8)))
    assert edit.before[0].code == "61"


def test_12_repeated_points_do_not_matter():
    drawn = across("22")
    twice = shapely.LineString(np.repeat(shapely.get_coordinates(drawn), 2, axis=0))
    assert cut("22", twice)[1] == cut("22", drawn)[1]


def test_13_a_line_that_crosses_itself_is_refused_with_the_place():
    drawn = line(at(1.8, 1.2), at(2.2, 2.1), at(2.3, 1.9), at(1.7, 2.0), at(1.8, 2.9))
    error = refused(LineCrossesItself, [CODES["22"].fid], drawn)
    crossing = shapely.Point(np.array(error.where) * UNITS_PER_DEGREE)
    assert drawn.distance(crossing) < 1


def test_14_a_line_that_follows_a_border_and_then_leaves_it_cuts_only_where_it_left():
    corners = shapely.get_coordinates(CODES["22"].shape)
    drawn = shapely.LineString([*corners[:3], *units_of([at(2.05, 2.1)]), corners[10]])
    _, edit = cut("22", drawn)
    assert len(edit.after) == 2 and edit.touched == ()


def test_15_a_border_traced_by_hand_is_no_change():
    jitter = np.random.default_rng(5).uniform(-20, 20, (5, 2))  # up to 0.2 m
    corners = shapely.get_coordinates(CODES["22"].shape)[:5]
    refused(EditRefused, None, shapely.LineString(corners + jitter), snap_m=0.5)


def test_15_a_hand_that_traces_and_then_leaves_makes_one_clean_cut():
    jitter = np.random.default_rng(5).uniform(-20, 20, (3, 2))
    corners = shapely.get_coordinates(CODES["22"].shape)
    drawn = shapely.LineString([*(corners[:3] + jitter), *units_of([at(2.05, 2.1)]), corners[10]])
    _, edit = cut("22", drawn)
    assert len(edit.after) == 2 and edit.touched == ()


def test_21_a_crossing_almost_along_a_border_is_cut_exactly():
    corners = shapely.get_coordinates(CODES["22"].shape)
    a, b = corners[0], corners[1]
    side = np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))
    drawn = shapely.LineString([a - (b - a) - side, (a + b) / 2 + side * 0.6, corners[9] * 2 - corners[5]])
    town = Ledger(TOWN)
    was = border(town)
    edit = split(town, [CODES["22"].fid], drawn, snap_m=0)
    town.apply(edit)
    assert_seamless(town, was)


def test_25_no_length_and_nowhere():
    spot = at(2, 2)
    refused(BadGeometry, [CODES["22"].fid], line(spot, spot))
    refused(LineOutside, [CODES["22"].fid], line(at(40, 40), at(41, 41)))
    refused(LineOutside, None, line(at(40, 40), at(41, 41)))
    refused(BadGeometry, None, shapely.LineString([(0, 0), (np.inf, 1)]))


# --- who may be split --------------------------------------------------------------------------------------------
def test_locked_parents_and_unknown_areas_are_not_split():
    locked = Coverage(replace(area, locked=area.code == "22") for area in TOWN)
    with pytest.raises(AreaLocked):
        split(locked, [CODES["22"].fid], across("22"))
    with pytest.raises(AreaLocked):
        split(locked, None, across("22"))
    with pytest.raises(NotLeaf):
        split(locked, [2], across("22"))
    with pytest.raises(UnknownArea):
        split(locked, [987654], across("22"))


def test_a_locked_neighbour_may_gain_a_vertex():
    locked = Coverage(replace(area, locked=area.code == "23") for area in TOWN)
    assert "23" in {area.code for area in split(locked, [CODES["22"].fid], across("22")).touched}


# --- whatever is drawn -------------------------------------------------------------------------------------------
spots = st.tuples(st.floats(-60, 1150), st.floats(-60, 780))
lines = st.lists(spots, min_size=2, max_size=6, unique=True).map(lambda points: line(*points))


@settings(max_examples=60)
@given(lines, st.booleans(), st.sampled_from([0.0, 0.5]))
def test_splitting_along_anything_leaves_the_town_seamless_and_counts_everybody_once(drawn, named, snap_m):
    town = Ledger(TOWN)
    was, people = border(town), _people()
    targets = [area.fid for area in town.near(drawn.bounds)] if named else None
    try:
        edit = split(town, targets, drawn, snap_m=snap_m)
    except (EditRefused, BadGeometry):
        return
    town.apply(edit)
    assert_seamless(town, was)
    shapes = np.array([area.shape for area in town.leaves()], dtype=object)
    assert len(shapely.STRtree(shapes).query(people, predicate="within").T) == len(people)


@settings(max_examples=60)
@given(lines)
def test_split_then_merge_gives_the_same_ground(drawn):
    town = Ledger(TOWN)
    try:
        edit = town.apply(split(town, None, drawn))
    except (EditRefused, BadGeometry):
        return
    known = {area.fid for area in edit.before}
    leaf = edit.before[0]
    pieces = [area.fid for area in edit.after if area.fid == leaf.fid or (
        area.fid not in known and area.shape.representative_point().within(leaf.shape))]
    try:
        back = merge(town, pieces, keep=leaf.fid).after[0]
    except ProofFailed:
        return  # pieces of a leaf that touches itself
    removed, added = difference(explode([leaf])[0], explode([back])[0])
    assert same_course(removed, added), "the same border, with at most vertices added"
    assert set(pack(shapely.get_coordinates(leaf.shape)).tolist()) <= set(
        pack(shapely.get_coordinates(back.shape)).tolist())


@settings(max_examples=30)
@given(lines)
def test_undo_restores_the_same_bytes(drawn):
    town = Ledger(TOWN)
    before = {area.fid: area.shape.wkb for area in town.leaves()}
    try:
        edit = town.apply(split(town, None, drawn))
    except (EditRefused, BadGeometry):
        return
    prove(~edit, town, restores=True)
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before


def test_hundreds_of_random_redraws_leave_the_town_seamless():
    town = Ledger(little_town(3))
    was = border(town)
    ground = area2(explode(town.leaves())[0])
    count = random_edits(town, 400, seed=13)
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground + count.area2_change
    assert set(count.accepted) >= set(KINDS) - {"lattice", "dissolve"} and count.total > 200
    assert count.special > 0.3 * count.total


def test_every_operation_is_registered_under_its_name():
    assert all(function.__name__ == name for name, function in OPERATIONS.items())
    assert {"split", "merge"} <= set(OPERATIONS)


def _people() -> np.ndarray:
    dice = np.random.default_rng(9)
    leaves = [area for area in TOWN if area.leaf]
    points = itertools.chain.from_iterable(
        dice.uniform(leaf.shape.bounds[:2], leaf.shape.bounds[2:], (6, 2)) for leaf in leaves)
    points = shapely.points(np.array(list(points)) + 0.25)
    held = np.unique(shapely.STRtree([leaf.shape for leaf in leaves]).query(points, predicate="within")[0])
    assert FIRST_LEAF and len(held) > 100
    return points[held]
