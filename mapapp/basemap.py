"""Base maps (底图): what there is, and their tiles; always from this server, whoever drew them."""

from __future__ import annotations

import gzip
import math
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.http import parse_etags

from geodata.basemap import Held, NotYet, Place, Shelf
from geodata.basemap.settings import DEEPEST, FETCHED
from geodata.engine import gpkg_path
from geodata.store import Store
from layers.errors import NotFound

from .auth import needs
from .config import Config
from .forms import arguments

blueprint = Blueprint("basemap", __name__)
LASTING = "private, max-age=31536000, immutable"  # the address names the file as it was
FETCHED_S = 86_400  # a browser keeps a fetched tile so long at most
_VARY = "Accept-Encoding, Cookie, Authorization"


def install(app: Flask, config: Config, store: Store) -> None:
    """Opens the base maps of the settings; a broken one is told and left out."""
    opened = Shelf(config.basemaps, place_of(config, store.url), int(config.basemap.memory_mb * 1e6))
    app.extensions["weige.basemaps"] = opened
    app.extensions["weige"].beside.append(opened)


def place_of(config: Config, url: str) -> Place:
    """Where base maps keep their caches: beside the file store, or in `var` of the working folder."""
    path, rules = gpkg_path(url), config.basemap
    return Place((path.parent if path else Path("var").resolve()) / "basemaps", path, int(rules.cache_mb * 1e6),
                 rules.cache_days, rules.timeout_s)


def shelf() -> Shelf:
    """The base maps of this process."""
    return current_app.extensions["weige.basemaps"]


def listed() -> list[dict[str, Any]]:
    """What the page offers: names, how each stands, how strong it is drawn at first."""
    return [{"id": held.setting.id, "zh": held.setting.zh, "en": held.setting.en, "opacity": held.setting.opacity,
             "state": held.state, "text": held.text} for held in shelf().all()]


@blueprint.get("/basemaps/<name>.json")
@needs("see")
def describe(name: str):
    """TileJSON 3.0 of a base map, and how it stands."""
    arguments()
    held = shelf().held(name)
    answer = {"tilejson": "3.0.0", "name": held.setting.zh, "scheme": "xyz", "state": held.state, "progress": round(held.progress, 2),
              "text": held.text, "opacity": held.setting.opacity}
    info = held.info
    if held.state != "ok" or info is None:
        return answer
    trouble = getattr(getattr(held.source, "source", held.source), "state", "")
    return answer | {
        "tiles": [f"{request.host_url.rstrip('/')}/basemaps/{name}/{{z}}/{{x}}/{{y}}?v={version(held)}"], "version": version(held),
        "format": info.format, "minzoom": info.min_zoom, "maxzoom": info.max_zoom, "bounds": list(info.bounds),
        "tileSize": info.tile_size, "attribution": info.attribution, "text": trouble,
        "vector_layers": [{"id": layer, "fields": {}} for layer in info.layers]}


@blueprint.get("/basemaps/<name>/<fid:z>/<fid:x>/<fid:y>")
@needs("see")
def tile(name: str, z: int, x: int, y: int):
    """One tile: PNG, JPEG, WebP or vector (gzip); 204 where there is none, and where it comes a little later."""
    query, held = arguments("v"), shelf().held(name)
    if z > DEEPEST or not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound(f"{z}/{x}/{y}: no such tile")
    try:
        kept = shelf().tile(name, z, x, y)
    except NotYet as later:  # the page asks again by itself when this has expired
        return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": f"private, max-age={math.ceil(later.after_s)}"})
    lasting = held.setting.kind not in FETCHED and query.get("v") == version(held)
    fields = {"ETag": kept.etag, "Vary": _VARY, "Cache-Control": LASTING if lasting else _for_a_while(held)}
    if parse_etags(request.headers.get("If-None-Match", "")).contains_weak(kept.etag.strip('"')):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=fields)
    if kept.picture is None:
        return Response(status=HTTPStatus.NO_CONTENT, headers=fields)
    data = kept.picture.data
    if kept.picture.gzip:
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            fields["Content-Encoding"] = "gzip"
        else:
            data = gzip.decompress(data)
    return Response(data, headers=fields, content_type=kept.picture.media)


def version(held: Held) -> str:
    """Changes when the tiles do: part of their address."""
    return held.info.version if held.info else ""


def _for_a_while(held: Held) -> str:
    if held.setting.kind not in FETCHED:
        return "private, no-cache"
    days = current_app.extensions["weige"].config.basemap.cache_days
    return f"private, max-age={int(min(FETCHED_S, days * 86_400))}"
