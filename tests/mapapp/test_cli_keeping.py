"""snapshot, restore, migrate and mode as commands: their answers, exit codes, and a server that goes on meanwhile."""

from __future__ import annotations

import json
import sqlite3
import stat
import urllib.request
from pathlib import Path

import pytest

from mapapp.cli import main
from tests.mapapp.web import PASSWORD, build
from tests.serving import served

STATS = ("households", "population", "leaves", "unknown_leaves", "area_m2", "staff", "special")


@pytest.fixture(params=["gpkg", "postgis"])
def url(request, tmp_path: Path) -> str:
    """The address of a store with the little town and its accounts."""
    made = f"gpkg://{tmp_path / 'town.gpkg'}" if request.param == "gpkg" else request.getfixturevalue("fresh_postgis")()
    build(tmp_path, made)
    return made


@pytest.fixture
def other(url: str, tmp_path: Path, request) -> str:
    """An address of the other kind that holds nothing."""
    return f"gpkg://{tmp_path / 'other.gpkg'}" if url.startswith("postgres") else request.getfixturevalue("fresh_postgis")()


@pytest.fixture
def weige(capsys, monkeypatch):
    """Calls the program: exit code and JSON answer."""
    for name in ("WEIGE_CONFIG", "WEIGE_STORE__URL"):
        monkeypatch.delenv(name, raising=False)

    def call(store: str, *words: str):
        capsys.readouterr()
        code = main(["--store", store, "--json", *words])
        return code, json.loads(capsys.readouterr().out)
    return call


def figures(weige, url: str) -> dict:
    code, told = weige(url, "stats", "K")
    assert code == 0
    return {name: told[name] for name in STATS}


def test_snapshot_and_restore_answer_what_they_did(weige, url, other, tmp_path):
    before = figures(weige, url)
    checked = weige(url, "check")[1]
    file = tmp_path / "a.gpkg"
    code, told = weige(url, "snapshot", str(file))
    assert code == 0 and told["contents"] == "layers" and told["tables"]["areas"] == 46 and not told["accounts"]
    assert told["check"] == {kind: checked[kind] for kind in ("gaps", "overlaps", "nesting", "codes")}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and not (tmp_path / "a.accounts.sqlite").exists()
    code, told = weige(other, "restore", str(file))
    assert code == 0 and told["kept"] is None and told["rev"] == told["snapshot_rev"]
    assert figures(weige, other) == before
    assert {key: value for key, value in weige(other, "check")[1].items()} == checked
    code, told = weige(other, "restore", str(file))
    assert (code, told["code"]) == (1, "store-not-empty")
    code, told = weige(other, "restore", str(file), "--replace")
    assert code == 0 and Path(told["kept"]).exists() and figures(weige, other) == before


def test_accounts_go_into_a_second_file_and_back_when_asked(weige, url, other, tmp_path, monkeypatch):
    file, second = tmp_path / "all.gpkg", tmp_path / "all.accounts.sqlite"
    assert weige(url, "snapshot", str(file), "--full", "--accounts")[1]["accounts"]
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
    with sqlite3.connect(second) as held:
        names = {row[0] for row in held.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert held.execute("SELECT count(*) FROM accounts").fetchone()[0] == 13
        assert all(held.execute(f"SELECT count(*) FROM {name}").fetchone()[0] == 0 for name in names & {"sessions", "secrets"})
    assert b"argon2" not in file.read_bytes()
    assert weige(other, "restore", str(file), "--accounts")[0] == 0
    with served(other) as running:
        assert sign_in(running.url) == 200
    held = second.read_bytes()
    second.write_bytes(held.replace(b"mayor", b"maier"))
    code, told = weige(other, "restore", str(file), "--accounts", "--replace")
    assert (code, told["code"]) == (1, "bad-file")
    assert (weige(other, "restore", str(second))[1]["code"]) == "bad-file"


def sign_in(address: str) -> int:
    """The status of signing in by script, as a page does."""
    import re
    from http.cookiejar import CookieJar
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.open(f"{address}/sign-in").read().decode())[1]
    body = json.dumps({"account": "mayor", "password": PASSWORD}).encode()
    return browser.open(urllib.request.Request(f"{address}/sign-in", body, {
        "Content-Type": "application/json", "X-CSRF-Token": token, "Accept": "application/json"})).status


def test_a_running_server_is_copied_replaced_and_closed_from_the_command_line(weige, url, tmp_path):
    token = weige(url, "user", "token", "mayor")[1]["token"]
    file = tmp_path / "a.gpkg"
    with served(url) as running:
        def ask(method: str, path: str, body=None):
            request = urllib.request.Request(running.url + path, None if body is None else json.dumps(body).encode(), {
                "Authorization": f"Bearer {token}", "Content-Type": "application/json"}, method=method)
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as error:
                return error.code, json.load(error)
        person = {"name": "李某", "role": "volunteer", "area": "11"}
        assert weige(url, "snapshot", str(file), "--full")[0] == 0
        before = ask("GET", "/api/staff")[1]["staff"]
        assert ask("POST", "/api/staff", person)[0] == 201
        rev = ask("GET", "/healthz")[1]["rev"]
        assert weige(url, "restore", str(file), "--replace")[0] == 0
        assert ask("GET", "/api/staff")[1]["staff"] == before, "the server follows"
        assert ask("GET", "/healthz")[1]["rev"] > rev
        assert weige(url, "mode", "read-only", "--note", "搬家")[1]["mode"] == "read-only"
        assert weige(url, "mode")[1]["note"] == "搬家"
        status, told = ask("POST", "/api/staff", person)
        assert (status, told["code"], told["reason"], told["note"]) == (503, "read-only", "maintenance", "搬家")
        assert weige(url, "mode", "normal")[1]["mode"] == "normal"
        assert ask("POST", "/api/staff", person)[0] == 201


def test_migrate_tells_what_it_moved(weige, url, other):
    before = figures(weige, url)
    code, told = weige(url, "migrate", "--to", other, "--accounts")
    assert code == 0 and told["behind"] == 0 and told["accounts"] and "@" not in told["to"].replace("…@", "")
    assert figures(weige, other) == before
    assert weige(url, "migrate", "--to", other)[1]["code"] == "store-not-empty"


def test_serve_takes_no_changes_when_told(url, tmp_path):
    if url.startswith("postgres"):
        pytest.skip("the same for both stores")
    with served(url, "--read-only") as running, urllib.request.urlopen(f"{running.url}/healthz") as answer:
        assert json.load(answer)["mode"] == "read-only"
