"""A place whose communities nobody divided into grids yet: four of them, counted, imported as a street office would."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np

from geodata.demo import ACCOUNTS
from geodata.store import Store
from layers.areas import to_degrees
from mapapp import open_accounts
from mapapp.config import load
from tests.layers.little_town import little_town
from tests.tainan import weige

TOWN, NAMES = "330299001", ("锦澜社区", "桐荫社区", "绣溪社区", "柳幕社区")
COUNTS = ((812, 2103), (640, 1522), (55, 131), (933, 2480))


def make(folder: Path) -> str:
    """Imports the communities into a new store with national codes; the URL. Its planner is that of the demo town."""
    url, file = f"gpkg://{folder / 'communities.gpkg'}", folder / "communities.geojson"
    found = [area for area in little_town() if area.level == "community"]
    geopandas.GeoDataFrame(
        {"code": [f"{TOWN}{area.fid:03d}" for area in found], "name": list(NAMES), "town": TOWN, "town_name": "澄岚街道",
         "households": [households for households, _ in COUNTS], "population": [people for _, people in COUNTS]},
        geometry=list(to_degrees(np.array([area.shape for area in found], dtype=object))), crs="EPSG:4326",
    ).to_file(file)  # fmt: skip
    for words in (("init", "--codes", "cn-15-17"),
                  ("import", str(file), "--layer", "areas", "--level", "community", "--parent", "town=town",
                   "--parent-name", "town=town_name", "--field", "households=households", "--field", "population=population")):  # fmt: skip
        code, answer = weige(url, *words)
        assert code == 0, answer
    store = Store.open(url, load().rules)
    accounts = open_accounts(load(), store)
    accounts.add(*ACCOUNTS[0][:2], [("planner", 1, 2)])
    accounts.close()
    store.close()
    return url
