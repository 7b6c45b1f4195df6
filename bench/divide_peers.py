"""Other ways to divide the same cells: METIS, GerryChain and spopt, each with what it is best at. None is part of the product."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from layers.cells import Cells

PEERS = ("pymetis", "gerrychain", "spopt")
SMALL, MEDIUM = 400, 1_000  # cells: more take AZP and Skater minutes, more region k-means
MANY = 100  # parts: GerryChain tries no tight tolerance for more, it would take minutes and find none
EPSILONS, ATTEMPTS = (0.1, 0.2, 0.4, 0.8), 400  # how far GerryChain's parts may lie off: the first that it finds a way for
Method = Callable[[], np.ndarray | None]


def missing() -> list[str]:
    """Peers that are not installed."""
    return [name for name in PEERS if find_spec(name) is None]


def methods(cells: Cells, parts: int, tolerance: float, seed: int) -> Iterator[tuple[str, Method]]:
    """Name and way of each peer; a way answers the part of each cell, None when it finds none."""
    if find_spec("pymetis") is not None:
        for name, how in (("METIS k-way, contiguous", False), ("METIS recursive", True)):
            yield name, partial(_metis, cells, parts, tolerance, seed, how)
    if find_spec("gerrychain") is not None:
        yield "GerryChain recursive tree", partial(_gerrychain, cells, parts, tolerance, seed)
    if find_spec("spopt") is not None:
        if len(cells) <= MEDIUM:
            yield "spopt region k-means", partial(_k_means, cells, parts, seed)
        yield "spopt Ward", partial(_ward, cells, parts)
        if len(cells) <= SMALL:
            yield "spopt Skater", partial(_skater, cells, parts)
            yield "spopt AZP", partial(_azp, cells, parts, seed)


def _near(cells: Cells) -> list[list[tuple[int, float]]]:
    near: list[list[tuple[int, float]]] = [[] for _ in range(len(cells))]
    for (a, b), cost in zip(cells.links.tolist(), cells.cost.tolist(), strict=True):
        near[a].append((b, cost))
        near[b].append((a, cost))
    return near


def _metis(cells: Cells, parts: int, tolerance: float, seed: int, recursive: bool) -> np.ndarray:
    pymetis = import_module("pymetis")
    near = _near(cells)
    first = np.r_[0, np.cumsum([len(one) for one in near])].tolist()
    options = pymetis.Options(seed=seed, ufactor=max(1, round(1000 * tolerance)), **({} if recursive else {"contig": True}))
    _, part = pymetis.part_graph(
        parts, xadj=first, adjncy=[other for one in near for other, _ in one], eweights=[max(1, round(cost)) for one in near for _, cost in one],
        vweights=np.rint(cells.load).astype(int).tolist(), options=options, recursive=recursive)
    return np.array(part)


def _gerrychain(cells: Cells, parts: int, tolerance: float, seed: int) -> np.ndarray | None:
    networkx, gerrychain, tree = (import_module(name) for name in ("networkx", "gerrychain", "gerrychain.tree"))
    drawn = networkx.Graph()
    drawn.add_nodes_from((cell, {"homes": int(round(load))}) for cell, load in enumerate(cells.load.tolist()))
    drawn.add_edges_from(map(tuple, cells.links.tolist()))
    graph = gerrychain.Graph.from_networkx(drawn)
    target = float(np.rint(cells.load).sum()) / parts
    cut = partial(tree.bipartition_tree, max_attempts=ATTEMPTS)
    for epsilon in (one for one in EPSILONS if one >= (tolerance if parts <= MANY else 0.4)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = import_module("gerrychain.partition").recursive_tree_part(
                    graph, range(parts), target, "homes", epsilon, bipartition_tree_fn=cut, rng=seed)
            return np.array([found[cell] for cell in range(len(cells))])
        except (RuntimeError, ValueError):
            continue
    return None


def _frame(cells: Cells):
    """Cells as spopt wants them: places and households, and who touches whom."""
    geopandas, weights = import_module("geopandas"), import_module("libpysal.weights")
    near = {cell: [other for other, _ in one] for cell, one in enumerate(_near(cells))}
    frame = geopandas.GeoDataFrame({"homes": cells.load, "x": cells.xy[:, 0], "y": cells.xy[:, 1]},
                                   geometry=geopandas.points_from_xy(*cells.xy.T))
    return frame, weights.W(near, silence_warnings=True)


def _k_means(cells: Cells, parts: int, seed: int) -> np.ndarray:
    _, touching = _frame(cells)
    np.random.seed(seed)
    model = import_module("spopt.region").RegionKMeansHeuristic(cells.xy, parts, touching, seed=seed)
    model.solve()
    return np.asarray(model.labels_)


def _ward(cells: Cells, parts: int) -> np.ndarray:
    frame, touching = _frame(cells)
    model = import_module("spopt.region").WardSpatial(frame, touching, ["x", "y"], parts)
    model.solve()
    return np.asarray(model.labels_)


def _skater(cells: Cells, parts: int) -> np.ndarray:
    frame, touching = _frame(cells)
    model = import_module("spopt.region").Skater(frame, touching, ["x", "y"], parts, floor=max(1, len(cells) // (4 * parts)))
    model.solve()
    return np.asarray(model.labels_)


def _azp(cells: Cells, parts: int, seed: int) -> np.ndarray:
    frame, touching = _frame(cells)
    model = import_module("spopt.region").AZP(frame, touching, ["x", "y"], parts, random_state=seed)
    model.solve()
    return np.asarray(model.labels_)
