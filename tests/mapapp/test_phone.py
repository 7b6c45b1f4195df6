"""The phone page and its worker: who gets them, what they hold, and that a grid worker lands there."""

from __future__ import annotations

import json
import re

import pytest

from geodata.demo import ACCOUNTS, TOWN
from mapapp import phone
from mapapp.paths import static_folder
from tests.mapapp.web import PASSWORD, Web

HTML = {"Accept": "text/html"}


def shell(web: Web) -> dict:
    """What the server tells the worker."""
    return json.loads(re.match(r"const SHELL = (\{.*?\});\n", web.get("/report/worker.js", None).text)[1])


def test_the_worker_may_care_for_the_page_and_for_nothing_above_it(shared: Web) -> None:
    answer = shared.get("/report/worker.js", None)
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/report"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"] and "no-store" in answer.headers["Cache-Control"]


def test_the_worker_keeps_every_file_the_page_loads(shared: Web) -> None:
    page = shared.get("/report", "reporter", headers=HTML).text
    scripts = json.loads(re.search(r'type="importmap"[^>]*>(.*?)</script>', page)[1])["imports"]
    loaded = {*re.findall(r'(?:src|href)="(/static/[^"]+)"', page), *scripts.values()}
    assert loaded <= set(shell(shared)["files"]), loaded - set(shell(shared)["files"])
    assert all("?v=" in file and (static_folder() / file.split("?")[0].removeprefix("/static/")).is_file() for file in shell(shared)["files"])
    assert not any("maplibre" in file for file in loaded)  # it works without the map


def test_scripts_import_only_what_the_worker_keeps() -> None:
    kept = set(phone.scripts())
    assert phone.START in kept and phone.WORKER not in kept
    assert {"js/ui/sign_in_dialog.js", "js/ui/dom.js", "js/data/api.js"} <= kept
    assert all((static_folder() / path).is_file() for path in kept)


def test_another_file_is_another_version(shared: Web, tmp_path, monkeypatch) -> None:
    before = shell(shared)["version"]
    monkeypatch.setattr(phone, "static", lambda path: f"/static/{path}?v=other")
    assert shell(shared)["version"] != before


def test_a_grid_worker_lands_on_the_phone_page_and_others_on_the_map(shared: Web) -> None:
    for account, home in (("reporter", "/report"), ("planner", "/"), ("viewer", "/")):
        page = shared.page()
        assert page.sign_in(account, PASSWORD).headers["Location"] == home
    assert shared.page().sign_in("reporter", PASSWORD, next="/account").headers["Location"] == "/account"


def test_the_page_knows_only_what_it_needs(shared: Web) -> None:
    page = shared.get("/report", "reporter", headers=HTML).text
    boot = json.loads(re.search(r'id="boot"[^>]*>(.*?)</script>', page)[1])
    assert boot["account"]["name"] == "reporter" and boot["account"]["can"] == {"see": True, "report": True, "redraw": False}
    assert {"reports", "report_work", "report_page", "report_worker", "post_presence", "sign_in", "sign_out"} <= boot["urls"].keys()
    assert "rep.done" in boot["messages"] and "rail.title" not in boot["messages"]
    assert 'data-density="phone"' in page and len(page) < 60_000


@pytest.mark.parametrize("out", [True, False])
def test_the_sign_in_page_knows_whether_somebody_has_just_left(shared: Web, out: bool) -> None:
    page = shared.page("reporter")
    if out:
        page.send("POST", "/sign-out")
    else:
        page.client.delete_cookie("weige")
    assert ("data-left" in page.client.get("/sign-in").text) is out
    assert "data-left" not in page.client.get("/sign-in").text  # told once


def test_the_demo_has_a_grid_worker_with_one_grid() -> None:
    name, password, role, area = next(account for account in ACCOUNTS if account[2] == "reporter")
    assert (name, password) == ("reporter", "Reporter-2026") and area.startswith(TOWN) and len(area) == len(TOWN) + 6 and role == "reporter"


def test_both_languages_have_the_words_of_the_page() -> None:
    used: set[str] = set()
    for file in (static_folder() / "js" / "report").glob("*.js"):
        used |= set(re.findall(r'"(rep\.[\w-]+)"', file.read_text(encoding="utf-8")))
    for lang in ("zh", "en"):
        words = json.loads((static_folder() / "i18n" / f"{lang}.json").read_text(encoding="utf-8"))
        assert sorted(used - words.keys()) == []
