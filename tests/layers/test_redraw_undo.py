"""Undo in the engine: the borders of before come back inside, the outermost stays as it is, everything stays seamless."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely

from layers.coverage import explode
from layers.edits import Edit
from layers.errors import EditRefused, ProofFailed
from layers.redraw import merge, split
from layers.redraw.undo import holds_ground, restore
from tests.counts import count
from tests.layers.drawings import asked, pick, special_places
from tests.layers.little_town import by_code, line, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border

TOWN = little_town()
CODES = by_code(TOWN)
ACROSS_33 = line((380, 430), (500, 420))  # through the leaf 33 from side to side


def fids(*codes: str) -> list[int]:
    return [CODES[code].fid for code in codes]


def back(town: Ledger, done: Edit) -> Edit:
    """The edit taken back on the ground as it is now, whatever vertices came since."""
    return town.apply(restore(town, [town.get(area.fid) for area in done.after], done.before))


def off(one: shapely.MultiPolygon, other: shapely.MultiPolygon) -> float:
    """How far the borders lie apart, in units."""
    return shapely.hausdorff_distance(one.boundary, other.boundary)


def test_where_nothing_changed_the_same_bytes_come_back():
    town = Ledger(TOWN)
    done = town.apply(merge(town, fids("31", "32")))
    edit = restore(town, done.after, done.before)
    assert [area.shape.wkb for area in edit.after] == [area.shape.wkb for area in done.before]
    assert edit.touched == ()


def test_neighbours_that_gained_a_vertex_lose_it_again_when_they_are_named():
    town = Ledger(TOWN)
    done = town.apply(split(town, fids("31"), line((330, 190), (520, 175))))
    assert done.touched
    quiet = {area.fid for area in done.touched}
    edit = restore(town, done.after + done.touched, done.before + done.touched_before, quiet)
    for now, was in ((edit.after, done.before), (edit.touched, done.touched_before)):
        assert [area.shape.wkb for area in now] == [area.shape.wkb for area in was]


@pytest.mark.parametrize("codes", [("31", "32"), ("61", "touching"), ("54", "inner"), ("62", "52"), ("21", "22", "32")])
def test_a_merge_goes_back_while_every_neighbour_was_cut(codes):
    town = Ledger(TOWN)
    was = border(town)
    done = town.apply(merge(town, fids(*codes)))
    ground, cuts = done.after[0].shape, 0
    for leaf in town.near(ground.bounds):
        middle = leaf.shape.representative_point()
        west, _, east, _ = leaf.shape.bounds
        if leaf.fid == done.after[0].fid:
            continue
        try:
            town.apply(split(town, [leaf.fid], shapely.LineString([(west - 99, middle.y - 40), (east + 99, middle.y + 70)])))
            cuts += 1
        except EditRefused:
            continue
    theirs = {leaf.fid: leaf.shape.wkb for leaf in town.leaves() if leaf.fid != done.after[0].fid}
    back(town, done)
    assert_seamless(town, was)
    assert cuts >= 2
    for area in done.before:
        assert off(town.get(area.fid).shape, area.shape) <= 1
    assert {fid: town.get(fid).shape.wkb for fid in theirs} == theirs, "the neighbours are not asked"


@pytest.mark.parametrize("seed", range(count(40, 1000)))
def test_any_edit_goes_back_whatever_happened_around_it(seed):
    dice, town = random.Random(seed), Ledger(TOWN)
    was, places = border(town), special_places(town)

    def some() -> Edit:
        while True:
            op = dice.choice(("split", "split", "merge"))
            leaf = pick(town, places, dice)
            try:
                return {"split": split, "merge": merge}[op](town, **asked(op, town, leaf, dice))
            except EditRefused:
                continue

    done = town.apply(some())
    mine = {area.fid for area in done.after}
    for _ in range(dice.randint(1, 12)):
        edit = some()
        if not mine & {area.fid for area in edit.before}:
            town.apply(edit)
    again = back(town, done)
    assert_seamless(town, was)
    for area in done.before:
        assert off(town.get(area.fid).shape, area.shape) <= 1
    forth = town.apply(restore(town, again.after, again.before))  # done again
    assert_seamless(town, was)
    for area in done.after:
        assert off(next(one for one in forth.after if one.fid == area.fid).shape, area.shape) <= 1


def test_ground_is_the_same_with_more_or_fewer_vertices_and_another_when_cut():
    town = Ledger(TOWN)
    done = split(town, fids("31"), line((330, 190), (520, 175)))
    for was, now in zip(done.touched_before, done.touched, strict=True):
        assert holds_ground(was.shape, now.shape) and holds_ground(now.shape, was.shape)
    cut = next(area for area in done.after if area.fid > 0)
    assert not holds_ground(done.before[0].shape, cut.shape) and not holds_ground(cut.shape, done.before[0].shape)


def test_a_thin_cut_is_no_vertex():
    shape = CODES["31"].shape
    thin = shapely.buffer(shape, -6, join_style="mitre")
    assert not holds_ground(shape, shapely.MultiPolygon([shapely.transform(thin, np.round)]))


def test_other_ground_is_refused():
    town = Ledger(TOWN)
    done = town.apply(merge(town, fids("31", "32")))
    with pytest.raises(ProofFailed):
        restore(town, [town.get(CODES["30"].fid)], done.before)
    assert len(explode(done.before)[0]) == 2
