"""What the pages beside the map need to start: accounts, audit trail, one's own account."""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from .auth import new_csrf, session_left
from .pages import roles_told, urls
from .state import rights, state
from .texts import messages

CAN = ("see", "report", "manage", "audit", "set_up")


def office(page: str, **more: Any) -> str:
    """The page of that name: `static/js/office/<page>.js` fills it."""
    return render_template("office.html", page=page, boot=_boot() | more)


def _boot() -> dict[str, Any]:
    own = rights()
    return {"lang": g.lang, "messages": messages(g.lang), "csrf": new_csrf(),
            "account": {"name": g.account.name, "label": g.account.label, "must_change": g.account.must_change,
                        "roles": roles_told(), "can": {action: own.may(action) for action in CAN}},
            "urls": urls(), "session": session_left(), "password": password_rules(),
            "levels": [], "metrics": [], "rev": state().cache.rev}


def password_rules() -> dict[str, int]:
    """What a password needs, told before one is chosen."""
    rules = state().config.security
    return {"length": rules.password_min_length, "kinds": rules.password_classes}
