"""The people on a coverage in memory: dealt to the leaves by the product's own rule at every redraw, counted to the person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from geodata.redrawing import heirs_of, origins_of
from layers.areas import Area
from layers.edits import Edit
from layers.population import Counts, Facts, Place, Share, total

Sums = tuple[Any, ...]
State = tuple[tuple[Place, ...], tuple[Share, ...]]
NEAR = 1.5  # units: a building exactly on a border stays its owner's when the border gains a vertex


@dataclass
class Crowd:
    """Buildings and shares of cells, by the leaf they belong to."""

    places: dict[int, list[Place]]
    shares: dict[int, list[Share]]
    last_share: int

    @classmethod
    def of(cls, leaves: Sequence[Area], places: Iterable[Place] = (), shares: Iterable[Share] = ()) -> Crowd:
        """Everybody in the leaf where he lives; `shares` name theirs."""
        places, shares = list(places), list(shares)
        shapes = np.array([leaf.shape for leaf in leaves], dtype=object)
        tree, held = shapely.STRtree(shapes), defaultdict(list)
        for place in places:
            near = np.sort(tree.query(place.point, predicate="intersects"))
            k = int(near[0]) if len(near) else int(tree.nearest(place.point))
            held[leaves[k].fid].append(replace(place, area=leaves[k].fid))
        dealt = defaultdict(list)
        for share in shares:
            dealt[share.area].append(share)
        return cls(held, dealt, max((share.fid for share in shares), default=0))

    def facts(self, fids: Iterable[int]) -> Facts:
        """What a redraw of these leaves is about."""
        fids = sorted(set(fids))
        return Facts(tuple(place for fid in fids for place in self.places.get(fid, ())),
                     tuple(share for fid in fids for share in self.shares.get(fid, ())))

    def sums(self) -> Sums:
        """Everybody, by kind and by special group."""
        return _sums(fact.counts for held in (self.places, self.shares) for facts in held.values() for fact in facts)

    def follow(self, edit: Edit, written: Edit) -> Facts:
        """Deals the people of the changed ground anew, and proves that nobody came or went. Answers who was there."""
        facts = self.facts(area.fid for area in edit.before)
        if edit.op == "transfer" or not (facts.places or facts.shares):
            return facts
        dealt = facts.deal([(area.fid, area.shape) for area in edit.after], heirs_of(edit, origins_of(edit)))
        real = {area.fid: now.fid for area, now in zip(edit.after, written.after, strict=True)}
        assert set(dealt.owner) == {place.fid for place in facts.places}, "each building has one owner"
        self._clear(facts)
        for place in facts.places:
            self.places.setdefault(real[dealt.owner[place.fid]], []).append(replace(place, area=real[dealt.owner[place.fid]]))
        for share in dealt.shares:
            self.last_share += not share.fid
            self.shares.setdefault(real[share.area], []).append(
                replace(share, fid=share.fid or self.last_share, area=real[share.area]))
        was = _sums(fact.counts for fact in (*facts.places, *facts.shares))
        assert was == _sums(dealt.counts.values()), "the sums of the areas are those of the people"
        now = self.facts(real.values())
        assert was == _sums(fact.counts for fact in (*now.places, *now.shares)), "nobody came or went"
        return facts

    def back(self, was: Facts, written: Edit) -> None:
        """As it was before that edit."""
        self._clear(self.facts(area.fid for area in written.after))
        for place in was.places:
            self.places.setdefault(place.area, []).append(place)
        for share in was.shares:
            self.shares.setdefault(share.area, []).append(share)

    def assert_at_home(self, leaves: Sequence[Area]) -> None:
        """Everybody belongs to a leaf that lives, and lies in it."""
        shapes = {leaf.fid: leaf.shape for leaf in leaves}
        assert {fid for held in (self.places, self.shares) for fid, facts in held.items() if facts} <= set(shapes)
        every = [place for fid in sorted(self.places) for place in self.places[fid]]
        if every:
            own = np.array([shapes[place.area] for place in every], dtype=object)
            off = shapely.distance(own, np.array([place.point for place in every], dtype=object))
            assert off.max() < NEAR or not (off > NEAR)[~self._lost(every, leaves)].any(), "somebody does not live where he is counted"

    def _lost(self, places: Sequence[Place], leaves: Sequence[Area]) -> np.ndarray:
        """Those who live on nobody's ground: they belong to the nearest."""
        shapes = shapely.STRtree([leaf.shape for leaf in leaves])
        found = np.ones(len(places), bool)
        found[shapes.query([place.point for place in places], predicate="dwithin", distance=NEAR)[0]] = False
        return found

    def _clear(self, facts: Facts) -> None:
        for fid in {place.area for place in facts.places}:
            self.places.pop(fid, None)
        for fid in {share.area for share in facts.shares}:
            self.shares.pop(fid, None)


def _sums(counts: Iterable[Counts]) -> Sums:
    whole = total(counts)
    return (*whole.values, tuple(sorted((whole.special or {}).items())))
