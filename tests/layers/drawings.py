"""What people draw: for each operation the arguments somebody might send, sensible and senseless, at a random leaf."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from layers.areas import Area
from layers.cells import Town
from layers.chain import NO_SEGMENTS, Segments, directed_segments, match
from layers.coverage import Coverage, explode
from layers.measure import units
from layers.population import Counts, Facts, Place
from layers.rules import Level
from tests.layers.crowd import Crowd
from tests.layers.ledger import Ledger

NAMES = ("city", "county", "town", "community", "grid", "micro_grid", "minimal_unit")
LEVELS = tuple(Level(name, name, name) for name in NAMES)  # nothing fixed by law, and one more below the leaves there are
SNAPS = (0.5, 0.5, 0.0, 2.0)
Asked = dict[str, Any]


def asked(op: str, coverage: Ledger, leaf: Area, dice: random.Random, crowd: Crowd | None = None) -> Asked:
    """The arguments of an operation at this leaf; `crowd` is who lives there."""
    if op in BY_PEOPLE:
        return BY_PEOPLE[op](coverage, leaf, dice, crowd)
    return ASKED[op](coverage, leaf, dice)


# --- where -------------------------------------------------------------------------------------------------------
def special_places(coverage: Ledger) -> list[tuple[float, float]]:
    """A point in each leaf that has a hole, several parts or a border with another parent."""
    return [leaf.shape.representative_point().coords[0] for leaf in coverage.leaves()
            if is_broken(leaf) or at_seam(coverage, leaf)]


def is_broken(leaf: Area) -> bool:
    """Whether a leaf has a hole or several parts."""
    return len(leaf.shape.geoms) > 1 or any(part.interiors for part in leaf.shape.geoms)


def at_seam(coverage: Coverage, leaf: Area) -> bool:
    """Whether a leaf of another parent lies along its border."""
    others = [area for area in coverage.near(leaf.shape.bounds) if area.parent != leaf.parent]
    theirs = directed_segments(explode(others)[0]) if others else NO_SEGMENTS
    mine = directed_segments(explode([leaf])[0])
    back = Segments(mine.end, mine.start, mine.owner)
    return len(match(back, theirs)[0]) > 0


def pick(coverage: Ledger, places: list[tuple[float, float]], dice: random.Random) -> Area:
    """A leaf at one of the special places, or anywhere."""
    while True:
        x, y = dice.choice(places) if places and dice.random() < 0.5 else coverage.anywhere(dice)
        found = [leaf for leaf in coverage.near((x, y, x, y)) if leaf.shape.intersects(shapely.Point(x, y))]
        if found:
            return dice.choice(found)


# --- what, one operation after the other ---------------------------------------------------------------------------
def _split(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    named = dice.choice(([leaf.fid], [leaf.fid], None))
    keep = leaf.shape.representative_point() if dice.random() < 0.3 else None
    return {"targets": named, "line": drawn_line(leaf, dice), "keep": keep, "allow_parts": dice.random() < 0.2,
            "snap_m": dice.choice(SNAPS)}


def _merge(coverage: Ledger, leaf: Area, dice: random.Random) -> dict:
    near = [area for area in coverage.near(leaf.shape.bounds) if area.fid != leaf.fid]
    kin = [area for area in near if area.parent == leaf.parent and area.shape.intersects(leaf.shape)]
    if dice.random() < 0.1 or not kin:
        kin = near or [coverage.areas[dice.choice(list(coverage.areas))]]
    chosen = dice.sample(kin, min(len(kin), dice.choice((1, 1, 1, 2))))
    fids = list(dict.fromkeys([leaf.fid, *(area.fid for area in chosen)]))
    if len(fids) < 2:
        fids.append(next(area.fid for area in coverage.leaves() if area.fid != leaf.fid))
    return {"targets": fids, "keep": dice.choice((None, leaf.fid)), "allow_parts": dice.random() < 0.1}


def _reshape(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    line = _bump(leaf, dice) if dice.random() < 0.7 else drawn_line(leaf, dice)
    return {"targets": dice.choice(([leaf.fid], None)), "line": line, "allow_parts": dice.random() < 0.2,
            "rest": dice.choice((None, "give")), "snap_m": dice.choice(SNAPS)}


def _vertex(op: str) -> Callable[[Ledger, Area, random.Random], Asked]:
    def ask(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
        part = dice.choice(list(leaf.shape.geoms))
        xy = shapely.get_coordinates(dice.choice([part.exterior, part.exterior, *part.interiors]))
        k, reach = dice.randrange(len(xy) - 1), dice.choice((3, 100, 1000))
        at = (xy[k] + xy[k + 1]) / 2 if op == "insert_vertex" else xy[k]
        to = {"to": shapely.Point(np.rint(at + [dice.uniform(-reach, reach), dice.uniform(-reach, reach)]))} if op == "move_vertex" else {}
        return {"at": shapely.Point(np.rint(at)), **to}
    return ask


def _draw(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    return {"parent": leaf.parent, "polygon": blob(dice, leaf), "trim": dice.random() < 0.8, "rest": dice.choice((None, "new", "give")),
            "allow_parts": dice.random() < 0.2, "snap_m": dice.choice(SNAPS)}


def _island(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    return {"parent": dice.choice((leaf.parent, leaf.fid)), "polygon": blob(dice, leaf, small=True)}


def _transfer(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    near = [area.parent for area in coverage.near(leaf.shape.bounds) if area.parent != leaf.parent]
    return {"targets": [leaf.fid], "parent": dice.choice(near or [leaf.parent]), "allow_parts": dice.random() < 0.1}


def _subdivide(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    kin = [area.fid for area in coverage.near(leaf.shape.bounds) if area.parent == leaf.parent and area.fid != leaf.fid]
    return {"targets": [leaf.fid, *dice.sample(kin, min(len(kin), dice.choice((0, 0, 1))))], "levels": LEVELS}


def _dissolve(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    small = [area.parent for area in coverage.near(leaf.shape.bounds) if area.level == NAMES[-1]]
    large = leaf.parent if dice.random() < 0.1 else leaf.fid  # seldom: a whole community would go
    return {"targets": [dice.choice(small) if small else large], "levels": LEVELS}


def _lattice(coverage: Ledger, leaf: Area, dice: random.Random) -> Asked:
    baseline = {"baseline": drawn_line(leaf, dice)} if dice.random() < 0.3 else {}
    return {"targets": [leaf.fid], "rows": dice.choice((1, 3, 4, 6, 9)), "columns": dice.choice((2, 3, 5, 7)), **baseline}


ASKED: dict[str, Callable[[Ledger, Area, random.Random], Asked]] = {
    "split": _split,
    "merge": _merge,
    "reshape": _reshape,
    "move_vertex": _vertex("move_vertex"),
    "insert_vertex": _vertex("insert_vertex"),
    "delete_vertex": _vertex("delete_vertex"),
    "subdivide": _subdivide,
    "dissolve": _dissolve,
    "draw": _draw,
    "island": _island,
    "transfer": _transfer,
    "lattice": _lattice,
}


# --- operations that ask who lives there -----------------------------------------------------------------------------
def _kin(coverage: Ledger, leaf: Area) -> list[int]:
    return [area.fid for area in coverage.near(leaf.shape.bounds) if area.parent == leaf.parent and area.fid != leaf.fid]


def _divide(coverage: Ledger, leaf: Area, dice: random.Random, crowd: Crowd | None) -> Asked:
    kin = _kin(coverage, leaf)
    fids = [leaf.fid, *dice.sample(kin, min(len(kin), dice.choice((0, 0, 1, 2))))]
    wish = {"parts": dice.randint(1, 4)} if dice.random() < 0.7 else {"norm": (10.0, 60.0)}
    town = {} if crowd is None else {"town": town_of(crowd.facts(fids))[0]}
    return {"targets": fids, **wish, "tolerance": dice.choice((0.1, 0.3)), "seed": dice.randrange(9), **town}


def _halve(coverage: Ledger, leaf: Area, dice: random.Random, crowd: Crowd | None) -> Asked:
    town = {} if crowd is None else {"town": town_of(crowd.facts([leaf.fid]))[0]}
    return {"targets": [leaf.fid], "seed": dice.choice((0, 0, 1, 2)), **town}


def _assign_buildings(coverage: Ledger, leaf: Area, dice: random.Random, crowd: Crowd | None) -> Asked:
    kin = _kin(coverage, leaf)
    fids = [leaf.fid, *dice.sample(kin, min(len(kin), dice.choice((1, 1, 2))))]
    if dice.random() < 0.2:
        near = sorted(area.fid for area in coverage.near(leaf.shape.bounds) if area.parent != leaf.parent)
        fids += dice.sample(near, min(len(near), 1))
    known = crowd.facts(fids) if crowd is not None else Facts()
    town, holders = town_of(known if known.places else _houses([coverage.get(fid) for fid in fids], dice))
    theirs = [number for number, holder in enumerate(holders) if holder != leaf.fid]
    chosen = dice.sample(theirs, min(len(theirs), dice.choice((1, 1, 2, 5))))
    return {"to": leaf.fid, "buildings": {number: holders[number] for number in chosen}, "town": town, "allow_parts": dice.random() < 0.2,
            "rest": dice.choice((None, "give")), "trim": dice.random() < 0.7}


def town_of(facts: Facts) -> tuple[Town, list[int]]:
    """The buildings and cells that somebody counted, without streets; and the leaf of each building."""
    places = [place for place in facts.places if place.shape is not None]
    shapes = np.empty(len(places), object)
    shapes[:] = [place.shape for place in places]
    homes = np.array([float(place.counts.households or 0) for place in places])
    counted = tuple((share.shape, float(share.counts.households)) for share in facts.shares if share.counts.households)
    return Town(shapes, homes, np.empty(0, object), np.empty(0), counted), [place.area for place in places]


def _houses(leaves: list[Area], dice: random.Random) -> Facts:
    """A house on each part of each leaf."""
    places = []
    for leaf in leaves:
        for part in leaf.shape.geoms:
            circle = shapely.maximum_inscribed_circle(part)
            size = circle.length * dice.uniform(0.1, 0.5)
            spot = shapely.Point(np.round(circle.coords[0]))
            homes = Counts((dice.randint(1, 30), None, None, None, None), None, 1)
            places.append(Place(len(places) + 1, spot, homes, shape=spot.buffer(size, 1), area=leaf.fid))
    return Facts(tuple(places))


BY_PEOPLE: dict[str, Callable[[Ledger, Area, random.Random, Crowd | None], Asked]] = {
    "divide": _divide,
    "halve": _halve,
    "assign_buildings": _assign_buildings,
}


# --- lines and polygons --------------------------------------------------------------------------------------------
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


def _bump(leaf: Area, dice: random.Random) -> shapely.LineString:
    """From a vertex of the border to another one near, by way of a point beside it."""
    xy = shapely.get_coordinates(dice.choice(list(leaf.shape.geoms)).exterior)[:-1]
    first, far = dice.randrange(len(xy)), dice.randrange(1, min(len(xy), 12))
    ends = xy[[first, (first + far) % len(xy)]]
    middle = ends.mean(axis=0) + np.array([dice.uniform(-0.6, 0.6), dice.uniform(-0.6, 0.6)]) * np.ptp(xy, axis=0)
    return shapely.LineString(np.rint([ends[0], middle, ends[1] + dice.choice((0, 1, -50))]))


def drawn_line(leaf: Area, dice: random.Random) -> shapely.LineString:
    """A line as people and cats draw it: crooked, closed, traced, through vertices, along borders, one unit beside them."""
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
