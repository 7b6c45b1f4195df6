"""The hub of the live stream: tails the journal once per process, judges each event once per scope, hands it to every
watcher of that scope. Who comes back names the last event he saw and gets what he missed: from memory, else from the table,
else the word to read everything anew.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from geodata.accounts import Account
from geodata.journal import Event, Journal, events_since
from layers.errors import WeigeError
from layers.schema import LAYERS

from .live_status import in_sight, merged, with_figures
from .presence import RANKS, Presence

MOST_A_SECOND = 4  # messages about edits to one watcher
CROWD_S = 0.25  # between two about who is here
RING = 4096  # events kept in memory for who comes back
MOST_MISSED = 5000  # events somebody is told afterwards; who missed more reads everything anew
QUEUE = 64  # messages a watcher may lag behind before he is let go
BEAT_S = 8.0  # so often something is said: a page may tell after 10 s that the line is silent
GUARD_S = 1.0  # so often it is looked whether sessions end or rights change
LEVEL_S = 1.0  # before somebody is let go he hears what was committed until then, unless that takes longer
RECHECK_S = 60.0  # and every watcher is judged anew, whatever happened
RETRY_MS = (1000, 5000)  # when to come back: everybody at another moment
WAIT_S = 3.0  # how long somebody who saw more than this process did waits for it
log = logging.getLogger("weige.live")
_PUBLIC = frozenset(name for name, layer in LAYERS.items() if layer.public)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a watcher may hear: `see` are the paths in sight, `named` those where he may know who did something; None =
    everywhere. Watchers of one scope get the same bytes."""

    see: tuple[str, ...] | None
    named: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A watcher the gate let in: whose stream, by which session or token, until when (seconds of the epoch), and the
    last event he saw."""

    account: Account
    key: str
    by_token: bool
    until: float
    scope: Scope
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event, ready to be judged: the paths of the areas it is about. `role` is what its author is called."""

    seq: int
    kind: str
    data: dict[str, Any]
    paths: tuple[str, ...]
    role: str | None = None


@dataclass(eq=False, slots=True)
class Seat:
    """One watcher. `post(seats, chunk, seq)` brings bytes to many of them; chunk None ends the stream."""

    ticket: Ticket
    post: Callable[[Sequence[Seat], bytes | None, int], None]
    queue: Any = None
    seq: int = 0  # the last event that was put into its first bytes
    task: Any = None


Post = Callable[[Sequence[Seat], bytes | None, int], None]


@dataclass(eq=False)
class Hub:
    """Owns the watchers, the ring and two threads; begins with the first watcher. Public: join, leave, close, figures."""

    held: Any  # mapapp.state.State
    journal: Journal = field(init=False)
    presence: Presence = field(init=False)
    seq: int = -1  # the last event told
    dropped: int = 0

    def __post_init__(self) -> None:
        self._scopes: dict[Scope, set[Seat]] = {}
        self._ring: deque[Told] = deque(maxlen=RING)
        self._turn = threading.Lock()
        self._started = threading.Lock()
        self._ended = threading.Event()
        self._guard: threading.Thread | None = None
        self._crowd = threading.Event()  # who is here changed
        self._roles: dict[str, tuple[str | None, float]] = {}
        self.presence = Presence(self._crowd.set, lambda text: self.journal.say(text))
        self.journal = Journal(self.held.store, self._take, most_a_second=MOST_A_SECOND, heard=self.presence.take)

    # ---- watchers ------------------------------------------------------------------------------------------------
    def join(self, seat: Seat) -> bytes:
        """The watcher is one of us from now on; answers the first bytes: when to come back, what he missed, who is here."""
        self._start()
        since = seat.ticket.since
        first = b"retry: %d\n\n" % random.randint(*RETRY_MS)
        missed = self._missed(seat, since)
        if self._ended.is_set() or not self._stands(seat.ticket):  # in the moment between gate and seat
            self._end([seat])
        if missed is None:
            return first + self._reset() + self._crowd_of(seat.ticket.scope)
        frames = [_frame(told, seat.ticket, late=True) for told in missed]
        return first + b"".join(filter(None, frames)) + b"id: %d\n\n" % seat.seq + self._crowd_of(seat.ticket.scope)

    def leave(self, seat: Seat) -> bool:
        """He is gone; false when he was gone before."""
        with self._turn:
            seats = self._scopes.get(seat.ticket.scope)
            if seats is None or seat not in seats:
                return False
            seats.remove(seat)
            if not seats:
                del self._scopes[seat.ticket.scope]
            return True

    def drop(self, seat: Seat) -> None:
        """He reads too slowly: he is let go and comes back for what he missed. Counted once, however many messages
        were on their way to him."""
        if self.leave(seat):
            self.dropped += 1

    def figures(self) -> dict[str, int]:
        """How many watch, in how many scopes; the last event told; how many were let go."""
        with self._turn:
            return {"watchers": sum(map(len, self._scopes.values())), "scopes": len(self._scopes), "seq": self.seq,
                    "dropped": self.dropped}

    def close(self) -> None:
        """Ends every stream and both threads."""
        self._ended.set()
        self._crowd.set()
        with self._started:  # the first watcher, who comes just now, has begun both or finds that it is over
            self._post(self._everybody(), None)
        self.journal.close()
        if self._guard is not None:
            self._guard.join(10)

    def _start(self) -> None:
        with self._started:
            if self._guard is not None or self._ended.is_set():
                return
            self.seq = self.held.store.head()[1]
            self.journal.start(self.seq)
            self._guard = threading.Thread(target=self._watch_over, name="weige-guard", daemon=True)
            self._guard.start()

    def _missed(self, seat: Seat, since: int | None) -> list[Told] | None:
        """Takes the seat; answers the events after `since` up to the next message, None when there are too many."""
        until = time.monotonic() + WAIT_S
        while since is not None and since > self.seq and time.monotonic() < until and not self._ended.is_set():
            if since > self.held.store.head()[1]:  # of a store that is no more
                break
            self.journal.wake()  # another process told him; this one hears of it in a moment
            time.sleep(0.02)
        missed: list[Told] = []
        while True:
            with self._turn:
                floor = self._ring[0].seq - 1 if self._ring else self.seq
                if since is None or floor <= since <= self.seq or since > self.seq or len(missed) > MOST_MISSED:
                    lost = since is not None and (since > self.seq or len(missed) > MOST_MISSED)
                    if not lost and since is not None:
                        missed += [told for told in self._ring if told.seq > since]
                    seat.seq = self.seq
                    self._scopes.setdefault(seat.ticket.scope, set()).add(seat)
                    return None if lost else missed
            with self.held.store.read() as reader:
                events = events_since(reader, since, until=floor)
            missed += self._resolve(events)
            since = events[-1].seq if events else floor

    # ---- what is told --------------------------------------------------------------------------------------------
    def _take(self, events: Sequence[Event] | None) -> None:
        """In the thread of the journal: every event once."""
        if events is None:
            with self._turn:
                self._ring.clear()
                self.seq = self.journal.seq
                for seats in self._scopes.values():
                    for seat in seats:
                        seat.seq = -1  # what comes now is numbered from an earlier event on
            self._post(self._everybody(), self._reset())
            return
        told = self._resolve(events)
        by_post: dict[tuple[Hashable, bytes], list[Seat]] = {}
        with self._turn:
            self._ring.extend(told)
            self.seq = events[-1].seq
            for scope, seats in self._scopes.items():
                shared = [(one, None if "to" in one.data else _frame(one, scope)) for one in told]
                common = b"".join(frame for _, frame in shared if frame)
                named = {name for one in told for name in one.data.get("to", ())}
                for seat in seats:
                    chunk = common
                    if seat.ticket.account.name in named:
                        chunk = b"".join(filter(None, (frame or _frame(one, seat.ticket) for one, frame in shared)))
                    if chunk:
                        by_post.setdefault((seat.post, chunk), []).append(seat)
            # Inside the turn: a beat must never name an event that a watcher has yet to get.
            for (post, chunk), seats in by_post.items():
                post(seats, chunk, self.seq)

    def _resolve(self, events: Sequence[Event]) -> list[Told]:
        """The same with the areas where they lie now."""
        self.held.sync()
        nodes = self.held.cache.nodes
        told = []
        for event in merged(events):
            data = event.data if isinstance(event.data, dict) else {}
            if event.kind == "status":
                data = with_figures(self.held, data)
            fids = {*(data.get("areas") or ()), *(data.get("owners") or ())}
            paths = tuple(sorted({nodes[fid].path for fid in fids if fid in nodes}))
            told.append(Told(event.seq, event.kind, {**data, "at": event.at}, paths, self._role_of(event.actor)))
        return told

    def _role_of(self, actor: str | None) -> str | None:
        """What an account is called: its role."""
        if actor is None:
            return None
        known = self._roles.get(actor)
        if known is None or known[1] < time.monotonic():
            account = self.held.accounts.get(actor)
            role = next((one for one in RANKS if account is not None and one in account.roles), None)
            if len(self._roles) > 2000:
                self._roles.clear()
            known = self._roles[actor] = role, time.monotonic() + RECHECK_S
        return known[0]

    def _reset(self) -> bytes:
        return b"id: %d\nevent: reset\ndata: %s\n\n" % (self.seq, msgspec.json.encode({"seq": self.seq, "rev": self.held.cache.rev}))

    def _crowd_of(self, scope: Scope) -> bytes:
        who = self.presence.shown(scope.see, self.held.cache.nodes)
        return b"event: presence\ndata: %s\n\n" % msgspec.json.encode({"who": who})

    def _everybody(self) -> list[Seat]:
        with self._turn:
            return [seat for seats in self._scopes.values() for seat in seats]

    def _post(self, seats: Iterable[Seat], chunk: bytes | None) -> None:
        """To these, whatever they saw before."""
        by_post: dict[Post, list[Seat]] = {}
        for seat in seats:
            by_post.setdefault(seat.post, []).append(seat)
        for post, some in by_post.items():
            post(some, chunk, -1)

    # ---- the guard -----------------------------------------------------------------------------------------------
    def _watch_over(self) -> None:
        """A beat now and then, who is here when that changes, and the end of streams whose account may no longer look."""
        beat, check, seen, rest = time.monotonic() + BEAT_S, time.monotonic() + RECHECK_S, None, 0.0
        leaving, level, due = [], -1, 0.0  # they go when everything up to `level` was told, at `due` in any case
        while not self._ended.is_set():
            changed = self._crowd.wait(min(GUARD_S, LEVEL_S / 20) if leaving else GUARD_S)
            self._crowd.clear()
            if self._ended.is_set():
                return
            now = time.monotonic()
            try:
                self.presence.sweep()
                self._end(seat for seat in self._everybody() if seat.ticket.until < time.time())
                accounts = self.held.accounts.state()
                if not leaving and ((accounts != seen and now >= rest) or now >= check):
                    leaving = self._judged()
                    level, due = self.held.store.head()[1], time.monotonic() + LEVEL_S  # read after them: it holds what ends them
                    seen, check = accounts, now + RECHECK_S
                    rest = now + 20 * (time.monotonic() - now)  # looking takes a twentieth of the time at most
                if leaving and (self.seq >= level or now >= due):  # what was still theirs they hear
                    self._end(leaving)
                    leaving = []
                if changed or now >= beat:
                    self._beat()
                    beat = now + BEAT_S
            except (WeigeError, SQLAlchemyError) as error:
                log.info("nobody can be judged for now: %s", error)
            except Exception:
                log.exception("the guard of the live stream stumbled")
            if changed:
                self._ended.wait(CROWD_S)

    def _beat(self) -> None:
        """Keeps connections open, tells where the stream stands and who is here."""
        with self._turn:
            for scope, seats in self._scopes.items():
                self._post(seats, b": beat\nid: %d\n\n%s" % (self.seq, self._crowd_of(scope)))

    def _judged(self) -> list[Seat]:
        """Those whose account, session or rights are no longer what they were."""
        stands: dict[Ticket, bool] = {}
        out = []
        for seat in self._everybody():
            key = replace(seat.ticket, since=None, until=0)  # many pages share a session
            if key not in stands:
                stands[key] = self._stands(key)
            if not stands[key]:
                out.append(seat)
        return out

    def _stands(self, ticket: Ticket) -> bool:
        accounts = self.held.accounts
        account = accounts.by_token(ticket.key) if ticket.by_token else accounts.by_session(ticket.key)
        return account is not None and _grants(account) == _grants(ticket.account) and (
            scope_of(self.held.rights_of(account)) == ticket.scope)

    def _end(self, seats: Iterable[Seat]) -> None:
        some = list(seats)
        for seat in some:
            self.leave(seat)
        self._post(some, None)


def scope_of(rights: Any) -> Scope:
    """What the holder of these rights may hear."""
    return Scope(rights.filter("see"), rights.filter("see_personal"))


def _grants(account: Account) -> tuple[Any, ...]:
    return account.name, account.grants, account.epoch


# ---- frames ------------------------------------------------------------------------------------------------------------
def _frame(told: Told, who: Scope | Ticket, *, late: bool = False) -> bytes | None:
    """The event as these may hear it; None when they may not. `late` marks what somebody missed."""
    scope, account = (who.scope, who.account.name) if isinstance(who, Ticket) else (who, None)
    if told.kind == "status":
        data = in_sight(told.seq, told.data, scope.see)
    else:
        data = _edit(told, scope) if told.kind == "edit" else _other(told, scope, account)
    if data is None:
        return None
    if late:
        data |= {"late": True}
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (told.seq, told.kind.encode(), msgspec.json.encode(data))


def _edit(told: Told, scope: Scope) -> dict[str, Any] | None:
    """A revision. Outside the sight only what every map shows, borders and codes: that ground changed, and where."""
    data = told.data
    if scope.see is None or data.get("all") or any(path.startswith(scope.see) for path in told.paths):
        shown = {name: data.get(name) for name in ("rev", "op", "areas", "layers", "bounds", "facts", "at")}
        if data.get("all"):
            shown["all"] = True
        named = scope.named is None or any(path.startswith(scope.named) for path in told.paths)
        return shown | {"by": told.role if named else None}
    layers = [layer for layer in data.get("layers", ()) if layer == "areas" or layer in _PUBLIC]
    if not layers:
        return None
    return {"rev": data.get("rev"), "op": None, "areas": [], "layers": layers, "bounds": data.get("bounds"), "facts": False,
            "at": data["at"], "by": None}


def _other(told: Told, scope: Scope, account: str | None) -> dict[str, Any] | None:
    """Anything else: to whom it names, else to who sees its areas."""
    data = {name: value for name, value in told.data.items() if name not in ("to", "owners")}
    if "to" in told.data:
        return data if account in told.data["to"] else None
    seen = scope.see is None or not told.data.get("areas") or any(path.startswith(scope.see) for path in told.paths)
    return data if seen else None
