"""A planner cuts an area in two where it hurts least, and lays a lattice of stalls over a market."""

from __future__ import annotations

import pytest

from tests.browser.desk import Desk
from tests.counts import count

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]


def chosen(desk: Desk, code: str) -> tuple[float, float, float]:
    view = desk.view()
    desk.find(code)
    return desk.moved(view)


@pytest.mark.promise("In the browser an area is cut in two where it hurts least, and undone")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_cut_in_two_where_it_hurts_least(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"halve-{lang[:2]}"
    grid, leaves = desk.busiest_grid()
    leaf = max(leaves, key=lambda one: one["households"] or 0)
    view = chosen(desk, leaf["code"])
    desk.shot(f"{name}-0-card")
    desk.page.locator("#side [data-key=halve]").click()
    save = desk.page.locator("#side [data-key=save]:not([aria-disabled])")
    save.wait_for()
    desk.calm()
    desk.shot(f"{name}-1-best")
    desk.page.keyboard.press("2")
    desk.page.locator("#side [data-key='cut 1'][aria-checked=true]").wait_for()
    save.wait_for()
    desk.calm()
    desk.shot(f"{name}-2-second")
    desk.page.locator("#side [data-key='cut 0']").click()  # by the pointer: Enter is for the choice made, all the same
    desk.page.locator("#side [data-key='cut 0'][aria-checked=true]").wait_for()
    save.wait_for()
    desk.calm()
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    now = desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]
    assert len(now) == len(leaves) + 1 and desk.get(f"/api/areas/{grid['code']}")["population"] == grid["population"]
    halves = [one["households"] for one in now if one["code"] not in {leaf["code"] for leaf in leaves} or one["code"] == leaf["code"]]
    assert sum(halves) == leaf["households"] and min(halves) >= leaf["households"] / 3 and desk.view() == view
    desk.calm()
    desk.shot(f"{name}-3-saved")
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{leaf['code']}")["households"] == leaf["households"]
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints


@pytest.mark.promise("In the browser a lattice of stalls is laid over an area, by a baseline too, and undone")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_lay_a_lattice_over_a_market(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"lattice-{lang[:2]}"
    grid, leaves = desk.busiest_grid()
    leaf = min(leaves, key=lambda one: one["households"] or 0)
    view = chosen(desk, leaf["code"])
    desk.page.keyboard.press("0")
    desk.calm()
    desk.shot(f"{name}-0-more")
    desk.page.locator("[data-key='more lattice']").click()
    save = desk.page.locator("#side [data-key=save]:not([aria-disabled])")
    save.wait_for()
    desk.calm()
    desk.shot(f"{name}-1-lattice")
    desk.page.locator("#side [data-key='lattice columns']").fill("13")
    desk.page.locator("#side [data-key='lattice columns']").press("Enter")
    assert desk.page.evaluate("() => document.activeElement === document.querySelector('#canvas canvas')"), "the next Enter saves"
    desk.calm()
    desk.page.locator("#side [data-key=draw]").click()
    west, south, east, north = desk.get(f"/api/areas/{leaf['code']}")["bounds"]
    desk.click(west + (east - west) * 0.1, north - (north - south) * 0.3)
    desk.move(west + (east - west) * 0.6, north - (north - south) * 0.2)
    desk.calm()
    desk.shot(f"{name}-2-baseline")
    desk.click(west + (east - west) * 0.9, north - (north - south) * 0.1)
    save.wait_for()
    desk.calm()
    desk.shot(f"{name}-3-by-baseline")
    rev = desk.get("/healthz")["rev"]
    with desk.toasts_stay():
        desk.page.keyboard.press("Enter")
        rev = desk.wait_rev(rev)
        now = desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]
        assert f" {len(now) - len(leaves) + 1} " in f" {desk.page.locator('.toast').inner_text()} ".replace("：", " "), "as many units as there are"
    assert len(now) > len(leaves) + 8 and desk.get(f"/api/areas/{grid['code']}")["population"] == grid["population"]
    assert desk.view() == view, "the map stays"
    desk.calm()
    desk.shot(f"{name}-4-saved")
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert {one["code"]: one["households"] for one in desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]} == {
        one["code"]: one["households"] for one in leaves}, "the town is left as it was found"
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints
