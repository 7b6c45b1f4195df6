"""Answers that come late: what was asked about fewer areas, another parent or another kind does not replace what is chosen now."""

from __future__ import annotations

import json
import time

import shapely
from playwright.sync_api import Locator

from tests.browser.desk import PATIENCE_S, Desk
from tests.browser.test_draw import leaf_with_neighbour, near
from tests.browser.test_main_job import _across
from tests.browser.test_reshape import complaints, shape_of
from tests.browser.test_zones import post
from tests.counts import in_full

READY = "#side [data-key=save]:not([aria-disabled])"


def asked_of(desk: Desk) -> list[dict]:
    """The previews the page asks for, as they come."""
    asked: list[dict] = []
    desk.page.on("request", lambda request: asked.append(json.loads(request.post_data)) if request.url.endswith("/preview") else None)
    return asked


def hold_first(desk: Desk, pattern: str) -> list:
    """The first request of that address waits in the list until somebody lets it go; all others go on."""
    waiting: list = []

    def met(route) -> None:
        if waiting:
            route.fallback()
        else:
            waiting.append(route)
    desk.page.route(pattern, met)
    return waiting


VALUES = "(all) => all.map((one) => one.value)"


def parents_offered(desk: Desk) -> tuple[dict, Locator]:
    """A leaf about to get another parent, and those it could get."""
    one, _, _ = leaf_with_neighbour(desk)
    desk.find(one["code"])
    desk.page.locator("#side [data-key=transfer]").click()
    offered = desk.page.locator("#side input[name=parent]")
    offered.nth(1).wait_for()
    return one, offered


def test_areas_that_are_read_late_do_not_shorten_a_merge(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, other, _ = leaf_with_neighbour(desk)
    near(desk, one["code"])
    shape = shape_of(desk, one["code"])
    found = desk.get(f"/api/areas?parent={one['parent']}&geometry=true")["areas"]
    siblings = {area["code"]: shapely.geometry.shape(area["geometry"]) for area in found}
    third = min(siblings.keys() - {one["code"], other["code"]}, key=lambda code: siblings[code].centroid.distance(shape.centroid))
    asked, late = asked_of(desk), hold_first(desk, f"**/api/areas/{other['code']}")
    desk.tool("c")
    for held, code in ((0, one["code"]), (1, other["code"]), (1, third)):
        inside = siblings[code].representative_point()
        desk.click(inside.x, inside.y)
        desk.calm(held)
    desk.page.wait_for_function("() => document.querySelector('#side .hd p')?.textContent.split(' + ').length === 3")
    late[0].continue_()
    desk.calm()
    assert set(asked[-1]["targets"]) == {one["code"], other["code"], third}, "the third is forgotten"
    assert complaints(desk) == []


def test_a_line_that_is_complete_before_its_areas_are_read_stays_as_it_was_put_down(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, _, _ = leaf_with_neighbour(desk)
    near(desk, one["code"])
    start, end = _across(desk.get(f"/api/areas/{one['code']}?geometry=true"))
    asked, late = asked_of(desk), hold_first(desk, "**/api/areas?*geometry=true*")
    desk.page.keyboard.press("x")
    desk.calm(held=1)
    for place in (start, end):
        desk.click(*place)
    desk.move(end[0], end[1] + 0.0004)  # the hand goes on, to somewhere else
    late[0].continue_()
    desk.page.locator(READY).wait_for()
    desk.calm()
    assert len(asked[-1]["line"]["coordinates"]) == 2, "it ends where it was ended"
    desk.page.keyboard.press("Escape")
    assert complaints(desk) == []


@in_full
def test_a_parent_that_is_read_late_does_not_replace_the_one_chosen_now(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    _, offered = parents_offered(desk)
    first, second = offered.evaluate_all(VALUES)[:2]
    asked, late = asked_of(desk), hold_first(desk, f"**/api/areas/{first}?*")
    desk.page.locator(f"#side input[value='{first}']").check()
    desk.page.locator(f"#side input[value='{second}']").check()
    desk.calm(held=1)
    late[0].continue_()
    desk.calm()
    assert [form["parent"] for form in asked] == [second]
    assert desk.page.locator(f"#side input[value='{second}']").is_checked()
    assert complaints(desk) == []


def test_problems_that_are_read_late_are_not_shown_as_those_of_another_kind(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    desk.page.keyboard.press("F8")
    desk.page.locator("#side [data-finding]").first.wait_for()
    counts = desk.get("/api/findings?level=micro_grid")["counts"]
    first, second = sorted(counts, key=counts.get)[-2:]
    assert counts[first] != counts[second]
    late = hold_first(desk, f"**/api/findings?*kind={first}*")
    for kind in (first, second):
        desk.page.locator(f"#side [data-key='kind {kind}']").click()
        desk.calm(held=1)
    shown = desk.page.locator("#side [data-finding]").count()
    late[0].continue_()
    desk.calm()
    assert desk.page.locator(f"#side [data-key='kind {second}']").get_attribute("aria-checked") == "true"
    assert desk.page.locator("#side [data-finding]").count() == shown, "those of the kind asked for before"
    assert complaints(desk) == []


def test_problems_that_could_not_be_read_are_not_told_as_none(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    desk.page.route("**/api/findings?*", lambda route: route.abort())
    desk.page.keyboard.press("F8")
    told = desk.page.locator("#side .hint", has_text="not known yet")
    told.wait_for()
    assert desk.page.locator("#side [data-finding]").count() == 0 and "Nothing to look at" not in desk.page.locator("#side").inner_text()
    desk.page.unroute("**/api/findings?*")
    desk.page.keyboard.press("F8")
    desk.page.locator("#side [data-finding]").first.wait_for()
    told.wait_for(state="detached")


@in_full
def test_a_search_for_a_parent_outlives_the_preview_of_another(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, offered = parents_offered(desk)
    late = hold_first(desk, "**/preview")
    offered.first.check()
    neighbours = offered.evaluate_all(VALUES)
    word = next(area["code"] for area in desk.get("/api/areas?level=grid&limit=1000")["areas"] if area["code"] not in {*neighbours, one["parent"]})
    desk.page.locator("#side input[type=search]").fill(word)
    desk.page.locator(f"#side input[value='{word}']").wait_for()
    found = offered.evaluate_all(VALUES)
    late[0].continue_()
    desk.page.locator(READY).wait_for()
    desk.calm()
    assert offered.evaluate_all(VALUES) == found
    assert desk.page.locator("#side input[type=search]").input_value() == word
    assert complaints(desk) == []


@in_full
def test_zones_that_are_told_late_do_not_replace_those_told_since(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    planner: Desk = desk_in("demo", "en-US")
    kept: list[tuple] = []

    def met(route) -> None:
        if kept:
            route.fallback()
        else:
            kept.append((route, route.fetch()))  # what was told when it was asked
    desk.page.route("**/api/zones?lifted_since=*", met)
    code = leaf_with_neighbour(planner)[0]["code"]
    made = []
    for name in ("one", "another"):
        made.append(post(planner, "/api/zones", {"kind": "lockdown", "name": name, "reason": "exercise", "areas": [code]})[1])
        until = time.monotonic() + PATIENCE_S
        while not kept and time.monotonic() < until:
            desk.page.wait_for_timeout(100)
    last = desk.page.locator(f"#side [data-key='zone {made[1]['id']}']")
    last.wait_for()
    (route, answer), = kept
    assert made[1]["id"] not in [zone["id"] for zone in answer.json()["zones"]]
    route.fulfill(response=answer)
    desk.calm()
    assert last.is_visible(), "the later one is gone from the list"
    for zone in made:
        planner.page.evaluate("""async (path) => fetch(path, { method: "DELETE", headers: {
            "X-CSRF-Token": JSON.parse(document.getElementById("boot").textContent).csrf } })""", f"/api/zones/{zone['id']}")
