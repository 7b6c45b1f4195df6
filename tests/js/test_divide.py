"""What the tool Divide asks for and says of proposals, as the page's own module puts it."""

from __future__ import annotations

import json
import subprocess

from tests.js.test_coordinates import NODE, ROOT


def asked(expression: str, **values):
    """A JavaScript expression about `divide`."""
    names = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    script = (f"import {{ divide }} from {json.dumps((ROOT / 'static/js/edit/operations/divide.js').as_uri())};{names}"
              f"process.stdout.write(JSON.stringify({expression}));")
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True).stdout)


def proposal(border: float, along: int, off: int, least: int, most: int, ground: str) -> dict:
    return {"figures": {"border_m": border, "along": along, "off": off, "least": least, "most": most, "ground": ground}}


def test_a_way_that_was_shown_is_not_shown_again():
    same, other = (proposal(9, 5, 5, 1, 2, ground) for ground in "ab")
    assert asked("divide.distinct(all)", all=[same, same, same]) == [0]
    assert asked("divide.distinct(all)", all=[same, {}, same]) == [0, 1]
    assert asked("divide.distinct(all)", all=[same, other, same]) == [0, 1]


def test_only_one_is_the_most_even_by_the_figure_that_is_shown():
    first, second = proposal(90, 50, 48, 19, 45, "a"), proposal(99, 50, 48, 21, 45, "b")
    assert asked("divide.merits(all)", all=[first, second]) == [["divide.shortest"], ["divide.evenest"]]
    assert asked("divide.merits(all)", all=[first, second, proposal(99, 50, 48, 21, 45, "c")]) == [["divide.shortest"], [], []]
    assert asked("divide.merits(all)", all=[first, {}]) == [[], []] and asked("divide.merits(all)", all=[first]) == [[]]


def test_what_cannot_be_is_said_before_it_is_asked_and_beginnings_can_be():
    leaf = {"leaf": True, "households": 65, "staff": {"have": 87}, "norm": {"min": 15, "max": 60}}
    wish = {"way": "parts", "parts": 2, "min": 15, "max": 60}
    missing = lambda area, most=1000, **change: asked("divide.missing([area], wish, most)", area=area, wish=wish | change, most=most)  # noqa: E731
    assert missing(leaf) is None and missing(leaf, parts=1) == "divide.bad-parts"
    assert missing(leaf, most=1) == "divide.one-building" and missing(leaf | {"leaf": False}, most=1) == "divide.cannot"
    assert missing(leaf | {"locked": True}) == "divide.locked"
    assert missing(leaf, way="norm") is None and missing(leaf, way="norm", min=60, max=70) == "divide.one-part"
    assert missing(leaf | {"households": 0}, way="norm") == "divide.uncounted"
    parts = lambda way, most: asked("divide.parts([area], divide.known([area]), way, most)", area=leaf, way=way, most=most)  # noqa: E731
    assert (parts("parts", 9), parts("workers", 1000), parts("workers", 33)) == (2, 87, 33)


def test_more_parts_than_inhabited_buildings_are_asked_for_only_when_somebody_typed_the_number():
    house = {"leaf": True, "parent": "p", "level": "micro_grid", "households": 300, "buildings": 2, "norm": {"min": 15, "max": 60}}
    def most(*areas: dict, said: int = 1000, **wish) -> int:
        return asked("divide.most(areas, wish, said)", areas=areas, wish={"way": "parts", **wish}, said=said)

    assert most(house) == most(house, way="workers", asked=True) == most(house, way="norm") == 2
    assert most(house, asked=True) == 1000 and most(house, asked=True, said=3) == 3 and most(house, house | {"locked": True}) == 2
    assert most(house, house | {"households": 0}) == most(house | {"buildings": 0}) == most(house | {"households": None}) == 1000
    assert asked("divide.parts([area], divide.known([area]), 'parts', 2)", area=house) == 2, "the norm alone would be eight"
    missing = lambda **wish: asked("divide.missing([area], wish, 2)", area=house, wish={"parts": 2, "min": 15, "max": 60} | wish)  # noqa: E731
    assert (missing(way="parts"), missing(way="parts", parts=3), missing(way="norm")) == (None, "divide.most", "divide.most")


def test_areas_of_several_parents_begin_with_as_many_parts_as_they_can_become():
    def parts(*parents: str) -> int:
        return asked("divide.parts(areas, divide.known(areas))", areas=[
            {"leaf": True, "parent": parent, "level": "micro_grid", "households": 10, "norm": {"min": 15, "max": 60}} for parent in parents])

    assert (parts("a"), parts("a", "a"), parts("a", "b"), parts("a", "b", "c"), parts("a", "a", "b", "c")) == (2, 2, 3, 4, 3)


def test_findings_name_their_limit_and_many_heavy_buildings_are_one_line():
    heavy = {"kind": "building-too-heavy", "code": "42", "count": 45}
    def told(findings: list, way: str, homes: int = 50) -> list[str]:
        found = asked("divide.findings({ findings }, { way, tolerance: 0.1 }, { homes, areas: [1, 2, 3, 4] })",
                      findings=findings, way=way, homes=homes)
        return [one["kind"] for one in found]

    off = {"kind": "outside-tolerance", "code": "37", "count": 2}
    assert told([heavy, off], "parts") == ["outside-tolerance-heavy", "building-too-heavy-mean"]
    assert told([heavy] * 4, "norm") == ["building-too-heavy-many"]
    assert told([off], "parts", 9) == ["outside-tolerance-few"] and told([off], "parts") == ["outside-tolerance"]
    assert told([off, {"kind": "divided-by-ground"}], "parts", 9) == ["outside-tolerance", "divided-by-ground"]
