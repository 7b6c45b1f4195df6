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


@dataclass
class Promises:
    """Collects what each promise's tests did."""

    rows: dict[str, list] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("promise")
            if mark:
                self.names[item.nodeid] = mark.args[0]

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
