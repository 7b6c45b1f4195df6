"""Redraw over the API: preview, commit, undo, history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import select

from geodata import redrawing, undoing
from geodata.coverage_cache import today
from geodata.rows import Reader, chunks
from geodata.schema import HISTORY, REVISIONS
from layers.errors import BadInput, MissingField, NotFound

from .areas import hide_small, visible
from .auth import needs
from .rights import Rights
from .state import actor, arguments, body, flag, number, rights, state

blueprint = Blueprint("edits", __name__)


@blueprint.post("/api/edits/preview")
@needs("redraw")
def preview():
    """What an operation would do, with the figures of every area that changes. Nothing is written."""
    form = body("op")
    if form["op"] == "undo":
        return _preview_undo(form)
    with state().store.read() as reader:
        made = redrawing.draft(reader, form, most_areas=state().config.redraw.interactive_areas)
        _allowed(made)
        return _hidden(redrawing.answer(reader, made, today=today(state().store)))


@blueprint.post("/api/edits")
@needs("redraw")
def commit():
    """The same, written: one transaction, re-run on the rows as they are in it."""
    form = body("op")
    held = state()

    def change(tx):
        made = redrawing.draft(tx, form, most_areas=held.config.redraw.interactive_areas)
        _allowed(made)
        fids, done = redrawing.save(tx, made)
        tx.note = " + ".join(area.code for area in made.edit.before)
        return redrawing.answer(tx, done, today=today(held.store), fids=fids) | {"edit": tx.taken, "rev": tx.taken}
    return _hidden(held.store.attempt(actor(), form["op"], change, form=form))


@blueprint.post("/api/edits/<int:rev>/undo")
@needs("redraw")
def undo(rev: int):
    """Takes an edit of one's own back (undoing an undo does it again)."""
    held, own = state(), rights()

    def change(tx):
        done = _own_edit(tx, rev)
        _require_areas(tx, done, own)
        before = _codes(tx, done)
        undoing.undo(tx, rev)
        tx.note = done["op"] if not done["note"] else f"{done['op']} {done['note']}"
        return {"edit": tx.taken, "rev": tx.taken, "op": "undo", "undone": rev, "areas": before}
    answer = held.store.attempt(actor(), "undo", change, form={"op": "undo", "edit": rev})
    return answer | _after(answer["rev"])


@blueprint.get("/api/edits")
@needs("see")
def edits():
    """The newest edits first: of an area, since a revision, or one's own with what undo and redo would do."""
    query = arguments("area", "since", "limit", "mine", "before")
    limit = number(query, "limit", 50, most=1000)
    held, own = state(), rights()
    statement = select(REVISIONS).order_by(REVISIONS.c.rev.desc()).limit(limit)
    if query.get("since"):
        statement = statement.where(REVISIONS.c.rev > number(query, "since", 0, most=1 << 53))
    if query.get("before"):
        statement = statement.where(REVISIONS.c.rev < number(query, "before", 0, most=1 << 53))
    if flag(query, "mine"):
        statement = statement.where(REVISIONS.c.actor == actor())
    with held.store.read() as reader:
        if query.get("area"):
            statement = statement.where(REVISIONS.c.rev.in_(_revs_of(reader, visible(query["area"]).fid)))
        elif own.filter("see") is not None:
            scope = own.scope("see")
            inside = {node.fid for node in held.cache.nodes.values() if node.path.startswith(scope)}
        rows = [dict(row._mapping) for row in reader.connection.execute(statement)]
        if not query.get("area") and own.filter("see") is not None:
            rows = [row for row in rows if inside & {*row["touched"]["areas"], *row["touched"]["facts"]} or row["actor"] == actor()]
        answer: dict[str, Any] = {"edits": [_line(reader, row) for row in rows], "rev": held.cache.rev}
        if flag(query, "mine"):
            back, again = undoing.last_undoable(reader, actor()), undoing.last_redoable(reader, actor())
            answer |= {"undo": _line(reader, back) if back else None, "redo": _line(reader, again) if again else None}
    return answer


def _allowed(made: redrawing.Draft) -> None:
    """The right to redraw is needed for every area whose course changes; neighbours that gain a vertex need none."""
    cache = state().cache
    cache.sync()
    rights().require("redraw", [cache.nodes[area.fid] for area in made.edit.before if area.fid in cache.nodes])


def _require_areas(reader: Reader, done: dict[str, Any], own: Rights) -> None:
    cache = state().cache
    fids = {*done["touched"]["facts"]}
    for image in reader.before_images(done["rev"]):
        if image["layer"] == "areas" and image["row"]["leaf"]:
            fids.add(image["fid"])
    changed = [cache.nodes[fid] for fid in sorted(fids) if fid in cache.nodes]
    touched_only = {node.fid for node in changed if not own.may("redraw", node.path)}
    if touched_only and not any(own.may("redraw", node.path) for node in changed):
        own.require("redraw", changed)
    own.require("redraw")


def _own_edit(reader: Reader, rev: int) -> dict[str, Any]:
    done = reader.revision(rev)
    if done["actor"] != actor():
        raise NotFound(f"edit {rev}: not one of yours; only its author takes an edit back")
    return done


def _preview_undo(form: dict[str, Any]) -> dict[str, Any]:
    if form.get("edit") is None:
        raise MissingField("undo needs edit", fields=["edit"])
    if not isinstance(form["edit"], int):
        raise BadInput("edit: a whole number is needed")
    with state().store.read() as reader:
        done = _own_edit(reader, form["edit"])
        tip = undoing.tip(reader, form["edit"])
        blocking = undoing.blockers(reader, tip)
        return {"op": "undo", "undone": form["edit"], "possible": not blocking, "blocked_by": blocking, "areas": _codes(reader, done),
                "changed": [], "findings": []}


def _codes(reader: Reader, done: dict[str, Any]) -> list[str]:
    fids = [*done["touched"]["areas"], *done["touched"]["retired"]]
    names = {fid: area.code for fid, area in reader.areas(fids).items() if area.leaf}
    for image in reader.before_images(done["rev"]):
        if image["layer"] == "areas" and image["row"]["leaf"]:
            names.setdefault(image["fid"], image["row"]["code"])
    return [names[fid] for fid in sorted(names)]


def _after(rev: int) -> dict[str, Any]:
    """The areas as they are after an undo."""
    held = state()
    held.sync()
    with held.store.read() as reader:
        done = reader.revision(rev)
        areas = reader.areas(done["touched"]["areas"])
        changed = [{"fid": area.fid, "code": area.code, "name": area.name, "level": area.level, "version": area.version, "retired": False,
                    "after": hide_small(held.cache.figures(held.cache.nodes[area.fid]), rights().may("see_special", area.path))}
                   for area in areas.values() if area.leaf and area.fid in held.cache.nodes]
        changed += [{"fid": fid, "code": None, "retired": True, "after": None} for fid in done["touched"]["retired"]]
    return {"changed": changed, "findings": []}


def _revs_of(reader: Reader, fid: int) -> list[int]:
    """Revisions that gave an area its course: shape, attributes; not those that only added vertices."""
    rows = reader.connection.execute(
        select(HISTORY.c.version, HISTORY.c.rev_from, HISTORY.c.rev_to).where(HISTORY.c.layer == "areas", HISTORY.c.fid == fid)
        .order_by(HISTORY.c.rev_to)).all()
    live = reader.areas([fid])[fid]
    revs, version = [], None
    for row in rows:
        if row.version != version:
            revs.append(row.rev_from)
        version = row.version
    if live.version != version:
        revs.append(rows[-1].rev_to if rows else live.rev)
    return revs


def _line(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    fids = row["touched"]["areas"] if len(row["touched"]["areas"]) <= 200 else []
    names = {fid: area.code for chunk in chunks(fids) for fid, area in reader.areas(chunk).items() if area.leaf}
    return {"rev": row["rev"], "at": row["at"], "actor": row["actor"], "op": row["op"], "note": row["note"] or "", "undone_by": row["undone_by"],
            "undoes": row["undoes"], "areas": [names[fid] for fid in sorted(names)]}


def _hidden(answer: dict[str, Any]) -> dict[str, Any]:
    if rights().filter("see_special") is None or rights().may("see_special"):
        return answer
    for change in answer["changed"]:
        for side in ("before", "after"):
            if change[side]:
                change[side] = hide_small(change[side], False)
    return answer | {side: hide_small(answer[side], False) for side in ("totals_before", "totals_after")}

