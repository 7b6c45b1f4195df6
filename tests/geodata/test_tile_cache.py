"""What is kept is what would be made now: edits forget, older states never return, the least used leave first."""

import gzip
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import tile_cache
from geodata.tile_cache import TileCache, TileKey, compressed
from geodata.tile_lattice import TileCover, tiles_over

KEY = TileKey("areas", "grid", 14, 13720, 6743)


def other(**changes) -> TileKey:
    return KEY._replace(**changes)


def test_a_tile_comes_back_compressed_with_its_revision():
    cache = TileCache()
    assert cache.get(KEY) is None
    kept = cache.put(KEY, b"tile" * 1000, 7)
    assert cache.get(KEY) is kept and kept.rev == 7 and gzip.decompress(kept.data) == b"tile" * 1000
    assert (cache.hits, cache.misses, len(cache)) == (1, 1, 1)
    assert cache.bytes >= len(kept.data)
    for key in (other(level="town"), other(scope="/1/17/"), other(layer="zones"), other(z=15)):
        assert cache.get(key) is None


def test_equal_tiles_have_equal_bytes_and_etag_whatever_their_revision():
    assert compressed(b"abc", 1).etag == compressed(b"abc", 9).etag != compressed(b"abd", 1).etag
    assert compressed(b"abc", 1).data == compressed(b"abc", 9).data
    assert compressed(b"", 1).data == b""


def test_an_empty_tile_is_kept_as_well():
    cache = TileCache()
    cache.put(KEY, b"", 3)
    assert cache.get(KEY).data == b""


def test_an_edit_forgets_the_tiles_it_touched_of_every_level_and_scope():
    cache = TileCache()
    touched = [KEY, other(level="town"), other(scope="/1/17/")]
    spared = [other(x=13721), other(layer="zones"), other(z=13)]
    for key in touched + spared:
        cache.put(key, b"old", 1)
    assert cache.forget("areas", {(14, 13720, 6743), (9, 1, 1)}, 2) == 3
    assert all(cache.get(key) is None for key in touched) and all(cache.get(key) for key in spared)
    assert cache.forget("areas", None, 3) == 2
    assert len(cache) == 1 and cache.get(other(layer="zones"))


def test_a_tile_made_before_an_edit_is_not_kept_after_it():
    cache = TileCache()
    cache.forget("areas", {(14, 13720, 6743)}, 5)
    sent = cache.put(KEY, b"old", 4)
    assert gzip.decompress(sent.data) == b"old" and cache.get(KEY) is None
    cache.put(KEY, b"new", 5)
    assert cache.get(KEY).rev == 5
    cache.put(KEY, b"older", 4)
    assert cache.get(KEY).rev == 5
    cache.put(other(x=1), b"elsewhere", 4)
    assert cache.get(other(x=1)).rev == 4


def test_a_tile_of_the_new_state_survives_a_forgetting_that_comes_late():
    cache = TileCache()
    cache.put(KEY, b"new", 5)
    assert cache.forget("areas", {(14, 13720, 6743)}, 5) == 0
    assert cache.get(KEY).rev == 5


def test_a_tile_older_than_what_is_remembered_is_not_kept(monkeypatch):
    monkeypatch.setattr(tile_cache, "_MEMORY", 4)
    cache = TileCache()
    for rev in range(1, 9):
        cache.forget("areas", {(3, 0, 0)}, rev)
    cache.put(KEY, b"may be old", 3)
    assert cache.get(KEY) is None
    cache.put(KEY, b"known to be good", 4)
    assert cache.get(KEY)


def test_a_cover_too_large_to_write_out_is_forgotten_by_looking_through_what_is_kept():
    cache = TileCache()
    for x in range(50):
        cache.put(other(x=13700 + x), b"tile", 1)
    province = tiles_over((1_180_000_000, 270_000_000, 1_230_000_000, 310_000_000), 0, 22)
    assert isinstance(province, TileCover) and len(province) > 1_000_000_000
    assert cache.forget("areas", province, 2) == sum((14, 13700 + x, 6743) in province for x in range(50)) > 0


def test_the_least_used_leave_first():
    cache = TileCache(limit_bytes=4 * (600 + 30))
    for x in range(4):
        cache.put(other(x=x), b"t", 1)
    cache.get(other(x=0))
    cache.put(other(x=4), b"t", 1)
    assert [x for x in range(5) if cache.get(other(x=x))] == [0, 2, 3, 4]
    assert cache.bytes <= cache.limit_bytes
    TileCache(limit_bytes=10).put(KEY, b"larger than all", 1)
    assert cache.forget("areas", None, 2) == 4 and cache.bytes == 0


def test_clear_forgets_edits_too():
    cache = TileCache()
    cache.forget("areas", None, 100)
    cache.put(KEY, b"of another store", 1)
    cache.clear()
    cache.put(KEY, b"of this store", 1)
    assert gzip.decompress(cache.get(KEY).data) == b"of this store" and len(cache) == 1


# --- making a tile once ------------------------------------------------------------------------------------------
def test_who_asks_for_the_same_tile_waits_for_one_making():
    cache, calls, go = TileCache(), [], threading.Event()

    def make():
        calls.append(1)
        assert go.wait(60)
        return b"tile", 1

    got = []
    askers = [threading.Thread(target=lambda: got.append(cache.fetch(KEY, make))) for _ in range(5)]
    for asker in askers:
        asker.start()
    go.set()
    for asker in askers:
        asker.join()
    assert len(calls) == 1 and len(set(map(id, got))) == 1 and cache.get(KEY) is got[0]


def test_who_asks_after_an_edit_does_not_get_the_tile_begun_before_it():
    cache, begun, go = TileCache(), threading.Event(), threading.Event()

    def make_slowly():
        begun.set()
        assert go.wait(60)
        return b"old", 1

    asker = threading.Thread(target=cache.fetch, args=(KEY, make_slowly))
    asker.start()
    assert begun.wait(60)
    cache.forget("areas", {(14, 13720, 6743)}, 2)
    assert gzip.decompress(cache.fetch(KEY, lambda: (b"new", 2)).data) == b"new"
    go.set()
    asker.join()
    assert cache.get(KEY).rev == 2


def test_a_making_that_fails_is_told_and_tried_again():
    cache = TileCache()
    with pytest.raises(ZeroDivisionError):
        cache.fetch(KEY, lambda: (b"", 1 // 0))
    assert gzip.decompress(cache.fetch(KEY, lambda: (b"tile", 1)).data) == b"tile"


# --- whatever happens --------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.sampled_from(["edit", "begin", "end"]), st.integers(0, 3)), max_size=60))
def test_what_is_kept_is_never_older_than_the_last_edit_of_its_ground(events):
    cache, rev, truth, begun = TileCache(limit_bytes=3 * 700), 0, {}, []
    for what, x in events:
        if what == "edit":
            rev += 1
            truth[x] = rev
            cache.forget("areas", {(14, x, 6743)}, rev)
        elif what == "begin":
            begun.append((x, rev))
        elif begun:
            x, seen = begun.pop(0)
            cache.put(other(x=x), b"tile", seen)
        for x in range(4):
            kept = cache.get(other(x=x))
            assert kept is None or kept.rev >= truth.get(x, 0)
        assert cache.bytes <= cache.limit_bytes and len(cache) <= 3
