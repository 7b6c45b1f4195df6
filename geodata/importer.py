"""Files in: read, mapped to the schema, judged row by row, then written in one transaction or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from layers.areas import as_multi, to_degrees, to_units
from layers.edits import Finding
from layers.errors import BadCrs, BadGeometry, BadInput, DuplicateCode, MissingField, NotFound
from layers.rules import Rules
from layers.schema import LAYERS, Field, Layer

from . import crs as crs_
from .dealing import deal_new
from .formats import detect
from .redrawing import point_of
from .rows import Reader
from .schema import TABLES
from .store import Store

Progress = Callable[[float, str], None]
# Columns that name another object by its code; files carry codes, rows carry fids.
REFERENCES = {"estate": ("estates", "code"), "building": ("buildings", "code"), "unit": ("units", "code"),
              "place": ("places", "code"), "post": ("checkpoints", "code"), "team": ("teams", "name"),
              "cell": ("cells", "code"), "area": ("areas", "code")}
_TRUE, _FALSE = {"true", "1", "yes", "是", "t", "y"}, {"false", "0", "no", "否", "f", "n"}


@dataclass(frozen=True, slots=True)
class Options:
    """What to read and how: the options of `weige import`."""

    layer: str
    source_layer: str | None = None
    level: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)  # ours -> theirs
    parents: Mapping[str, str] = field(default_factory=dict)  # level -> column with the parent's code
    parent_names: Mapping[str, str] = field(default_factory=dict)  # level -> column with the parent's name
    join: Path | None = None
    on: str | None = None
    crs: str | None = None
    datum: str = "wgs84"
    encoding: str | None = None
    dry_run: bool = False
    repair: bool = False


def read_file(path: Path, options: Options):
    """The file as a frame, joined and in degrees of EPSG:4490. Raises BadFile, BadCrs, BadEncoding, MissingField."""
    if not path.exists():
        raise NotFound(f"{path}: there is no such file")
    frame = detect(path).read(path, options.source_layer, options.encoding)
    if options.join is not None:
        frame = _joined(frame, path, options)
    if isinstance(frame, geopandas.GeoDataFrame):
        stated = options.crs or frame.crs
        if stated is None:
            raise BadCrs(f"{path.name} does not say its coordinate system; name it with --crs, e.g. --crs EPSG:4549")
        shapes = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
        frame = frame.set_geometry(geopandas.GeoSeries(crs_.to_store(shapes, stated, options.datum), index=frame.index),
                                   crs=crs_.STORE) if options.crs is None else geopandas.GeoDataFrame(
            frame.drop(columns=frame.geometry.name), geometry=crs_.to_store(shapes, stated, options.datum), crs=crs_.STORE)
    return frame


def _joined(frame, path: Path, options: Options):
    if not options.on:
        raise MissingField("--join needs --on COL, the column both files have")
    if not options.join.exists():
        raise NotFound(f"{options.join}: there is no such file")
    other = pandas.DataFrame(detect(options.join).read(options.join, None, options.encoding))
    for name, table in ((path.name, frame), (options.join.name, other)):
        if options.on not in table.columns:
            raise MissingField(f"{name} has no column {options.on}; it has {', '.join(map(str, table.columns))}")
    keys = other[options.on].astype(str)
    if keys.duplicated().any():
        raise DuplicateCode(f"{options.join.name}: {options.on} {keys[keys.duplicated()].iloc[0]!r} stands twice")
    other = other.drop(columns=[column for column in other.columns if column in frame.columns and column != options.on])
    merged = frame.assign(**{options.on: frame[options.on].astype(str)}).merge(
        other.assign(**{options.on: keys}), on=options.on, how="left")
    return merged


# ---- mapping ----------------------------------------------------------------------------------------------------------
def columns_of(layer: Layer, frame, options: Options, rules: Rules, name: str) -> dict[str, str]:
    """Our field -> their column: as stated with --field, else by our name, the DBF name or the Chinese label.
    `population` means the kind that is *the* figure; `special.GROUP` one group. Raises MissingField, BadInput."""
    theirs = [column for column in frame.columns if column != getattr(frame, "_geometry_column_name", None)]
    known = {field.name for field in layer.fields} | set(REFERENCES) | {"population"} | {f"{key}_code" for key in REFERENCES}
    counted = layer.field("special") is not None or layer.name == "areas"
    mapping: dict[str, str] = {}
    for ours, column in options.fields.items():
        if ours not in known and not (counted and (ours.startswith("special.") or ours in COUNT_NAMES)):
            raise BadInput(f"--field {ours}={column}: {layer.name} has no field {ours}")
        if column not in theirs:
            raise MissingField(f"{name} has no column {column}; it has {', '.join(map(str, theirs))}")
        mapping[rules.population_kind if ours == "population" else ours] = column
    taken = set(mapping.values())
    extra = [LAYERS["cells"].field(count) for count in COUNT_NAMES] if layer.name == "areas" else []
    for field_ in (*layer.fields, *extra):
        for candidate in (field_.name, field_.dbf, field_.zh):
            if field_.name not in mapping and candidate in theirs and candidate not in taken:
                mapping[field_.name] = candidate
                taken.add(candidate)
    for key in REFERENCES:
        for candidate in (f"{key}_code", f"{key}_name"):
            if candidate in theirs:
                mapping[key] = candidate
    if "population" in theirs and rules.population_kind not in mapping and counted:
        mapping[rules.population_kind] = "population"
    return mapping


COUNT_NAMES = ("households", "resident", "registered", "tenant", "collective", "special", "source", "counted_at")


def value_of(field_: Field, raw: Any, place: str) -> Any:
    """One cell in the type of its field; None when empty. Raises BadInput naming the place."""
    if raw is None or raw is pandas.NA or (isinstance(raw, float) and np.isnan(raw)) or raw is pandas.NaT:
        return None
    if isinstance(raw, str) and not raw.strip():
        return None
    try:
        value = _CONVERT[field_.type](raw)
    except (ValueError, TypeError):
        raise BadInput(f"{place}: {field_.name} = {raw!r} is not {_WORDS[field_.type]}") from None
    if field_.least is not None and value < field_.least:
        raise BadInput(f"{place}: {field_.name} = {raw!r} is less than {field_.least:g}")
    if field_.choices and value not in field_.choices:
        raise BadInput(f"{place}: {field_.name} = {raw!r} is none of {', '.join(field_.choices)}")
    if field_.type == "text" and len(value) > field_.length:
        raise BadInput(f"{place}: {field_.name} has {len(value)} characters, at most {field_.length} fit")
    return value


def _int(raw: Any) -> int:
    number = float(raw)
    if not number.is_integer():
        raise ValueError(raw)
    return int(number)


def _bool(raw: Any) -> bool:
    if isinstance(raw, (bool, np.bool_)):
        return bool(raw)
    text = str(raw).strip().lower().removesuffix(".0")
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(raw)


def _number(raw: Any) -> float:
    number = float(raw)
    if not np.isfinite(number):
        raise ValueError(raw)
    return number


def _text(raw: Any) -> str:
    if isinstance(raw, (float, np.floating)) and float(raw).is_integer():
        return str(int(raw))
    return str(raw).strip()


def _date(raw: Any) -> str:
    if isinstance(raw, (date, datetime, pandas.Timestamp)):
        return raw.strftime("%Y-%m-%d")
    return date.fromisoformat(re.sub(r"[/.]", "-", str(raw).strip())[:10]).isoformat()


def _time(raw: Any) -> str:
    if isinstance(raw, (datetime, pandas.Timestamp)):
        return raw.isoformat()
    return datetime.fromisoformat(str(raw).strip().replace("/", "-")).isoformat()


def _json(raw: Any) -> Any:
    return raw if isinstance(raw, (dict, list)) else json.loads(raw)


_CONVERT = {"text": _text, "int": _int, "number": _number, "bool": _bool, "date": _date, "time": _time, "json": _json}
_WORDS = {"text": "text", "int": "a whole number", "number": "a number", "bool": "yes or no", "date": "a date",
          "time": "a time (ISO 8601)", "json": "JSON"}


def records_of(layer: Layer, frame, mapping: Mapping[str, str], name: str) -> list[dict[str, Any]]:
    """Rows in the schema's types. Raises BadInput or MissingField naming file, row and field."""
    fields = {field_.name: field_ for field_ in (*layer.fields, *(LAYERS["cells"].fields if layer.name == "areas" else ()))}
    for field_ in layer.fields:
        if field_.required and field_.name not in mapping and field_.name not in ("level", "building", "cell"):
            raise MissingField(f"{name}: a column for {field_.name} ({field_.zh}) is needed; name it with --field {field_.name}=COLUMN")
    columns = {ours: frame[theirs].to_numpy(dtype=object) for ours, theirs in mapping.items()}
    records = []
    for row in range(len(frame)):
        place = f"{name}: row {row + 2}"
        record: dict[str, Any] = {}
        for ours, values in columns.items():
            if ours.startswith("special."):
                number = value_of(fields["households"], values[row], place)
                if number is not None:
                    record["special"] = {**(record.get("special") or {}), ours[8:]: number}
            elif ours in REFERENCES:
                record[ours] = None if pandas.isna(values[row]) else values[row]
            else:
                record[ours] = value_of(fields[ours], values[row], place)
        for field_ in layer.fields:
            if field_.required and field_.name in record and record[field_.name] is None:
                raise MissingField(f"{place}: {field_.name} ({field_.zh}) is empty")
        records.append(record)
    return records


# ---- objects other than areas -----------------------------------------------------------------------------------------
def import_rows(store: Store, path: Path, options: Options, actor: str, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Reads a file into a layer that is not the coverage. Rows whose code is already there are changed, others added;
    each object gets the leaf it lies in. Answers {"read", "written", "updated", "findings"}."""
    progress(0.0, "read")
    frame = read_file(path, options)
    return write_frame(store, frame, options, actor, path.name, progress)


def write_frame(store: Store, frame, options: Options, actor: str, name: str, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """The same from a frame in degrees."""
    layer = LAYERS[options.layer]
    mapping = columns_of(layer, frame, options, store.rules, name)
    records = records_of(layer, frame, mapping, name)
    _shapes_into(layer, frame, records, name)
    _no_code_twice(layer, records, name)
    progress(0.4, "check")
    findings: list[Finding] = []
    with store.read() as reader:
        plan = _resolve(reader, layer, records, name, findings)
    answer = {"read": len(records), "written": 0, "updated": 0, "dry_run": options.dry_run,
              "findings": [finding.as_json() for finding in findings]}
    if options.dry_run:
        return answer | {"written": sum(fid is None for fid in plan), "updated": sum(fid is not None for fid in plan)}
    progress(0.6, "write")
    with store.write(actor, "import", note=f"{layer.name} from {name}") as tx:
        tx.insert(layer.name, [record for record, fid in zip(records, plan) if fid is None])
        for record, fid in zip(records, plan):
            if fid is not None:
                tx.update(layer.name, fid, {key: value for key, value in record.items() if key in TABLES[layer.name].c})
        if layer.name == "cells":
            deal_new(tx)
        answer |= {"written": sum(fid is None for fid in plan), "updated": sum(fid is not None for fid in plan), "rev": tx.taken}
    progress(1.0, "done")
    return answer


def _shapes_into(layer: Layer, frame, records: list[dict[str, Any]], name: str) -> None:
    if not isinstance(frame, geopandas.GeoDataFrame):
        if layer.geometry and layer.name not in ("units", "areas") and not layer.field("code"):
            raise BadGeometry(f"{name} has no geometry; {layer.name} need {layer.geometry}")
        return
    if not layer.geometry:
        return
    for row, (record, shape) in enumerate(zip(records, frame.geometry), 2):
        record["geom"] = None if shape is None or shape.is_empty else fit_shape(layer, shape, f"{name}: row {row}")


def fit_shape(layer: Layer, shape: shapely.Geometry, place: str) -> shapely.Geometry:
    """A shape in degrees, on the grid and of the layer's type. Raises BadGeometry naming the place."""
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise BadGeometry(f"{place}: a coordinate is not a number")
    kind = layer.geometry
    singles = {"MultiPolygon": ("Polygon", "MultiPolygon"), "MultiLineString": ("LineString", "MultiLineString"),
               "Point": ("Point",)}.get(kind)
    if shape.geom_type == "MultiPoint" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if singles and shape.geom_type not in singles:
        raise BadGeometry(f"{place}: {layer.name} need {kind}, not {shape.geom_type}")
    if "Polygon" in shape.geom_type and not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        at = re.search(r"\[(\S+) (\S+?)\]", reason)
        raise BadGeometry(f"{place}: {reason}", where=(float(at[1]), float(at[2])) if at else None)
    shape = to_degrees(to_units(shape))
    if kind == "MultiPolygon":
        return as_multi(shape)
    if kind == "MultiLineString" and shape.geom_type == "LineString":
        return shapely.MultiLineString([shape])
    return shape


def _no_code_twice(layer: Layer, records: Sequence[Mapping[str, Any]], name: str) -> None:
    seen: dict[str, int] = {}
    for row, record in enumerate(records, 2):
        code = record.get("code")
        if layer.field("code") and code is not None:
            if code in seen:
                raise DuplicateCode(f"{name}: row {row}: code {code!r} stands in row {seen[code]} already")
            seen[code] = row


def _resolve(reader: Reader, layer: Layer, records: list[dict[str, Any]], name: str, findings: list[Finding]) -> list[int | None]:
    """Codes become fids, objects get their leaf; answers the fid of the row to change, None for a new one."""
    for key, (target, column) in REFERENCES.items():
        named = {str(record[key]) for record in records if record.get(key) is not None}
        if not named:
            continue
        table = TABLES[target]
        found = {row[column]: row["fid"] for row in reader.rows(target, table.c[column].is_not(None), geometry=False)}
        for row, record in enumerate(records, 2):
            if record.get(key) is not None:
                text = _text(record[key])
                if text not in found:
                    raise NotFound(f"{name}: row {row}: {key} {text!r} is not among the {target}")
                record[key] = found[text]
    existing: dict[str, int] = {}
    if layer.field("code"):
        existing = {row["code"]: row["fid"] for row in reader.rows(layer.name, TABLES[layer.name].c.code.is_not(None), geometry=False)}
    plan = [existing.get(record.get("code")) if record.get("code") is not None else None for record in records]
    if layer.name == "units":
        area = {row["fid"]: row["area"] for row in reader.rows("buildings", geometry=False)}
        for record in records:
            record["area"] = area.get(record.get("building"), record.get("area"))
    if layer.owned and layer.by_place:
        _owners_into(reader, layer, records, plan, findings, name)
    return plan


def _owners_into(reader: Reader, layer: Layer, records, plan, findings, name: str) -> None:
    lost = [k for k, record in enumerate(records) if record.get("area") is None and record.get("geom") is not None]
    if not lost:
        return
    leaves = reader.all_areas(leaf=True)
    points = [to_units(point_of(records[k]["geom"])) for k in lost]
    for k, fid in zip(lost, leaf_at(leaves, points)):
        records[k]["area"] = fid
        if fid is None:
            findings.append(Finding("outside", f"{name}: row {k + 2} lies in no area", records[k].get("code"),
                                    tuple(shapely.get_coordinates(point_of(records[k]["geom"]))[0].tolist())))


def leaf_at(leaves, points: Sequence[shapely.Point]) -> list[int | None]:
    """The fid of the leaf each point (units) lies in: the lowest fid of those that touch it, None outside."""
    if not leaves:
        return [None] * len(points)
    tree = shapely.STRtree([leaf.shape for leaf in leaves])
    found: list[int | None] = [None] * len(points)
    for point, leaf in tree.query(np.array(points, dtype=object), predicate="intersects").T:
        fid = leaves[leaf].fid
        if found[point] is None or fid < found[point]:
            found[point] = fid
    return found
