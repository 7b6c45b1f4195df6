"""Many planners on one map: nobody waits for a neighbour, nothing is lost, and two on one border are told so."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import shapely

from geodata.checking import check_store
from geodata.incoming import Options
from geodata.planting import plant
from geodata.store import Store
from geodata.synthetic_province import LEVELS, synthetic_province
from mapapp import open_accounts
from mapapp.config import Config
from tests.counts import FULL, count
from tests.geodata.stores import KINDS_OF_STORE
from tests.mapapp.web import settings
from tests.planners import Planner, at_work, for_edits, for_seconds
from tests.serving import served

PLANNERS = 20
AREAS = 2300  # micro-grids of the invented province: 21 communities of a hundred


@pytest.fixture(params=KINDS_OF_STORE)
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    """A province on each kind of store."""
    url = f"gpkg://{tmp_path / 'province.gpkg'}" if request.param == "gpkg" else request.getfixturevalue("fresh_postgis")()
    store = Store.open(url, settings().rules, create=True)
    frame = synthetic_province(AREAS)
    plant(store, frame, Options("areas", level="micro_grid", parents={level: level for level in LEVELS}), "build", "province")
    store.close()
    return url


@pytest.fixture
def config() -> Config:
    return settings()


def communities(store: Store) -> list[str]:
    """Codes of communities of many micro-grids; neighbours among them."""
    with store.read() as reader:
        areas = reader.all_areas()
    leaves = Counter(int(area.path.strip("/").split("/")[-3]) for area in areas if area.leaf)
    return [area.code for area in areas if area.level == "community" and leaves[area.fid] >= 30]


def hire(url: str, config: Config, many: int, *, together: bool = False) -> list[tuple[str, str, str]]:
    """(account, token, community) of so many new planners, each in a community of his own or all in one."""
    store = Store.open(url, config.rules)
    accounts = open_accounts(config, store)
    hired = []
    with store.read() as reader:
        found = communities(store)
        for number, code in enumerate(found[:1] * many if together else found[:many]):
            name = f"planner{number:02d}"
            accounts.add(name, f"Many-Planners-{number}", [("planner", reader.area(code).fid, reader.rev)], label=name)
            hired.append((name, accounts.new_token(name, 30), code))
    accounts.close()
    store.close()
    return hired


@pytest.fixture
def servers(url: str) -> Iterator[list[str]]:
    """Addresses of the processes that serve the store: one for a GeoPackage, two on PostGIS."""
    with ExitStack() as stack:
        yield [stack.enter_context(served(url)).url for _ in range(1 if url.startswith("gpkg") else 2)]


def totals(url: str, config: Config) -> tuple:
    store = Store.open(url, config.rules)
    try:
        found = check_store(store)
        with store.read() as reader:
            people = [sum(row[kind] or 0 for row in reader.rows("shares", geometry=False)) for kind in ("households", "resident")]
        return (*people, found["gaps"], found["overlaps"], found["nesting"])
    finally:
        store.close()


@pytest.mark.promise("20 planners at once in 20 communities: no false conflict, no lost edit, nobody lost")
def test_planners_side_by_side_never_meet_and_lose_nothing(url, config, servers, record_property):
    hired = hire(url, config, PLANNERS)
    before = totals(url, config)
    planners = [Planner(name, token, code, servers[k % len(servers)], random.Random(k))
                for k, (name, token, code) in enumerate(hired)]
    at_work(planners, for_seconds(600) if FULL else for_edits(2))
    conflicts = {planner.name: planner.last_conflict for planner in planners if planner.refused["conflicts"]}
    assert not conflicts, f"false conflicts: {conflicts}"
    assert totals(url, config) == before, "people, gaps, overlaps, nesting"
    store = Store.open(url, config.rules)
    with store.read() as reader:
        for planner in planners:
            written = {rev for rev in planner.acknowledged if reader.revision(rev)["actor"] == planner.name}
            assert written == set(planner.acknowledged), "an acknowledged edit is lost"
            community = reader.area(planner.community)
            now = {area.code: area for area in reader.subtree(community.path, leaf=True)}
            assert {code: area.version for code, area in now.items()} == {code: known[0] for code, known in planner.known.items()}
    store.close()
    edits = sum(len(planner.acknowledged) for planner in planners)
    assert edits >= count(PLANNERS * 2, 2000)
    record_property("figures", f"{'PostGIS, 2 processes' if len(servers) == 2 else 'GeoPackage'}: {edits:,} edits by {PLANNERS} planners, "
                               f"0 conflicts, {sum(sum(planner.refused.values()) for planner in planners)} refused lines")


@pytest.mark.promise("Two planners on one border: exactly one is told of a conflict, with both lines")
def test_two_on_one_border_are_one_done_and_one_told(url, config, servers, record_property):
    first, second = (Planner(name, token, code, server, random.Random(name))
                     for (name, token, code), server in zip(hire(url, config, 2, together=True), (servers[0], servers[-1]), strict=True))
    rounds = count(3, 60)
    for number in range(rounds):
        first.look()
        second.look()
        target = sorted(first.known)[number % len(first.known)]
        shape = first.known[target][1]
        (x, y), size = shapely.point_on_surface(shape).coords[0], max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1])
        lines = [[[x - size, y - size / 5], [x + size, y + size / 5]], [[x - size / 5, y + size], [x + size / 5, y - size]]]
        forms = [{"op": "split", "targets": [target], "line": {"type": "LineString", "coordinates": line},
                  "versions": {target: first.known[target][0]}} for line in lines]
        answers: list[httpx.Response] = []
        gate = threading.Barrier(2)

        def go(planner: Planner, form: dict, gate=gate, answers=answers) -> None:
            gate.wait()
            answers.append(planner.http.post("/api/edits", json=form))

        pair = [threading.Thread(target=go, args=pair) for pair in zip((first, second), forms, strict=True)]
        for one in pair:
            one.start()
        for one in pair:
            one.join()
        assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text[:300] for answer in answers]
        told = next(answer.json() for answer in answers if answer.status_code == 409)
        done = next(answer.json() for answer in answers if answer.status_code == 200)
        assert told["code"] == "stale" and [edit["rev"] for edit in told["edits"]] == [done["rev"]]
        assert shapely.geometry.shape(told["lines"]).length > 0 and len(told["now"]) == 2
        assert first.http.post(f"/api/edits/{done['rev']}/undo", json={}).status_code in (200, 404), "only its author takes it back"
        second.http.post(f"/api/edits/{done['rev']}/undo", json={})
    assert totals(url, config)[2:] == (0, 0, 0)
    record_property("figures", f"{rounds} rounds, {rounds} conflicts")
