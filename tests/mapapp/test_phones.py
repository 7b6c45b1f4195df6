"""Phones of a street: cuts, a server that is killed, a micro-grid that is divided under their hands. 0 lost, 0 double."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import shapely
from sqlalchemy import select

from geodata.schema import REPORTS
from geodata.store import Store
from layers.areas import to_degrees
from layers.population import inner_point
from tests.counts import count
from tests.mapapp import web
from tests.mapapp.doing import across
from tests.mapapp.web import PASSWORD, Web
from tests.phones import METRIC, Phone, all_sent
from tests.serving import served

PHONES, EACH, KILLS = count(60, 500), count(6, 12), count(1, 6)
AT_ONCE = 12
KINDS = ("gpkg", "postgis")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict:
    """The little town in each kind of store."""
    if request.param == "postgis":
        return web.build(tmp_path, request.getfixturevalue("fresh_postgis")())
    built = request.getfixturevalue("built")
    web.open_town(built, tmp_path).close()
    return {**built, "url": f"gpkg://{tmp_path / 'town.gpkg'}"}


def stairwells(store: Store, leaf: str, number: int) -> list[int]:
    """A house with so many stairwells in that leaf."""
    with store.write("tester", "add building") as tx:
        area = tx.area(leaf)
        house = tx.insert("buildings", [{"name": "长楼", "kind": "apartment", "area": area.fid, "geom": web.square(area)}])[0]
        return tx.insert("units", [{"name": f"{k + 1}单元", "building": house, "area": area.fid, "households": 40, "resident": 90}
                                   for k in range(number)])


@pytest.mark.promise("500 phones with random cuts and kill -9 of the server in the middle: 0 reports lost, 0 double, each acknowledged")
def test_phones_lose_nothing_through_cuts_and_a_killed_server(place: dict, tmp_path: Path, record_property) -> None:
    store = Store.open(place["url"], web.settings().rules)
    units = stairwells(store, "11", PHONES)
    store.close()
    address, dice, faults = [""], random.Random(3), []
    tokens = [place["tokens"][name] for name in ("reporter", "mayor", "chief")]
    http = httpx.Client(timeout=300, limits=httpx.Limits(max_keepalive_connections=AT_ONCE))
    phones = [Phone(f"p{k}", tokens[k % 3], {"unit": unit}, random.Random(k), lambda: address[0], http).tap(EACH) for k, unit in enumerate(units)]
    begun, over = threading.Event(), threading.Event()

    def server() -> None:
        """Serves, is killed, serves again."""
        try:
            for turn in range(KILLS + 1):
                with served(place["url"], log=tmp_path / "log") as running:
                    address[0] = running.url
                    begun.set()
                    if turn == KILLS:
                        over.wait()
                        return
                    wanted = (turn + 1) * PHONES * EACH // (KILLS + 2)
                    while sum(len(phone.acknowledged) for phone in phones) < wanted and not over.is_set():
                        time.sleep(0.005)
                    time.sleep(dice.uniform(0, 0.05))
                    running.process.kill()
                    running.process.wait(300)
        except BaseException as fault:
            faults.append(fault)
            begun.set()

    thread = threading.Thread(target=server, daemon=True)
    thread.start()
    begun.wait()
    try:
        all_sent(phones, AT_ONCE, lambda: bool(faults))
        found = http.get(address[0] + "/api/status?area=11", headers={"Authorization": f"Bearer {tokens[1]}"}).json()["total"]
    finally:
        over.set()
        thread.join(300)
        http.close()
    assert not faults, faults
    with (store := Store.open(place["url"], web.settings().rules)).read() as reader:
        kept = Counter(reader.connection.execute(select(REPORTS.c.offline_id)).scalars())
    store.close()
    wanted = {f"{phone.name}-{k}" for phone in phones for k in range(EACH)}
    assert set().union(*(phone.acknowledged for phone in phones)) == wanted, "each was acknowledged"
    assert kept.keys() == wanted, "none is lost"
    assert set(kept.values()) == {1}, "none is there twice"
    assert not any(phone.refused for phone in phones)
    assert (found["values"][METRIC], found["received"]) == (sum(phone.last for phone in phones), PHONES)
    record_property("figures", f"{PHONES} phones, {len(wanted)} reports, {KILLS} kills, {sum(phone.cut for phone in phones)} cuts, "
                               f"{sum(phone.resent for phone in phones)} sent again: 0 lost, 0 double")


# ---- a micro-grid is divided while twenty phones report into it ---------------------------------------------------------------
NORTH, SOUTH = 11, 9  # stairwells with a phone each on either side of the line to come
SIDES = {"north": (35, 83, 13), "south": (29, 69, 9)}  # households, people, households reported by stairwell
OFFLINE = 5


def spread(number: int, places: int) -> list[int]:
    return [number // places + (k < number % places) for k in range(places)]


def settle(town: Web) -> dict[str, list[int]]:
    """The leaf 11 with 64 households and 152 people in twenty stairwells, on both sides of its middle."""
    with town.store.write("tester", "settle") as tx:
        leaf = tx.area("11")
        for layer in ("units", "buildings"):
            for row in tx.rows(layer, geometry=False):
                if row["area"] == leaf.fid:
                    tx.delete(layer, row["fid"])
        middle, units = inner_point(leaf.shape), {}
        for side, number, way in (("north", NORTH, 1), ("south", SOUTH, -1)):
            spot = to_degrees(shapely.Point(middle.x, middle.y + way * 2200))
            assert shapely.contains(leaf.shape, shapely.Point(middle.x, middle.y + way * 2200))
            house = tx.insert("buildings", [{"name": side, "kind": "apartment", "area": leaf.fid,
                                             "geom": shapely.MultiPolygon([spot.buffer(4e-5, quad_segs=2)])}])[0]
            households, people, _ = SIDES[side]
            units[side] = tx.insert("units", [
                {"name": f"{k + 1}单元", "building": house, "area": leaf.fid, "households": homes, "resident": residents, "counted_at": "2026-01-15"}
                for k, (homes, residents) in enumerate(zip(spread(households, number), spread(people, number), strict=True))])
    return units


@pytest.mark.promise("A micro-grid of 64/152 is split into 35/83 and 29/69 while 20 phones report, 5 offline: 13 + 9, nothing lost or twice")
def test_a_micro_grid_is_divided_while_twenty_phones_report(place: dict, tmp_path: Path, record_property) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    if place["url"].startswith("gpkg"):
        town = web.open_town({**place, "url": None}, folder)
    else:
        town = web.open_town(place, folder)
    units = settle(town)
    whole = town.area("11")
    assert (whole["households"], whole["population"]) == (64, 152)
    walkers = []
    for name in ("wang", "li", "zhao", "chen"):
        town.accounts.add(name, PASSWORD, [("reporter", whole["fid"], town.rev)])
        town.tokens[name] = town.accounts.new_token(name, 30)
        walkers.append(name)
    town.post("/api/rounds", "planner", json={"kind": "survey"})
    zone = town.post("/api/zones", "planner", json={"kind": "lockdown", "name": "封控", "areas": ["11"], "reason": "演练", "order_no": "甬鄞1号"})
    assert zone.status_code == 201, zone.text
    approved = town.post(f"/api/zones/{zone.json['id']}/approve", "chief", json={"order_no": "甬鄞1号", "people": 152})
    assert approved.status_code == 200, approved.text
    table = town.get("/api/zones/summary").json["kinds"]
    counts = [(side, unit, value) for side in units for unit, value in zip(units[side], spread(SIDES[side][2], len(units[side])), strict=True)]
    random.Random(5).shuffle(counts)
    meet, sent, told = threading.Barrier(len(counts) - OFFLINE + 1), [], []

    def post(who: str, *reports: dict) -> None:
        answer = town.post("/api/reports", who, json={"reports": list(reports)})
        assert answer.status_code == 200, answer.text
        sent.extend(report["offline_id"] for report in reports)
        told.append(answer.json)

    def walk(k: int) -> None:
        """Says a wrong number first, then the right one, again and again, while the line is drawn; half of it by hand of two."""
        _, unit, value = counts[k]
        for step in range(8):
            if step == 2 and k >= OFFLINE:
                meet.wait()
            report = {"unit": unit, "area": "11", "version": whole["version"], "at": f"2026-01-20T08:00:{step:02d}+08:00",
                      "offline_id": f"{k}-{step}", "values": {METRIC: value if step > 1 else value + 2}}
            kept[k].append(report)
            if k >= OFFLINE:
                post(walkers[k % 4], *kept[k])
                kept[k].clear()

    kept: dict[int, list[dict]] = {k: [] for k in range(len(counts))}
    with ThreadPoolExecutor(len(counts)) as pool:
        phones = [pool.submit(walk, k) for k in range(len(counts))]
        meet.wait()
        cut = town.post("/api/edits", "planner", json={"op": "split", "targets": ["11"], "line": across(town, "inside")})
        for phone in phones:
            phone.result()
    assert cut.status_code == 200, cut.text
    parts = {change["code"]: (change["after"]["households"], change["after"]["population"]) for change in cut.json["changed"]}
    assert sorted(parts.values()) == [(29, 69), (35, 83)]
    for k in range(OFFLINE):  # they come back after the cut, with the code they knew
        post(walkers[k % 4], *kept[k])
        post(walkers[k % 4], *kept[k])  # and did not hear the answer the first time
    by_code = {code: next(side for side in SIDES if SIDES[side][:2] == figures) for code, figures in parts.items()}
    found = town.get("/api/status?area=C1&level=micro_grid").json
    shown = {by_code[area["code"]]: area for area in found["areas"] if area["code"] in parts}
    assert {side: area["values"][METRIC] for side, area in shown.items()} == {"north": 13, "south": 9}
    assert {side: (area["received"], area["of"]) for side, area in shown.items()} == {"north": (NORTH, NORTH), "south": (SOUTH, SOUTH)}
    assert found["total"]["values"][METRIC] == 22 and all(area["undivided"] is None for area in found["areas"])
    with town.store.read() as reader:
        rows = Counter(reader.connection.execute(select(REPORTS.c.offline_id)).scalars())
    assert rows == Counter(set(sent)) and len(rows) == 8 * len(counts)
    assert sum(one["accepted"] for one in told) == len(rows) and not any(one["rejected"] for one in told)
    new = next(code for code in parts if code != "11")
    moved = {entry["area"] for one in told for entry in one["moved"]}
    assert moved == {new}, "who named the old code is told where the stairwell is now"
    for who in walkers:
        early = [{"unit": unit, "at": "2026-01-20T07:00:00+08:00", "offline_id": f"{who}-{unit}", "values": {METRIC: 1}} for _, unit, _ in counts]
        answer = town.post("/api/reports", who, json={"reports": early})
        assert answer.json["accepted"] == len(counts), "every reporter keeps the right to all stairwells"
    assert town.get("/api/zones/summary").json["kinds"] == table, "the zone table is unchanged to the person"
    town.close()
    record_property("figures", f"{len(rows)} reports of {len(counts)} phones, {OFFLINE} offline; shown 13 + 9 = 22")
