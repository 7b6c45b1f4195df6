"""Cleaning: noise planted in an oblique town goes, real ground stays, and every repair is told."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import to_degrees
from layers.cleaning import clean, movement, outline
from layers.comparison import compare
from layers.errors import BadCoverage, BadGeometry, ProofFailed
from tests.layers.little_town import by_code, little_town, ring

TOWN = [area for area in little_town() if area.leaf]
CODES = [area.code for area in TOWN]
COMMUNITIES = np.array([area.parent for area in TOWN])


def town(**changed) -> np.ndarray:
    """The leaves of the little town in degrees, some of them replaced by shapes in units."""
    return np.array([to_degrees(changed.get(f"_{area.code}", area.shape)) for area in TOWN], dtype=object)


def on_own_grids(step: float) -> np.ndarray:
    """The town as if each community had been rounded alone, to a grid of its own (units)."""
    shapes = []
    for area in TOWN:
        mesh, shift = step * (1 + area.parent * 0.137), area.parent * 17
        shapes.append(shapely.transform(area.shape, lambda xy: (np.round((xy - shift) / mesh) * mesh + shift) / 1e7))  # noqa: B023
    return np.array(shapes, dtype=object)


def shaken(metres: float, seed: int) -> np.ndarray:
    """The town with every second vertex of every leaf moved on its own."""
    rng = np.random.default_rng(seed)

    def shake(xy: np.ndarray) -> np.ndarray:
        vertices, at = np.unique(xy, axis=0, return_inverse=True)
        noise = rng.uniform(-metres, metres, vertices.shape) * 89 * (rng.random(len(vertices)) < 0.5)[:, None]
        return (vertices + noise)[at.ravel()] / 1e7
    return np.array([shapely.transform(area.shape, shake) for area in TOWN], dtype=object)


def kinds(cleaned) -> set[str]:
    return {finding.kind for finding in cleaned.findings}


def leaf(cleaned, code: str) -> shapely.MultiPolygon:
    return cleaned.shapes[CODES.index(code)]


def test_an_exact_coverage_comes_back_as_it_was():
    cleaned = clean(town(), None, CODES)
    assert all(area.shape.equals_exact(shape, 0) for area, shape in zip(TOWN, cleaned.shapes, strict=True))
    assert cleaned.repaired == 0 and cleaned.seams.is_empty
    assert kinds(cleaned) == {"hole", "multi-part"}  # the lake, and three leaves that have two parts


def test_communities_rounded_apart_fit_afterwards():
    source = on_own_grids(40)
    cleaned = clean(source, COMMUNITIES, CODES)
    measured = compare(source, cleaned.shapes, cleaned.seams, CODES)
    assert len(outline(cleaned.shapes).geoms) == 2  # the mainland and the island, no slit between
    assert measured.least_share > 0.99 and measured.moved_m < 1 and measured.off_seam_m < 0.5 and not measured.far
    assert 0 < cleaned.repaired < len(TOWN) and "seam-moved" in kinds(cleaned) and not cleaned.seams.is_empty
    assert np.array_equal(shapely.get_num_geometries(cleaned.shapes), [len(area.shape.geoms) for area in TOWN])


def test_the_group_that_comes_first_keeps_its_line():
    source = on_own_grids(40)
    cleaned = clean(source, COMMUNITIES, CODES)
    moved, _ = movement(shapely.transform(source, lambda xy: np.round(xy * 1e7)), cleaned.shapes)
    assert moved[COMMUNITIES == COMMUNITIES.min()].max() < 0.02 < moved.max()


@given(metres=st.floats(0.02, 0.4), seed=st.integers(0, 1000))
@settings(max_examples=15)
def test_whatever_shakes_the_leaves_the_result_is_exact(metres, seed):
    source = shaken(metres, seed)
    cleaned = clean(source, None, CODES)
    assert len(outline(cleaned.shapes).geoms) >= 1 and not shapely.is_empty(cleaned.shapes).any()
    assert shapely.is_valid(cleaned.shapes).all()
    xy = shapely.get_coordinates(cleaned.shapes)
    assert (xy == np.round(xy)).all()
    measured = compare(source, cleaned.shapes, cleaned.seams, CODES)
    assert measured.least_share > 0.95 and measured.moved_m < 4  # the least leaf is a triangle of 25 m
    told = {finding.code for finding in cleaned.findings if finding.kind == "moved-over-1m"}
    assert told >= {code for code, metres in measured.far.items() if metres > 1.05}


@given(step=st.floats(5, 60))
@settings(max_examples=10)
def test_whatever_grid_each_community_had_the_result_is_exact(step):
    source = on_own_grids(step)
    cleaned = clean(source, COMMUNITIES, CODES)
    assert len(outline(cleaned.shapes).geoms) == 2
    assert compare(source, cleaned.shapes, cleaned.seams, CODES).least_share > 0.98


#   +---+---+        +---+---+
#   | A ) ( B|  ->   | A |  B|    a thin gap goes to a neighbour, a wide one stays open
#   +---+---+        +---+---+
@pytest.mark.parametrize("width_m, left", [(2.0, 0), (6.0, 1)])
def test_a_gap_is_closed_unless_it_is_wide(width_m, left):
    pond = ring((170, 160), (170 + width_m, 160.4), (170.3 + width_m, 190), (170.1, 190.5))
    host = by_code(TOWN)["11"].shape
    cleaned = clean(town(_11=host.difference(pond)), None, CODES)
    assert len(outline(cleaned.shapes).geoms[0].interiors) + len(outline(cleaned.shapes).geoms[1].interiors) == 1 + left
    told = [finding for finding in cleaned.findings if finding.kind in ("gap-closed", "hole")]
    assert sorted(finding.kind for finding in told) == sorted(["hole", "hole" if left else "gap-closed"])
    near = [finding for finding in told if abs(finding.area_m2 - 30 * width_m) < 0.3 * 30 * width_m]
    assert near and shapely.Point(np.array(near[0].where) * 1e7).within(pond.buffer(5))


def test_ground_claimed_twice_stays_with_one():
    grown = by_code(TOWN)["22"].shape.buffer(50)  # half a metre
    source = town(_22=shapely.transform(grown, np.round))
    cleaned = clean(source, None, CODES, seam_m=0.05)
    assert "overlap-removed" in kinds(cleaned)
    assert compare(source, cleaned.shapes, cleaned.seams, CODES).least_share > 0.98
    assert outline(cleaned.shapes).equals(outline(np.array([area.shape for area in TOWN], dtype=object)))


def test_an_island_drawn_over_its_surroundings_keeps_its_ground():
    host = by_code(TOWN)["54"].shape
    cleaned = clean(town(_54=shapely.MultiPolygon([shapely.Polygon(host.geoms[0].exterior)])), None, CODES)
    assert leaf(cleaned, "inner").equals(by_code(TOWN)["inner"].shape)
    assert leaf(cleaned, "54").equals(host)


def test_a_long_sliver_is_cut_where_its_neighbours_change():
    # A strip 2 m wide that no leaf covers, along two leaves on either side: nobody's border moves by its length.
    shapes = {area.code: area.shape for area in TOWN}
    border = shapely.line_merge((shapes["11"] | shapes["21"]).boundary & (shapes["12"] | shapes["22"]).boundary)
    strip = shapely.transform(border.buffer(95, cap_style="flat", join_style="mitre"), np.round)
    source = town(**{f"_{code}": shapes[code] - strip for code in ("11", "21", "12", "22")})
    cleaned = clean(source, None, CODES)
    assert sum(len(part.interiors) for part in outline(cleaned.shapes).geoms) == 1
    assert max(finding.distance_m for finding in cleaned.findings if finding.distance_m) < 4


def test_a_border_that_crosses_itself_is_repaired_and_told():
    host = shapely.get_coordinates(by_code(TOWN)["32"].shape)
    tied = host.copy()
    tied[[3, 5]] = tied[[5, 3]]  # round a corner
    assert not shapely.Polygon(tied).is_valid
    cleaned = clean(town(_32=shapely.MultiPolygon([shapely.Polygon(tied)])), None, CODES)
    finding = next(finding for finding in cleaned.findings if finding.kind == "invalid-repaired")
    assert finding.code == "32" and shapely.Point(host[2]).distance(shapely.Point(np.array(finding.where) * 1e7)) < 5000
    assert len(leaf(cleaned, "32").geoms) == 2  # the loop it makes is wide: a person decides
    assert ("multi-part", "32") in {(finding.kind, finding.code) for finding in cleaned.findings}
    assert len(outline(cleaned.shapes).geoms) == 2


def test_lines_and_points_in_a_collection_are_dropped():
    shape = to_degrees(by_code(TOWN)["32"].shape)
    source = town()
    source[CODES.index("32")] = shapely.GeometryCollection([shape, shapely.LineString([(120, 23), (121, 24)])])
    assert leaf(clean(source, None, CODES), "32").equals(by_code(TOWN)["32"].shape)


def test_the_same_ground_twice_is_refused():
    with pytest.raises(BadCoverage, match="no ground of its own") as refused:
        clean(town(_32=by_code(TOWN)["22"].shape), None, CODES)
    assert refused.value.details["codes"] in (["32"], ["22"]) and refused.value.where


def test_a_shape_without_ground_is_refused():
    source = town()
    source[3] = None
    with pytest.raises(BadGeometry, match=CODES[3]):
        clean(source, None, CODES)
    source[3] = shapely.Polygon([(120.21, 23), (120.22, 23.01), (120.23, 23.02), (120.21, 23)])
    with pytest.raises(BadGeometry, match=CODES[3]):
        clean(source, None, CODES)


def test_one_leaf_alone_is_a_coverage():
    assert clean(town()[:1], None, CODES[:1]).repaired == 0


def test_the_outline_refuses_what_is_not_exact():
    shapes = np.array([area.shape for area in TOWN], dtype=object)
    with pytest.raises(ProofFailed):
        outline(np.r_[shapes, shapes[5:6]])
    lying_on_top = shapely.MultiPolygon([ring((200, 100), (330, 120), (300, 250))])
    with pytest.raises(ProofFailed):
        outline(np.array([*shapes, lying_on_top], dtype=object))


def test_progress_is_told_to_the_end():
    steps = []
    clean(town(), None, CODES, progress=lambda done, total, text: steps.append((done, total, text)))
    assert [done for done, _, _ in steps] == list(range(len(steps))) and steps[-1][0] == steps[-1][1]


def test_comparison_measures_what_moved_where():
    source, shapes = town(), np.array([area.shape for area in TOWN], dtype=object)
    k = CODES.index("32")
    corner = shapely.get_coordinates(shapes[k])[1]
    shapes[k] = shapely.transform(
        shapes[k], lambda xy: np.where((xy == corner).all(axis=1)[:, None], xy + np.array([0, 500]), xy))
    seam = shapely.MultiLineString([shapely.LineString([corner, corner + 1])])
    here = compare(source, shapes, seam, CODES)
    assert here.moved_code == here.off_seam_code == "32" and 3 < here.moved_m < 5.6 and list(here.far) == ["32"]
    assert here.off_seam_m < here.moved_m and here.least_code == "32" and 0.9 < here.least_share < 1
    everywhere = compare(source, shapes, shapely.union_all(shapely.boundary([shapes[k], TOWN[k].shape])), CODES)
    assert everywhere.off_seam_m == 0 and everywhere.moved_m == here.moved_m
    assert compare(source, town_shapes := np.array([area.shape for area in TOWN], dtype=object), seam, CODES
                   ).symmetric_difference == 0 and len(town_shapes) == here.non_empty
