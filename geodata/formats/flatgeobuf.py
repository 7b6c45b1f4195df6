"""FlatGeobuf: one binary file that is read from the first byte on, for large layers between programs."""

from __future__ import annotations

from pathlib import Path

from ._ogr import read_layer, write_layer

INDEXED = 1000  # rows from which a spatial index is worth its place; it puts the rows in an order of its own


def read(path: Path, layer: str | None, encoding: str | None):
    """The rows of the file."""
    return read_layer(path, layer, None)


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """With a spatial index where there are many rows and each has its place."""
    index = len(frame) >= INDEXED and not frame.geometry.isna().any()
    write_layer(frame, path, layer, "FlatGeobuf", SPATIAL_INDEX="YES" if index else "NO")
