"""Chains of moves: what no single move of a cell can mend. A part outside the aim gives a cell, its neighbour gives one
on, and so forth, until the whole is better; two parts exchange cells the same way. A part that starves where nothing
can reach it is planted elsewhere."""

from __future__ import annotations

from .progress import Tell, silent, span
from .search import Search

DEPTH, WIDTH = 4, 3  # moves in a chain; ways tried at each
ENOUGH = 1e-6  # what a chain or a new place has to win
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
    vain: Vain = {}
    for turn in range(ROUNDS):
        if not _chains(search, vain, span(tell, turn / ROUNDS, (turn + 0.7) / ROUNDS)) + _replanted(search):
            break
        search.descend()


# ---- chains ----------------------------------------------------------------------------------------------------------
Vain = dict[int, tuple[int, set[int]]]  # parts from which no chain was found: after how many moves, what was looked at


def _chains(search: Search, vain: Vain, tell: Tell) -> int:
    """Chains from every part outside the aim, the worst first; how many were won."""
    won = 0
    wrong = sorted((-search.off(load), part) for part, load in enumerate(search.sums) if search.outside(load))
    for number, (_, part) in enumerate(wrong):
        tell(number / len(wrong))
        when, seen = vain.get(part, (-1, set()))
        if when >= 0 and all(search.stamps[one] <= when for one in seen):
            continue  # all is as it was then
        for _ in range(AGAIN):
            seen = set()
            if not _chain(search, part, search.balance * search.off(search.sums[part]), seen):
                vain[part] = search.moves, seen
                break
            won += 1
    return won


def _chain(search: Search, part: int, most: float, seen: set[int]) -> bool:
    """One chain that makes the whole better; it may cost up to `most` on its way. Notes the parts it looked at."""
    middle = (search.aim.low + search.aim.high) / 2
    moved: set[int] = set()
    log = search.log = []

    def further(hot: int, cost: float, depth: int) -> bool:
        tried, limit = 0, most - cost if depth > 1 else -ENOUGH - cost  # the last move has to pay for all
        seen.add(hot)
        for gain, cell, to in (_given if search.sums[hot] > middle else _taken)(search, hot, moved, limit, seen):
            if gain > limit or tried == WIDTH:
                return False
            if not search.whole_without(cell):
                continue
            tried += 1
            own, mark = search.part[cell], len(log)
            search.move(cell, to)
            if cost + gain < -ENOUGH:
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


def _given(search: Search, part: int, moved: set[int], most: float, seen: set[int]) -> list[tuple[float, int, int]]:
    """(gain, cell, to): cells the part could give for no more than `most`, the best first."""
    found = []
    for cell in search.members[part]:
        if search.load[cell] and cell not in moved:
            beside = search.beside(cell)
            seen.update(beside)
            found += [(search.gain(cell, to, most), cell, to) for to in beside]
    return sorted(found)


def _taken(search: Search, part: int, moved: set[int], most: float, seen: set[int]) -> list[tuple[float, int, int]]:
    """(gain, cell, to): cells the part could take from its neighbours for no more than `most`, the best first."""
    own = search.part
    rim = {other for cell in search.members[part] for other in search.near[cell] if own[other] != part}
    seen.update(own[cell] for cell in rim)
    return sorted((search.gain(cell, part, most), cell, part) for cell in rim if search.load[cell] and cell not in moved)


# ---- new places ------------------------------------------------------------------------------------------------------
def _replanted(search: Search) -> int:
    """Parts far below the aim join their neighbours, and a heavy part elsewhere is cut in two; how many were won."""
    low = search.aim.low
    poor = sorted((load, part) for part, load in enumerate(search.sums) if load < low and search.members[part])
    won, halves = 0, None
    for _, part in poor:
        if search.sums[part] < low:
            halves = halves or _halves(search)
            if _replant(search, part, halves):
                won, halves = won + 1, None
    return won


def _halves(search: Search) -> list[tuple[float, int]]:
    """(less, part): minus the most the lighter half of each heavy part can hold, the best first."""
    return sorted((-min(load / 2, load - max((search.load[cell] for cell in search.members[part]), default=load)), part)
                  for part, load in enumerate(search.sums) if load > search.aim.target)


def _replant(search: Search, poor: int, halves: list[tuple[float, int]]) -> bool:
    off, sums = search.off, search.sums
    rich = [part for less, part in [one for one in halves if one[1] != poor][:REPLANTED]
            if off(-less) + off(sums[part] + less) < off(sums[part]) + off(sums[poor])]
    search.log, won = [], False
    joined = _dissolve(search, poor) if rich else None
    mark = len(search.log)
    for first in rich if joined is not None else ():
        members = search.members[first] | search.members[poor]
        cost = joined + _cut_in_two(search, first, poor)
        if search.members[poor] and cost + search.descend(members) < -ENOUGH:
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
