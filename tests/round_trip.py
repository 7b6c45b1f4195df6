"""Areas there and back: through a format, an encoding and a CRS, snapped to the grid again, and compared with the store."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyproj
import shapely

from geodata import crs
from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from geodata.formats import FORMATS
from geodata.handover import verify
from geodata.store import Store
from geodata.values import is_empty
from layers.areas import as_multi, to_units

WAYS = [(format.id, encoding, system) for format in FORMATS.values() for encoding in format.encodings
        for system in (format.crs or crs.EXPORTS)]  # fmt: skip


def some_ways(number: int | None, seed: int = 5) -> list[tuple[str, str, str]]:
    """All ways (None), or so many: each format in each encoding at least once, in different systems."""
    if number is None:
        return WAYS
    dice = random.Random(seed)
    first = {way[:2]: way for way in dice.sample(WAYS, len(WAYS))}
    return [*first.values(), *dice.sample(WAYS, len(WAYS))][:max(number, len(first))]


def there_and_back(store: Store, cache: CoverageCache, way: tuple[str, str, str], folder: Path) -> int:
    """Writes all leaves, as a package where it is one, reads them and compares: count, codes, names, people, and every
    border unit by unit, so that the coverage is as exact as it was. Answers the rows."""
    format, encoding, system = way
    path = folder / f"areas{FORMATS[format].suffixes[0]}"
    path.unlink(missing_ok=True)
    answer = export(cache, Request("areas", format, system, encoding, receiver="往返", purpose="核对"), path)
    if format == "shapefile":
        assert verify(path, answer["sha256"])["rows"] == answer["rows"]
    frame = FORMATS[format].read(path, None, None)
    if not FORMATS[format].table:  # a table does not say
        assert pyproj.CRS(frame.crs).to_epsg() == int(system[5:]), frame.crs
    back = pyproj.Transformer.from_crs(system, "EPSG:4490", always_xy=True)
    short = {"code": "WGBM", "name": "WGMC", "households": "HS", "population": "RKS"} if FORMATS[format].ascii_names else {}
    column = lambda name: frame[short.get(name, name)]  # noqa: E731
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
    assert len(frame) == answer["rows"] == len(leaves)
    place = {str(code): row for row, code in enumerate(column("code"))}  # a spatial index gives the rows an order of its own
    order = [place[leaf.code] for leaf in leaves]
    assert [column("name").iloc[row] for row in order] == [leaf.name for leaf in leaves]
    for name, index in (("households", None), ("population", cache.rules.population_kind)):
        theirs = [None if is_empty(value) else int(float(value)) for value in column(name).iloc[order]]
        counts = [cache.nodes[leaf.fid].counts for leaf in leaves]
        assert theirs == [one.households if index is None else one.people(index) for one in counts], f"{way}: {name}"
    shapes = shapely.transform(np.asarray(frame.geometry, dtype=object)[order], lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))
    big = [row for row, shape in enumerate(shapes) if shape is None]
    assert not big or format == "xlsx", "only a cell of a sheet is too small for a shape"
    for row, leaf in enumerate(leaves):
        if row not in big:
            assert shapely.normalize(as_multi(to_units(shapes[row]))) == shapely.normalize(leaf.shape), f"{way}: {leaf.code}"
    return answer["rows"]
