"""The invented province is an exact coverage of any size, with a tree above it."""

import numpy as np
import shapely

from geodata.synthetic_province import synthetic_province
from tests.geodata.test_synthetic import assert_exact


def test_province_is_an_exact_coverage_of_oblique_polygons():
    province = synthetic_province(1_500, seed=3)
    outline = assert_exact(province.geometry)
    assert len(province) == 1_500 and outline.is_valid
    corners = shapely.get_num_coordinates(province.geometry.to_numpy()) - 1
    assert corners.min() >= 8 and corners.max() <= 20 and corners.max() > corners.min()
    xy = shapely.get_coordinates(province.geometry.to_numpy())
    assert (xy == np.round(xy * 1e7) / 1e7).all() and province.crs == "EPSG:4490"


def test_province_parents_hold_about_ten_and_codes_nest():
    province = synthetic_province(30_000)
    assert province["code"].is_unique and (province["code"].str.len() == 17).all()
    below = province["code"]
    for level, digits in (("grid", 15), ("community", 12), ("town", 9), ("county", 6), ("city", 4)):
        assert (province[level] == province["code"].str[:digits]).all()
        children = below.groupby(province[level]).nunique()
        assert 4 <= children.max() <= 10
        below = province[level]
    assert (province["population"] >= province["households"]).all()
    assert province.equals(synthetic_province(30_000))
