"""The commands that keep a store safe: snapshot, restore, migrate, mode."""

from __future__ import annotations

import argparse
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from geodata.mode import switch
from geodata.moving import migrate
from geodata.reasons import named
from geodata.recovery import restore
from geodata.snapshot import snapshot
from layers.errors import ReadOnly

from .config import Config

if TYPE_CHECKING:
    from .cli import Call


def _snapshot(call: Call) -> None:
    args = call.args
    contents = "full" if args.full else "history" if args.with_history else "layers"
    with closing(call.open()) as store:
        told = snapshot(store, Path(args.file), contents=contents, accounts=args.accounts, progress=call.progress())
        with suppress(ReadOnly):
            call.note(store, "snapshot", Path(args.file).name, {"contents": contents, "accounts": args.accounts, "rev": told["rev"]})
    rows = {name: held["rows"] for name, held in told["tables"].items()}
    answer = {key: told[key] for key in ("contents", "rev", "seq", "at", "bytes", "check")} | {
        "file": str(Path(args.file).absolute()), "tables": rows, "accounts": told["accounts"] is not None}
    call.tell(answer, f"{args.file}: {contents}, revision {told['rev']}, {sum(rows.values()):,} rows, {told['bytes'] / 1e6:,.1f} MB; "
                      f"{_proof(told['check'])}")


def _restore(call: Call) -> int:
    args = call.args
    answer = restore(call.url, Path(args.file), call.config.rules, call.open, actor=call.actor(), replace=args.replace,
                     accounts=args.accounts, progress=call.progress())
    with closing(call.open()) as store:
        call.note(store, "restore", Path(args.file).name, {key: answer[key] for key in ("contents", "snapshot_rev", "at", "rev", "accounts")})
    kept = f"; what was there is kept in {answer['kept']}" if answer["kept"] else ""
    call.tell(answer | {"store": named(call.url)},
              f"{named(call.url)}: revision {answer['snapshot_rev']} of {answer['at']} is back, {_proof(answer['check'])}{kept}")
    return 0


def _migrate(call: Call) -> int:
    args = call.args
    with closing(call.open()) as store:
        answer = migrate(store, args.to, accounts=args.accounts, progress=call.progress())
        with suppress(ReadOnly):
            call.note(store, "migrate", named(args.to), {"accounts": args.accounts, "rev": answer["rev"]})
    words = f"{named(args.to)}: revision {answer['rev']}, {sum(answer['tables'].values()):,} rows, each table as it was; {_proof(answer['check'])}"
    if answer["behind"]:
        words += (f"\n{answer['behind']} edits came to the old store meanwhile and are not in the new one: close the old one with "
                  "`weige mode read-only` first, empty the new one and move again")
    call.tell(answer | {"from": named(call.url), "to": named(args.to)}, words)
    return int(answer["behind"] > 0)


def _mode(call: Call) -> None:
    args = call.args
    with closing(call.open()) as store:
        if args.mode:
            with store.write(call.actor(), "mode") as tx:
                switch(tx, args.mode == "read-only", args.note or "")
            call.note(store, "mode", args.mode, {"note": args.note or ""})
        told = store.mode().as_json()
    since = f" since {told['at']}" if told["at"] else ""
    words = f" ({told['reason']}{since}{': ' if told['note'] else ''}{told['note']})" if told["reason"] else ""
    call.tell(told, f"{named(call.url)}: {told['mode']}{words}")


COMMANDS = {"snapshot": _snapshot, "restore": _restore, "migrate": _migrate, "mode": _mode}


def add_parsers(commands: Any) -> None:
    """Their options."""
    one = commands.add_parser("snapshot", help="copy the store into one file, while everybody goes on working")
    one.add_argument("file", metavar="FILE", help="a GeoPackage; an older snapshot of that name is replaced")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--with-history", action="store_true", help="the layers, and what they were before")
    what.add_argument("--full", action="store_true", help="everything needed to go on after a restore")
    one.add_argument("--accounts", action="store_true", help="accounts and audit trail into a second file beside it")
    one = commands.add_parser("restore", help="put a snapshot back, after finding it whole")
    one.add_argument("file", metavar="FILE")
    one.add_argument("--replace", action="store_true", help="over a store that holds something; that is kept beside it")
    one.add_argument("--accounts", action="store_true", help="also the accounts of the second file")
    one = commands.add_parser("migrate", help="copy everything to another address: GeoPackage to PostGIS or back")
    one.add_argument("--to", metavar="URL", required=True, help="an address that holds nothing yet")
    one.add_argument("--accounts", action="store_true", help="also accounts and audit trail")
    one = commands.add_parser("mode", help="close the store for changes, or open it again")
    one.add_argument("mode", nargs="?", choices=["read-only", "normal"], help="none: tell how it stands")
    one.add_argument("--note", metavar="TEXT", help="why, for everybody who looks at the map")


def read_only(config: Config, args: argparse.Namespace) -> Config:
    """The settings, read only when the command line says so."""
    if not getattr(args, "read_only", False):
        return config
    return msgspec.structs.replace(config, store=msgspec.structs.replace(config.store, read_only=True))


def _proof(check: dict[str, int]) -> str:
    return "proved seamless" if not any(check.values()) else ", ".join(f"{number} {kind}" for kind, number in check.items() if number)
