"""Fills of a preview: areas with a common border never get the same."""

from __future__ import annotations

import json
import subprocess

import shapely

from tests.js.test_coordinates import NODE, ROOT
from tests.layers.little_town import little_town


def colours(shapes: list) -> list[int]:
    """The number each shape gets."""
    drawn = json.dumps([json.loads(shapely.to_geojson(shape)) for shape in shapes])
    script = (f"import {{ colouring }} from {json.dumps((ROOT / 'static/js/edit/colouring.js').as_uri())};"
              f"process.stdout.write(JSON.stringify(colouring({drawn})));")
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True).stdout)


def test_neighbours_never_look_the_same():
    shapes = [area.shape for area in little_town() if area.leaf]
    number = colours(shapes)
    pairs = [(a, b) for a, one in enumerate(shapes) for b, other in enumerate(shapes[:a]) if one.boundary.intersection(other.boundary).length > 0]
    assert pairs and all(number[a] != number[b] for a, b in pairs) and max(number) < 6


def test_a_part_inside_another_and_parts_that_only_meet_in_a_point():
    hole = shapely.box(1, 1, 2, 2)
    assert len(set(colours([shapely.box(0, 0, 3, 3).difference(hole), hole]))) == 2
    assert sorted(colours([shapely.box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)])) == [0, 0, 1, 1]
    assert colours([]) == [] and colours([hole]) == [0]
