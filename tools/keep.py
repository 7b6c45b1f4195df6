"""Run a Python program and keep what it prints: the last good and the last bad table alike.

    python tools/keep.py FILE.md -m MODULE [ARGUMENT...]

Ends with the program's own exit code; FILE is replaced in one step, and only when something was printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def keep(file: Path, arguments: list[str]) -> int:
    lines = []
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8") as program:
        for line in program.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if lines:
        fresh = file.with_suffix(".new")
        fresh.write_text("".join(lines), encoding="utf-8")
        os.replace(fresh, file)
    return program.returncode


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
