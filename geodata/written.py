"""A file that is there wholly or not at all: written beside its place under another name, put on disk, then renamed."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from layers.errors import NotFound

SUFFIX = ".part"


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """An empty file for its owner alone (0600), in the folder of `target`. When all went well it takes the place of
    `target`; otherwise it is gone. Raises NotFound when there is no such folder."""
    if not target.parent.is_dir():
        raise NotFound(f"{target.parent}: there is no such folder")
    _sweep(target)
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}{SUFFIX}")
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # ours as long as we live
        yield path
        put(path, target)
    finally:
        _remove(path)
        os.close(handle)


def _remove(path: Path) -> None:
    """The file, and what SQLite has beside it while it works."""
    for left in (path, *(Path(f"{path}{end}") for end in ("-wal", "-shm", "-journal"))):
        left.unlink(missing_ok=True)


def put(path: Path, target: Path) -> None:
    """Puts the file on the disk, then under its name."""
    _sync(path)
    path.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Removes what earlier calls left when they were killed; nobody holds those any more."""
    for path in target.parent.glob(f".{target.name}.*{SUFFIX}"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path)
            finally:
                os.close(handle)
