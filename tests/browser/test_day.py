"""A day of a street office, in the browser from end to end: a zone is proposed and approved, a post is placed and manned, three
phones report (one through a cut), the command page follows, the police get their package, which GDAL and QGIS read."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pyogrio
import pytest
from playwright.sync_api import expect

from geodata.demo import REPORTS_ON
from tests.browser import test_posts, test_zones
from tests.browser.desk import Desk, own_town
from tests.browser.line import line
from tests.browser.test_command import room  # noqa: F401  a fixture
from tests.browser.test_main_job import _inside
from tests.browser.test_phone import Handset, clean, phone_at, port  # noqa: F401  a fixture
from tests.counts import FULL, count
from tests.tainan import weige

LANGUAGES = ("zh-CN", "en-US") if FULL else ("zh-CN",)
ZONE, POST = f"{REPORTS_ON}01", f"{REPORTS_ON}02"  # micro-grids of the grid the worker reports on
CUT_S = count(4, 60)
SAY = """
one = layer("zones")
say([[str(f["QYBH"]), str(f["QYMC"]), f.geometry().area()] for f in one.getFeatures()] + [one.crs().authid()])
"""


@pytest.fixture(scope="module")
def towns(tmp_path_factory) -> Iterator[Callable[[str], str]]:
    """Call it for the address of the demo town of a language: each has a day of its own."""
    with ExitStack() as stack:
        yield cache(lambda lang: stack.enter_context(own_town(tmp_path_factory.mktemp("day"))))


@pytest.fixture
def town(towns, request) -> str:
    """Where the fixture `room` of the command page sits."""
    return towns(request.node.callspec.params.get("lang", LANGUAGES[0]))


@pytest.mark.promise("A day in the browser: zone proposed and approved, post manned, three phones, command page, package for the police")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_day_of_a_street_office(town, room, phone_at, tmp_path, record_property, lang: str, request):  # noqa: F811
    tag, zh = f"day-{lang[:2]}", lang == "zh-CN"
    planner: Desk = room("/", "planner", lang)
    commander: Desk = room("/", "commander", lang, color_scheme="dark")
    watch: Desk = room("/command?wall=1", "commander", lang, (1920, 1080))
    watched = watch.view()
    for desk in (planner, commander):
        desk.ready()

    # a zone: proposed by one, approved by another
    area = test_zones.propose(planner, ZONE, lang)
    planner.page.locator("#side [data-key=propose]").click()
    planner.page.locator("#side [data-key=withdraw]").wait_for()
    zone = next(one for one in planner.get("/api/zones?status=proposed")["zones"] if one["reason"] == test_zones.WHY[lang])
    planner.shot(f"{tag}-1-proposed")
    row = commander.page.locator(f"#side [data-key='zone {zone['id']}']")
    row.wait_for()
    row.click()
    commander.page.locator("#side [data-key='act approve']").click()
    if area["population"] > 200:
        commander.page.fill("#side input[name=people]", str(area["population"]))
    commander.page.fill("#side input[name=order_no]", "测〔2026〕9号")
    commander.page.locator("#side [data-key='decide send']").click()
    watch.page.wait_for_function("(n) => document.getElementById('zones').innerText.includes(n)", arg=f"{area['population']:,}")
    commander.calm()
    commander.shot(f"{tag}-2-approved")

    # a post at its border
    place = planner.get(f"/api/areas/{POST}?geometry=true")
    planner.find(POST)
    lon, lat = _inside(place)
    planner.tool("p")
    planner.move(lon, lat)
    planner.click(lon, lat)
    planner.page.locator("#side [name=name]").fill("东门岗")
    planner.page.locator("#side [name=kind]").select_option("lockdown_gate")
    planner.page.locator("#side [name=present]").fill("1")
    planner.page.locator("#side [name=name]").press("Enter")
    test_posts.chip(planner, "缺人 1/2" if zh else "Short: 1 of 2")
    watch.page.wait_for_function("() => document.getElementById('posts').innerText.includes('1')")
    planner.calm()
    planner.shot(f"{tag}-3-post")

    # three phones, the third behind a line that is cut
    with line(port(town)) as wire:
        phones: list[Handset] = [phone_at(town, lang), phone_at(town, lang, True), phone_at(wire.address, lang)]
        leaves = (f"{REPORTS_ON}01", f"{REPORTS_ON}02", f"{REPORTS_ON}03")
        for phone, leaf in zip(phones, leaves, strict=True):
            phone.open()
            phone.tap("area")
            phone.page.locator("dialog .mi", has_text=f"02-{leaf[-2:]}").click()
            phone.place(0)
        phones[2].kept_for_cuts()
        wire.cut()
        followed = []
        for phone in phones[:2]:
            before = watch.page.locator("#rounds").inner_text()
            phone.tap("done")
            phone.all_received()
            began = time.monotonic()
            watch.page.wait_for_function("(before) => document.getElementById('rounds').innerText !== before", arg=before)
            followed.append(time.monotonic() - began)
        for _ in range(3):
            phones[2].tap("done")
        expect(phones[2].page.locator("#tabs i"), "on the phone").to_be_visible()
        phones[2].shot(f"{tag}-4-cut")
        phones[2].page.wait_for_timeout(CUT_S * 1000)
        wire.mend()
        phones[2].all_received()
        assert phones[2].status(leaves[2])["surveyed_households"] == 3
        watch.page.wait_for_function("() => document.getElementById('rounds').innerText.includes('3')")
        record_property("figures", f"{lang}: on the command page {max(followed):.1f} s after the phone was answered, a cut of {CUT_S} s")
        phones[0].shot(f"{tag}-5-phone")
    watch.calm()
    watch.shot(f"{tag}-6-wall")
    assert watch.view() == watched, "the wall stands still"

    # the package for the police
    planner.page.keyboard.press("Escape")
    planner.page.keyboard.press("v")
    planner.page.keyboard.press("e")
    planner.page.select_option("select[name=layer]", "zones")
    planner.page.select_option("select[name=format]", "shapefile")
    planner.page.select_option("select[name=crs]", "EPSG:4490")
    planner.page.select_option("select[name=encoding]", "GBK")
    planner.page.select_option("select[name=area]", "")
    planner.page.fill("input[name=receiver]", "公安分局")
    planner.page.fill("input[name=purpose]", "演练")
    planner.page.locator("button[form=export-form]").click()
    link = planner.page.locator("dialog a[download]")
    link.wait_for()
    planner.shot(f"{tag}-7-package")
    with planner.page.expect_download() as waiting:
        link.click()
    package = tmp_path / "police.zip"
    waiting.value.save_as(package)
    code, told = weige(f"gpkg://{tmp_path / 'none.gpkg'}", "verify", str(package))
    assert code == 0, told
    folder = unpacked(package, tmp_path)
    read = pyogrio.read_dataframe(folder / "zones.shp")
    mine = read[read["QYBH"] == zone["code"]].iloc[0]
    assert (mine["QYMC"], int(mine["RKS"])) == (zone["name"], area["population"])

    for desk in (planner, commander, watch):
        assert desk.foreign == []
        assert [text for text in desk.complaints if "GPU stall" not in text] == []
    for phone in phones[:2]:
        clean(phone)


def unpacked(package: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.promise("The package for the police opens in QGIS, in GBK and its own CRS")
def test_qgis_reads_the_package(qgis, town, room, tmp_path):  # noqa: F811
    desk: Desk = room("/", "planner")
    desk.ready()
    made = test_zones.post(desk, "/api/exports", {"layer": "zones", "format": "shapefile", "crs": "EPSG:4549", "encoding": "GBK",
                                                  "receiver": "公安分局", "purpose": "演练"})
    assert made[0] == 202, made
    while (job := desk.get(f"/api/exports/{made[1]['id']}"))["state"] in ("queued", "running"):
        desk.page.wait_for_timeout(200)
    assert job["state"] == "done", job
    package = tmp_path / "police.zip"
    package.write_bytes(desk.ask(job["url"]).body())
    *rows, crs = qgis(SAY, unpacked(package, tmp_path) / "zones.shp")
    zones = {one["code"]: one for one in desk.get("/api/zones?status=proposed")["zones"] + desk.get("/api/zones?status=in_force")["zones"]}
    assert crs == "EPSG:4549" and all(row[2] > 1 for row in rows), "square metres"
    assert {row[0] for row in rows} & {code for code, one in zones.items() if one["status"] == "in_force"}, "what is in force is in it"
    assert {row[0]: row[1] for row in rows if row[0] in zones} == {code: one["name"] for code, one in zones.items()}
