"""Redraws that no good will sends: each is answered with a reason, by a process that still stands; refused ones write nothing."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geodata.checking import check_store
from geodata.incoming import Options, read_file
from layers.areas import without_empty
from layers.redraw import OPERATIONS
from tests.counts import count, some
from tests.mapapp.hostile import Hostile
from tests.mapapp.web import Web, build, open_town

SHELL = [[120.2, 22.99], [120.23, 22.99], [120.23, 23.02], [120.2, 22.99]]
POLES = [[[-180, -90], [180, 90]], [[120.21, -90], [120.21, 90]], [[-180, 23.004], [180, 23.0041]]]
ENDS = """
import shapely
shell = [(119, 21), (124, 22), (123, 26), (119, 21)]
print(shapely.intersects(shapely.MultiPolygon([shapely.Polygon([(119, 22), (122, 22.5), (121.5, 25), (119, 24)])]), shapely.Polygon(shell, [[]])))
"""


@pytest.mark.parametrize("op", ["draw", "island"])
@pytest.mark.parametrize("rings", [[SHELL, []], [SHELL, [], []], [[]], [[], SHELL]])
def test_a_polygon_with_a_ring_of_no_points_is_refused(shared: Web, op: str, rings: list) -> None:
    form = {"op": op, "parent": "C1", "polygon": {"type": "Polygon", "coordinates": rings}, "trim": True}
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (422, "bad-geometry"), answer.text


def test_so_are_zones_and_objects_with_one(shared: Web) -> None:
    polygon = {"type": "MultiPolygon", "coordinates": [[SHELL, []]]}
    for path, form in (("/api/zones?preview=true", {"kind": "lockdown", "polygon": polygon}), ("/api/buildings", {"geometry": polygon})):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (422, "bad-geometry"), answer.text


def test_why_they_are_refused() -> None:
    """The GEOS we ship ends the process over one. When this fails, a newer GEOS no longer does."""
    assert subprocess.run([sys.executable, "-c", ENDS], capture_output=True, check=False).returncode < 0


def test_a_file_with_such_rings_goes_in_without_them(tmp_path: Path) -> None:
    several = {"type": "MultiPolygon", "coordinates": [[SHELL, []], [[]]]}
    rows = [{"type": "Feature", "properties": {"code": str(k)}, "geometry": geometry}
            for k, geometry in enumerate(({"type": "Polygon", "coordinates": [SHELL, []]}, several))]
    (tmp_path / "odd.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    for shape in read_file(tmp_path / "odd.geojson", Options("areas")).geometry:
        assert shapely.equals(shape, shapely.Polygon(SHELL)) and not any(ring.is_empty for ring in shapely.get_rings(shapely.get_parts(shape)))
    whole = np.array([shapely.box(0, 0, 1, 1), None, shapely.Point(1, 1)], dtype=object)
    assert without_empty(whole) is whole


@pytest.mark.parametrize("way", POLES)
@pytest.mark.parametrize("op", ["split", "reshape"])
def test_a_line_round_the_earth_is_a_line(shared: Web, op: str, way: list) -> None:
    for targets in (None, ["11"], ["11", "12", "21"]):
        answer = shared.post("/api/edits/preview", json={"op": op, "targets": targets, "line": {"type": "LineString", "coordinates": way}})
        assert answer.status_code < 500, answer.text


@pytest.fixture(params=some(("gpkg", "postgis")))
def anywhere(request: pytest.FixtureRequest, built: dict, tmp_path: Path) -> Iterator[Web]:
    """A town of its own in either store: PostgreSQL is strict where SQLite takes what comes."""
    with contextlib.chdir(tmp_path):
        made = build(tmp_path / "made", request.getfixturevalue("fresh_postgis")()) if request.param == "postgis" else built
        one = open_town(made, tmp_path)
        yield one
        one.close()


def test_whatever_is_drawn_is_answered_with_a_reason_and_refusals_write_nothing(anywhere: Web) -> None:
    town = anywhere
    dice, told = random.Random(2), Counter()
    with town.store.read() as reader:
        parents = [area.code for area in reader.all_areas() if not area.leaf]
    hostile = Hostile([], parents, dice)
    for number in range(count(200, 5_000)):
        if number % 50 == 0:
            with town.store.read() as reader:
                hostile.know(reader.all_areas(leaf=True))
        form: dict[str, Any] = hostile.form()
        rev, path = town.rev, dice.choice(("/api/edits/preview",) * 4 + ("/api/edits",))
        answer = town.ask("POST", path, data=json.dumps(form), content_type="application/json")
        told[str(form["op"]), answer.status_code < 400] += 1
        assert answer.status_code < 500, (form, answer.text)
        if answer.status_code >= 400:
            assert answer.json["code"] and answer.json["detail"] and town.rev == rev, form
        elif "preview" in path:
            assert town.rev == rev
    found = check_store(town.store)
    assert [found[kind] for kind in ("gaps", "overlaps", "nesting", "codes")] == [0, 0, 0, 0]
    assert {op for op, _ in told} >= set(OPERATIONS) and sum(told[op, True] for op in OPERATIONS) >= 10
