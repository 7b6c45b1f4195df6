"""A package for another office: a sealed Shapefile package of all areas beside what Debian's ogr2ogr takes for the same."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import numpy as np

from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from geodata.formats import FORMATS
from geodata.handover import verify
from tools import debian

from .files import ogr2ogr
from .province import Places
from .report import Aims, say, section, table, timed

TRIES = 3  # the median counts
WAYS = (("EPSG:4490", "UTF-8"), ("EPSG:4549", "GBK"))


def run(places: Places, aims: Aims) -> None:
    """Measure and print, the last of the places: the larger."""
    program = ogr2ogr()
    place = places.names[-1]
    with section(f"Hand-over: {place}"), places.open(place) as store:
        cache = CoverageCache(store, tiles=False)
        cache.sync()
        source = places.folder / "handover-source.gpkg"
        export(cache, Request("areas", "gpkg"), source)
        rows = []
        for crs, encoding in WAYS:
            package, peer = places.folder / f"handover-{crs[5:]}.zip", places.folder / f"handover-{crs[5:]}.shz"
            ours, theirs = [], []
            for _ in range(TRIES):
                request = Request("areas", "shapefile", crs, encoding, receiver="bench", purpose="bench")
                answer, seconds = timed(partial(export, cache, request, package))
                ours.append(seconds)
                if program is not None:
                    theirs.append(_copied(program, source, peer, crs, encoding))
            told, proved = timed(partial(verify, package, answer["sha256"]))
            back = len(FORMATS["shapefile"].read(package, None, None))
            own, other = float(np.median(ours)), float(np.median(theirs)) if theirs else float("nan")
            rows.append((crs, encoding, f"{back:,}", answer["bytes"] / 1e6, own, other, own / other, proved))
            if theirs:
                aims.judge(f"Shapefile package of {answer['rows']:,} areas, {crs}, {encoding}", "<= ogr2ogr", f"{own:.1f} s to {other:.1f} s",
                           own <= other)
        table(f"{place}: areas with figures, dictionary, manifest and seal; median of {TRIES}, side by side",
              ("CRS", "text", "rows read back", "MB", "ours s", "ogr2ogr s", "ours / ogr2ogr", "verify s"), rows)
        say("\nOurs reads the store, adds the figures of each area, writes, packs and seals. ogr2ogr copies (and transforms) a GeoPackage that "
            "holds the same rows and columns already into a packed Shapefile (.shz).")


def _copied(program: str, source, target, crs: str, encoding: str) -> float:
    """Seconds ogr2ogr takes for the same rows, CRS and encoding."""
    target.unlink(missing_ok=True)
    command = [program, "-f", "ESRI Shapefile", "-t_srs", crs, "-lco", f"ENCODING={'CP936' if encoding == 'GBK' else encoding}", target, source]
    environment = {**os.environ, **debian.unpacked_environment()} if str(program).startswith(str(debian.UNPACKED)) else None
    done, seconds = timed(partial(subprocess.run, command, env=environment, capture_output=True, text=True))
    if done.returncode:
        raise RuntimeError(f"ogr2ogr: {done.stderr[-500:]}")
    return seconds
