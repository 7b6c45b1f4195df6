"""A planner paints buildings over to another area: by brush, lasso, keyboard and finger; the border follows while she paints."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.counts import count, in_full

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]
LEAST = 6  # buildings of the area that gives


def two_areas(desk: Desk) -> tuple[dict, dict, list[tuple[int, shapely.Point]]]:
    """An area, a neighbour with many buildings, and these, the nearest first."""
    grids = desk.get("/api/areas?level=grid&limit=1000")["areas"]
    for grid in sorted(grids, key=lambda one: -(one["buildings"] or 0)):
        leaves = desk.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]
        shapes = {one["code"]: shapely.geometry.shape(desk.get(f"/api/areas/{one['code']}?geometry=true")["geometry"]) for one in leaves}
        rows = desk.get(f"/api/buildings?area={grid['code']}&limit=1000")["buildings"]
        spots = [(row["id"], shapely.geometry.shape(row["geometry"]).centroid) for row in rows]
        for giver in leaves:
            mine = [one for one in spots if shapes[giver["code"]].contains(one[1])]
            for to in leaves:
                if len(mine) >= LEAST and to is not giver and shapes[to["code"]].intersection(shapes[giver["code"]]).length > 5e-4:
                    return to, giver, sorted(mine, key=lambda one: shapes[to["code"]].distance(one[1]))
    raise AssertionError("no two areas to paint between")


def drag(desk: Desk, *places: tuple[float, float]) -> None:
    """The mouse is held from place to place (pixels)."""
    desk.page.mouse.move(*places[0])
    desk.page.mouse.down()
    for place in places[1:]:
        desk.page.mouse.move(*place, steps=5)
    desk.page.mouse.up()


def wait_preview(desk: Desk) -> None:
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()


def painted(desk: Desk) -> dict:
    """The figures of the last edit of one's own."""
    (edit,) = desk.get("/api/edits?mine=true&limit=1")["edits"]
    return edit


PIECES = """async ([answer, to]) => {
  const base = document.querySelector('script[type=module][src*="main.js"]').src;
  const { brush } = await import(new URL('edit/operations/brush.js', base));
  return brush.pieces(answer, to);
}"""


@pytest.mark.promise("In the browser painted buildings go over to an area; the border follows their cells, and the map stays")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_paint_buildings_over_by_mouse_and_keys(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"brush-{lang[:2]}"
    to, giver, near = two_areas(desk)
    view = desk.view()
    desk.find(to["code"])
    view = desk.moved(view)
    desk.tool("b")
    desk.calm()
    pixels = [desk.at(spot.x, spot.y) for _, spot in near]
    drag(desk, pixels[0], (pixels[0][0] + 3, pixels[0][1] + 3))
    wait_preview(desk)
    desk.shot(f"{name}-1-painted")
    assert desk.view() == view, "painting does not move the map"
    with desk.page.expect_response("**/api/edits/preview") as told:
        desk.page.mouse.click(*pixels[1])
    changed = {one["code"]: one for one in told.value.json()["changed"]}
    assert told.value.request.post_data_json["buildings"] == [near[0][0], near[1][0]]
    assert changed[to["code"]]["after"]["buildings"] == to["buildings"] + 2
    pieces = desk.page.evaluate(PIECES, [told.value.json(), to])
    assert [pieces[0]["fid"], pieces[0]["letter"]] == [to["fid"], "A"]
    assert all(piece["badge"] == f"{piece['side']}-{piece['letter']}" for piece in pieces), "on the map as in the panel"
    desk.page.keyboard.press("Backspace")
    wait_preview(desk)
    desk.page.keyboard.press("Escape")
    desk.calm()
    expect(desk.page.locator("#side [data-key=save]")).to_have_attribute("aria-disabled", "true")

    desk.tool("l")  # lasso round the two nearest
    xs, ys = [x for x, _ in pixels[:2]], [y for _, y in pixels[:2]]
    west, east, north, south = min(xs) - 14, max(xs) + 14, min(ys) - 14, max(ys) + 14
    drag(desk, (west, north), (east, north), (east, south), (west, south))
    wait_preview(desk)
    desk.shot(f"{name}-2-lasso")
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    edit = painted(desk)
    assert edit["op"] == "assign_buildings" and set(edit["areas"]) >= {to["code"], giver["code"]}
    assert desk.get(f"/api/areas/{to['code']}")["buildings"] >= to["buildings"] + 2
    moved = {row["id"] for row in desk.get(f"/api/buildings?area={to['code']}&limit=1000")["buildings"]}
    assert {near[0][0], near[1][0]} <= moved and desk.view() == view
    desk.shot(f"{name}-3-saved")
    desk.page.keyboard.press("Control+z")
    rev = desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{to['code']}")["households"] == to["households"]
    assert desk.get(f"/api/areas/{giver['code']}")["buildings"] == giver["buildings"]
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints


@in_full
def test_paint_by_the_keyboard_alone_and_take_out_again(desk_in):
    desk = desk_in("demo")
    to, _, near = two_areas(desk)
    view = desk.view()
    desk.find(to["code"])
    desk.moved(view)
    desk.tool("b")
    desk.page.keyboard.press("g")
    x, y = desk.at(near[0][1].x, near[0][1].y)
    for _ in range(200):  # the cross-hair walks to the building
        at = desk.page.locator("[data-key=crosshair]").bounding_box()
        dx, dy = x - at["x"] - at["width"] / 2, y - at["y"] - at["height"] / 2
        if abs(dx) <= 6 and abs(dy) <= 6:
            break
        desk.page.keyboard.press(("ArrowRight" if dx > 0 else "ArrowLeft") if abs(dx) > abs(dy) else "ArrowDown" if dy > 0 else "ArrowUp")
    with desk.page.expect_response("**/api/edits/preview") as told:
        desk.page.keyboard.press(" ")
    assert told.value.request.post_data_json == {"op": "assign_buildings", "buildings": [near[0][0]], "to": to["code"]}
    wait_preview(desk)
    desk.page.keyboard.press(" ")  # the same building again: out
    desk.calm()
    expect(desk.page.locator("#side [data-key=save]")).to_have_attribute("aria-disabled", "true")
    desk.page.keyboard.press("Escape")
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints


@in_full
def test_one_finger_paints_and_two_move_the_map(desk_in):
    desk = desk_in("demo", "zh-CN", (1024, 768), has_touch=True)
    to, _, near = two_areas(desk)
    view = desk.view()
    desk.find(to["code"])
    view = desk.moved(view)
    desk.page.locator("#rail [data-tool=brush]").tap()
    desk.calm()
    line = desk.page.context.new_cdp_session(desk.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]})
    x, y = desk.at(near[0][1].x, near[0][1].y)
    with desk.page.expect_response("**/api/edits/preview"):
        touch("touchStart", (x - 2, y))
        for step in range(1, 4):
            touch("touchMove", (x - 2 + step, y))
        touch("touchEnd")
    wait_preview(desk)
    desk.shot("brush-touch")
    assert desk.view() == view, "one finger paints"
    assert "+1" in desk.side() or desk.page.locator(".ctip").inner_text().startswith("+1")
    x, y = 400.0, 300.0
    touch("touchStart", (x, y), (x + 120, y))
    for step in range(1, 8):
        touch("touchMove", (x - 15 * step, y - 8 * step), (x + 120 - 15 * step, y - 8 * step))
    touch("touchEnd")
    assert desk.moved(view) != view, "two fingers move the map"
    desk.page.locator("#side [data-key=cancel]").tap()
    desk.calm()
    expect(desk.page.locator("#side [data-key=save]")).to_have_attribute("aria-disabled", "true")
    assert [text for text in desk.complaints if "GPU stall" not in text] == [], desk.complaints


@in_full
def test_what_cannot_be_is_said_with_the_place_and_a_way_out(desk_in):
    desk = desk_in("demo", "en-US")
    to, _, near = two_areas(desk)
    view = desk.view()
    desk.find(to["code"])
    desk.moved(view)
    desk.tool("b")
    box = desk.page.locator("#canvas").bounding_box()
    seen = [(number, desk.at(spot.x, spot.y)) for number, spot in near]
    inside = [(number, (x, y)) for number, (x, y) in seen
              if 40 < x - box["x"] < box["width"] - 40 and 60 < y - box["y"] < box["height"] - 60]
    for _, pixel in reversed(inside):  # the farthest in view hangs on nothing
        desk.page.mouse.click(*pixel)
        desk.calm()
        if desk.page.locator("#side [data-key='offer allow']").count():
            break
        desk.page.keyboard.press("Escape")
        desk.calm()
    else:
        pytest.skip("every building in view hangs together with the area")
    desk.shot("brush-en-detached")
    assert "Detached" in desk.side()
    desk.page.keyboard.press("Shift")
    wait_preview(desk)
    desk.shot("brush-en-allowed")
    desk.page.keyboard.press("Escape")
