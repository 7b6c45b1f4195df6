"""Cut overlapping and gaping ground into faces and give each face to one leaf: afterwards every border fits exactly.

Only the leaves whose borders do not fit yet (the patch) are cut; the others stay the same objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .errors import BadCoverage
from .measure import metres_per_unit
from .seams import Borders, borders, unmatched

TELLING_SHARE = 0.01  # an overlap that is more of a leaf than this goes to the leaf that would miss it most
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
    alone = unmatched(border)
    patch = _suspects(shapes, border, alone)
    while patch.any():
        result, more = _settle_patch(shapes, border, patch, codes, gap_width_m, parts)
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
        lines = shapely.linestrings(np.stack([border.start[alone], border.end[alone]], axis=1).astype(float))
        line, leaf = shapely.STRtree(shapes[rest]).query(lines, predicate="intersects")
        patch[rest[leaf]] = True
    face, leaf = owners(shapes, shapes)
    patch[leaf[face != leaf]] = True
    patch[face[face != leaf]] = True
    return patch


def _settle_patch(shapes, border, patch, codes, gap_width_m, parts) -> tuple[Mosaic, np.ndarray]:
    """The mosaic of one patch, and the leaves (n,) that must join the patch because cutting touched them too."""
    inside = np.flatnonzero(patch)
    noded = shapely.unary_union(shapely.get_rings(shapely.get_parts(shapes[inside])), grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    face, leaf = owners(shapes, faces)
    mine = patch[leaf]
    claims = np.bincount(face[mine], minlength=len(faces))
    more = np.zeros(len(shapes), bool)
    more[leaf[~mine & (claims[face] > 0)]] = True
    foreign = np.zeros(len(faces), bool)
    foreign[face[~mine]] = True
    face, leaf = (np.cumsum(~foreign) - 1)[face[mine]], leaf[mine]
    faces = faces[~foreign]

    owner = _assign(faces, face, leaf, shapes, gap_width_m)
    owner = _without_strays(faces, owner, parts, gap_width_m)
    lost = np.setdiff1d(inside, owner)
    if len(lost):
        names = [codes[k] for k in lost]
        middle = shapely.get_coordinates(shapely.point_on_surface(shapes[lost[0]]))[0] / 1e7
        raise BadCoverage(f"{', '.join(names[:5])}: no ground of its own, other areas cover it", where=middle.tolist(),
                          codes=names)
    result = shapes.copy()
    result[inside] = _gathered(faces, owner, inside)
    more |= _broken(border, patch, result)

    claims = np.bincount(face, minlength=len(faces))
    begin = np.searchsorted(face, np.arange(len(faces) + 1))
    return Mosaic(result, [Placed(faces[k], tuple(leaf[begin[k]:begin[k + 1]].tolist()), int(owner[k]))
                           for k in np.flatnonzero(claims != 1)]), more & ~patch


def _neighbours(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(face, face beside it, metres of border between them), each pair both ways."""
    border = borders(faces)
    forth = np.stack([border.first, border.last], axis=1)
    low, high = forth.min(1), forth.max(1)
    order = np.lexsort((high, low))
    twin = np.flatnonzero((low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1]))
    a, b = order[twin], order[twin + 1]
    length = np.hypot(*((border.end[a] - border.start[a]).T * metres_per_unit(border.start[a, 1])))
    return (np.r_[border.leaf[a], border.leaf[b]], np.r_[border.leaf[b], border.leaf[a]], np.r_[length, length])


def _assign(faces, face, leaf, shapes, gap_width_m) -> np.ndarray:
    """Owner of every face: the only claimant, else the neighbour with the longest shared border; OUTSIDE for holes."""
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
    return _spread_owners(faces, owner, face, leaf)


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
    graph = coo_matrix((np.ones(same.sum()), (one[same], other[same])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _gathered(faces: np.ndarray, owner: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """The faces of each of `leaves` as one MultiPolygon; single faces stay as they are."""
    order = np.argsort(owner, kind="stable")
    begin, stop = np.searchsorted(owner[order], leaves), np.searchsorted(owner[order], leaves, side="right")
    result = np.empty(len(leaves), object)
    for k, (a, b) in enumerate(zip(begin, stop)):
        mine = faces[order[a:b]]
        result[k] = mine[0] if b - a == 1 else shapely.coverage_union_all(mine)
    return result


def _broken(border: Borders, patch: np.ndarray, result: np.ndarray) -> np.ndarray:
    """(n,) True for leaves outside the patch one of whose segments has lost its counterpart in the patch."""
    inner = patch[border.leaf]
    mine, theirs = np.flatnonzero(inner), np.flatnonzero(~inner)
    theirs = theirs[np.isin(border.last[theirs], border.first[mine])]
    after = borders(result[patch])
    was = _among(border.last[theirs], border.first[theirs], border.first[mine], border.last[mine])
    still = _among(border.last[theirs], border.first[theirs], after.first, after.last)
    broken = np.zeros(len(patch), bool)
    broken[border.leaf[theirs[was & ~still]]] = True
    return broken


def _among(first, last, all_first, all_last) -> np.ndarray:
    """(n,) True where the pair (first, last) is one of the pairs (all_first, all_last)."""
    pairs = np.stack([np.r_[first, all_first], np.r_[last, all_last]], axis=1)
    number = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return np.isin(number[:len(first)], number[len(first):])
