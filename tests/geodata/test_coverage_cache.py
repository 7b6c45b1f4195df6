"""What the cache says after any edits is what a cache that reads the store afresh says."""

from __future__ import annotations

import random
import threading
import time

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from geodata.coverage_cache import CoverageCache
from geodata.importer import write_frame
from geodata.incoming import Options
from geodata.rows import Reader
from layers.errors import UnknownArea
from layers.schema import LAYERS
from tests.counts import count
from tests.geodata.samples import sample
from tests.geodata.stores import Clock, open_store, plant_leaves
from tests.geodata.work import Worker, commit, cut, undo

ZOOMS = (0, 12, 14, 16)


def tiles_over(bounds, zoom: int) -> list[tuple[int, int, int]]:
    """Tiles of a zoom that meet bounds in degrees."""
    lon, lat = np.array(bounds)[[0, 2]], np.array(bounds)[[1, 3]]
    x = ((lon + 180) / 360 * 2**zoom).astype(int)
    y = ((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom).astype(int)
    return [(zoom, a, b) for a in range(x[0], x[1] + 1) for b in range(y[1], y[0] + 1)]


def decoded(body: bytes) -> dict:
    """A tile as {layer: {feature id: (geometry, attributes)}}: the order of features and values says nothing."""
    options = {"y_coord_down": True}
    return (
        {
            name: {
                feature["id"]: (
                    shapely.normalize(shapely.geometry.shape(feature["geometry"])).wkt,
                    feature["properties"],
                )
                for feature in layer["features"]
            }
            for name, layer in mapbox_vector_tile.decode(body, default_options=options).items()
        }
        if body
        else {}
    )


def assert_alike(mine: CoverageCache, fresh: CoverageCache, *, tiles: bool = True) -> None:
    assert mine.rev == fresh.rev
    assert mine.nodes.keys() == fresh.nodes.keys()
    for fid, node in fresh.nodes.items():
        held = mine.nodes[fid]
        for name in (
            "code",
            "name",
            "level",
            "parent",
            "path",
            "leaf",
            "assigned",
            "locked",
            "version",
            "rev",
            "attributes",
            "bounds",
        ):
            assert getattr(held, name) == getattr(node, name), f"{node.code}: {name}"
        assert mine.figures(held) == fresh.figures(node), node.code
        assert mine.have(held) == fresh.have(node), node.code
        assert mine.norm(held) == fresh.norm(node)
        assert mine.ancestors(held) and [one.fid for one in mine.ancestors(held)] == [one.fid for one in fresh.ancestors(node)] or not node.parent
    assert mine.codes == fresh.codes
    assert {key: fids for key, fids in mine.children.items() if fids} == fresh.children
    assert mine.bounds() == fresh.bounds() and mine.levels() == fresh.levels()
    assert [root.fid for root in mine.roots()] == [root.fid for root in fresh.roots()]
    dice = random.Random(mine.rev)
    west, south, east, north = fresh.bounds()
    for _ in range(20):
        lon, lat = dice.uniform(west, east), dice.uniform(south, north)
        assert mine.at(lon, lat) == fresh.at(lon, lat)
        box = (lon, lat, lon + dice.uniform(0, 0.005), lat + dice.uniform(0, 0.005))
        assert mine.near(box) == fresh.near(box)
    for level in fresh.levels():
        assert {node.fid for node in mine.shown(level)} == {node.fid for node in fresh.shown(level)}
        for zoom in ZOOMS if tiles else ():
            for tile in tiles_over(fresh.bounds(), zoom):
                assert decoded(mine.layers[level].tile(*tile)) == decoded(fresh.layers[level].tile(*tile)), (
                    level,
                    tile,
                )


def fresh_of(store, **options) -> CoverageCache:
    cache = CoverageCache(store, **options)
    cache.sync()
    return cache


@pytest.mark.parametrize("seed", range(count(2, 10)))
def test_after_any_edits_the_cache_is_what_a_new_one_would_be(town, clock, kind, seed):
    worker, cache = Worker(town, clock, random.Random(300 + seed)), fresh_of(town)
    for _ in range(count(6 if kind == "gpkg" else 2, 40)):
        worker.work(len(worker.log) + random.Random(len(worker.log)).choice((1, 2, 15)))
        cache.sync()
        assert_alike(cache, fresh_of(town), tiles=False)
    assert_alike(cache, fresh_of(town))


def test_edits_of_another_process_are_read_as_well(town_url, town):
    cache, other = fresh_of(town), open_store(town_url)
    worker = Worker(other, Clock(), random.Random(5))
    worker.work(25)
    assert cache.rev < other.head()[0] == cache.sync()
    assert_alike(cache, fresh_of(town))
    other.close()


def test_an_import_is_read_whole(town):
    cache = fresh_of(town)
    with town.read() as reader:
        leaves = reader.all_areas(leaf=True)
    write_frame(town, sample(LAYERS["buildings"], leaves).drop(columns="estate"), Options("buildings"), "tester", "buildings")
    cache.sync()
    assert_alike(cache, fresh_of(town))


def test_a_city_that_comes_while_we_look_is_shown(empty):
    cache = fresh_of(empty)
    assert (cache.bounds(), cache.roots(), cache.levels(), cache.level_by_zoom()) == (None, [], [], {})
    plant_leaves(empty)
    cache.sync()
    assert_alike(cache, fresh_of(empty))
    assert cache.level_by_zoom()[0] == "city" and cache.level_by_zoom()[18] == "micro_grid"


def test_nothing_is_read_again_when_nothing_was_written(town, monkeypatch):
    cache, read = fresh_of(town), []
    monkeypatch.setattr(Reader, "revisions_since", lambda self, rev: read.append(rev) or [])
    assert cache.sync() == cache.sync() == town.head()[0]
    assert read == []


def test_only_what_a_cut_touched_is_read_again(town, monkeypatch):
    cache = fresh_of(town)
    made = commit(town, cut(town, "30"))
    read: list[int] = []
    areas = Reader.areas
    monkeypatch.setattr(Reader, "areas", lambda self, fids: areas(self, read.extend(fids := list(fids)) or fids))
    monkeypatch.setattr(cache, "_load", lambda reader: pytest.fail("everything was read"))
    cache.sync()
    assert set(read) <= {area.fid for area in (*made.edit.before, *made.edit.after, *made.edit.touched)} | {
        1,
        2,
        3,
        4,
        5,
    }


def test_listeners_hear_what_ground_changed(town):
    cache, heard = fresh_of(town), []
    cache.listeners.append(lambda changed, rev: heard.append((changed, rev)))
    before = {tile: cache.layers["micro_grid"].tile(*tile) for tile in tiles_over(cache.bounds(), 17)}
    made = commit(town, cut(town, "30"))
    cache.sync()
    ((changed, rev),) = heard
    assert rev == town.head()[0]
    assert {area.fid for area in made.edit.after} <= set(changed["areas"])
    touched = set(cache.layers["micro_grid"].touched_tiles(changed["bounds"], 17, 17))
    differ = {tile for tile, body in before.items() if decoded(cache.layers["micro_grid"].tile(*tile)) != decoded(body)}
    assert differ and differ <= touched, "whoever forgets the touched tiles shows none that is old"


def test_who_reads_while_others_redraw_never_finds_half_a_town(town):
    """Threads see the town before or after a cut: every area there, every figure whole, never a hole."""
    cache, wrong, stop, looks = fresh_of(town), [], threading.Event(), []
    whole, codes = cache.figures(cache.by_code("town"))["population"], sorted(cache.codes)
    number, bounds = cache.by_code("town").leaves, cache.bounds()

    def look():
        while not stop.is_set():
            try:
                assert all(cache.by_code(code).code == code for code in codes)
                figures = cache.figures(cache.by_code("town"))
                assert figures["population"] == whole and figures["leaves"] in (number, number + 1)
                assert sum(node.leaf for node in cache.nodes.values()) in (number, number + 1)
                assert len(cache.near(bounds)) in (number, number + 1) and cache.bounds() == bounds
                assert len(cache.shown("community")) == 4
                assert decoded(cache.layers["micro_grid"].tile(*tiles_over(bounds, 14)[0]))["areas"]
                looks.append(1)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for code in ("30", "11", "22", "64"):
        rev = commit(town, cut(town, code)) and town.head()[0]
        cache.sync()
        seen, until = len(looks), time.monotonic() + 60
        while len(looks) == seen and not wrong and time.monotonic() < until:
            time.sleep(0.001)
        undo(town, rev)
        cache.sync()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and looks
    assert_alike(cache, fresh_of(town))


def test_compacted_tiles_are_the_same_tiles(town, clock):
    worker, cache = Worker(town, clock, random.Random(8)), fresh_of(town)
    worker.work(30)
    cache.sync()
    for layer in cache.layers.values():
        layer.compact()
        assert layer.slack == 0
    assert_alike(cache, fresh_of(town))


def test_staff_below_count_above_and_unknown_is_not_zero(town):
    cache = fresh_of(town)
    with town.read() as reader:
        people = len(reader.rows("staff"))
    assert sum(cache.have(cache.by_code("town")).values()) == people
    with town.write("tester", "staff") as tx:
        for row in tx.rows("staff"):
            tx.delete("staff", row["fid"])
    cache.sync()
    assert cache.have(cache.by_code("town")) == {}, "everybody left: that is nobody, not unknown"
    assert_alike(cache, fresh_of(town), tiles=False)


def test_a_roster_stays_known_when_the_area_it_began_in_is_gone(empty):
    plant_leaves(empty)
    with empty.write("tester", "staff") as tx:
        fid = tx.insert("staff", [{"name": "王", "role": "volunteer", "area": tx.area("32").fid}])[0]
    with empty.write("tester", "staff") as tx:
        tx.delete("staff", fid)
    cache = fresh_of(empty)
    assert cache.have(cache.by_code("31")) == {} and cache.have(cache.by_code("11")) == {}
    assert cache.have(cache.by_code("53")) is None
    commit(empty, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    cache.sync()
    assert_alike(cache, fresh_of(empty), tiles=False)
    assert cache.have(cache.by_code("11")) == {}


def test_an_unknown_code_is_told(town):
    with pytest.raises(UnknownArea, match="nowhere"):
        fresh_of(town, tiles=False).by_code("nowhere")


def test_a_part_of_a_level_is_what_looking_at_every_area_finds(town):
    cache = fresh_of(town)
    tops = [node for node in cache.nodes.values() if not node.leaf] + [next(node for node in cache.nodes.values() if node.leaf)]
    for level in cache.levels():
        everything = cache.shown(level)
        for top in tops:
            under = [node.fid for node in everything if node.path.startswith(top.path)]
            assert sorted(node.fid for node in cache.shown(level, top)) == sorted(under)
            assert [node.fid for node in cache.shown_in(level, (top.path,))] == sorted(under)
            near = [node.fid for node in everything if node.bounds[2] >= top.bounds[0] and node.bounds[0] <= top.bounds[2]
                    and node.bounds[3] >= top.bounds[1] and node.bounds[1] <= top.bounds[3]]
            assert sorted(node.fid for node in cache.shown(level, None, top.bounds)) == sorted(near)
    assert cache.shown_in(cache.levels()[-1], ()) == []
