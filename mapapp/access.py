"""Every request counted and told in one line: method, route, status, milliseconds, role, number; never who, what or which.

The line names the route (`/api/areas/{code}`), not the address; the role, not the account. The number goes to the
caller as X-Request-ID and stands in problems and error pages, so that a complaint finds its line.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import ClosingIterator

from layers.redraw import OPERATIONS

from .logs import logger

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
KEY = "weige.asked"  # in the environment of a request
ARRIVED = "weige.arrived"  # in the scope of ASGI: when the request came, in seconds of perf_counter
WRITING = frozenset(("redraw", "edit_facts", "propose_zone", "approve_zone"))  # rights whose requests change the map
LET_IN = ("/live", 204)  # Flask lets a watcher in, the hub in front of it answers 200 with the stream
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PLACE = re.compile(r"<(?:[^:<>]*:)?([^<>]+)>")


class Asked:
    """What became known of a request while it was answered."""

    __slots__ = ("number", "route", "role", "status", "code", "op")

    def __init__(self, number: str):
        self.number, self.route, self.role, self.status, self.code, self.op = number, "none", "-", 0, "", ""


class Access:
    """A WSGI application in front of all others; owns nothing but where to count and tell."""

    def __init__(self, inner: Callable, metrics: Any, *, slow_ms: float, trust: bool, worker: int = 0):
        self.inner, self.metrics, self.slow_ms, self.trust = inner, metrics, slow_ms, trust
        self._log, self._place = logger(), f"{worker}-" if worker else ""  # whose log holds the line

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        began = environ.get("asgi.scope", environ).get(ARRIVED) or perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "") if self.trust else ""
        asked = environ[KEY] = Asked(given if _GIVEN.fullmatch(given) else self._place + secrets.token_hex(8))

        def start(status: str, fields: list[tuple[str, str]], *more: Any) -> Any:
            asked.status = int(status[:3])
            fields.append(("X-Request-ID", asked.number))
            return start_response(status, fields, *more)

        try:
            answer = self.inner(environ, start)
        except Exception as error:
            asked.status = 500
            self._log.error("a request ended by an exception", id=asked.number, exc_info=error)
            self._done(environ["REQUEST_METHOD"], asked, began)
            raise
        if isinstance(answer, list):  # all there: nothing to wait for
            self._done(environ["REQUEST_METHOD"], asked, began)
            return answer
        return ClosingIterator(answer, lambda: self._done(environ["REQUEST_METHOD"], asked, began))

    def _done(self, method: str, asked: Asked, began: float) -> None:
        seconds = perf_counter() - began
        if (asked.route, asked.status) == LET_IN:
            asked.status = 200
        method = method if method in METHODS else "other"
        self.metrics.request(method, asked.route, asked.status, seconds)
        if asked.op:
            self.metrics.edit(asked.op, asked.status, asked.code)
        fields: dict[str, Any] = {"method": method, "route": asked.route, "status": asked.status,
                                  "ms": round(seconds * 1000, 1), "role": asked.role, "id": asked.number}
        if asked.code:
            fields["code"] = asked.code
        if asked.op:
            fields["op"] = asked.op
        if seconds * 1000 >= self.slow_ms:
            fields["slow"] = True
        self._log.info("request", **fields)


def install(app: Flask) -> None:
    """What only the application knows: route, role, operation, reason of a refusal."""

    @app.after_request
    def note(response: Response) -> Response:
        asked = request.environ.get(KEY)
        if asked is None:
            return response
        if request.url_rule is not None:
            asked.route = _route(request.url_rule.rule)
        account = g.get("account")
        if account is not None:
            asked.role = role_of(account.roles)
        asked.code = g.get("reason", "")
        asked.op = _operation(app) if request.method not in ("GET", "HEAD", "OPTIONS") else ""
        return response


@lru_cache(1000)
def _route(rule: str) -> str:
    """The address of a view as the docs write it."""
    return _PLACE.sub(r"{\1}", rule)


def role_of(roles: Iterable[str]) -> str:
    """Roles as the line shows them."""
    return "+".join(sorted(roles)) or "none"


def number() -> str | None:
    """The number of this request."""
    asked = request.environ.get(KEY)
    return asked.number if asked is not None else None


def _operation(app: Flask) -> str:
    """What the request wanted to change: the operation of a redraw, else the view's name; "" for what only looks."""
    view = app.view_functions.get(request.endpoint)
    if getattr(view, "needs", None) not in WRITING or request.endpoint.endswith("preview") or request.args.get("preview") == "true":
        return ""
    if request.endpoint == "edits.commit":
        try:
            form = request.get_json(silent=True)
        except (HTTPException, RecursionError):  # larger than allowed, brackets without end
            form = None
        op = form.get("op") if isinstance(form, dict) else None
        return op if isinstance(op, str) and op in OPERATIONS else "unknown"
    return request.endpoint.replace(".", " ")
