"""Zones: proposing and approving one over 5,000 buildings of a street, and the table of kinds after it, in both stores."""

from __future__ import annotations

import gc
from functools import partial

import shapely
from shapely.affinity import translate

from geodata import zoning
from geodata.coverage_cache import CoverageCache
from geodata.demo import DEMO_CODES, build_demo
from geodata.store import Store
from geodata.zone_sums import sums_of

from .province import Places
from .report import Aims, section, spread, table, timed

BUILDINGS, TIMES = 5000, 12
MOST_MS = 100
COLUMNS = ("store", "what", "times", "p50 ms", "p95 ms", "longest")


def run(places: Places, aims: Aims) -> None:
    """Measure and print. The demo town has some 3,400 buildings and 1,300 stairwells: more houses are added."""
    with section(f"Zones: one over {BUILDINGS:,} buildings of the demo town"):
        rows = []
        for kind in places.kinds:
            url = places.server.fresh() if kind == "PostGIS" else f"gpkg://{places.folder / 'zones.gpkg'}"
            store = Store.open(url, places.config.rules, create=True, codes=DEMO_CODES)
            times = measured(store)
            store.close()
            rows += [(kind, what, len(ms), *spread(ms)[:2], max(ms)) for what, ms in times.items()]
            p95 = spread(times["look at the people of a zone"])[1]
            aims.judge(f"zone over {BUILDINGS:,} buildings, {kind}", f"<= {MOST_MS} ms", f"{p95:.0f} ms", p95 <= MOST_MS)
        table("a zone named by its buildings", COLUMNS, rows)


def measured(store: Store) -> dict[str, list[float]]:
    """Times in ms by what was done; nothing is in force at the end."""
    form = {"kind": "lockdown", "name": "measured", "order_no": "1", "buildings": _buildings(store)}
    cache, times = CoverageCache(store, tiles=False), {}
    cache.sync()
    gc.collect()
    gc.freeze()  # as the server does once it is up: no pause in the middle of a request
    top = cache.roots()[0].fid

    def note(what: str, work) -> object:
        answer, seconds = timed(work)
        times.setdefault(what, []).append(seconds * 1e3)
        return answer
    for _ in range(TIMES):
        note("look at the people of a zone", partial(_look, store, form))
        fid = note("propose", partial(store.attempt, "planner", "propose zone", lambda tx: zoning.write(tx, zoning.resolve(tx, form), form)))
        note("approve", partial(store.attempt, "commander", "approve zone", lambda tx, fid=fid: zoning.approve(tx, fid, {})))
        cache.sync()
        note("table of kinds, first after a commit", lambda: sums_of(store, cache).summary([top]))
        note("table of kinds, again", lambda: sums_of(store, cache).summary([top]))
        note("lift", partial(store.attempt, "commander", "lift zone",
                             lambda tx, fid=fid: zoning.decide(tx, fid, "lift", {"reason": "done", "order_no": "2"})))
        cache.sync()
    return times


def _look(store: Store, form: dict) -> zoning.Proposal:
    with store.read() as reader:
        return zoning.resolve(reader, form)


def _buildings(store: Store) -> list[int]:
    """Ids of 5,000 buildings: those of the demo town and, where these are too few, copies of them beside the town."""
    build_demo(store)
    with store.read() as reader:
        rows = reader.rows("buildings")
    west, _, east, _ = shapely.total_bounds([row["geom"] for row in rows])
    copies = [{name: value for name, value in row.items() if name not in ("fid", "code", "version", "rev")}
              | {"geom": translate(row["geom"], east - west), "households": 2, "resident": 5} for row in rows]
    with store.write("bench", "add buildings") as tx:
        tx.insert("buildings", copies[:max(0, BUILDINGS - len(rows))])
    with store.read() as reader:
        return [row["fid"] for row in reader.rows("buildings", geometry=False)][:BUILDINGS]
