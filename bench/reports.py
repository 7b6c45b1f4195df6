"""Reports over HTTP: how many a second a server accepts in batches and one by one, and what a look at the sums takes meanwhile."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import shapely
from sqlalchemy import func, select

from geodata.schema import AREAS, REPORTS
from geodata.store import Store

from . import serving
from .province import LEAVES, Places
from .report import Aims, section, spread, table

BATCH, BATCHES = 5000, 8  # reports of a request, requests
ONE_BY_ONE, PHONES = 400, 8  # requests with one report each, phones that send them at the same time
STREET, EACH = 1700, 8  # phones that come back at once after a cut, reports each has kept
UNITS, TOWNS_LEAVES = 6000, 638  # stairwells and micro-grids that report
A_SECOND = 5000
COLUMNS = ("store", "what", "requests", "reports", "s", "reports/s", "p50 ms", "p95 ms", "longest")


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    place = places.names[0]
    with section(f"Reports: {place}"):
        rows: list[tuple] = []
        for kind in places.kinds:
            with places.open(place, kind) as store:
                units = _stairwells(store)
                with serving.weige(places.url(place, kind), WEIGE_SERVER__REPORT_LIMIT="") as served:
                    rows += _measure(served, kind, units)
                with store.read() as reader:
                    kept = reader.connection.scalar(select(func.count()).select_from(REPORTS))
            wanted = BATCH * BATCHES + ONE_BY_ONE + STREET * EACH
            aims.judge(f"reports acknowledged and kept, {kind}", f"{wanted:,}", f"{kept:,}", kept == wanted)
            rate = next(row[5] for row in rows if row[0] == kind)
            aims.judge(f"reports accepted in batches, {kind}", f">= {A_SECOND:,}/s", f"{rate:,.0f}/s", rate >= A_SECOND)
        table(f"{place}: {UNITS:,} stairwells of {TOWNS_LEAVES} areas; who sends runs on the same cores", COLUMNS, rows)


def _stairwells(store: Store) -> list[int]:
    """Stairwells in so many leaves."""
    with store.read() as reader:
        leaves = reader.connection.execute(select(AREAS.c.fid).where(AREAS.c.level == LEAVES, AREAS.c.leaf.is_(True))
                                           .order_by(AREAS.c.fid).limit(TOWNS_LEAVES)).scalars().all()
        shapes = reader.areas(leaves)
    with store.write("bench", "import") as tx:
        spots = {fid: shapely.point_on_surface(area.shape) for fid, area in shapes.items()}
        houses = tx.insert("buildings", [{"name": "1号楼", "area": fid, "geom": shapely.MultiPolygon([_degrees(spots[fid])])} for fid in leaves])
        return tx.insert("units", [{"name": f"{k}单元", "building": houses[k % len(leaves)], "area": leaves[k % len(leaves)], "households": 20}
                                   for k in range(UNITS)])


def _degrees(spot: shapely.Point) -> shapely.Polygon:
    return shapely.Point(spot.x / 1e7, spot.y / 1e7).buffer(4e-5, quad_segs=1)


def _measure(served: serving.Served, kind: str, units: list[int]) -> list[tuple]:
    dice, begun = random.Random(1), time.time()

    def reports(name: str, number: int) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(begun))
        return {"reports": [{"unit": dice.choice(units), "at": at, "round": "1", "offline_id": f"{name}-{k}",
                             "values": {"surveyed_households": dice.randint(0, 20), "present": dice.randint(0, 50)}} for k in range(number)]}

    rows, signed_in = [], served.client().sign_in()
    for what, forms, at_once in (
        (f"batches of {BATCH:,}", [reports(f"b{k}", BATCH) for k in range(BATCHES)], 2),
        (f"one by one, {PHONES} phones", [reports(f"o{k}", 1) for k in range(ONE_BY_ONE)], PHONES),
        (f"{STREET:,} phones after a cut, {EACH} each", [reports(f"s{k}", EACH) for k in range(STREET)], 32),
    ):
        looks: list[float] = []
        with _looking(_like(signed_in), looks):
            start = time.perf_counter()
            ms = _send([_like(signed_in) for _ in range(at_once)], forms)
            seconds = time.perf_counter() - start
        number = sum(len(form["reports"]) for form in forms)
        rows.append((kind, what, str(len(forms)), f"{number:,}", seconds, number / seconds, *spread(ms)[:2], max(ms)))
        if looks:
            rows.append((kind, "  meanwhile GET /api/status", str(len(looks)), "-", seconds, None, *spread(looks)[:2], max(looks)))
    return rows


def _like(client: serving.Client) -> serving.Client:
    """Another connection of the same session: to sign in takes longer than to report."""
    other = serving.Client(client.port)
    other.headers = dict(client.headers)
    return other


def _send(clients: list[serving.Client], forms: list[dict[str, Any]]) -> list[float]:
    """Sends them over these connections at the same time; ms of each request."""
    turn, left, ms = threading.Lock(), list(reversed(forms)), []

    def work(client: serving.Client) -> None:
        while True:
            with turn:
                if not left:
                    return client.close()
                form = left.pop()
            reply = client.post("/api/reports", form)
            told = reply.json()
            if told["accepted"] != len(form["reports"]):
                raise RuntimeError(f"not all were accepted: {told}")
            ms.append(reply.ms)
    with ThreadPoolExecutor(len(clients)) as pool:
        for done in [pool.submit(work, client) for client in clients]:
            done.result()
    return ms


class _looking:
    """Somebody who looks at the sums four times a second, as the command page does."""

    def __init__(self, client: serving.Client, ms: list[float]):
        self.client, self.ms, self.over = client, ms, threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while not self.over.wait(0.25):
            self.ms.append(self.client.get("/api/status?level=community").ms)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: Any) -> None:
        self.over.set()
        self.thread.join(60)
        self.client.close()
