"""Areas as columns of a file: their own fields, figures and shapes, 330,000 of them in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select, type_coerce

from layers.population import KINDS
from layers.staffing import staffing

from .coverage_cache import CoverageCache, Node
from .rows import ATTRIBUTES, Reader, chunks
from .schema import AREAS
from .types import Wkb

FEW = 2_000  # so many shapes are asked for by number, more are read with all others


def figures_of(cache: CoverageCache, nodes: Sequence[Node]) -> dict[str, list[Any]]:
    """The same as `cache.figures` of each, those that files hold, without the rest: a fifteenth of the time."""
    kind = KINDS.index(cache.rules.population_kind)
    codes = {fid: node.code for fid, node in cache.nodes.items() if not node.leaf}
    staffs, havers = _Staffs(cache), _Havers(cache)
    staff = [staffs.of(node.need, havers.of(node)) for node in nodes]
    counts = [node.counts for node in nodes]
    return {
        "parent": [codes.get(node.parent) for node in nodes],
        "households": [one.values[0] for one in counts], "population": [one.values[kind] for one in counts],
        "special_total": [None if one.special is None else sum(one.special.values()) for one in counts],
        "known_share": [_known(node) for node in nodes], "area_m2": [round(node.area, 2) for node in nodes],
        "staff_need": [need for need, _ in staff], "staff_have": [have for _, have in staff],
        "version": [node.version for node in nodes]}


def fields_of(nodes: Sequence[Node]) -> dict[str, list[Any]]:
    """Their own fields."""
    return {"code": [node.code for node in nodes], "name": [node.name for node in nodes], "level": [node.level for node in nodes],
            "locked": [node.locked for node in nodes],
            **{name: [None if node.attributes is None else node.attributes.get(name) for node in nodes] for name in ATTRIBUTES}}


def shapes_of(reader: Reader, nodes: Sequence[Node], *, leaf: bool) -> np.ndarray:
    """Their shapes in degrees, in the order of `nodes`; `leaf` = all of them are leaves."""
    columns = AREAS.c.fid, type_coerce(AREAS.c.geom, Wkb()).label("wkb")
    fids = [node.fid for node in nodes]
    parts: Iterable[Any] = chunks(fids) if len(fids) <= FEW else [None]
    found: dict[int, bytes] = {}
    for part in parts:
        where = AREAS.c.fid.in_(part) if part is not None else AREAS.c.leaf.is_(True) if leaf else True
        statement = select(*columns) if where is True else select(*columns).where(where)
        found.update(tuple(row) for row in reader.connection.execute(statement))
    return np.asarray(shapely.from_wkb([found[fid] for fid in fids]), dtype=object)


def _known(node: Node) -> float:
    if node.leaves == 1:
        return 0.0 if not node.counts.facts else round(1 - node.counts.unknown / node.counts.facts, 6)
    return round(node.counted_leaves / node.leaves, 6) if node.leaves else 0.0


class _Staffs:
    """Staff needed and there, reckoned once for all that need and have the same."""

    def __init__(self, cache: CoverageCache):
        self._rules = cache.rules
        self._known: dict[Any, tuple[int, int | None]] = {}

    def of(self, need: Mapping[str, int] | None, have: Mapping[str, int] | None) -> tuple[int, int | None]:
        key = tuple((need or {}).items()), None if have is None else tuple(have.items())
        if key not in self._known:
            told = staffing(self._rules, need or {}, have)
            self._known[key] = told["need"], told["have"]
        return self._known[key]


class _Havers:
    """Whose staff is known: below the level of rosters that hangs on the parent alone."""

    def __init__(self, cache: CoverageCache):
        self._cache = cache
        level = cache.rules.level(cache.rules.roster_level)
        self._rank = None if level is None else cache.rules.rank(level.id)
        self._ranks = {level.id: number for number, level in enumerate(cache.rules.levels)}
        self._known: dict[int | None, Mapping[str, int] | None] = {}

    def of(self, node: Node) -> Mapping[str, int] | None:
        if node.have is not None or self._rank is None or self._ranks[node.level] <= self._rank:
            return self._cache.have(node)
        if node.parent not in self._known:
            self._known[node.parent] = self._cache.have(node)
        return self._known[node.parent]
