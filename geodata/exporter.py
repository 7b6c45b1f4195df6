"""Files out: rows go to a frame, the frame to another file or a package. The live store is never opened by GDAL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import and_

from layers.errors import BadEncoding, BadInput, NotFound, StoreBusy
from layers.later import later
from layers.schema import LAYERS, OWNER, Field, Layer
from layers.zones import STATUSES

from . import area_columns, handover
from . import crs as crs_
from .coverage_cache import CoverageCache
from .formats import FORMATS, Format
from .formats.shapefile import Ground
from .incoming import REFERENCES
from .rows import Reader
from .schema import TABLES
from .transaction import Raced
from .tree import Node
from .zone_rest import rest_rows

geopandas = later("geopandas")
pandas = later("pandas")

Progress = Callable[[float, str], None]
ZONES = TABLES["zones"]
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
# Of zones: whether somebody drew it, or it is what the zones in force leave (`zone_rest.py`).
DERIVED = Field("derived", "bool", "推得（其余范围）", "Derived: the rest", "SFTD")


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
    personal: bool = False  # names and phones of persons included
    shapes: bool = True  # False: a table of figures alone
    status: str | None = None  # zones of this status only
    package: bool | None = None  # a sealed zip with manifest; not said: only what is a zip anyway
    receiver: str | None = None
    purpose: str | None = None

    @property
    def packed(self) -> bool:
        """True when the file is a package."""
        return FORMATS[self.format].suffixes[0] == ".zip" if self.package is None else self.package

    @property
    def suffix(self) -> str:
        """How the name of the file ends."""
        return ".zip" if self.packed else FORMATS[self.format].suffixes[0]


def export(cache: CoverageCache, request: Request, path: Path, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Writes the file; answers {"rows", "fields", "crs", "encoding", "rev", "bytes", "sha256", "files"} (files: of a package).
    Raises BadInput, BadCrs, BadEncoding, UnknownArea, NotFound when there is nothing to export."""
    format = judged(request)
    cache.store.refuse_live(path)
    progress(0.1, "read")
    rev, (frame, ground) = one_look(cache, lambda reader: frame_of(reader, cache, request))
    if not len(frame):
        raise NotFound(f"{request.layer}: there is nothing to export there")
    progress(0.5, "write")
    fields = fields_of(LAYERS[request.layer], request.special, request.personal)
    if format.ascii_names:
        fields = [field for field in fields if field.name not in NOT_IN_DBF]
        frame = frame.drop(columns=[name for name in NOT_IN_DBF if name in frame])
        frame = frame.rename(columns={field.name: field.dbf for field in fields})
    answer = {"rows": len(frame), "fields": [column for column in frame.columns if column != "geometry"], "crs": request.crs,
              "encoding": request.encoding, "rev": rev}
    if request.packed:
        told = handover.pack(path, frame, format, request.layer, request.encoding, fields, _about(cache, request, frame, answer),
                             _coded(cache, request.layer), ground)
        answer |= {**told["package"], "files": told["files"]}
    else:
        format.write(frame, path, request.layer, request.encoding)
        with path.open("rb") as file:
            answer |= {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "files": None}
    progress(1.0, "done")
    return answer


def count(cache: CoverageCache, request: Request) -> int:
    """How many rows the file would have. Raises like `export`."""
    judged(request)
    return one_look(cache, lambda reader: _count(reader, cache, request))[1]


def one_look(cache: CoverageCache, look: Callable[[Reader], Any]) -> tuple[int, Any]:
    """Rows and figures of one revision."""
    for _ in range(TRIES):
        rev = cache.sync()
        with cache.store.read() as reader:
            if reader.rev == rev == cache.rev:
                with suppress(Raced):
                    return rev, look(reader)
    raise StoreBusy("others kept writing while the export was read; try again")


def _about(cache: CoverageCache, request: Request, frame, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says beside files and fields."""
    dbf = {field.name: field.dbf for field in fields_of(LAYERS[request.layer], True)} if FORMATS[request.format].ascii_names else {}
    column = lambda name: frame[dbf.get(name, name)] if dbf.get(name, name) in frame else None  # noqa: E731
    if request.layer == "zones":  # zones may lie on each other: their people do not add up
        sums = {"kinds": {kind: int(rows) for kind, rows in column("kind").value_counts().items()}, "derived": int(column("derived").sum())}
    else:
        held = {name: column(name) for name in ("households", "population")}
        sums = {name: int(one.sum()) if one.notna().any() else None for name, one in held.items() if one is not None}
    at = cache.store.clock().isoformat(timespec="seconds")
    return {"layer": request.layer, "area": request.area, "level": request.level, "status": request.status, "rows": answer["rows"], **sums,
            "rev": answer["rev"], "at": at,
            "file_format": request.format, "crs": request.crs, "datum": request.datum, "encoding": request.encoding,
            "receiver": request.receiver, "purpose": request.purpose, "personal": request.personal}


def _coded(cache: CoverageCache, layer: str) -> dict[str, str]:
    """What the values of a field mean that the settings name."""
    rules = cache.rules
    words = {"areas": {"level": rules.levels}, "zones": {"kind": rules.profile.kinds}, "staff": {"role": rules.roles}}.get(layer, {})
    told = {field: " | ".join(f"{one.id} {one.zh} {one.en}" for one in entries) for field, entries in words.items()}
    if layer == "zones":
        told["status"] = "proposed 拟划定 proposed | in_force 生效 in force | lifted 已解除 lifted"
    if layer == "checkpoints":
        told["kind"] = " | ".join(f"{name} {one.zh} {one.en}" for name, one in rules.posts.items())
    return told


def judged(request: Request) -> Format:
    """The format, when everything asked for exists. Raises BadInput, BadEncoding, BadCrs."""
    if request.layer not in EXPORT_LAYERS:
        raise BadInput(f"{request.layer}: no such layer; one of {', '.join(EXPORT_LAYERS)}")
    if request.format not in FORMATS:
        raise BadInput(f"{request.format}: no such format; one of {', '.join(FORMATS)}")
    format = FORMATS[request.format]
    if format.needs_shape and not LAYERS[request.layer].geometry:
        raise BadInput(f"{request.layer} have no geometry; {format.en} cannot hold them, CSV or Excel can")
    if request.status is not None and (request.layer != "zones" or request.status not in STATUSES):
        raise BadInput(f"status={request.status[:40]}: zones are {', '.join(STATUSES)}; other layers have none")
    if not request.shapes and not format.table:
        raise BadInput(f"{format.en} holds shapes; a table of figures alone is CSV or Excel")
    if request.encoding not in format.encodings:
        raise BadEncoding(f"{format.en} is written in {' or '.join(format.encodings)}, not {request.encoding}")
    crs_.named(request.crs)
    if request.crs not in crs_.EXPORTS:
        raise BadInput(f"{request.crs}: exports come in EPSG:4490, EPSG:4326 or EPSG:{crs_.PREFIXED} to {crs_.EXPORTS[-1][5:]}")
    if format.crs and request.crs not in format.crs:
        raise BadInput(f"{format.en} is always WGS84; ask for {format.crs[0]}")
    return format


def fields_of(layer: Layer, special: bool, personal: bool = False) -> list[Field]:
    """What a file of that layer holds: names and phones of persons only when asked for."""
    own = [field for field in layer.fields if (personal or not field.personal) and (special or field.name != "special")]
    if layer.name == "areas":
        return own[:3] + [field for field in AREA_FIGURES if special or field.name != "special_total"] + own[3:]
    return own + [OWNER] * layer.owned + [DERIVED] * (layer.name == "zones")


def frame_of(reader: Reader, cache: CoverageCache, request: Request) -> tuple[pandas.DataFrame, Ground | None]:
    """The rows as a frame in the CRS asked for; columns are our names, references are codes. Of areas that go into a
    Shapefile the shapes come beside it, as flat arrays."""
    layer = LAYERS[request.layer]
    scope, ground = _scope(cache, request), None
    if layer.name == "areas":
        nodes, leaf = _nodes(cache, request, scope), request.level is None
        values = area_columns.fields_of(nodes) | area_columns.figures_of(cache, nodes)
        if FORMATS[request.format].members is not None and request.packed:
            ground = area_columns.ground_of(reader, nodes, request.crs, request.datum, leaf=leaf)
        shapes = area_columns.shapes_of(reader, nodes, leaf=leaf) if request.shapes and ground is None else None
    else:
        rows = _rows(reader, cache, layer, scope, request.status)
        values = {field.name: [row.get(field.name) for row in rows] for field in fields_of(layer, request.special, request.personal)}
        shapes = np.array([row["geom"] for row in rows], dtype=object) if layer.geometry else None
    columns = {field.name: _column(field, values[field.name]) for field in fields_of(layer, request.special, request.personal)}
    if shapes is None or not request.shapes:
        return pandas.DataFrame(columns), ground
    return geopandas.GeoDataFrame(columns, geometry=crs_.from_store(shapes, request.crs, request.datum), crs=request.crs), None


def _scope(cache: CoverageCache, request: Request) -> tuple[str, ...] | None:
    return request.scope if request.area is None else _inside(cache.by_code(request.area).path, request.scope)


def _count(reader: Reader, cache: CoverageCache, request: Request) -> int:
    scope, layer = _scope(cache, request), LAYERS[request.layer]
    if layer.name == "areas":
        return len(_nodes(cache, request, scope))
    conditions = [] if scope is None else [reader.in_scope(layer.name, scope)]
    conditions += [ZONES.c.status == request.status] if request.status else []
    there = reader.count(layer.name, and_(*conditions) if conditions else None)
    return there + (len(_rest(reader, cache, scope, request.status)) if layer.name == "zones" else 0)


def _inside(path: str, scope: Sequence[str] | None) -> tuple[str, ...]:
    """Paths of what lies both under `path` and in the scope."""
    if scope is None or any(path.startswith(allowed) for allowed in scope):
        return (path,)
    return tuple(allowed for allowed in scope if allowed.startswith(path))


def _nodes(cache: CoverageCache, request: Request, scope: Sequence[str] | None) -> list[Node]:
    if request.level is not None and cache.rules.level(request.level) is None:
        raise BadInput(f"{request.level}: no such level")
    found = [node for node in cache.nodes.values() if (node.leaf if request.level is None else node.level == request.level)]
    if scope is not None:
        found = [node for node in found if node.path.startswith(tuple(scope))]
    return sorted(found, key=lambda node: node.fid)


def _rest(reader: Reader, cache: CoverageCache, scope: Sequence[str] | None, status: str | None) -> list[dict[str, Any]]:
    return rest_rows(reader, cache, scope) if status in (None, "in_force") else []


def _rows(reader: Reader, cache: CoverageCache, layer: Layer, scope: Sequence[str] | None, status: str | None) -> list[dict[str, Any]]:
    rows = reader.rows(layer.name, ZONES.c.status == status if status else None, scope=scope)
    for key, (target, column) in REFERENCES.items():
        if layer.field(key) is not None and target in TABLES:
            wanted = {row[key] for row in rows if row.get(key) is not None}
            names = {row["fid"]: row[column] for row in reader.rows(target, fids=sorted(wanted), geometry=False)} if wanted else {}
            for row in rows:
                row[key] = names.get(row.get(key))
    for row in rows:
        node = cache.nodes.get(row.get("area"))
        row["area"] = node.code if node else None
        if layer.name == "checkpoints" and isinstance(row["areas"], list):  # numbers inside, codes outside
            row["areas"] = [cache.nodes[one].code if isinstance(one, int) and one in cache.nodes else one for one in row["areas"]]
    if layer.name == "zones":
        rows = [row | {"derived": False} for row in rows] + _rest(reader, cache, scope, status)
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
    return f"{answer['rows']:,} rows, {answer['crs']}, {answer['encoding']}, revision {answer['rev']}, SHA-256 {answer['sha256']}"
