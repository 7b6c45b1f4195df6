"""The search behind dividing: chains mend what no single move can, nobody is left with empty ground, proposals differ,
and whoever listens hears how far it has come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.cell_graph import Aim, Graph
from layers.cells import Town, cells_of
from layers.chains import settle
from layers.division import Wish, propose
from layers.partition import divide
from layers.search import Search
from tests.layers.little_town import by_code, little_town
from tests.layers.test_redraw_divide import built

AREA = by_code(little_town())["03"]
GROUND = shapely.get_parts(AREA.shape)


def grid(columns: int, rows: int, load: np.ndarray) -> Graph:
    """Square cells of 10 m in columns and rows."""
    number = np.arange(columns * rows).reshape(rows, columns)
    links = np.concatenate([np.c_[number[:, :-1].ravel(), number[:, 1:].ravel()], np.c_[number[:-1].ravel(), number[1:].ravel()]])
    sides = np.bincount(links.ravel(), minlength=number.size)
    y, x = np.divmod(np.arange(number.size), columns)
    ten = np.full(len(links), 10.0)
    return Graph(load, np.full(number.size, 100.0), np.c_[x, y] * 10.0, links, ten, ten, (4 - sides) * 10.0)


def whole(graph: Graph, part: np.ndarray) -> bool:
    """Every part hangs together."""
    near = {(a, b) for a, b in graph.links.tolist()} | {(b, a) for a, b in graph.links.tolist()}
    for one in np.unique(part):
        mine = set(np.flatnonzero(part == one).tolist())
        reached = [min(mine)]
        for cell in reached:
            reached += [other for other in sorted(mine) if (cell, other) in near and other not in reached]
        if len(reached) < len(mine):
            return False
    return True


def test_a_chain_carries_load_through_a_part_that_is_right_already():
    graph = grid(12, 1, np.ones(12))
    search = Search(graph, [0] * 5 + [1] * 4 + [2] * 3, 3, Aim(4, 4, 4), 0)
    settle(search)
    assert search.sums == [4, 4, 4] and search.part == sorted(search.part)


def test_what_the_search_keeps_step_by_step_is_what_it_would_count_anew():
    graph = grid(9, 7, np.random.default_rng(2).integers(0, 9, 63).astype(float))
    search = Search(graph, np.arange(63) % 9 // 3, 3, Aim(80, 70, 90), 4)
    search.anneal(3_000, 1.0, 0.02, 50.0)
    settle(search)
    anew = Search(graph, search.part, 3, search.aim, 4)
    assert search.members == anew.members and search.sums == pytest.approx(anew.sums) and search.borders == pytest.approx(anew.borders)
    assert search.worth() == pytest.approx(anew.worth()) and whole(graph, np.array(search.part))
    cell = next(cell for cell in range(63) if search.beside(cell) and search.whole_without(cell))
    to, before = search.beside(cell)[0], search.worth()
    told = search.gain(cell, to)
    search.move(cell, to)
    assert search.worth() - before == pytest.approx(told)


def test_nobody_is_left_with_empty_ground():
    load = np.zeros(400)
    load[[0, 1, 2, 20, 21, 22, 40, 41, 42, 60, 61, 62, 399]] = 10.0  # a hamlet in a corner, a house far away
    graph = grid(20, 20, load)
    for seed in range(3):
        part = divide(graph, 5, Aim(26, 20, 32), seed)
        held = np.bincount(part, load)
        assert len(held) == 5 and held.min() > 0 and whole(graph, part)


def test_by_a_norm_areas_there_are_not_enough_people_for_vanish():
    graph = grid(6, 1, np.array([50.0, 0, 0, 50, 0, 0]))
    part = divide(graph, 3, Aim(33, 20, 60), 0, fewer=20.0)
    assert sorted(np.bincount(part, graph.load)) == [50, 50] and whole(graph, part)


def test_two_banks_are_divided_each_by_itself():
    both = [AREA, by_code(little_town())["61"]]
    ground = shapely.get_parts([area.shape for area in both])
    one, other = (built([area], 1, 40, 0) for area in both)
    stands = replace(one, buildings=np.r_[one.buildings, other.buildings], households=np.r_[one.households, other.households])
    made = propose(ground, stands, Wish(5))
    bank = shapely.contains(both[0].shape, shapely.point_on_surface(made.faces))
    assert all(len(set(bank[made.part == part].tolist())) == 1 for part in range(5)) and made.load.min() > 0


def test_the_tolerance_is_kept():
    for seed in range(4):
        stands = built([AREA], seed, 60, 2)
        for tolerance in (0.05, 0.1):
            load = propose(GROUND, stands, Wish(3, tolerance=tolerance, seed=3 * seed)).load
            assert abs(load / load.mean() - 1).max() <= tolerance


def test_three_proposals_differ_and_the_third_is_the_most_even():
    stands = built([AREA], 5, 60, 2)
    made = [propose(GROUND, stands, Wish(4, seed=seed)) for seed in range(3)]
    assert len({one.part.tobytes() for one in made}) == 3
    off = [abs(one.load / one.load.mean() - 1).max() for one in made]
    assert off[2] == min(off)


def test_progress_never_falls_and_whoever_listens_may_stop_it():
    stands = built([AREA], 5, 60, 2)
    heard: list[float] = []
    first = propose(GROUND, stands, Wish(4), heard.append)
    assert heard == sorted(heard) and heard[0] == 0 and 0.85 < heard[-1] <= 1 and len(heard) > 10
    assert (first.part == propose(GROUND, stands, Wish(4)).part).all()

    def enough(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        propose(GROUND, stands, Wish(4), enough)


def test_ground_in_more_pieces_than_parts_is_still_divided():
    """Three islands for two parts: the smallest counts with the nearest."""
    squares = [shapely.box(x, 0, x + size, size) for x, size in ((0, 9_000), (20_000, 9_000), (40_000, 8_000))]
    islands = [shapely.affinity.rotate(square, 20, origin=(0, 0)) for square in squares]
    ground = shapely.transform(np.array(islands, dtype=object), lambda xy: np.rint(xy + [1_200_000_000, 230_000_000]))
    made = propose(ground, Town.empty(), Wish(2))
    assert sorted(set(made.part.tolist())) == [0, 1] and made.load.min() > 0


def test_a_house_in_the_court_of_another_leaves_its_walls_whole():
    """The border half way between them runs inside the walls all the way round."""
    walls = shapely.box(0, 0, 6_000, 6_000).difference(shapely.box(1_500, 1_500, 4_500, 4_500))
    upright = (shapely.box(-4_000, -4_000, 10_000, 10_000), walls, shapely.box(1_800, 1_800, 4_200, 4_200))
    shapes = [shapely.affinity.rotate(shape, 20, origin=(0, 0)) for shape in upright]
    ground, *houses = shapely.transform(np.array(shapes, dtype=object), lambda xy: np.rint(xy + [1_200_000_000, 230_000_000]))
    cells = cells_of(np.array([ground]), Town(np.array(houses), np.array([10.0, 5.0]), np.empty(0, object), np.empty(0)), 2_500.0)
    for number, house in enumerate(houses):
        under = shapely.area(shapely.intersection(cells.faces, house)) > 0.005 * house.area
        assert set(cells.building[cells.of_face[under]].tolist()) == {number}
