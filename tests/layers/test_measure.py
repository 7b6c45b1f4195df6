"""Lengths and areas on the ellipsoid of CGCS2000."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from layers.areas import to_degrees
from layers.measure import area_m2, compactness, distance_m, length_m, metres_per_unit, units
from tests.layers.little_town import CELL_M, by_code, line, little_town, ring

TOWN = little_town()
CODES = by_code(TOWN)
GEOD = pyproj.CRS("EPSG:4490").get_geod()


def test_the_ellipsoid_is_that_of_cgcs2000():
    a, b = np.array([1_202_100_000, 230_000_000]), np.array([1_202_190_000, 230_080_000])
    assert distance_m(a, b) == GEOD.inv(*(a / 1e7), *(b / 1e7))[2]


def test_area_is_geodesic_and_holes_and_parts_count():
    for code in ("22", "21", "62", "61"):
        expected = abs(GEOD.geometry_area_perimeter(to_degrees(shapely.orient_polygons(CODES[code].shape)))[0])
        assert area_m2(CODES[code].shape) == pytest.approx(expected, rel=1e-10)
    assert area_m2(CODES["21"].shape) < area_m2(shapely.Polygon(CODES["21"].shape.geoms[0].exterior))


def test_the_leaves_add_up_to_the_town():
    leaves = [area.shape for area in TOWN if area.leaf]
    assert area_m2(leaves).sum() == pytest.approx(area_m2(CODES["town"].shape), rel=1e-9)


def test_length_is_that_of_lines_or_of_all_rings():
    drawn = line((0, 0), (300, 400))
    expected = GEOD.geometry_length(to_degrees(drawn))
    assert length_m(drawn) == pytest.approx(expected, rel=1e-10)
    lake = CODES["21"].shape.geoms[0]
    assert length_m(lake) == pytest.approx(sum(length_m(edge) for edge in (lake.exterior, *lake.interiors)))


def test_one_gives_a_number_and_many_give_an_array():
    one, many = CODES["22"].shape, [CODES["22"].shape, shapely.Point(0, 0), line((0, 0), (9, 9))]
    for function in (area_m2, length_m, compactness):
        assert isinstance(function(one), float)
        assert function(many).shape == (3,) and function(many)[0] == function(one)
        assert function([]).shape == (0,)
    assert area_m2(many)[1:].tolist() == [0, 0] and length_m(many)[1] == 0
    assert distance_m([(0, 0), (0, 10)], (0, 0)).shape == (2,)


def test_a_unit_is_about_a_centimetre_and_shrinks_with_latitude():
    x_m, y_m = metres_per_unit(0)
    assert x_m == pytest.approx(0.0111319, rel=1e-4) and y_m == pytest.approx(0.0110574, rel=1e-4)
    at = 600_000_000
    x_m, y_m = metres_per_unit(at)
    assert x_m == pytest.approx(distance_m((0, at), (1000, at)) / 1000, rel=1e-6)
    assert y_m == pytest.approx(distance_m((0, at - 500), (0, at + 500)) / 1000, rel=1e-6)
    assert units(10, at) == pytest.approx((10 / x_m, 10 / y_m))
    assert metres_per_unit(np.array([0, at]))[0].shape == (2,)


def test_a_disc_is_compact_and_a_thread_is_not():
    turn = np.linspace(0, 2 * np.pi, 200)[:-1]
    x_units, y_units = units(80, 230_000_000)
    disc = shapely.Polygon(np.stack([1.2021e9 + x_units * np.cos(turn), 2.3e8 + y_units * np.sin(turn)], axis=1))
    assert compactness(disc) == pytest.approx(1, abs=1e-3)
    thread = ring((0, 0), (5 * CELL_M, 0), (5 * CELL_M, 1), (0, 1))
    assert compactness(thread) < 0.01
