"""A planner at her desk: the page driven as a person does, by mouse and keys; where things are on the screen."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, TimeoutError

from tests.counts import FULL
from tests.tainan import weige

ROOT = Path(__file__).resolve().parents[2]
TILE = 512  # pixels of a tile at zoom 0, as MapLibre counts
LOOKED_AT = FULL or bool(os.environ.get("WEIGE_SHOTS"))  # somebody will look at the pictures
# Without a graphics card half of a test is spent on the pixels of the map: its canvas gets fewer, the page is laid out as ever.
COARSE = "Object.defineProperty(window, 'devicePixelRatio', { value: 0.25 })"


@contextmanager
def serving(url: str) -> Iterator[str]:
    """`weige serve` on a free port; gives the address, stops it by its id."""
    many = {"WEIGE_SERVER__RATE_LIMIT": "6000/minute", "WEIGE_SERVER__SIGN_IN_LIMIT": "10000/minute"}  # whoever tests signs in from here
    process = subprocess.Popen([sys.executable, "-m", "mapapp.cli", "--store", url, "serve", "--port", "0"], cwd=ROOT,
                               stdout=subprocess.PIPE, text=True, env={**os.environ, **many})
    try:
        line = process.stdout.readline()
        assert "http://" in line, line
        yield re.search(r"http://\S+?(?=/?\s*$)", line)[0]
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def own_town(folder: Path) -> Iterator[str]:
    """The address of a demo town of one's own: nobody else works in it."""
    url = f"gpkg://{folder / 'demo.gpkg'}"
    code, answer = weige(url, "demo", "--build-only")
    assert code == 0, answer
    with serving(url) as address:
        yield address


class Desk:
    """Owns one signed-in page and everything the browser complained about. Public: start, at, drag-free clicks, figures."""

    def __init__(self, page: Page, address: str, shots: Path):
        self.page, self.address, self.shots = page, address, shots
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        if not LOOKED_AT:
            page.add_init_script(COARSE)
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.foreign.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None)

    def start(self, account: str, password: str) -> None:
        """Signs in and waits for the map."""
        self.page.goto(f"{self.address}/sign-in")
        self.page.fill("[name=account]", account)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")
        self.ready()

    def ready(self) -> None:
        """Waits until page and map are drawn."""
        self.page.wait_for_function("() => document.body.dataset.ready === 'true'", timeout=60_000)
        self.calm()

    def calm(self) -> None:
        """Waits until nothing is on its way any more."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_function("() => document.getElementById('loading').hidden !== false", timeout=60_000)
        self.page.wait_for_timeout(300)

    def shot(self, name: str) -> None:
        """Keeps a picture, when somebody will look at it."""
        if LOOKED_AT:
            self.page.screenshot(path=str(self.shots / f"{name}.png"))

    def view(self) -> tuple[float, float, float]:
        """(zoom, lat, lon) of the map, as the address of the page says."""
        zoom, lat, lon = parse_qs(urlsplit(self.page.url).fragment)["map"][0].split("/")[:3]
        return float(zoom), float(lat), float(lon)

    def moved(self, before: tuple[float, float, float]) -> tuple[float, float, float]:
        """Waits until the map stands elsewhere, and still; answers where."""
        until, last = time.monotonic() + 20, before
        while time.monotonic() < until:
            self.page.wait_for_timeout(300)
            now = self.view()
            if now == last != before:
                break
            last = now
        self.calm()
        return self.view()

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """The pixel of a place."""
        zoom, centre_lat, centre_lon = self.view()
        box = self.page.locator("#canvas").bounding_box()
        size = TILE * 2 ** zoom
        x = (lon - centre_lon) / 360 * size
        y = (_mercator(centre_lat) - _mercator(lat)) / (2 * math.pi) * size
        return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y

    def click(self, lon: float, lat: float, **options) -> None:
        """A click on a place."""
        self.page.mouse.click(*self.at(lon, lat), **options)

    def choose(self, code: str, lon: float, lat: float) -> None:
        """Clicks on a place until the card of that area is shown: after an edit the map draws its tiles anew."""
        for _ in range(20):
            self.click(lon, lat)
            try:
                return self.page.wait_for_function("(code) => document.getElementById('side').innerText.includes(code)", arg=code, timeout=1500)
            except TimeoutError:
                self.page.keyboard.press("Escape")
        raise AssertionError(f"a click at {lon}, {lat} does not choose {code}")

    def move(self, lon: float, lat: float) -> None:
        """The pointer goes to a place."""
        self.page.mouse.move(*self.at(lon, lat), steps=4)

    def find(self, text: str) -> None:
        """Searches and goes to the first result."""
        self.page.keyboard.press("Control+f")
        self.page.locator("#search input").fill(text)
        self.page.locator("#search [role=option]").first.wait_for()
        self.page.keyboard.press("Enter")
        self.calm()

    def get(self, path: str):
        """A question to the API with the page's own session."""
        answer = self.page.request.get(f"{self.address}{path}")
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.json()

    def busiest_grid(self) -> tuple[dict, list[dict]]:
        """The grid with most households, and its leaves."""
        grid = max(self.get("/api/areas?level=grid&limit=1000")["areas"], key=lambda one: one["households"] or 0)
        return grid, self.get(f"/api/areas?parent={grid['code']}&limit=1000")["areas"]

    def side(self) -> str:
        """What the side panel says."""
        return self.page.locator("#side").inner_text()

    def wait_side(self, text: str) -> None:
        """Waits until the side panel says it."""
        self.page.wait_for_function("(text) => document.getElementById('side').innerText.includes(text)", arg=text, timeout=30_000)

    def wait_rev(self, rev: int) -> int:
        """Waits until the map is beyond a revision; answers the new one."""
        until = time.monotonic() + 30
        while (now := self.get("/healthz")["rev"]) <= rev and time.monotonic() < until:
            self.page.wait_for_timeout(100)
        assert now > rev, "nothing was saved"
        self.calm()
        return now


def _mercator(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
