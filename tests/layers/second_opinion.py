"""A second opinion on an edit, without any chain of ours: ground by unions and sums of GEOS, shared vertices by its coverage check
and by whole numbers.

GEOS' check of coverages errs both ways (geometry.md, 1.3): it takes a valid coverage for an invalid one where a hole touches the
shell in a vertex, and hairline gaps pass it unless a gap width is given, with which real narrow water is called a gap. Both are
told by name (`TOUCHING`, `NARROW`), and then decided by vertices and by ground.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from layers.areas import Area
from layers.coverage import Coverage, contacts, explode, prove
from layers.edits import Edit
from tests.layers.ledger import Ledger, assert_seamless, border

TOUCHING = "rings touch in a vertex"
NARROW = "narrow water"
HAIR = 10.0  # units: gaps GEOS shall find
LEAST = 0.5  # square units: half of the smallest ground there is


def around(coverage: Coverage, edit: Edit) -> list[Area]:
    """The areas of the edit and the ring of leaves around them."""
    areas = (*edit.before, *edit.touched_before, *edit.after, *edit.touched)
    west, south, east, north = shapely.total_bounds(np.array([area.shape for area in areas], dtype=object)).tolist()
    return coverage.near((west - 9, south - 9, east + 9, north + 9))


def assert_agreed(was: Sequence[Area], now: Sequence[Area], moved_area2: int, outer_vertices: int) -> str | None:
    """The same leaves and the ring around them before and after an edit: no ground came or went but what the edit says of the
    outermost border, nobody overlaps, no vertex is missing. Answers the known fault of GEOS that had to be set aside, if any."""
    old, (new, owner) = explode(was)[0], explode(now)
    assert shapely.is_valid(new).all()
    before, after = shapely.union_all(old), shapely.union_all(new)
    total = float(shapely.area(new).sum())
    assert abs(total - float(shapely.area(after))) < LEAST, "somebody's ground is another's too"
    assert abs(total - float(shapely.area(old).sum()) - moved_area2 / 2) < LEAST, "ground came or went"
    off = shapely.symmetric_difference(before, after)
    assert shapely.area(off) <= (LEAST if not outer_vertices else shapely.length(off) + LEAST), "the ground is another"
    return _vertices_shared(new, owner, after)


def applied(town: Ledger, edit: Edit) -> Edit:
    """Written, proved and looked at by the second method; the edit as the town has it."""
    seam, was, proof = border(town), around(town, edit), prove(edit, town)
    done = town.apply(edit)
    assert_seamless(town, seam)
    assert_agreed(was, around(town, done), proof.area2_change, proof.outer_vertices)
    return done


def _vertices_shared(parts: np.ndarray, owner: np.ndarray, union: shapely.Geometry) -> str | None:
    if shapely.coverage_is_valid(parts, gap_width=HAIR):
        return None
    _no_vertex_is_missing(parts)
    if not shapely.coverage_is_valid(parts):
        assert _touch(parts), "GEOS finds a neighbour without a vertex"
        return TOUCHING
    edges = shapely.get_parts(shapely.coverage_invalid_edges(parts, gap_width=HAIR))
    water = shapely.boundary(union)
    shapely.prepare(water)
    assert shapely.covers(water, edges[~shapely.is_empty(edges)]).all() or _touch(parts), "GEOS finds a gap"
    return NARROW


def _touch(parts: np.ndarray) -> bool:
    """Whether some ring touches itself or another of its part."""
    return len(contacts(parts, np.arange(len(parts)))) > 0


def _no_vertex_is_missing(parts: np.ndarray) -> None:
    """No vertex of anybody lies in the middle of a segment of anybody, exactly."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(parts), return_index=True)
    inner = ring[1:] == ring[:-1]
    ends = np.stack([xy[:-1][inner], xy[1:][inner]], axis=1)
    tree = shapely.STRtree(shapely.linestrings(ends))
    spots = np.unique(xy, axis=0)
    i, j = tree.query(shapely.points(spots), predicate="dwithin", distance=0.01)
    p, a, b = spots[i].astype(np.int64), ends[j, 0].astype(np.int64), ends[j, 1].astype(np.int64)
    way, gap = b - a, p - a
    along = (way * gap).sum(axis=1)
    on = (way[:, 0] * gap[:, 1] == way[:, 1] * gap[:, 0]) & (along > 0) & (along < (way * way).sum(axis=1))
    assert not on.any(), f"a vertex is missing at {p[on][:1].tolist()}"
