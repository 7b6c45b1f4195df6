"""Posts: hours, states, shifts and what they serve after a redraw, by examples worked out by hand; and the norms of staff."""

from __future__ import annotations

import pytest

from layers.checkpoints import gap_of, is_due, minutes_of, required_of, roster_need, served_after, shifts_of, state_of
from layers.rules import PostKind, Profile, Role, Rules, ZoneKind
from layers.staffing import leaf_need, staffing, zone_need
from mapapp.config import load

KINDS = {"gate": PostKind("门", "Gate", "07:00-23:00", 2), "exit": PostKind("口", "Exit", "00:00-24:00", 0, True)}
ZONES = [ZoneKind("lockdown", "封", "L", 30, "封", "L", 10), ZoneKind("control", "管", "C", 20, "管", "C", 50),
         ZoneKind("free", "无", "F", 5, "无", "F")]
ROLES = [Role("leader", "长", "Leader", {"grid": 1}), Role("volunteer", "志", "Volunteer", in_zones=True),
         Role("zone_staff", "管", "Zone staff", in_zones=True)]
RULES = Rules([], {}, ROLES, [], Profile("", "", ZONES), [], posts=KINDS)


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@pytest.mark.parametrize(("hours", "span"), [
    ("07:00-23:00", (420, 1380)), ("00:00-24:00", (0, 1440)), ("19:00 - 07:00", (1140, 420)), ("7-23", None), ("08:00-08:00", None),
    ("24:00-08:00", None), ("07:00-25:00", None), ("day and night", None), ("", None)])
def test_hours_are_read_or_are_none(hours, span):
    assert minutes_of(hours) == span


@pytest.mark.parametrize(("hours", "at", "due"), [
    ("07:00-23:00", "06:59", False), ("07:00-23:00", "07:00", True), ("07:00-23:00", "23:00", False), ("19:00-07:00", "03:00", True),
    ("19:00-07:00", "12:00", False), (None, "03:00", True)])
def test_a_post_is_manned_within_its_hours_also_over_midnight(hours, at, due):
    assert is_due(hours, clock(at)) is due


@pytest.mark.parametrize(("hours", "shifts"), [("00:00-24:00", 3), ("07:00-23:00", 2), ("08:00-16:00", 1),
    ("08:00-17:00", 2), ("19:00-07:00", 2), (None, 3)])
def test_a_day_has_three_shifts_of_eight_hours(hours, shifts):
    assert shifts_of(RULES, hours) == shifts


def test_a_post_needs_people_times_shifts_on_its_list():
    assert roster_need(RULES, {"required": 3, "hours": "00:00-24:00"}) == 9
    assert roster_need(RULES, {"kind": "gate", "hours": "07:00-23:00"}) == 4, "what is not said is the norm of its kind"
    assert roster_need(RULES, {"required": 3, "hours": "00:00-24:00", "state": "closed"}) == 0
    assert required_of(RULES, {"kind": "elsewhere"}) == 2, "the kit is for two people"


@pytest.mark.parametrize(("post", "at", "state", "gap"), [
    ({"required": 2, "present": 2}, None, "manned", 0),
    ({"required": 2, "present": 3}, None, "manned", 0),
    ({"required": 2, "present": 1}, None, "short", 1),
    ({"required": 2, "present": 0}, None, "short", 2),
    ({"required": 2, "present": None}, None, "unknown", None),
    ({"required": 2, "present": 2, "state": "closed"}, None, "closed", 0),
    ({"required": 2, "present": 0, "hours": "07:00-23:00"}, "02:00", "closed", 0),
    ({"required": 2, "present": 0, "hours": "07:00-23:00"}, "08:00", "short", 2),
    ({"kind": "exit", "present": None}, None, "closed", 0),
    ({"kind": "exit", "present": 1}, None, "manned", 0),
    ({"kind": "gate", "present": 1}, None, "short", 1)])
def test_a_state_follows_from_the_people_there_and_unknown_is_not_short(post, at, state, gap):
    minute = None if at is None else clock(at)
    assert state_of(RULES, post, minute) == state and gap_of(RULES, post, minute) == gap


@pytest.mark.parametrize(("served", "led", "gone", "after"), [
    ([1], [(1, 7)], (), [1, 7]),  # cut: both parts
    ([1, 2], [(2, 1)], (2,), [1]),  # merged: one
    ([2], [(2, 1)], (2,), [1]),  # retired: its successor
    ([3], [(1, 7)], (), [3]),
    ([5, 1], [(1, 9), (1, 8)], (), [5, 1, 8, 9])])  # fmt: skip
def test_a_post_serves_every_part_of_a_cut_area_and_the_successor_of_a_retired_one(served, led, gone, after):
    assert served_after(served, led, gone) == after


def test_residents_in_zones_need_staff_rounded_up_once_per_kind():
    # Panhuo: 701 people locked down at 10 : 1 are 71, 9,341 under control at 50 : 1 are 187
    assert zone_need(RULES, {"lockdown": 701}) == 71 and zone_need(RULES, {"control": 9341}) == 187
    assert zone_need(RULES, {"lockdown": 11, "control": 51}) == 2 + 2
    assert zone_need(RULES, {"lockdown": 0, "free": 500, "elsewhere": 9}) == 0
    assert leaf_need(RULES, "grid", 0, 3) == {"leader": 1, "zone_staff": 3} and leaf_need(RULES, "grid", 0) == {"leader": 1}


def test_who_has_no_routine_work_helps_in_zones():
    told = staffing(RULES, {"leader": 1, "zone_staff": 10}, {"volunteer": 4, "zone_staff": 3})
    assert (told["need"], told["have"], told["gap"]) == (11, 7, 1 + 10 - 3 - 4)
    assert {one["role"]: one["gap"] for one in told["roles"]} == {"leader": 1, "volunteer": 0, "zone_staff": 3}
    assert staffing(RULES, {"zone_staff": 2}, {"volunteer": 9})["gap"] == 0, "more help than needed fills no other place"
    assert staffing(RULES, {"leader": 1, "zone_staff": 2}, {"volunteer": 9})["gap"] == 1


def test_the_settings_hold_the_norms_of_the_design():
    rules = load(environ={}).rules
    assert (rules.posts["county_road"].hours, rules.posts["county_road"].required) == ("00:00-24:00", 3)
    assert (rules.posts["estate_gate"].hours, rules.posts["estate_gate"].required) == ("07:00-23:00", 2)
    assert (rules.posts["lockdown_gate"].hours, rules.posts["lockdown_gate"].required) == ("00:00-24:00", 2)
    assert rules.posts["emergency_exit"].phone and rules.staffing.shifts_per_day == 3
    kit = rules.kit
    assert (kit.tables, kit.people, len(kit.tools_zh), len(kit.questions_zh)) == (1, 2, 3, 4), "the rule 1234"
    assert len(kit.tools_en) == 3 and len(kit.questions_en) == 4
    for kind in rules.profile.kinds:
        assert kind.passage_zh and kind.passage_en, f"{kind.id}: nobody is told who may pass"
