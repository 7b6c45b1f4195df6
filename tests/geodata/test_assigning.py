"""Painted buildings through the store: they are where they were painted to, nobody is lost, undo and redo give the same
bytes, also after a neighbour was cut. On both stores."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
from sqlalchemy import select

from geodata import assigning
from geodata.schema import LINEAGE, TABLES
from geodata.store import Store
from layers.areas import to_units
from layers.errors import (
    AreaLocked,
    BadInput,
    EditRefused,
    MissingField,
    NotFound,
    OtherParent,
    PartsRefused,
    Stale,
    UndoBlocked,
    UnknownArea,
    WeigeError,
)
from tests.counts import count
from tests.geodata.stores import content, house, people
from tests.geodata.test_dividing import assert_clean, shown, written
from tests.geodata.work import assert_there_and_back, commit, cut, undo

BUILDINGS = TABLES["buildings"]


def held(store: Store, code: str) -> list[int]:
    """The buildings of a leaf."""
    with store.read() as reader:
        return list(reader.connection.scalars(
            select(BUILDINGS.c.fid).where(BUILDINGS.c.area == reader.area(code).fid).order_by(BUILDINGS.c.fid)))


def nearest(store: Store, giver: str, to: str, number: int = 1) -> list[int]:
    """The buildings of one leaf that stand nearest to another."""
    with store.read() as reader:
        shape = reader.area(to).shape
        rows = reader.rows("buildings", fids=held(store, giver))
        return [row["fid"] for row in sorted(rows, key=lambda row: shape.distance(shapely.centroid(to_units(row["geom"]))))[:number]]


def paint(buildings: list[int], to: str, **more) -> dict:
    return {"op": "assign_buildings", "buildings": buildings, "to": to, **more}


def owners(store: Store, buildings: list[int]) -> set[str]:
    with store.read() as reader:
        fids = {row["area"] for row in reader.rows("buildings", fids=buildings, geometry=False)}
        return {reader.areas([fid])[fid].code for fid in fids}


def test_what_is_painted_is_there_and_undo_and_redo_give_the_bytes(town):
    everybody, states, revs = people(town), [content(town)], []
    for giver, to in (("22", "12"), ("22", "32"), ("11", "12")):
        (one,) = nearest(town, giver, to)
        commit(town, paint([one], to))
        assert owners(town, [one]) == {to} and people(town) == everybody
        revs.append(town.head()[0])
        states.append(content(town))
    assert_clean(town)
    assert_there_and_back(town, states, revs)


def test_what_a_stroke_cuts_off_goes_to_a_neighbour_with_its_buildings_and_undo_and_redo_give_the_bytes(town):
    everybody, states, revs = people(town), [content(town)], []
    for giver, number, to, heir in (("21", 1, "31", "11"), ("44", 2, "54", "54")):
        one, whole = held(town, giver)[number], held(town, giver)
        with pytest.raises(PartsRefused) as refused:
            shown(town, paint([one], to))
        assert refused.value.details["areas"] == [giver] and refused.value.details["to"] == [heir]
        told, done = shown(town, paint([one], to, rest="give")), written(town, paint([one], to, rest="give"))
        assert [finding["code"] for finding in done["findings"] if finding["kind"] == "part-given"] == [heir]
        assert told["findings"] == done["findings"] and [a["geometry"] for a in told["changed"]] == [a["geometry"] for a in done["changed"]]
        assert owners(town, [one]) == {to} and owners(town, whole) <= {giver, to, heir} and people(town) == everybody
        assert {change["code"] for change in done["changed"]} == {giver, to, heir}
        assert all(len(change["geometry"]["coordinates"]) == 1 for change in done["changed"])
        revs.append(town.head()[0])
        states.append(content(town))
    assert_clean(town)
    assert_there_and_back(town, states, revs)


def test_of_a_stroke_into_another_parent_only_what_lies_inside_comes_and_comes_back(town):
    everybody, before = people(town), content(town)
    (mine,), foreign = nearest(town, "22", "12"), held(town, "44")[:2]
    with pytest.raises(OtherParent) as refused:
        shown(town, paint([mine, *foreign], "12"))
    assert refused.value.details["inside"]["code"] == "community-2"
    commit(town, paint([mine, *foreign], "12", trim=True))
    assert owners(town, [mine]) == {"12"} and owners(town, foreign) == {"44"} and people(town) == everybody
    assert_clean(town)
    rev = town.head()[0]
    after = content(town)
    undone = undo(town, rev)
    assert content(town) == before
    undo(town, undone)
    assert content(town) == after


def test_stairwells_gates_and_posts_come_along_and_a_swallowed_area_comes_back(town):
    before, whole = content(town), held(town, "11")
    commit(town, paint(whole, "12"))
    rev = town.head()[0]
    with town.read() as reader:
        fid = reader.area("12").fid
        assert {row["area"] for row in reader.rows("units", TABLES["units"].c.building.in_(whole), geometry=False)} <= {fid}
        led = set(map(tuple, reader.connection.execute(select(LINEAGE.c.from_fid, LINEAGE.c.to_fid).where(LINEAGE.c.rev == rev))))
        gone = "11" not in {area.code for area in reader.all_areas(leaf=True)}
    assert owners(town, whole) == {"12"}
    assert gone == bool(led)
    assert_clean(town)
    undo(town, rev)
    assert content(town) == before


def test_undo_after_a_neighbour_was_cut_leaves_the_cut(town):
    (one,) = nearest(town, "22", "12")
    commit(town, paint([one], "12"))
    rev = town.head()[0]
    commit(town, cut(town, "32"))
    everybody = people(town)
    with town.read() as reader:
        leaves = {area.code for area in reader.all_areas(leaf=True)}
    undo(town, rev)
    assert_clean(town)
    assert people(town) == everybody and owners(town, [one]) == {"22"}
    with town.read() as reader:
        assert {area.code for area in reader.all_areas(leaf=True)} == leaves


def test_undo_of_what_was_cut_since_is_refused_and_changes_nothing(town):
    (one,) = nearest(town, "22", "12")
    commit(town, paint([one], "12"))
    rev = town.head()[0]
    commit(town, cut(town, "22"))
    state = content(town)
    with pytest.raises(UndoBlocked):
        undo(town, rev)
    assert content(town) == state


def test_the_preview_tells_what_is_written(town):
    form = paint(nearest(town, "22", "12"), "12")
    told, done = shown(town, form), written(town, form)
    assert [one["geometry"] for one in told["changed"]] == [one["geometry"] for one in done["changed"]]
    assert [one["after"] for one in told["changed"]] == [one["after"] for one in done["changed"]]
    assert told["totals_before"]["population"] == told["totals_after"]["population"]


def test_a_stroke_remembers_the_ground_it_works_on(town, monkeypatch):
    seen = []
    made = assigning.plots_of
    monkeypatch.setattr(assigning, "plots_of", lambda ground, stands: seen.append(len(stands.buildings)) or made(ground, stands))
    assigning._plots.clear()
    one, other = nearest(town, "22", "12", 2)
    shown(town, paint([one], "12"))
    first = len(seen)
    shown(town, paint([one, other], "12"))
    assert first == len(seen) == 1
    commit(town, paint([one], "12"))
    shown(town, paint([other], "12"))
    assert len(seen) > first, "the ground is another now"


def test_what_makes_no_sense_is_refused_and_changes_nothing(town):
    (one,), state = nearest(town, "22", "12"), content(town)
    with town.read() as reader:
        version = reader.area("22").version
    for form, reason in (
            (paint([], "12"), MissingField), ({"op": "assign_buildings", "buildings": [one]}, MissingField), (paint([one], "nowhere"), UnknownArea),
            (paint([one, 987_654], "12"), NotFound), (paint(["1"], "12"), BadInput), (paint([True], "12"), BadInput),
            (paint(one, "12"), BadInput), (paint([one], 12), BadInput), (paint([one], "22"), BadInput),
            (paint([one], "12", targets=["11"]), BadInput),
            (paint([one], "12", rest="new"), BadInput), (paint([one], "42"), OtherParent), (paint([one], "community-2"), EditRefused),
            (paint([one], "12", versions={"22": version + 1}), Stale)):
        with pytest.raises(reason):
            commit(town, form)
    with town.write("tester", "lock") as tx:
        tx.write_area(tx.area("12"), replace(tx.area("12"), locked=True))
    with pytest.raises(AreaLocked):
        commit(town, paint([one], "12"))
    undo(town, town.head()[0])
    assert content(town).keys() == state.keys()


def test_a_day_of_strokes_loses_nobody(town):
    dice, everybody, done = random.Random(5), people(town), 0
    for _ in range(count(8, 120)):
        with town.read() as reader:
            leaves = [area for area in reader.all_areas(leaf=True)]
            to = dice.choice(leaves)
            kin = [leaf for leaf in leaves if leaf.parent == to.parent and leaf.fid != to.fid and leaf.shape.distance(to.shape) == 0]
        if not kin or not held(town, (giver := dice.choice(kin)).code):
            continue
        chosen = nearest(town, giver.code, to.code, dice.randint(1, 2))
        state = content(town)
        try:
            commit(town, paint(chosen, to.code, **dice.choice(({}, {}, {"allow_parts": True}, {"rest": "give"}))))
        except WeigeError as refused:
            assert refused.code in ("parts", "border-touches", "edit-refused"), (refused.code, str(refused))
            assert content(town) == state
            continue
        done += 1
        assert owners(town, chosen) == {to.code} and people(town) == everybody
    assert done >= count(3, 40)
    assert_clean(town)


def test_a_building_that_an_older_border_cuts_is_no_news(town):
    with town.read() as reader:
        mine, other = reader.area("22"), reader.area("12")
    seam = shapely.line_merge(shapely.intersection(mine.shape.boundary, other.shape.boundary))
    inwards = shapely.get_coordinates(shapely.shortest_line(seam, mine.shape.representative_point()))
    way = (inwards[1] - inwards[0]) / np.hypot(*(inwards[1] - inwards[0]))
    across = house(tuple(inwards[0] + 100 * way))
    assert shapely.intersects(mine.shape, to_units(across).centroid) and not mine.shape.covers(to_units(across))
    with town.write("tester", "build") as tx:
        tx.insert("buildings", [{"geom": across, "code": "X1", "name": "X1", "kind": "apartment", "households": 3, "resident": 7, "area": mine.fid}])
    (_, next_one) = nearest(town, "22", "12", 2)
    told = shown(town, paint([next_one], "12"))
    assert {one["code"] for one in told["changed"]} == {"12", "22"}
    assert not [finding for finding in told["findings"] if finding["kind"] == "building-cut"]
