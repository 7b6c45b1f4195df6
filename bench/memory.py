"""Memory of the server process: after its start and after 2,000 edits over HTTP, tiles asked for in between."""

from __future__ import annotations

import random
import re
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from geodata.tile_lattice import to_lattice
from layers.areas import UNITS_PER_DEGREE

from . import serving
from .province import LEAVES, Places
from .redraw import COLUMNS, over_http
from .report import Aims, number, section, table

EDITS, EVERY = 2000, 500
MOST_MB = 1500
TILES = 40  # asked for at every mark


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    for place in places.names:
        with section(f"Memory: {place}"), places.open(place) as store, serving.weige(places.url(place)) as served:
            rows = [("start", *memory(served.pid))]
            times = over_http(store, served.client().sign_in(), EDITS, seed=3, each=partial(_mark, served, rows))
            started, most = rows[0][1], max(row[1] for row in rows)
            table(
                f"{place}: memory of the server, which answered {served.seconds:.1f} s after its start",
                ("after", "RSS MB", "of it own MB", "highest MB"),
                rows,
            )
            table(f"{place}: the {EDITS:,} edits over HTTP", COLUMNS, times.rows("GeoPackage", "over HTTP"))
            measured = f"{number(started)} MB at the start, {number(most)} MB at most"
            aims.judge(f"memory, {place}", f"RSS <= {MOST_MB:,} MB", measured, most <= MOST_MB)


def _mark(served: serving.Served, rows: list[tuple], done: int) -> None:
    """Note the memory now and then, after a look around."""
    if done % EVERY == 0:
        _look_around(served.client().sign_in(), done)
        rows.append((f"{done:,} edits", *memory(served.pid)))


def memory(pid: int) -> tuple[float, float, float]:
    """MB of a process: resident now, of it not backed by files, and the highest resident ever."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        rss = psutil.Process(pid).memory_info().rss / 1e6
        return rss, float("nan"), float("nan")
    kb = {name: int(value) for name, value in re.findall(r"(\w+):\s+(\d+) kB", status.read_text())}
    return kb["VmRSS"] / 1e3, kb["RssAnon"] / 1e3, kb["VmHWM"] / 1e3


def _look_around(client: serving.Client, seed: int) -> None:
    """Ask for tiles all over the place, so that the cache fills as in use."""
    dice = random.Random(seed)
    west, south, east, north = client.get("/tiles/areas.json").json()["bounds"]
    for _ in range(TILES):
        z = dice.choice((8, 10, 12, 14))
        x, y = _tile(z, dice.uniform(west, east), dice.uniform(south, north))
        client.get(f"/tiles/areas/{z}/{x}/{y}.mvt?level={LEAVES}")


def _tile(z: int, lon: float, lat: float) -> tuple[int, int]:
    """The tile of a place in degrees."""
    return tuple((to_lattice(np.array([[lon, lat]]) * UNITS_PER_DEGREE) >> np.uint32(32 - z))[0].tolist())
