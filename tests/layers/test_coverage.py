"""Looking up, taking apart, and the proof: what it lets pass and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.areas import as_multi
from layers.chain import area2, directed_segments, pack, place
from layers.coverage import Coverage, Proof, contacts, explode, gather, prove, same_course
from layers.edits import Edit
from layers.errors import ProofFailed, UnknownArea
from layers.noding import Borders, course, snap, thread
from layers.redraw import split
from tests.layers.little_town import CELL_M, by_code, line, little_town
from tests.layers.random_edits import Ledger

TOWN = little_town()
LEAVES = [area for area in TOWN if area.leaf]
CODES = by_code(TOWN)
COVERAGE = Coverage(TOWN)


def corners(code: str) -> np.ndarray:
    return corners_of(CODES[code])


def corners_of(area) -> np.ndarray:
    return shapely.get_coordinates(area.shape)


def shaped(code: str, shape: shapely.Geometry, **more):
    return replace(CODES[code], shape=as_multi(shape), **more)


def moved(code: str, vertex: int, by: tuple[float, float]):
    """The leaf with one vertex moved."""
    xy = corners(code).copy()
    xy[(xy == xy[vertex]).all(axis=1)] += by
    return shaped(code, shapely.Polygon(xy))


def refused(edit: Edit) -> ProofFailed:
    with pytest.raises(ProofFailed) as caught:
        prove(edit, COVERAGE)
    return caught.value


# --- looking up --------------------------------------------------------------------------------------------------
def test_near_gives_the_leaves_whose_bounds_meet_in_order():
    for leaf in LEAVES[::5]:
        box = leaf.shape.bounds
        expected = [other.fid for other in LEAVES if shapely.box(*other.shape.bounds).intersects(shapely.box(*box))]
        assert [area.fid for area in COVERAGE.near(box)] == sorted(expected)
        assert [area.fid for area in Ledger(TOWN).near(box)] == sorted(expected)
    assert COVERAGE.near((0, 0, 1, 1)) == []


def test_get_knows_parents_too_and_says_when_there_is_no_such_area():
    assert COVERAGE.get(2).code == "community-2"
    with pytest.raises(UnknownArea):
        COVERAGE.get(987654)


def test_parts_are_told_by_owner_and_gathered_the_same_way_whatever_their_order():
    parts, owner = explode([CODES["62"], CODES["22"]])
    assert owner.tolist() == [0, 0, 1] and set(shapely.get_type_id(parts).tolist()) == {3}
    one, other = gather(parts[:2]), gather(shapely.reverse(parts[:2])[::-1])
    assert one.wkb == other.wkb and one.equals(CODES["62"].shape)
    assert all(part.exterior.is_ccw for part in one.geoms)


def test_contacts_are_vertices_visited_twice():
    assert len(contacts(*explode([CODES["22"], CODES["62"]]))) == 0
    (contact,) = contacts(*explode([CODES["61"]]))
    assert contact in pack(corners("touching"))


# --- the proof ---------------------------------------------------------------------------------------------------
def test_nothing_changed_is_proved():
    assert prove(Edit("none", (CODES["22"],), (CODES["22"],)), COVERAGE) == Proof()


def test_a_vertex_may_move_when_all_its_areas_follow():
    inner = CODES["22"], CODES["32"]
    shared = np.intersect1d(*(pack(corners(area.code)) for area in inner))
    others = np.concatenate([pack(corners(area.code)) for area in LEAVES
                             if area not in inner and len(area.shape.geoms) == 1])
    vertex = np.setdiff1d(shared, others)[0]
    at = [int(np.flatnonzero(pack(corners(area.code)) == vertex)[0]) for area in inner]
    after = tuple(moved(area.code, i, (40, -25)) for area, i in zip(inner, at, strict=True))
    assert prove(Edit("move", inner, after), COVERAGE) == Proof()
    error = refused(Edit("move", inner[:1], after[:1]))
    assert error.where is not None


def test_a_gap_an_overlap_and_a_lost_part_are_refused():
    refused(Edit("gap", (CODES["22"],), (moved("22", 2, (30, 30)),)))
    refused(Edit("overlap", (CODES["22"],), (shaped("22", CODES["22"].shape), replace(CODES["22"], fid=-1))))
    refused(Edit("lost", (CODES["62"],), (shaped("62", CODES["62"].shape.geoms[0]),)))
    refused(Edit("lost", (CODES["22"],), ()))
    refused(Edit("empty", (CODES["22"],), (shaped("22", shapely.MultiPolygon()),)))


def test_fractions_and_crossing_borders_are_refused():
    refused(Edit("fraction", (CODES["22"],), (moved("22", 2, (0.5, 0)),)))
    refused(Edit("crossing", (CODES["22"],), (moved("22", 2, (9000, 9000)),)))


def test_a_new_contact_is_refused_unless_it_is_put_back():
    host = CODES["61"]
    apart = shaped("61", shapely.Polygon(host.shape.geoms[0].exterior)), shaped("touching", CODES["touching"].shape)
    filled = Edit("fill", (host, CODES["touching"]), (apart[0],))
    assert prove(filled, COVERAGE) == Proof()
    refused(~filled)
    assert prove(~filled, COVERAGE, restores=True) == Proof()


def test_a_neighbour_that_lacks_the_vertex_is_noticed():
    edit = split(COVERAGE, [CODES["22"].fid], line((2.5 * CELL_M, 1.7 * CELL_M), (2.5 * CELL_M, 3.4 * CELL_M)))
    assert edit.touched
    error = refused(replace(edit, touched=(), touched_before=()))
    assert error.text == "a neighbour would lack a vertex"


def test_a_border_put_back_may_lose_some_vertices_and_gain_others():
    """22 was cut at one place instead of another; its neighbours hold the ends of one cut, and had those of the other."""
    first, second = (split(COVERAGE, [CODES["22"].fid], line((x * CELL_M, 1.7 * CELL_M), (x * CELL_M, 3.4 * CELL_M))) for x in (2.4, 2.6))
    now = Coverage([replace(area, rev=1) for area in second.after + second.touched] +
                   [area for area in LEAVES if area.fid not in {one.fid for one in second.after + second.touched}])
    back = Edit("undo", second.after, first.after, second.touched, first.touched)
    assert prove(back, now, restores=True).outer_vertices == 0
    with pytest.raises(ProofFailed):
        prove(back, now)
    gained = [np.setdiff1d(pack(corners_of(area)), pack(corners(area.code))) for area in first.touched]
    for k, (area, fresh) in enumerate(zip(first.touched, gained, strict=True)):
        xy = corners_of(area).copy()
        xy[np.isin(pack(xy), fresh)] += (4, 5)  # not where the border ran
        wrong = replace(area, shape=as_multi(shapely.Polygon(xy)))
        with pytest.raises(ProofFailed):
            prove(replace(back, touched=(*first.touched[:k], wrong, *first.touched[k + 1:])), now, restores=True)


def test_a_touched_neighbour_may_gain_vertices_but_not_ground():
    removed = directed_segments(explode([CODES["22"]])[0])
    assert same_course(removed[:0], removed[:0])
    assert not same_course(removed[:1], removed[:1][:0])
    swapped = Edit("none", (), (), (CODES["22"], CODES["32"]),
                   (shaped("22", CODES["32"].shape), shaped("32", CODES["22"].shape)))
    refused(swapped)


def test_vertices_on_the_outermost_border_are_counted():
    edit = split(COVERAGE, [CODES["30"].fid], line((3.5 * CELL_M, -0.6 * CELL_M), (3.4 * CELL_M, 1.5 * CELL_M)))
    proof = prove(edit, COVERAGE)
    assert proof.outer_vertices == 1
    was, now = (explode(side)[0] for side in (edit.before + edit.touched_before, edit.after + edit.touched))
    assert proof.area2_change == area2(now) - area2(was)
    assert prove(~edit, COVERAGE, restores=True) == Proof(-1, -proof.area2_change)


# --- where line and borders meet ---------------------------------------------------------------------------------
def test_a_line_gets_a_vertex_on_every_border_and_every_border_the_same_vertex():
    xy = np.array([[0, 0], [1000, 333]])
    borders = Borders(np.array([[500, -300], [700, -100]]), np.array([[503, 900], [690, 800]]))
    threaded = thread(xy, borders)
    assert len(threaded) == 4
    found = course(borders, threaded)
    assert sorted(len(between) for between in found.values()) == [1, 1]
    assert {vertex for between in found.values() for vertex in between} == set(threaded[1:3].tolist())


def test_a_line_over_an_existing_vertex_uses_it():
    xy = np.array([[0, 0], [1000, 0]])
    borders = Borders(np.array([[500, -300], [500, 0]]), np.array([[500, 0], [500, 300]]))
    assert place(thread(xy, borders)[1]) == [500 / 1e7, 0.0]
    assert course(borders, thread(xy, borders)) == {}


def test_line_vertices_snap_to_a_vertex_first_then_to_the_border():
    borders = Borders(np.array([[0, 0]]), np.array([[0, 10_000]]))
    near = np.array([[30, 40], [-20, 5000], [4000, 5000], [21, 5000]])
    assert snap(near, borders, 0.6).tolist() == [[0, 0], [0, 5000], [4000, 5000], [0, 5000]]
    assert snap(near, borders, 0.1).tolist() == near.tolist()
