"""Cutting in two: each side has a third, no building is cut, the border is a minimum cut and the town stays seamless."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.cells import Cells, Town, cells_of
from layers.coverage import Coverage, explode
from layers.errors import AreaLocked, BadInput, EditRefused, NoFairCut, NotLeaf, UnknownArea
from layers.halving import LEAST, _parted, _whole, cuts, eased
from layers.measure import area_m2, length_m
from layers.redraw import halve
from tests.counts import count
from tests.layers.ledger import Ledger
from tests.layers.little_town import by_code, little_town
from tests.layers.second_opinion import applied
from tests.layers.test_redraw_divide import built, cut_buildings, homes, objects

TOWN = little_town()
CODES = by_code(TOWN)
LEAVES = [area for area in TOWN if area.leaf]


def few_cells(seed: int, houses: int) -> Cells:
    """Cells of one leaf with few houses."""
    area = CODES["22"]
    stands = built([area], seed, houses, 1)
    return cells_of(explode([area])[0], stands, float(area_m2(area.shape)))


def of(cells: Cells, side) -> tuple[float, float]:
    """(cost of the border, share of the lighter side)."""
    side = np.array(side)
    held = np.bincount(side, cells.load, 2)
    apart = side[cells.links[:, 0]] != side[cells.links[:, 1]]
    return float(cells.cost[apart].sum()), float(held.min() / held.sum())


def test_each_side_has_a_third_and_the_heavier_lives_on():
    area, town = CODES["03"], Ledger(TOWN)
    stands = built([area], 5, 60, 2)
    done = applied(town, halve(town, [area.fid], stands))
    held = homes(done.after, stands)
    assert held.sum() == stands.households.sum() and held.min() >= held.sum() / 3 and held[0] == held.max()
    assert cut_buildings(done.after, stands) == 0 and done.after[0].fid == area.fid
    assert all(len(one.shape.geoms) == 1 for one in done.after)


def test_the_border_runs_along_a_named_road():
    area = CODES["22"]
    west, south, east, north = area.shape.bounds
    road = shapely.LineString(np.rint([(west + 0.48 * (east - west), south - 99), (west + 0.52 * (east - west), north + 99)]))
    houses = [house for house in built([area], 3, 40, 0).buildings if not house.buffer(300).intersects(road)]
    stands = Town(objects(houses), np.full(len(houses), 5.0), objects([road]), np.array([0.2]))
    edit = halve(Coverage(TOWN), [area.fid], stands, named=[(road, "绣溪巷"), (shapely.LineString([(west, south), (west, north)]), "别处")])
    told = {one.kind: one for one in edit.findings}
    assert told["follows"].code == "绣溪巷" and told["along-roads"].count >= 80, "but where a strip at the edge belongs to the block beyond"
    common = shapely.intersection(edit.after[0].shape, edit.after[1].shape)
    assert length_m(shapely.line_merge(common) if common.geom_type != "LineString" else common) == pytest.approx(
        length_m(shapely.intersection(road, area.shape)), rel=0.05)


def test_the_cut_between_two_seeds_is_the_cheapest_there_is():
    for seed in range(count(4, 40)):
        cells = few_cells(seed, 9)
        dice = random.Random(seed)
        first, last = dice.sample(range(len(cells)), 2)
        found = of(cells, _parted(cells, [first], [last]))[0]
        free = [cell for cell in range(len(cells)) if cell not in (first, last)]
        best = np.inf
        for sides in product((0, 1), repeat=len(free)):
            side = np.zeros(len(cells), int)
            side[free], side[last] = sides, 1
            best = min(best, of(cells, side)[0])
        assert found == pytest.approx(best, rel=1e-3), "a minimum cut"


def test_the_best_cut_is_hardly_worse_than_the_best_of_all():
    worse = []
    for seed in range(count(4, 30)):
        cells = few_cells(seed, 10)
        found = cuts(cells)
        every = [np.array((0, *sides)) for sides in product((0, 1), repeat=len(cells) - 1) if any(sides)]
        fair = [(of(cells, side)[0] / (2 * of(cells, side)[1])) for side in every
                if of(cells, side)[1] >= LEAST - 1e-9 and _whole(cells, side)]
        assert bool(found) == bool(fair)
        if found:
            assert [cut.worth for cut in found] == sorted(cut.worth for cut in found)
            worse.append(found[0].worth / min(fair))
    assert np.median(worse) <= 1.1 and max(worse) <= 1.6, worse


def test_seeds_give_other_cuts_and_the_same_seed_the_same_bytes():
    area = CODES["03"]
    stands = built([area], 5, 60, 2)
    made = lambda seed: tuple(one.shape.wkb for one in halve(Coverage(TOWN), [area.fid], stands, seed=seed).after)  # noqa: E731
    assert made(0) == made(0) and len({made(0), made(1), made(2)}) == 3


def test_ground_nobody_was_counted_on_is_cut_by_ground():
    edit = halve(Coverage(TOWN), [CODES["03"].fid])
    size = area_m2([one.shape for one in edit.after])
    assert size.min() >= size.sum() / 3 and "divided-by-ground" in {one.kind for one in edit.findings}


def test_people_known_by_statistical_cell_count_as_well():
    area = CODES["22"]
    west, south, east, north = area.shape.bounds
    half = shapely.intersection(area.shape, shapely.box(west, south, (west + east) / 2, north))
    edit = halve(Coverage(TOWN), [area.fid], replace(Town.empty(), counted=((half, 90.0),)))
    held = [shapely.intersection(half, one.shape).area / half.area for one in edit.after]
    assert min(held) >= 1 / 3


def test_one_building_too_heavy_is_told_with_its_place():
    area = CODES["22"]
    stands = built([area], 2, 12, 0)
    heavy = replace(stands, households=np.where(np.arange(len(stands.households)) == 4, 500.0, 1.0))
    with pytest.raises(NoFairCut) as refused:
        halve(Coverage(TOWN), [area.fid], heavy)
    assert heavy.buildings[4].buffer(3000).intersects(shapely.Point(np.array(refused.value.where) * 1e7))


def test_what_cannot_be_cut_is_refused():
    town, fid = Coverage(TOWN), CODES["22"].fid
    for targets, seed, error in (([], 0, BadInput), ([fid, LEAVES[0].fid], 0, BadInput), ([fid], -1, BadInput), ([1], 0, NotLeaf),
                                 ([9999], 0, UnknownArea)):
        with pytest.raises(error):
            halve(town, targets, seed=seed)
    with pytest.raises(AreaLocked):
        halve(Coverage([replace(area, locked=area.fid == fid) for area in TOWN]), [fid])


def test_undo_gives_the_same_bytes():
    town, area = Ledger(TOWN), CODES["21"]
    done = town.apply(halve(town, [area.fid], built([area], 1, 20, 1)))
    town.apply(~done)
    assert town.get(area.fid).shape.wkb == area.shape.wkb


def test_a_line_over_open_ground_is_pulled_tight_but_not_round_a_house():
    zigzag = np.array([(0, 0), (1000, 300), (2000, -200), (3000, 0)], dtype=np.int64) + [1_202_100_000, 230_000_000]
    assert [len(one) for one in eased([zigzag], [False], objects([]))] == [2]
    house = shapely.box(*(zigzag[1] + [-50, -150]), *(zigzag[1] + [50, -60]))
    assert [len(one) for one in eased([zigzag], [False], objects([house]))] == [3]
    long_road = zigzag + (zigzag - zigzag[0]) * 3
    assert len(eased([long_road], [True], objects([]))[0]) == 4, "a border along a road stays on it"


@settings(max_examples=count(12, 600), deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_whatever_is_cut_in_two_is_fair_and_seamless(seed: int):
    dice, town = random.Random(seed), Ledger(TOWN)
    area = dice.choice(LEAVES)
    stands = built([area], seed, dice.choice((0, 3, 20, 50)), dice.choice((0, 1, 3)))
    try:
        edit = halve(town, [area.fid], stands, seed=dice.randrange(4))
    except NoFairCut:
        return
    except EditRefused as refused:
        raise AssertionError(refused.text) from None
    applied(town, edit)
    held = homes(edit.after, stands) if stands.households.any() else area_m2([one.shape for one in edit.after])
    assert held.min() >= held.sum() / 3 * (1 - 1e-9) and cut_buildings(edit.after, stands) == 0
    assert sum(len(one.shape.geoms) for one in edit.after) <= 1 + len(area.shape.geoms)
