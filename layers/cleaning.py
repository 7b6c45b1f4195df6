"""Turn drawn leaf areas into one exact coverage on the 1e-7 degree grid, and say what had to be changed where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from .areas import as_multi, to_units
from .chain import NO_SEGMENTS, remainder, renew
from .edits import Finding
from .errors import BadGeometry, ProofFailed
from .measure import area_m2
from .mosaic import OUTSIDE, Placed, local_metres, middles, settle
from .seams import match

Progress = Callable[[int, int, str], None]
ROUNDING_M = 0.02  # less than this is the grid itself: 1 unit plus a vertex added on a border
TELL_M2 = 0.01  # ground smaller than this, about the size of a hand, is not told one by one
TELL_MOVED_M = 1.0
ROUNDS = 3
STEPS = ("read shapes", "match seams", "close gaps and prove", "measure")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`shapes` (n,) MultiPolygons in units, same order as given, an exact coverage, none empty; `findings`: every
    repair a person may want to see; `repaired`: leaves whose border moved by more than rounding and added vertices;
    `seams`: MultiLineString in units, the borders as given where neighbouring groups did not match."""

    shapes: np.ndarray
    findings: list[Finding]
    repaired: int
    seams: shapely.MultiLineString


def clean(shapes: np.ndarray, groups: np.ndarray | None, codes: Sequence[str], seam_m: float = 1.0,
          gap_width_m: float = 3.0, progress: Progress | None = None) -> Cleaned:
    """The leaf shapes (n,) in degrees of EPSG:4490, (lon, lat), as an exact coverage in units.

    `groups` (n,): leaves of one group (a district drawn as one) fit each other already; borders between groups are
    laid onto each other where they are at most `seam_m` apart, the group that sorts first keeps its line. None:
    every leaf by itself. Enclosed ground of no leaf up to `gap_width_m` wide goes to a neighbour, wider ground stays
    open. Raises BadGeometry for a shape without ground, BadCoverage when a leaf would keep none."""
    tell = progress or (lambda done, total, text: None)
    tell(0, len(STEPS), STEPS[0])
    given, findings = _prepared(np.asarray(shapes, dtype=object), codes)
    parts = _parts_by_right(given, [finding.code for finding in findings], codes, gap_width_m)
    tell(1, len(STEPS), STEPS[1])
    ranks = np.arange(len(given)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    matched, seams = match(given, ranks, seam_m, 2 * gap_width_m)
    tell(2, len(STEPS), STEPS[2])
    settled, placed = _settled(matched, codes, gap_width_m, parts)
    tell(3, len(STEPS), STEPS[3])
    moved_m, where = movement(given, settled)
    findings += [_told(face, codes) for face in placed if area_m2(face.face) >= TELL_M2]
    findings += _moves(moved_m, where, codes) + _many_parts(settled, codes)
    tell(len(STEPS), len(STEPS), "done")
    return Cleaned(np.array([as_multi(shape) for shape in settled], dtype=object), findings,
                   int((moved_m > ROUNDING_M).sum()), shapely.multilinestrings(seams))


def outline(shapes: np.ndarray) -> shapely.MultiPolygon:
    """The ground of an exact coverage (units), its holes left open. ProofFailed, with the place, unless no border
    is walked twice, inner borders cancel and the rest is the border of a valid shape."""
    parts = shapely.get_parts(shapes)
    invalid = ~shapely.is_valid(parts)
    if invalid.any():
        raise ProofFailed("a cleaned shape crosses itself", where=_inside(parts[invalid][0]))
    whole = renew(shapely.MultiPolygon(), NO_SEGMENTS, remainder(parts))
    if not whole.is_valid:
        raise ProofFailed("cleaned areas lie on one another", where=_inside(whole))
    return whole


def _settled(shapes: np.ndarray, codes: Sequence[str], gap_width_m: float, parts: np.ndarray):
    """(exact shapes, placed faces). Cutting on the grid can bend a border onto a vertex beside it; then cut again."""
    placed = []
    for turn in range(ROUNDS):
        mosaic = settle(shapes, codes, gap_width_m, parts)
        shapes = mosaic.shapes
        placed += [face for face in mosaic.placed if not turn or face.leaf != OUTSIDE]
        try:
            outline(shapes)
            break
        except ProofFailed:
            if turn == ROUNDS - 1:
                raise
    return shapes, placed


def _prepared(shapes: np.ndarray, codes: Sequence[str]) -> tuple[np.ndarray, list[Finding]]:
    """(valid shapes in units without repeated points, a finding for each that was not valid)."""
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        names = [codes[k] for k in np.flatnonzero(empty)]
        raise BadGeometry(f"{', '.join(names[:5])}: no geometry", codes=names)
    units = shapely.remove_repeated_points(to_units(shapely.force_2d(shapes)))
    findings = []
    for k in np.flatnonzero(~shapely.is_valid(units) | ~np.isin(shapely.get_type_id(units), (3, 6))):
        reason = shapely.is_valid_reason(units[k]).replace("Valid Geometry", "Not only polygons")
        units[k] = _repaired(units[k])
        if units[k].is_empty:
            raise BadGeometry(f"{codes[k]}: the shape holds no ground ({reason})", codes=[codes[k]])
        spot = re.search(r"\[(\S+) (\S+)\]", reason)
        where = (float(spot[1]) / 1e7, float(spot[2]) / 1e7) if spot else _inside(units[k])
        findings.append(Finding("invalid-repaired", f"{codes[k]}: {reason.split('[')[0].lower()}, repaired", codes[k],
                                where))
    return units, findings


def _repaired(shape):
    """The polygons of make_valid, on the grid; still invalid where rounding folds it (the mosaic cuts that)."""
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    polygons = [part for part in shapely.get_parts(shapely.get_parts(valid)) if part.geom_type == "Polygon"]
    rounded = shapely.transform(shapely.multipolygons(polygons), np.round)
    return shapely.remove_repeated_points(rounded)


def _parts_by_right(given: np.ndarray, repaired: list[str], codes: Sequence[str], gap_width_m: float) -> np.ndarray:
    """(n,) parts each leaf may keep: all that were given; of a repaired shape only those wider than a gap."""
    count = np.maximum(shapely.get_num_geometries(given), 1)
    several = np.flatnonzero((count > 1) & np.isin(np.asarray(codes, dtype=object), repaired))
    for k in several:
        wide = shapely.buffer(local_metres(shapely.get_parts(given[k])), -gap_width_m / 2)
        count[k] = max(1, (~shapely.is_empty(wide)).sum())
    return count


def movement(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(metres (n,), place (n, 2) lon/lat): how far a border went at most, old vertices to the new border and new
    vertices to the old one, leaf by leaf. Shapes in units."""
    distance, place = np.zeros(len(before)), np.zeros((len(before), 2))
    changed = np.flatnonzero([a is not b for a, b in zip(before, after, strict=True)])
    centre = middles(before[changed])
    old, new = before[changed], after[changed]
    for vertices, lines in ((old, new), (new, old)):
        xy, index = shapely.get_coordinates(vertices, return_index=True)
        theirs, at = shapely.get_coordinates(lines, return_index=True)
        both = np.concatenate([np.column_stack([index, xy]), np.column_stack([at, theirs])]).astype(np.int64)
        order = np.lexsort(both.T[::-1])
        number = np.empty(len(both), np.int64)
        number[order] = np.cumsum(np.r_[True, (np.diff(both[order], axis=0) != 0).any(axis=1)][:len(both)])
        own = ~np.isin(number[:len(xy)], number[len(xy):])
        xy, index = xy[own], index[own]
        border = local_metres(shapely.boundary(lines), centre)
        spots = local_metres(shapely.points(xy), centre[index])
        metres = shapely.distance(spots, border[index])
        order = np.argsort(metres)
        index, metres, xy = index[order], metres[order], xy[order]
        farther = metres > distance[changed[index]]
        place[changed[index[farther]]] = xy[farther] / 1e7
        np.maximum.at(distance, changed[index], metres)
    return distance, place


def _moves(moved_m: np.ndarray, where: np.ndarray, codes: Sequence[str]) -> list[Finding]:
    findings = []
    for k in np.flatnonzero(moved_m > ROUNDING_M):
        kind = "moved-over-1m" if moved_m[k] > TELL_MOVED_M else "seam-moved"
        findings.append(Finding(kind, f"{codes[k]}: border moved by up to {moved_m[k]:.2f} m", codes[k],
                                tuple(where[k].tolist()), round(float(moved_m[k]), 3)))
    return findings


def _told(placed: Placed, codes: Sequence[str]) -> Finding:
    """What became of ground that nobody or several claimed."""
    area, where = area_m2(placed.face), _inside(placed.face)
    if placed.leaf == OUTSIDE:
        return Finding("hole", f"{area:.0f} m2 enclosed by areas belong to none and stay open", None, where, None, area)
    code = codes[placed.leaf]
    if not placed.claimed:
        return Finding("gap-closed", f"{code}: {area:.2f} m2 that belonged to none", code, where, None, area)
    names = ", ".join(codes[k] for k in placed.claimed)
    return Finding("overlap-removed", f"{code}: {area:.2f} m2 that lay in {names}", code, where, None, area)


def _many_parts(result: np.ndarray, codes: Sequence[str]) -> list[Finding]:
    """Leaves of several parts, whether they were given so or not."""
    findings = []
    for k in np.flatnonzero(shapely.get_num_geometries(result) > 1):
        parts = sorted(shapely.get_parts(result[k]), key=shapely.area)
        findings.append(Finding("multi-part", f"{codes[k]}: {len(parts)} parts", codes[k], _inside(parts[0]), None,
                                area_m2(parts[0])))
    return findings


def _inside(shape) -> tuple[float, float]:
    """A point in the shape (units) as (lon, lat)."""
    point = shapely.point_on_surface(shape)
    return point.x / 1e7, point.y / 1e7
