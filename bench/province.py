"""The places to measure on: Tainan and an invented province of any size, each in both stores, made once in a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from geodata.importer import Options
from geodata.planting import plant
from geodata.store import Store
from geodata.synthetic_province import LEVELS, synthetic_province
from mapapp import open_accounts
from mapapp.config import Config, load
from tests.services import Server, Unavailable, data_dir
from tests.tainan import COMMAND

from .report import ROOT, timed

LEAVES = "micro_grid"  # level of the leaves in both places
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
        return self.server.fresh() if kind == "PostGIS" else f"gpkg://{self.folder / place.lower()}.gpkg"

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
    frame = synthetic_province(places.areas)
    store = Store.open(url, places.config.rules, create=True)
    try:
        options = Options("areas", level=LEAVES, parents={level: level for level in LEVELS})
        return timed(lambda: plant(store, frame, options, "bench", "province"))[1]
    finally:
        store.close()


FILL: dict[str, Callable[[Places, str], float]] = {"Tainan": _tainan, "Province": _province}
