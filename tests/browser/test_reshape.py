"""Borders move under a person's hand: a line drawn over one, a vertex dragged; both sides are told before it is saved."""

from __future__ import annotations

import pytest
import shapely

from tests.browser.desk import Desk
from tests.counts import count, in_full

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]
CODE = "33029900100200509"


def shape_of(desk: Desk, code: str) -> shapely.Geometry:
    return shapely.geometry.shape(desk.get(f"/api/areas/{code}?geometry=true")["geometry"])


def beside(desk: Desk, code: str) -> tuple[dict, shapely.LineString]:
    """The sibling with the longest common border, and that border."""
    area = desk.get(f"/api/areas/{code}?geometry=true")
    shape = shapely.geometry.shape(area["geometry"])
    best, common = None, shapely.LineString()
    for one in desk.get(f"/api/areas?parent={area['parent']}&geometry=true")["areas"]:
        line = shapely.line_merge(shapely.intersection(shapely.geometry.shape(one["geometry"]).boundary, shape.boundary))
        if one["code"] != code and line.geom_type == "LineString" and line.length > common.length:
            best, common = one, line
    assert best, "it has no sibling beside it"
    return best, common


def bump(common: shapely.LineString, into: shapely.Geometry, share: float = 0.4) -> list[tuple[float, float]]:
    """A line from the border into the neighbour and back to the border."""
    first, last = (common.interpolate(at, normalized=True) for at in (0.2, 0.8))
    middle = into.representative_point()
    between = [(p.x + (middle.x - p.x) * share, p.y + (middle.y - p.y) * share) for p in (first, last)]
    return [(first.x, first.y), *between, (last.x, last.y)]


def near(shape: shapely.Geometry, place: tuple[float, float]) -> bool:
    """Whether the shape has a vertex where somebody pointed: within two pixels."""
    return shapely.distance(shapely.points(shapely.get_coordinates(shape)), shapely.Point(place)).min() < 6e-6


def complaints(desk: Desk) -> list[str]:
    """What the browser complained about: a refused preview is told to the person, and noted by the browser too."""
    return [text for text in desk.complaints if "GPU stall" not in text and "422" not in text]


@pytest.mark.promise("A border is reshaped in the browser: both sides shown before, saved to the person, taken back")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_planner_reshapes_a_border(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang)
    name = f"reshape-{lang[:2]}"
    desk.find(CODE)
    other, common = beside(desk, CODE)
    before = {code: desk.get(f"/api/areas/{code}?geometry=true") for code in (CODE, other["code"])}
    points = bump(common, shapely.geometry.shape(other["geometry"]))
    rev, view = desk.get("/healthz")["rev"], desk.view()
    desk.page.keyboard.press("Escape")
    desk.tool("r")
    desk.page.locator("[data-tool=reshape][aria-pressed=true]").wait_for()
    desk.move(*points[0])
    desk.shot(f"{name}-1-begin")
    desk.click(*points[0])
    desk.move(*points[1])
    desk.calm()
    desk.shot(f"{name}-2-once")
    assert desk.page.locator("#side [data-key=save]:not([aria-disabled])").count() == 0, "it has met the border once only"
    desk.click(*points[1])
    desk.click(*points[2])
    desk.move(*points[3])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-3-preview")
    desk.page.keyboard.press("Backspace")  # one point back, and down again
    desk.click(*points[2])
    desk.click(*points[3])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    shown = desk.side()
    desk.shot(f"{name}-4-closed")
    assert desk.view() == view, "the map never moves by itself"
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    desk.shot(f"{name}-5-saved")
    edit = desk.get("/api/edits?mine=true&limit=1")["edits"][0]
    assert edit["op"] == "reshape" and {CODE, other["code"]} <= set(edit["areas"])
    after = {code: desk.get(f"/api/areas/{code}?geometry=true") for code in before}
    assert shapely.geometry.shape(after[CODE]["geometry"]).area > shapely.geometry.shape(before[CODE]["geometry"]).area
    assert sum(one["population"] for one in after.values()) == sum(one["population"] for one in before.values())
    for one in after.values():
        assert f"{one['households']:,}" in shown, "the number shown is the number saved"
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    for code, was in before.items():
        now = desk.get(f"/api/areas/{code}?geometry=true")
        assert now["geometry"] == was["geometry"] and now["households"] == was["households"]
    assert desk.foreign == [] and complaints(desk) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_line_cuts_off_goes_to_the_neighbour_that_the_button_names(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang)
    page, name = desk.page, f"cut-off-{lang[:2]}"
    desk.find(CODE)
    mate, common = beside(desk, CODE)
    first, last, middle = (common.interpolate(share, normalized=True) for share in (0.35, 0.65, 0.5))
    far = shapely.geometry.shape(mate["geometry"]).centroid
    beyond = [(p.x + 2.4 * (far.x - middle.x), p.y + 2.4 * (far.y - middle.y)) for p in (first, last)]
    rev, view = desk.get("/healthz")["rev"], desk.view()
    desk.tool("r")
    for place in ((first.x, first.y), *beyond, (last.x, last.y)):  # across all of the neighbour and back
        desk.click(*place)
    give = page.locator("[data-key='offer give']")
    give.wait_for()
    desk.shot(f"{name}-1-offers")
    assert page.locator("[data-key='offer parts']").count() == 1
    button, panel = give.bounding_box(), page.locator("#side").bounding_box()
    assert button["x"] + button["width"] < panel["x"] + panel["width"], "both buttons have room"
    words = give.inner_text()
    give.click()
    page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-2-given")
    assert page.locator("#side [data-key=parts]").is_checked()
    page.locator("#side [data-key=parts]").uncheck()  # not that way: both ways are offered again
    give.click()
    page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    shown = desk.side()
    assert desk.view() == view, "the map never moves by itself"
    page.locator("#side [data-key=save]").click()
    rev = desk.wait_rev(rev)
    desk.shot(f"{name}-3-saved")
    codes = desk.get("/api/edits?mine=true&limit=1")["edits"][0]["areas"]
    after = [desk.get(f"/api/areas/{code}?geometry=true") for code in codes]
    assert mate["code"] in codes and all(len(shapely.geometry.shape(one["geometry"]).geoms) == 1 for one in after)
    assert all(f"{one['households']:,}" in shown for one in after), "the numbers shown are the numbers saved"
    assert any(one["name"][:5] in words for one in after), words
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{mate['code']}?geometry=true")["geometry"] == mate["geometry"]
    assert desk.foreign == [] and complaints(desk) == []


def drag(desk: Desk, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Presses the button at a place, carries the pointer to another and lets go."""
    desk.move(*start)
    desk.page.mouse.down()
    desk.page.mouse.move(*desk.at(*end), steps=8)
    desk.calm()
    desk.page.mouse.up()


def save(desk: Desk, rev: int) -> int:
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.page.keyboard.press("Enter")
    return desk.wait_rev(rev)


@pytest.mark.promise("A shared vertex is added, dragged, moved by keys and deleted in the browser, for all its areas at once")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_planner_moves_a_shared_vertex(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang)
    name = f"vertex-{lang[:2]}"
    desk.find(CODE)
    other, common = beside(desk, CODE)
    codes = (CODE, other["code"])
    before = {code: desk.get(f"/api/areas/{code}?geometry=true") for code in codes}
    first, second = max(zip(common.coords[:-1], common.coords[1:], strict=True), key=lambda ends: shapely.LineString(ends).length)
    middle = ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
    inside = shapely.geometry.shape(other["geometry"]).representative_point()
    goal = (middle[0] + (inside.x - middle[0]) * 0.5, middle[1] + (inside.y - middle[1]) * 0.5)
    rev, view = desk.get("/healthz")["rev"], desk.view()
    edits = []

    desk.page.keyboard.press("Escape")
    desk.tool("n")
    desk.page.locator("[data-tool=vertex][aria-pressed=true]").wait_for()
    desk.move(inside.x, inside.y)
    desk.move(*middle)
    desk.calm()
    desk.shot(f"{name}-1-handles")
    desk.click(*middle)  # a middle: one more vertex
    rev = desk.wait_rev(rev)
    edits.append(rev)
    assert all(near(shape_of(desk, code), middle) for code in codes), "both sides have it"
    desk.calm()

    drag(desk, middle, goal)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-2-dragged")
    shown = desk.side()
    assert desk.view() == view, "the vertex was dragged, not the map"
    assert desk.get("/healthz")["rev"] == rev, "nothing is saved before Enter"
    desk.page.keyboard.press("]")  # what was moved waits: no other vertex takes its place
    desk.page.locator(".ctip.refused").wait_for()
    rev = save(desk, rev)
    edits.append(rev)
    desk.shot(f"{name}-3-saved")
    moved = {code: desk.get(f"/api/areas/{code}?geometry=true") for code in codes}
    assert sum(one["population"] for one in moved.values()) == sum(one["population"] for one in before.values())
    for code, one in moved.items():
        assert one["geometry"] != before[code]["geometry"] and f"{one['households']:,}" in shown
    assert all(near(shapely.geometry.shape(one["geometry"]), goal) for one in moved.values()), "it lies where it was put down, for both"

    desk.calm()
    desk.move(*goal)
    desk.click(*goal)  # picked up; arrows move it, Escape lets go
    desk.page.keyboard.press("Escape")
    desk.calm()
    assert desk.page.locator("#side [data-key=save]").count() == 0

    desk.move(goal[0] + 1e-5, goal[1])
    desk.move(*goal)
    desk.page.keyboard.press("Delete")
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-4-delete")
    rev = save(desk, rev)
    edits.append(rev)
    assert [edit["op"] for edit in desk.get("/api/edits?mine=true&limit=3")["edits"]] == ["delete_vertex", "move_vertex", "insert_vertex"]
    for code, was in before.items():
        assert shapely.geometry.shape(desk.get(f"/api/areas/{code}?geometry=true")["geometry"]).equals_exact(
            shapely.geometry.shape(was["geometry"]), 2e-7, normalize=True), "added, moved and deleted again: as it was"
    for _ in edits:
        desk.page.keyboard.press("Escape")
        desk.page.keyboard.press("Control+z")
        rev = desk.wait_rev(rev)
    for code, was in before.items():
        assert desk.get(f"/api/areas/{code}?geometry=true")["geometry"] == was["geometry"]
    assert desk.foreign == [] and complaints(desk) == []


@in_full
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_vertex_is_moved_by_keys_alone_and_what_cannot_be_is_told(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang)
    desk.find(CODE)
    rev = desk.get("/healthz")["rev"]
    before = desk.get(f"/api/areas/{CODE}?geometry=true")
    desk.tool("n")
    desk.page.locator("[data-tool=vertex][aria-pressed=true]").wait_for()
    desk.page.locator("#canvas canvas").focus()
    desk.calm()
    view = desk.view()
    desk.page.keyboard.press("]")
    for _ in range(60):  # out of the area: its border would cross another
        desk.page.keyboard.press("ArrowUp")
    desk.page.locator("#side .trouble").wait_for()
    desk.shot(f"vertex-{lang[:2]}-5-refused")
    desk.page.keyboard.press("Enter")
    desk.calm()
    assert desk.get("/healthz")["rev"] == rev, "what cannot be is not saved"
    assert desk.view() == view, "the arrows move the vertex, not the map"
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("]")
    for key in ("ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp"):
        desk.page.keyboard.press(key)
    rev = save(desk, rev)
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] != before["geometry"]
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == before["geometry"]
    assert complaints(desk) == []


@in_full
def test_a_finger_drags_a_vertex(desk_in):
    desk: Desk = desk_in("demo", "zh-CN", (1024, 768), has_touch=True)
    desk.find(CODE)
    other, common = beside(desk, CODE)
    place = common.coords[1] if len(common.coords) > 2 else None
    if place is None:
        pytest.skip("the border has no vertex of its own")
    before = {code: desk.get(f"/api/areas/{code}?geometry=true") for code in (CODE, other["code"])}
    inside = shapely.geometry.shape(other["geometry"]).representative_point()
    goal = (place[0] + (inside.x - place[0]) * 0.25, place[1] + (inside.y - place[1]) * 0.25)
    desk.tool("n")
    desk.page.locator("[data-tool=vertex][aria-pressed=true]").wait_for()
    desk.calm()
    rev, view = desk.get("/healthz")["rev"], desk.view()
    hand = desk.page.context.new_cdp_session(desk.page)
    (x, y), (to_x, to_y) = desk.at(*place), desk.at(*goal)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        at = {"x": x + (to_x - x) * step / 8, "y": y + (to_y - y) * step / 8}
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.shot("vertex-touch")
    assert desk.view() == view, "the finger moved the vertex, not the map"
    desk.page.locator("#side [data-key=save]").tap()
    rev = desk.wait_rev(rev)
    for code, was in before.items():
        now = desk.get(f"/api/areas/{code}?geometry=true")
        assert now["geometry"] != was["geometry"] and near(shapely.geometry.shape(now["geometry"]), goal)
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == before[CODE]["geometry"] and complaints(desk) == []
