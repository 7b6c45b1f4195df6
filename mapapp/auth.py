"""Who asks, and may they: sign-in, sessions, tokens, and the one gate before every view (deny by default)."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Flask, Request, current_app, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect, generate_csrf

from geodata.accounts import Account
from layers.errors import Forbidden, MustChangePassword, NotSignedIn, WrongPassword

from .access import role_of
from .forms import body
from .rights import ACTIONS
from .state import state
from .wall_token import wall_of

blueprint = Blueprint("auth", __name__)
csrf = CSRFProtect()
SAFE = ("GET", "HEAD", "OPTIONS")
COOKIES = 10_000  # kept as verified
OPEN = ("static", "health.healthz")  # answered even when nobody's account can be read
WARN_S = 120  # so long before a session ends the page says so
UNATTENDED = ("tiles", "health", "static", "live")  # asked for by pages on their own: nobody need be there
# open to who has not chosen a password yet
FIRST = ("own_account.page", "own_account.show", "own_account.change", "own_account.choose_password", "own_account.left")
# where one lands after signing in: the first page that is allowed
HOMES = (("see", "/"), ("audit", "/audit"))


def needs(action: str) -> Callable:
    """Says which right a view needs: a name of ACTIONS, "account" (any signed-in account) or "public"."""
    assert action in ACTIONS or action in ("account", "public"), action

    def mark(view: Callable) -> Callable:
        view.needs = action
        return view
    return mark


class Sessions(SecureCookieSessionInterface):
    """Owns the cookies whose signature was found right: looking once takes a fifth off the time of a cached tile."""

    def __init__(self) -> None:
        self._right: dict[str, dict[str, Any]] = {}

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; empty when it is not ours."""
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        if cookie in self._right:
            return self.session_class(self._right[cookie])
        found = super().open_session(app, request)
        if found:
            if len(self._right) >= COOKIES:
                self._right.clear()
            self._right[cookie] = dict(found)
        return found


def install(app: Flask) -> None:
    """The gate. A view that does not say what it needs is closed."""
    csrf.init_app(app)
    app.session_interface = Sessions()

    @app.before_request
    def gate():
        view = current_app.view_functions.get(request.endpoint)
        if view is None or request.endpoint in OPEN:
            return
        need, accounts = getattr(view, "needs", None), state().accounts.state()
        _who()
        if need == "public":
            if request.method not in SAFE:
                csrf.protect()
            return
        if need is None:
            raise Forbidden("this page is closed")
        if need == "metrics" and g.account is None and _from_here():
            return
        if g.account is None:
            raise NotSignedIn(g.get("why", "sign in first"))
        if g.account.must_change and not g.by_token and request.endpoint not in FIRST:
            raise MustChangePassword("choose a password of your own first")
        if not g.by_token and request.method not in SAFE:
            csrf.protect()
        rev = state().sync()
        g.rights = state().rights_of(g.account)
        if need != "account":
            g.rights.require(need)
        if request.endpoint == "tiles.tile" and not g.by_token:
            state().admit(request.headers.get("Cookie", ""), session_ends(), accounts, rev, role_of(g.account.roles))


def _who() -> None:
    """Finds the account of the request, by token or session."""
    g.account, g.by_token, g.by_wall, g.secret = None, False, False, ""
    header = request.headers.get("Authorization", "")
    accounts, rules = state().accounts, state().config.security
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            g.account, g.by_token, g.secret = accounts.by_token(token.strip()), True, token.strip()
        if g.account is None:
            g.why = "the token is unknown or has expired"
        return
    key = session.get("key")
    if key is None:
        if wall := wall_of(request, accounts):
            g.account, g.secret = wall
            g.by_token = g.by_wall = True
        return
    now = time.time()
    idle_s, age_s = now - session.get("seen", 0), now - session.get("since", 0)
    if idle_s > rules.session_idle_minutes * 60 or age_s > rules.session_hours * 3600:
        accounts.end_session(session.pop("key"))
        g.why = "the session has expired; sign in again"
        return
    g.account = accounts.by_session(key)
    if g.account is None:
        session.pop("key")
        g.why = "the session has ended; sign in again"
    elif (worked := now - _unattended_s()) - session["seen"] > min(30, rules.session_idle_minutes * 6):
        session["seen"] = worked
        accounts.seen(key)


def _from_here() -> bool:
    """A request of this very machine that [server] open_metrics lets in: not one that a proxy passed on."""
    passed_on = any(name in request.headers for name in ("Authorization", "Forwarded", "X-Forwarded-For", "X-Real-IP"))
    if passed_on or not state().config.server.open_metrics:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _unattended_s() -> float:
    """How long nobody has touched the page that asks (it says so: X-Idle, seconds). What pages ask for on their own
    keeps no session awake."""
    if (request.endpoint or "").split(".")[0] in UNATTENDED:
        return float("inf")
    text = request.headers.get("X-Idle", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0


def session_ends() -> float:
    """When the session of the request ends if nothing more is asked (seconds of the epoch)."""
    rules = state().config.security
    return min(session["seen"] + rules.session_idle_minutes * 60, session["since"] + rules.session_hours * 3600)


def session_left() -> dict[str, Any]:
    """{"left_s", "warn_s", "can_stay"}: when the session ends, and whether work puts that off. left_s is null for programs."""
    if g.by_token:
        return {"left_s": None, "warn_s": WARN_S, "can_stay": False}
    rules, now = state().config.security, time.time()
    idle_s, age_s = rules.session_idle_minutes * 60, session["since"] + rules.session_hours * 3600 - now
    left_s = session_ends() - now
    return {"left_s": max(0, round(left_s)), "warn_s": min(WARN_S, round(idle_s / 2)), "can_stay": age_s > left_s + 1}


def home() -> str:
    """The first page the account of this request may see; its own, when there is no other."""
    if g.account.must_change:
        return url_for("own_account.page")
    if g.account.roles == {"reporter"}:
        return url_for("phone.page")
    held = state()
    held.sync()
    own = held.rights_of(g.account)
    return next((path for action, path in HOMES if own.may(action)), None) or url_for("own_account.page")


@blueprint.get("/sign-in")
@needs("public")
def sign_in():
    """The sign-in page."""
    if g.account is not None and not g.by_wall:
        return redirect(_next(request.args.get("next")))
    return render_template("sign_in.html", next=own_page(request.args.get("next")), problem=None, account="", left=session.pop("left", False))


@blueprint.post("/sign-in")
@needs("public")
def sign_in_post():
    """Takes account and password; JSON callers (the dialog over an open page) get JSON."""
    form = body() if request.is_json else request.form
    name, password, target = (str(form.get(field) or "") for field in ("account", "password", "next"))
    name, target, accounts = name.replace("\0", "").strip(), own_page(target), state().accounts
    try:
        account = accounts.sign_in(name, password)
    except WrongPassword as error:
        accounts.log("sign-in", "refused", account=name[:60], address=request.remote_addr)
        if request.is_json:
            raise
        return render_template("sign_in.html", next=target, problem=error, account=name[:60]), 401
    _leave()
    begin_session(account)
    accounts.log("sign-in", "done", account=account.name, address=request.remote_addr)
    if request.is_json:
        return {"account": account.name, "csrf": new_csrf(), "must_change": account.must_change}
    return redirect(_next(target))


def begin_session(account: Account) -> None:
    """The browser of this request is signed in from now on."""
    key = state().accounts.new_session(account.name, state().config.security.session_hours, address=request.remote_addr,
                                       agent=request.headers.get("User-Agent"))
    session.update(key=key, since=time.time(), seen=time.time())
    if account.lang:
        session["lang"] = account.lang
    g.account, g.by_token = account, False


def new_csrf() -> str:
    """The protection token of the session as it is now."""
    g.pop("csrf_token", None)
    return generate_csrf()


def _next(target: str | None) -> str:
    """The page asked for, else the account's own first one."""
    target = own_page(target)
    return home() if target == "/" else target


@blueprint.post("/sign-out")
@needs("public")
def sign_out():
    """Ends the session: its cookie opens nothing any more."""
    if g.account is not None:
        state().accounts.log("sign-out", "done", account=g.account.name, address=request.remote_addr)
    _leave()
    session["left"] = True  # the next page makes the browser forget what the phone page kept
    return redirect(url_for("auth.sign_in"))


def _leave() -> None:
    """Nothing of the old session is left but the language: a cookie planted before a sign-in is worth nothing after."""
    lang, key = session.get("lang"), session.get("key")
    if key:
        state().accounts.end_session(key)
    session.clear()
    if lang:
        session["lang"] = lang


def own_page(target: str | None) -> str:
    """Where to go next: a page of ours, else the first. Browsers drop tabs and line ends and read \\ as /, so that
    "/\\host", "//host" and "/<tab>/host" lead to another host."""
    target = target or "/"
    ours = target.startswith("/") and not target.startswith("//") and target.isprintable() and "\\" not in target
    return target if ours else "/"
