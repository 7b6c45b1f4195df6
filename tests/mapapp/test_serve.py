"""`weige serve` on a GeoPackage: one process, one server, and an end that cuts nobody short."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import stat
import threading
from pathlib import Path

import httpx
import pytest

from geodata.serving_lock import lock_of, serving
from layers.errors import StoreServed
from mapapp.cli import main
from tests.mapapp import web
from tests.serving import PATIENCE_S, served


@pytest.fixture
def file(built, tmp_path) -> Path:
    """A copy of the town."""
    web.open_town(built, tmp_path).close()
    return tmp_path / "town.gpkg"


def test_several_processes_are_refused_with_the_reason_and_the_way_out(file: Path, capsys) -> None:
    assert main(["--store", f"gpkg://{file}", "serve", "--workers", "2", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert "GeoPackage" in said and "one process" in said and "weige migrate --to postgresql://" in said and "bad-input" in said


def test_a_second_server_is_refused_and_told_where_the_first_is(file: Path, capsys) -> None:
    with serving(file) as lock:
        lock.tell("http://127.0.0.1:4242/")
        assert stat.S_IMODE(lock_of(file).stat().st_mode) == 0o600
        assert main(["--store", f"gpkg://{file}", "--json", "serve", "--port", "0"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert told["code"] == "store-served" and told["address"] == "http://127.0.0.1:4242/" and str(os.getpid()) in told["detail"]
        with pytest.raises(StoreServed), serving(file):
            pass
    with serving(file):
        assert lock_of(file).read_text().strip() == str(os.getpid())


def test_a_lock_file_that_a_crash_left_is_no_lock(file: Path) -> None:
    lock_of(file).write_text("1 http://127.0.0.1:4242/\n")
    with serving(file):
        pass


class Slowly:
    """A change whose body stops halfway until it is told to go on. Public: begin, end."""

    def __init__(self, address: str, path: str, token: dict[str, str], form: dict):
        self.line = http.client.HTTPConnection(address, timeout=PATIENCE_S)
        self.body = json.dumps(form).encode()
        self.line.putrequest("PATCH", path)
        for name, value in {**token, "Content-Type": "application/json", "Content-Length": str(len(self.body)), "Expect": "100-continue"}.items():
            self.line.putheader(name, value)

    def begin(self) -> None:
        """Returns when the view asks for the body: the request is under way."""
        self.line.endheaders()
        assert self.line.sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        self.line.send(self.body[:9])

    def end(self) -> tuple[int, dict]:
        """Sends the rest; status and answer."""
        self.line.send(self.body[9:])
        answer = self.line.getresponse()
        return answer.status, json.load(answer)


def test_an_end_finishes_what_is_being_answered_closes_streams_and_lets_go_of_the_store(built, file: Path) -> None:
    log, token = file.with_name("log"), {"Authorization": f"Bearer {built['tokens']['mayor']}"}
    with served(f"gpkg://{file}", log=log, WEIGE_LOG__FORMAT="json", WEIGE_SERVER__OPEN_METRICS="true") as running:
        # commands work beside the server, and it sees what they did
        assert main(["--store", f"gpkg://{file}", "check"]) == 0
        assert main(["--store", f"gpkg://{file}", "stats", "K"]) == 0
        assert main(["--store", f"gpkg://{file}", "serve"]) == 1
        client = httpx.Client(base_url=running.url, headers=token, timeout=PATIENCE_S)
        version = client.get("/api/areas/11").json()["version"]
        begun, streams = threading.Event(), []

        def watch() -> None:
            with httpx.stream("GET", running.url + "/live", headers=token, timeout=PATIENCE_S) as stream:
                for chunk in stream.iter_bytes():
                    begun.set()
                    streams.append(chunk)
            streams.append(b"ended")

        watching = threading.Thread(target=watch)
        watching.start()
        assert begun.wait(PATIENCE_S)
        numbers = httpx.get(running.url + "/metrics", timeout=PATIENCE_S).text
        assert 'weige_live_watchers{worker="1"} 1.0' in numbers
        assert 'weige_requests_total{method="GET",route="/live",status="200"} 1.0' in numbers
        change = Slowly(running.url.removeprefix("http://"), "/api/areas/11", token, {"version": version, "name": "最后一笔"})
        change.begin()
        running.process.send_signal(signal.SIGTERM)
        watching.join(PATIENCE_S)
        assert not watching.is_alive() and streams[-1] == b"ended", "the stream was ended, not cut"
        assert running.process.poll() is None, "the end waits for the change"
        status, answer = change.end()
        assert (status, answer["name"]) == (200, "最后一笔")
        assert running.process.wait(PATIENCE_S) == 0
    with serving(file):
        assert not Path(f"{file}-wal").exists(), "nothing but the store is left"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] == "error"], lines
    assert [line["status"] for line in lines if line.get("method") == "PATCH"] == [200]
    assert all(re.fullmatch(r"[0-9a-f]{16}", line["id"]) for line in lines if line["event"] == "request")
