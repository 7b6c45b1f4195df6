"""What the zones in force leave of a place (防范区 and the like): its ground, for files and maps. It is derived whenever it
is asked for and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from layers.areas import to_degrees, to_units

from .coverage_cache import CoverageCache
from .rows import Reader
from .schema import TABLES
from .transaction import Raced
from .zone_sums import sums_of

ZONES = TABLES["zones"]


def in_force(reader: Reader, bounds: Sequence[float]) -> np.ndarray:
    """Ground (units) of the zones in force whose envelope meets these bounds (degrees)."""
    rows = reader.rows("zones", ZONES.c.status == "in_force", bounds=bounds)
    return np.array([to_units(row["geom"]) for row in rows if row["geom"] is not None], dtype=object)


def rest_of(reader: Reader, fid: int) -> shapely.MultiPolygon | None:
    """The ground (degrees) of an area that lies in no zone in force; None where no zone is in force there, or nothing is left."""
    area = reader.areas([fid]).get(fid)
    if area is None:
        return None
    ground = in_force(reader, [value / 1e7 for value in area.shape.bounds])
    ground = ground[shapely.intersects(ground, area.shape) & (shapely.area(shapely.intersection(ground, area.shape)) > 0)] if len(ground) else ground
    if not len(ground):
        return None
    left = shapely.difference(area.shape, shapely.union_all(ground, grid_size=1), grid_size=1)
    parts = [part for part in shapely.get_parts(left).tolist() if part.geom_type == "Polygon" and part.area > 0]
    return to_degrees(shapely.MultiPolygon(parts)) if parts else None


def rest_rows(reader: Reader, cache: CoverageCache, scope: Sequence[str] | None) -> list[dict[str, Any]]:
    """A row as of a zone for each area at the top of the scope that has zones in force, marked derived. Raises Raced when
    somebody commits while it is reckoned."""
    profile = cache.rules.profile
    fill = profile.kind(profile.fill_kind) if profile.fill_kind else None
    tops = cache.roots() if scope is None or "/" in scope else [cache.nodes[int(path.strip("/").rpartition("/")[2])] for path in scope]
    rows = []
    for top in tops if fill is not None else ():
        shape = rest_of(reader, top.fid)
        if shape is not None:
            sums = sums_of(cache.store, cache).summary([top.fid])
            if sums["rev"] != reader.rev:
                raise Raced
            told = next(row for row in sums["kinds"] if row["derived"])
            rows.append({"geom": shape, "code": None, "name": f"{fill.zh}（{top.name or top.code}其余）"[:60], "kind": fill.id, "status": "in_force",
                         "area": top.code, "derived": True, "unknown_leaves": told["unknown_areas"],
                         **{name: told[name] for name in ("households", "population", "special", "estimated")}})
    return rows
