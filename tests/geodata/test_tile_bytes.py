"""What is packed into a tile comes back point for point and value for value."""


import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.mvt import encode_features, encode_layer, int_value, text_value
from geodata.tile_lattice import to_lattice
from geodata.tile_rings import fixed_points
from geodata.tiles import TileLayer
from tests.geodata.tile_town import SOUTH, WEST, as_layer, attributes, everywhere, in_tile, oblique_cells, rings_of, tile_at, town


# --- bytes -----------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.sampled_from([0, 1, 127, 128, 16383, 16384, 2**21 - 1, 2**21, 2**28, 2**31, 2**49 - 1]),
                          st.lists(st.tuples(st.integers(-64, 4161), st.integers(-64, 4161)), min_size=2, max_size=6)),
                min_size=1, max_size=8), st.integers(0, 20000))
@settings(max_examples=150, deadline=None)
def test_lines_come_back_point_for_point(features, offset):
    fids = np.array([fid for fid, _ in features])
    points = np.array([point for _, line in features for point in line], np.int32)
    values = [int_value(offset + at) for at in range(len(features))] + [text_value("微格")]
    tags = [np.arange(len(features)), np.full(len(features), len(features))]
    sizes = np.array([len(line) for _, line in features])
    body = encode_features("line", fids, tags, *np.ascontiguousarray(points.T), sizes, np.arange(len(features)))
    tile = encode_layer("roads", ["at", "text"], values, [body])
    back = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})["roads"]
    assert back["extent"] == 4096 and back["version"] == 2
    for at, (feature, (fid, line)) in enumerate(zip(back["features"], features, strict=True)):
        assert feature["id"] == fid and feature["properties"] == {"at": offset + at, "text": "微格"}
        assert feature["geometry"]["coordinates"] == [list(point) for point in line]


def test_long_rings_and_many_values_come_back():
    angle = np.linspace(0, 2 * np.pi, 40000, endpoint=False)
    ring = np.stack((np.cos(angle), np.sin(angle)), axis=1) * 2000 + 2048
    x, y = np.round(ring).astype(np.int32).T
    tags = [np.array([2_000_000])]
    body = encode_features("polygon", np.array([5]), tags, x.copy(), y.copy(), np.array([40000]), np.array([0]))
    values = [int_value(-3)] * 2_000_001
    (_, rings), = rings_of(encode_layer("areas", ["n"], values, [body]))
    assert (rings[0] == np.stack((x, y), axis=1)).all()


def test_negative_and_large_numbers_come_back():
    shapes = town()
    numbers = [0, -1, 128, 2**40, -(2**40)]
    chosen = dict(list(shapes.items())[:5])
    layer = TileLayer("areas", list(chosen), list(chosen.values()), ints={"n": numbers})
    found = everywhere(layer, shapes, 12)
    assert {fid: found[fid][0]["n"] for fid in chosen} == dict(zip(chosen, numbers, strict=True))


def test_an_unknown_attribute_is_left_out():
    shapes = dict(list(town().items())[:6])
    names, floors = ["一", None, "三", "四", None, "六"], [None, 2, 2, 2, None, 2]
    layer = TileLayer("areas", list(shapes), list(shapes.values()), {"name": names}, {"floors": floors})
    layer.replace([], [1, 2], [shapes[1], shapes[2]], {"name": [None, "二"]}, {"floors": [7, None]})
    names[:2], floors[:2] = [None, "二"], [7, None]
    found = everywhere(layer, shapes, 12)
    for fid, name, floor in zip(shapes, names, floors, strict=True):
        assert found[fid][0] == {key: value for key, value in (("name", name), ("floors", floor)) if value is not None}


def test_the_extent_is_that_of_most_features_in_pixels():
    cells = oblique_cells(20, 20).ravel()
    layer = as_layer(dict(enumerate(cells, 1)))
    sides = [max(right - left, bottom - top) / 8 for left, top, right, bottom in
             (in_tile(cell, *tile_at(WEST, SOUTH, 12)).bounds for cell in cells)]
    assert layer.extent_pixels(12) == pytest.approx(np.median(sides), rel=1e-3)
    assert layer.extent_pixels(13) == 2 * layer.extent_pixels(12)
    grown = as_layer({})
    grown.replace([], range(1, 401), cells, **attributes(dict(enumerate(cells, 1))))
    assert grown.extent_pixels(12) == layer.extent_pixels(12)


def test_a_point_is_fixed_where_more_than_two_borders_meet():
    cells = oblique_cells(3, 3).ravel()
    points, sizes = [], []
    for cell in cells:
        points.append(np.asarray(cell.exterior.coords)[:-1])
        sizes.append(len(points[-1]))
    points = np.concatenate(points)
    packed = to_lattice(points).view(np.uint64).ravel()
    fixed = fixed_points(packed, np.array(sizes))
    touching = np.array([np.count_nonzero(shapely.touches(cells, point)) for point in shapely.points(points)])
    assert (fixed == (touching > 2) | fixed & (touching == 2)).all()
    on_outside = shapely.distance(shapely.coverage_union_all(cells).exterior, shapely.points(points)) == 0
    assert (fixed == np.where(on_outside, touching == 2, touching > 2)).all()
