"""Accounts by administrators and by their owners: on both stores, one-time passwords, reach of a district's administrator,
the last administrator, grants that follow their ground, tokens, sessions, and the trail of all of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.counts import count
from tests.mapapp import web as web_
from tests.mapapp.doing import split
from tests.mapapp.web import PASSWORD, Browser, Web, open_town

OWN = "Bridge-7-over"
MORE = {"root": (("admin", "K"),), "second": (("admin", "K"),), "eye": (("auditor", "K"),)}


@pytest.fixture(scope="session", params=["gpkg", "postgis"])
def built_with(request, tmp_path_factory) -> dict:
    """The little town with two administrators and an auditor of the whole."""
    url = request.getfixturevalue("fresh_postgis")() if request.param == "postgis" else None
    before = dict(web_.PEOPLE)
    web_.PEOPLE.update(MORE)
    try:
        return web_.build(tmp_path_factory.mktemp("office"), url)
    finally:
        web_.PEOPLE.clear()
        web_.PEOPLE.update(before)


@pytest.fixture(scope="module")
def town(built_with, tmp_path_factory) -> Iterator[Web]:
    """That town; the tests of a file share it and make accounts of their own."""
    one = open_town(built_with, tmp_path_factory.mktemp("office"))
    yield one
    one.close()


def fresh(town: Web, role: str = "planner", area: str | None = "11", by: str = "root") -> tuple[str, str]:
    """(name, one-time password) of a new account."""
    name = f"new {datetime.now(UTC).timestamp()}"
    answer = town.post("/api/accounts", by, json={"name": name, "label": "新人", "grants": [{"role": role, "area": area}]})
    assert answer.status_code == 201, answer.text
    return name, answer.json["password"]


def one(town: Web, name: str, by: str = "root") -> dict:
    found = town.get(f"/api/accounts?q={name}", by).json["accounts"]
    return next(account for account in found if account["name"] == name)


def patch(town: Web, name: str, by: str = "root", **changes):
    return town.patch(f"/api/accounts/{name}", by, json={"version": one(town, name)["version"], **changes})


def enter(town: Web, name: str, password: str) -> Browser:
    browser = town.page()
    assert browser.sign_in(name, password).status_code == 302
    return browser


# ---- the first sign-in -----------------------------------------------------------------------------------------------
def test_a_one_time_password_opens_nothing_but_the_choice_of_another(town: Web) -> None:
    name, password = fresh(town)
    assert len(password) >= 8 and one(town, name)["state"] == "new" and one(town, name)["last_sign_in"] is None
    browser = town.page()
    answer = browser.sign_in(name, password)
    assert answer.headers["Location"] == "/account"
    page = browser.client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 302 and page.headers["Location"] == "/account"
    for path in ("/api/areas", "/tiles/areas/0/0/0.mvt", "/tiles/areas/0/0/0.mvt", "/api/checklist"):
        refused = browser.client.get(path, headers={"Accept": "application/json"})
        assert (refused.status_code, refused.json["code"]) == (403, "must-change-password")
    browser.csrf = re.search(r'"csrf": ?"([^"]+)"', browser.client.get("/account").text)[1]
    told = browser.send("POST", "/api/account/password", {"old": password, "new": OWN})
    assert told.status_code == 200 and told.json["csrf"]
    assert browser.client.get("/api/areas").status_code == 200
    assert one(town, name)["state"] == "active" and one(town, name)["last_sign_in"]
    assert town.page().sign_in(name, password).status_code == 401, "once"


def test_a_one_time_password_ends_by_itself(town: Web, monkeypatch) -> None:
    name, password = fresh(town)
    now = town.accounts.clock()
    monkeypatch.setattr(town.accounts, "clock", lambda: now + timedelta(hours=73))
    answer = town.page().sign_in(name, password)
    assert answer.status_code == 401 and "4" in answer.text


@pytest.mark.parametrize("new, reason", [("Ab-1", "short"), ("alllowercaseletters", "kinds"), ("Planner-2026-x", "name"), (PASSWORD, "same")])
def test_a_weak_password_is_refused_with_its_reason(town: Web, new: str, reason: str) -> None:
    answer = town.post("/api/account/password", "planner", json={"old": PASSWORD, "new": new})
    assert (answer.status_code, answer.json["code"], answer.json["reason"]) == (422, "weak-password", reason)
    assert (answer.json["length"], answer.json["kinds"]) == (8, 3)


def test_a_new_password_ends_the_other_sessions_and_this_one_goes_on(town: Web) -> None:
    name, password = fresh(town)
    one_, other = enter(town, name, password), enter(town, name, password)
    one_.csrf = re.search(r'"csrf": ?"([^"]+)"', one_.client.get("/account").text)[1]
    assert one_.send("POST", "/api/account/password", {"old": password, "new": OWN}).status_code == 200
    assert one_.client.get("/api/areas").status_code == 200
    assert other.client.get("/api/areas").json["code"] == "not-signed-in"


def test_a_wrong_present_password_counts_like_one_at_the_door(town: Web) -> None:
    name, password = fresh(town)
    browser = enter(town, name, password)
    browser.csrf = re.search(r'"csrf": ?"([^"]+)"', browser.client.get("/account").text)[1]
    answers = [browser.send("POST", "/api/account/password", {"old": "wrong", "new": OWN}).json for _ in range(6)]
    assert [answer.get("left") for answer in answers] == [4, 3, 2, 1, 0, None] and answers[-1]["minutes"] > 0
    assert one(town, name)["state"] == "locked" and one(town, name)["locked_until"]
    assert town.post(f"/api/accounts/{name}/unlock", "root").json["account"]["state"] == "new"
    assert town.page().sign_in(name, password).status_code == 302


def test_each_role_lands_on_a_page_it_may_see(town: Web) -> None:
    for who, page in (("planner", "/"), ("viewer", "/"), ("admin", "/"), ("auditor", "/audit"), ("none", "/account")):
        browser = town.page()
        assert browser.sign_in(who).headers["Location"] == page
        assert browser.client.get(page).status_code == 200
        assert browser.client.get("/sign-in").headers["Location"] == page
    assert town.page("auditor").client.get("/").headers["Location"] == "/audit"


# ---- reach -----------------------------------------------------------------------------------------------------------
def test_an_administrator_of_a_district_sees_only_accounts_wholly_under_his_areas(town: Web) -> None:
    seen = {account["name"] for account in town.get("/api/accounts", "admin").json["accounts"]}
    assert {"viewer", "planner", "commander", "auditor", "admin"} <= seen
    assert not seen & {"root", "mayor", "mixed", "neighbour", "outsider", "none"}
    everybody = {account["name"] for account in town.get("/api/accounts", "root").json["accounts"]}
    assert {"root", "mayor", "mixed", "none", "viewer"} <= everybody
    for act in ("reset", "unlock", "tokens"):
        answer = town.post(f"/api/accounts/mayor/{act}", "admin", json={"name": "x"} if act == "tokens" else {})
        assert (answer.status_code, answer.json["code"]) == (404, "not-found")


@pytest.mark.parametrize("area", ["K", "T1", "41", None])
def test_nobody_grants_above_or_beside_his_own(town: Web, area: str | None) -> None:
    answer = town.post("/api/accounts", "admin", json={"name": "upstart", "grants": [{"role": "viewer", "area": area}]})
    assert answer.status_code in (400, 404) and answer.json["fields"] == ["grants.0.area"]
    name, _ = fresh(town, by="admin")
    answer = patch(town, name, "admin", grants=[{"role": "viewer", "area": "11"}, {"role": "admin", "area": area}])
    assert answer.status_code in (400, 404) and answer.json["fields"] == ["grants.1.area"]
    assert [grant["role"] for grant in one(town, name)["grants"]] == ["planner"]


def test_lists_are_filtered_and_paged(town: Web) -> None:
    get = lambda query: [account["name"] for account in town.get(f"/api/accounts?{query}", "root").json["accounts"]]  # noqa: E731
    assert get("role=auditor") == ["auditor", "eye"]
    assert get("q=ACCOUNT%20mayor") == ["mayor"]
    assert "outsider" in get("area=23") and "planner" not in get("area=23") and "mayor" in get("area=23")
    first = town.get("/api/accounts?limit=3", "root").json
    assert len(first["accounts"]) == 3 and town.get(first["next"], "root").json["accounts"][0]["name"] > first["accounts"][-1]["name"]
    assert town.get("/api/accounts?state=odd", "root").json["code"] == "bad-input"


@pytest.mark.parametrize(
    "body, field",
    [
        ({"name": "", "grants": [{"role": "viewer", "area": "11"}]}, "name"),
        ({"name": " a", "grants": [{"role": "viewer", "area": "11"}]}, None),
        ({"name": "a/b", "grants": [{"role": "viewer", "area": "11"}]}, "name"),
        ({"name": "planner", "grants": [{"role": "viewer", "area": "11"}]}, "name"),
        ({"name": "x" * 61, "grants": [{"role": "viewer", "area": "11"}]}, "name"),
        ({"name": "a", "grants": []}, "grants"),
        ({"name": "a", "grants": [{"role": "king", "area": "11"}]}, "grants.0.role"),
        ({"name": "a", "grants": [{"role": "viewer", "area": "nowhere"}]}, "grants.0.area"),
        ({"name": "a", "grants": [{"role": "viewer", "area": 5}]}, "grants.0.area"),
        ({"name": "a", "grants": [{"role": "admin", "area": "11"}, {"role": "auditor", "area": "11"}]}, "grants"),
        ({"name": "a", "grants": [{"role": "viewer", "area": "11", "king": 1}]}, "grants.0.role"),
    ],
)
def test_a_refusal_names_its_field(town: Web, body: dict, field: str | None) -> None:
    answer = town.post("/api/accounts", "root", json=body)
    if field is None:
        assert answer.status_code == 201, "blanks around a name are dropped"
        return
    assert 400 <= answer.status_code < 500 and answer.json["fields"] == [field]
    assert answer.json["code"] in ("bad-input", "missing-field", "account-exists", "unknown-area")


# ---- nobody shuts himself, or everybody, out -------------------------------------------------------------------------
def test_nobody_shuts_himself_out(town: Web) -> None:
    for changes in ({"disabled": True}, {"grants": [{"role": "viewer", "area": "K"}]}, {"grants": [{"role": "admin", "area": "T1"}]}):
        answer = patch(town, "root", **changes)
        assert (answer.status_code, answer.json["code"]) == (422, "own-account")
    assert town.post("/api/accounts/root/reset", "root").json["code"] == "own-account"
    assert town.delete("/api/accounts/root/sessions", "root").json["code"] == "own-account"
    assert patch(town, "root", grants=[{"role": "admin", "area": "K"}, {"role": "viewer", "area": "K"}]).status_code == 200
    assert patch(town, "root", grants=[{"role": "admin", "area": "K"}]).status_code == 200


@pytest.mark.promise("Accounts: nobody locks the last administrator out, whoever acts at the same time")
def test_two_administrators_who_close_each_other_at_the_same_time_leave_one(town: Web) -> None:
    for _ in range(count(2, 20)):
        versions = {name: one(town, name)["version"] for name in ("root", "second")}
        answers: dict[str, int] = {}
        gate = threading.Barrier(2)

        def close(by: str, name: str, versions=versions, answers=answers, gate=gate) -> None:
            gate.wait()
            answers[by] = town.patch(f"/api/accounts/{name}", by, json={"version": versions[name], "disabled": True}).status_code

        acts = [threading.Thread(target=close, args=pair) for pair in (("root", "second"), ("second", "root"))]
        for act in acts:
            act.start()
        for act in acts:
            act.join()
        assert sorted(answers.values())[0] == 200 and sorted(answers.values())[1] in (401, 422), answers
        left = "root" if answers["root"] == 200 else "second"
        other = {"root": "second", "second": "root"}[left]
        told = town.get(f"/api/accounts?q={other}", left).json["accounts"][0]
        assert town.patch(f"/api/accounts/{other}", left, json={"version": told["version"], "disabled": False}).status_code == 200


def test_another_administrator_who_was_first_is_not_overwritten(town: Web) -> None:
    name, _ = fresh(town)
    version = one(town, name)["version"]
    assert town.patch(f"/api/accounts/{name}", "root", json={"version": version, "label": "甲"}).status_code == 200
    answer = town.patch(f"/api/accounts/{name}", "second", json={"version": version, "label": "乙"})
    assert (answer.status_code, answer.json["code"]) == (409, "stale") and one(town, name)["label"] == "甲"


# ---- closing and opening ---------------------------------------------------------------------------------------------
def test_a_closed_account_is_out_at_once_and_comes_back_as_it_was(town: Web) -> None:
    name, password = fresh(town)
    browser = enter(town, name, password)
    browser.csrf = re.search(r'"csrf": ?"([^"]+)"', browser.client.get("/account").text)[1]
    browser.send("POST", "/api/account/password", {"old": password, "new": OWN})
    token = town.post(f"/api/accounts/{name}/tokens", "root", json={"name": "QGIS"}).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    ask = lambda: town.app.test_client().get("/api/areas", headers=bearer).status_code  # noqa: E731
    assert browser.client.get("/tiles/areas/0/0/0.mvt").status_code == 200 and ask() == 200
    assert patch(town, name, disabled=True).json["account"]["state"] == "disabled"
    assert browser.client.get("/tiles/areas/0/0/0.mvt").status_code == 401 and ask() == 401
    assert town.page().sign_in(name, OWN).status_code == 401
    back = patch(town, name, disabled=False).json["account"]
    assert back["state"] == "active" and [grant["area"]["code"] for grant in back["grants"]] == ["11"] and len(back["tokens"]) == 1
    assert ask() == 200 and browser.client.get("/api/areas").status_code == 401, "sessions do not come back"
    assert town.page().sign_in(name, OWN).status_code == 302


def test_a_reset_ends_sessions_and_lock_out(town: Web) -> None:
    name, password = fresh(town)
    browser = enter(town, name, password)
    for _ in range(5):
        town.page().sign_in(name, "wrong")
    answer = town.post(f"/api/accounts/{name}/reset", "root")
    assert answer.status_code == 200 and answer.json["account"]["state"] == "new" and answer.json["password"] != password
    assert browser.client.get("/account", headers={"Accept": "text/html"}).status_code == 302
    assert town.page().sign_in(name, password).status_code == 401
    assert town.page().sign_in(name, answer.json["password"]).headers["Location"] == "/account"


def test_sessions_are_counted_listed_and_ended(town: Web) -> None:
    first, second = town.page("watcher"), town.page("watcher")
    assert one(town, "watcher")["sessions"] == 2
    told = first.client.get("/api/account").json["sessions"]
    assert [session["own"] for session in told].count(True) == 1 and len(told) == 2
    assert first.send("DELETE", "/api/account/sessions").json["ended"] == 1
    assert first.client.get("/api/areas").status_code == 200 and second.client.get("/api/areas").status_code == 401
    assert town.delete("/api/accounts/watcher/sessions", "root").json["ended"] == 1
    assert first.client.get("/api/areas").status_code == 401


def test_a_token_is_told_once_and_revoked_for_good(town: Web) -> None:
    name, _ = fresh(town)
    answer = town.post(f"/api/accounts/{name}/tokens", "root", json={"name": "QGIS", "days": 3})
    kept, token = answer.json["account"]["tokens"][0], answer.json["token"]
    assert kept["name"] == "QGIS" and kept["created_by"] == "root" and token not in str(one(town, name))
    bearer = {"Authorization": f"Bearer {token}"}
    assert town.app.test_client().get("/api/areas", headers=bearer).status_code == 200
    assert one(town, name)["tokens"][0]["used_at"]
    assert town.delete(f"/api/accounts/{name}/tokens/{kept['id']}", "root").json["account"]["tokens"] == []
    assert town.app.test_client().get("/api/areas", headers=bearer).status_code == 401
    assert town.delete(f"/api/accounts/{name}/tokens/{kept['id']}", "root").status_code == 404
    for days in (0, 181, "3", 1.5, True):
        assert town.post(f"/api/accounts/{name}/tokens", "root", json={"name": "x", "days": days}).json["code"] == "bad-input"


# ---- grants follow their ground --------------------------------------------------------------------------------------
def test_a_grant_on_ground_that_was_cut_says_where_it_leads_and_can_be_settled(town: Web) -> None:
    name, _ = fresh(town, area="31")
    form = split(town, "inside", "chief") | {"targets": ["31"]}
    with town.store.read() as reader:
        from shapely import LineString
        from shapely.geometry import mapping

        from layers.areas import to_degrees
        from layers.population import inner_point

        shape = reader.area("31").shape
        middle, (west, _, east, _) = inner_point(shape), shape.bounds
        line = LineString([(west - 2000, middle.y), (east + 2000, middle.y)]).intersection(shape.buffer(300))
    answer = town.post("/api/edits", "chief", json=form | {"line": mapping(to_degrees(line))})
    assert answer.status_code == 200, answer.text
    parts = {area["code"] for area in answer.json["changed"]}
    grant = one(town, name)["grants"][0]
    assert grant["moved"] and grant["area"]["code"] == "31" and {area["code"] for area in grant["today"]} == parts
    kept = patch(town, name, label="一", grants=[{"role": "planner", "area": "31", "rev": grant["rev"]}]).json["account"]["grants"][0]
    assert kept["moved"], "an untouched pair goes on following its ground"
    told = patch(town, name, grants=[{"role": "planner", "area": code} for code in sorted(parts)]).json["account"]["grants"]
    assert [(one_["area"]["code"], one_["moved"]) for one_ in told] == [(code, False) for code in sorted(parts)]
    only = patch(town, name, grants=[{"role": "planner", "area": "31"}]).json["account"]["grants"]
    assert [(one_["area"]["code"], one_["moved"]) for one_ in only] == [("31", False)], "settled on one of them"
    town.post(f"/api/edits/{answer.json['rev']}/undo", "chief")


# ---- the session -----------------------------------------------------------------------------------------------------
def seen(browser: Browser) -> float:
    with browser.client.session_transaction() as session:
        return session["seen"]


def test_what_a_page_asks_for_on_its_own_keeps_no_session_awake(town: Web) -> None:
    browser = town.page("planner")
    with browser.client.session_transaction() as session:
        session["seen"] -= 1700
    before = seen(browser)
    for path, idle in (("/healthz", None), ("/tiles/areas/0/0/0.mvt", None), ("/api/areas", "1700"), ("/api/account/session", "1800")):
        browser.client.get(path, headers={} if idle is None else {"X-Idle": idle})
        assert seen(browser) - before < 30, path
    left = browser.client.get("/api/account/session", headers={"X-Idle": "1700"}).json
    assert 60 < left["left_s"] <= 130 and left["warn_s"] == 120 and left["can_stay"]
    left = browser.client.get("/api/account/session", headers={"X-Idle": "3"}).json
    assert left["left_s"] > 1700 and seen(browser) - before > 1600
    for nonsense in ("-5", "x", "1e3", "٣", "9" * 12):
        assert browser.client.get("/api/account/session", headers={"X-Idle": nonsense}).status_code == 200


def test_the_end_of_the_day_is_not_put_off_by_work(town: Web) -> None:
    browser = town.page("planner")
    with browser.client.session_transaction() as session:
        session["since"] -= 12 * 3600 - 60
    left = browser.client.get("/api/account/session").json
    assert left["left_s"] <= 60 and not left["can_stay"]


def test_the_language_of_the_account_is_kept(town: Web) -> None:
    browser = town.page("viewer")
    assert browser.send("PATCH", "/api/account", {"lang": "en"}).json == {"lang": "en"}
    other = town.page("viewer")
    assert 'lang="en"' in other.client.get("/", headers={"Accept": "text/html"}).text
    assert browser.send("PATCH", "/api/account", {"lang": "xx"}).json["fields"] == ["lang"]
    browser.send("PATCH", "/api/account", {"lang": "zh"})


# ---- the trail -------------------------------------------------------------------------------------------------------
def test_every_act_stands_in_the_trail(town: Web) -> None:
    name, _ = fresh(town)
    patch(town, name, grants=[{"role": "viewer", "area": "11"}])
    patch(town, name, disabled=True)
    patch(town, name, disabled=False)
    token = town.post(f"/api/accounts/{name}/tokens", "root", json={"name": "QGIS"}).json["account"]["tokens"][0]["id"]
    town.delete(f"/api/accounts/{name}/tokens/{token}", "root")
    town.post(f"/api/accounts/{name}/reset", "root")
    town.post(f"/api/accounts/{name}/unlock", "root")
    lines = town.get(f"/api/audit?account={name}", "eye").json["lines"]
    assert [line["details"]["what"] for line in lines] == ["unlock", "reset", "revoke", "token", "enable", "disable", "grants", "create"]
    assert lines[-2]["details"]["before"] == ["planner 11"] and lines[-2]["details"]["grants"] == ["viewer 11"]
    assert {line["account"] for line in lines} == {"root"} and {line["object"] for line in lines} == {name}
