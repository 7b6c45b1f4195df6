"""Base maps from an OpenStreetMap extract (`.osm.pbf`): read once, drawn as vector tiles into an MBTiles beside the
store, and served from there. The file there is named after size and time of the extract, so a new extract is read anew.

Reading happens in a process of its own: its memory goes back to the system, and nobody's preview waits for it.
"""

from __future__ import annotations

import ctypes
import fcntl
import gzip
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely

from geodata.crs import transform
from geodata.gcj02 import gcj02_to_wgs84
from geodata.mvt import Kind
from geodata.tile_lattice import Window, to_lattice
from geodata.tiles import TileLayer
from layers.areas import to_units
from layers.errors import BadFile
from layers.later import later

from .mbtiles import MBTiles
from .settings import Basemap
from .source import Place, Progress, file_of

geopandas, pandas, pyogrio = later("geopandas"), later("pandas"), later("pyogrio")

VERSION = 1  # raise it when the tiles of the same extract come out differently
DEEPEST_MADE = 15  # a quarter of a metre a step at 30 degrees; deeper zooms enlarge it
ATTRIBUTION = "© OpenStreetMap contributors"
_HEAD = b"OSMHeader"  # stands in the first bytes of every extract
_BATCH = 500  # tiles written at once

_ROADS = {
    "road_main": ("motorway", "trunk", "primary", "motorway_link", "trunk_link"),
    "road_middle": ("secondary", "tertiary", "primary_link", "secondary_link", "tertiary_link"),
    "road_minor": ("residential", "unclassified", "living_street", "road", "pedestrian"),
    "road_small": ("service", "track", "footway", "path", "cycleway", "steps", "bridleway"),
}
_GREEN = {"landuse": ("forest", "grass", "meadow", "orchard", "vineyard", "cemetery", "village_green",
                      "recreation_ground", "allotments"),
          "leisure": ("park", "garden", "golf_course", "nature_reserve", "pitch"),
          "natural": ("wood", "scrub", "grassland", "heath")}
_WATER = {"natural": ("water", "bay"), "landuse": ("reservoir", "basin", "pond"), "waterway": ("riverbank", "dock")}
_PLACES = {"place_city": ("city",), "place_town": ("town",),
           "place_small": ("suburb", "village", "quarter", "neighbourhood", "hamlet")}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One layer of the tiles: what of the extract it shows, and from which zoom."""

    name: str
    source: str  # points | lines | multipolygons
    from_zoom: int
    chosen: dict[str, tuple[str, ...]]  # key -> values; no values: any
    labels: bool = False


LAYERS = (
    Drawn("green", "multipolygons", 10, _GREEN),
    Drawn("water", "multipolygons", 6, _WATER, labels=True),
    Drawn("waterway", "lines", 10, {"waterway": ("river", "canal", "stream", "drain", "ditch")}),
    Drawn("building", "multipolygons", 13, {"building": ()}),
    *(Drawn(name, "lines", zoom, {"highway": _ROADS[name]}) for name, zoom in
      (("road_small", 14), ("road_minor", 12), ("road_middle", 10), ("road_main", 5))),
    Drawn("rail", "lines", 10, {"railway": ("rail", "light_rail", "subway", "tram", "narrow_gauge")}),
    *(Drawn(name, "points", zoom, {"place": _PLACES[name]}) for name, zoom in
      (("place_small", 11), ("place_town", 8), ("place_city", 4))),
)


def is_ready(setting: Basemap, place: Place) -> bool:
    """Whether the extract was read before."""
    with suppress(BadFile):
        return cache_file(setting, place).is_file()
    return False


def open_base(setting: Basemap, place: Place, progress: Progress) -> MBTiles:
    """The tiles of the extract, made when they are not there. Raises BadFile."""
    path, target = file_of(setting, place), cache_file(setting, place)
    if not target.is_file():
        with open(path, "rb") as file:
            if _HEAD not in file.read(64):
                raise BadFile(f"{path.name}: no OpenStreetMap extract (.osm.pbf)")
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(target):
            if not target.is_file():  # another process may have made it meanwhile
                _make_apart(path, target, _deepest(setting), setting.gcj02, progress)
    opened = MBTiles(target)
    for older in target.parent.glob(f"{target.name.rsplit('-', 1)[0]}-*.mbtiles"):
        if older != target:
            older.unlink(missing_ok=True)
    opened.info = replace(opened.info, attribution=opened.info.attribution or ATTRIBUTION)
    return opened


def cache_file(setting: Basemap, place: Place) -> Path:
    """Where the tiles of the extract as it is now lie. Raises BadFile."""
    path = file_of(setting, place)
    status = path.stat()
    told = f"{VERSION} {status.st_size} {status.st_mtime_ns} {_deepest(setting)} {setting.gcj02}"
    whose, which = (hashlib.sha256(text.encode()).hexdigest()[:10] for text in (str(path.resolve()), told))
    return place.folder / f"osm-{whose}-{which}.mbtiles"


def _deepest(setting: Basemap) -> int:
    return DEEPEST_MADE if setting.max_zoom is None else min(setting.max_zoom, DEEPEST_MADE + 1)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Only one process reads an extract; the others wait for it."""
    with open(target.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    target.with_suffix(".lock").unlink(missing_ok=True)


def _make_apart(path: Path, target: Path, deepest: int, shifted: bool, progress: Progress) -> None:
    """`make` in another process. Raises BadFile with its last words."""
    home = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "geodata.basemap.osm", str(path), str(target), str(deepest), str(int(shifted))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])])}
    with subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        for line in child.stdout:
            done, _, text = line.strip().partition(" ")
            with suppress(ValueError):
                progress(float(done), text)
        words = child.stderr.read().strip().splitlines()
    if child.returncode:
        raise BadFile(f"{path.name}: {words[-1][:300] if words else f'reading it ended with {child.returncode}'}")


def _politely() -> None:
    """The server goes first, and the reader does not outlive it."""
    os.nice(5)
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM


# ---- reading and drawing --------------------------------------------------------------------------------------------
def make(path: Path, target: Path, deepest: int, shifted: bool, progress: Progress) -> None:
    """Writes the tiles of an extract as MBTiles, zoom 0 to `deepest`. Raises BadFile."""
    layers, bounds, lattice = [], [], []
    for source in ("points", "lines", "multipolygons"):
        wanted = [drawn for drawn in LAYERS if drawn.source == source]
        progress(0.02 + 0.06 * len(layers) / len(LAYERS), source)
        frame = _read(path, source, wanted)
        for drawn in wanted:
            part = frame[_chosen(frame, drawn)]
            layer, extent, boxes = _layer(drawn, part, shifted)
            if layer is not None:
                layers.append((drawn, layer))
                bounds.append(extent)
                lattice.append(boxes)
    if not layers:
        raise BadFile(f"{path.name}: it shows neither roads nor buildings, water, green or places")
    layers.sort(key=lambda pair: LAYERS.index(pair[0]))
    extent = (*np.min(bounds, axis=0)[:2], *np.max(bounds, axis=0)[2:])
    half = target.with_suffix(f".{os.getpid()}.part")
    half.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(half)) as file:
            _describe(file, path.name, layers, extent, deepest)
            _draw(file, layers, np.concatenate(lattice), deepest, lambda done: progress(0.1 + 0.9 * done, "tiles"))
        os.replace(half, target)
    finally:
        half.unlink(missing_ok=True)


def _read(path: Path, source: str, wanted: Sequence[Drawn]) -> geopandas.GeoDataFrame:
    keys = sorted({key for drawn in wanted for key in drawn.chosen})
    known = {name for name in pyogrio.read_info(path, layer=source)["fields"]}
    other = "other_tags" if set(keys) - known else None
    columns = ["name", *(key for key in keys if key in known), *([other] if other else [])]
    tests = [f'"{key}" IS NOT NULL' for key in keys if key in known] + (
        [f"other_tags LIKE '%\"{key}\"=>%'" for key in keys if key not in known])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rings that do not close: they are mended or left out below
        frame = pyogrio.read_dataframe(path, layer=source, columns=columns, where=" OR ".join(tests), on_invalid="ignore")
    for key in set(keys) - known:
        frame[key] = frame[other].str.extract(rf'"{key}"=>"([^"]*)"', expand=False)
    return frame[frame.geometry.notna()]


def _chosen(frame: geopandas.GeoDataFrame, drawn: Drawn) -> pandas.Series:
    """Which rows the layer shows."""
    shown = pandas.Series(False, index=frame.index)
    for key, values in drawn.chosen.items():
        shown |= frame[key].isin(values) if values else frame[key].notna() & (frame[key] != "no")
    return shown


def _layer(drawn: Drawn, part: geopandas.GeoDataFrame, shifted: bool):
    """The layer ready for tiles, its extent in degrees, and the boxes of its features on the lattice."""
    shapes = part.geometry.to_numpy()
    if drawn.source == "multipolygons":
        shapes = shapely.make_valid(shapes)
    if shifted:
        shapes = transform(shapes, gcj02_to_wgs84)
    kind: Kind = {"points": "point", "lines": "line", "multipolygons": "polygon"}[drawn.source]
    shapes, names = _parts(shapes, part["name"].to_numpy(object), kind)
    if not len(shapes):
        return None, None, None
    units = to_units(shapes)
    sound = ~shapely.is_empty(units) & (shapely.is_valid(units) if kind != "polygon" else shapely.area(units) > 0)
    shapes, units, names = shapes[sound], units[sound], names[sound]
    if not len(shapes):
        return None, None, None
    layer = TileLayer(drawn.name, np.arange(1, len(shapes) + 1), units,
                      {"name": [name or None for name in names]}, labels=drawn.labels, kind=kind)
    boxes = shapely.bounds(units)
    corners = np.column_stack([to_lattice(boxes[:, [0, 3]]), to_lattice(boxes[:, [2, 1]])])
    return layer, shapely.total_bounds(shapes), corners


def _parts(shapes: np.ndarray, names: np.ndarray, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """The single parts of the right kind."""
    owner = np.arange(len(shapes))
    while len(shapes) and (shapely.get_type_id(shapes) > shapely.GeometryType.POLYGON).any():
        shapes, at = shapely.get_parts(shapes, return_index=True)
        owner = owner[at]
    wanted = {"point": shapely.GeometryType.POINT, "line": shapely.GeometryType.LINESTRING,
              "polygon": shapely.GeometryType.POLYGON}[kind]
    right = (shapely.get_type_id(shapes) == wanted) & ~shapely.is_empty(shapes)
    found = names[owner[right]]
    return shapes[right], np.where(pandas.isna(found), "", found).astype(object)


def _describe(file: sqlite3.Connection, name: str, layers: Sequence, extent: Sequence[float], deepest: int) -> None:
    shown = [{"id": id, "fields": {"name": "String"}} for drawn, _ in layers
             for id in ([drawn.name, f"{drawn.name}_label"] if drawn.labels else [drawn.name])]
    told = {"name": name, "format": "pbf", "minzoom": "0", "maxzoom": str(deepest), "attribution": ATTRIBUTION,
            "bounds": ",".join(f"{value:.7f}" for value in extent), "json": json.dumps({"vector_layers": shown})}
    file.execute("PRAGMA journal_mode = OFF")
    file.execute("PRAGMA synchronous = OFF")  # a half-made file is thrown away
    file.execute("CREATE TABLE metadata (name text, value text)")
    file.execute("CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob, "
                 "PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID")
    file.executemany("INSERT INTO metadata VALUES (?, ?)", told.items())


def _draw(file: sqlite3.Connection, layers: Sequence, boxes: np.ndarray, deepest: int, told: Callable[[float], None]) -> None:
    """Every tile that shows something, from the world down; a tile without ground is not looked into."""
    waiting, rows, done = [(0, 0, 0, np.arange(len(boxes)))], [], 0.0
    while waiting:
        z, x, y, near = waiting.pop()
        west, north, east, south = Window.of(z, x, y).bounds()
        near = near[(boxes[near, 0] <= east) & (boxes[near, 2] >= west) & (boxes[near, 1] <= south) & (boxes[near, 3] >= north)]
        if not len(near) or z == deepest:
            done += 4.0 ** -z
        if not len(near):
            continue
        data = b"".join(layer.tile(z, x, y) for drawn, layer in layers if drawn.from_zoom <= z)
        if data:
            rows.append((z, x, (1 << z) - 1 - y, gzip.compress(data, 6, mtime=0)))
        if len(rows) >= _BATCH:
            file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
            rows.clear()
            told(done)
        if z < deepest:
            waiting += [(z + 1, 2 * x + right, 2 * y + down, near) for right in (0, 1) for down in (0, 1)]
    file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    file.commit()
    told(1.0)


def main(arguments: Sequence[str]) -> int:
    """`make` for the process that called this one: progress on standard output, a reason on standard error."""
    path, target, deepest, shifted = arguments
    _politely()
    try:
        make(Path(path), Path(target), int(deepest), bool(int(shifted)),
             lambda done, text: print(f"{done:.4f} {text}", flush=True))
    except BadFile as error:
        print(error.text.removeprefix(f"{Path(path).name}: "), file=sys.stderr)
        return 1
    except Exception as error:  # a broken extract breaks its reader in many ways
        words = str(error).replace(path, Path(path).name).replace("\n", " ")[:200]
        print(f"it cannot be read ({type(error).__name__}: {words})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
