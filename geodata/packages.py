"""Finished files that wait to be fetched: beside a file store as files, in PostgreSQL as rows.

In the database, because then every process on every machine can hand out what any of them made, without a shared disk;
because a package goes with its job in one transaction; and because it is kept as safe as the rows it was made from.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, delete, func, insert, select

from .engine import gpkg_path
from .schema import JOBS
from .store import Store

PART = 1 << 20  # bytes of a row
metadata = MetaData()  # on PostgreSQL only: see migrations
PACKAGES = Table("packages", metadata, Column("job", Text, primary_key=True), Column("part", Integer, primary_key=True),
                 Column("data", LargeBinary, nullable=False))


class Packages:
    """Owns the files of jobs. Public: folder, keep, size, read, path, drop, close."""

    def __init__(self, store: Store):
        self.store = store
        self._made: Path | None = None

    @property
    def folder(self) -> Path:
        """Where they are made: `exports` beside the file store; for PostgreSQL a folder of this process."""
        path = gpkg_path(self.store.url)
        if path is not None:
            self._made = path.parent / "exports"
            self._made.mkdir(parents=True, exist_ok=True, mode=0o700)
        elif self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix="weige-exports-"))
        return self._made

    def keep(self, job: str, file: Path) -> None:
        """The file, made in `folder`, is ready to be fetched."""
        if self.store.is_file:
            return
        with self.store.write("system", "export") as tx, file.open("rb") as source:
            tx.connection.execute(delete(PACKAGES).where(PACKAGES.c.job == job))
            part = 0
            while data := source.read(PART):
                tx.connection.execute(insert(PACKAGES).values(job=job, part=part, data=data))
                part += 1
        file.unlink()

    def path(self, name: str) -> Path | None:
        """The file of that name beside a file store."""
        path = self.folder / name
        return path if self.store.is_file and path.is_file() else None

    def size(self, job: str) -> int | None:
        """Bytes of a package in the database, None when there is none."""
        if self.store.is_file:
            return None
        with self.store.read() as reader:
            size = reader.connection.scalar(select(func.sum(func.length(PACKAGES.c.data))).where(PACKAGES.c.job == job))
        return None if size is None else int(size)

    def read(self, job: str) -> Iterator[bytes]:
        """A package of the database, part by part."""
        part = 0
        while True:
            with self.store.read() as reader:
                data = reader.connection.scalar(select(PACKAGES.c.data).where(PACKAGES.c.job == job, PACKAGES.c.part == part))
            if data is None:
                return
            yield bytes(data)
            part += 1

    def drop(self, connection: Connection, jobs: Sequence[str]) -> None:
        """Those of old jobs go, and those of jobs that are no more (a snapshot was put over the store)."""
        if not self.store.is_file:
            connection.execute(delete(PACKAGES).where(PACKAGES.c.job.not_in(select(JOBS.c.id))))
            return
        for job in jobs:
            for file in self.folder.glob(f"{job}.*"):
                file.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing of ours stays outside the store."""
        if not self.store.is_file and self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
            self._made = None
