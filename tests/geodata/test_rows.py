"""Reading: what lies under an area or along a line, found by the index however many areas there are; many rows written at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import shapely
from sqlalchemy import select, text

from geodata import rows
from geodata.schema import AREAS
from geodata.store import Store
from geodata.transaction import Raced, Transaction
from layers.codes import PROFILES, candidates, next_code
from layers.errors import NotFound


def test_under_a_path_lies_the_area_and_everything_below_and_nothing_else(town: Store):
    with town.read() as reader:
        everyone = reader.all_areas()
        for area in everyone:
            found = {one.fid for one in reader.subtree(area.path)}
            assert found == {one.fid for one in everyone if one.path.startswith(area.path)}
        assert len(reader.subtree("/")) == len(everyone)


def test_fids_that_begin_alike_are_not_under_each_other(empty: Store):
    with empty.write("a", "b") as tx:
        tx.insert("areas", [{"path": path, "code": path, "name": path, "level": "grid", "leaf": True, "assigned": True}
                            for path in ("/1/", "/10/", "/1/2/", "/1/20/", "/1/2/3/", "/2/")])
    with empty.read() as reader:
        assert [area.path for area in reader.subtree("/1/2/")] == ["/1/2/", "/1/2/3/"]
        assert [area.path for area in reader.subtree("/1/")] == ["/1/", "/1/2/", "/1/20/", "/1/2/3/"]


def test_what_lies_under_a_path_is_found_by_the_index(town: Store):
    with town.read() as reader:
        if town.is_file:
            explain = "EXPLAIN QUERY PLAN "
        else:
            explain = "EXPLAIN "
            reader.connection.execute(text("SET LOCAL enable_seqscan = off"))  # a town is too small for an index else
        statement = select(AREAS.c.fid).where(reader.under("/1/2/")).compile(town.engine, compile_kwargs={"literal_binds": True})
        plan = reader.connection.exec_driver_sql(explain + str(statement).replace("%%", "%").replace("%", "%%")).all()
    assert "areas_path" in str(plan) and "SCAN areas" not in str(plan), plan


@pytest.mark.parametrize("reach", [0, 300])
def test_along_a_line_every_area_is_found_that_it_comes_near(town: Store, monkeypatch: pytest.MonkeyPatch, reach: int):
    monkeypatch.setattr(rows, "STRETCH", 100)
    dice = np.random.default_rng(7)
    with town.read() as reader:
        leaves = reader.all_areas(leaf=True)
        west, south, east, north = shapely.total_bounds(np.array([leaf.shape for leaf in leaves], dtype=object))
        fewer = 0
        for _ in range(40):
            xy = dice.uniform((west, south), (east, north), (dice.integers(2, 5), 2)).round()
            line = shapely.LineString(xy)
            found = [area.fid for area in reader.coverage().along(xy, reach)]
            assert found == sorted(set(found)) and {leaf.fid for leaf in leaves if leaf.shape.dwithin(line, reach)} <= set(found)
            fewer += len(found) < len(reader.leaves_near(line.bounds))
        assert fewer > 10, "what lies in the corners of its bounds is left out"


@pytest.mark.parametrize("profile", PROFILES)
def test_codes_asked_for_together_are_those_asked_for_one_by_one(empty: Store, profile: str):
    areas = [("grid", "A", "330205003001"), ("grid", None, "330205003001"), ("micro_grid", "B", "330205003001001")]
    with empty.write("a", "b") as tx:
        tx.set_meta("codes", profile)
        used: list[str] = []
        for area in areas:  # far more than are looked up at once
            used += [code for code in islice(candidates(profile, tx.rules, *area), 80) if code not in used]
        tx.register_codes({code: 1 for code in used})
        asked = [area for area in areas for _ in range(3)]
        one_by_one: list[str] = []
        for one in asked:
            one_by_one.append(next_code(profile, tx.rules, *one, lambda code: code in used or code in one_by_one))
        assert tx.new_codes(asked) == one_by_one
        assert tx.new_codes(asked[:1], one_by_one[:1]) == one_by_one[1:2]
        with pytest.raises(Raced):
            tx.register_codes({one_by_one[0]: 1, used[0]: 2})


def test_many_rows_are_changed_as_one_is(town: Store):
    def owners(store: Store) -> dict[int, tuple]:
        with store.read() as reader:
            return {row["fid"]: (row["area"], row["version"], row["rev"]) for row in reader.rows("buildings", geometry=False)}
    before = owners(town)
    fids, home = sorted(before)[:7], next(iter(before.values()))[0]
    with town.write("a", "b") as tx:
        tx.update_all("buildings", {fid: {"area": home} for fid in fids})
        tx.update_all("buildings", {})
        rev = tx.new_rev
    assert owners(town) == before | {fid: (home, before[fid][1], rev) for fid in fids}
    with town.read() as reader:
        assert [(row["fid"], row["row"]["area"]) for row in reader.before_images(rev)] == [(fid, before[fid][0]) for fid in fids]


def test_of_many_rows_none_is_changed_when_one_is_gone_or_another_than_was_read(town: Store, monkeypatch: pytest.MonkeyPatch):
    with town.read() as reader:
        before = reader.rows("buildings", geometry=False)
    fids, read = [row["fid"] for row in before[:3]], Transaction.rows
    with pytest.raises(NotFound), town.write("a", "b") as tx:
        tx.update_all("buildings", {fid: {"area": None} for fid in (*fids, 10 ** 9)})
    monkeypatch.setattr(Transaction, "rows", lambda *of, **how: [row | {"rev": row["rev"] - (row["fid"] == fids[1])} for row in read(*of, **how)])
    with pytest.raises(Raced), town.write("a", "b") as tx:
        tx.update_all("buildings", {fid: {"area": None} for fid in fids})
    monkeypatch.undo()
    with town.read() as reader:
        assert reader.rows("buildings", geometry=False) == before


def test_areas_that_name_different_columns_are_written_together(town: Store):
    with town.write("a", "b") as tx:
        first, second, gone = tx.all_areas(leaf=True)[:3]
        made = [replace(first, fid=10_000 + k, code=f"new {k}", path=f"{first.path}{10_000 + k}/", version=1, attributes=own)
                for k, own in enumerate(({}, {"uninhabited": True}, {}))]
        kept = [replace(first, attributes={}), replace(second, attributes={"uninhabited": True})]
        written = tx.write_areas([(None, made[0]), (None, made[1]), (gone, None), (first, kept[0]), (None, made[2]), (second, kept[1])])
        assert [area and area.fid for area in written] == [10_000, 10_001, None, first.fid, 10_002, second.fid]
    with town.read() as reader:
        found = reader.areas([*(area.fid for area in (*made, *kept)), gone.fid])
    assert {fid: (area.code, area.version, bool(area.attributes["uninhabited"])) for fid, area in found.items()} == {
        10_000: ("new 0", 1, False), 10_001: ("new 1", 1, True), 10_002: ("new 2", 1, False),
        first.fid: (first.code, first.version + 1, bool(first.attributes["uninhabited"])), second.fid: (second.code, second.version + 1, True)}
