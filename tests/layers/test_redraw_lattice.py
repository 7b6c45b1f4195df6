"""The lattice: units of stalls cut exactly on the grid, whatever the ground looks like; nobody is one stall wide by the rest."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import as_multi
from layers.coverage import Coverage
from layers.errors import AreaLocked, BadGeometry, BadInput, EditRefused, NotLeaf, SliverRefused
from layers.lattice import groups, lattice_of
from layers.measure import area_m2, metres_per_unit
from layers.redraw import lattice, merge, split
from tests.counts import count
from tests.layers.ledger import Ledger, assert_seamless, border
from tests.layers.little_town import ORIGIN, TURN, by_code, little_town
from tests.layers.second_opinion import applied

TOWN = little_town()
CODES = by_code(TOWN)
LEAVES = [area for area in TOWN if area.leaf]


def spots(*metres: tuple[float, float]) -> np.ndarray:
    """Points of the market's own frame, turned by 23 degrees, as whole units."""
    u, v = np.array(metres, float).T
    xy = np.stack([u * np.cos(TURN) - v * np.sin(TURN), u * np.sin(TURN) + v * np.cos(TURN)], axis=1)
    return np.rint(ORIGIN + xy / metres_per_unit(ORIGIN[1]))


def ring(*metres: tuple[float, float]) -> shapely.Polygon:
    return shapely.Polygon(spots(*metres))


def line(*metres: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(spots(*metres))


HALL = ring((0, 0), (54, 0), (54, 36), (0, 36))  # stalls of 3 x 3 m in 18 columns and 12 rows


def market(*shapes: shapely.Polygon) -> list:
    """A town of one leaf, of these parts."""
    whole = shapely.MultiPolygon(shapes)
    top, street = TOWN[0], TOWN[1]
    leaf = replace(LEAVES[0], name="", shape=whole, parent=street.fid, path=f"{street.path}{LEAVES[0].fid}/")
    return [replace(top, shape=whole), replace(street, shape=whole), leaf]


def laid(areas: list, *asked, **wish):
    """The lattice on the one leaf: written, looked at by an independent method; the edit."""
    town, leaf = Ledger(areas), areas[-1]
    edit = lattice(town, [leaf.fid], *asked, **wish)
    applied(town, edit)
    return edit


def test_twelve_rows_of_eighteen_stalls_are_four_by_six_units_of_nine():
    edit = laid(market(HALL), 12, 18)
    assert len(edit.after) == 24 and {area.fid for area in edit.after} == {edit.before[0].fid, *range(-23, 0)}
    assert [area.name for area in edit.after] == [f"{row}-{column}" for row in range(1, 5) for column in range(1, 7)]
    size = area_m2([area.shape for area in edit.after])
    assert abs(size / size.mean() - 1).max() < 0.01, "the same ground each, to a centimetre on the grid"
    assert [(one.kind, one.code, one.count) for one in edit.findings] == [("stalls", "9", 24)]
    west, north = edit.after[0].shape.centroid, edit.after[5].shape.centroid
    assert west.x < north.x and edit.after[0].shape.centroid.y > edit.after[-1].shape.centroid.y, "row 1 is in the north"


@pytest.mark.parametrize(("number", "group", "expected"), [
    (13, 3, [0, 3, 6, 9, 13]), (14, 3, [0, 3, 6, 9, 12, 14]), (12, 3, [0, 3, 6, 9, 12]), (4, 3, [0, 4]), (2, 3, [0, 2]), (1, 3, [0, 1]),
    (5, 1, [0, 1, 2, 3, 4, 5]), (5, 2, [0, 2, 5]), (11, 5, [0, 5, 11]), (12, 5, [0, 5, 10, 12])])
def test_no_unit_is_one_stall_wide_by_the_rest(number: int, group: int, expected: list[int]):
    assert groups(number, group).tolist() == expected


def test_thirteen_columns_end_with_units_of_twelve_stalls():
    edit = laid(market(HALL), 12, 13)
    assert {(one.code, one.count) for one in edit.findings if one.kind == "stalls"} == {("9", 12), ("12", 4)}


def test_the_baseline_gives_corner_and_direction():
    along = line((0, 0), (54, 0))  # the southern side: row 1 lies there
    edit = laid(market(HALL), 12, 18, baseline=along)
    assert edit.after[0].name == "1-1" and edit.after[0].shape.centroid.y < edit.after[-1].shape.centroid.y
    turned = laid(market(HALL), 12, 18, baseline=line((54, 36), (54, 0)))  # rows run across the hall
    assert len(turned.after) == 24
    corner = shapely.Point(shapely.get_coordinates(line((54, 36), (54, 0)))[0])
    assert turned.after[0].shape.distance(corner) < 3
    with pytest.raises(BadGeometry) as refused:
        lattice(Coverage(market(HALL)), [LEAVES[0].fid], 12, 18, baseline=line((60, 0), (90, 0)))
    assert refused.value.where


def test_the_ground_beyond_the_outermost_lines_belongs_to_the_units_there():
    inside = laid(market(HALL), 6, 6, baseline=line((9, 6), (40, 6)))
    assert len(inside.after) == 4 and inside.after[0].shape.area > 1.5 * inside.after[-1].shape.area


def test_a_court_and_a_second_hall_are_cut_where_they_stand():
    court = shapely.Polygon(HALL.exterior, [ring((20, 10), (20, 26), (37, 26), (37, 10)).exterior])
    annexe = ring((70, 0), (88, 0), (88, 18), (70, 18))
    edit = laid(market(court, annexe), 12, 30)
    assert all(len(area.shape.geoms) == 1 for area in edit.after) and len({area.name for area in edit.after}) == len(edit.after)
    kiosk = ring((60, 0), (61, 0), (61, 1), (60, 1))  # less than a stall, and it stands alone
    beside = laid(market(HALL, kiosk), 12, 20)
    assert sum(len(area.shape.geoms) == 2 for area in beside.after) == 1 and "sliver-joined" in {one.kind for one in beside.findings}


def test_pieces_of_one_place_are_told_apart_and_slivers_join_the_longest_neighbour():
    comb = ring((0, 0), (54, 0), (54, 36), (50, 36), (50, 20), (40, 20), (40, 36), (36, 36), (36, 10), (10, 10), (10, 36), (0, 36))
    edit = laid(market(comb), 6, 6)
    assert len({area.name for area in edit.after}) == len(edit.after)
    assert min(area_m2([area.shape for area in edit.after])) > 6 * 9 * 0.9  # a stall is 9 x 6 m
    told = [one for one in edit.findings if one.kind == "sliver-joined"]
    assert not told or shapely.Point(np.array(told[0].where) * 1e7).intersects(comb.buffer(2))


def test_the_old_area_lives_on_where_most_people_are_else_first():
    heaviest = lambda shapes: [shape.centroid.x for shape in shapes]  # noqa: E731
    edit = laid(market(HALL), 12, 18, weigh=heaviest)
    assert edit.after[0].fid == LEAVES[0].fid and edit.after[0].shape.centroid.x == max(area.shape.centroid.x for area in edit.after)
    assert [area.code for area in edit.after[1:]] == [f"+{k}" for k in range(1, 24)]
    assert laid(market(HALL), 12, 18, weigh=lambda shapes: [0.0] * len(shapes)).after[0].name == "1-1"


def test_what_makes_no_lattice_is_refused():
    town, fid = Coverage(TOWN), LEAVES[0].fid
    for wish, error in (((3, 3), BadInput), ((0, 5), BadInput), ((200, 200), BadInput), ((5, 5, 0), BadInput), ((1000, 1000, 50), BadInput),
                        ((900, 90, 30), SliverRefused)):
        with pytest.raises(error):
            lattice(town, [fid], *wish)
    with pytest.raises(BadInput):
        lattice(town, [fid, LEAVES[1].fid], 12, 18)
    with pytest.raises(NotLeaf):
        lattice(town, [1], 12, 18)
    with pytest.raises(AreaLocked):
        lattice(Coverage([replace(area, locked=area.fid == fid) for area in TOWN]), [fid], 12, 18)
    with pytest.raises(BadGeometry):
        lattice(town, [fid], 12, 18, baseline=shapely.LineString([(0, 0), (0, 0)]))


def test_undo_gives_the_same_bytes_and_units_can_be_cut_and_merged():
    town, area = Ledger(TOWN), CODES["03"]
    done = town.apply(lattice(town, [area.fid], 9, 9))
    was = border(town)
    unit = next(one for one in done.after if one.name == "2-2")
    west, south, east, north = unit.shape.bounds
    applied(town, split(town, [unit.fid], shapely.LineString([(west - 50, (south + north) // 2), (east + 50, (south + north) // 2)])))
    other = next(one for one in town.leaves() if one.fid != unit.fid and shapely.intersection(one.shape, town.get(unit.fid).shape).length > 100
                 and one.parent == unit.parent)
    applied(town, merge(town, [unit.fid, other.fid], keep=unit.fid))
    assert_seamless(town, was)
    again = Ledger(TOWN)
    made = again.apply(lattice(again, [area.fid], 9, 9))
    again.apply(~made)
    assert again.get(area.fid).shape.wkb == area.shape.wkb and again.get(area.fid).name == area.name


def test_the_same_wish_gives_the_same_bytes():
    made = [[(area.name, area.shape.wkb) for area in lattice(Coverage(TOWN), [CODES["21"].fid], 10, 11, 2).after] for _ in range(2)]
    assert made[0] == made[1]


def test_a_thousand_units_and_not_one_more():
    edit = laid(market(HALL), 40, 100, 2)
    assert len(edit.after) == 1000 and [(one.code, one.count) for one in edit.findings] == [("4", 1000)]
    with pytest.raises(BadInput) as refused:
        lattice_of(np.array([HALL]), 96, 96, 3)
    assert refused.value.details["most"] == 1000


@settings(max_examples=count(30, 1000), deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_whatever_the_ground_units_cover_it_and_neighbours_keep_their_borders(seed: int):
    dice, town = random.Random(seed), Ledger(TOWN)
    area = dice.choice(LEAVES)
    west, south, east, north = area.shape.bounds
    spot = lambda: (round(dice.uniform(west, east)), round(dice.uniform(south, north)))  # noqa: E731
    baseline = shapely.LineString([spot(), spot()]) if dice.random() < 0.5 else None
    try:
        edit = lattice(town, [area.fid], dice.randint(1, 30), dice.randint(1, 30), dice.choice((1, 2, 3, 3, 4, 7)), baseline)
    except (BadInput, BadGeometry, SliverRefused):
        return
    except EditRefused as refused:
        raise AssertionError(refused.text) from None
    applied(town, edit)
    assert len(as_multi(shapely.union_all([one.shape for one in edit.after])).geoms) <= max(1, len(area.shape.geoms))
    assert sum(len(one.shape.geoms) for one in edit.after) <= len(edit.after) + len(area.shape.geoms) - 1
