"""Search by name, code, address or coordinates."""

from __future__ import annotations

import pytest

from tests.mapapp.doing import split
from tests.mapapp.web import Web


def found(web: Web, words: str, who: str = "mayor") -> list[dict]:
    answer = web.get("/api/search", who, query_string={"q": words})
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


@pytest.mark.parametrize(
    "words, kind, name",
    [
        ("11", "area", "微网格 11"),
        ("微网格 11", "area", "微网格 11"),
        ("河心岛", "area", "微网格 24"),
        ("6/3", "area", "微网格 63"),
        ("c1", "area", "C1"),
        ("楼 inside", "building", "楼 inside"),
        ("B-inside", "building", "楼 inside"),
        ("小区 other", "estate", "小区 other"),
        ("市场", "place", "市场 inside"),
        ("长街1号 sibling", "address", "长街1号 sibling"),
        ("cj", "address", "长街1号 inside"),
        ("ZONE-inside", "zone", "封控 inside"),
    ],
)
def test_the_first_result_of_its_kind_is_what_was_meant(shared: Web, words: str, kind: str, name: str) -> None:
    results = [result for result in found(shared, words) if result["kind"] == kind]
    assert results[0]["name"] == name
    assert len(results[0]["where"]) == 2 and set(results[0]) == {
        "kind",
        "code",
        "fid",
        "name",
        "detail",
        "level",
        "where",
        "bounds",
    }


@pytest.mark.parametrize("words", ["120.211 23.002", "23.002, 120.211", "120.211，23.002", "120.211°,23.002°"])
def test_coordinates_are_understood_in_either_order(shared: Web, words: str) -> None:
    assert found(shared, words)[0]["kind"] == "coordinates" and found(shared, words)[0]["where"] == [120.211, 23.002]


@pytest.mark.parametrize(
    "words", ["%", "_", "\\", "'; drop table areas; --", "999 999", "1e400 2", "x" * 100, "\u200b"]
)
def test_odd_words_find_nothing_and_break_nothing(shared: Web, words: str) -> None:
    assert found(shared, words) == []


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=" + "x" * 101, "q=a%00", "words=11"])
def test_no_words_are_refused(shared: Web, query: str) -> None:
    answer = shared.get(f"/api/search?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input")


def test_a_code_of_before_leads_to_where_its_ground_went(town: Web) -> None:
    done = town.post("/api/edits", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert [result["code"] for result in found(town, "11") if result["kind"] == "area"] == ["21"]
    assert not [result for result in found(town, "11", "outsider") if result["kind"] == "area"]
    town.post(f"/api/edits/{done.json['rev']}/undo")
    assert found(town, "11")[0]["code"] == "11"


def test_codes_merged_to_and_fro_are_still_found(town: Web) -> None:
    """11 went into 21 and came back, then 21 went into 11, and 11 into 22: the old lead from 11 to 21 is no way."""
    done = town.post("/api/edits", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert town.post(f"/api/edits/{done.json['rev']}/undo").status_code == 200
    assert town.post("/api/edits", json={"op": "merge", "targets": ["11", "21"], "keep": "11"}).status_code == 200
    assert town.post("/api/edits", json={"op": "merge", "targets": ["11", "22"], "keep": "22"}).status_code == 200
    for code in ("11", "21"):
        assert [result["code"] for result in found(town, code) if result["kind"] == "area"] == ["22"]


def test_the_parts_of_a_cut_area_are_found_by_its_code(town: Web) -> None:
    done = town.post("/api/edits", json=split(town, "inside", "mayor"))
    new = next(change["code"] for change in done.json["changed"] if change["new"])
    assert {"11", new} <= {result["code"] for result in found(town, "11")}
