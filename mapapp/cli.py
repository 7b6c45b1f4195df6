"""The command line: `weige --store URL COMMAND`. Every command answers in words, or in JSON with --json."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geodata import basemap
from geodata.account_book import judge_name
from geodata.accounts import Accounts
from geodata.basemap import Basemap
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.crs import DATUMS
from geodata.demo import ACCOUNTS, DEMO_CODES, build_demo
from geodata.engine import gpkg_path
from geodata.importer import import_rows
from geodata.incoming import Options
from geodata.planting import import_areas
from geodata.store import Store
from layers.codes import PROFILES
from layers.errors import BadInput, StoreMissing, WeigeError
from layers.schema import LAYERS

from . import handing, keeping, open_accounts
from .basemap import place_of
from .config import Config, load
from .errors import status_of
from .serve import serve


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program."""

    args: argparse.Namespace
    config: Config
    url: str

    def open(self, *, create: bool = False, codes: str | None = None) -> Store:
        """The store; `codes` is the profile of a new one."""
        rules = self.config.store
        return Store.open(self.url, self.config.rules, create=create,
                          codes=codes or getattr(self.args, "codes", None) or rules.codes,
                          busy_timeout_s=rules.busy_timeout_s, synchronous=rules.synchronous, read_only=rules.read_only)

    def progress(self) -> Callable[[float, str], None]:
        """Tells how far the work is, on standard error of a person."""
        return _progress(self)

    def actor(self) -> str:
        """Who calls, for revisions and the audit trail."""
        return _actor()

    def note(self, store: Store, action: str, object: str, details: dict[str, Any]) -> None:
        """A line of the audit trail."""
        with closing(open_accounts(self.config, store)) as accounts:
            accounts.log(action, "done", account=_actor(), object=object, details=details)

    def tell(self, answer: dict[str, Any], text: str) -> None:
        """The answer, in words or JSON."""
        print(json.dumps(answer, ensure_ascii=False) if self.args.json else text)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; answers its exit code: 0 done, 1 refused or findings, 2 wrong use."""
    args = parser().parse_args(argv)
    try:
        config = keeping.read_only(load(args.config), args)
        url = args.store or config.store.url or f"gpkg://{Path('var/weige.gpkg').resolve()}"
        return COMMANDS[args.command](Call(args, config, url)) or 0
    except WeigeError as error:
        if args.json:
            print(json.dumps({"code": error.code, "detail": error.text, "where": error.where, **error.details},
                             ensure_ascii=False))
        else:
            place = f" (at {error.where[0]:.6f}, {error.where[1]:.6f})" if error.where else ""
            print(f"weige: {error.text}{place} [{error.code}]", file=sys.stderr)
        return 2 if status_of(error) == 400 else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read our answer has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a folder that is not there, a file that is not ours
        text = f"{error.filename or 'the file'}: {error.strerror or error}"
        told = json.dumps({"code": "bad-file", "detail": text, "where": None})
        print(told if args.json else f"weige: {text} [bad-file]",
              file=sys.stdout if args.json else sys.stderr)
        return 1


# ---- commands --------------------------------------------------------------------------------------------------------
def _init(call: Call) -> None:
    with closing(call.open(create=True)) as store, store.read() as reader:
        codes = reader.meta("codes")
    call.tell({"store": _shown(call.url), "codes": codes}, f"{_shown(call.url)}: ready, code profile {codes}")


def _demo(call: Call) -> int | None:
    try:
        with closing(call.open()) as store, store.read() as reader:
            empty = not reader.children(None)
    except StoreMissing:
        empty = True
    if empty:
        with closing(call.open(create=True, codes=DEMO_CODES)) as store:
            answer = build_demo(store, progress=_progress(call))
            _demo_accounts(call, store)
        text = f"demo town with {answer['areas']['micro_grid']} micro-grids"
    else:
        answer, text = {"areas": None}, "holds areas already; nothing was built"
    if call.args.build_only:
        call.tell(answer, f"{_shown(call.url)}: {text}")
        return None
    if not call.args.json:
        with closing(call.open()) as store, closing(open_accounts(call.config, store)) as accounts:
            there = accounts.names()
        print("Demo accounts / 示例账号:")
        for name, password, role, _ in ACCOUNTS:
            if name in there:
                print(f"  {name:<10} {password:<14} {role}")
    return _serve(call)


def _demo_accounts(call: Call, store: Store) -> None:
    accounts = open_accounts(call.config, store)
    with store.read() as reader:
        rev = reader.rev
        for name, password, role, code in ACCOUNTS:
            accounts.add(name, password, [(role, reader.area(code).fid, rev)], label=name)
    accounts.close()


def _serve(call: Call) -> int:
    return serve(call.config, call.open, host=call.args.host, port=call.args.port, workers=call.args.workers)


def _check(call: Call) -> int:
    with closing(call.open()) as store:
        answer = check_store(store)
    lines = [f"gaps {answer['gaps']}, overlaps {answer['overlaps']}, nesting errors {answer['nesting']}, "
             f"code errors {answer['codes']}, outside the norm {answer['norms']}"]
    lines += [f"  {finding['kind']}: {finding['text']}" for finding in answer["findings"]
              if finding["kind"] != "norm"][:50]
    call.tell(answer, "\n".join(lines))
    return int(any(answer[kind] for kind in ("gaps", "overlaps", "nesting", "codes")))


def _stats(call: Call) -> None:
    with closing(call.open()) as store:
        cache = CoverageCache(store, tiles=False)
        cache.sync()
    roots = cache.roots()
    if call.args.code:
        node = cache.by_code(call.args.code)
    elif len(roots) == 1:
        node = roots[0]
    else:
        raise BadInput("there are several areas at the top" if roots else "the store holds no areas yet")
    figures = cache.figures(node)
    answer = {"code": node.code, "level": node.level, "name": node.name, "leaves": figures["leaves"],
              "unknown_leaves": figures["unknown_leaves"],
              "households": figures["households"], "population": figures["population"],
              "population_kind": figures["population_kind"],
              "people": figures["people"], "known_share": figures["known_share"], "area_m2": figures["area_m2"],
              "staff": {key: figures["staff"][key] for key in ("need", "have", "gap")}, "special": figures["special"],
              "declared": {"households": node.get("declared_households"),
                           "population": node.get("declared_population")}, "rev": cache.rev}
    word = lambda value: "unknown" if value is None else f"{value:,}"  # noqa: E731
    call.tell(answer,
              f"{node.code} {node.name} ({node.level}): {word(answer['households'])} households, "
              f"{word(answer['population'])} people, "
              f"{answer['leaves']:,} leaves, {answer['unknown_leaves']:,} unknown, "
              f"staff {word(answer['staff']['have'])} of {word(answer['staff']['need'])}")


def _import(call: Call) -> None:
    args = call.args
    options = Options(
        layer=args.layer, source_layer=args.source_layer, level=args.level, fields=_pairs(args.field, "--field"),
        parents=_pairs(args.parent, "--parent"),
        parent_names=_pairs(args.parent_name, "--parent-name"), join=Path(args.join) if args.join else None, on=args.on,
        crs=args.crs,
        datum=args.datum, encoding=args.encoding, dry_run=args.dry_run, repair=args.repair, derive=args.derive_households, height=args.height)
    work = import_areas if args.layer == "areas" else import_rows
    with _made_if_missing(call, keep=not args.dry_run) as store:
        answer = work(store, Path(args.file), options, _actor(), _progress(call))
    changed = f", {answer['updated']:,} changed" if answer.get("updated") else ""
    lines = [f"{answer['read']:,} read, {answer['written']:,} written{changed}"
             + (" (dry run: nothing was written)" if args.dry_run else "")]
    if answer.get("areas"):
        levels = ", ".join(f"{count:,} {level}" for level, count in answer["areas"].items())
        lines.append(f"{levels}; {answer['repaired']:,} shapes repaired")
    lines += [f"  {finding['kind']}: {finding['text']}" for finding in answer["findings"][:20]]
    if len(answer["findings"]) > 20:
        lines.append(f"  … {len(answer['findings']) - 20:,} more findings; --json lists all")
    call.tell(answer, "\n".join(lines))


@contextmanager
def _made_if_missing(call: Call, *, keep: bool) -> Iterator[Store]:
    """The store; one made for this call goes again when it is refused, or when `keep` is false."""
    path = gpkg_path(call.url)
    new, done = path is not None and not path.exists(), False
    try:
        with closing(call.open(create=True)) as store:
            yield store
        done = keep
    finally:
        if new and not done:
            path.unlink(missing_ok=True)


def _user(call: Call) -> None:
    with closing(call.open()) as store, closing(open_accounts(call.config, store)) as accounts:
        USER_COMMANDS[call.args.what](call, store, accounts)


def _user_token(call: Call, store: Store, accounts: Accounts) -> None:
    name = call.args.name
    token = accounts.new_token(name, call.config.security.token_days)
    accounts.log("token", "written", account=_actor(), object=name)
    call.tell({"account": name, "token": token}, token)


def _user_add(call: Call, store: Store, accounts: Accounts) -> None:
    args, codes = call.args, call.args.area or []
    judge_name(args.name)
    if not args.role:
        raise BadInput("user add needs --role R --area CODE, once per pair")
    if not args.password_stdin:
        raise BadInput("user add reads the password from standard input: --password-stdin")
    if len(codes) not in (0, len(args.role)):
        raise BadInput("as many --area as --role are needed, or none for the whole place")
    password = sys.stdin.readline().rstrip("\r\n")
    with store.read() as reader:
        rev, fids = reader.rev, [reader.area(code).fid for code in codes] or [0] * len(args.role)
    accounts.add(args.name, password, [(role, fid, rev) for role, fid in zip(args.role, fids, strict=True)],
                 label=args.label or args.name)
    accounts.log("account", "written", account=_actor(), object=args.name, details={"roles": args.role, "areas": codes})
    call.tell({"account": args.name, "roles": args.role, "areas": codes}, f"{args.name}: {', '.join(args.role)}")


def _basemap(call: Call) -> None:
    path = Path(call.args.file)
    kind = next((kind for suffix, kind in basemap.SUFFIXES.items() if path.name.lower().endswith(suffix)), None)
    if kind is None:
        raise BadInput(f"{path.name}: a base map ends in {', '.join(basemap.SUFFIXES)}")
    setting = next((one for one in call.config.basemaps if one.path and Path(one.path).resolve() == path.resolve()),
                   Basemap("file", kind, path.name, path.name, path=str(path)))
    info = basemap.prepared(setting, place_of(call.config, call.url), _progress(call))
    answer = {"kind": setting.kind, "format": info.format, "min_zoom": info.min_zoom, "max_zoom": info.max_zoom, "bounds": list(info.bounds),
              "tile_size": info.tile_size, "layers": list(info.layers), "attribution": info.attribution}
    west, south, east, north = info.bounds
    call.tell(answer, f"{path.name}: {setting.kind}, {info.format} tiles, zoom {info.min_zoom} to {info.max_zoom}, "
                      f"{west:.4f} {south:.4f} to {east:.4f} {north:.4f}")


USER_COMMANDS = {"add": _user_add, "token": _user_token}


COMMANDS = {"init": _init, "demo": _demo, "serve": _serve, "check": _check, "stats": _stats, "import": _import,
            "user": _user, "basemap": _basemap, **handing.COMMANDS, **keeping.COMMANDS}


# ---- reading the command line ----------------------------------------------------------------------------------------
def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(prog="weige", description="Weige 微格: a web map for grass-roots grid management",
                                  parents=[_everywhere(None, False)])
    anywhere = _everywhere(argparse.SUPPRESS, argparse.SUPPRESS)  # the same options also after the command
    one = lambda **options: argparse.ArgumentParser(**{"parents": [anywhere], **options})  # noqa: E731
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=one)
    make = commands.add_parser("init", help="create an empty store")
    make.add_argument("--codes", choices=PROFILES, help="code profile")
    demo = commands.add_parser("demo", help="build the demo town when it is missing, and serve it")
    demo.add_argument("--build-only", action="store_true", help="do not serve")
    for serving in (demo, commands.add_parser("serve", help="serve the pages and the API")):
        serving.add_argument("--host", help="address to listen on")
        serving.add_argument("--port", type=int, help="port; the next free one is taken and printed")
        serving.add_argument("--read-only", action="store_true", help="take no changes")
        serving.add_argument("--workers", type=int, help="processes behind the port (PostgreSQL only)")
    commands.add_parser("check", help="prove that the areas are seamless and nested")
    base = commands.add_parser("basemap", help="tell whether a file can be a base map; read an OpenStreetMap extract ahead")
    base.add_argument("file", metavar="FILE", help="MBTiles, PMTiles, GeoTIFF or .osm.pbf")
    stats = commands.add_parser("stats", help="figures of an area")
    stats.add_argument("code", nargs="?", metavar="CODE", help="default: the top")
    _import_options(commands.add_parser("import", help="read a file into a layer"))
    handing.add_parsers(commands)
    keeping.add_parsers(commands)
    user = commands.add_parser("user", help="accounts and tokens").add_subparsers(
        dest="what", required=True, metavar="add|token", parser_class=one)
    add = user.add_parser("add", help="add an account, or give it a new password and roles")
    add.add_argument("name")
    add.add_argument("--role", action="append", help="once per pair")
    add.add_argument("--area", action="append", metavar="CODE", help="the area of the role; none: everything")
    add.add_argument("--label", help="how pages call the account")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    token = user.add_parser("token", help="a token for programs, shown once")
    token.add_argument("name")
    return top


def _everywhere(nothing: Any, off: Any) -> argparse.ArgumentParser:
    """Options that every command understands."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--store", metavar="URL", default=nothing,
                        help="gpkg:///absolute/file.gpkg or postgresql://user:password@host:port/database; "
                             "default from config.toml")
    common.add_argument("--config", metavar="FILE", default=nothing,
                        help="a settings file of your own; keys it does not hold keep their defaults")
    common.add_argument("--json", action="store_true", default=off, help="answer in JSON")
    return common


def _import_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", metavar="FILE", help="GeoPackage, Shapefile (.shp, .zip), GeoJSON, TopoJSON, CSV or Excel")
    one.add_argument("--layer", required=True,
                     choices=[name for name, layer in LAYERS.items() if layer.editable or name == "areas"])
    one.add_argument("--source-layer", metavar="S", help="layer or sheet of the file")
    one.add_argument("--level", metavar="LEVEL", help="level of the areas in the file")
    one.add_argument("--field", action="append", metavar="OURS=THEIRS", help="which column holds a field")
    one.add_argument("--parent", action="append", metavar="LEVEL=COL", help="which column holds the parent's code")
    one.add_argument("--parent-name", action="append", metavar="LEVEL=COL", help="which column holds the parent's name")
    one.add_argument("--join", metavar="FILE", help="a table whose columns are added")
    one.add_argument("--on", metavar="COL", help="the column both files have")
    one.add_argument("--crs", metavar="CRS", help="when the file does not say, or says wrong")
    one.add_argument("--datum", choices=DATUMS, default="wgs84", help="gcj02 or bd09 for coordinates from web maps")
    one.add_argument("--encoding", help="of the text")
    one.add_argument("--dry-run", action="store_true", help="judge, write nothing")
    one.add_argument("--derive-households", action="store_true",
                     help="households nobody counted from outline and floors of each building, marked as derived")
    one.add_argument("--height", metavar="COL", help="the column with heights of buildings in metres, where floors are unknown")
    one.add_argument("--repair", action="store_true",
                     help="clean the areas into a seamless coverage and list every repair")


def _pairs(values: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for value in values or []:
        left, equals, right = value.partition("=")
        if not equals or not left or not right:
            raise BadInput(f"{option} {value}: OURS=THEIRS is needed")
        pairs[left] = right
    return pairs


def _progress(call: Call):
    if call.args.json or not sys.stderr.isatty():
        return lambda done, text: None

    def show(done: float, text: str) -> None:
        print(f"\r{done:4.0%} {text:<30}", end="\n" if done >= 1 else "", file=sys.stderr, flush=True)
    return show


def _actor() -> str:
    return "command line " + (os.environ.get("SUDO_USER") or os.environ.get("USER") or "")


def _shown(url: str) -> str:
    return url if url.startswith("gpkg:") else "postgresql://…@" + url.rsplit("@", 1)[-1]


if __name__ == "__main__":
    sys.exit(main())
