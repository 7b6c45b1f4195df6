"""Reasons become statuses in one table; answers are application/problem+json for programs, a page for people."""

from __future__ import annotations

from flask import Flask, Response, current_app, json, redirect, render_template, request, url_for
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from layers import errors as reasons
from layers.errors import WeigeError

STATUS: dict[type[WeigeError], int] = {
    WeigeError: 400, reasons.TooLarge: 413, reasons.UnknownArea: 404, reasons.NotFound: 404, reasons.EditRefused: 422,
    reasons.Stale: 409, reasons.UndoBlocked: 409, reasons.NotSignedIn: 401, reasons.WrongPassword: 401, reasons.Forbidden: 403,
    reasons.BadCsrf: 400, reasons.TooManyRequests: 429, reasons.StoreMissing: 503, reasons.StoreBusy: 503, reasons.StoreFull: 507,
    reasons.BadGeometry: 422, reasons.BadCoverage: 422, reasons.DuplicateCode: 422, reasons.BadCode: 422, reasons.BadCrs: 422,
    reasons.BadEncoding: 422, reasons.MissingField: 422, reasons.BadFile: 422,
}
_HTTP = {400: reasons.BadInput, 404: reasons.NotFound, 405: reasons.BadInput, 413: reasons.TooLarge, 415: reasons.BadInput}


def status_of(error: WeigeError) -> int:
    """The HTTP status of a reason: its own, or that of the nearest class above."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: WeigeError) -> Response:
    """RFC 9457 with code, place and details."""
    status = status_of(error)
    body = {"type": "about:blank", "title": type(error).__doc__.strip(), "status": status, "code": error.code, "detail": error.text,
            "where": error.where, **error.details}
    response = Response(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/problem+json")
    if status == 429:
        response.headers["Retry-After"] = "10"
    return response


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
        return _answer(reasons.TooManyRequests(f"more than {error.description}"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException):
        kind = _HTTP.get(error.code)
        if kind is None:
            return error
        text = {404: "there is no such page", 405: f"{request.method} is not possible here"}.get(error.code, error.description)
        answer = _answer(kind(text))
        if error.code == 405:
            answer = answer if isinstance(answer, Response) else current_app.make_response(answer)
            answer.status_code = 405
        return answer

    @app.errorhandler(Exception)
    def broken(error: Exception):
        app.logger.exception("unexpected error at %s %s", request.method, request.path)
        answer = _answer(WeigeError("the server met an error it does not know; it is in the log"))
        answer = current_app.make_response(answer)
        answer.status_code = 500
        return answer


def _answer(error: WeigeError):
    if wants_json():
        return problem(error)
    if isinstance(error, reasons.NotSignedIn):
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    return render_template("error.html", error=error, status=status_of(error)), status_of(error)


def wants_json() -> bool:
    """Programs and scripts get JSON, people who open a page get a page."""
    if request.path.startswith(("/api/", "/tiles/", "/live", "/ogc")):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) != "text/html"
