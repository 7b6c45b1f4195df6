"""New areas drawn over others, islands, and areas that change their parent, through the store: nobody is lost, undo and redo
give the same bytes, also after a neighbour was cut. On both stores."""

from __future__ import annotations

import random

import pytest
import shapely
from shapely.geometry import mapping
from sqlalchemy import select

from geodata.schema import LINEAGE, TABLES
from geodata.store import Store
from layers.areas import to_degrees
from layers.errors import AreaLocked, EditRefused, LineLeavesParent, PartsRefused, Stale, UndoBlocked
from tests.counts import count
from tests.geodata.forms import keep_everybody
from tests.geodata.stores import assert_history, content, people
from tests.geodata.test_dividing import assert_clean, shown, written
from tests.geodata.work import assert_there_and_back, commit, cut, some_split, undo
from tests.layers.test_redraw_draw import blob, box

PARENT = "community-2"


def draw(polygon: shapely.Polygon, parent: str = PARENT, op: str = "draw", **more) -> dict:
    return {"op": op, "parent": parent, "polygon": mapping(to_degrees(polygon)), **more}


ACROSS = draw(box(1.5, 2, 0.3, 0.25))  # over the border of 12 and 22
SWALLOWS = draw(box(1, 1, 0.85))  # 11 lies wholly under it
ISLAND = draw(box(2, 2, 0.15), "22", "island")
STRIP = draw(box(2, 2, 0.08, 0.94), trim=True, rest="new")
GIVEN = STRIP | {"rest": "give"}  # of 22 the western piece goes to 32, or to whoever lies there
POCKET = draw(box(1.2, 1.2, 0.35), trim=True, rest="give")  # what it cuts off 11 lies in its own bend


def new_in(store: Store, rev: int) -> list:
    """The areas an edit made."""
    with store.read() as reader:
        return [area for area in reader.all_areas(leaf=True) if area.version == 1 and area.rev == rev]


# --- one after the other -----------------------------------------------------------------------------------------
def test_everybody_is_somewhere_and_undo_and_redo_give_the_bytes(town):
    everybody, states, revs = people(town), [content(town)], []
    for form in (ACROSS, ISLAND, STRIP, draw(box(1, 1, 0.3))):
        commit(town, form)
        assert people(town) == everybody
        revs.append(town.head()[0])
        states.append(content(town))
    assert_clean(town)
    assert_there_and_back(town, states, revs)


def test_who_was_wholly_under_it_comes_back_with_all_that_was_his(town):
    before = content(town)
    commit(town, SWALLOWS)
    rev = town.head()[0]
    (new,) = new_in(town, rev)
    with town.read() as reader:
        led = set(map(tuple, reader.connection.execute(select(LINEAGE.c.from_fid, LINEAGE.c.to_fid).where(LINEAGE.c.rev == rev))))
        assert "11" not in {area.code for area in reader.all_areas(leaf=True)}
    assert {to for _, to in led} == {new.fid} and len(led) > 3
    assert_clean(town)
    undo(town, rev)
    assert content(town) == before


def test_undo_after_a_neighbour_was_cut_leaves_the_cut(town):
    commit(town, ACROSS)
    rev = town.head()[0]
    (new,) = new_in(town, rev)
    commit(town, cut(town, "11"))
    cut_rev = town.head()[0]
    cut_off = [area.code for area in new_in(town, cut_rev)]
    assert cut_off
    commit(town, cut(town, "32"))
    everybody = people(town)
    undo(town, rev)
    assert_clean(town)
    assert people(town) == everybody
    with town.read() as reader:
        codes = {area.code for area in reader.all_areas(leaf=True)}
    assert new.code not in codes and codes >= {"11", "12", "22", *cut_off}
    undo(town, cut_rev)
    assert_clean(town)


def test_what_was_cut_since_blocks_the_undo(town):
    commit(town, ACROSS)
    rev = town.head()[0]
    (new,) = new_in(town, rev)
    commit(town, cut(town, new.code))
    with pytest.raises(UndoBlocked) as blocked:
        undo(town, rev)
    assert blocked.value.details["edits"] == [town.head()[0]]


def test_an_island_is_taken_away_by_a_merge_that_can_be_undone(town):
    with town.read() as reader:
        shape = reader.area("22").shape
    commit(town, ISLAND)
    (new,) = new_in(town, town.head()[0])
    with_island = content(town)
    commit(town, {"op": "merge", "targets": ["22", new.code], "keep": "22"})
    rev = town.head()[0]
    with town.read() as reader:
        assert reader.area("22").shape.equals(shape)
    assert_clean(town)
    undo(town, rev)
    assert content(town) == with_island


# --- what is cut off ---------------------------------------------------------------------------------------------
def test_what_is_cut_off_goes_to_a_neighbour_by_name_and_undo_and_redo_give_the_bytes(town):
    everybody, states, revs = people(town), [content(town)], []
    for form, giver, heir in ((GIVEN, "22", "32"), (POCKET, "11", None)):
        with pytest.raises(PartsRefused) as refused:
            shown(town, {name: value for name, value in form.items() if name != "rest"})
        assert refused.value.details["areas"] == [giver] and refused.value.details["to"] == [heir or "+1"]
        told, done = shown(town, form), written(town, form)
        (new,) = [one for one in done["changed"] if one["new"]]
        for answer in (told, done):
            (finding,) = [one for one in answer["findings"] if one["kind"] == "part-given"]
            assert finding["code"] == (heir or new["code"]) and finding["text"] == f"a piece cut off {giver} goes to {heir or new['code']}"
            assert finding.get("what") == (new["name"] if heir is None else finding.get("what"))
        assert done["findings"] == told["findings"] and people(town) == everybody
        assert all(len(one["geometry"]["coordinates"]) == 1 for one in done["changed"])
        assert done["totals_before"]["households"] == done["totals_after"]["households"] == sum(
            one["after"]["households"] for one in done["changed"] if one["after"])
        revs.append(town.head()[0])
        states.append(content(town))
    assert_clean(town)
    assert_there_and_back(town, states, revs)


def test_what_was_given_to_a_neighbour_comes_back_after_another_was_cut(town):
    everybody = people(town)
    commit(town, GIVEN)
    rev = town.head()[0]
    commit(town, cut(town, "11"))
    undo(town, rev)
    assert people(town) == everybody
    assert_clean(town)
    commit(town, GIVEN)
    rev = town.head()[0]
    commit(town, cut(town, "32"))  # who received was cut since
    with pytest.raises(UndoBlocked):
        undo(town, rev)


# --- who and what stands there -----------------------------------------------------------------------------------
def test_people_of_areas_that_gave_ground_are_listed_and_posts_serve_all_of_it(town):
    with town.read() as reader:
        areas = {code: reader.area(code).fid for code in ("11", "12", "22")}
    with town.write("tester", "post") as tx:
        area = tx.area("11")
        (post,) = tx.insert("checkpoints", [{"name": "门", "kind": "gate", "areas": [areas["11"], areas["12"]], "area": area.fid, "required": 1,
                                             "geom": to_degrees(shapely.point_on_surface(area.shape))}])
        persons = tx.insert("staff", [{"name": name, "role": "grid_worker", "area": areas[name]} for name in ("11", "12")])
    commit(town, SWALLOWS)
    (new,) = new_in(town, town.head()[0])
    with town.read() as reader:
        gone, cut_ = (reader.row("staff", fid) for fid in persons)
        assert gone["area"] == new.fid and (cut_["area"], bool(cut_["reassign"])) == (areas["12"], True)
        assert set(reader.row("checkpoints", post)["areas"]) == {areas["12"], new.fid}
        assert reader.row("checkpoints", post)["area"] == new.fid, "where it stands"


def test_cells_are_dealt_to_all_who_hold_their_ground(town):
    """Of a community counted by cells, drawn over the border of two: the new area has people of both."""
    everybody = people(town)
    form = draw(box(5.5, 0, 0.35, 0.2), "community-3")
    told = shown(town, form)
    done = written(town, form)
    (new,) = [one for one in done["changed"] if one["new"]]
    assert new["after"]["households"] == next(one for one in told["changed"] if one["new"])["after"]["households"]
    with town.read() as reader:
        cells = {row["cell"] for row in reader.rows("shares", TABLES["shares"].c.area == new["fid"], geometry=False)}
    assert len(cells) >= 2 and people(town) == everybody
    assert done["totals_before"]["households"] == done["totals_after"]["households"]


def test_the_preview_shows_what_the_commit_writes(town):
    for form in (ACROSS, ISLAND, STRIP):
        before = content(town)
        told = shown(town, form)
        assert content(town) == before
        done = written(town, form)
        for key in ("op", "touched", "totals_before", "totals_after", "findings", "line_m"):
            assert done[key] == told[key], key
        for mine, theirs in zip(done["changed"], told["changed"], strict=True):
            for key in ("name", "level", "parent", "retired", "new", "before", "after", "geometry"):
                assert mine[key] == theirs[key], (form["op"], key)


def test_refusals_write_nothing(town):
    with town.read() as reader:
        fid, version = reader.area("12").fid, reader.area("12").version
    with town.write("tester", "change area") as tx:
        tx.update("areas", fid, {"locked": True})
    before, head = content(town), town.head()
    for form, reason in ((ACROSS, AreaLocked), (draw(box(2, 2.5, 0.3, 0.4)), LineLeavesParent), (STRIP | {"rest": None}, EditRefused),
                         (ISLAND | {"versions": {"22": version + 7}}, Stale)):
        with pytest.raises(reason):
            commit(town, form)
    assert content(town) == before and town.head() == head


@pytest.mark.parametrize("seed", range(count(1, 8)))
def test_any_order_of_drawing_cutting_joining_and_undoing_keeps_everybody(town, seed):
    keep_everybody(town, random.Random(seed), count(12, 60), something)
    assert_clean(town)
    assert_history(town)


def something(reader, dice: random.Random) -> dict:
    """A drawing, an island, a cut or a merge somewhere."""
    leaf = dice.choice(reader.all_areas(leaf=True))
    parent = reader.areas([leaf.parent])[leaf.parent]
    kind = dice.choice(("draw", "draw", "draw", "island", "split", "merge"))
    if kind == "draw":
        return draw(blob(dice, leaf), parent.code, trim=dice.random() < 0.8, rest=dice.choice((None, "new", "give")))
    if kind == "island":
        return draw(blob(dice, leaf), leaf.code, "island")
    if kind == "merge":
        return {"op": "merge", "targets": [area.code for area in reader.children(parent.fid)][-2:]}
    return some_split(reader, dice)
