"""Draw a new area: it takes the ground under it from the leaves there are.

    +-----+-----+        +---+-----+
    |  A  |  B  |   ->   | A +-+ B |     N takes from A and from B; who lies wholly under it retires into it
    |   +---+   |        |   |N|   |
    +---+---+---+        +---+-+---+
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..coverage import Coverage, explode, gather, prove, united
from ..edits import Edit, Finding
from ..errors import (
    BadGeometry,
    BadInput,
    LineCrossesItself,
    LineLeavesParent,
    LineOutside,
    NoChildren,
    PartsRefused,
    SliverRefused,
)
from ..measure import area_m2, metres_per_unit, units
from .cutting import SNAP_M, Cut, Patch, cut, drawn, refuse_pinched, touched
from .ground import sibling
from .parents import other_parents
from .split import Weigh, may_change

RESTS = ("new",)  # what may become of pieces a leaf falls into: areas of their own


def draw(coverage: Coverage, parent: int, polygon: shapely.Polygon, rest: str | None = None, trim: bool = False,
         weigh: Weigh | None = None, allow_parts: bool = False, snap_m: float = SNAP_M) -> Edit:
    """A new area of the polygon (units) takes its ground from the leaves under `parent`, all of one direct parent; it is
    -1, "+1", of the level of whoever gave most. Leaves wholly under it retire with it as `successor`; the others keep
    fid, code and what is left of them. Ground of nobody under the polygon stays nobody's.

    Ground of other parents under it: LineLeavesParent with the place; with `trim` it is left out and a finding says so.
    A leaf that would fall into pieces: PartsRefused with the place (`areas`: its code), as for the new area itself;
    with `allow_parts` it has several parts, with rest="new" all pieces but the heaviest become areas too.
    NoChildren for a parent that is a leaf, OtherParent, AreaLocked, UnknownArea, BadGeometry, LineCrossesItself,
    LineOutside when the polygon takes nothing or just one whole leaf, SliverRefused, ProofFailed."""
    if rest is not None and rest not in RESTS:
        raise BadInput(f"rest: one of {', '.join(RESTS)} is needed")
    above = coverage.get(parent)
    if above.leaf:
        raise NoChildren(f"{above.code} has no smaller areas; subdivide it first", areas=[above.code])
    xy = outline(polygon, snap_m)
    taking = Taking.under(coverage, xy, lambda area: area.path.startswith(above.path) and area.fid != above.fid, snap_m)
    beyond = taking.beyond(above.code, trim)
    return take("draw", coverage, taking, beyond, rest, weigh, allow_parts)


def outline(polygon: shapely.Polygon, snap_m: float = SNAP_M) -> np.ndarray:
    """The drawn polygon (units) as a closed line, (n, 2) int64. BadGeometry for any other type, a hole or no ground,
    LineCrossesItself with the place."""
    if polygon.geom_type != "Polygon" or polygon.is_empty or len(polygon.interiors):
        raise BadGeometry("one polygon without holes is needed")
    xy = drawn(shapely.LineString(polygon.exterior.coords), snap_m)
    if len(xy) < 4 or shapely.Polygon(xy).area == 0:
        raise BadGeometry("the polygon encloses no ground", where=(xy[0] / UNITS_PER_DEGREE).tolist())
    if not shapely.is_valid(shapely.Polygon(xy)):
        raise LineCrossesItself("the polygon touches itself", where=(xy[0] / UNITS_PER_DEGREE).tolist())
    return xy


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of ground of a leaf: it goes to the new area (`taken`) or stays. `part` tells which of its parts."""

    area: Area
    part: int
    shape: shapely.Polygon
    taken: bool


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What lies under the polygon: the leaves it may take from, cut along it, and those it may not."""

    polygon: shapely.Polygon
    snap_m: float
    patch: Patch
    done: Cut
    pieces: tuple[Piece, ...]
    others: tuple[Area, ...]

    @classmethod
    def under(cls, coverage: Coverage, xy: np.ndarray, mine: Callable[[Area], bool], snap_m: float) -> Taking:
        """Cuts the leaves for which `mine` holds along the closed line."""
        polygon = shapely.Polygon(xy)
        patch = Patch.along(coverage, xy, max(units(snap_m, float(xy[0, 1]))) + 3)
        allowed = np.array([mine(area) for area in patch.areas], bool)
        done = cut(patch, allowed[patch.owner], xy, snap_m)
        refuse_pinched(patch, done)
        known = {area.fid for area in patch.areas}
        near = [area for area in coverage.near(polygon.bounds) if area.fid not in known]
        inner, owner = explode([area for area in near if mine(area)]) if any(map(mine, near)) else (np.empty(0, object), [])
        own = [area for area in near if mine(area)]
        found = []
        for part in np.flatnonzero(allowed[patch.owner]).tolist():
            found += [(patch.areas[patch.owner[part]], part, shape) for shape in done.pieces.get(part, [done.parts[part]])]
        found += [(own[k], len(patch.parts) + i, shape) for i, (k, shape) in enumerate(zip(owner, inner, strict=True))]
        shapes = np.array([shape for _, _, shape in found], dtype=object)
        shapely.prepare(polygon)
        taken = shapely.area(shapely.intersection(shapes, polygon)) * 2 > shapely.area(shapes) if len(found) else []
        pieces = tuple(Piece(*one, bool(under)) for one, under in zip(found, taken, strict=True))
        others = [area for area, free in zip(patch.areas, allowed.tolist(), strict=True) if not free]
        return cls(polygon, snap_m, patch, done, pieces, (*others, *(area for area in near if not mine(area))))

    def givers(self) -> list[Area]:
        """The leaves that give ground, by fid."""
        found = {piece.area.fid: piece.area for piece in self.pieces if piece.taken}
        return [found[fid] for fid in sorted(found)]

    def beyond(self, code: str, trim: bool) -> tuple[Finding, ...]:
        """What the polygon covers of others: refused, with the place, or left out with a finding."""
        over = [(area, part) for area in self.others for part in _thick(self.polygon, area.shape, self.snap_m)]
        if not over:
            return ()
        codes = sorted({area.code for area, _ in over})
        largest = max((part for _, part in over), key=shapely.area)
        where = place(largest)
        if not trim:
            raise LineLeavesParent(f"the polygon leaves {code}: it covers ground of {', '.join(codes[:5])}", where=where, areas=codes)
        ground = round(float(sum(area_m2(shapely.MultiPolygon([part])) for _, part in over)), 1)
        return (Finding("trimmed", f"only what lies in {code} is taken; {len(codes)} area(s) beyond it keep their ground", code,
                        tuple(where), area_m2=ground),)


def take(op: str, coverage: Coverage, taking: Taking, findings: Sequence[Finding], rest: str | None, weigh: Weigh | None,
         allow_parts: bool) -> Edit:
    """The edit that gives the taken pieces to a new area."""
    givers = [may_change(area) for area in taking.givers()]
    if not givers:
        raise _nothing(taking)
    if len({area.parent for area in givers}) > 1:
        raise other_parents(coverage, givers, "the areas under the polygon belong to different parents")
    mine = [piece for piece in taking.pieces if piece.taken]
    ground = gather(united([piece.shape for piece in mine]))
    if len(ground.geoms) > 1 and not allow_parts:
        raise PartsRefused(f"the new area would fall into {len(ground.geoms)} parts", where=place(_least(ground.geoms)),
                           areas=[], parts=len(ground.geoms))
    kept, loose = [], []
    for area in givers:
        stays, falls = _left(area, taking.pieces, rest, weigh, allow_parts)
        kept += [replace(area, shape=gather(stays), version=area.version + 1)] if stays else []
        loose += [(area, gather([shape])) for shape in falls]
    if not kept and len(givers) == 1 and not loose:
        raise LineOutside(f"the polygon is {givers[0].code} itself", where=place(taking.polygon), areas=[givers[0].code])
    source = max(givers, key=lambda area: (sum(piece.shape.area for piece in mine if piece.area is area), -area.fid))
    new = [sibling(source, ground, 1, givers=givers), *(sibling(area, shape, k) for k, (area, shape) in enumerate(loose, 2))]
    gave = {-1: tuple(area.fid for area in givers)} | {-k: (area.fid,) for k, (area, _) in enumerate(loose, 2)}
    living = {area.fid for area in kept}
    index = {area.fid: k for k, area in enumerate(taking.patch.areas)}
    was, gained = touched(taking.patch, taking.done, {index[area.fid] for area in givers if area.fid in index})
    gone = {area.fid: -1 for area in givers if area.fid not in living}
    edit = Edit(op, tuple(givers), (*kept, *new), was, gained, gone, f"{op} on {', '.join(area.code for area in givers)}",
                tuple(findings), gave=gave)
    prove(edit, coverage)
    return edit


def _left(area: Area, pieces: Sequence[Piece], rest: str | None, weigh: Weigh | None,
          allow_parts: bool) -> tuple[list[shapely.Polygon], list[shapely.Polygon]]:
    """(what the leaf keeps, what falls off it to areas of their own)."""
    stays: list[shapely.Polygon] = []
    falls: list[shapely.Polygon] = []
    for part in dict.fromkeys(piece.part for piece in pieces if piece.area is area):
        left = united([piece.shape for piece in pieces if piece.area is area and piece.part == part and not piece.taken])
        if len(left) < 2 or allow_parts and rest is None:
            stays += left
            continue
        if rest is None:
            raise PartsRefused(f"{area.code} would fall into {len(left)} pieces", where=place(_least(left)), areas=[area.code],
                               parts=len(left))
        best = heaviest(left, weigh)
        stays.append(best)
        falls += [shape for shape in left if shape is not best]
    return stays, falls


def heaviest(shapes: Sequence[shapely.Polygon], weigh: Weigh | None) -> shapely.Polygon:
    """The one with most households by `weigh`, of equal ones the largest."""
    several = [shapely.MultiPolygon([shape]) for shape in shapes]
    ground = area_m2(several)
    weights = ground if weigh is None else [-1.0 if w is None or w != w else float(w) for w in weigh(several)]
    ranked = [(-w, -m2, shape.bounds[0]) for w, m2, shape in zip(weights, ground, shapes, strict=True)]
    return shapes[ranked.index(min(ranked))]


def _nothing(taking: Taking) -> SliverRefused | LineOutside:
    if taking.done.slivers:
        return SliverRefused("the polygon would only part off slivers", where=place(taking.polygon))
    return LineOutside("no area that may give ground lies under the polygon", where=place(taking.polygon))


def _thick(polygon: shapely.Polygon, shape: shapely.Geometry, snap_m: float) -> list[shapely.Polygon]:
    """The parts of what both cover that are more than a hand's tremble along a border."""
    common = [part for part in shapely.get_parts(shapely.get_parts(shapely.intersection(polygon, shape))) if part.area > 0]
    if not common:
        return []
    scale = np.array(metres_per_unit(polygon.bounds[1]))
    ground = shapely.transform(common, lambda xy: xy * scale)
    width = 2 * shapely.area(ground) / shapely.length(ground)
    return [part for part, wide in zip(common, width.tolist(), strict=True) if wide > snap_m]


def _least(shapes: Sequence[shapely.Polygon]) -> shapely.Polygon:
    return min(shapes, key=shapely.area)


def place(shape: shapely.Geometry) -> list[float]:
    """A point inside the shape (units), in degrees."""
    spot = shapely.point_on_surface(shape)
    return [spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE]
