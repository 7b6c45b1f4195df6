"""The set-up: locks without addresses, nothing fetched in git, a wheel with the pages, and what tests stand on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import psycopg
import pytest

from tests import services
from tools import debian, prepare

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PAGES = {"maplibre-gl": {"maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css", "LICENSE.txt"},
         "leaflet": {"leaflet.js", "leaflet.css", "LICENSE"}}  # fmt: skip


def pinned(file: Path) -> dict[str, str]:
    """Name and version of every requirement that a lock file holds."""
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", file.read_text(), re.MULTILINE))


def wanted(*lists: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", line)[0] for lines in lists for line in lines)
    return {re.sub(r"[._-]+", "-", name).lower() for name in names}


# --- lock files --------------------------------------------------------------------------------------------------
def test_python_locks_hold_hashes_and_no_address() -> None:
    assert [file.stem for file in REQUIREMENTS] == ["bench", "runtime", "test", "uv"]
    for file in REQUIREMENTS:
        text = file.read_text()
        assert "://" not in text and " @ " not in text and "/" not in text
        entries = re.split(r"\n(?=\S)", text.strip())
        assert all("--hash=sha256:" in entry for entry in entries), file.name


def test_npm_lock_holds_hashes_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert {f"node_modules/{package}" for package in PAGES} <= fetched.keys()
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched.values())
    assert not [name for name, entry in fetched.items() if "resolved" in entry]
    assert (ROOT / ".npmrc").read_text() == "omit-lockfile-registry-resolved=true\n"


def test_the_locks_hold_all_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    build = (ROOT / "requirements" / "build.in").read_text().split()
    needs = {
        "runtime": wanted(project["dependencies"], build),
        "test": wanted(project["dependencies"], build, extras["test"]),
        "bench": wanted(project["dependencies"], build, extras["test"], extras["bench"]),
    }
    for name, names in needs.items():
        assert names <= pinned(ROOT / f"requirements/{name}.txt").keys(), f"make lock: {name}.txt is behind"


def test_a_larger_set_keeps_the_pins_of_the_smaller() -> None:
    runtime, test, bench = (pinned(ROOT / f"requirements/{name}.txt").items() for name in prepare.SETS)
    assert runtime <= test <= bench


def test_a_changed_lock_is_prepared_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    for file in (*prepare.PROJECT_FILES, "requirements/uv.txt", "requirements/runtime.txt"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(file)
    before = prepare.fingerprint(tmp_path, "runtime")
    assert prepare.fingerprint(tmp_path, "runtime") == before
    (tmp_path / "package-lock.json").write_text("another version")
    assert prepare.fingerprint(tmp_path, "runtime") != before


# --- what is in git and what is in a wheel -----------------------------------------------------------------------
def test_no_fetched_file_is_in_git() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        assert not (ROOT / ".git").exists()  # an unpacked archive, not a checkout
        return
    assert [file for file in listed.stdout.splitlines() if re.search(r"(^|/)(vendor|node_modules|\.venv)/", file)] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, unpacked; built with no program but Python on the PATH."""
    folder = tmp_path_factory.mktemp("wheel")
    environment = {name: text for name, text in os.environ.items() if name != "PATH"} | {"PATH": str(folder)}
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("weige-*.whl")
    zipfile.ZipFile(file).extractall(folder / "site")
    return folder / "site"


def test_a_wheel_built_without_node_holds_pages_and_map_library(wheel: Path) -> None:
    packaged = wheel / "mapapp" / "static"
    for package, names in PAGES.items():
        assert {file.name for file in (packaged / "vendor" / package).iterdir()} == names
        assert all((packaged / "vendor" / package / name).stat().st_size > 1000 for name in names)
    for source in ("static", "mapapp/templates", "layers", "geodata"):
        target = packaged if source == "static" else wheel / source
        files = [file.relative_to(ROOT / source) for file in (ROOT / source).rglob("*") if file.is_file()]
        assert [file for file in files if file.suffix != ".pyc" and not (target / file).is_file()] == []
    assert (wheel / "mapapp" / "config.default.toml").read_bytes() == (ROOT / "config.toml").read_bytes()
    assert "weige = mapapp.cli:main" in next(wheel.glob("*.dist-info/entry_points.txt")).read_text()
    assert {file.name for file in wheel.iterdir() if file.is_dir() and not file.name.endswith(".dist-info")} == {
        "mapapp", "layers", "geodata"}  # fmt: skip


def test_paths_lead_into_the_package_in_a_wheel_and_to_the_top_in_a_checkout(wheel: Path) -> None:
    show = "import runpy; p = runpy.run_path('paths.py'); print(p['static_folder']()); print(p['default_config']())"
    for top, static, config in (
        (wheel, "mapapp/static", "mapapp/config.default.toml"),
        (ROOT, "static", "config.toml"),
    ):
        command = [sys.executable, "-c", show]
        run = subprocess.run(command, cwd=top / "mapapp", capture_output=True, text=True, check=True)
        said = run.stdout.splitlines()
        assert said == [str(top.resolve() / static), str(top.resolve() / config)]


# --- services of the tests ---------------------------------------------------------------------------------------
def test_every_database_is_fresh_and_knows_the_crs_of_the_truth(fresh_postgis) -> None:
    first, second = fresh_postgis(), fresh_postgis()
    assert first != second
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE grids (shape geometry(MultiPolygon, 4490))")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('grids')").fetchone() == (None,)
        # CGCS2000 / 3-degree zone 120E: the central meridian lies at 500 km east.
        query = "SELECT round(ST_X(ST_Transform(ST_SetSRID(ST_Point(120, 30), 4490), 4549)))"
        assert connection.execute(query).fetchone() == (500000,)


def test_the_browser_draws_webgl_and_chinese(page) -> None:
    page.set_content("<canvas id=one></canvas><canvas id=two></canvas>")
    assert page.evaluate("() => document.createElement('canvas').getContext('webgl2') !== null")
    # Two different characters drawn with the same "missing glyph" box would be the same picture.
    draw = """() => ['one', 'two'].map((id, i) => {
        const canvas = document.getElementById(id), pen = canvas.getContext('2d')
        pen.font = '40px sans-serif'; pen.fillText('微格'[i], 20, 60); return canvas.toDataURL()})"""
    one, two = page.evaluate(draw)
    assert one != two
    assert page.viewport_size == {"width": 1440, "height": 900}


def test_what_may_not_be_installed_is_said_to_be_unavailable(monkeypatch) -> None:
    monkeypatch.setenv("NO_INSTALL", "1")
    with pytest.raises(services.Unavailable, match="postgresql-15"):
        debian.get("postgresql-15")


def test_the_last_lines_of_a_run_say_what_was_skipped(tmp_path: Path) -> None:
    asks = tmp_path / "test_asks.py"
    asks.write_text("def test_asks_for_real_data(data_dir):\n    assert data_dir\n")
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    environment = os.environ | {"WEIGE_DATA": str(tmp_path / "empty")}
    run = subprocess.run([*command, str(asks)], cwd=ROOT, env=environment, capture_output=True, text=True)
    *_, store, skipped, closing = run.stdout.strip().splitlines()
    assert store == "ran: GeoPackage"
    assert skipped.startswith("SKIPPED DATA: 1 tests did not run: no real data")
    assert "1 skipped in" in closing


@pytest.mark.parametrize("allowed, status", [("", 1), ("POSTGIS", 1), ("POSTGIS DATA", 0)])
def test_ci_fails_when_something_was_skipped_without_leave(tmp_path: Path, allowed: str, status: int) -> None:
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\necho 'SKIPPED DATA: 2 tests'\necho '=== 7 passed, 2 skipped in 61.20s (0:01:01) ==='\n")
    make.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "WEIGE_ALLOW_SKIP": allowed}
    run = subprocess.run(["bash", ".ci/run"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == status
    assert run.stdout.splitlines()[-1] == "=== 7 passed, 2 skipped in 61.20s (0:01:01) ==="
