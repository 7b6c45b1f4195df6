"""A planner draws a new area over others, an island inside one, and gives an area to another parent, as a person does."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.counts import count, in_full

LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]


def leaf_with_neighbour(desk: Desk) -> tuple[dict, dict, tuple[float, float]]:
    """Two lived-in leaves of one parent in the demo town, both about as wide as long, and the middle of their border."""
    areas = [one for one in desk.get("/api/areas?level=micro_grid&geometry=true&limit=1000")["areas"] if (one["households"] or 0) > 25]
    shapes = {one["code"]: shapely.geometry.shape(one["geometry"]) for one in areas}
    best = None
    for k, one in enumerate(areas):
        for other in areas[k + 1:]:
            a, b = shapes[one["code"]], shapes[other["code"]]
            if one["parent"] != other["parent"] or not a.intersects(b):
                continue
            edge = shapely.line_merge(shapely.intersection(a.boundary, b.boundary))
            round_ = min(16 * shape.area / shape.length ** 2 for shape in (a, b))
            if edge.geom_type == "LineString" and edge.length and (best is None or round_ > best[0]):
                middle = edge.interpolate(0.5, normalized=True)
                best = round_, one, other, (middle.x, middle.y)
    assert best
    return best[1:]


def near(desk: Desk, code: str) -> None:
    """The map goes to that area; nothing is chosen."""
    view = desk.view()
    desk.find(code)
    desk.moved(view)
    desk.page.keyboard.press("Escape")


def ring(desk: Desk, lon: float, lat: float, area_m2: float, share: float) -> list[tuple[float, float]]:
    """The corners of a slanting box round a place, so wide as a share of an area's width, in pixels."""
    half = share * area_m2 ** 0.5 / 2 / 96_000
    corners = [(-half, 0.8 * half), (half, half), (0.9 * half, -0.9 * half), (-0.9 * half, -half)]
    return [desk.at(lon + dx, lat + dy) for dx, dy in corners]


def draw(desk: Desk, corners: list[tuple[float, float]]) -> None:
    for x, y in corners:
        desk.page.mouse.move(x, y, steps=3)
        desk.page.mouse.click(x, y)


def saved(desk: Desk) -> int:
    rev = desk.get("/healthz")["rev"]
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.page.keyboard.press("Enter")
    return desk.wait_rev(rev)


@pytest.mark.promise("In the browser a new area is drawn over others and an island inside one; the numbers shown are those saved")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_new_area_and_an_island(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"draw-{lang[:2]}"
    one, other, (lon, lat) = leaf_with_neighbour(desk)
    near(desk, one["code"])
    view, before = desk.view(), desk.get(f"/api/areas/{one['parent']}")["population"]
    desk.tool("a")
    desk.shot(f"{name}-1-tool")
    corners = ring(desk, lon, lat, one["area_m2"], 0.6)
    draw(desk, corners[:3])
    desk.page.mouse.move(*corners[3], steps=3)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-2-drawing")
    desk.page.keyboard.press("Backspace")
    draw(desk, corners[2:])
    desk.page.mouse.move(*corners[0], steps=3)
    desk.page.mouse.click(*corners[0])
    desk.calm()
    desk.shot(f"{name}-3-closed")
    shown = desk.side()
    rev = saved(desk)
    assert desk.view() == view, "the map stays"
    (edit,) = desk.get("/api/edits?mine=true&limit=1")["edits"]
    assert edit["op"] == "draw" and edit["rev"] == rev
    siblings = desk.get(f"/api/areas?parent={one['parent']}&limit=1000")["areas"]
    new = next(area for area in siblings if area["version"] == 1 and area["name"].removesuffix("微网格") in shown)
    assert str(new["households"]) in shown and desk.get(f"/api/areas/{one['parent']}")["population"] == before
    desk.wait_side(new["code"])
    desk.shot(f"{name}-4-saved")

    inner = shapely.geometry.shape(desk.get(f"/api/areas/{other['code']}?geometry=true")["geometry"])
    spot = shapely.maximum_inscribed_circle(inner).coords[0]
    draw(desk, ring(desk, *spot, other["area_m2"], 0.2))
    desk.calm()
    desk.shot(f"{name}-5-island")
    saved(desk)
    assert desk.get("/api/edits?mine=true&limit=1")["edits"][0]["op"] == "island"
    assert [text for text in desk.complaints if "GPU stall" not in text and "422" not in text] == []
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev + 1)
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev + 2)
    assert desk.get(f"/api/areas/{one['code']}")["area_m2"] == pytest.approx(one["area_m2"])


@in_full
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_cannot_be_drawn_says_why(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"draw-{lang[:2]}"
    one, _, _ = leaf_with_neighbour(desk)
    near(desk, one["code"])
    desk.tool("a")
    shape = shapely.geometry.shape(desk.get(f"/api/areas/{one['code']}?geometry=true")["geometry"])
    x, y = desk.at(*shapely.point_on_surface(shape).coords[0])
    draw(desk, [(x - 60, y - 60), (x + 60, y + 60), (x + 60, y - 60), (x - 60, y + 60)])
    desk.page.locator("#side .trouble").wait_for()
    desk.shot(f"{name}-6-refused")
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Enter")
    desk.calm()
    assert desk.get("/healthz")["rev"] == rev
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#side .trouble")).to_have_count(0)
    assert [text for text in desk.complaints if "GPU stall" not in text and "422" not in text] == []


@pytest.mark.promise("In the browser an area gets another parent by a click on the map: both parents' sums and its new code are shown first")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_another_parent(desk_in, lang: str):
    desk, name = desk_in("demo", lang), f"transfer-{lang[:2]}"
    areas = [one for one in desk.get("/api/areas?level=micro_grid&geometry=true&limit=1000")["areas"] if (one["households"] or 0) > 20]
    shapes = {one["code"]: shapely.geometry.shape(one["geometry"]) for one in areas}
    one, other = next((a, b) for a in areas for b in areas if a["parent"] != b["parent"] and a["parent"][:12] == b["parent"][:12]
                      and shapely.intersection(shapes[a["code"]], shapes[b["code"]]).length > 2e-4)
    before = {code: desk.get(f"/api/areas/{code}")["households"] for code in (one["parent"], other["parent"])}
    view = desk.view()
    desk.find(one["code"])
    desk.moved(view)
    view = desk.view()
    desk.page.locator("#side [data-key=transfer]").click()
    desk.page.locator(f"#side [data-key='parent {other['parent']}']").wait_for()
    desk.shot(f"{name}-1-open")
    spot = shapely.point_on_surface(shapely.intersection(shapes[other["code"]], shapely.box(*shapes[one["code"]].buffer(3e-4).bounds)))
    desk.click(spot.x, spot.y)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    expect(desk.page.locator(f"#side [data-key='parent {other['parent']}']")).to_be_checked()
    desk.shot(f"{name}-2-preview")
    desk.page.locator("#side [data-key=search]").fill("qqqq")
    desk.wait_side("qqqq")
    desk.page.locator("#side [data-key=search]").fill(other["parent"])
    desk.calm()
    assert desk.page.locator("#side [data-key=search]").input_value() == other["parent"]
    desk.page.locator("#side h2").click()
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Enter")
    desk.wait_rev(rev)
    assert desk.view() == view, "the map stays"
    moved = next(area for area in desk.get(f"/api/areas?parent={other['parent']}&limit=1000")["areas"] if area["fid"] == one["fid"])
    assert moved["code"].startswith(other["parent"]) and moved["households"] == one["households"]
    now = {code: desk.get(f"/api/areas/{code}")["households"] for code in before}
    assert now[one["parent"]] == before[one["parent"]] - one["households"] and now[other["parent"]] == before[other["parent"]] + one["households"]
    desk.wait_side(moved["code"])
    desk.shot(f"{name}-3-saved")
    assert [text for text in desk.complaints if "GPU stall" not in text and "422" not in text] == []
    desk.page.locator("#canvas canvas").focus()
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert desk.get(f"/api/areas/{one['code']}")["parent"] == one["parent"]
