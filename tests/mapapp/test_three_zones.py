"""The three-zone table: the demo town gives it to the person, and it stays a partition through a bad week."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from geodata.demo import DEMO_CODES, PLANNER, TOWN, build_demo
from geodata.store import Store
from mapapp import create_app, open_accounts
from tests.counts import count
from tests.mapapp import web as little
from tests.mapapp.web import PASSWORD, Web, build, open_town, settings
from tests.zone_work import ZoneWorker

# The table of the street, as it was published: households, people.
PANHUO = {"lockdown": (257, 701), "control": (3_510, 9_341), "prevention": (14_796, 35_622)}
DECLARED, BEYOND = 47_164, 1_500


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Web]:
    """The demo town with a planner and two commanders."""
    config, folder = settings(), tmp_path_factory.mktemp("demo")
    store = Store.open(f"gpkg://{folder / 'demo.gpkg'}", config.rules, create=True, codes=DEMO_CODES, synchronous="NORMAL")
    build_demo(store)
    accounts, tokens = open_accounts(config, store), {}
    with store.read() as reader:
        top = reader.area(TOWN).fid
    for name, role in ((PLANNER, "planner"), ("commander", "commander"), ("second", "commander")):
        accounts.add(name, PASSWORD, [(role, top, 0)])
        tokens[name] = accounts.new_token(name, 30)
    one = Web(store, create_app(config, store, accounts), accounts, config, tokens)
    yield one
    one.close()


def table(web: Web, area: str = TOWN) -> dict:
    answer = web.get(f"/api/zones/summary?area={area}", PLANNER)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.promise("The demo town reproduces the three-zone table to the person, by proposing and approving over the API")
def test_the_demo_town_gives_the_table_of_the_street_to_the_person(demo: Web, record_property) -> None:
    empty = table(demo)
    assert [(one["kind"], one["zones"], one["households"]) for one in empty["kinds"]] == [
        ("lockdown", 0, 0), ("control", 0, 0), ("prevention", 0, None)], "no zone is in force: nothing to prevent"  # fmt: skip
    drafts = demo.get("/api/zones?status=proposed", PLANNER).json["zones"]
    assert len(drafts) == 2
    for draft in drafts:  # the planner proposes the same ground anew, a commander approves
        assert demo.post(f"/api/zones/{draft['id']}/reject", "second", json={"reason": "重提"}).status_code == 200
        form = {"kind": draft["kind"], "name": draft["name"], "areas": draft["members"]["areas"], "order_no": "〔2022〕1号"}
        made = demo.post("/api/zones", PLANNER, json=form)
        assert made.status_code == 201, made.text
        people = made.json["figures"]["population"]
        answer = demo.post(f"/api/zones/{made.json['id']}/approve", "commander", json={"people": people})
        assert answer.status_code == 200 and answer.json["status"] == "in_force", answer.text
        assert answer.json["decided"] == {"households": answer.json["figures"]["households"], "population": people}
    told = table(demo)
    assert {one["kind"]: (one["households"], one["population"]) for one in told["kinds"]} == PANHUO
    assert [one["zones"] for one in told["kinds"]] == [1, 1, 0] and [one["derived"] for one in told["kinds"]] == [False, False, True]
    assert told["declared"]["population"] == DECLARED and told["declared_difference"]["population"] == BEYOND
    assert not any(one["estimated"] for one in told["kinds"])
    communities = [one["code"] for one in demo.get("/api/areas?level=community", PLANNER).json["areas"]]
    parts = [{one["kind"]: one for one in table(demo, code)["kinds"]} for code in communities]
    whole = [demo.area(code, PLANNER) for code in communities]
    for part, area in zip(parts, whole, strict=True):
        if any(one["zones"] for one in part.values()):
            assert sum(one["households"] for one in part.values()) == area["households"]
    for kind in ("lockdown", "control"):
        assert sum(part[kind]["households"] for part in parts) == PANHUO[kind][0], "communities add up to the street"
    record_property("figures", "; ".join(f"{kind} {homes:,}/{people:,}" for kind, (homes, people) in PANHUO.items()))


@pytest.mark.promise("1,000 random zone operations, with redraws and recounts between: the kinds partition the scope exactly")
def test_the_kinds_partition_the_town_whatever_is_done(demo: Web, record_property) -> None:
    worker = ZoneWorker(demo, TOWN, random.Random(7))
    worker.work(count(25, 1000))
    record_property("figures", f"demo town: {sum(worker.done.values())} done, {sum(worker.refused.values())} refused")


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
@pytest.mark.promise("1,000 random zone operations, with redraws and recounts between: the kinds partition the scope exactly")
def test_also_where_cells_are_cut_and_people_unknown(kind: str, tmp_path, request, record_property) -> None:
    (tmp_path / "copy").mkdir()
    town = open_town(build(tmp_path, request.getfixturevalue("fresh_postgis")() if kind == "postgis" else None), tmp_path / "copy")
    with town.store.read() as reader:
        town.accounts.add("second", PASSWORD, [("commander", reader.area("K").fid, reader.rev)])
    town.tokens["second"] = town.accounts.new_token("second", 1)
    worker = ZoneWorker(town, "K", random.Random(3), "mayor", ("chief", "second"))
    worker.work(count(50, 1000))
    town.close()
    assert little.CELL and worker.done["approve"] and worker.done["lift"]
    record_property("figures", f"{kind}: {sum(worker.done.values())} done, {sum(worker.refused.values())} refused")
