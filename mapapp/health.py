"""Is it running."""

from __future__ import annotations

from flask import Blueprint

from .auth import needs
from .state import state

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@needs("public")
def healthz():
    """{"status": "ok"} when the store answers."""
    rev, _ = state().store.head()
    return {"status": "ok", "rev": rev}
