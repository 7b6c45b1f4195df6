"""Getting in, staying in, getting out: passwords, sessions, tokens, protection tokens, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mapapp.auth import own_page
from tests.mapapp.web import PASSWORD, Browser, Web, open_town, settings

PATHS = ("/api/areas", "/tiles/areas/0/0/0.mvt", "/tiles/buildings/0/0/0.mvt")


def cookie(browser: Browser):
    return browser.client.get_cookie("weige")


# ---- sessions --------------------------------------------------------------------------------------------------------
def test_a_person_signs_in_and_stays_in(town: Web) -> None:
    browser = town.page()
    assert browser.client.get("/", headers={"Accept": "text/html"}).headers["Location"] == "/sign-in?next=/"
    answer = browser.sign_in("planner", next="/?area=11")
    assert answer.status_code == 302 and answer.headers["Location"] == "/?area=11"
    assert browser.client.get("/").status_code == 200
    assert browser.client.get("/sign-in").status_code == 302, "who is in needs no sign-in page"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Web) -> None:
    browser = town.page()
    said = browser.sign_in("planner").headers["Set-Cookie"]
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said
    assert "planner" not in said and PASSWORD not in said


def test_behind_a_proxy_with_tls_the_cookie_is_secure(built, tmp_path) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_SERVER__BEHIND_PROXY="true"))
    answer = town.app.test_client().get("/sign-in", headers={"X-Forwarded-Proto": "https", "Accept": "text/html"})
    assert "Secure" in answer.headers["Set-Cookie"]
    town.close()


def test_a_session_planted_before_the_sign_in_holds_nothing_after_it(town: Web) -> None:
    planted = town.page()
    planted.token()
    before = cookie(planted).value
    with planted.client.session_transaction() as session:
        token_before = session["csrf_token"]
    assert planted.sign_in("planner").status_code == 302
    assert cookie(planted).value != before
    with planted.client.session_transaction() as session:
        assert session["csrf_token"] != token_before
    attacker = town.page()
    attacker.client.set_cookie("weige", before)
    assert attacker.client.get("/api/areas").status_code == 401


def test_a_copied_cookie_opens_nothing_after_the_sign_out(town: Web) -> None:
    browser = town.page("planner")
    copied = cookie(browser).value
    thief = town.page()
    thief.client.set_cookie("weige", copied)
    for path in PATHS:
        assert thief.client.get(path).status_code == thief.client.get(path).status_code == 200
    assert browser.client.post("/sign-out", headers={"X-CSRF-Token": browser.csrf}).headers["Location"] == "/sign-in"
    thief.client.set_cookie("weige", copied)
    for path in PATHS:
        assert thief.client.get(path).status_code == browser.client.get(path).status_code == 401


def test_signing_out_of_one_browser_leaves_the_other_in(town: Web) -> None:
    one, two = town.page("planner"), town.page("planner")
    one.client.post("/sign-out", headers={"X-CSRF-Token": one.csrf})
    assert two.client.get("/api/areas").status_code == 200


def test_a_new_password_ends_all_sessions(town: Web) -> None:
    browser = town.page("planner")
    assert [browser.client.get(path).status_code for path in PATHS * 2] == [200] * 6
    town.accounts.add("planner", PASSWORD + "!", [])
    assert [browser.client.get(path).json["code"] for path in PATHS] == ["not-signed-in"] * 3


def test_rights_taken_away_are_gone_at_once(town: Web) -> None:
    browser, token = town.page("viewer"), town.tokens["viewer"]
    assert [browser.client.get(path).status_code for path in PATHS * 2] == [200] * 6
    town.accounts.add("viewer", PASSWORD, [])
    assert [browser.client.get(path).status_code for path in PATHS] == [401] * 3
    bearer = {"Authorization": f"Bearer {token}"}
    assert [town.app.test_client().get(path, headers=bearer).status_code for path in PATHS] == [403] * 3


@pytest.mark.parametrize("key, age_s", [("seen", 30 * 60 + 1), ("since", 12 * 3600 + 1)])
def test_an_idle_or_old_session_ends(town: Web, key: str, age_s: float) -> None:
    browser = town.page("planner")
    for back, status in ((age_s - 60, 200), (age_s, 401)):
        with browser.client.session_transaction() as session:
            session["seen"] = session["since"] = datetime.now().timestamp()
            session[key] -= back
        answer = browser.client.get("/api/areas")
        assert answer.status_code == status
    assert answer.json["code"] == "not-signed-in" and "expired" in answer.json["detail"]
    assert browser.client.get("/api/areas").status_code == 401


def test_work_keeps_a_session_awake(town: Web) -> None:
    browser = town.page("planner")
    with browser.client.session_transaction() as session:
        session["seen"] -= 1700
    browser.client.get("/api/areas")
    with browser.client.session_transaction() as session:
        assert datetime.now().timestamp() - session["seen"] < 60


def test_the_language_survives_signing_in_and_out(town: Web) -> None:
    browser = town.page()
    browser.client.get("/language/en")
    browser.sign_in("planner")
    assert 'lang="en"' in browser.client.get("/", headers={"Accept": "text/html"}).text
    browser.client.post("/sign-out", headers={"X-CSRF-Token": browser.csrf})
    assert 'lang="en"' in browser.client.get("/sign-in", headers={"Accept": "text/html"}).text


def test_a_forged_cookie_is_nobody(town: Web) -> None:
    browser = town.page("planner")
    payload, rest = cookie(browser).value.split(".", 1)
    browser.client.set_cookie("weige", payload[:-2] + "AA." + rest)
    assert browser.client.get("/api/areas").status_code == 401


# ---- passwords -------------------------------------------------------------------------------------------------------
def tries(town: Web, account: str, *passwords: str) -> list[dict]:
    answers = []
    for password in passwords:
        browser = town.page()
        browser.token()
        answers.append(browser.send("POST", "/sign-in", {"account": account, "password": password}).json)
    return answers


def test_five_wrong_passwords_lock_the_account_for_a_while(town: Web) -> None:
    now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    town.accounts.clock = lambda: now
    answers = tries(town, "planner", *["wrong"] * 5, PASSWORD)
    assert [answer["code"] for answer in answers] == ["wrong-password"] * 6
    assert [answer.get("left") for answer in answers] == [4, 3, 2, 1, 0, None]
    assert answers[-1]["minutes"] == 31 or answers[-1]["minutes"] == 30
    now += timedelta(minutes=31)
    assert tries(town, "planner", PASSWORD)[0]["account"] == "planner"


def test_a_right_password_forgives_the_wrong_ones(town: Web) -> None:
    answers = tries(town, "planner", "wrong", "wrong", PASSWORD, "wrong")
    assert [answer.get("left") for answer in answers] == [3 + 1, 3, None, 4]


def test_an_unknown_name_cannot_be_told_from_a_wrong_password(town: Web) -> None:
    known, unknown = (tries(town, name, *["wrong"] * 7) for name in ("planner", "nobody-at-all"))
    assert [told.pop("request") for told in known + unknown], "the number of each request, another every time"
    assert known == unknown
    assert known[-1]["minutes"] > 0


def test_every_try_stands_in_the_audit_trail_without_its_password(town: Web) -> None:
    tries(town, "planner", "secret-typo", PASSWORD)
    lines = town.accounts.audit(2)
    assert [(line["action"], line["result"], line["account"]) for line in lines] == [
        ("sign-in", "done", "planner"),
        ("sign-in", "refused", "planner"),
    ]
    assert "secret-typo" not in str(town.accounts.audit())


def test_the_page_says_what_was_wrong_in_both_languages(town: Web) -> None:
    for lang, words in (("zh", "密码"), ("en", "assword")):
        browser = town.page()
        browser.client.get(f"/language/{lang}")
        answer = browser.sign_in("planner", "typo")
        assert answer.status_code == 401 and words in answer.text
        assert 'value="planner"' in answer.text and "typo" not in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[1]",
        "5",
        "{",
        '"text"',
        '{"account": {"a": 1}, "password": []}',
        r'{"account": "\ud800"}',
        r'{"account": "a\u0000", "password": "x"}',
        '{"account": NaN}',
        "[" * 100_000,
        '{"account": 5, "password": 1' + "0" * 5000 + "}",
        '{"account": "' + "x" * 100_000 + '"}',
    ],
)
def test_nonsense_at_the_door_is_refused(town: Web, text: str) -> None:
    browser = town.page()
    headers = {"X-CSRF-Token": browser.token()}
    answer = browser.client.post("/sign-in", data=text, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 401) and answer.json["code"] in ("bad-input", "wrong-password")


@pytest.mark.parametrize(
    "form", [{}, {"account": "a\0b", "password": "x"}, {"account": "x" * 100_000, "password": "y" * 100_000}]
)
def test_a_nonsense_form_is_a_page_again(town: Web, form: dict) -> None:
    browser = town.page()
    answer = browser.client.post("/sign-in", data={"csrf_token": browser.token(), **form})
    assert answer.status_code == 401 and answer.mimetype == "text/html"


# ---- the dialog over an open page ------------------------------------------------------------------------------------
def test_the_dialog_signs_in_again_and_gets_a_new_protection_token(town: Web) -> None:
    browser = town.page("planner")
    with browser.client.session_transaction() as session:
        session["seen"] = 0
    refused = browser.send("POST", "/api/edits/preview", {"op": "split"})
    assert refused.status_code == 401
    answer = browser.send("POST", "/sign-in", {"account": "planner", "password": PASSWORD})
    assert answer.status_code == 200 and answer.json["account"] == "planner"
    assert answer.json["csrf"] != browser.csrf
    assert browser.send("POST", "/api/edits/preview", {"op": "split"}, csrf=browser.csrf).json["code"] == "bad-csrf"
    assert (
        browser.send("POST", "/api/edits/preview", {"op": "split"}, csrf=answer.json["csrf"]).json["code"]
        == "missing-field"
    )


# ---- protection against other sites ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "/api/edits", {"op": "merge", "targets": ["11", "21"]}),
        ("POST", "/api/edits/preview", {"op": "split"}),
        ("POST", "/api/edits/1/undo", {}),
        ("PATCH", "/api/areas/11", {"version": 1, "note": "x"}),
        ("POST", "/api/zones", {"kind": "lockdown", "areas": ["11"]}),
        ("DELETE", "/api/zones/1", None),
        ("POST", "/api/zones/1/restore", {}),
        ("POST", "/api/exports", {}),
        ("POST", "/api/staff", {}),
        ("PATCH", "/api/staff/1", {"version": 1}),
        ("DELETE", "/api/staff/1?version=1", None),
        ("POST", "/sign-out", None),
    ],
)
@pytest.mark.parametrize("csrf", ["", "nonsense", "another"])
def test_a_request_without_the_token_of_the_page_is_refused(
    shared: Web, method: str, path: str, body, csrf: str
) -> None:
    browser, other = shared.page("planner"), shared.page("commander")
    rev = shared.rev
    answer = browser.send(method, path, body, csrf=other.csrf if csrf == "another" else csrf)
    assert (answer.status_code, answer.json["code"]) == (400, "bad-csrf")
    assert shared.rev == rev


def test_the_sign_in_form_needs_its_token_too(shared: Web) -> None:
    answer = shared.app.test_client().post("/sign-in", data={"account": "planner", "password": PASSWORD})
    assert (
        answer.status_code == 400
        and "Set-Cookie" not in answer.headers
        or "key" not in answer.headers.get("Set-Cookie", "")
    )


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "http://evil.example",
        "https:evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "",
        "/\x00//evil.example",
    ],
)
def test_nobody_is_sent_to_another_host(town: Web, target: str) -> None:
    assert own_page(target) == "/"
    browser = town.page()
    assert browser.sign_in("planner", next=target).headers["Location"] == "/"
    assert browser.client.get("/sign-in", query_string={"next": target}).headers["Location"] == "/"
    assert browser.client.get("/language/en", query_string={"next": target}).headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/", "/?area=11&level=grid", "/report", "/?q=河心岛"])
def test_a_page_of_ours_is_where_one_goes(target: str) -> None:
    assert own_page(target) == target


# ---- tokens ----------------------------------------------------------------------------------------------------------
def test_a_token_needs_no_protection_token_and_sets_no_cookie(town: Web) -> None:
    answer = town.patch("/api/areas/11", "planner", json={"version": 1, "note": "夜班"})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Bearer", "Basic cGxhbm5lcjp4", "weige_x", "Bearer a b c", "Bearer \x7f"]
)
def test_an_unknown_token_is_nobody_even_beside_a_session(shared: Web, header: str) -> None:
    browser = shared.page("planner")
    answer = browser.client.get("/api/areas", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_is_nobody(town: Web) -> None:
    now = datetime.now(UTC)
    assert town.get("/api/areas", "planner").status_code == 200
    town.accounts.clock = lambda: now + timedelta(days=31)
    answer = town.get("/api/areas", "planner")
    assert (answer.status_code, answer.json["code"]) == (401, "not-signed-in")
    assert "expired" in answer.json["detail"]


def test_tokens_are_kept_as_hashes_only(town: Web) -> None:
    file = town.store.path.with_suffix(".accounts.sqlite")
    assert file.stat().st_mode & 0o777 == 0o600
    kept = b"".join(part.read_bytes() for part in file.parent.glob(file.name + "*"))
    assert not any(token.encode() in kept for token in town.tokens.values())
    assert PASSWORD.encode() not in kept


def test_accounts_do_not_travel_with_the_map(town: Web) -> None:
    town.page("planner")
    kept = town.store.path.read_bytes()
    assert b"argon2" not in kept and b"account planner" not in kept


# ---- limits ----------------------------------------------------------------------------------------------------------
def test_too_many_requests_of_one_account_wait(built, tmp_path, still) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_SERVER__RATE_LIMIT="5/minute"))
    answers = [town.get("/api/areas/11", "planner") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json["code"] == "too-many-requests" and 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].mimetype == "application/problem+json"
    assert town.get("/api/areas/11", "commander").status_code == 200, "another account"
    assert town.get("/tiles/areas/0/0/0.mvt", "planner").status_code == 200, "tiles are not counted"
    assert town.get("/healthz", None).status_code == 200
    town.close()


def test_a_person_over_the_limit_gets_a_page(built, tmp_path, still) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_SERVER__RATE_LIMIT="3/minute"))
    answers = [town.get("/", "planner", headers={"Accept": "text/html"}) for _ in range(4)]
    assert (
        answers[-1].status_code == 429
        and answers[-1].mimetype == "text/html"
        and int(answers[-1].headers["Retry-After"]) > 0
    )
    town.close()


def test_sign_in_tries_of_one_address_are_limited(built, tmp_path, still) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_SERVER__SIGN_IN_LIMIT="3/minute"))
    browser = town.page()
    browser.token()
    codes = [browser.send("POST", "/sign-in", {"account": f"name{k}", "password": "x"}).json["code"] for k in range(5)]
    assert codes == ["wrong-password"] * 3 + ["too-many-requests"] * 2
    assert browser.client.get("/sign-in").status_code == 200, "looking at the page is no try"
    town.close()
