"""Divisions that take long: searched as jobs, with progress and cancel; shown and saved afterwards without a second search."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint

from geodata import kept_proposals, redrawing
from geodata.jobs import Progress
from geodata.proposals import Proposals, Unsearched
from geodata.searching import Searcher
from layers.division import Proposal
from layers.errors import NotFound

from .auth import needs
from .forms import arguments
from .state import State, actor, state

blueprint = Blueprint("divisions", __name__)
TOLD_S = 0.4  # between two words on how far it is


def at_hand(held: State) -> Proposals:
    """Proposals that were searched, here or by another process; none is searched."""
    return Proposals(search=False, recall=partial(kept_proposals.recall, held.jobs))


def searched(held: State, **told: Any) -> Proposals:
    """Proposals that are searched where they are not at hand."""
    return Proposals(recall=partial(kept_proposals.recall, held.jobs), **told)


def preview(held: State, form: dict[str, Any], show: Callable[[Proposals], dict[str, Any]], *, later: bool) -> Any:
    """What `show` answers; with `later`, 202 and the job that searches where that may take longer than two seconds."""
    if not later:
        return show(searched(held))
    try:
        return show(at_hand(held))
    except Unsearched as lacking:
        if not lacking.long:
            return show(searched(held))
    asked = kept_proposals.KIND, actor(), {"form": form}
    number = held.jobs.under_way(*asked)  # a page that was loaded again asks again
    if number is None:
        held.jobs.sweep(held.config.export.keep_hours)
        number = held.jobs.start(*asked)
    return {"job": number}, 202


def make(held: State, number: str, order: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Searches the proposals of a division, in whichever process; answers the job's result."""
    form, began, told, found = order["form"], time.monotonic(), 0.0, {}
    searcher = Searcher() if held.previews is not None else None  # as previews: in a process of its own

    def tell(share: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > TOLD_S:
            told = now
            rest = (now - began) * (1 - share) / share if share > 0.02 else None
            progress(share, "" if rest is None else str(max(1, round(rest))))

    def note(key: bytes, made: Proposal) -> None:
        found[key] = made
    try:
        with held.store.read() as reader:
            redrawing.draft(reader, form, most_areas=held.config.redraw.interactive_areas,
                            proposals=searched(held, tell=tell, note=note, find=searcher and searcher.find))
    finally:
        if searcher is not None:
            searcher.close()
    return kept_proposals.keep(held.jobs, number, found)


@blueprint.get("/api/divisions/<number>")
@needs("redraw")
def look(number: str):
    """{"id", "state", "progress", "rest_s", "form", "text"}: queued, running, done, cancelled, or failed with "code" and "details"."""
    arguments()
    job = _job(number)
    failed = job["state"] == "failed"
    rest = job["text"] if job["state"] == "running" and (job["text"] or "").isdigit() else None
    return {"id": number, "state": job["state"], "progress": job["progress"], "rest_s": int(rest) if rest else None, "form": job["args"].get("form"),
            "text": job["text"] if failed else "",
            **({name: (job["result"] or {}).get(name) for name in ("code", "details")} if failed else {})}


@blueprint.delete("/api/divisions/<number>")
@needs("redraw")
def stop(number: str):
    """Stops the search."""
    arguments()
    _job(number)
    state().jobs.cancel(number, actor())
    return look(number)


def _job(number: str) -> dict[str, Any]:
    job = state().jobs.get(number, actor())
    if job["kind"] != kept_proposals.KIND:
        raise NotFound(f"{number}: no such job")
    return job
