"""The main job on real data: Tainan goes in by the exact command; redraws at random through the store."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from geodata import committing, redrawing, undoing
from geodata.coverage_cache import CoverageCache
from geodata.store import Store
from layers.areas import Area
from layers.errors import WeigeError
from mapapp.cli import main
from tests.geodata.forms import form_at
from tests.layers.random_edits import KINDS

COMMAND = ("--source-layer base_area --layer areas --level micro_grid --field code=CODEBASE --field households=H_CNT "
           "--field population=P_CNT --parent grid=CODE1 --parent community=CODE2 --parent county=TOWN_ID --parent city=COUNTY_ID "
           "--parent-name county=TOWN --repair --json").split()


def weige(url: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Runs one command with --json; its exit code and answer."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["--store", url, *arguments, *([] if "--json" in arguments else ["--json"])])
    return code, json.loads(out.getvalue())


def import_tainan(url: str, data: Path) -> dict[str, Any]:
    """Tainan into a fresh store by the command of architecture.md section 6."""
    code, answer = weige(url, "import", str(data / "tainan_microgrids" / "tainan.gpkg"), *COMMAND)
    assert code == 0, answer
    return answer


@dataclass
class Tally:
    """What became of random redraws through the store."""

    accepted: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    special: int = 0  # accepted edits on a seam of parents, a hole, an island or an area of several parts

    @property
    def total(self) -> int:
        return sum(self.accepted.values())


def redraw_at_random(store: Store, accepted: int, seed: int = 1, top: str = "67000") -> Tally:
    """Redraws of every kind and undos until `accepted` were written. After each the totals of the top area are compared to the
    person; a refused one must have written nothing."""
    dice, tally = random.Random(seed), Tally()
    cache = CoverageCache(store, tiles=False)
    cache.sync()
    before = _people(cache, top)
    leaves = [node.fid for node in cache.nodes.values() if node.leaf]
    hard = _hard_places(store)
    last: int | None = None
    while tally.total < accepted:
        op = dice.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        rev = cache.rev
        try:
            if op == "undo":
                if last is None:
                    continue
                store.attempt("tester", "undo", lambda tx, edit=last: undoing.undo(tx, edit))
                last = None
            else:
                with store.read() as reader:
                    fid = dice.choice(hard if dice.random() < 0.5 else leaves)
                    leaf = reader.areas([fid]).get(fid)
                    if leaf is None or not leaf.leaf:
                        continue
                    form = form_at(reader, dice, op, leaf)

                def change(tx, form=form):
                    made = redrawing.draft(tx, form)
                    committing.save(tx, made)
                    return made
                made = store.attempt("tester", op, change, form=form)
                tally.special += _special(store, made)
                last = store.head()[0]
        except WeigeError as error:
            assert error.code != "error", error
            tally.refused[f"{op}: {error.code}"] += 1
            assert store.head()[0] == rev, "a refused edit wrote something"
            continue
        tally.accepted[op] += 1
        cache.sync()
        assert _people(cache, top) == before, f"{op} at revision {cache.rev} lost people"
        if tally.total % 50 == 0:
            leaves = [node.fid for node in cache.nodes.values() if node.leaf]
    return tally


def _hard_places(store: Store) -> list[int]:
    """Leaves at a district's border, with a hole or of several parts."""
    with store.read() as reader:
        areas = reader.all_areas()
    leaves = [area for area in areas if area.leaf]
    tree = shapely.STRtree([area.shape for area in leaves])
    borders = [shapely.boundary(area.shape) for area in areas if area.level == "county"]
    found = {leaves[k].fid for border in borders for k in tree.query(border, predicate="intersects")}
    found |= {area.fid for area in leaves if len(area.shape.geoms) > 1 or any(part.interiors for part in area.shape.geoms)}
    return sorted(found)


def _people(cache: CoverageCache, top: str) -> tuple:
    counts = cache.nodes[cache.codes[top]].counts
    return (*counts.values, tuple(sorted((counts.special or {}).items())))


def _special(store: Store, made: redrawing.Draft) -> bool:
    """True when the edit touches a seam of parents, a hole, an island or an area of several parts."""
    areas = (*made.edit.before, *made.edit.after)
    if any(len(area.shape.geoms) > 1 or any(part.interiors for part in area.shape.geoms) for area in areas):
        return True
    with store.read() as reader:
        return any(_at_seam(reader, area) for area in made.edit.before)


def _at_seam(reader, area: Area) -> bool:
    """True when another district lies along the border: its county-level parent differs."""
    county = area.path.split("/")[2:3]
    for other in reader.leaves_near(area.shape.bounds):
        if other.path.split("/")[2:3] != county and shapely.intersects(other.shape, area.shape):
            return True
    return False
