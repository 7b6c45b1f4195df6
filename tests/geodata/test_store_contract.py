"""Both stores keep the same promises: the same work leaves the same rows, and nobody's work is lost."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import shapely
from sqlalchemy import func, insert, select, text

from geodata.checking import check_store
from geodata.facts import leaf_counts
from geodata.schema import CODES, COUNTERS, META, SPATIAL, TABLES
from geodata.store import Store
from geodata.types import bbox
from layers.errors import BadFile, NotFound, Stale, StoreMissing, UnknownArea, UnknownOperation
from tests.counts import count
from tests.geodata.stores import RULES, Clock, assert_history, assert_whole, dump, open_store, settle
from tests.geodata.work import Worker, accepted, commit, cut, redraw, some_split, undo

OPERATIONS = 500


# --- the same log, the same dump ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """500 operations done on a GeoPackage at random, with their outcomes, and the dump they leave."""
    clock = Clock()
    store = settle(open_store(f"gpkg://{tmp_path_factory.mktemp('log') / 'town.gpkg'}", clock))
    worker = Worker(store, clock, random.Random(20261))
    worker.work(OPERATIONS)
    assert_whole(store)
    assert_history(store)
    check = check_store(store)
    assert {kind: check[kind] for kind in ("gaps", "overlaps", "nesting", "codes")} == dict.fromkeys(("gaps", "overlaps", "nesting", "codes"), 0)
    left = dump(store)
    store.close()
    return worker.log, left


def test_the_log_holds_every_kind_of_work_and_of_refusal(log):
    outcomes = Counter((step["work"], outcome) for step, outcome in log[0])
    done = Counter(work for (work, outcome), number in outcomes.items() if outcome == "done" for _ in range(number))
    assert len(log[0]) == OPERATIONS
    assert done["split"] > 50 and done["merge"] > 40 and done["undo"] > 25
    for work in (
        "redo",
        "undo old",
        "building",
        "unit",
        "cell",
        "add building",
        "remove building",
        "add staff",
        "remove staff",
        "attributes",
        "propose",
        "withdraw",
        "restore",
    ):
        assert done[work] >= 1, work
    refusals = {outcome for _, outcome in outcomes if outcome != "done"}
    assert {"stale", "undo-blocked", "line-inside", "line-outside", "not-adjacent", "derived-kind"} <= refusals
    assert "error" not in refusals


def test_the_same_log_leaves_the_same_rows_on_both_stores(log, url, clock):
    steps, left = log
    store = settle(open_store(url, clock))
    worker = Worker(store, clock, random.Random())
    assert [worker.do(step) for step, _ in steps] == [outcome for _, outcome in steps]
    check_store(store)
    mine = dump(store)
    store.close()
    assert mine.keys() == left.keys()
    for name, rows in left.items():
        assert mine[name] == rows, name
    assert len(left["history"]) > 1000 and len(left["lineage"]) > 100


# --- reading and finding -----------------------------------------------------------------------------------------
def test_a_box_finds_what_a_look_at_every_row_finds(town):
    with town.read() as reader:
        for layer in SPATIAL:
            rows = reader.rows(layer)
            for row in rows[:12]:
                if row["geom"] is None:
                    continue
                west, south, east, north = row["geom"].bounds
                bounds = (west, south, (west + east) / 2, (south + north) / 2)
                box = shapely.box(*bounds)
                found = {one["fid"] for one in reader.rows(layer, bounds=bounds)}
                meets = {one["fid"] for one in rows if one["geom"] is not None and shapely.box(*one["geom"].bounds).intersects(box)}
                assert meets <= found, layer  # an index in single precision may answer a neighbour more
                assert found - meets <= {one["fid"] for one in rows if shapely.box(*one["geom"].bounds).distance(box) < 1e-4}


def test_the_box_is_asked_of_the_spatial_index(town):
    with town.read() as reader:
        statement = select(TABLES["areas"].c.fid).where(TABLES["areas"].c.leaf.is_(True), bbox(TABLES["areas"], (120.2, 23.0, 120.2001, 23.0001)))
        told = str(statement.compile(town.engine, compile_kwargs={"literal_binds": True}))
        if town.is_file:
            plan = " ".join(row[3] for row in reader.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + told))
            assert "VIRTUAL TABLE INDEX" in plan and "SEARCH areas USING INTEGER PRIMARY KEY" in plan, plan
            assert "SCAN areas" not in plan
        else:
            reader.connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " ".join(row[0] for row in reader.connection.exec_driver_sql("EXPLAIN " + told.replace("%", "%%")))
            assert "areas_geom" in plan, plan


def test_what_is_not_there_is_told_by_name(town):
    with town.read() as reader:
        with pytest.raises(UnknownArea, match="nowhere"):
            reader.area("nowhere")
        with pytest.raises(NotFound, match="buildings 99999"):
            reader.row("buildings", 99_999)
        with pytest.raises(NotFound, match="edit 99999"):
            reader.revision(99_999)


def test_rows_page_by_key_without_gap_or_repeat(town):
    with town.read() as reader:
        whole = [row["fid"] for row in reader.rows("buildings")]
        pages, after = [], None
        while page := reader.rows("buildings", after=after, limit=7):
            pages += [row["fid"] for row in page]
            after = pages[-1]
    assert pages == whole and len(whole) > 50


def test_a_scope_shows_what_lies_under_its_areas_and_nothing_else(town):
    with town.read() as reader:
        area = reader.area("community-2")
        below = {one.fid for one in reader.subtree(area.path)}
        for layer in ("buildings", "units", "staff", "gates", "areas"):
            key = "fid" if layer == "areas" else "area"
            everything = reader.rows(layer, geometry=False)
            assert reader.rows(layer, scope=[area.path], geometry=False) == [row for row in everything if row[key] in below]
            assert reader.rows(layer, scope=[], geometry=False) == []
        held = {row["cell"] for row in reader.rows("shares", geometry=False) if row["area"] in below}
        assert {row["fid"] for row in reader.rows("cells", scope=[area.path])} == held
        assert reader.rows("roads", scope=[], geometry=False), "the base map is for everybody"


def test_readers_see_one_moment(town):
    with town.read() as reader:
        before = reader.rev, len(reader.rows("staff"))
        with town.write("tester", "add staff") as tx:
            tx.insert("staff", [{"name": "新人", "role": "volunteer"}])
        assert (reader.rev, len(reader.rows("staff"))) == before
    with town.read() as reader:
        assert (reader.rev, len(reader.rows("staff"))) == (before[0] + 1, before[1] + 1)


# --- all or nothing ----------------------------------------------------------------------------------------------
def test_a_refused_edit_changes_nothing(town):
    before = dump(town)
    dice, refusals = random.Random(5), Counter()
    with town.read() as reader:
        forms = [
            {"op": "fly"},
            {"op": "merge", "targets": ["11", "65"]},
            {"op": "merge", "targets": ["02", "30"]},
            {"op": "split", "line": {"type": "LineString", "coordinates": [[120.0, 22.0], [120.001, 22.0]]}},
        ]
        forms += [some_split(reader, dice) | {"versions": {"11": 9}} for _ in range(3)]
    for form in forms:
        with pytest.raises(Exception) as refused:
            commit(town, form)
        refusals[refused.value.code] += 1
    assert set(refusals) >= {"unknown-operation", "not-adjacent", "line-outside", "stale"}
    assert dump(town) == before


def test_an_error_in_the_middle_of_a_commit_leaves_everything_as_it_was(town):
    before = dump(town)
    dice = random.Random(3)
    with town.read() as reader:
        form = accepted(reader, dice)

    def broken(tx):
        redraw(tx, form)
        tx.insert("staff", [{"name": "半", "role": "volunteer"}])
        raise KeyError("the power is gone")

    with pytest.raises(KeyError):
        town.attempt("tester", "split", broken, form=form)
    assert dump(town) == before
    commit(town, form)
    assert_whole(town)


def test_an_older_version_is_refused_with_the_present_one(town):
    with town.read() as reader:
        row = reader.rows("buildings", limit=1)[0]
    with town.write("tester", "change") as tx:
        tx.update("buildings", row["fid"], {"households": 9}, version=row["version"])
    before = dump(town)
    for verb in (
        lambda tx: tx.update("buildings", row["fid"], {"households": 8}, version=row["version"]),
        lambda tx: tx.delete("buildings", row["fid"], version=row["version"]),
    ):
        with pytest.raises(Stale) as stale:
            town.attempt("tester", "change", verb)
        assert stale.value.details["version"] == row["version"] + 1
    assert dump(town) == before


def test_listeners_hear_of_commits_and_of_nothing_else(town):
    heard = []
    town.listeners.append(lambda: heard.append(town.head()))
    with pytest.raises(ZeroDivisionError), town.write("tester", "nothing") as tx:
        tx.insert("staff", [{"name": "x", "role": "volunteer"}])
        raise ZeroDivisionError
    with town.write("tester", "nothing"):
        pass
    assert heard == []
    with town.write("tester", "staff") as tx:
        tx.insert("staff", [{"name": "x", "role": "volunteer"}])
    assert heard == [town.head()]


def test_events_are_numbered_in_the_order_of_commits(town):
    for number in range(5):
        with town.write("tester", "staff") as tx:
            tx.insert("staff", [{"name": f"x{number}", "role": "volunteer"}])
    rows = dump(town)["events"]
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    revs = [row[1] for row in rows]
    assert revs == sorted(revs) and revs[-1] == town.head()[0]


# --- history from the first write --------------------------------------------------------------------------------
def test_every_change_keeps_the_row_as_it_was(town):
    with town.read() as reader:
        was = reader.rows("buildings", limit=1)[0]
    with town.write("tester", "change") as tx:
        tx.update("buildings", was["fid"], {"households": 1, "special": {"minor": 1}})
        rev = tx.new_rev
    with town.write("tester", "remove") as tx:
        tx.delete("buildings", was["fid"])
    with town.read() as reader:
        image = next(image for image in reader.before_images(rev) if image["layer"] == "buildings")
        assert (image["fid"], image["version"], image["rev_from"], image["rev_to"]) == (
            was["fid"],
            was["version"],
            was["rev"],
            rev,
        )
        assert shapely.to_wkb(image["geom"]) == shapely.to_wkb(was["geom"])
        assert image["row"] == {name: value for name, value in was.items() if name not in ("fid", "geom", "version", "rev")}
        later = next(image for image in reader.before_images(rev + 1) if image["layer"] == "buildings")
        assert later["row"]["households"] == 1 and later["version"] == was["version"] + 1
    assert_history(town)


def test_codes_and_fids_are_never_used_twice(town):
    dice, codes, fids = random.Random(8), {}, set()
    with town.read() as reader:
        known = {area.fid: area.code for area in reader.all_areas()}
    codes.update({code: fid for fid, code in known.items()})
    done = []
    for turn in range(count(40, 400)):
        with town.read() as reader:
            form = accepted(reader, dice)
        commit(town, form)
        done.append(town.head()[0])
        with town.read() as reader:
            for area in reader.all_areas():
                assert codes.setdefault(area.code, area.fid) == area.fid, f"{area.code} is used again"
                fids.add(area.fid)
        if turn % 3 == 0:
            undo(town, done.pop())
    with town.read() as reader:
        used = {row.code: row.fid for row in reader.connection.execute(select(CODES))}
        highest = reader.counter("fid:areas")
        history = set(reader.connection.execute(text("SELECT fid FROM history WHERE layer = 'areas'")).scalars())
    assert codes == used, "a code that lived is registered for ever"
    assert max(fids | history) == highest and len(used) == highest


def test_a_code_that_was_taken_back_is_not_given_again(town):
    with town.read() as reader:
        form = cut(town, "30")
    made = commit(town, form)
    new = next(area for area in made.edit.after if area.code != "30")
    undo(town, town.head()[0])
    again = next(area for area in commit(town, form).edit.after if area.code != "30")
    assert again.code != new.code and again.fid > new.fid
    with town.read() as reader:
        assert reader.code_used(new.code) and new.fid not in reader.areas([new.fid])


# --- opening -----------------------------------------------------------------------------------------------------
def test_a_missing_store_is_said_to_be_missing(url, tmp_path):
    with pytest.raises(StoreMissing):
        Store.open(url, RULES)
    with pytest.raises(StoreMissing):
        Store.open("postgresql://nobody:nothing@127.0.0.1:1/none", RULES)
    with pytest.raises(StoreMissing):
        Store.open(f"gpkg://{tmp_path}/nowhere/at/all.gpkg", RULES)


def test_an_address_without_its_password_is_told():
    with pytest.raises(StoreMissing) as missing:
        Store.open("postgresql://nobody:geheim@127.0.0.1:1/none", RULES)
    assert "geheim" not in str(missing.value)


def test_a_store_opens_again_as_it_was_left(town_url):
    store = open_store(town_url)
    before = dump(store, normal=False)
    store.close()
    again = Store.open(town_url, RULES)
    assert dump(again, normal=False) == before
    again.close()


def test_a_store_of_a_newer_release_is_left_alone(town_url):
    store = open_store(town_url)
    with store.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(text("INSERT INTO weige_schema VALUES (9999, 'from the future')"))
    store.close()
    with pytest.raises(BadFile, match="newer"):
        Store.open(town_url, RULES)


def test_counters_and_facts_about_the_store_stay(empty):
    with empty.write("tester", "note") as tx:
        tx.set_meta("checked", {"rev": 1, "名": "值"})
        tx.set_meta("checked", {"rev": 2, "名": "值"})
    with empty.read() as reader:
        assert reader.meta("checked") == {"rev": 2, "名": "值"}
        assert reader.meta("codes") == "free"
        assert reader.meta("nothing", 7) == 7
        assert reader.connection.scalar(select(func.count()).select_from(META)) == 2
        assert reader.connection.scalar(select(COUNTERS.c.value).where(COUNTERS.c.name == "rev")) == 1


def test_a_hundred_thousand_rows_are_one_revision(empty):
    number = count(25_000, 100_000)
    with empty.write("tester", "import") as tx:
        tx.insert(
            "roads",
            [{"geom": shapely.MultiLineString([[(120 + k * 1e-7, 23), (120, 23 + k * 1e-7)]]), "name": f"路{k}"} for k in range(1, number + 1)],
        )
    with empty.read() as reader:
        assert reader.count("roads") == number
        assert reader.revision(reader.rev)["touched"]["all"] is True
        assert len(reader.rows("roads", fids=range(1, number, 17), geometry=False)) == len(range(1, number, 17))


def test_a_leaf_knows_how_much_of_its_people_is_known(town):
    with town.read() as reader:
        counts = leaf_counts(reader)
        unknown = [cell["code"][1:] for cell in reader.each("cells") if cell["households"] is None]
        by_code = {area.code: area.fid for area in reader.all_areas(leaf=True)}
    assert unknown
    for code in unknown:
        held = counts[by_code[code]]
        assert held.households is None and held.people("resident") is None and not held.counted


def test_an_unknown_operation_names_those_there_are(town):
    with pytest.raises(UnknownOperation, match="split"):
        commit(town, {"op": "fly"})


def test_foreign_rows_do_not_creep_in_by_sqlalchemy(town):
    """What the guards of a GeoPackage do for others, the transaction does for us: a row changed under us is noticed."""
    with town.read() as reader:
        row = reader.rows("buildings", limit=1)[0]
    with town.engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(insert(META).values(key="x", value=1))
    with town.write("tester", "change") as tx:
        assert tx.update("buildings", row["fid"], {"households": 2})["version"] == row["version"] + 1
