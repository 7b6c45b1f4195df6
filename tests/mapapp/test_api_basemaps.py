"""Base maps over HTTP: rights, ranges, caching, and what a server behind ours may and may not do to us."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import mapbox_vector_tile
import pytest

from geodata.basemap import remote
from geodata.basemap.png import decode
from layers.errors import BadSetting
from mapapp.basemap import shelf
from mapapp.config import load
from tests.geodata.test_basemaps import colour, mbtiles
from tests.mapapp.web import Web, open_town
from tests.tainan import weige

KEY = "SECRET-KEY-1234"
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request waits until the other server has answered, however slow this machine is; one that failed stays left alone."""
    monkeypatch.setattr(remote, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(remote, "PAUSES_S", (3600,))


class Upstream:
    """Another map server on this machine: notes what it is asked, answers as it is told."""

    def __init__(self):
        self.asked: list[str] = []
        self.status, self.body, self.headers = 200, None, {}
        self.gate = threading.Event()  # while it is shut nobody gets an answer
        self.gate.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append(self.path)
                outer.gate.wait(10 * PATIENCE_S)
                body = colour(len(outer.asked)) if outer.body is None else outer.body
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    one = Upstream()
    yield one
    one.close()


def configured(folder: Path, *tables: dict, **basemap) -> Path:
    """A settings file with these base maps."""
    text = "".join("[[basemaps]]\n" + "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in table.items())
                   for table in tables)  # fmt: skip
    text += "[basemap]\n" + "".join(f"{name} = {value}\n" for name, value in {"timeout_s": 5 * PATIENCE_S, **basemap}.items())
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def table(kind: str, **more) -> dict:
    return {"id": "one", "kind": kind, "zh": "一", "en": "One", **more}


def opened(built, folder: Path, *tables: dict, **basemap) -> Web:
    config = load(configured(folder, *tables, **basemap), environ={"WEIGE_SERVER__RATE_LIMIT": "", "WEIGE_SERVER__SIGN_IN_LIMIT": "1000/minute"})
    return open_town(built, folder, config)


@pytest.fixture
def pictures(built, tmp_path) -> Iterator[Web]:
    """A town with a base map of pictures, one of vector tiles, and one that cannot be read."""
    vector = gzip.compress(mapbox_vector_tile.encode({"name": "water", "features": [{"geometry": "POINT (1 1)", "properties": {}}]}))
    mbtiles(tmp_path / "a.mbtiles", {(2, x, y): colour(x + 4 * y) for x in range(4) for y in range(3)})
    mbtiles(tmp_path / "v.mbtiles", {(0, 0, 0): vector})
    (tmp_path / "broken.tif").write_text("no picture")
    one = opened(built, tmp_path, table("mbtiles", path=str(tmp_path / "a.mbtiles"), attribution="<b>© 我们</b>", opacity=0.7),
                 table("mbtiles", path=str(tmp_path / "v.mbtiles")) | {"id": "vector"},
                 table("geotiff", path=str(tmp_path / "broken.tif")) | {"id": "broken"})  # fmt: skip
    yield one
    one.close()


# ---- files ----------------------------------------------------------------------------------------------------------
def test_tiles_of_a_file_are_its_bytes_and_last(pictures: Web):
    told = pictures.get("/basemaps/one.json", "viewer").json
    assert (told["state"], told["format"], told["minzoom"], told["maxzoom"], told["opacity"]) == ("ok", "raster", 2, 2, 0.7)
    assert told["attribution"] == "<b>© 我们</b>", "plain text: the page writes it as text"
    answer = pictures.get(f"/basemaps/one/2/3/1?v={told['version']}", "viewer")
    assert (answer.status_code, answer.data, answer.content_type) == (200, colour(7), "image/png")
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = pictures.get("/basemaps/one/2/3/1", "viewer", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert pictures.get("/basemaps/one/2/3/1", "viewer").headers["Cache-Control"] == "private, no-cache"


def test_vector_tiles_are_packed_for_who_takes_it(pictures: Web):
    packed = pictures.get("/basemaps/vector/0/0/0", headers={"Accept-Encoding": "gzip"})
    plain = pictures.get("/basemaps/vector/0/0/0", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.data) == plain.data
    assert "water" in mapbox_vector_tile.decode(plain.data) and packed.content_type == "application/vnd.mapbox-vector-tile"


@pytest.mark.parametrize("path, status", [
    ("2/3/3", 204), ("3/1/1", 204), ("0/0/0", 204), ("2/4/0", 404), ("2/0/4", 404), ("25/0/0", 404), ("99999/0/0", 404), ("2/-1/0", 404),
    ("2/0/0.png", 404), ("2/3/1?w=1", 400), ("2/999999999999999/0", 404),
])  # fmt: skip
def test_what_is_not_there_is_empty_and_what_cannot_be_is_refused(pictures: Web, path: str, status: int):
    assert pictures.get(f"/basemaps/one/{path}").status_code == status


def test_a_broken_base_map_is_told_and_the_map_works(pictures: Web):
    told = pictures.get("/basemaps/broken.json").json
    assert told["state"] == "failed" and told["text"].startswith("broken.tif: ") and "tiles" not in told
    assert pictures.get("/basemaps/broken/2/0/0").status_code == 404
    assert pictures.get("/tiles/areas/0/0/0.mvt").status_code == 200
    boot = pictures.page("mayor").client.get("/").text
    assert '"id": "broken"' in boot and "broken.tif" in boot
    assert pictures.get("/basemaps/absent.json").status_code == 404


@pytest.mark.parametrize("who, status", [(None, 401), ("none", 403), ("auditor", 403), ("viewer", 200), ("planner", 200), ("admin", 200)])
def test_who_may_not_see_the_map_gets_no_base_map(pictures: Web, who, status):
    assert pictures.get("/basemaps/one/2/0/0", who).status_code == status
    assert pictures.get("/basemaps/one.json", who).status_code == status


# ---- other servers --------------------------------------------------------------------------------------------------
@pytest.fixture
def fetched(built, tmp_path, upstream) -> Iterator[Web]:
    """A town with a base map fetched from the other server."""
    one = opened(built, tmp_path, table("xyz", url=f"{upstream.address}/t/{{z}}/{{x}}/{{y}}.png?tk={{key}}", key=KEY, max_zoom=18))
    yield one
    one.close()


def settled(web: Web, path: str):
    """The answer once the tile has come."""
    until = time.monotonic() + PATIENCE_S
    while (answer := web.get(path)).status_code == 204 and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def test_a_fetched_tile_is_asked_once_with_the_key_and_kept(fetched: Web, upstream: Upstream, built, tmp_path):
    answer = settled(fetched, "/basemaps/one/5/3/4")
    assert answer.status_code == 200 and upstream.asked == [f"/t/5/3/4.png?tk={KEY}"]
    assert "max-age=" in answer.headers["Cache-Control"]
    assert fetched.get("/basemaps/one/5/3/4").data == answer.data and len(upstream.asked) == 1
    files = list((tmp_path / "basemaps").glob("fetched-one-*.sqlite"))
    assert len(files) == 1 and files[0].stat().st_mode & 0o777 == 0o600
    again = open_again(fetched, tmp_path)
    assert again.tile("one", 5, 3, 4).picture.data == answer.data and len(upstream.asked) == 1, "it was kept on disk"
    again.close()


def open_again(web: Web, folder: Path):
    from geodata.basemap import Place, Shelf

    rules = web.config.basemap
    return Shelf(web.config.basemaps, Place(folder / "basemaps", None, int(rules.cache_mb * 1e6), rules.cache_days, rules.timeout_s), wait=True)


def test_key_and_address_are_told_to_nobody(fetched: Web, upstream: Upstream, caplog):
    caplog.set_level("DEBUG")
    settled(fetched, "/basemaps/one/5/3/4")
    upstream.status, upstream.body = 403, b"no"
    fetched.get("/basemaps/one/5/3/5")
    page = fetched.page("mayor").client
    told = [page.get("/").text, fetched.get("/basemaps/one.json").text, fetched.get("/basemaps/one/5/3/5").text,
            fetched.get("/basemaps/one/99/0/0").text, caplog.text, repr(fetched.config), repr(fetched.config.basemaps)]  # fmt: skip
    assert not [text for text in told if KEY in text or "tk=" in text]


def test_where_the_other_server_has_nothing_is_empty_and_remembered(fetched: Web, upstream: Upstream):
    upstream.status, upstream.body = 404, b"none"
    for _ in range(3):
        assert fetched.get("/basemaps/one/5/3/4").status_code == 204 and len(upstream.asked) == 1


@pytest.mark.parametrize("status, body, words", [(500, b"oops", "error"), (403, b"no key", "key or quota"), (302, b"", "elsewhere"),
                                                 (200, b"<html>quota</html>", "no picture"), (200, b"\x1a\x02ab", "no picture")])  # fmt: skip
def test_what_is_no_tile_is_no_error_of_the_page(fetched: Web, upstream: Upstream, status, body, words):
    upstream.status, upstream.body, upstream.headers = status, body, {"Location": "http://127.0.0.1:1/"} if status == 302 else {}
    answer = fetched.get("/basemaps/one/5/3/4")
    assert answer.status_code == 204 and answer.data == b"" and "max-age=" in answer.headers["Cache-Control"]
    assert words in fetched.get("/basemaps/one.json").json["text"]
    fetched.get("/basemaps/one/5/3/5")
    assert len(upstream.asked) == 1, "a server that fails is left alone for a while"


def test_a_server_that_is_down_or_slow_holds_nobody_up(fetched: Web, upstream: Upstream, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE_S", 1.5)
    upstream.gate.clear()
    results = []
    threads = [threading.Thread(target=lambda x=x: results.append(fetched.get(f"/basemaps/one/6/{x}/4").status_code)) for x in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [204] * 12, "all were answered while the other server was still silent"
    upstream.gate.set()
    assert settled(fetched, "/basemaps/one/6/1/4").status_code == 200, "the tile came later by itself"


def test_an_old_tile_is_shown_while_the_other_server_is_down(built, tmp_path, upstream, monkeypatch):
    now, later_s = time.time, [0]
    monkeypatch.setattr(time, "time", lambda: now() + later_s[0])
    one = opened(built, tmp_path, table("xyz", url=f"{upstream.address}/{{z}}/{{x}}/{{-y}}"), cache_days=1)
    first = settled(one, "/basemaps/one/2/1/0")
    assert upstream.asked == ["/2/1/3"], "rows counted from the south"
    later_s[0] = 86_500
    upstream.status, upstream.body = 503, b"down"
    again = one.get("/basemaps/one/2/1/0")
    assert (again.status_code, again.data, len(upstream.asked)) == (200, first.data, 2)
    one.close()


def test_tiles_on_disk_stay_below_their_limit(built, tmp_path, upstream):
    upstream.body = colour(1) + b"\0" * 20_000
    one = opened(built, tmp_path, table("xyz", url=f"{upstream.address}/{{z}}/{{x}}/{{y}}"), cache_mb=0.2)
    for x in range(40):
        assert settled(one, f"/basemaps/one/6/{x}/0").status_code == 200
    kept = next((tmp_path / "basemaps").glob("*.sqlite"))
    import sqlite3

    with sqlite3.connect(kept) as file:
        (held, count), = file.execute("SELECT sum(size), count(*) FROM tiles").fetchall()
        assert held <= 200_000 and count >= 5
        assert file.execute("SELECT max(x) FROM tiles").fetchone() == (39,), "the oldest leave first"
    one.close()


def test_nothing_a_browser_says_leads_to_another_host(fetched: Web, upstream: Upstream):
    for path in ("/basemaps/one/5/3/4?url=http://127.0.0.1:1/", "/basemaps/http:%2F%2F127.0.0.1:1/5/3/4", "/basemaps/one/5/3/..%2f..%2fetc",
                 "/basemaps/../one/5/3/4", "/basemaps/one/5/3/4@evil"):  # fmt: skip
        assert fetched.get(path).status_code in (400, 404, 308)
    assert upstream.asked == []


def test_pictures_in_gcj02_are_put_right_on_the_way(built, tmp_path, upstream):
    one = opened(built, tmp_path, table("wmts", url=f"{upstream.address}/?TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}", gcj02=True))
    z, x, y = 15, 27455, 13405
    settled(one, f"/basemaps/one/{z}/{x}/{y}")
    answer = settled(one, f"/basemaps/one/{z}/{x}/{y}")
    pixels = decode(answer.data)
    assert len({tuple(pixel) for pixel in pixels.reshape(-1, 4).tolist()}) >= 2, "it is cut from several of theirs"
    assert all(f"TILEMATRIX={z}" in path for path in upstream.asked)
    one.close()


@pytest.mark.parametrize("url", ["file:///etc/passwd{z}{x}{y}", "gopher://host/{z}/{x}/{y}", "http://{x}.host/{z}/{y}", "http:///{z}/{x}/{y}",
                                 "http://host/{z}/{x}", "http://host:99999/{z}/{x}/{y}", "//host/{z}/{x}/{y}"])  # fmt: skip
def test_an_address_that_is_none_is_refused_at_the_start(tmp_path, url):
    with pytest.raises(BadSetting, match="basemaps.one"):
        load(configured(tmp_path, table("xyz", url=url, key=KEY)), environ={})


def test_the_key_comes_from_the_environment(tmp_path):
    path = configured(tmp_path, table("xyz", url="http://host/{z}/{x}/{y}?{key}", key=""))
    assert load(path, environ={"WEIGE_BASEMAPS__ONE__KEY": KEY}).basemaps[0].key == KEY


def test_without_settings_there_is_none(shared: Web):
    assert '"basemaps": []' in shared.page("mayor").client.get("/").text
    with shared.app.app_context():
        assert shelf().all() == []


# ---- command line ---------------------------------------------------------------------------------------------------
def test_the_command_line_tells_what_a_file_holds(tmp_path):
    path, url = mbtiles(tmp_path / "a.mbtiles", {(3, 1, 2): colour(1)}, bounds="120,30,122,32"), f"gpkg://{tmp_path / 'town.gpkg'}"
    code, answer = weige(url, "basemap", str(path))
    assert (code, answer["kind"], answer["format"], answer["min_zoom"], answer["bounds"]) == (0, "mbtiles", "raster", 3, [120, 30, 122, 32])
    assert weige(url, "basemap", str(tmp_path / "none.tif"))[1]["code"] == "bad-file"
    assert weige(url, "basemap", "map.jpg")[0] == 2
