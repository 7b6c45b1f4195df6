"""A planner reads the history of an area, looks at how it was, takes an edit back by keyboard; the chief takes another back
and the planner hears of it."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import expect

from geodata.demo import ACCOUNTS
from tests.browser.desk import Desk

CODE = "33029900100600808"
CHIEF = next(account for account in ACCOUNTS if account[0] == "commander")[:2]


def across(desk: Desk, code: str) -> dict:
    """A form that cuts the area in two."""
    shape = shapely.geometry.shape(desk.get(f"/api/areas/{code}?geometry=true")["geometry"])
    west, _, east, _ = shape.bounds
    middle = shape.representative_point()
    line = {"type": "LineString", "coordinates": [[west - 2e-4, middle.y - 2e-5], [east + 2e-4, middle.y + 2e-5]]}
    return {"op": "split", "targets": [code], "line": line}


def post(desk: Desk, path: str, form: dict) -> dict:
    """A request of the page's own session."""
    return desk.page.evaluate(
        """async ([path, form]) => {
            const { boot } = await import("/static/js/data/boot.js").catch(() => ({}));
            const csrf = (boot ?? JSON.parse(document.getElementById("boot").textContent)).csrf;
            const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
            const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(form) });
            return answer.json();
        }""",
        [path, form],
    )


@pytest.mark.promise("History on the card: look at how it was, take it back by keyboard, hear of what the chief did")
def test_history_is_looked_at_and_taken_back_by_keyboard_and_the_chief_is_heard(desk_in):
    desk: Desk = desk_in("demo")
    page = desk.page
    was = desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"]
    first = post(desk, "/api/edits", across(desk, CODE))["rev"]
    desk.find(CODE)
    view = desk.view()
    page.locator(f"#side [data-key='edit {first}']").focus()
    page.keyboard.press("Enter")
    for side in ("after", "before"):
        page.locator(f"#side [data-key='{side} {first}']").focus()
        page.keyboard.press("Enter")
        page.locator(f"#side [data-key='{side} {first}'][aria-pressed=true]").wait_for()
        expect(page.locator("#side .hist [aria-pressed=true]")).to_have_count(1)
    desk.shot("history-before")
    assert desk.view() == view, "the map moves only when asked"
    page.locator(".past [data-key=shut]").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".past")).to_have_count(0)
    page.locator(f"#side [data-key='back {first}']").focus()
    page.keyboard.press("Enter")
    desk.wait_rev(first)
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == was
    assert desk.view() == view

    second = post(desk, "/api/edits", across(desk, CODE))["rev"]
    chief: Desk = desk_in("demo", "en-US", sign_in=False)
    chief.start(*CHIEF)
    chief.find(CODE)
    chief.page.locator(f"#side [data-key='edit {second}']").click()
    chief.page.locator(f"#side [data-key='back {second}']").click()
    chief.page.locator("dialog textarea").fill("会议决定")
    chief.shot("history-reason")
    chief.page.locator("dialog button[type=submit]").click()
    chief.wait_rev(second)
    page.locator("#bell .count:not([hidden])").wait_for()
    assert "会议决定" not in page.locator(".toasts").inner_text()
    desk.shot("history-told")
    page.locator("#bell").click()
    expect(page.locator(".pop")).to_contain_text("会议决定")
    page.locator("#bell .count[hidden]").wait_for(state="attached")
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == was
    for one in (desk, chief):
        assert one.foreign == [] and [text for text in one.complaints if "GPU stall" not in text] == []
