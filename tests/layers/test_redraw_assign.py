"""Painted buildings: they come to the area with the ground nearest to them, the border goes round them, nobody else moves."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import UNITS_PER_DEGREE
from layers.cells import Town
from layers.coverage import Coverage, prove
from layers.edits import Edit
from layers.errors import AreaLocked, BadInput, NotLeaf, OtherParent, PartsRefused, WeigeError
from layers.redraw import assign_buildings, stroke
from tests.counts import count
from tests.layers.little_town import FIRST_COMMUNITY, by_code, little_town, units_of
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.second_opinion import around, assert_agreed
from tests.layers.test_redraw_divide import cut_buildings, objects

TOWN = little_town()
CODES = by_code(TOWN)
LEAVES = [area for area in TOWN if area.leaf]


def house(u: float, v: float, size: float = 8) -> shapely.Polygon:
    """A house `u` columns to the right and `v` rows up in the town's own frame."""
    at = np.array([(u + 0.5) * 120, (v + 0.5) * 120])
    return shapely.Polygon(units_of([at + size * np.array(corner) for corner in ((-1, -1), (1, -1), (1, 1), (-1, 1))]))


def standing(*houses: shapely.Polygon, homes: int = 5, lines: tuple = ()) -> Town:
    return Town(objects(list(houses)), np.full(len(houses), float(homes)), objects(list(lines)), np.full(len(lines), 0.3))


def holders(coverage, town: Town) -> np.ndarray:
    """The leaf that holds each building."""
    points = shapely.centroid(town.buildings)
    leaves = coverage.leaves() if isinstance(coverage, Ledger) else LEAVES
    held = np.full(len(points), -1)
    for leaf in leaves:
        held[shapely.intersects(leaf.shape, points)] = leaf.fid
    return held


def painted(coverage, to: str | int, stands: Town, *numbers: int, **more) -> Edit:
    held = holders(coverage, stands)
    fid = CODES[to].fid if isinstance(to, str) else to
    return assign_buildings(coverage, fid, {number: int(held[number]) for number in numbers}, stands, **more)


def after(edit: Edit, code: str) -> shapely.MultiPolygon:
    return next(area.shape for area in edit.after if area.code == code)


def _applied(town: Ledger, edit: Edit) -> None:
    """Applies the edit; GEOS has a look as well."""
    proof, was = prove(edit, town), around(town, edit)
    town.apply(edit)
    assert_agreed(was, around(town, edit), proof.area2_change, proof.outer_vertices)


# Three rows of two houses in 12 and in 22: 12 lies left of 22.
ROWS = [house(column + du, 2 + dv) for column in (1, 2) for dv in (-0.3, 0, 0.3) for du in (-0.25, 0.25)]
STANDS = standing(*ROWS)


def test_the_border_goes_round_the_painted_building_and_both_sides_change():
    #   +-------+-------+        +-------+--+----+
    #   | o  o  | X   o |        | o  o    X|  o |     X comes from 22 to 12 with the ground nearest to it
    #   | o  o  | o   o |   ->   | o  o  +--+  o |
    #   +-------+-------+        +-------+-------+
    town = Ledger(TOWN)
    was = border(town)
    edit = painted(town, "12", STANDS, 6)
    _applied(town, edit)
    assert_seamless(town, was)
    assert [area.code for area in edit.after] == ["12", "22"] and not edit.successor
    assert [area.version for area in edit.after] == [2, 2] and edit.gave == {CODES["12"].fid: (CODES["22"].fid,)}
    assert after(edit, "12").covers(STANDS.buildings[6]) and cut_buildings(edit.after, STANDS) == 0
    assert sum(after(edit, "22").covers(one) for one in STANDS.buildings) == 5
    assert all(len(area.shape.geoms) == 1 for area in edit.after)
    for old, new in zip(edit.touched_before, edit.touched, strict=True):
        assert new.version == old.version and old.shape.hausdorff_distance(new.shape) <= 1


def test_a_road_between_is_the_border_where_there_is_one():
    road = shapely.LineString(units_of([((2 + 0.5) * 120, 60), ((2 + 0.5) * 120, 700)]))  # between the two columns of 22
    edit = painted(Coverage(TOWN), "12", replace(STANDS, lines=objects([road]), dear=np.array([0.2])), 6, 8, 10)
    common = shapely.intersection(after(edit, "12").boundary, after(edit, "22").boundary)
    assert shapely.length(shapely.intersection(common, shapely.buffer(road, 40))) > 0.9 * common.length


def test_several_areas_give_at_once():
    edit = painted(Coverage(TOWN), "12", standing(*ROWS, house(1, 1.3), house(1, 0.8)), 6, 12)
    assert [area.code for area in edit.after] == ["12", "11", "22"]
    assert edit.gave == {CODES["12"].fid: (CODES["11"].fid, CODES["22"].fid)}


def test_what_is_there_already_stays_and_nothing_to_do_is_said():
    edit = painted(Coverage(TOWN), "12", STANDS, 0, 1, 6)
    assert edit.gave == {CODES["12"].fid: (CODES["22"].fid,)}
    for numbers in ((0, 1), ()):
        with pytest.raises(BadInput):
            painted(Coverage(TOWN), "12", STANDS, *numbers)
    with pytest.raises(BadInput):
        painted(Coverage(TOWN), "12", STANDS, 6, targets=[CODES["11"].fid])


def test_the_same_stroke_gives_the_same_bytes_whatever_the_order():
    one, other = (painted(Coverage(TOWN), "12", STANDS, *numbers) for numbers in ((6, 8), (8, 6)))
    assert [area.shape.wkb for area in one.after] == [area.shape.wkb for area in other.after]


def test_open_ground_between_goes_along():
    far = standing(house(1, 2), house(2.2, 2.25), house(2.2, 1.75))  # a wide field lies between 12 and the house
    edit = painted(Coverage(TOWN), "12", far, 1)
    assert after(edit, "12").covers(far.buildings[1]) and len(after(edit, "12").geoms) == 1


def test_a_leaf_of_which_nothing_is_left_retires():
    edit = painted(Coverage(TOWN), "12", STANDS, *range(6, 12))
    assert [area.code for area in edit.before] == ["12", "22"] and [area.code for area in edit.after] == ["12"]
    assert edit.successor == {CODES["22"].fid: CODES["12"].fid}
    assert after(edit, "12").area == CODES["12"].shape.area + CODES["22"].shape.area


def test_a_piece_that_hangs_on_nothing_is_refused_with_its_place_unless_allowed():
    with pytest.raises(PartsRefused) as refused:
        painted(Coverage(TOWN), "12", STANDS, 9)  # the middle of the far column: others stand between
    assert refused.value.details["areas"] == ["12"]
    assert CODES["22"].shape.contains(shapely.Point(np.array(refused.value.where) * UNITS_PER_DEGREE))
    edit = painted(Coverage(TOWN), "12", STANDS, 9, allow_parts=True)
    assert len(after(edit, "12").geoms) == 2 and after(edit, "12").covers(STANDS.buildings[9])


def test_a_giver_that_would_fall_apart_is_refused_by_its_code():
    with pytest.raises(PartsRefused) as refused:
        painted(Coverage(TOWN), "12", STANDS, 8, 9)  # the middle row: one row above it, one below
    assert refused.value.details["areas"] == ["22"]


def test_other_parents_locked_areas_and_parents_are_refused():
    near = standing(*ROWS, house(4, 2))
    with pytest.raises(OtherParent) as refused:
        painted(Coverage(TOWN), "32", near, 12)
    assert refused.value.details["areas"] == ["42"] and refused.value.where is not None
    locked = Coverage([replace(area, locked=area.code == "22") for area in TOWN])
    for to in ("12", "22"):
        with pytest.raises(AreaLocked):
            painted(locked, to, STANDS, 6, 0)
    with pytest.raises(AreaLocked):
        painted(Coverage(TOWN), "12", STANDS, 6, fixed={CODES["12"].level})
    with pytest.raises(NotLeaf):
        painted(Coverage(TOWN), FIRST_COMMUNITY, STANDS, 6)


def test_of_a_stroke_over_the_border_of_the_parent_only_what_lies_inside_comes_when_asked():
    near, town = standing(*ROWS, house(3, 2), house(4, 2)), Ledger(TOWN)
    with pytest.raises(OtherParent) as refused:
        painted(town, "32", near, 7, 13)
    inside = {"code": "community-2", "name": CODES["community-2"].name or "community-2"}
    assert refused.value.details["inside"] == inside and refused.value.details["areas"] == ["42"]
    edit, alone = painted(town, "32", near, 7, 13, trim=True), painted(town, "32", near, 7)
    assert [area.shape.wkb for area in edit.after] == [area.shape.wkb for area in alone.after] and edit.gave == alone.gave
    (finding,) = [one for one in edit.findings if one.kind == "trimmed"]
    assert (finding.code, finding.what) == (inside["code"], inside["name"])
    assert CODES["42"].shape.contains(shapely.Point(np.array(finding.where) * UNITS_PER_DEGREE))
    assert not [one for one in painted(town, "32", near, 7, trim=True).findings if one.kind == "trimmed"], "nothing lies beyond"
    _applied(town, edit)
    for numbers, trim in (((13,), False), ((13,), True), ((12, 13), True)):  # nothing is left to bring: 12 stands in 32 already
        with pytest.raises(OtherParent) as refused:
            painted(town, "32", near, *numbers, trim=trim)
        assert "inside" not in refused.value.details and refused.value.where is not None


def test_of_a_large_leaf_only_the_ground_round_the_stroke_is_taken_apart(monkeypatch):
    whole = painted(Coverage(TOWN), "12", STANDS, 6)
    monkeypatch.setattr(stroke, "MANY", 2)
    monkeypatch.setattr(stroke, "ROUND_M", 25.0)
    monkeypatch.setattr(stroke, "STEP_M", 10.0)
    seen: list[float] = []

    def looked(ground, town):
        seen.append(shapely.area(ground).sum())
        return stroke.plots_of(ground, town)
    edit = painted(Coverage(TOWN), "12", STANDS, 6, celled=looked)
    assert seen[0] < CODES["22"].shape.area and after(edit, "12").covers(STANDS.buildings[6])
    assert {area.code for area in edit.after} == {area.code for area in whole.after} and cut_buildings(edit.after, STANDS) == 0


def crowded(seed: int) -> Town:
    """Four houses in each leaf that has room for them, turned anyhow, and a few roads."""
    dice, found = np.random.default_rng(seed), []
    scale = units_of([(1.0, 0.0)])[0] - units_of([(0.0, 0.0)])[0]
    metre = float(np.hypot(*scale))
    for leaf in LEAVES:
        west, south, east, north = leaf.shape.bounds
        mine: list[shapely.Polygon] = []
        for _ in range(12):
            at = dice.uniform([west, south], [east, north])
            half = dice.uniform(3, 8, 2) * metre
            turned = shapely.affinity.rotate(shapely.box(at[0] - half[0], at[1] - half[1], at[0] + half[0], at[1] + half[1]), dice.uniform(0, 180))
            one = shapely.transform(turned, np.rint)
            if len(mine) < 4 and leaf.shape.contains(one) and all(one.distance(other) > metre for other in mine):
                mine.append(one)
        found += mine
    west, south, east, north = shapely.total_bounds(objects([leaf.shape for leaf in LEAVES]))
    roads = [shapely.LineString(np.rint([(dice.uniform(west, east), south), (dice.uniform(west, east), north)])) for _ in range(seed % 3)]
    return Town(objects(found), dice.integers(0, 20, len(found)).astype(float), objects(roads), np.full(len(roads), 0.3))


def _strokes(seed: int, turns: int) -> int:
    """Random strokes on an oblique town; answers how many were done."""
    dice, town = random.Random(seed), Ledger(TOWN)
    was, stands, done = border(town), crowded(seed), 0
    points = shapely.centroid(stands.buildings)
    for turn in range(turns):
        held = holders(town, stands)
        to = dice.choice(town.leaves())
        kin = {leaf.fid for leaf in town.leaves() if leaf.parent == to.parent}
        near = sorted((k for k in range(len(points)) if held[k] != to.fid), key=lambda k: to.shape.distance(points[k]))
        take = near[:dice.randrange(1, 6)]
        inside = [k for k in take if held[k] in kin]
        before = dict(town.areas)
        try:
            edit = painted(town, to.fid, stands, *take, allow_parts=dice.random() < 0.15, rest=dice.choice((None, "give")), trim=dice.random() < 0.9)
        except WeigeError as refused:
            assert refused.code in ("parts", "border-touches", "bad-input", "other-parent") and town.areas == before, (refused.code, str(refused))
            continue
        if turn % 3:
            town.apply(edit)
        else:
            _applied(town, edit)
        done += 1
        assert_seamless(town, was)
        now = holders(town, stands)
        along = sum(finding.count for finding in edit.findings if finding.kind == "buildings-along")
        assert (len(inside) < len(take)) == any(finding.kind == "trimmed" for finding in edit.findings)
        assert (now[inside] == to.fid).all() and set(held[now != held]) <= {one.fid for one in edit.before}
        assert any(finding.kind == "part-given" for finding in edit.findings) or (now != held).sum() == len(inside) + along, "nobody unsaid"
        assert cut_buildings(edit.after, stands) == 0
        others = {area.fid for area in edit.before}
        assert all(town.get(fid).shape.equals_exact(area.shape) or fid in others | {one.fid for one in edit.touched}
                   for fid, area in before.items() if area.leaf and fid in town.areas)
    return done


@settings(max_examples=count(3, 60), deadline=None)
@given(st.integers(0, 10_000))
def test_whatever_is_painted_comes_and_the_town_stays_seamless(seed):
    assert _strokes(seed, 5) >= 0


@pytest.mark.promise("Painted buildings come to their area, the border goes round them and no building is cut, on an oblique town")
def test_an_evening_of_strokes():
    assert sum(_strokes(seed, 8) for seed in range(count(2, 40))) >= count(8, 160)


def test_undo_is_the_inverse():
    town = Ledger(TOWN)
    for numbers in ((6,), range(6, 12)):
        edit = town.apply(painted(town, "12", STANDS, *numbers))
        town.apply(~edit)
        assert all(town.get(area.fid).shape.wkb == area.shape.wkb for area in edit.before + edit.touched_before)
