"""Tiles as other programs read them, beside what shapely cuts out: an oblique town with lakes and enclaves, Tainan."""

from collections import Counter

import numpy as np
import pyogrio
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from geodata import tiles
from geodata.tile_lattice import SPAN, to_lattice
from geodata.tile_rings import Paths, cut_rings
from geodata.tiles import TileLayer
from tests.geodata.tile_town import (
    as_layer,
    attributes,
    check_tile,
    decoded,
    doubled_area,
    everywhere,
    expected,
    in_tile,
    oblique_cells,
    rings_of,
    tile_at,
    tiles_of,
    town,
)


# --- what is in a tile -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("z", range(0, 19))
def test_a_tile_shows_what_shapely_cuts_out(z):
    shapes = town()
    layer = as_layer(shapes)
    over = tiles_of(shapes, z)
    for tile in over[::max(len(over) // 40, 1)]:
        check_tile(layer, shapes, *tile)


@pytest.mark.parametrize("z", [21, 23])
def test_tiles_deeper_than_the_lattice_show_what_shapely_cuts_out(z):
    shapes = town()
    layer = as_layer(shapes)
    corner = shapes[2].exterior.coords[0]
    z, x, y = tile_at(corner[0] / 1e7, corner[1] / 1e7, z)
    steps = 1 + 2 ** (z - 20)  # the lattice is that coarse here
    found, wanted = decoded(layer.tile(z, x, y)), expected(shapes, z, x, y)
    assert found.keys() == wanted.keys() and len(found) >= 2
    for fid in found:
        assert shapely.hausdorff_distance(found[fid][1], wanted[fid]) <= 1.5 * steps


@pytest.mark.parametrize("z", range(0, 8))
def test_no_feature_is_missing_however_small(z):
    shapes = town()
    layer = as_layer(shapes)
    found = everywhere(layer, shapes, z)
    assert found.keys() == shapes.keys()
    assert all(geometry.area > 0 for _, geometry in found.values())


def test_attributes_come_back_as_given():
    shapes = town()
    given = attributes(shapes)
    layer = as_layer(shapes)
    found = everywhere(layer, shapes, 12)
    assert len(found) == len(shapes)
    for at, fid in enumerate(shapes):
        assert found[fid][0] == {key: values[at] for part in given.values() for key, values in part.items()}


@pytest.mark.parametrize("z", [5, 9, 12, 14, 15])
def test_exteriors_wind_one_way_and_their_holes_the_other(z):
    shapes = town()
    layer = as_layer(shapes)
    holes = 0
    for tile in tiles_of({1: shapes[1], 3: shapes[3]}, z):
        for _, rings in rings_of(layer.tile(*tile)):
            areas = [doubled_area(ring) for ring in rings]
            assert areas[0] > 0 and 0 not in areas
            assert all(len(np.unique(ring, axis=0)) >= 3 for ring in rings)
            assert not any((ring == np.roll(ring, -1, axis=0)).all(axis=1).any() for ring in rings)
            exterior = None
            for ring, area in zip(rings, areas, strict=True):
                if area > 0:
                    exterior = shapely.Polygon(ring).buffer(1)
                else:
                    holes += 1
                    assert exterior.contains(shapely.Polygon(ring))
    assert z < 12 or holes > 0


def test_empty_where_there_is_nothing():
    layer = as_layer(town())
    assert layer.tile(14, 0, 0) == layer.tile(3, 8, 0) == layer.tile(-1, 0, 0) == layer.tile(25, 0, 0) == b""
    assert TileLayer("areas", [], []).tile(0, 0, 0) == b""


@pytest.mark.parametrize("seed", range(6))
def test_large_ragged_areas_with_many_parts_and_holes_are_cut_right(seed):
    cells = oblique_cells(30, 30).ravel()
    owner = np.random.default_rng(seed).integers(0, 3, len(cells))
    shapes = {1 + at: shapely.coverage_union_all(cells[owner == at]) for at in range(3)}
    layer = as_layer(shapes)
    for z in (10, 12, 13, 14, 16):
        over = tiles_of(shapes, z)
        for tile in over[::max(len(over) // 9, 1)]:
            check_tile(layer, shapes, *tile)


def test_long_rings_that_run_far_around_a_tile_are_cut_right():
    # A band wound four times round the middle, 12 m wide: most of it passes the tiles by, on all sides.
    angle = np.linspace(0, 8 * np.pi, 3000)
    band = shapely.LineString(np.stack((np.cos(angle), np.sin(angle)), 1) * angle[:, None] * 4000 + (1215e6, 298e6))
    shapes = {1: shapely.transform(band.buffer(1100), np.round)}
    layer = as_layer(shapes)
    for z in (12, 14, 15, 16, 17):
        over = tiles_of(shapes, z)
        for tile in over[::max(len(over) // 25, 1)]:
            check_tile(layer, shapes, *tile)


@pytest.mark.parametrize("seed", [39, 40, 43, 51])
def test_a_labyrinth_cut_just_below_its_top_keeps_its_ground(seed):
    # Passing over the runs beyond the edge, a short cut may cross itself and turn the other way at the top.
    ring = labyrinth(seed)
    for top in range(13500, 15000, 100):
        x, y = (ring - (7500, top - 20000)).astype(np.int64).T
        paths = Paths(x, y, np.array([len(ring)]), np.array([False]), np.array([0]))
        wanted = shapely.intersection(shapely.Polygon(np.stack((x, y), 1)), shapely.box(-20000, -20000, 20000, 20000))
        cut = cut_rings(paths, -20000, 20000)
        ends = np.cumsum(cut.sizes)
        pieces = [shapely.Polygon(np.stack((cut.x[end - size:end], cut.y[end - size:end]), 1))
                  for end, size in zip(ends, cut.sizes, strict=True)]
        area = sum(-piece.area if hole else piece.area for piece, hole in zip(pieces, cut.hole, strict=True))
        assert area == pytest.approx(wanted.area)


def labyrinth(seed: int, n: int = 16) -> np.ndarray:
    """The outline of the walls of a labyrinth without rooms, counter-clockwise (x east, y north)."""
    rng = np.random.default_rng(seed)
    ids = np.arange(n * n).reshape(n, n)
    steps = np.concatenate((np.stack((ids[:-1].ravel(), ids[1:].ravel())),
                            np.stack((ids[:, :-1].ravel(), ids[:, 1:].ravel()))), axis=1)
    tree = minimum_spanning_tree(coo_matrix((rng.uniform(1, 2, steps.shape[1]), steps), shape=(n * n, n * n))).tocoo()
    places = np.stack(np.unravel_index(np.arange(n * n), (n, n)), 1) * 1000.0 + rng.uniform(-200, 200, (n * n, 2))
    walls = shapely.union_all(shapely.linestrings(np.stack((places[tree.row], places[tree.col]), 1)))
    outline = shapely.transform(walls.buffer(220, quad_segs=2).exterior, np.round)
    return shapely.get_coordinates(outline if outline.is_ccw else outline.reverse())[:-1]


def test_a_ring_that_crosses_itself_still_shows():
    bow = shapely.Polygon([(1215e6, 298e6), (1216e6, 299e6), (1216e6, 298e6), (1215e6, 299e6)])
    layer = as_layer({1: bow})
    for z in (8, 11, 13, 15):
        for tile in tiles_of({1: bow}, z)[:40]:
            found, wanted = decoded(layer.tile(*tile)), expected({1: bow}, *tile)
            if wanted and wanted[1].area > 10:
                assert found[1][1].area > 0


# --- seams -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("z", [9, 10, 11, 12, 13, 15])
def test_every_border_inside_a_tile_is_the_same_line_for_both_neighbours(z):
    cells = oblique_cells(14, 14).ravel()
    shapes = dict(enumerate(cells, 1))
    layer = as_layer(shapes)
    for tile in tiles_of(shapes, z)[:30]:
        edges = Counter()
        for _, rings in rings_of(layer.tile(*tile)):
            for ring in rings:
                for a, b in zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True):
                    edges[tuple(a), tuple(b)] += 1
        alone = [edge for edge in edges if (edge[1], edge[0]) not in edges]
        assert max(edges.values(), default=1) == 1
        outline = in_tile(shapely.coverage_union_all(cells), *tile).exterior
        for a, b in alone:  # on the buffer's edge or on the outside of the town
            on_edge = any(a[axis] == b[axis] and a[axis] in (-64, 4160) for axis in (0, 1))
            assert on_edge or outline.distance(shapely.LineString((a, b)).centroid) < 1.5, (tile, a, b)


def test_points_on_straight_lines_leave_small_scales_for_both_neighbours(monkeypatch):
    #   0---1---2        the points between 1 and 4 lie on a straight line: they leave both rings
    #   |   |   |        where the tile is of small scale; 1 and 4, where borders meet, stay
    #   3---4---5
    corner = np.array([(0, 0), (400, 30), (800, 60), (-40, 400), (400, 430), (760, 460)]) * 1e4 + (121e7, 29e7)
    between = [np.round(corner[1] + (corner[4] - corner[1]) * t) for t in (0.25, 0.5, 0.75)]
    shapes = {1: shapely.Polygon([corner[0], corner[1], *between, corner[4], corner[3]]),
              2: shapely.Polygon([corner[1], corner[2], corner[5], corner[4], *between[::-1]])}
    layer = as_layer(shapes)
    (tile,) = tiles_of(shapes, 4)
    assert {fid: len(rings[0]) for fid, rings in rings_of(layer.tile(*tile))} == {1: 4, 2: 4}
    monkeypatch.setattr(tiles, "_THIN_TO", 3)
    assert {fid: len(rings[0]) for fid, rings in rings_of(layer.tile(*tile))} == {1: 7, 2: 7}


def test_equal_points_fall_on_equal_lattice_points_wherever_they_stand_in_an_array():
    rng = np.random.default_rng(3)
    points = np.round(np.stack((rng.uniform(-180, 180, 5000), rng.uniform(-85, 85, 5000)), axis=1) * 1e7)
    whole = to_lattice(points)
    for start in range(1, 40):
        assert (to_lattice(points[start:start + 7]) == whole[start:start + 7]).all()
    assert (to_lattice(points[::-1])[::-1] == whole).all()
    assert (to_lattice(np.array([(1.8e9, 8.9e8), (-1.8e9, -9e8)])) == [(SPAN - 1, 0), (0, SPAN - 1)]).all()


# --- labels ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("z", [0, 6, 11, 14, 16, 21])
def test_each_label_stands_once_in_all_tiles_and_inside_its_area(z):
    shapes = town() if z < 20 else {2: town()[2]}
    layer = as_layer(shapes, labels=True)
    seen = Counter()
    for at in tiles_of(shapes, z):
        tile = layer.tile(*at)
        for fid, (properties, point) in decoded(tile, "areas_label").items():
            seen[fid] += 1
            assert properties == decoded(tile)[fid][0]
            assert 0 <= point.x < 4096 and 0 <= point.y < 4096
            assert in_tile(shapes[fid], *at).buffer(1.5 if z < 20 else 4).contains(point)
    assert seen == dict.fromkeys(shapes, 1)


# --- other kinds -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("z", [3, 10, 13, 16])
def test_lines_are_cut_and_never_lost(z):
    shapes = {fid: geometry.boundary for fid, geometry in town().items()}
    layer = as_layer(shapes, kind="line", labels=True)
    found, labels = {}, Counter()
    for tile in tiles_of(shapes, z):
        bytes_ = layer.tile(*tile)
        here, wanted = decoded(bytes_), expected(shapes, *tile)
        labels.update(decoded(bytes_, "areas_label").keys())
        assert not {fid for fid in wanted.keys() - here.keys() if wanted[fid].length > 1e-3}
        assert not {fid for fid in here.keys() - wanted.keys() if here[fid][1].length > 2}
        for fid in here.keys() & wanted.keys():
            assert shapely.hausdorff_distance(here[fid][1], wanted[fid]) <= 1.6
        found |= here
    assert found.keys() == shapes.keys() and labels == dict.fromkeys(shapes, 1)


def test_points_stand_where_they_are_and_a_multipoint_keeps_what_is_in_the_tile():
    shapes = {fid: geometry.centroid for fid, geometry in town().items()}
    shapes = {fid: shapely.transform(point, np.round) for fid, point in shapes.items()}
    shapes[9000] = shapely.MultiPoint([shapes[1], shapes[2], shapes[3]])
    layer = as_layer(shapes, kind="point")
    seen = set()
    for tile in tiles_of(shapes, 14):
        found, window = decoded(layer.tile(*tile)), shapely.box(-64, -64, 4160, 4160)
        for fid, geometry in shapes.items():
            wanted = shapely.intersection(in_tile(geometry, *tile), window)
            assert (fid in found) == (not wanted.is_empty)
            if fid in found:
                assert shapely.hausdorff_distance(found[fid][1], wanted) < 1
        seen |= found.keys()
    assert seen == shapes.keys()


# --- real ground -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tainan(data_dir) -> dict[int, shapely.Geometry]:
    frame = pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area")
    geometries = shapely.make_valid(shapely.transform(frame.geometry.values, lambda xy: np.round(xy * 1e7)))
    ground = [[part for part in shapely.get_parts(geometry) if part.area > 0] for geometry in geometries]
    return dict(enumerate(map(shapely.union_all, ground), 1))


@pytest.mark.parametrize("z", [8, 10, 11, 13, 15, 17])
def test_tainan_shows_what_shapely_cuts_out(tainan, z):
    layer = as_layer(tainan)
    over = tiles_of(tainan, z)
    assert sum(check_tile(layer, tainan, *tile) for tile in over[::max(len(over) // 12, 1)]) > 0


def test_all_of_tainan_is_in_one_tile_of_zoom_5(tainan):
    (tile,) = tiles_of(tainan, 5)
    assert decoded(as_layer(tainan).tile(*tile)).keys() == tainan.keys()
