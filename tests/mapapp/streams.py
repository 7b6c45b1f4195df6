"""Watchers of the live stream without a network: the ASGI application is called as a server would call it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mapapp.asgi import Front
from mapapp.hub import Hub
from tests.mapapp.web import Web

PATIENCE_S = 120


@dataclass(eq=False)
class Stream:
    """One watcher: what was answered and what came. Public: wait, of, cut, stall."""

    loop: asyncio.AbstractEventLoop
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.more = threading.Condition()
        self.gone = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        """[{"id", "event", "data"}] of all whole frames that carry data."""
        found, last = [], None
        with self.more:
            whole = self.body.rpartition(b"\n\n")[0]
        for frame in whole.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line and not line.startswith(":"))
            last = int(lines.get("id", last or 0)) or last
            if "data" in lines:
                found.append({"id": last, "event": lines["event"], "data": json.loads(lines["data"])})
        return found

    @property
    def last(self) -> int:
        """The id a browser would come back with."""
        with self.more:
            whole = self.body.rpartition(b"\n\n")[0]
        return max((int(line[4:]) for line in whole.decode().split("\n") if line.startswith("id: ")), default=0)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def wait(self, true: Callable[[Stream], Any]) -> Stream:
        """Until it is true of the stream."""
        with self.more:
            assert self.more.wait_for(lambda: true(self), PATIENCE_S), self.body[-2000:]
        return self

    def cut(self) -> int:
        """The connection breaks; answers the id to come back with."""
        self.loop.call_soon_threadsafe(self.gone.set)
        self.wait(lambda stream: stream.ended)
        return self.last

    def stall(self) -> None:
        """The watcher takes nothing more."""
        self.loop.call_soon_threadsafe(self.free.clear)

    async def send(self, message: dict[str, Any]) -> None:
        await self.free.wait()
        with self.more:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                self.body += message.get("body", b"")
                self.chunks += 1
            self.more.notify_all()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


class Streams:
    """Owns an event loop in a thread and the watchers in it. Public: open, close."""

    def __init__(self, web: Web):
        self.web, self.front = web, Front(web.app, 2)
        self.opened: list[Stream] = []
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def open(self, as_: str | None = "mayor", since: int | None = None, *, cookie: str | None = None, method: str = "GET",
             last: int | None = None) -> Stream:
        """A watcher, by the token of an account or a cookie; begun when this returns."""
        headers = {"host": "localhost", "accept": "text/event-stream"}
        if cookie is not None:
            headers["cookie"] = cookie
        elif as_ is not None:
            headers["authorization"] = f"Bearer {self.web.tokens[as_]}"
        if last is not None:
            headers["last-event-id"] = str(last)
        scope = {"type": "http", "method": method, "path": "/live", "http_version": "1.1", "scheme": "http", "root_path": "",
                 "query_string": b"" if since is None else f"since={since}".encode(),
                 "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
                 "server": ("localhost", 80), "client": ("127.0.0.1", 1)}
        stream = Stream(self.loop)
        self.opened.append(stream)

        async def run() -> None:
            try:
                await self.front(scope, stream.receive, stream.send)
            finally:
                with stream.more:
                    stream.ended = True
                    stream.more.notify_all()
        asyncio.run_coroutine_threadsafe(run(), self.loop)
        return stream.wait(lambda one: one.ended or (one.chunks and one.status))

    def anew(self) -> None:
        """Another hub, with the settings of this moment."""
        self.web.app.extensions["weige"].live.close()
        self.web.app.extensions["weige"].live = Hub(self.web.app.extensions["weige"])

    def close(self) -> None:
        self.front.close()
        for stream in self.opened:
            self.loop.call_soon_threadsafe(stream.free.set)
            self.loop.call_soon_threadsafe(stream.gone.set)
            stream.wait(lambda one: one.ended)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
