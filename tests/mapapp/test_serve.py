"""`weige serve` on a GeoPackage: one process, one server, and an end that cuts nobody short."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from geodata.serving_lock import lock_of, serving
from layers.errors import StoreServed
from mapapp.cli import main
from tests.mapapp import web
from tests.serving import served


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


def slowly(parts: list[bytes], go_on: threading.Event) -> Iterator[bytes]:
    """A body whose last part waits."""
    yield from parts[:-1]
    assert go_on.wait(60)
    yield parts[-1]


def test_an_end_finishes_what_is_being_answered_closes_streams_and_lets_go_of_the_store(built, file: Path) -> None:
    log, token = file.with_name("log"), {"Authorization": f"Bearer {built['tokens']['mayor']}"}
    with served(f"gpkg://{file}", log=log, WEIGE_LOG__FORMAT="json", WEIGE_SERVER__OPEN_METRICS="true") as running:
        # commands work beside the server, and it sees what they did
        assert main(["--store", f"gpkg://{file}", "check"]) == 0
        assert main(["--store", f"gpkg://{file}", "stats", "K"]) == 0
        assert main(["--store", f"gpkg://{file}", "serve"]) == 1
        client = httpx.Client(base_url=running.url, headers=token, timeout=60)
        version = client.get("/api/areas/11").json()["version"]
        body = json.dumps({"version": version, "name": "最后一笔"}).encode()
        go_on, answers, begun, streams = threading.Event(), [], threading.Event(), []

        def send() -> None:
            answers.append(client.patch("/api/areas/11", content=slowly([body[:9], body[9:]], go_on),
                                        headers={"Content-Type": "application/json"}))

        def watch() -> None:
            with httpx.stream("GET", running.url + "/live", headers=token, timeout=60) as stream:
                for chunk in stream.iter_bytes():
                    begun.set()
                    streams.append(chunk)

        threads = [threading.Thread(target=work) for work in (send, watch)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        numbers = httpx.get(running.url + "/metrics", timeout=60).text
        assert 'weige_live_watchers{worker="1"} 1.0' in numbers
        assert 'weige_requests_total{method="GET",route="/live",status="200"} 1.0' in numbers
        time.sleep(0.5)  # the request is under way
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        go_on.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert running.process.wait(60) == 0
        assert answers[0].status_code == 200 and answers[0].json()["name"] == "最后一笔"
    assert streams, "the stream was ended, not cut"
    with serving(file):
        assert not Path(f"{file}-wal").exists(), "nothing but the store is left"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] == "error"], lines
    assert [line["status"] for line in lines if line.get("method") == "PATCH"] == [200]
    assert all(re.fullmatch(r"[0-9a-f]{16}", line["id"]) for line in lines if line["event"] == "request")
