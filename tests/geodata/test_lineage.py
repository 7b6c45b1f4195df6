"""The lineage that is kept step by step is the one that is read at once, whatever is cut, merged, undone and redone."""

from __future__ import annotations

import random

import pytest
import shapely
from shapely.geometry import mapping

from geodata.lineage import KeptLineage, Lineage
from layers.errors import WeigeError
from tests.counts import count
from tests.geodata.work import commit, undo


@pytest.mark.parametrize("seed", range(3))
def test_step_by_step_is_at_once(town, seed: int) -> None:
    store, dice, kept, done = town, random.Random(seed), KeptLineage(), []
    for _ in range(count(40, 400)):
        with store.read() as reader:
            leaves = sorted((area for area in reader.all_areas() if area.leaf), key=lambda leaf: leaf.fid)
        one = dice.choice(leaves)
        try:
            if done and dice.random() < 0.4:
                undo(store, dice.choice(done))
            elif dice.random() < 0.6:
                west, south, east, north = (value / 1e7 for value in one.shape.bounds)
                line = shapely.LineString([(west - 1e-4, dice.uniform(south, north)), (east + 1e-4, dice.uniform(south, north))])
                commit(store, {"op": "split", "targets": [one.code], "line": mapping(line)})
            else:
                commit(store, {"op": "merge", "targets": [one.code, dice.choice(leaves).code], "keep": one.code})
        except WeigeError:
            continue
        done.append(store.head()[0])
        if dice.random() < 0.5:
            with store.read() as reader:
                assert kept.at(reader) == Lineage.read(reader)
    assert len(done) > 10
