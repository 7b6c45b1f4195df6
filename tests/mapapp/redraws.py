"""Redraws over the API, as the tests of edits, undo and history send them, and everything an edit may change."""

from __future__ import annotations

from typing import Any

from tests.mapapp.web import Web

MERGE = {"op": "merge", "targets": ["11", "21"], "keep": "11"}


def post(web: Web, form: dict[str, Any], who: str = "mayor", path: str = "/api/edits") -> dict[str, Any]:
    answer = web.post(path, who, json=form)
    assert answer.status_code == 200, answer.text
    return answer.json


def preview(web: Web, form: dict[str, Any], who: str = "mayor") -> dict[str, Any]:
    return post(web, form, who, "/api/edits/preview")


def by_code(changed: list[dict]) -> dict[str, dict]:
    return {change["code"]: change for change in changed}


def dump(web: Web) -> dict[str, list]:
    """All areas as they are, and the facts on them."""
    with web.store.read() as reader:
        areas = [
            (area.fid, area.code, area.version, area.shape.wkb, area.parent, area.attributes)
            for area in reader.all_areas()
        ]
        owners = [
            (layer, row["fid"], row["area"])
            for layer in ("buildings", "units", "staff", "gates", "shares", "zones")
            for row in reader.rows(layer, geometry=False)
        ]
    return {"areas": areas, "owners": owners}
