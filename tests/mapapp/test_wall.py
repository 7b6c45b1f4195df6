"""A wall screen: signed in by the token of a viewer, which looks and does nothing else, until it is revoked."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import Client

from mapapp.wall_token import COOKIE
from tests.mapapp.web import Web, open_town


@pytest.fixture
def town(built, tmp_path) -> Web:
    return open_town(built, tmp_path)


def hang(town: Web, token: str) -> tuple[Client, int]:
    """A fresh browser into which the token is pasted; the browser and the answer."""
    client = town.app.test_client()
    page = client.get("/wall").text
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    return client, client.post("/wall", data={"csrf_token": csrf, "token": token}).status_code


def test_a_viewers_token_shows_the_wall_and_changes_nothing(town: Web) -> None:
    token = town.accounts.new_token("viewer", 30, "wall", by="chief")
    client, status = hang(town, token)
    assert status == 302
    cookie = client.get_cookie(COOKIE)
    assert cookie.http_only and cookie.same_site == "Strict"
    assert client.get("/command?wall=1").status_code == 200
    assert client.get("/api/areas").status_code == 200
    assert client.get("/api/account/session").json["left_s"] is None, "nobody sits there: it is never idle"
    for method, path in (("POST", "/api/presence"), ("PATCH", "/api/account"), ("POST", "/api/reports"), ("DELETE", "/api/zones/1")):
        assert client.open(path, method=method, json={}).status_code == 401
    assert client.get("/sign-in").status_code == 200, "a person can still sign in there"


def test_a_revoked_token_opens_nothing(town: Web) -> None:
    made = town.post("/api/accounts/viewer/tokens", "admin", json={"name": "wall", "days": 30}).json
    client, _ = hang(town, made["token"])
    assert client.get("/api/areas").status_code == 200
    [held] = [one for one in made["account"]["tokens"] if one["name"] == "wall"]
    assert town.delete(f"/api/accounts/viewer/tokens/{held['id']}", "admin").status_code == 200
    assert client.get("/api/areas").status_code == 401


@pytest.mark.parametrize("who", ["planner", "commander", "chief"])
def test_who_can_do_more_than_look_hangs_on_no_wall(town: Web, who: str) -> None:
    client, status = hang(town, town.accounts.new_token(who, 30, "wall", by="chief"))
    assert status == 401
    client.set_cookie(COOKIE, town.accounts.new_token(who, 30, "again", by="chief"))
    assert client.get("/api/areas").status_code == 401


def test_taken_off_it_looks_no_more(town: Web) -> None:
    client, _ = hang(town, town.accounts.new_token("viewer", 30, "wall", by="chief"))
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/wall").text)[1]
    assert client.post("/wall", data={"csrf_token": csrf, "off": "1"}).status_code == 302
    assert client.get("/api/areas").status_code == 401
