"""One's own account: password, language, where one is signed in; and how long the session lasts if nobody touches it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, session

from layers.errors import BadInput, WrongPassword

from .auth import begin_session, needs, new_csrf, session_left
from .forms import arguments, body
from .office import office, password_rules
from .pages import roles_told
from .state import actor, state
from .texts import LANGUAGES

blueprint = Blueprint("own_account", __name__)


@blueprint.get("/account")
@needs("account")
def page():
    """The page of one's own account; with nothing but a new password on it while the present one was given by another."""
    return office("own_account")


@blueprint.get("/api/account")
@needs("account")
def show():
    """Who one is, what one may, and where one is signed in."""
    arguments()
    return {"name": g.account.name, "label": g.account.label, "lang": g.account.lang, "must_change": g.account.must_change,
            "roles": roles_told(), "password": password_rules(), "session": session_left(), "sessions": _sessions()}


@blueprint.patch("/api/account")
@needs("account")
def change():
    """Keeps the language of the account."""
    lang = body("lang", known=("lang",))["lang"]
    if lang not in LANGUAGES:
        raise BadInput(f"lang: one of {', '.join(LANGUAGES)} is needed", fields=["lang"])
    state().accounts.set_lang(actor(), lang)
    session["lang"] = lang
    return {"lang": lang}


@blueprint.post("/api/account/password")
@needs("account")
def choose_password():
    """Another password; the other sessions end, this one goes on under a new key and with a new protection token."""
    form = body("old", "new", known=("old", "new"))
    for name in ("old", "new"):
        if not isinstance(form[name], str) or len(form[name]) > 1000:
            raise BadInput(f"{name}: text is needed", fields=[name])
    accounts = state().accounts
    try:
        accounts.change_password(actor(), form["old"], form["new"])
    except WrongPassword:
        accounts.log("password", "refused", account=actor(), address=request.remote_addr)
        raise
    accounts.log("password", "done", account=actor(), address=request.remote_addr)
    if not g.by_token:
        lang = session.get("lang")
        session.clear()
        if lang:
            session["lang"] = lang
        begin_session(accounts.get(actor()))
        return {"csrf": new_csrf()}
    return {}


@blueprint.delete("/api/account/sessions")
@needs("account")
def end_others():
    """Signs out everywhere but here."""
    arguments()
    ended = state().accounts.end_sessions(actor(), session.get("key", "") if not g.by_token else "")
    if ended:
        state().accounts.log("session", "done", account=actor(), address=request.remote_addr, object=actor(),
                             details={"what": "end", "sessions": ended})
    return {"ended": ended, "sessions": _sessions()}


@blueprint.get("/api/account/session")
@needs("account")
def left():
    """{"left_s", "warn_s", "can_stay"}. With the header X-Idle this keeps nothing awake that nobody touches."""
    arguments()
    return session_left()


def _sessions() -> list[dict[str, Any]]:
    rules = state().config.security
    key = "" if g.by_token else session.get("key", "")
    return state().accounts.sessions(actor(), rules.session_idle_minutes, key)
