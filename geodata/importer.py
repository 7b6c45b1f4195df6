"""Files in: read, mapped to the schema, judged row by row, then written in one transaction or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from layers.areas import as_multi, to_degrees, to_units, without_empty
from layers.edits import Finding
from layers.errors import BadCrs, BadFile, BadGeometry, BadInput, DuplicateCode, MissingField, NotFound
from layers.later import later
from layers.population import point_of
from layers.rules import Rules
from layers.schema import LAYERS, OWNER, Layer

from . import crs as crs_
from .dealing import deal_again, deal_new
from .deriving import derive_into, keep_counted
from .formats import detect
from .rows import Reader, chunks
from .schema import AREAS, TABLES
from .store import Store
from .transaction import Transaction
from .values import as_text, groups_of, is_empty, value_of

geopandas = later("geopandas")
pandas = later("pandas")

Progress = Callable[[float, str], None]
# Columns that name another object by its code; files carry codes, rows carry fids.
REFERENCES = {"estate": ("estates", "code"), "building": ("buildings", "code"), "unit": ("units", "code"),
              "place": ("places", "code"), "post": ("checkpoints", "code"), "team": ("teams", "name"),
              "cell": ("cells", "code"), "area": ("areas", "code")}
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
            if ours.removeprefix("special.") not in _groups(rules):
                raise BadInput(f"--field {ours}={column}: no such group; one of {', '.join(_groups(rules))}")
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


def _groups(rules: Rules) -> list[str]:
    return [group.id for group in rules.special_groups]


COUNT_NAMES = ("households", "resident", "registered", "tenant", "collective", "special", "source", "counted_at")


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


# ---- objects other than areas -----------------------------------------------------------------------------------------
def import_rows(store: Store, path: Path, options: Options, actor: str, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Reads a file into a layer that is not the coverage. Rows whose code is already there are changed, others added;
    each object gets the leaf it lies in. Answers {"read", "written", "updated", "findings"}."""
    progress(0.0, "read")
    store.refuse_live(path, options.join)
    frame = read_file(path, options)
    return write_frame(store, frame, options, actor, path.name, progress)


def write_frame(store: Store, frame, options: Options, actor: str, name: str, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """The same from a frame in degrees."""
    layer = LAYERS[options.layer]
    mapping = columns_of(layer, frame, options, store.rules, name)
    records = records_of(layer, frame, mapping, name, _groups(store.rules))
    _shapes_into(layer, frame, records, name)
    derived = derive_into(layer, records, frame, options.height, store.rules, name) if options.derive else []
    _no_code_twice(layer, records, name)
    progress(0.4, "check")
    with store.read() as reader:
        seen, plan = reader.rev, _plan(reader, layer, records, name)
    if not options.dry_run:
        progress(0.6, "write")

        def write(tx: Transaction) -> _Plan:
            fresh = plan if tx.new_rev == seen + 1 else _plan(tx, layer, records, name)  # somebody redrew in between
            _write(tx, layer, fresh)
            return fresh
        plan = store.attempt(actor, "import", write, note=f"{layer.name} from {name}")
        progress(1.0, "done")
    return {"read": len(records), "written": len(plan.new), "updated": len(plan.changes), "dry_run": options.dry_run,
            "findings": [finding.as_json() for finding in (*derived, *plan.findings)]} | ({} if options.dry_run else {"rev": store.head()[0]})


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an import will write: new rows, changes by fid, and what a person should know."""

    new: list[dict[str, Any]]
    changes: dict[int, dict[str, Any]]
    findings: list[Finding]


def _plan(reader: Reader, layer: Layer, records: Sequence[Mapping[str, Any]], name: str) -> _Plan:
    rows, findings = [dict(record) for record in records], []
    fids = _resolve(reader, layer, rows, name, findings)
    there = {row["fid"]: row for row in reader.rows(layer.name, fids=[fid for fid in fids if fid is not None])}
    new, changes = [], {}
    for number, (row, fid) in enumerate(zip(rows, fids), 2):
        if layer.name == "zones" and not _proposes(row, there.get(fid), f"{name}: row {number}", findings):
            continue
        if fid is not None and layer.name == "buildings":
            keep_counted(row, there[fid])
        if fid is None:
            if layer.geometry and row.get("geom") is None and layer.name not in WITHOUT_SHAPE:
                raise BadGeometry(f"{name}: row {number} has no geometry; {layer.name} need {layer.geometry}")
            new.append(row)
        elif changed := {key: value for key, value in row.items() if key in there[fid] and value != there[fid][key]
                         and not (key == "geom" and value is None)}:
            changes[fid] = changed
    return _Plan(new, changes, findings)


def _proposes(row: dict[str, Any], there: Mapping[str, Any] | None, place: str, findings: list[Finding]) -> bool:
    """A file only ever proposes zones: who is restricted is changed by nothing but a zone's own actions. False for a row
    that would change a zone in force or lifted; it is told and left out."""
    if there is not None and there["status"] != "proposed":
        findings.append(Finding("zone-kept", f"{place}: {there['code']} is {there['status']} and stays as it is", there["code"]))
        return False
    if row.get("status") not in (None, "proposed"):
        findings.append(Finding("zone-proposed", f"{place}: read as a proposal, not as {row['status']}", row.get("code")))
    row |= {"status": "proposed", "approved_by": None, "asked": None, "lifted_at": None}
    row.pop("proposed_by", None)  # whoever brings it, whatever the file says
    return True


def _write(tx: Transaction, layer: Layer, plan: _Plan) -> None:
    if layer.name == "zones":  # who brings it proposes it: another approves
        for row in (*plan.new, *plan.changes.values()):
            row["proposed_by"] = tx.actor
            if "geom" in row and not isinstance(row.get("members"), dict):
                row["members"] = {"polygon": True}  # what it is made of is the ground in the file
    tx.insert(layer.name, plan.new)
    for fid, changed in plan.changes.items():
        tx.update(layer.name, fid, changed)
    if layer.name == "buildings":
        moved = {fid: changed["area"] for fid, changed in plan.changes.items() if "area" in changed}
        for unit in tx.rows("units", TABLES["units"].c.building.in_(sorted(moved)), geometry=False):
            tx.update("units", unit["fid"], {"area": moved[unit["building"]]}, quiet=True)
    if layer.name == "cells":
        for fid, changed in plan.changes.items():
            if "geom" in changed:
                for share in tx.rows("shares", TABLES["shares"].c.cell == fid, geometry=False):
                    tx.delete("shares", share["fid"])
            elif changed.keys() & {*COUNT_NAMES}:
                deal_again(tx, fid)
        deal_new(tx)


def _shapes_into(layer: Layer, frame, records: list[dict[str, Any]], name: str) -> None:
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
    hint = layer.owned and layer.by_place
    for key, (target, column) in REFERENCES.items():
        if all(record.get(key) is None for record in records):
            continue
        table = TABLES[target]
        found = {row[column]: row["fid"] for row in reader.rows(target, table.c[column].is_not(None), geometry=False)}
        for row, record in enumerate(records, 2):
            if record.get(key) is not None:
                text = as_text(record[key])
                if text not in found and not (key == "area" and hint):
                    raise NotFound(f"{name}: row {row}: {key} {text!r} is not among the {target}")
                record[key] = found.get(text)
    if layer.name == "checkpoints":
        _served(reader, records, name)
    existing: dict[str, int] = {}
    if layer.field("code"):
        existing = {row["code"]: row["fid"] for row in reader.rows(layer.name, TABLES[layer.name].c.code.is_not(None), geometry=False)}
    plan = [existing.get(record.get("code")) if record.get("code") is not None else None for record in records]
    if layer.name == "units":
        area = {row["fid"]: row["area"] for row in reader.rows("buildings", geometry=False)}
        for record in records:
            record.pop("area", None)
            if "building" in record:
                record["area"] = area[record["building"]]
    elif hint:
        _owners_into(reader, layer, records, findings, name)
    return plan


def _served(reader: Reader, records: Sequence[dict[str, Any]], name: str) -> None:
    """Areas a post serves: files name them by their codes."""
    for row, record in enumerate(records, 2):
        if isinstance(record.get("areas"), list):
            codes = [code for code in record["areas"] if isinstance(code, str)]
            found = {code: fid for chunk in chunks(codes) for code, fid in reader.connection.execute(
                select(AREAS.c.code, AREAS.c.fid).where(AREAS.c.code.in_(chunk)))}
            lost = [code for code in codes if code not in found]
            if lost:
                raise NotFound(f"{name}: row {row}: areas {lost[0]!r} is not among the areas")
            record["areas"] = [found.get(code, code) for code in record["areas"]]


def _owners_into(reader: Reader, layer: Layer, records, findings, name: str) -> None:
    """Each object belongs to the leaf it stands in; a leaf the file names is believed when it stands there."""
    stated = [record.pop("area", None) for record in records]
    placed = [k for k, record in enumerate(records) if record.get("geom") is not None]
    if not placed:
        return
    leaves = reader.all_areas(leaf=True)
    ground = {leaf.fid: leaf.shape for leaf in leaves}
    points = [to_units(point_of(records[k]["geom"])) for k in placed]
    for k, point, fid in zip(placed, points, leaf_at(leaves, points)):
        believed = stated[k] in ground and shapely.intersects(ground[stated[k]], point)
        records[k]["area"] = stated[k] if believed else fid
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
