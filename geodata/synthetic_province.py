"""An invented province for benchmarks: any number of irregular micro-grids as one exact coverage, in arrays."""

from __future__ import annotations

import numpy as np
import shapely

from layers.later import later

geopandas = later("geopandas")

CORNER = (1_190_000_000, 305_000_000)  # units (1e-7 degree): the north-west corner, 119 E 30.5 N
CELL = (45_000.0, 38_000.0)  # units: about 430 m
TURN = np.radians(-11.0)
JITTER = 0.17  # of a cell; with BEND this keeps borders from ever meeting between their ends
BEND = 0.17  # a border's points keep inside a wedge of this slope about its chord
MOST_BENDS = 4  # points on a border between two corners: 1 to 4, so a micro-grid has 8 to 20 vertices
DEDICATED = 0.08  # share of micro-grids where nobody lives
CHUNK = 40_000
# Columns and rows of micro-grids in one area of each level: each holds ten of the level below.
LEVELS = {"grid": (2, 5), "community": (10, 10), "town": (20, 50), "county": (100, 100), "city": (200, 500)}
PROVINCE = 39  # no province has this code
DIGITS = {"county": 2, "town": 3, "community": 3, "grid": 3}


def synthetic_province(n: int, seed: int = 1) -> geopandas.GeoDataFrame:
    """`n` micro-grids: code, name, level, kind, codes of `grid`, `community`, `town`, `county`, `city`, households,
    population, and a Polygon in EPSG:4490 degrees on the 1e-7 grid. Neighbours share every vertex."""
    rng = np.random.default_rng(seed)
    columns = max(1, int(np.ceil(np.sqrt(n * 1.08))))
    rows = -(-n // columns)
    nodes = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), -1)  # (row, column, xy)
    nodes += rng.uniform(-JITTER, JITTER, nodes.shape)
    across, across_used = _bends(nodes[:, :-1], nodes[:, 1:], rng)
    down, down_used = _bends(nodes[:-1], nodes[1:], rng)
    corner, across, down = _placed(nodes), _placed(across), _placed(down)
    row, column = np.divmod(np.arange(n), columns)
    geometry = np.empty(n, dtype=object)
    for start in range(0, n, CHUNK):
        r, c = row[start:start + CHUNK], column[start:start + CHUNK]
        parts = [(corner[r, c][:, None], None), (across[r, c], across_used[r, c]),
                 (corner[r, c + 1][:, None], None), (down[r, c + 1], down_used[r, c + 1]),
                 (corner[r + 1, c + 1][:, None], None), (across[r + 1, c][:, ::-1], across_used[r + 1, c][:, ::-1]),
                 (corner[r + 1, c][:, None], None), (down[r, c][:, ::-1], down_used[r, c][:, ::-1]),
                 (corner[r, c][:, None], None)]
        used = np.hstack([np.ones((len(r), 1), bool) if mask is None else mask for _, mask in parts])
        xy = np.concatenate([points for points, _ in parts], axis=1)[used]
        ring = np.repeat(np.arange(len(r)), used.sum(1))
        geometry[start:start + CHUNK] = shapely.polygons(shapely.linearrings(xy / 1e7, indices=ring))
    households = np.where(rng.random(n) < DEDICATED, 0, np.clip(rng.normal(31, 9, n), 4, 96).astype(int))
    population = households + rng.binomial(households * 3, 0.49)
    codes = _codes(row, column, columns)
    return geopandas.GeoDataFrame({
        "code": codes.pop("micro_grid").astype(str), "name": np.char.mod("微网格%d", np.arange(1, n + 1)),
        "level": np.full(n, "micro_grid"), "kind": np.where(households > 0, "", "dedicated"),
        **{level: numbers.astype(str) for level, numbers in codes.items()},
        "households": households, "population": population}, geometry=geometry, crs="EPSG:4490")


def _bends(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points between a and b (..., MOST_BENDS, 2) and which of them are used; one to all of them are."""
    shape = (*a.shape[:-1], MOST_BENDS)
    t = (np.arange(1, MOST_BENDS + 1) + rng.uniform(-.3, .3, shape)) / (MOST_BENDS + 1)
    offset = rng.uniform(-BEND, BEND, shape) * np.minimum(t, 1 - t)
    along = (b - a)[..., None, :]
    points = a[..., None, :] + t[..., None] * along + offset[..., None] * along[..., ::-1] * np.array([-1, 1])
    used = rng.random(shape) < .5
    np.put_along_axis(used, rng.integers(0, MOST_BENDS, (*shape[:-1], 1)), True, axis=-1)
    return points, used


def _placed(cells: np.ndarray) -> np.ndarray:
    """Lattice coordinates (x east, y south, in cells) -> whole units, turned so that nothing runs north-south."""
    x, y = cells[..., 0] * CELL[0], cells[..., 1] * CELL[1]
    x, y = x + 9_000 * np.sin(y / 700_000), y + 9_000 * np.sin(x / 900_000)
    return np.stack([np.round(CORNER[0] + x * np.cos(TURN) + y * np.sin(TURN)),
                     np.round(CORNER[1] + x * np.sin(TURN) - y * np.cos(TURN))], -1)


def _codes(row: np.ndarray, column: np.ndarray, columns: int) -> dict[str, np.ndarray]:
    """Whole-number codes by level, 4 + 2 + 3 + 3 + 3 + 2 digits; a child's code begins with its parent's."""
    wide, high = LEVELS["city"]
    codes = {"city": PROVINCE * 100 + 1 + column // wide + row // high * -(-columns // wide)}
    above = "city"
    for level in ("county", "town", "community", "grid", "micro_grid"):
        parent_wide, parent_high = LEVELS[above]
        wide, high = LEVELS.get(level, (1, 1))
        place = column % parent_wide // wide + row % parent_high // high * (parent_wide // wide)
        codes[level] = codes[above] * 10 ** DIGITS.get(level, 2) + 1 + place
        above = level
    return codes
