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
    held.jobs.sweep(held.config.export.keep_hours)
    return {"job": held.jobs.start(kept_proposals.KIND, actor(), {"form": form})}, 202


def make(held: State, number: str, order: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Searches the proposals of a division, in whichever process; answers the job's result."""
    form, began, told, found = order["form"], time.monotonic(), 0.0, {}

    def tell(share: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > TOLD_S:
            told = now
            rest = (now - began) * (1 - share) / share if share > 0.02 else None
            progress(share, "" if rest is None else str(max(1, round(rest))))

    def note(key: bytes, made: Proposal) -> None:
        found[key] = made
    with held.store.read() as reader:
        redrawing.draft(reader, form, most_areas=held.config.redraw.interactive_areas,
                        proposals=searched(held, tell=tell, note=note))
    return kept_proposals.keep(held.jobs, number, found)


@blueprint.get("/api/divisions/<number>")
@needs("redraw")
def look(number: str):
    """{"id", "state", "progress", "rest_s", "form", "code", "text"}: queued, running, done, failed or cancelled."""
    arguments()
    job = _job(number)
    failed = job["state"] == "failed"
    rest = job["text"] if job["state"] == "running" and (job["text"] or "").isdigit() else None
    return {"id": number, "state": job["state"], "progress": job["progress"], "rest_s": int(rest) if rest else None, "form": job["args"].get("form"),
            "code": (job["result"] or {}).get("code") if failed else None, "text": job["text"] if failed else ""}


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
