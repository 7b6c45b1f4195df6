"""The shapes of a Shapefile and their index, written with flat arrays: a province takes seconds.

A record is 2 words of head (big endian) and content of 4-byte words (little endian), see the ESRI white paper of 1998."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import shapely

POINT, LINE, POLYGON = 1, 3, 5
KINDS = {"Point": POINT, "LineString": LINE, "MultiLineString": LINE, "Polygon": POLYGON, "MultiPolygon": POLYGON}
_HEAD, _INDEX = 100, 8  # bytes
_AT_ONCE = 20_000  # records put together at a time


class Shapes:
    """Geometries of one kind (points, lines or polygons; None and empty ones become null shapes) as records.
    Public: sizes (bytes of each record, head included), blocks, index."""

    def __init__(self, geometries: np.ndarray):
        geometries = np.array(geometries, dtype=object)
        self._gone = shapely.is_missing(geometries) | shapely.is_empty(geometries)
        kinds = {KINDS[name] for name in {shape.geom_type for shape in geometries[~self._gone][:1]}}
        self.kind = kinds.pop() if kinds else POLYGON
        if self.kind == POLYGON:
            geometries = shapely.orient_polygons(geometries, exterior_cw=True)
        self._bounds = shapely.bounds(geometries)
        self._read(np.where(self._gone, _NOTHING[self.kind], geometries))
        self._size()

    @classmethod
    def of_rings(cls, xy: np.ndarray, rings: np.ndarray, parts: np.ndarray) -> Shapes:
        """Polygons of flat arrays as `_wkb.rings_of` gives them."""
        self = cls.__new__(cls)
        self.kind, self._xy, self._rings, self._parts = POLYGON, xy, rings, parts
        self._points = rings[parts]
        self._gone = np.diff(self._points) == 0
        self._bounds = np.zeros((len(self._gone), 4))
        first = self._points[:-1][~self._gone]
        if len(first):
            self._bounds[~self._gone] = np.column_stack([np.minimum.reduceat(xy, first), np.maximum.reduceat(xy, first)])
        self._size()
        return self

    def _size(self) -> None:
        points, parts = np.diff(self._points), np.diff(self._parts)
        content = np.full(len(points), 20) if self.kind == POINT else 44 + 4 * parts + 16 * points
        self.sizes = 8 + np.where(self._gone, 4, content)

    def _read(self, geometries: np.ndarray) -> None:
        """Coordinates, where each ring or line begins, and which of them and of the points belong to which shape."""
        if not len(geometries):
            self._xy, self._rings, self._parts = np.empty((0, 2)), np.zeros(1, int), np.zeros(1, int)
        elif self.kind == POINT:
            self._xy, self._rings = shapely.get_coordinates(geometries), np.zeros(1, int)
            self._points = np.concatenate([[0], np.cumsum(~self._gone)])
            self._parts = np.zeros(len(geometries) + 1, int)
            return
        else:
            kind, self._xy, offsets = shapely.to_ragged_array(geometries, include_z=False)
            self._rings, *above = (np.asarray(one, dtype=np.int64) for one in offsets)
            own = np.arange(len(geometries) + 1) if not above else above[0]
            self._parts = own[above[1]] if len(above) > 1 else own
            if kind == shapely.GeometryType.LINESTRING:  # one line a shape
                self._parts = np.arange(len(geometries) + 1)
        self._points = self._rings[self._parts]

    def blocks(self, start: int, end: int) -> Iterator[bytes | memoryview]:
        """The .shp of the records from `start` up to `end`, block by block."""
        yield _head(self.kind, _HEAD + int(self.sizes[start:end].sum()), self._box(start, end))
        for first in range(start, end, _AT_ONCE):
            yield memoryview(self._records(first, min(first + _AT_ONCE, end), first - start)).cast("B")

    def index(self, start: int, end: int) -> bytes:
        """The .shx of the same records."""
        sizes = self.sizes[start:end]
        places = _HEAD + np.concatenate([[0], np.cumsum(sizes)])
        index = np.column_stack([places[:-1] // 2, (sizes - 8) // 2]).astype(">i4")
        return _head(self.kind, _HEAD + _INDEX * (end - start), self._box(start, end)) + index.tobytes()

    def _box(self, start: int, end: int) -> tuple[float, ...]:
        box = self._bounds[start:end][~self._gone[start:end]]
        return (*box[:, :2].min(axis=0), *box[:, 2:].max(axis=0)) if len(box) else (0.0,) * 4

    def _records(self, start: int, end: int, before: int) -> np.ndarray:
        """Words of the records; `before` of them stand in the file already."""
        sizes = self.sizes[start:end] // 4
        at = np.concatenate([[0], np.cumsum(sizes)])
        words, at = np.zeros(at[-1], "<i4"), at[:-1]
        words[at] = np.arange(before + 1, before + 1 + end - start).astype(">i4").view("<i4")
        words[at + 1] = ((sizes - 2) * 2).astype(">i4").view("<i4")
        there = ~self._gone[start:end]
        words[at[there] + 2] = self.kind
        xy = np.ascontiguousarray(self._xy[self._points[start]:self._points[end]], "<f8").view("<i4")
        if self.kind == POINT:
            words[at[there, None] + 3 + np.arange(4)] = xy
            return words
        own = at[there]
        words[own[:, None] + 3 + np.arange(8)] = np.ascontiguousarray(self._bounds[start:end][there], "<f8").view("<i4")
        parts, points = np.diff(self._parts[start:end + 1]), np.diff(self._points[start:end + 1])
        words[own + 11], words[own + 12] = parts[there], points[there]
        first = self._parts[start:end]
        rings = np.arange(self._parts[start], self._parts[end])
        owner = np.repeat(np.arange(end - start), parts)
        words[at[owner] + 13 + rings - first[owner]] = self._rings[rings] - self._rings[first[owner]]
        # The points of a record are its last words: a mask of the runs takes them all at once.
        run = np.column_stack([sizes - 4 * points, 4 * points]).ravel()
        words[np.repeat(np.tile([False, True], end - start), run)] = xy.ravel()
        return words


_NOTHING = {POINT: shapely.Point(), LINE: shapely.MultiLineString(), POLYGON: shapely.MultiPolygon()}


def _head(kind: int, size: int, box: tuple[float, ...]) -> bytes:
    return struct.pack(">i20xi", 9994, size // 2) + struct.pack("<ii4d32x", 1000, kind, *box)
