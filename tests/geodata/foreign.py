"""Programs of others that open our files: Debian's GDAL tools, and pyogrio in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import debian


def program(name: str) -> str:
    """Where ogrinfo or ogr2ogr lies; fetched from Debian's packages when missing, else the test is skipped loudly."""
    if not shutil.which(name):
        try:
            root = debian.get("gdal-bin")
        except debian.Unavailable as reason:
            pytest.skip(f"SKIPPED GDAL: {reason}")
        if root != Path("/"):
            return str(root / "usr/bin" / name)
    return shutil.which(name)


def gdal(name: str, *arguments: str | Path, check: bool = True) -> str:
    """What the tool says, words and warnings together. With `check` it must say that it went well."""
    environment = {**os.environ, **debian.unpacked_environment(), "LC_ALL": "C.UTF-8"}
    if shutil.which(name):
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program(name), *map(str, arguments)], capture_output=True, text=True, env=environment, timeout=600
    )
    said = done.stdout + done.stderr
    assert not check or done.returncode == 0, said
    return said if check else f"{done.returncode} {said}"


def python(code: str, *arguments: str | Path) -> tuple[int, Any, str]:
    """Runs Python in a process of its own, without our SQL functions: (exit code, JSON it printed last, its errors)."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=600
    )
    lines = done.stdout.strip().splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr
