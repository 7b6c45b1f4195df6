"""A vertex that areas share: where it is, whose it is, and whether the border may change there.

What the operations on vertices have in common. A vertex is shared by all areas around it, so it is changed in all of
them at once; nothing has to be noded, because every stretch between two vertices is the same on both its sides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import directed_segments, pack, unpack
from ..coverage import Coverage, prove
from ..edits import Edit
from ..errors import AreaLocked, BadGeometry, LineCrossesItself, NoVertex, SliverRefused
from ..measure import metres_per_unit, units
from ..noding import Borders, course, whole
from .cutting import LEAST_WIDTH, SNAP_M
from .reshape import refuse_fixed
from .split import may_change


@dataclass(frozen=True, slots=True, eq=False)
class Corner:
    """A vertex (packed), the leaves that have it, and the other ends of all border segments that meet there. `inner`:
    on both sides of each of these segments lies one of the leaves, all of one parent."""

    key: int
    areas: tuple[Area, ...]
    arms: tuple[int, ...]
    inner: bool


def spot(point: shapely.Point) -> np.ndarray:
    """A named place as (2,) int64 units. BadGeometry when it is none."""
    xy = shapely.get_coordinates(point)
    if point.geom_type != "Point" or len(xy) != 1 or not np.isfinite(xy).all():
        raise BadGeometry("a point is needed")
    return np.rint(xy[0]).astype(np.int64)


def degrees(xy: np.ndarray) -> list[float]:
    """A place in units as [lon, lat]."""
    return (np.asarray(xy, float) / UNITS_PER_DEGREE).tolist()


def around(coverage: Coverage, xy: np.ndarray, reach_m: float) -> list[Area]:
    """The leaves near a place, by fid."""
    reach = np.ceil(units(reach_m, float(xy[1]))) + 1
    return sorted(coverage.near((*(xy - reach).tolist(), *(xy + reach).tolist())), key=lambda area: area.fid)


def corner(coverage: Coverage, at: shapely.Point, reach_m: float = SNAP_M) -> Corner:
    """The vertex nearest to the place, within `reach_m` metres. NoVertex when there is none."""
    xy = spot(at)
    near = around(coverage, xy, reach_m)
    points = np.unique(shapely.get_coordinates([area.shape for area in near]), axis=0) if near else np.empty((0, 2))
    off = np.hypot(*((points - xy) * metres_per_unit(float(xy[1]))).T)
    if not len(off) or off.min() > reach_m:
        raise NoVertex("there is no vertex of a border", where=degrees(xy))
    key = int(pack(points[[off.argmin()]])[0])
    areas, segments = [], []
    for area in near:
        mine = directed_segments(shapely.get_parts(area.shape))
        here = mine[(mine.start == key) | (mine.end == key)]
        if len(here):
            areas.append(area)
            segments += here.pairs()
    both = all((b, a) in segments for a, b in segments)
    arms = tuple(sorted({a if b == key else b for a, b in segments}))
    return Corner(key, tuple(areas), arms, both and len({area.parent for area in areas}) == 1)


def refuse_border(found: Corner, fixed: Collection[str]) -> None:
    """AreaLocked when the vertex lies on the border of a parent or of all, or one of the areas is fixed."""
    if not found.inner:
        raise AreaLocked("the vertex lies on the border of the area above, which stays", where=degrees(unpack(found.key)),
                         areas=[area.code for area in found.areas])
    for area in found.areas:
        may_change(area)
    refuse_fixed(found.areas, fixed)


def redrawn(op: str, coverage: Coverage, before: Sequence[Area], after: Sequence[Area], place: np.ndarray,
            fresh: Sequence[tuple[int, int]]) -> Edit:
    """The edit that gives the areas these shapes, proved; `fresh` are the new border segments (packed). LineCrossesItself
    (a border would cross or touch another), SliverRefused (an area would be thinner than allowed), ProofFailed."""
    where = degrees(place)
    parts = np.concatenate([shapely.get_parts(area.shape) for area in after])
    source = np.concatenate([shapely.get_parts(area.shape) for area in before])
    if not shapely.is_valid(parts).all() or (_turn(parts) != _turn(source)).any() or _touches(parts, fresh):
        raise LineCrossesItself("the border would cross or touch another", where=where)
    if (2 * shapely.area(parts) < LEAST_WIDTH * shapely.length(parts)).any():
        raise SliverRefused("an area would be thinner than allowed", where=where)
    gave = {area.fid: tuple(other.fid for other in before if other.fid != area.fid) for area in before}
    edit = Edit(op, tuple(before), tuple(replace(area, version=area.version + 1) for area in after),
                note=f"{op.replace('_', ' ')}: {', '.join(area.code for area in before)}", gave=gave)
    prove(edit, coverage)
    return edit


def _turn(parts: np.ndarray) -> np.ndarray:
    """Which way round the shells are walked: a shell that is turned inside out has been pulled over itself."""
    return shapely.is_ccw(shapely.get_exterior_ring(parts))


def _touches(parts: np.ndarray, fresh: Sequence[tuple[int, int]]) -> bool:
    """Whether a new segment runs over a vertex that is not its own."""
    ends = np.array(fresh, np.int64)
    borders = Borders(whole(ends.min(axis=1)), whole(ends.max(axis=1)))
    return bool(course(borders, np.unique(pack(shapely.get_coordinates(parts)))))
