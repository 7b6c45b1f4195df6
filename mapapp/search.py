"""Search by name, code, address or coordinates, within the account's areas."""

from __future__ import annotations

import re
from typing import Any

import shapely
from flask import Blueprint
from sqlalchemy import or_, select

from geodata.schema import CODES, LINEAGE, REVISIONS, TABLES
from layers.errors import BadInput

from .auth import needs
from .forms import arguments
from .state import rights, state

blueprint = Blueprint("search", __name__)
MOST = 12  # results of one kind
OBJECTS = {"buildings": ("building", ("name", "code")), "estates": ("estate", ("name", "code")),
           "places": ("place", ("name", "code")),
           "addresses": ("address", ("text", "aliases", "initials")), "zones": ("zone", ("name", "code", "order_no"))}


@blueprint.get("/api/search")
@needs("see")
def search():
    """Results by kind, best first. Codes are found with or without dashes, also codes an area had before."""
    query = arguments("q")
    text = query.get("q", "").strip()
    if not text:
        raise BadInput("q: something to search for is needed")
    if len(text) > 100:
        raise BadInput("q: at most 100 characters")
    return {"results": [*_coordinates(text), *_areas(text), *_objects(text)], "q": text}


def _areas(text: str) -> list[dict[str, Any]]:
    cache, scope = state().cache, rights().scope("see")
    wanted = _bare(text)
    ranked = []
    for node in cache.nodes.values():
        code, name = _bare(node.code), node.name.lower()
        if wanted and (wanted in code or wanted in _bare(name)) and node.path.startswith(scope):
            exact = code == wanted or name == text.lower()
            ranked.append((not exact, not code.startswith(wanted) and not _bare(name).startswith(wanted),
                           cache.rules.rank(node.level),
                           len(node.code), node.code, node))
    ranked.sort(key=lambda entry: entry[:5])
    found = [_area(entry[-1]) for entry in ranked[:MOST]]
    return found or _old_codes(text)


def _area(node, detail: str | None = None) -> dict[str, Any]:
    west, south, east, north = node.bounds
    above = state().cache.ancestors(node)
    return {"kind": "area", "code": node.code, "fid": node.fid, "name": node.name, "level": node.level,
            "detail": detail or " › ".join(one.name for one in above[-2:]),
            "where": [(west + east) / 2, (south + north) / 2],
            "bounds": [west, south, east, north]}


def _old_codes(text: str) -> list[dict[str, Any]]:
    """Where the ground of a retired code went."""
    cache, scope = state().cache, rights().scope("see")
    with state().store.read() as reader:
        fid = reader.connection.scalar(select(CODES.c.fid).where(CODES.c.code == text))
        heirs, queue, seen = [], [fid] if fid else [], set()
        while queue:
            one = queue.pop(0)
            seen.add(one)
            if one in cache.nodes:
                heirs.append(cache.nodes[one])
            else:
                led = select(LINEAGE.c.to_fid).join(REVISIONS, REVISIONS.c.rev == LINEAGE.c.rev).where(
                    LINEAGE.c.from_fid == one, REVISIONS.c.undone_by.is_(None))
                queue += [heir for heir in reader.connection.execute(led).scalars() if heir not in seen
                          and heir not in queue]
    return [_area(node, f"{text} → {node.code}") for node in heirs if node.path.startswith(scope)]


def _objects(text: str) -> list[dict[str, Any]]:
    own, found = rights(), []
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
    with state().store.read() as reader:
        for layer, (kind, columns) in OBJECTS.items():
            table = TABLES[layer]
            condition = or_(*[table.c[column].ilike(pattern, escape="\\") for column in columns])
            for row in reader.rows(layer, condition, scope=own.filter("see"), limit=MOST):
                shape = row["geom"]
                if shape is None:
                    continue
                point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
                node = state().cache.nodes.get(row["area"])
                found.append({"kind": kind, "code": row.get("code"), "fid": row["fid"],
                              "name": row.get("name") or row.get("text") or row.get("code"),
                              "level": None, "detail": node.name if node else "", "where": [point.x, point.y],
                              "bounds": list(shape.bounds) if shape.geom_type != "Point" else None})
    return found


def _coordinates(text: str) -> list[dict[str, Any]]:
    """"121.58 29.84", or the other way round: what fits the map comes first."""
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[°]?\s*[,，;\s]\s*(-?\d+(?:\.\d+)?)\s*[°]?\s*", text)
    if not match:
        return []
    a, b = float(match[1]), float(match[2])
    pairs = [(lon, lat) for lon, lat in ((a, b), (b, a)) if abs(lon) <= 180 and abs(lat) <= 90]
    bounds = state().cache.bounds()
    if bounds:
        pairs.sort(key=lambda p: not (bounds[0] <= p[0] <= bounds[2] and bounds[1] <= p[1] <= bounds[3]))
    return [{"kind": "coordinates", "code": None, "fid": None, "name": f"{lon:.6f}, {lat:.6f}", "level": None,
             "detail": "", "where": [lon, lat],
             "bounds": None} for lon, lat in pairs]


def _bare(text: str) -> str:
    return re.sub(r"[\s\-_]", "", text).lower()
