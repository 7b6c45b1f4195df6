"""Is it running: for balancers, supervisors and whoever waits for a start. No account needed, nothing secret told."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from layers.errors import WeigeError

from .auth import needs
from .errors import RETRY_S
from .state import state

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@needs("public")
def healthz():
    """{"status", "ready", "store", "mode", "rev"}: 200 when requests are answered, 503 when the store cannot be reached;
    `rev` is the last commit of anybody."""
    held = state()
    kind = "gpkg" if held.store.is_file else "postgis"
    try:
        rev, _ = held.store.head()
        mode = held.store.mode()
    except (WeigeError, SQLAlchemyError):
        told = {"status": "unreachable", "ready": False, "store": kind, "mode": None, "rev": held.cache.rev}
        return told, 503, {"Retry-After": str(RETRY_S)}
    return {"status": "ok", "ready": True, "store": kind, "mode": "read-only" if mode.read_only else "normal", "rev": rev}
