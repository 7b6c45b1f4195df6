"""The command line: what it answers in words and in JSON, and where its options may stand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas
import pytest
import shapely

from geodata.exporter import EXPORT_FORMATS
from geodata.formats import FORMATS
from geodata.store import Store
from mapapp import open_accounts
from mapapp.cli import COMMANDS, main, parser
from tests.mapapp.cli.command import AREAS, PASSWORD
from tests.mapapp.web import settings


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
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 1 and json.loads(done.stdout)["code"] == "store-missing" and done.stderr == ""
