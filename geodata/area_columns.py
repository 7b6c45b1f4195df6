"""Areas as columns of a file: their own fields, figures and shapes, 330,000 of them in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select, type_coerce

from layers.population import KINDS, groups_of
from layers.staffing import staffing

from .coverage_cache import CoverageCache
from .crs import named, points_from_store
from .formats._wkb import rings_of
from .formats.shapefile import Ground
from .rows import ATTRIBUTES, Reader, chunks
from .schema import AREAS
from .tree import Node
from .types import Wkb

FEW = 2_000  # so many shapes are asked for by number, more are read with all others
AT_ONCE = 20_000  # rows
_NOTHING: Mapping[str, Any] = {}


def figures_of(cache: CoverageCache, nodes: Sequence[Node]) -> dict[str, list[Any]]:
    """The same as `cache.figures` of each, those that files hold, without the rest: a fifteenth of the time."""
    kind = KINDS.index(cache.rules.population_kind)
    groups = [groups_of(node.counts, counted=node.counted_leaves == node.leaves) for node in nodes]
    codes = {fid: cache.nodes[fid].code for fid in {node.parent for node in nodes} if fid is not None}
    staff, known, counts = _Staff(cache).of(nodes), _Known(), [node.counts for node in nodes]
    return {
        "parent": [codes.get(node.parent) for node in nodes],
        "households": [one.values[0] for one in counts], "population": [one.values[kind] for one in counts],
        "special_total": [None if one is None else sum(one.values()) for one in groups],
        "known_share": [known.of(node) for node in nodes], "area_m2": np.round([node.area for node in nodes], 2),
        "staff_need": [need for need, _ in staff], "staff_have": [have for _, have in staff],
        "version": [node.version for node in nodes]}


def fields_of(nodes: Sequence[Node]) -> dict[str, list[Any]]:
    """Their own fields."""
    columns: dict[str, list[Any]] = {name: [None] * len(nodes) for name in ATTRIBUTES}
    for place, node in enumerate(nodes):
        for name, value in (node.attributes or _NOTHING).items():
            columns[name][place] = value
    return {"code": [node.code for node in nodes], "name": [node.name for node in nodes], "level": [node.level for node in nodes],
            "locked": [node.locked for node in nodes], **columns}


def shapes_of(reader: Reader, nodes: Sequence[Node], *, leaf: bool) -> np.ndarray:
    """Their shapes in degrees, in the order of `nodes` (by fid); `leaf` = all of them are leaves."""
    return np.asarray(shapely.from_wkb(wkb_of(reader, nodes, leaf=leaf)), dtype=object)


def ground_of(reader: Reader, nodes: Sequence[Node], target: str, datum: str, *, leaf: bool) -> Ground | None:
    """The same as flat arrays in the CRS asked for; None where something is no polygon."""
    found = rings_of(wkb_of(reader, nodes, leaf=leaf))
    return None if found is None else Ground(points_from_store(found[0], target, datum), *found[1:], named(target))


def wkb_of(reader: Reader, nodes: Sequence[Node], *, leaf: bool) -> list[bytes]:
    """The same as WKB."""
    columns = AREAS.c.fid, type_coerce(AREAS.c.geom, Wkb()).label("wkb")
    fids = [node.fid for node in nodes]
    few = len(fids) <= FEW
    found: list[bytes] = []
    wanted = None if few else set(fids)
    for part in chunks(fids) if few else [None]:
        statement = select(*columns).order_by(AREAS.c.fid)
        if part is not None:
            statement = statement.where(AREAS.c.fid.in_(part))
        elif leaf:
            statement = statement.where(AREAS.c.leaf.is_(True))
        for rows in reader.connection.execute(statement).partitions(AT_ONCE):
            found += [wkb for fid, wkb in rows if few or fid in wanted]
    return found


class _Known:
    """Which share of an area is known, reckoned once for all that are alike."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], float] = {}

    def of(self, node: Node) -> float:
        key = (node.counts.unknown, node.counts.facts) if node.leaves == 1 else (node.leaves - node.counted_leaves, node.leaves)
        share = self._kept.get(key)
        if share is None:
            unknown, whole = key
            share = self._kept[key] = round(1 - unknown / whole, 6) if whole else 0.0
        return share


class _Staff:
    """Staff needed and there. Below the level of rosters it hangs on the parent alone whether anybody is known."""

    def __init__(self, cache: CoverageCache):
        self._cache, rules = cache, cache.rules
        level = rules.level(rules.roster_level)
        roster = None if level is None else rules.rank(level.id)
        self._below = {level.id for number, level in enumerate(rules.levels) if roster is not None and number > roster}

    def of(self, nodes: Sequence[Node]) -> list[tuple[int, int | None]]:
        haves: dict[int | None, Mapping[str, int] | None] = {}  # by parent
        kept: dict[tuple[int, bool], tuple[int, int | None]] = {}  # where nobody is there, or nobody knows
        found = []
        for node in nodes:
            if node.have is not None or node.level not in self._below:
                have = self._cache.have(node)
            elif node.parent in haves:
                have = haves[node.parent]
            else:
                have = haves[node.parent] = self._cache.have(node)
            key = id(node.need), have is None
            told = None if have else kept.get(key)
            if told is None:
                sums = staffing(self._cache.rules, node.need or {}, have)
                told = sums["need"], sums["have"]
                if not have:
                    kept[key] = told
            found.append(told)
        return found
