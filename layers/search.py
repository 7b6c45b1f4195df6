"""The search behind a balanced division: cells move between neighbouring parts while that makes the whole better."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, pi

import numpy as np

from .inner_borders import touches_itself

REPLANTED, MOST_REPLANTED = 8, 60  # parts, at most, that starve and are put elsewhere; cells of one
BALANCE = 5_000.0  # what a deviation costs against border length
SHAPE = 2.0  # what scattered ground and people cost


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Cells with their load, ground and place (metres), and what a border between two neighbours costs."""

    load: np.ndarray
    area: np.ndarray
    xy: np.ndarray
    links: np.ndarray  # (m, 2) pairs of cells
    cost: np.ndarray

    def part(self, which: np.ndarray) -> Graph:
        """The graph of these cells alone."""
        place = np.full(len(self.load), -1)
        place[which] = np.arange(len(which))
        inside = (place[self.links] >= 0).all(axis=1)
        return Graph(self.load[which], self.area[which], self.xy[which], place[self.links[inside]], self.cost[inside])


@dataclass(frozen=True, slots=True)
class Aim:
    """The load a part should have: nothing is gained within `low` and `high`."""

    target: float
    low: float
    high: float


Moment = tuple[float, ...]  # ground, its first moments in x and y, its second; the same of the load


def _plus(a: Moment, b: Moment) -> Moment:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5], a[6] + b[6], a[7] + b[7]


def _minus(a: Moment, b: Moment) -> Moment:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4], a[5] - b[5], a[6] - b[6], a[7] - b[7]


def _spread(moment: Moment) -> float:
    ground, x, y, around, load, u, v, far = moment
    if ground < 1e-9:
        return 1.0
    people = (far - (u * u + v * v) / load) / load if load > 1e-9 else 0.0
    return pi * ((around - (x * x + y * y) / ground) / ground + people) / ground


def _spread_from(one: Moment, other: Moment) -> float:
    """Squared distance between the middles of two grounds."""
    return (one[1] / one[0] - other[1] / other[0]) ** 2 + (one[2] / one[0] - other[2] / other[0]) ** 2


class Search:
    """Owns the part of each cell and moves cells. cost = balance * hinge(load)^2 + cost of the borders between parts +
    shape * how far ground and load of each part lie from its middle (1 for a disc, more the longer or the more scattered)."""

    def __init__(self, graph: Graph, part, parts: int, aim: Aim, seed: int, weight: float = 1.0):
        self.load = graph.load.tolist()
        self.part = [int(one) for one in part]
        self.near: list[dict[int, float]] = [{} for _ in self.load]
        scale = float(graph.cost.mean()) if len(graph.cost) and graph.cost.mean() > 0 else 1.0
        for (a, b), cost in zip(graph.links.tolist(), graph.cost.tolist(), strict=True):
            self.near[a][b] = self.near[b][a] = cost / scale
        self.sums, self.size = [0.0] * parts, [0] * parts
        ground = np.maximum(graph.area, 1e-6)
        xy = graph.xy - graph.xy.mean(axis=0)
        around = ground * (xy ** 2).sum(axis=1) + ground ** 2 / (2 * pi)
        rows = [ground, *(ground * xy.T), around, graph.load, *(graph.load * xy.T), graph.load * (xy ** 2).sum(axis=1)]
        self.ground = list(zip(*(row.tolist() for row in rows), strict=True))
        self.moments = [(0.0,) * 8] * parts
        for cell, own in enumerate(self.part):
            self.sums[own] += self.load[cell]
            self.size[own] += 1
            self.moments[own] = _plus(self.moments[own], self.ground[cell])
        self.shape = SHAPE * (len(self.load) / parts) ** 0.5
        self.spreads = [_spread(moment) for moment in self.moments]
        self.aim, self.balance = aim, BALANCE * weight
        self.dice = np.random.default_rng(seed)

    # ---- costs ---------------------------------------------------------------------------------------------------
    def off(self, load: float) -> float:
        """How far a load is outside the aim, as a share of the target: little is dear too, much far more."""
        aim = self.aim
        far = (load - aim.high if load > aim.high else aim.low - load if load < aim.low else 0.0) / aim.target
        return far * far + 0.15 * far

    def gain(self, cell: int, to: int) -> float:
        """What moving the cell would change; negative is better."""
        own, load, sums, off = self.part[cell], self.load[cell], self.sums, self.off
        change = 0.0
        if load:
            change = self.balance * (off(sums[own] - load) + off(sums[to] + load) - off(sums[own]) - off(sums[to]))
        part, here = self.part, self.ground[cell]
        change += self.shape * (_spread(_minus(self.moments[own], here)) + _spread(_plus(self.moments[to], here))
                                - self.spreads[own] - self.spreads[to])
        for other, cost in self.near[cell].items():
            if part[other] == own:
                change += cost
            elif part[other] == to:
                change -= cost
        return change

    def worth(self) -> float:
        """The whole cost; what is outside the aim counts as in the search."""
        cut = sum(cost for cell, near in enumerate(self.near) for other, cost in near.items() if self.part[other] != self.part[cell])
        return self.balance * sum(map(self.off, self.sums)) + cut / 2 + self.shape * sum(self.spreads)

    def farthest(self) -> float:
        """How far the farthest part is from the target, as a share of it, in per cent."""
        return round(100 * max(abs(load / self.aim.target - 1) for load in self.sums))

    # ---- moves ---------------------------------------------------------------------------------------------------
    def move(self, cell: int, to: int) -> None:
        own = self.part[cell]
        self.part[cell] = to
        self.sums[own] -= self.load[cell]
        self.sums[to] += self.load[cell]
        self.size[own] -= 1
        self.size[to] += 1
        self.moments[own] = _minus(self.moments[own], self.ground[cell])
        self.moments[to] = _plus(self.moments[to], self.ground[cell])
        self.spreads[own], self.spreads[to] = _spread(self.moments[own]), _spread(self.moments[to])

    def whole_without(self, cell: int) -> bool:
        """Whether its part still hangs together, and is not empty, without the cell."""
        part, near = self.part, self.near
        own = part[cell]
        if self.size[own] <= 1:
            return False
        mine = [other for other in near[cell] if part[other] == own]
        if len(mine) <= 1:
            return len(mine) == 1
        wanted, seen, queue = set(mine[1:]), {cell, mine[0]}, deque(mine[:1])
        while queue:
            for other in near[queue.popleft()]:
                if other not in seen and part[other] == own:
                    wanted.discard(other)
                    if not wanted:
                        return True
                    seen.add(other)
                    queue.append(other)
        return False

    def beside(self, cell: int) -> list[int]:
        """The other parts the cell touches."""
        return sorted({self.part[other] for other in self.near[cell]} - {self.part[cell]})

    def mend(self) -> None:
        """Pieces of a part that do not hang together with its heaviest one go to a neighbour."""
        pieces: dict[int, list[list[int]]] = {}
        seen = [False] * len(self.part)
        for first in range(len(self.part)):
            if not seen[first]:
                piece, seen[first] = [first], True
                for cell in piece:
                    for other in self.near[cell]:
                        if not seen[other] and self.part[other] == self.part[first]:
                            seen[other] = True
                            piece.append(other)
                pieces.setdefault(self.part[first], []).append(piece)
        for found in pieces.values():
            found.sort(key=lambda piece: -sum(self.load[cell] for cell in piece))
            for piece in found[1:]:
                beside: dict[int, float] = {}
                for cell in piece:
                    for other, cost in self.near[cell].items():
                        if self.part[other] != self.part[cell]:
                            beside[self.part[other]] = beside.get(self.part[other], 0.0) + cost
                to = max(beside, key=lambda one: (beside[one], -one))
                for cell in piece:
                    self.move(cell, to)

    def anneal(self, steps: int, warm: float, cold: float, ramp: float) -> None:
        """Random moves; worse ones less and less often. The weight of the balance grows: borders first, numbers last."""
        cells = self.dice.integers(0, len(self.load), steps).tolist()
        luck, pick = self.dice.random(steps).tolist(), self.dice.random(steps).tolist()
        cool, grow, heat = (cold / warm) ** (1 / max(1, steps)), ramp ** (1 / max(1, steps)), warm
        full, self.balance = self.balance, self.balance / ramp
        part, near = self.part, self.near
        for cell, chance, share in zip(cells, luck, pick, strict=True):
            heat *= cool
            self.balance *= grow
            own = part[cell]
            others = [part[other] for other in near[cell] if part[other] != own]
            if not others:
                continue
            to = others[int(share * len(others))]  # one with a long common border more often
            change = self.gain(cell, to)
            if (change <= 0 or (change < 20 * heat and chance < exp(-change / heat))) and self.whole_without(cell):
                self.move(cell, to)
        self.balance = full

    def settle(self) -> None:
        """Moves and exchanges until none helps, and parts that starve where nothing can reach them put elsewhere."""
        for _ in range(4):
            self.descend()
            if not self.exchange():
                break
        for poor in sorted(range(len(self.sums)), key=lambda part: (self.sums[part], part))[:REPLANTED]:
            if self.sums[poor] < self.aim.low:
                self._replant(poor)

    def _replant(self, poor: int) -> bool:
        """A part below the aim joins its neighbours, the richest that can be is cut in two; taken back when nothing is
        won."""
        cells = [cell for cell, part in enumerate(self.part) if part == poor]
        if len(cells) > MOST_REPLANTED:
            return False
        before, kept = self.worth(), (list(self.part), list(self.sums), list(self.size), list(self.moments), list(self.spreads))
        rich = sorted((part for part in range(len(self.sums)) if self.size[part] > 1 and part != poor), key=lambda part: (-self.sums[part], part))
        left = sorted(cells)
        while left:
            rest = []
            for cell in left:
                options = [(self.gain(cell, to), to) for to in self.beside(cell)]
                if options:
                    self.move(cell, min(options)[1])
                else:
                    rest.append(cell)
            if len(rest) == len(left):
                break
            left = rest
        won = False
        if not left and rich:
            first = max(rich, key=lambda part: (self.sums[part], -part))
            members = [cell for cell, part in enumerate(self.part) if part == first]
            if self._cut_in_two(members, first, poor):
                self.descend(3)
                won = self.worth() < before - 1e-6
        if not won:
            self.part, self.sums, self.size, self.moments, self.spreads = kept
        return won

    def _cut_in_two(self, members: list[int], part: int, new: int) -> bool:
        """Half the load of a part, grown from its rim, becomes the part `new` where both stay whole."""
        far = max(members, key=lambda cell: (_spread_from(self.ground[cell], self.moments[part]), cell))
        half, self_half = self.sums[part] / 2, 0.0
        rim, taken = [far], set()
        while rim and self_half < half and self.size[part] > 1:
            cell = min(rim, key=lambda one: (_spread_from(self.ground[one], self.ground[far]), one))
            rim.remove(cell)
            if not self.whole_without(cell):
                continue
            self.move(cell, new)
            taken.add(cell)
            self_half += self.load[cell]
            rim += [other for other in self.near[cell] if self.part[other] == part and other not in rim]
        return bool(taken)

    def untouch(self, corners: Sequence[Sequence[int]]) -> int:
        """Moves cells so that no part meets itself at a vertex; answers at how many vertices one still does."""
        beside: dict[int, list[int]] = {}
        for number, ring in enumerate(corners):
            for cell in ring:
                beside.setdefault(cell, []).append(number)
        parts_round = lambda number: [self.part[cell] if cell >= 0 else -1 for cell in corners[number]]  # noqa: E731
        wrong = {number for number in range(len(corners)) if touches_itself(parts_round(number))}
        for _ in range(200):
            options = []
            for number in sorted(wrong):
                for cell in corners[number]:
                    for to in sorted(set(parts_round(number)) - {-1, self.part[cell]}) if cell >= 0 else ():
                        options.append((self.gain(cell, to), cell, to))
            for _, cell, to in sorted(options):
                own, before = self.part[cell], sum(number in wrong for number in beside[cell])
                if to not in self.beside(cell) or not self.whole_without(cell):
                    continue
                self.move(cell, to)
                after = {number for number in beside[cell] if touches_itself(parts_round(number))}
                if len(after) < before:
                    wrong = (wrong - set(beside[cell])) | after
                    break
                self.move(cell, own)
            else:
                break
            if not wrong:
                break
        return len(wrong)

    def descend(self, rounds: int = 30) -> None:
        for _ in range(rounds):
            moved = 0
            for cell in self.dice.permutation(len(self.load)).tolist():
                options = [(self.gain(cell, to), to) for to in self.beside(cell)]
                if options and min(options)[0] < -1e-9 and self.whole_without(cell):
                    self.move(cell, min(options)[1])
                    moved += 1
            if not moved:
                return

    def exchange(self) -> int:
        """Two neighbouring parts, one of them outside the aim, exchange a cell each when that helps."""
        done = 0
        for cell in range(len(self.load)):
            own = self.part[cell]
            if not self.off(self.sums[own]):
                continue
            for to in self.beside(cell):
                if not self.whole_without(cell):
                    break
                first = self.gain(cell, to)
                self.move(cell, to)
                back = self._best_back(cell, to, own, first)
                if back is not None:
                    self.move(back, own)
                    done += 1
                    break
                self.move(cell, own)
        return done

    def _best_back(self, cell: int, part: int, to: int, spent: float) -> int | None:
        options = []
        for other in self._near_in(cell, part):
            if any(self.part[one] == to for one in self.near[other]):
                change = spent + self.gain(other, to)
                if change < -1e-9:
                    options.append((change, other))
        return next((other for _, other in sorted(options) if self.whole_without(other)), None)

    def _near_in(self, cell: int, part: int) -> Iterator[int]:
        """Cells of the part within two steps."""
        found = {other for one in (cell, *self.near[cell]) for other in (one, *self.near[one])}
        return (other for other in sorted(found) if other != cell and self.part[other] == part)
