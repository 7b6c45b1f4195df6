"""The audit trail: everything once, the newest first, in scope, filtered, paged without loss, and as a table."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.counts import count
from tests.mapapp.doing import edit_at
from tests.mapapp.test_api_accounts import built_with, town  # noqa: F401  (both stores)
from tests.mapapp.web import Web


def lines(town: Web, query: str = "", who: str = "eye") -> list[dict]:  # noqa: F811
    answer = town.get(f"/api/audit?{query}", who)
    assert answer.status_code == 200, answer.text
    return answer.json["lines"]


def walk(town: Web, query: str, who: str = "eye") -> list[dict]:  # noqa: F811
    found, url = [], f"/api/audit?{query}"
    while url:
        page = town.get(url, who).json
        found += page["lines"]
        url = page["next"]
    return found


def act(town: Web) -> None:  # noqa: F811
    """Some of everything, in turn."""
    for _ in range(3):
        town.page().sign_in("planner", "wrong")
        edit_at(town, "inside", "planner")
        town.page("planner")
        edit_at(town, "other", "outsider")
        town.accounts.log("export", "done", account="mayor", object="areas", path=None, details={"receiver": "公安", "purpose": "布控", "rows": 3})


@pytest.mark.promise("The audit trail: every line once, in order of time, whatever the size of a page")
def test_pages_hold_every_line_once_and_in_order(town: Web) -> None:  # noqa: F811
    act(town)
    whole = walk(town, "limit=1000")
    key = lambda line: (line["at"], line["kind"], line["account"], line["rev"])  # noqa: E731
    assert len(whole) > 15
    for size in (count(7, 1), 13):
        paged = walk(town, f"limit={size}")
        assert sorted(map(key, paged), key=str) == sorted(map(key, whole), key=str)
        moments = [re.sub(r"\.\d+", "", line["at"]) for line in paged]
        assert moments == sorted(moments, reverse=True)


def test_lines_are_filtered(town: Web) -> None:  # noqa: F811
    act(town)
    assert {line["kind"] for line in lines(town, "kind=edit")} == {"edit"}
    assert {line["kind"] for line in lines(town, "kind=sign-in")} == {"sign-in"}
    assert {line["result"] for line in lines(town, "kind=sign-in&account=planner")} == {"done", "refused"}
    exports = lines(town, "kind=export&account=mayor")
    assert exports[0]["details"] == {"receiver": "公安", "purpose": "布控", "rows": 3} and exports[0]["object"] == "areas"
    assert {line["account"] for line in lines(town, "kind=edit&area=C3")} >= {"outsider"}
    assert "outsider" not in {line["account"] for line in lines(town, "area=C1")}
    assert lines(town, "until=2020-01-01") == [] and lines(town, "since=2999-01-01") == []
    assert lines(town, "since=2020-01-01&until=2999-01-01")
    for query in ("kind=odd", "since=yesterday", "before=5", "limit=0", "odd=1", "before=1.x"):
        assert town.get(f"/api/audit?{query}", "eye").json["code"] == "bad-input"


def test_an_auditor_of_a_district_reads_of_his_areas_and_accounts_only(town: Web) -> None:  # noqa: F811
    act(town)
    town.accounts.log("export", "done", account="mayor", object="areas", path=town.app.extensions["weige"].cache.by_code("11").path)
    found = walk(town, "limit=1000", "auditor")
    assert "outsider" not in {line["account"] for line in found}
    assert {"planner", "mayor"} <= {line["account"] for line in found}
    assert [line for line in found if line["account"] == "mayor" and line["kind"] == "export" and line["details"]] == []
    assert {code for line in found for code in line["areas"]} <= {
        area["code"] for area in town.get("/api/areas?parent=C1", "mayor").json["areas"]} | {"C1"}
    assert town.get("/api/audit?area=C3", "auditor").status_code == 404


def test_nothing_personal_but_account_names_is_told(town: Web) -> None:  # noqa: F811
    act(town)
    town.page("planner")
    told = str(walk(town, "limit=1000")) + town.get("/api/audit.csv", "eye").text
    assert "127.0.0.1" not in told and "account planner" not in told and "13900000" not in told


def test_the_table_is_safe_to_open_and_stands_in_the_trail(town: Web) -> None:  # noqa: F811
    town.accounts.log("export", "done", account="=cmd()", object="areas", details={"receiver": "+1", "purpose": "a\nb"})
    answer = town.get("/api/audit.csv?kind=export", "eye")
    assert answer.mimetype == "text/csv" and answer.data.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0]["account"] == "'=cmd()" and rows[0]["details"] == "receiver: +1; purpose: a\nb"
    assert lines(town, "kind=other")[0]["action"] == "audit-export"
