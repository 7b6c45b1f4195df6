"""The demo town into a store: the same doors as any import."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from layers.later import later

from . import zoning
from .importer import write_frame
from .incoming import Options, Progress
from .planting import change_attributes, plant
from .store import Store
from .synthetic import demo_town

pandas = later("pandas")

TOWN = "330299001"
PLANNER = "planner"
REPORTS_ON = f"{TOWN}006002"  # the one grid the demo's grid worker reports on: 32 stairwells
DEMO_CODES = "cn-15-17"
COUNTED_DAYS_AGO = 12  # the demo's counts are always this old: a stale town would be one long warning
# name, password, role, area: printed when the demo starts; a real installation has none of them
ACCOUNTS = ((PLANNER, "Planner-2026", "planner", TOWN), ("commander", "Command-2026", "commander", TOWN),
            ("viewer", "Viewer-2026", "viewer", TOWN), ("admin", "Admin-2026", "admin", TOWN),
            ("reporter", "Reporter-2026", "reporter", REPORTS_ON))
ORDER = ("estates", "buildings", "units", "barriers", "gates", "addresses", "places", "teams", "staff", "roads", "water")
LEVELS = ("county", "town", "community", "grid")


def build_demo(store: Store, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Writes the town of demo.toml; answers what was written."""
    settings = tomllib.loads((Path(__file__).parent / "demo.toml").read_text(encoding="utf-8"))
    progress(0.05, "town")
    zones = settings["zones"]
    town = demo_town(**settings["town"], zones=[(zone["households"], zone["people"]) for zone in zones])
    areas = town.layers["areas"]
    counted = (store.clock() - timedelta(days=COUNTED_DAYS_AGO)).date().isoformat()
    progress(0.4, "areas")
    answer = plant(store, leaves_with_parents(areas), Options(
        "areas", level="micro_grid", parents={level: f"{level}_code" for level in LEVELS},
        parent_names={level: f"{level}_name" for level in LEVELS}), "demo", "demo town")
    upper = pandas.DataFrame(areas[areas["level"] != "micro_grid"].drop(columns=["geometry", "parent"]))
    for field, limit in (("norm_min", "min"), ("norm_max", "max")):
        upper.loc[upper["level"] == "grid", field] = settings["grid_norm"][limit]
    change_attributes(store, upper.drop(columns=["level"]), Options("areas"), "demo", "demo town")
    for step, layer in enumerate(ORDER):
        progress(0.5 + 0.5 * step / len(ORDER), layer)
        frame = town.layers[layer]
        if "counted_at" in frame:
            frame = frame.assign(counted_at=frame["counted_at"].where(frame["counted_at"].isna(), counted))
        answer[layer] = write_frame(store, frame, Options(layer), "demo", f"demo town {layer}")["written"]
    for zone, found in zip(zones, town.notes["zones"]):
        form = {"kind": zone["kind"], "name": zone["name"], "reason": zone["reason"], "areas": found["areas"]}
        with store.write(PLANNER, "demo", note=zone["name"], form=form) as tx:
            zoning.write(tx, zoning.resolve(tx, form), form)
    progress(1.0, "done")
    return answer


def leaves_with_parents(areas):
    """The micro-grids with the codes and names of all areas above them as columns."""
    rows = {row.code: row for row in areas.itertuples()}
    leaves = areas[areas["level"] == "micro_grid"].copy()
    above: dict[str, list] = {f"{level}_{what}": [] for level in LEVELS for what in ("code", "name")}
    for parent in leaves["parent"]:
        while parent:
            row = rows[parent]
            above[f"{row.level}_code"].append(row.code)
            above[f"{row.level}_name"].append(row.name)
            parent = row.parent
    return leaves.drop(columns=["parent", "level"]).assign(**above)
