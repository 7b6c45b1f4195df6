"""Undo where others worked since: neighbours that were cut stay cut, their vertices stay, everything fits."""

from __future__ import annotations

import random
from collections import Counter

import pyogrio
import pytest
import shapely

from geodata.checking import check_store
from geodata.incoming import Options
from geodata.planting import plant
from geodata.schema import TABLES
from layers.areas import to_degrees, to_units
from layers.errors import AreaLocked, UndoBlocked, WeigeError
from tests.counts import count
from tests.geodata.stores import assert_history, assert_whole, content, open_store, people
from tests.geodata.work import commit, cut, some_merge, some_split, undo

ANY_ORDER = "10,000 random edits: undone backwards the same bytes; in any order the same borders within 1 unit, or the edit in the way"
OFF = 1  # units: how far a border that came back may lie off the one of before


def redraw(store, form: dict, actor: str = "tester"):
    """(revision, what was done)"""
    made = commit(store, form, actor)
    return store.head()[0], made


def between(store, one: str, other: str) -> dict:
    """A cut through a leaf that ends on the border it has with another, and cuts that one too."""
    with store.read() as reader:
        a, b = reader.area(one).shape, reader.area(other).shape
    border = shapely.intersection(a, b)
    middle = shapely.line_interpolate_point(shapely.line_merge(border) if border.geom_type != "LineString" else border, 0.37, normalized=True)
    inside, outside = a.representative_point(), b.representative_point()
    way = [(p.x - middle.x, p.y - middle.y) for p in (inside, outside)]
    ends = [(middle.x + 6 * x, middle.y + 6 * y) for x, y in way]
    line = shapely.LineString([ends[0], (middle.x, middle.y), ends[1]])
    return {"op": "split", "targets": [one], "line": shapely.geometry.mapping(to_degrees(line))}


def neighbours(store, code: str) -> list[str]:
    """Codes of the leaves with a common border, of any community."""
    with store.read() as reader:
        area = reader.area(code)
        near = reader.leaves_near(area.shape.bounds)
        return [leaf.code for leaf in near if leaf.fid != area.fid and shapely.intersection(leaf.shape, area.shape).length > 2000]


def assert_fits(store) -> None:
    found = check_store(store)
    assert (found["gaps"], found["overlaps"], found["nesting"]) == (0, 0, 0)
    assert_whole(store)
    assert_history(store)


def borders_off(before: dict, now: dict) -> float:
    """How far borders lie apart at most, in units."""
    worst = 0.0
    for key, row in before.items():
        if key[0] == "areas" and row["geom"] != now[key]["geom"]:
            a, b = (to_units(shapely.from_wkb(side[key]["geom"])) for side in (before, now))
            lines = [shapely.boundary(shape) for shape in (a, b)]
            spots = [shapely.points(shapely.get_coordinates(line)) for line in lines]
            worst = max(worst, *(shapely.distance(spots[k], lines[1 - k]).max() for k in (0, 1)))
    return worst


def but_borders(rows: dict) -> dict:
    """Codes, parents, owners, shares, people: all but the shapes of areas."""
    return {key: {name: value for name, value in row.items() if key[0] != "areas" or name != "geom"} for key, row in rows.items()}


# ---- a neighbour cut in between -------------------------------------------------------------------------------------
@pytest.mark.promise("Undo with the neighbour cut in between: her borders and vertices stay, the ground goes back, nothing gapes")
@pytest.mark.parametrize("ends_on_the_border", [True, False])
def test_a_neighbour_cut_between_an_edit_and_its_undo_stays_cut(town, ends_on_the_border):
    #   +---+---+      +---+---+      +---+-+-+      +---+-+-+
    #   |   |   |  ->  +---+   |  ->  +---+ | |  ->  |   | | |     * where the cut next door meets the border
    #   +---+---+      +---+---+      +---+-*-+      +---+-*-+
    before = content(town)
    first, _ = redraw(town, cut(town, "30"))
    other = neighbours(town, "30")[0]
    second, made = redraw(town, between(town, other, "30") if ends_on_the_border else cut(town, other), "neighbour")
    cut_up = {area.fid: area.shape for area in made.edit.after}
    back = undo(town, first)
    now = content(town)
    with town.read() as reader:
        areas = reader.areas(cut_up)
        assert {fid: area.shape for fid, area in areas.items()} == cut_up, "not a byte of hers changed"
        assert not set(reader.revision(back)["touched"]["areas"]) & cut_up.keys()
        assert shapely.hausdorff_distance(reader.area("30").shape.boundary, to_units(shapely.from_wkb(
            before["areas", reader.area("30").fid]["geom"])).boundary) <= OFF
    assert_fits(town)
    undo(town, second, "neighbour")
    now = content(town)
    assert but_borders(now) == but_borders(before) and borders_off(before, now) <= OFF
    assert_fits(town)


def test_all_neighbours_cut_and_merged_since_leave_the_way_back_open(town):
    first, _ = redraw(town, {"op": "merge", "targets": ["31", "32"], "keep": "31"})
    with town.read() as reader:
        leaves = [image for image in reader.before_images(first) if image["layer"] == "areas" and image["row"]["leaf"]]
        was = {image["row"]["code"]: to_units(image["geom"]) for image in leaves}
    done = Counter()
    for code in neighbours(town, "31"):
        for form in (between(town, code, "31"), cut(town, code)):
            try:
                commit(town, form, "neighbour")
                done["split"] += 1
            except WeigeError:
                continue
    assert done["split"] >= 3
    total = people(town)
    undo(town, first)
    with town.read() as reader:
        for code in ("31", "32"):
            assert shapely.hausdorff_distance(reader.area(code).shape.boundary, was[code].boundary) <= OFF
    assert people(town) == total
    assert_fits(town)


def test_vertices_of_a_neighbour_stay_also_when_the_edit_is_done_again(town):
    first, made = redraw(town, cut(town, "30"))
    after = content(town)
    other = neighbours(town, "30")[0]
    redraw(town, between(town, other, "30"), "neighbour")
    back = undo(town, first)
    again = undo(town, back)
    with town.read() as reader:
        for area in made.edit.after:
            now = reader.area(made.codes.get(area.fid, area.code))
            was = to_units(shapely.from_wkb(after["areas", now.fid]["geom"]))
            assert shapely.hausdorff_distance(now.shape.boundary, was.boundary) <= OFF
    assert_fits(town)
    undo(town, again)
    assert_fits(town)


def test_whoever_cut_the_ground_anew_is_named_and_nobody_else(town):
    first, made = redraw(town, cut(town, "30"))
    redraw(town, cut(town, neighbours(town, "30")[0]), "neighbour")
    new = next(code for code in made.codes.values())
    second, _ = redraw(town, cut(town, new), "neighbour")
    before = content(town)
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, first)
    assert blocked.value.details["edits"] == [second] and content(town) == before
    undo(town, second, "neighbour")
    undo(town, first)
    assert_fits(town)


def test_a_locked_area_is_not_cut_by_an_undo(town):
    first, _ = redraw(town, cut(town, "30"))
    with town.read() as reader:
        fid = reader.area("30").fid
    town.attempt("tester", "lock", lambda tx: tx.update("areas", fid, {"locked": True}))
    before = content(town)
    with pytest.raises(AreaLocked):
        undo(town, first)
    assert content(town) == before


@pytest.mark.parametrize("divided_again", [False, True])
def test_a_dissolved_community_gets_its_areas_back_while_the_neighbour_was_cut(town, divided_again):
    before = content(town)
    with town.read() as reader:
        parent = reader.areas([reader.area("30").parent])[reader.area("30").parent]
    first, _ = redraw(town, {"op": "dissolve", "targets": [parent.code]})
    outside = neighbours(town, parent.code)[0]
    second, _ = redraw(town, between(town, outside, parent.code), "neighbour")
    if divided_again:  # undone, done again, undone: leaf, parent, leaf, parent
        undo(town, undo(town, undo(town, first)))
    else:
        undo(town, first)
    undo(town, second, "neighbour")
    now = content(town)
    assert but_borders(now) == but_borders(before) and borders_off(before, now) <= OFF
    assert_fits(town)


def test_staff_that_came_since_follow_also_when_the_neighbour_was_cut(town):
    first, made = redraw(town, cut(town, "30"))
    new = next(code for code in made.codes.values())
    with town.read() as reader:
        fid = reader.area(new).fid
    town.attempt("tester", "add", lambda tx: tx.insert("staff", [{"name": "新", "role": "volunteer", "area": fid}]))
    redraw(town, between(town, neighbours(town, "30")[0], "30"), "neighbour")
    undo(town, first)
    with town.read() as reader:
        assert reader.rows("staff", TABLES["staff"].c.name == "新")[0]["area"] == reader.area("30").fid
    assert_fits(town)


# ---- anything, in any order ------------------------------------------------------------------------------------------
def batch(store, dice: random.Random, size: int) -> list[int]:
    """So many random edits that were accepted."""
    revs: list[int] = []
    while len(revs) < size:
        with store.read() as reader:
            form = (some_split if dice.random() < 0.6 else some_merge)(reader, dice)
        try:
            commit(store, form or {"op": "merge"})
        except WeigeError:
            continue
        revs.append(store.head()[0])
    return revs


def back_in_any_order(store, revs: list[int], dice: random.Random) -> int:
    """Undoes the revisions in random order, those that wait for others again and again until nothing goes any more:
    an undo may leave ground that a later edit took elsewhere and brought back. Answers how often an edit in the way was
    named."""
    waiting, refused = dice.sample(revs, len(revs)), 0
    while True:
        still = []
        for rev in waiting:
            here = content(store, ("areas",)) if refused < 3 else None
            try:
                undo(store, rev)
            except UndoBlocked as blocked:
                edits = blocked.details["edits"]
                assert edits and all(edit > rev for edit in edits), "the edit in the way is named"
                assert here is None or content(store, ("areas",)) == here, "a refused undo writes nothing"
                refused += 1
                still.append(rev)
        if len(still) == len(waiting):
            return refused
        waiting = still


def back_as_told(store, revs: list[int]) -> int:
    """What still stands of the revisions goes back by doing what the refusals say: what is in the way first, also an
    undo. Answers how many were in the way."""
    followed = 0
    for _ in range(10 * len(revs)):
        with store.read() as reader:
            standing = [rev for rev in revs if reader.revision(rev)["undone_by"] is None]
        if not standing:
            return followed
        path = [max(standing)]
        while path:
            try:
                undo(store, path[-1])
                path.pop()
            except UndoBlocked as blocked:
                path.append(max(blocked.details["edits"]))
                followed += 1
                assert len(set(path)) == len(path), "two wait for each other"
    raise AssertionError(f"{standing} never go back")


def assert_as_before(store, before: dict) -> float:
    """Borders within a unit, all else the same. Answers how far the borders are off."""
    now = content(store)
    assert but_borders(now) == but_borders(before), "codes, parents, owners, shares, people"
    off = borders_off(before, now)
    assert off <= OFF
    assert_fits(store)
    return off


@pytest.mark.promise(ANY_ORDER)
@pytest.mark.parametrize("seed", range(count(1, 13)))
def test_undone_backwards_everything_is_the_same_bytes(town, kind, seed, record_property):
    dice = random.Random(7000 + seed)
    before = content(town)
    revs = batch(town, dice, count(20 if kind == "gpkg" else 6, 100))
    for rev in reversed(revs):
        undo(town, rev)
    assert content(town) == before
    record_property("figures", f"{kind}: batches of {len(revs)} backwards")


@pytest.mark.promise(ANY_ORDER)
@pytest.mark.parametrize("seed", range(count(1, 13)))
def test_undone_in_any_order_everything_is_as_it_was(town, kind, seed, record_property):
    dice = random.Random(8000 + seed)
    before = content(town)
    revs = batch(town, dice, count(30 if kind == "gpkg" else 8, 100))
    refused = back_in_any_order(town, revs, dice)
    assert_fits(town)
    refused += back_as_told(town, revs)
    off = assert_as_before(town, before)
    record_property("figures", f"{kind}: {len(revs)} in any order, borders {off:.2f} units off, {refused} times the edit in the way")


@pytest.fixture(scope="module", params=["gpkg", "postgis"])
def district(request, tmp_path_factory, data_dir):
    """A store with some communities of Tainan's South District, on the coast."""
    where = "TOWN_ID = '67000330' AND CODE2 < 'A6733-10'"
    rows = pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area", where=where)
    url = f"gpkg://{tmp_path_factory.mktemp('district')}/tainan.gpkg" if request.param == "gpkg" else request.getfixturevalue("fresh_postgis")()
    store = open_store(url)
    fields = {"code": "CODEBASE", "households": "H_CNT", "population": "P_CNT"}
    parents = {"grid": "CODE1", "community": "CODE2", "county": "TOWN_ID"}
    plant(store, rows.to_crs("EPSG:4490"), Options("areas", level="micro_grid", fields=fields, parents=parents, repair=True), "tester", "district")
    yield store
    store.close()


@pytest.mark.promise(ANY_ORDER)
@pytest.mark.parametrize("backwards", [True, False])
def test_on_real_ground_as_well(district, backwards, record_property):
    dice, kind = random.Random(9), "gpkg" if district.is_file else "postgis"
    for _ in range(count(1, 13)):
        before = content(district)
        revs = batch(district, dice, count(15 if district.is_file else 6, 100))
        if backwards:
            for rev in reversed(revs):
                undo(district, rev)
            assert content(district) == before
            continue
        refused = back_in_any_order(district, revs, dice)
        refused += back_as_told(district, revs)
        off = assert_as_before(district, before)
        record_property("figures", f"Tainan, {kind}: {len(revs)} in any order, borders {off:.2f} units off, {refused} times the edit in the way")
