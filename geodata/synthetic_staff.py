"""Who works in the invented town: leaders, workers, heads of buildings, volunteers, guards and teams, with gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from geodata import synthetic_names as names

# Roles by level: role, how many, share of these really found, organisation.
ROLES = {
    "grid": (("grid_leader", 1, .95, "{community}"), ("grid_worker", 3, .90, "{community}"),
             ("grid_adviser", 1, .45, "{town}")),
    "micro_grid": (("micro_leader", 1, .94, "{community}"), ("volunteer", 3, .62, "志愿者协会")),
    "community": (("police", 2, 1.0, "{town}派出所"), ("medic", 5, .88, "{town}卫生服务中心"),
                  ("seconded", 4, .85, "{town}"),
                  ("grid_worker_part", 6, .70, "{community}"), ("community_worker", 7, .93, "{community}")),
}
HEADS, GUARDS = .90, (2, 5)  # buildings with a head; guards of an estate with a wall
TEAMS = (("coordination", "综合协调组"), ("health_monitoring", "健康监测组"), ("medical_support", "医疗保障组"),
         ("disinfection", "消毒组"), ("transfer", "转运组"), ("logistics", "后勤保障组"), ("security", "安全保卫组"))
TEAM_OF_ROLE = {"medic": ("health_monitoring", "medical_support"), "police": ("security",),
                "seconded": ("coordination", "transfer", "logistics", "disinfection")}
SINCE = ("2023-03-01", "2024-01-15", "2024-09-01", "2025-03-10", "2025-07-01")


def staff(areas: Sequence[Mapping[str, Any]], buildings: Sequence[Mapping[str, Any]],
          estates: Sequence[Mapping[str, Any]], town: str, rng: np.random.Generator) -> tuple[list[dict], list[dict]]:
    """(staff, teams) as rows. `areas`: code, level, community (name); `buildings`: code, area_code, units, head;
    `estates`: area_code, walled, property_company. Some posts stay empty, some micro-grids have no leader."""
    people: list[dict] = []

    def add(role: str, organisation: str, **where: Any) -> None:
        people.append({"role": role, "organisation": organisation, **where})

    for area in areas:
        for role, wanted, found, organisation in ROLES.get(area["level"], ()):
            for _ in range(int(rng.binomial(wanted, found))):
                add(role, organisation.format(community=area["community"], town=town), area_code=area["code"])
    for building in buildings:
        if building["units"] and rng.random() < HEADS:
            add("building_head", "", area_code=building["area_code"], building_code=building["code"])
    for estate in estates:
        if estate["walled"]:
            for _ in range(int(rng.integers(*GUARDS))):
                add("property_guard", estate["property_company"], area_code=estate["area_code"])
    _join_teams(people, rng)
    for person, name, phone, since in zip(people, names.people(rng, len(people)), names.mobiles(rng, len(people)),
                                          rng.integers(0, len(SINCE), len(people)), strict=True):
        person |= {"name": name, "phone": phone, "starts_on": SINCE[since], "reassign": False}
    return people, _teams(areas, rng)


def _join_teams(people: list[dict], rng: np.random.Generator) -> None:
    """Put medics, police and seconded officers in town teams, and four workers of each community at the doors."""
    labels = dict(TEAMS)
    doors: dict[str, int] = {}
    for person in people:
        if choices := TEAM_OF_ROLE.get(person["role"]):
            person["team_name"] = labels[choices[int(rng.integers(len(choices)))]]
        elif person["role"] == "community_worker" and doors.get(person["area_code"], 0) < 4:
            doors[person["area_code"]] = doors.get(person["area_code"], 0) + 1
            person["team_name"] = person["organisation"] + "上门服务组"


def _teams(areas: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> list[dict]:
    town = next(area for area in areas if area["level"] == "town")
    rows = [{"name": name, "kind": kind, "area_code": town["code"]} for kind, name in TEAMS]
    rows += [{"name": area["community"] + "上门服务组", "kind": "door_service", "area_code": area["code"]}
             for area in areas if area["level"] == "community"]
    for row, phone in zip(rows, names.mobiles(rng, len(rows)), strict=True):
        row["phone"] = phone
    return rows
