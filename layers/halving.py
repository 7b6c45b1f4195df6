"""The cheapest border that cuts ground in two: a true minimum cut through its cells, between many pairs of far-apart ends.

From both ends of a direction two seeds grow, cell by cell, to a share of the load; the cheapest set of cell borders that
parts them is a minimum cut (maximum flow). Both sides of it are whole, because the seeds are. Over all directions and
seed sizes, cuts that leave each side its share compete by what they cost for how even they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from .cells import Cells
from .inner_borders import corners_of, touches_itself
from .measure import metres_per_unit
from .partition import divide
from .search import Aim, Graph, Search

EASED_M = 40.0  # how far a border over open ground may leave that of its cells, to be straight
STEPS_M = 25.0  # a border that follows a road for less crosses it rather

LEAST = 1 / 3  # of the load on either side
DIRECTIONS = 12
SEEDS = (0.06, 0.2, LEAST)  # shares of the load from which a cut may start; the last one always leaves its share
MOST_CAPACITY = 1_000_000_000  # whole numbers for the flow: the dearest way through all borders
APART = 0.05  # cuts that differ on less of the load are one and the same


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A way to cut in two: the side (0 or 1) of each cell, what the border costs and the share of the lighter side."""

    side: np.ndarray
    cost: float
    share: float

    @property
    def worth(self) -> float:
        """Less is better: the cost, dearer the less even the sides are."""
        return self.cost / (2 * self.share)


def cuts(cells: Cells) -> list[Cut]:
    """The ways to cut these cells in two, the best first, each unlike the others. None when one building is too heavy."""
    if len(cells) < 2:
        return []
    near = _neighbours(cells)
    corners = [ring for ring in corners_of(cells.faces, cells.of_face) if ring.count(-1) < 2 or len(ring) > 4]  # not where the ground does
    found: list[Cut] = []
    for turn in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        along = cells.xy @ [np.cos(turn), np.sin(turn)]
        for share in SEEDS:
            first = _grown(cells, near, along, share, frozenset())
            last = _grown(cells, near, -along, share, frozenset(first)) if first else None
            if last:
                found += _fair(cells, _parted(cells, first, last), corners)
    if not found:
        half = cells.load.sum() / 2
        aim = Aim(half, half * 2 * LEAST, half * 2 * (1 - LEAST))
        found = _fair(cells, divide(_graph(cells), 2, aim, 0, corners), corners)
    found.sort(key=lambda cut: (cut.worth, cut.side.tolist()))
    kept: list[Cut] = []
    for cut in found:
        if all(_apart(cells, cut, other) for other in kept):
            kept.append(cut)
    return kept


def eased(lines: Sequence[np.ndarray], along: Sequence[bool], buildings: np.ndarray) -> list[np.ndarray]:
    """The lines, straighter where nothing stands: over open ground cells end anywhere. Those `along` a road stay, unless they
    follow it for a few steps only; no line goes through a building or round it on its other side."""
    scale = np.array(metres_per_unit(float(lines[0][:, 1].mean()))) if lines else np.ones(2)
    stays = [road and float(np.hypot(*(np.diff(line, axis=0) * scale).T).sum()) >= STEPS_M for line, road in zip(lines, along, strict=True)]
    free = [shapely.LineString(line) for line, fixed in zip(lines, stays, strict=True) if not fixed]
    result = [line for line, fixed in zip(lines, stays, strict=True) if fixed]
    standing = shapely.STRtree(buildings)
    for whole in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(free))) if free else ():
        line = shapely.get_coordinates(whole)
        result.append((line if whole.is_closed else _pulled(line, scale, standing)).astype(np.int64))
    return result


def _pulled(line: np.ndarray, scale: np.ndarray, standing: shapely.STRtree) -> np.ndarray:
    """The line pulled tight: one vertex goes after the other, the one that saves most first, where the ground it gives up is
    free of buildings."""
    kept = np.ones(len(line), bool)
    stuck = kept.copy()
    stuck[1:-1] = False
    while not stuck[kept].all():
        at = np.flatnonzero(kept)
        corner = line[np.stack([at[:-2], at[1:-1], at[2:]], axis=1)]
        sides = np.hypot(*np.moveaxis(np.diff(corner[:, [0, 1, 2, 0]], axis=1) * scale, 2, 0))
        saved = np.where(stuck[at[1:-1]], -np.inf, sides[:, 0] + sides[:, 1] - sides[:, 2])
        k = int(saved.argmax())
        triangle = shapely.make_valid(shapely.Polygon(corner[k]))
        high = 2 * triangle.area * scale.prod() / max(float(sides[k, 2]), 1e-9)
        if high > EASED_M or len(standing.query(triangle, predicate="intersects")):
            stuck[at[k + 1]] = True
            continue
        kept[at[k + 1]] = False
        for beside in (at[k], at[k + 2]):
            stuck[beside] = beside in (0, len(line) - 1)
    return line[kept]


def _graph(cells: Cells) -> Graph:
    return Graph(cells.load, cells.area_m2, cells.xy, cells.links, cells.cost)


def _neighbours(cells: Cells) -> list[list[int]]:
    near: list[list[int]] = [[] for _ in range(len(cells))]
    for a, b in cells.links.tolist():
        near[a].append(b)
        near[b].append(a)
    return near


def _grown(cells: Cells, near: list[list[int]], along: np.ndarray, share: float, taken: frozenset[int]) -> list[int] | None:
    """Cells that hang together, from the first along a direction on, until they hold their share of the load."""
    free = [cell for cell in range(len(cells)) if cell not in taken]
    if not free:
        return None
    start = min(free, key=lambda cell: (along[cell], cell))
    rim, seen, held, grown = [(float(along[start]), start)], {start}, 0.0, []
    wanted = share * float(cells.load.sum()) * (1 - 1e-9)
    while rim and held < wanted:
        _, cell = heapq.heappop(rim)
        grown.append(cell)
        held += float(cells.load[cell])
        for other in near[cell]:
            if other not in seen and other not in taken:
                seen.add(other)
                heapq.heappush(rim, (float(along[other]), other))
    return grown if held >= wanted and len(grown) + len(taken) < len(cells) + (len(taken) > 0) else None


def _parted(cells: Cells, first: list[int], last: list[int]) -> np.ndarray:
    """The side of each cell after the minimum cut between two sets of cells: 0 with the first."""
    count = len(cells)
    node = np.arange(count)
    node[first], node[last] = count, count + 1
    a, b = node[cells.links].T
    real = a != b
    scale = (MOST_CAPACITY - len(cells.cost)) / max(float(cells.cost.sum()), 1e-9)
    capacity = np.maximum(1, np.rint(cells.cost * min(scale, 1_000.0)))[real].astype(np.int32)
    a, b = a[real], b[real]
    shape = (count + 2, count + 2)
    flow = csr_matrix((np.r_[capacity, capacity], (np.r_[a, b], np.r_[b, a])), shape, dtype=np.int32)
    left = flow - maximum_flow(flow, count, count + 1).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(count + 2, bool)
    reached[breadth_first_order(left, count, return_predecessors=False)] = True
    return np.where(reached[node], 0, 1)


def _fair(cells: Cells, side: np.ndarray, corners: list[list[int]]) -> list[Cut]:
    """The cut, where each side holds its share, is whole and touches itself at no vertex."""
    if _touching(side, corners):
        half = cells.load.sum() / 2
        search = Search(_graph(cells), side, 2, Aim(half, half * 2 * LEAST, half * 2 * (1 - LEAST)), 0)
        if search.untouch(corners):
            return []
        side = np.array(search.part)
    held = np.bincount(side, cells.load, 2)
    share = float(held.min() / max(held.sum(), 1e-9))
    if share < LEAST - 1e-9 or len(set(side.tolist())) < 2 or not _whole(cells, side):
        return []
    crossed = side[cells.links[:, 0]] != side[cells.links[:, 1]]
    return [Cut(side, float(cells.cost[crossed].sum()), share)]


def _touching(side: np.ndarray, corners: list[list[int]]) -> bool:
    return any(touches_itself([int(side[cell]) if cell >= 0 else -1 for cell in ring]) for ring in corners)


def _whole(cells: Cells, side: np.ndarray) -> bool:
    same = side[cells.links[:, 0]] == side[cells.links[:, 1]]
    a, b = cells.links[same].T
    inside = csr_matrix((np.ones(len(a)), (a, b)), (len(cells), len(cells)))
    inside = inside + inside.T
    for k in (0, 1):
        mine = np.flatnonzero(side == k)
        if len(breadth_first_order(inside, mine[0], directed=False, return_predecessors=False)) < len(mine):
            return False
    return True


def _apart(cells: Cells, cut: Cut, other: Cut) -> bool:
    differs = float(cells.load[cut.side != other.side].sum() / cells.load.sum())
    return min(differs, 1 - differs) >= APART
