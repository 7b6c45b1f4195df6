"""Merge areas of one parent: one lives on and takes the ground, the others retire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..areas import Area
from ..chain import directed_segments
from ..coverage import Coverage, explode, gather, prove, united
from ..edits import Edit
from ..errors import BadInput, NotAdjacent
from ..measure import area_m2
from .parents import other_parents
from .split import Weigh, may_change


def merge(coverage: Coverage, targets: Sequence[int], keep: int | None = None, weigh: Weigh | None = None,
          allow_parts: bool = False) -> Edit:
    """Give all ground of the targets to `keep`, by default the one heaviest by `weigh` (households; default: ground),
    then largest, then westernmost, an assigned one before unassigned ground. The others are only in `before`; `successor`
    sends their facts to `keep`. Unassigned ground that joins an assigned area is assigned.

    BadInput for fewer than two targets or a `keep` that is none of them; UnknownArea, NotLeaf, AreaLocked,
    OtherParent (detail `parents`: code by target code), NotAdjacent when they do not hang together along borders
    (unless `allow_parts`), ProofFailed.
    """
    fids = list(dict.fromkeys(targets))
    if len(fids) < 2:
        raise BadInput("merging needs at least two areas")
    if keep is not None and keep not in fids:
        raise BadInput("the area that lives on must be one of those merged")
    before = tuple(may_change(coverage.get(fid)) for fid in fids)
    if len({area.parent for area in before}) > 1:
        raise other_parents(coverage, before, "the areas belong to different parents")
    parts, owner = explode(before)
    if not allow_parts:
        _refuse_apart(before, parts, owner)
    survivor = next(area for area in before if area.fid == keep) if keep is not None else _heaviest(before, weigh)
    shape = gather(united(parts))
    retired = [area for area in before if area is not survivor]
    assigned = any(area.assigned for area in before)
    edit = Edit("merge", before, (replace(survivor, shape=shape, assigned=assigned, version=survivor.version + 1),),
                successor={area.fid: survivor.fid for area in retired},
                note=f"merge {', '.join(area.code for area in retired)} into {survivor.code}")
    prove(edit, coverage)
    return edit


def _heaviest(areas: Sequence[Area], weigh: Weigh | None) -> Area:
    shapes = [area.shape for area in areas]
    ground = area_m2(shapes)
    weights = ground if weigh is None else [-1.0 if w is None or w != w else float(w) for w in weigh(shapes)]
    ranked = [(not area.assigned, -weight, -m2, area.shape.bounds[0], area.fid)
              for area, weight, m2 in zip(areas, weights, ground, strict=True)]
    return areas[ranked.index(min(ranked))]


def _refuse_apart(areas: Sequence[Area], parts: np.ndarray, owner: np.ndarray) -> None:
    """NotAdjacent unless every area can be reached from the first over common border segments."""
    segments = directed_segments(parts)
    holder = owner[segments.owner]
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    order = np.lexsort((high, low))
    twin = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
    links = np.unique(np.stack([holder[order[:-1]], holder[order[1:]]], axis=1)[twin], axis=0).tolist()
    reached, grown = {0}, True
    while grown:
        fresh = {b for a, b in links + [link[::-1] for link in links] if a in reached} - reached
        reached |= fresh
        grown = bool(fresh)
    apart = [area for index, area in enumerate(areas) if index not in reached]
    if apart:
        spot = apart[0].shape.representative_point()
        raise NotAdjacent(f"{apart[0].code} does not touch {areas[0].code} along a border",
                          where=[spot.x / 1e7, spot.y / 1e7], areas=[areas[0].code, apart[0].code])
