"""Stores for the tests of this folder: empty ones and the little town settled, each as GeoPackage and as PostGIS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from geodata.store import Store
from tests.geodata.importing import bare, nothing, place  # noqa: F401  fixtures of the tests of imports
from tests.geodata.stores import (
    KINDS_OF_STORE,
    Clock,
    copy_of,
    keep_pristine,
    open_store,
    restore_pristine,
    settle,
)


@pytest.fixture
def clock() -> Clock:
    """The time of the stores of one test."""
    return Clock()


@pytest.fixture(params=KINDS_OF_STORE)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of store in turn."""
    return request.param


@pytest.fixture
def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a store that is not there yet."""
    return f"gpkg://{tmp_path / 'store.gpkg'}" if kind == "gpkg" else request.getfixturevalue("fresh_postgis")()


@pytest.fixture
def empty(url: str, clock: Clock) -> Iterator[Store]:
    """A store without areas."""
    store = open_store(url, clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, str]:
    """URLs of closed stores with the little town, made when first asked for by `town`."""
    return {"folder": str(tmp_path_factory.mktemp("settled"))}


@pytest.fixture
def town_url(kind: str, settled: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a store with the little town and its people in it, as if nobody had touched it before."""
    if kind not in settled:
        made = f"gpkg://{settled['folder']}/town.gpkg" if kind == "gpkg" else request.getfixturevalue("fresh_postgis")()
        settle(open_store(made)).close()
        settled[kind] = made
        if kind == "postgis":
            keep_pristine(made)
    elif kind == "postgis":
        restore_pristine(settled[kind])
    return settled[kind] if kind == "postgis" else copy_of(settled[kind], tmp_path)


@pytest.fixture
def town(town_url: str, clock: Clock) -> Iterator[Store]:
    """That store, open."""
    store = open_store(town_url, clock)
    yield store
    store.close()
