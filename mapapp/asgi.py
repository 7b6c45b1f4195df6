"""The ASGI application: Flask behind a pool of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask


def asgi(app: Flask, threads: int) -> WSGIMiddleware:
    """What uvicorn serves."""
    def whole(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # the body ends by itself, also one that was sent in chunks
        return app(environ, start_response)
    return WSGIMiddleware(whole, workers=threads)
