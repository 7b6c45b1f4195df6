"""Undo gives back the same bytes, step by step, and never what others did since."""

from __future__ import annotations

import random

import pytest
import shapely
from shapely.geometry import mapping

from geodata import undoing, zoning
from geodata.dealing import deal_again
from geodata.importer import write_frame
from geodata.incoming import Options
from geodata.schema import TABLES
from layers.areas import to_degrees
from layers.errors import NotFound, UndoBlocked
from tests.counts import count
from tests.geodata.stores import Clock, assert_history, assert_whole, content, dump, house, numbers, people
from tests.geodata.work import Worker, add_building, commit, cut, some_merge, some_split, undo

# Whose borders follow from their leaves: they may keep a vertex that another edit gave them.
PARENTS = ("city", "community")


def write(store, op: str, change) -> int:
    """Something else than a redraw; answers its revision."""

    def all_of_it(tx):
        change(tx)
        return tx.taken

    return store.attempt("tester", op, all_of_it)


def redraw(store, form: dict) -> tuple[int, object]:
    made = commit(store, form)
    return store.head()[0], made


def test_undo_of_a_cut_restores_the_same_bytes(town):
    before, was = content(town), numbers(town)
    rev, made = redraw(town, cut(town, "30"))
    assert content(town) != before
    undo(town, rev)
    assert content(town) == before
    now = numbers(town)
    changed = {key for key in was if now[key] != was[key]}
    assert ("areas", made.edit.before[0].fid) in changed
    for key in changed:
        assert now[key][0] >= was[key][0] and now[key][1] > was[key][1], "versions and revisions only rise"
    assert_history(town)


def test_undo_of_a_merge_gives_people_cells_and_staff_back(town):
    before = content(town)
    rev, made = redraw(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    with town.read() as reader:
        kept, gone = reader.area("31").fid, next(area.fid for area in made.edit.before if area.code == "32")
        assert not reader.rows("staff", TABLES["staff"].c.area == gone)
        assert not reader.rows("buildings", TABLES["buildings"].c.area == gone)
        assert reader.rows("buildings", TABLES["buildings"].c.area == kept)
    undo(town, rev)
    assert content(town) == before


@pytest.mark.parametrize("seed", range(count(3, 20)))
def test_undo_of_anything_restores_the_same_bytes_and_redo_the_other(town, kind, seed):
    dice, done = random.Random(seed), 0
    while done < (8 if kind == "gpkg" else count(2, 8)):
        with town.read() as reader:
            form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
        before = content(town)
        try:
            commit(town, form or {"op": "merge"})
        except Exception:
            assert content(town) == before
            continue
        done += 1
        rev, after = town.head()[0], content(town)
        back = undo(town, rev)
        assert content(town) == before, form
        again = undo(town, back)
        assert content(town) == after, form
        undo(town, again if dice.random() < 0.5 else rev)
        assert content(town) == before
        if dice.random() < 0.5:
            commit(town, form)
    assert_whole(town)
    assert_history(town)


def test_one_step_after_the_other_goes_back_to_the_beginning(town):
    before, dice, revs = content(town), random.Random(2), []
    while len(revs) < 8:
        with town.read() as reader:
            form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
        try:
            commit(town, form or {"op": "merge"})
        except Exception:
            continue
        revs.append(town.head()[0])
    for rev in reversed(revs):
        with town.read() as reader:
            assert undoing.last_undoable(reader, "tester")["rev"] == rev
        undo(town, rev)
    assert content(town) == before
    with town.read() as reader:
        assert undoing.last_undoable(reader, "tester") is None


def test_later_edits_on_the_ground_are_named(town):
    first, made = redraw(town, cut(town, "30"))
    new = next(area.code for area in made.edit.after if area.code != "30")
    second, _ = redraw(town, cut(town, new))
    third, _ = redraw(town, cut(town, "11"))
    before = dump(town)
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, first)
    assert blocked.value.details["edits"] == [second], "the one on this ground, not the one elsewhere"
    assert dump(town) == before
    with town.read() as reader:
        assert undoing.blockers(reader, first) == [second] and undoing.blockers(reader, third) == []
    undo(town, second)
    undo(town, first)
    assert_whole(town)


def test_an_edit_is_undone_once(town):
    rev, _ = redraw(town, cut(town, "30"))
    back = undo(town, rev)
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, rev)
    assert blocked.value.details["edits"] == [back]
    with town.read() as reader:
        assert reader.revision(rev)["undone_by"] == back and reader.revision(back)["undoes"] == rev
    again = undo(town, back)
    with town.read() as reader:
        assert reader.revision(rev)["undone_by"] is None, "done again, it stands"
    last = undo(town, rev)
    with town.read() as reader:
        assert reader.revision(rev)["undone_by"] == last and reader.revision(again)["undone_by"] == last


def test_undo_and_redo_find_their_edit(town):
    with town.read() as reader:
        assert undoing.last_undoable(reader, "tester") is None, "imports and the demo are not undone by one key"
        assert undoing.last_redoable(reader, "tester") is None
    rev, _ = redraw(town, cut(town, "30"))
    with town.read() as reader:
        assert undoing.last_undoable(reader, "tester")["rev"] == rev
        assert undoing.last_undoable(reader, "somebody else") is None
    back = undo(town, rev)
    with town.read() as reader:
        assert undoing.last_undoable(reader, "tester") is None
        assert undoing.last_redoable(reader, "tester")["rev"] == back
    undo(town, back)
    with town.read() as reader:
        assert undoing.last_redoable(reader, "tester") is None
        assert undoing.last_undoable(reader, "tester")["rev"] == rev


def test_a_whole_file_is_not_undone_as_one_edit(town):
    with town.read() as reader:
        imported = [row["rev"] for row in reader.revisions_since(0) if row["op"] in ("import", "init", "demo")]
    for rev in imported:
        with pytest.raises(UndoBlocked):
            undo(town, rev)
    with pytest.raises(NotFound):
        undo(town, 9999)


# --- what others did since stays ---------------------------------------------------------------------------------
def test_numbers_counted_since_stay_when_a_cut_is_undone(town):
    rev, made = redraw(town, cut(town, "30"))
    with town.read() as reader:
        moved = next(image["fid"] for image in reader.before_images(rev) if image["layer"] == "buildings")
    write(
        town,
        "count",
        lambda tx: tx.update("buildings", moved, {"households": 77, "resident": 200, "special": {"minor": 1}}),
    )
    undo(town, rev)
    with town.read() as reader:
        row = reader.row("buildings", moved)
        assert row["households"] == 77 and row["area"] == reader.area("30").fid
    assert_whole(town)


def test_attributes_changed_since_stay_also_of_the_areas_above(town):
    rev, made = redraw(town, cut(town, "30"))
    with town.read() as reader:
        leaf, above = reader.area("30").fid, reader.area("community-2").fid
    for fid in (leaf, above):
        write(town, "leader", lambda tx, fid=fid: tx.update("areas", fid, {"leader": "赵"}))
    undo(town, rev)
    with town.read() as reader:
        assert {reader.row("areas", fid)["leader"] for fid in (leaf, above)} == {"赵"}


def test_the_newer_of_two_names_of_a_community_is_not_undone_with_the_older(town):
    with town.read() as reader:
        above = reader.area("community-2").fid
    first = write(town, "name", lambda tx: tx.update("areas", above, {"name": "甲", "leader": "钱"}))
    commit(town, cut(town, "30"))
    second = write(town, "name", lambda tx: tx.update("areas", above, {"name": "乙"}))
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, first)
    assert blocked.value.details["edits"] == [second]
    undo(town, second)
    with town.read() as reader:
        assert reader.row("areas", above)["name"] == "甲"
    undo(town, first)
    with town.read() as reader:
        assert reader.row("areas", above)["name"] != "甲"
    assert_whole(town)


def test_what_was_built_and_who_came_since_belongs_to_the_areas_that_are_there_again(town):
    rev, made = redraw(town, cut(town, "30"))
    new = next(area for area in made.edit.after if area.code != "30")
    spot = new.shape.representative_point()
    with town.read() as reader:
        total = people(town)["resident"]
    counts = {"households": 3, "resident": 8, "special": None}
    write(town, "add", lambda tx: add_building(tx, {"shape": mapping(house((spot.x, spot.y), 150)), "counts": counts}))
    write(town, "add", lambda tx: tx.insert("staff", [{"name": "新", "role": "volunteer", "area": new.fid}]))
    write(town, "add", lambda tx: tx.insert("gates", [{"geom": to_degrees(spot), "kind": "person", "area": new.fid}]))
    write(town, "zone", lambda tx: zoning.write(tx, zoning.resolve(tx, {"kind": "lockdown", "areas": [new.code]}), {}))
    undo(town, rev)
    assert people(town)["resident"] == total + 8
    with town.read() as reader:
        home = reader.area("30").fid
        assert reader.rows("staff", TABLES["staff"].c.name == "新")[0]["area"] == home
        assert reader.rows("zones")[0]["area"] == home
    assert_whole(town)


def test_a_house_built_on_merged_ground_goes_to_the_area_that_returns(town):
    with town.read() as reader:
        spot = reader.area("32").shape.representative_point()
        fid = reader.area("32").fid
    rev, _ = redraw(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    counts = {"households": 1, "resident": 2, "special": None}
    write(town, "add", lambda tx: add_building(tx, {"shape": mapping(house((spot.x, spot.y), 150)), "counts": counts}))
    undo(town, rev)
    with town.read() as reader:
        assert reader.rows("buildings", TABLES["buildings"].c.kind == "house")[0]["area"] == fid
    assert_whole(town)


def test_a_cell_that_came_since_is_dealt_to_the_areas_that_return(town):
    import geopandas

    with town.read() as reader:
        ground = [reader.area(code) for code in ("31", "32")]
    rev, _ = redraw(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    shape = to_degrees(shapely.union_all([area.shape for area in ground]))
    frame = geopandas.GeoDataFrame(
        {"code": ["late"], "households": [100], "resident": [251], "special": ['{"minor": 5}']},
        geometry=[shape],
        crs="EPSG:4490",
    )
    write_frame(town, frame, Options("cells"), "tester", "cells")
    with town.read() as reader:
        cell = reader.rows("cells", TABLES["cells"].c.code == "late")[0]["fid"]
    undo(town, rev)
    with town.read() as reader:
        shares = reader.rows("shares", TABLES["shares"].c.cell == cell)
        assert {share["area"] for share in shares} == {area.fid for area in ground}
        assert sum(share["resident"] for share in shares) == 251 and all(share["estimated"] for share in shares)
    assert_whole(town)


def test_a_recount_of_a_dealt_cell_holds_the_undo_up(town):
    with town.read() as reader:
        share = reader.rows("shares", geometry=False)[5]
        code = reader.areas([share["area"]])[share["area"]].code
    rev, _ = redraw(town, cut(town, code))

    def recount(tx):
        tx.update("cells", share["cell"], {"households": 501, "resident": 900})
        deal_again(tx, share["cell"])

    later = write(town, "count", recount)
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, rev)
    assert blocked.value.details["edits"] == [later]
    undo(town, later)
    undo(town, rev)
    assert_whole(town)


# --- facts and zones ---------------------------------------------------------------------------------------------
def test_a_removed_house_comes_back_to_the_leaf_it_stands_in_now(town):
    with town.read() as reader:
        held = {row["building"] for row in reader.rows("units", geometry=False)}
        row = next(row for row in reader.rows("buildings") if row["fid"] not in held and row["households"])
        code = reader.areas([row["area"]])[row["area"]].code
    before = people(town)
    gone = write(town, "remove", lambda tx: tx.delete("buildings", row["fid"]))
    assert people(town)["households"] == before["households"] - row["households"]
    commit(town, cut(town, code))
    undo(town, gone)
    assert people(town) == before
    assert_whole(town)
    with town.read() as reader:
        assert reader.row("buildings", row["fid"])["version"] > row["version"]


def test_a_removed_cell_comes_back_dealt_to_the_ground_as_it_is_now(town):
    with town.read() as reader:
        cell = next(row for row in reader.rows("cells") if row["households"] and row["code"] != "C-shared")
        leaf = reader.areas([reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])[0]["area"]])
    before = people(town)

    def remove(tx):
        for share in tx.rows("shares", TABLES["shares"].c.cell == cell["fid"]):
            tx.delete("shares", share["fid"])
        tx.delete("cells", cell["fid"])

    gone = write(town, "remove", remove)
    commit(town, cut(town, next(iter(leaf.values())).code))
    undo(town, gone)
    assert people(town) == before
    assert_whole(town)


def test_a_change_on_top_of_a_change_holds_it_up(town):
    with town.read() as reader:
        fid = reader.rows("buildings", limit=1)[0]["fid"]
    first = write(town, "count", lambda tx: tx.update("buildings", fid, {"households": 5}))
    other = write(town, "count", lambda tx: tx.update("buildings", fid, {"note": "漆"}))
    second = write(town, "count", lambda tx: tx.update("buildings", fid, {"households": 6}))
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, first)
    assert blocked.value.details["edits"] == [second], f"not {other}, which changed another column"
    undo(town, second)
    undo(town, first)
    with town.read() as reader:
        assert reader.row("buildings", fid)["note"] == "漆"


def test_a_change_that_changed_nothing_is_undone_as_well(town):
    with town.read() as reader:
        area = reader.area("30")
    before = content(town)
    rev = write(town, "name", lambda tx: tx.update("areas", area.fid, {"name": area.name}))
    undo(town, rev)
    assert content(town) == before


def test_a_withdrawn_zone_is_restored_as_it_was_also_when_its_area_is_gone(town):
    fid = write(
        town,
        "propose",
        lambda tx: zoning.write(tx, zoning.resolve(tx, {"kind": "control", "areas": ["32"]}), {"reason": "查"}),
    )
    with town.read() as reader:
        zone = reader.rows("zones")[0]
    fid = zone["fid"]
    withdrawn = write(town, "withdraw", lambda tx: tx.delete("zones", fid))
    commit(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    undo(town, withdrawn)
    with town.read() as reader:
        back = reader.row("zones", fid)
        assert back["area"] == reader.area("31").fid
    assert {key: back[key] for key in back if key not in ("area", "rev", "version")} == {
        key: zone[key] for key in zone if key not in ("area", "rev", "version")
    }


def test_a_redraw_and_its_undo_leave_a_zone_what_was_decided(town):
    write(
        town,
        "propose",
        lambda tx: zoning.write(tx, zoning.resolve(tx, {"kind": "lockdown", "areas": ["32"]}), {"name": "封一"}),
    )
    with town.read() as reader:
        decided = {key: value for key, value in reader.rows("zones")[0].items() if key not in ("area", "rev")}
    rev, _ = redraw(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    for _ in range(2):
        with town.read() as reader:
            zone = reader.rows("zones")[0]
            follows = ("area", "rev", "members") if rev else ("area", "rev")  # a proposal names who holds its ground
            assert {key: zone[key] for key in decided if key not in follows} == {key: decided[key] for key in decided if key not in follows}
            assert zone["area"] in reader.areas([zone["area"]])
        if rev:
            undo(town, rev)
            rev = None


@pytest.mark.parametrize("seed", range(count(2, 12)))
def test_whatever_is_undone_everything_stays_whole(town, kind, seed):
    worker = Worker(town, Clock(), random.Random(1000 + seed))
    for _ in range(count(12 if kind == "gpkg" else 3, 40)):
        worker.work(len(worker.log) + 10)
        assert_whole(town)
    assert_history(town)
