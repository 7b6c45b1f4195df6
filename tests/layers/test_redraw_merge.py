"""Merging: siblings that share a border become one; enclaves fill their hole; nothing else is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.chain import area2
from layers.coverage import Coverage, explode, prove
from layers.errors import AreaLocked, BadInput, EditRefused, NotAdjacent, NotLeaf, OtherParent, ProofFailed, UnknownArea
from layers.redraw import merge, split
from tests.layers.little_town import CELL_M, by_code, line, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border

TOWN = little_town()
CODES = by_code(TOWN)


def fids(*codes: str) -> list[int]:
    return [CODES[code].fid for code in codes]


def merged(*codes: str, **more):
    """The edit; the town is seamless after it."""
    town = Ledger(TOWN)
    was = border(town)
    edit = merge(town, fids(*codes), **more)
    town.apply(edit)
    assert_seamless(town, was)
    return edit


def refused(error: type[Exception], targets: list[int], **more) -> Exception:
    town = Ledger(TOWN)
    before = {fid: area.shape.wkb for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        merge(town, targets, **more)
    assert {fid: area.shape.wkb for fid, area in town.areas.items()} == before
    return caught.value


def test_one_lives_on_and_the_others_retire_with_a_successor():
    edit = merged("21", "22", "32", keep=CODES["22"].fid)
    (survivor,) = edit.after
    assert (survivor.fid, survivor.code, survivor.version) == (CODES["22"].fid, "22", 2)
    assert {area.code for area in edit.before} == {"21", "22", "32"}
    assert edit.successor == {CODES["21"].fid: survivor.fid, CODES["32"].fid: survivor.fid}
    assert edit.touched == () and len(survivor.shape.geoms) == 1
    assert area2(explode(edit.before)[0]) == area2(explode(edit.after)[0])


def test_the_one_with_most_households_lives_on_else_the_largest():
    largest = max(("21", "22", "32"), key=lambda code: CODES[code].shape.area)
    assert merged("21", "22", "32").after[0].code == largest
    counts = {CODES["32"].shape.wkb: 40, CODES["22"].shape.wkb: None, CODES["21"].shape.wkb: 12}
    assert merged("21", "22", "32", weigh=lambda shapes: [counts[s.wkb] for s in shapes]).after[0].code == "32"


def test_the_order_of_the_targets_does_not_change_the_ground():
    one, other = merged("21", "22", "32"), merged("32", "21", "22")
    assert one.after[0].shape.wkb == other.after[0].shape.wkb and one.after[0].fid == other.after[0].fid


def test_an_enclave_fills_the_hole_it_lies_in():
    edit = merged("54", "inner", keep=CODES["inner"].fid)
    assert not edit.after[0].shape.geoms[0].interiors
    assert edit.after[0].code == "inner"


def test_an_enclave_that_touches_the_border_in_one_vertex_can_be_taken_in():
    assert not merged("61", "touching").after[0].shape.geoms[0].interiors


def test_areas_of_several_parts_keep_all_of_them():
    assert len(merged("62", "52").after[0].shape.geoms) == 2
    assert len(merged("24", "23").after[0].shape.geoms) == 2


def test_the_exclave_joins_its_surroundings():
    edit = merged("24", "33")  # 33 surrounds the second part of 24 and touches the first only in one point
    assert [len(part.interiors) for part in edit.after[0].shape.geoms] == [0, 0]


def test_09_areas_that_touch_in_one_point_are_not_adjacent():
    error = refused(NotAdjacent, fids("21", "32"))
    assert set(error.details["areas"]) == {"21", "32"} and error.where is not None
    refused(NotAdjacent, fids("21", "22", "30"))


def test_areas_far_apart_become_one_of_several_parts_only_when_asked():
    assert len(merged("20", "22", allow_parts=True).after[0].shape.geoms) == 2


def test_10_areas_of_different_parents_are_not_merged():
    error = refused(OtherParent, fids("31", "41"))
    assert error.details["parents"] == {"31": "community-2", "41": "community-3"}
    error = refused(OtherParent, fids("51", "foreign"))
    leaves_only = Coverage(area for area in TOWN if area.leaf)
    with pytest.raises(OtherParent):
        merge(leaves_only, fids("31", "41"))


def test_locked_unknown_and_too_few():
    locked = Coverage(replace(area, locked=area.code == "22") for area in TOWN)
    with pytest.raises(AreaLocked):
        merge(locked, fids("21", "22"))
    with pytest.raises(NotLeaf):
        merge(locked, [2, 3])
    with pytest.raises(UnknownArea):
        merge(locked, [*fids("21"), 987654])
    for targets, keep in ((fids("21"), None), (fids("21", "21"), None), (fids("21", "22"), CODES["23"].fid)):
        refused(BadInput, targets, keep=keep)


def test_an_exclave_cut_from_its_surroundings_stays_valid_when_neighbours_merge():
    town = Ledger(TOWN)
    was = border(town)
    town.apply(split(town, fids("33"), line((3.5 * CELL_M, 2.6 * CELL_M), (3.5 * CELL_M, 4.4 * CELL_M))))
    town.apply(merge(town, [fid for fid, area in town.areas.items() if area.leaf and area.parent == 4
                            and area.shape.intersects(CODES["33"].shape) and area.code != "14"]))
    assert_seamless(town, was)


@settings(max_examples=60)
@given(st.lists(st.sampled_from([area.code for area in TOWN if area.leaf]), min_size=2, max_size=5, unique=True),
       st.booleans())
def test_merging_anything_leaves_the_town_seamless_and_undo_restores_the_bytes(codes, allow_parts):
    town = Ledger(TOWN)
    was = border(town)
    before = {area.fid: area.shape.wkb for area in town.leaves()}
    try:
        edit = town.apply(merge(town, fids(*codes), allow_parts=allow_parts))
    except (OtherParent, NotAdjacent, ProofFailed) as reason:
        assert isinstance(reason, EditRefused)
        assert {area.fid: area.shape.wkb for area in town.leaves()} == before
        return
    assert_seamless(town, was)
    assert edit.after[0].shape.equals(shapely.union_all([CODES[code].shape for code in codes]))
    prove(~edit, town, restores=True)
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.leaves()} == before
