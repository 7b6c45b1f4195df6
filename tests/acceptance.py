"""`make acceptance`: the promises, one after the other, with the full counts; prints the table that is kept in
bench/acceptance.md. A test says which promise it keeps with `@pytest.mark.promise("...")` and tells its figures with
`record_property("figures", "...")`."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field

import pytest

# Whole files that keep one promise.
FILES = {
    "tests/mapapp/test_rights.py": "Rights: roles x areas x endpoints, tiles included, by hand-written expectations",
    "tests/mapapp/test_sight.py": "Nobody sees special groups or persons without the right, not even by differences of sums",
    "tests/mapapp/test_bad_input.py": "Bad input: a clear error with a code, never a 500, nothing half written",
    "tests/mapapp/test_api_items.py": "Each declared layer imported, listed, changed by API and exported",
    "tests/geodata/test_store_contract.py": "One contract for both stores, among it one log of 500 operations with equal dumps",
    "tests/geodata/test_formats_contract.py": "Every layer in every format: file, store, file; Shapefiles read by GDAL, ogr2ogr and pyshp",
    "tests/geodata/test_importer.py": "Files that do not fit are refused by file, row and field; nothing is half written",
    "tests/geodata/test_store_gpkg.py": "The live GeoPackage: others read it, only we write it, a kill loses nothing acknowledged",
    "tests/geodata/test_undoing.py": "Undo brings the same bytes back, or names the edits in the way",
    "tests/geodata/test_synthetic.py": "The demo town: 18,563 households, 45,664 people, 638 micro-grids, exact",
    "tests/geodata/test_tiles.py": "Tiles leave nothing out and are seamless at every zoom",
    "tests/layers/test_cleaning_tainan.py": "Cleaning alone keeps the same bounds, measured independently",
    "tests/test_docs.py": "Every command, setting, operation, route and error code stands in the docs",
}


@dataclass(eq=False)
class Promises:
    """Collects what each promise's tests did."""

    rows: dict[str, list] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("promise")
            promise = mark.args[0] if mark else FILES.get(item.nodeid.split("::")[0])
            if promise:
                self.names[item.nodeid] = promise

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        promise = self.names.get(report.nodeid)
        if promise is None or (report.when != "call" and report.outcome == "passed"):
            return
        figures = "; ".join(str(value) for name, value in report.user_properties if name == "figures")
        self.rows.setdefault(promise, []).append((report.outcome, figures, report.duration))

    def table(self) -> str:
        """One line a promise: kept or not, tests, figures, seconds."""
        lines = ["| promise | kept | tests | figures | s |", "|---|---|---|---|---|"]
        for promise, results in self.rows.items():
            outcomes = [outcome for outcome, _, _ in results]
            kept = "yes" if set(outcomes) == {"passed"} else "NO" if "failed" in outcomes else "skipped"
            figures = "; ".join(dict.fromkeys(text for _, text, _ in results if text))
            lines.append(f"| {promise} | {kept} | {len(results)} | {figures} | {sum(seconds for _, _, seconds in results):.0f} |")
        return "\n".join(lines)


def main() -> int:
    """Runs every test with the full counts; answers pytest's exit code."""
    os.environ["WEIGE_FULL"] = "1"
    promises, began = Promises(), time.time()
    with contextlib.redirect_stdout(sys.stderr):  # standard output is the table alone
        code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[promises])
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"\n# Acceptance\n\nCommit {commit}, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"{time.time() - began:.0f} s.\n\n{promises.table()}\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
