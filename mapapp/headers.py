"""Headers of every answer: strict content security, nothing from other hosts."""

from __future__ import annotations

import secrets

from flask import Flask, g, request

POLICY = ("default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; "
          "connect-src 'self'; worker-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
          "base-uri 'none'")

FIXED = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
         ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
         ("Permissions-Policy", "geolocation=(), camera=(), microphone=()"))


def secure(nonce: str = "") -> list[tuple[str, str]]:
    """The headers every answer carries; scripts of the page name the nonce."""
    return [("Content-Security-Policy", POLICY.format(nonce=nonce)), *FIXED]


def install(app: Flask) -> None:
    """A nonce per request, and the headers."""

    @app.before_request
    def nonce():
        g.csp_nonce = secrets.token_urlsafe(16)

    @app.after_request
    def headers(response):
        there = {name for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in secure(g.get("csp_nonce", "")) if name not in there])
        if response.status_code not in (429, 503):
            response.headers.pop("Retry-After", None)  # the limiter puts it on every answer
        if request.endpoint == "static" and response.status_code < 400:
            if request.args.get("v"):
                response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif request.endpoint not in ("tiles.tile", "basemap.tile") or response.status_code >= 400:
            response.headers["Cache-Control"] = "private, no-store"
        return response
