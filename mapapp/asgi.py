"""The ASGI application: Flask behind a pool of threads."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from flask import Flask


def asgi(app: Flask, threads: int) -> WSGIMiddleware:
    """What uvicorn serves."""
    return WSGIMiddleware(app, workers=threads)
