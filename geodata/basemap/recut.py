"""Pictures drawn in GCJ-02 cut anew, so that they lie right: every pixel is fetched from where the shifted map has it.

The shift is that of `geodata.gcj02` (the published formula). It is worked out exactly on a lattice of 17 x 17 points
of each tile and between them bent linearly; then each pixel takes the nearest one of the
shifted map, so letters stay crisp and nothing lies more than half a pixel off (0.26 m at zoom 18 in the south of China).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from geodata.gcj02 import wgs84_to_gcj02

from .png import decode, encode
from .source import Info, Picture, Source

_POINTS = 17
_FROM_ZOOM = 8  # above, the shift is less than a pixel


class Recut:
    """A raster base map of which the pictures are shifted. Public: info, tile, close."""

    def __init__(self, source: Source):
        self.source = source
        self.size = source.info.tile_size
        self.info: Info = replace(source.info, version=f"{source.info.version}-gcj02")

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile as it should lie, PNG; None where there is nothing. Raises NotYet, BadFile."""
        if z < _FROM_ZOOM:
            return self.source.tile(z, x, y)
        columns, rows = shifted_pixels(z, x, y, self.size)
        first, last = (int(columns.min()) // self.size, int(rows.min()) // self.size), (
            int(columns.max()) // self.size, int(rows.max()) // self.size)
        wanted = [(z, column, row) for row in range(first[1], last[1] + 1) for column in range(first[0], last[0] + 1)]
        if hasattr(self.source, "ahead"):
            self.source.ahead(wanted)
        found = {place: self.source.tile(*place) for place in wanted if 0 <= place[1] < 1 << z and 0 <= place[2] < 1 << z}
        found = {place: part for place, part in found.items() if part is not None}
        if not found:
            return None
        ground = np.zeros(((last[1] - first[1] + 1) * self.size, (last[0] - first[0] + 1) * self.size, 4), np.uint8)
        for (_, column, row), part in found.items():
            pixels = _sized(_decoded(part.data), self.size)
            top, left = (row - first[1]) * self.size, (column - first[0]) * self.size
            ground[top:top + self.size, left:left + self.size] = pixels
        cut = ground[rows - first[1] * self.size, columns - first[0] * self.size]
        if not cut[..., 3].any():
            return None
        return Picture(encode(cut[..., :3] if (cut[..., 3] == 255).all() else cut), "image/png",
                       until=min(part.until for part in found.values()))

    def close(self) -> None:
        """Closes what it was cut from."""
        self.source.close()


def shifted_pixels(z: int, x: int, y: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel (row, column) of a tile the column and row of the pixel of the shifted map, counted from the
    north-west corner of the world at that zoom."""
    steps = np.linspace(0, size, _POINTS)
    across, down = np.meshgrid(x * size + steps, y * size + steps)
    lattice = _pixels(wgs84_to_gcj02(_degrees(np.column_stack([across.ravel(), down.ravel()]), size << z)), size << z)
    weights = _weights(size)
    # numbers from the corner of the tile: a float keeps thousandths of a pixel there
    columns, rows = (weights @ (lattice[:, axis].reshape(_POINTS, _POINTS) - corner * size) @ weights.T + corner * size
                     for axis, corner in ((0, x), (1, y)))
    return np.floor(columns).astype(np.int64), np.floor(rows).astype(np.int64)


_decoded = lru_cache(32)(decode)  # each picture is cut into four or more tiles; never written to


@lru_cache(4)
def _weights(size: int) -> np.ndarray:
    """(size, points): how much each lattice point counts at the middle of each pixel."""
    middles = (np.arange(size) + 0.5) / size * (_POINTS - 1)
    return np.maximum(0, 1 - np.abs(middles[:, None] - np.arange(_POINTS)))


def _degrees(pixels: np.ndarray, world: int) -> np.ndarray:
    """(lon, lat) of pixels counted from the north-west corner of a world so many pixels wide."""
    lon = pixels[:, 0] / world * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * pixels[:, 1] / world))))
    return np.column_stack([lon, lat])


def _pixels(degrees: np.ndarray, world: int) -> np.ndarray:
    x = (degrees[:, 0] + 180) / 360 * world
    y = (0.5 - np.arcsinh(np.tan(np.radians(degrees[:, 1]))) / (2 * np.pi)) * world
    return np.column_stack([x, y])


def _sized(pixels: np.ndarray, size: int) -> np.ndarray:
    """The picture with sides of `size` pixels."""
    if pixels.shape[:2] == (size, size):
        return pixels
    rows, columns = (np.arange(size) * side // size for side in pixels.shape[:2])
    return pixels[rows[:, None], columns]
