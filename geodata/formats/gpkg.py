"""GeoPackage files of others, read and written with pyogrio. Never the live store: two SQLite copies in one process
corrupt a file (measured); an export goes from rows to another file."""

from __future__ import annotations

from pathlib import Path

from ._ogr import read_layer, write_layer


def read(path: Path, layer: str | None, encoding: str | None):
    """A layer of a GeoPackage; without a name, the only one."""
    return read_layer(path, layer, None)


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """Adds a layer to a GeoPackage."""
    write_layer(frame, path, layer, "GPKG")
