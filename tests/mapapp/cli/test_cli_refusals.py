"""The command line: exit codes and words of what it refuses, and that a refused file leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.store import Store
from layers.errors import every_error
from layers.schema import LAYERS
from mapapp.cli import parser
from tests.mapapp.cli.command import AREAS
from tests.mapapp.web import settings

# ---- refusals --------------------------------------------------------------------------------------------------------
CODES = {kind.code for kind in every_error()}


@pytest.mark.parametrize(
    "words, code, said",
    [
        (("nonsense",), 2, "nonsense"),
        ((), 2, "COMMAND"),
        (("stats", "K", "--colour"), 2, "--colour"),
        (("export", "areas"), 2, "-o"),
        (("import", "x.csv"), 2, "--layer"),
        (("import", "x.csv", "--layer", "shares"), 2, "shares"),
        (("export", "accounts", "-o", "x.zip"), 2, "accounts"),
        (("export", "areas", "-o", "x.dwg"), 1, "x.dwg"),
        (("export", "areas", "-o", "x.zip", "--crs", "EPSG:3857"), 2, "EPSG:3857"),
        (("export", "areas", "-o", "/no/such/folder/x.zip"), 1, "/no/such/folder"),
        (("export", "areas", "-o", "x.zip", "--area", "nowhere"), 1, "nowhere"),
        (("export", "staff", "-o", "x.csv"), 1, "staff"),
        (("init", "--codes", "x"), 2, "--codes"),
        (("serve", "--port", "x"), 2, "--port"),
        (("--config", "/no/such.toml", "check"), 2, "such.toml"),
    ],
)
def test_wrong_use_is_said_and_ends_with_1_or_2(
    town, words: tuple[str, ...], code: int, said: str, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = town(*words)
    assert answer.code == code and said in answer.err and "Traceback" not in answer.err
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.parametrize(
    "store, code",
    [
        ("nonsense", 2),
        ("gpkg://relative.gpkg", 2),
        ("mysql://x/y", 2),
        ("gpkg:///no/such.gpkg", 1),
        ("postgresql://user:secret@127.0.0.1:1/x", 1),
    ],
)
def test_a_store_that_cannot_be_opened_is_named_without_its_password(weige, store: str, code: int) -> None:
    said = weige("check", store=store)
    assert said.code == code and said.err.startswith("weige: ") and "secret" not in said.err
    assert weige("check", "--json", store=store).json["code"] in CODES


def test_a_file_that_is_no_store_is_left_alone(weige, tmp_path, url: str) -> None:
    for content in (b"some text", b"SQLite format 3\0" + b"\0" * 2000):
        (tmp_path / "town.gpkg").write_bytes(content)
        said = weige("stats", "--json")
        assert said.code == 1 and said.json["code"] in ("bad-file", "store-missing"), said.out
        assert (tmp_path / "town.gpkg").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_no_crash(weige) -> None:
    said = weige("init", store="gpkg:///proc/none/town.gpkg")
    assert said.code == 1 and said.err.startswith("weige: ") and "Traceback" not in said.err
    assert weige("init", "--json", store="gpkg:///proc/none/town.gpkg").json["code"] == "bad-file"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


HOUSE = '"POLYGON((120.211 23.0025,120.2111 23.0025,120.2111 23.0026,120.211 23.0025))"'
# name, content, options, exit code, code, words of the message: file, row and field wherever there are such
BAD_FILES: list[tuple[str, str | bytes, tuple[str, ...], int, str, tuple[str, ...]]] = [
    ("none.csv", b"", (), 1, "bad-file", ("none.csv", "empty")),
    ("words.gpkg", "no database", (), 1, "bad-file", ("words.gpkg",)),
    ("words.xlsx", "no workbook", (), 1, "bad-file", ("words.xlsx",)),
    ("words.zip", "no archive", (), 1, "bad-file", ("words.zip",)),
    ("words.geojson", "{", (), 1, "bad-file", ("words.geojson",)),
    ("alone.shp", "x", (), 1, "bad-file", ("alone.shp", ".shx", ".dbf")),
    ("drawing.dwg", "x", (), 1, "bad-file", ("drawing.dwg",)),
    (
        "floors.csv",
        f"code,wkt,floors\nA,{HOUSE},3\nB,{HOUSE},many\n",
        (),
        2,
        "bad-input",
        ("floors.csv", "row 3", "floors"),
    ),
    ("less.csv", f"code,wkt,floors\nA,{HOUSE},-1\n", (), 2, "bad-input", ("less.csv", "row 2", "floors")),
    ("kind.csv", f"code,wkt,kind\nA,{HOUSE},castle\n", (), 2, "bad-input", ("kind.csv", "row 2", "kind", "apartment")),
    ("long.csv", f"code,wkt,name\nA,{HOUSE},{'x' * 61}\n", (), 2, "bad-input", ("long.csv", "row 2", "name")),
    ("twice.csv", f"code,wkt\nA,{HOUSE}\nA,{HOUSE}\n", (), 1, "duplicate-code", ("twice.csv", "row 3", "'A'")),
    (
        "knot.csv",
        'code,wkt\nA,"POLYGON((120 23,121 24,121 23,120 24,120 23))"\n',
        (),
        1,
        "bad-geometry",
        ("knot.csv", "row 2"),
    ),
    ("point.csv", 'code,wkt\nA,"POINT(120 23)"\n', (), 1, "bad-geometry", ("point.csv", "row 2")),
    ("wkt.csv", "code,wkt\nA,here\n", (), 1, "bad-geometry", ("wkt.csv", "row 2", "wkt")),
    ("metres.csv", 'code,wkt\nA,"POINT(500000 2500000)"\n', (), 1, "bad-crs", ("500000",)),
    ("crs.csv", f"code,wkt\nA,{HOUSE}\n", ("--crs", "EPSG:1"), 1, "bad-crs", ("EPSG:1",)),
    ("head.csv", "a,a\n1,2\n", (), 1, "bad-file", ("head.csv", "a")),
    ("wide.csv", "code,name\nA,B,C,D\n", (), 1, "bad-file", ("wide.csv", "row 2")),
    ("bytes.csv", b"code,name\nA,\xff\xfe\n", ("--encoding", "utf-8"), 1, "bad-encoding", ("bytes.csv",)),
    ("field.csv", f"code,wkt\nA,{HOUSE}\n", ("--field", "floors=levels"), 1, "missing-field", ("field.csv", "levels")),
    ("ours.csv", f"code,wkt\nA,{HOUSE}\n", ("--field", "colour=code"), 2, "bad-input", ("colour",)),
    ("pair.csv", f"code,wkt\nA,{HOUSE}\n", ("--field", "code"), 2, "bad-input", ("--field",)),
    (
        "estate.csv",
        f"code,wkt,estate_code\nA,{HOUSE},nowhere\n",
        (),
        1,
        "not-found",
        ("estate.csv", "row 2", "nowhere"),
    ),
    ("join.csv", f"code,wkt\nA,{HOUSE}\n", ("--join", "/no/such.csv", "--on", "code"), 1, "not-found", ("such.csv",)),
    ("joins.csv", f"code,wkt\nA,{HOUSE}\n", ("--join", "joins.csv"), 1, "missing-field", ("--on",)),
]


@pytest.mark.parametrize(
    "name, content, options, code, reason, words", BAD_FILES, ids=[entry[0] for entry in BAD_FILES]
)
def test_a_bad_file_is_refused_with_file_row_and_field(
    town, url: str, tmp_path, monkeypatch, name, content, options, code, reason, words
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / name, content)
    head = Store.open(url, settings().rules)
    before = head.head()
    said = town("import", str(path), "--layer", "buildings", *options)
    assert said.code == code, said.err + said.out
    assert f"[{reason}]" in said.err and all(word in said.err for word in words), said.err
    assert "Traceback" not in said.err and str(tmp_path) not in said.err.replace(str(path), "")
    told = town("import", str(path), "--layer", "buildings", *options, "--json")
    assert told.code == code and told.json["code"] == reason and told.err == ""
    assert head.head() == before, "nothing is half written"
    head.close()


@pytest.mark.parametrize(
    "file, reason, words",
    [
        ("overlap.gpkg", "bad-coverage", ()),
        ("knot.gpkg", "bad-geometry", ("row 5",)),
        ("twice.gpkg", "duplicate-code", ("row 3",)),
        ("nothing.gpkg", "not-found", ("nothing.gpkg",)),
    ],
)
def test_bad_areas_are_refused_and_no_store_is_left_behind(
    weige, files: Path, tmp_path, file: str, reason: str, words: tuple[str, ...]
) -> None:
    said = weige("import", str(files / file), *AREAS, "--json")
    assert said.code == 1 and said.json["code"] == reason, said.out
    assert all(word in said.json["detail"] for word in words)
    assert not list(tmp_path.glob("town.*"))


def test_a_dry_run_judges_and_writes_nothing(weige, files: Path, tmp_path) -> None:
    said = weige("import", str(files / "leaves.gpkg"), *AREAS, "--dry-run", "--json")
    assert (
        said.code == 0
        and said.json["read"] == 39
        and said.json["written"] == 0
        and said.json["areas"]["micro_grid"] == 39
    )
    assert not list(tmp_path.glob("town.*"))
    assert "nothing was written" in weige("import", str(files / "leaves.gpkg"), *AREAS, "--dry-run").out


def test_a_dry_run_on_a_store_leaves_it_as_it_is(town, url: str, tmp_path) -> None:
    path = write(tmp_path / "houses.csv", f"code,wkt,floors\nA,{HOUSE},3\n")
    store = Store.open(url, settings().rules)
    before = store.head()
    said = town("import", str(path), "--layer", "buildings", "--dry-run", "--json")
    assert said.code == 0 and said.json["read"] == 1 and store.head() == before
    assert town("import", str(path), "--layer", "buildings", "--json").json["written"] == 1
    write(path, f"code,wkt,floors\nA,{HOUSE},4\n")
    again = town("import", str(path), "--layer", "buildings", "--json").json
    assert (again["written"], again["updated"]) == (0, 1), "the same code is the same house"
    store.close()


def test_a_city_is_not_imported_twice(town, files: Path) -> None:
    said = town("import", str(files / "leaves.gpkg"), *AREAS, "--json")
    assert said.code == 1 and said.json["code"] in ("duplicate-code", "bad-coverage")


def test_an_error_knows_its_place(weige, files: Path) -> None:
    said = weige("import", str(files / "knot.gpkg"), *AREAS)
    assert said.code == 1 and "(at 120." in said.err and "--repair" in said.err


def test_every_importable_layer_is_offered(capsys) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["import", "--help"])
    text = "".join(capsys.readouterr().out.split())
    assert all(name in text for name, layer in LAYERS.items() if layer.editable)
