"""Prepare the checkout: a virtual environment with exactly the locked packages, and the map library beside the pages.

    python3 tools/prepare.py runtime | test | bench

Needs nothing but Python 3.11+ with venv and pip. Does nothing when the locks are as they were the last time.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "weige-prepared.json"
# Each set holds the ones before it, with the same pins (tools/lock.py).
SETS = ("runtime", "test", "bench")
# What changes the project's own installation and the map library; requirements/*.txt come on top.
PROJECT_FILES = ("pyproject.toml", "hatch_build.py", "package.json", "package-lock.json")


def main(wanted: str) -> int:
    if is_prepared(ROOT, wanted, read_stamp()):
        return 0
    say(f"preparing {VENV.name} with the locked packages of requirements/{wanted}.txt")
    try:
        make_venv()
        install(wanted)
    except subprocess.CalledProcessError as failed:
        print(f"Weige: set-up stopped at: {' '.join(map(str, failed.cmd))}", file=sys.stderr)
        return 1
    done = {name: fingerprint(ROOT, name) for name in SETS[: SETS.index(wanted) + 1]}
    STAMP.write_text(json.dumps(read_stamp() | done, indent=1))
    return 0


def fingerprint(root: Path, name: str) -> str:
    """A digest of everything the set `name` is installed from; equal digests mean there is nothing to do."""
    digest = hashlib.sha256(str(root).encode())  # a moved checkout has a broken .venv
    for file in ("requirements/uv.txt", f"requirements/{name}.txt", *PROJECT_FILES):
        digest.update(file.encode() + (root / file).read_bytes())
    return digest.hexdigest()


def is_prepared(root: Path, name: str, stamp: Mapping[str, str]) -> bool:
    return stamp.get(name) == fingerprint(root, name) and PYTHON.exists() and (root / "static/vendor/.lock").exists()


def read_stamp() -> dict[str, str]:
    return json.loads(STAMP.read_text()) if STAMP.exists() else {}


def make_venv() -> None:
    """A working .venv: one whose Python is gone (the checkout or the interpreter moved) is made anew."""
    works = PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0
    if not works:
        run(sys.executable, "-m", "venv", "--clear", VENV)


def install(name: str) -> None:
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
        "--requirement", "requirements/uv.txt")  # fmt: skip
    uv = (VENV / "bin" / "uv", "--quiet", "pip", "install", "--python", PYTHON)
    environment = uv_environment()
    # Compiled here, once: the first start of the server would otherwise compile numpy, scipy and pandas.
    run(*uv, "--require-hashes", "--compile-bytecode", "--requirement", f"requirements/{name}.txt", env=environment)
    run(*uv, "--no-build-isolation", "--no-deps", "--reinstall-package", "weige", "--editable", ".", env=environment)


def uv_environment() -> dict[str, str]:
    """The environment for uv: the system's certificates, and the package index that pip is configured to use."""
    environment = {"UV_SYSTEM_CERTS": "1", **os.environ}
    asked = subprocess.run([PYTHON, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout.strip():
        environment.setdefault("UV_DEFAULT_INDEX", asked.stdout.strip())
    if not os.access(Path.home(), os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(ROOT / ".cache" / "uv"))
    # Python that must not write .pyc files (PYTHONDONTWRITEBYTECODE) may still be given them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def say(text: str) -> None:
    print(f"Weige: {text}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in SETS:
        sys.exit(f"usage: prepare.py {' | '.join(SETS)}")
    sys.exit(main(sys.argv[1]))
