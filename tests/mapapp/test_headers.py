"""Headers of every answer, pages without inline code, and no word about any other host."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import uvicorn

from layers.errors import every_error
from mapapp.asgi import asgi
from mapapp.errors import status_of
from mapapp.paths import static_folder
from mapapp.serve import listen
from tests.mapapp.web import Web

TEMPLATES = Path(__file__).parents[2] / "mapapp" / "templates"
HTML = {"Accept": "text/html"}


class Page(HTMLParser):
    """Scripts, styles, handlers and addresses of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.inline: list[dict] = []  # attributes of <script> without src and of <style>
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(given)
        self.handlers += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.addresses += [given[name] for name in ("src", "href", "action", "data", "poster") if given.get(name)]


PAGES = [
    ("/sign-in", None, 200),
    ("/sign-in?next=/x", None, 200),
    ("/", "mayor", 200),
    ("/", "viewer", 200),
    ("/audit", "auditor", 200),
    ("/accounts", "admin", 200),
    ("/accounts", "planner", 403),
    ("/account", "none", 200),
    ("/no-such-page", None, 404),
    ("/no-such-page", "mayor", 404),
    ("/language/xx", None, 404),
]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path, who, status", PAGES)
def test_a_page_holds_no_code_of_its_own(shared: Web, path: str, who: str | None, status: int, lang: str) -> None:
    answer = shared.get(path, who, headers=HTML | {"Accept-Language": lang})
    assert answer.status_code == status and answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)[1]
    page = Page(answer.text)
    assert [script for script in page.inline if script.get("nonce") != nonce] == []
    assert page.handlers == []
    assert all(address.startswith(("/", "#")) or address == "" for address in page.addresses), page.addresses
    assert "{{ " not in answer.text and "{% " not in answer.text
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text


def test_the_policy_is_strict(shared: Web) -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in shared.get("/sign-in", None, headers=HTML).headers["Content-Security-Policy"].split(";")
    )
    assert (
        policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    )
    assert policy["style-src"] == "'self'" and policy["connect-src"] == "'self'" and policy["form-action"] == "'self'"
    assert re.fullmatch(r"'self' 'nonce-[\w-]{20,}'", policy["script-src"])
    assert not any("unsafe" in value or "http" in value or "*" in value for value in policy.values())


def test_a_nonce_is_used_once(shared: Web) -> None:
    nonces = {
        re.search(r"'nonce-([^']+)'", shared.get("/sign-in", None).headers["Content-Security-Policy"])[1]
        for _ in range(5)
    }
    assert len(nonces) == 5


ANSWERS = [
    ("GET", "/", "mayor"),
    ("GET", "/sign-in", None),
    ("GET", "/api/areas/11", "mayor"),
    ("GET", "/api/areas/11", None),
    ("GET", "/api/areas/x", "mayor"),
    ("GET", "/tiles/areas/0/0/0.mvt", "mayor"),
    ("GET", "/static/css/tokens.css", None),
    ("GET", "/static/no-such-file.js", None),
    ("GET", "/healthz", None),
    ("POST", "/api/edits", "mayor"),
    ("OPTIONS", "/api/areas", "mayor"),
    ("PUT", "/api/areas", "mayor"),
    ("GET", "/nowhere", None),
    ("POST", "/sign-out", None),
]


@pytest.mark.parametrize("method, path, who", ANSWERS)
def test_every_answer_carries_the_headers(shared: Web, method: str, path: str, who: str | None) -> None:
    headers = shared.ask(method, path, who).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin" and headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers and "Retry-After" not in headers
    assert "private" in headers["Cache-Control"] or path == "/static/css/tokens.css", headers["Cache-Control"]


def test_static_files_last_under_the_address_of_their_content(shared: Web) -> None:
    page = shared.get("/sign-in", None, headers=HTML).text
    address = re.search(r'href="(/static/css/tokens\.css\?v=\w+)"', page)[1]
    assert "immutable" in shared.get(address, None).headers["Cache-Control"]
    assert "immutable" not in shared.get("/static/css/tokens.css", None).headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../config.toml",
        "/static/%2e%2e/config.toml",
        "/static/..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/static/",
    ],
)
def test_static_files_are_only_those(shared: Web, path: str) -> None:
    assert shared.get(path, None, follow_redirects=True).status_code == 404


# ---- nothing from other hosts ----------------------------------------------------------------------------------------
OURS = [
    file
    for folder in (TEMPLATES, static_folder() / "js", static_folder() / "css", static_folder() / "i18n")
    for file in sorted(folder.rglob("*"))
    if file.is_file()
] + sorted(static_folder().glob("*.svg"))
# Names of things, fetched by nobody.
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("file", OURS, ids=[file.name for file in OURS])
def test_no_file_of_ours_names_another_host(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert [
        found
        for found in re.findall(r"(?:https?:|wss?:)?//[\w-]+\.[\w./-]+", text)
        if found not in NAMES and not found.startswith("//www.w3.org")
    ] == []
    assert not re.search(
        r"@import|\beval\(|new Function\(|document\.write|innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML", text
    )


def test_templates_hold_no_inline_code() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\son\w+\s*=\s*[\"']|\sstyle\s*=|<style|javascript:", text), file.name
        assert all("nonce=" in tag or "src=" in tag for tag in re.findall(r"<script\b[^>]*>", text)), file.name
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text


def test_what_people_write_is_text_in_pages(town: Web) -> None:
    evil = "</script><script>alert(1)</script>"
    town.patch("/api/areas/C1", json={"version": 1, "name": evil})
    page = town.get("/", "planner", headers=HTML).text
    assert evil not in page and "alert(1)" in page


# ---- people get pages, programs get JSON -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "accept, mimetype",
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/problem+json"),
        ("*/*", "text/html"),
        ("", "application/problem+json"),
        ("application/json, text/html;q=0.5", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("nonsense", "application/problem+json"),
    ],
)
def test_an_error_comes_as_it_was_asked_for(shared: Web, accept: str, mimetype: str) -> None:
    answer = shared.get("/no-such-page", None, headers={"Accept": accept} if accept else {})
    assert answer.status_code == 404 and answer.mimetype == mimetype
    assert (
        shared.get("/api/no-such-layer", "mayor", headers={"Accept": accept} if accept else {}).mimetype
        == "application/problem+json"
    )


def test_who_opens_a_page_signed_out_is_led_to_the_door_and_back(shared: Web) -> None:
    answer = shared.get("/?area=河心岛", None, headers=HTML)
    assert answer.status_code == 302 and unquote(answer.headers["Location"]) == "/sign-in?next=/?area=河心岛"
    assert shared.get("/", None, headers={"Accept": "application/json"}).status_code == 401


def test_the_health_of_the_service_is_told_to_anybody(shared: Web) -> None:
    answer = shared.get("/healthz", None)
    assert answer.status_code == 200 and answer.json == {
        "status": "ok", "ready": True, "store": "gpkg", "rev": shared.rev, "mode": "normal"}
    assert shared.ask("HEAD", "/healthz", None).status_code == 200


def test_an_error_nobody_expected_says_nothing_of_the_inside(town: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(town.app.extensions["weige"].cache, "shown", lambda level: 1 / 0)
    answer = town.get("/api/figures?level=grid&metric=households")
    assert (answer.status_code, answer.json["code"], answer.json["status"]) == (500, "error", 500)
    assert "division" not in answer.text and "Traceback" not in answer.text


def test_every_reason_has_a_status_and_words_in_both_languages() -> None:
    for lang in ("zh", "en"):
        words = json.loads((static_folder() / "i18n" / f"{lang}.json").read_text(encoding="utf-8"))
        for kind in every_error():
            assert 400 <= status_of(kind("x")) < 600
            assert f"error.{kind.code}" in words, f"{lang}: error.{kind.code}"
        assert lang == "en" or not [key for key in words if "{detail}" in words[key]], "the server's own words are English"
        root = Path(__file__).parents[2]
        whys = {why for folder in ("layers", "geodata", "mapapp") for path in (root / folder).rglob("*.py")
                for why in re.findall(r"\bwhy=\"([\w-]+)\"", path.read_text(encoding="utf-8"))}
        assert whys and not [why for why in whys if not any(re.fullmatch(rf"error\.[\w-]+\.{why}", key) for key in words)]


# ---- through the server that people run ------------------------------------------------------------------------------
@pytest.fixture
def served(town: Web) -> Iterator[str]:
    """The address of the app behind uvicorn."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(asgi(town.app, 4), log_level="critical", lifespan="off", server_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_body_sent_in_chunks_is_read_and_limited(town: Web, served: str) -> None:
    headers = {"Authorization": f"Bearer {town.tokens['mayor']}", "Content-Type": "application/json"}
    parts = iter([b'{"name": "x", ', b'"role": "volunteer", ', b'"area": "11"}'])
    answer = httpx.post(f"{served}/api/staff", content=parts, headers=headers, timeout=60)
    assert answer.status_code == 201 and answer.json()["area"] == "11"
    flood = (b"x" * 1_000_000 for _ in range(20))
    answer = httpx.post(f"{served}/api/staff", content=flood, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_the_server_tells_nothing_of_itself(served: str) -> None:
    answer = httpx.get(f"{served}/healthz", timeout=60)
    assert answer.status_code == 200 and "server" not in answer.headers and "x-powered-by" not in answer.headers
    assert httpx.request("TRACE", f"{served}/api/areas", timeout=60).status_code == 405
    assert httpx.get(f"{served}/api/areas/%ff%fe", timeout=60).json()["code"] == "not-signed-in"
