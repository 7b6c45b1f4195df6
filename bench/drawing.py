"""What people draw, at random, for the measurements: forms of the API."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping
from sqlalchemy import select

from geodata.rows import Reader
from geodata.schema import AREAS
from geodata.store import Store
from layers.areas import Area, to_degrees

Form = dict[str, Any]
UNDONE = 0.15  # share of what is drawn that is taken back at once
MOST_TRIES = 100_000


def forms(store: Store, seed: int) -> Iterator[Form]:
    """Splits across one micro-grid or along a line through a few, merges of neighbours, borders reshaped, vertices moved,
    new areas and islands, at random places; `undo` says which to take back."""
    dice = random.Random(seed)
    leaves = _leaves(store)
    for _ in range(MOST_TRIES):
        with store.read() as reader:
            area = reader.areas([dice.choice(leaves)])
            form = dice.choices(tuple(KINDS), tuple(KINDS.values()))[0](reader, next(iter(area.values())), dice) if area else None
        if form is not None:
            yield form | {"undo": dice.random() < UNDONE}


def lines(store: Store, number: int, count: int, seed: int = 3) -> Iterator[Form]:
    """Splits along a line that crosses about `number` areas, `count` times."""
    dice = random.Random(seed)
    leaves = _leaves(store)
    middle = leaves[len(leaves) // 4:3 * len(leaves) // 4]  # so that few leave the map
    for _ in range(count):
        with store.read() as reader:
            (area,) = reader.areas([dice.choice(middle)]).values()
            points = _course(area, dice, 1.0)
            for _ in range(8):  # the length that crosses so many here
                line = shapely.LineString(points)
                crossed = sum(area.shape.intersects(line) for area in reader.leaves_near(line.bounds))
                points = points[0] + (points - points[0]) * number / max(crossed, 1)
                if abs(crossed - number) <= number * 0.05:
                    break
        yield {"op": "split", "line": mapping(to_degrees(line))}


def _leaves(store: Store) -> list[int]:
    with store.read() as reader:
        return reader.connection.execute(select(AREAS.c.fid).where(AREAS.c.leaf.is_(True)).order_by(AREAS.c.fid)).scalars().all()


# ---- one form a kind --------------------------------------------------------------------------------------------------
def _split(reader: Reader, area: Area, dice: random.Random) -> Form:
    targets = {"targets": [area.code]} if dice.random() < 0.5 else {}
    return {"op": "split", **targets, "line": mapping(to_degrees(shapely.LineString(_course(area, dice, 0.75))))}


def _merge(reader: Reader, area: Area, dice: random.Random) -> Form | None:
    beside = [other for other in reader.leaves_near(area.shape.bounds) if other.fid != area.fid and other.parent == area.parent
              and shapely.length(shapely.intersection(other.shape, area.shape)) > 0]
    if not beside:
        return None
    other = dice.choice(beside)
    return {"op": "merge", "targets": [area.code, other.code], "keep": area.code,
            "versions": {area.code: area.version, other.code: other.version}}


def _reshape(reader: Reader, area: Area, dice: random.Random) -> Form:
    """The border between two vertices bulges to one side."""
    xy = _ring(area, dice)
    first, far = dice.randrange(len(xy)), dice.randrange(1, min(len(xy), 6))
    ends = xy[[first, (first + far) % len(xy)]]
    middle = ends.mean(axis=0) + [dice.uniform(-0.3, 0.3) * size for size in np.ptp(xy, axis=0)]
    return {"op": "reshape", "line": mapping(to_degrees(shapely.LineString([ends[0], middle, ends[1]])))}


def _move_vertex(reader: Reader, area: Area, dice: random.Random) -> Form:
    xy = _ring(area, dice)
    at = xy[dice.randrange(len(xy))]
    to = np.rint(at + [dice.uniform(-1500, 1500), dice.uniform(-1500, 1500)])
    return {"op": "move_vertex", "at": (at / 1e7).tolist(), "to": (to / 1e7).tolist()}


def _draw(reader: Reader, area: Area, dice: random.Random) -> Form:
    return {"op": "draw", "parent": _parent(reader, area), "polygon": _blob(area, dice, dice.uniform(0.3, 1.2)), "trim": True}


def _island(reader: Reader, area: Area, dice: random.Random) -> Form:
    return {"op": "island", "parent": _parent(reader, area), "polygon": _blob(area, dice, 0.15)}


KINDS: dict[Callable[[Reader, Area, random.Random], Form | None], int] = {
    _split: 40, _merge: 25, _reshape: 13, _move_vertex: 8, _draw: 10, _island: 4}  # how often


def _parent(reader: Reader, area: Area) -> str:
    (parent,) = reader.areas([area.parent]).values()
    return parent.code


def _ring(area: Area, dice: random.Random) -> np.ndarray:
    return shapely.get_coordinates(dice.choice(list(area.shape.geoms)).exterior)[:-1]


def _blob(area: Area, dice: random.Random, size: float) -> dict[str, Any]:
    """A ring of five to eight corners round a point of the area; `size` of its own."""
    west, south, east, north = area.shape.bounds
    turns = np.sort([dice.uniform(0, 2 * np.pi) for _ in range(dice.randint(5, 8))])
    reach = size / 2 * max(east - west, north - south) * np.array([dice.uniform(0.7, 1) for _ in turns])
    middle = shapely.get_coordinates(shapely.point_on_surface(area.shape))
    return mapping(to_degrees(shapely.Polygon(np.rint(middle + reach[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)))))


def _course(area: Area, dice: random.Random, reach: float) -> Sequence[Sequence[float]]:
    """A crooked line across the area, `reach` of its size to both sides of its middle; units."""
    west, south, east, north = area.shape.bounds
    middle, size = np.array(shapely.point_on_surface(area.shape).coords[0]), max(east - west, north - south)
    turn, points = dice.uniform(0, np.pi), dice.randint(2, 6)
    way = np.linspace(-reach, reach, points)[:, None] * size * [np.cos(turn), np.sin(turn)]
    return middle + way + np.array([[dice.uniform(-0.04, 0.04) * size, dice.uniform(-0.04, 0.04) * size] for _ in range(points)])
