"""Draw an island: a new area wholly inside one leaf, which then lies round it. Merging the two takes it away again."""

from __future__ import annotations

import shapely

from ..coverage import Coverage
from ..edits import Edit
from ..errors import LineOutside
from .cut_off import place
from .cutting import SNAP_M
from .draw import Taking, outline, take
from .split import Weigh


def island(coverage: Coverage, parent: int, polygon: shapely.Polygon, weigh: Weigh | None = None, snap_m: float = SNAP_M) -> Edit:
    """A new area of the polygon (units) inside one leaf: `parent` itself, or the leaf below it that holds the polygon. The
    leaf keeps fid, code and all ground round the island; the new one is -1, "+1", its sibling.

    LineLeavesParent with the place when the polygon also covers ground of others, LineOutside, AreaLocked, UnknownArea,
    BadGeometry, LineCrossesItself, SliverRefused, PartsRefused when it cuts the leaf, ProofFailed when it touches it."""
    above = coverage.get(parent)
    xy = outline(polygon, snap_m)
    spot = shapely.point_on_surface(shapely.Polygon(xy))
    host = above if above.leaf else next((area for area in coverage.near(spot.bounds) if area.path.startswith(above.path)
                                          and shapely.intersects(area.shape, spot)), None)
    if host is None:
        raise LineOutside(f"{above.code}: the polygon lies in no area of it", where=place(spot))
    taking = Taking.under(coverage, xy, lambda area: area.fid == host.fid, snap_m)
    taking.beyond(host, trim=False)
    return take("island", coverage, taking, (), None, weigh, allow_parts=False)
