"""Find the ground where areas gape or lie on one another, once the exact chain has said that something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import shapely

from .areas import UNITS_PER_DEGREE, Area
from .chain import unpack
from .edits import Finding
from .later import later
from .measure import area_m2
from .mosaic import local_metres, owners
from .seams import Borders

sparse, csgraph = later("scipy.sparse"), later("scipy.sparse.csgraph")

HAIR = 1.0  # units: two borders this close that run against each other enclose no ground worth the name


def gaps_and_overlaps(leaves: Sequence[Area], shapes: np.ndarray, border: Borders, lone: np.ndarray, more: np.ndarray,
                      roots: np.ndarray) -> tuple[list[Finding], np.ndarray]:
    """(findings, mask over the border segments that are part of them).

    `border` of the leaf `shapes` (units), `lone` mask of segments nothing cancels, `more` lines (units) of root borders
    that no leaf walks, `roots` root shapes. Ground in no leaf that is enclosed by these lines is a gap, unless it is
    a hole of a root shape (`thin_holes` judges those); ground in several leaves is an overlap."""
    which = np.flatnonzero(lone)
    lines = border.lines(which)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.unary_union(np.r_[lines, more]))))
    face, leaf = owners(shapes, faces)
    claims = np.bincount(face, minlength=len(faces))
    empty = np.flatnonzero(claims == 0)
    empty = empty[~_in_holes(faces[empty], roots)]
    several = np.flatnonzero(claims > 1)

    findings = _gaps(faces[empty], leaves, shapes)
    begin = np.searchsorted(face, np.arange(len(faces) + 1))
    pairs = {pair for k in several for pair in combinations(leaf[begin[k]:begin[k + 1]].tolist(), 2)}
    pairs |= _same_way(border, which)
    findings += [_overlap(leaves, shapes, *pair) for pair in sorted(pairs)]

    part = np.zeros(len(lone), bool)
    bad = faces[np.r_[empty, several]]
    if len(bad):
        middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
        part[which[np.unique(shapely.STRtree(bad).query(middle, predicate="dwithin", distance=HAIR)[0])]] = True
    slits = _slits(border, which[~part[which]])
    findings += _missing_vertices(leaves, border, slits)
    part[slits] = True
    return findings, part


def thin_holes(roots: np.ndarray, gap_width_m: float, leaves: Sequence[Area], shapes: np.ndarray) -> list[Finding]:
    """Holes of the root shapes (units) that are nowhere wider than `gap_width_m`: slits, not lakes."""
    holes = shapely.get_parts(shapely.difference(_filled(roots), shapely.union_all(roots)))
    holes = holes[~shapely.is_empty(holes)]
    thin = shapely.is_empty(shapely.buffer(local_metres(holes), -gap_width_m / 2))
    return _gaps(holes[thin], leaves, shapes)


def degrees(xy) -> tuple[float, float]:
    """Units -> (lon, lat)."""
    return float(xy[0]) / UNITS_PER_DEGREE, float(xy[1]) / UNITS_PER_DEGREE


def inside(shape) -> tuple[float, float]:
    """(lon, lat) of a point in a shape in units."""
    return degrees(shapely.get_coordinates(shapely.point_on_surface(shape))[0])


def _filled(roots: np.ndarray) -> np.ndarray:
    """Each root shape without its holes; an island in a lake is part of the mainland here."""
    return np.array([shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(root))))
                     for root in roots], dtype=object)


def _in_holes(faces: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """(n,) True for faces in a hole of a root shape."""
    inner = shapely.point_on_surface(faces)
    result = np.zeros(len(faces), bool)
    if len(faces) and len(roots):
        in_root = np.unique(shapely.STRtree(roots).query(inner, predicate="intersects")[0])
        result[np.unique(shapely.STRtree(_filled(roots)).query(inner, predicate="intersects")[0])] = True
        result[in_root] = False
    return result


def _gaps(grounds: np.ndarray, leaves: Sequence[Area], shapes: np.ndarray) -> list[Finding]:
    if not len(grounds):
        return []
    beside = [leaves[k].code for k in shapely.STRtree(shapes).nearest(grounds).tolist()]
    text = "{}: {:.2f} m2 beside it belong to no area"
    return [Finding("gap", text.format(code, area), code, inside(ground), None, float(area))
            for ground, code, area in zip(grounds, beside, area_m2(grounds), strict=True)]


def _overlap(leaves: Sequence[Area], shapes: np.ndarray, one: int, other: int) -> Finding:
    common = shapely.intersection(*shapely.make_valid(shapes[[one, other]]))
    polygons = [part for part in shapely.get_parts(common) if part.geom_type == "Polygon"]
    area = float(sum(area_m2(part) for part in polygons))
    where = inside(max(polygons, key=shapely.area)) if polygons else inside(shapes[one])
    return Finding("overlap", f"{leaves[one].code} and {leaves[other].code} overlap by {area:.2f} m2", leaves[one].code,
                   where, None, area)


def _same_way(border: Borders, which: np.ndarray) -> set[tuple[int, int]]:
    """Pairs of leaves that walk a segment in the same direction."""
    order = which[np.lexsort((border.leaf[which], border.last[which], border.first[which]))]
    a, b = order[:-1], order[1:]
    same = (border.first[a] == border.first[b]) & (border.last[a] == border.last[b])
    pairs = np.stack([border.leaf[a[same]], border.leaf[b[same]]], axis=1)
    return {(one, other) for one, other in pairs.tolist() if one != other}


def _slits(border: Borders, which: np.ndarray) -> np.ndarray:
    """Those segments that lie on another leaf's lone segment running the other way, without sharing its vertices."""
    if not len(which):
        return which
    lines = border.lines(which)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    one, other = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=HAIR)
    a, b = which[one], which[other]
    way = [unpack(border.last[k]) - unpack(border.first[k]) for k in (a, b)]
    against = ((way[0] * way[1]).sum(1) < 0) & (border.leaf[a] != border.leaf[b])
    return np.unique(np.r_[a[against], b[against]])


def _missing_vertices(leaves: Sequence[Area], border: Borders, slits: np.ndarray) -> list[Finding]:
    """One finding for each border on which one side lacks a vertex of the other."""
    if not len(slits):
        return []
    vertex, ends = np.unique(np.r_[border.first[slits], border.last[slits]], return_inverse=True)
    graph = sparse.coo_matrix((np.ones(len(slits)), (ends[:len(slits)], ends[len(slits):])), shape=(len(vertex),) * 2)
    group = csgraph.connected_components(graph, directed=False)[1][ends[:len(slits)]]
    findings = []
    for k in np.unique(group):
        mine = slits[group == k]
        length = np.hypot(*(unpack(border.last[mine]) - unpack(border.first[mine])).T)
        lacking = border.leaf[mine[length.argmax()]]
        theirs = mine[border.leaf[mine] != lacking]
        own = border.first[mine[border.leaf[mine] == lacking]], border.last[mine[border.leaf[mine] == lacking]]
        extra = np.setdiff1d(np.r_[border.first[theirs], border.last[theirs]], np.concatenate(own))
        spot = unpack(extra if len(extra) else border.first[mine[:1]])[0]
        findings.append(Finding("gap", f"{leaves[lacking].code}: a vertex of its neighbour is missing on its border",
                                leaves[lacking].code, degrees(spot), None, 0.0))
    return findings
