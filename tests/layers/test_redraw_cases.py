"""The 25 nasty cases of geometry.md, section 8, each by its number and by what is true; the first file to read when an edit looks odd.

The study measured in millimetres; here a unit is 1e-7 degree: case 6 is a strip of 2 units, case 21 leans by 1 unit over the whole area.
Every accepted edit is proved, looked at by a second method, and undone to the same bytes; a refused one names its reason and a place
and changes nothing. More of split, merge, reshape, draw and vertices in test_redraw_*.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.areas import UNITS_PER_DEGREE, Area
from layers.chain import area2, pack
from layers.coverage import explode, prove
from layers.edits import Edit
from layers.errors import (
    AreaLocked,
    BadGeometry,
    BorderTouches,
    LineCrossesItself,
    LineInside,
    LineOutside,
    NotAdjacent,
    OtherParent,
    PartsRefused,
    SliverRefused,
    VertexHeld,
    WeigeError,
)
from layers.redraw import OPERATIONS
from tests.layers.ledger import Ledger, assert_seamless, border
from tests.layers.little_town import CELL_M, by_code, line, little_town, ring, units_of
from tests.layers.second_opinion import around, assert_agreed

TOWN = little_town()
CODES = by_code(TOWN)


def at(column: float, row: float) -> tuple[float, float]:
    """Metres in the town's frame; at(2, 1) is about the middle of leaf "21"."""
    return (column + 0.5) * CELL_M, (row + 0.5) * CELL_M


def spot(column: float, row: float) -> np.ndarray:
    """The same in units."""
    return units_of([at(column, row)])[0]


def drawn(*places: tuple[float, float]) -> shapely.LineString:
    """A line through places of the lattice."""
    return line(*(at(*place) for place in places))


def fids(*codes: str) -> list[int]:
    return [CODES[code].fid for code in codes]


def corners(code: str) -> np.ndarray:
    """The vertices of the shell of a leaf, in order, the first not repeated."""
    return shapely.get_coordinates(CODES[code].shape.geoms[0].exterior)[:-1]


def shared(*codes: str) -> list[tuple[float, float]]:
    """Vertices that all these leaves have and no other, in the order of the first."""
    of = {area.code: set(map(tuple, corners(area.code).tolist())) for area in TOWN if area.leaf}
    return [xy for xy in map(tuple, corners(codes[0]).tolist()) if {code for code, own in of.items() if xy in own} == set(codes)]


def vertices(area: Area) -> set[tuple[float, float]]:
    return set(map(tuple, shapely.get_coordinates(area.shape).tolist()))


def done(op: str, *arguments, town: Ledger | None = None, **more) -> tuple[Edit, Ledger]:
    """The edit as written and the town after it: proved, agreed by a second method, undone and done again to the same bytes."""
    town = Ledger(TOWN) if town is None else town
    was, before = border(town), {area.fid: area.shape.wkb for area in town.leaves()}
    edit = OPERATIONS[op](town, *arguments, **more)
    proof = prove(edit, town)
    patch = around(town, edit)
    written = town.apply(edit)
    assert_agreed(patch, around(town, edit), proof.area2_change, proof.outer_vertices)
    assert_seamless(town, was)
    after = {area.fid: area.shape.wkb for area in town.leaves()}
    town.apply(~written)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    town.apply(written)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == after
    return written, town


def refused(error: type[WeigeError], op: str, *arguments, town: Ledger | None = None, **more) -> WeigeError:
    """The refusal; nothing has changed."""
    town = Ledger(TOWN) if town is None else town
    before = {fid: (area, area.shape.wkb) for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        OPERATIONS[op](town, *arguments, **more)
    assert type(caught.value) is error
    assert {fid: (area, area.shape.wkb) for fid, area in town.areas.items()} == before
    return caught.value


def test_01_a_line_through_vertices_of_the_border_adds_none():
    ring_ = corners("22")
    edit, _ = done("split", fids("22"), shapely.LineString([ring_[0], ring_[8]]))
    assert not edit.touched and set().union(*map(vertices, edit.after)) == vertices(CODES["22"])


def test_02_a_line_that_ends_inside_is_refused_and_leaves_no_vertex():
    error = refused(LineInside, "split", fids("22"), drawn((2, 1.2), (2, 2)))
    assert np.allclose(np.array(error.where) * UNITS_PER_DEGREE, spot(2, 2), atol=1) and error.details["distance_m"] > 10


def test_03_a_loose_tail_is_trimmed_and_the_area_it_hangs_in_gains_the_vertex_only():
    edit, _ = done("split", fids("22"), drawn((2, 1.3), (2, 3.1)))
    assert [area.code for area in edit.before] == ["22"]
    (now,), (was,) = ([area for area in side if area.code == "23"] for side in (edit.touched, edit.touched_before))
    assert len(vertices(now) - vertices(was)) == 1 and tuple(spot(2, 3.1)) not in vertices(now)


def test_04_a_line_exactly_along_the_border_of_the_parent_changes_nothing():
    along = shapely.line_merge(shapely.intersection(CODES["32"].shape.boundary, CODES["42"].shape.boundary))
    assert CODES["32"].parent != CODES["42"].parent and along.geom_type == "LineString"
    for targets in (None, fids("32"), fids("32", "42")):
        refused(LineOutside, "split", targets, along)
        refused(LineOutside, "reshape", targets, along)


def test_05_a_line_that_ends_on_the_parent_s_border_gives_the_area_behind_it_the_vertex():
    edit, town = done("split", fids("31"), drawn((2.4, 1.1), (3.62, 1.08)))
    behind = next(area for area in edit.touched if area.code == "41")
    (fresh,) = vertices(behind) - vertices(CODES["41"])
    assert behind.parent != CODES["31"].parent and behind.version == CODES["41"].version
    assert all(fresh in vertices(town.get(area.parent)) for area in (behind, CODES["31"]))


def test_06_a_strip_of_two_units_is_refused():
    ring_ = corners("22")
    middle = np.array(CODES["22"].shape.centroid.coords[0])
    inward = middle - (ring_[0] + ring_[4]) / 2
    off = inward / np.hypot(*inward) * 2
    beyond = (ring_[4] - ring_[0]) * 0.05
    strip = shapely.LineString([ring_[0] + off - beyond, *(corner + off for corner in ring_[:5]), ring_[4] + off + beyond])
    refused(SliverRefused, "split", fids("22"), strip, snap_m=0)


def test_07_an_island_is_drawn_and_merged_back_vertex_by_vertex():
    edit, town = done("island", CODES["22"].fid, ring(at(2, 2), at(2.2, 2), at(2.2, 2.2), at(2, 2.25)))
    host, island = edit.after
    assert len(host.shape.geoms[0].interiors) == 1
    back, _ = done("merge", [host.fid, island.fid], town=town, keep=host.fid)
    assert back.after[0].shape.normalize() == CODES["22"].shape.normalize()


def test_08_an_island_that_touches_the_shell_in_one_vertex_is_refused():
    corner = corners("22")[0]
    inside = units_of([at(2.0, 2.0), at(1.9, 2.1)])
    assert refused(BorderTouches, "split", fids("22"), shapely.LineString([corner, *inside, corner])).where
    assert refused(BorderTouches, "island", CODES["22"].fid, shapely.Polygon([corner, *inside])).where


def test_09_areas_that_touch_in_one_point_are_not_merged():
    assert shapely.intersection(CODES["21"].shape, CODES["32"].shape).geom_type == "Point"
    error = refused(NotAdjacent, "merge", fids("21", "32"))
    assert set(error.details["areas"]) == {"21", "32"} and error.where


def test_10_areas_of_two_parents_are_not_merged():
    assert refused(OtherParent, "merge", fids("31", "41")).details["parents"] == {"31": "community-2", "41": "community-3"}


def test_11_a_drawn_strip_that_cuts_an_area_in_two_is_refused_unless_asked():
    strip = ring(at(1.92, 1.06), at(2.08, 1.06), at(2.08, 2.94), at(1.92, 2.94))
    error = refused(PartsRefused, "draw", CODES["22"].parent, strip, trim=True)
    assert error.details["areas"] == ["22"] and error.where
    edit, _ = done("draw", CODES["22"].parent, strip, trim=True, allow_parts=True)
    assert len(next(area for area in edit.after if area.code == "22").shape.geoms) == 2
    edit, _ = done("draw", CODES["22"].parent, strip, trim=True, rest="new")
    assert all(len(area.shape.geoms) == 1 for area in edit.after) and sum(area.version == 1 for area in edit.after) == 2


@pytest.mark.parametrize("op", ["split", "reshape"])
def test_12_points_drawn_twice_do_not_matter(op):
    way = drawn((1.3, 1.8), (1.8, 1.85), (1.8, 2.2), (1.3, 2.2)) if op == "reshape" else drawn((2, 1.2), (2.1, 2), (2, 2.9))
    twice = shapely.LineString(np.repeat(shapely.get_coordinates(way), 3, axis=0))
    targets = fids("12") if op == "reshape" else fids("22")
    assert done(op, targets, twice)[0] == done(op, targets, way)[0]


@pytest.mark.parametrize("op", ["split", "reshape"])
def test_13_a_line_that_crosses_itself_is_refused_with_the_place(op):
    way = drawn((1.8, 1.2), (2.2, 2.1), (2.3, 1.9), (1.7, 2.0), (1.8, 2.9))
    error = refused(LineCrossesItself, op, fids("22"), way)
    assert way.distance(shapely.Point(np.array(error.where) * UNITS_PER_DEGREE)) < 1


def test_14_a_line_that_follows_a_border_and_leaves_it_cuts_where_it_left():
    ring_ = corners("22")
    edit, _ = done("split", fids("22"), shapely.LineString([*ring_[:3], spot(2.05, 2.1), ring_[10]]))
    assert len(edit.after) == 2 and not edit.touched
    fresh = set().union(*map(vertices, edit.after)) - vertices(CODES["22"])
    assert fresh == {tuple(spot(2.05, 2.1))}


@pytest.mark.parametrize("seed", range(5))
def test_15_a_border_traced_by_hand_within_the_snap_is_no_change(seed):
    jitter = np.random.default_rng(seed).uniform(-18, 18, (5, 2))  # 0.2 m
    traced = shapely.LineString(corners("22")[:5] + jitter)
    for op in ("split", "reshape"):
        refused(LineOutside, op, None, traced, snap_m=0.5)


def test_16_a_vertex_is_not_moved_across_a_neighbour():
    (x, y) = shared("12", "22")[0]
    beyond = CODES["02"].shape.representative_point()
    assert refused(LineCrossesItself, "move_vertex", shapely.Point(x, y), beyond).where


def test_17_a_vertex_of_the_parent_s_border_stays():
    (x, y) = shared("22", "23")[0]
    assert CODES["22"].parent != CODES["23"].parent
    for op, more in (("move_vertex", [shapely.Point(spot(2, 2.2))]), ("delete_vertex", [])):
        assert set(refused(AreaLocked, op, shapely.Point(x, y), *more).details["areas"]) == {"22", "23"}


def test_18_a_vertex_where_borders_part_is_not_deleted():
    (x, y) = shared("11", "12", "21", "22")[0]
    assert refused(VertexHeld, "delete_vertex", shapely.Point(x, y)).where


def test_19_a_drawn_area_that_swallows_another_takes_over_what_it_held():
    edit, town = done("draw", CODES["11"].parent, ring(at(0.15, 0.15), at(1.85, 0.17), at(1.83, 1.85), at(0.15, 1.85)))
    new = next(area for area in edit.after if area.version == 1)
    assert CODES["11"].fid not in town.areas and set(edit.successor) == set(fids("11"))
    assert new.shape.contains(CODES["11"].shape.representative_point())


def test_20_a_closed_line_inside_an_area_cuts_an_island_out_of_it():
    edit, _ = done("split", fids("22"), drawn((2, 2), (2.2, 2), (2.2, 2.2), (2, 2.25), (2, 2)))
    outer, inner = edit.after
    assert not edit.touched and shapely.Polygon(outer.shape.geoms[0].interiors[0]).equals(inner.shape)


def test_21_a_line_that_leans_by_one_unit_over_the_whole_border_is_cut_exactly_or_refused():
    ring_ = corners("22")
    a, b = ring_[0], ring_[1]
    side = np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))  # one unit
    way = [a - (b - a) - side, (a + b) / 2 + side * 0.6, ring_[9] * 2 - ring_[5]]
    edit, _ = done("split", fids("22"), shapely.LineString(way), snap_m=0)
    assert area2(explode(edit.before + edit.touched_before)[0]) == area2(explode(edit.after + edit.touched)[0])
    lean = shapely.LineString([a - (b - a) * 0.1 - side / 2, b + (b - a) * 0.1 + side / 2])
    refused(LineOutside, "split", fids("22"), lean, snap_m=0)


@pytest.mark.parametrize("op", ["reshape", "split"])
def test_21_a_needle_too_narrow_for_another_vertex_is_left_alone(op):
    """Found by random redraws: a vertex at the tip of a needle of 9 units lay on both its sides, and GEOS gave up on it."""
    origin = np.array([1_215_650_000, 298_430_000])
    needle = shapely.Polygon(origin + [(828, 8193), (1513, 13209), (1011, 9609), (954, 9203)])
    round_it = shapely.Polygon(origin + [(-9000, 0), (9000, 100), (9100, 20000), (-9000, 19000)], [needle.exterior])
    leaves = [Area(fid, code, "", "micro_grid", 9, f"/9/{fid}/", True, shapely.MultiPolygon([shape]))
              for fid, code, shape in ((1, "round", round_it), (2, "needle", needle))]
    town = Ledger([*leaves, Area(9, "all", "", "grid", None, "/9/", False, shapely.MultiPolygon([shapely.Polygon(round_it.exterior)]))])
    way = shapely.LineString(origin + [(954, 9203), (1215, 9390), (1463, 13159)])
    assert refused(BorderTouches, op, None, way, town=town).where


def test_22_a_bow_tie_is_refused():
    bow = ring(at(1.8, 1.8), at(2.2, 2.2), at(2.2, 1.8), at(1.8, 2.2))
    for op, parent in (("draw", CODES["22"].parent), ("island", CODES["22"].fid)):
        assert refused(LineCrossesItself, op, parent, bow).where


def test_23_a_line_that_sways_over_a_border_gives_and_takes():
    sway = drawn((1.45, 1.62), (1.8, 1.75), (1.8, 1.95), (1.2, 2.05), (1.2, 2.25), (1.6, 2.3))
    edit, _ = done("reshape", fids("12"), sway)
    west, east = fids("12", "22")
    assert edit.gave == {west: (east,), east: (west,)} and area2(explode(edit.before)[0]) == area2(explode(edit.after)[0])


def test_24_what_a_reshape_cuts_off_is_not_given_over_the_parent_s_border():
    strangers = Ledger([replace(area, parent=5) if area.leaf and area.parent == 4 and area.code != "33" else area for area in TOWN])
    off = drawn((3.2, 2.3), (3.3, 2.75), (3.9, 2.9))
    assert refused(OtherParent, "reshape", fids("33"), off, town=strangers).where


@pytest.mark.parametrize("op", ["split", "reshape"])
def test_25_lines_of_no_length_and_lines_elsewhere_are_refused(op):
    here = spot(2, 2)
    for targets in (None, fids("22")):
        refused(BadGeometry, op, targets, shapely.LineString([here, here]))
        refused(LineOutside, op, targets, drawn((40, 40), (41, 41)))
        refused(BadGeometry, op, targets, shapely.LineString([here, (np.inf, 1)]))
        refused(BadGeometry, op, targets, shapely.LineString([here, (1.9e9, 0)]))


@pytest.mark.parametrize("snap_m", [0.5, 30.0])
@pytest.mark.parametrize("op", ["split", "reshape"])
def test_25_a_line_from_pole_to_pole_is_refused_like_any_other(op, snap_m):
    for way in ([(-1.8e9, -9e8), (1.8e9, 9e8)], [(0, 9e8), (1, 9e8)], [(1.8e9, 0), (-1.8e9, 1)]):
        with pytest.raises(WeigeError):
            OPERATIONS[op](Ledger(TOWN), None, shapely.LineString(way), snap_m=snap_m)


def test_every_case_has_its_number():
    numbers = {int(name[5:7]) for name in globals() if name.startswith("test_") and name[5:7].isdigit()}
    assert numbers == set(range(1, 26))
    assert len(pack(corners("22"))) == len(corners("22"))
