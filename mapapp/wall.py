"""A wall screen signs in by itself: the token of a viewer, pasted once, stays in that browser. It only ever looks: no request
that could change anything is answered with it; revoking the token on the page of accounts ends it at once."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request

from .auth import needs
from .state import state
from .wall_token import COOKIE, fits

blueprint = Blueprint("wall", __name__)
PAGE = "/command?wall=1"


@blueprint.get("/wall")
@needs("public")
def page():
    """Where the token is pasted, or the screen is taken off."""
    return render_template("wall.html", problem=False, on=g.get("by_wall", False))


@blueprint.post("/wall")
@needs("public")
def change():
    """Keeps the token and shows the wall; with `off` forgets it."""
    accounts = state().accounts
    if request.form.get("off"):
        answer = redirect("/wall")
        answer.delete_cookie(COOKIE, samesite="Strict", httponly=True)
        return answer
    token = (request.form.get("token") or "").replace("\0", "").strip()[:200]
    account = accounts.by_token(token) if token else None
    if not fits(account):
        accounts.log("wall", "refused", account=account.name if account else None, address=request.remote_addr)
        return render_template("wall.html", problem=True, on=False), 401
    accounts.log("wall", "done", account=account.name, address=request.remote_addr)
    answer = redirect(PAGE)
    rules = state().config
    answer.set_cookie(COOKIE, token, max_age=rules.security.token_days * 86_400, httponly=True, samesite="Strict",
                      secure=rules.server.behind_proxy)
    return answer
