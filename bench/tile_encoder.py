"""How long a vector tile takes, zoom by zoom: on an invented coverage of N cells and on Tainan when it is there.

    python bench/tile_encoder.py [--n 330000] [--tiles 24] [--labels]
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapely

from geodata.tile_cache import compressed
from geodata.tile_lattice import to_lattice
from geodata.tiles import TileLayer

ZOOMS = range(8, 17)
TAINAN = Path(os.environ.get("WEIGE_DATA", "../shared/data")) / "tainan_microgrids" / "tainan.gpkg"


def coverage(n: int, seed: int = 7) -> np.ndarray:
    """About n cells in units: a turned lattice with displaced corners and bent borders (8 to 16 points a cell), drawn
    together towards eleven centres so that cells there are many times smaller."""
    rng = np.random.default_rng(seed)
    columns = round(math.sqrt(n * 1.2))
    rows = max(n // columns, 1)
    nodes = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0), indexing="ij"), -1)
    nodes += rng.uniform(-0.24, 0.24, nodes.shape)
    flat, upright = _bent(nodes[:-1], nodes[1:], rng), _bent(nodes[:, :-1], nodes[:, 1:], rng)
    points = np.concatenate((nodes[:-1, :-1, None], flat[:, :-1], nodes[1:, :-1, None], upright[1:],
                             nodes[1:, 1:, None], flat[:, 1:, ::-1], nodes[:-1, 1:, None], upright[:-1, :, ::-1]), 2)
    points = points.reshape(columns * rows, -1, 2)
    there = ~np.isnan(points[..., 0])
    place = points[there] / columns
    for centre in rng.uniform(0.08, 0.92, (11, 2)) * (1, rows / columns):
        away = place - centre
        distance = np.hypot(*away.T)[:, None]
        place = centre + away * np.where(distance < 0.12, ((distance + 0.03) / 0.15) ** 0.8, 1)
    turn = np.array([[math.cos(0.3), math.sin(0.3)], [-math.sin(0.3), math.cos(0.3)]])
    units = np.round((place @ turn * 5.0 + (118.5, 27.0)) * 1e7)
    cells = shapely.polygons(shapely.linearrings(units, indices=np.nonzero(there)[0]))
    return cells[shapely.is_valid(cells)]  # a few bends cross each other


def _bent(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One to three points between a and b, off the straight line; the others are NaN."""
    along = (b - a)[..., None, :]
    across = np.stack((-along[..., 1], along[..., 0]), -1)
    shape = (*a.shape[:2], 3, 1)
    points = a[..., None, :] + np.array([0.25, 0.5, 0.75])[:, None] * along + rng.uniform(-0.1, 0.1, shape) * across
    absent = rng.random(shape[:3]) < 0.25
    absent[..., 1] = False
    points[absent] = np.nan
    return points


def measure(title: str, geometries: np.ndarray, tiles: int, labels: bool) -> None:
    """Print one table."""
    count = len(geometries)
    columns = attributes(np.arange(1, count + 1))
    before = _resident_mb()
    layer, seconds = _timed(lambda: TileLayer("areas", np.arange(1, count + 1), geometries, *columns, labels=labels))
    print(f"\n{title}: {count} polygons, {shapely.get_num_coordinates(geometries).mean() - 1:.1f} points each; "
          f"built in {seconds:.1f} s, +{_resident_mb() - before:.0f} MB, load {os.getloadavg()[0]:.1f}")
    print(f"{'z':>3} {'px':>6} {'features':>9} {'bytes':>10} {'gzip':>9} {'us/feature':>11} {'p50 ms':>8} {'p99 ms':>8}"
          f" {'gzip ms':>8}")
    rng = np.random.default_rng(1)
    centres = to_lattice(shapely.get_coordinates(shapely.centroid(geometries[rng.integers(0, count, tiles)])))
    for z in ZOOMS:
        names = np.unique(centres >> np.uint32(32 - z), axis=0)
        rows = [_tile(layer, z, x, y) for x, y in names.tolist()]
        times, features, size, packed, packing = (np.concatenate([row[at] for row in rows]) for at in range(5))
        each = sum(np.median(row[0]) for row in rows) / sum(row[1][0] for row in rows) * 1e3
        print(f"{z:>3} {layer.extent_pixels(z):>6.1f} {np.mean(features):>9.0f} {np.mean(size):>10.0f} "
              f"{np.mean(packed):>9.0f} {each:>11.2f} {np.median(times):>8.2f} "
              f"{np.percentile(times, 99):>8.2f} {np.median(packing):>8.2f}")
    _gzip_levels(max((layer.tile(10, x, y) for x, y in np.unique(centres >> np.uint32(22), axis=0).tolist()), key=len))
    _edits(layer, geometries)


def attributes(fids: np.ndarray) -> tuple[dict, dict]:
    """What area tiles carry."""
    return ({"code": [f"33020500{fid:07d}" for fid in fids], "name": [f"某某社区第{fid}网格" for fid in fids],
             "level": ["micro_grid"] * len(fids)}, {"version": (1 + (fids % 7 == 0)).tolist()})


def _tile(layer: TileLayer, z: int, x: int, y: int) -> tuple[list[float], ...]:
    """Times in ms, features, bytes, gzip bytes and time in ms of one tile, one item a repetition."""
    layer.tile(z, x, y)
    repeats = [_timed(partial(layer.tile, z, x, y)) for _ in range(5)]
    tile = repeats[0][0]
    packed, packing = _timed(partial(compressed, tile, 0))
    features = _features(tile)
    return ([seconds * 1e3 for _, seconds in repeats], [features] * len(repeats), [len(tile)], [len(packed.data)],
            [packing * 1e3])


def _features(tile: bytes) -> int:
    """Features of the first layer: its fields of tag 2, read off the bytes."""
    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (tile[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not tile[at - 1] & 0x80:
                return value, at
    size, at = varint(1)
    end, count = at + size, 0
    while at < end:
        tag, (size, at) = tile[at], varint(at + 1)
        count += tag == 0x12
        at += size if tag & 7 == 2 else 0
    return count


def _edits(layer: TileLayer, geometries: np.ndarray) -> None:
    """Print how long a merge of two neighbours takes to reach the tiles."""
    rng = np.random.default_rng(2)
    tree, times = shapely.STRtree(geometries), []
    for at in rng.integers(0, len(geometries), 200).tolist():
        beside = [other for other in tree.query(geometries[at], "intersects").tolist() if other != at]
        if beside:
            both = np.array([at, beside[0]])
            merge = ([both[1] + 1], [at + 1], [shapely.union(*geometries[both])], *attributes(both[:1] + 1))
            split = ([], both + 1, geometries[both], *attributes(both + 1))
            times += [_timed(partial(layer.replace, *change))[1] for change in (merge, split)]
    _, seconds = _timed(layer.compact)
    print(f"edit: p50 {np.median(times) * 1e3:.2f} ms, p99 {np.percentile(times, 99) * 1e3:.2f} ms; "
          f"compact after {len(times)} of them: {seconds:.2f} s")


def _gzip_levels(tile: bytes) -> None:
    """Print size and time of a tile by level of compression."""
    packed = [min((_timed(partial(compressed, tile, 0, level)) for _ in range(5)), key=lambda pair: pair[1])
              for level in range(4)]
    print(f"gzip of {len(tile)} bytes, level 0 to 3:",
          ", ".join(f"{len(result.data)} in {seconds * 1e3:.1f} ms" for result, seconds in packed))


def _timed(work: Callable) -> tuple:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=330_000, help="cells of the invented coverage")
    parser.add_argument("--tiles", type=int, default=24, help="tiles a zoom, under cells picked at random")
    parser.add_argument("--labels", action="store_true", help="with a layer of labels")
    options = parser.parse_args()
    print(f"numpy {np.__version__}, shapely {shapely.__version__}, isal {version('isal')}, "
          f"{os.cpu_count()} cores")
    measure("Invented", coverage(options.n), options.tiles, options.labels)
    if TAINAN.exists():
        import pyogrio
        frame = pyogrio.read_dataframe(TAINAN, layer="base_area", columns=[])
        measure("Tainan", shapely.transform(frame.geometry.values, lambda xy: np.round(xy * 1e7)), options.tiles,
                options.labels)
    else:
        print(f"\nTainan is not there: {TAINAN}")


if __name__ == "__main__":
    main()
