"""Vertices that areas share: moved, inserted and deleted for all of them at once, on the oblique little town."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area
from layers.chain import area2
from layers.coverage import explode, prove
from layers.edits import Edit
from layers.errors import AreaLocked, BadGeometry, EditRefused, LineCrossesItself, NoVertex, SliverRefused, VertexHeld
from layers.redraw import delete_vertex, insert_vertex, move_vertex
from tests.counts import count
from tests.layers.little_town import little_town
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_real import district  # noqa: F401  one of Tainan
from tests.layers.test_redraw_split import CODES, TOWN, vertices

MIDDLE = np.array(CODES["12"].shape.geoms[0].representative_point().coords[0])


def common(*codes: str) -> list[tuple[float, float]]:
    """Vertices of exactly these leaves, in the order of the first."""
    leaves = [area for area in TOWN if area.leaf]
    theirs = {area.code: vertices(area) for area in leaves}
    ring = shapely.get_coordinates(CODES[codes[0]].shape)
    return [xy for xy in dict.fromkeys(map(tuple, ring.tolist())) if {code for code, own in theirs.items() if xy in own} == set(codes)]


def point(xy) -> shapely.Point:
    return shapely.Point(np.rint(xy))


def towards(xy, goal, share: float) -> shapely.Point:
    return point(np.array(xy) + (np.array(goal) - xy) * share)


def done(operation, *arguments, town: Ledger | None = None, **more) -> tuple[Edit, Ledger]:
    """The edit, and the town after it, proved to be seamless; undo and redo restore the same bytes."""
    town = Ledger(TOWN) if town is None else town
    was, before = border(town), {area.fid: area.shape.wkb for area in town.leaves()}
    edit = operation(town, *arguments, **more)
    town.apply(edit)
    assert_seamless(town, was)
    after = {area.fid: area.shape.wkb for area in town.leaves()}
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    town.apply(edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == after
    for old, new in zip(edit.before, edit.after, strict=True):
        assert replace(old, shape=None, version=old.version + 1) == replace(new, shape=None)
    return edit, town


def refused(error: type[EditRefused], operation, *arguments, town: Ledger | None = None, **more) -> EditRefused:
    town = Ledger(TOWN) if town is None else town
    before = dict(town.areas)
    with pytest.raises(error) as caught:
        operation(town, *arguments, **more)
    assert type(caught.value) is error and town.areas == before
    return caught.value


# --- moving ----------------------------------------------------------------------------------------------------------
#   +---+---+        +---+---+
#   | A * B |   ->   | A  *B |     the vertex is that of both, and stays so
#   +---+---+        +---+---+
def test_a_vertex_moves_for_all_that_share_it():
    at = common("12", "22")[1]
    to = towards(at, MIDDLE, 0.2)
    edit, _ = done(move_vertex, point(at), to)
    assert [area.code for area in edit.before] == ["12", "22"] and not edit.touched
    for was, now in zip(edit.before, edit.after, strict=True):
        assert vertices(now) == vertices(was) - {at} | {tuple(to.coords[0])}
    assert area2(explode(edit.before)[0]) == area2(explode(edit.after)[0])
    assert edit.gave == {CODES["12"].fid: (CODES["22"].fid,), CODES["22"].fid: (CODES["12"].fid,)}


def test_where_several_borders_meet_all_areas_follow():
    at = common("12", "11", "22", "21")[0]
    edit, _ = done(move_vertex, point(at), towards(at, MIDDLE, 0.1))
    assert {area.code for area in edit.before} == {"11", "12", "21", "22"}


def test_moved_there_and_back_it_gives_the_same_bytes():
    at = common("12", "22")[1]
    edit, town = done(move_vertex, point(at), towards(at, MIDDLE, 0.15))
    back = move_vertex(town, towards(at, MIDDLE, 0.15), point(at))
    assert {area.fid: area.shape.wkb for area in back.after} == {area.fid: area.shape.wkb for area in edit.before}


def test_a_hand_that_points_nearly_at_the_vertex_means_it():
    at = np.array(common("12", "22")[1])
    edit, _ = done(move_vertex, point(at + [30, -20]), towards(at, MIDDLE, 0.1))
    assert tuple(at) in vertices(edit.before[0])
    assert refused(NoVertex, move_vertex, point(at + [300, 0]), point(MIDDLE)).where
    refused(NoVertex, move_vertex, point(MIDDLE), point(at))
    assert refused(NoVertex, move_vertex, point(at), point(at)).where, "nothing moves"


def test_a_vertex_of_an_enclave_moves_for_the_area_around_it_too():
    at = common("inner", "54")[2]
    edit, _ = done(move_vertex, point(at), towards(at, CODES["inner"].shape.representative_point().coords[0], -0.1))
    assert {area.code for area in edit.before} == {"inner", "54"}


def test_a_vertex_pulled_across_a_border_is_refused():
    at = common("12", "22")[0]
    beyond = np.array(CODES["02"].shape.representative_point().coords[0])
    assert refused(LineCrossesItself, move_vertex, point(at), point(beyond)).where
    refused(LineCrossesItself, move_vertex, point(at), point(common("12", "22")[2]))
    a, b = (np.array(common("12", "22")[k]) for k in (1, 2))
    refused(LineCrossesItself, move_vertex, point(at), point((a + b) / 2))


def test_a_triangle_is_not_turned_inside_out():
    town = Ledger(_with_a_triangle())
    a, b, c = shapely.get_coordinates(town.get(900).shape)[:3]
    refused(LineCrossesItself, move_vertex, point(a), point((b + c) / 2 + ((b + c) / 2 - a) * 0.3), town=town)
    flat = refused(SliverRefused, move_vertex, point(a), point((b + c) / 2 + (a - (b + c) / 2) * 0.001), town=town)
    assert flat.where
    assert refused(VertexHeld, delete_vertex, point(a), town=town).where


def _with_a_triangle() -> list[Area]:
    host = CODES["22"]
    x, y = host.shape.representative_point().coords[0]
    triangle = shapely.Polygon(np.rint([(x, y), (x + 2000, y + 100), (x + 900, y + 1800)]))
    holed = shapely.MultiPolygon([shapely.Polygon(host.shape.geoms[0].exterior, [triangle.exterior])])
    inside = replace(host, fid=900, code="triangle", path="/1/2/900/", shape=shapely.MultiPolygon([triangle]))
    return [*(replace(area, shape=holed) if area.code == "22" else area for area in TOWN), inside]


# --- borders that stay -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("operation", ["move", "delete"])
def test_the_border_of_a_parent_and_of_all_stays(operation):
    def change(at, **more):
        if operation == "move":
            return refused(AreaLocked, move_vertex, point(at), towards(at, MIDDLE, 0.05), **more)
        return refused(AreaLocked, delete_vertex, point(at), **more)

    assert change(common("22", "23")[0]).where
    assert change(common("00")[0]).where, "nobody lies behind it"
    assert change(common("21")[0]).where, "the shore of a lake"
    assert change(common("12", "22")[1], town=Ledger([replace(area, locked=area.code == "22") for area in TOWN])).details["areas"] == ["22"]
    change(common("12", "22")[1], fixed={"micro_grid"})


# --- inserting -------------------------------------------------------------------------------------------------------
def test_a_new_vertex_is_that_of_both_sides_and_moves_nothing():
    a, b = (np.array(common("12", "22")[k]) for k in (1, 2))
    edit, town = done(insert_vertex, point((a + b) / 2 + [10, 10]))
    assert {area.code for area in edit.before} == {"12", "22"}
    (fresh,) = vertices(edit.after[0]) - vertices(edit.before[0])
    assert all(vertices(now) - vertices(was) == {fresh} for was, now in zip(edit.before, edit.after, strict=True))
    assert shapely.distance(shapely.Point(fresh), shapely.LineString([a, b])) <= 1
    back, _ = done(delete_vertex, point(fresh), town=town)
    assert {area.fid: area.shape.wkb for area in back.after} == {area.fid: area.shape.wkb for area in edit.before}


def test_a_vertex_on_the_border_of_two_parents_belongs_to_both_and_changes_one():
    a, b = (np.array(common("22", "23")[k]) for k in (0, 1))
    for named, changed in ((None, "22"), ([CODES["23"].fid], "23")):
        edit, _ = done(insert_vertex, point((a + b) / 2), named)
        assert [area.code for area in edit.before] == [changed]
        assert {area.code for area in edit.touched} == {"22", "23"} - {changed}


def test_a_vertex_on_the_outermost_border():
    a, b = (np.array(common("00")[k]) for k in (0, 1))
    edit, _ = done(insert_vertex, point((a + b) / 2))
    assert [area.code for area in edit.before] == ["00"] and prove(edit, Ledger(TOWN)).outer_vertices == 1


def test_no_vertex_where_one_is_or_no_border_is():
    assert refused(VertexHeld, insert_vertex, point(common("12", "22")[1])).where
    assert refused(NoVertex, insert_vertex, point(MIDDLE)).where
    a, b = (np.array(common("12", "22")[k]) for k in (1, 2))
    refused(AreaLocked, insert_vertex, point((a + b) / 2), town=Ledger([replace(area, locked=True) for area in TOWN]))
    with pytest.raises(BadGeometry):
        insert_vertex(Ledger(TOWN), shapely.Point())


# --- deleting --------------------------------------------------------------------------------------------------------
def test_a_deleted_vertex_goes_from_both_sides():
    at = common("12", "22")[1]
    edit, _ = done(delete_vertex, point(at))
    assert [area.code for area in edit.before] == ["12", "22"]
    assert all(vertices(now) == vertices(was) - {at} for was, now in zip(edit.before, edit.after, strict=True))


def test_where_borders_part_the_vertex_stays():
    assert refused(VertexHeld, delete_vertex, point(common("12", "11", "22", "21")[0])).where


# --- whatever people do ----------------------------------------------------------------------------------------------
def many(town: Ledger, times: int, seed: int) -> dict[str, int]:
    """How often each operation was done, of so many tries; the coverage is seamless after all of them."""
    dice, tally = random.Random(seed), dict.fromkeys(("move_vertex", "insert_vertex", "delete_vertex", "refused"), 0)
    was, ground = border(town), area2(explode(town.leaves())[0])
    for turn in range(times):
        leaf = dice.choice(town.leaves())
        xy = shapely.get_coordinates(dice.choice(list(leaf.shape.geoms)).exterior)
        k, reach = dice.randrange(len(xy) - 1), dice.choice((3, 100, 1000))
        operation = dice.choice((move_vertex, move_vertex, insert_vertex, delete_vertex))
        at = (xy[k] + xy[k + 1]) / 2 if operation is insert_vertex else xy[k]
        more = [point(xy[k] + [dice.uniform(-reach, reach), dice.uniform(-reach, reach)])] if operation is move_vertex else []
        before = dict(town.areas)
        try:
            edit = operation(town, point(at), *more)
        except EditRefused:
            assert town.areas == before
            tally["refused"] += 1
            continue
        ground += prove(edit, town).area2_change
        town.apply(edit)
        tally[edit.op] += 1
        if turn % 5 == 0:
            shapes = np.array([area.shape for area in town.near(shapely.total_bounds([area.shape for area in edit.after]))], dtype=object)
            assert shapely.area(shapely.union_all(shapes, grid_size=1)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-6)
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground
    return tally


def test_the_town_stays_seamless_under_many_changes_of_vertices():
    assert min(many(Ledger(little_town(5)), count(300, 4000), seed=6).values()) > count(20, 200)


def test_a_real_district_stays_seamless(district):  # noqa: F811
    assert min(many(Ledger(district), count(120, 2000), seed=8).values()) > 3


INNER = common("12", "22") + common("54", "inner") + common("31", "32")


@settings(max_examples=count(150, 2000), deadline=None)
@given(st.sampled_from(INNER), st.integers(-1500, 1500), st.integers(-1500, 1500))
def test_wherever_a_vertex_goes_the_town_stays_seamless(at, dx, dy):
    town = Ledger(TOWN)
    was, before = border(town), dict(town.areas)
    try:
        edit = move_vertex(town, point(at), point(np.array(at) + [dx, dy]))
    except EditRefused:
        assert town.areas == before
        return
    town.apply(edit)
    prove(~edit, town, restores=True)
    assert_seamless(town, was)
    place = (at[0] + dx, at[1] + dy)
    assert {area.fid for area in town.leaves() if place in vertices(area)} == {area.fid for area in edit.after}
