"""A redraw through the store: the same draft is shown as a preview and written at a commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from layers.areas import UNITS_PER_DEGREE, Area, to_degrees, to_units
from layers.chain import difference, renew
from layers.edits import Edit, Finding
from layers.errors import BadGeometry, BadInput, MissingField, NotLeaf, Stale, UnknownOperation
from layers.measure import length_m
from layers.population import Counts, Dealt, Facts, of_leaf, owners
from layers.redraw import OPERATIONS
from layers.schema import LAYERS

from .facts import facts_of
from .figures import leaf_figures, rostered, staff_by_area, sum_figures
from .rows import Reader
from .schema import TABLES
from .transaction import Raced, Transaction

FOLLOWERS = [name for name, layer in LAYERS.items() if layer.owned and layer.by_place and name not in ("buildings", "units")]
ATTACHED = [name for name, layer in LAYERS.items() if layer.owned and not layer.by_place and name not in ("shares", "zones")]


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit with the facts of its ground dealt anew; new areas have negative fids and their next codes."""

    edit: Edit
    facts: Facts
    before: Mapping[int, Counts]
    after: Mapping[int, Counts]
    dealt: Dealt
    codes: Mapping[int, str]
    line_m: float | None


def parse(reader: Reader, form: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of an operation from its JSON form: codes become fids, geometry becomes units.
    Raises UnknownOperation, MissingField, UnknownArea, NotLeaf, BadGeometry."""
    op = form.get("op")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise UnknownOperation(f"{op!r}: no such operation ({', '.join(OPERATIONS)})")
    arguments: dict[str, Any] = {}
    targets = form.get("targets")
    if targets is not None:
        if not isinstance(targets, list) or not all(isinstance(code, str) for code in targets):
            raise BadInput("targets: a list of codes is needed")
        areas = [reader.area(code) for code in targets]
        for area in areas:
            if not area.leaf:
                raise NotLeaf(f"{area.code} has children; only areas without children hold ground of their own")
        arguments["targets"] = [area.fid for area in areas]
    if op == "split":
        if "line" not in form:
            raise MissingField("split needs a line")
        arguments.setdefault("targets", None)
        arguments["line"] = read_line(form["line"])
        if form.get("keep") is not None:
            arguments["keep"] = _read_point(form["keep"])
    if op == "merge":
        if not arguments.get("targets") or len(arguments["targets"]) < 2:
            raise MissingField("merge needs two areas or more in targets")
        if form.get("keep") is not None:
            arguments["keep"] = reader.area(str(form["keep"])).fid
    if form.get("allow_parts"):
        arguments["allow_parts"] = True
    return arguments


def read_line(value: Any) -> shapely.LineString:
    """A GeoJSON LineString in lon, lat -> units. Raises BadGeometry."""
    line = read_geometry(value, "LineString")
    if len(line.coords) < 2 or line.length == 0:
        raise BadGeometry("the line has no length")
    return to_units(line)


def read_geometry(value: Any, *kinds: str) -> shapely.Geometry:
    """A GeoJSON geometry in lon, lat (degrees), checked for type and range. Raises BadGeometry."""
    try:
        kind, coordinates = value["type"], value["coordinates"]
        if kind not in kinds:
            raise BadGeometry(f"a {' or '.join(kinds)} is needed, not {kind}")
        shape = shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    except BadGeometry:
        raise
    except Exception as error:  # noqa: BLE001  shapely raises what its parts raise
        raise BadGeometry(f"not a GeoJSON geometry: {error}") from None
    if shape.is_empty or shape.has_z:
        raise BadGeometry("the geometry is empty or has heights")
    xy = shapely.get_coordinates(shape)
    if not np.isfinite(xy).all() or (np.abs(xy[:, 0]) > 180).any() or (np.abs(xy[:, 1]) > 90).any():
        raise BadGeometry("coordinates are longitude, latitude in degrees")
    return shape


def _read_point(value: Any) -> shapely.Point:
    try:
        lon, lat = (float(part) for part in value)
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadGeometry("keep: [lon, lat] in degrees is needed") from None
    return shapely.Point(round(lon * UNITS_PER_DEGREE), round(lat * UNITS_PER_DEGREE))


def draft(reader: Reader, form: Mapping[str, Any], *, most_areas: int = 60) -> Draft:
    """What the operation would do to the map as it is now. Writes nothing. Raises an EditRefused, or Stale when the
    areas named in form["versions"] are at other versions."""
    arguments = parse(reader, form)
    coverage = reader.coverage()
    _check_versions(reader, form.get("versions"))
    targets = arguments.get("targets")
    if targets is None:
        line = arguments["line"]
        targets = [area.fid for area in coverage.near(line.bounds) if area.shape.intersects(line)]
    if len(targets) > most_areas:
        raise BadInput(f"the line meets {len(targets)} areas; at most {most_areas} can be redrawn at once")
    facts = facts_of(reader, targets)
    edit = OPERATIONS[form["op"]](coverage, weigh=_weigh(facts), **arguments)
    changed = {area.fid for area in edit.before}
    if changed != set(targets):
        facts = facts_of(reader, sorted(changed))
    line = arguments.get("line")
    return finish(reader, edit, facts, None if line is None else float(length_m(line)))


def finish(reader: Reader, edit: Edit, facts: Facts, line_m: float | None = None) -> Draft:
    """Deals the facts of the changed ground to the areas after the edit and names the new areas."""
    dealt = facts.deal([(area.fid, area.shape) for area in edit.after], _heirs(edit))
    counts = held_before(reader, edit, facts)
    edit = _known_empty(edit, counts, dealt)
    codes = _new_codes(reader, edit)
    named = tuple(replace(area, name=_new_name(_origin(edit, area), codes[area.fid])) if area.fid < 0 and not area.name else area
                  for area in edit.after)
    edit = replace(edit, after=named, findings=edit.findings + tuple(_findings(edit, facts, dealt, reader)))
    kind = reader.rules.population_kind
    after = {area.fid: of_leaf(dealt.counts.get(area.fid), area.attributes.get("uninhabited"), kind) for area in edit.after}
    return Draft(edit, facts, counts, after, dealt, codes, line_m)


def held_before(reader: Reader, edit: Edit, facts: Facts) -> dict[int, Counts]:
    """What each area holds before the edit."""
    held, kind = _as_held(reader, facts), reader.rules.population_kind
    return {area.fid: of_leaf(held.get(area.fid), area.attributes.get("uninhabited"), kind) for area in edit.before}


def _known_empty(edit: Edit, before: Mapping[int, Counts], dealt: Dealt) -> Edit:
    """A piece of counted ground on which no fact lies is known to be empty; a piece of unknown ground is unknown."""
    after = []
    for area in edit.after:
        counted = all(before[fid].counted for fid in _sources(edit, area) if fid in before)
        empty = True if counted and not dealt.counts[area.fid].facts else None
        if area.attributes.get("uninhabited") != empty:
            area = replace(area, attributes={**area.attributes, "uninhabited": empty})
        after.append(area)
    return replace(edit, after=tuple(after))


def _sources(edit: Edit, area: Area) -> set[int]:
    """The areas before the edit whose ground this one holds after it."""
    origin = _origin(edit, area)
    return {area.fid} | ({origin.fid} if origin else set()) | {fid for fid, heir in edit.successor.items() if heir == area.fid}


def _heirs(edit: Edit) -> dict[int, list[int]]:
    """Who holds the ground of each area after the edit; itself first."""
    heirs: dict[int, list[int]] = {area.fid: [area.fid] for area in edit.before}
    for area in edit.after:
        for fid in _sources(edit, area) & heirs.keys():
            heirs[fid] += [area.fid] if area.fid != fid else []
    return heirs


def _as_held(reader: Reader, facts: Facts) -> dict[int, Counts]:
    """Counts of the areas before the edit, from who owned what."""
    if not facts.places and not facts.shares:
        return {}
    held: dict[int, Counts] = {}
    for share in facts.shares:
        held[share.area] = held.get(share.area, Counts()) + share.counts
    if facts.places:
        owner = _owner_now(reader, [place.fid for place in facts.places])
        for place in facts.places:
            fid = owner[place.fid]
            held[fid] = held.get(fid, Counts()) + place.counts
    return held


def _owner_now(reader: Reader, fids: Sequence[int]) -> dict[int, int]:
    return {row["fid"]: row["area"] for row in reader.rows("buildings", fids=fids, geometry=False)}


def _weigh(facts: Facts):
    """Households per piece of one area; all zero where nothing is counted: the engine then goes by ground."""
    points = np.array([place.point for place in facts.places], dtype=object)
    homes = np.array([place.counts.households or 0 for place in facts.places], dtype=float)

    def weigh(shapes: Sequence[shapely.MultiPolygon]) -> list[float]:
        pieces, result = np.array(shapes, dtype=object), np.zeros(len(shapes))
        if len(points):
            for k, piece in enumerate(pieces):
                shapely.prepare(piece)
                result[k] += homes[shapely.contains(piece, points)].sum()
        for share in facts.shares:
            if share.counts.households:
                part = shapely.area(shapely.intersection(share.shape, pieces)) / share.shape.area
                result += share.counts.households * np.where(part > 1e-6, part, 0)
        return np.round(result, 3).tolist()
    return weigh


def _check_versions(reader: Reader, versions: Any) -> None:
    if versions is None:
        return
    if not isinstance(versions, Mapping):
        raise BadInput("versions: {code: version} is needed")
    stale = []
    for code, version in versions.items():
        area = reader.area(code)
        if area.version != version:
            last = reader.revision(area.rev)
            stale.append({"code": code, "fid": area.fid, "version": area.version, "yours": version, "actor": last["actor"], "at": last["at"]})
    if stale:
        raise Stale("changed since you read them: " + ", ".join(entry["code"] for entry in stale), areas=stale,
                    actor=stale[-1]["actor"], at=stale[-1]["at"])


def _new_codes(reader: Reader, edit: Edit) -> dict[int, str]:
    """The code each new area will get."""
    kept = {area.parent: area for area in edit.before}
    parents = reader.areas(area.parent for area in edit.after if area.fid < 0 and area.parent is not None)
    given: dict[int, str] = {}
    for area in edit.after:
        if area.fid < 0:
            stem = _origin(edit, area)
            parent = parents.get(area.parent)
            given[area.fid] = reader.new_code(area.level, (stem or kept[area.parent]).code, parent.code if parent else None,
                                          lambda code: code in given.values())
    return given


def _origin(edit: Edit, area: Area) -> Area | None:
    """The area a new one was cut from."""
    inside = shapely.point_on_surface(area.shape)
    return next((old for old in edit.before if shapely.intersects(old.shape, inside)), None)


def _new_name(origin: Area | None, code: str) -> str:
    """What a new area is called: as the one it was cut from, with the number of its own code ("05-09 grid", code …0517:
    "05-17 grid"; "Old Mill", code A-2: "Old Mill-2"); the code where areas are called by their codes."""
    if origin is None or origin.name == origin.code:
        return code
    if code.startswith(origin.code):
        return origin.name + code[len(origin.code):]
    same = next((k for k, (a, b) in enumerate(zip(origin.code, code)) if a != b), len(code))
    for start in (same, *range(len(code) - 1, max(0, same - 3), -1), *range(same, max(0, same - 3), -1)):
        was, now = origin.code[start:], code[start:]
        if len(was) >= 2 and was in origin.name:
            head, _, tail = origin.name.rpartition(was)
            return head + now + tail
    return f"{origin.name} {code}"


def _findings(edit: Edit, facts: Facts, dealt: Dealt, reader: Reader) -> list[Finding]:
    """What a person should know: buildings the new border crosses."""
    shapes = {area.fid: area.shape for area in edit.after}
    found = []
    if len(shapes) > 1 and facts.places:
        cut = []
        for place in facts.places:
            own = shapes[dealt.owner[place.fid]]
            if place.shape is not None and not shapely.covers(own, place.shape):
                others = [shape for fid, shape in shapes.items() if fid != dealt.owner[place.fid]]
                if any(shapely.area(shapely.intersection(shape, place.shape)) > 0.02 * place.shape.area for shape in others):
                    cut.append(place)
        if cut:
            where = tuple(shapely.get_coordinates(to_degrees(cut[0].point))[0].tolist())
            found.append(Finding("building-cut", f"crosses {len(cut)} building(s)", where=where, distance_m=None,
                                 area_m2=None, code=str(len(cut))))
    for area in edit.touched:
        found.append(Finding("vertices-added", f"{area.code} gains vertices; its border stays", code=area.code))
    return found


# ---- writing ----------------------------------------------------------------------------------------------------------
def save(tx: Transaction, made: Draft) -> tuple[dict[int, int], Draft]:
    """Writes a draft: areas, parents' shapes, owners, shares, people to re-assign, lineage. Answers the fids that new
    areas got, and the draft with them."""
    edit = made.edit
    tx.new_rev  # noqa: B018  the revision's number is locked before any other number: one order, no deadlock
    if tx.concurrent and facts_of(tx, sorted(area.fid for area in edit.before)) != made.facts:
        raise Raced  # somebody counted, built or moved there since the draft read it
    fids = _number(tx, edit)
    real = lambda fid: fids.get(fid, fid)  # noqa: E731
    after = []
    for area in edit.after:
        if area.fid < 0:
            above = area.path.rsplit("/", 2)[0] + "/"
            area = replace(area, fid=real(area.fid), code=made.codes[area.fid], path=f"{above}{real(area.fid)}/", version=1)
            tx.register_code(area.code, area.fid)
        after.append(area)
    old = {area.fid: area for area in edit.before}
    written = [tx.write_area(old.get(area.fid), area) for area in after]
    for area in edit.before:
        if area.fid not in {one.fid for one in after}:
            tx.write_area(area, None)
    touched = [tx.write_area(before, area, quiet=True) for before, area in zip(edit.touched_before, edit.touched)]
    renew_parents(tx, (*edit.before, *edit.touched_before), (*written, *touched))
    done = replace(made, edit=replace(edit, after=tuple(written), touched=tuple(touched)))
    redeal(tx, made.facts, made.dealt, fids)
    heirs = {fid: [real(heir) for heir in mine] for fid, mine in _heirs(edit).items()}
    follow(tx, heirs, [(area.fid, area.shape) for area in written])
    _attach(tx, edit, fids)
    tx.lead((*((area.fid, real(new.fid)) for new in edit.after if new.fid < 0 for area in [_origin(edit, new)] if area),
             *edit.successor.items()))
    return fids, done


def _number(tx: Transaction, edit: Edit) -> dict[int, int]:
    new = [area.fid for area in edit.after if area.fid < 0]
    if not new:
        return {}
    first = tx.take("fid:areas", len(new))
    return {fid: first + k for k, fid in enumerate(new)}


def renew_parents(tx: Transaction, before: Sequence[Area], after: Sequence[Area], right: Collection[int] = ()) -> None:
    """Every area above the changed leaves gets the border its leaves now have; most of the time none changes. Those
    named `right` have theirs already."""
    above: dict[int, tuple[list, list]] = {}
    for side, areas in enumerate((before, after)):
        for area in areas:
            for fid in set(ancestors(area.path)).difference(right):
                above.setdefault(fid, ([], []))[side].append(area.shape)
    seen: dict[tuple, tuple] = {}
    for fid in sorted(above):
        old, new = above[fid]
        key = (tuple(map(id, old)), tuple(map(id, new)))
        if key not in seen:
            seen[key] = difference(_parts(old), _parts(new))
        removed, added = seen[key]
        if len(removed) or len(added):
            parent = tx.areas([fid])[fid]
            tx.write_area(parent, replace(parent, shape=renew(parent.shape, removed, added)), quiet=True)


def ancestors(path: str) -> list[int]:
    """Fids above an area, the root first."""
    return [int(part) for part in path.strip("/").split("/")[:-1]]


def _parts(shapes: Sequence[shapely.MultiPolygon]) -> np.ndarray:
    return shapely.get_parts(np.array(shapes, dtype=object)) if shapes else np.array([], dtype=object)


def redeal(tx: Transaction, facts: Facts, dealt: Dealt, fids: Mapping[int, int]) -> None:
    """Writes new owners of buildings and stairwells, and the new shares."""
    real = lambda fid: fids.get(fid, fid)  # noqa: E731
    now = _owner_now(tx, [place.fid for place in facts.places])
    moved = {fid: real(area) for fid, area in dealt.owner.items() if now[fid] != real(area)}
    for fid, area in moved.items():
        tx.update("buildings", fid, {"area": area}, quiet=True)
    if moved:
        for unit in tx.rows("units", TABLES["units"].c.building.in_(list(moved)), geometry=False):
            tx.update("units", unit["fid"], {"area": moved[unit["building"]]}, quiet=True)
    kept = {share.fid: share for share in dealt.shares if share.fid}
    for share in facts.shares:
        new = kept.get(share.fid)
        if new is None:
            tx.delete("shares", share.fid)
        elif (new.counts.values, new.counts.special, new.weight) != (share.counts.values, share.counts.special, share.weight):
            tx.update("shares", share.fid, share_row(new, new.area), quiet=True)
    tx.insert("shares", [share_row(share, real(share.area)) for share in dealt.shares if not share.fid])


def share_row(share, area: int) -> dict[str, Any]:
    """Columns of a share."""
    names = ("households", "resident", "registered", "tenant", "collective")
    return {"cell": share.cell, "area": area, "weight": share.weight, "special": share.counts.special,
            "estimated": share.counts.estimated, **dict(zip(names, share.counts.values))}


def follow(tx: Transaction, heirs: Mapping[int, Sequence[int]], leaves: Sequence[tuple[int, shapely.MultiPolygon]]) -> None:
    """Gates, addresses, places and whatever else stands on the changed ground belong to the leaf it now lies in."""
    order, shapes = [fid for fid, _ in leaves], np.array([shape for _, shape in leaves], dtype=object)
    for layer in tx.layers_at(FOLLOWERS, heirs):
        rows = tx.rows(layer, TABLES[layer].c.area.in_(sorted(heirs)))
        rows = [row for row in rows if row["geom"] is not None]
        points = [to_units(point_of(row["geom"])) for row in rows]
        for row, area in zip(rows, owners(points, order, shapes, [heirs[row["area"]] for row in rows])):
            if row["area"] != area:
                tx.update(layer, row["fid"], {"area": area}, quiet=True)


def point_of(shape: shapely.Geometry) -> shapely.Point:
    """The point of an object that decides whose it is."""
    if shape.geom_type == "Point":
        return shape
    if "Line" in shape.geom_type:
        return shapely.line_interpolate_point(shapely.get_parts(shape)[0], 0.5, normalized=True)
    centre = shapely.centroid(shape)
    return centre if shapely.intersects(shape, centre) else shapely.point_on_surface(shape)


def _attach(tx: Transaction, edit: Edit, fids: Mapping[int, int]) -> None:
    """People and teams stay with the area that keeps its identity; those of a cut area are listed to re-assign, those
    of a retired one go to its successor. A zone keeps all that was decided; only whose it is follows."""
    cut = {origin.fid for area in edit.after if area.fid < 0 for origin in [_origin(edit, area)] if origin}
    there = tx.layers_at((*ATTACHED, "zones"), {*cut, *edit.successor})
    for layer in ATTACHED if there else ():
        table = TABLES[layer]
        for row in tx.rows(layer, table.c.area.in_(sorted(edit.successor)), geometry=False):
            tx.update(layer, row["fid"], {"area": edit.successor[row["area"]]})
        if "reassign" in table.c:
            for row in tx.rows(layer, table.c.area.in_(sorted(cut)), geometry=False):
                if not row["reassign"]:
                    tx.update(layer, row["fid"], {"reassign": True}, quiet=True)
    for row in tx.rows("zones", TABLES["zones"].c.area.in_(sorted(edit.successor)), geometry=False) if there else ():
        tx.update("zones", row["fid"], {"area": edit.successor[row["area"]]}, quiet=True)


def _staff_before(reader: Reader, edit: Edit, today: str) -> dict[int, dict[str, int]]:
    """Staff by area and role as it was before the edit; in a commit those it moved are counted where they came from."""
    staff = staff_by_area(reader, today, [area.fid for area in edit.before])
    if isinstance(reader, Transaction) and reader.taken is not None:
        came_from = {image["fid"]: image["row"]["area"] for image in reader.before_images(reader.taken) if image["layer"] == "staff"}
        for row in reader.rows("staff", fids=sorted(came_from), geometry=False):
            old, role = came_from[row["fid"]], row["role"]
            if old != row["area"] and (row["starts_on"] or today) <= today <= (row["ends_on"] or today):
                staff[row["area"]][role] -= 1
                staff[old] = {**staff.get(old, {}), role: staff.get(old, {}).get(role, 0) + 1}
    return staff


# ---- answers ----------------------------------------------------------------------------------------------------------
def answer(reader: Reader, made: Draft, *, today: str, fids: Mapping[int, int] | None = None, geometry: bool = True) -> dict[str, Any]:
    """The draft as the API shows it: figures before and after of every area whose course changes, totals, findings."""
    edit, fids = made.edit, fids or {}
    back = {real: new for new, real in fids.items()}
    counts_after = {area.fid: made.after[back.get(area.fid, area.fid)] for area in edit.after}
    known = rostered(reader, edit.before)
    roster_known = bool(known)
    staff = staff_by_area(reader, today, [area.fid for area in (*edit.before, *edit.after) if area.fid > 0])
    if not isinstance(reader, Transaction):
        for gone, kept in edit.successor.items():
            for role, number in staff.get(gone, {}).items():
                staff.setdefault(kept, {})
                staff[kept] = {**staff[kept], role: staff[kept].get(role, 0) + number}
    now = _staff_before(reader, edit, today)
    have_before = {area.fid: now.get(area.fid, {}) if area.fid in known else None for area in edit.before}
    have_after = {area.fid: staff.get(area.fid, {}) if roster_known else None for area in edit.after}
    before = leaf_figures(reader, edit.before, made.before, have=have_before)
    after = leaf_figures(reader, edit.after, counts_after, have=have_after)
    parents = reader.areas(area.parent for area in (*edit.before, *edit.after) if area.parent is not None)
    changed = []
    for fid in dict.fromkeys([area.fid for area in edit.before] + [area.fid for area in edit.after]):
        old = next((area for area in edit.before if area.fid == fid), None)
        new = next((area for area in edit.after if area.fid == fid), None)
        area = new or old
        provisional = area.fid < 0
        parent = parents.get(area.parent)
        changed.append({
            "fid": area.fid, "code": area.code, "next_code": made.codes.get(area.fid), "name": area.name, "level": area.level,
            "version": None if provisional else (area.version if new else old.version), "parent": parent.code if parent else None,
            "retired": new is None, "new": old is None, "before": before.get(fid) if old else None,
            "after": after.get(fid) if new else None,
            "geometry": shapely.geometry.mapping(to_degrees(new.shape)) if new is not None and geometry else None})
    return {
        "op": edit.op, "changed": changed, "touched": [{"fid": area.fid, "code": area.code} for area in edit.touched],
        "totals_before": sum_figures(reader.rules, [(area, made.before.get(area.fid, Counts())) for area in edit.before], have_before),
        "totals_after": sum_figures(reader.rules, [(area, counts_after[area.fid]) for area in edit.after], have_after),
        "findings": [finding.as_json() for finding in edit.findings], "line_m": made.line_m}
