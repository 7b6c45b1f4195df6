"""The tree of areas in memory, at one revision: who stands below whom, and what everything below an area adds up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from layers.areas import Area
from layers.population import KINDS, Counts, add_groups
from layers.rules import Rules
from layers.staffing import routine_need

from .pages import Pages, by_hash, by_number
from .rows import ATTRIBUTES

NO_SUM = Counts()


@dataclass(slots=True)
class Node:
    """One area as pages need it: no geometry, sums of everything below it."""

    fid: int
    code: str
    name: str
    level: str
    parent: int | None
    path: str
    leaf: bool
    assigned: bool
    locked: bool
    version: int
    rev: int
    attributes: dict[str, Any] | None  # only what is set
    bounds: tuple[float, float, float, float]  # degrees
    area: float  # m2
    counts: Counts = NO_SUM
    leaves: int = 0
    counted_leaves: int = 0
    need: dict[str, int] | None = None
    have: dict[str, int] | None = None  # people entered at this area or below

    def get(self, name: str) -> Any:
        """An attribute, None when it is not set."""
        return (self.attributes or {}).get(name)


@dataclass(slots=True)
class Tree:
    """All areas at one revision. A step works on a copy that takes over at once: who reads never finds half of it."""

    nodes: Pages[int, Node] = field(default_factory=partial(Pages, by_number))
    codes: Pages[str, int] = field(default_factory=partial(Pages, by_hash))
    children: Pages[int | None, frozenset[int]] = field(default_factory=partial(Pages, by_number))
    present: Counter[str] = field(default_factory=Counter)  # areas by level
    unassigned: set[int] = field(default_factory=set)  # fids

    @classmethod
    def of(cls, nodes: dict[int, Node]) -> Tree:
        """The tree of these nodes."""
        below: dict[int | None, list[int]] = {}
        for node in nodes.values():
            below.setdefault(node.parent, []).append(node.fid)
        codes = ((node.code, fid) for fid, node in nodes.items())
        children = ((fid, frozenset(fids)) for fid, fids in below.items())
        return cls(Pages(by_number, nodes), Pages(by_hash, codes), Pages(by_number, children),
                   Counter(node.level for node in nodes.values()), {node.fid for node in nodes.values() if not node.assigned})

    def copy(self) -> Tree:
        """Another one with the same nodes."""
        return Tree(self.nodes.copy(), self.codes.copy(), self.children.copy(), Counter(self.present), set(self.unassigned))

    def take(self, fid: int) -> Node | None:
        """Removes an area; answers its node."""
        node = self.nodes.pop(fid, None)
        if node is not None:
            del self.codes[node.code]
            rest = self.children[node.parent] - {fid}
            if rest:
                self.children[node.parent] = rest
            else:
                del self.children[node.parent]
            self.present[node.level] -= 1
            self.unassigned.discard(fid)
        return node

    def put(self, node: Node) -> None:
        """Adds an area."""
        self.nodes[node.fid] = node
        self.codes[node.code] = node.fid
        self.children[node.parent] = self.children.get(node.parent, frozenset()) | {node.fid}
        self.present[node.level] += 1
        if not node.assigned:
            self.unassigned.add(node.fid)

    def up(self, node: Node | None) -> Iterable[Node]:
        """The area and those above it, up to the root."""
        while node is not None:
            yield node
            node = self.nodes.get(node.parent) if node.parent is not None else None


def node_of(area: Area, bounds: tuple[float, ...], ground: float, alike: dict[Any, Any]) -> Node:
    """The node of an area with its bounds in degrees and square metres, not yet counted. What many areas hold alike
    they hold together, by `alike`."""
    attributes = {name: area.attributes[name] for name in ATTRIBUTES if area.attributes.get(name) is not None}
    level, parent = alike.setdefault(area.level, area.level), alike.setdefault(area.parent, area.parent)
    shared = alike.setdefault(tuple(attributes.items()), attributes) if attributes else None
    return Node(area.fid, area.code, area.name, level, parent, area.path, area.leaf, area.assigned, area.locked,
                area.version, alike.setdefault(area.rev, area.rev), shared, bounds, ground)


def add_up(node: Node, tree: Tree, rules: Rules) -> None:
    """The sums of a parent from its children: exact, whatever the order."""
    values, known, special = [0] * len(KINDS), [False] * len(KINDS), None
    facts = unknown = vacant = buildings = homes = leaves = counted = 0
    estimated, oldest = False, None
    need = routine_need(rules, node.level, 0, leaf=False)
    for fid in tree.children.get(node.fid, ()):
        child = tree.nodes[fid]
        own = child.counts
        for k, value in enumerate(own.values):
            if value is not None:
                values[k] += value
                known[k] = True
        special = add_groups(special, own.special)
        facts, unknown, vacant = facts + own.facts, unknown + own.unknown, vacant + own.vacant
        buildings, homes = buildings + own.buildings, homes + own.homes
        leaves, counted = leaves + child.leaves, counted + child.counted_leaves
        estimated = estimated or own.estimated
        if own.counted_at and (oldest is None or own.counted_at < oldest):
            oldest = own.counted_at
        for role, number in (child.need or {}).items():
            need[role] = need.get(role, 0) + number
    node.counts = Counts(tuple(v if k else None for v, k in zip(values, known)), special, facts, unknown, buildings, homes,
                         estimated, oldest, vacant)
    node.leaves, node.counted_leaves, node.need = leaves, counted, need
