"""Areas in: a file of leaves becomes the tree, one exact coverage, with its counts as cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from layers.areas import Area, as_multi, to_degrees, to_units
from layers.checking import check
from layers.cleaning import clean
from layers.codes import fits
from layers.comparison import compare
from layers.errors import BadCode, BadCoverage, BadGeometry, BadInput, DuplicateCode, MissingField
from layers.later import later
from layers.schema import AREAS, PEOPLE_KINDS

from .incoming import COUNT_NAMES, Options, Progress, columns_of, read_file, records_of
from .rows import ATTRIBUTES
from .store import Store

geopandas = later("geopandas")

LISTED = 200  # findings of one kind shown in the text of a refusal


def import_areas(store: Store, path: Path, options: Options, actor: str, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Reads leaves with their parents' codes. Without `repair` the file must be an exact coverage already; with it,
    it is cleaned and every repair is listed. A table without geometry changes attributes by code. Answers
    {"read", "written", "areas": {level: n}, "repaired", "findings", "comparison", "check"}."""
    progress(0.0, "read")
    store.refuse_live(path, options.join)
    frame = read_file(path, options)
    if not isinstance(frame, geopandas.GeoDataFrame):
        return change_attributes(store, frame, options, actor, path.name)
    return plant(store, frame, options, actor, path.name, progress)


def plant(store: Store, frame: geopandas.GeoDataFrame, options: Options, actor: str, name: str,
          progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """The same from a frame in degrees of EPSG:4490."""
    rules = store.rules
    if not options.level:
        raise MissingField("--level is needed: the level of the areas in the file")
    for level in (options.level, *options.parents):
        if rules.level(level) is None:
            raise BadInput(f"{level}: no such level; config.toml has {', '.join(one.id for one in rules.levels)}")
    groups = [group.id for group in rules.special_groups]
    records = records_of(AREAS, frame, columns_of(AREAS, frame, options, rules, name), name, groups)
    codes = _codes(records, name)
    shapes, findings, repaired, comparison = _coverage(frame, codes, options, name, rules, progress)
    progress(0.65, "tree")
    tree = _Tree(store, frame, records, shapes, options, name)
    with store.read() as reader:
        tree.refuse_known_codes(reader)
        if reader.all_areas():
            raise BadCoverage("the store holds areas already; a city is imported into an empty store")
    problems = check(tree.leaves, tree.parents) if tree.shaped else check(tree.leaves)
    answer = {"read": len(frame), "written": 0, "areas": tree.levels(), "repaired": repaired, "dry_run": options.dry_run,
              "findings": [finding.as_json() for finding in (*findings, *problems)], "comparison": comparison,
              "check": {kind: sum(finding.kind == kind for finding in problems) for kind in ("gap", "overlap", "nesting")}}
    if problems:
        raise BadCoverage(f"{name}: {len(problems)} places are not seamless: " + "; ".join(
            finding.text for finding in problems[:5]), where=problems[0].where, findings=answer["findings"][-LISTED:])
    if options.dry_run:
        return answer
    progress(0.75, "write")
    with store.write(actor, "import", note=f"areas from {name}") as tx:
        tree.write(tx)
        tx.set_meta("checked", {"rev": tx.new_rev, "gaps": 0, "overlaps": 0, "nesting": 0, "at": tx.at})
        answer |= {"written": len(tree.leaves), "rev": tx.new_rev}
    progress(1.0, "done")
    return answer


def change_attributes(store: Store, frame, options: Options, actor: str, name: str) -> dict[str, Any]:
    """A table of areas by code: names, norms, declared totals, responsible people."""
    mapping = columns_of(AREAS, frame, options, store.rules, name)
    counted = [ours for ours in mapping if ours in COUNT_NAMES and ours not in ("source",)]
    if counted:
        raise BadInput(f"{name}: {', '.join(counted)} of areas are sums; counts come with buildings, units or cells")
    records = records_of(AREAS, frame, mapping, name, [group.id for group in store.rules.special_groups])
    _codes(records, name)
    with store.write(actor, "import", note=f"areas from {name}") as tx:
        for record in records:
            area = tx.area(record["code"])
            changes = {key: value for key, value in record.items() if key in (*ATTRIBUTES, "name", "locked") and value is not None}
            if options.dry_run or not changes:
                continue
            tx.update("areas", area.fid, changes)
            tx.touched["areas"].add(area.fid)
    return {"read": len(frame), "written": 0, "updated": len(records), "areas": {}, "repaired": 0, "dry_run": options.dry_run, "findings": []}


def _codes(records: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    seen: dict[str, int] = {}
    for row, record in enumerate(records, 2):
        if record["code"] in seen:
            raise DuplicateCode(f"{name}: row {row}: code {record['code']!r} stands in row {seen[record['code']]} already")
        seen[record["code"]] = row
    return list(seen)


def _coverage(frame, codes: list[str], options: Options, name: str, rules, progress: Progress):
    source = np.asarray(frame.geometry, dtype=object)
    for row, shape in enumerate(source, 2):
        if shape is None or shape.is_empty:
            raise BadGeometry(f"{name}: row {row} ({codes[row - 2]}) has no geometry")
        if shape.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
            raise BadGeometry(f"{name}: row {row} ({codes[row - 2]}) is a {shape.geom_type}, not a polygon")
    if not options.repair:
        invalid = np.flatnonzero(~shapely.is_valid(source))
        if len(invalid):
            row = int(invalid[0])
            point = shapely.get_coordinates(shapely.point_on_surface(shapely.make_valid(source[row])))[0].tolist()
            raise BadGeometry(f"{name}: row {row + 2} ({codes[row]}): {shapely.is_valid_reason(source[row])}; "
                              f"{len(invalid)} polygon(s) cross themselves. --repair mends what can be mended", where=point)
        return np.array([as_multi(shape) for shape in to_units(source)], dtype=object), [], 0, None
    cleaned = clean(source, _groups(frame, options, rules), codes, rules.seam_m, rules.gap_width_m,
                    lambda done, total, text: progress(0.1 + 0.4 * done / max(1, total), text))
    progress(0.5, "compare")
    comparison = compare(source, cleaned.shapes, cleaned.seams, codes)
    return cleaned.shapes, list(cleaned.findings), cleaned.repaired, asdict(comparison)


def _groups(frame, options: Options, rules) -> np.ndarray | None:
    """Leaves drawn as one belong to the highest parent that differs: a district, a town."""
    for level in sorted(options.parents, key=rules.rank):
        values = frame[options.parents[level]].astype(str).to_numpy()
        if len(set(values)) > 1:
            return values
    return None


class _Tree:
    """Areas of a file from the top down, with fids 1, 2, 3 … in that order."""

    def __init__(self, store: Store, frame, records, shapes, options: Options, name: str):
        self.rules, self.records, self.shapes = store.rules, records, shapes
        for level, column in (*options.parents.items(), *options.parent_names.items()):
            if column not in frame.columns:
                raise MissingField(f"{name} has no column {column} for {level}; it has {', '.join(map(str, frame.columns))}")
        levels = sorted(options.parents, key=self.rules.rank)
        if any(self.rules.rank(level) >= self.rules.rank(options.level) for level in levels):
            raise BadInput(f"--parent must name levels above {options.level}")
        columns = [_labels(frame[options.parents[level]], name, options.parents[level]) for level in levels]
        names = {level: _labels(frame[column], name, column) for level, column in options.parent_names.items()}
        self.parents, self.leaves = [], []
        above: list[dict[str, Area]] = []
        chain_of = [tuple(column[row] for column in columns) for row in range(len(frame))]
        for depth, level in enumerate(levels):
            made: dict[str, Area] = {}
            for row, chain in enumerate(chain_of):
                code, parent = chain[depth], above[-1][chain[depth - 1]] if depth else None
                if code in made:
                    if made[code].parent != (parent.fid if parent else None):
                        raise BadInput(f"{name}: row {row + 2}: {level} {code} lies in two parents")
                    continue
                made[code] = self._area(len(self.parents) + 1, code, names[level][row] if level in names else code, level,
                                        parent, False)
                self.parents.append(made[code])
            above.append(made)
        codes = {}
        for area in self.parents:
            if area.code in codes:
                raise DuplicateCode(f"{name}: code {area.code!r} is used by a {codes[area.code]} and a {area.level}")
            codes[area.code] = area.level
        first = len(self.parents) + 1
        for row, record in enumerate(records):
            if record["code"] in codes:
                raise DuplicateCode(f"{name}: row {row + 2}: code {record['code']!r} is also a {codes[record['code']]}")
            parent = above[-1][chain_of[row][-1]] if levels else None
            self.leaves.append(self._area(first + row, record["code"], record.get("name") or record["code"], options.level,
                                          parent, True, shapes[row], record))
        self._check_profile(store, name)
        try:
            self._shape_parents()
            self.shaped = True
        except shapely.GEOSException:  # leaves that do not fit have no union; the check says where
            self.shaped = False

    def _area(self, fid, code, title, level, parent, leaf, shape=None, record: Mapping[str, Any] | None = None) -> Area:
        path = (parent.path if parent else "/") + f"{fid}/"
        attributes = {key: (record or {}).get(key) for key in ATTRIBUTES}
        return Area(fid, code, title, level, parent.fid if parent else None, path, leaf, shape, True,
                    bool((record or {}).get("locked")), 1, 0, attributes)

    def _check_profile(self, store: Store, name: str) -> None:
        with store.read() as reader:
            profile = reader.meta("codes", "free")
        parents = {area.fid: area for area in self.parents}
        for area in (*self.parents, *self.leaves):
            above = parents.get(area.parent)
            if not fits(profile, self.rules, area.level, area.code, above.code if above else None):
                raise BadCode(f"{name}: {area.level} {area.code!r} does not fit the code profile {profile}")

    def _shape_parents(self) -> None:
        """Unions from the bottom up: only borders between children go, every vertex stays."""
        shapes: dict[int, list] = {}
        for leaf in self.leaves:
            shapes.setdefault(leaf.parent, []).append(leaf.shape)
        done = []
        for area in reversed(self.parents):
            parts = shapely.get_parts(np.array(shapes.pop(area.fid), dtype=object))
            whole = shapely.coverage_union_all(parts)
            shape = as_multi(shapely.MultiPolygon(shapely.get_parts(whole).tolist()))
            done.append(Area(area.fid, area.code, area.name, area.level, area.parent, area.path, False, shape, True, area.locked,
                             1, 0, area.attributes))
            shapes.setdefault(area.parent, []).append(shape)
        self.parents = done[::-1]

    def levels(self) -> dict[str, int]:
        """Areas by level, leaves first."""
        counts: dict[str, int] = {}
        for area in (*self.leaves, *reversed(self.parents)):
            counts[area.level] = counts.get(area.level, 0) + 1
        return counts

    def refuse_known_codes(self, reader) -> None:
        everyone = (*self.parents, *self.leaves)
        used = reader.codes_used([area.code for area in everyone])
        for area in everyone if used else ():
            if area.code in used:
                raise DuplicateCode(f"{area.level} {area.code!r}: the code is or was in use in the store")

    def write(self, tx) -> None:
        """All areas, codes, cells and shares."""
        from .schema import CODES
        from .transaction import area_values
        everyone = (*self.parents, *self.leaves)
        fids = [area.fid for area in everyone]
        first = tx.take("fid:areas", len(fids))
        if first != 1:
            raise BadCoverage("the store has held areas before; import a city into an empty store")
        tx.insert("areas", [area_values(area) for area in everyone], fids=fids)
        tx.touched["areas"].update(fids)
        tx.connection.execute(CODES.insert(), [{"code": area.code, "fid": area.fid} for area in everyone])
        counted = [k for k, record in enumerate(self.records) if any(name in record for name in ("households", *PEOPLE_KINDS))]
        cells = tx.insert("cells", [
            {"geom": to_degrees(self.shapes[k]), "code": self.records[k]["code"],
             **{name: self.records[k].get(name) for name in COUNT_NAMES}} for k in counted])
        tx.insert("shares", [
            {"cell": cell, "area": self.leaves[k].fid, "weight": 1.0, "estimated": False,
             **{name: self.records[k].get(name) for name in COUNT_NAMES[:6]}} for cell, k in zip(cells, counted)])


def _labels(column, name: str, title: str) -> list[str]:
    values = []
    for row, value in enumerate(column, 2):
        if value is None or value != value or str(value).strip() == "":
            raise MissingField(f"{name}: row {row}: {title} is empty")
        values.append(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip())
    return values

