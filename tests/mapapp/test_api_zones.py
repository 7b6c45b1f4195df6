"""Zones over the API: proposed, looked at, withdrawn, taken back; never changed by anything else."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from tests.mapapp.doing import polygon, split, zone_at
from tests.mapapp.web import UNKNOWN, Web

AREAS = {
    "kind": "lockdown",
    "name": "一号楼封控",
    "areas": ["11", "21"],
    "from": "2026-03-01T08:00:00+08:00",
    "reason": "初筛阳性",
    "order_no": "〔2026〕3号",
}


def propose(web: Web, form: dict[str, Any], who: str = "planner") -> dict[str, Any]:
    answer = web.post("/api/zones", who, json=form)
    assert answer.status_code == 201, answer.text
    return answer.json


def rows(web: Web) -> list:
    with web.store.read() as reader:
        return [
            (row["fid"], row["status"], row["version"], row["geom"].wkb, row["members"], row["households"])
            for row in reader.rows("zones")
        ]


def decided(web: Web) -> list:
    """The same without the names of the areas that hold a proposal's ground: these follow."""
    return [(fid, status, version, ground, members if status != "proposed" else None, homes)
            for fid, status, version, ground, members, homes in rows(web)]


def test_a_proposal_counts_the_people_of_its_areas(town: Web) -> None:
    zone = propose(town, AREAS)
    cards = [town.area(code) for code in AREAS["areas"]]
    for figure in ("households", "population", "special_total"):
        assert zone["figures"][figure] == sum(card[figure] for card in cards), figure
    assert zone["figures"]["unknown_leaves"] == 0 and not zone["figures"]["estimated"]
    assert {key: zone[key] for key in ("kind", "name", "reason", "order_no", "from")} == {
        key: AREAS[key] for key in ("kind", "name", "reason", "order_no", "from")
    }
    assert zone["status"] == "proposed" and zone["proposed_by"] == "planner" and zone["can_withdraw"]
    shape = shapely.geometry.shape(zone["geometry"])
    ground = shapely.union_all(
        [
            shapely.geometry.shape(town.get(f"/api/areas/{code}?geometry=true").json["geometry"])
            for code in AREAS["areas"]
        ]
    )
    assert shape.is_valid and shape.symmetric_difference(ground).area < 1e-12
    assert shape.contains(shapely.Point(zone["where"])) and zone["bounds"] == list(shape.bounds)
    assert town.get(f"/api/zones/{zone['id']}", "planner").json == zone


@pytest.mark.parametrize("ground", ["areas", "an area above", "houses", "polygon", "unknown"])
def test_a_preview_says_what_the_proposal_will_hold_and_writes_nothing(town: Web, ground: str) -> None:
    form = {"kind": "control"} | {
        "areas": {"areas": ["11", "21"]},
        "an area above": {"areas": ["C1"]},
        "houses": {"buildings": [1, 2, town.fids["buildings"]["inside"]]},
        "polygon": {"polygon": polygon(town, "inside")},
        "unknown": {"areas": [UNKNOWN, "11"]},
    }[ground]
    before, head = rows(town), town.store.head()
    seen = town.post("/api/zones?preview=true", json=form)
    assert seen.status_code == 200 and seen.json["id"] is None, seen.text
    assert rows(town) == before and town.store.head() == head
    done = propose(town, form, "mayor")
    assert seen.json["figures"] == done["figures"] and seen.json["geometry"] == done["geometry"]
    assert done["figures"]["unknown_leaves"] == (1 if ground in ("unknown", "an area above") else 0)
    if ground == "an area above":
        assert done["figures"]["households"] == town.area("C1")["households"]


def test_a_drawn_border_counts_the_houses_inside_it(town: Web) -> None:
    house = town.get(f"/api/buildings/{town.fids['buildings']['inside']}").json
    shape = shapely.geometry.shape(house["geometry"]).buffer(1e-6, join_style="mitre")
    zone = propose(town, {"kind": "lockdown", "polygon": shapely.geometry.mapping(shape)})
    assert zone["figures"]["households"] == 4, "its stairwell counts, not the house"
    assert zone["area"] == "11" and zone["members"] == {"polygon": True}


def test_another_word_for_a_kind_is_understood(town: Web) -> None:
    assert propose(town, {"kind": "high", "areas": ["11"]})["kind"] == "lockdown"


def test_zones_are_listed_by_status(town: Web) -> None:
    zone_at(town, "inside", "chief", "in_force"), zone_at(town, "inside", "chief", "lifted")
    statuses = lambda query: sorted(zone["status"] for zone in town.get(f"/api/zones{query}").json["zones"])  # noqa: E731
    assert statuses("") == ["in_force", "proposed", "proposed", "proposed"]
    assert statuses("?status=in_force") == ["in_force"] and statuses("?status=lifted") == ["lifted"]
    assert (
        "geometry" in town.get("/api/zones?geometry=true").json["zones"][0]
        and "geometry" not in town.get("/api/zones").json["zones"][0]
    )


def test_a_withdrawn_proposal_can_be_taken_back(town: Web) -> None:
    zone = propose(town, AREAS)
    gone = town.delete(f"/api/zones/{zone['id']}", "planner")
    assert gone.status_code == 200 and gone.json == {"id": zone["id"], "withdrawn": True, "rev": town.rev}
    assert town.get(f"/api/zones/{zone['id']}", "planner").status_code == 404
    back = town.post(f"/api/zones/{zone['id']}/restore", "planner")
    assert back.status_code == 200, back.text
    same = zone.keys() - {"version", "rev", "events"}
    assert {key: back.json[key] for key in same} == {key: zone[key] for key in same}
    assert [line["kind"] for line in back.json["events"]] == ["proposed", "withdrawn", "restored"]
    assert town.post(f"/api/zones/{zone['id']}/restore", "planner").status_code == 404, "it is there already"


def test_what_is_in_force_is_not_withdrawn_and_says_so(town: Web) -> None:
    fid = zone_at(town, "inside", "planner", "in_force")
    answer = town.delete(f"/api/zones/{fid}", "commander")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden") and "in_force" in answer.json["detail"]


def test_redraw_changes_no_zone(town: Web) -> None:
    zone_at(town, "inside", "planner", "in_force")
    propose(town, AREAS)
    before = decided(town)
    done = town.post("/api/edits", json=split(town, "inside", "mayor")).json
    assert decided(town) == before
    town.post("/api/edits", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert decided(town) == before
    town.post(f"/api/edits/{done['rev'] + 1}/undo")
    town.post(f"/api/edits/{done['rev']}/undo")
    assert decided(town) == before


def test_the_names_of_zones_go_on(town: Web) -> None:
    names = [propose(town, {"kind": "control", "areas": ["11"]})["code"] for _ in range(3)]
    assert len(set(names)) == 3 and names == sorted(names)


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[120.21, 23.0], [120.211, 23.0], [120.211, 23.001], [120.21, 23.001], [120.21, 23.0]]],
}
BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[120.21, 23.0], [120.212, 23.003], [120.212, 23.0], [120.21, 23.003], [120.21, 23.0]]],
}
FAR = {"type": "Polygon", "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 10]]]}


@pytest.mark.parametrize(
    "form, status, code",
    [
        ({"areas": ["11"]}, 422, "missing-field"),
        ({"kind": "lockdown"}, 422, "missing-field"),
        ({"kind": "", "areas": ["11"]}, 422, "missing-field"),
        ({"kind": "castle", "areas": ["11"]}, 400, "bad-input"),
        ({"kind": "prevention", "areas": ["11"]}, 422, "derived-kind"),
        ({"kind": "low", "areas": ["11"]}, 422, "derived-kind"),
        ({"kind": ["lockdown"], "areas": ["11"]}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "polygon": SQUARE}, 422, "missing-field"),
        ({"kind": "lockdown", "areas": []}, 422, "missing-field"),
        ({"kind": "lockdown", "areas": ["nowhere"]}, 404, "unknown-area"),
        ({"kind": "lockdown", "areas": "11"}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": [11]}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"] * 5000}, 400, "bad-input"),
        ({"kind": "lockdown", "buildings": [99999]}, 404, "not-found"),
        ({"kind": "lockdown", "buildings": ["1"]}, 400, "bad-input"),
        ({"kind": "lockdown", "buildings": [True]}, 400, "bad-input"),
        ({"kind": "lockdown", "buildings": [10**30]}, 400, "bad-input"),
        ({"kind": "lockdown", "buildings": list(range(100_000))}, 400, "bad-input"),
        ({"kind": "lockdown", "polygon": BOWTIE}, 422, "bad-geometry"),
        ({"kind": "lockdown", "polygon": FAR}, 422, "bad-geometry"),
        ({"kind": "lockdown", "polygon": {"type": "Point", "coordinates": [120, 23]}}, 422, "bad-geometry"),
        ({"kind": "lockdown", "polygon": "all"}, 422, "bad-geometry"),
        (
            {"kind": "lockdown", "polygon": {"type": "Polygon", "coordinates": [[[120, 23], [121, 23], [120, 23]]]}},
            422,
            "bad-geometry",
        ),
        (
            {
                "kind": "lockdown",
                "polygon": {"type": "Polygon", "coordinates": [[[400, 23], [401, 23], [401, 24], [400, 23]]]},
            },
            422,
            "bad-geometry",
        ),
        ({"kind": "lockdown", "areas": ["11"], "name": "x" * 61}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "name": 5}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "from": "tomorrow"}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "from": "2026-03-01T08:00:00"}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "from": 5}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "reason": "x" * 100_000}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "status": "in_force"}, 400, "bad-input"),
        ({"kind": "lockdown", "areas": ["11"], "approved_by": "me"}, 400, "bad-input"),
    ],
)
def test_a_wrong_proposal_is_refused_and_nothing_is_written(shared: Web, form: dict, status: int, code: str) -> None:
    rev = shared.rev
    for path in ("/api/zones", "/api/zones?preview=true"):
        answer = shared.post(path, json=form)
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
        assert len(answer.text) < 1500
    assert shared.rev == rev


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/api/zones?status=open", 400),
        ("GET", "/api/zones?geometry=2", 400),
        ("GET", "/api/zones/1?x=1", 400),
        ("POST", "/api/zones?preview=perhaps", 400),
        ("GET", "/api/zones/99999", 404),
        ("DELETE", "/api/zones/99999", 404),
        ("POST", "/api/zones/99999/restore", 404),
        ("GET", "/api/zones/" + "9" * 30, 404),
        ("POST", "/api/zones/1/restore", 404),
        ("GET", "/api/zones/x", 404),
        ("POST", "/api/zones/1/approve", 403),
        ("POST", "/api/zones/99999/lift", 400),
        ("POST", "/api/zones/99999/upgrade", 400),
        ("GET", "/api/zones/summary?area=nowhere", 404),
        ("GET", "/api/zones/summary?status=proposed", 400),
        ("GET", "/api/zones?area=nowhere", 404),
        ("DELETE", "/api/zones", 405),
    ],
)
def test_what_is_not_there_is_said(shared: Web, method: str, path: str, status: int) -> None:
    answer = shared.ask(method, path, json={"kind": "lockdown", "areas": ["11"]})
    assert answer.status_code == status and answer.json["status"] == status
