"""Tainan, 12,774 micro-grids with people, into both stores: seamless, complete, nobody lost, and so after redraws."""

from __future__ import annotations

import pytest

from geodata.coverage_cache import CoverageCache
from geodata.crs import plane
from geodata.store import Store
from mapapp.config import load
from tests.counts import FULL, count
from tests.round_trip import some_ways, there_and_back
from tests.tainan import import_tainan, redraw_at_random, weige


@pytest.fixture(scope="module", params=["gpkg", "postgis"])
def city(request, tmp_path_factory, data_dir):
    """(URL, answer of the import) of a store with Tainan."""
    if request.param == "gpkg":
        url = f"gpkg://{tmp_path_factory.mktemp('tainan') / 'tainan.gpkg'}"
    else:
        url = request.getfixturevalue("fresh_postgis")()
    return url, import_tainan(url, data_dir)


@pytest.mark.promise("Tainan goes in by one command: every leaf, at every level")
def test_every_leaf_goes_in(city):
    _, answer = city
    assert (answer["read"], answer["written"]) == (12_774, 12_774)
    assert answer["areas"] == {"micro_grid": 12_774, "grid": 6_322, "community": 667, "county": 37, "city": 1}


@pytest.mark.promise("Cleaning moves no border farther than promised")
def test_no_leaf_moves_farther_than_promised(city, record_property):
    _, answer = city
    compared = answer["comparison"]
    record_property("figures", f"least overlap {compared['least_share']:.2%}, off seams {compared['off_seam_m']:.2f} m, anywhere "
                               f"{compared['moved_m']:.2f} m, symmetric difference {compared['symmetric_difference']:.2e}")
    assert compared["non_empty"] == 12_774
    assert compared["least_share"] >= 0.98
    assert compared["off_seam_m"] <= 1
    assert compared["moved_m"] <= 6
    assert compared["symmetric_difference"] <= 5e-5
    told = {finding["code"] for finding in answer["findings"] if (finding["distance_m"] or 0) > 1}
    assert set(compared["far"]) <= told


@pytest.mark.promise("Check clean, nobody lost: 676,505 households, 1,875,586 people, 944 leaves unknown")
def test_the_check_is_clean_and_nobody_is_lost(city):
    url, _ = city
    code, answer = weige(url, "check")
    assert (code, answer["gaps"], answer["overlaps"], answer["nesting"], answer["codes"]) == (0, 0, 0, 0, 0)
    _, stats = weige(url, "stats", "67000")
    assert {key: stats[key] for key in ("code", "level", "leaves", "unknown_leaves", "households", "population")} == {
        "code": "67000", "level": "city", "leaves": 12_774, "unknown_leaves": 944, "households": 676_505, "population": 1_875_586}


@pytest.mark.promise("Round trip through format x encoding x CRS: count, codes, Chinese text and people equal, borders unit by unit")
def test_the_city_goes_out_and_comes_back_as_it_was(city, tmp_path, record_property):
    url, _ = city
    store = Store.open(url, load().rules)
    cache = CoverageCache(store, tiles=False)
    cache.sync()
    local = ("EPSG:4490", "EPSG:4326", *plane(120.2))
    known = [way for way in some_ways(None) if way[2] in local]
    ways = known if FULL else [("shapefile", "GBK", local[3]), ("geojson", "UTF-8", "EPSG:4326")] if url.startswith("gpkg") else []
    for way in ways:
        assert there_and_back(store, cache, way, tmp_path) == 12_774
    store.close()
    record_property("figures", f"Tainan: {len(ways)} ways, 12,774 areas each")


@pytest.mark.promise("Random redraws of every kind and undos in both stores: proof exact, people conserved, 30 % on seams, holes, islands, parts")
def test_random_redraws_leave_it_seamless_and_lose_nobody(city, record_property):
    url, _ = city
    store = Store.open(url, load().rules)
    tally = redraw_at_random(store, count(60, 2000))
    store.close()
    record_property("figures", f"{url.split(':')[0]}: {tally.total} accepted {dict(tally.accepted)}, {tally.special} on a seam, hole, "
                               f"island or several parts; refused {sum(tally.refused.values())}")
    assert tally.special >= 0.3 * tally.total
    code, answer = weige(url, "check")
    assert (code, answer["gaps"], answer["overlaps"], answer["nesting"], answer["codes"]) == (0, 0, 0, 0, 0)
    _, stats = weige(url, "stats", "67000")
    assert (stats["households"], stats["population"]) == (676_505, 1_875_586)
