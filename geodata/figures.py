"""Figures of areas as people read them: households, people by kind, special groups, staffing, known share, norm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import or_, select

from layers.areas import Area
from layers.measure import area_m2
from layers.norms import norm_of, verdict
from layers.population import Counts, groups_of
from layers.rules import Rules
from layers.schema import PEOPLE_KINDS
from layers.staffing import leaf_need, routine_need, staffing

from .rows import Reader, chunks
from .schema import AREAS, HISTORY, TABLES

STAFF = TABLES["staff"]


def figures(rules: Rules, level: str, attributes: Mapping[str, Any], counts: Counts, *, leaves: int, counted_leaves: int,
            need: Mapping[str, int], have: Mapping[str, int] | None, area: float) -> dict[str, Any]:
    """The figures of one area or sum. `known_share` = counted leaves / leaves; of one leaf, known facts / facts."""
    if leaves == 1:
        known = 0.0 if not counts.facts else 1 - counts.unknown / counts.facts
    else:
        known = counted_leaves / leaves if leaves else 0.0
    special = groups_of(counts, counted=known == 1.0)
    return {
        "households": counts.households, "population": counts.people(rules.population_kind),
        "population_kind": rules.population_kind, "people": {kind: counts.people(kind) for kind in PEOPLE_KINDS},
        "special": {group.id: special.get(group.id, 0) for group in rules.special_groups} if special is not None else {},
        "special_total": None if special is None else sum(special.values()),
        "known_share": round(known, 6), "leaves": leaves, "unknown_leaves": leaves - counted_leaves,
        "buildings": counts.buildings, "estimated": counts.estimated, "counted_at": counts.counted_at,
        "staff": staffing(rules, need, have), "area_m2": round(area, 1),
        "norm": verdict(norm_of(rules, level, dict(attributes)), counts.households, counted=known == 1.0)}


def leaf_figures(reader: Reader, areas: Sequence[Area], counts: Mapping[int, Counts], *,
                 have: Mapping[int, Mapping[str, int] | None], zone: Mapping[int, int] | None = None) -> dict[int, dict[str, Any]]:
    """Figures of leaves by fid, from counts and staff at hand; `zone` is the zone staff they need."""
    answer = {}
    for area in areas:
        own = counts.get(area.fid, Counts())
        answer[area.fid] = figures(
            reader.rules, area.level, area.attributes, own, leaves=1, counted_leaves=int(own.counted),
            need=leaf_need(reader.rules, area.level, own.homes, (zone or {}).get(area.fid, 0)), have=have.get(area.fid),
            area=float(area_m2(area.shape)))
    return answer


def sum_figures(rules: Rules, parts: Sequence[tuple[Area, Counts]], have: Mapping[int, Mapping[str, int] | None],
                above: Sequence[Area] = (), of: Area | None = None, zone: Mapping[int, int] | None = None) -> dict[str, Any]:
    """The figures of several leaves together (totals before and after an edit), with the staff of areas `above` them; as
    those of the area `of`, which they make up."""
    counts, need, there, zone = Counts(), defaultdict(int), None, zone or {}
    for area, own in (*parts, *((area, Counts()) for area in above)):
        counts = counts + own
        own_need = leaf_need(rules, area.level, own.homes, zone.get(area.fid, 0)) if area.leaf else routine_need(rules, area.level, 0, leaf=False)
        for role, number in own_need.items():
            need[role] += number
        staff = have.get(area.fid)
        if staff is not None:
            there = dict(there or {})
            for role, number in staff.items():
                there[role] = there.get(role, 0) + number
    level, attributes = (of.level, of.attributes) if of else ("", {})
    return figures(rules, level, attributes, counts, leaves=len(parts), counted_leaves=sum(own.counted for _, own in parts), need=need,
                   have=there, area=sum(float(area_m2(area.shape)) for area, _ in parts))


def staff_by_area(reader: Reader, today: str, fids: Iterable[int] | None = None) -> dict[int, dict[str, int]]:
    """{area fid: {role: people}} of those on the list today."""
    if fids is not None:
        fids = tuple(sorted(set(fids)))
    return dict(reader.once((staff_by_area, today, fids), lambda: _staff_by_area(reader, today, fids)))


def _staff_by_area(reader: Reader, today: str, fids: tuple[int, ...] | None) -> dict[int, dict[str, int]]:
    answer: dict[int, dict[str, int]] = defaultdict(dict)
    for chunk in ([None] if fids is None else chunks(fids)):
        statement = select(STAFF.c.area, STAFF.c.role).where(
            STAFF.c.area.is_not(None), or_(STAFF.c.starts_on.is_(None), STAFF.c.starts_on <= today),
            or_(STAFF.c.ends_on.is_(None), STAFF.c.ends_on >= today))
        if chunk is not None:
            statement = statement.where(STAFF.c.area.in_(chunk))
        for area, role in reader.connection.execute(statement):
            answer[area][role] = answer[area].get(role, 0) + 1
    return dict(answer)


def rostered(reader: Reader, areas: Sequence[Area]) -> set[int]:
    """Fids of those areas for which somebody was ever entered in their roster (the area of the roster level above
    them, else the top). Elsewhere "have" is unknown."""
    tops = {area.fid: roster_path(reader, area) for area in areas}
    known = {path for path in set(tops.values()) if reader.once((_ever_entered, path), partial(_ever_entered, reader, path))}
    return {fid for fid, path in tops.items() if path in known}


def roster_path(reader: Reader, area: Area) -> str:
    """The path of the area's roster."""
    fids = [int(part) for part in area.path.strip("/").split("/") if int(part) > 0]
    above = reader.heads([fid for fid in fids if fid != area.fid])
    for fid in fids:
        one = area if fid == area.fid else above.get(fid)
        if one is not None and one.level == reader.rules.roster_level:
            return one.path
    return f"/{fids[0]}/" if fids else area.path


def _ever_entered(reader: Reader, path: str) -> bool:
    under = select(AREAS.c.fid).where(reader.under(path))
    if reader.connection.execute(select(STAFF.c.fid).where(STAFF.c.area.in_(under)).limit(1)).first():
        return True
    if not reader.connection.execute(select(HISTORY.c.hid).where(HISTORY.c.layer == "staff").limit(1)).first():
        return False
    return any(entered.startswith(path) for entered in entered_paths(reader))


def entered_paths(reader: Reader) -> set[str]:
    """Paths of all areas in whose roster somebody was ever entered, also of those that are gone."""
    fids = set(reader.connection.execute(select(STAFF.c.area).where(STAFF.c.area.is_not(None)).distinct()).scalars())
    fids |= {row["area"] for row in reader.connection.execute(select(HISTORY.c.row).where(HISTORY.c.layer == "staff")).scalars()}
    paths: dict[int, str] = {}
    for chunk in chunks(fids - {None}):
        paths |= dict(tuple(row) for row in reader.connection.execute(select(AREAS.c.fid, AREAS.c.path).where(AREAS.c.fid.in_(chunk))))
    for chunk in chunks(fids - {None} - paths.keys()):
        gone = select(HISTORY.c.fid, HISTORY.c.row).where(HISTORY.c.layer == "areas", HISTORY.c.fid.in_(chunk)).order_by(HISTORY.c.hid)
        paths |= {fid: row["path"] for fid, row in reader.connection.execute(gone)}
    return set(paths.values())
