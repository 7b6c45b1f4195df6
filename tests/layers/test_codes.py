"""Which code a new area gets: never one that was ever used, and of the form the profile asks for."""

from __future__ import annotations

import pytest

from layers.codes import PROFILES, fits, next_code
from layers.errors import BadCode
from layers.rules import Level, Profile, Rules

LEVELS = [Level("city", "市", "City", 4), Level("community", "社区", "Community", 12), Level("grid", "网格", "Grid", 15),
          Level("micro_grid", "微网格", "Micro-grid", 17), Level("yard", "院", "Yard")]  # fmt: skip
RULES = Rules(LEVELS, {}, [], [], Profile("", ""), [])


def free(*used: str) -> str:
    return next_code("free", RULES, "micro_grid", "A", "C", set(used).__contains__)


def test_free_codes_count_on_from_their_origin():
    assert free() == "A-2" and free("A-2") == "A-3" and free("A-2", "A-4") == "A-3"


def test_the_children_of_an_area_count_on_below_it():
    def child(code: str | None, *used: str) -> str:
        return next_code("free", RULES, "grid", code, "C", set(used).__contains__)

    assert child(None) == "C-1" and child(None, "C-1", "C-2") == "C-3", "the first child, or the first after others retired"
    assert child("C-1", "C-1") == "C-2" and child("C-12", "C-1", "C-2") == "C-3"
    assert child("C-01") == "C-01-2" and child("CC-1") == "CC-1-2", "codes of others are counted on as before"
    assert next_code("cn-15-17", RULES, "grid", None, "330205003001", {"330205003001001"}.__contains__) == "330205003001002"


def test_a_code_that_was_ever_used_is_left_out():
    assert free(*(f"A-{number}" for number in range(2, 40))) == "A-40"


def test_the_national_profile_numbers_below_the_parent():
    taken = {"33020500300101", "330205003001001"}
    found = next_code("cn-15-17", RULES, "grid", "330205003001001", "330205003001", taken.__contains__)
    assert found == "330205003001002"
    found = next_code(
        "cn-15-17", RULES, "micro_grid", "33020500300100101", "330205003001001", {"33020500300100101"}.__contains__
    )
    assert found == "33020500300100102"


def test_used_up_numbers_are_said():
    with pytest.raises(BadCode, match="99") as told:
        next_code("cn-15-17", RULES, "micro_grid", "33020500300100101", "330205003001001", lambda code: True)
    assert told.value.details == {"why": "used-up", "most": 99}


def test_a_level_without_digits_of_its_own_gets_no_number():
    for level, parent in (("yard", "330205003001001"), ("grid", "33020500300100101"), ("nowhere", "33")):
        with pytest.raises(BadCode):
            next_code("cn-15-17", RULES, level, "x", parent, lambda code: False)


@pytest.mark.parametrize(
    ("level", "code", "parent", "right"),
    [
        ("grid", "330205003001002", "330205003001", True),
        ("grid", "330205003002002", "330205003001", False),
        ("grid", "33020500300102", "330205003001", False),
        ("grid", "33020500300100A", "330205003001", False),
        ("grid", "３３０２０５００３００１００２", "", False),
        ("grid", "", "330205003001", False),
        ("yard", "anything", "330205003001", True),
        ("yard", "", "330205003001", False),
        ("city", "3302", None, True),
    ],
)
def test_the_national_profile_wants_digits_that_begin_with_the_parents(level, code, parent, right):
    assert fits("cn-15-17", RULES, level, code, parent) is right


def test_the_free_profile_only_wants_a_code():
    assert fits("free", RULES, "grid", "anything 网格", "other") and not fits("free", RULES, "grid", "", None)


def test_what_is_given_fits():
    for profile in PROFILES:
        used: set[str] = set()
        for _ in range(50):
            code = next_code(profile, RULES, "micro_grid", "33020500300100101", "330205003001001", used.__contains__)
            assert code not in used and fits(profile, RULES, "micro_grid", code, "330205003001001")
            used.add(code)
