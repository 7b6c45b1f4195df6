"""A community that nobody divided gets its first grids: subdivide, draw off, draw off, keep the rest; and back again."""

from __future__ import annotations

import pytest
import shapely

from geodata.demo import ACCOUNTS
from tests.browser.communities import TOWN, make
from tests.browser.desk import Desk, serving
from tests.counts import count

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]
CODE = f"{TOWN}002"
WORD = {"zh": "未划分", "en": "Unassigned"}


@pytest.fixture
def desk(browser, tmp_path, shots, lang):
    """A planner of four communities without grids."""
    with serving(make(tmp_path)) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=lang, timezone_id="Asia/Shanghai")
        one = Desk(context.new_page(), address, shots)
        one.start(*ACCOUNTS[0][:2])
        yield one
        context.close()


def saved(desk: Desk, press: str = "Enter") -> int:
    rev = desk.get("/healthz")["rev"]
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.page.keyboard.press(press)
    return desk.wait_rev(rev)


def cut_off(desk: Desk, code: str, at: float) -> None:
    """Splits an area by a line across its shorter side, at a share of its longer one."""
    shape = shapely.geometry.shape(desk.get(f"/api/areas/{code}?geometry=true")["geometry"])
    part = max(shape.geoms, key=lambda one: one.area)
    west, south, east, north = part.bounds
    x = west + (east - west) * at
    desk.tool("x")
    start, end = (x, north + (north - south) * 0.06), (x + (east - west) * 0.02, south - (north - south) * 0.06)
    desk.move(*start)
    desk.click(*start)
    desk.move(*end)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.click(*end)
    saved(desk)
    desk.page.keyboard.press("v")


@pytest.mark.promise("An ungridded community gets its first grids in the browser: codes, names and people right")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_community_gets_its_first_grids(desk: Desk, lang: str):
    name, word = f"grids-{lang[:2]}", WORD[lang[:2]]
    people = desk.get(f"/api/areas/{CODE}")["population"]
    desk.find(CODE)
    view = desk.view()
    desk.page.locator("#side [data-key=subdivide]").click()
    desk.wait_side("330299001002001")
    desk.shot(f"{name}-1-preview")
    saved(desk)
    assert desk.view() == view, "the map stays"
    desk.wait_side(word)
    (first,) = desk.get(f"/api/areas?parent={CODE}")["areas"]
    assert (first["code"], first["level"], first["assigned"], first["population"]) == (f"{CODE}001", "grid", False, people)
    desk.page.wait_for_function("(word) => document.querySelector('.legend').innerText.includes(word)", arg=word)
    desk.shot(f"{name}-2-unassigned")

    cut_off(desk, f"{CODE}001", 0.35)
    cut_off(desk, f"{CODE}001", 0.7)
    grids = desk.get(f"/api/areas?parent={CODE}")["areas"]
    assert {grid["name"] for grid in grids} == {f"{number:02d}网格" for number in range(1, len(grids) + 1)} and len(grids) >= 3
    assert [grid["code"] for grid in grids if not grid["assigned"]] == [f"{CODE}001"]
    assert sum(grid["population"] for grid in grids) == people, "nobody is lost"
    desk.shot(f"{name}-3-cut")

    view = desk.view()
    for key, place in (("u", 0), ("F8", 1), ("Shift+F8", 0)):  # F8 goes on from what U found
        desk.page.keyboard.press(key)
        desk.page.locator(f"#side [data-finding='{place}'][aria-current=true]").wait_for()
    assert "01网格" in desk.page.locator("#side [data-finding='0']").inner_text(), "unassigned ground comes first"
    assert desk.view() == view, "looking through the list moves nothing"
    desk.shot(f"{name}-4-findings")
    desk.page.keyboard.press("Enter")
    desk.moved(view)
    desk.page.locator("#side [data-key=assign]").click()
    desk.page.wait_for_function("() => !document.querySelector('#side [data-key=assign]')")
    assert desk.get("/api/findings?kind=unassigned")["findings"] == []

    desk.find(CODE)
    desk.page.locator("#side [data-key=dissolve]").click()
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.shot(f"{name}-5-dissolve")
    desk.page.keyboard.press("Escape")
    desk.page.locator("#side [data-key=dissolve]").wait_for()
    desk.page.locator("#side [data-key=dissolve]").click()
    saved(desk)
    area = desk.get(f"/api/areas/{CODE}")
    assert area["leaf"] and area["population"] == people
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert {grid["code"] for grid in desk.get(f"/api/areas?parent={CODE}")["areas"]} == {grid["code"] for grid in grids}
    desk.shot(f"{name}-6-undone")
    assert [text for text in desk.complaints if "GPU stall" not in text and "422" not in text] == []
