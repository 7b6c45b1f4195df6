"""An area gets its first children, they are cut and joined, the division is taken back: nobody is lost on the way, and
undo goes back step by step to the same bytes. On both stores."""

from __future__ import annotations

import random

import geopandas
import numpy as np
import pytest
from sqlalchemy import select

from geodata import committing, effects, redrawing
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache, today
from geodata.incoming import Options
from geodata.planting import plant
from geodata.schema import LINEAGE, TABLES
from geodata.store import Store
from layers.areas import to_degrees
from layers.errors import AreaLocked, BadInput, HasChildren, MissingField, NoChildren, NoLevelBelow, UndoBlocked, UnknownArea, WeigeError
from tests.counts import count
from tests.geodata.forms import keep_everybody
from tests.geodata.stores import Clock, assert_history, assert_whole, content, open_store, people
from tests.geodata.test_coverage_cache import assert_alike
from tests.geodata.work import assert_there_and_back, commit, cut, some_split, undo
from tests.layers.little_town import little_town

PARENT = "community-2"


def dissolve(*codes: str) -> dict:
    return {"op": "dissolve", "targets": list(codes)}


def subdivide(*codes: str, **more) -> dict:
    return {"op": "subdivide", "targets": list(codes), **more}


def written(store: Store, form: dict) -> dict:
    """A commit as the API answers it."""

    def change(tx):
        fids, done = committing.save(tx, redrawing.draft(tx, form))
        return effects.answer(tx, done, today=today(store), fids=fids)

    return store.attempt("tester", form["op"], change, form=form)


def shown(store: Store, form: dict) -> dict:
    with store.read() as reader:
        return effects.answer(reader, redrawing.draft(reader, form), today=today(store))


def leaves(store: Store, parent: str) -> list:
    with store.read() as reader:
        return [area for area in reader.children(reader.area(parent).fid) if area.leaf]


def assert_clean(store: Store) -> None:
    told = check_store(store)
    assert [told[kind] for kind in ("gaps", "overlaps", "nesting", "codes")] == [0, 0, 0, 0], told["findings"]
    assert_whole(store)


# --- one after the other -----------------------------------------------------------------------------------------
def test_grids_come_and_go_and_nobody_is_lost(town):
    everybody, dice = people(town), random.Random(3)
    with town.read() as reader:
        ground = reader.area(PARENT).shape
    commit(town, dissolve(PARENT))
    assert_clean(town)
    commit(town, subdivide(PARENT))
    assert_clean(town)
    assert [(leaf.code, leaf.level, leaf.assigned) for leaf in leaves(town, PARENT)] == [(f"{PARENT}-1", "grid", False)]
    cuts = 0
    while cuts < 4:
        with town.read() as reader:
            form = some_split(reader, dice, max(leaves(town, PARENT), key=lambda leaf: leaf.shape.area))
        try:
            commit(town, form)
        except WeigeError:
            continue
        cuts += 1
        assert people(town) == everybody
    assert_clean(town)
    codes = [leaf.code for leaf in leaves(town, PARENT)]
    assert all(code == f"{PARENT}-{number}" for number, code in enumerate(codes, 1)) and len(codes) > 4
    assert [leaf.code for leaf in leaves(town, PARENT) if not leaf.assigned] == [f"{PARENT}-1"], "what is left of it"
    near = next(leaf for leaf in leaves(town, PARENT)[1:] if leaf.shape.intersection(leaves(town, PARENT)[0].shape).length > 1)
    commit(town, {"op": "merge", "targets": [f"{PARENT}-1", near.code]})
    assert near.code in [leaf.code for leaf in leaves(town, PARENT)] and all(leaf.assigned for leaf in leaves(town, PARENT))
    assert_clean(town)
    commit(town, dissolve(PARENT))
    assert_clean(town)
    with town.read() as reader:
        now = reader.area(PARENT)
    assert now.leaf and now.shape.hausdorff_distance(ground) <= 2
    assert people(town) == everybody
    commit(town, subdivide(PARENT))
    used = int(leaves(town, PARENT)[0].code.rsplit("-", 1)[1])
    assert used > len(codes), "a code is never used twice"
    assert_history(town)


def test_undo_in_reverse_gives_the_same_bytes_and_redo_the_other(town):
    states, revs = [content(town)], []

    def step(form: dict) -> None:
        commit(town, form)
        revs.append(town.head()[0])
        states.append(content(town))

    step(dissolve(PARENT))
    step(subdivide(PARENT))
    step(cut(town, f"{PARENT}-1"))
    step(cut(town, f"{PARENT}-1"))
    step({"op": "merge", "targets": [leaf.code for leaf in leaves(town, PARENT)[:2]]})
    step(dissolve(PARENT))
    step(subdivide(PARENT, level="micro_grid"))
    assert_there_and_back(town, states, revs)


def test_a_division_is_not_undone_under_what_was_built_on_it(town):
    commit(town, dissolve(PARENT))
    first = town.head()[0]
    commit(town, subdivide(PARENT))
    second = town.head()[0]
    commit(town, cut(town, f"{PARENT}-1"))
    third = town.head()[0]
    before = content(town)
    for rev, blocking in ((second, third), (first, second)):
        with pytest.raises(UndoBlocked) as blocked:
            undo(town, rev)
        assert blocking in blocked.value.details["edits"]
    assert content(town) == before
    commit(town, dissolve(PARENT))
    with pytest.raises(UndoBlocked):
        undo(town, third)
    assert_clean(town)


def test_a_cut_of_the_area_blocks_the_return_of_its_children(town):
    commit(town, dissolve(PARENT))
    first = town.head()[0]
    commit(town, cut(town, PARENT))
    second = town.head()[0]
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, first)
    assert blocked.value.details["edits"] == [second]
    undo(town, second)
    undo(town, first)
    assert_clean(town)


# --- who and what stands there -----------------------------------------------------------------------------------
def test_houses_move_to_the_children_and_back_and_people_of_the_area_stay_with_it(town):
    with town.read() as reader:
        own = reader.area(PARENT)
        children = [leaf.fid for leaf in reader.children(own.fid)]
        secretary = next(row for row in reader.rows("staff", geometry=False) if row["name"] == "李书记")
        below = [row["fid"] for row in reader.rows("staff", TABLES["staff"].c.area.in_(children), geometry=False)]
        houses = [row["fid"] for row in reader.rows("buildings", TABLES["buildings"].c.area.in_(children), geometry=False)]
    assert secretary["area"] == own.fid and below and houses
    commit(town, dissolve(PARENT))
    with town.read() as reader:
        assert {row["area"] for row in reader.rows("staff", fids=below, geometry=False)} == {own.fid}
        assert {row["area"] for row in reader.rows("buildings", fids=houses, geometry=False)} == {own.fid}
        led = reader.connection.execute(select(LINEAGE.c.from_fid, LINEAGE.c.to_fid).where(LINEAGE.c.rev == reader.rev)).all()
        assert {tuple(row) for row in led} == {(child, own.fid) for child in children}
    commit(town, subdivide(PARENT))
    with town.read() as reader:
        (child,) = reader.children(own.fid)
        assert {row["area"] for row in reader.rows("buildings", fids=houses, geometry=False)} == {child.fid}
        staff = reader.rows("staff", fids=[secretary["fid"], *below], geometry=False)
        assert {row["area"] for row in staff} == {own.fid} and not any(row["reassign"] for row in staff)
        led = reader.connection.execute(select(LINEAGE.c.from_fid).where(LINEAGE.c.rev == reader.rev)).all()
        assert led == [], "the area lives on above its child: nobody's rights move"


def test_what_came_between_stays_when_the_division_is_undone(town):
    commit(town, dissolve(PARENT))
    commit(town, subdivide(PARENT))
    rev = town.head()[0]
    with town.read() as reader:
        own, (child,) = reader.area(PARENT), reader.children(reader.area(PARENT).fid)
        spot = child.shape.representative_point()
    with town.write("tester", "add gates") as tx:
        gate = tx.insert("gates", [{"geom": to_degrees(spot), "kind": "person", "state": "open", "area": child.fid}])[0]
        person = tx.insert("staff", [{"name": "赵一", "role": "volunteer", "area": child.fid}])[0]
    undo(town, rev)
    with town.read() as reader:
        assert reader.row("gates", gate)["area"] == own.fid and reader.row("staff", person)["area"] == own.fid
    assert_clean(town)


def test_what_came_between_goes_to_the_children_that_return(town):
    commit(town, dissolve(PARENT))
    rev = town.head()[0]
    with town.read() as reader:
        own = reader.area(PARENT)
        spot = own.shape.representative_point()
    with town.write("tester", "add gates") as tx:
        gate = tx.insert("gates", [{"geom": to_degrees(spot), "kind": "person", "state": "open", "area": own.fid}])[0]
    undo(town, rev)
    with town.read() as reader:
        holder = reader.areas([reader.row("gates", gate)["area"]])
        assert [area.parent for area in holder.values()] == [own.fid]
    assert_clean(town)


# --- what is told ------------------------------------------------------------------------------------------------
def test_the_preview_shows_what_the_commit_writes(town):
    for form in (dissolve(PARENT), subdivide(PARENT), dissolve(PARENT), subdivide(PARENT, "community-3")):
        if len(form["targets"]) > 1:
            commit(town, dissolve("community-3"))
            commit(town, dissolve(PARENT)) if leaves(town, PARENT) else None
        before = content(town)
        told = shown(town, form)
        assert content(town) == before
        done = written(town, form)
        for key in ("op", "touched", "totals_before", "totals_after", "findings"):
            assert done[key] == told[key], key
        for mine, theirs in zip(done["changed"], told["changed"], strict=True):
            for key in ("name", "level", "parent", "retired", "new", "leaf", "assigned", "before", "after", "geometry"):
                assert mine[key] == theirs[key], (form["op"], key)
            assert mine["code"] == (theirs["next_code"] or theirs["code"])
        parents = [one for one in done["changed"] if one["code"] in form["targets"]]
        assert len(parents) == len(form["targets"]) and not any(one["retired"] or one["new"] for one in parents)
        for one in parents:
            assert one["leaf"] == (form["op"] == "dissolve")
            for key in ("households", "population", "people", "special", "buildings"):
                assert one["before"][key] == one["after"][key], key
        for key in ("households", "population", "special_total", "buildings"):
            assert done["totals_before"][key] == done["totals_after"][key], key
        assert done["totals_before"]["staff"]["have"] == done["totals_after"]["staff"]["have"], "nobody leaves the list"


def test_refusals_write_nothing(town):
    locked = {"op": "dissolve", "targets": [PARENT]}
    with town.read() as reader:
        fid = reader.area("30").fid
    with town.write("tester", "change area") as tx:
        tx.update("areas", fid, {"locked": True})
    before, head = content(town), town.head()
    for form, reason in (
        (subdivide("31"), NoLevelBelow), (subdivide(PARENT), HasChildren), (dissolve("31"), NoChildren), (dissolve("town"), HasChildren),
        (locked, AreaLocked), (subdivide("31", level="nowhere"), BadInput), (subdivide("nobody"), UnknownArea),
        ({"op": "subdivide"}, MissingField), ({"op": "dissolve", "targets": []}, MissingField),
        ({"op": "dissolve", "targets": "31"}, BadInput),
    ):  # fmt: skip
        with pytest.raises(reason):
            commit(town, form)
    assert content(town) == before and town.head() == head


def test_the_cache_follows_every_step(town):
    mine = CoverageCache(town)
    mine.sync()
    revs = []
    for form in (dissolve(PARENT), subdivide(PARENT, level="micro_grid"), f"{PARENT}-1", dissolve(PARENT), subdivide(PARENT)):
        commit(town, cut(town, form) if isinstance(form, str) else form)
        revs.append(town.head()[0])
        mine.sync()
        fresh = CoverageCache(town)
        fresh.sync()
        assert_alike(mine, fresh)
        assert mine.unassigned == fresh.unassigned
    for rev in reversed(revs):
        undo(town, rev)
    mine.sync()
    fresh = CoverageCache(town)
    fresh.sync()
    assert_alike(mine, fresh)
    assert mine.unassigned == fresh.unassigned == frozenset()


# --- a place nobody divided yet ----------------------------------------------------------------------------------
@pytest.fixture
def communities(url: str, clock: Clock):
    """A store whose communities have no grids, with national codes."""
    town = [area for area in little_town() if area.level == "community"]
    frame = geopandas.GeoDataFrame(
        {"code": [f"33029900100{area.fid}" for area in town], "name": [f"{name}社区" for name in ("锦澜", "桐荫", "绣溪", "柳幕")],
         "town": ["330299001"] * len(town)},
        geometry=list(to_degrees(np.array([area.shape for area in town], dtype=object))), crs="EPSG:4490")  # fmt: skip
    store = open_store(url, clock, codes="cn-15-17")
    plant(store, frame, Options("areas", level="community", parents={"town": "town"}), "tester", "communities")
    yield store
    store.close()


def test_a_store_of_communities_gets_its_first_grids_with_their_names_and_codes(communities):
    store, code = communities, "330299001002"
    cache = CoverageCache(store)
    cache.sync()
    assert cache.levels() == ["town", "community"]
    commit(store, subdivide(code))
    commit(store, cut(store, f"{code}001"))
    commit(store, cut(store, f"{code}001"))
    found = leaves(store, code)
    assert [(leaf.code, leaf.name, leaf.level, leaf.assigned) for leaf in found] == [
        (f"{code}001", "01网格", "grid", False), *((f"{code}{k:03d}", f"{k:02d}网格", "grid", True) for k in range(2, len(found) + 1))]
    assert len(found) >= 3
    commit(store, subdivide(f"{code}002"))
    commit(store, cut(store, f"{code}00201"))
    below = leaves(store, f"{code}002")
    assert [(leaf.code, leaf.name) for leaf in below[:2]] == [(f"{code}00201", "02-01微网格"), (f"{code}00202", "02-02微网格")]
    cache.sync()
    fresh = CoverageCache(store)
    fresh.sync()
    assert_alike(cache, fresh)
    assert cache.levels() == ["town", "community", "grid", "micro_grid"]
    assert_clean(store)
    for parent in (f"{code}002", code):
        commit(store, dissolve(parent))
    cache.sync()
    assert cache.levels() == ["town", "community"]
    assert_clean(store)


@pytest.mark.parametrize("seed", range(count(1, 8)))
def test_any_order_of_dividing_cutting_joining_and_undoing_keeps_everybody(town, seed):
    """Random work with divisions among it: the proof holds, nobody is lost, and what undo refuses leaves no trace."""
    keep_everybody(town, random.Random(seed), count(14, 60), _something)
    assert_clean(town)
    assert_history(town)


def _something(reader, dice: random.Random) -> dict:
    every = reader.all_areas()
    leaves, parents = [area for area in every if area.leaf], [area for area in every if not area.leaf and area.parent]
    kind = dice.choice(("subdivide", "dissolve", "split", "split", "merge")) if parents else "subdivide"
    if kind == "subdivide":
        return subdivide(dice.choice([area for area in leaves if area.level != "micro_grid"] or leaves).code)
    if kind == "dissolve":
        return dissolve(dice.choice(parents).code)
    if kind == "merge":
        parent = dice.choice(parents)
        return {"op": "merge", "targets": [area.code for area in reader.children(parent.fid)][:2]}
    return some_split(reader, dice)
