"""What the zones in force hold: every place once, by the strictest zone over it; the table of kinds of any scope, with
what they leave (prevention). Sums follow the frozen members, so a redraw or a recount changes figures, never who is in."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import shapely
from sqlalchemy import and_, exists, select

from layers.areas import to_units
from layers.errors import StoreBusy
from layers.population import KINDS, Counts, inner_point
from layers.population import groups_of as vacant_groups
from layers.zones import Claim, Groups, Slice, Sum, Values, name_of, needs_ground, rank_of, rest, share_out, total

from .rows import Reader, among, chunks
from .schema import TABLES, ZONE_MEMBERS
from .store import Store
from .zone_members import fact_columns, groups_of

if TYPE_CHECKING:  # it counts the need for staff from here
    from .coverage_cache import CoverageCache
    from .tree import Node

ZONES, BUILDINGS, UNITS, SHARES = (TABLES[name] for name in ("zones", "buildings", "units", "shares"))
FACTS = frozenset(("buildings", "units", "cells", "shares", "zones"))  # what the sums hang on
TRIES = 20


@dataclass(slots=True)
class Standing:
    """The zones in force at one revision: kind and rank of each, its own sum, whom it covers and where."""

    kinds: dict[int, str] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)  # zones, the strictest first
    owners: dict[int, int | None] = field(default_factory=dict)
    sums: dict[int, Sum] = field(default_factory=lambda: defaultdict(Sum))  # of each zone alone
    leaves: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # with places of each zone
    by_leaf: dict[int, dict[str, Sum]] = field(default_factory=dict)  # everybody once
    blank: set[int] = field(default_factory=set)  # zones over a leaf nobody counted
    covered: dict[str, dict[int, str]] = field(default_factory=lambda: {"units": {}, "buildings": {}, "cells": {}})

    def put(self, layer: str, fid: int, leaf: int, zone: int, values: Values, special: Any, *, part: bool = False) -> None:
        """One place, or a part of it, to the zone that is the strictest over it."""
        kind = self.kinds[zone]
        self.covered[layer].setdefault(fid, kind)
        self.by_leaf.setdefault(leaf, defaultdict(Sum))[kind].add(values, special, estimated=part)


def standing(reader: Reader) -> Standing:
    """The zones in force and everybody they hold."""
    profile, found = reader.rules.profile, Standing()
    rows = reader.connection.execute(select(ZONES.c.fid, ZONES.c.kind, ZONES.c.area).where(ZONES.c.status == "in_force")).all()
    for row in sorted(rows, key=lambda row: (-rank_of(profile, row.kind), row.fid)):
        found.order.append(row.fid)
        found.kinds[row.fid], found.owners[row.fid] = name_of(profile, row.kind), row.area
    if rows:
        _places(reader, found)
        _cells(reader, found)
    return found


def covered(reader: Reader, scope_path: str | None = None) -> dict[str, dict[int, str]]:
    """{layer: {fid: kind}} of the stairwells, buildings without stairwells and cells in zones in force, by the strictest;
    of a cell also when only a part of it is inside. With a path those that stand under it."""
    found = standing(reader).covered
    if scope_path is None:
        return found
    answer: dict[str, dict[int, str]] = {}
    for layer, kinds in found.items():
        table, inside = TABLES[layer], set()
        for chunk in chunks(sorted(kinds)):
            where = and_(table.c.fid.in_(chunk), reader.in_scope(layer, [scope_path]))
            inside.update(reader.connection.execute(select(table.c.fid).where(where)).scalars())
        answer[layer] = {fid: kind for fid, kind in kinds.items() if fid in inside}
    return answer


def residents_by_leaf(reader: Reader) -> dict[int, dict[str, int]]:
    """{leaf: {kind: people}} of the zones in force, everybody once; kinds nobody is known in are left out."""
    place = KINDS.index(reader.rules.population_kind)
    return {leaf: known for leaf, kinds in standing(reader).by_leaf.items()
            if (known := {kind: one.values[place] for kind, one in kinds.items() if one.values[place]})}


# ---- places ----------------------------------------------------------------------------------------------------------
def _places(reader: Reader, found: Standing) -> None:
    """Stairwells and buildings. A building that is inside as a whole brings stairwells that came since."""
    rank = {zone: place for place, zone in enumerate(found.order)}
    members, other = ZONE_MEMBERS, ZONE_MEMBERS.alias()
    force = among(reader, members.c.zone, found.order)  # by number: those of lifted zones, which only grow, are not walked through

    def asked(table, layer: str, on):
        return (select(*fact_columns(table), members.c.zone)
                .select_from(members.join(table, on)).where(members.c.layer == layer, force))
    named = exists().where(other.c.zone == members.c.zone, other.c.layer == "units", other.c.fid == UNITS.c.fid)
    units = [*reader.connection.execute(asked(UNITS, "units", UNITS.c.fid == members.c.fid)),
             *reader.connection.execute(asked(UNITS, "buildings", UNITS.c.building == members.c.fid).where(~named))]
    alone = ~exists().where(UNITS.c.building == BUILDINGS.c.fid)
    buildings = reader.connection.execute(asked(BUILDINGS, "buildings", BUILDINGS.c.fid == members.c.fid).where(alone)).all()
    for layer, rows in (("units", units), ("buildings", buildings)):
        best: dict[int, tuple[int, int | None, Values, Groups]] = {}
        for fid, area, special, *values, zone in rows:
            groups = groups_of(special)
            found.sums[zone].add(values, groups)
            found.leaves[zone].add(area)
            if fid not in best or rank[zone] < rank[best[fid][0]]:
                best[fid] = zone, area, values, groups
        for fid, (zone, area, values, groups) in sorted(best.items()):
            found.put(layer, fid, area, zone, values, groups)


def _cells(reader: Reader, found: Standing) -> None:
    """Cells: whole ones by their shares, parts by what was frozen."""
    rank = {zone: place for place, zone in enumerate(found.order)}
    members = ZONE_MEMBERS
    claims: dict[int, list[Claim]] = defaultdict(list)
    rows = reader.connection.execute(select(members.c.zone, members.c.fid, members.c.part).where(
        members.c.layer == "cells", among(reader, members.c.zone, found.order)))
    for row in rows:
        claims[row.fid].append(Claim(row.zone, row.part))
    slices: dict[int, list[Slice]] = defaultdict(list)
    for chunk in chunks(sorted(claims)):
        shares = select(*fact_columns(SHARES), SHARES.c.cell).where(SHARES.c.cell.in_(chunk)).order_by(SHARES.c.fid)
        for _, area, special, *values, cell in reader.connection.execute(shares):
            slices[cell].append(Slice(area, tuple(values), groups_of(special)))
    for own in claims.values():
        own.sort(key=lambda claim: rank[claim.zone])
    ground = _Ground(reader, claims, slices)
    for cell, own in claims.items():
        held = slices[cell]
        for claim in own:  # each zone alone
            taken = Sum()
            for _, leaf, values, special in ground.shared(cell, [claim], held):
                taken.add(values, special)
                found.leaves[claim.zone].add(leaf)
            found.sums[claim.zone].add(taken.values, taken.special, estimated=claim.part is not None)
        for zone, leaf, values, special in ground.shared(cell, own, held):
            part = next(claim for claim in own if claim.zone == zone).part is not None
            if any(values) or special or len(own) == 1:
                found.put("cells", cell, leaf, zone, values, special, part=part)


class _Ground:
    """Reads the ground of cells, leaves and zones where a cell is held in parts, once each. Public: shared."""

    def __init__(self, reader: Reader, claims: Mapping[int, Sequence[Claim]], slices: Mapping[int, Sequence[Slice]]):
        needed = {cell for cell, own in claims.items() if needs_ground(own, len(slices[cell]))}
        zones = {claim.zone for cell in needed for claim in claims[cell]}
        leaves = {one.area for cell in needed for one in slices[cell]}
        self.cells = {row["fid"]: to_units(row["geom"]) for row in reader.rows("cells", fids=sorted(needed))}
        self.zones = {row["fid"]: to_units(row["geom"]) for row in reader.rows("zones", fids=sorted(zones))}
        self.leaves = {fid: area.shape for fid, area in reader.areas(sorted(leaves)).items()}

    def shared(self, cell: int, claims: Sequence[Claim], slices: Sequence[Slice]):
        """`share_out` with the ground it has to know."""
        if cell in self.cells and needs_ground(claims, len(slices)):
            shape = self.cells[cell]
            claims = [Claim(one.zone, one.part, shapely.intersection(self.zones[one.zone], shape)) for one in claims]
            slices = [Slice(one.area, one.values, one.special, self.leaves.get(one.area)) for one in slices]
        return share_out(claims, slices)


# ---- tables ----------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Kept:
    """What was found at a revision, until a commit touches what it hangs on."""

    turn: Any = field(default_factory=threading.Lock)
    rev: int = -1
    standing: Standing = field(default_factory=Standing)
    unknown: dict[int, int] = field(default_factory=dict)  # leaf nobody counted -> the strictest zone over it
    points: dict[int, tuple[int, shapely.Point]] = field(default_factory=dict)  # inner points of leaves, with the revision


_KEPT: WeakKeyDictionary[CoverageCache, _Kept] = WeakKeyDictionary()
_MAKING = threading.Lock()


def sums_of(store: Store, cache: CoverageCache) -> ZoneSums:
    """The sums kept beside a coverage cache, one per process."""
    with _MAKING:
        kept = _KEPT.setdefault(cache, _Kept())
    return ZoneSums(store, cache, kept)


class ZoneSums:
    """Reads what the zones in force hold at the last commit, once for all who ask. Public: figures, summary."""

    def __init__(self, store: Store, cache: CoverageCache, kept: _Kept):
        self.store, self.cache, self._kept = store, cache, kept

    def figures(self, zones: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Of each of these zones in force, whether another covers it or not: what its members are now."""
        _, _, found, _ = self._look()
        answer = {}
        for zone in zones:
            if zone in found.kinds and zone in found.sums:
                told = _figures(found.sums[zone].counts, self.store.rules.population_kind, known=zone not in found.blank)
                answer[zone] = {name: told[name] for name in ("households", "population", "special", "special_total", "estimated")}
        return answer

    def summary(self, fids: Sequence[int]) -> dict[str, Any]:
        """The table of kinds of these areas, which do not overlap: everybody once, and the rest as the fill kind."""
        rev, nodes, found, unknown = self._look()
        rules = self.store.rules
        tops = [nodes[fid] for fid in fids if fid in nodes]
        paths = tuple(top.path for top in tops)

        def inside(fid: int | None) -> bool:
            node = nodes.get(fid)
            return node is not None and node.path.startswith(paths)
        here: dict[str, list[Sum]] = defaultdict(list)
        for leaf, kinds in found.by_leaf.items():
            if inside(leaf):
                for kind, one in kinds.items():
                    here[kind].append(one)
        blank = [zone for leaf, zone in unknown.items() if inside(leaf)]
        zones = [zone for zone in found.order
                 if inside(found.owners[zone]) or zone in blank or any(inside(leaf) for leaf in found.leaves[zone])]
        rows, taken = [], Sum()
        drawn = [kind.id for kind in sorted(rules.profile.kinds, key=lambda kind: -kind.rank) if kind.id != rules.profile.fill_kind]
        for kind in [*drawn, *sorted({found.kinds[zone] for zone in zones} - {*drawn})]:
            own = total(here[kind])
            taken.merge(own)
            number = sum(found.kinds[zone] == kind for zone in zones)
            missing = sum(found.kinds[zone] == kind for zone in blank)
            rows.append({"kind": kind, "zones": number, **_figures(own.counts, rules.population_kind, known=not missing),
                         "unknown_areas": missing, "derived": False})
        whole = Counts()
        for top in tops:
            whole = whole + top.counts
        missing = sum(top.leaves - top.counted_leaves for top in tops)
        if rules.profile.fill_kind:
            left = rest(whole, taken.counts) if zones else Counts()
            told = _figures(left, rules.population_kind, known=bool(zones) and not missing)
            rows.append({"kind": rules.profile.fill_kind, "zones": 0, **told, "unknown_areas": missing - len(blank) if zones else 0,
                         "derived": True})
        people = {"households": whole.households, "population": whole.people(rules.population_kind)}
        declared = {name: _sum(top.get(f"declared_{name}") for top in tops) for name in people}
        told = any(value is not None for value in declared.values())
        return {"scope": {"code": tops[0].code, "name": tops[0].name} if len(tops) == 1 else {"code": None, "name": None},
                "kinds": rows, "total": people | {"unknown_areas": missing}, "declared": declared if told else None,
                "declared_difference": {name: None if None in (value, people[name]) else value - people[name]
                                        for name, value in declared.items()} if told else None,
                "as_of": self.store.clock().isoformat(timespec="seconds"), "rev": rev}

    def _look(self) -> tuple[int, Mapping[int, Node], Standing, dict[int, int]]:
        """Revision, areas, zones and who is unknown, all of the same commit."""
        kept = self._kept
        for _ in range(TRIES):
            rev = self.cache.sync()
            nodes = self.cache.nodes
            with kept.turn, self.store.read() as reader:
                if reader.rev != rev:  # somebody committed in between
                    continue
                if kept.rev != rev and not (0 <= kept.rev < rev and _untouched(reader, kept.rev)):
                    kept.standing = standing(reader)
                    kept.unknown = self._unknown(reader, nodes, kept.standing)
                kept.rev = rev
                return rev, nodes, kept.standing, kept.unknown
        raise StoreBusy("others keep writing; try again")

    def _unknown(self, reader: Reader, nodes: Mapping[int, Node], found: Standing) -> dict[int, int]:
        """Leaves nobody counted that lie in a zone in force, by their inner point; every zone over one is `blank` there."""
        rows = {row["fid"]: row["geom"] for row in reader.rows("zones", fids=found.order)}
        unknown: dict[int, int] = {}
        points = self._kept.points
        for zone in found.order:
            near = [fid for fid in self.cache.near(rows[zone].bounds) if fid in nodes and nodes[fid].leaf and not nodes[fid].counted_leaves]
            lost = [fid for fid in near if points.get(fid, (-1,))[0] != nodes[fid].rev]
            points.update((area.fid, (area.rev, inner_point(area.shape))) for area in reader.areas(lost).values())
            shape = to_units(rows[zone])
            shapely.prepare(shape)
            inside = [fid for fid in near if fid in points and shapely.intersects(shape, points[fid][1])]
            for fid in inside:
                unknown.setdefault(fid, zone)
            if inside:
                found.blank.add(zone)
        return unknown


def _untouched(reader: Reader, since: int) -> bool:
    """True when no commit since touched what the sums hang on."""
    return not any(step["touched"].get("all") or step["touched"]["areas"] or step["touched"]["retired"]
                   or FACTS & step["touched"]["layers"].keys() for step in reader.revisions_since(since))


def _figures(counts: Counts, population_kind: str, *, known: bool = False) -> dict[str, Any]:
    """Figures of a row; nothing at all is zero where it is `known` that nothing is missing."""
    none = 0 if known and not counts.facts else None
    households, people = counts.households, counts.people(population_kind)
    special = vacant_groups(counts, counted=known)
    if special is None and none == 0 and not any(counts.values):
        special = {}
    return {"households": none if households is None else households, "population": none if people is None else people,
            "special": dict(special or {}), "special_total": None if special is None else sum(special.values()),
            "estimated": counts.estimated}


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
