"""Drawing a new area and an island: who gives, who stays, who retires; nothing but the ground under the polygon moves."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import UNITS_PER_DEGREE, Area
from layers.chain import area2
from layers.coverage import Coverage, explode, prove
from layers.edits import Edit
from layers.errors import (
    AreaLocked,
    BadGeometry,
    BadInput,
    BorderTouches,
    EditRefused,
    LineCrossesItself,
    LineLeavesParent,
    LineOutside,
    NoChildren,
    OtherParent,
    PartsRefused,
    SliverRefused,
    UnknownArea,
    WeigeError,
)
from layers.measure import area_m2
from layers.redraw import OPERATIONS, draw, island, merge
from tests.counts import count
from tests.layers.little_town import CELL_M, CITY, by_code, little_town, ring, units_of
from tests.layers.random_edits import Ledger, assert_seamless, blob, border

TOWN = little_town()
CODES = by_code(TOWN)


def at(column: float, row: float) -> tuple[float, float]:
    """Metres in the town's frame; at(2, 1) is about the middle of leaf "21"."""
    return (column + 0.5) * CELL_M, (row + 0.5) * CELL_M


def box(column: float, row: float, half_u: float, half_v: float | None = None) -> shapely.Polygon:
    """A box in cells round a place of the town's frame."""
    half_v = half_u if half_v is None else half_v
    return ring(at(column - half_u, row - half_v), at(column + half_u, row - half_v + 0.02),
                at(column + half_u - 0.02, row + half_v), at(column - half_u, row + half_v))


def drawn(parent: str, polygon: shapely.Polygon, op=draw, **more) -> tuple[Ledger, Edit]:
    """The town after it, proved to be seamless, checked by GEOS too, and the edit."""
    town = Ledger(TOWN)
    was = border(town)
    edit = op(town, CODES[parent].fid, polygon, **more)
    moved = area2(explode(edit.after + edit.touched)[0]) - area2(explode(edit.before + edit.touched_before)[0])
    assert moved == prove(edit, town).area2_change
    before, after = (shapely.union_all([area.shape for area in side]) for side in (edit.before, edit.after))
    assert shapely.area(shapely.symmetric_difference(before, after)) <= 2 * shapely.length(before)
    town.apply(edit)
    assert_seamless(town, was)
    return town, edit


def refused(error: type[WeigeError], parent: str, polygon: shapely.Polygon, op=draw, **more) -> WeigeError:
    town = Ledger(TOWN)
    before = {fid: area.shape.wkb for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        op(town, CODES[parent].fid, polygon, **more)
    assert type(caught.value) is error
    assert {fid: area.shape.wkb for fid, area in town.areas.items()} == before
    return caught.value


def new_of(edit: Edit) -> Area:
    return next(area for area in edit.after if area.fid == -1)


# --- draw --------------------------------------------------------------------------------------------------------
def test_a_new_area_takes_from_all_under_it_and_they_keep_who_they_are():
    polygon = box(1.5, 2, 0.3, 0.25)  # across the border of 12 and 22
    town, edit = drawn("community-2", polygon)
    new = new_of(edit)
    assert [area.code for area in edit.before] == ["12", "22"]
    assert [(area.fid, area.version) for area in edit.after[:2]] == [(CODES["12"].fid, 2), (CODES["22"].fid, 2)]
    assert (new.code, new.level, new.parent, new.path) == ("+1", "micro_grid", 2, "/1/2/-1/")
    assert edit.gave[-1] == (CODES["12"].fid, CODES["22"].fid) and edit.successor == {} and edit.touched == ()
    assert shapely.area(shapely.symmetric_difference(new.shape, polygon)) < 1e-3 * polygon.area
    for kept, was in zip(edit.after[:2], edit.before, strict=True):
        assert kept.attributes == was.attributes and area_m2(kept.shape) < area_m2(was.shape)


def test_who_lies_wholly_under_it_retires_into_it():
    _, edit = drawn("community-2", box(1, 1, 0.85))
    assert edit.successor == {CODES["11"].fid: -1}
    assert CODES["11"].fid not in [area.fid for area in edit.after]
    assert {area.code for area in edit.before} > {"00", "11", "12", "21"}


def test_ground_of_another_parent_is_refused_with_the_place_or_left_out():
    polygon = box(2, 2.5, 0.3, 0.4)  # the upper half lies in community 4
    error = refused(LineLeavesParent, "community-2", polygon)
    spot = shapely.Point(np.array(error.where) * UNITS_PER_DEGREE)
    assert CODES["community-4"].shape.contains(spot) and polygon.contains(spot) and error.details["areas"] == ["23"]
    _, edit = drawn("community-2", polygon, trim=True)
    new = new_of(edit)
    assert CODES["community-2"].shape.buffer(3).contains(new.shape)
    assert [finding.kind for finding in edit.findings] == ["trimmed"] and edit.findings[0].area_m2 > 100
    assert [area.code for area in edit.touched] == ["23"]
    assert edit.findings[0].what == (CODES["community-2"].name or "community-2")
    for trim in (False, True):
        error = refused(LineLeavesParent, "community-2", box(4.5, 4.2, 0.3), trim=trim)  # nothing of it lies inside
        assert error.details["why"] == "outside" and error.where and len(error.details["areas"]) > 1


def test_ground_of_nobody_stays_nobodys():
    lake = shapely.Polygon(CODES["21"].shape.geoms[0].interiors[0])
    polygon = shapely.Polygon(np.round(shapely.get_coordinates(lake.convex_hull.buffer(900))))
    _, edit = drawn("community-2", polygon)
    assert [area.code for area in edit.before] == ["21"]
    assert new_of(edit).shape.geoms[0].interiors and not edit.after[0].shape.intersects(lake.centroid)
    _, edit = drawn("community-3", box(6.6, 1, 0.35, 0.3))  # beyond the outermost border
    assert [area.code for area in edit.before][:1] == ["61"] or "61" in [area.code for area in edit.before]


def test_a_strip_through_an_area_is_refused_unless_asked_otherwise():
    strip = box(2, 2, 0.08, 0.95)
    strip = shapely.intersection(strip, CODES["community-2"].shape.buffer(-200))
    strip = shapely.Polygon(np.round(shapely.get_coordinates(max(shapely.get_parts(strip), key=shapely.area).exterior)))
    error = refused(PartsRefused, "community-2", box(2, 2, 0.08, 0.49 + 0.45), trim=True)
    assert error.details["areas"] == ["22"] and error.details["parts"] == 2
    spot = shapely.Point(np.array(error.where) * UNITS_PER_DEGREE)
    assert CODES["22"].shape.contains(spot)
    _, edit = drawn("community-2", box(2, 2, 0.08, 0.94), trim=True, allow_parts=True)
    assert len(next(area for area in edit.after if area.code == "22").shape.geoms) == 2
    _, edit = drawn("community-2", box(2, 2, 0.08, 0.94), trim=True, rest="new")
    assert [area.code for area in edit.after if area.fid < 0] == ["+1", "+2"]
    assert edit.gave[-2] == (CODES["22"].fid,)
    assert all(len(area.shape.geoms) == 1 for area in edit.after)
    assert refused(BadInput, "community-2", strip, rest="old").code == "bad-input"


def test_of_the_pieces_the_heaviest_keeps_the_code():
    polygon = box(2, 2, 0.08, 0.94)
    west = lambda shapes: [-shape.bounds[0] for shape in shapes]  # noqa: E731
    east = lambda shapes: [shape.bounds[0] for shape in shapes]  # noqa: E731
    kept = [next(area for area in drawn("community-2", polygon, trim=True, rest="new", weigh=weigh)[1].after if area.code == "22")
            for weigh in (west, east)]
    assert kept[0].shape.bounds[0] < kept[1].shape.bounds[0]


def test_an_area_below_the_parent_of_the_parent_is_drawn_too_but_not_over_two():
    _, edit = drawn("town", box(1.5, 2, 0.3, 0.25))
    assert new_of(edit).parent == 2
    error = refused(OtherParent, "town", box(2, 2.5, 0.3, 0.4))
    assert error.details["parents"] == {"22": "community-2", "23": "community-4"}


def test_a_line_along_borders_takes_whole_areas():
    union = shapely.coverage_union_all([CODES[code].shape for code in ("11", "12")])
    assert len(shapely.get_parts(union)) == 1
    dice = np.random.default_rng(3)
    traced = shapely.get_coordinates(shapely.get_parts(union)[0].exterior)[:-1]
    jitter = dice.uniform(-10, 10, traced.shape)  # 10 cm
    _, edit = drawn("community-2", shapely.Polygon(np.round(traced + jitter)))
    assert {area.code for area in edit.before} == {"11", "12"} and [area.fid for area in edit.after] == [-1]
    assert set(edit.successor.values()) == {-1} and edit.touched == ()
    only = shapely.Polygon(shapely.get_coordinates(CODES["12"].shape.geoms[0].exterior))
    assert refused(LineOutside, "community-2", only).details["areas"] == ["12"]


def test_what_is_left_as_a_sliver_goes_along():
    middle, shell = np.array(shapely.point_on_surface(CODES["12"].shape).coords[0]), CODES["12"].shape.geoms[0]
    inset = shapely.Polygon(np.round(middle + (shapely.get_coordinates(shell.exterior) - middle) * 0.9999))
    assert refused(LineOutside, "community-2", inset).code == "line-outside"


@pytest.mark.parametrize(
    ("error", "parent", "polygon"),
    [
        (NoChildren, "22", box(2, 2, 0.2)),
        (LineOutside, "community-2", box(30, 30, 0.3)),
        (LineCrossesItself, "community-2", ring(at(1.8, 1.8), at(2.2, 2.2), at(2.2, 1.8), at(1.8, 2.2))),
        (BadGeometry, "community-2", shapely.Polygon(box(2, 2, 0.3).exterior, [box(2, 2, 0.1).exterior])),
        (BadGeometry, "community-2", shapely.MultiPolygon([box(2, 2, 0.1)])),
        (LineLeavesParent, "community-2", box(4.5, 4.2, 0.3)),
        (SliverRefused, "community-2", ring(at(1.8, 2), at(2.2, 2), at(2.2, 2.0004))),
    ],
)
def test_refusals_name_their_reason(error, parent, polygon):
    assert refused(error, parent, polygon).code == error.code


def test_locked_areas_give_nothing():
    town = Ledger([replace(area, locked=True) if area.code == "22" else area for area in TOWN])
    with pytest.raises(AreaLocked) as caught:
        draw(town, 2, box(1.5, 2, 0.3, 0.25))
    assert caught.value.details["areas"] == ["22"]
    with pytest.raises(UnknownArea):
        draw(town, 999, box(2, 2, 0.3))


def test_unassigned_ground_gives_and_stays_unassigned():
    town = Ledger([replace(area, assigned=False) if area.code == "22" else area for area in TOWN])
    edit = draw(town, 2, box(2, 2, 0.2))
    assert [area.assigned for area in edit.after] == [False, True]


# --- islands -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("parent", ["22", "community-2", "town"])
def test_an_island_lies_in_its_leaf_and_merging_takes_it_away(parent):
    polygon = box(2, 2, 0.15)
    town, edit = drawn(parent, polygon, island)
    assert edit.op == "island" and [area.code for area in edit.before] == ["22"] and edit.touched == ()
    host, new = edit.after
    assert len(host.shape.geoms[0].interiors) == 1 and new.parent == 2 and new.path == "/1/2/-1/"
    assert shapely.Polygon(host.shape.geoms[0].interiors[0]).equals(new.shape)
    fid = next(area.fid for area in town.leaves() if area.code.startswith("n"))
    back = merge(town, [CODES["22"].fid, fid], keep=CODES["22"].fid)
    assert back.after[0].shape.equals(CODES["22"].shape) and not back.after[0].shape.geoms[0].interiors
    assert area2(explode(back.after)[0]) == area2(explode([CODES["22"]])[0])


def test_an_island_stays_in_one_leaf():
    for parent in ("22", "community-2"):
        error = refused(LineLeavesParent, parent, box(1.5, 2, 0.3, 0.25), island)
        assert error.details["areas"] in (["12"], ["22"])
    assert "inner" in refused(LineLeavesParent, "54", box(5, 4, 0.3), island).details["areas"]
    assert refused(LineLeavesParent, "11", box(2, 2, 0.15), island).details["areas"] == ["22"]
    assert refused(LineOutside, "town", box(30, 30, 0.15), island).code == "line-outside"
    assert refused(PartsRefused, "22", box(2, 2, 0.05, 0.9).intersection(CODES["22"].shape.buffer(5)), island)


def test_an_island_that_touches_the_border_in_one_vertex_is_refused():
    corner = shapely.get_coordinates(CODES["22"].shape.geoms[0].exterior)[0]
    polygon = shapely.Polygon([corner, *units_of([at(2.1, 2.0), at(2.0, 2.1)])])
    assert isinstance(refused(BorderTouches, "22", polygon, island), EditRefused)


def test_an_island_in_an_island_and_beside_a_lake():
    town, edit = drawn("22", box(2, 2, 0.2), island)
    inner = island(town, 2, box(2, 2, 0.08))
    assert inner.before[0].code.startswith("n")
    prove(inner, town)
    _, edit = drawn("21", box(2, 0.65, 0.1, 0.04), island)
    assert len(edit.after[0].shape.geoms[0].interiors) == 2


# --- whatever is drawn -------------------------------------------------------------------------------------------
def random_drawings(town: Ledger, n: int, seed: int) -> Counter:
    """Draws and islands at random places; each accepted one is proved, written, and undone or kept."""
    dice, told = random.Random(seed), Counter()
    for turn in range(n):
        leaf = dice.choice(town.leaves())
        parents = [fid for fid in (leaf.parent, leaf.parent, leaf.parent, leaf.fid) if fid is not None]
        op = dice.choice(("draw", "draw", "island"))
        asked = {"parent": dice.choice(parents), "polygon": blob(dice, leaf), "snap_m": dice.choice((0.5, 0.0, 2.0))}
        if op == "draw":
            asked |= {"trim": dice.random() < 0.7, "rest": dice.choice((None, "new", "give")), "allow_parts": dice.random() < 0.3}
        before = {area.fid: area for area in town.leaves()}
        try:
            edit = OPERATIONS[op](town, **asked)
        except WeigeError as error:
            assert isinstance(error, EditRefused | BadGeometry), error
            told[f"{op}: {error.code}"] += 1
            assert all(town.get(fid) is area for fid, area in before.items())
            continue
        prove(edit, town)
        assert {area.fid for area in edit.before} == {*(area.fid for area in edit.after if area.fid > 0), *edit.successor}
        if turn % 5 == 0:
            was, now = (shapely.union_all([area.shape for area in side]) for side in (edit.before + edit.touched_before, edit.after + edit.touched))
            assert shapely.area(shapely.symmetric_difference(was, now)) <= 2 * shapely.length(was)
        written = town.apply(edit)
        told[op] += 1
        if dice.random() < 0.3:
            prove(~written, town, restores=True)
            town.apply(~written)
            assert all(town.get(area.fid).shape.wkb == area.shape.wkb for area in edit.before + edit.touched_before)
    return told


@pytest.mark.parametrize("seed", range(count(2, 12)))
def test_random_drawings_leave_the_town_seamless(seed):
    town = Ledger(TOWN)
    was = border(town)
    told = random_drawings(town, count(60, 250), seed)
    assert_seamless(town, was)
    assert told["draw"] >= 10 and told["island"] >= 2, told


@settings(max_examples=count(30, 300), deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_undo_of_any_drawing_gives_the_bytes_back(seed):
    dice = random.Random(seed)
    town = Ledger(TOWN)
    leaf = dice.choice(town.leaves())
    try:
        edit = draw(town, leaf.parent, blob(dice, leaf), trim=True, rest=dice.choice((None, "new", "give")))
    except WeigeError:
        return
    written = town.apply(edit)
    prove(~written, town, restores=True)
    town.apply(~written)
    assert all(town.get(area.fid).shape.wkb == CODES[area.code].shape.wkb for area in edit.before)
    assert isinstance(town, Coverage) and town.get(CITY).shape.equals(CODES["town"].shape)
