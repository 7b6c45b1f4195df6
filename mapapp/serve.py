"""`weige serve`: uvicorn on the port asked for or the next free one, in this process or in several behind one manager."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import uvicorn

from geodata.previewing import Previewer
from geodata.serving_lock import serving
from geodata.store import Store
from layers.errors import BadInput

from . import create_app, logs, metrics
from .access import ARRIVED
from .asgi import asgi
from .config import Config
from .workers import Workers

PORTS_TRIED = 50
GRACE_S = 20  # requests under way when the server is stopped may take so long


def serve(config: Config, open_store: Callable[[], Store], *, host: str | None = None, port: int | None = None,
          workers: int | None = None) -> int:
    """Serves until it is stopped; prints the address. Raises StoreServed when another process serves the same file,
    BadInput when a file should be served by several."""
    workers = config.server.workers if workers is None else workers
    if workers < 1:
        raise BadInput(f"--workers {workers}: at least one is needed")
    store = open_store()
    with ExitStack() as stack:
        stack.callback(store.close)
        if store.path is not None:
            _one_process(workers)
            lock = stack.enter_context(serving(store.path))
        listener = stack.enter_context(listen(host or config.server.host, config.server.port if port is None else port))
        address = _address(listener)
        if store.path is not None:
            lock.tell(address)
        logs.setup(config.log.format, config.log.level)
        said = lambda: print(f"Weige 微格: {address}", flush=True)  # noqa: E731
        if workers == 1:
            return run(config, store, listener, said)
        store.close()  # each worker opens its own: connections do not survive a fork
        folder = Path(tempfile.mkdtemp(prefix="weige-metrics-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        metrics.share(folder)

        def work(number: int, ready: Callable[[], None]) -> int:
            logs.setup(config.log.format, config.log.level, worker=number)
            return run(config, open_store(), listener, ready, worker=number)
        return Workers(workers, work, said, metrics.forget_process).run()


def run(config: Config, store: Store, listener: socket.socket, ready: Callable[[], None], *, worker: int = 0) -> int:
    """Serves from this process until a signal; `worker` is its number when there are several."""
    app = create_app(config, store, worker=worker)
    front = asgi(app, config.server.threads)
    _settle()
    if config.server.preview_process:
        app.extensions["weige"].previews = Previewer(store.url, store.rules)
    server = Server(uvicorn.Config(arrivals(front), log_config=None, log_level="warning", access_log=False, lifespan="off",
                                   proxy_headers=config.server.behind_proxy, server_header=False,
                                   timeout_graceful_shutdown=GRACE_S), front.close)
    # uvicorn raises the signal again at its end: let us tidy up
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    fresh = app.extensions["weige.metrics"].keep_fresh() if worker else None
    ready()
    try:
        server.run(sockets=[listener])
    finally:
        if fresh is not None:
            fresh.set()
        app.extensions["weige"].close()
    return 0


class Server(uvicorn.Server):
    """A server that ends its streams before it waits for its connections."""

    def __init__(self, config: uvicorn.Config, hush: Callable[[], None]):
        super().__init__(config)
        self.hush = hush

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody new is let in; who is being answered gets his answer."""
        await asyncio.to_thread(self.hush)
        await super().shutdown(sockets)


def arrivals(inner: Callable) -> Callable:
    """Notes when each request came: what it waits for a free thread counts."""
    async def noted(scope: dict[str, Any], receive: Callable, send: Callable) -> None:
        scope[ARRIVED] = perf_counter()
        await inner(scope, receive, send)
    return noted


def _settle() -> None:
    """What only the start needed goes back to the system, what stays is no longer searched for garbage: with 330,000
    areas that is 280 MB less, and no pause of 0.3 s in the middle of a request."""
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _one_process(workers: int) -> None:
    if workers > 1:
        raise BadInput(
            f"--workers {workers}: a GeoPackage store is for one process, because SQLite has one writer and every process would "
            "keep the whole map in memory again; move it with `weige migrate --to postgresql://user:password@host/database` "
            "and serve that by several")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on the first free port from `port` on (0 = any). Nagle off: small answers leave at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [port] if port == 0 else range(port, min(port + PORTS_TRIED, 65_536)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(2048)
            listener.set_inheritable(True)
            return listener
        except OSError:
            listener.close()
    raise BadInput(f"{host}:{port}: no free port there")


def _address(listener: socket.socket) -> str:
    address, number = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{number}/"
