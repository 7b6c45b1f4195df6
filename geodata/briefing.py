"""What a briefing tells: the zones in force of a place with their ground, what they leave, posts, and the table of kinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping

from layers.areas import to_degrees
from layers.checkpoints import required_of, state_of
from layers.errors import NotFound
from layers.population import point_of

from .coverage_cache import CoverageCache
from .rows import Reader
from .schema import TABLES
from .tree import Node
from .zone_rest import rest_rows
from .zone_sums import sums_of
from .zoning import figures

ZONES, ROADS = TABLES["zones"], TABLES["roads"]
SHOWN_ROADS = ("motorway", "main", "minor")
MOST_AREAS, MOST_LINES = 400, 4000  # borders and streets that still help to find one's way
COARSE = 4e-6  # degrees (40 cm) by which borders and streets beside the zones may be simplified


def gather(reader: Reader, cache: CoverageCache, area: str | None, scope: Sequence[str] | None) -> dict[str, Any]:
    """{"names", "bounds", "zones", "rest", "posts", "areas", "roads", "water"}: rows with `shape` in degrees. Raises
    UnknownArea, and NotFound where nothing is in sight."""
    tops = [_divided(cache, top) for top in _tops(cache, area, scope)]
    if not tops:
        raise NotFound("there is no area to brief about")
    paths = tuple(top.path for top in tops)
    boxes = np.array([top.bounds for top in tops])
    bounds = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    rows = reader.rows("zones", ZONES.c.status == "in_force", bounds=bounds)
    ground = [reader.areas([top.fid])[top.fid].shape for top in tops]
    inside = shapely.union_all([to_degrees(shape) for shape in ground]) if len(ground) > 1 else to_degrees(ground[0])
    shapely.prepare(inside)
    zones = [row for row in rows if row["geom"] is not None and shapely.intersects(inside, row["geom"]) and not shapely.touches(inside, row["geom"])]
    frame = shapely.total_bounds([row["geom"] for row in zones]).tolist() if zones else bounds
    live = sums_of(cache.store, cache).figures([row["fid"] for row in zones])
    return {"names": [top.name or top.code for top in tops], "frame": frame, "fids": [top.fid for top in tops],
            "zones": [_zone(row | live.get(row["fid"], {})) for row in zones],
            "rest": [{"kind": row["kind"], "shape": row["geom"], "spot": _spot(row["geom"])} for row in rest_rows(reader, cache, paths)],
            "posts": [_post(reader, row) for row in reader.rows("checkpoints", scope=paths) if row["geom"] is not None],
            "outline": inside, "areas": _areas(reader, cache, tops),
            **{layer: _lines(reader, layer, bounds, inside) for layer in ("roads", "water")}}


def _tops(cache: CoverageCache, area: str | None, scope: Sequence[str] | None) -> list[Node]:
    if area is not None:
        return [cache.by_code(area)]
    if scope is None or "/" in scope:
        return cache.roots()
    return [cache.nodes[int(path.strip("/").rpartition("/")[2])] for path in scope]


def _divided(cache: CoverageCache, node: Node) -> Node:
    """The area below which the ground is divided: a district that holds one street is that street."""
    while len(below := cache.children.get(node.fid, ())) == 1:
        node = cache.nodes[next(iter(below))]
    return node


def _zone(row: dict[str, Any]) -> dict[str, Any]:
    return {"kind": row["kind"], "code": row["code"], "name": row["name"], "shape": row["geom"], "spot": _spot(row["geom"]),
            "order_no": row["order_no"], "authority": row["authority"], "from": row["starts_at"], "until": row["ends_at"],
            "estimated": bool(row["estimated"]), **{name: figures(row)[name] for name in ("households", "population", "unknown_leaves")}}


def _spot(shape: shapely.Geometry) -> list[float]:
    point = point_of(shape)
    return [round(point.x, 7), round(point.y, 7)]


def _post(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    """No phone: that of a post is a person's."""
    return {"name": row["name"] or row["code"], "kind": row["kind"], "hours": row["hours"], "required": required_of(reader.rules, row),
            "present": row["present"], "state": state_of(reader.rules, row), "at": [row["geom"].x, row["geom"].y]}


def _areas(reader: Reader, cache: CoverageCache, tops: Iterable[Node]) -> list[dict[str, Any]]:
    """The areas one level down, for finding one's way."""
    fids = [fid for top in tops for fid in sorted(cache.children.get(top.fid, ()))][:MOST_AREAS]
    found = [area for area in reader.areas(fids).values() if area.shape is not None]
    return [{"name": area.name or area.code, "shape": shapely.simplify(to_degrees(area.shape), COARSE)} for area in found]


def _lines(reader: Reader, layer: str, bounds: Sequence[float], inside: shapely.Geometry) -> list[dict[str, Any]]:
    where = ROADS.c.kind.in_(SHOWN_ROADS) if layer == "roads" else None
    rows = reader.rows(layer, where, bounds=bounds, limit=MOST_LINES)
    shapes = [(row, shapely.simplify(row["geom"], COARSE)) for row in rows if row["geom"] is not None and shapely.intersects(inside, row["geom"])]
    return [{"kind": row["kind"], "name": row["name"], "shape": shape} for row, shape in shapes if not shape.is_empty]


def feature(shape: shapely.Geometry, **told: Any) -> dict[str, Any]:
    """A GeoJSON feature, coordinates on the grid of the store."""
    rounded = shapely.transform(shape, lambda xy: np.round(xy, 7))
    return {"type": "Feature", "properties": told, "geometry": mapping(rounded)}
