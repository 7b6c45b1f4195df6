"""The command line: what it answers in words and in JSON, its exit codes, and that a refused file leaves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geodata.exporter import EXPORT_FORMATS
from geodata.formats import FORMATS
from geodata.store import Store
from layers.errors import every_error
from layers.schema import LAYERS
from mapapp import open_accounts
from mapapp.cli import COMMANDS, main, parser
from tests.mapapp.web import leaves, settings

PASSWORD = "Street-Office-1"


@dataclass
class Said:
    """What a call answered: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"gpkg://{tmp_path / 'town.gpkg'}"


@pytest.fixture
def weige(url: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Calls the program on the store of the test."""
    for name in ("WEIGE_CONFIG", "WEIGE_STORE__URL"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, stdin: str = "", store: str = url) -> Said:
        monkeypatch.setattr("sys.stdin", __import__("io").StringIO(stdin))
        capsys.readouterr()
        try:
            code = main(["--store", store, *words])
        except SystemExit as stop:
            code = stop.code
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """Leaves of the little town as a GeoPackage, and the same with an overlap, a knot, one code."""
    folder = tmp_path_factory.mktemp("files")
    frame = leaves().assign(households=range(1, 40), population=range(2, 80, 2))
    frame.to_file(folder / "leaves.gpkg", layer="grids", driver="GPKG")
    shifted = frame.geometry.copy()
    shifted[7] = shapely.affinity.translate(shifted[7], 3e-5, 0)
    frame.set_geometry(shifted).to_file(folder / "overlap.gpkg", layer="grids", driver="GPKG")
    knot = frame.geometry.copy()
    knot[3] = shapely.Polygon([(120.21, 23.0), (120.211, 23.001), (120.211, 23.0), (120.21, 23.001)])
    frame.set_geometry(knot).to_file(folder / "knot.gpkg", layer="grids", driver="GPKG")
    frame.assign(code=["A"] * 39).to_file(folder / "twice.gpkg", layer="grids", driver="GPKG")
    return folder


AREAS = [
    "--layer",
    "areas",
    "--source-layer",
    "grids",
    "--level",
    "micro_grid",
    "--parent",
    "community=community",
    "--parent",
    "town=town",
    "--parent",
    "county=county",
    "--field",
    "households=households",
    "--field",
    "population=population",
]


@pytest.fixture
def town(weige, files: Path) -> Callable[..., Said]:
    """The program on a store that holds the little town."""
    done = weige("import", str(files / "leaves.gpkg"), *AREAS)
    assert done.code == 0, done.err
    return weige


# ---- shapes of answers: architecture.md section 6 --------------------------------------------------------------------
def test_init_makes_an_empty_store_of_a_code_profile(weige, tmp_path) -> None:
    said = weige("init", "--codes", "cn-15-17", "--json")
    assert said.code == 0 and said.json["codes"] == "cn-15-17" and said.json["store"].endswith("town.gpkg")
    assert (tmp_path / "town.gpkg").stat().st_mode & 0o777 == 0o600
    assert weige("init", "--json").json["codes"] == "cn-15-17", "a second time changes nothing"
    assert "cn-15-17" in weige("init").out


def test_import_of_areas_answers_what_was_read_written_and_repaired(weige, files: Path) -> None:
    said = weige("import", str(files / "leaves.gpkg"), *AREAS, "--json")
    assert said.code == 0, said.out
    assert {key: said.json[key] for key in ("read", "written", "repaired", "findings")} == {
        "read": 39,
        "written": 39,
        "repaired": 0,
        "findings": [],
    }
    assert said.json["areas"] == {"micro_grid": 39, "community": 4, "town": 2, "county": 1}


def test_import_with_repair_lists_every_repair(weige, files: Path) -> None:
    said = weige("import", str(files / "overlap.gpkg"), *AREAS, "--repair", "--json")
    assert said.code == 0, said.out
    assert said.json["repaired"] > 0 and said.json["findings"]
    assert all(
        set(finding) == {"kind", "code", "text", "where", "distance_m", "area_m2"} for finding in said.json["findings"]
    )
    assert weige("check", "--json").code == 0


def test_stats_answers_the_figures_of_an_area(town) -> None:
    said = town("stats", "K", "--json")
    assert said.code == 0
    assert {
        "code",
        "level",
        "name",
        "leaves",
        "unknown_leaves",
        "households",
        "population",
        "known_share",
        "area_m2",
        "staff",
        "special",
    } <= set(said.json)
    assert said.json["code"] == "K" and said.json["level"] == "county"
    assert (said.json["leaves"], said.json["unknown_leaves"], said.json["households"]) == (39, 0, sum(range(1, 40)))
    assert said.json["population"] == sum(range(2, 80, 2)) and said.json["known_share"] == 1
    assert set(said.json["staff"]) == {"need", "have", "gap"} and said.json["staff"]["have"] is None
    assert town("stats", "--json").json == said.json, "the top when no code is given"
    assert "780 households" in town("stats").out
    missing = town("stats", "nowhere", "--json")
    assert missing.code == 1 and missing.json["code"] == "unknown-area"


def test_check_answers_counts_and_ends_with_0(town) -> None:
    said = town("check", "--json")
    assert said.code == 0
    assert {key: said.json[key] for key in ("gaps", "overlaps", "nesting", "codes")} == {
        "gaps": 0,
        "overlaps": 0,
        "nesting": 0,
        "codes": 0,
    }
    assert said.json["norms"] == len(said.json["findings"]) > 0
    assert "gaps 0" in town("check").out


def test_check_ends_with_1_when_something_is_wrong(town, url: str) -> None:
    store = Store.open(url, settings().rules)
    with store.write("test", "break") as tx:
        area = tx.area("11")
        tx.update("areas", area.fid, {"geom": shapely.affinity.translate(tx.row("areas", area.fid)["geom"], 1e-5, 0)})
    store.close()
    said = town("check", "--json")
    assert said.code == 1 and said.json["gaps"] + said.json["overlaps"] > 0


def test_demo_builds_once_and_says_what_there_is(weige) -> None:
    said = weige("demo", "--build-only", "--json")
    assert said.code == 0 and said.json["areas"]["micro_grid"] == 638 and said.json["areas"]["community"] == 7
    again = weige("demo", "--build-only")
    assert again.code == 0 and "nothing was built" in again.out
    figures = weige("stats", "330299001", "--json").json
    assert (figures["households"], figures["population"], figures["declared"]["population"]) == (18_563, 45_664, 47_164)
    assert weige("check").code == 0


@pytest.mark.parametrize("format", [format.id for format in EXPORT_FORMATS])
def test_export_writes_every_format(town, tmp_path, format: str) -> None:
    suffix = next(one.suffixes[0] for one in EXPORT_FORMATS if one.id == format)
    path = tmp_path / f"out{suffix}"
    said = town("export", "areas", "-o", str(path), "--receiver", "民政", "--purpose", "核对", "--json")
    assert said.code == 0, said.err + said.out
    assert said.json["rows"] == 39 and said.json["file"] == str(path) and path.is_file()
    frame = FORMATS[format].read(path, None, None)
    assert len(frame) == 39 and set(frame["WGBM" if format == "shapefile" else "code"].astype(str)) >= {
        "11",
        "河心岛",
        "6/3",
    }


def test_a_package_is_verified_and_a_changed_one_is_not(town, tmp_path) -> None:
    path = tmp_path / "out.zip"
    made = town("export", "areas", "-o", str(path), "--format", "gpkg", "--crs", "EPSG:4528", "--receiver", "民政", "--purpose", "核对", "--json")
    assert made.code == 0, made.err + made.out
    told = town("verify", str(path), "--sum", made.json["sha256"], "--json")
    assert told.code == 0 and told.json["rows"] == 39 and told.json["receiver"] == "民政" and told.json["crs"] == "EPSG:4528"
    path.write_bytes(path.read_bytes()[:-3] + b"000")
    wrong = town("verify", str(path), "--json")
    assert wrong.code == 1 and wrong.json["code"] == "bad-file"
    refused = town("export", "staff", "-o", str(tmp_path / "x.csv"), "--personal", "--json")
    assert refused.code == 1 and refused.json["code"] == "missing-field", "names go to somebody for something"


def test_a_briefing_is_written_for_somebody_until_some_time(town, tmp_path) -> None:
    path = tmp_path / "简报.html"
    whom = ("--receiver", "民政", "--purpose", "通报", "--json")
    told = town("briefing", "-o", str(path), "--valid-until", "2099-01-01", "--lang", "en", *whom)
    assert told.code == 0, told.err + told.out
    assert told.json["zones"] == 0 and 'lang="en"' in path.read_text(encoding="utf-8")
    assert town("briefing", "-o", str(path), "--valid-until", "2001-01-01", *whom).code == 2
    assert town("briefing", "-o", str(tmp_path / "a.pdf"), "--valid-until", "2099-01-01", *whom).code == 2


def test_export_of_a_part_in_another_encoding_is_logged(town, tmp_path, url: str) -> None:
    path = tmp_path / "part.zip"
    said = town(
        "export",
        "areas",
        "-o",
        str(path),
        "--area",
        "C1",
        "--encoding",
        "GBK",
        "--crs",
        "EPSG:4326",
        "--receiver",
        "公安",
        "--purpose",
        "布控",
    )
    assert said.code == 0 and "11 rows" in said.out
    assert geopandas.read_file(path).crs.to_epsg() == 4326
    store = Store.open(url, settings().rules)
    accounts = open_accounts(settings(), store)
    line = accounts.audit(1)[0]
    assert (
        line["action"] == "export"
        and line["details"]["receiver"] == "公安"
        and line["account"].startswith("command line")
    )
    accounts.close(), store.close()


def test_accounts_and_tokens(town, url: str) -> None:
    said = town(
        "user",
        "add",
        "lin",
        "--role",
        "planner",
        "--area",
        "C1",
        "--role",
        "viewer",
        "--area",
        "K",
        "--password-stdin",
        "--json",
        stdin=PASSWORD + "\r\n",
    )
    assert said.code == 0 and said.json == {"account": "lin", "roles": ["planner", "viewer"], "areas": ["C1", "K"]}
    token = town("user", "token", "lin", "--json").json
    assert token["account"] == "lin" and town("user", "token", "lin").out.strip().startswith("weige_")
    store = Store.open(url, settings().rules)
    accounts = open_accounts(settings(), store)
    assert accounts.by_token(token["token"]).roles == {"planner", "viewer"}
    assert accounts.sign_in("lin", PASSWORD).name == "lin"
    assert [line["action"] for line in accounts.audit(3)] == ["token", "token", "account"]
    accounts.close(), store.close()


def test_an_account_without_an_area_is_for_everything(weige, url: str) -> None:
    weige("init")
    assert weige("user", "add", "boss", "--role", "admin", "--password-stdin", stdin=PASSWORD).code == 0


@pytest.mark.parametrize(
    "words, stdin, code",
    [
        (("user", "add", "x", "--password-stdin"), PASSWORD, 2),
        (("user", "add", "x", "--role", "planner"), PASSWORD, 2),
        (("user", "add", "x", "--role", "wizard", "--password-stdin"), PASSWORD, 2),
        (("user", "add", "x", "--role", "planner", "--password-stdin"), "short", 1),
        (("user", "add", "x", "--role", "planner", "--password-stdin"), "", 1),
        (("user", "add", "", "--role", "planner", "--password-stdin"), PASSWORD, 2),
        (("user", "add", "a/b", "--role", "planner", "--password-stdin"), PASSWORD, 2),
        (("user", "add", "x", "--role", "planner", "--area", "nowhere", "--password-stdin"), PASSWORD, 1),
        (("user", "add", "x", "--role", "planner", "--role", "viewer", "--area", "K", "--password-stdin"), PASSWORD, 2),
        (("user", "add", "x", "--role", "admin", "--role", "auditor", "--password-stdin"), PASSWORD, 2),
        (("user", "token", "nobody"), "", 1),
        (("user",), "", 2),
    ],
)
def test_a_wrong_account_is_refused(town, words: tuple[str, ...], stdin: str, code: int) -> None:
    assert town(*words, stdin=stdin).code == code


# ---- options ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        ("--json", "stats", "K"),
        ("stats", "K", "--json"),
        ("stats", "--json", "K"),
        ("--json", "check"),
        ("check", "--json"),
    ],
)
def test_json_stands_anywhere(town, words: tuple[str, ...]) -> None:
    assert town(*words).code == 0 and isinstance(town(*words).json, dict)


def test_the_store_stands_anywhere_or_in_the_settings(town, url: str, capsys, monkeypatch, tmp_path) -> None:
    assert main(["stats", "K", "--store", url, "--json"]) == 0
    monkeypatch.setenv("WEIGE_STORE__URL", url)
    assert main(["stats", "K", "--json"]) == 0
    monkeypatch.delenv("WEIGE_STORE__URL")
    (tmp_path / "own.toml").write_text(f'[store]\nurl = "{url}"\n')
    assert main(["--config", str(tmp_path / "own.toml"), "stats", "K", "--json"]) == 0


def test_every_command_has_help(capsys) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            parser().parse_args([command, "--help"])
        assert stop.value.code == 0 and "--json" in capsys.readouterr().out


def test_the_program_runs_as_a_program(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mapapp.cli", "--store", f"gpkg://{tmp_path}/x.gpkg", "--json", "stats"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1 and json.loads(done.stdout)["code"] == "store-missing" and done.stderr == ""


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
