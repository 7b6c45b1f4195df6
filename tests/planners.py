"""Simulated planners: each works in a community of its own over HTTP as the page does, and remembers what it was told.

What a planner remembers is compared with the map afterwards: an edit that was acknowledged and is not there is lost, a
conflict on ground that only one planner redraws is a false one.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import shapely

PASSWORD = "Many-Planners-2026"
SPLIT, MERGE = 0.45, 0.25  # shares of what is done; the rest is taken back
SMALLEST = 2e-7  # square degrees (about 2,000 m2): smaller areas are only merged
PREVIEWS = 2  # before each commit: the pointer moves
WAIT, LEAST_S, MOST_S = 3, 0.125, 0.4  # the page waits so many times as long as the last answer took (static/js/edit/preview.js)


@dataclass
class Planner:
    """One account at work. Owns its picture of the community: code -> (version, shape in degrees)."""

    name: str
    token: str
    community: str
    url: str
    dice: random.Random
    known: dict[str, tuple[int, shapely.Geometry]] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)
    ms: dict[str, list[float]] = field(default_factory=dict)
    rest_s: float = 0
    draw_s: float = 0  # how long the pointer moves before each commit, the page asking all the time; 0: it asks twice

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=300)

    def look(self) -> None:
        """Reads the leaves of the community."""
        self.known = {}
        path = f"/api/areas?level=micro_grid&parent={self.community}&geometry=true&limit=1000"
        while path:
            told = self.http.get(path).raise_for_status().json()
            for area in told["areas"]:
                if area["leaf"]:
                    self.known[area["code"]] = (area["version"], shapely.geometry.shape(area["geometry"]))
            path = told["next"]

    def work(self, until: Callable[[Planner], bool]) -> Planner:
        """Redraws until told to stop. Nobody begins at the stroke of the hour."""
        time.sleep(self.dice.uniform(0, self.draw_s + self.rest_s))
        self.look()
        while not until(self):
            chance = self.dice.random()
            if chance < SPLIT:
                self._draw(self._split())
            elif chance < SPLIT + MERGE:
                self._draw(self._merge())
            else:
                self._undo()
            if self.rest_s:
                time.sleep(self.dice.uniform(0.5, 1.5) * self.rest_s)
        return self

    # ---- what it draws ------------------------------------------------------------------------------------------
    def _split(self) -> dict[str, Any] | None:
        roomy = [code for code in sorted(self.known) if self.known[code][1].area > SMALLEST]
        if not roomy:
            return None
        code = self.dice.choice(roomy)
        version, shape = self.known[code]
        west, south, east, north = shape.bounds
        size, turn = max(east - west, north - south), self.dice.uniform(0, math.pi)
        middle = shapely.point_on_surface(shape)
        ends = [[middle.x + side * size * math.cos(turn), middle.y + side * size * math.sin(turn)] for side in (-1, 1)]
        return {"op": "split", "targets": [code], "line": {"type": "LineString", "coordinates": ends}, "versions": {code: version}}

    def _merge(self) -> dict[str, Any] | None:
        code = self.dice.choice(sorted(self.known))
        shape = self.known[code][1]
        beside = [other for other in sorted(self.known) if other != code
                  and shapely.intersection(self.known[other][1], shape).length > 0]
        if not beside:
            return None
        pair = [code, self.dice.choice(beside)]
        return {"op": "merge", "targets": pair, "keep": code, "versions": {one: self.known[one][0] for one in pair}}

    def _draw(self, form: dict[str, Any] | None) -> None:
        if form is None or not self._moves(form):
            return
        told = self._ask("commit", "/api/edits", form)
        if told is not None:
            self.acknowledged.append(told["rev"])
            self._learn(told["changed"])

    def _moves(self, form: dict[str, Any]) -> bool:
        """Asks what the drawing would do, as the page does while the pointer moves; the last line is kept in the form.
        False when it was refused."""
        ends, until = form.get("line", {}).get("coordinates"), time.monotonic() + self.draw_s
        asked = 0
        while asked < PREVIEWS or time.monotonic() < until:
            began = time.monotonic()
            if ends and asked:
                lon, lat = ends[-1]
                form["line"]["coordinates"] = [*ends[:-1], [lon + self.dice.uniform(-1e-5, 1e-5), lat + self.dice.uniform(-1e-5, 1e-5)]]
            if self._ask("preview", "/api/edits/preview", form) is None:
                return False
            asked += 1
            if self.draw_s:
                time.sleep(min(MOST_S, max(LEAST_S, WAIT * (time.monotonic() - began))))
        return True

    def _undo(self) -> None:
        mine = self.http.get("/api/edits?mine=true&limit=1").raise_for_status().json()["undo"]
        if mine is None:
            return
        told = self._ask("undo", f"/api/edits/{mine['rev']}/undo", {})
        if told is not None:
            self.acknowledged.append(told["rev"])
            self.look()

    def _ask(self, what: str, path: str, form: dict[str, Any]) -> dict[str, Any] | None:
        began = time.perf_counter()
        answer = self.http.post(path, json=form)
        while answer.status_code in (429, 503):
            time.sleep(0.2)
            began = time.perf_counter()
            answer = self.http.post(path, json=form)
        if answer.status_code == 200:
            self.ms.setdefault(what, []).append((time.perf_counter() - began) * 1e3)
            return answer.json()
        told = answer.json()
        self.refused[f"{what} {told['code']}"] += 1
        if answer.status_code != 422:
            self.refused["conflicts"] += 1
            self.last_conflict = (form, told)
        return None

    def _learn(self, changed: Sequence[dict[str, Any]]) -> None:
        for area in changed:
            if area["retired"]:
                self.known.pop(area["code"], None)
            else:
                self.known[area["code"]] = (area["version"], shapely.geometry.shape(area["geometry"]))


def at_work(planners: Sequence[Planner], until: Callable[[Planner], bool]) -> None:
    """All of them at once."""
    with ThreadPoolExecutor(len(planners)) as pool:
        list(pool.map(lambda planner: planner.work(until), planners))


def for_seconds(seconds: float) -> Callable[[Planner], bool]:
    """Stop when the time is over."""
    end = time.monotonic() + seconds
    return lambda planner: time.monotonic() > end


def for_edits(edits: int) -> Callable[[Planner], bool]:
    """Stop after so many acknowledged edits of each."""
    return lambda planner: len(planner.acknowledged) >= edits
