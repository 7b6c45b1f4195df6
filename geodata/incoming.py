"""Files in: read, and mapped to the schema; what does not fit is named by file, row and field."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from layers.areas import as_multi, to_degrees, to_units, without_empty
from layers.errors import BadCrs, BadFile, BadGeometry, BadInput, DuplicateCode, MissingField, NotFound
from layers.later import later
from layers.rules import Rules
from layers.schema import LAYERS, OWNER, Layer

from . import crs as crs_
from .formats import detect
from .values import as_text, groups_of, is_empty, value_of

geopandas = later("geopandas")
pandas = later("pandas")

Progress = Callable[[float, str], None]
# Columns that name another object by its code; files carry codes, rows carry fids.
REFERENCES = {"estate": ("estates", "code"), "building": ("buildings", "code"), "unit": ("units", "code"),
              "place": ("places", "code"), "post": ("checkpoints", "code"), "team": ("teams", "name"),
              "cell": ("cells", "code"), "area": ("areas", "code")}
COUNT_NAMES = ("households", "resident", "registered", "tenant", "collective", "special", "source", "counted_at")
WITHOUT_SHAPE = ("units",)  # may stand on the map or not: they belong to their building


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
    derive: bool = False  # households of buildings by their floor area
    height: str | None = None  # column with the height of a building in metres


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
        shapes = without_empty(np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object))
        frame = geopandas.GeoDataFrame(frame.drop(columns=frame.geometry.name), crs=crs_.STORE,
                                       geometry=crs_.to_store(shapes, stated, options.datum))
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
    other = other[~other[options.on].map(is_empty)]
    keys = other[options.on].map(as_text)
    if keys.duplicated().any():
        raise DuplicateCode(f"{options.join.name}: {options.on} {keys[keys.duplicated()].iloc[0]!r} stands twice")
    other = other.drop(columns=[column for column in other.columns if column in frame.columns and column != options.on])
    mine = frame[options.on].map(lambda value: None if is_empty(value) else as_text(value))
    return frame.assign(**{options.on: mine}).merge(other.assign(**{options.on: keys}), on=options.on, how="left")


# ---- mapping ----------------------------------------------------------------------------------------------------------
def columns_of(layer: Layer, frame, options: Options, rules: Rules, name: str) -> dict[str, str]:
    """Our field -> their column: as stated with --field, else by our name, the DBF name or the Chinese label.
    `population` means the kind that is *the* figure; `special.GROUP` one group. Raises MissingField, BadInput."""
    theirs = [column for column in frame.columns if column != getattr(frame, "_geometry_column_name", None)]
    candidates = _candidates(layer, rules)
    mapping: dict[str, str] = {}
    for ours, column in options.fields.items():
        ours = rules.population_kind if ours == "population" and "population" not in candidates else ours
        if ours.startswith("special.") and "special" in candidates:
            if ours.removeprefix("special.") not in groups_in(rules):
                raise BadInput(f"--field {ours}={column}: no such group; one of {', '.join(groups_in(rules))}")
        elif ours not in candidates:
            raise BadInput(f"--field {ours}={column}: {layer.name} has no field {ours}")
        if column not in theirs:
            raise MissingField(f"{name} has no column {column}; it has {', '.join(map(str, theirs))}")
        mapping[ours] = column
    taken = set(mapping.values())
    for ours, names in candidates.items():
        found = next((column for column in names if column in theirs and column not in taken), None)
        if found is not None and ours not in mapping:
            mapping[ours] = found
            taken.add(found)
    return mapping


def _candidates(layer: Layer, rules: Rules) -> dict[str, tuple[str, ...]]:
    """Our fields and what their columns may be called, the likeliest first."""
    counts = [LAYERS["cells"].field(name) for name in COUNT_NAMES] if layer.name == "areas" else []
    names = {field_.name: (field_.name, field_.dbf, field_.zh) for field_ in (*layer.fields, *counts)}
    for key in REFERENCES:
        if key in names:
            names[key] = (f"{key}_code", f"{key}_name", *names[key])
    if rules.population_kind in names and "population" not in names:
        names[rules.population_kind] += ("population", "RKS", "人口")
    if layer.owned:  # where it follows from the place, a code is only a hint
        names["area"] = ("area_code",) if layer.by_place else ("area_code", OWNER.name, OWNER.dbf, OWNER.zh)
    return names


def groups_in(rules: Rules) -> list[str]:
    """Ids of the special groups there are."""
    return [group.id for group in rules.special_groups]


def records_of(layer: Layer, frame, mapping: Mapping[str, str], name: str, groups: Collection[str]) -> list[dict[str, Any]]:
    """Rows in the schema's types; `groups` are the special groups there are. Raises BadInput, MissingField or BadFile
    naming file, row and field."""
    if not len(frame):
        raise BadFile(f"{name} holds no rows")
    fields = {field_.name: field_ for field_ in (*layer.fields, *(LAYERS["cells"].fields if layer.name == "areas" else ()))}
    for field_ in layer.fields:
        if field_.required and field_.name not in mapping and field_.name != "level":
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
                record[ours] = None if is_empty(values[row]) else values[row]
            else:
                record[ours] = value_of(fields[ours], values[row], place)
        if record.get("special") is not None:
            groups_of(record["special"], groups, place)
        for field_ in layer.fields:
            if field_.required and field_.name in record and record[field_.name] is None:
                raise MissingField(f"{place}: {field_.name} ({field_.zh}) is empty")
        records.append(record)
    return records


# ---- shapes -------------------------------------------------------------------------------------------------------------
def shapes_into(layer: Layer, frame, records: list[dict[str, Any]], name: str) -> None:
    if not isinstance(frame, geopandas.GeoDataFrame):
        if layer.geometry and layer.name not in WITHOUT_SHAPE and not layer.field("code"):
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
    shape = to_degrees(_on_grid(shape, place))
    if kind == "MultiPolygon":
        return as_multi(shape)
    if kind == "MultiLineString" and shape.geom_type == "LineString":
        return shapely.MultiLineString([shape])
    return shape


def _on_grid(shape: shapely.Geometry, place: str) -> shapely.Geometry:
    """A shape in units. Where rounding makes a polygon touch itself, it is mended on the grid."""
    shape = to_units(shape)
    if "Polygon" not in shape.geom_type or (shape.is_valid and shape.area):
        return shape
    parts = [part for part in shapely.get_parts(shapely.set_precision(shapely.make_valid(shape), 1)) if part.geom_type == "Polygon"]
    if not parts:
        raise BadGeometry(f"{place}: the polygon has no ground on the grid of 1e-7 degree")
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def no_code_twice(layer: Layer, records: Sequence[Mapping[str, Any]], name: str) -> None:
    seen: dict[str, int] = {}
    for row, record in enumerate(records, 2):
        code = record.get("code")
        if layer.field("code") and code is not None:
            if code in seen:
                raise DuplicateCode(f"{name}: row {row}: code {code!r} stands in row {seen[code]} already")
            seen[code] = row
