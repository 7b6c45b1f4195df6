"""A line half drawn is not lost by a slip: who leaves the page is asked, and a server that is gone for a while is waited for."""

from __future__ import annotations

from tests.browser.desk import Desk
from tests.browser.test_draw import leaf_with_neighbour
from tests.browser.test_main_job import _across
from tests.counts import in_full

SAVE = "#side [data-key=save]:not([aria-disabled])"


def begun(desk: Desk) -> tuple[tuple[float, float], tuple[float, float]]:
    """A leaf is chosen and a line across it begun; its ends."""
    one, _, _ = leaf_with_neighbour(desk)
    desk.find(one["code"])
    ends = _across(desk.get(f"/api/areas/{one['code']}?geometry=true"))
    desk.tool("x")
    desk.move(*ends[0])
    desk.click(*ends[0])
    return ends


def drawn(desk: Desk) -> None:
    """The same, to its end: it could be saved."""
    _, end = begun(desk)
    desk.move(*end)
    desk.click(*end)
    desk.page.locator(SAVE).wait_for()


def test_whoever_reloads_in_the_middle_of_a_line_is_asked(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    begun(desk)
    asked: list[str] = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with desk.page.expect_event("dialog"):
        desk.page.evaluate("location.reload()")
    assert asked == ["beforeunload"]
    desk.page.keyboard.press("Backspace")
    with desk.page.expect_event("load"):
        desk.page.evaluate("location.reload()")
    desk.ready()
    assert asked == ["beforeunload"], "nothing is drawn: nothing to lose"


@in_full
def test_a_search_in_the_middle_of_a_line_only_goes_there(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, other, _ = leaf_with_neighbour(desk)
    _, end = begun(desk)
    desk.find(other["code"])
    asked: list[dict] = []
    desk.page.on("request", lambda request: asked.append(request.post_data_json) if request.url.endswith("/preview") else None)
    desk.move(*end)
    desk.page.locator(SAVE).wait_for()
    desk.calm()
    assert asked[-1]["targets"] == [one["code"]] and one["code"] in desk.side()
    assert one["name"] in desk.page.locator("#crumb").inner_text()
    desk.page.keyboard.press("Escape")


@in_full
def test_an_area_picked_from_the_list_in_the_middle_of_a_line_is_the_one_that_is_cut(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    one, _, _ = leaf_with_neighbour(desk)
    start, end = begun(desk)
    for _ in range(3):  # the line goes, then the tool, then the area
        desk.page.keyboard.press("Escape")
    desk.wait_side("Totals")
    desk.tool("x")
    desk.click(*start)
    desk.page.locator("#side summary", has_text="Areas in view").click()
    desk.page.locator(f"#side [data-key='view {one['fid']}']").click()
    desk.page.locator("#crumb", has_text=one["name"]).wait_for()
    desk.wait_side(one["code"])
    desk.calm()
    with desk.page.expect_request("**/preview") as asked:
        desk.move(*end)
    assert asked.value.post_data_json["targets"] == [one["code"]]
    desk.page.keyboard.press("Escape")


def test_whoever_saves_twice_while_the_answer_is_on_its_way_saves_once(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    drawn(desk)
    rev, waiting = desk.get("/healthz")["rev"], []
    desk.page.route("**/api/edits", lambda route: waiting.append(route) if route.request.method == "POST" else route.fallback())
    with desk.page.expect_request("**/api/edits"):
        desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    desk.page.locator(SAVE).dblclick()
    desk.page.keyboard.press("Control+z")  # of what is not yet there
    waiting.pop(0).continue_()
    desk.wait_rev(rev + 1)
    assert waiting == [], "one edit, and no quarrel with oneself about it"
    undone, done, *_ = desk.get("/api/edits?mine=true&limit=2")["edits"]
    assert (done["op"], done["rev"], undone["undoes"]) == ("split", rev + 1, rev + 1), "not the edit before it"
    desk.page.unroute("**/api/edits")


@in_full
def test_a_step_back_in_the_middle_of_a_line_takes_back_its_point_and_no_edit(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    drawn(desk)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/undo") else None)
    desk.page.keyboard.press("Control+z")
    desk.page.keyboard.press("Control+z")
    desk.page.locator("#side [data-key=split]").wait_for()
    assert asked == [] and desk.page.locator("#side [data-key=save]").count() == 0, "the line is gone, the card is back"


def test_a_line_drawn_while_the_server_was_gone_can_be_saved_when_it_is_back(desk_in):
    desk: Desk = desk_in("demo", "en-US")
    _, end = begun(desk)
    tip = desk.page.locator(".ctip")
    desk.page.route("**/api/edits/preview", lambda route: route.abort())
    desk.move(*end)
    desk.click(*end)
    tip.get_by_text("Offline").wait_for()
    with desk.page.expect_event("requestfailed"):
        desk.page.keyboard.press("Enter")  # asks again
    desk.page.locator("#alarm", has_text="Offline").wait_for(state="attached")
    assert "Offline" in tip.inner_text(), "not that the line crosses nothing"
    desk.page.unroute("**/api/edits/preview")
    desk.page.locator(SAVE).wait_for()
    desk.shot("leaving-back")
    rev, held = desk.get("/healthz")["rev"], []
    desk.page.route("**/api/areas/*", lambda route: held.append(route))
    with desk.toasts_stay():
        desk.page.keyboard.press("Enter")
        desk.page.locator(".toast", has_text="Split").wait_for()
    assert desk.page.locator("#side [data-key=save], #side .chip.edit").count() == 0, "saved, though its card is still on its way"
    for route in held:
        route.continue_()
    desk.page.unroute("**/api/areas/*")
    rev = desk.wait_rev(rev)
    desk.page.keyboard.press("Control+z")
    desk.wait_rev(rev)
