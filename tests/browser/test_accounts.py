"""Accounts as people meet them: an administrator opens one, its owner chooses a password, forgets it, is let in again and
shut out; an auditor reads all that; a page left alone says so before it signs out. By keyboard where it matters."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from geodata.demo import ACCOUNTS, TOWN
from tests.browser.desk import Desk, serving
from tests.counts import FULL, in_full
from tests.tainan import weige

ADMIN, ADMIN_PASSWORD = next((name, password) for name, password, role, _ in ACCOUNTS if role == "admin")
OWN = "Bridge-7-over"
DESK, PHONE = ("zh-CN", (1440, 900)), ("en-US", (390, 844))  # a language each; both everywhere with the full counts
WORDS = {  # what is looked for on the page
    "zh-CN": {"short": "太短，至少 8 位", "locked": "分钟后再试", "new": "等首次登录", "lock": "锁定", "off": "停用", "again": "登录已过期"},
    "en-US": {"short": "Too short: at least 8 characters", "locked": "minutes", "new": "first sign-in pending", "lock": "locked",
              "off": "disabled", "again": "Signed out"},
}
EXPECTED = re.compile(r"Failed to load resource.*(401|403|404|409|422)|GPU stall|status of 401")


def door(desk: Desk, account: str, password: str) -> None:
    """Signs in by keyboard and waits for the next page."""
    desk.page.goto(f"{desk.address}/sign-in")
    desk.page.locator("[name=account]").focus()
    desk.page.keyboard.type(account)
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type(password)
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_function("() => location.pathname !== '/sign-in' || document.querySelector('.wrong')")


def row(desk: Desk, name: str):
    return desk.page.locator(f"tr[data-name='{name}']")


def act(desk: Desk, name: str, key: str) -> None:
    row(desk, name).locator("[data-key=more]").click()
    desk.page.locator(f".pop [data-key={key}]").click()


def once(desk: Desk) -> str:
    """What is shown this once; then the dialog is shut by Enter."""
    told = desk.page.locator(".once").inner_text()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".once")).to_have_count(0)
    return told


@pytest.mark.promise("Accounts in the browser: opened, first sign-in, lock-out, reset, token, closed while working, both languages")
@pytest.mark.parametrize("lang, size", [DESK, PHONE] if FULL else [DESK])
def test_an_account_from_its_opening_to_its_closing(desk_in, lang: str, size: tuple[int, int]) -> None:
    words, tag, name = WORDS[lang], f"accounts-{lang[:2]}-{size[0]}", f"lin-{lang[:2]}"
    admin, owner = desk_in("demo", lang, size, sign_in=False), desk_in("demo", lang, size, sign_in=False)
    door(admin, ADMIN, ADMIN_PASSWORD)
    admin.page.goto(f"{admin.address}/accounts")
    expect(row(admin, ADMIN)).to_be_visible()
    admin.shot(f"{tag}-1-list")

    admin.page.locator("[data-key=create]").focus()
    admin.page.keyboard.press("Enter")
    admin.page.keyboard.press("Tab")
    admin.page.locator("dialog button[type=submit]").click()
    expect(admin.page.locator("dialog [name=name]")).to_be_focused()  # the refusal stands at the field it is about
    expect(admin.page.locator("dialog [name=name]")).to_have_attribute("aria-invalid", "true")
    admin.page.keyboard.type(name)
    admin.page.fill("dialog [name=label]", "第一网格长")
    admin.page.locator("dialog .pair input").fill("999")
    admin.page.keyboard.press("Enter")
    expect(admin.page.locator("dialog .pair .oops")).to_be_visible()
    admin.shot(f"{tag}-2-refused")
    admin.page.locator("dialog .pair input").fill(f"{TOWN}001")
    admin.page.keyboard.press("Enter")
    expect(admin.page.locator(".once")).to_be_visible()
    admin.shot(f"{tag}-3-once")
    password = once(admin)
    expect(row(admin, name)).to_contain_text(words["new"])

    door(owner, name, password)
    owner.page.wait_for_url("**/account")
    owner.page.fill("[name=old]", password)
    owner.page.fill("[name=new]", "abc")
    owner.page.keyboard.press("Enter")
    expect(owner.page.locator("form.password")).to_contain_text(words["short"])
    expect(owner.page.locator("[name=new]")).to_be_focused()
    owner.shot(f"{tag}-4-first-sign-in")
    owner.page.keyboard.press("Control+a")
    owner.page.keyboard.type(OWN)
    expect(owner.page.locator(".rules .kept")).to_have_count(4)
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_function("() => location.pathname === '/' && document.getElementById('loading')")
    owner.ready()

    stranger = desk_in("demo", lang, size, sign_in=False)
    for _ in range(6):
        door(stranger, name, "wrong")
    expect(stranger.page.locator(".wrong")).to_contain_text(words["locked"])
    stranger.shot(f"{tag}-5-locked")
    admin.page.reload()
    expect(row(admin, name)).to_contain_text(words["lock"])
    act(admin, name, "unlock")
    expect(row(admin, name)).not_to_contain_text(words["lock"])

    act(admin, name, "tokens")
    admin.page.fill("dialog [name=token]", "GIS")
    admin.page.keyboard.press("Enter")
    expect(admin.page.locator(".once")).to_be_visible()
    token = once(admin)
    admin.shot(f"{tag}-6-token")
    ask = lambda: admin.ask("/api/summary", headers={"Authorization": f"Bearer {token}"}).status  # noqa: E731
    assert ask() == 200
    admin.page.locator("dialog [data-key=revoke]").click()
    expect(admin.page.locator("dialog [data-key=revoke]")).to_have_count(0)
    assert ask() == 401
    admin.page.keyboard.press("Escape")

    owner.page.reload()
    owner.ready()
    with admin.toasts_stay():
        act(admin, name, "disable")
        admin.page.locator(".toast .lk").click()  # one press takes it back
    expect(row(admin, name)).not_to_contain_text(words["off"])
    act(admin, name, "disable")
    expect(row(admin, name)).to_contain_text(words["off"])
    admin.shot(f"{tag}-7-closed")
    expect(owner.page.locator("dialog")).to_contain_text(words["again"], timeout=180_000)  # nobody touched the page
    owner.shot(f"{tag}-8-shut-out")
    owner.page.locator("dialog input").fill(OWN)
    owner.page.keyboard.press("Enter")
    expect(owner.page.locator("dialog .oops")).not_to_be_empty()
    act(admin, name, "enable")
    expect(row(admin, name)).not_to_contain_text(words["off"])

    act(admin, name, "reset")
    admin.page.locator("[data-key=do-reset]").click()
    expect(admin.page.locator(".once")).to_be_visible()
    password = once(admin)
    owner.page.locator("dialog input").fill(password)
    owner.page.keyboard.press("Enter")
    owner.page.locator("dialog [name=new]").fill(OWN + "-2")  # chosen over the open page: nothing that was drawn is lost
    owner.shot(f"{tag}-9-chosen-in-place")
    owner.page.keyboard.press("Enter")
    expect(owner.page.locator("dialog")).to_have_count(0)
    assert owner.get("/api/account")["must_change"] is False
    for desk in (admin, owner, stranger):
        assert desk.foreign == []
        assert [text for text in desk.complaints if not EXPECTED.search(text)] == []


def test_an_auditor_lands_on_the_trail_and_takes_it_away(desk_in, tmp_path) -> None:
    admin, auditor = desk_in("demo", "zh-CN", sign_in=False), desk_in("demo", "zh-CN", sign_in=False)
    door(admin, ADMIN, ADMIN_PASSWORD)
    admin.page.goto(f"{admin.address}/accounts")
    admin.page.locator("[data-key=create]").click()
    admin.page.fill("dialog [name=name]", "eye")
    admin.page.locator("dialog .pair select").select_option("auditor")
    admin.page.locator("dialog .pair input").fill(TOWN)
    admin.page.locator("dialog button[type=submit]").click()
    password = once(admin)
    door(auditor, "eye", password)
    auditor.page.fill("[name=old]", password)
    auditor.page.fill("[name=new]", OWN)
    auditor.page.keyboard.press("Enter")
    auditor.page.wait_for_url("**/audit")
    expect(auditor.page.locator("tbody tr").first).to_contain_text("换密码")
    auditor.shot("audit-zh-1440")
    auditor.page.select_option("[name=kind]", "account")
    expect(auditor.page.locator("tbody tr").first).to_be_visible()
    expect(auditor.page.locator("tbody")).not_to_contain_text("登录")
    with auditor.page.expect_download() as waiting:
        auditor.page.locator("[data-key=csv]").click()
    waiting.value.save_as(tmp_path / "audit.csv")
    rows = list(csv.DictReader((tmp_path / "audit.csv").open(encoding="utf-8-sig")))
    assert rows[0]["kind"] == "account" and {line["kind"] for line in rows} == {"account"}
    phone = desk_in("demo", "en-US", (390, 844), sign_in=False)
    door(phone, "eye", OWN)
    expect(phone.page.locator("tbody tr").first).to_be_visible()
    phone.shot("audit-en-390")
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= 390, "nothing runs out of the screen"
    assert [text for desk in (auditor, phone) for text in desk.complaints if not EXPECTED.search(text)] == []


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """An empty store whose sessions end after 12 idle seconds."""
    url = f"gpkg://{tmp_path / 'empty.gpkg'}"
    assert weige(url, "init")[0] == 0
    monkeypatch.setenv("WEIGE_SECURITY__SESSION_IDLE_MINUTES", "0.2")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{OWN}\n"))
    assert weige(url, "user", "add", "first", "--role", "admin", "--password-stdin")[0] == 0
    with serving(url) as address:
        yield address


@in_full
@pytest.mark.parametrize("lang, size", [DESK, PHONE] if FULL else [PHONE])
def test_a_page_left_alone_says_so_before_it_signs_out(quick, browser, shots: Path, lang: str, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang)
    desk = Desk(context.new_page(), quick, shots)
    tag = f"idle-{lang[:2]}-{size[0]}"
    door(desk, "first", OWN)
    expect(desk.page.locator(".step")).to_have_count(9)  # what is left before work begins
    desk.shot(f"{tag}-1-empty-store")
    stay = desk.page.locator("dialog [data-key=stay]")
    expect(stay).to_be_focused()
    desk.shot(f"{tag}-2-warning")
    desk.page.keyboard.press("Enter")
    expect(stay).to_have_count(0)
    expect(desk.page.locator("dialog [type=password]")).to_be_visible()  # nobody came: the session is over
    desk.shot(f"{tag}-3-signed-out")
    desk.page.locator("dialog [type=password]").fill(OWN)
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("dialog [type=password]")).to_have_count(0)
    assert desk.ask("/api/account").ok
    assert [text for text in desk.complaints if not EXPECTED.search(text)] == []
    context.close()
