"""Files and the whole store: import, export and check in seconds, exports beside ogr2ogr."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from tests.services import Unavailable
from tools import debian

from .province import Places
from .report import Aims, say, section, table, timed

IMPORT_S = 60  # Tainan with repair
FILLED = {
    "Tainan": "import with repair by the command line, start-up included",
    "Province": "planting from memory, proof included",
}
FINDINGS = ("gaps", "overlaps", "nesting", "codes")
EXPORTS = {"gpkg": ("areas.gpkg", "peer.gpkg", "GPKG"), "shapefile": ("areas.zip", "peer.shz", "ESRI Shapefile")}


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    program = ogr2ogr()
    for place in places.names:
        with section(f"Files: {place}"):
            _filled(places, place, aims)
            _written(places, place, program)


def _filled(places: Places, place: str, aims: Aims) -> None:
    """How long the stores took to fill, and to be proved."""
    rows = []
    for kind in places.kinds:
        with places.open(place, kind) as store:
            answer, checked = timed(partial(check_store, store))
        filled = places.seconds[place, kind]
        rows.append((kind, filled, checked, str(sum(answer[name] for name in FINDINGS))))
        if place == "Tainan":
            aims.judge(f"import with repair, Tainan, {kind}", f"<= {IMPORT_S} s", f"{filled:.0f} s", filled <= IMPORT_S)
    table(f"{place}: {FILLED[place]}; check", ("store", "import s", "check s", ", ".join(FINDINGS)), rows)


def _written(places: Places, place: str, program: str | None) -> None:
    rows = []
    with places.open(place) as store:
        cache = CoverageCache(store, tiles=False)
        _, loaded = timed(cache.sync)
        for format, (name, peer, driver) in EXPORTS.items():
            path = places.folder / name
            answer, seconds = timed(partial(export, cache, Request("areas", format), path))
            theirs = _copied(program, places.folder / EXPORTS["gpkg"][0], places.folder / peer, driver)
            rows.append((format, f"{answer['rows']:,}", path.stat().st_size / 1e6, seconds, theirs, seconds / theirs))
    columns = ("format", "rows", "MB", "ours s", "ogr2ogr s", "ours / ogr2ogr")
    table(f"{place}: export of all micro-grids with their figures", columns, rows)
    say(
        f"\nReading the coverage for the figures took {loaded:.1f} s and is not part of it. ogr2ogr only copies the "
        "GeoPackage that ours has written: the same rows and columns from a file to a file, nothing to reckon."
    )


def _copied(program: str | None, source: Path, target: Path, driver: str) -> float:
    """Seconds ogr2ogr takes to write the same rows; nan without it."""
    if program is None:
        return float("nan")
    target.unlink(missing_ok=True)
    command = [
        program,
        "-f",
        driver,
        target,
        source,
        *(("-lco", "ENCODING=UTF-8") if driver == "ESRI Shapefile" else ()),
    ]
    environment = {**os.environ, **debian.unpacked_environment()} if Path(program).is_relative_to(debian.UNPACKED) else None
    done, seconds = timed(partial(subprocess.run, command, env=environment, capture_output=True, text=True))
    if done.returncode:
        raise RuntimeError(f"ogr2ogr: {done.stderr[-500:]}")
    return seconds


def ogr2ogr() -> str | None:
    """The program, fetched from Debian when it is not there; None when it cannot be had."""
    if found := shutil.which("ogr2ogr"):
        return found
    try:
        return str(debian.get("gdal-bin") / "usr/bin/ogr2ogr")
    except Unavailable as lacking:
        say(f"SKIPPED OGR2OGR: {lacking}")
        return None
