"""Two sessions cut the same ground: the later one takes its own line instead, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import shapely

from geodata.checking import check_store
from layers.areas import to_degrees
from tests.geodata.stores import content
from tests.mapapp.test_api_history import back, mine
from tests.mapapp.web import Browser, Web, build, open_town

SIDE = "two cuts beside each other"
TWICE = {SIDE: [(0.4, False), (0.6, False)], "two cuts that cross": [(0.5, False), (0.5, True)],
         "the same cut": [(0.5, False), (0.5, False)]}


@pytest.fixture
def anywhere(request: pytest.FixtureRequest, kind: str, built: dict, tmp_path) -> Iterator[Web]:
    """A town of its own in that store."""
    made = build(tmp_path / "made", request.getfixturevalue("fresh_postgis")()) if kind == "postgis" else built
    one = open_town(made, tmp_path)
    yield one
    one.close()


def cut(web: Web, code: str, share: float, level: bool) -> dict[str, Any]:
    """A cut through an area at that share of its width, or of its height."""
    with web.store.read() as reader:
        area = reader.area(code)
    west, south, east, north = area.shape.bounds
    x, y = west + (east - west) * share, south + (north - south) * share
    ends = [(west - 900, y), (east + 900, y + 7)] if level else [(x, south - 900), (x + 7, north + 900)]
    line = shapely.geometry.mapping(to_degrees(shapely.LineString(ends)))
    return {"op": "split", "targets": [code], "line": line, "versions": {code: area.version}}


def sent(session: Browser, form: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = session.send("POST", "/api/edits", form)
    assert answer.status_code == status, answer.text
    return answer.json


def instead(session: Browser, form: dict[str, Any]) -> int:
    """Saves as the page does: refused with the story of the other, then "mine over theirs"."""
    told = sent(session, form, 409)
    assert told["code"] == "stale"
    form = {**form, "instead_of": [edit["rev"] for edit in told["edits"]]}
    assert session.send("POST", "/api/edits/preview", form).status_code == 200
    return sent(session, form)["rev"]


@pytest.mark.parametrize("kind, lines, other", [("postgis", SIDE, "planner"), *product(["gpkg"], TWICE, ["planner", "mayor"])])
def test_mine_over_theirs_goes_back_and_forth_to_the_byte(anywhere: Web, lines: str, other: str) -> None:
    hers, his = anywhere.page("planner"), anywhere.page(other)
    start = content(anywhere.store)
    early = sent(hers, {"op": "merge", "targets": ["11", "21"], "keep": "11"})["rev"]
    earlier = content(anywhere.store)
    forms = [cut(anywhere, "31", *line) for line in TWICE[lines]]
    theirs = sent(his, forms[0])["rev"]
    between = content(anywhere.store)
    rev = instead(hers, forms[1])
    after = content(anywhere.store)
    for _ in range(2):
        assert mine(anywhere, "planner")[0] == rev
        back(anywhere, "undo")
        assert content(anywhere.store) == between, "what the other cut is there again as it was"
        back(anywhere, "redo")
        assert content(anywhere.store) == after
    back(anywhere, "undo")
    if other == "planner":
        assert mine(anywhere, "planner")[0] == theirs
        back(anywhere, "undo")
        assert content(anywhere.store) == earlier
        back(anywhere, "redo")
        assert content(anywhere.store) == between
        back(anywhere, "undo")
    assert mine(anywhere, "planner")[0] == early
    back(anywhere, "undo")
    if other == "planner":
        assert content(anywhere.store) == start
    else:
        back(anywhere, "undo", other)
        assert content(anywhere.store) == start
    assert check_store(anywhere.store)["gaps"] == check_store(anywhere.store)["overlaps"] == 0
