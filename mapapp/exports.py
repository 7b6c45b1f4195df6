"""Hand-over: a package is asked for with receiver and purpose, made as a job, fetched, and logged."""

from __future__ import annotations

from flask import Blueprint, request, send_file

from geodata.exporter import Request, export, judged, summary_line
from geodata.formats import FORMATS
from layers.errors import BadInput, NotFound

from .areas import visible
from .auth import needs
from .forms import arguments, body
from .state import actor, rights, state

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
    name = actor()
    address = request.remote_addr

    def work(number, progress):
        path = held.jobs.folder / f"{number}{FORMATS[ask.format].suffixes[0]}"
        answer = export(held.cache, ask, path, progress)
        held.accounts.log("export", "done", account=name, address=address, object=ask.layer, details={
            "receiver": form["receiver"], "purpose": form["purpose"], "area": ask.area, "format": ask.format,
            "crs": ask.crs,
            "encoding": ask.encoding, "rows": answer["rows"], "rev": answer["rev"]})
        return answer | {"file": path.name, "text": summary_line(answer)}
    held.jobs.sweep(config.keep_hours)
    number = held.jobs.start("export", name, {key: form.get(key) for key in KNOWN}, work)
    return {"id": number}, 202


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
    name = (job["result"] or {}).get("file")
    path = held.jobs.folder / name if name else None
    if job["state"] != "done" or path is None or not path.is_file():
        raise NotFound(f"{number}: there is no file to fetch")
    title = f"{job['args']['layer']}-{job['args'].get('area') or 'all'}-r{job['result']['rev']}{path.suffix}"
    return send_file(path, as_attachment=True, download_name=title)
