"""GeoJSON and TopoJSON in, GeoJSON out.

Written by ourselves: GDAL takes the last digit of 120.2000008 for noise and writes 120.2, which tears the borders of a
coverage apart by up to nine centimetres (found on real data)."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import shapely

from layers.later import later

from ._ogr import read_layer

geopandas, pandas = later("geopandas"), later("pandas")

AT_ONCE = 5_000  # rows
_CRS84 = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}'  # for readers older than RFC 7946


def read(path: Path, layer: str | None, encoding: str | None):
    """The features; coordinates are WGS84 unless the file says otherwise."""
    return read_layer(path, layer, None)


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """A collection in CRS84, longitude first; every coordinate with as many digits as bring it back exactly."""
    shaped = isinstance(frame, geopandas.GeoDataFrame)
    names = [str(name) for name in frame.columns if not shaped or name != frame.geometry.name]
    heads = [json.dumps(name, ensure_ascii=False) + ": " for name in names]
    shapes = np.asarray(frame.geometry, dtype=object) if shaped else np.full(len(frame), None)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type": "FeatureCollection", "name": {json.dumps(layer, ensure_ascii=False)}, "crs": {_CRS84}, "features": [\n')
        for start in range(0, len(frame), AT_ONCE):
            end = min(start + AT_ONCE, len(frame))
            columns = [[_value(one) for one in frame[name].iloc[start:end].tolist()] for name in names]
            grounds = shapely.to_geojson(shapes[start:end])
            lines = (f'{{"type": "Feature", "properties": {{{", ".join(map("".join, zip(heads, row)))}}}, "geometry": {ground or "null"}}}'
                     for row, ground in zip(zip(*columns) if columns else [()] * (end - start), grounds))
            file.write((",\n" if start else "") + ",\n".join(lines))
        file.write("\n]}\n")


def _value(value) -> str:
    if value is None or value is pandas.NA or (isinstance(value, float) and not math.isfinite(value)):
        return "null"
    return json.dumps(value.item() if isinstance(value, np.generic) else value, ensure_ascii=False, default=str)
