"""What panels show of figures: numbers below the strip of the norm side by side, and one gap for one ground whatever the tool."""

from __future__ import annotations

import json

import pytest

from tests.js.test_tracing import run

DIGIT = 6.2  # pixels, at 11 px
NODE = """
    globalThis.Node = class {
      constructor(tag) { Object.assign(this, { tag, told: {}, children: [] }); }
      setAttribute(name, value) { this.told[name] = value; }
      append(...more) { this.children.push(...more); }
    };
    document.createElementNS = (_, tag) => new Node(tag);
"""


def below(least: int, most: int, old: int) -> list[tuple[float, float]]:
    """From where to where each number below the strip of a norm reaches, west to east."""
    told = run("../ui/norm_strip.js", NODE + f"""
        const strip = it.normStrip({{ min: {least}, max: {most} }}, {{ old: {old} }});
        const found = strip.children.filter(({{ tag, told }}) => tag === "text" && Number(told.y) === 59);
        process.stdout.write(JSON.stringify(found.map(({{ told, children }}) => [Number(told.x), told.class, children[0]])));""")
    spans = []
    for at, look, words in told:
        left = {"nt st": 0, "nt en": 1}.get(look.strip(), 0.5) * len(words) * DIGIT
        spans.append((at - left, at - left + len(words) * DIGIT))
    return sorted(spans)


@pytest.mark.parametrize("old", [0, 16, 58, 155, 549, 597])
@pytest.mark.parametrize("norm", [(15, 60), (150, 550), (500, 550), (3, 1200)])
def test_numbers_below_a_norm_do_not_touch(norm: tuple[int, int], old: int):
    spans = below(*norm, old)
    assert len(spans) >= 2, "the limits are always there"
    assert all(right + 1 < left for (_, right), (left, _) in zip(spans, spans[1:]))


def together(*gaps: int | None) -> int:
    parts = [{"staff": {"gap": gap}} for gap in gaps]
    return run("../data/gaps.js", f"""
        process.stdout.write(JSON.stringify(it.gaps.together({{ staff: {{ need: 6, gap: 1 }} }}, {json.dumps(parts)}).staff.gap));""")


def test_what_two_areas_lack_adds_up_before_a_merge_as_it_does_after_a_split():
    assert together(3, 0) == 3, "a head too many on one side is none on the other"
    assert together(3, None) == 1, "unknown on one side: what the server says"
