"""The live stream: a thousand watchers while people redraw, before, during and after a cut of all their connections."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from geodata.store import Store

from . import serving
from .drawing import forms
from .province import Places
from .report import ROOT, Aims, section, spread, table

WATCHERS, PROCESSES = 1000, 4
RATE = 5  # commits a second
STEADY_S, CUT_S, AFTER_S = 60, 60, 30
SETTLE_S = 20  # until who came back has been told everything
AIM_MS = 500  # p99, commit to client


@dataclass
class Crowd:
    """Owns the processes of the watchers. Public: ask."""

    processes: list[subprocess.Popen]

    def ask(self, command: str) -> list[dict]:
        """Tells all of them, then waits for their answers."""
        for process in self.processes:
            process.stdin.write(command + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self.processes]


@dataclass
class Editing:
    """Redraws at an even pace in a thread. Public: done."""

    store: Store
    client: serving.Client
    done: int = 0
    ms: list[float] = field(default_factory=list)
    answered: dict[int, float] = field(default_factory=dict)  # revision -> seconds of the epoch

    def run(self, until: threading.Event) -> None:
        turn = time.monotonic()
        for form in forms(self.store, 5):
            asked = {key: value for key, value in form.items() if key != "undo"}
            reply = self.client.post("/api/edits", asked)
            if reply.status == 200:
                self.done += 1
                self.answered[reply.json()["rev"]] = time.time()
                self.ms.append(reply.ms)
                turn += 1 / RATE
            if until.wait(max(0.0, turn - time.monotonic())):
                return
            turn = max(turn, time.monotonic() - 1)  # what was too slow is not made up for in a rush


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    place = places.names[0]
    for kind in places.kinds:
        with section(f"Live: {place}, {kind}"), places.open(place, kind) as store:
            with serving.weige(places.url(place, kind)) as served:
                _measure(store, served, f"{place}, {kind}", aims)


def _measure(store: Store, served: serving.Served, name: str, aims: Aims) -> None:
    client = served.client().sign_in()
    server = psutil.Process(served.pid)
    begin = store.head()[1]
    before, end = server.memory_info().rss, threading.Event()
    editing = Editing(store, client)
    with _crowd(served.port, client.headers["Cookie"], begin) as crowd:
        joined = time.monotonic()
        _all_open(crowd.ask("join"))
        joined = time.monotonic() - joined
        editor = threading.Thread(target=editing.run, args=(end,))
        editor.start()
        cpu, began = _cpu(server), time.monotonic()
        time.sleep(STEADY_S)
        cpu, full, rate = (_cpu(server) - cpu) / (time.monotonic() - began), server.memory_info().rss, editing.done / (time.monotonic() - began)
        heard = [one for told in crowd.ask("tell") for one in told["heard"]]
        crowd.ask("cut")
        time.sleep(CUT_S)
        back, back_cpu = time.monotonic(), _cpu(server)
        _all_open(crowd.ask("join"))
        back, back_cpu = time.monotonic() - back, _cpu(server) - back_cpu
        time.sleep(AFTER_S)
        end.set()
        editor.join()
        time.sleep(SETTLE_S)
        told = crowd.ask("tell")
    expected = range(begin + 1, store.head()[1] + 1)
    lost, double = _missing([seqs for one in told for seqs in one["seqs"]], expected)
    steady = [(came - began) * 1e3 for _, began, came in heard]
    after = [max(0.0, came - editing.answered[rev]) * 1e3 for rev, _, came in heard if rev in editing.answered]
    p50, p95, p99 = spread(steady)
    table(f"{name}: {WATCHERS:,} watchers, {rate:.1f} redraws a second", ("what", "value"), [
        ("begin of the commit's transaction to client p50", f"{p50:.0f} ms"), ("p95", f"{p95:.0f} ms"), ("p99", f"{p99:.0f} ms"),
        ("longest", f"{max(steady, default=0):.0f} ms"),
        ("answer to the planner to client p50, p95, p99", ", ".join(f"{ms:.0f} ms" for ms in spread(after))),
        ("messages measured", f"{len(steady):,}"),
        ("redraw over HTTP meanwhile, p95", f"{spread(editing.ms)[1]:.0f} ms"),
        ("server CPU, one core = 100 %", f"{cpu:.0%}"), ("memory before", f"{before / 1e6:.0f} MB"), ("memory with watchers", f"{full / 1e6:.0f} MB"),
        ("all connected after", f"{joined:.1f} s"), (f"all back after the cut of {CUT_S} s", f"{back:.1f} s, {back_cpu:.1f} s of CPU"),
        ("events", f"{len(expected):,}"), ("told in all", f"{sum(len(seqs) for one in told for seqs in one['seqs']):,}"),
        ("lost", f"{lost:,}"), ("double", f"{double:,}")])
    aims.judge(f"commit to client, {name}, {WATCHERS:,} watchers", f"p99 <= {AIM_MS} ms", f"{p99:.0f} ms", p99 <= AIM_MS)
    aims.judge(f"after a cut of {CUT_S} s, {name}", "0 lost, 0 double", f"{lost} lost, {double} double", lost == double == 0)


@contextmanager
def _crowd(port: int, cookie: str, since: int) -> Iterator[Crowd]:
    processes = [subprocess.Popen([sys.executable, "-m", "bench.watchers", str(port), cookie, str(WATCHERS // PROCESSES), str(since)], cwd=ROOT,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    try:
        yield Crowd(processes)
    finally:
        for process in processes:
            process.terminate()
            process.wait(30)
            process.stdin.close()
            process.stdout.close()


def _all_open(answers: list[dict]) -> None:
    there = sum(answer["open"] for answer in answers)
    if there < WATCHERS:
        raise RuntimeError(f"only {there} of {WATCHERS} watchers are connected")


def _cpu(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def _missing(heard: list[list[int]], expected: range) -> tuple[int, int]:
    """(lost, double) over all watchers."""
    lost = sum(len(set(expected) - set(seqs)) for seqs in heard)
    return lost, sum(len(seqs) - len(set(seqs)) for seqs in heard)
