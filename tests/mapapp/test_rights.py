"""Who may do what where: every address x every role x every place, written down by hand; what is out of sight is not told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import count

import geopandas
import mapbox_vector_tile
import pytest
import shapely
from sqlalchemy import insert

from geodata import undoing
from geodata.layer_tiles import SHOWN
from geodata.schema import JOBS
from layers.areas import to_degrees
from layers.population import inner_point
from layers.schema import LAYERS
from mapapp.rights import ACTIONS
from tests.mapapp.web import NAMES, OBJECTS, PASSWORD, PHONE, PLACES, Web, open_town

# The roles are held in community C1. Places: a leaf of C1, a leaf of the community beside it, the town above both, a
# leaf of another town. `mixed` is a planner in C1 who may look at everything. 401 = who are you, 403 = not with your
# roles, 404 = not in your sight (also when it exists).
TABLE = """
case                     place    nobody none viewer reporter planner commander auditor admin mixed
page                     -           401  403    200      200     200       200     403   200   200
sign-in page             -           200  302    302      302     302       302     302   302   302
sign-in form             -           400  400    400      400     400       400     400   400   400
sign-out                 -           400  400    400      400     400       400     400   400   400
language                 -           302  302    302      302     302       302     302   302   302
health                   -           200  200    200      200     200       200     200   200   200
style sheet              -           200  200    200      200     200       200     200   200   200

areas                    -           401  403    200      200     200       200     403   200   200
areas of parent          inside      401  403    200      200     200       200     403   200   200
areas of parent          sibling     401  403    404      404     404       404     403   404   200
areas of parent          above       401  403    404      404     404       404     403   404   200
areas of parent          other       401  403    404      404     404       404     403   404   200
area                     inside      401  403    200      200     200       200     403   200   200
area                     sibling     401  403    404      404     404       404     403   404   200
area                     above       401  403    404      404     404       404     403   404   200
area                     other       401  403    404      404     404       404     403   404   200
change area              inside      401  403    403      403     200       200     403   403   200
change area              sibling     401  403    403      403     404       404     403   403   403
change area              above       401  403    403      403     404       404     403   403   403
change area              other       401  403    403      403     404       404     403   403   403
figures                  -           401  403    200      200     200       200     403   200   200
figures of groups        -           401  403    403      403     200       200     403   403   200
summary                  -           401  403    200      200     200       200     403   200   200
summary of area          inside      401  403    200      200     200       200     403   200   200
summary of area          sibling     401  403    404      404     404       404     403   404   200
summary of area          above       401  403    404      404     404       404     403   404   200
summary of area          other       401  403    404      404     404       404     403   404   200
search                   -           401  403    200      200     200       200     403   200   200

preview split            inside      401  403    403      403     200       200     403   403   200
preview split            sibling     401  403    403      403     404       404     403   403   403
preview split            above       401  403    403      403     404       404     403   403   403
preview split            other       401  403    403      403     404       404     403   403   403
preview line only        sibling     401  403    403      403     404       404     403   403   403
preview stale            sibling     401  403    403      403     404       404     403   403   403
split                    inside      401  403    403      403     200       200     403   403   200
split                    sibling     401  403    403      403     404       404     403   403   403
split                    above       401  403    403      403     404       404     403   403   403
split                    other       401  403    403      403     404       404     403   403   403
merge across             sibling     401  403    403      403     404       404     403   403   403
undo own edit            inside      401  403    403      403     200       200     403   403   200
undo own edit            sibling     401  403    403      403     404       404     403   403   403
undo own edit            above       401  403    403      403     404       404     403   403   403
undo own edit            other       401  403    403      403     404       404     403   403   403
undo another's edit      inside      401  403    403      403     404       404     403   403   404
edits                    -           401  403    200      200     200       200     403   200   200
edits of area            inside      401  403    200      200     200       200     403   200   200
edits of area            sibling     401  403    404      404     404       404     403   404   200
edits of area            above       401  403    404      404     404       404     403   404   200
edits of area            other       401  403    404      404     404       404     403   404   200

tile description         -           401  403    200      200     200       200     403   200   200
tile of areas            -           401  403    200      200     200       200     403   200   200
tile of buildings        -           401  403    200      200     200       200     403   200   200

zones                    -           401  403    200      200     200       200     403   200   200
zone                     inside      401  403    200      200     200       200     403   200   200
zone                     sibling     401  403    404      404     404       404     403   404   200
zone                     above       401  403    404      404     404       404     403   404   200
zone                     other       401  403    404      404     404       404     403   404   200
preview zone             inside      401  403    403      403     200       200     403   403   200
preview zone             sibling     401  403    403      403     404       404     403   403   403
preview zone             above       401  403    403      403     404       404     403   403   403
preview zone             other       401  403    403      403     404       404     403   403   403
propose zone             inside      401  403    403      403     201       201     403   403   201
propose zone             sibling     401  403    403      403     404       404     403   403   403
propose zone             above       401  403    403      403     404       404     403   403   403
propose zone             other       401  403    403      403     404       404     403   403   403
propose drawn zone       inside      401  403    403      403     201       201     403   403   201
propose drawn zone       sibling     401  403    403      403     404       404     403   403   403
propose zone of houses   inside      401  403    403      403     201       201     403   403   201
propose zone of houses   sibling     401  403    403      403     404       404     403   403   403
withdraw own zone        inside      401  403    403      403     200       200     403   403   200
withdraw own zone        sibling     401  403    403      403     404       404     403   403   403
withdraw own zone        above       401  403    403      403     404       404     403   403   403
withdraw own zone        other       401  403    403      403     404       404     403   403   403
withdraw another's zone  inside      401  403    403      403     403       200     403   403   403
withdraw zone in force   inside      401  403    403      403     403       403     403   403   403
restore own zone         inside      401  403    403      403     200       200     403   403   200
restore own zone         sibling     401  403    403      403     404       404     403   403   403
restore own zone         above       401  403    403      403     404       404     403   403   403
restore own zone         other       401  403    403      403     404       404     403   403   403
restore another's zone   inside      401  403    403      403     403       200     403   403   403

export                   -           401  403    403      403     202       202     403   403   202
export of area           inside      401  403    403      403     202       202     403   403   202
export of area           sibling     401  403    403      403     404       404     403   403   403
export of area           above       401  403    403      403     404       404     403   403   403
export of area           other       401  403    403      403     404       404     403   403   403
own export               -           401  403    403      403     200       200     403   403   200
another's export         -           401  403    403      403     404       404     403   403   404
own package              -           401  403    403      403     200       200     403   403   200
another's package        -           401  403    403      403     404       404     403   403   404

houses                   -           401  403    200      200     200       200     403   200   200
houses of area           inside      401  403    200      200     200       200     403   200   200
houses of area           sibling     401  403    404      404     404       404     403   404   200
houses of area           above       401  403    404      404     404       404     403   404   200
houses of area           other       401  403    404      404     404       404     403   404   200
person                   inside      401  403    200      200     200       200     403   200   200
person                   sibling     401  403    404      404     404       404     403   404   200
person                   above       401  403    404      404     404       404     403   404   200
person                   other       401  403    404      404     404       404     403   404   200
house                    inside      401  403    200      200     200       200     403   200   200
house                    sibling     401  403    404      404     404       404     403   404   200
house                    other       401  403    404      404     404       404     403   404   200
road                     -           401  403    200      200     200       200     403   200   200
add person               inside      401  403    403      403     201       201     403   403   201
add person               sibling     401  403    403      403     404       404     403   403   403
add person               above       401  403    403      403     404       404     403   403   403
add person               other       401  403    403      403     404       404     403   403   403
add gate                 inside      401  403    403      403     201       201     403   403   201
add gate                 sibling     401  403    403      403     404       404     403   403   403
add gate                 other       401  403    403      403     404       404     403   403   403
add stairwell            sibling     401  403    403      403     404       404     403   403   403
add road                 -           401  403    403      403     403       403     403   403   403
change person            inside      401  403    403      403     200       200     403   403   200
change person            sibling     401  403    403      403     404       404     403   403   403
change person            above       401  403    403      403     404       404     403   403   403
change person            other       401  403    403      403     404       404     403   403   403
move person there        sibling     401  403    403      403     404       404     403   403   403
change cell              inside      401  403    403      403     200       200     403   403   200
change cell              sibling     401  403    403      403     404       404     403   403   403
remove person            inside      401  403    403      403     200       200     403   403   200
remove person            sibling     401  403    403      403     404       404     403   403   403
remove person            above       401  403    403      403     404       404     403   403   403
remove person            other       401  403    403      403     404       404     403   403   403
"""
WHO = TABLE.split("\n")[1].split()[2:]
ROWS = [(line[:25].strip(), *line[25:].split()) for line in TABLE.split("\n")[2:] if line]
NUMBERS = count(1)


# ---- requests: (method, address, body) of a case at a place, for an account; what it needs is made first ----------------
def code(place: str) -> str:
    return PLACES[place]


def across(web: Web, place: str) -> dict:
    """A line through the middle of the leaf and well over its borders on both sides."""
    with web.store.read() as reader:
        shape = reader.area("11" if place == "above" else code(place)).shape
    middle = inner_point(shape)
    west, south, east, north = shape.bounds
    line = to_degrees(shapely.LineString([(west - 2000, middle.y), (east + 2000, middle.y)]).intersection(shape.buffer(300)))
    return shapely.geometry.mapping(line)


def split(web: Web, place: str, who: str) -> dict:
    return {"op": "split", "targets": [code(place)], "line": across(web, place)}


def zone_at(web: Web, place: str, who: str | None, status: str = "proposed") -> int:
    def make(tx):
        area = tx.area(code(place))
        return tx.insert("zones", [{"code": f"Z{next(NUMBERS)}", "name": "封控", "kind": "lockdown", "status": status, "members": {"areas": []},
                                    "proposed_by": who, "area": area.fid, "geom": to_degrees(area.shape)}])[0]
    return web.store.attempt("test", "propose zone", make)


def withdrawn(web: Web, place: str, who: str) -> int:
    fid = zone_at(web, place, who)
    web.store.attempt(who, "withdraw zone", lambda tx: tx.delete("zones", fid))
    return fid


def edit_at(web: Web, place: str, who: str) -> int:
    def make(tx):
        fid = tx.area(code(place)).fid
        tx.update("areas", fid, {"note": f"note {next(NUMBERS)}"})
        tx.touched["areas"].add(fid)
        return tx.new_rev
    return web.store.attempt(who, "change area", make)


def person_at(web: Web, place: str) -> int:
    return web.store.attempt("test", "add staff", lambda tx: tx.insert(
        "staff", [{"name": "王某", "role": "volunteer", "area": tx.area(code(place)).fid}])[0])


def version(web: Web, layer: str, fid: int) -> int:
    with web.store.read() as reader:
        return reader.row(layer, fid)["version"]


def job(web: Web, who: str) -> str:
    number, held = f"job{next(NUMBERS)}", web.app.extensions["weige"]
    (held.jobs.folder / f"{number}.csv").write_bytes(b"code\n")
    with web.store.write("test", "export") as tx:
        tx.connection.execute(insert(JOBS).values(
            id=number, kind="export", actor=who, state="done", progress=1.0, text="", args={"layer": "areas"},
            result={"file": f"{number}.csv", "rows": 1, "rev": 1}, created_at=tx.at, changed_at=tx.at))
    return number


def polygon(web: Web, place: str) -> dict:
    with web.store.read() as reader:
        return shapely.geometry.mapping(to_degrees(reader.area(code(place)).shape.buffer(-500)))


def spot(web: Web, place: str) -> dict:
    with web.store.read() as reader:
        return shapely.geometry.mapping(to_degrees(inner_point(reader.area(code(place)).shape)))


def area_version(web: Web, place: str) -> int:
    with web.store.read() as reader:
        return reader.area(code(place)).version


ORDER = {"layer": "areas", "format": "csv", "receiver": "公安", "purpose": "布控"}
CASES = {
    "page": lambda web, place, who: ("GET", "/", None),
    "sign-in page": lambda web, place, who: ("GET", "/sign-in", None),
    "sign-in form": lambda web, place, who: ("POST", "/sign-in", {"account": who, "password": PASSWORD}),
    "sign-out": lambda web, place, who: ("POST", "/sign-out", None),
    "language": lambda web, place, who: ("GET", "/language/en", None),
    "health": lambda web, place, who: ("GET", "/healthz", None),
    "style sheet": lambda web, place, who: ("GET", "/static/css/tokens.css", None),
    "areas": lambda web, place, who: ("GET", "/api/areas", None),
    "areas of parent": lambda web, place, who: ("GET", f"/api/areas?parent={code(place)}", None),
    "area": lambda web, place, who: ("GET", f"/api/areas/{code(place)}", None),
    "change area": lambda web, place, who: ("PATCH", f"/api/areas/{code(place)}", {"version": area_version(web, place), "note": "新"}),
    "figures": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=households", None),
    "figures of groups": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=special", None),
    "summary": lambda web, place, who: ("GET", "/api/summary?level=micro_grid", None),
    "summary of area": lambda web, place, who: ("GET", f"/api/summary?area={code(place)}", None),
    "search": lambda web, place, who: ("GET", "/api/search?q=41", None),
    "preview split": lambda web, place, who: ("POST", "/api/edits/preview", split(web, place, who)),
    "preview line only": lambda web, place, who: ("POST", "/api/edits/preview", {"op": "split", "line": across(web, place)}),
    "preview stale": lambda web, place, who: ("POST", "/api/edits/preview", {
        "op": "split", "line": across(web, "inside"), "targets": ["11"], "versions": {"11": area_version(web, "inside"), code(place): 99}}),
    "split": lambda web, place, who: ("POST", "/api/edits", split(web, place, who)),
    "merge across": lambda web, place, who: ("POST", "/api/edits", {"op": "merge", "targets": ["31", code(place)]}),
    "undo own edit": lambda web, place, who: ("POST", f"/api/edits/{edit_at(web, place, who)}/undo", {}),
    "undo another's edit": lambda web, place, who: ("POST", f"/api/edits/{edit_at(web, place, 'chief')}/undo", {}),
    "edits": lambda web, place, who: ("GET", "/api/edits", None),
    "edits of area": lambda web, place, who: ("GET", f"/api/edits?area={code(place)}", None),
    "tile description": lambda web, place, who: ("GET", "/tiles/areas.json", None),
    "tile of areas": lambda web, place, who: ("GET", "/tiles/areas/0/0/0.mvt", None),
    "tile of buildings": lambda web, place, who: ("GET", "/tiles/buildings/0/0/0.mvt", None),
    "zones": lambda web, place, who: ("GET", "/api/zones", None),
    "zone": lambda web, place, who: ("GET", f"/api/zones/{zone_at(web, place, 'chief')}", None),
    "preview zone": lambda web, place, who: ("POST", "/api/zones?preview=true", {"kind": "lockdown", "areas": [code(place)]}),
    "propose zone": lambda web, place, who: ("POST", "/api/zones", {"kind": "lockdown", "areas": [code(place)]}),
    "propose drawn zone": lambda web, place, who: ("POST", "/api/zones", {"kind": "control", "polygon": polygon(web, place)}),
    "propose zone of houses": lambda web, place, who: ("POST", "/api/zones", {"kind": "control", "buildings": [web.fids["buildings"][place]]}),
    "withdraw own zone": lambda web, place, who: ("DELETE", f"/api/zones/{zone_at(web, place, who)}", None),
    "withdraw another's zone": lambda web, place, who: ("DELETE", f"/api/zones/{zone_at(web, place, 'chief')}", None),
    "withdraw zone in force": lambda web, place, who: ("DELETE", f"/api/zones/{zone_at(web, place, who, 'in_force')}", None),
    "restore own zone": lambda web, place, who: ("POST", f"/api/zones/{withdrawn(web, place, who)}/restore", {}),
    "restore another's zone": lambda web, place, who: ("POST", f"/api/zones/{withdrawn(web, place, 'chief')}/restore", {}),
    "export": lambda web, place, who: ("POST", "/api/exports", ORDER),
    "export of area": lambda web, place, who: ("POST", "/api/exports", ORDER | {"area": code(place)}),
    "own export": lambda web, place, who: ("GET", f"/api/exports/{job(web, who)}", None),
    "another's export": lambda web, place, who: ("GET", f"/api/exports/{job(web, 'chief')}", None),
    "own package": lambda web, place, who: ("GET", f"/api/exports/{job(web, who)}/file", None),
    "another's package": lambda web, place, who: ("GET", f"/api/exports/{job(web, 'chief')}/file", None),
    "houses": lambda web, place, who: ("GET", "/api/buildings", None),
    "houses of area": lambda web, place, who: ("GET", f"/api/buildings?area={code(place)}", None),
    "person": lambda web, place, who: ("GET", f"/api/staff/{person_at(web, place)}", None),
    "house": lambda web, place, who: ("GET", f"/api/buildings/{web.fids['buildings'][place]}", None),
    "road": lambda web, place, who: ("GET", f"/api/roads/{web.fids['roads']['inside']}", None),
    "add person": lambda web, place, who: ("POST", "/api/staff", {"name": "李某", "role": "volunteer", "area": code(place)}),
    "add gate": lambda web, place, who: ("POST", "/api/gates", {"name": "北门", "geometry": spot(web, place)}),
    "add stairwell": lambda web, place, who: ("POST", "/api/units", {"building": web.fids["buildings"][place]}),
    "add road": lambda web, place, who: ("POST", "/api/roads", {"geometry": across(web, "inside")}),
    "change person": lambda web, place, who: ("PATCH", f"/api/staff/{person_at(web, place)}", {"version": 1, "note": "夜班"}),
    "move person there": lambda web, place, who: ("PATCH", f"/api/staff/{person_at(web, 'inside')}", {"version": 1, "area": code(place)}),
    "change cell": lambda web, place, who: ("PATCH", f"/api/cells/{web.fids['cells'][place]}", {
        "version": version(web, "cells", web.fids["cells"][place]), "households": 31}),
    "remove person": lambda web, place, who: ("DELETE", f"/api/staff/{person_at(web, place)}?version=1", None),
}


@pytest.fixture(scope="module")
def web(built, tmp_path_factory) -> Iterator[Web]:
    """One town for the whole table; a split area is put together again."""
    one = open_town(built, tmp_path_factory.mktemp("rights"))
    yield one
    one.close()


def redo_cuts(web: Web) -> None:
    """Takes back whatever the last request cut, so that each starts from the same ground."""
    with web.store.read() as reader:
        last = reader.revision(reader.rev)
    if last["op"] == "split":
        web.store.attempt("test", "undo", lambda tx: undoing.undo(tx, last["rev"]))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_every_role_gets_the_answer_that_was_written_down(web: Web, row: tuple[str, ...]) -> None:
    case, place, *expected = row
    got = []
    for who in WHO:
        method, path, body = CASES[case](web, place, who)
        answer = web.ask(method, path, None if who == "nobody" else who, **({} if body is None else {"json": body}))
        got.append(str(answer.status_code))
        assert answer.status_code < 400 or answer.json["code"] == {
            "400": "bad-csrf", "401": "not-signed-in", "403": "forbidden", "409": "stale"}.get(got[-1], answer.json["code"])
        if answer.status_code == 404:
            assert answer.json["code"] in ("unknown-area", "not-found")
        redo_cuts(web)
    assert dict(zip(WHO, got, strict=True)) == dict(zip(WHO, expected, strict=True))


def test_no_address_is_without_an_expectation(web: Web) -> None:
    """A new view fails here until its row stands in the table."""
    adapter = web.app.url_map.bind("localhost")
    asked = {adapter.match(path.partition("?")[0], method=method)[0] + " " + method for row in ROWS
             for method, path, _ in [CASES[row[0]](web, row[1], "chief")]}
    there = {f"{rule.endpoint} {method}" for rule in web.app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert there - asked == set()
    assert {row[0] for row in ROWS} == set(CASES)


def test_every_view_says_what_it_needs(web: Web) -> None:
    public = {endpoint for endpoint, view in web.app.view_functions.items() if getattr(view, "needs", None) == "public"}
    assert public == {"auth.sign_in", "auth.sign_in_post", "auth.sign_out", "pages.choose_language", "health.healthz"}
    silent = [endpoint for endpoint, view in web.app.view_functions.items() if not hasattr(view, "needs")]
    assert silent == ["static"]
    assert {view.needs for view in web.app.view_functions.values() if hasattr(view, "needs")} <= {*ACTIONS, "public", "account"}


def test_a_view_that_says_nothing_is_closed(built, tmp_path) -> None:
    one = open_town(built, tmp_path)
    one.app.add_url_rule("/api/forgotten", "forgotten", lambda: "all secrets")
    assert one.get("/api/forgotten", "chief").status_code == 403
    assert one.get("/api/forgotten", None).status_code == 403
    one.close()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_ask_for_the_same_rights(shared: Web, method: str) -> None:
    for path in ("/api/areas/41", "/api/areas", "/api/zones", "/tiles/buildings/0/0/0.mvt"):
        assert shared.ask(method, path, None).status_code == 401
        assert shared.ask(method, path, "none").status_code == 403
    assert shared.ask("HEAD", "/api/areas/41", "viewer").status_code == 404


# ---- what lies out of sight is not told in lists either -------------------------------------------------------------------
C1 = {"00", "02", "11", "12", "20", "21", "22", "30", "31", "32", "foreign"}


def test_lists_hold_only_what_lies_in_sight(shared: Web) -> None:
    codes = {area["code"] for area in shared.get("/api/areas", "viewer").json["areas"]}
    assert codes == C1 | {"C1"}
    fids = {area["fid"] for area in shared.get("/api/areas?level=micro_grid", "watcher").json["areas"] if area["code"] in C1}
    assert set(shared.get("/api/figures?level=micro_grid&metric=households", "viewer").json["fid"]) == fids
    assert shared.get("/api/summary?level=micro_grid", "viewer").json["areas"] == len(C1)
    assert shared.get("/api/summary", "viewer").json["households"] == shared.area("C1")["households"]
    assert [zone["name"] for zone in shared.get("/api/zones", "viewer").json["zones"]] == ["封控 inside"]
    for layer in OBJECTS:
        rows = shared.get(f"/api/{layer}", "viewer").json[layer]
        assert rows and {row["area"] for row in rows} <= C1, layer
    assert {row["code"] for row in shared.get("/api/cells", "viewer").json["cells"]} == {"cell-12"}
    assert {row["area"] for row in shared.get("/api/shares", "viewer").json["shares"]} == {"12"}


@pytest.mark.parametrize("words", ["41", "23", "T1", "sibling", "other", "微网格 41", "楼 other", "长街1号 sibling", "ZONE-other", "小区"])
def test_search_finds_nothing_out_of_sight(shared: Web, words: str) -> None:
    found = shared.get("/api/search", "viewer", query_string={"q": words}).json["results"]
    everything = shared.get("/api/search", "watcher", query_string={"q": words}).json["results"]
    assert len(everything) > len(found)
    inside = shapely.geometry.shape(shared.get("/api/areas/C1?geometry=true").json["geometry"]).buffer(1e-9)
    assert all(inside.intersects(shapely.Point(result["where"])) for result in found if result["kind"] != "area")
    assert all(result["code"] in C1 | {"C1"} for result in found if result["kind"] == "area")


@pytest.mark.parametrize("layer", [name for name in SHOWN if name not in ("roads", "water")])
def test_tiles_of_objects_hold_only_what_lies_in_sight(shared: Web, layer: str) -> None:
    mine, all_ = (features(shared, f"/tiles/{layer}/0/0/0.mvt", who) for who in ("viewer", "watcher"))
    with shared.store.read() as reader:
        scope = (next(area.path for area in reader.all_areas() if area.code == "C1"),)
        inside = {row["fid"] for row in reader.rows(layer, scope=scope)}
        everything = {row["fid"] for row in reader.rows(layer)}
    assert {feature["id"] for feature in mine} == inside
    assert {feature["id"] for feature in all_} == everything
    assert inside < everything


def test_tiles_of_areas_are_the_same_for_everybody_and_hold_no_figure(shared: Web) -> None:
    tiles = {shared.get("/tiles/areas/0/0/0.mvt?level=micro_grid", who).data for who in ("viewer", "watcher", "outsider", "chief")}
    assert len(tiles) == 1
    for feature in features(shared, "/tiles/areas/0/0/0.mvt?level=micro_grid", "viewer"):
        assert set(feature["properties"]) <= {"code", "name", "level", "version"}


def test_no_tile_holds_a_name_or_phone_of_a_person(shared: Web) -> None:
    for layer in ("areas", *SHOWN):
        said = str(features(shared, f"/tiles/{layer}/0/0/0.mvt", "chief"))
        assert not any(secret in said for secret in (*NAMES.values(), PHONE)), layer
        described = LAYERS[layer]
        assert not {field.name for field in described.fields if field.personal} & {
            key for feature in features(shared, f"/tiles/{layer}/0/0/0.mvt", "chief") for key in feature["properties"]}


def features(web: Web, path: str, who: str) -> list[dict]:
    answer = web.get(path, who)
    assert answer.status_code == 200
    layers = mapbox_vector_tile.decode(answer.data) if answer.data else {}
    return [feature for name, layer in layers.items() if not name.endswith("_label") for feature in layer["features"]]


def test_history_tells_nothing_of_areas_out_of_sight(town: Web) -> None:
    far, near = town.area("52")["version"], town.area("11")["version"]
    assert town.patch("/api/areas/52", "neighbour", json={"version": far, "note": "甲"}).status_code == 200
    assert town.patch("/api/areas/11", "commander", json={"version": near, "note": "乙"}).status_code == 200
    edits = town.get("/api/edits", "viewer").json["edits"]
    assert [edit["areas"] for edit in edits if edit["op"] == "change area"] == [["11"]]
    assert {code for edit in edits for code in edit["areas"]} <= C1
    assert [edit["areas"] for edit in town.get("/api/edits", "watcher").json["edits"]][:2] == [["11"], ["52"]]


def test_a_neighbour_that_only_gained_a_vertex_is_not_in_the_history(town: Web) -> None:
    """A cut in C2 ends on the border of C1: C1's leaf gains a vertex, and nobody in C1 hears of it."""
    done = town.post("/api/edits", "neighbour", json={"op": "split", "targets": ["41"], "line": across(town, "sibling")})
    assert done.status_code == 200, done.text
    touched = {area["code"] for area in done.json["touched"]}
    assert touched & C1
    assert {edit["op"] for edit in town.get("/api/edits", "viewer").json["edits"]} == {"import", "demo"}
    undone = town.post(f"/api/edits/{done.json['rev']}/undo", "neighbour")
    assert undone.status_code == 200, undone.text
    assert not {change["code"] for change in undone.json["changed"]} & C1
    assert town.get("/api/edits?area=31", "viewer").json["edits"][0]["op"] == "import"


def test_an_export_holds_only_what_lies_in_sight(town: Web, tmp_path) -> None:
    frames = {}
    for who in ("planner", "mayor"):
        number = town.post("/api/exports", who, json=ORDER | {"layer": "buildings", "format": "geojson"}).json["id"]
        town.app.extensions["weige"].jobs._pool.submit(lambda: None).result()  # the worker has done all before
        package = town.get(f"/api/exports/{number}/file", who)
        assert package.status_code == 200
        frames[who] = geopandas.read_file(io.BytesIO(package.data))
    assert set(frames["planner"]["area"]) == C1 - {"20", "12"}
    assert len(frames["mayor"]) > len(frames["planner"])


# ---- names, phones, special groups ----------------------------------------------------------------------------------------
PERSONAL = {layer.name: [field.name for field in layer.fields if field.personal] for layer in LAYERS.values()}


@pytest.mark.parametrize("who", ["viewer", "reporter", "admin", "watcher"])
def test_names_and_phones_are_for_planners_only(shared: Web, who: str) -> None:
    for layer in (*OBJECTS, "units"):
        rows = shared.get(f"/api/{layer}", who).json[layer]
        assert all(row[field] is None for row in rows for field in PERSONAL[layer]), layer
    for path in ("/api/areas", "/api/zones", "/api/edits", "/api/search?q=林", f"/api/search?q={PHONE}"):
        said = shared.get(path, who).text
        assert not any(secret in said for secret in (*NAMES.values(), "proposed_by\":\"chief")), path
    assert PHONE not in shared.get("/api/staff", who).text
    named = shared.get("/api/staff", "planner").json["staff"]
    assert [row["name"] for row in named] == [NAMES["inside"]] and named[0]["phone"] == PHONE


def test_who_plans_here_and_looks_elsewhere_sees_names_only_here(shared: Web) -> None:
    names = {row["area"]: row["name"] for row in shared.get("/api/staff", "mixed").json["staff"]}
    assert names == {"11": NAMES["inside"], "41": None, "23": None}
    special = {row["code"]: row["special"] for row in shared.get("/api/cells", "mixed").json["cells"]}
    assert special["cell-12"] == {"alone_elderly": 6} and special["cell-41"] is None
    zones = {zone["name"]: zone for zone in shared.get("/api/zones", "mixed").json["zones"]}
    assert zones["封控 inside"]["proposed_by"] == "chief" and zones["封控 sibling"]["proposed_by"] is None
    assert zones["封控 inside"]["figures"]["special_total"] == 3 and zones["封控 sibling"]["figures"]["special_hidden"]


@pytest.mark.parametrize("who", ["viewer", "reporter", "admin", "watcher"])
def test_special_groups_are_hidden_and_no_sum_gives_them_away(shared: Web, who: str) -> None:
    areas = {area["code"]: area for area in shared.get("/api/areas", who).json["areas"]}
    least = shared.config.privacy.min_cell
    true = {area["code"]: area["special_total"] for area in shared.get("/api/areas", "chief").json["areas"]}
    assert any(0 < (true[code_] or 0) < least for code_ in areas)
    for area in areas.values():
        assert area["special"] == {} and area["special_hidden"]
        children = [child for child in areas.values() if child["parent"] == area["code"]]
        shown = [child["special_total"] for child in children if child["special_total"] is not None]
        hidden = [child["code"] for child in children if child["special_total"] is None and (true[child["code"]] or 0) > 0]
        if area["special_total"] is not None:
            assert area["special_total"] == true[area["code"]] and (area["special_total"] == 0 or area["special_total"] >= least)
            assert len(hidden) != 1, f"{area['code']} - {sum(shown)} is {hidden}"
        else:
            assert not shown, "below a hidden total nothing is told"
    for path in ("/api/summary", "/api/summary?area=C1", "/api/summary?area=11", "/api/areas/11", "/api/areas/C1"):
        if shared.get(path, who).status_code == 200:
            assert shared.get(path, who).json["special"] == {}
    for layer in ("buildings", "units", "cells", "shares"):
        assert all(row["special"] is None for row in shared.get(f"/api/{layer}", who).json[layer]), layer
    assert all(zone["figures"]["special"] == {} and zone["figures"]["special_total"] is None
               for zone in shared.get("/api/zones", who).json["zones"])


# ---- rights follow the ground ---------------------------------------------------------------------------------------------
def seen_by(web: Web, who: str) -> set[str]:
    return {area["code"] for area in web.get("/api/areas", who).json["areas"]}


def grant(web: Web, name: str, role: str, area: str) -> str:
    with web.store.read() as reader:
        web.accounts.add(name, PASSWORD, [(role, reader.area(area).fid, reader.rev)])
    web.tokens[name] = web.accounts.new_token(name, 1)
    return name


def test_rights_follow_a_cut_a_merge_and_their_undo_and_never_reach_a_neighbour(town: Web) -> None:
    #   +----+----+      +----+--+----+      +----+-------+      back again
    #   | 22 | 11 |  ->  | 22 |11|11-2|  ->  | 22 |  11   |  ->  one step after the other
    #   +----+----+      +----+--+----+      +----+-------+
    who = grant(town, "keeper", "planner", "11")
    assert seen_by(town, who) == {"11"}
    cut = town.post("/api/edits", "mayor", json=split(town, "inside", "mayor"))
    assert cut.status_code == 200, cut.text
    new = next(change["code"] for change in cut.json["changed"] if change["new"])
    assert seen_by(town, who) == {"11", new}
    assert town.patch(f"/api/areas/{new}", who, json={"version": 1, "note": "我的"}).status_code == 200
    back = town.get("/api/edits?mine=true", who).json["undo"]["rev"]
    assert town.post(f"/api/edits/{back}/undo", who).status_code == 200
    merged = town.post("/api/edits", who, json={"op": "merge", "targets": ["11", new], "keep": "11"})
    assert merged.status_code == 200, merged.text
    assert seen_by(town, who) == {"11"}
    assert town.post(f"/api/edits/{merged.json['rev']}/undo", who).status_code == 200
    assert seen_by(town, who) == {"11", new}
    assert town.post(f"/api/edits/{cut.json['rev']}/undo", "mayor").status_code == 200, "as it was"
    assert seen_by(town, who) == {"11"}
    assert town.get("/api/areas/22", who).status_code == town.get("/api/areas/21", who).status_code == 404


def test_a_merge_with_a_neighbour_is_shared_only_while_it_stands(town: Web) -> None:
    who, other = grant(town, "keeper", "planner", "11"), grant(town, "next-door", "viewer", "21")
    refused = town.post("/api/edits", who, json={"op": "merge", "targets": ["11", "21"]})
    assert (refused.status_code, refused.json["code"]) == (404, "unknown-area")
    done = town.post("/api/edits", "mayor", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert done.status_code == 200, done.text
    assert seen_by(town, who) == seen_by(town, other) == {"21"}, "the ground of 11 is in 21 now"
    assert town.post(f"/api/edits/{done.json['rev']}/undo", "mayor").status_code == 200
    assert seen_by(town, who) == {"11"} and seen_by(town, other) == {"21"}


def test_a_zone_stays_in_the_sight_of_its_people_when_its_area_is_merged_away(town: Web) -> None:
    zone = zone_at(town, "inside", "planner")
    done = town.post("/api/edits", "mayor", json={"op": "merge", "targets": ["11", "21"], "keep": "21"})
    assert done.status_code == 200
    after = town.get(f"/api/zones/{zone}", "planner")
    assert after.status_code == 200 and after.json["area"] == "21" and after.json["version"] == 1


def test_rights_end_where_the_granted_area_ended(town: Web) -> None:
    """A grant on a part that a later undo takes away gives nothing: not the whole it came from."""
    cut = town.post("/api/edits", "mayor", json=split(town, "inside", "mayor"))
    new = next(change["code"] for change in cut.json["changed"] if change["new"])
    who = grant(town, "newcomer", "viewer", new)
    assert seen_by(town, who) == {new}
    assert town.post(f"/api/edits/{cut.json['rev']}/undo", "mayor").status_code == 200
    assert town.get("/api/areas", who).status_code == 403
    again = town.post(f"/api/edits/{cut.json['rev'] + 1}/undo", "mayor")
    assert again.status_code == 200, again.text
    assert seen_by(town, who) == {new}
