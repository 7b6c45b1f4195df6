"""What a new area takes over from those it is cut from: dedicated ground stays dedicated, norms of one's own go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from layers.areas import Area
from layers.coverage import Coverage
from layers.edits import Edit
from layers.redraw import divide, draw, halve, island, lattice, merge, split, subdivide
from layers.rules import Level
from tests.layers.little_town import CELL_M, by_code, line, little_town, ring
from tests.layers.test_redraw_draw import at, box

TOWN = little_town()
CODES = by_code(TOWN)
PARK = {"kind": "dedicated", "leader": "王某", "phone": "110", "note": "公园", "declared_households": 3, "uninhabited": True}
HOMES = {"kind": "", "norm_min": 15, "norm_max": 60, "leader": "李某"}
LEVELS = [Level("city", "市", "City"), Level("community", "社区", "Community"), Level("grid", "网格", "Grid"),
          Level("micro_grid", "微网格", "Micro-grid")]  # fmt: skip


def town(**known: Mapping[str, Any]) -> Coverage:
    """The little town with these attributes by code of the leaf."""
    return Coverage([replace(area, attributes=known.get(f"_{area.code}", {})) for area in TOWN])


def new(edit: Edit) -> list[dict[str, Any]]:
    """What the new areas of an edit hold."""
    found = [dict(area.attributes) for area in edit.after if area.fid < 0]
    assert found
    return found


def across(code: str) -> Any:
    column, row = int(code[0]), int(code[1])
    return line((column * CELL_M - 90, (row + 0.5) * CELL_M), ((column + 1) * CELL_M + 90, (row + 0.45) * CELL_M))


CUTS = {
    "split": lambda coverage, fid: split(coverage, [fid], across("22")),
    "halve": lambda coverage, fid: halve(coverage, [fid]),
    "lattice": lambda coverage, fid: lattice(coverage, [fid], 6, 6),
    "divide": lambda coverage, fid: divide(coverage, [fid], parts=3),
    "draw": lambda coverage, fid: draw(coverage, coverage.get(fid).parent, box(2, 2, 0.2)),
    "island": lambda coverage, fid: island(coverage, fid, box(2, 2, 0.2)),
}


@pytest.mark.parametrize("op", CUTS)
def test_pieces_of_a_dedicated_area_are_dedicated_and_nothing_else_follows(op: str):
    edit = CUTS[op](town(_22=PARK), CODES["22"].fid)
    assert all(one == {"kind": "dedicated"} for one in new(edit))
    assert edit.after[0].attributes == PARK, "who keeps the code keeps the rest"


@pytest.mark.parametrize("op", CUTS)
def test_pieces_keep_a_norm_of_their_own_and_none_is_made_up(op: str):
    assert all(one == {"norm_min": 15, "norm_max": 60} for one in new(CUTS[op](town(_22=HOMES), CODES["22"].fid)))
    assert all(one == {"norm_max": 9} for one in new(CUTS[op](town(_22={"norm_max": 9}), CODES["22"].fid)))
    assert all(one == {} for one in new(CUTS[op](town(), CODES["22"].fid)))


#   +---+---+        +---+---+
#   | P | H |   ->   | P-+ H |     N takes from both: a park only where all that give are parks
#   +---+---+        +-|N|---+
@pytest.mark.parametrize("west, east, expected", [
    (PARK, PARK, {"kind": "dedicated"}), (PARK, HOMES, {}), (HOMES, PARK, {}), (PARK, {}, {}),
    (HOMES, HOMES, {"norm_min": 15, "norm_max": 60}), (HOMES, {**HOMES, "norm_max": 50}, {}), ({}, {"kind": ""}, {}),
    ({**PARK, "norm_max": 9}, {**PARK, "norm_max": 8}, {"kind": "dedicated"}),
])  # fmt: skip
def test_an_area_drawn_over_several_has_what_all_of_them_share(west: dict, east: dict, expected: dict):
    coverage = town(_22=west, _32=east)
    assert CODES["22"].parent == CODES["32"].parent
    edit = draw(coverage, CODES["22"].parent, box(2.5, 2, 0.25))
    assert {area.code for area in edit.before} == {"22", "32"} and new(edit) == [expected]
    together = divide(coverage, [CODES["22"].fid, CODES["32"].fid], parts=5)
    gave = {area.fid: {CODES[code].fid for code in ("22", "32")} & set(together.gave[area.fid]) for area in together.after if area.fid < 0}
    for area in together.after:
        if area.fid < 0:
            of = [{"kind": west.get("kind"), **west}, {"kind": east.get("kind"), **east}]
            alone = [one for code, one in zip(("22", "32"), of, strict=True) if CODES[code].fid in gave[area.fid]]
            own = alone[0]
            wanted = expected if len(alone) == 2 else {name: own[name] for name in ("kind", "norm_min", "norm_max") if own.get(name)}
            assert dict(area.attributes) == wanted


def test_what_falls_off_an_area_is_of_its_kind_whatever_was_drawn_over():
    """The polygon cuts the park 22 in two and takes from the homes of 32 as well."""
    coverage = town(_22=PARK, _32=HOMES)
    (west, middle), (east, _) = at(1.2, 2), at(2.9, 2)
    bar = ring((west, middle - 14), (east, middle - 12), (east, middle + 13), (west, middle + 14))
    edit = draw(coverage, CODES["22"].parent, bar, rest="new")
    drawn, *rest = [area for area in edit.after if area.fid < 0]
    assert {area.fid for area in edit.before} >= {CODES["22"].fid, CODES["32"].fid} and dict(drawn.attributes) == {}
    cut_off = [area for area in rest if edit.gave[area.fid] == (CODES["22"].fid,)]
    assert cut_off and all(dict(area.attributes) == {"kind": "dedicated"} for area in cut_off)


def test_a_merge_leaves_the_kind_of_the_one_that_lives_on():
    coverage = town(_22=PARK, _32=HOMES)
    fids = [CODES["22"].fid, CODES["32"].fid]
    for keep, expected in zip(fids, (PARK, HOMES), strict=True):
        assert merge(coverage, fids, keep=keep).after[0].attributes == expected


def test_the_first_child_of_a_dedicated_area_is_dedicated_with_the_norm_of_its_level():
    grids = [replace(area, level="grid") if area.leaf else area for area in TOWN]

    def child(attributes: dict) -> Area:
        coverage = Coverage([replace(area, attributes=attributes if area.code == "22" else {}) for area in grids])
        return subdivide(coverage, [CODES["22"].fid], LEVELS).after[0]
    assert child(PARK).attributes == {"kind": "dedicated"} and not child(PARK).assigned
    assert child(HOMES).attributes == {} and child({"kind": "dedicated", "norm_min": 150, "norm_max": 550}).attributes == {"kind": "dedicated"}
