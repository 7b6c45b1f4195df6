"""Imports point down: mapapp (web) -> geodata (rows, files, tiles) -> layers (nouns, rules); layers opens nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# floor: what of ours it may import
FLOORS = {
    "layers": {"layers"},
    "geodata": {"geodata", "layers"},
    "mapapp": {"mapapp", "geodata", "layers"},
}
NOT_FOR_PRODUCT = {"tests", "tools", "bench", "hatch_build"}
# What rules and pure geometry are made of; anything else from outside belongs a floor higher.
OUTSIDE_OF_LAYERS = {"numpy", "scipy", "shapely", "pyproj", "msgspec"}
# The part of Python's own library that opens files, sockets, databases or programs.
OPENS = {"sqlite3", "dbm", "shelve", "socket", "ssl", "http", "urllib", "ftplib", "smtplib", "subprocess",
         "multiprocessing", "tempfile", "shutil", "pathlib", "os", "io", "zipfile", "tarfile", "gzip", "mmap",
         "fileinput", "glob"}  # fmt: skip


def modules(floor: str) -> list[Path]:
    return sorted((ROOT / floor).rglob("*.py"))


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of everything the module imports; a relative import counts as its own floor."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = file.relative_to(ROOT).parts[:-1]
            base = above[: len(above) - node.level + 1] if node.level else ()
            full = (*base, *(node.module or "").split("."))
            yield node.lineno, full[0]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_itself_and_the_floors_below(floor: str) -> None:
    forbidden = set(FLOORS) - FLOORS[floor] | NOT_FOR_PRODUCT
    up = [f"{file.relative_to(ROOT)}:{line} imports {name}" for file in modules(floor) for line, name in imported(file)
          if name in forbidden]  # fmt: skip
    assert modules(floor)
    assert up == []


def test_layers_opens_nothing() -> None:
    allowed = OUTSIDE_OF_LAYERS | FLOORS["layers"] | (set(sys.stdlib_module_names) - OPENS)
    for file in modules("layers"):
        place = file.relative_to(ROOT)
        assert [f"{place}:{line} imports {name}" for line, name in imported(file) if name not in allowed] == []
        calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        opened = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "open"]
        assert [f"{place}:{node.lineno} calls open()" for node in opened] == []
