"""The phone page: a stairwell reported door by door, cuts, reloads, a killed server, a session that ends, a refusal, posts and
urgent matters; nothing is lost, nothing counts twice. 390 x 844, in both languages, light and dark."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from geodata.demo import ACCOUNTS, REPORTS_ON
from tests.browser.desk import PATIENCE_S, Desk
from tests.browser.line import line
from tests.counts import FULL, count
from tests.mapapp import web
from tests.serving import served as serve

REPORTER, PASSWORD = next(account[:2] for account in ACCOUNTS if account[2] == "reporter")
CHIEF, ITS_PASSWORD = next(account[:2] for account in ACCOUNTS if account[2] == "commander")
LEAF = f"{REPORTS_ON}03"
SIZE = (390, 844)
LEAST = 46  # pixels of whatever is pressed
CUT_S = count(3, 60)
QUIET = re.compile(r"Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|ERR_CONNECTION")
WORDS = {"zh-CN": {"received": "已收", "phone": "在手机", "first": "怎么用"},
         "en-US": {"received": "Received", "phone": "On phone", "first": "How it works"}}


class Handset(Desk):
    """A phone in a grid worker's hand."""

    def __init__(self, page: Page, address: str, shots: Path):
        super().__init__(page, address, shots)
        self.account = REPORTER

    def ready(self) -> None:
        self.page.wait_for_function("() => document.body.dataset.ready === 'true'")
        if self.page.locator("dialog [data-key=seen]").count():
            self.page.keyboard.press("Enter")

    def open(self, account: str = REPORTER, password: str = PASSWORD) -> None:
        self.page.goto(f"{self.address}/sign-in?next=/report")
        self.page.fill("[name=account]", account)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")
        self.ready()

    def tap(self, key: str) -> None:
        self.page.locator(f"[data-key='{key}']").click()

    def place(self, number: int) -> str:
        """Chooses a place of the list; its key."""
        row = self.page.locator("#content .bl li > button").nth(number)
        row.click()
        return row.get_attribute("data-key")

    def doors(self) -> int:
        return self.page.locator(".door").count()

    def marked(self, mark: str) -> int:
        return self.page.locator(f".door[data-mark={mark}]").count()

    def kept_for_cuts(self) -> None:
        """Waits until the page starts without a network."""
        self.page.wait_for_function("() => document.body.dataset.offline === 'true' && navigator.serviceWorker.controller")

    def all_received(self) -> None:
        """Waits until the server has everything; what was tapped is read from the queue, where it is a moment after it is shown."""
        self.until(lambda: not any(item["state"] in ("phone", "sent") for item in self.queue()))
        self.page.wait_for_function("() => !document.querySelector('#tabs i') && document.getElementById('sync').dataset.received > 0")

    def until(self, true: Callable[[], bool]) -> None:
        """Waits until it is so; a phone tries again after up to a minute."""
        until = time.monotonic() + 2 * PATIENCE_S
        while not true():
            assert time.monotonic() < until, "it never was so"
            self.page.wait_for_timeout(200)

    def received(self) -> int:
        return int(self.page.locator("#sync").get_attribute("data-received"))

    def waiting(self) -> int:
        return self.page.evaluate("() => Number(document.querySelector('#tabs i')?.innerText ?? 0)")

    def queue(self) -> list[dict]:
        """The reports on this phone."""
        return self.page.evaluate("""() => new Promise((resolve) => { const open = indexedDB.open('weige-report', 1);
            open.onsuccess = () => { const all = open.result.transaction('queue').objectStore('queue').getAll();
            all.onsuccess = () => { open.result.close(); resolve(all.result); }; }; })""")

    def put(self, item: dict) -> None:
        """A report into the phone's queue, as it would lie there."""
        self.page.evaluate("""(item) => new Promise((resolve) => { const open = indexedDB.open('weige-report', 1);
            open.onsuccess = () => { const at = open.result.transaction('queue', 'readwrite'); at.objectStore('queue').put(item);
            at.oncomplete = () => { open.result.close(); resolve(); }; }; })""", item)

    def status(self, code: str) -> dict:
        """What the server counts for an area, all together."""
        return self.get(f"/api/status?area={code}")["total"]["values"]

    def small(self) -> list[str]:
        """What can be pressed and is smaller than a thumb wants it."""
        return self.page.evaluate("""(least) => [...document.querySelectorAll('button, a, input')].filter((one) => {
            const box = one.getBoundingClientRect(), style = getComputedStyle(one);
            return box.width && !one.closest('.visually-hidden, .skip, .toast') && !one.classList.contains('skip') && style.visibility !== 'hidden'
              && (Math.round(box.width) < least || Math.round(box.height) < least); }).map((one) => `${one.dataset.key ?? one.outerHTML.slice(0, 80)}
              ${one.getBoundingClientRect().width}x${one.getBoundingClientRect().height}`)""", LEAST)

    def boxes(self, selector: str) -> list[tuple[float, float]]:
        """Top and height of what is there, all read at one moment: the page may draw it anew in the next."""
        return self.page.locator(selector).evaluate_all("(all) => all.map((one) => one.getBoundingClientRect()).map(({ y, height }) => [y, height])")

    def too_wide(self) -> bool:
        return self.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")

    def nameless(self) -> list[str]:
        """Controls a screen reader could not name."""
        return self.page.evaluate("""() => [...document.querySelectorAll('button, a, input')].filter((one) => one.getClientRects().length &&
            !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML)""")


@pytest.fixture
def phone_at(shots, browser) -> Iterator[Callable[..., Handset]]:
    """Call it with an address for a phone nobody has signed in on."""
    contexts = []

    def take(address: str, lang: str = "zh-CN", dark: bool = False, size: tuple[int, int] = SIZE) -> Handset:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang, timezone_id="Asia/Shanghai", has_touch=True,
                                      is_mobile=True, device_scale_factor=2, color_scheme="dark" if dark else "light", accept_downloads=True)
        contexts.append(context)
        return Handset(context.new_page(), address, shots)
    yield take
    for context in contexts:
        context.close()


@pytest.fixture
def small_town(tmp_path) -> dict:
    """A store of its own, to be killed: the little town, whose reporter works in a community without stairwells."""
    return web.build(tmp_path)


def clean(phone: Handset) -> None:
    assert [text for text in phone.complaints if not QUIET.search(text)] == []
    assert phone.foreign == []


@pytest.mark.promise("A grid worker reports door by door on a phone, each tap received; both languages, 390 x 844")
@pytest.mark.parametrize("lang, dark, leaf", [("zh-CN", False, "03"), ("en-US", True, "04")])
def test_a_stairwell_is_reported_door_by_door(served, phone_at, record_property, lang: str, dark: bool, leaf: str) -> None:
    phone, words, tag = phone_at(served("demo"), lang, dark), WORDS[lang], f"phone-{lang[:2]}{'-dark' if dark else ''}"
    phone.page.goto(f"{phone.address}/sign-in")  # without a page to go to: a grid worker lands on his own
    phone.page.fill("[name=account]", REPORTER)
    phone.page.fill("[name=password]", PASSWORD)
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_function("() => document.body.dataset.ready === 'true'")
    assert urlsplit(phone.page.url).path == "/report"
    expect(phone.page.locator("dialog")).to_contain_text(words["first"])
    phone.shot(f"{tag}-1-first")
    phone.page.keyboard.press("Enter")
    phone.tap("area")
    phone.page.locator("dialog .mi", has_text=f"02-{leaf}").click()

    phone.place(0)
    first = phone.doors()
    phone.tap("done")
    phone.tap("done")
    phone.tap("absent")
    phone.tap("help")
    phone.shot(f"{tag}-2-help")
    phone.tap("help-medicine")
    expect(phone.page.locator(".bl li.on")).to_contain_text(words["phone"])
    phone.shot(f"{tag}-3-on-phone")
    phone.tap("undo")  # the help; then it is only visited
    expect(phone.page.locator(".door[data-mark=help]")).to_have_count(0)
    phone.tap("done")
    phone.tap("door-3")  # not met before, met now
    phone.tap("done")
    phone.all_received()
    assert (phone.marked("done"), phone.marked("absent")) == (4, 0)
    phone.place(1)
    phone.tap("absent")
    phone.tap("help")
    phone.tap("help-medical")
    phone.all_received()
    expect(phone.page.locator(".bl li.on")).to_contain_text(words["received"])
    said = phone.status(f"{REPORTS_ON}{leaf}")
    assert (said["surveyed_households"], said["absent_households"], said["needs_help"]) == (5, 1, 1)

    phone.place(2)  # by keyboard alone, to the end of the stairwell
    doors = phone.doors()
    phone.page.locator("[data-key=door-1]").focus()
    phone.page.keyboard.press("ArrowRight")
    expect(phone.page.locator(".door[aria-current]")).to_have_attribute("data-key", "door-2")
    phone.page.keyboard.press("Home")
    phone.page.locator("[data-key=done]").focus()
    for _ in range(doors):
        phone.page.keyboard.press("Enter")
        phone.page.wait_for_timeout(40)
    expect(phone.page.locator("[data-key=next]")).to_be_visible()
    phone.shot(f"{tag}-4-complete")
    phone.all_received()
    said = phone.status(f"{REPORTS_ON}{leaf}")
    assert said["surveyed_households"] == 5 + doors and said["present"] is None

    before = phone.received()  # the state is the server's: another browser of the account sees the same sums, without the doors
    other = phone_at(phone.address, lang, dark)
    other.open()
    other.tap("area")
    other.page.locator("dialog .mi", has_text=f"02-{leaf}").click()
    expect(other.page.locator(".bl li").nth(0)).to_contain_text(words["received"])
    expect(other.page.locator(".base")).to_have_count(1)
    assert other.marked("done") == 0
    other.shot(f"{tag}-5-elsewhere")
    record_property("figures", {"doors": first + doors, "reports": before})
    clean(phone)
    clean(other)


def counted(store: Path) -> tuple[int, int, int]:
    """Reports in the store, different ones, and the households they add up to."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as base:
        rows, different = base.execute("select count(*), count(distinct account || offline_id) from reports").fetchone()
        total = base.execute("select coalesce(sum(value), 0) from status where metric = 'surveyed_households'").fetchone()[0]
    return rows, different, int(total)


def port(address: str) -> int:
    return urlsplit(address).port


@pytest.mark.promise("A phone through a cut line, a reload without network, a lost answer and kill -9 of the server: nothing lost, nothing double")
def test_nothing_is_lost_or_double_through_cuts_and_a_killed_server(small_town, phone_at, record_property) -> None:
    store = Path(small_town["folder"]) / "town.gpkg"
    with serve(f"gpkg://{store}") as one, line(port(one.url)) as wire:
        phone = phone_at(wire.address)
        phone.open("reporter", web.PASSWORD)
        phone.kept_for_cuts()
        taps = mark(phone, 0, 2)
        phone.all_received()

        phone.page.context.set_offline(True)  # the phone knows that there is no network
        taps += mark(phone, 1, 2)
        expect(phone.page.locator("#tabs i")).to_be_visible()
        phone.shot("phone-6-cut")
        phone.page.reload()
        phone.page.wait_for_function("() => document.querySelector('#content .bl')")
        expect(phone.page.locator("#tabs i")).to_be_visible()  # what waited still waits
        taps += mark(phone, 1, 1)
        phone.page.wait_for_timeout(CUT_S * 1000)
        phone.shot("phone-7-reloaded")
        phone.page.context.set_offline(False)
        phone.all_received()
        assert counted(store)[2] == taps

        wire.deaf_after = b"offline_id"  # the server takes it, the answer gets lost, then the server is killed
        taps += mark(phone, 2, 2)
        phone.until(lambda: wire.swallowed >= 1)
        assert phone.waiting() >= 1
        os.kill(one.process.pid, signal.SIGKILL)
        one.process.wait()
        taps += mark(phone, 3, 1)
        with serve(f"gpkg://{store}") as two:
            wire.target = port(two.url)
            wire.mend()
            phone.all_received()
            rows, different, total = counted(store)
            queue = phone.queue()
            assert rows == different == len(queue) and total == taps
            assert {item["state"] for item in queue} == {"received"} and len({item["id"] for item in queue}) == len(queue)
            assert phone.status("C1")["surveyed_households"] == taps
        record_property("figures", {"taps": taps, "reports": rows, "lost answers": wire.swallowed, "cut_s": CUT_S})
        clean(phone)


def mark(phone: Handset, place: int, households: int) -> int:
    """Marks doors of a place as visited; how many. The little town has two houses in each area."""
    phone.tap("area")
    phone.page.locator("dialog .mi").nth(place // 2).click()
    phone.place(place % 2)
    for _ in range(households):
        phone.tap("done")
        phone.page.wait_for_timeout(60)
    phone.queue()  # read after all that was tapped has been written
    return households


def test_a_session_that_ends_costs_nothing(small_town, phone_at, shots) -> None:
    store = Path(small_town["folder"]) / "town.gpkg"
    with serve(f"gpkg://{store}") as one:
        phone = phone_at(one.url)
        phone.open("reporter", web.PASSWORD)
        phone.kept_for_cuts()
        phone.page.context.clear_cookies()
        mark(phone, 0, 1)
        expect(phone.page.locator("dialog [name=password]")).to_be_visible()
        phone.shot("phone-8-password")
        phone.page.locator("dialog .act .btn").first.click()  # later
        mark(phone, 1, 2)
        phone.until(lambda: len(phone.queue()) == phone.waiting() >= 2)  # both of one place go together, unless the second comes late
        phone.shot("phone-9-signed-out")
        phone.tap("sync-sign-in")
        phone.page.fill("dialog [name=password]", web.PASSWORD)
        phone.page.keyboard.press("Enter")
        phone.all_received()
        assert counted(store)[2] == 3

        # A refused report says why and stays; an old one turns red and can be saved as a file.
        phone.page.context.set_offline(True)
        common = {"account": "reporter", "kind": "report", "name": "9-9", "state": "phone", "sealed": True, "tries": 3, "ready": 0}
        old = phone.page.evaluate("() => Date.now() - 25 * 3600e3")
        for name, unit in (("old-1", 999_999), ("old-2", 999_998)):
            body = {"unit": unit, "at": "2026-01-01T08:00:00+08:00", "offline_id": name, "values": {"surveyed_households": 3}}
            phone.put({**common, "id": name, "key": f"unit:{unit}", "made": old, "body": body})
        phone.page.reload()
        expect(phone.page.locator("#sync .told.bad")).to_be_visible()
        with phone.page.expect_download() as saved:
            phone.tap("sync-export")
        file = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
        assert [report["offline_id"] for report in file["reports"]] == ["old-1", "old-2"]
        phone.tap("tab-log")
        phone.shot("phone-10-overdue")
        phone.page.context.set_offline(False)
        expect(phone.page.locator("[data-key=refused]")).to_be_visible()
        expect(phone.page.locator("[data-id=old-1] .why")).to_be_visible()
        phone.shot("phone-11-refused")
        phone.tap("drop-old-1")
        expect(phone.page.locator("[data-id=old-1]")).to_have_count(0)
        assert counted(store)[2] == 3

        # Signing out warns while something waits; then nothing of the account is left but that.
        phone.tap("menu")
        phone.page.locator("dialog [data-key=out]").click()
        expect(phone.page.locator("dialog [data-key=leave]")).to_be_visible()
        phone.shot("phone-12-leave")
        phone.page.locator("dialog [data-key=leave]").click()
        phone.page.wait_for_url("**/sign-in")
        phone.until(lambda: [(item["id"], item["name"]) for item in phone.queue()] == [("old-2", None)])
        kept = phone.page.evaluate("async () => { const all = []; for (const name of await caches.keys()) "
                                   "for (const one of await (await caches.open(name)).keys()) all.push(new URL(one.url).pathname); return all; }")
        assert kept and all(path.startswith("/static/") for path in kept)
        phone.page.context.set_offline(True)
        with pytest.raises(Exception, match="net::ERR"):
            phone.page.goto(f"{phone.address}/report")
        phone.page.context.set_offline(False)
        phone.open("planner", web.PASSWORD)  # somebody else on the same phone
        assert phone.waiting() == 0 and phone.page.locator("#sync .bad").count() == 0
        assert phone.page.evaluate("() => fetch('/report').then((answer) => answer.text()).then((text) => text.includes('\"name\": \"planner\"'))")
        clean(phone)


def test_posts_are_counted_and_urgent_matters_told(served, phone_at, desk_in) -> None:
    address = served("demo")
    desk = desk_in("demo", sign_in=False)
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.ask("/sign-in").text())[1]
    told = desk.ask("/sign-in", method="POST", data={"account": CHIEF, "password": ITS_PASSWORD}, headers={"X-CSRF-Token": token}).json()
    ground = shape(desk.get(f"/api/areas/{LEAF}?geometry=true")["geometry"]).representative_point()
    made = desk.ask("/api/checkpoints", method="POST", headers={"X-CSRF-Token": told["csrf"]}, data={
        "name": "锦澜东口", "kind": "estate_gate", "point": [ground.x, ground.y], "required": 2, "areas": [LEAF],
        "hours": "00:00-24:00"})  # also when it is night in the town
    assert made.status == 201, made.text()
    post = made.json()["id"]

    phone = phone_at(address)
    phone.open()
    phone.tap("tab-posts")
    phone.tap(f"post-{post}")
    phone.shot("phone-13-post")
    while int(phone.page.locator("#step-present").input_value()) > 1:
        phone.tap("step-present-1")
    phone.tap("check-in")
    phone.until(lambda: desk.get(f"/api/checkpoints/{post}")["present"] == 1)
    assert desk.get(f"/api/checkpoints/{post}")["present"] == 1 and desk.get(f"/api/checkpoints/{post}")["state"] == "short"
    phone.tap("step-present1")
    phone.tap("hand-over")
    phone.until(lambda: desk.get(f"/api/checkpoints/{post}")["present"] == 2)
    assert desk.get(f"/api/checkpoints/{post}")["present"] == 2 and desk.get(f"/api/checkpoints/{post}")["state"] == "manned"
    phone.shot("phone-14-manned")

    phone.tap("area")
    phone.page.locator("dialog .mi", has_text="02-09").click()
    phone.tap("tab-urgent")
    for reason in ("asked_queue", "asked_medical"):
        phone.tap(f"reason-{reason}")  # two taps
        phone.shot("phone-15-urgent")
        phone.tap("urgent-send")
        phone.until(lambda reason=reason: phone.status(f"{REPORTS_ON}09")[reason] == 1)
        phone.all_received()
    values = phone.status(f"{REPORTS_ON}09")
    assert (values["open_requests"], values["asked_queue"], values["asked_medical"]) == (2, 1, 1)
    phone.page.locator("[data-key^=settle-]").last.click()
    expect(phone.page.locator(".log li")).to_have_count(3)
    phone.all_received()
    values = phone.status(f"{REPORTS_ON}09")
    assert (values["open_requests"], values["asked_queue"], values["asked_medical"]) == (1, 0, 1)
    phone.shot("phone-16-told")
    clean(phone)


@pytest.mark.parametrize("lang, dark, large", [("zh-CN", True, False), ("en-US", False, False), ("en-US", True, True)]
                         if not FULL else [(lang, dark, large) for lang in ("zh-CN", "en-US") for dark in (False, True) for large in (False, True)])
def test_everything_is_large_enough_and_stays_one_column(served, phone_at, lang: str, dark: bool, large: bool) -> None:
    phone = phone_at(served("demo"), lang, dark, (SIZE[0] // 2, SIZE[1] // 2) if large else SIZE)  # half the pixels: letters of 200 %
    phone.open()
    tag = f"phone-look-{lang[:2]}{'-dark' if dark else ''}{'-large' if large else ''}"
    for tab in ("survey", "posts", "urgent", "log"):
        phone.tap(f"tab-{tab}")
        phone.calm()
        assert (phone.small(), phone.too_wide(), phone.nameless()) == ([], False, []), tab
        phone.shot(f"{tag}-{tab}")
    phone.tap("tab-survey")
    phone.page.locator("#pad .keys .btn").first.wait_for()
    assert min(height for _, height in phone.boxes("#pad .keys .btn")) >= 64
    if not large:
        assert min(y for y, _ in phone.boxes("#pad button")) > SIZE[1] / 2
    phone.tap("details")
    assert phone.small() == [] and not phone.too_wide()
    phone.shot(f"{tag}-door")
    phone.page.keyboard.press("Escape")
    phone.tap("menu")
    assert phone.small() == [] and not phone.too_wide()
    phone.shot(f"{tag}-menu")
    clean(phone)
