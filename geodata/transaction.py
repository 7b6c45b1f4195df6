"""Writing: one transaction writes rows, history and event; nothing else changes the map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from layers.areas import Area, to_degrees
from layers.errors import NotFound, Stale
from layers.rules import Rules
from layers.schema import LAYERS

from .extent import MOST_AREAS, Extent
from .rows import Reader, chunks
from .schema import AREAS, CODES, COUNTERS, EVENTS, HISTORY, LINEAGE, META, REVISIONS, TABLES

CHANNEL = "weige_events"  # on PostgreSQL: wakes whoever waits for events
MOST_AT_ONCE = 5000  # rows in one statement
_NOT_IN_ROW = {"fid", "geom", "version", "rev"}
# One statement a table, so that SQLAlchemy builds it once: the row as it was read, not as somebody wrote it since.
_THIS = {name: and_(table.c.fid == bindparam("this_fid"), table.c.rev == bindparam("this_rev")) for name, table in TABLES.items()}
_UPDATE = {name: update(table).where(_THIS[name]) for name, table in TABLES.items()}
_DELETE = {name: delete(table).where(_THIS[name]) for name, table in TABLES.items()}


class Raced(Exception):
    """A row changed between reading and writing; the operation is run again on what is there now."""


class Transaction(Reader):
    """A reader that may also write. `rev` is taken once, as late as the first write; `now` is the injected clock."""

    def __init__(self, connection: Connection, rules: Rules, actor: str, op: str, now: datetime, *, note: str = "",
                 form: Mapping[str, Any] | None = None):
        super().__init__(connection, rules)
        self.actor, self.op, self.note, self.form = actor, op, note, dict(form) if form is not None else None
        self.at = now.isoformat(timespec="milliseconds")
        self.taken: int | None = None
        self.undoes: int | None = None
        # `quiet` are those of `areas` that only gained vertices, or a border that follows from their leaves
        self.touched: dict[str, Any] = {"areas": set(), "quiet": set(), "retired": set(), "facts": set(), "layers": {}}
        self.everything = False  # True: caches read the whole store anew
        self.extent = Extent()
        self.events: list[tuple[str, Any]] = []
        self._images: list[dict[str, Any]] = []  # on their way to the history
        self._gathering = False

    # ---- numbers -------------------------------------------------------------------------------------------------
    def take(self, name: str, count: int = 1) -> int:
        """The first of `count` new numbers of a counter. Locks the counter row until the commit."""
        done = self.connection.execute(
            update(COUNTERS).where(COUNTERS.c.name == name).values(value=COUNTERS.c.value + count).returning(COUNTERS.c.value)
        ).scalar()
        if done is None:
            self.connection.execute(insert(COUNTERS).values(name=name, value=count))
            done = count
        return done - count + 1

    @property
    def concurrent(self) -> bool:
        """True when others may write between our reading and our first write."""
        return self.connection.dialect.name != "sqlite"

    @property
    def new_rev(self) -> int:
        """The number of this revision. Taking it holds off all other writers until the commit."""
        if self.taken is None:
            self.taken = self.take("rev")
            if self.concurrent:
                self.forget()
        return self.taken

    def set_meta(self, key: str, value: Any) -> None:
        """Keeps a fact about the store itself."""
        if not self.connection.execute(update(META).where(META.c.key == key).values(value=value)).rowcount:
            self.connection.execute(insert(META).values(key=key, value=value))

    # ---- rows ----------------------------------------------------------------------------------------------------
    def insert(self, layer: str, rows: Sequence[Mapping[str, Any]], *, fids: Sequence[int] | None = None) -> list[int]:
        """Adds rows; answers their fids. Columns that a row does not name are null; geometry is in degrees."""
        if not rows:
            return []
        table, rev = TABLES[layer], self.new_rev
        if fids is None:
            first = self.take(f"fid:{layer}", len(rows))
            fids = range(first, first + len(rows))
        columns = [column.name for column in table.c]
        records = [{name: row.get(name) for name in columns} | {"fid": fid, "version": row.get("version", 1), "rev": rev}
                   for fid, row in zip(fids, rows)]
        for start in range(0, len(records), MOST_AT_ONCE):
            self.connection.execute(insert(table), records[start:start + MOST_AT_ONCE])
        self._note(layer, [(record["fid"], record.get("area")) for record in records])
        self.extent.shapes(record.get("geom") for record in records)
        return list(fids)

    def update(self, layer: str, fid: int, changes: Mapping[str, Any], *, version: int | None = None,
               quiet: bool = False) -> dict[str, Any]:
        """Changes one row and keeps its before-image. `version` is what the caller saw: Stale when it is older.
        `quiet` changes raise `rev` only (a vertex on an unmoved border, a new owner)."""
        before = self.row(layer, fid)
        if version is not None and version != before["version"]:
            raise Stale(f"{layer} {fid}: version {version} was changed to {before['version']}", layer=layer, id=fid,
                        version=before["version"])
        self._keep(layer, [before])
        values = dict(changes) | {"rev": self.new_rev, "version": before["version"] + (0 if quiet else 1)}
        self._write(layer, before, values)
        self._note(layer, [(fid, before.get("area")), (fid, values.get("area", before.get("area")))])
        if not quiet or "geom" in changes:
            self.extent.shapes([before.get("geom"), values.get("geom")])
        return before | values

    def update_all(self, layer: str, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """The same, quietly, for many rows that nobody saw before: read once, written in one statement. Of none, nothing is
        touched. Raises NotFound."""
        if not changes:
            return
        rows = self.rows(layer, fids=sorted(changes))
        if len(rows) < len(changes):
            raise NotFound(f"{layer} {min(set(changes).difference(row['fid'] for row in rows))}: no such object")
        self._keep(layer, rows)
        self._write_all(layer, [(row, dict(changes[row["fid"]]) | {"rev": self.new_rev, "version": row["version"]}) for row in rows])
        self._note(layer, [(row["fid"], of.get("area")) for row in rows for of in (row, row | changes[row["fid"]])])
        moved = [(row["geom"], changes[row["fid"]]["geom"]) for row in rows if "geom" in changes[row["fid"]]]
        self.extent.shapes(shape for pair in moved for shape in pair)

    def delete(self, layer: str, fid: int, *, version: int | None = None) -> dict[str, Any]:
        """Removes one row and keeps its before-image."""
        before = self.row(layer, fid)
        if version is not None and version != before["version"]:
            raise Stale(f"{layer} {fid}: version {version} was changed to {before['version']}", layer=layer, id=fid,
                        version=before["version"])
        self._keep(layer, [before])
        self._remove(layer, before)
        self._note(layer, [(fid, before.get("area"))])
        self.extent.shapes([before.get("geom")])
        return before

    def _write(self, layer: str, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._write_all(layer, [(before, values)])

    def _write_all(self, layer: str, rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        """Rows as they were read, and their new values. Raises Raced when one is not like that any more."""
        for some in _alike({"this_fid": before["fid"], "this_rev": before["rev"], **values} for before, values in rows):
            for start in range(0, len(some), MOST_AT_ONCE):
                part = some[start:start + MOST_AT_ONCE]
                if self.connection.execute(_UPDATE[layer], part).rowcount != len(part):
                    raise Raced
                if layer == "areas":
                    for one in part:
                        self.forget(one["this_fid"])

    def _remove(self, layer: str, before: Mapping[str, Any]) -> None:
        done = self.connection.execute(_DELETE[layer], {"this_fid": before["fid"], "this_rev": before["rev"]})
        if done.rowcount != 1:
            raise Raced
        if layer == "areas":
            self.forget(before["fid"])

    def _keep(self, layer: str, rows: Sequence[Mapping[str, Any]]) -> None:
        rev = self.new_rev
        self._images += [
            {"layer": layer, "fid": row["fid"], "version": row["version"], "rev_from": row["rev"], "rev_to": rev,
             "geom": row.get("geom"), "row": {name: value for name, value in row.items() if name not in _NOT_IN_ROW}}
            for row in rows]
        if not self._gathering:
            self._write_images()

    def _write_images(self) -> None:
        if self._images:
            self.connection.execute(insert(HISTORY), self._images)
            self._images = []

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """What rows were before goes to the history at the end of this block, in one statement."""
        self._gathering = True
        try:
            yield
        finally:
            self._gathering = False
        self._write_images()

    def _note(self, layer: str, owners: Iterable[tuple[int, int | None]]) -> None:
        """Remembers what was touched, for caches and watchers."""
        described = LAYERS[layer]
        self.touched["layers"].setdefault(layer, set()).update(fid for fid, _ in owners)
        self.extent.owned(area for _, area in owners)
        if layer == "areas":
            self.touched["areas"].update(fid for fid, _ in owners)
        if described.owned and layer in ("buildings", "units", "shares", "staff"):
            self.touched["facts"].update(area for _, area in owners if area is not None)

    # ---- areas ---------------------------------------------------------------------------------------------------
    def write_area(self, before: Area | None, after: Area | None, *, quiet: bool = False) -> Area | None:
        """One area appears (before None), changes, or retires (after None). `before` is the row as read in this
        transaction: it goes to the history as it is. Answers the area as written."""
        return self.write_areas([(before, after)], quiet=quiet)[0]

    def write_areas(self, pairs: Sequence[tuple[Area | None, Area | None]], *, quiet: bool = False) -> list[Area | None]:
        """The same for many, (before, after) each: those that retire first, then the new ones, then those that change."""
        rows = {before.fid: area_values(before) | {"fid": before.fid, "version": before.version, "rev": before.rev}
                for before, _ in pairs if before is not None}
        self._keep("areas", list(rows.values()))
        changes, new, written = [], [], []
        for before, after in pairs:
            if after is None:
                self._remove("areas", rows[before.fid])
                written.append(None)
                continue
            version = after.version if before is None else before.version + (0 if quiet else 1)
            values = area_values(after) | {"version": version, "rev": self.new_rev}
            if before is None:
                new.append(values | {"fid": after.fid})
            else:
                changes.append((rows[before.fid], values))
            written.append(replace(after, version=version, rev=self.new_rev))
        for some in _alike(new):
            self.connection.execute(insert(AREAS), some)
        self._write_all("areas", changes)
        for before, after in pairs:
            self.touched["retired" if after is None else "areas"].add((before or after).fid)
            if quiet and before is not None and after is not None:
                self.touched["quiet"].add(before.fid)
            else:
                self.extent.area(*(area for area in (before, after) if area is not None))
        return written

    def register_codes(self, codes: Mapping[str, int]) -> None:
        """Keeps codes and whose they are as used, for ever. Raises Raced when somebody else took one since it was looked up."""
        self.new_rev  # noqa: B018  nobody else registers a code until this commit
        if self.codes_used(codes):
            raise Raced
        if codes:
            self.connection.execute(insert(CODES), [{"code": code, "fid": fid} for code, fid in codes.items()])

    def lead(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Keeps what became of areas: (from, to)."""
        rows = [{"rev": self.new_rev, "from_fid": a, "to_fid": b} for a, b in sorted(set(pairs)) if a != b]
        if rows:
            self.connection.execute(insert(LINEAGE), rows)

    def mark_undone(self, rev: int) -> None:
        """Says on an edit that this one undid it; the first edit of a chain of undo and redo stands or not by turns."""
        self.undoes = rev
        root, depth = rev, 1
        while (earlier := self.connection.scalar(select(REVISIONS.c.undoes).where(REVISIONS.c.rev == root))) is not None:
            root, depth = earlier, depth + 1
        self.connection.execute(update(REVISIONS).where(REVISIONS.c.rev == rev).values(undone_by=self.new_rev))
        if root != rev:
            self.connection.execute(update(REVISIONS).where(REVISIONS.c.rev == root).values(
                undone_by=self.new_rev if depth % 2 else None))

    # ---- the end -------------------------------------------------------------------------------------------------
    def close(self) -> None:
        """Writes revision and event; the numbers are taken last. Nothing when nothing was written."""
        if self.taken is None:
            return
        touched = {key: sorted(value) for key, value in self.touched.items() if key != "layers"}
        touched["layers"] = {layer: sorted(fids) for layer, fids in self.touched["layers"].items()}
        size = sum(len(value) for value in touched["layers"].values()) + len(touched["areas"]) + len(touched["facts"])
        if size > 20_000 or self.everything:
            touched = {"all": True, "areas": [], "quiet": [], "retired": [], "facts": [], "layers": {}}
        self.connection.execute(insert(REVISIONS).values(
            rev=self.taken, at=self.at, actor=self.actor, op=self.op, note=self.note, form=self.form, undoes=self.undoes,
            touched=touched))
        self.event("edit", self._told(touched))
        first = self.take("seq", len(self.events))
        self.connection.execute(insert(EVENTS), [
            {"seq": first + k, "rev": self.taken, "kind": kind, "at": self.at, "data": data}
            for k, (kind, data) in enumerate(self.events)])
        if self.concurrent:  # wakes the other processes; what they are told stands in the table
            self.connection.execute(select(func.pg_notify(CHANNEL, "")))

    def _told(self, touched: Mapping[str, Any]) -> dict[str, Any]:
        """What watchers are told of this revision: enough to refresh what changed and nothing else. `owners` are the
        areas whose rows were written: they decide who may hear of it."""
        areas = sorted({*touched["areas"], *touched["retired"]} - {*touched["quiet"]})
        told = {"rev": self.taken, "op": self.op, "areas": areas, "layers": sorted({*touched["layers"], *(["areas"] if areas else [])}),
                "bounds": self.extent.bounds, "facts": bool(touched["facts"]), "owners": self.extent.owners}
        if touched.get("all") or len(areas) > MOST_AREAS or told["owners"] is None:
            told |= {"all": True, "areas": [], "bounds": None, "facts": True, "owners": None}
        return told

    def event(self, kind: str, data: Any) -> None:
        """Something watchers should hear of after the commit."""
        self.events.append((kind, data))

    def changed_since(self, layer: str, rows: Mapping[int, int]) -> dict[int, int]:
        """Of rows that were at the given revisions: those that live at another one or not at all (0)."""
        table, now = TABLES[layer], {}
        for chunk in chunks(rows):
            now.update(tuple(row) for row in self.connection.execute(select(table.c.fid, table.c.rev).where(table.c.fid.in_(chunk))))
        return {fid: now.get(fid, 0) for fid, rev in rows.items() if now.get(fid, 0) != rev}

    def live(self, layer: str, fid: int) -> bool:
        """True when the row exists now."""
        try:
            self.row(layer, fid)
        except NotFound:
            return False
        return True


def area_values(area: Area) -> dict[str, Any]:
    """Columns of an area's row but identity and numbers; the shape goes back to degrees."""
    return {"geom": None if area.shape is None else to_degrees(area.shape), "code": area.code, "name": area.name,
            "level": area.level, "parent": area.parent, "path": area.path, "leaf": area.leaf, "assigned": area.assigned,
            "locked": area.locked, **area.attributes}


def _alike(rows: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """The rows that name the same columns together: one statement holds no others."""
    found: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(frozenset(row), []).append(row)
    return found.values()
