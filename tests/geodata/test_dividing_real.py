"""Real buildings and roads are divided: Shanghai, Shenzhen, Helsinki, Liechtenstein. Households are derived and say so; no
building is cut, every area is in one piece, all add up, the same seed gives the same areas, undo brings back every byte."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geodata import committing, proposals, redrawing
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.store import Store
from layers.areas import to_units
from layers.dwellings import DERIVED
from mapapp.config import load
from tests import real_towns
from tests.counts import some
from tests.geodata.stores import content
from tests.geodata.work import undo

WISHES = ({"parts": 12, "seed": 0}, {"norm": {"min": 300, "max": 500}, "seed": 1}, {"parts": 30, "seed": 2, "tolerance": 0.2})
CASES = [(town, wish) for town in real_towns.TOWNS for wish in WISHES]


def held(store: Store) -> tuple[int, dict[str, tuple[int, bool]]]:
    """Households of all buildings in an area, and per leaf its households and whether they are estimated."""
    cache = CoverageCache(store)
    cache.sync()
    with store.read() as reader:
        rows = [row for row in reader.rows("buildings", geometry=False) if row["area"] is not None]
    assert {row["source"] for row in rows} <= {DERIVED, None} and all(row["source"] for row in rows if row["households"] is not None)
    leaves = {node.code: cache.figures(node) for node in cache.nodes.values() if node.leaf}
    return sum(row["households"] or 0 for row in rows), {code: (one["households"] or 0, one["estimated"]) for code, one in leaves.items()}


def divided(store: Store, form: dict) -> tuple[redrawing.Draft, int]:
    """The division, saved."""
    def change(tx):
        return committing.save(tx, redrawing.draft(tx, form))[1], tx.taken
    return store.attempt("tester", "divide", change, form=form)


@pytest.mark.promise("Real buildings and roads (Shanghai, Shenzhen, Helsinki, Liechtenstein) are divided, households derived and marked")
@pytest.mark.parametrize(("name", "wish"), some(CASES), ids=[f"{name} {wish['seed']}" for name, wish in some(CASES)])
def test_real_ground_is_divided(url: str, data_dir, tmp_path, name: str, wish: dict) -> None:
    written = real_towns.plant(url, name, data_dir, tmp_path)
    assert written["buildings"] > 400
    store = Store.open(url, load(environ={}).rules)
    everybody, leaves = held(store)
    code, (homes, estimated) = max(leaves.items(), key=lambda one: one[1])
    assert estimated and homes > 1000, (code, homes)
    with store.read() as reader:
        ground = reader.area(code).shape
        houses = [to_units(row["geom"]) for row in reader.rows("buildings") if row["geom"] is not None]
    before, form = content(store), {"op": "divide", "targets": [code], **wish}
    edit, rev = divided(store, form)
    shapes = np.array([area.shape for area in edit.edit.after], dtype=object)
    assert len(shapes) == wish["parts"] if "parts" in wish else len(shapes) > 1

    # exact, and each area in one piece, by another method than the engine's; where a border ends on the edge of the
    # ground, the edge goes through a whole unit (1 cm) from now on
    whole = shapely.union_all(shapes)
    assert shapely.is_valid(shapes).all() and sum(shapely.area(shapes)) == pytest.approx(whole.area, rel=1e-12)
    assert whole.hausdorff_distance(ground) <= 2
    pieces = len(shapely.get_parts(ground))
    assert sum(len(shapely.get_parts(shape)) > 1 for shape in shapes) <= pieces - 1, "only ground in pieces makes areas in pieces"
    told = check_store(store)
    assert [told[kind] for kind in ("gaps", "overlaps", "nesting", "codes")] == [0, 0, 0, 0], told["findings"][:3]

    # no building is cut: each that stands on this ground lies in one area, but for what rounding to the grid leaves
    stand = np.array([house for house in houses if house.intersection(ground).area > 0.995 * house.area], dtype=object)
    house, part = shapely.STRtree(shapes).query(stand, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[part], stand[house])) / shapely.area(stand[house])
    assert not len(house[(share > 0.005) & (share < 0.995)]), f"{len(stand)} buildings"
    assert "building-cut" not in [finding.kind for finding in edit.edit.findings]

    # everybody is still there
    now, after = held(store)
    assert now == everybody and sum(one for one, _ in after.values()) == sum(one for one, _ in leaves.values())

    # undo brings back every byte; then the same seed gives the same areas, searched anew
    undo(store, rev)
    assert content(store) == before
    proposals.forget()
    with store.read() as reader:
        again = redrawing.draft(reader, form)
    assert [area.shape.wkb for area in again.edit.after] == [area.shape.wkb for area in edit.edit.after]
    store.close()
