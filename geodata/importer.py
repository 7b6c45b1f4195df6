"""Objects in: rows judged one by one, then written in one transaction or not at all. Areas: planting.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from layers.areas import to_units
from layers.edits import Finding
from layers.errors import BadGeometry, NotFound
from layers.population import point_of
from layers.schema import LAYERS, Layer

from .dealing import deal_again, deal_new
from .deriving import derive_into, keep_counted
from .incoming import (
    COUNT_NAMES,
    REFERENCES,
    WITHOUT_SHAPE,
    Options,
    Progress,
    columns_of,
    groups_in,
    no_code_twice,
    read_file,
    records_of,
    shapes_into,
)
from .rows import Reader, chunks
from .schema import AREAS, TABLES
from .stairwells import stairwells_follow
from .store import Store
from .transaction import Transaction
from .values import as_text


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
    records = records_of(layer, frame, mapping, name, groups_in(store.rules))
    shapes_into(layer, frame, records, name)
    derived = derive_into(layer, records, frame, options.height, store.rules, name) if options.derive else []
    no_code_twice(layer, records, name)
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
        stairwells_follow(tx, {fid: changed["area"] for fid, changed in plan.changes.items() if "area" in changed})
    if layer.name == "cells":
        for fid, changed in plan.changes.items():
            if "geom" in changed:
                for share in tx.rows("shares", TABLES["shares"].c.cell == fid, geometry=False):
                    tx.delete("shares", share["fid"])
            elif changed.keys() & {*COUNT_NAMES}:
                deal_again(tx, fid)
        deal_new(tx)


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
