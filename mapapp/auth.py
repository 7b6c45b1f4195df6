"""Who asks, and may they: sign-in, sessions, tokens, and the one gate before every view (deny by default)."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFProtect

from layers.errors import Forbidden, NotSignedIn, WrongPassword

from .rights import ACTIONS, rights_of
from .state import state

blueprint = Blueprint("auth", __name__)
csrf = CSRFProtect()
SAFE = ("GET", "HEAD", "OPTIONS")


def needs(action: str) -> Callable:
    """Says which right a view needs: a name of ACTIONS, "account" (any signed-in account) or "public"."""
    assert action in ACTIONS or action in ("account", "public"), action

    def mark(view: Callable) -> Callable:
        view.needs = action
        return view
    return mark


def install(app: Flask) -> None:
    """The gate. A view that does not say what it needs is closed."""
    csrf.init_app(app)

    @app.before_request
    def gate():
        view = current_app.view_functions.get(request.endpoint)
        if view is None or request.endpoint == "static":
            return
        need = getattr(view, "needs", None)
        _who()
        if need == "public":
            if request.method not in SAFE:
                csrf.protect()
            return
        if need is None:
            raise Forbidden("this page is closed")
        if g.account is None:
            raise NotSignedIn(g.get("why", "sign in first"))
        if not g.by_token and request.method not in SAFE:
            csrf.protect()
        held = state()
        held.sync()
        with held.store.read() as reader:
            g.rights = rights_of(g.account, held.cache, reader)
        if need != "account":
            g.rights.require(need)


def _who() -> None:
    """Finds the account of the request, by token or session."""
    g.account, g.by_token = None, False
    header = request.headers.get("Authorization", "")
    accounts, rules = state().accounts, state().config.security
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            g.account, g.by_token = accounts.by_token(token.strip()), True
        if g.account is None:
            g.why = "the token is unknown or has expired"
        return
    name = session.get("account")
    if name is None:
        return
    now = time.time()
    if now - session.get("seen", 0) > rules.session_idle_minutes * 60 or now - session.get("since", 0) > rules.session_hours * 3600:
        session.pop("account", None)
        g.why = "the session has expired; sign in again"
        return
    account = accounts.get(name)
    if account is None or account.epoch != session.get("epoch"):
        session.pop("account", None)
        g.why = "the account has changed; sign in again"
        return
    if now - session["seen"] > 30:
        session["seen"] = now
    g.account = account


@blueprint.get("/sign-in")
@needs("public")
def sign_in():
    """The sign-in page."""
    if g.account is not None:
        return redirect(_next())
    return render_template("sign_in.html", next=_next(), problem=None, account="")


def sign_in_view():
    """Takes account and password; JSON callers (the dialog over an open page) get JSON."""
    form = request.get_json(silent=True) if request.is_json else request.form
    name, password = str((form or {}).get("account", "")).strip(), str((form or {}).get("password", ""))
    accounts = state().accounts
    try:
        account = accounts.sign_in(name, password)
    except WrongPassword as error:
        accounts.log("sign-in", "refused", account=name[:60], address=request.remote_addr)
        if request.is_json:
            raise
        return render_template("sign_in.html", next=_next(), problem=error, account=name), 401
    lang = session.get("lang")
    session.clear()
    session.update(account=account.name, epoch=account.epoch, since=time.time(), seen=time.time(), **({"lang": lang} if lang else {}))
    accounts.log("sign-in", "done", account=account.name, address=request.remote_addr)
    if request.is_json:
        from flask_wtf.csrf import generate_csrf
        g.pop("csrf_token", None)
        return {"account": account.name, "csrf": generate_csrf()}
    return redirect(_next())


sign_in_view.needs = "public"
blueprint.add_url_rule("/sign-in", "sign_in_post", sign_in_view, methods=["POST"])


@blueprint.post("/sign-out")
@needs("public")
def sign_out():
    """Forgets the session."""
    lang = session.get("lang")
    session.clear()
    if lang:
        session["lang"] = lang
    return redirect(url_for("auth.sign_in"))


def _next() -> str:
    """Where to go after sign-in: only pages of ours."""
    target = request.values.get("next") or "/"
    parts = urlsplit(target)
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc else "/"
