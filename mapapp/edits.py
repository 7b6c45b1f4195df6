"""Redraw over the API: preview and commit. Undo and history: history.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from flask import Blueprint

from geodata import committing, effects, previewing, redrawing, undoing
from geodata.coverage_cache import today
from geodata.notices import notify
from geodata.proposals import Proposals, patiently
from geodata.rows import Reader
from geodata.transaction import Transaction
from layers.areas import Area
from layers.errors import PartsRefused, Stale

from . import divisions
from .auth import needs
from .chief import called
from .drawn_forms import drawn_form
from .forms import arguments
from .history import preview_undo, redrawn
from .privacy import special
from .state import actor, rights, state
from .transfers import require_back

blueprint = Blueprint("edits", __name__)
NEW = "+1"  # the code of an area being drawn, until it is written


@blueprint.post("/api/edits/preview")
@needs("redraw")
def preview():
    """What an operation would do, with the figures of every area that changes. Nothing is written."""
    arguments()
    form = drawn_form()
    if form["op"] == "undo":
        return preview_undo(form)
    later = form.pop("later", None)
    if form.get("instead_of"):
        return patiently(lambda: _preview_instead(form))
    with _told_whole():
        if form["op"] == "divide":
            return divisions.preview(state(), form, partial(_preview_divide, form), later=later is True)
        return _looked(form)


def _preview_divide(form: dict[str, Any], proposals: Proposals) -> dict[str, Any]:
    held = state()
    with held.store.read() as reader:  # not a look: nobody who draws waits for it
        made = _drafted(reader, form, proposals)
        return _shown(effects.answer(reader, made, today=today(held.store)), made.edit.before)


def _looked(form: dict[str, Any]) -> dict[str, Any]:
    """What the operation would do, by the process of previews, or here when that has enough to do."""
    held = state()
    settings = {"most_areas": held.config.redraw.interactive_areas, "today": today(held.store)}
    told = held.previews.show(form, **settings) if held.previews is not None and form["op"] not in redrawing.FOUND else None
    if told is None:
        with held.store.look() as reader:
            told = previewing.shown(reader, form, **settings)
    rights().require("redraw", told.before)
    return _shown(told.answer, told.before)


@blueprint.post("/api/edits")
@needs("redraw")
def commit():
    """The same, written: one transaction, re-run on the rows as they are in it."""
    arguments()
    held, form = state(), drawn_form()
    form.pop("later", None)

    def change(tx):
        authors = _take_back(tx, form)
        made = _drafted(tx, form, divisions.at_hand(held))
        fids, done = committing.save(tx, made)
        areas = made.edit.above_before or made.edit.before
        tx.note = " + ".join(area.code for area in areas)
        notify(tx, authors, "overwritten", op=form["op"], area=areas[0].code, note=tx.note,
               by=called(rights(), [area.path for area in areas]))
        answer = effects.answer(tx, done, today=today(held.store), fids=fids)
        return _shown(answer, made.edit.before) | {"edit": tx.taken, "rev": tx.taken}
    with _told_whole():
        if form["op"] in redrawing.FOUND and not form.get("instead_of"):  # seconds of work: done before others are held off
            with held.store.read() as reader:
                _drafted(reader, form, divisions.searched(held))
        return patiently(lambda: held.store.attempt(actor(), form["op"], change, form=form))


def _drafted(reader: Reader, form: dict[str, Any], proposals: Proposals) -> redrawing.Draft:
    made = redrawing.draft(reader, form, most_areas=state().config.redraw.interactive_areas, proposals=proposals)
    rights().require("redraw", (*made.edit.above_before, *made.edit.before))
    return made


# ---- the same ground twice ------------------------------------------------------------------------------------------
def _take_back(tx: Transaction, form: dict[str, Any]) -> set[str]:
    """The edits that the drawn one shall replace go back first, the newest first; answers their authors but oneself."""
    authors = set()
    for rev in sorted(form.get("instead_of") or (), reverse=True):
        done = tx.revision(rev)
        rights().require("redraw", redrawn(tx, done))
        require_back(tx, rev)
        undoing.take_back(tx, rev)
        authors.add(done["actor"])
    return authors - {tx.actor}


class _Seen(Exception):
    """Leaves a transaction without writing."""


def _preview_instead(form: dict[str, Any]) -> dict[str, Any]:
    """What the operation would do if the edits in its way had not been: tried in a transaction that is dropped."""
    answer: dict[str, Any] = {}

    def change(tx):
        _take_back(tx, form)
        made = _drafted(tx, form, divisions.at_hand(state()))
        answer.update(_shown(effects.answer(tx, made, today=today(state().store)), made.edit.before))
        raise _Seen
    with suppress(_Seen), _told_whole():
        state().store.attempt(actor(), form["op"], change, form=form)
    return answer


@contextmanager
def _told_whole() -> Iterator[None]:
    """A conflict is told with the figures of the areas that stand there now; what could go to others is offered only to
    whoever may redraw them."""
    try:
        yield
    except PartsRefused as error:
        if "to" in error.details:
            error.details["to"] = _in_hand(error.details["to"])
        raise
    except Stale as error:
        held, own = state(), rights()
        held.sync()
        nodes = [held.cache.nodes[fid] for fid in error.details.pop("now", ()) if fid in held.cache.nodes]
        error.details["now"] = [
            {"fid": node.fid, "code": node.code, "name": node.name,
             "figures": special(held.cache.figures(node), exact=own.may("see_special", node.path))}
            for node in nodes if own.may("see", node.path)]
        raise


def _in_hand(codes: list[str]) -> list[str]:
    """The codes, if the account may redraw all these areas; one being drawn is its own."""
    cache, own = state().cache, rights()
    nodes = [cache.nodes.get(cache.codes.get(code)) for code in codes if code != NEW]
    return codes if all(node is not None and own.may("redraw", node.path) for node in nodes) else []


def _shown(answer: dict[str, Any], before: Iterable[Area]) -> dict[str, Any]:
    """The answer with special groups only for those who may see them there."""
    own, cache = rights(), state().cache
    exact = all(own.may("see_special", cache.nodes[area.fid].path) for area in before
                if area.fid in cache.nodes)
    for change in answer["changed"]:
        change |= {side: special(change[side], exact=exact) for side in ("before", "after") if change[side]}
    return answer | {side: special(answer[side], exact=exact) for side in ("totals_before", "totals_after")}
