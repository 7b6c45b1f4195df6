"""Two planners cut the same micro-grid: the later one sees both lines and the numbers of both, and chooses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shapely

from geodata.demo import ACCOUNTS
from tests.browser.conftest import PASSWORD, PLANNER
from tests.browser.desk import Desk
from tests.counts import FULL, some

CHIEF, ITS_PASSWORD = ACCOUNTS[1][:2]
CODE = "33029900100200511"


@pytest.fixture
def two(desk_in, request) -> Iterator[tuple[Desk, Desk]]:
    """A planner and a commander, each before a map of her own."""
    lang = request.param
    first, second = (desk_in("demo", lang, sign_in=False) for _ in range(2))
    first.start(PLANNER, PASSWORD)
    second.start(CHIEF, ITS_PASSWORD)
    yield first, second


def drawn(desk: Desk, ends: list[tuple[float, float]]) -> None:
    """Draws a cut; it is not saved."""
    desk.tool("x")
    desk.move(*ends[0])
    desk.click(*ends[0])
    desk.move(*ends[1])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.click(*ends[1])


def lines(area: dict) -> list[list[tuple[float, float]]]:
    """A cut across and a cut along."""
    shape = shapely.geometry.shape(area["geometry"])
    (x, y), (west, south, east, north) = shapely.point_on_surface(shape).coords[0], shape.bounds
    far = 0.15
    return [[(x, south - far * (north - south)), (x, north + far * (north - south))],
            [(west - far * (east - west), y), (east + far * (east - west), y)]]


@pytest.mark.promise("Two on one border: exactly one conflict, both lines shown in the browser")
@pytest.mark.parametrize("two", ["zh-CN", "en-US"] if FULL else ["zh-CN"], indirect=True)
@pytest.mark.parametrize("choice", some(["mine", "theirs"]))
def test_the_later_planner_sees_both_lines_and_chooses(two: tuple[Desk, Desk], choice: str, request):
    first, second = two
    name = f"conflict-{request.node.callspec.params['two'][:2]}-{choice}"
    for desk in two:
        desk.find(CODE)
    area = first.get(f"/api/areas/{CODE}?geometry=true")
    across, along = lines(area)
    drawn(second, along)
    before = second.view()
    rev = first.get("/healthz")["rev"]
    drawn(first, across)
    first.page.keyboard.press("Enter")
    rev = first.wait_rev(rev)
    theirs = first.get("/api/edits?mine=true&limit=1")["edits"][0]
    assert theirs["rev"] == rev

    second.page.keyboard.press("Enter")
    choices = second.page.locator("#side [data-key='conflict theirs']")
    choices.wait_for()
    second.page.wait_for_function("() => !document.getElementById('side').innerText.includes('…')")
    second.shot(name)
    assert second.view() == before, "the map does not move"
    with second.toasts_stay():
        for key in ("Escape", "v", "Backspace"):  # nothing takes the line away before a choice is made
            second.page.locator("#canvas canvas").focus()
            second.page.keyboard.press(key)
        second.page.locator(".toast").wait_for()  # it says that a choice comes first
    assert choices.is_visible() and second.page.locator("[data-tool=split][aria-pressed=true]").count() == 1
    shown = second.page.evaluate("() => window.weigeMap ? null : document.querySelector('#side').innerText")
    now = [second.get(f"/api/areas/{code}") for code in theirs["areas"]]
    for one in now:
        assert f"{one['households']:,}" in shown, "their numbers stand on the card"
    second.page.locator(f"#side [data-key='conflict {choice}']").click()
    second.page.locator("#side [data-key=conflict-ok]").click()
    if choice == "theirs":
        second.calm()
        assert second.get("/healthz")["rev"] == rev, "nothing is written"
    else:
        rev = second.wait_rev(rev)
        mine = second.get("/api/edits?mine=true&limit=1")["edits"][0]
        assert mine["rev"] == rev and CODE in mine["areas"]
        second.shot(f"{name}-saved")
        assert sum(second.get(f"/api/areas/{code}")["households"] for code in mine["areas"]) == area["households"], "nobody is lost"
        second.page.keyboard.press("Escape")
        second.page.keyboard.press("v")
        second.page.keyboard.press("Control+z")
        rev = second.wait_rev(rev)
        assert {area["code"] for area in now} <= {code for code in theirs["areas"]}
        assert first.get(f"/api/areas/{CODE}")["households"] == next(one for one in now if one["code"] == CODE)["households"], "their cut is back"
    first.page.keyboard.press("Escape")
    first.page.keyboard.press("v")
    first.page.keyboard.press("Control+z")
    first.wait_rev(rev)
    assert first.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == area["geometry"]
    for desk in two:
        assert not desk.foreign and not [one for one in desk.complaints if "409" not in one], desk.complaints
