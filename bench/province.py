"""The places to measure on: Tainan and an invented province of any size, bare or built, in both stores, made once in a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from geodata.incoming import Options
from geodata.planting import plant
from geodata.store import Store
from geodata.synthetic_province import LEVELS, synthetic_province
from layers.areas import to_degrees
from mapapp import open_accounts
from mapapp.config import Config, load
from tests.services import Server, Unavailable, data_dir
from tests.tainan import COMMAND

from .report import ROOT, timed

LEAVES = "micro_grid"  # level of the leaves in every place
BUILDINGS = 1_000_000 / 330_000  # a micro-grid of the built province, where all households live in buildings
HOUSE = (600.0, 350.0)  # units: half the length and half the width of one, about 12 by 8 m
AT_ONCE = 50_000
BUILT = "Built province"
ACCOUNT, PASSWORD = "bench", "Measure-2468"
KINDS = ("GeoPackage", "PostGIS")


@dataclass
class Places:
    """Owns the stores of this run. Public: names, url, seconds, server."""

    folder: Path
    areas: int
    server: Server | None = None  # of PostgreSQL; None where it cannot be had
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)  # (place, kind) -> how long it took to fill
    config: Config = field(default_factory=load)
    _urls: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The places there are: Tainan only where its data are."""
        with suppress(Unavailable):
            if (data_dir() / "tainan_microgrids").is_dir():
                return ["Tainan", "Province"]
        return ["Province"]

    @property
    def kinds(self) -> list[str]:
        """The kinds of store there are."""
        return list(KINDS if self.server else KINDS[:1])

    def url(self, place: str, kind: str = "GeoPackage") -> str:
        """The address of a filled store with an account that may redraw everywhere; filled when first asked for."""
        key = (place, kind)
        if key not in self._urls:
            url = self._empty(place, kind)
            self.seconds[key] = FILL[place](self, url)
            self._urls[key] = url
            self._account(url)
        return self._urls[key]

    @contextmanager
    def open(self, place: str, kind: str = "GeoPackage") -> Iterator[Store]:
        """The store, open in this process."""
        store = Store.open(self.url(place, kind), self.config.rules)
        try:
            yield store
        finally:
            store.close()

    def _empty(self, place: str, kind: str) -> str:
        return self.server.fresh() if kind == "PostGIS" else f"gpkg://{self.folder / place.lower().replace(' ', '_')}.gpkg"

    def _account(self, url: str) -> None:
        store = Store.open(url, self.config.rules)
        accounts = open_accounts(self.config, store)
        accounts.add(ACCOUNT, PASSWORD, [("planner", 0, store.head()[0])])
        accounts.close()
        store.close()


def _tainan(places: Places, url: str) -> float:
    """By the command line, start-up included; the seconds it took."""
    source = data_dir() / "tainan_microgrids" / "tainan.gpkg"
    command = [sys.executable, "-m", "mapapp.cli", "--store", url, "import", str(source), *COMMAND]
    done, seconds = timed(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, text=True))
    if done.returncode:
        raise RuntimeError(f"the import of Tainan failed: {done.stdout[-500:]} {done.stderr[-500:]}")
    return seconds


def _province(places: Places, url: str) -> float:
    """From memory, proof included; inventing the areas does not count. The seconds it took."""
    return _planted(places, url, synthetic_province(places.areas))


def _built(places: Places, url: str) -> float:
    """The same province with its households in buildings instead of on the ground of whole micro-grids."""
    frame = synthetic_province(places.areas)
    homes, people = frame.pop("households").to_numpy(), frame.pop("population").to_numpy()
    seconds = _planted(places, url, frame)
    store = Store.open(url, places.config.rules)
    try:
        return seconds + timed(lambda: _build(store, homes, people))[1]
    finally:
        store.close()


def _planted(places: Places, url: str, frame) -> float:
    store = Store.open(url, places.config.rules, create=True)
    try:
        options = Options("areas", level=LEAVES, parents={level: level for level in LEVELS})
        return timed(lambda: plant(store, frame, options, "bench", "province"))[1]
    finally:
        store.close()


def _build(store: Store, homes: np.ndarray, people: np.ndarray, seed: int = 1) -> None:
    """Oblique houses near the middle of each leaf; they share its homes and people out as evenly as can be."""
    rng = np.random.default_rng(seed)
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
    number = np.diff(np.floor(np.arange(len(leaves) + 1) * BUILDINGS)).astype(int)
    middle = shapely.get_coordinates(shapely.point_on_surface(np.array([leaf.shape for leaf in leaves], dtype=object)))
    of_leaf, nth = np.repeat(np.arange(len(leaves)), number), np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    turn = rng.uniform(0, np.pi, len(of_leaf))
    way = 2 * np.pi * nth / np.maximum(number[of_leaf], 1)
    spot = middle[of_leaf] + 4_000 * np.stack([np.cos(way), np.sin(way)], 1) * (number[of_leaf] > 1)[:, None]
    corner = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * HOUSE
    xy = np.stack([corner[:, 0] * np.cos(turn)[:, None] - corner[:, 1] * np.sin(turn)[:, None],
                   corner[:, 0] * np.sin(turn)[:, None] + corner[:, 1] * np.cos(turn)[:, None]], 2) + spot[:, None]
    shapes = to_degrees(shapely.multipolygons(shapely.polygons(np.rint(xy)), indices=np.arange(len(xy))))
    with store.write("bench", "add buildings") as tx:
        for start in range(0, len(shapes), AT_ONCE):
            tx.insert("buildings", [
                {"geom": shape, "area": leaves[leaf].fid, "kind": "apartment", "floors": 6,
                 "households": _share(homes[leaf], number[leaf], k), "resident": _share(people[leaf], number[leaf], k)}
                for shape, leaf, k in zip(shapes[start:start + AT_ONCE], of_leaf[start:].tolist(), nth[start:].tolist())])


def _share(total: int, among: int, nth: int) -> int:
    return int(total // among + (nth < total % among))


FILL: dict[str, Callable[[Places, str], float]] = {"Tainan": _tainan, "Province": _province, BUILT: _built}
