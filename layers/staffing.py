"""Staff: what the norms ask for (应配), who is there (在岗), what is missing (缺口)."""

from __future__ import annotations

from collections.abc import Mapping

from .rules import Rules

ZONE_STAFF = "zone_staff"  # the role of those who look after people in zones


def routine_need(rules: Rules, level: str, homes: int, *, leaf: bool) -> dict[str, int]:
    """People by role one area needs of its own: its level's roles, and, on a leaf, heads of its inhabited buildings.
    A parent adds its children's need to its own."""
    need = {}
    for role in rules.roles:
        number = role.per_area.get(level, 0) + (role.per_building * homes if leaf else 0)
        if number:
            need[role.id] = number
    return need


def zone_need(rules: Rules, residents: Mapping[str, int]) -> int:
    """People who look after the residents of one leaf that are in zones in force, by kind of zone; each kind is rounded
    up once. Kinds without a norm need none."""
    norms = {kind.id: kind.residents_per_staff for kind in rules.profile.kinds}
    return sum(-(-number // norms[kind]) for kind, number in residents.items() if norms.get(kind) and number > 0)


def leaf_need(rules: Rules, level: str, homes: int, zone: int = 0) -> dict[str, int]:
    """The need of a leaf: routine, and `zone` people for its residents in zones."""
    need = routine_need(rules, level, homes, leaf=True)
    return need | {ZONE_STAFF: need.get(ZONE_STAFF, 0) + zone} if zone else need


def staffing(rules: Rules, need: Mapping[str, int], have: Mapping[str, int] | None) -> dict:
    """{"need", "have", "gap", "roles"}: `have` and `gap` are None where nobody was ever entered (unknown, not 0).
    The gap counts missing people role by role: a guard too many does not fill a missing leader. In zones, people of roles
    that work there (`in_zones`) help who have no routine work."""
    names = [role.id for role in rules.roles]
    names += [name for name in need if name not in names]
    there = have or {}
    missing = {name: max(0, need.get(name, 0) - there.get(name, 0)) for name in names}
    free = sum(max(0, there.get(role.id, 0) - need.get(role.id, 0)) for role in rules.roles if role.in_zones)
    if ZONE_STAFF in missing:
        missing[ZONE_STAFF] = max(0, missing[ZONE_STAFF] - free)
    known = have is not None
    roles = [{"role": name, "need": need.get(name, 0), "have": there.get(name, 0) if known else None,
              "gap": missing[name] if known else None} for name in names if need.get(name) or there.get(name)]
    return {"need": sum(need.values()), "have": sum(there.values()) if known else None,
            "gap": sum(missing.values()) if known else None, "roles": roles}
