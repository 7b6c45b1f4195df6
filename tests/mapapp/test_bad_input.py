"""Bad input everywhere: wrong types, wrong JSON, wrong shapes, too much: refused, and nothing is written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.schema import LAYERS
from tests.counts import count
from tests.mapapp.test_api_items import EDITABLE, shape_of
from tests.mapapp.web import Web, build, open_town

# ---- bad input -------------------------------------------------------------------------------------------------------
POINT = {"type": "Point", "coordinates": [120.211, 23.0025]}
BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[120.21, 23.0], [120.2101, 23.0001], [120.2101, 23.0], [120.21, 23.0001], [120.21, 23.0]]],
}
WRONG: list[tuple[str, Any, int, str]] = [
    ("staff", {"role": "volunteer", "area": "11"}, 422, "missing-field"),
    ("staff", {"name": "", "role": "volunteer"}, 422, "missing-field"),
    ("staff", {"name": "x", "role": "volunteer", "area": "nowhere"}, 404, "unknown-area"),
    ("staff", {"name": "x", "role": "volunteer", "area": 11}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "building": 99999}, 404, "not-found"),
    ("staff", {"name": "x", "role": "volunteer", "building": 10**30}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "building": "1"}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "starts_on": "someday"}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "starts_on": 20260101}, 400, "bad-input"),
    ("staff", {"name": "x" * 100_000, "role": "volunteer"}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "geometry": POINT}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "colour": 1}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "fid": 5}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "volunteer", "version": 5}, 400, "bad-input"),
    ("staff", {"name": "x", "role": "nonsense"}, 400, "bad-input"),
    ("staff", {"name": ["x"], "role": "volunteer"}, 400, "bad-input"),
    ("gates", {"name": "x"}, 422, "missing-field"),
    ("gates", {"geometry": None}, 422, "bad-geometry"),
    ("gates", {"geometry": POINT, "area": "11"}, 400, "bad-input"),
    ("gates", {"geometry": POINT, "kind": "portcullis"}, 400, "bad-input"),
    ("gates", {"geometry": POINT, "width_m": "wide"}, 400, "bad-input"),
    ("gates", {"geometry": POINT, "width_m": -1}, 400, "bad-input"),
    ("gates", {"geometry": POINT, "width_m": 10**400}, 400, "bad-input"),
    ("gates", {"geometry": {"type": "Point", "coordinates": [400, 23]}}, 422, "bad-geometry"),
    ("gates", {"geometry": "here"}, 422, "bad-geometry"),
    ("gates", {"geometry": {"type": "Point", "coordinates": ["a", "b"]}}, 422, "bad-geometry"),
    ("gates", {"geometry": {"type": "Point"}}, 422, "bad-geometry"),
    ("gates", {"geometry": {"type": "Point", "coordinates": []}}, 422, "bad-geometry"),
    ("gates", {"geometry": {"type": "Nothing", "coordinates": [1, 2]}}, 422, "bad-geometry"),
    ("gates", {"geometry": {"type": ["Point"], "coordinates": [1, 2]}}, 422, "bad-geometry"),
    ("buildings", {"geometry": BOWTIE}, 422, "bad-geometry"),
    ("buildings", {"geometry": POINT}, 422, "bad-geometry"),
    ("buildings", {"code": "B-inside", "geometry": BOWTIE}, 422, "bad-geometry"),
    ("buildings", {"households": "12"}, 400, "bad-input"),
    ("buildings", {"households": 1.5}, 400, "bad-input"),
    ("buildings", {"households": 10**12}, 400, "bad-input"),
    ("buildings", {"households": True}, 400, "bad-input"),
    ("buildings", {"population": -3}, 400, "bad-input"),
    ("buildings", {"special": {"minor": -1}}, 400, "bad-input"),
    ("buildings", {"special": {"elves": 1}}, 400, "bad-input"),
    ("buildings", {"special": {"minor": "1"}}, 400, "bad-input"),
    ("buildings", {"special": {"minor": 10**30}}, 400, "bad-input"),
    ("buildings", {"special": [1]}, 400, "bad-input"),
    ("buildings", {"special": "{}"}, 400, "bad-input"),
    ("buildings", {"floors": {"a": {"b": [1]}}}, 400, "bad-input"),
    ("buildings", {"counted_at": "2026-13-45"}, 400, "bad-input"),
    ("units", {"name": "1"}, 422, "missing-field"),
    ("units", {"building": 99999}, 404, "not-found"),
    ("checkpoints", {"geometry": POINT, "kit": "x"}, 400, "bad-input"),
    ("checkpoints", {"geometry": POINT, "kit": ["x" * 100_000]}, 400, "bad-input"),
    ("cells", {"households": 3}, 422, "missing-field"),
    ("teams", {}, 422, "missing-field"),
    ("roads", {"geometry": {"type": "LineString", "coordinates": [[120, 23]]}}, 422, "bad-geometry"),
    ("teams", [], 400, "bad-input"),
    ("teams", "x", 400, "bad-input"),
]


@pytest.mark.parametrize(
    "layer, body, status, code", WRONG, ids=[f"{layer} {str(body)[:50]}" for layer, body, _, _ in WRONG]
)
def test_a_wrong_object_is_refused_and_nothing_is_written(
    shared: Web, layer: str, body: Any, status: int, code: str
) -> None:
    rev = shared.rev
    answer = shared.post(f"/api/{layer}", json=body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["detail"] and len(answer.text) < 1500
    assert shared.rev == rev


def test_a_code_in_use_is_refused(town: Web) -> None:
    shape = shapely.geometry.mapping(shape_of(town, LAYERS["buildings"]))
    answer = town.post("/api/buildings", json={"code": "B-other", "geometry": shape})
    assert (answer.status_code, answer.json["code"]) == (422, "duplicate-code")
    other = town.get("/api/buildings/1").json
    assert (
        town.patch("/api/buildings/1", json={"version": other["version"], "code": "B-other"}).json["code"]
        == "duplicate-code"
    )
    assert (
        town.patch(
            "/api/buildings/1", json={"version": other["version"], "code": other["code"], "floors": 2}
        ).status_code
        == 200
    )


RAW = {
    "no JSON": "{",
    "nothing": "",
    "a list": "[1]",
    "a number that is none": '{"version": NaN}',
    "infinity": '{"width_m": Infinity}',
    "no end of brackets": "[" * 200_000,
    "no end of braces": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "half a character": r'{"name": "\ud800"}',
    "a zero character": r'{"name": "a\u0000b"}',
    "other bytes": '{"name": "\xff"}'.encode("latin-1"),
    "digits": '{"version": ' + "9" * 6000 + "}",
}


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/staff"),
        ("PATCH", "/api/staff/1"),
        ("PATCH", "/api/areas/11"),
        ("POST", "/api/edits"),
        ("POST", "/api/edits/preview"),
        ("POST", "/api/zones"),
        ("POST", "/api/exports"),
    ],
)
@pytest.mark.parametrize("raw", RAW)
def test_what_is_no_json_is_refused(shared: Web, method: str, path: str, raw: str) -> None:
    rev = shared.rev
    answer = shared.ask(method, path, data=RAW[raw], content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input"), answer.text
    assert shared.rev == rev


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
)
def test_a_body_must_say_that_it_is_json(shared: Web, kind: str) -> None:
    answer = shared.ask("POST", "/api/staff", data='{"name": "x", "role": "volunteer"}', content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input") and "application/json" in answer.json[
        "detail"
    ]


@pytest.mark.parametrize(
    "method, path",
    [("POST", "/api/staff"), ("POST", "/api/edits/preview"), ("PATCH", "/api/areas/11"), ("POST", "/api/zones")],
)
def test_a_body_too_large_is_refused(shared: Web, method: str, path: str) -> None:
    body = b'{"op": "' + b"x" * int(shared.config.server.max_body_mb * 1_000_000) + b'"}'
    answer = shared.ask(method, path, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, "too-large")
    assert shared.page("mayor").client.post(path, data=body, content_type="application/json").status_code in (
        400,
        405,
        413,
    )


# ---- anything at all -------------------------------------------------------------------------------------------------
NAMES = sorted(
    {field.name for layer in LAYERS.values() for field in layer.fields}
    | {
        "version",
        "geometry",
        "area",
        "population",
        "op",
        "targets",
        "line",
        "keep",
        "versions",
        "edit",
        "kind",
        "areas",
        "buildings",
        "polygon",
        "from",
        "layer",
        "format",
        "crs",
        "encoding",
        "receiver",
        "purpose",
        "type",
        "coordinates",
    }
)
WORDS = st.sampled_from(
    [
        "split",
        "merge",
        "undo",
        "lockdown",
        "control",
        "prevention",
        "11",
        "21",
        "C1",
        "河心岛",
        "volunteer",
        "staff",
        "areas",
        "EPSG:4490",
        "Point",
        "Polygon",
        "LineString",
        "MultiPolygon",
        "minor",
        "",
        " ",
        "0",
        "-1",
        "NaN",
        "1e999",
        "2026-01-01",
        "true",
        "\u0000",
        "\U0001f4a9",
        "' OR 1=1 --",
    ]
) | st.text(max_size=8)
SPOTS = (
    st.tuples(st.floats(120.208, 120.222), st.floats(23.0, 23.012))
    | st.tuples(st.floats(), st.floats())
    | st.tuples(st.integers(), st.integers())
)
SHAPES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "Nonsense"]),
        "coordinates": SPOTS | st.lists(SPOTS, max_size=6) | st.lists(st.lists(SPOTS, max_size=6), max_size=2),
    }
)
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.integers(1, 5)
    | SHAPES
    | st.lists(st.sampled_from(["11", "21", "31", "41"]), max_size=3)
)
ANYTHING = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | WORDS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=7) | ANYTHING
PLAUSIBLE = {
    "/api/edits": st.fixed_dictionaries(
        {"op": st.sampled_from(["split", "merge", "undo"]) | ANYTHING},
        optional={
            "targets": st.lists(st.sampled_from(["11", "21", "31", "41", "C1"]), max_size=3) | ANYTHING,
            "line": SHAPES | ANYTHING,
            "keep": SPOTS | WORDS | ANYTHING,
            "versions": st.dictionaries(st.sampled_from(["11", "21"]), st.integers(0, 2)) | ANYTHING,
            "allow_parts": ANYTHING,
            "edit": st.integers(0, 9) | ANYTHING,
        },
    ),
    "/api/zones": st.fixed_dictionaries(
        {"kind": st.sampled_from(["lockdown", "low", "x"]) | ANYTHING},
        optional={
            "areas": st.lists(st.sampled_from(["11", "C1", "x"]), max_size=3) | ANYTHING,
            "buildings": st.lists(st.integers(-1, 5)) | ANYTHING,
            "polygon": SHAPES | ANYTHING,
            "name": WORDS | ANYTHING,
            "from": WORDS | ANYTHING,
            "reason": ANYTHING,
        },
    ),
}
PLAUSIBLE["/api/edits/preview"] = PLAUSIBLE["/api/edits"]
DOORS = [
    ("POST", "/api/edits"),
    ("POST", "/api/edits/preview"),
    ("POST", "/api/zones"),
    ("POST", "/api/zones?preview=true"),
    ("POST", "/api/exports"),
    ("POST", "/api/edits/1/undo"),
    ("POST", "/api/zones/1/restore"),
    ("PATCH", "/api/areas/11"),
    *[("POST", f"/api/{name}") for name in EDITABLE],
    *[("PATCH", f"/api/{name}/1") for name in EDITABLE],
]


@pytest.mark.parametrize("method, path", DOORS)
def test_anything_at_all_is_answered_with_a_reason_and_refusals_write_nothing(
    anything: Web, method: str, path: str
) -> None:
    @settings(max_examples=count(25, 800), suppress_health_check=list(HealthCheck))
    @given(PLAUSIBLE.get(path.partition("?")[0], OBJECTS))
    def throw(body: Any) -> None:
        rev = anything.rev
        answer = anything.ask(method, path, data=json.dumps(body), content_type="application/json")
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert (
                answer.mimetype == "application/problem+json"
                and answer.json["code"]
                and answer.json["status"] == answer.status_code
            )
            assert anything.rev == rev

    throw()


@pytest.fixture(scope="module", params=["gpkg", "postgis"])
def anything(request, built, tmp_path_factory) -> Iterator[Web]:
    """A town that may come to anything, on either store: PostgreSQL is strict where SQLite takes what comes."""
    folder = tmp_path_factory.mktemp("anything")
    with contextlib.chdir(folder):  # packages of a PostGIS store wait in the working folder
        if request.param == "postgis":
            built = build(folder, request.getfixturevalue("fresh_postgis")())
        one = open_town(built, folder)
        yield one
        one.close()
