"""Several processes behind one port: a manager that binds once, hands the socket to its workers and keeps them alive.

Never `uvicorn --workers`: it leaves Nagle's algorithm on, which costs 40 ms an answer (measured). A worker that dies is
replaced, later each time it dies young; SIGTERM and SIGINT end all of them gracefully; when the manager itself is
killed, the pipe that every worker watches breaks, and they end as well.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from .logs import logger

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # before a worker that died is replaced: doubled each time
GROWN_UP_S = 60.0  # a worker that lived so long died by accident: the next one waits the shortest time
STOP_S = 30.0  # workers that have not ended so long after SIGTERM are killed
LOOK_S = 0.2
Work = Callable[[int, Callable[[], None]], int]  # (number, ready) -> exit code; calls ready once it serves


@dataclass(slots=True)
class _Worker:
    """One place among the workers, and the process that has it now."""

    number: int
    pid: int = 0
    since: float = 0.0
    wait_s: float = FIRST_WAIT_S
    again_at: float = 0.0
    ready: int = -1  # where its process says that it serves


@dataclass(slots=True)
class Workers:
    """Owns the processes. Public: run."""

    count: int
    work: Work
    on_ready: Callable[[], None]  # once, when the first worker serves
    on_end: Callable[[int], None] = lambda pid: None
    _places: list[_Worker] = field(default_factory=list)
    _stopping: bool = False
    _announced: bool = False
    _alive: tuple[int, int] = (-1, -1)  # the pipe whose end means that the manager is gone

    def run(self) -> int:
        """Starts the workers and keeps them until a signal ends all; answers the exit code."""
        gc.collect()
        gc.freeze()  # what is loaded is never searched for garbage: its pages stay shared with the workers
        self._alive = os.pipe()
        self._places = [_Worker(number) for number in range(1, self.count + 1)]
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGTERM, signal.SIGINT)}
        code = 0
        try:
            while not self._stopping:
                for place in self._places:
                    if not place.pid and time.monotonic() >= place.again_at:
                        self._start(place)
                self._hear()
                code = self._reap()
                if code and not self._announced:  # never served: starting again would not help
                    break
                if not self._stopping:
                    time.sleep(LOOK_S)
                code = 0
        finally:
            self._end()
            for one, handler in before.items():
                signal.signal(one, handler)
            for end in self._alive:
                os.close(end)
        return code

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, place: _Worker) -> None:
        told, tell = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            os.close(told)
            _become(self.work, place.number, self._alive, tell)
        os.close(tell)
        os.set_blocking(told, False)
        place.pid, place.since, place.ready = pid, time.monotonic(), told
        logger().info("worker started", number=place.number, pid=pid)

    def _hear(self) -> None:
        for place in self._places:
            said = _said(place.ready) if place.ready >= 0 else b""
            if said is None:  # not yet
                continue
            if place.ready >= 0:
                os.close(place.ready)
                place.ready = -1
            if said and not self._announced:
                self._announced = True
                self.on_ready()

    def _reap(self) -> int:
        """Notes who has ended; answers the exit code of the last one."""
        code = 0
        for place in self._places:
            if not place.pid:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if not pid:
                continue
            code = os.waitstatus_to_exitcode(status) or 1
            lived = time.monotonic() - place.since
            if lived >= GROWN_UP_S:
                place.wait_s = FIRST_WAIT_S
            wait_s, place.wait_s = place.wait_s, min(place.wait_s * 2, LONGEST_WAIT_S)
            place.again_at = time.monotonic() + wait_s
            place.pid = 0
            self.on_end(pid)
            if not self._stopping:
                logger().warning("worker ended", number=place.number, pid=pid, lived_s=round(lived, 1),
                                 **({"signal": -code} if code < 0 else {"code": code}), again_in_s=wait_s)
        return code

    def _end(self) -> None:
        """All workers finish what they answer, then they are gone; who takes too long is killed."""
        for place in self._places:
            _signal(place.pid, signal.SIGTERM)
        until = time.monotonic() + STOP_S
        self._stopping = True
        while any(place.pid for place in self._places):
            self._reap()
            if time.monotonic() > until:
                for place in self._places:
                    _signal(place.pid, signal.SIGKILL)
            time.sleep(LOOK_S / 4)
        for place in self._places:
            if place.ready >= 0:
                os.close(place.ready)
                place.ready = -1


def _become(work: Work, number: int, alive: tuple[int, int], tell: int) -> None:
    """The life of a worker; never returns."""
    code = 1
    try:
        os.close(alive[1])  # only the manager holds that end
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_DFL)
        threading.Thread(target=_end_with_manager, args=(alive[0],), name="weige-manager", daemon=True).start()

        def ready() -> None:
            os.write(tell, b"!")
            os.close(tell)
        code = work(number, ready)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        logger().error("worker could not go on", number=number, exc_info=error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_manager(pipe: int) -> None:
    """Ends this process when the other end of the pipe is closed, gracefully if that is possible."""
    while True:
        try:
            if not os.read(pipe, 1):
                break
        except OSError:
            break
    logger().warning("the manager is gone: this worker ends")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os._exit(1)


def _said(pipe: int) -> bytes | None:
    """What the worker said, b"" when it will say nothing more, None when it has not spoken yet."""
    try:
        return os.read(pipe, 1)
    except BlockingIOError:
        return None


def _signal(pid: int, number: int) -> None:
    if pid:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
