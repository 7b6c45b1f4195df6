"""A base map under the areas: chosen in the layers menu, credited, faded, remembered; and the place told in the coordinates
one works in. On the blocks of Helsinki, with its OpenStreetMap extract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyproj
import pytest
from playwright.sync_api import expect

from geodata.demo import ACCOUNTS
from geodata.store import Store
from mapapp import open_accounts
from mapapp.config import load
from tests.browser.desk import Desk, serving
from tests.counts import some
from tests.geodata.test_basemaps import colour, mbtiles, tile_at
from tests.helsinki import extract, plant_helsinki

PLANNER, PASSWORD = ACCOUNTS[0][:2]
CENTRE = (24.9443, 60.1716)


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory, data_dir) -> Iterator[str]:
    """A server on the blocks of Helsinki with an extract, pictures, and a file that cannot be read."""
    folder = tmp_path_factory.mktemp("helsinki")
    url = f"gpkg://{folder / 'helsinki.gpkg'}"
    plant_helsinki(url, data_dir, folder)
    store = Store.open(url, load().rules)
    accounts = open_accounts(load(), store)
    accounts.add(PLANNER, PASSWORD, [("planner", 1, 2)])
    accounts.close()
    store.close()
    z, x, y = tile_at(*CENTRE, 14)
    tiles = {(z, x + dx, y + dy): colour(90 * (dx + dy) % 256) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    mbtiles(folder / "pictures.mbtiles", tiles, attribution="© <i>us</i>")
    (folder / "broken.pmtiles").write_text("no map")
    tables = ({"id": "streets", "kind": "osm", "zh": "街道图", "en": "Streets", "path": str(extract(data_dir))},
              {"id": "pictures", "kind": "mbtiles", "zh": "影像", "en": "Pictures", "path": str(folder / "pictures.mbtiles")},
              {"id": "broken", "kind": "pmtiles", "zh": "坏图", "en": "Broken", "path": str(folder / "broken.pmtiles")})  # fmt: skip
    own = folder / "own.toml"
    own.write_text("".join("[[basemaps]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in one.items())
                           for one in tables), encoding="utf-8")  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEIGE_CONFIG", str(own))
        with serving(url) as address:
            yield address


@pytest.fixture
def sit(helsinki, shots: Path, browser) -> Iterator:
    contexts = []

    def open_desk(lang: str, size: tuple[int, int], hash: str = "") -> Desk:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang, timezone_id="Asia/Shanghai")
        contexts.append(context)
        desk = Desk(context.new_page(), helsinki, shots)
        desk.start(PLANNER, PASSWORD)
        return desk

    yield open_desk
    for context in contexts:
        context.close()


def choose(desk: Desk, name: str) -> None:
    """Opens the layers menu, waits until the base map is ready, and takes it."""
    desk.page.locator(".zoomer button").nth(2).click()
    desk.page.locator(f"input[name=ground][value={name}]:not(:disabled)").wait_for(timeout=120_000)
    desk.page.check(f"input[name=ground][value={name}]")
    desk.page.locator("p.attribution:not([hidden])").wait_for()
    desk.calm()


def pixels(desk: Desk) -> bytes:
    return desk.page.locator("#canvas").screenshot()


@pytest.mark.promise("A base map from an OpenStreetMap extract under the areas, chosen, faded, credited, remembered")
@pytest.mark.parametrize("lang, size", some([("zh-CN", (1440, 900)), ("en-US", (390, 844))]))
def test_streets_of_an_extract_lie_under_the_areas(sit, lang, size):
    desk = sit(lang, size)
    name = f"basemap-{lang[:2]}-{size[0]}"
    before, blank = desk.view(), pixels(desk)
    choose(desk, "streets")
    desk.shot(f"{name}-1-menu")
    desk.page.keyboard.press("Escape")
    desk.calm()
    desk.shot(f"{name}-2-streets")
    assert desk.view() == before, "the map does not move by itself"
    assert pixels(desk) != blank
    assert desk.page.locator("p.attribution").inner_text() == "© OpenStreetMap contributors"
    assert desk.page.locator("p.attribution").is_visible()

    desk.page.locator(".zoomer button").nth(2).click()
    slider = desk.page.locator(".pop input[type=range]")
    slider.focus()
    for _ in range(8):
        desk.page.keyboard.press("ArrowLeft")
    expect(desk.page.locator(".pop .range .r")).to_have_text("60 %")
    desk.page.keyboard.press("Escape")
    desk.page.reload()
    desk.ready()
    desk.page.locator("p.attribution:not([hidden])").wait_for()
    desk.page.locator(".zoomer button").nth(2).click()
    expect(desk.page.locator("input[name=ground][value=streets]")).to_be_checked()
    expect(desk.page.locator(".pop .range .r")).to_have_text("60 %")
    desk.page.check("input[name=ground][value='']")
    desk.page.locator("p.attribution").wait_for(state="hidden")
    desk.page.keyboard.press("Escape")
    assert desk.complaints == [] and desk.foreign == []


def test_pictures_are_enlarged_as_far_as_one_goes_and_their_owner_is_plain_text(sit):
    desk = sit("zh-CN", (1440, 900))
    choose(desk, "pictures")
    assert desk.page.locator("p.attribution").inner_text() == "© <i>us</i>"
    desk.page.keyboard.press("Escape")
    desk.page.evaluate("localStorage.setItem('weige.theme', 'dark')")
    asked: list[str] = []
    desk.page.on("request", lambda request: "/basemaps/pictures/" in request.url and asked.append(request.url))
    desk.page.goto("about:blank")
    desk.page.goto(f"{desk.address}/#map=20.5/{CENTRE[1]}/{CENTRE[0]}")
    desk.ready()
    desk.page.locator("p.attribution:not([hidden])").wait_for()
    desk.calm()
    desk.shot("basemap-zh-3-deep-dark")
    assert asked and all("/14/" in url for url in asked), "beyond its deepest zoom the picture is enlarged"
    assert desk.complaints == [] and desk.foreign == []


def test_a_base_map_that_cannot_be_read_is_told_in_the_menu(sit):
    desk = sit("zh-CN", (1440, 900))
    desk.page.locator(".zoomer button").nth(2).click()
    row = desk.page.locator("label:has(input[value=broken])")
    expect(row.locator("input")).to_be_disabled()
    expect(row).to_contain_text("broken.pmtiles")
    assert desk.complaints == []


def test_the_place_is_told_in_the_coordinates_one_works_in_and_copied(sit):
    desk = sit("zh-CN", (1440, 900))
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=desk.address)
    desk.move(*CENTRE)
    shown = desk.page.locator("#foot .at")
    expect(shown).to_contain_text(re.compile(r"24\.94.*°E"))
    desk.page.locator("#foot .system").focus()
    desk.page.keyboard.press("Enter")
    desk.page.locator("[data-system=dms]").focus()
    desk.page.keyboard.press("Enter")
    expect(shown).to_contain_text("24°56′")
    expect(shown).to_contain_text("60°10′")
    shown.focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('24°56′')")
    desk.page.reload()
    desk.ready()
    desk.move(*CENTRE)
    expect(desk.page.locator("#foot .at"), "the choice is remembered").to_contain_text("24°56′")
    assert desk.complaints == []


def test_plane_coordinates_follow_the_pointer_and_the_cross_hair(desk_in):
    desk = desk_in("demo")
    desk.page.locator("#foot .system").click()
    desk.page.locator('[data-system="EPSG:4549"]').click()
    zoom, lat, lon = desk.view()
    desk.move(lon, lat)
    desk.calm()
    east, north = pyproj.Transformer.from_crs(4490, 4549, always_xy=True).transform(lon, lat)
    pixel_m = 40_075_017 * 0.87 / 512 / 2**zoom
    assert all(abs(told - right) < 2 * pixel_m for told, right in zip(told_at(desk), (east, north), strict=True))
    desk.page.locator("#canvas canvas").focus()
    desk.tool("g")
    before = told_at(desk)
    desk.page.keyboard.press("ArrowRight")
    desk.calm()
    after = told_at(desk)
    assert after[0] > before[0] and abs(after[1] - before[1]) < 2 * pixel_m
    desk.shot("basemap-zh-4-coordinates")


def told_at(desk: Desk) -> tuple[float, float]:
    words = desk.page.locator("#foot .at").inner_text()
    east, north = words.replace(" ", "").removeprefix("E").split("N")
    return float(east), float(north)
