"""The way a traced drawing takes along borders and roads."""

from __future__ import annotations

import json
import subprocess

from tests.js.test_coordinates import NODE, ROOT

#   0,2 --- 2,2        two blocks beside each other, borders drawn by both; lon, lat in thousandths of a degree
#    |   |   |
#   0,0 -1,0- 2,0
LEFT = [[0, 0], [1, 0], [1, 2], [0, 2], [0, 0]]
RIGHT = [[1, 0], [2, 0], [2, 2], [1, 2], [1, 0]]


def way(lines: list, start: list, end: list, *, cross: bool = False, **limits) -> list | None:
    """The vertices between two places, in thousandths of a degree."""
    scale = lambda line: [[121 + x / 1000, 29 + y / 1000] for x, y in line]  # noqa: E731
    script = (f"import {{ LineGraph }} from {json.dumps((ROOT / 'static/js/edit/line_graph.js').as_uri())};"
              f"const graph = new LineGraph({json.dumps([scale(line) for line in lines])}, {{ cross: {json.dumps(cross)} }});"
              f"const found = graph.way(...{json.dumps([*scale([start, end]), limits])});"
              "process.stdout.write(JSON.stringify(found));")
    done = subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found and [[round((x - 121) * 1000, 6), round((y - 29) * 1000, 6)] for x, y in found]


def test_it_follows_the_border_round_the_corner():
    assert way([LEFT, RIGHT], [0.5, 0], [2, 1]) == [[1, 0], [2, 0]]


def test_the_shorter_way_is_taken_also_over_the_border_of_two():
    assert way([LEFT, RIGHT], [1, 0.5], [0.5, 2]) == [[1, 2]]


def test_on_one_stretch_there_is_nothing_between():
    assert way([LEFT, RIGHT], [0.2, 0], [0.8, 0]) == []


def test_a_vertex_is_not_named_twice():
    assert way([LEFT, RIGHT], [1, 0], [2, 2]) == [[2, 0]] or way([LEFT, RIGHT], [1, 0], [2, 2]) == [[1, 2]]


def test_roads_meet_where_they_cross():
    roads = [[[0, 1], [3, 1]], [[2, 0], [2, 3]]]
    assert way(roads, [0, 1], [2, 3]) is None
    assert way(roads, [0, 1], [2, 3], cross=True) == [[2, 1]]


def test_a_place_beside_no_line_and_a_way_too_long_lead_nowhere():
    assert way([LEFT, RIGHT], [0.5, 0.5], [2, 1]) is None
    assert way([LEFT, RIGHT], [0.5, 0], [2, 1], most=100) is None
