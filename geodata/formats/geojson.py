"""GeoJSON and TopoJSON in, GeoJSON out."""

from __future__ import annotations

from pathlib import Path

from ._ogr import read_layer, write_layer


def read(path: Path, layer: str | None, encoding: str | None):
    """The features; coordinates are WGS84 unless the file says otherwise."""
    return read_layer(path, layer, None)


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """7 decimals: the grid of the store, so that vertices come back exactly."""
    write_layer(frame, path, layer, "GeoJSON", COORDINATE_PRECISION=7)
