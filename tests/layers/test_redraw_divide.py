"""Dividing: parts are balanced, whole, cut no building and leave the town seamless; the same seed gives the same areas."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import as_multi
from layers.cells import Town, cells_of
from layers.coverage import Coverage
from layers.division import Wish, parts_for, propose
from layers.errors import AreaLocked, BadInput, EditRefused, NotLeaf, TooManyParts
from layers.measure import metres_per_unit
from layers.redraw import divide, split
from layers.redraw.divide import _enclosed
from tests.counts import count
from tests.layers.little_town import by_code, line, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border

TOWN = little_town()
CODES = by_code(TOWN)
LEAVES = [area for area in TOWN if area.leaf]


def objects(shapes: list) -> np.ndarray:
    made = np.empty(len(shapes), object)
    made[:] = shapes
    return made


def built(areas: list, seed: int, houses: int, roads: int) -> Town:
    """Oblique houses that stand apart, each within one of the areas, and roads across them."""
    dice = np.random.default_rng(seed)
    ground = shapely.union_all([area.shape for area in areas])
    west, south, east, north = ground.bounds
    scale = np.array(metres_per_unit(south))
    found: list[shapely.Polygon] = []
    for _ in range(30 * houses):
        middle = np.array([dice.uniform(west, east), dice.uniform(south, north)])
        box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * dice.uniform(3, 8, 2)
        turn = dice.uniform(0, np.pi)
        xy = box @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        house = shapely.Polygon(np.rint(xy / scale + middle))
        if any(area.shape.contains(house) for area in areas) and all(house.distance(other) > 1 for other in found) and len(found) < houses:
            found.append(house)
    lines = [shapely.LineString(np.rint([(dice.uniform(west, east), south), (dice.uniform(west, east), north)])) for _ in range(roads)]
    return Town(objects(found), dice.integers(0, 20, len(found)).astype(float), objects(lines), np.full(roads, 0.3))


def cut_buildings(areas, town: Town) -> int:
    """An independent look: buildings of which two areas hold more than a hair."""
    tree = shapely.STRtree([area.shape for area in areas])
    shapes = objects([area.shape for area in areas])
    building, area = tree.query(town.buildings, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[area], town.buildings[building])) / shapely.area(town.buildings[building])
    return len(set(building[(share > 0.005) & (share < 0.995)].tolist()))


def homes(areas, town: Town) -> np.ndarray:
    points = shapely.centroid(town.buildings)
    return np.array([town.households[shapely.contains(area.shape, points)].sum() for area in areas])


def test_parts_are_balanced_in_one_piece_and_cut_no_building():
    town, area = Ledger(TOWN), CODES["03"]
    was, stands = border(town), built([area], 5, 60, 2)
    edit = divide(town, [area.fid], stands, parts=4)
    town.apply(edit)
    assert_seamless(town, was)
    held = homes(edit.after, stands)
    assert len(edit.after) == 4 and held.sum() == stands.households.sum()
    assert abs(held / held.mean() - 1).max() <= 0.1
    assert all(len(one.shape.geoms) == 1 for one in edit.after) and cut_buildings(edit.after, stands) == 0
    assert [one.fid for one in edit.after] == [area.fid, -1, -2, -3] and edit.after[0].version == area.version + 1
    assert held[0] == held.max()


def test_the_same_seed_gives_the_same_bytes_and_another_another():
    stands = built([CODES["03"]], 5, 60, 2)
    asked = lambda seed: [area.shape.wkb for area in divide(Coverage(TOWN), [CODES["03"].fid], stands, parts=4, seed=seed).after]  # noqa: E731
    assert asked(3) == asked(3)
    assert len({tuple(asked(seed)) for seed in range(3)}) > 1


def test_several_areas_are_divided_anew_and_hand_over():
    pick = [CODES[code] for code in ("21", "22", "32")]
    stands = built(pick, 2, 60, 1)
    fewer = divide(Coverage(TOWN), [area.fid for area in pick], stands, parts=2)
    assert len(fewer.after) == 2 and len(fewer.successor) == 1 and all(area.fid > 0 for area in fewer.after)
    assert set(fewer.successor.values()) <= {area.fid for area in fewer.after}
    more = divide(Coverage(TOWN), [area.fid for area in pick], stands, parts=5)
    assert {area.fid for area in more.after} == {*(area.fid for area in pick), -1, -2}


def test_parents_stay_and_share_the_parts():
    pick = [CODES["21"], CODES["22"], CODES["61"]]
    edit = divide(Coverage(TOWN), [area.fid for area in pick], built(pick, 2, 60, 1), parts=6)
    ground = {parent: shapely.union_all([area.shape for area in edit.before if area.parent == parent]).area for parent in {a.parent for a in pick}}
    for parent, area in ground.items():  # but for the vertices it gained, rounded to whole units
        assert sum(one.shape.area for one in edit.after if one.parent == parent) == pytest.approx(area, rel=2e-5)
    assert len(edit.after) == 6


def test_a_norm_says_how_many():
    assert [parts_for(total, 15, 60) for total in (10, 40, 300, 1000)] == [1, 1, 10, 33]
    stands = built([CODES["03"]], 5, 60, 2)
    edit = divide(Coverage(TOWN), [CODES["03"].fid], stands, norm=(60, 160))
    held = homes(edit.after, stands)
    assert ((held >= 60) & (held <= 160)).all()
    heavy = replace(stands, households=np.where(np.arange(len(stands.households)) == 0, 500.0, stands.households))
    found = [finding for finding in divide(Coverage(TOWN), [CODES["03"].fid], heavy, norm=(60, 160)).findings if finding.kind == "building-too-heavy"]
    assert [finding.count for finding in found] == [500] and CODES["03"].shape.buffer(10).contains(shapely.Point(np.array(found[0].where) * 1e7))


def told(edit, kind: str):
    """The one finding of that kind, or None."""
    found = [finding for finding in edit.findings if finding.kind == kind]
    assert len(found) <= 1
    return found[0] if found else None


def test_findings_name_the_limit_they_mean_and_parts_that_are_not_as_asked():
    stands = built([CODES["03"]], 5, 60, 2)
    assert {"outside-tolerance", "outside-norm", "part-inside"}.isdisjoint(one.kind for one in divide(
        Coverage(TOWN), [CODES["03"].fid], stands, parts=4).findings)
    heavy = replace(stands, households=np.where(np.arange(len(stands.households)) == 0, 500.0, stands.households))
    edit = divide(Coverage(TOWN), [CODES["03"].fid], heavy, parts=4)
    held = homes(edit.after, heavy)
    limit, off = held.mean() * 1.1, abs(held / held.mean() - 1)
    assert told(edit, "building-too-heavy").text == f"one building alone has 500 households, more than {int(limit)} (mean + 10 %)"
    outside = told(edit, "outside-tolerance")
    assert outside.count == (off > 0.1).sum() > 0 and outside.code == str(round(100 * off.max())) and "heavier" in outside.text
    assert edit.after[int(off.argmax())].shape.contains(shapely.Point(np.array(outside.where) * 1e7))
    edit = divide(Coverage(TOWN), [CODES["03"].fid], heavy, norm=(60, 160))
    held = homes(edit.after, heavy)
    assert told(edit, "building-too-heavy").text == "one building alone has 500 households, more than 160 (the norm's maximum)"
    assert told(edit, "outside-norm").count == ((held < 60) | (held > 160)).sum() and not told(edit, "outside-tolerance")
    few = replace(stands, buildings=stands.buildings[:6], households=np.array([9.0, 9, 9, 9, 9, 2]))
    assert "too few buildings" in told(divide(Coverage(TOWN), [CODES["03"].fid], few, parts=4), "outside-tolerance").text


def test_a_part_inside_another_is_told():
    """All round the middle lives nobody: the part of the houses is in a hole of the rest."""
    court = replace(CODES["02"], shape=as_multi(CODES["02"].shape.buffer(-2_000)))
    hole = shapely.Polygon(shapely.get_coordinates(CODES["02"].shape.buffer(-3_000)).round())
    ring = as_multi(court.shape.difference(hole))
    assert _enclosed([ring, as_multi(hole)]) == [1] and _enclosed([court.shape, CODES["03"].shape]) == []


def test_bare_ground_is_divided_by_ground():
    edit = divide(Coverage(TOWN), [CODES["02"].fid], parts=3)
    ground = np.array([area.shape.area for area in edit.after])
    assert abs(ground / ground.mean() - 1).max() <= 0.1 and "divided-by-ground" in {finding.kind for finding in edit.findings}


def test_over_wide_open_ground_borders_are_straight_and_parts_stay_even():
    middle = np.array(CODES["03"].shape.centroid.coords[0])
    wide = shapely.transform(CODES["03"].shape, lambda xy: np.rint(middle + 10 * (xy - middle)))
    ground, outside = shapely.get_parts(wide), shapely.boundary(wide)
    made = propose(ground, Town.empty(), Wish(parts=5))
    assert 3 * sum(map(len, made.straight)) < sum(map(len, made.exact)), "the steps of the honeycomb are gone"
    noded = shapely.unary_union([outside, *map(shapely.LineString, made.straight)], grid_size=1)
    parts = shapely.area(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
    assert len(parts) == 5 and abs(parts / parts.mean() - 1).max() <= 0.1

    west, south, east, north = wide.bounds
    road = shapely.LineString(np.rint([(west, south * 0.6 + north * 0.4), (east, south * 0.4 + north * 0.6)]))
    houses = shapely.buffer(shapely.points(np.rint(middle + np.random.default_rng(1).uniform(-8e4, 8e4, (30, 2)))), 700, quad_segs=1)
    houses = objects([shapely.set_precision(house, 1) for house in houses if wide.contains(house)])
    stands = Town(houses, np.full(len(houses), 9.0), objects([road]), np.array([0.3]))
    made = propose(ground, stands, Wish(parts=4))
    for before, after in zip(made.exact, made.straight, strict=True):
        assert shapely.LineString(after).crosses(road) <= shapely.LineString(before).crosses(road), "a straighter border crosses the road"
        assert not shapely.intersects(shapely.buffer(houses, -5), shapely.LineString(after)).any()


def test_locked_areas_stay_and_wishes_that_say_nothing_are_refused():
    locked = replace(CODES["22"], locked=True)
    town = Coverage([locked if area.fid == locked.fid else area for area in TOWN])
    edit = divide(town, [CODES["21"].fid, locked.fid], parts=2)
    assert {area.fid for area in edit.before} == {CODES["21"].fid}
    for error, targets, wish in (
            (AreaLocked, [locked.fid], {"parts": 2}), (NotLeaf, [2], {"parts": 2}), (BadInput, [CODES["21"].fid], {}),
            (BadInput, [CODES["21"].fid], {"parts": 1}),
            (BadInput, [CODES["21"].fid, CODES["32"].fid], {"norm": (1, 10_000), "town": built([CODES["21"], CODES["32"]], 1, 9, 0)}),
            (BadInput, [CODES["21"].fid], {"parts": 2, "norm": (1, 2)}), (BadInput, [CODES["21"].fid], {"norm": (5, 2)})):
        with pytest.raises(error):
            divide(town, targets, **wish)


def test_too_many_parts_says_how_many_can_be():
    town = Coverage(TOWN)
    for codes, houses, can in ((["21"], 3, 3), (["21"], 1, 1), (["21", "61"], 3, 3), (["21", "61"], 9, 9)):
        targets = [CODES[code] for code in codes]
        stands, fids = built(targets, 1, houses, 0), [area.fid for area in targets]
        with pytest.raises(TooManyParts) as refused:
            divide(town, fids, stands, parts=500)
        assert refused.value.details["most"] == can
        if can > 1:
            assert len(divide(town, fids, stands, parts=can).after) == can


def test_undo_gives_the_same_bytes_and_divided_ground_can_be_cut():
    town = Ledger(TOWN)
    was = border(town)
    done = town.apply(divide(town, [CODES["21"].fid], built([CODES["21"]], 4, 30, 1), parts=3))
    town.apply(~done)
    assert town.get(CODES["21"].fid).shape.wkb == CODES["21"].shape.wkb
    west, south, east, north = CODES["21"].shape.bounds
    town.apply(divide(town, [CODES["21"].fid], parts=3))
    town.apply(split(town, None, line((90, 120), (600, 200))))
    assert_seamless(town, was)


def test_cells_cover_the_ground_exactly():
    """The edge of the ground keeps every vertex; the ends of inner borders on it are whole units, so at most half a unit
    each way beside it: that is all by which the sum of the cells may differ."""
    ground = shapely.get_parts(CODES["03"].shape)
    cells = cells_of(ground, built([CODES["03"]], 5, 60, 2), 500.0)
    assert shapely.coverage_is_valid(cells.faces) and (cells.building >= 0).sum() == 60
    whole = as_multi(shapely.coverage_union_all(cells.faces))
    was, now = ({tuple(xy) for xy in shapely.get_coordinates(shape)} for shape in (ground, whole))
    assert was <= now and shapely.distance(shapely.points(sorted(now - was)), shapely.boundary(ground[0])).max() <= 0.5 ** 0.5
    assert shapely.area(cells.faces).sum() == pytest.approx(shapely.area(ground).sum(), rel=2e-6)
    assert whole.symmetric_difference(shapely.union_all(ground)).area < 2.5e-5 * ground[0].area


def doubled(areas) -> int:
    """Twice the ground, in whole square units, exactly."""
    total = 0
    for part in shapely.get_parts([area.shape for area in areas]):
        for number, ring in enumerate(shapely.get_rings(shapely.normalize(part))):
            x, y = (shapely.get_coordinates(ring).astype(np.int64) - [1_160_000_000, 320_000_000]).T
            once = abs(int((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()))
            total += once if number == 0 else -once
    return total


def test_ground_is_conserved_to_the_last_square_unit_inside_the_town():
    pick = [area for area in LEAVES if not area.shape.intersects(TOWN[0].shape.boundary.buffer(2_000))][:3]
    for area in pick:
        edit = divide(Coverage(TOWN), [area.fid], built([area], 3, 20, 1), parts=3)
        assert doubled([*edit.after, *edit.touched]) == doubled([*edit.before, *edit.touched_before])


def test_what_a_proposal_reports_is_what_its_areas_hold():
    made: list = []
    for seed, (houses, parts) in enumerate([(60, 5), (40, 8), (25, 12)]):
        stands = built([CODES["03"]], seed, houses, 2)
        keep = lambda *asked: made.append(propose(*asked)) or made[-1]  # noqa: E731
        edit = divide(Coverage(TOWN), [CODES["03"].fid], stands, parts=parts, seed=seed, proposed=keep)
        assert sorted(made[-1].load) == sorted(homes(edit.after, stands)) and made[-1].load.min() > 0


def test_houses_that_share_walls_are_told_apart_at_the_wall():
    """Stairwells with outlines of their own are buildings: a border may pass between two, never through one."""
    west, south, east, north = CODES["03"].shape.bounds
    x, y = np.linspace(west, east, 12)[3:9], np.linspace(south, north, 9)[2:7]
    every = [shapely.Polygon(np.rint([(a, b), (c, b), (c, b + 900), (a, b + 900)])) for b in y for a, c in zip(x[:-1], x[1:], strict=True)]
    houses = objects([house for house in every if CODES["03"].shape.contains(house)])
    stands = replace(Town.empty(), buildings=houses, households=np.full(len(houses), 9.0))
    edit = divide(Coverage(TOWN), [CODES["03"].fid], stands, parts=6)
    held = homes(edit.after, stands)
    assert held.sum() == 9 * len(houses) and cut_buildings(edit.after, stands) == 0 and held.min() > 0 and len(houses) > 15


@settings(max_examples=count(8, 200), deadline=None)
@given(st.integers(0, 10_000))
def test_whatever_is_divided_stays_seamless(seed: int):
    dice, town = random.Random(seed), Ledger(TOWN)
    was = border(town)
    first = dice.choice(LEAVES)
    kin = [area for area in LEAVES if area.parent == first.parent]
    pick = dice.sample(kin if dice.random() < 0.8 else LEAVES, dice.choice([1, 1, 2, 4]))
    stands = built(pick, seed, dice.choice([0, 5, 40]), dice.choice([0, 2])) if dice.random() < 0.8 else Town.empty()
    try:
        edit = divide(town, [area.fid for area in pick], stands, parts=dice.randint(2, 8), seed=dice.randint(0, 9))
    except (EditRefused, BadInput) as error:
        assert error.code in ("too-many-parts", "bad-input")
        return
    town.apply(edit)
    assert_seamless(town, was)
    assert cut_buildings(edit.after, stands) == 0 if len(stands.buildings) else True
