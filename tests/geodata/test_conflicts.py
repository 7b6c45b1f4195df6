"""Two planners on the same ground: who is told what, and what is no conflict at all."""

from __future__ import annotations

import random

import pytest
import shapely
from shapely.geometry import mapping

from geodata import committing, redrawing, undoing
from geodata.store import Store
from layers.areas import to_degrees, to_units
from layers.errors import Stale, UndoBlocked
from tests.counts import count
from tests.geodata.stores import assert_whole, content, dump
from tests.geodata.work import commit, cut, undo

BEYOND = 900  # units


def leaf(store: Store, code: str) -> shapely.MultiPolygon:
    with store.read() as reader:
        return reader.area(code).shape


def across(store: Store, code: str, share: float, *, upright: bool = False) -> dict:
    """A cut through an area at that share of its width (or height)."""
    west, south, east, north = leaf(store, code).bounds
    if upright:
        ends = [(west - BEYOND, south + (north - south) * share), (east + BEYOND, south + (north - south) * share + 7)]
    else:
        ends = [(west + (east - west) * share, south - BEYOND), (west + (east - west) * share + 7, north + BEYOND)]
    return {"op": "split", "targets": [code], "line": mapping(to_degrees(shapely.LineString(ends)))}


def stale(store: Store, form: dict) -> Stale:
    before = dump(store)
    with pytest.raises(Stale) as refusal:
        commit(store, form, "second")
    assert dump(store) == before, "a refused edit changes nothing"
    return refusal.value


def test_the_second_cut_through_one_area_is_told_both_lines(town: Store):
    first, mine = across(town, "30", 0.5), across(town, "30", 0.5, upright=True) | {"versions": {"30": 1}}
    commit(town, first, "first")
    told = stale(town, mine).details
    assert [area["code"] for area in told["areas"]] == ["30"] and told["areas"][0]["retired"] is False
    assert [(edit["actor"], edit["op"]) for edit in told["edits"]] == [("first", "split")]
    theirs = to_units(shapely.geometry.shape(told["lines"]))
    drawn = to_units(shapely.geometry.shape(first["line"]))
    assert shapely.hausdorff_distance(theirs, shapely.intersection(drawn, theirs.envelope.buffer(5))) < 150, "their line as it was drawn"
    assert told["gone"] is None and len(told["now"]) == 2


def test_an_area_that_was_merged_away_is_a_conflict_and_not_a_riddle(town: Store):
    commit(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"}, "first")
    told = stale(town, {"op": "split", "targets": ["32"], "line": across(town, "31", 0.5)["line"], "versions": {"32": 1}}).details
    assert told["areas"][0]["code"] == "32" and told["areas"][0]["retired"] is True
    assert told["lines"] is None and told["gone"] is not None, "the border between them went"
    assert [edit["op"] for edit in told["edits"]] == ["merge"]


@pytest.mark.parametrize("what", ["a new name", "a neighbour's cut", "a cut that was undone", "vertices at both ends"])
def test_what_does_not_touch_the_ground_is_no_conflict(town: Store, what: str):
    with town.read() as reader:
        ground = reader.area("30")
        near = next(one for one in reader.leaves_near(ground.shape.bounds)
                    if one.fid != ground.fid and one.parent == ground.parent
                    and shapely.intersection(one.shape, ground.shape).length > 0 and not one.locked)
    mine = cut(town, "30", versions={"30": 1})
    if what == "a new name":
        with town.write("first", "attributes") as tx:
            tx.write_area(ground, redrawing.replace(ground, name="another"))
    elif what == "a cut that was undone":
        commit(town, across(town, "30", 0.4), "first")
        with town.read() as reader:
            rev = reader.rev
        undo(town, rev, "first")
    else:
        for _ in range(2 if what == "vertices at both ends" else 1):
            commit(town, cut(town, near.code), "first")
    commit(town, mine, "second")
    assert_whole(town)


@pytest.mark.parametrize("upright", [True, False], ids=["lines that cross", "lines side by side: their ends lie on one border"])
def test_my_line_instead_of_theirs_is_one_edit_and_one_undo_brings_theirs_back(town: Store, upright: bool):
    form = across(town, "30", 0.4, upright=upright) | {"versions": {"30": 1}}
    commit(town, across(town, "30", 0.5), "first")
    with town.read() as reader:
        theirs, shapes = reader.rev, {area.code: shapely.to_wkb(area.shape) for area in reader.all_areas()}

    def instead(tx):
        undoing.take_back(tx, theirs)
        return committing.save(tx, redrawing.draft(tx, form))[1]

    town.attempt("second", "split", instead, form=form)
    assert_whole(town)
    with town.read() as reader:
        assert reader.rev == theirs + 1
        assert {area.code for area in reader.leaves_near(leaf(town, "30").bounds)} >= {"30"}
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, theirs, "first")
    assert blocked.value.details["edits"] == [theirs + 1]
    undo(town, theirs + 1, "second")
    with town.read() as reader:
        assert {area.code: shapely.to_wkb(area.shape) for area in reader.all_areas()} == shapes
    assert_whole(town)


@pytest.mark.parametrize("since", [False, True], ids=["nothing came since", "a neighbour was cut since"])
@pytest.mark.parametrize("number", [1, 3])
def test_whatever_my_line_replaced_is_there_again_after_undo_and_gone_after_redo(town: Store, number: int, since: bool):
    for seed in range(count(2, 40)):
        dice = random.Random(seed * 7 + number)
        ground, states, revs = leaf(town, "30"), [content(town)], []
        mine = across(town, "30", dice.uniform(0.2, 0.8), upright=dice.random() < 0.3)
        for _ in range(number):
            with town.read() as reader:
                pieces = [area.code for area in reader.leaves_near(ground.bounds) if ground.contains(area.shape.representative_point())]
            commit(town, across(town, "30", dice.uniform(0.2, 0.8)) | {"targets": pieces}, "first")
            states.append(content(town))
            with town.read() as reader:
                revs.append(reader.rev)

        def instead(tx, mine=mine, revs=tuple(revs)):
            for rev in reversed(revs):
                undoing.take_back(tx, rev)
            return committing.save(tx, redrawing.draft(tx, mine))[1]

        town.attempt("second", "split", instead, form=mine)
        with town.read() as reader:
            rev = reader.rev
        if since:
            commit(town, cut(town, "20"), "third")
            third = rev + 1
        after = content(town)
        for _ in range(2):
            undone = undo(town, rev, "second")
            assert_whole(town)
            assert since or content(town) == states[-1]
            rev = undo(town, undone, "second")
            assert_whole(town)
            assert since or content(town) == after
        undo(town, rev, "second")
        for earlier, before in zip(reversed(revs), reversed(states[:-1]), strict=True):
            undo(town, earlier, "first")
            assert since or content(town) == before, (seed, earlier)
        if since:  # vertices that came stay
            assert shapely.hausdorff_distance(leaf(town, "30"), ground) < 3
            undo(town, third, "third")
        assert_whole(town)
