"""What a transfer carries along: facts stay where they are; codes that tell of the parent are given anew; zones that reach
over the ground belong to whoever is above all of it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import shapely
from sqlalchemy import select

from layers.areas import Area, to_degrees, to_units
from layers.codes import fits
from layers.edits import Edit, Finding
from layers.norms import norm_of, verdict
from layers.population import Counts, Dealt, Facts, of_leaf, total

from .facts import leaf_counts
from .rows import Reader, ancestors
from .schema import AREAS, TABLES
from .transaction import Raced, Transaction

ZONES = TABLES["zones"]


def as_held(facts: Facts, leaves: Sequence[Area]) -> Dealt:
    """Every fact where it is: no ground moves, so nothing is dealt."""
    held = {area.fid: [] for area in leaves}
    for fact in (*facts.places, *facts.shares):
        held[fact.area].append(fact.counts)
    return Dealt({place.fid: place.area for place in facts.places}, facts.shares, {fid: total(counts) for fid, counts in held.items()})


def recoded(reader: Reader, edit: Edit, named: Callable[[Area, Area, Area, str], str]) -> Edit:
    """Areas whose code no longer fits that of their parent get the next free one, top down; `named(area, old parent, new
    parent, code)` says what they are called then. In the profile `free` nobody's code changes."""
    profile = reader.meta("codes", "free")
    moved = sorted((*edit.above, *edit.after), key=lambda area: (area.path.count("/"), area.fid))
    old = {area.fid: area for area in (*edit.above_before, *edit.before)}
    parents = reader.areas(area.parent for area in (*moved, *old.values()))
    found: dict[int, Area] = {}
    for area in moved:
        parent = found.get(area.parent) or parents[area.parent]
        if not fits(profile, reader.rules, area.level, area.code, parent.code):
            (code,) = reader.new_codes([(area.level, area.code, parent.code)], (one.code for one in found.values()))
            area = replace(area, code=code, name=named(area, parents[old[area.fid].parent], parent, code))
        found[area.fid] = area
    return replace(edit, above=tuple(found[area.fid] for area in edit.above), after=tuple(found[area.fid] for area in edit.after))


def out_of_norm(reader: Reader, edit: Edit, held: Mapping[int, Counts]) -> list[Finding]:
    """Areas that lose or get ground by it and then have too few or too many households, more so than before. `held` is what
    each leaf that moves holds."""
    goes: dict[int, set[int]] = {}
    comes: dict[int, set[int]] = {}
    after = {area.fid: set(ancestors(area.path)) for area in edit.after}
    for leaf in edit.before:
        was, becomes = set(ancestors(leaf.path)), after[leaf.fid]
        for fids, moved in ((was - becomes, goes), (becomes - was, comes)):
            for fid in fids:
                moved.setdefault(fid, set()).add(leaf.fid)
    found = []
    rows = reader.rows("areas", fids=sorted({*goes, *comes}), geometry=False)
    above = {one["fid"]: one["name"] for one in reader.rows("areas", fids=sorted({row["parent"] for row in rows} - {None}), geometry=False)}
    for row in rows:
        norm = norm_of(reader.rules, row["level"], row)
        if norm is None:
            continue
        below = _below(reader, row["path"])
        then = {fid: own for fid, own in below.items() if fid not in goes.get(row["fid"], ())} | {
            fid: held[fid] for fid in comes.get(row["fid"], ())}
        was, now = (verdict(norm, total(side.values()).households, counted=all(own.counted for own in side.values())) for side in (below, then))
        if now["verdict"] in ("over", "under") and (now["verdict"] != was["verdict"] or now["difference"] > was["difference"]):
            found.append(Finding(
                f"piece-{now['verdict']}", f"{row['code']} then has {total(then.values()).households} households, {now['difference']} "
                f"{now['verdict']} the norm {now['min']}-{now['max']}", str(now["difference"]), _spot(reader, row["fid"], edit.before),
                what=_called(row["name"] or row["code"], above.get(row["parent"]))))
    return found


def _called(own: str, stem: str | None) -> str:
    """The name of an area with that of the one above: "03网格" there is in every community."""
    return own if not stem or own.startswith(stem) else f"{stem} {own}"


def _below(reader: Reader, path: str) -> dict[int, Counts]:
    """What each leaf below an area holds now."""
    columns = select(AREAS.c.fid, AREAS.c.uninhabited).where(reader.under(path), AREAS.c.leaf.is_(True))
    empty = {row.fid: row.uninhabited for row in reader.connection.execute(columns)}
    counts = leaf_counts(reader, sorted(empty))
    return {fid: of_leaf(counts.get(fid), nobody, reader.rules.population_kind) for fid, nobody in empty.items()}


def _spot(reader: Reader, fid: int, moved: Sequence[Area]) -> tuple[float, float]:
    """A place in the area that is its own before and after."""
    ground = shapely.difference(reader.areas([fid])[fid].shape, shapely.union_all([leaf.shape for leaf in moved]))
    return tuple(shapely.get_coordinates(to_degrees(shapely.point_on_surface(ground)))[0].tolist())


def carry(tx: Transaction, edit: Edit) -> None:
    """After the areas are written: new codes are kept as used and named in proposals, zones follow, and who was above
    hears of it. Raises Raced when the new parent was dissolved or moved itself since it was read."""
    now = tx.areas(area.parent for area in (*edit.above, *edit.after))
    if any(area.parent not in now or now[area.parent].leaf or not area.path.startswith(now[area.parent].path)
           for area in (*edit.above, *edit.after)):
        raise Raced
    old = {area.fid: area for area in (*edit.above_before, *edit.before)}
    new = {old[area.fid].code: area.code for area in (*edit.above, *edit.after) if old[area.fid].code != area.code}
    tx.register_codes({area.code: area.fid for area in (*edit.above, *edit.after) if area.code in new.values()})
    left = {fid for area in edit.before for fid in ancestors(area.path)}
    tx.extent.owned(left - {area.fid for area in edit.above})
    _zones(tx, edit, left, new)


def _zones(tx: Transaction, edit: Edit, left: set[int], new: Mapping[str, str]) -> None:
    """A zone keeps its ground and its people; only whose it is follows: the lowest area above all of its ground."""
    bounds = shapely.total_bounds([area.shape for area in edit.before]) / 1e7
    for row in tx.rows("zones", bounds=bounds.tolist()):
        shape = to_units(row["geom"])
        shapely.prepare(shape)
        changes = {}
        if row["area"] in left and any(_over(shape, area) for area in edit.before):
            under = [leaf for leaf in tx.leaves_near(shape.bounds) if _over(shape, leaf)]
            changes["area"] = lowest_above(under)
        named = (row["members"] or {}).get("areas") or []
        if row["status"] == "proposed" and not new.keys().isdisjoint(named):
            changes["members"] = {**row["members"], "areas": [new.get(code, code) for code in named]}
        if changes and any(row[name] != value for name, value in changes.items()):
            tx.update("zones", row["fid"], changes, quiet=True)


def _over(shape: shapely.Geometry, area: Area) -> bool:
    """More than what rounding leaves along a border."""
    return shapely.area(shapely.intersection(shape, area.shape)) > 1e-3 * min(shape.area, area.shape.area)


def lowest_above(areas: Sequence[Area]) -> int | None:
    """The lowest area that is above all of these, or the only one itself."""
    paths = [[*ancestors(area.path), area.fid] for area in areas]
    common = [fids[0] for fids in zip(*paths) if len(set(fids)) == 1]
    return common[-1] if common else None
