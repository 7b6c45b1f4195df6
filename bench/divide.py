"""Divide, side by side with METIS, GerryChain and spopt on the same cells: balance, contiguity, shape, share along roads, CPU.

`python -m bench divide`. The demo town's ground as if nobody had divided it, and central Shanghai and Shenzhen, whose
households are derived from floor area.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geodata.demo import build_demo
from geodata.dividing import town_of
from geodata.facts import facts_of
from geodata.searching import tidied_after
from geodata.store import Store
from layers.areas import Area, as_multi
from layers.cells import Cells, Town, cells_of
from layers.coverage import Coverage, explode
from layers.division import PIECES, PIECES_PER_PART, Proposal, Wish, propose
from layers.measure import area_m2, compactness
from layers.redraw import divide
from mapapp.config import load
from tests import real_towns
from tests.services import Unavailable, data_dir

from .divide_peers import PEERS, methods, missing
from .province import Places
from .report import Aims, say, section, table

LONGEST_S, TOLERANCE, NORM, SEEDS = 10.0, 0.1, (15, 60), (0, 1, 2)
COLUMNS = ("how", "parts", "farthest %", "p95 %", f"in {NORM[0]}–{NORM[1]} %", "in pieces", "PP mean", "PP least", "roads %", "CPU s")


@dataclass(frozen=True, slots=True)
class Case:
    """Ground as one undivided area among its neighbours, what stands on it, and the parts wanted."""

    what: str
    coverage: Coverage
    fid: int
    town: Town
    wish: dict[str, Any]
    promised: bool = False

    @property
    def ground(self) -> np.ndarray:
        """Its polygons."""
        return shapely.get_parts(self.coverage.get(self.fid).shape)


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    if lacking := missing():
        say(f"SKIPPED PEERS: {', '.join(lacking)} of {', '.join(PEERS)}: `make bench` installs them")
    for case in _cases(places.folder):
        with section(f"Divide: {case.what}"):
            _measure(case, aims)


def _cases(folder: Path) -> Iterator[Case]:
    rules = load(environ={}).rules
    store = Store.open(f"gpkg://{folder / 'divide-demo.gpkg'}", rules, create=True)
    build_demo(store)
    yield _case(store, "community into 12", ["330299001001"], parts=12)
    yield _case(store, "10,000 households into micro-grids", [f"33029900100{k}" for k in range(1, 5)], promised=True, parts=10_000 // 30)
    yield _case(store, "47,000 people into 638", ["330299001"], promised=True, parts=638)
    yield _case(store, "the same by the norm of 15 to 60 households", ["330299001"], norm=NORM)
    store.close()
    try:
        data = data_dir()
    except Unavailable as lacking:
        say(f"SKIPPED DATA: {lacking}")
        return
    for name, area, parts in (("shanghai", "shanghai-1", 40), ("shenzhen", "shenzhen-1", 100)):
        url = f"gpkg://{folder / f'divide-{name}.gpkg'}"
        real_towns.plant(url, name, data, folder)
        store = Store.open(url, rules)
        yield _case(store, f"{name.title()}, real buildings, into {parts}", [area], parts=parts)
        store.close()


def _case(store: Store, what: str, codes: list[str], promised: bool = False, **wish: Any) -> Case:
    """The areas as one that nobody had divided, among its neighbours."""
    with store.read() as reader:
        leaves: list[Area] = []
        for code in codes:
            area = reader.area(code)
            leaves += [area] if area.leaf else reader.subtree(area.path, leaf=True)
        town = town_of(reader, leaves, facts_of(reader, [area.fid for area in leaves]))
        ground = as_multi(shapely.coverage_union_all(explode(leaves)[0]))
        own = {leaf.fid for leaf in leaves}
        near = [area for area in reader.leaves_near(ground.bounds) if area.fid not in own]
    return Case(what, Coverage([replace(leaves[0], shape=ground), *near]), leaves[0].fid, town, wish, promised)


def _measure(case: Case, aims: Aims) -> None:
    made: list[Proposal] = []

    def noted(ground: np.ndarray, town: Town, wish: Wish) -> Proposal:
        made.append(propose(ground, town, wish))
        return made[-1]
    rows, ours = [], []
    for seed in SEEDS:
        began = time.process_time()
        with tidied_after():  # as the server searches; peers are left as they come
            edit = divide(case.coverage, [case.fid], case.town, seed=seed, tolerance=TOLERANCE, proposed=noted, **case.wish)
        spent = time.process_time() - began
        shapes = np.array([area.shape for area in edit.after], dtype=object)
        roads = next((str(finding.count) for finding in edit.findings if finding.kind == "along-roads"), "0")
        ours.append((f"**ours, seed {seed}, as saved**", made[-1].load, shapes, roads, spent))
    parts = len(made[0].load)
    began = time.process_time()
    cells = cells_of(case.ground, case.town, float(area_m2(case.ground).sum()) / (PIECES_PER_PART * parts + PIECES))
    prepared = time.process_time() - began
    say(f"{case.town.total:,.0f} households in {len(case.town.buildings):,} buildings, {len(cells):,} cells; "
        f"heaviest {cells.load.max():.0f}, mean part {case.town.total / parts:.0f}; making the cells takes {prepared:.1f} s of CPU, in every row.")
    for name, loads, shapes, roads, spent in ours:
        rows.append((name, *_balance(loads), str(int((shapely.get_num_geometries(shapes) > 1).sum())), *_shape(shapes), roads, spent))
    slowest = max(spent for *_, spent in ours)
    for name, way in methods(cells, parts, TOLERANCE, 0):
        began = time.process_time()
        try:
            part = way()
        except Exception as error:  # noqa: BLE001  a peer that gives up is a result, too
            say(f"{name}: {type(error).__name__}: {str(error)[:100]}")
            continue
        spent = time.process_time() - began + prepared
        if part is None:
            say(f"{name}: found no division within 80 % of the mean.")
            continue
        rows.append(_row(name, cells, np.unique(part, return_inverse=True)[1], spent))
    table(case.what, COLUMNS, rows)
    cut = _cut(np.array([area.shape for area in edit.after], dtype=object), case.town)
    say(f"\nBuildings cut by ours: {cut}.")
    if case.promised:
        aims.judge(f"divide {case.what}", f"<= {LONGEST_S:.0f} s", f"{slowest:.1f} s of CPU, the slowest of three proposals", slowest <= LONGEST_S)


def _row(name: str, cells: Cells, part: np.ndarray, spent: float) -> tuple:
    """A division of cells: its parts are what their faces make together."""
    of_face = part[cells.of_face]
    shapes = np.array([as_multi(shapely.coverage_union_all(cells.faces[of_face == k])) for k in range(part.max() + 1)], dtype=object)
    apart = part[cells.links[:, 0]] != part[cells.links[:, 1]]
    along = apart & (cells.cost < 0.7 * cells.length)
    roads = 100 * cells.length[along].sum() / max(cells.length[apart].sum(), 1e-9)
    return name, *_balance(np.bincount(part, cells.load)), _strays(cells, part), *_shape(shapes), f"{roads:.0f}", spent


def _balance(homes: np.ndarray) -> tuple:
    off = abs(homes / homes.mean() - 1) * 100
    return str(len(homes)), off.max(), np.percentile(off, 95), 100 * ((homes >= NORM[0]) & (homes <= NORM[1])).mean()


def _strays(cells: Cells, part: np.ndarray) -> str:
    """How many parts lie in several pieces."""
    same = part[cells.links[:, 0]] == part[cells.links[:, 1]]
    a, b = cells.links[same].T
    _, piece = connected_components(coo_matrix((np.ones(len(a)), (a, b)), (len(part), len(part))), directed=False)
    return str(int((np.bincount(part[np.unique(piece, return_index=True)[1]]) > 1).sum()))


def _shape(shapes: np.ndarray) -> tuple[str, str]:
    round_ = compactness(shapes)
    return f"{round_.mean():.2f}", f"{round_.min():.2f}"


def _cut(shapes: np.ndarray, town: Town) -> int:
    building, part = shapely.STRtree(shapes).query(town.buildings, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[part], town.buildings[building])) / shapely.area(town.buildings[building])
    return len(set(building[(share > 0.005) & (share < 0.995)].tolist()))
