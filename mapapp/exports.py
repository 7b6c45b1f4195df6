"""Hand-over: a package is asked for with receiver and purpose, made as a job, fetched, and logged."""

from __future__ import annotations

from dataclasses import asdict
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request, send_file

from geodata.exporter import Progress, Request, export, judged, summary_line
from geodata.formats import FORMATS
from layers.errors import BadInput, NotFound

from .areas import visible
from .auth import needs
from .forms import arguments, body
from .state import State, actor, rights, state

blueprint = Blueprint("exports", __name__)
KNOWN = ("layer", "format", "crs", "encoding", "area", "level", "receiver", "purpose")


@blueprint.post("/api/exports")
@needs("export")
def order():
    """202 {"id"}; look at GET /api/exports/{id} until its state is done or failed."""
    arguments()
    form = body("layer", "receiver", "purpose", known=KNOWN)
    for name, value in form.items():
        if value is not None and (not isinstance(value, str) or len(value) > 200 or (value and not value.strip())):
            raise BadInput(f"{name}: text of at most 200 characters is needed", fields=[name])
    held, own = state(), rights()
    config = held.config.export
    if form.get("level") and held.cache.rules.level(form["level"]) is None:
        raise BadInput(f"level {form['level'][:40]!r}: no such level", fields=["level"])
    node = visible(form["area"]) if form.get("area") else None
    if node is not None:
        own.require("export", [node])
    format = form.get("format") or "shapefile"
    encoding = form.get("encoding") or (config.encoding if config.encoding in getattr(FORMATS.get(format), "encodings",
                                                                                      ()) else "UTF-8")
    crs = form.get("crs") or ("EPSG:4326" if format == "geojson" else config.crs)
    paths = (node.path,) if node is not None else own.scope("export")
    ask = Request(form["layer"], format, crs, encoding, form.get("area") or None, form.get("level") or None,
                  scope=own.filter("export"),
                  special=all(own.may("see_special", path) for path in paths))
    judged(ask)
    held.jobs.sweep(config.keep_hours)
    order = {key: form.get(key) for key in KNOWN}
    return {"id": held.jobs.start("export", actor(), {**order, "ask": asdict(ask), "by": actor(), "address": request.remote_addr})}, 202


def make(held: State, number: str, order: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Makes an ordered package, in whichever process; answers the job's result."""
    asked = order["ask"]
    ask = Request(**asked | {"scope": None if asked["scope"] is None else tuple(asked["scope"])})
    path = held.jobs.folder / f"{number}{FORMATS[ask.format].suffixes[0]}"
    answer = export(held.cache, ask, path, progress)
    held.jobs.packages.keep(number, path)
    held.accounts.log("export", "done", account=order["by"], address=order["address"], object=ask.layer, details={
        "receiver": order["receiver"], "purpose": order["purpose"], "area": ask.area, "format": ask.format, "crs": ask.crs,
        "encoding": ask.encoding, "rows": answer["rows"], "rev": answer["rev"]})
    return answer | {"file": path.name, "text": summary_line(answer)}


@blueprint.get("/api/exports/<number>")
@needs("export")
def look(number: str):
    """{"state", "progress", "url", "rows", "text"}."""
    arguments()
    job = state().jobs.get(number, actor())
    result = job["result"] or {}
    done = job["state"] == "done"
    return {"id": number, "state": job["state"], "progress": job["progress"],
            "url": f"/api/exports/{number}/file" if done else None,
            "rows": result.get("rows"), "rev": result.get("rev"), "text": result.get("text") or job["text"],
            "code": result.get("code")}


@blueprint.get("/api/exports/<number>/file")
@needs("export")
def file(number: str):
    """The package."""
    arguments()
    held = state()
    job = held.jobs.get(number, actor())
    name = (job["result"] or {}).get("file") if job["state"] == "done" else None
    packages = held.jobs.packages
    path, size = (packages.path(name), packages.size(number)) if name else (None, None)
    if path is None and size is None:
        raise NotFound(f"{number}: there is no file to fetch")
    suffix = Path(name).suffix
    title = f"{job['args']['layer']}-{job['args'].get('area') or 'all'}-r{job['result']['rev']}{suffix}"
    if path is not None:
        return send_file(path, as_attachment=True, download_name=title)
    answer = Response(packages.read(number), mimetype=guess_type(title)[0] or "application/octet-stream")
    answer.content_length = size
    answer.headers.set("Content-Disposition", "attachment", **_named(title))
    return answer


def _named(title: str) -> dict[str, str]:
    """The name of a download, for old and new browsers."""
    try:
        title.encode("ascii")
    except UnicodeEncodeError:
        plain = title.encode("ascii", "ignore").decode()
        return {"filename": plain, "filename*": f"UTF-8''{quote(title, safe='')}"}
    return {"filename": title}
