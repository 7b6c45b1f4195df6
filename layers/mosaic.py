"""Cut overlapping and gaping ground into faces and give each face to one leaf: afterwards every border fits exactly.

Only the leaves whose borders do not fit yet (the patch) are cut; the others stay the same objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely

from .areas import as_multi
from .chain import pack, unpack
from .errors import BadCoverage
from .later import later
from .measure import area_m2, distance_m, length_m, metres_per_unit
from .seams import TELLING_SHARE, Borders, borders, twins

sparse, csgraph = later("scipy.sparse"), later("scipy.sparse.csgraph")

OUTSIDE, PENDING = -2, -1


@dataclass(frozen=True, slots=True)
class Placed:
    """Ground that no leaf or several leaves claimed: the face (Polygon in units), who claimed it (indices), who has
    it now (index, or -2: a hole left open)."""

    face: shapely.Polygon
    claimed: tuple[int, ...]
    leaf: int


@dataclass(frozen=True, slots=True)
class Mosaic:
    """`shapes` (n,) in units, an exact coverage; `placed`: what was closed, taken away or left open."""

    shapes: np.ndarray
    placed: list[Placed] = field(default_factory=list)


def settle(shapes: np.ndarray, codes: Sequence[str], gap_width_m: float, parts: np.ndarray) -> Mosaic:
    """The leaves (n,) in units as an exact coverage. Enclosed ground of no leaf that is nowhere wider than
    `gap_width_m` goes to the neighbour with the longest shared border, as do overlaps; wider ground stays open.

    `parts` (n,): how many parts each leaf has by right; further thin parts go to a neighbour.
    Raises BadCoverage when a leaf would keep no ground."""
    border = borders(shapes)
    twin = twins(border)
    patch = _suspects(shapes, border, twin < 0)
    while patch.any():
        result, more = _settle_patch(shapes, border, twin, patch, codes, gap_width_m, parts)
        if not more.any():
            return result
        patch |= more
    return Mosaic(shapes)


def local_metres(shapes: np.ndarray, centre: np.ndarray | None = None) -> np.ndarray:
    """Shapes in units -> metres east and north of a centre (n, 2) in units each (its own middle by default)."""
    if centre is None:
        centre = middles(shapes)
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    scale = np.stack(metres_per_unit(centre[:, 1]), axis=1)
    return shapely.set_coordinates(shapes.copy(), (xy - centre[index]) * scale[index])


def middles(shapes: np.ndarray) -> np.ndarray:
    """Middle of the bounds of each shape (n, 2)."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    return (bounds[:, :2] + bounds[:, 2:]) / 2


def owners(shapes: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(face index, shape index) of every shape that holds an inner point of a face, by face."""
    inner = shapely.point_on_surface(faces)
    x, y = shapely.get_x(inner), shapely.get_y(inner)
    face, leaf = shapely.STRtree(shapes).query(inner)
    shapely.prepare(shapes)
    holds = shapely.contains_xy(shapes[leaf], x[face], y[face])
    order = np.lexsort((leaf[holds], face[holds]))
    return face[holds][order], leaf[holds][order]


def _suspects(shapes: np.ndarray, border: Borders, alone: np.ndarray) -> np.ndarray:
    """(n,) True for leaves with an unmatched border, leaves such a border runs through, and leaves on leaves."""
    patch = ~shapely.is_valid(shapes)
    patch[border.leaf[alone]] = True
    rest = np.flatnonzero(~patch)
    if len(rest) and alone.any():
        line, leaf = shapely.STRtree(shapes[rest]).query(border.lines(alone), predicate="intersects")
        patch[rest[leaf]] = True
    face, leaf = owners(shapes, shapes)
    patch[leaf[face != leaf]] = True
    patch[face[face != leaf]] = True
    return patch


def _settle_patch(shapes, border, twin, patch, codes, gap_width_m, parts) -> tuple[Mosaic, np.ndarray]:
    """The mosaic of one patch, or the leaves (n,) that must join the patch because cutting touches them too."""
    inside = np.flatnonzero(patch)
    noded = _noded(shapely.get_rings(shapely.get_parts(shapes[inside])))
    more = _broken(border, twin, patch, noded)
    if more.any():
        return Mosaic(shapes), more
    faces, face, leaf, more = _faces(noded, shapes, patch)
    cuts = _cuts(faces, _assign(faces, face, leaf, shapes, gap_width_m), gap_width_m)
    if len(cuts) and not more.any():
        noded = _noded(np.concatenate([noded, cuts]))
        more = _broken(border, twin, patch, noded)
        faces, face, leaf, _ = _faces(noded, shapes, patch)
    if more.any():
        return Mosaic(shapes), more

    owner = _spread_owners(faces, _assign(faces, face, leaf, shapes, gap_width_m), face, leaf)
    owner = _without_strays(faces, owner, parts, gap_width_m)
    lost = np.setdiff1d(inside, owner)
    if len(lost):
        names = [codes[k] for k in lost]
        middle = shapely.get_coordinates(shapely.point_on_surface(shapes[lost[0]]))[0] / 1e7
        raise BadCoverage(f"{', '.join(names[:5])}: no ground of its own, other areas cover it", where=middle.tolist(),
                          codes=names)
    result = shapes.copy()
    result[inside] = _gathered(faces, owner, inside, shapes[inside])
    claims = np.bincount(face, minlength=len(faces))
    begin = np.searchsorted(face, np.arange(len(faces) + 1))
    return Mosaic(result, [Placed(faces[k], tuple(leaf[begin[k]:begin[k + 1]].tolist()), int(owner[k]))
                           for k in np.flatnonzero(claims != 1)]), more


def _noded(lines: np.ndarray) -> np.ndarray:
    """The lines cut wherever they meet, on the grid."""
    return shapely.get_parts(shapely.unary_union(lines, grid_size=1))


def _faces(noded: np.ndarray, shapes: np.ndarray, patch: np.ndarray) -> tuple[np.ndarray, ...]:
    """(faces between the lines, face index, index of a leaf that claims it, leaves (n,) outside the patch that claim
    a face of the patch too). Ground of leaves outside the patch is left out."""
    faces = shapely.get_parts(shapely.polygonize(noded))
    face, leaf = owners(shapes, faces)
    mine = patch[leaf]
    ours = np.bincount(face[mine], minlength=len(faces)) > 0
    joining = np.zeros(len(shapes), bool)
    joining[leaf[~mine & ours[face]]] = True
    foreign = np.zeros(len(faces), bool)
    foreign[face[~mine]] = True
    return faces[~foreign], (np.cumsum(~foreign) - 1)[face[mine]], leaf[mine], joining


def _cuts(faces: np.ndarray, owner: np.ndarray, gap_width_m: float) -> np.ndarray:
    """Short lines across long thin pending faces, from every point where the neighbour on one side changes: given
    whole to one neighbour such a face would become a tongue along the others."""
    border = borders(faces)
    twin = twins(border)
    beside = np.where(twin >= 0, owner[border.leaf[twin]], OUTSIDE)
    begin = np.searchsorted(border.leaf, np.arange(len(faces) + 1))
    pending = np.flatnonzero(owner == PENDING)
    long = length_m(faces[pending]) > 4 * gap_width_m
    cuts = []
    for k in pending[long].tolist():
        which = slice(begin[k], begin[k + 1])
        width_m = 2 * area_m2(faces[k]) / length_m(faces[k])
        cuts += _across(faces[k], unpack(border.first[which]), unpack(border.last[which]), beside[which],
                        border.ring[which], max(gap_width_m, 3 * width_m))
    return np.array(cuts, dtype=object)


def _across(face, start, end, beside, ring, width_m) -> list[shapely.LineString]:
    """The cuts of one face, at most `width_m` long, given its border segments and who is beside each."""
    if len(np.unique(beside)) < 3:
        return []
    scale = np.array(metres_per_unit(start[0, 1]))
    origin = start[0]
    start, end = (start - origin) * scale, (end - origin) * scale
    segments, cuts = shapely.linestrings(np.stack([start, end], axis=1)), []
    for k in range(len(start)):
        before = k - 1 if k and ring[k - 1] == ring[k] else np.flatnonzero(ring == ring[k])[-1]
        if beside[k] == beside[before]:
            continue
        others = segments[(beside != beside[k]) & (beside != beside[before])]
        if not len(others):
            continue
        foot = shapely.shortest_line(shapely.Point(start[k]), shapely.multilinestrings(others))
        if not 0 < foot.length <= width_m:
            continue
        cut = shapely.transform(foot, lambda xy: np.round(xy / scale + origin))
        if cut.length and cut.intersection(face).length > 0.9 * cut.length:
            cuts.append(cut)
    return cuts


def _neighbours(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(face, face beside it, metres of border between them), each pair both ways."""
    border = borders(faces)
    twin = twins(border)
    shared = np.flatnonzero(twin >= 0)
    length = distance_m(unpack(border.first[shared]), unpack(border.last[shared]))
    return border.leaf[shared], border.leaf[twin[shared]], length


def _assign(faces, face, leaf, shapes, gap_width_m) -> np.ndarray:
    """Owner of every face: its only claimant or the one that would miss it most; OUTSIDE for holes, else PENDING."""
    claims = np.bincount(face, minlength=len(faces))
    owner = np.full(len(faces), PENDING)
    single = claims[face] == 1
    owner[face[single]] = leaf[single]
    empty = np.flatnonzero(claims == 0)
    wide = ~shapely.is_empty(shapely.buffer(local_metres(faces[empty]), -gap_width_m / 2))
    owner[empty[wide]] = OUTSIDE

    # A claimant that would miss much of itself comes before the one with the longer border: islands drawn on top
    # of the ground around them stay, and no leaf is swallowed.
    share = shapely.area(faces[face]) / np.maximum(shapely.area(shapes[leaf]), 1)
    contested = np.flatnonzero(claims[face] > 1)
    order = contested[np.lexsort((leaf[contested], -share[contested], face[contested]))]
    best = order[np.unique(face[order], return_index=True)[1]]
    telling = best[share[best] > TELLING_SHARE]
    owner[face[telling]] = leaf[telling]
    return owner


def _spread_owners(faces, owner, face, leaf) -> np.ndarray:
    """Each pending face to the leaf with the longest border on it, claimants first, until nothing is pending."""
    owner = owner.copy()
    one, other, length = _neighbours(faces)
    span = int(max(leaf.max(initial=0), owner.max(initial=0))) + 1
    claim = np.unique(face * span + leaf)
    while (owner == PENDING).any():
        rows = np.flatnonzero((owner[one] == PENDING) & (owner[other] >= 0))
        if not len(rows):
            break
        pair, at = np.unique(one[rows] * span + owner[other[rows]], return_inverse=True)
        total = np.bincount(at, length[rows])
        order = np.lexsort((-total, ~np.isin(pair, claim), pair // span))
        target = pair[order] // span
        best = order[np.unique(target, return_index=True)[1]]
        owner[pair[best] // span] = pair[best] % span
    left = owner[face] == PENDING  # overlaps that touch nobody else: the first claimant
    owner[face[left][::-1]] = leaf[left][::-1]
    owner[owner == PENDING] = OUTSIDE
    return owner


def _without_strays(faces, owner, parts, gap_width_m) -> np.ndarray:
    """Thin parts that came off their leaf go to the neighbour with the longest border."""
    one, other, _ = _neighbours(faces)
    part = _parts(len(faces), owner, one, other)
    held = owner >= 0
    names, first = np.unique(part[held], return_index=True)
    leaf = owner[held][first]
    surplus = np.bincount(leaf, minlength=len(parts)) > parts
    area = np.bincount(part[held], shapely.area(faces[held]), minlength=part.max(initial=0) + 1)[names]
    largest = np.zeros(len(parts))
    np.maximum.at(largest, leaf, area)
    small = names[surplus[leaf] & (area < largest[leaf])]
    if not len(small):
        return owner
    whole = np.array([shapely.union_all(faces[part == name]) for name in small], dtype=object)
    thin = shapely.is_empty(shapely.buffer(local_metres(whole), -gap_width_m / 2))
    stray = np.isin(part, small[thin])
    none = np.empty(0, np.int64)
    moved = _spread_owners(faces, np.where(stray, PENDING, owner), none, none)
    return np.where(stray & (moved < 0), owner, moved)  # an islet without neighbours stays what it is


def _parts(count: int, owner: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A number for each face, equal for faces of one leaf that hang together."""
    same = owner[one] == owner[other]
    graph = sparse.coo_matrix((np.ones(same.sum()), (one[same], other[same])), shape=(count, count))
    return csgraph.connected_components(graph, directed=False)[1]


def _gathered(faces: np.ndarray, owner: np.ndarray, leaves: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The faces of each of `leaves` as one shape; a leaf that comes out as it went in stays the same object."""
    order = np.argsort(owner, kind="stable")
    begin, stop = np.searchsorted(owner[order], leaves), np.searchsorted(owner[order], leaves, side="right")
    result = np.empty(len(leaves), object)
    for k, (a, b) in enumerate(zip(begin, stop, strict=True)):
        mine = faces[order[a:b]]
        result[k] = mine[0] if b - a == 1 else shapely.coverage_union_all(mine)
    was, now = (np.array([as_multi(shape) for shape in shapes], dtype=object) for shapes in (before, result))
    return np.where(shapely.equals_exact(shapely.normalize(was), shapely.normalize(now)), before, result)


def _broken(border: Borders, twin: np.ndarray, patch: np.ndarray, noded: np.ndarray) -> np.ndarray:
    """(n,) True for leaves outside the patch one of whose segments shared with the patch got a vertex from cutting."""
    theirs = np.flatnonzero(~patch[border.leaf] & (twin >= 0))
    theirs = theirs[patch[border.leaf[twin[theirs]]]]
    xy, line = shapely.get_coordinates(noded, return_index=True)
    key, same = pack(xy), line[1:] == line[:-1]
    first = np.r_[border.first[theirs], key[:-1][same]]
    last = np.r_[border.last[theirs], key[1:][same]]
    low, high = np.minimum(first, last), np.maximum(first, last)
    order = np.lexsort((np.arange(len(low)) < len(theirs), high, low))  # noded ones before theirs
    low, high = low[order], high[order]
    again = np.r_[False, (low[1:] == low[:-1]) & (high[1:] == high[:-1])][:len(low)]
    broken = np.zeros(len(patch), bool)
    lone = order[~again]
    broken[border.leaf[theirs[lone[lone < len(theirs)]]]] = True
    return broken
