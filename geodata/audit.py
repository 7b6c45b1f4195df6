"""The audit trail read as one: what accounts did at the door and with files, and what edits did to the map.

Two logs lie under it, each in its own file: the audit table beside the accounts, and the revisions of the store. Both are
read backwards by their own key and merged by time; a page ends with the key of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, false, or_, select, true
from sqlalchemy.sql import ColumnElement

from .account_tables import AUDIT
from .accounts import Accounts
from .rows import Reader, chunks
from .schema import AREAS, CODES, HISTORY, REVISIONS

# kind -> actions of the audit table; edits are revisions
KINDS: dict[str, tuple[str, ...]] = {"sign-in": ("sign-in", "sign-out", "wall"), "account": ("account", "token", "password", "session"),
                                     "export": ("export",), "edit": (), "other": ()}
TOLD = ("receiver", "purpose", "area", "format", "rows", "what", "grants", "before", "roles", "areas", "token", "days", "sessions", "file", "kind")
BATCH = 500  # revisions looked at at once
MOST_BATCHES = 20  # then the page ends, full or not
MOST_AREAS = 20  # codes told of one edit
LARGEST = 2**31 - 1  # number of a line, on both stores
_NAMED = {action for actions in KINDS.values() for action in actions}


@dataclass(frozen=True, slots=True)
class Ask:
    """Which lines: of an account (acting or acted upon), a kind, a time (ISO 8601, UTC; `until` not included), under `paths`;
    and within what scope: None is everything, else lines of `names` or about areas under `scope`."""

    account: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    paths: tuple[str, ...] | None = None  # of the area asked for
    scope: tuple[str, ...] | None = None
    names: frozenset[str] = field(default_factory=frozenset)  # accounts all of whose grants lie in the scope


def trail(accounts: Accounts, reader: Reader, ask: Ask, limit: int, before: tuple[int, int]) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
    """At most `limit` lines older than the key `before` (line of the audit table, revision), the newest first, and the key
    to go on from, None at the end. A page may be short when few of many revisions fit."""
    lines = _lines(accounts, ask, limit + 1, before[0])
    edits, reached = _edits(reader, ask, limit + 1, before[1])
    merged = sorted([*lines, *edits], key=lambda line: (datetime.fromisoformat(line["at"]), line["key"]), reverse=True)
    if reached is not None:  # no edit older than the last one looked at is known: lines older than that wait for the next page
        merged = [line for line in merged if datetime.fromisoformat(line["at"]) >= datetime.fromisoformat(reached[1])]
    page = merged[:limit]
    rest = len(merged) > limit or reached is not None
    if not rest:
        return page, None
    audited = min((line["key"] for line in page if line["rev"] is None), default=before[0])
    edited = min((line["rev"] for line in page if line["rev"] is not None), default=before[1])
    if reached is not None and len(merged) <= limit:
        edited = reached[0]
    return page, (audited, edited)


# ---- the audit table -------------------------------------------------------------------------------------------------
def _lines(accounts: Accounts, ask: Ask, limit: int, before: int) -> list[dict[str, Any]]:
    if ask.kind == "edit":
        return []
    where = [AUDIT.c.id < min(before, LARGEST)]
    if ask.kind == "other":
        where.append(AUDIT.c.action.not_in(_NAMED))
    elif ask.kind:
        where.append(AUDIT.c.action.in_(KINDS[ask.kind]))
    if ask.account:
        where.append(or_(AUDIT.c.account == ask.account, _about({ask.account})))
    where += [AUDIT.c.at >= ask.since] if ask.since else []
    where += [AUDIT.c.at < ask.until] if ask.until else []
    if ask.paths is not None:
        where.append(_under(ask.paths))
    if ask.scope is not None:
        where.append(or_(AUDIT.c.account.in_(ask.names), _about(ask.names), _under(ask.scope)))
    statement = select(AUDIT).where(and_(*where)).order_by(AUDIT.c.id.desc()).limit(limit)
    with accounts.engine.connect() as connection:
        return [_line(row) for row in connection.execute(statement)]


def _about(names: Iterable[str]) -> ColumnElement:
    return and_(AUDIT.c.action.in_(KINDS["account"]), AUDIT.c.object.in_(list(names)))


def _under(paths: Sequence[str]) -> ColumnElement:
    return or_(*[AUDIT.c.path.startswith(path, autoescape=True) for path in paths]) if paths else false()


def _line(row) -> dict[str, Any]:
    details = row.details if isinstance(row.details, Mapping) else {}
    kind = next((kind for kind, actions in KINDS.items() if row.action in actions), "other")
    return {"key": row.id, "at": row.at, "kind": kind, "account": row.account, "action": row.action, "object": row.object,
            "result": row.result, "rev": None, "op": None, "areas": [], "more_areas": 0,
            "details": {name: details[name] for name in TOLD if details.get(name) not in (None, "", [])}}


# ---- the revisions of the store --------------------------------------------------------------------------------------
def _edits(reader: Reader, ask: Ask, limit: int, before: int) -> tuple[list[dict[str, Any]], tuple[int, str] | None]:
    """The newest edits that fit, and the last revision looked at (rev, at) when the search was broken off before."""
    if ask.kind not in (None, "edit"):
        return [], None
    where = [REVISIONS.c.actor == ask.account] if ask.account else []
    where += [REVISIONS.c.at >= ask.since] if ask.since else []
    where += [REVISIONS.c.at < ask.until] if ask.until else []
    found: list[dict[str, Any]] = []
    for _ in range(MOST_BATCHES):
        rows = reader.connection.execute(select(REVISIONS).where(REVISIONS.c.rev < before, *(where or [true()]))
                                         .order_by(REVISIONS.c.rev.desc()).limit(BATCH)).all()
        found += _fitting(reader, ask, rows)
        if len(rows) < BATCH or len(found) >= limit:
            return found[:limit], None
        before, at = rows[-1].rev, rows[-1].at
    return found, (before, at)


def _fitting(reader: Reader, ask: Ask, rows: Sequence[Any]) -> list[dict[str, Any]]:
    touched = {row.rev: _areas_of(row.touched or {}) for row in rows}
    known = _whereabouts(reader, {fid for fids in touched.values() for fid in fids})
    found = []
    for row in rows:
        areas = [known[fid] for fid in touched[row.rev] if fid in known]
        whole = bool((row.touched or {}).get("all"))
        if ask.scope is not None:
            areas = [(path, code) for path, code in areas if path.startswith(ask.scope)]
        inside = [code for path, code in areas if ask.paths is None or path.startswith(ask.paths)]
        mine = ask.scope is None or row.actor in ask.names or bool(areas)
        asked = ask.paths is None or bool(inside) or (whole and ask.scope is None)
        if mine and asked:
            codes = sorted(code for _, code in areas)
            found.append({"key": row.rev, "at": row.at, "kind": "edit", "account": row.actor, "action": "edit", "object": None,
                          "result": "undone" if row.undone_by else "done", "rev": row.rev, "op": row.op, "areas": codes[:MOST_AREAS],
                          "more_areas": max(0, len(codes) - MOST_AREAS), "details": {}})
    return found


def _areas_of(touched: Mapping[str, Any]) -> list[int]:
    """Areas whose course an edit changed, and leaves whose facts; a vertex on an unmoved border is no change."""
    quiet = set(touched.get("quiet") or ())
    changed = [fid for name in ("areas", "retired") for fid in touched.get(name) or () if fid not in quiet]
    return list(dict.fromkeys([*changed, *(touched.get("facts") or () if not changed else ())]))


def _whereabouts(reader: Reader, fids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """fid -> (path, code), also of areas that are no more."""
    found: dict[int, tuple[str, str]] = {}
    wanted = sorted(fids)
    for chunk in chunks(wanted):
        found |= {fid: (path, code) for fid, path, code in reader.connection.execute(
            select(AREAS.c.fid, AREAS.c.path, AREAS.c.code).where(AREAS.c.fid.in_(chunk)))}
    for chunk in chunks([fid for fid in wanted if fid not in found]):
        codes = {fid: code for fid, code in reader.connection.execute(select(CODES.c.fid, CODES.c.code).where(CODES.c.fid.in_(chunk)))}
        for fid, row in reader.connection.execute(select(HISTORY.c.fid, HISTORY.c.row).where(
                HISTORY.c.layer == "areas", HISTORY.c.fid.in_(chunk)).order_by(HISTORY.c.hid)):
            found[fid] = row.get("path") or "", row.get("code") or codes.get(fid, "")
    return found
