"""An oblique town with lakes and enclaves as a layer of tiles, and two readings of a tile: decoded, and cut out by shapely."""

import math

import mapbox_vector_tile
import numpy as np
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from shapely.geometry import shape

from geodata.tile_lattice import tiles_over
from geodata.tiles import TileLayer

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
