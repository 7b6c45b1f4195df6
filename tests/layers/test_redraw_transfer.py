"""Transfer: an area changes its parent; no border of its own moves, both parents have exactly the border of their leaves."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import shapely

from layers.areas import Area, as_multi
from layers.coverage import explode, prove
from layers.errors import AreaLocked, BadInput, EditRefused, NoChildren, NotAdjacent, PartsRefused, UnknownArea, WrongParent
from layers.redraw import transfer
from layers.rules import Level
from tests.counts import count
from tests.layers.little_town import CITY, by_code, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border

TOWN = little_town()
CODES = by_code(TOWN)
LEVELS = (Level("city", "市", "City", locked=True), Level("community", "社区", "Community"), Level("micro_grid", "微网格", "Micro-grid"))


def grids() -> list[Area]:
    """The town with a level more: communities 2 to 5 are grids of two communities, 6 (2 and 3) and 7 (4 and 5)."""
    areas = {area.fid: area for area in TOWN}
    above = {2: 6, 3: 6, 4: 7, 5: 7}
    union = lambda fids: as_multi(shapely.coverage_union_all(explode([areas[fid] for fid in fids])[0]))  # noqa: E731
    made = [Area(fid, f"upper-{fid}", "", "upper", CITY, f"/1/{fid}/", False, union([k for k, up in above.items() if up == fid])) for fid in (6, 7)]
    moved = [replace(area, parent=above[area.fid], path=f"/1/{above[area.fid]}/{area.fid}/") if area.fid in above else
             replace(area, path=area.path.replace("/1/", f"/1/{above[area.parent]}/")) if area.leaf else area for area in TOWN]
    return [*moved, *made]


def moved(codes: list[str], parent: str, areas=TOWN, **more):
    town = Ledger(areas)
    was, named = border(town), by_code(list(areas))
    edit = transfer(town, [named[code].fid for code in codes], named[parent].fid, **more)
    prove(~edit, town, restores=True)
    town.apply(edit)
    assert_seamless(town, was)
    return town, edit


def refused(error, codes: list[str], parent: str, areas=TOWN, **more):
    town = Ledger(areas)
    before, named = dict(town.areas), by_code(list(areas))
    with pytest.raises(error) as caught:
        transfer(town, [named[code].fid for code in codes], named[parent].fid, **more)
    assert type(caught.value) is error and town.areas == before
    return caught.value


def test_a_leaf_goes_to_the_community_beside_it_and_both_borders_follow():
    town, edit = moved(["22"], "community-4")  # 22 lies under 23
    (was,), (now,) = edit.before, edit.after
    assert (now.fid, now.code, now.parent, now.path, now.version) == (was.fid, "22", 4, f"/1/4/{was.fid}/", 2)
    assert now.shape is was.shape and edit.touched == () and edit.successor == {}
    old, new = town.get(2), town.get(4)
    assert not shapely.relate_pattern(old.shape, now.shape, "T********") and shapely.covers(new.shape, now.shape)
    assert shapely.area(old.shape) + shapely.area(was.shape) == shapely.area(CODES["community-2"].shape)
    assert town.get(CITY).shape.wkb == CODES["town"].shape.wkb


def test_there_and_back_gives_the_same_ground():
    town, _ = moved(["22", "32"], "community-4")
    back = transfer(town, [CODES[code].fid for code in ("22", "32")], 2)
    town.apply(back)
    for code in ("community-2", "community-4"):
        assert town.get(CODES[code].fid).shape.equals(CODES[code].shape)
    assert [area.path for area in back.after] == [CODES[code].path for code in ("22", "32")]


def test_with_everything_below_it():
    town, edit = moved(["community-3"], "upper-7", grids())
    grid = next(area for area in edit.above if area.fid == 3)
    assert (grid.parent, grid.path) == (7, "/1/7/3/") and edit.above_before[0].path == "/1/6/3/"
    assert all(leaf.path == f"/1/7/3/{leaf.fid}/" and leaf.parent == 3 for leaf in edit.after) and len(edit.after) > 5
    assert town.get(3).shape is by_code(grids())["community-3"].shape or town.get(3).shape.equals(CODES["community-3"].shape)
    assert shapely.covers(town.get(7).shape, town.get(3).shape)


def test_what_would_not_hang_together_is_refused_with_the_place():
    error = refused(NotAdjacent, ["20"], "community-4")
    assert CODES["20"].shape.contains(shapely.Point([value * 1e7 for value in error.where])) and "20" in error.details["areas"]
    _, edit = moved(["20"], "community-4", allow_parts=True)
    assert edit.after[0].parent == 4


def test_who_would_be_left_in_pieces_is_named():
    error = refused(PartsRefused, ["20", "21", "22"], "community-4")  # a column of it
    assert error.details["areas"] == ["community-2"] and CODES["community-2"].shape.contains(shapely.Point([v * 1e7 for v in error.where]))
    moved(["20", "21", "22"], "community-4", allow_parts=True)


def test_the_enclave_goes_to_those_round_it():
    town, edit = moved(["foreign"], "community-3")
    assert edit.after[0].parent == 3 and not any(
        shapely.Polygon(ring).contains(CODES["foreign"].shape.centroid) for part in town.get(3).shape.geoms for ring in part.interiors)


@pytest.mark.parametrize(
    ("error", "codes", "parent", "more"),
    [
        (WrongParent, ["22"], "community-2", {}),
        (WrongParent, ["22"], "town", {}),
        (WrongParent, ["town"], "community-2", {}),
        (WrongParent, ["community-3"], "community-2", {}),
        (NoChildren, ["22"], "23", {}),
        (BadInput, [], "community-2", {}),
    ],
)
def test_refusals_name_their_reason(error, codes, parent, more):
    refused(error, codes, parent, **more)


def test_nobody_is_left_without_ground():
    every = [area.code for area in TOWN if area.parent == 4]
    assert "nothing would be left" in refused(WrongParent, every, "community-2", allow_parts=True).text
    with pytest.raises(UnknownArea):
        transfer(Ledger(TOWN), [999], 2)


def test_what_is_locked_stays():
    lock = lambda code: [replace(area, locked=True) if area.code == code else area for area in TOWN]  # noqa: E731
    for code in ("22", "community-2", "community-4"):
        assert refused(AreaLocked, ["22"], "community-4", lock(code)).details["areas"] == [code]
    upper = [Level("upper", "上", "Upper", locked=True), *LEVELS]
    assert refused(AreaLocked, ["community-3"], "upper-7", grids(), levels=upper).details["areas"] == ["upper-6"]
    assert refused(AreaLocked, ["22"], "community-4", grids(), levels=upper).details["areas"][0].startswith("upper")
    moved(["22"], "community-4", levels=LEVELS)


@pytest.mark.parametrize("seed", range(count(1, 6)))
def test_random_transfers_keep_town_and_parents_seamless(seed):
    dice, town = random.Random(seed), Ledger(grids())
    was, done = border(town), 0
    for _ in range(count(150, 600)):
        leaf = dice.choice(town.leaves())
        target = dice.choice((leaf.fid, leaf.fid, leaf.fid, leaf.parent))
        to = dice.choice([2, 3, 4, 5] if target == leaf.fid else [6, 7])
        before = dict(town.areas)
        try:
            edit = transfer(town, [target], to, allow_parts=dice.random() < 0.2)
        except EditRefused:
            assert town.areas == before
            continue
        written = town.apply(edit)
        done += 1
        if dice.random() < 0.3:
            town.apply(~written)
            assert all(town.get(fid).shape.equals(area.shape) and town.get(fid).path == area.path for fid, area in before.items())
    assert_seamless(town, was)
    assert done > 10
