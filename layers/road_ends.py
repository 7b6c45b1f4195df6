"""Roads that end inside a block, drawn on to the next line, so that blocks close where a person would close them."""

from __future__ import annotations

import numpy as np
import shapely

REACH_M = 45.0  # how far a road is drawn on
NEAR_M = 0.5  # an end so near to a line has reached it


def prolonged(lines: np.ndarray, rings: np.ndarray, outlines: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Straight pieces from loose ends of the lines to what lies ahead (units): another line or the edge of the ground.
    None through a building. `scale` is metres per unit, (x, y)."""
    if not len(lines):
        return np.empty(0, object)
    every = np.concatenate([lines, rings])
    tree = shapely.STRtree(every)
    standing = shapely.STRtree(outlines) if len(outlines) else None
    found = []
    for number, line in enumerate(lines):
        xy = shapely.get_coordinates(line)
        if len(xy) < 2 or (xy[0] == xy[-1]).all():
            continue
        for end, before in ((xy[-1], xy[-2]), (xy[0], xy[1])):
            way = (end - before) * scale
            length = float(np.hypot(*way))
            if not length:
                continue
            step = way / length / scale
            near = tree.query(shapely.Point(end), predicate="dwithin", distance=NEAR_M / scale[1])
            if any(other != number for other in near.tolist()):
                continue
            ahead = shapely.LineString([end + step * 2 * NEAR_M, end + step * REACH_M])
            met = shapely.intersection(every[tree.query(ahead, predicate="intersects")], ahead)
            spots = shapely.get_coordinates(met)
            if not len(spots):
                continue
            gap = np.hypot(*((spots - end) * scale).T)
            stop = spots[gap.argmin()] + step * NEAR_M  # a hair beyond, so that they really meet
            piece = shapely.LineString([end, stop])
            if standing is None or not len(standing.query(piece, predicate="intersects")):
                found.append(piece)
    made = np.empty(len(found), object)
    made[:] = found
    return made
