"""Special groups of a zone: none where it is known that nobody lives, unknown where nobody counted them or the ground."""

from __future__ import annotations

import pytest
from sqlalchemy import null, update

from geodata.coverage_cache import CoverageCache
from geodata.schema import TABLES
from geodata.store import Store
from geodata.zone_sums import sums_of
from layers.population import KINDS
from tests.geodata.test_posts import built, in_force


def counted(store: Store, code: str, number: int | None) -> None:
    """Each place of the leaf holds so many of everybody, and its special groups are counted nowhere."""
    with store.read() as reader:
        leaf = reader.area(code).fid

    def change(tx) -> None:
        for name in ("buildings", "units", "shares"):
            table = TABLES[name]
            tx.connection.execute(update(table).where(table.c.area == leaf).values({"special": null(), **dict.fromkeys(KINDS, number)}))
        tx.update("areas", leaf, {"name": f"{code} {number}"})
    store.attempt("planner", "count", change)


@pytest.mark.parametrize("number, special", [(0, 0), (2, None), (None, None)])
def test_a_zone_tells_special_groups_as_its_ground_does(town: Store, number: int | None, special: int | None):
    code = built(town, 1)[0]
    counted(town, code, number)
    cache = CoverageCache(town, tiles=False)
    fid = in_force(town, [code])
    with town.read() as reader:
        row = reader.row("zones", fid)
    assert row["special"] == (None if special is None else {}), "as it was decided"
    sums = sums_of(town, cache)
    assert sums.figures([fid])[fid]["special_total"] == special
    told = {one["kind"]: one for one in sums.summary([root.fid for root in cache.roots()])["kinds"]}
    assert told["lockdown"]["special_total"] == special
    left = sums.summary([cache.by_code(code).fid])["kinds"][-1]
    assert left["derived"] and left["special_total"] == (None if number is None else 0), "the zone leaves nobody, if it is counted"


def test_a_zone_over_vacant_and_over_uncounted_ground_does_not_know(town: Store):
    vacant, unknown = built(town, 2)
    counted(town, vacant, 0)
    counted(town, unknown, None)
    cache = CoverageCache(town, tiles=False)
    fid = in_force(town, [vacant, unknown])
    sums = sums_of(town, cache)
    assert sums.figures([fid])[fid]["special_total"] is None
    assert {one["kind"]: one["special_total"] for one in sums.summary([root.fid for root in cache.roots()])["kinds"]}["lockdown"] is None
