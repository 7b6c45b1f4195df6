"""Real Tainan: 12,774 leaves whose districts were rounded apart become one exact coverage, and little moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import shapely

from layers.areas import Area, as_multi, to_units
from layers.chain import remainder
from layers.checking import check
from layers.cleaning import clean, outline
from layers.comparison import compare

LEVELS = {"county": "TOWN_ID", "community": "CODE2", "grid": "CODE1"}


@pytest.fixture(scope="module")
def source(data_dir):
    """The layer of minimum statistical areas, as it is published."""
    return pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area")


@pytest.fixture(scope="module")
def codes(source) -> list[str]:
    return source.CODEBASE.tolist()


@pytest.fixture(scope="module")
def drawn(source) -> np.ndarray:
    return np.asarray(source.geometry, dtype=object)


@pytest.fixture(scope="module")
def cleaned(source, drawn, codes):
    return clean(drawn, source.TOWN_ID.to_numpy(), codes)


@pytest.fixture(scope="module")
def measured(drawn, cleaned, codes):
    return compare(drawn, cleaned.shapes, cleaned.seams, codes)


def tree(source, shapes: np.ndarray, codes: list[str]) -> tuple[list[Area], list[Area]]:
    """(leaves, parents): city, county, community, grid, each the union of its leaves."""
    def union(rows) -> shapely.MultiPolygon:
        return as_multi(shapely.coverage_union_all(shapely.get_parts(shapes[rows])))

    parents = [Area(1, "67000", "", "city", None, "/1/", False, union(np.arange(len(shapes))))]
    above = [parents[0]] * len(shapes)
    for level, column in LEVELS.items():
        made = {}
        for value, rows in source.groupby(column).indices.items():
            up = above[rows[0]]
            fid = len(parents) + 1
            made[value] = Area(fid, f"{level} {value}", "", level, up.fid, f"{up.path}{fid}/", False, union(rows))
            parents.append(made[value])
        above = [made[value] for value in source[column]]
    leaves = [Area(50_000 + k, code, "", "micro_grid", above[k].fid, f"{above[k].path}{50_000 + k}/", True, shapes[k])
              for k, code in enumerate(codes)]
    return leaves, parents


def test_no_leaf_is_lost_and_all_lie_on_the_grid(cleaned):
    assert len(cleaned.shapes) == 12_774 and not shapely.is_empty(cleaned.shapes).any()
    assert shapely.is_valid(cleaned.shapes).all()
    xy = shapely.get_coordinates(cleaned.shapes)
    assert (xy == np.round(xy)).all()


def test_the_borders_prove_an_exact_coverage(cleaned):
    left = remainder(shapely.get_parts(cleaned.shapes))  # raises when a segment is walked twice in one direction
    whole = outline(cleaned.shapes)
    assert len(left) == shapely.get_num_coordinates(whole) - len(shapely.get_rings(shapely.get_parts(whole)))
    assert abs(shapely.area(cleaned.shapes).sum() / whole.area - 1) < 1e-12


def test_every_leaf_covers_its_source(measured):
    assert measured.least_share >= 0.98


def test_every_leaf_covers_its_source_by_plain_intersection(drawn, cleaned):
    # Without any code of ours but the grid: source in degrees x 1e7 against the result.
    old = shapely.make_valid(shapely.transform(drawn, lambda xy: xy * 1e7))
    share = shapely.area(shapely.intersection(old, cleaned.shapes)) / shapely.area(old)
    assert share.min() >= 0.98


def test_borders_stay_where_they_were(measured):
    assert measured.off_seam_m <= 1 and measured.moved_m <= 6
    assert measured.symmetric_difference <= 5e-5


def test_leaves_that_moved_far_are_told(measured, cleaned):
    told = {finding.code: finding.distance_m for finding in cleaned.findings if finding.kind == "moved-over-1m"}
    assert set(told) >= {code for code, metres in measured.far.items() if metres > 1.01}  # measured on other planes
    assert all(distance > 1 for distance in told.values())


def test_one_leaf_keeps_two_parts(cleaned, codes):
    several = np.flatnonzero(shapely.get_num_geometries(cleaned.shapes) > 1)
    assert [codes[k] for k in several] == ["A6721-0213-00"]
    assert ("multi-part", "A6721-0213-00") in {(finding.kind, finding.code) for finding in cleaned.findings}


def test_what_was_repaired_is_told(cleaned):
    kinds = [finding.kind for finding in cleaned.findings]
    assert kinds.count("invalid-repaired") == 5
    assert 500 < cleaned.repaired < 2_165  # leaves on the seams
    assert kinds.count("seam-moved") + kinds.count("moved-over-1m") == cleaned.repaired
    assert shapely.length(cleaned.seams) * 0.011 > 1_000_000  # metres: both sides of the seams
    assert all(119 < finding.where[0] < 121 < finding.where[0] + 2 and 22 < finding.where[1] < 24
               for finding in cleaned.findings)


def test_the_check_finds_nothing_after_and_much_before(source, drawn, cleaned, codes):
    leaves, parents = tree(source, cleaned.shapes, codes)
    assert check(leaves, parents) == []
    raw = [replace(leaf, shape=as_multi(shape)) for leaf, shape in zip(leaves, to_units(drawn), strict=True)]
    kinds = {finding.kind for finding in check(raw, parents)}
    assert {"gap", "overlap", "nesting", "invalid"} <= kinds
