"""Subdividing: an area gets one child that covers it, unassigned; areas are drawn off it until it is used up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.areas import Area
from layers.chain import area2
from layers.coverage import Coverage, explode, prove
from layers.errors import AreaLocked, BadInput, EditRefused, HasChildren, NoLevelBelow, UnknownArea
from layers.redraw import dissolve, merge, split, subdivide
from layers.rules import Level
from tests.layers.little_town import little_town
from tests.layers.random_edits import Ledger, assert_seamless, border
from tests.layers.test_redraw_real import district  # noqa: F401  a fixture

LEVELS = [Level("city", "市", "City", locked=True), Level("community", "社区", "Community"), Level("grid", "网格", "Grid"),
          Level("micro_grid", "微网格", "Micro-grid")]  # fmt: skip
MICRO = {area.code: area for area in little_town()}
AWKWARD = ("00", "03", "21", "24", "51", "61", "63")  # an L, a U, a lake, an exclave, holes, an island


def undivided() -> list[Area]:
    """The little town before anybody made micro-grids: its leaves are grids."""
    return [replace(area, level="grid") if area.leaf else area for area in little_town()]


def across(shape: shapely.MultiPolygon, lean: float = 0.2, at: float = 0.5) -> shapely.LineString:
    """A slanting line through the largest part of a shape, from outside to outside."""
    part = max(shape.geoms, key=lambda one: one.area)
    west, south, east, north = part.bounds
    y = south + (north - south) * at
    return shapely.LineString(np.round([(west - 900, y - lean * (north - south)), (east + 900, y + lean * (north - south))]))


def refused(error: type[Exception], areas: list[Area], targets: list[int], **more) -> EditRefused:
    town = Ledger(areas)
    before = {fid: area.shape.wkb for fid, area in town.areas.items()}
    with pytest.raises(error) as caught:
        subdivide(town, targets, LEVELS, **more)
    assert {fid: area.shape.wkb for fid, area in town.areas.items()} == before
    return caught.value


#   +-------+        +-------+
#   |   A   |   ->   | a  ?  |     A stands above its one child a, which holds the very same ground
#   +-------+        +-------+
@pytest.mark.parametrize("code", AWKWARD)
def test_the_child_covers_its_parent_to_the_vertex_and_is_unassigned(code):
    town, own = Ledger(undivided()), MICRO[code]
    was = border(town)
    edit = subdivide(town, [own.fid], LEVELS)
    (child,), (parent,) = edit.after, edit.above
    assert child.shape.wkb == own.shape.wkb and child.leaf and not child.assigned
    assert (child.fid, child.code, child.level, child.parent, child.path) == (-1, "+1", "micro_grid", own.fid, f"{own.path}-1/")
    assert parent == replace(own, level="grid", leaf=False, version=own.version + 1)
    assert edit.before == (town.get(own.fid),) and edit.successor == {} and edit.touched == ()
    town.apply(edit)
    assert_seamless(town, was)


def test_several_areas_are_subdivided_at_once():
    fids = [MICRO[code].fid for code in ("21", "22", "24")]
    town = Ledger(undivided())
    edit = subdivide(town, [*fids, fids[0]], LEVELS)
    assert [area.fid for area in edit.after] == [-1, -2, -3] and [area.parent for area in edit.after] == fids


def test_a_level_can_be_left_out():
    towns = [replace(area, level="community") if area.leaf else area for area in little_town()]
    for level, got in ((None, "grid"), ("grid", "grid"), ("micro_grid", "micro_grid")):
        assert subdivide(Ledger(towns), [MICRO["21"].fid], LEVELS, level=level).after[0].level == got


def test_what_cannot_be_subdivided_is_refused_with_its_reason():
    grids, micro = undivided(), little_town()
    fid = MICRO["21"].fid
    assert refused(NoLevelBelow, micro, [fid]).details["areas"] == ["21"]
    refused(HasChildren, grids, [2])
    refused(AreaLocked, [replace(area, locked=area.code == "21") for area in grids], [fid])
    refused(BadInput, grids, [fid], level="community")
    refused(BadInput, grids, [fid], level="quarter")
    refused(BadInput, grids, [])
    refused(UnknownArea, grids, [987654])
    top = [replace(MICRO["21"], level="city", parent=None)]
    law = [LEVELS[0], replace_level(LEVELS[1]), *LEVELS[2:]]
    with pytest.raises(AreaLocked):
        subdivide(Coverage(top), [fid], law)
    assert subdivide(Coverage(top), [fid], law, level="grid").after[0].level == "grid", "a free level below may be chosen"


def replace_level(level: Level) -> Level:
    return Level(level.id, level.zh, level.en, level.code_digits, locked=True)


def test_what_is_drawn_off_is_assigned_and_the_rest_stays_open():
    town = Ledger(undivided())
    was = border(town)
    own = MICRO["22"]
    (child,) = town.apply(subdivide(town, [own.fid], LEVELS)).after
    first = town.apply(split(town, [child.fid], across(child.shape)))
    rest, drawn = first.after
    assert (rest.fid, rest.assigned, drawn.assigned) == (child.fid, False, True)
    assert {area.parent for area in first.after} == {own.fid} and {area.level for area in first.after} == {"micro_grid"}
    second = town.apply(split(town, [rest.fid], across(town.get(rest.fid).shape, lean=-0.3)))
    assert [area.assigned for area in second.after] == [False, True]
    assert_seamless(town, was)
    assert {leaf.assigned for leaf in town.leaves() if leaf.parent == own.fid} == {True, False}


def test_open_ground_that_joins_an_area_is_assigned_and_the_area_keeps_its_code():
    town = Ledger(undivided())
    (child,) = town.apply(subdivide(town, [MICRO["22"].fid], LEVELS)).after
    _, drawn = town.apply(split(town, [child.fid], across(child.shape, at=0.3))).after
    edit = merge(town, [child.fid, drawn.fid])
    assert [(area.fid, area.assigned) for area in edit.after] == [(drawn.fid, True)]
    assert [(area.fid, area.assigned) for area in merge(town, [child.fid, drawn.fid], keep=child.fid).after] == [(child.fid, True)]


def test_undo_of_the_value_gives_the_same_bytes():
    town = Ledger(undivided())
    before = {area.fid: area.shape.wkb for area in town.areas.values()}
    edit = town.apply(subdivide(town, [MICRO[code].fid for code in AWKWARD], LEVELS))
    prove(~edit, town, restores=True)
    town.apply(~edit)
    assert {area.fid: area.shape.wkb for area in town.areas.values()} == before
    assert (~edit).above_before == edit.above and (~~edit).above == edit.above


def test_a_real_district_of_communities_gets_its_first_grids(district):  # noqa: F811
    communities = [replace(area, leaf=True) for area in district if area.level == "community"]
    county = [area for area in district if area.level == "county"]
    levels = [Level("county", "", "", locked=True), *LEVELS[1:]]
    town = Ledger([*county, *communities])
    was, ground = border(town), area2(explode(town.leaves())[0])
    children = town.apply(subdivide(town, [area.fid for area in communities], levels)).after
    assert len(children) == len(communities) and {child.level for child in children} == {"grid"}
    cuts = 0
    for child in children:
        try:
            edit = split(town, [child.fid], across(town.get(child.fid).shape))
        except EditRefused:
            continue
        assert [area.assigned for area in edit.after] == [False] + [True] * (len(edit.after) - 1)
        town.apply(edit)
        cuts += 1
    assert cuts > 0.7 * len(children)
    assert_seamless(town, was)
    for area in communities:
        town.apply(dissolve(town, [area.fid], levels))
    assert_seamless(town, was)
    assert {leaf.fid for leaf in town.leaves()} == {area.fid for area in communities}
    assert abs(area2(explode(town.leaves())[0]) - ground) <= 1e-7 * ground
