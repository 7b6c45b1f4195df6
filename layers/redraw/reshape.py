"""Reshape: a drawn line that leaves a border and meets it again moves the border; both sides give and take.

    +-----+-----+        +-----+-----+     The line (o) is the new border of one area, which lies on one side of it all
    |     |     |        |     +-+   |     the way: what the line encloses is taken from whoever has it, what it cuts off
    |  A  o o B |   ->   |  A    | B |     goes to the neighbour with the longest common border. Ground never changes its
    |     o o   |        |     +-+   |     parent here, and nobody else gets more than a vertex.
    +-----+-----+        +-----+-----+
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import directed_segments, place, splice, unpack
from ..coverage import Coverage, gather, prove, united
from ..edits import Edit, Finding
from ..errors import (
    AreaLocked,
    AreaSwallowed,
    EditRefused,
    LineInside,
    LineLeavesParent,
    LineOutside,
    PartsRefused,
    SliverRefused,
)
from ..measure import units
from ..noding import Borders, course
from .cut_off import GIVE, Held, Plot, changed, gave, give, offering, owners, receiver, refuse_other, whole
from .cutting import SNAP_M, Cut, Patch, Run, cut, drawn, refuse_pinched, short_m, sides, touched
from .parents import code_of, name_of
from .split import Weigh, may_change


def reshape(coverage: Coverage, targets: Sequence[int] | None, line: shapely.LineString, weigh: Weigh | None = None,
            allow_parts: bool = False, rest: str | None = None, fixed: Collection[str] = (), snap_m: float = SNAP_M) -> Edit:
    """Make the line (units) the border of one leaf: among the targets (None: all it meets) the one whose border it leaves
    and meets again, else the one that changes least. Loose ends are trimmed, line vertices within `snap_m` metres of a
    border move onto it, and what is thinner than that stays where it is. `fixed` are levels whose borders law fixes.

    Everybody keeps fid, code and attributes; `gave` says who took ground of whom. Ground of another parent stays, which
    a finding `trimmed` says. A leaf falls into more parts only with `allow_parts`; with rest="give" none does: all but the
    heaviest piece go to the neighbour with the longest common border, see `cut_off`.

    UnknownArea, NotLeaf, AreaLocked for the targets and for whoever gives or takes; BadGeometry, LineCrossesItself,
    LineOutside, LineInside (it meets the border once; `distance_m` to the next), SliverRefused, LineLeavesParent (only
    other parents' ground lies behind it), OtherParent and NotAdjacent (nobody could take what is cut off), AreaSwallowed
    (it goes round a whole area), PartsRefused (detail `to`: the codes of those to whom rest="give" would give), EditRefused
    (it leaves open which side is whose), BadInput (another `rest`), ProofFailed."""
    refuse_other(rest, GIVE)
    xy = drawn(line, snap_m)
    if (xy[0] == xy[-1]).all():
        raise LineOutside("a closed line moves no border", where=(xy[0] / UNITS_PER_DEGREE).tolist())
    named = None if targets is None else {may_change(coverage.get(fid)).fid for fid in targets}
    patch = Patch.along(coverage, xy, max(units(snap_m, float(xy[0, 1]))) + 3)
    every = np.ones(len(patch.parts), bool)
    met = cut(patch, every, xy, snap_m)
    first = _chosen(patch, met, named, xy)
    moving = {run.name for run in first.moving()}
    done = cut(patch, every, xy, snap_m, only=lambda run: run.name in moving)
    refuse_pinched(patch, done)
    last = Border.of(patch, done, first.target, first.right)
    if last is None:
        raise EditRefused("the line and the borders cannot be told apart here", where=place(done.line[0]))
    above = patch.areas[first.target].parent
    findings = first.left_out(code_of(coverage, above), name_of(coverage, above))

    def made(rest: str | None) -> Edit:
        edit = _edit(coverage, last, allow_parts, rest, weigh, findings)
        refuse_fixed(edit.before, fixed)
        prove(edit, coverage)
        return edit
    return offering(made, rest)


def refuse_fixed(areas: Sequence[Area], fixed: Collection[str]) -> None:
    """AreaLocked when law fixes the borders of a level: they never move."""
    for area in areas:
        if area.level in fixed:
            raise AreaLocked(f"{area.code}: law fixes the borders of the level {area.level}", areas=[area.code])


# ---- the line as the border of one area -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A stretch of the line inside the area (`own`) or outside it, from its border to its border (`closed`) or only
    from or to it. `cost` is the ground that changes hands when the area lies on the (left, right)."""

    runs: tuple[Run, ...]
    own: bool
    closed: bool
    cost: tuple[float, float]
    loop: shapely.Polygon | None = None  # what a closed stretch outside encloses together with the border


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The line as the new border of the target (index in the patch), which lies on its left, or `right`, all the way.
    `taken` and `lost` are (part, piece) that go to the target and from it."""

    patch: Patch
    done: Cut
    target: int
    right: bool
    ways: tuple[Way, ...]
    taken: tuple[tuple[int, int], ...]
    lost: tuple[tuple[int, int], ...]
    abroad: tuple[Run, ...]  # runs across ground of other parents that would have been taken

    @classmethod
    def of(cls, patch: Patch, done: Cut, target: int, right: bool | None = None) -> Border | None:
        """On the side where less changes, unless told; None when no side goes with the line."""
        ways = tuple(_ways(patch, done, target))
        cost = [sum(way.cost[side] for way in ways) for side in (0, 1)]
        side = cost.index(min(cost)) if right is None else int(right)
        labels: dict[tuple[int, int], set[int]] = {}  # (part, piece) -> the sides of the line on which it lies
        for run in (run for way in ways for run in way.runs):
            for where, piece in enumerate(sides(done.pieces[run.part], run)):
                labels.setdefault((run.part, piece), set()).add(where)
        if not ways or cost[side] == math.inf or any(len(label) > 1 for label in labels.values()):
            return None
        mine, parent = patch.owner == target, patch.areas[target].parent
        kin = np.array([patch.areas[owner].parent == parent for owner in patch.owner.tolist()], bool)
        taken = tuple(key for key, label in labels.items() if side in label and kin[key[0]] and not mine[key[0]])
        lost = tuple(key for key, label in labels.items() if side not in label and mine[key[0]])
        abroad = tuple(run for way in ways for run in way.runs if not kin[run.part])
        return cls(patch, done, target, bool(side), ways, taken, lost, abroad)

    def rank(self) -> tuple:
        """Better first: ground moves, the line comes back to the border, it runs outside the area, little changes."""
        half, own = sum(not way.closed for way in self.ways), sum(way.own for way in self.ways)
        cost = sum(way.cost[self.right] for way in self.ways)
        return not self.moving(), half, own, cost, self.patch.areas[self.target].fid

    def moving(self) -> list[Run]:
        """The runs that part what moves from what stays."""
        moved = {*self.taken, *self.lost}
        pieces = self.done.pieces
        return [run for way in self.ways for run in way.runs
                if len({(run.part, piece) in moved for piece in sides(pieces[run.part], run)}) == 2]

    def left_out(self, parent: str, name: str) -> tuple[Finding, ...]:
        """Says that ground of other parents stays where it is."""
        if not self.abroad:
            return ()
        where = tuple(place(self.abroad[0].keys[0]))
        return (Finding("trimmed", "the line leaves the parent; ground of other parents stays where it is", parent, where, what=name),)


def _chosen(patch: Patch, met: Cut, named: set[int] | None, xy: np.ndarray) -> Border:
    """The area whose border the line becomes, and how."""
    indices = [k for k, area in enumerate(patch.areas) if named is None or area.fid in named]
    found = [border for k in indices for border in [Border.of(patch, met, k)] if border is not None]
    if not found:
        raise _refusal(patch, met, indices, xy)
    best = min(found, key=Border.rank)
    if not best.moving():
        area, run = patch.areas[best.target], (*best.abroad, *best.ways[0].runs)[0]
        raise LineLeavesParent(f"{area.code}: behind the line lies only ground of other parents", where=place(run.keys[0]), why="outside")
    return best


def _ways(patch: Patch, done: Cut, target: int) -> Iterator[Way]:
    """The stretches of the line that could be a border of the target."""
    keys = done.line
    parts = splice(patch.of(target), course(Borders.of(patch.of(target), unpack(keys), 2), np.unique(keys)))
    segments = directed_segments(parts)
    on = np.isin(keys, segments.start)
    if not on.any():
        return
    runs = {tuple(run.keys[:2].tolist()): run for run in done.runs}
    xy = unpack(keys)
    middle = (xy[:-1] + xy[1:]) / 2
    shapely.prepare(parts)
    inside = shapely.contains_xy(parts[:, None], middle[None, :, 0], middle[None, :, 1]).any(axis=0)
    along = {*segments.pairs()}
    pairs = list(zip(keys[:-1].tolist(), keys[1:].tolist(), strict=True))
    edge = np.array([(a, b) in along or (b, a) in along for a, b in pairs], bool)
    before = dict(zip(segments.end.tolist(), segments.start.tolist(), strict=True))
    breaks = np.flatnonzero(on | np.r_[True, (inside[1:] != inside[:-1]) | (edge[1:] != edge[:-1]), True])
    for i, j in zip(breaks[:-1].tolist(), breaks[1:].tolist(), strict=True):
        mine = tuple(runs[pair] for pair in pairs[i:j] if pair in runs)
        if edge[i] or not mine or not (on[i] or on[j]):
            continue
        if inside[i]:
            yield Way(mine, True, True, _ground(done, mine)[::-1])
            continue
        loops = [_loop(keys[i:j + 1].tolist(), before, right) for right in (False, True)] if on[i] and on[j] else [None, None]
        real = [loop for loop in loops if loop is not None]
        if real:
            smaller = min(real, key=lambda loop: loop.area)
            yield Way(mine, False, True, tuple(math.inf if loop is None else loop.area for loop in loops), smaller)
        else:
            yield Way(mine, False, False, _ground(done, mine))


def _ground(done: Cut, runs: Sequence[Run]) -> tuple[float, float]:
    """Ground on the left and on the right of the runs, within the parts they cut."""
    beside = [[(run.part, piece) for piece in sides(done.pieces[run.part], run)] for run in runs]
    left, right = ({pair[side] for pair in beside} for side in (0, 1))
    return tuple(sum(done.pieces[part][piece].area for part, piece in some) for some in (left, right))


def _loop(way: list[int], before: dict[int, int], right: bool) -> shapely.Polygon | None:
    """What the way outside an area encloses with the border of the area, on its left or right; None when nothing. The
    border is followed backwards (`before`: end of a segment -> its start), so that the area stays outside the loop."""
    way = way[::-1] if right else way
    loop, at = list(way), way[-1]
    for _ in range(len(before)):
        at = before.get(at)
        if at is None or at == way[0]:
            break
        loop.append(at)
    if at != way[0] or len(loop) < 3:
        return None
    polygon = shapely.Polygon(unpack(np.array(loop)))
    return polygon if shapely.is_ccw(polygon.exterior) else None


def _refusal(patch: Patch, met: Cut, indices: Sequence[int], xy: np.ndarray) -> EditRefused:
    """Why the line is nobody's border."""
    names = ", ".join(patch.areas[k].code for k in indices[:3])
    if met.runs and any(any(_ways(patch, met, k)) for k in indices):
        return EditRefused("the line leaves open which side is whose; draw it in two steps", where=place(met.runs[0].keys[0]))
    mine = shapely.union_all(shapely.boundary(patch.parts[np.isin(patch.owner, indices)]))
    loose = [run for run in met.loose if shapely.dwithin(mine, shapely.points(unpack(run.keys[[0, -1]])), 2).any()]
    if loose:
        run = loose[-1]
        short = round(short_m(patch.parts[run.part], run.loose), 2)
        code = patch.areas[patch.owner[run.part]].code
        return LineInside(f"{code}: the line ends inside, {short} m from the border", where=place(run.loose), distance_m=short)
    if met.slivers:
        return SliverRefused("the line runs along the border; nothing would move", where=place(met.slivers[0].keys[0]))
    middle = shapely.LineString(xy).interpolate(0.5, normalized=True)
    return LineOutside(f"the line does not leave a border{' of ' + names if names else ''} and meet it again",
                       where=[middle.x / UNITS_PER_DEGREE, middle.y / UNITS_PER_DEGREE])


# ---- who holds what then --------------------------------------------------------------------------------------------
def _edit(coverage: Coverage, border: Border, allow_parts: bool, rest: str | None, weigh: Weigh | None,
          findings: tuple[Finding, ...]) -> Edit:
    patch, done, target = border.patch, border.done, may_change(border.patch.areas[border.target])
    held = _held(border)
    for part, piece in border.taken:
        giver = may_change(patch.areas[patch.owner[part]])
        held[target.fid].append(Plot(done.pieces[part][piece], giver, part))
    _refuse_swallowed(coverage, border, held)
    for part, piece in border.lost:
        polygon = done.pieces[part][piece]
        heir = receiver(coverage, target, polygon, held)
        held.setdefault(heir.fid, whole(heir)).append(Plot(polygon, target, part))
    if rest == GIVE:
        findings += give(coverage, held, weigh)
    fids, areas = changed(held), owners(held)
    if rest is not None and target.fid not in fids:
        raise PartsRefused(f"all that {target.code} would get is cut off from it", areas=[target.code], where=place(done.line[0]))
    before = (target, *(areas[fid] for fid in sorted(fids - {target.fid})))
    after = tuple(_redrawn(area, [plot.ground for plot in held[area.fid]], allow_parts) for area in before)
    was, now = touched(patch, done, {k for k, area in enumerate(patch.areas) if area.fid in {target.fid, *fids}})
    return Edit("reshape", before, after, was, now, note=f"reshape {', '.join(area.code for area in before)}", findings=findings,
                gave=gave(held))


def _held(border: Border) -> Held:
    """What each area of the patch keeps, by fid."""
    gone, held = {*border.taken, *border.lost}, {}
    for part, (polygon, owner) in enumerate(zip(border.done.parts, border.patch.owner.tolist(), strict=True)):
        area, pieces = border.patch.areas[owner], border.done.pieces.get(part)
        kept = [polygon] if pieces is None else [one for k, one in enumerate(pieces) if (part, k) not in gone]
        held.setdefault(area.fid, []).extend(Plot(one, area, part) for one in kept)
    return held


def _refuse_swallowed(coverage: Coverage, border: Border, held: Held) -> None:
    """A whole area round which the line goes is merged, not reshaped. Enclaves of what is taken stay enclaves."""
    for part, _ in border.taken:
        area = border.patch.areas[border.patch.owner[part]]
        if not held[area.fid]:
            raise _swallowed(area)
    target = border.patch.areas[border.target]
    filled = [shapely.Polygon(border.done.pieces[part][piece].exterior) for part, piece in border.taken]
    for loop in (way.loop for way in border.ways if way.loop is not None):
        shapely.prepare(loop)
        for area in coverage.near(loop.bounds):
            if area.parent == target.parent and area.fid != target.fid:
                spots = [shapely.point_on_surface(plot.ground) for plot in (held[area.fid] if area.fid in held else whole(area))]
                if any(shapely.contains(loop, spot) and not shapely.intersects(filled, spot).any() for spot in spots):
                    raise _swallowed(area)


def _swallowed(area: Area) -> AreaSwallowed:
    spot = area.shape.representative_point()
    return AreaSwallowed(f"the line goes round all of {area.code}: merge it instead", areas=[area.code],
                       where=[spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE])


def _redrawn(area: Area, polygons: Sequence[shapely.Polygon], allow_parts: bool) -> Area:
    shape = gather(united(polygons))
    if len(shape.geoms) > len(area.shape.geoms) and not allow_parts:
        spot = min(shape.geoms, key=lambda polygon: polygon.area).representative_point()
        raise PartsRefused(f"{area.code} would fall into {len(shape.geoms)} parts", areas=[area.code],
                           where=[spot.x / UNITS_PER_DEGREE, spot.y / UNITS_PER_DEGREE])
    return replace(area, shape=shape, version=area.version + 1)
