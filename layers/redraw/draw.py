"""Draw a new area: it takes the ground under it from the leaves there are.

    +-----+-----+        +---+-----+
    |  A  |  B  |   ->   | A +-+ B |     N takes from A and from B; who lies wholly under it retires into it
    |   +---+   |        |   |N|   |
    +---+---+---+        +---+-+---+
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..coverage import Coverage, explode, gather, prove, united
from ..edits import Edit, Finding
from ..errors import (
    BadGeometry,
    LineCrossesItself,
    LineLeavesParent,
    LineOutside,
    NoChildren,
    PartsRefused,
    SliverRefused,
)
from ..measure import area_m2, metres_per_unit, units
from .cut_off import GIVE, Held, Plot, changed, gave, give, heaviest, offering, owners, place, refuse_other, told
from .cutting import SNAP_M, Cut, Patch, Run, cut, drawn, refuse_pinched, sides, touched
from .ground import sibling
from .parents import other_parents
from .split import Weigh, may_change

NEW = "new"  # what may become of pieces a leaf falls into, beside GIVE: areas of their own


def draw(coverage: Coverage, parent: int, polygon: shapely.Polygon, rest: str | None = None, trim: bool = False,
         weigh: Weigh | None = None, allow_parts: bool = False, snap_m: float = SNAP_M) -> Edit:
    """A new area of the polygon (units) takes its ground from the leaves under `parent`, all of one direct parent; it is
    -1, "+1", of the level of whoever gave most. Leaves wholly under it retire with it as `successor`; the others keep
    fid, code and what is left of them. Ground of nobody under the polygon stays nobody's.

    Ground of other parents under it: LineLeavesParent with the place; with `trim` it is left out and a finding says so.
    A leaf that would fall into pieces: PartsRefused with the place (`areas`: its code), as for the new area itself;
    with `allow_parts` it has several parts, with rest="new" all pieces but the heaviest become areas too. With rest="give"
    all but the heaviest go to the neighbour with the longest common border, the new area or one that was there, see
    `cut_off`; the new area is its heaviest piece then, and the others stay with whom they are. The refusal says in `to` to
    whom that would give.
    NoChildren for a parent that is a leaf, OtherParent, AreaLocked, UnknownArea, BadGeometry, LineCrossesItself, BadInput
    (another `rest`), NotAdjacent (nobody could take what is cut off), LineOutside when the polygon takes nothing or just one
    whole leaf, SliverRefused, ProofFailed."""
    refuse_other(rest, NEW, GIVE)
    above = coverage.get(parent)
    if above.leaf:
        raise NoChildren(f"{above.code} has no smaller areas; subdivide it first", areas=[above.code])
    xy = outline(polygon, snap_m)
    taking = Taking.under(coverage, xy, lambda area: area.path.startswith(above.path) and area.fid != above.fid, snap_m)
    beyond = taking.beyond(above, trim)
    return offering(lambda rest: take("draw", coverage, taking, beyond, rest, weigh, allow_parts), rest)


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
    mine: Callable[[Area], bool]
    pieces: tuple[Piece, ...]
    others: tuple[Area, ...]

    @classmethod
    def under(cls, coverage: Coverage, xy: np.ndarray, mine: Callable[[Area], bool], snap_m: float,
              only: Callable[[Run], bool] = lambda run: True) -> Taking:
        """Cuts the leaves for which `mine` holds along the closed line, or along those runs of it that `only` lets pass."""
        polygon = shapely.Polygon(xy)
        patch = Patch.along(coverage, xy, max(units(snap_m, float(xy[0, 1]))) + 3)
        allowed = np.array([mine(area) for area in patch.areas], bool)
        done = cut(patch, allowed[patch.owner], xy, snap_m, only)
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
        return cls(polygon, snap_m, patch, done, mine, pieces, (*others, *(area for area in near if not mine(area))))

    def in_one(self, coverage: Coverage, weigh: Weigh | None) -> Taking:
        """Only the heaviest stretch of the ground is taken; elsewhere nothing is cut."""
        whole = united([piece.shape for piece in self.pieces if piece.taken])
        if len(whole) == 1:
            return self
        best = heaviest(whole, weigh)
        shapely.prepare(best)
        stays = {id(piece.shape) for piece in self.pieces if piece.taken and shapely.contains(best, shapely.point_on_surface(piece.shape))}
        parting = {run.name for run in self.done.runs
                   if any(id(self.done.pieces[run.part][k]) in stays for k in sides(self.done.pieces[run.part], run))}
        less = self.under(coverage, np.array(self.polygon.exterior.coords).astype(np.int64), self.mine, self.snap_m, lambda run: run.name in parting)
        return replace(less, pieces=tuple(
            replace(piece, taken=piece.taken and shapely.contains(best, shapely.point_on_surface(piece.shape))) for piece in less.pieces))

    def held(self, fid: int) -> Held:
        """What everybody near has when the area of that number has what is taken."""
        found: Held = {piece.area.fid: [] for piece in self.pieces}
        for piece in self.pieces:
            found.setdefault(fid if piece.taken else piece.area.fid, []).append(Plot(piece.shape, piece.area, piece.part))
        others = {area.fid for area in self.others}
        for part, (polygon, k) in enumerate(zip(self.done.parts, self.patch.owner.tolist(), strict=True)):
            if self.patch.areas[k].fid in others:
                found.setdefault(self.patch.areas[k].fid, []).append(Plot(polygon, self.patch.areas[k], part))
        return found

    def left_by(self, ground: Sequence[shapely.Polygon]) -> list[list[Plot]]:
        """What lies beyond this ground of what is taken, area by area."""
        within, left = shapely.STRtree(ground), {}
        for piece in self.pieces:
            if piece.taken and not len(within.query(shapely.point_on_surface(piece.shape), predicate="intersects")):
                left.setdefault(piece.area.fid, []).append(Plot(piece.shape, piece.area, piece.part))
        return list(left.values())

    def givers(self) -> list[Area]:
        """The leaves that give ground, by fid."""
        found = {piece.area.fid: piece.area for piece in self.pieces if piece.taken}
        return [found[fid] for fid in sorted(found)]

    def source(self) -> Area:
        """Who gives most."""
        ground = {area.fid: sum(piece.shape.area for piece in self.pieces if piece.taken and piece.area is area) for area in self.givers()}
        return max(self.givers(), key=lambda area: (ground[area.fid], -area.fid))

    def beyond(self, above: Area, trim: bool) -> tuple[Finding, ...]:
        """What the polygon covers of others: refused, with the place, or left out with a finding."""
        over = [(area, part) for area in self.others for part in _thick(self.polygon, area.shape, self.snap_m)]
        if not over:
            return ()
        code, codes = above.code, sorted({area.code for area, _ in over})
        if not self.givers():
            raise LineLeavesParent(f"none of it lies in {code}, only ground of {', '.join(codes[:5])}", where=place(self.polygon),
                                   areas=codes, why="outside")
        largest = max((part for _, part in over), key=shapely.area)
        where = place(largest)
        if not trim:
            raise LineLeavesParent(f"the polygon leaves {code}: it covers ground of {', '.join(codes[:5])}", where=where, areas=codes)
        ground = round(float(sum(area_m2(shapely.MultiPolygon([part])) for _, part in over)), 1)
        return (Finding("trimmed", f"only what lies in {code} is taken; {len(codes)} area(s) beyond it keep their ground", code,
                        tuple(where), area_m2=ground, what=above.name or code),)


def take(op: str, coverage: Coverage, taking: Taking, findings: Sequence[Finding], rest: str | None, weigh: Weigh | None,
         allow_parts: bool) -> Edit:
    """The edit that gives the taken pieces to a new area."""
    givers = [may_change(area) for area in taking.givers()]
    if not givers:
        raise _nothing(taking)
    if len({area.parent for area in givers}) > 1:
        raise other_parents(coverage, givers, "the areas under the polygon belong to different parents")
    if rest == GIVE:
        edit = _giving(op, coverage, taking, findings, weigh)
    else:
        edit = _keeping(op, taking, findings, rest, weigh, allow_parts)
    prove(edit, coverage)
    return edit


def _keeping(op: str, taking: Taking, findings: Sequence[Finding], rest: str | None, weigh: Weigh | None, allow_parts: bool) -> Edit:
    """Nobody but the new area and those cut off takes anything."""
    givers, mine = taking.givers(), [piece.shape for piece in taking.pieces if piece.taken]
    ground = gather(united(mine))
    if len(ground.geoms) > 1 and not allow_parts:
        raise PartsRefused(f"the new area would fall into {len(ground.geoms)} parts", where=place(_least(ground.geoms)),
                           areas=[], parts=len(ground.geoms))
    kept, loose = [], []
    for area in givers:
        stays, falls = _left(area, taking.pieces, rest, weigh, allow_parts)
        kept += [replace(area, shape=gather(stays), version=area.version + 1)] if stays else []
        loose += [(area, gather([shape])) for shape in falls]
    new = [sibling(taking.source(), ground, 1, givers=givers), *(sibling(area, shape, k) for k, (area, shape) in enumerate(loose, 2))]
    gave = {-1: tuple(area.fid for area in givers)} | {-k: (area.fid,) for k, (area, _) in enumerate(loose, 2)}
    return _edit(op, taking, givers, (*kept, *new), findings, gave)


def _giving(op: str, coverage: Coverage, taking: Taking, findings: Sequence[Finding], weigh: Weigh | None) -> Edit:
    """What is cut off goes to whoever lies beside it; what the new area would have beside its heaviest piece stays."""
    less = taking.in_one(coverage, weigh)
    new = sibling(less.source(), shapely.MultiPolygon(), 1, givers=less.givers())
    held = less.held(new.fid)
    stays = [told(new, plots[0].of, plots) for plots in taking.left_by([plot.ground for plot in held[new.fid]])]
    found = give(coverage, held, weigh, new)
    areas = owners(held)
    before = [areas[fid] for fid in sorted(changed(held) - {new.fid})]
    ground = {fid: gather(united([plot.ground for plot in plots])) for fid, plots in held.items() if plots}
    kept = [replace(area, shape=ground[area.fid], version=area.version + 1) for area in before if area.fid in ground]
    return _edit(op, less, before, (*kept, replace(new, shape=ground[new.fid])), (*findings, *stays, *found), gave(held))


def _edit(op: str, taking: Taking, before: Sequence[Area], after: Sequence[Area], findings: Sequence[Finding],
          gave: Mapping[int, tuple[int, ...]]) -> Edit:
    if len(before) == len(after) == 1:
        raise LineOutside(f"the polygon is {before[0].code} itself", where=place(taking.polygon), areas=[before[0].code])
    index, living = {area.fid: k for k, area in enumerate(taking.patch.areas)}, {area.fid for area in after}
    was, gained = touched(taking.patch, taking.done, {index[area.fid] for area in before if area.fid in index})
    gone = {area.fid: -1 for area in before if area.fid not in living}
    return Edit(op, tuple(before), tuple(after), was, gained, gone, f"{op} on {', '.join(area.code for area in before)}", tuple(findings), gave=gave)


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
