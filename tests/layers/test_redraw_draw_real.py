"""New areas, islands and transfers on real micro-grids: one district of Tainan."""

from __future__ import annotations

import random

from layers.areas import Area
from layers.chain import area2
from layers.coverage import explode
from layers.errors import EditRefused
from layers.redraw import transfer
from tests.counts import count
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_draw import random_drawings
from tests.layers.test_redraw_real import district  # noqa: F401  a fixture


def test_drawings_leave_a_real_district_seamless(district: list[Area]):  # noqa: F811
    town = Ledger(district)
    was = border(town)
    told = random_drawings(town, count(150, 1500), seed=11)
    assert_seamless(town, was)
    assert told["draw"] >= 10 and told["island"] >= 2, told


def test_transfers_leave_a_real_district_seamless(district: list[Area]):  # noqa: F811
    dice, town = random.Random(5), Ledger(district)
    was, ground, done = border(town), area2(explode(town.leaves())[0]), 0
    for _ in range(count(80, 400)):
        leaf = dice.choice(town.leaves())
        near = sorted({area.parent for area in town.near(leaf.shape.bounds)} - {leaf.parent})
        if not near:
            continue
        try:
            town.apply(transfer(town, [leaf.fid], dice.choice(near)))
        except EditRefused:
            continue
        done += 1
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground and done >= 5
