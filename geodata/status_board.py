"""One round as it stands: the places that spoke and where they are now, the status of every area somebody spoke of.

What reports say of one leaf:  stairwells -> buildings -> the leaf, each whole against its parts (`layers.status`).
Areas that were cut anew since they were spoken of are told at the nearest area that holds all of their ground.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from layers.rules import Rules
from layers.status import AREA, BUILDING, UNIT, Said, Status, rates_of, settled, summed, together

from .ground import Ground
from .places_expected import Expected
from .rows import Reader, chunks
from .schema import STATUS, TABLES
from .tree import Node

BUILDINGS, UNITS = TABLES["buildings"], TABLES["units"]
Key = tuple[str, int]  # what kind of place, its fid
COUNTED = ("households", "population")  # what a rate may divide by besides reported numbers
_SAID = (STATUS.c.report, STATUS.c.fid, STATUS.c.metric, STATUS.c.value, STATUS.c.at, STATUS.c.rev)
Statement = tuple[int, int]  # an area, the revision whose ground it was said of


@dataclass(slots=True)
class Spoken:
    """A place that reported: the leaf it is in, its building, and by metric what it said."""

    leaf: int
    building: int
    said: dict[str, Said | None] = field(default_factory=dict)


@dataclass(slots=True)
class Board:
    """Owns what was read of a round. `status` is never changed: the next one is another dict."""

    name: str
    last: int = 0  # the last report taken in
    rev: int = -1
    seq: int = -1
    status: dict[int, Status] = field(default_factory=dict)
    places: dict[Key, Spoken] = field(default_factory=dict)
    by_leaf: dict[int, set[Key]] = field(default_factory=lambda: defaultdict(set))
    stairs: dict[int, int] = field(default_factory=dict)  # stairwells of buildings spoken of as a whole
    areas: dict[Statement, dict[str, Said | None]] = field(default_factory=lambda: defaultdict(dict))
    heirs: dict[Statement, tuple[int, ...]] = field(default_factory=dict)  # who holds that ground now
    at: dict[Statement, int] = field(default_factory=dict)  # where it is told
    told_at: dict[int, set[Statement]] = field(default_factory=lambda: defaultdict(set))  # the same by area
    said_at: dict[tuple[int, str], int] = field(default_factory=dict)  # (area, metric) -> the revision of its statement
    paths: dict[int, str] = field(default_factory=dict)  # of areas with a status, as they were summed


class Work:
    """One step of a board to what the reader sees. Public: redrawn, reported, sum_up, in this order."""

    def __init__(self, reader: Reader, board: Board, ground: Ground, expected: Expected, rules: Rules):
        self.reader, self.board, self.ground, self.of, self.rules = reader, board, ground, expected.of, rules
        self.nodes, self.children = ground.nodes, ground.cache.children
        self.rates = rates_of(rules)
        self.dirty: set[int] = set()  # areas to sum anew
        self.back: dict[str, set[int]] = {UNIT: set(), BUILDING: set()}  # places that may be there again

    # ---- what changed --------------------------------------------------------------------------------------------
    def redrawn(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Places follow the ground, statements about areas go where their ground went."""
        board, touched, ground = self.board, {UNIT: set(), BUILDING: set()}, set()
        for step in steps:
            ground.update(step["touched"]["areas"], step["touched"]["retired"])
            self.dirty.update(step["touched"]["facts"])
            for place in touched:
                touched[place].update(step["touched"]["layers"].get(f"{place}s", ()))
        self.dirty |= ground
        for place, fids in touched.items():
            known = {fid for fid in fids if (place, fid) in board.places}
            rows = {row.fid: row for row in self._homes(place, known)}
            for fid in known:
                self._move((place, fid), rows.get(fid))
            self.back[place] = fids - known
        if any(touched.values()) and board.stairs:
            self._count_stairs(list(board.stairs))
        for statement in [one for one, heirs in board.heirs.items() if not ground.isdisjoint(heirs) or one[0] in ground]:
            self._place(statement)

    def _homes(self, place: str, fids: Iterable[int]) -> Iterable[Any]:
        table = UNITS if place == UNIT else BUILDINGS
        building = UNITS.c.building if place == UNIT else BUILDINGS.c.fid.label("building")
        for chunk in chunks(sorted(fids)):
            yield from self.reader.connection.execute(select(table.c.fid, table.c.area, building).where(table.c.fid.in_(chunk)))

    def _move(self, key: Key, row: Any) -> None:
        """A place has another leaf, or is no more."""
        board, spoken = self.board, self.board.places[key]
        board.by_leaf[spoken.leaf].discard(key)
        self.dirty.add(spoken.leaf)
        if row is None or row.area is None:
            del board.places[key]
            return
        spoken.leaf, spoken.building = row.area, row.building
        board.by_leaf[row.area].add(key)
        self.dirty.add(row.area)

    def _place(self, statement: Statement) -> None:
        """Where a statement about an area is told now."""
        board = self.board
        for fid in board.heirs.pop(statement, ()):
            self.dirty.add(fid)
        if statement in board.at:
            board.told_at[board.at[statement]].discard(statement)
            self.dirty.add(board.at.pop(statement))
        nodes = self.ground.nodes_of(*statement, self.reader)
        if nodes:
            at = self.ground.common(nodes).fid
            board.heirs[statement] = tuple(node.fid for node in nodes)
            board.at[statement] = at
            board.told_at[at].add(statement)
            self.dirty.add(at)

    def reported(self) -> None:
        """What was reported since."""
        board, new, last = self.board, STATUS.c.report > self.board.last, self.board.last
        whole = set()
        for place, own, building in ((UNIT, UNITS, UNITS.c.building), (BUILDING, BUILDINGS, BUILDINGS.c.fid)):
            statement = select(*_SAID, own.c.area, building.label("building")).join(own, own.c.fid == STATUS.c.fid).where(
                STATUS.c.round == board.name, STATUS.c.place == place, own.c.area.is_not(None))
            for where in (new, *(STATUS.c.fid.in_(chunk) for chunk in chunks(sorted(self.back[place])))):
                for number, fid, metric, value, at, _, leaf, home in self.reader.connection.execute(statement.where(where)):
                    spoken = board.places.get((place, fid))
                    if spoken is None:
                        spoken = board.places[place, fid] = Spoken(leaf, home)
                        board.by_leaf[leaf].add((place, fid))
                    spoken.said[metric] = _said(value, at)
                    self.dirty.add(spoken.leaf)
                    last = max(last, number)
                    if place == BUILDING:
                        whole.add(fid)
        statement = select(*_SAID).where(STATUS.c.round == board.name, STATUS.c.place == AREA, new)
        for number, fid, metric, value, at, rev in self.reader.connection.execute(statement):
            before = board.said_at.get((fid, metric), rev)
            if before != rev:
                del board.areas[fid, before][metric]
                self.dirty.update(board.heirs.get((fid, before), ()), [board.at[fid, before]] if (fid, before) in board.at else ())
            board.said_at[fid, metric] = rev
            board.areas[fid, rev][metric] = _said(value, at)
            if (fid, rev) in board.at:
                self.dirty.add(board.at[fid, rev])
            else:
                self._place((fid, rev))
            last = max(last, number)
        self._count_stairs(sorted(whole - board.stairs.keys()))
        board.last = last

    def _count_stairs(self, buildings: Sequence[int]) -> None:
        for chunk in chunks(buildings):
            counted = select(UNITS.c.building, func.count()).where(UNITS.c.building.in_(chunk)).group_by(UNITS.c.building)
            found = dict(tuple(row) for row in self.reader.connection.execute(counted))
            self.board.stairs |= {fid: found.get(fid, 0) for fid in chunk}

    # ---- sums ----------------------------------------------------------------------------------------------------
    def sum_up(self) -> None:
        """The status of every area concerned, from the leaves up."""
        board, nodes = self.board, self.nodes
        again = set(self.dirty)
        for fid in self.dirty:
            for path in (board.paths.get(fid), nodes[fid].path if fid in nodes else None):
                again.update(map(int, path.strip("/").split("/")) if path else ())
        if not again:
            return
        status = dict(board.status)
        depth = lambda fid: nodes[fid].path.count("/") if fid in nodes else 0  # noqa: E731
        self.status = status
        for fid in sorted(again, key=depth, reverse=True):
            node = nodes.get(fid)
            made = None if node is None else self._leaf(node) if node.leaf else self._above(node)
            if made is None:
                status.pop(fid, None)
                board.paths.pop(fid, None)
            else:
                status[fid], board.paths[fid] = made, node.path
        board.status = status

    def _leaf(self, node: Node) -> Status | None:
        """Stairwells and buildings of a leaf, and what was said of the leaf itself."""
        board, own, made = self.board, self.board.told_at.get(node.fid, ()), Status()
        of, buildings = self.of.get(node.fid, 1), defaultdict(list)
        for key in board.by_leaf.get(node.fid, ()):
            buildings[board.places[key].building].append((key, board.places[key]))
        parts: dict[str, list[Said]] = defaultdict(list)
        for fid, spoken in buildings.items():
            made.received += self._building(fid, spoken, parts, made)
        for metric, some in parts.items():
            made.said[metric] = together(some)
        for metric in {metric for one in own for metric, said in board.areas[one].items() if said is not None}:
            whole = self._whole(node, own, metric, of)
            made.hear(whole.oldest, whole.newest)
            made.said[metric] = settled(whole, made.said.get(metric), of)
            made.received = min(of, max(made.received, whole.heard))
        if not made.said:
            return None
        for rate in self.rates:
            part, below = made.said.get(rate.part), self._figure(node, rate.whole, made)
            if part is not None and below is not None:
                made.pairs[rate.id] = part.value, below
        return made

    def _building(self, fid: int, spoken: list[tuple[Key, Spoken]], parts: dict[str, list[Said]], made: Status) -> int:
        """Adds what was said of a building and its stairwells; answers how many of its places were heard."""
        stairs = max(1, self.board.stairs.get(fid, 0))
        heard, metrics = 0, {metric for _, one in spoken for metric, said in one.said.items() if said is not None}
        for (place, _), one in spoken:
            said = [value for value in one.said.values() if value is not None]
            if said:
                made.hear(min(value.oldest for value in said), max(value.newest for value in said))
                heard = heard + 1 if place == UNIT else max(heard, stairs)
        for metric in metrics:
            by_place: dict[str, list[Said]] = {UNIT: [], BUILDING: []}
            for (place, _), one in spoken:
                if one.said.get(metric) is not None:
                    by_place[place].append(one.said[metric])
            whole = by_place[BUILDING][0] if by_place[BUILDING] else None
            if whole is not None:
                whole = Said(whole.value, whole.newest, whole.oldest, stairs)
            parts[metric].append(settled(whole, together(by_place[UNIT]), stairs))
        return min(heard, stairs) if self.board.stairs.get(fid) else heard

    def _whole(self, node: Node, told: Iterable[Statement], metric: str, of: int) -> Said:
        """What was said of a leaf as a whole: its own word, and those of areas that were merged into it since."""
        board, lineage = self.board, self.ground.lineage
        said = {one: board.areas[one][metric] for one in told if board.areas[one].get(metric) is not None}
        own = next((one for one in said if one[0] == node.fid), None)
        since = own[1] if own else -1
        joined = {one: lineage.heirs(*one).get(node.fid, since + 1) for one in said if one != own}
        beside = [said[one] for one, rev in joined.items() if rev > since and rev not in lineage.gathered]
        inside = [said[one] for one, rev in joined.items() if rev > since and rev in lineage.gathered]
        later = {source for rev, source in lineage.joined.get(node.fid, ()) if rev > since and rev not in lineage.gathered}
        whole = own is not None and later <= {fid for fid, _ in joined}
        if own is not None:
            beside.append(settled(said[own], together(inside), of))
        else:
            beside += inside
        sum_ = together(beside)
        return Said(sum_.value, sum_.newest, sum_.oldest, of if whole else 1)

    def _above(self, node: Node) -> Status | None:
        """The areas below, what was said of ground that is divided differently now, and of the area as a whole."""
        board, told = self.board, self.board.told_at.get(node.fid, ())
        below = [self.status[fid] for fid in self.children.get(node.fid, ()) if fid in self.status]
        made = summed(below)
        for metric in sorted({metric for one in told for metric, said in board.areas[one].items() if said is not None}):
            said = {one: board.areas[one][metric] for one in told if board.areas[one].get(metric) is not None}
            extra: dict[Statement, Said] = {}
            cut = [one for one in said if board.heirs[one] != (node.fid,)]
            for one in sorted(cut, key=lambda one: (len(board.heirs[one]), -one[1], one[0])):  # what lies inside another comes first
                heirs = [self.status[fid].said.get(metric) for fid in board.heirs[one] if fid in self.status]
                inner = [more for other, more in extra.items() if self.ground.lineage.heirs(*one).get(other[0], other[1] + 1) <= other[1]]
                of = sum(self.of.get(fid, 1) for fid in board.heirs[one])
                self._add(made, metric, said[one], together([value for value in heirs if value] + inner), of, one, extra)
                if one in extra:
                    self._pair(made, metric, extra[one], [fid for fid in board.heirs[one]
                                                              if fid not in self.status or metric not in self.status[fid].said])
            for one in sorted(said.keys() - set(cut), key=lambda one: one[1]):
                self._add(made, metric, said[one], made.said.get(metric), self.of.get(node.fid, 1), one, extra)
                if one in extra:
                    self._pair(made, metric, None, [node.fid])
        for rate in self.rates:
            if rate.part in made.undivided and rate.whole in made.undivided:
                above, below = made.pairs.get(rate.id, (0, 0))
                made.pairs[rate.id] = above + made.undivided[rate.part], below + made.undivided[rate.whole]
        return made if made.said else None

    def _add(self, made: Status, metric: str, whole: Said, parts: Said | None, of: int, one: Statement, extra: dict[Statement, Said]) -> None:
        """What a statement says beyond its parts is told here, and of no part."""
        whole = Said(whole.value, whole.newest, whole.oldest, 0)
        made.hear(whole.oldest, whole.newest)
        more = max(0, settled(whole, parts, of).value - (parts.value if parts else 0))
        if parts is not None and more == 0:
            return
        extra[one] = Said(more, whole.newest, whole.oldest, 0)
        made.said[metric] = together([*([made.said[metric]] if metric in made.said else []), extra[one]])
        made.undivided[metric] = made.undivided.get(metric, 0) + more

    def _pair(self, made: Status, metric: str, more: Said | None, of: Sequence[int]) -> None:
        """Both numbers of each rate over counted households or people: `more` of ground where nobody else spoke, or of
        all of the area (None)."""
        for rate in self.rates:
            figures = [self._figure(self.nodes[fid], rate.whole, None) for fid in of if fid in self.nodes]
            if rate.part == metric and rate.whole in COUNTED and all(value is not None for value in figures):
                above, below = made.pairs.get(rate.id, (0, 0)) if more else (made.said[metric].value, 0)
                made.pairs[rate.id] = above + (more.value if more else 0), below + sum(figures)

    def _figure(self, node: Node, name: str, made: Status | None) -> int | None:
        """What a rate divides by: a reported number, or households or people of the area."""
        if name == "households":
            return node.counts.households
        if name == "population":
            return node.counts.people(self.rules.population_kind)
        said = made.said.get(name) if made is not None else None
        return None if said is None else said.value


def _said(value: float | None, at: str) -> Said | None:
    return None if value is None else Said(int(value), at, at)
