"""A Coverage in memory that takes edits, and the look at all of it afterwards."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import shapely

from layers.areas import Area
from layers.chain import Segments, difference, remainder, renew, without
from layers.coverage import Bounds, Coverage, explode, same_course
from layers.edits import Edit
from layers.errors import UnknownArea


class Ledger(Coverage):
    """Areas in memory that take edits; ancestors it knows are renewed with them."""

    def __init__(self, areas: Iterable[Area]):
        self.areas = {area.fid: area for area in areas}
        self.next_fid = max(self.areas) + 1
        self._fids: list[int] = []
        self._row: dict[int, int] = {}
        self._bounds = np.full((2 * len(self.areas) + 1000, 4), np.nan)
        for area in self.areas.values():
            self._index(area)

    def get(self, fid: int) -> Area:
        if fid not in self.areas:
            raise UnknownArea(f"there is no area {fid}")
        return self.areas[fid]

    def near(self, bounds: Bounds) -> list[Area]:
        box, rows = np.array(bounds), self._bounds[:len(self._fids)]
        hit = (rows[:, 0] <= box[2]) & (rows[:, 2] >= box[0]) & (rows[:, 1] <= box[3]) & (rows[:, 3] >= box[1])
        return [self.areas[fid] for fid in sorted(self._fids[i] for i in np.flatnonzero(hit).tolist())]

    def leaves(self) -> list[Area]:
        """All leaves, by fid."""
        return [self.areas[fid] for fid in sorted(self.areas) if self.areas[fid].leaf]

    def anywhere(self, dice: random.Random) -> tuple[float, float]:
        """A point in some leaf."""
        while True:
            area = self.areas.get(dice.choice(self._fids))
            if area is not None and area.leaf:
                return area.shape.representative_point().coords[0]

    def apply(self, edit: Edit) -> Edit:
        """Write the edit; new areas get their fid and code. The edit as written, which ~ can undo."""
        edit = replace(edit, after=tuple(self._registered(area) for area in edit.after))
        old, new = edit.before + edit.touched_before, edit.after + edit.touched
        for area in old:
            assert self.areas.get(area.fid) == area
        for area in edit.above_before:  # a parent's ring may begin elsewhere since it was renewed
            now = self.areas[area.fid]
            assert replace(now, shape=area.shape) == area and now.shape.normalize() == area.shape.normalize()
        self._renew_ancestors(old, new, {area.fid for area in edit.above_before + edit.above})
        for area in old + edit.above_before:
            del self.areas[area.fid]
            if area.leaf:
                self._bounds[self._row[area.fid]] = np.nan
        for area in new + edit.above:
            self.areas[area.fid] = area
            self._index(area)
        return edit

    def _registered(self, area: Area) -> Area:
        if area.fid >= 0:
            return area
        fid, self.next_fid = self.next_fid, self.next_fid + 1
        return replace(area, fid=fid, code=f"n{fid}", path=area.path.replace(f"/{area.fid}/", f"/{fid}/"))

    def _index(self, area: Area) -> None:
        if not area.leaf:
            return
        if area.fid not in self._row:
            self._row[area.fid] = len(self._fids)
            self._fids.append(area.fid)
            if len(self._fids) > len(self._bounds):
                self._bounds = np.concatenate([self._bounds, np.full_like(self._bounds, np.nan)])
        self._bounds[self._row[area.fid]] = area.shape.bounds

    def _renew_ancestors(self, old: Iterable[Area], new: Iterable[Area], right: set[int]) -> None:
        ancestors = {int(fid) for area in (*old, *new) for fid in area.path.strip("/").split("/")[:-1]}
        for fid in sorted((ancestors & set(self.areas)) - right):
            mine = [[area for area in side if f"/{fid}/" in area.path] for side in (old, new)]
            removed, added = difference(*(explode(side)[0] if side else [] for side in mine))
            parent = self.areas[fid]
            self.areas[fid] = replace(parent, shape=renew(parent.shape, removed, added))


def border(coverage: Ledger) -> Segments:
    """The outermost border of all leaves."""
    return remainder(explode(coverage.leaves())[0])


def assert_seamless(coverage: Ledger, was: Segments) -> None:
    """The leaves tile what they tiled when `was` = border(coverage) was taken, up to vertices on the outermost
    border, every shape is valid, and every ancestor has exactly the border of its leaves."""
    now = border(coverage)
    assert same_course(without(was, now), without(now, was), tolerance=2)
    leaves = coverage.leaves()
    assert shapely.is_valid(np.array([leaf.shape for leaf in leaves], dtype=object)).all()
    below: dict[int, list[Area]] = defaultdict(list)
    for leaf in leaves:
        for fid in leaf.path.strip("/").split("/")[:-1]:
            below[int(fid)].append(leaf)
    assert set(below) <= set(coverage.areas), "a leaf hangs on an area that is gone"
    for area in coverage.areas.values():
        if not area.leaf:
            assert below[area.fid], f"{area.code} has no leaves"
            removed, added = difference(explode([area])[0], explode(below[area.fid])[0])
            assert not len(removed) and not len(added), area.code
