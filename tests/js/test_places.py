"""What an area is called where there is little room, as the page's own module puts it."""

from __future__ import annotations

import json

from tests.js.test_tracing import BOOT, run


def called(*areas: dict) -> list[str]:
    """The short name of each."""
    return run("../ui/places.js", f"process.stdout.write(JSON.stringify({json.dumps(areas)}.map((area) => it.places.short(area))));")


def test_a_part_of_an_area_is_called_after_it():
    assert called({"code": "A6732-0133-00"}, {"code": "A6732-0133-00-2"}, {"code": "A6732-0133-00-12"}) == ["0133-00", "0133-00-2", "0133-00-12"]


def test_an_area_is_called_by_its_number_whatever_its_kind():
    names = ("01-03专属网格", "01-04网格", "2-13", "04-051专属网格")
    assert called(*({"code": "33029900100100103", "name": name, "level": "leaf"} for name in names)) == ["01-03", "01-04", "2-13", "00103"]


def test_of_many_areas_the_first_are_named_and_all_are_counted(monkeypatch):
    monkeypatch.setitem(BOOT, "messages", {"list.and-more": "{what} of {n}", "list.comma": ", "})
    areas = [{"code": f"A6732-00{k}-00"} for k in range(10, 15)]
    said = [run("../ui/places.js", f"process.stdout.write(JSON.stringify(it.places.names({json.dumps(some)})));") for some in (areas[:2], areas)]
    assert said == ["0010-00, 0011-00", "0010-00, 0011-00, 0012-00 of 5"]
