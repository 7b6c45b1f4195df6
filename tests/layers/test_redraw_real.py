"""Redraws on real micro-grids and on the demo town, with islands, enclaves, lakes and touching rings dug in and with everybody in it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area, as_multi
from layers.chain import area2
from layers.checking import check
from layers.cleaning import clean
from layers.coverage import explode
from layers.redraw import OPERATIONS
from tests.counts import FULL, count
from tests.layers.crowd import Crowd
from tests.layers.drawings import ASKED, BY_PEOPLE
from tests.layers.grounds import demo, tainan
from tests.layers.hard_ground import KINDS as DIFFICULTIES
from tests.layers.hard_ground import hard_ground
from tests.layers.little_town import little_town
from tests.layers.random_edits import KINDS, Count, Ledger, assert_seamless, border, random_edits

DISTRICT = "67000330"  # South District, on the coast
ROOT = 1
PROMISE = "10,000 random redraws of every kind: no gap, no overlap, no nesting error, nobody lost; every fifth looked at independently"


@pytest.fixture(scope="module")
def district(data_dir: Path) -> list[Area]:
    """The district, its communities (CODE2) and its micro-grids, cleaned to units."""
    rows = pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area",
                                  where=f"TOWN_ID = '{DISTRICT}'")
    codes = rows["CODEBASE"].tolist()
    shapes = clean(rows.geometry.values, None, codes).shapes
    communities, parent = np.unique(rows["CODE2"].to_numpy(str), return_inverse=True)

    def union(which: np.ndarray) -> shapely.MultiPolygon:
        return as_multi(shapely.coverage_union_all(shapely.get_parts(shapes[which])))

    areas = [Area(ROOT, DISTRICT, "", "county", None, f"/{ROOT}/", False, union(np.ones(len(shapes), bool)))]
    areas += [Area(10 + i, code, "", "community", ROOT, f"/{ROOT}/{10 + i}/", False, union(parent == i))
              for i, code in enumerate(communities.tolist())]
    areas += [Area(1000 + i, code, "", "micro_grid", 10 + p, f"/{ROOT}/{10 + p}/{1000 + i}/", True, shapes[i])
              for i, (code, p) in enumerate(zip(codes, parent.tolist(), strict=True))]
    return areas


def redrawn(areas: list[Area], accepted: int, seed: int, crowd: Crowd | None = None) -> Count:
    """So many accepted redraws; afterwards the whole is looked at: ground, nesting, people, by our check and by GEOS."""
    town = Ledger(areas)
    was, ground, everybody = border(town), area2(explode(town.leaves())[0]), crowd.sums() if crowd else ()
    told = random_edits(town, 0, seed, accepted=accepted, crowd=crowd)
    assert_seamless(town, was)
    leaves = town.leaves()
    assert area2(explode(leaves)[0]) == ground + told.area2_change
    assert check(leaves, [area for area in town.areas.values() if not area.leaf]) == []
    if crowd is not None:
        crowd.assert_at_home(leaves)
        assert crowd.sums() == everybody
    assert told.agreed >= accepted // 5 and told.special > 0.3 * told.total
    return told


def test_every_operation_is_among_the_random_redraws():
    assert set(OPERATIONS) <= {*ASKED, *BY_PEOPLE}, "an operation that nobody draws at random: tests/layers/drawings.py"
    assert set(KINDS) == {*OPERATIONS, "undo"}


def test_the_ground_is_as_hard_as_it_is_said_to_be():
    areas = hard_ground(little_town(2), random.Random(2), 2)
    leaves = [area for area in areas if area.leaf]
    assert check(leaves, [area for area in areas if not area.leaf]) == []
    named = {area.code.split()[0] for area in leaves if " " in area.code}
    assert named == set(DIFFICULTIES) - {"lake", "exclave"}
    assert sum(len(area.shape.geoms) > 1 for area in leaves) > 4
    assert len({leaf.parent for leaf in leaves if leaf.code.startswith("enclave")}) >= 1


@pytest.mark.promise(PROMISE)
def test_random_redraws_leave_the_demo_town_seamless_and_lose_nobody(record_property):
    areas, crowd = demo(seed=1, each=12)
    assert crowd.sums()[:2] == (18_563, 45_664)
    told = redrawn(areas, count(40, 10_000), 1, crowd)
    record_property("figures", f"demo town: {told.told()}")
    assert set(told.accepted) == set(KINDS) or not FULL


@pytest.mark.promise(PROMISE)
def test_random_redraws_leave_tainan_seamless_and_lose_nobody(data_dir: Path, record_property):
    areas, crowd = tainan(data_dir, 1, 40 if FULL else 6, None if FULL else DISTRICT)
    assert not FULL or crowd.sums()[:2] == (676_505, 1_875_586)
    told = redrawn(areas, count(50, 10_000), 1, crowd)
    record_property("figures", f"Tainan: {told.told()}")
    assert set(told.accepted) == set(KINDS) or not FULL


def test_random_redraws_leave_a_real_district_seamless(district: list[Area]):
    assert redrawn(district, count(20, 1000), 7).total >= 20


@pytest.mark.promise(PROMISE)
@settings(max_examples=count(8, 800), deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=25))
def test_whatever_is_done_in_whatever_order_the_town_stays_seamless(seed: int, town_seed: int, ops: list[str]):
    town = Ledger(hard_ground(little_town(town_seed), random.Random(town_seed), 1))
    was, ground = border(town), area2(explode(town.leaves())[0])
    told = random_edits(town, 0, seed, ops=ops)
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground + told.area2_change
