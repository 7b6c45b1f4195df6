"""An app on a small invented town, with an account for every role; built once, copied for every test that writes.

The ground is the oblique little town of the redraw tests: a county K of two towns, T1 (communities C1 and C2) and T2
(C3 and C4). Whoever holds a role holds it in C1; `mayor`, `chief` and `watcher` hold theirs everywhere, `mixed` is a
planner in C1 who may look at all of K.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas
import shapely
from flask import Flask
from flask.testing import FlaskClient

from geodata.accounts import Accounts
from geodata.dealing import deal_new
from geodata.incoming import Options
from geodata.planting import plant
from geodata.store import Store
from geodata.transaction import Transaction
from layers.areas import as_multi, to_degrees
from layers.population import inner_point
from mapapp import create_app, open_accounts
from mapapp.config import Config, load
from tests.layers.little_town import little_town

PASSWORD = "Little-Town-2026"
COMMUNITY = {2: "C1", 3: "C2", 4: "C3", 5: "C4"}
TOWN = {"C1": "T1", "C2": "T1", "C3": "T2", "C4": "T2"}
CODES = {"24": "河心岛", "63": "6/3"}  # a code in Chinese, and one that needs care in an address
# account -> its (role, area) pairs; "" is everything
PEOPLE = {
    "none": (),
    "viewer": (("viewer", "C1"),),
    "reporter": (("reporter", "C1"),),
    "planner": (("planner", "C1"),),
    "commander": (("commander", "C1"),),
    "auditor": (("auditor", "C1"),),
    "admin": (("admin", "C1"),),
    "mayor": (("planner", "K"),),
    "chief": (("commander", "K"),),
    "watcher": (("viewer", "K"),),
    "mixed": (("planner", "C1"), ("viewer", "K")),
    "neighbour": (("planner", "C2"),),
    "outsider": (("planner", "C3"),),
}
# one leaf per place, seen from C1: plain leaves with neighbours of their own community
PLACES = {"inside": "11", "sibling": "41", "above": "T1", "other": "23"}
NAMES = {"inside": "林一", "sibling": "林二", "other": "林三"}  # of persons: never in a tile
PHONE = "13900000"
UNKNOWN = "20"  # a leaf nobody counted
CELL = "12"  # a leaf counted by a cell, not by its houses


def settings(**environment: str) -> Config:
    """The defaults, without a limit on requests."""
    return load(environ={"WEIGE_SERVER__RATE_LIMIT": "", "WEIGE_SERVER__SIGN_IN_LIMIT": "1000/minute", **environment})


@dataclass
class Web:
    """A running app: `get`, `post`, `patch`, `delete` speak as an account with its token, `page` opens a browser."""

    store: Store
    app: Flask
    accounts: Accounts
    config: Config
    tokens: dict[str, str]
    fids: dict[str, dict[str, int]] = field(default_factory=dict)  # layer -> place -> fid

    def get(self, path: str, as_: str | None = "mayor", **options: Any):
        return self.ask("GET", path, as_, **options)

    def post(self, path: str, as_: str | None = "mayor", json: Any = None, **options: Any):
        return self.ask("POST", path, as_, json={} if json is None else json, **options)

    def patch(self, path: str, as_: str | None = "mayor", **options: Any):
        return self.ask("PATCH", path, as_, **options)

    def delete(self, path: str, as_: str | None = "mayor", **options: Any):
        return self.ask("DELETE", path, as_, **options)

    def ask(self, method: str, path: str, as_: str | None = "mayor", headers: Mapping[str, str] = {}, **options: Any):
        """One request, with the token of an account (None: nobody's)."""
        token = {} if as_ is None else {"Authorization": f"Bearer {self.tokens[as_]}"}
        return self.app.test_client().open(path, method=method, headers={**token, **headers}, **options)

    def page(self, account: str | None = None) -> Browser:
        """A browser, signed in when an account is named."""
        browser = Browser(self.app.test_client())
        if account:
            assert browser.sign_in(account).status_code == 302
        return browser

    def area(self, code: str, as_: str = "mayor") -> dict[str, Any]:
        answer = self.get("/api/areas/" + code, as_)
        assert answer.status_code == 200, answer.text
        return answer.json

    @property
    def rev(self) -> int:
        return self.store.head()[0]

    def close(self) -> None:
        self.app.extensions["weige"].live.close()
        self.app.extensions["weige"].jobs._pool.shutdown()
        self.app.extensions["weige"].jobs._aside.shutdown()
        self.accounts.close()
        self.store.close()


@dataclass
class Browser:
    """A client that keeps cookies and sends the page's protection token."""

    client: FlaskClient
    csrf: str = ""

    def sign_in(self, account: str, password: str = PASSWORD, **form: str):
        form = {"account": account, "password": password, "csrf_token": self.token(), **form}
        answer = self.client.post("/sign-in", data=form)
        if answer.status_code == 302:
            self.token()
        return answer

    def token(self) -> str:
        """The protection token of the session, as the page carries it."""
        text = self.client.get("/sign-in", follow_redirects=True, headers={"Accept": "text/html"}).text
        found = re.search(r'name="csrf_token" value="([^"]+)"|"csrf": ?"([^"]+)"', text)
        self.csrf = next(group for group in found.groups() if group)
        return self.csrf

    def send(self, method: str, path: str, json: Any = None, csrf: str | None = None):
        """A request of a script on the page."""
        headers = {"X-CSRF-Token": self.csrf if csrf is None else csrf, "Accept": "application/json"}
        return self.client.open(path, method=method, json=json, headers=headers)


# ---- building --------------------------------------------------------------------------------------------------------
def build(folder: Path, url: str | None = None) -> dict[str, Any]:
    """The town in a GeoPackage of that folder, or at the URL; answers what `open_town` needs."""
    config = settings()
    store = Store.open(url or f"gpkg://{folder / 'town.gpkg'}", config.rules, create=True)
    plant(
        store,
        leaves(),
        Options("areas", level="micro_grid", parents={"county": "county", "town": "town", "community": "community"}),
        "build",
        "little town",
    )
    with store.write("build", "demo") as tx:
        fids = facts(tx)
    accounts = open_accounts(config, store)
    tokens = {}
    with store.read() as reader:
        for name, grants in PEOPLE.items():
            accounts.add(
                name,
                PASSWORD,
                [(role, reader.area(code).fid, reader.rev) for role, code in grants],
                label=f"account {name}",
            )
            tokens[name] = accounts.new_token(name, 30)
    accounts.close()
    store.close()
    return {"folder": folder, "url": url, "tokens": tokens, "fids": fids}


def open_town(built: Mapping[str, Any], folder: Path, config: Config | None = None) -> Web:
    """An app on a copy of the town; on PostGIS on the town itself."""
    for file in Path(built["folder"]).glob("town.*"):
        shutil.copy(file, folder / file.name)
    config = config or settings()
    url = built["url"] or f"gpkg://{folder / 'town.gpkg'}"
    store = Store.open(url, config.rules, synchronous="NORMAL", busy_timeout_s=120)
    accounts = open_accounts(config, store)
    app = create_app(config, store, accounts)
    app.testing = False  # errors become answers, as in service
    return Web(store, app, accounts, config, built["tokens"], built["fids"])


def leaves() -> geopandas.GeoDataFrame:
    """The leaves with the codes of all areas above them."""
    rows, shapes = [], []
    for area in little_town():
        if area.leaf:
            community = COMMUNITY[area.parent]
            rows.append(
                {
                    "code": CODES.get(area.code, area.code),
                    "name": f"微网格 {area.code}",
                    "community": community,
                    "town": TOWN[community],
                    "county": "K",
                }
            )
            shapes.append(to_degrees(area.shape))
    return geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")


def facts(tx: Transaction) -> dict[str, dict[str, int]]:
    """Houses and people everywhere but in two leaves, and one object of every layer at each place."""
    for number, leaf in enumerate(tx.all_areas(leaf=True)):
        if leaf.code not in (UNKNOWN, CELL):
            tx.insert("buildings", [house(leaf, number, part) for part in range(2)])
    at = {place: tx.area(code) for place, code in PLACES.items() if place != "above"}
    fids: dict[str, dict[str, int]] = {layer: {} for layer in (*OBJECTS, "cells", "roads", "water", "units", "zones")}
    for place, leaf in at.items():
        for layer, make in OBJECTS.items():
            fids[layer][place] = tx.insert(layer, [make(leaf, place) | {"area": leaf.fid}])[0]
        fids["units"][place] = tx.insert(
            "units",
            [
                {
                    "code": f"U-{place}",
                    "name": "1单元",
                    "building": fids["buildings"][place],
                    "area": leaf.fid,
                    "households": 4,
                    "resident": 9,
                    "special": {"dialysis": 1},
                    "head": NAMES[place],
                    "phone": PHONE,
                    "geom": point(leaf),
                }
            ],
        )[0]
        fids["zones"][place] = tx.insert(
            "zones",
            [
                {
                    "code": f"ZONE-{place}",
                    "name": f"封控 {place}",
                    "kind": "lockdown",
                    "status": "proposed",
                    "members": {"areas": [leaf.code]},
                    "households": 9,
                    "population": 21,
                    "special": {"minor": 3},
                    "proposed_by": "chief",
                    "area": leaf.fid,
                    "geom": to_degrees(leaf.shape),
                }
            ],
        )[0]
    counted = tx.area(CELL)
    fids["cells"]["inside"] = tx.insert(
        "cells",
        [
            {
                "code": "cell-12",
                "geom": to_degrees(counted.shape),
                "households": 30,
                "resident": 71,
                "special": {"alone_elderly": 6},
            }
        ],
    )[0]
    counted = at["sibling"]
    fids["cells"]["sibling"] = tx.insert(
        "cells",
        [
            {
                "code": "cell-41",
                "geom": as_multi(to_degrees(counted.shape.buffer(-200))),
                "households": 5,
                "resident": 8,
                "special": {"alone_elderly": 2},
            }
        ],
    )[0]
    deal_new(tx)
    west, south, east, north = to_degrees(shapely.box(*tx.area("K").shape.bounds)).bounds
    fids["roads"]["inside"] = tx.insert(
        "roads",
        [
            {
                "name": "长街",
                "kind": "main",
                "width_m": 12.0,
                "geom": shapely.MultiLineString([[(west, (south + north) / 2), (east, (south + north) / 2)]]),
            }
        ],
    )[0]
    fids["water"]["inside"] = tx.insert(
        "water", [{"name": "小河", "kind": "river", "geom": shapely.box(west, south, east, south + 1e-4)}]
    )[0]
    return fids


def point(leaf) -> shapely.Point:
    return to_degrees(inner_point(leaf.shape))


def square(leaf, number: int = 0, half: float = 4e-5) -> shapely.MultiPolygon:
    """A house of some 8 m inside the leaf."""
    spot = point(leaf)
    return shapely.MultiPolygon(
        [
            shapely.box(
                spot.x - half + number * 3 * half, spot.y - half, spot.x + half + number * 3 * half, spot.y + half
            )
        ]
    )


def house(leaf, number: int, part: int) -> dict[str, Any]:
    return {
        "code": f"H{number}-{part}",
        "name": f"{number}-{part}栋",
        "kind": "apartment",
        "floors": 3 + part,
        "households": 3 + number % 7,
        "resident": 8 + number % 9,
        "special": {"alone_elderly": (number + part) % 4} if (number + part) % 4 else None,
        "counted_at": "2026-01-15",
        "area": leaf.fid,
        "geom": square(leaf, part),
    }


# One object of every owned layer, with a personal name and phone wherever there is a field for one.
OBJECTS = {
    "buildings": lambda leaf, place: {
        "code": f"B-{place}",
        "name": f"楼 {place}",
        "kind": "tower",
        "floors": 9,
        "households": 5,
        "resident": 12,
        "special": {"dialysis": 2, "minor": 1},
        "geom": square(leaf, 2),
    },
    "estates": lambda leaf, place: {
        "code": f"E-{place}",
        "name": f"小区 {place}",
        "kind": "new",
        "walled": True,
        "property_phone": PHONE,
        "committee_phone": PHONE,
        "owners_phone": PHONE,
        "geom": square(leaf, 0, 2e-4),
    },
    "barriers": lambda leaf, place: {
        "kind": "wall",
        "note": place,
        "geom": shapely.MultiLineString(
            [[(point(leaf).x, point(leaf).y), (point(leaf).x + 1e-5, point(leaf).y + 1e-5)]]
        ),
    },
    "gates": lambda leaf, place: {
        "name": f"东门 {place}",
        "kind": "person",
        "state": "locked",
        "key_holder": NAMES[place],
        "phone": PHONE,
        "geom": point(leaf),
    },
    "addresses": lambda leaf, place: {"text": f"长街1号 {place}", "initials": "cj", "geom": point(leaf)},
    "places": lambda leaf, place: {
        "code": f"P-{place}",
        "name": f"市场 {place}",
        "kind": "market",
        "contact": NAMES[place],
        "phone": PHONE,
        "geom": point(leaf),
    },
    "checkpoints": lambda leaf, place: {
        "code": f"K-{place}",
        "name": f"卡口 {place}",
        "kind": "post",
        "required": 2,
        "phone": PHONE,
        "geom": point(leaf),
    },
    "teams": lambda leaf, place: {"name": f"小组 {place}", "phone": PHONE},
    "staff": lambda leaf, place: {"name": NAMES[place], "role": "micro_leader", "phone": PHONE, "organisation": "社区"},
}
