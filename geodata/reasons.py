"""What a database or a disk says when it refuses, in our words: busy, full, read-only, missing, not ours."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError, OperationalError

from layers.errors import BadFile, ReadOnly, StoreBusy, StoreFull, StoreMissing, WeigeError

from .engine import gpkg_path
from .transaction import Raced

FULL = (errno.ENOSPC, errno.EDQUOT)
LEAST_FREE = 256 * 1024  # bytes; with less, a failed write is taken for a full disk


# What PostgreSQL calls it (SQLSTATE; two characters stand for a class) -> what it means here.
_STATES: dict[str, Callable[[str, str], Exception]] = {
    "55P03": lambda url, told: StoreBusy("another writer holds the store; try again"),
    "57014": lambda url, told: StoreBusy("the database gave up waiting; try again"),
    "40": lambda url, told: Raced(),  # deadlock, serialization: run again
    "53100": lambda url, told: StoreFull("the disk of the database is full; nothing was written"),
    "25006": lambda url, told: ReadOnly("the database takes no changes now: it is a standby or set to read only", reason="storage"),
    "42501": lambda url, told: ReadOnly(f"the database does not let us write: {told}", reason="storage"),
    "08": lambda url, told: StoreMissing(f"{named(url)} cannot be reached: {told}"),
    "57P": lambda url, told: StoreMissing(f"{named(url)} was stopped: {told}"),
    "": lambda url, told: StoreMissing(f"{named(url)} cannot be reached: {told}"),  # no connection, no state
}


@contextmanager
def reasons(url: str, path: Path | None = None) -> Iterator[None]:
    """Turns what the driver says into our reasons. `path` is the file it is about when it is not that of the URL."""
    try:
        yield
    except DatabaseError as error:
        raise _reason(url, path or _file(url), error) from error
    except sqlite3.Error as error:
        raise _sqlite_reason(path or _file(url), error, str(error).lower()) from error
    except OSError as error:
        told = of_disk(error)
        if told is None:
            raise
        raise told from error


def of_disk(error: BaseException, *folders: Path) -> WeigeError | None:
    """StoreFull or ReadOnly when that is why a file could not be written, in one of the folders; else None. Libraries
    that write files often keep the number of the error to themselves: then the folders are asked."""
    if isinstance(error, OSError) and error.errno in FULL:
        return StoreFull(f"{error.filename or 'the disk'}: no space left; nothing was written")
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return ReadOnly(f"{error.filename or 'the disk'} can only be read", reason="storage")
    for folder in folders:
        if is_full(folder):
            return StoreFull(f"no space left in {folder}; nothing was written")
    return None


def is_full(folder: Path) -> bool:
    """True when next to nothing can be written there any more."""
    try:
        return shutil.disk_usage(folder).free < LEAST_FREE
    except OSError:
        return False


def named(url: str) -> str:
    """The address without its password."""
    path = gpkg_path(url)
    return str(path) if path else "postgresql://…@" + url.rsplit("@", 1)[-1]


def _file(url: str) -> Path | None:
    return gpkg_path(url) if url else None


def _reason(url: str, path: Path | None, error: DatabaseError) -> Exception:
    told = str(error.orig).splitlines()[0] if str(error.orig) else ""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_reason(path, error, told.lower())
    state = getattr(error.orig, "sqlstate", None) or ""
    found = next((_STATES[state[:size]] for size in (5, 3, 2) if state[:size] in _STATES), None)
    return found(url, told) if found and (state or isinstance(error, OperationalError)) else error


def _sqlite_reason(path: Path, error: Exception, told: str) -> Exception:
    if "locked" in told or "busy" in told:
        return StoreBusy("another process is writing to the store; try again")
    if "readonly" in told:
        return ReadOnly(f"{path} can only be read", reason="storage")
    if "database or disk is full" in told:
        return StoreFull("the disk is full; nothing was written")
    if "disk i/o" in told or ("unable to open" in told and path.exists()):  # also of the files beside it
        if not os.access(path, os.W_OK):
            return ReadOnly(f"{path} can only be read", reason="storage")
        return StoreFull("the disk is full or fails; nothing was written")
    if "unable to open" in told:
        return StoreMissing(f"{path} cannot be opened")
    if "malformed" in told:
        return BadFile(f"{path} is damaged: {told}")
    if "not a database" in told:
        return BadFile(f"{path} is no Weige store: {told}")
    return error
