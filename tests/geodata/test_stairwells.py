"""Stairwells belong to the area of their building, however many buildings moved."""

from __future__ import annotations

from geodata.stairwells import stairwells_follow
from geodata.store import Store

MANY = 70_000  # more than one statement can name on PostgreSQL


def test_stairwells_follow_their_buildings_and_no_others_do(town: Store):
    with town.write("tester", "moves") as tx:
        units = tx.rows("units", geometry=False)
        owner = {unit["building"]: unit["area"] for unit in units}
        moving, staying = sorted(owner)[0], sorted(owner)[1]
        new = next(area.fid for area in tx.all_areas(leaf=True) if area.fid != owner[moving])
        stairwells_follow(tx, {moving: new, staying: owner[staying]} | dict.fromkeys(range(10**6, 10**6 + MANY), new))
        rev = tx.new_rev
    with town.read() as reader:
        after = {unit["fid"]: unit for unit in reader.rows("units", geometry=False)}
        for unit in units:
            followed = unit["building"] == moving
            assert after[unit["fid"]]["area"] == (new if followed else unit["area"])
            assert (after[unit["fid"]]["rev"] == rev) is followed, "what stays is not written"
            assert after[unit["fid"]]["version"] == unit["version"], "nobody who saw it is told that it changed"
        assert {image["fid"] for image in reader.before_images(rev)} == {unit["fid"] for unit in units if unit["building"] == moving}


def test_when_no_stairwell_moves_their_layer_is_not_touched(town: Store):
    with town.write("tester", "moves") as tx:
        unit = tx.rows("units", geometry=False)[0]
        tx.update("buildings", unit["building"], {"households": 777})
        stairwells_follow(tx, {unit["building"]: unit["area"]})
        rev = tx.new_rev
    with town.read() as reader:
        assert list(reader.revision(rev)["touched"]["layers"]) == ["buildings"]
