"""What every measurement shares: percentiles, ratios, and tables in Markdown that say commit, machine, load and counts.

A table without commit, machine, load and feature count is no result.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import shapely

ROOT = Path(__file__).resolve().parent.parent
REACHED, MISSED = "reached", "**missed**"


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` answers, and its wall time in seconds."""
    start = perf_counter()
    return work(), perf_counter() - start


def spread(ms: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95 and p99."""
    return tuple(float(value) for value in np.percentile(ms, (50, 95, 99))) if len(ms) else (np.nan,) * 3


def number(value: float | None) -> str:
    """Three significant digits, thousands with commas; a dash for nothing."""
    if value is None or value != value:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@dataclass
class Aims:
    """Owns the promises met so far in this run, for the last table."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)

    def judge(self, name: str, aim: str, measured: str, reached: bool) -> None:
        """Keep one promise with its outcome."""
        self.lines.append((name, aim, measured, REACHED if reached else MISSED))

    def show(self) -> None:
        """Print them."""
        if self.lines:
            table("Aims", ("what", "aim", "measured", "outcome"), self.lines)


@contextmanager
def section(title: str) -> Iterator[None]:
    """A heading, and the load of the machine before and after what stands below it."""
    say(f"\n## {title}")
    before, began = os.getloadavg()[0], perf_counter()
    try:
        yield
    finally:
        say(f"\nLoad average {before:.1f} before, {os.getloadavg()[0]:.1f} after; {perf_counter() - began:.0f} s.")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers are shortened, text stays."""
    say(f"\n**{title}**\n")
    say("| " + " | ".join(columns) + " |")
    say("|" + "--|" * len(columns))
    for row in rows:
        say("| " + " | ".join(cell if isinstance(cell, str) else number(cell) for cell in row) + " |")


def heading(areas: int) -> None:
    """Print what the run stands on: commit, machine, versions."""
    now, load = datetime.now(UTC), os.getloadavg()[0]
    say("# Speed, measured\n")
    say(f"{now:%Y-%m-%d %H:%M} UTC, commit {commit()}, {machine()}; load average {load:.1f} at the start.")
    say(
        f"Python {platform.python_version()}, numpy {np.__version__}, shapely {shapely.__version__} "
        f"(GEOS {shapely.geos_version_string}), SQLite {sqlite3.sqlite_version}. "
        f"Province of {areas:,} areas. Times are wall times."
    )


def commit() -> str:
    """The commit measured, with a word when files differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()

    name = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{name} with changes" if git("status", "--porcelain", "--untracked-files=no", "--", "*.py") else name


def machine() -> str:
    """Processor, cores and memory."""
    models = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    kb = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores ({model}), {kb / 2**20:.0f} GB"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def say(text: str) -> None:
    """One line of the report, at once."""
    print(text, flush=True)
