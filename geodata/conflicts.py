"""Two planners on the same ground: who came first, what they drew, and what that leaves of the other's edit.

Versions say that something changed, the ground says whether it matters: a new name, a neighbour's vertex or a cut that
was undone since is no conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from layers.areas import Area, as_multi, to_degrees, to_units
from layers.errors import BadInput, Stale, UnknownArea
from layers.redraw.undo import holds_ground

from .rows import Reader
from .schema import CODES, HISTORY, LINEAGE

LITTLE = 1e-3  # share of an area that rounding on a border may put on the other side
NEAR = 2  # units: two borders this near are the same line


@dataclass(frozen=True, slots=True)
class Seen:
    """An area as somebody saw it: at `version`, and as it lives now (None: cut away or merged into another)."""

    fid: int
    code: str
    version: int
    then: shapely.MultiPolygon | None
    parent: int | None
    now: Area | None
    revs: tuple[int, ...]  # revisions that changed its course since

    @property
    def re_cut(self) -> bool:
        """True when its ground or its place in the tree is another one."""
        if self.now is None or self.then is None:
            return True
        return not self.now.leaf or self.parent != self.now.parent or not holds_ground(self.then, self.now.shape)


def check_versions(reader: Reader, versions: Any) -> None:
    """Raises Stale with both sides of the story when ground that was seen at these versions has been cut anew since:
    details `areas`, `edits` (newest last), `lines` (the others' new borders), `gone` (borders they took away), `now`
    (fids of the leaves on that ground)."""
    if versions is None:
        return
    if not isinstance(versions, Mapping):
        raise BadInput("versions: {code: version} is needed")
    seen = [_seen(reader, code, version) for code, version in versions.items()]
    met = [area for area in seen if area is not None and area.re_cut]
    if met:
        raise _stale(reader, met, [area for area in seen if area is not None])


def _seen(reader: Reader, code: str, version: int) -> Seen | None:
    """None when the area is still as it was seen."""
    try:
        now: Area | None = reader.area(code)
        fid = now.fid
    except UnknownArea:
        now, fid = None, reader.connection.scalar(select(CODES.c.fid).where(CODES.c.code == code))
        if fid is None:
            raise
    if now is not None and now.version == version:
        return None
    images = reader.connection.execute(
        select(HISTORY.c.version, HISTORY.c.rev_from, HISTORY.c.rev_to, HISTORY.c.geom, HISTORY.c.row)
        .where(HISTORY.c.layer == "areas", HISTORY.c.fid == fid, HISTORY.c.version >= version)
        .order_by(HISTORY.c.hid)).all()
    last = next((image for image in reversed(images) if image.version == version), None)
    courses = [image.version for image in images] + [None if now is None else now.version]
    revs = tuple(image.rev_to for image, later in zip(images, courses[1:], strict=True) if later != image.version)
    then = as_multi(to_units(last.geom)) if last is not None else None
    return Seen(fid, code, version, then, last.row["parent"] if last is not None else None, now, revs)


def _stale(reader: Reader, met: Sequence[Seen], seen: Sequence[Seen]) -> Stale:
    edits = [_edit(reader, rev) for rev in sorted({rev for area in met for rev in area.revs})]
    lines, gone, now = _lines(reader, [area.then for area in seen if area.then is not None])
    last = edits[-1] if edits else {"actor": None, "at": None}
    areas = [{"code": area.code, "fid": area.fid, "version": area.now.version if area.now else None,
              "yours": area.version, "retired": area.now is None, "actor": last["actor"], "at": last["at"]} for area in met]
    return Stale("cut anew since you read them: " + ", ".join(area.code for area in met), areas=areas, edits=edits,
                 actor=last["actor"], at=last["at"], lines=lines, gone=gone, now=now)


def _edit(reader: Reader, rev: int) -> dict[str, Any]:
    done = reader.revision(rev)
    return {"rev": rev, "op": done["op"], "actor": done["actor"], "at": done["at"]}


def _lines(reader: Reader, then: Sequence[shapely.MultiPolygon]):
    """(borders drawn since on this ground, borders that went, fids of the leaves on it): GeoJSON in degrees, None where
    there are none."""
    if not then:
        return None, None, []
    ground = shapely.union_all(np.array(then, dtype=object), grid_size=1)
    leaves = [leaf for leaf in reader.leaves_near(ground.bounds)
              if shapely.area(shapely.intersection(leaf.shape, ground)) > LITTLE * min(leaf.shape.area, ground.area)]
    old = shapely.union_all(shapely.boundary(np.array(then, dtype=object)))
    new = shapely.union_all(shapely.boundary(np.array([leaf.shape for leaf in leaves], dtype=object)))
    inside = shapely.buffer(ground, NEAR)
    return (_told(shapely.difference(shapely.intersection(new, inside), shapely.buffer(old, NEAR))),
            _told(shapely.difference(old, shapely.buffer(new, NEAR))), [leaf.fid for leaf in leaves])


def _told(lines: shapely.Geometry) -> dict[str, Any] | None:
    parts = [part for part in shapely.get_parts(shapely.line_merge(lines)) if part.geom_type == "LineString" and part.length > NEAR]
    return shapely.geometry.mapping(to_degrees(shapely.MultiLineString(parts))) if parts else None


def heirs_of_code(reader: Reader, code: str) -> list[Area]:
    """Where the ground of a code went: the area itself while it lives, else those that took it over; empty for a code
    that was never used."""
    fid = reader.connection.scalar(select(CODES.c.fid).where(CODES.c.code == code))
    seen: set[int] = set()
    queue, living = [fid] if fid is not None else [], {}
    while queue:
        fid = queue.pop()
        if fid in seen:
            continue
        seen.add(fid)
        alive = reader.areas([fid])
        living |= alive
        if not alive:
            queue += reader.connection.execute(select(LINEAGE.c.to_fid).where(LINEAGE.c.from_fid == fid)).scalars()
            queue += reader.connection.execute(select(LINEAGE.c.from_fid).where(LINEAGE.c.to_fid == fid)).scalars()
    return [living[fid] for fid in sorted(living)]
