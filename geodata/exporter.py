"""Files out: rows go to a frame, the frame to another file. The live store is never opened by GDAL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from layers.areas import to_degrees
from layers.errors import BadEncoding, BadInput, NotFound, StoreBusy
from layers.later import later
from layers.schema import LAYERS, OWNER, Field, Layer

from . import crs as crs_
from .coverage_cache import CoverageCache
from .formats import FORMATS, Format
from .importer import REFERENCES
from .rows import Reader
from .schema import TABLES

geopandas = later("geopandas")
pandas = later("pandas")

Progress = Callable[[float, str], None]
TRIES = 20  # how often rows and figures are read again to be of one revision
NOT_IN_DBF = ("members",)  # lists of codes do not fit 254 bytes; the zone's shape and figures go
EXPORT_LAYERS = [name for name in LAYERS if name not in ("shares",)]
EXPORT_FORMATS: list[Format] = list(FORMATS.values())
# Figures of areas beside their own fields (`domain.md` 4.4): our name, type, DBF name.
AREA_FIGURES = (
    Field("parent", "text", "上级编码", "Parent", "SJBM"), Field("households", "int", "户数", "Households", "HS"),
    Field("population", "int", "人口", "People", "RKS"), Field("special_total", "int", "特殊人群", "Special groups", "TSRS"),
    Field("known_share", "number", "已知比例", "Known share", "YZBL"), Field("area_m2", "number", "面积", "Area", "MJ_M2"),
    Field("staff_need", "int", "应配人员", "Staff needed", "YPRS"), Field("staff_have", "int", "在岗人员", "Staff", "ZGRS"),
    Field("version", "int", "版本", "Version", "BBH"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to export. `area` keeps what lies under that code; `scope` keeps an account inside its areas."""

    layer: str
    format: str = "shapefile"
    crs: str = crs_.STORE
    encoding: str = "UTF-8"
    area: str | None = None
    level: str | None = None
    datum: str = "wgs84"
    scope: tuple[str, ...] | None = None
    special: bool = True  # special groups included


def export(cache: CoverageCache, request: Request, path: Path, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Writes the file; answers {"rows", "fields", "crs", "encoding", "rev"}. Raises BadInput, BadCrs, BadEncoding,
    UnknownArea, NotFound when there is nothing to export."""
    format = judged(request)
    cache.store.refuse_live(path)
    progress(0.1, "read")
    for _ in range(TRIES):
        rev = cache.sync()
        with cache.store.read() as reader:
            if reader.rev == rev == cache.rev:
                frame = frame_of(reader, cache, request)
                break
    else:
        raise StoreBusy("others kept writing while the export was read; try again")
    if not len(frame):
        raise NotFound(f"{request.layer}: there is nothing to export there")
    progress(0.5, "write")
    fields = fields_of(LAYERS[request.layer], request.special)
    if format.ascii_names:
        frame = frame.drop(columns=[name for name in NOT_IN_DBF if name in frame])
        frame = frame.rename(columns={field.name: field.dbf for field in fields})
    format.write(frame, path, request.layer, request.encoding)
    progress(1.0, "done")
    return {"rows": len(frame), "fields": [column for column in frame.columns if column != "geometry"], "crs": request.crs,
            "encoding": request.encoding, "rev": rev}


def judged(request: Request) -> Format:
    """The format, when everything asked for exists. Raises BadInput, BadEncoding, BadCrs."""
    if request.layer not in EXPORT_LAYERS:
        raise BadInput(f"{request.layer}: no such layer; one of {', '.join(EXPORT_LAYERS)}")
    if request.format not in FORMATS:
        raise BadInput(f"{request.format}: no such format; one of {', '.join(FORMATS)}")
    format = FORMATS[request.format]
    if request.format == "shapefile" and not LAYERS[request.layer].geometry:
        raise BadInput(f"{request.layer} have no geometry; a Shapefile cannot hold them, CSV or Excel can")
    if request.encoding not in format.encodings:
        raise BadEncoding(f"{format.en} is written in {' or '.join(format.encodings)}, not {request.encoding}")
    crs_.named(request.crs)
    if request.crs not in crs_.EXPORTS:
        raise BadInput(f"{request.crs}: exports come in {' or '.join(crs_.EXPORTS)}")
    if request.format == "geojson" and request.crs != "EPSG:4326":
        raise BadInput("GeoJSON is always WGS84; ask for EPSG:4326")
    return format


def fields_of(layer: Layer, special: bool) -> list[Field]:
    """What a file of that layer holds: no names and phones of persons."""
    own = [field for field in layer.fields if not field.personal and (special or field.name != "special")]
    if layer.name == "areas":
        return own[:3] + [field for field in AREA_FIGURES if special or field.name != "special_total"] + own[3:]
    return own + ([OWNER] if layer.owned else [])


def frame_of(reader: Reader, cache: CoverageCache, request: Request) -> pandas.DataFrame:
    """The rows as a frame in the CRS asked for; columns are our names, references are codes."""
    layer = LAYERS[request.layer]
    scope = request.scope
    if request.area is not None:
        scope = _inside(cache.by_code(request.area).path, scope)
    rows = _areas(reader, cache, request, scope) if layer.name == "areas" else _rows(reader, cache, layer, scope)
    fields = fields_of(layer, request.special)
    columns = {field.name: _column(field, [row.get(field.name) for row in rows]) for field in fields}
    if not layer.geometry:
        return pandas.DataFrame(columns)
    shapes = crs_.from_store(np.array([row["geom"] for row in rows], dtype=object), request.crs, request.datum)
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=request.crs)


def _inside(path: str, scope: Sequence[str] | None) -> tuple[str, ...]:
    """Paths of what lies both under `path` and in the scope."""
    if scope is None or any(path.startswith(allowed) for allowed in scope):
        return (path,)
    return tuple(allowed for allowed in scope if allowed.startswith(path))


def _areas(reader: Reader, cache: CoverageCache, request: Request, scope: Sequence[str] | None) -> list[dict[str, Any]]:
    paths = tuple(scope) if scope is not None else ("/",)
    if request.level is not None and cache.rules.level(request.level) is None:
        raise BadInput(f"{request.level}: no such level")
    rows = []
    for area in reader.all_areas(leaf=True if request.level is None else None):
        if not area.path.startswith(paths) or (request.level is not None and area.level != request.level):
            continue
        node = cache.nodes[area.fid]
        figures = cache.figures(node)
        parent = cache.nodes.get(area.parent)
        rows.append({**area.attributes, "geom": to_degrees(area.shape), "code": area.code, "name": area.name, "level": area.level,
                     "locked": area.locked, "parent": parent.code if parent else None, "households": figures["households"],
                     "population": figures["population"], "special_total": figures["special_total"], "known_share": figures["known_share"],
                     "area_m2": round(node.area, 2), "staff_need": figures["staff"]["need"], "staff_have": figures["staff"]["have"],
                     "version": area.version})
    return rows


def _rows(reader: Reader, cache: CoverageCache, layer: Layer, scope: Sequence[str] | None) -> list[dict[str, Any]]:
    rows = reader.rows(layer.name, scope=scope)
    for key, (target, column) in REFERENCES.items():
        if layer.field(key) is not None and target in TABLES:
            wanted = {row[key] for row in rows if row.get(key) is not None}
            names = {row["fid"]: row[column] for row in reader.rows(target, fids=sorted(wanted), geometry=False)} if wanted else {}
            for row in rows:
                row[key] = names.get(row.get(key))
    for row in rows:
        node = cache.nodes.get(row.get("area"))
        row["area"] = node.code if node else None
    return rows


def _column(field: Field, values: list[Any]):
    if field.name in REFERENCES:
        return pandas.Series([None if value is None else str(value) for value in values], dtype=object)
    if field.type == "json":
        return pandas.Series([None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values], dtype=object)
    if field.type == "int":
        return pandas.array(values, dtype="Int64")
    if field.type == "number":
        return pandas.array([np.nan if value is None else value for value in values], dtype="float64")
    if field.type == "bool":
        return pandas.array([None if value is None else int(value) for value in values], dtype="Int32")
    return pandas.Series(values, dtype=object)


def summary_line(answer: Mapping[str, Any]) -> str:
    """One line for a person."""
    return f"{answer['rows']} rows, {answer['crs']}, {answer['encoding']}, revision {answer['rev']}"
