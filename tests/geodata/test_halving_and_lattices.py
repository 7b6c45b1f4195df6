"""Cutting in two and laying lattices on both stores: undone, redone, undone beside a neighbour's cut; the border's road is named."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from geodata import redrawing
from layers.areas import to_degrees
from tests.geodata.stores import assert_whole, content
from tests.geodata.work import assert_there_and_back, commit, undo

CODE = "00"  # five houses on an L
FORMS = {"halve": {"op": "halve", "targets": [CODE]}, "lattice": {"op": "lattice", "targets": [CODE], "rows": 9, "columns": 12}}


@pytest.mark.parametrize("op", FORMS)
def test_undo_and_redo_give_the_same_bytes(town, op: str):
    before = content(town)
    commit(town, FORMS[op])
    rev, after = town.head()[0], content(town)
    assert after != before
    assert_there_and_back(town, [before, after], [rev])


@pytest.mark.parametrize("op", FORMS)
def test_undo_after_a_neighbour_was_cut(town, op: str):
    with town.read() as reader:
        was = reader.area(CODE)
        neighbour = next(area for area in reader.coverage().near(was.shape.bounds)
                         if area.fid != was.fid and area.shape.intersection(was.shape).length > 0 and not area.locked)
    commit(town, FORMS[op])
    rev = town.head()[0]
    commit(town, {"op": "lattice", "targets": [neighbour.code], "rows": 4, "columns": 4, "group": 2})
    undo(town, rev)
    with town.read() as reader:
        now = reader.area(CODE)
    assert (now.name, now.code) == (was.name, was.code) and shapely.area(shapely.symmetric_difference(now.shape, was.shape)) < 1e6
    assert_whole(town)


def test_the_road_the_border_follows_is_named(town):
    with town.read() as reader:
        first, second = redrawing.draft(reader, FORMS["halve"]).edit.after
    common = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(shapely.intersection(first.shape, second.shape))))
    line = shapely.MultiLineString(list(shapely.get_parts(to_degrees(common))))

    def lay(tx):
        tx.insert("roads", [{"name": "绣溪巷", "kind": "minor", "geom": line}])
    town.attempt("tester", "facts", lay)
    with town.read() as reader:
        made = redrawing.draft(reader, FORMS["halve"])
    told = {one.kind: one for one in made.edit.findings}
    assert told["follows"].code == "绣溪巷" and told["along-roads"].count > 50 and made.line_m > 0


def test_a_baseline_of_the_form_is_read(town):
    with town.read() as reader:
        corners = shapely.get_coordinates(to_degrees(reader.area(CODE).shape))
        low, right = corners[corners[:, 1].argmin()], corners[corners[:, 0].argmax()]
        one = redrawing.draft(reader, FORMS["lattice"] | {"baseline": mapping(shapely.LineString(np.array([low, right])))})
        other = redrawing.draft(reader, FORMS["lattice"])
    assert [area.shape.wkb for area in one.edit.after] != [area.shape.wkb for area in other.edit.after]
    assert sum(counts.households or 0 for counts in one.after.values()) == sum(counts.households or 0 for counts in other.after.values())
