"""The web-mercator lattice of zoom 20 x 4096: where tile coordinates come from, so that neighbours snap alike.

Lattice coordinates are uint32, x east and y south from the north-west corner of the mercator square (1 step = 0.9 cm
at the equator). Tile coordinates are int32, 4096 to a tile, y south; a tile holds what lies up to 64 beyond its edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product

import numpy as np

from layers.areas import UNITS_PER_DEGREE

from .mvt import EXTENT

ZOOM = 20
DEEPEST = 24  # beyond zoom 20 the steps of the lattice show
BUFFER = 64
SPAN = EXTENT << ZOOM  # 2^32


def to_lattice(units: np.ndarray) -> np.ndarray:
    """Coordinates (n, 2) in units of 1e-7 degree (lon, lat) as lattice coordinates (n, 2), uint32, y south."""
    degrees = np.ascontiguousarray(np.asarray(units, np.float64).T) / UNITS_PER_DEGREE  # two rows, each contiguous
    lattice = np.empty((degrees.shape[1], 2))
    lattice[:, 0] = (degrees[0] + 180.0) / 360.0
    lattice[:, 1] = 0.5 - np.arctanh(np.clip(np.sin(np.radians(degrees[1])), -0.9999, 0.9999)) / (2 * math.pi)
    return np.clip(np.rint(lattice * SPAN), 0, SPAN - 1).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class Window:
    """A tile with its buffer, in lattice steps; beyond zoom 20 each step counts 2^`finer`."""

    west: int
    north: int
    size: int
    shift: int  # a tile unit is 2^shift steps
    finer: int

    @classmethod
    def of(cls, z: int, x: int, y: int) -> Window | None:
        """The window of tile z, x, y, or None where there is no such tile."""
        if not (0 <= z <= DEEPEST and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        shift = max(ZOOM - z, 0)
        size = EXTENT << shift
        return cls(x * size, y * size, size, shift, max(z - ZOOM, 0))

    @property
    def reach(self) -> int:
        """Width of the buffer."""
        return self.size * BUFFER // EXTENT

    def bounds(self) -> tuple[np.uint32, ...]:
        """West, north, east, south of tile and buffer in whole lattice steps, within the lattice."""
        low = (max(edge - self.reach, 0) >> self.finer for edge in (self.west, self.north))
        high = (min(-(-(edge + self.size + self.reach) >> self.finer), SPAN - 1) for edge in (self.west, self.north))
        return tuple(np.uint32(value) for value in (*low, *high))

    def place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y of lattice points (n, 2) counted from the tile's north-west corner, whole steps, int64."""
        x, y = (points[:, axis].astype(np.int64) << self.finer for axis in (0, 1))
        x -= self.west
        y -= self.north
        return x, y

    def place_near(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `place`, in int32 where points of tile and buffer fit."""
        if self.finer or self.size > 1 << 30:
            return self.place(points)
        return ((points[:, 0] - np.uint32(self.west)).view(np.int32),
                (points[:, 1] - np.uint32(self.north)).view(np.int32))

    def snap(self, steps: np.ndarray) -> np.ndarray:
        """Tile coordinates, int32, of steps counted from the corner (whole or broken), to the nearest."""
        if steps.dtype == np.float64:
            return np.floor(steps / (1 << self.shift) + 0.5).astype(np.int32)
        return (steps + ((1 << self.shift) >> 1) >> self.shift).astype(np.int32, copy=False)


@dataclass(frozen=True, eq=False)
class TileCover(Set):
    """The tiles that show a piece of ground, as a set of (z, x, y) that is never written out."""

    ranges: tuple[tuple[int, int, int, int, int], ...]  # z, first x, first y, last x, last y

    def __contains__(self, tile: object) -> bool:
        z, x, y = tile
        return any(z == level and west <= x <= east and north <= y <= south
                   for level, west, north, east, south in self.ranges)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        for z, west, north, east, south in self.ranges:
            yield from product((z,), range(west, east + 1), range(north, south + 1))

    def __len__(self) -> int:
        return sum((east - west + 1) * (south - north + 1) for _, west, north, east, south in self.ranges)

    @classmethod
    def _from_iterable(cls, tiles) -> set:
        return set(tiles)


def tiles_over(bounds_units: tuple[float, float, float, float], minzoom: int, maxzoom: int) -> TileCover:
    """Tiles whose ground or buffer meets bounds (west, south, east, north) in units of 1e-7 degree."""
    west, south, east, north = bounds_units
    (low_x, low_y), (high_x, high_y) = to_lattice(np.array([[west, north], [east, south]])).tolist()
    ranges = []
    for z in range(minzoom, min(maxzoom, DEEPEST) + 1):
        size = SPAN << max(z - ZOOM, 0) >> z
        reach, scale, last = size * BUFFER // EXTENT, 1 << max(z - ZOOM, 0), (1 << z) - 1
        first = [max(-((reach - low * scale) // size) - 1, 0) for low in (low_x, low_y)]
        final = [min((high * scale + reach) // size, last) for high in (high_x, high_y)]
        ranges.append((z, *first, *final))
    return TileCover(tuple(ranges))
