"""The main job as a planner does it, on the demo town and on Tainan, in Chinese and English: find an area, read its card,
split it by a drawn line, take that back, merge two, draw a lock-down zone and see its people, hand it over."""

from __future__ import annotations

import re
import zipfile

import pytest
import shapely
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.counts import FULL

# place -> (code of a micro-grid to start from, its level's name is not needed: everything is found on the page)
PLACES = {"demo": "33029900100200509", "tainan": "A6701-0161-00"}


BOTH = [(place, lang) for place in PLACES for lang in ("zh-CN", "en-US")]


@pytest.mark.promise("The main job in a real browser, both places, both languages")
@pytest.mark.parametrize(("place", "lang"), BOTH if FULL else [("demo", "zh-CN")])
def test_a_planner_does_the_main_job(desk_in, place: str, lang: str):
    desk: Desk = desk_in(place, lang)
    name = f"{place}-{lang[:2]}"
    code = PLACES[place]
    desk.shot(f"{name}-1-city")
    if place == "tainan":
        desk.wait_side("12,774")  # areas, with those nobody counted

    before = desk.view()
    desk.page.mouse.move(*desk.at(before[2], before[1]))
    desk.page.mouse.wheel(0, -600)
    assert desk.moved(before)[0] > before[0], "the wheel zooms in"
    before = desk.view()
    box = desk.page.locator("#canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.page.mouse.move(*middle)
    desk.page.mouse.down()
    desk.page.mouse.move(middle[0] - 150, middle[1] - 80, steps=6)
    desk.page.mouse.up()
    assert desk.moved(before)[1:] != before[1:], "dragging pans"

    desk.find(code)
    area = desk.get(f"/api/areas/{code}?geometry=true")
    desk.wait_side(f"{area['households']:,}")
    assert f"{area['population']:,}" in desk.side()
    assert code in desk.side()
    desk.shot(f"{name}-2-card")

    rev = desk.get("/healthz")["rev"]
    start, end = _across(area)
    desk.tool("x")
    desk.move(*start)
    if place == "demo":
        expect(desk.page.locator(".ctip"), "the tip says that only the chosen one is cut").to_contain_text("05-09")
    desk.click(*start)
    desk.move(*end)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.calm()
    desk.shot(f"{name}-3-split-preview")
    shown = desk.side()
    assert ({"zh": "估算", "en": "estimated"}[lang[:2]] in shown) == (place == "tainan"), "cells cut by the line are told, buildings are none"
    desk.move(*_inside(area))  # the line ends inside now: what the panel told is true no more
    desk.page.locator("#side [data-key=save][aria-disabled]").wait_for()
    assert f"{area['population']:,}" not in desk.side()
    desk.move(*end)
    desk.click(*end)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    desk.shot(f"{name}-4-split")
    parts = [desk.get(f"/api/areas/{changed}") for changed in desk.get("/api/edits?mine=true&limit=1")["edits"][0]["areas"]]
    pieces = [part for part in parts if part["version"] == 1 or part["code"] == code]
    assert sum(part["households"] for part in pieces) == area["households"], "nobody is lost"
    for part in pieces:
        assert f"{part['households']:,}" in shown, "the number shown is the number saved"

    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("v")
    desk.page.keyboard.press("Control+z")
    rev = desk.wait_rev(rev)
    back = desk.get(f"/api/areas/{code}?geometry=true")
    assert back["geometry"] == area["geometry"], "undo brings the same bytes back"
    assert back["version"] > area["version"]

    desk.tool("c")
    desk.page.locator("#side [data-key=save]").wait_for()
    for _ in range(2):
        desk.page.keyboard.press("Escape")
    desk.page.locator("#side [data-key=save]").wait_for(state="detached")  # its panel goes with the tool
    if place == "demo":
        _every_piece_has_its_letter(desk, start, end)

    neighbour = _neighbour(desk, back)
    desk.page.keyboard.press("Escape")
    desk.choose(back["code"], *_inside(back))
    desk.page.keyboard.down("Shift")
    desk.click(*_inside(neighbour))
    desk.page.keyboard.up("Shift")
    desk.tool("c")
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    desk.shot(f"{name}-5-merge-preview")
    desk.page.keyboard.press("Enter")
    rev = desk.wait_rev(rev)
    kept = [one for one in (back["code"], neighbour["code"]) if desk.ask(f"/api/areas/{one}").ok]
    assert len(kept) == 1, "one of the two lives on"
    merged = desk.get(f"/api/areas/{kept[0]}")
    assert merged["households"] == (back["households"] or 0) + (neighbour["households"] or 0)
    desk.page.keyboard.press("v")
    desk.page.keyboard.press("Control+z")
    rev = desk.wait_rev(rev)

    desk.choose(back["code"], *_inside(back))
    desk.tool("z")  # what is chosen is what the zone begins with
    desk.page.locator("#side [data-key='kind lockdown']").click()
    desk.wait_side(f"{back['population']:,}")
    reason = "演练" if lang.startswith("zh") else "exercise"
    desk.page.fill("#side input[name=name]", f"{reason} 1")
    desk.page.fill("#side input[name=reason]", reason)
    desk.shot(f"{name}-6-zone-preview")
    desk.page.locator("#side [data-key=propose]").click()
    rev = desk.wait_rev(rev)
    zone = desk.get("/api/zones")["zones"][-1]
    assert (zone["kind"], zone["status"], zone["figures"]["population"]) == ("lockdown", "proposed", back["population"])
    desk.wait_side(f"{back['population']:,}")
    desk.shot(f"{name}-7-zone")

    desk.page.keyboard.press("e")
    desk.page.select_option("select[name=layer]", "zones")
    desk.page.select_option("select[name=area]", "")
    desk.page.fill("input[name=receiver]", "公安分局")
    desk.page.fill("input[name=purpose]", "演练")
    desk.calm()
    expect(desk.page.locator("#export-form [role=status]")).to_contain_text(re.compile(r"\d"))
    expect(desk.page.locator("select[name=status]"), "nothing is in force yet: proposals are what there is").to_have_value("")
    desk.page.locator("button[form=export-form]").click()
    link = desk.page.locator("dialog a[download]")
    link.wait_for()
    desk.shot(f"{name}-8-export")
    with desk.page.expect_download() as waiting:
        link.click()
    with zipfile.ZipFile(waiting.value.path()) as package:
        names = package.namelist()
    assert {"zones.shp", "zones.dbf", "zones.cpg", "zones.prj"} <= set(names)

    assert desk.foreign == [], "no request leaves for another host"
    assert [text for text in desk.complaints if "GPU stall" not in text] == []


PIECES = """async (line) => {
  const base = document.querySelector('script[type=module][src*="main.js"]').src;
  const [{ split }, { api }, { boot }] = await Promise.all(
    ['edit/operations/split.js', 'data/api.js', 'data/boot.js'].map((path) => import(new URL(path, base))));
  return split.pieces(await api.post(boot.urls.preview, { body: { op: 'split', line: { type: 'LineString', coordinates: line } } }));
}"""


def _every_piece_has_its_letter(desk: Desk, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A line over several areas: each piece has a letter of its own, and another fill than its neighbours."""
    far = [[a + (a - b) * 1.5 for a, b in zip(one, other, strict=True)] for one, other in ((start, end), (end, start))]
    pieces = desk.page.evaluate(PIECES, far)
    assert len(pieces) > 3 and len({piece["letter"] for piece in pieces}) == len(pieces)
    assert all(piece["badge"] == f"{piece['side']}-{piece['letter']}" for piece in pieces), "on the map as in the panel"
    shapes = [shapely.geometry.shape(piece["geometry"]) for piece in pieces]
    beside = [(a, b) for a in range(len(pieces)) for b in range(a) if shapes[a].boundary.intersection(shapes[b].boundary).length > 0]
    assert beside and all(pieces[a]["fill"] != pieces[b]["fill"] for a, b in beside)


def _across(area: dict) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ends of a line through the middle of an area, from outside to outside, across its longer side."""
    shape = shapely.geometry.shape(area["geometry"])
    west, south, east, north = shape.bounds
    x, y = shape.representative_point().coords[0]
    if east - west >= north - south:
        return (x, north + (north - south) * 0.12), (x + (east - west) * 0.03, south - (north - south) * 0.12)
    return (west - (east - west) * 0.12, y), (east + (east - west) * 0.12, y + (north - south) * 0.03)


def _inside(area: dict) -> tuple[float, float]:
    return shapely.geometry.shape(area["geometry"]).representative_point().coords[0]


def _neighbour(desk: Desk, area: dict) -> dict:
    """A sibling that shares a border and is on the screen."""
    shape = shapely.geometry.shape(area["geometry"])
    siblings = desk.get(f"/api/areas?parent={area['parent']}&geometry=true")["areas"]
    near = [one for one in siblings if one["code"] != area["code"]
            and shapely.geometry.shape(one["geometry"]).intersection(shape).length > 0]
    box = desk.page.locator("#canvas").bounding_box()

    def visible(one: dict) -> bool:
        x, y = desk.at(*_inside(one))
        return box["x"] + 300 < x < box["x"] + box["width"] - 80 and box["y"] + 60 < y < box["y"] + box["height"] - 60
    return max((one for one in near if visible(one)), key=lambda one: one["area_m2"])
