"""The first-run list says what is there, and nothing else: on an empty store, on a half finished one, on the demo's accounts."""

from __future__ import annotations

from geodata.demo import ACCOUNTS
from geodata.store import Store
from mapapp import create_app, open_accounts
from tests.mapapp.web import PASSWORD, UNKNOWN, Web, settings


def told(web: Web, who: str = "mayor") -> dict[str, dict]:
    answer = web.get("/api/checklist", who)
    assert answer.status_code == 200, answer.text
    assert answer.json["left"] == sum(line["state"] in ("todo", "warn") for line in answer.json["lines"])
    return {line["id"]: line for line in answer.json["lines"]}


def test_an_empty_store_is_told_line_by_line(tmp_path) -> None:
    config = settings()
    store = Store.open(f"gpkg://{tmp_path / 'empty.gpkg'}", config.rules, create=True)
    accounts = open_accounts(config, store)
    accounts.add("first", PASSWORD, [("admin", 0, 1)])
    web = Web(store, create_app(config, store, accounts), accounts, config, {"first": accounts.new_token("first", 1)})
    lines = told(web, "first")
    assert [(name, line["state"]) for name, line in lines.items()] == [
        ("levels", "todo"), ("codes", "optional"), ("areas", "todo"), ("norms", "done"), ("people", "todo"), ("staff", "todo"),
        ("accounts", "todo"), ("basemap", "optional"), ("backup", "todo")]  # fmt: skip
    assert [level["id"] for level in lines["levels"]["values"]["levels"]] == [level.id for level in config.levels]
    assert lines["accounts"]["values"]["lacking"] == ["planner"] and lines["accounts"]["link"] == "/accounts"
    assert lines["areas"]["command"].startswith("weige import") and web.get("/", "first").status_code == 200
    web.close()


def test_a_town_at_work_is_told_with_its_own_numbers(town: Web) -> None:
    lines = told(town)
    summary = town.get("/api/summary?level=micro_grid").json
    assert (lines["people"]["values"]["unknown"], lines["people"]["state"]) == (1, "warn"), UNKNOWN
    assert round(lines["people"]["values"]["known_share"], 6) == summary["known_share"]
    assert lines["levels"]["values"]["used"] == 4 and lines["levels"]["state"] == "done"
    assert lines["areas"]["state"] == "done" and lines["areas"]["values"]["gaps"] == 0
    assert lines["norms"]["values"]["min"] == town.config.norms["micro_grid"].min and lines["norms"]["state"] == "done"
    assert lines["staff"]["values"]["people"] == 3
    assert lines["accounts"]["link"] is None, "a planner has no page of accounts"
    assert told(town, "admin")["accounts"]["link"] == "/accounts"


def test_passwords_of_the_demo_are_found_until_they_are_changed(town: Web) -> None:
    name, password, *_ = ACCOUNTS[0]
    with town.store.read() as reader:
        fid, rev = reader.area("C1").fid, reader.rev
    town.accounts.add(name, password, [("planner", fid, rev)])
    line = told(town)["accounts"]
    assert (line["state"], line["values"]["demo"]) == ("warn", [name])
    town.accounts.add(name, PASSWORD, [("planner", fid, rev)])
    assert told(town)["accounts"]["values"]["demo"] == []


def test_a_backup_is_told_with_its_age(town: Web) -> None:
    assert told(town)["backup"]["state"] == "todo"
    town.accounts.log("snapshot", "done", account="test")
    line = told(town)["backup"]
    assert line["state"] == "done" and line["values"]["days"] == 0
