"""Rows from one store or snapshot into another, every number kept: what snapshots, restore and moving are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, delete, func, insert, select

from layers.errors import BadFile
from layers.schema import LAYERS

from . import account_tables
from .mode import KEY as MODE
from .records import Tally, each, go_on_counting, tallied, write
from .schema import AREAS, CODES, COUNTERS, HISTORY, JOBS, LINEAGE, META, REPORTS, REVISIONS, ROUNDS, STATUS, ZONE_EVENTS, ZONE_MEMBERS, metadata

Progress = Callable[[float, str], None]
LAYER_TABLES = tuple(LAYERS)
HISTORY_TABLES = (*LAYER_TABLES, *(table.name for table in (
    HISTORY, REVISIONS, LINEAGE, CODES, ZONE_MEMBERS, ZONE_EVENTS, ROUNDS, REPORTS, STATUS)))
NOT_CARRIED = {JOBS.name}  # work of this installation; its files are not here
NOT_CARRIED_META = {MODE}
NOT_CARRIED_ACCOUNTS = {table.name for table in (account_tables.SESSIONS, account_tables.SECRETS, account_tables.DONE,
                                                 account_tables.STRANGERS, account_tables.RATES)}


def all_tables() -> tuple[str, ...]:
    """Every table a store needs to go on, layers first."""
    return (*LAYER_TABLES, *(name for name in metadata.tables if name not in LAYERS and name not in NOT_CARRIED))


def account_names() -> tuple[str, ...]:
    """Tables of accounts that outlive an installation: no sessions, no secrets."""
    return tuple(name for name in account_tables.metadata.tables if name not in NOT_CARRIED_ACCOUNTS)


def pour(source: Connection, target: Connection, tables: Sequence[Table], progress: Progress) -> dict[str, dict[str, Any]]:
    """Writes every row of the source's tables into the target's of the same names, which are empty. Answers rows and
    checksum of each, after finding the same in the target. Raises BadFile when it holds something else."""
    sizes = {table.name: source.scalar(select(func.count()).select_from(table)) for table in tables}
    whole, done, told = sum(sizes.values()) or 1, 0, {}
    for table in tables:
        into = _ours(table)
        names = [name for name in table.c.keys() if name in into.c]
        tally = Tally(names)
        for records in each(source, table, names):
            if table.name == META.name:
                records = [record for record in records if record[names.index("key")] not in NOT_CARRIED_META]
            tally.add(records)
            write(target, into, names, records)
            done += len(records)
            progress(done / whole, table.name)
        told[table.name] = tally.as_json()
        if tallied(target, into, names) != told[table.name]:
            raise BadFile(f"{table.name}: what was written is not what was read", table=table.name)
        for column in into.primary_key:
            if column.autoincrement is True:
                go_on_counting(target, into, column.name)
    return told


def empty_out(target: Connection, names: Sequence[str], source: MetaData = metadata) -> None:
    """Removes every row of these tables."""
    for name in names:
        target.execute(delete(source.tables[name]))


def _ours(table: Table) -> Table:
    return metadata.tables[table.name] if table.name in metadata.tables else account_tables.metadata.tables[table.name]


# ---- what layers alone do not say ------------------------------------------------------------------------------------
def book_of(source: Connection) -> dict[str, Any]:
    """The numbers and names that a store of layers alone needs so that nothing is used twice: counters, code profile,
    codes nobody bears any more, and what became of areas."""
    retired = select(CODES.c.code, CODES.c.fid).where(CODES.c.code.not_in(select(AREAS.c.code))).order_by(CODES.c.fid, CODES.c.code)
    lineage = (select(LINEAGE.c.rev, LINEAGE.c.from_fid, LINEAGE.c.to_fid, REVISIONS.c.at, REVISIONS.c.op)
               .join(REVISIONS, REVISIONS.c.rev == LINEAGE.c.rev).where(REVISIONS.c.undone_by.is_(None))
               .order_by(LINEAGE.c.rev, LINEAGE.c.from_fid, LINEAGE.c.to_fid))
    return {"counters": {row.name: row.value for row in source.execute(select(COUNTERS).order_by(COUNTERS.c.name))},
            "meta": {row.key: row.value for row in source.execute(select(META).order_by(META.c.key)) if row.key not in NOT_CARRIED_META},
            "codes": [list(row) for row in source.execute(retired)], "lineage": [list(row) for row in source.execute(lineage)]}


def write_book(target: Connection, book: dict[str, Any], held: Sequence[str], at: str) -> None:
    """Fills the tables that a snapshot of layers does not hold. Its history begins with one revision, the one at which it
    was taken; earlier ones are kept by number only where they say what became of an area."""
    if COUNTERS.name not in held:
        target.execute(insert(COUNTERS), [{"name": name, "value": value} for name, value in book["counters"].items()])
    if META.name not in held and book["meta"]:
        target.execute(insert(META), [{"key": key, "value": value} for key, value in book["meta"].items()])
    if CODES.name not in held:
        codes = {code: fid for code, fid in book["codes"]}
        codes |= {row.code: row.fid for row in target.execute(select(AREAS.c.code, AREAS.c.fid))}
        for chunk in _chunks([{"code": code, "fid": fid} for code, fid in codes.items()]):
            target.execute(insert(CODES), chunk)
    if REVISIONS.name not in held:
        head = book["counters"].get("rev", 1)
        whole = {"all": True, "areas": [], "quiet": [], "retired": [], "facts": [], "layers": {}}
        known = {rev: (when, op) for rev, _, _, when, op in book["lineage"]} | {head: (at, "restore")}
        rows = [{"rev": rev, "at": when, "actor": "", "op": op, "note": "", "touched": whole} for rev, (when, op) in sorted(known.items())]
        target.execute(insert(REVISIONS), rows)
    if LINEAGE.name not in held and book["lineage"]:
        target.execute(insert(LINEAGE), [{"rev": rev, "from_fid": a, "to_fid": b} for rev, a, b, _, _ in book["lineage"]])


def _chunks(rows: list[dict[str, Any]], size: int = 5000) -> list[list[dict[str, Any]]]:
    return [rows[start:start + size] for start in range(0, len(rows), size)]
