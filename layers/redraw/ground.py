"""Ground dealt anew: however a division found its borders, its parts are cut here, and neighbours gain the vertices.

The borders come as lines of whole units that end on the edge of the ground, with rough faces that say which part lies
where. Lines land on the edge, every area beside it gets their ends, and the faces in between go to the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from ..areas import UNITS_PER_DEGREE, Area
from ..chain import pack, remainder, splice, unpack
from ..coverage import Coverage, explode, gather, prove
from ..edits import Edit
from ..errors import ProofFailed
from ..inner_borders import keys_of
from ..noding import Borders, course

NORM = ("norm_min", "norm_max")  # the limits an area has of its own
BESIDE = 2.5  # units: so near to the edge of the ground a line ends on it


def proved_straight(laid: Callable[[bool], Edit], coverage: Coverage) -> Edit:
    """The edit with straightened borders; with borders as the cells have them where the straight ones cannot be proved.
    ProofFailed."""
    try:
        edit = laid(True)
        prove(edit, coverage)
    except ProofFailed:
        edit = laid(False)
        prove(edit, coverage)
    return edit


@dataclass(frozen=True, slots=True, eq=False)
class Deal:
    """How the common ground of a group of leaves falls into `count` parts: the borders between them, and faces that
    cover the ground with the `part` of each."""

    lines: Sequence[np.ndarray]
    faces: np.ndarray
    part: np.ndarray
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The ground of each part, group by group, and the neighbours that gained vertices, before and after."""

    pieces: list[list[shapely.MultiPolygon]]
    touched_before: tuple[Area, ...]
    touched: tuple[Area, ...]


def ground_of(group: Sequence[Area]) -> np.ndarray:
    """The common ground of these leaves as Polygons."""
    return shapely.get_parts(shapely.coverage_union_all(explode(group)[0]))


def lay(coverage: Coverage, groups: Sequence[Sequence[Area]], deals: Sequence[Deal]) -> Laid:
    """The parts on the coverage as it is: neighbours gain the vertices where new borders end. ProofFailed when a part
    would vanish or touch itself."""
    before = tuple(area for group in groups for area in group)
    own = {area.fid for area in before}
    bounds = shapely.total_bounds(np.array([area.shape for area in before], dtype=object)) + [-3, -3, 3, 3]
    near = sorted((area for area in coverage.near(tuple(bounds.tolist())) if area.fid not in own), key=lambda area: area.fid)
    areas = (*before, *near)
    shapes, owner = explode(areas)
    lines = [_landed(deal.lines, explode(group)[0]) for group, deal in zip(groups, deals, strict=True)]
    keys = np.unique(np.concatenate([_on_edge(keys_of(own_lines), explode(group)[0]) for group, own_lines in zip(groups, lines, strict=True)]))
    new = splice(shapes, course(Borders.of(shapes, unpack(keys), 3), keys)) if len(keys) else shapes
    pieces, start = [], 0
    for group, deal, own_lines in zip(groups, deals, lines, strict=True):
        pieces.append(_pieces(new[(owner >= start) & (owner < start + len(group))], deal, own_lines))
        start += len(group)
    moved = [k for k, area in enumerate(areas) if k >= len(before)
             and any(a is not b for a, b in zip(new[owner == k], shapes[owner == k], strict=True))]
    return Laid(pieces, tuple(areas[k] for k in moved),
                tuple(replace(areas[k], shape=shapely.MultiPolygon(list(new[owner == k]))) for k in moved))


def sibling(source: Area, shape: shapely.MultiPolygon, number: int, name: str = "", givers: Sequence[Area] = ()) -> Area:
    """A new area -`number` beside the one it is cut from; `givers` are all that give it ground, where there are several."""
    path = source.path.rstrip("/").rpartition("/")[0] + f"/{-number}/"
    return Area(-number, f"+{number}", name, source.level, source.parent, path, True, shape, attributes=inherited(givers or (source,)))


def inherited(givers: Sequence[Area]) -> dict[str, Any]:
    """What a new area has from those that give it ground, where all of them agree: dedicated ground stays dedicated, and
    a norm of their own goes on. Nothing else follows the ground: who is responsible, notes, declared numbers."""
    kinds = {area.attributes.get("kind") or None for area in givers}
    norms = {tuple(area.attributes.get(name) for name in NORM) for area in givers}
    shared = {"kind": kinds.pop()} if len(kinds) == 1 else {}
    shared |= dict(zip(NORM, norms.pop(), strict=True)) if len(norms) == 1 else {}
    return {name: value for name, value in shared.items() if value is not None}


def _landed(lines: Sequence[np.ndarray], shapes: np.ndarray) -> list[np.ndarray]:
    """The lines with ends that noding left a unit or two beside the edge of the ground put onto it, onto its corners first."""
    keys = keys_of(list(lines))
    if not len(keys):
        return []
    corners = remainder(shapes).coordinates()
    edge = shapely.multilinestrings(shapely.linestrings(corners))
    points = shapely.points(unpack(keys))
    shapely.prepare(edge)
    beside = np.flatnonzero(shapely.dwithin(edge, points, BESIDE))
    way = shapely.shortest_line(edge, points[beside])
    beside, way = beside[np.argsort(shapely.length(way), kind="stable")], way[np.argsort(shapely.length(way), kind="stable")]
    spots = np.rint(shapely.get_coordinates(shapely.line_interpolate_point(way, 0.0)))
    _together(spots, shapely.get_coordinates(points[beside]), corners[:, 0])
    moved = dict(zip(keys[beside].tolist(), pack(spots).tolist(), strict=True))
    result = []
    for line in lines:
        new = np.array([moved.get(key, key) for key in pack(line).tolist()])
        new = new[np.r_[True, new[1:] != new[:-1]]]
        if len(new) > 1:
            result.append(unpack(new).astype(np.int64))
    return result


def _together(spots: np.ndarray, points: np.ndarray, corners: np.ndarray) -> None:
    """Moves spots on the edge to a corner of it, else to an earlier spot, if one is that near to their point: two that all
    but touch would make a line cross the edge just before it ends."""
    at, corner = shapely.STRtree(shapely.points(corners)).query_nearest(shapely.points(points), max_distance=BESIDE, all_matches=False)
    near = dict(zip(at.tolist(), corner.tolist(), strict=True))
    for k in range(len(spots)):
        if k in near:
            spots[k] = corners[near[k]]
        elif k:
            gap = np.hypot(*(spots[:k] - points[k]).T)
            if gap.min() <= BESIDE:
                spots[k] = spots[gap.argmin()]


def _on_edge(keys: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Those of the vertices that lie on the edge of the areas, or so near that it runs through them."""
    if not len(keys):
        return keys
    edge = remainder(shapes).coordinates()
    tree = shapely.STRtree(shapely.linestrings(edge))
    return keys[np.unique(tree.query(shapely.points(unpack(keys)), predicate="dwithin", distance=1.5)[0])]


def _pieces(shapes: np.ndarray, made: Deal, lines: Sequence[np.ndarray]) -> list[shapely.MultiPolygon]:
    """The ground of each part: faces of the edge of the ground and the borders within it."""
    edge = remainder(shapes).coordinates()
    inner = [np.stack([line[:-1], line[1:]], axis=1) for line in lines]
    segments = np.unique(np.sort(pack(np.concatenate([edge, *inner]).reshape(-1, 2)).reshape(-1, 2), axis=1), axis=0)
    ends = np.stack([unpack(segments[:, 0]), unpack(segments[:, 1])], axis=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(ends)))
    spots = shapely.point_on_surface(faces)
    inside = np.zeros(len(faces), bool)
    inside[shapely.STRtree(shapes).query(spots, predicate="intersects")[0]] = True
    faces = faces[inside]
    face, rough = shapely.STRtree(made.faces).query(faces, predicate="intersects")
    common = shapely.area(shapely.intersection(_sound(faces)[face], _sound(made.faces)[rough]))
    weight = np.zeros((len(faces), made.count))
    np.add.at(weight, (face, made.part[rough]), common)
    part = weight.argmax(axis=1)
    held = [faces[part == k] for k in range(made.count)]
    if any(not len(mine) for mine in held):
        raise ProofFailed("a part would vanish", where=(shapely.get_coordinates(shapely.point_on_surface(shapes[:1]))[0] / UNITS_PER_DEGREE).tolist())
    pieces = [gather(mine) for mine in held]
    wrong = np.flatnonzero(~shapely.is_valid(pieces))
    if len(wrong):
        raise ProofFailed("a part would touch itself", where=(shapely.get_coordinates(pieces[wrong[0]])[0] / UNITS_PER_DEGREE).tolist())
    return pieces


def _sound(faces: np.ndarray) -> np.ndarray:
    """The faces, mended where rounding folded one: GEOS compares no others."""
    return np.where(shapely.is_valid(faces), faces, shapely.make_valid(faces))
