"""Assigning buildings through the store: the form, and the cells of the leaves that give, remembered between two strokes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from layers.cells import Town
from layers.coverage import Coverage
from layers.errors import BadInput, EditRefused, MissingField, NotFound
from layers.population import Facts
from layers.redraw.stroke import Plots, plots_of

from .dividing import town_of
from .rows import Reader, chunks
from .schema import TABLES

MOST_BUILDINGS = 2_000  # in one stroke
KEPT = 96  # leaves whose cells are remembered: a few people at a time, a few leaves each
NO_FID = 2**63  # no database counts so far

BUILDINGS = TABLES["buildings"]


def read_stroke(reader: Reader, form: Mapping[str, Any], targets: Sequence[int] | None) -> dict[str, Any]:
    """The area that receives, the leaves that hold the buildings (`targets`), the buildings. Raises MissingField, BadInput,
    UnknownArea, NotFound."""
    fids, to = form.get("buildings"), form.get("to")
    missing = [name for name, value in (("buildings", fids), ("to", to)) if value in (None, [], "")]
    if missing:
        raise MissingField("assign_buildings needs buildings and to", fields=missing)
    if not isinstance(to, str):
        raise BadInput("to: the code of an area is needed")
    if not isinstance(fids, list) or not all(isinstance(fid, int) and not isinstance(fid, bool) and 0 <= fid < NO_FID for fid in fids):
        raise BadInput("buildings: a list of numbers is needed")
    if len(fids) > MOST_BUILDINGS:
        raise BadInput(f"{len(fids):,} buildings; at most {MOST_BUILDINGS:,} are assigned at once")
    area, wanted = reader.area(to), sorted(set(fids))
    held = holders_of(reader, wanted)
    lost = [fid for fid in wanted if fid not in held]
    if lost:
        raise NotFound(f"{lost[0]}: no such building", buildings=lost[:20])
    named = set(targets or ()) - {area.fid}
    other = [fid for fid in wanted if named and held[fid] not in {area.fid, *named}]
    if other:
        raise BadInput(f"{len(other)} building(s) belong to none of the targets", buildings=other[:20])
    return {"to": area.fid, "targets": [area.fid, *sorted(set(held.values()) - {area.fid})], "buildings": wanted}


def holders_of(reader: Reader, buildings: Sequence[int]) -> dict[int, int]:
    """The leaf each of these buildings belongs to; those that are not there are left out."""
    possible = [fid for fid in buildings if 0 <= fid < NO_FID]
    return {fid: area for chunk in chunks(possible) for fid, area in reader.connection.execute(
        select(BUILDINGS.c.fid, BUILDINGS.c.area).where(BUILDINGS.c.fid.in_(chunk))) if area is not None}


def standing(reader: Reader, coverage: Coverage, arguments: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The arguments of the operation: which buildings of the town on these leaves are meant, and who holds each."""
    targets = tuple(arguments["targets"])
    town = reader.once((town_of, targets), lambda: town_of(reader, [coverage.get(fid) for fid in targets], facts))
    places = [place for place in facts.places if place.shape is not None]
    number = {place.fid: k for k, place in enumerate(places)}
    lost = [fid for fid in arguments["buildings"] if fid not in number]
    if lost:
        raise EditRefused(f"{lost[0]}: nobody knows where this building stands", buildings=lost[:20])
    chosen = {number[fid]: places[number[fid]].area for fid in arguments["buildings"]}
    return {**arguments, "buildings": chosen, "town": town, "celled": remembered}


# ---- cells ----------------------------------------------------------------------------------------------------------
_plots: OrderedDict[bytes, Plots] = OrderedDict()
_guard = threading.Lock()


def remembered(ground: np.ndarray, town: Town) -> Plots:
    """The plots of exactly this ground with exactly this town; those of the last leaves are remembered, because who
    paints asks for the same ground ten times a second."""
    key = _key(ground, town)
    with _guard:
        found = _plots.get(key)
        if found is not None:
            _plots.move_to_end(key)
            return found
    made = plots_of(ground, town)
    with _guard:
        _plots[key] = made
        while len(_plots) > KEPT:
            _plots.popitem(last=False)
    return made


def _key(ground: np.ndarray, town: Town) -> bytes:
    digest = hashlib.sha256()
    for shapes in (ground, town.buildings, town.lines, [shape for shape, _ in town.counted]):
        digest.update(len(shapes).to_bytes(8, "big"))
        for wkb in shapely.to_wkb(np.array(shapes, dtype=object)):
            digest.update(wkb)
    for numbers in (town.households, town.dear, np.array([number for _, number in town.counted])):
        digest.update(numbers.astype(float).tobytes())
    return digest.digest()
