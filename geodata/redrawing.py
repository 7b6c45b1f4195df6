"""A redraw through the store: what an operation would do to the map as it is. Shown as a preview, written at a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import shapely

from layers.areas import Area, to_degrees
from layers.edits import Edit, Finding
from layers.errors import BadInput
from layers.measure import length_m
from layers.population import Counts, Dealt, Facts, of_leaf
from layers.redraw import OPERATIONS

from .assigning import standing
from .conflicts import check_versions
from .dividing import MOST_TARGETS, locked_kept, new_borders_m, town_of
from .drawn import parse
from .facts import facts_of
from .halving import standing_on
from .proposals import SEARCHED, Proposals
from .rows import Reader
from .transferring import as_held, out_of_norm, recoded
from .zones_kept import crossed

FOUND = ("divide", "halve", "lattice")  # operations that find their borders themselves


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit with the facts of its ground dealt anew; new areas have negative fids and their next codes. `origins` are the
    areas before it on whose ground those after it lie, by fid."""

    edit: Edit
    facts: Facts
    before: Mapping[int, Counts]
    after: Mapping[int, Counts]
    dealt: Dealt
    codes: Mapping[int, str]
    origins: Mapping[int, Area]
    line_m: float | None


def draft(reader: Reader, form: Mapping[str, Any], *, most_areas: int = 60, proposals: Proposals = SEARCHED) -> Draft:
    """What the operation would do to the map as it is now. Writes nothing. Raises an EditRefused, or Stale when the
    areas named in form["versions"] are at other versions; Unsearched for a division that `proposals` has not at hand."""
    check_versions(reader, form.get("versions"))
    arguments = parse(reader, form)
    coverage = reader.coverage()
    targets = arguments.get("targets")
    if targets is None:
        shape = next(arguments[name] for name in ("line", "polygon", "at") if name in arguments)
        near = coverage.along(shapely.get_coordinates(shape)) if "line" in arguments else coverage.near(shape.bounds)
        shapely.prepare(shape)
        targets = [area.fid for area in near if shape.intersects(area.shape)]
    if len(targets) > (MOST_TARGETS if form["op"] == "divide" else most_areas):
        raise BadInput(f"the drawing meets {len(targets)} areas; at most {most_areas} can be redrawn at once", why="areas", most=most_areas)
    facts = facts_of(reader, targets)
    if form["op"] == "divide":
        town = town_of(reader, [coverage.get(fid) for fid in targets], facts)
        arguments |= {"town": town, "proposed": proposals.over(town)}
    elif form["op"] == "halve":
        arguments = standing_on(reader, coverage, arguments, facts)
    elif form["op"] == "assign_buildings":
        arguments = standing(reader, coverage, arguments, facts)
    weigh = partial(_weigh_there, reader) if form["op"] == "reshape" else _weigh(facts)
    edit = OPERATIONS[form["op"]](coverage, weigh=weigh, **arguments)
    if form["op"] == "divide":
        edit = replace(edit, findings=(*edit.findings, *locked_kept(reader, form["targets"])))
    changed = {area.fid for area in edit.before}
    if changed != set(targets):
        facts = facts_of(reader, sorted(changed))
    line = arguments["polygon"].exterior if "polygon" in arguments else arguments.get("line")
    return finish(reader, edit, facts, float(length_m(line)) if line is not None else new_borders_m(edit) if edit.op in FOUND else None)


def finish(reader: Reader, edit: Edit, facts: Facts, line_m: float | None = None) -> Draft:
    """Deals the facts of the changed ground to the areas after the edit and names the new areas."""
    counts, origins = held_before(reader, edit, facts), origins_of(edit)
    if edit.op == "transfer":
        edit, dealt = recoded(reader, edit, partial(_moved_name, reader)), as_held(facts, edit.before)  # no ground moves
        edit = replace(edit, findings=(*edit.findings, *out_of_norm(reader, edit, counts)))
    else:
        dealt = facts.deal([(area.fid, area.shape) for area in edit.after], heirs_of(edit, origins))
        edit = _known_empty(edit, origins, counts, dealt)
    codes = _new_codes(reader, edit, origins)
    named = tuple(replace(area, name=_named(reader, edit, area, codes[area.fid], origins.get(area.fid))) if area.fid < 0 and not area.name
                  else area for area in edit.after)
    edit = replace(edit, after=named, findings=tuple(_told(finding, codes, named) for finding in edit.findings))
    edit = replace(edit, findings=(*edit.findings, *_findings(edit, facts, dealt), *crossed(reader, edit, counts)))
    kind = reader.rules.population_kind
    after = {area.fid: of_leaf(dealt.counts.get(area.fid), area.attributes.get("uninhabited"), kind) for area in edit.after}
    return Draft(edit, facts, counts, after, dealt, codes, origins, line_m)


def _told(finding: Finding, codes: Mapping[int, str], after: Sequence[Area]) -> Finding:
    """The finding with what new areas will be called."""
    new = {area.code: area for area in after if area.fid in codes}
    text = " ".join(codes[new[word].fid] if word in new else word for word in finding.text.split(" "))
    area = new.get(finding.code)
    return replace(finding, text=text) if area is None else replace(finding, text=text, code=codes[area.fid], what=area.name or None)


def held_before(reader: Reader, edit: Edit, facts: Facts) -> dict[int, Counts]:
    """What each area holds before the edit."""
    held, kind = _as_held(facts), reader.rules.population_kind
    return {area.fid: of_leaf(held.get(area.fid), area.attributes.get("uninhabited"), kind) for area in edit.before}


def _known_empty(edit: Edit, origins: Mapping[int, Area], before: Mapping[int, Counts], dealt: Dealt) -> Edit:
    """A piece of counted ground on which no fact lies is known to be empty; a piece of unknown ground is unknown."""
    after, sources = [], sources_of(edit, origins)
    for area in edit.after:
        counted = all(before[fid].counted for fid in sources[area.fid] if fid in before)
        empty = True if counted and not dealt.counts[area.fid].facts else None
        if area.attributes.get("uninhabited") != empty:
            area = replace(area, attributes={**area.attributes, "uninhabited": empty})
        after.append(area)
    return replace(edit, after=tuple(after))


def sources_of(edit: Edit, origins: Mapping[int, Area]) -> dict[int, set[int]]:
    """For each area after the edit those before it whose ground it holds."""
    sources = {fid: {fid, *edit.gave.get(fid, (origins[fid].fid,) if fid in origins else ())} for fid in (area.fid for area in edit.after)}
    for fid, heir in edit.successor.items():
        if heir in sources:
            sources[heir].add(fid)
    return sources


def heirs_of(edit: Edit, origins: Mapping[int, Area]) -> dict[int, list[int]]:
    """Who holds the ground of each area after the edit; itself first."""
    heirs: dict[int, list[int]] = {area.fid: [area.fid] for area in edit.before}
    sources = sources_of(edit, origins)
    for area in edit.after:
        for fid in sources[area.fid] & heirs.keys():
            heirs[fid] += [area.fid] if area.fid != fid else []
    return heirs


def _as_held(facts: Facts) -> dict[int, Counts]:
    """Counts of the areas before the edit, from who owned what."""
    if not facts.places and not facts.shares:
        return {}
    held: dict[int, Counts] = {}
    for share in facts.shares:
        held[share.area] = held.get(share.area, Counts()) + share.counts
    for place in facts.places:
        held[place.area] = held.get(place.area, Counts()) + place.counts
    return held


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


def _weigh_there(reader: Reader, shapes: Sequence[shapely.MultiPolygon]) -> list[float]:
    """Households per piece of whatever areas: a border moves on the ground of others than were named."""
    near = {area.fid for shape in shapes for area in reader.leaves_near(shape.bounds)}
    return _weigh(facts_of(reader, sorted(near)))(shapes)


def _new_codes(reader: Reader, edit: Edit, origins: Mapping[int, Area]) -> dict[int, str]:
    """The code each new area will get."""
    kept, divided = {area.parent: area for area in edit.before}, {area.fid for area in edit.above}
    parents = reader.heads(area.parent for area in edit.after if area.fid < 0 and area.parent is not None)
    new = [area for area in edit.after if area.fid < 0]
    asked = []
    for area in new:
        stem = None if area.parent in divided else (origins.get(area.fid) or kept[area.parent]).code
        asked.append((area.level, stem, parents[area.parent].code if area.parent in parents else None))
    return dict(zip((area.fid for area in new), reader.new_codes(asked), strict=True))


def origins_of(edit: Edit) -> dict[int, Area]:
    """For each area after the edit the one before it on whose ground it lies; none for new ground."""
    inside = shapely.point_on_surface(np.array([area.shape for area in edit.after], dtype=object))
    found, under = shapely.STRtree([area.shape for area in edit.before]).query(inside, predicate="intersects")
    order = np.lexsort((-under, found))  # the first of several is written last
    return {edit.after[k].fid: edit.before[old] for k, old in zip(found[order].tolist(), under[order].tolist())}


def _named(reader: Reader, edit: Edit, area: Area, code: str, origin: Area | None) -> str:
    """What a new area is called: by what it was cut from, or, as the first child of an area, by its number."""
    parent = next((one for one in edit.above if one.fid == area.parent), None)
    return _new_name(origin, code) if parent is None else _first_name(reader, parent, area.level, code)


def _first_name(reader: Reader, parent: Area, level: str, code: str) -> str:
    """Number and word of the level ("01网格", below that "01-01微网格") where codes are numbers below the parent's; else the
    code, which pages show with the word of the level."""
    number, found, above = code[len(parent.code):], reader.rules.level(level), reader.rules.level(parent.level)
    if reader.meta("codes", "free") == "free" or found is None or not number.isdigit():
        return code
    stem = parent.name.removesuffix(above.zh) if above and parent.name.endswith(above.zh) else ""
    return (f"{stem}-" if stem.isdigit() else "") + f"{int(number):02d}{found.zh}"


def _moved_name(reader: Reader, area: Area, was: Area, parent: Area, code: str) -> str:
    """What an area is called under another parent: by its number again when it was called by that."""
    by_number = area.name == _first_name(reader, was, area.level, area.code)
    return _first_name(reader, parent, area.level, code) if by_number else _new_name(area, code)


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


def _findings(edit: Edit, facts: Facts, dealt: Dealt) -> list[Finding]:
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
        if edit.op == "assign_buildings":  # its border goes round buildings: only those that were whole before are news
            was = {area.fid: area.shape for area in edit.before}
            cut = [place for place in cut if shapely.covers(was[place.area], place.shape)]
        if cut:
            where = tuple(shapely.get_coordinates(to_degrees(cut[0].point))[0].tolist())
            found.append(Finding("building-cut", f"crosses {len(cut)} building(s)", where=where, distance_m=None,
                                 area_m2=None, code=str(len(cut))))
    for area in edit.touched:
        found.append(Finding("vertices-added", f"{area.code} gains vertices; its border stays", code=area.code, what=area.name or None))
    return found
