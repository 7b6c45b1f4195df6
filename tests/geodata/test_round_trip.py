"""The demo town goes out through every format, encoding and system of coordinates, and comes back as it was."""

from __future__ import annotations

import pytest

from geodata.coverage_cache import CoverageCache
from geodata.demo import DEMO_CODES, build_demo
from geodata.store import Store
from mapapp.config import load
from tests.counts import count
from tests.round_trip import some_ways, there_and_back


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(store, cache) of the demo town."""
    config = load()
    store = Store.open(f"gpkg://{tmp_path_factory.mktemp('demo') / 'demo.gpkg'}", config.rules, create=True, codes=DEMO_CODES, synchronous="NORMAL")
    build_demo(store)
    cache = CoverageCache(store, tiles=False)
    cache.sync()
    yield store, cache
    store.close()


@pytest.mark.promise("Round trip through format x encoding x CRS: count, codes, Chinese text and people equal, borders unit by unit")
def test_the_demo_town_comes_back_as_it_was(demo, tmp_path, record_property):
    store, cache = demo
    ways = some_ways(count(12, 0) or None)
    rows = {there_and_back(store, cache, way, tmp_path) for way in ways}
    assert rows == {638}
    record_property("figures", f"demo town: {len(ways)} ways, 638 areas each")
