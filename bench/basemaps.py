"""Base maps in process: milliseconds of this server for a tile of each kind, the first time and again.

The files are made here; the extract is that of Helsinki among the real data. Over HTTP the page, the gate and the
transport are added, as for every tile (bench/tiles.py).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import rasterio
from pmtiles.tile import TileType
from rasterio.enums import Resampling
from rasterio.transform import from_origin

from geodata.basemap import Basemap, Place, Shelf
from tests.geodata.test_basemaps import colour, mbtiles, pmtiles, tile_at
from tests.helsinki import extract
from tests.services import Unavailable, data_dir

from .province import Places
from .report import Aims, number, say, section, spread, table

SHANGHAI, HELSINKI = (121.49, 31.235), (24.944, 60.1716)
SIDE = 8_000  # pixels of the picture, 0.25 m each
TILES = 60
CACHED_MS = 1.0


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    with section("Base maps"), tempfile.TemporaryDirectory(prefix="weige-basemaps-") as folder:
        began, cpu = perf_counter(), process_time()
        shelf, where = _shelf(Path(folder))
        say(f"\n{len(where)} kinds opened in {perf_counter() - began:.1f} s, {process_time() - cpu:.1f} s of them in this process.")
        rows, slowest = [], 0.0
        for name, (place, z) in where.items():
            names = _tiles(place, z)
            first, first_cpu = zip(*(_ms(shelf, name, tile) for tile in names))
            again, _ = zip(*(_ms(shelf, name, tile) for tile in names for _ in range(20)))
            slowest = max(slowest, spread(again)[1])
            kinds = [shelf.tile(name, *tile).picture for tile in names]
            size = np.mean([len(one.data) for one in kinds if one]) / 1000 if any(kinds) else 0
            rows.append((name, z, sum(one is not None for one in kinds), size, *spread(first)[:2], spread(first_cpu)[0], *spread(again)[:2]))
        table("A tile in process", ("base map", "zoom", "tiles", "kB", "first p50 ms", "first p95", "first CPU p50", "again p50", "again p95"), rows)
        aims.judge("base map: a tile in memory", f"p95 <= {CACHED_MS:g} ms", f"{number(slowest)} ms", slowest <= CACHED_MS)
        shelf.close()


def _ms(shelf: Shelf, name: str, tile: tuple[int, int, int]) -> tuple[float, float]:
    """Wall and processor time of one answer."""
    began, cpu = perf_counter(), process_time()
    shelf.tile(name, *tile)
    return (perf_counter() - began) * 1e3, (process_time() - cpu) * 1e3


def _tiles(place: tuple[float, float], z: int) -> list[tuple[int, int, int]]:
    _, x, y = tile_at(*place, z)
    side = round(TILES**0.5)
    return [(z, x + dx - side // 2, y + dy - side // 2) for dx in range(side) for dy in range(side)]


def _shelf(folder: Path) -> tuple[Shelf, dict[str, tuple[tuple[float, float], int]]]:
    """Every kind, and where and how deep it is asked."""
    picture = _picture(folder / "picture.tif")
    tiles = {tile: colour(number) for number, tile in enumerate(_tiles(SHANGHAI, 17))}
    around = {(z, x + dx, y + dy): data for (z, x, y), data in tiles.items() for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    settings = [Basemap("geotiff", "geotiff", "g", "g", path=str(picture)),
                Basemap("geotiff 512", "geotiff", "g", "g", path=str(picture), tile_size=512),
                Basemap("mbtiles", "mbtiles", "m", "m", path=str(mbtiles(folder / "a.mbtiles", tiles))),
                Basemap("mbtiles, gcj02", "mbtiles", "m", "m", path=str(mbtiles(folder / "b.mbtiles", around)), gcj02=True),
                Basemap("pmtiles", "pmtiles", "p", "p", path=str(pmtiles(folder / "a.pmtiles", tiles, TileType.PNG)))]  # fmt: skip
    where = {one.id: (SHANGHAI, 17) for one in settings} | {"geotiff 512": (SHANGHAI, 17)}
    try:
        settings.append(Basemap("osm extract", "osm", "o", "o", path=str(extract(data_dir()))))
        where["osm extract"] = HELSINKI, 15
    except Unavailable as lacking:
        say(f"SKIPPED DATA: {lacking}")
    return Shelf(settings, Place(folder / "cache"), wait=True), where


def _picture(path: Path) -> Path:
    """A photograph-like GeoTIFF, JPEG inside, with overviews: 2 x 2 km in a 3-degree zone."""
    rng = np.random.default_rng(1)
    ground = rng.normal(120, 25, (3, SIDE // 8, SIDE // 8)).repeat(8, axis=1).repeat(8, axis=2)
    with rasterio.open(path, "w", driver="GTiff", count=3, width=SIDE, height=SIDE, dtype="uint8", crs="EPSG:4549", tiled=True, compress="jpeg",
                       photometric="ycbcr", transform=from_origin(641_000, 3_459_000, 0.25, 0.25)) as file:  # fmt: skip
        file.write((ground + rng.normal(0, 6, ground.shape)).clip(0, 255).astype(np.uint8))
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8, 16], Resampling.average)
    say(f"Picture of {SIDE} x {SIDE} pixels, {os.path.getsize(path) / 1e6:.0f} MB.")
    return path
