"""Reports as they come: many in one transaction, each once, each kept for ever; the newest value of each place counts.

A report takes a number of the events (`seq`), never a revision: the map stays what it is. Rows are written by the
thousand, so that a street whose phones all come back at once is a second's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Select, Table, and_, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from layers.errors import DuplicateCode, NotFound
from layers.status import AREA, FIRST_ROUND, stamp

from .ground import Ground
from .mode import kept_mode
from .rows import Reader, chunks
from .schema import CODES, EVENTS, HISTORY, REPORTS, ROUNDS, STATUS, TABLES
from .transaction import CHANNEL, Raced, Transaction
from .tree import Node

MOST_AREAS = 200  # named by one event; where more changed, all may have
_UPSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_UNITS, _BUILDINGS = TABLES["units"], TABLES["buildings"]


# Made once: to put a statement together takes longer than to run it, and most requests bring a single report.
def _owners(table: Table) -> Select:
    return select(table.c.fid, table.c.area).where(table.c.fid.in_(bindparam("fids", expanding=True)), table.c.area.is_not(None))


def _keep(dialect: str) -> Insert:
    return _UPSERT[dialect](REPORTS).on_conflict_do_nothing(index_elements=[REPORTS.c.account, REPORTS.c.offline_id])


def _renew(dialect: str) -> Insert:
    statement = _UPSERT[dialect](STATUS)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[STATUS.c.round, STATUS.c.place, STATUS.c.fid, STATUS.c.metric], where=new.at >= STATUS.c.at,
        set_={"value": new.value, "at": new.at, "report": new.report, "rev": new.rev})


_OWNERS = {"unit": _owners(_UNITS), "building": _owners(_BUILDINGS)}
_KEEP, _RENEW = ({dialect: made(dialect) for dialect in _UPSERT} for made in (_keep, _renew))
_KEPT = select(REPORTS.c.id).where(REPORTS.c.id >= bindparam("first"))
_TELL = insert(EVENTS)
_ROUNDS = select(ROUNDS).order_by(ROUNDS.c.starts_at.desc(), ROUNDS.c.id.desc())
_OPEN_ROUNDS = _ROUNDS.where(ROUNDS.c.closed_at.is_(None))


@dataclass(slots=True)
class Report:
    """One report: `place` is what it speaks of, `fid` which one (of an area: found by its code), `at` UTC as text."""

    index: int
    offline_id: str
    place: str
    fid: int
    code: str | None
    version: int | None
    at: str
    round: str | None
    values: Mapping[str, int | None]
    rev: int = 0  # the ground it speaks of is that of this revision
    leaves: tuple[Node, ...] = ()  # where that ground is now


@dataclass(slots=True)
class Batch:
    """What one request brings, and what it is answered. `scope` asks for the paths under which its account may report,
    and for those it may see, at the moment of writing."""

    account: str
    reports: list[Report]
    scope: Callable[[], tuple[tuple[str, ...], tuple[str, ...]]]
    rejected: list[dict[str, Any]] = field(default_factory=list)  # what was wrong before it came here
    answer: dict[str, Any] | None = None
    fault: Exception | None = None


def write(tx: Transaction, batches: Sequence[Batch], ground: Ground) -> list[dict[str, Any]]:
    """Writes what is right of every batch and answers each: {"accepted", "duplicates", "rejected", "moved", "seq"}."""
    count = sum(len(batch.reports) for batch in batches)
    first = tx.take("fid:reports", count)  # held until the commit: numbers of reports come in the order of commits
    kept_mode(tx.connection).refuse()
    rev = tx.rev
    ground.sync(tx)
    taken, answers = [], []
    found = _found(tx, [report for batch in batches for report in batch.reports], rev, ground)
    if tx.rev != rev:
        raise Raced  # the ground was redrawn while it was looked at
    rounds = Rounds(tx)
    for batch in batches:
        answer = {"accepted": 0, "duplicates": 0, "rejected": list(batch.rejected), "moved": []}
        answers.append(answer)
        report_in, see = batch.scope()
        for report in batch.reports:
            wrong = _refused(report, found, report_in, see)
            if wrong:
                answer["rejected"].append({"index": report.index, "code": wrong[0], "text": wrong[1]})
                continue
            if report.round is None:
                report.round = rounds.newest(report.leaves[0].path, ground)
            taken.append((batch, answer, report))
        answer["rejected"].sort(key=lambda one: one["index"])
    seq = tx.seq
    fresh: set[int] = set()
    if taken:
        named = sorted({report.round for _, _, report in taken})
        rounds.open(named, taken[0][0].account)
        seq = tx.take("seq", len(named)) + len(named) - 1  # held until the commit: nothing is waited for from here on
        fresh = _insert(tx, taken, first, rev, seq)
        newest = [(first + k, report) for k, (_, _, report) in enumerate(taken) if first + k in fresh]
        _upsert(tx, newest)
        _tell(tx, seq, {name: [report for _, report in newest if report.round == name] for name in named})
    for k, (_, answer, report) in enumerate(taken):
        answer["accepted" if first + k in fresh else "duplicates"] += 1
        if (moved := _moved(report, ground)) is not None:
            answer["moved"].append(moved)
    return [answer | {"seq": seq} for answer in answers]


# ---- what they speak of ----------------------------------------------------------------------------------------------
def _found(tx: Transaction, reports: Sequence[Report], rev: int, ground: Ground) -> dict[tuple[str, int | str], int]:
    """Fid of the owner of each stairwell and building, and fid by code of each area; fills where the ground is now."""
    owner: dict[tuple[str, int | str], int] = {}
    for place, statement in _OWNERS.items():
        for chunk in chunks({report.fid for report in reports if report.place == place}):
            owner |= {(place, fid): area for fid, area in tx.connection.execute(statement, {"fids": chunk})}
    named = {report.code for report in reports if report.place == AREA}
    owner |= {(AREA, code): fid for code in named if (fid := ground.codes.get(code)) is not None}
    for chunk in chunks(sorted(code for code in named if (AREA, code) not in owner)):
        owner |= {(AREA, code): fid for code, fid in tx.connection.execute(select(CODES.c.code, CODES.c.fid).where(CODES.c.code.in_(chunk)))}
    seen = _seen_at(tx, {(owner[AREA, report.code], report.version) for report in reports
                         if report.place == AREA and (AREA, report.code) in owner}, rev, ground)
    where: dict[tuple[int, int], tuple[Node, ...]] = {}
    for report in reports:
        fid = owner.get((report.place, report.code if report.place == AREA else report.fid))
        if fid is None:
            continue
        report.rev = rev
        if report.place == AREA:
            report.fid, report.rev = fid, seen[fid, report.version]
        key = fid, report.rev
        if key not in where:
            where[key] = tuple(ground.nodes_of(*key, tx))
        report.leaves = where[key]
    return owner


def _seen_at(tx: Transaction, wanted: Iterable[tuple[int, int | None]], rev: int, ground: Ground) -> dict[tuple[int, int | None], int]:
    """The revision whose ground somebody means who saw an area at a version: now, unless it changed or ended since; of
    an area that is no more without a version, the last one it lived at."""
    answer, older = {}, {}
    for fid, version in wanted:
        node = ground.nodes.get(fid)
        if node is not None and (version is None or version >= node.version):
            answer[fid, version] = rev
        else:
            older.setdefault(fid, []).append(version)
    ended: dict[int, list[tuple[int, int]]] = {}
    for chunk in chunks(older):
        statement = select(HISTORY.c.fid, HISTORY.c.version, HISTORY.c.rev_to).where(HISTORY.c.layer == "areas", HISTORY.c.fid.in_(chunk))
        for fid, version, rev_to in tx.connection.execute(statement.order_by(HISTORY.c.hid)):
            ended.setdefault(fid, []).append((version, rev_to))
    for fid, versions in older.items():
        images = ended.get(fid, [])
        for version in versions:
            last = [rev_to for known, rev_to in images if version is None or known == version]
            answer[fid, version] = (last or [rev_to for _, rev_to in images[-1:]] or [rev + 1])[-1] - 1
    return answer


def _refused(report: Report, found: Mapping[tuple[str, int | str], int], report_in: tuple[str, ...], see: tuple[str, ...]) -> tuple[str, str] | None:
    """(code, text) when the account may not report there; what it cannot see answers like what does not exist."""
    if any(node.path.startswith(report_in) for node in report.leaves):
        return None
    if any(node.path.startswith(see) for node in report.leaves):
        return "forbidden", f"{_name(report)}: your roles do not allow this here"
    return ("unknown-area", f"{report.code}: no such area") if report.place == AREA else ("not-found", f"{_name(report)}: no such object")


def _name(report: Report) -> str:
    return report.code if report.place == AREA else f"{report.place} {report.fid}"


def _moved(report: Report, ground: Ground) -> dict[str, Any] | None:
    """Where the ground is now, for who named an area that no longer is what it was: `area` counts the report, `areas`
    hold its ground."""
    codes = sorted(node.code for node in report.leaves)
    if report.code is None or codes == [report.code]:
        return None
    return {"index": report.index, "area": ground.common(report.leaves).code, "areas": codes}


# ---- rows ------------------------------------------------------------------------------------------------------------
def _insert(tx: Transaction, taken: Sequence[tuple[Batch, dict[str, Any], Report]], first: int, rev: int, seq: int) -> set[int]:
    """Keeps the reports; answers the numbers of those that were not there yet."""
    tx.connection.execute(_KEEP[tx.connection.dialect.name], [
        {"id": first + k, "seq": seq, "account": batch.account, "offline_id": report.offline_id, "round": report.round, "place": report.place,
         "fid": report.fid, "version": report.version, "rev": rev, "at": report.at, "received_at": tx.at, "values": report.values}
        for k, (batch, _, report) in enumerate(taken)])
    return set(tx.connection.execute(_KEPT, {"first": first}).scalars())


def _upsert(tx: Transaction, newest: Sequence[tuple[int, Report]]) -> None:
    """The newest value of each metric at each place, by the time it was seen; a late one changes nothing."""
    rows: dict[tuple[str, str, int, str], dict[str, Any]] = {}
    for number, report in newest:
        for metric, value in report.values.items():
            key = report.round, report.place, report.fid, metric
            if key not in rows or rows[key]["at"] <= report.at:
                rows[key] = {"round": report.round, "place": report.place, "fid": report.fid, "metric": metric, "value": value,
                             "at": report.at, "report": number, "rev": report.rev}
    if rows:
        tx.connection.execute(_RENEW[tx.connection.dialect.name], list(rows.values()))


def _tell(tx: Transaction, last: int, by_round: Mapping[str, Sequence[Report]]) -> None:
    """One event a round, numbered up to `last`: on what ground something changed, and which metrics."""
    rows = []
    for seq, (name, reports) in enumerate(by_round.items(), last - len(by_round) + 1):
        areas = sorted({node.fid for report in reports for node in report.leaves})
        data: dict[str, Any] = {"round": name, "areas": areas, "metrics": sorted({metric for report in reports for metric in report.values})}
        if len(areas) > MOST_AREAS:
            data |= {"areas": [], "all": True}
        rows.append({"seq": seq, "rev": None, "kind": "status", "at": tx.at, "data": data})
    tx.connection.execute(_TELL, rows)
    if tx.concurrent:
        tx.connection.execute(select(func.pg_notify(CHANNEL, "")))


# ---- rounds ----------------------------------------------------------------------------------------------------------
class Rounds:
    """Owns the rounds that are open, as one transaction sees them. Public: newest, open."""

    def __init__(self, tx: Transaction):
        self._tx, self._open = tx, rounds_of(tx, open_only=True)
        self._now = stamp(datetime.fromisoformat(tx.at))

    def newest(self, path: str, ground: Ground) -> str:
        """The round that was opened last for the area of that path; the first one where there is none."""
        return next((row["id"] for row in self._open if row["starts_at"] <= self._now and is_for(row, path, ground)), FIRST_ROUND)

    def open(self, names: Iterable[str], account: str) -> None:
        """Rounds nobody opened open themselves."""
        known = {row["id"] for row in self._open}
        rows = [{"id": name, "name": name, "starts_at": self._now, "opened_by": account} for name in sorted(set(names) - known)]
        if rows:
            self._tx.connection.execute(_UPSERT[self._tx.connection.dialect.name](ROUNDS).on_conflict_do_nothing(), rows)


def rounds_of(reader: Reader, *, open_only: bool = False) -> list[dict[str, Any]]:
    """The rounds, the newest first."""
    return [dict(row._mapping) for row in reader.connection.execute(_OPEN_ROUNDS if open_only else _ROUNDS)]


def is_for(row: Mapping[str, Any], path: str, ground: Ground) -> bool:
    """True when the round is for the area of that path: one for everything, or for an area above it."""
    return row["area"] is None or any(path.startswith(node.path) for node in ground.nodes_of(row["area"], 0))


def open_round(tx: Transaction, row: dict[str, Any]) -> dict[str, Any]:
    """Opens a round and tells everybody; without an `id` the next number. Raises DuplicateCode."""
    names = set(tx.connection.execute(select(ROUNDS.c.id)).scalars())
    if row.get("id") is None:
        row["id"] = str(max((int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 10), default=0) + 1)
    statement = _UPSERT[tx.connection.dialect.name](ROUNDS).on_conflict_do_nothing().returning(ROUNDS.c.id)
    if tx.connection.execute(statement, [row]).first() is None:
        raise DuplicateCode(f"round {row['id']} is there already")
    _tell_round(tx, row["id"])
    return row | {"closed_at": None}


def close_round(tx: Transaction, name: str) -> dict[str, Any]:
    """Closes a round: what comes late is still kept and counted. Raises NotFound."""
    row = tx.connection.execute(select(ROUNDS).where(ROUNDS.c.id == name)).first()
    if row is None:
        raise NotFound(f"round {name[:40]}: no such round")
    done = tx.connection.execute(update(ROUNDS).where(and_(ROUNDS.c.id == name, ROUNDS.c.closed_at.is_(None))).values(closed_at=tx.at))
    if done.rowcount:
        _tell_round(tx, name)
    return {**row._mapping, "closed_at": row.closed_at or tx.at}


def _tell_round(tx: Transaction, name: str) -> None:
    kept_mode(tx.connection).refuse()
    _tell(tx, tx.take("seq"), {name: []})
