"""Undo and history over the API: what was done, by whom, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import shapely
from flask import Blueprint, request
from sqlalchemy import select

from geodata import undoing
from geodata.changes import changes_of
from geodata.notices import notify
from geodata.rows import Reader, chunks
from geodata.schema import HISTORY, REVISIONS
from layers.errors import BadInput, MissingField, NotFound, UndoBlocked, UnknownArea
from layers.schema import LAYERS

from .areas import visible
from .auth import needs
from .chief import called, is_chief
from .forms import arguments, body, flag, next_page, number, whole
from .privacy import special
from .state import actor, rights, state
from .transfers import require_back

blueprint = Blueprint("history", __name__)
LONGEST_REASON = 200
SAID = 3  # areas of a note that the history of an area says by name
WHOLE_FILE = ("init", "import", "demo", "restore")  # their notes name files


@blueprint.post("/api/edits/<fid:rev>/undo")
@needs("redraw")
def undo(rev: int):
    """Takes an edit of one's own back (undoing an undo does it again); the chief of its areas that of another, with a
    `reason`. Both are told."""
    arguments()
    held, reason = state(), _reason()
    form = {"op": "undo", "edit": rev} | ({"reason": reason} if reason else {})

    def change(tx):
        done, areas = _to_take_back(tx, rev)
        others = done["actor"] != actor()
        if others and not reason:
            raise MissingField(f"edit {rev} is another's: a reason is needed", fields=["reason"])
        before = _codes(tx, done)
        undoing.undo(tx, rev)
        tx.note = done["op"] if not done["note"] else f"{done['op']} {done['note']}"
        if others:
            notify(tx, [done["actor"]], "reversed", known_to=[actor()], undone=rev, op=done["op"], note=done["note"] or "",
                   area=before[0] if before else None, by=called(rights(), [area.path for area in areas]), reason=reason)
        return {"edit": tx.taken, "rev": tx.taken, "op": "undo", "undone": rev, "areas": before}
    answer = held.store.attempt(actor(), "undo", change, form=form)
    return answer | _after(answer["rev"])


def _reason() -> str:
    """Why, in the words of the request."""
    raw = body(known=("reason",)).get("reason") if request.content_length else None
    if raw is not None and not isinstance(raw, str):
        raise BadInput("reason: text is needed", fields=["reason"])
    reason = (raw or "").replace("\0", "").strip()
    if len(reason) > LONGEST_REASON:
        raise BadInput(f"reason: at most {LONGEST_REASON} characters fit", fields=["reason"])
    return reason


@blueprint.get("/api/edits")
@needs("see")
def edits():
    """The newest edits first: of an area, since a revision, or one's own with what undo and redo would do; `next` pages
    on. Areas the account may not see are not named."""
    query = arguments("area", "since", "limit", "mine", "before")
    limit, since = number(query, "limit", 50, most=1000), number(query, "since", 0, most=1 << 53, least=0)
    before = number(query, "before", 1 << 53, most=1 << 53)
    statement = select(REVISIONS).where(REVISIONS.c.rev > since)
    if flag(query, "mine"):
        statement = statement.where(REVISIONS.c.actor == actor())
    held = state()
    with held.store.read() as reader:
        if query.get("area"):
            statement = statement.where(REVISIONS.c.rev.in_(_revs_of(reader, visible(query["area"]).fid)))
        rows = _page(reader, statement, before, limit + 1, everything=bool(query.get("area")))
        page = rows[:limit]
        lines = [_line(reader, row) for row in page]
        if query.get("area"):
            lines = [line | {"named": _named(reader, row, SAID)} for line, row in zip(lines, page)]
        answer: dict[str, Any] = {"edits": lines, "next": None, "rev": held.cache.rev}
        if len(rows) > limit:
            answer["next"] = next_page({**query, "before": page[-1]["rev"]})
        if flag(query, "mine"):
            back, again = undoing.last_undoable(reader, actor()), undoing.last_redoable(reader, actor())
            answer |= {key: _line(reader, row) | {"named": _named(reader, row)} if row else None for key, row in (("undo", back), ("redo", again))}
    return answer


@blueprint.get("/api/edits/<fid:rev>")
@needs("see")
def edit(rev: int):
    """One edit with the borders it found and the borders it left, of the areas in the account's sight."""
    arguments()
    with state().store.read() as reader:
        row = reader.revision(rev)
        if not _in_sight(row):
            raise NotFound(f"edit {rev}: no such edit")
        before, after = _borders(reader, row)
        shapes = [shapely.geometry.shape(area["geometry"]) for area in (*before, *after)]
        fids = changed_areas(row) or row["touched"]["facts"]
        boxes = [shape.bounds for shape in shapes] or [node.bounds for node in _live(fids) if rights().may("see", node.path)]
        return {**_line(reader, row), "before": before, "after": after, "bounds": _around(boxes)}


def _borders(reader: Reader, row: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Leaves whose ground an edit changed, before and after it; none of what wrote a whole file."""
    try:
        cut = [change for change in changes_of(reader, row["rev"]) if change.ground and not change.quiet]
    except UndoBlocked:
        return [], []
    sides = ([(change.fid, change.before) for change in cut], [(change.fid, change.after) for change in cut])
    before, after = ([{"fid": fid, "code": leaf["code"], "name": leaf["name"], "level": leaf["level"],
                       "geometry": shapely.geometry.mapping(leaf["geom"])}
                      for fid, leaf in side if leaf and leaf["leaf"] and rights().may("see", leaf["path"])] for side in sides)
    return before, after


def _around(boxes: list[tuple[float, ...]]) -> list[float] | None:
    return shapely.total_bounds([shapely.box(*box) for box in boxes]).tolist() if boxes else None


# ---- undo ------------------------------------------------------------------------------------------------------------
def preview_undo(form: dict[str, Any]) -> dict[str, Any]:
    """Whether an edit can be taken back by who asks, what is in the way, and whether a reason is needed."""
    if form.get("edit") is None:
        raise MissingField("undo needs edit", fields=["edit"])
    rev = whole(form["edit"], "edit")
    with state().store.read() as reader:
        done, _ = _to_take_back(reader, rev)
        blocking: list[int] = []
        try:
            undoing.judged(reader, undoing.tip(reader, rev))
        except UndoBlocked as blocked:
            blocking = blocked.details["edits"]
        return {"op": "undo", "undone": rev, "possible": not blocking, "blocked_by": blocking,
                "reason_needed": done["actor"] != actor(), "areas": _codes(reader, done), "changed": [], "findings": []}


def _codes(reader: Reader, done: dict[str, Any]) -> list[str]:
    fids = [*changed_areas(done), *done["touched"]["retired"]]
    names = {fid: area.code for fid, area in reader.areas(fids).items() if area.leaf}
    for image in reader.before_images(done["rev"]):
        if image["layer"] == "areas" and image["row"]["leaf"] and image["fid"] in fids:
            names.setdefault(image["fid"], image["row"]["code"])
    return [names[fid] for fid in sorted(names)]


def _after(rev: int) -> dict[str, Any]:
    """The areas as they are after an undo."""
    held = state()
    held.sync()
    with held.store.read() as reader:
        done = reader.revision(rev)
        areas = reader.areas(changed_areas(done))
        changed = [{"fid": area.fid, "code": area.code, "name": area.name, "level": area.level, "version": area.version,
                    "retired": False,
                    "after": special(held.cache.figures(held.cache.nodes[area.fid]),
                                     exact=rights().may("see_special", area.path))}
                   for area in areas.values() if area.leaf and area.fid in held.cache.nodes]
        changed += [{"fid": fid, "code": None, "retired": True, "after": None} for fid in done["touched"]["retired"]]
    return {"changed": changed, "findings": []}


def redrawn(reader: Reader, done: dict[str, Any]) -> list[Any]:
    """The areas whose course, attributes or facts an edit changed, as they live now, and those it ended as they were;
    not neighbours that only gained a vertex."""
    fids = {*changed_areas(done), *done["touched"]["facts"]}
    for layer, touched in done["touched"]["layers"].items():
        if LAYERS[layer].owned:
            fids.update(row["area"] for row in reader.rows(layer, fids=touched, geometry=False))
    images = reader.before_images(done["rev"])
    fids.update(image["row"].get("area") for image in images)
    live = _live(sorted(fids - {None}))
    gone = {*done["touched"]["retired"]} - {node.fid for node in live}
    return live + [SimpleNamespace(fid=image["fid"], code=image["row"]["code"], path=image["row"]["path"])
                   for image in images if image["layer"] == "areas" and image["fid"] in gone]


def changed_areas(done: dict[str, Any]) -> list[int]:
    """Fids of areas whose course or attributes an edit changed."""
    return sorted({*done["touched"]["areas"]} - {*done["touched"].get("quiet", ())})


def _to_take_back(reader: Reader, rev: int) -> tuple[dict[str, Any], list[Any]]:
    """The edit, and the areas it changed, when the account may take it back: its own, or, as the chief of all these
    areas, another's. What was decided about a zone goes back by the ways of zones alone."""
    done = reader.revision(rev)
    areas, own = redrawn(reader, done), rights()
    if done["actor"] != actor():
        author = state().accounts.get(done["actor"])
        chief = not done["op"].endswith(" zone") and is_chief(
            own, state().rights_of(author) if author else None, [area.path for area in areas])
        if not chief:
            raise NotFound(f"edit {rev}: not one of yours; its author takes it back, or the chief of its areas")
    own.require("redraw", areas)
    require_back(reader, rev)
    return done, areas


# ---- history ---------------------------------------------------------------------------------------------------------
def _page(reader: Reader, statement, before: int, wanted: int, *, everything: bool) -> list[dict[str, Any]]:
    """So many revisions before `before`, newest first; unless `everything`, only those in the account's sight."""
    rows: list[dict[str, Any]] = []
    while len(rows) < wanted:
        found = [dict(row._mapping) for row in reader.connection.execute(
            statement.where(REVISIONS.c.rev < before).order_by(REVISIONS.c.rev.desc()).limit(max(wanted, 200)))]
        rows += found if everything else [row for row in found if _in_sight(row)]
        if len(found) < max(wanted, 200):
            break
        before = found[-1]["rev"]
    return rows[:wanted]


def _in_sight(row: dict[str, Any]) -> bool:
    own, touched = rights(), row["touched"]
    return own.filter("see") is None or row["actor"] == actor() or any(
        own.may("see", node.path) for node in _live((*changed_areas(row), *touched["facts"])))


def _live(fids: Iterable[int]) -> list[Any]:
    nodes = state().cache.nodes
    return [nodes[fid] for fid in fids if fid in nodes]


def _revs_of(reader: Reader, fid: int) -> list[int]:
    """Revisions that gave an area its course: shape, attributes; not those that only added vertices."""
    rows = reader.connection.execute(
        select(HISTORY.c.version, HISTORY.c.rev_from, HISTORY.c.rev_to)
        .where(HISTORY.c.layer == "areas", HISTORY.c.fid == fid)
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
    """One edit as the history shows it; who made it only to those who may see names there."""
    own, fids = rights(), changed_areas(row)
    live = _live(fids or row["touched"]["facts"])
    named = row["actor"] == actor() or own.filter("see_personal") is None or any(
        own.may("see_personal", node.path) for node in live)
    areas = [area for chunk in chunks(fids if len(fids) <= 200 else []) for area in reader.areas(chunk).values()
             if area.leaf]
    seen = [area.code for area in sorted(areas, key=lambda area: area.fid) if own.may("see", area.path)]
    return {"rev": row["rev"], "at": row["at"], "actor": row["actor"] if named else None, "op": row["op"],
            "note": (row["note"] or "") if len(seen) == len(areas) else "", "undone_by": row["undone_by"],
            "undoes": row["undoes"], "areas": seen, "mine": row["actor"] == actor(),
            "reason": (row["form"] or {}).get("reason") if len(seen) == len(areas) else None}


def _noted(row: dict[str, Any]) -> list[str]:
    """The areas in the note of an edit, as it says them; the note of an undo begins with what it took back."""
    words = (row["note"] or "").split()
    while words[:1] == ["undo"]:
        words = words[1:]
    return [word for word in words[row["op"] == "undo":] if word != "+"]


def _named(reader: Reader, row: dict[str, Any], most: int | None = None) -> list[dict[str, Any]]:
    """What the areas in the note of an edit, at most so many, are called, those that are no more as they were called."""
    codes, cache = set(_noted(row)[:most]), state().cache
    if not codes or row["op"] in WHOLE_FILE:
        return []
    found: dict[str, Any] = {}
    for code in codes:
        with suppress(UnknownArea):
            found[code] = cache.by_code(code)
    if found.keys() < codes:  # with their shapes: not read for nothing
        ended = [rev for rev in (row["rev"], row["undone_by"]) if rev]
        table = select(HISTORY.c.row).where(HISTORY.c.rev_to.in_(ended), HISTORY.c.layer == "areas").order_by(HISTORY.c.hid)
        gone = {was["code"]: SimpleNamespace(**was) for was in reader.connection.execute(table).scalars() if was["code"] in codes}
        found = gone | found
    return [{"code": code, "name": area.name, "level": area.level} for code, area in sorted(found.items()) if rights().may("see", area.path)]
