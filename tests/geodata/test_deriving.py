"""Buildings nobody counted come in with derived households: marked, estimated in sums, never over a counted number."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from geodata.coverage_cache import CoverageCache
from geodata.deriving import counted_now
from geodata.importer import write_frame
from geodata.incoming import Options
from layers.areas import to_degrees
from layers.dwellings import DERIVED
from layers.errors import BadInput, MissingField


def houses(store, count: int = 3) -> geopandas.GeoDataFrame:
    """Squares of 20 x 20 m on one leaf, with codes."""
    with store.read() as reader:
        spot = reader.area("31").shape.representative_point()
    places = [shapely.box(spot.x + 3000 * k, spot.y, spot.x + 3000 * k + 2000, spot.y + 1800) for k in range(count)]
    shapes = list(to_degrees(np.array(places, dtype=object)))
    return geopandas.GeoDataFrame({"code": [f"D{k}" for k in range(count)]}, geometry=shapes, crs="EPSG:4490")


def rows(store) -> dict[str, dict]:
    with store.read() as reader:
        return {row["code"]: row for row in reader.rows("buildings", geometry=False) if (row["code"] or "").startswith("D")}


def test_derived_numbers_are_marked_and_never_take_the_place_of_counted_ones(town) -> None:
    cache = CoverageCache(town)
    cache.sync()
    assert not cache.figures(cache.by_code("31"))["estimated"]
    frame = houses(town)
    frame["high"] = ["18 m", None, 12.0]
    frame["households"] = [None, None, 7]
    options = Options("buildings", derive=True, height="high")
    told = write_frame(town, frame, options, "tester", "houses")
    (finding,) = [one for one in told["findings"] if one["kind"] == "derived"]
    assert "1 buildings" in finding["text"] and "1 stay unknown" in finding["text"]
    first = rows(town)
    assert first["D0"]["source"] == DERIVED and first["D0"]["households"] > 10
    assert (first["D1"]["source"], first["D1"]["households"]) == (None, None) and (first["D2"]["source"], first["D2"]["households"]) == (None, 7)
    cache.sync()
    leaf = next(node for node in cache.nodes.values() if node.fid == first["D0"]["area"])
    assert cache.figures(leaf)["estimated"]

    frame["high"], frame["households"] = [30.0, 9.0, 30.0], [None, None, None]  # seen again from the air: taller, and no counts
    write_frame(town, frame, options, "tester", "houses")
    again = rows(town)
    assert again["D0"]["households"] > first["D0"]["households"] and again["D0"]["source"] == DERIVED
    assert again["D1"]["source"] == DERIVED and again["D2"]["households"] == 7 and again["D2"]["source"] is None


def test_who_enters_a_number_has_counted() -> None:
    before = {"source": DERIVED, "households": 24}
    assert counted_now({"households": 22}, before) == {"households": 22, "source": None}
    assert counted_now({"name": "x"}, before) == {"name": "x"}
    assert counted_now({"households": 22}, {"source": "census"}) == {"households": 22}


def test_only_buildings_and_columns_there_are(town) -> None:
    with pytest.raises(BadInput):
        write_frame(town, houses(town), Options("places", derive=True), "tester", "houses")
    with pytest.raises(MissingField):
        write_frame(town, houses(town), Options("buildings", derive=True, height="nowhere"), "tester", "houses")
