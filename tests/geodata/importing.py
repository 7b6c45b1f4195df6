"""Stores and files to import from, and what a refusal must leave as it was."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.planting import import_areas
from geodata.store import Store
from layers.errors import (
    BadCoverage,
    WeigeError,
)
from tests.geodata.samples import refer
from tests.geodata.stores import copy_of, dump, house, inside, open_store, plant_leaves

TREE = {"level": "micro_grid", "parents": {"community": "community", "city": "city"}}


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> str:
    store = plant_leaves(open_store(f"gpkg://{tmp_path_factory.mktemp('bare') / 'bare.gpkg'}"))
    refer(store)
    store.close()
    return store.url


@pytest.fixture
def place(bare, tmp_path) -> Store:
    """A store with the areas of the little town."""
    store = open_store(copy_of(bare, tmp_path))
    yield store
    store.close()


@pytest.fixture
def nothing(tmp_path) -> Store:
    """A store without areas."""
    store = open_store(f"gpkg://{tmp_path / 'nothing.gpkg'}")
    yield store
    store.close()


def table(path: Path, *rows: dict, encoding: str = "utf-8") -> Path:
    """A CSV of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def houses(store: Store, number: int = 3, **more) -> list[dict]:
    """Rows of a CSV of buildings with outlines as WKT."""
    with store.read() as reader:
        leaves = reader.all_areas(leaf=True)
    dice = random.Random(4)
    return [
        {"code": f"H{k}", "households": 10 + k, "resident": 25 + k, "wkt": house(tuple(inside(leaves[k], dice, 1)[0])).wkt} | more
        for k in range(number)
    ]  # fmt: skip


def refused(store: Store, error: type[WeigeError], path: Path, *words: str, **options) -> WeigeError:
    """The import is refused with these words, and the store is as it was."""
    before = dump(store)
    layer = options.pop("layer", "buildings")
    work = import_areas if layer == "areas" else import_rows
    with pytest.raises(error) as told:
        work(store, path, Options(layer, **options), "tester")
    assert type(told.value) is error, told.value
    for word in words:
        assert word in told.value.text, told.value.text
    assert path.name in told.value.text or error is BadCoverage
    assert dump(store) == before
    return told.value


def leaves(store: Store):
    with store.read() as reader:
        return reader.all_areas(leaf=True)
