"""Redraw: preview, commit and undo of random splits and merges, in this process and over HTTP, in both stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping
from sqlalchemy import select

from geodata import committing, effects, redrawing, undoing
from geodata.coverage_cache import today
from geodata.rows import Reader
from geodata.schema import AREAS
from geodata.store import Store
from geodata.transaction import Transaction
from layers.areas import Area, to_degrees
from layers.errors import EditRefused, UndoBlocked

from . import serving
from .province import Places
from .report import Aims, section, spread, table, timed

EDITS = 250  # accepted ones, per place, store and way
UNDONE = 0.15  # share of them taken back at once
IN_PROCESS_MS, OVER_HTTP_MS = 50, 150  # p95 of a commit
COLUMNS = ("store", "way", "what", "times", "p50 ms", "p95 ms", "p99 ms", "longest")
Form = dict[str, Any]
Each = Callable[[int], None]


@dataclass
class Times:
    """Owns the times in ms of what was done, by name, and the number of refusals."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0

    def add(self, what: str, seconds: float) -> None:
        """One more."""
        self.ms.setdefault(what, []).append(seconds * 1e3)

    def rows(self, store: str, way: str) -> Iterator[tuple]:
        """Rows of a table."""
        for what, ms in self.ms.items():
            yield (store, way, what, str(len(ms)), *spread(ms), max(ms))


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    for place in places.names:
        with section(f"Redraw: {place}"):
            rows = []
            for kind in places.kinds:
                with places.open(place, kind) as store:
                    inside = in_process(store, EDITS)
                    with serving.weige(places.url(place, kind)) as served:
                        outside = over_http(store, served.client().sign_in(), EDITS)
                for way, times, aim in (("in process", inside, IN_PROCESS_MS), ("over HTTP", outside, OVER_HTTP_MS)):
                    rows += times.rows(kind, way)
                    p95 = spread(times.ms["commit"])[1]
                    aims.judge(f"commit {way}, {place}, {kind}", f"p95 <= {aim} ms", f"{p95:.0f} ms", p95 <= aim)
            table(f"{place}: random splits and merges", COLUMNS, rows)


def in_process(store: Store, edits: int, seed: int = 1) -> Times:
    """Through the store alone: preview with its figures, commit with its figures, undo."""
    times = Times()
    for form in forms(store, edits, seed, times):
        try:
            times.add("preview", timed(partial(_preview, store, form))[1])
            rev, seconds = timed(partial(_commit, store, form))
            times.add("commit", seconds)
            if form["undo"]:
                times.add("undo", timed(partial(_undo, store, rev))[1])
        except (EditRefused, UndoBlocked):
            times.refused += 1
    return times


def _preview(store: Store, form: Form) -> None:
    with store.read() as reader:
        effects.answer(reader, redrawing.draft(reader, form), today=today(store))


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
    for form in forms(store, edits, seed, times):
        asked = {key: value for key, value in form.items() if key != "undo"}
        preview = client.post("/api/edits/preview", asked)
        if preview.status == 422:
            times.refused += 1
            continue
        preview.json()
        times.add("preview", preview.ms / 1e3)
        commit = client.post("/api/edits", asked)
        rev = commit.json()["rev"]
        times.add("commit", commit.ms / 1e3)
        if form["undo"]:
            undo = client.post(f"/api/edits/{rev}/undo", {})
            undo.json()
            times.add("undo", undo.ms / 1e3)
        if each:
            each(len(times.ms["commit"]))
    return times


# ---- what people draw -------------------------------------------------------------------------------------------------
def forms(store: Store, edits: int, seed: int, times: Times) -> Iterator[Form]:
    """Splits across one micro-grid or along a line through a few, and merges of neighbours, at random places, until
    `edits` were committed; `undo` says which to take back."""
    dice = random.Random(seed)
    with store.read() as reader:
        leaves = reader.connection.execute(select(AREAS.c.fid).where(AREAS.c.leaf.is_(True)).order_by(AREAS.c.fid)).scalars().all()
    while len(times.ms.get("commit", ())) < edits:
        with store.read() as reader:
            form = _form(reader, dice, leaves)
        if form is not None:
            yield form | {"undo": dice.random() < UNDONE}


def _form(reader: Reader, dice: random.Random, leaves: Sequence[int]) -> Form | None:
    area = reader.areas([dice.choice(leaves)])
    if not area:
        return None
    (area,) = area.values()
    if dice.random() < 0.6:
        return {
            "op": "split",
            "targets": dice.choice(([area.code], None)),
            "line": mapping(to_degrees(_line(area, dice))),
        }
    beside = [
        other
        for other in reader.leaves_near(area.shape.bounds)
        if other.fid != area.fid and other.parent == area.parent and shapely.length(shapely.intersection(other.shape, area.shape)) > 0
    ]
    if not beside:
        return None
    other = dice.choice(beside)
    return {
        "op": "merge",
        "targets": [area.code, other.code],
        "keep": area.code,
        "versions": {area.code: area.version, other.code: other.version},
    }


def _line(area: Area, dice: random.Random) -> shapely.LineString:
    """A crooked line across the area, a little longer than it is wide; units."""
    west, south, east, north = area.shape.bounds
    middle, size = np.array(shapely.point_on_surface(area.shape).coords[0]), max(east - west, north - south)
    turn, points = dice.uniform(0, np.pi), dice.randint(2, 6)
    way = np.linspace(-0.75, 0.75, points)[:, None] * size * [np.cos(turn), np.sin(turn)]
    return shapely.LineString(middle + way + np.array([[dice.uniform(-0.04, 0.04) * size, dice.uniform(-0.04, 0.04) * size] for _ in range(points)]))
