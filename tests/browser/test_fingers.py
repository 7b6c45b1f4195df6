"""Redrawing with nothing but fingers: what a tap, a second finger, a touch that is taken away, the panels and the words do."""

from __future__ import annotations

import pytest
import shapely

from tests.browser.desk import Desk
from tests.browser.test_hand import CODE, READY, Finger, newest, take_back
from tests.browser.test_reshape import beside, shape_of
from tests.counts import some

TABLET = (1180, 820)


def seek(desk: Desk, finger: Finger, code: str) -> None:
    """Searches and taps on the hit."""
    desk.page.locator("#search input").fill(code)
    hit = desk.page.locator("#search [role=option]")
    hit.wait_for()
    desk.calm()
    box = hit.bounding_box()
    finger.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.wait_side(code)
    desk.calm()


@pytest.fixture
def tablet(desk_in):
    return lambda lang="zh-CN", size=TABLET, **options: desk_in("demo", lang, size, has_touch=True, reduced_motion="reduce", **options)


def test_a_second_finger_leaves_the_vertex_a_button_deletes_it_and_a_finger_boxes_buildings(tablet):
    desk: Desk = tablet()
    finger, page = Finger(desk), desk.page
    seek(desk, finger, CODE)
    assert page.locator("#side h2").inner_text().startswith(desk.get(f"/api/areas/{CODE}")["name"]), "the tap chose what lay under the list"
    _, common = beside(desk, CODE)
    if len(common.coords) == 2:
        pytest.skip("the border has no vertex of its own")
    before = shape_of(desk, CODE)
    page.locator("[data-tool=vertex]").tap()
    desk.calm()
    hint = page.locator("#hint").inner_text()
    assert not any(word in hint for word in ("Del", "Esc", "回车")), hint
    x, y = desk.at(*common.coords[1])
    for ends in ("second finger", "taken away"):
        finger.tell("touchStart", (x, y))
        for k in range(1, 6):
            finger.tell("touchMove", (x, y + 5 * k))
        page.locator("[data-key='touch remove']").wait_for()
        if ends == "second finger":
            finger.tell("touchStart", (x, y + 25), (x + 40, y + 200))
            for k in range(1, 6):
                finger.tell("touchMove", (x + 4 * k, y + 25), (x + 40 + 4 * k, y + 200))
            finger.tell("touchEnd")
        else:
            finger.tell("touchCancel")
        page.locator(".fingers").wait_for(state="hidden")
        desk.wait_side(CODE)
        x, y = desk.at(*common.coords[1])
    rev = desk.get("/healthz")["rev"]
    finger.tap(x + 14, y + 8)  # a finger is wider than a pointer
    page.locator("[data-key='touch remove']").tap()
    page.locator(READY).wait_for()
    desk.shot("fingers-1-delete")
    page.locator("[data-key='touch finish']").tap()
    rev = desk.wait_rev(rev)
    assert newest(desk) == "delete_vertex" and page.locator(".fingers").is_hidden()
    take_back(desk, rev)
    assert shapely.equals(shape_of(desk, CODE), before)
    other, _ = beside(desk, CODE)
    house = max(desk.get(f"/api/buildings?area={other['code']}&geometry=true")["buildings"], key=lambda one: one["floors"] or 0)
    x, y = desk.at(*shapely.geometry.shape(house["geometry"]).centroid.coords[0])
    page.locator("[data-tool=brush]").tap()
    page.locator("#side [data-key='way box']").tap()
    finger.drag((x - 50, y - 40), (x + 50, y + 40))
    page.locator(READY).wait_for()
    assert page.locator(".ctip").inner_text().startswith("+1")
    page.locator("[data-key='touch cancel']").tap()
    assert [text for text in desk.complaints if "Ignored attempt" not in text] == []


SMALL = """(what) => [...document.querySelectorAll(what)].filter((one) => one.checkVisibility())
  .map((one) => [one.dataset.tool ?? one.dataset.key ?? one.ariaLabel, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 43 || height < 43).map(([name, { width, height }]) => `${name} ${width} x ${height}`)"""
ON_MAP = "() => document.activeElement.closest('#canvas') !== null"
PRESSED = "#rail button, #snaps button, .zoomer button, .fingers button, #side .act button, #crumb button, .pop .mi"


def seen(desk: Desk, code: str) -> bool:
    """Whether all of an area lies in the part of the map that no panel covers."""
    west, south, east, north = shape_of(desk, code).bounds
    corners = [desk.at(*place) for place in ((west, south), (west, north), (east, south), (east, north))]
    return desk.page.evaluate("(corners) => corners.every(([x, y]) => document.elementFromPoint(x, y)?.closest('#map'))", corners)


@pytest.mark.parametrize("size", some([(820, 1180), TABLET]), ids=some(["tall", "wide"]))
def test_what_is_drawn_stays_in_sight(tablet, size):
    """Beside the panel or above it, with a line that says what to do, under buttons as large as a finger."""
    desk: Desk = tablet("en-US", size)
    finger, page = Finger(desk), desk.page
    if size != TABLET:
        for height in ("mid", "high"):  # whoever goes to a place wants to see it
            page.locator("#side .grip").tap()
            page.locator(f"#side[data-sheet={height}]").wait_for()
    seek(desk, finger, CODE)
    assert seen(desk, CODE), "the panel lies over the area one went to"
    page.locator("#side [data-key=lock]").tap()
    page.locator("#side [data-key=unlock]").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "side", "the focus is lost with the button"
    page.locator("#side [data-key=unlock]").tap()
    page.locator("#side [data-key=lock]").wait_for()
    if size == TABLET:
        page.locator("#side [data-key=transfer]").tap()
        page.locator("#side [data-key=search]").wait_for()
        own = beside(desk, CODE)[0]
        with desk.toasts_stay():
            finger.tap(*desk.at(*shapely.geometry.shape(own["geometry"]).representative_point().coords[0]))
            page.locator(".toast", has_text="already").wait_for()
        page.locator("#side [data-key=cancel]").tap()
        page.locator("#side [data-key=lock]").wait_for()
    page.locator("[data-tool=split]").tap()
    desk.calm()
    assert "outside" in page.locator("#hint").inner_text() and page.locator("#hint").is_visible()
    west, south, east, north = shape_of(desk, CODE).bounds
    middle = (west + east) / 2
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data) if request.url.endswith("/preview") else None)
    finger.tap(*desk.at(middle - 0.0001, north + 0.00004))
    assert page.locator(".ctip").inner_text() == "Go on to the other side"
    finger.tap(*desk.at(middle + 0.0001, south - 0.00004))
    page.locator(READY).wait_for()
    desk.calm()
    desk.shot(f"fingers-2-{size[0]}")
    assert page.evaluate(SMALL, PRESSED) == []
    tip, at = page.locator(".ctip").bounding_box(), desk.at(middle, south)
    drawn = [desk.at(middle + 0.0001 * k, (north + south) / 2 - (north - south) / 2 * k) for k in (-1, -0.5, 0, 0.5, 1)]
    assert not any(0 < x - tip["x"] < tip["width"] and 0 < y - tip["y"] < tip["height"] for x, y in drawn), "the tip lies over the line"
    finger.drag((300, 300), (340, 280))
    desk.calm()
    moved, now = page.locator(".ctip").bounding_box(), desk.at(middle, south)
    assert now != at and moved["x"] - tip["x"] == pytest.approx(now[0] - at[0], abs=3), "the tip stays where the place was"
    before = len(asked)
    page.locator(".zoomer [aria-haspopup]").tap()
    page.locator(".pop").wait_for()
    assert page.evaluate(SMALL, ".pop .mi") == []
    finger.tap(300, 300)
    page.locator(".pop").wait_for(state="detached")
    desk.calm()
    assert page.locator(READY).is_visible() and len(set(asked[before - 1:])) == 1, "a tap that only closed a list became a point"
    page.locator("[data-key='touch cancel']").tap()
    assert page.evaluate(ON_MAP), "the focus is lost with the bar"
    for ends in ("one.click()", "toast('another line')"):
        page.evaluate(f"""async () => {{
          const from = performance.getEntriesByType("resource").map((entry) => entry.name).find((name) => name.includes("/ui/toast."));
          const {{ toast }} = await import(from);
          toast("a line", {{ action: "its button", onAction: () => null }});
          const one = document.querySelector(".toast .lk");
          one.focus();
          {ends};
        }}""")
        assert page.evaluate(ON_MAP), "the focus is lost with the button of a line that goes"
    page.locator("[data-tool=more]").tap()
    page.locator(".pop .mi").first.wait_for()
    assert page.locator(".pop .mi .k").count() and page.locator(".pop .mi .k").first.is_hidden(), "a letter of a key"
