"""Tiles of everything that is not the coverage: buildings, roads, water, estates, gates, places, zones, posts; and the edge
of what the zones leave.
A layer is read when first asked for and again when it changed; accounts with a narrower scope get tiles of their own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import shapely
from sqlalchemy import and_, or_

from layers.areas import to_units
from layers.errors import NotFound

from .rest_edge import rest_edge
from .rows import Reader
from .schema import TABLES
from .store import Store
from .tiles import TileLayer

# layer -> (kind of geometry in tiles, text attributes, whole-number attributes, label points); never a person's name
SHOWN: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], bool]] = {
    "buildings": ("polygon", ("name", "kind", "code"), ("floors",), True),
    "estates": ("polygon", ("name", "kind"), (), True),
    "roads": ("line", ("name", "kind"), (), False),
    "water": ("polygon", ("name", "kind"), (), True),
    "barriers": ("line", ("kind",), (), False),
    "gates": ("point", ("name", "kind", "state"), (), False),
    "places": ("point", ("name", "kind"), (), False),
    "checkpoints": ("point", ("name", "kind", "state"), (), False),
    "zones": ("polygon", ("name", "kind", "status", "code", "lifted_at"), (), True),
}
REST = "zones_rest"  # not a layer anybody writes: where the fill kind begins
KEPT = 24  # tile layers in memory
LIFTED_DAYS = 2  # zones lifted lately stay on the map; the page shows those of its own day


def shown_of(layers: Iterable[str]) -> list[str]:
    """Those of the layers that have tiles here, and what is derived from them."""
    changed = set(layers)
    return [name for name in SHOWN if name in changed] + ([REST] if changed & {"zones", "areas"} else [])


class LayerTiles:
    """Owns tile layers by (layer, scope). Public: layer, rev_of, forget."""

    def __init__(self, store: Store):
        self.store = store
        self._made: OrderedDict[tuple[str, tuple[str, ...] | None], TileLayer] = OrderedDict()
        self._revs: dict[str, int] = {}
        self._turn = threading.Lock()

    def layer(self, name: str, scope: Sequence[str] | None) -> TileLayer:
        """The tiles of a layer within a scope (None = everywhere). Raises NotFound."""
        if name not in SHOWN and name != REST:
            raise NotFound(f"{name}: no such tile layer")
        key = (name, None if scope is None or name in ("roads", "water") else tuple(scope))
        with self._turn:
            if key not in self._made:
                with self.store.read() as reader:
                    self._made[key] = _read(reader, name, key[1])
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return self._made[key]

    def rev_of(self, name: str) -> int:
        """Raised whenever the layer changed: part of the address of its tiles."""
        return self._revs.get(name, 0)

    def forget(self, layers: Sequence[str] | None, rev: int) -> None:
        """These layers changed (None = all)."""
        with self._turn:
            for name in (*SHOWN, REST) if layers is None else layers:
                self._revs[name] = rev
                for key in [key for key in self._made if key[0] == name]:
                    del self._made[key]


def _read(reader: Reader, name: str, scope: Sequence[str] | None) -> TileLayer:
    if name == REST:
        lines = rest_edge(reader, scope)
        return TileLayer(name, range(1, len(lines) + 1), lines, {"kind": [reader.rules.profile.fill_kind] * len(lines)}, kind="line")
    kind, texts, numbers, labels = SHOWN[name]
    where = _standing() if name == "zones" else None
    rows = [row for row in reader.each(name, where, scope=scope) if row["geom"] is not None and not row["geom"].is_empty]
    rows = [row for row in rows if _fits(row["geom"], kind) or kind == "point"]
    shapes = [to_units(row["geom"] if kind != "point" or row["geom"].geom_type == "Point" else shapely.point_on_surface(row["geom"]))
              for row in rows]
    return TileLayer(name, [row["fid"] for row in rows], shapes, {text: [row[text] or "" for row in rows] for text in texts},
                     {number: [row[number] or 0 for row in rows] for number in numbers}, labels=labels, kind=kind)


def _standing():
    """Zones proposed, in force, or lifted lately."""
    zones, since = TABLES["zones"], datetime.now(UTC) - timedelta(days=LIFTED_DAYS)
    return or_(zones.c.status.in_(("proposed", "in_force")),
               and_(zones.c.status == "lifted", zones.c.lifted_at >= since.isoformat()))


def _fits(shape: shapely.Geometry, kind: str) -> bool:
    return {"polygon": "Polygon", "line": "Line", "point": "Point"}[kind] in shape.geom_type
