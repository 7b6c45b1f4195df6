"""The commands that hand something over: export, verify, briefing."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geodata.coverage_cache import CoverageCache
from geodata.crs import DATUMS, EXPORTS
from geodata.exporter import EXPORT_FORMATS, EXPORT_LAYERS, Request, export, summary_line
from geodata.formats import FORMATS, detect
from geodata.handover import verify
from layers.errors import BadInput, MissingField, NotFound
from layers.zones import STATUSES

from . import briefing, open_accounts
from .texts import LANGUAGES

if TYPE_CHECKING:
    from .cli import Call


def _export(call: Call) -> None:
    args, config = call.args, call.config.export
    path = _target(args.output)
    format = FORMATS[args.format or detect(path).id]
    crs = args.crs or (format.crs[0] if format.crs else config.crs)
    encoding = args.encoding or (config.encoding if config.encoding in format.encodings else "UTF-8")
    if args.personal and not (args.receiver and args.purpose):
        raise MissingField("names and phones are handed over only with --receiver and --purpose", fields=["receiver", "purpose"])
    request = Request(args.layer, format.id, crs, encoding, args.area, args.level, args.datum, personal=args.personal, shapes=not args.no_shapes,
                      package=True if path.suffix.lower() == ".zip" else False if format.suffixes[0] != ".zip" else None,
                      receiver=args.receiver, purpose=args.purpose, status=args.status)
    with closing(call.open()) as store, closing(open_accounts(call.config, store)) as accounts:
        cache = CoverageCache(store, tiles=False)
        cache.sync()
        answer = export(cache, request, path, call.progress())
        accounts.log("export", "done", account=call.actor(), object=args.layer,
                     details={"receiver": args.receiver, "purpose": args.purpose, "personal": args.personal,
                              **{key: value for key, value in answer.items() if key != "files"}})
    call.tell(answer | {"file": str(path)}, f"{path}: {summary_line(answer)}")


def _verify(call: Call) -> None:
    path = Path(call.args.package)
    told = verify(path, call.args.sum)
    words = (f"{path}: {len(told['files'])} files as they were packed at revision {told['rev']}, {told['rows']:,} rows, {told['crs']}, "
             f"{told['encoding']}, for {told['receiver'] or 'nobody named'}; SHA-256 {told['package']['sha256']}")
    call.tell(told | {"file": str(path)}, words)


def _briefing(call: Call) -> None:
    args, path = call.args, _target(call.args.output)
    if path.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"{path.name}: a briefing is one file that ends in .html")
    with closing(call.open()) as store, closing(open_accounts(call.config, store)) as accounts:
        cache = CoverageCache(store, tiles=False)
        cache.sync()
        order = {"area": args.area, "receiver": args.receiver, "purpose": args.purpose, "valid_until": args.valid_until, "lang": args.lang}
        answer = briefing.write(call.config, cache, path, briefing.judged(order, store.clock(), call.config.product.timezone))
        accounts.log("export", "done", account=call.actor(), object="briefing", details={**order, **answer})
    call.tell(answer | {"file": str(path)}, f"{path}: {answer['zones']} zones in force, {answer['posts']} posts, revision {answer['rev']}, "
                                            f"SHA-256 {answer['sha256']}")


COMMANDS = {"export": _export, "verify": _verify, "briefing": _briefing}


def add_parsers(commands: Any) -> None:
    """Their options."""
    one = commands.add_parser("export", help="write a layer to a file, or to a package (.zip)")
    one.add_argument("layer", choices=EXPORT_LAYERS)
    one.add_argument("-o", "--output", required=True, metavar="FILE", help="a name that ends in .zip is a package with manifest")
    one.add_argument("--format", choices=[format.id for format in EXPORT_FORMATS], help="default: by the name of the file")
    one.add_argument("--crs", choices=EXPORTS, metavar="CRS", help="EPSG:4490, EPSG:4326 or EPSG:4513 to EPSG:4554 (3-degree zones)")
    one.add_argument("--datum", choices=DATUMS, default="wgs84")
    one.add_argument("--encoding", choices=["UTF-8", "GBK"])
    one.add_argument("--area", metavar="CODE", help="only what lies under it")
    one.add_argument("--level", metavar="LEVEL", help="areas of this level instead of the leaves")
    one.add_argument("--status", choices=STATUSES, help="of zones: only these")
    one.add_argument("--no-shapes", action="store_true", help="CSV and Excel: figures alone")
    one.add_argument("--personal", action="store_true", help="also names and phones of persons")
    _whom(one, required=False)
    one = commands.add_parser("verify", help="prove that a package is as it was packed")
    one.add_argument("package", metavar="PACKAGE")
    one.add_argument("--sum", metavar="SHA256", help="what the sender said it is")
    one = commands.add_parser("briefing", help="write the zones in force as one page that opens without a network")
    one.add_argument("-o", "--output", required=True, metavar="FILE")
    one.add_argument("--area", metavar="CODE", help="only what lies under it")
    one.add_argument("--valid-until", required=True, metavar="TIME", help="a time with offset, or a day: its end")
    one.add_argument("--lang", choices=LANGUAGES, default="zh")
    _whom(one, required=True)


def _whom(one: argparse.ArgumentParser, *, required: bool) -> None:
    one.add_argument("--receiver", metavar="R", required=required, help="who gets it, for the log")
    one.add_argument("--purpose", metavar="P", required=required, help="what for, for the log")


def _target(name: str) -> Path:
    path = Path(name)
    if not path.parent.is_dir():
        raise NotFound(f"{path.parent}: there is no such folder")
    return path
