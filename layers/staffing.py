"""Staff: what the norms ask for (应配), who is there (在岗), what is missing (缺口)."""

from __future__ import annotations

from collections.abc import Mapping

from .rules import Rules


def routine_need(rules: Rules, level: str, homes: int, *, leaf: bool) -> dict[str, int]:
    """People by role one area needs of its own: its level's roles, and, on a leaf, heads of its inhabited buildings.
    A parent adds its children's need to its own."""
    need = {}
    for role in rules.roles:
        number = role.per_area.get(level, 0) + (role.per_building * homes if leaf else 0)
        if number:
            need[role.id] = number
    return need


def staffing(rules: Rules, need: Mapping[str, int], have: Mapping[str, int] | None) -> dict:
    """{"need", "have", "gap", "roles"}: `have` and `gap` are None where nobody was ever entered (unknown, not 0).
    The gap counts missing people role by role: a volunteer too many does not fill a missing leader."""
    total_need = sum(need.values())
    roles = [{"role": role.id, "need": need.get(role.id, 0), "have": None if have is None else have.get(role.id, 0)}
             for role in rules.roles if need.get(role.id) or (have or {}).get(role.id)]
    if have is None:
        return {"need": total_need, "have": None, "gap": None, "roles": roles}
    gap = sum(max(0, number - have.get(role, 0)) for role, number in need.items())
    return {"need": total_need, "have": sum(have.values()), "gap": gap, "roles": roles}
