"""What a division works on: a graph of cells with their load and ground, and the load a part should have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Cells with their load, ground and place (metres), and what a border between two neighbours costs. Where the
    `length` of each border and of the outer `edge` of each cell are known (metres), long borders are avoided too."""

    load: np.ndarray
    area: np.ndarray
    xy: np.ndarray
    links: np.ndarray  # (m, 2) pairs of cells
    cost: np.ndarray
    length: np.ndarray | None = None
    edge: np.ndarray | None = None

    def part(self, which: np.ndarray) -> Graph:
        """The graph of these cells alone."""
        place = np.full(len(self.load), -1)
        place[which] = np.arange(len(which))
        ends = place[self.links]
        inside = (ends >= 0).all(axis=1)
        length = edge = None
        if self.length is not None:
            length = self.length[inside]
            edge = self.edge.copy()
            for side in (0, 1):
                np.add.at(edge, self.links[~inside, side], self.length[~inside])
            edge = edge[which]
        return Graph(self.load[which], self.area[which], self.xy[which], ends[inside], self.cost[inside], length, edge)


@dataclass(frozen=True, slots=True)
class Aim:
    """The load a part should have, within `low` and `high`. There little is gained by coming nearer to the target: `lean`
    times as much as outside, nothing within the share `near` of it."""

    target: float
    low: float
    high: float
    near: float = 0.0
    lean: float = 0.0
