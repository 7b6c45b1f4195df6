"""An invented town: one street office with communities, grids and micro-grids, houses, people, staff and streets.

For demonstrations and tests. Nothing in it is real: names, codes (there is no county 330299), figures, telephones.
The same seed gives the same bytes. Its parts: `synthetic_plan` (streets and blocks), `synthetic_blocks` (estates and
micro-grids), `synthetic_people` (how many live where), `synthetic_buildings`, `synthetic_estates`, `synthetic_staff`,
`synthetic_rows` (all of it as rows); this page makes frames of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geodata import synthetic_names as names
from geodata.synthetic_blocks import Cell, group_grids, lay_cells, lay_lots, neighbours, weave
from geodata.synthetic_buildings import STYLES, Building, build, furnish
from geodata.synthetic_estates import lay_estates
from geodata.synthetic_people import NORM, grow_zones, meet, micro_grid_households
from geodata.synthetic_plan import TURN, lay_plan, to_units
from geodata.synthetic_rows import Draft, Rows, estate_rows, homes, name_sites, place_rows, staff_rows, street_rows
from layers.areas import to_degrees
from layers.errors import BadInput
from layers.later import later
from layers.schema import LAYERS

geopandas = later("geopandas")
pandas = later("pandas")

COUNTY_CODE = "330299"  # no such county
APARTMENT_BLOCKS = 5
# Codes run west to east in rows from north to south; height of such a row by level, metres.
BANDS_M = {"community": 900.0, "grid": 210.0, "micro_grid": 48.0}
# Fields that hold a fid, and the column that names the object here instead; None: the town has no such reference.
REFERENCES = {"estate": "estate_code", "building": "building_code", "unit": "unit_code", "team": "team_name",
              "place": None, "post": None}
SPECK = 2e-6  # degrees: shorter bits of lines, left over where a lane just meets a street, are dropped
DTYPES = {"int": "Int64", "number": "float64", "bool": "bool"}  # others are text or None


@dataclass(frozen=True, slots=True)
class Town:
    """Layers by name: frames with the fields of layers.schema, geometry in EPSG:4490 (lon, lat), on the 1e-7 grid.

    In place of fids, rows name each other by `parent` (areas), `area_code`, `estate_code`, `building_code`,
    `unit_code`, `team_name`. Only micro-grids have a shape. Missing is None or NA; JSON and dates are text.
    A building with stairwell units carries no counts, its units do. `notes`: `zones` (households, people, areas =
    codes) as asked for, codes of micro-grids `above_norm`, `below_norm` and with `two_parts`, of communities with
    `enclaves` and `holes`.
    """

    layers: dict[str, pandas.DataFrame]
    notes: dict[str, Any] = field(default_factory=dict)


def demo_town(seed: int = 20251, *, households: int = 18_563, residents: int = 45_664,
              declared_population: int = 47_164, micro_grids: int = 638,
              zones: Sequence[tuple[int, int]] = ()) -> Town:
    """The town with exactly so many households, residents and micro-grids.

    `zones` = (households, people) of sets of adjacent micro-grids that shall add up exactly; their codes come back in
    `notes["zones"]`, in the same order. `declared_population` stands on the street office only and is not spread.
    Raises BadInput where the numbers cannot be met.
    """
    def dice(step: int) -> np.random.Generator:
        return np.random.default_rng([seed, step])

    plan = lay_plan(dice(1))
    lots = lay_lots(plan, dice(2))
    cells, lanes = lay_cells(lots, micro_grids, dice(3))
    shapes = weave([cell.shape for cell in cells])
    pairs, border = neighbours(shapes)
    styles = _styles(cells, dice(4))
    numbers = micro_grid_households(styles, [cell.ground.area for cell in cells], households, dice(5))
    centres = np.array([cell.shape.centroid.coords[0] for cell in cells])
    groups = grow_zones(zones, numbers, centres, pairs, _start(styles, centres))
    numbers = meet(zones, groups, numbers)
    draft = Draft(plan, lots, lanes, cells, shapes, styles, numbers, groups, sites=name_sites(lots, dice(6)))
    _name_areas(draft, group_grids(cells, pairs, border), declared_population)

    estates = lay_estates(lots, lanes, plan, dice(7))
    built = _build(draft, dice(8))
    rest = sorted(set(range(len(cells))) - {k for group in groups for k in group})
    people = [*(wanted for _, wanted in zones), residents - sum(wanted for _, wanted in zones)]
    rows = homes(draft, estates, built, list(zip([*groups, rest], people, strict=True)), dice(9))
    rows |= estate_rows(draft, estates, dice(10)) | place_rows(draft, built, dice(11))
    rows |= street_rows(draft, estates, dice(12))
    rows |= staff_rows(draft, rows["buildings"][0], rows["estates"][0], [e.lot.key for e in estates], dice(13))
    rows["areas"] = _area_rows(draft)
    return Town({name: _frame(name, rows[name]) for name in LAYERS if name in rows}, _notes(draft, zones))


def _styles(cells: Sequence[Cell], rng: np.random.Generator) -> list[str]:
    """How each micro-grid is lived in; a few single blocks in different estates are apartment blocks for workers."""
    styles = [cell.lot.kind if cell.lot.housing else "" for cell in cells]
    taken: set[int] = set()
    for k in rng.permutation([k for k, style in enumerate(styles) if style == "single_block"]).tolist():
        if len(taken) < APARTMENT_BLOCKS and cells[k].lot.key not in taken and cells[k].ground.area > 2600:
            taken.add(cells[k].lot.key)
            styles[k] = "apartment_block"
    return styles


def _start(styles: Sequence[str], centres: np.ndarray) -> int:
    """The micro-grid of an old estate nearest the middle of the town: where the first zone grows."""
    middle = np.hypot(*centres.T)
    return min((k for k, style in enumerate(styles) if style == "old"), key=lambda k: (middle[k], k))


def _reading_order(points: np.ndarray, band_m: float) -> np.ndarray:
    """Numbers of the points in rows from north to south, west to east in a row (along the town's own axes)."""
    x = points[:, 0] * np.cos(-TURN) - points[:, 1] * np.sin(-TURN)
    y = points[:, 0] * np.sin(-TURN) + points[:, 1] * np.cos(-TURN)
    row = np.round((y.max() - y) / band_m).astype(int)
    return np.lexsort((x.round(3), row))


def _name_areas(draft: Draft, grid: np.ndarray, declared_population: int) -> None:
    """Fill `draft.areas` (rows without shape) and `draft.codes`: 6 + 3 + 3 + 3 + 2 digits."""
    town = COUNTY_CODE + "001"
    rows = [_area(COUNTY_CODE, names.COUNTY, "county", None), _area(town, names.TOWN, "town", COUNTY_CODE)]
    rows[1]["declared_population"] = declared_population
    centre = np.array([cell.shape.centroid.coords[0] for cell in draft.cells])
    letters = np.array([cell.lot.community for cell in draft.cells])
    codes, grids, leaves = [""] * len(draft.cells), [], []

    def ordered(members: np.ndarray, keys: np.ndarray, level: str) -> list[np.ndarray]:
        found = [members[keys[members] == key] for key in sorted(set(keys[members].tolist()))]
        middles = np.array([centre[group].mean(0) for group in found])
        return [found[k] for k in _reading_order(middles, BANDS_M[level])]

    everyone = np.arange(len(draft.cells))
    for c, in_community in enumerate(ordered(everyone, letters, "community"), 1):
        community, name = f"{town}{c:03d}", names.COMMUNITIES[c - 1]
        rows.append(_area(community, name, "community", town, name))
        for g, in_grid in enumerate(ordered(in_community, grid, "grid"), 1):
            code = f"{community}{g:03d}"
            grids.append(_area(code, f"{g:02d}网格", "grid", community, name))
            for m, (k,) in enumerate(ordered(in_grid, everyone, "micro_grid"), 1):
                codes[k] = f"{code}{m:02d}"
                home = draft.styles[k] != ""
                leaf = _area(codes[k], f"{g:02d}-{m:02d}{'微网格' if home else '专属网格'}", "micro_grid", code, name)
                norm = {"norm_min": NORM[0], "norm_max": NORM[1]} if home else {"kind": "dedicated"}
                leaves.append(leaf | norm | {"cell": int(k)})
    draft.areas, draft.codes = rows + grids + leaves, codes


def _area(code: str, name: str, level: str, parent: str | None, community: str = "") -> dict[str, Any]:
    return {"code": code, "name": name, "level": level, "parent": parent, "kind": "", "community": community}


def _area_rows(draft: Draft) -> Rows:
    return draft.areas, [to_degrees(draft.shapes[row["cell"]]) if "cell" in row else None for row in draft.areas]


def _build(draft: Draft, rng: np.random.Generator) -> list[list[Building]]:
    """Buildings of each micro-grid. An estate has one number of floors."""
    floors = {lot.key: int(rng.choice(STYLES[lot.kind].floors)) for lot in draft.lots if lot.housing}
    blocks = STYLES["apartment_block"].floors[0]
    built = []
    for cell, style, number in zip(draft.cells, draft.styles, draft.households.tolist(), strict=True):
        made = furnish(cell, rng) if not style else build(
            cell, number, style, blocks if style == "apartment_block" else floors[cell.lot.key], rng)
        if sum(sum(building.flats) for building in made) < number:
            raise BadInput(f"{number} households find no room in one micro-grid; ask for more micro-grids")
        built.append(made)
    return built


def _frame(name: str, rows: Rows) -> pandas.DataFrame:
    """Rows as a frame with the columns of the layer, shapes of the layer's type in degrees."""
    layer, (records, shapes) = LAYERS[name], rows
    columns: dict[str, Any] = {}
    for column in layer.fields:
        if key := REFERENCES.get(column.name, column.name):
            values = [record.get(key) for record in records]
            dtype = DTYPES.get(column.type, "object") if key == column.name else "object"
            columns[key] = pandas.Series([bool(v) for v in values] if dtype == "bool" else values, dtype=dtype)
    for key in ("parent", "area_code"):
        if any(key in record for record in records):
            columns[key] = pandas.Series([record.get(key) for record in records], dtype="object")
    frame = pandas.DataFrame(columns)
    if shapes is None:
        return frame
    if name != "areas":  # those are on the grid already
        shapes = to_degrees(to_units(np.array(shapes, dtype=object)))
    return geopandas.GeoDataFrame(frame, geometry=[_as(layer.geometry, shape) for shape in shapes], crs="EPSG:4490")


def _as(kind: str, shape):
    """The shape as the layer's type: single parts become Multi-, stray points at line ends are dropped."""
    if shape is None or kind in ("Point", "Geometry"):
        return shape
    wanted, whole = ("Polygon", shapely.MultiPolygon) if kind == "MultiPolygon" else \
        ("LineString", shapely.MultiLineString)
    parts = [shapely.LineString(part) if part.geom_type == "LinearRing" else part for part in shapely.get_parts(shape)]
    return whole([part for part in parts if part.geom_type == wanted and part.length > SPECK])


def _notes(draft: Draft, zones: Sequence[tuple[int, int]]) -> dict[str, Any]:
    homes_ = [k for k, style in enumerate(draft.styles) if style]
    members: dict[str, list[int]] = {}
    for k, code in enumerate(draft.codes):
        members.setdefault(code[:12], []).append(k)
    whole = {code: shapely.coverage_union_all([draft.shapes[k] for k in leaves])
             for code, leaves in sorted(members.items())}
    return {
        "zones": [{"households": wanted, "people": people, "areas": sorted(draft.codes[k] for k in group)}
                  for (wanted, people), group in zip(zones, draft.zones, strict=True)],
        "above_norm": sorted(draft.codes[k] for k in homes_ if draft.households[k] > NORM[1]),
        "below_norm": sorted(draft.codes[k] for k in homes_ if draft.households[k] < NORM[0]),
        "two_parts": sorted(draft.codes[k] for k, shape in enumerate(draft.shapes) if len(shape.geoms) > 1),
        "enclaves": [code for code, shape in whole.items() if shape.geom_type == "MultiPolygon"],
        "holes": [code for code, shape in whole.items()
                  if any(len(part.interiors) for part in shapely.get_parts(shape))],
    }
