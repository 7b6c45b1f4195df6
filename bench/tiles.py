"""Tiles over HTTP, zoom by zoom: drawn anew beside tipg, from the cache beside a bare Flask reply, and nothing left out.

All servers run on this machine, one process each, and answer one kept connection in turns, so that a busy moment
meets them alike. Ours is asked for micro-grids at every zoom (`?level=micro_grid`), as the peer knows no other.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
import shapely
from sqlalchemy import or_, select

from geodata.schema import AREAS
from geodata.tile_lattice import to_lattice
from layers.areas import UNITS_PER_DEGREE

from . import serving
from .province import LEAVES, Places
from .report import Aims, number, say, section, spread, table
from .serving import Client, Reply

ZOOMS = range(8, 16)
TILES = 24  # a zoom, under areas picked at random; 8 up to z9
ROUNDS = {8: 5, 9: 8, 10: 8}  # how often each is asked for; 12 from z11 on
SMALL_BYTES, SHOWN_ZOOMS = 300_000, range(0, 11)
CACHED_RATIO = 1.3
Name = tuple[int, int, int]
Ask = Callable[[Name], Reply]


def run(places: Places, aims: Aims) -> None:
    """Measure and print."""
    for place in places.names:
        with section(f"Tiles: {place}"):
            names, count = _names(places, place)
            say(f"\n{count:,} areas of level {LEAVES}.")
            _uncached(places, place, names, aims)
            _cached(places, place, names, aims)


def _names(places: Places, place: str) -> tuple[dict[int, list[Name]], int]:
    """Tiles to ask for by zoom, the same in every run, and how many leaves there are."""
    rng = np.random.default_rng(1)
    with places.open(place) as store, store.read() as reader:
        fids = np.array(reader.connection.execute(select(AREAS.c.fid).where(AREAS.c.leaf.is_(True)).order_by(AREAS.c.fid)).scalars().all())
        picked = list(reader.areas(rng.choice(fids, 200, replace=False).tolist()).values())
    rng.shuffle(picked)
    places_xy = to_lattice(shapely.get_coordinates(shapely.point_on_surface([area.shape for area in picked])))
    names = {}
    for z in ZOOMS:
        found = dict.fromkeys((z, *place) for place in (places_xy >> np.uint32(32 - z)).tolist())
        names[z] = list(found)[: TILES if z > 9 else 8]
    return names, len(fids)


# ---- drawn anew -------------------------------------------------------------------------------------------------------
def _uncached(places: Places, place: str, names: Mapping[int, list[Name]], aims: Aims) -> None:
    with serving.weige(places.url(place), WEIGE_SERVER__TILE_CACHE_MB="0") as ours, _peer(places, place) as peer:
        asks: dict[str, Ask] = {"ours": _ours(ours.client().sign_in())}
        if peer:
            client = peer.client()
            asks |= {
                "tipg": _theirs(client, "areas", "identity"),
                "tipg, packed": _theirs(client, "areas", "gzip"),
                "tipg on 3857": _theirs(client, "areas_3857", "identity"),
            }
        rows = []
        for z in ZOOMS:
            replies = in_turns(asks, names[z], ROUNDS.get(z, 12))
            features = {who: float(np.mean([_features(one) for one in some[: len(names[z])]])) for who, some in replies.items()}
            sizes = [len(reply.body) / 1e3 for reply in replies["ours"]]
            times = {who: spread([reply.ms for reply in some]) for who, some in replies.items()}
            own = times["ours"][0]
            row = [str(z), str(len(names[z])), str(len(sizes)), features["ours"], float(np.mean(sizes)), own, times["ours"][2]]
            if peer:
                ratio, aim = times["tipg"][0] / own, 3 if z <= 11 else 2
                aims.judge(f"uncached tile, {place}, z{z}", f"1/{aim} of tipg", f"1/{ratio:.1f}", ratio >= aim)
                row += [features["tipg"], times["tipg"][0], times["tipg"][2]]
                row += [f"{times[who][0] / own:.1f}" for who in ("tipg", "tipg, packed", "tipg on 3857")]
            rows.append(row)
    columns = ["z", "tiles", "requests", "features", "kB", "p50 ms", "p99 ms"]
    if peer:
        columns += ["tipg features", "tipg p50", "tipg p99", "tipg / ours", "packed / ours", "on 3857 / ours"]
    table(f"{place}: uncached tile over HTTP, micro-grids at every zoom", columns, rows)
    say(
        "\nOurs packed (gzip), as browsers ask, with a label point for every area. tipg unpacked, on the stored "
        "coordinates (EPSG:4490); packed as browsers ask (its level is 6); unpacked on a copy kept in EPSG:3857."
    )


@contextmanager
def _peer(places: Places, place: str) -> Iterator[serving.Served | None]:
    """tipg on the leaves of the same place, with the attributes of our tiles; None without PostgreSQL."""
    if not places.server:
        yield None
        return
    url = places.url(place, "PostGIS")
    columns = "fid, code, name, level, version"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS peer")
        for name, shape, srid in (("areas", "geom", 4490), ("areas_3857", "ST_Transform(geom, 3857)", 3857)):
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS peer.{name} AS SELECT {columns}, {shape}::geometry(MultiPolygon, {srid}) AS geom "
                "FROM areas WHERE leaf ORDER BY fid"
            )
            connection.execute(f"ALTER TABLE peer.{name} ADD PRIMARY KEY (fid)")
            connection.execute(f"CREATE INDEX ON peer.{name} USING gist (geom)")
            connection.execute(f"VACUUM ANALYZE peer.{name}")
    with serving.tipg(url) as served:
        yield served


def _ours(client: Client, query: str = f"?level={LEAVES}") -> Ask:
    return lambda name: client.get(f"/tiles/areas/{name[0]}/{name[1]}/{name[2]}.mvt{query}")


def _theirs(client: Client, name: str, encoding: str) -> Ask:
    return lambda tile: client.get(f"/collections/peer.{name}/tiles/WebMercatorQuad/{tile[0]}/{tile[1]}/{tile[2]}", **{"Accept-Encoding": encoding})


def in_turns(asks: Mapping[str, Ask], names: list[Name], rounds: int) -> dict[str, list[Reply]]:
    """Answers of each to every name, asked one after the other, the first in turn changing; one round to warm up."""
    replies: dict[str, list[Reply]] = {who: [] for who in asks}
    order = list(asks)
    for round_ in range(rounds + 1):
        for name in names:
            order.append(order.pop(0))
            for who in order:
                reply = asks[who](name)
                if reply.status != 200:
                    raise RuntimeError(f"{who} answered {reply.status} for {name}: {reply.body[:300]!r}")
                if round_:
                    replies[who].append(reply)
    return replies


# ---- from the cache ---------------------------------------------------------------------------------------------------
def _cached(places: Places, place: str, names: Mapping[int, list[Name]], aims: Aims) -> None:
    with serving.weige(places.url(place)) as ours, tempfile.TemporaryDirectory() as folder:
        client = ours.client().sign_in()
        for tiles in names.values():
            for name in tiles:
                Path(folder, "-".join(map(str, name))).write_bytes(_ours(client)(name).body)
        with serving.bare(Path(folder)) as bare:
            flask = bare.client()
            asks = {"ours": _ours(client), "flask": lambda name: flask.get("/" + "-".join(map(str, name)))}
            rows, ratios = [], []
            for z in ZOOMS:
                replies = in_turns(asks, names[z], 400 // len(names[z]) + 1)
                own, other = (spread([reply.ms for reply in replies[who]]) for who in asks)
                ratios.append(own[0] / other[0])
                rows.append(
                    (
                        str(z),
                        str(len(replies["ours"])),
                        np.mean([len(reply.body) for reply in replies["ours"]]) / 1e3,
                        own[0],
                        own[2],
                        other[0],
                        other[2],
                        f"{ratios[-1]:.2f}",
                        own[0] - other[0],
                    )
                )
        table(
            f"{place}: cached tile over HTTP",
            (
                "z",
                "requests",
                "kB",
                "p50 ms",
                "p99 ms",
                "bare Flask p50",
                "bare Flask p99",
                "ours / Flask",
                "what ours adds, ms",
            ),
            rows,
        )
        say(
            "\nBoth Flask on the server stack of `weige serve`, the same bytes. Ours also looks for newer commits, finds the session's account "
            "and its rights, and writes the security headers."
        )
        aims.judge(
            f"cached tile, {place}",
            f"{CACHED_RATIO}x of bare Flask",
            f"{min(ratios):.2f}x to {max(ratios):.2f}x",
            max(ratios) <= CACHED_RATIO,
        )
        _whole(places, place, client, aims)


def _whole(places: Places, place: str, client: Client, aims: Aims) -> None:
    """Every tile of the low zooms as the page asks for them: sizes, and whether each area of the level is in one."""
    described = client.get("/tiles/areas.json").json()
    corners = np.array(described["bounds"]).reshape(2, 2) * UNITS_PER_DEGREE
    lattice = to_lattice(corners)
    rows, largest, missing = [], 0, 0
    for z in SHOWN_ZOOMS:
        level = described["level_by_zoom"][str(z)]
        (west, south), (east, north) = (lattice >> np.uint32(32 - z)).tolist() if z else ([0, 0], [0, 0])
        replies = [_ours(client, "")((z, x, y)) for x in range(west, east + 1) for y in range(north, south + 1)]
        shown = {fid for reply in replies for fid in feature_ids(_unpacked(reply), "areas")}
        there = _fids(places, place, level)
        sizes = [len(reply.body) for reply in replies]
        largest, missing = max(largest, *sizes), missing + len(there - shown)
        rows.append((str(z), level, str(len(replies)), f"{len(there):,}", f"{len(there - shown):,}", max(sizes) / 1e3))
    table(
        f"{place}: all tiles of the low zooms as the page asks for them",
        ("z", "level shown", "tiles", "areas of it", "left out", "largest, kB gzip"),
        rows,
    )
    aims.judge(
        f"low zooms, {place}",
        "300 kB, nothing left out",
        f"{number(largest / 1e3)} kB, {missing} left out",
        largest <= SMALL_BYTES and not missing,
    )


def _fids(places: Places, place: str, level: str) -> set[int]:
    """Areas a level shows: those of it, and leaves above it."""
    rules = places.config.rules
    above = [one.id for one in rules.levels[: rules.rank(level)]]
    with places.open(place) as store, store.read() as reader:
        return set(
            reader.connection.execute(
                select(AREAS.c.fid).where(or_(AREAS.c.level == level, AREAS.c.leaf.is_(True) & AREAS.c.level.in_(above)))
            ).scalars()
        )


# ---- reading tiles ----------------------------------------------------------------------------------------------------
def _unpacked(reply: Reply) -> bytes:
    return gzip.decompress(reply.body) if reply.headers.get("content-encoding") == "gzip" else reply.body


def _features(reply: Reply) -> int:
    """Features of the first layer of a tile."""
    return len(next((ids for _, ids in _layers(_unpacked(reply))), ()))


def feature_ids(tile: bytes, layer: str) -> list[int]:
    """Ids of the features of one layer; -1 for a feature without one."""
    return [fid for name, ids in _layers(tile) if name == layer for fid in ids]


def _layers(tile: bytes) -> Iterator[tuple[str, list[int]]]:
    for tag, start, end in _fields(tile, 0, len(tile)):
        if tag == 3:
            parts = list(_fields(tile, start, end))
            name = next(tile[a:b].decode() for field, a, b in parts if field == 1)
            yield (
                name,
                [next((a for field, a, b in _fields(tile, *span) if field == 1 and b is None), -1) for field, *span in parts if field == 2],
            )


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """(field, first byte, last byte) of a protobuf message; a number as (field, number, None)."""

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    while at < end:
        key, at = varint(at)
        value, at = varint(at)
        if key & 7 == 2:
            yield key >> 3, at, at + value
            at += value
        else:
            yield key >> 3, value, None
