"""Reshaping: a drawn line moves a shared border, on the oblique little town with its holes, enclaves and exclaves."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area
from layers.chain import Segments, area2
from layers.coverage import explode, prove
from layers.edits import Edit
from layers.errors import (
    AreaLocked,
    AreaSwallowed,
    BadGeometry,
    EditRefused,
    LineCrossesItself,
    LineInside,
    LineLeavesParent,
    LineOutside,
    NotAdjacent,
    NotLeaf,
    OtherParent,
    PartsRefused,
    SliverRefused,
    UnknownArea,
)
from layers.measure import units
from layers.redraw import reshape
from tests.counts import count
from tests.layers.little_town import by_code, line, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_real import district  # noqa: F401  one of Tainan
from tests.layers.test_redraw_split import CODES, TOWN, at, vertices


def drawn(*points: tuple[float, float]) -> shapely.LineString:
    """A line through points of the lattice: at(2, 1) is about the middle of leaf "21"."""
    return line(*(at(*point) for point in points))


def reshaped(targets: list[str] | None, drawn_line: shapely.LineString, town: Ledger | None = None, **more) -> dict[str, Area]:
    """The areas after it by code, from a town proved to be seamless; undo and redo restore the same bytes."""
    town = Ledger(TOWN) if town is None else town
    was, codes = border(town), by_code(list(town.areas.values()))
    before = {area.fid: area.shape.wkb for area in town.leaves()}
    edit = reshape(town, None if targets is None else [codes[code].fid for code in targets], drawn_line, **more)
    _assert_said(edit)
    town.apply(edit)
    assert_seamless(town, was)
    after = {area.fid: area.shape.wkb for area in town.leaves()}
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    town.apply(edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == after
    return {"": edit, **{area.code: area for area in edit.after}}


def _assert_said(edit: Edit) -> None:
    """Who took ground of whom is what the shapes say, by GEOS; whoever changed kept what it is."""
    assert [area.fid for area in edit.before] == [area.fid for area in edit.after]
    for was, now in zip(edit.before, edit.after, strict=True):
        assert replace(was, shape=None, version=was.version + 1) == replace(now, shape=None)
        givers = {old.fid for old in edit.before
                  if old.fid != now.fid and shapely.area(shapely.intersection(old.shape, now.shape)) > 10 * now.shape.length}
        assert givers <= set(edit.gave.get(now.fid, ())), "nobody takes ground unsaid"
    assert shapely.union_all([area.shape for area in edit.before], grid_size=1).symmetric_difference(
        shapely.union_all([area.shape for area in edit.after], grid_size=1)).area < 2 * sum(a.shape.length for a in edit.before)


def refused(error: type[EditRefused], targets: list[str] | None, drawn_line: shapely.LineString, town: Ledger | None = None,
            **more) -> EditRefused:
    """The error, with a place; nothing has changed."""
    town = Ledger(TOWN) if town is None else town
    codes, before = by_code(list(town.areas.values())), dict(town.areas)
    with pytest.raises(error) as caught:
        reshape(town, None if targets is None else [codes[code].fid for code in targets], drawn_line, **more)
    assert type(caught.value) is error and town.areas == before
    return caught.value


BUMP = drawn((1.3, 1.8), (1.8, 1.85), (1.8, 2.2), (1.3, 2.2))  # out of 12 into 22 and back


# --- give and take ---------------------------------------------------------------------------------------------------
#   +----+----+        +----+----+
#   |    o--o |        |    +--+ |
#   | 12 |  o |   ->   | 12    | |    22 gives, 12 takes; nobody else gains more than a vertex
#   |    o--o |        |    +--+ |
#   +----+----+        +----+----+
def test_both_sides_of_the_border_change_and_keep_who_they_are():
    after = reshaped(["12"], BUMP)
    edit = after[""]
    assert edit.gave == {CODES["12"].fid: (CODES["22"].fid,)} and not edit.touched and not edit.findings
    assert after["12"].shape.area > CODES["12"].shape.area and after["22"].shape.area < CODES["22"].shape.area
    assert area2(explode([after["12"], after["22"]])[0]) == area2(explode([CODES["12"], CODES["22"]])[0])


def test_whichever_side_is_named_and_without_a_name_the_same_border_moves():
    shapes = [{code: area.shape for code, area in reshaped(named, BUMP).items() if code}
              for named in (["12"], ["22"], ["12", "22"], None)]
    assert all(each == shapes[0] for each in shapes)


def test_the_way_in_which_the_line_is_drawn_does_not_matter():
    assert reshaped(["12"], BUMP.reverse())["12"].shape == reshaped(["12"], BUMP)["12"].shape


def test_a_line_that_sways_over_the_border_gives_and_takes():
    after = reshaped(["12"], drawn((1.45, 1.62), (1.8, 1.75), (1.8, 1.95), (1.2, 2.05), (1.2, 2.25), (1.6, 2.3)))
    assert set(after) == {"", "12", "22"}
    gave = after[""].gave
    assert gave[CODES["12"].fid] == (CODES["22"].fid,) and gave[CODES["22"].fid] == (CODES["12"].fid,)


def test_a_third_neighbour_gives_too():
    after = reshaped(["11"], drawn((1.3, 0.8), (1.8, 0.85), (1.8, 2.2), (1.3, 2.2)))
    assert set(after) - {""} == {"11", "21", "22"}
    assert after[""].gave == {CODES["11"].fid: (CODES["21"].fid, CODES["22"].fid)}
    assert {area.code for area in after[""].touched} == {"12"}, "which lies beside, and gets the vertex where they part"


def test_the_end_of_a_border_moves_along_the_border_of_a_third():
    after = reshaped(["12"], drawn((1.5, 1.9), (1.8, 1.2)))  # from the border of 12 and 22 to that of 22 and 21
    assert set(after) - {""} == {"12", "22"} and after["12"].shape.area > CODES["12"].shape.area


def test_what_is_cut_off_goes_to_the_neighbour_with_the_longest_common_border():
    after = reshaped(["22"], drawn((1.4, 2.3), (1.8, 2.1), (1.8, 1.8), (1.4, 1.7)))
    assert after[""].gave == {CODES["12"].fid: (CODES["22"].fid,)}


def test_taking_more_than_half_of_a_neighbour_is_taking_it():
    after = reshaped(["12"], drawn((1.3, 1.75), (2.35, 1.8), (2.28, 2.45), (1.3, 2.4)))
    assert after["22"].shape.area < 0.5 * CODES["22"].shape.area


# --- loose ends, tracing, jitter -------------------------------------------------------------------------------------
def test_loose_ends_are_trimmed_and_leave_no_vertex():
    long = drawn((1.0, 1.75), (1.8, 1.85), (1.8, 2.2), (1.1, 2.25))
    after = reshaped(["12"], long)
    assert set(after) - {""} == {"12", "22"}
    ends = {tuple(np.round(point)) for point in (long.coords[0], long.coords[-1])}
    assert not ends & vertices(after["12"])


def test_a_line_along_a_border_that_then_leaves_it():
    ring = shapely.get_coordinates(CODES["12"].shape.geoms[0].exterior)
    common = [tuple(xy) for xy in ring[:-1] if tuple(xy) in vertices(CODES["22"])]
    first, second, last = common[0], common[1], common[-1]
    off = np.array(CODES["22"].shape.representative_point().coords[0])
    way = shapely.LineString([first, second, (np.array(second) + off) / 2, (np.array(last) + off) / 2, last])
    after = reshaped(["12"], way)
    assert set(after) - {""} == {"12", "22"}


@pytest.mark.parametrize("seed", range(4))
def test_a_border_traced_by_hand_changes_nothing(seed):
    dice = random.Random(seed)
    ring = shapely.get_coordinates(CODES["12"].shape.geoms[0].exterior)[:-1]
    jitter = units(0.2, ring[0, 1])
    traced = ring[:8] + [[dice.uniform(-1, 1) * jitter[0], dice.uniform(-1, 1) * jitter[1]] for _ in range(8)]
    refused(LineOutside, ["12"], shapely.LineString(traced))


# --- islands, holes, parts -------------------------------------------------------------------------------------------
def test_a_lake_is_nobodys_ground_and_stays():
    after = reshaped(["11"], drawn((1.3, 0.6), (2.05, 0.65), (2.05, 1.35), (1.3, 1.4)))  # through the lake in 21
    ground = shapely.union_all([area.shape for area in (after["11"], after["21"])])
    lake = shapely.Polygon(CODES["21"].shape.geoms[0].interiors[0])
    assert ground.intersection(lake).area < lake.length * 4


def test_an_enclave_of_what_is_taken_stays_an_enclave():
    after = reshaped(["44"], drawn((4.3, 3.68), (5.38, 3.6), (5.36, 4.36), (4.3, 4.36)))  # round the area in the middle of 54
    assert "inner" not in after and after["44"].shape.intersects(CODES["inner"].shape)


def test_nobody_falls_into_parts_unless_asked():
    right = CODES["22"].shape.bounds[2]
    through = drawn((1.3, 1.9), (2.6, 1.9), (2.6, 2.1), (1.3, 2.1))  # a tongue across the whole of 22
    error = refused(PartsRefused, ["12"], through)
    assert error.details["areas"] == ["22"] and error.where and right
    after = reshaped(["12"], through, allow_parts=True)
    assert len(after["22"].shape.geoms) == 2


def test_a_whole_area_is_merged_not_reshaped_over():
    round_21 = drawn((1.4, 0.6), (1.3, 0.2), (1.7, 0.2), (2.9, 0.3), (3.0, 1.0), (2.8, 1.9), (1.7, 1.9), (1.4, 1.9), (1.3, 1.4))
    assert refused(AreaSwallowed, ["11"], round_21).details["areas"] == ["21"]


# --- borders that stay -----------------------------------------------------------------------------------------------
def test_ground_of_another_parent_stays_and_a_finding_says_so():
    after = reshaped(["12"], drawn((1.3, 1.8), (1.8, 1.85), (1.8, 3.2), (1.3, 3.2)))
    assert {code for code in after if code} == {"12", "22"}
    (finding,) = after[""].findings
    assert (finding.kind, finding.code) == ("trimmed", "community-2") and finding.where


def test_a_line_behind_which_only_others_lie_is_refused():
    error = refused(LineLeavesParent, ["22"], drawn((1.8, 2.2), (1.8, 2.8), (2.2, 2.8), (2.2, 2.2)))
    assert error.where


def test_what_only_touches_other_parents_is_not_given_away():
    town = Ledger([replace(area, parent=5 if area.code != "33" and area.parent == 4 and area.leaf else area.parent) for area in TOWN])
    assert refused(OtherParent, ["33"], drawn((3.2, 2.3), (3.3, 2.75), (3.9, 2.9)), town).where


def test_what_touches_nobody_is_not_given_away():
    town = Ledger([area for area in TOWN if area.code in ("town", "community-2", "11")])
    assert refused(NotAdjacent, ["11"], drawn((1.2, 0.3), (1.2, 1.7)), town).where


def test_locked_areas_neither_give_nor_take():
    for code in ("12", "22"):
        town = Ledger([replace(area, locked=area.code == code) for area in TOWN])
        assert refused(AreaLocked, ["12"], BUMP, town).details["areas"] == [code]
    town = Ledger([replace(area, locked=area.code == "12") for area in TOWN])
    refused(AreaLocked, ["22"], drawn((1.4, 2.3), (1.8, 2.1), (1.8, 1.8), (1.4, 1.7)), town)


def test_law_fixes_the_borders_of_a_level():
    assert refused(AreaLocked, ["12"], BUMP, fixed={"micro_grid"}).details["areas"] == ["12"]


# --- refusals --------------------------------------------------------------------------------------------------------
def test_a_line_that_meets_the_border_once_says_how_far_it_falls_short():
    error = refused(LineInside, ["12"], drawn((1.3, 1.8), (1.9, 2.0)))
    assert error.where and 20 < error.details["distance_m"] < 60


@pytest.mark.parametrize(("error", "targets", "points"), [
    (LineOutside, ["12"], ((2.9, 1.9), (3.1, 2.1))),
    (LineOutside, ["12"], ((-9, -9), (-8, -9))),
    (LineOutside, ["12"], ((1.3, 1.8), (1.8, 1.85), (1.8, 2.2), (1.3, 1.8))),
    (LineCrossesItself, ["12"], ((1.3, 1.8), (1.9, 2.2), (1.9, 1.8), (1.3, 2.2))),
    (BadGeometry, ["12"], ((1.3, 1.8), (1.3, 1.8))),
    (NotLeaf, ["community-2"], ((1.3, 1.8), (1.8, 1.85), (1.3, 2.2))),
])
def test_lines_that_move_no_border(error, targets, points):
    town = Ledger(TOWN)
    with pytest.raises(error):
        reshape(town, [CODES[code].fid for code in targets], drawn(*points) if points[0] != points[1] else shapely.LineString([(1, 1), (1, 1)]))
    assert town.areas == Ledger(TOWN).areas


def test_a_line_thinner_than_the_grid_beside_the_border_is_no_border():
    xy = shapely.get_coordinates(CODES["22"].shape.geoms[0].exterior)
    theirs = vertices(CODES["12"])
    a, b = next((a, b) for a, b in itertools.pairwise(xy) if tuple(a) in theirs and tuple(b) in theirs)
    aside = (b - a)[::-1] * [1, -1] / np.hypot(*(b - a))
    with pytest.raises(SliverRefused):
        reshape(Ledger(TOWN), [CODES["12"].fid], shapely.LineString([a, (a + b) / 2 + aside * 6, b]), snap_m=0.0)


def test_an_area_nobody_knows():
    with pytest.raises(UnknownArea):
        reshape(Ledger(TOWN), [99999], BUMP)


# --- whatever people draw --------------------------------------------------------------------------------------------
@st.composite
def bumps(draw) -> shapely.LineString:
    """Lines between two vertices of a border or beside it, by way of a point or two anywhere near."""
    leaf = draw(st.sampled_from([area for area in TOWN if area.leaf]))
    xy = shapely.get_coordinates(draw(st.sampled_from(list(leaf.shape.geoms))).exterior)[:-1]
    first = draw(st.integers(0, len(xy) - 1))
    ends = xy[[first, (first + draw(st.integers(1, len(xy) - 1))) % len(xy)]] + draw(st.sampled_from([0, 0, 1, 40, -300]))
    size = np.ptp(xy, axis=0).max()
    turns = draw(st.lists(st.tuples(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8)), min_size=1, max_size=4))
    return shapely.LineString(np.rint([ends[0], *(ends.mean(axis=0) + np.array(turns) * size), ends[1]]))


@settings(max_examples=count(150, 2000), deadline=None)
@given(bumps(), st.sampled_from((0.0, 0.5, 2.0)), st.booleans())
def test_whatever_is_drawn_the_town_stays_seamless_and_nobody_is_lost(drawn_line, snap_m, parts):
    town = Ledger(TOWN)
    was, before = border(town), dict(town.areas)
    people = _people()
    try:
        edit = reshape(town, None, drawn_line, allow_parts=parts, snap_m=snap_m)
    except (EditRefused, BadGeometry):
        assert town.areas == before
        return
    _assert_said(edit)
    for old, new in zip(edit.before, edit.after, strict=True):
        assert old.parent == new.parent == edit.before[0].parent
    assert_there_and_back(town, edit, was, people)


def assert_there_and_back(town: Ledger, edit: Edit, was: Segments, people: np.ndarray) -> None:
    """The edit leaves no gap and loses nobody, and undone every leaf is the same bytes as before."""
    before = {area.fid: area.shape.wkb for area in town.leaves()}
    town.apply(edit)
    prove(~edit, town, restores=True)
    assert_seamless(town, was)
    shapes = np.array([area.shape for area in town.leaves()], dtype=object)
    assert len(shapely.STRtree(shapes).query(people, predicate="within").T) == len(people)
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    assert_seamless(town, was)


def _people() -> np.ndarray:
    dice = np.random.default_rng(9)
    shapes = [area.shape for area in TOWN if area.leaf]
    low, high = shapely.total_bounds(shapes)[:2], shapely.total_bounds(shapes)[2:]
    spots = shapely.points(np.round(low + dice.random((400, 2)) * (high - low)) + 0.25)
    return spots[shapely.intersects(shapely.union_all(shapes), spots)]


def many(town: Ledger, times: int, seed: int) -> int:
    """How many of so many lines, one after another, moved a border; the coverage is seamless after all of them."""
    dice, done = random.Random(seed), 0
    was, ground = border(town), area2(explode(town.leaves())[0])
    for turn in range(times):
        leaf = dice.choice(town.leaves())
        xy = shapely.get_coordinates(dice.choice(list(leaf.shape.geoms)).exterior)[:-1]
        first, far = dice.randrange(len(xy)), dice.randrange(1, min(len(xy), 12))
        ends = xy[[first, (first + far) % len(xy)]]
        middle = ends.mean(axis=0) + np.array([dice.uniform(-0.6, 0.6), dice.uniform(-0.6, 0.6)]) * np.ptp(xy, axis=0)
        drawn_line = shapely.LineString(np.rint([ends[0], middle, ends[1] + dice.choice((0, 1, -50))]))
        before = dict(town.areas)
        try:
            edit = reshape(town, dice.choice((None, [leaf.fid])), drawn_line)
        except (EditRefused, BadGeometry):
            assert town.areas == before
            continue
        ground += prove(edit, town).area2_change
        town.apply(edit)
        done += 1
        if turn % 5 == 0:
            _assert_said(edit)
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground
    return done


def test_the_town_stays_seamless_under_many_lines_after_one_another():
    assert many(Ledger(little_town(5)), count(250, 3000), seed=4) > count(80, 900)


def test_a_real_district_stays_seamless(district):  # noqa: F811
    assert many(Ledger(district), count(120, 2000), seed=2) > count(40, 600)
