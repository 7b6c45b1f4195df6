"""Vector tiles: the right, an ETag, compressed bytes from memory, else the encoder."""

from __future__ import annotations

import gzip
import time
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.http import parse_etags

from geodata.layer_tiles import REST, SHOWN
from geodata.tile_cache import Tile, TileKey
from layers.errors import BadInput, NotFound

from .auth import needs
from .forms import arguments, number
from .state import DEEPEST, State, rights, state

blueprint = Blueprint("tiles", __name__)
WAIT_S = 0.5  # how long a tile asked at a newer revision waits for this process to see it
MVT = "application/vnd.mapbox-vector-tile"


@blueprint.get("/tiles/<layer>.json")
@needs("see")
def tilejson(layer: str):
    """TileJSON 3.0; for areas also the level each zoom shows."""
    arguments()
    held = state()
    known(layer)
    bounds = held.cache.bounds()
    names = [layer, f"{layer}_label"] if layer == "areas" or layer in SHOWN and SHOWN[layer][3] else [layer]
    answer = {"tilejson": "3.0.0", "name": layer, "scheme": "xyz", "minzoom": 0, "maxzoom": held.config.tiles.max_zoom,
              "tiles": [f"{request.host_url.rstrip('/')}/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"],
              "vector_layers": [{"id": name, "fields": {}} for name in names]}
    if bounds:
        answer |= {"bounds": list(bounds), "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, 10]}
    if layer == "areas":
        answer["levels"] = held.cache.levels()
        answer["level_by_zoom"] = {str(zoom): level for zoom, level in held.cache.level_by_zoom().items()}
    return answer


@blueprint.get("/tiles/<layer>/<fid:z>/<fid:x>/<fid:y>.mvt")
@needs("see")
def tile(layer: str, z: int, x: int, y: int):
    """One tile, gzip. Areas are the same bytes for every account: borders and codes are no secret inside."""
    query = arguments("level", "rev", "v")
    held = state()
    known(layer)
    if z > DEEPEST or not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound(f"{z}/{x}/{y}: no such tile")
    _wait_for(number(query, "rev", 0, most=1 << 53, least=0))
    scope = None if layer == "areas" else rights().filter("see")
    level = level_of(held, query.get("level"), z) if layer == "areas" else ""
    key = TileKey(layer, level, z, x, y, "" if scope is None else " ".join(scope))
    lasting = "rev" in query and int(query["rev"]) <= held.cache.rev
    found = held.tile_cache.fetch(key, lambda: held.draw(key, scope))
    seen, encodings = request.headers.get("If-None-Match", ""), request.headers.get("Accept-Encoding", "")
    status, fields, body = reply(found, lasting, seen, encodings)
    return Response(body, status, fields)


def level_of(held: State, asked: str | None, z: int) -> str:
    """The level of area tiles: the one asked for, or the deepest above it that there is; else the one the zoom shows.
    Raises BadInput."""
    level = asked or held.cache.level_by_zoom().get(z, "")
    if level and level not in held.cache.layers:
        if held.cache.rules.level(level) is None:
            raise BadInput(f"level={level[:40]}: no such level")
        above = [one for one in held.cache.levels() if held.cache.rules.rank(one) <= held.cache.rules.rank(level)]
        level = (above or held.cache.levels() or [""])[-1 if above else 0]
    return level


def reply(tile: Tile, lasting: bool, seen: str, encodings: str) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
    """Status, headers and body for somebody who has `seen` these ETags and takes these encodings; `lasting` when the
    address names a revision that the tile shows."""
    fields = [("ETag", tile.etag), ("Vary", "Accept-Encoding, Cookie, Authorization"),
              ("Cache-Control", "private, max-age=31536000, immutable" if lasting else "private, no-cache")]
    if seen and parse_etags(seen).contains_weak(tile.etag.strip('"')):
        return HTTPStatus.NOT_MODIFIED, fields, b""
    fields.append(("Content-Type", MVT))
    if not tile.data or "gzip" not in encodings:
        return HTTPStatus.OK, fields, gzip.decompress(tile.data) if tile.data else b""
    return HTTPStatus.OK, [*fields, ("Content-Encoding", "gzip")], tile.data


def _wait_for(rev: int) -> None:
    """A tile asked at a revision this process has not seen yet waits a little for it."""
    held, until = state(), time.monotonic() + WAIT_S  # the gate has just brought it to the last commit
    while held.cache.rev < rev and held.sync() < rev and time.monotonic() < until:
        time.sleep(0.01)


def known(layer: str) -> None:
    """Raises NotFound for a layer that has no tiles."""
    if layer not in ("areas", REST) and layer not in SHOWN:
        raise NotFound(f"{layer[:40]}: no such tile layer; there are areas, {', '.join(SHOWN)}, {REST}")
