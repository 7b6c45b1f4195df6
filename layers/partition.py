"""Balanced division of a graph of cells: contiguous parts of about equal load with short borders, along roads where it can.

Starts are grown from spread-out seeds; a search then moves one cell at a time between neighbouring parts (annealing,
then descent, then exchanges of two cells). A part never falls into pieces. Many parts are divided in two steps: groups
first, then each group. Everything is drawn from one seed: the same seed gives the same parts.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from .cell_graph import Aim, Graph
from .chains import settle
from .progress import Tell, silent, span
from .search import Search

GROUP = 12  # parts that are divided at once; more than twice as many are grouped first
STARTS, FEW_STARTS = 6, 2  # for up to MANY cells, for more
LITTLE, LITTLE_TIMES, MANY = 150, 2, 900
MOST_STEPS, STEPS_PER_CELL = 120_000, 80
EVEN = 4.0  # times as much, where even numbers come first


def divide(graph: Graph, parts: int, aim: Aim, seed: int = 0, corners: Sequence[Sequence[int]] = (),
           starts: int = STARTS, even: bool = False, fewer: float = 0.0,
           tell: Tell = silent) -> np.ndarray:
    """The part (0 ... parts - 1) of each cell; none is empty. There are at least as many cells as parts. `corners` are
    the cells round each vertex where four or more meet: no part may meet itself there. `even` prefers, of several
    divisions, the one whose farthest part is nearest to the mean. Parts that cannot reach a load of `fewer` may
    vanish."""
    if parts == 1:
        return np.zeros(len(graph.load), int)
    if parts > 2 * GROUP:
        part = _by_groups(graph, parts, aim, seed, span(tell, 0.0, 0.65))
        search = Search(graph, part, parts, aim, seed)
        search.anneal(min(MOST_STEPS, 40 * len(graph.load)), 0.1, 0.01, 1.0, span(tell, 0.65, 0.8))
        settle(search, span(tell, 0.8, 1.0), fewer)
        search.untouch(corners)
        return np.unique(search.part, return_inverse=True)[1]
    best, found = None, None
    if starts > FEW_STARTS:  # a division of its own, not one of many groups: little ground is looked at more often
        starts = LITTLE_TIMES * starts if len(graph.load) <= LITTLE else starts if len(graph.load) <= MANY else FEW_STARTS
    for turn in range(starts):
        now = span(tell, turn / starts, (turn + 1) / starts)
        search = Search(graph, _grown(graph, parts, seed * 101 + turn), parts, aim, seed * 101 + turn, EVEN if even else 1.0)
        search.mend()
        search.anneal(min(MOST_STEPS, STEPS_PER_CELL * len(graph.load)), 1.0, 0.02, 50.0, span(now, 0.0, 0.7))
        settle(search, span(now, 0.7, 1.0), fewer)
        worth = (search.untouch(corners), search.farthest() if even else 0.0, search.missed(), search.worth())
        if best is None or worth < best:
            best, found = worth, list(search.part)
    return np.unique(found, return_inverse=True)[1]


def _by_groups(graph: Graph, parts: int, aim: Aim, seed: int, tell: Tell = silent) -> np.ndarray:
    """Groups of about GROUP parts first, then each by itself."""
    groups = -(-parts // GROUP)
    whole = float(graph.load.sum())
    target = whole / groups
    rough, first = Aim(target, target * 0.97, target * 1.03), span(tell, 0.0, 0.3)
    top = divide(graph, groups, rough, seed, starts=1, tell=first) if groups <= 2 * GROUP else _by_groups(graph, groups, rough, seed, first)
    size, count = np.bincount(top, graph.load, groups), np.bincount(top, minlength=groups)
    dealt = shares(size, count, parts)
    part, base = np.zeros(len(graph.load), int), 0
    for group in range(groups):
        which = np.flatnonzero(top == group)
        part[which] = base + divide(graph.part(which), int(dealt[group]), aim, seed * 31 + group + 1, starts=1,
                                    tell=span(tell, 0.3 + 0.7 * group / groups, 0.3 + 0.7 * (group + 1) / groups))
        base += int(dealt[group])
    return part


def shares(size: np.ndarray, most: np.ndarray, parts: int) -> np.ndarray:
    """Whole parts per group by its load, at least one and at most as many as it has cells."""
    exact = size / size.sum() * parts
    found = np.clip(np.floor(exact).astype(int), 1, most)
    while found.sum() < parts:
        found[np.argmax(np.where(found < most, exact - found, -np.inf))] += 1
    while found.sum() > parts:
        found[np.argmin(np.where(found > 1, exact - found, np.inf))] -= 1
    return found


def _grown(graph: Graph, parts: int, seed: int) -> list[int]:
    """Parts grown from seeds that lie apart; whoever has least takes the nearest cell."""
    dice = np.random.default_rng(seed)
    count = len(graph.load)
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in graph.links.tolist():
        near[a].append(b)
        near[b].append(a)
    seeds = _seeds(graph, parts, dice)
    load, xy = graph.load.tolist(), graph.xy.tolist()
    part, sums = [-1] * count, [0.0] * parts
    fronts: list[list[tuple[float, int]]] = [[] for _ in range(parts)]
    heap: list[tuple[float, int, int]] = []

    def take(cell: int, who: int) -> None:
        part[cell] = who
        sums[who] += load[cell]
        x, y = xy[seeds[who]]
        for other in near[cell]:
            if part[other] < 0:
                heapq.heappush(fronts[who], ((xy[other][0] - x) ** 2 + (xy[other][1] - y) ** 2, other))
        heapq.heappush(heap, (sums[who], len(fronts[who]), who))
    for who, cell in enumerate(seeds):
        take(cell, who)
    while heap:
        _, _, who = heapq.heappop(heap)
        while fronts[who]:
            _, cell = heapq.heappop(fronts[who])
            if part[cell] < 0:
                take(cell, who)
                break
    return part


def _seeds(graph: Graph, parts: int, dice: np.random.Generator) -> list[int]:
    """Cells that lie apart, more of them where more load is: k-means on places by load, then the nearest free cell."""
    weight = graph.load + graph.load.mean() * 0.05 + 1e-9
    first = int(dice.choice(len(weight), p=weight / weight.sum()))
    chosen = [first]
    gap = ((graph.xy - graph.xy[first]) ** 2).sum(axis=1)
    for _ in range(parts - 1):
        odds = gap * weight
        odds = odds if odds.sum() > 0 else np.where(np.isin(np.arange(len(weight)), chosen), 0.0, 1.0)
        cell = int(dice.choice(len(weight), p=odds / odds.sum()))
        chosen.append(cell)
        gap = np.minimum(gap, ((graph.xy - graph.xy[cell]) ** 2).sum(axis=1))
    centres = graph.xy[chosen].copy()
    for _ in range(6):
        nearest = ((graph.xy[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        total = np.bincount(nearest, weight, parts)
        moved = np.stack([np.bincount(nearest, weight * graph.xy[:, k], parts) for k in (0, 1)], axis=1)
        centres = np.where(total[:, None] > 0, moved / np.maximum(total, 1e-12)[:, None], centres)
    free, seeds = np.ones(len(weight), bool), []
    for centre in centres:
        gap = np.where(free, ((graph.xy - centre) ** 2).sum(axis=1), np.inf)
        seeds.append(int(gap.argmin()))
        free[seeds[-1]] = False
    return seeds
