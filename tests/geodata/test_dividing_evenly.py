"""Dividing evenly through the store: undo and redo give the same bytes, also when a neighbour was cut since; what was divided
is undone as one. On both stores."""

from __future__ import annotations

import pytest

from geodata import redrawing
from geodata.proposals import AT_HAND, Unsearched, forget, packed, patiently, unpacked
from layers.errors import TooFewParts, UndoBlocked
from tests.geodata.stores import assert_whole, content, people
from tests.geodata.test_dividing import assert_clean, shown, written
from tests.geodata.work import assert_there_and_back, commit, cut, undo

DIVIDE = {"op": "divide", "targets": ["11"], "parts": 3}


def neighbour_of(store, code: str):
    """A leaf beside it that is none of its own parts."""
    with store.read() as reader:
        own = reader.area(code)
        near = [area for area in reader.leaves_near(own.shape.bounds) if area.fid != own.fid and area.shape.intersection(own.shape).length > 1]
    return max(near, key=lambda area: area.shape.area)


def test_undo_and_redo_of_a_division_give_the_same_bytes(town) -> None:
    everybody, before = people(town), content(town)
    told = shown(town, DIVIDE)
    done = written(town, DIVIDE)
    assert [one["after"] for one in done["changed"]] == [one["after"] for one in told["changed"]]
    rev, after = town.head()[0], content(town)
    assert_clean(town)
    assert people(town) == everybody
    assert_there_and_back(town, [before, after], [rev])


def test_a_division_is_undone_when_a_neighbour_was_cut_since(town) -> None:
    everybody, beside = people(town), neighbour_of(town, "11")
    commit(town, DIVIDE)
    divided = town.head()[0]
    commit(town, cut(town, beside.code))
    with town.read() as reader:
        theirs = {area.code: area.shape for area in reader.all_areas(leaf=True) if area.code.startswith(beside.code)}
    undo(town, divided)
    assert_clean(town)
    assert_whole(town)
    assert people(town) == everybody
    with town.read() as reader:
        now = {area.code: area.shape for area in reader.all_areas(leaf=True)}
    assert [code for code in now if code.startswith("11")] == ["11"], "one area again"
    assert all(now[code].hausdorff_distance(shape) <= 2 for code, shape in theirs.items()), "the neighbour's cut stays"


def test_a_part_that_was_cut_since_blocks_the_way_back(town) -> None:
    commit(town, DIVIDE)
    divided = town.head()[0]
    commit(town, cut(town, "11"))
    before = content(town)
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, divided)
    assert town.head()[0] in blocked.value.details["edits"] and content(town) == before


def test_a_proposal_is_searched_outside_and_travels_as_bytes(town) -> None:
    forget()
    with town.read() as reader:
        with pytest.raises(Unsearched) as lacking:
            redrawing.draft(reader, DIVIDE, proposals=AT_HAND)
        made = patiently(lambda: redrawing.draft(reader, DIVIDE, proposals=AT_HAND))
        proposal = lacking.value.search()
        (copy,) = unpacked(packed({b"key": proposal})).values()
        assert packed({b"key": copy}) == packed({b"key": proposal}) and copy.aim == proposal.aim and copy.heavy == proposal.heavy
        assert [area.shape.wkb for area in redrawing.draft(reader, DIVIDE).edit.after] == [area.shape.wkb for area in made.edit.after]


def test_fewer_parts_than_parents_are_refused_with_the_least_there_can_be(town) -> None:
    with town.read() as reader, pytest.raises(TooFewParts) as few:
        redrawing.draft(reader, {"op": "divide", "targets": ["community-2", "community-3"], "parts": 1})
    assert few.value.details["least"] == 2
