"""A little town to redraw: oblique, irregular leaves in lon/lat with everything that makes coverages difficult.

Two rows of communities on a lattice turned by 23 degrees. Besides plain leaves there are an L, a U, a lake (a hole with
nothing in it), an enclave of another community, an enclave of the same one, an enclave that touches its surrounding
leaf's border in one vertex, an exclave (a second part inside another leaf) and, out at sea, an island two leaves share.
"""

from __future__ import annotations

import numpy as np
import shapely

from layers.areas import Area, as_multi
from layers.measure import metres_per_unit

ORIGIN = np.array([1_202_100_000.0, 230_000_000.0])
TURN = np.radians(23)
COLUMNS, ROWS, CELL_M, BENDS = 7, 6, 120.0, 3
CITY, FIRST_COMMUNITY, FIRST_LEAF = 1, 2, 100


def units_of(metres) -> np.ndarray:
    """Metres in the town's own turned frame -> whole units."""
    u, v = np.asarray(metres, float).T
    x_m, y_m = metres_per_unit(ORIGIN[1])
    x, y = u * np.cos(TURN) - v * np.sin(TURN), u * np.sin(TURN) + v * np.cos(TURN) + 0.1 * u
    return np.round(ORIGIN + np.stack([x / x_m, y / y_m], axis=1))


def line(*metres) -> shapely.LineString:
    """A drawn line in units from points in metres of the town's frame."""
    return shapely.LineString(units_of(metres))


def ring(*metres) -> shapely.Polygon:
    """A polygon in units from points in metres of the town's frame."""
    return shapely.Polygon(units_of(metres))


def little_town(seed: int = 1) -> list[Area]:
    """All areas: the city (fid 1), its communities (2 to 5), their leaves (from 100), with shapes at every level."""
    cells = _cells(np.random.default_rng(seed))
    community = {spot: FIRST_COMMUNITY + (spot[0] > 3) + 2 * (spot[1] > 2) for spot in cells}
    leaves: dict[str, tuple[int, shapely.Geometry]] = {
        f"{c}{r}": (community[c, r], shape) for (c, r), shape in cells.items()}

    def join(name: str, *others: str) -> None:
        shapes = [leaves.pop(other)[1] for other in others]
        leaves[name] = (leaves[name][0], shapely.coverage_union_all([leaves[name][1], *shapes]))

    def dig(name: str, hole: shapely.Polygon) -> None:
        parent, shape = leaves[name]
        leaves[name] = (parent, shapely.Polygon(shape.exterior, [*shape.interiors, hole.exterior]))

    join("00", "10", "01")  # an L
    join("03", "04", "05", "13", "15")  # a U round 14
    u, v = lambda c, du: (c + 0.5) * CELL_M + du, lambda r, dv: (r + 0.5) * CELL_M + dv  # noqa: E731
    lake = ring(*[(u(2, a), v(1, b)) for a, b in ((-30, -18), (22, -25), (35, 12), (4, 31), (-26, 20))])
    dig("21", lake)
    for host, name, parent, size in (("51", "foreign", 2, 28), ("54", "inner", 5, 33), ("33", "exclave", 4, 25)):
        at = (int(host[0]), int(host[1]))
        shape = ring(*[(u(at[0], size * np.cos(t) * (1 + 0.2 * np.sin(3 * t))), v(at[1], size * np.sin(t)))
                       for t in np.linspace(0.3, 0.3 + 2 * np.pi, 9)[:-1]])
        dig(host, shape)
        leaves[name] = (parent, shape)
    parent, shape = leaves.pop("exclave")
    leaves["24"] = (4, shapely.MultiPolygon([leaves["24"][1], shape]))
    corner = shapely.get_coordinates(leaves["61"][1])[0]
    middle = units_of([(u(6, 0), v(1, 0)), (u(6, 25), v(1, 5)), (u(6, 5), v(1, 25))])
    touching = shapely.Polygon([corner, middle[1], middle[2]])
    dig("61", touching)
    leaves["touching"] = (3, touching)
    shore = [(u(8, 0), v(2, -40)), (u(8, 60), v(2, 10)), (u(8, 70), v(3, 20)), (u(8, 20), v(3, 60)),
             (u(8, -30), v(3, 0))]
    seam = [(u(8, 10), v(2, 55)), (u(8, 30), v(2, 65))]
    south = ring(shore[0], shore[1], shore[2], seam[1], seam[0], shore[4])
    north = ring(shore[4], seam[0], seam[1], shore[2], shore[3])
    leaves["62"] = (3, shapely.MultiPolygon([leaves["62"][1], south]))
    leaves["63"] = (5, shapely.MultiPolygon([leaves["63"][1], north]))
    return _tree(leaves)


def by_code(areas: list[Area]) -> dict[str, Area]:
    """The areas by their code: leaves are named by column and row ("21"), or for what they are ("inner")."""
    return {area.code: area for area in areas}


def _cells(rng: np.random.Generator) -> dict[tuple[int, int], shapely.Polygon]:
    nodes = np.stack(np.meshgrid(np.arange(COLUMNS + 1), np.arange(ROWS + 1), indexing="ij"), -1) * CELL_M
    nodes = nodes + rng.uniform(-0.18, 0.18, nodes.shape) * CELL_M

    def bent(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        way = np.linspace(0, 1, BENDS + 2)[:, None]
        points = a * (1 - way) + b * way
        points[1:-1] += rng.uniform(-0.05, 0.05, (BENDS, 2)) * CELL_M
        return units_of(points)

    across = {(c, r): bent(nodes[c, r], nodes[c + 1, r]) for c in range(COLUMNS) for r in range(ROWS + 1)}
    up = {(c, r): bent(nodes[c, r], nodes[c, r + 1]) for c in range(COLUMNS + 1) for r in range(ROWS)}
    return {(c, r): shapely.Polygon(np.concatenate([
        across[c, r][:-1], up[c + 1, r][:-1], across[c, r + 1][::-1][:-1], up[c, r][::-1][:-1]]))
        for c in range(COLUMNS) for r in range(ROWS)}


def _tree(leaves: dict[str, tuple[int, shapely.Geometry]]) -> list[Area]:
    def union(shapes) -> shapely.MultiPolygon:
        return as_multi(shapely.coverage_union_all(shapely.get_parts(np.array(list(shapes), dtype=object))))

    areas = [Area(CITY, "town", "Little Town", "city", None, f"/{CITY}/", False,
                  union(shape for _, shape in leaves.values()))]
    for fid in sorted({parent for parent, _ in leaves.values()}):
        areas.append(Area(fid, f"community-{fid}", "", "community", CITY, f"/{CITY}/{fid}/", False,
                          union(shape for parent, shape in leaves.values() if parent == fid)))
    for fid, (code, (parent, shape)) in enumerate(leaves.items(), FIRST_LEAF):
        areas.append(Area(fid, code, code, "micro_grid", parent, f"/{CITY}/{parent}/{fid}/", True, as_multi(shape),
                          attributes={"norm_min": 15}))
    return areas
