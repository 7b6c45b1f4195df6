"""Servers in processes of their own, and one connection to them: ours, the peer, and a bare Flask application."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from .province import ACCOUNT, PASSWORD
from .report import ROOT

PATIENCE_S = 600  # until a server with hundreds of thousands of areas answers
# Ours as `weige serve` starts it, but for the limit of requests a minute.
OURS = {"WEIGE_SERVER__RATE_LIMIT": "", "WEIGE_SERVER__SIGN_IN_LIMIT": "10000/minute"}
# The same work as ours: as many features as there are, the same buffer, one layer, no look at the catalogue in between.
PEER = {
    "TIPG_MAX_FEATURES_PER_TILE": "1000000",
    "TIPG_TILE_BUFFER": "64",
    "TIPG_CATALOG_TTL": "0",
    "TIPG_SORT_COLUMNS": "false",
    "TIPG_DB_SCHEMAS": '["peer"]',
}


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where, its process id, seconds until it answered."""

    port: int
    pid: int
    seconds: float

    def client(self) -> Client:
        """A new connection."""
        return Client(self.port)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: body as sent, wall time in ms from the first byte asked to the last byte read."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    ms: float

    def json(self) -> Any:
        """The body as JSON. Raises RuntimeError for an error answer."""
        if self.status >= 400:
            raise RuntimeError(f"{self.status}: {self.body[:300]!r}")
        return msgspec.json.decode(self.body)


class Client:
    """One kept connection with Nagle off. Bare on purpose: what a client costs would even out the servers."""

    def __init__(self, port: int):
        self.port = port
        self._connect()
        self.headers = {"Host": f"127.0.0.1:{port}", "Accept-Encoding": "gzip"}

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, **headers: str) -> Reply:
        """GET with these headers beside the client's own."""
        return self._ask("GET", path, headers, b"")

    def post(self, path: str, form: Any) -> Reply:
        """POST of JSON."""
        return self._ask("POST", path, {"Content-Type": "application/json"}, msgspec.json.encode(form))

    def sign_in(self) -> Client:
        """Sign in as a page does: by session cookie and CSRF token."""
        page = self.get("/sign-in")
        self._keep_cookie(page)
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page.body) or re.search(rb'value="([^"]+)"[^>]*name="csrf_token"', page.body)
        self.headers["X-CSRF-Token"] = token[1].decode()
        reply = self.post("/sign-in", {"account": ACCOUNT, "password": PASSWORD})
        self.headers["X-CSRF-Token"] = reply.json()["csrf"]
        self._keep_cookie(reply)
        return self

    def _keep_cookie(self, reply: Reply) -> None:
        if "set-cookie" in reply.headers:
            self.headers["Cookie"] = reply.headers["set-cookie"].split(";", 1)[0]

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in {**self.headers, **headers}.items()),
        ]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        message = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            return self._answer(message)
        except ConnectionError:  # a server lets go of a connection nobody used for a while
            self.close()
            self._connect()
            return self._answer(message)

    def _answer(self, message: bytes) -> Reply:
        began = perf_counter()
        self._socket.sendall(message)
        head, _, rest = self._until(bytearray(), b"\r\n\r\n").partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in others)}
        whole = self._chunks(rest) if found.get("transfer-encoding") == "chunked" else self._exactly(rest, int(found.get("content-length", 0)))
        return Reply(int(first.split()[1]), found, whole, (perf_counter() - began) * 1e3)

    def _exactly(self, held: bytearray, size: int) -> bytes:
        while len(held) < size:
            held += self._read()
        return bytes(held)

    def _until(self, held: bytearray, end: bytes) -> bytearray:
        while end not in held:
            held += self._read()
        return held

    def _chunks(self, held: bytearray) -> bytes:
        whole = b""
        while True:
            held = self._until(held, b"\r\n")
            line, _, held = held.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            while len(held) < size + 2:
                held += self._read()
            if size == 0:
                return whole
            whole, held = whole + bytes(held[:size]), held[size + 2 :]

    def _read(self) -> bytes:
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionResetError("the server closed the connection")
        return part

    def close(self) -> None:
        """Let go."""
        self._socket.close()


@contextmanager
def weige(url: str, **settings: str) -> Iterator[Served]:
    """`weige serve` on a store; settings as environment, e.g. WEIGE_SERVER__TILE_CACHE_MB="0"."""
    with _process(["-m", "mapapp.cli", "--store", url, "serve", "--port", "0"], {**OURS, **settings}, "/healthz") as served:
        yield served


@contextmanager
def bare(folder: Path) -> Iterator[Served]:
    """A Flask application that answers /NAME with the bytes of the file NAME, on the server stack of `weige serve`."""
    with _process(["-m", "bench.bare", str(folder)], {}, "/") as served:
        yield served


@contextmanager
def tipg(database: str) -> Iterator[Served]:
    """The peer: tipg under one uvicorn process, whose own socket has Nagle off (asyncio sets it)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    with _process(arguments, {**PEER, "DATABASE_URL": database}, "/healthz", port) as served:
        yield served


@contextmanager
def _process(arguments: list[str], settings: Mapping[str, str], path: str, port: int | None = None) -> Iterator[Served]:
    """A Python program that serves; its port is the one it prints, unless it was told one."""
    began = perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        program = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **settings},
            text=True,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            if port is None:
                port = _printed_port(program)
            _wait_until_it_answers(program, port, path)
            yield Served(port, program.pid, perf_counter() - began)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-3000:])
            raise
        finally:
            program.terminate()
            program.wait(60)
            program.stdout.close()


def _printed_port(program: subprocess.Popen) -> int:
    for line in program.stdout:
        if found := re.search(r"http://[^/]*:(\d+)/", line):
            return int(found[1])
    raise RuntimeError(f"the server ended with {program.wait()}")


def _wait_until_it_answers(program: subprocess.Popen, port: int, path: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and program.poll() is None:
        try:
            client = Client(port)
            client.get(path)
            return client.close()
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server does not answer")
