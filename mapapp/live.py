"""The live stream over HTTP: what others change arrives by itself, who works where is shown to colleagues."""

from __future__ import annotations

import hashlib
import queue
import re
from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, g, request, session

from geodata.tree import Node
from layers.errors import BadInput, UnknownArea

from .areas import visible
from .auth import needs, session_ends
from .forms import arguments, body, number
from .hub import QUEUE, Seat, Ticket, scope_of
from .state import rights, state

blueprint = Blueprint("live", __name__)
PATH = "/live"
ADMITTED = "weige.admitted"  # in the environment: who asks holds the stream himself and only wants the ticket
HEADERS = (("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "private, no-store"), ("X-Accel-Buffering", "no"))
_TOOL = re.compile(r"[a-z_-]{0,30}", re.ASCII)


@blueprint.get(PATH)
@needs("see")
def live():
    """Server-sent events from now on, or after event `since` (Last-Event-ID counts more). Under uvicorn the hub in
    front takes the stream over; here it takes a thread."""
    ticket = _ticket()
    if ADMITTED in request.environ:
        request.environ[ADMITTED].append(ticket)
        return "", 204
    return Response(_stream(Seat(ticket, _post, queue.Queue(QUEUE))), headers=dict(HEADERS))


@blueprint.post("/api/presence")
@needs("see")
def presence():
    """Says where the page's person works: {"area": code or null, "tool": ...}; {"gone": true} when she leaves.
    Answers {"you": key}, by which she finds herself in the list."""
    arguments()
    form, own, here = body(known=("area", "tool", "gone")), rights(), state().live.presence
    key = _key()
    if form.get("gone") is True:
        here.gone(key)
        return {"you": key}
    code, tool = form.get("area"), form.get("tool") or ""
    if code is not None and not isinstance(code, str):
        raise BadInput("area: a code or null is needed")
    if not isinstance(tool, str) or not _TOOL.fullmatch(tool):
        raise BadInput("tool: the name of a tool is needed")
    node = _working_at(code) if code else None
    here.put(key, g.account.roles, node.fid if node else None, tool, own.scope("see"))
    return {"you": key}


def _working_at(code: str) -> Node | None:
    """The area; None when it was cut away a moment ago, which the page hears of next."""
    try:
        return visible(code)
    except UnknownArea:
        held = state()
        with held.store.read() as reader:
            if code in held.cache.codes or not reader.code_used(code):
                raise
        return None


def _ticket() -> Ticket:
    query = arguments("since")
    since = number(query, "since", -1, most=1 << 53, least=0)
    last = request.headers.get("Last-Event-ID", "").strip()
    if last:
        since = number({"Last-Event-ID": last}, "Last-Event-ID", -1, most=1 << 53, least=0)
    return Ticket(g.account, _secret(), g.by_token, float("inf") if g.by_token else session_ends(), scope_of(rights()),
                  None if since < 0 else since)


def _secret() -> str:
    """The token or the key of the session that the request came with."""
    return g.secret if g.by_token else session["key"]


def _key() -> str:
    """Names the browser that asks, without giving its session away."""
    return hashlib.sha256(f"here {_secret()}".encode()).hexdigest()[:12]


# ---- a stream that takes a thread (flask run, gunicorn) ------------------------------------------------------------
def _post(seats: Sequence[Seat], chunk: bytes | None, seq: int) -> None:
    for seat in seats:
        if 0 <= seq <= seat.seq:
            continue
        try:
            seat.queue.put_nowait(chunk)
        except queue.Full:
            seat.task = "slow"  # the stream ends as soon as it is read again


def _stream(seat: Seat) -> Iterator[bytes]:
    hub = state().live

    def stream() -> Iterator[bytes]:
        try:
            yield hub.join(seat)
            while seat.task != "slow" and (chunk := seat.queue.get()) is not None:
                yield chunk
            if seat.task == "slow":
                hub.drop(seat)
        finally:
            hub.leave(seat)
    return stream()
