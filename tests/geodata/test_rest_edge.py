"""Where prevention begins is derived from the zones in force and the scope: nobody draws it, and it is gone with the last zone."""

from __future__ import annotations

import numpy as np
import shapely

from geodata import zoning
from geodata.layer_tiles import REST, LayerTiles
from geodata.rest_edge import NEAR, rest_edge
from geodata.store import Store
from layers.areas import to_units


def zone(store: Store, codes: list[str], status: str = "in_force") -> int:
    """A zone over these areas."""

    def make(tx) -> int:
        fid = zoning.write(tx, zoning.resolve(tx, {"kind": "lockdown", "areas": codes}), {"name": "封控"})
        tx.update("zones", fid, {"status": status})
        return fid

    return store.attempt("planner", "zone", make)


def edge(store: Store, scope=None) -> shapely.MultiLineString:
    with store.read() as reader:
        return shapely.MultiLineString(rest_edge(reader, scope))


def ground(store: Store, fid: int | None = None):
    """All roots as one shape, or the ground of a zone (units)."""
    with store.read() as reader:
        if fid is not None:
            return to_units(reader.row("zones", fid)["geom"])
        return shapely.union_all(np.array([area.shape for area in reader.children(None)], dtype=object))


def leaves_by_side(store: Store) -> tuple[list[str], list[str]]:
    """Codes of leaves on the outer border, and of those well inside."""
    border = shapely.boundary(ground(store))
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
    outer = [leaf.code for leaf in leaves if shapely.intersection(leaf.shape, border).length > 20 * NEAR]
    return outer, [leaf.code for leaf in leaves if shapely.distance(leaf.shape, border) > 10 * NEAR]


def test_without_a_zone_in_force_there_is_no_rest(town: Store):
    _, inner = leaves_by_side(town)
    zone(town, inner[:1], "proposed")
    zone(town, inner[1:2], "lifted")
    assert edge(town).is_empty


def test_a_zone_inside_leaves_the_whole_outer_border_with_the_ground_on_its_right(town: Store):
    _, inner = leaves_by_side(town)
    zone(town, inner[:2])
    border, scope = edge(town), ground(town)
    assert abs(border.length - shapely.boundary(scope).length) < 1e-6 * border.length
    for line in border.geoms:
        for (x, y), (to_x, to_y) in zip(line.coords, line.coords[1:]):
            length = np.hypot(to_x - x, to_y - y)
            if length > 40 * NEAR:
                right = (x + to_x) / 2 + (to_y - y) / length * 5, (y + to_y) / 2 - (to_x - x) / length * 5
                assert shapely.contains_xy(scope, *right)


def test_a_zone_at_the_outer_border_takes_its_stretch_of_it(town: Store):
    outer, _ = leaves_by_side(town)
    fid = zone(town, outer[:1])
    border = edge(town)
    assert border.length > 0
    assert shapely.intersection(border, ground(town, fid)).length == 0
    lost = shapely.boundary(ground(town)).length - border.length
    own = shapely.intersection(shapely.boundary(ground(town)), shapely.buffer(ground(town, fid), NEAR)).length
    assert abs(lost - own) < 4 * NEAR


def test_a_neighbours_zone_that_ends_at_the_border_is_none_here(town: Store):
    with town.read() as reader:
        roots = reader.children(None)
        parts = [area for root in roots for area in reader.children(root.fid)]
        first, second = next((a, b) for a in parts for b in parts
                             if a.fid != b.fid and shapely.intersection(a.shape, b.shape).length > 0)
        codes = [leaf.code for leaf in reader.subtree(first.path, leaf=True)]
    zone(town, codes)
    assert edge(town, (second.path,)).is_empty
    assert not edge(town, None).is_empty


def test_tiles_of_the_rest_come_and_go_with_the_zones(town: Store):
    tiles = LayerTiles(town)
    assert len(tiles.layer(REST, None)) == 0
    _, inner = leaves_by_side(town)
    fid = zone(town, inner[:1])
    tiles.forget(["zones", REST], 2)
    layer = tiles.layer(REST, None)
    assert len(layer) > 0 and layer.tile(0, 0, 0)
    town.attempt("commander", "lift", lambda tx: tx.update("zones", fid, {"status": "lifted"}))
    tiles.forget(["zones", REST], 3)
    assert len(tiles.layer(REST, None)) == 0
