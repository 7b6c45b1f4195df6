"""Zones in the store: a proposal is resolved when drawn, counted, kept; nothing but its own actions changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from layers.areas import Area, as_multi, to_degrees, to_units
from layers.errors import BadGeometry, BadInput, MissingField, NotFound
from layers.zones import Tally, drawn_kind, tally_areas, tally_ground, whole

from .drawn import read_geometry
from .facts import building_counts, facts_of, held_in
from .rows import Reader, ancestors
from .schema import TABLES
from .transaction import Raced, Transaction

BUILDINGS = TABLES["buildings"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone before it is written: ground in units, what it is made of, its people, the area above all of it."""

    kind: str
    shape: shapely.MultiPolygon
    members: dict[str, Any]
    tally: Tally
    owner: int | None
    under: tuple[Area, ...]  # leaves it touches


def resolve(reader: Reader, form: Mapping[str, Any]) -> Proposal:
    """What a form describes: "areas": [codes], "buildings": [ids] or "polygon": GeoJSON. Raises MissingField, BadInput,
    UnknownArea, NotFound, BadGeometry."""
    if not form.get("kind"):
        raise MissingField("a kind of zone is needed", fields=["kind"])
    kind = drawn_kind(reader.rules.profile, str(form["kind"]))
    given = [name for name in ("areas", "buildings", "polygon") if form.get(name)]
    if len(given) != 1:
        raise MissingField("one of areas, buildings or polygon is needed", fields=["areas", "buildings", "polygon"])
    shape, members, tally, under = _BY[given[0]](reader, form[given[0]])
    return Proposal(kind.id, shape, members, tally, _common(under), tuple(under))


def _of_areas(reader: Reader, codes: Any):
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise BadInput("areas: a list of codes is needed")
    leaves: dict[int, Area] = {}
    for code in dict.fromkeys(codes):
        for leaf in reader.subtree(reader.area(code).path, leaf=True):
            leaves[leaf.fid] = leaf
    counts = held_in(reader, leaves.values())
    tally = tally_areas([counts[fid] for fid in sorted(leaves)])
    return whole([leaf.shape for leaf in leaves.values()]), {"areas": list(dict.fromkeys(codes))}, tally, list(leaves.values())


def _of_buildings(reader: Reader, fids: Any):
    if not isinstance(fids, list) or not all(isinstance(fid, int) for fid in fids):
        raise BadInput("buildings: a list of ids is needed")
    rows = reader.connection.execute(BUILDINGS.select().where(BUILDINGS.c.fid.in_(fids)).order_by(BUILDINGS.c.fid)).all()
    lost = sorted(set(fids) - {row.fid for row in rows})
    if lost:
        raise NotFound(f"building {lost[0]}: no such building")
    counts = building_counts(reader, rows)
    shapes = [to_units(row.geom) for row in rows if row.geom is not None]
    if not shapes:
        raise BadGeometry("none of these buildings has an outline")
    ground = as_multi(shapely.union_all(np.array(shapes, dtype=object), grid_size=1))
    under = list(reader.areas(sorted({row.area for row in rows if row.area is not None})).values())
    return ground, {"buildings": sorted(fids)}, tally_areas([counts[row.fid] for row in rows]), under


def _of_polygon(reader: Reader, value: Any):
    shape = as_multi(to_units(read_geometry(value, "Polygon", "MultiPolygon")))
    if not shape.is_valid or shape.area == 0:
        reason = shapely.is_valid_reason(shape) if shape.area else "it has no ground"
        raise BadGeometry(f"the zone's border crosses itself: {reason}")
    under = [leaf for leaf in reader.leaves_near(shape.bounds) if leaf.shape.intersects(shape)]
    if not under:
        raise BadGeometry("the zone lies outside every area")
    counts = held_in(reader, under)
    tally = tally_ground(shape, facts_of(reader, [leaf.fid for leaf in under]),
                         [(leaf.shape, counts[leaf.fid]) for leaf in under])
    return shape, {"polygon": True}, tally, under


_BY = {"areas": _of_areas, "buildings": _of_buildings, "polygon": _of_polygon}


def _common(under: Sequence[Area]) -> int | None:
    """The lowest area above all of these."""
    if not under:
        return None
    paths = [[*ancestors(area.path), area.fid] for area in under]
    common = [fids[0] for fids in zip(*paths) if len(set(fids)) == 1]
    return common[-1] if common else None


def write(tx: Transaction, proposal: Proposal, form: Mapping[str, Any]) -> int:
    """Keeps a proposal; answers its id. Raises Raced when its ground was redrawn since it was resolved."""
    counts = proposal.tally.counts
    tx.new_rev  # noqa: B018  before any other number
    if tx.changed_since("areas", {area.fid: area.rev for area in proposal.under}):
        raise Raced
    number = tx.take("zone-code")
    row = {
        "geom": to_degrees(proposal.shape), "code": f"Z{number:04d}", "name": form.get("name") or f"Z{number:04d}", "kind": proposal.kind,
        "status": "proposed", "members": proposal.members, "starts_at": form.get("from"), "reason": form.get("reason"),
        "order_no": form.get("order_no"), "households": counts.households, "population": counts.people(tx.rules.population_kind),
        "special": counts.special, "unknown_leaves": proposal.tally.unknown_leaves, "estimated": proposal.tally.estimated,
        "proposed_by": tx.actor, "note": form.get("note"), "area": proposal.owner}
    return tx.insert("zones", [row])[0]


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of a zone's row."""
    special = row["special"]
    return {"households": row["households"], "population": row["population"], "special": special or {},
            "special_total": None if special is None else sum(special.values()),
            "unknown_leaves": row["unknown_leaves"] or 0, "estimated": bool(row["estimated"])}


def proposal_figures(proposal: Proposal, population_kind: str) -> dict[str, Any]:
    """The same before it is written."""
    counts = proposal.tally.counts
    return figures({"households": counts.households, "population": counts.people(population_kind), "special": counts.special,
                    "unknown_leaves": proposal.tally.unknown_leaves, "estimated": proposal.tally.estimated})
