"""Lengths and areas on the ground: on the ellipsoid of CGCS2000 (GRS80), never on a flat map.

Geometries and points are in units of 1e-7 degree, (x, y) = (longitude, latitude); results are metres and square metres.
One geometry gives a float, an array or list of geometries gives an array of floats.
"""

from __future__ import annotations

import numpy as np
import pyproj
import shapely

from .areas import UNITS_PER_DEGREE

CGCS2000 = pyproj.Geod(a=6378137.0, rf=298.257222101)  # EPSG:4490, ellipsoid GRS80
LINE, RING, POLYGON = 1, 2, 3  # shapely type ids


def area_m2(shapes) -> float | np.ndarray:
    """Ground inside each Polygon or MultiPolygon, holes taken off; other geometries have none."""
    listed = np.atleast_1d(np.asarray(shapes, dtype=object))
    parts, owner = shapely.get_parts(listed, return_index=True)
    real = shapely.get_type_id(parts) == POLYGON
    rings, part = shapely.get_rings(parts[real], return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    corners = np.split(xy / UNITS_PER_DEGREE, np.flatnonzero(ring[1:] != ring[:-1]) + 1) if len(rings) else []
    ground = np.array([abs(CGCS2000.polygon_area_perimeter(c[:, 0], c[:, 1])[0]) for c in corners])
    ground[np.r_[False, part[1:] == part[:-1]][:len(ground)]] *= -1  # all rings of a part but the first are holes
    return _like(shapes, np.bincount(owner[real][part], ground, len(listed)))


def length_m(geometries) -> float | np.ndarray:
    """Length of each line, or of all rings of each polygon (its perimeter)."""
    listed = np.atleast_1d(np.asarray(geometries, dtype=object))
    parts, owner = shapely.get_parts(listed, return_index=True)
    kind = shapely.get_type_id(parts)
    rings, part = shapely.get_rings(parts[kind == POLYGON], return_index=True)
    straight = (kind == LINE) | (kind == RING)
    lines = np.concatenate([parts[straight], rings])
    owner = np.concatenate([owner[straight], owner[kind == POLYGON][part]])
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    steps = distance_m(xy[:-1][same], xy[1:][same])
    return _like(geometries, np.bincount(owner[line[1:][same]], steps, len(listed)))


def distance_m(a, b) -> float | np.ndarray:
    """Distance between points given as (..., 2) units."""
    a, b = np.broadcast_arrays(np.asarray(a, float) / UNITS_PER_DEGREE, np.asarray(b, float) / UNITS_PER_DEGREE)
    metres = CGCS2000.inv(a[..., 0].ravel(), a[..., 1].ravel(), b[..., 0].ravel(), b[..., 1].ravel())[2]
    return float(metres[0]) if a.ndim == 1 else np.asarray(metres).reshape(a.shape[:-1])


def compactness(shapes) -> float | np.ndarray:
    """Polsby-Popper: 4 pi area / perimeter^2; 1 is a disc, 0 a thread or nothing."""
    area, perimeter = np.atleast_1d(area_m2(shapes)), np.atleast_1d(length_m(shapes))
    return _like(shapes, 4 * np.pi * area / np.where(perimeter > 0, perimeter, 1) ** 2)


def metres_per_unit(y) -> tuple[float, float]:
    """Metres of one unit at latitude `y` (units): (west-east, south-north). Arrays give arrays."""
    latitude = np.radians(np.asarray(y, float) / UNITS_PER_DEGREE)
    flat = 1 - CGCS2000.es * np.sin(latitude) ** 2
    step = np.radians(1 / UNITS_PER_DEGREE)
    x, y = CGCS2000.a / np.sqrt(flat) * np.cos(latitude) * step, CGCS2000.a * (1 - CGCS2000.es) / flat ** 1.5 * step
    return (float(x), float(y)) if latitude.ndim == 0 else (x, y)


def units(metres: float, y) -> tuple[float, float]:
    """A distance on the ground as units at latitude `y` (units): (west-east, south-north)."""
    x_m, y_m = metres_per_unit(y)
    return metres / np.maximum(x_m, y_m / 1000), metres / y_m  # at a pole a step east has no length


def _like(given, values: np.ndarray) -> float | np.ndarray:
    return float(values[0]) if isinstance(given, shapely.Geometry) else values
