"""Real buildings and roads as stores: central Shanghai, Nanshan in Shenzhen, Helsinki, Liechtenstein. Each goes in by
`weige import` as one undivided community; households are derived from floor area, for nobody counted them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyogrio
import shapely

from tests.tainan import weige

FEWEST = 30  # buildings of a community
POND_M2 = 20_000  # water that parts no ground
Layers = dict[str, geopandas.GeoDataFrame]
LIVED_IN = {"apartments": "apartment", "residential": "apartment", "house": "house", "detached": "house", "dormitory": "dormitory",
            "farm": "house", "yes": None, "building": None}
OSM_ROADS = {"motorway": "motorway", "trunk": "motorway", "primary": "main", "secondary": "main", "tertiary": "minor", "residential": "minor",
             "unclassified": "minor", "living_street": "minor", "pedestrian": "minor", "service": "service"}


@dataclass(frozen=True, slots=True)
class Town:
    """A set of real data: its plane for metres, and how its files become our layers."""

    plane: str
    read: Callable[[Path, str], Layers]
    usual_floors: int


def plant(url: str, name: str, data: Path, folder: Path) -> dict[str, int]:
    """Writes the town into a fresh store; answers rows by layer."""
    town = TOWNS[name]
    layers = town.read(data, town.plane)
    ground = layers.pop("outlines", None)
    ground = _ground(layers["buildings"], layers.get("water")) if ground is None else ground
    layers["areas"] = geopandas.GeoDataFrame({"code": [f"{name}-{k}" for k in range(1, len(ground) + 1)]}, geometry=ground, crs=town.plane)
    settings = folder / "settings.toml"
    settings.write_text(f"[import]\nusual_floors = {town.usual_floors}\n")
    written = {}
    for layer in ("areas", "roads", "barriers", "water", "buildings"):
        if layer not in layers or not len(layers[layer]):
            continue
        file = folder / f"{name}-{layer}.gpkg"
        layers[layer].to_crs("EPSG:4326").to_file(file, layer=layer, engine="pyogrio")
        more = {"areas": ("--level", "community", "--repair"), "buildings": ("--derive-households", "--height", "height")}.get(layer, ())
        code, answer = weige(url, "--config", str(settings), "import", str(file), "--layer", layer, *more)
        assert code == 0, json.dumps(answer)[:500]
        written[layer] = answer["written"]
    return written


def _ground(houses: geopandas.GeoDataFrame, water: geopandas.GeoDataFrame | None) -> list[shapely.Polygon]:
    """The ground that the buildings stand on, the largest first: a river parts it."""
    around = shapely.concave_hull(shapely.union_all(shapely.buffer(houses.geometry.to_numpy(), 15)), 0.3)
    around = shapely.intersection(shapely.simplify(shapely.buffer(around, 25), 5), shapely.box(*houses.total_bounds))
    if water is not None:
        around = shapely.difference(around, shapely.buffer(shapely.simplify(shapely.union_all(water.geometry.to_numpy()), 1), 0))
    parts = shapely.get_parts(around)
    stand = shapely.point_on_surface(houses.geometry.to_numpy())
    held = np.bincount(shapely.STRtree(parts).query(stand, predicate="within")[1], minlength=len(parts))
    return [parts[k] for k in np.argsort(-held, kind="stable").tolist() if held[k] >= FEWEST]


def _houses(frame: geopandas.GeoDataFrame, kinds: pandas.Series, floors=None, height=None) -> geopandas.GeoDataFrame:
    """Whole buildings that do not lie on one another: of two the larger stands, the other is what it leaves."""
    kinds = kinds.map(lambda kind: LIVED_IN.get(kind, "public"))
    made = geopandas.GeoDataFrame({"kind": kinds, "floors": floors, "height": height}, geometry=shapely.make_valid(frame.geometry.to_numpy()),
                                  crs=frame.crs, index=frame.index)
    made["height"] = pandas.to_numeric(made["height"], errors="coerce")
    made["floors"] = pandas.to_numeric(made["floors"], errors="coerce").round()
    made = made[(made.geom_type.isin(("Polygon", "MultiPolygon"))) & (made.area > 12)]
    made = made.iloc[np.argsort(-made.area.to_numpy(), kind="stable")].reset_index(drop=True)
    shapes = made.geometry.to_numpy().copy()
    for small, big in sorted(shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist()):
        if big < small:
            left = shapely.difference(shapes[small], shapes[big])
            shapes[small] = left if left.area > 0.8 * made.area[small] else shapely.Polygon()
    made["geometry"] = shapes
    made = made.explode(index_parts=False).reset_index(drop=True)
    return made[(made.geom_type == "Polygon") & (made.area > 12)].reset_index(drop=True)


# ---- Shanghai: map tiles put together, one object in pieces ----------------------------------------------------------
def _shanghai(data: Path, plane: str) -> Layers:
    path = data / "shanghai_bund_osm" / "shanghai_bund.gpkg"
    read = lambda layer: geopandas.read_file(path, layer=layer).to_crs(plane)  # noqa: E731
    houses = read("buildings")
    houses = houses[(houses["kind"] == "building") & (houses.geom_type == "Polygon")].copy()
    houses["geometry"] = shapely.make_valid(houses.geometry.to_numpy())
    houses = houses.dissolve("osm_id", aggfunc={"height": "max", "kind_detail": "first"}).explode(index_parts=False).reset_index()
    roads = read("roads")
    tunnel = roads["is_tunnel"].eq("True")
    kinds = roads["kind_detail"].map(OSM_ROADS)
    alley = roads["service"].eq("alley")
    roads = geopandas.GeoDataFrame({"kind": kinds.where(~alley, "path")}, geometry=roads.geometry, crs=plane)[~tunnel & kinds.notna()]
    water = read("water")
    water = water[water.geom_type.isin(("Polygon", "MultiPolygon")) & water["kind"].isin(("water", "riverbank", "river", "canal"))]
    water = water.dissolve("osm_id")
    water = water[water.area > POND_M2]
    water = geopandas.GeoDataFrame({"kind": ["river"]}, geometry=[shapely.union_all(shapely.make_valid(water.geometry.to_numpy()))], crs=plane)
    walls = read("landuse")
    walls = walls[walls["kind"].isin(("wall", "fence")) & walls.geom_type.isin(("LineString", "MultiLineString"))]
    walls = geopandas.GeoDataFrame({"kind": walls["kind"]}, geometry=walls.geometry, crs=plane)
    return {"roads": roads, "water": water, "barriers": walls,
            "buildings": _houses(houses, houses["kind_detail"].fillna("yes"), height=houses["height"])}


# ---- Shenzhen: footprints that merge whole blocks; the graph of its roads is of another district ----------------------
def _shenzhen(data: Path, plane: str) -> Layers:
    houses = geopandas.read_file(data / "shenzhen_buildings_roads" / "nanshan_buildings.gpkg").to_crs(plane)
    return {"buildings": _houses(houses, pandas.Series("yes", index=houses.index), height=houses["height"])}


# ---- extracts of OpenStreetMap ---------------------------------------------------------------------------------------
def _extract(file: str) -> Callable[[Path, str], Layers]:
    def read(data: Path, plane: str) -> Layers:
        path = data / "osm_pbf" / file
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            ways = pyogrio.read_dataframe(path, layer="lines", columns=["highway", "barrier", "waterway", "other_tags"]).to_crs(plane)
            grounds = pyogrio.read_dataframe(path, layer="multipolygons", columns=["building", "other_tags", "admin_level", "boundary"],
                                             on_invalid="ignore")  # fmt: skip
        communes = grounds[(grounds["boundary"] == "administrative") & (grounds["admin_level"] == "8") & grounds.geometry.notna()]
        houses = grounds[grounds["building"].notna()]
        houses = houses[houses.geometry.notna()].to_crs(plane)
        floors = houses["other_tags"].str.extract(r'"building:levels"=>"(\d+)"', expand=False)
        tunnel = ways["other_tags"].fillna("").str.contains('"tunnel"=>"yes"')
        roads = ways[ways["highway"].isin(OSM_ROADS) & ~tunnel]
        walls = ways[ways["barrier"].isin(("wall", "fence"))]
        outlines = {"outlines": list(communes.to_crs(plane).geometry)} if len(communes) else {}
        return outlines | {
                "buildings": _houses(houses, houses["building"], floors=floors),
                "roads": geopandas.GeoDataFrame({"kind": roads["highway"].map(OSM_ROADS)}, geometry=roads.geometry, crs=plane),
                "barriers": geopandas.GeoDataFrame({"kind": walls["barrier"]}, geometry=walls.geometry, crs=plane)}
    return read


TOWNS: dict[str, Town] = {
    "shanghai": Town("EPSG:4549", _shanghai, 5),
    "shenzhen": Town("EPSG:4547", _shenzhen, 6),
    "helsinki": Town("EPSG:3067", _extract("Helsinki.osm.pbf"), 5),
    "liechtenstein": Town("EPSG:2056", _extract("liechtenstein-2013-08-03.osm.pbf"), 2),
}
