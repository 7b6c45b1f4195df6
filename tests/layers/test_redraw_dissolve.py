"""Dissolving: the children of an area retire, it holds its ground itself again, to the vertex."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area
from layers.chain import difference
from layers.coverage import explode, prove
from layers.errors import AreaLocked, BadInput, EditRefused, HasChildren, NoChildren, UnknownArea
from layers.redraw import dissolve, merge, split, subdivide
from layers.rules import Level
from tests.layers.little_town import by_code, little_town
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_subdivide import LEVELS, MICRO, across, undivided

TOWN = little_town()
COMMUNITIES = (2, 3, 4, 5)


def refused(error: type[Exception], areas: list[Area], targets: list[int], levels=LEVELS) -> EditRefused:
    town = Ledger(areas)
    before = {fid: area.shape.wkb for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        dissolve(town, targets, levels)
    assert {fid: area.shape.wkb for fid, area in town.areas.items()} == before
    return caught.value


#   +---+---+        +-------+
#   | a | b |   ->   |   A   |
#   +---+---+        +-------+
@pytest.mark.parametrize("fid", COMMUNITIES)
def test_the_parent_takes_the_ground_of_its_children(fid):
    town = Ledger(TOWN)
    was, parent = border(town), town.get(fid)
    children = [leaf for leaf in town.leaves() if leaf.parent == fid]
    edit = dissolve(town, [fid], LEVELS)
    (leaf,) = edit.after
    assert leaf == replace(parent, leaf=True, version=parent.version + 1)
    assert edit.before == tuple(children) and edit.above_before == (parent,) and edit.above == ()
    assert edit.successor == {child.fid: fid for child in children}
    assert not any(len(side) for side in difference(explode(children)[0], explode([leaf])[0]))
    town.apply(edit)
    assert_seamless(town, was)


def test_a_parent_whose_stored_border_is_another_gets_that_of_its_children():
    town = Ledger([replace(area, shape=area.shape.simplify(0)) if area.fid == 2 else area for area in TOWN])
    children = [leaf for leaf in town.leaves() if leaf.parent == 2]
    (leaf,) = dissolve(town, [2], LEVELS).after
    assert not any(len(side) for side in difference(explode(children)[0], explode([leaf])[0]))


def test_all_communities_at_once():
    town = Ledger(TOWN)
    was = border(town)
    town.apply(dissolve(town, list(COMMUNITIES), LEVELS))
    assert [leaf.fid for leaf in town.leaves()] == list(COMMUNITIES)
    assert_seamless(town, was)


def test_what_cannot_be_dissolved_is_refused_with_its_reason():
    fid = by_code(TOWN)["21"].fid
    refused(NoChildren, TOWN, [fid])
    assert sorted(refused(HasChildren, TOWN, [1]).details["areas"]) == [f"community-{fid}" for fid in COMMUNITIES]
    assert refused(AreaLocked, [replace(area, locked=area.fid == fid) for area in TOWN], [2]).details["areas"] == ["21"]
    refused(AreaLocked, [replace(area, locked=area.fid == 2) for area in TOWN], [2])
    law = [*LEVELS[:3], Level("micro_grid", "微网格", "Micro-grid", locked=True)]
    refused(AreaLocked, TOWN, [2], law)
    refused(BadInput, TOWN, [])
    refused(UnknownArea, TOWN, [987654])


@settings(max_examples=25)
@given(st.sampled_from([area.code for area in TOWN if area.leaf]), st.lists(st.tuples(st.floats(-0.6, 0.6), st.floats(0.2, 0.8)), max_size=4),
       st.booleans())
def test_subdivide_cut_join_dissolve_comes_back_to_the_same_ground(code, lines, join):
    town = Ledger(undivided())
    was, own = border(town), town.get(MICRO[code].fid)
    done = [town.apply(subdivide(town, [own.fid], LEVELS))]
    for lean, at in lines:
        biggest = max((leaf for leaf in town.leaves() if leaf.parent == own.fid), key=lambda leaf: leaf.shape.area)
        try:
            done.append(town.apply(split(town, [biggest.fid], across(biggest.shape, lean, at))))
        except EditRefused:
            continue
        assert_seamless(town, was)
    pieces = [leaf.fid for leaf in town.leaves() if leaf.parent == own.fid]
    if join and len(pieces) > 1:
        try:
            done.append(town.apply(merge(town, pieces)))
        except EditRefused:
            pass
    edit = dissolve(town, [own.fid], LEVELS)
    prove(edit, town, restores=True)
    town.apply(edit)
    assert_seamless(town, was)
    now = town.get(own.fid)
    assert now.leaf and now.shape.hausdorff_distance(own.shape) <= 1, "a vertex on the border is rounded to the grid"
    if len(done) == 1:
        assert now.shape.wkb == own.shape.wkb, "nothing was cut: the same bytes"
