"""A drawing by finger ends where somebody holds its last point; a palm, a hand beside a pen and a slow tap end nothing."""

from __future__ import annotations

from tests.browser.desk import Desk
from tests.browser.test_hand import CODE, READY, Finger, newest, take_back
from tests.browser.test_reshape import shape_of
from tests.counts import in_full

HOLD_MS = 800
PALM = 55  # pixels: half of what a palm covers


@in_full
def test_only_a_finger_on_the_last_point_ends_a_drawing(desk_in):
    desk: Desk = desk_in("demo", "en-US", (1024, 768), has_touch=True)
    finger, page = Finger(desk), desk.page

    def hold(at: tuple[float, float], radius: float = 12) -> None:
        line = page.context.new_cdp_session(page)
        line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": at[0], "y": at[1], "radiusX": radius, "radiusY": radius}]})
        page.wait_for_timeout(HOLD_MS)
        line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        desk.calm()

    desk.find(CODE)
    west, south, east, north = shape_of(desk, CODE).bounds
    middle = (west + east) / 2
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data) if request.url.endswith("/preview") else None)
    page.locator("[data-tool=split]").tap()
    rev = desk.get("/healthz")["rev"]
    hold(desk.at(middle, north + 0.00006))
    page.locator(".fingers").wait_for()  # a slow tap is a tap
    assert page.locator(".scale").is_hidden(), "the buttons lie over the scale"
    end = desk.at(middle, south - 0.00006)
    finger.tap(*end)
    page.locator(READY).wait_for()
    desk.calm()
    lines = set(asked)
    hold(end, PALM)
    hold((end[0] + 100, end[1] + 40), PALM)
    assert set(asked) == lines, "a palm puts no point"
    page.evaluate("() => document.getElementById('canvas').dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'pen', bubbles: true }))")
    hold(end)
    assert desk.get("/healthz")["rev"] == rev, "a hand beside a pen saves nothing"
    page.locator("[data-key='touch cancel']").tap()
    finger.tap(*desk.at(middle, north + 0.00006))
    finger.tap(*end)
    page.locator(READY).wait_for()
    hold((end[0] + 100, end[1] + 40))
    assert set(asked) != lines and desk.get("/healthz")["rev"] == rev, "held elsewhere it is one more point"
    page.locator("[data-key='touch back']").tap()
    page.locator(READY).wait_for()
    hold(end)
    rev = desk.wait_rev(rev)
    assert newest(desk) == "split" and page.locator(".fingers").is_hidden()
    take_back(desk, rev)
