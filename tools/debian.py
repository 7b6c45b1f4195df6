"""Programs from Debian's packages, for tests: installed by root, unpacked into .cache/debian by anybody else.

`get(package, ...)` is the only door. Nothing is fetched when NO_INSTALL is set.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "debian"
UNPACKED = CACHE / "root"
PATIENCE = ("-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-o", "DPkg::Lock::Timeout=300")
LONGEST_S = 900


class Unavailable(Exception):
    """The thing cannot be had on this machine; the text says why, in one line."""


def get(*packages: str) -> Path:
    """The file system root (`/` or `.cache/debian/root`) under which the packages now lie, with all they need."""
    if os.environ.get("NO_INSTALL"):
        raise Unavailable(f"{' '.join(packages)}: not installed, and NO_INSTALL is set")
    if not shutil.which("apt-get"):
        raise Unavailable(f"{' '.join(packages)}: not installed, and there is no apt-get to install them with")
    with _one_at_a_time():
        return _install(packages) if os.geteuid() == 0 else _unpack(packages)


def unpacked_environment() -> dict[str, str]:
    """What programs under `.cache/debian/root` need to find their libraries and data; empty when nothing lies there."""
    if not UNPACKED.is_dir():
        return {}
    # Also the folders below (blas, lapack, pulseaudio ...): their packages name them by absolute paths or links.
    tops = [folder for pattern in ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*") for folder in UNPACKED.glob(pattern)]
    below = sorted({file.parent for top in tops for file in top.glob("*/lib*.so*")})
    folders = [str(folder) for folder in (*tops, *below)]
    folders += filter(None, [os.environ.get("LD_LIBRARY_PATH")])
    environment = {"LD_LIBRARY_PATH": ":".join(folders), "FONTCONFIG_FILE": str(_fonts_file())}
    if (UNPACKED / "usr/share/proj/proj.db").exists():
        environment["PROJ_DATA"] = environment["PROJ_LIB"] = str(UNPACKED / "usr/share/proj")
    return environment


def candidate_depends(package: str) -> str:
    """The dependencies of the package's newest version, as its `Depends:` line lists them."""
    options = () if os.geteuid() == 0 else _own_state()
    shown = subprocess.run(["apt-cache", *options, "show", package], capture_output=True, text=True)
    lines = [line for line in shown.stdout.splitlines() if line.startswith("Depends:")]
    if not lines:
        _apt_get(*options, "update")
        shown = subprocess.run(["apt-cache", *options, "show", package], capture_output=True, text=True)
        lines = [line for line in shown.stdout.splitlines() if line.startswith("Depends:")]
    if not lines:
        raise Unavailable(f"{package}: no such package in the lists of apt")
    return lines[0].removeprefix("Depends:")


def _install(packages: tuple[str, ...]) -> Path:
    arguments = ("install", "--yes", "--no-install-recommends", *packages)
    if _apt_get(*arguments, must=False):
        return Path("/")
    _apt_get("update")  # no lists yet, or lists older than the archive
    _apt_get(*arguments)
    return Path("/")


def _unpack(packages: tuple[str, ...]) -> Path:
    stamp = CACHE / f"{'+'.join(packages)}.unpacked"
    if stamp.exists():
        return UNPACKED
    options = _own_state()
    archives = CACHE / "cache" / "archives"
    _apt_get(*options, "update")
    # --reinstall: a server installed without its extension is unpacked as well, so that the two lie side by side.
    _apt_get(*options, "install", "--yes", "--reinstall", "--download-only", "--no-install-recommends", *packages)
    UNPACKED.mkdir(parents=True, exist_ok=True)
    for archive in sorted(archives.glob("*.deb")):
        _run(["dpkg-deb", "--extract", archive, UNPACKED])
        archive.unlink()
    stamp.touch()
    return UNPACKED


def _own_state() -> tuple[str, ...]:
    """Options with which apt works for a plain user: own lists and archives, the system's sources and dpkg status."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    return ("-o", f"Dir::State={CACHE / 'state'}", "-o", "Dir::State::status=/var/lib/dpkg/status",
            "-o", f"Dir::Cache={CACHE / 'cache'}", "-o", "Debug::NoLocking=1")  # fmt: skip


def _fonts_file() -> Path:
    """A fontconfig file naming the system's fonts and the unpacked ones."""
    file = CACHE / "fonts.conf"
    if not file.exists():
        file.write_text(f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir><dir>{UNPACKED / "usr/share/fonts"}</dir>
  <cachedir>{CACHE / "fontconfig"}</cachedir>
</fontconfig>
""")
    return file


def _apt_get(*arguments: str, must: bool = True) -> bool:
    return _run(["apt-get", "--quiet", *PATIENCE, *arguments], must=must)


def _run(command: list[str | Path], must: bool = True) -> bool:
    environment: Mapping[str, str] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LONGEST_S)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} gave no answer in {LONGEST_S} s") from None
    if done.returncode and must:
        last = [line for line in done.stdout.splitlines() if line.strip()][-1:] or ["no word why"]
        raise Unavailable(f"{command[0]} failed: {last[0].strip()}")
    return done.returncode == 0


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
