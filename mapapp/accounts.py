"""Accounts of others, by administrators: an administrator of a district manages only accounts whose grants all lie under
his own areas, and grants nothing above them. Every act stands in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request
from sqlalchemy import select

from geodata import account_book as book
from geodata.account_book import Entry, Grant
from geodata.accounts import ROLES
from geodata.rows import Reader
from geodata.schema import CODES
from layers.errors import BadInput, LastAdmin, NotFound, OwnAccount, WeigeError

from .auth import needs
from .forms import arguments, body, next_page, number, version_of, whole
from .office import office
from .rights import Rights, leads_to
from .state import actor, rights, state

blueprint = Blueprint("accounts", __name__)
STATES = ("active", "new", "locked", "disabled")
MOST_GRANTS = 200
LONGEST_LABEL = 60


# ---- pages and lists -------------------------------------------------------------------------------------------------
@blueprint.get("/accounts")
@needs("manage")
def page():
    """The page of accounts."""
    rules = state().config.security
    return office("accounts", roles=list(ROLES), states=list(STATES), everywhere=_everywhere(rights()),
                  one_time_hours=round(rules.one_time_hours), token_days=rules.token_days)


@blueprint.get("/api/accounts")
@needs("manage")
def accounts():
    """Accounts under the areas of who asks, by name: `q` in name or label, `role`, `state`, `area` (a grant reaches it);
    paged by name."""
    query = arguments("q", "role", "state", "area", "limit", "after")
    limit = number(query, "limit", 200, most=1000)
    for name, known in (("role", ROLES), ("state", STATES)):
        if query.get(name) and query[name] not in known:
            raise BadInput(f"{name}: one of {', '.join(known)} is needed", fields=[name])
    area = _node(query["area"], "area") if query.get("area") else None
    word = query.get("q", "").strip().lower()
    found = [(entry, grants) for entry, grants in _managed()
             if (not word or word in entry.name.lower() or word in entry.label.lower())
             and (not query.get("role") or query["role"] in {grant["role"] for grant in grants})
             and (not query.get("state") or query["state"] == entry.state)
             and (area is None or any(area.path.startswith(path) or path.startswith(area.path)
                                      for grant in grants for path in grant["paths"]))
             and entry.name > query.get("after", "")]
    page = found[:limit]
    return {"accounts": [_told(entry, grants) for entry, grants in page],
            "next": next_page({**query, "after": page[-1][0].name}) if len(found) > limit else None, "count": len(found)}


# ---- acts ------------------------------------------------------------------------------------------------------------
@blueprint.post("/api/accounts")
@needs("manage")
def create():
    """A new account; its password is told this once, and has to be changed at the first sign-in."""
    form = body("name", "grants", known=("name", "label", "grants"))
    name, label = _text(form, "name"), _text(form, "label")
    grants = _grants(form["grants"], ())
    book.judge_name(name)
    held = state()
    password = book.create(held.accounts, name, label or name, grants, by=actor(), hours=held.config.security.one_time_hours)
    _log("create", name, grants=_plain(grants))
    return _answer(name) | {"password": password}, 201


@blueprint.patch("/api/accounts/<name>")
@needs("manage")
def change(name: str):
    """Label, grants, closed or open again. `version` is what the caller saw."""
    form = body("version", known=("version", "label", "grants", "disabled"))
    entry = _managed_entry(name)
    version, label = version_of(form), _text(form, "label") if form.get("label") is not None else None
    disabled = form.get("disabled")
    if disabled is not None and not isinstance(disabled, bool):
        raise BadInput("disabled: true or false is needed", fields=["disabled"])
    grants = _grants(form["grants"], entry.grants) if form.get("grants") is not None else None
    if entry.name == actor() and (disabled or (grants is not None and not _keeps(entry.grants, grants))):
        raise OwnAccount("nobody closes his own account or takes the role of administrator from himself",
                         fields=["grants" if grants is not None else "disabled"])
    book.change(state().accounts, name, version, label=label, grants=grants, disabled=disabled, guard=_guard(entry))
    if disabled is not None and disabled != entry.disabled:
        _log("disable" if disabled else "enable", name)
    if grants is not None:
        _log("grants", name, grants=_plain(grants), before=_plain(entry.grants))
    if label is not None and label != entry.label:
        _log("label", name)
    return _answer(name)


@blueprint.post("/api/accounts/<name>/reset")
@needs("manage")
def reset(name: str):
    """Another password, told this once; every session ends, a lock-out too."""
    body(known=())
    entry = _managed_entry(name)
    if entry.name == actor():
        raise OwnAccount("change your own password on the page of your account")
    held = state()
    password = book.reset(held.accounts, name, hours=held.config.security.one_time_hours)
    _log("reset", name)
    return _answer(name) | {"password": password}


@blueprint.post("/api/accounts/<name>/unlock")
@needs("manage")
def unlock(name: str):
    """Ends a lock-out before its time."""
    body(known=())
    _managed_entry(name)
    book.unlock(state().accounts, name)
    _log("unlock", name)
    return _answer(name)


@blueprint.delete("/api/accounts/<name>/sessions")
@needs("manage")
def end_sessions(name: str):
    """Signs the account out everywhere."""
    arguments()
    entry = _managed_entry(name)
    if entry.name == actor():
        raise OwnAccount("end your other sessions on the page of your account")
    ended = state().accounts.end_sessions(name)
    _log("sessions", name, sessions=ended)
    return _answer(name) | {"ended": ended}


@blueprint.post("/api/accounts/<name>/tokens")
@needs("manage")
def new_token(name: str):
    """A token for programs, told this once. `days` up to the setting."""
    form = body("name", known=("name", "days"))
    _managed_entry(name)
    most = state().config.security.token_days
    days = whole(form.get("days", most), "days")
    if not 1 <= days <= most:
        raise BadInput(f"days: 1 to {most} are possible", fields=["days"])
    title = _text(form, "name")
    token = state().accounts.new_token(name, days, title, by=actor())
    _log("token", name, token=title, days=days)
    return _answer(name) | {"token": token}, 201


@blueprint.delete("/api/accounts/<name>/tokens/<token>")
@needs("manage")
def revoke_token(name: str, token: str):
    """The token opens nothing any more."""
    arguments()
    _managed_entry(name)
    _log("revoke", name, token=book.revoke(state().accounts, name, token))
    return _answer(name)


# ---- who may manage whom ---------------------------------------------------------------------------------------------
def _everywhere(own: Rights) -> bool:
    """True for an administrator of the whole store."""
    return own.filter("manage") is None or "/" in own.scope("manage")


def _managed() -> list[tuple[Entry, list[dict[str, Any]]]]:
    """The accounts who asks may manage, with their grants as told."""
    held = state()
    entries = book.entries(held.accounts, held.config.security.session_idle_minutes)
    with held.store.read() as reader:
        told = told_grants([entry.grants for entry in entries], reader)
    return [(entry, grants) for entry, grants in zip(entries, told, strict=True) if _within(grants)]


def _within(grants: Sequence[dict[str, Any]]) -> bool:
    """True when every grant lies under the areas of who asks."""
    own = rights()
    return _everywhere(own) or bool(grants) and all(
        grant["paths"] and all(own.may("manage", path) for path in grant["paths"]) for grant in grants)


def _managed_entry(name: str) -> Entry:
    """The account. Raises NotFound, also when it is out of reach."""
    entry = book.entry(state().accounts, name)
    with state().store.read() as reader:
        if not _within(told_grants([entry.grants], reader)[0]):
            raise NotFound(f"{name}: no such account")
    return entry


def _guard(entry: Entry) -> book.Guard:
    """Refuses a change after which nobody is administrator of the whole store, when somebody was before."""
    held = state()

    def whole_store(grants: Sequence[Grant]) -> bool:
        admin = [grant for grant in grants if grant[0] == "admin"]
        if any(fid == 0 for _, fid, _ in admin):
            return True
        reached = {node.path for nodes in leads_to(admin, held.cache, reader) for node in nodes}
        roots = held.cache.roots()
        return bool(roots) and all(any(root.path.startswith(path) for path in reached) for root in roots)

    def guard(open_) -> None:
        nonlocal reader
        with held.store.read() as reader:
            if whole_store(entry.grants) and not entry.disabled and not any(whole_store(grants) for _, grants in open_):
                raise LastAdmin(f"{entry.name} is the last administrator of the whole store", fields=["grants"])
    reader: Reader | None = None
    return guard


def _keeps(before: Sequence[Grant], after: Sequence[Grant]) -> bool:
    """True when every area of the role of administrator stays within reach."""
    with state().store.read() as reader:
        old, new = ([grant for grant in grants if grant[0] == "admin"] for grants in (before, after))
        everything = any(fid == 0 for _, fid, _ in old)
        had = {node.path for nodes in leads_to(old, state().cache, reader) for node in nodes}
        has = {node.path for nodes in leads_to(new, state().cache, reader) for node in nodes}
    roots = {root.path for root in state().cache.roots()}
    if any(fid == 0 for _, fid, _ in new) or not old:
        return True
    needed = had | (roots if everything else set())
    return bool(needed) and all(any(path.startswith(own) for own in has) for path in needed)


# ---- reading and telling grants --------------------------------------------------------------------------------------
def _grants(raw: Any, before: Sequence[Grant]) -> list[Grant]:
    """Pairs {"role", "area": CODE or null for everything, "rev"?}. A pair with the `rev` it was told with stays as it is
    and goes on following its ground; without, it is given anew, for the area as it is today."""
    if not isinstance(raw, list) or not raw or len(raw) > MOST_GRANTS or not all(isinstance(one, dict) for one in raw):
        raise BadInput(f"grants: a list of 1 to {MOST_GRANTS} pairs of role and area is needed; to shut somebody out, close the account",
                       fields=["grants"])
    rev, codes = state().sync(), _codes([fid for _, fid, _ in before])
    kept = {(role, codes.get(fid), granted): (role, fid, granted) for role, fid, granted in before}
    found: dict[tuple[str, int], Grant] = {}
    for place, one in enumerate(raw):
        role, code = one.get("role"), one.get("area") or None
        unknown = [key for key in one if key not in ("role", "area", "rev")]
        if unknown or role not in ROLES:
            raise BadInput(f"grants: role must be one of {', '.join(ROLES)}" if not unknown else f"grants: {unknown[0][:40]} means nothing here",
                           fields=[f"grants.{place}.role"])
        old = kept.get((role, code, one["rev"])) if isinstance(one.get("rev"), int) else None
        if old is None:
            old = role, _reach(code, f"grants.{place}.area"), rev
        found.setdefault(old[:2], old)
    roles = [role for role, _ in found]
    try:
        book.check_roles(roles)
    except BadInput as error:
        error.details["fields"] = ["grants"]
        raise
    return list(found.values())


def _reach(code: Any, field: str) -> int:
    """The fid of an area who asks may grant, 0 for everything."""
    own = rights()
    if code is None:
        if not _everywhere(own):
            raise BadInput("an area of your own is needed: only an administrator of the whole store grants everything", fields=[field])
        return 0
    return _node(code, field).fid


def _node(code: Any, field: str):
    if not isinstance(code, str):
        raise BadInput(f"{field}: the code of an area is needed", fields=[field])
    try:
        node = state().cache.by_code(code)
        rights().require("manage", [node])
    except WeigeError as error:
        error.details["fields"] = [field]
        raise
    return node


def told_grants(many: Sequence[Sequence[Grant]], reader: Reader) -> list[list[dict[str, Any]]]:
    """Each account's grants: what was granted, at which revision, where it leads today; `paths` stay in the house."""
    flat = [grant for grants in many for grant in grants]
    distinct = list(dict.fromkeys((fid, rev) for _, fid, rev in flat))
    cache = state().cache
    today = dict(zip(distinct, leads_to([("", *pair) for pair in distinct], cache, reader), strict=True))
    codes = _codes([fid for fid, _ in distinct], reader)

    def told(grant: Grant) -> dict[str, Any]:
        role, fid, rev = grant
        nodes = today[fid, rev]
        moved = fid != 0 and [node.fid for node in nodes] != [fid]
        own = cache.nodes.get(fid)
        return {"role": role, "rev": rev, "area": None if fid == 0 else {"code": codes.get(fid), "name": own.name if own else None},
                "today": [{"code": node.code, "name": node.name, "level": node.level} for node in nodes], "moved": moved,
                "paths": ["/"] if fid == 0 else [node.path for node in nodes]}
    return [[told(grant) for grant in grants] for grants in many]


def _codes(fids: Sequence[int], reader: Reader | None = None) -> dict[int, str]:
    """Codes of areas, also of those that were merged away."""
    nodes = state().cache.nodes
    found = {fid: node.code for fid in fids if (node := nodes.get(fid)) is not None}
    lost = sorted({fid for fid in fids if fid and fid not in found})
    if lost and reader is None:
        with state().store.read() as reader:
            return _codes(fids, reader)
    if lost:
        found |= {fid: code for fid, code in reader.connection.execute(select(CODES.c.fid, CODES.c.code).where(CODES.c.fid.in_(lost)))}
    return found


def _plain(grants: Sequence[Grant]) -> list[str]:
    """Grants as the audit trail keeps them: "planner 330299001"."""
    codes = _codes([fid for _, fid, _ in grants])
    return [f"{role} {codes.get(fid, '*' if fid == 0 else fid)}" for role, fid, _ in grants]


def _told(entry: Entry, grants: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"name": entry.name, "label": entry.label, "state": entry.state, "disabled": entry.disabled, "must_change": entry.must_change,
            "locked_until": entry.locked_until, "last_sign_in": entry.last_sign_in, "created_at": entry.created_at,
            "created_by": entry.created_by, "sessions": entry.sessions, "tokens": list(entry.tokens), "version": entry.version,
            "own": entry.name == actor(),
            "grants": [{key: value for key, value in grant.items() if key != "paths"} for grant in grants]}


def _answer(name: str) -> dict[str, Any]:
    """{"account": as it is now}."""
    held = state()
    entry = book.entry(held.accounts, name, held.config.security.session_idle_minutes)
    with held.store.read() as reader:
        return {"account": _told(entry, told_grants([entry.grants], reader)[0])}


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST_LABEL or not value.isprintable():
        raise BadInput(f"{name}: text of at most {LONGEST_LABEL} characters is needed", fields=[name])
    return value.strip()


def _log(what: str, name: str, **more: Any) -> None:
    state().accounts.log("account", "done", account=actor(), address=request.remote_addr, object=name, details={"what": what, **more})
