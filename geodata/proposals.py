"""Proposals how to divide ground: searched once, remembered, told while the search goes on, kept for other processes.

A search takes seconds and holds nobody off: inside a transaction a proposal is only looked up. Where it is not at hand
`Unsearched` leaves the transaction, the search is made outside, and the operation is run again (`patiently`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import numpy as np
import shapely

from layers.cells import Town
from layers.division import Proposal, Wish, propose
from layers.errors import StoreBusy
from layers.search import Aim

MOST_FACES = 150_000  # of all proposals remembered: three of a street for a few people at a time
MOST_GROUPS = 1_000  # searches of one division, one a parent
LONG = 600  # buildings and twenty pieces a part: a search in more of them takes longer than two seconds
Tell = Callable[[float], None]  # share done, 0 ... 1; what it raises stops the search
Recall = Callable[[bytes], Proposal | None]


class Unsearched(Exception):
    """The proposal is not at hand; searching for it takes long. `whole` is the town of all that is divided."""

    def __init__(self, ground: np.ndarray, town: Town, wish: Wish, whole: Town):
        super().__init__()
        self.ground, self.town, self.wish, self.whole = ground, town, wish, whole

    @property
    def long(self) -> bool:
        """Whether all of it may take more than two seconds: then it is a job with progress, which can be stopped."""
        middle = (self.wish.least + self.wish.most) / 2
        parts = self.wish.parts or self.whole.total / max(1.0, middle)
        return len(self.whole.buildings) + 20 * parts > LONG

    def search(self) -> Proposal:
        """Makes and remembers it."""
        made = found(self.ground, self.town, self.wish, None)
        _remember(_key(self.ground, self.town, self.wish), made)
        return made


@dataclass(frozen=True, slots=True)
class Proposals:
    """Where a division takes its proposals from: `over(town)` gives what `redraw.divide` asks. With `search` false they
    are only looked up; `recall` knows those of other processes; `tell` hears how far the search over the whole town is,
    `note` each proposal with its key; `find` searches elsewhere than here."""

    search: bool = True
    tell: Tell | None = None
    recall: Recall | None = None
    note: Callable[[bytes, Proposal], None] | None = None
    find: Callable[[np.ndarray, Town, Wish, Tell | None], Proposal] | None = None

    def over(self, whole: Town) -> Callable[[np.ndarray, Town, Wish], Proposal]:
        """The proposals for the ground of this town, group by group."""
        done = 0.0

        def proposed(ground: np.ndarray, town: Town, wish: Wish) -> Proposal:
            nonlocal done
            key = _key(ground, town, wish)
            made = _known(key) or (_recalled(key, self.recall) if self.recall is not None else None)
            share = town.total / whole.total if whole.total else 0.0
            if made is None and not self.search:
                raise Unsearched(ground, town, wish, whole)
            if made is None:
                began = done
                tell = None if self.tell is None else lambda part: self.tell(min(1.0, began + share * part))
                made = (self.find or found)(ground, town, wish, tell)
                _remember(key, made)
            done += share
            if self.note is not None:
                self.note(key, made)
            if self.tell is not None:
                self.tell(min(1.0, done))
            return made
        return proposed


SEARCHED, AT_HAND = Proposals(), Proposals(search=False)


def patiently(run: Callable[[], Any]) -> Any:
    """Runs what may meet a proposal that is not at hand, searching in between, outside of whatever `run` holds."""
    for _ in range(MOST_GROUPS):
        try:
            return run()
        except Unsearched as lacking:
            lacking.search()
    raise StoreBusy("others keep changing what is divided; try again")


# ---- remembered ------------------------------------------------------------------------------------------------------
_kept: OrderedDict[bytes, Proposal] = OrderedDict()
_guard = threading.Lock()


def _known(key: bytes) -> Proposal | None:
    with _guard:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
        return found


def _remember(key: bytes, made: Proposal) -> None:
    with _guard:
        _kept[key] = made
        _kept.move_to_end(key)
        while len(_kept) > 1 and sum(len(one.faces) for one in _kept.values()) > MOST_FACES:
            _kept.popitem(last=False)


def _recalled(key: bytes, recall: Recall) -> Proposal | None:
    found = recall(key)
    if found is not None:
        _remember(key, found)
    return found


def found(ground: np.ndarray, town: Town, wish: Wish, tell: Tell | None) -> Proposal:
    """The search itself."""
    return propose(ground, town, wish, tell)


def forget() -> None:
    """Forgets all, as a new process."""
    with _guard:
        _kept.clear()


def _key(ground: np.ndarray, town: Town, wish: Wish) -> bytes:
    digest = hashlib.sha256(repr(wish).encode())
    counted = np.empty(len(town.counted), object)
    counted[:] = [shape for shape, _ in town.counted]
    for shapes in (ground, town.buildings, town.lines, counted):
        digest.update(len(shapes).to_bytes(8, "big"))
        for wkb in shapely.to_wkb(shapes):
            digest.update(wkb)
    for numbers in (town.households, town.dear, np.array([number for _, number in town.counted])):
        digest.update(numbers.astype(float).tobytes())
    return digest.digest()


# ---- as bytes, for other processes -----------------------------------------------------------------------------------
_KINDS = {kind.__name__: kind for kind in (Proposal, Aim)}


def packed(made: dict[bytes, Proposal]) -> bytes:
    """Proposals by their keys."""
    return msgspec.msgpack.encode([(key, _plain(one)) for key, one in made.items()])


def unpacked(data: bytes) -> dict[bytes, Proposal]:
    """The same back."""
    return {key: _made(one) for key, one in msgspec.msgpack.decode(data)}


def _plain(value: Any) -> Any:
    """Shapes as WKB, numbers as bytes, all with a letter in front that says what it was."""
    if type(value).__name__ in _KINDS:
        return ["record", type(value).__name__, {field.name: _plain(getattr(value, field.name)) for field in fields(value)}]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return ["shapes", [bytes(wkb) for wkb in shapely.to_wkb(value)]]
    if isinstance(value, np.ndarray):
        return ["numbers", value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]
    if isinstance(value, list | tuple):
        return ["tuple" if isinstance(value, tuple) else "list", [_plain(one) for one in value]]
    return ["value", value.item() if isinstance(value, np.generic) else value]


def _made(value: Any) -> Any:
    kind, *rest = value
    if kind == "record":
        return _KINDS[rest[0]](**{name: _made(one) for name, one in rest[1].items()})
    if kind == "shapes":
        shapes = np.empty(len(rest[0]), object)
        shapes[:] = list(shapely.from_wkb(np.array(rest[0], object))) if rest[0] else []
        return shapes
    if kind == "numbers":
        return np.frombuffer(rest[2], rest[0]).reshape(rest[1]).copy()
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(_made(one) for one in rest[0])
    return rest[0]
