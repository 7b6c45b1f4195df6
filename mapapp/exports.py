"""Hand-over: a package is asked for with receiver and purpose, made as a job, fetched, and logged."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import Any

from flask import Blueprint, request

from geodata.exporter import Progress, Request, count, export, fields_of, judged, summary_line
from geodata.formats import FORMATS
from geodata.handover import verify
from layers.errors import BadInput, Forbidden
from layers.schema import LAYERS

from . import made
from .areas import visible
from .auth import needs
from .forms import arguments, body, flag
from .state import State, actor, rights, state

blueprint = Blueprint("exports", __name__)
TEXTS = ("layer", "format", "crs", "encoding", "area", "level", "status", "receiver", "purpose")
SWITCHES = ("package", "personal", "shapes")


@blueprint.post("/api/exports")
@needs("export")
def order():
    """202 {"id"}; look at GET /api/exports/{id} until its state is done or failed. With ?preview=true nothing is made: it
    answers how many rows there would be and whether they hold names and phones."""
    query = arguments("preview")
    preview = flag(query, "preview")
    form = body("layer", *([] if preview else ["receiver", "purpose"]), known=(*TEXTS, *SWITCHES))
    ask = _ask(form)
    held = state()
    if preview:
        return {"rows": count(held.cache, ask), "personal": any(field.personal for field in LAYERS[ask.layer].fields),
                "fields": [field.name for field in fields_of(LAYERS[ask.layer], ask.special, ask.personal)]}
    judged(ask)
    held.jobs.sweep(held.config.export.keep_hours)
    order = {key: form.get(key) for key in TEXTS}
    return {"id": held.jobs.start("export", actor(), {**order, "ask": asdict(ask), "by": actor(), "address": request.remote_addr})}, 202


def _ask(form: dict[str, Any]) -> Request:
    """What is asked for, within what the account may hand over."""
    for name, value in form.items():
        if name in SWITCHES:
            if value is not None and not isinstance(value, bool):
                raise BadInput(f"{name}: true or false is needed", fields=[name])
        elif value is not None and (not isinstance(value, str) or len(value) > 200 or (value and not value.strip())):
            raise BadInput(f"{name}: text of at most 200 characters is needed", fields=[name])
    held, own = state(), rights()
    config = held.config.export
    if form.get("level") and held.cache.rules.level(form["level"]) is None:
        raise BadInput(f"level {form['level'][:40]!r}: no such level", fields=["level"])
    node = visible(form["area"]) if form.get("area") else None
    if node is not None:
        own.require("export", [node])
    format = FORMATS.get(form.get("format") or "shapefile")
    encoding = form.get("encoding") or (config.encoding if config.encoding in getattr(format, "encodings", ()) else "UTF-8")
    crs = form.get("crs") or (format.crs[0] if format is not None and format.crs else config.crs)
    paths = (node.path,) if node is not None else own.scope("export")
    personal = bool(form.get("personal"))
    if personal and not all(own.may("see_personal", path) for path in paths):
        raise Forbidden("names and phones are handed over only by who may see them there", action="see_personal")
    return Request(form["layer"], form.get("format") or "shapefile", crs, encoding, form.get("area") or None, form.get("level") or None,
                   status=form.get("status") or None, scope=own.filter("export"), personal=personal,
                   special=all(own.may("see_special", path) for path in paths),
                   shapes=form.get("shapes") is not False, package=form.get("package"), receiver=form.get("receiver"), purpose=form.get("purpose"))


def make(held: State, number: str, order: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Makes an ordered package, in whichever process; answers the job's result."""
    asked = order["ask"]
    ask = Request(**asked | {"scope": None if asked["scope"] is None else tuple(asked["scope"])})
    path = held.jobs.folder / f"{number}{ask.suffix}"
    answer = export(held.cache, ask, path, progress)
    held.jobs.packages.keep(number, path)
    held.accounts.log("export", "done", account=order["by"], address=order["address"], object=ask.layer, details={
        "receiver": ask.receiver, "purpose": ask.purpose, "area": ask.area, "format": ask.format, "crs": ask.crs, "encoding": ask.encoding,
        "rows": answer["rows"], "rev": answer["rev"], "personal": ask.personal, "sha256": answer["sha256"]})
    title = f"{ask.layer}-{ask.area or 'all'}-r{answer['rev']}{ask.suffix}"
    return answer | {"file": path.name, "title": title, "packed": ask.packed, "text": summary_line(answer)}


@blueprint.get("/api/exports/<number>")
@needs("export")
def look(number: str):
    """{"state", "progress", "url", "rows", "text"}; of a finished one also name, bytes, SHA-256 and how to check it."""
    arguments()
    job, told = made.told(number, "export", f"/api/exports/{number}/file")
    result = job["result"] or {}
    verify = f"weige verify {result['title']}" if result.get("packed") else None
    return told | {"rows": result.get("rows"), "verify": verify, "files": result.get("files")}


@blueprint.get("/api/exports/<number>/file")
@needs("export")
def file(number: str):
    """The package."""
    arguments()
    return made.sent(number, "export")


@blueprint.post("/api/packages/verify")
@needs("export")
def proved():
    """What a package says about itself when it is as it was packed; the file is the body of the request."""
    arguments()
    folder = state().jobs.folder
    with NamedTemporaryFile(dir=folder, prefix="verify-", suffix=".zip") as file:
        copyfileobj(request.stream, file)
        file.flush()
        return verify(Path(file.name), name="the package")
