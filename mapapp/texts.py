"""Words in Chinese and English, the same files for templates and scripts."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from flask import Flask, g, request, session, url_for
from flask_wtf.csrf import generate_csrf

from .paths import static_folder
from .state import state

LANGUAGES = ("zh", "en")


@lru_cache
def messages(lang: str) -> dict[str, str]:
    """All strings of a language by key."""
    return json.loads((static_folder() / "i18n" / f"{lang}.json").read_text(encoding="utf-8"))


def language() -> str:
    """The language of this request: chosen, else what the browser asks for, else the setting."""
    if session.get("lang") in LANGUAGES:
        return session["lang"]
    return request.accept_languages.best_match(LANGUAGES) or state().config.product.locale


def translate(key: str, **values) -> str:
    """The string of a key with its places filled; the key itself when it is missing."""
    text = messages(g.get("lang") or language()).get(key, key)
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


@lru_cache(1024)
def _version(path: str, changed: float) -> str:
    return hashlib.sha256((static_folder() / path).read_bytes()).hexdigest()[:10]


def static(path: str) -> str:
    """The address of a static file with its version, so that it may be cached for ever."""
    file = static_folder() / path
    return url_for("static", filename=path,
                   v=_version(path, file.stat().st_mtime)) if file.is_file() else url_for("static", filename=path)


def import_map() -> dict[str, dict[str, str]]:
    """Every script by its plain address with its version behind: browsers keep them all until one changes."""
    folder = static_folder()
    paths = sorted(path.relative_to(folder).as_posix() for path in (folder / "js").rglob("*.js"))
    imports = {url_for("static", filename=path): static(path) for path in paths}
    return {"imports": {"maplibre-gl": static("vendor/maplibre-gl/maplibre-gl.mjs"), **imports}}


def install(app: Flask) -> None:
    """What every template can use."""

    @app.before_request
    def choose():
        g.lang = language()

    @app.context_processor
    def words():
        lang = g.get("lang") or language()
        product = state().config.product
        return {"t": translate, "lang": lang, "csp_nonce": g.get("csp_nonce", ""), "static": static,
                "import_map": import_map, "csrf_token": generate_csrf,
                "other_lang_url": url_for("pages.choose_language", lang="en" if lang == "zh" else "zh"),
                "product": {"name": product.name_zh if lang == "zh" else product.name_en}}
