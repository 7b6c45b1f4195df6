"""The features of one tile layer as flat arrays that only grow: a snapshot stays as it was while rows are added.

A row is a feature. Its paths (rings, lines, one multipoint) and its points lie one after the other in arrays of
their own. The first `packed` rows are sorted along a space-filling curve and found through blocks of 64; later rows
are looked through one by one until the layer is compacted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from layers.errors import BadGeometry, BadInput

from .mvt import LARGEST_ID, Kind, int_value, text_value
from .tile_lattice import to_lattice
from .tile_rings import firsts, fixed_points, ragged, turned

_BLOCK = 64
_BATCH = 1 << 15  # features read from shapely at a time
_SHARED = 2  # a column whose values stand on that many rows each, or more, is kept as a list of values

_TYPES: dict[Kind, tuple] = {
    "point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "line": (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
    "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)}


class Columns:
    """Owns the attributes: which columns every row holds for itself (`own`: codes, names) and which ones share a
    list of values (`shared`: levels, versions). Values are kept as they stand in a tile."""

    def __init__(self, strings: Mapping[str, Sequence], ints: Mapping[str, Sequence]):
        self.makers = {name: text_value for name in strings} | {name: int_value for name in ints}
        given = {**strings, **ints}
        self.own = [name for name in given if len(set(given[name])) * _SHARED > len(given[name])]
        self.shared = [name for name in given if name not in self.own]
        self.values: tuple[list[bytes], ...] = tuple([] for _ in self.shared)
        self._places: tuple[dict, ...] = tuple({None: -1} for _ in self.shared)

    @property
    def keys(self) -> list[str]:
        """Names of the columns in the order of a tile."""
        return self.own + self.shared

    def take(self, given: Mapping[str, Sequence], count: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """The own values of each row, joined; which of them are missing (None), one bit a column; and places (rows,
        shared columns) in the lists of shared values, -1 for None."""
        if set(given) != set(self.makers):
            raise BadInput(f"attributes {sorted(given)} given, {sorted(self.makers)} expected")
        if wrong := [name for name in given if len(given[name]) != count]:
            raise BadInput(f"{wrong[0]}: {len(given[wrong[0]])} values for {count} features")
        own = [[b"" if value is None else self.makers[name](value) for value in given[name]] for name in self.own]
        missing = np.zeros(count, np.uint32)
        for column, values in enumerate(own):
            missing |= np.fromiter((not value for value in values), np.uint32, count) << column
        places = np.empty((count, len(self.shared)), np.int32)
        for column, name in enumerate(self.shared):
            places[:, column] = self._share(column, self.makers[name], given[name])
        return [b"".join(values) for values in zip(*own, strict=True)] if own else [b""] * count, missing, places

    def _share(self, column: int, maker, given: Sequence) -> list[int]:
        places, values = self._places[column], self.values[column]
        out = []
        for value in given.tolist() if isinstance(given, np.ndarray) else given:
            place = places.get(value)
            if place is None:
                place = places[value] = len(values)
                values.append(maker(value))
            out.append(place)
        return out


@dataclass(frozen=True, slots=True)
class Rows:
    """One state of the features of a layer; never changes."""

    rev: int
    count: int  # rows in use
    packed: int
    alive: np.ndarray  # (count,) bool
    table: np.ndarray  # (at least count,) see _row_type
    sizes: np.ndarray  # points of each path
    hole: np.ndarray  # whether a path is an interior ring
    points: np.ndarray  # lattice points as single uint64, x in the lower half
    fixed: np.ndarray  # points that are never thinned out
    own: list[bytes]
    blocks: np.ndarray  # (4, blocks) west, north, east, south of 64 rows each
    known: tuple[np.ndarray, np.ndarray]  # fids of the packed rows, rising, and their rows
    paths_used: int
    points_used: int
    extent: float  # median of the larger side of the features' bounds, lattice steps

    def find(self, west: np.uint32, north: np.uint32, east: np.uint32, south: np.uint32) -> np.ndarray:
        """Rows in use whose bounds meet the given ones, rising by fid."""
        blocks = self.blocks
        hit = np.flatnonzero((blocks[0] <= east) & (blocks[2] >= west) & (blocks[1] <= south) & (blocks[3] >= north))
        rows = (hit[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
        if len(rows) and rows[-1] >= self.packed:
            rows = rows[rows < self.packed]
        if self.count > self.packed:
            rows = np.concatenate((rows, np.arange(self.packed, self.count)))
        bounds = self.table["bounds"][rows]
        rows = rows[(bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= south) & (bounds[:, 3] >= north)
                    & self.alive[rows]]
        return rows[np.argsort(self.table["fid"][rows])]

    def rows_of(self, fids: np.ndarray) -> np.ndarray:
        """Rows in use of these features; unknown ones have none."""
        at = np.minimum(np.searchsorted(self.known[0], fids), max(self.packed - 1, 0))
        packed = self.known[1][at[self.known[0][at] == fids]] if self.packed else at[:0]
        later = self.packed + np.flatnonzero(np.isin(self.table["fid"][self.packed:self.count], fids))
        rows = np.concatenate((packed, later))
        return rows[self.alive[rows]]

    def take(self, rows: np.ndarray) -> Part:
        """Copies of some rows."""
        table = self.table[rows]
        paths = ragged(table["path"], table["paths"])
        points = ragged(table["point"], table["points"])
        return _laid_out(Part(table, self.sizes[paths], self.hole[paths], self.points[points], self.fixed[points],
                              [self.own[row] for row in rows.tolist()]))

    def added(self, part: Part, gone: np.ndarray, rev: int) -> Rows:
        """The next state: `part` added, the rows `gone` no longer in use. Only ever called on the newest state."""
        table = part.table.copy()
        table["path"] += self.paths_used
        table["point"] += self.points_used
        alive = np.concatenate((self.alive, np.ones(len(table), bool)))
        alive[gone] = False
        del self.own[self.count:]  # left over if an earlier change failed half way
        self.own.extend(part.own)
        return replace(
            self, rev=rev, count=self.count + len(table), alive=alive,
            table=_append(self.table, self.count, table), sizes=_append(self.sizes, self.paths_used, part.sizes),
            hole=_append(self.hole, self.paths_used, part.hole),
            points=_append(self.points, self.points_used, part.points),
            fixed=_append(self.fixed, self.points_used, part.fixed),
            paths_used=self.paths_used + len(part.sizes), points_used=self.points_used + len(part.points))


@dataclass(frozen=True, slots=True)
class Part:
    """Features on their own, with paths and points counted from 0."""

    table: np.ndarray
    sizes: np.ndarray
    hole: np.ndarray
    points: np.ndarray
    fixed: np.ndarray
    own: list[bytes]


def read_features(kind: Kind, columns: Columns, fids: Sequence[int], geometries: Sequence,
                  attributes: Mapping[str, Sequence], labels: bool) -> Part:
    """Features from geometries in units of 1e-7 degree (lon, lat), looked at a slice at a time. Raises BadGeometry for
    an empty one or one of another kind, BadInput for ids that stand twice or attributes that do not fit."""
    fids = np.asarray(fids, np.int64)
    if len(fids) != len(geometries) or len(np.unique(fids)) != len(fids):
        raise BadInput(f"{len(geometries)} geometries with {len(np.unique(fids))} different ids")
    if len(fids) and not 0 <= fids.min() <= fids.max() <= LARGEST_ID:
        raise BadInput(f"ids from {fids.min()} to {fids.max()}: a tile holds ids from 0 to {LARGEST_ID}")
    own, missing, places = columns.take(attributes, len(fids))
    table = np.zeros(len(fids), _row_type(len(columns.shared)))
    table["fid"], table["missing"], table["places"] = fids, missing, places
    if not len(fids):
        return Part(table, np.zeros(0, np.int32), np.zeros(0, bool), np.zeros(0, np.uint64), np.zeros(0, bool), own)
    batches = (slice(start, start + _BATCH) for start in range(0, len(fids), _BATCH))
    return join([_read(kind, table[batch], geometries[batch], own[batch], labels) for batch in batches])


def _read(kind: Kind, table: np.ndarray, geometries: Sequence, own: list[bytes], labels: bool) -> Part:
    geometries = np.asarray(geometries, object)
    wrong = ~np.isin(shapely.get_type_id(geometries), _TYPES[kind]) | shapely.is_empty(geometries)
    if wrong.any():
        raise BadGeometry(f"{table['fid'][wrong][0]}: a {kind} is needed, not {geometries[wrong][0]}")
    coordinates, sizes, hole, table["paths"] = _FLATTEN[kind](geometries)
    lattice = to_lattice(coordinates)
    if kind == "polygon":
        lattice, sizes, hole, table["paths"] = _wound(lattice, sizes, hole, table["paths"])
    part = _laid_out(Part(table, sizes.astype(np.int32), hole, lattice.view(np.uint64).ravel(),
                          np.zeros(len(lattice), bool), own))
    table["bounds"][:, :2] = np.minimum.reduceat(lattice, table["point"])
    table["bounds"][:, 2:] = np.maximum.reduceat(lattice, table["point"])
    if labels:
        table["label"] = to_lattice(_LABEL_POINTS[kind](geometries))
    return part


def join(parts: Sequence[Part]) -> Part:
    """Several parts as one."""
    if len(parts) == 1:
        return parts[0]
    return _laid_out(Part(*(np.concatenate([getattr(part, name) for part in parts])
                            for name in ("table", "sizes", "hole", "points", "fixed")),
                          [values for part in parts for values in part.own]))


def _laid_out(part: Part) -> Part:
    """The part with the places of its paths and points counted anew."""
    table, sizes = part.table, part.sizes
    table["path"] = np.cumsum(table["paths"]) - table["paths"]
    if len(table):
        table["points"] = np.add.reduceat(sizes, table["path"])
        table["point"] = np.cumsum(table["points"]) - table["points"]
    return part


def _row_type(shared: int) -> np.dtype:
    return np.dtype([("fid", "i8"), ("bounds", "u4", 4), ("label", "u4", 2), ("path", "i4"), ("paths", "i4"),
                     ("point", "i4"), ("points", "i4"), ("missing", "u4"), ("places", "i4", (shared,))])


def _append(array: np.ndarray, used: int, new: np.ndarray) -> np.ndarray:
    """The array with `new` after the first `used` items, which nobody overwrites; a longer copy when it is full."""
    if used + len(new) > len(array):
        array = _with_room(array[:used], len(new))
    array[used:used + len(new)] = new
    return array


def _with_room(array: np.ndarray, more: int = 0) -> np.ndarray:
    """A copy with room for `more` items and then some."""
    longer = np.empty((len(array) + more) * 17 // 16 + 1024, array.dtype)
    longer[:len(array)] = array
    return longer


# --- states ----------------------------------------------------------------------------------------------------
def first_rows(part: Part, rev: int, borders: bool) -> Rows:
    """The first state of a layer; with `borders`, points where borders meet become fixed."""
    fixed = fixed_points(part.points, part.sizes) if borders and len(part.sizes) else part.fixed
    return repacked(_packed(replace(part, fixed=fixed), rev))


def _packed(part: Part, rev: int) -> Rows:
    """A state of rows in their order, which should be that of `_along_curve`."""
    table = part.table
    starts = np.arange(0, len(table), _BLOCK)
    bounds = table["bounds"]
    blocks = np.concatenate((np.minimum.reduceat(bounds[:, :2], starts), np.maximum.reduceat(bounds[:, 2:], starts)),
                            axis=1).T if len(table) else np.zeros((4, 0), np.uint32)
    order = np.argsort(table["fid"])
    flat = (_with_room(array) for array in (table, part.sizes, part.hole, part.points, part.fixed))
    return Rows(rev, len(table), len(table), np.ones(len(table), bool), *flat, part.own, np.ascontiguousarray(blocks),
                (table["fid"][order], order.astype(np.int32)), len(part.sizes), len(part.points), _extent(bounds))


def _extent(bounds: np.ndarray) -> float:
    return float(np.median((bounds[:, 2:] - bounds[:, :2]).max(axis=1))) if len(bounds) else 0.0


def repacked(rows: Rows) -> Rows:
    """The same features without dead rows, all of them found through blocks."""
    alive = np.flatnonzero(rows.alive)
    bounds = rows.table["bounds"][alive]
    middle = bounds[:, :2] + (bounds[:, 2:] - bounds[:, :2]) // 2
    return _packed(rows.take(alive[_along_curve(middle)]), rows.rev)


def changed(rows: Rows, removed: np.ndarray, part: Part, rev: int, borders: bool) -> Rows:
    """The next state: features `removed` are gone, those of `part` are as given. With `borders`, neighbours whose
    border points became or ceased to be fixed are stated again."""
    gone = rows.rows_of(np.union1d(removed, part.table["fid"]))
    if not len(gone) and not len(part.table):
        return replace(rows, rev=rev)  # a level that shows none of them
    if borders:
        gone, part = _with_neighbours(rows, gone, part)
    after = rows.added(part, gone, rev)
    later = after.count - after.packed
    if later * 20 > after.count and later.bit_length() > (rows.count - rows.packed).bit_length():
        after = replace(after, extent=_extent(after.table["bounds"][np.flatnonzero(after.alive)]))
    return after


def _with_neighbours(rows: Rows, gone: np.ndarray, part: Part) -> tuple[np.ndarray, Part]:
    before = rows.take(gone)
    moved = np.concatenate((before.points, part.points))
    bounds = np.concatenate((before.table["bounds"], part.table["bounds"]))
    if len(bounds) > 512:
        bounds = np.concatenate((bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)))[None]
    near = np.unique(np.concatenate([rows.find(*four) for four in bounds] or [gone]))
    near = near[~np.isin(near, gone)]
    beside = rows.take(near)
    fixed = fixed_points(np.concatenate((part.points, beside.points)), np.concatenate((part.sizes, beside.sizes)))
    part = replace(part, fixed=fixed[:len(part.points)])
    other = np.isin(beside.points, moved) & (fixed[len(part.points):] != beside.fixed)
    if not other.any():
        return gone, part
    again = np.logical_or.reduceat(other, beside.table["point"])
    restated = rows.take(near[again])
    kept = np.repeat(again, beside.table["points"])
    restated = replace(restated, fixed=restated.fixed ^ other[kept])
    return np.concatenate((gone, near[again])), join((part, restated))


def _along_curve(points: np.ndarray) -> np.ndarray:
    """The order of lattice points (n, 2) along a curve that keeps neighbours together (Morton)."""
    code = np.zeros(len(points), np.uint64)
    for axis in (0, 1):
        bits = points[:, axis].astype(np.uint64)
        for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
                            (2, 0x3333333333333333), (1, 0x5555555555555555)):
            bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
        code |= bits << np.uint64(axis)
    return np.argsort(code)


# --- shapely -> arrays -----------------------------------------------------------------------------------------
def _flatten_points(geometries: np.ndarray) -> tuple:
    kind, points, offsets = shapely.to_ragged_array(geometries, include_z=False)
    sizes = np.diff(offsets[0]) if offsets else np.ones(len(points), np.int64)
    return points, sizes, np.zeros(len(sizes), bool), 1


def _flatten_lines(geometries: np.ndarray) -> tuple:
    kind, points, offsets = shapely.to_ragged_array(geometries, include_z=False)
    sizes = np.diff(offsets[0])
    return points, sizes, np.zeros(len(sizes), bool), np.diff(offsets[1]) if len(offsets) == 2 else 1


def _flatten_polygons(geometries: np.ndarray) -> tuple:
    kind, points, (ends, polygons, *features) = shapely.to_ragged_array(geometries, include_z=False)
    hole = np.ones(len(ends) - 1, bool)
    hole[polygons[:-1]] = False
    open_ring = np.ones(len(points), bool)
    open_ring[ends[1:] - 1] = False
    return points[open_ring], np.diff(ends) - 1, hole, np.diff(polygons[features[0]] if features else polygons)


def _wound(lattice: np.ndarray, sizes: np.ndarray, hole: np.ndarray, paths: np.ndarray) -> tuple:
    """Points, sizes, holes and number of rings of each area with exteriors clockwise on the map (positive area, y
    south) and holes the other way. Holes that have no area on the lattice (1 cm) are gone."""
    starts = np.cumsum(sizes) - sizes
    x, y = (lattice[:, axis] - np.repeat(lattice[starts, axis], sizes).astype(np.float64) for axis in (0, 1))
    after = np.arange(1, len(x) + 1)
    after[starts + sizes - 1] = starts
    area = np.add.reduceat(x * y[after] - x[after] * y, starts)
    lattice = lattice[turned(np.arange(len(x)), sizes, (area < 0) != hole)]
    real = ~hole | (area != 0)
    if not real.all():
        lattice = lattice[np.repeat(real, sizes)]
        paths = np.add.reduceat(real, np.cumsum(paths) - paths, dtype=np.int32)
    return lattice, sizes[real], hole[real], paths


def _inner_points(geometries: np.ndarray) -> np.ndarray:
    """A point inside the largest part of each area: its centre of gravity where that lies inside."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    largest = parts[np.lexsort((-shapely.area(parts), owner))[firsts(owner)]]
    centres = shapely.centroid(largest)
    outside = ~shapely.contains(largest, centres)
    centres[outside] = shapely.point_on_surface(largest[outside])
    return shapely.get_coordinates(centres)


def _middle_points(geometries: np.ndarray) -> np.ndarray:
    """The middle of the longest part of each line."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    longest = parts[np.lexsort((-shapely.length(parts), owner))[firsts(owner)]]
    return shapely.get_coordinates(shapely.line_interpolate_point(longest, 0.5, normalized=True))


def _first_points(geometries: np.ndarray) -> np.ndarray:
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    return points[firsts(owner)]


_FLATTEN = {"point": _flatten_points, "line": _flatten_lines, "polygon": _flatten_polygons}
_LABEL_POINTS = {"point": _first_points, "line": _middle_points, "polygon": _inner_points}
