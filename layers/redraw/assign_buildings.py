"""Assign buildings to an area (刷楼): the border is drawn round the ground of their cells.

    +-------+-------+        +-------+-------+
    |   A   | o   o |        |   A   +---+ o |     the painted buildings (o on the left) go to A with the ground nearest
    |       +  B    |   ->   |     o |   +   |     to them; what the stroke parts off B without a building goes along
    |       | o   o |        |     o | o  o  |
    +-------+-------+        +-------+-------+
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import shapely

from ..areas import Area
from ..cells import Cells, Town
from ..chain import unpack
from ..coverage import Coverage, gather, united
from ..edits import Edit, Finding
from ..errors import BadInput, OtherParent, PartsRefused, ProofFailed
from ..inner_borders import inner_borders, straightened
from ..population import inner_point
from .cut_off import GIVE, Held, Plot, changed, gave, give, offering, owners, refuse_other
from .ground import Deal, Laid, lay, proved_straight
from .parents import code_of, name_of, other_parents
from .reshape import refuse_fixed
from .split import Weigh, may_change
from .stroke import Plots, Stroke, degrees, plots_of, points_of


def assign_buildings(coverage: Coverage, to: int, buildings: Mapping[int, int] = MappingProxyType({}), town: Town | None = None,
                     targets: Sequence[int] | None = None, weigh: Weigh | None = None, allow_parts: bool = False, rest: str | None = None,
                     trim: bool = False, fixed: Collection[str] = (), celled: Callable[[np.ndarray, Town], Plots] | None = None) -> Edit:
    """Give the leaf `to` these buildings (number in the town -> fid of the leaf that holds it now) with the ground of
    their cells. Open ground between them and the leaf goes along, and so does what would be left over without a
    building; a leaf of which nothing is left retires with `to` as `successor`. Buildings `to` holds already stay, and
    so do those that none of the `targets` (None: whoever) holds. `fixed` are levels whose borders law fixes; `celled`
    may remember the cells of a leaf. With rest="give" no giver falls apart: all but its heaviest piece go to the neighbour
    with the longest common border, see `cut_off`; the painted buildings come to `to` in any case. With `trim` buildings
    of other parents stay where they are, which a finding `trimmed` says.

    BadInput when there is no building to assign or for another `rest`, UnknownArea, NotLeaf, AreaLocked, OtherParent
    (`parents`; in `inside` code and name of the parent whose buildings alone `trim` would take), PartsRefused with the place
    and the code of the area that would fall apart (unless `allow_parts`) and in `to` the codes of those to whom rest="give"
    would give, EditRefused, BorderTouches, ProofFailed."""
    refuse_other(rest, GIVE)
    area, town = may_change(coverage.get(to)), town or Town.empty()
    wanted: dict[int, list[int]] = {}
    for number, holder in buildings.items():
        if holder != area.fid and (targets is None or holder in targets):
            wanted.setdefault(holder, []).append(number)
    if not wanted:
        raise BadInput(f"all of these buildings belong to {area.code} already" if buildings else "a building is needed")
    abroad = [giver for giver in map(coverage.get, sorted(wanted)) if giver.parent != area.parent]
    mine = {fid: numbers for fid, numbers in wanted.items() if fid not in {giver.fid for giver in abroad}}
    if abroad and not (trim and mine):
        raise _foreign(coverage, area, abroad, town, wanted, inside=None if trim or not mine else mine)
    findings = _trimmed(coverage, area, abroad, town, wanted)
    wanted, givers = mine, [may_change(coverage.get(fid)) for fid in sorted(mine)]
    refuse_fixed((area, *givers), fixed)
    numbers = [wanted[giver.fid] for giver in givers]
    stroke = Stroke.over(area, givers, numbers, town, celled or plots_of).joined().completed()
    if stroke.taken & stroke.open:  # it goes on beyond the ground that was looked at
        stroke = Stroke.over(area, givers, numbers, town, celled or plots_of, whole=True).joined().completed()

    def made(rest: str | None) -> Edit:
        def laid(straight: bool) -> Edit:
            edit = _edit(coverage, area, stroke, town, wanted, straight, allow_parts, rest, weigh, findings)
            refuse_fixed(edit.before, fixed)
            return edit
        return proved_straight(laid, coverage)
    return offering(made, rest)


def _foreign(coverage: Coverage, area: Area, abroad: Sequence[Area], town: Town, wanted: Mapping[int, list[int]],
             inside: Collection[int] | None) -> OtherParent:
    """The refusal with the place of the first building that another parent holds; what lies `inside` may be taken alone."""
    count = sum(len(wanted[one.fid]) for one in abroad)
    way = {"inside": {"code": code_of(coverage, area.parent), "name": name_of(coverage, area.parent)}} if inside else {}
    return other_parents(coverage, (area, *abroad), f"{count} building(s) belong to other parents", areas=[one.code for one in abroad],
                         where=_first(abroad, town, wanted), **way)


def _trimmed(coverage: Coverage, area: Area, abroad: Sequence[Area], town: Town, wanted: Mapping[int, list[int]]) -> tuple[Finding, ...]:
    if not abroad:
        return ()
    code, count = code_of(coverage, area.parent), sum(len(wanted[one.fid]) for one in abroad)
    return (Finding("trimmed", f"only buildings in {code} are assigned; {count} beyond it stay where they are", code,
                    tuple(_first(abroad, town, wanted)), what=name_of(coverage, area.parent)),)


def _first(abroad: Sequence[Area], town: Town, wanted: Mapping[int, list[int]]) -> list[float]:
    return degrees(inner_point(town.buildings[wanted[abroad[0].fid][0]]))


# ---- who holds what then --------------------------------------------------------------------------------------------
def _edit(coverage: Coverage, area: Area, stroke: Stroke, town: Town, wanted: Mapping[int, list[int]], straight: bool,
          allow_parts: bool, rest: str | None, weigh: Weigh | None, findings: Sequence[Finding]) -> Edit:
    groups, deals, whole = [], [], []
    for k, (giver, mine) in enumerate(zip(stroke.givers, stroke.plots, strict=True)):
        goes = np.array([(k, cell) in stroke.taken for cell in range(len(mine.cells))], bool)
        if goes.all():
            whole.append(giver)
            continue
        part = goes[mine.cells.of_face].astype(int)
        groups.append([giver])
        deals.append(Deal(_lines(mine.cells, part, town, straight), mine.cells.faces, part, 2))
    laid = lay(coverage, groups, deals) if groups else Laid([], (), ())
    held = _held(area, [giver for giver, in groups], whole, laid)
    painted = [plot.ground for plot in held[area.fid]]
    found = give(coverage, held, weigh, area) if rest == GIVE else ()
    areas, own = owners(held), (area, *(giver for giver, in groups), *whole)
    more = changed(held) - {one.fid for one in own}
    before = (*own, *(areas[fid] for fid in sorted(more)))
    after = tuple(_redrawn(one, held[one.fid], allow_parts) for one in before if held[one.fid])
    _prove_buildings(gather(united(painted)) if found else after[0].shape, stroke)
    fids = {one.fid for one in before}
    touched = [(was, now) for was, now in zip(laid.touched_before, laid.touched, strict=True) if was.fid not in fids]
    codes = ", ".join(one.code for one in own[1:])
    return Edit("assign_buildings", before, after, tuple(was for was, _ in touched), tuple(now for _, now in touched),
                {one.fid: area.fid for one in whole}, f"buildings of {codes} to {area.code}", (*findings, *_along(stroke, town, wanted), *found),
                gave=gave(held))


def _held(area: Area, givers: Sequence[Area], whole: Sequence[Area], laid: Laid) -> Held:
    """What each area has when the plots have gone: of the area and of those around as neighbours see it that gained vertices."""
    shapes = {one.fid: one.shape for one in laid.touched}
    held: Held = {one.fid: _plots(shapes.get(one.fid, one.shape), one) for one in (area, *laid.touched_before)}
    for one in whole:
        held[area.fid] += _plots(shapes.get(one.fid, one.shape), one)
        held[one.fid] = []
    for giver, (stays, goes) in zip(givers, laid.pieces, strict=True):
        held[giver.fid] = _plots(stays, giver)
        held[area.fid] += _plots(goes, giver)
    return held


def _plots(shape: shapely.MultiPolygon, of: Area) -> list[Plot]:
    """The parts of a shape, each with the number of the part of the area in which it lies."""
    parts, own = shapely.get_parts(shape), shapely.get_parts(of.shape)
    number = shapely.STRtree(own).nearest(shapely.point_on_surface(parts)) if len(own) > 1 else np.zeros(len(parts), int)
    return [Plot(part, of, k) for part, k in zip(parts, number.tolist(), strict=True)]


def _lines(cells: Cells, part: np.ndarray, town: Town, straight: bool) -> list[np.ndarray]:
    lines = inner_borders(cells.faces, part, town.lines)
    if not straight:
        return [unpack(keys).astype(np.int64) for keys, _ in lines]
    reach = shapely.box(*shapely.total_bounds(cells.faces))
    return straightened(lines, cells.faces, town.buildings[shapely.intersects(town.buildings, reach)])


def _redrawn(was: Area, plots: Sequence[Plot], allow_parts: bool) -> Area:
    """PartsRefused with the place of the smallest piece that hangs on nothing."""
    now = replace(was, shape=gather(united([plot.ground for plot in plots])), version=was.version + 1)
    if allow_parts or len(now.shape.geoms) <= len(was.shape.geoms):
        return now
    loose = [part for part in now.shape.geoms if not any(shapely.equals(part, old) for old in was.shape.geoms)]
    raise PartsRefused(f"{was.code} would fall into {len(now.shape.geoms)} parts", areas=[was.code], parts=len(now.shape.geoms),
                       where=degrees(shapely.point_on_surface(min(loose, key=shapely.area))))


def _prove_buildings(shape: shapely.MultiPolygon, stroke: Stroke) -> None:
    """ProofFailed when the border of the area that receives ran so that a building did not go where its plot goes."""
    shapely.prepare(shape)
    for k, (mine, points) in enumerate(zip(stroke.plots, stroke.standing, strict=True)):
        if not len(points):
            continue
        meant = np.array([(k, cell) in stroke.taken for cell in mine.at(points).tolist()], bool)
        wrong = np.flatnonzero(np.where(meant, ~shapely.intersects(shape, points), shapely.contains_properly(shape, points)))
        if len(wrong):
            raise ProofFailed("a building would not go where its ground goes", where=degrees(points[wrong[0]]))


def _along(stroke: Stroke, town: Town, wanted: Mapping[int, list[int]]) -> tuple[Finding, ...]:
    """Says how many buildings go along because they stand on the ground of a chosen one."""
    found: list[shapely.Point] = []
    for k, (giver, mine, points) in enumerate(zip(stroke.givers, stroke.plots, stroke.standing, strict=True)):
        chosen = {(point.x, point.y) for point in points_of(town.buildings[wanted[giver.fid]])}
        goes = [(k, cell) in stroke.taken for cell in mine.at(points).tolist()] if len(points) else []
        found += [point for point, come in zip(points, goes, strict=True) if come and (point.x, point.y) not in chosen]
    return (Finding("buildings-along", f"{len(found)} building(s) on the same ground go along", where=tuple(degrees(found[0])),
                    count=len(found)),) if found else ()
