"""Words for fingers: on a tablet no hint speaks of a mouse or of keys, in either language."""

from __future__ import annotations

import json
import re

import pytest

from tests.js.test_coordinates import ROOT

OTHER_HANDS = {
    "en": r"\b([Cc]lick\w*|[Ww]heel|mouse|Alt|Backspace|Ctrl|Del|Enter|Esc|Shift|Space|Tab|keyboard|right button)\b",
    "zh": r"回车|退格|空格|滚轮|鼠标|单击|双击|点击|右键|方向键|键盘|Alt|Ctrl|Del|Esc|Shift|Tab"}
OF_KEYS = ("keys.", "post.taken", "split.enter")  # told to whoever has a keyboard in use


@pytest.mark.parametrize("lang", OTHER_HANDS)
def test_whoever_works_with_fingers_is_told_of_no_mouse_and_no_key(lang: str):
    texts = json.loads((ROOT / f"static/i18n/{lang}.json").read_text(encoding="utf-8"))
    told = {key: texts.get(f"{key}.touch", text) for key, text in texts.items() if not key.startswith(OF_KEYS)}
    assert {key: text for key, text in told.items() if re.search(OTHER_HANDS[lang], text)} == {}


def test_a_text_for_fingers_belongs_to_one_for_all_and_has_its_placeholders():
    for lang in OTHER_HANDS:
        texts = json.loads((ROOT / f"static/i18n/{lang}.json").read_text(encoding="utf-8"))
        for key in (key for key in texts if key.endswith(".touch")):
            assert set(re.findall(r"\{\w+\}", texts[key])) <= set(re.findall(r"\{\w+\}", texts[key.removesuffix(".touch")])), key
