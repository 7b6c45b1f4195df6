"""One server to a GeoPackage: a lock file beside the store, held as long as a process serves it.

Only serving is locked. Command-line commands read and write beside a server as before: SQLite lets them take turns, and
the server sees their commits. The kernel lets go of the lock when its process ends, however it ends; the file stays.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layers.errors import StoreServed


def lock_of(path: Path) -> Path:
    """The lock file of a store."""
    return path.with_name(f"{path.name}.serving")


class ServingLock:
    """Owns the open lock file. Public: tell."""

    def __init__(self, file: int):
        self._file = file

    def tell(self, address: str) -> None:
        """Writes down who serves where, for whoever comes second."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()} {address}\n".encode(), 0)


@contextmanager
def serving(path: Path) -> Iterator[ServingLock]:
    """Holds the store at `path` for this process. Raises StoreServed when another one has it."""
    file = os.open(lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _, address = os.pread(file, 200, 0).decode("utf-8", "replace").strip().partition(" ")
            raise StoreServed(
                f"{path} is served already{f' at {address}' if address else ''}{f' by process {pid}' if pid else ''}: stop that "
                "server first, or open its address; to serve by several processes move the store to PostgreSQL with "
                "`weige migrate --to postgresql://user:password@host/database`", address=address or None) from None
        lock = ServingLock(file)
        lock.tell("")
        yield lock
        os.ftruncate(file, 0)
    finally:
        os.close(file)
