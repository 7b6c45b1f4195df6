"""Staff: what is needed, who is there, what is missing; unknown where nobody was ever entered."""

from __future__ import annotations

from layers.rules import Profile, Role, Rules
from layers.staffing import routine_need, staffing

ROLES = [Role("leader", "网格长", "Leader", {"grid": 1}), Role("worker", "网格员", "Worker", {"grid": 3, "micro_grid": 1}),
         Role("head", "楼栋长", "Head", per_building=1), Role("volunteer", "志愿者", "Volunteer")]  # fmt: skip
RULES = Rules([], {}, ROLES, [], Profile("", ""), [])


def test_an_area_needs_the_roles_of_its_level_and_a_leaf_heads_of_its_buildings():
    assert routine_need(RULES, "grid", 0, leaf=False) == {"leader": 1, "worker": 3}
    assert routine_need(RULES, "micro_grid", 4, leaf=True) == {"worker": 1, "head": 4}
    assert routine_need(RULES, "grid", 7, leaf=False) == {"leader": 1, "worker": 3}, "buildings are needed below"
    assert routine_need(RULES, "community", 0, leaf=True) == {}


def test_a_gap_is_counted_role_by_role():
    told = staffing(RULES, {"leader": 1, "worker": 3}, {"worker": 5, "volunteer": 2})
    assert (told["need"], told["have"], told["gap"]) == (4, 7, 1), (
        "volunteers and workers too many fill no leader's place"
    )
    assert told["roles"] == [
        {"role": "leader", "need": 1, "have": 0, "gap": 1}, {"role": "worker", "need": 3, "have": 5, "gap": 0},
        {"role": "volunteer", "need": 0, "have": 2, "gap": 0}]  # fmt: skip


def test_where_nobody_was_ever_entered_have_and_gap_are_unknown():
    told = staffing(RULES, {"worker": 3}, None)
    assert (told["need"], told["have"], told["gap"]) == (3, None, None)
    assert told["roles"] == [{"role": "worker", "need": 3, "have": None, "gap": None}]


def test_where_everybody_left_nobody_is_there():
    assert staffing(RULES, {"worker": 3}, {})["gap"] == 3 and staffing(RULES, {"worker": 3}, {})["have"] == 0
    assert staffing(RULES, {}, {}) == {"need": 0, "have": 0, "gap": 0, "roles": []}
