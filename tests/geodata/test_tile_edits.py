"""Tiles after edits are those of a layer built anew, and only touched ones change."""

import threading

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import tiles
from geodata.tile_lattice import tiles_over
from geodata.tiles import TileLayer
from layers.errors import BadGeometry, BadInput
from tests.geodata.tile_town import SOUTH, WEST, as_layer, attributes, decoded, everywhere, in_tile, tile_at, tiles_of, town


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
