"""A change as a value: what the areas were, what they become, and what a person should know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .areas import Area


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should look at: `kind` is a code the page translates, `where` is (lon, lat) in degrees."""

    kind: str
    text: str
    code: str | None = None  # code of the area concerned
    where: tuple[float, float] | None = None
    distance_m: float | None = None
    area_m2: float | None = None
    count: int | None = None  # households, where the finding is about people
    what: str | None = None  # name of the area concerned, where `code` is a number or does not tell it

    def as_json(self) -> dict[str, Any]:
        """The finding as the API and `--json` show it."""
        told = {"kind": self.kind, "code": self.code, "text": self.text,
                "where": list(self.where) if self.where else None,
                "distance_m": self.distance_m, "area_m2": self.area_m2}
        more = {"count": self.count, "what": self.what}
        return told | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Edit:
    """One redraw. `before` and `after` hold the areas whose course changes (a new area is only in `after`, with a
    negative fid and a provisional code "+1"; a retired one only in `before`). `touched` are neighbours that merely
    gained vertices on an unmoved border: their `rev` rises, their `version` does not. `above_before` and `above` hold
    areas whose division changes: one that loses its children is in `above_before` and, as a leaf, in `after`; one that
    gets some is in `before` and, as a parent, in `above`. The ground is that of `before` and `after`, which are leaves. `gave`
    names the givers of an area that took ground of others; where it says nothing, a new area was cut from one."""

    op: str
    before: tuple[Area, ...]
    after: tuple[Area, ...]
    touched_before: tuple[Area, ...] = ()
    touched: tuple[Area, ...] = ()
    successor: Mapping[int, int] = field(default_factory=dict)  # retired fid -> fid that takes over its facts
    note: str = ""
    findings: tuple[Finding, ...] = ()
    above_before: tuple[Area, ...] = ()
    above: tuple[Area, ...] = ()
    gave: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # area after -> those before that gave it ground

    def __invert__(self) -> Edit:
        """Undo, valid while nothing changed since."""
        return Edit(f"undo {self.op}", self.after, self.before, self.touched, self.touched_before, {}, self.note,
                    above_before=self.above, above=self.above_before)
