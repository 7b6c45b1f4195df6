"""The pictures of README and manuals, made anew from a demo town that this program builds and serves itself.

    python tools/screens.py            writes docs/img/NAME-zh.png and NAME-en.png, all under 300 kB
"""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import prepare  # noqa: E402

FOLDER = ROOT / "docs" / "img"
LARGEST = 300_000  # bytes of a picture
COLOURS = 256
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AREA = "33029900100700305"  # over the norm, four buildings, one person missing
ZONED = ("33029900100700305", "33029900100700304", "33029900100700306")
TILE = 512  # pixels of the world at zoom 0, as MapLibre counts
REASONS = {"zh": "演练：检查范围", "en": "Drill: check the extent"}


@contextmanager
def demo() -> Iterator[tuple[str, str, str]]:
    """(address, account, password) of a fresh demo town on a free port; it ends with the program."""
    from geodata.demo import ACCOUNTS

    with tempfile.TemporaryDirectory(prefix="weige-screens-") as folder:
        command = [sys.executable, "-m", "mapapp.cli", "demo", "--port", "0", "--store", f"gpkg://{folder}/demo.gpkg"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as server:
            try:
                lines = iter(server.stdout.readline, "")
                address = next((found[0] for line in lines if (found := re.search(r"http://\S+(?=/)", line))), None)
                if address is None:
                    raise SystemExit("the demo town did not start")
                yield address, ACCOUNTS[0][0], ACCOUNTS[0][1]
            finally:
                server.terminate()


# ---- one page -------------------------------------------------------------------------------------------------------
class Shot:
    """A signed-in page and where things are on its map. Public: go, at, calm, keep."""

    def __init__(self, page, address: str, lang: str):
        self.page, self.address, self.lang = page, address, lang
        self.view = (0.0, 0.0, 0.0)

    def area(self, code: str) -> dict:
        """An area as the API tells it, with its buildings' bounds."""
        return self.page.evaluate(
            """async (code) => {
                const read = async (path) => (await fetch(path)).json();
                const told = await read(`/api/areas/${code}`);
                const houses = await read(`/api/buildings?area=${code}`);
                return {...told, houses: houses.buildings.map((one) => one.geometry.coordinates.flat(2))};
            }""", code)  # fmt: skip

    def go(self, lon: float, lat: float, zoom: float, code: str | None = None) -> None:
        """The map at that place, with that area chosen."""
        self.view = (lon, lat, zoom)
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/#map={zoom}/{lat}/{lon}" + (f"&area={code}" if code else ""))
        self.page.wait_for_function("() => document.body.dataset.ready === 'true'", timeout=60_000)
        self.calm()

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """The pixel of a place."""
        box = self.page.locator("#canvas").bounding_box()
        here, middle = _mercator(lon, lat), _mercator(*self.view[:2])
        scale = TILE * 2 ** self.view[2]
        return (box["x"] + box["width"] / 2 + (here[0] - middle[0]) * scale,
                box["y"] + box["height"] / 2 + (here[1] - middle[1]) * scale)  # fmt: skip

    def calm(self) -> None:
        """Until nothing is asked and drawn any more."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(1500)
        self.page.wait_for_function("() => document.getElementById('loading').hidden", timeout=60_000)

    def keep(self, name: str) -> None:
        """The page as docs/img/NAME-LANG.png."""
        file = FOLDER / f"{name}-{self.lang}.png"
        file.write_bytes(small(self.page.screenshot()))
        print(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1000} kB")


def _mercator(lon: float, lat: float) -> tuple[float, float]:
    return lon / 360 + 0.5, 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def small(png: bytes) -> bytes:
    """The same picture in 256 colours: the frequent ones exactly, the rest near; rare ones too, they mean something."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    pixels = np.asarray(picture).reshape(-1, 3).astype(int) @ (1 << 16, 1 << 8, 1)
    colours, where, count = np.unique(pixels, return_inverse=True, return_counts=True)
    often = _channels(colours[np.argsort(count)[::-1][: COLOURS // 2]])
    near = picture.quantize(COLOURS - len(often), Image.Quantize.MAXCOVERAGE).getpalette()
    palette = np.vstack([often, np.reshape(near, (-1, 3))])[:COLOURS]
    nearest = np.array([np.abs(palette - colour).sum(axis=1).argmin() for colour in _channels(colours)], dtype=np.uint8)
    drawn = Image.fromarray(nearest[where].reshape(picture.height, picture.width))
    drawn.putpalette(palette.astype(np.uint8).tobytes())
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    if out.tell() >= LARGEST:
        raise SystemExit(f"a picture has {out.tell() // 1000} kB")
    return out.getvalue()


def _channels(colours: np.ndarray) -> np.ndarray:
    """(n,) whole numbers 0xRRGGBB -> (n, 3)."""
    return np.column_stack([colours >> 16, colours >> 8 & 255, colours & 255])


# ---- the pictures ---------------------------------------------------------------------------------------------------
def map_(shot: Shot) -> None:
    shot.calm()
    shot.keep("map")


def card(shot: Shot) -> None:
    lon, lat = shot.area(AREA)["where"]
    shot.go(lon, lat, 17, AREA)
    shot.keep("card")


def split(shot: Shot) -> None:
    area = shot.area(AREA)
    west, south, east, north = area["bounds"]
    lon, lat = area["where"]
    shot.go(lon, lat, 17.6, AREA)
    shot.page.keyboard.press("x")
    shot.calm()
    x = _between(area["houses"], west, east)
    for along in (1.12, -0.12):
        where = shot.at(x, south + (north - south) * along)
        shot.page.mouse.move(*where, steps=12)
        shot.page.wait_for_timeout(300)
        shot.page.mouse.click(*where)
    shot.calm()
    shot.keep("split")


def _between(houses: list, west: float, east: float) -> float:
    """A longitude that runs between the houses, as near to the middle as can be."""
    spans = [(min(x for x, _ in house), max(x for x, _ in house)) for house in houses]
    candidates = [west + (east - west) * (0.2 + 0.6 * k / 120) for k in range(121)]
    middle = (west + east) / 2
    free = [x for x in candidates if all(not low - 2e-5 < x < high + 2e-5 for low, high in spans)]
    return min(free or candidates, key=lambda x: abs(x - middle))


def zone(shot: Shot) -> None:
    areas = [shot.area(code) for code in ZONED]
    shot.go(*areas[0]["where"], 17)
    shot.page.keyboard.press("z")
    shot.calm()
    for area in areas:
        shot.page.mouse.click(*shot.at(*area["where"]))
        shot.page.wait_for_timeout(600)
    shot.page.fill("[name=reason]", REASONS[shot.lang])
    shot.calm()
    shot.keep("zone")


def facts(shot: Shot) -> None:
    lon, lat = shot.area(AREA)["where"]
    shot.go(lon, lat, 17.6, AREA)
    shot.page.click("[data-key=facts]")
    shot.calm()
    shot.keep("facts")


def phone(shot: Shot) -> None:
    lon, lat = shot.area(AREA)["where"]
    shot.go(lon, lat - 0.0006, 16.2, AREA)
    shot.keep("phone")


PICTURES: tuple[tuple[Callable[[Shot], None], dict], ...] = (
    (map_, DESK), (card, DESK), (split, DESK), (zone, DESK), (facts, DESK), (phone, PHONE),
)  # fmt: skip


def main(wanted: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    from tests.services import launch_options

    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as (address, account, password), sync_playwright() as play:
        browser = play.chromium.launch(**launch_options())
        for lang, locale in LANGUAGES.items():
            for draw, size in PICTURES:
                if wanted and draw.__name__.strip("_") not in wanted:
                    continue
                context = browser.new_context(viewport=size, locale=locale, timezone_id="Asia/Shanghai",
                                              color_scheme="light", reduced_motion="reduce")  # fmt: skip
                page = context.new_page()
                page.goto(f"{address}/sign-in")
                page.fill("[name=account]", account)
                page.fill("[name=password]", password)
                page.keyboard.press("Enter")
                page.wait_for_function("() => document.body.dataset.ready === 'true'", timeout=60_000)
                draw(Shot(page, address, lang))
                context.close()
        browser.close()


def need_pillow() -> None:
    """Fetches the library that makes pictures small; nothing else of the project needs it."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        prepare.run(prepare.VENV / "bin" / "uv", "--quiet", "pip", "install", "--python", sys.executable, "pillow",
                    env=prepare.uv_environment())  # fmt: skip


if __name__ == "__main__":
    need_pillow()
    main(sys.argv[1:])
