"""A town on real ground that has an OpenStreetMap extract: the blocks between the streets of Helsinki as micro-grids."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import shapely

from tests.tainan import weige

STREETS = ("primary", "secondary", "tertiary", "residential", "unclassified", "pedestrian")
SMALLEST_M2 = 1_500  # smaller pieces of ground (traffic islands) join a neighbour
_PLANE = "EPSG:3067"


def extract(data: Path) -> Path:
    """The extract among the real data."""
    return data / "osm_pbf" / "Helsinki.osm.pbf"


def plant_helsinki(url: str, data: Path, folder: Path) -> int:
    """Writes the blocks as micro-grids of four communities into a fresh store; answers how many. Households are
    invented: three on each floor of a building whose number of floors is known, else eight a building."""
    frame = blocks(data)
    file = folder / "blocks.geojson"
    file.write_text(frame.to_json())
    code, answer = weige(url, "import", str(file), "--layer", "areas", "--level", "micro_grid", "--parent", "community=community",
                         "--parent", "town=town", "--parent-name", "community=community_name", "--parent-name", "town=town_name",
                         "--crs", "EPSG:4326", "--repair")  # fmt: skip
    assert code == 0, json.dumps(answer)[:500]
    return answer["written"]


def blocks(data: Path) -> geopandas.GeoDataFrame:
    """Code, name, community and households of every block, in degrees."""
    path = extract(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ways = pyogrio.read_dataframe(path, layer="lines", columns=["highway"]).to_crs(_PLANE)
        houses = pyogrio.read_dataframe(path, layer="multipolygons", columns=["building", "other_tags"], on_invalid="ignore",
                                        where="building IS NOT NULL")  # fmt: skip
    streets = ways[ways["highway"].isin(STREETS)].geometry.to_numpy()
    edge = shapely.convex_hull(shapely.union_all(streets)).buffer(-20)
    lines = shapely.node(shapely.union_all([*shapely.intersection(streets, edge), edge.exterior]))
    ground = np.array(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))))
    ground = _joined(ground)
    houses = houses[houses.geometry.notna()].to_crs(_PLANE)
    floors = houses["other_tags"].str.extract(r'"building:levels"=>"(\d+)"', expand=False).astype(float).fillna(8 / 3)
    tree = shapely.STRtree(shapely.point_on_surface(houses.geometry.to_numpy()))
    block, house = tree.query(ground, predicate="contains")
    households = np.bincount(block, weights=floors.to_numpy()[house] * 3, minlength=len(ground)).round().astype(int)
    centres = shapely.get_coordinates(shapely.centroid(ground))
    quarter = (centres[:, 0] > np.median(centres[:, 0])) * 1 + (centres[:, 1] < np.median(centres[:, 1])) * 2
    rows = geopandas.GeoDataFrame({
        "code": [f"H{number + 1:03d}" for number in range(len(ground))], "name": [f"H{number + 1:03d}" for number in range(len(ground))],
        "households": households, "population": households * 2, "community": [f"C{number + 1}" for number in quarter],
        "community_name": [f"{'西东'[number % 2]}{'北南'[number // 2]}社区" for number in quarter], "town": "T", "town_name": "赫尔辛基",
    }, geometry=ground, crs=_PLANE)  # fmt: skip
    return rows.to_crs("EPSG:4326")


def _joined(ground: np.ndarray) -> np.ndarray:
    """Small pieces joined to the neighbour with the longest common border."""
    ground = list(ground)
    while True:
        small = min(range(len(ground)), key=lambda one: ground[one].area)
        if ground[small].area >= SMALLEST_M2:
            return np.array(ground, object)
        piece = ground.pop(small)
        border = [shapely.intersection(piece.boundary, other.boundary).length for other in ground]
        host = int(np.argmax(border))
        ground[host] = shapely.union(ground[host], piece)
