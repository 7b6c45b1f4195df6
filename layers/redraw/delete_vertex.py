"""Delete a vertex: the border runs straight from the one before to the one after, for both sides of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import shapely

from ..areas import Area
from ..chain import pack, unpack
from ..coverage import Coverage
from ..edits import Edit
from ..errors import VertexHeld
from .cutting import SNAP_M
from .split import Weigh
from .vertex import corner, degrees, redrawn, refuse_border

FEWEST = 4  # points of a ring, the first again as the last


def delete_vertex(coverage: Coverage, at: shapely.Point, weigh: Weigh | None = None, fixed: Collection[str] = (),
                  snap_m: float = SNAP_M) -> Edit:
    """The vertex within `snap_m` metres of `at` (units) goes, in every leaf that has it.

    NoVertex; VertexHeld where borders part or a ring would vanish; AreaLocked when it lies on the border of a parent, or an
    area is fixed; LineCrossesItself when the straight border would cross or touch another, SliverRefused, ProofFailed."""
    found = corner(coverage, at, snap_m)
    where = unpack(found.key)
    refuse_border(found, fixed)
    if len(found.arms) != 2:
        raise VertexHeld(f"{len(found.arms)} borders meet here", where=degrees(where))
    after = [_without(area, found.key) for area in found.areas]
    return redrawn("delete_vertex", coverage, found.areas, after, where, [found.arms])


def _without(area: Area, key: int) -> Area:
    return replace(area, shape=shapely.MultiPolygon([_part(part, key) for part in area.shape.geoms]))


def _part(part: shapely.Polygon, key: int) -> shapely.Polygon:
    if not (pack(shapely.get_coordinates(part)) == key).any():
        return part
    rings = [_ring(shapely.get_coordinates(ring), key) for ring in (part.exterior, *part.interiors)]
    return shapely.Polygon(rings[0], rings[1:])


def _ring(xy: np.ndarray, key: int) -> np.ndarray:
    kept = xy[:-1][pack(xy[:-1]) != key]
    if len(kept) + 1 < FEWEST:
        raise VertexHeld("the border around it would vanish", where=degrees(unpack(key)))
    return np.concatenate([kept, kept[:1]])
