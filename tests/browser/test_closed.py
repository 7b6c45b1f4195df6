"""The store is closed for changes while somebody draws: a band says why, tools stay and say the same, the line is kept and
saved as soon as the store is open again."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk, serving
from tests.mapapp.web import PASSWORD, build
from tests.tainan import weige

CODE = "11"


def test_a_closed_store_is_said_and_what_was_drawn_is_kept(tmp_path: Path, shots: Path, browser):
    url = f"gpkg://{tmp_path / 'town.gpkg'}"
    build(tmp_path, url)
    with serving(url) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai")
        desk = Desk(context.new_page(), address, shots)
        desk.start("mayor", PASSWORD)
        desk.find(CODE)
        west, south, east, north = desk.get(f"/api/areas/{CODE}")["bounds"]
        middle = (south + north) / 2
        desk.tool("x")
        for lon in (west - (east - west) / 4, east + (east - west) / 4):
            desk.click(lon, middle)
        desk.page.locator("#side [data-key=save]:not([aria-disabled])").wait_for()

        assert weige(url, "mode", "read-only", "--note", "今晚搬库")[0] == 0
        band = desk.page.locator(".band")
        expect(band).to_contain_text(re.compile("只读.*今晚搬库", re.DOTALL))
        expect(desk.page.locator("[data-tool=split]")).to_have_attribute("aria-disabled", "true")
        assert desk.page.locator("[data-tool=measure]").get_attribute("aria-disabled") is None
        rev = desk.get("/healthz")["rev"]
        desk.page.keyboard.press("Enter")
        desk.page.locator("#side [data-key=again]").wait_for()
        desk.shot("closed-while-drawing")
        assert desk.get("/healthz")["rev"] == rev

        assert weige(url, "mode", "normal")[0] == 0
        band.wait_for(state="hidden")
        expect(desk.page.locator("[data-tool=merge]")).not_to_have_attribute("aria-disabled", "true")
        desk.page.locator("#side [data-key=again]").click()
        assert desk.wait_rev(rev) == rev + 1
        assert [line for line in desk.complaints if "503" not in line] == [] and desk.foreign == []
        context.close()
