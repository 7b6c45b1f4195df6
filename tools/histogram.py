"""The table of both manuals: how many buildings of the demo town hold how many households.

    python tools/histogram.py          writes the tables between the marks in docs/manual.*.md
"""

from __future__ import annotations

import re
import sys
import tomllib
from bisect import bisect_right
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- histogram -->", "<!-- /histogram -->"
FROM = (1, 2, 3, 4, 10, 20, 30, 40, 50, 60)  # households at which a column begins; the last is open
# rows: kinds of buildings, label by language; no other kind holds a household
ROWS = (
    (("house",), {"zh": "自建房", "en": "houses"}),
    (("apartment",), {"zh": "多层住宅", "en": "slabs with stairwells"}),
    (("tower", "apartment_block"), {"zh": "高层、公寓楼", "en": "towers, apartment blocks"}),
)
HEADS = {"zh": "每幢户数", "en": "households"}
TAILS = {
    "zh": "共 {lived} 幢有住户，最多 {most} 户；另有 {other} 幢厂房、商铺、公建、宿舍等没有住户。没有离群的楼。",
    "en": "{lived} buildings are lived in, at most {most} households in one; {other} more (works, shops, public, "
          "dormitories) hold no household. None is an outlier.",
}  # fmt: skip


def town() -> dict:
    """The layers of the demo town, as it is before it is written to a store."""
    sys.path.insert(0, str(ROOT))
    from geodata.synthetic import demo_town

    settings = tomllib.loads((ROOT / "geodata" / "demo.toml").read_text(encoding="utf-8"))
    zones = [(zone["households"], zone["people"]) for zone in settings["zones"]]
    return demo_town(**settings["town"], zones=zones).layers


def households(layers: dict) -> list[tuple[str, int]]:
    """(kind, households) of every building, stairwells counted with their building."""
    own = layers["buildings"].set_index("code")["households"].fillna(0)
    inside = layers["units"].groupby("building_code")["households"].sum()
    total = own.add(inside, fill_value=0).astype(int)
    kinds = layers["buildings"].set_index("code")["kind"]
    return [(kind, int(total[code])) for code, kind in kinds.items()]


def table(buildings: list[tuple[str, int]], lang: str) -> str:
    """The histogram as a Markdown table in that language."""
    columns = [str(low) if high == low + 1 else f"{low}–{high - 1}" for low, high in pairwise(FROM)] + [f"{FROM[-1]}+"]
    lines = [f"| {HEADS[lang]} | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for kinds, labels in ROWS:
        counts = [0] * len(FROM)
        for kind, number in buildings:
            if kind in kinds and number:
                counts[bisect_right(FROM, number) - 1] += 1
        lines.append(f"| {labels[lang]} | " + " | ".join(str(count) if count else "" for count in counts) + " |")
    lived = [number for _, number in buildings if number]
    tail = TAILS[lang].format(lived=f"{len(lived):,}", most=max(lived), other=len(buildings) - len(lived))
    return "\n".join([*lines, "", tail])


def written(text: str, made: str) -> str:
    """The text with the table between its marks."""
    return re.sub(f"{BEGIN}.*?{END}", f"{BEGIN}\n{made}\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    counted = households(town())
    for lang in HEADS:
        manual = ROOT / "docs" / f"manual.{lang}.md"
        manual.write_text(written(manual.read_text(encoding="utf-8"), table(counted, lang)), encoding="utf-8")
        print(table(counted, lang))
