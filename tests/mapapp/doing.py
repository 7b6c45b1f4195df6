"""What people do in tests of the web: cuts, edits, zones, packages, grants; each answers what to name it by."""

from __future__ import annotations

from itertools import count

import shapely
from sqlalchemy import insert

from geodata import account_book as book
from geodata.account_tables import ACCOUNTS, GRANTS
from geodata.schema import JOBS
from layers.areas import to_degrees
from layers.population import inner_point
from tests.mapapp.web import PASSWORD, PLACES, Web

NUMBERS = count(1)


def code(place: str) -> str:
    return PLACES[place]


def across(web: Web, place: str) -> dict:
    """A line through the middle of the leaf and well over its borders on both sides."""
    with web.store.read() as reader:
        shape = reader.area("11" if place == "above" else code(place)).shape
    middle = inner_point(shape)
    west, south, east, north = shape.bounds
    line = to_degrees(
        shapely.LineString([(west - 2000, middle.y), (east + 2000, middle.y)]).intersection(shape.buffer(300))
    )
    return shapely.geometry.mapping(line)


def split(web: Web, place: str, who: str) -> dict:
    return {"op": "split", "targets": [code(place)], "line": across(web, place)}


def round_at(web: Web, place: str) -> str:
    return web.post("/api/rounds", "chief", json={"kind": "survey", "area": code(place)}).json["id"]


def zone_at(web: Web, place: str, who: str | None, status: str = "proposed", kind: str = "lockdown") -> int:
    def make(tx):
        area = tx.area(code(place))
        return tx.insert(
            "zones",
            [
                {
                    "code": f"Z{next(NUMBERS)}",
                    "name": "封控",
                    "kind": kind,
                    "status": status,
                    "members": {"areas": []},
                    "proposed_by": who,
                    "area": area.fid,
                    "geom": to_degrees(area.shape),
                }
            ],
        )[0]

    return web.store.attempt("test", "propose zone", make)


def withdrawn(web: Web, place: str, who: str) -> int:
    fid = zone_at(web, place, who)
    web.store.attempt(who, "withdraw zone", lambda tx: tx.delete("zones", fid))
    return fid


def edit_at(web: Web, place: str, who: str) -> int:
    def make(tx):
        fid = tx.area(code(place)).fid
        tx.update("areas", fid, {"note": f"note {next(NUMBERS)}"})
        tx.touched["areas"].add(fid)
        return tx.new_rev

    return web.store.attempt(who, "change area", make)


def person_at(web: Web, place: str) -> int:
    return web.store.attempt(
        "test",
        "add staff",
        lambda tx: tx.insert("staff", [{"name": "王某", "role": "volunteer", "area": tx.area(code(place)).fid}])[0],
    )


def post_at(web: Web, place: str) -> int:
    """A post; over the whole town it stands in one of its leaves."""

    def make(tx):
        area = tx.area(PLACES["inside"] if place == "above" else code(place))
        return tx.insert("checkpoints", [{"name": "东门", "area": area.fid, "areas": [area.fid], "geom": to_degrees(inner_point(area.shape))}])[0]

    return web.store.attempt("test", "add checkpoints", make)


def version(web: Web, layer: str, fid: int) -> int:
    with web.store.read() as reader:
        return reader.row(layer, fid)["version"]


def job(web: Web, who: str, kind: str = "export") -> str:
    number, held = f"job{next(NUMBERS)}", web.app.extensions["weige"]
    (held.jobs.folder / f"{number}.csv").write_bytes(b"code\n")
    with web.store.write("test", "export") as tx:
        tx.connection.execute(
            insert(JOBS).values(
                id=number,
                kind=kind,
                actor=who,
                state="done",
                progress=1.0,
                text="",
                args={"layer": "areas"},
                result={"file": f"{number}.csv", "rows": 1, "rev": 1},
                created_at=tx.at,
                changed_at=tx.at,
            )
        )
    return number


def polygon(web: Web, place: str) -> dict:
    with web.store.read() as reader:
        return shapely.geometry.mapping(to_degrees(reader.area(code(place)).shape.buffer(-500)))


def spot(web: Web, place: str) -> dict:
    with web.store.read() as reader:
        return shapely.geometry.mapping(to_degrees(inner_point(reader.area(code(place)).shape)))


def area_version(web: Web, place: str) -> int:
    with web.store.read() as reader:
        return reader.area(code(place)).version


def grant(web: Web, name: str, role: str, *areas: str) -> str:
    with web.store.read() as reader:
        web.accounts.add(name, PASSWORD, [(role, reader.area(area).fid, reader.rev) for area in areas])
    web.tokens[name] = web.accounts.new_token(name, 1)
    return name


def account_at(web: Web, place: str) -> str:
    """A viewer of that place; made with a cheap hash, for a table makes hundreds."""
    name = f"somebody {next(NUMBERS)}"
    with web.store.read() as reader, web.accounts.write() as connection:
        connection.execute(insert(ACCOUNTS).values(name=name, label=name, password="-", created_at=web.accounts.now()))
        connection.execute(
            insert(GRANTS).values(account=name, role="viewer", area=reader.area(code(place)).fid, rev=reader.rev)
        )
    return name


def token_at(web: Web, place: str) -> str:
    """The address of a token of such an account."""
    name = account_at(web, place)
    web.accounts.new_token(name, 1, "QGIS")
    return f"/api/accounts/{name}/tokens/{book.entry(web.accounts, name).tokens[0]['id']}"
