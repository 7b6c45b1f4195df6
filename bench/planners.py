"""Twenty planners at once over HTTP inside one map: what each waits for a preview and for a commit."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from sqlalchemy import select

from geodata.schema import AREAS
from mapapp import open_accounts
from tests.planners import Planner, at_work, for_seconds

from . import serving
from .province import Places
from .report import Aims, section, spread, table

PLANNERS, CLIENTS = 20, 4  # accounts, and the processes they are simulated in
SECONDS = 120
# seconds of drawing, with previews as often as the page asks, and of looking at what one did and finding the next place
PACES = {"as people draw": (4.0, 8.0), "in a hurry": (0.0, 3.0)}
JUDGED = "as people draw"
LEAST_LEAVES = 30
PREVIEW_MS, COMMIT_MS = 50, 150  # p95
COLUMNS = ("store", "pace", "what", "times", "p50 ms", "p95 ms", "p99 ms", "longest")


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    for place in places.names:
        with section(f"Planners: {place}"):
            rows, refused = [], []
            for kind in places.kinds:
                hired = _hire(places, place, kind)
                with serving.weige(places.url(place, kind)) as served:
                    for pace in PACES:
                        ms, told = _at_once(f"http://127.0.0.1:{served.port}", hired, pace)
                        refused.append(f"{kind}, {pace}: {dict(told) or 'none'}")
                        rows += [(kind, pace, what, str(len(times)), *spread(times), max(times)) for what, times in sorted(ms.items())]
                        for what, aim in (("preview", PREVIEW_MS), ("commit", COMMIT_MS)) if pace == JUDGED else ():
                            p95 = spread(ms[what])[1]
                            aims.judge(f"{what} with {PLANNERS} planners, {place}, {kind}", f"p95 <= {aim} ms", f"{p95:.0f} ms", p95 <= aim)
            table(f"{place}: {PLANNERS} planners for {SECONDS} s at each pace", COLUMNS, rows)
            print("\nAs people draw: the pointer moves for 4 s, previews as often as the page asks, then 8 s (4 to 12) until the next. In a "
                  "hurry: two previews, then 3 s.", end="")
            print(f"\nRefused, {'; '.join(refused)}. The planners run on the same two cores as the server.")


def _hire(places: Places, place: str, kind: str) -> list[tuple[str, str, str]]:
    """(account, token, community) of planners, each in a community of many micro-grids of her own."""
    with places.open(place, kind) as store:
        with store.read() as reader:
            areas = reader.heads(reader.connection.execute(select(AREAS.c.fid)).scalars().all())
            leaves = Counter(int(part) for head in areas.values() for part in head.path.strip("/").split("/")[:-1])
            homes = [head for head in areas.values() if head.level == "community" and leaves[head.fid] >= LEAST_LEAVES]
            homes = random.Random(1).sample(sorted(homes), PLANNERS)
            rev = reader.rev
        accounts = open_accounts(places.config, store)
        hired = []
        for number, head in enumerate(homes):
            name = f"planner{number:02d}"
            accounts.add(name, f"Many-Planners-{number}", [("planner", head.fid, rev)], label=name)
            hired.append((name, accounts.new_token(name, 30), head.code))
        accounts.close()
    return hired


def _at_once(url: str, hired: list[tuple[str, str, str]], pace: str) -> tuple[dict[str, list[float]], Counter]:
    """Times in ms by what was asked, and refusals by code."""
    shares = [hired[k::CLIENTS] for k in range(CLIENTS)]
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(_client, [url] * CLIENTS, shares, [pace] * CLIENTS))
    ms: dict[str, list[float]] = {}
    refused: Counter = Counter()
    for times, told in done:
        refused += told
        for what, values in times.items():
            ms.setdefault(what, []).extend(values)
    return ms, refused


def _client(url: str, hired: list[tuple[str, str, str]], pace: str) -> tuple[dict[str, list[float]], Counter]:
    planners = [Planner(name, token, code, url, random.Random(name), draw_s=PACES[pace][0], rest_s=PACES[pace][1]) for name, token, code in hired]
    at_work(planners, for_seconds(SECONDS))
    ms: dict[str, list[float]] = {}
    for planner in planners:
        for what, values in planner.ms.items():
            ms.setdefault(what, []).extend(values)
    return ms, sum((planner.refused for planner in planners), Counter())
