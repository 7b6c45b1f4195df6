"""What a reshape cuts off goes to the neighbour round it: nobody is left in pieces, nobody is lost, as GEOS sees it too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area, as_multi
from layers.edits import Edit
from layers.errors import AreaLocked, BadGeometry, BadInput, EditRefused, PartsRefused
from layers.redraw import reshape
from tests.counts import count
from tests.layers.little_town import line, ring
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_reshape import _assert_said, _people, assert_there_and_back
from tests.layers.test_redraw_split import TOWN

#    0        40                  140  180
#   100 +-----+--------------------+-----+
#       |  A  |         B          |  D  |     oblique, in lon/lat; the border of B and C is the longest C has
#    50 |     *\/\/\/\/\/\/\/\/\/\/*     |
#     0 +-----+---------C----------+-----+
ZIGZAG = [(40, 50), (60, 20), (80, 60), (100, 20), (120, 60), (140, 50)]
SHAPES = {"A": ring((0, 0), (40, 0), (40, 50), (40, 100), (0, 100)), "B": ring((40, 100), *ZIGZAG, (140, 100)),
          "C": ring((40, 0), (140, 0), *ZIGZAG[::-1]), "D": ring((140, 0), (180, 0), (180, 100), (140, 100), (140, 50))}
FIDS = {code: fid for fid, code in enumerate(SHAPES, 10)}
THROUGH = line((30, 64), (150, 64), (150, 74), (30, 74))  # a tongue of A through B as far as D
TOP, BELOW = (shapely.Point(line((90, row), (91, row)).coords[0]) for row in (90, 55))
LEAVES = [area for area in TOWN if area.leaf]


def block(parents: dict[str, int] | None = None, **changes) -> Ledger:
    """The four areas; `parents` moves some below parent 2, `changes` are by code."""
    above = {code: (parents or {}).get(code, 1) for code in SHAPES}
    ground = {fid: as_multi(shapely.coverage_union_all([SHAPES[code] for code in SHAPES if above[code] == fid])) for fid in set(above.values())}
    areas = [Area(fid, f"parent-{fid}", "", "community", None, f"/{fid}/", False, shape) for fid, shape in ground.items()]
    areas += [Area(FIDS[code], code, f"area {code}", "micro_grid", above[code], f"/{above[code]}/{FIDS[code]}/", True, as_multi(shape))
              for code, shape in SHAPES.items()]
    return Ledger([replace(area, **changes.get(area.code, {})) for area in areas])


def reshaped(town: Ledger, drawn: shapely.LineString = THROUGH, target: str = "A", **more) -> tuple[Edit, dict[str, Area]]:
    """The edit and the areas after it, from a coverage proved to be seamless; undo and redo restore the same bytes."""
    was, before = border(town), {area.fid: area.shape.wkb for area in town.leaves()}
    edit = reshape(town, [FIDS[target]], drawn, **more)
    _assert_said(edit)
    town.apply(edit)
    assert_seamless(town, was)
    after = {area.code: area for area in town.leaves()}
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
    town.apply(edit)
    assert {area.code: area.shape.wkb for area in town.leaves()} == {code: area.shape.wkb for code, area in after.items()}
    return edit, after


def refused(error: type[Exception], town: Ledger, drawn: shapely.LineString = THROUGH, **more) -> EditRefused:
    before = dict(town.areas)
    with pytest.raises(error) as caught:
        reshape(town, [FIDS["A"]], drawn, **more)
    assert town.areas == before
    return caught.value


def in_one(areas: dict[str, Area]) -> bool:
    return all(len(area.shape.geoms) == 1 for area in areas.values())


# --- to whom -------------------------------------------------------------------------------------------------------------
def test_the_lesser_piece_goes_to_the_longest_neighbour_and_nobody_is_in_pieces():
    edit, after = reshaped(block(), rest="give", weigh=lambda shapes: [float(shape.contains(TOP)) for shape in shapes])
    assert in_one(after) and after["B"].shape.contains(TOP) and after["C"].shape.contains(BELOW)
    assert edit.gave == {FIDS["A"]: (FIDS["B"], FIDS["D"]), FIDS["C"]: (FIDS["B"],)}
    (finding,) = edit.findings
    assert (finding.kind, finding.code, finding.what) == ("part-given", "C", "area C")
    place = shapely.Point([value * 1e7 for value in finding.where])
    assert after["C"].shape.contains(place) and not block().get(FIDS["C"]).shape.contains(place)


def test_households_say_which_piece_stays():
    _, after = reshaped(block(), rest="give", weigh=lambda shapes: [float(shape.contains(BELOW)) for shape in shapes])
    assert in_one(after) and after["B"].shape.contains(BELOW) and after["A"].shape.contains(TOP)


def test_without_it_the_refusal_says_who_would_take_and_allowing_parts_still_gives_parts():
    error = refused(PartsRefused, block())
    assert error.details == {"areas": ["B"], "to": ["C"]} and error.where
    _, after = reshaped(block(), allow_parts=True)
    assert len(after["B"].shape.geoms) == 2
    assert in_one(reshaped(block(), allow_parts=True, rest="give")[1]), "who gives away has no parts"


def test_where_nothing_is_cut_off_it_is_the_same_edit():
    bump = line((30, 70), (60, 70), (60, 80), (30, 80))
    assert reshape(block(), [FIDS["A"]], bump, rest="give") == reshape(block(), [FIDS["A"]], bump)


def test_the_part_an_area_had_before_stays_its_part():
    house = ring((10, 30), (25, 30), (25, 45), (10, 45))
    apart = {"A": {"shape": as_multi(SHAPES["A"].difference(house))}, "B": {"shape": shapely.MultiPolygon([SHAPES["B"], house])}}
    _, after = reshaped(block(**apart), rest="give")
    assert len(after["B"].shape.geoms) == 2 and after["B"].shape.contains(house.representative_point())
    assert after["C"].shape.contains(BELOW)


# --- who may take it -----------------------------------------------------------------------------------------------------
def test_a_locked_neighbour_or_one_of_another_parent_gets_nothing():
    for town in (block(C={"locked": True}), block({"C": 2})):
        assert refused(PartsRefused, town).details["to"] == ["A"]
        edit, after = reshaped(town, rest="give")
        assert in_one(after) and after["A"].shape.contains(BELOW) and "C" not in {area.code for area in edit.before}


def test_who_lay_far_off_and_reaches_it_only_now_may_take_it():
    low = line((30, 55), (150, 55), (150, 74), (30, 74))  # over the tips of C, which stay: pockets of B are left between them
    edit, after = reshaped(block({"C": 2}), low, rest="give")
    assert in_one(after) and after["A"].shape.contains(shapely.Point(line((100, 40), (101, 40)).coords[0]))
    assert [finding.kind for finding in edit.findings] == ["trimmed"] + 3 * ["part-given"]


def test_a_locked_area_gives_nothing_either():
    assert refused(AreaLocked, block(B={"locked": True}), rest="give").details["areas"] == ["B"]


def test_what_would_go_back_to_where_it_was_moves_nothing():
    beyond = line((30, 60), (160, 60), (160, 80), (30, 80))  # D alone is of the parent of A; what A would take of it hangs on nothing
    town = block({"B": 2, "C": 2})
    assert refused(PartsRefused, town, beyond).details == {"areas": ["A"], "to": []}
    error = refused(PartsRefused, town, beyond, rest="give")
    assert error.details == {"areas": ["A"]} and error.where


def test_another_word_for_it_is_refused():
    refused(BadInput, block(), rest="new")


# --- whatever people draw ------------------------------------------------------------------------------------------------
@st.composite
def tongues(draw) -> shapely.LineString:
    """There and back across a leaf, in any direction."""
    part = draw(st.sampled_from(list(draw(st.sampled_from(LEAVES)).shape.geoms)))
    middle, size = np.array(part.representative_point().coords[0]), np.ptp(shapely.get_coordinates(part), axis=0).max()
    turn = draw(st.floats(0, 2 * np.pi))
    along = np.array([np.cos(turn), np.sin(turn)]) * size
    aside, wobble = along[::-1] * [-1, 1] * draw(st.floats(0.02, 0.2)), draw(st.floats(-0.1, 0.1)) * size
    far, back = draw(st.floats(0.3, 0.9)), draw(st.floats(0.3, 0.9))
    ends = [middle - along * back + aside, middle + along * far + aside + wobble, middle + along * far - aside, middle - along * back - aside]
    return shapely.LineString(np.rint(ends))


@settings(max_examples=count(60, 2000), deadline=None)
@given(tongues(), st.sampled_from((0.5, 0.0, 2.0)))
def test_whatever_is_drawn_nobody_has_more_parts_than_before_and_nobody_is_lost(drawn, snap_m):
    town = Ledger(TOWN)
    was, before, people = border(town), dict(town.areas), _people()
    try:
        edit = reshape(town, None, drawn, rest="give", snap_m=snap_m)
    except (EditRefused, BadGeometry):
        assert town.areas == before
        return
    _assert_said(edit)
    assert all(len(now.shape.geoms) <= len(old.shape.geoms) and now.parent == edit.before[0].parent
               for old, now in zip(edit.before, edit.after, strict=True))
    _assert_longest(edit, drawn, snap_m)
    assert_there_and_back(town, edit, was, people)


def _assert_longest(edit: Edit, drawn: shapely.LineString, snap_m: float) -> None:
    """One piece cut off one area of one part: GEOS finds the same piece and the same neighbour, from what it is with parts."""
    given_away = [finding for finding in edit.findings if finding.kind == "part-given"]
    try:
        apart = reshape(Ledger(TOWN), None, drawn, allow_parts=True, snap_m=snap_m)
    except EditRefused:
        return
    then = {area.fid: area.shape for area in LEAVES} | {area.fid: area.shape for area in (*apart.touched, *apart.after)}
    torn = [(old, now) for old, now in zip(apart.before, apart.after, strict=True) if len(now.shape.geoms) > 1]
    assert bool(given_away) >= any(len(now.shape.geoms) > len(old.shape.geoms) for old, now in torn)
    if len(torn) != 1 or len(torn[0][0].shape.geoms) > 1 or len(torn[0][1].shape.geoms) != 2:
        return
    giver, ground = torn[0][0], sorted(torn[0][1].shape.geoms, key=shapely.area)
    if not giver.shape.intersection(ground[0]).area > ground[0].area / 2:
        return  # it hangs on nothing of its own
    kin = {area.fid: area for area in LEAVES if area.parent == giver.parent and area.fid != giver.fid}
    common = {fid: shapely.length(shapely.intersection(ground[0].boundary, then[fid].boundary)) for fid in kin}
    first, second = sorted(common.values(), reverse=True)[:2]
    if first - second > 1e-6 * first:
        heir = max(common, key=common.get)
        assert [finding.code for finding in given_away] == [kin[heir].code]
        (grown,) = [area.shape for area in edit.after if area.fid == heir]
        assert grown.symmetric_difference(shapely.union_all([then[heir], ground[0]])).area < grown.length
