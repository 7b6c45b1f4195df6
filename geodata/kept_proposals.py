"""Proposals that jobs have searched, kept with their jobs: any process on the store shows and saves them without a second search."""

from __future__ import annotations

from sqlalchemy import select

from layers.division import Proposal

from .jobs import Jobs
from .proposals import packed, unpacked
from .schema import JOBS

KIND = "divide"
LOOKED_AT = 40  # of the last jobs


def keep(jobs: Jobs, number: str, made: dict[bytes, Proposal]) -> dict[str, list[str]]:
    """Keeps them with the job; answers what its result says of them."""
    path = jobs.folder / f"{number}.proposals"
    path.write_bytes(packed(made))
    jobs.packages.keep(number, path)
    return {"keys": [key.hex() for key in made]}


def recall(jobs: Jobs, key: bytes) -> Proposal | None:
    """The proposal of that key, when a job has searched it lately."""
    with jobs.store.read() as reader:
        rows = reader.connection.execute(select(JOBS.c.id, JOBS.c.result).where(JOBS.c.kind == KIND, JOBS.c.state == "done")
                                         .order_by(JOBS.c.created_at.desc()).limit(LOOKED_AT)).all()
    number = next((row.id for row in rows if key.hex() in (row.result or {}).get("keys", ())), None)
    if number is None:
        return None
    path = jobs.packages.path(f"{number}.proposals")
    data = path.read_bytes() if path is not None else b"".join(jobs.packages.read(number))
    return unpacked(data).get(key) if data else None
