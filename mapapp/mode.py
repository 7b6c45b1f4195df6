"""Read-only mode over HTTP: how it stands, for everybody; closing and opening the store, for an administrator of all of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from geodata.mode import switch
from layers.errors import BadInput, Forbidden

from .auth import needs
from .forms import arguments, body
from .state import actor, rights, state

blueprint = Blueprint("mode", __name__)
MODES = ("read-only", "normal")
LONGEST_NOTE = 200


@blueprint.get("/api/mode")
@needs("see")
def look():
    """{"mode": "normal" | "read-only", "reason", "at", "note"}."""
    arguments()
    return told()


@blueprint.post("/api/mode")
@needs("manage")
def change():
    """{"mode", "note"?}: closes the store for changes or opens it again, for every process that serves it."""
    arguments()
    form = body("mode", known=("mode", "note"))
    note = form.get("note") or ""
    if form["mode"] not in MODES:
        raise BadInput(f"mode: one of {', '.join(MODES)} is needed", fields=["mode"])
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise BadInput(f"note: text of at most {LONGEST_NOTE} characters is needed", fields=["note"])
    if not may_switch():
        raise Forbidden("only an administrator of the whole store closes it for everybody", action="manage")
    held = state()
    with held.store.write(actor(), "mode") as tx:
        switch(tx, form["mode"] == "read-only", note.strip())
    held.accounts.log("mode", "done", account=actor(), address=request.remote_addr, object=form["mode"], details={"note": note.strip()})
    return told()


def may_switch() -> bool:
    """True for an administrator of the whole store."""
    own = rights()
    return own.may("manage") and (own.filter("manage") is None or "/" in own.scope("manage"))


def told() -> dict[str, Any]:
    """The mode without the name of who switched."""
    return {name: value for name, value in state().store.mode().as_json().items() if name != "by"}
