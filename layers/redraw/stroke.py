"""A stroke over buildings: the ground of those who give taken apart into plots, and which of them go.

A plot is a cell of the ground with what stands on it. Besides the plots of the chosen buildings go open ground that a
stroke has to cross to hang together with its area, and what it parts off without a building.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..cells import Cells, Town, cells_of
from ..chain import directed_segments, unpack
from ..coverage import explode
from ..errors import EditRefused
from ..measure import metres_per_unit

GRAIN_M2 = 2_500.0  # open ground is taken in pieces of about this size
LINK_CELLS = 3  # pieces of open ground that a stroke may cross to reach its area
LEFT_M2 = 10_000.0  # ground without a building that a stroke parts off goes along up to this size
MANY = 250  # buildings of a leaf above which only the ground round the stroke is taken apart,
ROUND_M, STEP_M = 120.0, 150.0  # so far round it, in steps, so that the next stroke finds the same ground again
TOUCH_M = 1.0  # cells whose common border is shorter only meet at a corner
BESIDE = 3  # units: noding left the edge of a cell at most so far beside the border

@dataclass(frozen=True, slots=True, eq=False)
class Plots:
    """The cells of one leaf and what the stroke asks of them: which are neighbours, and the edge of the ground in pieces
    (middle, metres, cell)."""

    cells: Cells
    near: tuple[tuple[int, ...], ...]
    middle: np.ndarray
    metres: np.ndarray
    behind: np.ndarray
    tree: shapely.STRtree

    def bare(self) -> np.ndarray:
        """The cells on which nobody lives and nothing stands."""
        return (self.cells.building < 0) & (self.cells.by_ground | (self.cells.load <= 0))

    def at(self, points: np.ndarray) -> np.ndarray:
        """The cell of each point, one with a building first; -1 for none."""
        point, face = self.tree.query(points, predicate="intersects")
        cell = self.cells.of_face[face]
        order = np.lexsort((self.cells.building[cell] >= 0, -point))
        found = np.full(len(points), -1)
        found[point[order]] = cell[order]
        return found


def plots_of(ground: np.ndarray, town: Town) -> Plots:
    """The plots of these Polygons with what stands on them."""
    cells = cells_of(ground, town, GRAIN_M2)
    scale = np.array(metres_per_unit(float(np.mean(shapely.bounds(ground)[:, [1, 3]]))))
    near: list[list[int]] = [[] for _ in range(len(cells))]
    for a, b in cells.links[cells.length > TOUCH_M].tolist():
        near[a].append(b)
        near[b].append(a)
    segments = directed_segments(cells.faces)
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    twin = np.flatnonzero((low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1]))
    alone = np.ones(len(low), bool)
    alone[order[twin]] = alone[order[twin + 1]] = False
    a, b = unpack(low[alone]), unpack(high[alone])
    return Plots(cells, tuple(map(tuple, near)), shapely.points((a + b) / 2), np.hypot(*((b - a) * scale).T),
                 cells.of_face[segments.owner[alone]], shapely.STRtree(cells.faces))


Plot = tuple[int, int]  # number of the giver, its cell


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """The plots of all leaves that give and those `taken` so far."""

    to: Area
    givers: tuple[Area, ...]
    plots: tuple[Plots, ...]
    standing: tuple[np.ndarray, ...]  # the points of the buildings on these plots
    taken: frozenset[Plot]
    doors: frozenset[Plot]  # plots beside the receiving area
    gates: Mapping[Plot, tuple[Plot, ...]]  # neighbours across the border of two givers
    open: frozenset[Plot]  # plots behind which their leaf goes on

    @classmethod
    def over(cls, to: Area, givers: Sequence[Area], numbers: Sequence[Sequence[int]], town: Town,
             celled: Callable[[np.ndarray, Town], Plots], whole: bool = False) -> Stroke:
        """The plots of the chosen buildings. EditRefused with the place of a building that stands outside its area."""
        grounds = [explode([giver])[0] if whole else _round(giver, town, town.buildings[mine])
                   for giver, mine in zip(givers, numbers, strict=True)]
        towns = [town.within(ground) for ground in grounds]
        plots = tuple(celled(ground, stands) for ground, stands in zip(grounds, towns, strict=True))
        taken: set[Plot] = set()
        for k, (giver, mine, wanted) in enumerate(zip(givers, plots, numbers, strict=True)):
            points = points_of(town.buildings[wanted])
            cell = mine.at(points)
            if (cell < 0).any():
                raise EditRefused(f"a building stands outside {giver.code}, which it belongs to", where=degrees(points[cell < 0][0]),
                                  areas=[giver.code])
            taken |= {(k, one) for one in cell.tolist()}
        border = shapely.boundary(to.shape)
        shapely.prepare(border)
        doors = {(k, cell) for k, mine in enumerate(plots) for cell in _long(mine, shapely.dwithin(border, mine.middle, BESIDE))}
        ends = [_beyond(giver, mine, ground) for giver, mine, ground in zip(givers, plots, grounds, strict=True)]
        standing = tuple(points_of(stands.buildings) for stands in towns)
        return cls(to, tuple(givers), plots, standing, frozenset(taken), frozenset(doors), _gates(plots),
                   frozenset((k, cell) for k, cells in enumerate(ends) for cell in cells))

    def beside(self, plot: Plot) -> list[Plot]:
        """The neighbours of a plot."""
        k, cell = plot
        return [*((k, other) for other in self.plots[k].near[cell]), *self.gates.get(plot, ())]

    def joined(self) -> Stroke:
        """With the open ground that the stroke has to cross to hang together with its area; as far as it may."""
        bare = {(k, cell) for k, mine in enumerate(self.plots) for cell in np.flatnonzero(mine.bare()).tolist()}
        taken = set(self.taken)
        while True:
            reached = self._flood(self.doors & taken, taken)
            path = self._path(reached, taken - reached, bare - taken)
            if not path:
                return replace(self, taken=frozenset(taken))
            taken |= path

    def completed(self) -> Stroke:
        """With what the stroke parts off its givers without a building, or leaves of one that has none any more."""
        taken = set(self.taken)
        for k, mine in enumerate(self.plots):
            rest = {(k, cell) for cell in range(len(mine.cells))} - taken
            bare = mine.bare()
            groups: list[set[Plot]] = []
            while rest:
                groups.append(self._flood({min(rest)}, rest, k))
                rest -= groups[-1]
            ground = [float(mine.cells.area_m2[[cell for _, cell in group]].sum()) for group in groups]
            empty = [all(bare[cell] for _, cell in group) and not group & self.open for group in groups]
            main = None if all(empty) else ground.index(max(m2 for m2, none in zip(ground, empty, strict=True) if not none))
            for number, (group, m2, none) in enumerate(zip(groups, ground, empty, strict=True)):
                cut_off = any(other in taken for plot in group for other in self.beside(plot))
                if number != main and none and cut_off and m2 <= LEFT_M2:
                    taken |= group
        return replace(self, taken=frozenset(taken))

    def _flood(self, start: Iterable[Plot], within: Collection[Plot], giver: int | None = None) -> set[Plot]:
        """What hangs together with the start."""
        found = set(start)
        queue = sorted(found)
        for plot in queue:
            for other in self.beside(plot):
                if other in within and other not in found and giver in (None, other[0]):
                    found.add(other)
                    queue.append(other)
        return found

    def _path(self, reached: set[Plot], loose: set[Plot], bare: set[Plot]) -> set[Plot]:
        """The fewest plots of open ground between what is reached and the nearest loose plot; empty for none."""
        came: dict[Plot, Plot | None] = {plot: None for plot in sorted(self.doors & bare)}
        came |= {other: None for plot in sorted(reached) for other in self.beside(plot) if other in bare}
        front = list(came) if loose else []
        for _ in range(LINK_CELLS):
            ahead = []
            for plot in front:
                for other in self.beside(plot):
                    if other in loose:
                        path = {plot}
                        while (plot := came[plot]) is not None:
                            path.add(plot)
                        return path
                    if other in bare and other not in came:
                        came[other] = plot
                        ahead.append(other)
            front = ahead
        return set()


def _round(giver: Area, town: Town, chosen: np.ndarray) -> np.ndarray:
    """The ground of the leaf as Polygons; of one with many buildings only what lies round the chosen ones."""
    parts = explode([giver])[0]
    if len(town.buildings) <= MANY or int(shapely.STRtree(town.buildings).query(giver.shape, predicate="intersects").size) <= MANY:
        return parts
    west, south, east, north = shapely.total_bounds(chosen)
    step = np.ceil(STEP_M / np.array(metres_per_unit(round(south, -6))))
    low = np.floor((np.array([west, south]) / step) - ROUND_M / STEP_M) * step
    high = np.ceil((np.array([east, north]) / step) + ROUND_M / STEP_M) * step
    near = shapely.get_parts(shapely.intersection(parts, shapely.box(*low, *high), grid_size=1))
    return near[shapely.area(near) > 0]


def _beyond(giver: Area, plots: Plots, ground: np.ndarray) -> list[int]:
    """The cells at the edge of the ground behind which the leaf goes on."""
    if len(ground) == len(giver.shape.geoms) and all(a is b or a.equals(b) for a, b in zip(ground, giver.shape.geoms, strict=True)):
        return []
    border = shapely.boundary(giver.shape)
    shapely.prepare(border)
    return _long(plots, ~shapely.dwithin(border, plots.middle, BESIDE))


def _long(plots: Plots, which: np.ndarray) -> list[int]:
    """The cells of which more than a corner lies on these pieces of the edge."""
    metres = np.bincount(plots.behind[which], plots.metres[which], len(plots.cells))
    return np.flatnonzero(metres > TOUCH_M).tolist()


def _gates(plots: Sequence[Plots]) -> dict[Plot, tuple[Plot, ...]]:
    """Plots of different givers with a common border."""
    found: dict[Plot, set[Plot]] = {}
    for k, mine in enumerate(plots):
        for other, theirs in enumerate(plots):
            if other == k:
                continue
            piece, face = theirs.tree.query(mine.middle, predicate="dwithin", distance=BESIDE)
            pair, back = np.unique(mine.behind[piece] * len(theirs.cells) + theirs.cells.of_face[face], return_inverse=True)
            metres = np.bincount(back, mine.metres[piece], len(pair))
            for one in pair[metres > TOUCH_M].tolist():
                a, b = (k, one // len(theirs.cells)), (other, one % len(theirs.cells))
                found.setdefault(a, set()).add(b)
                found.setdefault(b, set()).add(a)
    return {plot: tuple(sorted(others)) for plot, others in found.items()}


def points_of(shapes: np.ndarray) -> np.ndarray:
    """The point of each building that decides where it belongs."""
    if not len(shapes):
        return np.empty(0, object)
    centre = shapely.centroid(shapes)
    return np.where(shapely.intersects(shapes, centre), centre, shapely.point_on_surface(shapes))


def degrees(point: shapely.Point) -> list[float]:
    return [point.x / UNITS_PER_DEGREE, point.y / UNITS_PER_DEGREE]
