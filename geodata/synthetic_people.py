"""How many households and people live where in the invented town: exact totals, plausible spread.

Households of the micro-grids come first (`micro_grid_households`), so that buildings can be built for them; totals of
groups of adjacent micro-grids are met exactly (`grow_zones`, `meet`), then dealt to stairwells and houses (`count`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.errors import BadInput

NORM = (15, 60)  # households of a micro-grid where people live
OUTSIDE = (0.022, 0.018)  # share of such micro-grids above and below the norm, so that there is something to redraw
USUAL = {"new": 36, "tower": 44, "old": 33, "single_block": 40, "apartment_block": 46, "urban_village": 33,
         "village": 24}  # households of a micro-grid, before they are made to add up
TENANTS = {"new": .18, "tower": .24, "old": .30, "single_block": .38, "apartment_block": .92, "urban_village": .62,
           "village": .12}  # share of residents who rent
# Special groups, share of residents (ids of the configuration); the old live in old estates and villages.
SPECIAL = {"alone_elderly": .021, "minor": .007, "pregnant": .006, "disabled": .012, "dialysis": .001, "chronic": .022,
           "mental": .004}
ELDERLY = {"old": 1.6, "village": 1.8, "new": .8, "tower": .7, "apartment_block": .1, "urban_village": .7}
LEAST_M2 = {"urban_village": 72, "village": 120}  # ground a household needs where houses are small
MOST_PER_HOUSEHOLD = 6


def deal(total: int, weights, low=0, high=None) -> np.ndarray:
    """Whole numbers from `low` to `high` that add up to `total`, near the weights; largest remainder, ties first."""
    weights = np.asarray(weights, float)
    low = np.broadcast_to(np.asarray(low, int), weights.shape).copy()
    high = np.full(weights.shape, total) if high is None else np.broadcast_to(np.asarray(high, int), weights.shape)
    if not low.sum() <= total <= high.sum():
        raise BadInput(f"{total} cannot be dealt to {len(weights)} places holding {low.sum()} to {high.sum()}")
    scale_low, scale_high = 0.0, 2.0 * (total + 1) / max(weights[weights > 0].min(initial=1.0), 1e-9)
    for _ in range(70):  # the scale at which the clipped shares add up
        scale = (scale_low + scale_high) / 2
        scale_low, scale_high = (scale, scale_high) if np.clip(scale * weights, low, high).sum() < total \
            else (scale_low, scale)
    wanted = np.clip(scale_low * weights, low, high)
    counts = np.clip(np.floor(wanted + 1e-9).astype(int), low, high)
    while (missing := total - int(counts.sum())) != 0:
        room = counts < high if missing > 0 else counts > low
        order = np.argsort(-np.where(room, np.sign(missing) * (wanted - counts), -np.inf), kind="stable")
        counts[order[:min(abs(missing), int(room.sum()))]] += int(np.sign(missing))
    return counts


def micro_grid_households(kinds: Sequence[str], ground_m2: Sequence[float], total: int,
                          rng: np.random.Generator) -> np.ndarray:
    """Households of each micro-grid ("" = nobody lives there), adding up to `total`; a few lie outside the norm."""
    housing = np.array([kind != "" for kind in kinds])
    usual = np.array([USUAL.get(kind, 0) for kind in kinds], float)
    draw = usual * np.clip(rng.normal(1.0, .23, len(kinds)), .5, 1.6)
    low = np.where(housing, NORM[0] + 1, 0)
    room = np.array([area / LEAST_M2.get(kind, 30) for kind, area in zip(kinds, ground_m2, strict=True)])
    high = np.where(housing, np.clip(room, NORM[0] + 1, NORM[1] - 2).astype(int), 0)
    many, few = (max(1, round(share * housing.sum())) for share in OUTSIDE)
    tall = rng.permutation([k for k, kind in enumerate(kinds) if kind in ("new", "tower", "old")])[:many]
    small = rng.permutation([k for k, kind in enumerate(kinds) if kind in ("village", "urban_village", "old")
                             and k not in set(tall.tolist())])[:few]
    for chosen, least, most in ((tall, NORM[1] + 2, NORM[1] + 34), (small, 6, NORM[0] - 1)):
        draw[chosen] = rng.integers(least, most, len(chosen))
        low[chosen] = high[chosen] = draw[chosen].astype(int)
    return deal(total, draw, low, high)


def grow_zones(zones: Sequence[tuple[int, int]], households: np.ndarray, centres: np.ndarray, pairs: np.ndarray,
               start: int) -> list[list[int]]:
    """For each (households, people) a connected set of micro-grids that holds about so many households, the first
    around `start`, the next around it; sets do not overlap. `centres` in metres, `pairs` of neighbours."""
    beside: dict[int, list[int]] = {k: [] for k in range(len(households))}
    for k, m in pairs.tolist():
        beside[k].append(m)
        beside[m].append(k)
    far = np.hypot(*(centres - centres[start]).T)
    used: set[int] = set()
    grown = []
    for wanted, _ in zones:
        chosen: list[int] = []
        edge = {start} if not used else {k for u in used for k in beside[u]} - used
        first = True
        while (held := int(households[chosen].sum())) < wanted:
            open_ = sorted((k for k in edge if households[k] > 0), key=lambda k: (far[k], k))
            if not open_:
                raise BadInput(f"no room for a set of micro-grids with {wanted} households")
            best = open_[0]
            if held + households[best] > wanted + 8 and chosen:  # the last one: whichever comes nearest
                best = min(open_, key=lambda k: (abs(held + int(households[k]) - wanted), far[k]))
                if abs(held + int(households[best]) - wanted) > abs(held - wanted):
                    break
            chosen.append(best)
            edge = ({k for k in beside[best]} | (set() if first else edge)) - used - set(chosen)
            first = False
        used |= set(chosen)
        grown.append(sorted(chosen))
    return grown


def meet(zones: Sequence[tuple[int, int]], grown: Sequence[Sequence[int]], households: np.ndarray) -> np.ndarray:
    """The households changed as little as needed for each set to hold its number, the rest holding the rest."""
    total = int(households.sum())
    rest = sorted(set(range(len(households))) - {k for group in grown for k in group})
    result = households.copy()
    wants = [wanted for wanted, _ in zones] + [total - sum(wanted for wanted, _ in zones)]
    for group, wanted in zip([*grown, rest], wants, strict=True):
        now = households[group]
        usual = (now >= NORM[0]) & (now <= NORM[1])
        low = np.where(usual, np.maximum(NORM[0], now - 9), now)
        high = np.where(usual, np.minimum(NORM[1], now + 9), now)
        result[group] = deal(wanted, now, low, high)
    return result


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of stairwells and houses, one entry each, in the order asked for."""

    households: np.ndarray
    resident: np.ndarray
    registered: np.ndarray
    tenant: np.ndarray
    collective: np.ndarray
    special: list[str]  # JSON


def count(groups: Sequence[tuple[Sequence[int], int]], households: np.ndarray, cell: np.ndarray, flats: np.ndarray,
          kinds: Sequence[str], rng: np.random.Generator) -> Counts:
    """Figures of every stairwell or house: `cell` its micro-grid, `flats` the most households it holds, `kinds` how
    it is lived in. `groups` = (micro-grids, people): each group holds exactly so many people, each micro-grid exactly
    its `households`."""
    held, people = np.zeros(len(cell), int), np.zeros(len(cell), int)
    noise = rng.uniform(.82, 1.12, len(cell))
    here: dict[int, list[int]] = {}
    for k, c in enumerate(cell.tolist()):
        here.setdefault(c, []).append(k)
    for c, members in here.items():
        low = (flats[members] > 0).astype(int) if households[c] >= len(members) else 0
        held[members] = deal(int(households[c]), flats[members] * noise[members], low, flats[members])
    size = rng.normal(1.0, .09, len(households))
    apart = rng.normal(1.0, .12, len(cell))
    for group, wanted in groups:
        cells = [c for c in group if c in here]
        here_now = households[cells]
        per_cell = deal(wanted, here_now * size[cells], here_now, MOST_PER_HOUSEHOLD * here_now)
        for c, number in zip(cells, per_cell.tolist(), strict=True):
            members = here[c]
            people[members] = deal(number, held[members] * apart[members], held[members],
                                   MOST_PER_HOUSEHOLD * held[members])
    rent = np.array([TENANTS.get(kind, 0.0) for kind in kinds])
    tenant = rng.binomial(people, np.clip(rent * rng.uniform(.6, 1.4, len(cell)), 0, 1))
    registered = people - tenant + rng.binomial(people, .07)
    collective = np.where(rent > .9, rng.binomial(tenant, .25), 0)
    old = np.array([ELDERLY.get(kind, 1.0) for kind in kinds])
    groups_of = {name: rng.binomial(people, share * (old if name in ("alone_elderly", "chronic") else 1.0))
                 for name, share in SPECIAL.items()}
    special = [json.dumps({name: int(values[k]) for name, values in groups_of.items() if values[k]})
               for k in range(len(cell))]
    return Counts(held, people, registered, tenant, collective, special)
