"""A line across several areas: each of them before, and what it falls into after, with every figure."""

from __future__ import annotations

from tests.browser.desk import Desk
from tests.browser.test_reshape import complaints

COLUMNS = {"households": lambda area: area["households"], "people": lambda area: area["population"],
           "special groups": lambda area: area["special_total"], "need": lambda area: area["staff"]["need"],
           "have": lambda area: area["staff"]["have"]}


def test_each_area_is_shown_as_it_is_and_what_it_falls_into(desk_in):
    desk: Desk = desk_in("demo", "zh-CN")
    middle = next(one for one in desk.get("/api/areas?level=micro_grid&limit=400")["areas"] if one["name"].startswith("05-09"))
    desk.find(middle["code"])
    west, south, east, north = desk.get(f"/api/areas/{middle['code']}")["bounds"]
    for key in ("Escape", "Escape", "-"):
        desk.page.keyboard.press(key)
    desk.calm()
    desk.calm()
    desk.tool("x")
    wide, y = east - west, (south + north) / 2
    desk.click(west - wide * 0.9, y)
    desk.click(east + wide * 0.9, y + (north - south) * 0.06)
    table = desk.page.locator("#side table.pieces")
    table.wait_for()
    desk.shot("split-many")
    rows = table.evaluate("""(table) => [...table.rows].slice(1).map((row) => [row.className, row.cells[0].innerText,
                             ...[...row.cells].slice(1).map((cell) => Number(cell.innerText.replaceAll(",", "")))])""")
    groups: list[list] = []
    for look, head, *figures in rows:
        if look != "":
            groups.append([look, head.split()[0], figures, []])
        else:
            groups[-1][3].append(figures)
    assert [look for look, *_ in groups] == ["was"] * (len(groups) - 1) + ["grp"] and len(groups) > 3
    everyone = desk.get("/api/areas?level=micro_grid&limit=1000")["areas"]
    cards = {one["name"].removesuffix("微网格"): one["code"] for one in everyone if one["code"][:12] == middle["code"][:12]}
    for _, name, was, pieces in groups[:-1]:
        area = desk.get(f"/api/areas/{cards[name]}")
        assert was[:5] == [of(area) for of in COLUMNS.values()], name
        assert len(pieces) > 1 and [sum(column) for column in list(zip(*pieces))[:3]] == was[:3], "nobody is lost or counted twice"
    assert groups[-1][2][:3] == [sum(column) for column in zip(*(was[:3] for _, _, was, _ in groups[:-1]))]
    desk.page.keyboard.press("Escape")
    assert complaints(desk) == []
