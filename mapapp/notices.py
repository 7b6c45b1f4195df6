"""Notices over the API: one's own, kept, the unread first."""

from __future__ import annotations

from flask import Blueprint

from geodata import notices as kept

from .auth import needs
from .forms import arguments, body, number, whole
from .state import actor, state

blueprint = Blueprint("notices", __name__)


@blueprint.get("/api/notices")
@needs("see")
def notices():
    """What the account was told because others changed its work."""
    query = arguments("limit")
    with state().store.read() as reader:
        return {"notices": kept.notices_of(reader, actor(), number(query, "limit", 50, most=500)),
                "unread": kept.unread(reader, actor())}


@blueprint.post("/api/notices/read")
@needs("see")
def read():
    """Looked at up to `seq`."""
    arguments()
    seq = whole(body("seq", known=("seq",))["seq"], "seq")
    with state().store.write(actor(), "read notices") as tx:
        kept.mark_read(tx, actor(), seq)
        return {"unread": kept.unread(tx, actor())}
