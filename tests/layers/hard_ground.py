"""Everything that makes a coverage difficult, dug into any: lakes, islands, islands of two, enclaves and exclaves of other parents,
rings that touch the border or each other in one vertex."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely

from layers.areas import Area, as_multi

LEAST = 60.0  # units: narrower leaves are left as they are
Dug = list[tuple[shapely.Polygon, str]]  # what is taken out of a leaf, and whose it becomes


def hard_ground(areas: Sequence[Area], dice: random.Random, each: int) -> list[Area]:
    """The same areas with `each` of every kind dug into random leaves; all that lie above follow."""
    leaves = {area.fid: area for area in areas if area.leaf}
    above = {area.fid: area for area in areas if not area.leaf}
    order = sorted(leaves)
    dice.shuffle(order)
    parents = sorted({leaf.parent for leaf in leaves.values()})
    fresh = max((*leaves, *above)) + 1
    for kind in KINDS:
        done = 0
        while done < each and order:
            host = leaves[order.pop()]
            part, *rest = sorted(host.shape.geoms, key=lambda geom: -geom.area)
            circle = shapely.maximum_inscribed_circle(part)
            if circle.length < LEAST:
                continue
            dug = KINDS[kind](part, np.array(circle.coords[0]), circle.length, dice)
            if not dug or not all(shapely.is_valid(one) and part.covers(one) for one, _ in dug):
                continue
            done += 1
            left = shapely.difference(part, shapely.union_all([one for one, _ in dug]))
            if left.geom_type != "Polygon" or (shapely.get_coordinates(left) % 1).any():
                continue
            leaves[host.fid] = replace(host, shape=shapely.MultiPolygon([left, *rest]))
            for shape, whose in dug:
                if whose == "exclave" and order:
                    other = leaves[order.pop()]
                    leaves[other.fid] = replace(other, shape=shapely.MultiPolygon([*other.shape.geoms, shape]))
                elif whose != "nobody":
                    parent = host.parent if whose == "kin" else dice.choice(parents)
                    path = f"{above[parent].path}{fresh}/"
                    leaves[fresh] = replace(host, fid=fresh, code=f"{kind} {fresh}", name="", parent=parent, path=path, shape=as_multi(shape))
                    fresh += 1
    return [*_renewed(above, leaves), *(leaves[fid] for fid in sorted(leaves))]


def _renewed(above: dict[int, Area], leaves: dict[int, Area]) -> list[Area]:
    below = defaultdict(list)
    for leaf in leaves.values():
        for fid in leaf.path.strip("/").split("/")[:-1]:
            below[int(fid)].append(leaf.shape)
    return [replace(area, shape=as_multi(shapely.coverage_union_all(shapely.get_parts(np.array(below[fid], dtype=object)))))
            for fid, area in above.items()]


# --- kinds -------------------------------------------------------------------------------------------------------
def _blob(middle: np.ndarray, size: float, dice: random.Random, corners: int = 7) -> shapely.Polygon:
    turns = np.linspace(0, 2 * np.pi, corners + 1)[:-1] + dice.uniform(0, 1)
    reach = np.array([size * dice.uniform(0.5, 1) for _ in turns])
    return shapely.Polygon(np.round(middle + reach[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)))


def _alone(whose: str) -> Callable[..., Dug]:
    return lambda part, middle, radius, dice: [(_blob(middle, 0.6 * radius, dice), whose)]


def _of_two(part: shapely.Polygon, middle: np.ndarray, radius: float, dice: random.Random) -> Dug:
    ring = shapely.get_coordinates(_blob(middle, 0.6 * radius, dice).convex_hull)[:-1]
    return [(shapely.Polygon(ring[:3]), "kin"), (shapely.Polygon([*ring[2:], ring[0]]), "foreign")]


def _touching_the_border(part: shapely.Polygon, middle: np.ndarray, radius: float, dice: random.Random) -> Dug:
    for corner in shapely.get_coordinates(part.exterior)[:-1]:
        away = middle - corner
        side = np.array([-away[1], away[0]]) * 0.2
        triangle = shapely.Polygon(np.round([corner, corner + away * 0.5 - side, corner + away * 0.5 + side]))
        if part.covers(triangle) and shapely.intersection(triangle, part.boundary).geom_type == "Point":
            return [(triangle, "kin")]
    return []


def _touching_each_other(part: shapely.Polygon, middle: np.ndarray, radius: float, dice: random.Random) -> Dug:
    turn = dice.uniform(0, np.pi)
    way = np.array([np.cos(turn), np.sin(turn)]) * 0.6 * radius
    side = np.array([-way[1], way[0]]) * 0.5
    return [(shapely.Polygon(np.round([middle, middle + way - side, middle + way + side]).tolist()), "kin"),
            (shapely.Polygon(np.round([middle, middle - way + side, middle - way - side]).tolist()), dice.choice(("nobody", "kin")))]


KINDS: dict[str, Callable[..., Dug]] = {
    "lake": _alone("nobody"),
    "island": _alone("kin"),
    "enclave": _alone("foreign"),
    "exclave": _alone("exclave"),
    "two": _of_two,
    "touching": _touching_the_border,
    "twins": _touching_each_other,
}
