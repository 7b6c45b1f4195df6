"""Coordinate reference systems: names, transforms to and from EPSG:4490, the datums of Chinese web maps."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from layers.errors import BadCrs

from . import gcj02

STORE = "EPSG:4490"
ZONES = range(25, 46)  # 3-degree zones of CGCS2000: central meridian = 3 x number
PREFIXED, PLAIN = 4513, 4534  # EPSG of zone 25, with and without its number in front of the easting
EXPORTS = ("EPSG:4490", "EPSG:4326", *(f"EPSG:{start + number}" for start in (PREFIXED, PLAIN) for number in range(len(ZONES))))
DATUMS = ("wgs84", "gcj02", "bd09")
FAR = 3.0  # degrees beyond the area of use of a CRS that no file of that CRS lies


@lru_cache(64)
def named(text: str) -> pyproj.CRS:
    """The CRS of "EPSG:4549", "4549" or WKT. Raises BadCrs."""
    try:
        return pyproj.CRS.from_user_input(int(text) if str(text).isdigit() else text)
    except (CRSError, ValueError) as error:
        raise BadCrs(f"{text}: not a coordinate reference system ({str(error)[:120]})") from None


def to_store(shapes: np.ndarray, source: pyproj.CRS | str, datum: str = "wgs84") -> np.ndarray:
    """Geometries of `source` (x, y order) -> degrees (lon, lat) of EPSG:4490. WGS84 and CGCS2000 are taken as equal
    (decimetres at most). Raises BadCrs when the coordinates do not fit the CRS."""
    crs = named(source) if isinstance(source, str) else source
    xy = shapely.get_coordinates(shapes)
    if crs.is_geographic and len(xy):
        fits = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
        if not fits.all():
            x, y = xy[~fits][0]
            raise BadCrs(f"coordinates like ({x:.1f}, {y:.1f}) are not degrees of {crs.name}; name the right CRS with --crs")
    if not crs.is_geographic or crs.to_epsg() not in (4490, 4326):
        transformer = pyproj.Transformer.from_crs(crs, STORE, always_xy=True)
        shapes = transform(shapes, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))
        if len(xy) and not np.isfinite(shapely.get_coordinates(shapes)).all():
            raise BadCrs(f"coordinates lie outside the area of use of {crs.name}")
        _judge_use(crs, shapes)
    if datum == "gcj02":
        shapes = transform(shapes, gcj02.gcj02_to_wgs84)
    elif datum == "bd09":
        shapes = transform(shapes, gcj02.bd09_to_wgs84)
    elif datum != "wgs84":
        raise BadCrs(f"{datum}: datum is one of {', '.join(DATUMS)}")
    return shapes


def _judge_use(crs: pyproj.CRS, shapes: np.ndarray) -> None:
    """Raises BadCrs when everything lies far from where the CRS is used: the usual sign of a wrong one."""
    bounds = shapely.total_bounds(shapes)
    if crs.area_of_use is None or not np.isfinite(bounds).all():
        return
    lon, lat = float(bounds[0] + bounds[2]) / 2, float(bounds[1] + bounds[3]) / 2
    west, south, east, north = crs.area_of_use.bounds
    inside = west - FAR <= lon <= east + FAR if west <= east else lon >= west - FAR or lon <= east + FAR
    if not inside or not south - FAR <= lat <= north + FAR:
        raise BadCrs(f"in {crs.name} the coordinates would lie at ({lon:.2f}, {lat:.2f}), far from where it is used; "
                     "name the right CRS with --crs", where=(lon, lat))


def from_store(shapes: np.ndarray, target: str, datum: str = "wgs84") -> np.ndarray:
    """Degrees of EPSG:4490 -> `target`, x, y order. Each distinct vertex gives the same numbers wherever it stands."""
    if datum == "wgs84" and named(target).to_epsg() in (4490, 4326):
        return shapes
    return transform(shapes, lambda points: points_from_store(points, target, datum))


def points_from_store(points: np.ndarray, target: str, datum: str = "wgs84") -> np.ndarray:
    """The same of points (n, 2)."""
    if datum in ("gcj02", "bd09"):
        points = (gcj02.wgs84_to_gcj02 if datum == "gcj02" else gcj02.wgs84_to_bd09)(points)
    crs = named(target)
    if crs.to_epsg() in (4490, 4326):
        return points
    return np.column_stack(pyproj.Transformer.from_crs(STORE, crs, always_xy=True).transform(points[:, 0], points[:, 1]))


def plane(lon: float) -> tuple[str, str]:
    """The 3-degree zone of CGCS2000 that fits a longitude: its name with, and without, its number in front of the easting."""
    place = min(max(round(lon / 3), ZONES[0]), ZONES[-1]) - ZONES[0]
    return f"EPSG:{PREFIXED + place}", f"EPSG:{PLAIN + place}"


def in_words(name: str, lang: str) -> str:
    """What an export's CRS is called."""
    if name in ("EPSG:4490", "EPSG:4326"):
        return {"EPSG:4490": ("CGCS2000 经纬度", "CGCS2000 degrees"), "EPSG:4326": ("WGS 84 经纬度", "WGS 84 degrees")}[name][lang != "zh"]
    number = int(name[5:])
    place = ZONES[(number - PREFIXED) % len(ZONES)]
    if number < PLAIN:
        return f"CGCS2000 3°带 {place}带（东坐标带号{place}）" if lang == "zh" else f"CGCS2000 3° zone {place} (eastings begin with {place})"
    return f"CGCS2000 3°带 中央经线{3 * place}°（无带号）" if lang == "zh" else f"CGCS2000 3° zone, {3 * place}°E (no zone number)"


def gauss_kruger(west: float, east: float) -> list[dict[str, Any]]:
    """The 3-degree zones of CGCS2000 over these longitudes and one beside them, without and with the zone in front of
    the easting: `epsg`, its `name`, `lon0` (degrees), `false_east` (metres). None where none of them is used."""
    numbers = range(max(round(west / 3) - 1, ZONES[0]), min(round(east / 3) + 1, ZONES[-1]) + 1)
    return [{"epsg": start + number - ZONES[0], "name": named(str(start + number - ZONES[0])).name, "lon0": 3 * number,
             "false_east": 500_000 + (number * 1_000_000 if prefixed else 0)}
            for start, prefixed in ((PLAIN, False), (PREFIXED, True)) for number in numbers]


def transform(shapes, change):
    """Applies `change` ((n, 2) -> (n, 2)) to all vertices; empty input stays empty."""
    return shapely.transform(shapes, change) if np.size(shapes) else shapes
