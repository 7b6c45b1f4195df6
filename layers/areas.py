"""The tree of areas (区划): districts, streets, communities, grids and micro-grids; only leaves hold drawn ground.

Shapes are MultiPolygons in *units*: whole numbers of 1e-7 degree of EPSG:4490, x = longitude, y = latitude
(1 unit = 1.11 cm north-south, 1.11 x cos(lat) cm east-west).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

UNITS_PER_DEGREE = 10_000_000


@dataclass(frozen=True, slots=True)
class Area:
    """One area (区划单元). `fid` is identity and never used again; `code` is a label. New areas carry a negative fid."""

    fid: int
    code: str
    name: str
    level: str
    parent: int | None
    path: str  # "/1/17/203/": fids from the root down to and including this area
    leaf: bool
    shape: shapely.MultiPolygon | None = None
    assigned: bool = True
    locked: bool = False
    version: int = 1
    rev: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)


def to_units(geometry):
    """Degrees (lon, lat) -> whole units. Geometry or array of geometries."""
    return shapely.transform(geometry, lambda xy: np.rint(xy * UNITS_PER_DEGREE))


def to_degrees(geometry):
    """Units -> degrees. Written as n / 1e7, never n * 1e-7: equal integers then give bit-equal degrees."""
    return shapely.transform(geometry, lambda xy: xy / UNITS_PER_DEGREE)


def as_multi(geometry) -> shapely.MultiPolygon:
    """A Polygon or MultiPolygon as MultiPolygon."""
    return geometry if geometry.geom_type == "MultiPolygon" else shapely.MultiPolygon([geometry])


def without_empty(shapes: np.ndarray) -> np.ndarray:
    """The shapes without rings and parts that have no point. GEOS 3.14.1 ends the process when it compares a polygon with
    an empty hole, valid as it is, with another shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    odd = np.union1d(owner[shapely.is_empty(parts)], owner[part[shapely.is_empty(rings)]])
    if len(odd):
        shapes = shapes.copy()
        shapes[odd] = [_full(shape) for shape in shapes[odd]]
    return shapes


def _full(shape: shapely.Geometry) -> shapely.Geometry:
    if shape.geom_type == "Polygon":
        return shapely.Polygon(shape.exterior, [ring for ring in shape.interiors if not ring.is_empty])
    return type(shape)([_full(part) for part in shape.geoms if not part.is_empty]) if hasattr(shape, "geoms") else shape
