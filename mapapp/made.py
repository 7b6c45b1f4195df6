"""Files that jobs have made: how far they are, and the file itself for whoever ordered it."""

from __future__ import annotations

from mimetypes import guess_type
from typing import Any
from urllib.parse import quote

from flask import Response, send_file

from layers.errors import NotFound

from .state import actor, state


def told(number: str, kind: str, url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job, and what its order is told of it. Raises NotFound for a job of another kind or another account."""
    job = _job(number, kind)
    result = job["result"] or {}
    done = job["state"] == "done"
    return job, {"id": number, "state": job["state"], "progress": job["progress"], "url": url if done else None, "rev": result.get("rev"),
                 "text": result.get("text") or job["text"], "code": result.get("code"), "name": result.get("title"),
                 "bytes": result.get("bytes"), "sha256": result.get("sha256")}


def sent(number: str, kind: str) -> Response:
    """The file, from beside a file store or from the database."""
    job, packages = _job(number, kind), state().jobs.packages
    result = job["result"] or {}
    name = result.get("file") if job["state"] == "done" else None
    path, size = (packages.path(name), packages.size(number)) if name else (None, None)
    if path is None and size is None:
        raise NotFound(f"{number}: there is no file to fetch")
    title = result.get("title") or name  # a job of an earlier release has none
    if path is not None:
        return send_file(path, as_attachment=True, download_name=title)
    answer = Response(packages.read(number), mimetype=guess_type(title)[0] or "application/octet-stream")
    answer.content_length = size
    answer.headers.set("Content-Disposition", "attachment", **_named(title))
    return answer


def _job(number: str, kind: str) -> dict[str, Any]:
    job = state().jobs.get(number, actor())
    if job["kind"] != kind:
        raise NotFound(f"{number}: no such job")
    return job


def _named(title: str) -> dict[str, str]:
    """The name of a download, for old and new browsers."""
    try:
        title.encode("ascii")
    except UnicodeEncodeError:
        plain = title.encode("ascii", "ignore").decode()
        return {"filename": plain, "filename*": f"UTF-8''{quote(title, safe='')}"}
    return {"filename": title}
