"""The page with tens of thousands of micro-grids in view: when the map stands, how it follows the hand, when a card and a
preview are there. The frames are drawn by the processor here, without a graphics card; the first row is the same page with
little in view, so that the rest can be held beside it."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import shapely
from playwright.sync_api import sync_playwright

from layers.areas import UNITS_PER_DEGREE
from tests.browser.desk import TILE, Desk
from tests.services import Unavailable, launch_options

from . import serving
from .province import ACCOUNT, BUILT, PASSWORD, Places
from .report import Aims, say, section, spread, table

SIZE = (1440, 900)
MAP = (1010, 780)  # pixels of it that show the map
IN_VIEW = (50, 500, 5_000, 50_000)
PAN_S = 4.0
CLICKS = ((300, 200), (900, 300), (500, 450), (800, 620), (650, 250), (950, 480), (400, 340))  # pixels, clear of legend and buttons
CARD_MS = 1_000  # a card at 50,000 in view
FRAMES = """() => { const seen = []; let last = performance.now(); window.frames_ = seen;
  const next = (now) => { seen.push(now - last); last = now; if (window.frames_ === seen) requestAnimationFrame(next); };
  requestAnimationFrame(next); }"""


def run(places: Places, aims: Aims) -> None:
    """Rows by how many micro-grids are in view; needs Chromium."""
    try:
        options = launch_options()
    except Unavailable as lacking:
        say(f"SKIPPED SIGHT: {lacking}")
        return
    with section(f"Sight: {places.areas:,} micro-grids, some of them in view"), tempfile.TemporaryDirectory() as folder, \
            sync_playwright() as play:
        with places.open(BUILT) as store, store.read() as reader:
            middles = shapely.get_coordinates(shapely.point_on_surface(
                np.array([leaf.shape for leaf in reader.all_areas(leaf=True)], dtype=object))) / UNITS_PER_DEGREE
        centre = np.median(middles, axis=0)
        with serving.weige(places.url(BUILT)) as served:
            browser = play.chromium.launch(**options)
            page = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="zh-CN").new_page()
            desk = Desk(page, f"http://127.0.0.1:{served.port}", Path(folder))
            desk.start(ACCOUNT, PASSWORD)
            rows = [_row(desk, wanted, centre, middles) for wanted in IN_VIEW]
            browser.close()
        if desk.complaints or desk.foreign:
            raise RuntimeError(f"the page complained: {desk.complaints[:3]} {desk.foreign[:3]}")
        table("In view (ms)", ("micro-grids in view", "zoom", "map stands", "pan frame p50", "p95", "card p50", "longest task while choosing"), rows)
        aims.judge("card with 50,000 micro-grids in view", f"<= {CARD_MS} ms", f"{rows[-1][5]:.0f} ms", rows[-1][5] <= CARD_MS)


def _row(desk: Desk, wanted: int, centre: np.ndarray, middles: np.ndarray) -> tuple:
    zoom, within = _zoom(wanted, centre, middles)
    page = desk.page
    page.goto(f"{desk.address}/#map={zoom:.2f}/{centre[1]:.5f}/{centre[0]:.5f}")
    began = perf_counter()
    page.reload()
    desk.ready()
    stands = (perf_counter() - began) * 1e3
    frames = _panned(desk, centre)
    page.evaluate("""() => { window.tasks_ = []; new PerformanceObserver((list) => window.tasks_.push(...list.getEntries()
        .map((one) => one.duration))).observe({ entryTypes: ["longtask"] }); }""")
    cards = [_card(desk, spot) for spot in CLICKS]
    longest = max(page.evaluate("() => window.tasks_") or [0])
    return (f"{within:,}", f"{zoom:.1f}", stands, *spread(frames)[:2], median(cards), longest)


def _zoom(wanted: int, centre: np.ndarray, middles: np.ndarray) -> tuple[float, int]:
    """The zoom at which about so many are in view, and how many are."""
    def within(zoom: float) -> int:
        degrees = 360 / (TILE * 2 ** zoom)
        half = np.array(MAP) / 2 * degrees * [1, math.cos(math.radians(centre[1]))]
        return int((abs(middles - centre) < half).all(axis=1).sum())
    zoom = min(np.arange(6, 19, 0.1), key=lambda zoom: abs(within(zoom) - wanted))
    return float(zoom), within(zoom)


def _panned(desk: Desk, centre: np.ndarray) -> list[float]:
    """Milliseconds between frames while the map is dragged about."""
    page, (x, y) = desk.page, desk.at(*centre)
    page.mouse.move(x, y)
    page.evaluate(FRAMES)
    page.mouse.down()
    began, turn = perf_counter(), 0
    while perf_counter() - began < PAN_S:
        page.mouse.move(x + 30 * math.sin(turn / 3), y + 20 * math.cos(turn / 4))
        turn += 1
    page.mouse.up()
    frames = page.evaluate("() => { const seen = window.frames_; window.frames_ = null; return seen; }")[2:]
    desk.calm()
    return frames


def _card(desk: Desk, spot: tuple[int, int]) -> float:
    """From the click on another area to its card, ms."""
    page = desk.page
    was = page.evaluate("() => new URLSearchParams(location.hash.slice(1)).get('area')")
    began = perf_counter()
    page.mouse.click(*spot)
    page.wait_for_function("(was) => { const now = new URLSearchParams(location.hash.slice(1)).get('area');"
                           " return now && now !== was && document.getElementById('side').innerText.includes(now); }", arg=was, timeout=30_000)
    taken = (perf_counter() - began) * 1e3
    desk.calm()
    return taken
