"""Straightened borders meet only where they end: what all but touches would leave no ground between."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.inner_borders import _eased, _meeting

NONE = np.empty(0, object)


def lines(*ways) -> np.ndarray:
    made = np.empty(len(ways), object)
    made[:] = [shapely.LineString(way) for way in ways]
    return made


@pytest.mark.parametrize(("ways", "wrong"), [
    ([[(0, 0), (900, 40)], [(900, 40), (1500, 700)], [(900, 40), (1400, -600)]], []),
    ([[(0, 0), (900, 40)], [(0, 0), (900, 40)]], [0, 1]),
    ([[(7014, 6312), (6620, 3742)], [(7014, 6312), (7002, 6234)], [(7002, 6234), (7154, 6201)]], [0, 1, 2]),
    ([[(0, 0), (900, 40)], [(450, 21), (470, 800)]], [0, 1]),
    ([[(0, 0), (900, 40)], [(300, -500), (310, 500)]], [0, 1]),
], ids=["a junction", "one way twice", "a border over another's end", "an end on a border", "a crossing"])
def test_borders_that_meet_beside_their_ends_are_found(ways, wrong):
    assert _meeting(lines(*ways), NONE).tolist() == wrong


def test_the_edge_is_met_at_an_end_only():
    edge = np.array([shapely.LinearRing([(0, 0), (1000, 30), (970, 1000), (-20, 980)])], dtype=object)
    inside, over = [(500, 15), (480, 500)], [(200, 500), (500, -40), (700, 500)]
    assert _meeting(lines(inside, over), edge).tolist() == [1]


def test_each_vertex_is_left_behind_by_no_more_than_its_own_reach():
    way = np.array([(0, 0), (10, 6), (20, -5), (30, 7), (40, 0), (50, 9), (60, 0)], float)
    for spare in (np.zeros(7), np.array([0, 6.5, 6, 8, 0, 2, 0]), np.full(7, 20.0)):
        kept = _eased(way, spare)
        assert (shapely.distance(shapely.LineString(kept), shapely.points(way)) <= spare + 1e-9).all()
        assert (kept[0] == way[0]).all() and (kept[-1] == way[-1]).all()
    assert len(_eased(way, np.zeros(7))) == 7 and len(_eased(way, np.full(7, 20.0))) == 2
