"""What the server tells of itself: one line a request, numbers for Prometheus, health; to whom, and what never."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partialmethod

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from layers.errors import StoreMissing
from mapapp import logs
from tests.mapapp import web
from tests.mapapp.web import PASSWORD, Web, open_town

TILE = "/tiles/areas/0/0/0.mvt"


@pytest.fixture(autouse=True)
def to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are read to their end, as by a browser: then they are told."""
    monkeypatch.setattr(FlaskClient, "open", partialmethod(FlaskClient.open, buffered=True))


@pytest.fixture
def said() -> Iterator[io.BytesIO]:
    """Everything this process tells, as JSON; as it was afterwards."""
    root, before, kept = logging.getLogger(), structlog.get_config(), threading.excepthook
    handlers, level, out = root.handlers[:], root.level, io.BytesIO()
    logs.setup("json", "info", out=out)
    yield out
    structlog.configure(**before)
    root.handlers[:], threading.excepthook = handlers, kept
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def town(said, built, tmp_path) -> Iterator[Web]:
    """An app made after the log was set up. No request is slow, however slow the machine is."""
    one = open_town(built, tmp_path, web.settings(WEIGE_LOG__SLOW_MS="1e9"))
    yield one
    one.close()


def lines(said: io.BytesIO, event: str = "request") -> list[dict]:
    return [line for line in map(json.loads, said.getvalue().splitlines()) if line["event"] == event]


def counted(town: Web) -> dict[str, float]:
    rows = town.app.extensions["weige.metrics"].text().decode().splitlines()
    return {name: float(value) for name, _, value in (row.rpartition(" ") for row in rows if not row.startswith("#"))}


# --- lines -----------------------------------------------------------------------------------------------------------
def test_a_request_is_one_line_with_route_and_role_but_neither_code_nor_account(town: Web, said) -> None:
    answer = town.get("/api/areas/河心岛?geometry=true", "mixed")
    (line,) = lines(said)
    assert line.keys() == {"time", "level", "event", "method", "route", "status", "ms", "role", "id"}
    assert (line["method"], line["route"], line["status"], line["role"]) == ("GET", "/api/areas/{code}", 200, "planner+viewer")
    assert line["id"] == answer.headers["X-Request-ID"] and re.fullmatch(r"[0-9a-f]{16}", line["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", line["time"]) and line["ms"] >= 0


def test_tiles_past_flask_are_told_and_counted_like_all_others(town: Web, said) -> None:
    browser = town.page("viewer")
    for _ in range(3):
        assert browser.client.get(TILE).headers["X-Request-ID"]
    told = [line for line in lines(said) if line["route"] == "/tiles/{layer}/{z}/{x}/{y}.mvt"]
    assert [(line["status"], line["role"]) for line in told] == [(200, "viewer")] * 3
    numbers = counted(town)
    assert numbers['weige_requests_total{method="GET",route="/tiles/{layer}/{z}/{x}/{y}.mvt",status="200"}'] == 3
    assert numbers['weige_tile_cache_total{result="miss"}'] >= 1 and numbers['weige_tile_cache_total{result="hit"}'] >= 2


def test_a_problem_names_its_line(town: Web, said) -> None:
    problem = town.get("/api/areas/nowhere")
    assert problem.json["request"] == problem.headers["X-Request-ID"] == lines(said)[-1]["id"]
    assert lines(said)[-1]["code"] == "unknown-area"
    page = town.get("/nowhere/at/all", headers={"Accept": "text/html"})
    assert page.headers["X-Request-ID"] in page.text and lines(said)[-1]["route"] == "none"


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_a_number_is_taken_from_a_trusted_proxy_only_and_only_a_plain_one(built, said, tmp_path, behind_proxy: bool) -> None:
    town = open_town(built, tmp_path, web.settings(WEIGE_SERVER__BEHIND_PROXY=str(behind_proxy).lower()))
    given = town.get("/healthz", headers={"X-Request-ID": "balancer-0042"}).headers["X-Request-ID"]
    assert (given == "balancer-0042") == behind_proxy
    for bad in ("short", "with space and more", "x" * 65):
        assert town.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"] != bad
    town.close()


def test_a_slow_request_is_marked(built, said, tmp_path) -> None:
    town = open_town(built, tmp_path, web.settings(WEIGE_LOG__SLOW_MS="0.000001"))
    town.get("/healthz")
    assert lines(said)[-1]["slow"] is True
    town.close()


def test_no_word_of_what_people_typed_is_told(town: Web, said, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("林一十三", "Hidden-Word-5", "13912345678")
    browser = town.page()
    browser.sign_in(secrets[0], secrets[1])
    town.get(f"/api/search?q={secrets[0]}")
    town.post("/api/staff", json={"name": secrets[0], "phone": secrets[2], "role": "volunteer", "area": "11"})
    town.post("/api/staff", json={"name": secrets[0], "phone": secrets[2], "role": "wizard", "area": secrets[0]})
    monkeypatch.setattr("mapapp.search.arguments", lambda *_: {}[secrets[0]])  # an error that quotes it
    assert town.get(f"/api/search?q={secrets[0]}").status_code == 500
    logging.getLogger("weige.any").error("a library stumbled", exc_info=ValueError(f"cannot read {secrets[2]}"))
    whole = said.getvalue().decode("utf-8")
    for secret in (*secrets, "mayor", town.tokens["mayor"], PASSWORD):
        assert secret not in whole
    (fault,) = lines(said, "a request met an error nobody foresaw")
    assert fault["level"] == "error" and fault["exception"][0] == "KeyError" and any("search.py" in row for row in fault["exception"])
    assert lines(said)[-1]["id"] == fault["id"]


def test_values_of_a_statement_that_failed_are_not_told(town: Web, said, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_):
        with town.store.engine.connect() as connection:
            connection.execute(text("SELECT :name FROM nowhere"), {"name": "林一十三"})
    monkeypatch.setattr("mapapp.search.arguments", broken)
    assert town.get("/api/search?q=x").status_code == 500
    assert "林一十三" not in said.getvalue().decode("utf-8")
    assert "OperationalError" in str(lines(said, "a request met an error nobody foresaw")[0]["exception"])


def test_text_is_for_people_one_line_an_event(said) -> None:
    out = io.BytesIO()
    logs.setup("text", "warning", worker=3, out=out)
    logs.logger().info("not told")
    logs.logger().warning("worker\nended", number=1, words="two words", empty="")
    row = out.getvalue().decode()
    assert re.fullmatch(r"\S+ warning worker ended worker=3 number=1 words='two words' empty=''\n", row), row


def test_messages_of_errors_are_told_only_at_level_debug(said) -> None:
    for level, told in (("debug", True), ("info", False)):
        out = io.BytesIO()
        logs.setup("text", level, out=out)
        try:
            raise ValueError("林一十三")
        except ValueError:
            logs.logger().error("failed", exc_info=sys.exc_info())
        assert ("林一十三" in out.getvalue().decode()) == told and "ValueError" in out.getvalue().decode()


# --- numbers ---------------------------------------------------------------------------------------------------------
def test_edits_are_counted_by_operation_and_outcome(town: Web) -> None:
    version = town.area("11")["version"]
    town.patch("/api/areas/11", json={"version": version, "name": "新名"})
    town.patch("/api/areas/11", json={"version": version, "name": "旧名"})
    town.patch("/api/areas/11", json={"version": version, "colour": "red"})
    town.post("/api/edits", json={"op": "merge", "targets": ["11", "23"], "keep": "11"})
    town.post("/api/edits", json={"op": "draw a secret name"})
    town.post("/api/edits/preview", json={"op": "merge", "targets": ["11", "23"], "keep": "11"})
    found = {name: value for name, value in counted(town).items() if name.startswith("weige_edits_total")}
    outcomes = {(re.search('op="([^"]*)"', name)[1], re.search('outcome="([^"]*)"', name)[1]): value for name, value in found.items()}
    assert outcomes[("areas change", "ok")] == 1 and outcomes[("areas change", "stale")] == 1
    assert outcomes[("areas change", "refused")] == 1
    assert outcomes[("merge", "refused")] == 1 and outcomes[("unknown", "refused")] == 1
    assert not any("secret" in name for name in found)


def test_the_store_and_this_process_are_told(town: Web) -> None:
    numbers = counted(town)
    assert numbers["weige_store_up"] == 1 and numbers["weige_store_bytes"] > 100_000
    assert numbers['weige_rev{worker="1"}'] == town.rev and numbers['weige_seq{worker="1"}'] == town.store.head()[1]
    assert numbers['weige_live_watchers{worker="1"}'] == 0
    assert numbers['weige_process_resident_bytes{worker="1"}'] > 10_000_000
    assert numbers["weige_check_age_seconds"] >= 0


def test_only_monitors_read_the_numbers(town: Web) -> None:
    for who in web.PEOPLE:
        assert town.get("/metrics", who).status_code == 403
    town.accounts.add("probe", PASSWORD, [("monitor", 0, 1)])
    token = {"Authorization": f"Bearer {town.accounts.new_token('probe', 1)}"}
    answer = town.get("/metrics", None, headers=token)
    assert answer.status_code == 200 and answer.mimetype == "text/plain" and "weige_requests_total" in answer.text
    for path in ("/api/areas", "/api/summary", TILE, "/api/edits", "/live"):
        assert town.get(path, None, headers=token).status_code == 403, "and nothing else"


@pytest.mark.parametrize(
    "open_, address, headers, status",
    [
        ("false", "127.0.0.1", {}, 401),
        ("true", "127.0.0.1", {}, 200),
        ("true", "::1", {}, 200),
        ("true", "10.0.0.7", {}, 401),
        ("true", "127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 401),
        ("true", "127.0.0.1", {"Forwarded": "for=10.0.0.7"}, 401),
        ("true", "127.0.0.1", {"Authorization": "Bearer wrong"}, 401),
    ],
)
def test_without_a_sign_in_only_from_this_machine_and_only_when_set(built, tmp_path, open_, address, headers, status) -> None:
    town = open_town(built, tmp_path, web.settings(WEIGE_SERVER__OPEN_METRICS=open_))
    answer = town.get("/metrics", None, headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
    town.close()


# --- health ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def away(town: Web, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Takes the store and the accounts away, as a database that is stopped."""
    def take() -> None:
        def gone(*_):
            raise OperationalError("SELECT 1", {}, Exception('connection to server at "10.1.2.3", port 5432 failed: secret'))

        def missing(*_):
            raise StoreMissing("postgresql://…@10.1.2.3:5432/weige cannot be reached: secret")
        monkeypatch.setattr(town.accounts._watch, "state", gone)
        monkeypatch.setattr(town.store, "head", missing)
    return take


def test_a_store_that_is_away_is_told_without_saying_where_it_is(town: Web, away) -> None:
    browser = town.page("viewer")
    assert browser.client.get(TILE).status_code == 200
    away()
    health = town.get("/healthz", None)
    assert health.status_code == 503 and health.json["status"] == "unreachable" and health.json["ready"] is False
    for answer in (health, town.get("/api/areas"), browser.client.get(TILE), browser.client.get("/", headers={"Accept": "text/html"})):
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert "10.1.2.3" not in answer.text and "secret" not in answer.text
    assert town.get("/api/areas").json["code"] == "store-missing"
