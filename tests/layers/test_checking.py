"""Checking: every planted defect is found and located; a good town with lake, enclaves and islands raises nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area, as_multi
from layers.checking import check
from tests.layers.little_town import by_code, little_town, ring

TOWN = little_town()
LEAVES = [area for area in TOWN if area.leaf]
PARENTS = [area for area in TOWN if not area.leaf]


def check_with(*changed: Area, without: str = "", more: tuple[Area, ...] = ()):
    """Findings for the town with some areas replaced (by fid), one left out or some added."""
    new = {area.fid: area for area in changed}
    areas = [new.get(area.fid, area) for area in TOWN if area.code != without] + list(more)
    return check([area for area in areas if area.leaf], [area for area in areas if not area.leaf])


def leaf(code: str) -> Area:
    return by_code(LEAVES)[code]


def moved(area: Area, vertex: int, by: tuple[int, int]) -> Area:
    """The area with one vertex of its shape somewhere else."""
    corners = shapely.get_coordinates(area.shape)
    spot = corners[vertex % len(corners)]
    return replace(area, shape=shapely.transform(
        area.shape, lambda xy: np.where((xy == spot).all(axis=1)[:, None], xy + by, xy)))


def with_shape(area: Area, shape) -> Area:
    return replace(area, shape=as_multi(shapely.transform(shape, np.round)))


def kinds(findings) -> set[str]:
    return {finding.kind for finding in findings}


def near(finding, xy, units: float) -> bool:
    return shapely.Point(np.array(finding.where) * 1e7).distance(shapely.Point(xy)) <= units


def test_a_good_coverage_raises_nothing():
    assert check(LEAVES, PARENTS) == []


def test_a_vertex_moved_by_one_unit_is_found_where_it_is():
    for by in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        findings = check_with(moved(leaf("22"), 2, by))
        assert kinds(findings) <= {"gap", "overlap"} and findings
        assert any(near(finding, shapely.get_coordinates(leaf("22").shape)[2], 3000) for finding in findings)


@given(number=st.integers(0, len(LEAVES) - 1), vertex=st.integers(0, 7), x=st.integers(-3, 3), y=st.integers(-3, 3))
@settings(max_examples=60)
def test_any_vertex_of_any_leaf_is_missed_by_a_hair(number, vertex, x, y):
    area = LEAVES[number]
    findings = check_with(moved(area, vertex, (x, y)))
    assert bool(findings) == bool(x or y)


def test_a_vertex_moved_by_five_metres_gives_the_ground():
    findings = check_with(moved(leaf("22"), 2, (450, 0)))
    ground = max(finding.area_m2 for finding in findings if finding.kind in ("gap", "overlap"))
    assert 50 < ground < 100
    assert {finding.code for finding in findings} & {"21", "22"}


def test_a_removed_leaf_leaves_a_gap_of_its_size():
    findings = check_with(without="32")
    gap = next(finding for finding in findings if finding.kind == "gap")
    assert gap.area_m2 == pytest.approx(14_400, rel=0.4) and near(gap, gap_middle := leaf("32").shape.centroid, 5000)
    assert gap_middle.within(leaf("32").shape)
    assert kinds(findings) <= {"gap", "nesting"}


def test_a_removed_leaf_at_the_edge_leaves_a_gap_and_a_wrong_root():
    findings = check_with(without="00")
    assert kinds(findings) == {"gap", "nesting"}
    assert {finding.code for finding in findings if finding.kind == "nesting"} == {"town", "community-2"}


def test_a_doubled_leaf_is_an_overlap_of_the_whole_leaf():
    twin = replace(leaf("22"), fid=999, code="twin", path=leaf("22").path.replace(f"/{leaf('22').fid}/", "/999/"))
    findings = check_with(more=(twin,))
    assert [finding.kind for finding in findings] == ["overlap"]
    assert findings[0].code == "22" and "twin" in findings[0].text and findings[0].area_m2 > 10_000


def test_a_code_used_twice_is_told():
    assert [finding.kind for finding in check_with(replace(leaf("22"), code="community-3"))] == ["code"]


def test_a_missing_vertex_is_a_gap_without_ground():
    # A vertex on the border of 22 that its neighbour does not have, exactly on the line: no ground between them.
    xy = shapely.get_coordinates(leaf("22").shape)
    xy[2] = xy[1] + 2 * np.round((xy[2] - xy[1]) / 2)
    straight = shapely.Polygon(xy)
    half = shapely.Polygon(np.insert(xy, 2, (xy[1] + xy[2]) / 2, axis=0))
    beside = next(area for area in LEAVES if area.code != "22" and area.shape.touches(shapely.Point(
        shapely.get_coordinates(leaf("22").shape)[2])))
    old = shapely.get_coordinates(leaf("22").shape)[2]
    other = replace(beside, shape=shapely.transform(
        beside.shape, lambda c: np.where((c == old).all(axis=1)[:, None], xy[2], c)))
    assert check_with(with_shape(leaf("22"), straight), other) == []
    findings = check_with(with_shape(leaf("22"), half), other)
    assert [(finding.kind, finding.area_m2) for finding in findings] == [("gap", 0.0)]
    assert findings[0].code == beside.code and near(findings[0], (xy[1] + xy[2]) / 2, 0.5)


def test_a_parent_that_is_not_its_leaves_is_named():
    community = by_code(PARENTS)["community-4"]
    smaller = with_shape(community, community.shape.difference(ring((100, 400), (110, 400), (105, 410))))
    assert {(finding.kind, finding.code) for finding in check_with(smaller)} == {("nesting", "community-4")}
    one_vertex = moved(community, 5, (1, 1))
    assert {(finding.kind, finding.code) for finding in check_with(one_vertex)} == {("nesting", "community-4")}


@pytest.mark.parametrize("lost", ["inner", "62"])
def test_a_root_that_is_not_its_leaves_is_named(lost):
    root = by_code(PARENTS)["town"]
    smaller = with_shape(root, root.shape.difference(leaf(lost).shape))
    findings = check_with(smaller)
    assert ("nesting", "town") in {(finding.kind, finding.code) for finding in findings}


def test_a_leaf_lying_wholly_on_another_is_an_overlap():
    host = leaf("54")
    findings = check_with(with_shape(host, shapely.Polygon(host.shape.geoms[0].exterior)))
    assert [finding.kind for finding in findings] == ["overlap"]
    assert findings[0].area_m2 == pytest.approx(3200, rel=0.01)
    assert near(findings[0], leaf("inner").shape.centroid, 3500)


def test_leaves_on_the_ground_of_others_are_overlaps():
    findings = check_with(replace(leaf("44"), shape=leaf("32").shape))
    assert {"overlap", "gap"} <= kinds(findings)
    assert any({"32", "44"} <= set(finding.text.replace(":", "").split()) for finding in findings)


def test_a_slit_between_leaves_is_a_gap_even_when_the_parents_know_it():
    slit = ring((170, 160), (172, 160.4), (172.2, 190), (170.1, 190.5))
    lake = ring((170, 160), (190, 160.4), (192, 190), (170.1, 190.5))
    for hole, expected in ((slit, {"gap"}), (lake, set())):
        above = [with_shape(area, area.shape.difference(hole)) for area in TOWN
                 if area.fid in (1, leaf("11").parent) or area.code == "11"]
        assert kinds(check_with(*above)) == expected


def test_invalid_off_grid_and_empty_shapes_are_told():
    xy = shapely.get_coordinates(leaf("22").shape)
    xy[[3, 5]] = xy[[5, 3]]
    assert "invalid" in kinds(check_with(replace(leaf("22"), shape=shapely.MultiPolygon([shapely.Polygon(xy)]))))
    shifted = shapely.transform(leaf("22").shape, lambda xy: xy + 0.25)
    assert kinds(check_with(replace(leaf("22"), shape=shifted))) == {"off-grid"}
    assert {"empty", "gap"} <= kinds(check_with(replace(leaf("22"), shape=None)))
    flat = shapely.MultiPolygon([shapely.Polygon([xy[0], xy[1], xy[2], xy[1], xy[0]])])
    assert {"invalid", "gap"} <= kinds(check_with(replace(leaf("22"), shape=flat)))


def test_a_wrong_tree_is_nesting():
    assert kinds(check_with(replace(leaf("22"), path="/1/22/"))) == {"nesting"}
    assert ("nesting", "22") in {(f.kind, f.code) for f in check_with(replace(leaf("22"), parent=77))}
    empty = replace(by_code(PARENTS)["community-2"], fid=50, code="new", path="/1/50/")
    assert ("nesting", "new") in {(finding.kind, finding.code) for finding in check_with(more=(empty,))}


def test_levels_may_be_skipped():
    # Community 2 hangs between the town and its leaves, the leaves of community 3 hang on the town itself.
    loose = [replace(area, parent=1, path=f"/1/{area.fid}/") for area in LEAVES if area.parent == 3]
    kept = [area for area in LEAVES if area.parent != 3]
    assert check(kept + loose, [area for area in PARENTS if area.fid != 3]) == []


def test_roots_side_by_side_are_checked_against_each_other():
    cities = [replace(area, parent=None, path=f"/{area.fid}/") for area in PARENTS if area.fid != 1]
    leaves = [replace(area, path=f"/{area.parent}/{area.fid}/") for area in LEAVES]
    assert check(leaves, cities) == []
    pushed = [moved(area, 2, (450, 0)) if area.code == "22" else area for area in leaves]
    assert {"overlap"} <= kinds(check(pushed, cities))
    alone = [replace(area, parent=None, path=f"/{area.fid}/") for area in LEAVES]
    assert kinds(check(alone, [])) <= {"gap"}  # without a root nobody has said that the lake is a lake
    assert "overlap" in kinds(check([*alone, replace(alone[9], fid=999, code="twin", path="/999/")], []))


def test_nothing_at_all_is_in_order():
    assert check([], []) == []
