"""Read-only mode: why the store takes no changes now, and the switch that an administrator sets for maintenance.

Three reasons, the first that holds is told: `setting` (`[store] read_only`, `weige serve --read-only`), `storage` (the
file or the database can only be read), `maintenance` (somebody switched; kept in the store, so that every process knows).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from layers.errors import ReadOnly

from .schema import EVENTS, META
from .transaction import CHANNEL, Transaction

KEY = "mode"  # in the table meta
SERVICE = frozenset({"job", "sweep", "export", "mode", "restore"})  # goes on in maintenance
WORDS = {"setting": "the server was started to read only", "storage": "the disk or database can only be read",
         "maintenance": "closed for changes since {at}"}


@dataclass(frozen=True, slots=True)
class Mode:
    """Whether changes are taken; if not, why, and for maintenance since when, by whom, with which words."""

    read_only: bool = False
    reason: str | None = None
    at: str | None = None
    by: str | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """{"mode": "normal" | "read-only", "reason", "at", "by", "note"}."""
        values = asdict(self)
        return {"mode": "read-only" if values.pop("read_only") else "normal", **values}

    def refuse(self) -> None:
        """Raises ReadOnly, with the reason, unless changes are taken."""
        if self.read_only:
            words = WORDS[self.reason].format(at=self.at)
            raise ReadOnly(f"{words}{': ' if self.note else ''}{self.note}", reason=self.reason, note=self.note, at=self.at)


NORMAL = Mode()


def kept_mode(connection: Connection) -> Mode:
    """The switch as it stands in the store."""
    kept = connection.scalar(select(META.c.value).where(META.c.key == KEY))
    return Mode(True, "maintenance", kept["at"], kept["by"], kept.get("note", "")) if kept else NORMAL


def switch(tx: Transaction, read_only: bool, note: str = "") -> None:
    """Sets the switch and tells every watcher; no revision: nothing on the map has changed. Waits for writers under way
    and holds off those that come: whoever commits after this has seen it."""
    tx.take("rev", 0)
    tx.connection.execute(delete(META).where(META.c.key == KEY))
    if read_only:
        tx.connection.execute(insert(META).values(key=KEY, value={"at": tx.at, "by": tx.actor, "note": note}))
    if tx.concurrent:
        tx.connection.execute(select(func.pg_notify(CHANNEL, "")))
    tx.connection.execute(insert(EVENTS).values(seq=tx.take("seq"), rev=None, kind="mode", at=tx.at,
                                                data={"mode": "read-only" if read_only else "normal", "note": note, "at": tx.at}))
