"""The audit trail for auditors: who signed in, what left the house and for whom, what became of accounts, what edits did.
Account names are the only personal data on it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from geodata import account_book as book
from geodata.audit import KINDS, Ask, trail
from layers.errors import BadInput

from .accounts import told_grants
from .auth import needs
from .forms import arguments, next_page, number
from .office import office
from .state import actor, rights, state

blueprint = Blueprint("audit", __name__)
FILTERS = ("account", "kind", "since", "until", "area")
NEWEST = (1 << 53, 1 << 53)
MOST_CSV = 100_000  # lines
COLUMNS = ("at", "kind", "account", "action", "object", "result", "rev", "op", "areas", "details")


@blueprint.get("/audit")
@needs("audit")
def page():
    """The page of the audit trail."""
    return office("audit", kinds=list(KINDS))


@blueprint.get("/api/audit")
@needs("audit")
def lines():
    """The newest lines first: of an `account`, a `kind`, from `since` to `until` (days of the place, or times with offset),
    about an `area` and what lies below it; `next` pages on."""
    query = arguments(*FILTERS, "limit", "before")
    limit, held = number(query, "limit", 100, most=1000), state()
    with held.store.read() as reader:
        found, rest = trail(held.accounts, reader, _ask(query), limit, _key(query.get("before")))
    return {"lines": [{key: value for key, value in line.items() if key != "key"} for line in found],
            "next": next_page({**query, "before": f"{rest[0]}.{rest[1]}"}) if rest else None}


@blueprint.get("/api/audit.csv")
@needs("audit")
def table():
    """The same as a table of at most 100,000 lines; taking it away stands in the trail, too."""
    query = arguments(*FILTERS)
    ask = _ask(query)
    state().accounts.log("audit-export", "done", account=actor(), address=request.remote_addr,
                         details={"kind": query.get("kind"), "area": query.get("area")})
    day = state().store.clock().astimezone(_zone()).date().isoformat()
    return Response(list(_rows(ask)), mimetype="text/csv; charset=utf-8",
                    headers={"Content-Disposition": f'attachment; filename="audit-{day}.csv"'})


def _rows(ask: Ask) -> Iterator[str]:
    held, key, left = state(), NEWEST, MOST_CSV
    yield "\ufeff" + _row(COLUMNS)  # the mark by which spreadsheets know UTF-8
    while key is not None and left > 0:
        with held.store.read() as reader:
            found, key = trail(held.accounts, reader, ask, min(1000, left), key)
        left -= len(found)
        yield "".join(_row(_cells(line)) for line in found)


def _cells(line: Mapping[str, Any]) -> list[Any]:
    at = datetime.fromisoformat(line["at"]).astimezone(_zone()).isoformat(timespec="seconds")
    areas = " ".join(line["areas"]) + (f" +{line['more_areas']}" if line["more_areas"] else "")
    words = "; ".join(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in line["details"].items())
    return [at, *(line[name] for name in COLUMNS[1:8]), areas, words]


def _row(values) -> str:
    """One line; a cell that a spreadsheet would run as a formula is kept as text."""
    out = io.StringIO()
    csv.writer(out).writerow(["" if value is None else f"'{value}" if str(value)[:1] in "=+-@\t\r" and str(value) else value for value in values])
    return out.getvalue()


def _ask(query: Mapping[str, str]) -> Ask:
    if query.get("kind") and query["kind"] not in KINDS:
        raise BadInput(f"kind: one of {', '.join(KINDS)} is needed", fields=["kind"])
    held, own = state(), rights()
    scope = None if "/" in own.scope("audit") else own.filter("audit")
    paths = None
    if query.get("area"):
        node = held.cache.by_code(query["area"])
        own.require_under("audit", node)
        paths = (node.path,)
    return Ask(account=query.get("account") or None, kind=query.get("kind") or None, since=_moment(query, "since"),
               until=_moment(query, "until", days=1), paths=paths, scope=scope, names=frozenset() if scope is None else _names(scope))


def _names(scope: tuple[str, ...]) -> frozenset[str]:
    """Accounts all of whose grants lie in the scope."""
    entries = book.entries(state().accounts)
    with state().store.read() as reader:
        told = told_grants([entry.grants for entry in entries], reader)
    return frozenset(entry.name for entry, grants in zip(entries, told, strict=True) if grants and all(
        grant["paths"] and all(path.startswith(scope) for path in grant["paths"]) for grant in grants))


def _moment(query: Mapping[str, str], name: str, days: int = 0) -> str | None:
    """A day of the place (its end, with `days`), or a time with offset, as the logs write it."""
    text = query.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = (at.replace(tzinfo=_zone()) + timedelta(days=days)) if len(text) == 10 else at
        if at.tzinfo is None:
            at = at.replace(tzinfo=_zone())
        return at.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise BadInput(f"{name}={text[:40]}: a day (2026-11-21) or a time with offset is needed", fields=[name]) from None


def _key(text: str | None) -> tuple[int, int]:
    if text is None:
        return NEWEST
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 17 for part in parts):
        raise BadInput(f"before={text[:40]}: take the address of `next`")
    return int(parts[0]), int(parts[1])


def _zone() -> ZoneInfo:
    return ZoneInfo(state().config.product.timezone)
