"""Random redraws on a coverage in memory, to be sure that it stays seamless whatever people draw.

`Ledger` is a Coverage that takes edits; `random_edits` draws lines (straight, crooked, through vertices, along
borders, closed, ending nowhere), merges neighbours, reshapes, moves vertices, draws new areas, gives areas another
parent, undoes, and counts. Also runs on real data, see test_redraw_real.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from layers.areas import Area
from layers.chain import NO_SEGMENTS, Segments, difference, directed_segments, match, remainder, renew, without
from layers.coverage import Bounds, Coverage, explode, prove, same_course
from layers.edits import Edit
from layers.errors import BadGeometry, EditRefused, UnknownArea, WeigeError
from layers.measure import units
from layers.redraw import OPERATIONS

KINDS = {"split": 40, "merge": 25, "undo": 10, "reshape": 13, "move_vertex": 6, "insert_vertex": 3, "delete_vertex": 3,
         "draw": 8, "island": 3, "transfer": 4}  # how often


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

    def apply(self, edit: Edit) -> Edit:
        """Write the edit; new areas get their fid and code. The edit as written, which ~ can undo."""
        edit = replace(edit, after=tuple(self._registered(area) for area in edit.after))
        old, new = edit.before + edit.touched_before, edit.after + edit.touched
        for area in old + edit.above_before:
            assert self.areas.get(area.fid) == area
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


@dataclass
class Count:
    """What became of the random edits. `special` touch a seam of parents, a hole or an area of several parts."""

    accepted: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    special: int = 0
    outer_vertices: int = 0
    area2_change: int = 0
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.accepted.values())


def random_edits(coverage: Ledger, n: int, seed: int = 0) -> Count:
    """Try `n` random redraws on the coverage and write those accepted. AssertionError when something else than the
    edit says has changed; every accepted edit has passed the proof once more, after it was written."""
    dice, count = random.Random(seed), Count()
    places = _special_places(coverage)
    for _ in range(n):
        leaf = _pick(coverage, places, dice)
        op = dice.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        asked = _asked(op, coverage, leaf, dice)
        before = {area.fid: area for area in coverage.near(leaf.shape.bounds)}
        began = time.process_time()
        try:
            edit = OPERATIONS["split" if op == "undo" else op](coverage, **asked)
        except WeigeError as error:
            assert isinstance(error, EditRefused | BadGeometry), error
            count.refused[f"{op}: {error.code}"] += 1
            count.cpu_ms.setdefault("refused", []).append((time.process_time() - began) * 1e3)
            assert all(coverage.get(fid) is area for fid, area in before.items())
            continue
        count.cpu_ms.setdefault(op, []).append((time.process_time() - began) * 1e3)
        proof = prove(edit, coverage)
        special = _is_special(coverage, edit)
        written = coverage.apply(edit)
        if op == "undo":
            prove(~written, coverage, restores=True)
            coverage.apply(~written)
            assert all(coverage.get(area.fid).shape.wkb == area.shape.wkb for area in edit.before + edit.touched_before)
        else:
            count.outer_vertices += proof.outer_vertices
            count.area2_change += proof.area2_change
        count.accepted[op] += 1
        count.special += special
    return count


def assert_seamless(coverage: Ledger, was: Segments) -> None:
    """The leaves tile what they tiled when `was` = border(coverage) was taken, up to vertices on the outermost
    border, every shape is valid, and every ancestor has exactly the border of its leaves."""
    now = border(coverage)
    assert same_course(without(was, now), without(now, was), tolerance=2)
    leaves = coverage.leaves()
    assert shapely.is_valid(np.array([leaf.shape for leaf in leaves], dtype=object)).all()
    for area in coverage.areas.values():
        if not area.leaf:
            below = [leaf for leaf in leaves if f"/{area.fid}/" in leaf.path]
            removed, added = difference(explode([area])[0], explode(below)[0])
            assert not len(removed) and not len(added), area.code


def border(coverage: Ledger) -> Segments:
    """The outermost border of all leaves."""
    return remainder(explode(coverage.leaves())[0])


# --- what people draw --------------------------------------------------------------------------------------------
def _special_places(coverage: Ledger) -> list[tuple[float, float]]:
    """A point in each leaf that has a hole, several parts or a border with another parent."""
    return [leaf.shape.representative_point().coords[0] for leaf in coverage.leaves()
            if _is_broken(leaf) or _at_seam(coverage, leaf)]


def _is_broken(leaf: Area) -> bool:
    return len(leaf.shape.geoms) > 1 or any(part.interiors for part in leaf.shape.geoms)


def _at_seam(coverage: Coverage, leaf: Area) -> bool:
    others = [area for area in coverage.near(leaf.shape.bounds) if area.parent != leaf.parent]
    theirs = directed_segments(explode(others)[0]) if others else NO_SEGMENTS
    mine = directed_segments(explode([leaf])[0])
    back = Segments(mine.end, mine.start, mine.owner)
    return len(match(back, theirs)[0]) > 0


def _is_special(coverage: Coverage, edit: Edit) -> bool:
    return any(_is_broken(area) for area in edit.before + edit.after) or any(
        _at_seam(coverage, area) for area in edit.before)


def _pick(coverage: Ledger, places: list[tuple[float, float]], dice: random.Random) -> Area:
    while True:
        if places and dice.random() < 0.5:
            x, y = dice.choice(places)
        else:
            x, y = _anywhere(coverage, dice)
        found = [leaf for leaf in coverage.near((x, y, x, y)) if leaf.shape.intersects(shapely.Point(x, y))]
        if found:
            return dice.choice(found)


def _anywhere(coverage: Ledger, dice: random.Random) -> tuple[float, float]:
    while True:
        area = coverage.areas.get(dice.choice(coverage._fids))
        if area is not None and area.leaf:
            return area.shape.representative_point().coords[0]


def _asked(op: str, coverage: Ledger, leaf: Area, dice: random.Random) -> dict:
    if op == "merge":
        return _merge_asked(coverage, leaf, dice)
    if op.endswith("_vertex"):
        return _vertex_asked(op, leaf, dice)
    if op == "transfer":
        near = [area.parent for area in coverage.near(leaf.shape.bounds) if area.parent != leaf.parent]
        return {"targets": [leaf.fid], "parent": dice.choice(near or [leaf.parent]), "allow_parts": dice.random() < 0.1}
    if op == "island":
        return {"parent": dice.choice((leaf.parent, leaf.fid)), "polygon": blob(dice, leaf, small=True)}
    if op == "draw":
        return {"parent": leaf.parent, "polygon": blob(dice, leaf), "trim": dice.random() < 0.8, "rest": dice.choice((None, "new")),
                "allow_parts": dice.random() < 0.2, "snap_m": dice.choice((0.5, 0.5, 0.0, 2.0))}
    if op == "reshape":
        return {"targets": dice.choice(([leaf.fid], None)), "line": _bump(leaf, dice) if dice.random() < 0.7 else _drawn(leaf, dice),
                "allow_parts": dice.random() < 0.2, "snap_m": dice.choice((0.5, 0.5, 0.0, 2.0))}
    named = dice.choice(([leaf.fid], [leaf.fid], None))
    keep = leaf.shape.representative_point() if dice.random() < 0.3 else None
    return {"targets": named, "line": _drawn(leaf, dice), "keep": keep, "allow_parts": dice.random() < 0.2,
            "snap_m": dice.choice((0.5, 0.5, 0.0, 2.0))}


def blob(dice: random.Random, leaf: Area, small: bool = False) -> shapely.Polygon:
    """What a hand draws round a place: a few corners, some through vertices and along borders; `small`: well inside."""
    x, y = shapely.point_on_surface(leaf.shape).coords[0]
    if dice.random() < 0.4 and not small:
        x, y = dice.choice(shapely.get_coordinates(leaf.shape).tolist())
    low, high = np.array(leaf.shape.bounds[:2]), np.array(leaf.shape.bounds[2:])
    size = (high - low).max() * dice.choice((0.03, 0.1) if small else (0.05, 0.2, 0.5, 0.9, 1.6))
    turns = sorted(dice.uniform(0, 2 * np.pi) for _ in range(dice.randint(3, 9)))
    spots = [(x + size * dice.uniform(0.5, 1) * np.cos(turn), y + size * dice.uniform(0.5, 1) * np.sin(turn)) for turn in turns]
    if dice.random() < 0.4 and not small:
        vertices = shapely.get_coordinates(leaf.shape)
        spots = [tuple(vertices[((vertices - spot) ** 2).sum(axis=1).argmin()]) if dice.random() < 0.4 else spot for spot in spots]
    return shapely.Polygon(np.round(spots))


def _merge_asked(coverage: Ledger, leaf: Area, dice: random.Random) -> dict:
    near = [area for area in coverage.near(leaf.shape.bounds) if area.fid != leaf.fid]
    kin = [area for area in near if area.parent == leaf.parent and area.shape.intersects(leaf.shape)]
    if dice.random() < 0.1 or not kin:
        kin = near or [coverage.areas[dice.choice(list(coverage.areas))]]
    chosen = dice.sample(kin, min(len(kin), dice.choice((1, 1, 1, 2))))
    fids = list(dict.fromkeys([leaf.fid, *(area.fid for area in chosen)]))
    if len(fids) < 2:
        fids.append(next(area.fid for area in coverage.leaves() if area.fid != leaf.fid))
    return {"targets": fids, "keep": dice.choice((None, leaf.fid)), "allow_parts": dice.random() < 0.1}


def _vertex_asked(op: str, leaf: Area, dice: random.Random) -> dict:
    xy = shapely.get_coordinates(dice.choice(list(leaf.shape.geoms)).exterior)
    k, reach = dice.randrange(len(xy) - 1), dice.choice((3, 100, 1000))
    at = (xy[k] + xy[k + 1]) / 2 if op == "insert_vertex" else xy[k]
    to = {"to": shapely.Point(np.rint(at + [dice.uniform(-reach, reach), dice.uniform(-reach, reach)]))} if op == "move_vertex" else {}
    return {"at": shapely.Point(np.rint(at)), **to}


def _bump(leaf: Area, dice: random.Random) -> shapely.LineString:
    """From a vertex of the border to another one near, by way of a point beside it."""
    xy = shapely.get_coordinates(dice.choice(list(leaf.shape.geoms)).exterior)[:-1]
    first, far = dice.randrange(len(xy)), dice.randrange(1, min(len(xy), 12))
    ends = xy[[first, (first + far) % len(xy)]]
    middle = ends.mean(axis=0) + np.array([dice.uniform(-0.6, 0.6), dice.uniform(-0.6, 0.6)]) * np.ptp(xy, axis=0)
    return shapely.LineString(np.rint([ends[0], middle, ends[1] + dice.choice((0, 1, -50))]))


def _drawn(leaf: Area, dice: random.Random) -> shapely.LineString:
    part = dice.choice(list(leaf.shape.geoms))
    vertices = shapely.get_coordinates(part.exterior)[:-1]
    middle = np.array(part.representative_point().coords[0])
    low, high = np.array(part.bounds[:2]), np.array(part.bounds[2:])
    size = (high - low).max()

    def vertex(step: int = 0) -> np.ndarray:
        return vertices[(start + step) % len(vertices)]

    def crooked() -> np.ndarray:
        turn, count = dice.uniform(0, np.pi), dice.randint(2, 6)
        way = np.linspace(-1, 1, count)[:, None] * size * dice.choice((0.3, 0.8, 1.2, 2.0)) / 2
        wobble = np.array([[dice.uniform(-0.1, 0.1), dice.uniform(-0.1, 0.1)] for _ in range(count)]) * size
        return middle + way * [np.cos(turn), np.sin(turn)] + wobble

    def closed() -> np.ndarray:
        turn = np.linspace(0, 2 * np.pi, dice.randint(4, 12))
        points = middle + size * dice.uniform(0.02, 0.25) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        points[-1] = points[0]
        return points

    def traced() -> np.ndarray:
        jitter = units(0.2, middle[1])
        count = min(len(vertices), dice.randint(2, 8))
        points = [vertex(i) + [dice.uniform(-1, 1) * jitter[0], dice.uniform(-1, 1) * jitter[1]] for i in range(count)]
        return np.array([*points, middle, middle * 2 - points[0]])

    start, far = dice.randrange(len(vertices)), dice.randrange(1, len(vertices))
    points = dice.choice((
        crooked, crooked, crooked, crooked, crooked, closed, traced,
        lambda: np.array([vertex(), vertex(far)]),
        lambda: np.array([vertex(), vertex(1), vertex(far)]),
        lambda: np.array([(vertex() + vertex(1)) / 2, (vertex(far) + vertex(far + 1)) / 2]),
        lambda: np.array([vertex() * 2 - vertex(far), vertex(far) * 2 - vertex()]),
        lambda: np.array([vertex() + [1, 0], vertex(far) + [0, 1]]),
        lambda: np.array([vertex() - [1, 1], middle, vertex(far) + [0, 1]]),
    ))()
    return shapely.LineString(points)
