"""config.toml: every key has a comment and a way to override it; what is wrong is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from layers.errors import BadSetting
from mapapp.config import Config, load
from mapapp.paths import default_config
from tests.mapapp.web import open_town, settings

TEXT = default_config().read_text(encoding="utf-8")
TREE = tomllib.loads(TEXT)
# What a setting may be when it is not free: its other values.
OTHER = {
    "hours": "08:00-20:00","format": "json", "level": "warning",
    "locale": "en",
    "codes": "cn-15-17",
    "synchronous": "NORMAL",
    "population_kind": "registered",
    "encoding": "GBK",
    "crs": "EPSG:4326",
    "profile": "routine",
    "timezone": "Europe/Berlin",
    "roster_level": "grid",
    "rate_limit": "5/second",
    "report_limit": "100/second",
    "sign_in_limit": "1/hour",
    "fill_kind": "control",
}


def leaves(place: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting with the way to it; tables of a list by their id, which stays."""
    if isinstance(place, dict):
        for key, value in place.items():
            if key != "id":
                yield from leaves(value, (*way, key))
    elif isinstance(place, list) and place and isinstance(place[0], dict):
        for entry in place:
            yield from leaves(entry, (*way, entry["id"]))
    elif place != [] or len(way) > 1:  # a list of tables that is empty has no settings yet
        yield way, place


SETTINGS = list(leaves(TREE))


def variable(way: tuple[str, ...]) -> str:
    return "WEIGE_" + "__".join(re.sub(r"\W", "_", part).upper() for part in way)


def changed(way: tuple[str, ...], value: Any) -> tuple[str, Any]:
    """What to write into the environment, and what the setting is then."""
    if way[-1] in OTHER:
        return OTHER[way[-1]], OTHER[way[-1]]
    if isinstance(value, bool):
        return str(not value).lower(), not value
    if isinstance(value, (int, float)):
        return str(value + 1), value + 1
    if isinstance(value, list):
        return "gbk, utf-8", ["gbk", "utf-8"]
    return value + "x", value + "x"


def read(config: Config, way: tuple[str, ...]) -> Any:
    place: Any = msgspec.to_builtins(config)
    for part in way:
        place = next(entry for entry in place if entry["id"] == part) if isinstance(place, list) else place[part]
    return place


@pytest.mark.parametrize("way, value", SETTINGS, ids=[".".join(way) for way, _ in SETTINGS])
def test_every_setting_can_be_overridden_by_the_environment(way: tuple[str, ...], value: Any) -> None:
    text, expected = changed(way, value)
    config = load(environ={variable(way): text})
    assert read(load(environ={}), way) == value
    assert read(config, way) == expected


def test_every_field_of_the_code_stands_in_the_file() -> None:
    config = msgspec.to_builtins(load(environ={}))
    assert set(config) == set(TREE)
    for section, given in TREE.items():
        if isinstance(given, dict) and section not in ("norms", "profiles"):
            assert set(config[section]) == set(given), section


def test_every_key_has_a_comment() -> None:
    lines = TEXT.splitlines()
    table, silent, explained = "", [], ""
    for line in lines:
        if line.startswith("# "):
            explained += line
        if head := re.match(r"\[+([\w.-]+)\]+", line):
            table = head[1]
        elif (key := re.match(r"(\w+) = ", line)) and key[1] not in ("id", "zh", "en"):
            of_list = "[[" in TEXT.partition(f"{table}]")[0][-40:] or table.split(".")[0] in (
                "norms",
                "profiles",
                "levels",
                "roles",
                "metrics",
                "special_groups",
                "checkpoints",
            )
            if "#" not in line and not (of_list and re.search(rf"\b{key[1]}\b", explained)):
                silent.append(f"{table}.{key[1]}")
    assert silent == []


# ---- what is wrong is named ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name, text",
    [
        ("WEIGE_SERVER__PROT", "1"),
        ("WEIGE_SEVER__PORT", "1"),
        ("WEIGE_PORT", "1"),
        ("WEIGE_SERVER", "x"),
        ("WEIGE_", "x"),
        ("WEIGE___", "x"),
        ("WEIGE_LEVELS", "x"),
        ("WEIGE_ROLES__WIZARD__ZH", "x"),
        ("WEIGE_NORMS__GRID", "x"),
        ("WEIGE_SERVER__PORT__X", "1"),
        ("WEIGE_SERVER__PORT", "x"),
        ("WEIGE_SERVER__PORT", "8.5"),
        ("WEIGE_SERVER__PORT", ""),
        ("WEIGE_PRODUCT__DRILL", "perhaps"),
        ("WEIGE_STORE__BUSY_TIMEOUT_S", "nan"),
        ("WEIGE_STORE__BUSY_TIMEOUT_S", "inf"),
    ],
)
def test_a_wrong_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load(environ={name: text})
    assert name in refused.value.text


@pytest.mark.parametrize(
    "text, named",
    [
        ("[server]\nprot = 1", "prot"),
        ("[sever]\nport = 1", "sever"),
        ("[server]\nport = 'x'", "server.port"),
        ("[server]\nport = 8.5", "server.port"),
        ("[server]\nport = 70000", "server.port"),
        ("[server]\nport = true", "server.port"),
        ("[product]\nlocale = 'fr'", "product.locale"),
        ("[product]\nprofile = 'none'", "product.profile"),
        ("[product]\ntimezone = 'Mars/Crater'", "product.timezone"),
        ("[product]\ntimezone = '../x'", "product.timezone"),
        ("[server]\nrate_limit = 'often'", "server.rate_limit"),
        ("[server]\nsign_in_limit = '5'", "server.sign_in_limit"),
        ("[server]\nthreads = 0", "server.threads"),
        ("[export]\ncrs = 'EPSG:3857'", "export.crs"),
        ("[export]\nencoding = 'latin-1'", "export.encoding"),
        ("[figures]\npopulation_kind = 'dogs'", "figures.population_kind"),
        ("[figures]\nroster_level = 'galaxy'", "galaxy"),
        ("[norms.galaxy]\nmin = 1\nmax = 2", "galaxy"),
        ("[norms.grid]\nmin = 'few'", "norms"),
        ("levels = 5", "levels"),
        ("[[levels]]\nid = 'a'\nzh = 'a'", "levels"),
        ("[[levels]]\nid = 'a'\nzh = 'a'\nen = 'a'\ncolour = 'red'", "colour"),
        ("[security]\nlogin_fail_limit = 0", "login_fail_limit"),
        ("[server", "own.toml"),
        ("= 5", "own.toml"),
        ("[import]\nseam_m = 'wide'", "import"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path, text: str, named: str) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSetting) as refused:
        load(tmp_path / "own.toml", environ={})
    assert named in refused.value.text


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(BadSetting, match="nothing.toml"):
        load(tmp_path / "nothing.toml", environ={})


def test_a_file_of_ones_own_holds_only_what_differs(tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[server]\nport = 9000\n[norms.grid]\nmin = 1\n", encoding="utf-8")
    for config in (load(own, environ={}), load(environ={"WEIGE_CONFIG": str(own)})):
        assert config.server.port == 9000 and config.server.host == "127.0.0.1"
        assert (config.norms["grid"].min, config.norms["grid"].max) == (1, 500)
    assert load(own, environ={"WEIGE_SERVER__PORT": "9001"}).server.port == 9001, "the environment has the last word"


def test_variables_of_tests_are_no_settings() -> None:
    load(environ={"WEIGE_DATA": "/x", "WEIGE_POSTGIS_URL": "x", "WEIGE_ALLOW_SKIP": "DATA", "PATH": "/bin"})


# ---- settings do what they say ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("zone, age_days", [("Asia/Shanghai", 17), ("UTC", 16)])
def test_days_begin_where_the_people_live(built, tmp_path, zone: str, age_days: int) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_PRODUCT__TIMEZONE=zone))
    town.store.clock = lambda: datetime(2026, 1, 31, 20, tzinfo=UTC)  # 04:00 of the next day in Shanghai
    assert town.area("11")["age_s"] == age_days * 86_400
    town.close()


def test_the_language_of_a_page_when_nobody_says_another(built, tmp_path) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_PRODUCT__LOCALE="en", WEIGE_PRODUCT__NAME_EN="Grid Office"))
    page = town.get("/sign-in", None, headers={"Accept": "text/html"}).text
    assert 'lang="en"' in page and "Grid Office" in page
    town.close()


def test_a_smaller_body_limit_refuses_smaller_bodies(built, tmp_path) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_SERVER__MAX_BODY_MB="0.001"))
    assert town.post("/api/edits", json={"op": "x" * 2000}).json["code"] == "too-large"
    town.close()


def test_the_figure_of_people_can_be_another_kind(built, tmp_path) -> None:
    town = open_town(built, tmp_path, settings(WEIGE_FIGURES__POPULATION_KIND="registered"))
    area = town.area("C1")
    assert area["population_kind"] == "registered" and area["population"] is None and area["people"]["resident"]
    town.close()


def test_old_lines_of_the_audit_trail_are_deleted_exports_last(built, tmp_path) -> None:
    town = open_town(built, tmp_path)
    now = town.store.clock()
    for days in (10, 200, 1000, 1200):
        town.accounts.clock = lambda days=days: now - timedelta(days=days)
        town.accounts.log("sign-in", "done", account=f"{days}")
        town.accounts.log("export", "done", account=f"{days}")
    town.accounts.clock = lambda: now
    assert town.accounts.forget(town.config.security.audit_retention_days, town.config.privacy.export_log_years) == 4
    assert {(line["action"], line["account"]) for line in town.accounts.audit()} == {
        ("sign-in", "10"),
        ("export", "10"),
        ("export", "200"),
        ("export", "1000"),
    }
    town.close()
