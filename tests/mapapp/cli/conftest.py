"""The program on a store of its own, and files to import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from mapapp.cli import main
from tests.mapapp.cli.command import AREAS, Said
from tests.mapapp.web import leaves


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"gpkg://{tmp_path / 'town.gpkg'}"


@pytest.fixture
def weige(url: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Calls the program on the store of the test."""
    for name in ("WEIGE_CONFIG", "WEIGE_STORE__URL"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, stdin: str = "", store: str = url) -> Said:
        monkeypatch.setattr("sys.stdin", __import__("io").StringIO(stdin))
        capsys.readouterr()
        try:
            code = main(["--store", store, *words])
        except SystemExit as stop:
            code = stop.code
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """Leaves of the little town as a GeoPackage, and the same with an overlap, a knot, one code."""
    folder = tmp_path_factory.mktemp("files")
    frame = leaves().assign(households=range(1, 40), population=range(2, 80, 2))
    frame.to_file(folder / "leaves.gpkg", layer="grids", driver="GPKG")
    shifted = frame.geometry.copy()
    shifted[7] = shapely.affinity.translate(shifted[7], 3e-5, 0)
    frame.set_geometry(shifted).to_file(folder / "overlap.gpkg", layer="grids", driver="GPKG")
    knot = frame.geometry.copy()
    knot[3] = shapely.Polygon([(120.21, 23.0), (120.211, 23.001), (120.211, 23.0), (120.21, 23.001)])
    frame.set_geometry(knot).to_file(folder / "knot.gpkg", layer="grids", driver="GPKG")
    frame.assign(code=["A"] * 39).to_file(folder / "twice.gpkg", layer="grids", driver="GPKG")
    return folder


@pytest.fixture
def town(weige, files: Path) -> Callable[..., Said]:
    """The program on a store that holds the little town."""
    done = weige("import", str(files / "leaves.gpkg"), *AREAS)
    assert done.code == 0, done.err
    return weige
