"""Forms of redraws that no good will sends: every operation, with geometry at the edge of what is one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import shapely

from layers.areas import UNITS_PER_DEGREE, Area
from layers.redraw import OPERATIONS

Spot = Sequence[float]
NUMBERS = (0, -0.0, 1, -1, 1e-300, 1e300, 89.99999999, 90, -90, 90.0000001, 179.99999999, 180, -180, 181, 2**53, 10**30, -(10**30),
           float("nan"), float("inf"), -float("inf"), True, None, "120.2", [], [1], {})
CODES = ("", " ", "nowhere", "\u0000", "' OR 1=1", "💩", "x" * 300, 11, None, True, [], {}, ["11"], 1.5)
ANY = (*NUMBERS, *CODES, {"min": 1, "max": 2}, {"min": 2, "max": 1}, {"min": "a", "max": None}, {"type": "Point"})
UNIT = 1 / UNITS_PER_DEGREE


class Hostile:
    """Draws at random beside, on and through the borders of these leaves."""

    def __init__(self, leaves: Sequence[Area], parents: Sequence[str], dice: random.Random):
        self.dice, self.parents = dice, list(parents)
        self.know(leaves)

    def know(self, leaves: Sequence[Area]) -> None:
        """The leaves as they are now."""
        self.leaves = self.here = list(leaves)
        self.codes = [leaf.code for leaf in leaves]

    def form(self) -> dict[str, Any]:
        """A form of some operation; some of its fields are what they should be."""
        dice = self.dice
        here = dice.choice(self.leaves).shape
        self.here = [leaf for leaf in self.leaves if shapely.intersects(leaf.shape, here)] if dice.random() < 0.9 else self.leaves
        op = dice.choice(tuple(OPERATIONS))
        form: dict[str, Any] = {"op": op if dice.random() < 0.98 else dice.choice(CODES)}
        for name, needed, draw in FIELDS:
            often = 0.97 if op in needed else 0.02
            if dice.random() < often:
                form[name] = draw(self) if dice.random() < 0.97 else dice.choice(ANY)
        return form

    # ---- names ---------------------------------------------------------------------------------------------------
    def targets(self) -> Any:
        near = [leaf.code for leaf in self.here]
        some = self.dice.sample(near, min(len(near), self.dice.choice((1, 1, 2, 2, 3, 9))))
        wrong = (None, [], some * 2, [*some, self.dice.choice(self.parents)], [*some, self.dice.choice(CODES)])
        return some if self.dice.random() < 0.6 else self.dice.choice(wrong)

    def code(self) -> Any:
        return self.dice.choice((self.dice.choice(self.codes), self.dice.choice(self.parents), self.dice.choice(CODES)))

    def parent(self) -> Any:
        return self.dice.choice((self.dice.choice(self.parents), self.dice.choice(self.parents), self.code()))

    def keep(self) -> Any:
        return self.dice.choice((self.code(), list(self.spot())))

    def buildings(self) -> Any:
        some = [self.dice.randint(1, 60) for _ in range(self.dice.randint(1, 5))]
        return some if self.dice.random() < 0.7 else self.dice.choice(([0], [-1], [10**30], [2**63], ["1"], [1.5], []))

    # ---- geometry ------------------------------------------------------------------------------------------------
    def spot(self) -> Any:
        """A vertex of a border, beside one, in the middle of a segment, anywhere, or no place at all."""
        dice = self.dice
        xy = shapely.get_coordinates(dice.choice(self.here).shape)
        k = dice.randrange(len(xy) - 1)
        (x, y), (u, v) = xy[k].tolist(), xy[k + 1].tolist()
        off = dice.choice((0, 0, 1, 2, 50, 3000))
        x, y = dice.choice(((x, y), ((x + u) / 2, (y + v) / 2), (x + dice.randint(-off, off), y + dice.randint(-off, off))))
        here = [x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE]
        if dice.random() < 0.01:
            here = dice.choice(([dice.choice(NUMBERS), dice.choice(NUMBERS)], here[::-1], here[:1], [*here, 5.0], [180, 90], [-180, -90], [0, 0]))
        return here

    def way(self) -> list[Any]:
        """Points of a line: few, many, repeated, back and forth, a unit apart, along a border, round the earth."""
        dice = self.dice
        ring = [[x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE] for x, y in shapely.get_coordinates(dice.choice(self.here).shape).tolist()]
        here = self.spot()
        lines: tuple[Callable[[], list[Any]], ...] = (
            lambda: [self.spot() for _ in range(dice.randint(0, 6))],
            lambda: [self.spot() for _ in range(dice.randint(2, 3))],
            lambda: self.cross(),
            lambda: self.cross(),
            lambda: self.round(),
            lambda: self.round(),
            lambda: [here] * dice.randint(1, 5),
            lambda: [here, self.spot(), here],
            lambda: [here, self.spot(), here, self.spot(), here],
            lambda: ring[: dice.randint(1, len(ring))],
            lambda: ring[::-1],
            lambda: [*ring[: len(ring) // 2], self.spot(), *ring[: len(ring) // 2][::-1]],
            lambda: [[p[0] + dice.randint(-1, 1) * UNIT, p[1] + dice.randint(-1, 1) * UNIT] for p in ring],
            lambda: [[-180, -90], [180, 90]],
            lambda: [[-180, 23.004], [180, 23.0041]],
            lambda: [ring[0], [-179.9, 89.9], ring[1], [179.9, -89.9]],
            lambda: [[ring[0][0] + dice.uniform(-0.003, 0.003), ring[0][1] + dice.uniform(-0.003, 0.003)] for _ in range(dice.choice((5, 40, 300)))],
            lambda: [[ring[0][0] + k * UNIT, ring[0][1] + k % 2 * UNIT] for k in range(dice.choice((3, 400)))],
        )
        return dice.choice(lines)()

    def cross(self) -> list[Any]:
        """Right through an area, or almost."""
        west, south, east, north = self.dice.choice(self.here).shape.bounds
        y = south + (north - south) * self.dice.uniform(0.2, 0.8)
        ends = [west - self.dice.choice((0, 1, 900)), east + self.dice.choice((0, 1, 900))]
        middle = [(west + east) / 2, y + self.dice.uniform(-1, 1) * (north - south)]
        return [[x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE] for x, y in ([ends[0], y], middle, [ends[1], y + 200])]

    def round(self) -> list[Any]:
        """Round a place, through some vertices."""
        x, y = self.dice.choice(self.here).shape.representative_point().coords[0]
        size = self.dice.choice((50, 3000, 9000))
        turns = sorted(self.dice.uniform(0, 6.28) for _ in range(self.dice.randint(3, 9)))
        spots = [[(x + size * math.cos(turn)) / UNITS_PER_DEGREE, (y + size * math.sin(turn)) / UNITS_PER_DEGREE] for turn in turns]
        return [self.spot() if self.dice.random() < 0.1 else spot for spot in spots]

    def line(self) -> Any:
        way = self.way()
        return self._shape("LineString", way if self.dice.random() < 0.95 else self.dice.choice(([way], way and way[0])))

    def polygon(self) -> Any:
        way = self.way()
        closed = [*way, way[0]] if way else way
        hole = self.way()
        return self._shape("Polygon", [closed] if self.dice.random() < 0.9 else self.dice.choice(([way], [closed, hole], [], way, [closed, closed])))

    def _shape(self, kind: str, coordinates: Any) -> Any:
        if self.dice.random() < 0.04:
            kind = self.dice.choice(("Point", "LineString", "Polygon", "MultiPolygon", "GeometryCollection", "Feature", "", None, ["LineString"]))
        shape = {"type": kind, "coordinates": coordinates}
        return shape if self.dice.random() < 0.98 else {"type": "Feature", "geometry": shape}


_LINE, _POLYGON = ("split", "reshape"), ("draw", "island")
_TARGETS = ("split", "merge", "reshape", "subdivide", "dissolve", "divide", "transfer", "halve", "lattice")
FIELDS: tuple[tuple[str, tuple[str, ...], Callable[[Hostile], Any]], ...] = (
    ("targets", _TARGETS, Hostile.targets),
    ("line", _LINE, Hostile.line),
    ("polygon", _POLYGON, Hostile.polygon),
    ("parent", (*_POLYGON, "transfer"), Hostile.parent),
    ("at", ("move_vertex", "insert_vertex", "delete_vertex"), Hostile.spot),
    ("to", ("move_vertex", "assign_buildings"), lambda self: self.dice.choice((self.spot(), self.code()))),
    ("buildings", ("assign_buildings",), Hostile.buildings),
    ("keep", (), Hostile.keep),
    ("rows", ("lattice",), lambda self: self.dice.choice((1, 3, 9, 0, -1, 10**30, 1.5, 1000))),
    ("columns", ("lattice",), lambda self: self.dice.choice((1, 4, 7, 0, 10**9))),
    ("group", (), lambda self: self.dice.choice((1, 3, 0, -3, 10**30))),
    ("baseline", (), Hostile.line),
    ("rest", (), lambda self: self.dice.choice(("new", "give", "old", ""))),
    ("trim", (*_POLYGON, "assign_buildings"), lambda self: self.dice.random() < 0.7),
    ("allow_parts", (), lambda self: True),
    ("parts", ("divide",), lambda self: self.dice.choice((1, 2, 3, 0, -1, 1.5, 5000, 10**30))),
    ("norm", (), lambda self: self.dice.choice(({"min": 5, "max": 40}, {"min": 0, "max": 1e-9}, {"min": -1, "max": 0}))),
    ("tolerance", (), lambda self: self.dice.choice((0.1, 1, 0, 1e-9, 2))),
    ("seed", (), lambda self: self.dice.choice((0, 1, -1, 10**30, 999_999))),
    ("level", (), lambda self: self.dice.choice(("grid", "micro_grid", "city", ""))),
    ("versions", (), lambda self: {self.dice.choice(self.codes): self.dice.choice((1, 1, 2, 0, -1, 10**30, "1", None))}),
    ("instead_of", (), lambda self: self.dice.choice(([1], [2], [99999], [10**30], [-1], []))),
    ("edit", (), lambda self: self.dice.choice((1, 2, 10**30, -1, "1"))),
)
