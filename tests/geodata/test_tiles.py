"""Tiles as other programs read them, beside what shapely cuts out: an oblique town with lakes and enclaves, Tainan."""

import math
import threading
from collections import Counter

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from shapely.geometry import shape

from geodata import tiles
from geodata.mvt import encode_features, encode_layer, int_value, text_value
from geodata.tile_lattice import SPAN, tiles_over, to_lattice
from geodata.tile_rings import Paths, cut_rings, fixed_points
from geodata.tiles import TileLayer
from layers.errors import BadGeometry, BadInput

WEST, SOUTH, CELL = 121.51, 29.82, 0.003


# --- a town ----------------------------------------------------------------------------------------------------
def oblique_cells(columns: int, rows: int, seed: int = 7) -> np.ndarray:
    """Cells (columns, rows) of a seamless coverage in units: corners displaced, borders bent, everything turned."""
    rng = np.random.default_rng(seed)
    nodes = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0), indexing="ij"), -1)
    nodes += rng.uniform(-0.25, 0.25, nodes.shape)
    turn = np.array([[math.cos(0.4), math.sin(0.4)], [-math.sin(0.4), math.cos(0.4)]])

    def borders(a, b):
        along = b - a
        across = np.stack((-along[..., 1], along[..., 0]), -1)[..., None, :]
        t = np.array([0.3, 0.5, 0.7])[:, None]
        return a[..., None, :] + t * along[..., None, :] + rng.uniform(-0.08, 0.08, (*a.shape[:2], 3, 1)) * across

    flat, upright = borders(nodes[:-1], nodes[1:]), borders(nodes[:, :-1], nodes[:, 1:])
    rings = np.concatenate((nodes[:-1, :-1, None], flat[:, :-1], nodes[1:, :-1, None], upright[1:],
                            nodes[1:, 1:, None], flat[:, 1:, ::-1], nodes[:-1, 1:, None], upright[:-1, :, ::-1]), 2)
    return shapely.polygons(np.round((rings @ turn * CELL + (WEST, SOUTH)) * 1e7))


def town(columns: int = 12, rows: int = 12) -> dict[int, shapely.Geometry]:
    """fid -> shape. Area 1 surrounds the enclave 2; area 3 surrounds a lake; area 4 has two parts and 5 is between.

        +---+---+---+     +---+---+---+     +---+---+---+
        | 1   1   1 |     | 3   3   3 |     | 4 | 5 | 4 |
        |   +---+   |     |   +---+   |     +---+---+---+
        | 1 | 2 | 1 |     | 3 |   | 3 |
        |   +---+   |     |   +---+   |
        | 1   1   1 |     | 3   3   3 |
        +---+---+---+     +---+---+---+
    """
    cells = oblique_cells(columns, rows)
    around = [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)]
    shapes = {1: [(2 + i, 2 + j) for i, j in around], 2: [(3, 3)], 3: [(6 + i, 5 + j) for i, j in around],
              4: [(2, 8), (4, 8)], 5: [(3, 8)]}
    used = {cell for members in shapes.values() for cell in members} | {(7, 6)}
    rest = [(i, j) for i in range(columns) for j in range(rows) if (i, j) not in used]
    shapes |= {10 + at: [cell] for at, cell in enumerate(rest)}
    return {fid: shapely.coverage_union_all([cells[cell] for cell in members]) for fid, members in shapes.items()}


def as_layer(shapes: dict, labels: bool = False, kind: str = "polygon", rev: int = 0) -> TileLayer:
    return TileLayer("areas", list(shapes), list(shapes.values()), labels=labels, kind=kind, rev=rev,
                     **attributes(shapes))


def attributes(shapes: dict) -> dict:
    return {"strings": {"code": [f"33020300{fid:04d}" for fid in shapes], "name": [f"第{fid}网格" for fid in shapes],
                        "level": ["grid"] * len(shapes)}, "ints": {"version": [1 + (fid % 7 == 0) for fid in shapes]}}


# --- two readings of a tile --------------------------------------------------------------------------------------
def decoded(tile: bytes, layer: str = "areas") -> dict[int, tuple]:
    """fid -> (properties, geometry in tile coordinates, y south), as mapbox-vector-tile reads it."""
    if not tile:
        return {}
    layers = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    features = layers.get(layer, {"features": []})["features"]
    found = {feature["id"]: (feature["properties"], shape(feature["geometry"])) for feature in features}
    assert len(found) == len(features)
    return found


def in_tile(geometry: shapely.Geometry, z: int, x: int, y: int) -> shapely.Geometry:
    """Units to tile coordinates by the textbook formula."""
    def project(points):
        lon, lat = points.T / 1e7
        north = np.log(np.tan(np.pi / 4 + np.radians(lat) / 2))
        return np.stack(((lon + 180) / 360 * 2**z - x, (1 - north / np.pi) / 2 * 2**z - y), axis=1) * 4096
    return shapely.transform(geometry, project)


def expected(shapes: dict, z: int, x: int, y: int) -> dict[int, shapely.Geometry]:
    """fid -> what of it lies in the tile and its buffer."""
    placed = dict(zip(shapes, in_tile(np.array(list(shapes.values()), object), z, x, y), strict=True))
    window = shapely.box(-64, -64, 4160, 4160)
    cut = {fid: shapely.intersection(shapely.make_valid(geometry), window) for fid, geometry in placed.items()
           if shapely.intersects(shapely.envelope(geometry), window)}
    return {fid: geometry for fid, geometry in cut.items() if geometry.area > 0 or geometry.length > 0 and
            geometry.geom_type.endswith("LineString")}


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    x, y = in_tile(shapely.Point(lon * 1e7, lat * 1e7), 0, 0, 0).coords[0]
    return z, int(x / 4096 * 2**z), int(y / 4096 * 2**z)


def everywhere(layer: TileLayer, shapes: dict, z: int) -> dict[int, tuple]:
    """fid -> what one of the tiles of zoom z says of it."""
    return {fid: said for tile in tiles_of(shapes, z) for fid, said in decoded(layer.tile(*tile)).items()}


def tiles_of(shapes: dict, z: int) -> list[tuple[int, int, int]]:
    return sorted(tiles_over(shapely.total_bounds(list(shapes.values())), z, z))


def rings_of(tile: bytes) -> list[tuple[int, list[np.ndarray]]]:
    """(fid, rings) of each feature as the bytes have them, read command by command."""
    message = vector_tile_pb2.tile()
    message.ParseFromString(tile)
    out = []
    for feature in (feature for layer in message.layers for feature in layer.features):
        rings, at, cursor, geometry = [], 0, np.zeros(2, int), feature.geometry
        while at < len(geometry):
            command, count = geometry[at] & 7, geometry[at] >> 3
            at += 1
            if command == 7:
                continue
            if command == 1:
                rings.append([])
            for _ in range(count):
                cursor = cursor + [(v >> 1) ^ -(v & 1) for v in geometry[at:at + 2]]
                rings[-1].append(cursor)
                at += 2
        out.append((feature.id, [np.array(ring) for ring in rings]))
    return out


def doubled_area(ring: np.ndarray) -> int:
    x, y = ring.T
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def check_tile(layer: TileLayer, shapes: dict, z: int, x: int, y: int) -> int:
    """Same features as shapely finds, in the same places; the number of them."""
    found, wanted = decoded(layer.tile(z, x, y)), expected(shapes, z, x, y)
    missing, extra = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    assert not {fid for fid in missing if wanted[fid].area > 1e-3}
    assert not {fid for fid in extra if found[fid][1].area > 1}
    for fid in found.keys() & wanted.keys():
        gap = shapely.hausdorff_distance(found[fid][1], wanted[fid])
        parts = shapely.get_parts(wanted[fid])
        if gap > 1.5:  # parts and holes narrower than a unit may be gone; what is left is in its place
            stout = shapely.make_valid(wanted[fid]).buffer(-1.5)
            whole = shapely.make_valid(found[fid][1])
            assert shapely.difference(stout, whole.buffer(1e-6)).area < 1e-3, (fid, gap, len(parts))
            assert shapely.difference(whole, wanted[fid].buffer(1.5)).area < 1e-3, (fid, gap, len(parts))
    return len(found)


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


# --- edits -----------------------------------------------------------------------------------------------------
def merged(shapes: dict, keep: int, other: int) -> dict:
    return {fid: shapely.union(shape_, shapes[other]) if fid == keep else shape_
            for fid, shape_ in shapes.items() if fid != other}


def neighbours(shapes: dict) -> list[tuple[int, int]]:
    fids, geometries = list(shapes), list(shapes.values())
    a, b = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    return [(fids[i], fids[j]) for i, j in zip(a, b, strict=True)
            if i < j and shapely.intersection(geometries[i], geometries[j]).length > 0]


def apply(layer: TileLayer, before: dict, after: dict) -> None:
    new = {fid: geometry for fid, geometry in after.items() if before.get(fid) is not geometry}
    layer.replace([fid for fid in before if fid not in after], list(new), list(new.values()), **attributes(new))


def all_tiles(layer: TileLayer, shapes: dict) -> dict:
    return {tile: layer.tile(*tile) for z in (6, 10, 12, 14, 15) for tile in tiles_of(shapes, z)}


def test_after_edits_the_tiles_are_those_of_a_layer_built_anew():
    start = shapes = town()
    layer = as_layer(shapes, labels=True)
    rng = np.random.default_rng(5)
    for _ in range(12):
        pairs = neighbours(shapes)
        keep, other = pairs[rng.integers(len(pairs))]
        after = merged(shapes, keep, other)
        apply(layer, shapes, after)
        shapes = after
    assert len(layer) == len(shapes) and layer.slack > 0 and layer.rev == 12
    fresh = all_tiles(as_layer(shapes, labels=True), start)
    assert all_tiles(layer, start) == fresh
    layer.compact()
    assert layer.slack == 0 and layer.rev == 12
    assert all_tiles(layer, start) == fresh
    apply(layer, shapes, start)
    assert all_tiles(layer, start) == all_tiles(as_layer(start, labels=True), start)


def test_a_change_of_attributes_alone_is_seen():
    shapes = town()
    layer = as_layer(shapes)
    given_ = attributes({1: shapes[1]})
    given_["strings"] = {**given_["strings"], "name": ["新名"], "level": ["community"]}
    layer.replace([], [1], [shapes[1]], **given_, rev=77)
    found = everywhere(layer, shapes, 12)
    assert found[1][0]["name"] == "新名" and found[1][0]["level"] == "community" and found[2][0]["level"] == "grid"
    assert len(found) == len(shapes) and layer.rev == 77


def test_taking_out_what_is_not_there_changes_nothing():
    shapes = town()
    layer = as_layer(shapes)
    before = all_tiles(layer, shapes)
    layer.replace([99999], rev=4)
    layer.replace([99999])
    assert all_tiles(layer, shapes) == before and layer.rev == 5


def test_a_layer_may_begin_empty_and_become_empty():
    shapes = town()
    layer = as_layer({}, labels=True)
    layer.replace([], list(shapes), list(shapes.values()), **attributes(shapes))
    assert {tile: decoded(data) for tile, data in all_tiles(layer, shapes).items()} == {
        tile: decoded(data) for tile, data in all_tiles(as_layer(shapes, labels=True), shapes).items()}
    layer.replace(list(shapes))
    assert len(layer) == 0 and set(all_tiles(layer, shapes).values()) == {b""}
    layer.compact()
    assert len(layer) == 0 and set(all_tiles(layer, shapes).values()) == {b""}


def test_edits_made_while_a_compaction_runs_are_kept(monkeypatch):
    shapes = town()
    layer = as_layer(shapes)
    after = merged(shapes, 1, 2)
    really = tiles.repacked

    def slowly(rows):
        packed = really(rows)
        apply(layer, shapes, after)
        return packed

    monkeypatch.setattr(tiles, "repacked", slowly)
    layer.compact()
    assert all_tiles(layer, shapes) == all_tiles(as_layer(after), shapes)


def test_readers_see_the_state_before_or_after_an_edit():
    shapes = town()
    after = merged(shapes, 1, 2)
    tile = tile_at(WEST, SOUTH + 0.01, 10)
    layer = as_layer(shapes)
    allowed = {layer.tile(*tile), as_layer(after).tile(*tile)}
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(layer.tile(*tile))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        apply(layer, *((shapes, after) if turn % 2 == 0 else (after, shapes)))
        if turn % 20 == 19:
            layer.compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert seen <= allowed


def test_only_touched_tiles_change():
    shapes = town()
    layer = as_layer(shapes, labels=True)
    before = all_tiles(layer, shapes)
    after = merged(shapes, *neighbours(shapes)[40])
    apply(layer, shapes, after)
    new = [fid for fid in after if shapes[fid] is not after[fid]]
    bounds = shapely.total_bounds([after[fid] for fid in new])
    touched = layer.touched_tiles(bounds, 0, 15)
    different = {tile for tile, data in all_tiles(layer, shapes).items() if data != before[tile]}
    assert different and different <= touched
    assert touched == set(touched) and len(touched) == len(set(touched)) and touched & different == different


@given(st.integers(0, 22), st.floats(-179, 178), st.floats(-80, 79), st.floats(1e-6, 1))
@settings(max_examples=60, deadline=None)
def test_touched_tiles_are_those_whose_buffered_square_meets_the_bounds(z, lon, lat, side):
    bounds = np.round(np.array((lon, lat, lon + side, lat + side)) * 1e7)
    touched = tiles_over(bounds, z, z)
    (z, west, north, east, south), = touched.ranges
    around = ((west - 1, north), (east + 1, south), (west, north - 1), (east, south + 1))
    for x, y in ((west, north), (east, south), *around):
        if 0 <= x < 2**z and 0 <= y < 2**z:
            placed = in_tile(shapely.box(*bounds), z, x, y).bounds
            margin = 0.51 * 2.0 ** (z - 20)
            assert ((z, x, y) in touched) or not (placed[0] < 4160 - margin and placed[2] > -64 + margin and
                                                  placed[1] < 4160 - margin and placed[3] > -64 + margin)
            assert ((z, x, y) not in touched) or (placed[0] <= 4160 + margin and placed[2] >= -64 - margin and
                                                  placed[1] <= 4160 + margin and placed[3] >= -64 - margin)


# --- refusals --------------------------------------------------------------------------------------------------
def test_features_that_cannot_be_shown_are_refused():
    square = shapely.box(0, 0, 10, 10)
    for fids, shapes, error in (([1, 1], [square, square], BadInput), ([-1], [square], BadInput),
                                ([1], [square, square], BadInput), ([1], [shapely.Point(0, 0)], BadGeometry),
                                ([1], [None], BadGeometry), ([1], [shapely.Polygon()], BadGeometry)):
        with pytest.raises(error):
            TileLayer("areas", fids, shapes)
    layer = as_layer(town())
    with pytest.raises(BadInput):
        layer.replace([], [1], [square], {"code": ["1"]}, {})
    with pytest.raises(BadInput):
        TileLayer("areas", [1], [square], {"code": ["1", "2"]})


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
