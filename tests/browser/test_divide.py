"""A planner divides areas evenly: picks them, says into how many, chooses one of three proposals, saves and takes it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.counts import count, in_full

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]


def wait_ready(desk: Desk) -> None:
    desk.calm()
    desk.page.locator("#side .divide-cards[aria-busy=false]").wait_for()
    desk.calm()


@pytest.mark.promise("In the browser an area is divided evenly: three proposals with their figures, the one on the map is saved")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_divide_a_leaf_by_number_and_a_grid_by_norm(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"divide-{lang[:2]}"
    grid, leaves = desk.busiest_grid()
    leaf = max(leaves, key=lambda one: one["households"] or 0)
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/preview") else None)
    one_house = min(leaves, key=lambda one: one["buildings"])
    assert one_house["buildings"] == 1 and one_house["households"]
    desk.find(one_house["code"])
    desk.page.keyboard.press("d")
    desk.page.locator("#side .trouble").wait_for()
    assert desk.page.locator("#side .trouble button").count() == 0, "one building: nothing is offered that would be refused"
    assert asked == [], "what cannot be is not asked for"
    desk.page.locator("#side [data-key=cancel]").click()
    view = desk.view()
    desk.find(leaf["code"])
    view = desk.moved(view)
    desk.page.keyboard.press("d")
    wait_ready(desk)
    desk.shot(f"{name}-1-leaf")
    assert desk.page.locator("#side .divide-card").count() == 1, "three times the same is one way"
    assert desk.page.locator("#side .divide-words").inner_text()[0:2] != "1\n", "one way has no number"
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    assert desk.view() == view, "the map stays"
    (edit,) = desk.get("/api/edits?mine=true&limit=1")["edits"]
    assert edit["op"] == "divide" and desk.get(f"/api/areas/{grid['code']}")["population"] == grid["population"]
    desk.shot(f"{name}-2-saved")
    desk.page.keyboard.press("Control+z")
    rev = desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{leaf['code']}")["households"] == leaf["households"]

    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    desk.find(grid["code"])
    desk.calm()
    desk.page.keyboard.press("d")
    parts = desk.page.locator("#side [data-key='divide parts']")
    parts.press("Control+a")
    desk.page.keyboard.type("1")
    wait_ready(desk)  # the panel is renewed while somebody types
    desk.page.keyboard.type("4")
    assert parts.input_value() == "14", "what is typed outlives the renewal"
    typed = desk.page.locator("#side .typed")
    assert typed.is_visible(), "what stands below is of another number"
    desk.shot(f"{name}-2-typed")
    parts.press("Tab")
    typed.wait_for(state="hidden")
    wait_ready(desk)
    cards = desk.page.locator("#side .divide-cards svg").evaluate_all("(all) => all.map((one) => one.innerHTML)")
    assert 1 < len(cards) == len(set(cards)), "each way is shown once"
    desk.page.keyboard.press("2")
    expect(desk.page.locator("#side [data-key='proposal 2']")).to_have_attribute("aria-checked", "true")
    desk.calm()
    desk.shot(f"{name}-3-grid")
    with desk.toasts_stay():
        desk.page.locator("#side [data-key=save]").click()
        rev = desk.wait_rev(rev)
        assert f"{len(leaves)} " in (said := desk.page.locator(".toast").inner_text()) and "14" in said and len(said) < 60, said
    assert len(desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]) == 14
    desk.calm()
    desk.shot(f"{name}-4-grid-saved")
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert {one["code"]: one["households"] for one in desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]} == {
        one["code"]: one["households"] for one in leaves}, "the town is left as it was found"
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints


@in_full
def test_a_long_division_shows_how_far_it_is_is_stopped_and_survives_a_reload(desk_in):
    desk = desk_in("demo")
    page, row = desk.page, desk.page.locator("#foot .job [data-key='job stop']")
    view = desk.view()
    desk.find("330299001001")
    view = desk.moved(view)
    page.keyboard.press("d")
    row.wait_for()
    page.locator("#side [data-key='search stop']").click()
    page.locator("#side [data-key='search again']").wait_for()
    row.wait_for(state="hidden")
    page.locator("#side [data-key='search again']").click()
    row.wait_for()
    desk.shot("divide-long-1-progress")
    page.reload()
    desk.ready()
    page.locator("#foot .job [data-key='job open']").click()
    page.locator("#side [data-key='proposal 1']:not([aria-disabled])").wait_for(timeout=120_000)
    desk.shot("divide-long-2-after-reload")
    assert desk.view() == view, "the map stays"
    page.locator("#side [data-key=cancel]").click()
    row.wait_for(state="hidden")
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints
