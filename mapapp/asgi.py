"""The ASGI application: Flask behind a pool of threads, and in front of it the live stream, which needs no thread.

Who may watch is decided by the same gate as everything else: the request goes to Flask once, which answers with a ticket
instead of a stream, or with the refusal that is passed on as it is.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ
from flask import Flask

from layers.errors import WeigeError

from . import headers
from .errors import RETRY_S
from .hub import QUEUE, Hub, Seat, Ticket
from .live import ADMITTED, HEADERS, PATH

ADMITTING = 4  # watchers let in at the same time
DROP_S = 1.0  # how long a slow watcher is given to take his last bytes
log = logging.getLogger("weige.live")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Flask said instead of letting somebody watch."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Front:
    """Owns the streams of this process. An ASGI application. Public: close."""

    def __init__(self, app: Flask, threads: int):
        self._app = app
        self._flask = WSGIMiddleware(_whole(app), workers=threads)
        self._admitting = ThreadPoolExecutor(ADMITTING, thread_name_prefix="weige-admit")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def hub(self) -> Hub:
        return self._app.extensions["weige"].live

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            await self._watch(scope, receive, send)
        else:
            await self._flask(scope, receive, send)

    def close(self) -> None:
        """Ends the streams, so that nobody waits for them when the server stops; who comes now is told to come back."""
        self._closed = True
        self.hub.close()
        self._admitting.shutdown(wait=False, cancel_futures=True)

    # ---- one watcher ---------------------------------------------------------------------------------------------
    async def _watch(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self._loop = loop = asyncio.get_running_loop()
        try:
            told = await self._beside(self._ask, scope)
        except _Stopping:
            return await _later(send)
        if isinstance(told, Answer):
            await send({"type": "http.response.start", "status": told.status, "headers": told.headers})
            await send({"type": "http.response.body", "body": told.body})
            return
        seat = Seat(told, self._post, asyncio.Queue(QUEUE))
        gone = loop.create_task(_until_gone(receive))
        try:
            first = await self._beside(self.hub.join, seat)
            seat.task = loop.create_task(_pump(seat, first, send))
            done, _ = await asyncio.wait({seat.task, gone}, return_when=asyncio.FIRST_COMPLETED)
            left = gone in done
        except (WeigeError, _Stopping) as error:  # the store went away between gate and stream
            log.info("nobody can watch for now: %s", error)
            return await _later(send)
        finally:
            self.hub.leave(seat)
            for task in (seat.task, gone):
                if task is not None:
                    task.cancel()
        if not left:
            with suppress(TimeoutError):
                await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), DROP_S)

    async def _beside(self, work: Callable[[Any], Any], what: Any) -> Any:
        """In a thread of those that let watchers in. Raises _Stopping when the server ends meanwhile."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._admitting, work, what)
        except (RuntimeError, asyncio.CancelledError):
            if self._closed:
                raise _Stopping("the server stops") from None
            raise

    def _ask(self, scope: dict[str, Any]) -> Ticket | Answer:
        """In a thread: the gate of Flask, once."""
        environ = build_environ(scope, io.BytesIO())  # type: ignore[arg-type]
        environ[ADMITTED] = admitted = []
        said: dict[str, Any] = {}

        def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
            said.update(status=int(status.split()[0]), fields=fields)
            return lambda data: None
        parts = self._app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        if admitted:
            return admitted[0]
        return Answer(said["status"], [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in said["fields"]], body)

    # ---- many watchers -------------------------------------------------------------------------------------------
    def _post(self, seats: Sequence[Seat], chunk: bytes | None, seq: int) -> None:
        """From any thread: the loop is woken once for all of them."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # closed in between
                self._loop.call_soon_threadsafe(self._hand_out, seats, chunk, seq)

    def _hand_out(self, seats: Sequence[Seat], chunk: bytes | None, seq: int) -> None:
        for seat in seats:
            if 0 <= seq <= seat.seq:
                continue
            try:
                seat.queue.put_nowait(chunk)
            except asyncio.QueueFull:
                self.hub.drop(seat)
                if seat.task is not None:
                    seat.task.cancel()


class _Stopping(Exception):
    """Nobody is let in any more."""


async def _later(send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"%d" % RETRY_S)]})
    await send({"type": "http.response.body", "body": b""})


async def _pump(seat: Seat, first: bytes, send: Send) -> None:
    """Sends what comes until the stream is ended."""
    fields = [(name.lower().encode(), value.encode()) for name, value in (*HEADERS, *headers.secure())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": first, "more_body": True})
    while (chunk := await seat.queue.get()) is not None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _whole(app: Flask) -> Callable[[dict[str, Any], Callable], Iterable[bytes]]:
    def whole(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # the body ends by itself, also one that was sent in chunks
        return app(environ, start_response)
    return whole


def asgi(app: Flask, threads: int) -> Front:
    """What uvicorn serves."""
    return Front(app, threads)
