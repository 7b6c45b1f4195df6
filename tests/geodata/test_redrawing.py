"""A redraw through the store: what the preview shows is what the commit writes, and everybody is still there after it."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping
from sqlalchemy import select

from geodata import committing, effects, redrawing
from geodata.checking import check_store
from geodata.coverage_cache import today
from geodata.facts import held_in, leaf_counts
from geodata.schema import LINEAGE, TABLES
from layers.areas import to_degrees, to_units
from layers.errors import (
    BadGeometry,
    BadInput,
    MissingField,
    NotLeaf,
    OtherParent,
    Stale,
    UnknownArea,
    UnknownOperation,
    WeigeError,
)
from layers.redraw import OPERATIONS
from tests.counts import count
from tests.geodata.stores import assert_history, assert_whole, content, dump, house, numbers, people
from tests.geodata.test_drawing import ACROSS, ISLAND
from tests.geodata.work import commit, cut, some_merge, some_split
from tests.layers.little_town import line as drawn_line


def preview(store, form: dict) -> dict:
    with store.read() as reader:
        return effects.answer(reader, redrawing.draft(reader, form), today=today(store))


def written(store, form: dict) -> dict:
    def change(tx):
        made = redrawing.draft(tx, form)
        fids, done = committing.save(tx, made)
        return effects.answer(tx, done, today=today(store), fids=fids)

    return store.attempt("tester", form["op"], change, form=form)


MERGE = {"op": "merge", "targets": ["31", "32"], "keep": "31"}


# --- preview and commit ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["split", "merge", "long line"])
def test_the_commit_does_what_the_preview_showed(town, what):
    long = {"op": "split", "line": mapping(to_degrees(drawn_line((130, 60), (500, 95), (840, 210))))}
    form = {"split": cut(town, "30"), "merge": MERGE, "long line": long}[what]
    before = dump(town)
    shown = preview(town, form)
    assert dump(town) == before, "a preview writes nothing"
    done = written(town, form)
    assert json.loads(json.dumps(done)) and json.loads(json.dumps(shown))
    for key in ("op", "touched", "totals_before", "totals_after", "findings", "line_m"):
        assert done[key] == shown[key], key
    assert len(done["changed"]) == len(shown["changed"])
    for mine, told in zip(done["changed"], shown["changed"], strict=True):
        for key in ("name", "level", "parent", "retired", "new", "before", "after", "geometry"):
            assert mine[key] == told[key], key
        if told["new"]:
            assert told["fid"] < 0 and told["code"].startswith("+") and mine["code"] == told["next_code"] and mine["fid"] > 0
            assert told["version"] is None and mine["version"] == 1
        else:
            assert (mine["fid"], mine["code"], mine["version"]) == (told["fid"], told["code"], told["version"])
    with town.read() as reader:
        for mine in done["changed"]:
            area = reader.areas([mine["fid"]]).get(mine["fid"])
            assert (area is None) == mine["retired"]
            if area:
                assert shapely.geometry.shape(mine["geometry"]) == to_degrees(area.shape)
                assert mine["after"]["households"] == held_in(reader, [area])[area.fid].households


def test_totals_stay_and_figures_add_up(town):
    for form in (cut(town, "30"), MERGE, cut(town, "63")):
        told = written(town, form)
        before, after = told["totals_before"], told["totals_after"]
        for key in ("households", "population", "people", "special", "special_total", "buildings"):
            assert before[key] == after[key], key
        assert before["area_m2"] == pytest.approx(after["area_m2"], abs=1)
        parts = [one["after"] for one in told["changed"] if one["after"]]
        assert sum(part["households"] or 0 for part in parts) == after["households"]


def test_the_versions_seen_are_compared(town):
    form = cut(town, "30", versions={"30": 1})
    written(town, form)
    before = dump(town)
    with pytest.raises(Stale) as stale:
        commit(town, cut(town, "30", versions={"30": 1}))
    (told,) = stale.value.details["areas"]
    assert (told["code"], told["version"], told["yours"]) == ("30", 2, 1)
    assert dump(town) == before
    commit(town, cut(town, "30", versions={"30": 2}))


def test_keep_decides_who_stays_else_the_households_do(town):
    pieces = {one["new"]: one for one in preview(town, cut(town, "30"))["changed"]}
    assert (pieces[False]["after"]["households"] or 0) >= (pieces[True]["after"]["households"] or 0)
    inside = shapely.geometry.shape(pieces[True]["geometry"]).representative_point()
    told = written(town, cut(town, "30", keep=[inside.x, inside.y]))
    kept = next(one for one in told["changed"] if not one["new"])
    assert kept["code"] == "30" and shapely.geometry.shape(kept["geometry"]).contains(inside)


def test_neighbours_that_gain_a_vertex_keep_their_version_and_their_course(town):
    before, area = numbers(town), {}
    with town.read() as reader:
        area = {one.fid: one for one in reader.all_areas()}
    made = commit(town, cut(town, "30"))
    assert made.edit.touched, "the cut ends on somebody's border"
    now = numbers(town)
    for one in made.edit.touched:
        key = ("areas", one.fid)
        assert now[key][0] == before[key][0] and now[key][1] > before[key][1]
        with town.read() as reader:
            shape = reader.areas([one.fid])[one.fid].shape
        assert len(shapely.get_coordinates(shape)) > len(shapely.get_coordinates(area[one.fid].shape))
        assert shapely.hausdorff_distance(shape, area[one.fid].shape) < 2
    told = {(finding.kind, finding.code, finding.what) for finding in made.edit.findings}
    assert {("vertices-added", one.code, one.name) for one in made.edit.touched} <= told and all(one.name for one in made.edit.touched)


# --- people and things -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(count(2, 10)))
def test_nobody_is_lost_over_any_number_of_redraws(town, kind, seed):
    dice, before, done = random.Random(seed), people(town), Counter()
    with town.read() as reader:
        unknown = sum(one.unknown for one in leaf_counts(reader).values())
    buildings = {key: {name: row[name] for name in row if name != "area"} for key, row in content(town, ("buildings", "units")).items()}
    while sum(done.values()) < (count(40, 300) if kind == "gpkg" else count(8, 300)):
        with town.read() as reader:
            form = (some_split if dice.random() < 0.55 else some_merge)(reader, dice)
        try:
            commit(town, form or {"op": "merge"})
        except Exception:
            continue
        done[form["op"]] += 1
        assert people(town) == before, form
    assert_whole(town)
    assert_history(town)
    check = check_store(town)
    assert (check["gaps"], check["overlaps"], check["nesting"]) == (0, 0, 0)
    with town.read() as reader:
        counts = leaf_counts(reader)
        assert sum(one.unknown for one in counts.values()) >= unknown, "unknown stays unknown, in every part of its cell"
    now = {key: {name: row[name] for name in row if name != "area"} for key, row in content(town, ("buildings", "units")).items()}
    assert now == buildings, "a redraw changes sums, never facts"


def test_a_house_exactly_on_the_new_border_has_one_owner(town):
    """
    +-----+-----+      The house stands with its middle on a vertex of the cut: it belongs to one of the two.
    |    [#]    |
    +-----+-----+
    """
    form = cut(town, "30")
    line = shapely.get_coordinates(shapely.geometry.shape(form["line"])) * 1e7
    with town.read() as reader:
        shape, fid = reader.area("30").shape, reader.area("30").fid
    ground = shapely.LineString(line).intersection(shape)
    middle = np.round(np.array(ground.interpolate(0.5, normalized=True).coords[0]))
    form["line"] = mapping(to_degrees(shapely.LineString([line[0], middle, line[1]])))
    with town.write("tester", "demo") as tx:
        tx.insert(
            "buildings",
            [{"geom": house(tuple(middle), 300), "households": 9, "resident": 21, "area": fid, "code": "on-border"}],
        )
    before = people(town)
    told = written(town, form)
    assert people(town) == before
    assert_whole(town)
    crossed = [finding for finding in told["findings"] if finding["kind"] == "building-cut"]
    assert crossed and crossed[0]["where"] and abs(crossed[0]["where"][0] - 120.2) < 0.1
    with town.read() as reader:
        owner = reader.rows("buildings", TABLES["buildings"].c.code == "on-border")[0]["area"]
        assert owner in {one["fid"] for one in told["changed"]}


def test_an_unknown_cell_stays_unknown_in_every_part(town):
    with town.read() as reader:
        cell = next(row for row in reader.rows("cells") if row["households"] is None)
        leaf = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])[0]["area"]
        code = reader.areas([leaf])[leaf].code
    told = written(town, cut(town, code))
    for one in told["changed"]:
        assert one["after"]["households"] is None and one["after"]["population"] is None
        assert one["after"]["known_share"] == 0 and one["after"]["norm"]["verdict"] in ("unknown", "none")
    with town.read() as reader:
        shares = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])
        assert len(shares) == 2 and {share["households"] for share in shares} == {None}
    assert_whole(town)


def test_a_counted_leaf_stays_counted_when_a_line_also_cuts_its_unknown_neighbour(town):
    with town.read() as reader:
        counts, leaves = leaf_counts(reader), reader.all_areas(leaf=True)
    unknown = [leaf for leaf in leaves if leaf.fid in counts and counts[leaf.fid].unknown and not counts[leaf.fid].buildings]
    tried = 0
    for dark in unknown:
        for light in leaves:
            if light.fid in counts and counts[light.fid].counted and shapely.intersection(dark.shape, light.shape).length > 2000:
                middles = [leaf.shape.representative_point() for leaf in (dark, light)]
                a, b = (np.array(middle.coords[0]) for middle in middles)
                line = shapely.LineString([a - 2 * (b - a), b + 2 * (b - a)])
                try:
                    told = preview(town, {"op": "split", "targets": [dark.code, light.code], "line": mapping(to_degrees(line))})
                except WeigeError:
                    continue
                parts = [one for one in told["changed"] if light.shape.buffer(2).covers(to_units(shapely.geometry.shape(one["geometry"])))]
                assert len(parts) >= 2 and all(one["after"]["known_share"] == 1 for one in parts), (
                    dark.code,
                    light.code,
                )
                tried += 1
    assert tried


def test_a_cell_is_dealt_to_the_person_with_its_special_groups_and_marked_estimated(town):
    with town.read() as reader:
        cell = next(row for row in reader.rows("cells") if row["special"] and row["code"] != "C-shared")
        leaf = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])[0]
        code = reader.areas([leaf["area"]])[leaf["area"]].code
    assert not leaf["estimated"]
    told = written(town, cut(town, code))
    with town.read() as reader:
        shares = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])
    assert len(shares) == len(told["changed"]) == 2
    assert sum(share["resident"] for share in shares) == cell["resident"]
    for group, number in cell["special"].items():
        assert sum((share["special"] or {}).get(group, 0) for share in shares) == number
    assert all(share["estimated"] for share in shares)
    new = next(one["code"] for one in told["changed"] if one["new"])
    written(town, {"op": "merge", "targets": [code, new], "keep": code})
    with town.read() as reader:
        (share,) = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])
    assert not share["estimated"] and share["resident"] == cell["resident"] and share["weight"] == 1


def test_a_cell_with_houses_in_it_is_dealt_by_their_floors(town):
    with town.read() as reader:
        cell = next(row for row in reader.rows("cells") if row["households"] and row["code"] != "C-shared")
        leaf = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])[0]["area"]
        area = reader.areas([leaf])[leaf]
    told = preview(town, cut(town, area.code))
    pieces = {one["new"]: shapely.geometry.shape(one["geometry"]) for one in told["changed"]}
    spot = shapely.get_coordinates(pieces[True].representative_point())[0] * 1e7
    with town.write("tester", "demo") as tx:
        tx.insert("buildings", [{"geom": house(tuple(spot), 150), "floors": 9, "households": 0, "resident": 0, "area": leaf}])
    inside = shapely.get_coordinates(pieces[True].representative_point())[0].tolist()
    written(town, cut(town, area.code, keep=inside))
    with town.read() as reader:
        shares = reader.rows("shares", TABLES["shares"].c.cell == cell["fid"])
    assert [(share["area"], share["households"]) for share in shares] == [(leaf, cell["households"])], "everybody lives where the house is"
    assert_whole(town)


def test_staff_stay_with_the_area_that_keeps_its_identity_and_are_listed(town):
    with town.read() as reader:
        fid = next(row["area"] for row in reader.rows("staff") if reader.areas([row["area"]])[row["area"]].leaf)
        code = reader.areas([fid])[fid].code
    told = written(town, cut(town, code))
    assert {one["fid"]: one["after"]["staff"]["have"] for one in told["changed"]}[fid] == 1
    with town.read() as reader:
        (row,) = reader.rows("staff", TABLES["staff"].c.area == fid)
        assert row["reassign"] is True
        for other in told["changed"]:
            if other["fid"] != fid:
                assert reader.rows("staff", TABLES["staff"].c.area == other["fid"]) == []


def test_staff_of_a_retired_area_go_to_its_successor_and_are_told_where_they_were(town):
    with town.read() as reader:
        held = {row["area"] for row in reader.rows("staff")}
        a, b = next(
            (a, b)
            for a in reader.all_areas(leaf=True)
            for b in reader.leaves_near(a.shape.bounds)
            if a.fid != b.fid and {a.fid, b.fid} <= held and a.parent == b.parent and a.shape.intersection(b.shape).length > 1000
        )
    form = {"op": "merge", "targets": [a.code, b.code], "keep": a.code}
    told = preview(town, form)
    assert {one["code"]: one["before"]["staff"]["have"] for one in told["changed"]} == {a.code: 1, b.code: 1}
    assert [one["before"]["staff"] for one in written(town, form)["changed"]] == [one["before"]["staff"] for one in told["changed"]]
    with town.read() as reader:
        assert len(reader.rows("staff", TABLES["staff"].c.area == a.fid)) == 2


def test_gates_addresses_and_places_follow_the_ground(town):
    for form in (cut(town, "30"), MERGE, cut(town, "22"), cut(town, "64")):
        written(town, form)
        assert_whole(town)


def test_what_became_of_an_area_is_kept(town):
    told = written(town, cut(town, "30"))
    parts = {one["new"]: one["fid"] for one in told["changed"]}
    rev = town.head()[0]
    merged = written(town, MERGE)
    gone = {one["retired"]: one["fid"] for one in merged["changed"]}
    with town.read() as reader:
        rows = {(row.rev, row.from_fid, row.to_fid) for row in reader.connection.execute(select(LINEAGE))}
    assert rows == {(rev, parts[False], parts[True]), (rev + 1, gone[True], gone[False])}


def test_the_border_of_a_parent_is_the_border_of_its_leaves(town):
    dice = random.Random(6)
    for _ in range(12):
        with town.read() as reader:
            form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
        try:
            commit(town, form or {"op": "merge"})
        except Exception:
            continue
    with town.read() as reader:
        for parent in reader.all_areas(leaf=False):
            below = [leaf.shape for leaf in reader.subtree(parent.path, leaf=True)]
            whole = shapely.coverage_union_all(shapely.get_parts(np.array(below, dtype=object)))
            assert shapely.equals(shapely.normalize(whole), shapely.normalize(parent.shape))
            assert len(shapely.get_coordinates(whole)) == len(shapely.get_coordinates(parent.shape)), "vertex by vertex"


# --- refusals ----------------------------------------------------------------------------------------------------
LINE = {"type": "LineString", "coordinates": [[120.2, 23.0], [120.21, 23.01]]}


WRONG = [
    ({"op": "fly"}, UnknownOperation),
    ({}, UnknownOperation),
    ({"op": ["split"]}, UnknownOperation),
    ({"op": "split"}, MissingField),
    ({"op": "split", "targets": "30", "line": LINE}, BadInput),
    ({"op": "split", "targets": [30], "line": LINE}, BadInput),
    ({"op": "split", "targets": ["nowhere"], "line": LINE}, UnknownArea),
    ({"op": "split", "targets": ["community-2"], "line": LINE}, NotLeaf),
    ({"op": "split", "line": {"type": "Point", "coordinates": [120, 23]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23]]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23], [120, 23]]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23, 5], [121, 23, 5]]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": [[120, 23], [1e400, 23]]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": [[23, 120], [23.1, 120]]}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString", "coordinates": "120 23"}}, BadGeometry),
    ({"op": "split", "line": {"type": "LineString"}}, BadGeometry),
    ({"op": "split", "line": "LINESTRING (0 0, 1 1)"}, BadGeometry),
    ({"op": "split", "line": None}, BadGeometry),
    ({"op": "split", "line": LINE, "keep": "here"}, BadGeometry),
    ({"op": "split", "line": LINE, "keep": [1]}, BadGeometry),
    ({"op": "split", "line": LINE, "versions": [1]}, BadInput),
    ({"op": "split", "line": LINE, "versions": {"nowhere": 1}}, UnknownArea),
    ({"op": "merge"}, MissingField),
    ({"op": "merge", "targets": ["30"]}, MissingField),
    ({"op": "merge", "targets": ["30", "30"]}, BadInput),
    ({"op": "merge", "targets": ["30", "11"], "keep": "62"}, BadInput),
    ({"op": "merge", "targets": ["51", "foreign"]}, OtherParent),
    ({"op": "merge", "targets": [None, "30"]}, BadInput),
]  # fmt: skip


def test_a_wrong_form_is_refused_by_name_and_changes_nothing(town):
    before = town.head()
    for form, error in WRONG:
        with pytest.raises(error) as refused:
            commit(town, form)
        assert refused.value.text and refused.value.code, form
        assert town.head() == before


def test_a_line_over_too_many_areas_is_refused(town):
    form = {"op": "split", "line": mapping(to_degrees(drawn_line((-50, 60), (900, 95))))}
    with town.read() as reader, pytest.raises(BadInput, match="at most 3"):
        redrawing.draft(reader, form, most_areas=3)


def test_every_operation_has_a_form(town):
    dissolve = {"op": "dissolve", "targets": ["community-3"]}
    commit(town, dissolve)
    forms = {"split": cut(town, "30"), "merge": MERGE, "dissolve": {"op": "dissolve", "targets": ["community-2"]},
             "subdivide": {"op": "subdivide", "targets": ["community-3"], "level": "grid"},
             "draw": ACROSS, "island": ISLAND, "transfer": {"op": "transfer", "targets": ["22"], "parent": "community-4"}}
    own = {"reshape", "move_vertex", "insert_vertex", "delete_vertex",  # have tests of their own over the API
           "divide", "halve", "lattice", "assign_buildings"}
    assert forms.keys() | own == OPERATIONS.keys()
    with town.read() as reader:
        for op, form in forms.items():
            assert redrawing.draft(reader, form).edit.op == op
