"""Many watchers of the live stream in a process of their own: `python -m bench.watchers PORT COOKIE NUMBER SINCE`.

Commands come by line on standard input, answers go as JSON lines to standard output: `cut` breaks every connection,
`join` comes back with Last-Event-ID, `tell` says what was heard so far, `end` ends.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from datetime import datetime
from functools import lru_cache
from typing import Any

FRAME = re.compile(rb"id: (\d+)\nevent: edit\ndata: (.*)\n\n")
ID = re.compile(rb"(?:^|\n)id: (\d+)\n")
REV = re.compile(rb'"rev":(\d+)')
AT = re.compile(rb'"at":"([^"]+)"')
SPREAD_S = 5.0  # they come back within this time, as `retry` tells browsers to


@lru_cache(maxsize=4096)
def committed(at: bytes) -> float:
    """Seconds of the epoch at which the transaction of an event began."""
    return datetime.fromisoformat(at.decode()).timestamp()


class Watcher(asyncio.Protocol):
    """Owns one connection after another, and what came over them."""

    def __init__(self, port: int, cookie: str, since: int):
        self.port, self.cookie, self.last = port, cookie, since
        self.seqs: list[int] = []
        self.heard: list[tuple[int, float, float]] = []  # revision, when its transaction began, when it came; nothing late
        self.status = b""
        self.transport: Any = None
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self.held, self.open = transport, b"", True
        transport.write(f"GET /live HTTP/1.1\r\nHost: bench\r\nCookie: {self.cookie}\r\nLast-Event-ID: {self.last}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self.held += data.replace(b"\r\n", b"\n")  # chunk sizes stand on lines of their own
        whole, mark, rest = self.held.rpartition(b"\n\n")
        if not mark:
            return
        self.held = rest
        text = whole + mark
        self.status = self.status or text[:20].split(b"\n")[0]
        for seq, body in FRAME.findall(text):
            self.seqs.append(int(seq))
            if b'"late":true' not in body:
                self.heard.append((int(REV.search(body)[1]), committed(AT.search(body)[1]), now))
        for seq in ID.findall(text):
            self.last = max(self.last, int(seq))

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False

    async def join(self, delay: float) -> None:
        await asyncio.sleep(delay)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self.port)


async def main(port: int, cookie: str, number: int, since: int) -> None:
    """Does what it is told."""
    watchers = [Watcher(port, cookie, since) for _ in range(number)]
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while command := (await reader.readline()).decode().strip():
        if command == "join":
            await asyncio.gather(*[watcher.join(random.uniform(0, SPREAD_S)) for watcher in watchers])
        elif command == "cut":
            for watcher in watchers:
                watcher.transport.abort()
        elif command == "end":
            return
        answer = {"open": sum(watcher.open for watcher in watchers)}
        if command == "tell":
            answer |= {"seqs": [watcher.seqs for watcher in watchers], "heard": [one for watcher in watchers for one in watcher.heard]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
