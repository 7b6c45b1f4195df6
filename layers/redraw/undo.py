"""Undo where others worked since: the borders of before, noded into the map as it is.

Whoever cut next door, or put a vertex on a common border, stays undisturbed: the outermost border of the ground is kept
as it is now, vertex by vertex, and only the borders inside go back.

    +---+---+        +-------+        +---+---+
    | A | B |        |   A   |        | A | B |
    +---+---+  now   +---*---+   ->   +-*-+---+     * is the neighbour's since: A or B gets it, whoever lies there
    |   C   |        | C | D |        | C | D |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import shapely

from ..areas import Area
from ..chain import (
    Course,
    Segments,
    area2,
    directed_segments,
    match,
    place,
    remainder,
    splice,
    unpack,
    without,
)
from ..coverage import Coverage, explode, gather, prove, united
from ..edits import Edit
from ..errors import ProofFailed
from ..noding import Borders, course, thread, whole

OFF = 3  # units: borders this near are one border; vertices that came since lie next to it by rounding


def restore(coverage: Coverage, now: Sequence[Area], before: Sequence[Area], quiet: Collection[int] = ()) -> Edit:
    """Give the ground that `now` holds back to `before`, with the borders these had inside it. `quiet` are fids among
    both whose course does not change: they only lose vertices again.

    In `before` and `touched_before` of the edit stand the areas as they are, in `after` and `touched` as they shall be;
    shapes that fit as they were come back as the same bytes. ProofFailed when the borders cannot be joined."""
    shapes, inserted = _shapes(explode(now)[0], before)
    now_by_fid = {area.fid: area for area in now}
    after = [replace(area, shape=_as_written(area, now_by_fid.get(area.fid), shape))
             for area, shape in zip(before, shapes, strict=True)]
    near, gained = _neighbours(coverage, inserted, set(now_by_fid))
    edit = Edit(
        "undo",
        tuple(area for area in now if area.fid not in quiet),
        tuple(area for area in after if area.fid not in quiet),
        (*(now_by_fid[area.fid] for area in after if area.fid in quiet), *near),
        (*(area for area in after if area.fid in quiet), *gained),
    )
    prove(edit, coverage, restores=True)
    return edit


def holds_ground(was: shapely.MultiPolygon, now: shapely.MultiPolygon) -> bool:
    """True when both are the same ground: nothing but vertices came or went, each next to the border it lies on."""
    if was == now:
        return True
    old, new = (directed_segments(shapely.get_parts(shape)) for shape in (was, now))
    gone, came = without(old, new), without(new, old)
    if not len(gone) and not len(came):
        return True
    for here, there, shape in ((gone, new, now), (came, old, was)):
        spots = unpack(np.setdiff1d(np.union1d(here.start, here.end), there.start))
        border = shapely.boundary(shape)
        shapely.prepare(border)
        if not shapely.dwithin(border, shapely.points(spots), OFF).all():
            return False
    moved = abs(area2(shapely.get_parts(was)) - area2(shapely.get_parts(now))) / 2
    length = sum(float(np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum()) for ends in (gone.coordinates(), came.coordinates()))
    return moved <= OFF * length


# ---- borders --------------------------------------------------------------------------------------------------------
def _shapes(now: np.ndarray, before: Sequence[Area]) -> tuple[list[shapely.MultiPolygon], Course]:
    """The shapes of `before` on the ground of these parts, and the vertices its outermost border must gain."""
    parts, owner = explode(before)
    border, was = remainder(now), remainder(parts)
    if not len(without(border, was)) and not len(without(was, border)):
        return [area.shape for area in before], {}
    every = directed_segments(parts)
    inside = without(every, was)
    inside = Segments(inside.start, inside.end, owner[inside.owner])
    known = Segments(was.start, was.end, owner[was.owner])
    inside, inserted = _noded(inside, without(border, was))
    border = _spliced(border, inserted)
    faces = _faces(border, inside)
    whose = _owners(faces, border, [inside, known], before)
    shapes = []
    for k, area in enumerate(before):
        mine = faces[whose == k]
        if not len(mine):
            raise ProofFailed(f"{area.code}: nothing is left of its ground", where=place(int(border.start[0])))
        shapes.append(gather(united(mine)))
    return shapes, inserted


def _noded(inside: Segments, fresh: Segments) -> tuple[Segments, Course]:
    """The borders inside with a vertex wherever they meet a segment of the outermost border that was not there when
    they were drawn, and the vertices these segments gain by it."""
    once = inside.start < inside.end
    borders = _borders(fresh)
    if not len(borders.a) or not once.any():
        return inside, {}
    lines = shapely.linestrings(inside[once].coordinates())
    tree = shapely.STRtree(shapely.linestrings(np.stack([borders.a, borders.b], axis=1)))
    met = np.unique(tree.query(lines, predicate="dwithin", distance=2.0)[0])
    ways: dict[tuple[int, int], list[int]] = {}
    for (a, b), ends in zip(inside[once][met].pairs(), inside[once][met].coordinates(), strict=True):
        ways[a, b] = thread(ends.astype(np.int64), borders).tolist()
    start, end, who = [], [], []
    for (a, b), mine in zip(inside.pairs(), inside.owner.tolist(), strict=True):
        way = ways.get((a, b)) or ways.get((b, a), [b, a])[::-1]
        start += way[:-1]
        end += way[1:]
        who += [mine] * (len(way) - 1)
    vertices = np.unique(np.array([key for way in ways.values() for key in way], np.int64))
    gained = course(borders, vertices) if len(vertices) else {}
    return Segments(np.array(start, np.int64), np.array(end, np.int64), np.array(who, np.intp)), gained


def _borders(segments: Segments) -> Borders:
    """Each segment once, whichever way it is walked."""
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    if not len(low):
        return Borders(np.empty((0, 2), np.int64), np.empty((0, 2), np.int64))
    low, high = np.unique(np.stack([low, high]), axis=1)
    return Borders(whole(low), whole(high))


def _spliced(border: Segments, inserted: Course) -> Segments:
    """The border with these vertices."""
    if not inserted:
        return border
    start, end = [], []
    for a, b in border.pairs():
        between = inserted[a, b] if (a, b) in inserted else tuple(reversed(inserted.get((b, a), ())))
        way = [a, *between, b]
        start += way[:-1]
        end += way[1:]
    return Segments(np.array(start, np.int64), np.array(end, np.int64), np.zeros(len(start), np.intp))


# ---- faces ----------------------------------------------------------------------------------------------------------
def _faces(border: Segments, inside: Segments) -> np.ndarray:
    """Polygons between these segments that lie on the ground, counter-clockwise."""
    low = np.concatenate([np.minimum(one.start, one.end) for one in (border, inside)])
    high = np.concatenate([np.maximum(one.start, one.end) for one in (border, inside)])
    low, high = np.unique(np.stack([low, high]), axis=1)
    lines = shapely.linestrings(np.stack([unpack(low), unpack(high)], axis=1))
    faces = shapely.orient_polygons(shapely.get_parts(shapely.polygonize(lines)))
    if not len(faces):
        return faces
    segments = directed_segments(faces)
    outward, _ = match(segments, Segments(border.end, border.start, border.owner))
    return np.delete(faces, np.unique(segments.owner[outward]))


def _owners(faces: np.ndarray, border: Segments, known: Sequence[Segments], before: Sequence[Area]) -> np.ndarray:
    """For each face the index of the area that had its longest segments; where none is known, the nearest."""
    if not len(faces):
        raise ProofFailed("no ground is left", where=place(int(border.start[0])))
    segments = directed_segments(faces)
    votes = np.zeros((len(faces), len(before)))
    length = np.hypot(*(np.diff(segments.coordinates(), axis=1)[:, 0]).T)
    for some in known:
        here, there = match(segments, some)
        np.add.at(votes, (segments.owner[here], some.owner[there]), length[here])
    whose = votes.argmax(axis=1)
    for k in np.flatnonzero(~votes.any(axis=1)).tolist():
        shapes = np.array([area.shape for area in before], dtype=object)
        whose[k] = int(shapely.distance(shapes, shapely.point_on_surface(faces[k])).argmin())
    return whose


def _as_written(area: Area, now: Area | None, shape: shapely.MultiPolygon) -> shapely.MultiPolygon:
    """The shape of before, or of now, when it is the same but for where its rings begin."""
    new = directed_segments(shapely.get_parts(shape))
    for known in (area.shape, now.shape if now is not None else None):
        if known is not None and _same_segments(directed_segments(shapely.get_parts(known)), new):
            return known
    return shape


def _same_segments(these: Segments, those: Segments) -> bool:
    return len(these) == len(those) and not len(without(these, those))


def _neighbours(coverage: Coverage, inserted: Course, but: set[int]) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
    """(before, after) of the areas around that gain these vertices."""
    if not inserted:
        return (), ()
    spots = unpack(np.array([key for segment in inserted for key in segment], np.int64))
    near = [area for area in coverage.near((*spots.min(axis=0).tolist(), *spots.max(axis=0).tolist())) if area.fid not in but]
    was, gained = [], []
    for area in near:
        parts = shapely.get_parts(area.shape)
        new = splice(parts, inserted)
        if new is not parts:
            was.append(area)
            gained.append(replace(area, shape=shapely.MultiPolygon(list(new))))
    return tuple(was), tuple(gained)
