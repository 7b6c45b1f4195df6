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
from urllib.parse import parse_qs

from playwright.sync_api import APIResponse, Page, expect

from tests.counts import FULL
from tests.tainan import weige

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60  # how long anything is waited for: far longer than it takes, so that only what never comes fails
TILE = 512  # pixels of a tile at zoom 0, as MapLibre counts
LOOKED_AT = FULL or bool(os.environ.get("WEIGE_SHOTS"))  # somebody will look at the pictures
STILL_TICKS, STILL_FRAMES, TICK_MS = 12, 2, 40  # so long must nothing be on its way: what waits for a moment has begun by then
expect.set_options(timeout=PATIENCE_S * 1000)
RESETS = 3  # a kept connection may be closed by the server in the moment of the next question
# Without a graphics card half of a test is spent on the pixels of the map: its canvas gets fewer, the page is laid out as ever.
COARSE = "Object.defineProperty(window, 'devicePixelRatio', { value: 0.25 })"

# What a page has on its way, counted from its beginning: questions to the server until their answer is read, and the map itself.
WATCH = """() => {
  let asked = 0;
  const ask = window.fetch;
  window.fetch = async (...what) => {
    if (String(what[0]).includes("/api/divisions/")) return ask(...what); // asked again and again while one is searched
    asked++;
    const done = () => { asked--; };
    try {
      const answer = await ask(...what);
      answer.clone().arrayBuffer().then(done, done);
      return answer;
    } catch (error) {
      done();
      throw error;
    }
  };
  let map = null, ticks = 0, frames = 0, counts = false;
  const frame = () => {
    frames++;
    if (counts) requestAnimationFrame(frame);
  };
  document.addEventListener("readystatechange", async () => {
    if (document.readyState !== "interactive" || !document.getElementById("canvas")) return;
    const { Map } = await import("maplibre-gl");
    const { triggerRepaint } = Map.prototype;
    Map.prototype.triggerRepaint = function () {
      map = this;
      return triggerRepaint.call(this);
    };
  });
  window.stillness = {
    begin() { ticks = frames = 0; },
    tick(enoughTicks, enoughFrames, held) {
      if (!counts) requestAnimationFrame(frame);
      const drawn = document.getElementById("canvas") ? map && !map.isMoving() && map.areTilesLoaded() : true;
      const busy = asked > held || !drawn || document.getElementById("loading")?.hidden === false;
      [ticks, frames] = busy ? [0, 0] : [ticks + 1, frames];
      counts = ticks <= enoughTicks || frames <= enoughFrames;
      return !counts;
    },
  };
}"""


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
        process.wait(PATIENCE_S)


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
        page.add_init_script(f"({WATCH})()")
        page.context.set_default_timeout(PATIENCE_S * 1000)
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
        self.page.wait_for_function("() => document.body.dataset.ready === 'true'")
        self.calm()

    def calm(self, held: int = 0) -> None:
        """Waits until nothing is on its way any more: no answer (but those that the test holds back), no movement of the map, no tile."""
        self.page.evaluate("stillness.begin()")
        self.page.wait_for_function("(enough) => stillness.tick(...enough)", arg=[STILL_TICKS, STILL_FRAMES, held], polling=TICK_MS)

    def tool(self, key: str) -> None:
        """Takes a tool by its key, and waits for what it needs to know of the map."""
        self.page.keyboard.press(key)
        self.calm()

    @contextmanager
    def toasts_stay(self) -> Iterator[None]:
        """Lines that say what was done do not leave by themselves meanwhile, as if the pointer rested on them."""
        tell = "for (const one of document.querySelectorAll('.toast')) one.dispatchEvent(new Event('%s'))"
        self.page.evaluate(f"""() => {{
            window.resting = new MutationObserver(() => {{ {tell % "pointerenter"}; }});
            resting.observe(document.body, {{ childList: true, subtree: true }});
          }}""")
        yield
        self.page.evaluate(f"() => {{ resting.disconnect(); {tell % 'pointerleave'}; }}")

    def shot(self, name: str) -> None:
        """Keeps a picture, when somebody will look at it."""
        if LOOKED_AT:
            self.page.screenshot(path=str(self.shots / f"{name}.png"))

    def view(self) -> tuple[float, float, float]:
        """(zoom, lat, lon) of the map, as the address of the page says."""
        zoom, lat, lon = parse_qs(self.page.evaluate("location.hash.slice(1)"))["map"][0].split("/")[:3]
        return float(zoom), float(lat), float(lon)

    def moved(self, before: tuple[float, float, float]) -> tuple[float, float, float]:
        """Waits until the map stands elsewhere, and still; answers where."""
        self.calm()
        until = time.monotonic() + 20
        while self.view() == before and time.monotonic() < until:
            self.page.wait_for_timeout(100)
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
            self.calm()
            self.click(lon, lat)
            self.calm()
            if code in self.side():
                return
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

    def ask(self, path: str, **options) -> APIResponse:
        """The answer to a question with the page's own session, asked again when its connection broke."""
        return self.page.request.fetch(f"{self.address}{path}", max_retries=RESETS, **options)

    def get(self, path: str):
        """What the API says, with the page's own session."""
        answer = self.ask(path)
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
        self.page.wait_for_function("(text) => document.getElementById('side').innerText.includes(text)", arg=text)

    def wait_rev(self, rev: int) -> int:
        """Waits until the map is beyond a revision; answers the new one."""
        until = time.monotonic() + PATIENCE_S
        while (now := self.get("/healthz")["rev"]) <= rev and time.monotonic() < until:
            self.page.wait_for_timeout(100)
        assert now > rev, "nothing was saved"
        self.calm()
        return now


def _mercator(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
