"""Redraws on real micro-grids: one district of Tainan, with its grids as parents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from layers.areas import Area, as_multi
from layers.chain import area2
from layers.cleaning import clean
from layers.coverage import explode
from tests.layers.random_edits import Ledger, assert_seamless, border, random_edits

DISTRICT = "67000330"  # South District, on the coast
ROOT = 1


@pytest.fixture(scope="module")
def district(data_dir: Path) -> list[Area]:
    """The district, its communities (CODE2) and its micro-grids, cleaned to units."""
    rows = pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area",
                                  where=f"TOWN_ID = '{DISTRICT}'")
    codes = rows["CODEBASE"].tolist()
    shapes = clean(rows.geometry.values, None, codes).shapes
    communities, parent = np.unique(rows["CODE2"].to_numpy(str), return_inverse=True)

    def union(which: np.ndarray) -> shapely.MultiPolygon:
        return as_multi(shapely.coverage_union_all(shapely.get_parts(shapes[which])))

    areas = [Area(ROOT, DISTRICT, "", "county", None, f"/{ROOT}/", False, union(np.ones(len(shapes), bool)))]
    areas += [Area(10 + i, code, "", "community", ROOT, f"/{ROOT}/{10 + i}/", False, union(parent == i))
              for i, code in enumerate(communities.tolist())]
    areas += [Area(1000 + i, code, "", "micro_grid", 10 + p, f"/{ROOT}/{10 + p}/{1000 + i}/", True, shapes[i])
              for i, (code, p) in enumerate(zip(codes, parent.tolist(), strict=True))]
    return areas


def test_random_redraws_leave_a_real_district_seamless(district):
    town = Ledger(district)
    was, ground = border(town), area2(explode(town.leaves())[0])
    count = random_edits(town, 150, seed=7)
    assert_seamless(town, was)
    assert area2(explode(town.leaves())[0]) == ground + count.area2_change
    assert count.total > 75 and count.special > 0.3 * count.total
