"""Files in and out: one file per format, one entry here. Menus, detection, help and the contract test read FORMATS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layers.errors import BadFile

from . import geojson, gpkg, shapefile, table


@dataclass(frozen=True, slots=True)
class Format:
    """`read(path, layer, encoding)` gives a (Geo)DataFrame with CRS; `write(frame, path, layer, encoding)` writes one."""

    id: str
    zh: str
    en: str
    suffixes: tuple[str, ...]  # the first is what an export is called
    read: Callable[..., Any]
    write: Callable[..., None]
    ascii_names: bool = False  # field names are the DBF names of the schema
    encodings: tuple[str, ...] = ("UTF-8",)


FORMATS: dict[str, Format] = {format.id: format for format in (
    Format("shapefile", "Shapefile（zip）", "Shapefile (zip)", (".zip", ".shp"), shapefile.read, shapefile.write, True,
           ("UTF-8", "GBK")),
    Format("gpkg", "GeoPackage", "GeoPackage", (".gpkg",), gpkg.read, gpkg.write),
    Format("geojson", "GeoJSON", "GeoJSON", (".geojson", ".json", ".topojson"), geojson.read, geojson.write),
    Format("csv", "CSV（WKT）", "CSV (WKT)", (".csv", ".txt"), table.read_csv, table.write_csv),
    Format("xlsx", "Excel", "Excel", (".xlsx", ".xls"), table.read_xlsx, table.write_xlsx),
)}


def detect(path: Path) -> Format:
    """The format of a file by its name. Raises BadFile."""
    for format in FORMATS.values():
        if path.name.lower().endswith(format.suffixes):
            return format
    raise BadFile(f"{path.name}: unknown kind of file; one of {', '.join(s for f in FORMATS.values() for s in f.suffixes)} is needed")
