"""The docs name everything the program has and nothing it has not, in two languages; links and pictures resolve."""

from __future__ import annotations

import argparse
import re
import socket
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from geodata.accounts import ROLES
from geodata.formats import FORMATS
from geodata.store import Store
from layers.errors import every_error
from layers.redraw import OPERATIONS
from layers.schema import LAYERS
from mapapp import create_app
from mapapp.cli import parser
from mapapp.config import Config, load
from mapapp.errors import status_of
from mapapp.rights import ACTIONS
from tools import histogram

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCS = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in FILES}
MANUALS = {lang: DOCS[f"docs/manual.{lang}.md"] for lang in ("zh", "en")}
API, README = DOCS["docs/api.md"], DOCS["README.md"]
ALL = "\n".join(DOCS.values())
LENGTHS = {"README.md": 90, "docs/manual.zh.md": 400, "docs/manual.en.md": 400, "docs/api.md": 470}
LARGEST_PICTURE = 300_000  # bytes
HOSTS = {"127.0.0.1", "localhost", "host"}  # in examples of addresses
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


# ---- reading the docs -----------------------------------------------------------------------------------------------
def absent(words: typing.Iterable[str], text: str) -> list[str]:
    """The words that do not stand in the text as whole words."""
    return sorted(word for word in set(words) if not re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text))


def in_manuals(words: typing.Iterable[str]) -> dict[str, list[str]]:
    words = list(words)
    return {lang: lacking for lang, text in MANUALS.items() if (lacking := absent(words, text))}


def code(text: str) -> Iterator[str]:
    """Inline code, fenced and indented blocks."""
    yield from re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    yield from re.findall(r"^ {4}(.*)$", text, re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level."""
    level = heading.split(" ")[0]
    found = re.search(rf"^{re.escape(heading)}.*?$\n(.*?)(?=^{level} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def first_column(text: str) -> list[str]:
    """Code in the first cells of tables."""
    cells = re.findall(r"^\| ([^|]*)\|", text, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def tabled(heading: str) -> dict[str, list[str]]:
    """Code in the first cells under a heading of both manuals; their headings begin with the same number."""
    return {lang: first_column(section(text, heading)) for lang, text in MANUALS.items()}


# ---- settings -------------------------------------------------------------------------------------------------------
def settings() -> set[str]:
    """section.key of every setting; lists and tables of structs by their keys."""
    found = set()
    for field in msgspec.structs.fields(Config):
        kinds = (field.type, *typing.get_args(field.type))
        struct = next(kind for kind in kinds if isinstance(kind, msgspec.structs.StructMeta))
        found |= {f"{field.encode_name}.{key.encode_name}" for key in msgspec.structs.fields(struct)}
    return found


def test_every_setting_stands_in_both_manuals():
    assert not in_manuals(settings())


@pytest.mark.parametrize("lang", MANUALS)
def test_settings_are_told_with_their_defaults(lang):
    defaults = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    lists = ("norms", "profiles", "checkpoints", "kit")  # their keys are told without values
    sections = {name: table for name, table in defaults.items() if isinstance(table, dict) and name not in lists}
    plain = {f"{name}.{key}": value for name, table in sections.items() for key, value in table.items()}
    pairs = re.findall(r"`(\w+\.\w+) = ([^`]+)`", MANUALS[lang])
    assert {name: tomllib.loads(f"value = {value}")["value"] for name, value in pairs} == plain


def test_settings_named_in_the_docs_exist():
    known, sections = settings(), {name.split(".")[0] for name in settings()}
    named = {word for text in code(ALL) for word in re.findall(r"(?<![\w./-])([a-z_]+\.[a-z_]+)(?![\w./(-])", text)}
    lost = [word for word in named - known if word.split(".")[0] in sections and not word.endswith(".py")]
    assert sorted(lost) == []


# ---- command line ---------------------------------------------------------------------------------------------------
def commands(one: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, one
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from commands(inner, f"{name} {word}".strip())


def leaves() -> list[str]:
    names = [name for name, _ in commands(parser()) if name]
    return [name for name in names if not any(other.startswith(f"{name} ") for other in names)]


def options() -> set[str]:
    found = {word for _, one in commands(parser()) for action in one._actions for word in action.option_strings}
    return found - {"-h", "--help"}


def test_every_command_and_option_stands_in_both_manuals():
    assert not in_manuals([f"weige {name}" for name in leaves()])
    assert not in_manuals(options())


def test_commands_and_options_named_in_the_docs_exist():
    first = {name.split()[0] for name in leaves()}
    named = {name for text in code(ALL) for name in re.findall(r"\bweige ([a-z]+(?: (?<=user )[a-z]+)?)", text)}
    assert sorted(name for name in named if name not in leaves() and name not in first) == []
    assert sorted(name for name in named if name.startswith("user ") and name not in leaves()) == []
    assert sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ALL)) - options()) == []


def test_the_import_of_the_readme_is_understood():
    text = section(README, "## Your own city in five minutes")
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(re.findall(r"^ {4}(.*)$", text, re.MULTILINE)))
    calls = [line for line in joined.splitlines() if re.search(r"(^|\| )weige ", line)]
    lines = [line.split("|")[-1].split("#")[0].strip() for line in calls]
    assert len(lines) == 5
    for line in lines:
        parser().parse_args(line.split()[1:])
    assert absent(re.findall(r"--[a-z-]+", lines[0]), "\n".join(first_column(text))) == []


# ---- errors ---------------------------------------------------------------------------------------------------------
def test_every_error_code_stands_in_both_manuals_and_with_its_status_in_the_api():
    statuses = {kind.code: str(status_of(kind(""))) for kind in every_error()}
    assert not in_manuals(statuses)
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", section(API, "## Errors"), re.MULTILINE)) == statuses


def test_error_codes_named_in_the_manuals_exist():
    known = {kind.code for kind in every_error()}
    for lang, named in tabled("## 9").items():
        assert sorted(set(named) - known) == [], lang


# ---- routes ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def routes(tmp_path_factory) -> dict[str, str]:
    """"METHOD /path/{}" -> the right its view needs."""
    config = load(environ={})
    store = Store.open(f"gpkg://{tmp_path_factory.mktemp('docs') / 'empty.gpkg'}", config.rules, create=True)
    app = create_app(config, store)
    found = {}
    for rule in app.url_map.iter_rules():
        need = "public" if rule.endpoint == "static" else getattr(app.view_functions[rule.endpoint], "needs", None)
        for method in rule.methods & set(METHODS):
            found[f"{method} {shape(rule.rule)}"] = need
    store.close()
    return found


def shape(path: str) -> str:
    """The path with its places emptied: /api/areas/<path:code> and /api/areas/{code} are the same."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", path.split("?")[0])


def test_every_route_stands_in_the_api_with_its_right(routes):
    rows = re.findall(rf"^\| `((?:{'|'.join(METHODS)}) [^`]+)` \| `(\w+)` \|", section(API, "## Routes"), re.MULTILINE)
    assert {f"{route.split()[0]} {shape(route.split()[1])}": right for route, right in rows} == routes


def test_routes_named_in_the_docs_exist(routes):
    call = re.compile(rf"\b({'|'.join(METHODS)}) (/\S*)")
    named = {f"{method} {shape(path)}" for text in code(ALL) for method, path in call.findall(text)}
    fits = {name: re.compile(re.escape(name).replace(r"\{\}", "[^/]+") + "$") for name in routes}
    assert sorted(name for name in named if not any(one.match(name) for one in fits.values())) == []


# ---- nouns ----------------------------------------------------------------------------------------------------------
def test_every_operation_stands_in_the_api():
    assert sorted(first_column(section(API, "## Redraw"))) == sorted([*OPERATIONS, "undo"])


def test_every_format_stands_in_the_docs_with_its_suffix():
    told = re.findall(r"^\| `([a-z]+)` \| `(\.[a-z]+)` \|", section(API, "## Exports"), re.MULTILINE)
    assert told == [(format.id, format.suffixes[0]) for format in FORMATS.values()]
    assert tabled("## 5") == {lang: list(FORMATS) for lang in MANUALS}


def test_every_layer_stands_in_the_docs():
    assert first_column(section(API, "## Layers")) == list(LAYERS)
    assert not in_manuals(LAYERS)


def test_the_table_of_rights_is_the_one_in_force():
    text = section(API, "## Rights")
    head = [cell.strip() for cell in re.search(r"^\| action \|(.*)\|$", text, re.MULTILINE)[1].split("|")][1:]
    assert sorted(head) == sorted(ROLES)
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", text, re.MULTILINE)
    told = {action: {role for role, cell in zip(head, cells.split("|"), strict=True) if "✓" in cell}
            for action, cells in rows}  # fmt: skip
    assert told == {action: set(roles) for action, roles in ACTIONS.items()}
    assert not in_manuals([*ROLES, *ACTIONS])


# ---- make -----------------------------------------------------------------------------------------------------------
def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_make_target_stands_in_the_docs_and_no_other():
    assert absent([f"make {target}" for target in targets()], ALL) == []
    assert sorted({name for text in code(ALL) for name in re.findall(r"\bmake ([a-z]+)", text)} - targets()) == []


def test_the_two_commands_of_the_readme_are_make_targets():
    named = re.findall(r"^ {4}make ([a-z]+)", section(README, "## Start"), re.MULTILINE)
    assert named == ["demo", "test"] and set(named) <= targets()


# ---- links, pictures, two languages ---------------------------------------------------------------------------------
def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", DOCS)
def test_links_and_pictures_resolve(name):
    broken = []
    for link in links(DOCS[name]):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_every_picture_is_used_and_small():
    used = {(ROOT / name).parent / link for name, text in DOCS.items() for link in links(text) if link.endswith(".png")}
    kept = set((ROOT / "docs" / "img").glob("*.png"))
    assert {file.resolve() for file in used} == {file.resolve() for file in kept}
    assert [file.name for file in kept if file.stat().st_size >= LARGEST_PICTURE] == []


def test_both_manuals_have_the_same_headings_and_pictures():
    outlines = [re.findall(r"^(##+) (\S+)", text, re.MULTILINE) for text in MANUALS.values()]
    assert outlines[0] == outlines[1]
    pictures = {lang: [link for link in links(text) if link.endswith(".png")] for lang, text in MANUALS.items()}
    assert [name.replace("-zh.", "-en.") for name in pictures["zh"]] == pictures["en"]
    tables = [re.findall(r"^\|(?=---)", text, re.MULTILINE) for text in MANUALS.values()]
    assert len(tables[0]) == len(tables[1])


def test_the_histogram_is_that_of_the_demo_town_and_no_invented_person_is_named():
    town = histogram.town()
    counted = histogram.households(town)
    for lang, text in MANUALS.items():
        assert histogram.written(text, histogram.table(counted, lang)) == text, "run tools/histogram.py"
    housed = {kind for kinds, _ in histogram.ROWS for kind in kinds}
    assert {kind for kind, number in counted if number} == housed
    assert [name for name in town["staff"]["name"] if name in ALL] == []


# ---- manners --------------------------------------------------------------------------------------------------------
def test_no_host_machine_path_or_address_of_a_person_is_named():
    urls = {host for host in re.findall(r"[a-z]+://(?:[^\s/@`]*@)?([\w.-]+)", ALL) if host not in HOSTS}
    domains = set(re.findall(r"\b[\w-]+\.(?:com|org|net|io|cn|dev|gov|edu)\b", ALL))
    paths = set(re.findall(r"(?<![\w.])/(?:work|home|root|tmp|usr|mnt|opt|srv|etc|Users)/\S*|[A-Z]:\\\S*", ALL))
    mail = {word for word in re.findall(r"[\w.]+@[\w.-]+", ALL) if not word.endswith("@host")}
    machine = {name for name in (socket.gethostname(),) if len(name) > 3 and name != "localhost" and name in ALL}
    assert (urls, domains, paths, mail, machine) == (set(), set(), set(), set(), set())


def test_chinese_is_plain_office_chinese():
    lines = [line for line in MANUALS["zh"].splitlines() if re.search(r"请(?!求)|！|成功|您", line)]
    assert lines == []


@pytest.mark.parametrize("name", LENGTHS)
def test_docs_stay_short(name):
    assert len(DOCS[name].splitlines()) < LENGTHS[name]


def test_changelog_lines_say_what_they_are():
    lines = [line for line in DOCS["CHANGELOG.md"].splitlines() if line.startswith("-")]
    assert lines and [line for line in lines if not re.match(r"- (add|fix|change): \S", line)] == []
