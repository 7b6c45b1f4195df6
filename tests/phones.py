"""Simulated phones: each keeps its reports until the server says that it has them, through cuts and killed servers.

What a phone was told is compared with the store afterwards: an acknowledged report that is not there is lost, one that
is there twice is doubled.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

METRIC = "surveyed_households"
CUT = 0.15  # share of requests whose answer is lost
MOST = 6  # reports a phone sends at once
REST_S = (0.05, 0.3)  # after a refusal or a cut, everybody another time
AT = datetime(2026, 1, 20, tzinfo=UTC)


@dataclass
class Phone:
    """Owns its queue, in the order of what was tapped, and what it was told."""

    name: str
    token: str
    place: dict[str, int]
    dice: random.Random
    url: Callable[[], str]
    http: httpx.Client  # one for all: to make one takes longer than to report
    queue: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    last: int = 0
    resent: int = 0
    cut: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def tap(self, times: int) -> Phone:
        """So many reports of its place, each with another number."""
        for k in range(times):
            self.last = self.dice.randint(0, 40)
            at = (AT + timedelta(seconds=k)).isoformat()
            self.queue.append({**self.place, "at": at, "offline_id": f"{self.name}-{k}", "values": {METRIC: self.last}})
        return self

    def step(self) -> None:
        """Sends some of what it holds; keeps it unless it was told that the server has it."""
        some = self.queue[:self.dice.randint(1, MOST)]
        body = json.dumps({"reports": some})
        chance = self.dice.random()
        try:
            if chance < CUT:
                self.cut += 1
                return self._send_and_go(body)
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            answer = self.http.post(self.url() + "/api/reports", content=body, headers=headers)
        except (httpx.TransportError, OSError):
            self.cut += 1
            return time.sleep(self.dice.uniform(*REST_S))
        if answer.status_code in (429, 503):
            return time.sleep(self.dice.uniform(*REST_S))
        told = answer.raise_for_status().json()
        assert told["accepted"] + told["duplicates"] + len(told["rejected"]) == len(some)
        self.refused += told["rejected"]
        self.resent += told["duplicates"]
        self.acknowledged.update(report["offline_id"] for report in some)
        del self.queue[:len(some)]

    def _send_and_go(self, body: str) -> None:
        """The line is cut when all is sent, or halfway: the answer never arrives."""
        there = urlsplit(self.url())
        head = (f"POST /api/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        whole = (head + body).encode()
        with socket.create_connection((there.hostname, there.port), timeout=10) as line:
            line.sendall(whole if self.dice.random() < 0.7 else whole[:self.dice.randrange(len(whole))])
            time.sleep(self.dice.uniform(0, 0.01))


def all_sent(phones: list[Phone], at_once: int, stop: Callable[[], bool] = lambda: False, patience_s: float = 600) -> None:
    """Until every phone was told that the server has everything; so many send at the same time."""
    until, faults = time.monotonic() + patience_s, []
    turn, left = threading.Lock(), [phone for phone in phones if phone.queue]
    dice = random.Random(0)

    def work() -> None:
        while time.monotonic() < until and not faults and not stop():
            with turn:
                if not left:
                    return
                phone = left.pop(dice.randrange(len(left)))
            try:
                phone.step()
            except BaseException as fault:
                faults.append(fault)
                raise
            with turn:
                if phone.queue:
                    left.append(phone)
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda _: work(), range(at_once)))
    assert not faults and not any(phone.queue for phone in phones), "phones still wait"
