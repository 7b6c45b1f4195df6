"""Random work with zones over the API, as a street office does it in a bad week: proposed of areas, houses, stairwells,
cells and drawn borders, approved, rejected, lifted, extended, made stricter, while others redraw and recount."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from geodata.schema import TABLES, ZONE_MEMBERS
from layers.areas import to_degrees
from tests.mapapp.web import Web

WORK = {"propose": 26, "approve": 22, "reject": 4, "withdraw": 3, "lift": 12, "ask": 6, "extend": 5, "upgrade": 6,
        "split": 5, "merge": 4, "undo": 5, "house": 4, "stairwell": 4, "cell": 3, "new house": 2}  # fmt: skip
CHANGES = ("split", "merge", "undo", "house", "stairwell", "cell", "new house")  # may move no zone
UNTIL = "2099-01-01T00:00:00+08:00"


@dataclass
class ZoneWorker:
    """Does the work as planner and two commanders, and looks after every step whether everybody counts once."""

    web: Web
    scope: str
    dice: random.Random
    planner: str = "planner"
    commanders: tuple[str, str] = ("commander", "second")
    done: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    edits: list[int] = field(default_factory=list)
    until: int = 2040

    def work(self, number: int) -> None:
        """So many operations that were not refused."""
        while sum(self.done.values()) < number:
            self.step(self.dice.choices(list(WORK), list(WORK.values()))[0])

    def step(self, name: str) -> None:
        """One operation, and a look at the table after it."""
        before = self.decided()
        answer = _DO[name](self)
        if answer is None:
            return
        if answer.status_code >= 400:
            assert answer.status_code in (403, 404, 409, 422), (name, answer.text)
            self.refused[f"{name} {answer.json['code']}"] += 1
            assert self.decided() == before
            return
        self.done[name] += 1
        if name in CHANGES:
            assert self.decided() == before, f"{name} changed who is restricted"
        self.check(by_hand=sum(self.done.values()) % 5 == 0)

    # ---- looking -------------------------------------------------------------------------------------------------
    def check(self, *, by_hand: bool = True) -> None:
        """The kinds partition the scope, to the person; nobody counts twice, the strictest zone has him."""
        told = self.web.get(f"/api/zones/summary?area={self.scope}", self.planner).json
        whole = self.web.get(f"/api/summary?area={self.scope}", self.planner).json
        kinds = {one["kind"]: one for one in told["kinds"]}
        for figure in ("households", "population"):
            assert told["total"][figure] == whole[figure]
            if kinds["prevention"][figure] is None:
                assert not any(one["zones"] for one in kinds.values())
                continue
            numbers = [one[figure] or 0 for one in kinds.values()]
            assert sum(numbers) == whole[figure] and min(numbers) >= 0, (figure, numbers, whole[figure])
        if kinds["prevention"]["households"] is not None:
            groups: Counter = Counter()
            for one in kinds.values():
                assert min(one["special"].values(), default=0) >= 0
                groups.update(one["special"])
            assert +groups == +Counter(whole["special"])
            assert sum(one["unknown_areas"] for one in kinds.values()) == told["total"]["unknown_areas"]
        if by_hand:
            self._by_hand(kinds)

    def _by_hand(self, kinds: dict[str, Any]) -> None:
        """Stairwells and houses counted anew from the bare rows; cells only bound the figure."""
        held, cells = self.people(), {"lockdown": 0, "control": 0}
        taken: set[tuple[str, int]] = set()
        for kind in ("lockdown", "control"):
            places = {place for zone, one in self.standing().items() if one == kind for place in self.places(zone)}
            for layer, fid in [place for place in places if place[0] == "cells"]:
                cells[kind] += held[layer][fid]
            mine = {place for place in places if place[0] != "cells"} - taken
            exact = sum(held[layer].get(fid, 0) for layer, fid in mine)
            assert exact <= (kinds[kind]["households"] or 0) <= exact + cells[kind]
            taken |= mine

    def people(self) -> dict[str, dict[int, int]]:
        """Households of every place that counts."""
        with self.web.store.read() as reader:
            units = reader.rows("units", geometry=False)
            divided = {row["building"] for row in units}
            houses = [row for row in reader.rows("buildings", geometry=False) if row["fid"] not in divided]
            cells = reader.rows("cells", geometry=False)
        return {layer: {row["fid"]: row["households"] or 0 for row in rows}
                for layer, rows in (("units", units), ("buildings", houses), ("cells", cells))}

    def standing(self) -> dict[int, str]:
        """Zones in force and their kinds."""
        with self.web.store.read() as reader:
            return {row["fid"]: row["kind"] for row in reader.rows("zones", TABLES["zones"].c.status == "in_force", geometry=False)}

    def places(self, zone: int) -> set[tuple[str, int]]:
        """What was frozen of a zone; of a house its stairwells that are there now."""
        with self.web.store.read() as reader:
            rows = set(map(tuple, reader.connection.execute(
                select(ZONE_MEMBERS.c.layer, ZONE_MEMBERS.c.fid).where(ZONE_MEMBERS.c.zone == zone))))
            houses = [fid for layer, fid in rows if layer == "buildings"]
            rows |= {("units", row["fid"]) for row in reader.rows("units", geometry=False) if row["building"] in set(houses)}
        return rows

    def decided(self) -> list[Any]:
        """All that was decided about zones in force and lifted."""
        with self.web.store.read() as reader:
            rows = reader.rows("zones", TABLES["zones"].c.status != "proposed")
            members = reader.connection.execute(select(ZONE_MEMBERS).order_by(*ZONE_MEMBERS.primary_key)).all()
        fixed = ("fid", "kind", "status", "version", "households", "population", "ends_at", "asked", "approved_by", "members")
        return [*[(row["geom"].wkb, *(row[name] for name in fixed)) for row in rows], *map(tuple, members)]

    # ---- doing ---------------------------------------------------------------------------------------------------
    def leaf(self):
        """Some leaf of the scope."""
        with self.web.store.read() as reader:
            return self.dice.choice(reader.subtree(reader.area(self.scope).path, leaf=True))

    def row(self, layer: str):
        """Some row of a layer, or None."""
        with self.web.store.read() as reader:
            rows = reader.rows(layer, geometry=False)
        return self.dice.choice(rows) if rows else None

    def propose(self):
        kind = self.dice.choice(("lockdown", "control"))
        form: dict[str, Any] = {"kind": kind, "order_no": "〔2026〕1号", "reason": "演练"}
        if self.dice.random() < 0.3:
            form["polygon"] = shapely.geometry.mapping(to_degrees(self.drawn()))
        else:
            for name in self.dice.sample(("areas", "areas", "buildings", "units", "cells"), self.dice.choice((1, 1, 2))):
                number = self.dice.randint(1, 4)
                ids = [self.leaf().code for _ in range(number)] if name == "areas" else [
                    row["fid"] for _ in range(number) if (row := self.row(name))]
                if ids:
                    form[name] = ids
        return self.web.post("/api/zones", self.planner, json=form)

    def drawn(self) -> shapely.Geometry:
        """A slanting quadrilateral over a leaf and its neighbours."""
        west, south, east, north = self.leaf().shape.bounds
        middle, size = np.array([(west + east) / 2, (south + north) / 2]), self.dice.uniform(0.3, 1.6)
        angles = np.sort([self.dice.uniform(0, 2 * np.pi) for _ in range(5)])
        ring = middle + np.column_stack([np.cos(angles) * (east - west), np.sin(angles) * (north - south)]) * size
        return shapely.convex_hull(shapely.MultiPoint(np.round(ring)))

    def zone(self, status: str) -> int | None:
        """Some zone of that status."""
        with self.web.store.read() as reader:
            rows = reader.rows("zones", TABLES["zones"].c.status == status, geometry=False)
        return self.dice.choice(rows)["fid"] if rows else None

    def act(self, status: str, action: str, form: dict[str, Any], who: str | None = None):
        fid = self.zone(status)
        return None if fid is None else self.web.post(f"/api/zones/{fid}/{action}", who or self.dice.choice(self.commanders), json=form)

    def extend(self):
        self.until += 1
        return self.act("in_force", "extend", {"until": f"{self.until}-01-01T00:00:00+08:00", "reason": "续", "order_no": "2"})

    def split(self):
        leaf = self.leaf()
        west, south, east, north = leaf.shape.bounds
        height = self.dice.uniform(south, north)
        line = shapely.LineString([(west - 500, height), (east + 500, height + self.dice.uniform(-300, 300))])
        line = shapely.geometry.mapping(to_degrees(line))
        return self._edit({"op": "split", "targets": [leaf.code], "line": line})

    def merge(self):
        leaf = self.leaf()
        with self.web.store.read() as reader:
            near = [one.code for one in reader.leaves_near(leaf.shape.bounds)
                    if one.fid != leaf.fid and one.parent == leaf.parent and one.shape.intersects(leaf.shape)]
        return self._edit({"op": "merge", "targets": [leaf.code, self.dice.choice(near)], "keep": leaf.code}) if near else None

    def _edit(self, form: dict[str, Any]):
        answer = self.web.post("/api/edits", self.planner, json=form)
        if answer.status_code == 200:
            self.edits.append(answer.json["rev"])
        return answer

    def undo(self):
        return self.web.post(f"/api/edits/{self.edits.pop()}/undo", self.planner) if self.edits else None

    def recount(self, layer: str):
        row = self.row(layer)
        if row is None:
            return None
        number = self.dice.choice((None, 0, self.dice.randint(1, 40)))
        changes = {"households": number, "resident": None if number is None else 2 * number + 1, "version": row["version"],
                   "special": None if number is None else {"minor": self.dice.randint(0, 3)}}
        return self.web.patch(f"/api/{layer}/{row['fid']}", self.planner, json=changes)

    def build(self):
        leaf = self.leaf()
        spot = to_degrees(shapely.point_on_surface(leaf.shape))
        house = shapely.geometry.mapping(shapely.box(spot.x - 3e-5, spot.y - 3e-5, spot.x + 3e-5, spot.y + 3e-5))
        return self.web.post("/api/buildings", self.planner, json={
            "name": "新楼", "geometry": house, "households": self.dice.randint(0, 9), "resident": 3, "special": {"minor": 1}})


_DO = {
    "propose": ZoneWorker.propose,
    "approve": lambda self: self.act("proposed", "approve", {}),
    "reject": lambda self: self.act("proposed", "reject", {"reason": "过大"}),
    "withdraw": lambda self: None if (fid := self.zone("proposed")) is None else self.web.delete(f"/api/zones/{fid}", self.planner),
    "lift": lambda self: self.act("in_force", "lift", {"reason": "期满", "order_no": "3"}),
    "ask": lambda self: self.act("in_force", "lift", {"reason": "期满"}, self.planner),
    "extend": ZoneWorker.extend,
    "upgrade": lambda self: self.act("in_force", "upgrade", {"kind": "lockdown", "reason": "新增", "order_no": "4"}),
    "split": ZoneWorker.split,
    "merge": ZoneWorker.merge,
    "undo": ZoneWorker.undo,
    "house": lambda self: self.recount("buildings"),
    "stairwell": lambda self: self.recount("units"),
    "cell": lambda self: self.recount("cells"),
    "new house": ZoneWorker.build,
}
