"""Killed in the middle of the work: the server, one of its processes, PostgreSQL. What was acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
import psutil
import pytest
import shapely
from shapely import affinity

from geodata.checking import check_store
from geodata.schema import SPATIAL
from geodata.store import Store
from tests import services
from tests.counts import count
from tests.geodata.stores import assert_history
from tests.mapapp import web
from tests.serving import served

PATIENCE_S = 300
ROUNDS = count(2, 50)
EITHER = (httpx.TransportError, httpx.HTTPStatusError)


@dataclass
class Stream:
    """Planners who never stop: one cuts and merges, one counts households, one moves staff. Owns what they were told:
    acknowledged revisions, and the last acknowledged value of each fact with those that were under way since."""

    tokens: dict[str, str]
    fids: dict[str, dict[str, int]]
    url: str = ""
    acknowledged: dict[int, str] = field(default_factory=dict)  # revision -> operation
    facts: dict[tuple[str, int, str], object] = field(default_factory=dict)
    tried: dict[tuple[str, int, str], list] = field(default_factory=dict)
    refused: Counter = field(default_factory=Counter)
    waited: list[str] = field(default_factory=list)  # Retry-After of refusals while the store was away
    faults: list[BaseException] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        works = (self.redraw, lambda: self.change("buildings", "households"), lambda: self.change("staff", "organisation"))
        self.threads = [threading.Thread(target=self._again, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        assert not self.faults, self.faults

    def wait(self, more: int) -> None:
        """Until so many more changes of each kind were acknowledged."""
        until, start = time.monotonic() + PATIENCE_S, Counter(self.acknowledged.values())
        wanted = ("split", "buildings", "staff")
        while any(Counter(list(self.acknowledged.values()))[kind] < start[kind] + more for kind in wanted):
            assert time.monotonic() < until and not self.faults, (start, Counter(self.acknowledged.values()), self.refused, self.faults)
            time.sleep(0.02)

    # ---- what they do ------------------------------------------------------------------------------------------------
    def _again(self, work: Callable[[], Iterator[None]]) -> None:
        while not self.stopped.is_set():
            try:
                with httpx.Client(base_url=self.url, timeout=PATIENCE_S, headers={"Authorization": f"Bearer {self.tokens['mayor']}"}) as client:
                    for _ in work()(client):
                        if self.stopped.is_set():
                            return
            except httpx.TransportError:  # it was killed: come back
                self.refused["cut off"] += 1
                time.sleep(0.05)
            except httpx.HTTPStatusError as error:
                self.refused[f"{error.response.status_code} {error.response.json()['code']}"] += 1
                if error.response.status_code != 503:
                    self.faults.append(error)
                    return
                self.waited.append(error.response.headers["Retry-After"])
                time.sleep(0.3)
            except BaseException as error:
                self.faults.append(error)
                raise

    def redraw(self):
        """Cuts a leaf across, and merges the parts again."""
        dice = random.Random(7)

        def work(client: httpx.Client) -> Iterator[None]:
            while True:
                leaves = ask(client, "GET", "/api/areas?level=micro_grid&parent=C1&geometry=true&limit=1000")["areas"]
                leaf = dice.choice([area for area in leaves if area["leaf"]])
                answer = client.post("/api/edits", json={"op": "split", "targets": [leaf["code"]], "line": across(leaf, dice)})
                if answer.status_code == 422:  # a sliver, a line that meets too little
                    yield
                    continue
                made = told(answer)
                self.acknowledged[made["rev"]] = "split"
                yield
                codes = [change["code"] for change in made["changed"] if not change["retired"]]
                merged = ask(client, "POST", "/api/edits", json={"op": "merge", "targets": codes, "keep": leaf["code"]})
                self.acknowledged[merged["rev"]] = "merge"
                yield
        return work

    def change(self, layer: str, name: str):
        """Changes one field of a row, again and again."""
        dice, fid = random.Random(layer), self.fids[layer]["inside"]
        key = layer, fid, name

        def work(client: httpx.Client) -> Iterator[None]:
            while True:
                row = ask(client, "GET", f"/api/{layer}/{fid}")
                value = dice.randint(1, 900) if layer == "buildings" else f"组 {dice.random()}"
                self.tried.setdefault(key, []).append(value)
                answer = client.patch(f"/api/{layer}/{fid}", json={"version": row["version"], name: value})
                if answer.status_code == 409:  # an earlier one of ours, cut off before it was answered, came through
                    self.refused["409"] += 1
                    continue
                self.acknowledged[told(answer)["rev"]] = layer
                self.facts[key], self.tried[key] = value, []
                yield
        return work

    # ---- was it kept -------------------------------------------------------------------------------------------------
    def assert_kept(self, store: Store) -> None:
        """Every acknowledged revision is in the history, every fact has the last acknowledged value, or one that was
        under way since when the line went dead; the ground is whole."""
        with store.read() as reader:
            made = {row["rev"]: row for row in reader.revisions_since(0)}
            assert sorted(made) == list(range(1, reader.rev + 1)), "revisions without a gap"
            for rev, kind in self.acknowledged.items():
                assert rev in made and made[rev]["actor"] == "mayor", f"revision {rev} ({kind}) was acknowledged and is lost"
                if kind in ("split", "merge"):
                    assert made[rev]["op"] == kind
                else:
                    assert list(made[rev]["touched"]["layers"]) == [kind]
            for (layer, fid, name), value in self.facts.items():
                assert reader.row(layer, fid)[name] in (value, *self.tried[(layer, fid, name)])
        assert_history(store)
        check = check_store(store)
        assert (check["gaps"], check["overlaps"], check["nesting"], check["codes"]) == (0, 0, 0, 0)
        if store.is_file:
            with store.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                for name in SPATIAL:
                    assert connection.exec_driver_sql(f"SELECT rtreecheck('rtree_{name}_geom')").scalar() == "ok"


def told(answer: httpx.Response) -> dict:
    return answer.raise_for_status().json()


def ask(client: httpx.Client, method: str, path: str, **options) -> dict:
    return told(client.request(method, path, **options))


def across(leaf: dict, dice: random.Random) -> dict:
    """A line through the middle of the leaf, at any angle, from outside to outside."""
    shape = shapely.geometry.shape(leaf["geometry"])
    spot = shape.representative_point()
    west, south, east, north = shape.bounds
    reach = 2 * ((east - west) + (north - south))
    line = affinity.rotate(shapely.LineString([(spot.x - reach, spot.y), (spot.x + reach, spot.y)]), dice.uniform(0, 180), origin=spot)
    return shapely.geometry.mapping(line)


def of(url: str) -> Store:
    return Store.open(url, web.settings().rules)


def wait_for(true: Callable[[], object], what: str):
    until = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


@pytest.mark.promise("kill -9 of the server during a stream of writes: nothing acknowledged lost, the file whole, the ground exact")
def test_a_server_killed_again_and_again_loses_nothing_it_acknowledged(built, tmp_path, record_property) -> None:
    web.open_town(built, tmp_path).close()
    url, dice = f"gpkg://{tmp_path / 'town.gpkg'}", random.Random(1)
    stream, again = Stream(built["tokens"], built["fids"]), []
    begun = False
    try:
        for turn in range(ROUNDS + 1):
            start = time.monotonic()
            with ExitStack() as stack:
                running = stack.enter_context(served(url, log=tmp_path / "log"))
                again.append(time.monotonic() - start)
                stream.url = running.url
                if not begun:
                    stream.begin()
                    begun = True
                stream.wait(1 if turn else 2)
                if turn == ROUNDS:
                    break
                time.sleep(dice.uniform(0, 0.3))
                running.process.kill()
                running.process.wait(PATIENCE_S)
            store = of(url)  # beside a server that is not there any more: what it left is taken in
            stream.assert_kept(store)
            store.close()
    finally:
        if begun:
            stream.stopped.set()
            for thread in stream.threads:
                thread.join(PATIENCE_S)
    stream.end()
    store = of(url)
    stream.assert_kept(store)
    store.close()
    done = Counter(stream.acknowledged.values())
    record_property("figures", f"{ROUNDS} kills, {sum(done.values())} writes acknowledged ({done['split'] + done['merge']} redraws), 0 lost; "
                               f"serving again after {max(again[1:]):.1f} s at most")


@pytest.mark.promise("kill -9 of a worker and of PostgreSQL during a stream of writes: nothing acknowledged lost, no restart of the server")
def test_workers_and_postgresql_are_killed_and_the_server_goes_on(tmp_path, record_property) -> None:
    kills = Counter()
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(services.cluster())
        except services.Unavailable as reason:
            pytest.skip(f"SKIPPED POSTGIS: {reason}")
        built = web.build(tmp_path, services.Server(cluster.admin).fresh())
        running = stack.enter_context(served(built["url"], "--workers", "2", log=tmp_path / "log"))
        manager = psutil.Process(running.process.pid)
        stream = Stream(built["tokens"], built["fids"], running.url)
        stream.begin()
        stack.callback(stream.stopped.set)
        ways = (_worker, lambda *them: _postgres(signal.SIGKILL, stream, *them), lambda *them: _postgres(signal.SIGQUIT, stream, *them))
        for turn in range(max(3, ROUNDS)):
            stream.wait(2)
            kills[ways[turn % 3](cluster, manager, running.url)] += 1
        stream.wait(2)
        stream.end()
        assert manager.is_running() and running.process.poll() is None
        store = of(built["url"])
        stream.assert_kept(store)
        store.close()
    assert stream.waited and all(0 < int(seconds) <= 60 for seconds in stream.waited), "who was refused knows when to come back"
    done = Counter(stream.acknowledged.values())
    record_property("figures", f"{kills['worker']} kills of a worker, {kills['database']} of PostgreSQL; {sum(done.values())} writes acknowledged "
                               f"({done['split'] + done['merge']} redraws), 0 lost; {len(stream.waited)} answered 503")


def _worker(cluster: services.Cluster, manager: psutil.Process, url: str) -> str:
    """kill -9 of one of the two: the other goes on, the manager replaces it."""
    before = {process.pid for process in manager.children()}
    victim = random.choice(sorted(before))
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(now := {process.pid for process in manager.children()}) == 2 and victim not in now, "the next worker")
    return "worker"


def _postgres(how: signal.Signals, stream: Stream, cluster: services.Cluster, manager: psutil.Process, url: str) -> str:
    """The database goes without a word; while it is away the server says so, and when it is back it works."""
    cluster.end(how)
    refused = len(stream.waited)
    wait_for(lambda: len(stream.waited) > refused, "a planner is refused while it is away")
    for path in ("/healthz", "/api/areas/11"):
        answer = httpx.get(url + path, timeout=PATIENCE_S)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, (path, answer.status_code, answer.text)
        assert "127.0.0.1" not in answer.text and "postgres" not in answer.text
    cluster.start()
    wait_for(lambda: httpx.get(url + "/healthz", timeout=PATIENCE_S).status_code == 200, "the server works again without a restart")
    return "database"
