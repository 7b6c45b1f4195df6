"""Chains of moves: what no single move of a cell can mend. A part outside the aim gives a cell, its neighbour gives one
on, and so forth, until the whole is better; two parts exchange cells the same way. A part that starves where nothing
can reach it is planted elsewhere."""

from __future__ import annotations

from .progress import Tell, silent, span
from .search import Search

DEPTH, WIDTH = 4, 3  # moves in a chain; ways tried at each
ROUNDS = 6  # of chains and new places
AGAIN = 4  # chains from one part in a round
REPLANTED = 5  # parts looked at as a place for a starving one
STERN = 8.0  # times as much a deviation costs when shape has had its say
FEW = 0.15  # only while no more than this share of the parts is outside the aim: else the buildings are too big for it


def settle(search: Search, tell: Tell = silent, fewer: float = 0.0) -> None:
    """Moves, chains and new places until none helps; first with an eye on shape, then, where it is near, sternly for
    the aim. Parts that cannot reach a load of `fewer` may vanish: their number stays empty."""
    _settle(search, span(tell, 0.0, 0.5))
    if sum(_vanish(search, part) for part, load in enumerate(search.sums) if load < fewer):
        _settle(search, span(tell, 0.5, 0.7))
    outside = sum(search.outside(load) for load, mine in zip(search.sums, search.members, strict=True) if mine)
    if 0 < outside <= max(2, FEW * len(search.sums)):
        search.balance *= STERN
        _settle(search, span(tell, 0.7, 1.0))
        search.balance /= STERN


def _settle(search: Search, tell: Tell) -> None:
    search.descend()
    for turn in range(ROUNDS):
        if not _chains(search, span(tell, turn / ROUNDS, (turn + 0.7) / ROUNDS)) + _replanted(search):
            break
        search.descend()


# ---- chains ----------------------------------------------------------------------------------------------------------
def _chains(search: Search, tell: Tell) -> int:
    """Chains from every part outside the aim, the worst first; how many were won."""
    won = 0
    wrong = sorted((-search.off(load), part) for part, load in enumerate(search.sums) if search.outside(load))
    for number, (_, part) in enumerate(wrong):
        tell(number / len(wrong))
        for _ in range(AGAIN):
            if not _chain(search, part, search.balance * search.off(search.sums[part])):
                break
            won += 1
    return won


def _chain(search: Search, part: int, most: float) -> bool:
    """One chain that makes the whole better; it may cost up to `most` on its way."""
    middle = (search.aim.low + search.aim.high) / 2
    moved: set[int] = set()
    log = search.log = []

    def further(hot: int, cost: float, depth: int) -> bool:
        tried = 0
        for gain, cell, to in (_given if search.sums[hot] > middle else _taken)(search, hot, moved):
            if cost + gain > most or tried == WIDTH:
                return False
            if not search.whole_without(cell):
                continue
            tried += 1
            own, mark = search.part[cell], len(log)
            search.move(cell, to)
            if cost + gain < -1e-6:
                return True
            if depth > 1:
                moved.add(cell)
                if further(to if own == hot else own, cost + gain, depth - 1):
                    return True
                moved.discard(cell)
            search.back_to(mark)
        return False
    found = most > 0 and further(part, 0.0, DEPTH)
    search.log = None
    return found


def _given(search: Search, part: int, moved: set[int]) -> list[tuple[float, int, int]]:
    """(gain, cell, to): cells the part could give, the best first."""
    return sorted((search.gain(cell, to), cell, to) for cell in search.members[part] if search.load[cell] and cell not in moved
                  for to in search.beside(cell))


def _taken(search: Search, part: int, moved: set[int]) -> list[tuple[float, int, int]]:
    """(gain, cell, to): cells the part could take from its neighbours, the best first."""
    rim = {other for cell in search.members[part] for other in search.near[cell] if search.part[other] != part}
    return sorted((search.gain(cell, part), cell, part) for cell in rim if search.load[cell] and cell not in moved)


# ---- new places ------------------------------------------------------------------------------------------------------
def _replanted(search: Search) -> int:
    """Parts far below the aim join their neighbours, and a heavy part elsewhere is cut in two; how many were won."""
    low = search.aim.low
    poor = sorted((load, part) for part, load in enumerate(search.sums) if load < low and search.members[part])
    return sum(_replant(search, part) for _, part in poor if search.sums[part] < low)


def _replant(search: Search, poor: int) -> bool:
    off, sums = search.off, search.sums
    halves = [(min(load / 2, load - max((search.load[cell] for cell in search.members[part]), default=load)), part)
              for part, load in enumerate(sums) if part != poor and load > search.aim.target]
    rich = [part for half, part in sorted(halves, key=lambda one: (-one[0], one[1]))[:REPLANTED]
            if off(half) + off(sums[part] - half) < off(sums[part]) + off(sums[poor])]
    search.log, won = [], False
    joined = _dissolve(search, poor) if rich else None
    mark = len(search.log)
    for first in rich if joined is not None else ():
        members = search.members[first] | search.members[poor]
        cost = joined + _cut_in_two(search, first, poor)
        if search.members[poor] and cost + search.descend(members) < -1e-6:
            won = True
            break
        search.back_to(mark)
    if not won:
        search.back_to(0)
    search.log = None
    return won


def _vanish(search: Search, poor: int) -> bool:
    """A starving part joins its neighbours for good, where that makes the whole better."""
    search.log = []
    cost = _dissolve(search, poor) if search.members[poor] else None
    won = cost is not None and cost < search.balance * search.off(0.0)
    if not won:
        search.back_to(0)
    search.log = None
    return won


def _dissolve(search: Search, part: int) -> float | None:
    """All cells of a part join its neighbours: what that costs, None where they cannot."""
    left, cost = sorted(search.members[part]), 0.0
    while left:
        rest = []
        for cell in left:
            options = [(search.gain(cell, to), to) for to in search.beside(cell)]
            if options:
                gain, to = min(options)
                search.move(cell, to)
                cost += gain
            else:
                rest.append(cell)
        if len(rest) == len(left):
            return None
        left = rest
    return cost


def _cut_in_two(search: Search, part: int, new: int) -> float:
    """Half the load of a part, grown from its rim, becomes the part `new`, which is empty; both stay whole. Its cost."""
    ground, (size, x, y, *_) = search.ground, search.moments[part]
    gap = lambda cell, at: (ground[cell][1] / ground[cell][0] - at[0]) ** 2 + (ground[cell][2] / ground[cell][0] - at[1]) ** 2  # noqa: E731
    far = max(search.members[part], key=lambda cell: (gap(cell, (x / size, y / size)), cell))
    start = (ground[far][1] / ground[far][0], ground[far][2] / ground[far][0])
    half, cost, rim = search.sums[part] / 2, 0.0, {far}
    while rim and len(search.members[part]) > 1 and search.sums[new] < half:
        cell = min(rim, key=lambda one: (gap(one, start), one))
        rim.discard(cell)
        if search.whole_without(cell):
            cost += search.gain(cell, new)
            search.move(cell, new)
            rim |= {other for other in search.near[cell] if search.part[other] == part}
    return cost
