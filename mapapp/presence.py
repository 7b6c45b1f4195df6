"""Who works where: role and letter, never a name or a face; kept in memory for a minute, shared by processes on one
PostgreSQL, written down nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from geodata.tree import Node

LASTS_S = 60.0  # gone when nothing was heard for so long; pages say it every 20 s
MOST_PATHS = 50  # of one account, in a message
MOST_HERE = 2000
# what somebody of several roles is called, the first that fits
RANKS = ("commander", "planner", "admin", "reporter", "viewer")


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody at work. `letter` tells people apart (0 = 甲, A); `paths` is where he may look."""

    key: str
    letter: int
    role: str
    area: int | None  # fid
    tool: str
    paths: tuple[str, ...]


class Presence:
    """Owns who is here. `tell()` is called when that changed; `say(text)` reaches the other processes.
    Public: put, gone, take, sweep, shown."""

    def __init__(self, tell: Callable[[], None] = lambda: None, say: Callable[[str], None] = lambda text: None):
        self._tell, self._say = tell, say
        self._here: dict[str, tuple[Here, float]] = {}  # with the time it ends, of the monotonic clock
        self._turn = threading.Lock()

    def put(self, key: str, roles: Iterable[str], area: int | None, tool: str, paths: Iterable[str]) -> Here:
        """Somebody is there; says so to everybody when it is news, to the other processes always."""
        role = next((one for one in RANKS if one in set(roles)), "viewer")
        with self._turn:
            was = self._here.get(key, (None, 0.0))[0]
            letter = was.letter if was is not None else self._letter()
            here = Here(key, letter, role, area, tool, tuple(paths)[:MOST_PATHS])
            self._keep(here)
        self._say(msgspec.json.encode(asdict(here)).decode())
        if here != was:
            self._tell()
        return here

    def gone(self, key: str) -> None:
        """Somebody left."""
        self._say(msgspec.json.encode({"gone": key}).decode())
        self._drop(key)

    def take(self, text: str) -> None:
        """What another process said (or this one: then it changes nothing)."""
        told = msgspec.json.decode(text)
        if "gone" in told:
            self._drop(told["gone"])
            return
        here = msgspec.convert(told, Here)
        with self._turn:
            was = self._here.get(here.key, (None, 0.0))[0]
            self._keep(here)
        if here != was:
            self._tell()

    def sweep(self) -> None:
        """Forgets who was not heard of lately."""
        now = time.monotonic()
        with self._turn:
            late = [key for key, (_, until) in self._here.items() if until < now]
            for key in late:
                del self._here[key]
        if late:
            self._tell()

    def shown(self, see: tuple[str, ...] | None, nodes: Mapping[int, Node]) -> list[dict[str, Any]]:
        """Whom an account may see that sees these paths (None = everything): who works on an area in its sight, or on
        none and may look there, too."""
        with self._turn:
            everybody = sorted((here for here, _ in self._here.values()), key=lambda here: (here.letter, here.key))
        return [_told(here, nodes) for here in everybody if _in_sight(here, see, nodes)]

    def _letter(self) -> int:
        taken = {here.letter for here, _ in self._here.values()}
        return next(number for number in range(MOST_HERE + 1) if number not in taken)

    def _keep(self, here: Here) -> None:
        if here.key not in self._here and len(self._here) >= MOST_HERE:
            del self._here[min(self._here, key=lambda key: self._here[key][1])]
        self._here[here.key] = here, time.monotonic() + LASTS_S

    def _drop(self, key: str) -> None:
        with self._turn:
            was = self._here.pop(key, None)
        if was is not None:
            self._tell()


def _in_sight(here: Here, see: tuple[str, ...] | None, nodes: Mapping[int, Node]) -> bool:
    if see is None:
        return True
    node = nodes.get(here.area) if here.area is not None else None
    if node is not None:
        return node.path.startswith(see)
    return any(path.startswith(see) or any(own.startswith(path) for own in see) for path in here.paths)


def _told(here: Here, nodes: Mapping[int, Node]) -> dict[str, Any]:
    node = nodes.get(here.area) if here.area is not None else None
    area = None
    if node is not None:
        west, south, east, north = node.bounds
        area = {"fid": node.fid, "code": node.code, "name": node.name, "level": node.level, "bounds": list(node.bounds),
                "where": [(west + east) / 2, (south + north) / 2]}
    return {"key": here.key, "letter": here.letter, "role": here.role, "tool": here.tool, "area": area}
