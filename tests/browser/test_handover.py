"""Handing over: a package ordered in the dialog and checked, and a briefing that opens with the network cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from geodata.handover import verify
from tests.browser.desk import PATIENCE_S
from tests.counts import some
from tests.mapapp.test_api_briefings import BRIEFING, in_force, page
from tests.mapapp.web import Web, build, open_town

WORDS = {"zh-CN": ("导出", "共 638 行", "平面坐标，适合本地"), "en": ("Export", "638 rows", "Plane, fits here")}


@pytest.mark.parametrize("lang", some(WORDS))
@pytest.mark.promise("A package is ordered on the page: rows told before, fitting coordinates first, SHA-256 and the line to check it after")
def test_a_planner_orders_a_package_and_gets_what_the_page_says(desk_in, tmp_path, lang) -> None:
    desk = desk_in("demo", lang)
    title, rows, fitting = WORDS[lang]
    desk.page.keyboard.press("e")
    dialog = desk.page.get_by_role("dialog", name=title)
    expect(dialog.get_by_text(rows, exact=True)).to_be_visible()
    groups = dialog.locator("[name=crs] optgroup").evaluate_all(
        "nodes => nodes.map((node) => [node.label, node.children.length, node.children[0].value])")
    assert groups[1] == [fitting, 2, "EPSG:4529"] and sum(number for _, number, _ in groups) == 44
    dialog.locator("[name=format]").select_option("kml")
    expect(dialog.locator("[name=crs]"), "KML knows no other").to_have_value("EPSG:4326")
    dialog.locator("[name=format]").select_option("shapefile")
    dialog.locator("[name=crs]").select_option("EPSG:4550")
    dialog.locator("[name=encoding]").select_option("GBK")
    dialog.locator("button[type=submit]").click()
    assert dialog.locator(".job").is_hidden(), "nothing leaves without a receiver"
    dialog.locator("[name=receiver]").fill("区公安分局")
    dialog.locator("[name=purpose]").fill("卡口布设")
    dialog.locator("button[type=submit]").click()
    link = dialog.locator(".job a")
    expect(link).to_be_focused()
    told = [node.inner_text() for node in dialog.locator(".proof code").all()]
    with desk.page.expect_download() as download:
        link.click()
    file = Path(tmp_path / download.value.suggested_filename)
    download.value.save_as(file)
    assert told == [verify(file)["package"]["sha256"], f"weige verify {file.name}"]
    assert (verify(file)["crs"], verify(file)["encoding"], verify(file)["receiver"]) == ("EPSG:4550", "GBK", "区公安分局")
    desk.page.screenshot(path=desk.shots / f"handover-{lang}.png")
    assert desk.foreign == [] and desk.complaints == []


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Web:
    (tmp_path_factory.getbasetemp() / "briefed").mkdir(exist_ok=True)
    web = open_town(build(tmp_path_factory.mktemp("briefing")), tmp_path_factory.getbasetemp() / "briefed")
    in_force(web, "inside", "other")
    yield web
    web.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.promise("A briefing opens with the network cut and asks for nothing; it prints, and says when it has ended")
def test_a_briefing_opens_with_the_network_cut(town, browser, tmp_path, shots, lang) -> None:
    file = tmp_path / "briefing.html"
    file.write_text(page(town, BRIEFING | {"lang": lang})[1], encoding="utf-8")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    context.set_default_timeout(PATIENCE_S * 1000)
    one, asked, complaints = context.new_page(), [], []
    one.on("request", lambda request: asked.append(request.url))
    one.on("console", lambda message: complaints.append(message.text))
    one.on("pageerror", lambda error: complaints.append(str(error)))
    one.goto(file.as_uri())
    expect(one.locator("path.zone.z-lockdown")).to_have_count(2)
    expect(one.locator("path.zone.rest.z-prevention")).to_have_count(1)
    assert "url(" in one.locator("path.zone.z-lockdown").first.evaluate("node => getComputedStyle(node).fill"), "a pattern, not colour alone"
    expect(one.locator(".letter")).to_have_text(["防", "封", "封"] if lang == "zh" else ["P", "L", "L"])
    expect(one.locator("main .post")).to_have_count(3)
    expect(one.locator("#over")).to_be_hidden()
    assert one.locator("table.kinds tbody tr").count() >= 3
    before = one.locator("main").bounding_box()
    one.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert one.locator("main").bounding_box()["width"] != before["width"], "framed anew for paper"
    one.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert one.locator("main").bounding_box() == before
    assert len(one.pdf(prefer_css_page_size=True)) > 10_000
    one.screenshot(path=shots / f"briefing-{lang}.png")
    one.clock.install(time="2199-01-01T00:00:00Z")
    one.reload()
    expect(one.locator("#over")).to_be_visible()
    assert set(asked) == {file.as_uri()} and complaints == []
    context.close()
