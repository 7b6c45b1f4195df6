"""Stores for tests: both kinds, the little town settled with people in them, their dump, and random work on them."""

from __future__ import annotations

import json
import random
import secrets
import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import geopandas
import msgspec
import numpy as np
import psycopg
import shapely
from sqlalchemy import select

from geodata.facts import leaf_counts
from geodata.importer import leaf_at, write_frame
from geodata.incoming import Options
from geodata.planting import plant
from geodata.rows import Reader
from geodata.schema import HISTORY, TABLES, metadata
from geodata.store import Store
from geodata.transaction import Transaction
from layers.areas import Area, to_degrees, to_units
from layers.population import KINDS, point_of, total
from layers.rules import Rules
from tests.layers.little_town import little_town

_SETTINGS = tomllib.loads((Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8"))
RULES = msgspec.convert(
    {key: _SETTINGS[key] for key in ("levels", "norms", "roles", "special_groups", "metrics")}
    | {"profile": _SETTINGS["profiles"]["epidemic-covid-v8"]},
    Rules,
)
KINDS_OF_STORE = ("gpkg", "postgis")
BUILT = ("community-2", "community-5")  # people live in buildings here, in census cells elsewhere
GROUPS = ("alone_elderly", "dialysis", "minor")


class Clock:
    """A clock that stands still until it is told: every store sees the same time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> None:
        self.now += timedelta(seconds=1)


def open_store(url: str, clock: Clock | None = None, **options: Any) -> Store:
    """A new or existing store; SQLite does not wait for the disk."""
    return Store.open(url, RULES, create=True, clock=clock or Clock(), **({"synchronous": "NORMAL", "busy_timeout_s": 120} | options))


def copy_of(url: str, folder: Path) -> str:
    """The URL of a copy of a closed GeoPackage store."""
    target = folder / f"{secrets.token_hex(4)}.gpkg"
    target.write_bytes(Path(url.removeprefix("gpkg://")).read_bytes())
    target.chmod(0o600)
    return f"gpkg://{target}"


def keep_pristine(url: str) -> None:
    """Keeps the rows of a PostGIS store beside it, for `restore_pristine`: much quicker than a new database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA pristine")
        for name in _tables():
            connection.execute(f'CREATE TABLE pristine."{name}" AS TABLE public."{name}"')


def restore_pristine(url: str) -> None:
    """Everything as it was when `keep_pristine` looked."""
    names = _tables()
    script = "TRUNCATE " + ", ".join(f'"{name}"' for name in names) + ";"
    script += "".join(f'INSERT INTO "{name}" SELECT * FROM pristine."{name}";' for name in names)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script)
        connection.execute("SELECT setval(pg_get_serial_sequence('history', 'hid'), max(hid)) FROM history")


def _tables() -> list[str]:
    return [*metadata.tables, "weige_schema"]


# --- the little town with people ---------------------------------------------------------------------------------
def leaves_frame() -> geopandas.GeoDataFrame:
    """The leaves of the little town as a file would hold them: code, name, codes of the areas above."""
    town = {area.fid: area for area in little_town()}
    leaves = [area for area in town.values() if area.leaf]
    return geopandas.GeoDataFrame(
        {
            "code": [leaf.code for leaf in leaves],
            "name": [f"微网格{leaf.code}" for leaf in leaves],
            "community": [town[leaf.parent].code for leaf in leaves],
            "community_name": [f"社区{leaf.parent}" for leaf in leaves],
            "city": ["town"] * len(leaves),
        },
        geometry=list(to_degrees(np.array([leaf.shape for leaf in leaves], dtype=object))),
        crs="EPSG:4490",
    )


def plant_leaves(store: Store) -> Store:
    """The areas of the little town and nothing else."""
    parents, names = {"community": "community", "city": "city"}, {"community": "community_name"}
    plant(store, leaves_frame(), Options("areas", level="micro_grid", parents=parents, parent_names=names), "tester", "town")
    return store


def settle(store: Store, seed: int = 1) -> Store:
    """Plants the little town: buildings with stairwells in two communities (some on borders, some uncounted), census
    cells in the others (some unknown, one across three leaves), staff, gates, addresses, places, streets."""
    plant_leaves(store)
    dice = random.Random(seed)
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
        codes = {area.fid: area.code for area in reader.all_areas()}
    built = [leaf for leaf in leaves if codes[leaf.parent] in BUILT]
    write_frame(store, _cells([leaf for leaf in leaves if leaf not in built], dice), Options("cells"), "tester", "cells")
    with store.write("tester", "demo") as tx:
        _buildings(tx, built, dice)
        _staff(tx, leaves, dice)
        _things(tx, leaves, dice)
    return store


def _cells(leaves: list[Area], dice: random.Random) -> geopandas.GeoDataFrame:
    shared, rows = leaves[:3], []
    for k, leaf in enumerate(leaves[3:]):
        known = k % 5 != 0
        rows.append({"code": f"C{leaf.code}", "geometry": to_degrees(leaf.shape), **counts_of(dice, known)})
    ground = shapely.union_all([to_degrees(leaf.shape) for leaf in shared])
    rows.append({"code": "C-shared", "geometry": ground, **counts_of(dice, True)})
    return geopandas.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def counts_of(dice: random.Random, known: bool = True) -> dict[str, Any]:
    """Random counts as a file holds them."""
    if not known:
        return {"households": None, "resident": None, "special": None}
    households = dice.randint(5, 70)
    return {
        "households": households,
        "resident": int(households * dice.uniform(1.8, 3.1)),
        "registered": dice.choice((None, households)),
        "special": json.dumps({group: dice.randint(1, 9) for group in dice.sample(GROUPS, dice.randint(0, 3))}) if dice.random() < 0.7 else None,
        "source": "走访",
        "counted_at": f"2026-01-{dice.randint(1, 28):02d}",
    }


def house(at: tuple[float, float], size: float = 400, turn: float = 0.4) -> shapely.MultiPolygon:
    """An oblique house, degrees, around a point in units: point-symmetric, so `at` is its centroid."""
    way = np.array([np.cos(turn), np.sin(turn)]) * size
    side = np.array([-way[1], way[0]]) * 0.6
    corners = [np.round(a * way + b * side) for a, b in ((1, 1), (-1, 1))]
    ring = [*corners, *(-corner for corner in corners)]
    return shapely.MultiPolygon([to_degrees(shapely.Polygon(np.round(at) + np.array(ring)))])


def _buildings(tx: Transaction, leaves: list[Area], dice: random.Random) -> None:
    spots = [(leaf, spot) for leaf in leaves for spot in inside(leaf, dice, 3)]
    corners = [(leaf, shapely.get_coordinates(leaf.shape)[0]) for leaf in leaves[::4]]  # exactly on a common vertex
    rows, points = [], []
    for k, (_, spot) in enumerate([*spots, *corners]):
        shape = house(spot, dice.uniform(250, 600), dice.uniform(0, 3))
        rows.append(
            {
                "geom": shape,
                "code": f"B{k:03d}",
                "name": f"{k + 1}号楼",
                "kind": "apartment",
                "floors": dice.choice((None, 2, 6, 18)),
                **plain(counts_of(dice, k % 11 != 0)),
            }
        )
        points.append(to_units(point_of(shape)))
    for row, area in zip(rows, leaf_at(leaves, points), strict=True):
        row["area"] = area
    fids = tx.insert("buildings", rows)
    units = []
    for fid, row in list(zip(fids, rows, strict=True))[::5]:
        for number in (1, 2):
            units.append(
                {
                    "geom": point_of(row["geom"]),
                    "code": f"{row['code']}-{number}",
                    "name": f"{number}单元",
                    "building": fid,
                    "area": row["area"],
                    **plain(counts_of(dice)),
                }
            )
    tx.insert("units", units)


def plain(counts: dict[str, Any]) -> dict[str, Any]:
    """The same as a row holds them."""
    return counts | {"special": json.loads(counts["special"]) if counts["special"] else None}


def inside(leaf: Area, dice: random.Random, number: int) -> list[np.ndarray]:
    """Points in units inside a leaf, away from its border."""
    core = leaf.shape.buffer(-900)
    core = core if not core.is_empty else leaf.shape
    west, south, east, north = core.bounds
    found: list[np.ndarray] = []
    while len(found) < number:
        spot = np.array([dice.uniform(west, east), dice.uniform(south, north)]).round()
        if core.contains(shapely.Point(spot)):
            found.append(spot)
    return found


def _staff(tx: Transaction, leaves: list[Area], dice: random.Random) -> None:
    team = tx.insert("teams", [{"name": "一组", "area": leaves[0].parent}])[0]
    tx.insert(
        "staff",
        [
            {
                "name": f"王{k}",
                "role": dice.choice(("micro_leader", "volunteer", "building_head")),
                "area": leaf.fid,
                "team": team,
                "phone": "13900000000",
            }
            for k, leaf in enumerate(leaves[::2])
        ],
    )
    tx.insert("staff", [{"name": "李书记", "role": "grid_worker", "area": leaves[0].parent}])


def _things(tx: Transaction, leaves: list[Area], dice: random.Random) -> None:
    spots = [(leaf, spot) for leaf in leaves for spot in inside(leaf, dice, 1)]
    point = lambda spot: to_degrees(shapely.Point(spot))  # noqa: E731
    tx.insert("gates", [{"geom": point(spot), "kind": "person", "state": "open", "area": leaf.fid} for leaf, spot in spots])
    tx.insert(
        "addresses",
        [{"geom": point(spot), "text": f"和平路{k}号", "area": leaf.fid} for k, (leaf, spot) in enumerate(spots)],
    )
    tx.insert(
        "places",
        [{"geom": point(spot), "name": f"菜场{k}", "kind": "market", "area": leaf.fid} for k, (leaf, spot) in enumerate(spots[::7])],
    )
    tx.insert(
        "checkpoints",
        [{"geom": point(spot), "name": f"卡口{k}", "area": leaf.fid} for k, (leaf, spot) in enumerate(spots[::9])],
    )
    tx.insert(
        "estates",
        [{"geom": house(spot, 3000), "name": f"小区{k}", "kind": "old", "area": leaf.fid} for k, (leaf, spot) in enumerate(spots[::8])],
    )
    tx.insert(
        "barriers",
        [
            {
                "geom": shapely.MultiLineString([shapely.get_coordinates(house(spot, 3000))[:3]]),
                "kind": "wall",
                "area": leaf.fid,
            }
            for leaf, spot in spots[::8]
        ],
    )
    line = shapely.MultiLineString([to_degrees(shapely.LineString([spot for _, spot in spots[:3]]))])
    tx.insert("roads", [{"geom": line, "name": "和平路", "kind": "main"}])
    tx.insert("water", [{"geom": to_degrees(leaves[0].shape), "name": "东湖", "kind": "lake"}])


# --- looking -----------------------------------------------------------------------------------------------------
def dump(store: Store, *, normal: bool = True) -> dict[str, list[tuple]]:
    """Every table but jobs, as plain values in the order of keys; geometry as WKB (normalized unless told otherwise)."""
    with store.read() as reader:
        return {name: _dumped(reader, table, normal) for name, table in metadata.tables.items() if name != "jobs"}


def _dumped(reader: Reader, table, normal: bool) -> list[tuple]:
    columns = [column for column in table.c if column.name != "hid"]  # a roll-back leaves holes in hid
    order = [HISTORY.c.hid] if table is HISTORY else list(table.primary_key)
    return [tuple(_plain_value(value, normal) for value in row) for row in reader.connection.execute(select(*columns).order_by(*order))]


def _plain_value(value: Any, normal: bool) -> Any:
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(shapely.normalize(value) if normal else value, hex=True, byte_order=1)
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, (dict, list)) else value


def content(store: Store, layers: tuple[str, ...] = tuple(TABLES)) -> dict[tuple[str, int], dict[str, Any]]:
    """What lives now, by (layer, fid), without version and rev; geometry as exact bytes."""
    with store.read() as reader:
        return {
            (layer, row["fid"]): {name: _plain_value(value, False) for name, value in row.items() if name not in ("version", "rev")}
            for layer in layers
            for row in reader.each(layer)
        }


def numbers(store: Store) -> dict[tuple[str, int], tuple[int, int]]:
    """(version, rev) of what lives now."""
    with store.read() as reader:
        return {(layer, row["fid"]): (row["version"], row["rev"]) for layer in TABLES for row in reader.each(layer, geometry=False)}


def people(store: Store) -> dict[str, Any]:
    """Everybody: each kind, each special group, and how many facts are unknown."""
    with store.read() as reader:
        whole = total(leaf_counts(reader).values())
    return dict(zip(KINDS, whole.values, strict=True)) | {"special": dict(sorted((whole.special or {}).items()))}


def assert_whole(store: Store) -> None:
    """Nothing hangs in the air: owners live, are leaves where they must be, and hold what lies on their ground; each
    cell's shares add up to the cell; the history is complete."""
    with store.read() as reader:
        leaves = {area.fid: area for area in reader.all_areas(leaf=True)}
        everyone = {area.fid for area in reader.all_areas()}
        for layer in ("buildings", "gates", "addresses", "places", "checkpoints", "estates", "barriers"):
            for row in reader.each(layer):
                assert row["area"] in leaves, f"{layer} {row['fid']} belongs to {row['area']}, which is no leaf"
                point = to_units(point_of(row["geom"]))
                off = shapely.distance(leaves[row["area"]].shape, point)
                assert off < 1.5, f"{layer} {row['fid']} lies {off} units off its area {row['area']}"
        owner = {row["fid"]: row["area"] for row in reader.each("buildings", geometry=False)}
        for row in reader.each("units", geometry=False):
            assert row["area"] == owner[row["building"]]
        for layer in ("staff", "teams", "zones"):
            for row in reader.each(layer, geometry=False):
                assert row["area"] is None or row["area"] in everyone, f"{layer} {row['fid']} belongs to {row['area']}, which is gone"
        shares = reader.rows("shares", geometry=False)
        for cell in reader.each("cells", geometry=False):
            held = [share for share in shares if share["cell"] == cell["fid"]]
            assert held and {share["area"] for share in held} <= set(leaves)
            assert len({share["area"] for share in held}) == len(held)
            assert abs(sum(share["weight"] for share in held) - 1) < 1e-9
            for kind in KINDS:
                values = [share[kind] for share in held]
                assert set(values) == {None} if cell[kind] is None else sum(values) == cell[kind], f"cell {cell['fid']}: {kind} {values}"
            for group, number in (cell["special"] or {}).items():
                assert sum((share["special"] or {}).get(group, 0) for share in held) == number


def assert_history(store: Store) -> None:
    """Every live row and every before-image follow on each other without a gap, from the revision that made the row."""
    with store.read() as reader:
        lines: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
        for row in reader.connection.execute(select(HISTORY).order_by(HISTORY.c.hid)):
            lines.setdefault((row.layer, row.fid), []).append((row.rev_from, row.rev_to, row.version))
        revisions = {row["rev"]: row for row in reader.revisions_since(0)}
        assert sorted(revisions) == list(range(1, reader.rev + 1))
        for layer in TABLES:
            for row in reader.each(layer, geometry=False):
                lines.setdefault((layer, row["fid"]), []).append((row["rev"], 0, row["version"]))
    for key, line in lines.items():
        for (_, to, version), (start, _, later) in zip(line, line[1:], strict=False):
            assert start >= to, f"{key}: {line}"
            assert later >= version, f"{key}: its version falls: {line}"
        for start, to, _ in line:
            assert start in revisions and (to == 0 or to in revisions)
