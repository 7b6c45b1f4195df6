"""A briefing: ordered with receiver, purpose and end, one page that holds all it needs and tells no more than it may."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from tests.mapapp.test_api_exports import ORDER, fetched
from tests.mapapp.web import NAMES, PASSWORD, PHONE, Web

BRIEFING = {"receiver": "区公安分局", "purpose": "卡口布设", "valid_until": "2099-01-01T08:00:00+08:00"}


def in_force(town: Web, *places: str) -> None:
    with town.store.write("test", "approve") as tx:
        for place in places:
            tx.update("zones", town.fids["zones"][place], {"status": "in_force", "order_no": "〔2026〕1号", "approved_by": "mayor"})


def page(web: Web, form: dict, who: str = "chief") -> tuple[dict, str]:
    answer = web.post("/api/briefings", who, json=form)
    assert answer.status_code == 202, answer.text
    web.app.extensions["weige"].jobs._pool.submit(lambda: None).result()
    look = web.get(f"/api/briefings/{answer.json['id']}", who).json
    assert look["state"] == "done", look
    sent = web.get(look["url"], who)
    assert sent.status_code == 200 and "attachment" in sent.headers["Content-Disposition"]
    assert hashlib.sha256(sent.data).hexdigest() == look["sha256"] and len(sent.data) == look["bytes"]
    return look, sent.data.decode()


def data_of(text: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.mark.promise("A briefing is one page: zones in force, posts, table, receiver, time, valid until; nothing is fetched")
def test_a_briefing_holds_what_is_in_force_and_nothing_else(town: Web) -> None:
    in_force(town, "inside", "other")
    look, text = page(town, BRIEFING)
    assert look["name"] == f"briefing-all-r{look['rev']}.html"
    data = data_of(text)
    assert len(data["letters"]) == 3 and len(data["posts"]) == 3 and len(data["zones"]["features"]) == 3
    assert [one["properties"]["look"] for one in data["zones"]["features"]][0] == "zone rest z-prevention"
    for word in ("区公安分局", "卡口布设", "2099-01-01 08:00", "封控 inside", "〔2026〕1号", "防范区", 'lang="zh-CN"'):
        assert word in text, word
    assert "封控 sibling" not in text, "a proposal is nobody's business"
    assert not any(secret in text for secret in (*NAMES.values(), PHONE, "mayor", "approved_by"))
    assert not re.findall(r"""(?:src|href)\s*=|@import|url\((?!#)""", re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("lang, comma", [("zh", "、"), ("en", ", ")])
def test_several_areas_are_joined_as_the_language_does(town: Web, lang: str, comma: str) -> None:
    with town.store.read() as reader:
        town.accounts.add("both", PASSWORD, [("commander", reader.area(code).fid, reader.rev) for code in ("C1", "C2")])
    town.tokens["both"] = town.accounts.new_token("both", 1)
    names = [town.area(code)["name"] for code in ("C1", "C2")]
    _, text = page(town, {**BRIEFING, "lang": lang}, "both")
    assert comma.join(names) in re.search(r"<title>(.*?)</title>", text)[1]


def test_the_page_forbids_every_request_and_every_script_but_its_own(town: Web) -> None:
    _, text = page(town, BRIEFING)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "*" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        told = re.search(rf"{directive} ([^;]+)", policy)[1].split()
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert told == [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in found]


def test_words_of_the_store_are_neither_templates_nor_markup(town: Web) -> None:
    in_force(town, "inside")
    evil = "{{ 7*7 }}</script><script>alert(1)</script>{% raw %}`${1}"
    with town.store.write("test", "names") as tx:
        tx.update("zones", town.fids["zones"]["inside"], {"name": evil})
        tx.update("checkpoints", town.fids["checkpoints"]["inside"], {"name": evil})
    _, text = page(town, BRIEFING | {"receiver": "<b>公安</b>{{ 7*7 }}", "purpose": evil})
    assert "49" not in re.sub(r"<script>.*?</script>|[\d.]+", "", text, flags=re.DOTALL) and "<script>alert" not in text and "<b>公安" not in text
    assert data_of(text)["letters"][1]["told"][0].endswith(evil)


def test_a_briefing_of_an_area_in_english_keeps_to_the_area(town: Web) -> None:
    in_force(town, "inside", "other")
    look, text = page(town, BRIEFING | {"area": "C1", "lang": "en"}, "commander")
    assert 'lang="en"' in text and "Lock-down zone" in text and "Valid until" in text and "封控 other" not in text
    assert look["name"].startswith("briefing-C1-") and len(data_of(text)["posts"]) == 1
    line = next(line for line in town.accounts.audit() if line["object"] == "briefing")
    assert line["action"] == "export" and line["account"] == "commander"
    assert {name: line["details"][name] for name in ("receiver", "purpose", "valid_until", "area")} == BRIEFING | {"area": "C1"}


@pytest.mark.parametrize("change, status, code", [
    ({"receiver": ""}, 422, "missing-field"), ({"purpose": None}, 422, "missing-field"), ({"valid_until": None}, 422, "missing-field"),
    ({"valid_until": "2020-01-01"}, 400, "bad-input"), ({"valid_until": "soon"}, 400, "bad-input"),
    ({"valid_until": "2099-01-01T08:00:00"}, 400, "bad-input"), ({"lang": "fr"}, 400, "bad-input"),
    ({"area": "nowhere"}, 404, "unknown-area"), ({"area": 5}, 400, "bad-input"), ({"receiver": "x" * 201}, 400, "bad-input"),
    ({"purpose": "  "}, 400, "bad-input"), ({"colour": "red"}, 400, "bad-input")])  # fmt: skip
def test_a_wrong_order_is_refused(shared: Web, change: dict, status: int, code: str) -> None:
    answer = shared.post("/api/briefings", json=BRIEFING | change)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


# ---- packages over the API -------------------------------------------------------------------------------------------
def test_an_order_is_counted_before_it_is_made(town: Web) -> None:
    told = town.post("/api/exports?preview=true", json={"layer": "areas", "area": "C1"})
    assert told.status_code == 200 and told.json["rows"] == len(town.get("/api/areas?parent=C1").json["areas"])
    assert town.post("/api/exports?preview=true", json={"layer": "staff", "format": "csv"}).json["personal"] is True
    assert town.post("/api/exports?preview=true", json={"layer": "zones", "status": "in_force"}).json["rows"] == 0


def test_a_package_sent_back_is_checked(town: Web, tmp_path) -> None:
    look, path = fetched(town, ORDER | {"format": "gpkg", "package": True, "crs": "EPSG:4549"}, tmp_path)
    assert path.suffix == ".zip" and look["verify"] == f"weige verify {path.name}"
    told = town.ask("POST", "/api/packages/verify", data=path.read_bytes(), content_type="application/zip")
    assert told.status_code == 200 and told.json["package"]["sha256"] == look["sha256"] and told.json["receiver"] == ORDER["receiver"]
    wrong = bytearray(path.read_bytes())
    wrong[len(wrong) // 2] ^= 1
    told = town.ask("POST", "/api/packages/verify", data=bytes(wrong), content_type="application/zip")
    assert (told.status_code, told.json["code"]) == (422, "bad-file")
    assert not list(town.app.extensions["weige"].jobs.folder.glob("verify-*"))


def test_persons_go_out_only_with_the_right_and_when_asked_for(town: Web, tmp_path) -> None:
    _, path = fetched(town, ORDER | {"layer": "staff", "format": "csv", "personal": True}, tmp_path)
    assert NAMES["inside"] in path.read_text("utf-8-sig")
    line = next(line for line in town.accounts.audit() if line["action"] == "export")
    assert line["details"]["personal"] is True
    for value in ("yes", 1, {}):
        assert town.post("/api/exports", json=ORDER | {"personal": value}).status_code == 400
