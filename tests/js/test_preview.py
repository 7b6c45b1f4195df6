"""What a drawing would do, asked over a line that can be cut: the question is not lost, unless it was dropped."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.js.test_coordinates import NODE, ROOT


def asked(*steps: str) -> list[str]:
    """What the server was asked and what was told of it when the line is cut from the first question on, until a step mends it."""
    page = f"""
        const page = new EventTarget();
        globalThis.addEventListener = (...listens) => page.addEventListener(...listens);
        const {{ Preview }} = await import({json.dumps((ROOT / "static/js/edit/preview.js").as_uri())});
        const log = [];
        let whole = false;
        const send = async (form) => {{
          log.push(`asks ${{form}}`);
          if (!whole) throw Object.assign(new Error("cut"), {{ code: "offline" }});
          return form;
        }};
        const it = new Preview(send, {{ onAnswer: (answer) => log.push(`answer ${{answer}}`), onRefusal: () => log.push("refused") }});
        const back = () => {{
          whole = true;
          page.dispatchEvent(new Event("weige:back"));
        }};
        it.ask("A");
        await it.settle();
        {"".join(f"{step}; await it.settle();" for step in steps)}
        console.log(JSON.stringify(log));"""
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", page], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("step", ["back()", "whole = true"])  # the page heard of it, or somebody saves before it did
def test_a_question_that_the_cut_line_swallowed_is_asked_again(step: str):
    assert asked(step) == ["asks A", "refused", "asks A", "answer A"]


def test_a_newer_question_or_a_dropped_one_is_not_asked_again():
    assert asked("whole = true; it.ask('B')", "back()") == ["asks A", "refused", "asks B", "answer B"]
    assert asked("it.drop()", "back()") == ["asks A", "refused"]
