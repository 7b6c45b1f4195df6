"""What a transaction reached: the ground whose picture changes, and the areas whose rows were written. It goes into the
event, so that who watches refreshes that ground only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from layers.areas import UNITS_PER_DEGREE, Area

MOST_SHAPES = 2000  # rows whose ground is added up; more are "anywhere"
MOST_AREAS = 1000  # fids an event names; more are "all"
Bounds = tuple[float, float, float, float]


class Extent:
    """Owns bounds and owners of one transaction. Public: area, shapes, owned, bounds, owners."""

    def __init__(self) -> None:
        self._boxes: list[tuple[float, ...]] = []  # degrees
        self._owners: set[int] = set()
        self._anywhere = False

    def area(self, *sides: Area | None) -> None:
        """An area before and after; its shape is in units."""
        self._boxes += [tuple(value / UNITS_PER_DEGREE for value in side.shape.bounds)
                        for side in sides if side is not None and side.shape is not None and not side.shape.is_empty]

    def shapes(self, geometries: Iterable[Any]) -> None:
        """Shapes of rows, in degrees; None where a row has none."""
        found = [shape for shape in geometries if shape is not None]
        if len(found) > MOST_SHAPES:
            self._anywhere = True
        elif found:
            boxes = shapely.bounds(np.array(found, dtype=object))
            self._boxes += [tuple(box) for box in boxes[~np.isnan(boxes).any(axis=1)].tolist()]

    def owned(self, areas: Iterable[int | None]) -> None:
        """The areas that own rows which were written."""
        self._owners.update(area for area in areas if area is not None)

    @property
    def bounds(self) -> Bounds | None:
        """West, south, east, north in degrees; None = anywhere, also when nothing has a place."""
        if self._anywhere or not self._boxes:
            return None
        table = np.array(self._boxes)
        return (*table[:, :2].min(axis=0).tolist(), *table[:, 2:].max(axis=0).tolist())

    @property
    def owners(self) -> list[int] | None:
        """Fids in order; None = too many to name."""
        return sorted(self._owners) if len(self._owners) <= MOST_AREAS else None
