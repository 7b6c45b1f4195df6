"""The search behind a balanced division: cells move between neighbouring parts while that makes the whole better."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf, pi

import numpy as np

from .cell_graph import Aim, Graph
from .inner_borders import touches_itself
from .progress import Tell, silent

BALANCE = 5_000.0  # what a deviation costs against border length
SHAPE = 2.0  # what scattered ground and people cost
ROUND, WINDING = 2.2, 0.6  # a border so much longer than round a disc (squared) is free; what more of it costs
BEST = 0.5  # no part looks better: strips that together are a square
TOLD = 2_000  # steps between two reports
NEVER = 20.0  # in annealing, what costs so many times the heat is never done


Moment = tuple[float, ...]  # ground, its first moments in x and y, its second; the same of the load


def _plus(a: Moment, b: Moment) -> Moment:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5], a[6] + b[6], a[7] + b[7]


def _minus(a: Moment, b: Moment) -> Moment:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4], a[5] - b[5], a[6] - b[6], a[7] - b[7]


class Search:
    """Owns the part of each cell and moves cells. cost = balance * hinge(load)^2 + cost of the borders between parts +
    shape * how far ground and load of each part lie from its middle (1 for a disc, more the longer or the more scattered)
    and how its border winds."""

    def __init__(self, graph: Graph, part, parts: int, aim: Aim, seed: int, weight: float = 1.0):
        self.load = graph.load.tolist()
        self.part = [int(one) for one in part]
        self.near: list[dict[int, float]] = [{} for _ in self.load]
        self.ways: list[list[tuple[int, float, float]]] = [[] for _ in self.load]  # neighbour, cost, metres
        scale = float(graph.cost.mean()) if len(graph.cost) and graph.cost.mean() > 0 else 1.0
        known = graph.length is not None
        length = graph.length if known else np.zeros(len(graph.cost))
        for (a, b), cost, metres in zip(graph.links.tolist(), (graph.cost / scale).tolist(), length.tolist(), strict=True):
            self.near[a][b] = self.near[b][a] = cost
            self.ways[a].append((b, cost, metres))
            self.ways[b].append((a, cost, metres))
        edge = graph.edge.tolist() if known else [0.0] * len(self.load)
        self.around_cost = [sum(cost for _, cost, _ in ways) for ways in self.ways]  # what a border all round each cell costs
        self.around = [outer + sum(metres for _, _, metres in ways) for outer, ways in zip(edge, self.ways, strict=True)]
        self.sums = [0.0] * parts
        self.members: list[set[int]] = [set() for _ in range(parts)]
        ground = np.maximum(graph.area, 1e-6)
        xy = graph.xy - graph.xy.mean(axis=0)
        around = ground * (xy ** 2).sum(axis=1) + ground ** 2 / (2 * pi)
        rows = [ground, *(ground * xy.T), around, graph.load, *(graph.load * xy.T), graph.load * (xy ** 2).sum(axis=1)]
        self.ground = list(zip(*(row.tolist() for row in rows), strict=True))
        self.moments: list[Moment] = [(0.0,) * 8] * parts
        self.borders = [0.0] * parts  # metres of border of each part
        for cell, own in enumerate(self.part):
            self.sums[own] += self.load[cell]
            self.members[own].add(cell)
            self.moments[own] = _plus(self.moments[own], self.ground[cell])
            self.borders[own] += self.around[cell] - sum(metres for other, _, metres in self.ways[cell] if self.part[other] == own)
        self.shape = SHAPE * (len(self.load) / parts) ** 0.5
        self.forms = [self._form(*pair) for pair in zip(self.moments, self.borders, strict=True)]
        self.aim, self.balance = aim, BALANCE * weight
        self.offs = [self.off(load) for load in self.sums]  # of each part, as `off` tells it
        self.dice = np.random.default_rng(seed)
        self.log: list[tuple] | None = None  # moves done, while somebody may want to take them back
        self.moves, self.stamps = 0, [0] * parts  # how many there were, and which was the last of each part

    # ---- costs ---------------------------------------------------------------------------------------------------
    @staticmethod
    def _form(moment: Moment, border: float) -> float:
        """How a part looks: 1 for a disc with people spread evenly."""
        ground, x, y, around, load, u, v, far = moment
        if ground < 1e-9:
            return 1.0
        people = (far - (u * u + v * v) / load) / load if load > 1e-9 else 0.0
        form = pi * ((around - (x * x + y * y) / ground) / ground + people) / ground
        winding = border * border / (4 * pi * ground) - ROUND
        return form + WINDING * winding if winding > 0 else form

    def off(self, load: float) -> float:
        """How far a load is outside the aim, as a share of the target: little is dear too, much far more."""
        aim = self.aim
        far = (load - aim.high if load > aim.high else aim.low - load if load < aim.low else 0.0) / aim.target
        cost = far * far + 0.15 * far
        if aim.lean:
            far = abs(load / aim.target - 1) - aim.near
            if far > 0:
                cost += aim.lean * far * far
        return cost

    def outside(self, load: float) -> bool:
        """Whether a load is outside the aim."""
        return load > self.aim.high or load < self.aim.low

    def gain(self, cell: int, to: int, most: float = inf) -> float:
        """What moving the cell would change; negative is better. Infinite where it is seen early to be above `most`."""
        part, forms, shape = self.part, self.forms, self.shape
        own, load, change = part[cell], self.load[cell], 0.0
        if load:
            sums, off, offs = self.sums, self.off, self.offs
            change = self.balance * (off(sums[own] - load) + off(sums[to] + load) - offs[own] - offs[to])
        formed = shape * (forms[own] + forms[to])
        if change - self.around_cost[cell] + shape * 2 * BEST - formed > most:  # even where all else would be as good as can be
            return inf
        left = joined = 0.0
        for other, cost, metres in self.ways[cell]:
            beside = part[other]
            if beside == own:
                change += cost
                left += metres
            elif beside == to:
                change -= cost
                joined += metres
        g, x, y, r, h, u, v, f = self.ground[cell]
        around = self.around[cell]
        a, p, q, s, n, i, j, k = self.moments[own]
        a -= g
        form = 1.0
        if a > 1e-9:
            p, q, n = p - x, q - y, n - h
            form = (s - r - (p * p + q * q) / a) / a
            if n > 1e-9:
                i, j = i - u, j - v
                form += (k - f - (i * i + j * j) / n) / n
            form *= pi / a
            border = self.borders[own] - around + 2 * left
            winding = border * border / (4 * pi * a) - ROUND
            if winding > 0:
                form += WINDING * winding
        a, p, q, s, n, i, j, k = self.moments[to]
        a, p, q, n = a + g, p + x, q + y, n + h
        other = (s + r - (p * p + q * q) / a) / a
        if n > 1e-9:
            i, j = i + u, j + v
            other += (k + f - (i * i + j * j) / n) / n
        other *= pi / a
        border = self.borders[to] + around - 2 * joined
        winding = border * border / (4 * pi * a) - ROUND
        if winding > 0:
            other += WINDING * winding
        return change + shape * (form + other) - formed

    def worth(self) -> float:
        """The whole cost; what is outside the aim counts as in the search."""
        part = self.part
        cut = sum(cost for cell, ways in enumerate(self.ways) for other, cost, _ in ways if part[other] != part[cell])
        off = sum(self.off(load) for load, mine in zip(self.sums, self.members, strict=True) if mine)
        return self.balance * off + cut / 2 + self.shape * sum(self.forms)

    def farthest(self) -> float:
        """How far the farthest part is from the target, as a share of it, in per cent."""
        return round(100 * max(abs(load / self.aim.target - 1) for load in self.sums))

    def missed(self) -> float:
        """By how much parts miss the aim, as shares of the target, in half per cents."""
        aim = self.aim
        held = [load for load, mine in zip(self.sums, self.members, strict=True) if mine]
        return sum(round(200 * max(load - aim.high, aim.low - load, 0.0) / aim.target) for load in held)

    # ---- moves ---------------------------------------------------------------------------------------------------
    def move(self, cell: int, to: int) -> None:
        part = self.part
        own = part[cell]
        if self.log is not None:
            self.log.append((cell, own, self._state(own), to, self._state(to)))
        part[cell] = to
        left = joined = 0.0
        for other, _, metres in self.ways[cell]:
            if part[other] == own:
                left += metres
            elif part[other] == to:
                joined += metres
        self.borders[own] += 2 * left - self.around[cell]
        self.borders[to] += self.around[cell] - 2 * joined
        self.sums[own] -= self.load[cell]
        self.sums[to] += self.load[cell]
        self.offs[own], self.offs[to] = self.off(self.sums[own]), self.off(self.sums[to])
        self.members[own].discard(cell)
        self.members[to].add(cell)
        self.moments[own] = _minus(self.moments[own], self.ground[cell])
        self.moments[to] = _plus(self.moments[to], self.ground[cell])
        self.forms[own], self.forms[to] = self._form(self.moments[own], self.borders[own]), self._form(self.moments[to], self.borders[to])
        self.moves += 1
        self.stamps[own] = self.stamps[to] = self.moves

    def _state(self, part: int) -> tuple:
        return self.borders[part], self.sums[part], self.offs[part], self.moments[part], self.forms[part], self.stamps[part]

    def back_to(self, mark: int) -> None:
        """Takes back the moves logged since; nothing tells that they were done."""
        log = self.log
        while len(log) > mark:
            cell, *sides = log.pop()
            self.members[sides[2]].discard(cell)
            self.members[sides[0]].add(cell)
            self.part[cell] = sides[0]
            for part, state in (sides[:2], sides[2:]):
                (self.borders[part], self.sums[part], self.offs[part], self.moments[part], self.forms[part], self.stamps[part]) = state

    def whole_without(self, cell: int) -> bool:
        """Whether its part still hangs together, and is not empty, without the cell."""
        part, near = self.part, self.near
        own = part[cell]
        if len(self.members[own]) <= 1:
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
        part = self.part
        own = part[cell]
        found = {part[other] for other in self.near[cell]}
        return sorted(found - {own}) if len(found) > 1 or own not in found else []

    def pieces(self, part: int) -> list[list[int]]:
        """The pieces a part falls into, the heaviest first."""
        left, found = set(self.members[part]), []
        for first in sorted(left):
            if first in left:
                left.discard(first)
                piece = [first]
                for cell in piece:
                    for other in self.near[cell]:
                        if other in left:
                            left.discard(other)
                            piece.append(other)
                found.append(piece)
        return sorted(found, key=lambda piece: (-sum(self.load[cell] for cell in piece), -len(piece)))

    def mend(self) -> None:
        """Pieces of a part that do not hang together with its heaviest one go to a neighbour."""
        for part in range(len(self.sums)):
            for piece in self.pieces(part)[1:]:
                beside: dict[int, float] = {}
                for cell in piece:
                    for other, cost in self.near[cell].items():
                        if self.part[other] != part:
                            beside[self.part[other]] = beside.get(self.part[other], 0.0) + cost
                to = max(beside, key=lambda one: (beside[one], -one))
                for cell in piece:
                    self.move(cell, to)

    def anneal(self, steps: int, warm: float, cold: float, ramp: float, tell: Tell = silent) -> None:
        """Random moves; worse ones less and less often. The weight of the balance grows: borders first, numbers last."""
        cells = self.dice.integers(0, len(self.load), steps).tolist()
        luck = np.minimum(-np.log(np.maximum(self.dice.random(steps), 1e-12)), NEVER).tolist()  # what it may cost, in heats
        pick = self.dice.random(steps).tolist()
        cool, grow, heat = (cold / warm) ** (1 / max(1, steps)), ramp ** (1 / max(1, steps)), warm
        full, self.balance = self.balance, self.balance / ramp
        part, near = self.part, self.near
        for step, (cell, lucky, share) in enumerate(zip(cells, luck, pick, strict=True)):
            if not step % TOLD:
                tell(step / steps)
            heat *= cool
            self.balance *= grow
            own = part[cell]
            others = [beside for other in near[cell] if (beside := part[other]) != own]
            if not others:
                continue
            to = others[int(share * len(others))]  # one with a long common border more often
            most = lucky * heat
            if self.gain(cell, to, most) <= most and self.whole_without(cell):
                self.move(cell, to)
        self.balance = full

    def descend(self, cells: Iterable[int] | None = None, rounds: int = 40) -> float:
        """Best moves until none helps: of all cells, or of these and whatever they touch. What that changed."""
        change = 0.0
        todo = self.dice.permutation(len(self.load)).tolist() if cells is None else sorted(cells)
        for _ in range(rounds):
            again: set[int] = set()
            for cell in todo:
                options = [(self.gain(cell, to, 0.0), to) for to in self.beside(cell)]
                if options and min(options)[0] < -1e-9 and self.whole_without(cell):
                    gain, to = min(options)
                    self.move(cell, to)
                    change += gain
                    again.add(cell)
                    for other in self.near[cell]:
                        again.add(other)
                        again.update(self.near[other])
            if not again:
                break
            todo = sorted(again)
        return change

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
