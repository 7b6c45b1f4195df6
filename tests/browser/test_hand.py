"""The hand on the map: a finger cuts, draws and drags; the line follows borders; a refusal offers the way out; the next problem."""

from __future__ import annotations

import json

import pytest
import shapely

from tests.browser.desk import Desk
from tests.browser.test_draw import leaf_with_neighbour, near, ring
from tests.browser.test_reshape import beside, complaints, shape_of
from tests.counts import in_full

CODE = "33029900100200509"
READY = "#side [data-key=save]:not([aria-disabled])"


class Finger:
    """One finger on the page, as the browser hears it."""

    def __init__(self, desk: Desk):
        self.desk, self._line = desk, desk.page.context.new_cdp_session(desk.page)

    def tell(self, kind: str, *points: tuple[float, float]) -> None:
        self._line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def tap(self, x: float, y: float, hold_ms: int = 0) -> None:
        if hold_ms:
            self.tell("touchStart", (x, y))
            self.desk.page.wait_for_timeout(hold_ms)
            self.tell("touchEnd")
        else:
            self.desk.page.touchscreen.tap(x, y)  # both at once: a slow machine makes no long press of it
        self.desk.calm()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.tell("touchStart", start)
        for k in range(1, 6):
            self.tell("touchMove", tuple(a + (b - a) * k / 5 for a, b in zip(start, end, strict=True)))
        self.tell("touchEnd")
        self.desk.calm()


def newest(desk: Desk) -> str:
    return desk.get("/api/edits?mine=true&limit=1")["edits"][0]["op"]


def take_back(desk: Desk, rev: int) -> int:
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Control+z")
    return desk.wait_rev(rev)


@pytest.mark.promise("A finger cuts an area, draws a ring and drags a vertex: taps, one point back, a button or holding still ends")
def test_a_finger_does_it(desk_in):
    desk: Desk = desk_in("demo", "zh-CN", (1024, 768), has_touch=True)
    finger, page = Finger(desk), desk.page
    desk.find(CODE)
    west, south, east, north = shape_of(desk, CODE).bounds
    middle, level = (west + east) / 2, (south + north) / 2
    rev, view = desk.get("/healthz")["rev"], desk.view()
    page.locator("[data-tool=split]").tap()
    finger.tap(*desk.at(middle, north + 0.00006))
    finger.tap(*desk.at(middle + 0.0001, level))
    page.locator("[data-key='touch back']").tap()
    finger.tap(*desk.at(middle, south - 0.00006))
    page.locator(READY).wait_for()
    desk.calm()
    desk.shot("finger-1-split")
    tip, side = page.locator(".ctip").bounding_box(), page.locator("#side").bounding_box()
    assert tip["x"] + tip["width"] <= side["x"], "the panel lies over the tip"
    assert desk.view() == view, "the map never moves by itself"
    page.locator("[data-key='touch finish']").tap()
    rev = desk.wait_rev(rev)
    assert newest(desk) == "split" and page.locator(".fingers").is_hidden()
    rev = take_back(desk, rev)
    page.locator("[data-tool=draw]").tap()
    *corners, last = ring(desk, west + (east - west) * 0.35, level, 9000, 0.2)
    for corner in corners:
        finger.tap(*corner)
    finger.tap(*last)
    finger.tap(*last, hold_ms=1200)
    desk.shot("finger-2-held")
    rev = desk.wait_rev(rev)
    desk.shot("finger-2-ring")
    assert newest(desk) in ("draw", "island")
    rev = take_back(desk, rev)
    page.locator("[data-tool=vertex]").tap()
    _, common = beside(desk, CODE)
    bare = len(common.coords) == 2
    corner = common.interpolate(0.5, normalized=True).coords[0] if bare else common.coords[1]
    if bare:  # a border without a vertex of its own gets one first
        finger.tap(*desk.at(*corner))
        rev = desk.wait_rev(rev)
        desk.calm()
    x, y = desk.at(*corner)
    finger.drag((x, y), (x + 4, y + 26))
    page.locator(READY).wait_for()
    desk.shot("finger-3-vertex")
    page.locator(READY).tap()
    rev = desk.wait_rev(rev)
    assert newest(desk) == "move_vertex"
    rev = take_back(desk, rev)
    if bare:
        take_back(desk, rev)
    # a late card may ask for the history of an area that was taken back meanwhile
    assert [text for text in complaints(desk) if "404" not in text] == []


def test_the_line_follows_a_border(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, other, _ = leaf_with_neighbour(desk)
    near(desk, one["code"])
    shape = shape_of(desk, one["code"])
    coords = list(shape.geoms[0].exterior.coords)[:-1]
    k = max(range(len(coords)), key=lambda k: min(shapely.Point(coords[k]).distance(shapely.Point(coords[(k + d) % len(coords)])) for d in (-1, 1)))
    at = [shapely.LineString([coords[k], coords[(k + d) % len(coords)]]).interpolate(0.5, normalized=True) for d in (-1, 1)]
    asked: list[dict] = []
    desk.page.on("request", lambda request: asked.append(json.loads(request.post_data)) if request.url.endswith("/preview") else None)
    desk.tool("a")
    desk.page.keyboard.press("t")
    desk.page.locator("[data-key=trace][aria-pressed=true]").wait_for()
    desk.click(at[0].x, at[0].y)
    desk.click(at[1].x, at[1].y)
    inside = shape.representative_point()
    desk.move(inside.x, inside.y)
    desk.page.locator(READY).wait_for()
    desk.calm()
    desk.shot("trace-1-drawing")
    assert "follows the line" in desk.page.locator(".ctip").inner_text()
    drawn = asked[-1]["polygon"]["coordinates"][0]
    assert any(abs(x - coords[k][0]) < 1e-9 and abs(y - coords[k][1]) < 1e-9 for x, y in drawn), "it goes round the corner of the border"
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("t")
    desk.click(at[0].x, at[0].y)
    desk.click(at[1].x, at[1].y)
    desk.move(inside.x, inside.y)
    desk.calm()
    assert len(asked[-1]["polygon"]["coordinates"][0]) == 4, "it goes straight again"
    assert complaints(desk) == []


@in_full
def test_a_refusal_offers_the_way_out(desk_in):
    desk: Desk = desk_in("demo", "zh-CN")
    page = desk.page
    areas = {one["code"]: one for one in desk.get("/api/areas?level=micro_grid&geometry=true&limit=1000")["areas"]}
    shapes = {code: shapely.geometry.shape(one["geometry"]) for code, one in areas.items()}
    own, common = next(
        (code, edge) for code in sorted(areas) for mate in sorted(areas) if areas[code]["parent"] != areas[mate]["parent"]
        for edge in [shapely.line_merge(shapely.intersection(shapes[code].boundary, shapes[mate].boundary))
                     if shapes[code].intersects(shapes[mate]) else shapely.LineString()]
        if edge.geom_type == "LineString" and edge.length > 0.0004)
    near(desk, own)
    desk.tool("c")
    a, b = (common.interpolate(share, normalized=True) for share in (0.49, 0.51))
    dx, dy = (b.x - a.x, b.y - a.y)
    size = (dx * dx + dy * dy) ** 0.5 / 0.00006
    for sign in (1, -1):
        desk.click(a.x - sign * dy / size, a.y + sign * dx / size)
        desk.calm()
    page.locator("[data-key='offer transfer']").wait_for()
    desk.shot("offer-1-merge")
    page.locator("[data-key='offer transfer']").click()
    page.locator(READY).wait_for()
    desk.calm()
    desk.shot("offer-2-transfer")
    page.keyboard.press("Escape")
    desk.find(CODE)
    mate, common = beside(desk, CODE)
    first, last = (common.interpolate(share, normalized=True) for share in (0.35, 0.65))
    far, middle = shapes[mate["code"]].centroid, common.interpolate(0.5, normalized=True)
    beyond = [(p.x + 2.4 * (far.x - middle.x), p.y + 2.4 * (far.y - middle.y)) for p in (first, last)]
    desk.tool("r")
    for place in ((first.x, first.y), *beyond):
        desk.click(*place)
    desk.move(last.x, last.y)
    page.locator("[data-key='offer parts']").wait_for()
    desk.shot("offer-3-parts")
    desk.click(last.x, last.y)
    page.locator("[data-key='offer parts']").click()
    page.locator(READY).wait_for()
    desk.calm()
    desk.shot("offer-4-allowed")
    assert page.locator("#side [data-key=parts]").is_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    desk.find(CODE)
    for key, then in (("lock", "unlock"), ("unlock", "lock")):
        page.locator(f"#side [data-key={key}]").click()
        page.locator(f"#side [data-key={then}]").wait_for()
    assert not desk.get(f"/api/areas/{CODE}")["locked"]
    view = desk.view()
    page.keyboard.press("F8")
    page.locator("#side [data-finding]").first.wait_for()
    page.locator("#side [data-key=mine]").check()
    page.locator("#side [data-key=mine]:checked").wait_for()
    page.locator("#canvas canvas").focus()
    page.keyboard.press("u")
    page.locator("#side [data-key='kind unassigned'][aria-checked=true]").wait_for()
    desk.shot("offer-5-unassigned")
    assert desk.view() == view, "the map goes to a finding on Enter only"
    assert complaints(desk) == []


@in_full
def test_a_split_goes_on_along_a_border_after_it_was_complete(desk_in):
    """A road takes points while T is on, and no longer; the split is saved and taken back."""
    desk: Desk = desk_in("demo")
    page, code = desk.page, "33029900100700312"
    desk.find(code)
    shape, beyond = shape_of(desk, code), shape_of(desk, "33029900100700710")
    border = shapely.line_merge(shapely.intersection(shape.boundary, beyond.boundary))
    assert len(border.coords) > 4, "nothing between its second vertex and the last but one"
    begin, end = border.coords[1], border.coords[-2]
    away = 2 * end[0] - shape.centroid.x
    asked: list[dict] = []
    page.on("request", lambda request: asked.append(json.loads(request.post_data)) if request.url.endswith("/preview") else None)
    roads = page.locator("#snaps [data-key=roads]")
    page.keyboard.press("t")  # nothing to follow with yet
    desk.tool("x")
    page.locator("[data-key=trace][aria-pressed=false]").wait_for()
    page.keyboard.press("t")
    page.locator("[data-key=trace][aria-pressed=true]").wait_for()
    assert roads.get_attribute("aria-pressed") == "true"
    rev = desk.get("/healthz")["rev"]
    for place in ((shape.centroid.x, shape.bounds[3] + 0.00012), begin, end, (away, end[1])):
        desk.click(*place)
        desk.calm()
    page.locator(READY).wait_for()
    desk.calm()
    desk.shot("trace-2-split")
    line = asked[-1]["line"]["coordinates"]
    for x, y in border.coords[1:-1]:
        assert any(abs(x - lon) < 1e-9 and abs(y - lat) < 1e-9 for lon, lat in line), "a vertex of the border is passed by"
    assert "沿线" in page.locator(".ctip").inner_text()
    page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    assert newest(desk) == "split"
    take_back(desk, rev)
    desk.tool("x")
    page.keyboard.press("t")
    page.locator("[data-key=trace][aria-pressed=false]").wait_for()
    assert roads.get_attribute("aria-pressed") == "false"
    assert complaints(desk) == []
