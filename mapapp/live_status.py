"""What watchers are told of reports: the areas whose figures changed, with these figures; never a sensitive one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from geodata.journal import Event
from geodata.reporting import MOST_AREAS
from layers.errors import WeigeError

log = logging.getLogger("weige.live")


def merged(events: Sequence[Event]) -> list[Event]:
    """The same with one event for all reports of a round: the last one tells of all."""
    answer: list[Event] = []
    last: dict[str, int] = {}
    for event in reversed(events):
        name = event.data.get("round") if event.kind == "status" and isinstance(event.data, dict) else None
        if name is None:
            answer.append(event)
        elif name in last:
            answer[last[name]] = replace(answer[last[name]], data=_both(answer[last[name]].data, event.data))
        else:
            last[name] = len(answer)
            answer.append(event)
    return answer[::-1]


def _both(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    areas = sorted({*a["areas"], *b["areas"]})
    both = {"round": a["round"], "areas": areas, "metrics": sorted({*a["metrics"], *b["metrics"]})}
    return both | {"areas": [], "all": True} if a.get("all") or b.get("all") or len(areas) > MOST_AREAS else both


def with_figures(held: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event with the figures of its areas as they are now; where they cannot be read, all may have changed."""
    told = {"round": data["round"], "areas": data["areas"], "changes": []}
    if data.get("all"):
        return told | {"all": True}
    try:
        now = held.status.standing(data["round"])
    except (WeigeError, SQLAlchemyError) as error:
        log.info("figures of reports cannot be read for now: %s", error)
        return told | {"all": True}
    named = set(data["metrics"])
    metrics = [one for one in held.status.metrics if not one.sensitive and ({one.id, one.part, one.whole} & named)]
    for fid in data["areas"]:
        node = held.cache.nodes.get(fid)
        if node is not None:
            found = now.of_area(fid)
            told["changes"].append({"fid": fid, "area": node.code, "path": node.path, "at": found.newest, "received": found.received,
                                    "of": now.expected(fid, node.path), "values": {one.id: found.value(one) for one in metrics}})
    return told


def in_sight(seq: int, data: Mapping[str, Any], see: tuple[str, ...] | None) -> dict[str, Any] | None:
    """The event for who sees these paths (None: everything); None when it is none of his."""
    shown = {"seq": seq, "round": data["round"], "changes": []}
    if data.get("all"):
        return shown | {"all": True}
    for change in data["changes"]:
        if see is None or change["path"].startswith(see):
            shown["changes"].append({name: value for name, value in change.items() if name != "path"})
    return None if data["changes"] and not shown["changes"] else shown
