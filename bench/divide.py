"""Divide: balance, shape, share of borders along roads and time of the demo town, its first community and its street.

Run it by itself: `python -m bench.divide [STORE]`; without a store it makes the demo town.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import shapely

from geodata.demo import build_demo
from geodata.dividing import town_of
from geodata.facts import facts_of
from geodata.store import Store
from layers.areas import as_multi
from layers.cells import Town
from layers.coverage import Coverage, explode
from layers.edits import Edit
from layers.measure import compactness
from layers.redraw import divide
from layers.rules import Rules

ROOT = Path(__file__).parents[1]
COLUMNS = ("what", "households", "parts", "seed", "farthest %", "p95 %", "in norm %", "PP mean", "PP least", "roads %", "cut", "CPU s")
CASES = (  # what, code, parts or norm, seeds; each as one undivided area
    ("community", "330299001001", {"parts": 12}, (0, 1, 2)),
    ("community, 5 %", "330299001001", {"parts": 12, "tolerance": 0.05}, (0,)),
    ("community by norm", "330299001001", {"norm": (15, 60)}, (0,)),
    ("street", "330299001", {"parts": 638}, (0,)),
)


def run(url: str | None = None) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(url or f"gpkg://{folder}/demo.gpkg", _rules(), create=url is None)
        if url is None:
            build_demo(store)
        print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
        for what, code, wish, seeds in CASES:
            coverage, fid, town = _whole(store, code)
            for seed in seeds:
                began = time.process_time()
                edit = divide(coverage, [fid], town, seed=seed, **wish)
                spent = time.process_time() - began
                print("| " + " | ".join((what, *_figures(edit, town, seed, wish.get("norm", (15, 60))), f"{spent:.1f}")) + " |", flush=True)
        store.close()


def _rules() -> Rules:
    settings = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    named = {key: settings[key] for key in ("levels", "norms", "roles", "special_groups", "metrics")}
    return msgspec.convert(named | {"profile": settings["profiles"]["epidemic-covid-v8"]}, Rules)


def _whole(store: Store, code: str) -> tuple[Coverage, int, Town]:
    """The area as if nobody had divided it, among its neighbours, and what stands there."""
    with store.read() as reader:
        leaves = reader.subtree(reader.area(code).path, leaf=True)
        town = town_of(reader, leaves, facts_of(reader, [area.fid for area in leaves]))
        ground = as_multi(shapely.coverage_union_all(explode(leaves)[0]))
        near = [area for area in reader.leaves_near(ground.bounds) if area.fid not in {leaf.fid for leaf in leaves}]
    return Coverage([replace(leaves[0], shape=ground), *near]), leaves[0].fid, town


def _figures(edit: Edit, town: Town, seed: int, norm: tuple[float, float]) -> tuple[str, ...]:
    shapes = np.array([area.shape for area in edit.after], dtype=object)
    point, area = shapely.STRtree(shapes).query(shapely.point_on_surface(town.buildings), predicate="intersects")
    homes = np.bincount(area, town.households[point], len(shapes))
    off, round_ = abs(homes / homes.mean() - 1) * 100, compactness(shapes)
    building, part = shapely.STRtree(shapes).query(town.buildings, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[part], town.buildings[building])) / shapely.area(town.buildings[building])
    cut = len(set(building[(share > 0.005) & (share < 0.995)].tolist()))
    roads = next((finding.count for finding in edit.findings if finding.kind == "along-roads"), None)
    inside = 100 * ((homes >= norm[0]) & (homes <= norm[1])).mean()
    return (f"{homes.sum():.0f}", str(len(shapes)), str(seed), f"{off.max():.1f}", f"{np.percentile(off, 95):.1f}", f"{inside:.1f}",
            f"{round_.mean():.2f}", f"{round_.min():.2f}", str(roads), str(cut))


if __name__ == "__main__":
    run(*sys.argv[1:2])
