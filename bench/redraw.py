"""Redraw: preview, commit and undo of random edits of every kind that is drawn, in this process and over HTTP, and of lines
through many areas, in both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from geodata import committing, effects, redrawing, undoing
from geodata.coverage_cache import today
from geodata.store import Store
from geodata.transaction import Transaction
from layers.errors import EditRefused, UndoBlocked

from . import serving
from .drawing import Form, forms, lines
from .province import BUILT, Places
from .report import Aims, section, spread, table, timed

EDITS = 300  # accepted ones, per place, store and way
IN_PROCESS_MS, OVER_HTTP_MS, PREVIEW_MS = 50, 150, 50  # p95 of a commit, and of a preview over HTTP
FEW = 20  # areas that change, at most: what the promise of 50 and 150 ms is about
THROUGH, LINES, LINE_MS = (20, 50, 100), 12, 1000  # areas a line goes through, lines of each kind, longest preview and commit
COLUMNS = ("store", "way", "what", "times", "p50 ms", "p95 ms", "p99 ms", "longest")
LINE_COLUMNS = ("store", "areas crossed", "areas changed", "what", "times", "p50 ms", "p95 ms", "longest")
Each = Callable[[int], None]


@dataclass
class Times:
    """Owns the times in ms of what was done, by name, and the number of refusals."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    kinds: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0

    def add(self, what: str, seconds: float, op: str = "") -> None:
        """One more, of a kind of operation."""
        self.ms.setdefault(what, []).append(seconds * 1e3)
        self.kinds.setdefault(f"{what} {op}", []).append(seconds * 1e3)

    def rows(self, store: str, way: str) -> Iterator[tuple]:
        """Rows of a table."""
        for what, ms in self.ms.items():
            yield (store, way, what, str(len(ms)), *spread(ms), max(ms))

    def by_kind(self, store: str) -> Iterator[tuple]:
        """Rows of a table, one per kind of operation."""
        for what, ms in sorted(self.kinds.items()):
            yield (store, "over HTTP", what, str(len(ms)), *spread(ms), max(ms))


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    for place in dict.fromkeys(BUILT if name == "Province" else name for name in places.names):
        with section(f"Redraw: {place}"):
            rows, kinds, crossing = [], [], []
            for kind in places.kinds:
                with places.open(place, kind) as store:
                    inside = in_process(store, EDITS)
                    with serving.weige(places.url(place, kind)) as served:
                        client = served.client().sign_in()
                        outside = over_http(store, client, EDITS)
                        through = through_many(store, client)
                for way, times, aim in (("in process", inside, IN_PROCESS_MS), ("over HTTP", outside, OVER_HTTP_MS)):
                    rows += times.rows(kind, way)
                    p95 = spread(times.ms["commit"])[1]
                    aims.judge(f"commit {way}, {place}, {kind}", f"p95 <= {aim} ms", f"{p95:.0f} ms", p95 <= aim)
                p95 = spread(outside.ms["preview"])[1]
                aims.judge(f"preview over HTTP, {place}, {kind}", f"p95 <= {PREVIEW_MS} ms", f"{p95:.0f} ms", p95 <= PREVIEW_MS)
                kinds += outside.by_kind(kind)
                for (crossed, changed), times in through.items():
                    crossing += [(kind, str(crossed), str(changed), what, str(len(ms)), *spread(ms)[:2], max(ms)) for what, ms in times.ms.items()]
                longest = max(max(ms) for (crossed, _), times in through.items() for ms in times.ms.values() if crossed == THROUGH[-1])
                aims.judge(f"a line through {THROUGH[-1]} areas, {place}, {kind}", f"<= {LINE_MS} ms", f"{longest:.0f} ms at most",
                           longest <= LINE_MS)
            table(f"{place}: random edits of at most {FEW} areas", COLUMNS, rows)
            table(f"{place}: the same over HTTP by kind", COLUMNS, kinds)
            table(f"{place}: one line through many areas, over HTTP", LINE_COLUMNS, crossing)


def in_process(store: Store, edits: int, seed: int = 1) -> Times:
    """Through the store alone: preview with its figures, commit with its figures, undo."""
    times = Times()
    for form in forms(store, seed):
        asked = {key: value for key, value in form.items() if key != "undo"}
        try:
            changed, seconds = timed(partial(_preview, store, asked))
            if changed > FEW:
                continue
            times.add("preview", seconds)
            rev, seconds = timed(partial(_commit, store, asked))
            times.add("commit", seconds)
            if form["undo"]:
                times.add("undo", timed(partial(_undo, store, rev))[1])
        except (EditRefused, UndoBlocked):
            times.refused += 1
        if len(times.ms.get("commit", ())) >= edits:
            return times
    return times


def _preview(store: Store, form: Form) -> int:
    """How many areas would change."""
    with store.read() as reader:
        return len(effects.answer(reader, redrawing.draft(reader, form), today=today(store))["changed"])


def _commit(store: Store, form: Form) -> int:
    """The revision written."""

    def change(tx: Transaction) -> int:
        made = redrawing.draft(tx, form)
        fids, done = committing.save(tx, made)
        effects.answer(tx, done, today=today(store), fids=fids)
        return tx.taken

    return store.attempt("bench", form["op"], change, form=form)


def _undo(store: Store, rev: int) -> None:
    store.attempt("bench", "undo", lambda tx: undoing.undo(tx, rev))


def over_http(store: Store, client: serving.Client, edits: int, seed: int = 2, each: Each | None = None) -> Times:
    """The same by the API, as a page does it: the rights, the caches and the tiles brought in step. `store` is only read,
    to know where something can be drawn; `each` is called after every commit."""
    times = Times()
    for form in forms(store, seed):
        asked = {key: value for key, value in form.items() if key != "undo"}
        preview = client.post("/api/edits/preview", asked)
        if preview.status == 422:
            times.refused += 1
            continue
        if len(preview.json()["changed"]) > FEW:
            continue
        times.add("preview", preview.ms / 1e3, form["op"])
        commit = client.post("/api/edits", asked)
        rev = commit.json()["rev"]
        times.add("commit", commit.ms / 1e3, form["op"])
        if form["undo"]:
            undo = client.post(f"/api/edits/{rev}/undo", {})
            undo.json()
            times.add("undo", undo.ms / 1e3, form["op"])
        if each:
            each(len(times.ms["commit"]))
        if len(times.ms["commit"]) >= edits:
            return times
    return times


def through_many(store: Store, client: serving.Client) -> dict[tuple[int, int], Times]:
    """Times by (areas a line was to cross, areas that changed at the median); every line is undone again."""
    found = {}
    for number in THROUGH:
        times, changed = Times(), []
        for form in lines(store, number, LINES):
            preview = client.post("/api/edits/preview", form)
            if preview.status == 422:
                continue
            changed.append(len(preview.json()["changed"]))
            times.add("preview", preview.ms / 1e3)
            commit = client.post("/api/edits", form)
            times.add("commit", commit.ms / 1e3)
            undo = client.post(f"/api/edits/{commit.json()['rev']}/undo", {})
            undo.json()
            times.add("undo", undo.ms / 1e3)
        found[number, sorted(changed)[len(changed) // 2]] = times
    return found
