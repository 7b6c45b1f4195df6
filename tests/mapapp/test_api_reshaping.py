"""Moving borders over the API: reshape by a line, and shared vertices."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from geodata.checking import check_store
from layers.areas import to_degrees
from tests.layers.little_town import CELL_M, line
from tests.mapapp.test_api_edits import by_code, dump, post, preview
from tests.mapapp.web import Web


def at(column: float, row: float) -> tuple[float, float]:
    return (column + 0.5) * CELL_M, (row + 0.5) * CELL_M


def drawn(*points: tuple[float, float]) -> dict[str, Any]:
    """GeoJSON of a line; at(1, 2) is about the middle of the leaf "12"."""
    return shapely.geometry.mapping(to_degrees(line(*(at(*point) for point in points))))


# out of 11 into 21 and back
BUMP = {"op": "reshape", "targets": ["11"], "line": drawn((1.3, 0.8), (1.85, 0.85), (1.8, 1.2), (1.3, 1.2))}
# out of 21 as far as the houses in the middle of 31
WIDE = {"op": "reshape", "targets": ["21"], "line": drawn((2.4, 0.65), (3.3, 0.65), (3.3, 1.3), (2.4, 1.3))}


def shape(change: dict[str, Any]) -> shapely.Geometry:
    return shapely.geometry.shape(change["geometry"])


def test_a_reshaped_border_moves_for_both_sides_and_nobody_is_lost(town: Web) -> None:
    seen, done = preview(town, BUMP), post(town, BUMP)
    assert [change["code"] for change in done["changed"]] == ["11", "21"]
    grown, shrunk = done["changed"]
    assert [grown["after"], shrunk["after"]] == [change["after"] for change in seen["changed"]]
    assert not grown["new"] and not shrunk["retired"] and (grown["version"], shrunk["version"]) == (2, 2)
    assert grown["after"]["area_m2"] > grown["before"]["area_m2"] and shrunk["after"]["area_m2"] < shrunk["before"]["area_m2"]
    assert shape(grown).intersection(shape(shrunk)).area < 1e-12
    for total in ("households", "population", "buildings", "special_total"):
        assert done["totals_before"][total] == done["totals_after"][total] == seen["totals_after"][total]
        assert sum(change["after"][total] or 0 for change in done["changed"]) == done["totals_after"][total]
    for code in ("11", "21"):
        card = town.area(code)
        assert card["households"] == by_code(done["changed"])[code]["after"]["households"]
    assert done["line_m"] == pytest.approx(seen["line_m"])
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0


def test_buildings_go_with_the_ground(town: Web) -> None:
    grown = by_code(post(town, WIDE)["changed"])["21"]
    assert grown["after"]["buildings"] > grown["before"]["buildings"]
    ground = shapely.buffer(shape(grown), 1e-7)
    with town.store.read() as reader:
        mine = [row for row in reader.rows("buildings") if row["area"] == grown["fid"]]
    assert len(mine) == grown["after"]["buildings"]
    assert all(ground.intersects(row["geom"]) for row in mine)


def test_without_targets_the_line_finds_its_border(town: Web) -> None:
    free = {key: value for key, value in BUMP.items() if key != "targets"}
    assert preview(town, free)["changed"] == preview(town, BUMP)["changed"]


def test_undo_and_redo_of_a_reshape_restore_the_same_bytes(town: Web) -> None:
    before = dump(town)
    rev = post(town, BUMP)["edit"]
    moved = dump(town)
    undone = town.post(f"/api/edits/{rev}/undo")
    assert undone.status_code == 200, undone.text
    assert without_versions(dump(town)) == without_versions(before)
    assert town.post(f"/api/edits/{undone.json['edit']}/undo").status_code == 200
    assert without_versions(dump(town)) == without_versions(moved)


def test_undo_of_a_reshape_after_a_neighbour_was_cut(town: Web) -> None:
    rev = post(town, BUMP)["edit"]
    cut = {"op": "split", "targets": ["31"], "line": drawn((2.2, 1.1), (3.8, 1.0))}
    post(town, cut)
    people = town.area("T1")["population"]
    answer = town.post(f"/api/edits/{rev}/undo")
    assert answer.status_code == 200, answer.text
    told = check_store(town.store)
    assert told["gaps"] == told["overlaps"] == told["nesting"] == 0
    assert town.area("T1")["population"] == people


def without_versions(dumped: dict[str, list]) -> dict[str, list]:
    return dumped | {"areas": [(*area[:2], *area[3:]) for area in dumped["areas"]]}


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"op": "reshape", "targets": ["11"]}, 422, "missing-field"),
        ({"op": "reshape", "targets": ["C1"], "line": BUMP["line"]}, 422, "not-leaf"),
        ({"op": "reshape", "targets": ["11"], "line": drawn((1.3, 0.8), (1.85, 0.85))}, 422, "line-inside"),
        ({"op": "reshape", "targets": ["11"], "line": drawn((1.9, 0.9), (2.1, 1.1))}, 422, "line-outside"),
        ({"op": "reshape", "targets": ["00"], "line": BUMP["line"]}, 422, "line-outside"),
        ({"op": "reshape", "line": {"type": "Point", "coordinates": [1, 2]}}, 422, "bad-geometry"),
    ],
)
def test_refusals_of_a_reshape_name_reason_and_place(shared: Web, form: dict, status: int, reason: str) -> None:
    before = dump(shared)
    for path in ("/api/edits/preview", "/api/edits"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, reason), answer.text
        if reason.startswith("line"):
            assert len(answer.json["where"]) == 2
    assert dump(shared) == before


def test_both_sides_must_be_in_ones_own_hands(town: Web) -> None:
    """Ground of another parent is never taken; a border between two of them is nobody's to move alone."""
    over = {"op": "reshape", "targets": ["31"], "line": drawn((3.3, 0.8), (3.85, 0.85), (3.8, 1.2), (3.3, 1.2))}
    answer = town.post("/api/edits", "mayor", json=over)
    assert (answer.status_code, answer.json["code"]) == (422, "line-leaves-parent")
    assert town.post("/api/edits", "neighbour", json=BUMP).status_code == 404
    assert town.post("/api/edits", "viewer", json=BUMP).status_code == 403
    assert town.post("/api/edits", "planner", json=BUMP).status_code == 200
