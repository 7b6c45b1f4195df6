"""Compare cleaned areas with what was drawn, by plain GEOS measurement that shares nothing with the cleaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Geod

SEAM_REACH_M = 3.0
STILL_M = 0.03  # below this a vertex counts as unmoved and is not measured further
FAR_M = 1.0
GEOD = Geod(a=6_378_137.0, rf=298.257222101)  # CGCS2000


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far cleaned leaves are from their sources. Shares from 0 to 1, distances in metres."""

    non_empty: int
    least_share: float  # least part of a source that its cleaned leaf still covers
    least_code: str
    symmetric_difference: float  # summed over the leaves, as part of the area of all
    moved_m: float  # farthest movement of a border anywhere, both directions
    moved_code: str
    off_seam_m: float  # the same, farther than 3 m from the seams
    off_seam_code: str
    far: dict[str, float]  # code -> metres of leaves that moved more than 1 m


def compare(source: np.ndarray, cleaned: np.ndarray, seams, codes: Sequence[str]) -> Comparison:
    """Source shapes (n,) in degrees against cleaned shapes (n,) and `seams` (lines) in units, leaf by leaf: shares
    of overlap, and movement of old vertices to the new border and of new vertices to the old border. The source is
    put on the grid first, so what that alone moves (at most 0.8 cm) does not count; leaves that are then identical
    are not measured further."""
    drawn = shapely.transform(source, lambda xy: np.round(xy * 1e7))
    other = np.flatnonzero(~shapely.equals_exact(_plain(drawn), _plain(cleaned)))
    share, moved, off = np.ones(len(drawn)), np.zeros(len(drawn)), np.zeros(len(drawn))
    origin, scale = shapely.total_bounds(cleaned)[:2], _metres_per_unit(cleaned)
    old, new, lines = (shapely.transform(shapes, lambda xy: (xy - origin) * scale)
                       for shapes in (drawn[other], cleaned[other], shapely.get_parts(seams)))
    invalid = ~shapely.is_valid(old)
    old[invalid] = [_polygons(shape) for shape in shapely.make_valid(old[invalid])]

    area = shapely.area(old)
    kept = shapely.area(shapely.intersection(old, new))
    share[other] = kept / area
    difference = (area + shapely.area(new) - 2 * kept).sum() / (shapely.area(drawn).sum() * scale.prod())
    moved[other], off[other] = np.maximum(_movement(old, new, lines), _movement(new, old, lines))
    least, worst, astray = int(share.argmin()), int(moved.argmax()), int(off.argmax())
    return Comparison(
        non_empty=int((~shapely.is_empty(cleaned)).sum()), least_share=float(share[least]), least_code=codes[least],
        symmetric_difference=float(difference), moved_m=float(moved[worst]), moved_code=codes[worst],
        off_seam_m=float(off[astray]), off_seam_code=codes[astray],
        far={codes[k]: float(moved[k]) for k in np.flatnonzero(moved > FAR_M)})


def _plain(shapes: np.ndarray) -> np.ndarray:
    """The same ground in one way of writing: MultiPolygons without repeated points, normalized."""
    parts, index = shapely.get_parts(shapely.remove_repeated_points(shapes), return_index=True)
    polygons = shapely.get_type_id(parts) == 3
    return shapely.normalize(shapely.multipolygons(parts[polygons], indices=index[polygons],
                                                   out=np.full(len(shapes), shapely.MultiPolygon())))


def _metres_per_unit(shapes: np.ndarray) -> np.ndarray:
    """(2,) metres of 1e-7 degree east-west and north-south in the middle of the shapes."""
    west, south, east, north = shapely.total_bounds(shapes) / 1e7
    lon, lat, step = (west + east) / 2, (south + north) / 2, 0.01
    _, _, across = GEOD.inv(lon - step, lat, lon + step, lat)
    _, _, along = GEOD.inv(lon, lat - step, lon, lat + step)
    return np.array([across, along]) / (2 * step * 1e7)


def _polygons(shape):
    """The polygons of a made-valid shape."""
    return shapely.multipolygons([part for part in shapely.get_parts(shapely.get_parts(shape))
                                  if part.geom_type == "Polygon"])


def _movement(shapes: np.ndarray, others: np.ndarray, seams: np.ndarray) -> np.ndarray:
    """(2, n): metres of the vertex of each shape farthest from the other's border: anywhere, and off the seams.
    Where a border moved its segments are measured every 5 m as well."""
    borders = shapely.boundary(others)
    shapely.prepare(borders)
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    gone = index[~shapely.dwithin(borders[index], shapely.points(xy), STILL_M)]
    changed = np.unique(gone)
    result = np.zeros((2, len(shapes)))
    if not len(changed):
        return result
    xy, index = shapely.get_coordinates(shapely.segmentize(shapes[changed], 5.0), return_index=True)
    spots, index = shapely.points(xy), changed[index]
    far = ~shapely.dwithin(borders[index], spots, STILL_M)
    spots, index = spots[far], index[far]
    metres = shapely.distance(borders[index], spots)
    np.maximum.at(result[0], index, metres)
    near = np.zeros(len(spots), bool)
    if len(seams):
        near[shapely.STRtree(seams).query(spots, predicate="dwithin", distance=SEAM_REACH_M)[0]] = True
    np.maximum.at(result[1], index[~near], metres[~near])
    return result
