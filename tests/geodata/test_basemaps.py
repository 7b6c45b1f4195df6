"""Base maps: what each kind gives for a tile, where it lies, and that a broken file is named and nothing else breaks."""

from __future__ import annotations

import gzip
import math
import os
import sqlite3
import threading
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pyproj
import pytest
import rasterio
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from rasterio.transform import from_origin

from geodata.basemap import KINDS, Basemap, Place, Shelf
from geodata.basemap import recut as cutting
from geodata.basemap.geotiff import tile_bounds_m
from geodata.basemap.mbtiles import MBTiles
from geodata.basemap.memory import TileMemory
from geodata.basemap.pmtiles import PMTiles
from geodata.basemap.png import decode, encode
from geodata.basemap.settings import faults
from geodata.basemap.source import Info, Picture, media_of, size_of
from geodata.gcj02 import wgs84_to_gcj02
from tests.helsinki import extract

SHANGHAI = (121.49, 31.235)


def colour(number: int, size: int = 256) -> bytes:
    """A PNG of one colour, told by a number."""
    return encode(np.full((size, size, 3), (number % 256, number // 256 % 256, 7), np.uint8))


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * 2**z), int(y * 2**z)


def mbtiles(path: Path, tiles: dict[tuple[int, int, int], bytes], **metadata: str) -> Path:
    """A file with these tiles (z, x, y counted from the north)."""
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE metadata (name text, value text)")
        file.execute("CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
        file.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", [(z, x, 2**z - 1 - y, data) for (z, x, y), data in tiles.items()])
    file.close()
    return path


def pmtiles(path: Path, tiles: dict[tuple[int, int, int], bytes], kind: TileType, packed: Compression = Compression.NONE) -> Path:
    with open(path, "wb") as file:
        writer = Writer(file)
        for place in sorted(tiles, key=lambda place: zxy_to_tileid(*place)):
            writer.write_tile(zxy_to_tileid(*place), tiles[place])
        writer.finalize({"tile_type": kind, "tile_compression": packed, "min_lon_e7": 1200000000, "min_lat_e7": 300000000,
                         "max_lon_e7": 1220000000, "max_lat_e7": 320000000, "center_zoom": 1, "center_lon_e7": 0,
                         "center_lat_e7": 0}, {"attribution": "© test", "vector_layers": [{"id": "water"}]})  # fmt: skip
    return path


def shelf(folder: Path, *settings: Basemap, **more) -> Shelf:
    return Shelf(settings, Place(folder / "basemaps", **more), wait=True)


def setting(kind: str, path: Path | str, **more) -> Basemap:
    return Basemap("one", kind, "一", "One", path=str(path), **more)


# ---- MBTiles and PMTiles --------------------------------------------------------------------------------------------
def test_rows_of_mbtiles_are_counted_from_the_south(tmp_path):
    tiles = {(3, x, y): colour(x + 8 * y) for x in range(8) for y in range(8)}
    file = MBTiles(mbtiles(tmp_path / "a.mbtiles", tiles, bounds="120,30,122,32", attribution="© us"))
    assert all(file.tile(*place).data == data for place, data in tiles.items())
    assert file.info.bounds == (120, 30, 122, 32) and file.info.attribution == "© us"
    assert (file.info.format, file.info.min_zoom, file.info.max_zoom, file.info.tile_size) == ("raster", 3, 3, 256)
    assert file.tile(4, 0, 0) is None


def test_vector_tiles_stay_packed_as_they_are(tmp_path):
    plain = mapbox_vector_tile.encode({"name": "water", "features": [{"geometry": "POINT (1 1)", "properties": {}}]})
    for packed, data in ((False, plain), (True, gzip.compress(plain))):
        file = MBTiles(mbtiles(tmp_path / f"{packed}.mbtiles", {(0, 0, 0): data}, json='{"vector_layers":[{"id":"water"}]}'))
        tile = file.tile(0, 0, 0)
        assert (file.info.format, file.info.layers, tile.gzip, tile.data) == ("vector", ("water",), packed, data)


@pytest.mark.parametrize("zoom", [2, 6])
def test_every_tile_of_pmtiles_is_found(tmp_path, zoom):
    """At zoom 6 the file has directories below its first one, at 2 it has not; equal tiles are stored once."""
    some = [colour(number, 16) for number in range(700)]
    tiles = {(zoom, x, y): some[(x * 31 + y * 17) % 700] for x in range(2**zoom) for y in range(2**zoom) if (x + y) % 3}
    file = PMTiles(pmtiles(tmp_path / "a.pmtiles", tiles, TileType.PNG))
    for x in range(2**zoom):
        for y in range(2**zoom):
            found = file.tile(zoom, x, y)
            assert (found.data if found else None) == tiles.get((zoom, x, y))
    assert file.info.bounds == (120, 30, 122, 32) and file.info.attribution == "© test"
    assert file.tile(zoom + 1, 0, 0) is None


def test_vector_pmtiles_name_their_layers(tmp_path):
    data = gzip.compress(mapbox_vector_tile.encode({"name": "water", "features": []}) or b"\x1a\x00")
    file = PMTiles(pmtiles(tmp_path / "a.pmtiles", {(0, 0, 0): data}, TileType.MVT, Compression.GZIP))
    assert (file.info.format, file.info.layers, file.tile(0, 0, 0).gzip) == ("vector", ("water",), True)


# ---- GeoTIFF --------------------------------------------------------------------------------------------------------
def geotiff(path: Path, epsg: int, west: float, north: float, metres: float, bands: np.ndarray, **more) -> Path:
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype.name,
               "crs": f"EPSG:{epsg}", "transform": from_origin(west, north, metres, metres), "tiled": True} | more  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)
    return path


def ramp(side: int = 1200) -> np.ndarray:
    """Red grows to the east and green to the south, so that a colour tells the place."""
    steps = np.linspace(0, 255, side).astype(np.uint8)
    return np.stack([np.tile(steps, (side, 1)), np.tile(steps[:, None], (1, side)), np.full((side, side), 90, np.uint8)])


@pytest.mark.parametrize("epsg, west, north", [(4549, 640_000.0, 3_460_000.0), (4527, 39_640_000.0, 3_460_000.0), (32651, 357_000.0, 3_460_000.0)])
@pytest.mark.parametrize("size", [256, 512])
def test_a_geotiff_of_any_crs_lies_where_it_belongs(tmp_path, epsg, west, north, size):
    path = geotiff(tmp_path / "a.tif", epsg, west, north, 2.0, ramp())
    one = shelf(tmp_path, setting("geotiff", path, tile_size=size))
    to_degrees = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    to_own = pyproj.Transformer.from_crs(3857, epsg, always_xy=True)
    lon, lat = to_degrees.transform(west + 1200, north - 1200)
    for z in (13, 14, 15):
        place = tile_at(lon, lat, z)
        kept = one.tile("one", *place).picture
        pixels = decode(kept.data)
        assert pixels.shape == (size, size, 4) and kept.media == "image/png"
        left, bottom, right, top = tile_bounds_m(*place)
        pixels, middles = pixels[::8, ::8], (np.arange(0, size, 8) + 0.5) / size
        x, y = to_own.transform(*np.meshgrid(left + middles * (right - left), top - middles * (top - bottom)))
        inside = (x > west + 20) & (x < west + 2380) & (y < north - 20) & (y > north - 2380)
        assert (pixels[..., 3][inside] == 255).all()
        expected = np.stack([(x - west) / 2400, (north - y) / 2400], axis=-1)[inside] * 255
        assert np.abs(pixels[..., :2][inside] - expected).max() < 3 + 255 * (right - left) / size / 2400
        outside = (x < west - 20) | (x > west + 2420) | (y > north + 20) | (y < north - 2420)
        assert (pixels[..., 3][outside] == 0).all()
    assert one.tile("one", *tile_at(lon + 1, lat, 15)).picture is None


def test_what_has_no_data_is_clear_and_other_than_8_bit_is_stretched(tmp_path):
    bands = np.linspace(200, 3000, 600 * 600).reshape(1, 600, 600).astype(np.uint16)
    bands[0, :300] = 0
    path = geotiff(tmp_path / "a.tif", 4549, 640_000, 3_460_000, 2.0, bands, nodata=0)
    one = shelf(tmp_path, setting("geotiff", path))
    lon, lat = pyproj.Transformer.from_crs(4549, 4326, always_xy=True).transform(640_600, 3_459_400)
    pixels = decode(one.tile("one", *tile_at(lon, lat, 15)).picture.data)
    assert 0 < (pixels[..., 3] == 0).mean() < 1
    seen = pixels[pixels[..., 3] == 255]
    assert seen[:, 0].max() - seen[:, 0].min() > 60


def test_a_large_file_without_overviews_is_not_read_for_a_small_map(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", count=1, height=20_000, width=20_000, dtype="uint8", crs="EPSG:4549", tiled=True,
                       transform=from_origin(600_000, 3_500_000, 0.5, 0.5), sparse_ok=True):  # fmt: skip
        pass
    info = shelf(tmp_path, setting("geotiff", path)).held("one").info
    assert info.min_zoom >= info.max_zoom - 3
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8, 16, 32])
    assert shelf(tmp_path, setting("geotiff", path)).held("one").info.min_zoom <= info.min_zoom - 4


# ---- GCJ-02 ---------------------------------------------------------------------------------------------------------
class Coordinates:
    """A map drawn in GCJ-02 whose colours tell the shifted pixel: column in red, row in green, both modulo 256."""

    info = Info("raster", 0, 18)

    def tile(self, z, x, y):
        across, down = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
        parity = np.full((256, 256), (x % 2) + 2 * (y % 2), np.uint8)
        return Picture(encode(np.dstack([across, down, parity])), "image/png")

    def close(self):
        pass


@pytest.mark.parametrize("place", [SHANGHAI, (114.06, 22.54), (87.6, 43.8), (126.6, 45.75)])
@pytest.mark.parametrize("z", [9, 14, 18])
def test_pictures_in_gcj02_come_to_lie_within_half_a_pixel(place, z, record_property):
    _, x, y = tile_at(*place, z)
    columns, rows = cutting.shifted_pixels(z, x, y, 256)
    world = 256 << z
    across, down = np.meshgrid(x * 256 + np.arange(256) + 0.5, y * 256 + np.arange(256) + 0.5)
    true = wgs84_to_gcj02(cutting._degrees(np.column_stack([across.ravel(), down.ravel()]), world))
    wanted = cutting._pixels(true, world).T.reshape(2, 256, 256)
    off = np.hypot(columns + 0.5 - wanted[0], rows + 0.5 - wanted[1])
    metres = off.max() * math.cos(math.radians(place[1])) * 2 * math.pi * 6378137 / world
    record_property("figures", f"zoom {z}: at most {metres:.2f} m")
    assert np.abs(columns + 0.5 - wanted[0]).max() < 0.501 and np.abs(rows + 0.5 - wanted[1]).max() < 0.501
    pixels = decode(cutting.Recut(Coordinates()).tile(z, x, y).data)
    assert (pixels[..., 0] == columns % 256).all() and (pixels[..., 1] == rows % 256).all()
    assert (pixels[..., 2] == (columns // 256) % 2 + 2 * ((rows // 256) % 2)).all()


def test_vector_tiles_in_gcj02_are_refused(tmp_path):
    data = mapbox_vector_tile.encode({"name": "water", "features": [{"geometry": "POINT (1 1)", "properties": {}}]})
    held = shelf(tmp_path, setting("mbtiles", mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): data}), gcj02=True)).held("one")
    assert held.state == "failed" and "gcj02" in held.text


# ---- OpenStreetMap --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def streets(tmp_path_factory, data_dir) -> Shelf:
    """The extract of Helsinki, read once."""
    folder = tmp_path_factory.mktemp("osm")
    return shelf(folder, setting("osm", extract(data_dir)))


def test_an_extract_becomes_tiles_with_streets_houses_water_green_and_names(streets):
    held = streets.held("one")
    assert (held.state, held.info.format, held.info.attribution) == ("ok", "vector", "© OpenStreetMap contributors")
    tile = decoded(streets, *tile_at(24.944, 60.1716, 15))
    assert {"building", "green", "road_main", "road_minor", "rail"} <= set(tile)
    assert len(tile["building"]["features"]) > 100
    names = {feature["properties"].get("name") for feature in tile["road_minor"]["features"]}
    assert "Mikonkatu" in names
    assert set(decoded(streets, *tile_at(24.944, 60.1716, 10))).isdisjoint({"building", "road_minor", "road_small", "place_small"})


def test_a_house_of_the_extract_lies_where_it_is(streets, data_dir):
    import geopandas
    import pyogrio

    houses = pyogrio.read_dataframe(extract(data_dir), layer="multipolygons", columns=["building"], on_invalid="ignore",
                                    where="building IS NOT NULL")  # fmt: skip
    houses = houses[houses.geometry.notna()]
    z, x, y = tile_at(24.944, 60.1716, 15)
    features = decoded(streets, z, x, y)["building"]["features"]
    from shapely.geometry import shape

    drawn = geopandas.GeoSeries([shape(feature["geometry"]) for feature in features])
    west, south, east, north = tile_bounds_m(z, x, y)
    scale = (east - west) / 4096
    drawn = geopandas.GeoSeries(drawn.affine_transform([scale, 0, 0, scale, west, south]), crs=3857)
    whole = drawn[drawn.within(geopandas.GeoSeries.from_xy([(west + east) / 2], [(south + north) / 2], crs=3857).buffer(500)[0])]
    nearest = houses.to_crs(3857).geometry.representative_point()
    tree = nearest.sindex
    assert len(whole) > 20
    assert len(tree.query(whole.geometry.buffer(1), predicate="contains")[0]) >= 0.9 * len(whole)


def decoded(streets: Shelf, z: int, x: int, y: int) -> dict:
    kept = streets.tile("one", z, x, y).picture
    assert kept.gzip
    return mapbox_vector_tile.decode(gzip.decompress(kept.data))


def test_an_extract_is_read_once_and_a_new_one_anew(tmp_path, streets, data_dir):
    folder = streets.place.folder
    made = {file.name: file.stat().st_mtime_ns for file in folder.glob("*.mbtiles")}
    again = Shelf([setting("osm", extract(data_dir))], Place(folder))
    assert again.held("one").state == "ok", "nothing had to be prepared"
    assert {file.name: file.stat().st_mtime_ns for file in folder.glob("*.mbtiles")} == made
    copy = tmp_path / "a.osm.pbf"
    copy.write_bytes(extract(data_dir).read_bytes())
    from geodata.basemap.osm import cache_file
    first = cache_file(setting("osm", copy), Place(folder))
    os.utime(copy, (1, 1))
    assert cache_file(setting("osm", copy), Place(folder)) != first


# ---- broken files, threads, memory ----------------------------------------------------------------------------------
def broken_files(folder: Path) -> dict[str, Path]:
    good = mbtiles(folder / "good.mbtiles", {(0, 0, 0): colour(1)})
    whole = pmtiles(folder / "whole.pmtiles", {(1, x, y): colour(x + 2 * y) for x in (0, 1) for y in (0, 1)}, TileType.PNG)
    files = {"mbtiles": b"SQLite format 3\x00" + b"\x07" * 4000, "pmtiles": whole.read_bytes()[:150],
             "geotiff": b"II*\x00" + b"\x01" * 200, "osm": b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"\x55" * 300}  # fmt: skip
    made = {}
    for kind, data in files.items():
        made[kind] = folder / f"broken.{kind}"
        made[kind].write_bytes(data)
    assert good.exists()
    return made


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles", "geotiff", "osm"])
@pytest.mark.parametrize("what", ["broken", "empty", "absent", "folder", "text"])
def test_a_file_that_cannot_be_read_is_named_and_the_others_work(tmp_path, kind, what, caplog):
    path = broken_files(tmp_path)[kind] if what == "broken" else tmp_path / f"a.{kind}"
    {"empty": lambda: path.write_bytes(b""), "text": lambda: path.write_text("no map\n" * 50), "folder": path.mkdir}.get(what, bool)()
    other = Basemap("other", "mbtiles", "二", "Two", path=str(tmp_path / "good.mbtiles"))
    if not (tmp_path / "good.mbtiles").exists():
        mbtiles(tmp_path / "good.mbtiles", {(0, 0, 0): colour(1)})
    one = shelf(tmp_path, setting(kind, path), other)
    assert one.held("one").state == "failed" and path.name in one.held("one").text
    assert str(tmp_path) not in one.held("one").text, "a path of the machine is told to nobody"
    assert path.name in caplog.text
    assert one.tile("other", 0, 0, 0).picture.data == colour(1)


def test_a_file_cut_off_while_it_is_served_leaves_holes_and_nothing_worse(tmp_path):
    tiles = {(5, x, y): colour(x * 32 + y) for x in range(32) for y in range(32)}
    path = pmtiles(tmp_path / "a.pmtiles", tiles, TileType.PNG)
    one = shelf(tmp_path, setting("pmtiles", path))
    os.truncate(path, path.stat().st_size // 2)
    found = [one.tile("one", 5, x, y).picture for x in range(32) for y in range(32)]
    assert any(found) and not all(found)


def test_the_live_store_is_no_base_map(tmp_path):
    store = mbtiles(tmp_path / "store.gpkg", {(0, 0, 0): colour(1)})
    (tmp_path / "other.mbtiles").symlink_to(store)
    held = shelf(tmp_path, setting("mbtiles", tmp_path / "other.mbtiles"), store=store).held("one")
    assert held.state == "failed" and "live store" in held.text


def test_many_threads_read_every_kind_at_once(tmp_path):
    tiles = {(4, x, y): colour(x * 16 + y) for x in range(16) for y in range(16)}
    lon, lat = pyproj.Transformer.from_crs(4549, 4326, always_xy=True).transform(641_200, 3_458_800)
    settings = (Basemap("m", "mbtiles", "m", "m", path=str(mbtiles(tmp_path / "a.mbtiles", tiles))),
                Basemap("p", "pmtiles", "p", "p", path=str(pmtiles(tmp_path / "a.pmtiles", tiles, TileType.PNG))),
                Basemap("g", "geotiff", "g", "g", path=str(geotiff(tmp_path / "a.tif", 4549, 640_000, 3_460_000, 2.0, ramp()))))  # fmt: skip
    one = Shelf(settings, Place(tmp_path / "basemaps"), memory_bytes=1, wait=True)
    _, x, y = tile_at(lon, lat, 16)
    alone = {(dx, dy): one.tile("g", 16, x + dx, y + dy).etag for dx in range(3) for dy in range(3)}
    start = threading.Barrier(8)

    def work(seed: int) -> bool:
        start.wait()
        places = [list(tiles)[i] for i in np.random.default_rng(seed).permutation(len(tiles))[:60]]
        right = all(one.tile(name, *place).picture.data == tiles[place] for place in places for name in ("m", "p"))
        return right and all(one.tile("g", 16, x + dx, y + dy).etag == etag for (dx, dy), etag in alone.items())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_memory_stays_below_its_limit_and_makes_a_tile_once():
    memory, made = TileMemory(100_000), []
    for number in range(500):
        memory.fetch(number, lambda: Picture(bytes(1000), "image/png"))
    assert memory.bytes <= 100_000
    gate = threading.Barrier(6)

    def make():
        made.append(1)
        return Picture(b"x", "image/png")

    def ask(_):
        gate.wait()
        return memory.fetch("same", make).etag

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1
    assert len(made) == 1


# ---- settings and small parts ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("more, word", [
    ({"id": "Ä"}, "id"), ({"zh": ""}, "names"), ({"min_zoom": 9, "max_zoom": 3}, "zoom"), ({"opacity": 0.0}, "opacity"),
    ({"path": ""}, "path"), ({"kind": "xyz", "path": "", "url": "ftp://host/{z}/{x}/{y}"}, "http"),
    ({"kind": "xyz", "path": "", "url": "https://{s}.host/{z}/{x}/{y}"}, "host"), ({"kind": "xyz", "path": "", "url": "https://host/{z}/{x}"}, "{y}"),
    ({"kind": "wmts", "path": "", "url": "https://host/{z}/{x}/{y}", "key": "SECRET"}, "{key}"),
    ({"kind": "xyz", "path": "", "url": "https://me:SECRET@host/{z}/{x}/{y}"}, "passwords"),
    ({"kind": "xyz", "path": "", "url": "file:///{z}{x}{y}"}, "http"),
])  # fmt: skip
def test_a_wrong_setting_is_named_without_its_value(more, word):
    told = list(faults([Basemap(**{"id": "one", "kind": "mbtiles", "zh": "一", "en": "One", "path": "a.mbtiles", **more})]))
    assert any(word in text for text in told) and "SECRET" not in str(told)


def test_a_setting_never_prints_its_key():
    one = Basemap("one", "xyz", "一", "One", url="https://host/{z}/{x}/{y}?k={key}", key="SECRET")
    assert "SECRET" not in repr(one) and "SECRET" not in f"{[one]}" and "host" not in repr(one)


def test_kinds_are_those_of_the_settings():
    assert set(KINDS) == set(typing.get_args(typing.get_type_hints(Basemap)["kind"]))


@pytest.mark.parametrize("driver, bands", [("PNG", 4), ("PNG", 1), ("JPEG", 3), ("WEBP", 4)])
def test_pictures_are_known_by_their_first_bytes(driver, bands, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (bands, 512, 512), np.uint8)
    path = tmp_path / "a"
    with rasterio.open(path, "w", driver=driver, count=bands, width=512, height=512, dtype="uint8") as file:
        file.write(pixels)
    data = path.read_bytes()
    assert media_of(data) == f"image/{driver.lower()}" and size_of(data) == 512 and decode(data).shape == (512, 512, 4)


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_our_png_is_read_by_others_byte_for_byte(bands):
    pixels = np.random.default_rng(2).integers(0, 255, (100, 70, bands), np.uint8)
    with rasterio.io.MemoryFile(encode(pixels)) as file, file.open() as picture:
        assert (np.moveaxis(picture.read(), 0, -1) == pixels).all()
