"""Tiles past Flask: the same answers, for exactly those whom the gate would let in."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mapapp.tile_lane import LASTS_S
from tests.mapapp.web import PASSWORD, Browser, Web

TILE = "/tiles/areas/0/0/0.mvt"
ADDRESSES = (
    TILE,
    TILE + "?level=community",
    TILE + "?level=grid",
    TILE + "?rev=1",
    TILE + "?level=micro_grid&rev=1&v=ab.c-1",
    "/tiles/areas/9/0/0.mvt",
    "/tiles/areas/22/4194303/0.mvt",
)
NOT_PLAIN = (
    TILE + "?level=nonsense",
    TILE + "?rev=x",
    TILE + "?rev=%C2%B2",
    TILE + "?colour=red",
    TILE + "?level=grid&level=micro_grid",
    TILE + "?level=",
    TILE + "?level=gr%69d",
    TILE + "?rev=999999",
    "/tiles/areas/0/1/0.mvt",
    "/tiles/areas/23/0/0.mvt",
    "/tiles/buildings/0/0/0.mvt",
    "/tiles/areas.json",
)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> float:
    """The time stands still: no word of the gate is forgotten because the machine is slow."""
    told = time.time()
    monkeypatch.setattr(time, "time", lambda: told)
    return told


@pytest.fixture
def past(town: Web, monkeypatch: pytest.MonkeyPatch) -> Callable[[Browser, str], bool]:
    """Asks for an address; true when the answer came without Flask."""
    asked = []
    lane = town.app.wsgi_app.inner
    inner = lane.flask
    monkeypatch.setattr(lane, "flask", lambda *call: asked.append(call) or inner(*call))

    def ask(browser: Browser, address: str = TILE, **headers: str) -> bool:
        asked.clear()
        browser.answer = browser.client.get(address, headers=headers)
        return not asked
    return ask


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("headers", ({}, {"Accept-Encoding": "gzip, br"}, {"If-None-Match": '"empty"'}))
def test_the_answer_is_the_one_of_flask(town: Web, past, address: str, headers: dict[str, str]) -> None:
    browser = town.page("viewer")
    assert not past(browser, address, **headers), "the gate decides first"
    slow = browser.answer
    assert past(browser, address, **headers)
    fast = browser.answer
    assert (fast.status_code, fast.data) == (slow.status_code, slow.data)
    for answer in (slow, fast):
        assert "nonce-" in answer.headers.pop("Content-Security-Policy")
        assert answer.headers.pop("X-Request-ID")
        answer.headers.pop("Content-Length", None) if answer.status_code == 304 else None
    assert {**fast.headers, "Vary": ""} == {**slow.headers, "Vary": ""}
    assert {*fast.vary} == {*slow.vary}


def test_a_tile_that_is_known_is_not_sent_again(town: Web, past) -> None:
    browser = town.page("viewer")
    past(browser)
    seen = browser.answer.headers["ETag"]
    assert past(browser, TILE, **{"If-None-Match": f'"other", W/{seen}'})
    assert browser.answer.status_code == 304 and browser.answer.data == b""


@pytest.mark.parametrize("address", NOT_PLAIN)
def test_what_is_not_plain_goes_to_flask(town: Web, past, address: str) -> None:
    browser = town.page("viewer")
    past(browser)
    assert past(browser) and not past(browser, address)


def test_only_the_cookie_let_in_is_let_in(town: Web, past) -> None:
    past(town.page("viewer"))
    assert not past(town.page()) and not past(town.page("planner"))
    browser = town.page()
    assert not past(browser, TILE, Authorization=f"Bearer {town.tokens['viewer']}")
    assert not past(browser, TILE, Authorization=f"Bearer {town.tokens['viewer']}"), "tokens expire by another clock"
    stranger = town.page()
    assert not past(stranger) and not past(stranger) and stranger.answer.status_code == 401


@pytest.mark.parametrize("account", ("auditor", "none"))
def test_who_may_not_see_the_map_never_gets_there(town: Web, past, account: str) -> None:
    browser = town.page()
    form = {"account": account, "password": PASSWORD, "csrf_token": browser.token()}
    assert browser.client.post("/sign-in", data=form).status_code == 302
    for _ in range(2):
        assert not past(browser) and browser.answer.status_code == 403


def test_signing_out_and_a_new_password_end_it_at_once(town: Web, past) -> None:
    one, other = town.page("viewer"), town.page("planner")
    for browser in (one, other):
        past(browser)
        assert past(browser)
    cookie = one.client.get_cookie("weige").value
    one.send("POST", "/sign-out")
    one.client.set_cookie("weige", cookie)
    assert not past(one) and one.answer.status_code == 401
    past(other)
    assert past(other)
    town.accounts.add("planner", PASSWORD + "-new", [])
    assert not past(other) and other.answer.status_code == 401


def test_a_session_ends_when_its_time_is_over(town: Web, past, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = town.page("viewer")
    past(browser)
    assert past(browser)
    monkeypatch.setattr(time, "time", lambda: now + LASTS_S + 1)
    assert not past(browser) and browser.answer.status_code == 200, "asked anew, and let in anew"
    assert past(browser)
    monkeypatch.setattr(time, "time", lambda: now + town.config.security.session_hours * 3600 + 1)
    assert not past(browser) and browser.answer.status_code == 401


def test_no_word_outlasts_the_session(town: Web, past, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = town.page("viewer")
    late = now + town.config.security.session_idle_minutes * 60 - 1
    monkeypatch.setattr(time, "time", lambda: late)
    browser.client.get("/api/areas")  # the session is seen, but keeps its old stamp for a while
    past(browser)
    assert past(browser)
    monkeypatch.setattr(time, "time", lambda: late + LASTS_S + 1)
    assert not past(browser)


def test_after_an_edit_the_gate_is_asked_again_and_the_tile_is_new(town: Web, past) -> None:
    browser, address = town.page("mayor"), TILE + "?level=micro_grid"
    past(browser, address)
    assert past(browser, address)
    before = browser.answer.data
    changes = {"version": town.area("11")["version"], "name": "新名"}
    assert town.patch("/api/areas/11", json=changes).status_code == 200
    assert not past(browser, address) and browser.answer.data != before
    assert past(browser, f"{address}&rev={town.rev}") and "immutable" in browser.answer.headers["Cache-Control"]
