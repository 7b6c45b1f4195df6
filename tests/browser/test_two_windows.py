"""Two people, two browsers, one map: what one cuts the other sees by itself; her view stays, her drawing too; and each sees
where the other is at work."""

from __future__ import annotations

import time

import pytest

from tests.browser.desk import PATIENCE_S, Desk
from tests.browser.test_main_job import _across, _inside
from tests.counts import some

COMMANDER = ("commander", "Command-2026")
# language of who looks on -> an area of the demo town that nobody else cuts, role as she is shown
LOOKS_ON = {"zh-CN": ("33029900100100301", "规划员"), "en-US": ("33029900100100302", "Planner")}


def card(desk: Desk, number: int) -> None:
    """Waits until the figure at the head of the card is this one."""
    desk.page.wait_for_function(
        "(text) => document.querySelector('#side .big dd')?.textContent.trim() === text",
        arg=f"{number:,}")


def split(desk: Desk, area: dict) -> int:
    """Cuts an area across as a planner does; answers the revision."""
    start, end = _across(area)
    rev = desk.get("/healthz")["rev"]
    desk.tool("x")
    desk.move(*start)
    desk.click(*start)
    desk.move(*end)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.click(*end)
    desk.page.keyboard.press("Enter")
    until = time.monotonic() + PATIENCE_S
    while (now := desk.get("/healthz")["rev"]) == rev and time.monotonic() < until:
        desk.page.wait_for_timeout(20)
    assert now > rev, "nothing was saved"
    return now


@pytest.mark.promise("Two browsers side by side: one cuts, the other sees it, its view does not move")
@pytest.mark.parametrize("lang", some(LOOKS_ON))
def test_one_cuts_and_the_other_sees_it_where_she_is(desk_in, lang: str, record_property):
    code, role = LOOKS_ON[lang]
    planner: Desk = desk_in("demo", "zh-CN")
    other: Desk = desk_in("demo", lang, sign_in=False)
    other.start(*COMMANDER)
    area = other.get(f"/api/areas/{code}?geometry=true")
    for desk in (planner, other):
        desk.find(code)
    other.wait_side(f"{area['households']:,}")
    other.page.evaluate("window.stayed = true")
    asked: list[str] = []
    other.page.on("request", lambda request: asked.append(request.url))
    view = other.view()

    # where she works belongs to it: with the tool put down she is nowhere for a moment, and so is whoever just left
    peer = other.page.locator(f"#peers .peer[aria-label*='{role}'][aria-label*='{area['name']}']").first
    peer.wait_for()
    other.shot(f"two-{lang[:2]}-1-before")

    own: list[str] = []
    planner.page.on("request", lambda request: own.append(request.url))
    rev = split(planner, area)
    saved = time.monotonic()
    parts = [planner.get(f"/api/areas/{one}") for one in planner.get("/api/edits?mine=true&limit=1")["edits"][0]["areas"]]
    [kept] = [part for part in parts if part["code"] == code]
    card(other, kept["households"])
    shown = time.monotonic() - saved
    other.shot(f"two-{lang[:2]}-2-after")
    other.calm()
    assert any(f"rev={rev}" in url and "/tiles/areas/" in url for url in asked), "the ground of the cut is asked anew"
    planner.calm()
    assert sum("/api/figures" in url for url in own) == 1, "one's own edit is not drawn a second time when the stream tells it"
    record_property("figures", f"{lang}: the other's card {shown:.1f} s after the answer")

    # She draws in the area now; the cut is taken back under her hands.
    other.tool("x")
    other.move(*_inside(area))
    start, _ = _across(kept if "geometry" in kept else area)
    other.click(*start)
    with other.toasts_stay():
        planner.page.keyboard.press("Escape")
        planner.page.keyboard.press("v")
        planner.page.keyboard.press("Control+z")
        other.page.locator(".toast", has_text=role).wait_for()
    other.shot(f"two-{lang[:2]}-3-hint")
    assert other.page.evaluate("window.stayed") is True, "nothing was loaded anew"
    assert other.view() == view, "the map did not move"
    other.page.keyboard.press("Escape")
    other.page.keyboard.press("v")
    card(other, area["households"])

    peer.click()
    other.page.locator(".pop .mi").first.wait_for()
    other.shot(f"two-{lang[:2]}-4-colleague")
    other.page.keyboard.press("Escape")
    for desk in (planner, other):
        assert desk.complaints == []
        assert desk.foreign == []


def test_after_a_cut_of_the_line_what_was_missed_comes_without_reload(desk_in):
    planner: Desk = desk_in("demo")
    other: Desk = desk_in("demo", sign_in=False)
    other.start(*COMMANDER)
    code = "33029900100100401"
    area = planner.get(f"/api/areas/{code}")
    other.find(code)
    other.wait_side(f"{area['households']:,}")
    view = other.view()
    other.page.evaluate("window.stayed = true")
    other.page.context.set_offline(True)
    other.page.locator("#live.lost").wait_for()
    other.shot("two-offline")
    answer = planner.page.evaluate(
        """async ([code, version]) => {
          const boot = JSON.parse(document.getElementById("boot").textContent);
          const headers = { "Content-Type": "application/json", "X-CSRF-Token": boot.csrf };
          const body = JSON.stringify({ version, name: "改名微网格" });
          return (await fetch(`/api/areas/${code}`, { method: "PATCH", headers, body })).status;
        }""", [code, area["version"]])
    assert answer == 200
    other.page.context.set_offline(False)
    other.page.locator("#live.back, #live.on").wait_for()
    other.wait_side("改名微网格")
    other.shot("two-back")
    assert other.page.evaluate("window.stayed") is True
    assert other.view() == view
