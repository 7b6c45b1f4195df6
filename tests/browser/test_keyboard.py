"""A planner works with the keyboard alone: not one event of a mouse, in both languages; and nothing on any page is without
a name for those who do not see it."""

from __future__ import annotations

import re
import tempfile
import time

import pytest
import shapely
from playwright.sync_api import expect

from geodata.store import Store
from mapapp import create_app
from mapapp.config import load
from tests.browser.desk import PATIENCE_S, Desk
from tests.browser.test_main_job import _inside
from tests.counts import count, in_full

CODE = "33029900100200509"
LANGUAGES = ["zh-CN", "en-US"][: count(1, 2)]
HEARD = """() => { window.heard = []; window.mice = [];
  for (const id of ['spoken', 'alarm']) {
    const node = document.getElementById(id);
    new MutationObserver(() => node.textContent && heard.push(node.textContent)).observe(node, {childList: true, characterData: true, subtree: true});
  }
  for (const name of ['mousemove', 'mousedown', 'pointermove', 'pointerdown', 'touchstart', 'wheel'])
    addEventListener(name, (event) => { if (event.isTrusted) mice.push(name); }, true);
}"""
KEEPS = {"zh": " 保留编码", "en": " keeps its code"}
WORDS = {"zh": ("点 2", "户"), "en": ("Point 2", "hh")}


def heard(desk: Desk) -> list[str]:
    """What was spoken since last asked."""
    return desk.page.evaluate("() => heard.splice(0)")


def hears(desk: Desk, pattern: str) -> bool:
    """Waits until something is spoken that has it."""
    words, until = heard(desk), time.monotonic() + PATIENCE_S
    while not any(re.search(pattern, one) for one in words):
        assert time.monotonic() < until, words
        desk.page.wait_for_timeout(100)
        words += heard(desk)
    return True


def on_map(desk: Desk) -> bool:
    return desk.page.evaluate("() => document.activeElement === document.querySelector('#canvas canvas')")


def cross(desk: Desk) -> tuple[float, float]:
    """Where the cross-hair stands, in pixels of the page."""
    box = desk.page.locator(".crosshair").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def go(desk: Desk, lon: float, lat: float) -> None:
    """Moves the cross-hair to a place with the arrow keys, the last pixels with Shift."""
    for axis, (less, more) in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
        gap = desk.at(lon, lat)[axis] - cross(desk)[axis]
        key = more if gap > 0 else less
        for _ in range(int(abs(gap) // 10)):
            desk.page.keyboard.press(key)
        for _ in range(round(abs(gap) % 10)):
            desk.page.keyboard.press(f"Shift+{key}")


def rev_after(desk: Desk, *keys: str) -> int:
    """Presses keys that save something; answers the revision."""
    rev = desk.get("/healthz")["rev"]
    for key in keys:
        desk.page.keyboard.press(key)
    return desk.wait_rev(rev)


@pytest.mark.promise("A planner works only with the keyboard through split and merge, in both languages")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_split_and_merge_without_a_mouse(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang, sign_in=False)
    key, name, (point, unit) = desk.page.keyboard, f"keys-{lang[:2]}", WORDS[lang[:2]]
    desk.page.goto(f"{desk.address}/sign-in")
    desk.page.locator("[name=account]").focus()
    key.type("planner")
    key.press("Tab")
    key.type("Planner-2026")
    key.press("Enter")
    desk.ready()
    desk.page.evaluate(HEARD)

    key.press("Control+f")
    key.type(CODE)
    desk.page.locator("#search [role=option]").first.wait_for()
    key.press("Enter")
    desk.calm()
    area = desk.get(f"/api/areas/{CODE}?geometry=true")
    desk.wait_side(f"{area['population']:,}")
    assert on_map(desk), "after a search the map has the keys"
    told = re.sub(r"\s", "", desk.page.locator("#foot .at").inner_text())  # with spaces of several widths
    assert [float(one) for one in re.findall(r"\d+\.\d+", told)] == pytest.approx(desk.view()[:0:-1], abs=1e-4), "where one is"

    shape = shapely.geometry.shape(area["geometry"])
    west, south, east, north = shape.bounds
    middle = shape.representative_point()
    desk.tool("x")
    desk.page.locator(".crosshair").wait_for()
    box = desk.page.locator("#map").bounding_box()
    assert cross(desk) == pytest.approx((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), abs=2), "it begins in the middle"
    before = desk.view()
    go(desk, west - (east - west) * 0.1, middle.y)
    assert desk.view() == before, "the map stays"
    key.press("Enter")
    go(desk, east + (east - west) * 0.1, middle.y)
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    assert hears(desk, "A .* B "), "both sides are told while the line is drawn"
    key.press("Space")
    assert hears(desk, rf"^{point}\b.*A .*{unit}.*B .*{unit}")
    desk.shot(f"{name}-1-split")
    key.press("k")
    assert hears(desk, KEEPS[lang[:2]])
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    key.press("k")
    rev_after(desk, "Enter")
    pieces = desk.get("/api/edits?mine=true&limit=1")["edits"][0]["areas"]
    counts = [desk.get(f"/api/areas/{code}")["households"] for code in pieces]
    assert len(pieces) == 2 and sum(counts) == area["households"], "nobody is lost"
    assert on_map(desk), "after saving the map has the keys again"

    rev_after(desk, "Control+z")
    assert desk.get(f"/api/areas/{CODE}?geometry=true")["geometry"] == area["geometry"]
    rev_after(desk, "Control+Shift+z")
    assert desk.get(f"/api/areas/{pieces[1]}")["households"] == counts[1]
    rev_after(desk, "Control+z")

    key.press("Escape")
    key.press("v")
    expect(desk.page.locator(".crosshair"), "no cross-hair without a tool that draws").to_have_count(0)
    heard(desk)
    key.press("Tab")
    assert hears(desk, rf"{unit}.*\d")
    now = desk.page.evaluate("() => new URLSearchParams(location.hash.slice(1)).get('area')")
    assert now and on_map(desk)
    key.press("Shift+Tab")

    key.press("Control+f")
    key.type(CODE)
    desk.page.locator("#search [role=option]").first.wait_for()
    key.press("Enter")
    desk.calm()
    siblings = [one for one in desk.get(f"/api/areas?parent={area['parent']}&geometry=true")["areas"]
                if shapely.geometry.shape(one["geometry"]).intersection(shape).length > 1e-5 and one["code"] != CODE]
    desk.tool("c")
    wanted = {one["code"]: one for one in siblings}
    for _ in range(60):
        key.press("Tab")
        key.press("Space")
        desk.calm()
        if desk.page.locator("#side [data-key=save]:not([aria-disabled])").count():
            break
        key.press("Space")  # not a neighbour: out again
        desk.calm()
    desk.shot(f"{name}-2-merge")
    assert wanted and desk.page.locator("#side [data-key=save]:not([aria-disabled])").count()
    key.press("k")
    assert hears(desk, KEEPS[lang[:2]])
    rev_after(desk, "Enter")
    merged = desk.get("/api/edits?mine=true&limit=1")["edits"][0]
    assert merged["op"] == "merge"
    assert desk.get(f"/api/areas/{merged['areas'][0]}")["households"] >= area["households"]
    rev_after(desk, "Control+z")
    assert desk.page.evaluate("() => mice") == [], "not one event of a mouse"
    assert [text for text in desk.complaints if "GPU stall" not in text and "422" not in text] == []


def test_the_map_is_no_trap(desk_in):
    desk: Desk = desk_in("demo")
    desk.page.locator("#canvas canvas").focus()
    desk.page.keyboard.press("Tab")
    assert on_map(desk), "Tab walks the areas"
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Tab")
    assert not on_map(desk), "Esc, then Tab leaves"
    desk.page.keyboard.press("Shift+Tab")
    desk.page.locator("#canvas canvas").focus()
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Shift+Tab")
    assert not on_map(desk), "backwards, too"
    came = False
    for _ in range(3):
        desk.page.keyboard.press("F6")
        came = came or on_map(desk)
    assert came, "F6 comes round"


@in_full
def test_enter_ends_and_coordinates_can_be_typed(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    desk.find(CODE)
    area = desk.get(f"/api/areas/{CODE}?geometry=true")
    west, south, east, north = area["bounds"]
    y = _inside(area)[1]
    desk.tool("x")
    for text in (f"{west - 0.0002:.7f} {y:.7f}", f"{y:.7f}, {east + 0.0002:.7f}"):
        desk.page.keyboard.press("j")
        desk.page.locator("#place-entry").fill(text)
        desk.page.keyboard.press("Enter")
        desk.calm()
    desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()
    rev_after(desk, "Enter")
    edit = desk.get("/api/edits?mine=true&limit=1")["edits"][0]
    assert edit["op"] == "split"
    rev_after(desk, "Control+z")
    desk.page.keyboard.press("j")
    desk.page.locator("#place-entry").fill("somewhere")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#place-entry"), "what is no place is said").to_have_attribute("aria-invalid", "true")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("l")
    desk.page.locator(".crosshair").wait_for()
    for keys in (["Enter"], ["ArrowRight"] * 8 + ["Enter"], ["ArrowDown"] * 8 + ["Enter"], ["Enter"]):
        for one in keys:
            desk.page.keyboard.press(one)
    assert " m" in desk.page.locator(".ctip").inner_text() and "encloses" in desk.page.locator(".ctip").inner_text()
    box = desk.page.locator("#canvas").bounding_box()
    desk.page.mouse.move(box["x"] + 300, box["y"] + 300)
    desk.page.mouse.move(box["x"] + 320, box["y"] + 320)
    expect(desk.page.locator(".crosshair"), "the mouse takes over").to_have_count(0)


# ---- names ----------------------------------------------------------------------------------------------------------
INTERACTIVE = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "slider", "tab", "option", "menuitem",
               "menuitemradio", "menuitemcheckbox", "spinbutton", "switch", "listbox", "dialog", "alertdialog", "region", "Canvas",
               "canvas", "toolbar", "radiogroup", "DisclosureTriangle"}  # fmt: skip


def nameless(desk: Desk) -> list[str]:
    """Interactive elements of the page as assistive technology sees it that say nothing of themselves."""
    session = desk.page.context.new_cdp_session(desk.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    assert len(nodes) > 20, "the tree of the page is read"
    found = []
    for node in nodes:
        role = node.get("role", {}).get("value", "")
        if not node.get("ignored") and role in INTERACTIVE and not (node.get("name", {}).get("value") or "").strip():
            found.append(f"{role} {node.get('backendDOMNodeId')}")
    return found


def assert_named(desk: Desk, where: str) -> None:
    lost = nameless(desk)
    if lost:
        session = desk.page.context.new_cdp_session(desk.page)
        lost = [session.send("DOM.describeNode", {"backendNodeId": int(one.split()[1])})["node"] for one in lost]
        lost = [f"{node['nodeName']} {node.get('attributes')}" for node in lost]
    assert lost == [], f"{where}: {lost}"


def pages_of_the_program() -> list[str]:
    """Addresses that show a page to people."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"gpkg://{folder}/empty.gpkg", load().rules, create=True)
        rules = list(create_app(load(), store).url_map.iter_rules())
        store.close()
    machine = ("/api", "/tiles", "/live", "/static", "/healthz", "/metrics", "/ogc")
    return sorted({rule.rule for rule in rules if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith(machine)})


@pytest.mark.promise("Every control of every page has a name for screen readers")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_control_of_every_page_has_a_name(desk_in, lang: str):
    desk: Desk = desk_in("demo", lang, sign_in=False)
    desk.page.goto(f"{desk.address}/sign-in")
    assert_named(desk, "/sign-in")
    for account, password in (("admin", "Admin-2026"), ("planner", "Planner-2026")):
        desk.page.context.clear_cookies()
        desk.page.goto(f"{desk.address}/sign-in")
        desk.page.fill("[name=account]", account)
        desk.page.fill("[name=password]", password)
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_function("() => location.pathname !== '/sign-in'")
        for path in pages_of_the_program():
            if path in ("/sign-in",):
                continue
            answer = desk.page.goto(f"{desk.address}{path}")
            if "html" not in (answer.headers.get("content-type") or ""):
                continue
            desk.calm()
            assert_named(desk, f"{account} {path}")


def test_every_control_of_the_map_page_has_a_name_whatever_is_open(desk_in):
    desk: Desk = desk_in("demo")
    press = desk.page.keyboard.press
    assert_named(desk, "totals")
    for width, height in ((1366, 768), (1280, 720), (1440, 900)):
        desk.page.set_viewport_size({"width": width, "height": height})
        hidden = desk.page.locator("#rail").evaluate("(rail) => rail.scrollHeight - rail.clientHeight")
        assert hidden <= 0, "all tools in sight"
    desk.find(CODE)
    desk.page.locator("#side [data-key=facts]").wait_for()
    assert_named(desk, "card")
    desk.page.locator("#side [data-key=facts]").click()
    desk.calm()
    assert_named(desk, "facts")
    desk.page.locator("#side [data-key=shut]").click()
    for tool in ("x", "c", "z", "l"):
        desk.tool(tool)
        assert_named(desk, f"tool {tool}")
    press("v")
    press("F8")
    desk.calm()
    assert_named(desk, "findings")
    desk.page.locator("#canvas canvas").focus()
    for key, what in (("?", "keys"), ("e", "export")):
        press(key)
        desk.page.locator("dialog[open]").wait_for()
        assert_named(desk, what)
        press("Escape")
    press("x")
    press("j")
    assert_named(desk, "coordinates")
    press("Escape")
    for opener in ("#user", "#map .zoomer button:last-child", "#map .legend [data-key=change]", "#crumb button:last-of-type"):
        desk.page.locator(opener).click()
        desk.calm()
        assert_named(desk, opener)
        press("Escape")
