"""What a new area or painted buildings cut off goes to the neighbour round it: nobody is left in pieces, nobody is lost, as GEOS sees it too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area
from layers.edits import Edit
from layers.errors import AreaLocked, BadGeometry, BadInput, EditRefused, OtherParent, PartsRefused
from layers.redraw import assign_buildings, draw
from layers.redraw.stroke import points_of
from tests.counts import count
from tests.layers.little_town import ring, units_of
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_assign import crowded, holders, standing
from tests.layers.test_redraw_cut_off import BELOW, FIDS, TOP, block, in_one, tongues
from tests.layers.test_redraw_reshape import _people, assert_there_and_back
from tests.layers.test_redraw_split import TOWN

#   +-----+--------------------+-----+
#   |  A +--------------------------+ |     N takes a strip of A, B and D; of what is left of B the lesser piece goes to the
#   |    +--------------------------+ |     longest neighbour: C, or N where C may not take it
#   |     *\/\/\/\/\/\/\/\/\/\/*     |
#   +-----+---------C----------+-----+
STRIP = ring((30, 64), (150, 64), (150, 74), (30, 74))
WIDE = ring((10, 64), (170, 64), (170, 74), (10, 74))
LEAVES = [area for area in TOWN if area.leaf]


def over(shapes) -> list[float]:
    """Who is above the strip stays B."""
    return [float(shape.contains(TOP)) for shape in shapes]


def done(town: Ledger, edit: Edit) -> dict[str, Area]:
    """The areas after the edit, from a coverage proved to be seamless; undo and redo restore the same bytes."""
    was, before = border(town), {area.fid: area.shape.wkb for area in town.leaves()}
    assert_told(edit)
    written = town.apply(edit)
    assert_seamless(town, was)
    after = {area.code: area for area in town.leaves()}
    town.apply(~written)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    town.apply(written)
    assert {area.code: area.shape.wkb for area in town.leaves()} == {code: area.shape.wkb for code, area in after.items()}
    return after


def assert_told(edit: Edit) -> None:
    """Who took ground of whom is what the shapes say, by GEOS, and nobody has more parts than before."""
    old = {area.fid: area for area in edit.before}
    for now in edit.after:
        givers = {was.fid for was in edit.before
                  if was.fid != now.fid and shapely.area(shapely.intersection(was.shape, now.shape)) > 10 * now.shape.length}
        assert givers <= set(edit.gave.get(now.fid, ())), "nobody takes ground unsaid"
        assert len(now.shape.geoms) <= (len(old[now.fid].shape.geoms) if now.fid in old else 1)
        assert now.parent == edit.before[0].parent
    assert set(edit.successor) == set(old) - {area.fid for area in edit.after}
    for fid, heir in edit.successor.items():
        (new,) = [area.shape for area in edit.after if area.fid == heir]
        assert old[fid].shape.difference(new).area <= 2 * old[fid].shape.length, "who retires lies in its successor"


def drawn(town: Ledger, polygon: shapely.Polygon = STRIP, **more) -> tuple[Edit, dict[str, Area]]:
    edit = draw(town, 1, polygon, trim=True, **({"rest": "give", "weigh": over} | more))
    return edit, done(town, edit)


def refused(error: type[Exception], town: Ledger, polygon: shapely.Polygon = STRIP, **more) -> EditRefused:
    before = dict(town.areas)
    with pytest.raises(error) as caught:
        draw(town, 1, polygon, trim=True, **more)
    assert type(caught.value) is error and town.areas == before
    return caught.value


def kinds(edit: Edit, kind: str = "part-given") -> list[str]:
    return [finding.code for finding in edit.findings if finding.kind == kind]


# --- a new area ----------------------------------------------------------------------------------------------------------
def test_what_a_new_area_cuts_off_goes_to_the_longest_neighbour_and_nobody_is_in_pieces():
    edit, after = drawn(block())
    assert in_one(after) and after["B"].shape.contains(TOP) and after["C"].shape.contains(BELOW)
    assert edit.gave == {-1: (FIDS["A"], FIDS["B"], FIDS["D"]), FIDS["C"]: (FIDS["B"],)}
    assert [area.code for area in edit.after] == ["A", "B", "C", "D", "+1"] and kinds(edit) == ["C"]
    place = shapely.Point([value * 1e7 for value in edit.findings[0].where])
    assert after["C"].shape.contains(place) and not block().get(FIDS["C"]).shape.contains(place)


def test_households_say_which_piece_stays():
    _, after = drawn(block(), weigh=lambda shapes: [float(shape.contains(BELOW)) for shape in shapes])
    assert after["B"].shape.contains(BELOW) and after[next(iter(set(after) - set(FIDS)))].shape.contains(TOP), "the strip is the longest there"


def test_where_the_neighbour_may_not_take_it_the_new_area_does():
    for town in (block(C={"locked": True}), block({"C": 2})):
        assert refused(PartsRefused, town, weigh=over).details["to"] == ["+1"]
        edit, after = drawn(town)
        new = next(after[code] for code in after if code not in FIDS)
        assert in_one(after) and new.shape.contains(BELOW) and kinds(edit) == ["+1"] and "C" not in {area.code for area in edit.before}


def test_without_it_the_refusal_says_who_would_take():
    error = refused(PartsRefused, block(), weigh=over)
    assert error.details == {"areas": ["B"], "parts": 2, "to": ["C"]} and error.where
    assert refused(PartsRefused, block(), ring((60, 70), (120, 70), (120, 110), (60, 110)).union(STRIP)).details["to"]
    assert len(draw(block(), 1, STRIP, allow_parts=True).after[1].shape.geoms) == 2
    assert in_one(drawn(block(), allow_parts=True)[1]), "who gives away has no parts"


def test_of_a_new_area_in_pieces_only_the_heaviest_is_taken():
    #   +-----+--------------------+-----+
    #   |  N  |   of parent 2      |  .  |     what is drawn over D hangs on nothing of N: it stays D
    #   +-----+--------------------+-----+
    town = block({"B": 2})
    assert refused(PartsRefused, town, WIDE).details == {"areas": [], "parts": 2, "to": ["D"]}
    edit, after = drawn(town, WIDE, weigh=lambda shapes: [-shape.bounds[0] for shape in shapes])
    assert [area.code for area in edit.before] == ["A"] and kinds(edit) == ["D"] and kinds(edit, "trimmed") == ["parent-1"]
    assert after["D"].shape.equals(block().get(FIDS["D"]).shape) and in_one(after)


def test_who_lies_under_a_piece_that_is_not_taken_lives_on():
    edit, after = drawn(block({"B": 2, "C": 2}), ring((20, -10), (200, -10), (200, 110), (20, 110)),
                        weigh=lambda shapes: [-shape.bounds[0] for shape in shapes])
    assert "D" in after and [area.code for area in edit.before] == ["A"] and kinds(edit) == ["D"]


def test_where_nothing_is_cut_off_it_is_the_same_edit():
    corner = ring((30, 70), (60, 70), (60, 80), (30, 80))
    assert draw(block(), 1, corner, rest="give") == draw(block(), 1, corner)


def test_a_locked_giver_and_another_word_are_refused():
    assert refused(AreaLocked, block(B={"locked": True}), rest="give").details["areas"] == ["B"]
    refused(BadInput, block(), rest="old")


# --- painted buildings ---------------------------------------------------------------------------------------------------
# a row of houses of B from border to border, one above it and one below; A is to its left, C below, D to its right
HOUSES = standing(*(shapely.Polygon(units_of([(x - 4, y - 3), (x + 4, y - 3), (x + 4, y + 3), (x - 4, y + 3)]))
                    for x, y in [(48, 70), (64, 70), (80, 70), (96, 70), (112, 70), (130, 70), (90, 92), (91, 54)]))
ROW, ABOVE, UNDER = range(6), 6, 7


def painted(town: Ledger, numbers=ROW, to: str = "A", **more) -> Edit:
    return assign_buildings(town, FIDS[to], {number: FIDS["B"] for number in numbers}, HOUSES, **more)


def houses_of(areas: dict[str, Area], code: str) -> list[int]:
    return np.flatnonzero(shapely.intersects(areas[code].shape, points_of(HOUSES.buildings))).tolist()


def test_what_painted_buildings_cut_off_goes_to_the_neighbour_and_the_painted_ones_come():
    with pytest.raises(PartsRefused) as caught:
        painted(block(), weigh=over)
    assert caught.value.details == {"areas": ["B"], "parts": 2, "to": ["C"]} and caught.value.where
    town = block()
    edit = painted(town, rest="give", weigh=over)
    after = done(town, edit)
    assert in_one(after) and kinds(edit) == ["C"]
    assert houses_of(after, "A") == [*ROW] and houses_of(after, "B") == [ABOVE] and houses_of(after, "C") == [UNDER]
    assert edit.gave == {FIDS["A"]: (FIDS["B"],), FIDS["C"]: (FIDS["B"],)} and [area.code for area in edit.before] == ["A", "B", "C"]


def test_where_no_other_may_the_receiving_area_takes_what_its_stroke_cuts_off_with_the_buildings_on_it():
    for more in ({"C": {"locked": True}, "D": {"locked": True}}, {}):
        town = block({} if more else {"C": 2, "D": 2}, **more)
        edit = painted(town, rest="give", weigh=over)
        after = done(town, edit)
        assert kinds(edit) == ["A"] and houses_of(after, "A") == [*ROW, UNDER] and in_one(after)


def test_a_painted_building_that_hangs_on_nothing_is_refused_in_any_case():
    for rest in (None, "give"):
        with pytest.raises(PartsRefused) as caught:
            painted(block(), [3], rest=rest)
        assert caught.value.details["areas"] == ["A"] and not caught.value.details.get("to")
    town = block()
    edit = assign_buildings(town, FIDS["A"], {3: FIDS["B"]}, HOUSES, allow_parts=True, rest="give")
    town.apply(edit)
    assert len(town.get(FIDS["A"]).shape.geoms) == 2


def test_where_nothing_is_cut_off_the_stroke_is_the_same():
    assert painted(block(), [0], rest="give") == painted(block(), [0])


def test_levels_that_law_fixes_other_parents_and_other_words_are_refused_with_it_too():
    for error, more in ((BadInput, {"rest": "new"}), (AreaLocked, {"rest": "give", "fixed": {"micro_grid"}})):
        with pytest.raises(error):
            painted(block(), **more)
    with pytest.raises(OtherParent):
        painted(block({"B": 2}), rest="give")
    with pytest.raises(AreaLocked):
        painted(block(C={"level": "grid"}), rest="give", weigh=over, fixed={"grid"})


# --- whatever people draw ------------------------------------------------------------------------------------------------
bars = tongues().map(lambda line: shapely.Polygon(line.coords))  # slanting, across a leaf, in any direction


@settings(max_examples=count(60, 2000), deadline=None)
@given(bars, st.sampled_from((0.5, 0.0, 2.0)))
def test_whatever_is_drawn_nobody_has_more_parts_than_before_and_nobody_is_lost(polygon, snap_m):
    town = Ledger(TOWN)
    was, before, people = border(town), dict(town.areas), _people()
    parent = next(leaf.parent for leaf in LEAVES if leaf.shape.intersects(polygon.centroid) or leaf is LEAVES[-1])
    try:
        edit = draw(town, parent, polygon, trim=True, rest="give", snap_m=snap_m)
    except (EditRefused, BadGeometry):
        assert town.areas == before
        return
    assert_told(edit)
    _assert_longest(edit, parent, polygon, snap_m)
    _there_and_back(town, edit, was, people)


def _there_and_back(town: Ledger, edit: Edit, was, people) -> None:
    """As `assert_there_and_back`, for an edit with new areas: these are known by the ledger's next number."""
    fid = town.next_fid
    named = tuple(replace(area, fid=fid, code=f"n{fid}", path=area.path.replace("/-1/", f"/{fid}/")) if area.fid < 0 else area
                  for area in edit.after)
    assert_there_and_back(town, replace(edit, after=named), was, people)


def _assert_longest(edit: Edit, parent: int, polygon: shapely.Polygon, snap_m: float) -> None:
    """One piece cut off one area of one part: GEOS finds the same piece and the same neighbour, from what it is with parts."""
    try:
        apart = draw(Ledger(TOWN), parent, polygon, trim=True, allow_parts=True, snap_m=snap_m)
    except EditRefused:
        return
    old = {area.fid: area.shape for area in LEAVES}
    then = old | {area.fid: area.shape for area in (*apart.touched, *apart.after)}
    torn = [fid for fid, shape in then.items() if len(shape.geoms) > (len(old[fid].geoms) if fid in old else 1)]
    assert bool(kinds(edit)) >= bool(torn)
    if len(torn) != 1 or torn == [-1] or len(then[torn[0]].geoms) != 2:
        return
    giver, ground = next(area for area in LEAVES if area.fid == torn[0]), sorted(then[torn[0]].geoms, key=shapely.area)
    kin = {area.fid: area.code for area in LEAVES if area.parent == giver.parent and area.fid in then and area.fid != giver.fid
           and area.fid not in apart.successor} | {-1: "+1"}
    common = {fid: shapely.length(shapely.intersection(ground[0].boundary, then[fid].boundary)) for fid in kin}
    first, second = sorted(common.values(), reverse=True)[:2]
    if first - second > 1e-6 * first:
        heir = max(common, key=common.get)
        assert kinds(edit) == [kin[heir]]
        (grown,) = [area.shape for area in edit.after if area.fid == heir]
        assert grown.symmetric_difference(shapely.union_all([then[heir], ground[0]])).area < grown.length


@settings(max_examples=count(15, 300), deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_whatever_is_painted_comes_and_nobody_else_is_in_pieces(seed, number):
    stands, town, dice = crowded(seed % 40), Ledger(TOWN), np.random.default_rng(seed)
    held, was, before = holders(town, stands), border(town), dict(town.areas)
    to = LEAVES[dice.integers(len(LEAVES))]
    kin = [leaf.fid for leaf in LEAVES if leaf.parent == to.parent and leaf.fid != to.fid and leaf.shape.distance(to.shape) < 3]
    theirs = np.flatnonzero(held == dice.choice(kin)) if kin else []
    take = dice.permutation(theirs)[:number].tolist() if len(theirs) else []
    try:
        edit = assign_buildings(town, to.fid, {k: int(held[k]) for k in take}, stands, rest="give")
    except (EditRefused, BadInput):
        assert town.areas == before
        return
    assert_told(edit)
    written = town.apply(edit)
    assert_seamless(town, was)
    now = holders(town, stands)
    assert (now[take] == to.fid).all()
    town.apply(~written)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == {fid: area.shape.wkb for fid, area in before.items() if area.leaf}
