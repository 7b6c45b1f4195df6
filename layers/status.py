"""What reports say of the ground: of two statements about one place the newer counts, of a whole and its parts never both.

A report (上报) names a stairwell, a building or an area. Figures of an area are sums over its places. Where somebody
spoke of the whole as well (a building, an area), that stands until its parts say more, or until all of them have spoken
since. Nobody's silence is a zero: what nobody reported is unknown, and every sum says how many places were heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .rules import Metric, Rules

UNIT, BUILDING, AREA = "unit", "building", "area"  # what a report may name, the finest first
SURVEY, SAMPLING = "survey", "sampling"
ROUND_KINDS = (SURVEY, SAMPLING)
FIRST_ROUND = "1"  # where nobody has opened one
MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Said:
    """A number that was reported: `newest` and `oldest` are the times (UTC, as text) of what it is made of, `heard` how
    many places it speaks for."""

    value: int
    newest: str
    oldest: str
    heard: int = 1


def together(parts: Iterable[Said]) -> Said | None:
    """The sum of parts that lie side by side; None when nobody said anything."""
    parts = list(parts)
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return Said(sum(part.value for part in parts), max(part.newest for part in parts), min(part.oldest for part in parts),
                sum(part.heard for part in parts))


def settled(whole: Said | None, parts: Said | None, of: int) -> Said | None:
    """What counts of a statement about the whole and the sum of its parts, of which there are `of`: the later one; an
    older whole still counts where its parts, not all heard yet, say less."""
    if whole is None or parts is None:
        return parts if whole is None else whole
    if whole.newest >= parts.newest:
        return whole
    if parts.heard >= of or parts.value >= whole.value:
        return parts if parts.heard >= whole.heard else Said(parts.value, parts.newest, parts.oldest, whole.heard)
    return Said(whole.value, parts.newest, whole.oldest, max(whole.heard, parts.heard))


@dataclass(slots=True)
class Status:
    """What was reported of one area in a round. `received` of the places expected spoke; `undivided` is the part of
    `said` that no area below can be given, because the ground it was said of was cut anew since; `pairs` are the two
    numbers of each rate over the ground somebody spoke of, so that silence neither lowers nor raises it."""

    said: dict[str, Said] = field(default_factory=dict)
    received: int = 0
    oldest: str | None = None
    newest: str | None = None
    undivided: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, tuple[int, int]] = field(default_factory=dict)

    def hear(self, oldest: str, newest: str) -> None:
        """Somebody spoke between these times."""
        self.oldest = oldest if self.oldest is None else min(self.oldest, oldest)
        self.newest = newest if self.newest is None else max(self.newest, newest)

    def rate(self, metric: str) -> float | None:
        """A rate, None when nobody spoke of it or there is nothing to divide by."""
        part, whole = self.pairs.get(metric, (0, 0))
        return round(part / whole, 4) if whole else None

    def value(self, metric: Metric) -> float | None:
        """The figure of a metric."""
        if metric.part:
            return self.rate(metric.id)
        said = self.said.get(metric.id)
        return None if said is None else said.value

    def since(self, metric: Metric) -> str | None:
        """When the figure of a metric was last added to."""
        said = self.said.get(metric.part or metric.id)
        return None if said is None else said.newest


NOTHING = Status()


def summed(parts: Iterable[Status]) -> Status:
    """The status of areas that lie side by side, together."""
    total, said = Status(), {}
    for part in parts:
        for metric, one in part.said.items():
            said.setdefault(metric, []).append(one)
        total.received += part.received
        if part.newest is not None:
            total.hear(part.oldest, part.newest)
        for rate, (above, below) in part.pairs.items():
            was = total.pairs.get(rate, (0, 0))
            total.pairs[rate] = was[0] + above, was[1] + below
    total.said = {metric: together(some) for metric, some in said.items()}
    return total


def reported(rules: Rules) -> dict[str, Metric]:
    """The metrics that are reported, by id."""
    return {metric.id: metric for metric in rules.metrics if metric.source == "report"}


def of_reports(rules: Rules) -> list[Metric]:
    """The metrics that follow from reports: those reported, and rates of them."""
    own = reported(rules)
    return [metric for metric in rules.metrics if metric.id in own or metric.part in own]


def rates_of(rules: Rules) -> list[Metric]:
    """Rates of reported metrics."""
    own = reported(rules)
    return [metric for metric in rules.metrics if metric.part in own]


def wrong_values(values: object, own: Mapping[str, Metric]) -> str | None:
    """What is wrong with the values of a report, None when nothing is."""
    if not isinstance(values, dict) or not values:
        return "values: {metric: whole number or null} is needed"
    for name, value in values.items():
        if name not in own:
            return f"values: no metric {name[:40]}; one of {', '.join(own)}"
        if value is not None and (type(value) is not int or not 0 <= value <= MOST):
            return f"values.{name}: a whole number from 0, or null, is needed"
    return None


def moment(text: object, now: datetime) -> str | None:
    """A time with offset as text that sorts, in UTC; what lies in the future counts as now. None for what is no such time."""
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else stamp(min(at, now))
    except (TypeError, ValueError, OverflowError):
        return None


def stamp(at: datetime) -> str:
    """A time as text that sorts."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
