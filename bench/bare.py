"""The least a Flask application can do: answer with bytes it holds, on the server stack of `weige serve`.

python -m bench.bare FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from flask import Flask, Response

from mapapp.asgi import asgi
from mapapp.config import load
from mapapp.serve import listen


def bare_app(folder: Path) -> Flask:
    """Answers /NAME with the bytes of the file NAME, gzip as our tiles."""
    app = Flask(__name__)
    held = {file.name: file.read_bytes() for file in folder.iterdir()}

    @app.get("/")
    def ready():
        return "ready"

    @app.get("/<name>")
    def tile(name: str):
        return Response(held[name], mimetype="application/vnd.mapbox-vector-tile", headers={"Content-Encoding": "gzip"})

    return app


def main(folder: str) -> None:
    """Serve until stopped; prints the address."""
    listener = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    app = asgi(bare_app(Path(folder)), load().server.threads)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", server_header=False)).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
