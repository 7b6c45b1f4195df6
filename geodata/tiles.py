"""Vector tiles straight from memory: one layer's features, encoded for any tile in milliseconds, kept up with edits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .mvt import EXTENT, Kind, encode_features, encode_layer
from .tile_lattice import SPAN, TileCover, Window, tiles_over
from .tile_rings import Paths, cut_lines, cut_points, cut_rings, firsts, ragged, tidy_lines, tidy_points, tidy_rings
from .tile_rows import Columns, Part, Rows, changed, first_rows, read_features, repacked

PIXELS = 512  # side of a tile on the screen, as MapLibre counts zooms
_AT_ONCE = 1 << 14  # features encoded in one go: bounds the memory of a tile that shows a whole province
_THIN_TO = 11  # deepest zoom at which points on straight lines are left out

_CUT: dict[Kind, Callable] = {"point": cut_points, "line": cut_lines, "polygon": cut_rings}
_TIDY: dict[Kind, Callable] = {"point": tidy_points, "line": tidy_lines, "polygon": tidy_rings}


class TileLayer:
    """Owns the features of one layer, ready for tiles. Any thread may read while another one changes it.

    Geometries come in units of 1e-7 degree (lon, lat), EPSG:4490; `fids` become feature ids; `strings` and `ints` are
    the attributes, one value a feature (None: it has none). With `labels`, tiles hold a second layer `{name}_label`:
    one point inside each feature, only in the tile where it lies, with the same id and attributes. Raises BadInput
    and BadGeometry for features that cannot be shown.
    """

    def __init__(self, name: str, fids: Sequence[int], geometries: Sequence,
                 strings: Mapping[str, Sequence] | None = None, ints: Mapping[str, Sequence] | None = None,
                 labels: bool = False, kind: Kind = "polygon", rev: int = 0):
        self.name, self.kind, self.labels = name, kind, labels
        self._columns = Columns(strings or {}, ints or {})
        part = self._read(fids, geometries, strings, ints)
        self._rows = first_rows(part, rev, borders=kind == "polygon")
        self._nothing = self._read((), (), None, None)
        self._changing, self._compacting = threading.Lock(), threading.Lock()
        self._since: list[tuple] | None = None  # changes made while a compaction runs

    @property
    def rev(self) -> int:
        """Revision of the newest state. Read it before `tile`: the bytes are of that revision or newer."""
        return self._rows.rev

    def __len__(self) -> int:
        """Number of features."""
        return int(np.count_nonzero(self._rows.alive))

    @property
    def slack(self) -> int:
        """Rows added since the layer was last compacted; a few thousand make small tiles slower."""
        return self._rows.count - self._rows.packed

    def tile(self, z: int, x: int, y: int) -> bytes:
        """The layer's message in that tile, then the one of its labels; joined with other layers it is a vector tile.
        Every feature that has ground within 64/4096 of the tile is in it. Empty where there is nothing."""
        window = Window.of(z, x, y)
        if window is None:
            return b""
        state = self._rows
        shapes, labels = _Message(self, state), _Message(self, state)
        rows = state.find(*window.bounds())
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start:start + _AT_ONCE]
            shown, paths = self._shapes(state, some, window, z)
            shapes.add(self.kind, shown, paths)
            if self.labels:
                labels.add("point", *_label_points(state, some, window))
        return shapes.encoded(self.name) + labels.encoded(f"{self.name}_label")

    def replace(self, removed_fids: Sequence[int], fids: Sequence[int] = (), geometries: Sequence = (),
                strings: Mapping[str, Sequence] | None = None, ints: Mapping[str, Sequence] | None = None,
                rev: int | None = None) -> None:
        """Take features out and put others in (a feature already there is replaced, an unknown one is not missed).
        Readers see the state before or after. `rev` is the revision of the new state, else the next number."""
        part = self._read(fids, geometries, strings, ints) if len(fids) else self._nothing
        removed = np.asarray(removed_fids, np.int64)
        with self._changing:
            change = (removed, part, self._rows.rev + 1 if rev is None else rev, self.kind == "polygon")
            self._rows = changed(self._rows, *change)
            if self._since is not None:
                self._since.append(change)

    def compact(self) -> None:
        """Put the features added since back in order, in a copy that takes over at the end; any thread may call it."""
        with self._compacting:
            with self._changing:
                before, self._since = self._rows, []
            try:
                rows = repacked(before)
                with self._changing:
                    for change in self._since:
                        rows = changed(rows, *change)
                    self._rows = rows
            finally:
                self._since = None

    def touched_tiles(self, bounds_units: tuple[float, float, float, float], minzoom: int, maxzoom: int) -> TileCover:
        """The set of (z, x, y) whose tile or buffer meets bounds (west, south, east, north) in units."""
        return tiles_over(bounds_units, minzoom, maxzoom)

    def extent_pixels(self, z: int) -> float:
        """Median over the features of the larger side of their bounds, in pixels of a map whose tiles are 512 pixels
        wide (as MapLibre's; maps of 256 pixels count zooms one deeper). Counted anew when many features changed."""
        return self._rows.extent * PIXELS * 2 ** z / SPAN

    def _read(self, fids: Sequence[int], geometries: Sequence, strings: Mapping | None, ints: Mapping | None) -> Part:
        empty = {} if len(fids) else dict.fromkeys(self._columns.keys, ())
        return read_features(self.kind, self._columns, fids, geometries, empty | {**(strings or {}), **(ints or {})},
                             self.labels)

    def _shapes(self, state: Rows, rows: np.ndarray, window: Window, z: int) -> tuple[np.ndarray, Paths]:
        """Rows that have ground in the window, and their paths in tile coordinates."""
        west, north, east, south = window.bounds()
        bounds = state.table["bounds"][rows]
        inside = (bounds[:, 0] >= west) & (bounds[:, 1] >= north) & (bounds[:, 2] <= east) & (bounds[:, 3] <= south)
        thin = z <= _THIN_TO
        shown, paths = rows[inside], _paths(state, rows[inside], window.place_near, thin)
        paths = _snapped(paths, window)
        if not inside.all():
            crossing = _CUT[self.kind](_paths(state, rows[~inside], window.place, thin), -window.reach,
                                       window.size + window.reach)
            if len(crossing.owner):
                left = firsts(crossing.owner)
                shown = np.concatenate((shown, rows[~inside][crossing.owner[left]]))
                numbered = np.zeros(len(crossing.owner), np.intp)
                numbered[left[1:]] = 1
                paths = paths.and_then(_snapped(crossing, window, np.cumsum(numbered)))
        return shown, _TIDY[self.kind](paths, thin) if len(shown) else paths


class _Message:
    """Owns the features and attribute values of one layer message while it is put together."""

    def __init__(self, layer: TileLayer, state: Rows):
        self.columns, self.state = layer._columns, state
        self.features: list[bytes] = []
        self.values: list[bytes] = []
        self.count = 0

    def add(self, kind: Kind, rows: np.ndarray, paths: Paths) -> None:
        """Features of these rows with these paths."""
        if len(rows):
            fids = self.state.table["fid"][rows]
            self.features.append(encode_features(kind, fids, self._tags(rows), paths.x, paths.y, paths.sizes,
                                                 paths.owner))

    def encoded(self, name: str) -> bytes:
        """The message."""
        return encode_layer(name, self.columns.keys, self.values, self.features)

    def _tags(self, rows: np.ndarray) -> list[np.ndarray]:
        """Places of the attribute values of each key; the values are added to the list."""
        tags = self._own_tags(rows)
        places = self.state.table["places"][rows]
        for column, values in enumerate(self.columns.values):
            place = places[:, column]
            first = np.empty(len(values) + 1, np.intp)  # of the rows with this value; others are never looked at
            first[place[::-1]] = np.arange(len(rows) - 1, -1, -1)
            first = first[place]
            new = (first == np.arange(len(rows))) & (place >= 0)
            tags.append(np.where(place < 0, -1, self.count + (np.cumsum(new) - 1)[first]))
            self.values += [values[at] for at in place[new].tolist()]
            self.count += int(np.count_nonzero(new))
        return tags

    def _own_tags(self, rows: np.ndarray) -> list[np.ndarray]:
        width, own = len(self.columns.own), self.state.own
        if not width:
            return []
        self.values += [own[row] for row in rows.tolist()]
        missing = self.state.table["missing"][rows]
        if not missing.any():
            self.count += width * len(rows)
            return [self.count + width * np.arange(-len(rows), 0) + column for column in range(width)]
        there = (missing[:, None] >> np.arange(width, dtype=np.uint32) & 1) == 0
        at = self.count + np.cumsum(there.ravel()).reshape(there.shape) - 1
        self.count += int(np.count_nonzero(there))
        return list(np.where(there, at, -1).T)


def _paths(state: Rows, rows: np.ndarray, place: Callable, thin: bool) -> Paths:
    """Paths of rows, in steps from the corner of a tile."""
    table = state.table[rows]
    paths = ragged(table["path"], table["paths"])
    points = ragged(table["point"], table["points"])
    x, y = place(state.points[points].view(np.uint32).reshape(-1, 2))
    return Paths(x, y, state.sizes[paths].astype(np.intp), state.hole[paths],
                 np.repeat(np.arange(len(rows)), table["paths"]), state.fixed[points] if thin else None)


def _snapped(paths: Paths, window: Window, owner: np.ndarray | None = None) -> Paths:
    """The paths in tile coordinates."""
    return Paths(window.snap(paths.x), window.snap(paths.y), paths.sizes, paths.hole,
                 paths.owner if owner is None else owner, paths.fixed)


def _label_points(state: Rows, rows: np.ndarray, window: Window) -> tuple[np.ndarray, Paths]:
    """Rows whose label lies in the tile itself, and that point."""
    x, y = window.place(state.table["label"][rows])
    here = (x >= 0) & (x < window.size) & (y >= 0) & (y < window.size)
    count = np.count_nonzero(here)
    x, y = (np.minimum(window.snap(steps[here]), EXTENT - 1) for steps in (x, y))
    return rows[here], Paths(x, y, np.ones(count, np.intp), np.zeros(count, bool), np.arange(count))
