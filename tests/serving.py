"""`weige serve` as a process of its own, on a free port, stopped by its id."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 180  # a start takes 3 s on an idle machine
QUIET = {"WEIGE_SERVER__RATE_LIMIT": "", "WEIGE_SERVER__SIGN_IN_LIMIT": "10000/minute", "WEIGE_STORE__BUSY_TIMEOUT_S": "120",
         "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address and the process."""

    url: str
    process: subprocess.Popen


@contextmanager
def served(store: str, *arguments: str, log: Path | None = None, **settings: str) -> Iterator[Served]:
    """A server on that store until the block ends; settings as environment. Raises AssertionError with its log when it
    does not answer."""
    command = [sys.executable, "-m", "mapapp.cli", "--store", store, "serve", "--port", "0", *arguments]
    told = open(log or os.devnull, "a")
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **QUIET, **settings}, text=True, stdout=subprocess.PIPE, stderr=told)
    try:
        url = _address(process)
        _wait_until_it_answers(process, url)
        yield Served(url, process)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        told.close()


def _address(process: subprocess.Popen) -> str:
    for line in process.stdout:
        if found := re.search(r"http://[^/\s]+", line):
            return found[0]
    raise AssertionError(f"the server ended with {process.wait()}")


def _wait_until_it_answers(process: subprocess.Popen, url: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url + "/healthz", timeout=PATIENCE_S).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"the server at {url} does not answer")
