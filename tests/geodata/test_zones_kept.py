"""A redraw never changes who is restricted: zones keep their ground and their people, and the preview says what it meets."""

from __future__ import annotations

import random

import geopandas
import pytest
import shapely

from geodata import redrawing, zoning
from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.store import Store
from layers.areas import to_degrees, to_units
from layers.errors import WeigeError
from tests.counts import count
from tests.geodata.stores import assert_whole
from tests.geodata.work import commit, cut, some_merge, some_split, undo

FOLLOWS = ("area", "rev", "members")  # whose it is, and the names of the areas that hold its ground


def zone(store: Store, codes: list[str], status: str = "proposed") -> int:
    """A zone over these areas; in force as issue C will put it there: by an action of its own."""

    def make(tx) -> int:
        fid = zoning.write(tx, zoning.resolve(tx, {"kind": "lockdown", "areas": codes}), {"name": "封控"})
        if status != "proposed":
            tx.update("zones", fid, {"status": status, "approved_by": "commander"})
        return fid

    return store.attempt("planner", "zone", make)


def row(store: Store, fid: int) -> dict:
    with store.read() as reader:
        return reader.row("zones", fid)


def findings(store: Store, form: dict) -> list:
    with store.read() as reader:
        return [one for one in redrawing.draft(reader, form).edit.findings if one.kind.startswith("zone")]


def neighbours(store: Store, code: str) -> list[str]:
    """Codes that may be merged with it."""
    with store.read() as reader:
        area = reader.area(code)
        return [one.code for one in reader.leaves_near(area.shape.bounds)
                if one.fid != area.fid and one.parent == area.parent and not one.locked
                and shapely.intersection(one.shape, area.shape).length > 0]


@pytest.mark.parametrize("status", ["proposed", "in_force", "lifted"])
@pytest.mark.parametrize("seed", range(count(1, 5)))
def test_no_redraw_and_no_undo_moves_a_zone_or_its_people(town: Store, status: str, seed: int):
    dice = random.Random(seed)
    with town.read() as reader:
        codes = [area.code for area in dice.sample(reader.all_areas(leaf=True), 6)]
    fid = zone(town, codes, status)
    decided, done = row(town, fid), []
    for _ in range(count(12, 60)):
        with town.read() as reader:
            form = some_split(reader, dice) if dice.random() < 0.5 else some_merge(reader, dice)
        try:
            commit(town, form or {})
        except WeigeError:
            continue
        with town.read() as reader:
            done.append(reader.rev)
        now = row(town, fid)
        assert {key: value for key, value in now.items() if key not in FOLLOWS} == {
            key: value for key, value in decided.items() if key not in FOLLOWS}
        if status != "proposed":
            assert now["members"] == decided["members"]
    assert done
    for rev in reversed(done):
        undo(town, rev)
    now = row(town, fid)
    assert {key: value for key, value in now.items() if key not in ("area", "rev")} == {
        key: value for key, value in decided.items() if key not in ("area", "rev")}
    assert_whole(town)


@pytest.mark.parametrize("status", ["proposed", "in_force"])
def test_a_merge_across_the_border_of_a_zone_is_told_with_its_people(town: Store, status: str):
    zone(town, ["31"], status)
    other = neighbours(town, "31")[0]
    (found,) = findings(town, {"op": "merge", "targets": ["31", other], "keep": "31"})
    assert found.kind == ("zone-kept" if status == "in_force" else "zone-cut") and found.where is not None
    with town.read() as reader:
        alone = redrawing.draft(reader, {"op": "merge", "targets": ["31", other], "keep": "31"})
        outside = alone.before[reader.area(other).fid].households
    assert found.count == outside


def test_a_split_inside_a_zone_or_a_merge_of_two_of_its_areas_is_nothing_to_tell(town: Store):
    other = neighbours(town, "31")[0]
    zone(town, ["31", other])
    assert findings(town, cut(town, "31")) == []
    assert findings(town, {"op": "merge", "targets": ["31", other], "keep": "31"}) == []


def test_a_proposal_names_the_areas_that_hold_its_ground_now(town: Store):
    other = neighbours(town, "31")[0]
    third = next(code for code in neighbours(town, other) if code != "31" and code not in neighbours(town, "31"))
    fid = zone(town, ["31", other])
    made = commit(town, cut(town, "31"))
    new = [area.code for area in made.edit.after if area.code not in ("31", other)]
    assert sorted(row(town, fid)["members"]["areas"]) == sorted(["31", other, *new])
    with town.read() as reader:
        ground = shapely.union_all([reader.area(code).shape for code in row(town, fid)["members"]["areas"]], grid_size=1)
    assert shapely.symmetric_difference(ground, to_units(row(town, fid)["geom"])).area < 1e-6 * ground.area
    with town.read() as reader:
        rev = reader.rev
    commit(town, {"op": "merge", "targets": [other, third], "keep": third})
    across = row(town, fid)["members"]
    assert across["shape"] is True and third in across["areas"], "names alone would say too much: the ground counts"
    with town.read() as reader:
        assert reader.rev == rev + 1
    undo(town, rev + 1)
    assert "shape" not in row(town, fid)["members"]


@pytest.mark.parametrize("status", ["in_force", "lifted"])
def test_no_import_designates_changes_or_lifts_a_zone(town: Store, status: str, tmp_path):
    fid = zone(town, ["31"], status)
    kept = row(town, fid)
    with town.read() as reader:
        ground = to_degrees(reader.area("32").shape)
    file = tmp_path / "zones.geojson"
    rows = {"code": [kept["code"], "Z-from-a-file"], "kind": ["control", "lockdown"], "status": ["proposed", "in_force"], "name": ["变", "新"]}
    geopandas.GeoDataFrame(rows, geometry=[ground, ground], crs="EPSG:4490").to_file(file, driver="GeoJSON")
    told = import_rows(town, file, Options("zones"), "planner")
    assert row(town, fid) == kept, "the zone is as it was decided"
    assert {(one["kind"], one["code"]) for one in told["findings"]} >= {("zone-kept", kept["code"]), ("zone-proposed", "Z-from-a-file")}
    with town.read() as reader:
        new = next(one for one in reader.rows("zones") if one["code"] == "Z-from-a-file")
    assert (new["status"], new["approved_by"]) == ("proposed", None)
