"""Insert a vertex on a border, for both sides of it; the border stays where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from ..areas import Area
from ..chain import Course, pack, splice
from ..coverage import Coverage, prove
from ..edits import Edit
from ..errors import AreaLocked, NoVertex, VertexHeld
from ..measure import metres_per_unit
from ..noding import Borders
from .cutting import SNAP_M
from .split import Weigh
from .vertex import around, degrees, spot


def insert_vertex(coverage: Coverage, at: shapely.Point, targets: Sequence[int] | None = None, weigh: Weigh | None = None,
                  snap_m: float = SNAP_M) -> Edit:
    """A new vertex on the border nearest to `at` (units), within `snap_m` metres, in both leaves beside it. On the border of
    two parents one of them (of `targets`, else the first) is changed, the other merely gains the vertex, as locked ones do.

    NoVertex when no border is near, VertexHeld when it has a vertex there already, AreaLocked, ProofFailed."""
    xy = spot(at)
    scale = np.array(metres_per_unit(float(xy[1])))
    near = around(coverage, xy, snap_m)
    parts = [shapely.get_parts(area.shape) for area in near]
    borders = Borders.of(np.concatenate(parts), xy[None], float(np.ceil(snap_m / scale).max()) + 1) if near else None
    if borders is None or not len(borders.a):
        raise NoVertex("there is no border", where=degrees(xy))
    way = (borders.b - borders.a) * scale
    along = np.clip((((xy - borders.a) * scale) * way).sum(1) / (way * way).sum(1), 0, 1)
    feet = borders.a + along[:, None] * (borders.b - borders.a)
    off = np.hypot(*((feet - xy) * scale).T)
    best = int(off.argmin())
    if off[best] > snap_m:
        raise NoVertex("there is no border", where=degrees(xy))
    place = np.rint(feet[best]).astype(np.int64)
    key, ends = int(pack(place[None])[0]), (int(pack(borders.a[[best]])[0]), int(pack(borders.b[[best]])[0]))
    if key in ends:
        raise VertexHeld("a vertex is there already", where=degrees(place))
    return _inserted(coverage, near, parts, {ends: (key,)}, targets)


def _inserted(coverage: Coverage, near: Sequence[Area], parts: Sequence[np.ndarray], between: Course,
              targets: Sequence[int] | None) -> Edit:
    gained = []
    for area, mine in zip(near, parts, strict=True):
        new = splice(mine, between)
        if new is not mine:
            gained.append((area, replace(area, shape=shapely.MultiPolygon(list(new)))))
    free = [area for area, _ in gained if not area.locked]
    if not free:
        raise AreaLocked(f"{gained[0][0].code} is locked", areas=[area.code for area, _ in gained])
    first = next((area for area in free if targets and area.fid in targets), free[0])
    changed = [(was, replace(now, version=was.version + 1)) for was, now in gained
               if was.parent == first.parent and not was.locked]
    others = [pair for pair in gained if pair[0].parent != first.parent or pair[0].locked]
    edit = Edit("insert_vertex", tuple(was for was, _ in changed), tuple(now for _, now in changed),
                tuple(was for was, _ in others), tuple(now for _, now in others),
                note=f"insert vertex: {', '.join(was.code for was, _ in changed)}")
    prove(edit, coverage)
    return edit
