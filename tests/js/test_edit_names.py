"""What an edit is called in histories, toasts and undo buttons, in both languages."""

from __future__ import annotations

import json
import subprocess

import pytest

from layers.redraw import OPERATIONS
from tests.js.test_coordinates import NODE, ROOT

AREA = {"code": "330299001002005", "name": "04-05 微网格", "level": "leaf"}


def called(lang: str, *edits: dict, way: str = "full") -> list[str]:
    """`editName.full` (or another) of each edit, on a page that was told what the area is called."""
    texts = json.loads((ROOT / f"static/i18n/{lang}.json").read_text(encoding="utf-8"))
    texts = {key: text for key, text in texts.items() if key.startswith(("op.", "list.", "history.", "redo.", "undo."))}
    boot = {"lang": lang, "messages": texts, "levels": [{"id": "leaf", "zh": "微网格"}], "all_levels": [], "metrics": [], "urls": {}, "map": {}}
    page = f"""globalThis.addEventListener = () => null;
        globalThis.document = {{ getElementById: () => ({{ textContent: {json.dumps(json.dumps(boot))} }}) }};
        const {{ editName }} = await import({json.dumps((ROOT / "static/js/ui/edit_name.js").as_uri())});
        const {{ places }} = await import({json.dumps((ROOT / "static/js/ui/places.js").as_uri())});
        places.meet([{json.dumps(AREA)}]);
        process.stdout.write(JSON.stringify({json.dumps(edits)}.map((edit) => editName.{way}(edit))));"""
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", page], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("lang, words", [
    ("zh", ["锁定 04-05", "解除锁定 04-05", "锁定并改属性 04-05", "解除锁定并改属性 04-05", "改属性 04-05"]),
    ("en", ["Lock 04-05", "Unlock 04-05", "Lock and edit attributes of 04-05", "Unlock and edit attributes of 04-05", "Edit attributes of 04-05"])])
def test_a_lock_is_called_a_lock_also_when_it_is_taken_back(lang: str, words: list[str]):
    ops = [f"{what} area" for what in ("lock", "unlock", "change_lock", "change_unlock", "change")]
    assert called(lang, *({"op": op, "note": AREA["code"]} for op in ops)) == words
    assert called(lang, *({"op": "undo", "note": f"{op} {AREA['code']}"} for op in ops)) == words


@pytest.mark.parametrize("lang, words", [
    ("zh", ["拆分 04-05", "撤销 拆分 04-05", "重做 拆分 04-05", "撤销 拆分 04-05", "撤销"]),
    ("en", ["Split 04-05", "Undo Split 04-05", "Redo Split 04-05", "Undo Split 04-05", "Undo"])])
def test_a_history_says_what_was_taken_back_and_what_was_done_again(lang: str, words: list[str]):
    undone = [{"op": "undo", "note": f"{undos}split {AREA['code']}"} for undos in ("", "undo ", "undo undo ")]
    edits = [{"op": "split", "note": AREA["code"]}, *undone]
    assert called(lang, *edits, {"op": "undo", "note": ""}, way="line") == words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_kind_of_redraw_has_words_of_its_own(lang: str):
    names = called(lang, *({"op": op, "note": AREA["code"]} for op in OPERATIONS))
    assert len(set(names)) == len(OPERATIONS) and not [name for name in names if "_" in name or not name.endswith(" 04-05")]
