"""Accounts: nobody gets in without the right word, nobody may be two things at once, and no secret is readable."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, update

from geodata import accounts as accounts_
from geodata.account_tables import DONE
from geodata.accounts import ACCOUNTS, TOKENS, Accounts
from geodata.engine import connect_accounts
from layers.errors import BadFile, BadInput, NotFound, WeigeError, WrongPassword
from tests.geodata.stores import open_store

PASSWORD = "Bridge-7"
ONE_STORE = pytest.mark.parametrize("kind", ["gpkg"])  # where the store cannot matter


@pytest.fixture
def accounts(empty, clock):
    """The accounts of a store, with one planner."""
    held = Accounts(empty.url, clock=clock)
    held.add("lin", PASSWORD, [("planner", 1, 1)], label="林")
    yield held
    held.close()


def wrong(accounts: Accounts, name: str = "lin", password: str = "Bridge-8") -> WrongPassword:
    with pytest.raises(WrongPassword) as told:
        accounts.sign_in(name, password)
    return told.value


def disable(accounts: Accounts, name: str) -> None:
    with accounts.write() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(disabled=True))


# --- signing in --------------------------------------------------------------------------------------------------
def test_the_right_password_opens_and_says_who_it_is(accounts):
    account = accounts.sign_in("lin", PASSWORD)
    assert (account.name, account.label, account.grants, account.roles) == (
        "lin",
        "林",
        (("planner", 1, 1),),
        {"planner"},
    )


def test_five_wrong_passwords_lock_for_half_an_hour_also_the_right_one(accounts, clock):
    assert [wrong(accounts).details["left"] for _ in range(5)] == [4, 3, 2, 1, 0]
    assert wrong(accounts, password=PASSWORD).details["minutes"] in (30, 31)
    clock.now += timedelta(minutes=29)
    assert wrong(accounts, password=PASSWORD).details["minutes"] in (1, 2)
    clock.now += timedelta(minutes=2)
    assert accounts.sign_in("lin", PASSWORD).name == "lin"


def test_the_right_password_forgives_earlier_tries(accounts):
    for _ in range(3):
        for _ in range(4):
            wrong(accounts)
        accounts.sign_in("lin", PASSWORD)
    assert wrong(accounts).details["left"] == 4


def test_after_a_lock_the_tries_begin_anew(accounts, clock):
    for _ in range(5):
        wrong(accounts)
    clock.now += timedelta(minutes=31)
    assert wrong(accounts).details["left"] == 4


def test_tries_at_the_same_time_all_count(accounts):
    threads = [threading.Thread(target=lambda: wrong(accounts)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "minutes" in wrong(accounts, password=PASSWORD).details


def test_a_name_nobody_has_answers_like_a_wrong_password(accounts):
    known, unknown = wrong(accounts), wrong(accounts, "nobody")
    assert (known.text, known.code, known.details) == (unknown.text, unknown.code, unknown.details)
    for _ in range(4):
        wrong(accounts, "nobody")
    assert "minutes" in wrong(accounts, "nobody").details


@ONE_STORE
def test_the_hash_of_nobody_takes_as_long_as_any(accounts):
    """It is a hash of the same kind, else argon2 would refuse it at once and tell that the name is unknown."""
    with accounts.engine.connect() as connection:
        real = connection.scalar(select(ACCOUNTS.c.password))
    assert accounts_._NOBODY.split("$")[:4] == real.split("$")[:4]
    assert [len(part) for part in accounts_._NOBODY.split("$")] == [len(part) for part in real.split("$")]
    from argon2.exceptions import VerifyMismatchError

    with pytest.raises(VerifyMismatchError):
        accounts._hasher.verify(accounts_._NOBODY, "anything")


def test_a_closed_account_gets_in_by_no_door(accounts):
    token, session = accounts.new_token("lin", 10), accounts.new_session("lin", 12)
    assert accounts.by_token(token) and accounts.by_session(session)
    disable(accounts, "lin")
    assert wrong(accounts, password=PASSWORD).text == wrong(accounts, "nobody").text
    assert accounts.get("lin") is None and accounts.by_token(token) is None and accounts.by_session(session) is None
    with pytest.raises(NotFound):
        accounts.new_token("lin", 10)


@ONE_STORE
# --- passwords ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("password", ["", "Short-1", "alllowercase", "lower-and-signs", "12345678901", "ALLUPPER-LETTERS", "        "])
def test_a_simple_password_is_refused_and_changes_nothing(accounts, password):
    with pytest.raises(BadInput, match="8 characters of 3 kinds"):
        accounts.add("wang", password, [("viewer", 1, 1)])
    assert accounts.names() == ["lin"]


@ONE_STORE
@pytest.mark.parametrize("password", ["Bridge-7", "微格Bridge77", "pass word 1", "x" * 60 + "Y1"])
def test_good_passwords_are_taken(accounts, password):
    accounts.add("wang", password, [("viewer", 1, 1)])
    assert accounts.sign_in("wang", password).roles == {"viewer"}
    wrong(accounts, "wang", password + " ")


def test_no_secret_is_readable_in_the_file(accounts, empty):
    token, session = accounts.new_token("lin", 10), accounts.new_session("lin", 12)
    with accounts.engine.connect() as connection:
        row = connection.execute(select(ACCOUNTS)).first()
        assert row.password.startswith("$argon2id$") and PASSWORD not in row.password
        kept = " ".join(connection.execute(select(TOKENS.c.hash)).scalars())
    assert token not in kept
    if empty.is_file:
        with accounts.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for file in Path(empty.url.removeprefix("gpkg://")).parent.iterdir():
            body = file.read_bytes()
            for secret in (PASSWORD, token, token.removeprefix("weige_"), session):
                assert secret.encode() not in body, file.name


@ONE_STORE
def test_two_with_the_same_password_have_different_hashes(accounts):
    accounts.add("wang", PASSWORD, [("viewer", 1, 1)])
    with accounts.engine.connect() as connection:
        assert len(set(connection.execute(select(ACCOUNTS.c.password)).scalars())) == 2


def test_a_new_password_ends_the_old_one_its_sessions_and_its_lock(accounts):
    session = accounts.new_session("lin", 12)
    for _ in range(5):
        wrong(accounts)
    before = accounts.get("lin").epoch
    accounts.add("lin", "Tunnel-9", [("viewer", 2, 1)])
    assert accounts.sign_in("lin", "Tunnel-9").grants == (("viewer", 2, 1),)
    assert accounts.get("lin").epoch > before
    assert accounts.by_session(session) is None
    wrong(accounts, password=PASSWORD)


@ONE_STORE
# --- roles -------------------------------------------------------------------------------------------------------
def test_nobody_administers_and_audits(accounts):
    with pytest.raises(BadInput, match="admin and auditor"):
        accounts.add("wang", PASSWORD, [("admin", 1, 1), ("auditor", 1, 1)])
    with pytest.raises(BadInput, match="admin and auditor"):
        accounts.add("wang", PASSWORD, [("auditor", 1, 1), ("planner", 2, 1), ("admin", 3, 1)])
    accounts.add("wang", PASSWORD, [("planner", 1, 1), ("viewer", 2, 1), ("commander", 1, 1)])
    assert accounts.get("wang").roles == {"planner", "viewer", "commander"}
    assert accounts.names() == ["lin", "wang"]


@ONE_STORE
def test_a_role_nobody_knows_is_refused(accounts):
    with pytest.raises(BadInput, match="king"):
        accounts.add("wang", PASSWORD, [("king", 1, 1)])
    assert accounts.names() == ["lin"]


@ONE_STORE
def test_the_same_role_holds_for_several_areas(accounts):
    accounts.add("wang", PASSWORD, [("planner", 3, 1), ("planner", 2, 1)])
    assert accounts.get("wang").grants == (("planner", 2, 1), ("planner", 3, 1))


# --- tokens and sessions -----------------------------------------------------------------------------------------
def test_a_token_opens_until_it_expires(accounts, clock):
    token = accounts.new_token("lin", 180, "QGIS")
    assert token.startswith("weige_") and accounts.by_token(token).name == "lin"
    clock.now += timedelta(days=179, hours=23)
    assert accounts.by_token(token).name == "lin"
    clock.now += timedelta(hours=2)
    assert accounts.by_token(token) is None


@ONE_STORE
@pytest.mark.parametrize("token", ["", "weige_", "weige_wrong", "' OR 1=1 --", "x" * 10_000])
def test_no_other_token_opens(accounts, token):
    accounts.new_token("lin", 10)
    assert accounts.by_token(token) is None


@ONE_STORE
def test_a_token_for_nobody_is_refused(accounts):
    with pytest.raises(NotFound, match="nobody"):
        accounts.new_token("nobody", 10)


def test_a_session_ends_for_good(accounts, clock):
    one, two = accounts.new_session("lin", 12), accounts.new_session("lin", 12)
    accounts.end_session(one)
    assert accounts.by_session(one) is None and accounts.by_session(two).name == "lin"
    clock.now += timedelta(hours=13)
    accounts.new_session("lin", 12)
    assert accounts.by_session(two) is None, "older ones are forgotten"


# --- audit, secrets, place ---------------------------------------------------------------------------------------
def test_the_audit_trail_is_numbered_and_newest_first(accounts, clock):
    for number in range(5):
        clock.tick()
        accounts.log("export", "done", account="lin", address="10.0.0.1", object="zones", details={"行": number})
    lines = accounts.audit(limit=3)
    assert [line["details"]["行"] for line in lines] == [4, 3, 2]
    assert [line["details"]["行"] for line in accounts.audit(before=lines[-1]["id"])] == [1, 0]
    assert lines[0]["at"] > lines[1]["at"] and lines[0]["account"] == "lin"


def test_a_secret_stays_the_same_and_is_nobody_elses(accounts, empty, clock):
    one = accounts.secret("session")
    again = Accounts(empty.url, clock=clock)
    assert again.secret("session") == one != accounts.secret("csrf")
    again.close()


def test_accounts_live_outside_the_map(accounts, empty):
    if empty.is_file:
        second = Path(empty.url.removeprefix("gpkg://")).with_suffix(".accounts.sqlite")
        assert second.stat().st_mode & 0o777 == 0o600
        with empty.engine.connect() as connection:
            assert not connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name IN ('accounts', 'tokens', 'audit')").all()
    else:
        with empty.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'accounts'").all()
        assert [tuple(row) for row in found] == [("weige_accounts",)]


def test_the_accounts_open_again_with_everything_in_them(accounts, empty, clock):
    accounts.log("sign-in", "done", account="lin")
    token = accounts.new_token("lin", 10)
    accounts.close()
    again = Accounts(empty.url, clock=clock)
    assert again.sign_in("lin", PASSWORD).name == "lin" and again.by_token(token).name == "lin" and len(again.audit()) == 1
    again.close()


def test_a_file_of_something_else_is_not_taken_for_accounts(tmp_path):
    open_store(f"gpkg://{tmp_path / 'a.gpkg'}").close()
    (tmp_path / "a.accounts.sqlite").write_bytes((tmp_path / "a.gpkg").read_bytes())
    with pytest.raises(WeigeError):
        Accounts(f"gpkg://{tmp_path / 'a.gpkg'}")
    assert connect_accounts(f"gpkg://{tmp_path / 'b.gpkg'}").dialect.name == "sqlite"


# --- files of earlier releases -----------------------------------------------------------------------------------
# What release 0.1 made, as it stood then.
RELEASE_1 = """
CREATE TABLE {s}accounts (name TEXT PRIMARY KEY, label TEXT, password TEXT NOT NULL, disabled BOOLEAN NOT NULL, failures INTEGER NOT NULL,
  locked_until TEXT, epoch INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE {s}grants (account TEXT, role TEXT, area BIGINT, rev BIGINT NOT NULL, PRIMARY KEY (account, role, area));
CREATE TABLE {s}tokens (hash TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT, created_at TEXT NOT NULL, expires_at TEXT NOT NULL);
CREATE TABLE {s}sessions (hash TEXT PRIMARY KEY, account TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE {s}audit (id {id}, at TEXT NOT NULL, account TEXT, address TEXT, action TEXT NOT NULL, object TEXT, result TEXT NOT NULL,
  details TEXT);
CREATE TABLE {s}secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL)
"""


def columns(accounts: Accounts) -> dict[str, set[str]]:
    looked = inspect(accounts.engine)
    schema = "weige_accounts" if accounts.engine.dialect.name == "postgresql" else None
    return {name: {column["name"] for column in looked.get_columns(name, schema=schema)} for name in looked.get_table_names(schema=schema)
            if not name.startswith("sqlite_")}


def test_the_accounts_of_an_earlier_release_come_along(accounts, clock, kind, tmp_path, request):
    url = f"gpkg://{tmp_path / 'old.gpkg'}" if kind == "gpkg" else request.getfixturevalue("fresh_postgis")()
    engine = connect_accounts(url)
    is_file = kind == "gpkg"
    words = {"s": "" if is_file else "weige_accounts.", "id": "INTEGER PRIMARY KEY AUTOINCREMENT" if is_file else "SERIAL PRIMARY KEY"}
    with engine.connect().execution_options(weige_begin="IMMEDIATE") as connection, connection.begin():
        if not is_file:
            connection.exec_driver_sql("CREATE SCHEMA weige_accounts")
        for statement in RELEASE_1.format(**words).split(";"):
            connection.exec_driver_sql(statement)
        row = f"'old', 'alt', '{accounts.hash(PASSWORD)}', {'0' if is_file else 'false'}, 0, NULL, 3, '2026-01-01'"
        connection.exec_driver_sql(f"INSERT INTO {words['s']}accounts VALUES ({row})")
        connection.exec_driver_sql(f"INSERT INTO {words['s']}grants VALUES ('old', 'planner', 7, 2)")
    engine.dispose()
    for _ in range(2):  # the second time nothing is left to do
        held = Accounts(url, clock=clock)
        account = held.sign_in("old", PASSWORD)
        assert (account.label, account.grants, account.must_change) == ("alt", (("planner", 7, 2),), False)
        held.log("sign-in", "done", account="old", path="/7/")
        assert held.by_session(held.new_session("old", 12)) is not None
        found = columns(held)
        held.close()
    assert {name: fields for name, fields in found.items() if name != "rates"} == {
        name: fields for name, fields in columns(accounts).items() if name != "rates"}


def test_accounts_of_a_newer_release_are_left_alone(accounts, empty, clock):
    with accounts.write() as connection:
        connection.execute(insert(DONE).values(number=99))
    with pytest.raises(BadFile, match="newer release"):
        Accounts(empty.url, clock=clock)


# --- one-time passwords ------------------------------------------------------------------------------------------
@ONE_STORE
def test_invented_passwords_keep_the_rules_and_are_never_the_same(accounts):
    invented = {accounts.invent_password() for _ in range(200)}
    assert len(invented) == 200
    for password in invented:
        accounts.judge_password(password)
        assert not set(password) & set("0O1lI")


def test_sessions_that_were_idle_too_long_are_not_told(accounts, clock):
    key = accounts.new_session("lin", 12, address="10.0.0.1", agent="Firefox/140")
    accounts.new_session("lin", 12)
    assert [(one["own"], one["address"]) for one in accounts.sessions("lin", 30, key)].count((True, "10.0.0.1")) == 1
    clock.now += timedelta(minutes=34)
    accounts.seen(key)
    clock.now += timedelta(minutes=20)
    assert [one["own"] for one in accounts.sessions("lin", 30, key)] == [True]
    assert accounts.end_sessions("lin", key) == 1 and accounts.by_session(key) is not None
