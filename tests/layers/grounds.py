"""Real ground and the demo town as coverages in memory, with everybody who lives there."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas
import pyogrio

from geodata.synthetic import demo_town
from layers.areas import Area, as_multi, to_units
from layers.cleaning import clean
from layers.population import KINDS, Counts, Place, Share, inner_point, total
from tests.layers.crowd import Crowd
from tests.layers.hard_ground import hard_ground

FIRST_LEAF = 50_000


def tainan(data_dir: Path, seed: int, each: int, district: str | None = None) -> tuple[list[Area], Crowd]:
    """The 12,774 micro-grids of Tainan, or those of one district, cleaned, with grids, communities and districts above them and
    `each` of everything difficult dug in. People are counted by micro-grid, as published: each is a cell of its own."""
    rows = pyogrio.read_dataframe(data_dir / "tainan_microgrids" / "tainan.gpkg", layer="base_area",
                                  where=f"TOWN_ID = '{district}'" if district else None)
    codes = rows["CODEBASE"].tolist()
    shapes = clean(rows.geometry.values, rows["TOWN_ID"].to_numpy() if district is None else None, codes).shapes
    above = [("city", rows["COUNTY_ID"]), ("county", rows["TOWN_ID"]), ("community", rows["CODE2"]), ("grid", rows["CODE1"])]
    areas = hard_ground(_tree(above, codes, shapes), random.Random(seed), each)
    people = {FIRST_LEAF + k: (households, persons) for k, (households, persons)
              in enumerate(zip(rows["H_CNT"].tolist(), rows["P_CNT"].tolist(), strict=True)) if households == households}
    leaves = [area for area in areas if area.leaf]
    shares = [Share(area.fid, area.fid, area.fid, 1.0, area.shape, _counts(people.get(area.fid))) for area in leaves]
    return areas, Crowd.of(leaves, shares=shares)


def demo(seed: int, each: int) -> tuple[list[Area], Crowd]:
    """The demo town: 638 micro-grids and 3,402 buildings with 45,664 residents, with `each` of everything difficult dug in."""
    layers = demo_town().layers
    rows = layers["areas"]
    parent = dict(zip(rows["code"], rows["parent"], strict=True))
    level = dict(zip(rows["code"], rows["level"], strict=True))
    leaves = rows[rows["level"] == "micro_grid"]
    codes = leaves["code"].tolist()

    def upper(code: str, wanted: str) -> str:
        while level[code] != wanted:
            code = parent[code]
        return code

    above = [(name, pandas.Series([upper(code, name) for code in codes])) for name in ("county", "town", "community", "grid")]
    areas = hard_ground(_tree(above, codes, to_units(np.array([as_multi(one) for one in leaves.geometry], dtype=object))),
                        random.Random(seed), each)
    return areas, Crowd.of([area for area in areas if area.leaf], _places(layers["buildings"], layers["units"]))


def _tree(above: list[tuple[str, pandas.Series]], codes: list[str], shapes: np.ndarray) -> list[Area]:
    """All areas; `above` are the codes of the areas of each level above each leaf, top down. Shapes above follow the leaves."""
    made: list[Area] = []
    up: list[Area | None] = [None] * len(codes)
    for level, column in above:
        known: dict[str, Area] = {}
        for k, value in enumerate(column.astype(str)):
            if value not in known:
                fid, parent = len(made) + 1, up[k]
                known[value] = Area(fid, f"{level} {value}", "", level, parent and parent.fid, f"{parent.path if parent else '/'}{fid}/", False)
                made.append(known[value])
            up[k] = known[value]
    return made + [Area(FIRST_LEAF + k, code, "", "micro_grid", up[k].fid, f"{up[k].path}{FIRST_LEAF + k}/", True, as_multi(shapes[k]))
                   for k, code in enumerate(codes)]


def _places(buildings: pandas.DataFrame, units: pandas.DataFrame) -> list[Place]:
    within = defaultdict(list)
    for unit in units.itertuples():
        within[unit.building_code].append(_row_counts(unit))
    places = []
    for fid, row in enumerate(buildings.itertuples(), 1):
        shape = to_units(row.geometry)
        counts = total(within[row.code]) if row.code in within else _row_counts(row)
        places.append(Place(fid, inner_point(shape), counts, shape.area * (1 if pandas.isna(row.floors) else int(row.floors)), shape))
    return places


def _row_counts(row) -> Counts:
    values = tuple(None if pandas.isna(getattr(row, kind)) else int(getattr(row, kind)) for kind in KINDS)
    return Counts(values, None, 1, 1 if values[0] is None else 0)


def _counts(known: tuple[float, float] | None) -> Counts:
    if known is None:
        return Counts(facts=1, unknown=1)
    values = {"households": int(known[0]), "resident": int(known[1])}
    return Counts(tuple(values.get(kind) for kind in KINDS), None, 1, 0)
