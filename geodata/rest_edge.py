"""Where the rest begins: the outer border of what the zones in force leave of a scope (防范区). It is derived each time, never
stored and never drawn by anybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from layers.areas import to_units

from .rows import Reader
from .schema import TABLES

ZONES = TABLES["zones"]
NEAR = 100  # units, about 1 m: a zone this near to the outer border lies on it
ASIDE = 30  # units beside a line: far enough to tell its two sides apart


def rest_edge(reader: Reader, scope: Sequence[str] | None) -> list[shapely.LineString]:
    """The outer border (units) of the ground under these paths (None = everywhere), but for what zones in force hold; its
    right side is inside. Empty without a fill kind in the profile, and while no zone is in force on that ground."""
    if not reader.rules.profile.fill_kind:
        return []
    zones = [to_units(row["geom"]) for row in reader.each("zones", ZONES.c.status == "in_force") if row["geom"] is not None]
    if not zones:
        return []
    areas = (reader.children(None) if scope is None or "/" in scope
             else list(reader.areas(int(path.strip("/").split("/")[-1]) for path in scope).values()))
    shapes = [area.shape for area in areas if area.shape is not None]
    if not shapes:
        return []
    ground = shapely.union_all(np.array(shapes, dtype=object)) if len(shapes) > 1 else shapes[0]
    shapely.prepare(ground)
    parts = shapely.get_parts(np.array(zones, dtype=object))
    near = parts[shapely.intersects(ground, parts)]
    if not (shapely.intersects(ground, shapely.point_on_surface(near)).any() or (shapely.area(shapely.intersection(ground, near)) > 0).any()):
        return []  # a neighbour's zone that ends at the border is none here
    border = shapely.boundary(ground)
    shapely.prepare(border)
    held = parts[shapely.dwithin(border, parts, NEAR)]
    if len(held):
        border = shapely.difference(border, shapely.union_all(shapely.buffer(held, NEAR)))
    lines = shapely.get_parts(shapely.line_merge(border) if border.geom_type == "MultiLineString" else border)
    return [line if _inside_right(line, ground) else shapely.reverse(line) for line in lines if line.length > 2 * NEAR]


def _inside_right(line: shapely.LineString, ground: shapely.Geometry) -> bool:
    """Whether the ground lies to the right of the longest step of the line."""
    xy = shapely.get_coordinates(line)
    steps = np.diff(xy, axis=0)
    lengths = np.hypot(*steps.T)
    at = int(np.argmax(lengths))
    (x, y), (dx, dy) = (xy[at] + xy[at + 1]) / 2, steps[at] / lengths[at] * ASIDE
    return bool(shapely.contains_xy(ground, x + dy, y - dx))
