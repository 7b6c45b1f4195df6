"""Prove that the leaves form one seamless coverage and that every parent is exactly its leaves; locate what is not so.

The proof is whole-number chain algebra (see `chain.py`); geometry is asked only where it fails, to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from .areas import Area
from .chain import unpack
from .defects import degrees, gaps_and_overlaps, inside, thin_holes
from .edits import Finding
from .seams import Borders, borders, twins

NONE = -1


def check(leaves: Sequence[Area], parents: Sequence[Area] = (), gap_width_m: float = 3.0) -> list[Finding]:
    """What is wrong with a tree of areas (shapes in units), each with the code of an area and, where it has one, a
    place in degrees: "code" (used twice), "empty", "off-grid", "invalid", "gap", "overlap", "nesting". Nothing when
    the leaves tile the stored shapes of the roots exactly and every parent's border is the border of its leaves.

    A hole of a root shape wider than `gap_width_m` is water or foreign ground, no gap."""
    findings = _codes([*parents, *leaves])
    leaves, shapes, wrong = _usable(leaves)
    findings += wrong
    parents, parent_shapes, wrong = _usable(parents)
    findings += wrong
    border = borders(shapes)
    twin = twins(border)

    is_root = np.array([parent.parent is None for parent in parents], bool)
    lone_leaves = np.array([leaf.parent is None for leaf in leaves], bool)
    roots = np.r_[parent_shapes[is_root], shapes[lone_leaves]]
    root_border = borders(roots)
    outline = twins(root_border) < 0
    lone = twin < 0
    on_outline, walked = _both(border, lone, root_border, outline)
    part = np.zeros(len(lone), bool)
    if (lone & ~on_outline).any() or (outline & ~walked).any() or len(roots) > 1:
        found, part = gaps_and_overlaps(leaves, shapes, border, lone, root_border.lines(outline & ~walked), roots)
        findings += found
    findings += thin_holes(roots, gap_width_m, leaves, shapes)
    nesting = _tree(leaves, parents) + _nesting(leaves, parents, parent_shapes, border, twin, part)
    rest = lone & ~on_outline & ~part & ~lone_leaves[border.leaf]
    if rest.any() and not findings and not nesting:  # never silent where the proof fails
        k = int(np.flatnonzero(rest)[0])
        nesting.append(Finding("gap", f"{leaves[border.leaf[k]].code}: its border meets no neighbour",
                               leaves[border.leaf[k]].code, degrees(unpack(border.first[k:k + 1])[0]), None, 0.0))
    return findings + nesting


def _codes(areas: Sequence[Area]) -> list[Finding]:
    """A finding for each area whose code another one bears as well."""
    seen: dict[str, Area] = {}
    findings = []
    for area in areas:
        first = seen.setdefault(area.code, area)
        if first is not area:
            where = inside(area.shape) if area.shape is not None and not area.shape.is_empty else None
            text = f"{area.code}: used by a {first.level} and a {area.level}"
            findings.append(Finding("code", text, area.code, where))
    return findings


def _usable(areas: Sequence[Area]) -> tuple[list[Area], np.ndarray, list[Finding]]:
    """(areas with ground, their shapes on the grid, findings for shapes that are empty, off the grid or invalid)."""
    shapes = np.array([area.shape for area in areas] or [None], dtype=object)[:len(areas)]
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings = [Finding("empty", f"{areas[k].code}: has no ground", areas[k].code) for k in np.flatnonzero(empty)]
    kept = np.flatnonzero(~empty)
    areas, shapes = [areas[k] for k in kept], shapes[kept]
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    for k in np.unique(index[(xy != np.round(xy)).any(axis=1)]):
        text = f"{areas[k].code}: a vertex lies off the grid of 1e-7 degree"
        findings.append(Finding("off-grid", text, areas[k].code, inside(shapes[k])))
        shapes[k] = shapely.transform(shapes[k], np.round)
    for k in np.flatnonzero(~shapely.is_valid(shapes)):
        text = f"{areas[k].code}: {shapely.is_valid_reason(shapes[k]).split('[')[0].lower()}"
        findings.append(Finding("invalid", text, areas[k].code, degrees(shapely.get_coordinates(shapes[k])[0])))
    return areas, shapes, findings


def _both(border: Borders, lone: np.ndarray, other: Borders, outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks: segments of `lone` that are among `outline`, and the other way round; each used once."""
    mine, theirs = np.flatnonzero(lone), np.flatnonzero(outline)
    first = np.r_[border.first[mine], other.first[theirs]]
    last = np.r_[border.last[mine], other.last[theirs]]
    order = np.lexsort((np.arange(len(first)), last, first))
    same = (first[order][1:] == first[order][:-1]) & (last[order][1:] == last[order][:-1])
    a, b = order[:-1][same], order[1:][same]
    pair = (a < len(mine)) & (b >= len(mine))
    here, there = np.zeros(len(lone), bool), np.zeros(len(outline), bool)
    here[mine[a[pair]]], there[theirs[b[pair] - len(mine)]] = True, True
    return here, there


def _tree(leaves: Sequence[Area], parents: Sequence[Area]) -> list[Finding]:
    """Areas whose parent is unknown or whose path does not run through it."""
    by_fid = {parent.fid: parent for parent in parents}
    findings = []
    for area in (*parents, *leaves):
        above = by_fid.get(area.parent)
        if area.parent is not None and above is None:
            text = f"{area.code}: its parent is not among the areas"
        elif area.path != (above.path if above else "/") + f"{area.fid}/":
            text = f"{area.code}: its path {area.path} does not follow its parent"
        else:
            continue
        findings.append(Finding("nesting", text, area.code, inside(area.shape)))
    return findings


def _nesting(leaves: Sequence[Area], parents: Sequence[Area], shapes: np.ndarray, border: Borders, twin: np.ndarray,
             part: np.ndarray) -> list[Finding]:
    """A finding for each parent whose border is not the border of its leaves. Segments of gaps and overlaps (`part`)
    are told already and do not count."""
    if not parents:
        return []
    number = {parent.fid: k for k, parent in enumerate(parents)}
    up = np.array([number.get(parent.parent, NONE) for parent in parents])
    own = borders(shapes)
    wrong: dict[int, np.ndarray] = {}
    for above in _ancestors(np.array([number.get(leaf.parent, NONE) for leaf in leaves], int), up):
        group = above[border.leaf]
        rest = np.flatnonzero((group >= 0) & ((twin < 0) | (group != group[twin])))
        theirs = np.flatnonzero(np.isin(own.leaf, np.unique(above[above >= 0])))
        parent = np.r_[group[rest], own.leaf[theirs]]
        first, last = np.r_[border.first[rest], own.first[theirs]], np.r_[border.last[rest], own.last[theirs]]
        order = np.lexsort((last, first, parent))
        same = (np.diff(parent[order]) == 0) & (np.diff(first[order]) == 0) & (np.diff(last[order]) == 0)
        single = order[~(np.r_[False, same] | np.r_[same, False])[:len(order)]]
        single = single[(single >= len(rest)) | ~np.r_[part[rest], np.zeros(len(theirs), bool)][single]]
        for k in single[::-1].tolist():
            wrong[int(parent[k])] = unpack(first[k:k + 1])[0]
    barren = np.setdiff1d(np.arange(len(parents)), np.concatenate([*_ancestors(
        np.array([number.get(leaf.parent, NONE) for leaf in leaves], int), up), [NONE]]))
    wrong |= {int(k): shapely.get_coordinates(shapes[k])[0] for k in barren}
    return [Finding("nesting", f"{parents[k].code}: its border is not the border of the areas in it", parents[k].code,
                    degrees(spot)) for k, spot in sorted(wrong.items())]


def _ancestors(first: np.ndarray, up: np.ndarray) -> list[np.ndarray]:
    """For each depth of the tree from the root down: index of the parent of that depth each leaf lies in, or -1.

    `first` (leaves,) index of the parent of each leaf, `up` (parents,) index of the parent of each parent."""
    chain, at = [], first
    while (at >= 0).any() and len(chain) <= len(up):
        chain.append(at)
        at = np.where(at >= 0, up[at], NONE)
    depth = sum((level >= 0).astype(int) for level in chain) if chain else np.zeros(len(first), int)
    levels = np.full((len(chain), len(first)), NONE)
    for step, level in enumerate(chain):  # step 0 is the parent itself, the deepest
        held = np.flatnonzero(level >= 0)
        levels[depth[held] - 1 - step, held] = level[held]
    return list(levels)
