"""Posts and staff through a redraw, on both stores: the areas a post serves follow lineage in the same transaction and come
back on undo; the need for zone staff follows zones in force, in the cache, in the preview and after the save."""

from __future__ import annotations

import json
import random

import geopandas
import pandas
import pytest
import shapely

from geodata import effects, redrawing, zone_sums, zoning
from geodata.coverage_cache import CoverageCache
from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.schema import TABLES
from geodata.store import Store
from geodata.zone_need import residents_in
from layers.areas import to_degrees
from layers.errors import NotFound, WeigeError
from layers.staffing import ZONE_STAFF, zone_need
from tests.counts import count
from tests.geodata.stores import BUILT, RULES
from tests.geodata.work import commit, cut, some_merge, some_split, undo


def post(store: Store, serves: list[str]) -> int:
    """A post in the first of these areas that serves them all."""
    def make(tx) -> int:
        areas = [tx.area(code) for code in serves]
        spot = to_degrees(shapely.point_on_surface(areas[0].shape))
        row = {"geom": spot, "name": "东门", "area": areas[0].fid, "areas": [area.fid for area in areas], "required": 2}
        return tx.insert("checkpoints", [row])[0]
    return store.attempt("planner", "add checkpoints", make)


def serves(store: Store, fid: int) -> list[str]:
    """Codes of the areas the post serves, all of which live."""
    with store.read() as reader:
        fids = reader.row("checkpoints", fid)["areas"]
        found = reader.areas(fids)
        assert set(found) == set(fids), "a post serves an area that is gone"
        return [found[area].code for area in fids]


def version(store: Store, fid: int) -> int:
    with store.read() as reader:
        return reader.row("checkpoints", fid)["version"]


def redrawn(store: Store, form: dict) -> tuple[int, redrawing.Draft]:
    """The revision of a redraw, and what it did."""
    done = commit(store, form)
    return store.head()[0], done


def pair(store: Store) -> tuple[str, str]:
    """Two neighbours of one community that can be merged."""
    with store.read() as reader:
        for area in reader.all_areas(leaf=True):
            for other in reader.leaves_near(area.shape.bounds):
                if other.fid != area.fid and other.parent == area.parent and not (area.locked or other.locked) and (
                        shapely.intersection(other.shape, area.shape).length > 0):
                    return area.code, other.code
    raise AssertionError("no neighbours")


# ---- lineage ------------------------------------------------------------------------------------------------------------
def test_a_post_serves_both_parts_of_a_cut_area_until_somebody_assigns_one(town: Store):
    code, _ = pair(town)
    fid = post(town, [code])
    rev, done = redrawn(town, cut(town, code))
    assert set(serves(town, fid)) == {code, *(area.code for area in done.edit.after)}
    assert version(town, fid) == 1, "who edits the post is not disturbed"
    undo(town, rev)
    assert serves(town, fid) == [code]


def test_a_post_serves_the_successor_of_a_merged_area_and_the_old_one_after_undo(town: Store):
    keep, gone = pair(town)
    one, both = post(town, [gone]), post(town, [keep, gone])
    rev, _ = redrawn(town, {"op": "merge", "targets": [keep, gone], "keep": keep})
    assert serves(town, one) == [keep] and serves(town, both) == [keep]
    undo(town, rev)
    assert serves(town, one) == [gone] and serves(town, both) == [keep, gone]


def test_what_a_post_was_given_meanwhile_goes_where_the_ground_went_when_the_cut_is_undone(town: Store):
    code, other = pair(town)
    fid = post(town, [code])
    rev, done = redrawn(town, cut(town, code))
    new = next(area for area in done.edit.after if area.code != code)
    with town.read() as reader:
        assigned = [new.fid, reader.area(other).fid]
    town.attempt("planner", "change checkpoints", lambda tx: tx.update("checkpoints", fid, {"areas": assigned}))
    undo(town, rev)
    assert serves(town, fid) == [code, other]


@pytest.mark.parametrize("seed", range(count(1, 4)))
def test_after_any_work_posts_serve_living_areas_and_stand_in_their_own(town: Store, seed: int):
    dice = random.Random(seed)
    with town.read() as reader:
        codes = [area.code for area in dice.sample(reader.all_areas(leaf=True), 8)]
    fids = [post(town, codes[k:k + 2]) for k in range(0, 8, 2)]
    done = []
    for _ in range(count(12, 40)):
        if done and dice.random() < 0.3:
            try:
                undo(town, done.pop())
            except WeigeError:
                continue
        else:
            with town.read() as reader:
                form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
            try:
                done.append(redrawn(town, form)[0])
            except (WeigeError, TypeError):
                continue
        for fid in fids:
            assert serves(town, fid), "a post always serves somebody"


# ---- need ---------------------------------------------------------------------------------------------------------------
def in_force(store: Store, codes: list[str], kind: str = "lockdown") -> int:
    """A zone over these areas, in force with its members frozen."""
    form = {"kind": kind, "areas": codes, "name": "封控", "reason": "初筛阳性", "order_no": "3"}
    fid = store.attempt("planner", "propose zone", lambda tx: zoning.write(tx, zoning.resolve(tx, form), form))
    store.attempt("commander", "approve zone", lambda tx: zoning.approve(tx, fid, {}))
    return fid


def needs(cache: CoverageCache) -> dict[str, int]:
    return {node.code: node.need[ZONE_STAFF] for node in cache.nodes.values() if (node.need or {}).get(ZONE_STAFF)}


def built(store: Store, number: int) -> list[str]:
    with store.read() as reader:
        codes = {area.fid: area.code for area in reader.all_areas()}
        return [area.code for area in reader.all_areas(leaf=True) if codes[area.parent] in BUILT][:number]


def expected(store: Store) -> dict[int, int]:
    with store.read() as reader:
        return {leaf: zone_need(RULES, kinds) for leaf, kinds in zone_sums.residents_by_leaf(reader).items()}


def test_need_follows_a_zone_that_is_approved_and_lifted(town: Store):
    cache = CoverageCache(town, tiles=False)
    cache.sync()
    before = {fid: dict(node.need or {}) for fid, node in cache.nodes.items()}
    codes = built(town, 3)
    fid = in_force(town, codes)
    cache.sync()
    with town.read() as reader:
        residents = zone_sums.residents_by_leaf(reader)
    assert residents and {cache.nodes[leaf].code for leaf in residents} <= set(codes)
    for leaf, kinds in residents.items():  # by hand: ten residents a person, rounded up once
        assert cache.nodes[leaf].need[ZONE_STAFF] == -(-kinds["lockdown"] // 10)
    parent = cache.nodes[cache.by_code(codes[0]).parent]
    below = sum((cache.nodes[child].need or {}).get(ZONE_STAFF, 0) for child in cache.children[parent.fid])
    assert parent.need[ZONE_STAFF] == below, "a parent adds its children's"
    town.attempt("commander", "lift zone", lambda tx: tx.update("zones", fid, {"status": "lifted"}))
    cache.sync()
    assert {fid: dict(node.need or {}) for fid, node in cache.nodes.items()} == before


def test_the_stricter_zone_counts_each_resident_once(town: Store):
    cache = CoverageCache(town, tiles=False)
    codes = built(town, 2)
    in_force(town, codes, "control")
    in_force(town, codes[:1], "lockdown")
    cache.sync()
    with town.read() as reader:
        residents = residents_in(reader)
    strict = residents[cache.by_code(codes[0]).fid]
    assert set(strict) == {"lockdown"} and set(residents[cache.by_code(codes[1]).fid]) == {"control"}


@pytest.mark.parametrize("where", ["buildings", "cells"])
@pytest.mark.parametrize("seed", range(count(1, 3)))
def test_the_cache_keeps_in_step_whatever_is_redrawn_counted_and_undone(town: Store, seed: int, where: str):
    dice = random.Random(seed)
    cache = CoverageCache(town, tiles=False)
    cache.sync()
    codes = built(town, 6)
    if where == "cells":
        with town.read() as reader:
            codes += [area.code for area in dice.sample(reader.all_areas(leaf=True), 6) if area.code not in codes]
    in_force(town, codes[:4])
    in_force(town, codes[2:], "control")
    done = []
    for k in range(count(10, 40)):
        if k % 4 == 3:
            with town.read() as reader:
                house = dice.choice(reader.rows("buildings", geometry=False))["fid"]
            town.attempt("planner", "count", lambda tx, fid=house: tx.update("buildings", fid, {"resident": dice.randint(0, 200)}))
        elif done and dice.random() < 0.3:
            try:
                undo(town, done.pop())
            except WeigeError:
                continue
        else:
            with town.read() as reader:
                form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
            try:
                done.append(redrawn(town, form)[0])
            except (WeigeError, TypeError):
                continue
        cache.sync()
        fresh = CoverageCache(town, tiles=False)
        fresh.sync()
        assert needs(cache) == needs(fresh)
        assert {cache.nodes[leaf].code: number for leaf, number in expected(town).items() if number} == {
            code: number for code, number in needs(cache).items() if cache.by_code(code).leaf}


def test_the_preview_of_a_cut_tells_the_need_that_is_saved(town: Store):
    code = built(town, 1)[0]
    in_force(town, built(town, 4))
    with town.read() as reader:
        made = redrawing.draft(reader, cut(town, code))
        told = effects.answer(reader, made, today="2026-03-01")
    shown = sorted(one["after"]["staff"]["need"] for one in told["changed"])
    _, done = redrawn(town, cut(town, code))
    cache = CoverageCache(town, tiles=False)
    cache.sync()
    assert sorted(sum(cache.by_code(area.code).need.values()) for area in done.edit.after) == shown
    assert sum(cache.by_code(area.code).need.get(ZONE_STAFF, 0) for area in done.edit.after) > 0


# ---- import -------------------------------------------------------------------------------------------------------------
def test_a_file_names_served_areas_and_the_posts_of_people_by_their_codes(town: Store, tmp_path):
    keep, other = pair(town)
    with town.read() as reader:
        spot = to_degrees(shapely.point_on_surface(reader.area(keep).shape))
        fids = [reader.area(code).fid for code in (keep, other)]
    rows = [{"code": "K1", "name": "东门", "kind": "estate_gate", "areas": json.dumps([keep, other]), "required": 2}]
    geopandas.GeoDataFrame(rows, geometry=[spot], crs="EPSG:4490").to_file(tmp_path / "posts.gpkg", driver="GPKG")
    assert import_rows(town, tmp_path / "posts.gpkg", Options("checkpoints"), "clerk")["written"] == 1
    with town.read() as reader:
        made = reader.rows("checkpoints", TABLES["checkpoints"].c.code == "K1")[0]
    assert made["areas"] == fids and made["area"] == fids[0]
    pandas.DataFrame([{"name": "王小", "role": "volunteer", "post": "K1", "area": keep}]).to_csv(tmp_path / "staff.csv", index=False)
    assert import_rows(town, tmp_path / "staff.csv", Options("staff"), "clerk")["written"] == 1
    with town.read() as reader:
        assert reader.rows("staff", TABLES["staff"].c.post == made["fid"], geometry=False)[0]["name"] == "王小"
    rows[0] |= {"code": "K2", "areas": json.dumps(["nowhere"])}
    geopandas.GeoDataFrame(rows, geometry=[spot], crs="EPSG:4490").to_file(tmp_path / "lost.gpkg", driver="GPKG")
    with pytest.raises(NotFound, match="nowhere"):
        import_rows(town, tmp_path / "lost.gpkg", Options("checkpoints"), "clerk")
