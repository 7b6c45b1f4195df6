"""Files of every layer as somebody might send them: every declared field filled, personal ones too."""

from __future__ import annotations

import json
import random
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from geodata.incoming import REFERENCES
from geodata.store import Store
from layers.areas import Area, to_degrees
from layers.schema import LAYERS, OWNER, Field, Layer
from tests.geodata.stores import GROUPS, house, inside

ROWS = 4
# What the samples refer to; `refer` puts it into the store.
CODES = {
    "estate": "XQ甲",
    "building": "LD-0",
    "unit": "LD-0-1",
    "place": "CS-0",
    "post": "KD-0",
    "team": "一组",
    "cell": "C-0",
    "area": "30",
}


def refer(store: Store) -> None:
    """The objects that samples name by their codes."""
    with store.write("tester", "demo") as tx:
        leaf = tx.area(CODES["area"])
        spot = inside(leaf, random.Random(1), 1)[0]
        point, shape = to_degrees(shapely.Point(spot)), house(spot)
        tx.insert("estates", [{"code": CODES["estate"], "geom": shape, "area": leaf.fid}])
        building = tx.insert("buildings", [{"code": CODES["building"], "geom": shape, "area": leaf.fid}])[0]
        tx.insert("units", [{"code": CODES["unit"], "building": building, "area": leaf.fid}])
        tx.insert("places", [{"code": CODES["place"], "geom": shape, "kind": "market", "area": leaf.fid}])
        tx.insert("checkpoints", [{"code": CODES["post"], "geom": point, "area": leaf.fid}])
        tx.insert("teams", [{"name": CODES["team"], "area": leaf.fid}])


def sample(layer: Layer, leaves: list[Area], *, mixed: bool = True) -> pandas.DataFrame:
    """Four rows with our field names; references are codes. `mixed` lets a layer of any geometry hold several types."""
    dice = random.Random(len(layer.name))
    spots = [inside(leaf, dice, 1)[0] for leaf in leaves[:ROWS]]
    columns: dict[str, Any] = {field.name: [_value(layer, field, k) for k in range(ROWS)] for field in layer.fields}
    if layer.owned and not layer.by_place:
        columns[OWNER.name] = [CODES["area"]] * ROWS
    frame = pandas.DataFrame({name: pandas.Series(values, dtype=object) for name, values in columns.items()})
    if not layer.geometry:
        return frame
    shapes = [_shape(layer.geometry, spot, k if mixed else 0) for k, spot in enumerate(spots)]
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490")


def _value(layer: Layer, field: Field, k: int) -> Any:
    if field.name in REFERENCES and field.type == "int":
        return CODES[field.name]
    if field.name == "code":
        return f"{layer.name[:2].upper()}-{k}号"
    if field.name == "special":
        return json.dumps({group: k + 1 for group in GROUPS[: k % 3 + 1]}, ensure_ascii=False) if k else None
    if field.name == "kind" and layer.name == "zones":
        return "lockdown"
    if field.name == "status" and layer.name == "zones":
        return "proposed"  # a file says no more than that
    if field.choices:
        return field.choices[k % len(field.choices)]
    return {
        "text": f"{field.zh}甲乙{k}"[: field.length],
        "int": 10 + k,
        "number": 2.5 + k,
        "bool": k % 2 == 0,
        "date": f"2026-02-{k + 1:02d}",
        "time": f"2026-02-{k + 1:02d}T08:30:00+08:00",
        "json": json.dumps({"甲": [k, "乙"]}, ensure_ascii=False),
    }[field.type]


def _shape(kind: str, spot: np.ndarray, k: int) -> shapely.Geometry:
    point, ground = to_degrees(shapely.Point(spot)), house(tuple(spot), 400 + 30 * k, 0.3 * k)
    line = shapely.MultiLineString([shapely.get_coordinates(ground)[:3]])
    return {
        "Point": point,
        "MultiLineString": line,
        "MultiPolygon": ground,
        "Geometry": (ground, point, line.geoms[0], ground)[k],
    }[kind]


def as_sent(frame: pandas.DataFrame, layer: Layer, ascii_names: bool) -> pandas.DataFrame:
    """The frame with the names of its columns as the format wants them."""
    names = {field.name: field.dbf for field in (*layer.fields, OWNER)}
    return frame.rename(columns=names) if ascii_names else frame


EXCHANGED = [layer for layer in LAYERS.values() if layer.name not in ("areas", "shares")]
