"""A little town for every test of the web: `town` may be written to, `shared` is only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mapapp import web


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
