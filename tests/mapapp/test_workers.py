"""Several processes behind one port, and several servers on one database, behave as one."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from geodata.store import Store
from mapapp.config import load
from tests.mapapp import web
from tests.serving import Served, served

TILE = "/tiles/areas/0/0/0.mvt"
ORDER = {"layer": "areas", "format": "csv", "receiver": "公安", "purpose": "布控"}
PATIENCE_S = 180


class ToOne(httpx.BaseTransport):
    """Leads to one worker. A connection stays with the worker that took it, but a server closes one that was idle for
    five seconds: each request knocks first, and is sent on the connection that was just used."""

    def __init__(self, number: int):
        self.number, self.line = number, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE_S
        while not self._there(request):
            assert time.monotonic() < until, f"worker {self.number} takes no connection"
            self.close()
            self.line = httpx.HTTPTransport()
        return self.line.handle_request(request)

    def _there(self, request: httpx.Request) -> bool:
        knock = httpx.Request("GET", request.url.join("/healthz"), extensions=request.extensions)
        try:
            answer = self.line.handle_request(knock)
            answer.read()
        except httpx.TransportError:  # closed in that moment
            return False
        return worker_of(answer) == self.number

    def close(self) -> None:
        self.line.close()


@dataclass
class Pair:
    """A manager with two workers on one PostgreSQL, and a connection to each of them."""

    url: str
    served: Served
    tokens: dict[str, str]
    log: Path
    clients: dict[int, httpx.Client] = field(default_factory=dict)

    def reach(self) -> dict[int, httpx.Client]:
        """A client of each worker."""
        for number in (1, 2):
            if number not in self.clients:
                self.clients[number] = httpx.Client(base_url=self.served.url, timeout=PATIENCE_S, transport=ToOne(number))
                self.clients[number].get("/healthz")
        return self.clients

    def forget(self) -> None:
        for client in self.clients.values():
            client.close()
        self.clients.clear()

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.served.process.pid).children()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def worker_of(answer: httpx.Response) -> int:
    return int(answer.headers["X-Request-ID"].partition("-")[0])


def wait_for(true, what: str):
    until = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def pair(postgis_server, tmp_path_factory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("workers")
    built = web.build(folder, postgis_server.fresh())
    settings = {"WEIGE_LOG__FORMAT": "json", "WEIGE_SERVER__OPEN_METRICS": "true", "WEIGE_SECURITY__LOGIN_FAIL_LIMIT": "5"}
    with served(built["url"], "--workers", "2", log=folder / "log", **settings) as running:
        made = Pair(built["url"], running, built["tokens"], folder / "log")
        yield made
        made.forget()


def signed_in(client: httpx.Client, who: str, password: str = web.PASSWORD) -> httpx.Response:
    text = client.get("/sign-in", headers={"Accept": "text/html"}).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
    return client.post("/sign-in", data={"account": who, "password": password, "csrf_token": token})


# --- one server to whoever asks --------------------------------------------------------------------------------------
def test_a_session_begun_at_one_process_is_good_at_the_other_and_ends_at_both(pair: Pair) -> None:
    one, other = pair.reach().values()
    assert signed_in(one, "planner").status_code == 302
    other.cookies = one.cookies
    page = other.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200 and worker_of(page) == worker_of(other.get("/healthz"))
    one.cookies = other.cookies  # as one browser has them
    token = json.loads(re.search(r'<script id="boot"[^>]*>(.*?)</script>', page.text, re.DOTALL)[1])["csrf"]
    for client in (one, other):
        assert client.get("/api/areas/11").status_code == 200
        refused = client.post("/api/presence", json={}, headers={"X-CSRF-Token": "x"})
        assert refused.json()["code"] == "bad-csrf"
        assert client.post("/api/presence", json={}, headers={"X-CSRF-Token": token}).status_code == 200
    cookie = httpx.Cookies(one.cookies)
    assert one.post("/sign-out", headers={"X-CSRF-Token": token}).status_code == 302
    for client in (one, other):
        client.cookies = cookie
        assert client.get("/api/areas/11").status_code == 401, "a copy of the cookie opens nothing, wherever"
        client.cookies = httpx.Cookies()


@pytest.mark.parametrize("name", ["reporter", "nobody-of-that-name"])
def test_wrong_passwords_add_up_over_both_and_lock_out_at_both(pair: Pair, name: str) -> None:
    clients = list(pair.reach().values())
    left = []
    for turn in range(5):
        client = clients[turn % 2]
        text = client.get("/sign-in", headers={"Accept": "text/html"}).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
        answer = client.post("/sign-in", json={"account": name, "password": "wrong"}, headers={"X-CSRF-Token": token})
        assert answer.status_code == 401
        left.append(answer.json().get("left"))
    assert left == [4, 3, 2, 1, 0], "a name nobody has answers like one that somebody has"
    for client in clients:
        text = client.get("/sign-in", headers={"Accept": "text/html"}).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
        answer = client.post("/sign-in", json={"account": name, "password": web.PASSWORD}, headers={"X-CSRF-Token": token})
        assert answer.status_code == 401 and answer.json()["minutes"] > 0
        client.cookies = httpx.Cookies()


def test_an_edit_at_one_process_is_in_the_tiles_and_figures_of_the_other(pair: Pair) -> None:
    one, other = pair.reach().values()
    for name, (here, there) in (("北", (one, other)), ("南", (other, one))):
        before = there.get(TILE + "?level=micro_grid", headers=pair.headers("mayor")).content
        version = here.get("/api/areas/11", headers=pair.headers("mayor")).json()["version"]
        done = here.patch("/api/areas/11", headers=pair.headers("mayor"), json={"version": version, "name": f"格{name}"})
        assert done.status_code == 200, done.text
        rev = there.get("/healthz").json()["rev"]
        after = there.get(f"{TILE}?level=micro_grid&rev={rev}", headers=pair.headers("mayor"))
        assert "immutable" in after.headers["Cache-Control"] and after.content != before
        assert there.get("/api/areas/11", headers=pair.headers("mayor")).json()["name"] == f"格{name}"


def test_a_package_ordered_at_one_process_is_polled_and_fetched_at_the_other(pair: Pair) -> None:
    one, other = pair.reach().values()
    for here, there in ((one, other), (other, one)):
        number = here.post("/api/exports", json=ORDER, headers=pair.headers("mayor")).json()["id"]
        look = wait_for(lambda at=there, id=number: finished(at, id, pair.headers("mayor")), "the package is made")
        files = [client.get(look["url"], headers=pair.headers("mayor")) for client in (here, there)]
        assert files[0].content == files[1].content and "格" in files[0].content.decode("utf-8-sig")
        assert int(files[0].headers["Content-Length"]) == len(files[0].content)
        assert re.fullmatch(r"attachment; filename=\"?areas-all-r\d+\.csv\"?", files[0].headers["Content-Disposition"])
        assert there.get(look["url"], headers=pair.headers("planner")).status_code == 404, "only for who ordered it"


def finished(client: httpx.Client, number: str, headers: dict[str, str]) -> dict | None:
    look = client.get(f"/api/exports/{number}", headers=headers).json()
    assert look["state"] != "failed", look
    return look if look["state"] == "done" else None


def test_limits_hold_for_all_processes_together(postgis_server, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)  # all within one minute
    built = web.build(tmp_path, postgis_server.fresh())
    rules = load(environ={"WEIGE_SERVER__RATE_LIMIT": "10/minute", "WEIGE_SERVER__SIGN_IN_LIMIT": "6/minute"})
    towns = [web.open_town(built, tmp_path, rules) for _ in range(2)]
    try:
        for store in (one for town in towns for limiter in town.app.extensions["limiter"] for one in [limiter._storage]):
            store._lag_s = 0.0
        statuses = [towns[turn % 2].get("/api/areas/11", "planner").status_code for turn in range(14)]
        assert statuses == [200] * 10 + [429] * 4
        assert towns[0].get("/api/areas/11", "mayor").status_code == 200, "each account has its own"
        browsers = [town.page() for town in towns]
        forms = [{"account": "viewer", "password": "wrong", "csrf_token": browser.token()} for browser in browsers]
        tries = [browsers[turn % 2].client.post("/sign-in", data=forms[turn % 2]).status_code for turn in range(8)]
        assert tries == [401] * 6 + [429] * 2
    finally:
        for town in towns:
            town.close()


# --- watching them -----------------------------------------------------------------------------------------------------
def test_health_tells_what_a_balancer_needs_and_no_secret(pair: Pair) -> None:
    for client in pair.reach().values():
        told = client.get("/healthz").json()
        assert set(told) == {"status", "ready", "store", "mode", "rev"}
        assert (told["status"], told["ready"], told["store"], told["mode"]) == ("ok", True, "postgis", "normal")


def test_whoever_is_asked_tells_the_numbers_of_all(pair: Pair) -> None:
    clients = pair.reach()
    for client in clients.values():
        for _ in range(3):
            client.get("/api/areas/11", headers=pair.headers("mayor"))

    def asked(number: int) -> dict[str, float]:
        lines = clients[number].get("/metrics").text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}
    counted = 'weige_requests_total{method="GET",route="/api/areas/{code}",status="200"}'
    # a request is counted when it was read to its end, a moment after the caller has it
    wait_for(lambda: asked(1).get(counted, 0) == asked(2).get(counted, 0) >= 6, "both count what both answered")
    one = asked(1)
    for number in (1, 2):
        wait_for(lambda n=number: f'weige_rev{{worker="{n}"}}' in asked(1), "a worker tells its revision")
        assert asked(1)[f'weige_process_resident_bytes{{worker="{number}"}}'] > 10_000_000
    assert one["weige_store_up"] == 1 and one["weige_store_bytes"] > 1_000_000


# --- the manager -------------------------------------------------------------------------------------------------------
def test_a_worker_that_is_killed_is_replaced_and_the_log_says_so(pair: Pair) -> None:
    pair.forget()
    before = {process.pid for process in pair.workers()}
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(now := {process.pid for process in pair.workers()}) == 2 and victim not in now, "the next worker")
    wait_for(lambda: httpx.get(pair.served.url + "/healthz", timeout=60).status_code == 200, "the server goes on")
    pair.reach()
    ended = [line for line in pair.lines() if line["event"] == "worker ended" and line["pid"] == victim]
    assert ended and ended[0]["signal"] == 9 and ended[0]["again_in_s"] > 0


def test_the_log_names_no_person_no_code_and_no_value(pair: Pair) -> None:
    client = next(iter(pair.reach().values()))
    asked = [signed_in(client, "外人", "Wrong-Word-7"), client.get("/api/search?q=林一", headers=pair.headers("mayor")),
             client.get("/api/areas/河心岛?geometry=true", headers=pair.headers("mayor")),
             client.get("/nowhere/林二", headers={"Accept": "text/html"})]
    told = [answer.headers["X-Request-ID"] for answer in asked]
    said = wait_for(lambda: all(number in (text := pair.log.read_text(encoding="utf-8")) for number in told) and text, "the lines")
    for secret in ("外人", "Wrong-Word-7", "林一", "林二", "河心岛", "mayor", pair.tokens["mayor"], *web.NAMES.values(), web.PASSWORD):
        assert secret not in said
        assert secret.encode("unicode_escape").decode() not in said
    request = next(line for line in pair.lines() if line.get("id") == told[2])
    assert request["route"] == "/api/areas/{code}"
    assert {"time", "level", "event", "method", "route", "status", "ms", "role", "id", "worker"} <= set(request)
    assert request["role"] == "planner" and request["id"].startswith(f"{request['worker']}-")


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_manager(postgis_server, tmp_path, word) -> None:
    """Told to stop, or killed so that it can tell nobody."""
    url = postgis_server.fresh()
    Store.open(url, web.settings().rules, create=True).close()
    with served(url, "--workers", "2", log=tmp_path / "log") as running:
        workers = wait_for(lambda: len(found := psutil.Process(running.process.pid).children()) == 2 and found, "two workers")
        running.process.send_signal(word)
        running.process.wait(PATIENCE_S)
        _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
        assert not alive
        if word == signal.SIGTERM:
            assert running.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url + "/healthz", timeout=60)
