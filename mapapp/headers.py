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


def install(app: Flask) -> None:
    """A nonce per request, and the headers."""

    @app.before_request
    def nonce():
        g.csp_nonce = secrets.token_urlsafe(16)

    @app.after_request
    def headers(response):
        policy = "Content-Security-Policy", POLICY.format(nonce=g.get("csp_nonce", ""))
        there = {name for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in (policy, *FIXED) if name not in there])
        if request.endpoint == "static" and response.status_code < 400:
            if request.args.get("v"):
                response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif request.endpoint != "tiles.tile" or response.status_code >= 400:
            response.headers["Cache-Control"] = "private, no-store"
        return response
