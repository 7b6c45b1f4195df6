"""A little town for every test of the web: `town` may be written to, `shared` is only read."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.mapapp import web


@pytest.fixture(autouse=True)
def one_day() -> None:
    """No test begins in the last minute of a day where the town lies (UTC+8): ages of counts are in days."""
    left_s = 86_400 - (time.time() + 8 * 3600) % 86_400
    if left_s < 60:
        time.sleep(left_s)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> dict:
    """The town, built once."""
    return web.build(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def shared(built, tmp_path_factory) -> Iterator[web.Web]:
    """An app whose store no test changes."""
    one = web.open_town(built, tmp_path_factory.mktemp("shared"))
    yield one
    one.close()


@pytest.fixture
def town(built, tmp_path) -> Iterator[web.Web]:
    """An app on a copy of its own."""
    one = web.open_town(built, tmp_path)
    yield one
    one.close()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds of the epoch stand still: a limit per minute does not depend on how fast the machine is."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
