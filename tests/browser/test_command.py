"""Who watches the day: reports show by themselves, a cut of the line is told and caught up, the map stays where it is; a wall
scrolls nowhere and comes back as it was."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import count as numbers
from urllib.parse import quote

import pytest

from geodata.demo import ACCOUNTS
from tests.browser.desk import Desk, own_town
from tests.counts import in_full, some

TOWN = "330299001"
PASSWORDS = {name: password for name, password, *_ in ACCOUNTS}
WORDS = {"zh-CN": {"no-round": "没有进行中的轮次", "no-zones": "当前无管控区域", "no-posts": "还没有卡口", "short": "在岗 1 / 2"},
         "en-US": {"no-round": "No round is under way", "no-zones": "No zone is in force", "no-posts": "No posts yet", "short": "1 of 2 on duty"}}
ids = numbers()


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[str]:
    """A demo town of our own: nobody else reports in it."""
    with own_town(tmp_path_factory.mktemp("command")) as address:
        yield address


@pytest.fixture
def room(town, shots, browser) -> Iterator:
    """Call it for a signed-in page at an address."""
    contexts = []

    def sit(path: str, account: str = "commander", lang: str = "zh-CN", size: tuple[int, int] = (1440, 900), **options) -> Desk:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang, timezone_id="Asia/Shanghai", **options)
        contexts.append(context)
        desk = Desk(context.new_page(), town, shots)
        desk.page.goto(f"{town}/sign-in?next={quote(path)}")
        desk.page.fill("[name=account]", account)
        desk.page.fill("[name=password]", PASSWORDS[account])
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_function("() => document.body.dataset.ready === 'true'")
        if path.startswith("/command"):
            desk.ready()
        return desk
    yield sit
    for context in contexts:
        context.close()


def send(desk: Desk, path: str, body: dict, expect: int = 200) -> dict:
    """A call with the session and the token of a page."""
    told = desk.page.evaluate(
        """async ([path, body]) => {
          const boot = JSON.parse(document.getElementById("boot").textContent);
          const headers = { "Content-Type": "application/json", "X-CSRF-Token": boot.csrf };
          const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
          return [answer.status, await answer.json()];
        }""", [path, body])
    assert told[0] == expect, told
    return told[1]


def report(desk: Desk, area: str, **values: int) -> None:
    """One report of an area, now."""
    one = {"area": area, "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), "offline_id": f"command-{next(ids)}", "values": values}
    answer = send(desk, "/api/reports", {"reports": [one]})
    assert answer["accepted"] == 1, answer


def says(desk: Desk, card: str, text: str) -> None:
    """Waits until a card says it."""
    desk.page.wait_for_function("([card, text]) => document.getElementById(card).innerText.includes(text)", arg=[card, text])


def leaves(desk: Desk, n: int) -> list[dict]:
    return desk.get(f"/api/areas?level=micro_grid&parent={TOWN}&limit={n}")["areas"]


def test_an_empty_day_says_that_there_is_nothing_yet(room):
    for lang, theme in (("zh-CN", "light"), ("en-US", "dark")):
        desk = room("/command", lang=lang, color_scheme=theme)
        words = WORDS[lang]
        says(desk, "zones", words["no-zones"])
        says(desk, "rounds", words["no-round"])
        says(desk, "posts", words["no-posts"])
        assert desk.page.locator("#zones .tot .big").inner_text() != "0", "nobody counted is not nobody"
        desk.shot(f"command-{lang[:2]}-0-empty")
        assert desk.complaints == []
        assert desk.foreign == []


@pytest.mark.promise("The command page follows a report within 2 s, survives a cut, and its map never moves")
@pytest.mark.parametrize("lang", some(WORDS))
def test_a_report_shows_and_a_cut_is_told_and_caught_up(room, lang: str, record_property):
    planner = room("/command", "planner")
    if not planner.get("/api/rounds")["rounds"]:
        send(planner, "/api/rounds", {"id": "1", "name": "第 1 轮入户排查", "kind": "survey", "starts_at": "2020-01-01T00:00:00+08:00"}, 201)
        point = leaves(planner, 1)[0]["where"]
        send(planner, "/api/checkpoints", {"name": "霁明路北口", "kind": "estate_gate", "point": point, "hours": "00:00-24:00",
                                           "required": 2, "present": 1}, 201)
    desk = room("/command", lang=lang)
    desk.page.evaluate("window.stayed = true")
    view = desk.view()
    received = desk.page.locator("#rounds .received p")
    before = received.inner_text()
    some = leaves(planner, 40)[20 * (lang == "en-US"):]

    report(planner, some[0]["code"], surveyed_households=12)
    began = time.monotonic()
    desk.page.wait_for_function("(before) => document.querySelector('#rounds .received p').innerText !== before", arg=before)
    record_property("figures", f"{lang}: on the page {time.monotonic() - began:.1f} s after the answer")
    desk.shot(f"command-{lang[:2]}-1-report")

    desk.page.context.set_offline(True)
    desk.page.locator("#live.lost").wait_for()
    desk.shot(f"command-{lang[:2]}-2-cut")
    kept = received.inner_text()
    for area in some[1:4]:
        report(planner, area["code"], surveyed_households=9)
    assert received.inner_text().split("\n")[0] == kept.split("\n")[0], "what was shown stays"
    desk.page.context.set_offline(False)
    desk.page.locator("#live.back, #live.on").wait_for()
    desk.page.wait_for_function("(kept) => document.querySelector('#rounds .received p').innerText.split('\\n')[0] !== kept",
                                arg=kept.split("\n")[0])
    says(desk, "posts", WORDS[lang]["short"])
    desk.shot(f"command-{lang[:2]}-3-back")
    assert desk.page.evaluate("window.stayed") is True, "nothing was loaded anew"
    assert desk.view() == view, "the map did not move"
    assert desk.foreign == []


@in_full
def test_a_click_goes_one_level_down_and_the_breadcrumb_up_again(room):
    desk = room("/command")
    area = desk.get(f"/api/areas?parent={TOWN}")["areas"][2]
    view = desk.view()
    desk.click(*area["where"])
    says(desk, "crumb", area["name"])
    below = desk.moved(view)
    assert below[0] > view[0]
    assert f"area={area['code']}" in desk.page.url
    desk.shot("command-zh-4-below")
    desk.page.reload()
    desk.ready()
    says(desk, "crumb", area["name"])
    assert desk.view() == below, "after a reload the same ground"
    desk.page.go_back()
    desk.page.wait_for_function("(name) => !document.getElementById('crumb').innerText.includes(name)", arg=area["name"])


@in_full
@pytest.mark.parametrize("size", some([(1920, 1080), (3840, 2160)]))
def test_a_wall_scrolls_nowhere_and_comes_back_as_it_was(room, size):
    desk = room("/command?wall=1", "viewer", size=size)
    shape = desk.page.evaluate("""() => [document.documentElement.scrollHeight <= innerHeight, document.documentElement.dataset.theme,
        parseFloat(getComputedStyle(document.documentElement).fontSize),
        [...document.querySelectorAll('.pan')].filter((pan) => pan.getBoundingClientRect().bottom > innerHeight).length]""")
    assert shape == [True, "dark", size[0] / 120, 0]
    view = desk.view()
    desk.shot(f"command-wall-{size[0]}")
    # Somebody looks elsewhere; then the power goes: a new page at the address of the wall, without its hash.
    box = desk.page.locator("#map").bounding_box()
    desk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.page.mouse.wheel(0, -400)
    after = desk.moved(view)
    assert after != view
    desk.page.close()
    again = Desk(desk.page.context.new_page(), desk.address, desk.shots)
    again.page.set_viewport_size({"width": size[0], "height": size[1]})
    again.page.goto(f"{desk.address}/command?wall=1")
    again.ready()
    assert again.view() == after
    assert again.complaints == []


def test_a_wall_signs_in_by_a_token_and_stops_when_that_is_revoked(town, browser, shots, room):
    admin = room("/accounts", "admin")
    made = send(admin, "/api/accounts/viewer/tokens", {"name": "大屏", "days": 30}, 201)
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    wall = Desk(context.new_page(), town, shots)
    wall.page.goto(f"{town}/wall")
    wall.shot("wall-zh-0-token")
    wall.page.fill("[name=token]", made["token"])
    wall.page.keyboard.press("Enter")
    wall.page.wait_for_url("**/command?wall=1*")
    wall.ready()
    says(wall, "live", "实时")
    refused = wall.page.evaluate("""async () => (await fetch("/api/presence", { method: "POST", body: "{}",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": JSON.parse(document.getElementById("boot").textContent).csrf } })).status""")
    assert refused == 401, "a wall only looks"
    [token] = [one for one in made["account"]["tokens"] if one["name"] == "大屏"]
    admin.page.evaluate("""async (path) => fetch(path, { method: "DELETE", headers: {
        "X-CSRF-Token": JSON.parse(document.getElementById("boot").textContent).csrf } })""", f"/api/accounts/viewer/tokens/{token['id']}")
    wall.page.wait_for_url(re.compile("/sign-in"))
    assert "701" not in wall.page.content()
    context.close()
