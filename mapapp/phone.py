"""The phone page of grid workers, and the worker that lets it start without a network."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, Response, g, render_template, url_for

from layers.status import reported

from .auth import needs, new_csrf, session_left
from .office import password_rules
from .pages import roles_told, urls
from .paths import static_folder
from .state import rights, state
from .texts import messages, static

blueprint = Blueprint("phone", __name__)
START, WORKER = "js/report/main.js", "js/report/worker.js"
STYLES = ("css/tokens.css", "css/base.css", "css/dialog.css", "css/report.css")
BESIDE = ("js/theme_first.js", "icons.svg", "logo.svg")
# words the page uses; the rest stays away from the mobile network
WORDS = ("rep.", "error.", "age.", "value.", "sign-in.", "password.", "theme.", "language.", "user.", "role.", "side.shut",
         "mode.", "zone.", "office.", "app.", "act.")
URGENT = "requests"  # the group of metrics the page offers as urgent
CAN = ("see", "report", "redraw")
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']""")


@blueprint.get("/report")
@needs("report")
def page():
    """The phone page."""
    return render_template("report.html", boot=_boot(), density="phone", styles=STYLES, start=START, imports=import_map())


@blueprint.get("/report/worker.js")
@needs("public")
def worker():
    """The service worker. It knows the files of this version: another version is another worker."""
    files = [static(path) for path in (*STYLES, *BESIDE, *scripts())]
    text = (static_folder() / WORKER).read_text(encoding="utf-8")
    version = hashlib.sha256("\n".join([*files, text]).encode()).hexdigest()[:12]
    shell = {"version": version, "page": url_for("phone.page"), "files": files}
    answer = Response(f"const SHELL = {json.dumps(shell, ensure_ascii=False)};\n{text}", mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = url_for("phone.page")
    return answer


@lru_cache
def scripts() -> tuple[str, ...]:
    """The scripts of the page: the first one and what it imports, and so on."""
    found, queue = {START}, [START]
    while queue:
        path = queue.pop()
        text = (static_folder() / path).read_text(encoding="utf-8")
        for name in _IMPORT.findall(text):
            target = _beside(path, name)
            if target not in found:
                found.add(target)
                queue.append(target)
    return tuple(sorted(found))


def import_map() -> dict[str, dict[str, str]]:
    """The scripts of the page by their plain address, with their version behind."""
    return {"imports": {url_for("static", filename=path): static(path) for path in scripts()}}


def _beside(path: str, name: str) -> str:
    """static/-relative path of `name` as imported by the file at `path`."""
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / name).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _boot() -> dict[str, Any]:
    own, said = rights(), messages(g.lang)
    return {"lang": g.lang, "messages": {key: text for key, text in said.items() if key.startswith(WORDS)}, "csrf": new_csrf(),
            "account": {"name": g.account.name, "label": g.account.label, "roles": roles_told(),
                        "can": {action: own.may(action) for action in CAN}},
            "urls": urls() | {"report_worker": url_for("phone.worker"), "reports": "/api/reports", "report_work": "/api/report/work"},
            "session": session_left(), "password": password_rules(),
            "levels": [], "metrics": [], "rev": state().cache.rev,
            "urgent": [{"id": metric.id, "zh": metric.zh, "en": metric.en} for metric in reported(state().cache.rules).values()
                       if metric.group == URGENT]}
