"""Reasons become statuses in one table; answers are application/problem+json for programs, a page for people."""

from __future__ import annotations

from flask import Flask, Response, g, json, make_response, redirect, render_template, request, url_for
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from geodata.reasons import reasons as in_our_words
from layers import errors as reasons
from layers.errors import WeigeError

from . import access
from .logs import logger

STATUS: dict[type[WeigeError], int] = {
    WeigeError: 400, reasons.TooLarge: 413, reasons.UnknownArea: 404, reasons.NotFound: 404, reasons.EditRefused: 422,
    reasons.Stale: 409, reasons.UndoBlocked: 409, reasons.NotSignedIn: 401, reasons.WrongPassword: 401,
    reasons.Forbidden: 403, reasons.MustChangePassword: 403, reasons.AccountExists: 409, reasons.LastAdmin: 422,
    reasons.OwnAccount: 422, reasons.WeakPassword: 422,
    reasons.BadCsrf: 400, reasons.TooManyRequests: 429, reasons.StoreMissing: 503, reasons.StoreBusy: 503, reasons.StoreServed: 503,
    reasons.StoreFull: 507, reasons.ReadOnly: 503, reasons.StoreNotEmpty: 409,
    reasons.BadGeometry: 422, reasons.BadCoverage: 422, reasons.DuplicateCode: 422, reasons.BadCode: 422,
    reasons.BadCrs: 422, reasons.ZoneStatus: 409, reasons.PeopleDiffer: 409, reasons.LaxerKind: 422, reasons.DerivedKind: 422,
    reasons.BadEncoding: 422, reasons.MissingField: 422, reasons.BadFile: 422,
}
_HTTP = {404: reasons.NotFound, 413: reasons.TooLarge,
         429: reasons.TooManyRequests}  # any other: bad-input, with its own status
_TEXTS = {404: "there is no such page", 413: "the request is larger than allowed"}
RETRY_S = 10  # what a refused caller waits when nothing better is known


def status_of(error: WeigeError) -> int:
    """The HTTP status of a reason: its own, or that of the nearest class above."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: WeigeError, status: int) -> Response:
    """RFC 9457 with code, place and details."""
    body = {**error.details, "type": "about:blank", "title": " ".join(type(error).__doc__.split()), "status": status,
            "code": error.code,
            "detail": error.text, "where": error.where}
    if number := access.number():
        body["request"] = number
    return Response(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/problem+json")


def install(app: Flask) -> None:
    """Every error leaves through here."""

    @app.errorhandler(WeigeError)
    def refused(error: WeigeError):
        return _answer(error)

    @app.errorhandler(CSRFError)
    def no_csrf(error):
        return _answer(reasons.BadCsrf(error.description))

    @app.errorhandler(RateLimitExceeded)
    def too_many(error):
        return _answer(reasons.TooManyRequests(f"more than {error.description}; try again later"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException):
        if error.code is None or error.code < 400:
            return error
        text = f"{request.method} is not possible here" if error.code == 405 else _TEXTS.get(error.code,
                                                                                             error.description)
        answer = _answer(_HTTP.get(error.code, reasons.BadInput)(text), error.code)
        if error.code == 405 and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(SQLAlchemyError)
    def database(error: SQLAlchemyError):
        try:
            with in_our_words(app.extensions["weige"].store.url):
                raise error
        except WeigeError as told:
            return _answer(told)
        except NoConnection:
            return _answer(reasons.StoreBusy("all connections to the store are in use; try again"))
        except Exception as unknown:
            return broken(unknown)

    @app.errorhandler(Exception)
    def broken(error: Exception):
        logger().error("a request met an error nobody foresaw", id=access.number(), exc_info=error)
        return _answer(WeigeError("the server met an error it does not know; it is in the log"), 500)


def _answer(error: WeigeError, status: int | None = None) -> Response:
    status = status or status_of(error)
    g.reason = error.code
    if type(error) is reasons.StoreMissing:  # whose text says where the database is
        error = reasons.StoreMissing("the store cannot be reached now; what was saved is safe, try again soon")
    if wants_json():
        answer = problem(error, status)
    elif isinstance(error, reasons.NotSignedIn):
        answer = redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    elif isinstance(error, reasons.MustChangePassword):
        answer = redirect(url_for("own_account.page"))
    else:
        answer = make_response(render_template("error.html", error=error, status=status, number=access.number()), status)
    if status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_S)
    if status == 401 and wants_json():
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def wants_json() -> bool:
    """Programs and scripts get JSON, people who open a page get a page."""
    if request.path.startswith(("/api", "/tiles/", "/basemaps/", "/live", "/ogc", "/metrics", "/healthz")) or request.is_json:
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) != "text/html"
