"""Move a vertex: all areas that share it change together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import shapely

from ..areas import Area
from ..chain import pack, unpack
from ..coverage import Coverage
from ..edits import Edit
from ..errors import NoVertex
from .cutting import SNAP_M
from .split import Weigh
from .vertex import corner, degrees, redrawn, refuse_border, spot


def move_vertex(coverage: Coverage, at: shapely.Point, to: shapely.Point, weigh: Weigh | None = None,
                fixed: Collection[str] = (), snap_m: float = SNAP_M) -> Edit:
    """The vertex within `snap_m` metres of `at` goes to `to` (units), in every leaf that has it. `fixed` are levels whose
    borders law fixes. Moved back it gives the same bytes.

    NoVertex; AreaLocked when it lies on the border of a parent, or an area is fixed; LineCrossesItself when a border would
    cross or touch another, SliverRefused, BadGeometry, ProofFailed."""
    found, target = corner(coverage, at, snap_m), spot(to)
    refuse_border(found, fixed)
    key = int(pack(target[None])[0])
    if key == found.key:
        raise NoVertex("the vertex is there already", where=degrees(target))
    after = [_moved(area, unpack(found.key), target) for area in found.areas]
    return redrawn("move_vertex", coverage, found.areas, after, target, [(key, arm) for arm in found.arms if arm != key])


def _moved(area: Area, was: np.ndarray, now: np.ndarray) -> Area:
    return replace(area, shape=shapely.transform(area.shape, lambda xy: np.where((xy == was).all(axis=1)[:, None], now, xy)))
