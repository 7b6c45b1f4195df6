"""Undo: the before-images of a revision come back, as a revision of its own, as long as nothing stands on them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from layers.areas import Area, as_multi, to_units
from layers.errors import UndoBlocked

from .redrawing import renew_parents
from .rows import ATTRIBUTES, Reader
from .schema import AREAS, HISTORY, REVISIONS, TABLES
from .transaction import Transaction

NOT_UNDONE = ("init", "import", "demo", "restore")  # a whole city is not undone by one key


def last_undoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """The newest revision of that account that stands and can be undone."""
    statement = select(REVISIONS).where(
        REVISIONS.c.actor == actor, REVISIONS.c.undone_by.is_(None), REVISIONS.c.undoes.is_(None),
        REVISIONS.c.op.not_in(NOT_UNDONE)).order_by(REVISIONS.c.rev.desc()).limit(1)
    row = reader.connection.execute(statement).first()
    return dict(row._mapping) if row else None


def tip(reader: Reader, rev: int) -> int:
    """The revision that keeps `rev` standing: itself, or the last "done again" of it. Raises UndoBlocked when undone."""
    depth, at = 0, rev
    while (later := reader.connection.scalar(select(REVISIONS.c.rev).where(REVISIONS.c.undoes == at))) is not None:
        depth, at = depth + 1, later
    if depth % 2:
        raise UndoBlocked(f"edit {rev} is already undone by {at}", edits=[at])
    return at


def last_redoable(reader: Reader, actor: str) -> dict[str, Any] | None:
    """The undo of that account that can be taken back: its newest revision, when that is an undo that stands."""
    statement = select(REVISIONS).where(REVISIONS.c.actor == actor).order_by(REVISIONS.c.rev.desc()).limit(1)
    row = reader.connection.execute(statement).first()
    if row is None or row.undoes is None or _depth(reader, row.rev) % 2 == 0:
        return None
    return dict(row._mapping)


def _depth(reader: Reader, rev: int) -> int:
    depth = 0
    while (rev := reader.connection.scalar(select(REVISIONS.c.undoes).where(REVISIONS.c.rev == rev))) is not None:
        depth += 1
    return depth


def blockers(reader: Reader, rev: int) -> list[int]:
    """Later revisions that changed what `rev` wrote; undo waits for them. Parents' shapes do not count: they follow."""
    blocking: set[int] = set()
    done = reader.revision(rev)
    if done["touched"].get("all") or done["op"] in NOT_UNDONE:
        raise UndoBlocked(f"edit {rev} wrote a whole file; it cannot be undone as one edit", edits=[])
    images = _images(reader, rev)
    for layer, fids in _written(done).items():
        table = TABLES[layer]
        columns = [table.c.fid, table.c.rev] + ([AREAS.c.leaf] if layer == "areas" else [])
        now = {row.fid: row for row in reader.connection.execute(select(*columns).where(table.c.fid.in_(fids)))}
        for fid in fids:
            row = now.get(fid)
            if row is not None and row.rev != rev and not (layer == "areas" and not row.leaf):
                blocking.add(row.rev)
            if row is None and (layer, fid) not in images:
                blocking.add(_end_of(reader, layer, fid))
            if row is None and (layer, fid) in images and layer != "areas" and not _deleted_by(reader, layer, fid, rev):
                blocking.add(_end_of(reader, layer, fid))
            if row is not None and row.rev != rev and layer == "areas" and fid in done["touched"]["retired"]:
                blocking.add(row.rev)
    for fid in done["touched"]["areas"]:
        if not reader.areas([fid]):
            blocking.add(_end_of(reader, "areas", fid))
    return sorted(blocking - {0})


def undo(tx: Transaction, rev: int) -> None:
    """Brings back what revision `rev` replaced: the same bytes; versions only rise. Raises UndoBlocked naming the
    edits in the way. An edit that was undone and done again is undone through the last of these."""
    rev = tip(tx, rev)
    in_the_way = blockers(tx, rev)
    if in_the_way:
        raise UndoBlocked("later edits stand on this ground: " + ", ".join(map(str, in_the_way)), edits=in_the_way)
    tx.new_rev  # noqa: B018  first, so that numbers are locked in one order
    images = _images(tx, rev)
    before, after = _areas(tx, rev, images)
    for layer, fids in _written(tx.revision(rev)).items():
        if layer != "areas":
            _restore_rows(tx, layer, fids, images)
    renew_parents(tx, before, after)
    tx.mark_undone(rev)


def _areas(tx: Transaction, rev: int, images) -> tuple[list[Area], list[Area]]:
    """Leaves go back; answers them as they were just now and as they are written."""
    touched = tx.revision(rev)["touched"]
    now = tx.areas([*touched["areas"], *touched["retired"]])
    old = {fid: _area(image) for (layer, fid), image in images.items() if layer == "areas"}
    # Parents are not restored: their border follows from their leaves, and other edits may have given it vertices.
    leaves_now = {fid: area for fid, area in now.items() if area.leaf}
    leaves_old = {fid: area for fid, area in old.items() if area.leaf}
    attributes_only = {fid: area for fid, area in old.items() if not area.leaf and fid in now}
    written = []
    for fid, area in sorted(leaves_old.items()):
        if fid in leaves_now:
            written.append(tx.write_area(leaves_now[fid], area, quiet=leaves_now[fid].version == area.version))
        else:
            written.append(tx.write_area(None, _risen(area)))
    for fid, area in sorted(leaves_now.items()):
        if fid not in leaves_old:
            tx.write_area(area, None)
    for fid, area in sorted(attributes_only.items()):
        present = now[fid]
        if present.version != area.version:
            tx.write_area(present, Area(fid, area.code, area.name, area.level, area.parent, area.path, area.leaf, present.shape,
                                        area.assigned, area.locked, present.version, present.rev, area.attributes))
    return list(leaves_now.values()), written


def _risen(area: Area) -> Area:
    """A retired area lives again: its version rises."""
    return Area(area.fid, area.code, area.name, area.level, area.parent, area.path, area.leaf, area.shape, area.assigned,
                area.locked, area.version + 1, area.rev, area.attributes)


def _restore_rows(tx: Transaction, layer: str, fids: list[int], images) -> None:
    table = TABLES[layer]
    names = [column.name for column in table.c if column.name not in ("fid", "version", "rev")]
    for fid in fids:
        image, lives = images.get((layer, fid)), tx.live(layer, fid)
        if image is None:
            if lives:
                tx.delete(layer, fid)
            continue
        values = {name: image["geom"] if name == "geom" else image["row"].get(name) for name in names}
        if lives:
            tx.update(layer, fid, values)
        else:
            tx.insert(layer, [values | {"version": image["version"] + 1}], fids=[fid])


def _images(reader: Reader, rev: int) -> dict[tuple[str, int], dict[str, Any]]:
    return {(image["layer"], image["fid"]): image for image in reader.before_images(rev)}


def _written(done: dict[str, Any]) -> dict[str, list[int]]:
    touched, layers = done["touched"], defaultdict(list)
    layers["areas"] = sorted({*touched["areas"], *touched["retired"]})
    for layer, fids in touched["layers"].items():
        layers[layer] = sorted({*layers[layer], *fids})
    return dict(layers)


def _end_of(reader: Reader, layer: str, fid: int) -> int:
    """The revision that removed a row."""
    statement = select(HISTORY.c.rev_to).where(HISTORY.c.layer == layer, HISTORY.c.fid == fid).order_by(HISTORY.c.rev_to.desc())
    return reader.connection.scalar(statement.limit(1)) or 0


def _deleted_by(reader: Reader, layer: str, fid: int, rev: int) -> bool:
    return _end_of(reader, layer, fid) == rev


def _area(image: dict[str, Any]) -> Area:
    row = image["row"]
    return Area(image["fid"], row["code"], row["name"], row["level"], row["parent"], row["path"], bool(row["leaf"]),
                as_multi(to_units(image["geom"])), bool(row["assigned"]), bool(row["locked"]), image["version"],
                image["rev_from"], {name: row.get(name) for name in ATTRIBUTES})

