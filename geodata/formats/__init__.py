"""Files in and out: one file per format, one entry here. Menus, detection, help and the contract test read FORMATS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layers.errors import BadFile

from . import flatgeobuf, geojson, gpkg, kml, shapefile, table


@dataclass(frozen=True, slots=True)
class Format:
    """`read(path, layer, encoding)` gives a (Geo)DataFrame with CRS; `write(frame, path, layer, encoding)` writes one file;
    where a package holds several, `members(frame, layer, encoding, ground)` gives them as (name, blocks of bytes)."""

    id: str
    zh: str
    en: str
    suffixes: tuple[str, ...]  # the first is what an export is called
    read: Callable[..., Any]
    write: Callable[..., None]
    ascii_names: bool = False  # field names are the DBF names of the schema
    encodings: tuple[str, ...] = ("UTF-8",)
    crs: tuple[str, ...] = ()  # the only ones it knows; none named: any
    table: bool = False  # rows and columns; the shapes as text may be left out
    needs_shape: bool = False  # holds no layer without geometry
    members: Callable[..., list[tuple[str, Any]]] | None = None


FORMATS: dict[str, Format] = {format.id: format for format in (
    Format("shapefile", "Shapefile（zip）", "Shapefile (zip)", (".zip", ".shp"), shapefile.read, shapefile.write, True,
           ("UTF-8", "GBK"), needs_shape=True, members=shapefile.members),
    Format("gpkg", "GeoPackage", "GeoPackage", (".gpkg",), gpkg.read, gpkg.write),
    Format("geojson", "GeoJSON", "GeoJSON", (".geojson", ".json", ".topojson"), geojson.read, geojson.write, crs=("EPSG:4326",)),
    Format("flatgeobuf", "FlatGeobuf", "FlatGeobuf", (".fgb",), flatgeobuf.read, flatgeobuf.write, needs_shape=True),
    Format("kml", "KML", "KML", (".kml",), kml.read, kml.write, crs=("EPSG:4326",), needs_shape=True),
    Format("csv", "CSV 表", "CSV table", (".csv", ".txt"), table.read_csv, table.write_csv, table=True),
    Format("xlsx", "Excel 表", "Excel table", (".xlsx", ".xls"), table.read_xlsx, table.write_xlsx, table=True),
)}


def detect(path: Path) -> Format:
    """The format of a file by its name. Raises BadFile."""
    for format in FORMATS.values():
        if path.name.lower().endswith(format.suffixes):
            return format
    raise BadFile(f"{path.name}: unknown kind of file; one of {', '.join(s for f in FORMATS.values() for s in f.suffixes)} is needed")
