"""What a line follows that is traced between two points: a border, a road, or neither; how its ends leave an area, and what
is sent of the area in which an end lies."""

from __future__ import annotations

import json
import subprocess

from tests.js.test_coordinates import NODE, ROOT

BOOT = {"lang": "en", "messages": {}, "levels": [{"id": "leaf"}], "all_levels": [], "metrics": [], "urls": {"layer": "/api/{layer}"},
        "map": {"has": {"roads": True}, "level_by_zoom": {}}, "rev": 1}

#   A block of 4 x 4 with a corner that juts in, and a road of two legs from its left border to its right one; thousandths of a degree.
BLOCK = [[0, 0], [4, 0], [4, 4], [2, 4], [2, 2], [0, 2], [0, 0]]
ROAD = [[0, 1], [2, 1.5], [4, 1]]


def place(x: float, y: float) -> list[float]:
    return [121 + x / 1000, 29 + y / 1000]


def run(module: str, script: str):
    """What a script answers that has the names of a module of the page."""
    page = "globalThis.addEventListener = () => null;"
    page += f"globalThis.document = {{ getElementById: () => ({{ textContent: {json.dumps(json.dumps(BOOT))} }}) }};"
    page += f"const it = await import({json.dumps((ROOT / 'static/js/edit' / module).as_uri())});{script}"
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", page], capture_output=True, text=True, check=True).stdout)


def way(start: tuple[str, list[float]], end: tuple[str, list[float]], roads: bool = True) -> list:
    """The vertices between two points, in thousandths of a degree."""
    (a, at), (b, to) = start, end
    told = {"roads": [{"geometry": {"type": "LineString", "coordinates": [place(*one) for one in ROAD]}}]}
    found = run("tracing.js", f"""
        globalThis.fetch = async () => ({{ ok: true, status: 200, json: async () => ({json.dumps(told)}) }});
        const corners = {{ getWest: () => 121, getEast: () => 121.004, getSouth: () => 29, getNorth: () => 29.004 }};
        const areas = [{{ polygons: [[{json.dumps([place(*one) for one in BLOCK])}]] }}];
        const tracer = new it.Tracer({{ gl: {{ getBounds: () => corners }} }}, {{ areas }});
        tracer.toggle();
        await new Promise((go) => setTimeout(go, 0)); // what is answered at once has been taken by then
        const from = {{ kind: "{a}", place: {json.dumps(place(*at))} }}, to = {{ kind: "{b}", place: {json.dumps(place(*to))} }};
        process.stdout.write(JSON.stringify(tracer.way(from, to, {json.dumps(roads)})));""")
    return [[round((x - 121) * 1000, 4), round((y - 29) * 1000, 4)] for x, y in found]


def test_a_road_that_begins_and_ends_at_borders_is_followed_where_points_land_on_roads():
    assert way(("border", [0, 1]), ("border", [4, 1])) == [[2, 1.5]]
    assert way(("border", [0, 1]), ("border", [4, 1]), roads=False) == [[0, 0], [4, 0]]


def test_from_the_border_the_line_goes_on_along_the_road():
    assert way(("border", [0, 1]), ("road", [3, 1.25])) == [[2, 1.5]]


def test_round_a_corner_the_border_is_followed():
    assert way(("border", [1, 2]), ("border", [2, 3])) == [[2, 2]]


def test_a_building_is_no_line():
    assert way(("border", [0, 1]), ("building", [3, 1.25])) == []


def ends(first: tuple[float, float], last: tuple[float, float], *, picked: bool = False, first_on: str | None = "vertex") -> list:
    """Which areas a line between two places cuts, which it ends in, and its tails; `first_on`: what the first one lies on."""
    return run("operations/split.js", f"""
        const plane = (await import({json.dumps((ROOT / 'static/js/edit/plane.js').as_uri())})).plane;
        const {{ Coverage }} = await import({json.dumps((ROOT / 'static/js/edit/coverage.js').as_uri())});
        const {{ page }} = await import({json.dumps((ROOT / 'static/js/data/page.js').as_uri())});
        const coverage = new Coverage({{}});
        coverage.areas = [{{ code: "block", bounds: [121, 29, 121.004, 29.004], polygons: [[{json.dumps([place(*one) for one in BLOCK])}]] }}];
        page.selection = {json.dumps([{"code": "block"}] if picked else [])};
        const stops = [{{ place: {json.dumps(place(*first))}, kind: {json.dumps(first_on)} }},
                       {{ place: {json.dumps(place(*last))}, kind: "vertex" }}];
        const read = it.split.read({{ stops: () => stops, line: () => stops.map(({{ place }}) => place) }}, coverage);
        process.stdout.write(JSON.stringify([read.targets.map(({{ code }}) => code), read.inside?.code ?? null, read.tails.length]));""")


def test_a_line_that_only_comes_as_far_as_the_border_of_the_area_that_was_picked_cuts_nothing():
    assert ends((3, 6), (3, 4), picked=True, first_on=None) == [[], None, 0]
    assert ends((4, 0), (2, 2), picked=True) == [["block"], None, 2]


def test_a_line_from_a_corner_that_juts_in_cuts_the_area():
    assert ends((2, 2), (4, 0)) == [["block"], None, 2]
    assert ends((4, 0), (2, 2)) == [["block"], None, 2]
    assert ends((2, 2), (2, 0)) == [["block"], None, 2]


def test_an_area_in_which_a_loose_end_lies_is_sent_with_the_version_that_was_seen():
    east = [[4, 0], [8, 0], [8, 4], [4, 4], [4, 0]]
    told = run("operations/split.js", f"""
        const {{ Coverage }} = await import({json.dumps((ROOT / 'static/js/edit/coverage.js').as_uri())});
        const coverage = new Coverage({{}});
        const area = (code, version, ring, bounds, editable) => ({{ code, version, bounds, editable, polygons: [[ring]] }});
        const sent = (editable) => {{
          coverage.areas = [area("block", 3, {json.dumps([place(*one) for one in BLOCK])}, [121, 29, 121.004, 29.004], true),
                            area("east", 7, {json.dumps([place(*one) for one in east])}, [121.004, 29, 121.008, 29.004], editable)];
          const stops = [{json.dumps(place(-1, 1))}, {json.dumps(place(6, 1))}].map((place) => ({{ place, kind: null }}));
          const read = it.split.read({{ stops: () => stops, line: () => stops.map(({{ place }}) => place) }}, coverage);
          return [read.targets.map(({{ code }}) => code), it.split.form(read, null).versions];
        }};
        process.stdout.write(JSON.stringify([sent(true), sent(false)]));""")
    assert told == [[["block"], {"block": 3, "east": 7}], [["block"], {"block": 3}]], "who may not redraw it sends nothing of it"
