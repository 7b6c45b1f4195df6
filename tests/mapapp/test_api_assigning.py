"""Painting buildings over the API: what is told, who may, where it is refused, and who stands where afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from geodata.schema import TABLES
from layers.areas import to_units
from tests.mapapp.web import Web


def houses(town: Web, code: str) -> list[int]:
    """The buildings of a leaf."""
    table = TABLES["buildings"]
    with town.store.read() as reader:
        return list(reader.connection.scalars(select(table.c.fid).where(table.c.area == reader.area(code).fid).order_by(table.c.fid)))


def painting(buildings: list[int], to: str, **more) -> dict:
    return {"op": "assign_buildings", "buildings": buildings, "to": to, **more}


def post(web: Web, form: dict, who: str = "mayor", path: str = "/api/edits") -> dict:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_preview_shows_what_the_commit_writes_and_the_building_has_moved(town: Web) -> None:
    (house, other), before = houses(town, "22"), town.area("C1")
    head = town.store.head()
    form = painting([house], "32")
    told = post(town, form, path="/api/edits/preview")
    assert town.store.head() == head and "rev" not in told
    done = post(town, form | {"versions": {"22": 1, "32": 1}})
    assert (told["totals_before"], told["totals_after"]) == (done["totals_before"], done["totals_after"])
    assert {one["code"] for one in done["changed"]} == {"22", "32"} and not any(one["retired"] or one["new"] for one in done["changed"])
    for key in ("households", "population", "special_total", "buildings"):
        assert done["totals_before"][key] == done["totals_after"][key]
    assert house in houses(town, "32") and houses(town, "22") == [other]
    with town.store.read() as reader:
        (row,) = reader.rows("buildings", fids=[house])
        assert reader.area("32").shape.covers(to_units(row["geom"])), "the border goes round it"
    for key in ("population", "area_m2", "version"):
        assert town.area("C1")[key] == pytest.approx(before[key]), key
    back = town.post(f"/api/edits/{done['rev']}/undo")
    assert back.status_code == 200 and houses(town, "22") == [house, other]
