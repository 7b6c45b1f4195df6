"""Borders move under a person's hand: a line drawn over one, a vertex dragged; both sides are told before it is saved."""

from __future__ import annotations

import pytest
import shapely

from tests.browser.desk import Desk
from tests.counts import count

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


def people(desk: Desk, *codes: str) -> int:
    return sum(desk.get(f"/api/areas/{code}")["population"] for code in codes)


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
    desk.page.keyboard.press("r")
    desk.page.locator("[data-tool=reshape][aria-pressed=true]").wait_for()
    desk.move(*points[0])
    desk.shot(f"{name}-1-begin")
    desk.click(*points[0])
    desk.move(*points[1])
    desk.page.wait_for_timeout(400)
    desk.shot(f"{name}-2-once")
    assert desk.page.locator("#side [data-key=save]:not([aria-disabled])").count() == 0, "it has met the border once only"
    desk.click(*points[1])
    desk.click(*points[2])
    desk.move(*points[3])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for(timeout=30_000)
    desk.page.wait_for_timeout(300)
    desk.shot(f"{name}-3-preview")
    desk.page.keyboard.press("Backspace")  # one point back, and down again
    desk.click(*points[2])
    desk.click(*points[3])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for(timeout=30_000)
    desk.page.wait_for_timeout(500)
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
