"""Posts as a planner sets them up: placed by mouse and by keyboard, dragged, manned, closed, taken back; the card for the
table; and the people of an area with what is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.test_main_job import _inside
from tests.counts import some

# language -> an area of the demo town that nobody else works on, words of the state
WHERE = {"zh-CN": ("33029900100100606", "缺人 1/2", "在岗 2/2"), "en-US": ("33029900100100607", "Short: 1 of 2", "2 of 2 on duty")}


def chip(desk: Desk, words: str) -> None:
    """Waits until the card says this state."""
    desk.page.wait_for_function("(text) => document.querySelector('#side .hd .chip')?.textContent.trim() === text", arg=words)


def post(desk: Desk, name: str) -> dict:
    """The post of that name."""
    return next(one for one in desk.get("/api/checkpoints?limit=1000")["checkpoints"] if one["name"] == name)


@pytest.mark.promise("A post is placed, manned, dragged and handed out as a card")
@pytest.mark.parametrize("lang", some(WHERE))
def test_a_planner_places_a_post_drags_it_counts_who_is_there_and_opens_its_card(desk_in, lang: str):
    code, short, manned = WHERE[lang]
    desk: Desk = desk_in("demo", lang)
    tag, name = f"post-{lang[:2]}", f"东门岗 {lang[:2]}"
    desk.find(code)
    area = desk.get(f"/api/areas/{code}?geometry=true")
    lon, lat = _inside(area)
    desk.tool("p")
    desk.move(lon, lat)
    desk.click(lon, lat)
    desk.page.locator("#side [name=name]").fill(name)
    desk.page.locator("#side [name=kind]").select_option("lockdown_gate")
    desk.page.locator("#side [name=present]").fill("1")
    expect(desk.page.locator("#side [name=hours]"), "the norm of the kind").to_have_value("00:00-24:00")
    expect(desk.page.locator("#side [name=required]")).to_have_value("2")
    desk.shot(f"{tag}-1-form")
    view = desk.view()
    desk.page.locator("#side [name=name]").press("Enter")
    chip(desk, short)
    desk.calm()
    desk.shot(f"{tag}-2-short")
    made = post(desk, name)
    assert (made["state"], made["gap"], made["area"]) == ("short", 1, code)
    assert [one["code"] for one in made["areas"]] == [code]
    assert desk.view() == view, "the map moves by the person's own hand only"

    # counted on the card
    desk.page.locator("#side [data-key=one-more]").click()
    desk.page.locator("#side [data-key=count]").click()
    chip(desk, manned)
    assert post(desk, name)["version"] == made["version"], "who edits the post is not disturbed"

    # dragged, and taken back
    x, y = desk.at(*made["point"])
    desk.calm()
    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    desk.page.mouse.move(x + 60, y + 30, steps=6)
    desk.shot(f"{tag}-3-dragged")
    rev = desk.get("/healthz")["rev"]
    desk.page.mouse.up()
    desk.wait_rev(rev)
    moved = post(desk, name)
    assert moved["point"] != made["point"] and desk.view() == view
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert post(desk, name)["point"] == made["point"], "undo puts it back"

    # closed by word, in icon and text; the card for the table
    desk.page.locator("#side [data-key=close]").click()
    chip(desk, "已关闭" if lang == "zh-CN" else "Closed")
    desk.page.locator("#side [data-key=reopen]").click()
    chip(desk, manned)
    with desk.page.expect_popup() as opened:
        desk.page.locator("#side [data-key=card]").click()
    sheet = opened.value
    sheet.wait_for_load_state()
    assert name in sheet.inner_text("h1")
    assert sheet.locator(".heads li").count(), "a planner sees the phones of stairwell heads"
    sheet.emulate_media(media="print")
    pages = sheet.pdf(format="A4", prefer_css_page_size=True)
    assert b"/Count 1" in pages, "one sheet"
    sheet.screenshot(path=str(desk.shots / f"{tag}-4-card.png"), full_page=True)
    assert not desk.complaints and not desk.foreign


def test_with_the_keyboard_a_post_is_placed_taken_up_and_put_down(desk_in):
    desk: Desk = desk_in("demo")
    desk.find("33029900100100612")
    desk.page.locator("#canvas canvas").focus()
    desk.tool("p")
    for _ in range(3):
        desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("Space")
    desk.page.locator("#side [name=kind]").select_option("lockdown_gate")  # day and night: the test runs at any hour
    desk.page.locator("#side [name=name]").fill("西门岗")
    desk.page.locator("#side [name=name]").press("Enter")
    chip(desk, "没点过名")
    before = post(desk, "西门岗")
    desk.page.locator("#canvas canvas").focus()
    desk.page.keyboard.press("Space")
    for _ in range(4):
        desk.page.keyboard.press("ArrowDown")
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Space")
    desk.wait_rev(rev)
    after = post(desk, "西门岗")
    assert after["point"][1] < before["point"][1] and after["point"][0] == pytest.approx(before["point"][0], abs=1e-6)
    rev = desk.get("/healthz")["rev"]
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
    assert post(desk, "西门岗")["point"] == before["point"]
    desk.page.keyboard.press("Escape")
    assert not desk.complaints


@pytest.mark.promise("Staff of an area: need, have and gap, and people added, moved and removed with undo")
@pytest.mark.parametrize("lang", some(WHERE))
def test_a_planner_adds_moves_and_removes_people_and_sees_the_gap(desk_in, lang: str):
    code = {"zh-CN": "33029900100100609", "en-US": "33029900100100611"}[lang]
    desk: Desk = desk_in("demo", lang)
    desk.find(code)
    desk.page.locator("#side [data-key=staff]").click()
    desk.page.locator("#side [data-key='add person']").wait_for()
    before = desk.get(f"/api/staffing?area={code}")
    desk.shot(f"staff-{lang[:2]}-1-panel")

    def saved(act) -> dict:
        rev = desk.get("/healthz")["rev"]
        act()
        desk.wait_rev(rev)
        return desk.get(f"/api/staffing?area={code}")
    desk.page.locator("#side [data-key='add person']").click()
    desk.page.locator("#side [name=name]").fill("赵小满")
    desk.page.locator("#side [name=role]").select_option("volunteer")
    desk.shot(f"staff-{lang[:2]}-2-form")
    after = saved(lambda: desk.page.locator("#side [data-key='person save']").click())
    assert after["have"] == before["have"] + 1
    desk.wait_side("赵小满")
    person = next(one for one in desk.get(f"/api/staff?area={code}")["staff"] if one["name"] == "赵小满")
    saved(lambda: desk.page.keyboard.press("Control+z"))
    assert desk.get(f"/api/staffing?area={code}")["have"] == before["have"], "undo takes the person back"
    desk.page.wait_for_function("() => !document.getElementById('side').innerText.includes('赵小满')")
    saved(lambda: desk.page.keyboard.press("Control+Shift+z"))
    assert desk.get(f"/api/staff/{person['id']}")["name"] == "赵小满"
    desk.page.keyboard.press("Escape")
    desk.page.locator("#side [data-key=staff]").click()
    desk.page.locator(f"#side [data-key='edit {person['id']}']").click()
    other = desk.get(f"/api/areas/{code}")["parent"]
    desk.page.locator("#side [data-key='person area']").fill(other)
    after = saved(lambda: desk.page.locator("#side [data-key='person save']").click())
    assert after["have"] == before["have"] and desk.get(f"/api/staff/{person['id']}")["area"] == other
    assert not desk.complaints
