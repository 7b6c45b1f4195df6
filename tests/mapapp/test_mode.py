"""A closed store and a full disk over HTTP: writes answer a clear code, reading and signing in go on, the page says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from geodata.store import Store
from mapapp import create_app, open_accounts
from tests.mapapp.doing import split, zone_at
from tests.mapapp.web import PASSWORD, Browser, Web, open_town, settings
from tests.small_disk import SmallDisk, small_disk

WRITES = {
    "split": lambda web: ("POST", "/api/edits", split(web, "inside", "mayor")),
    "zone": lambda web: ("POST", "/api/zones", {"kind": "lockdown", "areas": ["11"]}),
    "withdraw": lambda web: ("DELETE", f"/api/zones/{zone_at(web, 'inside', 'mayor')}", None),
    "row": lambda web: ("POST", "/api/staff", {"name": "李某", "role": "volunteer", "area": "11"}),
    "area": lambda web: ("PATCH", "/api/areas/41", {"version": web.area("41")["version"], "note": "新"}),
}
READS = ("/api/areas", "/api/summary?level=micro_grid", "/api/zones", "/tiles/areas/0/0/0.mvt", "/api/edits", "/healthz", "/api/mode")


def refused(web: Web, asked: dict[str, tuple], status: int, code: str) -> None:
    """Every write answers the code, and nothing has changed."""
    before = web.rev
    for name, (method, path, body) in asked.items():
        answer = web.ask(method, path, "mayor", json=body)
        assert (answer.status_code, answer.json["code"]) == (status, code), f"{name}: {answer.text}"
    assert web.rev == before
    for path in READS:
        assert web.get(path).status_code == 200, path


def boot_of(browser: Browser) -> dict:
    text = browser.client.get("/", headers={"Accept": "text/html"}).text
    return json.loads(re.search(r'<script id="boot"[^>]*>(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture
def web(town: Web) -> Web:
    return town


@pytest.fixture
def boss(web: Web) -> str:
    """The token of an administrator of everything."""
    web.accounts.add("boss", PASSWORD, [("admin", 0, 1)])
    web.tokens = {**web.tokens, "boss": web.accounts.new_token("boss", 30)}
    return "boss"


def test_an_administrator_closes_the_store_for_everybody_and_opens_it_again(web, boss):
    asked = {name: make(web) for name, make in WRITES.items()}
    told = web.post("/api/mode", boss, {"mode": "read-only", "note": "今晚搬库"})
    assert told.status_code == 200 and told.json["mode"] == "read-only"
    assert web.get("/api/mode", "viewer").json == {"mode": "read-only", "reason": "maintenance", "at": told.json["at"], "note": "今晚搬库"}
    refused(web, asked, 503, "read-only")
    assert web.post("/api/edits", json=asked["split"][2]).headers["Retry-After"]
    assert web.post("/api/edits/preview", json=asked["split"][2]).status_code == 200, "looking at what would be is looking"
    assert web.get("/healthz", None).json["mode"] == "read-only"
    browser = web.page("planner")
    assert boot_of(browser)["mode"] == {"mode": "read-only", "reason": "maintenance", "at": told.json["at"], "note": "今晚搬库", "switch": False}
    assert web.post("/api/mode", boss, {"mode": "normal"}).json["mode"] == "normal"
    for name, (method, path, body) in asked.items():
        assert web.ask(method, path, "mayor", json=body).status_code in (200, 201), name
    assert [line["object"] for line in web.accounts.audit() if line["action"] == "mode"] == ["normal", "read-only"]


def test_only_an_administrator_of_the_whole_store_closes_it(web, boss):
    for who, status in (("admin", 403), ("mayor", 403), ("viewer", 403), (None, 401)):
        assert web.post("/api/mode", who, {"mode": "read-only"}).status_code == status, who
    for wrong in ({"mode": "shut"}, {"mode": 1}, {}, {"mode": "normal", "note": "x" * 300}, {"mode": "normal", "by": "me"}):
        assert web.post("/api/mode", boss, wrong).status_code in (400, 422), wrong
    assert web.get("/api/mode", "viewer").json["mode"] == "normal"


def test_a_server_started_to_read_only_takes_nothing_and_lets_everybody_in(web):
    asked = {name: make(web) for name, make in WRITES.items()}
    web.store.read_only = True
    refused(web, asked, 503, "read-only")
    assert boot_of(web.page("planner"))["mode"]["reason"] == "setting"


@pytest.fixture
def on_small_disk(built) -> Iterator[tuple[Web, SmallDisk]]:
    """The town on a disk of its own."""
    if built["url"]:
        pytest.skip("the database lies elsewhere; see tests/geodata/test_full_disk.py")
    with small_disk(48) as disk:
        one = open_town(built, disk.path)
        yield one, disk
        one.close()


@pytest.mark.promise("Full disk: 507, nothing half written, mended without a restart")
def test_on_a_full_disk_writes_answer_507_and_go_on_when_there_is_space(on_small_disk):
    web, disk = on_small_disk
    asked = {name: make(web) for name, make in WRITES.items()}
    signed_in = web.page("planner")
    disk.fill()
    for turn in range(400):  # what is there holds a little
        answer = web.post("/api/staff", json={"name": f"李{turn}", "role": "volunteer", "area": "11", "note": "满" * 150})
        if answer.status_code != 201:
            break
    assert (answer.status_code, answer.json["code"]) == (507, "store-full")
    refused(web, asked, 507, "store-full")
    assert signed_in.client.get("/").status_code == 200
    export = web.post("/api/exports", json={"layer": "areas", "format": "gpkg", "receiver": "公安", "purpose": "布控"})
    assert (export.status_code, export.json["code"]) == (507, "store-full")
    for _ in range(60):
        door = web.page().sign_in("planner")
        if door.status_code != 302:
            break
    assert door.status_code in (302, 507)
    disk.free()
    for name, (method, path, body) in asked.items():
        assert web.ask(method, path, "mayor", json=body).status_code in (200, 201), name
    assert web.page().sign_in("planner").status_code == 302


def test_a_file_on_a_disk_that_can_only_be_read_is_served(on_small_disk):
    web, disk = on_small_disk
    web.close()
    disk.read_only(True)
    config = settings()
    store = Store.open(web.store.url, config.rules)
    accounts = open_accounts(config, store)
    served = Web(store, create_app(config, store, accounts), accounts, config, web.tokens, web.fids)
    refused(served, {"row": WRITES["row"](served)}, 503, "read-only")
    assert boot_of(served.page("planner"))["mode"]["reason"] == "storage"
    served.close()
    disk.read_only(False)
