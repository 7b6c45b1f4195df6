"""What is decided about a zone, over the API: approve, reject, lift, extend, upgrade; always by a second person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import select

from geodata import zoning
from geodata.account_tables import GRANTS
from geodata.notices import notify
from geodata.transaction import Transaction
from layers.errors import BadInput

from .auth import needs
from .chief import called
from .forms import arguments, body, whole
from .rights import ACTIONS
from .state import actor, rights, state
from .zones import check_texts, may, seen, shown, time_of

blueprint = Blueprint("zone_actions", __name__)


@blueprint.post("/api/zones/<fid:fid>/approve")
@needs("approve_zone")
def approve(fid: int):
    """Puts a proposal of another in force."""
    form = _form("order_no", "authority", "people", "version")

    def change(tx):
        seen(tx, fid, "approve_zone")
        row = zoning.approve(tx, fid, form)
        tx.note = row["name"]
        _tell(tx, row, "zone-approved", [row["proposed_by"]], form)
    state().store.attempt(actor(), "approve zone", change, form={"zone": fid, **form})
    return shown(fid)


@blueprint.post("/api/zones/<fid:fid>/reject")
@needs("approve_zone")
def reject(fid: int):
    """Gives a proposal of another back, with the reason; of a zone in force, refuses what was asked."""
    form = _form("reason", "version", needed=("reason",))

    def change(tx):
        seen(tx, fid, "approve_zone")
        row = zoning.reject(tx, fid, form)
        tx.note = row["name"]
        asked = row["asked"] if row["status"] == "in_force" else None
        _tell(tx, row, "zone-refused" if asked else "zone-rejected", [asked["by"] if asked else row["proposed_by"]], form)
        return row["status"] == "proposed", tx.taken
    gone, rev = state().store.attempt(actor(), "reject zone", change, form={"zone": fid, **form})
    return {"id": fid, "withdrawn": True, "reason": form["reason"], "rev": rev} if gone else shown(fid)


@blueprint.post("/api/zones/<fid:fid>/lift")
@needs("propose_zone")
def lift(fid: int):
    """Ends a zone in force; who may not decide this asks for it."""
    return _act(fid, "lift", _form("reason", "order_no", "authority", "version"))


@blueprint.post("/api/zones/<fid:fid>/extend")
@needs("propose_zone")
def extend(fid: int):
    """A later end, decided or asked for."""
    return _act(fid, "extend", _form("until", "reason", "order_no", "authority", "version"))


@blueprint.post("/api/zones/<fid:fid>/upgrade")
@needs("propose_zone")
def upgrade(fid: int):
    """A stricter kind, decided or asked for."""
    return _act(fid, "upgrade", _form("kind", "reason", "order_no", "authority", "version"))


def _act(fid: int, action: str, form: dict[str, Any]) -> dict[str, Any]:
    """A commander decides, unless the zone is his own proposal and nobody asked: then he asks, like a planner."""
    above = _commanders()

    def change(tx):
        row = seen(tx, fid, "propose_zone")
        if may(row, "approve_zone") and (row["asked"] or row["proposed_by"] != actor()):
            after = zoning.decide(tx, fid, action, form)
            _tell(tx, after, f"zone-{zoning.PAST[action]}", [row["proposed_by"], (row["asked"] or {}).get("by")], form)
        else:
            after = zoning.ask(tx, fid, action, form)
            node = state().cache.nodes.get(row["area"])
            _tell(tx, after, "zone-asked", [name for name, own in above if node is None or own.may("approve_zone", node.path)],
                  form, action=action)
        tx.note = after["name"]
        tx.op = f"{action} zone" if after["asked"] is None else "ask zone"
    state().store.attempt(actor(), f"{action} zone", change, form={"zone": fid, **form})
    return shown(fid)


def _commanders() -> list[tuple[str, Any]]:
    """Who may decide somewhere, with their rights."""
    held = state()
    with held.accounts.engine.connect() as connection:
        names = sorted(set(connection.execute(select(GRANTS.c.account).where(
            GRANTS.c.role.in_(sorted(ACTIONS["approve_zone"])))).scalars()))
    accounts = [account for name in names if (account := held.accounts.get(name)) is not None]
    return [(account.name, held.rights_of(account)) for account in accounts]


def _tell(tx: Transaction, row: dict[str, Any], kind: str, to: list[str | None], form: dict[str, Any], **more: Any) -> None:
    """A notice to those concerned but oneself; no names in it."""
    node = state().cache.nodes.get(row["area"])
    notify(tx, {name for name in to if name} - {actor()}, kind, zone=row["fid"], note=row["name"], op=tx.op,
           area=node.code if node else None, by=called(rights(), [node.path] if node else []), reason=form.get("reason"), **more)


def _form(*known: str, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body of an action, each value of its type."""
    arguments()
    form = body(*needed, known=known)
    check_texts(form)
    for name in ("version", "people"):
        if form.get(name) is not None:
            whole(form[name], name)
    if form.get("kind") is not None and not isinstance(form["kind"], str):
        raise BadInput("kind: the name of a kind of zone is needed", fields=["kind"])
    if form.get("until") is not None:
        time_of(form["until"], "until")
    return form
