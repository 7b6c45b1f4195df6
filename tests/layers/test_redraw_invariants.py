"""What holds after any redraw whatever (geometry.md, section 7, by its numbers), on oblique ground with everything difficult in it.

Segments and areas are counted here with plain Python whole numbers, without the chains of the product. The numbers that other tests hold:
11 divisions: test_redraw_divide; 12 zones: geodata/test_zones_kept, mapapp/test_three_zones; 13 staffing: test_staffing;
14 out and in again: geodata/test_round_trip and test_formats_contract; 15 two at once: geodata/test_conflicts and test_store_writers,
mapapp/test_planners. 7 and 10 through both stores: geodata/test_replay, test_reversal and test_undoing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.areas import Area
from layers.coverage import prove
from layers.edits import Edit
from layers.errors import EditRefused, WeigeError
from layers.population import Counts, Facts, Place
from layers.redraw import OPERATIONS, merge, move_vertex, split
from tests.counts import count
from tests.layers.crowd import Crowd
from tests.layers.drawings import asked, pick, special_places
from tests.layers.hard_ground import hard_ground
from tests.layers.ledger import Ledger
from tests.layers.little_town import little_town
from tests.layers.random_edits import REAL

Vertex = tuple[int, int]
Directed = Counter  # of (start, end)
QUIET = ("transfer", "subdivide", "dissolve")  # no border moves; borders of parents do


@dataclass
class Step:
    """What somebody asked, what stood there before and after, and the edit; None and the reason when it was refused."""

    op: str
    arguments: dict
    before: dict[int, Area]
    after: dict[int, Area]
    edit: Edit | None
    outer: int = 0
    area2: int = 0


@cache
def ground(seed: int) -> tuple[Area, ...]:
    """A little town with everything difficult dug in."""
    return tuple(hard_ground(little_town(seed), random.Random(seed), 1))


def day(seed: int, ops: list[str]) -> Iterator[Step]:
    """So many redraws one after the other; what is accepted stays."""
    dice, town = random.Random(seed), Ledger(ground(seed % 5))
    places = special_places(town)
    for op in ops:
        before = dict(town.areas)
        arguments = asked(op, town, pick(town, places, dice), dice)
        try:
            edit = OPERATIONS[op](town, **arguments)
        except WeigeError:
            yield Step(op, arguments, before, dict(town.areas), None)
            continue
        proof = prove(edit, town, restores=op in QUIET)
        written = town.apply(edit)
        yield Step(op, arguments, before, dict(town.areas), written, proof.outer_vertices, proof.area2_change)


days = given(st.integers(0, 10**6), st.lists(st.sampled_from(sorted(REAL)), min_size=2, max_size=count(6, 12)))
short = settings(max_examples=count(4, 100), deadline=None)


def accepted(seed: int, ops: list[str]) -> Iterator[Step]:
    return (step for step in day(seed, ops) if step.edit is not None)


# --- with whole numbers only -------------------------------------------------------------------------------------
def rings(shape: shapely.MultiPolygon) -> Iterator[list[Vertex]]:
    """Closed rings with the ground on their left."""
    for part in shape.geoms:
        for k, ring in enumerate((part.exterior, *part.interiors)):
            way = [(int(x), int(y)) for x, y in ring.coords]
            yield way if (doubled(way) > 0) == (k == 0) else way[::-1]


def doubled(way: list[Vertex]) -> int:
    """Twice the ground on the left of a closed ring."""
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in pairwise(way))


def ground2(areas) -> int:
    return sum(doubled(way) for area in areas for way in rings(area.shape))


def left_over(areas) -> Directed:
    """The border of all together: segments that nobody walks the other way."""
    every = Counter(segment for area in areas for way in rings(area.shape) for segment in pairwise(way))
    return Counter({(a, b): n - every[b, a] for (a, b), n in every.items() if n > every[b, a]})


def vertices(area: Area) -> set[Vertex]:
    return {(int(x), int(y)) for x, y in shapely.get_coordinates(area.shape)}


def leaves(areas: dict[int, Area]) -> list[Area]:
    return [area for area in areas.values() if area.leaf]


# --- the numbers -------------------------------------------------------------------------------------------------
@short
@days
def test_01_every_shape_is_valid_on_whole_units_and_touches_itself_only_where_it_did(seed, ops):
    for step in accepted(seed, ops):
        for area in step.edit.after + step.edit.touched:
            assert area.shape.geom_type == "MultiPolygon" and shapely.is_valid(area.shape) and not area.shape.is_empty
            xy = shapely.get_coordinates(area.shape)
            assert (xy == np.rint(xy)).all()
            assert all(a != b for way in rings(area.shape) for a, b in pairwise(way)), "the same vertex twice in a row"
        if step.op not in QUIET:
            known = set().union(*(twice(area) for area in step.edit.before + step.edit.touched_before))
            assert all(visited <= known for area in step.edit.after + step.edit.touched for part in area.shape.geoms
                       for visited in [twice(area, part)])


def twice(area: Area, part: shapely.Polygon | None = None) -> set[Vertex]:
    """Vertices visited more than once by the rings of a part, or of the whole area."""
    shape = area.shape if part is None else shapely.MultiPolygon([part])
    visits = Counter(vertex for way in rings(shape) for vertex in way[:-1])
    return {vertex for vertex, times in visits.items() if times > 1}


@short
@days
def test_02_the_border_of_what_changed_is_what_it_was_but_for_vertices_on_the_outermost(seed, ops):
    for step in accepted(seed, ops):
        was, now = left_over(step.edit.before + step.edit.touched_before), left_over(step.edit.after + step.edit.touched)
        assert len(now) - len(was) == step.outer
        if not step.outer and step.op not in QUIET:
            assert was == now
        every_was, every_now = left_over(leaves(step.before)), left_over(leaves(step.after))
        assert len(every_now) - len(every_was) == step.outer
        gone = shapely.multilinestrings([list(segment) for segment in every_was - every_now] or [[(0, 0), (0, 1)]])
        for segment in every_now - every_was:
            assert shapely.distance(gone, shapely.Point(segment[0])) <= 1


@short
@days
def test_03_every_parent_has_the_border_of_its_leaves_at_every_level(seed, ops):
    *_, last = [None, *accepted(seed, ops)]
    if last is not None:
        for parent in last.after.values():
            if not parent.leaf:
                below = [leaf for leaf in leaves(last.after) if leaf.path.startswith(parent.path)]
                assert below and left_over(below) == left_over([parent]), parent.code
                assert set().union(*map(vertices, below)) >= vertices(parent)


@short
@days
def test_04_the_ground_is_the_same_to_the_last_unit(seed, ops):
    for step in accepted(seed, ops):
        assert ground2(leaves(step.after)) - ground2(leaves(step.before)) == step.area2
        assert step.outer or not step.area2


@short
@days
def test_05_the_border_of_a_parent_only_gains_vertices_next_to_it(seed, ops):
    for step in accepted(seed, ops):
        for fid, was in step.before.items():
            now = step.after.get(fid)
            if was.leaf or now is None or now.leaf or now.shape is was.shape or step.op == "transfer":
                continue
            assert vertices(was) <= vertices(now), was.code
            fresh = np.array(sorted(vertices(now) - vertices(was)), float)
            assert shapely.dwithin(shapely.boundary(was.shape), shapely.points(fresh), 1).all()


@short
@days
def test_06_a_refused_redraw_changes_nothing_byte_for_byte(seed, ops):
    for step in day(seed, ops):
        if step.edit is None:
            assert step.before == step.after and list(step.before) == list(step.after)
            assert all(area is step.after[fid] for fid, area in step.before.items())


@short
@days
def test_07_undo_gives_the_bytes_back_and_the_same_day_again_the_same_map(seed, ops):
    steps = list(accepted(seed, ops))
    again = list(accepted(seed, ops))
    assert [bytes_of(step.after) for step in steps] == [bytes_of(step.after) for step in again]
    if not steps:
        return
    town = Ledger(steps[-1].after.values())
    for step in reversed(steps):
        prove(~step.edit, town, restores=True)
        town.apply(~step.edit)
        for fid in {area.fid for area in step.edit.before + step.edit.touched_before}:
            assert town.get(fid).shape.wkb == step.before[fid].shape.wkb
    assert {fid: area.shape.normalize() for fid, area in town.areas.items()} == {fid: area.shape.normalize() for fid, area in steps[0].before.items()}


def bytes_of(areas: dict[int, Area]) -> dict[int, tuple]:
    return {fid: (area.code, area.path, area.leaf, area.version, area.shape.wkb) for fid, area in areas.items()}


@short
@days
def test_08_who_is_not_in_the_edit_keeps_his_bytes_and_neighbours_only_gain_vertices(seed, ops):
    for step in accepted(seed, ops):
        edit = step.edit
        named = {area.fid for area in (*edit.before, *edit.after, *edit.touched, *edit.above, *edit.above_before)}
        for fid, was in step.before.items():
            assert fid in named or not was.leaf or step.after[fid] is was
        for was, now in zip(edit.touched_before, edit.touched, strict=True):
            assert vertices(was) < vertices(now) and was.version == now.version and was.code == now.code
            fresh = np.array(sorted(vertices(now) - vertices(was)), float)
            assert shapely.dwithin(shapely.boundary(was.shape), shapely.points(fresh), 1).all()


@short
@given(st.integers(0, 10**6))
def test_09_split_then_merge_and_a_vertex_there_and_back_give_the_ground_again(seed):
    dice, town = random.Random(seed), Ledger(ground(seed % 5))
    leaf = pick(town, [], dice)
    try:
        edit = town.apply(split(town, [leaf.fid], asked("split", town, leaf, dice)["line"]))
        back = merge(town, [area.fid for area in edit.after], keep=leaf.fid).after[0]
    except EditRefused:
        pass
    else:
        assert vertices(leaf) <= vertices(back)
        assert abs(ground2([back]) - ground2([leaf])) <= 2 * sum(shapely.length(area.shape) for area in [leaf])
        assert shapely.hausdorff_distance(leaf.shape.boundary, back.shape.boundary) <= 1
    town = Ledger(ground(seed % 5))
    wish = asked("move_vertex", town, leaf, dice)
    try:
        there = town.apply(move_vertex(town, **wish))
        town.apply(move_vertex(town, wish["to"], wish["at"]))
    except EditRefused:
        return
    assert all(town.get(area.fid).shape.wkb == area.shape.wkb for area in there.before)


@short
@days
def test_10_everybody_is_counted_once_whatever_is_drawn(seed, ops):
    dice = np.random.default_rng(seed)
    first = ground(seed % 5)
    spots = [xy for leaf in first if leaf.leaf for xy in shapely.get_coordinates(leaf.shape)[:3]]  # on borders, some on three
    spots += [shapely.point_on_surface(leaf.shape).coords[0] for leaf in first if leaf.leaf]
    people = [Place(k, shapely.Point(xy), Counts((int(dice.integers(1, 90)), *map(int, dice.integers(0, 9, 4))), {"minor": k % 3}, 1))
              for k, xy in enumerate(spots, 1)]
    crowd = Crowd.of([leaf for leaf in first if leaf.leaf], people)
    everybody = crowd.sums()
    for step in accepted(seed, ops):
        given_ = step.edit
        crowd.follow(given_, given_)
        assert crowd.sums() == everybody
        crowd.assert_at_home(leaves(step.after))


@short
@given(st.integers(0, 10**6))
def test_10_in_whatever_order_two_edits_come_everybody_ends_where_he_was(seed):
    """Two edits far apart, one way and the other: the same owner for every building."""
    dice, first = random.Random(seed), ground(seed % 5)
    town = Ledger(first)
    one, other = pick(town, [], dice), pick(town, [], dice)
    lines = [asked("split", town, leaf, random.Random(seed))["line"] for leaf in (one, other)]
    spots = [somewhere(leaf, dice) for leaf in (one, other) for _ in range(9)]
    people = [Place(k, spot, Counts((1, None, None, None, None), None, 1)) for k, spot in enumerate(spots, 1)]
    owners = []
    for order in ((0, 1), (1, 0)):
        town, crowd = Ledger(first), Crowd.of([leaf for leaf in first if leaf.leaf], people)
        try:
            for k in order:
                edit = split(town, [(one, other)[k].fid], lines[k])
                crowd.follow(edit, town.apply(edit))
        except EditRefused:
            return
        owners.append({place.fid: town.get(place.area).shape.normalize().wkb for held in crowd.places.values() for place in held})
    moved = {fid for fid in owners[0] if owners[0][fid] != owners[1][fid]}
    assert all(any(shapely.dwithin(area.shape.boundary, spots[fid - 1], 1.5) for area in town.leaves()) for fid in moved)


def somewhere(leaf: Area, dice: random.Random) -> shapely.Point:
    """A point in the box of the leaf, often in it."""
    west, south, east, north = leaf.shape.bounds
    return shapely.Point(round(dice.uniform(west, east)), round(dice.uniform(south, north)))


def test_a_building_on_a_border_belongs_to_one():
    areas = [leaf for leaf in ground(1) if leaf.leaf][:2]
    corner = shapely.Point(shapely.get_coordinates(areas[0].shape)[0])
    facts = Facts((Place(1, corner, Counts((3, None, None, None, None), None, 1), area=areas[0].fid),))
    dealt = facts.deal([(area.fid, area.shape) for area in areas])
    assert sum(counts.households or 0 for counts in dealt.counts.values()) == 3 and dealt.owner[1] == areas[0].fid


@pytest.mark.parametrize("number", range(1, 11))
def test_every_number_has_its_test(number):
    assert any(name.startswith(f"test_{number:02d}_") for name in globals())
