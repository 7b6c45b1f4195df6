"""Reading: what lies under an area, found by the index however many areas there are."""

from __future__ import annotations

from sqlalchemy import select, text

from geodata.schema import AREAS
from geodata.store import Store


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
