"""QGIS, headless, as Debian ships it: runs scripts of PyQGIS on files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.counts import FULL
from tools import debian

PYTHON = "/usr/bin/python3"  # Debian's own: PyQGIS is built for it
BEGIN = """
import json, os, sys
from qgis.core import QgsApplication, QgsGeometry, QgsPointXY, QgsVectorLayer, QgsVectorLayerUtils
app = QgsApplication([], False)  # held: without it everything falls
app.initQgis()
def layer(name):
    one = QgsVectorLayer(sys.argv[1] + "|layername=" + name, name, "ogr")
    assert one.isValid(), one.error().message()
    return one
def say(told):
    print(json.dumps(told), flush=True)
    os._exit(0)
"""


def runner() -> Callable[..., Any]:
    """Runs a script of PyQGIS on a file; answers what it says. `make acceptance` fetches QGIS as root."""
    def there() -> bool:
        return bool(shutil.which(PYTHON)) and subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode == 0
    if not there():
        reason = "no PyQGIS on this machine; make acceptance installs it as root"
        if FULL and os.geteuid() == 0:
            try:
                debian.get("python3-qgis", "qgis-providers")
            except debian.Unavailable as lacking:
                reason = lacking
        if not there():
            pytest.skip(f"SKIPPED QGIS: {reason}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}

    def run(script: str, file: Path, *arguments: Any) -> Any:
        done = subprocess.run([PYTHON, "-c", BEGIN + script, str(file), *map(str, arguments)], capture_output=True, text=True,
                              timeout=900, env=environment, cwd=file.parent)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])
    return run
