"""The coverage in memory, brought in step edit by edit, is the one that a fresh start reads."""

from __future__ import annotations

from dataclasses import fields
from random import Random

import pytest
import shapely

from geodata.coverage_cache import DEEPEST, CoverageCache, Node
from geodata.store import Store
from tests.geodata.stores import Worker


@pytest.fixture
def in_step(town: Store) -> CoverageCache:
    """A cache of the little town with its tiles."""
    cache = CoverageCache(town)
    cache.sync()
    return cache


def test_after_each_piece_of_random_work_it_is_what_a_fresh_start_reads(town: Store, in_step: CoverageCache, clock):
    worker = Worker(town, clock, Random(11))
    for done in range(1, 61):
        worker.work(done)
        in_step.sync()
        if done % 10 == 0:
            assert_same(in_step, town)


def test_several_revisions_at_once_end_the_same(town: Store, in_step: CoverageCache, clock):
    Worker(town, clock, Random(12)).work(40)
    in_step.sync()
    assert_same(in_step, town)


def test_who_finds_a_new_revision_finds_its_listeners_told(town: Store, in_step: CoverageCache, clock):
    told, before, worker = [], in_step.rev, Worker(town, clock, Random(13))
    in_step.listeners.append(lambda step, rev: told.append((rev, in_step.rev)))
    while not told:
        worker.work(len(worker.log) + 1)
        in_step.sync()
    assert told == [(in_step.rev, before)]


def test_areas_that_hold_the_same_share_it_and_none_changes_with_another(town: Store, in_step: CoverageCache, clock):
    needs = [node.need for node in in_step.nodes.values() if node.leaf]
    assert len({id(need) for need in needs}) < len(needs)
    Worker(town, clock, Random(14)).work(15)
    in_step.sync()
    fresh = CoverageCache(town, tiles=False)
    fresh.sync()
    assert {fid: node.need for fid, node in in_step.nodes.items()} == {n.fid: n.need for n in fresh.nodes.values()}


def assert_same(cache: CoverageCache, store: Store) -> None:
    """Nodes with their sums and staff, codes, children, rosters, levels, index and tiles are those of a fresh start."""
    fresh = CoverageCache(store)
    fresh.sync()
    assert cache.rev == fresh.rev
    for fid, node in fresh.nodes.items():
        for name in (one.name for one in fields(Node)):
            mine, theirs = getattr(cache.nodes[fid], name), getattr(node, name)
            assert mine == (pytest.approx(theirs, abs=1e-6) if name == "area" else theirs), f"{node.code}: {name}"
    assert cache.nodes.keys() == fresh.nodes.keys() and cache.codes == fresh.codes and cache.rostered == fresh.rostered
    assert {fid: found for fid, found in cache.children.items() if found} == fresh.children
    assert cache.levels() == fresh.levels() and cache.level_by_zoom() == fresh.level_by_zoom()
    west, south, east, north = fresh.bounds()
    assert cache.near((west, south, east, north)) == fresh.near((west, south, east, north))
    for node in fresh.nodes.values():
        middle = shapely.box(*node.bounds).centroid
        assert cache.at(middle.x, middle.y) == fresh.at(middle.x, middle.y)
        assert cache.have(cache.nodes[node.fid]) == fresh.have(node)
    for level, layer in fresh.layers.items():
        assert len(cache.layers[level]) == len(layer)
        assert cache.layers[level].tile(0, 0, 0) == layer.tile(0, 0, 0)
    assert max(cache.level_by_zoom()) == DEEPEST
