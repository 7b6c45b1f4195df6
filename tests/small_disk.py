"""A disk of a few megabytes that really gets full: a file system in memory, mounted by root and taken away again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """Owns the mount. Public: path, fill, free, read_only."""

    def __init__(self, path: Path, megabytes: int):
        self.path, self._stuffing, self.megabytes = path, path / "stuffing", megabytes

    def fill(self, leave: int = 0) -> None:
        """Leaves so many bytes free."""
        room = os.statvfs(self.path)
        size = room.f_bavail * room.f_frsize - leave
        with open(self._stuffing, "ab") as file:
            while size > 0:
                try:
                    size -= os.write(file.fileno(), bytes(min(size, 65_536)))
                except OSError:
                    return

    def free(self) -> None:
        """Somebody has tidied up."""
        self._stuffing.unlink(missing_ok=True)

    def read_only(self, on: bool) -> None:
        """Nobody can write there any more, or everybody again."""
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'}", self.path], check=True, capture_output=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """The disk, in a folder that every user may enter; skips the test loudly where nobody may mount one."""
    path = Path(tempfile.mkdtemp(prefix="weige-small-disk-"))
    path.chmod(0o755)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", path], capture_output=True, text=True) \
        if os.geteuid() == 0 else None
    if done is None or done.returncode:
        pytest.skip(f"SKIPPED SMALL DISK: {done.stderr.strip() if done else 'only root mounts one'}")
    try:
        yield SmallDisk(path, megabytes)
    finally:
        subprocess.run(["umount", "-l", path], check=True, capture_output=True)
        path.rmdir()
